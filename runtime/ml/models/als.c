/* als.c: the family als: ids of two sides and a rating -> factors; scores, factors as frames, the
 * model file. The solver is als_solve.c, the best of each user als_recommend.c. */
#include "runtime/ml/models/als_body.h"

#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"

#include <math.h>

/* ---- fit ---- */
static rc check_sides(struct ctx *cx, const struct ml_fit_spec *spec, const struct model *m)
{
    const struct encoder *e = &m->enc;
    bool fits = e->n_features == 2 && e->n_terms == 2;
    for (int i = 0; i < e->n_features; i++)
        fits = fits && e->features[i].kind == ENC_CATEGORY;
    if (fits) return RC_OK;
    fail(cx, E401, spec->formula->span,
         "als takes two columns of ids right of ~: who rated, and what was rated");
    return err_hint(cx, "fit rating ~ user + item, als()");
}

static rc check_numbers(struct ctx *cx, const struct ml_fit_spec *spec, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return fail(cx, E410, spec->formula->span,
                        "fit: the values of `%s` are too large to be squared",
                        spec->formula->target->text);
    return RC_OK;
}

static enum rc_t fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                          struct model *m)
{
    struct als_end end;
    TRY(check_sides(cx, spec, m));
    struct als *f = ARENA_NEW(m->arena, struct als);
    struct als_problem p = {.rank = (int)model_param(m, "rank"),
                            .rating = r->y,
                            .w = r->w,
                            .n_rows = r->n,
                            .l2 = model_param(m, "l2"),
                            .alpha = model_param(m, "alpha"),
                            .implicit = model_param(m, "implicit") > 0,
                            .nonnegative = model_param(m, "nonnegative") > 0,
                            .max_iter = (int)model_param(m, "max_iter")};
    f->rank = p.rank;
    for (int side = 0; side < 2; side++) {
        p.n[side] = m->enc.features[side].n_levels;
        p.code[side] = r->in.code[side];
        f->factor[side] = ARENA_ARRAY(m->arena, double, (size_t)p.n[side] * (size_t)p.rank + 1);
    }
    als_start(&p, m->seed, f->factor[ALS_USER]);
    TRY(als_solve(cx, &p, f->factor, &end));
    for (int side = 0; side < 2; side++)
        TRY(check_numbers(cx, spec, f->factor[side], (int64_t)p.n[side] * p.rank));
    TRY(check_numbers(cx, spec, &end.loss, 1));
    m->body = f;
    m->report.iterations = p.max_iter;
    m->report.converged = true; /* what is asked for is a number of iterations */
    m->report.loss = end.loss;
    model_add_stat(m, "rmse", end.rmse, false);
    model_add_stat(m, "users", p.n[ALS_USER], false);
    model_add_stat(m, "items", p.n[ALS_ITEM], false);
    return RC_OK;
}

/* ---- score ---- */
static void score(const struct model *m, const struct enc_input *in, int64_t at, int n, double *out)
{
    const struct als *f = m->body;
    for (int i = 0; i < n; i++) {
        int32_t u = in->code[ALS_USER][at + i], v = in->code[ALS_ITEM][at + i];
        const double *x = f->factor[ALS_USER] + (size_t)(u < 0 ? 0 : u) * (size_t)f->rank;
        const double *y = f->factor[ALS_ITEM] + (size_t)(v < 0 ? 0 : v) * (size_t)f->rank;
        double s = 0;
        for (int k = 0; u >= 0 && v >= 0 && k < f->rank; k++)
            s += x[k] * y[k];
        out[i] = u < 0 || v < 0 ? NAN : s;
    }
}

static bool drops_null(const struct model *m)
{
    return model_param_is(m, "cold", "drop");
}

/* ---- m.users, m.items ---- */
static rc factor_row(struct ctx *cx, const struct als *f, const struct enc_feature *e, int side,
                     int i, struct builder *cols)
{
    TRY(builder_scalar(cx, &cols[0], &e->levels[i].value));
    for (int k = 0; k < f->rank; k++)
        TRY(builder_f64(cx, &cols[1 + k], f->factor[side][i * (int64_t)f->rank + k]));
    return RC_OK;
}

static rc factor_table(struct ctx *cx, const struct model *m, int side, struct table **out)
{
    const struct als *f = m->body;
    const struct enc_feature *e = &m->enc.features[side];
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, f->rank + 1);
    struct builder *cols = ARENA_ARRAY(cx->arena, struct builder, f->rank + 1);
    enum rc_t res = RC_OK;
    fields[0] = (struct field){e->name, e->levels[0].value.type};
    for (int k = 1; k <= f->rank; k++)
        fields[k] = (struct field){als_name(cx, "f", k, e->name), DTYPE(KIND_NUM)};
    for (int k = 0; k <= f->rank; k++)
        builder_init(&cols[k], fields[k].type, kind_phys(fields[k].type.kind));
    for (int i = 0; res == RC_OK && i < e->n_levels; i++)
        res = factor_row(cx, f, e, side, i, cols);
    if (res == RC_OK) res = ml_table(cx, fields, cols, f->rank + 1, out);
    for (int k = 0; k <= f->rank; k++)
        builder_release(&cols[k]);
    return res;
}

static enum rc_t users_table(struct ctx *cx, const struct model *m, struct table **out)
{
    return factor_table(cx, m, ALS_USER, out);
}

static enum rc_t items_table(struct ctx *cx, const struct model *m, struct table **out)
{
    return factor_table(cx, m, ALS_ITEM, out);
}

/* ---- the model file ---- */
static const char *const side_keys[2] = {"users", "items"};

static void save(const struct model *m, struct json_out *out)
{
    const struct als *f = m->body;
    for (int side = 0; side < 2; side++) {
        size_t n = (size_t)m->enc.features[side].n_levels * (size_t)f->rank;
        json_out_key(out, side_keys[side]);
        json_out_open(out, '[');
        for (size_t i = 0; i < n; i++)
            json_out_num(out, f->factor[side][i]);
        json_out_close(out, ']');
    }
}

static rc load_side(struct ctx *cx, const json_t *j, int side, struct model *m, struct als *f)
{
    const struct enc_feature *e = &m->enc.features[side];
    const json_t *list;
    if (e->kind != ENC_CATEGORY || e->n_levels < 1 || e->has_other)
        return json_bad(cx, "`%s` is no list of ids", e->name);
    size_t n = (size_t)e->n_levels * (size_t)f->rank;
    TRY(json_get_list(cx, j, side_keys[side], n, &list));
    if (json_array_size(list) != n) return json_bad(cx, "factors do not fit the ids");
    f->factor[side] = ARENA_ARRAY(m->arena, double, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_number(v)) return json_bad(cx, "a factor is no number");
        f->factor[side][i] = json_number_value(v);
    }
    return RC_OK;
}

static enum rc_t load(struct ctx *cx, const json_t *j, struct model *m)
{
    if (m->enc.n_features != 2) return json_bad(cx, "als has two columns of ids");
    struct als *f = ARENA_NEW(m->arena, struct als);
    f->rank = (int)model_param(m, "rank");
    for (int side = 0; side < 2; side++)
        TRY(load_side(cx, j, side, m, f));
    m->body = f;
    return RC_OK;
}

static const struct model_part parts[] = {{"users", "factors of each user: f1, f2 ..", users_table},
                                          {"items", "factors of each item: f1, f2 ..", items_table},
                                          {0}};
static const struct model_class als_class = {.no_design = true,
                                             .takes_ids = true,
                                             .scores = SCORE_NUMBER,
                                             .fit = fit_rows,
                                             .score = score,
                                             .drops_null = drops_null,
                                             .recommend = als_recommend,
                                             .save = save,
                                             .load = load,
                                             .parts = parts};
static const struct ml_param_desc als_params[] = {
    {.name = "rank",
     .kind = KIND_INT,
     .min = 1,
     .max = 500,
     .def = "10",
     .doc = "factors of each user and item"},
    {.name = "max_iter",
     .kind = KIND_INT,
     .min = 1,
     .max = 10000,
     .def = "10",
     .unit = "iterations",
     .doc = "times that items, then users are solved for"},
    {.name = "l2",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "0.1",
     .doc = "penalty of the squared factors, times the number of ratings of the user or item"},
    {.name = "implicit",
     .kind = KIND_BOOL,
     .def = "false",
     .doc = "the target counts how often, it does not say how much: prefer what has any"},
    {.name = "alpha",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e300,
     .def = "1",
     .doc = "implicit: confidence grows by that much with each unit of the target"},
    {.name = "nonnegative", .kind = KIND_BOOL, .def = "false", .doc = "factors are not negative"},
    {.name = "cold",
     .kind = KIND_STR,
     .def = "nan",
     .words = "nan drop",
     .doc = "rows of a user or item that was not there: nan scores them null, drop leaves them "
            "out of predict"},
    {.name = NULL}};
const struct ml_family ml_als = {
    .name = "als",
    .sig = "als(rank: 10, max_iter: 10, l2: 0.1, implicit: false, alpha: 1, nonnegative: false, "
           "cold: nan)",
    .doc = "Recommendations by alternating least squares: a user's rating of an item is the "
           "product of their factors. Right of ~ stand two columns of ids, which may be numbers or "
           "text: who, and what. recommend gives the best items of each user.",
    .example = "fit rating ~ user + item, als(rank: 10, l2: 0.1)",
    .params = als_params,
    .task = ML_NUMBER,
    .cls = &als_class};

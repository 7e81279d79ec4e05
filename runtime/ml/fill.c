/* fill.c: from a table of the features' values to rows: numbers as f64 (null as NaN), categories as
 * codes, the target, the weights, the offset; and rows of another frame coded by a fitted encoder.
 */
#include "runtime/ml/score_int.h"
#include "runtime/ml/text_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/pool.h"

#include <math.h>

struct code_job {
    const struct enc_feature *feature;
    const struct column *column;
    int32_t *out;
};

static enum rc_t code_morsel(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct code_job *job = arg;
    int64_t at = task * MORSEL_ROWS, n = job->column->n - at;
    if (n > MORSEL_ROWS) n = MORSEL_ROWS;
    struct vec v = column_view(job->column, at, n);
    return enc_codes(cx, job->feature, &v, n, job->out + at);
}

static enum rc_t column_codes(struct ctx *cx, const struct enc_feature *f, const struct column *c,
                              struct rows *r, const int32_t **out)
{
    void *codes = NULL;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)c->n + 1, &codes));
    arena_on_free(r->arena, mem_big_free, codes);
    struct code_job job = {f, c, codes};
    *out = codes;
    return pool_run(cx, (c->n + MORSEL_ROWS - 1) / MORSEL_ROWS, code_morsel, &job);
}

/* A column's doubles; a null is NaN. */
static enum rc_t column_numbers(struct ctx *cx, const struct column *c, struct rows *r,
                                const double **out)
{
    struct column *canonical;
    TRY(column_canonical(cx, c, &canonical));
    arena_column(r->arena, canonical);
    *out = canonical->data;
    if (c->n_null == 0) return RC_OK;
    void *copy = NULL;
    TRY(mem_big(cx, sizeof(double) * (size_t)c->n + 1, &copy));
    arena_on_free(r->arena, mem_big_free, copy);
    for (int64_t i = 0; i < c->n; i++)
        ((double *)copy)[i] =
            bit_valid(canonical->valid, i) ? ((const double *)canonical->data)[i] : NAN;
    *out = copy;
    return RC_OK;
}

static enum rc_t fill_target(struct ctx *cx, const struct model *m, const struct column *y,
                             struct rows *r)
{
    if (!model_is_class(m)) return column_numbers(cx, y, r, &r->y);
    int n_classes = m->target.classes.n_levels;
    const int32_t *codes;
    void *out = NULL;
    TRY(column_codes(cx, &m->target.classes, y, r, &codes));
    TRY(mem_big(cx, sizeof(double) * (size_t)r->n + 1, &out));
    arena_on_free(r->arena, mem_big_free, out);
    for (int64_t i = 0; i < r->n; i++)
        ((double *)out)[i] = n_classes > 2                    ? (double)codes[i]
                             : codes[i] == m->target.positive ? 1.0
                                                              : 0.0;
    r->y = out;
    r->n_classes = n_classes;
    return RC_OK;
}

static enum rc_t fill_weights(struct ctx *cx, const struct column *w, struct rows *r)
{
    r->w_sum = (double)r->n;
    if (!w) return RC_OK;
    TRY(column_numbers(cx, w, r, &r->w));
    r->w_sum = 0;
    for (int64_t i = 0; i < r->n; i++)
        r->w_sum += r->w[i];
    return RC_OK;
}

/* The sum of the offset terms. */
static enum rc_t fill_offset(struct ctx *cx, struct rows *r)
{
    const struct encoder *e = r->enc;
    if (!enc_has_offset(e)) return RC_OK;
    void *out = NULL;
    TRY(mem_big_zero(cx, sizeof(double) * (size_t)r->n + 1, &out));
    arena_on_free(r->arena, mem_big_free, out);
    for (int t = e->n_terms; t-- > 0 && e->terms[t].is_offset;) {
        const double *num = r->in.num[e->terms[t].features[0]];
        for (int64_t i = 0; i < r->n; i++)
            ((double *)out)[i] += num[i];
    }
    r->offset = out;
    return RC_OK;
}

static enum rc_t fill_feature(struct ctx *cx, const struct enc_feature *f, const struct column *c,
                              int i, struct rows *r)
{
    if (f->kind == ENC_NUMBER) return column_numbers(cx, c, r, &r->in.num[i]);
    if (f->kind == ENC_CATEGORY) return column_codes(cx, f, c, r, &r->in.code[i]);
    if (r->in.cells[i]) return RC_OK; /* made while they were learnt */
    struct enc_cells *cells = ARENA_NEW(r->arena, struct enc_cells);
    r->in.cells[i] = cells;
    return text_cells(cx, f, c, r->arena, cells);
}

enum rc_t rows_fill(struct ctx *cx, const struct model *m, const struct table *t, int target,
                    int weights, struct rows *r)
{
    const struct encoder *e = &m->enc;
    r->enc = e;
    r->n = t->n_rows;
    r->in.num = ARENA_ARRAY(r->arena, const double *, e->n_features + 1);
    r->in.code = ARENA_ARRAY(r->arena, const int32_t *, e->n_features + 1);
    if (!r->in.cells)
        r->in.cells = ARENA_ARRAY(r->arena, const struct enc_cells *, e->n_features + 1);
    for (int i = 0; i < e->n_features; i++)
        TRY(fill_feature(cx, &e->features[i], t->cols[i], i, r));
    if (target >= 0) TRY(fill_target(cx, m, t->cols[target], r));
    TRY(fill_weights(cx, weights >= 0 ? t->cols[weights] : NULL, r));
    return fill_offset(cx, r);
}

/* ---- rows of another frame ---- */
/* Values of the features and the target over the rows of `data`. */
static enum rc_t run_coded(struct ctx *cx, struct executor *x, const struct model *m,
                           struct plan *data, struct span span, struct table **out)
{
    const struct encoder *e = &m->enc;
    struct arena *a = cx->arena;
    struct named_expr *items = ARENA_ARRAY(a, struct named_expr, e->n_features + 2);
    int n = 0;
    for (int i = 0; i <= e->n_features; i++) {
        bool is_target = i == e->n_features;
        const struct expr *v;
        if (is_target && !m->target.text) break;
        TRY(score_adapt(cx, is_target ? m->target.expr : e->features[i].expr, data->schema, span,
                        &v));
        bool is_number = is_target ? !model_is_class(m) : e->features[i].kind == ENC_NUMBER;
        if (is_number) TRY(expr_cast(cx, a, v, KIND_NUM, &v));
        items[n++] = (struct named_expr){is_target ? "y" : arena_printf(a, "f%d", i), v};
    }
    struct plan *plan = NULL;
    TRY(plan_project(cx, data, items, n, span, &plan));
    enum rc_t res = exec_table(cx, x, plan, out);
    plan_unref(plan);
    return res;
}

static bool is_usable(const struct model *m, const struct table *t, const int32_t *classes,
                      int64_t row)
{
    int n = m->enc.n_features;
    for (int i = m->family->cls->takes_null ? n : 0; i < t->schema->n; i++)
        if (!bit_valid(t->cols[i]->valid, row)) return false;
    return !classes || classes[row] >= 0;
}

/* Leaves out rows without a target or with a null that the model cannot take. */
static enum rc_t usable_rows(struct ctx *cx, const struct model *m, struct table **t)
{
    struct rows scratch = {.arena = arena_new(), .n = (*t)->n_rows};
    const int32_t *classes = NULL;
    struct table *kept = NULL;
    void *rows = NULL;
    int64_t n = 0, n_all = (*t)->n_rows;
    enum rc_t res = RC_ERR;
    if (model_is_class(m))
        TRY_OUT(column_codes(cx, &m->target.classes, (*t)->cols[m->enc.n_features], &scratch,
                             &classes));
    TRY_OUT(mem_big(cx, sizeof(int64_t) * (size_t)n_all + 1, &rows));
    for (int64_t i = 0; i < n_all; i++)
        if (is_usable(m, *t, classes, i)) ((int64_t *)rows)[n++] = i;
    res = n == n_all ? RC_OK : table_gather(cx, *t, rows, n, &kept);
out:
    if (rows) mem_big_free(rows);
    arena_free(scratch.arena);
    if (kept) {
        table_unref(*t);
        *t = kept;
    }
    return res;
}

enum rc_t rows_coded(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                     struct span span, struct rows *into)
{
    struct table *t = NULL;
    struct rows *r = ARENA_NEW(into->arena, struct rows);
    r->arena = into->arena;
    TRY(run_coded(cx, x, m, data, span, &t));
    enum rc_t res = usable_rows(cx, m, &t);
    arena_table(r->arena, t);
    TRY(res);
    if (t->n_rows == 0) return fail(cx, E404, span, "valid: has no rows that can be scored");
    TRY(rows_fill(cx, m, t, m->target.text ? m->enc.n_features : -1, -1, r));
    into->valid = r;
    return RC_OK;
}

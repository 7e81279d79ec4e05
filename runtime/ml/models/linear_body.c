/* linear_body.c: coefficients of linear families: from the scaled problem back to the columns as
 * given, their table, scoring. */
#include "runtime/ml/models/linear_int.h"

#include "runtime/ml/json_int.h"
#include "runtime/ml/special_int.h"

#include <float.h>
#include <math.h>

double logistic_of(double eta)
{
    if (eta >= 0) return 1.0 / (1.0 + exp(-eta));
    double e = exp(eta);
    return e / (1.0 + e);
}

double logistic_loss(double eta)
{
    return eta >= 0 ? log1p(exp(-eta)) : log1p(exp(eta)) - eta;
}

/* Standard errors of the columns' own coefficients: b_j / scale_j, and the intercept
 * b_0 - sum mean_j b_j / scale_j, from the covariance of (b, b_0). */
static void body_errors(struct linear_fit *f, const struct design *d, const double *cov)
{
    size_t k = (size_t)d->k, ld = k + 1;
    for (size_t j = 0; j < k; j++)
        f->error[d->col[j]] = sqrt(cov[j * ld + j]) / d->scale[j];
    double var = cov[k * ld + k];
    for (size_t i = 0; i < k; i++) {
        double a = -d->mean[i] / d->scale[i];
        var += 2 * a * cov[i * ld + k];
        for (size_t j = 0; j < k; j++)
            var += a * cov[i * ld + j] * -d->mean[j] / d->scale[j];
    }
    f->intercept_error = sqrt(fmax(var, 0.0));
}

struct linear_fit *linear_body(struct model *m, const struct linear_plan *p, const double *b,
                               double intercept, const double *covariance, double df)
{
    const struct design *d = &p->design;
    int n = m->enc.n_cols;
    struct linear_fit *f = ARENA_NEW(m->arena, struct linear_fit);
    f->n = n;
    f->beta = ARENA_ARRAY(m->arena, double, n + 1);
    f->error = ARENA_ARRAY(m->arena, double, n + 1);
    f->spread = ARENA_ARRAY(m->arena, double, n + 1);
    f->left_out = ARENA_ARRAY(m->arena, bool, n + 1);
    f->has_errors = covariance != NULL;
    f->df = df;
    for (int j = 0; j < n; j++) {
        f->left_out[j] = !linear_has_penalty(p);
        f->spread[j] = p->stats.sd[j];
    }
    double size = fabs(intercept); /* of the terms that the intercept is the sum of */
    f->intercept = intercept;
    for (int j = 0; j < d->k; j++) {
        f->left_out[d->col[j]] = false;
        f->beta[d->col[j]] = b[j] / d->scale[j];
        f->intercept -= d->mean[j] * (b[j] / d->scale[j]);
        size += fabs(d->mean[j] * (b[j] / d->scale[j]));
    }
    if (fabs(f->intercept) <= 4 * DBL_EPSILON * size) f->intercept = 0; /* only rounding */
    if (covariance) body_errors(f, d, covariance);
    m->body = f;
    return f;
}

int linear_rank(const struct linear_fit *f)
{
    int n = 0;
    for (int j = 0; j < f->n; j++)
        n += !f->left_out[j];
    return n;
}

void linear_score(const struct model *m, const struct enc_input *in, int64_t at, int n, double *out)
{
    const struct linear_fit *f = m->body;
    for (int i = 0; i < n; i++)
        out[i] = f->intercept;
    enc_dot(&m->enc, in, at, n, f->beta, out);
}

void logistic_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                    double *out)
{
    linear_score(m, in, at, n, out);
    for (int i = 0; i < n; i++)
        out[i] = logistic_of(out[i]);
}

bool linear_has_body(const struct model *m)
{
    const struct model_class *c = m->family->cls;
    return c->coef == linear_coef || (c->coef == logistic_coef && model_n_classes(m) <= 2);
}

/* ---- m.coef ---- */
struct coef_row {
    const char *term;
    double estimate, error;
    bool has_estimate, has_error;
};

static enum rc_t put_num(struct ctx *cx, struct builder *b, double v, bool is_there)
{
    return is_there ? builder_f64(cx, b, v) : builder_null(cx, b);
}

static enum rc_t coef_row(struct ctx *cx, struct builder *cols, const struct coef_row *r, double df)
{
    double z = r->estimate / r->error;
    bool is_tested = r->has_error && r->error > 0;
    double p = df > 0 ? special_t_two_sided(z, df) : special_normal_two_sided(z);
    TRY(builder_str(cx, &cols[0], str_of(r->term)));
    TRY(put_num(cx, &cols[1], r->estimate, r->has_estimate));
    TRY(put_num(cx, &cols[2], r->error, r->has_error));
    TRY(put_num(cx, &cols[3], z, is_tested));
    return put_num(cx, &cols[4], p, is_tested);
}

enum rc_t linear_coef(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct linear_fit *f = m->body;
    const char *names[] = {"term", "estimate", "std_error", "statistic", "p_value"};
    struct field fields[5];
    struct builder cols[5];
    for (int i = 0; i < 5; i++) {
        fields[i] = (struct field){names[i], DTYPE(i == 0 ? KIND_STR : KIND_NUM)};
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    }
    enum rc_t res = RC_ERR;
    if (m->enc.intercept) {
        struct coef_row r = {"(intercept)", f->intercept, f->intercept_error, true, f->has_errors};
        TRY_OUT(coef_row(cx, cols, &r, f->df));
    }
    for (int j = 0; j < f->n; j++) {
        bool is_there = !f->left_out[j];
        struct coef_row r = {m->enc.columns[j], f->beta[j], f->error[j], is_there,
                             is_there && f->has_errors};
        TRY_OUT(coef_row(cx, cols, &r, f->df));
    }
    res = ml_table(cx, fields, cols, 5, out);
out:
    for (int i = 0; i < 5; i++)
        builder_release(&cols[i]);
    return res;
}

/* ---- model file ---- */
void linear_save_nums(struct json_out *out, const char *key, const double *v, const bool *gap,
                      int n)
{
    if (key) json_out_key(out, key);
    json_out_open(out, '[');
    for (int i = 0; i < n; i++) {
        if (gap[i])
            json_out_null(out);
        else
            json_out_num(out, v[i]);
    }
    json_out_close(out, ']');
}

void linear_save(const struct model *m, struct json_out *out)
{
    const struct linear_fit *f = m->body;
    json_out_key(out, "intercept");
    json_out_num(out, f->intercept);
    linear_save_nums(out, "coefficients", f->beta, f->left_out, f->n);
    json_out_nums(out, "sd", f->spread, (size_t)f->n);
    if (!f->has_errors) return;
    json_out_key(out, "df");
    json_out_num(out, f->df);
    json_out_key(out, "intercept_error");
    json_out_num(out, f->intercept_error);
    linear_save_nums(out, "errors", f->error, f->left_out, f->n);
}

enum rc_t linear_load_nums(struct ctx *cx, const json_t *list, const char *what, double *v,
                           bool *gap, int n)
{
    if (!json_is_array(list) || json_array_size(list) != (size_t)n)
        return json_bad(cx, "`%s` does not fit the columns", what);
    for (int i = 0; i < n; i++) {
        const json_t *e = json_array_get(list, (size_t)i);
        if (!json_is_number(e) && !json_is_null(e)) return json_bad(cx, "`%s` holds text", what);
        gap[i] = json_is_null(e);
        v[i] = json_number_value(e);
    }
    return RC_OK;
}

enum rc_t linear_load(struct ctx *cx, const json_t *j, struct model *m)
{
    struct linear_fit *f = ARENA_NEW(m->arena, struct linear_fit);
    f->n = m->enc.n_cols;
    f->beta = ARENA_ARRAY(m->arena, double, f->n + 1);
    f->error = ARENA_ARRAY(m->arena, double, f->n + 1);
    f->spread = ARENA_ARRAY(m->arena, double, f->n + 1);
    f->left_out = ARENA_ARRAY(m->arena, bool, f->n + 1);
    TRY(json_get_num(cx, j, "intercept", &f->intercept));
    TRY(linear_load_nums(cx, json_object_get(j, "coefficients"), "coefficients", f->beta,
                         f->left_out, f->n));
    TRY(json_get_nums(cx, j, "sd", f->spread, (size_t)f->n));
    f->has_errors = json_object_get(j, "errors") != NULL;
    if (f->has_errors) {
        TRY(json_get_num(cx, j, "df", &f->df));
        TRY(json_get_num(cx, j, "intercept_error", &f->intercept_error));
        bool *no_error = ARENA_ARRAY(m->arena, bool, f->n + 1);
        TRY(linear_load_nums(cx, json_object_get(j, "errors"), "errors", f->error, no_error, f->n));
    }
    m->body = f;
    return RC_OK;
}

/* formula_learnt.c: functions of formulas that learn from all their values: scalers, buckets,
 * encodings, polynomials, splines, components. */
#include "lang/formula_int.h"

#include <math.h>

rc formula_whole(struct fb *f, const struct ast *e, int64_t min, int64_t max, const char *what,
                 int64_t *out)
{
    struct scalar s;
    TRY(formula_scalar(f, e, &s));
    if (s.is_null || s.type.kind != KIND_INT || s.u.i < min || s.u.i > max)
        return fail(f->b->cx, E209, e->span, "%s a whole number from %lld to %lld", what,
                    (long long)min, (long long)max);
    *out = s.u.i;
    return RC_OK;
}

static rc number(struct fb *f, const struct ast *e, double min, const char *what, double *out)
{
    struct scalar s;
    TRY(formula_scalar(f, e, &s));
    bool is_number = !s.is_null && dtype_is_number(s.type);
    if (is_number) *out = s.type.kind == KIND_INT ? (double)s.u.i : s.u.f;
    if (is_number && *out >= min) return RC_OK;
    return fail(f->b->cx, E209, e->span, "%s", what);
}

/* Argument `at` by position, NULL when there is none. */
static const struct ast *plain(const struct ast *call, int at)
{
    return at < call->n_kids && !formula_is_option(call, at) ? call->kids[at] : NULL;
}

static rc bad_count(struct fb *f, const struct ast *call, const char *takes, const char *hint)
{
    fail(f->b->cx, E208, call->span, "%.*s takes %s", STR_FMT(call->text), takes);
    enum rc_t r = err_hint(f->b->cx, "%s", hint);
    return r;
}

/* bucket(x, 10) or bucket(x, [0, 18, 65]). */
static rc bucket(struct fb *f, const struct ast *call, struct feature *x)
{
    const struct ast *e = plain(call, 1);
    int64_t n = 0;
    if (!e || call->n_kids != 2)
        return bad_count(f, call, "a column and how many buckets, or cut points", "bucket(x, 10)");
    if (e->op != AST_LIST) {
        TRY(formula_whole(f, e, 2, 1000, "bucket(x, buckets) takes", &n));
        x->size = (int)n;
        return RC_OK;
    }
    double *points = ARENA_ARRAY(f->a, double, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        TRY(number(f, e->kids[i], -1e300, "cut points are numbers", &points[i]));
        if (i > 0 && !(points[i] > points[i - 1]))
            return fail(f->b->cx, E209, e->kids[i]->span, "cut points must rise");
    }
    x->points = points;
    x->n_points = e->n_kids;
    return e->n_kids > 0 ? RC_OK : fail(f->b->cx, E209, e->span, "there are no cut points");
}

/* poly(x, 3), poly(x, 3, raw: true), bs(x, 5). */
static rc several_of_one(struct fb *f, const struct ast *call, struct feature *x)
{
    bool is_poly = x->op == FEATURE_POLY;
    const struct ast *e = plain(call, 1);
    int64_t n = 0;
    if (!e)
        return bad_count(f, call,
                         is_poly ? "a column and a degree" : "a column and how many columns",
                         is_poly ? "poly(x, 3)" : "bs(x, 5)");
    TRY(formula_whole(f, e, is_poly ? 1 : 3, is_poly ? 10 : 100,
                      is_poly ? "poly(x, degree) takes" : "bs(x, columns) takes", &n));
    x->size = (int)n;
    for (int i = 2; i < call->n_kids; i++) {
        struct scalar s;
        if (!is_poly || !formula_is_option(call, i) || !str_eqz(call->names[i], "raw"))
            return formula_is_option(call, i)
                       ? formula_no_option(f, call, i, is_poly ? ", 3, raw: true" : ", 5")
                       : bad_count(f, call, "a column and one number",
                                   is_poly ? "poly(x, 3)" : "bs(x, 5)");
        TRY(formula_scalar(f, call->kids[i], &s));
        if (s.is_null || s.type.kind != KIND_BOOL)
            return fail(f->b->cx, E209, call->kids[i]->span, "raw: takes true or false");
        x->raw = s.u.b;
    }
    return RC_OK;
}

/* target(c, smoothing: 10, folds: 5) */
static rc target(struct fb *f, const struct ast *call, struct feature *x)
{
    int64_t folds = 5;
    x->number = -1;
    for (int i = 1; i < call->n_kids; i++) {
        const struct ast *e = call->kids[i];
        if (!formula_is_option(call, i))
            return bad_count(f, call, "one column", "target(c, smoothing: 10)");
        if (str_eqz(call->names[i], "smoothing"))
            TRY(number(f, e, 0, "smoothing: takes a number of rows from 0 up", &x->number));
        else if (str_eqz(call->names[i], "folds"))
            TRY(formula_whole(f, e, 0, 1000, "folds: takes", &folds));
        else
            return formula_no_option(f, call, i, ", smoothing: 10, folds: 5");
    }
    if (folds == 1)
        return fail(f->b->cx, E209, call->span, "folds: takes 0 for none, or 2 and more");
    x->folds = (int)folds;
    return RC_OK;
}

rc formula_learnt(struct fb *f, const struct ast *call, struct feature *x)
{
    switch (x->op) {
    case FEATURE_BUCKET: return bucket(f, call, x);
    case FEATURE_POLY:
    case FEATURE_BS: return several_of_one(f, call, x);
    case FEATURE_TARGET: return target(f, call, x);
    case FEATURE_BINARIZE:
        x->number = 0;
        if (call->n_kids > 2 || (call->n_kids == 2 && !plain(call, 1)))
            return bad_count(f, call, "a column and a number", "binarize(x, 0.5)");
        if (call->n_kids == 2)
            return number(f, call->kids[1], -1e300, "binarize takes a number", &x->number);
        return RC_OK;
    default: break;
    }
    if (call->n_kids == 1) return RC_OK;
    if (formula_is_option(call, 1)) return formula_no_option(f, call, 1, "");
    return fail(f->b->cx, E208, call->span, "%.*s takes one column", STR_FMT(call->text));
}

/* ---- pca, normalize ---- */
#define MAX_INPUTS 500

static rc norm_option(struct fb *f, const struct ast *call, int i, struct feature *x)
{
    struct scalar s;
    if (x->op != FEATURE_NORMALIZE || !str_eqz(call->names[i], "norm"))
        return formula_no_option(f, call, i, x->op == FEATURE_PCA ? "s, 5" : "s, norm: l2");
    TRY(formula_scalar(f, call->kids[i], &s));
    bool is_text = !s.is_null && s.type.kind == KIND_STR;
    if (is_text && str_eqz(s.u.s, "l2")) return x->norm = NORM_L2, RC_OK;
    if (is_text && str_eqz(s.u.s, "l1")) return x->norm = NORM_L1, RC_OK;
    return fail(f->b->cx, E209, call->kids[i]->span, "norm: takes l2 or l1");
}

static rc check_inputs(struct fb *f, const struct ast *call, const struct feature *x)
{
    char type[64];
    for (int i = 0; i < x->n_args; i++) {
        struct dtype t = formula_type(x->args[i]);
        if (feature_width(x->args[i]) > 1 || (!dtype_is_number(t) && t.kind != KIND_BOOL))
            return fail(f->b->cx, E401, call->span, "%.*s takes numbers; `%s` is %s",
                        STR_FMT(call->text), x->args[i]->text, dtype_text(t, type, sizeof type));
    }
    if (x->n_args > MAX_INPUTS)
        return fail(f->b->cx, E902, call->span, "%.*s takes at most %d columns, here are %d",
                    STR_FMT(call->text), MAX_INPUTS, x->n_args);
    return RC_OK;
}

rc formula_several(struct fb *f, const struct ast *call, struct feature *x)
{
    int n_plain = 0, cap = 0;
    int64_t size = 0;
    const struct feature **args = NULL;
    x->norm = NORM_L2;
    for (int i = 0; i < call->n_kids; i++)
        n_plain += !formula_is_option(call, i);
    int n_inputs = x->op == FEATURE_PCA ? n_plain - 1 : n_plain;
    if (n_inputs < 1)
        return bad_count(f, call,
                         x->op == FEATURE_PCA ? "columns and how many components" : "columns",
                         x->op == FEATURE_PCA ? "pca(type(num), 5)" : "normalize(type(num))");
    for (int i = 0, at = 0; i < call->n_kids; i++) {
        struct feature **more;
        int n;
        if (formula_is_option(call, i)) {
            TRY(norm_option(f, call, i, x));
            continue;
        }
        if (at++ == n_inputs) {
            TRY(formula_whole(f, call->kids[i], 1, MAX_INPUTS, "pca(columns, components) takes",
                              &size));
            continue;
        }
        TRY(formula_each(f, call->kids[i], &more, &n));
        if (x->n_args + n > cap) {
            cap = 2 * (x->n_args + n);
            const struct feature **grown = ARENA_ARRAY(f->a, const struct feature *, cap + 1);
            if (x->n_args) memcpy(grown, args, sizeof *args * (size_t)x->n_args);
            args = grown;
        }
        for (int k = 0; k < n; k++)
            args[x->n_args++] = more[k];
    }
    x->args = args;
    x->size = (int)size;
    TRY(check_inputs(f, call, x));
    if (x->op == FEATURE_PCA && size > x->n_args)
        return fail(f->b->cx, E209, call->span, "%d column%s cannot give %lld components",
                    x->n_args, x->n_args == 1 ? "" : "s", (long long)size);
    return RC_OK;
}

/* ---- select ---- */
static rc select_by(struct fb *f, const struct ast *e, struct selector *s)
{
    static const char *const words[] = {"f", "chi2", "variance"};
    struct scalar v;
    TRY(formula_scalar(f, e, &v));
    for (int i = 0; i < 3 && !v.is_null && v.type.kind == KIND_STR; i++)
        if (str_eqz(v.u.s, words[i])) {
            s->by = (enum select_by)i;
            return RC_OK;
        }
    return fail(f->b->cx, E209, e->span, "by: takes f, chi2 or variance");
}

static rc select_amount(struct fb *f, const struct ast *call, int i, struct selector *s)
{
    static const struct {
        const char *name;
        enum select_mode mode;
        double max;
    } modes[] = {{"k", SELECT_K, 1e9},   {"percentile", SELECT_PERCENTILE, 100},
                 {"fpr", SELECT_FPR, 1}, {"fdr", SELECT_FDR, 1},
                 {"fwe", SELECT_FWE, 1}, {"above", SELECT_ABOVE, 1e300}};
    for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
        if (!str_eqz(call->names[i], modes[k].name)) continue;
        s->mode = modes[k].mode;
        TRY(number(f, call->kids[i], 0, "it takes a number from 0 up", &s->amount));
        if (s->mode == SELECT_K && (s->amount < 1 || s->amount != floor(s->amount)))
            return fail(f->b->cx, E209, call->kids[i]->span, "k: takes a whole number from 1 up");
        if (s->amount <= modes[k].max) return RC_OK;
        return fail(f->b->cx, E209, call->kids[i]->span, "%s: takes at most %g", modes[k].name,
                    modes[k].max);
    }
    return formula_no_option(f, call, i, ", k: 10, by: f");
}

rc formula_selector_of(struct fb *f, const struct ast *call, const struct selector **out)
{
    struct selector *s = ARENA_NEW(f->a, struct selector);
    int n_plain = 0, n_amounts = 0;
    struct strbuf text = {0};
    ast_text(&text, call);
    s->text = arena_strndup(f->a, strbuf_view(&text).p, text.n);
    strbuf_release(&text);
    s->span = call->span;
    for (int i = 0; i < call->n_kids; i++) {
        if (!formula_is_option(call, i)) {
            n_plain++;
        } else if (str_eqz(call->names[i], "by")) {
            TRY(select_by(f, call->kids[i], s));
        } else {
            n_amounts++;
            TRY(select_amount(f, call, i, s));
        }
    }
    *out = s;
    if (n_plain == 0 || n_amounts != 1)
        return bad_count(f, call, "columns and one of k, percentile, fpr, fdr, fwe, above",
                         "select(type(num), k: 10, by: f)");
    if (s->by == SELECT_VARIANCE && s->mode >= SELECT_FPR && s->mode <= SELECT_FWE)
        return fail(f->b->cx, E209, call->span,
                    "by: variance has no p-value: k, percentile, above");
    return RC_OK;
}

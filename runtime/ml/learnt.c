/* learnt.c: the expressions of features that learn from all their values, with what they learnt as
 * literals; before that of the right type only. */
#include "runtime/ml/prepare_int.h"

#include "runtime/base/num.h"

#include <float.h>
#include <math.h>

struct make { /* an expression being made */
    struct prepare *p;
    struct arena *a;
    const struct feature *f;
};

static enum rc_t apply(const struct make *m, const char *fn, const struct expr *l,
                       const struct expr *r, const struct expr **out)
{
    const struct expr *args[2] = {l, r};
    return prepare_call(m->p, m->a, fn, args, 2, out);
}

static const struct expr *num(const struct make *m, double v)
{
    return prepare_number(m->a, v, m->f->span);
}

static enum rc_t with_number(const struct make *m, const char *fn, const struct expr *l, double r,
                             const struct expr **out)
{
    return apply(m, fn, l, num(m, r), out);
}

/* A list of numbers as a literal. */
static enum rc_t numbers(const struct make *m, const double *v, int n, const struct expr **out)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int i = 0; i < n && res == RC_OK; i++)
        res = builder_f64(m->p->cx, &b, v[i]);
    if (res == RC_OK) res = builder_finish(m->p->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar s = {.type = dtype_list(DTYPE(KIND_NUM)), .u.list = c};
    *out = expr_literal(m->a, &s, m->f->span);
    column_unref(c);
    return RC_OK;
}

static enum rc_t as_number(const struct make *m, const struct expr *e, const struct expr **out)
{
    char text[64];
    enum kind k = e->type.kind;
    if (k == KIND_INT || k == KIND_NUM || k == KIND_BOOL)
        return expr_cast(m->p->cx, m->a, e, KIND_NUM, out);
    return fail(m->p->cx, E207, m->f->span, "`%s` takes numbers; one of them is %s", m->f->text,
                dtype_text(e->type, text, sizeof text));
}

static enum rc_t call_if(const struct make *m, const struct expr *test, const struct expr *yes,
                         const struct expr *no, const struct expr **out)
{
    const struct expr *args[3] = {test, yes, no};
    return prepare_call(m->p, m->a, "if", args, 3, out);
}

/* 1 above the number, else 0; null stays null. */
static enum rc_t binarize(const struct make *m, const struct expr *x, const struct expr **out)
{
    const struct expr *above, *zero;
    TRY(with_number(m, ">", x, m->f->number, &above));
    TRY(with_number(m, "*", x, 0.0, &zero)); /* carries the null */
    TRY(call_if(m, above, num(m, 1.0), num(m, 0.0), out));
    return apply(m, "+", *out, zero, out);
}

/* ---- buckets ---- */
static void edge_text(char *buf, size_t n, const double *cut, int i, int n_cuts)
{
    char lo[NUM_TEXT_MAX + 1] = "", hi[NUM_TEXT_MAX + 1] = "";
    if (i > 0) lo[num_format(cut[i - 1], lo)] = 0;
    if (i < n_cuts) hi[num_format(cut[i], hi)] = 0;
    if (n_cuts == 0)
        snprintf(buf, n, "all");
    else if (i == 0)
        snprintf(buf, n, "< %s", hi);
    else if (i == n_cuts)
        snprintf(buf, n, ">= %s", lo);
    else
        snprintf(buf, n, "%s .. %s", lo, hi);
}

/* cut(x, [low, cuts.., high], labels, right: false) */
static enum rc_t bucket(const struct make *m, const double *cuts, int n, const struct expr *x,
                        const struct expr **out)
{
    struct builder b;
    struct column *c = NULL;
    const struct expr *args[4] = {x};
    enum rc_t res = RC_OK;
    double *breaks = ARENA_ARRAY(m->p->cx->arena, double, n + 2);
    breaks[0] = -DBL_MAX;
    for (int i = 0; i < n; i++)
        breaks[i + 1] = cuts[i];
    breaks[n + 1] = DBL_MAX;
    TRY(numbers(m, breaks, n + 2, &args[1]));
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; i <= n && res == RC_OK; i++) {
        char text[2 * NUM_TEXT_MAX + 16];
        edge_text(text, sizeof text, cuts, i, n);
        res = builder_str(m->p->cx, &b, str_of(text));
    }
    if (res == RC_OK) res = builder_finish(m->p->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar labels = {.type = dtype_list(DTYPE(KIND_STR)), .u.list = c};
    struct scalar right = {.type = DTYPE(KIND_BOOL)};
    args[2] = expr_literal(m->a, &labels, m->f->span);
    args[3] = expr_literal(m->a, &right, m->f->span);
    column_unref(c);
    return prepare_call(m->p, m->a, "cut", args, 4, out);
}

/* ---- several columns ---- */
/* Power column + 1, or the orthogonal polynomial of that degree over its norm. */
static enum rc_t polynomial(const struct make *m, const struct state *s, int column,
                            const struct expr *x, const struct expr **out)
{
    int k = m->f->size;
    if (!s || !s->v) return with_number(m, "^", x, column + 1.0, out);
    const double *centre = s->v, *norm = s->v + k;
    const struct expr *before = NULL, *now = NULL;
    for (int d = 0; d <= column; d++) {
        const struct expr *next, *back;
        TRY(with_number(m, "-", x, centre[d], &next));
        if (now) TRY(apply(m, "*", next, now, &next));
        if (d == 1) TRY(with_number(m, "-", next, norm[1] / norm[0], &next));
        if (d > 1) {
            TRY(with_number(m, "*", before, norm[d] / norm[d - 1], &back));
            TRY(apply(m, "-", next, back, &next));
        }
        before = now;
        now = next;
    }
    return with_number(m, "/", now, sqrt(norm[column + 1]), out);
}

/* Sum of e[0..n), as a balanced tree: no deep nesting. */
static enum rc_t sum_of(const struct make *m, const struct expr **e, int n, const struct expr **out)
{
    if (n == 1) return *out = e[0], RC_OK;
    const struct expr *left, *right;
    TRY(sum_of(m, e, n / 2, &left));
    TRY(sum_of(m, e + n / 2, n - n / 2, &right));
    return apply(m, "+", left, right, out);
}

static enum rc_t component(const struct make *m, const struct state *s, int column,
                           const struct expr *const *args, const struct expr **out)
{
    int n = m->f->n_args;
    const struct expr **parts = ARENA_ARRAY(m->p->cx->arena, const struct expr *, n);
    for (int i = 0; i < n; i++) {
        double mean = s && s->v ? s->v[i] : 0.0,
               loading = s && s->v ? s->v[n * (column + 1) + i] : 0;
        TRY(as_number(m, args[i], &parts[i]));
        TRY(with_number(m, "-", parts[i], mean, &parts[i]));
        TRY(with_number(m, "*", parts[i], loading, &parts[i]));
    }
    return sum_of(m, parts, n, out);
}

/* Argument `column` over the norm of all; a row of zeros stays one. */
static enum rc_t over_norm(const struct make *m, int column, const struct expr *const *args,
                           const struct expr **out)
{
    int n = m->f->n_args;
    bool is_l2 = m->f->norm == NORM_L2;
    const struct expr **parts = ARENA_ARRAY(m->p->cx->arena, const struct expr *, n);
    const struct expr *norm, *is_zero, *x = args[column];
    for (int i = 0; i < n; i++) {
        TRY(as_number(m, args[i], &parts[i]));
        if (i == column) x = parts[i];
        if (is_l2)
            TRY(apply(m, "*", parts[i], parts[i], &parts[i]));
        else
            TRY(prepare_call(m->p, m->a, "abs", &parts[i], 1, &parts[i]));
    }
    TRY(sum_of(m, parts, n, &norm));
    if (is_l2) TRY(prepare_call(m->p, m->a, "sqrt", &norm, 1, &norm));
    TRY(with_number(m, "==", norm, 0.0, &is_zero));
    TRY(call_if(m, is_zero, num(m, 1.0), norm, &norm));
    return apply(m, "/", x, norm, out);
}

static enum rc_t spline(const struct make *m, const struct state *s, int column,
                        const struct expr *x, const struct expr **out)
{
    if (!s || !s->v) return *out = x, RC_OK;
    struct scalar i = {.type = DTYPE(KIND_INT), .u.i = column + 1}; /* the first is left out */
    const struct expr *args[3] = {x, expr_literal(m->a, &i, m->f->span)};
    TRY(numbers(m, s->v, s->n_v, &args[2]));
    return prepare_call(m->p, m->a, "bspline", args, 3, out);
}

/* ---- levels to numbers ---- */
static enum rc_t look_up(const struct make *m, const struct state *s, bool is_scoring,
                         const struct expr *key, const struct expr **out)
{
    char text[64];
    enum kind k = key->type.kind;
    if (!s || !s->is_ready) { /* of the right type */
        if (k == KIND_LIST || k == KIND_STRUCT)
            return fail(m->p->cx, E207, m->f->span, "`%s` takes a category; `%s` is %s", m->f->text,
                        m->f->args[0]->text, dtype_text(key->type, text, sizeof text));
        return *out = num(m, 0.0), RC_OK;
    }
    if (!is_scoring && s->fitted)
        return *out = expr_column(m->a, s->fitted, DTYPE(KIND_NUM), m->f->span), RC_OK;
    const struct expr *args[4] = {key, expr_literal(m->a, &s->keys, m->f->span),
                                  expr_literal(m->a, &s->values, m->f->span), num(m, s->other)};
    if (k != KIND_STR) TRY(expr_cast(m->p->cx, m->a, key, KIND_STR, &args[0]));
    return prepare_call(m->p, m->a, "lookup", args, 4, out);
}

static enum rc_t scaled(const struct make *m, const struct state *s, const struct expr *x,
                        const struct expr **out)
{
    TRY(with_number(m, "-", x, s && s->v ? s->v[0] : 0.0, out));
    return with_number(m, "/", *out, s && s->v ? s->v[1] : 1.0, out);
}

enum rc_t learnt_expr(struct prepare *p, const struct feature *f, const struct state *s, int column,
                      bool is_scoring, struct arena *a, const struct expr *const *args,
                      const struct expr **out)
{
    struct make m = {.p = p, .a = a, .f = f};
    const struct expr *x = args[0];
    bool takes_levels = f->op == FEATURE_INDEX || f->op == FEATURE_TARGET;
    if (takes_levels) return look_up(&m, s, is_scoring, x, out);
    TRY(as_number(&m, x, &x));
    switch (f->op) {
    case FEATURE_BINARIZE: return binarize(&m, x, out);
    case FEATURE_BUCKET:
        if (f->points) return bucket(&m, f->points, f->n_points, x, out);
        return bucket(&m, s ? s->v : NULL, s ? s->n_v : 0, x, out);
    case FEATURE_POLY: return polynomial(&m, s, column, x, out);
    case FEATURE_BS: return spline(&m, s, column, x, out);
    case FEATURE_PCA: return component(&m, s, column, args, out);
    case FEATURE_NORMALIZE: return over_norm(&m, column, args, out);
    default: return scaled(&m, s, x, out);
    }
}

const char *learnt_detail(struct prepare *p, const struct feature *f, const struct state *s)
{
    struct arena *a = p->m->arena;
    if (!s) return NULL;
    switch (f->op) {
    case FEATURE_MIN_MAX: return arena_printf(a, "%.6g .. %.6g", s->v[0], s->v[0] + s->v[1]);
    case FEATURE_MAX_ABS: return arena_printf(a, "largest %.6g", s->v[1]);
    case FEATURE_ROBUST: return arena_printf(a, "median %.6g, spread %.6g", s->v[0], s->v[1]);
    case FEATURE_INDEX: return arena_printf(a, "%lld levels", (long long)s->keys.u.list->n);
    case FEATURE_TARGET:
        return arena_printf(a, "%lld levels, unseen as %.6g", (long long)s->keys.u.list->n,
                            s->other);
    default: return NULL;
    }
}

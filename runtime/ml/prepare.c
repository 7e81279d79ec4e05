/* prepare.c: rows and encoder of a fit, in order: leaves of the formula, types checked before any
 * work; the frame's plan run once; rows with null refused or dropped; states and levels learnt; the
 * features' values as numbers and codes. */
#include "runtime/ml/prepare_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>

/* ---- leaves ---- */
/* Target of a family that does both: what is no number is a class; cat(x) makes classes of ints. */
static bool has_classes(const struct feature *y)
{
    if (y->op == FEATURE_CAT || y->op == FEATURE_ONEHOT) return true;
    return y->op == FEATURE_EXPR && !prepare_is_number(y->expr->type);
}

static enum rc_t collect_target(struct prepare *p)
{
    const struct formula *f = p->spec->formula;
    const struct feature *y = f->target;
    const char *family = p->m->family->name;
    if (!y && p->m->family->task == ML_NONE) return RC_OK;
    if (!y) return fail(p->cx, E401, f->span, "%s needs a target: y ~ %s", family, f->text);
    if (p->m->family->task == ML_NONE) {
        fail(p->cx, E401, y->span, "%s has no target: it looks at the columns alone", family);
        return err_note(p->cx, "leave out `%s`: ~ a + b", y->text);
    }
    p->is_class = p->m->family->task == ML_CLASS;
    if (p->m->family->task == ML_EITHER) p->is_class = has_classes(y);
    if (y->op == FEATURE_CAT || y->op == FEATURE_ONEHOT) y = y->args[0];
    if (y->op != FEATURE_EXPR)
        return fail(p->cx, E401, f->target->span,
                    "the target is taken as it is: `%s` stands only "
                    "right of ~",
                    f->target->text);
    p->target = prepare_leaf(p, y->expr, y->text, f->target->span, true);
    p->m->target.text = arena_strndup(p->m->arena, y->text, strlen(y->text));
    p->m->target.expr = expr_copy(p->m->arena, y->expr);
    p->m->target.type = DTYPE(y->expr->type.kind);
    p->m->target.type.ordered = y->expr->type.ordered;
    return RC_OK;
}

static enum rc_t collect_weights(struct prepare *p)
{
    const struct expr *w = p->spec->weights;
    p->weights = -1;
    if (!w) return RC_OK;
    struct strbuf b = {0};
    char text[64];
    expr_text(&b, w);
    p->m->weights = arena_strndup(p->m->arena, b.p, b.n);
    strbuf_release(&b);
    if (!prepare_is_number(w->type))
        return fail(p->cx, E207, w->span, "weights: must be numbers; `%s` is %s", p->m->weights,
                    dtype_text(w->type, text, sizeof text));
    p->weights = prepare_leaf(p, w, p->m->weights, w->span, true);
    return RC_OK;
}

static enum rc_t collect(struct prepare *p)
{
    const struct formula *f = p->spec->formula;
    p->features_needed = !p->m->family->cls->takes_null || p->spec->drop_nulls;
    TRY(collect_target(p));
    TRY(collect_weights(p));
    for (int i = 0; i < f->n_terms; i++)
        for (int k = 0; k < f->terms[i].n_factors; k++) {
            const struct feature *x = f->terms[i].factors[k];
            bool is_cat = x->op == FEATURE_CAT || x->op == FEATURE_ONEHOT;
            TRY(prepare_collect(p, is_cat ? x->args[0] : x, p->features_needed));
        }
    return RC_OK;
}

/* ---- types ---- */
static enum rc_t check_target(struct prepare *p)
{
    char text[64];
    if (p->target < 0) return RC_OK;
    const struct leaf *y = &p->leaves[p->target];
    enum kind k = y->expr->type.kind;
    const char *family = p->m->family->name;
    dtype_text(y->expr->type, text, sizeof text);
    if (p->is_class) {
        if (prepare_is_category(y->expr->type) || k == KIND_INT) return RC_OK;
        fail(p->cx, E409, y->span, "%s tells classes apart: bool, str, cat or int; `%s` is %s",
             family, y->text, text);
        return k == KIND_NUM
                   ? err_note(p->cx, "make classes of it: %s > 0, or int(%s)", y->text, y->text)
                   : RC_ERR;
    }
    if (prepare_is_number(y->expr->type)) return RC_OK;
    fail(p->cx, E409, y->span, "%s needs a number to fit; `%s` is %s", family, y->text, text);
    if (prepare_is_category(y->expr->type))
        return err_note(p->cx, "logistic() tells two classes apart");
    return RC_ERR;
}

static enum rc_t check_feature(struct prepare *p, const struct feature *f, struct enc_feature *out)
{
    const struct expr *e;
    char text[64];
    TRY(prepare_expr(p, f, false, &e));
    bool is_coded = f->op == FEATURE_CAT || f->op == FEATURE_ONEHOT;
    dtype_text(e->type, text, sizeof text);
    if (f->op == FEATURE_WORDS) {
        out->kind = ENC_LIST;
        return RC_OK;
    }
    bool is_texts = e->type.kind == KIND_LIST && e->type.elem && e->type.elem->kind == KIND_STR;
    if (is_texts && p->m->family->cls->takes_lists) {
        out->kind = ENC_LIST;
        return RC_OK;
    }
    if (e->type.kind == KIND_LIST || e->type.kind == KIND_STRUCT)
        return fail(p->cx, E207, f->span, "a model cannot take `%s`, which is %s", f->text, text);
    bool is_id = p->m->family->cls->takes_ids && prepare_is_number(e->type);
    out->kind = is_id || is_coded || prepare_is_category(e->type) ? ENC_CATEGORY : ENC_NUMBER;
    if (out->kind == ENC_CATEGORY || prepare_is_number(e->type)) return RC_OK;
    fail(p->cx, E207, f->span, "a model takes numbers and categories; `%s` is %s", f->text, text);
    if (e->type.kind == KIND_DATE || e->type.kind == KIND_DATETIME)
        return err_note(p->cx, "take parts of it: month(%s), cat(weekday(%s))", f->text, f->text);
    if (e->type.kind == KIND_DURATION) return err_hint(p->cx, "seconds(%s)", f->text);
    return RC_ERR;
}

static enum rc_t check_types(struct prepare *p)
{
    struct encoder *e = &p->m->enc;
    TRY(check_target(p));
    for (int i = 0; i < e->n_features; i++)
        TRY(check_feature(p, p->sources[i], &e->features[i]));
    for (int i = 0; i < e->n_terms; i++)
        if (e->terms[i].is_offset && e->features[e->terms[i].features[0]].kind != ENC_NUMBER)
            return fail(p->cx, E207, e->terms[i].span, "an offset must be a number");
    return RC_OK;
}

/* ---- the table of leaves ---- */
static enum rc_t run_base(struct prepare *p, struct plan *data)
{
    struct named_expr *items = ARENA_ARRAY(p->cx->arena, struct named_expr, p->n_leaves + 1);
    for (int i = 0; i < p->n_leaves; i++)
        items[i] = (struct named_expr){p->leaves[i].name, p->leaves[i].expr};
    struct plan *plan = NULL;
    TRY(plan_project(p->cx, data, items, p->n_leaves, p->spec->span, &plan));
    enum rc_t res = exec_table(p->cx, p->x, plan, &p->base);
    plan_unref(plan);
    return res;
}

/* "372 rows have null a, 5 rows have null b" of the leaves with nulls; *first the first of them. */
static const char *null_list(struct prepare *p, int *first)
{
    struct strbuf b = {0};
    int n = 0;
    *first = -1;
    for (int i = 0; i < p->n_leaves; i++) {
        int64_t n_null = p->base->cols[i]->n_null;
        if (!p->leaves[i].is_needed || n_null == 0) continue;
        if (*first < 0) *first = i;
        if (n++ < 5)
            strbuf_printf(&b, "%s%s null %s", n > 1 ? ", " : "", ml_rows_have(p->cx->arena, n_null),
                          p->leaves[i].text);
    }
    if (n > 5) strbuf_printf(&b, " and %d more columns", n - 5);
    const char *text = arena_strndup(p->cx->arena, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return text;
}

static enum rc_t refuse_null(struct prepare *p)
{
    int first;
    const char *list = null_list(p, &first);
    if (first < 0) return RC_OK;
    const struct leaf *l = &p->leaves[first];
    struct strbuf way = {0};
    strbuf_addz(&way, "Add nulls: drop");
    if (first != p->target && first != p->weights && l->expr->op == EXPR_COLUMN)
        strbuf_printf(&way, ", or impute(%s, %s) in the formula", l->text,
                      prepare_is_number(l->expr->type) ? "median" : "mode");
    fail(p->cx, E402, l->span, "fit: %s and %s cannot use null. %s", list, p->m->family->name,
         way.p);
    strbuf_release(&way);
    return RC_ERR;
}

static bool row_is_whole(const struct prepare *p, int64_t row)
{
    for (int i = 0; i < p->n_leaves; i++)
        if (p->leaves[i].is_needed && !bit_valid(p->base->cols[i]->valid, row)) return false;
    if (p->weights < 0) return true;
    struct scalar w = column_scalar(p->base->cols[p->weights], row);
    return w.type.kind == KIND_NUM ? w.u.f != 0 : w.u.i != 0;
}

/* Rows with null (when they may be dropped) and rows of no weight leave the table. */
static enum rc_t drop_rows(struct prepare *p)
{
    int first;
    const char *list = null_list(p, &first);
    if (first < 0 && p->weights < 0) return RC_OK;
    int64_t n = 0, n_all = p->base->n_rows;
    void *rows_p = NULL;
    struct table *kept = NULL;
    TRY(mem_big(p->cx, sizeof(int64_t) * (size_t)n_all + 1, &rows_p));
    int64_t *rows = rows_p;
    for (int64_t i = 0; i < n_all; i++)
        if (row_is_whole(p, i)) rows[n++] = i;
    enum rc_t res = n == n_all ? RC_OK : table_gather(p->cx, p->base, rows, n, &kept);
    mem_big_free(rows_p);
    if (res != RC_OK || n == n_all) return res;
    table_unref(p->base);
    p->base = kept;
    p->m->report.n_dropped = n_all - n;
    if (first >= 0)
        warn(p->cx, W304, p->leaves[first].span, "fit: %lld of %lld rows left out: %s",
             (long long)(n_all - n), (long long)n_all, list);
    return RC_OK;
}

/* ---- infinities ---- */
static int64_t count_infinite(const struct column *c)
{
    int64_t n = 0;
    if (c->phys != PHYS_F64) return 0;
    const double *v = c->data;
    for (int64_t i = 0; i < c->n; i++)
        n += isinf(v[i]) && bit_valid(c->valid, i);
    return n;
}

static enum rc_t refuse_infinite(struct prepare *p, const struct column *c, const char *text,
                                 struct span span)
{
    int64_t n = count_infinite(c);
    if (n == 0) return RC_OK;
    fail(p->cx, E410, span, "fit: %s infinite %s", ml_rows_have(p->cx->arena, n), text);
    return err_hint(p->cx, "where is_finite(%s)", text);
}

static enum rc_t check_rows(struct prepare *p)
{
    if (!p->spec->drop_nulls) TRY(refuse_null(p));
    TRY(drop_rows(p));
    if (p->base->n_rows == 0)
        return fail(p->cx, E404, p->spec->span, "there are no rows to fit%s",
                    p->m->report.n_dropped ? ": every row has a null" : "");
    for (int i = 0; i < p->n_leaves; i++)
        TRY(refuse_infinite(p, p->base->cols[i], p->leaves[i].text, p->leaves[i].span));
    return RC_OK;
}

/* ---- classes ---- */
static int class_index(const struct enc_feature *c, const char *text)
{
    for (int i = 0; i < c->n_levels; i++)
        if (strcmp(c->levels[i].text, text) == 0) return i;
    return -1;
}

static enum rc_t learn_classes(struct prepare *p)
{
    struct target *t = &p->m->target;
    const struct leaf *y = &p->leaves[p->target];
    const char *names[6];
    struct expr *key =
        (struct expr *)(uintptr_t)expr_column(p->cx->arena, y->name, y->expr->type, y->span);
    TRY(prepare_levels(p, key, &t->classes));
    t->classes.name = t->text;
    int n = t->classes.n_levels;
    for (int i = 0; i < n && i < 6; i++)
        names[i] = t->classes.levels[i].text;
    if (n == 1)
        return fail(p->cx, E403, y->span,
                    "all %lld rows have `%s` %s: there is nothing to tell "
                    "apart",
                    (long long)p->base->n_rows, t->text, names[0]);
    if (n > 2 && !p->m->family->cls->takes_many) {
        fail(p->cx, E409, y->span, "%s tells two classes apart; `%s` has %d: %s",
             p->m->family->name, t->text, n, ml_name_list(p->cx->arena, names, n < 6 ? n : 6));
        return err_note(p->cx, "take one against the rest: %s == ...", t->text);
    }
    t->positive = n > 2 ? n - 1 : 1;
    if (y->expr->type.kind == KIND_INT && class_index(&t->classes, "1") >= 0)
        t->positive = class_index(&t->classes, "1");
    if (!p->spec->positive) return RC_OK;
    t->positive = class_index(&t->classes, p->spec->positive);
    if (t->positive >= 0) return RC_OK;
    return fail(p->cx, E209, p->spec->span, "positive: `%s` is no class of `%s`, which has %s",
                p->spec->positive, t->text, ml_name_list(p->cx->arena, names, n));
}

/* ---- features fitted ---- */
/* Families that read features, not columns of a design, have no use for products. */
static enum rc_t check_plain_terms(struct prepare *p)
{
    const struct encoder *e = &p->m->enc;
    for (int i = 0; i < e->n_terms; i++) {
        const struct enc_term *t = &e->terms[i];
        if (t->n_features == 1) continue;
        fail(p->cx, E401, t->span, "%s takes no products: `%s`", p->m->family->name, t->name);
        return err_note(p->cx, "it finds what columns do together by itself; of numbers, "
                               "I(a * b) is one column");
    }
    return RC_OK;
}

static enum rc_t learn_features(struct prepare *p)
{
    struct encoder *e = &p->m->enc;
    TRY(prepare_states(p));
    for (int i = 0; i < e->n_features; i++) {
        struct enc_feature *f = &e->features[i];
        const struct expr *key;
        TRY(prepare_expr(p, p->sources[i], true, &f->expr));
        f->detail = prepare_detail(p, p->sources[i]);
        if (f->kind == ENC_NUMBER) continue;
        if (f->kind == ENC_LIST) {
            TRY(prepare_words(p, i));
            continue;
        }
        TRY(prepare_expr(p, p->sources[i], false, &key));
        TRY(prepare_levels(p, key, f));
        TRY(prepare_coding(p, p->sources[i], f));
    }
    return RC_OK;
}

/* The columns of the design, of what select() has left. */
static enum rc_t make_columns(struct prepare *p)
{
    struct encoder *e = &p->m->enc;
    if (p->m->family->cls->no_design) return check_plain_terms(p);
    if (p->m->family->cls->is_sparse) e->max_cols = ENC_MAX_SPARSE;
    TRY(enc_code_terms(p->cx, p->m->arena, e, p->m->family->cls->all_levels, p->spec->span));
    for (int i = 0; i < e->n_features; i++)
        if (e->features[i].kind == ENC_CATEGORY && e->features[i].ref >= 0 &&
            e->features[i].n_levels == 1 && e->intercept)
            warn(p->cx, W404, p->sources[i]->span, "fit: `%s` was left out: it is %s in every row",
                 e->features[i].name, e->features[i].levels[0].text);
    return RC_OK;
}

/* ---- the rows ---- */
/* Features' values: numbers as f64, categories as they are; then target and weights. */
static enum rc_t run_columns(struct prepare *p, struct table **out)
{
    struct encoder *e = &p->m->enc;
    struct arena *a = p->cx->arena;
    struct named_expr *items = ARENA_ARRAY(a, struct named_expr, e->n_features + 3);
    int n = 0;
    for (int i = 0; i < e->n_features; i++) {
        const struct expr *x;
        TRY(prepare_expr(p, p->sources[i], false, &x));
        if (e->features[i].kind == ENC_NUMBER) TRY(expr_cast(p->cx, a, x, KIND_NUM, &x));
        items[n++] = (struct named_expr){arena_printf(a, "f%d", i), x};
    }
    for (int k = 0; k < 2; k++) {
        int leaf = k == 0 ? p->target : p->weights;
        if (leaf < 0) continue;
        const struct leaf *l = &p->leaves[leaf];
        const struct expr *x = expr_column(a, l->name, l->expr->type, l->span);
        if (k == 1 || !p->is_class) TRY(expr_cast(p->cx, a, x, KIND_NUM, &x));
        items[n++] = (struct named_expr){k == 0 ? "y" : "w", x};
    }
    struct plan *base = NULL, *plan = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(plan_table(p->cx, p->base, "fit", &base));
    TRY_OUT(plan_project(p->cx, base, items, n, p->spec->span, &plan));
    TRY_OUT(exec_table(p->cx, p->x, plan, out));
    res = RC_OK;
out:
    plan_unref(plan);
    plan_unref(base);
    return res;
}

/* Rows of features that became null by their own arithmetic (log(scale(x)) of a negative), under
 * nulls: drop. */
static enum rc_t drop_feature_nulls(struct prepare *p, struct table **t)
{
    int n_features = p->m->enc.n_features, n_null = 0;
    for (int i = 0; i < n_features; i++)
        n_null += (*t)->cols[i]->n_null > 0;
    if (n_null == 0 || !p->spec->drop_nulls) return RC_OK;
    void *rows_p = NULL;
    struct table *kept = NULL;
    int64_t n = 0, n_all = (*t)->n_rows;
    TRY(mem_big(p->cx, sizeof(int64_t) * (size_t)n_all + 1, &rows_p));
    for (int64_t row = 0; row < n_all; row++) {
        bool is_whole = true;
        for (int i = 0; i < n_features; i++)
            is_whole &= bit_valid((*t)->cols[i]->valid, row);
        if (is_whole) ((int64_t *)rows_p)[n++] = row;
    }
    enum rc_t res = table_gather(p->cx, *t, rows_p, n, &kept);
    mem_big_free(rows_p);
    TRY(res);
    table_unref(*t);
    *t = kept;
    p->rows->in.cells = NULL; /* were of all rows */
    p->m->report.n_dropped += n_all - n;
    warn(p->cx, W304, p->spec->formula->span,
         "fit: %lld of %lld rows left out: a term of the formula is null", (long long)(n_all - n),
         (long long)n_all);
    if (n == 0) return fail(p->cx, E404, p->spec->span, "there are no rows to fit");
    return RC_OK;
}

static enum rc_t check_feature_nulls(struct prepare *p, const struct table *t)
{
    const struct encoder *e = &p->m->enc;
    for (int i = 0; i < e->n_features; i++) {
        const struct column *c = t->cols[i];
        if (c->n_null > 0 && !p->m->family->cls->takes_null)
            return fail(p->cx, E402, p->sources[i]->span, "fit: %s null %s and %s cannot use null",
                        ml_rows_have(p->cx->arena, c->n_null), e->features[i].name,
                        p->m->family->name);
        TRY(refuse_infinite(p, c, e->features[i].name, p->sources[i]->span));
    }
    return RC_OK;
}

static enum rc_t check_weights(struct prepare *p, const struct rows *r)
{
    for (int64_t i = 0; r->w && i < r->n; i++)
        if (r->w[i] < 0)
            return fail(p->cx, E209, p->spec->weights->span,
                        "weights: must not be negative; `%s` is %g in one row", p->m->weights,
                        r->w[i]);
    return RC_OK;
}

static enum rc_t fill_rows(struct prepare *p, struct rows *r)
{
    const struct encoder *e = &p->m->enc;
    struct table *t = NULL;
    TRY(run_columns(p, &t));
    enum rc_t res = drop_feature_nulls(p, &t);
    arena_table(r->arena, t);
    TRY(res);
    TRY(check_feature_nulls(p, t));
    int weights = p->weights >= 0 ? e->n_features + (p->target >= 0) : -1;
    TRY(rows_fill(p->cx, p->m, t, p->target >= 0 ? e->n_features : -1, weights, r));
    return check_weights(p, r);
}

enum rc_t ml_prepare(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec,
                     struct plan *data, struct model *m, struct rows *out)
{
    struct prepare p = {
        .cx = cx, .x = x, .spec = spec, .m = m, .target = -1, .weights = -1, .rows = out};
    enum rc_t res = RC_ERR;
    TRY_OUT(prepare_terms(&p));
    TRY_OUT(collect(&p));
    TRY_OUT(check_types(&p));
    TRY_OUT(run_base(&p, data));
    TRY_OUT(check_rows(&p));
    if (p.is_class) TRY_OUT(learn_classes(&p));
    TRY_OUT(learn_features(&p));
    TRY_OUT(fill_rows(&p, out));
    TRY_OUT(prepare_select(&p, out));
    TRY_OUT(make_columns(&p));
    if (spec->valid) TRY_OUT(rows_coded(cx, x, m, spec->valid, spec->span, out));
    res = RC_OK;
out:
    table_unref(p.base);
    return res;
}

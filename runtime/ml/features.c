/* features.c: what a formula's functions learn from the rows. A fitted feature is nothing but an
 * expression with the learnt numbers in it (scale(x) = (x - 13.0) / 11.5), so any executor scores
 * it and the file holds it; categories keep their list of levels beside it. */
#include "runtime/ml/prepare_int.h"

#include "runtime/base/num.h"

#include <math.h>

bool prepare_is_number(struct dtype t)
{
    return t.kind == KIND_INT || t.kind == KIND_NUM;
}

bool prepare_is_category(struct dtype t)
{
    return t.kind == KIND_STR || t.kind == KIND_BOOL || t.kind == KIND_CAT;
}

static bool is_stateful(const struct feature *f)
{
    return f->op == FEATURE_SCALE || f->op == FEATURE_CENTER || f->op == FEATURE_IMPUTE ||
           feature_learns_whole(f);
}

/* ---- leaves and states ---- */
int prepare_leaf(struct prepare *p, const struct expr *e, const char *text, struct span span,
                 bool is_needed)
{
    for (int i = 0; i < p->n_leaves; i++)
        if (expr_equal(p->leaves[i].expr, e)) {
            p->leaves[i].is_needed |= is_needed;
            return i;
        }
    if (p->n_leaves == p->cap_leaves) {
        p->cap_leaves = p->cap_leaves ? 2 * p->cap_leaves : 16;
        struct leaf *grown = ARENA_ARRAY(p->cx->arena, struct leaf, p->cap_leaves);
        if (p->n_leaves) memcpy(grown, p->leaves, sizeof *grown * (size_t)p->n_leaves);
        p->leaves = grown;
    }
    const char *name = arena_printf(p->cx->arena, "x%d", p->n_leaves);
    p->leaves[p->n_leaves] =
        (struct leaf){.expr = e, .text = text, .name = name, .span = span, .is_needed = is_needed};
    return p->n_leaves++;
}

static struct state *state_of(const struct prepare *p, const struct feature *f)
{
    if (f->op == FEATURE_COLUMN) f = f->args[0];
    for (int i = 0; i < p->n_states; i++)
        if (p->states[i].feature == f) return &p->states[i];
    return NULL;
}

static void add_state(struct prepare *p, const struct feature *f)
{
    if (state_of(p, f)) return;
    if (p->n_states == p->cap_states) {
        p->cap_states = p->cap_states ? 2 * p->cap_states : 16;
        struct state *grown = ARENA_ARRAY(p->cx->arena, struct state, p->cap_states);
        if (p->n_states) memcpy(grown, p->states, sizeof *grown * (size_t)p->n_states);
        p->states = grown;
    }
    struct state s = {.feature = f, .sd = 1.0};
    if (f->op == FEATURE_IMPUTE && strcmp(f->method, "constant") == 0) {
        s.fill = f->constant;
        s.is_ready = true;
    }
    p->states[p->n_states++] = s;
}

enum rc_t prepare_collect(struct prepare *p, const struct feature *f, bool is_needed)
{
    if (f->op == FEATURE_EXPR) {
        if (f->expr->op != EXPR_LITERAL) prepare_leaf(p, f->expr, f->text, f->span, is_needed);
        return RC_OK;
    }
    bool takes_null =
        f->op == FEATURE_IMPUTE || (f->op == FEATURE_CALL && f->fn->nulls == FN_OWN_NULLS);
    for (int i = 0; i < f->n_args; i++) {
        const struct feature *arg = f->args[i];
        if (arg->op == FEATURE_CAT || arg->op == FEATURE_ONEHOT || arg->op == FEATURE_WORDS)
            return fail(p->cx, E401, arg->span, "`%s` cannot stand inside another function",
                        arg->text);
        TRY(prepare_collect(p, arg, is_needed && !takes_null));
    }
    if (is_stateful(f)) add_state(p, f);
    return RC_OK;
}

/* ---- expressions ---- */
const struct expr *prepare_number(struct arena *a, double v, struct span span)
{
    struct scalar s = {.type = DTYPE(KIND_NUM), .u.f = v};
    return expr_literal(a, &s, span);
}

enum rc_t prepare_call(struct prepare *p, struct arena *a, const char *name,
                       const struct expr *const *args, int n, const struct expr **out)
{
    const struct fn_desc *fn = fn_find(str_of(name));
    if (!fn) return fail(p->cx, E903, args[0]->span, "the function `%s` is not there", name);
    return expr_call(p->cx, a, fn, args, n, args[0]->span, out);
}

static enum rc_t binary(struct prepare *p, struct arena *a, const char *op, const struct expr *left,
                        const struct expr *right, const struct expr **out)
{
    const struct expr *args[2] = {left, right};
    return prepare_call(p, a, op, args, 2, out);
}

static enum rc_t number_wanted(struct prepare *p, const struct feature *f, const struct expr *arg,
                               const char *what)
{
    char text[64];
    if (prepare_is_number(arg->type)) return RC_OK;
    return fail(p->cx, E207, f->span, "%s needs a number; `%s` is %s", what, f->args[0]->text,
                dtype_text(arg->type, text, sizeof text));
}

static enum rc_t impute_expr(struct prepare *p, const struct feature *f, const struct state *s,
                             struct arena *a, const struct expr *arg, const struct expr **out)
{
    struct scalar fill = s->fill;
    bool is_mode = strcmp(f->method, "mode") == 0, is_constant = strcmp(f->method, "constant") == 0;
    if (!is_mode && !is_constant) {
        TRY(number_wanted(p, f, arg, f->method));
        if (!s->is_ready) fill = (struct scalar){.type = DTYPE(KIND_NUM)};
    }
    if (is_mode && !s->is_ready) fill = (struct scalar){.type = arg->type, .is_null = true};
    return binary(p, a, "??", arg, expr_literal(a, &fill, f->span), out);
}

static enum rc_t leaf_expr(struct prepare *p, const struct feature *f, bool is_scoring,
                           struct arena *a, const struct expr **out)
{
    if (is_scoring || f->expr->op == EXPR_LITERAL) {
        *out = expr_copy(a, f->expr);
        return RC_OK;
    }
    int i = prepare_leaf(p, f->expr, f->text, f->span, false);
    *out = expr_column(a, p->leaves[i].name, f->expr->type, f->span);
    return RC_OK;
}

static enum rc_t call_expr(struct prepare *p, const struct feature *f, bool is_scoring,
                           struct arena *a, const struct expr **out)
{
    const struct expr **args = ARENA_ARRAY(p->cx->arena, const struct expr *, f->n_args + 1);
    for (int i = 0; i < f->n_args; i++)
        TRY(prepare_expr(p, f->args[i], is_scoring, &args[i]));
    return expr_call(p->cx, a, f->fn, args, f->n_args, f->span, out);
}

/* What words are taken of: a text, a list of texts; of a hashed value its text. */
static enum rc_t words_expr(struct prepare *p, const struct feature *f, struct arena *a,
                            const struct expr *arg, const struct expr **out)
{
    char text[64];
    enum kind k = arg->type.kind;
    bool is_text = k == KIND_STR || k == KIND_CAT;
    *out = arg;
    if (is_text || (k == KIND_LIST && arg->type.elem && arg->type.elem->kind == KIND_STR))
        return RC_OK;
    if (f->words->is_whole && k != KIND_LIST && k != KIND_STRUCT)
        return expr_cast(p->cx, a, arg, KIND_STR, out);
    return fail(p->cx, E207, f->span, "`%s` takes %s; `%s` is %s", f->text,
                f->words->is_whole ? "a value or a list of texts" : "a text or a list of texts",
                f->args[0]->text, dtype_text(arg->type, text, sizeof text));
}

/* Features that learn from all values, and columns of such. */
static enum rc_t whole_expr(struct prepare *p, const struct feature *f, bool is_scoring,
                            struct arena *a, const struct expr **out)
{
    const struct feature *base = f->op == FEATURE_COLUMN ? f->args[0] : f;
    const struct expr **args = ARENA_ARRAY(p->cx->arena, const struct expr *, base->n_args + 1);
    for (int i = 0; i < base->n_args; i++)
        TRY(prepare_expr(p, base->args[i], is_scoring, &args[i]));
    return learnt_expr(p, base, state_of(p, base), f->column, is_scoring, a, args, out);
}

enum rc_t prepare_expr(struct prepare *p, const struct feature *f, bool is_scoring,
                       const struct expr **out)
{
    struct arena *a = is_scoring ? p->m->arena : p->cx->arena;
    if (f->op == FEATURE_EXPR) return leaf_expr(p, f, is_scoring, a, out);
    if (f->op == FEATURE_CALL) return call_expr(p, f, is_scoring, a, out);
    if (f->op >= FEATURE_MIN_MAX) return whole_expr(p, f, is_scoring, a, out);
    const struct expr *arg;
    TRY(prepare_expr(p, f->args[0], is_scoring, &arg));
    if (f->op == FEATURE_WORDS) return words_expr(p, f, a, arg, out);
    if (!is_stateful(f)) return *out = arg, RC_OK; /* cat, onehot: the levels stand beside it */
    const struct state *s = state_of(p, f);
    if (f->op == FEATURE_IMPUTE) return impute_expr(p, f, s, a, arg, out);
    TRY(number_wanted(p, f, arg, f->op == FEATURE_SCALE ? "scale" : "center"));
    TRY(binary(p, a, "-", arg, prepare_number(a, s->mean, f->span), &arg));
    if (f->op == FEATURE_SCALE)
        TRY(binary(p, a, "/", arg, prepare_number(a, s->sd, f->span), &arg));
    *out = arg;
    return RC_OK;
}

/* ---- learning states ---- */
static enum rc_t aggregate(struct prepare *p, const char *name, const struct expr *arg,
                           struct span span, const struct expr **out)
{
    const struct agg_desc *agg = agg_find(str_of(name));
    if (!agg) return fail(p->cx, E903, span, "the aggregate `%s` is not there", name);
    return expr_agg(p->cx, p->cx->arena, agg, &arg, arg ? 1 : 0, NULL,
                    (struct win_frame){.unit = FRAME_ALL}, span, out);
}

static bool args_ready(const struct prepare *p, const struct feature *f)
{
    for (int i = 0; i < f->n_args; i++) {
        const struct state *s = state_of(p, f->args[i]);
        if ((s && !s->is_ready) || !args_ready(p, f->args[i])) return false;
    }
    return true;
}

static enum rc_t take_state(struct prepare *p, struct state *s, const struct table *t, int *col)
{
    struct scalar v = column_scalar(t->cols[(*col)++], 0);
    if (v.is_null)
        return fail(p->cx, E402, s->feature->span, "`%s` has no value: every row of `%s` is null",
                    s->feature->text, s->feature->args[0]->text);
    s->is_ready = true;
    if (s->feature->op == FEATURE_IMPUTE) {
        s->fill = v;
        if (v.type.kind == KIND_STR || v.type.kind == KIND_CAT)
            s->fill.u.s = arena_str(p->m->arena, v.u.s);
        return RC_OK;
    }
    s->mean = v.u.f;
    if (s->feature->op != FEATURE_SCALE) return RC_OK;
    struct scalar sd = column_scalar(t->cols[(*col)++], 0);
    s->sd = !sd.is_null && sd.u.f > 0 ? sd.u.f : 1.0; /* constant: found when columns are chosen */
    return RC_OK;
}

/* Runs one aggregate over the table: the items of the states that are `due`. */
static enum rc_t run_stage(struct prepare *p, struct state **due, int n_due,
                           const struct named_expr *items, int n_items)
{
    struct plan *base = NULL, *plan = NULL;
    struct table *t = NULL;
    enum rc_t res = RC_ERR;
    int col = 0;
    TRY_OUT(plan_table(p->cx, p->base, "fit", &base));
    TRY_OUT(plan_aggregate(p->cx, base, NULL, 0, items, n_items, false, p->spec->span, &plan));
    TRY_OUT(exec_table(p->cx, p->x, plan, &t));
    for (int i = 0; i < n_due; i++)
        TRY_OUT(take_state(p, due[i], t, &col));
    res = RC_OK;
out:
    table_unref(t);
    plan_unref(plan);
    plan_unref(base);
    return res;
}

static enum rc_t add_item(struct prepare *p, struct named_expr *items, int *n, const char *agg,
                          const struct expr *arg, struct span span)
{
    items[*n].name = arena_printf(p->cx->arena, "s%d", *n);
    TRY(aggregate(p, agg, arg, span, &items[*n].expr));
    (*n)++;
    return RC_OK;
}

enum rc_t prepare_states(struct prepare *p)
{
    struct state **due = ARENA_ARRAY(p->cx->arena, struct state *, p->n_states + 1);
    struct named_expr *items = ARENA_ARRAY(p->cx->arena, struct named_expr, 2 * p->n_states + 1);
    for (;;) {
        int n_due = 0, n_items = 0, n_learnt = 0;
        for (int i = 0; i < p->n_states; i++) {
            struct state *s = &p->states[i];
            const struct feature *f = s->feature;
            if (s->is_ready || !args_ready(p, f)) continue;
            const struct expr *arg;
            if (feature_learns_whole(f)) {
                TRY(prepare_learn(p, s));
                n_learnt++;
                continue;
            }
            TRY(prepare_expr(p, f->args[0], false, &arg));
            const char *agg = f->op == FEATURE_IMPUTE ? f->method : "mean";
            TRY(add_item(p, items, &n_items, agg, arg, f->span));
            if (f->op == FEATURE_SCALE) TRY(add_item(p, items, &n_items, "sd", arg, f->span));
            due[n_due++] = s;
        }
        if (n_due == 0 && n_learnt == 0) return RC_OK;
        if (n_due > 0) TRY(run_stage(p, due, n_due, items, n_items));
    }
}

const char *prepare_detail(struct prepare *p, const struct feature *f)
{
    const struct state *s = state_of(p, f);
    struct arena *a = p->m->arena;
    if (f->op >= FEATURE_MIN_MAX) return learnt_detail(p, f, s);
    if (f->op == FEATURE_SCALE) return arena_printf(a, "mean %.6g, sd %.6g", s->mean, s->sd);
    if (f->op == FEATURE_CENTER) return arena_printf(a, "mean %.6g", s->mean);
    if (f->op != FEATURE_IMPUTE)
        return f->n_args == 1 && f->op != FEATURE_CALL ? prepare_detail(p, f->args[0]) : NULL;
    struct strbuf b = {0};
    strbuf_addz(&b, "null as ");
    if (s->fill.type.kind == KIND_NUM)
        strbuf_printf(&b, "%.6g", s->fill.u.f);
    else
        scalar_text(&b, &s->fill, false);
    const char *text = arena_strndup(a, b.p, b.n);
    strbuf_release(&b);
    return text;
}

/* ---- levels ---- */
/* The table of levels and counts of `key`. */
static enum rc_t count_levels(struct prepare *p, const struct expr *key, struct table **out)
{
    struct named_expr k = {"k", key}, n = {"n", NULL};
    struct plan *base = NULL, *plan = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(aggregate(p, "count", NULL, key->span, &n.expr));
    TRY_OUT(plan_table(p->cx, p->base, "fit", &base));
    TRY_OUT(plan_aggregate(p->cx, base, &k, 1, &n, 1, false, key->span, &plan));
    TRY_OUT(exec_table(p->cx, p->x, plan, out));
    res = RC_OK;
out:
    plan_unref(plan);
    plan_unref(base);
    return res;
}

struct found_level {
    struct enc_level level;
    int64_t rank; /* cat: the level's own place; else 0 */
};

static int by_place(const void *a, const void *b)
{
    const struct found_level *x = a, *y = b;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return scalar_cmp(&x->level.value, &y->level.value);
}

static struct enc_level make_level(struct arena *a, struct scalar v, int64_t n)
{
    struct strbuf b = {0};
    scalar_text(&b, &v, false);
    struct enc_level out = {.value = v, .n = n, .text = arena_strndup(a, b.p ? b.p : "", b.n)};
    strbuf_release(&b);
    if (v.type.kind == KIND_STR || v.type.kind == KIND_CAT) {
        out.value.type = DTYPE(KIND_STR);
        out.value.u.s = arena_str(a, v.u.s);
    }
    return out;
}

enum rc_t prepare_levels(struct prepare *p, const struct expr *key, struct enc_feature *out)
{
    struct table *t = NULL;
    TRY(count_levels(p, key, &t));
    const struct column *col = t->cols[0];
    bool is_cat = key->type.kind == KIND_CAT && col->phys == PHYS_DICT;
    struct found_level *found = ARENA_ARRAY(p->cx->arena, struct found_level, t->n_rows + 1);
    int n = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct scalar v = column_scalar(col, i);
        if (v.is_null) continue;
        int64_t count = column_scalar(t->cols[1], i).u.i;
        found[n].level = make_level(p->m->arena, v, count);
        found[n++].rank = is_cat ? ((const int32_t *)col->data)[i] : 0;
    }
    table_unref(t);
    qsort(found, (size_t)n, sizeof *found, by_place);
    out->kind = ENC_CATEGORY;
    out->levels = ARENA_ARRAY(p->m->arena, struct enc_level, n + 1);
    out->n_levels = n;
    for (int i = 0; i < n; i++)
        out->levels[i] = found[i].level;
    enc_index_levels(p->m->arena, out);
    return RC_OK;
}

/* onehot(x, top: k): the k most frequent levels stay (ties: the earlier one), the rest is "other".
 */
static void keep_top(struct prepare *p, int64_t top, struct enc_feature *f)
{
    if (top <= 0 || f->n_levels <= top) return;
    bool *kept = ARENA_ARRAY(p->cx->arena, bool, f->n_levels);
    for (int64_t k = 0; k < top; k++) {
        int best = -1;
        for (int i = 0; i < f->n_levels; i++)
            if (!kept[i] && (best < 0 || f->levels[i].n > f->levels[best].n)) best = i;
        kept[best] = true;
    }
    int n = 0;
    for (int i = 0; i < f->n_levels; i++)
        if (kept[i]) f->levels[n++] = f->levels[i];
    f->n_levels = n;
    f->has_other = true;
    enc_index_levels(p->m->arena, f);
}

static enum rc_t find_ref(struct prepare *p, const struct feature *f, struct enc_feature *out)
{
    for (int i = 0; i < out->n_levels; i++)
        if (strcmp(out->levels[i].text, f->ref) == 0) return out->ref = i, RC_OK;
    const char **names = ARENA_ARRAY(p->cx->arena, const char *, out->n_levels + 1);
    for (int i = 0; i < out->n_levels; i++)
        names[i] = out->levels[i].text;
    return fail(p->cx, E209, f->span, "ref: \"%s\" is no level of `%s`; it has %s", f->ref,
                f->args[0]->text, ml_name_list(p->cx->arena, names, out->n_levels));
}

enum rc_t prepare_coding(struct prepare *p, const struct feature *f, struct enc_feature *out)
{
    out->unseen_error = f->unseen_error;
    out->ref = 0;
    if (f->op == FEATURE_ONEHOT) {
        out->ref = -1;
        keep_top(p, f->top, out);
        return RC_OK;
    }
    if (f->op != FEATURE_CAT) return RC_OK;
    if (f->ref_kind == REF_LEVEL) return find_ref(p, f, out);
    if (f->ref_kind == REF_LAST) out->ref = out->n_levels - 1;
    if (f->ref_kind == REF_RAREST)
        for (int i = 1; i < out->n_levels; i++) /* ties: the later one, as Spark drops it */
            if (out->levels[i].n <= out->levels[out->ref].n) out->ref = i;
    return RC_OK;
}

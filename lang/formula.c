/* formula.c: `y ~ a + scale(b) + c:d` to runtime/ml's formula (language.md 1.3 and 4).
 *
 * A formula is a sum of terms, a term a product of variables. A variable is a column or a call,
 * known by its text; terms are sets of variables. The operators follow R (Chambers and Hastie,
 * "Statistical Models in S", 1992, ch. 2): `a*b` is a + b + a:b, `(a + b)^2` all products of at
 * most two, `-` takes terms away, `-1` or `+ 0` the intercept; terms stand by the number of their
 * variables, then in the order of writing, and the variables of a term in the order in which the
 * formula first names them. Inside a function's brackets operators are arithmetic. */
#include "lang/formula_int.h"

#define MAX_TERMS 20000

enum rc_t formula_bad(struct fb *f, struct span span, const char *what)
{
    return fail(f->b->cx, E401, span, "%s", what);
}

static const char *term_text(struct fb *f, const struct ast *e)
{
    if (e->op == AST_NAME) return arena_strndup(f->a, e->text.p, e->text.n);
    struct strbuf text = {0};
    ast_text(&text, e);
    const char *copy = arena_strndup(f->a, text.p ? text.p : "", text.n);
    strbuf_release(&text);
    return copy;
}

/* ---- features ---- */

static const struct formula_fn_desc *stateful_of(const struct ast *e)
{
    if (e->op != AST_CALL || (str_eqz(e->text, "hash") && e->n_kids < 2)) return NULL;
    const struct formula_fn_desc *d = formula_fn_find(e->text);
    return d && d->kind == FORMULA_TERM ? d : NULL;
}

bool formula_knows(struct str name, enum feature_op *op)
{
    const struct formula_fn_desc *d = formula_fn_find(name);
    if (!d || d->kind != FORMULA_TERM) return false;
    *op = d->op;
    return true;
}

/* `lag` of the language means another thing in a formula, and that comes later. */
static bool is_reserved(const struct ast *e)
{
    return e->op == AST_CALL && str_eqz(e->text, "lag");
}

static bool holds_stateful(const struct ast *e)
{
    if (stateful_of(e) || is_reserved(e)) return true;
    for (int i = 0; i < e->n_kids; i++)
        if (e->kids[i] && holds_stateful(e->kids[i])) return true;
    return false;
}

bool formula_is_option(const struct ast *call, int i)
{
    return i < call->n_names && call->names[i].n > 0;
}

struct feature *formula_feature(struct fb *f, enum feature_op op, const struct ast *e)
{
    struct feature *x = ARENA_NEW(f->a, struct feature);
    x->op = op;
    x->span = e->span;
    x->text = term_text(f, e);
    return x;
}

struct dtype formula_type(const struct feature *x)
{
    switch (x->op) {
    case FEATURE_EXPR: return x->expr->type;
    case FEATURE_CALL: return DTYPE(x->fn ? KIND_NUM : KIND_NULL);
    case FEATURE_SCALE:
    case FEATURE_CENTER: return DTYPE(KIND_NUM);
    case FEATURE_IMPUTE: {
        struct dtype t = formula_type(x->args[0]);
        bool same = strcmp(x->method, "mode") == 0 || strcmp(x->method, "constant") == 0;
        return same ? t : DTYPE(KIND_NUM);
    }
    case FEATURE_CAT:
    case FEATURE_ONEHOT: return DTYPE(KIND_CAT);
    case FEATURE_BUCKET: return DTYPE(KIND_CAT);
    case FEATURE_WORDS: return DTYPE(KIND_LIST);
    default: return DTYPE(KIND_NUM);
    }
    return DTYPE(KIND_NULL);
}

static bool makes_columns(const struct feature *x)
{
    return x->op == FEATURE_CAT || x->op == FEATURE_ONEHOT || x->op == FEATURE_WORDS ||
           x->op == FEATURE_POLY || x->op == FEATURE_BS || x->op == FEATURE_PCA ||
           x->op == FEATURE_NORMALIZE;
}

static rc several_columns(struct fb *f, struct span span, struct str name)
{
    return fail(f->b->cx, E401, span,
                "%.*s() makes several columns: it stands outside other functions", STR_FMT(name));
}

/* A scalar function over features that are fitted: log(impute(x, median)). */
static rc feature_call(struct fb *f, const struct ast *e, struct str name,
                       const struct ast *const *kids, int n, struct feature **out)
{
    struct feature *x = formula_feature(f, FEATURE_CALL, e);
    x->fn = fn_find(name);
    if (!x->fn) {
        fail(f->b->cx, E204, e->span, "no function `%.*s` works on the result of a fitted one",
             STR_FMT(name));
        return RC_ERR;
    }
    x->args = ARENA_ARRAY(f->a, const struct feature *, n + 1);
    struct dtype *types = ARENA_ARRAY(f->a, struct dtype, n + 1);
    for (int i = 0; i < n; i++) {
        struct feature *arg;
        TRY(formula_build(f, kids[i], &arg));
        if (makes_columns(arg)) return several_columns(f, kids[i]->span, kids[i]->text);
        x->args[i] = arg;
        types[i] = formula_type(arg);
    }
    x->n_args = n;
    const struct fn_overload *overload;
    struct dtype type;
    TRY(fn_resolve(f->b->cx, x->fn, types, n, e->span, &overload, &type));
    if (!dtype_is_number(type) && type.kind != KIND_BOOL)
        return formula_bad(f, e->span, "what is computed from fitted functions must be a number");
    *out = x;
    return RC_OK;
}

enum rc_t formula_no_option(struct fb *f, const struct ast *call, int i, const char *has)
{
    fail(f->b->cx, E206, call->kids[i]->span, "%.*s has no option `%.*s:`", STR_FMT(call->text),
         STR_FMT(call->names[i]));
    return err_hint(f->b->cx, "%.*s(x%s)", STR_FMT(call->text), has);
}

enum rc_t formula_scalar(struct fb *f, const struct ast *e, struct scalar *out)
{
    if (e->op == AST_NAME) {
        *out = (struct scalar){.type = DTYPE(KIND_STR), .u.s = arena_str(f->a, e->text)};
        return RC_OK;
    }
    return interp_scalar(f->b->lg, f->b->scope, e, f->a, out);
}

static rc cat_ref(struct fb *f, const struct ast *e, struct feature *x)
{
    static const struct {
        const char *word;
        unsigned kind;
    } words[] = {{"first", REF_FIRST}, {"last", REF_LAST}, {"rarest", REF_RAREST}};
    struct scalar s;
    for (size_t i = 0; e->op == AST_NAME && i < sizeof words / sizeof words[0]; i++) {
        if (!str_eqz(e->text, words[i].word)) continue;
        x->ref_kind = words[i].kind;
        return RC_OK;
    }
    if (e->op == AST_NAME) {
        fail(f->b->cx, E209, e->span, "ref: takes first, last, rarest or a level in quotes");
        return hint_replace(f->b->lg, e->span, "\"%.*s\"", STR_FMT(e->text));
    }
    TRY(formula_scalar(f, e, &s));
    struct strbuf text = {0};
    scalar_text(&text, &s, false);
    x->ref = arena_strndup(f->a, strbuf_view(&text).p, text.n);
    x->ref_kind = REF_LEVEL;
    strbuf_release(&text);
    return RC_OK;
}

static rc unseen_option(struct fb *f, const struct ast *e, struct feature *x)
{
    if (e->op != AST_NAME || (!str_eqz(e->text, "error") && !str_eqz(e->text, "other")))
        return fail(f->b->cx, E209, e->span, "unseen: takes error or other");
    x->unseen_error = str_eqz(e->text, "error");
    return RC_OK;
}

static rc level_options(struct fb *f, const struct ast *call, struct feature *x)
{
    for (int i = 0; i < call->n_kids; i++) {
        const struct ast *e = call->kids[i];
        if (!formula_is_option(call, i)) continue;
        struct str name = call->names[i];
        if (str_eqz(name, "unseen")) {
            TRY(unseen_option(f, e, x));
        } else if (x->op == FEATURE_CAT && str_eqz(name, "ref")) {
            TRY(cat_ref(f, e, x));
        } else if (x->op == FEATURE_ONEHOT && str_eqz(name, "top")) {
            struct scalar s;
            TRY(formula_scalar(f, e, &s));
            if (s.is_null || s.type.kind != KIND_INT || s.u.i < 1)
                return fail(f->b->cx, E209, e->span, "top: takes a whole number from 1 up");
            x->top = s.u.i;
        } else {
            return formula_no_option(f, call, i,
                                     x->op == FEATURE_CAT ? ", ref: first" : ", top: 20");
        }
    }
    return RC_OK;
}

static rc impute_method(struct fb *f, const struct ast *e, struct feature *x)
{
    static const char *const methods[] = {"mean", "median", "mode"};
    for (size_t i = 0; e->op == AST_NAME && i < sizeof methods / sizeof methods[0]; i++)
        if (str_eqz(e->text, methods[i])) {
            x->method = methods[i];
            return RC_OK;
        }
    if (e->op == AST_NAME)
        return fail(f->b->cx, E209, e->span, "impute takes mean, median, mode or a constant");
    x->method = "constant";
    return formula_scalar(f, e, &x->constant);
}

static rc need_number(struct fb *f, const struct ast *call, const struct feature *x)
{
    char type[64];
    struct dtype t = formula_type(x);
    if (dtype_is_number(t) || t.kind == KIND_BOOL) return RC_OK;
    return fail(f->b->cx, E401, call->span, "%.*s takes numbers; `%s` is %s", STR_FMT(call->text),
                x->text, dtype_text(t, type, sizeof type));
}

static int plain_args(const struct ast *call)
{
    int n = 0;
    for (int i = 0; i < call->n_kids; i++)
        n += !formula_is_option(call, i);
    return n;
}

/* The stateful function over a child that is built already. */
static rc wrap_stateful(struct fb *f, const struct ast *call, enum feature_op op,
                        struct feature *child, struct feature **out)
{
    struct feature *x = formula_feature(f, op, call);
    int n = plain_args(call), want = op == FEATURE_IMPUTE ? 2 : 1;
    if (n != want && op < FEATURE_WORDS)
        return fail(f->b->cx, E208, call->span, "%.*s takes %s", STR_FMT(call->text),
                    want == 2 ? "a column and mean, median, mode or a constant" : "one column");
    x->args = ARENA_ARRAY(f->a, const struct feature *, 1);
    x->args[0] = child;
    x->n_args = 1;
    if (makes_columns(child)) return several_columns(f, call->span, call->kids[0]->text);
    if (op == FEATURE_WORDS) {
        *out = x;
        return formula_words(f, call, x);
    }
    if (op != FEATURE_INDEX && op != FEATURE_TARGET && op > FEATURE_WORDS)
        TRY(need_number(f, call, child));
    if (op > FEATURE_WORDS) {
        *out = x;
        return formula_learnt(f, call, x);
    }
    if (op == FEATURE_SCALE || op == FEATURE_CENTER) TRY(need_number(f, call, child));
    if (op == FEATURE_IMPUTE) TRY(impute_method(f, call->kids[1], x));
    if (op == FEATURE_IMPUTE &&
        (strcmp(x->method, "mean") == 0 || strcmp(x->method, "median") == 0))
        TRY(need_number(f, call, child));
    for (int i = 0; i < call->n_kids; i++)
        if (formula_is_option(call, i) && op != FEATURE_CAT && op != FEATURE_ONEHOT)
            return formula_no_option(f, call, i, op == FEATURE_IMPUTE ? ", median" : "");
    if (op == FEATURE_CAT || op == FEATURE_ONEHOT) TRY(level_options(f, call, x));
    *out = x;
    return RC_OK;
}

static rc comes_later(struct fb *f, const struct ast *call)
{
    return fail(f->b->cx, E214, call->span, "%.*s() in a formula is not in this version yet",
                STR_FMT(call->text));
}

static rc build_stateful(struct fb *f, const struct ast *call, const struct formula_fn_desc *s,
                         struct feature **out)
{
    struct feature *child;
    if (s->op == FEATURE_PCA || s->op == FEATURE_NORMALIZE) {
        *out = formula_feature(f, s->op, call);
        return formula_several(f, call, *out);
    }
    if (!call->n_kids || formula_is_option(call, 0))
        return fail(f->b->cx, E208, call->span, "%s takes a column first", s->name);
    TRY(formula_build(f, call->kids[0], &child));
    return wrap_stateful(f, call, s->op, child, out);
}

/* Any expression with arithmetic meaning: as a whole where nothing in it is fitted. */
rc formula_build(struct fb *f, const struct ast *e, struct feature **out)
{
    const struct formula_fn_desc *s = stateful_of(e);
    if (s) return build_stateful(f, e, s, out);
    if (is_reserved(e)) return comes_later(f, e);
    if (e->op == AST_CALL && str_eqz(e->text, "I")) {
        if (e->n_kids != 1) return fail(f->b->cx, E208, e->span, "I() takes one expression");
        TRY(formula_build(f, e->kids[0], out));
        (*out)->text = term_text(f, e);
        return RC_OK;
    }
    if (!holds_stateful(e)) {
        *out = formula_feature(f, FEATURE_EXPR, e);
        return bind_expr(f->b, e, &(*out)->expr);
    }
    if (e->op == AST_BINARY) return feature_call(f, e, e->text, e->kids, 2, out);
    if (e->op == AST_UNARY)
        return feature_call(f, e, str_eqz(e->text, "-") ? STR("neg") : e->text, e->kids, 1, out);
    if (e->op == AST_CALL) return feature_call(f, e, e->text, e->kids, e->n_kids, out);
    return formula_bad(f, e->span, "fitted functions stand in arithmetic and calls only");
}

/* ---- variables and terms ---- */

static int variable_index(struct fb *f, struct feature *x)
{
    for (int i = 0; i < f->n_vars; i++)
        if (strcmp(f->vars[i]->text, x->text) == 0) return i;
    if (f->n_vars == f->cap_vars) {
        int cap = f->cap_vars ? 2 * f->cap_vars : 16;
        struct feature **vars = ARENA_ARRAY(f->a, struct feature *, cap);
        if (f->n_vars) memcpy(vars, f->vars, (size_t)f->n_vars * sizeof *vars);
        f->vars = vars;
        f->cap_vars = cap;
    }
    f->vars[f->n_vars] = x;
    return f->n_vars++;
}

static bool same_term(const struct prod *a, const struct prod *b)
{
    return a->n == b->n && a->is_offset == b->is_offset &&
           memcmp(a->vars, b->vars, (size_t)a->n * sizeof *a->vars) == 0;
}

static rc set_add(struct fb *f, struct prod_set *s, const struct prod *t)
{
    for (int i = 0; i < s->n; i++)
        if (same_term(&s->items[i], t)) return RC_OK;
    if (s->n == MAX_TERMS)
        return fail(f->b->cx, E401, t->span, "the formula has more than %d terms", MAX_TERMS);
    if (s->n == s->cap) {
        int cap = s->cap ? 2 * s->cap : 8;
        struct prod *items = ARENA_ARRAY(f->a, struct prod, cap);
        if (s->n) memcpy(items, s->items, (size_t)s->n * sizeof *items);
        s->items = items;
        s->cap = cap;
    }
    s->items[s->n++] = *t;
    return RC_OK;
}

static rc set_union(struct fb *f, struct prod_set *s, const struct prod_set *more)
{
    for (int i = 0; i < more->n; i++)
        TRY(set_add(f, s, &more->items[i]));
    return RC_OK;
}

static void set_remove(struct prod_set *s, const struct prod_set *less)
{
    int kept = 0;
    for (int i = 0; i < s->n; i++) {
        bool gone = false;
        for (int j = 0; j < less->n && !gone; j++)
            gone = same_term(&s->items[i], &less->items[j]);
        if (!gone) s->items[kept++] = s->items[i];
    }
    s->n = kept;
}

static struct prod product(struct fb *f, const struct prod *a, const struct prod *b)
{
    struct prod t = {.vars = ARENA_ARRAY(f->a, int, a->n + b->n), .span = b->span};
    int i = 0, j = 0;
    if (a->span.source == b->span.source && a->span.from < t.span.from) t.span.from = a->span.from;
    while (i < a->n || j < b->n) {
        int next;
        if (j == b->n || (i < a->n && a->vars[i] <= b->vars[j]))
            next = a->vars[i++];
        else
            next = b->vars[j++];
        if (!t.n || t.vars[t.n - 1] != next) t.vars[t.n++] = next;
    }
    return t;
}

static rc set_product(struct fb *f, const struct prod_set *a, const struct prod_set *b,
                      struct prod_set *out)
{
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++) {
            if (a->items[i].is_offset || b->items[j].is_offset)
                return formula_bad(f, b->items[j].span, "offset() stands alone, not in a product");
            struct prod t = product(f, &a->items[i], &b->items[j]);
            TRY(set_add(f, out, &t));
        }
    return RC_OK;
}

static rc add_feature(struct fb *f, struct feature *x, bool is_offset, struct prod_set *out);

/* Each column of poly(x, 3) is a term: poly(x, 3)[2]. */
static rc add_columns(struct fb *f, struct feature *x, struct prod_set *out)
{
    for (int k = 0; k < feature_width(x); k++) {
        struct feature *col = ARENA_NEW(f->a, struct feature);
        *col = (struct feature){.op = FEATURE_COLUMN, .span = x->span, .column = k, .n_args = 1};
        col->text = x->op == FEATURE_NORMALIZE
                        ? arena_printf(f->a, "%s[%s]", x->text, x->args[k]->text)
                        : arena_printf(f->a, "%s[%d]", x->text, k + 1);
        col->args = ARENA_ARRAY(f->a, const struct feature *, 1);
        col->args[0] = x;
        TRY(add_feature(f, col, false, out));
    }
    return RC_OK;
}

static rc add_feature(struct fb *f, struct feature *x, bool is_offset, struct prod_set *out)
{
    if (x->op == FEATURE_POLY || x->op == FEATURE_BS || x->op == FEATURE_PCA ||
        x->op == FEATURE_NORMALIZE)
        return is_offset ? formula_bad(f, x->span, "an offset is one number")
                         : add_columns(f, x, out);
    struct prod t = {
        .vars = ARENA_ARRAY(f->a, int, 1), .n = 1, .is_offset = is_offset, .span = x->span};
    t.vars[0] = variable_index(f, x);
    return set_add(f, out, &t);
}

/* A column that stands as a term: as it is, or as the recipe leaves it. */
static rc column_term(struct fb *f, const char *name, struct span span, struct prod_set *out)
{
    struct feature *x;
    const struct ast *e;
    struct scope *scope = f->b->scope;
    TRY(recipe_column(f, name, span, &e));
    if (!e) return RC_OK;
    if (e->op == AST_NAME) {
        x = formula_feature(f, FEATURE_EXPR, e);
        x->expr = name_expr(f->a, f->b->schema, name, span);
        return add_feature(f, x, false, out);
    }
    f->b->scope = f->step_scope;
    enum rc_t res = formula_build(f, e, &x);
    f->b->scope = scope;
    TRY(res);
    return add_feature(f, x, false, out);
}

/* ---- `.` ---- */

static void note_name(struct fb *f, const char *name)
{
    if (f->n_named == f->cap_named) {
        int cap = f->cap_named ? 2 * f->cap_named : 32;
        const char **named = ARENA_ARRAY(f->a, const char *, cap);
        if (f->n_named) memcpy(named, f->named, (size_t)f->n_named * sizeof *named);
        f->named = named;
        f->cap_named = cap;
    }
    f->named[f->n_named++] = name;
}

static void note_names(struct fb *f, const struct ast *e)
{
    if (!e) return;
    if (e->op == AST_NAME) note_name(f, arena_strndup(f->a, e->text.p, e->text.n));
    for (int i = 0; i < e->n_kids; i++)
        note_names(f, e->kids[i]);
}

static rc dot_terms(struct fb *f, const struct ast *dot, struct prod_set *out)
{
    const struct schema *s = f->b->schema;
    for (int i = 0; i < s->n; i++) {
        bool is_named = false;
        for (int k = 0; k < f->n_named && !is_named; k++)
            is_named = strcmp(f->named[k], s->fields[i].name) == 0;
        if (!is_named) TRY(column_term(f, s->fields[i].name, dot->span, out));
    }
    return RC_OK;
}

/* ---- operators ---- */

/* The user's line with the term inside I(). */
static enum rc_t hint_arithmetic(struct fb *f, const struct ast *e)
{
    return hint_replace(f->b->lg, e->span, "I(%s)", term_text(f, e));
}

static rc build_terms(struct fb *f, const struct ast *e, struct prod_set *out);

static bool is_one_or_zero(const struct ast *e, bool *is_one)
{
    *is_one = e->i == 1;
    return e->op == AST_INT && (e->i == 0 || e->i == 1);
}

static rc plus_minus(struct fb *f, const struct ast *right, bool is_minus, struct prod_set *out)
{
    bool is_one;
    if (is_one_or_zero(right, &is_one)) {
        f->intercept = is_one != is_minus;
        return RC_OK;
    }
    struct prod_set more = {0};
    TRY(build_terms(f, right, &more));
    if (!is_minus) return set_union(f, out, &more);
    set_remove(out, &more);
    return RC_OK;
}

static rc power(struct fb *f, const struct ast *e, struct prod_set *out)
{
    struct prod_set base = {0};
    const struct ast *k = e->kids[1];
    if (k->op != AST_INT || k->i < 1 || k->i > 20)
        return formula_bad(f, k->span, "the power in a formula is a whole number from 1 to 20");
    TRY(build_terms(f, e->kids[0], &base));
    if (base.n == 1 && k->i > 1) {
        formula_bad(f, e->span, "a term times itself is the term; arithmetic stands in I()");
        return hint_arithmetic(f, e);
    }
    TRY(set_union(f, out, &base));
    for (int64_t i = 1; i < k->i; i++) {
        struct prod_set next = {0};
        int before = out->n;
        TRY(set_product(f, out, &base, &next));
        TRY(set_union(f, out, &next));
        if (out->n == before) break;
    }
    return RC_OK;
}

static rc cross(struct fb *f, const struct ast *e, bool with_parts, struct prod_set *out)
{
    struct prod_set left = {0}, right = {0};
    TRY(build_terms(f, e->kids[0], &left));
    TRY(build_terms(f, e->kids[1], &right));
    if (with_parts) {
        TRY(set_union(f, out, &left));
        TRY(set_union(f, out, &right));
    }
    return set_product(f, &left, &right, out);
}

static rc binary_terms(struct fb *f, const struct ast *e, struct prod_set *out)
{
    if (str_eqz(e->text, "+") || str_eqz(e->text, "-")) {
        TRY(plus_minus(f, e->kids[0], false, out));
        return plus_minus(f, e->kids[1], str_eqz(e->text, "-"), out);
    }
    if (str_eqz(e->text, ":")) return cross(f, e, false, out);
    if (str_eqz(e->text, "*")) return cross(f, e, true, out);
    if (str_eqz(e->text, "^")) return power(f, e, out);
    if (str_eqz(e->text, "/") || str_eqz(e->text, "//") || str_eqz(e->text, "%")) {
        fail(f->b->cx, E401, e->span, "arithmetic in a formula stands in I()");
        return hint_arithmetic(f, e);
    }
    struct feature *x;
    TRY(formula_build(f, e, &x));
    return add_feature(f, x, false, out);
}

/* scale(type(num)): the function over each of the columns. */
static rc each_column(struct fb *f, const struct ast *call, const struct formula_fn_desc *s,
                      const char *const *names, int n, struct prod_set *out)
{
    for (int i = 0; i < n; i++) {
        struct ast name = {.op = AST_NAME, .span = call->span, .text = str_of(names[i])};
        struct ast one = *call;
        struct feature *child, *x;
        one.kids = arena_copy(f->a, call->kids, (size_t)call->n_kids * sizeof *call->kids);
        one.kids[0] = &name;
        TRY(formula_build(f, &name, &child));
        TRY(wrap_stateful(f, &one, s->op, child, &x));
        TRY(add_feature(f, x, false, out));
    }
    return RC_OK;
}

static bool is_named_column(struct fb *f, const char *name)
{
    for (int k = 0; k < f->n_named; k++)
        if (strcmp(f->named[k], name) == 0) return true;
    return false;
}

/* Columns of a selector without those that the step names elsewhere (the target). */
rc formula_selector(struct fb *f, const struct ast *e, const char ***names, int *n,
                    bool *is_selector)
{
    *is_selector = false;
    *n = 0;
    if (e->op != AST_CALL || fn_find(e->text) || stateful_of(e)) return RC_OK;
    TRY(bind_columns(f->b, e, names, n, is_selector));
    int kept = 0;
    for (int i = 0; *is_selector && i < *n; i++)
        if (!is_named_column(f, (*names)[i])) (*names)[kept++] = (*names)[i];
    if (*is_selector) *n = kept;
    return RC_OK;
}

/* One column or several: what pca() and normalize() take. */
rc formula_each(struct fb *f, const struct ast *e, struct feature ***out, int *n)
{
    const struct formula_fn_desc *s = stateful_of(e);
    const char **names;
    bool is_selector = false;
    *n = 0;
    if (s && e->n_kids)
        TRY(formula_selector(f, e->kids[0], &names, n, &is_selector));
    else
        TRY(formula_selector(f, e, &names, n, &is_selector));
    if (!is_selector) *n = 1;
    *out = ARENA_ARRAY(f->a, struct feature *, *n + 1);
    if (!is_selector) return formula_build(f, e, &(*out)[0]);
    for (int i = 0; i < *n; i++) {
        struct ast name = {.op = AST_NAME, .span = e->span, .text = str_of(names[i])}, one = *e;
        TRY(formula_build(f, &name, &(*out)[i]));
        if (!s) continue;
        one.kids = arena_copy(f->a, e->kids, (size_t)e->n_kids * sizeof *e->kids);
        one.kids[0] = &name;
        TRY(wrap_stateful(f, &one, s->op, (*out)[i], &(*out)[i]));
    }
    return RC_OK;
}

static rc build_terms(struct fb *f, const struct ast *e, struct prod_set *out);

static bool is_select(const struct ast *e)
{
    return e->op == AST_CALL && formula_is_select(e->text);
}

/* select(terms, k: 10): each of the terms may go. */
static rc select_terms(struct fb *f, const struct ast *call, struct prod_set *out)
{
    struct prod_set set = {0};
    const struct selector *select;
    TRY(formula_selector_of(f, call, &select));
    for (int i = 0; i < call->n_kids; i++)
        if (!formula_is_option(call, i)) TRY(build_terms(f, call->kids[i], &set));
    for (int i = 0; i < set.n; i++) {
        if (set.items[i].n != 1 || set.items[i].is_offset || set.items[i].select)
            return formula_bad(f, set.items[i].span,
                               "select() chooses among columns: products, offsets and another "
                               "select() stand outside");
        set.items[i].select = select;
        TRY(set_add(f, out, &set.items[i]));
    }
    return RC_OK;
}

static rc call_terms(struct fb *f, const struct ast *e, struct prod_set *out)
{
    if (is_select(e)) return select_terms(f, e, out);
    const struct formula_fn_desc *s = stateful_of(e);
    const char **names;
    int n;
    bool is_selector = false, is_offset = str_eqz(e->text, "offset");
    if (s && s->op != FEATURE_PCA && s->op != FEATURE_NORMALIZE && e->n_kids)
        TRY(formula_selector(f, e->kids[0], &names, &n, &is_selector));
    if (is_selector) return each_column(f, e, s, names, n, out);
    TRY(formula_selector(f, e, &names, &n, &is_selector));
    for (int i = 0; is_selector && i < n; i++)
        TRY(column_term(f, names[i], e->span, out));
    if (is_selector) return RC_OK;
    if (is_offset && e->n_kids != 1)
        return fail(f->b->cx, E208, e->span, "offset() takes one expression");
    struct feature *x;
    TRY(formula_build(f, is_offset ? e->kids[0] : e, &x));
    if (is_offset) x->text = term_text(f, e);
    return add_feature(f, x, is_offset, out);
}

static rc build_terms(struct fb *f, const struct ast *e, struct prod_set *out)
{
    struct feature *x;
    bool is_one;
    switch (e->op) {
    case AST_DOT: return dot_terms(f, e, out);
    case AST_BINARY: return binary_terms(f, e, out);
    case AST_CALL: return call_terms(f, e, out);
    case AST_UNARY:
        if (str_eqz(e->text, "-")) return plus_minus(f, e->kids[0], true, out);
        break;
    case AST_INT:
    case AST_NUM:
    case AST_STR:
    case AST_BOOL:
    case AST_NULL:
        if (is_one_or_zero(e, &is_one)) return plus_minus(f, e, false, out);
        return formula_bad(f, e->span, "a constant is no term; 1 and 0 switch the intercept");
    case AST_NAME:
        if (f->n_steps > 0 && schema_find(f->b->schema, e->text) >= 0)
            return column_term(f, arena_strndup(f->a, e->text.p, e->text.n), e->span, out);
        break;
    default: break;
    }
    TRY(formula_build(f, e, &x));
    return add_feature(f, x, false, out);
}

/* Components and norms of the columns that went through the steps. */
static rc joint_terms(struct fb *f, struct prod_set *out)
{
    struct scope *scope = f->b->scope;
    for (int k = 0; k < f->n_steps; k++) {
        struct feature *x;
        if (!f->steps[k].is_joint || f->steps[k].n_input == 0) continue;
        const struct ast *joint = recipe_joint(f, k);
        f->b->scope = f->step_scope;
        enum rc_t res =
            is_select(joint) ? select_terms(f, joint, out) : formula_build(f, joint, &x);
        f->b->scope = scope;
        TRY(res);
        if (!is_select(joint)) TRY(add_feature(f, x, false, out));
    }
    return RC_OK;
}

/* ---- the whole ---- */

static void note_step(struct fb *f, const struct ast_step *step)
{
    for (int i = 0; step && i < step->n_items; i++)
        if (step->items[i].kind == ITEM_OPTION) note_names(f, step->items[i].expr);
    for (int i = 0; step && i < step->n_by; i++)
        note_names(f, step->by[i].expr);
}

static rc build_target(struct fb *f, const struct ast *left, const struct feature **out)
{
    *out = NULL;
    if (!left) return RC_OK;
    if (holds_stateful(left)) {
        fail(f->b->cx, E401, left->span,
             "the left side takes a column or plain functions of it, none that are fitted");
        return err_hint(f->b->cx, "t |> derive y = log(x)");
    }
    struct feature *x;
    TRY(formula_build(f, left, &x));
    *out = x;
    return RC_OK;
}

/* By number of variables, then as written; factors by first appearance. */
static void order_terms(struct fb *f, const struct prod_set *s, struct formula *out)
{
    int most = 0;
    for (int i = 0; i < s->n; i++)
        if (s->items[i].n > most) most = s->items[i].n;
    out->terms = ARENA_ARRAY(f->a, struct term, s->n + 1);
    for (int degree = 1; degree <= most; degree++)
        for (int i = 0; i < s->n; i++) {
            const struct prod *t = &s->items[i];
            if (t->n != degree) continue;
            struct term *to = &out->terms[out->n_terms++];
            *to = (struct term){.n_factors = t->n, .is_offset = t->is_offset, .span = t->span};
            to->select = t->select;
            to->factors = ARENA_ARRAY(f->a, const struct feature *, t->n);
            for (int k = 0; k < t->n; k++)
                to->factors[k] = f->vars[t->vars[k]];
        }
}

static rc check_target(struct fb *f, const struct formula *fo)
{
    for (int i = 0; fo->target && i < fo->n_terms; i++)
        for (int k = 0; k < fo->terms[i].n_factors; k++)
            if (strcmp(fo->terms[i].factors[k]->text, fo->target->text) == 0)
                return fail(f->b->cx, E401, fo->terms[i].factors[k]->span,
                            "`%s` stands on both sides of ~", fo->target->text);
    return RC_OK;
}

rc bind_recipe(struct bind *b, const struct value *prep, struct span span, struct formula **out)
{
    struct fb f = {.b = b, .a = b->arena};
    struct formula *fo = ARENA_NEW(f.a, struct formula);
    struct prod_set terms = {0};
    struct strbuf text = {0};
    TRY(recipe_begin(&f, prep));
    for (int i = 0; i < b->schema->n; i++) {
        bool is_taken = false;
        for (int k = 0; k < f.n_steps; k++)
            for (int j = 0; j < f.steps[k].n_names; j++)
                is_taken |= strcmp(f.steps[k].names[j], b->schema->fields[i].name) == 0;
        if (is_taken) TRY(column_term(&f, b->schema->fields[i].name, span, &terms));
    }
    TRY(joint_terms(&f, &terms));
    if (terms.n == 0) return fail(b->cx, E401, span, "the recipe takes none of the columns");
    order_terms(&f, &terms, fo);
    value_text(&text, prep, false);
    fo->arena = f.a;
    fo->span = span;
    fo->text = arena_strndup(f.a, strbuf_view(&text).p, text.n);
    strbuf_release(&text);
    *out = fo;
    return RC_OK;
}

rc bind_formula(struct bind *b, const struct ast *e, const struct ast_step *step,
                const struct value *prep, struct formula **out)
{
    struct fb f = {.b = b, .a = b->arena, .intercept = true};
    if (e->op != AST_FORMULA) {
        fail(b->cx, E401, e->span, "a formula is needed here: target ~ terms");
        return err_hint(b->cx, "y ~ a + scale(b)");
    }
    struct formula *fo = ARENA_NEW(f.a, struct formula);
    struct prod_set terms = {0};
    fo->arena = f.a;
    fo->span = e->span;
    fo->text = term_text(&f, e);
    note_names(&f, e);
    note_step(&f, step);
    TRY(build_target(&f, e->kids[0], &fo->target));
    if (prep) TRY(recipe_begin(&f, prep));
    TRY(build_terms(&f, e->kids[1], &terms));
    TRY(joint_terms(&f, &terms));
    order_terms(&f, &terms, fo);
    fo->intercept = f.intercept;
    if (!fo->n_terms && !fo->intercept)
        return fail(b->cx, E401, e->span, "the formula has no term and no intercept");
    TRY(check_target(&f, fo));
    *out = fo;
    return RC_OK;
}

/* bind_select.c: what names columns rather than computes them: selectors, sort keys, by clauses. */
#include "lang/bind_int.h"

#include "runtime/fn/fn.h"

struct names {
    struct bind *b;
    const char **all;
    int n, cap;
};
static void add_name(struct names *l, const char *name)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->all[i], name) == 0) return;
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 16;
        const char **more = ARENA_ARRAY(l->b->arena, const char *, cap);
        if (l->n) memcpy(more, l->all, sizeof *more * (size_t)l->n);
        l->all = more;
        l->cap = cap;
    }
    l->all[l->n++] = name;
}
static const char *own_name(struct bind *b, const char *name)
{
    return arena_strndup(b->arena, name, strlen(name));
}

/* ---- tests on columns: type(num), starts("pu") ---- */
/* type(num) takes int too: both are numbers. */
static bool type_fits(struct dtype t, struct str word)
{
    if (str_eqz(word, "num")) return dtype_is_number(t);
    if (str_eqz(word, "str")) return t.kind == KIND_STR;
    return str_eqz(word, kind_name(t.kind));
}
static rc type_word(struct bind *b, const struct ast *e, struct str *out)
{
    struct str known[KIND_COUNT];
    int n = 0;
    struct bind_place at;
    e = bind_resolve(b, e, &at);
    for (int k = KIND_NULL + 1; k < KIND_COUNT; k++)
        known[n++] = str_of(kind_name((enum kind)k));
    *out = e->text;
    for (int i = 0; i < n && (e->op == AST_NAME || e->op == AST_STR); i++)
        if (str_eq(e->text, known[i])) return RC_OK;
    struct str near = nearest(e->text, known, n);
    (void)fail(b->cx, E209, e->span,
               "type() takes a type: int num str bool date datetime duration cat list struct");
    if (near.n) return hint_replace(b->lg, e->span, "%.*s", STR_FMT(near));
    return RC_ERR;
}
static rc select_type(struct names *l, const struct ast *e)
{
    struct bind *b = l->b;
    if (e->n_kids == 0) {
        (void)fail(b->cx, E208, e->span, "type() needs a type");
        return hint_replace(b->lg, e->span, "type(num)");
    }
    struct str words[16];
    int n = e->n_kids < 16 ? e->n_kids : 16;
    for (int i = 0; i < n; i++)
        TRY(type_word(b, e->kids[i], &words[i]));
    for (int i = 0; i < b->schema->n; i++)
        for (int k = 0; k < n; k++)
            if (type_fits(b->schema->fields[i].type, words[k]))
                add_name(l, b->schema->fields[i].name);
    return RC_OK;
}
/* A pattern test by the very text function of that name. */
static rc select_text(struct names *l, const struct ast *e)
{
    struct bind *b = l->b;
    const struct fn_desc *fn = fn_find(e->text);
    struct scalar args[2] = {{.type = DTYPE(KIND_STR)}}, hit;
    if (!fn) return fail(b->cx, E204, e->span, "unknown selector `%.*s`", STR_FMT(e->text));
    TRY(interp_scalar(b->lg, b->scope, e->kids[0], b->arena, &args[1]));
    if (args[1].is_null || args[1].type.kind != KIND_STR)
        return fail(b->cx, E207, e->kids[0]->span, "%.*s() takes a text", STR_FMT(e->text));
    for (int i = 0; i < b->schema->n; i++) {
        args[0].u.s = str_of(b->schema->fields[i].name);
        TRY(fn_eval_scalar(b->cx, b->arena, fn, args, 2, e->span, &hit));
        if (!hit.is_null && hit.u.b) add_name(l, b->schema->fields[i].name);
    }
    return RC_OK;
}
static rc select_call(struct names *l, const struct ast *e)
{
    if (str_eqz(e->text, "type")) return select_type(l, e);
    if (!str_eqz(e->text, "all")) return select_text(l, e);
    for (int i = 0; i < l->b->schema->n; i++)
        add_name(l, l->b->schema->fields[i].name);
    return RC_OK;
}

/* ---- names ---- */
static rc select_name(struct names *l, struct str name, struct span span, int *index)
{
    int i = schema_find(l->b->schema, name);
    if (i < 0) return unknown_column(l->b, name, span);
    if (index)
        *index = i;
    else
        add_name(l, l->b->schema->fields[i].name);
    return RC_OK;
}
static rc select_range(struct names *l, const struct ast *e)
{
    int from = 0, to = l->b->schema->n - 1;
    if (e->kids[0]) TRY(select_name(l, e->kids[0]->text, e->kids[0]->span, &from));
    if (e->kids[1]) TRY(select_name(l, e->kids[1]->text, e->kids[1]->span, &to));
    if (from > to) {
        (void)fail(l->b->cx, E217, e->span, "`%.*s` stands after `%.*s` in the frame",
                   STR_FMT(e->kids[0]->text), STR_FMT(e->kids[1]->text));
        return hint_replace(l->b->lg, e->span, "%.*s..%.*s", STR_FMT(e->kids[1]->text),
                            STR_FMT(e->kids[0]->text));
    }
    for (int i = from; i <= to; i++)
        add_name(l, l->b->schema->fields[i].name);
    return RC_OK;
}
/* col($c): the column whose name is the text, or the columns of a list of texts. */
static rc select_col(struct names *l, const struct ast *e)
{
    struct bind *b = l->b;
    struct value *v;
    struct scalar s;
    if (e->n_kids != 1) return fail(b->cx, E208, e->span, "col() takes the text of a name");
    TRY(bind_eval(b, e->kids[0], &v));
    enum rc_t res = RC_OK;
    int64_t n = v->kind == VALUE_LIST ? value_length(v) : 1;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        struct value *item = v->kind == VALUE_LIST ? value_item(v, i) : value_ref(v);
        res = value_to_scalar(b->lg, item, e->kids[0]->span, b->arena, &s);
        if (res == RC_OK && (s.is_null || s.type.kind != KIND_STR))
            res = fail(b->cx, E207, e->kids[0]->span, "col() takes the text of a column's name");
        if (res == RC_OK) res = select_name(l, s.u.s, e->kids[0]->span, NULL);
        value_unref(item);
    }
    value_unref(v);
    return res;
}

/* ---- trees ---- */
static bool is_name_end(const struct ast *e)
{
    return !e || e->op == AST_NAME;
}
/* Whether a tree is a selector; a plain `a - b` computes. */
static bool is_selector(struct bind *b, const struct ast *e)
{
    struct bind_place at, here = bind_place(b);
    e = bind_resolve(b, e, &at);
    bind_go(b, at);
    bool is = false, is_walled;
    if (e->op == AST_NAME) {
        const struct bind_env *entry = bind_lookup(b, e->text, &is_walled);
        is = !entry && !is_walled;
        for (int i = 0; i < b->n_lambda && is; i++)
            is = !str_eqz(e->text, b->lambda_names[i]);
    } else if (e->op == AST_CALL) {
        is = is_selector_call(e) || (str_eqz(e->text, "type") && !scope_fn(b->scope, e->text)) ||
             str_eqz(e->text, "col");
    } else if (e->op == AST_RANGE) {
        is = is_name_end(e->kids[0]) && is_name_end(e->kids[1]) && (e->kids[0] || e->kids[1]);
    } else if (e->op == AST_BINARY && str_eqz(e->text, "-")) {
        is = e->kids[0]->op != AST_NAME && is_selector(b, e->kids[0]) && is_selector(b, e->kids[1]);
    } else if (e->op == AST_LIST) {
        is = e->n_kids > 0;
        for (int i = 0; i < e->n_kids && is; i++)
            is = is_selector(b, e->kids[i]);
    }
    bind_go(b, here);
    return is;
}
static rc select_tree(struct names *l, const struct ast *e);

static rc select_less(struct names *l, const struct ast *e)
{
    struct names left = {.b = l->b}, right = {.b = l->b};
    TRY(select_tree(&left, e->kids[0]));
    TRY(select_tree(&right, e->kids[1]));
    for (int i = 0; i < left.n; i++) {
        bool drop = false;
        for (int k = 0; k < right.n && !drop; k++)
            drop = strcmp(left.all[i], right.all[k]) == 0;
        if (!drop) add_name(l, left.all[i]);
    }
    return RC_OK;
}
static rc select_op(struct names *l, const struct ast *e)
{
    if (e->op == AST_NAME) return select_name(l, e->text, e->span, NULL);
    if (e->op == AST_RANGE) return select_range(l, e);
    if (e->op == AST_BINARY) return select_less(l, e);
    if (e->op == AST_CALL && str_eqz(e->text, "col")) return select_col(l, e);
    if (e->op == AST_CALL) return select_call(l, e);
    for (int i = 0; i < e->n_kids; i++)
        TRY(select_tree(l, e->kids[i]));
    return RC_OK;
}
static rc select_tree(struct names *l, const struct ast *e)
{
    struct bind_place at, here = bind_place(l->b);
    e = bind_resolve(l->b, e, &at);
    bind_go(l->b, at);
    enum rc_t res = select_op(l, e);
    bind_go(l->b, here);
    return res;
}
rc bind_columns(struct bind *b, const struct ast *e, const char ***out, int *n, bool *is_sel)
{
    struct names l = {.b = b};
    *out = NULL;
    *n = 0;
    *is_sel = is_selector(b, e);
    if (!*is_sel) return RC_OK;
    TRY(select_tree(&l, e));
    for (int i = 0; i < l.n; i++)
        l.all[i] = own_name(b, l.all[i]);
    *out = l.all;
    *n = l.n;
    return RC_OK;
}

/* ---- sort and by ---- */
static rc sort_key(struct bind *b, const struct ast *e, struct sort_key *out)
{
    struct bind_place at, here = bind_place(b);
    *out = (struct sort_key){0};
    for (;;) { /* `-` may stand outside and inside what a fn was passed */
        e = bind_resolve(b, e, &at);
        bind_go(b, at);
        if (e->op != AST_UNARY || !str_eqz(e->text, "-")) break;
        out->descending = !out->descending;
        e = e->kids[0];
    }
    enum rc_t res = bind_expr(b, e, &out->expr);
    bind_go(b, here);
    return res;
}
static rc nulls_option(struct bind *b, const struct ast_item *it, bool *first)
{
    const struct ast *e = it->expr;
    *first = str_eqz(e->text, "first");
    bool is_word = (e->op == AST_NAME || e->op == AST_STR) && (*first || str_eqz(e->text, "last"));
    if (str_eqz(it->name, "nulls") && is_word) return RC_OK;
    if (!str_eqz(it->name, "nulls"))
        return fail(b->cx, E206, it->name_span, "sort keys have no option `%.*s`",
                    STR_FMT(it->name));
    (void)fail(b->cx, E209, e->span, "nulls: takes first or last");
    return hint_replace(b->lg, e->span, "first");
}
rc bind_sort(struct bind *b, const struct ast_item *items, int n, struct sort_key **out, int *n_out)
{
    struct sort_key *keys = ARENA_ARRAY(b->arena, struct sort_key, n + 1);
    int n_keys = 0;
    bool nulls_first = false;
    for (int i = 0; i < n; i++) {
        const struct ast_item *it = &items[i];
        if (it->kind == ITEM_OPTION) {
            TRY(nulls_option(b, it, &nulls_first));
        } else if (it->kind == ITEM_MAKE) {
            return fail(b->cx, E217, it->span,
                        "a sort key is a column or expression, it takes no name");
        } else {
            TRY(sort_key(b, it->expr, &keys[n_keys++]));
        }
    }
    for (int i = 0; i < n_keys; i++)
        keys[i].nulls_first = nulls_first;
    *out = keys;
    *n_out = n_keys;
    return RC_OK;
}

struct by_list {
    struct bind *b;
    struct named_expr *all;
    int n, cap;
};
static rc add_by(struct by_list *l, const char *name, const struct expr *e, struct span span)
{
    for (int i = 0; i < l->n; i++)
        if (strcmp(l->all[i].name, name) == 0)
            return fail(l->b->cx, E212, span, "`%s` stands twice in by", name);
    if (l->n == l->cap) {
        int cap = l->cap ? l->cap * 2 : 8;
        struct named_expr *more = ARENA_ARRAY(l->b->arena, struct named_expr, cap);
        if (l->n) memcpy(more, l->all, sizeof *more * (size_t)l->n);
        l->all = more;
        l->cap = cap;
    }
    l->all[l->n++] = (struct named_expr){name, e};
    return RC_OK;
}
static rc by_item(struct by_list *l, const struct ast_item *it)
{
    struct bind *b = l->b;
    const char **names;
    int n = 0;
    bool is_sel = false;
    const struct expr *e;
    if (it->kind == ITEM_OPTION)
        return fail(b->cx, E206, it->name_span, "by has no option `%.*s`", STR_FMT(it->name));
    if (it->kind == ITEM_PLAIN) TRY(bind_columns(b, it->expr, &names, &n, &is_sel));
    for (int i = 0; i < n && is_sel; i++) {
        const struct field *f = &b->schema->fields[schema_find(b->schema, str_of(names[i]))];
        TRY(add_by(l, names[i], expr_column(b->arena, f->name, f->type, it->span), it->span));
    }
    if (is_sel) return RC_OK;
    TRY(bind_expr(b, it->expr, &e));
    return add_by(l, item_name(b->lg, b->arena, it), e, it->span);
}
rc bind_by(struct bind *b, const struct ast_item *items, int n, struct named_expr **out, int *n_out)
{
    struct by_list l = {.b = b};
    enum bind_mode mode = b->mode;
    b->mode = BIND_ROW; /* groups are made of rows */
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++)
        res = by_item(&l, &items[i]);
    b->mode = mode;
    *out = l.all;
    *n_out = l.n;
    return res;
}

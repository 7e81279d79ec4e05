/* items.c: the items of a step as the verbs read them: computed columns (with across), selectors,
 * plain values, by and sort clauses. */
#include "lang/verbs/verb_int.h"

#include "runtime/base/num.h"

void named_add(struct arena *a, struct named_list *l, const char *name, const struct expr *e,
               struct span span)
{
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 8;
        struct named_expr *items = ARENA_ARRAY(a, struct named_expr, cap);
        struct span *spans = ARENA_ARRAY(a, struct span, cap);
        if (l->n) {
            memcpy(items, l->items, (size_t)l->n * sizeof *items);
            memcpy(spans, l->spans, (size_t)l->n * sizeof *spans);
        }
        l->items = items;
        l->spans = spans;
        l->cap = cap;
    }
    l->items[l->n] = (struct named_expr){name, e};
    l->spans[l->n++] = span;
}

const struct ast_item *next_item(const struct ast_step *step, int *at)
{
    while (*at < step->n_items) {
        const struct ast_item *it = &step->items[(*at)++];
        if (it->kind != ITEM_OPTION) return it;
    }
    return NULL;
}

int count_items(const struct ast_step *step)
{
    int n = 0, at = 0;
    while (next_item(step, &at))
        n++;
    return n;
}

rc need_items(struct verb_call *vc, const char *what, const char *like)
{
    if (count_items(vc->step)) return RC_OK;
    fail(vc->cx, E208, vc->step->verb_span, "`%.*s` needs %s", STR_FMT(vc->step->verb), what);
    return hint_step(vc, "%s", like);
}

const char *source_text(struct verb_call *vc, struct span span)
{
    struct str all = sources_text(vc->lg->sources, span.source);
    if (span.to > all.n || span.from > span.to) return "";
    return arena_strndup(vc->arena, all.p + span.from, span.to - span.from);
}

rc no_makes(struct verb_call *vc, bool is_condition)
{
    int at = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        if (it->kind != ITEM_MAKE) continue;
        const char *rest = source_text(vc, it->expr->span);
        if (is_condition) {
            fail(vc->cx, E110, it->span, "use == to compare; = makes a column");
            return hint_replace(vc->lg, it->span, "%.*s == %s", STR_FMT(it->name), rest);
        }
        fail(vc->cx, E217, it->span, "`%.*s` makes no columns", STR_FMT(vc->step->verb));
        return hint_step(vc, "derive %.*s = %s", STR_FMT(it->name), rest);
    }
    return RC_OK;
}

/* ---- across ---- */

bool is_across(const struct ast *e)
{
    return e->op == AST_CALL && str_eqz(e->text, "across");
}

struct across {
    const struct ast *call;
    const struct ast *body; /* what is computed, with `param` standing for the column */
    const char *param;
    const char *template; /* "{col}_z", or NULL: the column's own name */
    const char **columns;
    int n;
};

/* `across(a, mean)` is `across(a, x -> mean(x))`. */
static const struct ast *call_of(struct arena *a, const struct ast *fn, struct str param)
{
    struct ast *x = ARENA_NEW(a, struct ast);
    *x = (struct ast){.op = AST_NAME, .span = fn->span, .text = param};
    struct ast *call = ARENA_NEW(a, struct ast);
    *call = (struct ast){.op = AST_CALL, .span = fn->span, .text = fn->text, .n_kids = 1};
    call->kids = ARENA_ARRAY(a, const struct ast *, 1);
    call->kids[0] = x;
    call->names = ARENA_ARRAY(a, struct str, 1);
    call->n_names = 1;
    return call;
}

static rc across_option(struct bind *b, const struct ast *call, int i, struct across *out)
{
    const struct ast *e = call->kids[i];
    if (!str_eqz(call->names[i], "name"))
        return fail(b->cx, E206, e->span,
                    "across has no option `%.*s:`; it has name:", STR_FMT(call->names[i]));
    if (e->op != AST_STR) {
        fail(b->cx, E209, e->span,
             "name: of across takes a plain text in which {col} is the column's name");
        return err_hint(b->cx, "t |> derive across(type(num), x -> x / 2, name: \"{col}_half\")");
    }
    out->template = arena_strndup(b->arena, e->text.p, e->text.n);
    return RC_OK;
}

static rc across_function(struct bind *b, const struct ast *e, struct across *out)
{
    if (e->op == AST_LAMBDA && e->n_names == 1) {
        out->param = arena_strndup(b->arena, e->names[0].p, e->names[0].n);
        out->body = e->kids[0];
        return RC_OK;
    }
    if (e->op == AST_NAME) {
        out->param = "x";
        out->body = call_of(b->arena, e, STR("x"));
        return RC_OK;
    }
    fail(b->cx, E217, e->span, "the last argument of across is what to compute of each column");
    return err_hint(b->cx, "t |> derive across(type(num), x -> x / 2)");
}

static void add_column(struct arena *a, const char ***columns, int *n, int *cap, const char *name)
{
    for (int i = 0; i < *n; i++)
        if (strcmp((*columns)[i], name) == 0) return;
    if (*n == *cap) {
        int more = *cap ? 2 * *cap : 16;
        const char **all = ARENA_ARRAY(a, const char *, more);
        if (*n) memcpy(all, *columns, (size_t)*n * sizeof *all);
        *columns = all;
        *cap = more;
    }
    (*columns)[(*n)++] = name;
}

static rc across_columns(struct bind *b, const struct ast *e, struct across *out, int *cap)
{
    const char **names;
    int n;
    bool is_selector;
    TRY(bind_columns(b, e, &names, &n, &is_selector));
    if (!is_selector) {
        fail(b->cx, E217, e->span, "across takes columns before the function");
        return err_hint(b->cx, "t |> summarize across(type(num), x -> mean(x))");
    }
    for (int i = 0; i < n; i++)
        add_column(b->arena, &out->columns, &out->n, cap, names[i]);
    return RC_OK;
}

static rc read_across(struct bind *b, const struct ast *call, struct across *out)
{
    *out = (struct across){.call = call};
    int last = -1, cap = 0;
    for (int i = 0; i < call->n_kids; i++) {
        if (i < call->n_names && call->names[i].n)
            TRY(across_option(b, call, i, out));
        else
            last = i;
    }
    for (int i = 0; i < call->n_kids; i++)
        if (i != last && !(i < call->n_names && call->names[i].n))
            TRY(across_columns(b, call->kids[i], out, &cap));
    if (last < 0 || (!out->n && last == 0)) {
        fail(b->cx, E208, call->span, "across takes columns and what to compute");
        return err_hint(b->cx, "t |> summarize across(type(num), x -> mean(x))");
    }
    return across_function(b, call->kids[last], out);
}

static const char *across_name(struct arena *a, const struct across *ac, const char *column)
{
    if (!ac->template) return column;
    struct strbuf name = {0};
    for (const char *p = ac->template; *p;) {
        if (strncmp(p, "{col}", 5) == 0) {
            strbuf_addz(&name, column);
            p += 5;
        } else {
            strbuf_addc(&name, *p++);
        }
    }
    const char *text = arena_strndup(a, name.p ? name.p : "", name.n);
    strbuf_release(&name);
    return text;
}

static rc bind_across(struct bind *b, const struct ast *call, struct named_list *out)
{
    struct across ac;
    TRY(read_across(b, call, &ac));
    const char **names = ARENA_ARRAY(b->arena, const char *, b->n_lambda + 1);
    const struct expr **values = ARENA_ARRAY(b->arena, const struct expr *, b->n_lambda + 1);
    for (int i = 0; i < b->n_lambda; i++) {
        names[i] = b->lambda_names[i];
        values[i] = b->lambda_values[i];
    }
    const char **old_names = b->lambda_names;
    const struct expr **old_values = b->lambda_values;
    int n = b->n_lambda;
    enum rc_t res = RC_OK;
    b->lambda_names = names;
    b->lambda_values = values;
    b->n_lambda = n + 1;
    names[n] = ac.param;
    for (int i = 0; i < ac.n && res == RC_OK; i++) {
        const struct expr *e;
        values[n] = name_expr(b->arena, b->schema, ac.columns[i], call->span);
        res = bind_expr(b, ac.body, &e);
        if (res == RC_OK)
            named_add(b->arena, out, across_name(b->arena, &ac, ac.columns[i]), e, call->span);
    }
    b->lambda_names = old_names;
    b->lambda_values = old_values;
    b->n_lambda = n;
    return res;
}

rc bind_item(struct bind *b, const struct ast_item *it, struct named_list *out)
{
    if (is_across(it->expr)) {
        if (it->kind == ITEM_MAKE) {
            fail(b->cx, E217, it->span,
                 "across makes a column for each of its columns, so it takes no `%.*s =`",
                 STR_FMT(it->name));
            return err_hint(b->cx,
                            "t |> derive across(type(num), x -> x / 2, name: \"{col}_%.*s\")",
                            STR_FMT(it->name));
        }
        return bind_across(b, it->expr, out);
    }
    const struct expr *e;
    TRY(bind_expr(b, it->expr, &e));
    const char *name = item_name(b->lg, b->arena, it);
    if (it->kind == ITEM_MAKE) name = arena_strndup(b->arena, it->name.p, it->name.n);
    if (it->kind == ITEM_PLAIN && e->op == EXPR_COLUMN && it->expr->op == AST_NAME) name = e->name;
    named_add(b->arena, out, name, e, it->span);
    return RC_OK;
}

/* ---- selectors ---- */

static rc not_a_selector(struct verb_call *vc, const struct ast_item *it)
{
    fail(vc->cx, E217, it->span, "`%.*s` takes columns here, not computed values",
         STR_FMT(vc->step->verb));
    return err_note(vc->cx, "Columns: names, a..b, all() type(num) starts(\"a\")");
}

rc columns_of_items(struct verb_call *vc, bool all_if_none, const char ***out, int *n)
{
    struct bind b;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(no_makes(vc, false));
    const char **columns = NULL;
    int at = 0, cap = 0, count = 0;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const char **names;
        int n_names;
        bool is_selector;
        TRY(bind_columns(&b, it->expr, &names, &n_names, &is_selector));
        if (!is_selector) return not_a_selector(vc, it);
        for (int i = 0; i < n_names; i++)
            add_column(vc->arena, &columns, &count, &cap, names[i]);
    }
    if (at == 0 || !count_items(vc->step))
        for (int i = 0; all_if_none && i < b.schema->n; i++)
            add_column(vc->arena, &columns, &count, &cap, b.schema->fields[i].name);
    *out = columns;
    *n = count;
    return RC_OK;
}

/* ---- values ---- */

static const struct ast *find_plain_name(const struct ast *e)
{
    if (e->op == AST_NAME) return e;
    if (e->op == AST_LAMBDA || e->op == AST_PIPELINE) return NULL; /* names of their own */
    for (int i = 0; i < e->n_kids; i++) {
        const struct ast *found = e->kids[i] ? find_plain_name(e->kids[i]) : NULL;
        if (found) return found;
    }
    return NULL;
}

rc verb_value(struct verb_call *vc, const struct ast *e, const char *what, struct scalar *out)
{
    const struct ast *name = find_plain_name(e);
    if (!name) return interp_scalar(vc->lg, vc->scope, e, vc->arena, out);
    if (scope_get(vc->scope, name->text)) {
        fail(vc->cx, E203, name->span,
             "`%.*s` is a variable, and a plain name in a step is a column", STR_FMT(name->text));
        return hint_replace(vc->lg, name->span, "$%.*s", STR_FMT(name->text));
    }
    return fail(vc->cx, E207, name->span, "%s of `%.*s` takes one value, not a column", what,
                STR_FMT(vc->step->verb));
}

rc verb_value_int(struct verb_call *vc, const struct ast *e, const char *what, int64_t *out)
{
    struct scalar s;
    TRY(verb_value(vc, e, what, &s));
    if (s.is_null || s.type.kind != KIND_INT)
        return fail(vc->cx, E207, e->span, "%s of `%.*s` takes a whole number", what,
                    STR_FMT(vc->step->verb));
    *out = s.u.i;
    return RC_OK;
}

/* ---- clauses ---- */

rc bind_clause_by(struct bind *b, struct verb_call *vc, const struct expr ***out, int *n)
{
    struct named_expr *by = NULL;
    *n = 0;
    *out = NULL;
    if (!vc->step->has_by) return RC_OK;
    TRY(bind_by(b, vc->step->by, vc->step->n_by, &by, n));
    *out = ARENA_ARRAY(b->arena, const struct expr *, *n + 1);
    for (int i = 0; i < *n; i++)
        (*out)[i] = by[i].expr;
    return RC_OK;
}

rc bind_clause_sort(struct bind *b, struct verb_call *vc, const struct ast_item *items, int n_items,
                    struct sort_key **out, int *n)
{
    *n = 0;
    *out = NULL;
    struct ast_item *keys = ARENA_ARRAY(b->arena, struct ast_item, n_items + 1);
    int n_keys = 0;
    for (int i = 0; i < n_items; i++)
        if (items[i].kind != ITEM_OPTION) keys[n_keys++] = items[i];
    if (n_keys) TRY(bind_sort(b, keys, n_keys, out, n));
    if (verb_option(vc, "nulls")) {
        const char *nulls;
        TRY(verb_option_word(vc, "nulls", "last", &nulls));
        for (int i = 0; i < *n; i++)
            (*out)[i].nulls_first = strcmp(nulls, "first") == 0;
    }
    return RC_OK;
}

rc verb_metric_name(struct verb_call *vc, const struct ast *e, const char *message,
                    const char **out)
{
    struct scalar s = {.type = DTYPE(KIND_STR), .u.s = e->text};
    if (e->op != AST_NAME) TRY(verb_value(vc, e, "metric:", &s));
    if (s.is_null || s.type.kind != KIND_STR) return fail(vc->cx, E209, e->span, "%s", message);
    *out = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    return RC_OK;
}

const char *input_label(const struct verb_call *vc)
{
    return vc->input ? vc->input->label : NULL;
}

const char *size_text(struct arena *a, int64_t rows, int columns)
{
    char number[NUM_TEXT_MAX];
    int_format_thousands(rows < 0 ? 0 : rows, number);
    return arena_printf(a, "%s row%s, %d column%s", rows < 0 ? "?" : number, rows == 1 ? "" : "s",
                        columns, columns == 1 ? "" : "s");
}

bool ast_has_agg(const struct ast *e)
{
    if (e->op == AST_CALL && agg_find(e->text)) return true;
    for (int i = 0; i < e->n_kids; i++)
        if (e->kids[i] && ast_has_agg(e->kids[i])) return true;
    return false;
}

/* extract.c: the groups of a pattern as columns. */
#include "lang/verbs/verb_int.h"

#define MAX_GROUPS 64

/* Names of the capturing groups of a pattern, NULL for those without one. */
struct groups_of {
    const char *name[MAX_GROUPS];
    int n;
};

/* `(?<name>`, `(?P<name>`, `(?'name'` at p (behind the bracket): the name's text. */
static bool group_name(const char *p, const char *end, struct str *out)
{
    const char *from = p + 1;
    if (from < end && *from == 'P') from++;
    if (from >= end || (*from != '<' && *from != '\'')) return false;
    char close = *from == '<' ? '>' : '\'';
    from++;
    if (from < end && (*from == '=' || *from == '!')) return false; /* looks back */
    const char *to = from;
    while (to < end && *to != close)
        to++;
    *out = (struct str){from, (size_t)(to - from)};
    return to < end && to > from;
}

static void find_groups(struct arena *a, struct str pattern, struct groups_of *g)
{
    const char *p = pattern.p, *end = p + pattern.n;
    bool in_class = false;
    for (; p < end; p++) {
        struct str name = {0};
        if (*p == '\\') {
            p++;
        } else if (*p == '[') {
            in_class = true;
        } else if (*p == ']') {
            in_class = false;
        } else if (*p == '(' && !in_class && g->n < MAX_GROUPS) {
            bool is_plain = p + 1 >= end || (p[1] != '?' && p[1] != '*');
            if (!is_plain && !(p[1] == '?' && group_name(p + 1, end, &name))) continue;
            g->name[g->n++] = name.n ? arena_strndup(a, name.p, name.n) : NULL;
        }
    }
}

struct extraction {
    struct verb_call *vc;
    const struct expr *text, *pattern;
    struct groups_of groups;
    const char *into[MAX_GROUPS];
    struct span spans[MAX_GROUPS];
    int n;
};

static rc name_of(struct extraction *x, const struct ast *e, const char **out)
{
    if (e->op != AST_NAME && e->op != AST_STR)
        return fail(x->vc->cx, E209, e->span, "into: takes the names of the new columns");
    *out = arena_strndup(x->vc->arena, e->text.p, e->text.n);
    return RC_OK;
}

static rc read_into(struct extraction *x)
{
    struct verb_call *vc = x->vc;
    const struct ast_item *it = verb_option(vc, "into");
    int n = !it ? 0 : it->expr->op == AST_LIST ? it->expr->n_kids : 1;
    for (int i = 0; i < n && i < MAX_GROUPS; i++) {
        const struct ast *e = it->expr->op == AST_LIST ? it->expr->kids[i] : it->expr;
        x->spans[i] = e->span;
        TRY(name_of(x, e, &x->into[x->n++]));
    }
    int groups = x->groups.n ? x->groups.n : 1; /* none: the whole match */
    if (it && x->n == groups) return RC_OK;
    if (it)
        return fail(vc->cx, E208, it->span, "the pattern has %d group%s, into: names %d column%s",
                    groups, groups == 1 ? "" : "s", x->n, x->n == 1 ? "" : "s");
    for (int i = 0; i < x->groups.n; i++) {
        x->into[i] = x->groups.name[i];
        x->spans[i] = vc->step->span;
        x->n = i + 1;
        if (!x->into[i]) break;
    }
    if (x->n == x->groups.n && x->n && x->into[x->n - 1]) return RC_OK;
    struct strbuf list = {0};
    for (int i = 0; i < groups; i++)
        strbuf_printf(&list, "%spart_%d", i ? ", " : "", i + 1);
    fail(vc->cx, E208, vc->step->verb_span, "extract needs into: the names of the new columns");
    (void)hint_after(vc, vc->step->span, ", into: [%s]", list.p);
    strbuf_release(&list);
    return RC_ERR;
}

static rc read_extraction(struct extraction *x)
{
    struct verb_call *vc = x->vc;
    struct bind b;
    int at = 0;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(no_makes(vc, false));
    const struct ast_item *column = next_item(vc->step, &at), *pattern = next_item(vc->step, &at);
    const struct ast_item *more = next_item(vc->step, &at);
    if (!pattern || more) {
        fail(vc->cx, E208, more ? more->span : vc->step->verb_span,
             "extract takes a column and a pattern");
        return hint_step(vc, "extract name, r\"(\\w+), (\\w+)\", into: [last, first]");
    }
    TRY(bind_expr_kind(&b, column->expr, KIND_STR, "extract", &x->text));
    TRY(bind_expr_kind(&b, pattern->expr, KIND_STR, "the pattern", &x->pattern));
    if (x->pattern->op != EXPR_LITERAL || x->pattern->value.is_null)
        return fail(vc->cx, E217, pattern->span, "the pattern must be a fixed text, not a column");
    find_groups(vc->arena, x->pattern->value.u.s, &x->groups);
    return read_into(x);
}

/* A new column replaces one of its name, as in derive. */
static rc put_columns(struct extraction *x, struct pipe *p)
{
    const struct schema *in = p->plan->schema;
    struct named_list items = {0};
    const struct expr *made[MAX_GROUPS];
    for (int k = 0; k < x->n; k++) {
        const struct expr *args[3] = {x->text, x->pattern,
                                      make_int(p->arena, x->groups.n ? k + 1 : 0)};
        TRY(make_call(p->cx, p->arena, "extract", args, 3, x->pattern->span, &made[k]));
        for (int i = 0; i < k; i++)
            if (strcmp(x->into[i], x->into[k]) == 0)
                return fail(p->cx, E212, x->spans[k], "`%s` is named twice", x->into[k]);
    }
    for (int i = 0; i < in->n; i++) {
        const struct expr *e = field_expr(p->arena, in, i, p->span);
        for (int k = 0; k < x->n; k++)
            if (strcmp(x->into[k], in->fields[i].name) == 0) e = made[k];
        named_add(p->arena, &items, in->fields[i].name, e, p->span);
    }
    for (int k = 0; k < x->n; k++)
        if (schema_find(in, str_of(x->into[k])) < 0)
            named_add(p->arena, &items, x->into[k], made[k], x->spans[k]);
    return verb_pipe_project(p, items.items, items.n);
}

static enum rc_t extract_bind(struct verb_call *vc, struct value **out)
{
    struct extraction x = {.vc = vc};
    struct pipe p;
    TRY(read_extraction(&x));
    verb_pipe_begin(&p, vc);
    enum rc_t res = put_columns(&x, &p);
    if (res == RC_OK) res = verb_pipe_value(&p, input_label(vc), out);
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option extract_options[] = {
    {"into", OPT_ANY, NULL, "names of the new columns, one for each group of the pattern"},
    {0},
};
const struct verb_desc verb_extract = {
    .name = "extract",
    .sig = "extract column, pattern [into: [a, b]]",
    .doc = "Takes the groups of a regular expression out of a text, into new columns; null where "
           "it does not fit. Named groups, (?<name>..), need no into:.",
    .examples = {"trips |> extract zone, r\"^(.)(.*)$\", into: [initial, rest]",
                 "trips |> extract zone, r\"(?<vowel>[aeiou])\""},
    .options = extract_options,
    .input = TAKES_FRAME,
    .bind = extract_bind,
};

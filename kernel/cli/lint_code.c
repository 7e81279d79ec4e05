/* lint_code.c: the names of a code cell, by its syntax tree. Inside a step plain names are columns
 * and variables take `$` (language.md 3.5), so only what must be a variable is held to be one. */
#include "kernel/cli/lint.h"

#include "kernel/cli/runner.h"

#define MAX_INCLUDES 8

/* Names of lambdas, functions and loops around, innermost first. */
struct local {
    const struct local *outer;
    const struct str *names;
    int n;
};
struct walker {
    struct lint *l;
    const struct notebook *nb;
    int cell;
    const struct local *locals;
    bool in_step; /* plain names are columns */
    bool is_soft; /* plain names may be words: options, formulas, arguments of families */
    bool has_own; /* calls may be what only formulas and `use` know: onehot(x), seed(1) */
};

static void walk_all(const struct walker *w, const struct ast *const *kids, int n);
static void walk_one(const struct walker *w, const struct ast *e);
static void walk_steps(const struct walker *w, const struct ast *e, bool has_input);
static void walk_block(struct walker *w, const struct ast *block);

static struct lint_place place_of(const struct walker *w, struct span span)
{
    return lint_place_of(w->nb, w->cell, span.from);
}

static bool is_local(const struct walker *w, struct str name)
{
    for (const struct local *s = w->locals; s; s = s->outer)
        for (int i = 0; i < s->n; i++)
            if (str_eq(s->names[i], name)) return true;
    return false;
}

static void use(const struct walker *w, struct str name, struct span span, bool is_soft)
{
    if (!is_local(w, name)) lint_use(w->l, name, place_of(w, span), is_soft);
}

static struct walker softly(const struct walker *w)
{
    struct walker soft = *w;
    soft.is_soft = true;
    return soft;
}

/* ---- expressions ---- */

static bool is_any_word(const struct lint *l, struct str name)
{
    return lint_is_word(l, "function", name) || lint_is_word(l, "model", name) ||
           lint_is_word(l, "chart", name) || lint_is_word(l, "verb", name);
}

static void walk_name(const struct walker *w, const struct ast *e)
{
    bool is_soft = w->in_step || w->is_soft || is_any_word(w->l, e->text);
    use(w, e->text, e->span, is_soft);
}

/* A function that nothing names: as the binder says it, with ours for a foreign one, or the
 * nearest. */
static void check_function(const struct walker *w, const struct ast *e)
{
    struct str name = e->text;
    bool is_known = is_any_word(w->l, name) || lint_find(w->l, name) || is_local(w, name);
    if (e->op != AST_CALL || w->has_own || is_known || w->l->has_more || w->l->only_collect) return;
    struct lint_place at = place_of(w, e->span);
    const char *ours = foreign_function(name), *verb = foreign_verb(name);
    struct str near = lint_nearest_function(w->l, name);
    if (ours)
        lint_say(w->l, at, "undefined", "`%.*s` is called %s here", STR_FMT(name), ours);
    else if (verb)
        lint_say(w->l, at, "undefined", "`%.*s` is called %s here, and is a verb: t |> ..",
                 STR_FMT(name), verb);
    else if (near.n)
        lint_say(w->l, at, "undefined", "unknown function `%.*s`; did you mean `%.*s`?",
                 STR_FMT(name), STR_FMT(near));
    else
        lint_say(w->l, at, "undefined", "unknown function `%.*s`", STR_FMT(name));
}

/* Arguments: options hold words; families and what stands in recipes hold columns. */
static void walk_call(const struct walker *w, const struct ast *e)
{
    struct walker soft = softly(w);
    bool is_plain = lint_is_word(w->l, "function", e->text) || lint_find(w->l, e->text);
    if (e->op == AST_CALL && lint_find(w->l, e->text)) use(w, e->text, e->span, true);
    if (e->op == AST_CALL && lint_is_word(w->l, "steps", e->text) && !is_plain)
        soft.has_own = true; /* its steps are what formulas know: onehot(type(str)) */
    else
        check_function(w, e);
    for (int i = 0; i < e->n_kids; i++) {
        bool is_option = i < e->n_names && e->names[i].n > 0;
        walk_one(is_option || (e->op == AST_CALL && !is_plain) ? &soft : w, e->kids[i]);
    }
    bool is_sql = e->op == AST_CALL && str_eqz(e->text, "sql") && e->n_kids > 0;
    if (is_sql && e->kids[0]->op == AST_STR)
        lint_sql_text(w->l, e->kids[0]->text, place_of(w, e->span));
}

static void walk_lambda(const struct walker *w, const struct ast *e)
{
    struct local own = {w->locals, e->names, e->n_names};
    struct walker inside = *w;
    inside.locals = &own;
    walk_all(&inside, e->kids, e->n_kids);
}

static void walk_pipeline(const struct walker *w, const struct ast *e)
{
    struct walker outside = *w;
    outside.in_step = outside.is_soft = false;
    walk_one(&outside, e->kids[0]);
    walk_steps(w, e, true);
}

static void walk_one(const struct walker *w, const struct ast *e)
{
    struct walker soft = softly(w);
    if (!e) return;
    switch (e->op) {
    case AST_NAME: walk_name(w, e); break;
    case AST_VAR: use(w, e->text, e->span, false); break;
    case AST_CALL:
    case AST_CALL_VALUE: walk_call(w, e); break;
    case AST_LAMBDA: walk_lambda(w, e); break;
    case AST_PIPELINE: walk_pipeline(w, e); break;
    case AST_FORMULA:
        soft.has_own = true;
        walk_all(&soft, e->kids, e->n_kids);
        break;
    default: walk_all(w, e->kids, e->n_kids); break;
    }
}

static void walk_all(const struct walker *w, const struct ast *const *kids, int n)
{
    for (int i = 0; i < n; i++)
        walk_one(w, kids[i]);
}

/* ---- steps ---- */

static void check_verb(const struct walker *w, const struct ast_step *s)
{
    if (lint_find(w->l, s->verb)) {
        use(w, s->verb, s->verb_span, true);
        return;
    }
    if (lint_is_word(w->l, "verb", s->verb) || is_local(w, s->verb) || w->l->has_more) return;
    const char *ours = foreign_verb(s->verb);
    if (ours)
        lint_say(w->l, place_of(w, s->verb_span), "undefined", "`%.*s` is called `%s` here",
                 STR_FMT(s->verb), ours);
    else
        lint_say(w->l, place_of(w, s->verb_span), "undefined", "there is no verb or fn `%.*s`",
                 STR_FMT(s->verb));
}

/* Verbs whose first item is a frame or a model, not a column. */
static bool takes_frame(struct str verb)
{
    static const char *const verbs[] = {"join", "union", "predict", "transform", "evaluate"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (str_eqz(verb, verbs[i])) return true;
    return false;
}

static void walk_items(const struct walker *w, const struct ast_item *items, int n)
{
    for (int i = 0; i < n; i++)
        walk_one(w, items[i].expr);
}

static void walk_step(const struct walker *w, const struct ast_step *s, bool has_input)
{
    struct walker in = *w, soft;
    in.in_step = has_input;
    soft = softly(&in);
    soft.in_step = true;
    check_verb(w, s);
    for (int i = 0; i < s->n_items; i++) {
        const struct ast_item *item = &s->items[i];
        bool is_frame = i == 0 && item->kind == ITEM_PLAIN && item->expr->op == AST_NAME &&
                        takes_frame(s->verb);
        if (is_frame)
            use(w, item->expr->text, item->expr->span, false);
        else
            walk_one(item->kind == ITEM_OPTION || (!has_input && i > 0) ? &soft : &in, item->expr);
    }
    walk_items(&soft, s->by, s->n_by);
    walk_items(&soft, s->sort, s->n_sort);
    walk_items(&soft, s->on, s->n_on);
}

static void walk_steps(const struct walker *w, const struct ast *e, bool has_input)
{
    for (int i = 0; i < e->n_steps; i++)
        walk_step(w, &e->steps[i], has_input || i > 0);
}

/* ---- statements ---- */

static void include(struct walker *w, const struct ast *st)
{
    struct lint *l = w->l;
    struct strbuf path = {0};
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct notebook *nb = NULL;
    const struct lint outside = *l;
    if (l->folder && st->text.n && st->text.p[0] != '/') strbuf_printf(&path, "%s/", l->folder);
    strbuf_adds(&path, st->text);
    bool ok = l->depth < MAX_INCLUDES && notebook_read_file(&cx, path.p, &nb) == RC_OK;
    if (!ok) l->has_more = true;
    l->depth++;
    l->is_outer = true;
    for (int i = 0; ok && i < nb->n_cells; i++)
        if (nb->cells[i].kind == CELL_CODE || nb->cells[i].kind == CELL_PARAMS) lint_code(l, nb, i);
    l->depth = outside.depth;
    l->is_outer = outside.is_outer;
    notebook_free(nb);
    strbuf_release(&path);
    arena_free(cx.arena);
}

static void walk_fn(struct walker *w, const struct ast *st)
{
    struct local own = {w->locals, st->names, st->n_names};
    struct walker inside = *w;
    bool was_in_fn = w->l->in_fn;
    lint_define(w->l, st->text, NAME_FN, place_of(w, st->span), w->l->n_used);
    inside.locals = &own;
    for (int i = 0; i < st->n_names; i++)
        if (st->defaults) walk_one(&inside, st->defaults[i]);
    w->l->in_fn = true;
    if (st->kids[0]->op == AST_BLOCK) { /* what it sets is its own */
        struct str *names = ARENA_ARRAY(w->l->arena, struct str, 256);
        struct local set = {&own, names, 0};
        for (int i = 0; i < st->kids[0]->n_kids; i++) {
            const struct ast *s = st->kids[0]->kids[i];
            for (int k = 0; s->op == AST_ASSIGN && k < s->n_names && set.n < 256; k++)
                names[set.n++] = s->names[k];
            if (s->op == AST_FOR && set.n < 256) names[set.n++] = s->text;
        }
        inside.locals = &set;
        walk_block(&inside, st->kids[0]);
    } else {
        walk_one(&inside, st->kids[0]);
    }
    w->l->in_fn = was_in_fn;
}

static void define(struct walker *w, struct str name, enum lint_kind kind, struct span span,
                   int mark)
{
    if (!is_local(w, name)) lint_define(w->l, name, kind, place_of(w, span), mark);
}

static void walk_statement(struct walker *w, const struct ast *st)
{
    int mark = w->l->n_used;
    struct walker soft = softly(w);
    switch (st->op) {
    case AST_ASSIGN:
        walk_one(w, st->kids[0]);
        for (int i = 0; i < st->n_names; i++)
            define(w, st->names[i], NAME_VAR, st->span, mark);
        break;
    case AST_STEP:
    case AST_CONTINUE: walk_steps(w, st, st->op == AST_CONTINUE); break;
    case AST_FN: walk_fn(w, st); break;
    case AST_PARAM:
        walk_all(&soft, st->kids, st->n_kids);
        define(w, st->text, NAME_PARAM, st->span, mark);
        break;
    case AST_FOR:
        walk_one(w, st->kids[0]);
        define(w, st->text, NAME_VAR, st->span, mark);
        lint_use(w->l, st->text, place_of(w, st->span), true); /* a counter need not be read */
        walk_block(w, st->kids[1]);
        break;
    case AST_IF:
        walk_one(w, st->kids[0]);
        for (int i = 1; i < st->n_kids; i++)
            if (st->kids[i] && st->kids[i]->op == AST_IF)
                walk_statement(w, st->kids[i]);
            else
                walk_block(w, st->kids[i]);
        break;
    case AST_RUN:
        walk_one(w, st->kids[0]);
        walk_block(w, st->kids[1]);
        break;
    case AST_USE:
        if (st->kids[0]->op == AST_CALL && str_eqz(st->kids[0]->text, "workspace"))
            w->l->has_more = true; /* its tables become names */
        soft.has_own = true;
        walk_all(&soft, st->kids, st->n_kids);
        break;
    case AST_INCLUDE: include(w, st); break;
    default: walk_all(w, st->kids, st->n_kids); break;
    }
}

static void walk_block(struct walker *w, const struct ast *block)
{
    for (int i = 0; block && i < block->n_kids; i++)
        walk_statement(w, block->kids[i]);
}

void lint_code(struct lint *l, const struct notebook *nb, int cell)
{
    const struct cell *c = &nb->cells[cell];
    struct parse_result parsed = {0};
    struct arena *a = arena_new();
    struct walker w = {.l = l, .nb = nb, .cell = cell};
    parse(a, c->source, c->n_source, &(struct parse_opts){0}, &parsed);
    for (int i = 0; i < parsed.n_errors && !cell_has_tag(c, "raises-exception"); i++)
        lint_say(l, place_of(&w, parsed.errors[i].span), "syntax", "%s %s",
                 err_name(parsed.errors[i].code), parsed.errors[i].message);
    walk_block(&w, parsed.program);
    arena_free(a);
}

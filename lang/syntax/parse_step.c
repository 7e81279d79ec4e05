/* parse_step.c: steps and their clauses: one rule for all verbs. */
#include "lang/syntax/parse_int.h"

static bool at_clause(const struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (is_sym(tok_ahead(p, 1), SYM_COLON)) return false; /* an option's name */
    return is_sym(t, SYM_BY) || is_sym(t, SYM_SORT) || is_sym(t, SYM_ON);
}

static bool at_items_end(const struct parser *p)
{
    const struct tok *t = tok_here(p);
    return at_end(p) || at_clause(p) || is_sym(t, SYM_PIPE) || is_sym(t, SYM_RPAREN) ||
           is_sym(t, SYM_RBRACKET) || (is_sym(t, SYM_LBRACE) && t->opens_block);
}

static bool at_make(const struct parser *p)
{
    const struct tok *t = tok_here(p);
    return (t->kind == TOK_NAME || t->kind == TOK_QUOTED_NAME) && t->fault == LEX_OK &&
           is_sym(tok_ahead(p, 1), SYM_SET);
}

static bool parse_item(struct parser *p, struct list *items, bool is_bracketed, bool is_on)
{
    struct ast_item item = {.kind = ITEM_PLAIN, .name = STR("")};
    const struct tok *t = tok_here(p);
    uint32_t from = t->from, set_at = tok_ahead(p, 1)->from;
    if (at_make(p) || at_option(p)) {
        item.kind = at_make(p) ? ITEM_MAKE : ITEM_OPTION;
        item.name_span = span_of(p, t->from, t->to);
        item.name = take_option_name(p);
    }
    item.expr = is_bracketed ? parse_or_pipeline(p) : parse_expr(p);
    if (!item.expr) return false;
    item.span = span_of(p, from, last_end(p));
    if (foreign_item(p, &item, set_at, is_on)) return false;
    *LIST_ADD(p, items, struct ast_item) = item;
    return true;
}

static bool parse_list(struct parser *p, struct list *items, bool is_bracketed, bool is_on)
{
    while (!at_items_end(p)) {
        if (!parse_item(p, items, is_bracketed, is_on)) return false;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    return true;
}

bool parse_items(struct parser *p, struct list *items, bool is_bracketed)
{
    return parse_list(p, items, is_bracketed, false);
}

/* Options written in a clause are options of the step. */
static void move_options(struct parser *p, struct list *from, struct list *items)
{
    struct ast_item *all = from->p;
    int kept = 0;
    for (int i = 0; i < from->n; i++) {
        if (all[i].kind == ITEM_OPTION)
            *LIST_ADD(p, items, struct ast_item) = all[i];
        else
            all[kept++] = all[i];
    }
    from->n = kept;
}

struct step_lists {
    struct list items, by, sort, on;
    bool has_by, has_sort, has_on;
};

static bool parse_clause(struct parser *p, struct step_lists *s, bool is_bracketed)
{
    const struct tok *word = tok_here(p);
    struct list *list = word->sym == SYM_BY ? &s->by : word->sym == SYM_SORT ? &s->sort : &s->on;
    bool *has = word->sym == SYM_BY     ? &s->has_by
                : word->sym == SYM_SORT ? &s->has_sort
                                        : &s->has_on;
    if (*has) {
        err_tok(p, E101, word, "this step has a `%s` clause already", sym_text(word->sym));
        return false;
    }
    *has = true;
    p->at++;
    if (at_items_end(p)) {
        no_value(p);
        return false;
    }
    if (!parse_list(p, list, is_bracketed, word->sym == SYM_ON)) return false;
    move_options(p, list, &s->items);
    return true;
}

static bool parse_clauses(struct parser *p, struct step_lists *s, bool is_bracketed)
{
    while (at_clause(p))
        if (!parse_clause(p, s, is_bracketed)) return false;
    return true;
}

/* verb(items clauses) */
static bool parse_bracketed_items(struct parser *p, struct step_lists *s)
{
    const struct tok *open = tok_here(p);
    p->at++;
    if (!parse_items(p, &s->items, true) || !parse_clauses(p, s, true)) return false;
    if (!take_sym(p, SYM_RPAREN)) {
        unexpected(p, "`,` or `)`");
        return false;
    }
    if (at_items_end(p)) return true;
    const struct tok *t = tok_here(p);
    err_tok(p, E101, t, "`%.*s` does not fit here: brackets that touch the verb hold all its items",
            STR_FMT(tok_text(p, t)));
    fix_text(p, open->from, open->from, " ");
    return false;
}

static void finish_step(struct ast_step *out, const struct step_lists *s)
{
    out->items = s->items.p;
    out->n_items = s->items.n;
    out->by = s->by.p;
    out->n_by = s->by.n;
    out->sort = s->sort.p;
    out->n_sort = s->sort.n;
    out->on = s->on.p;
    out->n_on = s->on.n;
    out->has_by = s->has_by;
    out->has_sort = s->has_sort;
    out->has_on = s->has_on;
}

bool parse_step(struct parser *p, struct list *steps)
{
    const struct tok *verb = tok_here(p);
    if (verb->kind != TOK_NAME && !is_sym(verb, SYM_SORT)) {
        unexpected(p, "a step: where, select, summarize ..");
        return false;
    }
    struct ast_step step = {.verb = read_name(p, verb),
                            .verb_span = span_of(p, verb->from, verb->to)};
    struct step_lists lists = {0};
    p->at++;
    bool in_formula = p->in_formula, allows_product = p->allows_product;
    struct str outer_verb = p->verb;
    p->verb = step.verb;
    p->in_formula = p->allows_product = false;
    p->in_step++;
    const struct tok *next = tok_here(p);
    bool ok = is_sym(next, SYM_LPAREN) && !next->blank ? parse_bracketed_items(p, &lists)
                                                       : parse_items(p, &lists.items, false);
    ok = ok && parse_clauses(p, &lists, false);
    p->in_step--;
    p->verb = outer_verb;
    p->in_formula = in_formula;
    p->allows_product = allows_product;
    if (!ok) return false;
    step.span = span_of(p, verb->from, last_end(p));
    finish_step(&step, &lists);
    *LIST_ADD(p, steps, struct ast_step) = step;
    return true;
}

bool parse_steps(struct parser *p, struct list *steps)
{
    while (take_sym(p, SYM_PIPE))
        if (!parse_step(p, steps)) return false;
    return true;
}

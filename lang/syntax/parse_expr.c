/* parse_expr.c: operators, from `~` down to brackets behind a value. */
#include "lang/syntax/parse_int.h"

struct level {
    enum sym syms[4];
    const struct ast *(*next)(struct parser *p);
};

static const struct ast *binary(struct parser *p, enum sym sym, const struct ast *left,
                                const struct ast *right)
{
    const struct ast *kids[] = {left, right};
    struct ast *e = node_of(p, AST_BINARY, node_from(p, left), last_end(p), 2, kids);
    if (e) e->text = str_of(sym_text(sym));
    return e;
}

/* next { op next }, to the left */
static const struct ast *left_to_right(struct parser *p, const struct level *level)
{
    const struct ast *left = level->next(p);
    while (left) {
        const struct tok *t = tok_here(p);
        bool fits = false;
        for (int i = 0; i < 4; i++)
            fits |= level->syms[i] != SYM_NONE && is_sym(t, level->syms[i]);
        if (!fits) return left;
        p->at++;
        const struct ast *right = level->next(p);
        left = right ? binary(p, t->sym, left, right) : NULL;
    }
    return NULL;
}

static const struct ast *parse_power(struct parser *p)
{
    const struct ast *base = parse_post(p);
    if (!base || !take_sym(p, SYM_POWER)) return base;
    const struct ast *exponent = enter(p) ? parse_unary(p) : NULL;
    leave(p);
    return exponent ? binary(p, SYM_POWER, base, exponent) : NULL;
}

static bool is_least_int(const struct ast *e)
{
    return e->op == AST_INT && e->i == INT64_MIN && !e->is_bracketed;
}

const struct ast *parse_unary(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (!take_sym(p, SYM_SUB)) return parse_power(p);
    const struct ast *e = parse_power(p);
    if (!e) return NULL;
    if (is_least_int(e)) { /* the sign belongs to the literal */
        struct ast *least = node_new(p, AST_INT, t->from, last_end(p));
        least->i = INT64_MIN;
        return least;
    }
    struct ast *minus = node_of(p, AST_UNARY, t->from, last_end(p), 1, &e);
    if (minus) minus->text = STR("-");
    return minus;
}

static const struct ast *parse_inter(struct parser *p)
{
    static const struct level level = {{SYM_COLON}, parse_unary};
    return p->allows_product ? left_to_right(p, &level) : parse_unary(p);
}
static const struct ast *parse_mul(struct parser *p)
{
    static const struct level level = {{SYM_MUL, SYM_DIV, SYM_FLOOR_DIV, SYM_MOD}, parse_inter};
    return left_to_right(p, &level);
}
const struct ast *parse_add(struct parser *p)
{
    static const struct level level = {{SYM_ADD, SYM_SUB}, parse_mul};
    return left_to_right(p, &level);
}
static const struct ast *parse_or_null(struct parser *p)
{
    static const struct level level = {{SYM_COALESCE}, parse_add};
    return left_to_right(p, &level);
}

/* ---- ranges ---- */

static const struct ast *parse_range(struct parser *p)
{
    const struct ast *ends[2] = {NULL, NULL};
    const struct tok *first = tok_here(p);
    if (!is_sym(first, SYM_RANGE) && !is_sym(first, SYM_RANGE_HALF)) {
        ends[0] = parse_or_null(p);
        if (!ends[0]) return NULL;
    }
    const struct tok *dots = tok_here(p);
    if (!is_sym(dots, SYM_RANGE) && !is_sym(dots, SYM_RANGE_HALF)) return ends[0];
    bool is_half_open = dots->sym == SYM_RANGE_HALF;
    p->at++;
    bool has_upper = starts_expr(p, tok_here(p));
    if (has_upper || is_half_open || !ends[0]) {
        ends[1] = parse_or_null(p);
        if (!ends[1]) return NULL;
    }
    struct ast *e = node_of(p, AST_RANGE, first->from, last_end(p), 2, ends);
    if (e) e->is_half_open = is_half_open;
    if (e && (at_sym(p, SYM_RANGE) || at_sym(p, SYM_RANGE_HALF)))
        return err_tok(p, E101, tok_here(p), "a range has two ends; this is a third");
    return e;
}

/* ---- comparisons ---- */

static bool is_order(enum sym sym)
{
    return sym == SYM_LT || sym == SYM_LE || sym == SYM_GT || sym == SYM_GE;
}
static bool is_comparison(const struct tok *t)
{
    return is_sym(t, SYM_EQ) || is_sym(t, SYM_NE) || (t->kind == TOK_OP && is_order(t->sym));
}

/* `a < b < c`, at the second sign. */
static void *chained(struct parser *p, const struct ast *left, enum sym first)
{
    const struct tok *second = tok_here(p);
    uint32_t from = node_from(p, left);
    err_tok(p, E107, second, "comparisons do not chain: `%s` already stands before",
            sym_text(first));
    p->at++;
    const struct ast *right = starts_expr(p, tok_here(p)) ? parse_add(p) : NULL;
    if (!right || left->op != AST_BINARY || !is_comparison(second)) return NULL;
    struct span a = left->kids[0]->span, b = left->kids[1]->span, c = right->span;
    const char *text = p->text - p->opts->offset;
    bool is_rising =
        (first == SYM_LT || first == SYM_LE) && (second->sym == SYM_LT || second->sym == SYM_LE);
    if (is_rising && !(first == SYM_LT && second->sym == SYM_LE)) {
        const char *dots = first == SYM_LE && second->sym == SYM_LT ? "..<" : "..";
        fix_text(p, from, last_end(p), "%.*s in %.*s%s%.*s", (int)(b.to - b.from), text + b.from,
                 (int)(a.to - a.from), text + a.from, dots, (int)(c.to - c.from), text + c.from);
        if (first == SYM_LT)
            note_text(p, "a..c holds both ends; strictly between is: a < b and b < c");
        return NULL;
    }
    fix_text(p, from, last_end(p), "%.*s and %.*s %s %.*s", (int)(b.to - a.from), text + a.from,
             (int)(b.to - b.from), text + b.from, sym_text(second->sym), (int)(c.to - c.from),
             text + c.from);
    return NULL;
}

/* After `is`: only `null` has a node of its own, anything else is == or !=. */
static const struct ast *parse_is(struct parser *p, const struct ast *left)
{
    bool is_negated = take_sym(p, SYM_NOT);
    if (foreign_null(p)) return NULL;
    const struct ast *right = parse_range(p);
    if (!right) return NULL;
    if (right->op != AST_NULL || right->is_bracketed)
        return binary(p, is_negated ? SYM_NE : SYM_EQ, left, right);
    struct ast *e = node_of(p, AST_IS_NULL, node_from(p, left), last_end(p), 1, &left);
    if (e) e->is_negated = is_negated;
    return e;
}

static const struct ast *parse_in(struct parser *p, const struct ast *left)
{
    bool is_negated = take_sym(p, SYM_NOT);
    p->at++;
    const struct ast *kids[] = {left, parse_range(p)};
    if (!kids[1]) return NULL;
    struct ast *e = node_of(p, AST_IN, node_from(p, left), last_end(p), 2, kids);
    if (e) e->is_negated = is_negated;
    return e;
}

static bool at_in(const struct parser *p)
{
    return at_sym(p, SYM_IN) || (at_sym(p, SYM_NOT) && is_sym(tok_ahead(p, 1), SYM_IN));
}

static const struct ast *parse_cmp(struct parser *p)
{
    const struct ast *left = parse_range(p);
    if (!left) return NULL;
    const struct tok *t = tok_here(p);
    const struct ast *e = left;
    if (take_sym(p, SYM_IS)) {
        e = parse_is(p, left);
    } else if (at_in(p)) {
        e = parse_in(p, left);
    } else if (is_comparison(t)) {
        p->at++;
        const struct ast *right = parse_range(p);
        e = right ? binary(p, t->sym, left, right) : NULL;
    }
    if (!e || e == left) return e;
    const struct tok *next = tok_here(p);
    if (is_comparison(next) || is_sym(next, SYM_IS) || at_in(p)) return chained(p, e, t->sym);
    return e;
}

static const struct ast *parse_not(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (!take_sym(p, SYM_NOT)) return parse_cmp(p);
    const struct ast *e = enter(p) ? parse_not(p) : NULL;
    leave(p);
    if (!e) return NULL;
    struct ast *not = node_of(p, AST_UNARY, t->from, last_end(p), 1, &e);
    if (not ) not ->text = STR("not");
    return not ;
}
static const struct ast *parse_and(struct parser *p)
{
    static const struct level level = {{SYM_AND}, parse_not};
    return left_to_right(p, &level);
}
static const struct ast *parse_or(struct parser *p)
{
    static const struct level level = {{SYM_OR}, parse_and};
    return left_to_right(p, &level);
}

/* ---- formulas ---- */

static const struct ast *parse_formula(struct parser *p, const struct ast *left, uint32_t from)
{
    bool in_formula = p->in_formula, allows_product = p->allows_product;
    const struct tok *tilde = tok_here(p);
    if (in_formula)
        return err_tok(p, E401, tilde,
                       "a formula has one `~`: the target left of it, the terms right of it");
    p->at++;
    p->in_formula = p->allows_product = true;
    const struct ast *kids[] = {left, parse_or(p)};
    if (kids[1] && at_sym(p, SYM_TILDE))
        kids[1] = err_tok(p, E401, tok_here(p),
                          "a formula has one `~`: the target left of it, the terms right of it");
    p->in_formula = in_formula;
    p->allows_product = allows_product;
    return kids[1] ? node_of(p, AST_FORMULA, from, last_end(p), 2, kids) : NULL;
}

const struct ast *parse_expr(struct parser *p)
{
    const struct ast *e = NULL;
    const struct tok *first = tok_here(p);
    if (enter(p)) {
        bool has_left = !is_sym(first, SYM_TILDE);
        e = has_left ? parse_or(p) : NULL;
        if (!p->has_failed && at_sym(p, SYM_TILDE)) e = parse_formula(p, e, first->from);
    }
    leave(p);
    return e;
}

const struct ast *parse_or_pipeline(struct parser *p)
{
    const struct ast *e = parse_expr(p);
    if (!e || !at_sym(p, SYM_PIPE)) return e;
    struct list steps = {0};
    if (!parse_steps(p, &steps)) return NULL;
    struct ast *pipeline = node_new(p, AST_PIPELINE, node_from(p, e), last_end(p));
    node_kids(p, pipeline, 1, &e);
    pipeline->steps = steps.p;
    pipeline->n_steps = steps.n;
    return node_done(p, pipeline);
}

/* parse_prim.c: values: names, brackets, lists, structs, case, lambdas, calls. */
#include "lang/syntax/parse_int.h"

#include <math.h>

bool starts_expr(const struct parser *p, const struct tok *t)
{
    if (is_literal(t)) return true;
    switch (t->kind) {
    case TOK_NAME:
    case TOK_QUOTED_NAME:
    case TOK_VAR: return true;
    case TOK_KEYWORD: return t->sym == SYM_NOT || t->sym == SYM_CASE || t->sym == SYM_IF;
    case TOK_OP: break;
    default: return false;
    }
    if (t->sym == SYM_LBRACE) return !t->opens_block;
    return t->sym == SYM_SUB || t->sym == SYM_LPAREN || t->sym == SYM_LBRACKET ||
           t->sym == SYM_TILDE || (t->sym == SYM_DOT && p->in_formula);
}

static bool is_word(const struct tok *t)
{
    return t->kind == TOK_NAME || t->kind == TOK_KEYWORD;
}

bool at_option(const struct parser *p)
{
    const struct tok *t = tok_here(p);
    return (is_word(t) || t->kind == TOK_QUOTED_NAME) && is_sym(tok_ahead(p, 1), SYM_COLON);
}

struct str take_option_name(struct parser *p)
{
    struct str name = read_name(p, tok_here(p));
    p->at += 2;
    return name;
}

/* Inside brackets no `:` is a product, save in plain round ones. */
struct inside {
    bool in_formula, allows_product;
};
static struct inside go_inside(struct parser *p)
{
    struct inside outer = {p->in_formula, p->allows_product};
    p->allows_product = false;
    return outer;
}
static void go_outside(struct parser *p, struct inside outer)
{
    p->in_formula = outer.in_formula;
    p->allows_product = outer.allows_product;
}

/* ---- ( ), [ ], { } ---- */

static const struct ast *parse_brackets(struct parser *p)
{
    uint32_t from = tok_here(p)->from;
    p->at++;
    const struct ast *e = parse_or_pipeline(p);
    if (!e) return NULL;
    if (!take_sym(p, SYM_RPAREN)) return unexpected(p, "`)`");
    /* a node of its own, so that the one inside keeps its place */
    struct ast *copy = node_new(p, e->op, from, last_end(p));
    struct span span = copy->span;
    *copy = *e;
    copy->span = span;
    copy->is_bracketed = true;
    return node_done(p, copy);
}

static const struct ast *parse_list(struct parser *p)
{
    uint32_t from = tok_here(p)->from;
    struct list kids = {0};
    struct inside outer = go_inside(p);
    const struct ast *e = NULL;
    p->at++;
    while (!at_sym(p, SYM_RBRACKET)) {
        const struct ast *kid = parse_expr(p);
        if (!kid) goto out;
        *LIST_ADD(p, &kids, const struct ast *) = kid;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    if (take_sym(p, SYM_RBRACKET))
        e = node_of(p, AST_LIST, from, last_end(p), kids.n, (const struct ast *const *)kids.p);
    else
        unexpected(p, "`,` or `]`");
out:
    go_outside(p, outer);
    return e;
}

/* The key of a struct: a name, or a text that may be any name. */
static bool parse_key(struct parser *p, struct str *out)
{
    const struct tok *t = tok_here(p);
    if (t->kind == TOK_STR) {
        const struct ast *key = parse_literal(p);
        if (!key) return false;
        *out = key->text;
    } else if (is_word(t) || t->kind == TOK_QUOTED_NAME) {
        *out = read_name(p, t);
        p->at++;
    } else {
        unexpected(p, "the name of a field");
        return false;
    }
    if (take_sym(p, SYM_COLON)) return true;
    unexpected(p, "`:` and the field's value");
    return false;
}

static const struct ast *parse_struct(struct parser *p)
{
    uint32_t from = tok_here(p)->from;
    struct list kids = {0}, names = {0};
    struct inside outer = go_inside(p);
    struct ast *e = NULL;
    p->at++;
    while (!at_sym(p, SYM_RBRACE)) {
        struct str name;
        if (!parse_key(p, &name)) goto out;
        const struct ast *kid = parse_expr(p);
        if (!kid) goto out;
        *LIST_ADD(p, &kids, const struct ast *) = kid;
        *LIST_ADD(p, &names, struct str) = name;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    if (!take_sym(p, SYM_RBRACE)) {
        unexpected(p, "`,` or `}`");
        goto out;
    }
    e = node_of(p, AST_STRUCT, from, last_end(p), kids.n, (const struct ast *const *)kids.p);
    if (e) {
        e->names = names.p;
        e->n_names = names.n;
    }
out:
    go_outside(p, outer);
    return e;
}

/* ---- case ---- */

static bool parse_arm(struct parser *p, struct list *kids, bool *is_else)
{
    *is_else = take_sym(p, SYM_ELSE);
    if (!*is_else) {
        const struct ast *condition = parse_expr(p);
        if (!condition) return false;
        *LIST_ADD(p, kids, const struct ast *) = condition;
    }
    if (!take_sym(p, SYM_ARM)) {
        unexpected(p, "`=>` and a value");
        return false;
    }
    const struct ast *value = parse_expr(p);
    if (value) *LIST_ADD(p, kids, const struct ast *) = value;
    return value != NULL;
}

static const struct ast *parse_case(struct parser *p)
{
    const struct tok *word = tok_here(p);
    struct list kids = {0};
    struct inside outer = go_inside(p);
    const struct ast *e = NULL;
    bool is_else = false;
    p->at++;
    if (!take_sym(p, SYM_LBRACE)) {
        unexpected(p, "`{` and arms: case { x > 0 => 1, else => 0 }");
        goto out;
    }
    while (!at_sym(p, SYM_RBRACE)) {
        if (is_else) {
            err_tok(p, E101, tok_here(p), "`else` is the last arm of a case");
            goto out;
        }
        if (!parse_arm(p, &kids, &is_else)) goto out;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    if (!take_sym(p, SYM_RBRACE))
        unexpected(p, "`,` or `}`");
    else if (kids.n == 0)
        err_at(p, E101, word->from, last_end(p), "a case has at least one arm");
    else
        e = node_of(p, AST_CASE, word->from, last_end(p), kids.n,
                    (const struct ast *const *)kids.p);
out:
    go_outside(p, outer);
    return e;
}

/* ---- lambdas ---- */

static bool is_name(const struct tok *t)
{
    return (t->kind == TOK_NAME || t->kind == TOK_QUOTED_NAME) && t->fault == LEX_OK;
}

/* NAME -> or (NAME, NAME) -> */
static bool at_lambda(const struct parser *p)
{
    if (is_name(tok_here(p))) return is_sym(tok_ahead(p, 1), SYM_ARROW);
    if (!at_sym(p, SYM_LPAREN)) return false;
    int k = 1;
    while (is_name(tok_ahead(p, k)) && is_sym(tok_ahead(p, k + 1), SYM_COMMA))
        k += 2;
    if (is_name(tok_ahead(p, k))) k++;
    return k > 1 && is_sym(tok_ahead(p, k), SYM_RPAREN) && is_sym(tok_ahead(p, k + 1), SYM_ARROW);
}

static const struct ast *parse_lambda(struct parser *p)
{
    uint32_t from = tok_here(p)->from;
    struct list names = {0};
    struct inside outer = go_inside(p);
    for (; !at_sym(p, SYM_ARROW); p->at++)
        if (is_name(tok_here(p))) *LIST_ADD(p, &names, struct str) = read_name(p, tok_here(p));
    p->at++;
    const struct ast *body = parse_expr(p);
    go_outside(p, outer);
    if (!body) return NULL;
    struct ast *e = node_of(p, AST_LAMBDA, from, last_end(p), 1, &body);
    if (!e) return NULL;
    e->names = names.p;
    e->n_names = names.n;
    return e;
}

/* ---- names and what stands alone ---- */

/* Python's words, which papermill writes: outside steps only, since a column may be called so. */
static const struct ast *python_word(struct parser *p, const struct tok *t)
{
    struct str s = tok_text(p, t);
    if (p->in_step > 0 || t->kind != TOK_NAME) return NULL;
    struct ast *e = NULL;
    if (str_eqz(s, "True") || str_eqz(s, "False")) {
        e = node_new(p, AST_BOOL, t->from, t->to);
        e->i = s.p[0] == 'T';
    } else if (str_eqz(s, "None")) {
        e = node_new(p, AST_NULL, t->from, t->to);
    } else if (str_eqz(s, "float") && is_sym(tok_ahead(p, 1), SYM_LPAREN) &&
               tok_ahead(p, 2)->kind == TOK_STR && is_sym(tok_ahead(p, 3), SYM_RPAREN)) {
        struct str inner = tok_text(p, tok_ahead(p, 2));
        inner = (struct str){inner.p + 1, inner.n - 2};
        bool is_inf = str_eqz(inner, "inf"), is_minus = str_eqz(inner, "-inf");
        if (!is_inf && !is_minus && !str_eqz(inner, "nan")) return NULL;
        e = node_new(p, is_inf || is_minus ? AST_NUM : AST_NULL, t->from, tok_ahead(p, 3)->to);
        e->f = is_inf ? (double)INFINITY : is_minus ? -(double)INFINITY : 0;
        p->at += 3;
    }
    if (e) p->at++;
    return e;
}

static const struct ast *parse_name(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (t->fault != LEX_OK) return bad_tok(p, t);
    const struct ast *word = python_word(p, t);
    if (word) return word;
    struct ast *e = node_new(p, t->kind == TOK_VAR ? AST_VAR : AST_NAME, t->from, t->to);
    e->text = read_name(p, t);
    e->is_quoted = t->kind == TOK_QUOTED_NAME;
    p->at++;
    return e;
}

static const struct ast *parse_dot(struct parser *p)
{
    const struct tok *t = tok_here(p);
    p->at++;
    return node_new(p, AST_DOT, t->from, t->to);
}

/* `if` as a function: the call follows. */
static const struct ast *parse_if_word(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (!is_sym(tok_ahead(p, 1), SYM_LPAREN)) {
        if (!foreign_braces(p))
            err_tok(p, E101, t, "in an expression `if` is a function: if(condition, then, else)");
        return NULL;
    }
    struct ast *e = node_new(p, AST_NAME, t->from, t->to);
    e->text = STR("if");
    p->at++;
    return e;
}

static const struct ast *parse_prim(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (is_literal(t)) return parse_literal(p);
    if (at_lambda(p)) return parse_lambda(p);
    if (t->kind == TOK_NAME || t->kind == TOK_QUOTED_NAME || t->kind == TOK_VAR)
        return foreign_operand(p) ? NULL : parse_name(p);
    if (is_sym(t, SYM_LPAREN)) return parse_brackets(p);
    if (is_sym(t, SYM_LBRACKET)) return parse_list(p);
    if (is_sym(t, SYM_LBRACE) && !t->opens_block) return parse_struct(p);
    if (is_sym(t, SYM_CASE)) return foreign_operand(p) ? NULL : parse_case(p);
    if (is_sym(t, SYM_IF)) return parse_if_word(p);
    if (is_sym(t, SYM_DOT) && p->in_formula) return parse_dot(p);
    return no_value(p);
}

/* ---- what may follow a value: ( ) . [ ] ---- */

static bool parse_arg(struct parser *p, struct list *kids, struct list *names)
{
    struct str name = STR("");
    if (at_option(p)) name = take_option_name(p);
    const struct ast *e = parse_or_pipeline(p);
    if (!e) return false;
    *LIST_ADD(p, kids, const struct ast *) = e;
    *LIST_ADD(p, names, struct str) = name;
    return true;
}

static const struct ast *parse_call(struct parser *p, const struct ast *callee)
{
    struct list kids = {0}, names = {0};
    struct inside outer = go_inside(p);
    struct ast *e = NULL;
    bool is_named = callee->op == AST_NAME && !callee->is_bracketed;
    p->at++;
    if (!is_named) {
        *LIST_ADD(p, &kids, const struct ast *) = callee;
        *LIST_ADD(p, &names, struct str) = STR("");
    }
    while (!at_sym(p, SYM_RPAREN)) {
        if (!parse_arg(p, &kids, &names)) goto out;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    if (!take_sym(p, SYM_RPAREN)) {
        unexpected(p, "`,` or `)`");
        goto out;
    }
    e = node_of(p, is_named ? AST_CALL : AST_CALL_VALUE, node_from(p, callee), last_end(p), kids.n,
                (const struct ast *const *)kids.p);
    if (!e) goto out;
    e->names = names.p;
    e->n_names = names.n;
    if (is_named) {
        e->text = callee->text;
        e->is_quoted = callee->is_quoted;
    }
out:
    go_outside(p, outer);
    return e;
}

static const struct ast *parse_field(struct parser *p, const struct ast *e)
{
    p->at++;
    const struct tok *t = tok_here(p);
    if (t->kind != TOK_NAME && t->kind != TOK_QUOTED_NAME) return unexpected(p, "a field's name");
    if (t->fault != LEX_OK) return bad_tok(p, t);
    struct ast *field = node_of(p, AST_FIELD, node_from(p, e), t->to, 1, &e);
    if (field) {
        field->text = read_name(p, t);
        field->is_quoted = t->kind == TOK_QUOTED_NAME;
    }
    p->at++;
    return field;
}

static const struct ast *parse_index(struct parser *p, const struct ast *e)
{
    struct inside outer = go_inside(p);
    p->at++;
    const struct ast *kids[] = {e, parse_expr(p)};
    go_outside(p, outer);
    if (!kids[1]) return NULL;
    if (!take_sym(p, SYM_RBRACKET)) return unexpected(p, "`]`");
    return node_of(p, AST_INDEX, node_from(p, e), last_end(p), 2, kids);
}

static bool can_be_called(const struct ast *e)
{
    return e->is_bracketed || e->op == AST_NAME || e->op == AST_VAR || e->op == AST_FIELD ||
           e->op == AST_CALL || e->op == AST_CALL_VALUE || e->op == AST_INDEX;
}

const struct ast *parse_post(struct parser *p)
{
    const struct ast *e = parse_prim(p);
    while (e) {
        const struct tok *t = tok_here(p);
        if (is_sym(t, SYM_LPAREN) && can_be_called(e)) {
            if (foreign_method(p, e)) return NULL;
            e = parse_call(p, e);
        } else if (is_sym(t, SYM_DOT) && !(p->in_formula && t->blank)) {
            e = parse_field(p, e);
        } else if (is_sym(t, SYM_LBRACKET) && e->op != AST_INT && e->op != AST_NUM) {
            e = parse_index(p, e);
        } else {
            return e;
        }
    }
    return NULL;
}

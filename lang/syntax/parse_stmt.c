/* parse_stmt.c: statements and blocks. */
#include "lang/syntax/parse_int.h"

static bool is_name(const struct tok *t)
{
    return (t->kind == TOK_NAME || t->kind == TOK_QUOTED_NAME) && t->fault == LEX_OK;
}

static bool take_name(struct parser *p, struct str *out, const char *what)
{
    const struct tok *t = tok_here(p);
    if (!is_name(t)) {
        if (t->kind == TOK_KEYWORD)
            no_value(p);
        else
            unexpected(p, what);
        return false;
    }
    *out = read_name(p, t);
    p->at++;
    return true;
}

static const struct ast *done(struct parser *p, struct ast *e)
{
    e->span.to = span_of(p, 0, last_end(p)).to;
    return node_done(p, e);
}

/* Sets the kids of a statement; NULL when the one that matters is missing. */
static const struct ast *done_kids(struct parser *p, struct ast *e, int n,
                                   const struct ast *const *kids)
{
    node_kids(p, e, n, kids);
    return done(p, e);
}

const struct ast *parse_block(struct parser *p)
{
    const struct tok *open = tok_here(p);
    if (open->kind == TOK_END && p->toks[p->at].sym == SYM_LBRACE) {
        open = &p->toks[p->at++];
        err_tok(p, E101, open,
                "the `{` of a block stands on the line before, behind what it belongs to");
        fix_text(p, p->toks[p->at - 2].to, open->to, " {");
        return NULL;
    }
    if (!is_sym(open, SYM_LBRACE)) return unexpected(p, "`{` and a block");
    int start = p->start, in_step = p->in_step;
    const struct ast *block = NULL;
    p->at++;
    p->in_step = 0;
    if (enter(p)) {
        block = parse_program(p, true);
        p->start = start;
        bool is_closed = p->toks[p->at].kind == TOK_OP && p->toks[p->at].sym == SYM_RBRACE;
        if (is_closed) p->at++;
        if (!is_closed && !p->has_failed) {
            err_tok(p, E102, open, "this block is not closed: `}` is missing");
            block = NULL;
        }
        if (block) block = done(p, (struct ast *)(uintptr_t)block);
        if (block) ((struct ast *)(uintptr_t)block)->span.from = span_of(p, open->from, 0).from;
    }
    leave(p);
    p->in_step = in_step;
    /* has_failed: a statement inside has its error, and this one goes down with it */
    return p->has_failed ? NULL : block;
}

/* ---- fn, param, for, if, run, use, include ---- */

static bool parse_params(struct parser *p, struct ast *fn)
{
    struct list names = {0}, defaults = {0};
    while (!at_sym(p, SYM_RPAREN)) {
        struct str name;
        if (!take_name(p, &name, "the name of a parameter")) return false;
        const struct ast *value = NULL;
        if (at_sym(p, SYM_SET)) {
            err_tok(p, E110, tok_here(p), "a parameter's default is written with a colon: `%.*s:`",
                    STR_FMT(name));
            fix_text(p, last_end(p), tok_here(p)->to, tok_ahead(p, 1)->blank ? ":" : ": ");
            return false;
        }
        if (take_sym(p, SYM_COLON) && !(value = parse_expr(p))) return false;
        *LIST_ADD(p, &names, struct str) = name;
        *LIST_ADD(p, &defaults, const struct ast *) = value;
        if (!take_sym(p, SYM_COMMA)) break;
    }
    if (!take_sym(p, SYM_RPAREN)) {
        unexpected(p, "`,` or `)`");
        return false;
    }
    fn->names = names.p;
    fn->n_names = names.n;
    fn->defaults = defaults.p;
    return true;
}

static const struct ast *parse_fn(struct parser *p, struct ast *e)
{
    if (!take_name(p, &e->text, "the name of the function")) return NULL;
    if (!take_sym(p, SYM_LPAREN)) return unexpected(p, "`(` and the parameters: fn f(x) = x + 1");
    if (!parse_params(p, e)) return NULL;
    if (at_sym(p, SYM_LBRACE)) {
        err_tok(p, E101, tok_here(p), "a function's body stands behind `=`");
        fix_text(p, tok_here(p)->from, tok_here(p)->from, "= ");
        return NULL;
    }
    if (!take_sym(p, SYM_SET)) return unexpected(p, "`=` and the function's body");
    bool is_block = at_sym(p, SYM_LBRACE) && tok_here(p)->opens_block;
    const struct ast *body = is_block ? parse_block(p) : parse_or_pipeline(p);
    return body ? done_kids(p, e, 1, &body) : NULL;
}

/* [ "," args ]: options of param and run. */
static bool parse_options(struct parser *p, struct ast *e)
{
    struct list items = {0};
    if (!take_sym(p, SYM_COMMA)) return true;
    if (!parse_items(p, &items, false)) return false;
    e->options = items.p;
    e->n_options = items.n;
    return true;
}

static const struct ast *parse_param(struct parser *p, struct ast *e)
{
    if (!take_name(p, &e->text, "the name of the parameter")) return NULL;
    if (!take_sym(p, SYM_SET)) return unexpected(p, "`=` and the parameter's value");
    const struct ast *kids[] = {parse_add(p), NULL};
    if (!kids[0]) return NULL;
    if (take_sym(p, SYM_IN) && !(kids[1] = parse_expr(p))) return NULL;
    return parse_options(p, e) ? done_kids(p, e, 2, kids) : NULL;
}

/* for (x in xs) { .. } */
static void *bracketed_head(struct parser *p, const struct tok *open)
{
    int i = p->at + 1, depth = 1;
    for (; i < p->n_toks - 1 && depth > 0; i++) {
        if (is_sym(&p->toks[i], SYM_LPAREN)) depth++;
        if (is_sym(&p->toks[i], SYM_RPAREN)) depth--;
    }
    err_tok(p, E101, open, "a loop's head has no brackets: for x in xs { .. }");
    if (depth == 0)
        fix_text(p, open->from, p->toks[i - 1].to, "%.*s",
                 STR_FMT(text_between(p, p->at + 1, i - 1)));
    return NULL;
}

static const struct ast *parse_for(struct parser *p, struct ast *e)
{
    if (at_sym(p, SYM_LPAREN)) return bracketed_head(p, tok_here(p));
    if (!take_name(p, &e->text, "the name of the loop's variable")) return NULL;
    if (!take_sym(p, SYM_IN)) return unexpected(p, "`in` and a list or range");
    const struct ast *kids[] = {parse_expr(p), NULL};
    if (!kids[0]) return NULL;
    kids[1] = parse_block(p);
    return kids[1] ? done_kids(p, e, 2, kids) : NULL;
}

/* Both blocks are read even when the first has errors of its own. */
static const struct ast *parse_if(struct parser *p, struct ast *e)
{
    const struct ast *kids[] = {parse_expr(p), NULL, NULL};
    if (!kids[0]) return NULL;
    kids[1] = parse_block(p);
    bool has_failed = !kids[1];
    if (has_failed && !at_sym(p, SYM_ELSE)) return NULL;
    if (take_sym(p, SYM_ELSE)) {
        const struct tok *word = tok_here(p);
        if (take_sym(p, SYM_IF)) {
            kids[2] = enter(p) ? parse_if(p, node_new(p, AST_IF, word->from, word->to)) : NULL;
            leave(p);
        } else {
            kids[2] = parse_block(p);
        }
        has_failed |= !kids[2];
    }
    p->has_failed |= has_failed;
    return has_failed ? NULL : done_kids(p, e, 3, kids);
}

static const struct ast *parse_run(struct parser *p, struct ast *e)
{
    const struct ast *kids[] = {parse_expr(p), NULL};
    if (!kids[0] || !parse_options(p, e)) return NULL;
    kids[1] = parse_block(p);
    return kids[1] ? done_kids(p, e, 2, kids) : NULL;
}

static const struct ast *parse_use(struct parser *p, struct ast *e)
{
    const struct ast *kid = parse_expr(p);
    return kid ? done_kids(p, e, 1, &kid) : NULL;
}

static const struct ast *parse_include(struct parser *p, struct ast *e)
{
    const struct tok *t = tok_here(p);
    if (t->kind != TOK_STR) return unexpected(p, "the file's path as plain text");
    const struct ast *path = parse_literal(p);
    if (!path) return NULL;
    e->text = path->text;
    return done(p, e);
}

static const struct {
    const char *word;
    enum ast_op op;
    const struct ast *(*parse)(struct parser *p, struct ast *e);
} words[] = {
    {"fn", AST_FN, parse_fn},          {"for", AST_FOR, parse_for},
    {"param", AST_PARAM, parse_param}, {"run", AST_RUN, parse_run},
    {"use", AST_USE, parse_use},       {"include", AST_INCLUDE, parse_include},
};

/* These are words only with a name, string, `(`, `[` or `$` after a blank. */
static bool begins_word_statement(const struct tok *next)
{
    if (!next->blank) return false;
    return next->kind == TOK_NAME || next->kind == TOK_QUOTED_NAME || next->kind == TOK_STR ||
           next->kind == TOK_FSTR || next->kind == TOK_VAR || is_sym(next, SYM_LPAREN) ||
           is_sym(next, SYM_LBRACKET);
}

/* `if (..)` with a comma of its own is the function. */
static bool is_if_function(const struct parser *p)
{
    if (!is_sym(tok_ahead(p, 1), SYM_LPAREN)) return false;
    int depth = 0;
    for (int i = p->at + 1; i < p->n_toks - 1; i++) {
        const struct tok *t = &p->toks[i];
        if (t->kind != TOK_OP) continue;
        if (t->sym == SYM_LPAREN || t->sym == SYM_LBRACKET || t->sym == SYM_LBRACE) depth++;
        if (t->sym == SYM_COMMA && depth == 1) return true;
        if (t->sym == SYM_RPAREN || t->sym == SYM_RBRACKET || t->sym == SYM_RBRACE) depth--;
        if (depth <= 0) return false;
    }
    return false;
}

static bool parse_word_statement(struct parser *p, const struct ast **out)
{
    const struct tok *t = tok_here(p);
    if (is_sym(t, SYM_IF) && !is_if_function(p)) {
        p->at++;
        *out = parse_if(p, node_new(p, AST_IF, t->from, t->to));
        return true;
    }
    if (t->kind != TOK_NAME || !begins_word_statement(tok_ahead(p, 1))) return false;
    struct str word = tok_text(p, t);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!str_eqz(word, words[i].word)) continue;
        p->at++;
        *out = words[i].parse(p, node_new(p, words[i].op, t->from, t->to));
        return true;
    }
    return false;
}

/* ---- commands ---- */

static const struct ast *parse_command(struct parser *p)
{
    const struct tok *t = tok_here(p);
    struct str s = tok_text(p, t);
    enum ast_op op = s.p[0] == '!' ? AST_SHELL : s.p[0] == '?' ? AST_HELP : AST_COMMAND;
    struct ast *e = node_new(p, op, t->from, t->to);
    e->text = op == AST_COMMAND ? s : str_trim((struct str){s.p + 1, s.n - 1});
    p->at++;
    return e;
}

/* name? */
static const struct ast *parse_help(struct parser *p)
{
    const struct tok *t = tok_here(p);
    struct ast *e = node_new(p, AST_HELP, t->from, tok_ahead(p, 1)->to);
    e->text = tok_text(p, t);
    p->at += 2;
    return e;
}

static bool is_help(const struct parser *p)
{
    const struct tok *t = tok_here(p), *next = tok_ahead(p, 1);
    return (t->kind == TOK_NAME || t->kind == TOK_KEYWORD) && is_sym(next, SYM_QUESTION) &&
           !next->blank && tok_ahead(p, 2)->kind == TOK_END;
}

/* ---- assignments, steps that stand alone, values ---- */

/* a, b = */
static int count_targets(const struct parser *p)
{
    int k = 0, n = 1;
    while (is_name(tok_ahead(p, k)) && is_sym(tok_ahead(p, k + 1), SYM_COMMA)) {
        k += 2;
        n++;
    }
    return is_name(tok_ahead(p, k)) && is_sym(tok_ahead(p, k + 1), SYM_SET) ? n : 0;
}

static const struct ast *parse_assign(struct parser *p, int n)
{
    struct ast *e = node_new(p, AST_ASSIGN, tok_here(p)->from, 0);
    e->names = ARENA_ARRAY(p->a, struct str, n);
    e->n_names = n;
    for (int i = 0; i < n; i++) {
        e->names[i] = read_name(p, tok_here(p));
        p->at += 2;
    }
    const struct ast *kid = parse_or_pipeline(p);
    return kid ? done_kids(p, e, 1, &kid) : NULL;
}

/* NAME straight before a name, literal or $, or the verb sort. */
static bool is_lone_step(const struct parser *p)
{
    const struct tok *t = tok_here(p), *next = tok_ahead(p, 1);
    if (is_sym(t, SYM_SORT)) return true;
    if (t->kind != TOK_NAME || t->fault != LEX_OK) return false;
    if (next->kind == TOK_KEYWORD && is_sym(tok_ahead(p, 2), SYM_COLON)) return true;
    return next->kind == TOK_NAME || next->kind == TOK_QUOTED_NAME || next->kind == TOK_VAR ||
           is_literal(next);
}

static const struct ast *parse_lone_step(struct parser *p, enum ast_op op)
{
    struct list steps = {0};
    struct ast *e = node_new(p, op, tok_here(p)->from, 0);
    if (op == AST_STEP && !parse_step(p, &steps)) return NULL;
    if (!parse_steps(p, &steps)) return NULL;
    e->steps = steps.p;
    e->n_steps = steps.n;
    return done(p, e);
}

/* A line of the console that begins with |> goes on from the last value. */
static const struct ast *parse_continue(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (p->opts->console) return parse_lone_step(p, AST_CONTINUE);
    err_tok(p, E108, t,
            "a statement cannot begin with `|>`: only the console goes on from the last value");
    if (!p->is_trial) fix_text(p, t->from, t->from, "_ ");
    return NULL;
}

const struct ast *parse_statement(struct parser *p)
{
    const struct tok *t = tok_here(p);
    const struct ast *e = NULL;
    if (t->kind == TOK_COMMAND) return parse_command(p);
    if (is_sym(t, SYM_PIPE)) return parse_continue(p);
    int n = count_targets(p);
    if (n > 0) return parse_assign(p, n);
    if (is_help(p)) return parse_help(p);
    if (foreign_statement(p)) return NULL;
    if (parse_word_statement(p, &e)) return e;
    if (is_lone_step(p)) return parse_lone_step(p, AST_STEP);
    const struct ast *kid = parse_or_pipeline(p);
    if (!kid) return NULL;
    e = node_of(p, AST_SHOW, node_from(p, kid), last_end(p), 1, &kid);
    return e;
}

/* parse_foreign.c: signs of pandas, R, SQL and C that people's hands type. They are no part of the
 * grammar; each gives an error that says our way, with the statement mended. */
#include "lang/diag.h"
#include "lang/syntax/parse_int.h"

/* ---- places ---- */

bool word_is(const struct parser *p, const struct tok *t, const char *word)
{
    return (t->kind == TOK_NAME || t->kind == TOK_KEYWORD) &&
           str_eq_nocase(tok_text(p, t), str_of(word));
}

struct str text_between(const struct parser *p, int from, int to)
{
    if (to <= from) return STR("");
    return (struct str){p->text + p->toks[from].from, p->toks[to - 1].to - p->toks[from].from};
}

static bool is_opener(const struct tok *t)
{
    return is_sym(t, SYM_LPAREN) || is_sym(t, SYM_LBRACKET) || is_sym(t, SYM_LBRACE);
}
static bool is_closer(const struct tok *t)
{
    return is_sym(t, SYM_RPAREN) || is_sym(t, SYM_RBRACKET) || is_sym(t, SYM_RBRACE);
}
static bool is_clause_word(const struct tok *t)
{
    return is_sym(t, SYM_BY) || is_sym(t, SYM_SORT) || is_sym(t, SYM_ON);
}

int item_start(const struct parser *p)
{
    int depth = 0;
    for (int i = p->at - 1; i >= p->start; i--) {
        const struct tok *t = &p->toks[i];
        if (is_closer(t)) depth++;
        if (depth == 0 && (is_opener(t) || is_sym(t, SYM_COMMA) || is_clause_word(t) ||
                           is_sym(t, SYM_SET) || is_sym(t, SYM_COLON)))
            return i + 1;
        if (depth == 0 && is_sym(t, SYM_PIPE)) return i + 2;
        if (is_opener(t)) depth--;
    }
    return p->start;
}

int item_end(const struct parser *p, int at)
{
    int depth = 0;
    for (; at < p->n_toks - 1; at++) {
        const struct tok *t = &p->toks[at];
        if (t->ends && at > p->start) break;
        if (depth == 0 && (is_closer(t) || is_sym(t, SYM_COMMA) || is_sym(t, SYM_PIPE) ||
                           is_sym(t, SYM_SEMICOLON) || is_clause_word(t) || t->opens_block))
            break;
        if (is_opener(t)) depth++;
        if (is_closer(t)) depth--;
    }
    return at;
}

static int statement_end(const struct parser *p, int at)
{
    while (at < p->n_toks - 1 && !(p->toks[at].ends && at > p->start) &&
           !is_sym(&p->toks[at], SYM_SEMICOLON))
        at++;
    return at;
}

/* ---- operators ---- */

static const struct {
    enum sym theirs;
    const char *ours;
} operators[] = {
    {SYM_F_AND, "and"}, {SYM_F_AND_AND, "and"},  {SYM_F_OR_OR, "or"},     {SYM_F_POWER, "^"},
    {SYM_F_NE, "!="},   {SYM_F_STRICT_EQ, "=="}, {SYM_F_STRICT_NE, "!="}, {SYM_F_R_PIPE, "|>"},
    {SYM_F_R_IN, "in"}, {SYM_F_R_DIV, "//"},     {SYM_F_R_MOD, "%"},      {SYM_F_WALRUS, "="},
};

static bool say_written(struct parser *p, const struct tok *t, const char *ours)
{
    err_tok(p, E106, t, "`%.*s` is written `%s` here", STR_FMT(tok_text(p, t)), ours);
    fix_text(p, t->from, t->to, "%s%s%s", t->blank || p->text[t->from] == '=' ? "" : " ", ours,
             tok_ahead(p, 1)->blank ? "" : " ");
    return true;
}

/* `|` is "or" to pandas and R hands, and the pipe to others: a step follows it then. */
static bool foreign_bar(struct parser *p, const struct tok *t)
{
    const struct tok *verb = tok_ahead(p, 1), *next = tok_ahead(p, 2);
    bool is_pipe = verb->kind == TOK_NAME && next->kind != TOK_END && next->blank &&
                   (next->kind == TOK_NAME || next->kind == TOK_QUOTED_NAME || is_literal(next) ||
                    is_sym(next, SYM_SUB));
    return say_written(p, t, is_pipe ? "|>" : "or");
}

static bool foreign_set_operator(struct parser *p, const struct tok *t)
{
    static const char *const ours[] = {
        [SYM_F_ADD_SET] = "+",   [SYM_F_SUB_SET] = "-", [SYM_F_MUL_SET] = "*",
        [SYM_F_DIV_SET] = "/",   [SYM_F_MOD_SET] = "%", [SYM_F_POWER_SET] = "^",
        [SYM_F_FLOOR_SET] = "//"};
    if (t->sym >= sizeof ours / sizeof ours[0] || !ours[t->sym]) return false;
    struct str left = text_between(p, item_start(p), p->at);
    int end = statement_end(p, p->at);
    struct str right = text_between(p, p->at + 1, end);
    bool is_one = end - p->at == 2 || t->sym == SYM_F_ADD_SET;
    err_tok(p, E106, t, "there is no `%.*s`: write the name on both sides of `=`",
            STR_FMT(tok_text(p, t)));
    if (right.n > 0)
        fix_text(p, t->from, p->toks[end - 1].to, "= %.*s %s %s%.*s%s", STR_FMT(left), ours[t->sym],
                 is_one ? "" : "(", STR_FMT(right), is_one ? "" : ")");
    return true;
}

/* x::int is int(x) */
static bool foreign_cast(struct parser *p, const struct tok *t)
{
    const struct tok *type = tok_ahead(p, 1);
    int from = item_start(p);
    if (type->kind != TOK_NAME) return false;
    struct str name = tok_text(p, type), x = text_between(p, from, p->at);
    err_tok(p, E106, t, "a cast is a function: int(x), num(x), str(x), date(x)");
    fix_text(p, p->toks[from].from, type->to, "%.*s(%.*s)", STR_FMT(name), STR_FMT(x));
    return true;
}

/* c ? a : b */
static bool foreign_ternary(struct parser *p, const struct tok *t)
{
    int from = item_start(p), end = item_end(p, p->at), colon = p->at + 1;
    while (colon < end && !is_sym(&p->toks[colon], SYM_COLON))
        colon++;
    err_tok(p, E106, t, "a choice is the function if(condition, then, else)");
    if (colon < end)
        fix_text(p, p->toks[from].from, p->toks[end - 1].to, "if(%.*s, %.*s, %.*s)",
                 STR_FMT(text_between(p, from, p->at)), STR_FMT(text_between(p, p->at + 1, colon)),
                 STR_FMT(text_between(p, colon + 1, end)));
    return true;
}

static bool foreign_operator(struct parser *p, const struct tok *t)
{
    if (t->kind != TOK_OP || !sym_is_foreign(t->sym)) return false;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (operators[i].theirs == t->sym) return say_written(p, t, operators[i].ours);
    if (t->sym == SYM_F_OR) return foreign_bar(p, t);
    if (t->sym == SYM_F_CAST) return foreign_cast(p, t);
    if (t->sym == SYM_QUESTION) return foreign_ternary(p, t);
    if (t->sym == SYM_F_BACKSLASH) {
        err_tok(p, E106, t,
                "a line needs no `\\` to go on: it goes on after a comma, an operator or inside "
                "brackets");
        fix_text(p, t->from, t->to, "%s", "");
        return true;
    }
    return foreign_set_operator(p, t);
}

/* ---- `=` and `:` behind a value ---- */

static const struct tok *enclosing(const struct parser *p)
{
    int depth = 0;
    for (int i = p->at - 1; i >= p->start; i--) {
        if (is_closer(&p->toks[i])) depth++;
        if (is_opener(&p->toks[i]) && depth-- == 0) return &p->toks[i];
    }
    return NULL;
}

static bool is_call_bracket(const struct parser *p, const struct tok *open)
{
    if (!open || open->sym != SYM_LPAREN || open == p->toks) return false;
    const struct tok *callee = open - 1;
    return !open->blank && (callee->kind == TOK_NAME || callee->kind == TOK_QUOTED_NAME ||
                            callee->kind == TOK_VAR || is_sym(callee, SYM_IF));
}

/* t["col"] = x, t.col = x */
static bool foreign_column_set(struct parser *p, const struct tok *t)
{
    const struct tok *frame = &p->toks[p->start], *after = &p->toks[p->start + 1];
    if (enclosing(p) || frame->kind != TOK_NAME || p->in_step > 0) return false;
    bool is_field = p->at == p->start + 3 && is_sym(after, SYM_DOT);
    bool is_index = is_sym(after, SYM_LBRACKET) && is_sym(&p->toks[p->at - 1], SYM_RBRACKET);
    if (!is_field && !is_index) return false;
    const struct tok *column = &p->toks[p->start + 2];
    struct str name = tok_text(p, column), frame_name = tok_text(p, frame);
    int end = statement_end(p, p->at);
    err_tok(p, E106, t, "nothing is changed in place: a step makes a new frame with the column");
    if (is_index && (column->kind != TOK_STR || p->at != p->start + 4)) return true;
    if (is_index) name = (struct str){name.p + 1, name.n - 2};
    const char *quote = is_bare_name(name) ? "" : "`";
    struct str value = text_between(p, p->at + 1, end);
    if (value.n > 0)
        fix_text(p, frame->from, p->toks[end - 1].to, "%.*s = %.*s |> derive %s%.*s%s = %.*s",
                 STR_FMT(frame_name), STR_FMT(frame_name), quote, STR_FMT(name), quote,
                 STR_FMT(value));
    return true;
}

static bool foreign_set(struct parser *p, const struct tok *t)
{
    const struct tok *before = &p->toks[p->at - 1];
    if (is_call_bracket(p, enclosing(p)) && before->kind == TOK_NAME) {
        struct str name = tok_text(p, before);
        err_tok(p, E110, t, "inside a call an option is written with a colon: `%.*s:`",
                STR_FMT(name));
        fix_text(p, before->to, t->to, tok_ahead(p, 1)->blank ? ":" : ": ");
        note_text(p, "To compare, use `==`.");
        return true;
    }
    if (foreign_column_set(p, t)) return true;
    err_tok(p, E110, t, "use `==` to compare; `=` makes a column or variable");
    fix_text(p, t->from, t->to, "==");
    return true;
}

/* if c: / for x in xs: / def f(x): / x[1:3] */
static bool foreign_colon(struct parser *p, const struct tok *t)
{
    const struct tok *first = &p->toks[p->start], *open = enclosing(p);
    if (open && open->sym == SYM_LBRACKET) {
        err_tok(p, E106, t, "a part is written with a range: x[1..3], both ends in");
        fix_text(p, t->from, t->to, "..");
        return true;
    }
    if (open && open->sym == SYM_LBRACE) return false;
    bool is_range = is_literal(&p->toks[p->at - 1]) && starts_expr(p, tok_ahead(p, 1));
    if (open || (is_range && !word_is(p, first, "if") && !word_is(p, first, "for"))) {
        if (!is_range) return false;
        err_tok(p, E106, t, "a range is written with dots: 1..10, both ends in");
        fix_text(p, t->from, t->to, "..");
        return true;
    }
    int end = statement_end(p, p->at);
    struct str body = text_between(p, p->at + 1, end);
    bool is_fn = word_is(p, first, "fn");
    if (!is_fn && !word_is(p, first, "if") && !word_is(p, first, "for")) return false;
    err_tok(p, E106, t,
            is_fn ? "a function's body stands behind `=`" : "a block stands in braces: { .. }");
    if (body.n > 0 && is_fn) fix_text(p, t->from, t->to, " =");
    if (body.n > 0 && !is_fn) fix_text(p, t->from, p->toks[end - 1].to, " { %.*s }", STR_FMT(body));
    return true;
}

bool foreign_after(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (p->at == p->start || t->kind == TOK_END) return false;
    const struct tok *before = &p->toks[p->at - 1];
    if (foreign_operator(p, t)) return true;
    if (is_sym(t, SYM_SET)) return foreign_set(p, t);
    if (is_sym(t, SYM_COLON)) return foreign_colon(p, t);
    if (t->kind == TOK_VAR && !t->blank && before->kind == TOK_NAME) {
        err_at(p, E106, t->from, t->from + 1, "a column of a frame is written with a dot");
        fix_text(p, t->from, t->from + 1, ".");
        return true;
    }
    return foreign_keyword_after(p);
}

/* ---- where a value is due ---- */

static bool foreign_star(struct parser *p, const struct tok *t)
{
    bool is_count = p->at >= p->start + 2 && is_sym(&p->toks[p->at - 1], SYM_LPAREN) &&
                    word_is(p, &p->toks[p->at - 2], "count") && is_sym(tok_ahead(p, 1), SYM_RPAREN);
    if (p->in_step == 0 && !is_count) return false;
    if (is_count)
        err_tok(p, E106, t, "rows are counted by count()");
    else
        err_tok(p, E106, t, "all columns are written all()");
    fix_text(p, t->from, t->to, is_count ? "" : "all()");
    return true;
}

bool foreign_operand(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (is_sym(t, SYM_F_NOT)) {
        err_tok(p, E106, t, "`!` is written `not` here");
        fix_text(p, t->from, t->to, "not ");
        return true;
    }
    if (is_sym(t, SYM_MUL)) return foreign_star(p, t);
    return foreign_code(p);
}

bool foreign_null(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (t->kind != TOK_NAME) return false;
    if (!word_is(p, t, "null") && !word_is(p, t, "none") && !word_is(p, t, "na")) return false;
    return say_written(p, t, "null");
}

/* `=` in a condition, `~x` for not, -col in select */
bool foreign_item(struct parser *p, const struct ast_item *item, uint32_t set_at, bool is_on)
{
    bool is_where =
        str_eqz(p->verb, "where") || str_eqz(p->verb, "assert") || str_eqz(p->verb, "filter");
    const struct ast *e = item->expr;
    uint32_t from = node_from(p, e);
    if (item->kind == ITEM_MAKE && (is_on || is_where)) {
        err_at(p, E110, set_at, set_at + 1, "use `==` to compare; `=` makes a column");
        fix_text(p, set_at, set_at + 1, "==");
        return true;
    }
    if (item->kind != ITEM_PLAIN) return false;
    if (is_where && e->op == AST_FORMULA && !e->kids[0]) {
        err_at(p, E106, from, from + 1, "`~` is written `not` here");
        fix_text(p, from, from + 1, "not ");
        return true;
    }
    if (str_eqz(p->verb, "select") && !is_on && e->op == AST_UNARY && e->kids[0]->op == AST_NAME &&
        str_eqz(e->text, "-")) {
        struct str name = tok_text(p, &p->toks[p->at - 1]);
        err_at(p, E106, from, last_end(p), "columns are left out by `drop`");
        hint_text(p, "drop %.*s", STR_FMT(name));
        note_text(p, "Less a column of a selector is written: all() - %.*s", STR_FMT(name));
        return true;
    }
    return false;
}

/* ---- methods ---- */

static bool is_module(struct str s)
{
    static const char *const names[] = {"np", "pd", "pl", "math", "F", "plt", "sns", "scipy", "fn"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eqz(s, names[i])) return true;
    return false;
}

/* x.f(a): a verb of the frame x, or a function of the value x */
bool foreign_method(struct parser *p, const struct ast *e)
{
    if (e->op != AST_FIELD || e->is_bracketed) return false;
    int open = p->at, end = item_end(p, open + 1);
    while (end < p->n_toks - 1 && is_sym(&p->toks[end], SYM_COMMA))
        end = item_end(p, end + 1);
    const struct ast *object = e->kids[0];
    uint32_t from = node_from(p, object);
    struct str x = {p->text + from, object->span.to - object->span.from};
    struct str args = text_between(p, open + 1, end);
    const char *verb = foreign_verb(e->text), *function = foreign_function(e->text);
    bool is_closed = is_sym(&p->toks[end], SYM_RPAREN);
    err_at(p, E105, e->span.from - p->opts->offset, p->toks[open].to,
           "values have no methods: a frame takes steps, a value stands in a function's brackets");
    const char *way = verb ? verb : function;
    bool is_word = way && scan_name(way, 0, (uint32_t)strlen(way)) == strlen(way);
    if (way && !is_word) note_text(p, "`%.*s` is written %s here.", STR_FMT(e->text), way);
    if (!is_closed || (way && !is_word)) return true;
    const char *name = arena_strndup(p->a, e->text.p, e->text.n);
    bool is_step = object->op == AST_NAME && !is_module(object->text) && p->in_step == 0;
    const char *comma = args.n > 0 ? ", " : "";
    if (object->op == AST_NAME && is_module(object->text))
        fix_text(p, from, p->toks[end].to, "%s(%.*s)", function ? function : name, STR_FMT(args));
    else if (is_step || (verb && p->in_step == 0))
        fix_text(p, from, p->toks[end].to, "%.*s |> %s %.*s", STR_FMT(x), verb ? verb : name,
                 STR_FMT(args));
    else
        fix_text(p, from, p->toks[end].to, "%s(%.*s%s%.*s)", function ? function : name, STR_FMT(x),
                 comma, STR_FMT(args));
    return true;
}

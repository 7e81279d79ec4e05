/* parse_code.c: words of Python, R and SQL that begin a statement or stand among values. */
#include "lang/syntax/parse_int.h"

/* ---- behind a value ---- */

/* x between 1 and 5 */
static bool between(struct parser *p, const struct tok *t)
{
    int end = item_end(p, p->at), and = p->at + 1;
    while (and < end && !word_is(p, &p->toks[and], "and"))
        and++;
    err_tok(p, E106, t, "`between` is written with `in` and a range");
    if (and < end)
        fix_text(p, t->from, p->toks[and+1].from, "in %.*s..",
                 STR_FMT(text_between(p, p->at + 1, and)));
    return true;
}

/* x like "a%" */
static bool like(struct parser *p, const struct tok *t)
{
    int from = item_start(p);
    const struct tok *pattern = tok_ahead(p, 1);
    err_tok(p, E106, t, "`like` is a function: like(text, pattern)");
    if (pattern->kind == TOK_STR)
        fix_text(p, p->toks[from].from, pattern->to, "like(%.*s, %.*s)",
                 STR_FMT(text_between(p, from, p->at)), STR_FMT(tok_text(p, pattern)));
    return true;
}

/* count(x) as n */
static bool as(struct parser *p, const struct tok *t)
{
    int from = item_start(p);
    const struct tok *name = tok_ahead(p, 1);
    err_tok(p, E106, t, "a column gets its name by `=`, which stands before the value");
    if (name->kind == TOK_NAME || name->kind == TOK_QUOTED_NAME)
        fix_text(p, p->toks[from].from, name->to, "%.*s = %.*s", STR_FMT(tok_text(p, name)),
                 STR_FMT(text_between(p, from, p->at)));
    return true;
}

static bool direction(struct parser *p, const struct tok *t, bool is_falling)
{
    int from = item_start(p);
    if (is_falling)
        err_tok(p, E106, t, "a falling order is written with `-` before the key");
    else
        err_tok(p, E106, t, "keys sort upwards; nothing is written for that");
    fix_text(p, p->toks[from].from, t->to, "%s%.*s", is_falling ? "-" : "",
             STR_FMT(text_between(p, from, p->at)));
    return true;
}

/* a if c else b */
static bool python_if(struct parser *p, const struct tok *t)
{
    int from = item_start(p), end = item_end(p, p->at), other = p->at + 1;
    while (other < end && !is_sym(&p->toks[other], SYM_ELSE))
        other++;
    err_tok(p, E106, t, "in an expression `if` is a function: if(condition, then, else)");
    if (other < end)
        fix_text(p, p->toks[from].from, p->toks[end - 1].to, "if(%.*s, %.*s, %.*s)",
                 STR_FMT(text_between(p, p->at + 1, other)), STR_FMT(text_between(p, from, p->at)),
                 STR_FMT(text_between(p, other + 1, end)));
    return true;
}

static bool loud_keyword(struct parser *p, const struct tok *t)
{
    static const char *const words[] = {"and", "or", "not", "in", "is", "by", "on", "sort"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!word_is(p, t, words[i])) continue;
        err_tok(p, E106, t, "`%.*s` is written `%s`: small letters", STR_FMT(tok_text(p, t)),
                words[i]);
        fix_text(p, t->from, t->to, "%s", words[i]);
        return true;
    }
    return false;
}

/* 2 min, and trips where x: a blank too many, a pipe too few */
static bool missing_sign(struct parser *p, const struct tok *t)
{
    const struct tok *before = &p->toks[p->at - 1];
    static const char *const units[] = {"ms", "s", "min", "h", "d", "w", "mo", "q", "y"};
    bool is_number = before->kind == TOK_INT || before->kind == TOK_NUM;
    for (size_t i = 0; is_number && i < sizeof units / sizeof units[0]; i++) {
        if (!str_eqz(tok_text(p, t), units[i])) continue;
        err_at(p, E103, before->from, t->to, "a duration has no blank before its unit");
        fix_text(p, before->to, t->from, "%s", "");
        return true;
    }
    const struct tok *first = &p->toks[p->start];
    if (p->at != p->start + 2 || before->kind != TOK_NAME || first->kind != TOK_NAME) return false;
    static const char *const verbs[] = {"where", "select", "derive", "summarize", "count",
                                        "take",  "join",   "plot",   "show"};
    bool is_verb = false;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        is_verb |= word_is(p, before, verbs[i]);
    if (!is_verb) return false;
    err_tok(p, E101, t, "`%.*s` does not fit here: a step begins with `|>`",
            STR_FMT(tok_text(p, t)));
    fix_text(p, before->from, before->from, "|> ");
    return true;
}

bool foreign_keyword_after(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (is_sym(t, SYM_IF)) return python_if(p, t);
    if (t->kind != TOK_NAME || !t->blank) return false;
    if (word_is(p, t, "between")) return between(p, t);
    if (word_is(p, t, "like") || word_is(p, t, "ilike")) return like(p, t);
    if (word_is(p, t, "as")) return as(p, t);
    if (word_is(p, t, "desc") || word_is(p, t, "descending")) return direction(p, t, true);
    if (word_is(p, t, "asc") || word_is(p, t, "ascending")) return direction(p, t, false);
    return loud_keyword(p, t) || missing_sign(p, t);
}

/* ---- where a value or a statement is due ---- */

/* The names from toks[at] on as parameters of a lambda: x, or (a, b). */
static void fix_lambda(struct parser *p, const struct tok *first, int from, int to,
                       const struct tok *last)
{
    struct str names = text_between(p, from, to);
    bool is_one = to - from == 1;
    fix_text(p, first->from, last->to, "%s%.*s%s ->%s", is_one ? "" : "(", STR_FMT(names),
             is_one ? "" : ")", last[1].blank ? "" : " ");
}

/* lambda x: .., function(x) .., \(x) .. */
static bool foreign_lambda(struct parser *p, const struct tok *t)
{
    int from = p->at + 1, to = from;
    bool is_python = t->kind == TOK_NAME && word_is(p, t, "lambda");
    bool is_r = is_sym(t, SYM_F_BACKSLASH) || word_is(p, t, "function");
    const struct tok *next = tok_ahead(p, 1);
    if (is_python && next->kind != TOK_NAME) return false;
    if (is_r && !is_sym(next, SYM_LPAREN)) return false;
    if (!is_python && !is_r) return false;
    enum sym last = is_python ? SYM_COLON : SYM_RPAREN;
    if (is_r) to = ++from;
    while (to < p->n_toks - 1 && !is_sym(&p->toks[to], last))
        to++;
    err_tok(p, E106, t, "a function without a name is written with an arrow: x -> x + 1");
    if (to > from && is_sym(&p->toks[to], last)) fix_lambda(p, t, from, to, &p->toks[to]);
    return true;
}

/* case when c then a else b end */
static bool sql_case(struct parser *p, const struct tok *t)
{
    struct strbuf out = {0};
    int i = p->at + 1;
    bool has_end = false;
    if (!word_is(p, t, "case") || !word_is(p, tok_ahead(p, 1), "when")) return false;
    err_tok(p, E106, t, "a case is written with arms: case { condition => value, else => value }");
    strbuf_addz(&out, "case {");
    for (int n = 0; i < p->n_toks - 1 && !has_end; i++) {
        const struct tok *w = &p->toks[i];
        if (word_is(p, w, "when"))
            strbuf_addz(&out, n++ > 0 ? ", " : " ");
        else if (word_is(p, w, "then"))
            strbuf_addz(&out, " =>");
        else if (word_is(p, w, "else"))
            strbuf_addz(&out, ", else =>");
        else if (word_is(p, w, "end"))
            has_end = true;
        else {
            if (w->blank && out.p[out.n - 1] != ' ') strbuf_addc(&out, ' ');
            strbuf_adds(&out, tok_text(p, w));
        }
    }
    strbuf_addz(&out, " }");
    if (has_end) fix_text(p, t->from, p->toks[i - 1].to, "%s", out.p);
    strbuf_release(&out);
    return true;
}

static bool loud_not(struct parser *p, const struct tok *t)
{
    const struct tok *next = tok_ahead(p, 1);
    if (t->kind != TOK_NAME || !word_is(p, t, "not") || !next->blank) return false;
    if (next->kind != TOK_NAME && !is_sym(next, SYM_LPAREN)) return false;
    return loud_keyword(p, t);
}

/* return x, as the body of a function */
static bool foreign_return(struct parser *p, const struct tok *t)
{
    const struct tok *next = tok_ahead(p, 1);
    if (t->kind != TOK_NAME || !word_is(p, t, "return") || !next->blank) return false;
    if (next->kind != TOK_NAME && !is_literal(next)) return false;
    err_tok(p, E105, t, "a function's value is its last statement");
    fix_text(p, t->from, next->from, "%s", "");
    return true;
}

bool foreign_code(struct parser *p)
{
    const struct tok *t = tok_here(p);
    return foreign_lambda(p, t) || sql_case(p, t) || loud_not(p, t) || foreign_return(p, t);
}

/* The token behind the brace that closes the one at `at`. */
static int behind_brace(const struct parser *p, int at)
{
    int depth = 0;
    for (; at < p->n_toks - 1; at++) {
        if (is_sym(&p->toks[at], SYM_LBRACE)) depth++;
        if (is_sym(&p->toks[at], SYM_RBRACE) && --depth == 0) return at + 1;
    }
    return at;
}

/* if a { b } else { c } as a value */
bool foreign_braces(struct parser *p)
{
    int then = p->at + 1;
    while (then < p->n_toks - 1 && !p->toks[then].ends && !p->toks[then].opens_block)
        then++;
    int other = behind_brace(p, then), end = behind_brace(p, other + 1);
    if (!p->toks[then].opens_block || !is_sym(&p->toks[other], SYM_ELSE)) return false;
    if (!is_sym(&p->toks[other + 1], SYM_LBRACE)) return false;
    err_tok(p, E101, tok_here(p), "in an expression `if` is a function: if(condition, then, else)");
    fix_text(p, p->toks[p->at].from, p->toks[end - 1].to, "if(%.*s, %.*s, %.*s)",
             STR_FMT(text_between(p, p->at + 1, then)),
             STR_FMT(text_between(p, then + 1, other - 1)),
             STR_FMT(text_between(p, other + 2, end - 1)));
    return true;
}

/* ---- statements ---- */

static bool is_sql(const struct parser *p)
{
    const struct tok *t = tok_here(p), *next = tok_ahead(p, 1);
    if (t->kind != TOK_NAME || !word_is(p, t, "select") || next->kind == TOK_END) return false;
    for (int k = 2; tok_ahead(p, k)->kind != TOK_END; k++) {
        const struct tok *from = tok_ahead(p, k);
        if (is_sym(from, SYM_PIPE)) return false;
        if (from->kind == TOK_NAME && word_is(p, from, "from")) return true;
    }
    /* `select *` swallows the line end */
    return is_sym(next, SYM_MUL);
}

static bool say_sql(struct parser *p)
{
    int end = p->at;
    while (end < p->n_toks - 1 && !(p->toks[end].ends && end > p->at))
        end++;
    struct str sql = text_between(p, p->at, end);
    err_tok(p, E105, tok_here(p),
            "SQL stands in a cell that begins with %%%%sql, or in sql(\"..\")");
    if (!memchr(sql.p, '\n', sql.n) && !memchr(sql.p, '"', sql.n) && !memchr(sql.p, '\\', sql.n))
        hint_text(p, "sql(\"%.*s\")", STR_FMT(sql));
    return true;
}

static const struct {
    const char *word;
    const char *message;
    const char *hint; /* a line of its own, or NULL: the word is taken away or replaced by `ours` */
    const char *ours;
} statements[] = {
    {"let", "a variable is made by `=` alone", NULL, ""},
    {"var", "a variable is made by `=` alone", NULL, ""},
    {"const", "a variable is made by `=` alone", NULL, ""},
    {"def", "a function is made by `fn`", NULL, "fn "},
    {"func", "a function is made by `fn`", NULL, "fn "},
    {"define", "a function is made by `fn`", NULL, "fn "},
    {"return", "a function's value is its last statement", NULL, ""},
    {"while", "there is no `while`: `for` goes over a list or range", "for k in 1..10 { print(k) }",
     NULL},
    {"import", "nothing has to be imported; `include` runs a file of your own",
     "include \"lib.mlnb\"", NULL},
    {"library", "nothing has to be loaded; `include` runs a file of your own",
     "include \"lib.mlnb\"", NULL},
    {"class", "there are no classes; a struct holds named values", "team = {name: \"a\", size: 3}",
     NULL},
    {"raise", "a program is stopped by error()", "error(\"what is wrong\")", NULL},
    {"elif", "`elif` is written `else if`, on the line of the `}`", "if a { b } else if c { d }",
     NULL},
};

/* name <- value */
static bool r_assignment(struct parser *p)
{
    const struct tok *lt = tok_ahead(p, 1), *minus = tok_ahead(p, 2);
    if (tok_here(p)->kind != TOK_NAME || !is_sym(lt, SYM_LT) || !is_sym(minus, SYM_SUB))
        return false;
    if (minus->from != lt->to) return false;
    err_at(p, E106, lt->from, minus->to, "`<-` is written `=` here");
    fix_text(p, lt->from, minus->to, "%s=%s", lt->blank ? "" : " ",
             tok_ahead(p, 3)->blank ? "" : " ");
    return true;
}

static bool foreign_word(struct parser *p)
{
    const struct tok *t = tok_here(p), *next = tok_ahead(p, 1);
    bool is_statement =
        next->blank && (next->kind == TOK_NAME || is_literal(next) || next->kind == TOK_VAR ||
                        is_sym(next, SYM_LPAREN) || is_sym(next, SYM_SUB) || is_sym(next, SYM_NOT));
    bool is_library = word_is(p, t, "library") && is_sym(next, SYM_LPAREN);
    if (t->kind != TOK_NAME || next->kind == TOK_END || !(is_statement || is_library)) return false;
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        if (!str_eqz(tok_text(p, t), statements[i].word)) continue;
        err_tok(p, E105, t, "%s", statements[i].message);
        if (statements[i].hint)
            hint_text(p, "%s", statements[i].hint);
        else
            fix_text(p, t->from, next->from, "%s", statements[i].ours);
        return true;
    }
    return false;
}

bool foreign_statement(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (is_sym(t, SYM_MOD) || is_sym(t, SYM_F_R_MOD)) {
        err_tok(p, E101, t,
                "there are no `%%` commands; the console's begin with a dot (.help), shell lines "
                "with `!`");
        note_text(p, "A marker like %%%%md begins a cell only in column 0 of a .mlnb file.");
        return true;
    }
    if (is_sql(p)) return say_sql(p);
    return r_assignment(p) || foreign_word(p);
}

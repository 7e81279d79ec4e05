/* lex.c: text to tokens. One pass; a stack of open brackets tells which line ends count. */
#include "lang/syntax/lex.h"

#include "runtime/base/utf8.h"

struct open {
    enum sym sym;
    bool is_block;
    int tok;
};
struct lexer {
    struct arena *a;
    const char *text;
    uint32_t at, to;
    enum lex_mode mode;
    struct tok *toks;
    int n, cap;
    int last; /* the last token that is not a comment or line end, or -1 */
    struct open *stack;
    int n_stack, cap_stack;
    bool in_head; /* between for/if/run at a statement's start and its block */
    bool in_fn;   /* between fn at a statement's start and its `=` */
};

static const struct {
    const char *text;
    uint8_t n, flags;
} syms[SYM_COUNT] = {
    [SYM_NONE] = {"", 0, 0},
#define SYM(name, text, flags) [SYM_##name] = {text, sizeof(text) - 1, flags},
#include "lang/syntax/lex_syms.def"
#undef SYM
};

const char *sym_text(enum sym s)
{
    return syms[s].text;
}
bool sym_is_foreign(enum sym s)
{
    return (syms[s].flags & SYM_F) != 0;
}
bool tok_continues(const struct tok *t)
{
    if (t->kind != TOK_OP && t->kind != TOK_KEYWORD) return false;
    return (syms[t->sym].flags & SYM_C) != 0 && !t->is_item;
}

enum sym keyword_of(struct str word)
{
    for (int s = SYM_AND; s < SYM_COUNT; s++)
        if (word.n == syms[s].n && memcmp(word.p, syms[s].text, word.n) == 0) return (enum sym)s;
    return SYM_NONE;
}

bool is_bare_name(struct str s)
{
    return s.n > 0 && s.n < UINT32_MAX && scan_name(s.p, 0, (uint32_t)s.n) == s.n &&
           keyword_of(s) == SYM_NONE;
}

/* ---- the token array and the stack ---- */

static struct tok *push_tok(struct lexer *lx)
{
    if (lx->n == lx->cap) {
        int cap = lx->cap ? 2 * lx->cap : 64;
        struct tok *toks = ARENA_ARRAY(lx->a, struct tok, cap);
        if (lx->n > 0) memcpy(toks, lx->toks, (size_t)lx->n * sizeof *toks);
        lx->toks = toks;
        lx->cap = cap;
    }
    struct tok *t = &lx->toks[lx->n++];
    *t = (struct tok){0};
    return t;
}

static void push_open(struct lexer *lx, enum sym sym, bool is_block)
{
    if (lx->n_stack == lx->cap_stack) {
        int cap = lx->cap_stack ? 2 * lx->cap_stack : 16;
        struct open *stack = ARENA_ARRAY(lx->a, struct open, cap);
        if (lx->n_stack > 0) memcpy(stack, lx->stack, (size_t)lx->n_stack * sizeof *stack);
        lx->stack = stack;
        lx->cap_stack = cap;
    }
    lx->stack[lx->n_stack++] = (struct open){sym, is_block, lx->n - 1};
}

static enum sym opener_of(enum sym closer)
{
    return closer == SYM_RPAREN ? SYM_LPAREN : closer == SYM_RBRACKET ? SYM_LBRACKET : SYM_LBRACE;
}

/* A closer takes everything above its own opener with it, so that one missing bracket does not
 * spoil the blocks around; one without an opener changes nothing. */
static void pop_open(struct lexer *lx, enum sym closer)
{
    enum sym opener = opener_of(closer);
    for (int i = lx->n_stack - 1; i >= 0; i--) {
        if (lx->stack[i].sym == opener) {
            lx->n_stack = i;
            return;
        }
        if (lx->stack[i].is_block) return;
    }
}

static const struct tok *last_tok(const struct lexer *lx)
{
    return lx->last >= 0 ? &lx->toks[lx->last] : NULL;
}
static bool last_is(const struct lexer *lx, enum sym sym)
{
    const struct tok *t = last_tok(lx);
    return t && (t->kind == TOK_OP || t->kind == TOK_KEYWORD) && t->sym == sym;
}
static bool lines_count(const struct lexer *lx)
{
    if (lx->mode == LEX_HOLE) return false;
    return lx->n_stack == 0 || lx->stack[lx->n_stack - 1].is_block;
}
/* Whether the next token begins a statement, given that a line end stands before it or not. */
static bool at_statement(const struct lexer *lx, bool newline)
{
    const struct tok *t = last_tok(lx);
    if (!t) return true;
    if (t->kind == TOK_COMMAND || last_is(lx, SYM_SEMICOLON)) return true;
    if (t->kind == TOK_OP && t->sym == SYM_LBRACE && t->opens_block) return true;
    return newline && lines_count(lx) && !tok_continues(t);
}

/* ---- blanks, comments, commands ---- */

static void editor_tok(struct lexer *lx, enum tok_kind kind, uint32_t from, uint32_t to)
{
    if (lx->mode != LEX_EDITOR) return;
    struct tok *t = push_tok(lx);
    t->kind = kind;
    t->from = from;
    t->to = to;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

/* Skips white space and comments; true when a line ended on the way. */
static bool skip_blank(struct lexer *lx)
{
    bool newline = false;
    while (lx->at < lx->to) {
        char c = lx->text[lx->at];
        uint32_t from = lx->at;
        if (c == '\n') {
            newline = true;
            lx->at++;
            editor_tok(lx, TOK_NEWLINE, from, lx->at);
        } else if (is_blank(c)) {
            lx->at++;
        } else if (c == '#') {
            while (lx->at < lx->to && lx->text[lx->at] != '\n')
                lx->at++;
            editor_tok(lx, TOK_COMMENT, from, lx->at);
        } else {
            break;
        }
    }
    return newline;
}

static bool is_command_at(const struct lexer *lx)
{
    const char *p = lx->text + lx->at;
    uint32_t left = lx->to - lx->at;
    if (p[0] == '?') return true;
    if (p[0] == '!') return left < 2 || p[1] != '=';
    return p[0] == '.' && scan_name(lx->text, lx->at + 1, lx->to) > lx->at + 1;
}

/* A line that starts with ?, ! or .word, where a statement begins. */
static bool take_command(struct lexer *lx, bool newline)
{
    if (lx->mode == LEX_HOLE || !(newline || lx->last < 0)) return false;
    if (!at_statement(lx, true) || !is_command_at(lx)) return false;
    struct tok *t = push_tok(lx);
    t->kind = TOK_COMMAND;
    t->from = lx->at;
    t->ends = t->blank = true;
    while (lx->at < lx->to && lx->text[lx->at] != '\n')
        lx->at++;
    t->to = lx->at;
    while (t->to > t->from + 1 && is_blank(lx->text[t->to - 1]))
        t->to--;
    lx->last = lx->n - 1;
    return true;
}

/* ---- words, literals, operators ---- */

static void lex_backtick(struct lexer *lx, struct tok *t, enum tok_kind kind)
{
    uint32_t at = lx->at + 1;
    t->kind = kind;
    while (at < lx->to && lx->text[at] != '\n') {
        if (lx->text[at] == '`') {
            if (at + 1 >= lx->to || lx->text[at + 1] != '`') break;
            at++;
        }
        at++;
    }
    if (at >= lx->to || lx->text[at] != '`')
        t->fault = LEX_OPEN_BACKTICK;
    else if (++at == lx->at + 2)
        t->fault = LEX_EMPTY_NAME;
    lx->at = at;
}

static void lex_dollar(struct lexer *lx, struct tok *t)
{
    lx->at++;
    if (lx->at < lx->to && lx->text[lx->at] == '`') {
        lex_backtick(lx, t, TOK_VAR);
        return;
    }
    uint32_t end = scan_name(lx->text, lx->at, lx->to);
    t->kind = TOK_VAR;
    if (end == lx->at) t->fault = LEX_STRAY_DOLLAR;
    lx->at = end;
}

static void lex_quote(struct lexer *lx, struct tok *t, bool is_raw, bool is_filled)
{
    t->kind = is_filled ? TOK_FSTR : TOK_STR;
    lx->at = scan_string(lx->text, lx->at, lx->to, is_raw, is_filled, 0, &t->fault);
}

/* for/if/run and fn at a statement's start tell what a brace will mean. */
static void note_head(struct lexer *lx, struct str word)
{
    lx->in_head = str_eqz(word, "for") || str_eqz(word, "if") || str_eqz(word, "run");
    lx->in_fn = str_eqz(word, "fn");
}

static void lex_word(struct lexer *lx, struct tok *t, bool is_start)
{
    uint32_t end = scan_name(lx->text, lx->at, lx->to);
    struct str word = {lx->text + lx->at, end - lx->at};
    if (end < lx->to && (lx->text[end] == '"' || lx->text[end] == '\'')) {
        bool is_filled = memchr(word.p, 'f', word.n) != NULL;
        bool is_raw = memchr(word.p, 'r', word.n) != NULL;
        bool is_known = (is_filled || is_raw) && word.n == (size_t)is_filled + (size_t)is_raw;
        lx->at = end;
        lex_quote(lx, t, is_raw, is_filled);
        if (!is_known && t->fault == LEX_OK) t->fault = LEX_BAD_PREFIX;
        return;
    }
    const struct tok *last = last_tok(lx);
    bool is_field = last && last->kind == TOK_OP && last->sym == SYM_DOT && last->to == lx->at;
    lx->at = end;
    t->sym = is_field ? SYM_NONE : keyword_of(word);
    t->kind = t->sym == SYM_NONE ? TOK_NAME : TOK_KEYWORD;
    if (is_start) note_head(lx, word);
}

/* The name of a step: straight behind |>. */
static bool last_is_verb(const struct lexer *lx)
{
    const struct tok *t = last_tok(lx);
    if (!t || t->kind != TOK_NAME || lx->last == 0) return false;
    const struct tok *before = &lx->toks[lx->last - 1];
    return before->kind == TOK_OP && before->sym == SYM_PIPE;
}

/* Whether a `{` here opens a block: where a value stands before it, or after fn f() = and else. */
static bool brace_is_block(const struct lexer *lx, bool is_start)
{
    const struct tok *t = last_tok(lx);
    if (!t || is_start) return false;
    if (t->kind == TOK_KEYWORD) {
        if (t->sym == SYM_ELSE) return true;
        return t->sym == SYM_NULL || t->sym == SYM_TRUE || t->sym == SYM_FALSE;
    }
    if (t->kind == TOK_NAME) return !last_is_verb(lx);
    if (t->kind != TOK_OP) return t->kind != TOK_COMMAND;
    if (t->sym == SYM_SET) /* fn f(..) = { */
        return lx->in_fn && lx->last > 0 && lx->toks[lx->last - 1].sym == SYM_RPAREN;
    if (t->sym == SYM_RANGE) return lx->in_head && lines_count(lx);
    return t->sym == SYM_RPAREN || t->sym == SYM_RBRACKET || t->sym == SYM_RBRACE ||
           t->sym == SYM_DOT;
}

static void lex_op(struct lexer *lx, struct tok *t, bool is_start)
{
    uint32_t left = lx->to - lx->at;
    const char *p = lx->text + lx->at;
    t->kind = TOK_OP;
    for (int s = SYM_NONE + 1; s < SYM_AND; s++)
        if (syms[s].n <= left && memcmp(p, syms[s].text, syms[s].n) == 0) {
            t->sym = (enum sym)s;
            break;
        }
    if (t->sym == SYM_NONE) {
        uint32_t cp;
        int n = utf8_next(p, left, &cp);
        t->kind = TOK_ERROR;
        t->fault = utf8_check(p, (size_t)n) == (size_t)n ? LEX_BAD_CHAR : LEX_BAD_UTF8;
        lx->at += (uint32_t)n;
        return;
    }
    lx->at += syms[t->sym].n;
    if (t->sym == SYM_LBRACE) t->opens_block = brace_is_block(lx, is_start);
    t->is_item = t->sym == SYM_MUL && last_is_verb(lx);
    if (t->opens_block) lx->in_head = lx->in_fn = false;
    if (t->sym == SYM_LPAREN || t->sym == SYM_LBRACKET || t->sym == SYM_LBRACE)
        push_open(lx, t->sym, t->opens_block);
    if (t->sym == SYM_RPAREN || t->sym == SYM_RBRACKET || t->sym == SYM_RBRACE)
        pop_open(lx, t->sym);
}

static void lex_one(struct lexer *lx, struct tok *t, bool is_start)
{
    char c = lx->text[lx->at];
    char next = lx->at + 1 < lx->to ? lx->text[lx->at + 1] : '\0';
    bool is_digit = c >= '0' && c <= '9';
    if (is_digit || (c == '.' && next >= '0' && next <= '9')) {
        lx->at = scan_number(lx->text, lx->at, lx->to, &t->kind, &t->fault);
    } else if (c == '"' || c == '\'') {
        lex_quote(lx, t, false, false);
    } else if (c == '@') {
        t->kind = TOK_TIME;
        lx->at = scan_time(lx->text, lx->at, lx->to, &t->fault);
    } else if (c == '`') {
        lex_backtick(lx, t, TOK_QUOTED_NAME);
    } else if (c == '$') {
        lex_dollar(lx, t);
    } else if (scan_name(lx->text, lx->at, lx->to) > lx->at) {
        lex_word(lx, t, is_start);
    } else {
        lex_op(lx, t, is_start);
    }
}

/* The line end before token t does not count when t cannot begin a statement. */
static bool starts_continuation(const struct lexer *lx, const struct tok *t)
{
    if (t->kind == TOK_OP) return t->sym == SYM_PIPE;
    if (t->kind != TOK_KEYWORD) return false;
    if (t->sym == SYM_ELSE) return last_is(lx, SYM_RBRACE);
    return t->sym == SYM_BY || t->sym == SYM_SORT || t->sym == SYM_ON || t->sym == SYM_AND ||
           t->sym == SYM_OR;
}

static void lex_next(struct lexer *lx)
{
    uint32_t before = lx->at;
    bool newline = skip_blank(lx);
    if (lx->at >= lx->to || take_command(lx, newline)) return;
    bool is_start = at_statement(lx, newline);
    struct tok t = {.from = lx->at, .blank = lx->at > before || lx->last < 0};
    struct tok *slot = push_tok(lx);
    lex_one(lx, &t, is_start);
    t.to = lx->at;
    t.ends = is_start || (last_tok(lx) && last_tok(lx)->kind == TOK_COMMAND);
    if (t.ends && newline && starts_continuation(lx, &t) && lx->last >= 0) {
        const struct tok *last = last_tok(lx);
        t.ends = last->kind == TOK_COMMAND || last_is(lx, SYM_SEMICOLON) ||
                 (last_is(lx, SYM_LBRACE) && last->opens_block);
    }
    *slot = t;
    lx->last = (int)(slot - lx->toks);
}

void lex(struct arena *a, const char *text, uint32_t from, uint32_t to, enum lex_mode mode,
         struct lexed *out)
{
    struct lexer lx = {.a = a, .text = text, .at = from, .to = to, .mode = mode, .last = -1};
    if (from == 0 && to >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) lx.at = 3;
    while (lx.at < lx.to)
        lex_next(&lx);
    const struct tok *last = last_tok(&lx);
    *out = (struct lexed){.depth = lx.n_stack, .first_open = lx.n_stack > 0 ? lx.stack[0].tok : -1};
    out->is_open =
        lx.n_stack > 0 || (last && (tok_continues(last) || last->fault == LEX_OPEN_TRIPLE));
    struct tok *end = push_tok(&lx);
    *end = (struct tok){.kind = TOK_END, .from = to, .to = to, .ends = true, .blank = true};
    for (int i = lx.n - 2, stop = lx.n - 1; i >= 0; i--) {
        lx.toks[i].stop = stop;
        if (lx.toks[i].ends) stop = i;
    }
    out->toks = lx.toks;
    out->n = lx.n;
}

struct token *lex_all(struct arena *a, const char *text, size_t n, int *out_n)
{
    struct lexed lexed;
    if (n > UINT32_MAX / 2) n = UINT32_MAX / 2;
    lex(a, text, 0, (uint32_t)n, LEX_EDITOR, &lexed);
    struct token *tokens = ARENA_ARRAY(a, struct token, lexed.n);
    for (int i = 0; i < lexed.n; i++) {
        const struct tok *t = &lexed.toks[i];
        tokens[i] = (struct token){t->fault ? TOK_ERROR : t->kind, t->from, t->to};
    }
    *out_n = lexed.n;
    return tokens;
}

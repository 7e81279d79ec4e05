/* place.c: where the cursor stands in a text that is not finished: in which pipeline, step,
 * clause, option and call. Works on tokens, which exist for any text; one pass keeps a level for
 * each open bracket. */
#include "lang/assist/assist_int.h"

struct level {
    int open; /* token of the bracket, -1 at the top */
    bool is_block;
    int statement, source, pipe, verb, item;
    bool in_on, in_clause;
};
#define MAX_LEVELS 256
struct levels {
    struct level all[MAX_LEVELS];
    int n;
};

static struct level fresh(int open, bool is_block, int first)
{
    return (struct level){.open = open,
                          .is_block = is_block,
                          .statement = first,
                          .source = first,
                          .pipe = -1,
                          .verb = -1,
                          .item = first};
}

struct str place_word(const struct place *p, int tok)
{
    if (tok < 0 || tok >= p->lexed.n) return (struct str){"", 0};
    const struct tok *t = &p->lexed.toks[tok];
    return (struct str){p->text + t->from, t->to - t->from};
}

struct str place_text(const struct place *p, int from, int to)
{
    if (from < 0 || to <= from) return (struct str){"", 0};
    uint32_t a = p->lexed.toks[from].from, b = p->lexed.toks[to - 1].to;
    return (struct str){p->text + a, b - a};
}

static bool is_sym(const struct tok *t, enum sym s)
{
    return (t->kind == TOK_OP || t->kind == TOK_KEYWORD) && t->sym == s;
}

static bool is_wordy(const struct tok *t)
{
    return t->kind == TOK_NAME || t->kind == TOK_KEYWORD || t->kind == TOK_VAR ||
           t->kind == TOK_QUOTED_NAME;
}

/* ---- the word at the cursor ---- */

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 128;
}

/* Inside the braces of f"..{zone}" the text is code; *from: where its last name begins. */
static bool in_hole(const struct place *p, const struct tok *t, uint32_t *from)
{
    bool open = false;
    uint32_t hole = t->from;
    for (uint32_t i = t->from; i < p->at; i++) {
        if (p->text[i] == '{') {
            open = !open;
            hole = i + 1;
        } else if (p->text[i] == '}') {
            open = false;
        }
    }
    *from = p->at;
    while (*from > hole && is_name_byte(p->text[*from - 1]))
        --*from;
    return open;
}

static void string_word(struct place *p, int i)
{
    const struct tok *t = &p->lexed.toks[i];
    uint32_t from = t->from;
    if (t->kind == TOK_FSTR && in_hole(p, t, &from)) {
        p->word = WORD_NAME;
        p->from = from;
        p->to = p->at;
        p->prefix = (struct str){p->text + from, p->at - from};
        return;
    }
    from = t->from;
    while (from < p->at && p->text[from] != '"' && p->text[from] != '\'')
        from++;
    if (from < p->at) from++;
    p->word = WORD_STRING;
    p->from = from;
    p->to = p->at;
    p->prefix = (struct str){p->text + from, p->at - from};
}

static void name_word(struct place *p, int i)
{
    const struct tok *t = &p->lexed.toks[i];
    uint32_t skip = 0;
    p->word = WORD_NAME;
    if (t->kind == TOK_VAR || p->text[t->from] == '$') {
        p->word = WORD_VAR;
        skip = 1;
    } else if (p->text[t->from] == '`') {
        p->word = WORD_QUOTED;
        skip = 1;
    }
    p->from = t->from;
    p->to = t->fault ? p->at : t->to;
    uint32_t start = t->from + skip <= p->at ? t->from + skip : p->at;
    p->prefix = (struct str){p->text + start, p->at - start};
}

/* Finds the token under or just before the cursor and what it is. */
static void find_word(struct place *p)
{
    p->tok = -1;
    p->word = WORD_NAME;
    p->from = p->to = p->at;
    p->prefix = (struct str){p->text + p->at, 0};
    p->before = 0;
    while (p->before < p->lexed.n - 1 && p->lexed.toks[p->before].to < p->at)
        p->before++;
    const struct tok *t = &p->lexed.toks[p->before];
    if (t->kind == TOK_END || t->from >= p->at) return;
    bool is_string = t->kind == TOK_STR || t->kind == TOK_FSTR;
    char first = p->text[t->from];
    if (t->kind == TOK_ERROR) is_string = first == '"' || first == '\'';
    if (t->fault == LEX_OPEN_STRING || t->fault == LEX_OPEN_TRIPLE || t->fault == LEX_OPEN_HOLE)
        is_string = true;
    p->tok = p->before;
    if (is_string && (p->at < t->to || t->fault)) {
        string_word(p, p->tok);
    } else if (is_wordy(t) || first == '$' || first == '`') {
        name_word(p, p->tok);
    } else if (t->kind == TOK_COMMAND) {
        p->word = first == '?' ? WORD_COMMAND : WORD_NONE;
        p->from = t->from;
        p->to = t->to;
    } else if (t->kind == TOK_OP && p->at >= t->to) {
        p->before++; /* behind an operator: an empty word */
        p->tok = -1;
    } else {
        p->word = WORD_NONE;
        p->before++;
    }
}

/* Comments are no tokens: the cursor stands in one when a # opens after the last token. */
static bool in_comment(const struct place *p)
{
    uint32_t line = p->at;
    while (line > 0 && p->text[line - 1] != '\n')
        line--;
    uint32_t from = line;
    if (p->before > 0 && p->lexed.toks[p->before - 1].to > from)
        from = p->lexed.toks[p->before - 1].to;
    for (uint32_t i = from; i < p->at && p->tok < 0; i++)
        if (p->text[i] == '#') return true;
    return false;
}

/* ---- the levels around it ---- */

static void see_operator(struct levels *ls, int i, enum sym s)
{
    struct level *l = &ls->all[ls->n - 1];
    bool in_step = l->pipe >= 0 || l->verb >= 0;
    switch (s) {
    case SYM_PIPE:
        l->pipe = i;
        l->verb = -1;
        l->item = i + 1;
        l->in_on = l->in_clause = false;
        break;
    case SYM_COMMA:
        if (!in_step && l->open >= 0) l->source = i + 1;
        l->item = i + 1;
        break;
    case SYM_SET:
    case SYM_COLON:
    case SYM_ARROW:
    case SYM_ARM:
        if (!in_step) l->source = i + 1;
        break;
    case SYM_ON:
    case SYM_BY:
    case SYM_SORT:
        if (!in_step) break;
        l->in_on = s == SYM_ON;
        l->in_clause = true;
        l->item = i + 1;
        break;
    default: break;
    }
}

static void see_token(const struct place *p, struct levels *ls, int i)
{
    const struct tok *t = &p->lexed.toks[i];
    struct level *l = &ls->all[ls->n - 1];
    if (t->ends && l->is_block) *l = fresh(l->open, true, i);
    if (l->pipe == i - 1 && l->pipe >= 0 && l->verb < 0 && is_wordy(t)) {
        l->verb = i;
        l->item = i + 1;
        return;
    }
    bool opens = is_sym(t, SYM_LPAREN) || is_sym(t, SYM_LBRACKET) || is_sym(t, SYM_LBRACE);
    bool closes = is_sym(t, SYM_RPAREN) || is_sym(t, SYM_RBRACKET) || is_sym(t, SYM_RBRACE);
    if (opens && ls->n < MAX_LEVELS)
        ls->all[ls->n++] = fresh(i, t->opens_block, i + 1);
    else if (closes && ls->n > 1)
        ls->n--;
    else if (t->kind == TOK_OP || t->kind == TOK_KEYWORD)
        see_operator(ls, i, t->sym);
}

/* A statement of one step (`explain t`): its verb stands before a name, a literal or $. */
static void lone_step(const struct place *p, struct level *l)
{
    int i = l->statement;
    if (!l->is_block || l->pipe >= 0 || i >= p->before || l->source != i) return;
    const struct tok *next = &p->lexed.toks[i + 1];
    if (i + 1 < p->before && next->kind == TOK_OP && !is_sym(next, SYM_SUB)) return;
    if (p->lexed.toks[i].kind != TOK_NAME || !verb_find(place_word(p, i))) return;
    l->verb = i;
    if (l->item <= i) l->item = i + 1;
}

/* Whether the word begins a statement: its token does, or an empty word stands on a new line. */
static bool begins_statement(const struct place *p)
{
    if (p->before == 0) return true;
    const struct tok *last = &p->lexed.toks[p->before - 1];
    if (p->tok >= 0) return p->lexed.toks[p->tok].ends;
    if (is_sym(last, SYM_SEMICOLON)) return true;
    if (tok_continues(last)) return false;
    for (uint32_t i = last->to; i < p->at; i++)
        if (p->text[i] == '\n') return true;
    return false;
}

static bool is_call_paren(const struct place *p, int open)
{
    if (open < 1) return false;
    const struct tok *name = &p->lexed.toks[open - 1], *t = &p->lexed.toks[open];
    return is_sym(t, SYM_LPAREN) && name->kind == TOK_NAME && name->to == t->from;
}

/* The step is that of the innermost level that has one; calls between it and the cursor. */
static void read_levels(struct place *p, struct levels *ls)
{
    int k = ls->n - 1;
    const struct level *inner = &ls->all[k];
    if (is_call_paren(p, inner->open)) p->call = inner->open - 1;
    while (k > 0 && ls->all[k].pipe < 0 && ls->all[k].verb < 0 && !ls->all[k].is_block)
        k--;
    const struct level *l = &ls->all[k];
    p->statement = ls->all[0].statement;
    for (int i = 0; i < ls->n; i++)
        if (ls->all[i].is_block) p->statement = ls->all[i].statement;
    p->source = l->source;
    p->pipe = l->pipe;
    p->verb = l->verb;
    p->item = k < ls->n - 1 && l->verb >= 0 && ls->all[k + 1].open == l->verb + 1
                  ? ls->all[k + 1].item
                  : l->item;
    p->in_on = l->in_on;
    p->in_clause = l->in_clause;
    if (p->call >= 0 && p->call == p->verb) p->call = -1; /* verb(items) */
    p->is_verb_place = inner->pipe >= 0 && inner->pipe == p->before - 1;
    p->is_statement_start = inner->is_block && inner->pipe < 0 && inner->statement == p->before;
}

static void find_option(struct place *p)
{
    if (p->before < 2) return;
    const struct tok *colon = &p->lexed.toks[p->before - 1], *name = colon - 1;
    if (is_sym(colon, SYM_COLON) && (name->kind == TOK_NAME || name->kind == TOK_KEYWORD))
        p->option = p->before - 2;
}

void find_place(struct arena *a, const char *text, size_t n, size_t at, struct place *out)
{
    if (n > UINT32_MAX / 2) n = UINT32_MAX / 2;
    if (at > n) at = n;
    *out = (struct place){.text = text, .n = n, .at = (uint32_t)at};
    struct place *p = out;
    p->statement = p->source = p->pipe = p->verb = p->item = p->call = p->option = -1;
    lex(a, text, 0, (uint32_t)n, LEX_PROGRAM, &p->lexed);
    find_word(p);
    if (in_comment(p)) p->word = WORD_NONE;
    struct levels *ls = arena_zero(a, sizeof *ls);
    ls->all[ls->n++] = fresh(-1, true, 0);
    for (int i = 0; i < p->before; i++)
        see_token(p, ls, i);
    struct level *inner = &ls->all[ls->n - 1];
    if (inner->is_block && begins_statement(p)) *inner = fresh(inner->open, true, p->before);
    lone_step(p, inner);
    read_levels(p, ls);
    find_option(p);
    if (p->word == WORD_NAME && p->before > 0) {
        const struct tok *dot = &p->lexed.toks[p->before - 1];
        if (is_sym(dot, SYM_DOT) && dot->to == p->from) p->word = WORD_FIELD;
    }
}

/* parse.c: entry of the parser, and its view of the tokens. Recursive descent over the grammar of
 * language.md 3.2; after an error the rest of the statement is skipped, so each statement has at
 * most one. */
#include "lang/syntax/parse_int.h"

static const struct tok no_tok = {.kind = TOK_END, .ends = true, .blank = true};

const struct tok *tok_here(const struct parser *p)
{
    return tok_ahead(p, 0);
}

const struct tok *tok_ahead(const struct parser *p, int k)
{
    const struct tok *t = &p->toks[p->at];
    if (t->kind == TOK_END || (t->ends && p->at > p->start)) return &no_tok;
    return k > 0 && p->at + k >= t->stop ? &no_tok : t + k;
}

bool is_sym(const struct tok *t, enum sym sym)
{
    return (t->kind == TOK_OP || t->kind == TOK_KEYWORD) && t->sym == sym;
}
bool at_sym(const struct parser *p, enum sym sym)
{
    return is_sym(tok_here(p), sym);
}
bool take_sym(struct parser *p, enum sym sym)
{
    if (!at_sym(p, sym)) return false;
    p->at++;
    return true;
}
bool at_end(const struct parser *p)
{
    const struct tok *t = tok_here(p);
    return t->kind == TOK_END || is_sym(t, SYM_SEMICOLON) || is_sym(t, SYM_RBRACE);
}
void skip_tok(struct parser *p)
{
    if (p->at < p->n_toks - 1) p->at++;
}
uint32_t last_end(const struct parser *p)
{
    return p->at > 0 ? p->toks[p->at - 1].to : 0;
}
struct span span_of(const struct parser *p, uint32_t from, uint32_t to)
{
    return (struct span){p->opts->source, from + p->opts->offset, to + p->opts->offset};
}
struct str tok_text(const struct parser *p, const struct tok *t)
{
    return (struct str){p->text + t->from, t->to - t->from};
}

bool enter(struct parser *p)
{
    if (++p->depth <= PARSE_MAX_DEPTH) return true;
    const struct tok *t = &p->toks[p->at];
    err_tok(p, E109, t, "brackets or blocks are nested deeper than %d levels", PARSE_MAX_DEPTH);
    return false;
}
void leave(struct parser *p)
{
    p->depth--;
}

/* ---- statements in a row ---- */

/* Past the statement with the error: to a token that begins another one in the same block. Braces
 * are counted from the statement's start, so the error may stand inside some. */
static void recover(struct parser *p)
{
    int braces = 0;
    for (int i = p->start; i < p->n_toks - 1; i++) {
        const struct tok *t = &p->toks[i];
        bool is_past = i >= p->at && i > p->start;
        p->at = i > p->at ? i : p->at;
        if (braces == 0 && is_past && (t->ends || is_sym(t, SYM_SEMICOLON))) return;
        if (t->kind != TOK_OP) continue;
        if (t->sym == SYM_LBRACE) braces++;
        if (t->sym == SYM_RBRACE && braces-- == 0) {
            if (is_past) return;
            braces = 0;
        }
    }
    p->at = p->n_toks - 1;
}

static bool statement_ends_here(struct parser *p)
{
    if (at_end(p)) return true;
    unexpected(p, "the end of the line");
    return false;
}

/* The `;` that hides a value. The node was made by us and is not shared yet. */
static void take_silence(struct parser *p, const struct ast *e)
{
    if (!at_sym(p, SYM_SEMICOLON)) return;
    struct ast *mine = (struct ast *)(uintptr_t)e;
    if (e->op == AST_SHOW || e->op == AST_STEP || e->op == AST_CONTINUE) mine->is_silent = true;
}

/* A bracket that is never closed takes all lines that follow into its statement. Where one of them
 * begins as an assignment does, the text is scanned again from there, as if it had been closed. */
static int where_to_begin_again(const struct parser *p, int error_at, bool is_block)
{
    if (is_block || p->depth > 0 || p->diags->n >= PARSE_MAX_ERRORS) return 0;
    if (p->first_open < p->start || p->at < p->n_toks - 1) return 0;
    for (int i = error_at > p->first_open ? error_at : p->first_open + 1; i < p->n_toks - 2; i++) {
        const struct tok *t = &p->toks[i];
        bool is_line =
            memchr(p->text + p->toks[i - 1].to, '\n', t->from - p->toks[i - 1].to) != NULL;
        if (is_line && t->kind == TOK_NAME && is_sym(t + 1, SYM_SET)) return i;
    }
    return 0;
}

static void scan_from(struct parser *p, uint32_t from)
{
    struct lexed lexed;
    lex(p->a, p->text, from, p->n, LEX_PROGRAM, &lexed);
    p->toks = lexed.toks;
    p->n_toks = lexed.n;
    p->first_open = lexed.first_open;
    p->at = p->start = 0;
}

static const struct ast *next_statement(struct parser *p, bool is_block)
{
    p->start = p->at;
    p->has_failed = false;
    p->fix = (struct fix){0};
    p->in_formula = p->allows_product = false;
    int depth = p->depth, in_step = p->in_step;
    const struct ast *e = parse_statement(p);
    if (e && !p->has_failed && statement_ends_here(p)) {
        take_silence(p, e);
        return e;
    }
    p->depth = depth;
    p->in_step = in_step;
    int error_at = p->at;
    recover(p);
    int again = where_to_begin_again(p, error_at, is_block);
    make_hint(p, again ? again : p->at);
    if (again) scan_from(p, p->toks[again].from);
    return NULL;
}

static void skip_ends(struct parser *p)
{
    while (p->toks[p->at].kind == TOK_OP && p->toks[p->at].sym == SYM_SEMICOLON)
        p->at++;
}

const struct ast *parse_program(struct parser *p, bool is_block)
{
    struct list kids = {0};
    uint32_t from = p->toks[p->at].from;
    bool has_failed = false;
    for (;;) {
        skip_ends(p);
        const struct tok *t = &p->toks[p->at];
        if (t->kind == TOK_END) break;
        if (t->kind == TOK_OP && t->sym == SYM_RBRACE && is_block) break;
        const struct tok *here = &p->toks[p->at];
        const struct ast *e = next_statement(p, is_block);
        if (e) *LIST_ADD(p, &kids, const struct ast *) = e;
        has_failed |= !e;
        if (here == &p->toks[p->at]) skip_tok(p); /* a stray `}` */
    }
    p->has_failed = has_failed;
    struct ast *block = node_new(p, AST_BLOCK, from, p->at > 0 ? last_end(p) : from);
    block->kids = kids.p;
    block->n_kids = kids.n;
    return node_done(p, block);
}

/* ---- the whole ---- */

/* By place; two errors of one place stay in the order they were found. */
static void sort_errors(struct error *e, int n)
{
    for (int i = 1; i < n; i++) {
        struct error x = e[i];
        int k = i;
        for (; k > 0 && e[k - 1].span.from > x.span.from; k--)
            e[k] = e[k - 1];
        e[k] = x;
    }
}

void parse(struct arena *a, const char *text, size_t n, const struct parse_opts *opts,
           struct parse_result *out)
{
    static const struct parse_opts plain = {0};
    struct parser p = {.a = a, .text = text, .opts = opts ? opts : &plain};
    struct diags diags = {.items = ARENA_ARRAY(a, struct error, PARSE_MAX_ERRORS)};
    struct lexed lexed;
    p.n = n > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)n;
    p.diags = &diags;
    lex(a, text, 0, p.n, LEX_PROGRAM, &lexed);
    p.toks = lexed.toks;
    p.n_toks = lexed.n;
    p.first_open = lexed.first_open;
    *out = (struct parse_result){.is_incomplete = lexed.is_open, .depth = lexed.depth};
    out->program = parse_program(&p, false);
    if (!out->program) out->program = node_new(&p, AST_BLOCK, 0, 0);
    sort_errors(diags.items, diags.n);
    out->errors = diags.items;
    out->n_errors = diags.n;
}

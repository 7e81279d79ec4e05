/* scan.c: SQL text as tokens, and the four things that PostgreSQL's grammar refuses rewritten on
 * the token stream (language.md section 4): `$x`, a file in quotes as a table, a leading FROM,
 * GROUP BY ALL. Every byte of the rewritten text knows where it comes from. */
#include "lang/sql/sql_int.h"

#include <ctype.h>

/* ---- tokens ---- */
static bool is_name_start(unsigned char c)
{
    return isalpha(c) || c == '_' || c >= 0x80;
}
static bool is_name_byte(unsigned char c)
{
    return is_name_start(c) || isdigit(c) || c == '$';
}
static unsigned char byte_at(struct str t, uint32_t at)
{
    return at < t.n ? (unsigned char)t.p[at] : 0;
}
static uint32_t skip_block_comment(struct str t, uint32_t at)
{
    int depth = 0;
    while (at < t.n) {
        if (t.p[at] == '/' && byte_at(t, at + 1) == '*') {
            depth++;
            at += 2;
        } else if (t.p[at] == '*' && byte_at(t, at + 1) == '/') {
            at += 2;
            if (--depth == 0) return at;
        } else {
            at++;
        }
    }
    return at;
}
static uint32_t skip_blank(struct str t, uint32_t at)
{
    for (;;) {
        unsigned char c = byte_at(t, at);
        if (at < t.n && (isspace(c) || c == '\f' || c == '\v')) {
            at++;
        } else if (c == '-' && byte_at(t, at + 1) == '-') {
            while (at < t.n && t.p[at] != '\n')
                at++;
        } else if (c == '/' && byte_at(t, at + 1) == '*') {
            at = skip_block_comment(t, at);
        } else {
            return at;
        }
    }
}
/* Behind the closing quote; a doubled one stands for itself. */
static uint32_t skip_quoted(struct str t, uint32_t at, char quote, bool escapes)
{
    for (at++; at < t.n; at++) {
        if (escapes && t.p[at] == '\\') {
            at++;
        } else if (t.p[at] == quote) {
            if (byte_at(t, at + 1) != (unsigned char)quote) return at + 1;
            at++;
        }
    }
    return (uint32_t)t.n;
}
/* At `$`: the end of a $tag$..$tag$ string, or 0 when it is none. */
static uint32_t skip_dollar(struct str t, uint32_t at)
{
    uint32_t end = at + 1;
    if (is_name_start(byte_at(t, end)))
        while (is_name_byte(byte_at(t, end)) && t.p[end] != '$')
            end++;
    if (byte_at(t, end) != '$') return 0;
    uint32_t n = end + 1 - at;
    for (uint32_t i = end + 1; i + n <= t.n; i++)
        if (memcmp(t.p + i, t.p + at, n) == 0) return i + n;
    return 0;
}
static struct sql_tok scan_dollar(struct str t, uint32_t at)
{
    uint32_t end = skip_dollar(t, at);
    if (end) return (struct sql_tok){SQL_STRING, at, end};
    end = at + 1;
    if (isdigit(byte_at(t, end))) {
        while (isdigit(byte_at(t, end)))
            end++;
        return (struct sql_tok){SQL_PARAM, at, end};
    }
    if (!is_name_start(byte_at(t, end))) return (struct sql_tok){SQL_OP, at, end};
    while (is_name_byte(byte_at(t, end)) && t.p[end] != '$')
        end++;
    return (struct sql_tok){SQL_VAR, at, end};
}
static uint32_t skip_number(struct str t, uint32_t at)
{
    while (isdigit(byte_at(t, at)))
        at++;
    if (byte_at(t, at) == '.' && byte_at(t, at + 1) != '.') at++;
    while (isdigit(byte_at(t, at)))
        at++;
    uint32_t e = at;
    if (tolower(byte_at(t, e)) == 'e') {
        e++;
        if (byte_at(t, e) == '+' || byte_at(t, e) == '-') e++;
        if (isdigit(byte_at(t, e)))
            for (at = e; isdigit(byte_at(t, at));)
                at++;
    }
    return at;
}
static struct sql_tok scan_word(struct str t, uint32_t at)
{
    uint32_t end = at;
    while (is_name_byte(byte_at(t, end)))
        end++;
    char c = (char)tolower((unsigned char)t.p[at]);
    if (end == at + 1 && byte_at(t, end) == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'))
        return (struct sql_tok){SQL_STRING, at, skip_quoted(t, end, '\'', c == 'e')};
    if (end == at + 1 && c == 'u' && byte_at(t, end) == '&') {
        char quote = (char)byte_at(t, end + 1);
        if (quote == '\'' || quote == '"')
            return (struct sql_tok){quote == '"' ? SQL_QUOTED : SQL_STRING, at,
                                    skip_quoted(t, end + 1, quote, false)};
    }
    return (struct sql_tok){SQL_WORD, at, end};
}
struct sql_tok sql_scan(struct str t, uint32_t at)
{
    at = skip_blank(t, at);
    if (at >= t.n) return (struct sql_tok){SQL_END, (uint32_t)t.n, (uint32_t)t.n};
    unsigned char c = (unsigned char)t.p[at];
    if (c == '\'') return (struct sql_tok){SQL_STRING, at, skip_quoted(t, at, '\'', false)};
    if (c == '"') return (struct sql_tok){SQL_QUOTED, at, skip_quoted(t, at, '"', false)};
    if (c == '$') return scan_dollar(t, at);
    if (isdigit(c) || (c == '.' && isdigit(byte_at(t, at + 1))))
        return (struct sql_tok){SQL_NUMBER, at, skip_number(t, at)};
    if (is_name_start(c)) return scan_word(t, at);
    return (struct sql_tok){SQL_OP, at, at + 1};
}
bool sql_is_word(struct str text, struct sql_tok t, const char *word)
{
    struct str s = {text.p + t.from, t.to - t.from};
    return t.kind == SQL_WORD && str_eq_nocase(s, str_of(word));
}

/* ---- rewriting ---- */
struct level {        /* one bracket, or the statement */
    int first;        /* its first token */
    bool is_call;     /* brackets of a function */
    bool seen_select; /* the SELECT of the query at hand has been */
    bool has_with;
    bool in_from, wants_table;
};
struct rewrite {
    struct sql *s;
    struct sql_text *x;
    struct strbuf out;
    struct level levels[SQL_MAX_DEPTH + 2];
    int depth;
    uint32_t copied; /* bytes of the old text that are in out */
};

#define GROW(a, arr, n, cap)                                                                       \
    do {                                                                                           \
        if ((n) == (cap)) {                                                                        \
            int more_ = (cap) ? (cap)*2 : 16;                                                      \
            void *p_ = arena_zero((a), mem_mul(sizeof *(arr), (size_t)more_));                     \
            if (n) memcpy(p_, (arr), sizeof *(arr) * (size_t)(n));                                 \
            (arr) = p_;                                                                            \
            (cap) = more_;                                                                         \
        }                                                                                          \
    } while (0)

static void add_piece(struct rewrite *r, uint32_t old_at, bool is_copy)
{
    struct sql_text *x = r->x;
    GROW(r->s->arena, x->pieces, x->n_pieces, x->cap_pieces);
    x->pieces[x->n_pieces++] = (struct sql_piece){(uint32_t)r->out.n, old_at, is_copy};
}
static void copy_to(struct rewrite *r, uint32_t to)
{
    if (to <= r->copied) return;
    add_piece(r, r->copied, true);
    strbuf_add(&r->out, r->x->old.p + r->copied, to - r->copied);
    r->copied = to;
}
/* Puts text in place of old bytes [from, to). */
static void replace(struct rewrite *r, uint32_t from, uint32_t to, const char *text)
{
    copy_to(r, from);
    add_piece(r, from, false);
    strbuf_addz(&r->out, text);
    r->copied = to;
}
static struct str tok_text(const struct rewrite *r, int i)
{
    struct sql_tok t = r->x->toks[i];
    return (struct str){r->x->old.p + t.from, t.to - t.from};
}
static bool word_at(const struct rewrite *r, int i, const char *words)
{
    if (i < 0 || i >= r->x->n_toks || r->x->toks[i].kind != SQL_WORD) return false;
    struct str s = tok_text(r, i);
    while (*words) {
        size_t n = strcspn(words, " ");
        if (str_eq_nocase(s, (struct str){words, n})) return true;
        words += n + strspn(words + n, " ");
    }
    return false;
}
static bool op_at(const struct rewrite *r, int i, char c)
{
    return i >= 0 && i < r->x->n_toks && r->x->toks[i].kind == SQL_OP &&
           r->x->old.p[r->x->toks[i].from] == c;
}
static void put_var(struct rewrite *r, int i)
{
    char buf[24];
    struct sql_text *x = r->x;
    struct sql_tok t = x->toks[i];
    struct str name = {x->old.p + t.from + 1, t.to - t.from - 1};
    int k = 0;
    while (k < x->n_params && !str_eq(x->params[k].name, name))
        k++;
    if (k == x->n_params) {
        GROW(r->s->arena, x->params, x->n_params, x->cap_params);
        x->params[x->n_params++] = (struct sql_param){name, t.from};
    }
    snprintf(buf, sizeof buf, "$%d", k + 1);
    replace(r, t.from, t.to, buf);
}
/* 'it''s' as it's; forms with a prefix keep their bytes. */
static struct str unquote(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 1; i + 1 < s.n; i++) {
        p[n++] = s.p[i];
        if (s.p[i] == '\'') i++;
    }
    p[n] = '\0';
    return (struct str){p, n};
}
static void put_file(struct rewrite *r, int i)
{
    char buf[48];
    struct sql_text *x = r->x;
    struct sql_tok t = x->toks[i];
    GROW(r->s->arena, x->files, x->n_files, x->cap_files);
    snprintf(buf, sizeof buf, "\"" SQL_FILE_NAME "%d\"", x->n_files);
    x->files[x->n_files++] = (struct sql_file){unquote(r->s->arena, tok_text(r, i)), t.from, t.to};
    replace(r, t.from, t.to, buf);
}
/* FROM that begins a query: at a statement's start, in a bracket, behind UNION, WITH .. (..). */
static bool begins_query(const struct rewrite *r, const struct level *l, int i)
{
    if (l->seen_select || l->is_call) return false;
    if (i == l->first) return true;
    if (word_at(r, i - 1, "union except intersect")) return true;
    if (word_at(r, i - 1, "all distinct") && word_at(r, i - 2, "union except intersect"))
        return true;
    if (op_at(r, i - 1, ')')) return l->has_with || word_at(r, l->first, "explain");
    if (word_at(r, i - 1, "as")) return word_at(r, l->first, "create");
    return word_at(r, i - 1, "explain analyze verbose") && word_at(r, l->first, "explain");
}
static void see_from(struct rewrite *r, struct level *l, int i)
{
    if (word_at(r, i - 1, "distinct") && word_at(r, i - 2, "is not")) return;
    if (begins_query(r, l, i)) {
        uint32_t at = r->x->toks[i].from;
        replace(r, at, at, "SELECT * ");
        l->seen_select = true;
    }
    bool is_update = word_at(r, l->first, "update");
    if (l->seen_select || is_update) l->in_from = l->wants_table = true;
}
static bool ends_group_all(const struct rewrite *r, int i)
{
    return r->x->toks[i].kind == SQL_END || op_at(r, i, ')') || op_at(r, i, ';') ||
           word_at(r, i, "having order limit window union intersect except offset fetch for");
}
static void see_word(struct rewrite *r, struct level *l, int i)
{
    bool wanted = l->wants_table;
    l->wants_table = false;
    if (word_at(r, i, "select")) {
        l->seen_select = true;
        l->in_from = false;
    } else if (word_at(r, i, "from")) {
        see_from(r, l, i);
    } else if (word_at(r, i, "join")) {
        l->wants_table = l->in_from || wanted || l->seen_select;
    } else if (word_at(r, i, "lateral only")) {
        l->wants_table = wanted;
    } else if (word_at(r, i, "with")) {
        l->has_with = l->has_with || !l->seen_select;
    } else if (word_at(r, i, "union except intersect")) {
        l->seen_select = l->in_from = false;
    } else if (word_at(r, i,
                       "where group having order window limit offset fetch returning set values")) {
        l->in_from = false;
    } else if (word_at(r, i, "all") && word_at(r, i - 1, "by") && word_at(r, i - 2, "group") &&
               ends_group_all(r, i + 1)) {
        replace(r, r->x->toks[i].from, r->x->toks[i].to, "\"" SQL_GROUP_ALL "\"");
    }
}
static rc open_level(struct rewrite *r, int i)
{
    struct sql_tok t = r->x->toks[i];
    struct level *up = &r->levels[r->depth];
    if (r->depth >= SQL_MAX_DEPTH)
        return fail(r->s->cx, E109, sql_span_old(r->s, t.from, t.to),
                    "brackets are nested deeper than %d levels", SQL_MAX_DEPTH);
    bool is_call = word_at(r, i - 1, "trim extract substring overlay position");
    r->levels[++r->depth] = (struct level){
        .first = i + 1,
        .is_call = is_call,
        .in_from = up->wants_table,
        .wants_table = up->wants_table,
    };
    up->wants_table = false;
    return RC_OK;
}
static void see_op(struct rewrite *r, struct level *l, int i)
{
    l->wants_table = op_at(r, i, ',') && l->in_from;
    if (op_at(r, i, ';') && r->depth == 0) *l = (struct level){.first = i + 1};
    if (op_at(r, i, ')') && r->depth > 0) {
        r->depth--;
        r->levels[r->depth].wants_table = false;
    }
}
static rc rewrite_token(struct rewrite *r, int i)
{
    struct sql_tok t = r->x->toks[i];
    struct level *l = &r->levels[r->depth];
    switch (t.kind) {
    case SQL_WORD:
        if (word_at(r, i, "asof semi anti positional") &&
            (word_at(r, i + 1, "join") || word_at(r, i + 2, "join")) && !op_at(r, i + 1, ','))
            return sql_no_dialect(r->s, t);
        see_word(r, l, i);
        return RC_OK;
    case SQL_VAR: put_var(r, i); break;
    case SQL_STRING:
        if (l->wants_table && r->x->old.p[t.from] == '\'') put_file(r, i);
        break;
    case SQL_OP:
        if (op_at(r, i, '(')) return open_level(r, i);
        see_op(r, l, i);
        return RC_OK;
    case SQL_PARAM:
        (void)fail(r->s->cx, E202, sql_span_old(r->s, t.from, t.to),
                   "there are no numbered parameters: a variable is written $name");
        return RC_ERR;
    default: break;
    }
    l->wants_table = false;
    return RC_OK;
}
static rc scan_all(struct sql *s)
{
    struct sql_text *x = &s->text;
    int cap = 0;
    uint32_t at = 0;
    x->n_toks = 0;
    x->toks = NULL;
    for (;;) {
        struct sql_tok t = sql_scan(x->old, at);
        GROW(s->arena, x->toks, x->n_toks, cap);
        x->toks[x->n_toks++] = t;
        if (t.kind == SQL_END) return RC_OK;
        if ((t.kind == SQL_STRING || t.kind == SQL_QUOTED) && t.to == x->old.n) {
            char q = t.kind == SQL_QUOTED ? '"' : '\'';
            bool is_dollar = x->old.p[t.from] == '$';
            if (!is_dollar && (t.to - t.from < 2 || x->old.p[t.to - 1] != q))
                return fail(s->cx, E102, sql_span_old(s, t.from, t.from + 1),
                            "a %s is opened and not closed", q == '"' ? "quoted name" : "text");
        }
        at = t.to;
    }
}
rc sql_rewrite(struct sql *s)
{
    struct rewrite *r = ARENA_NEW(s->arena, struct rewrite);
    r->s = s;
    r->x = &s->text;
    TRY(scan_all(s));
    enum rc_t res = RC_OK;
    for (int i = 0; i + 1 < s->text.n_toks && res == RC_OK; i++)
        res = rewrite_token(r, i);
    copy_to(r, (uint32_t)s->text.old.n);
    s->text.p = arena_strndup(s->arena, r->out.p ? r->out.p : "", r->out.n);
    s->text.n = r->out.n;
    strbuf_release(&r->out);
    return res;
}

/* ---- places ---- */
uint32_t sql_old_at(const struct sql *s, uint32_t new_at)
{
    const struct sql_text *x = &s->text;
    int lo = 0, hi = x->n_pieces - 1;
    if (hi < 0) return new_at;
    while (lo < hi) {
        int mid = (lo + hi + 1) / 2;
        if (x->pieces[mid].new_at <= new_at)
            lo = mid;
        else
            hi = mid - 1;
    }
    const struct sql_piece *p = &x->pieces[lo];
    uint32_t at = p->is_copy ? p->old_at + (new_at - p->new_at) : p->old_at;
    return at <= x->old.n ? at : (uint32_t)x->old.n;
}
struct span sql_span_old(const struct sql *s, uint32_t from, uint32_t to)
{
    if (!s->is_exact) return s->base;
    if (to > s->text.old.n) to = (uint32_t)s->text.old.n;
    if (from >= to && from > 0) from = to - 1; /* at the end: its last byte */
    return (struct span){s->base.source, s->base.from + from, s->base.from + to};
}
struct span sql_span(const struct sql *s, int location)
{
    if (location < 0) return sql_span_old(s, 0, (uint32_t)s->text.old.n);
    uint32_t at = sql_old_at(s, (uint32_t)location);
    struct sql_tok t = sql_scan(s->text.old, at);
    return sql_span_old(s, t.from, t.to);
}
const char *sql_spelling(const struct sql *s, int location, const char *folded, bool *is_quoted)
{
    if (is_quoted) *is_quoted = false;
    if (location < 0) return folded;
    uint32_t at = sql_old_at(s, (uint32_t)location);
    struct sql_tok t = sql_scan(s->text.old, at);
    struct str name = {s->text.old.p + t.from, t.to - t.from};
    if (t.kind == SQL_QUOTED && is_quoted) *is_quoted = true;
    if (t.kind != SQL_WORD || !str_eq_nocase(name, str_of(folded))) return folded;
    return arena_strndup(s->arena, name.p, name.n);
}

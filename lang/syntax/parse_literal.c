/* parse_literal.c: the values of numbers, durations, dates, times, strings and names. */
#include "lang/syntax/parse_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <utf8proc.h>

bool is_literal(const struct tok *t)
{
    switch (t->kind) {
    case TOK_INT:
    case TOK_NUM:
    case TOK_STR:
    case TOK_FSTR:
    case TOK_TIME:
    case TOK_DURATION: return true;
    case TOK_KEYWORD: return t->sym == SYM_NULL || t->sym == SYM_TRUE || t->sym == SYM_FALSE;
    default: return false;
    }
}

/* ---- names ---- */

static struct str nfc(struct parser *p, struct str s)
{
    size_t i = 0;
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    if (i == s.n) return arena_str(p->a, s);
    utf8proc_uint8_t *made = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &made,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    struct str out =
        n < 0 ? arena_str(p->a, s) : arena_str(p->a, (struct str){(const char *)made, (size_t)n});
    free(made);
    return out;
}

/* A bare name is normalised; one in backticks is taken as it stands, since it must be able to say
 * any column there is. */
struct str read_name(struct parser *p, const struct tok *t)
{
    struct str s = tok_text(p, t);
    if (t->kind == TOK_VAR) s = (struct str){s.p + 1, s.n - 1};
    if (s.n < 2 || s.p[0] != '`') return nfc(p, s);
    char *out = arena_alloc(p->a, s.n);
    size_t n = 0;
    for (size_t i = 1; i + 1 < s.n; i++) {
        out[n++] = s.p[i];
        if (s.p[i] == '`') i++;
    }
    return (struct str){out, n};
}

/* ---- numbers ---- */

/* Without `_`; false when one stands at a wrong place. */
static bool strip_underscores(struct str s, char *out, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_') {
            out[(*n)++] = s.p[i];
            continue;
        }
        bool before = i > 0 && s.p[i - 1] >= '0' && s.p[i - 1] <= '9';
        bool after = i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
        if (!before || !after) return false;
    }
    out[*n] = '\0';
    return true;
}

static const struct ast *int_node(struct parser *p, const struct tok *t, const char *digits,
                                  size_t n)
{
    struct ast *e = node_new(p, AST_INT, t->from, t->to);
    if (int_parse(digits, n, &e->i)) return e;
    /* -9223372036854775808 has no positive twin: it is read together with its sign */
    const struct tok *before = p->at > p->start ? &p->toks[p->at - 1] : NULL;
    if (before && is_sym(before, SYM_SUB) && n == 19 &&
        memcmp(digits, "9223372036854775808", 19) == 0) {
        e->i = INT64_MIN;
        return e;
    }
    err_tok(p, E103, t, "this number does not fit an int (64 bits)");
    fix_text(p, t->to, t->to, ".0");
    return NULL;
}

static const struct ast *parse_number(struct parser *p, const struct tok *t)
{
    struct str s = tok_text(p, t);
    char *digits = arena_alloc(p->a, s.n + 1);
    size_t n;
    if (!strip_underscores(s, digits, &n))
        return err_tok(p, E103, t, "`_` stands only between two digits");
    if (t->kind == TOK_INT) return int_node(p, t, digits, n);
    struct ast *e = node_new(p, AST_NUM, t->from, t->to);
    /* the reader wants a digit before the point: .9 */
    char *whole = digits[0] == '.' ? arena_printf(p->a, "0%s", digits) : digits;
    if (!num_parse(whole, strlen(whole), &e->f) || !isfinite(e->f))
        return err_tok(p, E103, t, "this number is too large");
    return e;
}

/* ---- durations ---- */

static const struct unit {
    const char *name;
    int64_t us;
    int months;
} units[] = {
    {"ms", 1000, 0},
    {"s", US_PER_SECOND, 0},
    {"min", US_PER_MINUTE, 0},
    {"h", US_PER_HOUR, 0},
    {"d", US_PER_DAY, 0},
    {"w", 7 * US_PER_DAY, 0},
    {"mo", 0, 1},
    {"q", 0, 3},
    {"y", 0, 12},
};

static void *bad_unit(struct parser *p, const struct tok *t, struct str unit, uint32_t at)
{
    uint32_t to = at + (uint32_t)unit.n;
    if (str_eqz(unit, "m")) {
        err_tok(p, E103, t, "`m` could be minutes or months: write min or mo");
        fix_text(p, at, to, "min");
        return NULL;
    }
    static const struct {
        const char *theirs, *ours;
    } others[] = {
        {"sec", "s"},      {"secs", "s"},      {"second", "s"},  {"seconds", "s"},  {"mins", "min"},
        {"minute", "min"}, {"minutes", "min"}, {"hr", "h"},      {"hrs", "h"},      {"hour", "h"},
        {"hours", "h"},    {"day", "d"},       {"days", "d"},    {"D", "d"},        {"H", "h"},
        {"T", "min"},      {"week", "w"},      {"weeks", "w"},   {"W", "w"},        {"month", "mo"},
        {"months", "mo"},  {"M", "mo"},        {"quarter", "q"}, {"quarters", "q"}, {"Q", "q"},
        {"year", "y"},     {"years", "y"},     {"Y", "y"},       {"yr", "y"},       {"S", "s"}};
    err_tok(p, E103, t, "`%.*s` is not a number or duration", STR_FMT(tok_text(p, t)));
    note_text(p, "Durations are 250ms 0.5s 15min 2h 3d 1w 2mo 1q 1y, and together: 1h30min.");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (str_eqz(unit, others[i].theirs)) fix_text(p, at, to, "%s", others[i].ours);
    return NULL;
}

/* digits[.fraction] times unit_size, exactly: false when it is not whole or too large. */
static bool scaled(const char *number, int64_t unit_size, int64_t *out)
{
    const char *point = strchr(number, '.');
    int64_t whole = 0, part = 0, power = 1;
    size_t n_whole = point ? (size_t)(point - number) : strlen(number);
    if (n_whole > 0 && !int_parse(number, n_whole, &whole)) return false;
    for (const char *c = point ? point + 1 : ""; *c; c++) {
        if (power >= 1000000) {
            if (*c != '0') return false;
            continue;
        }
        part = part * 10 + (*c - '0');
        power *= 10;
    }
    /* part < 10^6 and unit_size < 10^12 */
    if (part * unit_size % power != 0) return false;
    if (__builtin_mul_overflow(whole, unit_size, out)) return false;
    return !__builtin_add_overflow(*out, part * unit_size / power, out);
}

static bool add_part(struct ast *e, const char *number, const struct unit *unit)
{
    int64_t amount, months;
    if (!scaled(number, unit->months ? unit->months : unit->us, &amount)) return false;
    if (unit->months == 0) return !__builtin_add_overflow(e->i, amount, &e->i);
    months = e->months + amount;
    if (amount > INT32_MAX || months > INT32_MAX) return false;
    e->months = (int32_t)months;
    return true;
}

static const struct unit *find_unit(struct str name)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (str_eqz(name, units[i].name)) return &units[i];
    return NULL;
}

static const struct ast *parse_duration(struct parser *p, const struct tok *t)
{
    struct ast *e = node_new(p, AST_DURATION, t->from, t->to);
    uint32_t at = t->from;
    while (at < t->to) {
        uint32_t number = at;
        while (at < t->to && strchr("0123456789._", p->text[at]) && p->text[at])
            at++;
        char *digits = arena_alloc(p->a, at - number + 1);
        size_t n;
        bool is_number = strip_underscores((struct str){p->text + number, at - number}, digits, &n);
        uint32_t unit_at = at;
        while (at < t->to && !(p->text[at] >= '0' && p->text[at] <= '9') && p->text[at] != '.')
            at++;
        struct str name = {p->text + unit_at, at - unit_at};
        const struct unit *unit = find_unit(name);
        if (!unit || !is_number || n == 0) return bad_unit(p, t, name, unit_at);
        if (!add_part(e, digits, unit))
            return err_tok(p, E103, t,
                           "a duration is a whole number of %s, and of at most 290,000 years",
                           unit->months ? "months" : "microseconds");
    }
    return e;
}

/* ---- dates and times ---- */

static const struct ast *parse_time(struct parser *p, const struct tok *t)
{
    struct str s = tok_text(p, t);
    s = (struct str){s.p + 1, s.n - 1};
    struct ast *e = node_new(p, AST_DATE, t->from, t->to);
    int32_t days;
    bool ok;
    if (s.p[2] == ':') {
        e->op = AST_TIME;
        char *whole = arena_printf(p->a, "1970-01-01T%.*s", STR_FMT(s));
        ok = datetime_parse(whole, strlen(whole), &e->i, &e->is_zoned);
    } else if (s.n > 10) {
        e->op = AST_DATETIME;
        ok = datetime_parse(s.p, s.n, &e->i, &e->is_zoned);
    } else {
        ok = date_parse(s.p, s.n, &days);
        if (ok) e->i = days;
    }
    if (ok) return e;
    return err_tok(p, E103, t, "there is no such %s: `%.*s`",
                   e->op == AST_TIME   ? "time"
                   : e->op == AST_DATE ? "date"
                                       : "date and time",
                   STR_FMT(s));
}

/* ---- strings ---- */

struct reader { /* of the inside of a string */
    struct parser *p;
    const struct tok *tok;
    uint32_t at, to;
    bool is_raw, is_filled;
    struct strbuf out;
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool put_code_point(struct reader *r, uint32_t from, uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        err_at(r->p, E103, from, r->at, "there is no character U+%X", cp);
        return false;
    }
    char bytes[4];
    strbuf_add(&r->out, bytes, (size_t)utf8_put(cp, bytes));
    return true;
}

/* \u{1F600}, and Python's \xe9 \u00e9 \U0001f600 with their fixed number of digits. */
static bool read_hex(struct reader *r, uint32_t from, char kind)
{
    const char *text = r->p->text;
    bool is_braced = kind == 'u' && r->at < r->to && text[r->at] == '{';
    int max = is_braced ? 6 : kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
    uint32_t cp = 0, n = 0;
    if (is_braced) r->at++;
    while (r->at < r->to && (int)n < max && hex_value(text[r->at]) >= 0) {
        cp = cp * 16 + (uint32_t)hex_value(text[r->at++]);
        n++;
    }
    bool closed = !is_braced || (r->at < r->to && text[r->at] == '}');
    if (is_braced && closed) r->at++;
    if (!closed || n == 0 || (!is_braced && (int)n != max)) {
        err_at(r->p, E103, from, r->at, "a character by number is written \\u{1F600}");
        return false;
    }
    return put_code_point(r, from, cp);
}

static bool read_escape(struct reader *r)
{
    static const char names[] = "ntr0\"'\\", values[] = "\n\t\r\0\"'\\";
    uint32_t from = r->at++;
    char c = r->at < r->to ? r->p->text[r->at] : '\0';
    if (c == '\n') { /* a line that goes on, as in Python */
        r->at++;
        return true;
    }
    const char *known = c ? strchr(names, c) : NULL;
    if (known) {
        r->at++;
        strbuf_addc(&r->out, values[known - names]);
        return true;
    }
    if (c == 'x' || c == 'u' || c == 'U') {
        r->at++;
        return read_hex(r, from, c);
    }
    uint32_t cp;
    int n = r->at < r->to ? utf8_next(r->p->text + r->at, r->to - r->at, &cp) : 0;
    err_at(r->p, E103, from, r->at + (uint32_t)n,
           "`%.*s` means nothing in a text; a backslash is \\\\", n + 1, r->p->text + from);
    if (!r->is_filled) {
        note_text(r->p, "Patterns are easier as raw text: r\"\\d+\".");
        fix_text(r->p, r->tok->from, r->tok->from, "r");
    }
    return false;
}

/* Plain text up to a hole or the end. */
static bool read_text(struct reader *r)
{
    const char *text = r->p->text;
    while (r->at < r->to) {
        char c = text[r->at];
        bool doubled = r->at + 1 < r->to && text[r->at + 1] == c;
        if (c == '\\' && !r->is_raw) {
            if (!read_escape(r)) return false;
            continue;
        }
        if (r->is_filled && c == '{' && !doubled) return true;
        if (r->is_filled && c == '}' && !doubled) {
            err_at(r->p, E103, r->at, r->at + 1,
                   "a `}` that is only text is written }} in an f-string");
            fix_text(r->p, r->at, r->at, "}");
            return false;
        }
        if (r->is_filled && (c == '{' || c == '}')) r->at++;
        if (!(c == '\r' && r->at + 1 < r->to && text[r->at + 1] == '\n')) strbuf_addc(&r->out, c);
        r->at++;
    }
    return true;
}

/* The part collected so far as a node. */
static struct ast *text_node(struct reader *r, uint32_t from)
{
    struct ast *e = node_new(r->p, AST_STR, from, r->at);
    e->text = arena_str(r->p->a, strbuf_view(&r->out));
    strbuf_clear(&r->out);
    return e;
}

/* The expression between the braces: the tokens of just that stretch, read by the same parser. */
static const struct ast *hole_expr(struct parser *p, uint32_t from, uint32_t to)
{
    struct parser outer = *p;
    struct lexed lexed;
    lex(p->a, p->text, from, to, LEX_HOLE, &lexed);
    p->toks = lexed.toks;
    p->n_toks = lexed.n;
    p->at = p->start = 0;
    p->in_formula = p->allows_product = false;
    const struct ast *e = NULL;
    if (lexed.n == 1)
        err_at(p, E103, from > 0 ? from - 1 : 0, to + 1, "an f-string's braces hold an expression");
    else if (enter(p))
        e = parse_expr(p);
    leave(p);
    if (e && p->toks[p->at].kind != TOK_END) e = unexpected(p, "`}` or `:` and a format");
    p->toks = outer.toks;
    p->n_toks = outer.n_toks;
    p->at = outer.at;
    p->start = outer.start;
    p->depth = outer.depth;
    p->in_formula = outer.in_formula;
    p->allows_product = outer.allows_product;
    return e;
}

static const struct ast *read_hole(struct reader *r, bool is_triple, char quote)
{
    struct parser *p = r->p;
    uint32_t from = r->at, colon;
    uint32_t end = scan_hole(p->text, from + 1, r->to, is_triple, quote, 0, &colon);
    if (end >= r->to) return err_at(p, E102, from, from + 1, "this `{` is not closed");
    const struct ast *kid = hole_expr(p, from + 1, colon);
    if (!kid) return NULL;
    r->at = end + 1;
    struct ast *e = node_of(p, AST_FPART, from, r->at, 1, &kid);
    if (e && colon < end)
        e->text = arena_str(p->a, (struct str){p->text + colon + 1, end - colon - 1});
    return e;
}

static const struct ast *read_fstring(struct reader *r, bool is_triple, char quote)
{
    struct list kids = {0};
    while (r->at < r->to) {
        uint32_t from = r->at;
        if (!read_text(r)) return NULL;
        if (r->out.n > 0) *LIST_ADD(r->p, &kids, const struct ast *) = text_node(r, from);
        if (r->at >= r->to) break;
        const struct ast *part = read_hole(r, is_triple, quote);
        if (!part) return NULL;
        *LIST_ADD(r->p, &kids, const struct ast *) = part;
    }
    return node_of(r->p, AST_FSTR, r->tok->from, r->tok->to, kids.n,
                   (const struct ast *const *)kids.p);
}

static const struct ast *parse_string(struct parser *p, const struct tok *t)
{
    struct reader r = {.p = p, .tok = t, .at = t->from, .to = t->to};
    for (; p->text[r.at] != '"' && p->text[r.at] != '\''; r.at++) {
        r.is_raw |= p->text[r.at] == 'r';
        r.is_filled |= p->text[r.at] == 'f';
    }
    char quote = p->text[r.at];
    bool is_triple = quote == '"' && r.to - r.at >= 6 && memcmp(p->text + r.at, "\"\"\"", 3) == 0;
    r.at += is_triple ? 3 : 1;
    r.to -= is_triple ? 3 : 1;
    size_t bad = utf8_check(p->text + r.at, r.to - r.at);
    if (bad < r.to - r.at) {
        uint32_t at = r.at + (uint32_t)bad;
        return err_at(p, E104, at, at + 1, "the byte 0x%02X is not UTF-8",
                      (unsigned char)p->text[at]);
    }
    const struct ast *e = NULL;
    if (r.is_filled) {
        e = read_fstring(&r, is_triple, quote);
    } else if (read_text(&r)) {
        struct ast *s = text_node(&r, t->from);
        s->span.to = span_of(p, t->from, t->to).to;
        e = s;
    }
    strbuf_release(&r.out);
    return e;
}

/* ---- the token here as a literal ---- */

static const struct ast *parse_constant(struct parser *p, const struct tok *t)
{
    struct ast *e = node_new(p, t->sym == SYM_NULL ? AST_NULL : AST_BOOL, t->from, t->to);
    e->i = t->sym == SYM_TRUE;
    return e;
}

const struct ast *parse_literal(struct parser *p)
{
    const struct tok *t = tok_here(p);
    const struct ast *e;
    if (t->fault != LEX_OK) return bad_tok(p, t);
    switch (t->kind) {
    case TOK_INT:
    case TOK_NUM: e = parse_number(p, t); break;
    case TOK_DURATION: e = parse_duration(p, t); break;
    case TOK_TIME: e = parse_time(p, t); break;
    case TOK_STR:
    case TOK_FSTR: e = parse_string(p, t); break;
    default: e = parse_constant(p, t); break;
    }
    p->at++;
    return e;
}

/* lex_scan.c: where single literals end. Values are read by the parser (parse_literal.c), which has
 * a place for messages; here only the extent is found, generously, so that `2m` or `12abc` is one
 * token with one error. */
#include "lang/syntax/lex.h"

#include "runtime/base/utf8.h"

#define MAX_FSTR_NESTING 8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static char at_or_0(const char *text, uint32_t at, uint32_t to)
{
    return at < to ? text[at] : '\0';
}

uint32_t scan_name(const char *text, uint32_t at, uint32_t to)
{
    bool first = true;
    while (at < to) {
        uint32_t cp;
        int n = utf8_next(text + at, to - at, &cp);
        if (cp == 0xFFFD || !(first ? utf8_is_letter(cp) : utf8_is_name(cp))) break;
        at += (uint32_t)n;
        first = false;
    }
    return at;
}

static uint32_t scan_digits(const char *text, uint32_t at, uint32_t to)
{
    while (at < to && (is_digit(text[at]) || text[at] == '_'))
        at++;
    return at;
}

uint32_t scan_number(const char *text, uint32_t at, uint32_t to, enum tok_kind *kind,
                     enum lex_fault *fault)
{
    *kind = TOK_INT;
    at = scan_digits(text, at, to);
    if (at_or_0(text, at, to) == '.' && is_digit(at_or_0(text, at + 1, to))) {
        *kind = TOK_NUM;
        at = scan_digits(text, at + 1, to);
    } else if (*kind == TOK_INT && at_or_0(text, at, to) == '.' &&
               at_or_0(text, at + 1, to) != '.' && scan_name(text, at + 1, to) == at + 1) {
        *fault = LEX_BARE_POINT;
        return at + 1;
    }
    char e = at_or_0(text, at, to);
    if (e == 'e' || e == 'E') {
        uint32_t digits = at + 1;
        char sign = at_or_0(text, digits, to);
        if (sign == '+' || sign == '-') digits++;
        if (is_digit(at_or_0(text, digits, to))) {
            *kind = TOK_NUM;
            at = scan_digits(text, digits, to);
        }
    }
    /* a unit, and more digits and units behind it: 1h30min */
    uint32_t end = scan_name(text, at, to);
    while (end > at) {
        *kind = TOK_DURATION;
        at = end;
        if (at_or_0(text, at, to) == '.' && is_digit(at_or_0(text, at + 1, to)))
            at = scan_digits(text, at + 1, to);
        end = scan_name(text, at, to);
    }
    return at;
}

/* Whether text at `at` has the form of `pattern` (0 stands for a digit); returns the end or `at`.
 */
static uint32_t scan_form(const char *text, uint32_t at, uint32_t to, const char *pattern)
{
    uint32_t i = at;
    for (const char *c = pattern; *c; c++, i++) {
        char x = at_or_0(text, i, to);
        if (*c == '0' ? !is_digit(x) : x != *c) return at;
    }
    return i;
}

/* hh:mm[:ss[.ffffff]] */
static uint32_t scan_clock(const char *text, uint32_t at, uint32_t to)
{
    uint32_t end = scan_form(text, at, to, "00:00");
    if (end == at) return at;
    uint32_t seconds = scan_form(text, end, to, ":00");
    if (seconds == end) return end;
    uint32_t fraction = scan_form(text, seconds, to, ".0");
    if (fraction == seconds) return seconds;
    while (fraction < to && is_digit(text[fraction]))
        fraction++;
    return fraction;
}

static uint32_t scan_zone(const char *text, uint32_t at, uint32_t to)
{
    char c = at_or_0(text, at, to);
    if (c == 'Z') return at + 1;
    if (c != '+' && c != '-') return at;
    uint32_t end = scan_form(text, at + 1, to, "00:00");
    if (end == at + 1) end = scan_form(text, at + 1, to, "0000");
    return end == at + 1 ? at : end;
}

/* at the `@` */
uint32_t scan_time(const char *text, uint32_t at, uint32_t to, enum lex_fault *fault)
{
    uint32_t start = at + 1, end = scan_clock(text, start, to);
    if (end == start) {
        end = scan_form(text, start, to, "0000-00-00");
        if (end > start && at_or_0(text, end, to) == 'T') {
            uint32_t clock = scan_clock(text, end + 1, to);
            if (clock > end + 1) end = scan_zone(text, clock, to);
        } else if (end > start && at_or_0(text, end, to) == ' ' &&
                   scan_clock(text, end + 1, to) > end + 1) {
            *fault = LEX_TIME_BLANK;
            return scan_clock(text, end + 1, to);
        }
    }
    uint32_t junk = end;
    while (junk < to && (is_digit(text[junk]) || scan_name(text, junk, to) > junk ||
                         (end == start && (text[junk] == '-' || text[junk] == ':'))))
        junk = is_digit(text[junk]) || scan_name(text, junk, to) == junk
                   ? junk + 1
                   : scan_name(text, junk, to);
    if (end == start || junk > end) *fault = LEX_BAD_TIME;
    return junk;
}

static bool is_triple_at(const char *text, uint32_t at, uint32_t to, char quote)
{
    return at + 2 < to && text[at] == quote && text[at + 1] == quote && text[at + 2] == quote;
}

uint32_t scan_hole(const char *text, uint32_t at, uint32_t to, bool is_triple, char quote,
                   int nesting, uint32_t *colon)
{
    int depth = 0;
    bool in_format = false;
    *colon = to;
    while (at < to) {
        char c = text[at];
        if (c == '\n' && !is_triple) return to;
        if (c == '}' && depth == 0) {
            if (!in_format) *colon = at;
            return at;
        }
        if (in_format) {
            if (c == quote && (!is_triple || is_triple_at(text, at, to, quote))) return to;
            at++;
        } else if (c == '"' || c == '\'') {
            enum lex_fault fault = LEX_OK;
            bool is_filled = text[at - 1] == 'f', is_raw = text[at - 1] == 'r';
            if (nesting >= MAX_FSTR_NESTING) return to;
            at = scan_string(text, at, to, is_raw, is_filled, nesting + 1, &fault);
            if (fault != LEX_OK) return to;
        } else if (c == ':' && depth == 0) {
            in_format = true;
            *colon = at++;
        } else {
            if (c == '(' || c == '[' || c == '{') depth++;
            if ((c == ')' || c == ']' || c == '}') && depth > 0) depth--;
            at++;
        }
    }
    return to;
}

/* Past the hole of an f-string whose `{` is at `at`; `to` when it is not closed. */
static uint32_t skip_hole(const char *text, uint32_t at, uint32_t to, bool is_triple, char quote,
                          int nesting, enum lex_fault *fault)
{
    uint32_t colon;
    if (at_or_0(text, at + 1, to) == '{') return at + 2;
    uint32_t end = scan_hole(text, at + 1, to, is_triple, quote, nesting, &colon);
    if (end == to) *fault = nesting >= MAX_FSTR_NESTING ? LEX_NESTED_FSTR : LEX_OPEN_HOLE;
    return end == to ? to : end + 1;
}

uint32_t scan_string(const char *text, uint32_t at, uint32_t to, bool is_raw, bool is_filled,
                     int nesting, enum lex_fault *fault)
{
    char quote = text[at];
    uint32_t start = at;
    bool is_triple = quote == '"' && is_triple_at(text, at, to, quote);
    at += is_triple ? 3 : 1;
    while (at < to && *fault == LEX_OK) {
        char c = text[at];
        if (c == '\n' && !is_triple) break;
        if (c == quote && (!is_triple || is_triple_at(text, at, to, quote)))
            return at + (is_triple ? 3 : 1);
        if (c == '\\' && !is_raw && at + 1 < to && text[at + 1] != '\n')
            at += 2;
        else if (c == '{' && is_filled)
            at = skip_hole(text, at, to, is_triple, quote, nesting, fault);
        else
            at++;
    }
    if (*fault == LEX_OK) *fault = is_triple ? LEX_OPEN_TRIPLE : LEX_OPEN_STRING;
    if (is_triple) return to;
    for (at = start; at < to && text[at] != '\n';)
        at++;
    return at;
}

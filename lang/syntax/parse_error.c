/* parse_error.c: messages of the parser. A hint is the statement with its mistake mended, and it is
 * only given when it parses; so every hint can be pasted. */
#include "lang/syntax/parse_int.h"

#include "runtime/base/utf8.h"

#include <stdio.h>

static struct error *last_error(struct parser *p)
{
    return &p->diags->items[p->diags->n - 1];
}

__attribute__((format(printf, 5, 0))) static void *report(struct parser *p, enum err_code code,
                                                          uint32_t from, uint32_t to,
                                                          const char *fmt, va_list ap)
{
    p->is_muted = p->has_failed || p->diags->n == PARSE_MAX_ERRORS;
    if (!p->has_failed) p->fix = (struct fix){0};
    p->has_failed = true;
    if (p->is_muted) return NULL;
    struct error *e = &p->diags->items[p->diags->n++];
    struct strbuf text = {0};
    strbuf_vprintf(&text, fmt, ap);
    struct ctx cx = {.err = e};
    if (rc_fail(&cx, code, span_of(p, from, to), __FILE__, __LINE__, "%s", text.p) == RC_OK)
        e->code = code;
    strbuf_release(&text);
    return NULL;
}

void *err_at(struct parser *p, enum err_code code, uint32_t from, uint32_t to, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(p, code, from, to, fmt, ap);
    va_end(ap);
    return NULL;
}

void *err_tok(struct parser *p, enum err_code code, const struct tok *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (t->kind == TOK_END) /* behind the last thing that stands there */
        report(p, code, last_end(p), last_end(p), fmt, ap);
    else
        report(p, code, t->from, t->to, fmt, ap);
    va_end(ap);
    return NULL;
}

/* Parses text alone; its first error's fix, if it has one. True when there was no error. */
static bool try_out(struct parser *p, struct str text, bool console, struct fix *fix)
{
    struct parse_opts opts = {.console = console};
    struct error items[PARSE_MAX_ERRORS];
    struct diags diags = {.items = items};
    struct parser trial = {.a = p->a, .text = text.p, .n = (uint32_t)text.n, .opts = &opts};
    struct lexed lexed;
    memset(items, 0, sizeof items);
    trial.diags = &diags;
    trial.is_trial = true;
    lex(p->a, text.p, 0, trial.n, LEX_PROGRAM, &lexed);
    trial.toks = lexed.toks;
    trial.n_toks = lexed.n;
    trial.first_open = lexed.first_open;
    const struct ast *e = parse_program(&trial, false);
    *fix = trial.fix;
    return e && diags.n == 0 && e->n_kids > 0;
}

/* hint_text, note_text and fix_text belong to the error that was reported just before. */
void hint_text(struct parser *p, const char *fmt, ...)
{
    if (p->is_muted || p->diags->n == 0 || last_error(p)->hint[0]) return;
    struct ctx cx = {.err = last_error(p)};
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    struct fix fix;
    bool ok = text.n < sizeof cx.err->hint && !p->is_trial &&
              try_out(p, strbuf_view(&text), p->opts->console, &fix);
    if (ok && err_hint(&cx, "%s", text.p) == RC_OK) cx.err->hint[0] = '\0';
    strbuf_release(&text);
}

void note_text(struct parser *p, const char *fmt, ...)
{
    if (p->is_muted || p->diags->n == 0) return;
    struct ctx cx = {.err = last_error(p)};
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (err_note(&cx, "%s", text.p) == RC_OK) cx.err->n_notes = 0;
    strbuf_release(&text);
}

void fix_text(struct parser *p, uint32_t from, uint32_t to, const char *fmt, ...)
{
    if (p->is_muted) return;
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    p->fix = (struct fix){true, from, to, arena_str(p->a, strbuf_view(&text))};
    strbuf_release(&text);
}

/* ---- hints ---- */

#define MAX_FIXES 6

/* Line ends and indentation become one blank, so that the hint is one line. */
static void add_folded(struct strbuf *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] != '\n' && s[i] != '\r') {
            strbuf_addc(out, s[i]);
            continue;
        }
        while (out->n > 0 && out->p[out->n - 1] == ' ')
            out->n--;
        while (i + 1 < n &&
               (s[i + 1] == ' ' || s[i + 1] == '\t' || s[i + 1] == '\n' || s[i + 1] == '\r'))
            i++;
        strbuf_addc(out, ' ');
    }
}

static struct str mended(struct parser *p, struct str text, const struct fix *fix)
{
    struct strbuf b = {0};
    size_t from = fix->from < text.n ? fix->from : text.n;
    size_t to = fix->to < text.n ? fix->to : text.n;
    add_folded(&b, text.p, from);
    strbuf_adds(&b, fix->text);
    if (to >= from) add_folded(&b, text.p + to, text.n - to);
    struct str out = arena_str(p->a, str_trim(strbuf_view(&b)));
    strbuf_release(&b);
    return out;
}

static bool is_new_line(const struct parser *p, int i)
{
    uint32_t from = p->toks[i - 1].to;
    return memchr(p->text + from, '\n', p->toks[i].from - from) != NULL;
}

static bool has_lines_that_count(const struct parser *p, int end)
{
    for (int i = p->start + 1; i < end; i++)
        if (p->toks[i].ends && is_new_line(p, i) &&
            !(p->fix.from <= p->toks[i].from && p->toks[i].from < p->fix.to))
            return true;
    return false;
}

void make_hint(struct parser *p, int end)
{
    if (p->is_trial || p->is_muted || !p->fix.is_set || p->diags->n == 0) return;
    if (last_error(p)->hint[0]) return;
    if (has_lines_that_count(p, end)) return;
    uint32_t from = p->toks[p->start].from, to = end > p->start ? p->toks[end - 1].to : from;
    if (p->fix.from < from || p->fix.to > to) to = p->fix.to > to ? p->fix.to : to;
    if (p->fix.from < from || to - from > 2000 || memchr(p->text + from, '\0', to - from)) return;
    struct fix fix = p->fix;
    fix.from -= from;
    fix.to -= from;
    struct str text = {p->text + from, to - from};
    bool console = p->opts->console;
    for (int i = 0; i < MAX_FIXES && fix.is_set; i++) {
        text = mended(p, text, &fix);
        if (!try_out(p, text, console, &fix)) continue;
        hint_text(p, "%.*s", STR_FMT(text));
        return;
    }
}

/* ---- tokens that do not fit ---- */

/* Quotes of a word processor, the second one too. */
static void fix_curly_quotes(struct parser *p, const struct tok *t)
{
    for (uint32_t at = t->to; at < p->n && p->text[at] != '\n'; at++) {
        uint32_t cp;
        int n = utf8_next(p->text + at, p->n - at, &cp);
        if (cp != 0x2019 && cp != 0x201D && cp != 0x201C) continue;
        const char *quote = cp == 0x2019 ? "'" : "\"";
        fix_text(p, t->from, at + (uint32_t)n, "%s%.*s%s", quote, (int)(at - t->to),
                 p->text + t->to, quote);
        return;
    }
}

void *bad_tok(struct parser *p, const struct tok *t)
{
    struct str s = tok_text(p, t);
    switch (t->fault) {
    case LEX_BAD_CHAR: {
        uint32_t cp;
        utf8_next(s.p, s.n, &cp);
        if (cp < 0x20 || cp == 0x7F)
            return err_tok(p, E104, t, "the control character U+%04X cannot stand here", cp);
        err_tok(p, E104, t, "`%.*s` (U+%04X) has no meaning here", STR_FMT(s), cp);
        if (cp == 0xA0 || cp == 0x2009 || cp == 0x3000) fix_text(p, t->from, t->to, " ");
        if (cp >= 0x2018 && cp <= 0x201E) fix_curly_quotes(p, t);
        if (cp == 0x2212 || cp == 0x2013) fix_text(p, t->from, t->to, "-");
        if (cp == 0xD7) fix_text(p, t->from, t->to, "*");
        if (cp == 0x2264) fix_text(p, t->from, t->to, "<=");
        if (cp == 0x2265) fix_text(p, t->from, t->to, ">=");
        if (cp == 0x2260) fix_text(p, t->from, t->to, "!=");
        return NULL;
    }
    case LEX_BAD_UTF8:
        return err_tok(p, E104, t, "the byte 0x%02X is not UTF-8", (unsigned char)s.p[0]);
    case LEX_OPEN_STRING:
        err_at(p, E102, t->from, t->to, "this text is not closed: %c is missing on its line",
               s.p[strcspn(arena_strndup(p->a, s.p, s.n), "\"'")]);
        note_text(p, "A text of several lines stands in \"\"\"..\"\"\".");
        return NULL;
    case LEX_OPEN_TRIPLE:
        return err_at(p, E102, t->from, t->from + 3, "this text is not closed: \"\"\" is missing");
    case LEX_OPEN_HOLE:
        err_tok(p, E102, t, "a `{` of this f-string is not closed");
        note_text(p, "A brace that is only text is written {{.");
        return NULL;
    case LEX_OPEN_BACKTICK:
        return err_tok(p, E102, t, "this name is not closed: ` is missing on its line");
    case LEX_EMPTY_NAME: return err_tok(p, E103, t, "a name in backticks cannot be empty");
    case LEX_STRAY_DOLLAR:
        return err_tok(p, E103, t, "`$` stands straight before the name of a variable: $limit");
    case LEX_BAD_TIME:
        err_tok(p, E103, t, "`%.*s` is not a date or time", STR_FMT(s));
        note_text(p,
                  "Dates are @2019-01-31, times @2019-01-31T08:30, @2019-01-31T08:30Z or @08:30.");
        return NULL;
    case LEX_TIME_BLANK:
        err_tok(p, E103, t, "a date and its time are joined by T");
        fix_text(p, t->from, t->to, "%.*sT%.*s", 11, s.p, (int)(s.n - 12), s.p + 12);
        return NULL;
    case LEX_BARE_POINT:
        err_tok(p, E103, t, "a number has digits after its point");
        fix_text(p, t->to, t->to, "0");
        return NULL;
    case LEX_BAD_PREFIX: {
        size_t n = strcspn(arena_strndup(p->a, s.p, s.n), "\"'");
        err_at(p, E103, t->from, t->from + (uint32_t)n,
               "no text begins with `%.*s`; there are r\"raw\" and f\"filled\"", (int)n, s.p);
        fix_text(p, t->from, t->from + (uint32_t)n, "%s", "");
        return NULL;
    }
    case LEX_NESTED_FSTR: return err_tok(p, E109, t, "f-strings stand inside each other too deep");
    case LEX_OK: break;
    }
    return NULL;
}

/* The bracket that is open here, if any: the nearest opener whose closer is still to come. */
static const struct tok *open_bracket(const struct parser *p)
{
    int depth = 0;
    for (int i = p->at - 1; i >= p->start; i--) {
        const struct tok *t = &p->toks[i];
        if (t->kind != TOK_OP) continue;
        if (t->sym == SYM_RPAREN || t->sym == SYM_RBRACKET || t->sym == SYM_RBRACE) depth++;
        if (t->sym == SYM_LPAREN || t->sym == SYM_LBRACKET || t->sym == SYM_LBRACE) {
            if (depth-- == 0) return t;
        }
    }
    return NULL;
}

static const char *closer_text(enum sym opener)
{
    return opener == SYM_LPAREN ? ")" : opener == SYM_LBRACKET ? "]" : "}";
}

void *unexpected(struct parser *p, const char *wanted)
{
    const struct tok *t = tok_here(p);
    if (p->has_failed) return NULL;
    if (t->fault != LEX_OK) return bad_tok(p, t);
    if (foreign_after(p)) return NULL;
    const struct tok *open = open_bracket(p);
    if (t->kind == TOK_END && open) {
        err_tok(p, E102, open, "`%s` is not closed: `%s` is missing", sym_text(open->sym),
                closer_text(open->sym));
        fix_text(p, last_end(p), last_end(p), "%s", closer_text(open->sym));
        return NULL;
    }
    if (t->kind == TOK_END)
        return err_tok(p, E101, t, "the statement ends too early: expected %s", wanted);
    bool is_next =
        is_sym(t, SYM_BY) || is_sym(t, SYM_SORT) || is_sym(t, SYM_ON) ||
        (t->kind == TOK_NAME && is_new_line(p, p->at) && is_sym(tok_ahead(p, 1), SYM_SET));
    if (open && is_next) {
        err_tok(p, E102, open, "`%s` is not closed: `%s` is missing", sym_text(open->sym),
                closer_text(open->sym));
        fix_text(p, last_end(p), last_end(p), "%s", closer_text(open->sym));
        return NULL;
    }
    struct str s = tok_text(p, t);
    if (is_sym(t, SYM_RPAREN) || is_sym(t, SYM_RBRACKET) || is_sym(t, SYM_RBRACE)) {
        if (!open)
            err_tok(p, E101, t, "`%.*s` closes nothing", STR_FMT(s));
        else if (strncmp(closer_text(open->sym), s.p, 1) != 0)
            err_tok(p, E102, t, "`%.*s` stands where `%s` should close the `%s`", STR_FMT(s),
                    closer_text(open->sym), sym_text(open->sym));
        if (p->has_failed) {
            fix_text(p, t->from, t->to, "%s", open ? closer_text(open->sym) : "");
            return NULL;
        }
    }
    int shown = s.n > 40 ? (int)utf8_fit(s.p, s.n, 40) : (int)s.n;
    return err_tok(p, E101, t, "`%.*s` does not fit here: expected %s", shown, s.p, wanted);
}

void *no_value(struct parser *p)
{
    const struct tok *t = tok_here(p);
    if (p->has_failed) return NULL;
    if (t->fault != LEX_OK) return bad_tok(p, t);
    if (foreign_operand(p)) return NULL;
    if (p->at > p->start && t->kind == TOK_END && !open_bracket(p)) {
        struct str before = tok_text(p, &p->toks[p->at - 1]);
        return err_tok(p, E101, t, "the statement ends after `%.*s`: a value is missing",
                       STR_FMT(before));
    }
    if (t->kind == TOK_KEYWORD && t->sym != SYM_ELSE && t->sym != SYM_CASE) {
        struct str word = tok_text(p, t);
        err_tok(p, E101, t,
                "`%.*s` is a word of the language; a name like that stands in backticks",
                STR_FMT(word));
        fix_text(p, t->from, t->to, "`%.*s`", STR_FMT(word));
        return NULL;
    }
    return unexpected(p, "a value");
}

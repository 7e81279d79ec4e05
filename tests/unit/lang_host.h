/* lang_host.h: a host that records what a program shows, prints and warns, for tests of lang. */
#ifndef MLNB_TESTS_LANG_HOST_H
#define MLNB_TESTS_LANG_HOST_H

#include "lang/lang.h"
#include "runtime/base/cancel.h"
#include "tests/unit/unit.h"

struct rec {
    struct lang *lg;
    struct lang_host host;
    struct cancel cancel;
    struct error err;
    struct strbuf out;   /* prints */
    struct strbuf shown; /* plain texts of displays, one after another, newline between */
    struct strbuf notes; /* stream 2 */
    const char *answer;  /* what input() gets, NULL: nobody */
    int n_shown, n_last;
    bool check_hints; /* every hint must parse */
    char command[64];
};
static inline void rec_stream(void *self, int fd, const char *p, size_t n)
{
    struct rec *r = self;
    strbuf_add(fd == 1 ? &r->out : &r->notes, p, n);
}
static inline void rec_display(void *self, const struct display *d)
{
    struct rec *r = self;
    if (r->shown.n) strbuf_addc(&r->shown, '\n');
    strbuf_adds(&r->shown, d->plain);
    r->n_shown++;
    r->n_last += d->is_last;
}
static inline bool rec_input(void *self, const char *prompt, bool secret, struct strbuf *answer)
{
    struct rec *r = self;
    (void)prompt, (void)secret;
    if (r->answer) strbuf_addz(answer, r->answer);
    return r->answer != NULL;
}
static inline bool rec_command(void *self, struct str line)
{
    struct rec *r = self;
    snprintf(r->command, sizeof r->command, "%.*s", STR_FMT(line));
    return str_starts(line, STR(".ok"));
}
static inline void rec_begin_opts(struct rec *r, struct lang_opts opts)
{
    memset(r, 0, sizeof *r);
    r->host = (struct lang_host){.self = r,
                                 .stream = rec_stream,
                                 .display = rec_display,
                                 .input = rec_input,
                                 .command = rec_command};
    opts.host = &r->host;
    opts.cancel = &r->cancel;
    if (!opts.threads) opts.threads = 2;
    r->lg = lang_new(&opts);
}
static inline void rec_begin(struct rec *r)
{
    rec_begin_opts(r, (struct lang_opts){0});
}
static inline void rec_clear(struct rec *r)
{
    strbuf_clear(&r->out);
    strbuf_clear(&r->shown);
    strbuf_clear(&r->notes);
    r->n_shown = r->n_last = 0;
}
static inline void rec_end(struct rec *r)
{
    lang_free(r->lg);
    strbuf_release(&r->out);
    strbuf_release(&r->shown);
    strbuf_release(&r->notes);
}
static inline enum rc_t rec_run(struct rec *r, const char *text)
{
    rec_clear(r);
    err_clear(&r->err);
    return lang_run(r->lg, text, strlen(text), "cell", 1, &r->err);
}
static inline void rec_fail(struct rec *r, const char *text, const char *why, const char *file,
                            int line)
{
    struct strbuf diag = {0};
    if (r->err.code) diag_text(&diag, lang_sources(r->lg), &r->err, &(struct diag_opts){0});
    print_error(
        "%s:%d: %s\n--- program:\n%s\n--- shown:\n%s\n--- printed:\n%s\n--- notes:\n%s\n%s\n", file,
        line, why, text, r->shown.p ? r->shown.p : "", r->out.p ? r->out.p : "",
        r->notes.p ? r->notes.p : "", diag.p ? diag.p : "");
    strbuf_release(&diag);
    _fail(file, line);
}
/* Runs and compares all that was shown (printed, when nothing was shown). */
static inline void rec_expect_at(struct rec *r, const char *text, const char *want,
                                 const char *file, int line)
{
    if (rec_run(r, text) != RC_OK) rec_fail(r, text, "failed", file, line);
    struct strbuf *got = r->shown.n ? &r->shown : &r->out;
    if (!str_eqz(strbuf_view(got), want)) {
        print_error("want:\n%s\n", want);
        rec_fail(r, text, "shows something else", file, line);
    }
}
/* Every hint, pasted, parses (the console takes lines that go on with |>). */
static inline bool rec_parses(const char *hint)
{
    struct arena *a = arena_new();
    struct parse_result out = {0};
    parse(a, hint, strlen(hint), &(struct parse_opts){.console = true}, &out);
    bool ok = out.n_errors == 0;
    arena_free(a);
    return ok;
}
/* Runs and expects an error: code, the text under the caret, and words in its message. */
static inline void rec_error_at(struct rec *r, const char *text, enum err_code code,
                                const char *under, const char *words, const char *file, int line)
{
    if (rec_run(r, text) == RC_OK) rec_fail(r, text, "did not fail", file, line);
    if (r->err.code != code) rec_fail(r, text, "another error", file, line);
    struct str all = sources_text(lang_sources(r->lg), r->err.span.source);
    struct str got = {all.p + r->err.span.from, r->err.span.to - r->err.span.from};
    if (under && !str_eqz(got, under)) {
        print_error("span is on: %.*s\n", STR_FMT(got));
        rec_fail(r, text, "another span", file, line);
    }
    bool has = strstr(r->err.message, words) || strstr(r->err.hint, words);
    for (int i = 0; i < r->err.n_notes; i++)
        has = has || strstr(r->err.notes[i], words);
    if (!has) rec_fail(r, text, "words are missing", file, line);
    if (r->check_hints && r->err.hint[0] && !rec_parses(r->err.hint))
        rec_fail(r, text, "hint: no program", file, line);
}
#define rec_expect(r, text, want) rec_expect_at((r), (text), (want), __FILE__, __LINE__)
#define rec_error(r, text, code, under, words)                                                     \
    rec_error_at((r), (text), (code), (under), (words), __FILE__, __LINE__)
#define rec_ok(r, text)                                                                            \
    do {                                                                                           \
        if (rec_run((r), (text)) != RC_OK) rec_fail((r), (text), "failed", __FILE__, __LINE__);    \
    } while (0)

#endif

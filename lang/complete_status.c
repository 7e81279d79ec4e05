/* complete_status.c: whether Enter should run what has been typed. */
#include "lang/lang.h"

#include "runtime/base/arena.h"

/* Blanks at the start of the last line. */
static int last_indent(const char *text, size_t n)
{
    size_t line = n;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    size_t at = line;
    while (at < n && text[at] == ' ')
        at++;
    return at == n ? 0 : (int)(at - line);
}

/* Errors that the lines still to come can take away: what is open, and what ends too early. */
static bool is_only_open(const struct parse_result *r, size_t n)
{
    for (int i = 0; i < r->n_errors; i++) {
        const struct error *e = &r->errors[i];
        if (e->code != E102 && e->span.from < n) return false;
    }
    return true;
}

/* A %%sql cell goes on to a blank line. */
static enum complete_status cell_status(const char *text, size_t n)
{
    bool has_lines = memchr(text, '\n', n) != NULL;
    size_t end = n;
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t'))
        end--;
    return has_lines && end > 0 && text[end - 1] == '\n' ? LANG_COMPLETE : LANG_INCOMPLETE;
}

enum complete_status lang_is_complete(const char *text, size_t n, int *indent)
{
    *indent = 0;
    if (n >= 5 && memcmp(text, "%%sql", 5) == 0) return cell_status(text, n);
    struct arena *a = arena_new();
    struct parse_opts opts = {.console = true};
    struct parse_result r;
    enum complete_status status = LANG_COMPLETE;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t' || text[n - 1] == '\n'))
        n--;
    parse(a, text, n, &opts, &r);
    if (r.is_incomplete && is_only_open(&r, n)) {
        int before = last_indent(text, n);
        status = LANG_INCOMPLETE;
        *indent = r.depth > 0 ? 2 * r.depth : before > 2 ? before : 2;
        if (*indent > 40) *indent = 40;
    } else if (r.n_errors > 0) {
        status = LANG_INVALID;
    }
    arena_free(a);
    return status;
}

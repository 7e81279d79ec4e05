/* log.c: `.log FILE`: what is written and shown in the session, appended to a file as it comes. */
#include "kernel/repl/repl_int.h"

#include "runtime/base/mem.h"

#include <errno.h>

static void stop(struct repl *r)
{
    if (r->log) fclose(r->log);
    r->log = NULL;
}

void repl_log(struct repl *r, struct str rest)
{
    bool quoted = rest.n >= 2 && rest.p[0] == '"' && rest.p[rest.n - 1] == '"';
    if (!rest.n) {
        printf("log %s\n", r->log ? "on" : "off");
        return;
    }
    stop(r);
    if (str_eqz(rest, "off")) return;
    char *path = mem_strndup(rest.p + quoted, rest.n - 2 * (size_t)quoted);
    r->log = fopen(path, "ae");
    if (!r->log) fprintf(stderr, "cannot write `%s`: %s\n", path, strerror(errno));
    mem_free(path);
}

void repl_log_text(struct repl *r, struct str text)
{
    if (!r->log) return;
    fwrite(text.p, 1, text.n, r->log);
    fflush(r->log);
}

void repl_log_line(struct repl *r, struct str text)
{
    repl_log_text(r, text);
    repl_log_text(r, STR("\n"));
}

void repl_log_statement(struct repl *r, struct str text)
{
    struct strbuf b = {0};
    if (!r->log) return;
    strbuf_addz(&b, "mlnb> ");
    for (size_t i = 0; i < text.n; i++) {
        strbuf_addc(&b, text.p[i]);
        if (text.p[i] == '\n') strbuf_addz(&b, " ...> ");
    }
    repl_log_line(r, strbuf_view(&b));
    strbuf_release(&b);
}

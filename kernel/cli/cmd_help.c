/* cmd_help.c: `mlnb help [TOPIC]`: what ?TOPIC prints in a cell; `mlnb help --html`: the reference
 * page. */
#include "kernel/cli/cli.h"
#include "kernel/notebook/notebook.h"

#include "runtime/base/file.h"

static int write_page(const struct cli *c, struct str page)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    enum rc_t res = RC_OK;
    if (c->output)
        res = file_replace(&cx, c->output, page, NO_SPAN);
    else
        fwrite(page.p, 1, page.n, stdout);
    if (res != RC_OK) fprintf(stderr, "%s %s\n", err_name(err.code), err.message);
    arena_free(cx.arena);
    return res == RC_OK ? EXIT_OK : EXIT_PROGRAM;
}

static int reference_page(const struct cli *c)
{
    struct strbuf body = {0}, page = {0};
    lang_reference(&body);
    notebook_page(&page, "mlnb reference", strbuf_view(&body));
    int code = write_page(c, strbuf_view(&page));
    strbuf_release(&body);
    strbuf_release(&page);
    return code;
}

int cmd_help(const struct cli *c)
{
    struct strbuf plain = {0}, html = {0};
    if (c->html) return reference_page(c);
    lang_help(str_of(c->n_files ? c->files[0] : ""), &plain, &html);
    puts(plain.p ? plain.p : "");
    strbuf_release(&plain);
    strbuf_release(&html);
    return EXIT_OK;
}

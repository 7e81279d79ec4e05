/* cmd_help.c: `mlnb help [TOPIC]`: what ?TOPIC prints in a cell. */
#include "kernel/cli/cli.h"

int cmd_help(const struct cli *c)
{
    struct strbuf plain = {0}, html = {0};
    lang_help(str_of(c->n_files ? c->files[0] : ""), &plain, &html);
    puts(plain.p ? plain.p : "");
    strbuf_release(&plain);
    strbuf_release(&html);
    return EXIT_OK;
}

/* cmd_diff.c: `mlnb diff OLD NEW`: 0 when the notebooks are alike, 1 when they differ, 2 when one
 * cannot be read, as diff(1). */
#include "kernel/cli/runner.h"

#include <unistd.h>

int cmd_diff(const struct cli *c)
{
    if (c->n_files != 2) return usage_error("diff takes two notebooks");
    struct notebook *a = open_notebook(c->files[0]);
    struct notebook *b = a ? open_notebook(c->files[1]) : NULL;
    int code = EXIT_USAGE;
    if (a && b) {
        struct strbuf out = {0};
        code = notebook_diff(&out, a, b, wants_color(c, STDOUT_FILENO)) ? EXIT_PROGRAM : EXIT_OK;
        fwrite(out.p ? out.p : "", 1, out.n, stdout);
        strbuf_release(&out);
    }
    notebook_free(a);
    notebook_free(b);
    return code;
}

/* cmd_fmt.c: `mlnb fmt`: notebooks in canonical form. */
#include "kernel/cli/runner.h"

static bool same_as_file(const char *path, const struct strbuf *text)
{
    FILE *f = fopen(path, "re");
    if (!f) return false;
    char buf[65536];
    size_t n, at = 0;
    bool same = true;
    while (same && (n = fread(buf, 1, sizeof buf, f)) > 0) {
        same = n <= text->n - at && memcmp(buf, text->p + at, n) == 0;
        at += n;
    }
    fclose(f);
    return same && at == text->n;
}

static int fmt_file(const struct cli *c, const char *path)
{
    struct notebook *nb = open_notebook(path);
    if (!nb) return EXIT_PROGRAM;
    struct strbuf text = {0};
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    int code = EXIT_OK;
    err_clear(&err);
    notebook_canonical(nb);
    notebook_write_mlnb(&text, nb);
    if (strcmp(path, "-") == 0) {
        fwrite(text.p, 1, text.n, stdout);
    } else if (!same_as_file(path, &text)) {
        printf("%s %s\n", c->check ? "not canonical:" : "formatted", path);
        if (c->check)
            code = EXIT_PROGRAM;
        else if (notebook_write_file(&cx, nb, path) != RC_OK) {
            print_plain_error(&err);
            code = EXIT_PROGRAM;
        }
    }
    strbuf_release(&text);
    arena_free(cx.arena);
    notebook_free(nb);
    return code;
}

int cmd_fmt(const struct cli *c)
{
    int code = EXIT_OK;
    if (c->n_files == 0) return usage_error("fmt needs files");
    for (int i = 0; i < c->n_files; i++)
        if (fmt_file(c, c->files[i]) != EXIT_OK) code = EXIT_PROGRAM;
    return code;
}

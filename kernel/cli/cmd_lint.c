/* cmd_lint.c: `mlnb lint`: prints file:line:column: rule: text; 1 when there is a finding. */
#include "kernel/cli/lint.h"
#include "kernel/cli/runner.h"

#include <unistd.h>

static bool is_ipynb(const char *path)
{
    return str_ends(str_of(path), STR(".ipynb"));
}

static void print_finding(const char *path, const struct lint_finding *f, bool color)
{
    bool is_bad = strcmp(f->rule, "syntax") == 0 || strcmp(f->rule, "undefined") == 0;
    printf("%s:", path);
    if (is_ipynb(path)) printf("cell %d:", f->at.cell + 1);
    printf("%d:%d: %s%s%s: %s\n", f->at.line, f->at.column,
           !color   ? ""
           : is_bad ? "\x1b[31m"
                    : "\x1b[33m",
           f->rule, color ? "\x1b[0m" : "", f->text);
}

/* Number of findings, -1 when the file cannot be read. */
static int lint_file(const struct cli *c, const char *path)
{
    struct notebook *nb = open_notebook(path);
    if (!nb) return -1;
    struct lint l;
    char *folder = folder_of(path);
    lint_notebook(&l, nb, folder);
    for (int i = 0; i < l.n_findings; i++)
        print_finding(strcmp(path, "-") == 0 ? "standard input" : path, &l.findings[i],
                      wants_color(c, STDOUT_FILENO));
    int n = l.n_findings;
    lint_free(&l);
    mem_free(folder);
    notebook_free(nb);
    return n;
}

int cmd_lint(const struct cli *c)
{
    int findings = 0;
    bool broken = false;
    if (c->n_files == 0) return usage_error("lint needs files");
    for (int i = 0; i < c->n_files; i++) {
        int n = lint_file(c, c->files[i]);
        broken = broken || n < 0;
        findings += n > 0 ? n : 0;
    }
    return broken ? EXIT_USAGE : findings ? EXIT_PROGRAM : EXIT_OK;
}

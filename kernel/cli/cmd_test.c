/* cmd_test.c: `mlnb test`: what each cell prints against the %%expect cell below it; --bless
 * rewrites those cells. */
#include "kernel/cli/runner.h"

/* Trailing blanks of each line and empty lines at the end are cut: editors do so too. */
static void tidy(struct strbuf *out, struct str text)
{
    size_t at = 0;
    while (at < text.n) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        size_t end = nl ? (size_t)(nl - text.p) : text.n, keep = end;
        while (keep > at &&
               (text.p[keep - 1] == ' ' || text.p[keep - 1] == '\t' || text.p[keep - 1] == '\r'))
            keep--;
        strbuf_add(out, text.p + at, keep - at);
        strbuf_addc(out, '\n');
        at = end + 1;
    }
    while (out->n && out->p[out->n - 1] == '\n')
        out->p[--out->n] = 0;
}

static struct str next_line(struct str *text)
{
    const char *nl = text->n ? memchr(text->p, '\n', text->n) : NULL;
    struct str line = {text->p, nl ? (size_t)(nl - text->p) : text->n};
    size_t skip = nl ? line.n + 1 : line.n;
    *text = (struct str){text->p + skip, text->n - skip};
    return line;
}

/* The lines that differ, after what both share at the start. */
static void print_difference(struct str want, struct str got)
{
    struct str w = want, g = got;
    int shared = 0;
    for (;;) {
        struct str w2 = w, g2 = g, a, b;
        if (!w.n || !g.n) break;
        a = next_line(&w2);
        b = next_line(&g2);
        if (!str_eq(a, b)) break;
        w = w2;
        g = g2;
        shared++;
    }
    if (shared) printf("    (%d equal lines)\n", shared);
    for (int i = 0; w.n && i < 20; i++)
        printf("  - %.*s\n", STR_FMT(next_line(&w)));
    for (int i = 0; g.n && i < 20; i++)
        printf("  + %.*s\n", STR_FMT(next_line(&g)));
}

struct test_run {
    const struct cli *cli;
    const char *path;
    struct notebook *nb;
    struct runner runner;
    bool changed;
};

static struct cell *expectation(struct notebook *nb, int i)
{
    return i + 1 < nb->n_cells && nb->cells[i + 1].kind == CELL_EXPECT ? &nb->cells[i + 1] : NULL;
}

static void bless(struct test_run *t, struct cell *expect, const struct strbuf *got)
{
    if (str_eq(strbuf_view(got), (struct str){expect->source, expect->n_source})) return;
    mem_free(expect->source);
    expect->source = mem_strndup(got->p ? got->p : "", got->n);
    expect->n_source = got->n;
    t->changed = true;
}

/* True when the cell printed what was expected (an error may be expected). */
static bool check_cell(struct test_run *t, int i, enum rc_t res, struct str printed)
{
    struct cell *cell = &t->nb->cells[i], *expect = expectation(t->nb, i);
    struct strbuf got = {0}, want = {0};
    bool ok = true;
    tidy(&got, printed);
    if (expect && t->cli->bless) {
        bless(t, expect, &got);
    } else if (expect) {
        tidy(&want, (struct str){expect->source, expect->n_source});
        ok = str_eq(strbuf_view(&got), strbuf_view(&want));
        if (!ok) {
            printf("%s:%d: the cell printed something else\n", t->path, cell->first_line);
            print_difference(strbuf_view(&want), strbuf_view(&got));
        }
    } else if (res != RC_OK && !cell_has_tag(cell, "raises-exception")) {
        printf("%s:%d: the cell failed\n%s\n", t->path, cell->first_line, got.p);
        ok = false;
    }
    strbuf_release(&got);
    strbuf_release(&want);
    return ok;
}

static bool run_cells(struct test_run *t)
{
    bool ok = true;
    for (int i = 0; i < t->nb->n_cells; i++) {
        struct cell *cell = &t->nb->cells[i];
        bool cancelled = false;
        if (cell->kind != CELL_CODE && cell->kind != CELL_SQL && cell->kind != CELL_PARAMS)
            continue;
        if (cell_has_tag(cell, "skip")) continue;
        struct strbuf printed = {0};
        t->runner.capture = &printed;
        enum rc_t res = runner_cell(&t->runner, cell, &cancelled);
        bool good = !cancelled && check_cell(t, i, res, strbuf_view(&printed));
        t->runner.capture = NULL;
        strbuf_release(&printed);
        ok = ok && good;
        if (cancelled || (!good && !expectation(t->nb, i)))
            return false; /* what follows would only echo it */
    }
    return ok;
}

static bool write_blessed(struct test_run *t)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    err_clear(&err);
    enum rc_t res = notebook_write_file(&cx, t->nb, t->path);
    if (res != RC_OK) print_plain_error(&err);
    arena_free(cx.arena);
    if (res == RC_OK) printf("blessed %s\n", t->path);
    return res == RC_OK;
}

static bool test_file(const struct cli *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct test_run t = {.cli = c, .path = path, .nb = open_notebook(path)};
    if (!t.nb) return false;
    char *folder = folder_of(path);
    t.runner.label = slash ? slash + 1 : path;
    runner_open(&t.runner, c, folder, false);
    bool ok = run_cells(&t);
    runner_close(&t.runner);
    if (ok && t.changed) ok = write_blessed(&t);
    notebook_free(t.nb);
    mem_free(folder);
    return ok;
}

int cmd_test(const struct cli *c)
{
    int passed = 0, failed = 0;
    if (c->n_files == 0) return usage_error("test needs notebooks");
    for (int i = 0; i < c->n_files; i++) {
        if (test_file(c, c->files[i]))
            passed++;
        else
            failed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? EXIT_PROGRAM : EXIT_OK;
}

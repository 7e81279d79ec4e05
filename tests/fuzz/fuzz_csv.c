/* fuzz_csv.c: any bytes as delimited text. The reader is built with very small blocks and strips
 * (tests/fuzz/fuzz.cmake), and its answer is compared with a twin that reads a character at a time
 * (tests/unit/io_naive.h). The first byte of the input chooses options. Built with clang and
 * MLNB_FUZZ it is a libFuzzer target; else a program that replays the files it is given. */
#include "tests/unit/io_naive.h"

#include "runtime/base/pool.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct ctx cx;
    struct error err;
    char path[128];
    struct io_option opts[12];
    int n_opts;
    bool by_blocks; /* read block by block, not whole columns at once */
};

static void option(struct fuzz *f, const char *name, struct scalar v)
{
    f->opts[f->n_opts++] = (struct io_option){name, v, NO_SPAN};
}

static struct scalar text_of(const char *z)
{
    return (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(z)};
}

static struct scalar bool_of(bool b)
{
    return (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = b};
}

/* Options from one byte; the twin gets the same. */
static void choose(struct fuzz *f, struct naive *v, uint8_t c)
{
    *v = (struct naive){.delim = c & 1 ? ';' : ',', .quote = c & 2 ? 0 : '"'};
    option(f, "delim", text_of(c & 1 ? ";" : ","));
    option(f, "header", bool_of(!(c & 4)));
    option(f, "encoding", text_of("utf-8"));
    option(f, "escape", (struct scalar){.is_null = true});
    if (c & 2) option(f, "quote", (struct scalar){.is_null = true});
    if (c & 8) option(f, "trim", bool_of(true));
    if (c & 16) option(f, "comment", text_of("#"));
    if (c & 32) option(f, "ragged", text_of("cut"));
    static struct pool *threads;
    if (!threads) threads = pool_new(3);
    if (c & 128) f->cx.pool = threads;
    f->by_blocks = c & 64;
    v->trim = c & 8;
    v->comment = c & 16 ? '#' : 0;
    v->cut = c & 32;
}

static void complain(const struct fuzz *f, const char *what)
{
    fprintf(stderr, "fuzz_csv: %s (%s %s)\n", what, err_name(f->err.code), f->err.message);
    abort();
}

/* The whole as a table, or NULL with the error in f->err. */
static struct table *read_table(struct fuzz *f, int64_t limit)
{
    struct io_scan *s;
    struct table *t = NULL;
    err_clear(&f->err);
    if (io_open(&f->cx, f->path, f->opts, f->n_opts, NO_SPAN, &s) != RC_OK) return NULL;
    struct io_format blocks = *io_head(s)->format;
    blocks.read_whole = NULL;
    if (f->by_blocks) io_head(s)->format = &blocks;
    int n = io_head(s)->schema->n, *cols = malloc(sizeof *cols * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        cols[i] = i;
    if (io_read_table(&f->cx, s, cols, n, limit, &t) != RC_OK) complain(f, "opened, but not read");
    for (int i = 0; i < n; i++) {
        const char *why;
        if (!column_check(t->cols[i], 2, &why)) complain(f, why);
    }
    free(cols);
    io_unref(s);
    return t;
}

static bool may_fail(const struct fuzz *f, const struct naive *v)
{
    switch (f->err.code) {
    case E303: return true; /* NUL bytes, broken UTF-8: the twin does not look */
    case E309: return true; /* limits of the small build */
    case E304: return v->fault && strcmp(v->fault, "ragged") == 0;
    case E315: return v->fault && strcmp(v->fault, "unclosed") == 0;
    case E308: return v->n == 0;
    default: return false;
    }
}

static void compare(struct fuzz *f, const struct naive *v, bool has_header)
{
    struct table *t = read_table(f, -1);
    if (!t && !may_fail(f, v)) complain(f, v->fault ? v->fault : "refused");
    if (!t) return;
    if (v->fault) complain(f, v->fault);
    const char *why = naive_differs(v, has_header, t);
    if (why) complain(f, why);
    struct table *head = read_table(f, 3);
    if (!head || head->n_rows != (t->n_rows < 3 ? t->n_rows : 3)) complain(f, "limit");
    table_unref(head);
    table_unref(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct fuzz f = {.n_opts = 0};
    struct naive v;
    const char *dir = getenv("TMPDIR");
    f.cx.err = &f.err;
    f.cx.arena = arena_new();
    snprintf(f.path, sizeof f.path, "%s/fuzz-csv-%ld.csv", dir ? dir : "/tmp", (long)getpid());
    choose(&f, &v, data[0]);
    FILE *file = fopen(f.path, "wb");
    if (!file || fwrite(data + 1, 1, size - 1, file) != size - 1) abort();
    fclose(file);
    naive_parse(&v, (const char *)data + 1, size - 1);
    compare(&f, &v, !(data[0] & 4));
    naive_free(&v);
    arena_free(f.cx.arena);
    unlink(f.path);
    return 0;
}

#ifndef MLNB_FUZZ
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) return 1;
        uint8_t *data = malloc(1 << 20);
        size_t n = fread(data, 1, 1 << 20, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, n);
        free(data);
    }
    printf("%d inputs replayed\n", argc - 1);
    return 0;
}
#endif

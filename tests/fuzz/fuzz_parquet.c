/* fuzz_parquet.c: any bytes as a Parquet file: whole columns and partition by partition must give
 * the same rows or both fail, and what comes must be sound columns. Built with clang and MLNB_FUZZ
 * it is a libFuzzer target; else a program that replays the files it is given. */
#include "runtime/base/arena.h"
#include "runtime/io/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct ctx cx;
    struct error err;
    int64_t rows;
};

static void complain(const char *what)
{
    fprintf(stderr, "fuzz_parquet: %s\n", what);
    abort();
}

static enum rc_t count(struct ctx *cx, void *self, int64_t part, const struct batch *b)
{
    struct fuzz *f = self;
    (void)cx, (void)part;
    f->rows += b->n_rows;
    for (int i = 0; i < b->n_cols; i++) {
        const struct vec *v = &b->cols[i];
        const int32_t *code = v->data;
        const struct text *t = v->data;
        for (int64_t r = 0; r < b->n_rows; r++) {
            if (v->valid && !bit_get(v->valid, r)) continue;
            if (v->phys == PHYS_DICT && (code[r] < 0 || code[r] >= v->dict->n)) complain("code");
            struct str s = v->phys == PHYS_STR ? text_str(&t[r]) : (struct str){"", 0};
            if (s.n && s.p[0] + s.p[s.n - 1] == 1000) complain("text"); /* touches its ends */
        }
    }
    return RC_OK;
}

/* Rows of all partitions, -1 when a read fails. */
static int64_t by_parts(struct fuzz *f, struct io_scan *s, const int *cols, int n)
{
    struct io_scan_head *h = io_head(s);
    f->rows = 0;
    for (int p = 0; p < h->n_partitions; p++)
        if (h->format->read(&f->cx, s, cols, n, p, -1, count, f) != RC_OK) return -1;
    return f->rows;
}

static void read_it(struct fuzz *f, struct io_scan *s)
{
    struct io_scan_head *h = io_head(s);
    struct table *t = NULL;
    int n = h->schema->n, *cols = malloc(sizeof *cols * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        cols[i] = i;
    int64_t budget = h->n_bytes * 4096 + (1 << 20); /* claims of endless runs take only time */
    if (h->n_rows <= budget) {
        enum rc_t res = io_read_table(&f->cx, s, cols, n, -1, &t);
        for (int i = 0; res == RC_OK && i < n; i++) {
            const char *why;
            if (!column_check(t->cols[i], 2, &why)) complain(why);
        }
        err_clear(&f->err);
        int64_t rows = by_parts(f, s, cols, n);
        if (res == RC_OK && n && rows != t->n_rows) complain("parts and the whole differ");
        if (res != RC_OK && n && rows >= 0) complain("only the whole cannot be read");
        if (res == RC_OK) table_unref(t);
    }
    free(cols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = {.rows = 0};
    char path[128];
    const char *dir = getenv("TMPDIR");
    struct io_option format = {"format", {.type = DTYPE(KIND_STR), .u.s = STR("parquet")}, NO_SPAN};
    struct io_scan *s;
    f.cx.err = &f.err;
    f.cx.arena = arena_new();
    snprintf(path, sizeof path, "%s/fuzz-pq-%ld.parquet", dir ? dir : "/tmp", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size)) abort();
    fclose(file);
    if (io_open(&f.cx, path, &format, 1, NO_SPAN, &s) == RC_OK) {
        read_it(&f, s);
        io_unref(s);
    }
    arena_free(f.cx.arena);
    unlink(path);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

/* fuzz_scan.h: any bytes as a file of one format: opened, read in parts and whole, every column checked.
 * FUZZ_FORMAT names it. Built with clang and MLNB_FUZZ it is a libFuzzer target; else it replays files. */
#include "runtime/base/arena.h"
#include "runtime/base/pool.h"
#include "runtime/io/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rc_t see_batch(struct ctx *cx, void *self, int64_t part, const struct batch *b)
{
    (void)cx;
    (void)part;
    *(int64_t *)self += b->n_rows;
    return RC_OK;
}

static void complain(const struct error *e, const char *what)
{
    fprintf(stderr, "fuzz: %s (%s %s)\n", what, err_name(e->code), e->message);
    abort();
}

static void check_table(const struct error *e, const struct table *t)
{
    const char *why = "";
    for (int i = 0; i < t->schema->n; i++) {
        if (!column_check(t->cols[i], 2, &why)) complain(e, why);
        for (int64_t r = 0; r < t->n_rows && r < 50; r++) {
            struct strbuf text = {0};
            struct scalar s = column_scalar(t->cols[i], r);
            scalar_text(&text, &s, true);
            scalar_release(&s);
            strbuf_release(&text);
        }
    }
}

static void read_scan(struct ctx *cx, struct io_scan *s)
{
    int n = io_head(s)->schema->n, *cols = malloc(sizeof *cols * (size_t)(n + 1));
    struct table *t = NULL;
    int64_t rows = 0;
    for (int i = 0; i < n; i++)
        cols[i] = i;
    if (io_read_table(cx, s, cols, n, -1, &t) == RC_OK) {
        check_table(cx->err, t);
        table_unref(t);
    }
    for (int p = 0; p < io_head(s)->n_partitions && p < 8; p++) {
        enum rc_t res = io_head(s)->format->read(cx, s, cols, n, p, -1, see_batch, &rows);
        if (res != RC_OK) err_clear(cx->err);
    }
    free(cols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pool *threads;
    char path[64];
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct io_option format = {
        .name = "format", .value = {.type = DTYPE(KIND_STR), .u.s = str_of(FUZZ_FORMAT)}, .span = NO_SPAN};
    struct io_scan *s;
    snprintf(path, sizeof path, "/dev/shm/mlnb-fuzz-" FUZZ_FORMAT "-%ld", (long)getpid());
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    if (fwrite(data, 1, size, f) != size) abort();
    fclose(f);
    if (!threads) threads = pool_new(2);
    if (size && data[size - 1] & 1) cx.pool = threads;
    if (io_open(&cx, path, &format, 1, NO_SPAN, &s) == RC_OK) {
        read_scan(&cx, s);
        io_unref(s);
    }
    unlink(path);
    arena_free(cx.arena);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

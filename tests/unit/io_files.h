/* io_files.h: what the tests of runtime/io share: small files, read and compared. */
#ifndef MLNB_TESTS_IO_FILES_H
#define MLNB_TESTS_IO_FILES_H

#include "runtime/base/cancel.h"
#include "runtime/io/io.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct io_case {
    struct unit u;
    struct ctx *cx;
    struct io_scan *scan;
    struct table *table;
    char path[256];
    char warnings[4096]; /* one a line */
    struct notify notify;
    struct io_option opts[8];
    int n_opts;
};

static inline void case_warn(void *self, const struct error *w)
{
    struct io_case *t = self;
    size_t n = strlen(t->warnings);
    snprintf(t->warnings + n, sizeof t->warnings - n, "%s %s\n", err_name(w->code), w->message);
}

static inline void case_begin(struct io_case *t, int threads)
{
    static int serial;
    memset(t, 0, sizeof *t);
    t->cx = unit_begin(&t->u, threads);
    t->notify = (struct notify){.self = t, .warn = case_warn};
    t->cx->notify = &t->notify;
    const char *dir = getenv("TMPDIR");
    snprintf(t->path, sizeof t->path, "%s/mlnb-io-%ld-%d.csv", dir ? dir : "/tmp", (long)getpid(),
             serial++);
}

static inline void case_file(struct io_case *t, const char *text, size_t n)
{
    FILE *f = fopen(t->path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static inline struct scalar text_value(const char *z)
{
    return (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(z)};
}

static inline void case_option(struct io_case *t, const char *name, struct scalar v)
{
    t->opts[t->n_opts++] = (struct io_option){name, v, NO_SPAN};
}

/* All columns of a scan. */
static inline enum rc_t read_all(struct ctx *cx, struct io_scan *s, int64_t limit,
                                 struct table **out)
{
    int n = io_head(s)->schema->n;
    int *cols = malloc(sizeof *cols * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        cols[i] = i;
    enum rc_t res = io_read_table(cx, s, cols, n, limit, out);
    free(cols);
    return res;
}

static inline void case_open(struct io_case *t)
{
    assert_ok(t->cx, io_open(t->cx, t->path, t->opts, t->n_opts, NO_SPAN, &t->scan));
    assert_ok(t->cx, read_all(t->cx, t->scan, -1, &t->table));
    for (int i = 0; i < t->table->schema->n; i++) {
        const char *why = "";
        if (!column_check(t->table->cols[i], 2, &why)) fail_msg("column %d: %s", i, why);
    }
}

static inline void case_read(struct io_case *t, const char *text)
{
    case_begin(t, 1);
    case_file(t, text, strlen(text));
    case_open(t);
}

static inline void case_schema(struct io_case *t, const char *want)
{
    struct strbuf b = {0};
    const struct schema *s = io_head(t->scan)->schema;
    char type[64];
    for (int i = 0; i < s->n; i++)
        strbuf_printf(&b, "%s%s:%s", i ? " " : "", s->fields[i].name,
                      dtype_text(s->fields[i].type, type, sizeof type));
    assert_string_equal(b.p, want);
    strbuf_release(&b);
}

static inline void case_text(struct io_case *t, const char *want)
{
    struct strbuf b = {0};
    io_csv_text(&b, t->table, ',');
    assert_string_equal(b.p, want);
    strbuf_release(&b);
}

static inline void case_end(struct io_case *t)
{
    if (t->table) table_unref(t->table);
    io_unref(t->scan);
    if (t->path[0]) unlink(t->path);
    unit_end(&t->u);
}

#endif

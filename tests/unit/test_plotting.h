/* test_plotting.h: small tables for the tests of plotting. */
#ifndef MLNB_TESTS_TEST_PLOTTING_H
#define MLNB_TESTS_TEST_PLOTTING_H

#include "runtime/col/column.h"
#include "tests/unit/unit.h"

#include <string.h>

/* A table in the making: add columns, then table_done. */
struct making {
    struct ctx *cx;
    struct field fields[600];
    struct column *cols[600];
    int n;
    int64_t rows;
};
static inline void making_add(struct making *m, const char *name, struct dtype type,
                              struct builder *b)
{
    m->fields[m->n] = (struct field){name, type};
    m->rows = b->n;
    assert_ok(m->cx, builder_finish(m->cx, b, &m->cols[m->n]));
    m->n++;
}
/* NAN = null */
static inline void add_num(struct making *m, const char *name, const double *v, int64_t n)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int64_t i = 0; i < n; i++)
        assert_ok(m->cx, builder_f64(m->cx, &b, v[i]));
    making_add(m, name, DTYPE(KIND_NUM), &b);
}
/* INT64_MIN = null; kind int, date, datetime or duration */
static inline void add_ints(struct making *m, const char *name, enum kind kind, const int64_t *v,
                            int64_t n)
{
    struct builder b;
    builder_init(&b, DTYPE(kind), kind_phys(kind));
    for (int64_t i = 0; i < n; i++) {
        if (v[i] == INT64_MIN)
            assert_ok(m->cx, builder_null(m->cx, &b));
        else
            assert_ok(m->cx, builder_i64(m->cx, &b, v[i]));
    }
    making_add(m, name, DTYPE(kind), &b);
}
/* NULL = null */
static inline void add_str(struct making *m, const char *name, const char *const *v, int64_t n)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n; i++) {
        if (!v[i])
            assert_ok(m->cx, builder_null(m->cx, &b));
        else
            assert_ok(m->cx, builder_str(m->cx, &b, str_of(v[i])));
    }
    making_add(m, name, DTYPE(KIND_STR), &b);
}
static inline void add_bool(struct making *m, const char *name, const int *v, int64_t n)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_BOOL), PHYS_BOOL);
    for (int64_t i = 0; i < n; i++) {
        if (v[i] < 0)
            assert_ok(m->cx, builder_null(m->cx, &b));
        else
            assert_ok(m->cx, builder_bool(m->cx, &b, v[i] != 0));
    }
    making_add(m, name, DTYPE(KIND_BOOL), &b);
}
/* Levels in order of first appearance. */
static inline void add_cat(struct making *m, const char *name, const char *const *v, int64_t n,
                           bool ordered)
{
    struct column *text, *dict;
    struct dtype type = {.kind = KIND_CAT, .ordered = ordered};
    add_str(m, name, v, n);
    text = m->cols[m->n - 1];
    assert_ok(m->cx, column_encode(m->cx, text, false, &dict));
    column_unref(text);
    dict->type = type;
    m->cols[m->n - 1] = dict;
    m->fields[m->n - 1].type = type;
}
static inline struct table *table_done(struct making *m)
{
    struct schema *s;
    struct table *t;
    assert_ok(m->cx, schema_new(m->cx, m->fields, m->n, NO_SPAN, &s));
    assert_ok(m->cx, table_new(m->cx, s, m->cols, m->rows, &t));
    schema_unref(s);
    return t;
}
#define LENGTH(a) ((int64_t)(sizeof(a) / sizeof((a)[0])))

/* Compares text, showing both in full when they differ. */
static inline void same_text(const struct strbuf *got, const char *want, const char *file, int line)
{
    const char *g = got->p ? got->p : "";
    if (strcmp(g, want) == 0) return;
    print_error("got:\n%s\nwant:\n%s\n", g, want);
    _fail(file, line);
}
#define assert_same(got, want) same_text((got), (want), __FILE__, __LINE__)

#endif

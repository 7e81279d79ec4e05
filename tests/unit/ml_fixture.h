/* ml_fixture.h: frames, formulas and warnings for the tests of fits on tables. */
#ifndef MLNB_TESTS_UNIT_ML_FIXTURE_H
#define MLNB_TESTS_UNIT_ML_FIXTURE_H

#include "tests/unit/unit.h"

#include "runtime/exec/executor.h"
#include "runtime/io/io.h"
#include "runtime/ml/ml.h"

#define DATA TEST_SOURCE_DIR "/tests/data/oracle/"

struct bench { /* a session's worth: context, executor, data, formula being made */
    struct unit u;
    struct ctx *cx;
    struct executor *x;
    struct plan *data;
    struct formula f;
    struct notify notify;
    char warned[4][1200];
    int n_warned;
};

static inline void bench_warn(void *self, const struct error *w)
{
    struct bench *b = self;
    if (b->n_warned < 4)
        snprintf(b->warned[b->n_warned], sizeof b->warned[0], "%s %s", err_name(w->code),
                 w->message);
    b->n_warned++;
}

static inline struct ctx *bench_begin(struct bench *b, int threads)
{
    char url[32];
    memset(b, 0, sizeof *b);
    b->cx = unit_begin(&b->u, threads);
    b->notify = (struct notify){.self = b, .warn = bench_warn};
    b->cx->notify = &b->notify;
    snprintf(url, sizeof url, "threads:%d", threads);
    assert_ok(b->cx, executor_open(b->cx, url, NO_SPAN, &b->x));
    b->f.arena = b->cx->arena;
    b->f.intercept = true;
    b->f.text = "y ~ x";
    b->f.terms = ARENA_ARRAY(b->cx->arena, struct term, 32);
    return b->cx;
}

static inline void bench_end(struct bench *b)
{
    plan_unref(b->data);
    executor_close(b->x);
    unit_end(&b->u);
}

/* ---- frames ---- */
static inline void bench_read(struct bench *b, const char *path)
{
    struct io_scan *scan;
    plan_unref(b->data);
    assert_ok(b->cx, io_open(b->cx, path, NULL, 0, NO_SPAN, &scan));
    assert_ok(b->cx, plan_scan(b->cx, scan, NO_SPAN, &b->data));
    io_unref(scan);
}

/* Delimited text given in the test. */
static inline void bench_text(struct bench *b, const char *text)
{
    const char *path = arena_printf(b->cx->arena, TEST_BINARY_DIR "/ml_fixture_%p.csv", (void *)b);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
    bench_read(b, path);
    struct table *t; /* the file may go: keep the rows */
    assert_ok(b->cx, exec_table(b->cx, b->x, b->data, &t));
    plan_unref(b->data);
    assert_ok(b->cx, plan_table(b->cx, t, "t", &b->data));
    table_unref(t);
    remove(path);
}

static inline const struct expr *col(struct bench *b, const char *name)
{
    int i = schema_find(b->data->schema, str_of(name));
    if (i < 0) fail_msg("no column %s", name);
    return expr_column(b->cx->arena, name, b->data->schema->fields[i].type, NO_SPAN);
}

static inline const struct expr *lit_int(struct bench *b, int64_t v)
{
    struct scalar s = {.type = DTYPE(KIND_INT), .u.i = v};
    return expr_literal(b->cx->arena, &s, NO_SPAN);
}

static inline const struct expr *call2(struct bench *b, const char *fn, const struct expr *l,
                                       const struct expr *r)
{
    const struct expr *args[2] = {l, r}, *out;
    const struct fn_desc *d = fn_find(str_of(fn));
    if (!d) fail_msg("no function %s", fn);
    assert_ok(b->cx, expr_call(b->cx, b->cx->arena, d, args, 2, NO_SPAN, &out));
    return out;
}

static inline struct plan *filtered(struct bench *b, const struct expr *predicate)
{
    struct plan *p;
    assert_ok(b->cx, plan_filter(b->cx, b->data, predicate, NO_SPAN, &p));
    return p;
}

/* ---- formulas ---- */
static inline struct feature *feature_of(struct bench *b, const struct expr *e, const char *text)
{
    struct feature *f = ARENA_NEW(b->cx->arena, struct feature);
    *f = (struct feature){.op = FEATURE_EXPR, .text = text, .expr = e};
    return f;
}

static inline struct feature *plain(struct bench *b, const char *name)
{
    return feature_of(b, col(b, name), name);
}

static inline struct feature *wrapped(struct bench *b, enum feature_op op, const char *fn,
                                      const struct feature *arg)
{
    struct feature *f = ARENA_NEW(b->cx->arena, struct feature);
    f->op = op;
    f->text = arena_printf(b->cx->arena, "%s(%s)", fn, arg->text);
    f->args = ARENA_ARRAY(b->cx->arena, const struct feature *, 1);
    f->args[0] = arg;
    f->n_args = 1;
    return f;
}

static inline struct feature *scale(struct bench *b, const struct feature *arg)
{
    return wrapped(b, FEATURE_SCALE, "scale", arg);
}

static inline struct feature *impute(struct bench *b, const struct feature *arg, const char *method)
{
    struct feature *f = wrapped(b, FEATURE_IMPUTE, "impute", arg);
    f->method = method;
    return f;
}

static inline struct feature *cat(struct bench *b, const char *name)
{
    return wrapped(b, FEATURE_CAT, "cat", plain(b, name));
}

static inline struct feature *onehot(struct bench *b, const char *name)
{
    return wrapped(b, FEATURE_ONEHOT, "onehot", plain(b, name));
}

static inline void add(struct bench *b, const struct feature *f)
{
    struct term *t = &b->f.terms[b->f.n_terms++];
    *t = (struct term){.factors = ARENA_ARRAY(b->cx->arena, const struct feature *, 1),
                       .n_factors = 1};
    t->factors[0] = f;
}

static inline void add_product(struct bench *b, const struct feature *l, const struct feature *r)
{
    struct term *t = &b->f.terms[b->f.n_terms++];
    *t = (struct term){.factors = ARENA_ARRAY(b->cx->arena, const struct feature *, 2),
                       .n_factors = 2};
    t->factors[0] = l;
    t->factors[1] = r;
}

static inline struct ml_fit_spec spec_of(struct bench *b, const char *family)
{
    return (struct ml_fit_spec){
        .family = ml_family_find(str_of(family)), .formula = &b->f, .threshold = 0.5};
}

static inline struct ml_arg *l2_arg(struct bench *b, double l2)
{
    struct ml_arg *a = ARENA_NEW(b->cx->arena, struct ml_arg);
    *a = (struct ml_arg){.name = "l2", .value = {.type = DTYPE(KIND_NUM), .u.f = l2}};
    return a;
}

/* ---- results ---- */
static inline struct table *run(struct bench *b, struct plan *p)
{
    struct table *t;
    assert_ok(b->cx, exec_table(b->cx, b->x, p, &t));
    return t;
}

static inline struct table *part_of(struct bench *b, const struct model *m, const char *part)
{
    struct scalar text;
    struct table *t;
    assert_ok(b->cx, ml_part(b->cx, m, str_of(part), NO_SPAN, &text, &t));
    return t;
}

static inline double cell(const struct table *t, const char *column, int64_t row)
{
    int c = schema_find(t->schema, str_of(column));
    if (c < 0) fail_msg("no column %s", column);
    struct scalar s = column_scalar(t->cols[c], row);
    if (s.is_null) return NAN;
    return s.type.kind == KIND_NUM ? s.u.f : s.type.kind == KIND_BOOL ? s.u.b : (double)s.u.i;
}

/* Row whose first column is this text, or -1. */
static inline int64_t row_of(const struct table *t, const char *text)
{
    for (int64_t i = 0; i < t->n_rows; i++)
        if (str_eqz(column_scalar(t->cols[0], i).u.s, text)) return i;
    return -1;
}

#endif

/* fixture.h: what tests of plans and executors share: small tables, expressions by name, plans, and
 * comparison of tables bit by bit. Everything lives in the fixture's arena or is freed with it. */
#ifndef MLNB_TESTS_EXEC_FIXTURE_H
#define MLNB_TESTS_EXEC_FIXTURE_H

#include "tests/unit/unit.h"

#include "runtime/base/cancel.h"
#include "runtime/exec/executor.h"

struct fx {
    struct ctx cx;
    struct error err;
    struct arena *a;
    struct notify notify;
    struct error warnings[16];
    int n_warnings;
    struct plan **plans; /* made through the helpers: freed at the end */
    int n_plans, cap_plans;
    struct table **tables;
    int n_tables, cap_tables;
    struct executor *x[3]; /* threads:1, threads:2, threads:7 */
};
void fx_begin(struct fx *f);
void fx_end(struct fx *f);

/* ---- tables ---- */
struct col {
    const char *name;
    struct column *c; /* taken */
};
#define NIL INT64_MIN /* null in int lists */
struct column *ints(struct fx *f, int64_t n, const int64_t *v);
struct column *nums(struct fx *f, int64_t n, const double *v);      /* NaN = null */
struct column *strs(struct fx *f, int64_t n, const char *const *v); /* NULL = null */
struct column *bools(struct fx *f, int64_t n, const int *v);        /* -1 = null */
struct column *typed(struct fx *f, enum kind k, int64_t n,
                     const int64_t *v);                       /* date, datetime .. */
struct column *coded(struct fx *f, struct column *take_strs); /* the same as a dictionary */
struct table *table_of(struct fx *f, int n, const struct col *cols);
#define INTS(f, ...)                                                                               \
    ints(f, (int64_t)(sizeof((int64_t[]){__VA_ARGS__}) / 8), (int64_t[]){__VA_ARGS__})
#define NUMS(f, ...)                                                                               \
    nums(f, (int64_t)(sizeof((double[]){__VA_ARGS__}) / 8), (double[]){__VA_ARGS__})
#define STRS(f, ...)                                                                               \
    strs(f, (int64_t)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                     \
         (const char *[]){__VA_ARGS__})
#define TABLE(f, ...)                                                                              \
    table_of(f, (int)(sizeof((struct col[]){__VA_ARGS__}) / sizeof(struct col)),                   \
             (struct col[]){__VA_ARGS__})

/* ---- expressions ---- */
const struct expr *ex_col(struct fx *f, const struct plan *in, const char *name);
const struct expr *ex_int(struct fx *f, int64_t v);
const struct expr *ex_num(struct fx *f, double v);
const struct expr *ex_str(struct fx *f, const char *v);
const struct expr *ex_bool(struct fx *f, bool v);
const struct expr *ex_null(struct fx *f);
const struct expr *ex_call(struct fx *f, const char *fn, int n, const struct expr *const *args);
const struct expr *ex_agg(struct fx *f, const char *agg, int n, const struct expr *const *args,
                          const struct expr *where);
const struct expr *ex_frame(struct fx *f, const char *agg, int n, const struct expr *const *args,
                            struct win_frame frame);
const struct expr *ex_win(struct fx *f, const char *win, int n, const struct expr *const *args);
const struct expr *ex_case(struct fx *f, int n, const struct expr *const *args);
#define ARGS(...)                                                                                  \
    (int)(sizeof((const struct expr *[]){__VA_ARGS__}) / sizeof(struct expr *)),                   \
        (const struct expr *[])                                                                    \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define CALL(f, name, ...) ex_call(f, name, ARGS(__VA_ARGS__))
#define AGG(f, name, ...)  ex_agg(f, name, ARGS(__VA_ARGS__), NULL)

/* ---- plans ---- */
#define ITEMS(...)                                                                                 \
    (struct named_expr[]){__VA_ARGS__},                                                            \
        (int)(sizeof((struct named_expr[]){__VA_ARGS__}) / sizeof(struct named_expr))
#define KEYS(...)                                                                                  \
    (struct sort_key[]){__VA_ARGS__},                                                              \
        (int)(sizeof((struct sort_key[]){__VA_ARGS__}) / sizeof(struct sort_key))
struct plan *pl_keep(struct fx *f, struct plan *take_p);
struct plan *pl_table(struct fx *f, struct table *t);
struct plan *pl_filter(struct fx *f, struct plan *in, const struct expr *e);
struct plan *pl_project(struct fx *f, struct plan *in, const struct named_expr *items, int n);
struct plan *pl_aggregate(struct fx *f, struct plan *in, const struct named_expr *keys, int n_keys,
                          const struct named_expr *items, int n);
struct plan *pl_sort(struct fx *f, struct plan *in, const struct sort_key *keys, int n);
struct plan *pl_limit(struct fx *f, struct plan *in, int64_t offset, int64_t n);
struct plan *pl_join(struct fx *f, struct plan *l, struct plan *r, enum join_kind kind,
                     const char *left, const char *right);

/* ---- running and comparing ---- */
struct table *run_on(struct fx *f, int executor, struct plan *p); /* kept by the fixture */
/* NULL when equal, else what differs (fixture's arena). Numbers bit by bit, unless tol > 0. */
const char *table_diff(struct fx *f, const struct table *a, const struct table *b, double tol);
char *table_dump(struct fx *f, const struct table *t, int64_t max_rows);
/* Rows as "1|a|null" lines, for expected values written by hand. */
#define assert_rows(f, t, want)                                                                    \
    do {                                                                                           \
        char *got_ = table_dump(f, t, 1000);                                                       \
        if (strcmp(got_, want) != 0) fail_msg("%s:%d: got\n%s", __FILE__, __LINE__, got_);         \
    } while (0)
/* Same rows on every executor; the table of the first. */
struct table *run_all(struct fx *f, struct plan *p);

#endif

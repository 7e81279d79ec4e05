/* How runs begin and end: file partitions, early ends, cancel, budget, failing memory, sinks,
 * foreign pools, explain. Files are a made-up format that counts what is asked of it. */
#include "tests/exec/fixture.h"

#include "runtime/base/mem.h"
#include "runtime/io/io.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* ---- a format: partition p holds rows p * 1000 .. p * 1000 + 999 of columns a = row, b = -row
 * ---- */
struct fake {
    struct io_scan_head head;
    atomic_int reads, dones, columns, late; /* late: begun after the token was set */
    struct fx *f;
    int cancel_at; /* partition that cancels, -1 none */
    int gate;      /* partitions from here on wait until so many of the first are through; 0 none */
    int first;
    atomic_int through;
};
#define PART 1000

static void rest(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static enum rc_t fake_read(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                           int64_t part, int64_t limit, io_push push, void *self)
{
    struct fake *k = (struct fake *)s;
    int64_t data[2][PART];
    struct vec cols[2];
    (void)limit;
    atomic_fetch_add(&k->reads, 1);
    if (cancel_asked(cx->cancel)) atomic_fetch_add(&k->late, 1);
    atomic_store(&k->columns, n_columns);
    if (part == k->cancel_at) cancel_set(cx->cancel);
    if (k->gate && part >= k->gate) rest(1000000); /* slow, too: time to see the end */
    while (k->gate && part >= k->gate && atomic_load(&k->through) < k->first)
        rest(100000);
    for (int c = 0; c < n_columns; c++) {
        for (int64_t i = 0; i < PART; i++)
            data[c][i] = columns[c] ? -(part * PART + i) : part * PART + i;
        cols[c] = (struct vec){.phys = PHYS_I64, .data = data[c]};
    }
    struct batch b = {PART, n_columns, cols, 0};
    enum rc_t res = push(cx, self, part, &b);
    if (part < k->first) atomic_fetch_add(&k->through, 1);
    return res;
}
static enum rc_t fake_done(struct ctx *cx, struct io_scan *s)
{
    (void)cx;
    atomic_fetch_add(&((struct fake *)s)->dones, 1);
    return RC_OK;
}
static void fake_close(struct io_scan *s)
{
    schema_unref(io_head(s)->schema);
}
static const struct io_format fake_format = {
    .name = "fake", .read = fake_read, .done = fake_done, .close = fake_close};

static struct plan *fake_scan(struct fx *f, struct fake *k, int n_partitions)
{
    static const struct field fields[] = {{"a", {.kind = KIND_INT}}, {"b", {.kind = KIND_INT}}};
    struct plan *p = NULL;
    memset(k, 0, sizeof *k);
    k->head = (struct io_scan_head){.format = &fake_format,
                                    .label = "made.up",
                                    .n_bytes = 1 << 20,
                                    .n_rows = -1,
                                    .n_partitions = n_partitions};
    atomic_init(&k->head.refs, 1);
    k->cancel_at = -1;
    k->f = f;
    assert_ok(&f->cx, schema_new(&f->cx, fields, 2, NO_SPAN, &k->head.schema));
    assert_ok(&f->cx, plan_scan(&f->cx, (struct io_scan *)k, NO_SPAN, &p));
    io_unref((struct io_scan *)k);
    return pl_keep(f, p);
}

TEST(files_are_read_by_partition)
{
    struct fx f;
    struct fake k;
    fx_begin(&f);
    struct plan *p = fake_scan(&f, &k, 40);
    struct plan *w = pl_filter(&f, p, CALL(&f, ">", ex_col(&f, p, "a"), ex_int(&f, 39990)));
    struct plan *d = pl_project(&f, w, ITEMS({"a", ex_col(&f, w, "a")}));
    assert_rows(&f, run_all(&f, d),
                "39991\n39992\n39993\n39994\n39995\n39996\n39997\n39998\n39999\n");
    assert_int_equal(atomic_load(&k.reads), 120);
    assert_int_equal(atomic_load(&k.dones), 3); /* once a full pass */
    assert_int_equal(atomic_load(&k.columns), 1);
    struct plan *g = pl_aggregate(&f, p, NULL, 0,
                                  ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                        {"s", AGG(&f, "sum", ex_col(&f, p, "b"))}));
    assert_rows(&f, run_all(&f, g), "40000|-799980000\n");
    fx_end(&f);
}

TEST(limits_end_early)
{
    struct fx f;
    struct fake k;
    struct table *t = NULL;
    bool complete = true;
    fx_begin(&f);
    struct plan *p = fake_scan(&f, &k, 400);
    struct plan *w = pl_filter(&f, p, CALL(&f, ">=", ex_col(&f, p, "a"), ex_int(&f, 2500)));
    struct plan *two = pl_limit(&f, w, 1, 2);
    k.gate = 50;
    k.first = 3;
    for (int x = 0; x < 3; x++) { /* other threads may run ahead, up to the gate and little more */
        atomic_store(&k.reads, 0);
        atomic_store(&k.through, 0);
        assert_ok(&f.cx, exec_table(&f.cx, f.x[x], two, &t));
        assert_int_equal(t->n_rows, 2);
        assert_int_equal(column_scalar(t->cols[0], 0).u.i, 2501);
        table_unref(t);
        if (x == 0) assert_int_equal(atomic_load(&k.reads), 3);
        assert_true(atomic_load(&k.reads) < 300);
    }
    k.gate = 0;
    assert_int_equal(atomic_load(&k.dones), 0);
    assert_ok(&f.cx, exec_head(&f.cx, f.x[1], w, 15, &t, &complete));
    assert_int_equal(t->n_rows, 15);
    assert_false(complete);
    table_unref(t);
    struct plan *few = pl_filter(&f, p, CALL(&f, ">=", ex_col(&f, p, "a"), ex_int(&f, 399990)));
    assert_ok(&f.cx, exec_head(&f.cx, f.x[1], few, 15, &t, &complete));
    assert_int_equal(t->n_rows, 10);
    assert_true(complete);
    table_unref(t);
    fx_end(&f);
}

TEST(cancel_ends_the_run)
{
    struct fx f;
    struct fake k;
    struct table *t = NULL;
    struct cancel token = {0};
    fx_begin(&f);
    f.cx.cancel = &token;
    struct plan *p = fake_scan(&f, &k, 200);
    k.cancel_at = 3;
    for (int x = 0; x < 3; x++) {
        cancel_reset(&token);
        atomic_store(&k.late, 0);
        assert_err(&f.cx, E901, exec_table(&f.cx, f.x[x], p, &t));
        /* each worker may have begun one partition between its check and the token */
        assert_true(atomic_load(&k.late) <= 7);
    }
    cancel_reset(&token);
    cancel_set(&token);
    struct plan *mem = pl_table(&f, TABLE(&f, {"a", INTS(&f, 3, 1, 2)}));
    struct plan *s = pl_sort(&f, mem, KEYS({ex_col(&f, mem, "a"), false, false}));
    assert_err(&f.cx, E901, exec_table(&f.cx, f.x[1], s, &t));
    cancel_reset(&token);
    assert_rows(&f, run_all(&f, s), "1\n2\n3\n");
    fx_end(&f);
}

TEST(budget_is_respected)
{
    struct fx f;
    struct fake k;
    struct table *t = NULL, *want = NULL;
    fx_begin(&f);
    struct plan *p = fake_scan(&f, &k, 400);
    struct plan *s = pl_sort(&f, p, KEYS({ex_col(&f, p, "b"), false, false}));
    struct plan *top = pl_limit(&f, s, 0, 2);
    assert_ok(&f.cx, exec_table(&f.cx, f.x[0], s, &want));
    f.cx.memory_budget = 1 << 20;
    assert_ok(&f.cx, exec_table(&f.cx, f.x[1], s, &t));
    assert_null(table_diff(&f, want, t, 0));
    assert_true(mem_on_disk(t->cols[0]->data)); /* and stays there as long as it is wanted */
    assert_false(mem_on_disk(want->cols[0]->data));
    table_unref(t);
    table_unref(want);
    setenv("TMPDIR", "/no/such/folder", 1);
    assert_err(&f.cx, E306, exec_table(&f.cx, f.x[1], s, &t));
    unsetenv("TMPDIR");
    f.cx.memory_budget = 64 << 20;
    assert_rows(&f, run_on(&f, 1, top), "399999|-399999\n399998|-399998\n");
    fx_end(&f);
}

/* Every large allocation of a run fails once: an error each time, no leak (the sanitizer looks). */
TEST(memory_may_fail_anywhere)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(
        &f, TABLE(&f, {"k", STRS(&f, "a", "b", "a", NULL, "c")}, {"v", INTS(&f, 5, 4, 3, 2, 1)}));
    struct plan *j = pl_join(&f, p, p, JOIN_FULL, "k", "k");
    struct plan *g = pl_aggregate(&f, j, ITEMS({"k", ex_col(&f, j, "k")}),
                                  ITEMS({"m", AGG(&f, "median", ex_col(&f, j, "v"))},
                                        {"s", AGG(&f, "sum", ex_col(&f, j, "v_right"))}));
    struct plan *s = pl_sort(&f, g, KEYS({ex_col(&f, g, "m"), true, false}));
    for (long n = 1; n < 2000; n++) {
        struct table *t = NULL;
        mem_fail_at(n);
        enum rc_t res = exec_table(&f.cx, f.x[0], s, &t);
        mem_fail_at(0);
        if (res == RC_OK) {
            assert_true(n > 20);
            table_unref(t);
            break;
        }
        assert_int_equal(f.err.code, E902);
        err_clear(&f.err);
    }
    fx_end(&f);
}

/* ---- sinks ---- */
struct seen {
    pthread_mutex_t lock;
    int64_t rows[64], first[64];
    int64_t partitions;
    int64_t stop_at;
};
static enum rc_t seen_begin(struct ctx *cx, void *self, const struct schema *schema, int64_t n)
{
    (void)cx;
    assert_int_equal(schema->n, 2);
    ((struct seen *)self)->partitions = n;
    return RC_OK;
}
static enum rc_t seen_push(struct ctx *cx, void *self, int64_t part, const struct batch *b)
{
    struct seen *s = self;
    enum rc_t res = RC_OK;
    pthread_mutex_lock(&s->lock);
    const int64_t *a = b->cols[0].data;
    if (s->rows[part] == 0) s->first[part] = a[0];
    if (a[0] != s->first[part] + s->rows[part]) s->rows[part] = -1000000; /* out of order */
    s->rows[part] += b->n_rows;
    if (part == s->stop_at) res = fail(cx, E216, NO_SPAN, "enough");
    pthread_mutex_unlock(&s->lock);
    return res;
}

TEST(streams_keep_partitions_in_order)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 300000, *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = i;
    struct plan *p = pl_table(&f, TABLE(&f, {"a", ints(&f, n, v)}, {"b", ints(&f, n, v)}));
    free(v);
    for (int x = 0; x < 3; x++) {
        struct seen s = {.stop_at = -1};
        struct batch_sink sink = {&s, seen_push, seen_begin};
        int64_t sum = 0;
        pthread_mutex_init(&s.lock, NULL);
        assert_ok(&f.cx, exec_stream(&f.cx, f.x[x], p, &sink));
        for (int64_t k = 0; k < s.partitions; k++) {
            assert_int_equal(s.first[k], sum);
            sum += s.rows[k];
        }
        assert_int_equal(sum, n);
        s.stop_at = 2;
        memset(s.rows, 0, sizeof s.rows);
        assert_err(&f.cx, E216, exec_stream(&f.cx, f.x[x], p, &sink));
        pthread_mutex_destroy(&s.lock);
    }
    fx_end(&f);
}

/* ---- pools ---- */
TEST(urls)
{
    struct fx f;
    struct executor *x = NULL;
    fx_begin(&f);
    assert_err(&f.cx, E209, executor_open(&f.cx, "threads:0", NO_SPAN, &x));
    assert_err(&f.cx, E209, executor_open(&f.cx, "threads:many", NO_SPAN, &x));
    assert_err(&f.cx, E209, executor_open(&f.cx, "abacus:3", NO_SPAN, &x));
    assert_err(&f.cx, E302, executor_open(&f.cx, "./no-such-pool.so", NO_SPAN, &x));
    assert_ok(&f.cx, executor_open(&f.cx, "threads", NO_SPAN, &x));
    executor_close(x);
    fx_end(&f);
}

/* A pool from a shared object (tests/exec/pool/): runs tables and filters, nothing else. */
TEST(foreign_pool_gets_what_it_can_do)
{
    struct fx f;
    struct executor *x = NULL;
    struct table *t = NULL;
    struct strbuf b = {0};
    fx_begin(&f);
    assert_ok(&f.cx, executor_open(&f.cx, TEST_POOL_SO, NO_SPAN, &x));
    struct plan *p =
        pl_table(&f, TABLE(&f, {"k", INTS(&f, 3, 1, 2, 1)}, {"v", INTS(&f, 1, 2, 3, 4)}));
    struct plan *w = pl_filter(&f, p, CALL(&f, ">", ex_col(&f, p, "v"), ex_int(&f, 1)));
    struct plan *s = pl_sort(&f, w, KEYS({ex_col(&f, w, "k"), false, false}));
    assert_ok(&f.cx, exec_table(&f.cx, x, s, &t));
    assert_rows(&f, t, "1|2\n1|4\n2|3\n");
    table_unref(t);
    assert_ok(&f.cx, exec_explain(&f.cx, x, s, false, &b));
    assert_string_equal(b.p, "sort k  [threads] (no sorts here: not on tiny)\n"
                             "  filter v > 1  [tiny]\n"
                             "    table t (4 rows)  [tiny]\n");
    strbuf_release(&b);
    executor_close(x);
    fx_end(&f);
}

TEST(explain_analyze_counts)
{
    struct fx f;
    struct strbuf b = {0};
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"k", INTS(&f, 3, 1, 2, 1)}));
    struct plan *w = pl_filter(&f, p, CALL(&f, "==", ex_col(&f, p, "k"), ex_int(&f, 1)));
    struct plan *g = pl_aggregate(&f, w, ITEMS({"k", ex_col(&f, w, "k")}),
                                  ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)}));
    assert_ok(&f.cx, exec_explain(&f.cx, f.x[1], g, true, &b));
    assert_non_null(strstr(b.p, "aggregate n = count() by k  (1 rows"));
    assert_non_null(strstr(b.p, "filter k == 1  (2 rows"));
    assert_non_null(strstr(b.p, "table t (4 rows)  (4 rows"));
    assert_non_null(strstr(b.p, " ms in all\n"));
    strbuf_release(&b);
    struct fake k; /* columns that are only passed on, unions, what a scan's filter leaves */
    struct plan *s = fake_scan(&f, &k, 4);
    s = pl_filter(&f, s, CALL(&f, "<", ex_col(&f, s, "a"), ex_int(&f, 1500)));
    struct plan *u = NULL;
    assert_ok(&f.cx, plan_union(&f.cx, s, s, NO_SPAN, &u));
    pl_keep(&f, u);
    u = pl_project(&f, u, ITEMS({"z", ex_col(&f, u, "a")}));
    u = pl_sort(&f, u, KEYS({ex_col(&f, u, "z"), true, false}));
    assert_ok(&f.cx, exec_explain(&f.cx, f.x[1],
                                  pl_project(&f, u, ITEMS({"y", ex_col(&f, u, "z")})), true, &b));
    assert_non_null(strstr(b.p, "project y = z  (3,000 rows)\n"));
    assert_non_null(strstr(b.p, "union  (3,000 rows"));
    assert_non_null(strstr(b.p, "where a < 1500  (1,500 of 4,000 rows"));
    strbuf_release(&b);
    fx_end(&f);
}
TEST(explain_analyze_tells_what_is_on_disk)
{
    struct fx f;
    struct fake k;
    struct strbuf b = {0};
    fx_begin(&f);
    struct plan *p = fake_scan(&f, &k, 400);
    struct plan *s = pl_sort(&f, p, KEYS({ex_col(&f, p, "b"), false, false}));
    f.cx.memory_budget = 1 << 20;
    assert_ok(&f.cx, exec_explain(&f.cx, f.x[1], s, true, &b));
    assert_non_null(strstr(b.p, " MB on disk)\n"));
    strbuf_release(&b);
    fx_end(&f);
}

TEST(asof_wants_an_ordered_key)
{
    struct fx f;
    struct plan *j = NULL;
    fx_begin(&f);
    struct plan *p = pl_table(&f, TABLE(&f, {"k", INTS(&f, 1)}, {"s", STRS(&f, "a")}));
    assert_rows(&f, run_on(&f, 1, pl_join(&f, p, p, JOIN_ASOF, "k", "k")), "1|a|a\n");
    struct join_on on[] = {{ex_col(&f, p, "k"), ex_col(&f, p, "k"), CMP_EQ},
                           {ex_col(&f, p, "s"), ex_col(&f, p, "s"), CMP_EQ}};
    struct join_spec spec = {.kind = JOIN_ASOF, .on = on, .n_on = 2};
    assert_err(&f.cx, E207, plan_join(&f.cx, p, p, &spec, NO_SPAN, &j));
    spec.n_on = 1;
    spec.expect = "many-to-one";
    assert_err(&f.cx, E209, plan_join(&f.cx, p, p, &spec, NO_SPAN, &j));
    spec.expect = NULL;
    on[0].op = CMP_GE;
    spec.direction = ASOF_FORWARD;
    assert_err(&f.cx, E209, plan_join(&f.cx, p, p, &spec, NO_SPAN, &j));
    fx_end(&f);
}

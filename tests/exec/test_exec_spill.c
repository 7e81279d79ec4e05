/* Work that is over the memory budget: the same rows bit by bit as without one, from disk. */
#include "tests/exec/gen.h"
#include "tests/exec/twin.h"

#include "runtime/exec/threads/spill.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- blocks ---- */
TEST(blocks_come_back_bit_by_bit)
{
    struct fx f;
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = 5, .max_rows = 1};
    struct table *t = gen_table(&g, 3000), *back = NULL, *part = NULL;
    struct spill *s = spill_new();
    struct spill_block whole, middle;
    const char *why = NULL;
    assert_ok(&f.cx, spill_write(s, &f.cx, t, 0, 3000, &whole));
    assert_ok(&f.cx, spill_write(s, &f.cx, t, 700, 1001, &middle));
    assert_true(spill_bytes(s) > 0);
    assert_ok(&f.cx, spill_read(s, &f.cx, t->schema, &whole, &back));
    assert_null(table_diff(&f, t, back, 0));
    table_unref(back);
    assert_ok(&f.cx, spill_read(s, &f.cx, t->schema, &middle, &back));
    for (int c = 0; c < back->schema->n; c++)
        if (!column_check(back->cols[c], 2, &why)) fail_msg("column %d: %s", c, why);
    assert_ok(&f.cx, table_slice(&f.cx, t, 700, 1001, &part));
    assert_null(table_diff(&f, part, back, 0));
    spill_free(s); /* what was read stands on its own */
    assert_null(table_diff(&f, part, back, 0));
    table_unref(part);
    table_unref(back);
    fx_end(&f);
}

TEST(a_full_disk_is_one_clear_error)
{
    struct fx f;
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = 5, .max_rows = 1};
    struct table *t = gen_table(&g, 10);
    struct spill_block b;
    struct spill *s = spill_new();
    setenv("TMPDIR", "/no/such/folder", 1);
    assert_err(&f.cx, E306, spill_write(s, &f.cx, t, 0, 10, &b));
    unsetenv("TMPDIR");
    spill_free(s);
    fx_end(&f);
}

/* ---- sorting ---- */
/* A temporary folder of the test's own, to see that nothing is left in it. */
static void own_folder(char path[64])
{
    snprintf(path, 64, "/tmp/mlnb_test_XXXXXX");
    if (!mkdtemp(path)) fail_msg("no folder %s", path);
    setenv("TMPDIR", path, 1);
}

static void leave_folder(const char *path)
{
    int n = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d) closedir(d);
    assert_int_equal(n, 0);
    rmdir(path);
    unsetenv("TMPDIR");
}

static struct table *sorted(struct fx *f, int x, struct plan *p, int64_t budget)
{
    struct table *t = NULL;
    struct ctx own = f->cx;
    own.memory_budget = budget;
    assert_ok(&f->cx, exec_table(&own, f->x[x], p, &t));
    return t;
}

struct stream { /* rows that arrive partition by partition */
    struct fx *f;
    const struct schema *schema;

    int64_t parts, rows, part;
    struct builder (*built)[16];
};

static enum rc_t stream_begin(struct ctx *cx, void *self, const struct schema *schema, int64_t n)
{
    struct stream *s = self;
    (void)cx;
    s->parts = n;
    s->schema = schema_ref((struct schema *)(uintptr_t)schema);
    s->built = calloc((size_t)n + 1, sizeof *s->built);
    for (int64_t p = 0; p < n; p++)
        for (int c = 0; c < schema->n; c++)
            builder_init(&s->built[p][c], schema->fields[c].type,
                         kind_phys(schema->fields[c].type.kind));
    return RC_OK;
}

static enum rc_t stream_push(struct ctx *cx, void *self, int64_t part, const struct batch *b)
{
    struct stream *s = self;
    for (int c = 0; c < b->n_cols; c++)
        TRY(builder_append(cx, &s->built[part][c], &b->cols[c], NULL, b->n_rows));
    return RC_OK;
}

static struct table *streamed(struct fx *f, int x, struct plan *p, int64_t budget, int64_t *parts)
{
    struct stream s = {.f = f};
    struct batch_sink sink = {&s, stream_push, stream_begin};
    struct ctx own = f->cx;
    struct column *cols[16];
    struct table *t = NULL;
    own.memory_budget = budget;
    assert_ok(&f->cx, exec_stream(&own, f->x[x], p, &sink));
    for (int c = 0; c < s.schema->n; c++) {
        const struct column **all = calloc((size_t)s.parts + 1, sizeof *all);
        for (int64_t k = 0; k < s.parts; k++) {
            struct column *one = NULL;
            assert_ok(&f->cx, builder_finish(&f->cx, &s.built[k][c], &one));
            all[k] = one;
        }
        assert_ok(&f->cx, column_concat(&f->cx, all, (int)s.parts, &cols[c]));
        for (int64_t k = 0; k < s.parts; k++)
            column_unref((struct column *)(uintptr_t)all[k]);
        free(all);
    }
    free(s.built);
    assert_ok(&f->cx, table_new(&f->cx, s.schema, cols, cols[0]->n, &t));
    schema_unref((struct schema *)(uintptr_t)s.schema);
    *parts = s.parts;
    return t;
}

static void sort_over_budget(const char *first, bool down, const char *second)
{
    struct fx f;
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = 11, .max_rows = 1};
    struct plan *p = pl_table(&f, gen_table(&g, 400000));
    struct sort_key keys[2] = {{ex_col(&f, p, first), down, false}, {NULL, false, true}};
    int n = 1;
    if (second) keys[n++].expr = CALL(&f, "+", ex_col(&f, p, second), ex_int(&f, 1));
    struct plan *q = pl_sort(&f, p, keys, n);
    struct table *want = sorted(&f, 0, q, 0);
    char folder[64];
    own_folder(folder);
    for (int x = 0; x < 3; x++) {
        int64_t parts;
        struct table *got = streamed(&f, x, q, 24 << 20, &parts);
        const char *diff = table_diff(&f, want, got, 0);
        if (diff) fail_msg("%s: %s", first, diff);
        assert_true(parts > 7); /* from disk */
        table_unref(got);
    }
    leave_folder(folder);
    table_unref(want);
    fx_end(&f);
}

TEST(sorting_ints_over_the_budget)
{
    sort_over_budget("j", true, NULL);
}
TEST(sorting_texts_over_the_budget)
{
    sort_over_budget("s", false, "i");
}
TEST(sorting_dictionaries_and_few_values_over_the_budget)
{
    sort_over_budget("d", true, NULL);
}
TEST(sorting_bools_over_the_budget)
{
    sort_over_budget("b", false, NULL);
}

struct stopper {
    struct cancel *token;
    int64_t rows;
};

static enum rc_t stop_push(struct ctx *cx, void *self, int64_t part, const struct batch *b)
{
    struct stopper *s = self;
    (void)part;
    s->rows += b->n_rows;
    if (s->rows > 50000) cancel_set(s->token);
    return check_cancel(cx);
}

TEST(an_interrupt_ends_it_and_leaves_no_file)
{
    struct fx f;
    char folder[64];
    fx_begin(&f);
    own_folder(folder);
    struct gen g = {.f = &f, .seed = 13, .max_rows = 1};
    struct plan *p = pl_table(&f, gen_table(&g, 400000));
    struct sort_key key = {ex_col(&f, p, "x"), true, true};
    struct cancel token = {0};
    struct stopper s = {&token, 0};
    struct batch_sink sink = {&s, stop_push, NULL};
    struct ctx own = f.cx;
    own.memory_budget = 24 << 20;
    own.cancel = &token;
    assert_err(&f.cx, E901, exec_stream(&own, f.x[0], pl_sort(&f, p, &key, 1), &sink));
    assert_true(s.rows < 200000);
    leave_folder(folder);
    fx_end(&f);
}

TEST(what_fits_stays_in_memory)
{
    struct fx f;
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = 12, .max_rows = 1};
    struct plan *p = pl_table(&f, gen_table(&g, 70000));
    struct sort_key key = {ex_col(&f, p, "x"), true, true};
    struct plan *q =
        pl_sort(&f, pl_filter(&f, p, CALL(&f, "<", ex_col(&f, p, "i"), ex_int(&f, 0))), &key, 1);
    struct table *want = sorted(&f, 0, q, 0), *got = sorted(&f, 1, q, 20 << 20);
    assert_null(table_diff(&f, want, got, 0));
    table_unref(want);
    table_unref(got);
    fx_end(&f);
}

/* ---- joins ---- */
static void join_over_budget(enum join_kind kind, const char *key, enum cmp_op op, bool computed)
{
    struct fx f;
    char folder[64];
    fx_begin(&f);
    own_folder(folder);
    struct gen g = {.f = &f, .seed = 21, .max_rows = 1};
    struct plan *l = pl_table(&f, gen_table(&g, 250000)), *r = pl_table(&f, gen_table(&g, 150000));
    struct plan *p = NULL;
    r = pl_project(&f, pl_limit(&f, r, 0, 120000),
                   ITEMS({"k", ex_col(&f, r, key)}, {"j2", ex_col(&f, r, "j")},
                         {"s2", ex_col(&f, r, "s")}, {"d2", ex_col(&f, r, "d")}));
    struct join_on on[2] = {{ex_col(&f, l, key), ex_col(&f, r, "k"), op},
                            {ex_col(&f, l, "j"), ex_col(&f, r, "j2"), CMP_EQ}};
    if (computed) on[1].left = CALL(&f, "-", on[1].left, ex_int(&f, 1));
    struct join_spec spec = {.kind = kind, .on = on, .n_on = 2, .left_label = "l"};
    assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
    pl_keep(&f, p);
    struct table *want = sorted(&f, 0, p, 0);
    int warned = f.n_warnings;
    for (int x = 1; x < 3; x++) {
        int64_t parts;
        struct table *got = streamed(&f, x, p, 24 << 20, &parts);
        const char *diff = table_diff(&f, want, got, 0);
        if (diff) fail_msg("%d: %s", (int)kind, diff);
        table_unref(got);
        assert_int_equal(f.n_warnings, warned * (x + 1));
        if (warned)
            assert_string_equal(f.warnings[0].message, f.warnings[f.n_warnings - 1].message);
    }
    leave_folder(folder);
    table_unref(want);
    fx_end(&f);
}

TEST(inner_join_over_the_budget)
{
    join_over_budget(JOIN_INNER, "s", CMP_EQ, false);
}
TEST(left_join_over_the_budget)
{
    join_over_budget(JOIN_LEFT, "d", CMP_SAME, true);
}
TEST(full_join_over_the_budget)
{
    join_over_budget(JOIN_FULL, "x", CMP_EQ, false);
}
TEST(right_and_anti_join_over_the_budget)
{
    join_over_budget(JOIN_RIGHT, "t", CMP_SAME, true);
    join_over_budget(JOIN_ANTI, "i", CMP_EQ, false);
    join_over_budget(JOIN_SEMI, "b", CMP_EQ, true);
}

TEST(expectations_hold_over_the_budget_too)
{
    struct fx f;
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = 22, .max_rows = 1};
    struct plan *l = pl_table(&f, gen_table(&g, 250000)), *r = pl_table(&f, gen_table(&g, 150000));
    struct plan *p = NULL;
    struct join_on on = {ex_col(&f, l, "j"), ex_col(&f, r, "j"), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_LEFT, .on = &on, .n_on = 1, .expect = "many-to-one"};
    struct ctx own = f.cx;
    struct table *t = NULL;
    char first[1024];
    assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
    pl_keep(&f, p);
    assert_int_equal(exec_table(&f.cx, f.x[0], p, &t), RC_ERR);
    assert_int_equal(f.err.code, E311);
    snprintf(first, sizeof first, "%s", f.err.message);
    err_clear(&f.err);
    own.memory_budget = 24 << 20;
    assert_int_equal(exec_table(&own, f.x[1], p, &t), RC_ERR);
    assert_string_equal(f.err.message, first);
    fx_end(&f);
}

/* ---- windows, distinct ---- */
static void same_over_budget(struct fx *f, struct plan *p)
{
    struct table *want = sorted(f, 0, p, 0);
    for (int x = 1; x < 3; x++) {
        int64_t parts;
        struct table *got = streamed(f, x, p, 24 << 20, &parts);
        const char *diff = table_diff(f, want, got, 0);
        if (diff) fail_msg("%s", diff);
        table_unref(got);
    }
    table_unref(want);
}

TEST(windows_over_the_budget)
{
    struct fx f;
    char folder[64];
    fx_begin(&f);
    own_folder(folder);
    struct gen g = {.f = &f, .seed = 31, .max_rows = 1};
    struct plan *t = pl_table(&f, gen_table(&g, 300000)), *p = NULL;
    const struct expr *by[2] = {CALL(&f, "+", ex_col(&f, t, "i"), ex_int(&f, 1)),
                                ex_col(&f, t, "d")};
    const struct expr *x = ex_col(&f, t, "x"), *s = ex_col(&f, t, "s");
    struct sort_key sort = {ex_col(&f, t, "j"), true, false};
    struct win_frame last = {.unit = FRAME_ROWS, .from = -3};
    struct named_expr items[] = {{"w1", ex_win(&f, "lag", 1, &s)},
                                 {"w2", ex_frame(&f, "max", 1, &x, last)},
                                 {"w3", ex_win(&f, "row_number", 0, NULL)},
                                 {"w4", ex_win(&f, "rank", 1, &x)}};
    assert_ok(&f.cx, plan_window(&f.cx, t, by, 2, &sort, 1, items, 4, NO_SPAN, &p));
    same_over_budget(&f, pl_keep(&f, p));
    leave_folder(folder);
    fx_end(&f);
}

TEST(distinct_over_the_budget)
{
    struct fx f;
    char folder[64];
    fx_begin(&f);
    own_folder(folder);
    struct gen g = {.f = &f, .seed = 32, .max_rows = 1};
    struct plan *t = pl_table(&f, gen_table(&g, 300000)), *p = NULL;
    const struct expr *by[2] = {ex_col(&f, t, "j"), ex_col(&f, t, "s")};
    struct sort_key sort = {ex_col(&f, t, "x"), true, false};
    assert_ok(&f.cx, plan_distinct(&f.cx, t, by, 2, &sort, 1, NO_SPAN, &p));
    same_over_budget(&f, pl_keep(&f, p));
    assert_ok(&f.cx, plan_distinct(&f.cx, t, NULL, 0, NULL, 0, NO_SPAN, &p));
    same_over_budget(&f, pl_keep(&f, p));
    leave_folder(folder);
    fx_end(&f);
}

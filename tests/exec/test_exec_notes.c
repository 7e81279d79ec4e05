/* What a run reports: counted casts and arithmetic with row numbers of the step's input, joins,
 * asserts; and what must not be reported. The same on every number of threads. */
#include "tests/exec/fixture.h"

/* Runs on all executors; every run sends the same warnings. */
static void warned(struct fx *f, struct plan *p, int n, const char *const *want)
{
    for (int x = 0; x < 3; x++) {
        f->n_warnings = 0;
        run_on(f, x, p);
        if (f->n_warnings != n)
            fail_msg("executor %d: %d warnings, not %d; first: %s", x, f->n_warnings, n,
                     f->warnings[0].message);
        for (int i = 0; i < n; i++)
            if (strcmp(f->warnings[i].message, want[i]) != 0)
                fail_msg("executor %d: %s", x, f->warnings[i].message);
    }
}
#define assert_warned(f, p, ...)                                                                   \
    warned(f, p, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                    \
           (const char *[]){__VA_ARGS__})

/* n rows "0", "1", .. with "bad" at every `step`-th from `from`. */
static struct table *texts(struct fx *f, int64_t n, int64_t from, int64_t step, bool dict)
{
    const char **v = malloc(sizeof *v * (size_t)n);
    static const char *const digits[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    int64_t *i = malloc(8 * (size_t)n);
    for (int64_t k = 0; k < n; k++) {
        v[k] = k >= from && (k - from) % step == 0 ? "bad" : digits[k % 10];
        i[k] = k;
    }
    struct column *c = strs(f, n, v);
    struct table *t = TABLE(f, {"s", dict ? coded(f, c) : c}, {"i", ints(f, n, i)});
    free(v);
    free(i);
    return t;
}

TEST(casts_are_counted_once_a_call)
{
    struct fx f;
    fx_begin(&f);
    for (int dict = 0; dict < 2; dict++) {
        struct plan *p = pl_table(&f, texts(&f, 200000, 65530, 70000, dict));
        struct plan *d = pl_project(&f, p, ITEMS({"n", CALL(&f, "int", ex_col(&f, p, "s"))}));
        assert_warned(&f, d,
                      "cast: 2 of 200000 values of `s` are not ints and became null "
                      "(rows 65531, 135531: \"bad\", \"bad\")");
    }
    fx_end(&f);
}

TEST(rows_are_numbered_in_the_steps_input)
{
    struct fx f;
    fx_begin(&f);
    /* the filter drops the first 100,000 rows: bad ones are rows 1 and 30,001 of what is left */
    struct plan *p = pl_table(&f, texts(&f, 150000, 100000, 30000, false));
    struct plan *w = pl_filter(&f, p, CALL(&f, ">=", ex_col(&f, p, "i"), ex_int(&f, 100000)));
    struct plan *d = pl_project(&f, w, ITEMS({"n", CALL(&f, "num", ex_col(&f, w, "s"))}));
    assert_warned(&f, d,
                  "cast: 2 of 50000 values of `s` are not numbers and became null "
                  "(rows 1, 30001: \"bad\", \"bad\")");
    /* in a grouping's argument, and behind a sort */
    struct plan *g = pl_aggregate(
        &f, w, NULL, 0, ITEMS({"m", AGG(&f, "sum", CALL(&f, "num", ex_col(&f, w, "s")))}));
    assert_warned(&f, g,
                  "cast: 2 of 50000 values of `s` are not numbers and became null "
                  "(rows 1, 30001: \"bad\", \"bad\")");
    fx_end(&f);
}

TEST(arithmetic)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p =
        pl_table(&f, TABLE(&f, {"a", INTS(&f, 1, 0, 5, NIL)}, {"b", INTS(&f, 0, 0, 2, 0)}));
    const struct expr *a = ex_col(&f, p, "a"), *b = ex_col(&f, p, "b");
    struct plan *d = pl_project(&f, p, ITEMS({"q", CALL(&f, "/", a, b)}));
    assert_rows(&f, run_all(&f, d), "inf\nnull\n2.5\nnull\n");
    assert_warned(&f, d,
                  "arithmetic: 2 of 4 values of `a / b` became null or infinite (rows 1, 2: "
                  "1.0 / 0.0, 0.0 / 0.0)");
    fx_end(&f);
}

TEST(case_guards_its_branches)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(
        &f, TABLE(&f, {"a", INTS(&f, 7, 8, INT64_MAX, 9, 7)}, {"b", INTS(&f, 2, 0, 0, NIL, 0)}));
    const struct expr *a = ex_col(&f, p, "a"), *b = ex_col(&f, p, "b");
    const struct expr *args[5] = {CALL(&f, ">", b, ex_int(&f, 0)), CALL(&f, "//", a, b),
                                  CALL(&f, "==", a, ex_int(&f, 7)), CALL(&f, "//", a, b),
                                  ex_int(&f, -1)};
    struct plan *d = pl_project(&f, p, ITEMS({"q", ex_case(&f, 5, args)}));
    /* row 5 divides by zero in its own branch: row 5 of the step, though row 1 of the branch */
    assert_rows(&f, run_all(&f, d), "3\n-1\n-1\n-1\nnull\n");
    assert_warned(&f, d,
                  "arithmetic: 1 of 5 values of `a // b` became null or infinite (row 5: 7 // 0)");
    /* a guarded overflow does not fail */
    args[0] = CALL(&f, "<", a, ex_int(&f, 100));
    args[1] = CALL(&f, "+", a, ex_int(&f, 1));
    d = pl_project(&f, p, ITEMS({"q", ex_case(&f, 2, args)}));
    assert_rows(&f, run_all(&f, d), "8\n9\nnull\n10\n8\n");
    struct table *t = NULL;
    d = pl_project(&f, p, ITEMS({"q", args[1]}));
    for (int x = 0; x < 3; x++)
        assert_err(&f.cx, E312, exec_table(&f.cx, f.x[x], d, &t));
    fx_end(&f);
}

TEST(unused_levels_do_not_report)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = pl_table(
        &f, TABLE(&f, {"s", coded(&f, STRS(&f, "1", "bad", "2"))}, {"i", INTS(&f, 1, 2, 3)}));
    struct plan *w = pl_filter(&f, p, CALL(&f, "!=", ex_col(&f, p, "i"), ex_int(&f, 2)));
    struct plan *d = pl_project(&f, w, ITEMS({"n", CALL(&f, "int", ex_col(&f, w, "s"))}));
    assert_rows(&f, run_all(&f, d), "1\n2\n");
    assert_int_equal(f.n_warnings, 0);
    fx_end(&f);
}

TEST(joins_report_rows)
{
    struct fx f;
    fx_begin(&f);
    struct plan *l = pl_table(&f, TABLE(&f, {"k", INTS(&f, 1, 2, 2, 3, NIL)}));
    struct plan *r =
        pl_table(&f, TABLE(&f, {"k", INTS(&f, 2, 3, 2, 3, 9)}, {"v", INTS(&f, 1, 2, 3, 4, 5)}));
    struct plan *one = pl_table(&f, TABLE(&f, {"k", INTS(&f, 2, 3, 9)}));
    assert_warned(&f, pl_join(&f, l, r, JOIN_INNER, "k", "k"),
                  "join: 5 -> 6 rows; 2 keys of `r` repeat (2, 3); 2 left rows found no partner. "
                  "expect: \"many-to-one\" makes this an error");
    assert_warned(&f, pl_join(&f, l, one, JOIN_LEFT, "k", "k"),
                  "join: 2 of 5 rows of `l` found no partner in `r`");
    assert_warned(&f, pl_join(&f, l, one, JOIN_INNER, "k", "k"),
                  "join: 2 of 5 rows of `l` found no partner in `r` and were left out");
    f.n_warnings = 0;
    run_all(&f, pl_join(&f, l, r, JOIN_SEMI, "k", "k"));
    run_all(&f, pl_join(&f, l, one, JOIN_RIGHT, "k", "k"));
    assert_int_equal(f.n_warnings, 0);
    fx_end(&f);
}

static enum rc_t join_expecting(struct fx *f, struct plan *l, struct plan *r, const char *expect,
                                struct table **out)
{
    struct plan *p = NULL;
    struct join_on on = {ex_col(f, l, "k"), ex_col(f, r, "k"), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_INNER,
                             .on = &on,
                             .n_on = 1,
                             .expect = expect,
                             .left_label = "trips",
                             .right_label = "zones"};
    assert_ok(&f->cx, plan_join(&f->cx, l, r, &spec, NO_SPAN, &p));
    pl_keep(f, p);
    return exec_table(&f->cx, f->x[1], p, out);
}

TEST(joins_keep_what_is_expected)
{
    struct fx f;
    struct table *t = NULL;
    fx_begin(&f);
    struct plan *many = pl_table(&f, TABLE(&f, {"k", STRS(&f, "a", "b", "a", NULL, NULL)}));
    struct plan *once = pl_table(&f, TABLE(&f, {"k", STRS(&f, "b", "a", NULL, NULL)}));
    assert_int_equal(join_expecting(&f, once, many, "many-to-one", &t), RC_ERR);
    assert_int_equal(f.err.code, E311);
    assert_string_equal(f.err.message,
                        "the join is not many-to-one: 1 key of `zones` repeats (\"a\")");
    assert_err(&f.cx, E311, join_expecting(&f, many, once, "one-to-many", &t));
    assert_err(&f.cx, E311, join_expecting(&f, many, once, "one-to-one", &t));
    static const char *const fine[] = {"many-to-one", "many-to-many"};
    for (int i = 0; i < 2; i++) {
        assert_ok(&f.cx, join_expecting(&f, many, once, fine[i], &t));
        table_unref(t);
    }
    assert_ok(&f.cx, join_expecting(&f, once, many, "one-to-many", &t));
    table_unref(t);
    fx_end(&f);
}

TEST(asserts_name_their_rows)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 100000, *v = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = i == 70000 || i == 99999 ? -i : i;
    struct plan *p = pl_table(&f, TABLE(&f, {"fare", ints(&f, n, v)}, {"x", ints(&f, n, v)})),
                *c = NULL;
    free(v);
    const struct expr *fits = CALL(&f, ">=", ex_col(&f, p, "fare"), ex_int(&f, 0));
    struct table *t = NULL;
    assert_ok(&f.cx, plan_assert(&f.cx, p, fits, "negative fare", false, NO_SPAN, &c));
    pl_keep(&f, c);
    for (int x = 0; x < 3; x++) {
        /* a limit above does not end it early */
        assert_int_equal(exec_table(&f.cx, f.x[x], x ? c : pl_limit(&f, c, 0, 3), &t), RC_ERR);
        assert_int_equal(f.err.code, E310);
        assert_string_equal(f.err.message,
                            "negative fare: 2 of 100000 rows do not hold `fare >= 0`");
        assert_int_equal(f.err.n_notes, 2);
        assert_string_equal(f.err.notes[0], "row 70001: fare = -70000");
        assert_string_equal(f.err.notes[1], "row 100000: fare = -99999");
        err_clear(&f.err);
    }
    assert_ok(&f.cx, plan_assert(&f.cx, p, fits, NULL, true, NO_SPAN, &c));
    pl_keep(&f, c);
    f.n_warnings = 0;
    assert_int_equal(run_on(&f, 1, c)->n_rows, n);
    assert_int_equal(f.n_warnings, 1);
    assert_int_equal(f.warnings[0].code, W310);
    fx_end(&f);
}

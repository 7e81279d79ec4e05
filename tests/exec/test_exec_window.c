/* Window frames written out by hand: running, rows, time, where:, min:, ties, nulls, descending. */
#include "tests/exec/fixture.h"

#define DAY INT64_C(86400000000)

static struct plan *over(struct fx *f, struct plan *in, const char *by, struct sort_key *sort,
                         const struct expr *e)
{
    struct plan *p = NULL;
    const struct expr *group = by ? ex_col(f, in, by) : NULL;
    struct named_expr item = {"w", e};
    assert_ok(&f->cx, plan_window(&f->cx, in, &group, by != NULL, sort, sort != NULL, &item, 1,
                                  NO_SPAN, &p));
    pl_keep(f, p);
    return pl_project(f, p, ITEMS({"w", ex_col(f, p, "w")}));
}

static struct plan *prices(struct fx *f)
{
    return pl_table(f, TABLE(f, {"g", STRS(f, "a", "b", "a", "a", "b", "a")},
                             {"d", typed(f, KIND_DATE, 6, (int64_t[]){3, 1, 1, 2, 9, 2})},
                             {"v", INTS(f, 5, 10, 1, NIL, 20, 3)}));
}

TEST(whole_and_running)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = prices(&f);
    const struct expr *v = ex_col(&f, p, "v");
    struct sort_key day = {ex_col(&f, p, "d"), false, false};
    struct win_frame all = {0}, running = {.unit = FRAME_RUNNING};
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "sum", 1, &v, all))),
                "9\n30\n9\n9\n30\n9\n");
    /* sorting alone never changes the frame; running goes in sort order, comes out in input order
     */
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "sum", 1, &v, running))),
                "9\n10\n1\n1\n30\n4\n");
    running.min_rows = 2;
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "sum", 1, &v, running))),
                "9\nnull\nnull\nnull\n30\n4\n");
    assert_rows(&f, run_all(&f, over(&f, p, NULL, NULL, ex_frame(&f, "max", 1, &v, all))),
                "20\n20\n20\n20\n20\n20\n");
    fx_end(&f);
}

TEST(rows)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = prices(&f);
    const struct expr *v = ex_col(&f, p, "v");
    struct sort_key day = {ex_col(&f, p, "d"), false, false};
    /* group a by day: 1, null, 3, 5 */
    struct win_frame last2 = {.unit = FRAME_ROWS, .from = -1, .to = 0},
                     next = {.unit = FRAME_ROWS, .from = 1, .to = 2};
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "sum", 1, &v, last2))),
                "8\n10\n1\n1\n30\n3\n");
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "median", 1, &v, next))),
                "null\n20.0\n3.0\n4.0\nnull\n5.0\n");
    struct win_frame wild = {.unit = FRAME_ROWS, .from = INT64_MIN, .to = INT64_MAX};
    assert_rows(&f, run_all(&f, over(&f, p, "g", &day, ex_frame(&f, "count", 1, &v, wild))),
                "3\n2\n3\n3\n2\n3\n");
    fx_end(&f);
}

TEST(stretches_of_time)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p =
        pl_table(&f, TABLE(&f,
                           {"t", typed(&f, KIND_DATETIME, 7,
                                       (int64_t[]){0, DAY, DAY, 2 * DAY, 9 * DAY / 2, NIL, NIL})},
                           {"v", INTS(&f, 1, 2, 4, 8, 16, 32, 64)}));
    const struct expr *v = ex_col(&f, p, "v");
    struct sort_key up = {ex_col(&f, p, "t"), false, false}, down = up;
    struct win_frame two = {.unit = FRAME_TIME, .from = 2 * DAY, .to = 0};
    down.descending = true;
    /* (t - 2d, t], ties in; rows without a time stand alone */
    static const char want[] = "1\n7\n7\n14\n16\n32\n64\n";
    assert_rows(&f, run_all(&f, over(&f, p, NULL, &up, ex_frame(&f, "sum", 1, &v, two))), want);
    assert_rows(&f, run_all(&f, over(&f, p, NULL, &down, ex_frame(&f, "sum", 1, &v, two))), want);
    struct plan *days = prices(&f);
    v = ex_col(&f, days, "v");
    up.expr = ex_col(&f, days, "d");
    assert_rows(&f, run_all(&f, over(&f, days, "g", &up, ex_frame(&f, "sum", 1, &v, two))),
                "8\n10\n1\n4\n20\n4\n");
    fx_end(&f);
}

TEST(where_and_texts)
{
    struct fx f;
    fx_begin(&f);
    struct plan *p = prices(&f), *w = NULL;
    const struct expr *v = ex_col(&f, p, "v"), *g = ex_col(&f, p, "g");
    struct sort_key day = {ex_col(&f, p, "d"), false, false};
    struct named_expr item = {"w", ex_agg(&f, "sum", 1, &v, CALL(&f, ">", v, ex_int(&f, 2)))};
    assert_ok(&f.cx, plan_window(&f.cx, p, &g, 1, &day, 1, &item, 1, NO_SPAN, &w));
    pl_keep(&f, w);
    assert_rows(&f, run_all(&f, pl_project(&f, w, ITEMS({"w", ex_col(&f, w, "w")}))),
                "8\n30\n8\n8\n30\n8\n");
    const struct expr *long_text = CALL(&f, "repeat", g, ex_int(&f, 14));
    assert_rows(&f, run_all(&f, over(&f, p, NULL, &day, ex_win(&f, "lag", 1, &long_text))),
                "aaaaaaaaaaaaaa\nnull\nbbbbbbbbbbbbbb\naaaaaaaaaaaaaa\naaaaaaaaaaaaaa\n"
                "aaaaaaaaaaaaaa\n");
    fx_end(&f);
}

TEST(long_frames_use_partial_states)
{
    struct fx f;
    fx_begin(&f);
    int64_t n = 5000, *v = malloc(8 * (size_t)n), *want = malloc(8 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        v[i] = i % 97 == 5 ? NIL : (i * 7919) % 1000;
    struct plan *p = pl_table(&f, TABLE(&f, {"v", ints(&f, n, v)}));
    const struct expr *e = ex_col(&f, p, "v");
    static const struct win_frame frames[] = {{.unit = FRAME_ROWS, .from = -300, .to = 0},
                                              {.unit = FRAME_ROWS, .from = -49, .to = 49},
                                              {.unit = FRAME_ROWS, .from = 17, .to = 2000},
                                              {.unit = FRAME_ROWS, .from = -4000, .to = -3}};
    for (int k = 0; k < 4; k++) {
        for (int64_t i = 0; i < n; i++) {
            want[i] = 0;
            for (int64_t j = i + frames[k].from; j <= i + frames[k].to; j++)
                if (j >= 0 && j < n && v[j] != NIL) want[i] += v[j];
        }
        struct table *t = TABLE(&f, {"w", ints(&f, n, want)});
        struct table *got =
            run_all(&f, over(&f, p, NULL, NULL, ex_frame(&f, "sum", 1, &e, frames[k])));
        assert_null(table_diff(&f, t, got, 0));
    }
    free(v);
    free(want);
    fx_end(&f);
}

/* Expected rows made by other engines (tests/oracle/exec_*.py); the tables follow from the same
 * formulas there and here. */
#include "tests/exec/fixture.h"

#include <stdlib.h>

static FILE *oracle(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/data/oracle/%s", TEST_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    if (!f) fail_msg("cannot open %s", path);
    return f;
}

/* The one column of t as text, blanks between. */
static char *column_line(struct fx *f, const struct table *t)
{
    struct strbuf b = {0};
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct scalar s = column_scalar(t->cols[0], i);
        if (i) strbuf_addc(&b, ' ');
        if (s.is_null)
            strbuf_addz(&b, "-1");
        else
            scalar_text(&b, &s, false);
        scalar_release(&s);
    }
    char *line = arena_strndup(f->a, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return line;
}

TEST(asof_as_pandas_and_duckdb)
{
    struct fx f;
    char key[8], direction[16], tolerance[16], line[8192], *tab;
    int by, exact, n_cases = 0;
    int64_t a[3][300], b[3][120];
    double x[300], y[120];
    fx_begin(&f);
    for (int64_t i = 0; i < 300; i++) {
        a[0][i] = i * 7 % 5;
        a[1][i] = i * 7919 % 1009;
        x[i] = (double)(i * 31 % 97) / 4;
    }
    for (int64_t j = 0; j < 120; j++) {
        b[0][j] = j * 3 % 4;
        b[1][j] = j * 104729 % 997;
        b[2][j] = j;
        y[j] = (double)(j * 17 % 89) / 8;
    }
    struct plan *l = pl_table(&f, TABLE(&f, {"g", ints(&f, 300, a[0])}, {"t", ints(&f, 300, a[1])},
                                        {"x", nums(&f, 300, x)}));
    struct plan *r = pl_table(&f, TABLE(&f, {"g", ints(&f, 120, b[0])}, {"t", ints(&f, 120, b[1])},
                                        {"x", nums(&f, 120, y)}, {"v", ints(&f, 120, b[2])}));
    FILE *in = oracle("exec_asof.tsv");
    for (; fgets(line, sizeof line, in); n_cases++) {
        line[strcspn(line, "\n")] = '\0';
        tab = strchr(line, '\t');
        assert_non_null(tab);
        *tab = '\0';
        assert_int_equal(
            sscanf(line, "%7s %d %15s %15s %d", key, &by, direction, tolerance, &exact), 5);
        struct join_on on[2] = {{ex_col(&f, l, "g"), ex_col(&f, r, "g"), CMP_EQ},
                                {ex_col(&f, l, key), ex_col(&f, r, key), CMP_EQ}};
        struct scalar within = {.type = DTYPE(KIND_NUM), .u.f = strtod(tolerance, NULL)};
        struct join_spec spec = {
            .kind = JOIN_ASOF, .on = on + !by, .n_on = 1 + by, .is_silent = true};
        struct plan *p = NULL;
        bool is_ahead = strcmp(direction, "forward") == 0;
        if (!exact) on[1].op = is_ahead ? CMP_LT : CMP_GT;
        spec.direction = is_ahead                            ? ASOF_FORWARD
                         : strcmp(direction, "nearest") == 0 ? ASOF_NEAREST
                                                             : ASOF_BACKWARD;
        if (tolerance[0] != '-') spec.tolerance = &within;
        assert_ok(&f.cx, plan_join(&f.cx, l, r, &spec, NO_SPAN, &p));
        pl_keep(&f, p);
        const char *got =
            column_line(&f, run_all(&f, pl_project(&f, p, ITEMS({"v", ex_col(&f, p, "v")}))));
        if (strcmp(got, tab + 1) != 0) fail_msg("%s\nwant %s\ngot  %s", line, tab + 1, got);
    }
    fclose(in);
    assert_int_equal(n_cases, 40);
    fx_end(&f);
}

/* ---- frames ---- */
#define FRAME_TABLE_ROWS 31

static struct plan *frame_table(struct fx *f)
{
    int64_t row[FRAME_TABLE_ROWS], g[FRAME_TABLE_ROWS], i[FRAME_TABLE_ROWS], d[FRAME_TABLE_ROWS],
        v[FRAME_TABLE_ROWS];
    double x[FRAME_TABLE_ROWS];
    for (int64_t r = 0; r < FRAME_TABLE_ROWS; r++) {
        row[r] = r;
        g[r] = r * 7 % 3;
        i[r] = r * 5 % 11 == 3 ? NIL : r * 17 % 13;
        x[r] = r * 3 % 13 == 4 ? NAN : (double)(r * 11 % 17) / 2 - 3;
        d[r] = r % 9 == 5 ? NIL : r * 19 % 23;
        v[r] = r * 7 % 10 == 6 ? NIL : r * 31 % 50;
    }
    return pl_table(
        f, TABLE(f, {"g", ints(f, FRAME_TABLE_ROWS, g)}, {"row", ints(f, FRAME_TABLE_ROWS, row)},
                 {"i", ints(f, FRAME_TABLE_ROWS, i)}, {"x", nums(f, FRAME_TABLE_ROWS, x)},
                 {"d", typed(f, KIND_DATE, FRAME_TABLE_ROWS, d)},
                 {"v", ints(f, FRAME_TABLE_ROWS, v)}));
}

static int number(const char *s)
{
    return (int)strtol(s, NULL, 10);
}

static struct win_frame frame_from(const char *unit, const char *from, const char *to, int exclude,
                                   bool is_sum)
{
    struct win_frame w = {.unit = unit[0] == 'g'              ? FRAME_GROUPS
                                  : strcmp(unit, "rows") == 0 ? FRAME_ROWS
                                                              : FRAME_RANGE,
                          .from = from[0] == '-' && !from[1] ? FRAME_OPEN_FROM : number(from),
                          .to = to[0] == '-' && !to[1] ? FRAME_OPEN_TO : number(to),
                          .exclude = (enum frame_exclude)exclude};
    w.min_rows = is_sum; /* SQL: the sum of nothing is null */
    w.num_from = (double)number(from) / 2;
    w.num_to = (double)number(to) / 2;
    return w;
}

static const struct expr *frame_item(struct fx *f, struct plan *t, const char *fn,
                                     struct win_frame w)
{
    const struct expr *args[2] = {ex_col(f, t, "v"), NULL};
    if (strncmp(fn, "nth", 3) != 0) return ex_frame(f, fn, 1, args, w);
    args[1] = ex_int(f, number(fn + 3));
    return ex_frame(f, "nth", 2, args, w);
}

TEST(frames_as_postgresql)
{
    struct fx f;
    char key[4], unit[8], from[8], to[8], fn[8], line[4096], *tab;
    int by, down, first, exclude, n_cases = 0;
    fx_begin(&f);
    struct plan *t = frame_table(&f), *p = NULL;
    const struct expr *g = ex_col(&f, t, "g");
    FILE *in = oracle("exec_frames.tsv");
    for (; fgets(line, sizeof line, in); n_cases++) {
        line[strcspn(line, "\n")] = '\0';
        tab = strchr(line, '\t');
        assert_non_null(tab);
        *tab = '\0';
        assert_int_equal(sscanf(line, "%d %3s %d %d %7s %7s %7s %d %7s", &by, key, &down, &first,
                                unit, from, to, &exclude, fn),
                         9);
        struct named_expr item = {
            "w", frame_item(&f, t, fn, frame_from(unit, from, to, exclude, fn[0] == 's'))};
        struct sort_key sort[2] = {{ex_col(&f, t, key), down, first},
                                   {ex_col(&f, t, "row"), false, false}};
        assert_ok(&f.cx, plan_window(&f.cx, t, &g, by, sort, 1 + (strcmp(unit, "rows") == 0), &item,
                                     1, NO_SPAN, &p));
        pl_keep(&f, p);
        const char *got =
            column_line(&f, run_all(&f, pl_project(&f, p, ITEMS({"w", ex_col(&f, p, "w")}))));
        if (strcmp(got, tab + 1) != 0) fail_msg("%s\nwant %s\ngot  %s", line, tab + 1, got);
    }
    fclose(in);
    assert_true(n_cases > 1000);
    fx_end(&f);
}

TEST(ranks_by_the_sort_clause_as_sql)
{
    struct fx f;
    fx_begin(&f);
    struct plan *t = pl_table(&f, TABLE(&f, {"x", INTS(&f, 3, NIL, 1, 3, 2, NIL, 3)})), *p = NULL;
    static const struct {
        const char *fn, *want;
    } cases[] = {{"rank", "3 6 1 3 2 6 3"},
                 {"dense_rank", "3 4 1 3 2 4 3"},
                 {"row_number", "3 6 1 4 2 7 5"}};
    struct sort_key sort = {ex_col(&f, t, "x"), false, false};
    for (int k = 0; k < 3; k++) {
        struct named_expr item = {"w", ex_win(&f, cases[k].fn, 0, NULL)};
        assert_ok(&f.cx, plan_window(&f.cx, t, NULL, 0, &sort, 1, &item, 1, NO_SPAN, &p));
        pl_keep(&f, p);
        assert_string_equal(
            column_line(&f, run_all(&f, pl_project(&f, p, ITEMS({"w", ex_col(&f, p, "w")})))),
            cases[k].want);
    }
    struct named_expr item = {"w", ex_win(&f, "cume_dist", 0, NULL)};
    assert_ok(&f.cx, plan_window(&f.cx, t, NULL, 0, &sort, 1, &item, 1, NO_SPAN, &p));
    struct table *got = run_all(&f, pl_keep(&f, p));
    const double *d = got->cols[1]->data;
    assert_true(d[0] == 5.0 / 7 && d[1] == 1 && d[2] == 1.0 / 7 && d[4] == 2.0 / 7);
    struct named_expr bare = {"w", ex_win(&f, "rank", 0, NULL)};
    assert_err(&f.cx, E213, plan_window(&f.cx, t, NULL, 0, NULL, 0, &bare, 1, NO_SPAN, &p));
    fx_end(&f);
}

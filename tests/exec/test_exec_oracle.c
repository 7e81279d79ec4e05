/* Expected rows made by other engines (tests/oracle/exec_*.py); the tables follow from the same
 * formulas there and here. */
#include "tests/exec/fixture.h"

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

/* Random frames under random specs: a chart or an E501 in the user's words, never anything else;
 * both writers stay within their limits. MLNB_SEED repeats a run. */
#include "plotting/chart_int.h"

#include "runtime/base/rng.h"
#include "tests/unit/test_plotting_chart.h"

#include <stdlib.h>

static uint64_t seed, counter;
static int below(int n)
{
    return (int)rng_below(seed, 1, counter++, (uint64_t)n);
}
static double normal(void)
{
    return rng_normal(seed, 2, counter++);
}

enum { MOST = 3000 };
static double num[MOST];
static int64_t whole[MOST];
static const char *text[MOST];
static int flag[MOST];

static double odd_number(int flavor)
{
    double z = normal();
    if (below(20) == 0) return NAN;
    if (below(60) == 0) return INFINITY;
    const double v[] = {z, exp(z * 5), z * 1e-9, 1e12 + z, floor(z * 3), 5, z * 1e300};
    return v[flavor];
}

static void add_whole(struct making *m, const char *name, enum kind kind, int64_t n, int64_t base,
                      int64_t step, int range)
{
    for (int64_t i = 0; i < n; i++)
        whole[i] = below(12) == 0 ? INT64_MIN : base + step * below(range);
    add_ints(m, name, kind, whole, n);
}

static struct plan *random_frame(struct bench *b)
{
    static const int64_t sizes[] = {0, 1, 2, 7, 60, MOST};
    static const char *const names[] = {"a",       "b",    "",     "null",    "Long category name",
                                        "<x>&\"'", "東京", "a\nb", "\\ back", NULL};
    struct making m = {.cx = &b->u.cx};
    int64_t n = sizes[below(6)];
    int flavor = below(7);
    for (int64_t i = 0; i < n; i++)
        num[i] = odd_number(flavor);
    add_num(&m, "num", num, n);
    for (int64_t i = 0; i < n; i++)
        num[i] = fabs(normal());
    add_num(&m, "pos", num, n);
    add_whole(&m, "int", KIND_INT, n, flavor == 3 ? INT64_MAX - 12 : 0, 1,
              flavor == 1 ? 100000 : 12);
    add_whole(&m, "date", KIND_DATE, n, 17900, 1, flavor == 2 ? 2 : 300);
    add_whole(&m, "time", KIND_DATETIME, n, INT64_C(1551398400000000),
              flavor == 2 ? 1000 : 60000000, flavor == 1 ? 10 : 1000000);
    add_whole(&m, "dur", KIND_DURATION, n, 0, 1000000, flavor == 1 ? 50 : 200000);
    for (int64_t i = 0; i < n; i++)
        text[i] = names[below(10)];
    add_str(&m, "str", text, n);
    for (int64_t i = 0; i < n; i++)
        text[i] = arena_printf(m.cx->arena, "cat %d", below(400));
    add_str(&m, "many", text, n);
    for (int64_t i = 0; i < n; i++)
        flag[i] = below(3) - 1;
    add_bool(&m, "bool", flag, n);
    for (int64_t i = 0; i < n; i++)
        text[i] = names[below(2)];
    add_cat(&m, "cat", text, n, below(2));
    return bench_plan(b, &m);
}

static struct chart_spec random_spec(void)
{
    static const char *const columns[] = {"num", "pos",  "int",  "date", "time", "dur",
                                          "str", "many", "bool", "cat",  NULL};
    static const char *const kinds[] = {NULL, NULL, "point", "line", "bar", "hist", "box"};
    static const char *const stacks[] = {NULL, NULL, NULL, "zero", "share", "none"};
    struct chart_spec s = spec_of(columns[below(10)], columns[below(11)]);
    s.kind = kinds[below(7)];
    if (below(2)) s.enc[CHART_COLOR].column = columns[below(11)];
    if (below(6) == 0) s.enc[CHART_SIZE].column = "pos";
    if (below(8) == 0) s.enc[CHART_SHAPE].column = columns[6 + below(4)];
    if (below(5) == 0) s.enc[CHART_FACET_COLUMN].column = columns[8 + below(2)];
    s.xlog = below(8) == 0;
    s.ylog = below(8) == 0;
    if (below(8) == 0) s.xmin = -1;
    if (below(8) == 0) s.ymax = 2;
    if (below(5) == 0) s.bins = below(50) + 1;
    s.stack = stacks[below(6)];
    return s;
}

static void layer_something(struct ctx *cx, struct chart **c)
{
    struct chart_rule rule = {.x = NAN, .y = below(2) ? NAN : 1, .slope = 1, .intercept = NAN};
    struct chart *more;
    if (below(4) != 0) return;
    if (chart_layer_rule(cx, *c, &rule, &more) != RC_OK) {
        assert_int_equal(cx->err->code, E501);
        err_clear(cx->err);
        return;
    }
    chart_unref(*c);
    *c = more;
}

static void check_writers(const struct chart *c)
{
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    assert_true(svg.n < 512 * 1024);
    assert_null(strstr(svg.p, "\"nan"));
    assert_null(strstr(svg.p, "\"-nan"));
    json_t *v = chart_vega(c);
    char *spec = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(15)); /* NULL for NaN */
    assert_non_null(spec);
    assert_true(strlen(spec) < 1024 * 1024);
    free(spec);
    json_decref(v);
    strbuf_release(&svg);
}

TEST(random_charts)
{
    const char *given = getenv("MLNB_SEED");
    int made = 0;
    seed = given ? strtoull(given, NULL, 10) : 99;
    for (int i = 0; i < 250; i++) {
        struct bench b;
        struct ctx *cx = bench_begin(&b, 2);
        struct plan *p = random_frame(&b);
        struct chart_spec s = random_spec();
        struct chart *c;
        if (chart_new(cx, b.x, &s, p, &c) == RC_OK) {
            layer_something(cx, &c);
            check_writers(c);
            chart_unref(c);
            made++;
        } else if (cx->err->code != E501) {
            fail_msg("MLNB_SEED=%llu, chart %d: %s %s", (unsigned long long)seed, i,
                     err_name(cx->err->code), cx->err->message);
        }
        plan_unref(p);
        bench_end(&b);
    }
    assert_true(made > 100);
}

/* ---- large charts ---- */
enum { LARGE = 16000 };
static double wide[LARGE];
static const char *words[LARGE];

/* Many rows, some of them under very long or all different names. */
static struct plan *large_frame(struct bench *b, int64_t n)
{
    struct making m = {.cx = &b->u.cx};
    for (int k = 0; k < 3; k++) {
        for (int64_t i = 0; i < n; i++)
            wide[i] = k == 2 ? (double)below(2) : k ? exp(normal()) : normal() * 1e3 + 0.123456789;
        add_num(&m, k == 2 ? "flag" : k ? "pos" : "num", wide, n);
    }
    static int64_t at[LARGE];
    for (int64_t i = 0; i < n; i++)
        at[i] = INT64_C(1551398400000000) + i * 60000000;
    add_ints(&m, "time", KIND_DATETIME, at, n);
    for (int64_t i = 0; i < n; i++)
        at[i] = 10000 + below(9000);
    add_ints(&m, "date", KIND_DATE, at, n);
    static const int kinds_of[] = {4, 45, 3000, LARGE};
    static const char *const names[] = {"few", "some", "many", "own"};
    for (int k = 0; k < 4; k++) {
        for (int64_t i = 0; i < n; i++)
            words[i] = arena_printf(m.cx->arena, k == 3 ? "a very long name %0*d" : "name %0*d",
                                    k == 3 ? 150 : 3, below(kinds_of[k]));
        add_str(&m, names[k], words, n);
    }
    return bench_plan(b, &m);
}

static struct chart_spec large_spec(const char *kind)
{
    static const char *const columns[] = {"num",  "pos",  "time", "date", "few",
                                          "some", "many", "own",  "flag", NULL};
    struct chart_spec s = spec_of(columns[below(9)], columns[below(10)]);
    s.kind = kind;
    static const char *const likely[][2] = {{"num", "pos"},  {"time", "num"}, {"own", "pos"},
                                            {"many", "few"}, {"num", "flag"}, {"some", "num"},
                                            {"date", "num"}, {"many", "num"}, {"num", NULL}};
    if (below(3)) {
        int k = below(9);
        s = spec_of(likely[k][0], likely[k][1]);
    }
    s.kind = kind;
    if (below(2)) s.enc[CHART_COLOR].column = columns[below(10)];
    if (below(4) == 0) s.enc[CHART_SIZE].column = "pos";
    if (below(4) == 0) s.enc[CHART_FACET_COLUMN].column = columns[4 + below(2)];
    if (below(3) == 0) s.bins = 1000;
    if (below(3) == 0) s.width = 4000;
    return s;
}

/* Every category that a layer names is one of its levels. */
static void check_levels(const struct chart *c, const char *kind, int i)
{
    for (int k = 0; k < c->n_layers; k++)
        for (int j = 0; j < c->layers[k].n_cols; j++) {
            const struct chart_column *col = &c->layers[k].col[j];
            for (int64_t r = 0; r < c->layers[k].n && col->kind == VALUE_LEVEL; r++)
                if (!isnan(col->v[r]) && !(col->v[r] >= 0 && col->v[r] < col->levels->n))
                    fail_msg("MLNB_SEED=%llu %s %d: column %s, level %g of %d",
                             (unsigned long long)seed, kind, i, col->title, col->v[r],
                             col->levels->n);
        }
}

static void check_limits(const struct chart *c, const char *kind, int i)
{
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    json_t *v = chart_vega(c);
    size_t spec = json_dumpb(v, NULL, 0, JSON_COMPACT);
    if (chart_marks(c) > 5000 || svg.n > 512 * 1024 || spec > 1024 * 1024 || spec == 0)
        fail_msg("MLNB_SEED=%llu %s %d: %lld marks, SVG %zu, spec %zu", (unsigned long long)seed,
                 kind, i, (long long)chart_marks(c), svg.n, spec);
    json_decref(v);
    strbuf_release(&svg);
}

TEST(large_charts_of_every_kind_keep_the_limits)
{
    const char *given = getenv("MLNB_SEED");
    int n_kinds, made = 0, thinned = 0;
    const struct chart_kind_desc *const *kinds = chart_kinds(&n_kinds);
    struct bench b;
    struct ctx *cx = bench_begin(&b, 2);
    seed = given ? strtoull(given, NULL, 10) : 7;
    struct plan *large[] = {large_frame(&b, LARGE), large_frame(&b, 6001)};
    for (int i = 0; i < n_kinds * 5; i++) {
        const char *kind = kinds[i % n_kinds]->name;
        struct chart_spec s = large_spec(kind);
        struct chart *c, *two;
        if (chart_new(cx, b.x, &s, large[below(2)], &c) != RC_OK) {
            if (cx->err->code != E501)
                fail_msg("MLNB_SEED=%llu %s %d: %s", (unsigned long long)seed, kind, i,
                         cx->err->message);
            err_clear(cx->err);
            continue;
        }
        check_levels(c, kind, i);
        check_limits(c, kind, i);
        made++;
        thinned += c->caption && strstr(c->caption, "(seed 0)") != NULL;
        if (below(3) == 0) {
            const struct chart *both[] = {c, c, c};
            assert_ok(cx, chart_side(cx, both, 3, NULL, NO_SPAN, &two));
            check_limits(two, kind, i);
            chart_unref(two);
        }
        chart_unref(c);
    }
    if (made < n_kinds || thinned < 3) fail_msg("%d made, %d samples", made, thinned);
    plan_unref(large[0]);
    plan_unref(large[1]);
    bench_end(&b);
}

TEST(a_layered_chart_keeps_the_limits_and_all_lifts_them)
{
    struct bench b;
    struct ctx *cx = bench_begin(&b, 2);
    seed = 3;
    struct plan *p = large_frame(&b, 6001);
    struct chart_spec s = spec_of("num", "pos");
    struct chart *c = bench_chart(&b, &s, p), *two;
    assert_string_equal(c->caption, "sample of 5,000 of 6,001 rows (seed 0)");
    assert_ok(cx, chart_layer(cx, c, c, &two));
    check_limits(two, "layer", 0);
    assert_in_range(two->layers[0].n, 2000, 2500);
    assert_non_null(strstr(two->caption, " of 10,000 marks (seed 0)"));
    chart_unref(two);
    chart_unref(c);
    s.all = true;
    c = bench_chart(&b, &s, p);
    assert_int_equal(chart_marks(c), 6001);
    assert_null(c->caption);
    chart_unref(c);
    plan_unref(p);
    bench_end(&b);
}

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

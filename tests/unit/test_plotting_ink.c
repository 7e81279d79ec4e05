/* Inks on dark pages, and names at line ends. */
#include "plotting/chart_int.h"
#include "plotting/draw.h"
#include "tests/unit/test_plotting_chart.h"

#include <math.h>

/* WCAG 2.1 relative luminance, contrast. */
static double light_of(const char *ink)
{
    struct draw_ink k;
    assert_true(draw_ink_of(ink, &k));
    const double c[] = {k.r, k.g, k.b}, weight[] = {0.2126, 0.7152, 0.0722};
    double v = 0;
    for (int i = 0; i < 3; i++)
        v += weight[i] * (c[i] <= 0.04045 ? c[i] / 12.92 : pow((c[i] + 0.055) / 1.055, 2.4));
    return v;
}
static double contrast(const char *a, const char *b)
{
    double x = light_of(a), y = light_of(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static double apart(const char *a, const char *b)
{
    struct draw_ink x, y;
    assert_true(draw_ink_of(a, &x) && draw_ink_of(b, &y));
    return fabs(x.r - y.r) + fabs(x.g - y.g) + fabs(x.b - y.b);
}

TEST(inks_of_series_are_bright_enough_on_dark_pages)
{
    static const char *const pages[] = {"#111111", "#1e1e1e", "#212121"};
    static const char *const named[] = {"navy", "#000", "darkred", "indigo", "steelblue"};
    struct arena *a = arena_new();
    const char *shown[8];
    for (int i = 0; i < 8; i++) {
        const char *dark = palette_dark_ink(a, palette_ink(i));
        shown[i] = dark ? dark : palette_ink(i);
        for (int p = 0; p < 3; p++)
            assert_true(contrast(shown[i], pages[p]) >= 4.5);
        for (int k = 0; k < i; k++)
            assert_true(apart(shown[i], shown[k]) > 0.25);
        assert_true(contrast(palette_middle_ink(palette_ink(i)), "#333333") >= 3);
    }
    for (int i = 0; i < 5; i++) {
        const char *dark = palette_dark_ink(a, named[i]);
        assert_true(contrast(dark ? dark : named[i], "#1e1e1e") >= 3);
    }
    assert_true(contrast(palette_middle_ink(palette_ink(0)), "#ffffff") >= 3);
    assert_null(palette_dark_ink(a, "steelblue"));
    arena_free(a);
}

/* Three lines of 5 points that end at 1, 1 + gap, 1 + 2 gap of a range of 10. */
static struct chart *three_lines(struct bench *b, double gap, const char *const names[3])
{
    enum { POINTS = 5, N = 3 * POINTS };
    static double x[N], y[N];
    static const char *text[N];
    struct making m = {.cx = &b->u.cx};
    for (int i = 0; i < N; i++) {
        x[i] = i / 3;
        y[i] = x[i] < POINTS - 1 ? (i % 2) * 10 : 1 + gap * (i % 3);
        text[i] = names[i % 3];
    }
    add_num(&m, "x", x, N);
    add_num(&m, "y", y, N);
    add_str(&m, "who", text, N);
    struct plan *p = bench_plan(b, &m);
    struct chart_spec s = spec_of("x", "y");
    s.kind = "line";
    s.enc[CHART_COLOR].column = "who";
    struct chart *c = bench_chart(b, &s, p);
    plan_unref(p);
    return c;
}

static bool has_legend(const struct chart *c)
{
    return c->layout.legend_w > 0;
}

TEST(names_stand_at_line_ends_where_they_fit)
{
    static const char *const names[] = {"north", "south", "far away"};
    static const char *const numbers[] = {"1", "2", "3"};
    struct bench b;
    bench_begin(&b, 1);
    struct chart *c = three_lines(&b, 2, names);
    assert_int_equal(c->n_ends, 3);
    assert_false(has_legend(c));
    for (int i = 0; i < 3; i++) {
        double right = c->layout.plot_x + c->ends[i].x + END_GAP +
                       font_width(c->color.levels->text[c->ends[i].level], FONT_LABEL, false);
        assert_true(right <= c->layout.width);
        assert_true(fabs(c->ends[i].label_y - c->ends[i].y) < 0.001);
    }
    json_t *v = chart_vega(c);
    char *live = json_dumps(v, JSON_COMPACT); /* also where it is drawn live */
    assert_non_null(strstr(live, "\"legend\":null"));
    assert_null(strstr(live, "\"bind\":\"legend\""));
    assert_non_null(strstr(live, "datum.dy"));
    free(live);
    json_decref(v);
    chart_unref(c);
    c = three_lines(&b, 0.35, names); /* 9 pixels or so apart: nudged to 14 */
    assert_int_equal(c->n_ends, 3);
    for (int i = 1; i < 3; i++) {
        assert_true(c->ends[i].y - c->ends[i - 1].y < 13);
        assert_true(c->ends[i].label_y - c->ends[i - 1].label_y > 13.99);
    }
    chart_unref(c);
    c = three_lines(&b, 0.1, names); /* too near */
    assert_int_equal(c->n_ends, 0);
    assert_true(has_legend(c));
    chart_unref(c);
    c = three_lines(&b, 2, numbers); /* a number needs its title */
    assert_int_equal(c->n_ends, 0);
    assert_true(has_legend(c));
    chart_unref(c);
    bench_end(&b);
}

TEST(dark_rules_name_the_inks_of_the_chart)
{
    static const char *const names[] = {"north", "south", "far away"};
    struct bench b;
    struct strbuf svg = {0};
    bench_begin(&b, 1);
    struct chart *c = three_lines(&b, 2, names);
    chart_svg(c, &svg);
    char *style = strstr(svg.p, "prefers-color-scheme: dark"), *end = strstr(svg.p, "</style>");
    assert_true(style && end > style);
    char rule[64];
    snprintf(rule, sizeof rule, ".%s [stroke=\"#0072b2\"]{stroke:#", c->id);
    assert_true(strstr(style, rule) && strstr(style, rule) < end);
    snprintf(rule, sizeof rule, "class=\"%s\"", c->id);
    assert_non_null(strstr(svg.p, rule));
    strbuf_release(&svg);
    chart_unref(c);
    bench_end(&b);
}

/* Facets by two columns, scales of their own, charts beside each other, schemes, pictures, and
 * charts made of characters. */
#include "plotting/chart_int.h"
#include "tests/unit/test_plotting_chart.h"

#ifdef MLNB_SANITIZE
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig"; /* it keeps its defaults for the life of the process */
}
#endif

static struct plan *grid_plan(struct bench *n)
{
    static const double x[] = {1, 2, 3, 4, 100, 200}, y[] = {5, 6, 7, 8, 900, 1000};
    static const char *const row[] = {"a", "a", "b", "b", "b", "b"};
    static const char *const col[] = {"u", "u", "u", "u", "v", "v"};
    struct making m = {.cx = &n->u.cx};
    add_num(&m, "x", (double *)(uintptr_t)x, 6);
    add_num(&m, "y", (double *)(uintptr_t)y, 6);
    add_str(&m, "row", (const char **)(uintptr_t)row, 6);
    add_str(&m, "col", (const char **)(uintptr_t)col, 6);
    return bench_plan(n, &m);
}

static struct chart_spec grid_spec(void)
{
    struct chart_spec s = spec_of("x", "y");
    s.kind = "point";
    s.enc[CHART_FACET_ROW].column = "row";
    s.enc[CHART_FACET_COLUMN].column = "col";
    return s;
}

TEST(two_way_facets_have_places)
{
    struct bench n;
    bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = grid_spec();
    struct chart *c = bench_chart(&n, &s, p);
    assert_int_equal(c->panels.levels->n, 3);
    assert_int_equal(c->panels.rows->n, 2);
    assert_int_equal(c->panels.cols->n, 2);
    assert_string_equal(c->panels.rows->text[1], "row = b");
    assert_int_equal(chart_panel_at(c, 0, 1), -1);
    int at = chart_panel_at(c, 1, 1);
    assert_true(at >= 0);
    assert_string_equal(c->panels.levels->text[at], "row = b, col = v");
    json_t *v = chart_vega(c);
    json_t *rows = json_object_get(v, "vconcat");
    assert_int_equal(json_array_size(rows), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(rows, 0), "hconcat")), 2);
    json_decref(v);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(free_scales_follow_their_panel)
{
    struct bench n;
    bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = grid_spec();
    s.free_x = true;
    struct chart *c = bench_chart(&n, &s, p);
    int far = chart_panel_at(c, 1, 1), near = chart_panel_at(c, 0, 0);
    assert_true(chart_axis_of(c, 0, far)->min > 50);
    assert_true(chart_axis_of(c, 0, near)->max < 3);
    assert_true(chart_axis_of(c, 1, far) == chart_axis_of(c, 1, near));
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(charts_beside_each_other)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = spec_of("x", "y");
    struct chart *a = bench_chart(&n, &s, p), *both, *none;
    const struct chart *parts[] = {a, a};
    assert_ok(cx, chart_side(cx, parts, 2, "Both", NO_SPAN, &both));
    assert_true(both->layout.width > 2 * a->layout.width);
    json_t *v = chart_vega(both);
    json_t *views = json_object_get(v, "hconcat");
    assert_int_equal(json_array_size(views), 2);
    char *text = json_dumps(v, 0);
    assert_non_null(strstr(text, "zoom1"));
    assert_non_null(strstr(text, "zoom2"));
    free(text);
    json_decref(v);
    parts[1] = both;
    assert_int_equal(chart_side(cx, parts, 2, NULL, NO_SPAN, &none), RC_ERR);
    chart_unref(both);
    chart_unref(a);
    plan_unref(p);
    bench_end(&n);
}

TEST(schemes_by_name)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = spec_of("x", "y");
    struct chart *c;
    s.enc[CHART_COLOR].column = "row";
    s.scheme = "set2";
    c = bench_chart(&n, &s, p);
    assert_string_equal(chart_level_ink(c, 0), "#66c2a5");
    chart_unref(c);
    s.scheme = "magma"; /* a ramp: its ends for two categories */
    c = bench_chart(&n, &s, p);
    assert_string_equal(chart_level_ink(c, 0), "#000004");
    assert_string_equal(chart_level_ink(c, 1), "#fcfdbf");
    chart_unref(c);
    s.scheme = "magna";
    assert_int_equal(chart_new(cx, n.x, &s, p, &c), RC_ERR);
    assert_int_equal(cx->err->code, E209);
    plan_unref(p);
    bench_end(&n);
}

TEST(pictures)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = grid_spec();
    struct chart *c = bench_chart(&n, &s, p);
    struct strbuf png = {0}, pdf = {0}, again = {0};
    enum rc_t res = chart_png(cx, c, 1, false, NO_SPAN, &png);
    if (res != RC_OK) {
        assert_int_equal(cx->err->code, E305); /* no cairo here */
    } else {
        assert_memory_equal(png.p, "\x89PNG", 4);
        assert_ok(cx, chart_pdf(cx, c, NO_SPAN, &pdf));
        assert_ok(cx, chart_pdf(cx, c, NO_SPAN, &again));
        assert_memory_equal(pdf.p, "%PDF", 4);
        assert_int_equal(pdf.n, again.n);
        assert_memory_equal(pdf.p, again.p, pdf.n);
    }
    strbuf_release(&png);
    strbuf_release(&pdf);
    strbuf_release(&again);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

static int lines_of(const struct strbuf *b, size_t *longest)
{
    int n = 0;
    size_t from = 0;
    *longest = 0;
    for (size_t i = 0; i < b->n; i++) {
        if (b->p[i] != '\n') continue;
        if (i - from > *longest) *longest = i - from;
        from = i + 1;
        n++;
    }
    return n;
}

TEST(charts_of_characters)
{
    struct bench n;
    bench_begin(&n, 1);
    struct plan *p = grid_plan(&n);
    struct chart_spec s = spec_of("row", NULL);
    struct chart *c = bench_chart(&n, &s, p);
    struct strbuf out = {0};
    size_t longest;
    chart_terminal(c, &(struct chart_term){.width = 200}, &out);
    assert_non_null(strstr(out.p, "█"));
    assert_non_null(strstr(out.p, "4 ┤"));
    assert_null(strchr(out.p, '\033'));
    assert_true(lines_of(&out, &longest) <= 20);
    strbuf_clear(&out);
    chart_terminal(c, &(struct chart_term){.width = 60, .ascii = true}, &out);
    for (size_t i = 0; i < out.n; i++)
        assert_true((unsigned char)out.p[i] < 0x80);
    (void)lines_of(&out, &longest);
    assert_true(longest <= 58);
    chart_unref(c);
    s = spec_of("x", "y");
    c = bench_chart(&n, &s, p);
    strbuf_clear(&out);
    chart_terminal(c, &(struct chart_term){.width = 80, .color = true}, &out);
    assert_non_null(strstr(out.p, "\033[38;2;31;135;201m"));
    strbuf_clear(&out);
    chart_terminal(c, &(struct chart_term){.width = 80, .color = true, .depth = 256}, &out);
    assert_non_null(strstr(out.p, "\033[38;5;32m")); /* 0, 135, 215 */
    strbuf_clear(&out);
    chart_terminal(c, &(struct chart_term){.width = 80, .color = true, .depth = 16}, &out);
    assert_non_null(strstr(out.p, "\033[34m"));
    assert_null(strstr(out.p, "38;"));
    strbuf_release(&out);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

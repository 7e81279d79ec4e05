/* Ticks, labels, text widths, scales: against mizani (R's labeling), fontTools and by hand. */
#include "plotting/chart_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "tests/unit/test_plotting.h"

TEST(extended_wilkinson_as_labeling)
{
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/plot_ticks.txt", "r");
    assert_non_null(f);
    char line[256];
    int rows = 0, same = 0;
    while (fgets(line, sizeof line, f)) {
        double lo, hi, first, step, v[TICKS_MOST];
        int m, n;
        if (sscanf(line, "%lf %lf %d %d %lf %lf", &lo, &hi, &m, &n, &first, &step) != 6) continue;
        int got = ticks_extended(lo, hi, m, false, v);
        rows++;
        double own = got > 1 ? (v[got - 1] - v[0]) / (got - 1) : 0;
        if (got == n && fabs(v[0] - first) < 1e-6 * step && fabs(own - step) < 1e-6 * step)
            same++;
        else
            print_error("%s  got %d from %.10g by %.10g\n", line, got, v[0], own);
    }
    fclose(f);
    assert_true(rows > 200);
    assert_int_equal(same, rows);
}

TEST(whole_ticks_stay_whole)
{
    double v[TICKS_MOST];
    for (int hi = 1; hi < 40; hi++) {
        int n = ticks_extended(0, hi, 6, true, v);
        for (int i = 0; i < n; i++)
            assert_true(v[i] == floor(v[i]));
    }
}

static void label_is(struct tick_format f, double v, const char *want)
{
    struct strbuf b = {0};
    chart_number_label(&b, f, v);
    assert_same(&b, want);
    strbuf_release(&b);
}

TEST(number_labels)
{
    struct tick_format f = chart_format_for((double[]){0, 2.5, 5}, 3, false);
    label_is(f, 2.5, "2.5");
    label_is(f, 0, "0.0");
    label_is(f, -2.5, "−2.5");
    f = chart_format_for((double[]){0, 2000, 4000}, 3, false);
    label_is(f, 4000, "4,000");
    f = chart_format_for((double[]){0, 500000, 1000000, 1500000}, 4, false);
    label_is(f, 500000, "500k");
    label_is(f, 1500000, "1.5M");
    label_is(f, 0, "0");
    f = chart_format_for((double[]){0, 0.2, 0.4}, 3, true);
    label_is(f, 0.2, "20%");
    f = chart_format_for((double[]){1e-9, 2e-9}, 2, false);
    label_is(f, 2e-9, "2e−9");
    f = chart_format_for((double[]){1e20, 2e20}, 2, false);
    label_is(f, 2e20, "2e+20");
    f = (struct tick_format){.style = TICK_PLAIN};
    label_is(f, 0.01, "0.01");
    label_is(f, 1000, "1,000");
    label_is(f, 1e6, "1M");
    f = chart_format_for((double[]){100000, 100001, 100002}, 3, false);
    label_is(f, 100001, "100,001");
}

TEST(text_widths_of_dejavu)
{
    /* fontTools: advances of "Hello, Wörld 123" in DejaVu Sans and Bold, 1/2048 em */
    assert_close(font_width("Hello", 2048, false), 1540 + 1260 + 569 + 569 + 1253, 0, 1e-9);
    assert_close(font_width("Wö", 2048, false), 2025 + 1253, 0, 1e-9);
    assert_close(font_width("東", 10, false), 10, 0, 1e-9);
    assert_true(font_width("Hello", 11, true) > font_width("Hello", 11, false));
}

TEST(wrapping)
{
    struct arena *a = arena_new();
    struct text_lines l = font_wrap(a, "one two three four five", 10, false, 60, 3);
    assert_int_equal(l.n, 3);
    assert_string_equal(l.line[0], "one two");
    l = font_wrap(a, "one two three four five six seven", 10, false, 60, 2);
    assert_int_equal(l.n, 2);
    assert_non_null(strstr(l.line[1], "…"));
    assert_string_equal(font_cut(a, "abcdefgh", 5), "abcd…");
    assert_string_equal(font_cut(a, "abcde", 5), "abcde");
    arena_free(a);
}

static void time_axis(const char *from, const char *to, int wanted, const char *want)
{
    struct arena *a = arena_new();
    int64_t lo, hi;
    bool zone;
    struct tick *t;
    struct tick_format f;
    struct strbuf b = {0};
    assert_true(datetime_parse(from, strlen(from), &lo, &zone));
    assert_true(datetime_parse(to, strlen(to), &hi, &zone));
    int n = ticks_time(a, (double)lo / 1e3, (double)hi / 1e3, wanted, &t, &f);
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%s%s%s", i ? " " : "", t[i].label, t[i].under ? "/" : "",
                      t[i].under ? t[i].under : "");
    assert_same(&b, want);
    strbuf_release(&b);
    arena_free(a);
}

TEST(calendar_ticks)
{
    time_axis("2019-03-01T00:00", "2019-04-01T00:00", 5, "4/Mar 2019 11 18 25 1/Apr 2019");
    time_axis("2018-11-20T00:00", "2019-05-05T00:00", 6, "Dec/2018 Jan/2019 Feb Mar Apr May");
    time_axis("2013-01-01T00:00", "2024-06-01T00:00", 6, "2014 2016 2018 2020 2022 2024");
    time_axis("2019-03-01T22:10", "2019-03-02T03:00", 5,
              "23:00/Mar 1, 2019 00:00/Mar 2, 2019 01:00 02:00 03:00");
    time_axis("2019-03-01T22:10:01", "2019-03-01T22:10:03", 4,
              "22:10:01.000/Mar 1, 2019 22:10:01.500 22:10:02.000 22:10:02.500 22:10:03.000");
    time_axis("1900-01-01T00:00", "1905-01-01T00:00", 5, "1900 1901 1902 1903 1904 1905");
    time_axis("0190-01-01T00:00", "1905-01-01T00:00", 4, "500 1000 1500");
}

static struct chart_axis linear(double lo, double hi)
{
    return (struct chart_axis){.scale = SCALE_LINEAR, .min = lo, .max = hi};
}

TEST(scales)
{
    struct chart_axis a = linear(10, 20);
    assert_close(scale_unit(&a, 15), 0.5, 0, 1e-12);
    a.scale = SCALE_LOG;
    a.min = 1;
    a.max = 10000;
    assert_close(scale_unit(&a, 100), 0.5, 0, 1e-12);
    assert_true(isnan(scale_unit(&a, 0)));
    a.scale = SCALE_SYMLOG;
    a.linear_below = 1;
    a.min = -1000;
    a.max = 1000;
    assert_close(scale_unit(&a, 0), 0.5, 0, 1e-12);
    struct chart_levels l = {.n = 4};
    a = (struct chart_axis){.scale = SCALE_BAND, .levels = &l};
    assert_close(scale_unit(&a, 0), 0.125, 0, 1e-12);
}

TEST(colours)
{
    const char *near;
    char hex[8];
    assert_string_equal(palette_named("steelblue", &near), "steelblue");
    assert_string_equal(palette_named("#12ab9F", &near), "#12ab9F");
    assert_null(palette_named("#12ab9", &near));
    assert_null(palette_named("stelblue", &near));
    assert_string_equal(near, "steelblue");
    assert_null(palette_named("red\" onload=\"x", &near));
    palette_ramp(0, hex);
    assert_string_equal(hex, "#440154");
    palette_ramp(1, hex);
    assert_string_equal(hex, "#fde725");
    palette_ramp(NAN, hex);
    assert_string_equal(hex, "#440154");
}

/* Charts over real and made-up data, written to build/gallery for looking at and for the checker of
 * Vega-Lite and SVG; the numbers of a few are held to oracles. */
#include "plotting/chart.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/rng.h"
#include "tests/unit/test_plotting_chart.h"

#include <sys/stat.h>

static void gallery(struct bench *n, const char *name, struct chart *take_c)
{
    char path[400];
    struct strbuf svg = {0};
    (void)n;
    mkdir(TEST_BINARY_DIR "/gallery", 0755);
    chart_svg(take_c, &svg);
    snprintf(path, sizeof path, TEST_BINARY_DIR "/gallery/%s.svg", name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fwrite(svg.p, 1, svg.n, f);
    fclose(f);
    assert_true(svg.n < 512 * 1024);
    strbuf_release(&svg);
    json_t *spec = chart_vega(take_c);
    snprintf(path, sizeof path, TEST_BINARY_DIR "/gallery/%s.json", name);
    json_dump_file(spec, path, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(spec);
    chart_unref(take_c);
}

TEST(taxi_charts)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("tipAmount", NULL);
    s.bins = 25;
    s.title = "Tip amount distribution";
    s.xtitle = "Tip Amount ($)";
    s.ytitle = "Counts";
    s.enc[CHART_COLOR].constant = "lightblue";
    gallery(&n, "taxi_hist_25", bench_chart(&n, &s, p));
    s = spec_of("tipAmount", NULL);
    gallery(&n, "taxi_hist_default", bench_chart(&n, &s, p));
    s.xmin = 0;
    s.xmax = 20;
    s.enc[CHART_COLOR].column = "paymentType";
    gallery(&n, "taxi_hist_range_color", bench_chart(&n, &s, p));
    s = spec_of("passengerCount", "tipAmount");
    s.kind = "box";
    gallery(&n, "taxi_box_passengers", bench_chart(&n, &s, p));
    s = spec_of("dayOfWeek", "tipAmount");
    s.kind = "box";
    s.outliers = 0;
    s.title = "Tip amount distribution per day";
    s.xtitle = "Day of Week";
    s.ytitle = "Tip Amount ($)";
    gallery(&n, "taxi_box_day", bench_chart(&n, &s, p));
    s = spec_of("paymentType", "fareAmount");
    s.enc[CHART_COLOR].column = "vendorID";
    gallery(&n, "taxi_box_color", bench_chart(&n, &s, p));
    s = spec_of("fareAmount", "tipAmount");
    s.alpha = 0.1;
    s.xmin = -2;
    s.xmax = 80;
    s.ymin = -2;
    s.ymax = 20;
    s.enc[CHART_SIZE].column = "passengerCount";
    s.enc[CHART_COLOR].constant = "blue";
    s.title = "Tip amount by Fare amount";
    gallery(&n, "taxi_scatter", bench_chart(&n, &s, p));
    s = spec_of("fareAmount", "tipAmount");
    s.enc[CHART_COLOR].column = "paymentType";
    gallery(&n, "taxi_scatter_color", bench_chart(&n, &s, p));
    s = spec_of("tripDistance", "fareAmount");
    s.xlog = s.ylog = true;
    s.enc[CHART_COLOR].column = "tipAmount";
    gallery(&n, "taxi_scatter_log_ramp", bench_chart(&n, &s, p));
    s = spec_of("pickup", "tipAmount");
    gallery(&n, "taxi_line_raw", bench_chart(&n, &s, p));
    s = spec_of("day", "tipAmount");
    gallery(&n, "taxi_line_day", bench_chart(&n, &s, p));
    s.enc[CHART_COLOR].column = "paymentType";
    gallery(&n, "taxi_line_day_color", bench_chart(&n, &s, p));
    s = spec_of("hour", "tipAmount");
    s.kind = "line";
    s.enc[CHART_COLOR].column = "weekend";
    gallery(&n, "taxi_line_hour", bench_chart(&n, &s, p));
    s = spec_of("day", NULL);
    gallery(&n, "taxi_hist_time", bench_chart(&n, &s, p));
    s = spec_of("zone", NULL);
    gallery(&n, "taxi_bar_zone", bench_chart(&n, &s, p));
    s = spec_of("hour", NULL);
    s.kind = "bar";
    gallery(&n, "taxi_bar_hour", bench_chart(&n, &s, p));
    s = spec_of("paymentType", "vendorID");
    gallery(&n, "taxi_bar_two", bench_chart(&n, &s, p));
    s = spec_of("hour", NULL);
    s.kind = "bar";
    s.enc[CHART_COLOR].column = "paymentType";
    s.stack = "share";
    gallery(&n, "taxi_bar_share", bench_chart(&n, &s, p));
    s.stack = "none";
    s.enc[CHART_X].column = "dayOfWeek";
    gallery(&n, "taxi_bar_grouped", bench_chart(&n, &s, p));
    s = spec_of("tipAmount", NULL);
    s.xmax = 20;
    s.enc[CHART_FACET_COLUMN].column = "paymentType";
    gallery(&n, "taxi_hist_facet", bench_chart(&n, &s, p));
    s = spec_of("fareAmount", "tipAmount");
    s.enc[CHART_FACET_COLUMN].column = "paymentType";
    s.enc[CHART_COLOR].column = "vendorID";
    struct chart *panels = bench_chart(&n, &s, p), *ruled;
    struct chart_rule rule = {.x = NAN, .y = NAN, .slope = 0.2, .intercept = 0, .dashed = true};
    assert_ok(&n.u.cx, chart_layer_rule(&n.u.cx, panels, &rule, &ruled));
    gallery(&n, "taxi_scatter_facet", panels);
    gallery(&n, "taxi_scatter_facet_rule", ruled);
    s = spec_of("tripDistance", NULL);
    s.xlog = true;
    gallery(&n, "taxi_hist_log", bench_chart(&n, &s, p));
    s = spec_of("tripDistance", "tipAmount");
    s.xlog = s.ylog = true;
    gallery(&n, "taxi_scatter_symlog", bench_chart(&n, &s, p));
    s = spec_of("secs", NULL);
    gallery(&n, "taxi_hist_duration", bench_chart(&n, &s, p));
    plan_unref(p);
    bench_end(&n);
}

TEST(small_charts)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    static const char *borough[] = {"Manhattan", "Brooklyn",      "Queens",
                                    "Bronx",     "Staten Island", NULL};
    static const double tip[] = {2.31, 1.72, 4.9, 0.8, 1.1, 0.5};
    static const double share[] = {0.31, 0.172, -0.049, 0.08, 0.11, NAN};
    struct making m = {.cx = cx};
    add_str(&m, "borough", borough, 6);
    add_num(&m, "tip", tip, 6);
    add_num(&m, "change", share, 6);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("borough", "tip");
    s.kind = "bar";
    gallery(&n, "bar_small", bench_chart(&n, &s, p));
    s = spec_of("tip", "borough");
    s.kind = "bar";
    gallery(&n, "bar_across", bench_chart(&n, &s, p));
    s = spec_of("borough", "change");
    s.kind = "bar";
    gallery(&n, "bar_negative", bench_chart(&n, &s, p));
    s = spec_of("tip", "change");
    s.enc[CHART_SHAPE].column = s.enc[CHART_COLOR].column = "borough";
    gallery(&n, "point_shapes", bench_chart(&n, &s, p));
    plan_unref(p);

    double fpr[41], tpr[41];
    for (int i = 0; i <= 40; i++) {
        fpr[i] = i / 40.0;
        tpr[i] = pow(fpr[i], 0.25);
    }
    m = (struct making){.cx = cx};
    add_num(&m, "fpr", fpr, 41);
    add_num(&m, "tpr", tpr, 41);
    p = bench_plan(&n, &m);
    s = spec_of("fpr", "tpr");
    s.kind = "roc";
    gallery(&n, "roc", bench_chart(&n, &s, p));
    plan_unref(p);
    bench_end(&n);
}

TEST(layered_charts)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    enum { ROWS = 200 };
    int64_t day[ROWS];
    double births[ROWS], predicted[ROWS], x[ROWS];
    for (int i = 0; i < ROWS; i++) {
        day[i] = civil_days(2013, 1, 1) + i * 4;
        predicted[i] = 11000 + 900 * sin(i / 15.0);
        births[i] = predicted[i] + 300 * rng_normal(1, 1, (uint64_t)i);
        x[i] = rng_normal(1, 2, (uint64_t)i) * 10;
    }
    struct making m = {.cx = cx};
    add_ints(&m, "day", KIND_DATE, day, ROWS);
    add_num(&m, "births", births, ROWS);
    add_num(&m, "prediction", predicted, ROWS);
    add_num(&m, "x", x, ROWS);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("day", "births");
    struct chart *base = bench_chart(&n, &s, p), *c;
    s = spec_of("day", "prediction");
    s.kind = "line";
    struct chart *top = bench_chart(&n, &s, p);
    assert_ok(cx, chart_layer(cx, base, top, &c));
    chart_unref(top);
    chart_unref(base);
    gallery(&n, "layer_two_lines", c);
    s = spec_of("births", "prediction");
    base = bench_chart(&n, &s, p);
    struct chart_rule rule = {.x = NAN, .y = NAN, .slope = 1, .intercept = 0, .dashed = true};
    assert_ok(cx, chart_layer_rule(cx, base, &rule, &c));
    chart_unref(base);
    base = c;
    rule = (struct chart_rule){.x = NAN, .y = 9000, .slope = NAN, .intercept = NAN, .color = "red"};
    assert_ok(cx, chart_layer_rule(cx, base, &rule, &c));
    chart_unref(base);
    gallery(&n, "layer_rules", c);
    static const char *ys[] = {"births", "prediction"};
    static const char *titles[] = {"min(births)", "max(births)"};
    s = spec_of("day", NULL);
    s.y_series = ys;
    s.y_titles = titles;
    s.n_y_series = 2;
    s.kind = "line";
    gallery(&n, "line_series", bench_chart(&n, &s, p));
    plan_unref(p);
    bench_end(&n);
}

TEST(odd_data)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    static const double one[] = {5};
    static const char *odd[] = {"<b>&\"quoted\"</b> a\\b 'c' [d].e:f"};
    static const double wide[] = {1e-7, 3e-7, 5e-7, 2e-7};
    struct making m = {.cx = cx};
    add_num(&m, "only.one[x]", one, 1);
    add_str(&m, "odd <name> & \"so\"", odd, 1);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("only.one[x]", NULL);
    gallery(&n, "odd_one_value", bench_chart(&n, &s, p));
    s = spec_of("odd <name> & \"so\"", "only.one[x]");
    s.kind = "bar";
    gallery(&n, "odd_names", bench_chart(&n, &s, p));
    s = spec_of("only.one[x]", "only.one[x]");
    s.kind = "point";
    gallery(&n, "odd_one_point", bench_chart(&n, &s, p));
    plan_unref(p);
    m = (struct making){.cx = cx};
    add_num(&m, "tiny", wide, 4);
    p = bench_plan(&n, &m);
    s = spec_of("tiny", NULL);
    gallery(&n, "odd_tiny", bench_chart(&n, &s, p));
    plan_unref(p);
    bench_end(&n);
}

/* Charts from frames: statistics against numpy and pandas (tests/oracle/plot_stats.py prints the
 * numbers), choice of kinds, errors, limits, agreement of the two writers, independence of threads.
 */
#include "plotting/stat/stat.h"

#include "runtime/base/rng.h"
#include "tests/unit/test_plotting_chart.h"

static const double *values(const struct chart *c, int layer, enum mark_channel ch)
{
    return layer_channel(&c->layers[layer], ch);
}

/* ---- histograms ---- */
TEST(histogram_of_25_bins_as_numpy)
{
    static const double want[25] = {4842, 375, 121, 25, 3, [24] = 1};
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("tipAmount", NULL);
    s.bins = 25;
    struct chart *c = bench_chart(&n, &s, p);
    assert_int_equal(c->layers[0].n, 25);
    for (int i = 0; i < 25; i++) {
        assert_true(values(c, 0, CH_Y)[i] == want[i]);
        assert_close(values(c, 0, CH_X)[i], i * 4.8, 1e-12, 1e-12);
    }
    assert_true(values(c, 0, CH_X2)[24] == 120);
    struct strbuf text = {0};
    chart_text(c, &text);
    assert_same(&text, "histogram: 25 bins, tipAmount, 5,367 rows");
    strbuf_release(&text);
    chart_unref(c);
    static const double ranged[7] = {3915, 1083, 185, 94, 61, 19, 6};
    s.bins = 7;
    s.xmin = 0;
    s.xmax = 20;
    c = bench_chart(&n, &s, p);
    for (int i = 0; i < 7; i++)
        assert_true(values(c, 0, CH_Y)[i] == ranged[i]);
    assert_string_equal(c->caption, "4 rows outside the range");
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(default_bins_are_nice_and_hold_all_rows)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    static const char *const columns[] = {
        "tipAmount", "fareAmount", "tripDistance", "passengerCount", "pickup", "day", "hour"};
    for (int i = 0; i < 7; i++) {
        struct chart_spec s = spec_of(columns[i], NULL);
        s.kind = "hist";
        struct chart *c = bench_chart(&n, &s, p);
        double sum = 0;
        for (int64_t k = 0; k < c->layers[0].n; k++)
            sum += values(c, 0, CH_Y)[k];
        assert_true(sum == 5367);
        assert_true(c->layers[0].n <= 101);
        chart_unref(c);
    }
    struct chart_spec s = spec_of("passengerCount", NULL);
    struct chart *c = bench_chart(&n, &s, p);
    assert_int_equal(c->layers[0].n, 6); /* 1..6, each in the middle of its bin */
    assert_true(values(c, 0, CH_X)[0] == 0.5 && values(c, 0, CH_X2)[0] == 1.5);
    assert_true(values(c, 0, CH_Y)[0] == 3813);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(log_bins_and_durations)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    static const double v[] = {0, 1, 5, 10, 50, 100, 999, 1000, -3};
    struct making m = {.cx = cx};
    add_num(&m, "v", v, 9);
    static const int64_t d[] = {0,        60000000, 3600000000, 7200000000, 10800000000,
                                60000000, 1,        2,          3};
    add_ints(&m, "d", KIND_DURATION, d, 9);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("v", NULL);
    s.xlog = true;
    s.bins = 3; /* decades: 1 5 | 10 50 | 100 999 1000 */
    struct chart *c = bench_chart(&n, &s, p);
    assert_int_equal(c->axis[0].scale, SCALE_LOG);
    assert_close(values(c, 0, CH_X)[1], 10, 1e-12, 0);
    assert_true(values(c, 0, CH_Y)[0] == 2 && values(c, 0, CH_Y)[1] == 2);
    assert_true(values(c, 0, CH_Y)[2] == 3);
    assert_string_equal(c->caption, "2 rows outside the range of the log axis");
    chart_unref(c);
    s = spec_of("d", NULL);
    c = bench_chart(&n, &s, p);
    assert_string_equal(c->axis[0].shown, "d (h)");
    assert_string_equal(c->axis[0].ticks[c->axis[0].n_ticks - 1].label, "3.0");
    chart_unref(c);
    s = spec_of("v", "v");
    s.xlog = true;
    c = bench_chart(&n, &s, p);
    assert_int_equal(c->axis[0].scale, SCALE_SYMLOG);
    assert_string_equal(c->caption, "x on a symmetric log scale, linear below 1");
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(bins_of_few_and_odd_values)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    static const double v[] = {0.1, 0.2, 0.30000000000000004, NAN, INFINITY, 0.7};
    struct making m = {.cx = cx};
    add_num(&m, "v", v, 6);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("v", NULL);
    s.bins = 6; /* numpy 2.4: histogram([.1, .2, .30000000000000004, .7], 6) = 1 1 1 0 0 1 */
    struct chart *c = bench_chart(&n, &s, p);
    static const double want[] = {1, 1, 1, 0, 0, 1};
    for (int i = 0; i < 6; i++)
        assert_true(values(c, 0, CH_Y)[i] == want[i]);
    assert_non_null(strstr(c->caption, "1 rows without v left out"));
    assert_non_null(strstr(c->caption, "1 infinite values left out"));
    chart_unref(c);
    s.bins = 2000;
    assert_err(cx, E209, chart_new(cx, n.x, &s, p, &c));
    plan_unref(p);
    m = (struct making){.cx = cx};
    add_num(&m, "v", v, 0);
    p = bench_plan(&n, &m);
    s.bins = 0;
    c = bench_chart(&n, &s, p); /* no rows: an empty frame, not an error */
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(summary_quartiles_as_numpy)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("tipAmount", NULL);
    struct chart_build b = {.cx = cx, .x = n.x, .spec = &s, .data = p};
    struct stat_summary out;
    b.in[CHART_X] =
        (struct chart_input){.column = "tipAmount", .type = DTYPE(KIND_NUM), .cls = CLASS_NUMBER};
    assert_ok(cx, stat_summary_of(&b, &b.in[CHART_X], NAN, NAN, &out));
    assert_true(out.q1 == 0 && out.q3 == 2.96 && out.min == 0 && out.max == 120);
    assert_false(out.is_whole);
    assert_int_equal(out.n, 5367);
    plan_unref(p);
    bench_end(&n);
}

/* ---- boxes ---- */
TEST(boxes_as_numpy)
{
    static const double want[6][6] = {
        {3813, 0, 1.95, 2.96, 7.31, 178}, {815, 0, 1.86, 2.96, 7.32, 42},
        {233, 0, 1.66, 3, 7.46, 9},       {107, 0, 2.06, 3.305, 7.26, 6},
        {253, 0, 2, 3, 6.39, 10},         {146, 0, 2.06, 2.935, 5.82, 7}};
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("passengerCount", "tipAmount");
    s.kind = "box";
    struct chart *c = bench_chart(&n, &s, p);
    const struct chart_layer *box = &c->layers[2];
    assert_int_equal(box->n, 6);
    /* columns: category, lower whisker, q1, median, q3, upper whisker, rows, outliers */
    for (int i = 0; i < 6; i++) {
        assert_close(box->col[1].v[i], 0, 0, 1e-12);
        for (int k = 0; k < 3; k++)
            assert_close(box->col[2 + k].v[i], want[i][1 + k], 1e-12, 0);
        assert_close(box->col[5].v[i], want[i][4], 1e-12, 0);
        assert_true(box->col[6].v[i] == want[i][0] && box->col[7].v[i] == want[i][5]);
    }
    assert_int_equal(c->layers[4].n, 174); /* 100 of 178, and all of the others */
    double most = 0;
    for (int64_t i = 0; i < c->layers[4].n; i++)
        most = fmax(most, values(c, 4, CH_Y)[i]);
    assert_true(most == 120);
    assert_string_equal(c->caption, "174 of 252 outliers shown");
    assert_string_equal(c->text, "box plot: 6 boxes, tipAmount by passengerCount");
    chart_unref(c);
    s.outliers = 0;
    c = bench_chart(&n, &s, p);
    assert_int_equal(c->n_layers, 4);
    assert_string_equal(c->caption, "none of 252 outliers shown");
    assert_true(c->axis[1].max < 8);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* ---- bars ---- */
TEST(bars_are_sorted_and_the_rest_is_one)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("paymentType", NULL);
    struct chart *c = bench_chart(&n, &s, p);
    static const double want[] = {3942, 1397, 18, 10};
    assert_int_equal(c->layers[0].n, 4);
    for (int i = 0; i < 4; i++)
        assert_true(values(c, 0, CH_Y)[i] == want[i]);
    assert_string_equal(c->text, "bar chart: 4 bars, count by paymentType");
    assert_string_equal(c->title, "count by paymentType");
    chart_unref(c);
    s = spec_of("zone", NULL);
    c = bench_chart(&n, &s, p);
    const struct chart_axis *cat = &c->axis[c->is_flipped ? 1 : 0];
    assert_int_equal(cat->levels->n, 21);
    assert_string_equal(cat->levels->text[20], "other (103)");
    assert_int_equal(c->layers[0].n, 20);
    double sum = 0;
    for (int i = 0; i < 20; i++)
        sum += values(c, 0, c->is_flipped ? CH_X : CH_Y)[i];
    assert_true(sum == 3239);
    assert_true(values(c, 1, c->is_flipped ? CH_X : CH_Y)[0] == 5367 - 3239);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

static struct plan *sales(struct bench *n)
{
    static const char *const shop[] = {"b", "a", "b", "c", NULL, "a"};
    static const char *const kind[] = {"x", "x", "y", "y", "x", "y"};
    static const double v[] = {1, 2, 3, -4, 5, 6};
    static const int64_t day[] = {3, 1, 2, 2, 1, 3};
    struct making m = {.cx = &n->u.cx};
    add_str(&m, "shop", shop, 6);
    add_str(&m, "kind", kind, 6);
    add_num(&m, "v", v, 6);
    add_ints(&m, "day", KIND_INT, day, 6);
    add_cat(&m, "size", kind, 6, true);
    return bench_plan(n, &m);
}

TEST(stacks_and_orders)
{
    struct bench n;
    bench_begin(&n, 1);
    struct plan *p = sales(&n);
    struct chart_spec s = spec_of("shop", "v");
    s.kind = "bar";
    s.enc[CHART_COLOR].column = "kind";
    struct chart *c = bench_chart(&n, &s, p); /* given values: beside each other */
    assert_true(c->layers[0].ch[CH_OFFSET] >= 0);
    chart_unref(c);
    s.stack = "zero";
    c = bench_chart(&n, &s, p);
    assert_true(c->layers[0].ch[CH_OFFSET] < 0);
    /* a: x 2, y 6 -> 0..2, 2..8; first by size; c has -4 below zero */
    assert_string_equal(c->axis[0].levels->text[0], "a");
    assert_true(values(c, 0, CH_Y)[1] == 8 && values(c, 0, CH_Y2)[1] == 2);
    assert_true(c->axis[1].min < -4 && c->axis[1].max > 8);
    assert_string_equal(c->axis[0].levels->text[3], "null");
    chart_unref(c);
    s.stack = "share";
    c = bench_chart(&n, &s, p);
    assert_true(values(c, 0, CH_Y)[1] == 1);
    chart_unref(c);
    s = spec_of("shop", NULL);
    s.order = (const char *[]){"c", "b"};
    s.n_order = 2;
    c = bench_chart(&n, &s, p);
    assert_string_equal(c->axis[0].levels->text[0], "c");
    assert_string_equal(c->axis[0].levels->text[1], "b");
    assert_string_equal(c->axis[0].levels->text[2], "a");
    chart_unref(c);
    s = spec_of("day", "v");
    s.kind = "bar";
    c = bench_chart(&n, &s, p); /* numbers keep their order; several rows are summed */
    assert_string_equal(c->axis[0].levels->text[0], "1");
    assert_string_equal(c->axis[1].title, "sum(v)");
    assert_true(values(c, 0, CH_Y)[1] == -1);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* ---- lines ---- */
TEST(line_of_means_as_pandas)
{
    static const double want[] = {2.503631, 2.266383, 1.97369,  2.037586, 2.6598,   3.169,
                                  1.709083, 2.126895, 2.000075, 2.058421, 2.230805, 1.915477,
                                  2.225867, 2.15483,  2.043098, 2.396772, 2.469434, 2.182911,
                                  2.238879, 2.174336, 2.58722,  2.271291, 2.387465, 2.245632};
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("hour", "tipAmount");
    s.kind = "line";
    struct chart *c = bench_chart(&n, &s, p);
    assert_int_equal(c->layers[0].n, 24);
    for (int i = 0; i < 24; i++) {
        assert_true(values(c, 0, CH_X)[i] == i);
        assert_close(values(c, 0, CH_Y)[i], want[i], 0, 1e-6);
    }
    assert_string_equal(c->axis[1].title, "mean(tipAmount)");
    assert_string_equal(c->text, "line chart: 1 line, 24 points, mean(tipAmount) by hour");
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(long_lines_keep_what_a_pixel_shows)
{
    enum { ROWS = 100000 };
    static double x[ROWS], y[ROWS];
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    for (int i = 0; i < ROWS; i++) {
        x[i] = i;
        y[i] = rng_normal(5, 1, (uint64_t)i);
    }
    y[777] = 50;
    y[888] = NAN;
    struct making m = {.cx = cx};
    add_num(&m, "x", x, ROWS);
    add_num(&m, "y", y, ROWS);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("x", "y");
    s.kind = "line";
    struct chart *c = bench_chart(&n, &s, p);
    assert_true(c->layers[0].n <= 4 * 482 && c->layers[0].n > 1000);
    double most = 0;
    for (int64_t i = 0; i < c->layers[0].n; i++) {
        most = fmax(most, values(c, 0, CH_Y)[i]);
        if (i) assert_true(values(c, 0, CH_X)[i] > values(c, 0, CH_X)[i - 1]);
    }
    assert_true(most == 50);
    assert_non_null(strstr(c->caption, "of 100,000 points"));
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(very_long_lines_are_streamed)
{
    enum { ROWS = 1200000, WIDE = 480 };
    static double x[ROWS], y[ROWS];
    double low[WIDE], high[WIDE], got_low[WIDE], got_high[WIDE];
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    for (int i = 0; i < ROWS; i++) {
        x[i] = (double)((int64_t)i * 7919 % ROWS); /* every x once, not in order */
        y[i] = rng_normal(6, 1, (uint64_t)i);
    }
    for (int k = 0; k < WIDE; k++)
        low[k] = got_low[k] = INFINITY, high[k] = got_high[k] = -INFINITY;
    for (int i = 0; i < ROWS; i++) {
        int k = (int)fmin(floor(x[i] * WIDE / (ROWS - 1)), WIDE - 1);
        low[k] = fmin(low[k], y[i]);
        high[k] = fmax(high[k], y[i]);
    }
    struct making m = {.cx = cx};
    add_num(&m, "x", x, ROWS);
    add_num(&m, "y", y, ROWS);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("x", "y");
    s.kind = "line";
    struct chart *c = bench_chart(&n, &s, p);
    assert_true(c->layers[0].n <= 4 * WIDE && c->layers[0].n > 3 * WIDE);
    assert_string_equal(c->axis[1].title, "y"); /* nothing was averaged */
    for (int64_t i = 0; i < c->layers[0].n; i++) {
        double at = values(c, 0, CH_X)[i], v = values(c, 0, CH_Y)[i];
        int k = (int)fmin(floor(at * WIDE / (ROWS - 1)), WIDE - 1);
        got_low[k] = fmin(got_low[k], v);
        got_high[k] = fmax(got_high[k], v);
        if (i) assert_true(at > values(c, 0, CH_X)[i - 1]);
    }
    assert_memory_equal(got_low, low, sizeof low);
    assert_memory_equal(got_high, high, sizeof high);
    assert_non_null(strstr(c->caption, "of 1,200,000 points"));
    chart_unref(c);
    s.kind = "hist"; /* over the rows that are kept: two runs */
    s.enc[CHART_Y].column = NULL;
    s.bins = 4;
    c = bench_chart(&n, &s, p);
    for (int i = 0; i < 4; i++)
        assert_true(values(c, 0, CH_Y)[i] == ROWS / 4);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* ---- points ---- */
TEST(scatter_over_the_limit_is_a_sample)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("fareAmount", "tipAmount");
    struct chart *c = bench_chart(&n, &s, p);
    assert_string_equal(c->kind->name, "point");
    assert_int_equal(c->layers[0].n, 5000);
    assert_string_equal(c->caption, "sample of 5,000 of 5,367 rows (seed 0)");
    chart_unref(c);
    s.all = true;
    c = bench_chart(&n, &s, p);
    assert_int_equal(c->layers[0].n, 5367);
    assert_null(c->caption);
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    assert_true(svg.n < 512 * 1024);
    strbuf_release(&svg);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* ---- kinds and errors ---- */
static void kind_is(struct bench *n, struct plan *p, const char *x, const char *y, const char *want)
{
    struct chart_spec s = spec_of(x, y);
    struct chart *c = bench_chart(n, &s, p);
    assert_string_equal(c->kind->name, want);
    chart_unref(c);
}

TEST(kind_by_types)
{
    struct bench n;
    bench_begin(&n, 1);
    struct plan *p = taxi_plan(&n);
    kind_is(&n, p, "tipAmount", NULL, "hist");
    kind_is(&n, p, "pickup", NULL, "hist");
    kind_is(&n, p, "paymentType", NULL, "bar");
    kind_is(&n, p, "weekend", NULL, "bar");
    kind_is(&n, p, "day", "tipAmount", "line");
    kind_is(&n, p, "fareAmount", "tipAmount", "point");
    kind_is(&n, p, "paymentType", "tipAmount", "box");
    kind_is(&n, p, "tipAmount", "paymentType", "box");
    kind_is(&n, p, "paymentType", "vendorID", "heat");
    kind_is(&n, p, "pickup", "paymentType", "point");
    plan_unref(p);
    bench_end(&n);
}

TEST(errors_say_what_to_do)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    struct plan *p = sales(&n);
    struct chart *c;
    struct chart_spec s = spec_of("shop", "v");
    s.kind = "violinplot";
    if (chart_new(cx, n.x, &s, p, &c) == RC_OK) fail_msg("violinplot made");
    assert_int_equal(cx->err->code, E502);
    assert_true(strstr(cx->err->message, "there is no chart kind `violinplot` here; the kinds are "
                                         "point, line, bar, hist, box, ") != NULL);
    assert_string_equal(cx->err->hint, "kind: violin");
    err_clear(cx->err);
    s.kind = "pont";
    if (chart_new(cx, n.x, &s, p, &c) == RC_OK) fail_msg("pont made");
    assert_string_equal(cx->err->hint, "kind: point");
    err_clear(cx->err);
    s.kind = "hist";
    assert_err(cx, E501, chart_new(cx, n.x, &s, p, &c));
    s = spec_of("nothing", NULL);
    assert_err(cx, E201, chart_new(cx, n.x, &s, p, &c));
    s = spec_of(NULL, NULL);
    assert_err(cx, E501, chart_new(cx, n.x, &s, p, &c));
    s = spec_of("day", "v");
    s.enc[CHART_COLOR].constant = "stelblue";
    if (chart_new(cx, n.x, &s, p, &c) == RC_OK) fail_msg("stelblue drawn");
    assert_string_equal(cx->err->hint, "color: \"steelblue\"");
    err_clear(cx->err);
    s = spec_of("shop", "kind");
    s.enc[CHART_COLOR].column = "size";
    assert_err(cx, E501, chart_new(cx, n.x, &s, p, &c));
    s = spec_of("day", "shop");
    s.kind = "line";
    assert_err(cx, E501, chart_new(cx, n.x, &s, p, &c));
    plan_unref(p);
    bench_end(&n);
}

/* ---- the writers ---- */
static int64_t occurrences(const struct strbuf *b, const char *what)
{
    int64_t n = 0;
    for (const char *at = b->p; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static double number_at(const json_t *o, const char *channel, int i)
{
    const json_t *scale = json_object_get(json_object_get(o, channel), "scale");
    return json_number_value(json_array_get(json_object_get(scale, "domain"), (size_t)i));
}

TEST(writers_agree)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    struct chart_spec s = spec_of("tipAmount", NULL);
    s.bins = 25;
    struct chart *c = bench_chart(&n, &s, p);
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    json_t *v = chart_vega(c);
    json_t *layer = json_array_get(json_object_get(v, "layer"), 0);
    json_t *enc = json_object_get(layer, "encoding");
    json_t *rows = json_object_get(json_object_get(v, "data"), "values");
    assert_int_equal(json_array_size(rows), 25);
    assert_int_equal(occurrences(&svg, "<rect"), 25);
    for (int i = 0; i < 2; i++) {
        const struct chart_axis *a = &c->axis[i];
        const char *name = i ? "y" : "x";
        assert_close(number_at(enc, name, 0), a->min, 1e-5, 1e-5);
        assert_close(number_at(enc, name, 1), a->max, 1e-5, 1e-5);
        json_t *axis = json_object_get(json_object_get(enc, name), "axis");
        json_t *ticks = json_object_get(axis, "values");
        assert_int_equal(json_array_size(ticks), a->n_ticks);
        for (int k = 0; k < a->n_ticks; k++) {
            char label[80];
            assert_close(json_number_value(json_array_get(ticks, (size_t)k)), a->ticks[k].value,
                         1e-5, 1e-9);
            snprintf(label, sizeof label, ">%s</text>", a->ticks[k].label);
            assert_non_null(strstr(svg.p, label));
        }
    }
    assert_non_null(json_object_get(json_array_get(rows, 0), "c0"));
    assert_string_equal(json_string_value(json_object_get(v, "$schema")),
                        "https://vega.github.io/schema/vega-lite/v5.json");
    json_decref(v);
    strbuf_release(&svg);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

TEST(names_are_escaped)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    static const char *const odd[] = {"</text><script>x</script>", "a&b"};
    static const double v[] = {1, 2};
    struct making m = {.cx = cx};
    add_str(&m, "emp.var[0]\"\\", odd, 2);
    add_num(&m, "<v>", v, 2);
    struct plan *p = bench_plan(&n, &m);
    struct chart_spec s = spec_of("emp.var[0]\"\\", "<v>");
    s.kind = "bar";
    struct chart *c = bench_chart(&n, &s, p);
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    assert_null(strstr(svg.p, "<script"));
    assert_non_null(strstr(svg.p, "&lt;v&gt;"));
    strbuf_release(&svg);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* Bytes of both writers. */
static void bytes_of(struct bench *n, const struct chart_spec *s, struct plan *p,
                     struct strbuf *out)
{
    struct chart *c = bench_chart(n, s, p);
    chart_svg(c, out);
    json_t *v = chart_vega(c);
    char *text = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(15));
    strbuf_addz(out, text);
    free(text);
    json_decref(v);
    chart_unref(c);
}

TEST(bytes_do_not_depend_on_threads)
{
    enum { ROWS = 300000, SPECS = 5 };
    static double x[ROWS], y[ROWS];
    static const char *k[ROWS];
    static const char *const names[] = {"red", "green", "blue", "grey"};
    static const int threads[] = {1, 2, 7};
    struct strbuf first[SPECS] = {{0}};
    for (int i = 0; i < ROWS; i++) {
        x[i] = rng_normal(1, 1, (uint64_t)i);
        y[i] = x[i] * 2 + rng_normal(1, 2, (uint64_t)i);
        k[i] = names[rng_below(1, 3, (uint64_t)i, 4)];
    }
    for (int t = 0; t < 3; t++) {
        struct bench n;
        struct ctx *cx = bench_begin(&n, threads[t]);
        struct making m = {.cx = cx};
        add_num(&m, "x", x, ROWS);
        add_num(&m, "y", y, ROWS);
        add_str(&m, "k", k, ROWS);
        struct plan *p = bench_plan(&n, &m);
        struct chart_spec s[SPECS] = {spec_of("x", NULL), spec_of("x", "y"), spec_of("k", "y"),
                                      spec_of("k", "y"), spec_of("x", "y")};
        s[0].enc[CHART_COLOR].column = "k";
        s[1].enc[CHART_COLOR].column = "k";
        s[3].kind = "bar";
        s[4].kind = "line";
        for (int i = 0; i < SPECS; i++) {
            struct strbuf b = {0};
            bytes_of(&n, &s[i], p, &b);
            if (t == 0)
                strbuf_adds(&first[i], strbuf_view(&b));
            else if (!str_eq(strbuf_view(&b), strbuf_view(&first[i])))
                fail_msg("chart %d differs with %d threads", i, threads[t]);
            strbuf_release(&b);
        }
        plan_unref(p);
        bench_end(&n);
    }
    for (int i = 0; i < SPECS; i++)
        strbuf_release(&first[i]);
}

/* ---- layers and facets ---- */
TEST(layers_share_axes)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 1);
    struct plan *p = sales(&n);
    struct chart_spec s = spec_of("day", "v");
    s.kind = "point";
    struct chart *base = bench_chart(&n, &s, p), *c, *top;
    struct chart_rule rule = {.x = NAN, .y = 40, .slope = NAN, .intercept = NAN};
    assert_ok(cx, chart_layer_rule(cx, base, &rule, &c));
    assert_true(c->axis[1].max >= 40 && base->axis[1].max < 40);
    assert_int_equal(c->n_layers, base->n_layers + 1);
    chart_unref(c);
    rule = (struct chart_rule){.x = NAN, .y = NAN, .slope = NAN, .intercept = 1};
    assert_err(cx, E501, chart_layer_rule(cx, base, &rule, &c));
    s = spec_of("day", "day");
    s.kind = "line";
    s.enc[CHART_Y].title = "other";
    top = bench_chart(&n, &s, p);
    assert_ok(cx, chart_layer(cx, base, top, &c));
    assert_int_equal(c->color.kind, COLOR_LEVELS);
    assert_string_equal(c->color.levels->text[0], "v");
    assert_string_equal(c->color.levels->text[1], "mean(other)");
    chart_unref(top);
    chart_unref(base); /* the layered chart keeps what it needs */
    struct strbuf svg = {0};
    chart_svg(c, &svg);
    assert_true(occurrences(&svg, "<path") >= 1);
    strbuf_release(&svg);
    base = c;
    s = spec_of("shop", "v");
    s.kind = "bar";
    top = bench_chart(&n, &s, p);
    assert_err(cx, E501, chart_layer(cx, base, top, &c));
    chart_unref(top);
    chart_unref(base);
    plan_unref(p);
    bench_end(&n);
}

/* Residuals, predictions and cut-offs: a curve, a line of reference a panel. */
TEST(facets_of_scores)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    static const char *const kinds[] = {"residuals", "predicted", "threshold"};
    for (int i = 0; i < 3; i++) {
        struct chart_spec s = spec_of("hour", i < 2 ? "tipAmount" : "weekend");
        s.kind = kinds[i];
        s.enc[CHART_FACET_COLUMN].column = "paymentType";
        struct chart *c = bench_chart(&n, &s, p);
        assert_int_equal(c->panels.levels->n, 4);
        for (int k = 0; k < c->n_data_layers; k++)
            assert_true(c->layers[k].ch[CH_PANEL] >= 0);
        json_t *v = chart_vega(c);
        assert_non_null(json_object_get(v, "facet"));
        json_decref(v);
        chart_unref(c);
    }
    plan_unref(p);
    bench_end(&n);
}

TEST(facets_split_the_rows)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = taxi_plan(&n);
    static const char *const kinds[] = {"hist", "bar", "box", "line", "point"};
    for (int i = 0; i < 5; i++) {
        struct chart_spec s = spec_of(i == 1 ? "vendorID" : "hour", i < 2 ? NULL : "tipAmount");
        s.kind = kinds[i];
        s.enc[CHART_FACET_COLUMN].column = "paymentType";
        struct chart *c = bench_chart(&n, &s, p);
        assert_int_equal(c->panels.levels->n, 4);
        assert_string_equal(c->panels.levels->text[0], "paymentType = 1");
        json_t *v = chart_vega(c);
        assert_non_null(json_object_get(v, "facet"));
        json_decref(v);
        chart_unref(c);
    }
    plan_unref(p);
    bench_end(&n);
}

/* The statistics of the kinds of charts against scipy, statsmodels, scikit-learn and numpy
 * (tests/oracle/plotting_kinds.py). */
#include "plotting/chart_int.h"
#include "plotting/stat/stat_math.h"
#include "plotting/stat/stat_series.h"
#include "tests/unit/test_plotting_chart.h"

#include <math.h>

enum { N = 300, MOST = 16 };

static void lcg(double *out, int n, uint64_t seed)
{
    for (int i = 0; i < n; i++) {
        seed = (seed * 1103515245 + 12345) % 2147483648u;
        out[i] = (double)seed / 2147483648.0;
    }
}

static int oracle(const char *name, double out[MOST])
{
    char line[1024];
    FILE *in = fopen(TEST_SOURCE_DIR "/tests/data/oracle/plotting_kinds.tsv", "r");
    int n = 0;
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        char *rest = NULL, *word = strtok_r(line, "\t\n", &rest);
        if (!word || strcmp(word, name) != 0) continue;
        while ((word = strtok_r(NULL, "\t\n", &rest)) && n < MOST)
            out[n++] = strtod(word, NULL);
        break;
    }
    fclose(in);
    if (n == 0) fail_msg("no %s in the oracle's file", name);
    return n;
}

static void near_to(const char *name, double got, double want)
{
    double scale = fmax(fabs(want), 1e-6);
    if (fabs(got - want) > 1e-6 * scale && fabs(got - want) > 1e-9)
        fail_msg("%s: got %.12g, want %.12g", name, got, want);
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct sample {
    double u[N], e[N], x[N], y[N], sorted[N];
};
static void sample_make(struct sample *s)
{
    lcg(s->u, N, 7);
    lcg(s->e, N, 99);
    for (int i = 0; i < N; i++) {
        s->x[i] = 10 * s->u[i];
        s->y[i] = 3 + 2 * s->x[i] + 5 * (s->e[i] - 0.5) + sin(s->x[i]);
    }
    memcpy(s->sorted, s->x, sizeof s->x);
    qsort(s->sorted, N, sizeof(double), double_cmp);
}

TEST(densities_are_those_of_scipy)
{
    struct sample s;
    static const double grid[] = {0, 2.5, 5, 9.9};
    double want[MOST], got[4];
    sample_make(&s);
    oracle("nrd0", want);
    near_to("nrd0", stat_nrd0(s.sorted, N), want[0]);
    oracle("scott", want);
    near_to("scott", stat_scott(s.sorted, N), want[0]);
    oracle("kde", want);
    stat_kde(s.sorted, N, stat_nrd0(s.sorted, N), grid, 4, got);
    for (int i = 0; i < 4; i++)
        near_to("kde", got[i], want[i]);
}

TEST(binned_densities_are_near_to_exact_ones)
{
    enum { MANY = 20000 };
    static double v[MANY];
    double grid[3] = {0.2, 0.5, 0.8}, got[3];
    lcg(v, MANY, 5);
    qsort(v, MANY, sizeof(double), double_cmp);
    double h = stat_nrd0(v, MANY);
    stat_kde(v, MANY, h, grid, 3, got);
    for (int k = 0; k < 3; k++) {
        double sum = 0;
        for (int i = 0; i < MANY; i++)
            sum += exp(-0.5 * (grid[k] - v[i]) * (grid[k] - v[i]) / h / h);
        double want = sum / (MANY * h * sqrt(2 * M_PI));
        assert_true(fabs(got[k] - want) < 1e-6 * want);
    }
}

TEST(quantiles_of_distributions)
{
    static const double p[] = {1e-9, 0.001, 0.1, 0.5, 0.975, 0.9999}, q[] = {0.01, 0.5, 0.9, 0.975};
    static const double df[] = {1, 3.5, 10, 298};
    double want[MOST];
    oracle("normal_quantile", want);
    for (int i = 0; i < 6; i++)
        near_to("normal", stat_normal_quantile(p[i]), want[i]);
    for (int k = 0; k < 4; k++) {
        char name[32];
        snprintf(name, sizeof name, "t_quantile_%g", df[k]);
        oracle(name, want);
        for (int i = 0; i < 4; i++)
            near_to(name, stat_t_quantile(q[i], df[k]), want[i]);
    }
}

TEST(lines_through_points)
{
    struct sample s;
    struct stat_fit fit;
    static const double at[] = {0.5, 5, 9.5};
    double want[MOST];
    sample_make(&s);
    stat_line(s.x, s.y, N, &fit);
    oracle("ols", want);
    near_to("slope", fit.slope, want[0]);
    near_to("r2", fit.r2, want[1]);
    for (int i = 0; i < 3; i++)
        near_to("fit", stat_line_at(&fit, at[i]), want[2 + i]);
    oracle("ols_half", want);
    for (int i = 0; i < 3; i++)
        near_to("band", stat_line_half_band(&fit, at[i]), want[i]);
    oracle("pearson", want);
    near_to("pearson", stat_pearson(s.x, s.y, N), want[0]);
}

TEST(local_lines)
{
    struct sample s;
    static const double at[] = {0.5, 5, 9.5};
    double want[MOST], fit[3], half[3], order[N][2], x[N], y[N];
    sample_make(&s);
    for (int i = 0; i < N; i++) {
        order[i][0] = s.x[i];
        order[i][1] = s.y[i];
    }
    qsort(order, N, sizeof order[0], double_cmp);
    for (int i = 0; i < N; i++) {
        x[i] = order[i][0];
        y[i] = order[i][1];
    }
    oracle("loess2", want);
    stat_loess(x, y, N, 0.75, 2, at, 3, fit, half);
    for (int i = 0; i < 3; i++)
        near_to("loess2", fit[i], want[i]);
    assert_true(half[0] > 0 && half[0] < 5);
    oracle("loess1", want);
    stat_loess(x, y, N, 0.5, 1, at, 3, fit, half);
    for (int i = 0; i < 3; i++)
        near_to("loess1", fit[i], want[i]);
}

TEST(series_are_those_of_statsmodels)
{
    static struct sample s;
    static double trend[N], season[N], rest[N], r[7], p[7];
    double want[MOST];
    sample_make(&s);
    stat_acf(s.y, N, 6, r);
    stat_pacf(r, 6, p);
    oracle("acf", want);
    for (int i = 0; i < 7; i++)
        near_to("acf", r[i], want[i]);
    oracle("pacf", want);
    for (int i = 0; i < 7; i++)
        near_to("pacf", p[i], want[i]);
    stat_moving_mean(s.y, N, 7, trend);
    oracle("moving", want);
    assert_true(isnan(trend[5]));
    near_to("moving", trend[6], want[0]);
    near_to("moving", trend[100], want[1]);
    near_to("moving", trend[299], want[2]);
    for (int period = 7; period <= 12; period += 5) {
        stat_decompose(s.y, N, period, trend, season, rest);
        oracle(period == 7 ? "decompose_7" : "decompose_12", want);
        const double got[] = {trend[20], trend[200], season[0], season[5], rest[50]};
        for (int i = 0; i < 5; i++)
            near_to("decompose", got[i], want[i]);
    }
}

TEST(densities_on_a_plane_are_those_of_scipy)
{
    enum { CELLS = STAT_PLANE * STAT_PLANE, MANY = 8000 };
    static struct sample s;
    static double z[CELLS], exact[CELLS], x[MANY], y[MANY];
    static const double mass[] = {0.95, 0.5, 0.1};
    double want[MOST];
    struct stat_plane_kde k = {.z = z};
    sample_make(&s);
    assert_true(stat_kde2(s.x, s.y, N, &k));
    oracle("kde2", want);
    near_to("kde2", z[5050], want[0]);
    near_to("kde2", z[3535], want[1]);
    near_to("kde2", z[7070], want[2]);
    oracle("mass", want);
    for (int i = 0; i < 3; i++)
        near_to("mass", stat_mass_level(z, CELLS, mass[i]), want[i]);
    /* binned: near to the sum over all points */
    lcg(x, MANY, 3);
    lcg(y, MANY, 8);
    assert_true(stat_kde2(x, y, MANY, &k));
    double f = pow(MANY, -1.0 / 6), hx = stat_sd(x, MANY) * f, hy = stat_sd(y, MANY) * f;
    double r = stat_pearson(x, y, MANY), sum = 0, gx = k.lo[0] + 50 * k.step[0],
           gy = k.lo[1] + 40 * k.step[1];
    for (int i = 0; i < MANY; i++) {
        double u = (gx - x[i]) / hx, v = (gy - y[i]) / hy;
        sum += exp(-0.5 * (u * u - 2 * r * u * v + v * v) / (1 - r * r));
    }
    exact[0] = sum / (MANY * 2 * M_PI * hx * hy * sqrt(1 - r * r));
    assert_true(fabs(z[40 * STAT_PLANE + 50] - exact[0]) < 1e-6 * exact[0]);
}

TEST(trees_are_those_of_scipy)
{
    enum { LEAVES = 40 };
    static struct sample s;
    static double d[LEAVES * LEAVES];
    struct stat_merge m[LEAVES];
    int order[LEAVES];
    double want[MOST];
    sample_make(&s);
    for (int i = 0; i < LEAVES; i++)
        for (int k = 0; k < LEAVES; k++)
            d[i * LEAVES + k] = hypot(s.x[i] - s.x[k], s.y[i] - s.y[k]);
    stat_linkage(d, LEAVES, m);
    stat_leaves(m, LEAVES, order);
    oracle("linkage", want);
    const double got[] = {m[0].height, m[10].height, m[25].height, m[38].height,
                          m[38].a,     m[38].b,      m[38].n,      order[0],
                          order[1],    order[2],     order[3],     order[4]};
    for (int i = 0; i < 12; i++)
        near_to("linkage", got[i], want[i]);
}

/* ---- charts ---- */
static struct plan *sample_plan(struct bench *n)
{
    struct sample s;
    double label[N], score[N];
    const char *group[N];
    int64_t whole[N];
    sample_make(&s);
    for (int i = 0; i < N; i++) {
        label[i] = s.u[i] + 0.6 * (s.e[i] - 0.5) > 0.5;
        whole[i] = label[i] > 0.5;
        score[i] = nearbyint(s.u[i] * 100) / 100;
        group[i] = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c";
    }
    struct making m = {.cx = &n->u.cx};
    add_num(&m, "x", s.x, N);
    add_num(&m, "y", s.y, N);
    add_num(&m, "score", score, N);
    add_ints(&m, "label", KIND_INT, whole, N);
    add_str(&m, "group", group, N);
    return bench_plan(n, &m);
}

/* The number behind `word` in the caption. */
static double said(const struct chart *c, const char *word)
{
    const char *p = strstr(c->caption, word);
    assert_non_null(p);
    return strtod(p + strlen(word), NULL);
}

TEST(scores_are_those_of_sklearn)
{
    struct bench n;
    bench_begin(&n, 2);
    struct plan *p = sample_plan(&n);
    struct chart_spec s = spec_of("score", "label");
    static const struct {
        const char *kind, *word, *key;
    } all[] = {{"roc", "AUC ", "auc"},
               {"pr", "average precision ", "ap"},
               {"calibration", "Brier ", "brier"}};
    for (int i = 0; i < 3; i++) {
        double want[MOST];
        s.kind = all[i].kind;
        struct chart *c = bench_chart(&n, &s, p);
        oracle(all[i].key, want);
        assert_true(fabs(said(c, all[i].word) - want[0]) < 0.00051);
        chart_unref(c);
    }
    plan_unref(p);
    bench_end(&n);
}

TEST(letter_values_are_quantiles)
{
    struct bench n;
    double want[MOST];
    bench_begin(&n, 2);
    struct plan *p = sample_plan(&n);
    struct chart_spec s = spec_of("x", NULL);
    s.kind = "boxen";
    struct chart *c = bench_chart(&n, &s, p);
    oracle("letter", want);
    const struct chart_layer *l = &c->layers[0];
    int64_t last = l->n - 1; /* the innermost box: the quartiles */
    const double *lo = layer_channel(l, CH_X), *hi = layer_channel(l, CH_X2);
    near_to("q1", lo[last], want[2]);
    near_to("q3", hi[last], want[4]);
    near_to("eighth", lo[last - 1], want[1]);
    near_to("sixteenth", hi[last - 2], want[6]);
    chart_unref(c);
    plan_unref(p);
    bench_end(&n);
}

/* Every kind draws, or says what it wants, over frames that fit it badly: no rows, nulls, one row.
 */
TEST(every_kind_survives_poor_frames)
{
    struct bench n;
    struct ctx *cx = bench_begin(&n, 2);
    static const double none[] = {NAN, NAN}, one[] = {1.5}, inf[] = {INFINITY, -1, 1};
    static const double *const values[] = {none, one, inf};
    static const int64_t rows[] = {2, 1, 3};
    int n_kinds;
    const struct chart_kind_desc *const *kinds = chart_kinds(&n_kinds);
    for (int f = 0; f < 3; f++) {
        static const char *const text[] = {"a", "b", "a"};
        struct making m = {.cx = cx};
        add_num(&m, "x", values[f], rows[f]);
        add_num(&m, "y", values[f], rows[f]);
        add_str(&m, "g", text, rows[f]);
        struct plan *p = bench_plan(&n, &m);
        static const char *const xy[][2] = {
            {"x", "y"}, {"x", NULL}, {"g", "x"}, {"x", "g"}, {"g", "g"}};
        for (int k = 0; k < n_kinds; k++)
            for (int e = 0; e < 5; e++) {
                struct chart_spec s = spec_of(xy[e][0], xy[e][1]);
                struct chart *c = NULL;
                struct strbuf svg = {0};
                s.kind = kinds[k]->name;
                if (chart_new(cx, n.x, &s, p, &c) != RC_OK) {
                    assert_int_equal(cx->err->code, E501);
                    err_clear(cx->err);
                    continue;
                }
                chart_svg(c, &svg);
                json_t *v = chart_vega(c);
                assert_true(svg.n > 0 && json_is_object(v));
                if (strstr(svg.p, "nan") || strstr(svg.p, "inf\"")) fail_msg("%s: nan", s.kind);
                json_decref(v);
                strbuf_release(&svg);
                chart_unref(c);
            }
        plan_unref(p);
    }
    bench_end(&n);
}

/* ---- data too long to keep ---- */
enum { LONG = 1100000 };
static double long_v[LONG];

static struct plan *long_plan(struct bench *n, bool has_infinite)
{
    static const char *group[LONG];
    lcg(long_v, LONG, 11);
    for (int i = 0; i < LONG; i++) {
        long_v[i] = -log(1 - long_v[i] * 0.999999); /* exponential: a tail to the right */
        group[i] = i % 3 ? "most" : "some";
    }
    if (has_infinite) long_v[77] = INFINITY;
    struct making m = {.cx = &n->u.cx};
    add_num(&m, "v", long_v, LONG);
    add_str(&m, "g", group, LONG);
    return bench_plan(n, &m);
}

static struct chart *long_density(int threads, bool has_infinite, struct strbuf *svg)
{
    struct bench n;
    bench_begin(&n, threads);
    struct plan *p = long_plan(&n, has_infinite);
    struct chart_spec s = spec_of("v", NULL);
    s.kind = "density";
    s.enc[CHART_COLOR].column = "g";
    struct chart *c = bench_chart(&n, &s, p);
    chart_svg(c, svg);
    plan_unref(p);
    bench_end(&n);
    return c;
}

TEST(densities_of_long_data_are_sums_over_all_rows)
{
    struct strbuf one = {0}, four = {0}, infinite = {0};
    struct chart *c = long_density(1, false, &one);
    const struct chart_layer *l = &c->layers[1];
    const double *x = layer_channel(l, CH_X), *y = layer_channel(l, CH_Y);
    double h = l->col[3].v[0];
    for (int i = 5; i < 200; i += 40) { /* of the first group */
        bool is_some = strcmp(c->color.levels->text[0], "some") == 0;
        double sum = 0, n = 0;
        for (int k = 0; k < LONG; k++) {
            double z = (x[i] - long_v[k]) / h;
            if ((k % 3 == 0) != is_some) continue;
            n++;
            if (fabs(z) < 9) sum += exp(-0.5 * z * z);
        }
        double want = sum / (n * h * sqrt(2 * M_PI));
        if (fabs(y[i] - want) > 1e-6 * want + 1e-9) fail_msg("%d: %.12g, not %.12g", i, y[i], want);
    }
    chart_unref(c);
    chart_unref(long_density(4, false, &four));
    assert_string_equal(one.p, four.p);
    c = long_density(2, true, &infinite); /* read as a whole: the infinite row is left out */
    assert_non_null(strstr(c->caption, "1 row without v left out"));
    chart_unref(c);
    strbuf_release(&one);
    strbuf_release(&four);
    strbuf_release(&infinite);
}

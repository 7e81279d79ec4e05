/* interval.c: the mean of each category with a 95 % interval: percentile bootstrap with 1,000
 * seeded draws (Efron 1979), or Student's t where a group has more than 5,000 rows. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"
#include "runtime/base/rng.h"

#include <math.h>

enum { DRAWS = 1000, BOOT_MOST = 5000, STREAM_BOOT = 0x626f6f74 };

static void bootstrap(struct chart_build *b, const double *v, int64_t n, uint64_t stream,
                      double *lo, double *hi)
{
    double means[DRAWS];
    for (int k = 0; k < DRAWS; k++) {
        double s = 0;
        for (int64_t i = 0; i < n; i++)
            s +=
                v[rng_below(b->cx->seed, STREAM_BOOT + stream, (uint64_t)(k * n + i), (uint64_t)n)];
        means[k] = s / (double)n;
    }
    qsort(means, DRAWS, sizeof *means, stat_double_cmp);
    *lo = stat_quantile(means, DRAWS, 0.025);
    *hi = stat_quantile(means, DRAWS, 0.975);
}

static rc interval_group(struct chart_build *b, const struct build_roles *r,
                         const struct stat_frame *f, int cat, int g, struct build_rows *rows,
                         bool *has_t)
{
    double *v = build_fill(b, f->start[g + 1] - f->start[g], 0), half, lo, hi;
    int64_t n = 0;
    for (int64_t i = f->start[g]; i < f->start[g + 1]; i++) {
        int64_t row = f->order[i];
        if (!r->cat || (int)f->levels[r->cat_ch].at[row] == cat) v[n++] = f->num[r->value_ch][row];
    }
    if (n == 0) return RC_OK;
    double mean = stat_mean(v, n), place = build_place(r, f, cat, g % f->n_color, &half);
    if (n > BOOT_MOST) {
        double reach = stat_t_quantile(0.975, (double)n - 1) * stat_sd(v, n) / sqrt((double)n);
        lo = mean - reach;
        hi = mean + reach;
        *has_t = true;
    } else {
        bootstrap(b, v, n, (uint64_t)(g * 1000 + cat), &lo, &hi);
    }
    PUSH(b, rows, place, mean, lo, hi, cat, g, (double)n, stat_sd(v, n));
    return check_cancel(b->cx);
}

static void interval_layers(struct chart_build *b, const struct build_roles *r,
                            const struct stat_frame *f, const struct build_rows *rows)
{
    bool turn = r->is_flipped;
    for (int k = 0; k < 2; k++) {
        struct chart_layer *l = build_layer(b, k ? MARK_POINT : MARK_RULE, rows);
        build_col(l, build_turn(turn, CH_X), NULL, VALUE_NUMBER, rows, 0, NULL);
        if (r->cat)
            build_col(l, NO_CHANNEL, r->cat->title, VALUE_LEVEL, rows, 4,
                      f->levels[r->cat_ch].levels);
        if (k) {
            build_col(l, build_turn(turn, CH_Y), "mean", VALUE_NUMBER, rows, 1, NULL);
            build_col(l, NO_CHANNEL, "from", VALUE_NUMBER, rows, 2, NULL);
            build_col(l, NO_CHANNEL, "to", VALUE_NUMBER, rows, 3, NULL);
            build_col(l, NO_CHANNEL, "sd", VALUE_NUMBER, rows, 7, NULL);
            build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, rows, 6, NULL);
        } else {
            build_col(l, build_turn(turn, CH_Y), NULL, VALUE_NUMBER, rows, 2, NULL);
            build_col(l, build_turn(turn, CH_Y2), NULL, VALUE_NUMBER, rows, 3, NULL);
        }
        build_group_cols(b, l, f, rows, 5);
        l->size = k ? 4.5 : 2.2;
        l->is_quiet = !k;
    }
}

static enum rc_t build_interval(struct chart_build *b)
{
    struct build_roles r;
    struct stat_frame f;
    struct build_rows rows = {0};
    bool has_t = false;
    TRY(build_roles_of(b, "interval", &r));
    TRY(stat_frame_of(b, USE(r.value_ch), r.cat ? USE(r.cat_ch) : 0, &f));
    build_role_axes(b, &r, &f);
    for (int g = 0; g < f.n_color * f.n_panel; g++)
        for (int cat = 0; cat < r.n_cat; cat++)
            TRY(interval_group(b, &r, &f, cat, g, &rows, &has_t));
    interval_layers(b, &r, &f, &rows);
    stat_remark(b, has_t ? "mean and 95 %% interval (t where more than 5,000 rows)"
                         : "mean and 95 %% interval (bootstrap of 1,000 draws)");
    struct chart_axis *v = &b->c->axis[r.is_flipped ? 0 : 1];
    if (!(r.value == &b->in[CHART_X] ? b->spec->xtitle : b->spec->ytitle))
        v->title = arena_printf(b->a, "mean of %s", r.value->title);
    b->c->title = build_title(b, r.cat ? "Mean of %s by %s" : "Mean of %s%s", r.value->title,
                              r.cat ? r.cat->title : "");
    build_words(b,
                arena_printf(b->a, "interval chart: %s means, %s%s%s", stat_count_text(b, rows.n),
                             r.value->title, r.cat ? " by " : "", r.cat ? r.cat->title : ""),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_interval = {
    .name = "interval",
    .sig = "plot category, value, kind: interval, color: c",
    .doc = "The mean of each category with its 95 % interval: percentile bootstrap, 1,000 seeded "
           "draws; Student's t over 5,000 rows.",
    .example = "trips |> plot payment, tip, kind: interval",
    .build = build_interval,
};

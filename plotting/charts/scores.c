/* scores.c: how well scores tell the positives: precision and recall, cut-offs, lift, gain,
 * calibration. x is the score, y the label (two values; the later one, true or 1 is positive); a
 * colour compares scores. Average precision: sum of precision times the step of recall; intervals:
 * Wilson 1927. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { CURVE_MOST = 500, CUTS = 200, BINS = 10 };

struct scored_row {
    double score;
    bool is_positive;
};
struct scores { /* of one group, from the highest score */
    struct scored_row *r;
    int64_t n, n_positive;
};
struct scoring {
    struct chart_build *b;
    struct stat_frame f;
    struct scores *groups;
    int n_groups;
    const char *positive;
};

static int row_cmp(const void *pa, const void *pb)
{
    const struct scored_row *a = pa, *b = pb;
    return (a->score < b->score) - (a->score > b->score);
}

static rc check_labels(struct scoring *w, const char *kind)
{
    struct chart_build *b = w->b;
    const struct stat_levels *y = &w->f.levels[CHART_Y];
    if (y->levels->n == 2) {
        w->positive = y->levels->text[1];
        return RC_OK;
    }
    if (y->levels->n == 1 &&
        (!strcmp(y->levels->text[0], "1") || !strcmp(y->levels->text[0], "true"))) {
        w->positive = y->levels->text[0];
        return RC_OK;
    }
    fail(b->cx, E501, b->in[CHART_Y].span, "%s needs a label with two values as y, and `%s` has %d",
         kind, b->in[CHART_Y].title, y->levels->n);
    return err_hint(b->cx, "plot score, label, kind: %s", kind);
}

static rc read_scores(struct scoring *w, const char *kind)
{
    struct chart_build *b = w->b;
    if (!b->in[CHART_X].column || !b->in[CHART_Y].column) {
        fail(b->cx, E501, b->spec->span,
             "a chart of kind %s is drawn of a model, or of scores as x and labels as y", kind);
        return err_hint(b->cx, "plot score, label, kind: %s", kind);
    }
    TRY(build_needs(b, CHART_X, CLASS_NUMBER, kind));
    TRY(stat_frame_of(b, USE(CHART_X) | USE(CHART_Y), USE(CHART_Y), &w->f));
    if (w->f.n == 0) return fail(b->cx, E501, b->spec->span, "no rows with score and label");
    TRY(check_labels(w, kind));
    const struct stat_levels *y = &w->f.levels[CHART_Y];
    w->n_groups = w->f.n_color * w->f.n_panel;
    w->groups = ARENA_ARRAY(b->a, struct scores, w->n_groups + 1);
    for (int g = 0; g < w->n_groups; g++) {
        struct scores *s = &w->groups[g];
        s->n = w->f.start[g + 1] - w->f.start[g];
        s->r = ARENA_ARRAY(b->a, struct scored_row, s->n + 1);
        for (int64_t i = 0; i < s->n; i++) {
            int64_t row = w->f.order[w->f.start[g] + i];
            bool yes = !strcmp(y->levels->text[(int)y->at[row]], w->positive);
            s->r[i] = (struct scored_row){w->f.num[CHART_X][row], yes};
            s->n_positive += yes;
        }
        qsort(s->r, (size_t)s->n, sizeof *s->r, row_cmp);
    }
    return RC_OK;
}

static void unit_axes(struct chart_build *b, const char *xtitle, const char *ytitle)
{
    const char *const titles[] = {xtitle, ytitle};
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, NULL, k == 0);
        a->has_grid = true;
        a->wanted_ticks = 5;
        if (isnan(a->want_min)) a->want_min = 0;
        if (isnan(a->want_max)) a->want_max = 1;
        if (!(k == 0 ? b->spec->xtitle : b->spec->ytitle)) a->title = titles[k];
    }
    if (!b->c->width && !b->c->panels.levels) b->c->width = 320;
    if (!b->c->height && !b->c->panels.levels) b->c->height = 300;
}

static void reference_line(struct chart_build *b, double x1, double y1, double x2, double y2)
{
    struct build_rows rows = {0};
    int panels = b->c->panels.levels ? b->c->panels.levels->n : 1;
    for (int p = 0; p < panels; p++)
        PUSH(b, &rows, x1, y1, x2, y2, p);
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    if (b->c->panels.levels)
        build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 4, b->c->panels.levels);
    l->is_dashed = l->is_quiet = true;
    l->color = "#8c8c8c";
}

/* Columns: x, y, group, cut-off. */
static struct chart_layer *curve_layer(struct scoring *w, const struct build_rows *rows,
                                       const char *x, const char *y, const char *cut)
{
    struct chart_layer *l = build_layer(w->b, MARK_LINE, rows);
    build_col(l, CH_X, x, VALUE_NUMBER, rows, 0, NULL);
    build_col(l, CH_Y, y, VALUE_NUMBER, rows, 1, NULL);
    if (cut) build_col(l, NO_CHANNEL, cut, VALUE_NUMBER, rows, 3, NULL);
    build_group_cols(w->b, l, &w->f, rows, 2);
    l->size = 2.2;
    return l;
}

/* Colour, panel or both; NULL where there is one group. */
static const char *group_name(const struct scoring *w, int g)
{
    const struct chart_levels *l = w->f.levels[CHART_COLOR].levels, *p = w->b->c->panels.levels;
    const char *color = l ? l->text[g % w->f.n_color] : NULL;
    const char *panel = p ? p->text[g / w->f.n_color] : NULL;
    if (color && panel) return arena_printf(w->b->a, "%s, %s:", panel, color);
    return panel ? arena_printf(w->b->a, "%s:", panel) : color;
}

static void remark_number(struct scoring *w, int g, const char *what, double v)
{
    const char *name = group_name(w, g);
    stat_remark(w->b, "%s%s%s %.3f", name ? name : "", name ? " " : "", what, v);
}

/* ---- precision and recall ---- */
static double pr_group(struct scoring *w, int g, struct build_rows *rows)
{
    const struct scores *s = &w->groups[g];
    double ap = 0, before = 0;
    int64_t hits = 0, steps = 0, every = s->n / CURVE_MOST + 1;
    PUSH(w->b, rows, 0, 1, g, s->n ? s->r[0].score : NAN);
    for (int64_t i = 0; i < s->n; i++) {
        hits += s->r[i].is_positive;
        if (i + 1 < s->n && s->r[i + 1].score == s->r[i].score) continue;
        double recall = (double)hits / fmax((double)s->n_positive, 1);
        double precision = (double)hits / (double)(i + 1);
        ap += (recall - before) * precision;
        before = recall;
        if (steps++ % every == 0 || i + 1 == s->n)
            PUSH(w->b, rows, recall, precision, g, s->r[i].score);
    }
    return ap;
}

static enum rc_t build_pr(struct chart_build *b)
{
    struct scoring w = {.b = b};
    struct build_rows rows = {0};
    TRY(read_scores(&w, "pr"));
    int64_t positive = 0;
    for (int g = 0; g < w.n_groups; g++) {
        double ap = pr_group(&w, g, &rows);
        positive += w.groups[g].n_positive;
        if (w.n_groups <= 8) remark_number(&w, g, "average precision", ap);
    }
    double base = (double)positive / (double)w.f.n;
    reference_line(b, 0, base, 1, base);
    curve_layer(&w, &rows, "recall", "precision", "cut-off")->is_path = true;
    unit_axes(b, "recall", "precision");
    b->c->title = build_title(b, "Precision and recall of %s", b->in[CHART_X].title);
    build_words(b,
                arena_printf(b->a, "pr chart: %d curve%s, %s rows", w.n_groups,
                             w.n_groups == 1 ? "" : "s", stat_count_text(b, w.f.n)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_pr = {
    .name = "pr",
    .sig = "plot score, label, kind: pr | m |> plot kind: pr, data: frame",
    .doc = "Precision against recall over all cut-offs, with the average precision and the share "
           "of positives as the line of chance.",
    .example = "scored |> plot probability, tipped, kind: pr",
    .takes_scores = true,
    .build = build_pr,
};

/* ---- cut-offs ---- */
enum { MEASURES = 4, F1 = 2 };

static void threshold_rows(struct scoring *w, int g, struct build_rows *rows)
{
    const struct scores *s = &w->groups[g];
    if (s->n == 0) return;
    double lo = s->r[s->n - 1].score, hi = s->r[0].score, best = 0, best_at = 0;
    double v[CUTS][MEASURES];
    int64_t i = s->n - 1, hits = s->n_positive;
    for (int k = 0; k < CUTS; k++) {
        double cut = lo + (hi - lo) * k / (CUTS - 1);
        for (; i >= 0 && s->r[i].score < cut; i--)
            hits -= s->r[i].is_positive;
        double flagged = (double)(i + 1), p = flagged > 0 ? (double)hits / flagged : NAN;
        double r = s->n_positive ? (double)hits / (double)s->n_positive : NAN;
        v[k][0] = p;
        v[k][1] = r;
        v[k][F1] = p + r > 0 ? 2 * p * r / (p + r) : 0;
        v[k][3] = flagged / (double)s->n;
        if (v[k][F1] > best) {
            best = v[k][F1];
            best_at = cut;
        }
    }
    for (int m = 0; m < MEASURES; m++)
        for (int k = 0; k < CUTS; k++)
            PUSH(w->b, rows, lo + (hi - lo) * k / (CUTS - 1), v[k][m], m, g);
    if (w->n_groups > 8) return;
    const char *name = group_name(w, g);
    stat_remark(w->b, "%s%sbest F1 %.3f at %s", name ? name : "", name ? " " : "", best,
                build_number(w->b, VALUE_NUMBER, chart_round_digits(best_at, 4)));
}

static void threshold_layer(struct chart_build *b, const struct build_rows *rows)
{
    static const char *const names[] = {"precision", "recall", "F1", "share flagged"};
    struct chart_levels *l = build_names(b, MEASURES);
    for (int m = 0; m < MEASURES; m++)
        build_name(b, l, names[m]);
    b->c->color = (struct chart_color){.kind = COLOR_LEVELS, .levels = l};
    struct chart_layer *line = build_layer(b, MARK_LINE, rows);
    build_col(line, CH_X, "cut-off", VALUE_NUMBER, rows, 0, NULL);
    build_col(line, CH_Y, "value", VALUE_NUMBER, rows, 1, NULL);
    build_col(line, CH_COLOR, "measure", VALUE_LEVEL, rows, 2, l);
    if (b->c->panels.levels)
        build_col(line, CH_PANEL, NULL, VALUE_LEVEL, rows, 3, b->c->panels.levels);
    line->color = NULL;
}

static enum rc_t build_threshold(struct chart_build *b)
{
    struct scoring w = {.b = b};
    struct build_rows rows = {0};
    if (b->in[CHART_COLOR].column)
        return fail(b->cx, E501, b->in[CHART_COLOR].span,
                    "the colours of a threshold chart are precision, recall and F1");
    TRY(read_scores(&w, "threshold"));
    for (int g = 0; g < w.n_groups; g++)
        threshold_rows(&w, g, &rows);
    threshold_layer(b, &rows);
    struct chart_axis *x = build_axis(b, true, &b->in[CHART_X], true);
    struct chart_axis *y = build_axis(b, false, NULL, false);
    if (!b->spec->xtitle) x->title = arena_printf(b->a, "cut-off of %s", b->in[CHART_X].title);
    x->has_ticks = y->has_grid = true;
    y->want_min = 0;
    y->want_max = 1;
    b->c->title = build_title(b, "Cut-offs of %s", b->in[CHART_X].title);
    build_words(b, arena_printf(b->a, "threshold chart: %s rows", stat_count_text(b, w.f.n)), NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_threshold = {
    .name = "threshold",
    .sig = "plot score, label, kind: threshold | m |> plot kind: threshold, data: frame",
    .doc = "Precision, recall, F1 and the share of rows flagged against the cut-off of the score.",
    .example = "scored |> plot probability, tipped, kind: threshold",
    .takes_scores = true,
    .build = build_threshold,
};

/* ---- lift and gain ---- */
/* Positives among the first i rows; among equal scores they are spread evenly, so that the order of
 * the rows does not matter. */
static double *hits_until(struct chart_build *b, const struct scores *s)
{
    double *out = build_fill(b, s->n + 1, 0);
    for (int64_t i = 0, end; i < s->n; i = end) {
        double hits = 0;
        for (end = i; end < s->n && s->r[end].score == s->r[i].score; end++)
            hits += s->r[end].is_positive;
        for (int64_t k = i; k < end; k++)
            out[k + 1] = out[i] + hits * (double)(k + 1 - i) / (double)(end - i);
    }
    return out;
}

static rc build_shares(struct chart_build *b, const char *kind, bool is_lift)
{
    struct scoring w = {.b = b};
    struct build_rows rows = {0};
    enum { POINTS = 100 };
    double most = 1;
    TRY(read_scores(&w, kind));
    for (int g = 0; g < w.n_groups; g++) {
        const struct scores *s = &w.groups[g];
        double *found = hits_until(b, s);
        if (!is_lift) PUSH(b, &rows, 0, 0, g, s->n ? s->r[0].score : NAN);
        for (int k = 1; k <= POINTS && s->n; k++) {
            int64_t to = (int64_t)ceil((double)s->n * k / POINTS);
            double share = (double)to / (double)s->n;
            double recall = found[to] / fmax((double)s->n_positive, 1);
            PUSH(b, &rows, share, is_lift ? recall / share : recall, g, s->r[to - 1].score);
            most = fmax(most, recall / share);
        }
    }
    reference_line(b, 0, is_lift ? 1 : 0, 1, 1);
    curve_layer(&w, &rows, "share of rows", is_lift ? "lift" : "share of positives", "cut-off");
    unit_axes(b, "share of rows, highest scores first",
              is_lift ? "lift" : "share of positives found");
    if (is_lift && isnan(b->spec->ymax)) b->c->axis[1].want_max = most * 1.05;
    b->c->axis[0].is_share = true;
    b->c->axis[1].is_share = !is_lift;
    b->c->title =
        build_title(b, is_lift ? "Lift of %s" : "Cumulative gain of %s", b->in[CHART_X].title);
    build_words(b,
                arena_printf(b->a, "%s chart: %d curve%s, %s rows", kind, w.n_groups,
                             w.n_groups == 1 ? "" : "s", stat_count_text(b, w.f.n)),
                NULL);
    return RC_OK;
}

static enum rc_t build_lift(struct chart_build *b)
{
    return build_shares(b, "lift", true);
}
static enum rc_t build_gain(struct chart_build *b)
{
    return build_shares(b, "gain", false);
}

const struct chart_kind_desc chart_kind_lift = {
    .name = "lift",
    .sig = "plot score, label, kind: lift | m |> plot kind: lift, data: frame",
    .doc = "How many times more positives than by chance among the rows with the highest scores.",
    .example = "scored |> plot probability, tipped, kind: lift",
    .takes_scores = true,
    .build = build_lift,
};
const struct chart_kind_desc chart_kind_gain = {
    .name = "gain",
    .sig = "plot score, label, kind: gain | m |> plot kind: gain, data: frame",
    .doc = "The share of all positives among the rows with the highest scores.",
    .example = "scored |> plot probability, tipped, kind: gain",
    .takes_scores = true,
    .build = build_gain,
};

/* ---- calibration ---- */
static void calibration_group(struct scoring *w, int g, struct build_rows *rows)
{
    const struct scores *s = &w->groups[g];
    double sum[BINS] = {0}, hits[BINS] = {0}, n[BINS] = {0}, brier = 0, ece = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double p = s->r[i].score, y = s->r[i].is_positive;
        int k = 0;
        while (k < BINS - 1 && p > (k + 1) * (1.0 / BINS)) /* a bin holds its upper edge */
            k++;
        sum[k] += p;
        hits[k] += y;
        n[k]++;
        brier += (p - y) * (p - y);
    }
    for (int k = 0; k < BINS; k++) {
        if (n[k] == 0) continue;
        double q = hits[k] / n[k], z = 1.959963984540054, d = 1 + z * z / n[k];
        double middle = (q + z * z / (2 * n[k])) / d;
        double half = z * sqrt(q * (1 - q) / n[k] + z * z / (4 * n[k] * n[k])) / d;
        ece += n[k] / (double)s->n * fabs(q - sum[k] / n[k]);
        PUSH(w->b, rows, sum[k] / n[k], q, g, fmax(middle - half, 0), fmin(middle + half, 1), n[k]);
    }
    if (w->n_groups > 8 || s->n == 0) return;
    remark_number(w, g, "Brier", brier / (double)s->n);
    remark_number(w, g, "ECE", ece);
}

static enum rc_t build_calibration(struct chart_build *b)
{
    struct scoring w = {.b = b};
    struct build_rows rows = {0};
    TRY(read_scores(&w, "calibration"));
    for (int64_t i = 0; i < w.f.n; i++)
        if (w.f.num[CHART_X][i] < 0 || w.f.num[CHART_X][i] > 1)
            return fail(b->cx, E501, b->in[CHART_X].span,
                        "calibration needs probabilities between 0 and 1, and `%s` holds %s",
                        b->in[CHART_X].title, build_number(b, VALUE_NUMBER, w.f.num[CHART_X][i]));
    for (int g = 0; g < w.n_groups; g++)
        calibration_group(&w, g, &rows);
    reference_line(b, 0, 0, 1, 1);
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 4, NULL);
    build_group_cols(b, l, &w.f, &rows, 2);
    l->is_quiet = true;
    l = curve_layer(&w, &rows, "mean prediction", "share of positives", NULL);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, &rows, 5, NULL);
    l->has_dots = true;
    unit_axes(b, "mean prediction", "share of positives");
    b->c->title = build_title(b, "Calibration of %s", b->in[CHART_X].title);
    build_words(b,
                arena_printf(b->a, "calibration chart: %s bins, %s rows",
                             stat_count_text(b, rows.n), stat_count_text(b, w.f.n)),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_calibration = {
    .name = "calibration",
    .sig = "plot probability, label, kind: calibration | m |> plot kind: calibration, data: frame",
    .doc = "The share of positives against the mean prediction in ten bins, with Wilson intervals, "
           "the Brier score and the expected calibration error.",
    .example = "scored |> plot probability, tipped, kind: calibration",
    .takes_scores = true,
    .build = build_calibration,
};

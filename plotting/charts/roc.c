/* roc.c: true against false positive rate from a curve's table, with the diagonal of chance. Points
 * on a straight stretch are dropped; the area under each curve (trapezoids over all points) stands
 * in the subtitle. */
#include "plotting/stat/stat.h"

#include <math.h>
#include <stdlib.h>

enum { ROC_POINTS = 500, CURVES_MOST = 8 };

struct curve {
    double *x, *y;
    int64_t n;
    double area;
};
struct roc {
    struct chart_build *b;
    struct chart_input *x, *y;
    const struct chart_input *color;
    struct stat_levels colors;
    struct curve *curves;
    int n_curves;
    bool is_scored; /* x scores, y labels; else rates as they are */
};

struct roc_row {
    double x, y;
};
static int row_cmp(const void *pa, const void *pb)
{
    const struct roc_row *a = pa, *b = pb;
    if (a->x != b->x) return a->x < b->x ? -1 : 1;
    return (a->y > b->y) - (a->y < b->y);
}

/* Leaves out points on the line of their neighbours; then, if needed, every so many. */
static int64_t thin(struct roc_row *r, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (kept > 0 && i + 1 < n) {
            struct roc_row a = r[kept - 1], b = r[i], c = r[i + 1];
            double cross = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
            if (fabs(cross) < 1e-12) continue;
        }
        r[kept++] = r[i];
    }
    if (kept <= ROC_POINTS) return kept;
    for (int64_t i = 0; i < ROC_POINTS; i++)
        r[i] = r[(int64_t)((double)i * (double)(kept - 1) / (ROC_POINTS - 1) + 0.5)];
    return ROC_POINTS;
}

static void put_curve(struct roc *w, int k, const double *x, const double *y, int64_t m)
{
    struct curve *c = &w->curves[k];
    struct roc_row *r = ARENA_ARRAY(w->b->a, struct roc_row, m + 1);
    for (int64_t i = 0; i < m; i++)
        r[i] = (struct roc_row){x[i], y[i]};
    if (m) qsort(r, (size_t)m, sizeof *r, row_cmp);
    for (int64_t i = 1; i < m; i++)
        c->area += (r[i].x - r[i - 1].x) * (r[i].y + r[i - 1].y) / 2;
    c->n = thin(r, m);
    c->x = build_fill(w->b, c->n, 0);
    c->y = build_fill(w->b, c->n, 0);
    for (int64_t i = 0; i < c->n; i++) {
        c->x[i] = r[i].x;
        c->y[i] = r[i].y;
    }
}

static void make_curve(struct roc *w, int k, const double *x, const double *y, int64_t n)
{
    double *px = build_fill(w->b, n, 0), *py = build_fill(w->b, n, 0);
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if ((!w->color || (int)w->colors.at[i] == k) && isfinite(x[i]) && isfinite(y[i])) {
            px[m] = x[i];
            py[m++] = y[i];
        }
    put_curve(w, k, px, py, m);
}
/* Scores and labels: the rates at every distinct score, from the highest on. */
struct scored {
    double score;
    bool yes;
};
static int scored_cmp(const void *pa, const void *pb)
{
    const struct scored *a = pa, *b = pb;
    return (a->score < b->score) - (a->score > b->score);
}

static void make_scored(struct roc *w, int k, const double *score, const double *label, int64_t n)
{
    struct scored *r = ARENA_ARRAY(w->b->a, struct scored, n + 1);
    double *x = build_fill(w->b, n + 1, 0), *y = build_fill(w->b, n + 1, 0);
    int64_t m = 0, points = 1, hits = 0, all = 0;
    for (int64_t i = 0; i < n; i++) {
        if ((w->color && (int)w->colors.at[i] != k) || !isfinite(score[i])) continue;
        r[m++] = (struct scored){score[i], label[i] > 0.5};
        all += label[i] > 0.5;
    }
    if (m) qsort(r, (size_t)m, sizeof *r, scored_cmp);
    for (int64_t i = 0; i < m; i++) {
        hits += r[i].yes;
        if (i + 1 < m && r[i + 1].score == r[i].score) continue;
        x[points] = (double)(i + 1 - hits) / fmax((double)(m - all), 1);
        y[points++] = (double)hits / fmax((double)all, 1);
    }
    put_curve(w, k, x, y, points);
}

/* The label's later value (true, 1) is positive. */
static rc label_values(struct roc *w, const struct column *c, double **label)
{
    struct chart_build *b = w->b;
    struct stat_levels l;
    TRY(stat_levels_of(b, c, NULL, ORDER_NATURAL, true, &l));
    *label = l.at;
    if (l.levels->n == 2) return RC_OK;
    fail(b->cx, E501, w->y->span, "roc needs a label with two values as y, and `%s` has %d",
         w->y->title, l.levels->n);
    return err_hint(b->cx, "plot score, label, kind: roc");
}

static rc read_curves(struct roc *w)
{
    struct chart_build *b = w->b;
    struct table *t;
    TRY(stat_table(b, &t));
    double *x = stat_numbers(b->a, t->cols[stat_column_at(b, w->x->column)]);
    const struct column *yc = t->cols[stat_column_at(b, w->y->column)];
    double *y = w->is_scored ? NULL : stat_numbers(b->a, yc);
    enum rc_t res = w->is_scored ? label_values(w, yc, &y) : RC_OK;
    w->n_curves = 1;
    if (res == RC_OK && w->color) {
        res = stat_levels_of(b, t->cols[stat_column_at(b, w->color->column)], NULL, ORDER_NATURAL,
                             true, &w->colors);
        if (res == RC_OK && w->colors.levels->n > CURVES_MOST) {
            stat_remark(b, "the first %d of %d curves", CURVES_MOST, w->colors.levels->n);
            w->colors.levels->n = CURVES_MOST;
        }
        if (res == RC_OK) w->n_curves = w->colors.levels->n;
    }
    if (res == RC_OK) {
        w->curves = ARENA_ARRAY(b->a, struct curve, w->n_curves + 1);
        for (int k = 0; k < w->n_curves; k++)
            (w->is_scored ? make_scored : make_curve)(w, k, x, y, t->n_rows);
    }
    table_unref(t);
    return res;
}

static void put_layers(struct roc *w)
{
    struct chart_build *b = w->b;
    int64_t n = 0, at = 0;
    struct chart_layer *l = chart_add_layer(b->c, MARK_RULE, 1);
    l->ch[CH_X] = layer_column(l, NULL, VALUE_NUMBER, build_fill(b, 1, 0), NULL);
    l->ch[CH_Y] = layer_column(l, NULL, VALUE_NUMBER, build_fill(b, 1, 0), NULL);
    l->ch[CH_X2] = layer_column(l, NULL, VALUE_NUMBER, build_fill(b, 1, 1), NULL);
    l->ch[CH_Y2] = layer_column(l, NULL, VALUE_NUMBER, build_fill(b, 1, 1), NULL);
    l->is_dashed = l->is_quiet = true;
    l->color = "#8c8c8c";
    for (int k = 0; k < w->n_curves; k++)
        n += w->curves[k].n;
    double *x = build_fill(b, n, 0), *y = build_fill(b, n, 0), *c = build_fill(b, n, 0);
    for (int k = 0; k < w->n_curves; k++)
        for (int64_t i = 0; i < w->curves[k].n; i++) {
            x[at] = w->curves[k].x[i];
            y[at] = w->curves[k].y[i];
            c[at++] = k;
        }
    l = chart_add_layer(b->c, MARK_LINE, n);
    l->ch[CH_X] = layer_column(l, "false positive rate", VALUE_NUMBER, x, NULL);
    l->ch[CH_Y] = layer_column(l, "true positive rate", VALUE_NUMBER, y, NULL);
    if (w->color)
        l->ch[CH_COLOR] = layer_column(l, w->color->title[0] ? w->color->title : "class",
                                       VALUE_LEVEL, c, w->colors.levels);
    l->size = 2.2;
    l->color = build_ink(b);
}

static void set_axes(struct roc *w)
{
    static const char *const titles[] = {"False positive rate", "True positive rate"};
    struct chart_build *b = w->b;
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_axis(b, k == 0, k == 0 ? w->x : w->y, k == 0);
        a->scale = SCALE_LINEAR;
        a->has_grid = true;
        a->is_integer = false;
        a->wanted_ticks = 5;
        if (!(k == 0 ? b->spec->xtitle : b->spec->ytitle)) a->title = titles[k];
        if (!a->is_cut) {
            a->want_min = -0.02;
            a->want_max = 1.02;
        }
    }
    if (!b->c->width) b->c->width = 320;
    if (!b->c->height) b->c->height = 320;
    b->c->can_zoom = false;
}

static void describe(struct roc *w)
{
    struct chart_build *b = w->b;
    struct strbuf areas = {0};
    for (int k = 0; k < w->n_curves && k < 4; k++) {
        if (k) strbuf_addz(&areas, ", ");
        if (w->color)
            strbuf_printf(&areas, "%s %.3f", w->colors.levels->text[k], w->curves[k].area);
        else
            strbuf_printf(&areas, "%.3f", w->curves[k].area);
    }
    if (w->n_curves > 4) strbuf_addz(&areas, " …");
    if (w->n_curves) stat_remark(b, "AUC %s", areas.p);
    b->c->text = arena_printf(b->a, "ROC curve: AUC %s", areas.p ? areas.p : "not known");
    b->c->finding =
        arena_printf(b->a, "ROC curve; area under the curve %s.", areas.p ? areas.p : "not known");
    b->c->title = build_title(b, "ROC curve");
    strbuf_release(&areas);
}

static void find_rates(struct chart_build *b, struct chart_input *in, const char *name)
{
    if (in->column || schema_find(b->data->schema, str_of(name)) < 0) return;
    in->column = in->title = name;
    in->type = DTYPE(KIND_NUM);
    in->cls = CLASS_NUMBER;
}

static enum rc_t build_roc(struct chart_build *b)
{
    struct roc w = {.b = b, .x = &b->in[CHART_X], .y = &b->in[CHART_Y]};
    find_rates(b, w.x, "fpr");
    find_rates(b, w.y, "tpr");
    w.color = b->in[CHART_COLOR].column ? &b->in[CHART_COLOR] : NULL;
    if (!w.x->column || !w.y->column) {
        fail(b->cx, E501, b->spec->span,
             "a chart of kind roc is drawn of a model, or of scores as x and labels as y");
        return err_hint(b->cx, "plot score, label, kind: roc");
    }
    w.is_scored = w.y->cls == CLASS_LEVEL || w.y->type.kind == KIND_INT;
    TRY(build_needs(b, CHART_X, CLASS_NUMBER, "roc"));
    if (!w.is_scored) TRY(build_needs(b, CHART_Y, CLASS_NUMBER, "roc"));
    TRY(read_curves(&w));
    put_layers(&w);
    if (w.color) build_color(b, &w.colors, 0);
    set_axes(&w);
    describe(&w);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_roc = {
    .name = "roc",
    .sig = "plot score, label, kind: roc | m |> plot kind: roc, data: frame",
    .doc =
        "True against false positive rate over all thresholds, with the diagonal of chance and the "
        "area under the curve.",
    .example = "m |> plot kind: roc, data: test",
    .takes_scores = true,
    .build = build_roc,
};

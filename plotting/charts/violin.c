/* violin.c: densities of groups side by side, and letter values (boxen; Hofmann, Wickham, Kafadar
 * 2017). Violins: Gaussian, Scott's bandwidth (as scipy and seaborn), two bandwidths beyond the
 * ends, all with the same area. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { VIOLIN_GRID = 100, BOXEN_FAR = 100 };

struct group { /* values of one category, colour and panel, sorted */
    double *v, place, half;
    int64_t n;
    int cat, g;
    double density[VIOLIN_GRID], lo, hi;
};
struct violins {
    struct chart_build *b;
    struct build_roles r;
    struct stat_frame f;
    struct group *groups;
    int n;
};

static void read_groups(struct violins *w)
{
    struct chart_build *b = w->b;
    const struct stat_frame *f = &w->f;
    int all = f->n_color * f->n_panel;
    w->groups = ARENA_ARRAY(b->a, struct group, all * w->r.n_cat + 1);
    for (int g = 0; g < all; g++)
        for (int cat = 0; cat < w->r.n_cat; cat++) {
            struct group *q = &w->groups[w->n];
            *q = (struct group){.cat = cat, .g = g};
            q->v = build_fill(b, f->start[g + 1] - f->start[g], 0);
            for (int64_t i = f->start[g]; i < f->start[g + 1]; i++) {
                int64_t row = f->order[i];
                if (!w->r.cat || (int)f->levels[w->r.cat_ch].at[row] == cat)
                    q->v[q->n++] = f->num[w->r.value_ch][row];
            }
            if (q->n == 0) continue;
            qsort(q->v, (size_t)q->n, sizeof(double), stat_double_cmp);
            q->place = build_place(&w->r, f, cat, g % f->n_color, &q->half);
            w->n++;
        }
}

static void add_keys(struct violins *w, struct chart_layer *l, const struct build_rows *rows,
                     int cat, int g)
{
    if (w->r.cat)
        build_col(l, NO_CHANNEL, w->r.cat->title, VALUE_LEVEL, rows, cat,
                  w->f.levels[w->r.cat_ch].levels);
    build_group_cols(w->b, l, &w->f, rows, g);
}

static void describe(struct violins *w, const char *kind)
{
    struct chart_build *b = w->b;
    const char *by = w->r.cat ? w->r.cat->title : "";
    b->c->title = build_title(b, w->r.cat ? "%s by %s" : "%s%s", w->r.value->title, by);
    build_words(b,
                arena_printf(b->a, "%s chart: %d group%s, %s%s%s, %s rows", kind, w->n,
                             w->n == 1 ? "" : "s", w->r.value->title, w->r.cat ? " by " : "", by,
                             stat_count_text(b, w->f.n)),
                NULL);
}

static rc read_all(struct violins *w, const char *kind)
{
    struct chart_build *b = w->b;
    TRY(build_roles_of(b, kind, &w->r));
    TRY(stat_frame_of(b, USE(w->r.value_ch), w->r.cat ? USE(w->r.cat_ch) : 0, &w->f));
    if (w->r.cat && w->f.levels[w->r.cat_ch].levels->n > 40)
        return fail(b->cx, E501, w->r.cat->span, "`%s` has %d values, too many for %s charts (40)",
                    w->r.cat->title, w->f.levels[w->r.cat_ch].levels->n, kind);
    build_role_axes(b, &w->r, &w->f);
    read_groups(w);
    return RC_OK;
}

/* ---- violins ---- */
static double fill_densities(struct violins *w)
{
    double peak = 0, grid[VIOLIN_GRID];
    for (int k = 0; k < w->n; k++) {
        struct group *q = &w->groups[k];
        double h = stat_scott(q->v, q->n);
        q->lo = q->v[0] - 2 * h;
        q->hi = q->v[q->n - 1] + 2 * h;
        for (int i = 0; i < VIOLIN_GRID; i++)
            grid[i] = q->lo + (q->hi - q->lo) * i / (VIOLIN_GRID - 1);
        if (q->n < 2) continue;
        stat_kde(q->v, q->n, h, grid, VIOLIN_GRID, q->density);
        for (int i = 0; i < VIOLIN_GRID; i++)
            peak = fmax(peak, q->density[i]);
    }
    return peak > 0 ? peak : 1;
}

static double density_at(const struct group *q, double v)
{
    double u = (v - q->lo) / (q->hi - q->lo) * (VIOLIN_GRID - 1);
    int i = u < 0 ? 0 : u >= VIOLIN_GRID - 1 ? VIOLIN_GRID - 2 : (int)u;
    return q->density[i] + (u - i) * (q->density[i + 1] - q->density[i]);
}

static void violin_rows(const struct violins *w, double peak, struct build_rows *area,
                        struct build_rows *lines)
{
    for (int k = 0; k < w->n; k++) {
        const struct group *q = &w->groups[k];
        if (q->n < 2) continue;
        for (int i = 0; i < VIOLIN_GRID; i++) {
            double wide = q->half * q->density[i] / peak;
            PUSH(w->b, area, q->place - wide, q->place + wide,
                 q->lo + (q->hi - q->lo) * i / (VIOLIN_GRID - 1), q->cat, q->g, k);
        }
        double five[5];
        for (int i = 0; i < 5; i++)
            five[i] = stat_quantile(q->v, q->n, i * 0.25);
        for (int i = 1; i < 4; i++) {
            double wide = q->half * density_at(q, five[i]) / peak;
            PUSH(w->b, lines, q->place - wide, q->place + wide, five[i], q->cat, q->g, five[1],
                 five[2], five[3], (double)q->n);
        }
    }
}

static enum rc_t build_violin(struct chart_build *b)
{
    static const char *const names[] = {"first quartile", "median", "third quartile", "rows"};
    struct violins w = {.b = b};
    struct build_rows area = {0}, lines = {0};
    TRY(read_all(&w, "violin"));
    violin_rows(&w, fill_densities(&w), &area, &lines);
    bool f = w.r.is_flipped;
    struct chart_levels *each = build_names(b, w.n);
    for (int k = 0; k < w.n; k++)
        build_name(b, each, arena_printf(b->a, "%d", k));
    struct chart_layer *l = build_layer(b, MARK_AREA, &area);
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, &area, 0, NULL);
    build_col(l, build_turn(f, CH_X2), NULL, VALUE_NUMBER, &area, 1, NULL);
    build_col(l, build_turn(f, CH_Y), NULL, VALUE_NUMBER, &area, 2, NULL);
    build_col(l, CH_SERIES, NULL, VALUE_LEVEL, &area, 5, each);
    add_keys(&w, l, &area, 3, 4);
    l->is_outlined = true;
    l->alpha = isnan(b->spec->alpha) ? 0.35 : b->spec->alpha;
    l = build_layer(b, MARK_RULE, &lines);
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, &lines, 0, NULL);
    build_col(l, build_turn(f, CH_X2), NULL, VALUE_NUMBER, &lines, 1, NULL);
    build_col(l, build_turn(f, CH_Y), NULL, VALUE_NUMBER, &lines, 2, NULL);
    add_keys(&w, l, &lines, 3, 4);
    for (int i = 0; i < 4; i++)
        build_col(l, NO_CHANNEL, names[i], i == 3 ? VALUE_COUNT : VALUE_NUMBER, &lines, 5 + i,
                  NULL);
    l->size = 1.6;
    describe(&w, "violin");
    return RC_OK;
}

const struct chart_kind_desc chart_kind_violin = {
    .name = "violin",
    .sig = "plot category, value, kind: violin, color: c",
    .doc = "The density of each category on both sides of its line, all of the same area, with the "
           "quartiles across.",
    .example = "trips |> plot payment, tip, kind: violin",
    .build = build_violin,
};

/* ---- letter values ---- */
static void boxen_group(struct violins *w, const struct group *q, struct build_rows *boxes,
                        struct build_rows *lines, struct build_rows *far)
{
    struct chart_build *b = w->b;
    int depth = (int)floor(log2((double)q->n)) - 3;
    if (depth < 1) depth = 1;
    double lo = 0, hi = 0;
    for (int i = depth; i >= 1; i--) { /* from the outermost, so that the inner ones lie above */
        double p = pow(0.5, i + 1), wide = q->half * pow(0.72, i - 1);
        double from = stat_quantile(q->v, q->n, p), to = stat_quantile(q->v, q->n, 1 - p);
        if (i == depth) {
            lo = from;
            hi = to;
        }
        PUSH(b, boxes, q->place - wide, q->place + wide, from, to, q->cat, q->g, 1 - 2 * p,
             (double)q->n);
    }
    double median = stat_quantile(q->v, q->n, 0.5);
    PUSH(b, lines, q->place - q->half, q->place + q->half, median, q->cat, q->g);
    int64_t n = 0;
    for (int64_t i = 0; i < q->n; i++)
        n += q->v[i] < lo || q->v[i] > hi;
    int64_t every = n > BOXEN_FAR ? n / BOXEN_FAR : 1, at = 0;
    for (int64_t i = 0; i < q->n; i++)
        if ((q->v[i] < lo || q->v[i] > hi) && at++ % every == 0)
            PUSH(b, far, q->place, q->v[i], q->cat, q->g);
}

static void boxen_layers(struct violins *w, const struct build_rows *boxes,
                         const struct build_rows *lines, const struct build_rows *far)
{
    bool f = w->r.is_flipped;
    struct chart_build *b = w->b;
    struct chart_layer *l = build_layer(b, MARK_BAR, boxes);
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, boxes, 0, NULL);
    build_col(l, build_turn(f, CH_X2), NULL, VALUE_NUMBER, boxes, 1, NULL);
    build_col(l, build_turn(f, CH_Y), "from", VALUE_NUMBER, boxes, 2, NULL);
    build_col(l, build_turn(f, CH_Y2), "to", VALUE_NUMBER, boxes, 3, NULL);
    build_col(l, NO_CHANNEL, "share of rows inside", VALUE_SHARE, boxes, 6, NULL);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, boxes, 7, NULL);
    add_keys(w, l, boxes, 4, 5);
    l->is_tight = true;
    l->alpha = isnan(b->spec->alpha) ? 0.22 : b->spec->alpha;
    l = build_layer(b, MARK_RULE, lines);
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, lines, 0, NULL);
    build_col(l, build_turn(f, CH_X2), NULL, VALUE_NUMBER, lines, 1, NULL);
    build_col(l, build_turn(f, CH_Y), "median", VALUE_NUMBER, lines, 2, NULL);
    add_keys(w, l, lines, 3, 4);
    l->size = 2.4;
    if (far->n == 0 || b->spec->outliers == 0) return;
    l = build_layer(b, MARK_POINT, far);
    build_col(l, build_turn(f, CH_X), NULL, VALUE_NUMBER, far, 0, NULL);
    build_col(l, build_turn(f, CH_Y), w->r.value->title, VALUE_NUMBER, far, 1, NULL);
    add_keys(w, l, far, 2, 3);
    l->size = 1.8;
    l->alpha = 0.5;
}

static enum rc_t build_boxen(struct chart_build *b)
{
    struct violins w = {.b = b};
    struct build_rows boxes = {0}, lines = {0}, far = {0};
    TRY(read_all(&w, "boxen"));
    for (int k = 0; k < w.n; k++)
        boxen_group(&w, &w.groups[k], &boxes, &lines, &far);
    boxen_layers(&w, &boxes, &lines, &far);
    describe(&w, "boxen");
    return RC_OK;
}

const struct chart_kind_desc chart_kind_boxen = {
    .name = "boxen",
    .sig = "plot category, value, kind: boxen, color: c",
    .doc = "Letter values: boxes that hold one half, three quarters, seven eighths .. of the rows, "
           "for large data; at most about 100 points beyond the last.",
    .example = "trips |> plot payment, tip, kind: boxen",
    .build = build_boxen,
};

/* pie.c: shares of a whole as slices, the biggest first, clockwise from the top; eight and the
 * rest. Shares under 4 % are not labelled; negative values are refused. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { SLICES_MOST = 7 };

struct pie {
    struct chart_build *b;
    const struct chart_input *cat, *value;
    const char *title;
    enum value_kind kind;
    struct stat_levels cats;
    double sum[SLICES_MOST + 1], total;
};

static rc pie_roles(struct pie *w, const char *kind)
{
    struct chart_build *b = w->b;
    struct chart_input *x = &b->in[CHART_X], *y = &b->in[CHART_Y];
    w->cat = x;
    w->value = y->column ? y : NULL;
    if (!x->column || (y->cls == CLASS_LEVEL && x->cls == CLASS_NUMBER)) {
        w->cat = y;
        w->value = x->column ? x : NULL;
    }
    if (w->value) TRY(build_needs(b, w->value == x ? CHART_X : CHART_Y, CLASS_NUMBER, kind));
    w->title = w->value ? w->value->title : "rows";
    w->kind = w->value ? stat_value_kind(w->value->type) : VALUE_COUNT;
    return RC_OK;
}

static rc pie_values(struct pie *w)
{
    struct chart_build *b = w->b;
    const struct stat_item items[] = {{"count", NULL, NAN},
                                      {"sum", w->value ? w->value->column : NULL, NAN}};
    struct table *t;
    int folded;
    TRY(stat_groups(b, &w->cat, 1, items, w->value ? 2 : 1, &t));
    double *v = stat_numbers(b->a, t->cols[w->value ? 2 : 1]);
    enum rc_t res = stat_levels_of(b, t->cols[0], v, ORDER_BY_WEIGHT, true, &w->cats);
    int64_t n = t->n_rows;
    table_unref(t);
    TRY(res);
    for (int64_t i = 0; i < n; i++)
        if (v[i] < 0) {
            fail(b->cx, E501, w->value->span, "a pie has no negative slices, and `%s` of %s is %s",
                 w->value->title, w->cats.levels->text[(int)w->cats.at[i]],
                 build_number(b, w->kind, v[i]));
            return err_hint(b->cx, "kind: bar");
        }
    if (w->cats.levels->n > SLICES_MOST + 1) stat_levels_fold(b, &w->cats, n, SLICES_MOST, &folded);
    for (int64_t i = 0; i < n; i++) {
        if (isnan(v[i])) continue;
        w->sum[(int)w->cats.at[i]] += v[i];
        w->total += v[i];
    }
    return RC_OK;
}

/* Shares are written outside the circle, on the middle of their slice. */
static void share_words(struct pie *w, double width, double height)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    struct chart_levels *words = build_names(b, SLICES_MOST + 1);
    double from = 0, r = fmin(width, height) / 2 - 24 + 14;
    for (int i = 0; i < w->cats.levels->n; i++) {
        double share = w->sum[i] / w->total, middle = 2 * M_PI * (from + share / 2);
        from += share;
        if (share < 0.04) continue;
        int k = build_name(b, words, arena_printf(b->a, "%.0f%%", share * 100));
        PUSH(b, &rows, width / 2 + r * sin(middle), height / 2 - r * cos(middle), k);
    }
    if (rows.n == 0) return;
    struct chart_layer *l = build_layer(b, MARK_TEXT, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_TEXT, NULL, VALUE_LEVEL, &rows, 2, words);
    l->color = NULL;
    l->is_quiet = true;
}

static void pie_layers(struct pie *w, double hole)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    double from = 0;
    for (int i = 0; i < w->cats.levels->n; i++) {
        double share = w->total > 0 ? w->sum[i] / w->total : 0;
        PUSH(b, &rows, 2 * M_PI * from, 2 * M_PI * (from + share), i, w->sum[i], share);
        from += share;
    }
    struct chart_layer *l = build_layer(b, MARK_ARC, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_COLOR, w->cat->title, VALUE_LEVEL, &rows, 2, w->cats.levels);
    build_col(l, NO_CHANNEL, w->title, w->kind, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, "share", VALUE_SHARE, &rows, 4, NULL);
    l->hole = hole;
    l->color = NULL;
    struct chart *c = b->c;
    if (!c->width) c->width = 260;
    if (!c->height) c->height = 260;
    for (int k = 0; k < 2; k++) {
        struct chart_axis *a = build_places(b, k == 0, build_names(b, 0), NULL);
        a->title = NULL;
        a->want_min = 0;
        a->want_max = k == 0 ? c->width : c->height;
    }
    c->is_bare = true;
    c->color = (struct chart_color){
        .kind = COLOR_LEVELS,
        .title = w->cat->title,
        .levels = w->cats.levels,
        .n_grey = w->cats.levels->n > SLICES_MOST &&
                  strncmp(w->cats.levels->text[SLICES_MOST], "other (", 7) == 0};
    if (w->total > 0) share_words(w, c->width, c->height);
}

static rc build_slices(struct chart_build *b, const char *kind, double hole)
{
    struct pie w = {.b = b};
    TRY(pie_roles(&w, kind));
    TRY(pie_values(&w));
    pie_layers(&w, hole);
    b->c->title = build_title(b, "%s by %s", w.title, w.cat->title);
    build_words(b,
                arena_printf(b->a, "%s chart: %d slices, %s by %s", kind, w.cats.levels->n, w.title,
                             w.cat->title),
                w.cats.levels->n && w.total > 0
                    ? arena_printf(b->a, "The biggest slice is %s with %.1f%%.",
                                   w.cats.levels->text[0], 100 * w.sum[0] / w.total)
                    : NULL);
    return RC_OK;
}

static enum rc_t build_pie(struct chart_build *b)
{
    return build_slices(b, "pie", 0);
}
static enum rc_t build_donut(struct chart_build *b)
{
    return build_slices(b, "donut", 0.58);
}

const struct chart_kind_desc chart_kind_pie = {
    .name = "pie",
    .sig = "plot category, [value], kind: pie",
    .doc = "Shares of a whole: rows counted, or values summed; the biggest seven slices and the "
           "rest. Negative values are refused.",
    .example = "trips |> plot payment, kind: pie",
    .build = build_pie,
};
const struct chart_kind_desc chart_kind_donut = {
    .name = "donut",
    .sig = "plot category, [value], kind: donut",
    .doc = "A pie with a hole.",
    .example = "trips |> plot payment, kind: donut",
    .build = build_donut,
};

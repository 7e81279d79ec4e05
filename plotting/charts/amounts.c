/* amounts.c: sums by category drawn as steps from one to the next (waterfall), as stages that get
 * fewer (funnel), and as areas (treemap: squarified, Bruls, Huizing and van Wijk 2000). */
#include "plotting/stat/stat.h"

#include <math.h>

enum { AMOUNTS_MOST = 60, TILES_MOST = 40 };

struct amounts {
    struct chart_build *b;
    const struct chart_input *cat, *value; /* value NULL: rows are counted */
    const char *title;
    enum value_kind kind;
    int n;
    const char **name;
    double *v;
};

static rc amount_roles(struct amounts *w, const char *kind)
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
    if (b->in[CHART_COLOR].column || build_panel_input(b))
        return fail(b->cx, E501, b->spec->span, "a %s takes a category and a value, nothing else",
                    kind);
    w->title = w->value ? w->value->title : "rows";
    w->kind = w->value ? stat_value_kind(w->value->type) : VALUE_COUNT;
    return RC_OK;
}

/* Sums by category: in the order in which the rows bring them, or by value. */
static rc amounts_of(struct amounts *w, bool is_by_value, int most)
{
    struct chart_build *b = w->b;
    struct table *t;
    struct stat_levels l;
    TRY(stat_table(b, &t));
    int at = schema_find(t->schema, str_of(w->cat->column));
    double *v = w->value
                    ? stat_numbers(b->a, t->cols[schema_find(t->schema, str_of(w->value->column))])
                    : build_fill(b, t->n_rows, 1);
    for (int64_t i = 0; i < t->n_rows; i++)
        if (!isfinite(v[i])) v[i] = 0;
    double *place = build_fill(b, t->n_rows, 1);
    bool is_own = is_by_value || b->spec->n_order > 0 || w->cat->type.ordered;
    enum rc_t res = stat_levels_of(b, t->cols[at], is_by_value ? v : place,
                                   is_by_value ? ORDER_BY_WEIGHT : ORDER_NATURAL, true, &l);
    int64_t n = t->n_rows;
    table_unref(t);
    TRY(res);
    int folded = 0;
    if (is_by_value && l.levels->n > most) stat_levels_fold(b, &l, n, most - 1, &folded);
    if (l.levels->n > most) {
        fail(b->cx, E501, w->cat->span, "`%s` has %d values, too many for a %s (%d)", w->cat->title,
             l.levels->n, b->c->kind->name, most);
        return err_hint(b->cx, "kind: bar");
    }
    int *rank = ARENA_ARRAY(b->a, int, l.levels->n + 1);
    w->name = ARENA_ARRAY(b->a, const char *, l.levels->n + 1);
    w->v = build_fill(b, l.levels->n + 1, 0);
    for (int i = 0; i < l.levels->n; i++)
        rank[i] = is_own ? i : -1;
    if (is_own) w->n = l.levels->n;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(l.at[i])) continue;
        int *k = &rank[(int)l.at[i]];
        if (*k < 0) *k = w->n++;
        w->name[*k] = l.levels->text[(int)l.at[i]];
        w->v[*k] += v[i];
    }
    for (int i = 0; i < w->n; i++)
        if (!w->name[i]) w->name[i] = l.levels->text[i];
    return RC_OK;
}

static rc refuse_negative(struct amounts *w, const char *kind)
{
    for (int i = 0; i < w->n; i++)
        if (w->v[i] < 0) {
            fail(w->b->cx, E501, w->b->spec->span,
                 "a %s has no negative parts, and `%s` of %s is %s", kind, w->title, w->name[i],
                 build_number(w->b, w->kind, w->v[i]));
            return err_hint(w->b->cx, "kind: bar");
        }
    return RC_OK;
}

static const char *short_number(struct amounts *w, double v)
{
    return build_number(w->b, w->kind, w->kind == VALUE_COUNT ? v : chart_round_digits(v, 4));
}

/* ---- waterfall ---- */
static void step_words(struct amounts *w, const struct build_rows *rows)
{
    struct chart_build *b = w->b;
    struct chart_levels *words = build_names(b, w->n + 1);
    for (int side = 0; side < 2; side++) {
        struct build_rows at = {0};
        for (int64_t i = 0; i < rows->n; i++) {
            double from = rows->v[2][i], to = rows->v[3][i], v = rows->v[4][i];
            if ((v < 0) != (bool)side) continue;
            const char *sign = i < w->n && v > 0 ? "+" : "";
            const char *text = arena_printf(b->a, "%s%s", sign, short_number(w, v));
            PUSH(b, &at, rows->v[5][i], side ? fmin(from, to) : fmax(from, to),
                 build_name(b, words, text));
        }
        if (at.n == 0) continue;
        struct chart_layer *l = build_layer(b, MARK_TEXT, &at);
        build_col(l, CH_X, NULL, VALUE_NUMBER, &at, 0, NULL);
        build_col(l, CH_Y, NULL, VALUE_NUMBER, &at, 1, NULL);
        build_col(l, CH_TEXT, NULL, VALUE_LEVEL, &at, 2, words);
        l->color = NULL;
        l->is_quiet = true;
        l->dy = side ? 9 : -9;
    }
}

static void waterfall_layers(struct amounts *w)
{
    static const char *const inks[] = {"#009e73", "#d55e00", "#0072b2"};
    static const char *const moves[] = {"rise", "fall", "total"};
    struct chart_build *b = w->b;
    struct build_rows rows = {0}, links = {0};
    struct chart_levels *names = build_names(b, w->n + 1), *how = build_names(b, 3);
    double sum = 0, size = 0;
    for (int i = 0; i < 3; i++)
        build_name(b, how, moves[i]);
    for (int i = 0; i <= w->n; i++) {
        bool is_total = i == w->n;
        if (fabs(sum) < 1e-12 * size) sum = 0; /* what rounding left */
        double from = is_total ? 0 : sum, v = is_total ? sum : w->v[i];
        if (!is_total) size += fabs(v);
        build_name(b, names, is_total ? "total" : w->name[i]);
        PUSH(b, &rows, i - 0.38, i + 0.38, from, from + v, v, i, is_total ? 2 : v < 0);
        if (!is_total) sum += v;
        if (!is_total) PUSH(b, &links, i + 0.38, i + 0.62, sum, sum);
    }
    b->c->color = (struct chart_color){.kind = COLOR_LEVELS, .levels = how, .chosen = inks};
    if (links.n) {
        struct chart_layer *l = build_layer(b, MARK_RULE, &links);
        for (int k = 0; k < 4; k++)
            build_col(l, CH_X + k, NULL, VALUE_NUMBER, &links, k, NULL);
        l->color = "#777777";
        l->is_quiet = true;
        l->size = 1;
    }
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, CH_X + k, NULL, VALUE_NUMBER, &rows, k, NULL);
    build_col(l, NO_CHANNEL, w->cat->title, VALUE_LEVEL, &rows, 5, names);
    build_col(l, NO_CHANNEL, w->title, w->kind, &rows, 4, NULL);
    build_col(l, CH_COLOR, NULL, VALUE_LEVEL, &rows, 6, how);
    l->color = NULL;
    l->is_tight = true;
    if (w->n <= 20) step_words(w, &rows);
    build_places(b, true, names, w->cat->title);
    struct chart_axis *y = build_axis(b, false, w->value, w->value == &b->in[CHART_X]);
    if (!y->title) y->title = "rows";
    y->has_grid = y->has_zero = true;
    y->pad_low = y->pad_high = 0.08;
}

static enum rc_t build_waterfall(struct chart_build *b)
{
    struct amounts w = {.b = b};
    TRY(amount_roles(&w, "waterfall"));
    TRY(amounts_of(&w, false, AMOUNTS_MOST));
    double total = 0, size = 0;
    for (int i = 0; i < w.n; i++) {
        total += w.v[i];
        size += fabs(w.v[i]);
    }
    if (fabs(total) < 1e-12 * size) total = 0;
    waterfall_layers(&w);
    b->c->title = build_title(b, "%s by %s", w.title, w.cat->title);
    build_words(b,
                arena_printf(b->a, "waterfall chart: %d steps, %s by %s, total %s", w.n, w.title,
                             w.cat->title, short_number(&w, total)),
                NULL);
    return RC_OK;
}

/* ---- funnel ---- */
static void bare_axis(struct chart_build *b, bool is_x, double lo, double hi)
{
    struct chart_axis *a = build_places(b, is_x, build_names(b, 0), NULL);
    a->title = NULL;
    a->want_min = lo;
    a->want_max = hi;
}

static void funnel_words(struct amounts *w, double most)
{
    struct chart_build *b = w->b;
    struct chart_levels *words = build_names(b, w->n);
    for (int is_out = 0; is_out < 2; is_out++) {
        struct build_rows rows = {0};
        for (int i = 0; i < w->n; i++) {
            if ((w->v[i] < 0.3 * most) != (bool)is_out) continue;
            double share = w->v[0] > 0 ? w->v[i] / w->v[0] : NAN;
            const char *text = isnan(share) ? short_number(w, w->v[i])
                                            : arena_printf(b->a, "%s (%.3g%%)",
                                                           short_number(w, w->v[i]), 100 * share);
            PUSH(b, &rows, is_out ? w->v[i] / 2 : 0, i, build_name(b, words, text));
        }
        if (rows.n == 0) continue;
        struct chart_layer *l = build_layer(b, MARK_TEXT, &rows);
        build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
        build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
        build_col(l, CH_TEXT, NULL, VALUE_LEVEL, &rows, 2, words);
        l->color = is_out ? NULL : "#ffffff";
        l->anchor = is_out ? TEXT_START : TEXT_MIDDLE;
        l->dx = is_out ? 6 : 0;
        l->is_quiet = true;
    }
}

static enum rc_t build_funnel(struct chart_build *b)
{
    struct amounts w = {.b = b};
    struct build_rows rows = {0};
    double most = 0;
    TRY(amount_roles(&w, "funnel"));
    TRY(amounts_of(&w, !w.value, AMOUNTS_MOST));
    TRY(refuse_negative(&w, "funnel"));
    struct chart_levels *names = build_names(b, w.n);
    for (int i = 0; i < w.n; i++) {
        build_name(b, names, w.name[i]);
        most = fmax(most, w.v[i]);
        PUSH(b, &rows, -w.v[i] / 2, w.v[i] / 2, i - 0.42, i + 0.42, w.v[i], i,
             w.v[0] > 0 ? w.v[i] / w.v[0] : NAN, i && w.v[i - 1] > 0 ? w.v[i] / w.v[i - 1] : NAN);
    }
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, CH_X + k, NULL, VALUE_NUMBER, &rows, k, NULL);
    build_col(l, NO_CHANNEL, w.cat->title, VALUE_LEVEL, &rows, 5, names);
    build_col(l, NO_CHANNEL, w.title, w.kind, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, "of the first", VALUE_SHARE, &rows, 6, NULL);
    build_col(l, NO_CHANNEL, "of the one before", VALUE_SHARE, &rows, 7, NULL);
    l->is_tight = true;
    funnel_words(&w, most);
    bare_axis(b, true, most > 0 ? -most / 2 : -1, most > 0 ? most / 2 : 1);
    build_places(b, false, names, w.cat->title);
    if (!b->c->height) b->c->height = w.n < 4 ? 140 : w.n * 36 > 600 ? 600 : w.n * 36;
    b->c->title = build_title(b, "%s by %s", w.title, w.cat->title);
    build_words(b,
                arena_printf(b->a, "funnel chart: %d stages, %s by %s", w.n, w.title, w.cat->title),
                w.n && w.v[0] > 0 ? arena_printf(b->a, "%.3g%% reach the last stage.",
                                                 100 * w.v[w.n - 1] / w.v[0])
                                  : NULL);
    return RC_OK;
}

/* ---- treemap ---- */
struct tile {
    double x, y, w, h;
};

/* The worst ratio of sides of tiles [from, to) in a strip along the shorter side. */
static double worst_ratio(const double *area, int from, int to, double side)
{
    double sum = 0, worst = 1;
    for (int i = from; i < to; i++)
        sum += area[i];
    for (int i = from; i < to; i++) {
        double depth = sum / side, along = area[i] / depth;
        worst = fmax(worst, fmax(depth / along, along / depth));
    }
    return worst;
}

/* Areas from the greatest on; the room is cut strip by strip. */
static void squarify(const double *area, int n, struct tile room, struct tile *out)
{
    for (int from = 0; from < n;) {
        double side = fmin(room.w, room.h), sum = 0;
        int to = from + 1;
        while (to < n && worst_ratio(area, from, to + 1, side) <= worst_ratio(area, from, to, side))
            to++;
        for (int i = from; i < to; i++)
            sum += area[i];
        double depth = sum / side, at = 0;
        bool is_down = room.w >= room.h; /* the strip stands at the left */
        for (int i = from; i < to; i++) {
            double along = area[i] / depth;
            out[i] = is_down ? (struct tile){room.x, room.y + at, depth, along}
                             : (struct tile){room.x + at, room.y, along, depth};
            at += along;
        }
        if (is_down) {
            room.x += depth;
            room.w -= depth;
        } else {
            room.y += depth;
            room.h -= depth;
        }
        from = to;
    }
}

static void tile_layers(struct amounts *w, const struct tile *tiles, double total)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    struct chart_levels *names = build_names(b, w->n);
    double *x = build_fill(b, 2 * w->n, 0), *y = build_fill(b, 2 * w->n, 0),
           *v = build_fill(b, 2 * w->n, 0);
    const char **text = ARENA_ARRAY(b->a, const char *, 2 * w->n + 1);
    int m = 0;
    for (int i = 0; i < w->n; i++) {
        struct tile t = tiles[i];
        build_name(b, names, w->name[i]);
        PUSH(b, &rows, t.x + 0.75, t.x + t.w - 0.75, t.y + 0.75, t.y + t.h - 0.75, w->v[i], i,
             w->v[i] / total);
        if (t.h < 18 || t.w < 24) continue;
        const char *number = short_number(w, w->v[i]);
        bool has_two = t.h >= 36 && font_width(number, FONT_LABEL, false) < t.w - 10;
        struct text_lines l = font_wrap(b->a, w->name[i], FONT_LABEL, false, t.w - 10, 1);
        for (int k = 0; k < 1 + has_two && l.n; k++) {
            x[m] = t.x + t.w / 2;
            y[m] = t.y + t.h / 2 + (has_two ? (k ? 8 : -7) : 0);
            v[m] = w->v[i];
            text[m++] = k ? number : l.line[0];
        }
    }
    const char *near;
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = w->title,
                                       .value_kind = w->kind,
                                       .scheme = palette_find("blues", &near)};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, CH_X + k, NULL, VALUE_NUMBER, &rows, k, NULL);
    build_col(l, NO_CHANNEL, w->cat->title, VALUE_LEVEL, &rows, 5, names);
    build_col(l, CH_COLOR, w->title, w->kind, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, "share", VALUE_SHARE, &rows, 6, NULL);
    l->color = NULL;
    l->is_tight = true;
    build_cell_words(b, x, y, v, NULL, text, m);
}

static enum rc_t build_treemap(struct chart_build *b)
{
    struct amounts w = {.b = b};
    double total = 0;
    TRY(amount_roles(&w, "treemap"));
    TRY(amounts_of(&w, true, TILES_MOST));
    TRY(refuse_negative(&w, "treemap"));
    struct chart *c = b->c;
    if (!c->width) c->width = 480;
    if (!c->height) c->height = 320;
    while (w.n > 0 && w.v[w.n - 1] <= 0)
        w.n--;
    for (int i = 0; i < w.n; i++)
        total += w.v[i];
    double *area = build_fill(b, w.n, 0);
    struct tile *tiles = ARENA_ARRAY(b->a, struct tile, w.n + 1);
    for (int i = 0; i < w.n; i++)
        area[i] = w.v[i] / total * c->width * c->height;
    squarify(area, w.n, (struct tile){0, 0, c->width, c->height}, tiles);
    tile_layers(&w, tiles, total);
    bare_axis(b, true, 0, c->width);
    bare_axis(b, false, 0, c->height);
    c->is_bare = true;
    c->title = build_title(b, "%s by %s", w.title, w.cat->title);
    build_words(b, arena_printf(b->a, "treemap: %d areas, %s by %s", w.n, w.title, w.cat->title),
                w.n ? arena_printf(b->a, "The biggest area is %s with %.1f%%.", w.name[0],
                                   100 * w.v[0] / total)
                    : NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_waterfall = {
    .name = "waterfall",
    .sig = "plot category, value, kind: waterfall",
    .doc =
        "Sums by category as steps up and down from one to the next, in the order of the rows or "
        "of a sort clause, and their total.",
    .example = "trips |> plot zone, tip, kind: waterfall",
    .build = build_waterfall,
};
const struct chart_kind_desc chart_kind_funnel = {
    .name = "funnel",
    .sig = "plot stage, [value], kind: funnel",
    .doc =
        "Stages below each other with their share of the first: values in the order of the rows, "
        "or rows counted, the most first.",
    .example = "trips |> plot payment, kind: funnel",
    .build = build_funnel,
};
const struct chart_kind_desc chart_kind_treemap = {
    .name = "treemap",
    .sig = "plot category, [value], kind: treemap",
    .doc = "Rows counted or values summed as areas of one rectangle, the biggest first; 39 and the "
           "rest. Negative values are refused.",
    .example = "trips |> plot zone, kind: treemap",
    .build = build_treemap,
};

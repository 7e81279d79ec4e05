/* heat.c: cells of two categories: rows counted, or a value's mean or aggregate as colour; numbers
 * in the cells while there is room for them. Calendar: a cell a day. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { HEAT_MOST = 60, WORDS_MOST = 150 };

struct heat {
    struct chart_build *b;
    const struct chart_input *value; /* NULL: rows are counted */
    const struct chart_input *panel; /* NULL: one */
    const char *title;
    enum value_kind kind;
    struct stat_levels x, y, panels;
    double *v;
    int64_t n;
};

/* One row a cell: given aggregates, or groups of the rows. */
static rc read_cells(struct heat *w)
{
    struct chart_build *b = w->b;
    const struct chart_input *keys[] = {&b->in[CHART_X], &b->in[CHART_Y], w->panel};
    int n_keys = w->panel ? 3 : 2;
    struct stat_item items[] = {{"count", NULL, NAN}, {"mean", NULL, NAN}};
    struct table *t;
    int at[4] = {0, 1, n_keys, 2};
    if (w->value && w->value->is_aggregate) {
        TRY(stat_table(b, &t));
        at[0] = schema_find(t->schema, str_of(keys[0]->column));
        at[1] = schema_find(t->schema, str_of(keys[1]->column));
        at[2] = schema_find(t->schema, str_of(w->value->column));
        if (w->panel) at[3] = schema_find(t->schema, str_of(w->panel->column));
    } else {
        if (w->value) items[1].column = w->value->column;
        TRY(stat_groups(b, keys, n_keys, items, w->value ? 2 : 1, &t));
        if (w->value) at[2]++;
    }
    w->n = t->n_rows;
    w->v = stat_numbers(b->a, t->cols[at[2]]);
    enum rc_t res = stat_levels_of(b, t->cols[at[0]], NULL, ORDER_NATURAL, true, &w->x);
    if (res == RC_OK) res = stat_levels_of(b, t->cols[at[1]], NULL, ORDER_NATURAL, true, &w->y);
    if (res == RC_OK && w->panel)
        res = stat_levels_of(b, t->cols[at[3]], NULL, ORDER_NATURAL, false, &w->panels);
    table_unref(t);
    return res;
}

static rc check_levels(struct heat *w)
{
    struct chart_build *b = w->b;
    const struct stat_levels *all[] = {&w->x, &w->y};
    for (int k = 0; k < 2; k++) {
        const struct chart_input *in = &b->in[k == 0 ? CHART_X : CHART_Y];
        if (all[k]->levels->n <= HEAT_MOST) continue;
        fail(b->cx, E501, in->span, "`%s` has %d values, too many for a heat map (%d)", in->title,
             all[k]->levels->n, HEAT_MOST);
        if (in->cls == CLASS_NUMBER) return err_hint(b->cx, "kind: hist2d");
        return err_hint(b->cx, "where %s in [..]", in->title);
    }
    return RC_OK;
}

/* Numbers in the cells, dark on light ink and light on dark. */
void build_cell_words(struct chart_build *b, const double *x, const double *y, const double *v,
                      const double *panel, const char *const *text, int64_t n)
{
    struct chart_color k = b->c->color;
    k.min = INFINITY;
    k.max = -INFINITY;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(v[i])) {
            k.min = fmin(k.min, v[i]);
            k.max = fmax(k.max, v[i]);
        }
    if (k.is_centered) {
        k.max = fmax(fabs(k.min), fabs(k.max));
        k.min = -k.max;
    }
    if (k.min == k.max) k.max = k.min + 1;
    for (int dark = 0; dark < 2; dark++) {
        struct build_rows rows = {0};
        struct chart_levels *words = build_names(b, (int)n);
        for (int64_t i = 0; i < n; i++) {
            char hex[8] = INK_REST;
            if (isfinite(v[i])) palette_ramp_ink(&k, v[i], hex);
            if (palette_wants_dark_text(hex) != (bool)dark || !text[i]) continue;
            PUSH(b, &rows, x[i], y[i], build_name(b, words, text[i]), panel ? panel[i] : 0);
        }
        if (rows.n == 0) continue;
        struct chart_layer *l = build_layer(b, MARK_TEXT, &rows);
        build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
        build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 1, NULL);
        build_col(l, CH_TEXT, NULL, VALUE_LEVEL, &rows, 2, words);
        if (panel) build_col(l, CH_PANEL, NULL, VALUE_LEVEL, &rows, 3, b->c->panels.levels);
        l->color = dark ? "#1f1f1f" : "#ffffff";
        l->is_quiet = true;
    }
}

static void heat_layers(struct heat *w)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    const char **text = ARENA_ARRAY(b->a, const char *, w->n + 1);
    double low = 0;
    for (int64_t i = 0; i < w->n; i++) {
        double x = w->x.at[i], y = w->y.at[i];
        PUSH(b, &rows, x - 0.5, x + 0.5, y - 0.5, y + 0.5, w->v[i], x, y,
             w->panel ? w->panels.at[i] : 0);
        double short_v = chart_round_digits(w->v[i], w->kind == VALUE_COUNT ? 15 : 3);
        text[i] = isnan(w->v[i]) ? NULL : build_number(b, w->kind, short_v);
        low = fmin(low, isnan(w->v[i]) ? 0 : w->v[i]);
    }
    const char *near;
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = w->title,
                                       .value_kind = w->kind,
                                       .is_centered = low < 0,
                                       .scheme = low < 0 ? palette_find("redblue", &near) : NULL};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, b->in[CHART_X].title, VALUE_LEVEL, &rows, 5, w->x.levels);
    build_col(l, NO_CHANNEL, b->in[CHART_Y].title, VALUE_LEVEL, &rows, 6, w->y.levels);
    build_col(l, CH_COLOR, w->title, w->kind, &rows, 4, NULL);
    if (w->panel)
        build_col(l, CH_PANEL, w->panel->title, VALUE_LEVEL, &rows, 7, b->c->panels.levels);
    l->is_tight = true;
    l->color = NULL;
    if (w->n <= WORDS_MOST && w->x.levels->n <= (w->panel ? 5 : 16))
        build_cell_words(b, w->x.at, w->y.at, w->v, w->panel ? w->panels.at : NULL, text, w->n);
}

static enum rc_t build_heat(struct chart_build *b)
{
    struct heat w = {.b = b, .title = "rows", .kind = VALUE_COUNT};
    for (int c = CHART_X; c <= CHART_Y; c++)
        if (!b->in[c].column) TRY(build_needs(b, (enum chart_channel)c, CLASS_LEVEL, "heat"));
    if (b->in[CHART_COLOR].column) {
        TRY(build_needs(b, CHART_COLOR, CLASS_NUMBER, "heat"));
        w.value = &b->in[CHART_COLOR];
        w.title =
            w.value->is_aggregate ? w.value->title : arena_printf(b->a, "mean(%s)", w.value->title);
        w.kind = w.value->is_aggregate ? stat_value_kind(w.value->type) : VALUE_NUMBER;
    }
    w.panel = build_panel_input(b);
    TRY(read_cells(&w));
    TRY(check_levels(&w));
    if (w.panel) TRY(build_panels(b, &w.panels));
    if (!b->c->panels.levels) w.panel = NULL; /* no rows */
    heat_layers(&w);
    build_places(b, true, w.x.levels, b->in[CHART_X].title);
    build_places(b, false, w.y.levels, b->in[CHART_Y].title);
    if (!b->c->height) {
        int h = w.y.levels->n * (w.panel ? 18 : 26);
        b->c->height = h < 120 ? 120 : h > 700 ? 700 : h;
    }
    const char *x = b->in[CHART_X].title, *y = b->in[CHART_Y].title;
    b->c->title = build_title(b, "%s by %s and %s", w.title, x, y);
    build_words(b,
                arena_printf(b->a, "heat map: %d x %d cells, %s by %s and %s", w.x.levels->n,
                             w.y.levels->n, w.title, x, y),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_heat = {
    .name = "heat",
    .sig = "plot x, y, kind: heat, color: value",
    .doc = "A cell for each pair of categories, coloured by the number of rows, the mean of "
           "color:, or an aggregate; signed values around zero. Up to 150 cells carry numbers.",
    .example = "trips |> plot hour(pickup), weekday(pickup), kind: heat, color: mean(tip)",
    .build = build_heat,
};

/* ---- calendar ---- */
#define DAY_MS 86400000.0
enum { WEEKS_MOST = 108 };

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* The first of each month at the place of its week. */
static void month_axis(struct chart_build *b, double monday, double last)
{
    struct chart_levels *names = build_names(b, 64);
    double *places = build_fill(b, 64, 0);
    double at = chart_time_floor(monday, UNIT_MONTH, 1);
    for (; at <= last && names->n < 60; at = chart_time_next(at, UNIT_MONTH, 1)) {
        if (at < monday) continue;
        int month =
            (int)fmod(floor((at - chart_time_floor(at, UNIT_YEAR, 1)) / DAY_MS / 30.4 + 0.3), 12);
        places[names->n] = floor((at - monday) / DAY_MS / 7);
        if (month == 0 || names->n == 0)
            build_name(b, names,
                       arena_printf(b->a, "%s %d", months[month],
                                    1970 + (int)floor((at / DAY_MS + 15) / 365.2425)));
        else
            build_name(b, names, months[month]);
    }
    struct chart_axis *x = build_places(b, true, names, NULL);
    x->places = places;
    x->want_min = -0.5;
    x->want_max = floor((last - monday) / DAY_MS / 7) + 0.5;
}

static rc calendar_cells(struct chart_build *b, double **day, double **v, int64_t *n)
{
    const struct chart_input *date = &b->in[CHART_X], *value = &b->in[CHART_Y];
    struct table *t;
    TRY(stat_table(b, &t));
    double *at = stat_numbers(b->a, t->cols[schema_find(t->schema, str_of(date->column))]);
    double *x = value->column
                    ? stat_numbers(b->a, t->cols[schema_find(t->schema, str_of(value->column))])
                    : NULL;
    double lo = INFINITY, hi = -INFINITY;
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (isnan(at[i])) continue;
        lo = fmin(lo, floor(at[i] / DAY_MS));
        hi = fmax(hi, floor(at[i] / DAY_MS));
    }
    enum rc_t res = RC_OK;
    *n = lo <= hi ? (int64_t)(hi - lo) + 1 : 0;
    if (*n > WEEKS_MOST * 7) {
        res = fail(b->cx, E501, date->span, "a calendar shows at most two years of days");
        *n = 0;
    }
    *day = build_fill(b, *n, 0);
    *v = build_fill(b, *n, 0);
    double *count = build_fill(b, *n, 0);
    for (int64_t i = 0; i < t->n_rows && *n; i++) {
        if (isnan(at[i]) || (x && isnan(x[i]))) continue;
        int64_t k = (int64_t)(floor(at[i] / DAY_MS) - lo);
        count[k]++;
        (*v)[k] += x ? x[i] : 1;
    }
    for (int64_t k = 0; k < *n; k++) {
        (*day)[k] = (lo + (double)k) * DAY_MS;
        (*v)[k] = count[k] == 0 ? NAN : x ? (*v)[k] / count[k] : (*v)[k];
    }
    table_unref(t);
    return res;
}

static enum rc_t build_calendar(struct chart_build *b)
{
    double *day, *v;
    int64_t n;
    struct build_rows rows = {0};
    TRY(build_needs(b, CHART_X, CLASS_TIME, "calendar"));
    if (b->in[CHART_Y].column) TRY(build_needs(b, CHART_Y, CLASS_NUMBER, "calendar"));
    TRY(calendar_cells(b, &day, &v, &n));
    const struct chart_input *value = &b->in[CHART_Y];
    const char *title = !value->column        ? "rows"
                        : value->is_aggregate ? value->title
                                              : arena_printf(b->a, "mean(%s)", value->title);
    double first = n ? day[0] : 0; /* 1970-01-01 was a Thursday */
    double monday = first - fmod(first / DAY_MS + 3, 7) * DAY_MS;
    for (int64_t i = 0; i < n; i++) {
        double at = (day[i] - monday) / DAY_MS, x = floor(at / 7), y = at - 7 * x;
        if (isnan(v[i])) continue;
        PUSH(b, &rows, x - 0.46, x + 0.46, y - 0.46, y + 0.46, v[i], day[i]);
    }
    enum value_kind kind = value->column ? VALUE_NUMBER : VALUE_COUNT;
    b->c->color = (struct chart_color){.kind = COLOR_RAMP, .title = title, .value_kind = kind};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, b->in[CHART_X].title, VALUE_DATE, &rows, 5, NULL);
    build_col(l, CH_COLOR, title, kind, &rows, 4, NULL);
    l->is_tight = true;
    l->color = NULL;
    month_axis(b, monday, n ? day[n - 1] : 0);
    struct chart_levels *names = build_names(b, 7);
    for (int i = 0; i < 7; i++)
        build_name(b, names, weekdays[i]);
    build_places(b, false, names, NULL);
    int width = (int)(b->c->axis[0].want_max + 0.5) * 14;
    if (!b->c->width) b->c->width = width < 200 ? 200 : width > 900 ? 900 : width;
    if (!b->c->height) b->c->height = 7 * 16;
    b->c->title = build_title(b, "%s by day", title);
    build_words(b, arena_printf(b->a, "calendar: %s days, %s", stat_count_text(b, rows.n), title),
                NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_calendar = {
    .name = "calendar",
    .sig = "plot day, [value], kind: calendar",
    .doc = "A cell a day, weeks from left to right, coloured by the number of rows or the mean of "
           "the value; at most two years.",
    .example = "trips |> plot pickup, tip, kind: calendar",
    .build = build_calendar,
};

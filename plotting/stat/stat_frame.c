/* stat_frame.c: all rows of a chart in memory, split by colour and panel, for statistics that need
 * every value in order; and rows of marks in the making. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"
#include "runtime/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { FRAME_COLORS = 8, FRAME_CATS = 100 };

int stat_double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double stat_quantile(const double *v, int64_t n, double q)
{
    double at = q * (double)(n - 1);
    int64_t i = (int64_t)floor(at);
    if (n == 0) return NAN;
    if (i + 1 >= n) return v[n - 1];
    return v[i] + (at - (double)i) * (v[i + 1] - v[i]);
}

/* ---- reading ---- */
static bool is_key(enum chart_channel ch)
{
    return ch == CHART_COLOR || ch == CHART_FACET_COLUMN || ch == CHART_FACET_ROW;
}

static const struct column *channel_column(const struct chart_build *b, const struct table *t,
                                           int ch)
{
    return t->cols[schema_find(t->schema, str_of(b->in[ch].column))];
}

/* Which rows have all that is needed. */
static bool *good_rows(struct chart_build *b, const struct table *t, unsigned need,
                       double *const num[CHART_CHANNELS], int64_t *n_good)
{
    bool *good = ARENA_ARRAY(b->a, bool, t->n_rows + 1);
    *n_good = 0;
    for (int64_t r = 0; r < t->n_rows; r++) {
        good[r] = true;
        for (int c = 0; c < CHART_CHANNELS; c++) {
            if (!(need & USE(c)) || !b->in[c].column) continue;
            if (num[c])
                good[r] &= (bool)isfinite(num[c][r]);
            else
                good[r] &= bit_valid(channel_column(b, t, c)->valid, r);
        }
        *n_good += good[r];
    }
    return good;
}

void stat_say_left_out(struct chart_build *b, unsigned need, int64_t n)
{
    struct strbuf names = {0};
    if (n == 0) return;
    for (int c = 0; c < CHART_CHANNELS; c++)
        if (need & USE(c) && b->in[c].column)
            strbuf_printf(&names, "%s%s", names.n ? " or " : "", b->in[c].title);
    stat_remark(b, "%s row%s without %s left out", stat_count_text(b, n), n == 1 ? "" : "s",
                names.n ? names.p : "a value");
    strbuf_release(&names);
}

static void keep_good(const bool *good, int64_t n, double *v)
{
    int64_t k = 0;
    for (int64_t r = 0; v && r < n; r++)
        if (good[r]) v[k++] = v[r];
}

static void split_groups(struct chart_build *b, struct stat_frame *f)
{
    int n = f->n_color * f->n_panel;
    const double *color = f->levels[CHART_COLOR].at;
    const struct chart_input *panel = build_panel_input(b);
    const double *facet = panel ? f->levels[panel - b->in].at : NULL;
    f->group = build_fill(b, f->n, 0);
    f->start = ARENA_ARRAY(b->a, int64_t, n + 2);
    f->order = ARENA_ARRAY(b->a, int64_t, f->n + 1);
    for (int64_t r = 0; r < f->n; r++) {
        f->group[r] = (facet ? facet[r] * f->n_color : 0) + (color ? color[r] : 0);
        f->start[(int)f->group[r] + 1]++;
    }
    for (int g = 0; g < n; g++)
        f->start[g + 1] += f->start[g];
    int64_t *at = ARENA_ARRAY(b->a, int64_t, n + 1);
    memcpy(at, f->start, sizeof *at * (size_t)n);
    for (int64_t r = 0; r < f->n; r++)
        f->order[at[(int)f->group[r]]++] = r;
}

rc stat_frame_keys(struct chart_build *b, struct stat_frame *f)
{
    struct stat_levels *color = &f->levels[CHART_COLOR];
    const struct chart_input *panel = build_panel_input(b);
    f->n_color = f->n_panel = 1;
    if (color->levels && color->levels->n > 0) {
        int folded, n_grey = color->levels->n > FRAME_COLORS;
        if (n_grey) stat_levels_fold(b, color, f->n, FRAME_COLORS - 1, &folded);
        build_color(b, color, n_grey);
        f->n_color = color->levels->n;
    }
    if (panel) {
        TRY(build_panels(b, &f->levels[panel - b->in]));
        if (b->c->panels.levels) f->n_panel = b->c->panels.levels->n;
    }
    split_groups(b, f);
    return RC_OK;
}

/* Nobody reads thousands of categories along an axis, and kinds work by category: the first ones.
 */
static void limit_cats(struct chart_build *b, struct stat_frame *f, enum chart_channel ch)
{
    struct stat_levels *l = &f->levels[ch];
    if (!l->levels || l->levels->n <= FRAME_CATS) return;
    bool *keep = ARENA_ARRAY(b->a, bool, f->n + 1);
    int64_t n = 0, rows = f->n;
    for (int64_t r = 0; r < rows; r++)
        n += keep[r] = l->at[r] < FRAME_CATS;
    stat_remark(b, "the first %d of %s %s", FRAME_CATS, stat_count_text(b, l->levels->n),
                b->in[ch].title);
    l->levels->n = FRAME_CATS;
    for (int c = 0; c < CHART_CHANNELS; c++) {
        keep_good(keep, rows, f->num[c]);
        keep_good(keep, rows, f->levels[c].at);
    }
    f->n = n;
}

static rc read_table(struct chart_build *b, const struct table *t, unsigned need, unsigned levels,
                     struct stat_frame *f)
{
    int64_t n_good;
    for (int c = 0; c < CHART_CHANNELS; c++) {
        bool as_level = is_key((enum chart_channel)c) || levels & USE(c);
        if (!b->in[c].column || as_level || b->in[c].cls == CLASS_LEVEL) continue;
        f->num[c] = stat_numbers(b->a, channel_column(b, t, c));
    }
    const bool *good = good_rows(b, t, need, f->num, &n_good);
    double *weight = build_fill(b, t->n_rows, 0);
    for (int64_t r = 0; r < t->n_rows; r++)
        weight[r] = good[r] ? 1 : NAN;
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (!b->in[c].column || f->num[c]) continue;
        TRY(stat_levels_of(b, channel_column(b, t, c), weight, ORDER_NATURAL, true, &f->levels[c]));
        keep_good(good, t->n_rows, f->levels[c].at);
    }
    for (int c = 0; c < CHART_CHANNELS; c++)
        keep_good(good, t->n_rows, f->num[c]);
    f->n = n_good;
    f->n_total = t->n_rows;
    stat_say_left_out(b, need, t->n_rows - n_good);
    if (!b->c->kind->is_wide) { /* columns side by side take all rows, whatever stands along x */
        limit_cats(b, f, CHART_X);
        limit_cats(b, f, CHART_Y);
    }
    return stat_frame_keys(b, f);
}

rc stat_frame_of(struct chart_build *b, unsigned need, unsigned levels, struct stat_frame *out)
{
    struct table *t;
    *out = (struct stat_frame){0};
    TRY(stat_table(b, &t));
    enum rc_t res = read_table(b, t, need, levels, out);
    table_unref(t);
    if (res == RC_OK) res = check_cancel(b->cx);
    return res;
}

double *stat_frame_values(struct chart_build *b, const struct stat_frame *f, enum chart_channel ch,
                          int group, bool is_sorted, int64_t *n)
{
    *n = f->start[group + 1] - f->start[group];
    double *v = build_fill(b, *n, 0);
    for (int64_t i = 0; i < *n; i++)
        v[i] = f->num[ch][f->order[f->start[group] + i]];
    if (is_sorted && *n) qsort(v, (size_t)*n, sizeof *v, stat_double_cmp);
    return v;
}

/* ---- rows of marks ---- */
void build_push(struct chart_build *b, struct build_rows *r, const double *v, int n)
{
    r->width = n;
    if (r->n == r->cap) {
        int64_t cap = r->cap ? r->cap * 2 : 64;
        for (int k = 0; k < n; k++) {
            double *grown = ARENA_ARRAY(b->a, double, cap);
            if (r->n) memcpy(grown, r->v[k], sizeof *grown * (size_t)r->n);
            r->v[k] = grown;
        }
        r->cap = cap;
    }
    for (int k = 0; k < n; k++)
        r->v[k][r->n] = v[k];
    r->n++;
}

struct chart_layer *build_layer(struct chart_build *b, enum chart_mark mark,
                                const struct build_rows *r)
{
    struct chart_layer *l = chart_add_layer(b->c, mark, r->n);
    l->color = build_ink(b);
    if (!isnan(b->spec->alpha) && mark != MARK_RULE && mark != MARK_TEXT) l->alpha = b->spec->alpha;
    return l;
}

void build_col(struct chart_layer *l, int ch, const char *title, enum value_kind kind,
               const struct build_rows *r, int k, const struct chart_levels *levels)
{
    static const double none[1] = {0};
    int at = layer_column(l, title, kind, r->v[k] ? r->v[k] : none, levels);
    if (ch >= 0) l->ch[ch] = at;
}

void build_group_cols(struct chart_build *b, struct chart_layer *l, const struct stat_frame *f,
                      const struct build_rows *r, int k)
{
    const struct chart_input *panel = build_panel_input(b);
    double *color = build_fill(b, r->n, 0), *facet = build_fill(b, r->n, 0);
    for (int64_t i = 0; i < r->n; i++) {
        color[i] = fmod(r->v[k][i], f->n_color);
        facet[i] = floor(r->v[k][i] / f->n_color);
    }
    if (b->c->color.kind == COLOR_LEVELS) {
        const char *title = build_in_title(b, CHART_COLOR);
        l->ch[CH_COLOR] = layer_column(l, title ? title : "series", VALUE_LEVEL, color,
                                       f->levels[CHART_COLOR].levels);
        l->color = NULL;
    }
    if (b->c->panels.levels)
        l->ch[CH_PANEL] = layer_column(l, panel->title, VALUE_LEVEL, facet, b->c->panels.levels);
}

/* ---- names, words ---- */
struct chart_levels *build_names(struct chart_build *b, int cap)
{
    struct chart_levels *l = ARENA_NEW(b->a, struct chart_levels);
    l->text = ARENA_ARRAY(b->a, const char *, cap + 1);
    return l;
}

int build_name(struct chart_build *b, struct chart_levels *l, const char *text)
{
    l->text[l->n] = arena_strndup(b->a, text, strlen(text));
    return l->n++;
}

const char *build_number(struct chart_build *b, enum value_kind kind, double v)
{
    struct strbuf s = {0};
    struct chart_column c = {.kind = kind};
    chart_value_label(&s, &c, v);
    const char *out = arena_strndup(b->a, s.p, s.n);
    strbuf_release(&s);
    return out;
}

struct chart_axis *build_places(struct chart_build *b, bool is_x, const struct chart_levels *levels,
                                const char *title)
{
    struct chart_axis *a = &b->c->axis[is_x ? 0 : 1];
    const char *wish = is_x ? b->spec->xtitle : b->spec->ytitle;
    a->scale = SCALE_PLACES;
    a->levels = levels;
    a->is_cut = a->is_integer = false;
    if (wish) title = arena_strndup(b->a, wish, strlen(wish));
    a->title = title && title[0] ? title : NULL;
    return a;
}

void build_words(struct chart_build *b, const char *text, const char *finding)
{
    b->c->text = text;
    b->c->finding = finding ? finding : text;
}

const char *build_in_title(const struct chart_build *b, enum chart_channel ch)
{
    return b->in[ch].title && b->in[ch].title[0] ? b->in[ch].title : NULL;
}

/* ---- categories and values ---- */
rc build_roles_of(struct chart_build *b, const char *kind, struct build_roles *out)
{
    struct chart_input *x = &b->in[CHART_X], *y = &b->in[CHART_Y];
    *out = (struct build_roles){.cat = x, .value = y, .cat_ch = CHART_X, .value_ch = CHART_Y};
    bool is_across = y->column && y->cls == CLASS_LEVEL && x->cls != CLASS_LEVEL;
    if (!x->column || !y->column || is_across)
        *out = (struct build_roles){.cat = y, .value = x, .cat_ch = CHART_Y, .value_ch = CHART_X};
    if (!x->column) out->value_ch = CHART_Y;
    if (!x->column) out->value = y;
    out->is_flipped = out->value == x;
    if (!x->column || !y->column) out->cat = NULL;
    return build_needs(b, out->value_ch, CLASS_NUMBER, kind);
}

/* The colour says the category again: nothing stands side by side. */
static bool same_names(const struct chart_levels *a, const struct chart_levels *b)
{
    if (!a || !b || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->text[i], b->text[i]) != 0) return false;
    return true;
}

double build_place(const struct build_roles *r, const struct stat_frame *f, double cat, int color,
                   double *half)
{
    bool is_same = r->cat && f->n_color == r->n_cat &&
                   same_names(f->levels[CHART_COLOR].levels, f->levels[r->cat_ch].levels);
    int n = is_same ? 1 : f->n_color;
    *half = 0.4 / n;
    return cat + (n > 1 ? ((color + 0.5) / n - 0.5) * 0.8 : 0);
}

void build_role_axes(struct chart_build *b, struct build_roles *r, const struct stat_frame *f)
{
    const struct chart_levels *levels = r->cat ? f->levels[r->cat_ch].levels : NULL;
    struct chart_levels *one = build_names(b, 1);
    bool wish_x = r->value == &b->in[CHART_X];
    r->n_cat = levels ? levels->n : 1;
    if (!levels) build_name(b, one, "");
    double width = b->c->width ? b->c->width : b->c->panels.levels ? 200 : 480;
    if (levels && !r->is_flipped && levels->n > 3 && !ticks_levels_fit(levels, width)) {
        r->is_flipped = true;
        b->c->is_flipped = true;
    }
    build_places(b, !r->is_flipped, levels ? levels : one, r->cat ? r->cat->title : NULL);
    struct chart_axis *v = build_axis(b, r->is_flipped, r->value, wish_x);
    v->has_grid = true;
    v->is_integer = false;
    if (!r->is_flipped || b->c->height) return;
    int height = r->n_cat * (24 + 16 * f->n_color);
    b->c->height = height < 150 ? 150 : height > 700 ? 700 : height;
}

int64_t stat_pick_rows(struct chart_build *b, int64_t n, int64_t most, bool *keep)
{
    enum { STREAM_PICK = 0x7069636b };
    double *low = build_fill(b, n, 0), cut = INFINITY;
    /* only the lowest keys need an order: about twice as many as are kept, all when that is short
     */
    for (double below = 2.0 * (double)most / (double)(n + 1); n > most; below = 2) {
        int64_t m = 0;
        for (int64_t i = 0; i < n; i++) {
            double key = rng_unit(b->cx->seed, STREAM_PICK, (uint64_t)i);
            if (key < below) low[m++] = key;
        }
        if (m <= most) continue;
        qsort(low, (size_t)m, sizeof *low, stat_double_cmp);
        cut = low[most];
        break;
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        keep[i] =
            n <= most || (rng_unit(b->cx->seed, STREAM_PICK, (uint64_t)i) < cut && kept < most);
        kept += keep[i];
    }
    return kept;
}

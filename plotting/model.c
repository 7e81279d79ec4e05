/* model.c: the life of a chart: memory, layers, and the one pass that turns layers and wishes into
 * domains, ticks, legends and layout. */
#include "plotting/chart_int.h"

#include "runtime/base/hash.h"

#include <math.h>

struct chart *chart_alloc(void)
{
    struct arena *a = arena_new();
    struct chart *c = mem_zero(sizeof *c);
    c->arena = a;
    atomic_init(&c->refs, 1);
    for (int i = 0; i < 2; i++) {
        struct chart_axis *x = &c->axis[i];
        x->want_min = x->want_max = NAN;
        x->pad_low = x->pad_high = 0.05;
    }
    return c;
}

struct chart *chart_ref(const struct chart *c)
{
    struct chart *m = (struct chart *)(uintptr_t)c;
    if (m) atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void chart_unref(const struct chart *c)
{
    struct chart *m = (struct chart *)(uintptr_t)c;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
    chart_unref(m->parent);
    chart_unref(m->parent2);
    for (int i = 0; i < m->n_parts; i++)
        chart_unref(m->parts[i].chart);
    arena_free(m->arena);
    mem_free(m);
}

struct chart_layer *chart_add_layer(struct chart *c, enum chart_mark mark, int64_t n)
{
    struct chart_layer *grown = ARENA_ARRAY(c->arena, struct chart_layer, c->n_layers + 1);
    if (c->n_layers) memcpy(grown, c->layers, sizeof *grown * (size_t)c->n_layers);
    c->layers = grown;
    struct chart_layer *l = &grown[c->n_layers++];
    l->mark = mark;
    l->n = n;
    l->alpha = 1;
    for (int i = 0; i < CH_COUNT; i++)
        l->ch[i] = -1;
    return l;
}

int layer_column(struct chart_layer *l, const char *title, enum value_kind kind, const double *v,
                 const struct chart_levels *levels)
{
    l->col[l->n_cols] =
        (struct chart_column){.title = title, .kind = kind, .v = v, .levels = levels};
    return l->n_cols++;
}

const char *chart_title(const struct chart *c)
{
    return c->title ? c->title : "";
}

void chart_text(const struct chart *c, struct strbuf *out)
{
    strbuf_addz(out, c->text ? c->text : "chart");
}

bool chart_shapes_are_colors(const struct chart *c)
{
    const struct chart_levels *a = c->color.levels, *b = c->shapes.levels;
    if (c->color.kind != COLOR_LEVELS || !b || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (strcmp(a->text[i], b->text[i]) != 0) return false;
    return true;
}

int chart_panel_at(const struct chart *c, int row, int col)
{
    const struct chart_panels *p = &c->panels;
    for (int i = 0; i < p->levels->n; i++)
        if (p->row[i] == row && p->col[i] == col) return i;
    return -1;
}

bool chart_panel_has_labels(const struct chart *c, int k, int panel, int row, int col)
{
    const struct chart_panels *p = &c->panels;
    if (!p->levels) return true;
    if (p->is_matrix) return k == 0 ? row == p->rows->n - 1 : col == 0;
    if (p->is_free[k]) return true;
    if (!p->rows) return k == 0 ? panel + c->layout.across >= p->levels->n : col == 0;
    if (!p->is_free[1 - k]) return k == 0 ? row == p->rows->n - 1 : col == 0;
    /* empty places are not drawn: the last panel of the column, the first of the row */
    for (int i = k == 0 ? row + 1 : col - 1; k == 0 ? i < p->rows->n : i >= 0; i += k == 0 ? 1 : -1)
        if (chart_panel_at(c, k == 0 ? i : row, k == 0 ? col : i) >= 0) return false;
    return true;
}

/* ---- finishing ---- */
static void channel_range(const struct chart *c, enum mark_channel ch, double *lo, double *hi)
{
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int i = 0; i < c->n_layers; i++) {
        const double *v = layer_channel(&c->layers[i], ch);
        for (int64_t r = 0; v && r < c->layers[i].n; r++) {
            if (!isfinite(v[r])) continue;
            *lo = fmin(*lo, v[r]);
            *hi = fmax(*hi, v[r]);
        }
    }
    if (!(*lo <= *hi)) {
        *lo = 0;
        *hi = 1;
    }
}

/* Powers of ten, or 1 2 5 in each decade when there are few. */
static void log_color_ticks(struct chart *c)
{
    static const double step[] = {1, 2, 5};
    struct chart_color *k = &c->color;
    int n = 0, wide = log10(k->max / k->min) >= 2.5;
    double v[TICKS_MOST];
    for (double p = pow(10, floor(log10(k->min))); p <= k->max && n < TICKS_MOST - 3; p *= 10)
        for (int i = 0; i < (wide ? 1 : 3); i++)
            if (p * step[i] >= k->min && p * step[i] <= k->max) v[n++] = p * step[i];
    k->format = (struct tick_format){.style = TICK_PLAIN};
    k->ticks = ARENA_ARRAY(c->arena, struct tick, n + 1);
    k->n_ticks = n;
    for (int i = 0; i < n; i++) {
        struct strbuf b = {0};
        chart_number_label(&b, k->format, v[i]);
        k->ticks[i] = (struct tick){.value = v[i], .label = arena_strndup(c->arena, b.p, b.n)};
        strbuf_release(&b);
    }
}

static void finish_color(struct chart *c)
{
    struct chart_color *k = &c->color;
    if (k->kind != COLOR_RAMP) return;
    channel_range(c, CH_COLOR, &k->min, &k->max);
    if (k->is_centered) {
        k->max = fmax(fabs(k->min), fabs(k->max));
        k->min = -k->max;
    }
    if (k->min == k->max) k->max = k->min + 1;
    if (k->is_log && k->min > 0) {
        log_color_ticks(c);
        return;
    }
    if (k->value_kind == VALUE_DATE || k->value_kind == VALUE_TIME)
        k->n_ticks = ticks_time(c->arena, k->min, k->max, 4, &k->ticks, &k->format);
    else
        k->n_ticks = ticks_of_range(c->arena, k->min, k->max, 5, k->value_kind == VALUE_COUNT,
                                    &k->ticks, &k->format);
}

static void finish_size(struct chart *c)
{
    if (!c->size.is_used) return;
    channel_range(c, CH_SIZE, &c->size.min, &c->size.max);
    c->size.n_ticks = ticks_of_range(c->arena, fmax(c->size.min, 0), c->size.max, 4, false,
                                     &c->size.ticks, &c->size.format);
}

/* Data with zeros on a log axis is shown, and the reader told how. */
static void say_symlog(struct chart *c)
{
    for (int i = 0; i < 2; i++) {
        struct chart_axis *a = &c->axis[i];
        if (a->scale != SCALE_SYMLOG || a->is_said) continue;
        struct strbuf b = {0};
        struct chart_column col = {.kind = VALUE_NUMBER};
        if (c->caption) strbuf_printf(&b, "%s; ", c->caption);
        strbuf_printf(&b, "%s on a symmetric log scale, linear below ", i == 0 ? "x" : "y");
        chart_value_label(&b, &col, a->linear_below);
        c->caption = arena_strndup(c->arena, b.p, b.n);
        strbuf_release(&b);
        a->is_said = true;
    }
}

static uint64_t hash_text(uint64_t h, const char *z)
{
    return z ? hash_mix(h, hash_bytes(z, strlen(z))) : hash_mix(h, 7);
}

/* The same chart has the same prefix wherever it is drawn; two charts on a page differ. */
void chart_finish_id(struct chart *c)
{
    uint64_t h = hash_text(hash_text(hash_text(1, c->title), c->text), c->caption);
    h = hash_mix(h, (uint64_t)c->width * 65536 + (uint64_t)c->height);
    for (int i = 0; i < c->n_parts; i++)
        h = hash_text(h, c->parts[i].chart->id);
    for (int i = 0; i < 2; i++) {
        h = hash_text(h, c->axis[i].title);
        h = hash_mix(h, hash_bytes(&c->axis[i].min, sizeof c->axis[i].min));
        h = hash_mix(h, hash_bytes(&c->axis[i].max, sizeof c->axis[i].max));
    }
    for (int i = 0; i < c->n_layers; i++)
        for (int k = 0; k < c->layers[i].n_cols; k++)
            h = hash_mix(
                h, hash_bytes(c->layers[i].col[k].v, sizeof(double) * (size_t)c->layers[i].n));
    snprintf(c->id, sizeof c->id, "m%08x", (unsigned)(h >> 32));
}

/* An axis for each panel; categories are the same everywhere. */
static void free_axes(struct chart *c, int k)
{
    struct chart_axis *all = &c->axis[k];
    int n = c->panels.levels->n;
    if (all->scale == SCALE_BAND || all->scale == SCALE_PLACES) {
        c->panels.is_free[k] = false;
        return;
    }
    c->panels.own[k] = ARENA_ARRAY(c->arena, struct chart_axis, n);
    for (int p = 0; p < n; p++) {
        struct chart_axis *own = &c->panels.own[k][p];
        *own = *all;
        own->overhang = 4;
        scale_domain(own, c, k == 0, p);
        ticks_of_axis(c->arena, own, k == 0 ? c->width : c->height, k == 0);
        all->label_room = fmax(all->label_room, own->label_room);
    }
}

static void finish_once(struct chart *c)
{
    for (int i = 0; i < 2 && !c->n_parts; i++) {
        scale_domain(&c->axis[i], c, i == 0, -1);
        c->axis[i].overhang = c->panels.levels && i == 0 ? 8 : 0;
        ticks_of_axis(c->arena, &c->axis[i], i == 0 ? c->width : c->height, i == 0);
        if (c->panels.levels && c->panels.is_free[i]) free_axes(c, i);
    }
    say_symlog(c);
    chart_place_rules(c);
    finish_color(c);
    finish_size(c);
    chart_find_ends(c);
    chart_layout_of(c);
    chart_finish_id(c);
}

void chart_finish(struct chart *c)
{
    enum { TRIES = 10 };
    c->n_data_layers = c->n_layers;
    int64_t whole = chart_marks(c);
    const char *said = c->caption;
    if (c->width <= 0) c->width = c->panels.levels ? 200 : 480;
    if (c->height <= 0) c->height = c->panels.levels ? 150 : 300;
    if (!c->is_all && whole > CHART_MARKS) chart_thin(c, CHART_MARKS);
    for (int i = 0; i < TRIES; i++) {
        chart_say_sample(c, said, whole);
        finish_once(c);
        double over = c->is_all ? 0 : chart_excess(c);
        if (!(over > 1)) break;
        if (!c->has_no_tips && chart_marks(c) <= CHART_MARKS) {
            c->has_no_tips = true;
            over = chart_excess(c);
            if (!(over > 1)) break;
        }
        c->n_layers = c->n_data_layers; /* rules are placed anew */
        c->axis[0].is_said = c->axis[1].is_said = false;
        chart_thin(c, (int64_t)((double)chart_marks(c) * chart_share_left(over, i)));
    }
    c->sample_of = 0; /* is told */
}

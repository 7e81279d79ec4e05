/* cluster.c: rows (or, in a cluster map, rows and columns) that are alike stand together: average
 * linkage of Euclidean distances. The tree shows the last 30 merges. */
#include "plotting/stat/stat.h"
#include "plotting/stat/stat_series.h"

#include "runtime/base/cancel.h"

#include <math.h>

enum { ROWS_MOST = 1500, TREE_MOST = 30, MAP_MOST = 100, COLUMNS_MOST = 30, TREE_ROOM = 70 };

struct tree {
    struct chart_build *b;
    struct stat_wide w;
    int n, *row; /* complete rows */
    const char **name;
    struct stat_merge *m;
    double *at; /* of each cluster, along the leaves */
    struct chart_levels *leaves;
};

static rc read_rows(struct tree *t, int most)
{
    struct chart_build *b = t->b;
    struct stat_frame f;
    TRY(stat_wide_of(b, 1, COLUMNS_MOST, &t->w));
    TRY(stat_frame_of(b, 0, b->in[CHART_X].column ? USE(CHART_X) : 0, &f));
    t->row = ARENA_ARRAY(b->a, int, t->w.rows + 1);
    t->name = ARENA_ARRAY(b->a, const char *, t->w.rows + 1);
    if (b->in[CHART_COLOR].column || build_panel_input(b))
        return fail(b->cx, E501, b->spec->span, "a %s takes no colour and no facets",
                    b->c->kind->name);
    if (t->w.rows > most) {
        fail(b->cx, E501, b->spec->span, "a %s takes at most %d rows, and there are %s",
             b->c->kind->name, most, stat_count_text(b, t->w.rows));
        return err_hint(b->cx, "sample %d, seed: 1", most);
    }
    for (int i = 0; i < t->w.rows; i++) {
        bool is_good = true;
        for (int k = 0; k < t->w.n; k++)
            is_good &= (bool)isfinite(t->w.v[k][i]);
        double level = b->in[CHART_X].column ? f.levels[CHART_X].at[i] : NAN;
        t->name[t->n] = isnan(level) ? arena_printf(b->a, "%d", i + 1)
                                     : f.levels[CHART_X].levels->text[(int)level];
        t->row[t->n] = i;
        t->n += is_good;
    }
    if (t->n < t->w.rows)
        stat_remark(b, "%s rows with missing values left out",
                    stat_count_text(b, t->w.rows - t->n));
    if (t->n >= 2) return RC_OK;
    return fail(b->cx, E501, b->spec->span, "a %s needs two complete rows or more",
                b->c->kind->name);
}

static void link_rows(struct tree *t)
{
    int64_t n = t->n;
    double *d = mem_alloc(sizeof *d * (size_t)(n * n));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++) {
            double s = 0;
            for (int c = 0; c < t->w.n; c++) {
                double gap = t->w.v[c][t->row[i]] - t->w.v[c][t->row[k]];
                s += gap * gap;
            }
            d[i * n + k] = sqrt(s);
        }
    t->m = ARENA_ARRAY(t->b->a, struct stat_merge, n);
    stat_linkage(d, t->n, t->m);
    mem_free(d);
}

/* Leaves of the tree that is drawn: points, or clusters that were merged before. */
static void place_leaves(struct tree *t, int first, int id)
{
    if (id >= t->n && id - t->n >= first) {
        place_leaves(t, first, t->m[id - t->n].a);
        place_leaves(t, first, t->m[id - t->n].b);
        t->at[id] = (t->at[t->m[id - t->n].a] + t->at[t->m[id - t->n].b]) / 2;
        return;
    }
    t->at[id] = t->leaves->n;
    build_name(t->b, t->leaves,
               id < t->n ? t->name[id] : arena_printf(t->b->a, "(%d)", t->m[id - t->n].n));
}

static void put_links(struct tree *t, int first)
{
    struct build_rows rows = {0};
    struct chart_build *b = t->b;
    for (int k = first; k < t->n - 1; k++) {
        const int side[] = {t->m[k].a, t->m[k].b};
        double top = t->m[k].height;
        for (int s = 0; s < 2; s++) {
            bool is_drawn = side[s] >= t->n && side[s] - t->n >= first;
            double from = is_drawn ? t->m[side[s] - t->n].height : 0;
            PUSH(b, &rows, from, top, t->at[side[s]], t->at[side[s]], top, t->m[k].n);
        }
        PUSH(b, &rows, top, top, t->at[side[0]], t->at[side[1]], top, t->m[k].n);
    }
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, CH_X + k, NULL, VALUE_NUMBER, &rows, k, NULL);
    build_col(l, NO_CHANNEL, "distance", VALUE_NUMBER, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, &rows, 5, NULL);
    l->size = 1.5;
}

static enum rc_t build_dendrogram(struct chart_build *b)
{
    struct tree t = {.b = b};
    TRY(read_rows(&t, ROWS_MOST));
    link_rows(&t);
    TRY(check_cancel(b->cx));
    int first = t.n - 1 > TREE_MOST ? t.n - 1 - TREE_MOST : 0;
    t.at = build_fill(b, 2 * t.n, 0);
    t.leaves = build_names(b, TREE_MOST + 2);
    place_leaves(&t, first, 2 * t.n - 2);
    put_links(&t, first);
    struct chart_axis *x = build_axis(b, true, NULL, true);
    if (!x->title) x->title = "distance";
    x->has_grid = x->has_zero = true;
    x->scale = SCALE_LINEAR;
    x->pad_high = 0.03;
    build_places(b, false, t.leaves, b->in[CHART_X].title);
    if (!b->c->height) b->c->height = t.leaves->n * 18 < 120 ? 120 : t.leaves->n * 18;
    if (first) stat_remark(b, "the last %d of %d merges", TREE_MOST, t.n - 1);
    stat_remark(b, "average linkage, Euclidean distance");
    b->c->title = build_title(b, "Rows that are alike");
    build_words(
        b, arena_printf(b->a, "dendrogram: %s rows by %d columns", stat_count_text(b, t.n), t.w.n),
        NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_dendrogram = {
    .name = "dendrogram",
    .sig = "plot [name], [a, b, ..], kind: dendrogram",
    .doc = "A tree of rows by average linkage of their Euclidean distances, up to 1,500 rows; the "
           "last 30 merges are drawn. Put columns on one scale first.",
    .example = "trips |> plot [fare, tip, distance], kind: dendrogram",
    .is_wide = true,
    .build = build_dendrogram,
};

/* ---- cluster map ---- */
static void leaf_order(struct tree *t, int *order)
{
    order[0] = 0;
    if (t->n > 1) stat_leaves(t->m, t->n, order);
}

/* Columns by the distances of their values: the same tree, turned. */
static void link_columns(const struct tree *t, struct tree *c)
{
    *c = (struct tree){.b = t->b, .n = t->w.n};
    double *d = mem_alloc(sizeof *d * (size_t)(c->n * c->n));
    for (int i = 0; i < c->n; i++)
        for (int k = 0; k < c->n; k++) {
            double s = 0;
            for (int r = 0; r < t->n; r++) {
                double gap = t->w.v[i][t->row[r]] - t->w.v[k][t->row[r]];
                s += gap * gap;
            }
            d[i * c->n + k] = sqrt(s);
        }
    c->m = ARENA_ARRAY(t->b->a, struct stat_merge, c->n + 1);
    if (c->n > 1) stat_linkage(d, c->n, c->m);
    mem_free(d);
}

/* A tree beside the cells: leaves at `base`, its root `wide` further out; a column tree stands
 * above. */
static void tree_layer(const struct tree *t, const int *order, double base, double wide,
                       bool is_above)
{
    struct chart_build *b = t->b;
    struct build_rows rows = {0};
    double *at = build_fill(b, 2 * t->n, 0), *out = build_fill(b, 2 * t->n, base);
    double top = t->n > 1 ? t->m[t->n - 2].height : 0;
    for (int i = 0; i < t->n; i++)
        at[order[i]] = i;
    for (int k = 0; k < t->n - 1; k++) {
        const struct stat_merge *m = &t->m[k];
        int id = t->n + k;
        at[id] = (at[m->a] + at[m->b]) / 2;
        out[id] = base + (top > 0 ? m->height / top * wide : wide);
        PUSH(b, &rows, out[m->a], out[id], at[m->a], at[m->a], m->height, m->n);
        PUSH(b, &rows, out[m->b], out[id], at[m->b], at[m->b], m->height, m->n);
        PUSH(b, &rows, out[id], out[id], at[m->a], at[m->b], m->height, m->n);
    }
    struct chart_layer *l = build_layer(b, MARK_RULE, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, build_turn(is_above, (enum mark_channel)(CH_X + k)), NULL, VALUE_NUMBER, &rows,
                  k, NULL);
    build_col(l, NO_CHANNEL, "distance", VALUE_NUMBER, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, is_above ? "columns" : "rows", VALUE_COUNT, &rows, 5, NULL);
    l->color = "#8c8c8c";
    l->size = 1.2;
}

static void map_layer(struct tree *t, const int *rows_at, const int *cols_at,
                      const struct chart_levels *names, const struct chart_levels *columns)
{
    struct chart_build *b = t->b;
    struct build_rows rows = {0};
    double low = 0;
    const char *near;
    for (int i = 0; i < t->n; i++)
        for (int k = 0; k < t->w.n; k++) {
            double v = t->w.v[cols_at[k]][t->row[rows_at[i]]];
            PUSH(b, &rows, k - 0.5, k + 0.5, i - 0.5, i + 0.5, v, i, k);
            low = fmin(low, v);
        }
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = "value",
                                       .value_kind = VALUE_NUMBER,
                                       .is_centered = low < 0,
                                       .scheme = low < 0 ? palette_find("redblue", &near) : NULL};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    for (int k = 0; k < 4; k++)
        build_col(l, CH_X + k, NULL, VALUE_NUMBER, &rows, k, NULL);
    build_col(l, NO_CHANNEL, "row", VALUE_LEVEL, &rows, 5, names);
    build_col(l, NO_CHANNEL, "column", VALUE_LEVEL, &rows, 6, columns);
    build_col(l, CH_COLOR, "value", VALUE_NUMBER, &rows, 4, NULL);
    l->color = NULL;
    l->is_tight = true;
}

static enum rc_t build_clustermap(struct chart_build *b)
{
    struct tree t = {.b = b}, c;
    TRY(read_rows(&t, MAP_MOST));
    int *rows_at = ARENA_ARRAY(b->a, int, t.n + 1), *cols_at = ARENA_ARRAY(b->a, int, t.w.n + 1);
    link_rows(&t);
    link_columns(&t, &c);
    leaf_order(&t, rows_at);
    leaf_order(&c, cols_at);
    struct chart_levels *names = build_names(b, t.n), *columns = build_names(b, t.w.n);
    for (int i = 0; i < t.n; i++)
        build_name(b, names, t.name[rows_at[i]]);
    for (int k = 0; k < t.w.n; k++)
        build_name(b, columns, t.w.name[cols_at[k]]);
    map_layer(&t, rows_at, cols_at, names, columns);
    struct chart_axis *x = build_places(b, true, columns, NULL);
    struct chart_axis *y = build_places(b, false, names, b->in[CHART_X].title);
    if (!b->c->height) b->c->height = TREE_ROOM + (t.n * 16 < 120 ? 120 : t.n * 16);
    double width = b->c->width ? b->c->width : 480, cells_w = width - TREE_ROOM,
           cells_h = b->c->height - TREE_ROOM; /* both trees take the same pixels */
    double right = t.w.n * TREE_ROOM / fmax(cells_w, 40),
           above = t.n * TREE_ROOM / fmax(cells_h, 40);
    tree_layer(&t, rows_at, t.w.n - 0.5 + right * 0.05, right * 0.9, false);
    if (c.n > 1) tree_layer(&c, cols_at, -0.5 - above * 0.05, -above * 0.9, true);
    x->want_min = y->want_min = -0.5;
    x->want_max = t.w.n - 0.5 + right;
    y->want_max = t.n - 0.5;
    if (c.n > 1) y->want_min -= above;
    stat_remark(b, "ordered by average linkage, Euclidean distance");
    b->c->title = build_title(b, "Rows and columns that are alike");
    build_words(b, arena_printf(b->a, "cluster map: %d rows, %d columns", t.n, t.w.n), NULL);
    return RC_OK;
}

const struct chart_kind_desc chart_kind_clustermap = {
    .name = "clustermap",
    .sig = "plot [name], [a, b, ..], kind: clustermap",
    .doc =
        "A cell for each value, rows and columns in the order of their trees (average linkage, "
        "Euclidean distance), which stand beside; up to 100 rows. Put columns on one scale first.",
    .example = "trips |> plot [fare, tip, distance], kind: clustermap",
    .is_wide = true,
    .build = build_clustermap,
};

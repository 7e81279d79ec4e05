/* wide.c: charts of several columns side by side: correlations, and what is missing. With no column
 * named, all that fit are taken. Pearson's r of each pair's complete rows; columns stand in the
 * order of average-linkage clustering of 1 - |r|, so that kin are neighbours. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>
#include <stdlib.h>

enum { COLUMNS_MOST = 40, STRIPES_MOST = 100 };

struct wide {
    struct chart_build *b;
    struct table *t; /* owned while building */
    int n;
    int at[COLUMNS_MOST];
    const char *name[COLUMNS_MOST];
    double *v[COLUMNS_MOST];
    int64_t rows;
};

static rc take_column(struct wide *w, int at, const char *title, bool needs_number)
{
    struct chart_build *b = w->b;
    const struct field *f = &w->t->schema->fields[at];
    bool is_number = f->type.kind == KIND_INT || f->type.kind == KIND_NUM ||
                     f->type.kind == KIND_DURATION || f->type.kind == KIND_BOOL;
    if (needs_number && !is_number)
        return fail(b->cx, E501, b->spec->span, "%s needs columns of numbers, and `%s` is %s",
                    b->c->kind->name, title, kind_name(f->type.kind));
    if (w->n == COLUMNS_MOST)
        return fail(b->cx, E501, b->spec->span,
                    "%s takes at most %d columns; name those that count", b->c->kind->name,
                    COLUMNS_MOST);
    w->at[w->n] = at;
    w->name[w->n++] = arena_strndup(b->a, title, strlen(title));
    return RC_OK;
}

static rc take_columns(struct wide *w, bool needs_number)
{
    struct chart_build *b = w->b;
    const struct chart_spec *s = b->spec;
    TRY(stat_table(b, &w->t));
    w->rows = w->t->n_rows;
    for (int i = 0; i < s->n_y_series; i++) {
        int at = schema_find(w->t->schema, str_of(s->y_series[i]));
        if (at < 0) return fail(b->cx, E201, s->span, "unknown column `%s`", s->y_series[i]);
        const char *title = s->y_titles && s->y_titles[i] ? s->y_titles[i] : s->y_series[i];
        TRY(take_column(w, at, title, needs_number));
    }
    for (int i = 0; s->n_y_series == 0 && i < w->t->schema->n; i++) {
        const struct field *f = &w->t->schema->fields[i];
        bool is_number = f->type.kind == KIND_INT || f->type.kind == KIND_NUM;
        if ((needs_number && !is_number) || w->n == COLUMNS_MOST) continue;
        TRY(take_column(w, i, f->name, needs_number));
    }
    if (w->n >= (needs_number ? 2 : 1)) return RC_OK;
    fail(b->cx, E501, s->span, "%s needs %s", b->c->kind->name,
         needs_number ? "two columns of numbers or more" : "a column");
    return err_hint(b->cx, "plot [a, b, c], kind: %s", b->c->kind->name);
}

/* ---- correlations ---- */
struct ranked {
    double v;
    int64_t at;
};
static int ranked_cmp(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->v != b->v) return a->v < b->v ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Ranks from 1 in the place of n finite values, ties by their mean. */
static void rank_values(double *v, int64_t n, struct ranked *r)
{
    for (int64_t i = 0; i < n; i++)
        r[i] = (struct ranked){v[i], i};
    if (n) qsort(r, (size_t)n, sizeof *r, ranked_cmp);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && r[end].v == r[i].v;)
            end++;
        for (int64_t k = i; k < end; k++)
            v[r[k].at] = (double)(i + end + 1) / 2;
    }
}

/* The complete rows of two columns; `r` ranks them among themselves (NULL = as they are). */
static double pair_corr(struct wide *w, int i, int k, double *x, double *y, struct ranked *r,
                        double *n)
{
    int64_t m = 0;
    for (int64_t at = 0; at < w->rows; at++)
        if (isfinite(w->v[i][at]) && isfinite(w->v[k][at])) {
            x[m] = w->v[i][at];
            y[m++] = w->v[k][at];
        }
    *n = (double)m;
    if (r && m < w->rows) { /* whole columns have their ranks already */
        rank_values(x, m, r);
        rank_values(y, m, r);
    }
    return m > 1 ? stat_pearson(x, y, m) : NAN;
}

static double far_apart(double r)
{
    return isnan(r) ? 1 : 1 - fabs(r);
}

/* Mean distance between two clusters; group[i] names the cluster of column i. */
static double between(const struct wide *w, const double *r, const int *group, int a, int c)
{
    double sum = 0;
    int n = 0;
    for (int i = 0; i < w->n; i++)
        for (int k = 0; k < w->n; k++)
            if (group[i] == a && group[k] == c) {
                sum += far_apart(r[i * w->n + k]);
                n++;
            }
    return n ? sum / n : INFINITY;
}

/* Merges the nearest clusters until one is left; the columns of a cluster stand together. */
static void cluster_order(const struct wide *w, const double *r, int *order)
{
    int group[COLUMNS_MOST];
    for (int i = 0; i < w->n; i++)
        group[i] = order[i] = i;
    for (int step = 1; step < w->n; step++) {
        double least = INFINITY;
        int a = 0, c = 0;
        for (int i = 0; i < w->n; i++)
            for (int k = i + 1; k < w->n; k++) {
                if (group[i] != i || group[k] != k) continue;
                double d = between(w, r, group, i, k);
                if (d < least) {
                    least = d;
                    a = i;
                    c = k;
                }
            }
        int out[COLUMNS_MOST], n = 0;
        for (int i = 0; i < w->n; i++) { /* those of c move behind those of a */
            if (group[order[i]] == c) continue;
            out[n++] = order[i];
            bool is_last = true;
            for (int k = i + 1; k < w->n; k++)
                is_last &= group[order[k]] != a;
            if (group[order[i]] != a || !is_last) continue;
            for (int k = 0; k < w->n; k++)
                if (group[order[k]] == c) out[n++] = order[k];
        }
        for (int i = 0; i < w->n; i++)
            order[i] = out[i];
        for (int i = 0; i < w->n; i++)
            if (group[i] == c) group[i] = a;
    }
}

static void corr_layers(struct wide *w, const double *r, const double *n, const int *order)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    struct chart_levels *names = build_names(b, w->n);
    int cells = w->n * w->n;
    double *x = build_fill(b, cells, 0), *y = build_fill(b, cells, 0), *v = build_fill(b, cells, 0);
    const char **text = ARENA_ARRAY(b->a, const char *, cells + 1), *near;
    int64_t m = 0;
    for (int i = 0; i < w->n; i++)
        build_name(b, names, w->name[order[i]]);
    for (int i = 0; i < w->n; i++)
        for (int k = 0; k < w->n; k++) {
            int at = order[i] * w->n + order[k];
            PUSH(b, &rows, k - 0.5, k + 0.5, i - 0.5, i + 0.5, r[at], k, i, n[at]);
            x[m] = k;
            y[m] = i;
            v[m] = r[at];
            text[m++] = isnan(r[at]) ? NULL : arena_printf(b->a, "%.2f", r[at]);
        }
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = "correlation",
                                       .value_kind = VALUE_NUMBER,
                                       .is_centered = true,
                                       .scheme = palette_find("redblue", &near)};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_X, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_X2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 2, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, "x", VALUE_LEVEL, &rows, 5, names);
    build_col(l, NO_CHANNEL, "y", VALUE_LEVEL, &rows, 6, names);
    build_col(l, CH_COLOR, "correlation", VALUE_NUMBER, &rows, 4, NULL);
    build_col(l, NO_CHANNEL, "rows", VALUE_COUNT, &rows, 7, NULL);
    l->is_tight = true;
    l->color = NULL;
    if (w->n <= 12) build_cell_words(b, x, y, v, NULL, text, m);
    build_places(b, true, names, NULL);
    build_places(b, false, names, NULL);
    int side = w->n * 44;
    if (!b->c->width) b->c->width = side < 240 ? 240 : side > 640 ? 640 : side;
    if (!b->c->height) b->c->height = b->c->width * 3 / 4;
}

static rc corr_chart(struct wide *w, bool is_ranked)
{
    struct chart_build *b = w->b;
    TRY(take_columns(w, true));
    double *x = build_fill(b, w->rows, 0), *y = build_fill(b, w->rows, 0);
    double *r = build_fill(b, w->n * w->n, 1), *n = build_fill(b, w->n * w->n, 0);
    struct ranked *ranks = is_ranked ? ARENA_ARRAY(b->a, struct ranked, w->rows + 1) : NULL;
    int order[COLUMNS_MOST];
    for (int i = 0; i < w->n; i++) {
        w->v[i] = stat_numbers(b->a, w->t->cols[w->at[i]]);
        bool is_whole = is_ranked;
        for (int64_t at = 0; is_whole && at < w->rows; at++)
            is_whole = isfinite(w->v[i][at]);
        if (is_whole) rank_values(w->v[i], w->rows, ranks);
    }
    for (int i = 0; i < w->n; i++)
        for (int k = 0; k <= i; k++) {
            int at = i * w->n + k, back = k * w->n + i;
            r[at] = r[back] = pair_corr(w, i, k, x, y, ranks, &n[at]);
            n[back] = n[at];
            TRY(check_cancel(b->cx));
        }
    cluster_order(w, r, order);
    corr_layers(w, r, n, order);
    const char *rows = stat_count_text(b, w->rows);
    b->c->title = build_title(b, is_ranked ? "Rank correlations" : "Correlations");
    build_words(b, arena_printf(b->a, "correlation matrix: %d columns, %s rows", w->n, rows), NULL);
    return RC_OK;
}

static enum rc_t build_corr(struct chart_build *b)
{
    struct wide w = {.b = b};
    enum rc_t res = corr_chart(&w, false);
    table_unref(w.t);
    return res;
}
static enum rc_t build_spearman(struct chart_build *b)
{
    struct wide w = {.b = b};
    enum rc_t res = corr_chart(&w, true);
    table_unref(w.t);
    return res;
}

const struct chart_kind_desc chart_kind_corr = {
    .name = "corr",
    .sig = "plot [a, b, ..], kind: corr",
    .doc = "Pearson's correlation of each pair of columns over the rows that have both; without "
           "columns all numbers of the frame. Kin stand together.",
    .example = "trips |> plot [fare, tip, distance], kind: corr",
    .is_wide = true,
    .build = build_corr,
};
const struct chart_kind_desc chart_kind_spearman = {
    .name = "spearman",
    .sig = "plot [a, b, ..], kind: spearman",
    .doc = "As corr, of the ranks (Spearman): each pair is ranked over the rows that have both.",
    .example = "trips |> plot [fare, tip, distance], kind: spearman",
    .is_wide = true,
    .build = build_spearman,
};

/* ---- missing values ---- */
/* The rows in at most 100 stripes: the share that is missing in each. */
static void missing_rows(struct wide *w, struct build_rows *rows, double *share)
{
    int64_t stripes = w->rows < STRIPES_MOST ? w->rows : STRIPES_MOST;
    for (int i = 0; i < w->n; i++) {
        const uint64_t *valid = (const void *)w->t->cols[w->at[i]]->valid;
        int64_t all = 0;
        for (int64_t s = 0; s < stripes; s++) {
            int64_t from = w->rows * s / stripes, to = w->rows * (s + 1) / stripes, n = 0;
            for (int64_t r = from; r < to; r++)
                n += !bit_valid((const void *)valid, r);
            all += n;
            if (n)
                PUSH(w->b, rows, i - 0.46, i + 0.46, (double)from + 0.5, (double)to + 0.5,
                     (double)n / (double)(to - from), i, (double)n);
        }
        share[i] = w->rows ? (double)all / (double)w->rows : 0;
    }
}

static rc missing_chart(struct wide *w)
{
    struct chart_build *b = w->b;
    struct build_rows rows = {0};
    double share[COLUMNS_MOST], holes = 0;
    const char *near;
    TRY(take_columns(w, false));
    missing_rows(w, &rows, share);
    struct chart_levels *names = build_names(b, w->n);
    for (int i = 0; i < w->n; i++) {
        holes += share[i] > 0;
        build_name(b, names,
                   share[i] > 0 ? arena_printf(b->a, "%s (%.3g%%)", w->name[i], 100 * share[i])
                                : w->name[i]);
    }
    b->c->color = (struct chart_color){.kind = COLOR_RAMP,
                                       .title = "missing",
                                       .value_kind = VALUE_SHARE,
                                       .scheme = palette_find("oranges", &near)};
    struct chart_layer *l = build_layer(b, MARK_BAR, &rows);
    build_col(l, CH_Y, NULL, VALUE_NUMBER, &rows, 0, NULL);
    build_col(l, CH_Y2, NULL, VALUE_NUMBER, &rows, 1, NULL);
    build_col(l, CH_X, "from row", VALUE_COUNT, &rows, 2, NULL);
    build_col(l, CH_X2, "to row", VALUE_COUNT, &rows, 3, NULL);
    build_col(l, NO_CHANNEL, "column", VALUE_LEVEL, &rows, 5, names);
    build_col(l, NO_CHANNEL, "rows missing", VALUE_COUNT, &rows, 6, NULL);
    build_col(l, CH_COLOR, "share missing", VALUE_SHARE, &rows, 4, NULL);
    l->is_tight = true;
    l->color = NULL;
    build_places(b, false, names, NULL);
    struct chart_axis *x = build_axis(b, true, NULL, true);
    if (!x->title) x->title = "row";
    x->want_min = 0.5;
    x->want_max = (double)w->rows + 0.5;
    x->is_integer = x->has_ticks = true;
    int height = w->n * 22;
    if (!b->c->height) b->c->height = height < 100 ? 100 : height > 700 ? 700 : height;
    b->c->title = build_title(b, "Missing values");
    stat_remark(b, "%s of %d columns have missing values, %s rows",
                build_number(b, VALUE_COUNT, holes), w->n, stat_count_text(b, w->rows));
    build_words(b,
                arena_printf(b->a, "missing values: %s of %d columns, %s rows",
                             build_number(b, VALUE_COUNT, holes), w->n,
                             stat_count_text(b, w->rows)),
                NULL);
    return RC_OK;
}

static enum rc_t build_missing(struct chart_build *b)
{
    struct wide w = {.b = b};
    enum rc_t res = missing_chart(&w);
    table_unref(w.t);
    return res;
}

const struct chart_kind_desc chart_kind_missing = {
    .name = "missing",
    .sig = "plot [a, b, ..], kind: missing",
    .doc = "Where values are missing: the rows from left to right in at most 100 stripes, a line a "
           "column with its share; without columns all of the frame.",
    .example = "trips |> plot [fare, tip], kind: missing",
    .is_wide = true,
    .build = build_missing,
};

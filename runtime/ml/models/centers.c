/* centers.c: fitted centres: scoring, file, m.centers and m.sizes. */
#include "runtime/ml/models/kmeans_int.h"

#include "runtime/ml/json_int.h"
#include "runtime/ml/models/sheet_int.h"

#include <math.h>

struct centers *centers_new(struct arena *a, int k, size_t d, bool is_cosine)
{
    struct centers *c = ARENA_NEW(a, struct centers);
    c->k = k;
    c->d = d;
    c->is_cosine = is_cosine;
    c->center = ARENA_ARRAY(a, double, mem_mul((size_t)k, d) + 1);
    c->size = ARENA_ARRAY(a, double, 2 * (size_t)k);
    c->within = c->size + k;
    c->n = ARENA_ARRAY(a, int64_t, k);
    return c;
}

void centers_ready(struct arena *a, const struct encoder *e, struct centers *c)
{
    size_t k = (size_t)c->k, d = c->d;
    double *shifted = ARENA_ARRAY(a, double, k *d + 1);
    c->feature = tile_features(a, e);
    c->origin = c->is_cosine ? NULL : ARENA_ARRAY(a, double, d + 1);
    c->half = ARENA_ARRAY(a, double, k);
    c->packed = ARENA_ARRAY(a, double, tile_packed(c->k, d) + 1);
    for (size_t i = 0; i < k * d && c->origin; i++)
        c->origin[i % d] += c->center[i] / (double)k;
    for (size_t i = 0; i < k * d; i++) {
        shifted[i] = c->center[i] - (c->origin ? c->origin[i % d] : 0.0);
        if (c->origin) c->half[i / d] += shifted[i] * shifted[i] / 2;
    }
    tile_pack(shifted, c->k, d, c->packed);
}

#define DOTS_OWN (64 * TILE)

void centers_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                   double *out)
{
    const struct centers *c = m->body;
    struct tiles t;
    struct tile_best best;
    double own[DOTS_OWN], *dots = own, length[TILE];
    size_t room = tile_packed(c->k, TILE);
    if (room > DOTS_OWN) dots = mem_alloc(sizeof(double) * room);
    tiles_open(&t, &m->enc, in, c->feature, c->origin, TILE);
    for (int i = 0; i < n; i += TILE) {
        int rows = n - i < TILE ? n - i : TILE;
        tiles_load(&t, at + i, rows);
        if (c->is_cosine) tiles_unit(&t, length);
        tile_dots(t.x, c->packed, c->d, c->k, dots);
        tile_nearest(dots, c->half, c->k, &best);
        for (int r = 0; r < rows; r++) {
            bool is_lost = c->is_cosine && !(length[r] > 0); /* no direction */
            out[i + r] = is_lost ? NAN : (double)(best.at[r] + 1);
        }
    }
    tiles_close(&t);
    if (dots != own) mem_free(dots);
}

/* ---- m.centers, m.sizes ---- */
static enum rc_t centers_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct centers *c = m->body;
    int d = (int)c->d;
    struct sheet s = sheet_new(cx, d + 1);
    sheet_column(&s, "cluster", KIND_INT);
    for (int j = 0; j < d; j++)
        sheet_column(&s, m->enc.columns[j], KIND_NUM);
    for (int k = 0; k < c->k; k++) {
        sheet_int(&s, 0, k + 1);
        for (int j = 0; j < d; j++)
            sheet_num(&s, j + 1, c->center[(size_t)k * c->d + (size_t)j]);
    }
    return sheet_end(&s, out);
}

static enum rc_t sizes_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct centers *c = m->body;
    struct sheet s = sheet_new(cx, 5);
    double total = 0;
    sheet_column(&s, "cluster", KIND_INT);
    sheet_column(&s, "n", KIND_INT);
    sheet_column(&s, "share", KIND_NUM);
    sheet_column(&s, "within", KIND_NUM);
    sheet_column(&s, "spread", KIND_NUM);
    for (int k = 0; k < c->k; k++)
        total += c->size[k];
    for (int k = 0; k < c->k; k++) {
        double mean = c->within[k] / c->size[k];
        sheet_int(&s, 0, k + 1);
        sheet_int(&s, 1, c->n[k]);
        sheet_num(&s, 2, c->size[k] / total);
        sheet_num(&s, 3, c->within[k]);
        sheet_num(&s, 4, c->is_cosine ? mean : sqrt(mean));
    }
    return sheet_end(&s, out);
}

const struct model_part centers_parts[] = {
    {"centers", "the centre of each cluster in the columns of the design", centers_table},
    {"sizes",
     "rows of each cluster: n, share (of the weight), within (summed squared distance to "
     "the centre), spread (its root mean)",
     sizes_table},
    {NULL, NULL, NULL}};

int centers_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title)
{
    const struct centers *c = m->body;
    struct card_bar *bars = ARENA_ARRAY(a, struct card_bar, c->k);
    for (int k = 0; k < c->k; k++) {
        struct card_bar bar = {arena_printf(a, "cluster %d", k + 1), (double)c->n[k]};
        int at = k;
        for (; at > 0 && bar.value > bars[at - 1].value; at--)
            bars[at] = bars[at - 1];
        bars[at] = bar;
    }
    *out = bars;
    *title = "sizes";
    return c->k;
}

/* ---- model file ---- */
void centers_save(const struct model *m, struct json_out *out)
{
    const struct centers *c = m->body;
    json_out_key(out, "cosine");
    json_out_bool(out, c->is_cosine);
    json_out_nums(out, "centers", c->center, (size_t)c->k * c->d);
    json_out_nums(out, "sizes", c->size, (size_t)c->k);
    json_out_nums(out, "within", c->within, (size_t)c->k);
    json_out_key(out, "n");
    json_out_open(out, '[');
    for (int k = 0; k < c->k; k++)
        json_out_int(out, c->n[k]);
    json_out_close(out, ']');
}

enum rc_t centers_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *n;
    size_t d = (size_t)m->enc.n_cols;
    bool is_cosine;
    TRY(json_get_bool(cx, j, "cosine", &is_cosine));
    TRY(json_get_list(cx, j, "n", CLUSTERS_MAX, &n));
    size_t k = json_array_size(n);
    if (k < 1 || d < 1) return json_bad(cx, "it has no centres");
    struct centers *c = centers_new(m->arena, (int)k, d, is_cosine);
    TRY(json_get_nums(cx, j, "centers", c->center, k * d));
    TRY(json_get_nums(cx, j, "sizes", c->size, k));
    TRY(json_get_nums(cx, j, "within", c->within, k));
    for (size_t i = 0; i < k; i++) {
        const json_t *e = json_array_get(n, i);
        if (!json_is_integer(e) || json_integer_value(e) < 0)
            return json_bad(cx, "`n` holds no counts");
        c->n[i] = json_integer_value(e);
    }
    centers_ready(m->arena, &m->enc, c);
    m->body = c;
    return RC_OK;
}

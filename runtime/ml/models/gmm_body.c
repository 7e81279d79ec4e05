/* gmm_body.c: a fitted mixture: densities, scoring, its parts, the file. */
#include "runtime/ml/models/gmm_int.h"

#include "runtime/ml/json_int.h"
#include "runtime/ml/models/sheet_int.h"

#include <math.h>

#define LOG_2PI 1.8378770664093454836

size_t gmm_cov_size(enum gmm_shape shape, int k, size_t d)
{
    size_t n = (size_t)k;
    switch (shape) {
    case GMM_FULL: return mem_mul(n, d * d);
    case GMM_TIED: return d * d;
    case GMM_DIAG: return n * d;
    default: return n;
    }
}

static bool is_dense(const struct gmm *g)
{
    return g->shape == GMM_FULL || g->shape == GMM_TIED;
}

struct gmm *gmm_new(struct arena *a, int k, size_t d, enum gmm_shape shape)
{
    struct gmm *g = ARENA_NEW(a, struct gmm);
    size_t n = (size_t)k, n_white = shape == GMM_TIED ? 1 : n;
    *g = (struct gmm){.k = k, .d = d, .shape = shape};
    g->weight = ARENA_ARRAY(a, double, 2 * n);
    g->level = g->weight + n;
    g->mean = ARENA_ARRAY(a, double, mem_mul(2 * n + 1, d) + 1);
    g->shift = g->mean + n * d;
    g->origin = g->shift + n * d;
    g->cov = ARENA_ARRAY(a, double, gmm_cov_size(shape, k, d) + 1);
    g->white = ARENA_ARRAY(a, double,
                           is_dense(g) ? mem_mul(n_white, tile_packed((int)d, d)) + 1 : n *d + 1);
    return g;
}

/* L of L L' = a into l [d, d], lower; false when a is not positive definite. */
static bool cholesky(const double *a, size_t d, double *l)
{
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j <= i; j++) {
            double s = a[i * d + j];
            for (size_t k = 0; k < j; k++)
                s -= l[i * d + k] * l[j * d + k];
            if (i == j && !(s > 0)) return false;
            l[i * d + j] = i == j ? sqrt(s) : s / l[j * d + j];
        }
    return true;
}

/* w := l^-1, lower. */
static void invert_lower(const double *l, size_t d, double *w)
{
    memset(w, 0, sizeof(double) * d * d);
    for (size_t c = 0; c < d; c++) {
        w[c * d + c] = 1.0 / l[c * d + c];
        for (size_t i = c + 1; i < d; i++) {
            double s = 0;
            for (size_t k = c; k < i; k++)
                s -= l[i * d + k] * w[k * d + c];
            w[i * d + c] = s / l[i * d + i];
        }
    }
}

/* Cluster c's shift and level by W [d, d]. */
static void whiten(struct gmm *g, size_t c, const double *w)
{
    size_t d = g->d;
    double log_det = 0, *shift = g->shift + c * d;
    for (size_t i = 0; i < d; i++) {
        shift[i] = 0;
        for (size_t j = 0; j <= i; j++)
            shift[i] += w[i * d + j] * (g->mean[c * d + j] - g->origin[j]);
        log_det += log(w[i * d + i]);
    }
    g->level[c] = log(g->weight[c]) - 0.5 * (double)d * LOG_2PI + log_det;
}

static int ready_dense(struct gmm *g)
{
    size_t d = g->d, packed = tile_packed((int)d, d);
    double *l = mem_alloc(sizeof(double) * 2 * d * d + 1), *w = l + d * d;
    int bad = -1;
    for (size_t c = 0; c < (size_t)g->k && bad < 0; c++) {
        bool is_new = c == 0 || g->shape == GMM_FULL;
        size_t at = g->shape == GMM_FULL ? c : 0;
        if (is_new && !cholesky(g->cov + at * d * d, d, l)) bad = (int)c;
        if (bad >= 0) break;
        if (is_new) {
            invert_lower(l, d, w);
            tile_pack(w, (int)d, d, g->white + at * packed);
        }
        whiten(g, c, w);
    }
    mem_free(l);
    return bad;
}

static int ready_plain(struct gmm *g)
{
    size_t d = g->d;
    for (size_t c = 0; c < (size_t)g->k; c++) {
        double log_det = 0;
        for (size_t j = 0; j < d; j++) {
            double v = g->cov[g->shape == GMM_DIAG ? c * d + j : c];
            if (!(v > 0)) return (int)c;
            g->white[c * d + j] = 1.0 / sqrt(v);
            g->shift[c * d + j] = g->mean[c * d + j] - g->origin[j];
            log_det -= 0.5 * log(v);
        }
        g->level[c] = log(g->weight[c]) - 0.5 * (double)d * LOG_2PI + log_det;
    }
    return -1;
}

int gmm_ready(struct gmm *g)
{
    memset(g->origin, 0, sizeof(double) * g->d);
    for (size_t i = 0; i < (size_t)g->k * g->d; i++)
        g->origin[i % g->d] += g->mean[i] / g->k;
    return is_dense(g) ? ready_dense(g) : ready_plain(g);
}

/* ---- densities ---- */
size_t gmm_room(const struct gmm *g)
{
    return tile_packed((int)g->d, TILE);
}

/* dots := W x; row i of W ends at column i, so a group of rows needs only the columns up to it. */
static void white_rows(const struct gmm *g, const double *packed, const double *x, double *dots)
{
    for (size_t i = 0; i < g->d; i += TILE_GROUP) {
        size_t cols = i + TILE_GROUP < g->d ? i + TILE_GROUP : g->d;
        tile_dots(x, packed + i * g->d, cols, TILE_GROUP, dots + i * TILE);
    }
}

static void plain_density(const struct gmm *g, size_t c, const double *x, double *out)
{
    const double *mean = g->shift + c * g->d, *white = g->white + c * g->d;
    for (size_t j = 0; j < g->d; j++)
        for (size_t r = 0; r < TILE; r++) {
            double z = (x[j * TILE + r] - mean[j]) * white[j];
            out[r] += z * z;
        }
}

void gmm_densities(const struct gmm *g, const double *x, double *room, double *out)
{
    size_t packed = tile_packed((int)g->d, g->d);
    for (size_t c = 0; c < (size_t)g->k; c++) {
        double square[TILE] = {0};
        if (g->shape == GMM_FULL || (g->shape == GMM_TIED && c == 0))
            white_rows(g, g->white + c * packed, x, room);
        if (is_dense(g))
            tile_distance2(room, g->shift + c * g->d, g->d, square);
        else
            plain_density(g, c, x, square);
        for (size_t r = 0; r < TILE; r++)
            out[c * TILE + r] = g->level[c] - 0.5 * square[r];
    }
}

void gmm_shares(const struct gmm *g, double *out, double *log_sum)
{
    for (size_t r = 0; r < TILE; r++) {
        double top = out[r], sum = 0;
        for (size_t c = 1; c < (size_t)g->k; c++)
            if (out[c * TILE + r] > top) top = out[c * TILE + r];
        for (size_t c = 0; c < (size_t)g->k; c++) {
            double less = out[c * TILE + r] - top;
            out[c * TILE + r] = less > -745 ? exp(less) : 0.0;
            sum += out[c * TILE + r];
        }
        log_sum[r] = top + log(sum);
        for (size_t c = 0; c < (size_t)g->k; c++)
            out[c * TILE + r] /= sum;
    }
}

double gmm_parameters(const struct gmm *g)
{
    double d = (double)g->d, k = g->k;
    double cov = g->shape == GMM_FULL   ? k * d * (d + 1) / 2
                 : g->shape == GMM_TIED ? d * (d + 1) / 2
                 : g->shape == GMM_DIAG ? k * d
                                        : k;
    return cov + k * d + k - 1;
}

/* ---- score ---- */
int gmm_width(const struct model *m)
{
    return ((const struct gmm *)m->body)->k + 1;
}

void gmm_score(const struct model *m, const struct enc_input *in, int64_t at, int n, double *out)
{
    const struct gmm *g = m->body;
    struct tiles t;
    size_t k = (size_t)g->k;
    double log_sum[TILE], *room = mem_alloc(sizeof(double) * (gmm_room(g) + k * TILE));
    double *share = room + gmm_room(g);
    tiles_open(&t, &m->enc, in, g->feature, g->origin, TILE);
    for (int i = 0; i < n; i += TILE) {
        int rows = n - i < TILE ? n - i : TILE;
        tiles_load(&t, at + i, rows);
        gmm_densities(g, t.x, room, share);
        gmm_shares(g, share, log_sum);
        for (size_t r = 0; r < (size_t)rows; r++) {
            double *row = out + ((size_t)i + r) * (k + 1);
            size_t best = 0;
            for (size_t c = 0; c < k; c++) {
                row[c + 1] = share[c * TILE + r];
                if (row[c + 1] > row[best + 1]) best = c;
            }
            row[0] = (double)best + 1;
        }
    }
    tiles_close(&t);
    mem_free(room);
}

/* ---- m.means, m.weights, m.covariances ---- */
static enum rc_t means_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct gmm *g = m->body;
    int d = (int)g->d;
    struct sheet s = sheet_new(cx, d + 1);
    sheet_column(&s, "cluster", KIND_INT);
    for (int j = 0; j < d; j++)
        sheet_column(&s, m->enc.columns[j], KIND_NUM);
    for (int c = 0; c < g->k; c++) {
        sheet_int(&s, 0, c + 1);
        for (int j = 0; j < d; j++)
            sheet_num(&s, j + 1, g->mean[(size_t)c * g->d + (size_t)j]);
    }
    return sheet_end(&s, out);
}

static enum rc_t weights_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct gmm *g = m->body;
    struct sheet s = sheet_new(cx, 2);
    sheet_column(&s, "cluster", KIND_INT);
    sheet_column(&s, "weight", KIND_NUM);
    for (int c = 0; c < g->k; c++) {
        sheet_int(&s, 0, c + 1);
        sheet_num(&s, 1, g->weight[c]);
    }
    return sheet_end(&s, out);
}

static double cov_at(const struct gmm *g, size_t c, size_t i, size_t j)
{
    size_t d = g->d;
    switch (g->shape) {
    case GMM_FULL: return g->cov[c * d * d + i * d + j];
    case GMM_TIED: return g->cov[i * d + j];
    case GMM_DIAG: return i == j ? g->cov[c * d + j] : 0.0;
    default: return i == j ? g->cov[c] : 0.0;
    }
}

static enum rc_t covariances_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct gmm *g = m->body;
    int d = (int)g->d;
    struct sheet s = sheet_new(cx, d + 2);
    sheet_column(&s, "cluster", KIND_INT);
    sheet_column(&s, "term", KIND_STR);
    for (int j = 0; j < d; j++)
        sheet_column(&s, m->enc.columns[j], KIND_NUM);
    for (int c = 0; c < g->k; c++)
        for (int i = 0; i < d; i++) {
            sheet_int(&s, 0, c + 1);
            sheet_text(&s, 1, m->enc.columns[i]);
            for (int j = 0; j < d; j++)
                sheet_num(&s, j + 2, cov_at(g, (size_t)c, (size_t)i, (size_t)j));
        }
    return sheet_end(&s, out);
}

const struct model_part gmm_parts[] = {
    {"means", "the mean of each cluster in the columns of the design", means_table},
    {"weights", "the share of each cluster", weights_table},
    {"covariances", "a row for each cluster and column", covariances_table},
    {NULL, NULL, NULL}};

int gmm_bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title)
{
    const struct gmm *g = m->body;
    struct card_bar *bars = ARENA_ARRAY(a, struct card_bar, g->k);
    for (int c = 0; c < g->k; c++) {
        struct card_bar bar = {arena_printf(a, "cluster %d", c + 1), g->weight[c]};
        int at = c;
        for (; at > 0 && bar.value > bars[at - 1].value; at--)
            bars[at] = bars[at - 1];
        bars[at] = bar;
    }
    *out = bars;
    *title = "weights";
    return g->k;
}

/* ---- model file ---- */
void gmm_save(const struct model *m, struct json_out *out)
{
    const struct gmm *g = m->body;
    json_out_key(out, "shape");
    json_out_int(out, (int64_t)g->shape);
    json_out_nums(out, "weights", g->weight, (size_t)g->k);
    json_out_nums(out, "means", g->mean, (size_t)g->k * g->d);
    json_out_nums(out, "covariances", g->cov, gmm_cov_size(g->shape, g->k, g->d));
}

enum rc_t gmm_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *weights;
    int64_t shape;
    size_t d = (size_t)m->enc.n_cols;
    TRY(json_get_int(cx, j, "shape", GMM_FULL, GMM_SPHERICAL, &shape));
    TRY(json_get_list(cx, j, "weights", CLUSTERS_MAX, &weights));
    int k = (int)json_array_size(weights);
    size_t n_cov = d ? gmm_cov_size((enum gmm_shape)shape, k, d) : 0;
    if (k < 1 || json_array_size(json_object_get(j, "covariances")) != n_cov || n_cov == 0)
        return json_bad(cx, "the covariances do not fit the clusters");
    struct gmm *g = gmm_new(m->arena, k, d, (enum gmm_shape)shape);
    TRY(json_get_nums(cx, j, "weights", g->weight, (size_t)k));
    TRY(json_get_nums(cx, j, "means", g->mean, (size_t)k * d));
    TRY(json_get_nums(cx, j, "covariances", g->cov, n_cov));
    g->feature = tile_features(m->arena, &m->enc);
    if (gmm_ready(g) >= 0) return json_bad(cx, "a covariance is singular");
    m->body = g;
    return RC_OK;
}

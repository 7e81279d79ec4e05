/* tile.c: loading tiles of rows and the inner loops over them. The loops are written with vectors
 * of eight doubles, which the compiler splits where the machine has narrower ones. */
#include "runtime/ml/models/tile_int.h"

#include "runtime/base/kernel.h"

#include <math.h>

typedef double v8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef int64_t i8v __attribute__((vector_size(64), aligned(8), may_alias));

/* ---- rows -> tile ---- */
const int *tile_features(struct arena *a, const struct encoder *e)
{
    int *out = ARENA_ARRAY(a, int, e->n_cols + 1);
    for (int k = 0; k < e->n_parts; k++) {
        const struct enc_part *p = &e->parts[k];
        if (p->n_factors != 1 || e->features[p->factors[0].feature].kind != ENC_NUMBER) return NULL;
        out[p->first] = p->factors[0].feature;
    }
    return out;
}

size_t tile_columns(size_t d)
{
    return (d + 3) / 4 * 4;
}

void tiles_open(struct tiles *t, const struct encoder *e, const struct enc_input *in,
                const int *feature, const double *origin, size_t height)
{
    size_t d = (size_t)e->n_cols, cols = tile_columns(d);
    size_t cells = (cols + (feature ? 0 : d)) * height;
    t->enc = e;
    t->in = in;
    t->feature = feature;
    t->origin = origin;
    t->d = d;
    t->height = height;
    t->x = cells <= TILE_OWN ? t->own : mem_alloc(sizeof(double) * cells);
    t->row_major = feature ? NULL : t->x + cols * height;
    memset(t->x + d * height, 0, sizeof(double) * (cols - d) * height);
}

void tiles_close(struct tiles *t)
{
    if (t->x != t->own) mem_free(t->x);
}

KERNEL static void load_column(const double *restrict from, double origin, size_t n,
                               double *restrict to)
{
    for (size_t r = 0; r < n; r++)
        to[r] = from[r] - origin;
}

/* Row-major rows of the encoder into the tile. */
static void turn(struct tiles *t, int n)
{
    for (size_t j = 0; j < t->d; j++) {
        double origin = t->origin ? t->origin[j] : 0.0, *x = t->x + j * t->height;
        for (int r = 0; r < n; r++)
            x[r] = t->row_major[(size_t)r * t->d + j] - origin;
    }
}

static void pad(struct tiles *t, int n)
{
    size_t from = (size_t)n;
    for (size_t j = 0; from < t->height && j < t->d; j++)
        for (size_t r = from; r < t->height; r++)
            t->x[j * t->height + r] = 0.0;
}

void tiles_load(struct tiles *t, int64_t at, int n)
{
    if (!t->feature) {
        enc_fill(t->enc, t->in, at, n, t->row_major);
        turn(t, n);
    }
    for (size_t j = 0; t->feature && j < t->d; j++) {
        const double *from = t->in->num[t->feature[j]] + at;
        double origin = t->origin ? t->origin[j] : 0.0, *x = t->x + j * t->height;
        load_column(from, origin, (size_t)n, x);
    }
    pad(t, n);
}

void tiles_gather(struct tiles *t, const int64_t *row, int n)
{
    if (!t->feature) {
        for (int r = 0; r < n; r++)
            enc_fill(t->enc, t->in, row[r], 1, t->row_major + (size_t)r * t->d);
        turn(t, n);
    }
    for (size_t j = 0; t->feature && j < t->d; j++) {
        const double *from = t->in->num[t->feature[j]];
        double origin = t->origin ? t->origin[j] : 0.0, *x = t->x + j * t->height;
        for (int r = 0; r < n; r++)
            x[r] = from[row[r]] - origin;
    }
    pad(t, n);
}

void tiles_unit(struct tiles *t, double *length)
{
    double sum[TILE] = {0};
    for (size_t j = 0; j < t->d; j++)
        for (size_t r = 0; r < TILE; r++)
            sum[r] += t->x[j * TILE + r] * t->x[j * TILE + r];
    for (size_t r = 0; r < TILE; r++)
        length[r] = sqrt(sum[r]);
    for (size_t j = 0; j < t->d; j++)
        for (size_t r = 0; r < TILE; r++)
            if (length[r] > 0) t->x[j * TILE + r] /= length[r];
}

/* ---- products ---- */
size_t tile_packed(int k, size_t d)
{
    return mem_mul(((size_t)k + TILE_GROUP - 1) / TILE_GROUP * TILE_GROUP, d);
}

void tile_pack(const double *vectors, int k, size_t d, double *out)
{
    memset(out, 0, sizeof(double) * tile_packed(k, d));
    for (size_t v = 0; v < (size_t)k; v++)
        for (size_t j = 0; j < d; j++)
            out[(v / TILE_GROUP * d + j) * TILE_GROUP + v % TILE_GROUP] = vectors[v * d + j];
}

KERNEL static void dots(const double *restrict x, const double *restrict c, size_t d, size_t groups,
                        double *restrict out)
{
    for (size_t g = 0; g < groups; g++) {
        v8 a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
        for (size_t j = 0; j < d; j++, c += TILE_GROUP) {
            v8 u = *(const v8 *)(x + j * TILE), v = *(const v8 *)(x + j * TILE + 8);
            a0 += u * c[0];
            b0 += v * c[0];
            a1 += u * c[1];
            b1 += v * c[1];
            a2 += u * c[2];
            b2 += v * c[2];
            a3 += u * c[3];
            b3 += v * c[3];
        }
        v8 *o = (v8 *)(out + g * TILE_GROUP * TILE);
        o[0] = a0, o[1] = b0, o[2] = a1, o[3] = b1;
        o[4] = a2, o[5] = b2, o[6] = a3, o[7] = b3;
    }
}

void tile_dots(const double *x, const double *packed, size_t d, int k, double *out)
{
    dots(x, packed, d, ((size_t)k + TILE_GROUP - 1) / TILE_GROUP, out);
}

/* Where mask is set (all ones) a, else b. */
#define PICK(mask, a, b) (((mask) & (a)) | (~(mask) & (b)))

KERNEL static void nearest(const double *restrict dot, const double *restrict half, size_t k,
                           double *restrict first, double *restrict second, int64_t *restrict at)
{
    for (size_t h = 0; h < TILE; h += 8) {
        v8 best = half[0] - *(const v8 *)(dot + h), next = best * 0.0 + (double)INFINITY;
        i8v which = {0};
        for (size_t c = 1; c < k; c++) {
            v8 s = half[c] - *(const v8 *)(dot + c * TILE + h);
            i8v closer = s < best, is_next = s < next;
            v8 rest = (v8)PICK(is_next, (i8v)s, (i8v)next);
            next = (v8)PICK(closer, (i8v)best, (i8v)rest);
            best = (v8)PICK(closer, (i8v)s, (i8v)best);
            which = PICK(closer, (int64_t)c + (i8v){0}, which);
        }
        *(v8 *)(first + h) = best;
        *(v8 *)(second + h) = next;
        *(i8v *)(at + h) = which;
    }
}

void tile_nearest(const double *dot, const double *half, int k, struct tile_best *out)
{
    nearest(dot, half, (size_t)k, out->first, out->second, out->at);
}

KERNEL static void distance2(const double *restrict x, const double *restrict vector, size_t d,
                             double *restrict out)
{
    v8 a = {0}, b = {0};
    for (size_t j = 0; j < d; j++) {
        v8 u = *(const v8 *)(x + j * TILE) - vector[j];
        v8 v = *(const v8 *)(x + j * TILE + 8) - vector[j];
        a += u * u;
        b += v * v;
    }
    *(v8 *)out = a;
    *(v8 *)(out + 8) = b;
}

void tile_distance2(const double *x, const double *vector, size_t d, double *out)
{
    distance2(x, vector, d, out);
}

/* By address: a vector as an argument has no one ABI over the instruction sets of KERNEL. */
static inline double lanes(const v8 *at)
{
    const double *s = (const double *)at;
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

KERNEL static void moments(const double *restrict x, size_t d, double *restrict out)
{
    for (size_t j = 0; j < d; j++, x += TILE) {
        v8 u = *(const v8 *)x, v = *(const v8 *)(x + 8);
        v8 sum = u + v, squares = u * u + v * v;
        out[2 * j] += lanes(&sum);
        out[2 * j + 1] += lanes(&squares);
    }
}

void tile_moments(const double *x, size_t d, double *out)
{
    moments(x, d, out);
}

/* ---- Gram matrix ---- */

/* Two columns of y against four of x over n rows, n a multiple of 8; ld: from one to the next. */
KERNEL static void gram_block(const double *restrict y, const double *restrict x, size_t n,
                              size_t ld, double *restrict out, size_t ld_out)
{
    v8 a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
    for (size_t r = 0; r < n; r += 8) {
        v8 u = *(const v8 *)(y + r), v = *(const v8 *)(y + ld + r);
        v8 p = *(const v8 *)(x + r), q = *(const v8 *)(x + ld + r);
        a0 += u * p;
        b0 += v * p;
        a1 += u * q;
        b1 += v * q;
        p = *(const v8 *)(x + 2 * ld + r), q = *(const v8 *)(x + 3 * ld + r);
        a2 += u * p;
        b2 += v * p;
        a3 += u * q;
        b3 += v * q;
    }
    out[0] += lanes(&a0), out[1] += lanes(&a1), out[2] += lanes(&a2), out[3] += lanes(&a3);
    out += ld_out;
    out[0] += lanes(&b0), out[1] += lanes(&b1), out[2] += lanes(&b2), out[3] += lanes(&b3);
}

void tile_gram(const double *y, const double *x, size_t height, size_t n, size_t d, double *gram)
{
    for (size_t i = 0; i < d; i += 2)
        for (size_t j = 0; j <= i; j += 4)
            gram_block(y + i * height, x + j * height, n, height, gram + i * d + j, d);
}

void tile_weigh(const double *x, size_t d, size_t height, const double *w, int n, double *out)
{
    for (size_t j = 0; j < d; j++, x += height, out += height) {
        for (size_t r = 0; r < (size_t)n; r++)
            out[r] = x[r] * w[r];
        for (size_t r = (size_t)n; r < height; r++)
            out[r] = 0.0;
    }
}

KERNEL static double column_sum(const double *restrict x, size_t height)
{
    v8 s = {0};
    for (size_t r = 0; r < height; r += 8)
        s += *(const v8 *)(x + r);
    return lanes(&s);
}

void tile_sums(const double *x, size_t height, size_t d, double *out)
{
    for (size_t j = 0; j < d; j++)
        out[j] += column_sum(x + j * height, height);
}

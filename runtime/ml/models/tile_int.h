/* tile_int.h: sixteen rows of the design at a time, column after column, less a fixed origin: the
 * form in which distances, projections and Gram matrices run at the speed of the vector units
 * without a dense copy of all rows. Plain numeric columns are read where they lie. No multiply is
 * fused with its add, so every machine gives the same bits. */
#ifndef MLNB_ML_MODELS_TILE_INT_H
#define MLNB_ML_MODELS_TILE_INT_H

#include "runtime/ml/ml_int.h"

#define TILE       16
#define TILE_GROUP 4   /* vectors that are multiplied at once */
#define TILE_OWN   512 /* doubles kept in the struct itself */

/* Feature behind each column of the design, in `a`; NULL when some column is not a plain number. */
const int *tile_features(struct arena *a, const struct encoder *e);

struct tiles {
    const struct encoder *enc;
    const struct enc_input *in;
    const int *feature;   /* tile_features */
    const double *origin; /* [d] or NULL: taken off every row */
    size_t d, height;     /* rows of a tile: TILE, or more for Gram matrices */
    double *x;            /* [tile_columns(d), height]; rows beyond n and columns beyond d are 0 */
    double *row_major;    /* [height, d] when the columns are not plain */
    double own[TILE_OWN];
};
size_t tile_columns(size_t d); /* d rounded up to whole blocks of a Gram matrix */
/* `feature`, `origin` stay the caller's; height: a multiple of TILE. */
void tiles_open(struct tiles *t, const struct encoder *e, const struct enc_input *in,
                const int *feature, const double *origin, size_t height);
void tiles_close(struct tiles *t);
/* Rows at..at + n, n <= height. */
void tiles_load(struct tiles *t, int64_t at, int n);
/* Rows row[0..n - 1]. */
void tiles_gather(struct tiles *t, const int64_t *row, int n);
/* Rows of unit length (origin NULL, height TILE); length [TILE]: what it was. Rows of length 0 stay
 * 0. */
void tiles_unit(struct tiles *t, double *length);

/* k vectors [k, d] row-major -> groups of TILE_GROUP, as tile_dots reads them: tile_packed(k, d)
 * doubles, what is missing in the last group is 0. */
size_t tile_packed(int k, size_t d);
void tile_pack(const double *vectors, int k, size_t d, double *out);
/* out[v * TILE + r] = row r . vector v, v rounded up to whole groups. */
void tile_dots(const double *x, const double *packed, size_t d, int k, double *out);
/* Smallest of half[v] - dots[v] a row, the next smallest, and which it was: the lower one of equal.
 * k >= 1; with one vector `second` is infinite. */
struct tile_best {
    double first[TILE], second[TILE];
    int64_t at[TILE];
};
void tile_nearest(const double *dots, const double *half, int k, struct tile_best *out);
/* out[r] = sum over columns of (x - v)^2. */
void tile_distance2(const double *x, const double *vector, size_t d, double *out);
/* out[2 j] += sum over the rows of column j, out[2 j + 1] += of its squares. */
void tile_moments(const double *x, size_t d, double *out);
/* gram[i * d + j] += sum over rows of y_i x_j, j <= i (blocks on the diagonal are filled whole);
 * d = tile_columns of what is meant; y, x: [d, height], of which n rows (a multiple of 8) count. y
 * is x, or x with its rows weighted. */
void tile_gram(const double *y, const double *x, size_t height, size_t n, size_t d, double *gram);
/* out [d, height]: x with row r times w[r], r < n; rows beyond are 0. */
void tile_weigh(const double *x, size_t d, size_t height, const double *w, int n, double *out);
/* out[j] += sum of column j. */
void tile_sums(const double *x, size_t height, size_t d, double *out);

#endif

/* hist.c: histograms of gradients. Cells are whole numbers, so that sums have no order. */
#include "runtime/ml/tree/tree.h"

#define AHEAD 24 /* rows: what a prefetch needs to arrive in time */

static inline int64_t packed_g(int64_t x)
{
    return x >> 32; /* arithmetic: the weight below is never negative */
}
static inline int64_t packed_h(int64_t x)
{
    return x & 0xffffffff;
}

/* m columns of rows that are `stride` bytes apart. */
static void add_group(const uint8_t *bins, size_t stride, int m, const int32_t *first,
                      const int64_t *gh, const uint32_t *rows, int64_t n, int64_t *restrict cell)
{
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            const uint8_t *next = bins + rows[i + AHEAD] * stride;
            __builtin_prefetch(next);
            __builtin_prefetch(next + m - 1);
            __builtin_prefetch(gh + rows[i + AHEAD]);
        }
        int64_t v = gh[rows[i]];
        const uint8_t *bin = bins + rows[i] * stride;
        int k = 0;
        for (; k + 4 <= m; k += 4) {
            cell[first[k] + bin[k]] += v;
            cell[first[k + 1] + bin[k + 1]] += v;
            cell[first[k + 2] + bin[k + 2]] += v;
            cell[first[k + 3] + bin[k + 3]] += v;
        }
        for (; k < m; k++)
            cell[first[k] + bin[k]] += v;
    }
}

#define GROUP_CELLS 8192 /* of one sweep: 64 KB */
#define GROUP_COLS  512

void hist_add_rows(const struct tree_bins *b, const struct tree_target *y, const uint32_t *rows,
                   int64_t n, int64_t *cell)
{
    int32_t first[GROUP_COLS];
    for (int from = 0; from < b->n_cols;) {
        int m = 0, cells = 0;
        while (from + m < b->n_cols && m < GROUP_COLS &&
               (m == 0 || cells + b->cols[from + m].n_bins < GROUP_CELLS)) {
            first[m] = b->cols[from + m].first;
            cells += b->cols[from + m].n_bins + 1;
            m++;
        }
        add_group(b->by_row + from, (size_t)b->n_cols, m, first, y->gh, rows, n, cell);
        from += m;
    }
}

void hist_flush(int64_t *restrict packed, int64_t *restrict wide, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t x = packed[i];
        wide[2 * i] += packed_g(x);
        wide[2 * i + 1] += packed_h(x);
        packed[i] = 0;
    }
}

/* Width of `small` is that of its rows; big is wide when it has more. */
void hist_subtract(struct tree_hist *big, const struct tree_hist *small, int64_t n_cells,
                   bool to_narrow)
{
    int64_t *b = big->cell;
    const int64_t *s = small->cell;
    if (!big->is_wide) {
        for (int64_t i = 0; i < n_cells; i++)
            b[i] -= s[i];
        return;
    }
    for (int64_t i = 0; i < n_cells; i++) {
        int64_t g = b[2 * i] - (small->is_wide ? s[2 * i] : packed_g(s[i]));
        int64_t h = b[2 * i + 1] - (small->is_wide ? s[2 * i + 1] : packed_h(s[i]));
        if (to_narrow) { /* cell i lies at or before what is still to read */
            b[i] = g * ((int64_t)1 << 32) + h;
        } else {
            b[2 * i] = g;
            b[2 * i + 1] = h;
        }
    }
    big->is_wide = !to_narrow;
}

/* ---- cells of a column ---- */
static inline void put_cell(struct tree_cells *out, int bin, int64_t g, int64_t h,
                            const struct tree_target *y)
{
    out->bin[out->n] = (uint16_t)bin;
    out->g[out->n] = (double)g * y->g_unit;
    out->h[out->n] = (double)h * y->h_unit;
    out->n += (g | h) != 0;
}

/* The last entry taken is the null bin: it counts apart. */
static void end_cells(struct tree_cells *out, int n_bins)
{
    out->has_missing = out->n > 0 && out->bin[out->n - 1] == n_bins;
    out->n -= out->has_missing;
}

void hist_cells(const struct tree_hist *h, const struct tree_column *c, const struct tree_target *y,
                struct tree_cells *out)
{
    const int64_t *cell = h->cell + (h->is_wide ? 2 : 1) * (int64_t)c->first;
    out->n = 0;
    if (h->is_wide)
        for (int b = 0; b <= c->n_bins; b++)
            put_cell(out, b, cell[2 * b], cell[2 * b + 1], y);
    else
        for (int b = 0; b <= c->n_bins; b++)
            put_cell(out, b, packed_g(cell[b]), packed_h(cell[b]), y);
    end_cells(out, c->n_bins);
}

/* ---- one column over a node's rows ---- */
/* Two sums side by side: neighbours of the same bin do not wait for each other. */
static void add_column(const uint8_t *restrict bins, const uint32_t *restrict rows,
                       const int64_t *restrict gh, int64_t n, int64_t *restrict even,
                       int64_t *restrict odd)
{
    int64_t i = 0;
    for (; i + 1 < n; i += 2) {
        even[bins[rows[i]]] += gh[i];
        odd[bins[rows[i + 1]]] += gh[i + 1];
    }
    if (i < n) even[bins[rows[i]]] += gh[i];
}

/* Few rows: only the cells they touch are looked at and cleared. */
static void few_rows(const struct tree_column *c, const uint8_t *bins, const struct tree_target *y,
                     const uint32_t *rows, const int64_t *gh, int64_t n, int64_t *cell,
                     struct tree_cells *out)
{
    uint64_t seen[4] = {0};
    for (int64_t i = 0; i < n; i++) {
        unsigned b = bins[rows[i]];
        cell[b] += gh[i];
        seen[b >> 6] |= (uint64_t)1 << (b & 63);
    }
    for (int w = 0; w < 4; w++)
        for (uint64_t s = seen[w]; s; s &= s - 1) {
            int b = 64 * w + __builtin_ctzll(s);
            put_cell(out, b, packed_g(cell[b]), packed_h(cell[b]), y);
            cell[b] = 0;
        }
    end_cells(out, c->n_bins);
}

void hist_column(const struct tree_column *c, const uint8_t *bins, const struct tree_target *y,
                 const uint32_t *rows, const int64_t *gh, int64_t n, int64_t *scratch,
                 struct tree_cells *out)
{
    int64_t *even = scratch, *odd = even + TREE_CELLS, *wide = odd + TREE_CELLS;
    out->n = 0;
    if (n <= 128 && n <= y->narrow) {
        few_rows(c, bins, y, rows, gh, n, even, out);
        return;
    }
    for (int64_t at = 0; at < n; at += y->narrow) {
        int64_t k = n - at < y->narrow ? n - at : y->narrow;
        add_column(bins, rows + at, gh + at, k, even, odd);
        hist_flush(even, wide, c->n_bins + 1);
        hist_flush(odd, wide, c->n_bins + 1);
    }
    for (int b = 0; b <= c->n_bins; b++)
        put_cell(out, b, wide[2 * b], wide[2 * b + 1], y);
    memset(wide, 0, sizeof *wide * 2 * (size_t)(c->n_bins + 1));
    end_cells(out, c->n_bins);
}

void hist_classes(const struct tree_column *c, const uint8_t *bins, const struct tree_target *y,
                  const uint32_t *rows, int64_t n, int64_t *cell)
{
    size_t k = (size_t)y->n_classes;
    memset(cell, 0, sizeof *cell * k * (size_t)(c->n_bins + 1));
    for (int64_t i = 0; i < n; i++) {
        uint32_t r = rows[i];
        cell[bins[r] * k + y->cls[r]] += y->gh[r];
    }
}

struct tree_sums hist_total(const struct tree_target *y, const uint32_t *rows, int64_t n)
{
    int64_t g = 0, h = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t x = y->gh[rows[i]];
        g += packed_g(x);
        h += packed_h(x);
    }
    return (struct tree_sums){(double)g * y->g_unit, (double)h * y->h_unit};
}

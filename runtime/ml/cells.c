/* cells.c: parts of the design that have a list among their factors: every cell of the list is a
 * cell of the row, times the numbers and at the place of the categories beside it. */
#include "runtime/ml/text_int.h"

struct cell_row {
    const int32_t *col;
    const double *value;
    int64_t n;
    int base;     /* column of the list's column 0 */
    double times; /* the other factors' numbers */
};

/* The cells of row i; none where a category has no column. */
static struct cell_row row_of(const struct enc_part *p, const struct enc_input *in, int64_t i)
{
    const struct enc_cells *c = in->cells[p->list->feature];
    struct cell_row r = {.base = p->first, .times = 1.0};
    int stride = 1;
    for (int k = 0; k < p->n_factors; k++) {
        const struct enc_factor *f = &p->factors[k];
        if (f == p->list) {
            stride *= f->n;
            continue;
        }
        if (!f->local) {
            r.times *= in->num[f->feature][i];
            continue;
        }
        int32_t code = in->code[f->feature][i];
        int32_t local = code < 0 ? -1 : f->local[code];
        if (local < 0) return r;
        r.base += stride * local;
        stride *= f->n;
    }
    int64_t from = c->first[i];
    r.col = c->col + from;
    r.value = c->value + from;
    r.n = c->first[i + 1] - from;
    return r;
}

void cells_fill(const struct enc_part *p, const struct enc_input *in, int64_t at, int n, double *x,
                size_t row_step, size_t col_step)
{
    size_t stride = (size_t)p->list_stride * col_step;
    for (int i = 0; i < n; i++) {
        struct cell_row r = row_of(p, in, at + i);
        double *to = x + (size_t)i * row_step + (size_t)r.base * col_step;
        for (int64_t k = 0; k < r.n; k++)
            to[stride * (size_t)r.col[k]] = r.times * r.value[k];
    }
}

void cells_dot(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
               const double *beta, double *out)
{
    size_t stride = (size_t)p->list_stride;
    for (int i = 0; i < n; i++) {
        struct cell_row r = row_of(p, in, at + i);
        const double *b = beta + r.base;
        double sum = 0.0;
        for (int64_t k = 0; k < r.n; k++)
            sum += b[stride * (size_t)r.col[k]] * r.value[k];
        out[i] += r.times * sum;
    }
}

void cells_add(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
               const double *coef, double *grad)
{
    size_t stride = (size_t)p->list_stride;
    for (int i = 0; i < n; i++) {
        struct cell_row r = row_of(p, in, at + i);
        double *g = grad + r.base, c = coef[i] * r.times;
        if (c == 0.0) continue;
        for (int64_t k = 0; k < r.n; k++)
            g[stride * (size_t)r.col[k]] += c * r.value[k];
    }
}

void cells_add_squares(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
                       const double *coef, const double *shift, double *sum, double *squares)
{
    for (int i = 0; i < n; i++) {
        struct cell_row r = row_of(p, in, at + i);
        double c = coef ? coef[i] : 1.0;
        for (int64_t k = 0; k < r.n; k++) {
            size_t col = (size_t)r.base + (size_t)p->list_stride * (size_t)r.col[k];
            double v = r.times * r.value[k] - shift[col];
            sum[col] += c * v;
            squares[col] += c * v * v;
        }
    }
}

/* encode.c: values -> codes, codes and numbers -> rows of the design. Every part of the design has
 * at most one non-zero column in a row, so filling and scoring walk parts, not columns. */
#include "runtime/ml/text_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/ml/vec_int.h"

/* ---- look-up of levels ---- */
static int compare_values(const struct scalar *a, const struct scalar *b)
{
    switch (a->type.kind) {
    case KIND_STR:
    case KIND_CAT: return str_cmp(a->u.s, b->u.s);
    case KIND_NUM: return (a->u.f > b->u.f) - (a->u.f < b->u.f);
    case KIND_BOOL: return (int)a->u.b - (int)b->u.b;
    default: return (a->u.i > b->u.i) - (a->u.i < b->u.i);
    }
}

void enc_index_levels(struct arena *a, struct enc_feature *f)
{
    f->order = ARENA_ARRAY(a, int, f->n_levels + 1);
    for (int i = 0; i < f->n_levels; i++) { /* binary insertion: levels come almost sorted */
        int lo = 0, hi = i;
        while (lo < hi) {
            int mid = (lo + hi) / 2;
            if (compare_values(&f->levels[f->order[mid]].value, &f->levels[i].value) <= 0)
                lo = mid + 1;
            else
                hi = mid;
        }
        memmove(f->order + lo + 1, f->order + lo, sizeof(int) * (size_t)(i - lo));
        f->order[lo] = i;
    }
}

static int32_t find_level(const struct enc_feature *f, const struct scalar *v)
{
    int lo = 0, hi = f->n_levels;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        int order = compare_values(&f->levels[f->order[mid]].value, v);
        if (order == 0) return f->order[mid];
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return f->has_other ? f->n_levels : CODE_UNSEEN;
}

/* Value i of a vector in the form of the levels: text as text, whole numbers as i, f64 as f. */
static struct scalar vec_value(const struct enc_feature *f, const struct vec *v, int64_t i)
{
    struct scalar s = {.type = f->n_levels ? f->levels[0].value.type : DTYPE(KIND_STR)};
    switch (v->phys) {
    case PHYS_STR: s.u.s = text_str((const struct text *)v->data + i); break;
    case PHYS_DICT:
        s.u.s = text_str((const struct text *)v->dict->data + ((const int32_t *)v->data)[i]);
        break;
    case PHYS_BOOL: s.u.b = bit_get(v->data, i); break;
    case PHYS_F64: s.u.f = ((const double *)v->data)[i]; break;
    case PHYS_F32: s.u.f = (double)((const float *)v->data)[i]; break;
    case PHYS_I32:
    case PHYS_DATE32: s.u.i = ((const int32_t *)v->data)[i]; break;
    case PHYS_I64:
    case PHYS_TS64:
    case PHYS_DUR64: s.u.i = ((const int64_t *)v->data)[i]; break;
    default: break; /* lists and structs were refused when the formula was fitted */
    }
    return s;
}

#define CODE_UNKNOWN (-3)

/* Dictionary text: each dictionary entry is looked up once. */
static enum rc_t dict_codes(struct ctx *cx, const struct enc_feature *f, const struct vec *v,
                            int64_t n, int32_t *out)
{
    void *map_p = NULL;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)v->dict->n + 1, &map_p));
    int32_t *map = map_p;
    for (int64_t i = 0; i < v->dict->n; i++)
        map[i] = CODE_UNKNOWN;
    const int32_t *codes = v->data;
    for (int64_t i = 0; i < n; i++) {
        if (!bit_valid(v->valid, i)) {
            out[i] = CODE_NULL;
            continue;
        }
        int32_t *slot = &map[codes[i]];
        if (*slot == CODE_UNKNOWN) {
            struct scalar s = vec_value(f, v, i);
            *slot = find_level(f, &s);
        }
        out[i] = *slot;
    }
    mem_big_free(map_p);
    return RC_OK;
}

enum rc_t enc_codes(struct ctx *cx, const struct enc_feature *f, const struct vec *v, int64_t n,
                    int32_t *out)
{
    if (v->phys == PHYS_DICT && !v->is_const && v->dict->n <= 4 * n + 64)
        return dict_codes(cx, f, v, n, out);
    int32_t first = CODE_NULL;
    for (int64_t i = 0; i < n; i++) {
        if (v->is_const && i > 0) {
            out[i] = first;
            continue;
        }
        out[i] = CODE_NULL;
        if (bit_valid(v->valid, i)) {
            struct scalar s = vec_value(f, v, i);
            out[i] = find_level(f, &s);
        }
        first = out[i];
    }
    return RC_OK;
}

/* ---- rows of the design ---- */
/* Column of the part that is not zero in row i (-1: none), and its value. */
static inline int part_cell(const struct enc_part *p, const struct enc_input *in, int64_t i,
                            double *value)
{
    int at = 0, stride = 1;
    double v = 1.0;
    for (int k = 0; k < p->n_factors; k++) {
        const struct enc_factor *f = &p->factors[k];
        if (!f->local) {
            v *= in->num[f->feature][i];
            continue;
        }
        int32_t code = in->code[f->feature][i];
        int32_t local = code < 0 ? -1 : f->local[code];
        if (local < 0) return -1;
        at += stride * local;
        stride *= f->n;
    }
    *value = v;
    return p->first + at;
}

/* One part's cells of rows at..at + n; x: first of these rows, p columns. */
static void fill_part(const struct enc_part *part, const struct enc_input *in, int64_t at, int n,
                      double *x, size_t p)
{
    if (part->list) {
        cells_fill(part, in, at, n, x, p, 1);
        return;
    }
    if (part->n_factors == 1 && !part->factors[0].local) {
        const double *num = in->num[part->factors[0].feature] + at;
        for (int i = 0; i < n; i++)
            x[(size_t)i * p + (size_t)part->first] = num[i];
        return;
    }
    for (int i = 0; i < n; i++) {
        double v;
        int col = part_cell(part, in, at + i, &v);
        if (col >= 0) x[(size_t)i * p + (size_t)col] = v;
    }
}

#define TILE_ROWS 32 /* rows that stay in the nearest cache while the parts go over them */

void enc_fill(const struct encoder *e, const struct enc_input *in, int64_t at, int n, double *x)
{
    size_t p = (size_t)e->n_cols;
    if (n > 0 && p > 0) memset(x, 0, sizeof(double) * p * (size_t)n);
    for (int from = 0; from < n; from += TILE_ROWS) {
        int rows = n - from < TILE_ROWS ? n - from : TILE_ROWS;
        for (int k = 0; k < e->n_parts; k++)
            fill_part(&e->parts[k], in, at + from, rows, x + (size_t)from * p, p);
    }
}

bool enc_has_offset(const struct encoder *e)
{
    return e->n_terms > 0 && e->terms[e->n_terms - 1].is_offset;
}

/* Parts of one plain number are most parts: their loops are worth a name and wide vectors. */
static const double *plain_number(const struct enc_part *p, const struct enc_input *in, int64_t at)
{
    bool is_plain = p->n_factors == 1 && p->n == 1 && !p->factors[0].local;
    const double *num = is_plain ? in->num[p->factors[0].feature] : NULL;
    return num ? num + at : NULL;
}

void enc_columns(const struct encoder *e, const struct enc_input *in, int64_t at, int n, double *x)
{
    for (int k = 0; k < e->n_parts; k++) {
        const struct enc_part *p = &e->parts[k];
        const double *num = plain_number(p, in, at);
        double *to = x + (size_t)p->first * (size_t)n;
        if (num) {
            memcpy(to, num, sizeof(double) * (size_t)n);
            continue;
        }
        memset(to, 0, sizeof(double) * (size_t)p->n * (size_t)n);
        if (p->list) {
            cells_fill(p, in, at, n, x, 1, (size_t)n);
            continue;
        }
        for (int i = 0; i < n; i++) {
            double v;
            int col = part_cell(p, in, at + i, &v);
            if (col >= 0) x[(size_t)col * (size_t)n + (size_t)i] = v;
        }
    }
}

/* One category: out[i] += beta of its column. */
static void dot_category(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
                         const double *beta, double *out)
{
    const struct enc_factor *f = &p->factors[0];
    const int32_t *code = in->code[f->feature] + at;
    for (int i = 0; i < n; i++) {
        int32_t local = code[i] < 0 ? -1 : f->local[code[i]];
        if (local >= 0) out[i] += beta[p->first + local];
    }
}

static bool is_category(const struct enc_part *p, const struct enc_input *in)
{
    return p->n_factors == 1 && p->factors[0].local && in->code[p->factors[0].feature];
}

static void dot_part(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
                     const double *beta, double *out)
{
    const double *num = plain_number(p, in, at);
    if (num) {
        if (beta[p->first] != 0) vec_axpy(n, beta[p->first], num, out);
        return;
    }
    if (p->list) {
        cells_dot(p, in, at, n, beta, out);
        return;
    }
    if (is_category(p, in)) {
        dot_category(p, in, at, n, beta, out);
        return;
    }
    for (int i = 0; i < n; i++) {
        double v;
        int col = part_cell(p, in, at + i, &v);
        if (col >= 0) out[i] += beta[col] * v;
    }
}

void enc_dot_columns(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
                     const double *beta, double *out)
{
    for (int k = 0; k < e->n_parts; k++)
        dot_part(&e->parts[k], in, at, n, beta, out);
}

void enc_dot(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
             const double *beta, double *out)
{
    enc_dot_columns(e, in, at, n, beta, out);
    for (int t = e->n_terms; t-- > 0 && e->terms[t].is_offset;) {
        const double *num = in->num[e->terms[t].features[0]] + at;
        for (int i = 0; i < n; i++)
            out[i] += num[i];
    }
}

static void add_category(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
                         const double *coef, double *grad)
{
    const struct enc_factor *f = &p->factors[0];
    const int32_t *code = in->code[f->feature] + at, *local = f->local;
    double *to = grad + p->first;
    for (int i = 0; i < n; i++) {
        int32_t col = code[i] < 0 ? -1 : local[code[i]];
        if (col >= 0) to[col] += coef[i];
    }
}

void enc_add(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
             const double *coef, double *grad)
{
    for (int k = 0; k < e->n_parts; k++) {
        const struct enc_part *p = &e->parts[k];
        const double *num = plain_number(p, in, at);
        if (num) {
            grad[p->first] += vec_dot(n, num, coef);
            continue;
        }
        if (is_category(p, in)) {
            add_category(p, in, at, n, coef, grad);
            continue;
        }
        if (p->list) {
            cells_add(p, in, at, n, coef, grad);
            continue;
        }
        for (int i = 0; i < n; i++) {
            double v;
            int col = part_cell(p, in, at + i, &v);
            if (col >= 0) grad[col] += coef[i] * v;
        }
    }
}

void enc_add_squares(const struct encoder *e, const struct enc_input *in, int64_t at, int n,
                     const double *coef, const double *shift, double *sum, double *squares)
{
    for (int k = 0; k < e->n_parts; k++) {
        const struct enc_part *p = &e->parts[k];
        if (p->list) {
            cells_add_squares(p, in, at, n, coef, shift, sum, squares);
            continue;
        }
        for (int i = 0; i < n; i++) {
            double v, c = coef ? coef[i] : 1.0;
            int col = part_cell(p, in, at + i, &v);
            if (col < 0) continue;
            v -= shift[col];
            sum[col] += c * v;
            squares[col] += c * v * v;
        }
    }
}

/* agg.h: what the aggregates share. */
#ifndef MLNB_FN_AGG_AGG_H
#define MLNB_FN_AGG_AGG_H

#include "runtime/fn/fn_int.h"

#define AG(a, r, state, up, comb, fin)                                                             \
    {                                                                                              \
        .n_args = 1, .args = {(a)}, .ret = (r), .state_size = sizeof(state), .update = (up),       \
        .combine = (comb), .final = (fin)                                                          \
    }
#define AG2(a, b, r, state, up, comb, fin)                                                         \
    {                                                                                              \
        .n_args = 2, .args = {(a), (b)}, .ret = (r), .state_size = sizeof(state), .update = (up),  \
        .combine = (comb), .final = (fin)                                                          \
    }
#define AGW(a, r, f)                                                                               \
    {                                                                                              \
        .n_args = 1, .args = {(a)}, .ret = (r), .whole = (f)                                       \
    }
#define AGW2(a, b, r, f)                                                                           \
    {                                                                                              \
        .n_args = 2, .args = {(a), (b)}, .ret = (r), .whole = (f)                                  \
    }

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 word128;

/* s + x exactly as s' + *error (Knuth's TwoSum); adding *error up gives a sum good to the last bits
 * that hardly depends on the order. */
static inline double two_sum(double s, double x, double *error)
{
    double t = s + x, z = t - s;
    *error += (s - (t - z)) + (x - z);
    return t;
}
/* Sum of a[0..n) in a fixed order: eight running sums, then those pairwise. */
double dense_sum(const double *a, int64_t n);

/* Constant argument: a value to count in every row? (left-out vectors: read e->consts) */
static inline bool agg_const(const struct agg_eval *e, int i)
{
    return e->is_const && e->is_const[i];
}
static inline void put_f64(struct vec *out, int64_t i, double x) /* NaN: null */
{
    ((double *)out->data)[i] = x == x ? x : 0;
    if (x != x) out_null(out, i);
}

/* Rows of one group that have a value: dst[0..m) for a whole() aggregate; returns m. */
int64_t take_f64(const struct vec *v, int64_t n, double *dst);
int64_t take_i64(const struct vec *v, int64_t n, int64_t *dst);

/* Groups of so many rows are worth the passes of order_stats and distinct_many. */
#define MANY_ROWS 262144
/* Puts the kth smallest (from 0) at a[k], nothing greater before it and nothing less after. */
void select_kth(double *a, int64_t n, int64_t k);
double least_of(const double *a, int64_t n);
/* The two values between which the quantile p of a long column (F64 or 64-bit ints) lies, and how
 * far (type 7); NaN without values. Parallel; shares its histogram through e->shared. */
rc order_stats(struct agg_eval *e, int64_t n, const struct vec *v, double p, double out[2],
               double *t);
/* Number of different values of a long column (any flat type, codes too), nulls left out. */
rc distinct_many(struct agg_eval *e, int64_t n, const struct vec *v, int64_t *out);

/* Result type = that of the first argument (zone kept); cat becomes str. */
enum rc_t type_first(struct ctx *cx, const struct dtype *args, int n, struct span span,
                     struct dtype *out);

/* Sum state shared by sum and mean. */
struct num_sum {
    double s, error;
    int64_t n;
};
struct int_sum { /* 128 bits, so that no order of addition can overflow */
    uint64_t lo;
    int64_t hi;
    int64_t n;
};
static inline int128 int_total(const struct int_sum *s)
{
    return (int128)((word128)(uint64_t)s->hi << 64 | s->lo);
}

/* A text that a state keeps. Long ones are copied into e->arena; the room is used again when the
 * next one fits, so that a state that changes often stays small. */
struct kept_text {
    struct text text;
    char *room;
    uint32_t cap;
    uint32_t has;
};
void keep_text(struct agg_eval *e, struct kept_text *s, struct str x);
/* dst shows src's text without owning its room. */
static inline void share_text(struct kept_text *d, const struct kept_text *s)
{
    *d = (struct kept_text){.text = s->text, .has = s->has};
}
enum rc_t kept_text_final(struct agg_eval *e, const char *base, size_t stride, int64_t n,
                          struct vec *out);
/* Text argument k in row i (constants from e->consts; borrowed); false when it is null. */
bool agg_text(const struct agg_eval *e, const struct vec *args, int k, int64_t i, struct str *out);

#endif

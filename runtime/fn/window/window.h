/* window.h: what the window functions share: reading a column by row, writing by row. */
#ifndef MLNB_FN_WINDOW_WINDOW_H
#define MLNB_FN_WINDOW_WINDOW_H

#include "runtime/fn/fn_int.h"

static inline bool win_const(const struct agg_eval *e, int i)
{
    return i < e->n_args && e->is_const && e->is_const[i];
}
/* Whole-number constant argument i, or `def` when it is not given; E217 when it is a column. */
rc win_int(struct agg_eval *e, int i, const char *fn, const char *what, int64_t def, int64_t *out);
/* Number at a row of an int or num column; false when it is null. */
bool win_f64(const struct column *c, int64_t row, double *out);

static inline void win_put_null(struct vec *out, int64_t row)
{
    bit_clear((uint64_t *)out->valid, row);
}
/* out[to] = c[from], or null when from < 0 or the value is null. */
void win_copy(const struct column *c, int64_t from, struct vec *out, int64_t to);
/* out[to] = a constant (of out's kind, or an int for num). */
void win_put_scalar(const struct scalar *s, struct vec *out, int64_t to);

/* Types */
enum rc_t type_win_int(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out);
enum rc_t type_win_num(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out);
/* Same as the first argument. */
enum rc_t type_win_same(struct ctx *cx, const struct dtype *args, int n, struct span span,
                        struct dtype *out);
/* E207 unless argument i is a number. */
rc win_need_number(struct ctx *cx, const char *fn, const struct dtype *args, int i,
                   struct span span);

#endif

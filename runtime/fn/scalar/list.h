/* list.h: kernels over list columns, for the overloads of functions that also take text. */
#ifndef MLNB_FN_SCALAR_LIST_H
#define MLNB_FN_SCALAR_LIST_H

#include "runtime/fn/fn_int.h"

/* One row of a list argument: values [from, to) of items. */
struct list_row {
    const struct column *items;
    int64_t from, to;
};
/* Argument k in row i (a constant list comes from e->consts). */
struct list_row list_at(const struct fn_eval *e, const struct vec *args, int k, int64_t i);

enum rc_t at_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);
enum rc_t slice_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);
enum rc_t contains_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);
enum rc_t len_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);

/* at: the element's type of a list, else the overload's. */
enum rc_t type_element(struct ctx *cx, const struct dtype *args, int n, struct span span,
                       struct dtype *out);
/* slice: a list stays the list it is. */
enum rc_t type_list_or_text(struct ctx *cx, const struct dtype *args, int n, struct span span,
                            struct dtype *out);
/* contains: the value must be able to stand in the list. */
enum rc_t type_contains(struct ctx *cx, const struct dtype *args, int n, struct span span,
                        struct dtype *out);

/* Rows of items that a list result is made of, one list's after the other's. */
struct row_picks {
    int64_t *rows, n, cap;
};
void pick_row(struct fn_eval *e, struct row_picks *p, int64_t row);
/* out's elements (offsets stand in out->data already). items NULL: no list had any. */
rc list_of_rows(struct fn_eval *e, const struct column *items, const struct row_picks *p,
                struct vec *out);

/* Makes out the list whose elements b holds; offsets stand in out->data already. */
rc list_finish(struct fn_eval *e, struct builder *b, struct vec *out);

/* E313: position 0. what: "text" or "lists". */
rc fail_zero(struct fn_eval *e, const char *what);
/* Position k (from 1, or from the end below 0) as an index from 0 into `len` values; may lie
 * outside. */
static inline int64_t index_of(int64_t k, int64_t len)
{
    return k > 0 ? k - 1 : k < -len ? -1 : len + k;
}

#endif

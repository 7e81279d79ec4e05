/* sql.h: what the functions of SQL share. They follow PostgreSQL where that differs from the DSL's
 * own rules (three-valued logic, division, casts, positions) and are hidden: SQL reaches them
 * through lang/sql/functions.def. */
#ifndef MLNB_FN_SQL_SQL_H
#define MLNB_FN_SQL_SQL_H

#include "runtime/fn/fn_int.h"

/* Descriptor `fn_<id>` over the overload table `<id>_overloads`; the last arguments begin with
 * `.nulls =`. */
#define SQL_FN(id, signature, doc_text, example_text, more_flags, ...)                             \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = signature,                                              \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = (unsigned)(FN_PURE | FN_HIDDEN | (more_flags)),       \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = COUNT(id##_overloads),                          \
                                    __VA_ARGS__}

/* E316 for row i of the batch. */
rc fail_zero_division(struct fn_eval *e, int64_t i);

/* ---- row by row ---- */
/* Writes the text of row i into b (empty before); *is_null makes the row null. */
typedef enum rc_t (*sql_text_row)(struct fn_eval *e, const struct vec *args, int64_t i,
                                  struct strbuf *b, bool *is_null);
/* Runs f on the rows without a null argument, or on all when `nulls_too`. */
rc sql_text_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                 sql_text_row f, bool nulls_too);
typedef enum rc_t (*sql_int_row)(struct fn_eval *e, const struct vec *args, int64_t i, int64_t *r,
                                 bool *is_null);
rc sql_int_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                sql_int_row f);
#define SQL_TEXT_KERNEL(k, row, nulls_too)                                                         \
    static enum rc_t k(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)      \
    {                                                                                              \
        return sql_text_rows(e, n, args, out, row, nulls_too);                                     \
    }
#define SQL_INT_KERNEL(k, row)                                                                     \
    static enum rc_t k(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)      \
    {                                                                                              \
        return sql_int_rows(e, n, args, out, row);                                                 \
    }
/* E209: a value that the function does not take. */
enum rc_t sql_refuse(struct fn_eval *e, int64_t i, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* ---- lists ---- */
/* The builder's values become the items of out, whose offsets stand already. */
rc sql_list_finish(struct fn_eval *e, struct builder *b, struct vec *out);
/* list[str] */
enum rc_t sql_type_texts(struct ctx *cx, const struct dtype *args, int n, struct span span,
                         struct dtype *out);

#define SQL_TEXT_LIMIT ((size_t)1 << 30) /* bytes of one text that a function makes */

#endif

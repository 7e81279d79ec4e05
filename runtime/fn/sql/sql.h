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

#endif

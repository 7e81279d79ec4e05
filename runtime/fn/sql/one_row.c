/* one_row.c: a sub-query used as a value has at most one row. */
#include "runtime/fn/sql/sql.h"

static enum rc_t one_row(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *r = (uint64_t *)out->data;
    for (int64_t i = 0; i < n; i++)
        if (row_valid(e, args, i) && vec_i64(&args[0], i) > 1)
            return fail(e->cx, E218, e->span,
                        "a sub-query used as a value gives one row at most, this gave %lld",
                        (long long)vec_i64(&args[0], i));
    memset(r, 0xFF, BITMAP_WORDS(n) * 8);
    return RC_OK;
}

static const struct fn_overload sql_one_row_overloads[] = {
    OV1(KIND_INT, KIND_BOOL, one_row),
};
SQL_FN(sql_one_row, "sql_one_row(n: int) -> bool",
       "True; an error when a sub-query that stands for a value had n > 1 rows.",
       "sql_one_row(1)  #> true", 0, .nulls = FN_ANY_NULL);

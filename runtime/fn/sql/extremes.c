/* extremes.c: GREATEST and LEAST of SQL: nulls are left out, null only when all are. */
#include "runtime/fn/sql/sql.h"

/* Whether row i of b beats row i of a. */
static bool beats(const struct vec *a, const struct vec *b, int64_t i, bool greatest)
{
    int c;
    switch (a->phys) {
    case PHYS_BOOL: c = vec_bool(b, i) - vec_bool(a, i); break;
    case PHYS_DATE32: c = (vec_i32(b, i) > vec_i32(a, i)) - (vec_i32(b, i) < vec_i32(a, i)); break;
    case PHYS_F64: c = (vec_f64(b, i) > vec_f64(a, i)) - (vec_f64(b, i) < vec_f64(a, i)); break;
    case PHYS_STR: c = str_cmp(vec_str(b, i), vec_str(a, i)); break;
    default: c = (vec_i64(b, i) > vec_i64(a, i)) - (vec_i64(b, i) < vec_i64(a, i)); break;
    }
    return greatest ? c > 0 : c < 0;
}

static void put(struct vec *out, const struct vec *v, int64_t i)
{
    switch (out->phys) {
    case PHYS_BOOL: bit_put((uint64_t *)out->data, i, v && vec_bool(v, i)); break;
    case PHYS_DATE32: ((int32_t *)out->data)[i] = v ? vec_i32(v, i) : 0; break;
    case PHYS_F64: ((double *)out->data)[i] = v ? vec_f64(v, i) : 0; break;
    case PHYS_STR: ((struct text *)out->data)[i] = v ? *vec_text(v, i) : text_make("", 0); break;
    default: ((int64_t *)out->data)[i] = v ? vec_i64(v, i) : 0; break;
    }
}

static enum rc_t extreme(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                         bool greatest)
{
    for (int64_t i = 0; i < n; i++) {
        const struct vec *best = NULL;
        for (int k = 0; k < e->n_args; k++) {
            if (!vec_valid(&args[k], i)) continue;
            if (!best || beats(best, &args[k], i, greatest)) best = &args[k];
        }
        put(out, best, i);
        bit_put(out_valid(out), i, best != NULL);
    }
    out->heap = NULL;
    return RC_OK;
}
static enum rc_t least(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return extreme(e, n, args, out, false);
}
static enum rc_t greatest(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return extreme(e, n, args, out, true);
}

#define ALL_KINDS(k)                                                                               \
    {                                                                                              \
        OVN(KIND_INT, KIND_INT, k), OVN(KIND_NUM, KIND_NUM, k), OVN(KIND_STR, KIND_STR, k),        \
            OVN(KIND_BOOL, KIND_BOOL, k), OVN(KIND_DATE, KIND_DATE, k),                            \
            OVN(KIND_DATETIME, KIND_DATETIME, k), OVN(KIND_DURATION, KIND_DURATION, k),            \
    }
static const struct fn_overload sql_least_overloads[] = ALL_KINDS(least);
SQL_FN(sql_least, "sql_least(x, ..)", "SQL's LEAST: nulls are left out.",
       "sql_least(3, null, 2)  #> 2", FN_ADDS_NULLS, .nulls = FN_OWN_NULLS, .type = type_zone);
static const struct fn_overload sql_greatest_overloads[] = ALL_KINDS(greatest);
SQL_FN(sql_greatest, "sql_greatest(x, ..)", "SQL's GREATEST: nulls are left out.",
       "sql_greatest(3, null, 2)  #> 3", FN_ADDS_NULLS, .nulls = FN_OWN_NULLS, .type = type_zone);

/* unary.inc.h: one loop over one argument. Before including, define
 *   K_NAME            name of the kernel made
 *   K_A, K_R          C types of argument and result
 *   K_OP(x)           the value
 * and, when some rows need a second look (overflow, NaN),
 *   K_FLAG(x, r)      an integer, nonzero for such a row
 *   K_SLOW(e, n, args, out)   called once after the loop when any row was flagged.
 * Leaves nothing defined. */
#define K_CAT2(a, b) a##b
#define K_CAT(a, b)  K_CAT2(a, b)
#ifndef K_FLAG
#define K_FLAG(x, r)            0
#define K_SLOW(e, n, args, out) RC_OK
#endif

KERNEL static uint64_t K_CAT(K_NAME, _loop)(int64_t n, const K_A *restrict a, K_R *restrict out)
{
    uint64_t flag = 0;
    for (int64_t i = 0; i < n; i++) {
        K_A x = a[i];
        K_R r = (K_R)(K_OP(x));
        out[i] = r;
        flag |= (uint64_t)(K_FLAG(x, r));
    }
    return flag;
}

static enum rc_t K_NAME(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    K_R *r = (K_R *)out->data;
    (void)e;
    if (n == 0) return RC_OK;
    int64_t m = args[0].is_const ? 1 : n;
    uint64_t flag = K_CAT(K_NAME, _loop)(m, args[0].data, r);
    for (int64_t i = m; i < n; i++)
        r[i] = r[0];
    return flag ? K_SLOW(e, n, args, out) : RC_OK;
}

#undef K_NAME
#undef K_A
#undef K_R
#undef K_OP
#undef K_FLAG
#undef K_SLOW
#undef K_CAT
#undef K_CAT2

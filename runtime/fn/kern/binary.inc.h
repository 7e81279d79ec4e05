/* binary.inc.h: one loop over two arguments, either of which may be a constant. Before including,
 * define
 *   K_NAME            name of the kernel made
 *   K_A, K_B, K_R     C types of arguments and result
 *   K_OP(x, y)        the value
 * and, when some rows need a second look (overflow, NaN),
 *   K_FLAG(x, y, r)   an integer, nonzero for such a row
 *   K_SLOW(e, n, args, out)   called once after the loop when any row was flagged.
 * Leaves nothing defined. */
#define K_CAT2(a, b) a##b
#define K_CAT(a, b)  K_CAT2(a, b)
#ifndef K_FLAG
#define K_FLAG(x, y, r)         0
#define K_SLOW(e, n, args, out) RC_OK
#endif

KERNEL static uint64_t K_CAT(K_NAME, _vv)(int64_t n, const K_A *restrict a, const K_B *restrict b,
                                          K_R *restrict out)
{
    uint64_t flag = 0;
    for (int64_t i = 0; i < n; i++) {
        K_A x = a[i];
        K_B y = b[i];
        K_R r = (K_R)(K_OP(x, y));
        out[i] = r;
        flag |= (uint64_t)(K_FLAG(x, y, r));
    }
    return flag;
}

KERNEL static uint64_t K_CAT(K_NAME, _vc)(int64_t n, const K_A *restrict a, K_B y,
                                          K_R *restrict out)
{
    uint64_t flag = 0;
    for (int64_t i = 0; i < n; i++) {
        K_A x = a[i];
        K_R r = (K_R)(K_OP(x, y));
        out[i] = r;
        flag |= (uint64_t)(K_FLAG(x, y, r));
    }
    return flag;
}

KERNEL static uint64_t K_CAT(K_NAME, _cv)(int64_t n, K_A x, const K_B *restrict b,
                                          K_R *restrict out)
{
    uint64_t flag = 0;
    for (int64_t i = 0; i < n; i++) {
        K_B y = b[i];
        K_R r = (K_R)(K_OP(x, y));
        out[i] = r;
        flag |= (uint64_t)(K_FLAG(x, y, r));
    }
    return flag;
}

static enum rc_t K_NAME(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const K_A *a = args[0].data;
    const K_B *b = args[1].data;
    K_R *r = (K_R *)out->data;
    uint64_t flag;
    (void)e;
    if (n == 0) return RC_OK;
    if (!args[1].is_const) {
        flag =
            args[0].is_const ? K_CAT(K_NAME, _cv)(n, a[0], b, r) : K_CAT(K_NAME, _vv)(n, a, b, r);
    } else {
        int64_t m = args[0].is_const ? 1 : n;
        flag = K_CAT(K_NAME, _vc)(m, a, b[0], r);
        for (int64_t i = m; i < n; i++)
            r[i] = r[0];
    }
    return flag ? K_SLOW(e, n, args, out) : RC_OK;
}

#undef K_NAME
#undef K_A
#undef K_B
#undef K_R
#undef K_OP
#undef K_FLAG
#undef K_SLOW
#undef K_CAT
#undef K_CAT2

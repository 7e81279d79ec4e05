/* select.inc.h: choosing between two arguments row by row: out[i] = bit i of `mask` ? a[i] : b[i],
 * for values of C type K_T. Define K_T and K_NAME; leaves nothing defined. */
#define K_CAT2(a, b) a##b
#define K_CAT(a, b)  K_CAT2(a, b)

KERNEL static void K_CAT(K_NAME, _loop)(int64_t n, const uint64_t *restrict mask,
                                        const K_T *restrict a, int64_t a_step,
                                        const K_T *restrict b, int64_t b_step, K_T *restrict out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = mask[i >> 6] >> (i & 63) & 1 ? a[i * a_step] : b[i * b_step];
}

static void K_NAME(int64_t n, const uint64_t *mask, const struct vec *a, const struct vec *b,
                   struct vec *out)
{
    K_CAT(K_NAME, _loop)
    (n, mask, a->data, a->is_const ? 0 : 1, b->data, b->is_const ? 0 : 1, (K_T *)out->data);
}

#undef K_T
#undef K_NAME
#undef K_CAT
#undef K_CAT2

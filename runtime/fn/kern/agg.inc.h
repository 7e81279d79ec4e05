/* agg.inc.h: update function of an aggregate over one argument of fixed width. Rows without a value
 * are passed over; ungrouped rows are handed on in dense runs, so that K_DENSE has no tests inside.
 * Before including, define
 *   K_NAME            name of the update function made
 *   K_T               C type of the argument's values
 *   K_STATE           type of the state
 *   K_ADD(s, x)       statement: one value into *s (grouped rows)
 *   K_DENSE(s, a, n)  statement: n values (n > 0) into *s, in order
 *   K_CONST(v)        the value of a constant argument, from a struct scalar
 * Leaves nothing defined. */
#define K_CAT2(a, b) a##b
#define K_CAT(a, b)  K_CAT2(a, b)
#define K_BLOCK      512

static void K_CAT(K_NAME, _grouped)(char *base, size_t stride, const uint32_t *groups, int64_t n,
                                    const K_T *a, const uint64_t *valid)
{
    if (!valid) {
        for (int64_t i = 0; i < n; i++) {
            K_STATE *s = (K_STATE *)(void *)(base + groups[i] * stride);
            K_ADD(s, a[i]);
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        if (!bit_get(valid, i)) continue;
        K_STATE *s = (K_STATE *)(void *)(base + groups[i] * stride);
        K_ADD(s, a[i]);
    }
}

/* Runs of rows that are all there go straight on; the rest is gathered into a block first. */
static void K_CAT(K_NAME, _sparse)(K_STATE *s, int64_t n, const K_T *a, const uint64_t *valid)
{
    K_T block[K_BLOCK];
    int64_t k = 0, words = (n + 63) / 64;
    for (int64_t w = 0; w < words; w++) {
        uint64_t bits = valid[w];
        if (w == words - 1 && n % 64) bits &= (UINT64_C(1) << (n % 64)) - 1;
        if (k + 64 > K_BLOCK) {
            K_DENSE(s, block, k);
            k = 0;
        }
        for (; bits; bits &= bits - 1)
            block[k++] = a[w * 64 + __builtin_ctzll(bits)];
    }
    if (k) K_DENSE(s, block, k);
}

/* sum(1) and the like: the constant n times, into one state or into each row's. */
static void K_CAT(K_NAME, _const)(char *base, size_t stride, const uint32_t *groups, int64_t n,
                                  K_T x)
{
    for (int64_t i = 0; i < n; i++) {
        K_STATE *s = (K_STATE *)(void *)(base + (groups ? groups[i] * stride : 0));
        K_ADD(s, x);
    }
}

static enum rc_t K_NAME(struct agg_eval *e, char *base, size_t stride, const uint32_t *groups,
                        int64_t n, const struct vec *args)
{
    if (n == 0) return RC_OK;
    if (agg_const(e, 0)) {
        if (!e->consts[0].is_null)
            K_CAT(K_NAME, _const)(base, stride, groups, n, K_CONST(e->consts[0]));
        return RC_OK;
    }
    const K_T *a = args[0].data;
    K_STATE *s = (K_STATE *)(void *)base;
    if (groups)
        K_CAT(K_NAME, _grouped)(base, stride, groups, n, a, args[0].valid);
    else if (args[0].valid)
        K_CAT(K_NAME, _sparse)(s, n, a, args[0].valid);
    else
        K_DENSE(s, a, n);
    return RC_OK;
}

#undef K_NAME
#undef K_T
#undef K_STATE
#undef K_ADD
#undef K_DENSE
#undef K_CONST
#undef K_CAT
#undef K_CAT2
#undef K_BLOCK

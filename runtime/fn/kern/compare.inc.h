/* compare.inc.h: compare_<K_NAME>(op, n, a, b, out) for values of C type K_T: 64 results a word, in
 * loops without branches. Define K_T and K_NAME; leaves nothing defined. */
#define K_CAT2(a, b) a##b
#define K_CAT(a, b)  K_CAT2(a, b)

#define K_LOOP_VV(op_name, OP)                                                                     \
    KERNEL static void K_CAT(op_name, K_NAME)(int64_t n, const K_T *restrict a,                    \
                                              const K_T *restrict b, uint64_t *restrict out)       \
    {                                                                                              \
        uint8_t t[64] = {0};                                                                       \
        int64_t at = 0;                                                                            \
        for (; at + 64 <= n; at += 64) {                                                           \
            for (int k = 0; k < 64; k++)                                                           \
                t[k] = a[at + k] OP b[at + k];                                                     \
            out[at >> 6] = pack_word(t);                                                           \
        }                                                                                          \
        if (at == n) return;                                                                       \
        for (int k = 0; k < n - at; k++)                                                           \
            t[k] = a[at + k] OP b[at + k];                                                         \
        out[at >> 6] = pack_word(t);                                                               \
    }
#define K_LOOP_VC(op_name, OP)                                                                     \
    KERNEL static void K_CAT(op_name##c_, K_NAME)(int64_t n, const K_T *restrict a, K_T b,         \
                                                  uint64_t *restrict out)                          \
    {                                                                                              \
        uint8_t t[64] = {0};                                                                       \
        int64_t at = 0;                                                                            \
        for (; at + 64 <= n; at += 64) {                                                           \
            for (int k = 0; k < 64; k++)                                                           \
                t[k] = a[at + k] OP b;                                                             \
            out[at >> 6] = pack_word(t);                                                           \
        }                                                                                          \
        if (at == n) return;                                                                       \
        for (int k = 0; k < n - at; k++)                                                           \
            t[k] = a[at + k] OP b;                                                                 \
        out[at >> 6] = pack_word(t);                                                               \
    }

K_LOOP_VV(eq_, ==)
K_LOOP_VV(lt_, <)
K_LOOP_VV(le_, <=)
K_LOOP_VC(eq_, ==)
K_LOOP_VC(lt_, <)
K_LOOP_VC(le_, <=)
K_LOOP_VC(gt_, >)
K_LOOP_VC(ge_, >=)

/* A constant on the left turns the comparison round. */
static void K_CAT(compare_const_, K_NAME)(enum cmp op, bool is_left, int64_t n, const K_T *a, K_T c,
                                          uint64_t *out)
{
    switch (op) {
    case CMP_IS_EQ: K_CAT(eq_c_, K_NAME)(n, a, c, out); break;
    case CMP_IS_LT:
        if (is_left)
            K_CAT(gt_c_, K_NAME)(n, a, c, out);
        else
            K_CAT(lt_c_, K_NAME)(n, a, c, out);
        break;
    default:
        if (is_left)
            K_CAT(ge_c_, K_NAME)(n, a, c, out);
        else
            K_CAT(le_c_, K_NAME)(n, a, c, out);
        break;
    }
}

static void K_CAT(compare_, K_NAME)(enum cmp op, int64_t n, const struct vec *a,
                                    const struct vec *b, uint64_t *out)
{
    const K_T *x = a->data, *y = b->data;
    if (a->is_const && b->is_const) {
        bool r = op == CMP_IS_EQ ? x[0] == y[0] : op == CMP_IS_LT ? x[0] < y[0] : x[0] <= y[0];
        memset(out, r ? 0xFF : 0, BITMAP_WORDS(n) * 8);
    } else if (b->is_const) {
        K_CAT(compare_const_, K_NAME)(op, false, n, x, y[0], out);
    } else if (a->is_const) {
        K_CAT(compare_const_, K_NAME)(op, true, n, y, x[0], out);
    } else if (op == CMP_IS_EQ) {
        K_CAT(eq_, K_NAME)(n, x, y, out);
    } else if (op == CMP_IS_LT) {
        K_CAT(lt_, K_NAME)(n, x, y, out);
    } else {
        K_CAT(le_, K_NAME)(n, x, y, out);
    }
}

#undef K_LOOP_VV
#undef K_LOOP_VC
#undef K_NAME
#undef K_T
#undef K_CAT
#undef K_CAT2

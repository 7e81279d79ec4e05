/* md5.c: md5(text) (RFC 1321). A checksum, no protection of anything. */
#include "runtime/fn/sql/sql.h"

#include <math.h>

static inline uint32_t rotate(uint32_t x, unsigned k)
{
    return x << k | x >> (32 - k);
}

static void md5_block(uint32_t h[4], const unsigned char *p, const uint32_t sines[64])
{
    static const unsigned char turns[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t m[16], a = h[0], b = h[1], c = h[2], d = h[3];
    memcpy(m, p, sizeof m); /* little-endian, as all our machines are */
    for (unsigned i = 0; i < 64; i++) {
        uint32_t f;
        unsigned g;
        switch (i / 16) {
        case 0: f = (b & c) | (~b & d), g = i; break;
        case 1: f = (d & b) | (~d & c), g = (5 * i + 1) % 16; break;
        case 2: f = b ^ c ^ d, g = (3 * i + 5) % 16; break;
        default: f = c ^ (b | ~d), g = 7 * i % 16; break;
        }
        uint32_t t = a + f + sines[i] + m[g];
        a = d;
        d = c;
        c = b;
        b += rotate(t, turns[i / 16][i % 4]);
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
}

static void md5_hex(struct str s, const uint32_t sines[64], struct strbuf *out)
{
    uint32_t h[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    unsigned char tail[128] = {0}, digest[16];
    size_t whole = s.n / 64 * 64, rest = s.n - whole, len = rest < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)s.n * 8;
    for (size_t i = 0; i < whole; i += 64)
        md5_block(h, (const unsigned char *)s.p + i, sines);
    if (rest) memcpy(tail, s.p + whole, rest);
    tail[rest] = 0x80;
    memcpy(tail + len - 8, &bits, 8);
    for (size_t i = 0; i < len; i += 64)
        md5_block(h, tail + i, sines);
    memcpy(digest, h, sizeof digest);
    for (int i = 0; i < 16; i++)
        strbuf_printf(out, "%02x", digest[i]);
}

/* The table of the RFC: 2^32 |sin(i + 1)|, cut. */
static enum rc_t prepare_md5(struct fn_eval *e, struct arena *arena, void **out)
{
    uint32_t *sines = ARENA_ARRAY(arena, uint32_t, 64);
    (void)e;
    for (int i = 0; i < 64; i++)
        sines[i] = (uint32_t)floor(fabs(sin(i + 1)) * 4294967296.0);
    *out = sines;
    return RC_OK;
}

static enum rc_t md5_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                         bool *is_null)
{
    (void)is_null;
    md5_hex(vec_str(&args[0], i), e->prepared, b);
    return RC_OK;
}
SQL_TEXT_KERNEL(md5, md5_row, false)
static const struct fn_overload sql_md5_overloads[] = {OV1(KIND_STR, KIND_STR, md5)};
SQL_FN(sql_md5, "sql_md5(x: str) -> str", "SQL's md5, as 32 hexadecimal digits.",
       "sql_md5(\"abc\")  #> \"900150983cd24fb0d6963f7d28e17f72\"", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_md5);

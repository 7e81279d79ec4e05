/* recode.c: text of another encoding as UTF-8, at any offset. The file is cut into blocks of equal
 * size; one pass notes how long each is as UTF-8, and a read decodes the blocks it needs. The
 * encodings have no state, so a block can be decoded alone (a UTF-16 pair belongs to the block it
 * begins in). Windows-1252: https://encoding.spec.whatwg.org/#windows-1252 */
#include "runtime/io/io_int.h"

#include "runtime/base/pool.h"

#define BLOCK   ((int64_t)256 << 10) /* bytes of the file */
#define HEAD    4096
#define REPLACE 0xFFFD

struct recode {
    enum io_encoding from;
    int64_t raw_size, n_blocks;
    int64_t *at; /* [n_blocks + 1] offset of each block as UTF-8 */
};

/* 0x80 .. 0x9F; 0: not defined. */
static const uint16_t cp1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

const char *io_encoding_name(enum io_encoding e)
{
    static const char *const names[] = {"utf-8", "latin-1", "windows-1252", "utf-16le", "utf-16be"};
    return names[e];
}

/* Letters and digits of a name, in lower case. */
static void plain_name(struct str name, char out[16])
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 15; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
    }
    out[n] = 0;
}

bool io_encoding_find(struct str name, enum io_encoding *out)
{
    static const struct {
        const char *name;
        enum io_encoding e;
    } known[] = {
        {"utf8", IO_UTF8},       {"ascii", IO_UTF8},      {"utf8sig", IO_UTF8},
        {"latin1", IO_LATIN1},   {"iso88591", IO_LATIN1}, {"windows1252", IO_CP1252},
        {"cp1252", IO_CP1252},   {"utf16", IO_UTF16LE},   {"utf16le", IO_UTF16LE},
        {"utf16be", IO_UTF16BE},
    };
    char plain[16];
    plain_name(name, plain);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(plain, known[i].name) != 0) continue;
        *out = known[i].e;
        return true;
    }
    return false;
}

/* ---- one character ---- */
static size_t put_utf8(char *p, uint32_t c)
{
    if (c < 0x80) {
        p[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (char)(0xC0 | c >> 6);
        p[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (char)(0xE0 | c >> 12);
        p[1] = (char)(0x80 | (c >> 6 & 63));
        p[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    p[0] = (char)(0xF0 | c >> 18);
    p[1] = (char)(0x80 | (c >> 12 & 63));
    p[2] = (char)(0x80 | (c >> 6 & 63));
    p[3] = (char)(0x80 | (c & 63));
    return 4;
}

static uint32_t byte_char(enum io_encoding e, unsigned char b)
{
    bool special = e == IO_CP1252 && b >= 0x80 && b < 0xA0;
    if (!special) return b;
    return cp1252[b - 0x80] ? cp1252[b - 0x80] : b; /* as the standard: control characters */
}

static uint32_t unit(enum io_encoding e, const unsigned char *p)
{
    return e == IO_UTF16LE ? p[0] | (uint32_t)p[1] << 8 : p[1] | (uint32_t)p[0] << 8;
}

static bool is_high(uint32_t u)
{
    return (u & 0xFC00) == 0xD800;
}
static bool is_low(uint32_t u)
{
    return (u & 0xFC00) == 0xDC00;
}

/* ---- one block ---- */
/* p[0, n) is the block, `lead` bytes of the file stand before it and `n_all - n` behind. Writes to
 * out (NULL: only counts). */
static size_t decode_wide(enum io_encoding e, const unsigned char *p, size_t n, size_t n_all,
                          bool has_lead, char *out)
{
    size_t made = 0;
    char scratch[4];
    size_t i = has_lead && n >= 2 && is_high(unit(e, p - 2)) && is_low(unit(e, p)) ? 2 : 0;
    for (; i < n; i += 2) {
        uint32_t c = i + 1 < n_all ? unit(e, p + i) : REPLACE;
        if (is_high(c) && i + 3 < n_all && is_low(unit(e, p + i + 2))) {
            c = 0x10000 + ((c & 0x3FF) << 10) + (unit(e, p + i + 2) & 0x3FF);
            made += put_utf8(out ? out + made : scratch, c);
            i += 2;
            continue;
        }
        if (is_high(c) || is_low(c)) c = REPLACE;
        made += put_utf8(out ? out + made : scratch, c);
    }
    return made;
}

static size_t decode_bytes(enum io_encoding e, const unsigned char *p, size_t n, char *out)
{
    size_t made = 0;
    char scratch[4];
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x80) {
            if (out) out[made] = (char)p[i];
            made++;
        } else {
            made += put_utf8(out ? out + made : scratch, byte_char(e, p[i]));
        }
    }
    return made;
}

/* Block `number` of the file, decoded to out (NULL: counted). */
static rc decode_block(struct ctx *cx, const struct io_source *s, const struct recode *k,
                       int64_t number, char *out, size_t *made)
{
    int64_t at = number * BLOCK, left = k->raw_size - at;
    size_t n = left < BLOCK ? (size_t)left : (size_t)BLOCK, lead = number ? 2 : 0, got = 0;
    void *mem;
    TRY(mem_big(cx, (size_t)BLOCK + 8, &mem));
    enum rc_t res = io_source_read_raw(cx, s, at - (int64_t)lead, mem, n + lead + 2, &got);
    const unsigned char *p = (const unsigned char *)mem + lead;
    if (res == RC_OK && k->from >= IO_UTF16LE)
        *made = decode_wide(k->from, p, n, got - lead, lead > 0, out);
    else if (res == RC_OK)
        *made = decode_bytes(k->from, p, n, out);
    mem_big_free(mem);
    return res;
}

/* ---- the index ---- */
struct measuring {
    const struct io_source *s;
    struct recode *k;
};

static enum rc_t measure_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct measuring *m = arg;
    size_t made = 0;
    (void)worker;
    TRY(decode_block(cx, m->s, m->k, task, NULL, &made));
    m->k->at[task + 1] = (int64_t)made;
    return RC_OK;
}

rc recode_build(struct ctx *cx, const struct io_source *s, enum io_encoding from, int64_t raw_size,
                struct recode **out)
{
    struct recode *k = mem_zero(sizeof *k);
    k->from = from;
    k->raw_size = raw_size;
    k->n_blocks = (raw_size + BLOCK - 1) / BLOCK;
    k->at = mem_zero(sizeof *k->at * (size_t)(k->n_blocks + 1));
    struct measuring m = {s, k};
    enum rc_t res = pool_run(cx, k->n_blocks, measure_task, &m);
    for (int64_t i = 0; i < k->n_blocks; i++)
        k->at[i + 1] += k->at[i];
    if (res == RC_OK)
        *out = k;
    else
        recode_free(k);
    return res;
}

void recode_free(struct recode *k)
{
    if (!k) return;
    mem_free(k->at);
    mem_free(k);
}

int64_t recode_size(const struct recode *k)
{
    return k->at[k->n_blocks];
}

rc recode_read(struct ctx *cx, const struct io_source *s, const struct recode *k, int64_t at,
               char *buf, size_t n, size_t *out_n)
{
    int64_t left = recode_size(k) - at, lo = 0, hi = k->n_blocks;
    void *mem;
    if (left < 0) left = 0;
    if ((int64_t)n > left) n = (size_t)left;
    *out_n = n;
    if (n == 0) return RC_OK;
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        *(k->at[mid] <= at ? &lo : &hi) = mid;
    }
    TRY(mem_big(cx, (size_t)BLOCK * 3 + 8, &mem));
    enum rc_t res = RC_OK;
    for (size_t done = 0; done < n && lo < k->n_blocks; lo++) {
        size_t made = 0, from = (size_t)(at + (int64_t)done - k->at[lo]);
        res = decode_block(cx, s, k, lo, mem, &made);
        if (res != RC_OK) break;
        size_t take = made > from ? made - from : 0;
        if (take > n - done) take = n - done;
        memcpy(buf + done, (char *)mem + from, take);
        done += take;
    }
    mem_big_free(mem);
    return res;
}

/* ---- guessing ---- */
/* UTF-16 by its mark, or by NUL in every other byte of plain text. */
enum io_encoding io_sniff_wide(const char *head, size_t n)
{
    const unsigned char *p = (const unsigned char *)head;
    size_t zeros[2] = {0, 0};
    if (n >= 2 && p[0] == 0xFF && p[1] == 0xFE) return IO_UTF16LE;
    if (n >= 2 && p[0] == 0xFE && p[1] == 0xFF) return IO_UTF16BE;
    if (n > HEAD) n = HEAD;
    for (size_t i = 0; i < n; i++)
        zeros[i & 1] += p[i] == 0;
    if (n < 4 || n % 2) n &= ~(size_t)1;
    if (n >= 4 && zeros[0] == 0 && zeros[1] * 5 >= n * 2) return IO_UTF16LE;
    if (n >= 4 && zeros[1] == 0 && zeros[0] * 5 >= n * 2) return IO_UTF16BE;
    return IO_UTF8;
}

/* Whether text that is no UTF-8 looks like windows-1252: hardly a valid UTF-8 character beside the
 * broken ones, nothing undefined, and letters rather than the signs of 0x80 .. 0x9F. */
bool io_sniff_1252(const char *text, size_t n)
{
    size_t broken = 0, fine = 0, signs = 0, high = 0;
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x80) continue;
        high++;
        if (p[i] < 0xA0) {
            signs++;
            if (!cp1252[p[i] - 0x80]) return false;
        }
        size_t more = p[i] >= 0xF0 ? 3 : p[i] >= 0xE0 ? 2 : p[i] >= 0xC2 ? 1 : 0, k = 0;
        while (k < more && i + k + 1 < n && (p[i + k + 1] & 0xC0) == 0x80)
            k++;
        if (more == 0 || k < more)
            broken++;
        else
            fine++;
    }
    bool is_sign_heavy = signs > 4 && signs * 2 > high;
    return broken > 0 && broken > 4 * fine && !is_sign_heavy;
}

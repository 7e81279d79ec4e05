/* codec.c: the codecs of pages, both ways. What a page claims to hold is checked against what its
 * codec can reach before memory is taken for it. */
#include "runtime/io/parquet/pq_int.h"

#include <brotli/decode.h>
#include <lz4.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

const char *pq_codec_name(int codec)
{
    static const char *const names[PQ_CODECS] = {"none",   "snappy", "gzip", "lzo",
                                                 "brotli", "lz4",    "zstd", "lz4_raw"};
    return codec >= 0 && codec < PQ_CODECS ? names[codec] : "an unknown codec";
}

/* What brotli comes to, counted without keeping it: its blocks of 16 MB may take a few bytes. */
static bool brotli_gives(const char *p, size_t n, size_t n_out)
{
    BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = (const uint8_t *)p;
    size_t total = 0, room = 0;
    BrotliDecoderResult res = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (d && res == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && total <= n_out) {
        uint8_t *none = NULL;
        res = BrotliDecoderDecompressStream(d, &n, &in, &room, &none, &total);
        while (BrotliDecoderHasMoreOutput(d)) {
            size_t some = 0;
            BrotliDecoderTakeOutput(d, &some);
            total += some;
        }
    }
    BrotliDecoderDestroyInstance(d);
    return res == BROTLI_DECODER_RESULT_SUCCESS && total == n_out;
}

bool pq_may_unpack(int codec, const char *p, size_t n, size_t n_out)
{
    /* Greatest ratio: a copy of 64 bytes takes 3 in snappy; a length byte of lz4 stands for 255;
     * deflate's longest match takes 2 bits; a run of a zstd block of 128 KB takes 4 bytes. */
    static const size_t ratio[PQ_CODECS] = {1, 32, 1100, 0, 44000, 300, 44000, 300};
    if (codec < 0 || codec >= PQ_CODECS) return false;
    bool is_far = n_out > 64 && n_out / (ratio[codec] + 1) > n + 64;
    return !is_far || (codec == PQ_BROTLI && brotli_gives(p, n, n_out));
}

static bool unpack_gzip(const char *p, size_t n, char *out, size_t n_out)
{
    z_stream z = {0};
    char none[1]; /* zlib wants an address even for nothing */
    if (n > UINT32_MAX || n_out > UINT32_MAX || inflateInit2(&z, 15 + 32) != Z_OK) return false;
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)(n_out ? out : none);
    z.avail_out = (uInt)n_out;
    int res = Z_OK;
    while (res == Z_OK || res == Z_STREAM_END) {
        res = inflate(&z, Z_NO_FLUSH);
        if (res != Z_STREAM_END || z.avail_in == 0 || z.avail_out == 0) {
            if (res != Z_OK || z.avail_out == 0) break;
            continue;
        }
        res = inflateReset(&z); /* members one after the other */
    }
    inflateEnd(&z);
    return z.avail_out == 0 && (res == Z_STREAM_END || res == Z_OK || res == Z_BUF_ERROR);
}

static bool unpack_lz4(const char *p, size_t n, char *out, size_t n_out)
{
    if (n > INT32_MAX || n_out > INT32_MAX) return false;
    return LZ4_decompress_safe(p, out, (int)n, (int)n_out) == (int)n_out;
}

static uint32_t big_endian(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

/* Hadoop's frames: unpacked size, then blocks of packed size and bytes. */
static bool unpack_lz4_hadoop(const char *p, size_t n, char *out, size_t n_out)
{
    size_t done = 0;
    while (n >= 8 && done < n_out) {
        size_t plain = big_endian(p), packed = big_endian(p + 4);
        if (packed > n - 8 || plain > n_out - done) return false;
        if (!unpack_lz4(p + 8, packed, out + done, plain)) return false;
        done += plain;
        p += 8 + packed;
        n -= 8 + packed;
    }
    return done == n_out && n == 0;
}

static bool unpack_lz4_frame(const char *p, size_t n, char *out, size_t n_out)
{
    LZ4F_dctx *d;
    size_t done = 0;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION))) return false;
    bool ok = true;
    while (ok && n > 0 && done < n_out) {
        size_t got = n_out - done, used = n;
        size_t res = LZ4F_decompress(d, out + done, &got, p, &used, NULL);
        ok = !LZ4F_isError(res) && (got || used);
        done += got;
        p += used;
        n -= used;
    }
    LZ4F_freeDecompressionContext(d);
    return ok && done == n_out;
}

static bool unpack_brotli(const char *p, size_t n, char *out, size_t n_out)
{
    size_t got = n_out;
    return BrotliDecoderDecompress(n, (const uint8_t *)p, &got, (uint8_t *)out) ==
               BROTLI_DECODER_RESULT_SUCCESS &&
           got == n_out;
}

bool pq_unpack(int codec, const char *p, size_t n, char *out, size_t n_out)
{
    size_t got = n_out;
    switch (codec) {
    case PQ_SNAPPY:
        if (snappy_uncompressed_length(p, n, &got) != SNAPPY_OK || got != n_out) return false;
        return snappy_uncompress(p, n, out, &got) == SNAPPY_OK && got == n_out;
    case PQ_GZIP: return unpack_gzip(p, n, out, n_out);
    case PQ_BROTLI: return unpack_brotli(p, n, out, n_out);
    case PQ_ZSTD: return ZSTD_decompress(out, n_out, p, n) == n_out;
    case PQ_LZ4_RAW: return unpack_lz4(p, n, out, n_out);
    case PQ_LZ4_HADOOP: /* what writers called LZ4 has had three forms */
        return unpack_lz4_hadoop(p, n, out, n_out) || unpack_lz4(p, n, out, n_out) ||
               unpack_lz4_frame(p, n, out, n_out);
    default: return false;
    }
}

/* ---- packing ---- */
static bool pack_gzip(const char *p, size_t n, int level, struct strbuf *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
    uLong room = deflateBound(&z, (uLong)n);
    z.next_in = (Bytef *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = (Bytef *)strbuf_grow(out, room);
    z.avail_out = (uInt)room;
    int res = deflate(&z, Z_FINISH);
    out->n += z.total_out;
    deflateEnd(&z);
    return res == Z_STREAM_END;
}

rc pq_pack(struct ctx *cx, int codec, int level, const char *p, size_t n, struct strbuf *out)
{
    size_t got = 0;
    bool ok = n <= INT32_MAX;
    char *to;
    if (!ok) return fail(cx, E306, NO_SPAN, "a page of more than 2 GB cannot be written");
    switch (codec) {
    case PQ_SNAPPY:
        got = snappy_max_compressed_length(n);
        to = strbuf_grow(out, got);
        ok = snappy_compress(p, n, to, &got) == SNAPPY_OK;
        break;
    case PQ_ZSTD:
        to = strbuf_grow(out, ZSTD_compressBound(n));
        got = ZSTD_compress(to, ZSTD_compressBound(n), p, n, level);
        ok = !ZSTD_isError(got);
        break;
    case PQ_LZ4_RAW: {
        int bound = LZ4_compressBound((int)n);
        to = strbuf_grow(out, (size_t)bound);
        got = (size_t)LZ4_compress_default(p, to, (int)n, bound);
        ok = got > 0;
        break;
    }
    case PQ_GZIP: ok = pack_gzip(p, n, level, out); break;
    default: strbuf_add(out, p, n);
    }
    if (!ok) return fail(cx, E306, NO_SPAN, "%s could not pack a page", pq_codec_name(codec));
    out->n += got;
    return RC_OK;
}

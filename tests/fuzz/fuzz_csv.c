/* fuzz_csv.c: any bytes as delimited text. The reader is built with very small blocks and strips
 * (tests/fuzz/fuzz.cmake), and its answer is compared with a twin that reads a character at a time
 * (tests/unit/io_naive.h). The first byte of the input chooses options, the second one (if 1 .. 4)
 * how the file is written. Built with clang and
 * MLNB_FUZZ it is a libFuzzer target; else a program that replays the files it is given. */
#include "tests/unit/io_naive.h"

#include "runtime/base/pool.h"
#include "runtime/io/io_int.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct ctx cx;
    struct error err;
    char path[128];
    struct io_option opts[12];
    int n_opts;
    bool by_blocks; /* read block by block, not whole columns at once */
};

static void option(struct fuzz *f, const char *name, struct scalar v)
{
    f->opts[f->n_opts++] = (struct io_option){name, v, NO_SPAN};
}

static struct scalar text_of(const char *z)
{
    return (struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(z)};
}

static struct scalar bool_of(bool b)
{
    return (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = b};
}

/* Options from one byte; the twin gets the same. */
static void choose(struct fuzz *f, struct naive *v, uint8_t c)
{
    *v = (struct naive){.delim = c & 1 ? ';' : ',', .quote = c & 2 ? 0 : '"'};
    option(f, "delim", text_of(c & 1 ? ";" : ","));
    option(f, "header", bool_of(!(c & 4)));
    option(f, "escape", (struct scalar){.is_null = true});
    if (c & 2) option(f, "quote", (struct scalar){.is_null = true});
    if (c & 8) option(f, "trim", bool_of(true));
    if (c & 16) option(f, "comment", text_of("#"));
    if (c & 32) option(f, "ragged", text_of("cut"));
    static struct pool *threads;
    if (!threads) threads = pool_new(3);
    if (c & 128) f->cx.pool = threads;
    f->by_blocks = c & 64;
    v->trim = c & 8;
    v->comment = c & 16 ? '#' : 0;
    v->cut = c & 32;
}

/* ---- how the file is written: the second byte, when it is one of 1 .. 4 ---- */
enum writing { PLAIN, LATIN1, CP1252, UTF16BE, ZSTD };

static void put_char(struct strbuf *b, uint32_t c)
{
    if (c < 0x80) {
        strbuf_addc(b, (char)c);
        return;
    }
    if (c < 0x800) {
        strbuf_addc(b, (char)(0xC0 | c >> 6));
    } else if (c < 0x10000) {
        strbuf_addc(b, (char)(0xE0 | c >> 12));
        strbuf_addc(b, (char)(0x80 | (c >> 6 & 63)));
    } else {
        strbuf_addc(b, (char)(0xF0 | c >> 18));
        strbuf_addc(b, (char)(0x80 | (c >> 12 & 63)));
        strbuf_addc(b, (char)(0x80 | (c >> 6 & 63)));
    }
    strbuf_addc(b, (char)(0x80 | (c & 63)));
}

/* Bytes 0x80 .. 0x9F of windows-1252, once more. */
static uint32_t cp1252(unsigned char c)
{
    static const char *const signs[32] = {
        "20AC", "",     "201A", "192",  "201E", "2026", "2020", "2021", "2C6",  "2030", "160",
        "2039", "152",  "",     "17D",  "",     "",     "2018", "2019", "201C", "201D", "2022",
        "2013", "2014", "2DC",  "2122", "161",  "203A", "153",  "",     "17E",  "178"};
    const char *s = c >= 0x80 && c < 0xA0 ? signs[c - 0x80] : "";
    return *s ? (uint32_t)strtoul(s, NULL, 16) : c;
}

static void wide_text(struct strbuf *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 2) {
        uint32_t c = i + 1 < n ? (uint32_t)p[i] << 8 | p[i + 1] : 0xFFFD;
        uint32_t low = i + 3 < n ? (uint32_t)p[i + 2] << 8 | p[i + 3] : 0;
        if (c >> 10 == 0x36 && low >> 10 == 0x37) {
            c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
            i += 2;
        } else if (c >> 11 == 0x1B) {
            c = 0xFFFD; /* half of a pair */
        }
        put_char(out, c);
    }
}

/* The text that the file's bytes stand for. */
static void decode(struct strbuf *out, enum writing w, const uint8_t *p, size_t n)
{
    if (w == UTF16BE) {
        wide_text(out, p, n);
    } else {
        for (size_t i = 0; i < n; i++)
            if (w == LATIN1 || w == CP1252)
                put_char(out, w == CP1252 ? cp1252(p[i]) : p[i]);
            else
                strbuf_addc(out, (char)p[i]);
    }
    strbuf_add(out, "", 0);
}

static void complain(const struct fuzz *f, const char *what)
{
    fprintf(stderr, "fuzz_csv: %s (%s %s)\n", what, err_name(f->err.code), f->err.message);
    abort();
}

/* The whole as a table, or NULL with the error in f->err. */
static struct table *read_table(struct fuzz *f, int64_t limit)
{
    struct io_scan *s;
    struct table *t = NULL;
    err_clear(&f->err);
    if (io_open(&f->cx, f->path, f->opts, f->n_opts, NO_SPAN, &s) != RC_OK) return NULL;
    struct io_format blocks = *io_head(s)->format;
    blocks.read_whole = NULL;
    if (f->by_blocks) io_head(s)->format = &blocks;
    int n = io_head(s)->schema->n, *cols = malloc(sizeof *cols * (size_t)(n + 1));
    for (int i = 0; i < n; i++)
        cols[i] = i;
    if (io_read_table(&f->cx, s, cols, n, limit, &t) != RC_OK) complain(f, "opened, but not read");
    for (int i = 0; i < n; i++) {
        const char *why;
        if (!column_check(t->cols[i], 2, &why)) complain(f, why);
    }
    free(cols);
    io_unref(s);
    return t;
}

static bool may_fail(const struct fuzz *f, const struct naive *v)
{
    switch (f->err.code) {
    case E303: return true; /* NUL bytes, broken UTF-8: the twin does not look */
    case E309: return true; /* limits of the small build */
    case E304: return v->fault && strcmp(v->fault, "ragged") == 0;
    case E315: return v->fault && strcmp(v->fault, "unclosed") == 0;
    case E308: return v->n == 0;
    default: return false;
    }
}

static void compare(struct fuzz *f, const struct naive *v, bool has_header)
{
    struct table *t = read_table(f, -1);
    if (!t && !may_fail(f, v)) complain(f, v->fault ? v->fault : "refused");
    if (!t) return;
    if (v->fault) complain(f, v->fault);
    const char *why = naive_differs(v, has_header, t);
    if (why) complain(f, why);
    struct table *head = read_table(f, 3);
    if (!head || head->n_rows != (t->n_rows < 3 ? t->n_rows : 3)) complain(f, "limit");
    table_unref(head);
    table_unref(t);
}

/* Begins as an archive does: refused as one, which the twin knows nothing of. */
static bool is_archive(const uint8_t *p, size_t n)
{
    static const char *const magic[] = {"PK\3\4", "BZh", "\3757zXZ", "\x28\xb5\x2f\xfd",
                                        "\x1f\x8b"};
    for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
        if (n >= strlen(magic[i]) && memcmp(p, magic[i], strlen(magic[i])) == 0) return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    struct fuzz f = {.n_opts = 0};
    struct naive v;
    const char *dir = getenv("TMPDIR");
    f.cx.err = &f.err;
    f.cx.arena = arena_new();
    snprintf(f.path, sizeof f.path, "%s/fuzz-csv-%ld.csv", dir ? dir : "/tmp", (long)getpid());
    static const char *const encodings[] = {"utf-8", "latin-1", "windows-1252", "utf-16be",
                                            "utf-8"};
    enum writing w = size > 1 && data[1] >= LATIN1 && data[1] <= ZSTD ? data[1] : PLAIN;
    const uint8_t *body = data + 1 + (w != PLAIN);
    size_t n = size - 1 - (w != PLAIN);
    if (w != ZSTD && is_archive(body, n)) {
        arena_free(f.cx.arena);
        return 0;
    }
    struct strbuf text = {0}, packed = {0};
    choose(&f, &v, data[0]);
    option(&f, "encoding", text_of(encodings[w]));
    decode(&text, w, body, n);
    if (w == ZSTD && io_zstd_frame(&f.cx, (const char *)body, n, &packed) != RC_OK) abort();
    FILE *file = fopen(f.path, "wb");
    const void *bytes = w == ZSTD ? (const void *)packed.p : body;
    size_t n_bytes = w == ZSTD ? packed.n : n;
    if (!file || fwrite(bytes, 1, n_bytes, file) != n_bytes) abort();
    fclose(file);
    naive_parse(&v, text.p ? text.p : "", text.n);
    compare(&f, &v, !(data[0] & 4));
    naive_free(&v);
    strbuf_release(&text);
    strbuf_release(&packed);
    arena_free(f.cx.arena);
    unlink(f.path);
    return 0;
}

#ifndef MLNB_FUZZ
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) return 1;
        uint8_t *data = malloc(1 << 20);
        size_t n = fread(data, 1, 1 << 20, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, n);
        free(data);
    }
    printf("%d inputs replayed\n", argc - 1);
    return 0;
}
#endif

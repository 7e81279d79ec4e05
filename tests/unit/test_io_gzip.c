/* test_io_gzip.c: gzip read at any offset from restart points, as is done with files too large to
 * keep unpacked. */
#include "tests/unit/unit.h"

#define KEEP_MAX ((size_t)1 << 10)
#include "runtime/io/gzip.c" /* with nothing kept; takes the place of the library's */

#include "runtime/base/rng.h"

#include <fcntl.h>

#define SIZE ((size_t)5 << 20)

static char *make_text(void)
{
    static const char *const words[] = {"alpha", "beta", "gamma,", "\n", "12.5", ",", "delta"};
    char *text = mem_alloc(SIZE + 16);
    size_t n = 0;
    for (uint64_t i = 0; n < SIZE; i++) {
        const char *w = words[rng_u64(1, 1, i) % 7];
        memcpy(text + n, w, strlen(w));
        n += strlen(w);
        if (i % 5 == 0) text[n++] = (char)('a' + rng_u64(1, 2, i) % 26); /* not too compressible */
    }
    return text;
}

/* The text as three members in an open, unlinked file. */
static int make_file(struct ctx *cx, const char *text)
{
    char path[] = "/tmp/mlnb-gzip-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    struct strbuf b = {0};
    assert_ok(cx, io_gzip_member(cx, text, SIZE / 3, &b));
    assert_ok(cx, io_gzip_member(cx, text + SIZE / 3, 1000, &b));
    assert_ok(cx, io_gzip_member(cx, text + SIZE / 3 + 1000, SIZE - SIZE / 3 - 1000, &b));
    assert_int_equal(write(fd, b.p, b.n), b.n);
    strbuf_release(&b);
    return fd;
}

TEST(any_offset)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct gz_index *g;
    char *text = make_text(), *buf = mem_alloc(SIZE);
    int fd = make_file(cx, text);
    assert_ok(cx, gz_index_build(cx, fd, "x.gz", NO_SPAN, &g));
    assert_int_equal(gz_index_size(g), SIZE);
    assert_null(g->kept);
    assert_true(g->n >= 4);
    for (uint64_t i = 0; i < 60; i++) {
        size_t at = rng_u64(2, 1, i) % (SIZE + 1), n = rng_u64(2, 2, i) % 300000, got;
        if (i % 10 == 0) at = SIZE / 3 - i; /* over the seams */
        assert_ok(cx, gz_index_read(cx, g, fd, "x.gz", NO_SPAN, (int64_t)at, buf, n, &got));
        assert_int_equal(got, n < SIZE - at ? n : SIZE - at);
        assert_memory_equal(buf, text + at, got);
    }
    gz_index_free(g);
    close(fd);
    mem_free(text);
    mem_free(buf);
    unit_end(&u);
}

TEST(damage)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    char *text = make_text();
    int fd = make_file(cx, text);
    off_t size = lseek(fd, 0, SEEK_END);
    struct gz_index *g;
    assert_ok(cx, gz_index_build(cx, fd, "x.gz", NO_SPAN, &g));
    size_t got;
    assert_int_equal(ftruncate(fd, size / 2), 0);
    assert_err(cx, E302, gz_index_read(cx, g, fd, "x.gz", NO_SPAN, SIZE - 10, text, 10, &got));
    gz_index_free(g);
    assert_err(cx, E302, gz_index_build(cx, fd, "x.gz", NO_SPAN, &g));
    assert_int_equal(pwrite(fd, "garbage, not deflate", 20, 1000), 20);
    assert_err(cx, E302, gz_index_build(cx, fd, "x.gz", NO_SPAN, &g));
    close(fd);
    mem_free(text);
    unit_end(&u);
}

#include "tests/unit/unit.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/pages.h"
#include "runtime/base/rng.h"
#include "runtime/base/utf8.h"

TEST(civil_round_trip)
{
    for (int64_t d = -800000; d < 800000; d += 13) {
        int32_t y, m, day;
        civil_from_days(d, &y, &m, &day);
        assert_int_equal(civil_days(y, m, day), d);
        assert_true(m >= 1 && m <= 12 && day >= 1 && day <= civil_month_length(y, m));
    }
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_weekday(civil_days(2026, 11, 23)), 1);
    assert_int_equal(civil_isoweek(civil_days(2021, 1, 3)), 53);
    assert_int_equal(civil_isoweek(civil_days(2018, 12, 31)), 1);
    assert_int_equal(civil_add_months(civil_days(2019, 1, 31), 1), civil_days(2019, 2, 28));
    assert_int_equal(civil_add_months(civil_days(2020, 3, 31), -13), civil_days(2019, 2, 28));
}

TEST(times_read_and_write)
{
    int64_t us;
    bool zoned;
    char buf[DATE_TEXT_MAX];
    assert_true(datetime_parse("2019-01-31T08:30", 16, &us, &zoned) && !zoned);
    datetime_format(us, buf);
    assert_string_equal(buf, "2019-01-31 08:30:00");
    assert_true(datetime_parse("2019-01-31 08:30:05.250+02:00", 29, &us, &zoned) && zoned);
    datetime_format(us, buf);
    assert_string_equal(buf, "2019-01-31 06:30:05.25");
    assert_false(datetime_parse("2019-02-30 08:30:05", 19, &us, &zoned));
    assert_false(datetime_parse("2019-01-31 24:30:05", 19, &us, &zoned));
    int32_t days;
    assert_false(date_parse("2019-1-31", 9, &days));
    duration_format(-(US_PER_DAY + 2 * US_PER_HOUR + 1500000), buf);
    assert_string_equal(buf, "-1d 2h 1.5s");
    duration_format(0, buf);
    assert_string_equal(buf, "0s");
    assert_true(time_parse(STR("03/23/2019 8:21:09 PM"), STR("%m/%d/%Y %I:%M:%S %p"), &us));
    struct strbuf b = {0};
    time_format(&b, us, STR("%A %d %B %Y %H:%M, week %V, day %j"));
    assert_string_equal(b.p, "Saturday 23 March 2019 20:21, week 12, day 082");
    strbuf_release(&b);
}

TEST(utf8_positions)
{
    const char *s = "aé漢😀";
    assert_int_equal(utf8_check(s, strlen(s)), strlen(s));
    assert_int_equal(utf8_length(s, strlen(s)), 4);
    assert_int_equal(utf8_width(s, strlen(s)), 6);
    assert_int_equal(utf8_offset(s, strlen(s), 2), 3);
    assert_int_equal(utf8_check("ab\xC0\x80", 4), 2);
    assert_int_equal(utf8_check("ab\xED\xA0\x80", 5), 2);
    assert_int_equal(utf8_fit(s, strlen(s), 3), 3);
    char out[4];
    for (uint32_t cp = 1; cp < 0x110000; cp += 37) {
        uint32_t back;
        if (cp >= 0xD800 && cp < 0xE000) continue;
        int n = utf8_put(cp, out);
        assert_int_equal(utf8_next(out, (size_t)n, &back), n);
        assert_int_equal(back, cp);
    }
}

TEST(bitmap_copy_any_offset)
{
    uint64_t src[5] = {0x123456789ABCDEFull, 0xFEDCBA9876543210ull, 0x5555AAAA5555AAAAull, 7, 0},
             dst[5];
    for (int64_t from = 0; from < 70; from += 7)
        for (int64_t to = 0; to < 70; to += 3)
            for (int64_t n = 0; n < 130; n += 11) {
                memset(dst, 0, sizeof dst);
                bitmap_copy(dst, to, src, from, n);
                for (int64_t i = 0; i < 320; i++)
                    assert_int_equal(bit_get(dst, i),
                                     i >= to && i < to + n && bit_get(src, from + i - to));
            }
}

TEST(rng_depends_on_counter_alone)
{
    assert_true(rng_u64(1, 2, 3) == rng_u64(1, 2, 3));
    assert_true(rng_u64(1, 2, 3) != rng_u64(1, 2, 4));
    double sum = 0, sq = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        double z = rng_normal(7, 0, i);
        sum += z;
        sq += z * z;
    }
    assert_close(sum / 1e5, 0, 0, 0.02);
    assert_close(sq / 1e5, 1, 0, 0.02);
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(rng_below(1, 1, i, 10) < 10);
}

struct sum {
    int64_t out[100];
};
static enum rc_t square(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sum *s = arg;
    if (task == 97)
        return fail(cx, E903, NO_SPAN, "task %d on %s", (int)task,
                    worker >= 0 ? "a worker" : "none");
    s->out[task] = task * task;
    return RC_OK;
}
TEST(pool_runs_all_and_reports_lowest_error)
{
    struct unit u;
    for (int threads = 1; threads <= 4; threads++) {
        struct ctx *cx = unit_begin(&u, threads);
        struct sum s = {0};
        assert_ok(cx, pool_run(cx, 97, square, &s));
        for (int64_t i = 0; i < 97; i++)
            assert_int_equal(s.out[i], i * i);
        assert_err(cx, E903, pool_run(cx, 100, square, &s));
        struct cancel c;
        cancel_set(&c);
        cx->cancel = &c;
        assert_err(cx, E901, pool_run(cx, 97, square, &s));
        unit_end(&u);
    }
}

TEST(big_memory_fails_softly)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    void *p;
    mem_fail_at(1);
    assert_err(cx, E902, mem_big(cx, 100, &p));
    assert_err(cx, E902, mem_big(cx, SIZE_MAX, &p));
    unit_end(&u);
}

TEST(memory_over_the_budget_lies_in_files)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    atomic_llong bytes;
    struct mem_room room = {.bytes = &bytes, .budget = 1000 + MEM_FILE_FROM};
    unsigned char *p;
    void *small, *grown = NULL;
    cx->room = &room;
    atomic_init(&bytes, 1000);
    assert_ok(cx, mem_big(cx, MEM_FILE_FROM, &small)); /* just fits */
    assert_false(mem_on_disk(small));
    mem_big_free(small);
    atomic_store(&bytes, 1001);
    assert_ok(cx, mem_big(cx, MEM_FILE_FROM - 64, &small));
    assert_false(mem_on_disk(small));
    mem_big_free(small);
    size_t n = (size_t)40 << 20; /* pages beyond what may stay are let go, and come back */
    assert_ok(cx, mem_big_zero(cx, n, (void **)&p));
    assert_true(mem_on_disk(p));
    assert_int_equal(atomic_load(&room.on_disk), n);
    for (size_t i = 0; i < n; i += 4096)
        p[i] = (unsigned char)(i / 4096 % 251);
    mem_file_look(&room, 1000000);
    assert_ok(cx, mem_big_grow(cx, &grown, 0, MEM_FILE_FROM));
    memset(grown, 7, MEM_FILE_FROM);
    assert_ok(cx, mem_big_grow(cx, &grown, MEM_FILE_FROM, n));
    for (size_t i = 0; i < n; i += 4096)
        assert_int_equal(p[i], i / 4096 % 251);
    for (size_t i = 0; i < MEM_FILE_FROM; i++)
        assert_int_equal(((unsigned char *)grown)[i], 7);
    mem_big_free(p);
    assert_false(mem_on_disk(p));
    mem_big_free(grown);
    struct arena *a = arena_new();
    arena_room(a, &room);
    memset(arena_alloc(a, MEM_FILE_FROM), 1, MEM_FILE_FROM);
    assert_true(atomic_load(&room.on_disk) > (long long)(2 * n + MEM_FILE_FROM));
    arena_free(a);
    setenv("TMPDIR", "/no/such/folder", 1);
    assert_err(cx, E306, mem_big(cx, n, (void **)&p));
    unsetenv("TMPDIR");
    unit_end(&u);
}

TEST(pages_are_kept_and_given_again)
{
    pages_trim();
    char *a = pages_get(5 * HUGE_PAGE - 100), *b = pages_get(3 * HUGE_PAGE), *small = malloc(64);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal((uintptr_t)a % HUGE_PAGE + (uintptr_t)b % HUGE_PAGE, 0);
    memset(a, 1, 5 * HUGE_PAGE - 100);
    memset(b, 2, 3 * HUGE_PAGE);
    assert_false(pages_put(small));
    assert_false(pages_put(a + HUGE_PAGE)); /* inside of one, not one */
    assert_true(pages_put(a));
    assert_false(pages_put(a)); /* given back already */
    assert_int_equal(pages_kept(), 5 * HUGE_PAGE);
    char *c = pages_get(2 * HUGE_PAGE), *d = pages_get(3 * HUGE_PAGE);
    assert_ptr_equal(c, a); /* cut from what was kept */
    assert_ptr_equal(d, a + 2 * HUGE_PAGE);
    assert_int_equal(pages_kept(), 0);
    assert_int_equal(b[0] + b[3 * HUGE_PAGE - 1], 4);
    assert_true(pages_put(c));
    assert_true(pages_put(d));
    char *e = pages_get(5 * HUGE_PAGE); /* neighbours became one again */
    assert_ptr_equal(e, a);
    assert_true(pages_put(e));
    char *f = pages_get(6 * HUGE_PAGE); /* too little is kept: it goes before more is mapped */
    assert_true(pages_kept() == 0);
    assert_true(pages_put(f) && pages_put(b));
    pages_trim();
    assert_int_equal(pages_kept(), 0);
    assert_null(pages_get(SIZE_MAX - 10));
    free(small);
}

TEST(distance_counts_swaps)
{
    assert_int_equal(str_distance(STR("fare"), STR("fare"), 3), 0);
    assert_int_equal(str_distance(STR("fare"), STR("fear"), 3), 2);
    assert_int_equal(str_distance(STR("whree"), STR("where"), 3), 1);
    assert_int_equal(str_distance(STR("abc"), STR("xyzuvw"), 2), 3);
}

/* test_io_values.c: the fast spellings of values against their careful twins. */
#include "tests/unit/unit.h"

#include "runtime/base/num.h"
#include "runtime/base/rng.h"
#include "runtime/io/csv/csv_int.h"
#include "runtime/io/csv/fast.h"

#include <stdlib.h>

static char padded[256]; /* the fast loops look past the end of a field */

static struct str field(const char *z)
{
    memset(padded, '7', sizeof padded); /* what stands behind must not matter */
    memcpy(padded + 64, z, strlen(z));
    return (struct str){padded + 64, strlen(z)};
}

static void check_decimal(const char *z)
{
    double fast, twin = strtod(z, NULL);
    struct str f = field(z);
    bool done = fast_num(f.p, f.n, &fast);
    if (done && memcmp(&fast, &twin, sizeof fast) != 0) fail_msg("fast_num %s: %.17g", z, fast);
    done = csv_decimal(f.p, f.n, &fast);
    if (done && memcmp(&fast, &twin, sizeof fast) != 0) fail_msg("csv_decimal %s: %.17g", z, fast);
}

TEST(decimals_are_correctly_rounded)
{
    char z[64];
    int known = 0;
    for (uint64_t i = 0; i < 300000; i++) {
        double x = (rng_unit(1, 1, i) - 0.5) * pow(10, (double)(i % 20) - 8);
        snprintf(z, sizeof z, i % 3 == 0 ? "%.17g" : i % 3 == 1 ? "%.15e" : "%.12f", x);
        check_decimal(z);
        double v;
        struct str f = field(z);
        known += csv_decimal(f.p, f.n, &v);
    }
    assert_true(known > 250000);
}

TEST(decimals_half_way_between_doubles)
{
    static const char *const odd[] = {"9007199254740993",
                                      "9007199254740993.0",
                                      "9007199254740995",
                                      "90071992547409930",
                                      "0.500000000000000166533453693773481063544750213623046875",
                                      "1.00000000000000011102",
                                      "4503599627370496.5",
                                      "4503599627370497.5",
                                      "4503599627370498.5",
                                      "1152921504606847104",
                                      "0.000000000000000000001",
                                      "1e22",
                                      "1e23",
                                      "123456789012345678e5",
                                      "8.5e-27",
                                      "-0",
                                      "-0.0",
                                      "0",
                                      "0.0000",
                                      "5.",
                                      "1e0",
                                      "1e-0",
                                      "18446744073709551615",
                                      "9999999999999999999",
                                      "17976931348623157e12",
                                      "2.2250738585072011e-5"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        check_decimal(odd[i]);
    for (uint64_t i = 0; i < 100000; i++) { /* middles of two doubles, and beside them */
        char z[64];
        uint64_t m = (UINT64_C(1) << 53 | rng_u64(2, 2, i) >> 11) * 2 + 1;
        snprintf(z, sizeof z, "%llu", (unsigned long long)(m + i % 3 - 1) * 4);
        check_decimal(z);
        snprintf(z, sizeof z, "%llu.5", (unsigned long long)(m >> 3) | 1);
        check_decimal(z);
    }
}

TEST(refused_by_the_fast_ones)
{
    static const char *const bad[] = {"",    "-",     ".",   "-.5", "01",  "00.5", "1e",  "1e+",
                                      "e5",  "1.2.3", "1_0", "+1",  "1 ",  "0x10", "--1", "1e5e5",
                                      "1-2", ".e1",   "1,5", "inf", "nan", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double v;
        int64_t k;
        struct str f = field(bad[i]);
        assert_false(fast_num(f.p, f.n, &v));
        assert_false(csv_decimal(f.p, f.n, &v));
        assert_false(fast_int(f.p, f.n, &k));
    }
}

TEST(ints)
{
    char z[32];
    for (uint64_t i = 0; i < 200000; i++) {
        int64_t want = (int64_t)(rng_u64(3, 3, i) >> (i % 64)) * (i % 2 ? -1 : 1), got;
        snprintf(z, sizeof z, "%lld", (long long)want);
        struct str f = field(z);
        if (!fast_int(f.p, f.n, &got)) {
            assert_true(f.n > 16);
            continue;
        }
        assert_int_equal(got, want);
    }
}

TEST(every_day_and_second)
{
    char z[DATE_TEXT_MAX];
    for (int64_t day = -719528; day <= 2932896; day += 1) { /* 0000-01-01 .. 9999-12-31 */
        int64_t got;
        int32_t twin;
        date_format((int32_t)day, z);
        struct str f = field(z);
        if (!fast_date(f.p, &got)) {
            assert_true(date_parse(f.p, f.n, &twin) && memcmp(z + 5, "02-29", 5) == 0);
            continue;
        }
        assert_int_equal(got, day);
    }
    for (int64_t s = -86400; s < 86400; s++) {
        int64_t got;
        datetime_format(s * US_PER_SECOND, z);
        struct str f = field(z);
        assert_true(fast_datetime(f.p, f.n, &got));
        assert_int_equal(got, s * US_PER_SECOND);
    }
    static const char *const bad[] = {"2019-02-30", "2019-13-01", "2019-00-10", "2019-01-00",
                                      "2019/01/01", "2019-1-001", "201a-01-01", "2019-04-31"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t got;
        assert_false(fast_date(field(bad[i]).p, &got));
    }
    int64_t got;
    assert_false(fast_datetime(field("2019-01-01 24:00:00").p, 19, &got));
    assert_false(fast_datetime(field("2019-01-01 10:60:00").p, 19, &got));
    assert_false(fast_datetime(field("2019-01-01x10:00:00").p, 19, &got));
}

/* Random bytes, mostly the ones that matter, indexed by every variant in pieces of random size. */
TEST(index_variants_agree)
{
    enum { N = 4000 };
    static char mem[CSV_PAD + N + 2 * CSV_PAD];
    static uint32_t pos[CSV_INDEX_VARIANTS][N + 256];
    struct csv_index_variant all[CSV_INDEX_VARIANTS];
    int n = csv_index_variants(all);
    for (uint64_t seed = 0; seed < 400; seed++) {
        char *buf = mem + CSV_PAD;
        for (size_t i = 0; i < N; i++) {
            uint64_t r = rng_u64(seed, 5, i);
            buf[i] = (char)(r % 4 ? 'a' + (int)(r % 7) : ",\n\r\" \",\""[r / 4 % (seed % 8 + 1)]);
        }
        struct csv_dialect d = {
            .delim = ',', .quote = '"', .has_quote = seed % 3, .trim = seed % 2};
        struct csv_index ix[CSV_INDEX_VARIANTS];
        for (int k = 0; k < n; k++) {
            ix[k] = (struct csv_index){.d = &d, .buf = buf, .pos = pos[k], .cap = N + 256};
            pos[k][0] = UINT32_MAX;
            for (uint64_t step = 0; ix[k].at < N; step++) {
                size_t to = ix[k].at + 1 + rng_u64(seed, 6, step) % 300;
                ix[k].end = to < N ? to : N;
                all[k].run(&ix[k]);
            }
            assert_int_equal(ix[k].n, ix[0].n);
            assert_int_equal(ix[k].n_breaks, ix[0].n_breaks);
            assert_int_equal(ix[k].in_quote, ix[0].in_quote);
            assert_memory_equal(pos[k], pos[0], sizeof(uint32_t) * (ix[0].n + 1));
        }
    }
}

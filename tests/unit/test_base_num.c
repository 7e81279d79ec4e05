#include "tests/unit/unit.h"

#include "runtime/base/num.h"

static void check(double x, const char *want)
{
    char buf[NUM_TEXT_MAX];
    int n = num_format(x, buf);
    assert_string_equal(buf, want);
    assert_int_equal(n, (int)strlen(want));
    double back;
    assert_true(num_parse(buf, (size_t)n, &back));
    assert_memory_equal(&back, &x, sizeof x);
}

TEST(num_format_is_shortest)
{
    check(0, "0.0");
    check(-0.0, "-0.0");
    check(1, "1.0");
    check(0.1, "0.1");
    check(0.1 + 0.2, "0.30000000000000004");
    check(1.0 / 3, "0.3333333333333333");
    check(123456789.125, "123456789.125");
    check(1e15, "1000000000000000.0");
    check(1e16, "1e+16");
    check(1.5e22, "1.5e+22");
    check(0.0001, "0.0001");
    check(0.00012345678901234567, "0.00012345678901234567");
    check(1e-5, "1e-05");
    check(5e-324, "5e-324");
    check(1.7976931348623157e308, "1.7976931348623157e+308");
    check(2.5e-10, "2.5e-10");
    check(-37.25, "-37.25");
    check(9007199254740993.0, "9007199254740992.0");
    check(HUGE_VAL, "inf");
}

TEST(num_parse_takes_whole_texts_only)
{
    double x;
    static const char *const bad[] = {"",     "-",  ".",  "1.2.3", "1e",  "1e+",
                                      "0x10", "1 ", " 1", "abc",   "1_0", "e5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(num_parse(bad[i], strlen(bad[i]), &x));
    assert_true(num_parse("+1.", 3, &x));
    assert_close(x, 1, 0, 0);
    assert_true(num_parse(".5", 2, &x));
    assert_close(x, 0.5, 0, 0);
    assert_true(num_parse("123456789012345678901234567890", 30, &x));
    assert_close(x, 123456789012345678901234567890.0, 0, 0);
    assert_true(num_parse("0.000000000000000000000000000001234", 35, &x));
    assert_close(x, 1.234e-30, 0, 0);
    assert_true(num_parse("-INF", 4, &x));
    assert_true(isinf(x) && x < 0);
}

TEST(num_round_trips_random_bits)
{
    uint64_t s = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        double x, back;
        memcpy(&x, &s, sizeof x);
        if (!isfinite(x)) continue;
        char buf[NUM_TEXT_MAX];
        int n = num_format(x, buf);
        assert_true(num_parse(buf, (size_t)n, &back));
        assert_memory_equal(&back, &x, sizeof x);
    }
}

TEST(int_parse_edges)
{
    int64_t x;
    assert_true(int_parse("-9223372036854775808", 20, &x) && x == INT64_MIN);
    assert_true(int_parse("9223372036854775807", 19, &x) && x == INT64_MAX);
    assert_false(int_parse("9223372036854775808", 19, &x));
    assert_false(int_parse("", 0, &x));
    assert_false(int_parse("+", 1, &x));
    char buf[NUM_TEXT_MAX];
    int_format_thousands(-1234567, buf);
    assert_string_equal(buf, "-1,234,567");
    int_format_thousands(999, buf);
    assert_string_equal(buf, "999");
}

/* unit.h: what every unit test includes. TEST(name) { ... } defines a test; the list is made by
 * tests/CMakeLists.txt. */
#ifndef MLNB_TESTS_UNIT_H
#define MLNB_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours (base/rc.h) */

#include "runtime/base/arena.h"
#include "runtime/base/pool.h"
#include "runtime/base/rc.h"

#include <math.h>
#include <stdio.h>

#define TEST(name)                                                                                 \
    void name(void **state);                                                                       \
    void name(void **state __attribute__((unused)))

/* A context on the stack: struct unit u; unit_begin(&u, threads); ... unit_end(&u); */
struct unit {
    struct ctx cx;
    struct error err;
};
static inline struct ctx *unit_begin(struct unit *u, int threads)
{
    memset(u, 0, sizeof *u);
    u->cx.err = &u->err;
    u->cx.arena = arena_new();
    u->cx.pool = threads > 1 ? pool_new(threads) : NULL;
    return &u->cx;
}
static inline void unit_end(struct unit *u)
{
    if (u->cx.pool) pool_free(u->cx.pool);
    arena_free(u->cx.arena);
}
#define assert_ok(cx, expr)                                                                        \
    do {                                                                                           \
        if ((expr) != RC_OK)                                                                       \
            fail_msg("%s:%d: %s: %s %s", __FILE__, __LINE__, #expr, err_name((cx)->err->code),     \
                     (cx)->err->message);                                                          \
    } while (0)
#define assert_err(cx, want, expr)                                                                 \
    do {                                                                                           \
        if ((expr) == RC_OK) fail_msg("%s:%d: %s: expected %s", __FILE__, __LINE__, #expr, #want); \
        if ((cx)->err->code != (want))                                                             \
            fail_msg("%s:%d: %s: got %s %s", __FILE__, __LINE__, #expr, err_name((cx)->err->code), \
                     (cx)->err->message);                                                          \
        err_clear((cx)->err);                                                                      \
    } while (0)
#undef fail_msg
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)
/* |a - b| <= rtol * |b| + atol */
static inline void assert_near(double a, double b, double rtol, double atol, const char *file,
                               int line)
{
    if (!(fabs(a - b) <= rtol * fabs(b) + atol)) {
        print_error("%.17g is not %.17g (difference %.3g)\n", a, b, a - b);
        _fail(file, line);
    }
}
#define assert_close(a, b, rtol, atol) assert_near((a), (b), (rtol), (atol), __FILE__, __LINE__)

#endif

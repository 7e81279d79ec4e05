/* The interpreter end to end: small programs through lang_run with a host that records. */
#include "tests/unit/lang_host.h"

TEST(scalars_alone)
{
    struct rec r;
    rec_begin(&r);
    rec_expect(&r, "1 + 2", "3");
    rec_expect(&r, "2.0", "2.0");
    rec_expect(&r, "\"a\" ", "\"a\"");
    rec_expect(&r, "[1, 2.5, null]", "[1.0, 2.5, null]");
    rec_expect(&r, "7 // 2", "3");
    rec_expect(&r, "-2^2", "-4.0");
    rec_end(&r);
}

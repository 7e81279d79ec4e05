#include "tests/unit/unit.h"
#include "lang/lang.h"
TEST(a) { struct lang_opts o = {0}; struct lang *lg = lang_new(&o); lang_free(lg); }

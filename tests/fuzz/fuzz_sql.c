/* fuzz_sql.c: any bytes as SQL over two small frames, bound and not run. Errors stand inside the
 * text; what binds gives a frame. */
#include "lang/lang_int.h"

#include "lang/sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char setup[] =
    "t = frame(id: [1, 2], g: [\"a\", null], x: [1.5, null], d: [@2019-01-31, "
    "null])\nu = frame(id: [1], y: [2], l: [[1, 2]])\nk = 2\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    struct lang_opts opts = {.threads = 1, .safe = true};
    if (size > 4096) return 0;
    struct lang *lg = lang_new(&opts);
    if (lang_run(lg, setup, strlen(setup), "setup", 1, &err) != RC_OK) __builtin_trap();
    lg->is_dry = true;
    uint32_t source = sources_add(lg->sources, "fuzz", (const char *)data, size, 1);
    struct str text = sources_text(lg->sources, source);
    struct value *v = NULL;
    err_clear(&lg->err);
    if (sql_run(lg, lg->globals, text, (struct span){source, 0, (uint32_t)size}, &v) == RC_OK) {
        if (!v) __builtin_trap();
        value_unref(v);
    } else if (lg->err.code == ERR_NONE || lg->err.code == E903 || lg->err.span.to > size) {
        __builtin_trap();
    }
    lang_free(lg);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

/* fuzz_xgb.c: XGBoost's JSON and UBJ from anywhere: what loads is also scored, saved and written
 * again. */
#include "runtime/base/arena.h"
#include "runtime/base/str.h"
#include "runtime/ml/tree/xgb.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void score(const struct model *m)
{
    int n = m->enc.n_features, width = model_width(m);
    if (n > 1000 || width > 1000) return;
    double *x = mem_zero(sizeof *x * 4), *out = mem_zero(sizeof *out * 4 * (size_t)width);
    int32_t code[4] = {CODE_NULL, CODE_UNSEEN, 0, 1};
    const double **num = mem_zero(sizeof *num * (size_t)n);
    const int32_t **codes = mem_zero(sizeof *codes * (size_t)n);
    x[1] = NAN;
    x[2] = INFINITY;
    for (int i = 0; i < n; i++)
        if (m->enc.features[i].kind == ENC_NUMBER)
            num[i] = x;
        else
            codes[i] = code;
    struct enc_input in = {.num = num, .code = codes};
    m->family->cls->score(m, &in, 0, 4, out);
    mem_free(x);
    mem_free(out);
    mem_free(num);
    mem_free(codes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct model *m = NULL;
    if (xgb_load_bytes(&cx, (const char *)data, size, &m) == RC_OK) {
        struct strbuf out = {0};
        score(m);
        ml_save_bytes(m, &out);
        if (xgb_save_bytes(&cx, m, NO_SPAN, &out) != RC_OK) err_clear(&err);
        strbuf_release(&out);
        ml_unref(m);
    }
    arena_free(cx.arena);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

/* fuzz_model.c: model files from anywhere. The input is taken twice: as a whole file, and as what
 * stands after a right head line (else the checksum would keep the fuzzer out of the JSON). */
#include "runtime/base/arena.h"
#include "runtime/base/str.h"
#include "runtime/ml/model_file_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_bytes(const char *p, size_t n)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct model *m = NULL;
    if (ml_load_bytes(&cx, p, n, "fuzz", NO_SPAN, &m) == RC_OK) {
        struct strbuf out = {0};
        ml_save_bytes(m, &out);
        ml_card_text(&out, m, 60);
        ml_card_html(&out, m);
        strbuf_release(&out);
        ml_unref(m);
    }
    arena_free(cx.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strbuf b = {0};
    char hex[MODEL_FILE_HEX + 1];
    try_bytes((const char *)data, size);
    if (!model_file_digest((const char *)data, size, hex)) return 0;
    strbuf_printf(&b, MODEL_FILE_HEAD "%d,\"sha256\":\"%s\",\n", MODEL_FILE_VERSION, hex);
    strbuf_add(&b, (const char *)data, size);
    try_bytes(b.p, b.n);
    strbuf_release(&b);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

/* fuzz_wire.c: any bytes as a Jupyter message. The input is cut into frames at 0xFF bytes; it is
 * parsed once as it is (no key) and once with the signature made right, so that the fuzzer gets
 * past it. Invariants: a request that is accepted has a type, and its header comes back byte for
 * byte. */
#include "kernel/jupyter/wire.h"

#include "runtime/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES_MAX 64

static int cut(const uint8_t *data, size_t size, struct str frames[FRAMES_MAX])
{
    int n = 0;
    size_t from = 0;
    for (size_t i = 0; i <= size && n < FRAMES_MAX; i++) {
        if (i < size && data[i] != 0xFF) continue;
        frames[n++] = (struct str){(const char *)data + from, i - from};
        from = i + 1;
    }
    return n;
}

static void check(struct signer *s, const struct str *frames, int n)
{
    const char *why;
    struct request *r = request_parse(s, frames, n, &why);
    if (!r) return;
    if (!r->type || !r->id) __builtin_trap();
    struct names names = {"session", "prefix"};
    struct message *m = message_new(&names, CHANNEL_SHELL, "x_reply", r, json_object(), NULL);
    if (!str_eq((struct str){m->text[1], m->n[1]}, r->header)) __builtin_trap();
    message_free(m);
    request_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str frames[FRAMES_MAX];
    char signature[65];
    int n = cut(data, size, frames), at = 0;
    struct signer *open_one = signer_new(""), *keyed = signer_new("key");
    check(open_one, frames, n);
    while (at < n && !str_eqz(frames[at], "<IDS|MSG>"))
        at++;
    if (n - at >= 6) {
        signer_sign(keyed, frames + at + 2, signature);
        frames[at + 1] = str_of(signature);
        check(keyed, frames, n);
        check(keyed, frames, n); /* a replay: refused */
    }
    signer_free(open_one);
    signer_free(keyed);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

/* fuzz_wire.c: any bytes as a Jupyter message. The input is cut into frames at 0xFF bytes; it is
 * parsed once as it is (no key) and once with the signature made right, so that the fuzzer gets
 * past it. Invariants: a request that is accepted has a type and an object for content, and its
 * header comes back byte for byte; any bytes as printed text give a JSON object with a text that is
 * the same when it was UTF-8. */
#include "kernel/jupyter/wire.h"

#include "runtime/base/mem.h"
#include "runtime/base/utf8.h"

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
    if (!r->type || !r->id || !json_is_object(r->content)) __builtin_trap();
    if (r->metadata && !json_is_object(r->metadata)) __builtin_trap();
    struct names names = {"session", "prefix"};
    struct message *m = message_new(&names, CHANNEL_SHELL, "x_reply", r, json_object(), NULL);
    if (!str_eq((struct str){m->text[1], m->n[1]}, r->header)) __builtin_trap();
    message_free(m);
    request_free(r);
}

static void check_stream(struct str text)
{
    struct names names = {"session", "prefix"};
    struct message *m = message_stream(&names, "stdout", NULL, text);
    json_t *content = json_loadb(m->text[3], m->n[3], JSON_ALLOW_NUL, NULL);
    const json_t *back = json_object_get(content, "text");
    if (!json_is_string(back)) __builtin_trap();
    struct str got = {json_string_value(back), json_string_length(back)};
    if (utf8_check(text.p, text.n) == text.n && !str_eq(got, text)) __builtin_trap();
    json_decref(content);
    message_free(m);
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
    check_stream((struct str){(const char *)data, size});
    signer_free(open_one);
    signer_free(keyed);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

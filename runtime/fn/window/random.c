/* random.c: rand and randn: a number for each row that depends on (seed, place of the call, row)
 * and nothing else. Seed and place come as hidden constants from whoever binds the call. */
#include "runtime/base/rng.h"
#include "runtime/fn/window/window.h"

#include <stdio.h>

static uint64_t const_or(const struct agg_eval *e, int i, uint64_t def)
{
    bool given = win_const(e, i) && !e->consts[i].is_null;
    return given ? (uint64_t)e->consts[i].u.i : def;
}

static void fill(struct agg_eval *e, int64_t n, const int64_t *order, struct vec *out,
                 double (*draw)(uint64_t, uint64_t, uint64_t))
{
    uint64_t seed = const_or(e, 0, e->cx->seed), place = const_or(e, 1, 0);
    for (int64_t i = 0; i < n; i++)
        ((double *)out->data)[order[i]] = draw(seed, place, (uint64_t)order[i]);
}
static enum rc_t rand_(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                       const struct column *const *args, struct vec *out)
{
    (void)peers;
    (void)args;
    fill(e, n, order, out, rng_unit);
    return RC_OK;
}
static enum rc_t randn(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                       const struct column *const *args, struct vec *out)
{
    (void)peers;
    (void)args;
    fill(e, n, order, out, rng_normal);
    return RC_OK;
}
const struct win_desc win_rand_ = {
    .name = "rand",
    .sig = "rand() -> num",
    .doc = "A random number of [0, 1) for each row, repeatable by the session's seed.",
    .example = "(frame(x: [1, 2]) |> derive r = rand() |> derive ok = r >= 0 and r < 1).ok  #> "
               "[true, true]",
    .min_args = 0,
    .max_args = 2,
    .type = type_win_num,
    .run = rand_,
};
const struct win_desc win_randn = {
    .name = "randn",
    .sig = "randn() -> num",
    .doc = "A random number of the standard normal distribution for each row, repeatable by the "
           "session's seed.",
    .example =
        "(frame(x: [1, 2]) |> derive r = randn() |> derive ok = abs(r) < 9).ok  #> [true, true]",
    .min_args = 0,
    .max_args = 2,
    .type = type_win_num,
    .run = randn,
};

/* Version 4 of RFC 9562: 122 random bits. */
static enum rc_t uuid(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                      const struct column *const *args, struct vec *out)
{
    uint64_t seed = const_or(e, 0, e->cx->seed), place = const_or(e, 1, 0);
    (void)peers;
    (void)args;
    char *room = arena_alloc(e->arena, (size_t)n * 36 + 1);
    for (int64_t i = 0; i < n; i++, room += 36) {
        uint64_t bits[2];
        rng_pair(seed, place, (uint64_t)order[i], bits);
        uint64_t hi = (bits[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
        uint64_t lo = (bits[1] >> 2) | UINT64_C(1) << 63;
        snprintf(room, 37, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(hi >> 32),
                 (unsigned)(hi >> 16 & 0xffff), (unsigned)(hi & 0xffff), (unsigned)(lo >> 48),
                 (unsigned long long)(lo & UINT64_C(0xffffffffffff)));
        ((struct text *)out->data)[order[i]] = text_make(room, 36);
    }
    out->heap = NULL;
    return RC_OK;
}

static enum rc_t type_uuid(struct ctx *cx, const struct dtype *args, int n, struct span span,
                           struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = DTYPE(KIND_STR);
    return RC_OK;
}
const struct win_desc win_uuid = {
    .name = "uuid",
    .sig = "uuid() -> str",
    .doc = "A random identifier for each row (UUID version 4), repeatable by the session's seed.",
    .example = "(frame(x: [1, 2]) |> derive u = uuid() |> derive n = len(u)).n  #> [36, 36]",
    .min_args = 0,
    .max_args = 2,
    .type = type_uuid,
    .run = uuid,
};

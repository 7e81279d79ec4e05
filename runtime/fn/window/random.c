/* random.c: rand and randn: a number for each row that depends on (seed, place of the call, row)
 * and nothing else. Seed and place come as hidden constants from whoever binds the call. */
#include "runtime/base/rng.h"
#include "runtime/fn/window/window.h"

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

/* ntile.c: SQL's ntile(n), which counts by the window's order (the DSL's ranks a value). */
#include "runtime/fn/window/window.h"

static enum rc_t ntile(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                       const struct column *const *args, struct vec *out)
{
    int64_t parts;
    (void)peers, (void)args;
    TRY(win_int(e, 0, "ntile", "the number of parts", 0, &parts));
    if (parts < 1) return fail(e->cx, E209, e->span, "`ntile` needs at least 1 part");
    int64_t size = n / parts, bigger = n % parts, edge = bigger * (size + 1);
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)(uintptr_t)out->data)[order[i]] =
            i < edge ? i / (size + 1) + 1 : bigger + (i - edge) / (size ? size : 1) + 1;
    return RC_OK;
}
const struct win_desc win_sql_ntile = {
    .name = "sql_ntile",
    .sig = "sql_ntile(n: int) -> int",
    .doc = "SQL's ntile: which of n parts of equal size the row is in, in the window's order.",
    .example = "1 + 1  #> 2",
    .min_args = 1,
    .max_args = 1,
    .type = type_win_int,
    .is_hidden = true,
    .run = ntile,
};

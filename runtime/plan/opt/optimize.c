/* optimize.c: runs the passes of passes.def. A pass keeps rows, their order and what is reported
 * about them; each can be switched off by name in MLNB_OPT_OFF ("fold,prune"), which the tests use
 * to compare. */
#include "runtime/plan/plan_int.h"

#include <stdlib.h>

#define PASS(name) extern const struct pass_desc pass_##name;
#include "runtime/plan/opt/passes.def"
#undef PASS

static const struct pass_desc *const passes[] = {
#define PASS(name) &pass_##name,
#include "runtime/plan/opt/passes.def"
#undef PASS
};

const struct pass_desc *const *pass_all(int *n)
{
    *n = (int)(sizeof passes / sizeof passes[0]);
    return passes;
}

/* A node whose result is kept becomes that table; nothing below it runs. */
static rc use_kept(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in[2] = {NULL, NULL};
    enum rc_t res = RC_ERR;
    if (p->kept) return plan_table(cx, p->kept, NULL, out);
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) TRY_OUT(use_kept(cx, p->inputs[i], &in[i]));
    if (in[0] == p->inputs[0] && in[1] == p->inputs[1])
        *out = plan_ref(p);
    else
        TRY_OUT(plan_with_inputs(cx, p, in[0], in[1], out));
    res = RC_OK;
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    return res;
}

static bool is_off(const char *name)
{
    const char *list = getenv("MLNB_OPT_OFF");
    size_t n = strlen(name);
    while (list && *list) {
        size_t m = strcspn(list, ",");
        if (m == n && memcmp(list, name, n) == 0) return true;
        list += m + (list[m] == ',');
    }
    return false;
}

rc plan_optimize(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *now;
    TRY(use_kept(cx, p, &now));
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        if (is_off(passes[i]->name)) continue;
        struct plan *next;
        enum rc_t res = passes[i]->run(cx, now, &next);
        plan_unref(now);
        if (res != RC_OK) return res;
        now = next;
    }
    *out = now;
    return RC_OK;
}

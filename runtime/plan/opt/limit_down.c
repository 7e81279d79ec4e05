/* limit_down.c: a limit moves below projections and models, makes a sort below it a top-n, and
 * tells a scan how many rows are enough. */
#include "runtime/plan/plan_int.h"

static bool is_plain(const struct plan *p)
{
    return p->op == PLAN_LIMIT && !p->u.limit.from_end && p->u.limit.n_by == 0 && p->u.limit.n >= 0;
}

/* Rows of the input that are enough; -1 when the sum does not fit. */
static int64_t enough(const struct plan *p)
{
    int64_t sum;
    return __builtin_add_overflow(p->u.limit.offset, p->u.limit.n, &sum) ? -1 : sum;
}

static rc limit_of(struct ctx *cx, const struct plan *p, struct plan *in, struct plan **out)
{
    return plan_limit(cx, in, p->u.limit.offset, p->u.limit.n, false, NULL, 0, NULL, 0, p->span,
                      out);
}

/* limit .. sort keys = limit over a sort that only makes its first rows. */
static rc make_top_n(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *sort;
    TRY(plan_sort(cx, p->inputs[0], p->u.limit.sort, p->u.limit.n_sort, p->span, &sort));
    sort->u.sort.limit = enough(p);
    enum rc_t res = limit_of(cx, p, sort, out);
    plan_unref(sort);
    return res;
}

static enum rc_t limit_node(struct ctx *cx, void *arg, struct plan *p, struct plan **out);

static rc below_node(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in = p->inputs[0], *limit, *deeper = NULL;
    TRY(limit_of(cx, p, in->inputs[0], &limit));
    enum rc_t res = plan_rewrite_up(cx, limit, limit_node, NULL, &deeper);
    if (res == RC_OK) res = plan_with_inputs(cx, in, deeper, NULL, out);
    plan_unref(limit);
    plan_unref(deeper);
    return res;
}

static rc into_sort(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in = p->inputs[0], *sort;
    int64_t n = enough(p);
    if (n < 0 || (in->u.sort.limit >= 0 && in->u.sort.limit <= n)) return RC_OK;
    TRY(plan_with_inputs(cx, in, in->inputs[0], NULL, &sort));
    sort->u.sort.limit = n;
    enum rc_t res = limit_of(cx, p, sort, out);
    plan_unref(sort);
    return res;
}

static rc into_scan(struct ctx *cx, struct plan *p, struct plan **out)
{
    struct plan *in = p->inputs[0], *scan;
    int64_t n = enough(p);
    if (n < 0 || in->u.scan.filter || (in->u.scan.limit >= 0 && in->u.scan.limit <= n))
        return RC_OK;
    TRY(plan_rescan(cx, in, in->u.scan.columns, in->u.scan.n_columns, NULL, n, &scan));
    enum rc_t res = limit_of(cx, p, scan, out);
    plan_unref(scan);
    return res;
}

static enum rc_t limit_node(struct ctx *cx, void *arg, struct plan *p, struct plan **out)
{
    (void)arg;
    if (!is_plain(p)) return RC_OK;
    if (p->u.limit.n_sort > 0) return make_top_n(cx, p, out);
    switch (p->inputs[0]->op) {
    case PLAN_PROJECT:
    case PLAN_MAP: return below_node(cx, p, out);
    case PLAN_SORT: return into_sort(cx, p, out);
    case PLAN_SCAN: return into_scan(cx, p, out);
    default: return RC_OK;
    }
}

static enum rc_t run(struct ctx *cx, struct plan *p, struct plan **out)
{
    return plan_rewrite_up(cx, p, limit_node, NULL, out);
}

const struct pass_desc pass_limit_down = {
    .name = "limit_down",
    .doc = "limits move towards the sources; a sort below one becomes a top-n",
    .run = run,
};

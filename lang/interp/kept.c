/* kept.c: results of frames that the session keeps. A computed frame stays with its plan until the
 * kept ones pass their part of the memory budget; then the least recently used go and are computed
 * again when asked for. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "runtime/io/io.h"

struct kept_list {
    struct plan **plans; /* owned references, each with `kept` set */
    int n, cap;
};

static void forget(struct kept_list *k, int i)
{
    struct plan *p = k->plans[i];
    table_unref(p->kept);
    p->kept = NULL;
    plan_unref(p);
    k->plans[i] = k->plans[--k->n];
}
/* Plans that only we still hold are of no use to anybody. */
static void sweep(struct kept_list *k)
{
    for (int i = k ? k->n - 1 : -1; i >= 0; i--)
        if (atomic_load(&k->plans[i]->refs) == 1) forget(k, i);
}
/* The statement that is running gives `_` another value: a result that nothing else holds makes
 * room for it. (Should the statement fail, that one is computed again when asked for.) */
static void drop_last(struct lang *lg)
{
    const struct value *v = lg->last;
    if (!lg->replaces_last || !lg->kept || !v || v->kind != VALUE_FRAME || !v->plan->kept) return;
    if (atomic_load(&v->refs) > (v == lg->recent ? 2 : 1) || atomic_load(&v->plan->refs) > 2)
        return;
    for (int i = 0; i < lg->kept->n; i++)
        if (lg->kept->plans[i] == v->plan) {
            forget(lg->kept, i);
            return;
        }
}
static int64_t kept_bytes(const struct kept_list *k)
{
    int64_t sum = 0;
    for (int i = 0; i < k->n; i++)
        sum += table_bytes(k->plans[i]->kept);
    return sum;
}
static void make_room(struct kept_list *k, int64_t budget, int64_t need)
{
    while (k->n > 0 && kept_bytes(k) + need > budget) {
        int oldest = 0;
        for (int i = 1; i < k->n; i++)
            if (k->plans[i]->kept_at < k->plans[oldest]->kept_at) oldest = i;
        forget(k, oldest);
    }
}
static void keep(struct lang *lg, struct plan *p, struct table *t)
{
    int64_t budget = lg->cx.memory_budget > 0 ? lg->cx.memory_budget / 2 : INT64_MAX;
    int64_t need = table_bytes(t);
    if (!lg->kept) lg->kept = mem_zero(sizeof *lg->kept);
    struct kept_list *k = lg->kept;
    sweep(k);
    if (need > budget || p->op == PLAN_TABLE) return;
    make_room(k, budget, need);
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 16;
        k->plans = mem_realloc(k->plans, sizeof(struct plan *) * (size_t)k->cap);
    }
    k->plans[k->n++] = plan_ref(p);
    p->kept = table_ref(t);
    p->kept_at = ++lg->use_clock;
}
void kept_free(struct lang *lg)
{
    struct kept_list *k = lg->kept;
    if (!k) return;
    while (k->n > 0)
        forget(k, k->n - 1);
    mem_free(k->plans);
    mem_free(k);
    lg->kept = NULL;
}

rc frame_table(struct lang *lg, struct plan *p, struct table **out)
{
    if (p->kept && !lg->is_dry) { /* dry sessions are on other threads */
        p->kept_at = ++lg->use_clock;
        *out = table_ref(p->kept);
        return RC_OK;
    }
    if (p->op == PLAN_TABLE) {
        *out = table_ref(p->u.table.table);
        return RC_OK;
    }
    if (lg->is_dry) return fail(&lg->cx, E217, p->span, "frames are not computed here");
    struct table *t;
    sweep(lg->kept); /* a result that was replaced makes room for this one */
    drop_last(lg);
    TRY(refresh_scans(lg, p));
    TRY(exec_table(&lg->cx, lg->executor, p, &t));
    keep(lg, p, t);
    *out = t;
    return RC_OK;
}

/* ---- frames to files ---- */
struct writing {
    struct io_writer *writer;
    int64_t n_rows;
};
static enum rc_t write_part(struct ctx *cx, void *self, const struct table *rows)
{
    struct writing *w = self;
    w->n_rows += rows->n_rows;
    return w->writer->format->append(cx, w->writer, rows);
}
rc frame_write(struct lang *lg, struct plan *p, const char *path, const struct io_option *opts,
               int n_opts, struct span span, int64_t *n_rows)
{
    struct writing w = {0};
    sweep(lg->kept);
    TRY(refresh_scans(lg, p));
    TRY(io_begin(&lg->cx, p->schema, path, opts, n_opts, span, &w.writer));
    const struct io_format *f = w.writer->format;
    enum rc_t res = p->kept ? write_part(&lg->cx, &w, p->kept)
                            : exec_parts(&lg->cx, lg->executor, p, write_part, &w);
    if (res == RC_OK) res = f->finish(&lg->cx, w.writer);
    if (res != RC_OK) f->abort(w.writer);
    *n_rows = w.n_rows;
    return res;
}
bool plan_holds(const struct plan *p, enum plan_op op)
{
    if (!p || p->kept) return false; /* what is kept has run */
    return p->op == op || plan_holds(p->inputs[0], op) || plan_holds(p->inputs[1], op);
}

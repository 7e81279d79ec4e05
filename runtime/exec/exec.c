/* exec.c: what stands between a plan and the pools: the registry, opening by URL or from a shared
 * object, cutting a plan where a pool cannot run a node, and putting streamed batches together. */
#include "runtime/exec/executor.h"

#include "runtime/base/mem.h"
#include "runtime/base/pool.h"
#include "runtime/exec/share.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

/* ---- registry ---- */
#define EXECUTOR(name) extern const struct executor_class name;
#include "runtime/exec/executors.def"
#undef EXECUTOR
static const struct executor_class *const classes[] = {
#define EXECUTOR(name) &name,
#include "runtime/exec/executors.def"
#undef EXECUTOR
};

const struct executor_class *const *executor_all(int *n)
{
    *n = (int)(sizeof classes / sizeof classes[0]);
    return classes;
}

/* A loaded object stays loaded: its code may be running on a thread of its own. */
static rc open_shared(struct ctx *cx, const char *path, struct span span, struct executor **out)
{
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        const char *why = dlerror();
        return fail(cx, E302, span, "the pool %s cannot be loaded: %s", path, why ? why : "?");
    }
    const struct executor_class *cls = dlsym(so, "mlnb_executor");
    if (!cls) {
        fail(cx, E302, span, "%s holds no `mlnb_executor`", path);
        dlclose(so);
        return RC_ERR;
    }
    if (cls->version != EXECUTOR_VERSION) {
        fail(cx, E302, span, "%s was built for version %d of the pool interface, this is %d", path,
             cls->version, EXECUTOR_VERSION);
        dlclose(so);
        return RC_ERR;
    }
    return cls->open(cx, path, out);
}

static bool ends_in_so(const char *url)
{
    return str_ends(str_of(url), STR(".so"));
}

rc executor_open(struct ctx *cx, const char *url, struct span span, struct executor **out)
{
    size_t n = strcspn(url, ":");
    if (ends_in_so(url)) return open_shared(cx, url, span, out);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strlen(classes[i]->scheme) == n && memcmp(classes[i]->scheme, url, n) == 0)
            return classes[i]->open(cx, url, out);
    fail(cx, E209, span, "no pool is called \"%.*s\"", (int)n, url);
    return err_hint(cx, "use pool(threads: 4)");
}

void executor_close(struct executor *x)
{
    if (x) x->cls->close(x);
}

/* ---- a sink that keeps everything ---- */
struct part { /* rows of one partition */
    int64_t number;
    struct builder *cols;
    struct part *next;
};
struct keep {
    struct schema *schema;
    pthread_mutex_t lock; /* guards the list; a part's builders have one writer at a time */
    struct part *parts;   /* rising numbers */
};

static struct part *part_of(struct keep *k, int64_t number)
{
    pthread_mutex_lock(&k->lock);
    struct part **at = &k->parts;
    while (*at && (*at)->number < number)
        at = &(*at)->next;
    if (!*at || (*at)->number != number) {
        struct part *p = mem_zero(sizeof *p);
        p->number = number;
        p->next = *at;
        p->cols = mem_zero(sizeof *p->cols * (size_t)(k->schema->n + 1));
        for (int i = 0; i < k->schema->n; i++) {
            struct dtype t = k->schema->fields[i].type;
            builder_init(&p->cols[i], t, kind_phys(t.kind));
        }
        *at = p;
    }
    struct part *found = *at;
    pthread_mutex_unlock(&k->lock);
    return found;
}

static enum rc_t keep_push(struct ctx *cx, void *self, int64_t partition, const struct batch *b)
{
    struct keep *k = self;
    struct part *p = part_of(k, partition);
    for (int i = 0; i < k->schema->n; i++)
        TRY(builder_append(cx, &p->cols[i], &b->cols[i], NULL, b->n_rows));
    return RC_OK;
}

static rc keep_column(struct ctx *cx, struct keep *k, int col, struct column **out)
{
    int n = 0;
    for (struct part *p = k->parts; p; p = p->next)
        n++;
    if (n == 0) return column_nulls(cx, k->schema->fields[col].type, 0, out);
    struct column **parts = mem_zero(sizeof *parts * (size_t)n);
    enum rc_t res = RC_OK;
    n = 0;
    for (struct part *p = k->parts; p && res == RC_OK; p = p->next, n++)
        res = builder_finish(cx, &p->cols[col], &parts[n]);
    if (res == RC_OK) res = column_concat(cx, (const struct column *const *)parts, n, out);
    for (int i = 0; i < n; i++)
        column_unref(parts[i]);
    mem_free(parts);
    return res;
}

static rc keep_table(struct ctx *cx, struct keep *k, struct table **out)
{
    struct column **cols = mem_zero(sizeof *cols * (size_t)(k->schema->n + 1));
    int64_t n_rows = 0;
    enum rc_t res = RC_OK;
    for (struct part *p = k->parts; p; p = p->next)
        n_rows += k->schema->n ? p->cols[0].n : 0;
    for (int i = 0; i < k->schema->n && res == RC_OK; i++)
        res = keep_column(cx, k, i, &cols[i]);
    if (res == RC_OK) {
        res = table_new(cx, k->schema, cols, n_rows, out);
    } else {
        for (int i = 0; i < k->schema->n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

static void keep_release(struct keep *k)
{
    for (struct part *p = k->parts, *next; p; p = next) {
        next = p->next;
        for (int i = 0; i < k->schema->n; i++)
            builder_release(&p->cols[i]);
        mem_free(p->cols);
        mem_free(p);
    }
    pthread_mutex_destroy(&k->lock);
}

/* ---- running ---- */
static rc table_of(struct ctx *cx, struct executor *x, struct plan *p, struct table **out)
{
    struct keep k = {.schema = p->schema};
    if (x->cls->table) return x->cls->table(cx, x, p, out);
    pthread_mutex_init(&k.lock, NULL);
    struct batch_sink sink = {.self = &k, .push = keep_push};
    enum rc_t res = x->cls->run(cx, x, p, &sink);
    if (res == RC_OK) res = keep_table(cx, &k, out);
    keep_release(&k);
    return res;
}

static bool supports_all(const struct executor *x, const struct plan *p)
{
    const char *why;
    if (!x->cls->supports(x, p, &why)) return false;
    for (int i = 0; i < 2; i++)
        if (p->inputs[i] && !supports_all(x, p->inputs[i])) return false;
    return true;
}

/* The part of a plan that x cannot run, over tables that x has made of the rest. */
static rc cut(struct ctx *cx, struct executor *x, struct plan *p, struct plan **out)
{
    struct plan *in[2] = {NULL, NULL};
    struct table *t = NULL;
    enum rc_t res = RC_ERR;
    if (supports_all(x, p)) {
        TRY(table_of(cx, x, p, &t));
        res = plan_table(cx, t, x->cls->name, out);
        table_unref(t);
        return res;
    }
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) TRY_OUT(cut(cx, x, p->inputs[i], &in[i]));
    res = plan_with_inputs(cx, p, in[0], in[1], out);
out:
    plan_unref(in[0]);
    plan_unref(in[1]);
    return res;
}

typedef enum rc_t (*runner)(struct ctx *cx, struct executor *x, struct plan *p, void *arg);

/* Runs an optimised plan: all on x, or what x cannot do on the default pool. */
static rc run_cut(struct ctx *cx, struct executor *x, struct plan *p, runner run, void *arg)
{
    struct executor *local = NULL;
    struct plan *rest = NULL;
    if (x->cls == classes[0] || supports_all(x, p)) return run(cx, x, p, arg);
    TRY(cut(cx, x, p, &rest));
    enum rc_t res = classes[0]->open(cx, classes[0]->scheme, &local);
    if (res == RC_OK) res = run(cx, local, rest, arg);
    executor_close(local);
    plan_unref(rest);
    return res;
}

static enum rc_t run_table(struct ctx *cx, struct executor *x, struct plan *p, void *arg)
{
    return table_of(cx, x, p, arg);
}

/* Runs the body of a node that several read. */
static rc run_share(struct ctx *cx, struct executor *x, struct shares *sh, struct share *s)
{
    struct plan *full;
    if (!s->body) return RC_OK;
    TRY(share_fill(cx, sh, s->body, &full));
    plan_unref(s->body);
    s->body = full;
    return run_cut(cx, x, full, run_table, &s->rows);
}

/* The optimised plan; what it reads several times has run and stands in it as tables. */
static rc prepare(struct ctx *cx, struct executor *x, struct plan *p, struct plan **out)
{
    struct shares sh = {0};
    struct plan *best = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(share_optimize(cx, p, &sh, &best));
    for (int i = 0; i < sh.n; i++)
        TRY_OUT(run_share(cx, x, &sh, &sh.all[i]));
    res = share_fill(cx, &sh, best, out);
out:
    plan_unref(best);
    shares_release(&sh);
    return res;
}

rc exec_table(struct ctx *cx, struct executor *x, struct plan *p, struct table **out)
{
    struct plan *best;
    TRY(prepare(cx, x, p, &best));
    enum rc_t res = run_cut(cx, x, best, run_table, out);
    plan_unref(best);
    return res;
}

/* One row more than wanted tells whether there are more. */
rc exec_head(struct ctx *cx, struct executor *x, struct plan *p, int64_t limit, struct table **out,
             bool *complete)
{
    struct plan *head;
    struct table *t = NULL;
    if (p->kept) { /* at hand: nothing runs */
        *complete = p->kept->n_rows <= limit;
        return table_slice(cx, p->kept, 0, *complete ? p->kept->n_rows : limit, out);
    }
    TRY(plan_limit(cx, p, 0, limit < INT64_MAX ? limit + 1 : limit, false, NULL, 0, NULL, 0,
                   p->span, &head));
    enum rc_t res = exec_table(cx, x, head, &t);
    plan_unref(head);
    if (res != RC_OK) return res;
    *complete = t->n_rows <= limit;
    res = table_slice(cx, t, 0, *complete ? t->n_rows : limit, out);
    table_unref(t);
    return res;
}

static enum rc_t run_stream(struct ctx *cx, struct executor *x, struct plan *p, void *arg)
{
    return x->cls->run(cx, x, p, arg);
}

rc exec_stream(struct ctx *cx, struct executor *x, struct plan *p, const struct batch_sink *sink)
{
    struct plan *best;
    struct batch_sink copy = *sink;
    TRY(prepare(cx, x, p, &best));
    enum rc_t res = run_cut(cx, x, best, run_stream, &copy);
    plan_unref(best);
    return res;
}

struct parts_run {
    exec_take take;
    void *self;
};

static enum rc_t run_parts(struct ctx *cx, struct executor *x, struct plan *p, void *arg)
{
    const struct parts_run *r = arg;
    struct table *t = NULL;
    if (x->cls->parts) return x->cls->parts(cx, x, p, r->take, r->self);
    TRY(table_of(cx, x, p, &t));
    enum rc_t res = r->take(cx, r->self, t);
    table_unref(t);
    return res;
}

rc exec_parts(struct ctx *cx, struct executor *x, struct plan *p, exec_take take, void *self)
{
    struct plan *best;
    struct parts_run r = {take, self};
    TRY(prepare(cx, x, p, &best));
    enum rc_t res = run_cut(cx, x, best, run_parts, &r);
    plan_unref(best);
    return res;
}

/* ---- explain ---- */
struct explain {
    struct executor *x;
    bool analyze;
};

static void remark(void *arg, struct strbuf *out, const struct plan *p)
{
    const struct explain *e = arg;
    const char *why = NULL;
    bool here = supports_all(e->x, p), one_pool = e->x->cls == classes[0];
    if (!here) e->x->cls->supports(e->x, p, &why);
    if (!one_pool) strbuf_printf(out, "  [%s]", here ? e->x->cls->name : classes[0]->name);
    if (why) strbuf_printf(out, " (%s: not on %s)", why, e->x->cls->name);
    if (one_pool && e->analyze) strbuf_addc(out, ' ');
    if (e->analyze && e->x->cls->explain) e->x->cls->explain(e->x, out, p);
}

static double clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* Runs p for its rows and times. */
static rc analyze_run(struct ctx *cx, struct executor *x, struct plan *p, struct table **out)
{
    x->analyze = true;
    enum rc_t res = run_cut(cx, x, p, run_table, out);
    x->analyze = false;
    return res;
}

/* The trees of what is computed once; their notes are those of the last run, so each is printed
 * when it has run. */
static rc explain_shares(struct ctx *cx, struct explain *e, struct shares *sh, struct strbuf *out)
{
    for (int i = 0; i < sh->n; i++) {
        struct share *s = &sh->all[i];
        struct plan *full;
        if (!s->body) continue;
        if (e->analyze) {
            TRY(share_fill(cx, sh, s->body, &full));
            plan_unref(s->body);
            s->body = full;
            TRY(analyze_run(cx, e->x, full, &s->rows));
        }
        strbuf_printf(out, "%s, once for %d readers:\n", s->node->once, s->uses);
        plan_text(out, s->body, remark, e);
    }
    return RC_OK;
}

rc exec_explain(struct ctx *cx, struct executor *x, struct plan *p, bool analyze,
                struct strbuf *out)
{
    struct shares sh = {0};
    struct strbuf once = {0};
    struct plan *over = NULL, *best = NULL;
    struct table *t = NULL;
    struct explain e = {x, analyze};
    double began;
    enum rc_t res = RC_ERR;
    TRY_OUT(share_optimize(cx, p, &sh, &over));
    TRY_OUT(explain_shares(cx, &e, &sh, &once));
    TRY_OUT(share_fill(cx, &sh, over, &best));
    began = clock_ms();
    if (analyze) TRY_OUT(analyze_run(cx, x, best, &t));
    double took = clock_ms() - began;
    plan_text(out, best, remark, &e);
    if (analyze) strbuf_printf(out, "%.1f ms in all\n", took);
    if (once.n) strbuf_add(out, once.p, once.n);
    res = RC_OK;
out:
    table_unref(t);
    plan_unref(over);
    plan_unref(best);
    strbuf_release(&once);
    shares_release(&sh);
    return res;
}

/* Laws of plans and executors over random plans: every executor gives what the naive twin gives;
 * threads 1 = 2 = 7 bit by bit; each optimizer pass on = off. */
#include "runtime/plan/plan_int.h"
#include "tests/exec/gen_wide.h"
#include "tests/exec/twin.h"

#include <stdlib.h>

#define ALL_OFF "fold,fuse,filter_down,limit_down,prune,fuse_again"

static uint64_t first_seed(void)
{
    const char *s = getenv("MLNB_SEED");
    return s ? strtoull(s, NULL, 10) : 0;
}

static const char *describe(const struct plan *p)
{
    static struct strbuf b;
    strbuf_clear(&b);
    plan_text(&b, p, NULL, NULL);
    return b.p;
}

/* Runs check on n plans, each in a fixture of its own; make draws a plan of some depth. */
static void each_plan_of(struct plan *(*make)(struct gen *g, int depth), int n, int64_t max_rows,
                         void (*check)(struct fx *f, struct plan *p, uint64_t seed))
{
    uint64_t only = first_seed();
    for (uint64_t seed = only ? only : 1; seed <= (only ? only : (uint64_t)n); seed++) {
        struct fx f;
        fx_begin(&f);
        struct gen g = {.f = &f, .seed = seed, .max_rows = max_rows};
        int depth = 1 + (int)gen_below(&g, 5);
        check(&f, make(&g, depth), seed);
        fx_end(&f);
    }
}

static void each_plan(int n, int64_t max_rows,
                      void (*check)(struct fx *f, struct plan *p, uint64_t seed))
{
    each_plan_of(gen_plan, n, max_rows, check);
}

static void against_twin(struct fx *f, struct plan *p, uint64_t seed)
{
    struct table *want = NULL, *got = NULL;
    if (twin_run(f, p, &want) != RC_OK) {
        err_clear(&f->err);
        return; /* what fails in both is looked at elsewhere */
    }
    for (int x = 0; x < 3; x += 2) {
        if (exec_table(&f->cx, f->x[x], p, &got) != RC_OK)
            fail_msg("seed %llu: %s %s\n%s", (unsigned long long)seed, err_name(f->err.code),
                     f->err.message, describe(p));
        const char *diff = table_diff(f, want, got, 1e-9);
        if (diff)
            fail_msg("seed %llu: twin against engine: %s\n%s", (unsigned long long)seed, diff,
                     describe(p));
        table_unref(got);
    }
    table_unref(want);
}

TEST(engine_is_its_twin)
{
    each_plan(600, 60, against_twin);
}

TEST(engine_is_its_twin_unoptimised)
{
    setenv("MLNB_OPT_OFF", ALL_OFF, 1);
    each_plan(200, 60, against_twin);
    unsetenv("MLNB_OPT_OFF");
}

/* Many rows and many groups: the paths that small tables never take (filed rows, buckets, ranges of
 * a sort, parts of a join). */
static struct plan *big_plan(struct gen *g, int kind)
{
    struct fx *f = g->f;
    struct plan *t = pl_table(f, gen_table(g, 150000));
    const struct expr *i = ex_col(f, t, "i"), *j = ex_col(f, t, "j"), *x = ex_col(f, t, "x");
    const struct expr *s = ex_col(f, t, "s"), *d = ex_col(f, t, "d");
    const struct expr *where = CALL(f, ">", x, ex_int(f, 0));
    struct named_expr items[] = {{"n", ex_agg(f, "count", 0, NULL, where)},
                                 {"sum", AGG(f, "sum", x)},
                                 {"top", AGG(f, "max", s)},
                                 {"mid", AGG(f, "median", j)},
                                 {"low", AGG(f, "min", d)}};
    int n_flat = 3; /* without the median, so that states are kept first */
    switch (kind) {
    case 0: return pl_aggregate(f, t, ITEMS({"k", j}), items, n_flat);
    case 1: return pl_aggregate(f, t, ITEMS({"k", j}), items, 5);
    case 2: return pl_aggregate(f, t, ITEMS({"s", s}, {"j", j}), items, n_flat);
    case 3: return pl_aggregate(f, t, ITEMS({"s", s}, {"x", x}), items, 5);
    case 4: return pl_aggregate(f, t, ITEMS({"i", i}, {"d", d}), items, 5);
    case 5: return pl_aggregate(f, t, ITEMS({"k", CALL(f, "+", j, i)}), items, n_flat);
    case 6: return pl_aggregate(f, t, NULL, 0, items, 5);
    case 7: return pl_sort(f, t, KEYS({x, true, false}, {s, false, true}, {j, false, false}));
    case 8: return pl_sort(f, t, KEYS({d, true, false}, {i, false, false}));
    case 9: return pl_sort(f, t, KEYS({s, false, false}, {x, true, false}));
    default: return pl_sort(f, t, KEYS({j, false, false}));
    }
}

TEST(many_rows_and_groups)
{
    for (int kind = 0; kind < 11; kind++) {
        struct fx f;
        fx_begin(&f);
        struct gen g = {.f = &f, .seed = (uint64_t)kind + 1};
        against_twin(&f, big_plan(&g, kind), (uint64_t)kind);
        fx_end(&f);
    }
}

static void threads_agree(struct fx *f, struct plan *p, uint64_t seed)
{
    struct table *first = NULL;
    for (int x = 0; x < 3; x++) {
        struct table *t = NULL;
        f->n_warnings = 0;
        if (exec_table(&f->cx, f->x[x], p, &t) != RC_OK) {
            err_clear(&f->err);
            break;
        }
        const char *diff = first ? table_diff(f, first, t, 0) : NULL;
        if (diff) fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, diff, describe(p));
        if (first)
            table_unref(t);
        else
            first = t;
    }
    table_unref(first);
}

TEST(threads_do_not_matter)
{
    each_plan(40, 300000, threads_agree);
}

static void passes_agree(struct fx *f, struct plan *p, uint64_t seed)
{
    int n;
    const struct pass_desc *const *passes = pass_all(&n);
    struct table *want = NULL;
    setenv("MLNB_OPT_OFF", ALL_OFF, 1);
    enum rc_t res = exec_table(&f->cx, f->x[0], p, &want);
    for (int off = 0; off < n && res == RC_OK; off++) { /* this one alone on */
        struct strbuf list = {0};
        for (int i = 0; i < n; i++)
            if (i != off) strbuf_printf(&list, "%s%s", list.n ? "," : "", passes[i]->name);
        setenv("MLNB_OPT_OFF", list.p, 1);
        strbuf_release(&list);
        struct table *got = NULL;
        if (exec_table(&f->cx, f->x[0], p, &got) != RC_OK)
            fail_msg("seed %llu: %s: %s\n%s", (unsigned long long)seed, passes[off]->name,
                     f->err.message, describe(p));
        const char *diff = table_diff(f, want, got, 1e-9);
        if (diff)
            fail_msg("seed %llu: pass %s changes the result: %s\n%s", (unsigned long long)seed,
                     passes[off]->name, diff, describe(p));
        table_unref(got);
    }
    err_clear(&f->err);
    unsetenv("MLNB_OPT_OFF");
    table_unref(want);
}

TEST(passes_keep_the_rows)
{
    each_plan(400, 200, passes_agree);
}

/* The whole breadth of functions, joins and frames. All passes off, all on, and each one off alone:
 * the same rows, the same values (sums of num may round differently where a pass changes what is
 * summed together). */
static void passes_agree_widely(struct fx *f, struct plan *p, uint64_t seed)
{
    int n;
    const struct pass_desc *const *passes = pass_all(&n);
    struct table *want = NULL;
    setenv("MLNB_OPT_OFF", ALL_OFF, 1);
    enum rc_t res = exec_table(&f->cx, f->x[0], p, &want);
    for (int off = -1; off < n && res == RC_OK; off++) {
        struct table *got = NULL;
        const char *name = off < 0 ? "none" : passes[off]->name;
        setenv("MLNB_OPT_OFF", off < 0 ? "" : name, 1);
        if (exec_table(&f->cx, f->x[0], p, &got) != RC_OK)
            fail_msg("seed %llu: without %s: %s\n%s", (unsigned long long)seed, name,
                     f->err.message, describe(p));
        const char *diff = table_diff(f, want, got, 1e-9);
        if (diff)
            fail_msg("seed %llu: optimised without %s: %s\n%s", (unsigned long long)seed, name,
                     diff, describe(p));
        table_unref(got);
    }
    err_clear(&f->err);
    unsetenv("MLNB_OPT_OFF");
    table_unref(want);
}

TEST(passes_keep_the_rows_of_wide_plans)
{
    each_plan_of(gen_wide_plan, 2000, 24, passes_agree_widely);
}

TEST(threads_do_not_matter_to_wide_plans)
{
    each_plan_of(gen_wide_plan, 400, 40, threads_agree);
    each_plan_of(gen_wide_plan, 12, 3000, threads_agree);
}

/* A memory budget does not change rows, however small it is, nor whether there are warnings. */
static void budgets_agree(struct fx *f, struct plan *p, uint64_t seed)
{
    static const int64_t budgets[] = {0, 1, INT64_C(3) << 20};
    struct table *first = NULL;
    int n_warnings = 0;
    for (int i = 0; i < 3; i++) {
        struct table *t = NULL;
        struct ctx own = f->cx;
        own.memory_budget = budgets[i];
        f->n_warnings = 0;
        if (exec_table(&own, f->x[(seed + (uint64_t)i) % 3], p, &t) != RC_OK) {
            if (i > 0)
                fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, f->err.message,
                         describe(p));
            err_clear(&f->err);
            break;
        }
        const char *diff = first ? table_diff(f, first, t, 0) : NULL;
        if (!diff && first && !f->n_warnings != !n_warnings) diff = "other warnings";
        if (diff)
            fail_msg("seed %llu: budget %lld: %s\n%s", (unsigned long long)seed,
                     (long long)budgets[i], diff, describe(p));
        n_warnings = f->n_warnings;
        if (first)
            table_unref(t);
        else
            first = t;
    }
    table_unref(first);
}

TEST(the_budget_does_not_matter)
{
    each_plan(200, 60, budgets_agree);
    each_plan(10, 200000, budgets_agree);
}

TEST(the_budget_does_not_matter_to_wide_plans)
{
    each_plan_of(gen_wide_plan, 200, 40, budgets_agree);
    each_plan_of(gen_wide_plan, 12, 3000, budgets_agree);
}

/* tune.c: the search. The columns that the formula reads are run once; a fold's rows are encoded
 * once and every setting is fitted on them, settings and folds side by side on the pool. */
#include "runtime/ml/tune/tune_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/base/rng.h"
#include "runtime/ml/linalg_int.h"

#include <math.h>
#include <time.h>

#define KEEP_BYTES                                                                                 \
    (1LL << 30)       /* of encoded rows of all folds that are kept from round to round            \
                       */
#define TPE_ROUND   4 /* settings proposed at once; fixed, so that threads change nothing */
#define TPE_FIRST   10
#define ETA         3
#define LEAST_ROWS  200 /* of the first rung of halving, where there are as many */
#define RUNG_STREAM 0x72756e67u

struct fold {
    struct model *proto; /* the formula, fitted; no family's body */
    struct rows train;
    const struct rows *test;
};
struct tune {
    struct ctx *cx;
    struct executor *x;
    const struct ml_tune_spec *spec;
    enum ml_search search;
    struct table *t; /* .y, the group or time, then the columns that the formula reads */
    struct folds folds;
    struct fold *fold; /* [folds.n] */
    struct fold whole; /* halving: fold 0 on all rows, kept from the choice of the metric for the
                          last rung */
    struct asked *metric;
    struct trials trials;
    double share; /* of the rows that is fitted: rungs of halving */
};

/* ---- the columns that are read ---- */
struct names {
    struct arena *a;
    const struct schema *schema;
    struct named_expr *items;
    int n;
};

static void add_name(void *arg, const char *name)
{
    struct names *s = arg;
    int at = schema_find(s->schema, str_of(name));
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->items[i].name, name) == 0) return;
    if (at < 0) return;
    const struct field *f = &s->schema->fields[at];
    s->items[s->n++] = (struct named_expr){f->name, expr_column(s->a, f->name, f->type, NO_SPAN)};
}

static void feature_names(const struct feature *f, struct names *s)
{
    if (f->expr) expr_columns(f->expr, add_name, s);
    for (int i = 0; i < f->n_args; i++)
        feature_names(f->args[i], s);
}

static const struct expr *target_expr(const struct feature *y)
{
    return y->expr ? y->expr : y->n_args > 0 ? target_expr(y->args[0]) : NULL;
}

static enum rc_t run_columns(struct tune *u, struct plan *data)
{
    const struct formula *f = u->spec->fit.formula;
    const struct expr *by = u->spec->time ? u->spec->time : u->spec->group, *y;
    struct arena *a = u->cx->arena;
    struct plan *plan = NULL;
    struct names s = {.a = a, .schema = data->schema};
    s.items = ARENA_ARRAY(a, struct named_expr, data->schema->n + 3);
    y = f->target ? target_expr(f->target) : NULL;
    if (!y) return fail(u->cx, E401, f->span, "tune needs a target: y ~ %s", f->text);
    s.items[s.n++] = (struct named_expr){".y", y};
    if (by) s.items[s.n++] = (struct named_expr){".by", by};
    feature_names(f->target, &s);
    for (int i = 0; i < f->n_terms; i++)
        for (int k = 0; k < f->terms[i].n_factors; k++)
            feature_names(f->terms[i].factors[k], &s);
    if (u->spec->fit.weights) expr_columns(u->spec->fit.weights, add_name, &s);
    TRY(plan_project(u->cx, data, s.items, s.n, u->spec->fit.span, &plan));
    enum rc_t res = exec_table(u->cx, u->x, plan, &u->t);
    plan_unref(plan);
    return res;
}

/* ---- folds ---- */
static void fold_release(struct fold *f)
{
    ml_unref(f->proto);
    if (f->train.arena) arena_free(f->train.arena);
    *f = (struct fold){0};
}

static int64_t thin(const struct tune *u, int64_t *rows, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (u->share >= 1 || rng_unit(u->spec->fit.seed, RUNG_STREAM, (uint64_t)rows[i]) < u->share)
            rows[kept++] = rows[i];
    return kept;
}

/* The rows that fold k fits or judges, as a plan. */
static enum rc_t fold_plan(struct tune *u, int k, bool is_judged, struct plan **out)
{
    void *rows = NULL;
    struct table *part = NULL;
    TRY(mem_big(u->cx, sizeof(int64_t) * ((size_t)u->t->n_rows + 1), &rows));
    int64_t n = folds_rows(&u->folds, u->t->n_rows, k, is_judged, rows);
    if (!is_judged) n = thin(u, rows, n);
    enum rc_t res = n == 0 ? fail(u->cx, E404, u->spec->fit.span,
                                  "a fold has no rows: take fewer folds than %d", u->folds.n)
                           : table_gather(u->cx, u->t, rows, n, &part);
    mem_big_free(rows);
    TRY(res);
    res = plan_table(u->cx, part, "tune", out);
    table_unref(part);
    return res;
}

static enum rc_t fold_prepare(struct tune *u, int k)
{
    struct fold *f = &u->fold[k];
    const struct ml_fit_spec *spec = &u->spec->fit;
    struct plan *train = NULL, *test = NULL;
    enum rc_t res = RC_ERR;
    if (f->proto) return RC_OK;
    struct arena *a = arena_new();
    struct rows judged = {.arena = a};
    f->train = (struct rows){.arena = a};
    f->proto = model_new(spec->family);
    f->proto->formula = spec->formula->text;
    f->proto->seed = spec->seed;
    if (spec->threshold > 0) f->proto->threshold = spec->threshold;
    TRY_OUT(fold_plan(u, k, false, &train));
    TRY_OUT(fold_plan(u, k, true, &test));
    TRY_OUT(ml_prepare(u->cx, u->x, spec, train, f->proto, &f->train));
    TRY_OUT(rows_coded(u->cx, u->x, f->proto, test, spec->span, &judged));
    f->test = judged.valid;
    res = RC_OK;
out:
    plan_unref(train);
    plan_unref(test);
    if (res != RC_OK) fold_release(f);
    return res;
}

/* ---- one setting on one fold ---- */
static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The fixed parameters and those of a point. */
static struct ml_arg *point_args(struct arena *a, const struct ml_tune_spec *spec,
                                 const struct scalar *point, int *n)
{
    struct ml_arg *args = ARENA_ARRAY(a, struct ml_arg, spec->fit.n_args + spec->n_axes + 1);
    for (int i = 0; i < spec->fit.n_args; i++)
        args[i] = spec->fit.args[i];
    for (int i = 0; i < spec->n_axes; i++)
        args[spec->fit.n_args + i] =
            (struct ml_arg){spec->axes[i].name, point[i], spec->axes[i].span};
    *n = spec->fit.n_args + spec->n_axes;
    return args;
}

static struct model *trial_model(const struct fold *f)
{
    struct model *m = model_new(f->proto->family);
    m->formula = f->proto->formula;
    m->weights = f->proto->weights;
    m->enc = f->proto->enc;
    m->target = f->proto->target;
    m->threshold = f->proto->threshold;
    m->seed = f->proto->seed;
    m->report.n = f->train.n;
    return m;
}

static enum rc_t judge_fold(struct ctx *cx, const struct tune *u, const struct fold *f,
                            const struct model *m, double *out)
{
    struct judged j;
    TRY(judge_rows(cx, m, f->test, &j));
    enum rc_t res = judged_value(cx, &j, u->metric, out);
    judged_release(&j);
    return res;
}

static enum rc_t fit_and_judge(struct ctx *cx, const struct tune *u, const struct fold *f,
                               const struct scalar *point, double *out)
{
    struct ml_fit_spec spec = u->spec->fit;
    struct model *m = trial_model(f);
    enum rc_t res = RC_ERR;
    spec.args = point_args(cx->arena, u->spec, point, &spec.n_args);
    TRY_OUT(ml_params(cx, m->arena, m->family, spec.args, spec.n_args, spec.span, &m->params));
    TRY_OUT(m->family->cls->fit(cx, &spec, &f->train, m));
    TRY_OUT(judge_fold(cx, u, f, m, out));
    res = RC_OK;
out:
    ml_unref(m);
    return res;
}

struct job { /* tasks of a round: settings by folds */
    const struct tune *u;
    struct trial **trials;
    int first_fold, n_folds;
    struct error *errors; /* [tasks] */
};

/* A setting that cannot be fitted is noted; only a stop and want of memory end the search. */
static enum rc_t run_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct job *job = arg;
    struct trial *t = job->trials[task / job->n_folds];
    int k = job->first_fold + (int)(task % job->n_folds);
    struct error err = {0};
    struct ctx inner = *cx;
    inner.err = &err;
    inner.notify = NULL; /* warnings are told once, of the best */
    inner.arena = arena_new();
    double start = seconds_now(), score = NAN;
    enum rc_t res = fit_and_judge(&inner, job->u, &job->u->fold[k], t->point, &score);
    arena_free(inner.arena);
    t->seconds[k] = seconds_now() - start;
    t->score[k] = res == RC_OK ? score : NAN;
    if (res == RC_OK) return RC_OK;
    if (err.code == E901 || err.code == E902) {
        *cx->err = err;
        return RC_ERR;
    }
    job->errors[task] = err;
    return RC_OK;
}

/* ---- a round ---- */
static void settle(struct tune *u, struct trial *t)
{
    double sum = 0, spread = 0;
    int n = u->folds.n;
    for (int k = 0; k < n; k++)
        sum += t->score[k];
    t->mean = sum / n;
    for (int k = 0; k < n; k++)
        spread += (t->score[k] - t->mean) * (t->score[k] - t->mean);
    t->sd = n > 1 ? sqrt(spread / (n - 1)) : NAN;
    t->is_done = true;
}

static bool keeps_folds(const struct tune *u)
{
    int64_t cells = u->t->n_rows * (u->spec->fit.formula->n_terms + 2) * u->folds.n;
    return cells * (int64_t)sizeof(double) < KEEP_BYTES;
}

static enum rc_t run_folds(struct tune *u, struct trial **trials, int n, int first, int n_folds)
{
    int n_tasks = n * n_folds;
    struct job job = {.u = u, .trials = trials, .first_fold = first, .n_folds = n_folds};
    job.errors = mem_zero(sizeof *job.errors * ((size_t)n_tasks + 1));
    struct doing doing = pool_doing("tune");
    struct ctx told = *u->cx;
    told.doing = &doing;
    enum rc_t res = RC_OK;
    for (int k = first; res == RC_OK && k < first + n_folds; k++)
        res = fold_prepare(u, k);
    if (res == RC_OK) res = pool_run(&told, n_tasks, run_task, &job);
    for (int i = 0; res == RC_OK && i < n_tasks; i++) {
        struct trial *t = trials[i / n_folds];
        if (job.errors[i].code != 0 && !t->error)
            t->error = arena_copy(u->cx->arena, &job.errors[i], sizeof job.errors[i]);
    }
    mem_free(job.errors);
    return res;
}

/* All settings of the list on all folds. */
static enum rc_t run_round(struct tune *u, struct trial **trials, int n)
{
    bool keeps = keeps_folds(u);
    enum rc_t res = RC_OK;
    if (keeps) {
        res = run_folds(u, trials, n, 0, u->folds.n);
    } else {
        for (int k = 0; res == RC_OK && k < u->folds.n; k++) {
            res = run_folds(u, trials, n, k, 1);
            fold_release(&u->fold[k]);
        }
    }
    for (int i = 0; res == RC_OK && i < n; i++)
        settle(u, trials[i]);
    return res;
}

static struct trial *add_trial(struct tune *u, const struct scalar *point)
{
    struct trials *t = &u->trials;
    struct arena *a = u->cx->arena;
    if (t->n == t->cap) {
        int cap = t->cap ? 2 * t->cap : 64;
        struct trial *grown = ARENA_ARRAY(a, struct trial, cap);
        if (t->n > 0) memcpy(grown, t->list, sizeof *grown * (size_t)t->n);
        t->list = grown;
        t->cap = cap;
    }
    struct trial *made = &t->list[t->n++];
    *made = (struct trial){.point = point, .mean = NAN, .sd = NAN};
    made->score = ARENA_ARRAY(a, double, u->folds.n);
    made->seconds = ARENA_ARRAY(a, double, u->folds.n);
    return made;
}

/* Settings until the search is over: everything at once, or by rounds of TPE. */
static enum rc_t run_search(struct tune *u)
{
    for (;;) {
        struct scalar *points = NULL;
        int begun = u->trials.n;
        int want = u->search != SEARCH_TPE ? INT32_MAX : begun == 0 ? TPE_FIRST : TPE_ROUND;
        int n = search_propose(u->cx, u->spec, u->search, &u->trials, begun, want, &points);
        if (n == 0) return RC_OK;
        struct trial **round = ARENA_ARRAY(u->cx->arena, struct trial *, n);
        for (int i = 0; i < n; i++)
            add_trial(u, points + (size_t)i * (size_t)u->spec->n_axes);
        for (int i = 0; i < n; i++) /* the list may have moved */
            round[i] = &u->trials.list[begun + i];
        TRY(run_round(u, round, n));
        if (u->search != SEARCH_TPE) return RC_OK;
    }
}

static void use_whole(struct tune *u)
{
    u->fold[0] = u->whole;
    u->whole = (struct fold){0};
}

/* Rungs of successive halving: each time the best third, on three times as many rows. */
static enum rc_t run_halving(struct tune *u)
{
    struct scalar *points = NULL;
    int n = search_propose(u->cx, u->spec, SEARCH_RANDOM, &u->trials, 0, INT32_MAX, &points);
    struct trial **round = ARENA_ARRAY(u->cx->arena, struct trial *, n + 1);
    for (int i = 0; i < n; i++)
        add_trial(u, points + (size_t)i * (size_t)u->spec->n_axes);
    for (int i = 0; i < n; i++)
        round[i] = &u->trials.list[i];
    double share = 1;
    for (int left = n; left >= ETA && share / ETA * (double)u->t->n_rows >= LEAST_ROWS; left /= ETA)
        share /= ETA;
    for (int rung = 0;; rung++, share *= ETA) {
        u->share = share;
        for (int i = 0; i < n; i++)
            round[i]->rung = rung;
        for (int k = 0; k < u->folds.n; k++)
            fold_release(&u->fold[k]);
        if (share > 0.999) use_whole(u);
        TRY(run_round(u, round, n));
        for (int i = 0; i < n; i++)
            round[i]->rows = (int64_t)((double)u->t->n_rows * (share < 1 ? share : 1));
        if (share > 0.999 || n == 1) return RC_OK;
        trials_ranked(u->cx, &u->trials, &round); /* those of this rung stand first */
        n = (n + ETA - 1) / ETA;
    }
}

/* ---- the end ---- */
static const struct trial *best_trial(const struct tune *u)
{
    struct trial **list;
    int n = trials_ranked(u->cx, &u->trials, &list);
    return n > 0 && !isnan(list[0]->mean) ? list[0] : NULL;
}

static enum rc_t nothing_fits(struct tune *u)
{
    for (int i = 0; i < u->trials.n; i++)
        if (u->trials.list[i].error) {
            *u->cx->err = *u->trials.list[i].error;
            return RC_ERR;
        }
    return fail(u->cx, E404, u->spec->fit.span,
                "no setting has a value of %s: the folds are too small", u->metric->name);
}

/* An interrupt keeps what was done, if anything was. */
static enum rc_t after_stop(struct tune *u)
{
    int n = 0;
    if (u->cx->err->code != E901 || !best_trial(u)) return RC_ERR;
    for (int i = 0; i < u->trials.n; i++)
        n += u->trials.list[i].is_done;
    err_clear(u->cx->err);
    cancel_reset(u->cx->cancel);
    warn(u->cx, W406, u->spec->fit.span,
         "tune: interrupted after %d settings; the best of them is fitted on all rows", n);
    return RC_OK;
}

/* On the columns at hand: the user's plan is not run again. */
static enum rc_t fit_best(struct tune *u, struct model **out)
{
    struct plan *data;
    const struct trial *best = best_trial(u);
    if (!best) return nothing_fits(u);
    struct ml_fit_spec spec = u->spec->fit;
    struct model *m = NULL;
    spec.args = point_args(u->cx->arena, u->spec, best->point, &spec.n_args);
    TRY(plan_table(u->cx, u->t, "tune", &data));
    enum rc_t res = ml_fit(u->cx, u->x, &spec, data, &m);
    plan_unref(data);
    TRY(res);
    if (leaderboard_make(u->cx, u->spec, u->metric->name, &u->trials, &m->leaderboard) != RC_OK) {
        ml_unref(m);
        return RC_ERR;
    }
    arena_table(m->arena, m->leaderboard);
    *out = m;
    return RC_OK;
}

/* The metric, once the first fold has told what the target is. */
static enum rc_t choose_metric(struct tune *u)
{
    const struct ml_tune_spec *s = u->spec;
    TRY(fold_prepare(u, 0));
    const struct model *m = u->fold[0].proto;
    const char *name = s->metric                 ? s->metric
                       : !model_is_class(m)      ? "rmse"
                       : model_n_classes(m) == 2 ? "auc"
                                                 : "accuracy";
    int n;
    TRY(metrics_choose(u->cx, m, &name, 1, s->metric_span, &u->metric, &n));
    u->trials.less_is_better = u->metric->metric->less_is_better;
    if (u->search != SEARCH_HALVING) return RC_OK;
    u->whole = u->fold[0];
    u->fold[0] = (struct fold){0};
    return RC_OK;
}

static enum ml_search which_search(const struct ml_tune_spec *s)
{
    int64_t grid = search_grid_size(s);
    if (s->search != SEARCH_AUTO) return s->search;
    return grid > 0 && (s->trials == 0 || grid <= s->trials) ? SEARCH_GRID : SEARCH_TPE;
}

/* Each value of each axis is one that the family takes: said before any work. */
static enum rc_t check_value(struct tune *u, const struct ml_axis *a, const struct scalar *v)
{
    const struct ml_fit_spec *spec = &u->spec->fit;
    struct ml_arg *args = ARENA_ARRAY(u->cx->arena, struct ml_arg, spec->n_args + 1);
    struct scalar *checked;
    for (int i = 0; i < spec->n_args; i++)
        args[i] = spec->args[i];
    args[spec->n_args] = (struct ml_arg){a->name, *v, a->span};
    return ml_params(u->cx, u->cx->arena, spec->family, args, spec->n_args + 1, spec->span,
                     &checked);
}

static enum rc_t check_axis(struct tune *u, const struct ml_axis *a)
{
    double ends[2] = {a->lo, a->hi};
    for (int i = 0; i < a->n_choices; i++)
        TRY(check_value(u, a, &a->choices[i]));
    for (int i = 0; i < 2 && a->n_choices == 0; i++) {
        struct scalar v = {.type = DTYPE(a->is_int ? KIND_INT : KIND_NUM)};
        if (a->is_int)
            v.u.i = (int64_t)ends[i];
        else
            v.u.f = ends[i];
        TRY(check_value(u, a, &v));
    }
    return RC_OK;
}

static enum rc_t check_search(struct tune *u)
{
    for (int i = 0; i < u->spec->n_axes; i++)
        TRY(check_axis(u, &u->spec->axes[i]));
    if (u->search != SEARCH_GRID) return RC_OK;
    for (int i = 0; i < u->spec->n_axes; i++)
        if (u->spec->axes[i].n_choices == 0)
            return fail(u->cx, E209, u->spec->axes[i].span,
                        "a grid needs a list of values for %s: [..]", u->spec->axes[i].name);
    if (search_grid_size(u->spec) > 100000)
        return fail(u->cx, E209, u->spec->fit.span, "the grid has more than 100000 settings");
    return RC_OK;
}

enum rc_t ml_tune(struct ctx *cx, struct executor *x, const struct ml_tune_spec *spec,
                  struct plan *data, struct model **out)
{
    struct tune u = {.cx = cx, .x = x, .spec = spec, .search = which_search(spec), .share = 1};
    enum rc_t res = RC_ERR;
    if (!spec->fit.family->cls || spec->fit.family->task == ML_NONE)
        return fail(cx, E401, spec->fit.span,
                    "tune compares predictions with a target; %s has none", spec->fit.family->name);
    TRY(linalg_load(cx, spec->fit.span));
    linalg_setup();
    TRY(check_search(&u));
    TRY_OUT(run_columns(&u, data));
    TRY_OUT(folds_make(cx, spec, u.t, &u.folds));
    u.fold = ARENA_ARRAY(cx->arena, struct fold, u.folds.n + 1);
    TRY_OUT(choose_metric(&u));
    res = u.search == SEARCH_HALVING ? run_halving(&u) : run_search(&u);
    if (res != RC_OK) TRY_OUT(after_stop(&u));
    res = fit_best(&u, out);
out:
    for (int k = 0; u.fold && k < u.folds.n; k++)
        fold_release(&u.fold[k]);
    fold_release(&u.whole);
    folds_release(&u.folds);
    table_unref(u.t);
    return res;
}

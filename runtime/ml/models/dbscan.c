/* dbscan.c: density clusters (Ester, Kriegel, Sander, Xu, KDD 1996). Clusters are the connected
 * parts of the core rows, numbered by their first row; a row that is no core belongs to the
 * lowest-numbered cluster with a core within eps. That is scikit-learn's answer, and as it depends
 * on no order it is found by many threads at once and holds for new rows as well. */
#include "runtime/ml/json_int.h"
#include "runtime/ml/models/kd_int.h"
#include "runtime/ml/models/kmeans_int.h"
#include "runtime/ml/models/sheet_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#include <math.h>
#include <stdatomic.h>

#define TASK_ROWS 512
#define CORES_MAX (1 << 26)

struct dbscan {
    double eps;
    int64_t k, n_core;
    size_t d;
    double *core;     /* [n_core, d] in the order of their rows */
    int64_t *cluster; /* [n_core] from 1 */
    int64_t *rows;    /* [k + 1] rows of a cluster; 0: noise */
    int64_t *cores;   /* [k + 1] */
    struct kd tree;   /* of the cores, tagged with their clusters */
};

static void drop_tree(void *t)
{
    kd_free(t);
}

static struct dbscan *dbscan_new(struct arena *a, double eps, int64_t n_core, size_t d, int64_t k)
{
    struct dbscan *b = ARENA_NEW(a, struct dbscan);
    *b = (struct dbscan){.eps = eps, .k = k, .n_core = n_core, .d = d};
    b->core = ARENA_ARRAY(a, double, mem_mul((size_t)n_core, d) + 1);
    b->cluster = ARENA_ARRAY(a, int64_t, n_core + 1);
    b->rows = ARENA_ARRAY(a, int64_t, 2 * (k + 1));
    b->cores = b->rows + k + 1;
    arena_on_free(a, drop_tree, &b->tree);
    return b;
}

static enum rc_t dbscan_ready(struct ctx *cx, struct dbscan *b)
{
    TRY(kd_build(cx, b->core, b->n_core, b->d, &b->tree));
    return kd_tags(cx, &b->tree, b->cluster);
}

/* ---- the lowest cluster with a core near ---- */
struct lowest {
    const struct kd *tree;
    int64_t best;
};

static bool visit_lowest(void *self, int64_t place)
{
    struct lowest *l = self;
    if (l->tree->tag[place] < l->best) l->best = l->tree->tag[place];
    return l->best == 1;
}

static int64_t cluster_of(const struct dbscan *b, const double *x)
{
    struct lowest l = {&b->tree, INT64_MAX};
    kd_within(&b->tree, x, b->eps * b->eps, &l.best, visit_lowest, &l);
    return l.best == INT64_MAX ? 0 : l.best;
}

/* ---- fit ---- */
struct density {
    const struct rows *r;
    struct kd tree; /* of all rows */
    double r2, min;
    bool *is_core;           /* [n] by row */
    atomic_llong *parent;    /* [n] by row: cores joined so far; the root is the first row */
    const struct dbscan *of; /* numbering: the cores' clusters */
    int64_t *label;          /* [n] */
};

struct near { /* one row's neighbours */
    struct density *s;
    int64_t row;
    double weight;
};

static bool visit_weight(void *self, int64_t place)
{
    struct near *n = self;
    const struct rows *r = n->s->r;
    n->weight += r->w ? r->w[n->s->tree.id[place]] : 1.0;
    return n->weight >= n->s->min;
}

static int64_t root_of(atomic_llong *parent, int64_t row)
{
    for (;;) {
        int64_t up = atomic_load_explicit(&parent[row], memory_order_relaxed);
        if (up == row) return row;
        int64_t next = atomic_load_explicit(&parent[up], memory_order_relaxed);
        long long seen = up; /* halves the way; losing a race here costs nothing */
        if (next != up)
            atomic_compare_exchange_weak_explicit(&parent[row], &seen, next, memory_order_relaxed,
                                                  memory_order_relaxed);
        row = up;
    }
}

/* Roots only ever point to lower rows: whatever the order, the root is the lowest in the end. */
static void join_rows(atomic_llong *parent, int64_t a, int64_t b)
{
    for (;;) {
        a = root_of(parent, a);
        b = root_of(parent, b);
        if (a == b) return;
        int64_t lower = a < b ? a : b;
        long long upper = a < b ? b : a, was = upper;
        if (atomic_compare_exchange_strong_explicit(&parent[upper], &was, lower,
                                                    memory_order_relaxed, memory_order_relaxed))
            return;
    }
}

static bool visit_join(void *self, int64_t place)
{
    struct near *n = self;
    int64_t other = n->s->tree.id[place];
    if (other < n->row && n->s->is_core[other]) join_rows(n->s->parent, n->row, other);
    return false;
}

static int task_range(const struct density *s, int64_t task, int64_t *from)
{
    int64_t left = s->tree.n - task * TASK_ROWS;
    *from = task * TASK_ROWS;
    return (int)(left < TASK_ROWS ? left : TASK_ROWS);
}

static enum rc_t find_cores(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct density *s = arg;
    int64_t from;
    int n = task_range(s, task, &from);
    for (int64_t i = from; i < from + n; i++) {
        struct near near = {.s = s, .row = s->tree.id[i]};
        kd_within(&s->tree, s->tree.x + (size_t)i * s->tree.d, s->r2, NULL, visit_weight, &near);
        s->is_core[near.row] = near.weight >= s->min;
    }
    return check_cancel(cx);
}

static enum rc_t join_cores(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct density *s = arg;
    int64_t from;
    int n = task_range(s, task, &from);
    for (int64_t i = from; i < from + n; i++) {
        struct near near = {.s = s, .row = s->tree.id[i]};
        if (i % 16 == 0) TRY(check_cancel(cx));
        if (s->is_core[near.row])
            kd_within(&s->tree, s->tree.x + (size_t)i * s->tree.d, s->r2, NULL, visit_join, &near);
    }
    return RC_OK;
}

static enum rc_t label_rest(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct density *s = arg;
    int64_t from;
    int n = task_range(s, task, &from);
    for (int64_t i = from; i < from + n; i++) {
        int64_t row = s->tree.id[i];
        if (!s->is_core[row]) s->label[row] = cluster_of(s->of, s->tree.x + (size_t)i * s->tree.d);
    }
    return check_cancel(cx);
}

/* Numbers the roots in the order of their rows. label: of the cores; -1 others. */
static int64_t number_clusters(struct density *s, int64_t *n_core)
{
    int64_t k = 0;
    *n_core = 0;
    for (int64_t i = 0; i < s->r->n; i++) {
        s->label[i] = -1;
        if (!s->is_core[i]) continue;
        int64_t root = root_of(s->parent, i);
        s->label[i] = root == i ? ++k : s->label[root];
        ++*n_core;
    }
    return k;
}

static struct dbscan *keep_cores(struct model *m, const struct density *s, const double *x,
                                 int64_t n_core, int64_t k)
{
    size_t d = s->tree.d, at = 0;
    struct dbscan *b = dbscan_new(m->arena, sqrt(s->r2), n_core, d, k);
    b->eps = model_param(m, "eps");
    for (int64_t i = 0; i < s->r->n; i++) {
        if (!s->is_core[i]) continue;
        memcpy(b->core + at * d, x + (size_t)i * d, sizeof(double) * d);
        b->cluster[at++] = s->label[i];
        b->cores[s->label[i]]++;
    }
    m->body = b;
    return b;
}

static void report(struct model *m, const struct density *s, struct dbscan *b)
{
    for (int64_t i = 0; i < s->r->n; i++)
        b->rows[s->label[i]]++;
    m->report.iterations = 1;
    m->report.converged = true;
    model_add_stat(m, "k", (double)b->k, false);
    model_add_stat(m, "core", (double)b->n_core, false);
    model_add_stat(m, "noise", (double)b->rows[0], false);
}

static enum rc_t cluster_rows(struct ctx *cx, struct density *s, const double *x, struct model *m)
{
    int64_t n = s->r->n, n_core, n_tasks = (n + TASK_ROWS - 1) / TASK_ROWS;
    TRY(kd_build(cx, x, n, (size_t)s->r->enc->n_cols, &s->tree));
    for (int64_t i = 0; i < n; i++)
        atomic_init(&s->parent[i], i);
    TRY(pool_run(cx, n_tasks, find_cores, s));
    TRY(pool_run(cx, n_tasks, join_cores, s));
    int64_t k = number_clusters(s, &n_core);
    struct dbscan *b = keep_cores(m, s, x, n_core, k);
    TRY(dbscan_ready(cx, b));
    s->of = b;
    TRY(pool_run(cx, n_tasks, label_rest, s));
    report(m, s, b);
    return RC_OK;
}

static enum rc_t dbscan_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                            struct model *m)
{
    size_t n = (size_t)r->n, d = (size_t)r->enc->n_cols;
    double eps = model_param(m, "eps");
    void *x = NULL, *room = NULL;
    enum rc_t res = RC_ERR;
    TRY(cluster_check(cx, spec, r, 1));
    if (!(eps > 0)) return fail(cx, E209, cluster_span(spec, "eps"), "eps: is a distance above 0");
    struct density s = {.r = r, .r2 = eps * eps, .min = model_param(m, "min")};
    TRY_OUT(mem_big(cx, mem_mul(sizeof(double) * n, d) + 1, &x));
    TRY_OUT(mem_big(cx, n * (sizeof(int64_t) + sizeof(atomic_llong) + 1) + 1, &room));
    s.label = room;
    s.parent = (atomic_llong *)(s.label + n);
    s.is_core = (bool *)(s.parent + n);
    for (int64_t at = 0; at < r->n; at += TASK_ROWS)
        enc_fill(r->enc, &r->in, at, (int)(r->n - at < TASK_ROWS ? r->n - at : TASK_ROWS),
                 (double *)x + (size_t)at * d);
    TRY_OUT(cluster_rows(cx, &s, x, m));
    const struct dbscan *b = m->body;
    if (b->k == 0)
        warn(cx, W404, spec->span,
             "fit: no row has %g rows within %g: all are noise; a larger eps: finds clusters",
             s.min, eps);
    res = RC_OK;
out:
    kd_free(&s.tree);
    if (x) mem_big_free(x);
    if (room) mem_big_free(room);
    return res;
}

/* ---- score ---- */
static void dbscan_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                         double *out)
{
    const struct dbscan *b = m->body;
    double *x = mem_alloc(sizeof(double) * b->d * TILE);
    for (int i = 0; i < n; i += TILE) {
        int rows = n - i < TILE ? n - i : TILE;
        enc_fill(&m->enc, in, at + i, rows, x);
        for (int r = 0; r < rows; r++)
            out[i + r] = (double)cluster_of(b, x + (size_t)r * b->d);
    }
    mem_free(x);
}

/* ---- m.sizes ---- */
static enum rc_t sizes_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct dbscan *b = m->body;
    struct sheet s = sheet_new(cx, 3);
    sheet_column(&s, "cluster", KIND_INT);
    sheet_column(&s, "n", KIND_INT);
    sheet_column(&s, "core", KIND_INT);
    for (int64_t k = 0; k <= b->k; k++) {
        sheet_int(&s, 0, k);
        sheet_int(&s, 1, b->rows[k]);
        sheet_int(&s, 2, b->cores[k]);
    }
    return sheet_end(&s, out);
}

static const struct model_part dbscan_parts[] = {
    {"sizes", "rows and core rows of each cluster; 0 is noise", sizes_table}, {NULL, NULL, NULL}};

static int dbscan_bars(const struct model *m, struct arena *a, struct card_bar **out,
                       const char **title)
{
    const struct dbscan *b = m->body;
    int n = b->k < 1000 ? (int)b->k : 1000;
    struct card_bar *bars = ARENA_ARRAY(a, struct card_bar, n + 1);
    for (int k = 0; k <= n; k++) {
        struct card_bar bar = {k ? arena_printf(a, "cluster %d", k) : "noise", (double)b->rows[k]};
        int at = k;
        for (; at > 0 && bar.value > bars[at - 1].value; at--)
            bars[at] = bars[at - 1];
        bars[at] = bar;
    }
    *out = bars;
    *title = "sizes";
    return n + 1;
}

/* ---- model file ---- */
static void save_ints(struct json_out *out, const char *key, const int64_t *v, int64_t n)
{
    json_out_key(out, key);
    json_out_open(out, '[');
    for (int64_t i = 0; i < n; i++)
        json_out_int(out, v[i]);
    json_out_close(out, ']');
}

static void dbscan_save(const struct model *m, struct json_out *out)
{
    const struct dbscan *b = m->body;
    json_out_key(out, "eps");
    json_out_num(out, b->eps);
    json_out_nums(out, "core", b->core, (size_t)b->n_core * b->d);
    save_ints(out, "cluster", b->cluster, b->n_core);
    save_ints(out, "rows", b->rows, b->k + 1);
    save_ints(out, "cores", b->cores, b->k + 1);
}

static enum rc_t load_ints(struct ctx *cx, const json_t *list, const char *key, int64_t min,
                           int64_t max, int64_t n, int64_t *out)
{
    if ((int64_t)json_array_size(list) != n) return json_bad(cx, "`%s` has another length", key);
    for (int64_t i = 0; i < n; i++) {
        const json_t *e = json_array_get(list, (size_t)i);
        if (!json_is_integer(e) || json_integer_value(e) < min || json_integer_value(e) > max)
            return json_bad(cx, "`%s` is out of range", key);
        out[i] = json_integer_value(e);
    }
    return RC_OK;
}

static enum rc_t dbscan_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *cluster, *rows;
    double eps;
    size_t d = (size_t)m->enc.n_cols;
    TRY(json_get_num(cx, j, "eps", &eps));
    TRY(json_get_list(cx, j, "cluster", CORES_MAX, &cluster));
    TRY(json_get_list(cx, j, "rows", CORES_MAX, &rows));
    int64_t n_core = (int64_t)json_array_size(cluster), k = (int64_t)json_array_size(rows) - 1;
    if (k < 0 || k > n_core || d < 1 || !(eps > 0)) return json_bad(cx, "it has no clusters");
    if (json_array_size(json_object_get(j, "core")) != (size_t)n_core * d)
        return json_bad(cx, "`core` has another length");
    struct dbscan *b = dbscan_new(m->arena, eps, n_core, d, k);
    TRY(json_get_nums(cx, j, "core", b->core, (size_t)n_core * d));
    TRY(load_ints(cx, cluster, "cluster", 1, k, n_core, b->cluster));
    TRY(load_ints(cx, rows, "rows", 0, INT64_MAX, k + 1, b->rows));
    TRY(load_ints(cx, json_object_get(j, "cores"), "cores", 0, INT64_MAX, k + 1, b->cores));
    m->body = b;
    return dbscan_ready(cx, b);
}

static const struct model_class dbscan_class = {.all_levels = true,
                                                .scores = SCORE_CLUSTER,
                                                .fit = dbscan_fit,
                                                .score = dbscan_score,
                                                .save = dbscan_save,
                                                .load = dbscan_load,
                                                .parts = dbscan_parts,
                                                .bars = dbscan_bars};
static const struct ml_param_desc dbscan_params[] = {
    {.name = "eps",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1e150,
     .def = "0.5",
     .doc = "how near rows are neighbours"},
    {.name = "min",
     .kind = KIND_INT,
     .min = 1,
     .max = 1000000000,
     .def = "5",
     .unit = "rows",
     .doc = "neighbours of a core row, itself counted; weights count as so many rows"},
    {.name = NULL}};
const struct ml_family ml_dbscan = {
    .name = "dbscan",
    .sig = "dbscan(eps: 0.5, min: 5)",
    .doc = "Clusters of any form where rows lie close; cluster 0 is noise. Clusters are numbered "
           "by their first row. A new row belongs to the lowest-numbered cluster with a core row "
           "within eps, else to none. m.sizes.",
    .example = "fit ~ scale(fare) + scale(distance), dbscan(eps: 0.8, min: 4)",
    .params = dbscan_params,
    .task = ML_NONE,
    .cls = &dbscan_class};

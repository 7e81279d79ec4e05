/* fit.c: a fitted model's life, and ml_fit: checks, rows, the family's own fit, the report. */
#include "runtime/ml/ml_int.h"

#include "runtime/ml/groups_int.h"
#include "runtime/ml/linalg_int.h"

#include <math.h>
#include <time.h>

/* ---- life ---- */
struct model *model_new(const struct ml_family *family)
{
    struct arena *a = arena_new();
    struct model *m = ARENA_NEW(a, struct model);
    atomic_init(&m->refs, 1);
    m->arena = a;
    m->family = family;
    m->threshold = 0.5;
    return m;
}

struct model *ml_ref(const struct model *m)
{
    struct model *q = (struct model *)(uintptr_t)m;
    if (q) atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
    return q;
}

void ml_unref(const struct model *m)
{
    struct model *q = (struct model *)(uintptr_t)m;
    if (!q || atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) != 1) return;
    arena_free(q->arena);
}

const struct ml_family *ml_model_family(const struct model *m)
{
    const struct groups *g = model_groups(m);
    return g ? g->members[0]->family : m->family;
}

bool model_is_class(const struct model *m)
{
    return m->target.classes.n_levels > 0;
}

int model_n_classes(const struct model *m)
{
    return m->target.classes.n_levels;
}

enum score_kind model_scores(const struct model *m)
{
    enum score_kind k = m->family->cls->scores;
    if (k == SCORE_GROUPS) return model_scores(model_groups(m)->members[0]);
    if (k != SCORE_TARGET) return k;
    return model_is_class(m) ? SCORE_CLASS : SCORE_NUMBER;
}

int model_width(const struct model *m)
{
    if (model_groups(m) && !model_is_class(m)) return model_width(model_groups(m)->members[0]);
    if (m->family->cls->width) return m->family->cls->width(m);
    return model_n_classes(m) > 2 ? model_n_classes(m) : 1;
}

void model_add_stat(struct model *m, const char *name, double value, bool is_null)
{
    struct model_report *r = &m->report;
    if (r->n_stats % 8 == 0) {
        struct model_stat *grown = ARENA_ARRAY(m->arena, struct model_stat, r->n_stats + 8);
        if (r->n_stats) memcpy(grown, r->stats, sizeof *grown * (size_t)r->n_stats);
        r->stats = grown;
    }
    bool is_gap = is_null || !isfinite(value);
    r->stats[r->n_stats++] =
        (struct model_stat){.name = name, .value = is_gap ? 0.0 : value, .is_null = is_gap};
}

/* ---- fit ---- */
static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum rc_t not_yet(struct ctx *cx, const struct ml_fit_spec *spec)
{
    int n;
    struct strbuf b = {0};
    const struct ml_family *const *all = ml_family_all(&n);
    for (int i = 0; i < n; i++)
        strbuf_printf(&b, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " and ", all[i]->name);
    fail(cx, E214, spec->span, "`%s` is not in this version; %s are", spec->family->name, b.p);
    strbuf_release(&b);
    return RC_ERR;
}

static enum rc_t fit_into(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec,
                          struct plan *data, struct model *m)
{
    struct rows rows = {.arena = arena_new()};
    enum rc_t res = RC_ERR;
    m->formula = arena_strndup(m->arena, spec->formula->text, strlen(spec->formula->text));
    m->seed = spec->seed;
    if (spec->threshold > 0) m->threshold = spec->threshold;
    TRY_OUT(ml_params(cx, m->arena, m->family, spec->args, spec->n_args, spec->span, &m->params));
    TRY_OUT(ml_prepare(cx, x, spec, data, m, &rows));
    m->report.n = rows.n;
    TRY_OUT(m->family->cls->fit(cx, spec, &rows, m));
    res = RC_OK;
out:
    arena_free(rows.arena);
    return res;
}

enum rc_t ml_fit(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec,
                 struct plan *data, struct model **out)
{
    double start = seconds_now();
    if (!spec->family->cls) return not_yet(cx, spec);
    TRY(linalg_load(cx, spec->span));
    linalg_setup();
    if (spec->n_by > 0) return groups_fit(cx, x, spec, data, out);
    struct model *m = model_new(spec->family);
    if (fit_into(cx, x, spec, data, m) != RC_OK) {
        ml_unref(m);
        return RC_ERR;
    }
    m->report.seconds = seconds_now() - start;
    *out = m;
    return RC_OK;
}

/* ---- words and tables ---- */
const char *ml_name_list(struct arena *a, const char *const *names, int n)
{
    struct strbuf b = {0};
    for (int i = 0; i < n && i < 5; i++) {
        bool is_last = i + 1 == n;
        strbuf_printf(&b, "%s`%s`", i == 0 ? "" : is_last ? " and " : ", ", names[i]);
    }
    if (n > 5) strbuf_printf(&b, " and %d more", n - 5);
    const char *text = arena_strndup(a, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return text;
}

const char *ml_rows_have(struct arena *a, int64_t n)
{
    return arena_printf(a, n == 1 ? "%lld row has" : "%lld rows have", (long long)n);
}

enum rc_t ml_table(struct ctx *cx, const struct field *fields, struct builder *cols, int n,
                   struct table **out)
{
    struct schema *schema = NULL;
    struct column **made = ARENA_ARRAY(cx->arena, struct column *, n + 1);
    enum rc_t res = schema_new(cx, fields, n, NO_SPAN, &schema);
    int k = 0;
    for (; res == RC_OK && k < n; k++)
        res = builder_finish(cx, &cols[k], &made[k]);
    if (res == RC_OK)
        res = table_new(cx, schema, made, made[0]->n, out);
    else
        while (k-- > 0)
            column_unref(made[k]);
    schema_unref(schema);
    return res;
}

/* ranking.c: evaluate of models that recommend, by what they would put before each user of the
 * rows: a user's rows say what is relevant to him; the order is that of recommend. */
#include "runtime/fn/metric/ranked.h"
#include "runtime/ml/models/als_int.h"
#include "runtime/ml/score_int.h"

#include <math.h>
#include <stdlib.h>

static const char *const names[RANKED_COUNT] = {[RANKED_PRECISION] = "precision_at_k",
                                                [RANKED_RECALL] = "recall_at_k",
                                                [RANKED_NDCG] = "ndcg_at_k",
                                                [RANKED_MAP] = "map_at_k",
                                                [RANKED_MRR] = "mrr",
                                                [RANKED_HIT] = "hit_rate"};

static int find_name(const char *name)
{
    for (int i = 0; i < RANKED_COUNT; i++)
        if (strcmp(name, names[i]) == 0) return i;
    return -1;
}

bool ml_is_ranking(const char *const *metrics, int n)
{
    for (int i = 0; i < n; i++)
        if (find_name(metrics[i]) >= 0) return true;
    return false;
}

struct pairs { /* of the rows, each once */
    int64_t n;
    struct table *rows; /* owned: user, item */
    int32_t *user, *item;
};

/* User and item of the rows by the model's own expressions, distinct, without nulls. */
static enum rc_t distinct_pairs(struct ctx *cx, struct executor *x, const struct model *m,
                                struct plan *data, struct span span, struct pairs *out)
{
    struct named_expr items[2];
    const struct expr *by[2], *is;
    struct plan *p = plan_ref(data), *next;
    static const char *const columns[] = {".user", ".item"};
    enum rc_t res = RC_ERR;
    for (int k = 0; k < 2; k++) {
        items[k].name = columns[k];
        TRY_OUT(score_adapt(cx, m->enc.features[k].expr, data->schema, span, &items[k].expr));
        TRY_OUT(expr_call(cx, cx->arena, fn_find(STR("is_null")), &items[k].expr, 1, span, &is));
        TRY_OUT(expr_call(cx, cx->arena, fn_find(STR("not")), &is, 1, span, &is));
        TRY_OUT(plan_filter(cx, p, is, span, &next));
        plan_unref(p);
        p = next;
        by[k] = expr_column(cx->arena, columns[k], items[k].expr->type, span);
    }
    TRY_OUT(plan_project(cx, p, items, 2, span, &next));
    plan_unref(p);
    p = next;
    TRY_OUT(plan_distinct(cx, p, by, 2, NULL, 0, span, &next));
    plan_unref(p);
    p = next;
    TRY_OUT(exec_table(cx, x, p, &out->rows));
    out->n = out->rows->n_rows;
    res = out->n > 0 ? RC_OK : fail(cx, E404, span, "there are no rows to evaluate");
out:
    plan_unref(p);
    return res;
}

static enum rc_t codes_of(struct ctx *cx, const struct model *m, int side, const struct column *c,
                          int32_t **out)
{
    struct vec v = column_view(c, 0, c->n);
    *out = ARENA_ARRAY(cx->arena, int32_t, c->n + 1);
    return enc_codes(cx, &m->enc.features[side], &v, c->n, *out);
}

static int by_pair(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t pack(int32_t user, int32_t item)
{
    return (uint64_t)(uint32_t)user << 32 | (uint32_t)item;
}

struct relevant {
    uint64_t *pair; /* [n] rising */
    int64_t n;
    int64_t *count; /* [users] also of items that the model does not know */
};

static void take_relevant(struct ctx *cx, const struct model *m, const struct pairs *p,
                          struct relevant *out)
{
    out->pair = ARENA_ARRAY(cx->arena, uint64_t, p->n + 1);
    out->count = ARENA_ARRAY(cx->arena, int64_t, m->enc.features[ALS_USER].n_levels + 1);
    for (int64_t i = 0; i < p->n; i++) {
        if (p->user[i] < 0) continue;
        out->count[p->user[i]]++;
        if (p->item[i] >= 0) out->pair[out->n++] = pack(p->user[i], p->item[i]);
    }
    qsort(out->pair, (size_t)out->n, sizeof *out->pair, by_pair);
}

/* Means over the users, whose proposals stand one after the other. */
static int64_t measure(struct ctx *cx, const int32_t *user, const int32_t *item, int64_t n,
                       const struct relevant *r, int64_t k, double *sum)
{
    int64_t users = 0;
    bool *hit = ARENA_ARRAY(cx->arena, bool, n + 1);
    for (int64_t i = 0; i < n; i++) {
        uint64_t pair = pack(user[i], item[i]);
        hit[i] = bsearch(&pair, r->pair, (size_t)r->n, sizeof pair, by_pair) != NULL;
    }
    for (int64_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && user[to] == user[from];)
            to++;
        for (int w = 0; w < RANKED_COUNT; w++)
            sum[w] +=
                ranked_value((enum ranked_metric)w, hit + from, to - from, r->count[user[from]], k);
        users++;
    }
    return users;
}

static enum rc_t result(struct ctx *cx, const int *asked, int n, const double *sum, int64_t users,
                        struct table **out)
{
    struct field fields[2] = {{"metric", DTYPE(KIND_STR)}, {"value", DTYPE(KIND_NUM)}};
    struct builder cols[2];
    enum rc_t res = RC_OK;
    for (int i = 0; i < 2; i++)
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    for (int i = 0; i < n && res == RC_OK; i++) {
        res = builder_str(cx, &cols[0], str_of(names[asked[i]]));
        if (res == RC_OK)
            res = users > 0 ? builder_f64(cx, &cols[1], sum[asked[i]] / (double)users)
                            : builder_null(cx, &cols[1]);
    }
    if (res == RC_OK) res = ml_table(cx, fields, cols, 2, out);
    for (int i = 0; i < 2; i++)
        builder_release(&cols[i]);
    return res;
}

static enum rc_t choose(struct ctx *cx, const struct model *m, const char *const *metrics, int n,
                        struct span span, int *asked)
{
    if (!m->family->cls->recommend)
        return fail(cx, E209, span, "metrics of rankings are of models that recommend; %s does not",
                    m->family->name);
    for (int i = 0; i < n; i++) {
        asked[i] = find_name(metrics[i]);
        if (asked[i] >= 0) continue;
        fail(cx, E209, span, "`%s` is no metric of rankings", metrics[i]);
        return err_note(cx, "They are precision_at_k, recall_at_k, ndcg_at_k, map_at_k, mrr and "
                            "hit_rate; evaluate the others apart");
    }
    return RC_OK;
}

enum rc_t ml_evaluate_ranking(struct ctx *cx, struct executor *x, const struct model *m,
                              struct plan *data, const char *const *metrics, int n_metrics,
                              int64_t k, struct span span, struct table **out)
{
    int *asked = ARENA_ARRAY(cx->arena, int, n_metrics + RANKED_COUNT);
    double sum[RANKED_COUNT] = {0};
    struct pairs p = {0};
    struct relevant r = {0};
    struct table *best = NULL;
    int32_t *user, *item;
    enum rc_t res = RC_ERR;
    TRY(choose(cx, m, metrics, n_metrics, span, asked));
    for (int i = 0; n_metrics == 0 && i < RANKED_COUNT; i++)
        asked[i] = i;
    TRY(distinct_pairs(cx, x, m, data, span, &p));
    TRY_OUT(codes_of(cx, m, ALS_USER, p.rows->cols[0], &p.user));
    TRY_OUT(codes_of(cx, m, ALS_ITEM, p.rows->cols[1], &p.item));
    take_relevant(cx, m, &p, &r);
    struct recommend_spec spec = {.n = k,
                                  .side = m->enc.features[ALS_USER].name,
                                  .only = p.rows->cols[0],
                                  .span = span,
                                  .side_span = span};
    TRY_OUT(ml_recommend(cx, m, &spec, &best));
    TRY_OUT(codes_of(cx, m, ALS_USER, best->cols[0], &user));
    TRY_OUT(codes_of(cx, m, ALS_ITEM, best->cols[1], &item));
    int64_t users = measure(cx, user, item, best->n_rows, &r, k, sum);
    res = result(cx, asked, n_metrics ? n_metrics : RANKED_COUNT, sum, users, out);
out:
    table_unref(best);
    table_unref(p.rows);
    return res;
}

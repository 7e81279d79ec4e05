/* metric.c: the table of metrics, and the ranking that several of them share. */
#include "runtime/fn/metric/metric.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"

#define METRIC(name) extern const struct metric_desc metric_##name;
#include "runtime/fn/metric.def"
#undef METRIC

static const struct metric_desc *const metrics[] = {
#define METRIC(name) &metric_##name,
#include "runtime/fn/metric.def"
#undef METRIC
};

const struct metric_desc *const *metric_all(int *n)
{
    *n = (int)(sizeof metrics / sizeof *metrics);
    return metrics;
}

const struct metric_desc *metric_find(struct str name)
{
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (str_eqz(name, metrics[i]->name)) return metrics[i];
    return NULL;
}

void scored_release(struct scored *s)
{
    if (!s->ranking) return;
    mem_big_free(s->ranking->score);
    mem_big_free(s->ranking->tp);
    mem_big_free(s->ranking->fp);
    mem_free(s->ranking);
    s->ranking = NULL;
}

struct pair {
    double score;
    double actual;
};

static int falling(const void *a, const void *b)
{
    double x = ((const struct pair *)a)->score, y = ((const struct pair *)b)->score;
    return (x < y) - (x > y);
}

static void count_pairs(const struct pair *pairs, int64_t n, struct ranking *r)
{
    int64_t tp = 0, fp = 0;
    for (int64_t i = 0; i < n; i++) {
        if (pairs[i].actual > 0.5)
            tp++;
        else
            fp++;
        if (i + 1 < n && pairs[i + 1].score == pairs[i].score) continue;
        r->score[r->n] = pairs[i].score;
        r->tp[r->n] = tp;
        r->fp[r->n++] = fp;
    }
    r->positives = tp;
    r->negatives = fp;
}

enum rc_t scored_rank(struct ctx *cx, struct scored *s, const struct ranking **out)
{
    if (s->ranking) return *out = s->ranking, RC_OK;
    size_t bytes = sizeof(double) * ((size_t)s->n + 1);
    void *pairs = NULL;
    enum rc_t res = RC_ERR;
    s->ranking = mem_zero(sizeof *s->ranking);
    TRY_OUT(check_cancel(cx));
    TRY_OUT(mem_big(cx, 2 * bytes, &pairs));
    TRY_OUT(mem_big(cx, bytes, (void **)&s->ranking->score));
    TRY_OUT(mem_big(cx, bytes, (void **)&s->ranking->tp));
    TRY_OUT(mem_big(cx, bytes, (void **)&s->ranking->fp));
    for (int64_t i = 0; i < s->n; i++)
        ((struct pair *)pairs)[i] = (struct pair){s->score[i], s->actual[i]};
    qsort(pairs, (size_t)s->n, sizeof(struct pair), falling);
    count_pairs(pairs, s->n, s->ranking);
    *out = s->ranking;
    res = RC_OK;
out:
    if (pairs) mem_big_free(pairs);
    if (res != RC_OK) scored_release(s);
    return res;
}

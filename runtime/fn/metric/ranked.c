/* ranked.c: precision, recall, NDCG, average precision and reciprocal rank of one ordered list. */
#include "runtime/fn/metric/ranked.h"

#include <math.h>

static double best_gain(int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += 1 / log2((double)i + 2);
    return sum;
}

double ranked_value(enum ranked_metric what, const bool *hit, int64_t n, int64_t n_relevant,
                    int64_t k)
{
    int64_t hits = 0, first = 0, most = n_relevant < k ? n_relevant : k;
    double gain = 0, precision = 0;
    if (n_relevant < 1 || k < 1) return NAN;
    for (int64_t i = 0; i < n && i < k; i++) {
        if (!hit[i]) continue;
        hits++;
        if (first == 0) first = i + 1;
        gain += 1 / log2((double)i + 2);
        precision += (double)hits / (double)(i + 1);
    }
    switch (what) {
    case RANKED_PRECISION: return (double)hits / (double)k;
    case RANKED_RECALL: return (double)hits / (double)n_relevant;
    case RANKED_NDCG: return gain / best_gain(most);
    case RANKED_MAP: return precision / (double)most;
    case RANKED_MRR: return first > 0 ? 1 / (double)first : 0;
    case RANKED_HIT: return hits > 0;
    case RANKED_COUNT: break;
    }
    return NAN;
}

/* ranked.h: how good an ordered list of proposals is beside what was relevant: the formulas of
 * Spark's RankingMetrics for one list, shared by list functions and evaluate. */
#ifndef MLNB_FN_METRIC_RANKED_H
#define MLNB_FN_METRIC_RANKED_H

#include <stdbool.h>
#include <stdint.h>

enum ranked_metric {
    RANKED_PRECISION, /* hits of the first k, over k (proposals that are missing are no hits) */
    RANKED_RECALL,    /* hits of the first k, over all that is relevant */
    RANKED_NDCG,      /* sum of 1 / log2(1 + place) over hits, over that of the best order */
    RANKED_MAP,       /* mean precision at the hits of the first k, over min(relevant, k) */
    RANKED_MRR,       /* 1 / place of the first hit of the first k, 0 without one */
    RANKED_HIT,       /* whether there is one */
    RANKED_COUNT
};
/* hit [n]: whether each proposal is relevant, best first. NaN when nothing is relevant. O(k). */
double ranked_value(enum ranked_metric what, const bool *hit, int64_t n, int64_t n_relevant,
                    int64_t k);

#endif

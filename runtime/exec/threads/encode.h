/* encode.h: key columns as unsigned numbers that compare as the keys do. Keys whose values are few
 * enough (ranges of ints, codes of a dictionary, bools) share one word as digits of mixed radix;
 * doubles and texts take a word each, texts by eight of their bytes only (then equal words need a
 * look at the texts). Sorting, grouping and joining all start from these words. */
#ifndef MLNB_EXEC_ENCODE_H
#define MLNB_EXEC_ENCODE_H

#include "runtime/exec/threads/threads_int.h"

enum digit_kind { DIGIT_BOOL, DIGIT_INT, DIGIT_CODE, DIGIT_WIDE_INT, DIGIT_F64, DIGIT_TEXT };
struct digit {
    enum digit_kind kind;
    int key;             /* which key column */
    int64_t lo;          /* DIGIT_INT: least value */
    uint64_t span;       /* codes of values, nulls apart */
    const int32_t *rank; /* DIGIT_CODE: place of a level in text order, or NULL (the code itself) */
    bool descending, nulls_first, has_null;
    uint64_t mult; /* weight in its word */
    size_t skip;   /* DIGIT_TEXT: bytes that all texts share */
};
struct key_word {
    struct digit *digits;
    int n;
    uint64_t domain; /* codes are below it; 0 = all 64 bits */
    bool exact;      /* equal words, equal keys */
};
/* What is known of a key column before any row of it is seen. */
struct key_facts {
    enum phys phys;
    enum kind kind;
    bool has_range; /* lo, hi bound the ints */
    int64_t lo, hi;
    bool has_null;
    const struct column *dict; /* PHYS_DICT */
    const int32_t *rank;       /* or NULL: codes need not follow the order of texts */
    const int32_t *level;      /* of each rank, where somebody decodes ranks; else NULL */
    bool descending, nulls_first;
    size_t skip;
};
/* Digits of keys in order, packed into as few words as keep the order. Arrays from `a`; returns the
 * number of words. */
int key_words(struct arena *a, const struct key_facts *keys, int n, struct key_word **out);
/* out[i] = word of row i; keys[k] is the batch of key column k (raw physical type as in its facts,
 * or the canonical one). */
void key_encode(const struct key_word *w, const struct vec *keys, int64_t n, uint64_t *out);
/* Least and greatest value of an int-like column without nulls (false: there are none). */
rc column_range(struct run *r, const struct column *c, bool *out_any, int64_t *lo, int64_t *hi);
/* Place of each level of a dictionary in text order (arena of the run). */
rc dict_rank(struct run *r, const struct column *dict, const int32_t **out);
/* Facts of a column that lies there whole. ordered: dictionary codes must follow text order. */
rc column_facts(struct run *r, const struct column *c, bool ordered, struct key_facts *out);

static inline uint64_t f64_word(double x)
{
    uint64_t u;
    x = x == 0 ? 0 : x; /* -0 is 0 */
    memcpy(&u, &x, 8);
    return u >> 63 ? ~u : u | UINT64_C(1) << 63;
}

#endif

/* words.h: text to words, shared by tokens(), ngrams() and the text features of models. A word is a
 * longest run of letters, digits and `_` (Unicode categories L and N; marks part words, as Python's
 * \w has it), in small letters, of at least min_chars code points. */
#ifndef MLNB_FN_WORDS_H
#define MLNB_FN_WORDS_H

#include "runtime/base/arena.h"

/* ---- a set of words that are left out ---- */
struct word_set {
    struct str *slots; /* [mask + 1], p NULL = free; texts borrowed or in the arena */
    uint32_t mask;
    int n;
};
/* Copies the texts into the arena. */
struct word_set *word_set_new(struct arena *a, const char *const *words, int n);
bool word_set_has(const struct word_set *s, struct str word);
/* The list of a language ("english"), or NULL. english: the 318 words of the Glasgow Information
 * Retrieval group's list, which scikit-learn takes too. */
const char *const *stop_words(struct str language, int *n);

/* ---- words of one row ---- */
struct word_rule {
    bool lower;
    int min_chars;               /* shorter words are left out */
    const struct word_set *stop; /* or NULL */
};
/* Words lie one after the other with a blank between, so that n-grams are slices. Zero-initialise;
 * grows, never fails. */
struct words {
    char *text;
    size_t n_text, cap_text;
    uint32_t *ends; /* [2 n]: from, to of each word in text */
    int n, cap;
};
void words_clear(struct words *w);
void words_release(struct words *w);
/* Appends the words of a text, or one word as it is (stop words are left out either way). Texts of
 * 2 GB and more are cut there. */
void words_split(struct words *w, const struct word_rule *rule, struct str text);
void words_add(struct words *w, const struct word_rule *rule, struct str word);
/* The n-gram of words i..k (k >= i), joined by blanks; lives until the next change. */
static inline struct str words_gram(const struct words *w, int i, int k)
{
    uint32_t from = w->ends[2 * i], to = w->ends[2 * k + 1];
    return (struct str){w->text + from, to - from};
}

/* MurmurHash3 x86 32 (A. Appleby, public domain) of the bytes with seed 42: what Spark's HashingTF
 * and FeatureHasher take of a term's UTF-8. */
uint32_t word_murmur3(struct str word, uint32_t seed);
#define MURMUR3_SPARK 42u
/* Column of a word among n: the signed hash modulo n, never negative. */
static inline int64_t word_column(struct str word, int64_t n)
{
    int64_t h = (int32_t)word_murmur3(word, MURMUR3_SPARK) % n;
    return h < 0 ? h + n : h;
}

#endif

/* join_int.h: inside joining. The keys of both sides become one number a row in a common space
 * (join_keys.c); the right side becomes a table from that number to its rows (join_table.c), built
 * in parallel over ranges of numbers or of their hashes; the left side is looked up in parallel, a
 * morsel a task, so that left rows keep their order and each finds its matches in right order. */
#ifndef MLNB_EXEC_JOIN_INT_H
#define MLNB_EXEC_JOIN_INT_H

#include "runtime/exec/threads/encode.h"

#define NO_CODE UINT64_MAX /* null, or a value that the other side cannot hold */

struct text_index; /* text -> code of the right dictionary */

struct join_key {                /* one pair `left == right` */
    struct column *left, *right; /* evaluated; right texts are DICT */
    enum digit_kind kind;
    bool same_nulls; /* CMP_SAME: null has a number too, the one after all values' */
    bool only_null;  /* tells nulls from values: beside a pair that needs all 64 bits itself */
    int64_t lo;
    uint64_t values;           /* numbers of values; 0: all of 64 bits, or a double's word */
    uint64_t span, mult;       /* values, and the null's */
    const int32_t *level_code; /* left DICT: right code of each left level, -1 = none */
    struct text_index *index;  /* left STR */
};
struct join_codes {
    struct join_key *keys;
    int n;
    uint64_t domain;        /* codes are below it; 0: any 64-bit number */
    uint64_t *left, *right; /* made at once when keys do not fit one word, else NULL */
};
/* same[k]: null matches null in pair k. */
rc join_codes_make(struct run *r, struct column *const *left, struct column *const *right,
                   const bool *same, int n, struct join_codes *out);
void join_codes_free(struct join_codes *c);
/* Codes of rows [at, at + n); at is a multiple of 64. */
void join_left_codes(const struct join_codes *c, int64_t at, int64_t n, uint64_t *out);
void join_right_codes(const struct join_codes *c, int64_t at, int64_t n, uint64_t *out);

struct match { /* right rows of one code: rows[start .. start + n) */
    uint32_t start, n;
};
struct slot {
    uint64_t code;
    struct match m; /* m.n 0: free */
};
struct join_table {
    bool dense;
    uint64_t domain;
    struct match *by_code; /* dense: [domain] */
    struct slot **parts;   /* else: by the hash's top bits */
    uint32_t *masks;
    int bits;
    uint32_t *rows;       /* right rows, those of one code together, rising */
    int64_t n_rows;       /* with a code */
    int64_t n_repeated;   /* codes with several rows */
    uint32_t repeated[3]; /* a row of each of the first three */
};
rc join_table_make(struct run *r, const struct join_codes *c, int64_t n_right,
                   struct join_table *out);
void join_table_free(struct join_table *t);
/* Matches of n codes. */
void join_find(const struct join_table *t, const uint64_t *codes, int64_t n, struct match *out);

/* ---- one join at work ---- */
struct join_repeats { /* keys that stand several times on a side */
    int64_t n;
    struct {
        int64_t row; /* a row of the key; the least three are kept */
        const char *text;
    } first[3];
};
struct join_notes { /* what a join tells, summed over its parts */
    int64_t left_rows, n_rows, unmatched;
    bool multiplied; /* a left row found several partners */
    struct join_repeats left, right;
};
struct pair_block {
    struct pair_block *next;
    int64_t n, cap;
    int64_t rows[]; /* [cap] left ones, then [cap] right ones; -1: unmatched */
};
struct pairs { /* of a part of the left side */
    struct pair_block *first, *last;
    int64_t n;
    int64_t at; /* first row in the result (right keys are unique) */
    int64_t unmatched;
    bool multiplied; /* a left row found several partners */
};
struct join {
    struct run *run;
    const struct plan *node;
    struct table *left, *right;
    int n_on, n_equal;
    struct column **left_on, **right_on; /* [n_on] */
    struct column **equal_left, **equal_right;
    bool *equal_same; /* null matches null */
    enum cmp_op *ops; /* of the pairs that are no equalities, n_on - n_equal */
    struct column **other_left, **other_right;
    struct join_codes codes;
    struct join_table table;
    struct pairs *parts;
    int64_t n_parts, part_rows;              /* part_rows: of the left side */
    atomic_uchar *right_seen;                /* right and full joins */
    int64_t *rows_left, *rows_right, n_rows; /* the result; rows_left NULL: all, in order */
    /* of a part of the rows (join_spill.c): their numbers in the whole; NULL: all are here */
    const struct column *left_number, *right_number;
    struct join_notes *notes;
};

/* Room for the on-columns of a join. */
void join_alloc(struct join *j);
/* left_on and right_on sorted into equal and other pairs. */
rc join_split_on(struct join *j);
/* The rows of j->left and j->right (with their on-columns): the result's table. Adds to the notes.
 */
rc join_tables(struct join *j, struct table **out);
void join_free(struct join *j);
/* Fails where expect: does not hold. */
rc join_check(struct run *r, const struct plan *node, const struct join_notes *notes);

/* Whether the rows of the two sides may be too many for the budget and can be cut by keys. */
bool join_may_spill(const struct plan *node, const struct pipe *left, const struct pipe *right);
/* Both sides cut by their keys' hash onto disk, joined part by part, and read back in the order of
 * the left rows. Frees the pipes. */
rc join_spilled(const struct plan *node, struct pipe *take_left, struct pipe *take_right,
                struct join_notes *notes, struct pipe **out);

/* Asof: the right row (or -1) of each left row in rows[0..n_left): of the rows whose n equal keys
 * match, the nearest by the ordered column as the node says (join_asof.c). Ordered columns are
 * canonical. out_unmatched counts the rows without one. */
struct asof_side {
    struct column *const *equal;
    struct column *ordered;
};
rc asof_rows(struct run *r, const struct plan *node, const struct asof_side *left,
             const struct asof_side *right, const bool *same, int n_equal, int64_t *rows,
             int64_t *out_unmatched);

#endif

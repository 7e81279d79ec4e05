/* agg_int.h: inside grouping. The input's partitions are cut into at most AGG_RANGES ranges of
 * neighbouring ones, a task each. A range groups its rows into a table of its own while its groups
 * are few; once there are many it hands over the states it has and from then on only files rows
 * into buckets by key ("raw"). At the end each bucket is put together by one task: for every range
 * in order, its states, then its raw rows. What a range does depends on its own rows alone, so the
 * order in which anything is added is fixed by the data. */
#ifndef MLNB_EXEC_AGG_INT_H
#define MLNB_EXEC_AGG_INT_H

#include "runtime/exec/threads/encode.h"
#include "runtime/exec/threads/spill.h"

#define AGG_RANGES    32
#define AGG_FEW       16384     /* groups a range keeps; above, rows are filed */
#define AGG_NEAR      (3 << 19) /* bytes of states that stay near: as many groups are kept, too */
#define AGG_PROBE     4096      /* nearly every one of so many rows a new group: filed at once */
#define AGG_DIRECT    65536     /* packed keys below this find their group in an array */
#define CHUNK_ROWS    1024      /* at most */
#define MAX_KEY_WORDS 256

/* ---- keys ---- */
enum key_form {
    KEY_NONE,   /* no keys: one group */
    KEY_PACKED, /* all keys in one word, codes below `domain` */
    KEY_WIDE,   /* a word a key (texts two), then one with a bit for each null */
};
struct wide_part {
    int word; /* first word of the key */
    bool is_text;
    const struct column *dict; /* codes, not texts */
};
struct key_layout {
    enum key_form form;
    int n; /* keys */
    int words;
    struct key_word packed;
    uint64_t domain;
    struct key_facts *facts; /* [n] */
    struct wide_part *parts; /* [n] */
    int shift;               /* packed and dense: bucket = code >> shift */
    int bucket_bits;         /* else: the hash's top bits */
    int n_buckets;
};
/* Chooses the form for keys of which this is known (all_bound: ints have a range, texts a
 * dictionary); buckets are the caller's. */
rc layout_make(struct run *r, struct key_facts *facts, int n, bool all_bound, struct span span,
               struct key_layout *out);
/* Key words of a batch into out[n * words]. Long texts stay borrowed. */
void keys_encode(const struct key_layout *k, const struct vec *keys, int64_t n, uint64_t *out);
uint64_t key_hash(const struct key_layout *k, const uint64_t *key);
static inline int key_bucket(const struct key_layout *k, const uint64_t *key)
{
    if (k->n_buckets == 1) return 0;
    if (k->form == KEY_PACKED && k->shift >= 0) return (int)(key[0] >> k->shift);
    return (int)(key_hash(k, key) >> (64 - k->bucket_bits));
}
/* Values of key column `key` of n groups as a vector (scratch from a). */
void keys_decode(const struct key_layout *k, int key, const uint64_t *words, int64_t n,
                 struct dtype type, struct arena *a, struct vec *out);

/* ---- tables: key -> group ---- */
struct group_table {
    const struct key_layout *k;
    size_t stride;
    uint32_t n, cap;
    uint64_t *keys;  /* [cap][words] */
    char *states;    /* [cap][stride], zeroed */
    uint32_t *slots; /* group + 1, 0 = free; by hash, or by code - base when direct */
    uint32_t *tags;  /* hashed: high bits of the hash beside each slot */
    uint32_t mask;
    bool direct;
    uint64_t base;      /* direct: code of slots[0] */
    struct arena *text; /* long texts of keys are copied here */
    struct run *run;    /* whose working set the table counts in, or NULL */
    int64_t claimed;
};
rc table_init(struct ctx *cx, struct group_table *t, const struct key_layout *k, size_t stride,
              bool direct, uint64_t base, uint64_t n_codes, struct arena *text);
void table_release(struct group_table *t);
/* Groups of n keys, new ones added. */
rc table_groups(struct ctx *cx, struct group_table *t, const uint64_t *keys, int64_t n,
                uint32_t *out);
int64_t table_memory(const struct group_table *t);

/* ---- aggregates ---- */
struct agg_item {
    const struct expr *e;
    const struct agg_overload *over;
    int n_args;
    int *args; /* index into the raw columns, -1 = constant */
    struct vec *literals;
    uint64_t (*room)[2];
    struct scalar *consts;
    bool *is_const;
    struct dtype *arg_types;
    int where;     /* raw column of the filter, or -1 */
    bool direct;   /* no keys: whole() reads the table's columns as they lie there */
    size_t offset; /* of the state in a group's row */
    bool shares;   /* the state is an earlier item's: sum and mean of one column */
};
struct raw_col { /* an argument or filter: expression, and how it lies in a chunk */
    const struct expr *e;
    int expr; /* number among the evaluated expressions */
    struct dtype type;
    enum phys phys;            /* in the chunk; bools are bytes there */
    const struct column *dict; /* of PHYS_DICT */
    size_t width, at, valid_at;
};
struct chunk {
    struct chunk *next;
    int32_t n;
    uint32_t has_null; /* bit a column (the first 32; others always look) */
    char data[];       /* keys, then columns */
};
struct chunk_list {
    struct chunk *first, *last;
    struct chunk_place *out_first, *out_last; /* on disk: rows before the first chunk's */
};
struct chunk_place {
    struct chunk_place *next;
    int64_t at, bytes;
};
struct range {
    bool is_raw;
    bool started;
    int64_t rows;                /* while not raw */
    struct group_table table;    /* while not raw; its states stand to the end */
    struct chunk_list *buckets;  /* [n_buckets] */
    struct arena *arena;         /* texts of the table's keys */
    struct arena *texts;         /* of rows */
    const struct column **heaps; /* kept alive: texts of raw rows point into them */
    int n_heaps;
    int64_t bytes, text_bytes;
};
struct standing { /* a bucket, begun before all rows are filed or at the end */
    struct group_table table;
    struct arena *text; /* of its keys; NULL: not begun */
    int64_t n_ranges;   /* whose states and rows are in it */
    int64_t rows;       /* filed ones in it */
};
struct agg_worker {
    int64_t rows; /* of the partition at work */
    struct vec *vecs;
    struct scratch *wide; /* a raw column */
    struct scratch *picked;
    uint64_t *keys; /* [BATCH_ROWS * words] */
    uint32_t *groups, *some;
    int32_t *sel;
    struct agg_eval *evals; /* [n_items] */
    struct arena *arena;    /* of the states */
    struct chunk **to;      /* [BATCH_ROWS] */
    uint16_t *pos;
};
struct agg {
    struct run *run;
    const struct plan *node;
    struct pipe *pipe;
    struct exprs *x;
    struct plan *settled; /* projection put below, or NULL */
    int n_keys, n_items, n_cols;
    const struct expr **keys; /* [n_keys] */
    struct agg_item *items;
    struct raw_col *cols;
    struct key_layout k;
    size_t stride;
    uint32_t few;  /* groups a range keeps in a table */
    bool holistic; /* some aggregate wants all rows of a group at once, filed */
    int chunk_rows;
    size_t chunk_bytes;
    struct range *ranges;
    int64_t n_ranges;
    struct agg_worker *workers;
    struct spill *file; /* rows over the memory budget, or NULL: no budget, or nested values */
    int64_t range_room; /* bytes a range keeps in memory */
    atomic_bool spilled;
    /* merging */
    int64_t filed;             /* ranges that are through */
    struct standing *standing; /* [n_buckets] agg_waves.c, or NULL */
    bool stands;               /* all buckets do */
    bool split;                /* by bucket; else one task for all */
    bool late;                 /* keys stay packed until the result is sorted */
    struct bucket_result *results;
    int n_results, first_result; /* first_result: of the tasks at work */
};
struct bucket_result {
    int64_t n_groups;
    struct column **cols; /* keys, then items */
    uint64_t *words;      /* late keys: instead of the keys' columns */
};

/* Keys in one word that rises with them: their columns are made when the groups are sorted
 * (agg_late.c). Asked for before buckets are merged. */
bool late_keys_wanted(const struct agg *a);
rc late_keys_keep(struct ctx *cx, const struct group_table *t, struct bucket_result *out);
/* Key columns of all n groups in order, and which row of the buckets' end to end each is (caller
 * mem_big_frees). */
rc late_keys_columns(struct agg *a, int64_t n, int64_t **rows, struct column **out);

/* Runs the ranges; where rows are many and groups few, filed rows go into their buckets now and
 * then, so that they never lie there all together (agg_waves.c). */
rc agg_fill(struct agg *a, const struct sink *sink);
void agg_waves_free(struct agg *a);

rc agg_open(struct agg *a);
void agg_close(struct agg *a);
void agg_worker_need(struct agg *a, struct agg_worker *w); /* its memory, once */
/* Adds n rows with their arguments (vecs[raw column], canonical or as they lie) to the groups'
 * states; holistic ones are left out. */
rc agg_update(struct agg *a, struct agg_worker *w, struct ctx *cx, char *states,
              const uint32_t *groups, int64_t n, const struct vec *cols);
/* Arguments of item i as its kernels want them, for rows of cols. */
rc agg_args(struct agg *a, struct agg_worker *w, const struct agg_item *it, int64_t n,
            const struct vec *cols, struct vec *out);
/* Files rows of a batch by bucket; their key words stand in w->keys. */
rc raw_put(struct agg *a, struct agg_worker *w, struct ctx *cx, struct range *r,
           const struct vec *key_vecs, const struct vec *cols, int64_t n);
/* Column c of a chunk as a vector (scratch from arena when it must be made). */
struct vec raw_view(const struct agg *a, const struct chunk *ch, int c, struct arena *scratch);
void raw_free(struct agg *a, struct range *r);
struct chunk *raw_chunk(const struct agg *a, struct arena *arena); /* empty; NULL: the heap's */
/* What filed rows pointed to goes; their chunks are gone already. */
void raw_forget(struct agg *a, struct range *r);
/* Puts the range's rows on disk; what they pointed to is free then. */
rc raw_spill(struct agg *a, struct ctx *cx, struct range *r);
/* All rows of a bucket in memory (texts in `texts`); given back by raw_drop. */
rc raw_load(struct agg *a, struct ctx *cx, int bucket, struct arena *texts);
void raw_drop(struct agg *a, int bucket);
/* The ranges before a->filed that are not in the bucket yet go into it; makes it when new. The
 * rows are freed. groups: [rows] group of each filed row, or NULL. */
rc bucket_add(struct agg *a, struct agg_worker *w, struct ctx *cx, int bucket, struct standing *s,
              uint32_t *groups);
void bucket_close(struct standing *s);
/* How many tasks put the result together; one bucket of it. */
int merge_buckets(struct agg *a);
enum rc_t merge_task(struct ctx *cx, void *arg, int64_t task, int worker);
/* Without keys: the columns that whole() reads must lie in a table. */
bool whole_wants_table(const struct agg *a);
void whole_mark_direct(struct agg *a);
/* Results of direct items; on the statement's thread, so that kernels may use all others. */
rc whole_direct(struct agg *a, struct ctx *cx, struct column **out);
/* Column of the source table that an expression is, or NULL. */
const struct column *source_column(const struct pipe *p, const struct expr *e);
rc whole_items(struct agg *a, struct agg_worker *w, struct ctx *cx, struct chunk *const *chunks,
               int64_t n_chunks, const uint32_t *groups, int64_t n_rows, int64_t n_groups,
               struct column **out);

#endif

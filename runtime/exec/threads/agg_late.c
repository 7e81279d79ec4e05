/* agg_late.c: keys that share one word stay packed until the groups are in order: the words are
 * sorted as numbers, only the aggregates' columns are gathered, and the keys' columns are written
 * once, straight to their place. */
#include "runtime/exec/threads/agg_int.h"

bool late_keys_wanted(const struct agg *a)
{
    return a->k.form == KEY_PACKED && a->k.shift < 0 && !atomic_load(&a->spilled) &&
           !a->node->u.aggregate.unsorted;
}

rc late_keys_keep(struct ctx *cx, const struct group_table *t, struct bucket_result *out)
{
    TRY(mem_big(cx, 8 * (size_t)t->n + 8, (void **)&out->words));
    if (t->n) memcpy(out->words, t->keys, 8 * (size_t)t->n);
    return RC_OK;
}

/* ---- putting together ---- */
struct late {
    struct agg *a;
    const uint64_t *words; /* of the result's rows, rising */
    int64_t n;
    struct column **cols;
    atomic_llong *nulls; /* [n_keys] */
};

static void put_key(struct late *l, int key, int64_t at, int64_t n, struct arena *scratch)
{
    struct column *c = l->cols[key];
    struct vec v;
    keys_decode(&l->a->k, key, l->words + at, n, c->type, scratch, &v);
    if (c->phys == PHYS_BOOL)
        bitmap_copy(column_room(c), at, v.data, 0, n);
    else
        memcpy((char *)column_room(c) + (size_t)at * phys_width(c->phys), v.data,
               (size_t)n * phys_width(c->phys));
    if (!c->valid || !v.valid) return;
    bitmap_copy(column_bits(c), at, v.valid, 0, n);
    atomic_fetch_add(&l->nulls[key], n - bitmap_count(v.valid, n));
}

static enum rc_t decode_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct late *l = arg;
    struct arena *scratch = l->a->run->workers[worker].batch;
    int64_t to = (task + 1) * MORSEL_ROWS < l->n ? (task + 1) * MORSEL_ROWS : l->n;
    for (int64_t at = task * MORSEL_ROWS; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        TRY(check_cancel(cx));
        for (int k = 0; k < l->a->n_keys; k++) {
            put_key(l, k, at, n, scratch);
            arena_reset(scratch);
        }
    }
    return RC_OK;
}

static rc make_keys(struct late *l)
{
    struct agg *a = l->a;
    struct ctx *cx = a->run->cx;
    for (int k = 0; k < a->n_keys; k++) {
        const struct key_facts *f = &a->k.facts[k];
        struct dtype type = a->node->schema->fields[k].type;
        enum phys phys = f->phys == PHYS_DICT ? PHYS_DICT : kind_phys(type.kind);
        TRY(column_make(cx, type, phys, l->n, f->has_null, &l->cols[k]));
        if (phys == PHYS_DICT) l->cols[k]->dict = column_ref(f->dict);
    }
    TRY(pool_run(cx, (l->n + MORSEL_ROWS - 1) / MORSEL_ROWS, decode_task, l));
    for (int k = 0; k < a->n_keys; k++) {
        struct column *c = l->cols[k];
        c->n_null = atomic_load(&l->nulls[k]);
        if (c->n_null == 0) c->valid = NULL;
    }
    return RC_OK;
}

static rc join_words(struct agg *a, int64_t n, uint64_t **out)
{
    int64_t at = 0;
    TRY(mem_big(a->run->cx, 8 * (size_t)n + 8, (void **)out));
    for (int i = 0; i < a->n_results; i++) {
        struct bucket_result *b = &a->results[i];
        if (b->n_groups) memcpy(*out + at, b->words, 8 * (size_t)b->n_groups);
        at += b->n_groups;
        mem_big_free(b->words);
        b->words = NULL;
    }
    return RC_OK;
}

rc late_keys_columns(struct agg *a, int64_t n, int64_t **rows, struct column **out)
{
    uint64_t *words = NULL;
    struct late l = {.a = a, .n = n, .cols = out};
    l.nulls = mem_zero(sizeof *l.nulls * (size_t)(a->n_keys + 1));
    enum rc_t res = join_words(a, n, &words);
    if (res == RC_OK) res = order_given(a->run, words, n, rows);
    l.words = words;
    if (res == RC_OK) res = make_keys(&l);
    mem_big_free(words);
    mem_free(l.nulls);
    return res;
}

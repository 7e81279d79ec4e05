/* agg_raw.c: rows filed by bucket: chunks of at most CHUNK_ROWS rows, a column after the other, so
 * that the kernels read them again as vectors. Bools lie there as bytes. */
#include "runtime/exec/threads/agg_int.h"

struct chunk *raw_chunk(const struct agg *a, struct arena *arena)
{
    size_t bytes = sizeof(struct chunk) + a->chunk_bytes;
    struct chunk *c = arena ? arena_alloc(arena, bytes) : mem_alloc(bytes);
    c->next = NULL;
    c->n = 0;
    c->has_null = 0;
    for (int i = 0; i < a->n_cols; i++)
        memset(c->data + a->cols[i].valid_at, 0xFF, (size_t)a->chunk_rows / 8);
    return c;
}

/* Where each row of the batch goes. */
static rc place_rows(struct agg *a, struct agg_worker *w, struct ctx *cx, struct range *r,
                     const uint64_t *keys, int64_t n)
{
    int words = a->k.words;
    int64_t made = 0;
    for (int64_t i = 0; i < n; i++) {
        struct chunk_list *l = &r->buckets[key_bucket(&a->k, keys + i * words)];
        if (!l->last || l->last->n == a->chunk_rows) {
            struct chunk *c = raw_chunk(a, a->file ? NULL : r->texts);
            made++;
            if (l->last)
                l->last->next = c;
            else
                l->first = c;
            l->last = c;
        }
        w->to[i] = l->last;
        w->pos[i] = (uint16_t)l->last->n++;
    }
    int64_t bytes = made * (int64_t)(sizeof(struct chunk) + a->chunk_bytes);
    r->bytes += bytes; /* too much goes to disk after the batch, or lies in files (allow_spill) */
    return run_claim(a->run, cx, bytes);
}

static void put_keys(const struct agg *a, const struct agg_worker *w, const uint64_t *keys,
                     int64_t n)
{
    size_t words = (size_t)a->k.words;
    for (int64_t i = 0; i < n; i++) {
        uint64_t *to = (uint64_t *)(void *)w->to[i]->data + (size_t)w->pos[i] * words;
        for (size_t k = 0; k < words; k++)
            to[k] = keys[(size_t)i * words + k];
    }
}

/* Long texts of keys and arguments that stand in the batch's scratch are copied. */
static void keep_text(struct range *r, struct text *t)
{
    if (t->n <= TEXT_INLINE) return;
    t->ptr = arena_copy(r->texts, t->ptr, t->n);
    r->text_bytes += t->n;
}

static void keep_heap(struct range *r, const struct column *heap)
{
    for (int i = r->n_heaps; i-- > 0 && i > r->n_heaps - 8;)
        if (r->heaps[i] == heap) return;
    r->heaps = mem_realloc(r->heaps, sizeof *r->heaps * (size_t)(r->n_heaps + 1));
    r->heaps[r->n_heaps++] = column_ref(heap);
}

static void own_key_texts(const struct agg *a, struct range *r, const struct vec *key_vecs,
                          uint64_t *keys, int64_t n)
{
    for (int k = 0; a->k.form == KEY_WIDE && k < a->k.n; k++) {
        const struct vec *v = &key_vecs[k];
        const struct column *heap = v->phys == PHYS_DICT ? v->dict : v->heap;
        if (!a->k.parts[k].is_text) continue;
        if (heap) keep_heap(r, heap);
        for (int64_t i = 0; i < n && !heap; i++) {
            struct text t;
            memcpy(&t, keys + i * a->k.words + a->k.parts[k].word, 16);
            keep_text(r, &t);
            memcpy(keys + i * a->k.words + a->k.parts[k].word, &t, 16);
        }
    }
}

static void put_texts(struct agg_worker *w, struct range *r, const struct raw_col *c,
                      const struct vec *v, int64_t n)
{
    const struct text *in = v->data;
    if (v->heap) keep_heap(r, v->heap);
    for (int64_t i = 0; i < n; i++) {
        struct text t = {0};
        if (bit_valid(v->valid, i)) t = in[i];
        if (!v->heap) keep_text(r, &t);
        memcpy(w->to[i]->data + c->at + (size_t)w->pos[i] * 16, &t, 16);
    }
}

#define PUT(name, T)                                                                               \
    static void put_##name(const struct agg_worker *w, size_t at, const T *in, int64_t n)          \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            ((T *)(void *)(w->to[i]->data + at))[w->pos[i]] = in[i];                               \
    }
PUT(4, uint32_t)
PUT(8, uint64_t)

static void put_bools(const struct agg_worker *w, size_t at, const uint64_t *in, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        w->to[i]->data[at + w->pos[i]] = (char)bit_get(in, i);
}

static void put_nulls(const struct agg_worker *w, int col, const struct raw_col *c,
                      const uint64_t *valid, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (bit_get(valid, i)) continue;
        bit_clear((uint64_t *)(void *)(w->to[i]->data + c->valid_at), w->pos[i]);
        w->to[i]->has_null |= UINT32_C(1) << (col & 31);
    }
}

rc raw_put(struct agg *a, struct agg_worker *w, struct ctx *cx, struct range *r,
           const struct vec *key_vecs, const struct vec *cols, int64_t n)
{
    const uint64_t *keys = w->keys;
    own_key_texts(a, r, key_vecs, w->keys, n);
    TRY(place_rows(a, w, cx, r, keys, n));
    put_keys(a, w, keys, n);
    for (int i = 0; i < a->n_cols; i++) {
        const struct raw_col *c = &a->cols[i];
        struct vec v = cols[i], flat;
        struct scratch wide = {0}, spread = {0};
        if (v.phys != c->phys) {
            scratch_need(&wide, cx->arena, BATCH_ROWS);
            vec_canonical(&wide, &v, c->type, n, &v);
        }
        if (v.is_const) scratch_need(&spread, cx->arena, BATCH_ROWS);
        vec_spread(&spread, &v, n, &flat);
        if (flat.phys != c->phys || (c->phys == PHYS_DICT && flat.dict != c->dict))
            return fail(cx, E903, NO_SPAN, "a column changed its form while it was grouped");
        if (c->phys == PHYS_STR)
            put_texts(w, r, c, &flat, n);
        else if (c->phys == PHYS_BOOL)
            put_bools(w, c->at, flat.data, n);
        else if (c->width == 4)
            put_4(w, c->at, flat.data, n);
        else
            put_8(w, c->at, flat.data, n);
        if (flat.valid) put_nulls(w, i, c, flat.valid, n);
    }
    return RC_OK;
}

struct vec raw_view(const struct agg *a, const struct chunk *ch, int col, struct arena *scratch)
{
    const struct raw_col *c = &a->cols[col];
    struct vec v = {.phys = c->phys, .dict = c->dict, .data = ch->data + c->at};
    if ((ch->has_null >> (col & 31)) & 1)
        v.valid = (const uint64_t *)(const void *)(ch->data + c->valid_at);
    if (c->phys != PHYS_BOOL) return v;
    uint64_t *bits = arena_zero(scratch, CHUNK_ROWS / 8);
    for (int32_t i = 0; i < ch->n; i++)
        bits[i / 64] |= (uint64_t)(ch->data[c->at + (size_t)i] & 1) << (i % 64);
    v.data = bits;
    return v;
}

static void free_chunks(const struct agg *a, struct chunk_list *l)
{
    for (struct chunk *c = l->first, *next; c && a->file; c = next) { /* else the arena's */
        next = c->next;
        mem_free(c);
    }
    l->first = l->last = NULL;
}

static void free_heaps(struct range *r)
{
    for (int i = 0; i < r->n_heaps; i++)
        column_unref(r->heaps[i]);
    mem_free(r->heaps);
    r->heaps = NULL;
    r->n_heaps = 0;
}

void raw_forget(struct agg *a, struct range *r)
{
    free_heaps(r);
    arena_reset(r->texts);
    (void)!run_claim(a->run, a->run->cx, -r->bytes);
    r->bytes = r->text_bytes = 0;
}

void raw_drop(struct agg *a, int bucket)
{
    for (int64_t i = 0; i < a->n_ranges; i++)
        if (a->ranges[i].buckets) free_chunks(a, &a->ranges[i].buckets[bucket]);
}

void raw_free(struct agg *a, struct range *r)
{
    for (int b = 0; r->buckets && b < a->k.n_buckets; b++) {
        struct chunk_list *l = &r->buckets[b];
        free_chunks(a, l);
        for (struct chunk_place *p = l->out_first, *next; p; p = next) {
            next = p->next;
            mem_free(p);
        }
    }
    free_heaps(r);
    mem_free(r->buckets);
    (void)!run_claim(a->run, a->run->cx, -r->bytes);
}

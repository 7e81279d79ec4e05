/* agg_spill.c: filed rows on disk. A range whose rows pass its share of the memory budget writes
 * its chunks as they are, bucket by bucket, only the rows that are there; long texts stand behind
 * the columns and views point to them by distance. A bucket's chunks come back in the order in
 * which they were filed, so that what is computed of them does not depend on the budget. */
#include "runtime/exec/threads/agg_int.h"

struct chunk_head { /* of a chunk on disk */
    int32_t n;
    uint32_t has_null;
    int64_t texts; /* bytes behind the columns */
};
struct writer {
    char *p;
    int64_t n, cap;
};

static rc need(struct ctx *cx, struct writer *w, int64_t more)
{
    if (w->n + more <= w->cap) return RC_OK;
    int64_t cap = w->cap * 2 > w->n + more ? w->cap * 2 : w->n + more;
    TRY(mem_big_grow(cx, (void **)&w->p, (size_t)w->n, (size_t)cap));
    w->cap = cap;
    return RC_OK;
}

static rc put(struct ctx *cx, struct writer *w, const void *p, int64_t n)
{
    TRY(need(cx, w, n));
    memcpy(w->p + w->n, p, (size_t)n);
    w->n += n;
    return RC_OK;
}

/* ---- views of long texts ---- */
struct views { /* cells of one key or column in a chunk */
    char *first;
    size_t stride;
};

static int text_views(const struct agg *a, const struct chunk *c, struct views *out)
{
    char *data = (char *)(uintptr_t)c->data;
    int n = 0;
    for (int k = 0; a->k.form == KEY_WIDE && k < a->k.n; k++)
        if (a->k.parts[k].is_text)
            out[n++] = (struct views){data + 8 * a->k.parts[k].word, 8 * (size_t)a->k.words};
    for (int i = 0; i < a->n_cols; i++)
        if (a->cols[i].phys == PHYS_STR) out[n++] = (struct views){data + a->cols[i].at, 16};
    return n;
}

/* Appends the long texts and turns their pointers into places among them. */
static rc take_texts(struct ctx *cx, struct writer *w, const struct views *v, int32_t n,
                     int64_t *sum)
{
    for (int32_t i = 0; i < n; i++) {
        struct text t;
        memcpy(&t, v->first + (size_t)i * v->stride, 16);
        if (t.n <= TEXT_INLINE) continue;
        TRY(put(cx, w, t.ptr, t.n));
        t.ptr = (const char *)(uintptr_t)*sum;
        *sum += t.n;
        memcpy(v->first + (size_t)i * v->stride, &t, 16);
    }
    return RC_OK;
}

static void place_texts(const struct views *v, int32_t n, const char *texts)
{
    for (int32_t i = 0; i < n; i++) {
        struct text t;
        memcpy(&t, v->first + (size_t)i * v->stride, 16);
        if (t.n <= TEXT_INLINE) continue;
        t.ptr = texts + (uintptr_t)t.ptr;
        memcpy(v->first + (size_t)i * v->stride, &t, 16);
    }
}

/* ---- out ---- */
static rc write_chunk(struct agg *a, struct ctx *cx, struct chunk *c, struct writer *w,
                      struct writer *texts, struct views *views, struct chunk_place *out)
{
    struct chunk_head head = {c->n, c->has_null, 0};
    int n_views = text_views(a, c, views);
    w->n = texts->n = 0;
    for (int i = 0; i < n_views; i++)
        TRY(take_texts(cx, texts, &views[i], c->n, &head.texts));
    TRY(put(cx, w, &head, sizeof head));
    TRY(put(cx, w, c->data, (int64_t)c->n * 8 * a->k.words));
    for (int i = 0; i < a->n_cols; i++) {
        TRY(put(cx, w, c->data + a->cols[i].at, (int64_t)a->cols[i].width * c->n));
        TRY(put(cx, w, c->data + a->cols[i].valid_at, a->chunk_rows / 8));
    }
    if (texts->n) TRY(put(cx, w, texts->p, texts->n));
    out->bytes = w->n;
    return spill_put(a->file, cx, w->p, w->n, &out->at);
}

static void link_place(struct chunk_list *l, struct chunk_place *p)
{
    if (l->out_last)
        l->out_last->next = p;
    else
        l->out_first = p;
    l->out_last = p;
}

/* The list's first chunk goes to disk. */
static rc spill_first(struct agg *a, struct ctx *cx, struct chunk_list *l, struct writer *w,
                      struct writer *texts, struct views *views)
{
    struct chunk *c = l->first;
    struct chunk_place *p = mem_zero(sizeof *p);
    if (write_chunk(a, cx, c, w, texts, views, p) != RC_OK) {
        mem_free(p);
        return RC_ERR;
    }
    link_place(l, p);
    l->first = c->next;
    if (!l->first) l->last = NULL;
    mem_free(c);
    return RC_OK;
}

rc raw_spill(struct agg *a, struct ctx *cx, struct range *r)
{
    struct writer w = {0}, texts = {0};
    struct views *views = mem_alloc(sizeof *views * (size_t)(a->k.n + a->n_cols + 1));
    enum rc_t res = RC_ERR;
    atomic_store(&a->spilled, true);
    for (int b = 0; b < a->k.n_buckets; b++)
        while (r->buckets[b].first)
            TRY_OUT(spill_first(a, cx, &r->buckets[b], &w, &texts, views));
    raw_forget(a, r);
    res = RC_OK;
out:
    mem_big_free(w.p);
    mem_big_free(texts.p);
    mem_free(views);
    return res;
}

/* ---- back ---- */
static rc read_chunk(struct agg *a, struct ctx *cx, const struct chunk_place *p,
                     struct views *views, struct arena *texts, struct chunk **out)
{
    struct chunk_head head;
    char *image;
    TRY(mem_big(cx, (size_t)p->bytes, (void **)&image));
    if (spill_get(a->file, cx, image, p->bytes, p->at) != RC_OK) {
        mem_big_free(image);
        return RC_ERR;
    }
    const char *from = image + sizeof head;
    struct chunk *c = raw_chunk(a, NULL);
    memcpy(&head, image, sizeof head);
    c->n = head.n;
    c->has_null = head.has_null;
    memcpy(c->data, from, (size_t)c->n * 8 * (size_t)a->k.words);
    from += (size_t)c->n * 8 * (size_t)a->k.words;
    for (int i = 0; i < a->n_cols; i++) {
        memcpy(c->data + a->cols[i].at, from, a->cols[i].width * (size_t)c->n);
        from += a->cols[i].width * (size_t)c->n;
        memcpy(c->data + a->cols[i].valid_at, from, (size_t)a->chunk_rows / 8);
        from += a->chunk_rows / 8;
    }
    if (head.texts) {
        const char *kept = arena_copy(texts, from, (size_t)head.texts);
        int n_views = text_views(a, c, views);
        for (int i = 0; i < n_views; i++)
            place_texts(&views[i], c->n, kept);
    }
    mem_big_free(image);
    *out = c;
    return RC_OK;
}

/* A range's chunks of the bucket, those from disk before those that are still there. */
static rc load_list(struct agg *a, struct ctx *cx, struct chunk_list *l, struct views *views,
                    struct arena *texts)
{
    struct chunk *first = NULL, **end = &first, *last = l->last;
    enum rc_t res = RC_OK;
    for (struct chunk_place *p = l->out_first; p && res == RC_OK; p = p->next) {
        struct chunk *c;
        res = read_chunk(a, cx, p, views, texts, &c);
        if (res != RC_OK) break;
        *end = last = c;
        end = &c->next;
    }
    *end = l->first;
    if (l->last) last = l->last;
    l->first = first;
    l->last = last;
    return res;
}

rc raw_load(struct agg *a, struct ctx *cx, int bucket, struct arena *texts)
{
    struct views *views = mem_alloc(sizeof *views * (size_t)(a->k.n + a->n_cols + 1));
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < a->n_ranges && res == RC_OK; i++)
        if (a->ranges[i].buckets)
            res = load_list(a, cx, &a->ranges[i].buckets[bucket], views, texts);
    mem_free(views);
    return res;
}

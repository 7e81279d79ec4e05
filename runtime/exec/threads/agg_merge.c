/* agg_merge.c: one bucket of the groups: the ranges' states and raw rows in order, then the results
 * as columns. */
#include "runtime/exec/threads/agg_int.h"

/* When no range filed rows, the states are split only if there are many. */
int merge_buckets(struct agg *a)
{
    int64_t states = 0;
    bool any_raw = false;
    for (int64_t i = 0; i < a->n_ranges; i++) {
        states += a->ranges[i].table.n;
        any_raw = any_raw || a->ranges[i].is_raw;
    }
    a->split = any_raw || a->standing || states > 32768;
    return a->split ? a->k.n_buckets : 1;
}

/* Chunks of a bucket, over all ranges in order. */
static int64_t list_chunks(const struct agg *a, int bucket, struct arena *arena,
                           struct chunk ***out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < a->n_ranges; i++)
        for (struct chunk *c = a->ranges[i].buckets ? a->ranges[i].buckets[bucket].first : NULL; c;
             c = c->next)
            n++;
    struct chunk **list = ARENA_ARRAY(arena, struct chunk *, n + 1);
    n = 0;
    for (int64_t i = 0; i < a->n_ranges; i++)
        for (struct chunk *c = a->ranges[i].buckets ? a->ranges[i].buckets[bucket].first : NULL; c;
             c = c->next)
            list[n++] = c;
    *out = list;
    return n;
}

/* ---- states ---- */
static rc add_state(struct agg *a, struct agg_worker *w, struct ctx *cx, struct group_table *t,
                    const struct range *r, uint32_t g)
{
    uint32_t before = t->n, at;
    const char *src = r->table.states + (size_t)g * a->stride;
    TRY(table_groups(cx, t, r->table.keys + (size_t)g * (size_t)a->k.words, 1, &at));
    char *dst = t->states + (size_t)at * a->stride;
    if (t->n != before && a->stride) {
        memcpy(dst, src, a->stride);
        return RC_OK;
    }
    for (int i = 0; i < a->n_items; i++) {
        const struct agg_item *it = &a->items[i];
        if (it->over->whole || it->shares) continue;
        w->evals[i].cx = cx;
        TRY(it->over->combine(&w->evals[i], dst + it->offset, src + it->offset));
    }
    return RC_OK;
}

/* Codes of the bucket in order: nothing else is looked at, and all ranges meet in that order. */
static rc add_states_by_code(struct agg *a, struct agg_worker *w, struct ctx *cx,
                             struct group_table *t, const struct range *r, int bucket)
{
    uint64_t from = (uint64_t)bucket << a->k.shift, to = from + (UINT64_C(1) << a->k.shift);
    if (to > a->k.domain) to = a->k.domain;
    for (uint64_t code = from; code < to; code++) {
        uint32_t s = r->table.slots[code - r->table.base];
        if (s) TRY(add_state(a, w, cx, t, r, s - 1));
    }
    return RC_OK;
}

static rc add_states(struct agg *a, struct agg_worker *w, struct ctx *cx, struct group_table *t,
                     const struct range *r, int bucket)
{
    if (a->split && r->table.direct && a->k.shift >= 0)
        return add_states_by_code(a, w, cx, t, r, bucket);
    for (uint32_t g = 0; g < r->table.n; g++) {
        const uint64_t *key = r->table.keys + (size_t)g * (size_t)a->k.words;
        if (a->split && key_bucket(&a->k, key) != bucket) continue;
        TRY(add_state(a, w, cx, t, r, g));
    }
    return RC_OK;
}

/* ---- raw rows ---- */
static rc add_chunk(struct agg *a, struct agg_worker *w, struct ctx *cx, struct group_table *t,
                    const struct chunk *c, uint32_t *groups)
{
    const uint64_t *keys = (const uint64_t *)(const void *)c->data;
    struct vec *cols = arena_alloc(cx->arena, sizeof *cols * (size_t)(a->n_cols + 1));
    for (int i = 0; i < a->n_cols; i++)
        cols[i] = raw_view(a, c, i, cx->arena);
    TRY(table_groups(cx, t, keys, c->n, groups));
    return agg_update(a, w, cx, t->states, groups, c->n, cols);
}

static rc add_range(struct agg *a, struct agg_worker *w, struct ctx *cx, struct standing *s,
                    const struct range *r, int bucket, uint32_t *groups)
{
    struct arena *batch = cx->arena;
    TRY(add_states(a, w, cx, &s->table, r, bucket));
    struct chunk *c = r->buckets ? r->buckets[bucket].first : NULL;
    for (; c; c = c->next) {
        TRY(add_chunk(a, w, cx, &s->table, c, groups ? groups + s->rows : w->groups));
        s->rows += c->n;
        TRY(check_cancel(cx));
        arena_reset(batch);
    }
    return RC_OK;
}

static rc bucket_open(struct agg *a, struct ctx *cx, int bucket, struct standing *s)
{
    const struct key_layout *k = &a->k;
    bool dense = k->form == KEY_PACKED && k->shift >= 0;
    uint64_t base = dense && a->split ? (uint64_t)bucket << k->shift : 0;
    uint64_t n = !dense ? 0 : a->split ? UINT64_C(1) << k->shift : k->domain;
    s->text = arena_new();
    TRY(table_init(cx, &s->table, k, a->stride, dense, base, n, s->text));
    s->table.run = a->run;
    if (k->form == KEY_NONE) s->table.n = 1;
    return RC_OK;
}

void bucket_close(struct standing *s)
{
    if (!s->text) return;
    table_release(&s->table);
    arena_free(s->text);
    s->text = NULL;
}

rc bucket_add(struct agg *a, struct agg_worker *w, struct ctx *cx, int bucket, struct standing *s,
              uint32_t *groups)
{
    if (!s->text) TRY(bucket_open(a, cx, bucket, s));
    for (; s->n_ranges < a->filed; s->n_ranges++)
        TRY(add_range(a, w, cx, s, &a->ranges[s->n_ranges], bucket, groups));
    return RC_OK;
}

/* ---- results ---- */
static rc key_columns(struct agg *a, struct ctx *cx, const struct group_table *t,
                      struct column **out)
{
    for (int k = 0; k < a->n_keys; k++) {
        struct dtype type = a->node->schema->fields[k].type;
        struct builder b = {0};
        enum rc_t res = RC_OK;
        for (int64_t at = 0; at < t->n && res == RC_OK; at += BATCH_ROWS) {
            int64_t n = t->n - at < BATCH_ROWS ? t->n - at : BATCH_ROWS;
            struct vec v;
            keys_decode(&a->k, k, t->keys + at * a->k.words, n, type, cx->arena, &v);
            if (at == 0) builder_init(&b, type, v.phys);
            if (at == 0) res = builder_reserve(cx, &b, t->n);
            if (res == RC_OK) res = builder_append(cx, &b, &v, NULL, n);
            arena_reset(cx->arena);
        }
        if (t->n == 0) builder_init(&b, type, kind_phys(type.kind));
        if (res == RC_OK) res = builder_finish(cx, &b, &out[k]);
        builder_release(&b);
        TRY(res);
    }
    return RC_OK;
}

static rc item_column(struct agg *a, struct agg_worker *w, struct ctx *cx,
                      const struct group_table *t, int i, struct column **out)
{
    const struct agg_item *it = &a->items[i];
    enum phys phys = kind_phys(it->e->type.kind);
    struct builder b;
    enum rc_t res;
    builder_init(&b, it->e->type, phys);
    res = builder_reserve(cx, &b, t->n);
    for (int64_t at = 0; at < t->n && res == RC_OK; at += BATCH_ROWS) {
        int64_t n = t->n - at < BATCH_ROWS ? t->n - at : BATCH_ROWS;
        uint64_t *valid = arena_alloc(cx->arena, BITMAP_WORDS(n) * 8 + 8);
        struct vec v = {
            .phys = phys, .data = arena_zero(cx->arena, (size_t)n * 16 + 64), .valid = valid};
        bitmap_fill(valid, n, true);
        w->evals[i].cx = cx;
        res = it->over->final(&w->evals[i], t->states + it->offset + (size_t)at * a->stride,
                              a->stride, n, &v);
        if (res == RC_OK) res = builder_append(cx, &b, &v, NULL, n);
        arena_reset(cx->arena);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

static rc bucket_columns(struct agg *a, struct agg_worker *w, struct ctx *cx,
                         const struct group_table *t, struct bucket_result *out)
{
    out->n_groups = t->n;
    out->cols = mem_zero(sizeof *out->cols * (size_t)(a->n_keys + a->n_items + 1));
    TRY(a->late ? late_keys_keep(cx, t, out) : key_columns(a, cx, t, out->cols));
    for (int i = 0; i < a->n_items; i++)
        if (!a->items[i].over->whole) TRY(item_column(a, w, cx, t, i, &out->cols[a->n_keys + i]));
    return RC_OK;
}

static rc merge_bucket(struct agg *a, struct agg_worker *w, struct ctx *cx, int bucket,
                       struct standing *s, struct bucket_result *out)
{
    struct chunk **chunks = NULL;
    struct arena *list = arena_new();
    int64_t n_chunks = 0, n_rows = 0;
    uint32_t *groups = NULL;
    enum rc_t res = RC_ERR;
    if (a->file) TRY_OUT(raw_load(a, cx, bucket, list));
    if (a->holistic) {
        n_chunks = list_chunks(a, bucket, list, &chunks);
        for (int64_t i = 0; i < n_chunks; i++)
            n_rows += chunks[i]->n;
        TRY_OUT(mem_big(cx, 4 * (size_t)(n_rows + 1), (void **)&groups));
    }
    TRY_OUT(bucket_add(a, w, cx, bucket, s, groups));
    TRY_OUT(bucket_columns(a, w, cx, &s->table, out));
    if (a->holistic)
        TRY_OUT(whole_items(a, w, cx, chunks, n_chunks, groups, n_rows, s->table.n,
                            out->cols + a->n_keys));
    res = RC_OK;
out:
    raw_drop(a, bucket);
    mem_big_free(groups);
    arena_free(list);
    return res;
}

enum rc_t merge_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct agg *a = arg;
    struct worker *w = &a->run->workers[worker];
    struct ctx own = *cx;
    task += a->first_result;
    struct standing fresh = {0}, *s = a->standing ? &a->standing[task] : &fresh;
    own.arena = w->batch;
    agg_worker_need(a, &a->workers[worker]);
    enum rc_t res = merge_bucket(a, &a->workers[worker], &own, (int)task, s, &a->results[task]);
    bucket_close(s);
    arena_reset(w->batch);
    return res;
}

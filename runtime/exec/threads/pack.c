/* pack.c: a text column that was built in parts becomes one of codes into a sorted dictionary where
 * texts repeat enough. A sample decides; then ranges of neighbouring parts find their own levels,
 * these are merged by hash in shares, sorted, and the ranges' codes replaced. Since levels stand in
 * text order, sorting and grouping by the column are work on small integers from then on. */
#include "runtime/exec/threads/pack.h"

#include "runtime/base/hash.h"

#define PACK_LEAST  65536 /* fewer rows are left as they are; also the size of the sample */
#define PACK_RANGES 32
#define PACK_SHARES 16        /* of the levels, by hash */
#define PACK_PART   (1 << 18) /* rows of a part of a column that lies there whole */
#define NO_CODE     (-1)

/* ---- set of texts ---- */
struct texts {
    struct text *keys; /* [n], borrowed */
    uint64_t *hashes;
    uint64_t *slots; /* high half of the hash, then code + 1; 0 = free */
    int64_t n, cap;
    uint64_t mask;
};

static uint64_t text_hash(const struct text *t)
{
    uint64_t w[2];
    if (t->n > TEXT_INLINE) return hash_bytes(t->ptr, t->n);
    memcpy(w, t, 16);
    return hash_mix(w[0], w[1]);
}

static void texts_release(struct texts *s)
{
    mem_big_free(s->keys);
    mem_big_free(s->hashes);
    mem_big_free(s->slots);
    *s = (struct texts){0};
}

static rc texts_grow(struct ctx *cx, struct texts *s)
{
    int64_t cap = s->cap ? s->cap * 2 : 4096;
    uint64_t *slots, mask = (uint64_t)cap * 2 - 1;
    TRY(mem_big_grow(cx, (void **)&s->keys, 16 * (size_t)s->n, 16 * (size_t)cap));
    TRY(mem_big_grow(cx, (void **)&s->hashes, 8 * (size_t)s->n, 8 * (size_t)cap));
    TRY(mem_big_zero(cx, 8 * (size_t)(mask + 1), (void **)&slots));
    mem_big_free(s->slots);
    s->slots = slots;
    s->mask = mask;
    s->cap = cap;
    for (int64_t i = 0; i < s->n; i++) {
        uint64_t at = s->hashes[i] & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = s->hashes[i] >> 32 << 32 | (uint64_t)(i + 1);
    }
    return RC_OK;
}

static rc texts_add(struct ctx *cx, struct texts *s, const struct text *t, uint64_t h,
                    int32_t *code)
{
    if (s->n == s->cap) TRY(texts_grow(cx, s));
    uint64_t at = h & s->mask;
    for (; s->slots[at]; at = (at + 1) & s->mask) {
        uint64_t slot = s->slots[at];
        if (((slot ^ h) >> 32) != 0) continue;
        int64_t i = (int64_t)(slot & UINT32_MAX) - 1;
        if (s->hashes[i] != h || !text_eq(&s->keys[i], t)) continue;
        *code = (int32_t)i;
        return RC_OK;
    }
    s->keys[s->n] = *t;
    s->hashes[s->n] = h;
    s->slots[at] = h >> 32 << 32 | (uint64_t)(s->n + 1);
    *code = (int32_t)s->n++;
    return RC_OK;
}

/* ---- the work ---- */
struct share { /* levels of all ranges whose hash falls here */
    struct texts set;
    int64_t first; /* its first code among all, before sorting */
};
struct pack_range {
    int from, to; /* parts */
    int64_t row;  /* first row */
    struct texts set;
    int32_t *code; /* [set.n] among all */
};
struct pack {
    struct run *run;
    const struct column *const *parts;
    int64_t n_rows, most; /* levels above `most` do not pay */
    int n_ranges;
    struct pack_range *ranges;
    struct share shares[PACK_SHARES];
    struct column *out;
    const int32_t *rank; /* of a code among all */
    atomic_bool too_many;
};

static const struct text *part_text(const struct column *c, int64_t i)
{
    if (c->phys == PHYS_STR) return (const struct text *)c->data + i;
    return (const struct text *)c->dict->data + ((const int32_t *)c->data)[i];
}

/* Whether texts repeat in rows spread evenly over the parts. */
static rc sample_repeats(struct pack *p, int n_parts, bool *out)
{
    struct texts s = {0};
    int64_t step = p->n_rows / PACK_LEAST, seen = 0, skip = 0;
    enum rc_t res = RC_OK;
    for (int k = 0; k < n_parts && res == RC_OK; k++) {
        const struct column *c = p->parts[k];
        int64_t i = skip;
        for (; i < c->n && res == RC_OK; i += step) {
            int32_t code;
            if (!bit_valid(c->valid, i)) continue;
            const struct text *t = part_text(c, i);
            res = texts_add(p->run->cx, &s, t, text_hash(t), &code);
            seen++;
        }
        skip = i - c->n;
    }
    *out = step >= 4 ? s.n * 10 <= seen * 9 : s.n * 2 <= seen;
    texts_release(&s);
    return res;
}

static void cut_ranges(struct pack *p, int n_parts)
{
    int64_t each = p->n_rows / PACK_RANGES + 1, row = 0;
    if (each < 8 * PACK_LEAST) each = 8 * PACK_LEAST;
    p->ranges = ARENA_ARRAY(p->run->arena, struct pack_range, PACK_RANGES + 2);
    for (int k = 0; k < n_parts; k++) {
        struct pack_range *r = &p->ranges[p->n_ranges];
        if (p->n_ranges == 0 || row - r[-1].row >= each) {
            *r = (struct pack_range){.from = k, .row = row};
            p->n_ranges++;
        }
        p->ranges[p->n_ranges - 1].to = k + 1;
        row += p->parts[k]->n;
    }
}

/* ---- the ranges' levels ---- */
static rc code_texts(struct ctx *cx, struct pack_range *r, const struct column *c, int32_t *out)
{
    const struct text *t = c->data;
    for (int64_t i = 0; i < c->n; i++) {
        out[i] = 0;
        if (bit_valid(c->valid, i)) TRY(texts_add(cx, &r->set, &t[i], text_hash(&t[i]), &out[i]));
    }
    return RC_OK;
}

/* Levels in the order in which rows show them, so that a part's unused ones leave no trace. */
static rc code_codes(struct ctx *cx, struct pack_range *r, const struct column *c, int32_t *out)
{
    const int32_t *in = c->data;
    const struct text *levels = c->dict->data;
    size_t bytes = 4 * (size_t)(c->dict->n + 1);
    int32_t *map = mem_alloc(bytes);
    enum rc_t res = RC_OK;
    memset(map, 0xFF, bytes);
    for (int64_t i = 0; i < c->n && res == RC_OK; i++) {
        out[i] = 0;
        if (!bit_valid(c->valid, i)) continue;
        if (map[in[i]] == NO_CODE) {
            const struct text *t = &levels[in[i]];
            res = texts_add(cx, &r->set, t, text_hash(t), &map[in[i]]);
        }
        out[i] = map[in[i]];
    }
    mem_free(map);
    return res;
}

static enum rc_t code_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct pack *p = arg;
    struct pack_range *r = &p->ranges[task];
    int32_t *out = (int32_t *)column_room(p->out) + r->row;
    (void)worker;
    for (int k = r->from; k < r->to; k++) {
        const struct column *c = p->parts[k];
        TRY(check_cancel(cx));
        if (c->phys == PHYS_STR)
            TRY(code_texts(cx, r, c, out));
        else
            TRY(code_codes(cx, r, c, out));
        out += c->n;
        if (r->set.n <= p->most) continue;
        atomic_store(&p->too_many, true);
        return RC_OK;
    }
    return RC_OK;
}

/* ---- all levels ---- */
static enum rc_t share_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct pack *p = arg;
    struct share *s = &p->shares[task];
    (void)worker;
    for (int k = 0; k < p->n_ranges; k++) {
        struct pack_range *r = &p->ranges[k];
        TRY(check_cancel(cx));
        for (int64_t i = 0; i < r->set.n; i++)
            if ((int64_t)(r->set.hashes[i] >> 32) % PACK_SHARES == task)
                TRY(texts_add(cx, &s->set, &r->set.keys[i], r->set.hashes[i], &r->code[i]));
    }
    return RC_OK;
}

static rc merge_levels(struct pack *p, int64_t *n_levels)
{
    for (int k = 0; k < p->n_ranges; k++)
        TRY(mem_big(p->run->cx, 4 * (size_t)(p->ranges[k].set.n + 1), (void **)&p->ranges[k].code));
    TRY(pool_run(p->run->cx, PACK_SHARES, share_task, p));
    *n_levels = 0;
    for (int s = 0; s < PACK_SHARES; s++) {
        p->shares[s].first = *n_levels;
        *n_levels += p->shares[s].set.n;
    }
    return RC_OK;
}

/* Levels as a column, still in the order of the shares; texts borrowed. */
static rc level_views(struct pack *p, int64_t n, struct column **out)
{
    TRY(column_make(p->run->cx, DTYPE(KIND_STR), PHYS_STR, n, false, out));
    struct text *to = column_room(*out);
    for (int s = 0; s < PACK_SHARES; s++)
        if (p->shares[s].set.n)
            memcpy(to + p->shares[s].first, p->shares[s].set.keys,
                   sizeof *to * (size_t)p->shares[s].set.n);
    return RC_OK;
}

/* The dictionary: levels in text order, their bytes its own. */
static rc sort_levels(struct pack *p, int64_t n)
{
    struct order_key key = {0};
    struct column *views = NULL, *dict = NULL;
    struct builder b;
    int64_t *order = NULL, n_order;
    enum rc_t res = RC_ERR;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    TRY_OUT(level_views(p, n, &views));
    key.column = views;
    TRY_OUT(order_rows(p->run, &key, 1, n, -1, &order, &n_order));
    int32_t *rank = ARENA_ARRAY(p->run->arena, int32_t, n > 0 ? n : 1);
    TRY_OUT(builder_reserve(p->run->cx, &b, n));
    for (int64_t i = 0; i < n; i++) {
        const struct text *t = (const struct text *)views->data + order[i];
        rank[order[i]] = (int32_t)i;
        TRY_OUT(builder_str(p->run->cx, &b, text_str(t)));
    }
    TRY_OUT(builder_finish(p->run->cx, &b, &dict));
    p->rank = rank;
    p->out->dict = dict;
    res = RC_OK;
out:
    builder_release(&b);
    column_unref(views);
    mem_big_free(order);
    return res;
}

static void final_codes(const struct pack *p, struct pack_range *r)
{
    for (int64_t i = 0; i < r->set.n; i++) {
        int64_t share = (int64_t)(r->set.hashes[i] >> 32) % PACK_SHARES;
        r->code[i] = p->rank[p->shares[share].first + r->code[i]];
    }
}

static enum rc_t recode_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct pack *p = arg;
    struct pack_range *r = &p->ranges[task];
    int32_t *out = (int32_t *)column_room(p->out) + r->row;
    (void)worker;
    final_codes(p, r);
    for (int k = r->from; k < r->to; k++) {
        int64_t n = p->parts[k]->n;
        TRY(check_cancel(cx));
        for (int64_t i = 0; r->set.n && i < n; i++)
            out[i] = r->code[out[i]];
        out += n;
    }
    return RC_OK;
}

static void copy_valid(struct pack *p, int n_parts)
{
    int64_t row = 0;
    for (int k = 0; k < n_parts; k++) {
        const struct column *c = p->parts[k];
        if (c->valid) bitmap_copy(column_bits(p->out), row, c->valid, 0, c->n);
        row += c->n;
    }
}

static rc pack_run(struct pack *p, int n_parts, bool has_null)
{
    struct run *r = p->run;
    int64_t n_levels;
    TRY(run_claim(r, r->cx, p->n_rows * 4));
    TRY(column_make(r->cx, p->parts[0]->type, PHYS_DICT, p->n_rows, has_null, &p->out));
    TRY(pool_run(r->cx, p->n_ranges, code_task, p));
    if (atomic_load(&p->too_many)) return RC_OK;
    TRY(merge_levels(p, &n_levels));
    if (n_levels > p->most) atomic_store(&p->too_many, true);
    if (atomic_load(&p->too_many)) return RC_OK;
    TRY(sort_levels(p, n_levels));
    TRY(pool_run(r->cx, p->n_ranges, recode_task, p));
    if (has_null) copy_valid(p, n_parts);
    column_done(p->out);
    return RC_OK;
}

rc texts_pack(struct run *r, const struct column *const *parts, int n_parts, struct column **out)
{
    struct pack p = {.run = r, .parts = parts};
    bool repeats = false, has_null = false;
    *out = NULL;
    for (int k = 0; k < n_parts; k++) {
        if (parts[k]->type.kind != KIND_STR) return RC_OK;
        p.n_rows += parts[k]->n;
        has_null = has_null || parts[k]->n_null > 0;
    }
    if (p.n_rows < PACK_LEAST) return RC_OK;
    p.most = p.n_rows / 2 < INT32_MAX / 2 ? p.n_rows / 2 : INT32_MAX / 2;
    TRY(sample_repeats(&p, n_parts, &repeats));
    if (!repeats) return RC_OK;
    cut_ranges(&p, n_parts);
    enum rc_t res = pack_run(&p, n_parts, has_null);
    for (int k = 0; k < p.n_ranges; k++) {
        texts_release(&p.ranges[k].set);
        mem_big_free(p.ranges[k].code);
    }
    for (int s = 0; s < PACK_SHARES; s++)
        texts_release(&p.shares[s].set);
    if (res == RC_OK && !atomic_load(&p.too_many)) {
        *out = p.out;
        p.out = NULL;
    }
    column_unref(p.out);
    return res;
}

/* ---- columns that lie there whole ---- */
rc column_pack(struct run *r, const struct column *c, struct column **out)
{
    int n = 0;
    struct column **parts = mem_zero(sizeof *parts * (size_t)(c->n / PACK_PART + 1));
    enum rc_t res = RC_OK;
    *out = NULL;
    for (int64_t at = 0; at < c->n && res == RC_OK; at += PACK_PART) {
        res = column_slice(r->cx, c, at, c->n - at < PACK_PART ? c->n - at : PACK_PART, &parts[n]);
        n += res == RC_OK;
    }
    if (res == RC_OK) res = texts_pack(r, (const struct column *const *)parts, n, out);
    for (int i = 0; i < n; i++)
        column_unref(parts[i]);
    mem_free(parts);
    return res;
}

rc table_pack(struct run *r, struct table **t)
{
    struct table *in = *t;
    int n = in->schema->n;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n; i++) {
        if (res == RC_OK && in->cols[i]->phys == PHYS_STR)
            res = column_pack(r, in->cols[i], &cols[i]);
        if (!cols[i]) cols[i] = column_ref(in->cols[i]);
    }
    if (res == RC_OK) {
        res = table_new(r->cx, in->schema, cols, in->n_rows, t);
        if (res == RC_OK) table_unref(in);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

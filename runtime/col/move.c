/* move.c: gather, concatenation, re-coding: whole columns, in parallel over blocks of rows. */
#include "runtime/col/col_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

/* Runs task over blocks of COPY_BLOCK rows. */
static rc blocks(struct ctx *cx, int64_t n, pool_task task, void *arg)
{
    return pool_run(cx, (n + COPY_BLOCK - 1) / COPY_BLOCK, task, arg);
}

static int64_t block_end(int64_t n, int64_t task)
{
    int64_t end = (task + 1) * COPY_BLOCK;
    return end < n ? end : n;
}

/* ---- gather ---- */
struct gather {
    const struct column *in;
    const int64_t *rows;
    struct column *out;
};

#define AHEAD 24 /* rows whose values are asked for before they are needed */
#define GATHER(name, T)                                                                            \
    static void gather_##name(const struct gather *g, int64_t from, int64_t to)                    \
    {                                                                                              \
        const T *in = g->in->data;                                                                 \
        T *out = column_data_mut(g->out), zero;                                                    \
        memset(&zero, 0, sizeof zero);                                                             \
        for (int64_t i = from; i < to; i++) {                                                      \
            int64_t row = g->rows[i], ahead = i + AHEAD < to ? g->rows[i + AHEAD] : 0;             \
            __builtin_prefetch(in + (ahead < 0 ? 0 : ahead));                                      \
            out[i] = row < 0 ? zero : in[row];                                                     \
        }                                                                                          \
    }
GATHER(4, uint32_t)
GATHER(8, uint64_t)
GATHER(text, struct text)

static void gather_bits(const struct gather *g, int64_t from, int64_t to)
{
    uint64_t *out = column_data_mut(g->out);
    for (int64_t i = from; i < to; i++)
        bit_put(out, i, g->rows[i] >= 0 && bit_get(g->in->data, g->rows[i]));
}

static enum rc_t gather_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx, (void)worker;
    struct gather *g = arg;
    int64_t from = task * COPY_BLOCK, to = block_end(g->out->n, task);
    uint64_t *valid = column_valid_mut(g->out);
    for (int64_t i = from; valid && i < to; i++)
        bit_put(valid, i, g->rows[i] >= 0 && bit_valid(g->in->valid, g->rows[i]));
    switch (g->in->phys) {
    case PHYS_BOOL: gather_bits(g, from, to); break;
    case PHYS_STR: gather_text(g, from, to); break;
    default:
        if (phys_width(g->in->phys) == 4)
            gather_4(g, from, to);
        else
            gather_8(g, from, to);
    }
    return RC_OK;
}

static bool any_negative(const int64_t *rows, int64_t n)
{
    int64_t acc = 0;
    for (int64_t i = 0; i < n; i++)
        acc |= rows[i];
    return acc < 0;
}

static rc gather_new(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                     bool has_null, struct column **out)
{
    struct gather g = {.in = c, .rows = rows};
    TRY(column_alloc(cx, c->type, c->phys, n, has_null, &g.out));
    g.out->dict = column_ref(c->dict);
    if (c->phys == PHYS_STR) column_share(g.out, c);
    if (blocks(cx, n, gather_task, &g) != RC_OK) {
        column_unref(g.out);
        return RC_ERR;
    }
    column_settle(g.out, false);
    *out = g.out;
    return RC_OK;
}

rc column_gather(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                 struct column **out)
{
    if (c->phys == PHYS_LIST || c->phys == PHYS_STRUCT) return nested_gather(cx, c, rows, n, out);
    return gather_new(cx, c, rows, n, c->valid || any_negative(rows, n), out);
}

rc column_pick(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
               struct column **out)
{
    if (c->phys == PHYS_LIST || c->phys == PHYS_STRUCT) return nested_gather(cx, c, rows, n, out);
    return gather_new(cx, c, rows, n, c->valid != NULL, out);
}

/* ---- canonical types ---- */
struct widen {
    const struct column *in;
    struct column *out;
};

static enum rc_t widen_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx, (void)worker;
    struct widen *w = arg;
    int64_t from = task * COPY_BLOCK, to = block_end(w->in->n, task);
    void *out = column_data_mut(w->out);
    for (int64_t i = from; i < to; i++) {
        if (w->in->phys == PHYS_I32)
            ((int64_t *)out)[i] = ((const int32_t *)w->in->data)[i];
        else if (w->in->phys == PHYS_F32)
            ((double *)out)[i] = (double)((const float *)w->in->data)[i];
        else
            ((struct text *)out)[i] =
                bit_valid(w->in->valid, i)
                    ? ((const struct text *)w->in->dict->data)[((const int32_t *)w->in->data)[i]]
                    : text_make("", 0);
    }
    return RC_OK;
}

rc column_canonical(struct ctx *cx, const struct column *c, struct column **out)
{
    enum phys want = kind_phys(c->type.kind);
    if (c->phys == want) {
        *out = column_ref(c);
        return RC_OK;
    }
    struct widen w = {.in = c};
    TRY(column_alloc(cx, c->type, want, c->n, c->valid != NULL, &w.out));
    if (c->valid && c->n) bitmap_copy(column_valid_mut(w.out), 0, c->valid, 0, c->n);
    if (c->phys == PHYS_DICT) column_share(w.out, c->dict);
    if (blocks(cx, c->n, widen_task, &w) != RC_OK) {
        column_unref(w.out);
        return RC_ERR;
    }
    column_settle(w.out, false);
    *out = w.out;
    return RC_OK;
}

/* ---- dictionaries ---- */
/* Publishes texts (borrowed from columns in `heaps`) as a dictionary. */
static rc dictionary(struct ctx *cx, const struct text *keys, int32_t n,
                     const struct column *const *heaps, int n_heaps, struct column **out)
{
    TRY(column_alloc(cx, DTYPE(KIND_STR), PHYS_STR, n, false, out));
    if (n) memcpy(column_data_mut(*out), keys, sizeof *keys * (size_t)n);
    for (int i = 0; i < n_heaps; i++)
        column_share(*out, heaps[i]);
    return RC_OK;
}

static int order_text(const void *a, const void *b)
{
    const struct text *const *x = a, *const *y = b;
    return str_cmp(text_str(*x), text_str(*y));
}

/* Sorts keys by code point; new_code[old code]. */
static void sort_levels(struct text_map *m, int32_t *new_code)
{
    const struct text **order = mem_alloc(sizeof *order * (size_t)(m->n + 1));
    struct text *sorted = mem_alloc(sizeof *sorted * (size_t)(m->n + 1));
    for (int32_t i = 0; i < m->n; i++)
        order[i] = &m->keys[i];
    qsort(order, (size_t)m->n, sizeof *order, order_text);
    for (int32_t i = 0; i < m->n; i++) {
        sorted[i] = *order[i];
        new_code[order[i] - m->keys] = i;
    }
    memcpy(m->keys, sorted, sizeof *sorted * (size_t)m->n);
    mem_free(order);
    mem_free(sorted);
}

/* Codes of a column of texts; a null's is 0. */
static rc encode_texts(struct ctx *cx, struct text_map *m, const struct column *c, int32_t *code)
{
    const struct text *t = c->data;
    for (int64_t at = 0; at < c->n; at += COPY_BLOCK) {
        int64_t n = c->n - at < COPY_BLOCK ? c->n - at : COPY_BLOCK;
        TRY(check_cancel(cx));
        if (!c->valid) {
            text_map_add_all(m, t + at, n, code + at);
            continue;
        }
        for (int64_t i = at; i < at + n; i++)
            code[i] = bit_get(c->valid, i) ? text_map_add(m, &t[i]) : 0;
    }
    return RC_OK;
}

rc column_encode(struct ctx *cx, const struct column *c, bool sorted, struct column **out)
{
    if (c->phys == PHYS_DICT && !sorted) {
        *out = column_ref(c);
        return RC_OK;
    }
    struct column *texts, *codes = NULL, *dict = NULL;
    struct dtype type = c->type;
    struct column plain = *c;
    plain.type = DTYPE(KIND_STR);
    TRY(column_canonical(cx, &plain, &texts));
    if (texts == &plain) texts = column_ref(c);
    enum rc_t res = column_alloc(cx, type, PHYS_DICT, c->n, c->valid != NULL, &codes);
    struct text_map m;
    text_map_init(&m);
    if (res == RC_OK) {
        int32_t *code = column_data_mut(codes);
        res = encode_texts(cx, &m, texts, code);
        if (sorted && res == RC_OK) {
            int32_t *new_code = mem_alloc(sizeof *new_code * (size_t)(m.n + 1));
            sort_levels(&m, new_code);
            for (int64_t i = 0; i < c->n; i++)
                if (bit_valid(c->valid, i)) code[i] = new_code[code[i]];
            mem_free(new_code);
        }
        if (c->valid && c->n) bitmap_copy(column_valid_mut(codes), 0, c->valid, 0, c->n);
        if (res == RC_OK)
            res = dictionary(cx, m.keys, m.n, (const struct column *const *)&texts, 1, &dict);
    }
    text_map_release(&m);
    column_unref(texts);
    if (res != RC_OK) {
        column_unref(codes);
        return res;
    }
    codes->dict = dict;
    column_settle(codes, false);
    *out = codes;
    return RC_OK;
}

/* ---- concatenation ---- */
struct concat {
    const struct column *const *parts;
    int n_parts;
    const int64_t *at; /* [n_parts + 1] first row of each part in out */
    int32_t **recode;  /* [n_parts] new code of each old one, or NULL */
    struct column *out;
};

static void concat_data(struct concat *k, int part)
{
    const struct column *c = k->parts[part];
    int64_t at = k->at[part];
    char *out = column_data_mut(k->out);
    if (k->out->phys == PHYS_BOOL) return; /* bits share words between parts: done in order after */
    size_t width = phys_width(k->out->phys);
    if (k->recode && k->recode[part]) {
        for (int64_t i = 0; i < c->n; i++)
            ((int32_t *)(void *)out)[at + i] =
                bit_valid(c->valid, i) ? k->recode[part][((const int32_t *)c->data)[i]] : 0;
    } else if (c->n) {
        memcpy(out + (size_t)at * width, c->data, width * (size_t)c->n);
    }
}

static enum rc_t concat_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx, (void)worker;
    concat_data(arg, (int)task);
    return RC_OK;
}

static void concat_bits(struct concat *k)
{
    uint64_t *valid = column_valid_mut(k->out);
    for (int i = 0; i < k->n_parts; i++) {
        const struct column *c = k->parts[i];
        if (valid) bitmap_copy(valid, k->at[i], c->valid, 0, c->n);
        if (k->out->phys == PHYS_BOOL)
            bitmap_copy(column_data_mut(k->out), k->at[i], c->data, 0, c->n);
    }
}

/* One dictionary for parts with several: levels in order of first appearance. */
static rc merge_dictionaries(struct ctx *cx, struct concat *k)
{
    const struct column **dicts = mem_zero(sizeof *dicts * (size_t)k->n_parts);
    struct text_map m;
    struct column *dict;
    text_map_init(&m);
    for (int i = 0; i < k->n_parts; i++) {
        dicts[i] = k->parts[i]->dict;
        if (i && dicts[i] == dicts[i - 1]) {
            size_t bytes = sizeof(int32_t) * (size_t)(dicts[i]->n + 1);
            k->recode[i] = mem_alloc(bytes);
            memcpy(k->recode[i], k->recode[i - 1], bytes);
            continue;
        }
        k->recode[i] = mem_alloc(sizeof(int32_t) * (size_t)(dicts[i]->n + 1));
        text_map_add_all(&m, dicts[i]->data, dicts[i]->n, k->recode[i]);
    }
    enum rc_t res = dictionary(cx, m.keys, m.n, dicts, k->n_parts, &dict);
    if (res == RC_OK) k->out->dict = dict;
    text_map_release(&m);
    mem_free(dicts);
    return res;
}

static bool same_dict(const struct column *const *parts, int n)
{
    for (int i = 1; i < n; i++)
        if (parts[i]->dict != parts[0]->dict) return false;
    return true;
}

static rc concat_run(struct ctx *cx, struct concat *k)
{
    enum phys phys = k->out->phys;
    if (phys == PHYS_STR)
        for (int i = 0; i < k->n_parts; i++)
            column_share(k->out, k->parts[i]);
    if (phys == PHYS_DICT) {
        if (same_dict(k->parts, k->n_parts)) {
            k->out->dict = column_ref(k->parts[0]->dict);
        } else {
            k->recode = mem_zero(sizeof *k->recode * (size_t)k->n_parts);
            TRY(merge_dictionaries(cx, k));
        }
    }
    TRY(pool_run(cx, k->n_parts, concat_task, k));
    concat_bits(k);
    column_settle(k->out, false);
    return RC_OK;
}

/* All parts of one physical type here. */
static rc concat_same(struct ctx *cx, const struct column *const *parts, int n_parts,
                      struct column **out)
{
    int64_t *at = mem_zero(sizeof *at * (size_t)(n_parts + 1));
    bool has_valid = false;
    for (int i = 0; i < n_parts; i++) {
        at[i + 1] = at[i] + parts[i]->n;
        has_valid |= parts[i]->valid != NULL;
    }
    struct concat k = {.parts = parts, .n_parts = n_parts, .at = at};
    enum rc_t res =
        column_alloc(cx, parts[0]->type, parts[0]->phys, at[n_parts], has_valid, &k.out);
    if (res == RC_OK && (res = concat_run(cx, &k)) != RC_OK) column_unref(k.out);
    for (int i = 0; k.recode && i < n_parts; i++)
        mem_free(k.recode[i]);
    mem_free(k.recode);
    mem_free(at);
    if (res == RC_OK) *out = k.out;
    return res;
}

rc column_concat(struct ctx *cx, const struct column *const *parts, int n_parts,
                 struct column **out)
{
    if (n_parts == 1) {
        *out = column_ref(parts[0]);
        return RC_OK;
    }
    if (parts[0]->phys == PHYS_LIST || parts[0]->phys == PHYS_STRUCT)
        return nested_concat(cx, parts, n_parts, out);
    bool mixed = false;
    for (int i = 1; i < n_parts; i++)
        mixed |= parts[i]->phys != parts[0]->phys;
    if (!mixed) return concat_same(cx, parts, n_parts, out);
    const struct column **canon = mem_zero(sizeof *canon * (size_t)n_parts);
    enum rc_t res = RC_OK;
    for (int i = 0; i < n_parts && res == RC_OK; i++)
        res = column_canonical(cx, parts[i], (struct column **)(uintptr_t)&canon[i]);
    if (res == RC_OK) res = concat_same(cx, canon, n_parts, out);
    for (int i = 0; i < n_parts; i++)
        column_unref(canon[i]);
    mem_free(canon);
    return res;
}

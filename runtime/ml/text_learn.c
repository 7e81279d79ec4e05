/* text_learn.c: the terms of a column of texts, and its cells, in one pass over the bytes. Shards
 * of rows keep terms and counts of their own; the shards' terms are put together by slices of the
 * hash range, chosen (min, most, max), sorted; then every shard renumbers its cells. Counts are
 * whole numbers and the order is the terms' own, so neither shards nor threads show in the result.
 */
#include "runtime/ml/text_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#include <math.h>

#define SLICE_BITS 5
#define N_SLICES   (1 << SLICE_BITS)

struct gram {
    struct str text; /* in the arena of its shard */
    uint64_t hash;
    int64_t count; /* in all rows */
    int32_t rows;  /* that have it; in a shard: also the mark of the last one */
    int32_t col;   /* shard: index within its slice; slice: column, -1 = left out */
};
struct dict { /* open addressing; grams in order of arrival */
    struct gram *grams;
    uint32_t *slots; /* index + 1 */
    uint32_t mask, n, cap;
};
struct shard {
    int64_t at, n; /* rows */
    struct arena *text;
    struct dict dict;
    uint32_t *seen_at;    /* [dict.cap] cell of the gram in the row being read */
    int64_t *seen_row;    /* [dict.cap] row it was seen in last */
    int64_t *ends;        /* [n] cells up to the row's end */
    int32_t *id, *count;  /* [n_cells] */
    int64_t n_cells, cap; /* of cells */
    uint32_t *order;      /* [dict.n] grams by slice */
    uint32_t from[N_SLICES + 1];
    int64_t kept; /* cells of kept terms */
};
struct learn {
    struct enc_feature *f;
    const struct column *c;
    struct shard *shards;
    int n_shards;
    struct dict slices[N_SLICES];
    struct gram **kept[N_SLICES]; /* chosen, by text */
    uint32_t n_kept[N_SLICES];
    int64_t least, most, cut; /* rows, rows, count below which a term is left out */
    int64_t *first;
    int32_t *col;
    double *value;
};

/* ---- dictionaries ---- */
static void dict_grow(struct dict *d)
{
    uint32_t size = d->mask ? 2 * (d->mask + 1) : 1024;
    mem_free(d->slots);
    d->slots = mem_zero(sizeof *d->slots * size);
    d->mask = size - 1;
    d->cap = size / 2;
    d->grams = mem_realloc(d->grams, sizeof *d->grams * d->cap);
    for (uint32_t i = 0; i < d->n; i++) {
        uint32_t at = (uint32_t)d->grams[i].hash & d->mask;
        while (d->slots[at])
            at = (at + 1) & d->mask;
        d->slots[at] = i + 1;
    }
}

/* Index of the text; a new one when *is_new (its text is the caller's still). */
static uint32_t dict_find(struct dict *d, struct str s, uint64_t hash, bool *is_new)
{
    *is_new = false;
    if (d->n == d->cap) dict_grow(d);
    uint32_t at = (uint32_t)hash & d->mask;
    for (; d->slots[at]; at = (at + 1) & d->mask) {
        const struct gram *g = &d->grams[d->slots[at] - 1];
        if (g->hash == hash && str_eq(g->text, s)) return d->slots[at] - 1;
    }
    *is_new = true;
    d->grams[d->n] = (struct gram){.text = s, .hash = hash};
    d->slots[at] = ++d->n;
    return d->n - 1;
}

static void dict_release(struct dict *d)
{
    mem_free(d->grams);
    mem_free(d->slots);
}

/* ---- pass 1: words of a shard ---- */
static void add_gram(struct shard *s, struct str gram, int64_t row, int64_t row_start)
{
    bool is_new;
    uint32_t cap = s->dict.cap;
    uint32_t id = dict_find(&s->dict, gram, hash_bytes(gram.p, gram.n), &is_new);
    struct gram *g = &s->dict.grams[id];
    if (s->dict.cap != cap) {
        s->seen_at = mem_realloc(s->seen_at, sizeof *s->seen_at * s->dict.cap);
        s->seen_row = mem_realloc(s->seen_row, sizeof *s->seen_row * s->dict.cap);
    }
    if (is_new) {
        g->text = (struct str){arena_strndup(s->text, gram.p, gram.n), gram.n};
        s->seen_row[id] = -1;
    }
    g->count++;
    if (s->seen_row[id] == row) {
        s->count[row_start + s->seen_at[id]]++;
        return;
    }
    if (s->n_cells == s->cap) {
        s->cap = 2 * s->cap + 4096;
        s->id = mem_realloc(s->id, sizeof *s->id * (size_t)s->cap);
        s->count = mem_realloc(s->count, sizeof *s->count * (size_t)s->cap);
    }
    g->rows++;
    s->seen_row[id] = row;
    s->seen_at[id] = (uint32_t)(s->n_cells - row_start);
    s->id[s->n_cells] = (int32_t)id;
    s->count[s->n_cells++] = 1;
}

/* Grams of the shard by slice of their hash. */
static void sort_by_slice(struct shard *s)
{
    uint32_t n[N_SLICES] = {0};
    for (uint32_t i = 0; i < s->dict.n; i++)
        n[s->dict.grams[i].hash >> (64 - SLICE_BITS)]++;
    for (int k = 0; k < N_SLICES; k++)
        s->from[k + 1] = s->from[k] + n[k];
    s->order = mem_alloc(sizeof *s->order * (s->dict.n + 1));
    memcpy(n, s->from, sizeof n);
    for (uint32_t i = 0; i < s->dict.n; i++)
        s->order[n[s->dict.grams[i].hash >> (64 - SLICE_BITS)]++] = i;
}

static enum rc_t read_shard(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct learn *l = arg;
    struct shard *s = &l->shards[task];
    const struct text_rule *rule = &l->f->words->rule;
    struct vec v = column_view(l->c, 0, l->c->n);
    struct words w = {0};
    enum rc_t res = RC_OK;
    s->text = arena_new();
    s->ends = mem_alloc(sizeof *s->ends * (size_t)(s->n + 1));
    for (int64_t i = 0; i < s->n && res == RC_OK; i++) {
        int64_t start = s->n_cells;
        if (i % 1024 == 0) res = check_cancel(cx);
        text_words(l->f->words, &v, s->at + i, &w);
        for (int len = rule->lo; len <= rule->hi; len++)
            for (int k = 0; k + len <= w.n; k++)
                add_gram(s, words_gram(&w, k, k + len - 1), i, start);
        s->ends[i] = s->n_cells;
    }
    words_release(&w);
    sort_by_slice(s);
    return res;
}

/* ---- pass 2: the terms of all shards, a slice of the hash range each ---- */
static enum rc_t merge_slice(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct learn *l = arg;
    struct dict *d = &l->slices[task];
    TRY(check_cancel(cx));
    for (int k = 0; k < l->n_shards; k++) {
        struct shard *s = &l->shards[k];
        for (uint32_t i = s->from[task]; i < s->from[task + 1]; i++) {
            struct gram *g = &s->dict.grams[s->order[i]];
            bool is_new;
            uint32_t id = dict_find(d, g->text, g->hash, &is_new);
            d->grams[id].count += g->count;
            d->grams[id].rows += g->rows;
            g->col = (int32_t)id;
        }
    }
    return RC_OK;
}

/* ---- choosing ---- */
static bool is_common(const struct learn *l, const struct gram *g)
{
    return g->rows >= l->least && g->rows <= l->most;
}

/* The k-th largest of x[0..n), k from 0. O(n) on average. */
static int64_t kth_largest(int64_t *x, int64_t n, int64_t k)
{
    int64_t lo = 0, hi = n - 1;
    while (lo < hi) {
        int64_t pivot = x[lo + (hi - lo) / 2], i = lo, j = hi;
        while (i <= j) {
            while (x[i] > pivot)
                i++;
            while (x[j] < pivot)
                j--;
            if (i > j) break;
            int64_t swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (k <= j)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            break;
    }
    return x[k];
}

/* The count that the last of the `max` most frequent terms has; 0 when all may stay. */
static enum rc_t find_cut(struct ctx *cx, struct learn *l)
{
    int64_t n = 0, max = l->f->words->rule.max;
    void *counts_p = NULL;
    for (int k = 0; k < N_SLICES; k++)
        for (uint32_t i = 0; i < l->slices[k].n; i++)
            n += is_common(l, &l->slices[k].grams[i]);
    if (max <= 0 || n <= max) return RC_OK;
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)n, &counts_p));
    int64_t *counts = counts_p;
    n = 0;
    for (int k = 0; k < N_SLICES; k++)
        for (uint32_t i = 0; i < l->slices[k].n; i++)
            if (is_common(l, &l->slices[k].grams[i])) counts[n++] = l->slices[k].grams[i].count;
    l->cut = kth_largest(counts, n, max - 1);
    mem_big_free(counts_p);
    return RC_OK;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp((*(struct gram *const *)a)->text, (*(struct gram *const *)b)->text);
}

static enum rc_t choose_slice(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct learn *l = arg;
    struct dict *d = &l->slices[task];
    uint32_t n = 0;
    l->kept[task] = mem_alloc(sizeof *l->kept[task] * (d->n + 1));
    for (uint32_t i = 0; i < d->n; i++) {
        d->grams[i].col = -1;
        if (is_common(l, &d->grams[i]) && d->grams[i].count >= l->cut)
            l->kept[task][n++] = &d->grams[i];
    }
    qsort(l->kept[task], n, sizeof *l->kept[task], by_text);
    l->n_kept[task] = n;
    return RC_OK;
}

struct merge_job {
    struct learn *l;
    int step; /* lists k and k + step become one */
};

static enum rc_t merge_pair(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    const struct merge_job *j = arg;
    struct learn *l = j->l;
    int64_t a = task * 2 * j->step, b = a + j->step;
    uint32_t na = l->n_kept[a], nb = l->n_kept[b], i = 0, k = 0;
    struct gram **both = mem_alloc(sizeof(struct gram *) * (na + nb + 1));
    while (i < na || k < nb) {
        bool left = k == nb || (i < na && by_text(&l->kept[a][i], &l->kept[b][k]) < 0);
        both[i + k] = left ? l->kept[a][i] : l->kept[b][k];
        i += left;
        k += !left;
    }
    mem_free(l->kept[a]);
    l->kept[a] = both;
    l->n_kept[a] = na + nb;
    return RC_OK;
}

/* Terms at the cut beyond `max` go, the later ones in order. */
static void trim(struct learn *l)
{
    int64_t over = (int64_t)l->n_kept[0] - l->f->words->rule.max;
    if (l->f->words->rule.max <= 0) return;
    uint32_t n = l->n_kept[0], to = n;
    for (uint32_t i = n; i-- > 0;) {
        struct gram *g = l->kept[0][i];
        if (over > 0 && g->count == l->cut)
            over--;
        else
            l->kept[0][--to] = g;
    }
    memmove(l->kept[0], l->kept[0] + to, sizeof *l->kept[0] * (n - to));
    l->n_kept[0] = n - to;
}

static enum rc_t choose(struct ctx *cx, struct learn *l)
{
    const struct text_rule *rule = &l->f->words->rule;
    double n = (double)l->c->n;
    l->least = (int64_t)(rule->min < 0 ? ceil(-rule->min * n - 1e-9) : rule->min);
    l->most = (int64_t)(rule->most < 0 ? floor(-rule->most * n + 1e-9) : rule->most);
    TRY(find_cut(cx, l));
    TRY(pool_run(cx, N_SLICES, choose_slice, l));
    for (struct merge_job j = {l, 1}; j.step < N_SLICES; j.step *= 2)
        TRY(pool_run(cx, N_SLICES / (2 * j.step), merge_pair, &j));
    trim(l);
    return RC_OK;
}

/* ---- the feature ---- */
static enum rc_t make_levels(struct ctx *cx, struct arena *a, struct learn *l, struct span span)
{
    struct enc_feature *f = l->f;
    uint32_t n = l->n_kept[0];
    if (n == 0)
        return fail(cx, E405, span,
                    "`%s` has no terms: none stands in at least %lld and at most %lld of the %lld "
                    "rows",
                    f->name, (long long)l->least, (long long)l->most, (long long)l->c->n);
    if (n > ENC_MAX_SPARSE)
        return fail(cx, E902, span,
                    "`%s` has %u terms, more than %d: max: 100000 keeps the most "
                    "frequent ones",
                    f->name, n, ENC_MAX_SPARSE);
    f->n_levels = (int)n;
    f->levels = ARENA_ARRAY(a, struct enc_level, n + 1);
    if (f->words->rule.idf != IDF_NONE) f->words->weight = ARENA_ARRAY(a, double, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        struct gram *g = l->kept[0][i];
        struct str s = arena_str(a, g->text);
        const char *text = arena_strndup(a, s.p, s.n);
        g->col = (int32_t)i;
        f->levels[i] = (struct enc_level){.value = {.type = DTYPE(KIND_STR), .u.s = {text, s.n}},
                                          .text = text};
        f->levels[i].n = g->rows;
        if (f->words->weight) f->words->weight[i] = text_idf(&f->words->rule, l->c->n, g->rows);
    }
    text_index(a, f);
    return RC_OK;
}

/* ---- pass 3: cells ---- */
/* Grams of a shard to columns, cells that stay counted. */
static enum rc_t renumber(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)cx;
    (void)worker;
    struct learn *l = arg;
    struct shard *s = &l->shards[task];
    for (uint32_t i = 0; i < s->dict.n; i++) {
        struct gram *g = &s->dict.grams[i];
        g->col = l->slices[g->hash >> (64 - SLICE_BITS)].grams[g->col].col;
    }
    int64_t k = 0;
    for (int64_t i = 0; i < s->n; i++) {
        for (; k < s->ends[i]; k++)
            s->kept += s->dict.grams[s->id[k]].col >= 0;
        l->first[s->at + i + 1] = s->kept;
    }
    return RC_OK;
}

static enum rc_t write_cells(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct learn *l = arg;
    struct shard *s = &l->shards[task];
    int64_t base = 0, k = 0, most = 0;
    for (int t = 0; t < task; t++)
        base += l->shards[t].kept;
    for (int64_t i = 0; i < s->n; i++)
        most = s->ends[i] - k > most ? s->ends[i] - k : most, k = s->ends[i];
    uint64_t *packed = mem_alloc(sizeof *packed * (size_t)(most + 1));
    enum rc_t res = check_cancel(cx);
    k = 0;
    for (int64_t i = 0; i < s->n && res == RC_OK; i++) {
        int n = 0;
        for (; k < s->ends[i]; k++) {
            int32_t col = s->dict.grams[s->id[k]].col;
            if (col >= 0) packed[n++] = (uint64_t)col << 32 | (uint32_t)s->count[k];
        }
        int64_t to = i == 0 ? base : l->first[s->at + i];
        text_row(l->f->words, packed, n, l->col + to, l->value + to);
        l->first[s->at + i + 1] += base;
    }
    mem_free(packed);
    return res;
}

static enum rc_t make_cells(struct ctx *cx, struct learn *l, struct arena *owner,
                            struct enc_cells *out)
{
    void *first = NULL, *col = NULL, *value = NULL;
    int64_t total = 0;
    TRY(mem_big(cx, sizeof(int64_t) * (size_t)(l->c->n + 1), &first));
    arena_on_free(owner, mem_big_free, first);
    l->first = first;
    l->first[0] = 0;
    TRY(pool_run(cx, l->n_shards, renumber, l));
    for (int k = 0; k < l->n_shards; k++)
        total += l->shards[k].kept;
    TRY(mem_big(cx, sizeof(int32_t) * (size_t)total + 1, &col));
    arena_on_free(owner, mem_big_free, col);
    TRY(mem_big(cx, sizeof(double) * (size_t)total + 1, &value));
    arena_on_free(owner, mem_big_free, value);
    l->col = col;
    l->value = value;
    TRY(pool_run(cx, l->n_shards, write_cells, l));
    *out = (struct enc_cells){.first = first, .col = col, .value = value};
    return RC_OK;
}

/* ---- all of it ---- */
static void release(struct learn *l)
{
    for (int k = 0; k < l->n_shards; k++) {
        struct shard *s = &l->shards[k];
        arena_free(s->text);
        dict_release(&s->dict);
        mem_free(s->seen_at);
        mem_free(s->seen_row);
        mem_free(s->ends);
        mem_free(s->id);
        mem_free(s->count);
        mem_free(s->order);
    }
    for (int k = 0; k < N_SLICES; k++) {
        dict_release(&l->slices[k]);
        mem_free(l->kept[k]);
    }
}

/* About two shards a thread: few put together fast, more even out long texts. */
static void make_shards(struct ctx *cx, struct learn *l)
{
    int64_t n = l->c->n, want = 2 * (int64_t)pool_threads(cx), most = n / 512 + 1;
    l->n_shards = (int)(want < most ? want : most);
    l->shards = ARENA_ARRAY(cx->arena, struct shard, l->n_shards);
    for (int k = 0; k < l->n_shards; k++) {
        l->shards[k].at = n * k / l->n_shards;
        l->shards[k].n = n * (k + 1) / l->n_shards - l->shards[k].at;
    }
}

enum rc_t text_learn(struct ctx *cx, struct arena *a, struct enc_feature *f, const struct column *c,
                     struct span span, struct arena *owner, struct enc_cells *out)
{
    struct learn *l = ARENA_NEW(cx->arena, struct learn);
    enum rc_t res = RC_ERR;
    l->f = f;
    l->c = c;
    make_shards(cx, l);
    TRY_OUT(pool_run(cx, l->n_shards, read_shard, l));
    TRY_OUT(pool_run(cx, N_SLICES, merge_slice, l));
    TRY_OUT(choose(cx, l));
    TRY_OUT(make_levels(cx, a, l, span));
    TRY_OUT(make_cells(cx, l, owner, out));
    res = RC_OK;
out:
    release(l);
    return res;
}

/* order.c: stable sorting of row numbers by keys. The rows' first words are cut into ranges by
 * sampled splitters (in parallel, keeping input order), each range is radix-sorted by the bytes
 * that vary, and runs of equal words are sorted on by the next word or, for texts, by comparing.
 * The result is unique, so neither the split nor the threads show in it. Least-significant-digit
 * radix sort: Knuth, The Art of Computer Programming 3, 5.2.5. */
#include "runtime/exec/threads/encode.h"

#define SPLIT_ROWS 32768 /* rows wanted in a range */
#define MAX_RANGES 1024
#define SMALL_RUN  24
#define SHORT_RUN  512

struct pair {
    uint64_t word;
    int64_t row;
};
struct sorter {
    struct run *run;
    const struct order_key *keys;
    int n_keys;
    struct key_word *words;
    int n_words;
    int64_t n;
    struct pair *from, *to; /* [n] each */
    /* ranges */
    uint64_t *splits; /* [n_ranges - 1] ascending: range k holds words < splits[k] */
    int n_ranges, n_chunks;
    int64_t *counts;   /* [n_chunks][n_ranges]; then first places */
    int64_t *range_at; /* [n_ranges + 1] */
    uint16_t *range;   /* [n] of each row */
};

/* ---- comparing ---- */
static int cmp_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_codes(const struct column *c, int64_t a, const struct column *d, int64_t b)
{
    int32_t x = ((const int32_t *)c->data)[a], y = ((const int32_t *)d->data)[b];
    if (c->type.kind == KIND_CAT || (c->dict == d->dict && x == y)) return (x > y) - (x < y);
    return str_cmp(text_str((const struct text *)c->dict->data + x),
                   text_str((const struct text *)d->dict->data + y));
}

/* Row a of c against row b of d, of one physical type. */
static int compare_values(const struct column *c, int64_t a, const struct column *d, int64_t b)
{
    switch (c->phys) {
    case PHYS_BOOL: return (int)bit_get(c->data, a) - (int)bit_get(d->data, b);
    case PHYS_F64: {
        double x = ((const double *)c->data)[a], y = ((const double *)d->data)[b];
        return (x > y) - (x < y);
    }
    case PHYS_F32: {
        float x = ((const float *)c->data)[a], y = ((const float *)d->data)[b];
        return (x > y) - (x < y);
    }
    case PHYS_STR:
        return str_cmp(text_str((const struct text *)c->data + a),
                       text_str((const struct text *)d->data + b));
    case PHYS_DICT: return compare_codes(c, a, d, b);
    default: break;
    }
    if (phys_width(c->phys) == 4) {
        int32_t x = ((const int32_t *)c->data)[a], y = ((const int32_t *)d->data)[b];
        return (x > y) - (x < y);
    }
    int64_t x = ((const int64_t *)c->data)[a], y = ((const int64_t *)d->data)[b];
    return (x > y) - (x < y);
}

int order_compare_across(const struct order_key *left, int64_t a, const struct order_key *right,
                         int64_t b, int n_keys)
{
    for (int i = 0; i < n_keys; i++) {
        const struct order_key *k = &left[i];
        const struct column *c = k->column, *o = right[i].column;
        bool va = bit_valid(c->valid, a), vb = bit_valid(o->valid, b);
        if (!va && !vb) continue;
        if (va != vb) return va == k->nulls_first ? 1 : -1;
        int d = compare_values(c, a, o, b);
        if (d) return ((d < 0) != k->descending) ? -1 : 1;
    }
    return 0;
}

int order_compare(const struct order_key *keys, int n_keys, int64_t a, int64_t b)
{
    return order_compare_across(keys, a, keys, b, n_keys);
}

/* ---- sorting one range ---- */
static void insertion_sort(struct pair *p, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        struct pair x = p[i];
        int64_t j = i;
        for (; j > 0 && p[j - 1].word > x.word; j--)
            p[j] = p[j - 1];
        p[j] = x;
    }
}

static void radix_pass(const struct pair *in, struct pair *out, int64_t n, int shift)
{
    int64_t at[256] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++)
        at[(in[i].word >> shift) & 255]++;
    for (int d = 0; d < 256; d++) {
        int64_t c = at[d];
        at[d] = sum;
        sum += c;
    }
    for (int64_t i = 0; i < n; i++)
        out[at[(in[i].word >> shift) & 255]++] = in[i];
}

/* Halves sorted, then merged: for runs too short for counting bytes to pay. */
static void merge_words(struct pair *p, struct pair *tmp, int64_t n)
{
    if (n <= SMALL_RUN) {
        insertion_sort(p, n);
        return;
    }
    int64_t half = n / 2, i = 0, j = half, at = 0;
    merge_words(p, tmp, half);
    merge_words(p + half, tmp, n - half);
    memcpy(tmp, p, sizeof *p * (size_t)half);
    while (i < half && j < n)
        p[at++] = tmp[i].word <= p[j].word ? tmp[i++] : p[j++];
    while (i < half)
        p[at++] = tmp[i++];
}

/* Stable by word; the result stands in p. */
static void sort_words(struct pair *p, struct pair *tmp, int64_t n)
{
    uint64_t varies = 0;
    if (n <= SHORT_RUN) {
        merge_words(p, tmp, n);
        return;
    }
    for (int64_t i = 1; i < n; i++)
        varies |= p[i].word ^ p[0].word;
    struct pair *in = p, *out = tmp;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!((varies >> shift) & 255)) continue;
        radix_pass(in, out, n, shift);
        struct pair *t = in;
        in = out;
        out = t;
    }
    if (in != p && n) memcpy(p, in, sizeof *p * (size_t)n);
}

/* Merge sort by comparing the keys from `key` on; equal ones keep their order. */
static void merge_sort(const struct sorter *s, int key, struct pair *p, struct pair *tmp, int64_t n)
{
    const struct order_key *keys = s->keys + key;
    int n_keys = s->n_keys - key;
    if (n <= SMALL_RUN) {
        for (int64_t i = 1; i < n; i++) {
            struct pair x = p[i];
            int64_t j = i;
            for (; j > 0 && order_compare(keys, n_keys, p[j - 1].row, x.row) > 0; j--)
                p[j] = p[j - 1];
            p[j] = x;
        }
        return;
    }
    int64_t half = n / 2;
    merge_sort(s, key, p, tmp, half);
    merge_sort(s, key, p + half, tmp, n - half);
    memcpy(tmp, p, sizeof *p * (size_t)half);
    int64_t i = 0, j = half, at = 0;
    while (i < half && j < n)
        p[at++] = order_compare(keys, n_keys, tmp[i].row, p[j].row) <= 0 ? tmp[i++] : p[j++];
    while (i < half)
        p[at++] = tmp[i++];
}

static void encode_rows(const struct sorter *s, int word, struct pair *p, int64_t n);

static void sort_run(const struct sorter *s, int word, struct pair *p, struct pair *tmp, int64_t n)
{
    sort_words(p, tmp, n);
    bool is_last = word + 1 == s->n_words;
    const struct key_word *w = &s->words[word];
    if (w->exact && is_last) return;
    for (int64_t i = 0; i < n;) {
        int64_t j = i + 1;
        while (j < n && p[j].word == p[i].word)
            j++;
        if (j - i > 1 && !w->exact) {
            merge_sort(s, w->digits[0].key, p + i, tmp, j - i);
        } else if (j - i > 1) {
            encode_rows(s, word + 1, p + i, j - i);
            sort_run(s, word + 1, p + i, tmp, j - i);
        }
        i = j;
    }
}

/* ---- words of rows ---- */
static struct vec cell(const struct column *c, int64_t row, uint64_t *bits)
{
    struct vec v = {.phys = c->phys, .dict = c->dict};
    bits[0] = bit_valid(c->valid, row);
    v.valid = c->valid ? &bits[0] : NULL;
    if (c->phys == PHYS_BOOL) {
        bits[1] = bit_get(c->data, row);
        v.data = &bits[1];
    } else {
        size_t width = c->phys == PHYS_STR ? 16 : phys_width(c->phys);
        v.data = (const char *)c->data + (size_t)row * width;
    }
    return v;
}

static void encode_rows(const struct sorter *s, int word, struct pair *p, int64_t n)
{
    const struct key_word *w = &s->words[word];
    struct vec keys[64];
    uint64_t bits[64][2];
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < w->n; d++) {
            int k = w->digits[d].key;
            keys[k] = cell(s->keys[k].column, p[i].row, bits[k]);
        }
        key_encode(w, keys, 1, &p[i].word);
    }
}

static int64_t chunk_from(const struct sorter *s, int64_t chunk)
{
    return chunk * MORSEL_ROWS < s->n ? chunk * MORSEL_ROWS : s->n;
}

static void view_keys(const struct sorter *s, int64_t at, int64_t n, struct vec *keys)
{
    for (int d = 0; d < s->words[0].n; d++) {
        int k = s->words[0].digits[d].key;
        keys[k] = column_view(s->keys[k].column, at, n);
    }
}

/* Words of a chunk's rows, in s->from. */
static enum rc_t encode_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sorter *s = arg;
    uint64_t words[BATCH_ROWS];
    struct vec *keys = arena_alloc(cx->arena, sizeof *keys * (size_t)(s->n_keys + 1));
    (void)worker;
    for (int64_t at = chunk_from(s, task); at < chunk_from(s, task + 1); at += BATCH_ROWS) {
        int64_t end = chunk_from(s, task + 1), n = end - at < BATCH_ROWS ? end - at : BATCH_ROWS;
        view_keys(s, at, n, keys);
        key_encode(&s->words[0], keys, n, words);
        for (int64_t i = 0; i < n; i++)
            s->from[at + i] = (struct pair){words[i], at + i};
        TRY(check_cancel(cx));
    }
    return RC_OK;
}

/* ---- ranges ---- */
static int cmp_words(const void *a, const void *b)
{
    return cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

static void choose_splits(struct sorter *s)
{
    enum { PER_RANGE = 16 };
    int wanted = (int)(s->n / SPLIT_ROWS) + 1;
    if (wanted > MAX_RANGES) wanted = MAX_RANGES;
    int m = wanted * PER_RANGE;
    uint64_t *sample = ARENA_ARRAY(s->run->arena, uint64_t, m);
    s->splits = ARENA_ARRAY(s->run->arena, uint64_t, wanted);
    for (int i = 0; i < m; i++)
        sample[i] = s->from[(int64_t)((double)i / m * (double)s->n)].word;
    qsort(sample, (size_t)m, sizeof *sample, cmp_words);
    int n = 0;
    for (int k = 1; k < wanted; k++) {
        uint64_t at = sample[k * PER_RANGE];
        if (n == 0 || at > s->splits[n - 1]) s->splits[n++] = at;
    }
    s->n_ranges = n + 1;
}

/* Ranges of n words: the first split above each. Eight searches go side by side, so that the steps
 * of one wait for their memory while others go on. */
static void ranges_of(const struct sorter *s, const struct pair *p, int64_t n, uint16_t *out)
{
    enum { SIDE = 8 };
    const uint64_t *splits = s->splits;
    for (int64_t i = 0; i < n; i += SIDE) {
        int m = n - i < SIDE ? (int)(n - i) : SIDE;
        uint32_t lo[SIDE] = {0};
        for (int left = s->n_ranges - 1; left > 0;) { /* lo is in [0, splits - left] */
            int half = (left + 1) / 2;
            for (int k = 0; k < m; k++)
                lo[k] += p[i + k].word >= splits[lo[k] + (uint32_t)half - 1] ? (uint32_t)half : 0;
            left -= half;
        }
        for (int k = 0; k < m; k++)
            out[i + k] = (uint16_t)lo[k];
    }
}

static enum rc_t count_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sorter *s = arg;
    int64_t *counts = s->counts + task * s->n_ranges;
    int64_t from = chunk_from(s, task), to = chunk_from(s, task + 1);
    (void)worker;
    ranges_of(s, s->from + from, to - from, s->range + from);
    for (int64_t i = from; i < to; i++)
        counts[s->range[i]]++;
    return check_cancel(cx);
}

static enum rc_t scatter_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sorter *s = arg;
    int64_t *at = s->counts + task * s->n_ranges;
    (void)worker;
    for (int64_t i = chunk_from(s, task); i < chunk_from(s, task + 1); i++)
        s->to[at[s->range[i]]++] = s->from[i];
    return check_cancel(cx);
}

static enum rc_t sort_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sorter *s = arg;
    int64_t from = s->range_at[task], to = s->range_at[task + 1];
    (void)worker;
    sort_run(s, 0, s->to + from, s->from + from, to - from);
    return check_cancel(cx);
}

/* s->from[0..n) into s->to, range by range. */
static rc cut_ranges(struct sorter *s)
{
    struct ctx *cx = s->run->cx;
    int64_t sum = 0;
    choose_splits(s);
    TRY(mem_big(cx, mem_mul(sizeof *s->range, (size_t)s->n), (void **)&s->range));
    s->n_chunks = (int)((s->n + MORSEL_ROWS - 1) / MORSEL_ROWS);
    s->counts = ARENA_ARRAY(s->run->arena, int64_t, (int64_t)s->n_chunks * s->n_ranges);
    s->range_at = ARENA_ARRAY(s->run->arena, int64_t, s->n_ranges + 1);
    TRY(pool_run(cx, s->n_chunks, count_task, s));
    for (int k = 0; k < s->n_ranges; k++) {
        s->range_at[k] = sum;
        for (int c = 0; c < s->n_chunks; c++) {
            int64_t n = s->counts[c * s->n_ranges + k];
            s->counts[c * s->n_ranges + k] = sum;
            sum += n;
        }
    }
    s->range_at[s->n_ranges] = sum;
    return pool_run(cx, s->n_chunks, scatter_task, s);
}

/* Sorts s->from[0..n) into s->to. */
static rc sort_all(struct sorter *s)
{
    enum rc_t res = cut_ranges(s);
    mem_big_free(s->range);
    s->range = NULL;
    return res == RC_OK ? pool_run(s->run->cx, s->n_ranges, sort_task, s) : res;
}

/* ---- the first few ---- */
static void sift_down(uint64_t *heap, int64_t n, int64_t i)
{
    for (;;) {
        int64_t big = i, l = 2 * i + 1;
        if (l < n && heap[l] > heap[big]) big = l;
        if (l + 1 < n && heap[l + 1] > heap[big]) big = l + 1;
        if (big == i) return;
        uint64_t t = heap[i];
        heap[i] = heap[big];
        heap[big] = t;
        i = big;
    }
}

/* Drops the rows whose word is above the limit-th least; ties stay (later keys decide). */
static rc keep_least(struct sorter *s, int64_t limit)
{
    uint64_t *heap;
    int64_t n = 0;
    if (limit <= 0 || s->n <= 4 * limit) return RC_OK;
    TRY(mem_big(s->run->cx, (size_t)limit * 8, (void **)&heap));
    for (int64_t i = 0; i < s->n; i++) {
        uint64_t w = s->from[i].word;
        if (n < limit) {
            heap[n++] = w;
            if (n == limit)
                for (int64_t k = n / 2; k-- > 0;)
                    sift_down(heap, n, k);
        } else if (w < heap[0]) {
            heap[0] = w;
            sift_down(heap, n, 0);
        }
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->from[i].word <= heap[0]) s->from[kept++] = s->from[i];
    s->n = kept;
    mem_big_free(heap);
    return RC_OK;
}

static rc choose_words(struct sorter *s)
{
    struct key_facts *facts = ARENA_ARRAY(s->run->arena, struct key_facts, s->n_keys);
    for (int k = 0; k < s->n_keys; k++) {
        TRY(column_facts(s->run, s->keys[k].column, true, &facts[k]));
        facts[k].descending = s->keys[k].descending;
        facts[k].nulls_first = s->keys[k].nulls_first;
    }
    s->n_words = key_words(s->run->arena, facts, s->n_keys, &s->words);
    return RC_OK;
}

static rc make_pairs(struct sorter *s)
{
    TRY(run_claim(s->run, s->run->cx, 2 * s->n * (int64_t)sizeof(struct pair)));
    TRY(mem_big(s->run->cx, mem_mul(sizeof(struct pair), (size_t)s->n), (void **)&s->from));
    return mem_big(s->run->cx, mem_mul(sizeof(struct pair), (size_t)s->n), (void **)&s->to);
}

static rc prepare(struct sorter *s)
{
    TRY(choose_words(s));
    return make_pairs(s);
}

struct words {
    struct sorter *s;
    uint64_t *out;
};

static enum rc_t words_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct words *w = arg;
    const struct sorter *s = w->s;
    struct vec *keys = arena_alloc(cx->arena, sizeof *keys * (size_t)(s->n_keys + 1));
    (void)worker;
    for (int64_t at = chunk_from(s, task); at < chunk_from(s, task + 1); at += BATCH_ROWS) {
        int64_t end = chunk_from(s, task + 1), n = end - at < BATCH_ROWS ? end - at : BATCH_ROWS;
        view_keys(s, at, n, keys);
        key_encode(&s->words[0], keys, n, w->out + at);
    }
    return check_cancel(cx);
}

rc order_words(struct run *r, const struct order_key *keys, int n_keys, int64_t n, uint64_t *out)
{
    struct sorter s = {.run = r, .keys = keys, .n_keys = n_keys, .n = n};
    struct words w = {&s, out};
    TRY(choose_words(&s));
    return pool_run(r->cx, (n + MORSEL_ROWS - 1) / MORSEL_ROWS, words_task, &w);
}

static rc all_in_order(struct ctx *cx, int64_t n, int64_t **out)
{
    int64_t *rows;
    TRY(mem_big(cx, mem_mul(8, (size_t)n), (void **)&rows));
    for (int64_t i = 0; i < n; i++)
        rows[i] = i;
    *out = rows;
    return RC_OK;
}

rc order_rows(struct run *r, const struct order_key *keys, int n_keys, int64_t n, int64_t limit,
              int64_t **out, int64_t *out_n)
{
    struct sorter s = {.run = r, .keys = keys, .n_keys = n_keys, .n = n};
    int64_t wanted = limit >= 0 && limit < n ? limit : n, *rows = NULL;
    enum rc_t res = RC_ERR;
    if (n_keys > 64) return fail(r->cx, E214, NO_SPAN, "a sort takes at most 64 keys");
    *out_n = wanted;
    if (n_keys == 0 || wanted == 0) return all_in_order(r->cx, wanted, out);
    TRY_OUT(prepare(&s));
    TRY_OUT(pool_run(r->cx, (n + MORSEL_ROWS - 1) / MORSEL_ROWS, encode_task, &s));
    if (limit >= 0) TRY_OUT(keep_least(&s, limit));
    TRY_OUT(sort_all(&s));
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)wanted), (void **)&rows));
    for (int64_t i = 0; i < wanted; i++)
        rows[i] = s.to[i].row;
    *out = rows;
    res = RC_OK;
out:
    if (s.to) (void)!run_claim(r, r->cx, -2 * n * (int64_t)sizeof(struct pair));
    mem_big_free(s.from);
    mem_big_free(s.to);
    return res;
}

struct given {
    struct sorter *s;
    uint64_t *words;
    int64_t *rows;
};

static enum rc_t pair_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct given *g = arg;
    (void)worker;
    for (int64_t i = chunk_from(g->s, task); i < chunk_from(g->s, task + 1); i++)
        g->s->from[i] = (struct pair){g->words[i], i};
    return check_cancel(cx);
}

static enum rc_t unpair_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct given *g = arg;
    (void)worker;
    for (int64_t i = chunk_from(g->s, task); i < chunk_from(g->s, task + 1); i++) {
        g->words[i] = g->s->to[i].word;
        g->rows[i] = g->s->to[i].row;
    }
    return check_cancel(cx);
}

rc order_given(struct run *r, uint64_t *words, int64_t n, int64_t **out)
{
    struct key_word word = {.exact = true};
    struct sorter s = {.run = r, .words = &word, .n_words = 1, .n = n};
    struct given g = {&s, words, NULL};
    int64_t n_tasks = (n + MORSEL_ROWS - 1) / MORSEL_ROWS;
    enum rc_t res = RC_ERR;
    if (n == 0) return all_in_order(r->cx, 0, out);
    TRY_OUT(make_pairs(&s));
    TRY_OUT(pool_run(r->cx, n_tasks, pair_task, &g));
    TRY_OUT(sort_all(&s));
    mem_big_free(s.from);
    s.from = NULL;
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)n), (void **)&g.rows));
    TRY_OUT(pool_run(r->cx, n_tasks, unpair_task, &g));
    res = RC_OK;
out:
    if (s.to) (void)!run_claim(r, r->cx, -2 * n * (int64_t)sizeof(struct pair));
    mem_big_free(s.from);
    mem_big_free(s.to);
    if (res != RC_OK) mem_big_free(g.rows);
    if (res == RC_OK) *out = g.rows;
    return res;
}

/* ---- each group on its own ---- */
struct group_sort {
    struct sorter *s;
    const struct groups *g;
    const uint64_t *words; /* of the table's rows */
    const int64_t *cuts;   /* groups of each task */
    int64_t *out;
};

static enum rc_t group_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    enum { AHEAD = 24 };
    const struct group_sort *w = arg;
    const struct groups *g = w->g;
    int64_t from = g->start[w->cuts[task]], to = g->start[w->cuts[task + 1]], done = 0;
    struct pair *p;
    (void)worker;
    TRY(mem_big(cx, mem_mul(2 * sizeof *p, (size_t)(to - from) + 1), (void **)&p));
    for (int64_t i = from; i < to; i++) {
        __builtin_prefetch(&w->words[g->rows[i + AHEAD < to ? i + AHEAD : i]]);
        p[i - from] = (struct pair){w->words[g->rows[i]], g->rows[i]};
    }
    enum rc_t res = RC_OK;
    for (int64_t k = w->cuts[task]; k < w->cuts[task + 1] && res == RC_OK; k++) {
        int64_t n = g->start[k + 1] - g->start[k];
        sort_run(w->s, 0, p + (g->start[k] - from), p + (to - from), n);
        done += n;
        if (done > MORSEL_ROWS) {
            res = check_cancel(cx);
            done = 0;
        }
    }
    for (int64_t i = from; i < to; i++)
        w->out[i] = p[i - from].row;
    mem_big_free(p);
    return res;
}

rc order_groups(struct run *r, const struct order_key *keys, int n_keys, const struct groups *g,
                int64_t *out)
{
    struct sorter s = {.run = r, .keys = keys, .n_keys = n_keys, .n = g->n_rows};
    uint64_t *words = NULL;
    int64_t *cuts = ARENA_ARRAY(r->arena, int64_t, g->n_rows / MORSEL_ROWS + 3), n = 0;
    enum rc_t res = RC_ERR;
    if (n_keys > 64) return fail(r->cx, E214, NO_SPAN, "a sort takes at most 64 keys");
    TRY(choose_words(&s));
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)g->n_rows + 1), (void **)&words));
    struct words w = {&s, words};
    TRY_OUT(pool_run(r->cx, (s.n + MORSEL_ROWS - 1) / MORSEL_ROWS, words_task, &w));
    for (int64_t k = 1; k <= g->n_groups; k++)
        if (g->start[k] - g->start[cuts[n]] >= MORSEL_ROWS || k == g->n_groups) cuts[++n] = k;
    struct group_sort gs = {&s, g, words, cuts, out};
    res = pool_run(r->cx, n, group_task, &gs);
out:
    mem_big_free(words);
    return res;
}

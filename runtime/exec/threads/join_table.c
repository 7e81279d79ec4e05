/* join_table.c: code -> right rows. Right rows are first cut into parts by code (dense) or by hash,
 * keeping their order; each part is then put in order by one task within its own memory. */
#include "runtime/exec/threads/join_int.h"

#include "runtime/base/hash.h"

#define PART_ROWS 16384

struct entry {
    uint64_t code;
    uint32_t row;
};
struct build {
    struct run *run;
    const struct join_codes *codes;
    struct join_table *t;
    int64_t n; /* right rows */
    int n_parts, shift;
    int64_t *counts;  /* [chunks][n_parts], then places */
    int64_t *part_at; /* [n_parts + 1] */
    struct entry *entries;
    uint64_t *words; /* codes of all right rows */
    struct repeats {
        int64_t n;
        uint32_t rows[3];
    } * repeats; /* [n_parts] */
};

static int part_of(const struct build *b, uint64_t code)
{
    if (b->t->dense) return (int)(code >> b->shift);
    return b->t->bits ? (int)(hash_u64(code) >> (64 - b->t->bits)) : 0;
}

static int64_t chunk_end(const struct build *b, int64_t chunk)
{
    int64_t end = (chunk + 1) * MORSEL_ROWS;
    return end < b->n ? end : b->n;
}

static enum rc_t count_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct build *b = arg;
    int64_t from = task * MORSEL_ROWS, to = chunk_end(b, task);
    int64_t *counts = b->counts + task * b->n_parts;
    (void)worker;
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        join_right_codes(b->codes, at, n, b->words + at);
        for (int64_t i = 0; i < n; i++)
            if (b->words[at + i] != NO_CODE) counts[part_of(b, b->words[at + i])]++;
    }
    return check_cancel(cx);
}

static enum rc_t scatter_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct build *b = arg;
    int64_t *at = b->counts + task * b->n_parts;
    (void)worker;
    for (int64_t i = task * MORSEL_ROWS; i < chunk_end(b, task); i++) {
        uint64_t code = b->words[i];
        if (code == NO_CODE) continue;
        b->entries[at[part_of(b, code)]++] = (struct entry){code, (uint32_t)i};
    }
    return check_cancel(cx);
}

/* ---- one part ---- */
/* The three least rows are kept, so that which keys are named does not depend on how rows were cut
 * into parts. */
static void note_repeat(struct repeats *r, uint32_t row)
{
    int at = r->n < 3 ? (int)r->n : row < r->rows[2] ? 2 : -1;
    r->n++;
    if (at < 0) return;
    for (; at > 0 && r->rows[at - 1] > row; at--)
        r->rows[at] = r->rows[at - 1];
    r->rows[at] = row;
}

/* Rows of equal codes stand together in t->rows from here on; m: their place. */
static void build_dense(struct build *b, int part)
{
    struct join_table *t = b->t;
    int64_t from = b->part_at[part], to = b->part_at[part + 1];
    uint64_t lo = (uint64_t)part << b->shift, hi = lo + (UINT64_C(1) << b->shift);
    if (hi > t->domain) hi = t->domain;
    for (int64_t i = from; i < to; i++)
        t->by_code[b->entries[i].code].n++;
    uint32_t at = (uint32_t)from;
    for (uint64_t c = lo; c < hi; c++) {
        t->by_code[c].start = at;
        at += t->by_code[c].n;
    }
    for (int64_t i = from; i < to; i++)
        t->rows[t->by_code[b->entries[i].code].start++] = b->entries[i].row;
    for (uint64_t c = lo; c < hi; c++) {
        struct match *m = &t->by_code[c];
        m->start -= m->n;
        if (m->n > 1) note_repeat(&b->repeats[part], t->rows[m->start]);
    }
}

static struct slot *find_slot(struct slot *slots, uint32_t mask, uint64_t code)
{
    uint32_t at = (uint32_t)hash_u64(code) & mask;
    while (slots[at].m.n && slots[at].code != code)
        at = (at + 1) & mask;
    return &slots[at];
}

static rc build_hashed(struct build *b, struct ctx *cx, int part)
{
    struct join_table *t = b->t;
    int64_t from = b->part_at[part], to = b->part_at[part + 1];
    uint32_t cap = 16;
    while (cap < 2 * (uint64_t)(to - from))
        cap *= 2;
    struct slot *slots;
    TRY(mem_big_zero(cx, sizeof *slots * cap, (void **)&slots));
    t->parts[part] = slots;
    t->masks[part] = cap - 1;
    for (int64_t i = from; i < to; i++) {
        struct slot *s = find_slot(slots, cap - 1, b->entries[i].code);
        s->code = b->entries[i].code;
        s->m.n++;
    }
    uint32_t at = (uint32_t)from;
    for (uint32_t k = 0; k < cap; k++) {
        slots[k].m.start = at;
        at += slots[k].m.n;
    }
    for (int64_t i = from; i < to; i++)
        t->rows[find_slot(slots, cap - 1, b->entries[i].code)->m.start++] = b->entries[i].row;
    for (uint32_t k = 0; k < cap; k++) {
        slots[k].m.start -= slots[k].m.n;
        if (slots[k].m.n > 1) note_repeat(&b->repeats[part], t->rows[slots[k].m.start]);
    }
    return RC_OK;
}

static enum rc_t build_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct build *b = arg;
    (void)worker;
    TRY(check_cancel(cx));
    if (!b->t->dense) return build_hashed(b, cx, (int)task);
    build_dense(b, (int)task);
    return RC_OK;
}

/* ---- all of it ---- */
static void choose_parts(struct build *b)
{
    struct join_table *t = b->t;
    int bits = 0;
    while (bits < 10 && (b->n >> bits) > PART_ROWS)
        bits++;
    t->domain = b->codes->domain;
    t->dense = t->domain && t->domain <= 4 * (uint64_t)b->n + 65536 && t->domain < UINT32_MAX;
    if (!t->dense) {
        t->bits = bits;
        b->n_parts = 1 << bits;
        return;
    }
    int all = 0;
    while ((UINT64_C(1) << all) < t->domain)
        all++;
    b->shift = all > bits ? all - bits : 0;
    b->n_parts = (int)((t->domain - 1) >> b->shift) + 1;
}

static void place_parts(struct build *b, int64_t n_chunks)
{
    int64_t sum = 0;
    for (int p = 0; p < b->n_parts; p++) {
        b->part_at[p] = sum;
        for (int64_t c = 0; c < n_chunks; c++) {
            int64_t n = b->counts[c * b->n_parts + p];
            b->counts[c * b->n_parts + p] = sum;
            sum += n;
        }
    }
    b->part_at[b->n_parts] = sum;
    b->t->n_rows = sum;
}

/* The first three repeated keys by right row. */
static void sum_repeats(struct build *b)
{
    struct join_table *t = b->t;
    int have = 0;
    for (int p = 0; p < b->n_parts; p++) {
        const struct repeats *r = &b->repeats[p];
        t->n_repeated += r->n;
        for (int i = 0; i < 3 && i < r->n; i++) {
            int at = have < 3 ? have++ : r->rows[i] < t->repeated[2] ? 2 : -1;
            for (; at > 0 && t->repeated[at - 1] > r->rows[i]; at--)
                t->repeated[at] = t->repeated[at - 1];
            if (at >= 0) t->repeated[at] = r->rows[i];
        }
    }
}

static rc build_all(struct build *b)
{
    struct ctx *cx = b->run->cx;
    struct join_table *t = b->t;
    int64_t n_chunks = (b->n + MORSEL_ROWS - 1) / MORSEL_ROWS;
    struct arena *a = b->run->arena;
    choose_parts(b);
    b->counts = ARENA_ARRAY(a, int64_t, n_chunks * b->n_parts + 1);
    b->part_at = ARENA_ARRAY(a, int64_t, b->n_parts + 1);
    b->repeats = arena_zero(a, sizeof *b->repeats * (size_t)b->n_parts);
    TRY(mem_big(cx, mem_mul(8, (size_t)b->n + 1), (void **)&b->words));
    TRY(mem_big(cx, mem_mul(sizeof(struct entry), (size_t)b->n + 1), (void **)&b->entries));
    TRY(mem_big(cx, mem_mul(4, (size_t)b->n + 1), (void **)&t->rows));
    if (t->dense)
        TRY(mem_big_zero(cx, mem_mul(sizeof(struct match), (size_t)t->domain),
                         (void **)&t->by_code));
    t->parts = mem_zero(sizeof *t->parts * (size_t)b->n_parts);
    t->masks = mem_zero(sizeof *t->masks * (size_t)b->n_parts);
    TRY(pool_run(cx, n_chunks, count_task, b));
    place_parts(b, n_chunks);
    TRY(pool_run(cx, n_chunks, scatter_task, b));
    TRY(pool_run(cx, b->n_parts, build_task, b));
    sum_repeats(b);
    return RC_OK;
}

rc join_table_make(struct run *r, const struct join_codes *c, int64_t n_right,
                   struct join_table *out)
{
    struct build b = {.run = r, .codes = c, .t = out, .n = n_right};
    *out = (struct join_table){0};
    if (n_right >= UINT32_MAX)
        return fail(r->cx, E902, NO_SPAN, "the right side of a join takes at most 4 billion rows");
    TRY(run_claim(r, r->cx, n_right * 28));
    enum rc_t res = build_all(&b);
    mem_big_free(b.words);
    mem_big_free(b.entries);
    (void)!run_claim(r, r->cx, -n_right * 28);
    if (res != RC_OK) join_table_free(out);
    return res;
}

void join_table_free(struct join_table *t)
{
    for (int p = 0; t->parts && p < 1 << t->bits; p++)
        mem_big_free(t->parts[p]);
    mem_free(t->parts);
    mem_free(t->masks);
    mem_big_free(t->by_code);
    mem_big_free(t->rows);
    *t = (struct join_table){0};
}

void join_find(const struct join_table *t, const uint64_t *codes, int64_t n, struct match *out)
{
    if (t->dense) {
        for (int64_t i = 0; i < n; i++)
            out[i] = codes[i] == NO_CODE ? (struct match){0, 0} : t->by_code[codes[i]];
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        uint64_t h = hash_u64(codes[i]);
        int p = t->bits ? (int)(h >> (64 - t->bits)) : 0;
        out[i] = (struct match){0, 0};
        if (codes[i] == NO_CODE) continue;
        const struct slot *slots = t->parts[p];
        uint32_t mask = t->masks[p], at = (uint32_t)h & mask;
        for (; slots[at].m.n; at = (at + 1) & mask)
            if (slots[at].code == codes[i]) {
                out[i] = slots[at].m;
                break;
            }
    }
}

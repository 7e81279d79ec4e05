/* pick.c: late columns. Columns that pass from a table through filters are not carried along in
 * batches: the pipe notes which rows of each partition came through, and when all are known these
 * columns are copied once, straight to their place in the result. */
#include "runtime/exec/threads/pick.h"

#include "runtime/base/kernel.h"

/* ---- which columns anybody reads ---- */
void pipe_needs(struct pipe *p, const bool *reads)
{
    bool *now = mem_alloc((size_t)p->schema->n + 1);
    memcpy(now, reads, (size_t)p->schema->n);
    for (int i = p->n_ops; i-- > 0;) {
        struct op *op = p->ops[i];
        const struct plan *below = op->node->inputs[0]; /* none: a scan's own filter */
        int n = below ? below->schema->n : op->schema->n;
        bool *before = mem_zero((size_t)n + 1);
        if (op->cls->needs)
            op->cls->needs(op, now, before);
        else
            memset(before, true, (size_t)n);
        mem_free(now);
        now = before;
    }
    if (p->source == SOURCE_UNION) {
        pipe_needs(p->a, now);
        pipe_needs(p->b, now);
    }
    mem_free(now);
}

/* ---- rows that came through ---- */
bool pipe_can_pick(const struct pipe *p)
{
    if (p->source != SOURCE_TABLE || p->positional) return false;
    for (int i = 0; i < p->n_ops; i++)
        if (!p->ops[i]->keeps_rows && !p->ops[i]->cls->picks) return false;
    return true;
}

void pipe_pick(struct pipe *p)
{
    for (int i = 0; i < p->n_ops; i++)
        p->ops[i]->picks = true;
}

void pick_note(struct worker *w, const int32_t *sel, int64_t n)
{
    if (!w->pick_room) w->pick_room = ARENA_ARRAY(w->hold, uint16_t, BATCH_ROWS);
    if (w->picked) {
        for (int64_t i = 0; i < n; i++) /* sel[i] >= i */
            w->pick_room[i] = w->picked[sel[i]];
    } else {
        for (int64_t i = 0; i < n; i++)
            w->pick_room[i] = (uint16_t)(w->pick_from + sel[i]);
    }
    w->picked = w->pick_room;
}

void picked_add(struct picked *p, const struct worker *w, int64_t n)
{
    if (p->n + n > p->cap) {
        int64_t cap = p->cap ? p->cap * 2 : 8192;
        if (cap > MORSEL_ROWS) cap = MORSEL_ROWS;
        p->cap = cap > p->n + n ? cap : p->n + n;
        p->rows = mem_realloc(p->rows, sizeof *p->rows * (size_t)p->cap);
    }
    if (w->picked) {
        memcpy(p->rows + p->n, w->picked, sizeof *p->rows * (size_t)n);
    } else {
        for (int64_t i = 0; i < n; i++)
            p->rows[p->n + i] = (uint16_t)(w->pick_from + i);
    }
    p->n += n;
}

void picked_done(struct picked *p)
{
    if (p->cap == p->n) return;
    p->cap = p->n;
    p->rows = mem_realloc(p->rows, sizeof *p->rows * (size_t)(p->n > 0 ? p->n : 1));
}

/* ---- copying ---- */
/* Rows rise but leave gaps, which the machine's own prefetching loses: so many rows ahead are asked
 * for, a stretch at a time. */
#define AHEAD 64

static void ask_for(const char *in, size_t width, const uint16_t *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        __builtin_prefetch(in + rows[i] * width);
}

#define PICK(T)                                                                                    \
    static KERNEL void pick_##T(int64_t n, const T *restrict in, const uint16_t *restrict rows,    \
                                T *restrict out)                                                   \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = in[rows[i]];                                                                  \
    }
PICK(uint32_t)
PICK(uint64_t)

static void pick_text(int64_t n, const struct text *in, const uint16_t *rows, struct text *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = in[rows[i]];
}

static void pick_fixed(int64_t n, const char *in, const uint16_t *rows, char *out, size_t width)
{
    if (width == 4)
        pick_uint32_t(n, (const void *)in, rows, (void *)out);
    else if (width == 8)
        pick_uint64_t(n, (const void *)in, rows, (void *)out);
    else
        pick_text(n, (const void *)in, rows, (void *)out);
}

/* ors the bits of rows into cleared out, from bit `at`. */
static void pick_bits(int64_t n, const uint64_t *in, const uint16_t *rows, uint64_t *out,
                      int64_t at)
{
    for (int64_t i = 0; i < n; i++)
        out[(at + i) / 64] |= (uint64_t)bit_get(in, rows[i]) << ((at + i) % 64);
}

struct pick {
    const struct table *table;
    const struct picked *parts;
    int64_t *starts; /* [n_parts + 1] row of the result that a partition begins at */
    int64_t n_parts, n_rows;
    const int *origin; /* [n_cols] -1: not here */
    int n_cols;
    struct column **cols;
    atomic_llong *nulls; /* [n_cols] */
};

/* Rows [from, from + n) of a partition's list, into rows [at, at + n) of column `col`. */
static void pick_some(struct pick *k, int col, int64_t part, int64_t from, int64_t n, int64_t at)
{
    const struct column *in = k->table->cols[k->origin[col]];
    struct column *out = k->cols[col];
    const uint16_t *rows = k->parts[part].rows + from;
    int64_t base = part * MORSEL_ROWS;
    size_t width = out->phys == PHYS_STR ? 16 : phys_width(out->phys);
    if (out->valid) pick_bits(n, in->valid + base / 64, rows, column_bits(out), at);
    if (out->phys == PHYS_BOOL) {
        pick_bits(n, (const uint64_t *)in->data + base / 64, rows, column_room(out), at);
        return;
    }
    const char *src = (const char *)in->data + (size_t)base * width;
    char *to = (char *)column_room(out) + (size_t)at * width;
    for (int64_t i = 0; i < n; i += AHEAD) {
        int64_t m = n - i < AHEAD ? n - i : AHEAD, next = n - i - m < AHEAD ? n - i - m : AHEAD;
        ask_for(src, width, rows + i + m, next);
        pick_fixed(m, src, rows + i, to + (size_t)i * width, width);
    }
}

/* Blocks of the result begin at multiples of 64 rows, so that no two write to one word of bits. */
static enum rc_t pick_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct pick *k = arg;
    int64_t at = task * MORSEL_ROWS, to = at + MORSEL_ROWS, part = 0;
    (void)worker;
    if (to > k->n_rows) to = k->n_rows;
    size_t first = (size_t)at / 64, bytes = BITMAP_WORDS(to - at) * 8;
    for (int64_t lo = 0, hi = k->n_parts; lo < hi;) { /* the last that begins at or before `at` */
        int64_t mid = lo + (hi - lo) / 2;
        if (k->starts[mid] <= at)
            part = mid, lo = mid + 1;
        else
            hi = mid;
    }
    for (int c = 0; c < k->n_cols; c++) {
        if (!k->cols[c]) continue;
        TRY(check_cancel(cx));
        struct column *out = k->cols[c];
        if (out->valid) memset(column_bits(out) + first, 0, bytes);
        if (out->phys == PHYS_BOOL) memset((uint64_t *)column_room(out) + first, 0, bytes);
        int64_t p = part;
        for (int64_t row = at; row < to; p++) {
            int64_t end = k->starts[p + 1] < to ? k->starts[p + 1] : to;
            if (end > row) pick_some(k, c, p, row - k->starts[p], end - row, row);
            row = end > row ? end : row;
        }
        if (out->valid)
            atomic_fetch_add(&k->nulls[c], to - at - bitmap_count(out->valid + at / 64, to - at));
    }
    return RC_OK;
}

/* Columns without their values; those of which every row came through are shared. */
static rc pick_make(struct run *r, struct pick *k)
{
    for (int c = 0; c < k->n_cols; c++) {
        if (k->origin[c] < 0) continue;
        const struct column *in = k->table->cols[k->origin[c]];
        size_t width = in->phys == PHYS_STR ? 16 : phys_width(in->phys);
        TRY(run_claim(r, r->cx, k->n_rows * (int64_t)width));
        TRY(column_make(r->cx, in->type, in->phys, k->n_rows, in->valid != NULL, &k->cols[c]));
        if (in->phys == PHYS_STR) column_keeps(k->cols[c], in);
        if (in->dict) k->cols[c]->dict = column_ref(in->dict);
    }
    return RC_OK;
}

static void pick_settle(struct pick *k)
{
    for (int c = 0; c < k->n_cols; c++) {
        struct column *out = k->cols[c];
        if (!out) continue;
        out->n_null = atomic_load(&k->nulls[c]);
        if (out->n_null == 0) out->valid = NULL;
    }
}

rc picked_columns(struct run *r, const struct table *t, const struct picked *parts, int64_t n_parts,
                  const int *origin, int n_cols, struct column **out)
{
    struct pick k = {t, parts, NULL, n_parts, 0, origin, n_cols, out, NULL};
    k.starts = mem_alloc(sizeof *k.starts * (size_t)(n_parts + 1));
    k.nulls = mem_zero(sizeof *k.nulls * (size_t)(n_cols + 1));
    for (int64_t p = 0; p < n_parts; p++) {
        k.starts[p] = k.n_rows;
        k.n_rows += parts[p].n;
    }
    k.starts[n_parts] = k.n_rows;
    enum rc_t res = RC_OK;
    if (k.n_rows == t->n_rows) { /* nothing was dropped */
        for (int c = 0; c < n_cols; c++)
            if (origin[c] >= 0) out[c] = column_ref(t->cols[origin[c]]);
    } else {
        res = pick_make(r, &k);
        int64_t n_tasks = (k.n_rows + MORSEL_ROWS - 1) / MORSEL_ROWS;
        if (res == RC_OK) res = pool_run(r->cx, n_tasks, pick_task, &k);
        if (res == RC_OK) pick_settle(&k);
    }
    mem_free(k.starts);
    mem_free(k.nulls);
    return res;
}

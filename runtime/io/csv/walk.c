/* walk.c: one block as strips of whole rows with the same number of fields.
 *
 * The usual strip needs no work past index.c: every n_cols-th place is a row end and no other is.
 * Otherwise the rows are gone through one by one: empty lines and comments fall out, short rows get
 * empty fields, long ones are an error or are cut; the result is an array of pairs. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"

#define STRIP_MOST ((uint32_t)1 << 19) /* fields a strip of a wide file */

/* ---- scratch ---- */
rc csv_work_get(struct ctx *cx, struct csv_scan *s, struct csv_work **out)
{
    TRY(check_cancel(cx));
    for (int i = 0; i < CSV_SPARE; i++) {
        struct csv_work *w = atomic_exchange(&s->spare[i], NULL);
        if (!w) continue;
        *out = w;
        return RC_OK;
    }
    struct csv_work *w = mem_zero(sizeof *w);
    w->side = arena_new();
    *out = w;
    return RC_OK;
}

void csv_work_free(struct csv_work *w)
{
    if (!w) return;
    mem_big_free(w->mem);
    mem_big_free(w->pos);
    mem_big_free(w->pairs);
    mem_big_free(w->values);
    arena_free(w->side);
    mem_free(w);
}

void csv_work_put(struct csv_scan *s, struct csv_work *w)
{
    arena_reset(w->side);
    for (int i = 0; i < CSV_SPARE && w->cap <= 8 * CSV_BLOCK; i++) {
        struct csv_work *none = NULL;
        if (atomic_compare_exchange_strong(&s->spare[i], &none, w)) return;
    }
    csv_work_free(w);
}

/* ---- bytes ---- */
static char *walk_buf(const struct csv_work *w)
{
    return w->mem + CSV_PAD;
}

static rc grow_mem(struct ctx *cx, struct csv_work *w, size_t need)
{
    if (w->mem && need <= w->cap) return RC_OK;
    size_t cap = w->cap * 2 > need ? w->cap * 2 : need + need / 8;
    void *p = w->mem;
    size_t used = w->mem ? CSV_PAD + w->walk.n : 0;
    TRY(mem_big_grow(cx, &p, used, cap + 3 * CSV_PAD));
    w->mem = p;
    w->cap = cap;
    memset(w->mem, 0, CSV_PAD);
    return RC_OK;
}

rc csv_walk_load(struct ctx *cx, struct csv_work *w, int64_t upto)
{
    struct csv_walk *k = &w->walk;
    if (upto > k->file->size) upto = k->file->size;
    size_t want = upto > k->base ? (size_t)(upto - k->base) : 0, got = 0;
    if (want > k->n || !w->mem) {
        TRY(grow_mem(cx, w, want > k->n ? want : k->n));
        if (want > k->n)
            TRY(io_source_read(cx, k->file->src, k->base + (int64_t)k->n, walk_buf(w) + k->n,
                               want - k->n, &got));
        k->n += got;
        memset(walk_buf(w) + k->n, 0, 2 * CSV_PAD);
    }
    k->ix.buf = walk_buf(w);
    return RC_OK;
}

static rc grow_pos(struct ctx *cx, struct csv_work *w, uint32_t cap)
{
    if (w->cap_pos < cap) {
        void *p = w->pos;
        TRY(mem_big_grow(cx, &p, (size_t)w->cap_pos * sizeof *w->pos,
                         (size_t)cap * sizeof *w->pos));
        w->pos = p;
        w->cap_pos = cap;
    }
    w->walk.ix.pos = w->pos;
    w->walk.ix.cap = w->cap_pos;
    return RC_OK;
}

/* ---- rows ---- */
void csv_walk_open(struct csv_work *w, const struct csv_scan *s, const struct csv_file *file,
                   int64_t base)
{
    w->walk = (struct csv_walk){.scan = s, .file = file, .base = base};
    w->walk.ix.d = &s->dialect;
    w->walk.most = CSV_LINE_MAX;
}

static bool is_break(const struct csv_walk *k, uint32_t at)
{
    char c = k->ix.buf[at];
    return c != k->scan->dialect.delim;
}

static void set_fault(struct csv_walk *k, enum csv_fault_kind kind, int64_t at, int64_t n)
{
    k->fault = (struct csv_fault){.kind = kind, .at = at, .n = n};
    k->at_end = true;
}

/* What the last strip consumed leaves the array; the rest moves to its front. */
static void drop_used(struct csv_walk *k)
{
    struct csv_index *ix = &k->ix;
    if (k->n_used == 0) return;
    memmove(ix->pos, ix->pos + k->n_used, (size_t)(ix->n - k->n_used + 1) * sizeof *ix->pos);
    ix->n -= k->n_used;
    k->n_used = 0;
}

/* The file ends without a line break: its last row ends there all the same. */
static void end_of_file(struct csv_walk *k)
{
    struct csv_index *ix = &k->ix;
    size_t row = (size_t)(uint32_t)(ix->pos[ix->n] + 1);
    if (ix->in_quote) {
        uint32_t i = ix->n;
        while (i > 0 && !is_break(k, ix->pos[i]))
            i--;
        set_fault(k, CSV_FAULT_UNCLOSED, k->base + (int64_t)(uint32_t)(ix->pos[i] + 1), 0);
        return;
    }
    bool is_partial = ix->n > 0 && !is_break(k, ix->pos[ix->n]);
    if (row >= k->n && !is_partial) return;
    ix->pos[++ix->n] = (uint32_t)k->n; /* the padding byte there reads as a break */
    ix->n_breaks++;
}

/* Indexes past the block's end until the row that began in it ends. More is loaded only when what
 * there is does not do: a reader keeps views into the buffer (read.c). */
static rc finish_row(struct ctx *cx, struct csv_work *w)
{
    struct csv_walk *k = &w->walk;
    struct csv_index *ix = &k->ix;
    while (ix->n_breaks == 0) {
        TRY(check_cancel(cx));
        bool is_last = k->base + (int64_t)k->n >= k->file->size;
        ix->end = is_last ? k->n : k->n - 1;
        if (ix->at < ix->end) {
            TRY(grow_pos(cx, w, ix->n + CSV_STRIP + 128));
            csv_index_run(ix);
        } else if (is_last) {
            end_of_file(k);
            return RC_OK;
        } else if ((int64_t)(k->n - k->stop) >= k->most) {
            break;
        } else {
            TRY(csv_walk_load(cx, w, k->base + (int64_t)k->n * 2 + 4096));
        }
    }
    k->is_through = true;
    uint32_t i = 1; /* rows after this one are the next block's */
    while (ix->n_breaks && !is_break(k, ix->pos[i]))
        i++;
    if (ix->n_breaks == 0 || (int64_t)(ix->pos[i] - k->stop) > k->most) {
        set_fault(k, CSV_FAULT_LONG, k->base + (int64_t)(uint32_t)(ix->pos[0] + 1), 0);
        return RC_OK;
    }
    ix->n = i;
    ix->n_breaks = 1;
    return RC_OK;
}

/* Indexes up to the block's end or until pos is full. */
static void index_block(struct csv_walk *k)
{
    k->ix.end = k->stop;
    csv_index_run(&k->ix);
    if (k->ix.at < k->stop || k->has_passed) return;
    k->has_passed = true;
    k->ends_in_quote = k->ix.in_quote;
}

/* Fills pos until it holds a whole row and is full, or the block is through. */
static rc fill(struct ctx *cx, struct csv_work *w)
{
    struct csv_walk *k = &w->walk;
    struct csv_index *ix = &k->ix;
    while (ix->at < k->stop) {
        index_block(k);
        if (ix->n_breaks) return RC_OK;
        if (ix->at < k->stop) TRY(grow_pos(cx, w, w->cap_pos * 2)); /* a row of very many fields */
    }
    bool is_partial = ix->n > 0 || ix->in_quote || (uint32_t)(ix->pos[0] + 1) < k->stop;
    if (is_partial && !k->is_through) TRY(finish_row(cx, w));
    if (ix->n_breaks == 0) k->at_end = true;
    return RC_OK;
}

/* From inside quotes: passes over the rest of the row. */
static void skip_row(struct csv_walk *k)
{
    struct csv_index *ix = &k->ix;
    while (ix->n_breaks == 0 && ix->at < k->stop) {
        ix->pos[0] = ix->pos[ix->n];
        ix->n = 0;
        index_block(k);
    }
    if (ix->n_breaks == 0) {
        k->at_end = true;
        return;
    }
    k->n_used = 1;
    while (!is_break(k, ix->pos[k->n_used]))
        k->n_used++;
    ix->n_breaks--;
    drop_used(k);
}

rc csv_walk_rows(struct ctx *cx, struct csv_work *w, int64_t from, int64_t to, bool in_quote)
{
    struct csv_walk *k = &w->walk;
    uint32_t fields = CSV_STRIP_ROWS * (uint32_t)k->scan->n_cols;
    if (fields > STRIP_MOST) fields = STRIP_MOST;
    TRY(grow_pos(cx, w, (fields > CSV_STRIP ? fields : CSV_STRIP) + 128));
    k->stop = (size_t)(to - k->base);
    k->ix.at = (size_t)(from - k->base);
    k->ix.pos[0] = (uint32_t)(k->ix.at - 1);
    k->ix.in_quote = in_quote;
    if (in_quote) skip_row(k);
    return RC_OK;
}

int64_t csv_walk_row_at(const struct csv_walk *k)
{
    return k->base + (int64_t)(uint32_t)(k->ix.pos[k->n_used] + 1);
}

/* ---- strips ---- */
static bool is_clean(const struct csv_walk *k, uint32_t n_cols)
{
    const struct csv_index *ix = &k->ix;
    if (csv_is_odd(&k->scan->dialect) || (uint64_t)ix->n_breaks * n_cols > ix->n) return false;
    for (uint32_t i = 1; i <= ix->n_breaks; i++)
        if (!is_break(k, ix->pos[i * n_cols])) return false;
    return true;
}

static void note(struct csv_oddity *o, int64_t at)
{
    if (o->n < CSV_NOTED) o->at[o->n] = at;
    o->n++;
}

static bool is_blank(const char *p, uint32_t from, uint32_t to)
{
    while (from < to && (p[from] == ' ' || p[from] == '\t'))
        from++;
    return from == to;
}

/* Fields [first, last] of pos are all blank. */
static bool all_blank(const struct csv_walk *k, uint32_t first, uint32_t last)
{
    const uint32_t *pos = k->ix.pos;
    for (uint32_t i = first; i <= last; i++) {
        uint32_t from = pos[i - 1] + 1, to = pos[i];
        if (!is_blank(k->ix.buf, from, csv_before_cr(k->ix.buf, from, to))) return false;
    }
    return true;
}

/* Whether the row of fields pos[first..last] counts at all, and is a fault when not. */
static bool takes_row(struct csv_walk *k, uint32_t first, uint32_t last, uint32_t n_cols)
{
    const struct csv_dialect *d = &k->scan->dialect;
    uint32_t n = last - first + 1, start = k->ix.pos[first - 1] + 1;
    int64_t at = k->base + (int64_t)start;
    if (d->has_comment && k->ix.buf[start] == d->comment && start < k->ix.pos[last]) return false;
    if (d->n_starts) return !all_blank(k, first, last);
    if (n == n_cols) return true;
    if (n == 1 && all_blank(k, first, last)) return false;
    if (n > n_cols && all_blank(k, first + n_cols, last)) return true;
    if (d->ragged == CSV_RAGGED_ERROR || (n > n_cols && d->ragged == CSV_RAGGED_FILL)) {
        set_fault(k, CSV_FAULT_RAGGED, at, n);
        return false;
    }
    note(n < n_cols ? &k->shorter : &k->longer, at);
    return true;
}

/* The columns of a line of fixed widths. */
static void put_fixed(const struct csv_walk *k, uint32_t *pair, uint32_t first)
{
    const struct csv_dialect *d = &k->scan->dialect;
    const uint32_t *pos = k->ix.pos;
    uint32_t from = pos[first - 1] + 1, to = csv_before_cr(k->ix.buf, from, pos[first]);
    for (int c = 0; c < d->n_starts; c++) {
        struct str line = {k->ix.buf + from, to - from};
        struct str f = csv_fixed_field(d, line, c);
        pair[2 * c] = (uint32_t)(f.p - k->ix.buf) - 1;
        pair[2 * c + 1] = (uint32_t)(f.p - k->ix.buf) + (uint32_t)f.n;
    }
}

static void put_pairs(const struct csv_walk *k, uint32_t *pair, uint32_t first, uint32_t last,
                      uint32_t n_cols)
{
    const uint32_t *pos = k->ix.pos;
    uint32_t extra = k->scan->dialect.delims.n > 1 ? (uint32_t)k->scan->dialect.delims.n - 1 : 0;
    if (k->scan->dialect.n_starts) {
        put_fixed(k, pair, first);
        return;
    }
    for (uint32_t c = 0; c < n_cols; c++) {
        uint32_t i = first + c, at = i <= last ? i : last;
        uint32_t from = pos[at - 1] + 1, to = csv_before_cr(k->ix.buf, from, pos[at]);
        if (at < last) to -= extra;
        pair[2 * c] = i <= last ? from - 1 : to - 1; /* a missing field is empty */
        pair[2 * c + 1] = to;
    }
}

/* Row by row into pairs. */
static rc repair(struct ctx *cx, struct csv_work *w)
{
    struct csv_walk *k = &w->walk;
    uint32_t n_cols = (uint32_t)k->scan->n_cols;
    size_t max_rows = n_cols < CSV_STRIP ? CSV_STRIP / n_cols : 1, need = max_rows * 2 * n_cols;
    if (w->cap_pairs < need) {
        mem_big_free(w->pairs);
        w->pairs = NULL;
        w->cap_pairs = 0;
        TRY(mem_big(cx, need * sizeof *w->pairs, (void **)&w->pairs));
        w->cap_pairs = need;
    }
    uint32_t first = 1;
    size_t rows = 0;
    while (rows < max_rows && k->ix.n_breaks && !k->at_end) {
        uint32_t last = first;
        while (!is_break(k, k->ix.pos[last]))
            last++;
        k->ix.n_breaks--;
        if (takes_row(k, first, last, n_cols))
            put_pairs(k, w->pairs + rows++ * 2 * n_cols, first, last, n_cols);
        first = last + 1;
    }
    k->n_used = first - 1;
    k->strip = (struct csv_strip){.buf = k->ix.buf,
                                  .ends = w->pairs,
                                  .stride = 2 * (int64_t)n_cols,
                                  .step = 2,
                                  .shift = 1,
                                  .n_rows = (int64_t)rows,
                                  .n_cols = (int)n_cols};
    return RC_OK;
}

static void take_clean(struct csv_walk *k, uint32_t n_cols)
{
    k->strip = (struct csv_strip){.buf = k->ix.buf,
                                  .ends = k->ix.pos,
                                  .stride = n_cols,
                                  .step = 1,
                                  .shift = 1,
                                  .n_rows = k->ix.n_breaks,
                                  .n_cols = (int)n_cols};
    k->n_used = k->ix.n_breaks * n_cols;
    k->ix.n_breaks = 0;
}

rc csv_walk_next(struct ctx *cx, struct csv_work *w, bool *more)
{
    struct csv_walk *k = &w->walk;
    uint32_t n_cols = (uint32_t)k->scan->n_cols;
    *more = false;
    while (!k->at_end) {
        drop_used(k);
        if (k->ix.n_breaks == 0) TRY(fill(cx, w));
        if (k->at_end) break;
        if (is_clean(k, n_cols))
            take_clean(k, n_cols);
        else
            TRY(repair(cx, w));
        *more = k->strip.n_rows > 0;
        if (*more) break;
    }
    return RC_OK;
}

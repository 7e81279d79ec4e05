/* infer.c: the pass over the whole file that opening makes: blocks, row counts, types, faults.
 *
 * Whether a block begins inside quotes is only known when all before it is. Each block is walked in
 * parallel under a guess (do the first quotes fit better as opening or as closing ones?); then, in
 * order, guesses are compared with how the block before really ended, and the few wrong ones are
 * walked again. A block without quotes ends as it begins. So the outcome is exact, and does not
 * depend on threads. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"
#include "runtime/base/utf8.h"

#define GUESS_QUOTES 64
#define GUESS_SPILL  (4 * CSV_BLOCK) /* a wrong guess must not read on for ever */

struct result { /* of one block */
    struct csv_block block;
    bool has_bytes; /* a row could start in it */
    bool is_long;   /* no line break for CSV_LINE_MAX bytes */
    bool has_quotes, guess, ends_in_quote;
    struct csv_fault byte_fault; /* whatever the guess */
    struct csv_fault fault;
    struct csv_oddity shorter, longer;
    uint16_t *kinds;        /* [n_cols] */
    struct csv_oddity *bad; /* [n_cols] when any type is forced */
};
struct pass {
    struct csv_scan *scan;
    struct result *wave;
    int64_t first; /* block of wave[0] */
    bool any_forced;
    bool in_quote; /* how the last block of the chain ended */
};

/* ---- where a block begins and ends ---- */
/* Offset after the first line break of buf[from, to); 0 when there is none. */
static size_t after_break(const struct csv_dialect *d, const char *buf, size_t from, size_t to)
{
    if (from >= to) return 0;
    const char *p = memchr(buf + from, d->cr_lines ? '\r' : '\n', to - from);
    if (!p) return 0;
    return (size_t)(p - buf) + 1 + (d->cr_lines && p[1] == '\n');
}

static void too_long(const struct csv_walk *k, size_t mark, struct result *r)
{
    while (mark > 0 && k->ix.buf[mark - 1] != '\n' && k->ix.buf[mark - 1] != '\r')
        mark--;
    r->fault = (struct csv_fault){.kind = CSV_FAULT_LONG, .at = k->base + (int64_t)mark};
    r->is_long = true;
}

/* The end of a block: after the first break at or past its end mark. */
static rc find_end(struct ctx *cx, struct csv_work *w, int64_t mark, struct result *r)
{
    struct csv_walk *k = &w->walk;
    int64_t size = k->file->size;
    size_t from = (size_t)(mark - 1 - k->base);
    r->block.to = size;
    while (mark < size) {
        size_t to = k->base + (int64_t)k->n < size ? k->n - 1 : k->n;
        size_t at = after_break(&k->scan->dialect, k->ix.buf, from, to);
        if (at) {
            r->block.to = k->base + (int64_t)at;
            break;
        }
        if (to == k->n) break;
        if ((int64_t)k->n > CSV_LINE_MAX + 2 * CSV_BLOCK) break;
        from = to;
        TRY(check_cancel(cx));
        TRY(csv_walk_load(cx, w, k->base + (int64_t)k->n * 2));
    }
    if (r->block.to - mark > CSV_LINE_MAX) {
        too_long(k, (size_t)(mark - 1 - k->base), r);
        return RC_OK;
    }
    return csv_walk_load(cx, w, r->block.to + 1);
}

/* Loads the block and finds its bytes; has_bytes false when no line begins in it. */
static rc find_block(struct ctx *cx, struct csv_work *w, const struct csv_scan *s, struct result *r,
                     int64_t number)
{
    const struct csv_file *f = &s->files[r->block.file];
    int64_t mark = f->data_at + number * CSV_BLOCK, base = number ? mark - 1 : mark;
    csv_walk_open(w, s, f, base);
    TRY(csv_walk_load(cx, w, mark + CSV_BLOCK + 4096));
    struct csv_walk *k = &w->walk;
    size_t own = (size_t)(mark + CSV_BLOCK - 1 - base), end = own < k->n ? own : k->n;
    size_t at = number ? after_break(&s->dialect, k->ix.buf, 0, end) : 0;
    r->block.from = r->block.to = r->block.first = base + (int64_t)at;
    r->has_bytes = number == 0 || (at && r->block.from < f->size);
    if (!r->has_bytes) return RC_OK;
    return find_end(cx, w, mark + CSV_BLOCK, r);
}

/* ---- bytes that no text file has ---- */
/* 1: all are ASCII but NUL; else 0. */
static bool is_plain_text(const char *p, size_t n)
{
    uint64_t high = 0, zero = 0, w;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&w, p + i, 8);
        high |= w;
        zero |= (w - UINT64_C(0x0101010101010101)) & ~w;
    }
    for (; i < n; i++) {
        high |= (uint64_t)(unsigned char)p[i];
        if (!p[i]) return false;
    }
    return ((high | zero) & UINT64_C(0x8080808080808080)) == 0;
}

static void check_bytes(const struct csv_walk *k, struct result *r)
{
    const char *p = k->ix.buf + (r->block.from - k->base);
    size_t n = (size_t)(r->block.to - r->block.from);
    if (is_plain_text(p, n)) return;
    const char *nul = memchr(p, 0, n);
    size_t bad = utf8_check(p, n);
    if (nul)
        r->byte_fault = (struct csv_fault){CSV_FAULT_NUL, r->block.from + (nul - p), 0, 0};
    else if (bad < n)
        r->byte_fault = (struct csv_fault){CSV_FAULT_UTF8, r->block.from + (int64_t)bad, 0, p[bad]};
}

/* ---- the guess ---- */
static bool ends_field(const struct csv_dialect *d, char c)
{
    return c == d->delim || c == '\n' || c == '\r' || c == 0;
}

/* Quotes among the first few that stand where no quote should, if p begins (not) inside quotes. */
static int misplaced(const struct csv_dialect *d, const char *p, const char *end, bool in)
{
    const char *start = p;
    int bad = 0;
    for (int i = 0; i < GUESS_QUOTES && p < end; i++) {
        const char *q = memchr(p, d->quote, (size_t)(end - p));
        if (!q) break;
        p = q + 1;
        if (in && *p == d->quote) {
            p++;
        } else if (in) {
            bad += !ends_field(d, *p);
            in = false;
        } else {
            in = q == start || ends_field(d, q[-1]);
            bad += !in;
        }
    }
    return bad;
}

static void guess(const struct csv_walk *k, struct result *r)
{
    const struct csv_dialect *d = &k->scan->dialect;
    const char *p = k->ix.buf + (r->block.from - k->base), *end = p + (r->block.to - r->block.from);
    r->has_quotes = d->has_quote && memchr(p, d->quote, (size_t)(end - p)) != NULL;
    if (!r->has_quotes) return;
    int outside = misplaced(d, p, end, false);
    if (outside == 0) return;
    int inside = misplaced(d, p, end, true);
    r->guess = inside == 0 || 2 * inside < outside;
}

/* ---- walking one block ---- */
static void check_forced(const struct csv_scan *s, const struct csv_strip *strip, int c,
                         int64_t row, struct csv_oddity *bad, struct arena *side)
{
    for (int64_t r = 0; r < strip->n_rows; r++) {
        struct csv_value v;
        struct str raw = csv_field(strip, r, c);
        if (csv_convert(&s->dialect, s->cols[c].type.kind, raw, &v) != CSV_MISFIT) continue;
        if (bad->n < CSV_NOTED) {
            bool was_quoted;
            struct str t = csv_field_text(&s->dialect, raw, side, &was_quoted);
            if (t.n > 40) t.n = utf8_fit(t.p, 40, 40);
            bad->at[bad->n] = row + r;
            bad->text[bad->n] = (struct str){mem_strndup(t.p, t.n), t.n};
        }
        bad->n++;
    }
}

static void look_at(const struct csv_scan *s, const struct csv_work *w, struct result *r)
{
    const struct csv_strip *strip = &w->walk.strip;
    for (int c = 0; c < s->n_cols; c++) {
        const struct csv_column *col = &s->cols[c];
        if (col->is_forced && col->type.kind == KIND_STR) continue;
        if (col->is_forced) check_forced(s, strip, c, r->block.n_rows, &r->bad[c], w->side);
        if (!col->is_forced || col->type.kind == KIND_DATETIME)
            r->kinds[c] = (uint16_t)csv_strip_kinds(&s->dialect, strip, c, r->kinds[c]);
    }
    r->block.n_rows += strip->n_rows;
}

static void drop_bad(const struct csv_scan *s, struct result *r)
{
    for (int c = 0; r->bad && c < s->n_cols; c++) {
        for (int i = 0; i < CSV_NOTED; i++)
            mem_free((void *)(uintptr_t)r->bad[c].text[i].p);
        r->bad[c] = (struct csv_oddity){0};
    }
}

/* Walks the rows of a found block that begins inside quotes or not. */
static rc walk_block(struct ctx *cx, struct csv_work *w, struct csv_scan *s, struct result *r,
                     bool in_quote)
{
    struct csv_walk *k = &w->walk;
    bool more = true;
    r->block.n_rows = 0;
    for (int c = 0; c < s->n_cols; c++)
        r->kinds[c] = (uint16_t)s->cols[c].kinds;
    TRY(csv_walk_rows(cx, w, r->block.from, r->block.to, in_quote));
    r->block.first = k->at_end ? r->block.to : csv_walk_row_at(k);
    while (more) {
        TRY(csv_walk_next(cx, w, &more));
        if (more) look_at(s, w, r);
    }
    r->block.last = csv_walk_row_at(k);
    r->ends_in_quote = k->ends_in_quote;
    r->shorter = k->shorter;
    r->longer = k->longer;
    r->fault = k->fault;
    return RC_OK;
}

static enum rc_t block_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct pass *p = arg;
    struct csv_scan *s = p->scan;
    struct result *r = &p->wave[task];
    struct csv_work *w;
    (void)worker;
    TRY(csv_work_get(cx, s, &w));
    int64_t number = p->first + task;
    for (int f = 0; f < r->block.file; f++)
        number -= s->files[f].n_blocks;
    enum rc_t res = RC_ERR;
    TRY_OUT(find_block(cx, w, s, r, number));
    res = RC_OK;
    if (!r->has_bytes || r->fault.kind) goto out;
    check_bytes(&w->walk, r);
    guess(&w->walk, r);
    w->walk.most = GUESS_SPILL;
    res = walk_block(cx, w, s, r, r->guess);
out:
    csv_work_put(s, w);
    return res;
}

/* ---- the chain ---- */
static rc walk_again(struct ctx *cx, struct csv_scan *s, struct result *r, bool in_quote)
{
    struct csv_work *w;
    TRY(csv_work_get(cx, s, &w));
    enum rc_t res = RC_ERR;
    drop_bad(s, r);
    csv_walk_open(w, s, &s->files[r->block.file], r->block.from);
    TRY_OUT(csv_walk_load(cx, w, r->block.to + 1));
    res = walk_block(cx, w, s, r, in_quote);
out:
    csv_work_put(s, w);
    return res;
}

static void add_oddity(struct csv_oddity *sum, const struct csv_oddity *o, int64_t shift,
                       struct arena *a)
{
    for (int i = 0; i < CSV_NOTED && i < o->n; i++) {
        int64_t k = sum->n + i;
        if (k >= CSV_NOTED) break;
        sum->at[k] = o->at[i] + shift;
        if (a) sum->text[k] = arena_str(a, o->text[i]);
    }
    sum->n += o->n;
}

static void merge(struct csv_scan *s, struct result *r, int64_t rows_before)
{
    for (int c = 0; c < s->n_cols; c++) {
        s->cols[c].kinds |= r->kinds[c];
        if (r->bad) add_oddity(&s->cols[c].bad, &r->bad[c], rows_before, s->arena);
    }
    add_oddity(&s->shorter, &r->shorter, 0, NULL);
    add_oddity(&s->longer, &r->longer, 0, NULL);
}

/* One block of the chain, in order: settles how it begins, and takes its findings over. */
static rc settle(struct ctx *cx, struct pass *p, struct result *r, int64_t number)
{
    struct csv_scan *s = p->scan;
    const struct csv_file *f = &s->files[r->block.file];
    r->block.rows_before = s->head.n_rows;
    if (!r->has_bytes) {
        s->blocks[number] = r->block;
        return RC_OK;
    }
    if (r->byte_fault.kind) return csv_fault_error(cx, s, f, &r->byte_fault);
    bool no_rows = p->in_quote && !r->has_quotes && !r->is_long;
    bool cut_short = r->fault.kind == CSV_FAULT_LONG && !r->is_long;
    if (!no_rows && !r->is_long && (cut_short || (r->has_quotes && r->guess != p->in_quote)))
        TRY(walk_again(cx, s, r, p->in_quote));
    if (no_rows) {
        r->block.n_rows = 0;
        r->block.first = r->block.to;
        s->blocks[number] = r->block;
        return RC_OK;
    }
    if (r->fault.kind) return csv_fault_error(cx, s, f, &r->fault);
    merge(s, r, s->head.n_rows);
    s->head.n_rows += r->block.n_rows;
    s->blocks[number] = r->block;
    p->in_quote = r->ends_in_quote;
    return RC_OK;
}

/* ---- waves ---- */
static void reset_wave(struct pass *p, int64_t first, int64_t n)
{
    struct csv_scan *s = p->scan;
    int file = 0;
    int64_t left = first;
    p->first = first;
    for (int64_t i = 0; i < n; i++) {
        struct result *r = &p->wave[i];
        uint16_t *kinds = r->kinds;
        struct csv_oddity *bad = r->bad;
        drop_bad(s, r);
        while (left + i >= s->files[file].n_blocks)
            left -= s->files[file++].n_blocks;
        *r = (struct result){.kinds = kinds, .bad = bad, .block.file = file};
    }
}

static rc run_wave(struct ctx *cx, struct pass *p, int64_t first, int64_t n)
{
    struct csv_scan *s = p->scan;
    reset_wave(p, first, n);
    TRY(pool_run(cx, n, block_task, p));
    for (int64_t i = 0; i < n; i++) {
        bool new_file = first + i == 0 || p->wave[i].block.file != s->blocks[first + i - 1].file;
        if (new_file) p->in_quote = false;
        TRY(settle(cx, p, &p->wave[i], first + i));
    }
    if (cx->notify && cx->notify->progress && s->n_blocks > CSV_WAVE)
        cx->notify->progress(cx->notify->self, "reading", (first + n) * CSV_BLOCK, s->head.n_bytes);
    return RC_OK;
}

/* Blocks a wave: bounded memory for very wide files, fixed by the data. */
static int64_t wave_size(const struct csv_scan *s)
{
    int64_t fit = ((int64_t)4 << 20) / (s->n_cols + 1) + 8;
    int64_t n = fit < CSV_WAVE ? fit : CSV_WAVE;
    return n < s->n_blocks ? n : s->n_blocks;
}

static void count_blocks(struct csv_scan *s)
{
    for (int i = 0; i < s->n_files; i++) {
        struct csv_file *f = &s->files[i];
        int64_t bytes = f->size - f->data_at;
        f->n_blocks = bytes > 0 ? (bytes + CSV_BLOCK - 1) / CSV_BLOCK : 1;
        s->n_blocks += f->n_blocks;
    }
    s->blocks = arena_alloc(s->arena, mem_mul(sizeof *s->blocks, (size_t)s->n_blocks));
}

static void free_wave(struct pass *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        drop_bad(p->scan, &p->wave[i]);
        mem_free(p->wave[i].kinds);
        mem_free(p->wave[i].bad);
    }
    mem_free(p->wave);
}

rc csv_infer(struct ctx *cx, struct csv_scan *s)
{
    count_blocks(s);
    int64_t wave = wave_size(s), done = 0;
    struct pass p = {.scan = s};
    for (int c = 0; c < s->n_cols; c++)
        p.any_forced |= s->cols[c].is_forced && s->cols[c].type.kind != KIND_STR;
    p.wave = mem_zero(sizeof *p.wave * (size_t)wave);
    for (int64_t i = 0; i < wave; i++) {
        p.wave[i].kinds = mem_zero(sizeof(uint16_t) * (size_t)s->n_cols);
        if (p.any_forced) p.wave[i].bad = mem_zero(sizeof(struct csv_oddity) * (size_t)s->n_cols);
    }
    enum rc_t res = RC_ERR;
    while (done < s->n_blocks) { /* the first block alone: it says what to expect of the others */
        int64_t n = done == 0 ? 1 : s->n_blocks - done < wave ? s->n_blocks - done : wave;
        TRY_OUT(run_wave(cx, &p, done, n));
        done += n;
    }
    res = RC_OK;
out:
    free_wave(&p, wave);
    return res;
}

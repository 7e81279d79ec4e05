/* whole.c: a whole file as columns. Row counts are known, so every block parses straight into its
 * place in the final memory; only bits (nulls, bools), which share words between blocks, and codes,
 * whose dictionaries are merged at the end, pass through scratch. */
#include "runtime/io/csv/csv_int.h"

#include "runtime/base/pool.h"

typedef _Atomic(uint64_t) atomic_word;

struct piece {             /* a text column's part of one block */
    struct column *levels; /* its dictionary, or NULL: */
    struct text *views;    /* rows that did not fit a dictionary while the column hoped for one */
    struct buf *heap;      /* of long texts */
    bool has_null;
};
struct whole_col {
    struct builder b; /* owns the memory; not appended to */
    enum kind kind;
    bool is_dict; /* codes are in b.data, unless a piece has views */
    atomic_bool has_null, has_views;
    struct piece *pieces; /* text: [n_blocks] */
};
struct whole {
    struct csv_scan *s;
    const int *columns;
    int n_cols;
    int64_t limit, n_rows;
    int64_t first_block; /* of the run */
    struct whole_col *cols;
};

/* ---- bits ---- */
/* Clears in `to` (from bit `at` on) the bits that are 0 in from[0, n). */
static void clear_bits(atomic_word *to, int64_t at, const uint64_t *from, int64_t n)
{
    unsigned shift = (unsigned)(at & 63);
    for (int64_t i = 0; i < n; i += 64) {
        uint64_t zero = ~from[i / 64];
        if (n - i < 64) zero &= (UINT64_C(1) << (n - i)) - 1;
        if (!zero) continue;
        atomic_word *word = to + (at + i) / 64;
        atomic_fetch_and_explicit(word, ~(zero << shift), memory_order_relaxed);
        uint64_t over = shift ? zero >> (64 - shift) : 0;
        if (over) atomic_fetch_and_explicit(word + 1, ~over, memory_order_relaxed);
    }
}

static atomic_word *words(void *p)
{
    return p;
}

/* ---- text ---- */
/* Long texts of views[0, n) leave the block's buffer for a heap of their own. */
static rc own_texts(struct ctx *cx, struct text *views, int64_t n, struct buf **out)
{
    size_t need = 0, at = 0;
    for (int64_t i = 0; i < n; i++)
        if (views[i].n > TEXT_INLINE) need += views[i].n;
    if (need == 0) return RC_OK;
    TRY(buf_new(cx, need, out));
    char *heap = (*out)->p;
    for (int64_t i = 0; i < n; i++) {
        if (views[i].n <= TEXT_INLINE) continue;
        memcpy(heap + at, views[i].ptr, views[i].n);
        views[i].ptr = heap + at;
        at += views[i].n;
    }
    return RC_OK;
}

/* Takes over what a block parsed of a text column. */
static rc put_texts(struct ctx *cx, struct whole_col *c, struct csv_out *o, int64_t block,
                    int64_t row)
{
    struct piece *p = &c->pieces[block];
    p->has_null = o->n_null > 0;
    TRY(csv_finish_texts(cx, o, &p->levels));
    if (p->levels) {
        memcpy((int32_t *)c->b.data + row, o->data, sizeof(int32_t) * (size_t)o->n);
        return RC_OK;
    }
    TRY(own_texts(cx, o->data, o->n, &p->heap));
    if (!c->is_dict) {
        struct text *place = (struct text *)c->b.data + row;
        if (place != o->data) memcpy(place, o->data, sizeof *place * (size_t)o->n);
        return RC_OK;
    }
    size_t bytes = sizeof *p->views * (size_t)o->n;
    TRY(mem_big(cx, bytes, (void **)&p->views));
    memcpy(p->views, o->data, bytes);
    atomic_store(&c->has_views, true);
    return RC_OK;
}

/* ---- blocks ---- */
/* Points the outputs of a block to their places in the columns. */
static void place(const struct whole *w, struct csv_job *j)
{
    int64_t row = j->block->rows_before;
    for (int i = 0; i < w->n_cols; i++) {
        struct csv_out *o = &j->outs[i];
        struct whole_col *c = &w->cols[i];
        if (c->kind == KIND_BOOL || c->is_dict) continue;
        o->data = (char *)c->b.data + (size_t)row * phys_width(c->b.phys);
        if (c->kind == KIND_STR) o->dict = NULL;
    }
}

static rc take_block(struct ctx *cx, struct whole *w, struct csv_job *j, int64_t block)
{
    int64_t row = j->block->rows_before;
    for (int i = 0; i < w->n_cols; i++) {
        struct csv_out *o = &j->outs[i];
        struct whole_col *c = &w->cols[i];
        if (c->kind == KIND_STR) TRY(put_texts(cx, c, o, block, row));
        if (c->kind == KIND_BOOL) clear_bits(words(c->b.data), row, o->data, o->n);
        if (o->n_null == 0) continue;
        atomic_store(&c->has_null, true);
        clear_bits(words(c->b.valid), row, o->valid, o->n);
    }
    return RC_OK;
}

static enum rc_t block_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct whole *w = arg;
    int64_t block = w->first_block + task;
    struct csv_job j = {.s = w->s, .block = &w->s->blocks[block], .n_cols = w->n_cols};
    (void)worker;
    j.n_rows = csv_rows_wanted(j.block, w->limit);
    if (j.n_rows == 0) return RC_OK;
    TRY(csv_work_get(cx, w->s, &j.w));
    enum rc_t res = csv_job_room(cx, &j, w->columns);
    if (res == RC_OK) {
        place(w, &j);
        res = csv_job_parse(cx, &j);
    }
    if (res == RC_OK) res = take_block(cx, w, &j, block);
    csv_work_put(w->s, j.w);
    return res;
}

/* ---- memory ---- */
static rc make_memory(struct ctx *cx, struct whole *w, int i, bool is_dict)
{
    struct whole_col *c = &w->cols[i];
    struct dtype type = w->s->cols[w->columns[i]].type;
    c->kind = type.kind;
    c->is_dict = is_dict;
    builder_init(&c->b, type, is_dict ? PHYS_DICT : kind_phys(type.kind));
    TRY(builder_reserve(cx, &c->b, w->n_rows + 64));
    size_t bits = BITMAP_WORDS(w->n_rows + 64) * 8;
    TRY(mem_big(cx, bits, (void **)&c->b.valid));
    memset(c->b.valid, 0xFF, bits);
    if (c->kind == KIND_BOOL) memset(c->b.data, 0xFF, bits);
    if (c->kind == KIND_STR) c->pieces = mem_zero(sizeof *c->pieces * (size_t)w->s->n_blocks);
    return RC_OK;
}

/* Whether the first rows' texts fit a dictionary: what the rest is then expected to do. */
static enum rc_t probe_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct whole *w = arg;
    int *texts = ARENA_ARRAY(cx->arena, int, w->n_cols + 1);
    int *place = ARENA_ARRAY(cx->arena, int, w->n_cols + 1);
    struct csv_job j = {.s = w->s, .block = w->s->blocks};
    (void)task, (void)worker;
    for (int i = 0; i < w->n_cols; i++) {
        if (w->s->cols[w->columns[i]].type.kind != KIND_STR) continue;
        place[j.n_cols] = i;
        texts[j.n_cols++] = w->columns[i];
    }
    if (j.n_cols == 0) return RC_OK;
    while (j.block->n_rows == 0)
        j.block++;
    j.n_rows = csv_rows_wanted(j.block, w->limit);
    TRY(csv_work_get(cx, w->s, &j.w));
    enum rc_t res = csv_job_room(cx, &j, texts);
    if (res == RC_OK) res = csv_job_parse(cx, &j);
    for (int i = 0; i < j.n_cols && res == RC_OK; i++)
        w->cols[place[i]].is_dict = csv_keeps_dict(&j.outs[i]);
    csv_work_put(w->s, j.w);
    return res;
}

/* ---- finishing ---- */
/* All levels of all blocks one after the other, and the codes that they get. */
static rc merge_levels(struct ctx *cx, const struct whole *w, const struct whole_col *c,
                       struct column **out)
{
    const struct column **levels = mem_zero(sizeof *levels * (size_t)w->s->n_blocks);
    struct column *all = NULL;
    int n = 0;
    for (int64_t i = 0; i < w->s->n_blocks; i++)
        if (c->pieces[i].levels) levels[n++] = c->pieces[i].levels;
    enum rc_t res =
        n ? column_concat(cx, levels, n, &all) : column_nulls(cx, DTYPE(KIND_STR), 0, &all);
    if (res == RC_OK) res = column_encode(cx, all, false, out);
    column_unref(all);
    mem_free(levels);
    return res;
}

struct recode {
    const struct whole *w;
    struct whole_col *c;
    const int64_t *at;   /* [n_blocks] first level of each block among all */
    const int32_t *code; /* of each level */
    struct text *texts;  /* not NULL: views are wanted, made of `levels` */
    const struct text *levels;
};

static enum rc_t recode_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct recode *k = arg;
    const struct csv_block *b = &k->w->s->blocks[task];
    const struct piece *p = &k->c->pieces[task];
    const int32_t *code = k->code + k->at[task];
    int32_t *codes = (int32_t *)k->c->b.data + b->rows_before;
    int64_t n = csv_rows_wanted(b, k->w->limit);
    (void)cx, (void)worker;
    if (k->texts && !p->levels && n) {
        memcpy(k->texts + b->rows_before, p->views, sizeof *p->views * (size_t)n);
        return RC_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        bool null = p->has_null && !bit_get(k->c->b.valid, b->rows_before + i);
        if (k->texts)
            k->texts[b->rows_before + i] = null ? text_make(NULL, 0) : k->levels[code[codes[i]]];
        else
            codes[i] = null ? 0 : code[codes[i]];
    }
    return RC_OK;
}

/* Codes of one dictionary, or, when some block had too many texts, views. */
static rc settle_codes(struct ctx *cx, struct whole *w, struct whole_col *c)
{
    struct column *merged = NULL;
    int64_t n_blocks = w->s->n_blocks, at_level = 0;
    int64_t *at = mem_zero(sizeof *at * (size_t)n_blocks);
    struct recode k = {.w = w, .c = c, .at = at};
    for (int64_t i = 0; i < n_blocks; i++) {
        at[i] = at_level;
        if (c->pieces[i].levels) at_level += c->pieces[i].levels->n;
    }
    enum rc_t res = merge_levels(cx, w, c, &merged);
    if (res == RC_OK && c->has_views)
        res = mem_big(cx, sizeof *k.texts * (size_t)(w->n_rows + 64), (void **)&k.texts);
    if (res == RC_OK) {
        k.code = merged->data;
        k.levels = merged->dict->data;
        res = pool_run(cx, n_blocks, recode_task, &k);
    }
    if (res == RC_OK && k.texts) {
        mem_big_free(c->b.data);
        c->b.data = k.texts;
        c->b.phys = PHYS_STR;
        k.texts = NULL;
    }
    if (res == RC_OK) c->b.dict = column_ref(merged->dict);
    mem_big_free(k.texts);
    column_unref(merged);
    mem_free(at);
    return res;
}

static void add_heap(struct builder *b, struct buf *heap)
{
    if (b->n_bufs == b->cap_bufs) {
        b->cap_bufs = b->cap_bufs ? b->cap_bufs * 2 : 16;
        b->bufs = mem_realloc(b->bufs, sizeof *b->bufs * (size_t)b->cap_bufs);
    }
    b->bufs[b->n_bufs++] = buf_ref(heap);
}

static rc finish_column(struct ctx *cx, struct whole *w, struct whole_col *c, struct column **out)
{
    struct builder *b = &c->b;
    if (c->kind == KIND_STR && c->is_dict) TRY(settle_codes(cx, w, c));
    if (b->phys == PHYS_STR && b->dict) { /* the texts live in its heaps */
        for (int i = 0; i < b->dict->n_bufs; i++)
            add_heap(b, b->dict->bufs[i]);
        column_unref(b->dict);
        b->dict = NULL;
    }
    for (int64_t i = 0; c->pieces && i < w->s->n_blocks; i++)
        if (c->pieces[i].heap) add_heap(b, c->pieces[i].heap);
    b->n = w->n_rows;
    if (!c->has_null) {
        mem_big_free(b->valid);
        b->valid = NULL;
    }
    return builder_finish(cx, b, out);
}

static void free_cols(struct whole *w)
{
    for (int i = 0; i < w->n_cols; i++) {
        struct whole_col *c = &w->cols[i];
        for (int64_t k = 0; c->pieces && k < w->s->n_blocks; k++) {
            column_unref(c->pieces[k].levels);
            mem_big_free(c->pieces[k].views);
            buf_unref(c->pieces[k].heap);
        }
        mem_free(c->pieces);
        builder_release(&c->b);
    }
    mem_free(w->cols);
}

enum rc_t csv_read_whole(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                         int64_t limit, struct column **out)
{
    struct csv_scan *s = (struct csv_scan *)scan;
    struct whole w = {.s = s, .columns = columns, .n_cols = n_columns, .limit = limit};
    w.n_rows = limit >= 0 && limit < s->head.n_rows ? limit : s->head.n_rows;
    w.cols = mem_zero(sizeof *w.cols * (size_t)(n_columns + 1));
    enum rc_t res = w.n_rows ? pool_run(cx, 1, probe_task, &w) : RC_OK;
    for (int i = 0; i < n_columns && res == RC_OK; i++)
        res = make_memory(cx, &w, i, w.cols[i].is_dict);
    if (res == RC_OK) res = pool_run(cx, s->n_blocks, block_task, &w);
    int n = 0;
    for (; n < n_columns && res == RC_OK; n += res == RC_OK)
        res = finish_column(cx, &w, &w.cols[n], &out[n]);
    for (int i = 0; i < n && res != RC_OK; i++)
        column_unref(out[i]);
    free_cols(&w);
    return res;
}

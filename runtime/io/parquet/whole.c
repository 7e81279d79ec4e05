/* whole.c: whole columns, straight into their place: a task for each column of each partition. Bits
 * (nulls, bools) share words between partitions and pass through scratch; texts whose pages are all
 * codes come as codes of one dictionary, put together of the row groups' before any code is read.
 */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

typedef _Atomic(uint64_t) atomic_word;

struct group_dict { /* a row group's dictionary of a text column */
    struct column *texts;
    int32_t *lut; /* its codes to those of the whole */
};
struct piece {         /* what a partition leaves of a column */
    struct buf **bufs; /* long texts */
    int n_bufs;
    struct column *rows; /* nested */
};
struct whole_col {
    const struct pq_field *f;
    bool is_flat, is_dict;
    enum phys phys;
    void *data;
    uint64_t *valid; /* all set at first */
    atomic_bool has_null, lost_dict;
    struct group_dict *dicts; /* [n_groups] */
    struct column *dict;
    struct piece *pieces; /* [n_parts] */
};
struct whole {
    struct pq_scan *s;
    int n_cols;
    int64_t n_rows, limit, n_parts;
    struct whole_col *cols;
    int *coded, n_coded; /* columns whose dictionaries are put together in this turn */
    int *turn, n_turn;   /* columns that are read in this turn */
    bool again;          /* only columns whose dictionary was lost */
};

/* ---- bits ---- */
/* Clears in `to` (from bit `at` on) the bits that are 0 in from[0, n). */
static void clear_bits(void *to_words, int64_t at, const uint64_t *from, int64_t n)
{
    atomic_word *to = to_words;
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

/* ---- dictionaries ---- */
static rc load_dict(struct ctx *cx, struct whole *w, struct whole_col *c, int g)
{
    struct pq_reader r;
    const struct pq_leaf *l = &w->s->leaves[c->f->leaf];
    enum rc_t res = pq_reader_open(cx, w->s, l, &w->s->groups[g].chunks[c->f->leaf], &r);
    r.wants_dict = true;
    r.wants_all = true;
    if (res == RC_OK) res = pq_dict_load(cx, &r);
    if (res == RC_OK && r.dict_texts) c->dicts[g].texts = column_ref(r.dict_texts);
    pq_reader_close(&r);
    return res;
}

static enum rc_t dict_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct whole *w = arg;
    struct whole_col *c = &w->cols[task / w->s->n_groups];
    int g = (int)(task % w->s->n_groups);
    (void)worker;
    if (!c->is_dict || w->s->groups[g].n_rows == 0) return RC_OK;
    return load_dict(cx, w, c, g);
}

/* One dictionary for all row groups, and what each group's codes become. */
static rc merge_dicts(struct ctx *cx, struct whole *w, struct whole_col *c)
{
    int n_groups = w->s->n_groups, n = 0;
    const struct column **parts = mem_zero(sizeof *parts * (size_t)(n_groups + 1));
    struct column *all = NULL, *coded = NULL;
    for (int g = 0; g < n_groups; g++)
        if (c->dicts[g].texts) parts[n++] = c->dicts[g].texts;
    enum rc_t res =
        n ? column_concat(cx, parts, n, &all) : column_nulls(cx, DTYPE(KIND_STR), 0, &all);
    if (res == RC_OK) res = column_encode(cx, all, false, &coded);
    mem_free(parts);
    column_unref(all);
    if (res != RC_OK) return res;
    c->dict = column_ref(coded->dict);
    const int32_t *codes = coded->data;
    for (int g = 0; g < n_groups; g++) {
        if (!c->dicts[g].texts) continue;
        size_t k = (size_t)c->dicts[g].texts->n;
        c->dicts[g].lut = mem_alloc(sizeof(int32_t) * (k + 1));
        if (k) memcpy(c->dicts[g].lut, codes, sizeof(int32_t) * k);
        codes += k;
    }
    column_unref(coded);
    return RC_OK;
}

/* Whether the metadata says that all pages are codes, of not too many texts. */
static bool may_be_dict(const struct whole *w, const struct whole_col *c)
{
    const struct pq_leaf *l = &w->s->leaves[c->f->leaf];
    if (!c->is_flat || l->phys != PHYS_STR) return false;
    for (int g = 0; g < w->s->n_groups; g++)
        if (w->s->groups[g].n_rows && !w->s->groups[g].chunks[c->f->leaf].is_all_dict) return false;
    return w->n_rows > 0;
}

/* Finds the columns that may come as codes, and reads their dictionaries. */
static rc load_dicts(struct ctx *cx, struct whole *w)
{
    bool any = false;
    for (int i = 0; i < w->n_cols; i++) {
        struct whole_col *c = &w->cols[i];
        c->is_dict = may_be_dict(w, c);
        any = any || c->is_dict;
        if (c->is_dict) c->dicts = mem_zero(sizeof *c->dicts * (size_t)(w->s->n_groups + 1));
    }
    return any ? pool_run(cx, (int64_t)w->n_cols * w->s->n_groups, dict_task, w) : RC_OK;
}

/* ---- partitions ---- */
static rc take_flat(struct ctx *cx, struct whole *w, struct whole_col *c, const struct pq_part *p,
                    struct pq_reader *r, struct pq_out *o, struct piece *piece)
{
    int64_t n = pq_rows_wanted(p, w->limit);
    size_t width = pq_out_width(c->phys);
    void *own = NULL;
    *o = (struct pq_out){.phys = c->phys, .cap = n};
    if (c->phys == PHYS_BOOL) {
        TRY(mem_big(cx, (size_t)n + 64, &own));
        o->data = own;
    } else {
        o->data = (char *)c->data + (size_t)p->rows_before * width;
    }
    if (c->is_dict) {
        static const int32_t none[1];
        o->lut = c->dicts[p->group].lut ? c->dicts[p->group].lut : none;
    }
    enum rc_t res = RC_OK;
    for (int64_t at = 0; at < n && res == RC_OK && !o->lost_dict; at += 4 * PQ_WINDOW) {
        res = check_cancel(cx);
        if (res == RC_OK)
            res = pq_read_flat(cx, r, n - at < 4 * PQ_WINDOW ? n - at : 4 * PQ_WINDOW, o);
    }
    if (res == RC_OK && o->lost_dict) atomic_store(&c->lost_dict, true);
    if (res == RC_OK && o->n_null && !o->lost_dict) {
        atomic_store(&c->has_null, true);
        clear_bits(c->valid, p->rows_before, o->valid, n);
    }
    if (res == RC_OK && c->phys == PHYS_BOOL) {
        pq_pack_bools(own, n, own);
        clear_bits(c->data, p->rows_before, own, n);
    }
    mem_big_free(own);
    o->data = NULL;
    piece->bufs = o->bufs;
    piece->n_bufs = o->n_bufs;
    o->bufs = NULL;
    o->n_bufs = 0;
    return res;
}

static rc read_part(struct ctx *cx, struct whole *w, struct whole_col *c, int64_t part)
{
    const struct pq_part *p = &w->s->parts[part];
    int64_t n;
    n = pq_rows_wanted(p, w->limit);
    if (n == 0 || (w->again && !atomic_load(&c->lost_dict))) return RC_OK;
    struct pq_reader *readers = mem_zero(sizeof *readers * (size_t)c->f->n_leaves);
    struct pq_out o = {0};
    enum rc_t res = pq_field_open(cx, w->s, c->f, p, false, readers);
    if (res == RC_OK && c->is_flat) {
        res = take_flat(cx, w, c, p, readers, &o, &c->pieces[part]);
    } else if (res == RC_OK) {
        res = pq_read_nested(cx, w->s, readers, c->f, n, &c->pieces[part].rows);
    }
    pq_out_release(&o);
    for (int i = 0; i < c->f->n_leaves; i++)
        pq_reader_close(&readers[i]);
    mem_free(readers);
    return res;
}

/* Dictionaries come first: each is one task, and others read meanwhile. */
static enum rc_t turn_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct whole *w = arg;
    (void)worker;
    if (task < w->n_coded) return merge_dicts(cx, w, &w->cols[w->coded[task]]);
    task -= w->n_coded;
    return read_part(cx, w, &w->cols[w->turn[task % w->n_turn]], task / w->n_turn);
}

static rc run_turn(struct ctx *cx, struct whole *w)
{
    return pool_run(cx, w->n_coded + w->n_parts * w->n_turn, turn_task, w);
}

/* ---- memory ---- */
static rc make_memory(struct ctx *cx, struct whole *w, struct whole_col *c)
{
    size_t bits = BITMAP_WORDS(w->n_rows + 64) * 8;
    if (!c->is_flat) return RC_OK;
    c->phys = c->is_dict ? PHYS_DICT : w->s->leaves[c->f->leaf].phys;
    bool is_bool = c->phys == PHYS_BOOL;
    TRY(mem_big(cx, is_bool ? bits : phys_width(c->phys) * (size_t)(w->n_rows + 64), &c->data));
    if (is_bool) memset(c->data, 0xFF, bits);
    if (w->s->leaves[c->f->leaf].max_def == 0 && phys_width(c->phys) == 4 && c->phys != PHYS_F32)
        return RC_OK; /* has no nulls */
    TRY(mem_big(cx, bits, (void **)&c->valid));
    memset(c->valid, 0xFF, bits);
    return RC_OK;
}

/* ---- nested parts, end to end ---- */
static rc join_columns(struct ctx *cx, const struct column **parts, int n, struct column **out);

static rc join_bits(struct ctx *cx, const struct column **parts, int n, struct column *c)
{
    struct buf *b;
    int64_t at = 0;
    for (int i = 0; i < n; i++)
        c->n_null += parts[i]->n_null;
    if (c->n_null == 0) return RC_OK;
    TRY(buf_new(cx, BITMAP_WORDS(c->n) * 8, &b));
    c->bufs[c->n_bufs++] = b;
    c->valid = b->p;
    for (int i = 0; i < n; i++) {
        bitmap_copy(b->p, at, parts[i]->valid, 0, parts[i]->n);
        at += parts[i]->n;
    }
    return RC_OK;
}

static rc join_offsets(struct ctx *cx, const struct column **parts, int n, struct column *c)
{
    struct buf *b;
    int64_t row = 0, base = 0;
    TRY(buf_new(cx, (size_t)(c->n + 1) * 8, &b));
    c->bufs[c->n_bufs++] = b;
    c->data = b->p;
    int64_t *to = b->p;
    for (int i = 0; i < n; i++) {
        const int64_t *at = parts[i]->data;
        for (int64_t k = 0; k < parts[i]->n; k++)
            to[row++] = base + at[k];
        base += at[parts[i]->n];
    }
    to[row] = base;
    return RC_OK;
}

static rc join_children(struct ctx *cx, const struct column **parts, int n, struct column *c)
{
    const struct column **kids = mem_zero(sizeof *kids * (size_t)n);
    enum rc_t res = RC_OK;
    c->child = mem_zero(sizeof *c->child * (size_t)parts[0]->n_child);
    for (int k = 0; k < parts[0]->n_child && res == RC_OK; k++) {
        struct column *child = NULL;
        for (int i = 0; i < n; i++)
            kids[i] = parts[i]->child[k];
        res = join_columns(cx, kids, n, &child);
        if (res == RC_OK) c->child[c->n_child++] = child;
    }
    mem_free(kids);
    return res;
}

static rc join_columns(struct ctx *cx, const struct column **parts, int n, struct column **out)
{
    if (n == 1) {
        *out = column_ref(parts[0]);
        return RC_OK;
    }
    if (parts[0]->phys != PHYS_LIST && parts[0]->phys != PHYS_STRUCT)
        return column_concat(cx, parts, n, out);
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = parts[0]->type;
    if (c->type.kind == KIND_STRUCT) schema_ref(c->type.fields);
    c->phys = parts[0]->phys;
    for (int i = 0; i < n; i++)
        c->n += parts[i]->n;
    c->bufs = mem_zero(sizeof *c->bufs * 2);
    enum rc_t res = join_bits(cx, parts, n, c);
    if (res == RC_OK && c->phys == PHYS_LIST) res = join_offsets(cx, parts, n, c);
    if (res == RC_OK) res = join_children(cx, parts, n, c);
    if (res == RC_OK)
        *out = c;
    else
        column_unref(c);
    return res;
}

/* ---- finishing ---- */
static rc finish_nested(struct ctx *cx, struct whole *w, struct whole_col *c, struct column **out)
{
    const struct column **parts = mem_zero(sizeof *parts * (size_t)(w->n_parts + 1));
    int n = 0;
    for (int64_t i = 0; i < w->n_parts; i++)
        if (c->pieces[i].rows) parts[n++] = c->pieces[i].rows;
    enum rc_t res = n ? join_columns(cx, parts, n, out) : column_nulls(cx, c->f->dtype, 0, out);
    mem_free(parts);
    return res;
}

static void adopt(struct column *c, void *p, size_t n)
{
    if (p) c->bufs[c->n_bufs++] = buf_adopt(p, n);
}

/* Texts of a category as codes of its levels. */
static rc settle_levels(struct ctx *cx, struct whole *w, struct whole_col *c)
{
    const struct pq_leaf *l = &w->s->leaves[c->f->leaf];
    if (!l->levels) return RC_OK;
    struct pq_out o = {.phys = c->phys, .data = c->data, .n = w->n_rows, .valid = c->valid};
    o.n_null = atomic_load(&c->has_null);
    o.dict = c->dict;
    enum rc_t res = pq_to_levels(cx, w->s, l, &o);
    c->dict = o.dict;
    c->phys = o.phys;
    return res;
}

static struct column *finish_flat(struct whole *w, struct whole_col *c)
{
    struct column *out = mem_zero(sizeof *out);
    int n_bufs = 2;
    atomic_init(&out->refs, 1);
    out->type = c->f->dtype;
    out->phys = c->phys;
    out->n = w->n_rows;
    out->data = c->data;
    for (int64_t i = 0; i < w->n_parts; i++)
        n_bufs += c->pieces[i].n_bufs;
    out->bufs = mem_zero(sizeof *out->bufs * (size_t)n_bufs);
    for (int64_t i = 0; i < w->n_parts; i++) {
        struct piece *p = &c->pieces[i];
        for (int k = 0; k < p->n_bufs; k++)
            out->bufs[out->n_bufs++] = p->bufs[k];
        mem_free(p->bufs);
        *p = (struct piece){0};
    }
    size_t bits = BITMAP_WORDS(w->n_rows) * 8;
    adopt(out, c->data, c->phys == PHYS_BOOL ? bits : phys_width(c->phys) * (size_t)w->n_rows);
    if (c->phys == PHYS_DICT) {
        out->dict = c->dict;
        c->dict = NULL;
    }
    if (atomic_load(&c->has_null)) {
        out->valid = c->valid;
        out->n_null = w->n_rows - bitmap_count(c->valid, w->n_rows);
        adopt(out, c->valid, bits);
    } else {
        mem_big_free(c->valid);
    }
    c->data = NULL;
    c->valid = NULL;
    return out;
}

static void free_pieces(struct whole *w, struct whole_col *c)
{
    for (int64_t i = 0; c->pieces && i < w->n_parts; i++) {
        for (int k = 0; k < c->pieces[i].n_bufs; k++)
            buf_unref(c->pieces[i].bufs[k]);
        mem_free(c->pieces[i].bufs);
        column_unref(c->pieces[i].rows);
        c->pieces[i] = (struct piece){0};
    }
}

static void free_col(struct whole *w, struct whole_col *c)
{
    free_pieces(w, c);
    for (int g = 0; c->dicts && g < w->s->n_groups; g++) {
        column_unref(c->dicts[g].texts);
        mem_free(c->dicts[g].lut);
    }
    mem_free(c->dicts);
    mem_free(c->pieces);
    column_unref(c->dict);
    mem_big_free(c->data);
    mem_big_free(c->valid);
}

/* Columns whose metadata promised codes and whose pages have others: once more, as texts. */
static rc read_again(struct ctx *cx, struct whole *w)
{
    w->n_turn = w->n_coded = 0;
    for (int i = 0; i < w->n_cols; i++) {
        struct whole_col *c = &w->cols[i];
        if (!atomic_load(&c->lost_dict)) continue;
        w->turn[w->n_turn++] = i;
        free_pieces(w, c);
        mem_big_free(c->data);
        mem_big_free(c->valid);
        c->data = NULL;
        c->valid = NULL;
        c->is_dict = false;
        atomic_store(&c->has_null, false);
        TRY(make_memory(cx, w, c));
    }
    w->again = true;
    return run_turn(cx, w);
}

/* First all but the texts that may be codes, and the dictionaries of these; then these. */
static rc read_columns(struct ctx *cx, struct whole *w)
{
    for (int i = 0; i < w->n_cols; i++) {
        if (w->cols[i].is_dict) {
            w->coded[w->n_coded++] = i;
            continue;
        }
        w->turn[w->n_turn++] = i;
        TRY(make_memory(cx, w, &w->cols[i]));
    }
    TRY(run_turn(cx, w));
    w->n_turn = 0;
    for (int k = 0; k < w->n_coded; k++) {
        struct whole_col *c = &w->cols[w->coded[k]];
        w->turn[w->n_turn++] = w->coded[k];
        if (c->dict->n > w->n_rows / 2) c->is_dict = false; /* hardly any text comes twice */
        TRY(make_memory(cx, w, c));
    }
    w->n_coded = 0;
    return run_turn(cx, w);
}

static rc run_whole(struct ctx *cx, struct whole *w, struct column **out)
{
    TRY(load_dicts(cx, w));
    TRY(read_columns(cx, w));
    TRY(read_again(cx, w));
    for (int i = 0; i < w->n_cols; i++) {
        if (w->cols[i].is_flat) TRY(settle_levels(cx, w, &w->cols[i]));
        if (w->cols[i].is_flat)
            out[i] = finish_flat(w, &w->cols[i]);
        else
            TRY(finish_nested(cx, w, &w->cols[i], &out[i]));
    }
    return RC_OK;
}

enum rc_t pq_read_whole(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                        int64_t limit, struct column **out)
{
    struct pq_scan *s = pq_scan_of(scan);
    struct whole w = {.s = s, .n_cols = n_columns, .limit = limit, .n_parts = s->head.n_partitions};
    w.n_rows = limit >= 0 && limit < s->head.n_rows ? limit : s->head.n_rows;
    w.cols = mem_zero(sizeof *w.cols * (size_t)(n_columns + 1));
    w.turn = mem_zero(sizeof *w.turn * (size_t)(n_columns + 1));
    w.coded = mem_zero(sizeof *w.coded * (size_t)(n_columns + 1));
    for (int i = 0; i < n_columns; i++) {
        w.cols[i].f = &s->fields[columns[i]];
        w.cols[i].is_flat = pq_is_flat(s, w.cols[i].f);
        w.cols[i].pieces = mem_zero(sizeof *w.cols[i].pieces * (size_t)(w.n_parts + 1));
        out[i] = NULL;
    }
    enum rc_t res = run_whole(cx, &w, out);
    for (int i = 0; i < n_columns; i++) {
        free_col(&w, &w.cols[i]);
        if (res == RC_OK) continue;
        column_unref(out[i]);
        out[i] = NULL;
    }
    mem_free(w.cols);
    mem_free(w.turn);
    mem_free(w.coded);
    return res;
}

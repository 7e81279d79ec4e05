/* builder.c: appends batches to a growing column. */
#include "runtime/col/col_int.h"

#include "runtime/base/hash.h"
#include "runtime/base/kernel.h"

#include <math.h>

#define HEAP_BLOCK ((size_t)1 << 16)

void builder_init(struct builder *b, struct dtype type, enum phys phys)
{
    *b = (struct builder){.type = type, .phys = phys};
    if (phys == PHYS_LIST) {
        b->n_child = 1;
        b->child = mem_zero(sizeof *b->child);
        builder_init(b->child, *type.elem, kind_phys(type.elem->kind));
    } else if (phys == PHYS_STRUCT) {
        b->n_child = type.fields->n;
        b->child = mem_zero(sizeof *b->child * (size_t)b->n_child);
        for (int i = 0; i < b->n_child; i++) {
            struct dtype t = type.fields->fields[i].type;
            builder_init(&b->child[i], t, kind_phys(t.kind));
        }
    }
}

void builder_release(struct builder *b)
{
    mem_big_free(b->valid);
    mem_big_free(b->data);
    mem_big_free(b->heap);
    for (int i = 0; i < b->n_bufs; i++)
        buf_unref(b->bufs[i]);
    for (int i = 0; i < b->n_child; i++)
        builder_release(&b->child[i]);
    mem_free(b->bufs);
    mem_free(b->child);
    column_unref(b->dict);
    *b = (struct builder){0};
}

rc builder_reserve(struct ctx *cx, struct builder *b, int64_t more)
{
    int64_t need = b->n + more;
    if (need <= b->cap) return RC_OK;
    int64_t cap = b->cap * 2 > need ? b->cap * 2 : need;
    cap = (cap + 63) / 64 * 64;
    if (b->phys != PHYS_STRUCT) {
        size_t old = b->data ? phys_bytes(b->phys, b->n) : 0;
        TRY(mem_big_grow(cx, &b->data, old, phys_bytes(b->phys, cap)));
        if (b->phys == PHYS_LIST && b->n == 0) *(int64_t *)b->data = 0;
    }
    if (b->valid)
        TRY(mem_big_grow(cx, (void **)&b->valid, BITMAP_WORDS(b->n) * 8, BITMAP_WORDS(cap) * 8));
    b->cap = cap;
    return RC_OK;
}

/* Makes the validity bitmap when the first null comes. */
static rc need_valid(struct ctx *cx, struct builder *b)
{
    if (b->valid) return RC_OK;
    TRY(mem_big(cx, BITMAP_WORDS(b->cap ? b->cap : 64) * 8, (void **)&b->valid));
    bitmap_fill(b->valid, b->n, true);
    return RC_OK;
}

static void add_buf(struct builder *b, struct buf *take)
{
    if (b->n_bufs == b->cap_bufs) {
        b->cap_bufs = b->cap_bufs ? b->cap_bufs * 2 : 4;
        b->bufs = mem_realloc(b->bufs, sizeof *b->bufs * (size_t)b->cap_bufs);
    }
    b->bufs[b->n_bufs++] = take;
}

/* What a column holds: another column may stand at the address of one that is gone, but not with
 * the buffers that this builder keeps. */
static uint64_t bufs_key(const struct column *heap)
{
    uint64_t key = (uint64_t)heap->n_bufs;
    for (int i = 0; i < heap->n_bufs; i++)
        key = hash_mix(key, (uint64_t)(uintptr_t)heap->bufs[i]);
    return heap->dict ? hash_mix(key, bufs_key(heap->dict)) : key;
}

/* Keeps the heaps of a column whose texts are shared. */
static void share_heap(struct builder *b, const struct column *heap)
{
    uint64_t key = bufs_key(heap);
    if (b->last_heap == heap && b->last_bufs == key) return;
    b->last_heap = heap;
    b->last_bufs = key;
    for (int i = 0; i < heap->n_bufs; i++) {
        bool known = false;
        for (int j = b->n_bufs; j-- > 0 && !known;)
            known = b->bufs[j] == heap->bufs[i];
        if (!known) add_buf(b, buf_ref(heap->bufs[i]));
    }
    if (heap->dict) {
        share_heap(b, heap->dict);
        b->last_heap = heap;
        b->last_bufs = key;
    }
}

/* Copies a long text into the builder's own heap. */
static rc heap_copy(struct ctx *cx, struct builder *b, const char *p, size_t n, const char **out)
{
    if (b->heap_cap - b->heap_n < n) {
        if (b->heap) add_buf(b, buf_adopt(b->heap, b->heap_cap));
        b->heap = NULL;
        size_t cap = b->heap_cap ? b->heap_cap * 2 : HEAP_BLOCK;
        if (cap > (size_t)16 << 20) cap = (size_t)16 << 20;
        if (cap < n) cap = n;
        b->heap_n = b->heap_cap = 0;
        TRY(mem_big(cx, cap, (void **)&b->heap));
        b->heap_cap = cap;
    }
    memcpy(b->heap + b->heap_n, p, n);
    *out = b->heap + b->heap_n;
    b->heap_n += n;
    return RC_OK;
}

static rc put_text(struct ctx *cx, struct builder *b, int64_t at, const struct text *t, bool shared)
{
    struct text *out = (struct text *)b->data + at;
    *out = *t;
    if (t->n > TEXT_INLINE && !shared) TRY(heap_copy(cx, b, t->ptr, t->n, &out->ptr));
    return RC_OK;
}

/* ---- one value ---- */
static rc put_valid(struct ctx *cx, struct builder *b, bool v)
{
    TRY(builder_reserve(cx, b, 1));
    if (!v) TRY(need_valid(cx, b));
    if (b->valid) bit_put(b->valid, b->n, v);
    return RC_OK;
}

rc builder_null(struct ctx *cx, struct builder *b)
{
    TRY(put_valid(cx, b, false));
    if (b->phys == PHYS_BOOL)
        bit_clear(b->data, b->n);
    else if (b->phys == PHYS_LIST)
        ((int64_t *)b->data)[b->n + 1] = ((int64_t *)b->data)[b->n];
    else if (b->phys == PHYS_STRUCT)
        for (int i = 0; i < b->n_child; i++)
            TRY(builder_null(cx, &b->child[i]));
    else
        memset((char *)b->data + (size_t)b->n * phys_width(b->phys), 0, phys_width(b->phys));
    b->n++;
    b->n_null++;
    return RC_OK;
}

rc builder_bool(struct ctx *cx, struct builder *b, bool v)
{
    TRY(put_valid(cx, b, true));
    bit_put(b->data, b->n++, v);
    return RC_OK;
}

rc builder_i64(struct ctx *cx, struct builder *b, int64_t v)
{
    TRY(put_valid(cx, b, true));
    if (phys_width(b->phys) == 4)
        ((int32_t *)b->data)[b->n++] = (int32_t)v;
    else
        ((int64_t *)b->data)[b->n++] = v;
    return RC_OK;
}

rc builder_f64(struct ctx *cx, struct builder *b, double v)
{
    if (isnan(v)) return builder_null(cx, b);
    TRY(put_valid(cx, b, true));
    if (b->phys == PHYS_F32)
        ((float *)b->data)[b->n++] = (float)v;
    else
        ((double *)b->data)[b->n++] = v;
    return RC_OK;
}

rc builder_str(struct ctx *cx, struct builder *b, struct str v)
{
    TRY(put_valid(cx, b, true));
    struct text t = text_make(v.p, v.n);
    TRY(put_text(cx, b, b->n, &t, false));
    b->n++;
    return RC_OK;
}

/* ---- whole vectors ---- */
/* DICT builder that meets another dictionary: its codes become texts. */
static rc dict_to_str(struct ctx *cx, struct builder *b)
{
    struct text *texts;
    const int32_t *codes = b->data;
    TRY(mem_big(cx, phys_bytes(PHYS_STR, b->cap), (void **)&texts));
    for (int64_t i = 0; i < b->n; i++)
        texts[i] = bit_valid(b->valid, i) ? ((const struct text *)b->dict->data)[codes[i]]
                                          : text_make("", 0);
    if (b->dict) share_heap(b, b->dict);
    mem_big_free(b->data);
    b->data = texts;
    column_unref(b->dict);
    b->dict = NULL;
    b->phys = PHYS_STR;
    return RC_OK;
}

#define SELECT(T)                                                                                  \
    static KERNEL void select_##T(int64_t n, const T *restrict in, const int32_t *restrict sel,    \
                                  T *restrict out)                                                 \
    {                                                                                              \
        for (int64_t i = 0; i < n; i++)                                                            \
            out[i] = in[sel[i]];                                                                   \
    }
SELECT(uint32_t)
SELECT(uint64_t)

static void select_fixed(char *out, const void *in, size_t width, const int32_t *sel, int64_t n)
{
    if (n == 0) return;
    if (!sel)
        memcpy(out, in, width * (size_t)n);
    else if (width == 4)
        select_uint32_t(n, in, sel, (uint32_t *)(void *)out);
    else
        select_uint64_t(n, in, sel, (uint64_t *)(void *)out);
}

static void append_bools(struct builder *b, const struct vec *v, const int32_t *sel, int64_t n)
{
    if (!sel && !v->is_const) {
        bitmap_copy(b->data, b->n, v->data, 0, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        bit_put(b->data, b->n + i, bit_get(v->data, v->is_const ? 0 : sel[i]));
}

static int64_t source_row(const struct vec *v, const int32_t *sel, int64_t i)
{
    return v->is_const ? 0 : sel ? sel[i] : i;
}

static void append_wide(struct builder *b, const struct vec *v, const int32_t *sel, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t r = source_row(v, sel, i);
        if (v->phys == PHYS_I32)
            ((int64_t *)b->data)[b->n + i] = ((const int32_t *)v->data)[r];
        else
            ((double *)b->data)[b->n + i] = (double)((const float *)v->data)[r];
    }
}

static void append_fixed(struct builder *b, const struct vec *v, const int32_t *sel, int64_t n)
{
    size_t width = phys_width(b->phys);
    char *out = (char *)b->data + (size_t)b->n * width;
    if (b->phys != v->phys) {
        append_wide(b, v, sel, n);
    } else if (v->is_const) {
        for (int64_t i = 0; i < n; i++)
            memcpy(out + (size_t)i * width, v->data, width);
    } else {
        select_fixed(out, v->data, width, sel, n);
    }
}

static rc append_texts(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                       int64_t n)
{
    const struct text *in = v->data;
    if (v->heap) share_heap(b, v->heap);
    for (int64_t i = 0; i < n; i++) {
        int64_t r = source_row(v, sel, i);
        if (!bit_valid(v->valid, r)) continue; /* zeroed after */
        TRY(put_text(cx, b, b->n + i, &in[r], v->heap != NULL));
    }
    return RC_OK;
}

static void append_decoded(struct builder *b, const struct vec *v, const int32_t *sel, int64_t n)
{
    const struct text *levels = v->dict->data;
    share_heap(b, v->dict);
    for (int64_t i = 0; i < n; i++) {
        int64_t r = source_row(v, sel, i);
        if (bit_valid(v->valid, r))
            ((struct text *)b->data)[b->n + i] = levels[((const int32_t *)v->data)[r]];
    }
}

static rc append_data(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                      int64_t n)
{
    switch (b->phys) {
    case PHYS_BOOL: append_bools(b, v, sel, n); return RC_OK;
    case PHYS_STR:
        if (v->phys != PHYS_DICT) return append_texts(cx, b, v, sel, n);
        append_decoded(b, v, sel, n);
        return RC_OK;
    case PHYS_LIST:
    case PHYS_STRUCT: return nested_append(cx, b, v, sel, n);
    default: append_fixed(b, v, sel, n); return RC_OK;
    }
}

static void append_valid(struct builder *b, const struct vec *v, const int32_t *sel, int64_t n)
{
    if (!sel && !v->is_const) {
        bitmap_copy(b->valid, b->n, v->valid, 0, n);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        bit_put(b->valid, b->n + i, bit_valid(v->valid, source_row(v, sel, i)));
}

rc builder_append(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                  int64_t n)
{
    if (n == 0) return RC_OK;
    TRY(builder_reserve(cx, b, n));
    if (b->phys == PHYS_DICT && b->n == 0 && !b->dict && v->phys == PHYS_DICT)
        b->dict = column_ref(v->dict);
    if (b->phys == PHYS_DICT && (v->phys != PHYS_DICT || v->dict != b->dict))
        TRY(dict_to_str(cx, b));
    if (v->valid) TRY(need_valid(cx, b));
    TRY(append_data(cx, b, v, sel, n));
    if (b->valid) {
        append_valid(b, v, sel, n);
        zero_nulls(b->phys, b->data, b->valid, b->n, n);
    }
    b->n += n;
    return RC_OK;
}

/* ---- publishing ---- */
static void add_adopted(struct column *c, void *p, size_t n)
{
    struct buf *buf = buf_adopt(p, n);
    column_add_buf(c, buf);
    buf_unref(buf);
}

static struct column *shell(struct builder *b)
{
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = b->type;
    if (c->type.kind == KIND_STRUCT) schema_ref(c->type.fields);
    c->phys = b->phys;
    c->n = b->n;
    c->data = b->data;
    c->valid = b->valid;
    c->dict = b->dict;
    c->bufs = b->bufs;
    c->n_bufs = b->n_bufs;
    if (b->data) add_adopted(c, b->data, phys_bytes(b->phys, b->n));
    if (b->valid) add_adopted(c, b->valid, BITMAP_WORDS(b->n) * 8);
    if (b->heap) add_adopted(c, b->heap, b->heap_cap);
    return c;
}

rc builder_finish(struct ctx *cx, struct builder *b, struct column **out)
{
    bool is_cat_text = b->type.kind == KIND_CAT && b->phys == PHYS_STR;
    if (b->cap == 0) TRY(builder_reserve(cx, b, 1));
    if (b->phys == PHYS_DICT && !b->dict) { /* no code was ever appended */
        struct builder none;
        struct column *empty;
        builder_init(&none, DTYPE(KIND_STR), PHYS_STR);
        TRY(builder_finish(cx, &none, &empty));
        b->dict = empty;
    }
    struct column *c = shell(b);
    struct builder *child = b->child;
    int n_child = b->n_child;
    *b = (struct builder){0};
    enum rc_t res = RC_OK;
    if (n_child) {
        c->child = mem_zero(sizeof *c->child * (size_t)n_child);
        for (int i = 0; i < n_child; i++) {
            struct column *k = NULL;
            if (res == RC_OK) res = builder_finish(cx, &child[i], &k);
            if (res == RC_OK)
                c->child[c->n_child++] = k;
            else
                builder_release(&child[i]);
        }
    }
    mem_free(child); /* a struct without fields has one too */
    column_settle(c, false);
    if (res == RC_OK && is_cat_text) {
        res = column_encode(cx, c, false, out);
        column_unref(c);
        return res;
    }
    if (res != RC_OK) {
        column_unref(c);
        return res;
    }
    *out = c;
    return RC_OK;
}

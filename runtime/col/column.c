/* column.c: life of buffers and columns, views, checks of foreign columns. */
#include "runtime/col/col_int.h"

#include "runtime/base/utf8.h"

/* ---- buffers ---- */
rc buf_new(struct ctx *cx, size_t n, struct buf **out)
{
    void *p;
    TRY(mem_big(cx, n, &p));
    *out = buf_adopt(p, n);
    return RC_OK;
}

struct buf *buf_adopt(void *take_p, size_t n)
{
    struct buf *b = mem_zero(sizeof *b);
    atomic_init(&b->refs, 1);
    b->p = take_p;
    b->n = n;
    return b;
}

struct buf *buf_ref(struct buf *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void buf_unref(struct buf *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) return;
    if (b->release)
        b->release(b->arg);
    else
        mem_big_free(b->p);
    mem_free(b);
}

/* ---- columns ---- */
struct column *column_ref(const struct column *c)
{
    struct column *m = (struct column *)(uintptr_t)c;
    if (m) atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void column_unref(const struct column *c)
{
    struct column *m = (struct column *)(uintptr_t)c;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
    for (int i = 0; i < m->n_bufs; i++)
        buf_unref(m->bufs[i]);
    for (int i = 0; i < m->n_child; i++)
        column_unref(m->child[i]);
    column_unref(m->dict);
    if (m->type.kind == KIND_STRUCT) schema_unref(m->type.fields);
    mem_free(m->bufs);
    mem_free(m->child);
    mem_free(m);
}

static void drop_column(void *c)
{
    column_unref(c);
}

void arena_column(struct arena *a, const struct column *take_c)
{
    if (take_c) arena_on_free(a, drop_column, (void *)(uintptr_t)take_c);
}

size_t phys_bytes(enum phys p, int64_t n)
{
    if (p == PHYS_BOOL) return BITMAP_WORDS(n) * 8;
    if (p == PHYS_LIST) return mem_mul(8, (size_t)n + 1);
    return mem_mul(phys_width(p), (size_t)n);
}

static struct column *column_head(struct dtype type, enum phys phys, int64_t n)
{
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = type;
    if (type.kind == KIND_STRUCT) schema_ref(type.fields);
    c->phys = phys;
    c->n = n;
    return c;
}

void column_add_buf(struct column *c, struct buf *b)
{
    c->bufs = mem_realloc(c->bufs, sizeof *c->bufs * (size_t)(c->n_bufs + 1));
    c->bufs[c->n_bufs++] = buf_ref(b);
}

static bool has_buf(const struct column *c, const struct buf *b)
{
    for (int i = c->n_bufs; i-- > 0;)
        if (c->bufs[i] == b) return true;
    return false;
}

void column_share(struct column *c, const struct column *from)
{
    for (int i = 0; i < from->n_bufs; i++)
        if (!has_buf(c, from->bufs[i])) column_add_buf(c, from->bufs[i]);
    if (from->dict) column_share(c, from->dict);
}

rc column_alloc(struct ctx *cx, struct dtype type, enum phys phys, int64_t n, bool has_valid,
                struct column **out)
{
    struct column *c = column_head(type, phys, n);
    struct buf *b;
    if (buf_new(cx, phys_bytes(phys, n), &b) != RC_OK) goto fail;
    column_add_buf(c, b);
    c->data = b->p;
    buf_unref(b);
    if (has_valid) {
        if (buf_new(cx, BITMAP_WORDS(n) * 8, &b) != RC_OK) goto fail;
        column_add_buf(c, b);
        c->valid = b->p;
        buf_unref(b);
    }
    *out = c;
    return RC_OK;
fail:
    column_unref(c);
    return RC_ERR;
}

void zero_nulls(enum phys p, void *data, const uint64_t *valid, int64_t at, int64_t n)
{
    size_t width = phys_width(p);
    if (!valid || p == PHYS_LIST || p == PHYS_STRUCT) return;
    for (int64_t i = at; i < at + n; i++) {
        if (bit_get(valid, i)) continue;
        if (p == PHYS_BOOL)
            bit_clear(data, i);
        else
            memset((char *)data + (size_t)i * width, 0, width);
    }
}

void column_settle(struct column *c, bool zero)
{
    c->n_null = c->n - bitmap_count(c->valid, c->n);
    if (c->n_null == 0) c->valid = NULL;
    if (c->n_null && zero) zero_nulls(c->phys, column_data_mut(c), c->valid, 0, c->n);
}

int64_t column_bytes(const struct column *c)
{
    int64_t sum = 0;
    for (int i = 0; i < c->n_bufs; i++)
        sum += (int64_t)c->bufs[i]->n;
    for (int i = 0; i < c->n_child; i++)
        sum += column_bytes(c->child[i]);
    return sum + (c->dict ? column_bytes(c->dict) : 0);
}

static const void *data_at(const struct column *c, int64_t at)
{
    if (c->phys == PHYS_BOOL) return (const uint64_t *)c->data + at / 64;
    if (c->phys == PHYS_STRUCT) return c->data;
    return (const char *)c->data + (size_t)at * phys_width(c->phys);
}

struct vec column_view(const struct column *c, int64_t at, int64_t n)
{
    (void)n;
    return (struct vec){
        .phys = c->phys,
        .valid = c->valid ? c->valid + at / 64 : NULL,
        .data = data_at(c, at),
        .dict = c->dict,
        .heap = c->phys == PHYS_STR ? c : NULL,
        .child = c->child,
        .n_child = c->n_child,
    };
}

rc column_nulls(struct ctx *cx, struct dtype type, int64_t n, struct column **out)
{
    struct builder b;
    builder_init(&b, type, kind_phys(type.kind));
    for (int64_t i = 0; i < n; i++) {
        if (builder_null(cx, &b) == RC_OK) continue;
        builder_release(&b);
        return RC_ERR;
    }
    return builder_finish(cx, &b, out);
}

static rc slice_copy(struct ctx *cx, const struct column *c, int64_t at, int64_t n,
                     struct column **out)
{
    int64_t *rows;
    TRY(mem_big(cx, mem_mul(8, (size_t)n), (void **)&rows));
    for (int64_t i = 0; i < n; i++)
        rows[i] = at + i;
    enum rc_t res = column_gather(cx, c, rows, n, out);
    mem_big_free(rows);
    return res;
}

rc column_slice(struct ctx *cx, const struct column *c, int64_t at, int64_t n, struct column **out)
{
    if (at == 0 && n == c->n) {
        *out = column_ref(c);
        return RC_OK;
    }
    if (at % 64 || c->phys == PHYS_STRUCT) return slice_copy(cx, c, at, n, out);
    struct column *s = column_head(c->type, c->phys, n);
    s->data = data_at(c, at);
    s->valid = c->valid ? c->valid + at / 64 : NULL;
    s->dict = column_ref(c->dict);
    column_share(s, c);
    if (c->n_child) {
        s->child = mem_zero(sizeof *s->child);
        s->child[0] = column_ref(c->child[0]);
        s->n_child = 1;
    }
    column_settle(s, false);
    *out = s;
    return RC_OK;
}

/* ---- checks of columns from outside ---- */
static bool check_texts(const struct column *c, const char **why)
{
    const struct text *t = c->data;
    *why = "a text is not valid UTF-8";
    for (int64_t i = 0; i < c->n; i++) {
        struct str s = text_str(&t[i]);
        if (bit_valid(c->valid, i) && utf8_check(s.p, s.n) != s.n) return false;
    }
    return true;
}

static bool check_codes(const struct column *c, const char **why)
{
    const int32_t *code = c->data;
    *why = "a dictionary code is out of range";
    for (int64_t i = 0; i < c->n; i++)
        if (bit_valid(c->valid, i) && (code[i] < 0 || code[i] >= c->dict->n)) return false;
    return column_check(c->dict, 2, why);
}

static bool check_offsets(const struct column *c, const char **why)
{
    const int64_t *at = c->data;
    *why = "list offsets are out of order";
    for (int64_t i = 0; i < c->n; i++)
        if (at[i] < 0 || at[i + 1] < at[i] || at[i + 1] > c->child[0]->n) return false;
    return column_check(c->child[0], 2, why);
}

bool column_check(const struct column *c, int level, const char **why)
{
    *why = "a negative length";
    if (c->n < 0 || c->n_null < 0 || c->n_null > c->n) return false;
    *why = "missing parts";
    if (c->phys == PHYS_DICT && (!c->dict || c->dict->phys != PHYS_STR || c->dict->n_null))
        return false;
    if (c->phys == PHYS_LIST && c->n_child != 1) return false;
    if (c->n && !c->data && c->phys != PHYS_STRUCT) return false;
    for (int i = 0; c->phys == PHYS_STRUCT && i < c->n_child; i++)
        if (c->child[i]->n < c->n || !column_check(c->child[i], level, why)) return false;
    if (level < 2) return true;
    *why = "the null count is wrong";
    if (c->n_null != c->n - bitmap_count(c->valid, c->n)) return false;
    switch (c->phys) {
    case PHYS_STR: return check_texts(c, why);
    case PHYS_DICT: return check_codes(c, why);
    case PHYS_LIST: return check_offsets(c, why);
    default: return true;
    }
}

/* spill.c: see spill.h. A block is the memory of its columns, one after another, each piece at a
 * multiple of 64 bytes: validity, values, then what the values point to. Reading is one pread; the
 * columns point into it. */
#include "runtime/exec/threads/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct spill {
    int fd; /* -1: not open yet */
    char folder[512];
    pthread_mutex_t lock; /* fd, dicts */
    atomic_llong end;
    const struct column **dicts; /* dictionaries that blocks refer to */
    int n_dicts, cap_dicts;
};
struct piece_head { /* before each column's memory */
    int32_t phys, has_valid;
    int64_t n_null, heap; /* heap: bytes of long texts, or rows of a list's child */
    int32_t dict;
    int32_t unused[7];
};
_Static_assert(sizeof(struct piece_head) == 56, "no padding in a file");

struct spill *spill_new(void)
{
    struct spill *s = mem_zero(sizeof *s);
    s->fd = -1;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void spill_free(struct spill *s)
{
    if (!s) return;
    if (s->fd >= 0) close(s->fd);
    for (int i = 0; i < s->n_dicts; i++)
        column_unref((struct column *)(uintptr_t)s->dicts[i]);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->dicts);
    mem_free(s);
}

int64_t spill_bytes(const struct spill *s)
{
    return s ? atomic_load(&((struct spill *)(uintptr_t)s)->end) : 0;
}

/* ---- the file ---- */
static rc open_file(struct spill *s, struct ctx *cx)
{
    const char *folder = getenv("TMPDIR");
    char path[600];
    if (!folder || !*folder) folder = "/tmp";
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    snprintf(path, sizeof path, "%s/mlnb-XXXXXX", s->folder);
    s->fd = mkstemp(path);
    if (s->fd >= 0) {
        unlink(path);
        fcntl(s->fd, F_SETFD, FD_CLOEXEC);
        return RC_OK;
    }
    fail(cx, E306, NO_SPAN,
         "the rows do not fit the memory budget and the temporary folder %s "
         "cannot be written: %s",
         s->folder, strerror(errno));
    return err_note(cx, "set TMPDIR to a folder with room, or allow more: use memory(\"4GB\")");
}

static rc write_all(struct spill *s, struct ctx *cx, const char *p, int64_t n, int64_t at)
{
    enum { STEP = 8 << 20 };
    while (n > 0) {
        TRY(check_cancel(cx));
        ssize_t k = pwrite(s->fd, p, (size_t)(n < STEP ? n : STEP), at);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) {
            fail(cx, E306, NO_SPAN,
                 "the rows do not fit the memory budget, and the temporary folder %s took only "
                 "%.1f MB of them: %s",
                 s->folder, (double)at / 1e6, strerror(k < 0 ? errno : ENOSPC));
            return err_note(cx, "set TMPDIR to a folder with room, or allow more: use "
                                "memory(\"4GB\")");
        }
        p += k;
        n -= k;
        at += k;
    }
    return RC_OK;
}

static rc read_all(struct spill *s, struct ctx *cx, char *p, int64_t n, int64_t at)
{
    enum { STEP = 8 << 20 };
    while (n > 0) {
        TRY(check_cancel(cx));
        ssize_t k = pread(s->fd, p, (size_t)(n < STEP ? n : STEP), at);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0)
            return fail(cx, E302, NO_SPAN, "rows that were put on disk in %s cannot be read: %s",
                        s->folder, k < 0 ? strerror(errno) : "the file ended");
        p += k;
        n -= k;
        at += k;
    }
    return RC_OK;
}

/* ---- writing ---- */
struct image { /* a block in memory */
    char *p;
    size_t n, cap;
};

/* n more bytes at a multiple of 64; not cleared. */
static rc more(struct ctx *cx, struct image *m, size_t n, void **out)
{
    size_t at = (m->n + 63) / 64 * 64, need = at + n + 64;
    if (need > m->cap) {
        size_t cap = m->cap * 2 > need ? m->cap * 2 : need;
        TRY(mem_big_grow(cx, (void **)&m->p, m->n, cap));
        m->cap = cap;
    }
    memset(m->p + m->n, 0, at - m->n);
    m->n = at + n;
    *out = m->p + at;
    return RC_OK;
}

static int32_t dict_number(struct spill *s, const struct column *dict)
{
    int i = 0;
    pthread_mutex_lock(&s->lock);
    while (i < s->n_dicts && s->dicts[i] != dict)
        i++;
    if (i == s->n_dicts) {
        if (s->n_dicts == s->cap_dicts) {
            s->cap_dicts = s->cap_dicts ? s->cap_dicts * 2 : 8;
            s->dicts = mem_realloc(s->dicts, sizeof *s->dicts * (size_t)s->cap_dicts);
        }
        s->dicts[s->n_dicts++] = column_ref(dict);
    }
    pthread_mutex_unlock(&s->lock);
    return i;
}

static size_t cell_bytes(enum phys p)
{
    return p == PHYS_STR ? sizeof(struct text) : phys_width(p);
}

static rc put_column(struct spill *s, struct ctx *cx, struct image *m, const struct column *c,
                     int64_t from, int64_t n);

/* Text views; those of long texts hold the place of their bytes behind the views. */
static rc put_texts(struct ctx *cx, struct image *m, const struct text *t, int64_t n,
                    int64_t *out_heap)
{
    void *p;
    size_t heap = 0, at;
    for (int64_t i = 0; i < n; i++)
        if (t[i].n > TEXT_INLINE) heap += t[i].n;
    TRY(more(cx, m, sizeof *t * (size_t)n, &p));
    at = (size_t)((char *)p - m->p);
    TRY(more(cx, m, heap, &p));
    struct text *view = (struct text *)(void *)(m->p + at);
    char *bytes = p;
    heap = 0;
    for (int64_t i = 0; i < n; i++) {
        view[i] = t[i];
        if (t[i].n <= TEXT_INLINE) continue;
        memcpy(bytes + heap, t[i].ptr, t[i].n);
        view[i].ptr = (const char *)heap; /* an offset until it is read */
        heap += t[i].n;
    }
    *out_heap = (int64_t)heap;
    return RC_OK;
}

static rc put_list(struct spill *s, struct ctx *cx, struct image *m, const struct column *c,
                   int64_t from, int64_t n, int64_t *out_heap)
{
    const int64_t *offsets = (const int64_t *)c->data + from;
    void *p;
    TRY(more(cx, m, 8 * (size_t)(n + 1), &p));
    for (int64_t i = 0; i <= n; i++)
        ((int64_t *)p)[i] = offsets[i] - offsets[0];
    *out_heap = offsets[n] - offsets[0];
    return put_column(s, cx, m, c->child[0], offsets[0], *out_heap);
}

static rc put_values(struct spill *s, struct ctx *cx, struct image *m, const struct column *c,
                     int64_t from, int64_t n, int64_t *out_heap)
{
    void *p;
    size_t width = cell_bytes(c->phys);
    switch (c->phys) {
    case PHYS_STR: return put_texts(cx, m, (const struct text *)c->data + from, n, out_heap);
    case PHYS_LIST: return put_list(s, cx, m, c, from, n, out_heap);
    case PHYS_STRUCT:
        for (int i = 0; i < c->n_child; i++)
            TRY(put_column(s, cx, m, c->child[i], from, n));
        return RC_OK;
    case PHYS_BOOL:
        TRY(more(cx, m, BITMAP_WORDS(n) * 8, &p));
        bitmap_copy(p, 0, c->data, from, n);
        return RC_OK;
    default: break;
    }
    TRY(more(cx, m, width * (size_t)n, &p));
    if (n > 0) memcpy(p, (const char *)c->data + (size_t)from * width, width * (size_t)n);
    return RC_OK;
}

static rc put_column(struct spill *s, struct ctx *cx, struct image *m, const struct column *c,
                     int64_t from, int64_t n)
{
    struct piece_head h = {.phys = (int32_t)c->phys, .has_valid = c->valid != NULL};
    void *p;
    if (c->phys == PHYS_DICT) h.dict = dict_number(s, c->dict);
    TRY(more(cx, m, sizeof h, &p));
    size_t at = (size_t)((char *)p - m->p);
    if (c->valid) {
        TRY(more(cx, m, BITMAP_WORDS(n) * 8 + 8, &p));
        memset(p, 0, BITMAP_WORDS(n) * 8 + 8);
        bitmap_copy(p, 0, c->valid, from, n);
        h.n_null = n - bitmap_count(p, n);
    }
    TRY(put_values(s, cx, m, c, from, n, &h.heap));
    memcpy(m->p + at, &h, sizeof h);
    return RC_OK;
}

rc spill_write(struct spill *s, struct ctx *cx, const struct table *t, int64_t from, int64_t n,
               struct spill_block *out)
{
    struct image m = {0};
    enum rc_t res = RC_OK;
    for (int i = 0; i < t->schema->n && res == RC_OK; i++)
        res = put_column(s, cx, &m, t->cols[i], from, n);
    *out = (struct spill_block){.bytes = (int64_t)m.n, .n_rows = n};
    if (res == RC_OK) res = spill_put(s, cx, m.p, (int64_t)m.n, &out->at);
    mem_big_free(m.p);
    return res;
}

rc spill_put(struct spill *s, struct ctx *cx, const void *p, int64_t n, int64_t *at)
{
    enum rc_t res = RC_OK;
    pthread_mutex_lock(&s->lock);
    if (s->fd < 0) res = open_file(s, cx);
    pthread_mutex_unlock(&s->lock);
    TRY(res);
    *at = atomic_fetch_add(&s->end, (n + 63) / 64 * 64);
    return write_all(s, cx, p, n, *at);
}

rc spill_get(struct spill *s, struct ctx *cx, void *p, int64_t n, int64_t at)
{
    return read_all(s, cx, p, n, at);
}

/* ---- reading ---- */
struct walk { /* through a block that was read */
    struct spill *s;
    struct buf *buf;
    size_t at;
};

static void *next(struct walk *w, size_t n)
{
    size_t at = (w->at + 63) / 64 * 64;
    w->at = at + n;
    return (char *)w->buf->p + at;
}

static struct column *get_column(struct walk *w, struct dtype type, int64_t n);

static void get_children(struct walk *w, struct column *c, int64_t heap)
{
    int n = c->phys == PHYS_LIST ? 1 : c->type.fields->n;
    c->child = mem_zero(sizeof *c->child * (size_t)(n + 1));
    c->n_child = n;
    for (int i = 0; i < n; i++)
        c->child[i] = c->phys == PHYS_LIST ? get_column(w, *c->type.elem, heap)
                                           : get_column(w, c->type.fields->fields[i].type, c->n);
}

static struct column *get_column(struct walk *w, struct dtype type, int64_t n)
{
    struct piece_head h;
    struct column *c = mem_zero(sizeof *c);
    memcpy(&h, next(w, sizeof h), sizeof h);
    atomic_init(&c->refs, 1);
    c->type = type;
    if (type.kind == KIND_STRUCT) schema_ref(type.fields);
    c->phys = (enum phys)h.phys;
    c->n = n;
    c->n_null = h.n_null;
    c->bufs = mem_zero(sizeof *c->bufs);
    c->bufs[c->n_bufs++] = buf_ref(w->buf);
    if (h.has_valid) c->valid = next(w, BITMAP_WORDS(n) * 8 + 8);
    if (c->n_null == 0) c->valid = NULL;
    switch (c->phys) {
    case PHYS_BOOL: c->data = next(w, BITMAP_WORDS(n) * 8); break;
    case PHYS_LIST: c->data = next(w, 8 * (size_t)(n + 1)); break;
    case PHYS_STRUCT: break;
    default: c->data = next(w, cell_bytes(c->phys) * (size_t)n);
    }
    if (c->phys == PHYS_LIST || c->phys == PHYS_STRUCT) get_children(w, c, h.heap);
    if (c->phys == PHYS_DICT) {
        pthread_mutex_lock(&w->s->lock); /* writers may move the list */
        c->dict = column_ref(w->s->dicts[h.dict]);
        pthread_mutex_unlock(&w->s->lock);
    }
    if (c->phys == PHYS_STR) {
        struct text *t = (struct text *)(uintptr_t)c->data;
        const char *heap = next(w, (size_t)h.heap);
        for (int64_t i = 0; i < n; i++)
            if (t[i].n > TEXT_INLINE) t[i].ptr = heap + (uintptr_t)t[i].ptr;
    }
    return c;
}

rc spill_read(struct spill *s, struct ctx *cx, const struct schema *schema,
              const struct spill_block *b, struct table **out)
{
    struct walk w = {.s = s};
    TRY(buf_new(cx, (size_t)b->bytes + 64, &w.buf));
    if (read_all(s, cx, w.buf->p, b->bytes, b->at) != RC_OK) {
        buf_unref(w.buf);
        return RC_ERR;
    }
    struct column **cols = mem_zero(sizeof *cols * (size_t)(schema->n + 1));
    for (int i = 0; i < schema->n; i++)
        cols[i] = get_column(&w, schema->fields[i].type, b->n_rows);
    buf_unref(w.buf);
    enum rc_t res = table_new(cx, schema, cols, b->n_rows, out);
    mem_free(cols);
    return res;
}

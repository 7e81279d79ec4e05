/* libsvm.c: sparse rows as LIBSVM and SVMlight write them: `label index:value index:value #
 * remark`, with qid:n before the pairs for ranking. A row becomes a row of num columns label, f1 ..
 * fn; what a line does not name is 0. Opening passes over all lines once, in blocks, for the number
 * of rows and the largest index; a partition is a block. Syntax: README of LIBSVM 3.3, section
 * "Usage". */
#include "runtime/base/cancel.h"
#include "runtime/base/num.h"
#include "runtime/base/pool.h"
#include "runtime/io/io_int.h"

#include <math.h>

#define BLOCK        ((int64_t)1 << 20)
#define LINE_MAX     ((int64_t)64 << 20)
#define FEATURES_MAX 20000
#define CELLS_MAX    INT64_C(1000000000)
#define BATCH_BYTES  ((int64_t)16 << 20)

struct sv_block {
    int64_t first_row, n_rows;
    int64_t top, low; /* largest and smallest index; low is INT64_MAX without any */
    bool has_qid;
};
struct sv_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    struct io_source *src;
    struct sv_block *blocks;
    int64_t low; /* index of the first feature: 1, or 0 when the file counts from there */
    int n_features;
    bool has_qid;
};
struct sv_line {
    const char *p, *end; /* what is left of it */
    double label;
    int64_t qid, last;
    bool has_qid;
};

extern const struct io_format io_libsvm;

static struct sv_scan *scan_of(const struct io_scan *s)
{
    return (struct sv_scan *)(uintptr_t)s;
}

/* ---- lines ---- */
/* The next word; false at the end of the line or at a remark. */
static bool next_word(struct sv_line *l, struct str *out)
{
    while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r'))
        l->p++;
    if (l->p == l->end || *l->p == '#') return false;
    const char *from = l->p;
    while (l->p < l->end && *l->p != ' ' && *l->p != '\t' && *l->p != '\r')
        l->p++;
    *out = (struct str){from, (size_t)(l->p - from)};
    return true;
}

static rc bad_word(struct ctx *cx, const struct sv_scan *s, int64_t at, struct str word,
                   const char *why)
{
    struct error kept = *cx->err;
    int64_t line = 1;
    char *buf = mem_alloc((size_t)BLOCK);
    size_t got = 0;
    for (int64_t from = 0; from < at; from += (int64_t)got) {
        size_t want = at - from < BLOCK ? (size_t)(at - from) : (size_t)BLOCK;
        if (io_source_read(cx, s->src, from, buf, want, &got) != RC_OK || got == 0) break;
        for (size_t i = 0; i < got; i++)
            line += buf[i] == '\n';
    }
    mem_free(buf);
    *cx->err = kept;
    return fail(cx, E331, s->span, "line %lld of `%s`: `%.*s` %s", (long long)line, s->head.label,
                (int)(word.n < 40 ? word.n : 40), word.p, why);
}

/* Begins a line: its label, and qid: when there is one. `at` is its place in the file. */
static rc read_label(struct ctx *cx, const struct sv_scan *s, int64_t at, struct sv_line *l,
                     bool *is_empty)
{
    struct str w;
    l->last = -1;
    l->has_qid = false;
    *is_empty = !next_word(l, &w);
    if (*is_empty) return RC_OK;
    bool fits = num_parse(w.p, w.n, &l->label) && !isnan(l->label);
    if (!fits) return bad_word(cx, s, at, w, "is no number as a label");
    const char *before = l->p;
    if (!next_word(l, &w) || w.n < 5 || memcmp(w.p, "qid:", 4) != 0) {
        l->p = before;
        return RC_OK;
    }
    l->has_qid = true;
    if (!int_parse(w.p + 4, w.n - 4, &l->qid)) return bad_word(cx, s, at, w, "is no qid:number");
    return RC_OK;
}

/* The next pair; *more false when there is none. */
static rc read_pair(struct ctx *cx, const struct sv_scan *s, int64_t at, struct sv_line *l,
                    int64_t *index, double *value, bool *more)
{
    struct str w;
    *more = next_word(l, &w);
    if (!*more) return RC_OK;
    const char *colon = memchr(w.p, ':', w.n);
    size_t n = colon ? (size_t)(colon - w.p) : 0;
    bool fits = colon && int_parse(w.p, n, index) && *index >= 0 &&
                num_parse(colon + 1, w.n - n - 1, value) && !isnan(*value);
    if (!fits) return bad_word(cx, s, at, w, "is no index:number");
    if (*index <= l->last)
        return bad_word(cx, s, at, w, "comes after an index that is not smaller");
    l->last = *index;
    return RC_OK;
}

/* ---- blocks ---- */
struct sv_text { /* whole lines: those that begin in a block */
    char *buf;
    int64_t at; /* of buf[0] in the file */
    size_t from, n;
};

/* Loads the lines that begin in block `b`: it goes on to the end of the last one. */
static rc load_block(struct ctx *cx, const struct sv_scan *s, int64_t b, struct sv_text *t)
{
    int64_t start = b * BLOCK, size = io_source_size(s->src);
    int64_t stop = start + BLOCK < size ? start + BLOCK : size;
    t->at = b ? start - 1 : 0; /* the byte before says whether a line begins here */
    size_t head = (size_t)(stop - t->at), cap = head + (64 << 10);
    for (;; cap *= 2) {
        t->buf = mem_realloc(t->buf, cap);
        TRY(io_source_read(cx, s->src, t->at, t->buf, cap, &t->n));
        if (stop == size) break;
        const char *lf = memchr(t->buf + head - 1, '\n', t->n - head + 1);
        if (lf) t->n = (size_t)(lf - t->buf) + 1;
        if (lf || t->n < cap) break;
        if ((int64_t)cap > LINE_MAX)
            return fail(cx, E309, s->span, "a line of `%s` is longer than %lld MB", s->head.label,
                        (long long)(LINE_MAX >> 20));
    }
    const char *lf = b ? memchr(t->buf, '\n', t->n < head ? t->n : head) : NULL;
    t->from = b == 0 ? 0 : lf ? (size_t)(lf - t->buf) + 1 : t->n;
    if (t->from >= head) t->from = t->n; /* no line begins in this block */
    return RC_OK;
}

/* The next line of a block; false after the last. */
static bool next_line(struct sv_text *t, struct sv_line *l, int64_t *at)
{
    if (t->from >= t->n) return false;
    const char *lf = memchr(t->buf + t->from, '\n', t->n - t->from);
    size_t to = lf ? (size_t)(lf - t->buf) : t->n;
    *l = (struct sv_line){.p = t->buf + t->from, .end = t->buf + to};
    *at = t->at + (int64_t)t->from;
    t->from = to + 1;
    return true;
}

static rc look_at_lines(struct ctx *cx, struct sv_scan *s, struct sv_block *k, struct sv_text *t)
{
    struct sv_line l;
    int64_t at, index = 0;
    double value;
    k->low = INT64_MAX;
    k->top = -1;
    while (next_line(t, &l, &at)) {
        bool is_empty, more = true;
        TRY(read_label(cx, s, at, &l, &is_empty));
        if (is_empty) continue;
        k->n_rows++;
        k->has_qid = k->has_qid || l.has_qid;
        for (bool is_first = true;; is_first = false) {
            TRY(read_pair(cx, s, at, &l, &index, &value, &more));
            if (!more) break;
            if (is_first && index < k->low) k->low = index;
        }
        if (l.last > k->top) k->top = l.last;
    }
    return RC_OK;
}

static enum rc_t look_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct sv_scan *s = arg;
    struct sv_text t = {0};
    (void)worker;
    enum rc_t res = load_block(cx, s, task, &t);
    if (res == RC_OK) res = look_at_lines(cx, s, &s->blocks[task], &t);
    mem_free(t.buf);
    return res;
}

/* ---- opening ---- */
static rc check_size(struct ctx *cx, const struct sv_scan *s, int64_t top)
{
    int64_t n = top - s->low + 1;
    if (s->head.n_rows == 0)
        return fail(cx, E308, s->span, "`%s` is empty: it holds no rows", s->head.label);
    if (n <= FEATURES_MAX && n * s->head.n_rows <= CELLS_MAX) return RC_OK;
    if (n > FEATURES_MAX)
        fail(cx, E331, s->span, "`%s` has an index of %lld; up to %d features become columns",
             s->head.label, (long long)top, FEATURES_MAX);
    else
        fail(cx, E331, s->span,
             "`%s` holds %lld rows of %lld features, which is too much as columns", s->head.label,
             (long long)s->head.n_rows, (long long)n);
    return err_note(cx, "every feature becomes a column, its zeros too");
}

static rc make_schema(struct ctx *cx, struct sv_scan *s)
{
    int n = 1 + s->has_qid + s->n_features, at = 0;
    struct field *f = ARENA_ARRAY(s->arena, struct field, n);
    f[at++] = (struct field){"label", DTYPE(KIND_NUM)};
    if (s->has_qid) f[at++] = (struct field){"qid", DTYPE(KIND_INT)};
    for (int i = 0; i < s->n_features; i++)
        f[at++] = (struct field){arena_printf(s->arena, "f%lld", (long long)(s->low + i)),
                                 DTYPE(KIND_NUM)};
    return schema_new(cx, f, n, s->span, &s->head.schema);
}

static rc open_scan(struct ctx *cx, struct sv_scan *s)
{
    int64_t low = INT64_MAX, top = -1;
    TRY(io_source_open(cx, s->head.label, s->span, &s->src));
    s->head.n_bytes = io_source_size(s->src);
    int64_t n = (s->head.n_bytes + BLOCK - 1) / BLOCK;
    if (n > INT32_MAX) return fail(cx, E309, s->span, "`%s` is too large", s->head.label);
    s->head.n_partitions = (int)n;
    s->blocks = ARENA_ARRAY(s->arena, struct sv_block, n + 1);
    memset(s->blocks, 0, sizeof *s->blocks * (size_t)(n + 1));
    TRY(pool_run(cx, n, look_task, s));
    for (int64_t i = 0; i < n; i++) {
        struct sv_block *k = &s->blocks[i];
        k->first_row = s->head.n_rows;
        s->head.n_rows += k->n_rows;
        if (k->low < low) low = k->low;
        if (k->top > top) top = k->top;
        s->has_qid = s->has_qid || k->has_qid;
    }
    s->low = low == 0 ? 0 : 1;
    TRY(check_size(cx, s, top));
    s->n_features = top < 0 ? 0 : (int)(top - s->low + 1);
    return make_schema(cx, s);
}

static void libsvm_close(struct io_scan *scan)
{
    struct sv_scan *s = scan_of(scan);
    if (s->head.schema) schema_unref(s->head.schema);
    io_source_close(s->src);
    arena_free(s->arena);
    mem_free(s);
}

static enum rc_t libsvm_open(struct ctx *cx, const char *path, const struct io_option *opts, int n,
                             struct span span, struct io_scan **out)
{
    struct sv_scan *s = mem_zero(sizeof *s);
    (void)opts;
    (void)n;
    s->arena = arena_new();
    s->span = span;
    s->head.format = &io_libsvm;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    atomic_init(&s->head.refs, 1);
    enum rc_t res = open_scan(cx, s);
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        libsvm_close((struct io_scan *)s);
    return res;
}

/* ---- reading ---- */
struct sv_reader {
    const struct sv_scan *s;
    int n_columns, cap, n_rows; /* rows of a batch: room, so far */
    int *place;                 /* of each column of the file among the asked ones; -1: not asked */
    double *values;             /* [n_columns][cap]; those of qid are int64_t */
    uint64_t *qid_valid;
    struct vec *vecs;
    int64_t part, rows;
    io_push push;
    void *self;
};

static void put(struct sv_reader *r, int column, double v)
{
    int k = r->place[column];
    if (k >= 0) r->values[(size_t)k * (size_t)r->cap + (size_t)r->n_rows] = v;
}

static void put_qid(struct sv_reader *r, const struct sv_line *l)
{
    int k = r->s->has_qid ? r->place[1] : -1;
    if (k < 0) return;
    memcpy(&r->values[(size_t)k * (size_t)r->cap + (size_t)r->n_rows], &l->qid, sizeof l->qid);
    if (l->has_qid) r->qid_valid[r->n_rows / 64] |= UINT64_C(1) << (r->n_rows % 64);
}

static rc push_rows(struct ctx *cx, struct sv_reader *r)
{
    struct batch b = {r->n_rows, r->n_columns, r->vecs, r->rows};
    if (r->n_rows == 0) return RC_OK;
    TRY(check_cancel(cx));
    TRY(r->push(cx, r->self, r->part, &b));
    r->rows += r->n_rows;
    r->n_rows = 0;
    memset(r->values, 0, sizeof *r->values * (size_t)r->n_columns * (size_t)r->cap);
    memset(r->qid_valid, 0, (size_t)r->cap / 8);
    return RC_OK;
}

static rc read_lines(struct ctx *cx, struct sv_reader *r, struct sv_text *t, int64_t limit)
{
    const struct sv_scan *s = r->s;
    struct sv_line l;
    int64_t at, index = 0;
    double value = 0;
    int first = 1 + s->has_qid;
    while ((limit < 0 || r->rows + r->n_rows < limit) && next_line(t, &l, &at)) {
        bool is_empty, more = true;
        TRY(read_label(cx, s, at, &l, &is_empty));
        if (is_empty) continue;
        put(r, 0, l.label);
        put_qid(r, &l);
        for (;;) {
            TRY(read_pair(cx, s, at, &l, &index, &value, &more));
            if (!more) break;
            if (index - s->low >= s->n_features || index < s->low)
                return fail(cx, E302, s->span, "`%s` has changed while it was read", s->head.label);
            put(r, first + (int)(index - s->low), value);
        }
        if (++r->n_rows == r->cap) TRY(push_rows(cx, r));
    }
    return push_rows(cx, r);
}

static rc reader_room(struct ctx *cx, struct sv_reader *r, const int *columns)
{
    const struct sv_scan *s = r->s;
    int64_t rows = BATCH_BYTES / 8 / (r->n_columns + 1) / 64 * 64;
    void *values;
    r->cap = rows < 64 ? 64 : rows > BATCH_ROWS ? BATCH_ROWS : (int)rows;
    TRY(mem_big(cx, sizeof *r->values * (size_t)(r->n_columns + 1) * (size_t)r->cap, &values));
    r->values = values;
    memset(values, 0, sizeof *r->values * (size_t)(r->n_columns + 1) * (size_t)r->cap);
    r->qid_valid = mem_zero((size_t)r->cap / 8);
    r->vecs = mem_zero(sizeof *r->vecs * (size_t)(r->n_columns + 1));
    r->place = mem_alloc(sizeof *r->place * (size_t)s->head.schema->n);
    for (int i = 0; i < s->head.schema->n; i++)
        r->place[i] = -1;
    for (int i = 0; i < r->n_columns; i++) {
        bool is_qid = s->has_qid && columns[i] == 1;
        r->place[columns[i]] = i;
        r->vecs[i] = (struct vec){.phys = is_qid ? PHYS_I64 : PHYS_F64,
                                  .data = r->values + (size_t)i * (size_t)r->cap,
                                  .valid = is_qid ? r->qid_valid : NULL};
    }
    return RC_OK;
}

static enum rc_t libsvm_read(struct ctx *cx, struct io_scan *scan, const int *columns,
                             int n_columns, int64_t part, int64_t limit, io_push push, void *self)
{
    const struct sv_scan *s = scan_of(scan);
    struct sv_reader r = {.s = s, .n_columns = n_columns, .part = part, .push = push, .self = self};
    struct sv_text t = {0};
    int64_t mine = limit < 0 ? -1 : limit - s->blocks[part].first_row;
    if (limit >= 0 && mine <= 0) return RC_OK;
    enum rc_t res = reader_room(cx, &r, columns);
    if (res == RC_OK) res = load_block(cx, s, part, &t);
    if (res == RC_OK) res = read_lines(cx, &r, &t, mine);
    mem_free(t.buf);
    mem_big_free(r.values);
    mem_free(r.qid_valid);
    mem_free(r.vecs);
    mem_free(r.place);
    return res;
}

static bool libsvm_is_stale(const struct io_scan *scan)
{
    return io_source_is_stale(scan_of(scan)->src);
}

static const struct io_option_desc read_options[] = {{NULL, KIND_NULL, NULL}};

const struct io_format io_libsvm = {
    .name = "libsvm",
    .extensions = "libsvm svm svmlight",
    .doc =
        "Sparse rows `label index:value ..` of LIBSVM and SVMlight: columns label, f1 .. fn; what "
        "a row does not name is 0.",
    .read_options = read_options,
    .open = libsvm_open,
    .close = libsvm_close,
    .read = libsvm_read,
    .is_stale = libsvm_is_stale,
};

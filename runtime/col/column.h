/* column.h: types, schema, columns, tables, and the batches that flow between operators.
 *
 * A column is contiguous, immutable once published and atomically reference counted. Text is a
 * 16-byte view: length, then up to 12 bytes inline, else a 4-byte prefix and a pointer into a heap
 * the column keeps alive (Arrow's views with the buffer index resolved to a pointer: gathers and
 * concatenations then never renumber buffers; export writes the indices). Text with few distinct
 * values is stored as PHYS_DICT whatever its kind (str or cat): code i32 into a column of distinct
 * texts. A kernel sees the canonical type of the kind unless it declares otherwise (fn/fn.h). */
#ifndef MLNB_COL_COLUMN_H
#define MLNB_COL_COLUMN_H

#include "runtime/base/arena.h"
#include "runtime/base/bitmap.h"
#include "runtime/base/rc.h"
#include "runtime/base/str.h"

#include <stdatomic.h>

enum phys {
#define PHYS(e, name, width) e,
#include "runtime/col/types.def"
#undef PHYS
    PHYS_COUNT
};
enum kind {
#define KIND(e, name, phys, doc) e,
#include "runtime/col/types.def"
#undef KIND
    KIND_COUNT
};
const char *phys_name(enum phys p);
size_t phys_width(enum phys p); /* bytes a value; 0 for bool (bits) and struct */
const char *kind_name(enum kind k);
enum phys kind_phys(enum kind k);

/* A language type. Compare with dtype_eq. Strings and elem live for ever (interned) or in the
 * schema's own memory. */
struct dtype {
    enum kind kind;
    bool ordered;                /* KIND_CAT: the levels have an order */
    const char *zone;            /* KIND_DATETIME: IANA name or "UTC", NULL = no zone; interned */
    const struct dtype *elem;    /* KIND_LIST: interned (dtype_list) */
    const struct schema *fields; /* KIND_STRUCT */
};
#define DTYPE(k) ((struct dtype){.kind = (k)})
bool dtype_eq(struct dtype a, struct dtype b);
const char *dtype_intern(const char *zone); /* same text, same pointer, never freed */
struct dtype dtype_list(struct dtype elem); /* list of elem */
struct field;
/* Struct of these fields; false when a name stands twice. Its schema lives for ever, as
 * dtype_list's elem does. */
bool dtype_struct(const struct field *fields, int n, struct dtype *out);
/* "int", "datetime[UTC]", "list[int]", "struct{a: int}" into buf; returns buf. */
const char *dtype_text(struct dtype t, char *buf, size_t n);
static inline bool dtype_is_number(struct dtype t)
{
    return t.kind == KIND_INT || t.kind == KIND_NUM;
}

/* ---- schema: names are unique; immutable; counted ---- */
struct field {
    const char *name; /* NUL-terminated UTF-8, any text */
    struct dtype type;
};
struct schema {
    atomic_int refs;
    int n;
    struct field *fields; /* [n] */
};
/* Copies names. E212 when a name stands twice (the caller knows the span). */
rc schema_new(struct ctx *cx, const struct field *fields, int n, struct span span,
              struct schema **out);
struct schema *schema_ref(const struct schema *s);
void schema_unref(const struct schema *s);
int schema_find(const struct schema *s, struct str name); /* index or -1 */

/* ---- memory of columns ---- */
struct buf { /* counted large memory, or foreign memory with a release callback */
    atomic_int refs;
    void *p;
    size_t n;                   /* bytes */
    void (*release)(void *arg); /* NULL: p is mem_big memory */
    void *arg;
};
rc buf_new(struct ctx *cx, size_t n, struct buf **out);
struct buf *buf_adopt(void *take_p, size_t n); /* takes mem_big memory */
struct buf *buf_ref(struct buf *b);
void buf_unref(struct buf *b);

/* Text view, 16 bytes. n <= 12: all bytes in inl (rest zero). Else prefix holds the first four, ptr
 * the text. */
struct text {
    union {
        struct {
            uint32_t n;
            char inl[12];
        };
        struct {
            uint32_t n_again;
            char prefix[4];
            const char *ptr;
        };
    };
};
_Static_assert(sizeof(struct text) == 16, "text views are 16 bytes");
#define TEXT_INLINE 12
static inline struct str text_str(const struct text *t) /* valid while *t and its heap live */
{
    return (struct str){t->n <= TEXT_INLINE ? t->inl : t->ptr, t->n};
}
static inline struct text text_make(const char *p, size_t n) /* borrows p when n > 12 */
{
    struct text t = {.n = (uint32_t)n};
    if (n <= TEXT_INLINE) {
        memset(t.inl, 0, sizeof t.inl);
        if (n) memcpy(t.inl, p, n);
    } else {
        memcpy(t.prefix, p, 4);
        t.ptr = p;
    }
    return t;
}
static inline bool text_eq(const struct text *a, const struct text *b)
{
    if (memcmp(a, b, 8) != 0) return false; /* length and prefix */
    return a->n <= TEXT_INLINE ? memcmp(a->inl + 4, b->inl + 4, 8) == 0
                               : a->ptr == b->ptr || memcmp(a->ptr, b->ptr, a->n) == 0;
}

struct column {
    atomic_int refs;
    enum phys phys;
    struct dtype type;
    int64_t n;
    int64_t n_null; /* exact */
    const uint64_t
        *valid;       /* NULL = no nulls; a set bit = a value. Data under a null is zero bytes */
    const void *data; /* [n] of phys; bool: bits; list: int64 offsets [n + 1] */
    const struct column *
        dict; /* PHYS_DICT: levels, a PHYS_STR column of distinct values without nulls; owned ref */
    const struct column **child; /* list: [1]; struct: [n_child]; owned refs */
    int n_child;
    struct buf **bufs; /* everything the pointers above point into; owned refs */
    int n_bufs;
};
struct column *column_ref(const struct column *c);
void column_unref(const struct column *c); /* NULL is fine */
/* The column is given back when the arena is; NULL is fine. */
void arena_column(struct arena *a, const struct column *take_c);
int64_t column_bytes(const struct column *c); /* memory held (shared parts counted in full) */

/* ---- vectors and batches: borrowed views that flow through a pipeline ---- */
#define BATCH_ROWS  2048
#define MORSEL_ROWS 65536

struct vec {
    enum phys phys;
    bool is_const;             /* one value at index 0 that stands for every row */
    const uint64_t *valid;     /* NULL = no nulls; starts at bit 0 */
    const void *data;          /* [n] values, or [1] when is_const; bool: bits from bit 0 */
    const struct column *dict; /* PHYS_DICT: levels (borrowed) */
    /* PHYS_STR: the column whose heaps hold every long text of this vector (may be shared by
     * reference); NULL = the texts live in scratch and must be copied by whoever keeps them. */
    const struct column *heap;
    const struct column **child; /* list and struct (borrowed) */
    int n_child;
};
struct batch {
    int n_rows; /* at most BATCH_ROWS unless the producer says otherwise */
    int n_cols;
    struct vec *cols;  /* [n_cols], in the schema's order */
    int64_t first_row; /* row number within its partition */
};
/* View of rows [at, at + n) of c. at must be a multiple of 64. */
struct vec column_view(const struct column *c, int64_t at, int64_t n);

/* ---- building ---- */
/* Appends values one batch at a time, then publishes a column. Not thread-safe: one a partition. */
struct builder {
    struct dtype type;
    enum phys phys;
    int64_t n, cap, n_null;
    uint64_t *valid; /* made at the first null */
    void *data;
    char *heap; /* current text block */
    size_t heap_n, heap_cap;
    struct buf **bufs; /* finished text blocks and shared heaps */
    int n_bufs, cap_bufs;
    const struct column *dict; /* PHYS_DICT: the one dictionary all appended codes refer to */
    struct builder *child;     /* list: [1]; struct: [n] */
    int n_child;
    const struct column *last_heap; /* the column shared last, and what it held */
    uint64_t last_bufs;
};
/* phys is usually kind_phys(type.kind). Zero-copy sharing of heaps happens by itself. */
void builder_init(struct builder *b, struct dtype type, enum phys phys);
void builder_release(struct builder *b);
rc builder_reserve(struct ctx *cx, struct builder *b, int64_t more);
/* Appends rows of v: all n, or those in sel[0..n) when sel is not NULL. A DICT vector appended to a
 * STR builder is widened; to a DICT builder with another dictionary, the builder turns into STR.
 * I32/F32 are widened to I64/F64. */
rc builder_append(struct ctx *cx, struct builder *b, const struct vec *v, const int32_t *sel,
                  int64_t n);
rc builder_null(struct ctx *cx, struct builder *b);
rc builder_bool(struct ctx *cx, struct builder *b, bool v);
rc builder_i64(struct ctx *cx, struct builder *b,
               int64_t v); /* I64, TS64, DUR64, DATE32, I32, DICT code */
rc builder_f64(struct ctx *cx, struct builder *b, double v); /* NaN is stored as null */
rc builder_str(struct ctx *cx, struct builder *b, struct str v);
/* Publishes; the builder is empty after, whatever happens. */
rc builder_finish(struct ctx *cx, struct builder *b, struct column **out);

/* Concatenates parts of one type in order (parallel copy). DICT parts with different dictionaries
 * are merged into one dictionary (levels in order of first appearance); DICT beside STR becomes
 * STR. */
rc column_concat(struct ctx *cx, const struct column *const *parts, int n_parts,
                 struct column **out);
/* rows[i] of c, or null where rows[i] < 0. Parallel over blocks. Texts share c's heaps. */
rc column_gather(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                 struct column **out);
/* As column_gather for rows of which none is negative: there is no first look for one. */
rc column_pick(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
               struct column **out);
/* Rows [at, at + n): shares memory when at is a multiple of 64, else copies. */
rc column_slice(struct ctx *cx, const struct column *c, int64_t at, int64_t n, struct column **out);
/* n nulls of a type. */
rc column_nulls(struct ctx *cx, struct dtype type, int64_t n, struct column **out);
/* Same values in the canonical physical type of the kind (DICT text -> STR views that share the
 * dictionary's heap; I32 -> I64; F32 -> F64); a plain reference when it is canonical already.
 * KIND_CAT stays DICT. */
rc column_canonical(struct ctx *cx, const struct column *c, struct column **out);
/* Text column as DICT (levels in order of first appearance, or sorted by code point). */
rc column_encode(struct ctx *cx, const struct column *c, bool sorted, struct column **out);

/* ---- one value ---- */
struct scalar {
    struct dtype type;
    bool is_null;
    int32_t
        months; /* KIND_DURATION literals only: calendar part of `2mo 1q 1y`; u.i holds the rest */
    union {
        bool b;
        int64_t i; /* int; date: days; datetime, duration: microseconds */
        double f;
        struct str s;              /* str, cat */
        const struct column *list; /* list: the elements */
        const struct table *row;   /* struct: a table of one row */
    } u;
};
/* Value at row i; text is borrowed from the column; a list or struct is a new reference:
 * scalar_release when done. */
struct scalar column_scalar(const struct column *c, int64_t i);
void scalar_release(struct scalar *s); /* only lists and structs own something */
/* Column of n equal values. */
rc column_fill(struct ctx *cx, const struct scalar *s, int64_t n, struct column **out);
rc builder_scalar(struct ctx *cx, struct builder *b, const struct scalar *s);
/* The text of a value as the language shows it alone (language.md 3.9): quoted text if `quote`,
 * shortest numbers. */
void scalar_text(struct strbuf *out, const struct scalar *s, bool quote);
/* Order of two values of one kind; null is last. Text by code point, cat by level order if given as
 * codes. */
int scalar_cmp(const struct scalar *a, const struct scalar *b);

/* ---- table ---- */
struct table {
    atomic_int refs;
    struct schema *schema;
    int64_t n_rows;
    struct column **cols; /* [schema->n], owned refs */
};
/* Takes the columns' references (also on failure); n_rows matters when there are no columns. */
rc table_new(struct ctx *cx, const struct schema *schema, struct column **take_cols, int64_t n_rows,
             struct table **out);
struct table *table_ref(const struct table *t);
void table_unref(const struct table *t);
/* The table is given back when the arena is; NULL is fine. */
void arena_table(struct arena *a, const struct table *take_t);
rc table_gather(struct ctx *cx, const struct table *t, const int64_t *rows, int64_t n,
                struct table **out);
rc table_slice(struct ctx *cx, const struct table *t, int64_t at, int64_t n, struct table **out);
rc table_concat(struct ctx *cx, const struct table *const *parts, int n_parts, struct table **out);
int64_t table_bytes(const struct table *t);

/* Levels of checks for columns that come from outside (files, the C data interface): 1 lengths and
 * types, 2 also every offset, code and text. False with a reason in *why (static text). */
bool column_check(const struct column *c, int level, const char **why);

#endif

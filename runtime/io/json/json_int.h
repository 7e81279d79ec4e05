/* json_int.h: JSON and JSON Lines, inside. A file is a sequence of records (the lines of JSON
 * Lines, the elements of an array, values one after the other, or one object). Opening finds where
 * records stand and what their values are (infer.c); reading parses blocks of records into columns
 * (read.c). */
#ifndef MLNB_IO_JSON_JSON_INT_H
#define MLNB_IO_JSON_JSON_INT_H

#include "runtime/io/io_int.h"

#ifndef JSON_BLOCK
#define JSON_BLOCK ((int64_t)1 << 20) /* bytes of records a partition, about */
#endif
#define JSON_DEPTH      200   /* nesting */
#define JSON_FIELDS_MAX 20000 /* different names of one object */
#define JSON_RECORD_MAX ((int64_t)1 << 31)

/* ---- text to values (lex.c): a cursor over bytes that are all there ---- */
struct json_cur {
    const char *p, *end;
    const char *fault; /* what is wrong at p, or NULL */
    int depth;
    struct strbuf *scratch; /* texts with escapes are spelled out here */
};
/* All return false with c->fault set when the text is not JSON. */
void json_space(struct json_cur *c);
bool json_text(struct json_cur *c, struct str *out); /* at `"`; out lives until the next one */
bool json_skip(struct json_cur *c);                  /* any value */
enum json_number { JSON_INT, JSON_NUM };
/* At a digit or `-` (or NaN, Infinity, which Python writes): the token's value; *is_nan: null. */
bool json_number(struct json_cur *c, enum json_number *kind, int64_t *i, double *f, bool *is_nan);
bool json_word(struct json_cur *c, const char *word); /* true, false, null */

/* ---- what stands in a place of the records: the union over all of them ---- */
enum {
    JSON_HAS_NULL = 1,
    JSON_HAS_BOOL = 2,
    JSON_HAS_INT = 4,
    JSON_HAS_NUM = 8,
    JSON_HAS_TEXT = 16, /* none of the three below */
    JSON_HAS_DATE = 32,
    JSON_HAS_TIME = 64,
    JSON_HAS_ZONED = 128,
    JSON_HAS_INF = 256, /* the texts "inf" and "-inf", as infinities are written */
    JSON_HAS_LIST = 512,
    JSON_HAS_OBJECT = 1024
};
struct json_type {
    uint32_t has;
    struct json_type *elem;
    struct json_field *fields; /* in order of first appearance */
    int n_fields, cap_fields;
    uint32_t *slots; /* name -> field + 1; NULL while there are few */
    uint32_t mask;
};
struct json_field {
    struct str name;
    struct json_type *type;
};
/* The field of that name, made when `a` is not NULL; index or -1. hint: where it is expected. */
int json_field_at(struct json_type *t, struct arena *a, struct str name, int hint);
/* Takes a value in; false with c->fault. */
bool json_see(struct json_cur *c, struct json_type *t, struct arena *a);
/* dst |= src, src's fields after dst's. */
void json_merge(struct json_type *dst, const struct json_type *src, struct arena *a);
/* The language's type of what was seen; what does not go together is text (the JSON itself). */
rc json_dtype(struct ctx *cx, const struct json_type *t, struct span span, struct dtype *out);
/* Which of the text kinds a text is. */
uint32_t json_text_kind(struct str s);

/* ---- the scan ---- */
struct json_block {
    int64_t from, to; /* bytes of the file */
    int64_t n_rows, rows_before;
};
struct json_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    struct io_source *src;
    bool is_array;   /* records are apart by commas */
    bool is_lines;   /* a record a line */
    bool is_wrapped; /* records are no objects: one column `value` */
    struct json_block *blocks;
    int64_t n_blocks;
    struct json_type *root;
    bool *is_forced;          /* [columns] types: names it */
    atomic_llong n_bad[1024]; /* values that did not fit a type asked for, first columns */
    atomic_bool is_reported;
};
/* A block's bytes, padded by zeros; mem_big_free *out. */
rc json_load(struct ctx *cx, const struct json_scan *s, int64_t from, int64_t to, char **out);
/* The next record of a block: c->p stands at its first byte; *more false at the end. Separators are
 * checked. */
bool json_next(const struct json_scan *s, struct json_cur *c, bool is_first, bool *more);
/* E330 for the byte `at` of the file. */
rc json_fail(struct ctx *cx, const struct json_scan *s, int64_t at, const char *what);
/* Finds blocks and types. path: option `path:`, empty when not given. */
rc json_infer(struct ctx *cx, struct json_scan *s, struct str path);
/* Columns of one block, rows cut to the limit; out[n_columns] are new references. */
rc json_read_block(struct ctx *cx, struct json_scan *s, const int *columns, int n_columns,
                   int64_t part, int64_t limit, struct column **out, int64_t *n_rows);

extern const struct io_option_desc json_write_options[];
enum rc_t json_begin(struct ctx *cx, const struct schema *schema, const char *path,
                     const struct io_option *opts, int n_opts, struct span span,
                     struct io_writer **out);
enum rc_t jsonl_begin(struct ctx *cx, const struct schema *schema, const char *path,
                      const struct io_option *opts, int n_opts, struct span span,
                      struct io_writer **out);
enum rc_t json_append(struct ctx *cx, struct io_writer *w, const struct table *rows);
enum rc_t json_finish(struct ctx *cx, struct io_writer *take_w);
void json_abort(struct io_writer *take_w);

#endif

/* pq_write.h: inside the Parquet writer. A row group's columns are encoded side by side, a task a
 * leaf: levels and dense values, a dictionary where it pays, pages, statistics; then the bytes go
 * to the file in order and the footer keeps what it has to tell. */
#ifndef MLNB_IO_PARQUET_PQ_WRITE_H
#define MLNB_IO_PARQUET_PQ_WRITE_H

#include "runtime/io/parquet/pq_meta.h"

enum pq_codec_packing { PQ_ZSTD_LEVEL = 1, PQ_GZIP_LEVEL = 6 };

struct pq_wnode { /* of the schema that is written: depth first, as the footer lists them */
    const char *name;
    struct dtype type;
    int repetition; /* 0 required, 1 optional, 2 repeated */
    int n_children;
    int leaf; /* number of the leaf, or -1 */
    int def, rep;
};
struct pq_step { /* from a column down to a leaf */
    enum { STEP_STRUCT, STEP_LIST } kind;
    int child;
};
struct pq_wleaf {
    int column; /* of the table */
    struct dtype type;
    int type_stored; /* enum pq_type */
    int max_def, max_rep;
    struct pq_step *steps;
    int n_steps;
    const char **path; /* names for the footer */
    int n_path;
};

/* What a leaf of a row group holds: entries with levels, and the dense values among them. */
struct pq_values {
    int64_t n_entries, n;
    uint8_t *def, *rep;        /* NULL: all there, nothing repeats */
    enum phys phys;            /* BOOL (a byte a value), DATE32, I64, F64, STR, DICT */
    const void *data;          /* [n] */
    const struct column *dict; /* PHYS_DICT */
    void *own[4];              /* memory behind it */
    int n_own;
};
rc pq_values_make(struct ctx *cx, const struct pq_wleaf *l, const struct column *c,
                  struct pq_values *out);
void pq_values_free(struct pq_values *v);

/* Codes of values in order of first appearance. */
struct pq_wdict {
    bool is_used;
    int64_t n;
    uint32_t *codes; /* [values] */
    int64_t *first;  /* [n] value that brought each entry; or, for PHYS_DICT, row of its dict */
};
rc pq_wdict_make(struct ctx *cx, const struct pq_values *v, bool always, struct pq_wdict *out);
void pq_wdict_free(struct pq_wdict *d);

struct pq_wstats {
    bool has_range;
    bool min_exact, max_exact;
    int64_t n_null;
    uint8_t min[72], max[72];
    int n_min, n_max; /* -1: none */
};
void pq_wstats_make(const struct pq_values *v, const struct pq_wdict *d, struct pq_wstats *out);

struct pq_wchunk { /* an encoded leaf of a row group */
    struct strbuf bytes;
    int64_t n_values;
    int64_t dict_at, data_at; /* offsets in bytes; dict_at -1: none */
    int64_t n_plain;          /* bytes unpacked, headers too */
    int n_dict_pages, n_data_pages;
    struct pq_wstats stats;
};
/* encode.c */
void pq_put_rle(struct strbuf *out, const uint32_t *v, int64_t n, int width);
void pq_put_plain(struct strbuf *out, const struct pq_values *v, int64_t from, int64_t n);
rc pq_chunk_write(struct ctx *cx, const struct pq_wleaf *l, const struct column *c, int codec,
                  struct pq_wchunk *out);

struct pq_wgroup { /* written: what the footer tells */
    int64_t n_rows, n_bytes;
    int64_t *at;              /* [n_leaves] offset of each chunk in the file */
    struct pq_wchunk *chunks; /* [n_leaves] without bytes */
};
struct pq_writer {
    struct io_writer head;
    struct arena *arena;
    struct io_output *file;
    struct span span;
    struct schema *schema;
    int codec;
    int64_t group_rows;
    int64_t at; /* bytes written */
    struct pq_wnode *nodes;
    int n_nodes, cap_nodes;
    struct pq_wleaf *leaves;
    int n_leaves, cap_leaves;
    struct pq_wgroup *groups;
    int n_groups, cap_groups;
    struct table **pending; /* rows that do not fill a group yet, in their order */
    int n_pending, cap_pending;
    int64_t pending_rows;
    struct column **levels; /* [columns] of categories, as far as seen */
};
/* footer.c */
rc pq_write_schema(struct ctx *cx, struct pq_writer *w);
void pq_write_footer(struct strbuf *out, const struct pq_writer *w);

extern const struct io_option_desc pq_write_options[];
enum rc_t pq_write_begin(struct ctx *cx, const struct schema *schema, const char *path,
                         const struct io_option *opts, int n_opts, struct span span,
                         struct io_writer **out);
enum rc_t pq_write_append(struct ctx *cx, struct io_writer *w, const struct table *rows);
enum rc_t pq_write_finish(struct ctx *cx, struct io_writer *take_w);
void pq_write_abort(struct io_writer *take_w);

#endif

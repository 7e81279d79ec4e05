/* csv_int.h: delimited text, inside.
 *
 * A file is cut into blocks at fixed distances; a block begins after the first line break at or
 * past its mark, so the only question about its first byte is whether it lies inside quotes.
 * Opening walks every block once (infer.c): finds row starts, counts rows, and collects for each
 * column which kinds of value it holds. Reading (read.c) walks the asked blocks again and parses
 * the asked columns. Both see a block as strips (walk.c): a few thousand fields whose ends stand in
 * one array, so that each column is then handled in a loop of its own. */
#ifndef MLNB_IO_CSV_CSV_INT_H
#define MLNB_IO_CSV_CSV_INT_H

#include "runtime/io/csv/strip.h"
#include "runtime/io/csv/value.h"
#include "runtime/io/io_int.h"

/* Sizes; tests/fuzz builds this folder with very small ones. */
#ifndef CSV_BLOCK
#define CSV_BLOCK      ((int64_t)1 << 20)  /* bytes between marks */
#define CSV_LINE_MAX   ((int64_t)64 << 20) /* bytes of a row */
#define CSV_STRIP      16384               /* fields a strip, when rows are narrower than that */
#define CSV_STRIP_ROWS 32  /* rows a strip at least, if that is not too many fields */
#define CSV_WAVE       512 /* blocks a round of opening */
#define CSV_HEAD       ((int64_t)64 << 10) /* bytes first read to find delimiter and names */
#endif
#define CSV_PAD         64 /* readable bytes around every buffer */
#define CSV_COLUMNS_MAX 1000000
#define CSV_SPARE       64 /* scratch buffers kept between blocks */

/* ---- scan ---- */
enum csv_fault_kind {
    CSV_FAULT_NONE,
    CSV_FAULT_RAGGED,
    CSV_FAULT_UNCLOSED,
    CSV_FAULT_LONG,
    CSV_FAULT_NUL,
    CSV_FAULT_UTF8
};
struct csv_fault {
    enum csv_fault_kind kind;
    int64_t at; /* byte in the file where the row begins (NUL, UTF8: the byte itself) */
    int64_t n;  /* RAGGED: fields found */
    char byte;  /* UTF8 */
};
#define CSV_NOTED 3
struct csv_oddity { /* rows that were repaired, values that did not fit a type asked for */
    int64_t n;
    int64_t at[CSV_NOTED];      /* bytes in the file (ragged) or rows (values) */
    struct str text[CSV_NOTED]; /* values; in the scan's arena */
};
struct csv_block {
    int file;
    int64_t from, to; /* bytes [from, to) of the file, each right after a line break */
    int64_t first;    /* the first row that starts here; `to` when none does */
    int64_t last;     /* byte after the last of these rows: past `to` when it holds line breaks */
    int64_t n_rows, rows_before;
};
struct csv_file {
    struct io_source *src;
    int64_t data_at; /* first byte after the header row */
    int64_t size;
    int64_t n_blocks;
    int64_t bad_at; /* the last byte that a fault said is no UTF-8 */
};
struct csv_column {
    const char *name;
    struct dtype type;
    uint32_t kinds;
    bool is_forced;        /* types: names it */
    bool null_words;       /* a text column that held nothing but null: NA and the like are null */
    struct csv_oddity bad; /* forced: values that became null */
};
struct csv_work;
struct csv_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    struct csv_dialect dialect;
    struct csv_file *files;
    int n_files;
    struct csv_column *cols;
    int n_cols;
    struct csv_block *blocks;
    int64_t n_blocks;
    struct csv_oddity shorter, longer; /* rows */
    bool made_up_names;                /* the first line looked like a row */
    int64_t recoded_at;                /* first byte that was no UTF-8, so that it was read as
                                          windows-1252; -1: it is UTF-8, or encoding: said it */
    atomic_bool is_reported, names_reported, code_reported;
    _Atomic(struct csv_work *) spare[CSV_SPARE];
};

/* ---- walking a block strip by strip ---- */
struct csv_walk { /* the position in one block */
    const struct csv_scan *scan;
    const struct csv_file *file;
    int64_t base; /* file offset of buf[0] */
    size_t n;     /* bytes loaded */
    size_t stop;  /* rows that start before this offset of buf are the block's */
    struct csv_index ix;
    uint32_t n_used;    /* places of pos that the last strip consumed */
    bool at_end;        /* nothing more will come */
    bool is_through;    /* the row that goes on past `stop` is complete */
    bool has_passed;    /* the index has reached `stop` .. */
    bool ends_in_quote; /* .. inside quotes */
    int64_t most;       /* bytes a row may go on past the block before it is a fault */
    struct csv_fault fault;
    struct csv_oddity shorter, longer;
    struct csv_strip strip;
};
struct csv_work { /* scratch of one task; kept by the scan between tasks */
    char *mem;
    size_t cap;
    uint32_t *pos;
    uint32_t cap_pos;
    uint32_t *pairs; /* repaired rows: place before and end of each field */
    size_t cap_pairs;
    struct arena *side; /* texts whose doubled quotes were made single */
    struct csv_walk walk;
    void *values; /* read.c */
    size_t cap_values;
};
rc csv_work_get(struct ctx *cx, struct csv_scan *s, struct csv_work **out);
void csv_work_put(struct csv_scan *s, struct csv_work *w);
void csv_work_free(struct csv_work *w);

/* Begins with a file: bytes are loaded from file offset `base` on. */
void csv_walk_open(struct csv_work *w, const struct csv_scan *s, const struct csv_file *file,
                   int64_t base);
/* Makes sure that bytes up to file offset `upto` (clamped to the end) are loaded. */
rc csv_walk_load(struct ctx *cx, struct csv_work *w, int64_t upto);
/* Wants the rows that start in [from, to) (file offsets; the byte after `to` is loaded). With
 * in_quote, `from` lies inside quotes, and the rest of that row is passed over. */
rc csv_walk_rows(struct ctx *cx, struct csv_work *w, int64_t from, int64_t to, bool in_quote);
/* The next strip with at least one row; *more false at the block's end or at a fault
 * (w->walk.fault).
 */
rc csv_walk_next(struct ctx *cx, struct csv_work *w, bool *more);
/* File offset of the first row that has not been given out. */
int64_t csv_walk_row_at(const struct csv_walk *k);
/* ---- parsed columns of one block ---- */
struct csv_dict;
struct csv_out {
    int col; /* in the scan */
    enum kind kind;
    int64_t n, cap; /* rows parsed, room */
    void *data;     /* values; text: codes while is_dict, else views into the buffer */
    uint64_t *valid;
    int64_t n_null; /* valid is filled in at the first */
    int64_t n_misfit;
    bool is_dict;
    struct csv_dict *dict;
};
size_t csv_out_bytes(enum kind kind, int64_t rows); /* data, rounded up to cache lines */
/* Parses a strip's column; rows past the room are left out. */
void csv_parse_strip(const struct csv_scan *s, const struct csv_strip *strip, struct csv_out *out,
                     struct arena *side);
void csv_parse_texts(const struct csv_scan *s, const struct csv_strip *strip, struct csv_out *out,
                     struct arena *side);
/* Settles codes or views once all rows are there; *levels is a new column, NULL for views. */
rc csv_finish_texts(struct ctx *cx, struct csv_out *out, struct column **levels);
bool csv_keeps_dict(const struct csv_out *out); /* all rows are there, as codes that are worth it */
void csv_out_null(struct csv_out *out, int64_t row);
size_t csv_dict_bytes(int64_t rows);
struct csv_job { /* the columns asked for of one block */
    struct csv_scan *s;
    const struct csv_block *block;
    struct csv_work *w;
    int64_t n_rows; /* wanted */
    int n_cols;
    struct csv_out *outs;   /* [n_cols] */
    struct column **levels; /* [n_cols] dictionaries, owned; NULL where there is none */
    struct vec *vecs;       /* [n_cols] */
};
int64_t csv_rows_wanted(const struct csv_block *b, int64_t limit);
/* One piece of the work's scratch for all arrays; `outs` may then be pointed elsewhere. */
rc csv_job_room(struct ctx *cx, struct csv_job *j, const int *columns);
rc csv_job_parse(struct ctx *cx, struct csv_job *j);
enum rc_t csv_read_whole(struct ctx *cx, struct io_scan *scan, const int *columns, int n_columns,
                         int64_t limit, struct column **out);
rc csv_read(struct ctx *cx, struct csv_scan *s, const int *columns, int n_columns, int64_t part,
            int64_t limit, io_push push, void *self);

/* A scan with one file that is not opened yet. */
struct csv_scan *csv_scan_new(const struct io_format *f, const char *path, struct span span);
void csv_scan_free(struct csv_scan *s);
extern const struct io_format io_csv, io_tsv, io_fixed;

/* ---- writing ---- */
extern const struct io_option_desc csv_write_options[];
enum rc_t csv_begin(struct ctx *cx, const struct schema *schema, const char *path,
                    const struct io_option *opts, int n_opts, struct span span,
                    struct io_writer **out);
enum rc_t tsv_begin(struct ctx *cx, const struct schema *schema, const char *path,
                    const struct io_option *opts, int n_opts, struct span span,
                    struct io_writer **out);
enum rc_t csv_append(struct ctx *cx, struct io_writer *writer, const struct table *rows);
enum rc_t csv_finish(struct ctx *cx, struct io_writer *take_w);
void csv_abort(struct io_writer *take_w);

/* ---- steps of opening ---- */
struct csv_options {
    struct csv_dialect dialect;
    bool has_delim, has_header, header;
    bool is_fixed; /* columns at fixed places */
    bool has_encoding, says_escape;
    enum io_encoding encoding;
    bool is_one_of_many; /* types: may name columns of other files */
    int64_t skip;
    const struct column *names; /* text list or NULL; borrowed from the options */
    const struct table *types;  /* one row of type names or NULL */
    struct span names_span, types_span;
};
/* ---- fixed width (fixed.c) ---- */
struct str csv_fixed_field(const struct csv_dialect *d, struct str line, int c); /* trimmed */
rc csv_fixed_widths(struct ctx *cx, struct arena *a, const struct io_option *o,
                    struct csv_dialect *d);
/* Columns by the blank places of the first lines. */
rc csv_fixed_sniff(struct ctx *cx, struct csv_scan *s, const char *text, size_t n, bool is_whole);

rc csv_one_char(struct ctx *cx, const struct io_option *o, char *out);
rc csv_options_read(struct ctx *cx, struct arena *a, const struct io_option *opts, int n,
                    char default_delim, struct csv_options *out);
/* Reads the head of the file: settles delimiter, line ends, names and where data begins. */
rc csv_head(struct ctx *cx, struct csv_scan *s, const struct csv_options *o);
/* Walks the whole file: blocks, row counts, types. */
rc csv_infer(struct ctx *cx, struct csv_scan *s);
/* Turns a fault into the error a person reads. */
rc csv_fault_error(struct ctx *cx, const struct csv_scan *s, const struct csv_file *f,
                   const struct csv_fault *fault);
/* Number (from 1) of the line that holds a byte; 0 when the file cannot be read. */
int64_t csv_line_at(struct ctx *cx, const struct csv_file *f, int64_t at);

#endif

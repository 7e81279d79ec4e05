/* io.h: formats. A reader is opened far enough to know its schema, then yields batches a partition
 * at a time; readers are lazy, parallel over partitions and never hold the file whole. One
 * descriptor a format, one row in formats.def. */
#ifndef MLNB_IO_IO_H
#define MLNB_IO_IO_H

#include "runtime/base/arena.h"
#include "runtime/col/column.h"

/* Options of read() and save, by name as the user wrote them; unknown ones fail E206 with the
 * nearest name. */
struct io_option {
    const char *name;
    struct scalar value; /* lists as KIND_LIST; structs (types: {..}) as KIND_STRUCT */
    struct span span;
};
struct io_option_desc {
    const char *name;
    enum kind kind; /* KIND_NULL: any */
    const char *doc;
};

struct io_scan; /* opened source: counted, immutable; embeds this head first */
struct io_scan_head {
    atomic_int refs;
    const struct io_format *format;
    struct schema *schema; /* full schema of the file */
    const char *label;     /* path as the user wrote it */
    int64_t n_bytes;       /* size of all sources; -1 unknown */
    int64_t n_rows;        /* -1 when only a full pass would tell */
    int n_partitions;      /* fixed by the data alone (block size), never by threads */
};
static inline struct io_scan_head *io_head(const struct io_scan *s)
{
    return (struct io_scan_head *)(uintptr_t)s;
}
/* What a filter above asks of one column: rows outside [lo, hi] are not wanted. */
struct io_range {
    int column;            /* in the file's schema */
    struct scalar lo, hi;  /* of the column's kind */
    bool has_lo, has_hi;   /* without one: open */
    bool lo_open, hi_open; /* the bound itself is out */
    bool nulls;            /* rows where it is null are wanted too */
};
/* A file being written part by part; embeds this head first. */
struct io_writer {
    const struct io_format *format;
    int64_t n_rows; /* written so far */
};
typedef enum rc_t (*io_push)(struct ctx *cx, void *self, int64_t partition, const struct batch *b);

struct io_format {
    const char *name;       /* "csv" */
    const char *extensions; /* "csv tsv txt csv.gz" */
    const char *doc;
    const struct io_option_desc *read_options;  /* ends with a NULL name; NULL = cannot be read */
    const struct io_option_desc *write_options; /* NULL = cannot be written */
    /* How sure (0..100) that these first bytes are this format, for files without an extension. */
    int (*probe)(const char *head, size_t n);
    /* Opens one file: infers the whole file's schema (language.md 3.6: a type is what the whole
     * file needs). */
    enum rc_t (*open)(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
                      struct span span, struct io_scan **out);
    void (*close)(struct io_scan *s); /* at the last unref */
    /* Reads partition `part` of columns[0..n_columns) (indices into the schema) and pushes its
     * batches in row order. Called on pool threads, one call a partition, any order. `limit` rows
     * of the whole file are enough (-1 = all). */
    enum rc_t (*read)(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                      int64_t part, int64_t limit, io_push push, void *self);
    /* Optional: whole columns at once, when the format knows where each row belongs and can put it
     * there without a copy; out[n_columns] are new. For io_read_table. */
    enum rc_t (*read_whole)(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                            int64_t limit, struct column **out);
    /* Optional: true when statistics of the file (or names of its folders) say that no row of this
     * partition lies in all the ranges. Never reads the partition. */
    bool (*skip)(const struct io_scan *s, int64_t part, const struct io_range *ranges, int n);
    /* Optional: least and greatest value (about: bounds) of a column of numbers or times as the
     * file's statistics have them. Reads nothing. */
    bool (*bounds)(const struct io_scan *s, int col, struct scalar *lo, struct scalar *hi);
    /* Called once after the last partition of a full pass, on the statement's thread: warnings
     * (ragged rows ...). */
    enum rc_t (*done)(struct ctx *cx, struct io_scan *s);
    /* E305-style check whether the file behind s is still the one that was opened (size, mtime). */
    bool (*is_stale)(const struct io_scan *s);
    /* Writes a table. `path` is written as path.tmp-PID, fsync'ed and renamed by the caller's
     * helper io_commit. */
    enum rc_t (*write)(struct ctx *cx, const struct table *t, const char *path,
                       const struct io_option *opts, int n_opts, struct span span);
    /* The same part by part, for results that do not fit in memory (NULL: only whole tables). begin
     * checks the options; append takes rows in their order, any number at a time, from one thread
     * (and may use the pool itself); finish makes the file appear; both free nothing on failure:
     * abort does, and leaves nothing behind. */
    enum rc_t (*begin)(struct ctx *cx, const struct schema *schema, const char *path,
                       const struct io_option *opts, int n_opts, struct span span,
                       struct io_writer **out);
    enum rc_t (*append)(struct ctx *cx, struct io_writer *w, const struct table *rows);
    enum rc_t (*finish)(struct ctx *cx, struct io_writer *take_w);
    void (*abort)(struct io_writer *take_w);
    /* Optional, for files that are read as one (between open and the first read): column `col`
     * comes as this wider type from now on (anything as str). Without it only int comes as num and
     * date as datetime. */
    void (*retype)(struct io_scan *s, int col, struct dtype type);
    /* Optional: the column holds nothing but nulls, so that its type means nothing. */
    bool (*all_null)(const struct io_scan *s, int col);
    /* Optional: gives back scratch that is only kept for speed; any thread. */
    void (*rest)(struct io_scan *s);
};
const struct io_format *io_format_find(struct str name);
const struct io_format *const *io_format_all(int *n);

/* The files that a pattern stands for, sorted (** for folders, {a,b}); paths in cx->arena. */
rc io_match(struct ctx *cx, const char *pattern, struct span span, const char ***out, int *n);
/* Picks the format (option `format:`, extension, content) and opens. The path may be a pattern
 * (day/x-*.csv, ** for folders, {a,b}) or a folder: all readable files, in order of their paths, as
 * one; columns by name, types widened, key=value folders as columns. Errors: E301 missing (with
 * near names in that folder), E302 nothing to read / permission, E303 binary, E305, E206, E209,
 * E320 files that do not fit together. */
rc io_open(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
           struct span span, struct io_scan **out);
/* As io_open, for what read() takes: paths (each may be a pattern or a folder), and how many bytes
 * of each the user did not write (option source: shows the rest). */
struct io_paths {
    const char *const *p;
    int n;
    size_t cut;
};
rc io_open_paths(struct ctx *cx, const struct io_paths *paths, const struct io_option *opts,
                 int n_opts, struct span span, struct io_scan **out);
/* An address of a server, not a path: never resolved against a folder. */
bool io_is_url(const char *path);
/* Whether a text holds an address with a password (user:password@host, password=): such text is not
 * shown and not kept. */
bool io_has_password(const char *text);
/* Bytes of all files that they stand for, and how many those are; 0 when none is there. */
int64_t io_paths_bytes(const struct io_paths *paths, int *n_files);
rc io_save(struct ctx *cx, const struct table *t, const char *path, const struct io_option *opts,
           int n_opts, struct span span);
/* All rows (or the first `limit`, -1 = all) of some columns as one table, in parallel; reports what
 * the format has to report. For whoever needs the whole and no plan. */
rc io_read_table(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                 int64_t limit, struct table **out);
/* Opens a writer part by part: chooses the format and checks options as io_save does. E305 when the
 * format writes whole tables only: ask io_can_append first. */
rc io_begin(struct ctx *cx, const struct schema *schema, const char *path,
            const struct io_option *opts, int n_opts, struct span span, struct io_writer **out);
bool io_can_append(const char *path, const struct io_option *opts, int n_opts);
struct io_scan *io_ref(const struct io_scan *s);
void io_unref(const struct io_scan *s);
/* Writes all of a table as delimited text to memory (mlnb run --format csv; RFC 4180, LF, null
 * empty, "" quoted). */
void io_csv_text(struct strbuf *out, const struct table *t, char delim);
/* The same as JSON: an array of records, or (is_array false) a record a line. */
void io_json_text(struct strbuf *out, const struct table *t, bool is_array);
/* Finds the index of an option, or -1. */
int io_option_find(const struct io_option *opts, int n, const char *name);

#endif

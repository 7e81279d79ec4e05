/* set_int.h: many files as one source. Inside runtime/io. */
#ifndef MLNB_IO_SET_INT_H
#define MLNB_IO_SET_INT_H

#include "runtime/io/io_int.h"

/* ---- which files ---- */
struct io_files {
    char **paths;  /* [n] */
    size_t *roots; /* [n] bytes of each path before which no folder is a key */
    int n, cap;
    size_t root; /* for what is added next */
};
void io_files_add(struct io_files *f, const char *path, size_t n);
void io_files_release(struct io_files *f);
bool io_has_wildcard(const char *path);
/* Appends what a path, pattern or folder stands for, sorted; a path without wildcards stands for
 * itself, there or not. Folders give files of known extensions, or all with any_format. */
rc io_expand(struct ctx *cx, const char *path, bool any_format, struct span span,
             struct io_files *out);
/* Files of no bytes leave a list of several, unless all are so. */
void io_files_drop_empty(struct io_files *f);
const struct io_format *io_format_of_name(const char *path); /* by extension, or NULL */

/* ---- key=value folders ---- */
struct io_keys {
    int n;              /* keys */
    const char **names; /* [n] */
    struct dtype *types;
    const struct column **levels; /* [n] text keys: their values; owned */
    struct scalar *values;        /* [n_files][n]; text borrowed from arena */
    int32_t *codes;               /* [n_files][n] of text keys; -1 null */
};
/* Keys of all files; memory in a, but levels. `types` (may be NULL) is the option types:. */
rc io_keys_find(struct ctx *cx, struct arena *a, const struct io_files *f,
                const struct io_option *types, struct span span, struct io_keys *out);
void io_keys_release(struct io_keys *k);
/* Appends `text` as it may stand in a folder's name (%XX). */
void io_key_escape(struct strbuf *out, struct str text);

/* ---- the scan ---- */
struct io_set_spec {
    struct io_files files;
    const char *label;        /* as written */
    const char *const *asked; /* what the files were found by, for is_stale */
    int n_asked;
    bool any_format;
    const char *source_name; /* NULL: no column of origins */
    size_t cut;              /* bytes before a path that the user did not write */
    const struct io_format *format;
    const struct io_option *opts; /* of the format */
    int n_opts;
    struct span span;
};
/* Takes spec->files whatever happens; sizes[] are the files' in bytes. */
rc io_set_open(struct ctx *cx, struct io_set_spec *take_spec, const int64_t *sizes,
               struct io_scan **out);

#define IO_SET_REST 8 /* files from which on each gives its scratch back after use */
struct io_set_part {  /* one partition of one file, or several small files whole */
    int file, n_files;
    int sub;
};
struct io_set_file {
    struct io_scan *scan;
    const int *at;       /* [n_file_cols] the file's column, -1: it has none; shared between kin */
    int64_t rows_before; /* -1: not known */
};
struct io_set {
    struct io_scan_head head;
    struct arena *arena;
    struct io_set_spec spec;
    struct io_set_file *files; /* [spec.files.n] */
    struct io_keys keys;
    int n_file_cols;              /* the schema: columns of files, keys, origin */
    const struct column **absent; /* [n_file_cols] nulls, where a file lacks the column */
    const struct column *origins; /* paths, when a column of origins is wanted */
    struct io_set_part *parts;    /* [head.n_partitions] */
    int n_lacking;                /* columns that some file lacks */
    atomic_bool is_reported;
};
enum rc_t io_set_read(struct ctx *cx, struct io_scan *s, const int *columns, int n_columns,
                      int64_t part, int64_t limit, io_push push, void *self);
bool io_set_skip(const struct io_scan *s, int64_t part, const struct io_range *ranges, int n);

/* A table as folders of files (option partition:). E306 when the folder holds other things. */
rc io_save_folders(struct ctx *cx, const struct table *t, const char *path,
                   const struct io_format *format, const struct io_option *opts, int n_opts,
                   struct span span);
/* Writes with a format whose options are checked already. */
rc io_write_table(struct ctx *cx, const struct io_format *f, const struct table *t,
                  const char *path, const struct io_option *opts, int n_opts, struct span span);

#endif

/* io_int.h: what the formats share: a source of bytes (plain or packed, read at any offset from
 * any thread), an output file that appears whole or not at all, and checks of options. Only for
 * runtime/io. */
#ifndef MLNB_IO_IO_INT_H
#define MLNB_IO_IO_INT_H

#include "runtime/io/io.h"

/* ---- source: bytes of one file, uncompressed ---- */
struct io_source;
/* Opens and sizes a file; one that begins with gzip's magic is read through (the first pass over it
 * happens here: index of restart points). Errors: E301, E302 (also for damaged gzip). */
rc io_source_open(struct ctx *cx, const char *path, struct span span, struct io_source **out);
void io_source_close(struct io_source *s);
int64_t io_source_size(const struct io_source *s);
bool io_source_is_gzip(const struct io_source *s);
/* Reads n bytes at `at`, fewer only at the end (*out_n). Any thread. Errors: E302 when the file
 * cannot be read or is no longer the one that was opened. */
rc io_source_read(struct ctx *cx, const struct io_source *s, int64_t at, char *buf, size_t n,
                  size_t *out_n);
/* The file on disk has another size, time or inode than at open, or is gone. */
bool io_source_is_stale(const struct io_source *s);

/* gzip: restart points a few megabytes apart (gzip.c). */
struct gz_index;
rc gz_index_build(struct ctx *cx, int fd, const char *path, struct span span,
                  struct gz_index **out);
void gz_index_free(struct gz_index *g);
int64_t gz_index_size(const struct gz_index *g); /* uncompressed */
rc gz_index_read(struct ctx *cx, const struct gz_index *g, int fd, const char *path,
                 struct span span, int64_t at, char *buf, size_t n, size_t *out_n);

/* zstd: unpacked once (zstd.c). */
struct zs_text;
rc zs_text_open(struct ctx *cx, int fd, const char *path, struct span span, struct zs_text **out);
void zs_text_free(struct zs_text *t);
int64_t zs_text_size(const struct zs_text *t); /* uncompressed */
rc zs_text_read(struct ctx *cx, const struct zs_text *t, const char *path, struct span span,
                int64_t at, char *buf, size_t n, size_t *out_n);

/* ---- encodings (recode.c) ---- */
enum io_encoding { IO_UTF8, IO_LATIN1, IO_CP1252, IO_UTF16LE, IO_UTF16BE };
const char *io_encoding_name(enum io_encoding e);
bool io_encoding_find(struct str name, enum io_encoding *out); /* any usual spelling */
/* From now on the source gives its text as UTF-8: sizes and offsets are those of that. One pass
 * over the file. */
rc io_source_recode(struct ctx *cx, struct io_source *s, enum io_encoding from);
/* UTF-16 by mark or pattern of the first bytes, else IO_UTF8. */
enum io_encoding io_sniff_wide(const char *head, size_t n);
/* Whether text that is no UTF-8 looks like windows-1252. */
bool io_sniff_1252(const char *text, size_t n);
/* Bytes as they stand (unpacked, not recoded). */
rc io_source_read_raw(struct ctx *cx, const struct io_source *s, int64_t at, char *buf, size_t n,
                      size_t *out_n);
struct recode;
rc recode_build(struct ctx *cx, const struct io_source *s, enum io_encoding from, int64_t raw_size,
                struct recode **out);
void recode_free(struct recode *k);
int64_t recode_size(const struct recode *k);
rc recode_read(struct ctx *cx, const struct io_source *s, const struct recode *k, int64_t at,
               char *buf, size_t n, size_t *out_n);

/* ---- output: written beside the target, then renamed over it ---- */
struct io_output;
/* `append` writes at the end of the existing file instead and cuts it back on abort. Errors: E306.
 */
rc io_output_open(struct ctx *cx, const char *path, bool append, struct span span,
                  struct io_output **out);
rc io_output_write(struct ctx *cx, struct io_output *o, const char *p, size_t n);
/* One gzip member holding p[0..n), appended to out. Any thread. */
rc io_gzip_member(struct ctx *cx, const char *p, size_t n, struct strbuf *out);
/* One zstd frame holding p[0..n), appended to out. Any thread. */
rc io_zstd_frame(struct ctx *cx, const char *p, size_t n, struct strbuf *out);
/* fsync, rename (and fsync of the folder); frees o whatever happens. */
rc io_output_commit(struct ctx *cx, struct io_output *o);
/* Leaves nothing behind; frees o. NULL is fine. */
void io_output_abort(struct io_output *o);

/* Pushes the first n_rows of whole columns as batches of partition `part`. */
rc io_push_columns(struct ctx *cx, struct column *const *cols, int n_cols, int64_t part,
                   int64_t n_rows, io_push push, void *self);

/* ---- paths and options ---- */
/* The format asked for, or by the name, or (reading) by the content. E305, E209. */
rc io_choose(struct ctx *cx, const char *path, const struct io_option *opts, int n_opts,
             struct span span, bool is_read, const struct io_format **out);
/* E301 with near names of the same folder. */
rc io_missing(struct ctx *cx, const char *path, struct span span);
/* E302 with a file of the folder as hint. */
rc io_is_folder(struct ctx *cx, const char *path, struct span span);
/* Names for n columns, in a: an empty one becomes column_N, a repeated one gets _2, _3 .. such that
 * no name that stands in the file is taken away; `repair` false leaves repeats (the schema refuses
 * them). */
const char **io_unique_names(struct arena *a, const struct str *names, int n, bool repair);
/* Extension without the dot, that of a packer (.gz, .zst ..) cut off; borrowed from path. */
struct str io_extension(const char *path);
/* The option, or NULL. */
const struct io_option *io_option_get(const struct io_option *opts, int n, const char *name);
/* Text of an option in a, NULL when it is not given. */
const char *io_option_text(struct arena *a, const struct io_option *opts, int n, const char *name);
/* Checks names against the descriptor (E206) and kinds (E209). `format` is always allowed. */
rc io_options_check(struct ctx *cx, const struct io_format *f, const struct io_option_desc *known,
                    const char *verb, const struct io_option *opts, int n);

/* Option names inside the room: never a user's. */
#define IO_OPT_SET ".set" /* the file is one of several: names in types: may be another's */

#endif

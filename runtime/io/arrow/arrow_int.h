/* arrow_int.h: Arrow IPC, inside. A file or stream is a list of messages, each with its metadata (a
 * FlatBuffer) and a body of buffers; a partition of the scan is a record batch. */
#ifndef MLNB_IO_ARROW_ARROW_INT_H
#define MLNB_IO_ARROW_ARROW_INT_H

#include "runtime/col/arrow.h"
#include "runtime/io/arrow/fb.h"
#include "runtime/io/io_int.h"

#define ARROW_DEPTH    64
#define ARROW_META_MAX ((int64_t)256 << 20) /* bytes of a message's metadata */

enum { MESSAGE_SCHEMA = 1, MESSAGE_DICTIONARY = 2, MESSAGE_RECORDS = 3 };
enum { CODEC_NONE = -1, CODEC_LZ4 = 0, CODEC_ZSTD = 1 };

struct arrow_message { /* where a message lies in the file */
    int64_t meta_at, meta_n, body_at, body_n;
    int64_t n_rows, rows_before; /* record batches */
};
struct arrow_dict { /* a dictionary as it stands from some batch on */
    int64_t id;
    int64_t from_batch; /* the first record batch that uses it */
    struct column *values;
};
struct arrow_ref { /* fields in the order of the schema's tree, with the ids of their dictionaries
                    */
    struct arrow_field *field;
    int64_t dict_id;
};
struct arrow_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    struct io_source *src;
    struct arrow_field *fields; /* [n_fields] */
    int n_fields;
    struct arrow_ref *refs; /* dictionary-encoded fields of the whole tree */
    int n_refs;
    struct arrow_message *batches;
    int64_t n_batches;
    struct arrow_dict *dicts;
    int n_dicts;
    bool is_old; /* messages of before 0.15, without the continuation mark */
};
/* Reads schema and places of batches, and all dictionaries. */
rc arrow_open_file(struct ctx *cx, struct arrow_scan *s);
/* The schema message (at `table` of b) into s->fields. */
rc arrow_schema(struct ctx *cx, struct arrow_scan *s, struct fb *b, fb_at table);
rc arrow_damaged(struct ctx *cx, const struct arrow_scan *s, const char *what);
/* Metadata of a message; mem_free *out. */
rc arrow_load(struct ctx *cx, const struct arrow_scan *s, const struct arrow_message *m, char **out,
              struct fb *b);
/* Columns (indices into fields) of the record batch in message m, whose header is at `batch` of b.
 */
rc arrow_batch(struct ctx *cx, const struct arrow_scan *s, const struct arrow_message *m,
               struct fb *b, fb_at batch, int64_t number, const struct arrow_field *fields,
               int n_fields, const int *columns, int n_columns, struct column **out);
const struct column *arrow_dictionary(const struct arrow_scan *s, const struct arrow_field *f,
                                      int64_t batch);
rc arrow_decompress(struct ctx *cx, const struct arrow_scan *s, int codec, const char *in, size_t n,
                    char *out, size_t out_n);

extern const struct io_option_desc arrow_write_options[];
enum rc_t arrow_begin(struct ctx *cx, const struct schema *schema, const char *path,
                      const struct io_option *opts, int n_opts, struct span span,
                      struct io_writer **out);
enum rc_t arrows_begin(struct ctx *cx, const struct schema *schema, const char *path,
                       const struct io_option *opts, int n_opts, struct span span,
                       struct io_writer **out);
enum rc_t arrow_append(struct ctx *cx, struct io_writer *w, const struct table *rows);
enum rc_t arrow_finish(struct ctx *cx, struct io_writer *take_w);
void arrow_abort(struct io_writer *take_w);

#endif

/* sqlite_int.h: what reading and writing SQLite files share. */
#ifndef MLNB_IO_DB_SQLITE_INT_H
#define MLNB_IO_DB_SQLITE_INT_H

#include "runtime/base/cancel.h"
#include "runtime/io/io_int.h"

#include <sqlite3.h>

extern const struct io_format io_sqlite;
/* E321 with SQLite's words, or E901. */
rc sq_failed(struct ctx *cx, sqlite3 *db, const char *path, struct span span);
/* A connection that looks for cancel; one thread uses it. */
rc sq_open(struct ctx *cx, const char *path, int flags, struct span span, sqlite3 **out);
void sq_quote(struct strbuf *out, const char *name);

extern const struct io_option_desc sq_write_options[];
enum rc_t sq_begin(struct ctx *cx, const struct schema *schema, const char *path,
                   const struct io_option *opts, int n_opts, struct span span,
                   struct io_writer **out);
enum rc_t sq_append(struct ctx *cx, struct io_writer *w, const struct table *rows);
enum rc_t sq_finish(struct ctx *cx, struct io_writer *take_w);
void sq_abort(struct io_writer *take_w);

#endif

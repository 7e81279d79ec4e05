/* postgres_int.h: libpq, loaded at first use, and what reading and writing share. */
#ifndef MLNB_IO_DB_POSTGRES_INT_H
#define MLNB_IO_DB_POSTGRES_INT_H

#include "runtime/base/cancel.h"
#include "runtime/io/io_int.h"

#include <postgresql/libpq-fe.h> /* Debian, Fedora and Arch have it there */

/* The functions of libpq that are used. The library brings Kerberos and LDAP along, so a session
 * that never meets PostgreSQL does not load it. */
/* clang-format off */
#define PQ_FUNCTIONS(F) \
    F(connectdb) F(finish) F(status) F(errorMessage) F(exec) F(clear) \
    F(resultStatus) F(resultErrorField) F(nfields) F(fname) F(ftype) F(ntuples) \
    F(getisnull) F(getvalue) F(getlength) F(prepare) F(describePrepared) F(sendQuery) \
    F(setSingleRowMode) F(getResult) F(consumeInput) F(isBusy) F(socket) F(getCancel) \
    F(cancel) F(freeCancel) F(putCopyData) F(putCopyEnd)
/* clang-format on */
struct pq {
#define F(name) __typeof__(PQ##name) *name;
    PQ_FUNCTIONS(F)
#undef F
};
struct pg { /* a connection */
    struct pq f;
    PGconn *conn;
    const char *label; /* the address */
    struct span span;
};
extern const struct io_format io_postgres;
/* E321 in plain words; a password in the address is refused. */
rc pg_open(struct ctx *cx, const char *url, struct span span, struct pg *out);
void pg_close(struct pg *g);
/* The server's own words, first line. */
enum rc_t pg_failed(struct ctx *cx, const struct pg *g, const PGresult *r);
/* A statement without rows. */
rc pg_run(struct ctx *cx, const struct pg *g, const char *sql);
/* Waits for the next result, looking for cancel; *out NULL at the end. */
rc pg_next(struct ctx *cx, const struct pg *g, PGresult **out);
/* "a"."b" for a.b */
void pg_table_name(struct strbuf *out, const char *name);
void pg_quote(struct strbuf *out, struct str name);

extern const struct io_option_desc pg_write_options[];
enum rc_t pg_begin(struct ctx *cx, const struct schema *schema, const char *path,
                   const struct io_option *opts, int n_opts, struct span span,
                   struct io_writer **out);
enum rc_t pg_append(struct ctx *cx, struct io_writer *w, const struct table *rows);
enum rc_t pg_finish(struct ctx *cx, struct io_writer *take_w);
void pg_abort(struct io_writer *take_w);

#endif

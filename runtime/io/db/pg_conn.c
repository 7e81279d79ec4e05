/* pg_conn.c: a connection to PostgreSQL: opening it, waiting for it, its errors in plain words. */
#include "runtime/io/db/postgres_int.h"

#include <dlfcn.h>
#include <poll.h>

#define LOOK_MS 50 /* between looks for a cancel */

static rc load(struct ctx *cx, struct span span, struct pq *out)
{
    void *so = dlopen("libpq.so.5", RTLD_LAZY | RTLD_LOCAL);
    if (!so) {
        fail(cx, E321, span, "PostgreSQL's library libpq is not installed");
        return err_hint(cx, "!apt install libpq5");
    }
    void *p;
    bool ok = true;
#define F(name)                                                                                    \
    p = dlsym(so, "PQ" #name);                                                                     \
    ok = ok && p;                                                                                  \
    memcpy(&out->name, &p, sizeof p);
    PQ_FUNCTIONS(F)
#undef F
    return ok ? RC_OK : fail(cx, E321, span, "the installed libpq is too old");
}

enum rc_t pg_failed(struct ctx *cx, const struct pg *g, const PGresult *r)
{
    const char *text = r ? g->f.resultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = r ? g->f.resultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *hint = r ? g->f.resultErrorField(r, PG_DIAG_MESSAGE_HINT) : NULL;
    if (check_cancel(cx) != RC_OK) return RC_ERR;
    if (!text) text = g->conn ? g->f.errorMessage(g->conn) : "out of memory";
    size_t n = strcspn(text, "\n");
    fail(cx, E321, g->span, "%s: %.*s", g->label, (int)n, text);
    if (detail) err_note(cx, "%s", detail);
    if (hint) err_note(cx, "%s", hint);
    return RC_ERR;
}

rc pg_open(struct ctx *cx, const char *url, struct span span, struct pg *out)
{
    struct strbuf full = {0};
    *out = (struct pg){.label = url, .span = span};
    if (io_has_password(url)) { /* without a span: the line would show it */
        fail(cx, E209, NO_SPAN, "a password does not belong in a notebook");
        err_note(cx,
                 "set PGPASSWORD, or put a line into ~/.pgpass, and leave it out of the address");
        return RC_ERR;
    }
    TRY(load(cx, span, &out->f));
    strbuf_printf(&full, "%s%cconnect_timeout=10&application_name=mlnb", url,
                  strchr(url, '?') ? '&' : '?');
    out->conn = out->f.connectdb(full.p);
    strbuf_release(&full);
    if (out->conn && out->f.status(out->conn) == CONNECTION_OK)
        return pg_run(cx, out,
                      "set datestyle = 'ISO, YMD'; set timezone = 'UTC'; set intervalstyle = "
                      "'postgres'; set client_encoding = 'UTF8'");
    pg_failed(cx, out, NULL);
    err_note(cx, "the address is postgres://user@host:port/database; passwords come from "
                 "PGPASSWORD or ~/.pgpass");
    return RC_ERR;
}

void pg_close(struct pg *g)
{
    if (g->conn) g->f.finish(g->conn);
    g->conn = NULL;
}

rc pg_run(struct ctx *cx, const struct pg *g, const char *sql)
{
    PGresult *r = g->f.exec(g->conn, sql);
    ExecStatusType s = g->f.resultStatus(r);
    bool ok = s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_IN;
    enum rc_t res = ok ? RC_OK : pg_failed(cx, g, r);
    g->f.clear(r);
    return res;
}

static void cancel_query(const struct pg *g)
{
    char why[256];
    PGcancel *c = g->f.getCancel(g->conn);
    if (!c) return;
    (void)g->f.cancel(c, why, sizeof why);
    g->f.freeCancel(c);
}

rc pg_next(struct ctx *cx, const struct pg *g, PGresult **out)
{
    while (g->f.isBusy(g->conn)) {
        struct pollfd p = {.fd = g->f.socket(g->conn), .events = POLLIN};
        if (check_cancel(cx) != RC_OK) {
            cancel_query(g);
            return RC_ERR;
        }
        if (poll(&p, 1, LOOK_MS) > 0 && !g->f.consumeInput(g->conn)) return pg_failed(cx, g, NULL);
    }
    *out = g->f.getResult(g->conn);
    return RC_OK;
}

void pg_quote(struct strbuf *out, struct str name)
{
    strbuf_addc(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"') strbuf_addc(out, '"');
        strbuf_addc(out, name.p[i]);
    }
    strbuf_addc(out, '"');
}

void pg_table_name(struct strbuf *out, const char *name)
{
    for (;;) {
        size_t n = strcspn(name, ".");
        pg_quote(out, (struct str){name, n});
        if (!name[n]) return;
        strbuf_addc(out, '.');
        name += n + 1;
    }
}

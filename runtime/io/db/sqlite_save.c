/* sqlite_save.c: a frame as a table of a SQLite file: one transaction, so that the file holds the
 * old table or the new one. Dates and times are ISO text under their declared type. */
#include "runtime/io/db/sqlite_int.h"

#include "runtime/base/civil.h"

#include <unistd.h>

struct sq_writer {
    struct io_writer head;
    sqlite3 *db;
    sqlite3_stmt *insert;
    struct schema *schema;
    char *path;
    struct span span;
    bool is_new; /* the file */
};

const struct io_option_desc sq_write_options[] = {
    {"table", KIND_STR, "the table's name; it is replaced as a whole"},
    {"append", KIND_BOOL, "add the rows to the table, whose columns are matched by name"},
    {NULL, KIND_NULL, NULL},
};

static const char *sql_type(struct dtype t)
{
    switch (t.kind) {
    case KIND_BOOL: return "BOOLEAN";
    case KIND_INT: return "INTEGER";
    case KIND_NUM: return "REAL";
    case KIND_DATE: return "DATE";
    case KIND_DATETIME: return "TIMESTAMP";
    default: return "TEXT";
    }
}

static rc run(struct ctx *cx, const struct sq_writer *w, const char *sql)
{
    if (sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK) return RC_OK;
    return sq_failed(cx, w->db, w->path, w->span);
}

static rc make_table(struct ctx *cx, const struct sq_writer *w, const char *table)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "drop table if exists ");
    sq_quote(&sql, table);
    strbuf_addz(&sql, "; create table ");
    sq_quote(&sql, table);
    for (int i = 0; i < w->schema->n; i++) {
        strbuf_addz(&sql, i ? ", " : " (");
        sq_quote(&sql, w->schema->fields[i].name);
        strbuf_printf(&sql, " %s", sql_type(w->schema->fields[i].type));
    }
    strbuf_addz(&sql, ")");
    enum rc_t res = run(cx, w, sql.p);
    strbuf_release(&sql);
    return res;
}

static bool has_table(const struct sq_writer *w, const char *table)
{
    sqlite3_stmt *st = NULL;
    const char *sql = "select 1 from sqlite_master where type = 'table' and name = ?1";
    bool found = sqlite3_prepare_v2(w->db, sql, -1, &st, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC) == SQLITE_OK &&
                 sqlite3_step(st) == SQLITE_ROW;
    sqlite3_finalize(st);
    return found;
}

static rc prepare_insert(struct ctx *cx, struct sq_writer *w, const char *table)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "insert into ");
    sq_quote(&sql, table);
    for (int i = 0; i < w->schema->n; i++) {
        strbuf_addz(&sql, i ? ", " : " (");
        sq_quote(&sql, w->schema->fields[i].name);
    }
    strbuf_addz(&sql, ") values (");
    for (int i = 0; i < w->schema->n; i++)
        strbuf_addz(&sql, i ? ", ?" : "?");
    strbuf_addz(&sql, ")");
    bool ok = sqlite3_prepare_v2(w->db, sql.p, -1, &w->insert, NULL) == SQLITE_OK;
    strbuf_release(&sql);
    return ok ? RC_OK : sq_failed(cx, w->db, w->path, w->span);
}

void sq_abort(struct io_writer *take_w)
{
    struct sq_writer *w = (struct sq_writer *)take_w;
    sqlite3_finalize(w->insert);
    if (w->db) sqlite3_progress_handler(w->db, 0, NULL, NULL);
    if (w->db && !sqlite3_get_autocommit(w->db)) sqlite3_exec(w->db, "rollback", NULL, NULL, NULL);
    sqlite3_close(w->db);
    if (w->is_new) unlink(w->path);
    schema_unref(w->schema);
    mem_free(w->path);
    mem_free(w);
}

static rc start(struct ctx *cx, struct sq_writer *w, const char *table, bool append)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    TRY(sq_open(cx, w->path, flags, w->span, &w->db));
    TRY(run(cx, w, "begin immediate"));
    if (!append || !has_table(w, table)) TRY(make_table(cx, w, table));
    return prepare_insert(cx, w, table);
}

enum rc_t sq_begin(struct ctx *cx, const struct schema *schema, const char *path,
                   const struct io_option *opts, int n_opts, struct span span,
                   struct io_writer **out)
{
    const struct io_option *table = io_option_get(opts, n_opts, "table");
    const struct io_option *append = io_option_get(opts, n_opts, "append");
    if (!table || table->value.u.s.n == 0) {
        fail(cx, E209, span, "a SQLite file holds tables: say which one");
        return err_hint(cx, "save \"%s\", table: \"trips\"", path);
    }
    if (schema->n == 0)
        return fail(cx, E306, span, "a frame without columns cannot be saved as a table");
    struct sq_writer *w = mem_zero(sizeof *w);
    char *name = mem_strndup(table->value.u.s.p, table->value.u.s.n);
    w->head.format = &io_sqlite;
    w->schema = schema_ref(schema);
    w->path = mem_strndup(path, strlen(path));
    w->span = span;
    w->is_new = access(path, F_OK) != 0;
    enum rc_t res = start(cx, w, name, append && append->value.u.b);
    mem_free(name);
    if (res == RC_OK)
        *out = &w->head;
    else
        sq_abort(&w->head);
    return res;
}

/* ---- values ---- */
static int bind_text(sqlite3_stmt *st, int at, const char *p, size_t n)
{
    return sqlite3_bind_text64(st, at, p, n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static int bind_value(sqlite3_stmt *st, int at, const struct column *c, int64_t row)
{
    char buf[DATE_TEXT_MAX + 2];
    if (!bit_valid(c->valid, row)) return sqlite3_bind_null(st, at);
    struct scalar v = column_scalar(c, row);
    size_t n;
    int r;
    switch (v.type.kind) {
    case KIND_BOOL: return sqlite3_bind_int64(st, at, v.u.b);
    case KIND_INT: return sqlite3_bind_int64(st, at, v.u.i);
    case KIND_NUM: return sqlite3_bind_double(st, at, v.u.f);
    case KIND_STR:
    case KIND_CAT: return bind_text(st, at, v.u.s.p ? v.u.s.p : "", v.u.s.n);
    case KIND_DATE: n = (size_t)date_format((int32_t)v.u.i, buf); return bind_text(st, at, buf, n);
    case KIND_DATETIME:
        n = (size_t)datetime_format(v.u.i, buf);
        if (c->type.zone) buf[n++] = 'Z';
        return bind_text(st, at, buf, n);
    default: break;
    }
    struct strbuf text = {0};
    scalar_text(&text, &v, false);
    r = bind_text(st, at, text.p, text.n);
    strbuf_release(&text);
    scalar_release(&v);
    return r;
}

enum rc_t sq_append(struct ctx *cx, struct io_writer *writer, const struct table *rows)
{
    struct sq_writer *w = (struct sq_writer *)writer;
    for (int64_t r = 0; r < rows->n_rows; r++) {
        if (r % BATCH_ROWS == 0) TRY(check_cancel(cx));
        for (int i = 0; i < w->schema->n; i++)
            if (bind_value(w->insert, i + 1, rows->cols[i], r) != SQLITE_OK)
                return sq_failed(cx, w->db, w->path, w->span);
        if (sqlite3_step(w->insert) != SQLITE_DONE) return sq_failed(cx, w->db, w->path, w->span);
        sqlite3_reset(w->insert);
    }
    w->head.n_rows += rows->n_rows;
    return RC_OK;
}

enum rc_t sq_finish(struct ctx *cx, struct io_writer *take_w)
{
    struct sq_writer *w = (struct sq_writer *)take_w;
    TRY(run(cx, w, "commit"));
    w->is_new = false;
    sq_abort(take_w);
    return RC_OK;
}

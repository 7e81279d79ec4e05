/* postgres_save.c: a frame as a table of a PostgreSQL server: one transaction, rows through COPY.
 */
#include "runtime/io/db/postgres_int.h"

#include "runtime/io/csv/cell.h"

#define CHUNK_ROWS 8192

struct pg_writer {
    struct io_writer head;
    struct pg g;
    struct schema *schema;
    char *label;
};

const struct io_option_desc pg_write_options[] = {
    {"table", KIND_STR, "the table's name, also schema.table; it is replaced as a whole"},
    {"append", KIND_BOOL, "add the rows to the table, whose columns are matched by name"},
    {NULL, KIND_NULL, NULL},
};

static const char *sql_type(struct dtype t)
{
    switch (t.kind) {
    case KIND_BOOL: return "boolean";
    case KIND_INT: return "bigint";
    case KIND_NUM: return "double precision";
    case KIND_DATE: return "date";
    case KIND_DATETIME: return t.zone ? "timestamptz" : "timestamp";
    default: return "text";
    }
}

void pg_abort(struct io_writer *take_w)
{
    struct pg_writer *w = (struct pg_writer *)take_w;
    pg_close(&w->g); /* the server rolls back */
    schema_unref(w->schema);
    mem_free(w->label);
    mem_free(w);
}

static void add_columns(struct strbuf *sql, const struct schema *s, bool types)
{
    for (int i = 0; i < s->n; i++) {
        strbuf_addz(sql, i ? ", " : " (");
        pg_quote(sql, str_of(s->fields[i].name));
        if (types) strbuf_printf(sql, " %s", sql_type(s->fields[i].type));
    }
    strbuf_addz(sql, ")");
}

static rc start(struct ctx *cx, struct pg_writer *w, const char *table, bool append)
{
    struct strbuf sql = {0};
    strbuf_addz(&sql, "begin; set local client_min_messages = warning; ");
    if (!append) {
        strbuf_addz(&sql, "drop table if exists ");
        pg_table_name(&sql, table);
        strbuf_addz(&sql, "; ");
    }
    strbuf_printf(&sql, "create table %s", append ? "if not exists " : "");
    pg_table_name(&sql, table);
    add_columns(&sql, w->schema, true);
    enum rc_t res = pg_run(cx, &w->g, sql.p);
    strbuf_clear(&sql);
    strbuf_addz(&sql, "copy ");
    pg_table_name(&sql, table);
    add_columns(&sql, w->schema, false);
    strbuf_addz(&sql, " from stdin with (format csv)");
    if (res == RC_OK) res = pg_run(cx, &w->g, sql.p);
    strbuf_release(&sql);
    return res;
}

enum rc_t pg_begin(struct ctx *cx, const struct schema *schema, const char *path,
                   const struct io_option *opts, int n_opts, struct span span,
                   struct io_writer **out)
{
    const struct io_option *table = io_option_get(opts, n_opts, "table");
    const struct io_option *append = io_option_get(opts, n_opts, "append");
    if (!table || table->value.u.s.n == 0)
        return fail(cx, E209, span, "say which table: table: \"trips\"");
    if (schema->n == 0)
        return fail(cx, E306, span, "a frame without columns cannot be saved as a table");
    struct pg_writer *w = mem_zero(sizeof *w);
    char *name = mem_strndup(table->value.u.s.p, table->value.u.s.n);
    w->head.format = &io_postgres;
    w->schema = schema_ref(schema);
    w->label = mem_strndup(path, strlen(path));
    enum rc_t res = pg_open(cx, w->label, span, &w->g);
    if (res == RC_OK) res = start(cx, w, name, append && append->value.u.b);
    mem_free(name);
    if (res == RC_OK)
        *out = &w->head;
    else
        pg_abort(&w->head);
    return res;
}

enum rc_t pg_append(struct ctx *cx, struct io_writer *writer, const struct table *rows)
{
    struct pg_writer *w = (struct pg_writer *)writer;
    struct arena *a = arena_new();
    struct strbuf text = {0};
    const struct cell_writer *cells = cell_writers(a, rows, ',');
    enum rc_t res = RC_OK;
    for (int64_t at = 0; at < rows->n_rows && res == RC_OK; at += CHUNK_ROWS) {
        int64_t to = at + CHUNK_ROWS < rows->n_rows ? at + CHUNK_ROWS : rows->n_rows;
        strbuf_clear(&text);
        cell_rows(&text, cells, rows->schema->n, ',', at, to);
        res = check_cancel(cx);
        if (res == RC_OK && w->g.f.putCopyData(w->g.conn, text.p, (int)text.n) != 1)
            res = pg_failed(cx, &w->g, NULL);
    }
    w->head.n_rows += rows->n_rows;
    strbuf_release(&text);
    arena_free(a);
    return res;
}

enum rc_t pg_finish(struct ctx *cx, struct io_writer *take_w)
{
    struct pg_writer *w = (struct pg_writer *)take_w;
    PGresult *r = NULL;
    if (w->g.f.putCopyEnd(w->g.conn, NULL) != 1) return pg_failed(cx, &w->g, NULL);
    for (;;) {
        TRY(pg_next(cx, &w->g, &r));
        if (!r) break;
        enum rc_t res =
            w->g.f.resultStatus(r) == PGRES_COMMAND_OK ? RC_OK : pg_failed(cx, &w->g, r);
        w->g.f.clear(r);
        TRY(res);
    }
    TRY(pg_run(cx, &w->g, "commit"));
    pg_abort(take_w);
    return RC_OK;
}

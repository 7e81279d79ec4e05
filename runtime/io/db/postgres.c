/* postgres.c: tables and queries of a PostgreSQL server, streamed row by row. The schema is asked
 * for without running the query; only asked columns of a table are fetched; an interrupt cancels
 * the query on the server. */
#include "runtime/io/db/postgres_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

enum { /* pg_type.dat */
       OID_BOOL = 16,
       OID_INT8 = 20,
       OID_INT2 = 21,
       OID_INT4 = 23,
       OID_OID = 26,
       OID_FLOAT4 = 700,
       OID_FLOAT8 = 701,
       OID_DATE = 1082,
       OID_TIMESTAMP = 1114,
       OID_TIMESTAMPTZ = 1184,
       OID_NUMERIC = 1700
};

struct pg_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    const char *table, *query;
    const char **names; /* the server's */
};

static struct pg_scan *scan_of(const struct io_scan *s)
{
    return (struct pg_scan *)(uintptr_t)s;
}

static struct dtype type_of(Oid oid)
{
    struct dtype zoned = DTYPE(KIND_DATETIME);
    switch (oid) {
    case OID_BOOL: return DTYPE(KIND_BOOL);
    case OID_INT8:
    case OID_INT4:
    case OID_INT2:
    case OID_OID: return DTYPE(KIND_INT);
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC: return DTYPE(KIND_NUM);
    case OID_DATE: return DTYPE(KIND_DATE);
    case OID_TIMESTAMP: return DTYPE(KIND_DATETIME);
    case OID_TIMESTAMPTZ: zoned.zone = dtype_intern("UTC"); return zoned;
    default: return DTYPE(KIND_STR);
    }
}

/* ---- opening ---- */
/* Names of all tables and views into `names`, as a list; the first one into *first (cx's arena). */
static int table_names(struct ctx *cx, const struct pg *g, struct strbuf *names, const char **first)
{
    PGresult *r = g->f.exec(
        g->conn, "select case when table_schema = 'public' then table_name else table_schema || "
                 "'.' || table_name end from information_schema.tables where table_schema not in "
                 "('pg_catalog', 'information_schema') order by 1");
    int n = g->f.resultStatus(r) == PGRES_TUPLES_OK ? g->f.ntuples(r) : 0;
    for (int i = 0; i < n && names->n < 150; i++)
        strbuf_printf(names, "%s\"%s\"", i ? ", " : "", g->f.getvalue(r, i, 0));
    *first = n ? arena_printf(cx->arena, "%s", g->f.getvalue(r, 0, 0)) : NULL;
    g->f.clear(r);
    return n;
}

static rc ask_table(struct ctx *cx, const struct pg_scan *s, const struct pg *g)
{
    struct strbuf names = {0};
    const char *first;
    int n = table_names(cx, g, &names, &first);
    fail(cx, E321, s->span, "%s: say which table", s->head.label);
    if (n) {
        err_hint(cx, "read(\"%s\", table: \"%s\")", s->head.label, first);
        err_note(cx, "there are %s", names.p);
    }
    strbuf_release(&names);
    return RC_ERR;
}

/* After an error: a table that is not there lists those that are. */
static rc refused(struct ctx *cx, const struct pg_scan *s, const struct pg *g, PGresult *r)
{
    const char *state = g->f.resultErrorField(r, PG_DIAG_SQLSTATE), *first;
    bool is_missing = s->table && state && strcmp(state, "42P01") == 0; /* undefined_table */
    struct strbuf names = {0};
    pg_failed(cx, g, r);
    if (is_missing && table_names(cx, g, &names, &first) > 0) err_note(cx, "there are %s", names.p);
    strbuf_release(&names);
    return RC_ERR;
}

static void select_text(const struct pg_scan *s, const int *columns, int n, int64_t limit,
                        struct strbuf *sql)
{
    if (s->query) {
        strbuf_addz(sql, s->query);
        return;
    }
    strbuf_addz(sql, "select ");
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addz(sql, ", ");
        pg_quote(sql, str_of(s->names[columns[i]]));
    }
    if (!columns) strbuf_addz(sql, "*");
    strbuf_addz(sql, " from ");
    pg_table_name(sql, s->table);
    if (limit >= 0) strbuf_printf(sql, " limit %lld", (long long)limit);
}

static rc take_schema(struct ctx *cx, struct pg_scan *s, const struct pg *g, const PGresult *r)
{
    int n = g->f.nfields(r);
    if (n == 0) return fail(cx, E209, s->span, "query: takes one statement that gives rows");
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n);
    struct str *names = ARENA_ARRAY(s->arena, struct str, n);
    s->names = ARENA_ARRAY(s->arena, const char *, n);
    for (int i = 0; i < n; i++) {
        names[i] = arena_str(s->arena, str_of(g->f.fname(r, i)));
        s->names[i] = arena_strndup(s->arena, names[i].p, names[i].n);
    }
    const char **unique = io_unique_names(s->arena, names, n, true);
    for (int i = 0; i < n; i++)
        fields[i] = (struct field){unique[i], type_of(g->f.ftype(r, i))};
    return schema_new(cx, fields, n, s->span, &s->head.schema);
}

static rc describe(struct ctx *cx, struct pg_scan *s, const struct pg *g)
{
    struct strbuf sql = {0};
    if (!s->table && !s->query) return ask_table(cx, s, g);
    select_text(s, NULL, 0, -1, &sql);
    PGresult *r = g->f.prepare(g->conn, "", sql.p, 0, NULL);
    enum rc_t res = g->f.resultStatus(r) == PGRES_COMMAND_OK ? RC_OK : refused(cx, s, g, r);
    g->f.clear(r);
    strbuf_release(&sql);
    if (res != RC_OK) return res;
    r = g->f.describePrepared(g->conn, "");
    res = g->f.resultStatus(r) == PGRES_COMMAND_OK ? take_schema(cx, s, g, r) : pg_failed(cx, g, r);
    g->f.clear(r);
    return res;
}

static void postgres_close(struct io_scan *scan)
{
    struct pg_scan *s = scan_of(scan);
    if (s->head.schema) schema_unref(s->head.schema);
    arena_free(s->arena);
    mem_free(s);
}

static enum rc_t postgres_open(struct ctx *cx, const char *path, const struct io_option *opts,
                               int n_opts, struct span span, struct io_scan **out)
{
    struct pg_scan *s = mem_zero(sizeof *s);
    struct pg g = {0};
    s->arena = arena_new();
    s->span = span;
    s->head.format = &io_postgres;
    s->head.label = arena_strndup(s->arena, path, strlen(path));
    s->head.n_rows = s->head.n_bytes = -1;
    s->head.n_partitions = 1;
    atomic_init(&s->head.refs, 1);
    s->table = io_option_text(s->arena, opts, n_opts, "table");
    s->query = io_option_text(s->arena, opts, n_opts, "query");
    enum rc_t res = RC_OK;
    if (s->table && s->query) res = fail(cx, E209, span, "table: or query:, not both");
    if (res == RC_OK) res = pg_open(cx, s->head.label, span, &g);
    if (res == RC_OK) res = describe(cx, s, &g);
    pg_close(&g);
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        postgres_close((struct io_scan *)s);
    return res;
}

/* ---- reading ---- */
struct pg_reader {
    const struct pg_scan *s;
    const int *columns;
    int n_columns, n_rows;
    struct builder *b;
    struct column **cols;
    struct vec *vecs;
    int64_t part, rows;
    io_push push;
    void *self;
};

static rc put_value(struct ctx *cx, struct builder *b, struct str t)
{
    int64_t i = 0;
    int32_t day = 0;
    double f = 0;
    bool zoned;
    switch (b->type.kind) {
    case KIND_BOOL: return builder_bool(cx, b, t.n && t.p[0] == 't');
    case KIND_INT: return int_parse(t.p, t.n, &i) ? builder_i64(cx, b, i) : builder_null(cx, b);
    case KIND_NUM: return num_parse(t.p, t.n, &f) ? builder_f64(cx, b, f) : builder_null(cx, b);
    case KIND_DATE:
        return date_parse(t.p, t.n, &day) ? builder_i64(cx, b, day) : builder_null(cx, b);
    case KIND_DATETIME: {
        bool utc = t.n > 3 && memcmp(t.p + t.n - 3, "+00", 3) == 0; /* the session's zone */
        size_t n = utc ? t.n - 3 : t.n;
        return datetime_parse(t.p, n, &i, &zoned) ? builder_i64(cx, b, i) : builder_null(cx, b);
    }
    default: return builder_str(cx, b, t);
    }
}

static rc push_rows(struct ctx *cx, struct pg_reader *r)
{
    struct batch b = {r->n_rows, r->n_columns, r->vecs, r->rows};
    enum rc_t res = RC_OK;
    if (r->n_rows == 0) return RC_OK;
    for (int i = 0; i < r->n_columns && res == RC_OK; i++) {
        res = builder_finish(cx, &r->b[i], &r->cols[i]);
        if (res == RC_OK) r->vecs[i] = column_view(r->cols[i], 0, r->n_rows);
    }
    if (res == RC_OK) res = r->push(cx, r->self, r->part, &b);
    for (int i = 0; i < r->n_columns; i++) {
        struct dtype t = r->s->head.schema->fields[r->columns[i]].type;
        column_unref(r->cols[i]);
        r->cols[i] = NULL;
        builder_init(&r->b[i], t, kind_phys(t.kind));
    }
    r->rows += r->n_rows;
    r->n_rows = 0;
    return res;
}

static rc take_row(struct ctx *cx, struct pg_reader *r, const struct pg *g, const PGresult *row)
{
    for (int i = 0; i < r->n_columns; i++) {
        int at = r->s->query ? r->columns[i] : i;
        struct str t = {g->f.getvalue(row, 0, at), (size_t)g->f.getlength(row, 0, at)};
        if (g->f.getisnull(row, 0, at))
            TRY(builder_null(cx, &r->b[i]));
        else
            TRY(put_value(cx, &r->b[i], t));
    }
    if (++r->n_rows < BATCH_ROWS) return RC_OK;
    TRY(check_cancel(cx));
    return push_rows(cx, r);
}

static rc changed(struct ctx *cx, const struct pg_scan *s)
{
    fail(cx, E321, s->span, "%s: the table or query has other columns now", s->head.label);
    return err_note(cx, "run the statement that reads it again");
}

static rc check_shape(struct ctx *cx, const struct pg_reader *r, const struct pg *g,
                      const PGresult *row)
{
    int want = r->s->query ? r->s->head.schema->n : r->n_columns;
    if (g->f.nfields(row) != want) return changed(cx, r->s);
    for (int i = 0; i < r->n_columns; i++) {
        int at = r->s->query ? r->columns[i] : i;
        if (!dtype_eq(type_of(g->f.ftype(row, at)), r->s->head.schema->fields[r->columns[i]].type))
            return changed(cx, r->s);
    }
    return RC_OK;
}

static rc stream(struct ctx *cx, struct pg_reader *r, const struct pg *g, const char *sql,
                 int64_t limit)
{
    PGresult *row = NULL;
    bool is_first = true;
    if (!g->f.sendQuery(g->conn, sql) || !g->f.setSingleRowMode(g->conn))
        return pg_failed(cx, g, NULL);
    for (;;) {
        TRY(pg_next(cx, g, &row));
        if (!row) return push_rows(cx, r);
        ExecStatusType st = g->f.resultStatus(row);
        enum rc_t res = RC_OK;
        if (st == PGRES_SINGLE_TUPLE) {
            if (is_first) res = check_shape(cx, r, g, row);
            is_first = false;
            if (res == RC_OK) res = take_row(cx, r, g, row);
        } else if (st != PGRES_TUPLES_OK) {
            res = pg_failed(cx, g, row);
        }
        g->f.clear(row);
        TRY(res);
        if (limit >= 0 && r->rows + r->n_rows >= limit) return push_rows(cx, r);
    }
}

static enum rc_t postgres_read(struct ctx *cx, struct io_scan *scan, const int *columns,
                               int n_columns, int64_t part, int64_t limit, io_push push, void *self)
{
    const struct pg_scan *s = scan_of(scan);
    struct pg_reader r = {.s = s, .columns = columns, .n_columns = n_columns, .part = part};
    struct strbuf sql = {0};
    struct pg g = {0};
    size_t n = (size_t)n_columns + 1;
    r.push = push;
    r.self = self;
    r.b = mem_zero(sizeof *r.b * n);
    r.cols = mem_zero(sizeof(*r.cols) * n);
    r.vecs = mem_zero(sizeof *r.vecs * n);
    for (int i = 0; i < n_columns; i++) {
        struct dtype t = s->head.schema->fields[columns[i]].type;
        builder_init(&r.b[i], t, kind_phys(t.kind));
    }
    select_text(s, columns, n_columns, limit, &sql);
    enum rc_t res = pg_open(cx, s->head.label, s->span, &g);
    if (res == RC_OK) res = stream(cx, &r, &g, sql.p, limit);
    pg_close(&g);
    for (int i = 0; i < n_columns; i++) {
        builder_release(&r.b[i]);
        column_unref(r.cols[i]);
    }
    mem_free(r.b);
    mem_free(r.cols);
    mem_free(r.vecs);
    strbuf_release(&sql);
    return res;
}

static const struct io_option_desc read_options[] = {
    {"table", KIND_STR, "the table or view, also schema.table"},
    {"query", KIND_STR, "a select statement instead"},
    {NULL, KIND_NULL, NULL},
};

const struct io_format io_postgres = {
    .name = "postgres",
    .extensions = "",
    .doc = "Tables and queries of a PostgreSQL server: postgres://user@host/database. Passwords "
           "come from PGPASSWORD or ~/.pgpass.",
    .read_options = read_options,
    .write_options = pg_write_options,
    .open = postgres_open,
    .close = postgres_close,
    .read = postgres_read,
    .begin = pg_begin,
    .append = pg_append,
    .finish = pg_finish,
    .abort = pg_abort,
};

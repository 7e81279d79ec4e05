/* sqlite.c: tables and queries of SQLite files.
 *
 * SQLite types values, not columns; so opening passes over all rows once, and a column's type is
 * what its values need and its declaration says: ints in a BOOLEAN column are bools when they are 0
 * and 1, text in a DATE or TIMESTAMP column is dates when all of it is ISO. Blobs come as hex text.
 * A table with row ids is read in ranges of them, in parallel; views and queries in one go. */
#include "runtime/io/db/sqlite_int.h"

#include "runtime/base/civil.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { HAS_INT = 1, HAS_REAL = 2, HAS_TEXT = 4, HAS_BLOB = 8 };
#define RANGE_ROWS INT64_C(262144) /* row ids a partition */
#define STEPS      20000           /* of SQLite's machine between looks for a cancel */

struct sq_column {
    const char *name;
    const char *declared; /* in upper case; "" when not said */
    int kinds;
    bool only_01, all_dates, all_times, all_zoned, any_zoned;
    struct dtype type;
};
struct sq_scan {
    struct io_scan_head head;
    struct arena *arena;
    struct span span;
    const char *path, *table, *query; /* one of the two */
    struct sq_column *cols;
    int n_cols;
    bool by_rowid;
    int64_t first_row, last_row;
    struct stat st;
};

static struct sq_scan *scan_of(const struct io_scan *s)
{
    return (struct sq_scan *)(uintptr_t)s;
}

/* ---- connections ---- */
rc sq_failed(struct ctx *cx, sqlite3 *db, const char *path, struct span span)
{
    if (check_cancel(cx) != RC_OK) return RC_ERR;
    return fail(cx, E321, span, "`%s`: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
}

static int look_for_cancel(void *arg)
{
    return cancel_asked(arg);
}

rc sq_open(struct ctx *cx, const char *path, int flags, struct span span, sqlite3 **out)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        enum rc_t res = sq_failed(cx, db, path, span);
        sqlite3_close(db);
        return res;
    }
    sqlite3_busy_timeout(db, 5000);
    if (cx->cancel) sqlite3_progress_handler(db, STEPS, look_for_cancel, cx->cancel);
    *out = db;
    return RC_OK;
}

void sq_quote(struct strbuf *out, const char *name)
{
    strbuf_addc(out, '"');
    for (; *name; name++) {
        if (*name == '"') strbuf_addc(out, '"');
        strbuf_addc(out, *name);
    }
    strbuf_addc(out, '"');
}

static rc prepare(struct ctx *cx, const struct sq_scan *s, sqlite3 *db, const char *sql,
                  sqlite3_stmt **out)
{
    const char *rest = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, out, &rest) != SQLITE_OK)
        return sq_failed(cx, db, s->head.label, s->span);
    bool is_read = *out && sqlite3_stmt_readonly(*out) && sqlite3_column_count(*out) > 0;
    bool is_one = rest && rest[strspn(rest, " \t\r\n;")] == 0;
    if (is_read && is_one) return RC_OK;
    sqlite3_finalize(*out);
    return fail(cx, E209, s->span, "query: takes one statement that gives rows (select ..)");
}

/* ---- which table ---- */
static rc list_tables(struct ctx *cx, sqlite3 *db, struct strbuf *out, int *n, char **only)
{
    sqlite3_stmt *st = NULL;
    const char *sql = "select name from sqlite_master where type in ('table', 'view') and name not "
                      "like 'sqlite_%' order by name";
    *n = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) return RC_ERR;
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(st, 0);
        if (out->n < 150) strbuf_printf(out, "%s\"%s\"", *n ? ", " : "", name);
        if (++*n == 1) *only = arena_strndup(cx->arena, name, strlen(name));
    }
    sqlite3_finalize(st);
    return RC_OK;
}

static rc choose_table(struct ctx *cx, struct sq_scan *s, sqlite3 *db)
{
    struct strbuf names = {0};
    char *only = NULL;
    int n = 0;
    if (s->table || s->query) return RC_OK;
    if (list_tables(cx, db, &names, &n, &only) != RC_OK) {
        strbuf_release(&names);
        return sq_failed(cx, db, s->head.label, s->span);
    }
    if (n == 1) {
        s->table = arena_strndup(s->arena, only, strlen(only));
    } else if (n == 0) {
        fail(cx, E321, s->span, "`%s` holds no table", s->head.label);
    } else {
        fail(cx, E321, s->span, "`%s` holds %d tables: say which one", s->head.label, n);
        err_hint(cx, "read(\"%s\", table: \"%s\")", s->head.label, only);
        err_note(cx, "there are %s", names.p);
    }
    strbuf_release(&names);
    return n == 1 ? RC_OK : RC_ERR;
}

static rc no_such_table(struct ctx *cx, const struct sq_scan *s, sqlite3 *db)
{
    struct strbuf names = {0};
    char *only = NULL;
    int n = 0;
    if (s->query || list_tables(cx, db, &names, &n, &only) != RC_OK || n == 0) {
        strbuf_release(&names);
        return RC_ERR;
    }
    err_note(cx, "there are %s", names.p);
    strbuf_release(&names);
    return RC_ERR;
}

/* ---- the pass over all rows ---- */
static void look_at_text(struct sq_column *c, const char *p, size_t n)
{
    int32_t day;
    int64_t us;
    bool zoned = false;
    if (c->all_dates && !date_parse(p, n, &day)) c->all_dates = false;
    if (!c->all_times) return;
    bool is_day = date_parse(p, n, &day);
    c->all_times = is_day || datetime_parse(p, n, &us, &zoned);
    c->all_zoned = c->all_zoned && zoned;
    c->any_zoned = c->any_zoned || zoned;
}

static void look_at(struct sq_column *c, sqlite3_stmt *st, int i)
{
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER: {
        int64_t v = sqlite3_column_int64(st, i);
        c->kinds |= HAS_INT;
        c->only_01 = c->only_01 && (v == 0 || v == 1);
        break;
    }
    case SQLITE_FLOAT: c->kinds |= HAS_REAL; break;
    case SQLITE_TEXT: {
        c->kinds |= HAS_TEXT;
        const char *p = (const char *)sqlite3_column_text(st, i);
        if (c->all_dates || c->all_times) look_at_text(c, p, (size_t)sqlite3_column_bytes(st, i));
        break;
    }
    case SQLITE_BLOB: c->kinds |= HAS_BLOB; break;
    default: break;
    }
}

static bool says(const struct sq_column *c, const char *word)
{
    return strstr(c->declared, word) != NULL;
}

/* What a column without values is declared as. */
static enum kind declared_kind(const struct sq_column *c)
{
    if (says(c, "BOOL")) return KIND_BOOL;
    if (says(c, "INT")) return KIND_INT;
    if (says(c, "REAL") || says(c, "FLOA") || says(c, "DOUB") || says(c, "NUM") || says(c, "DEC"))
        return KIND_NUM;
    if (says(c, "TIME")) return KIND_DATETIME;
    return says(c, "DATE") ? KIND_DATE : KIND_STR;
}

static struct dtype settle_type(const struct sq_column *c)
{
    bool dates = says(c, "DATE") || says(c, "TIME");
    if (c->kinds == 0) return DTYPE(declared_kind(c));
    if (c->kinds == HAS_INT) return DTYPE(says(c, "BOOL") && c->only_01 ? KIND_BOOL : KIND_INT);
    if ((c->kinds & ~(HAS_INT | HAS_REAL)) == 0) return DTYPE(KIND_NUM);
    if (c->kinds == HAS_TEXT && dates && c->all_dates && !says(c, "TIME")) return DTYPE(KIND_DATE);
    bool times = c->all_times && (c->all_zoned || !c->any_zoned);
    if (c->kinds == HAS_TEXT && dates && times) {
        struct dtype t = DTYPE(KIND_DATETIME);
        if (c->any_zoned) t.zone = dtype_intern("UTC");
        return t;
    }
    return DTYPE(KIND_STR);
}

static void select_text(const struct sq_scan *s, const int *columns, int n, bool range,
                        struct strbuf *sql)
{
    if (s->query) {
        strbuf_addz(sql, s->query);
        return;
    }
    strbuf_addz(sql, "select ");
    for (int i = 0; i < n; i++) {
        if (i) strbuf_addz(sql, ", ");
        sq_quote(sql, s->cols[columns[i]].name);
    }
    if (n == 0) strbuf_addz(sql, columns ? "1" : "*");
    strbuf_addz(sql, " from ");
    sq_quote(sql, s->table);
    if (range) strbuf_addz(sql, " where rowid between ?1 and ?2");
    if (s->by_rowid) strbuf_addz(sql, " order by rowid");
}

static rc name_columns(struct ctx *cx, struct sq_scan *s, sqlite3_stmt *st)
{
    (void)cx;
    s->n_cols = sqlite3_column_count(st);
    s->cols = ARENA_ARRAY(s->arena, struct sq_column, s->n_cols + 1);
    struct str *names = ARENA_ARRAY(s->arena, struct str, s->n_cols + 1);
    for (int i = 0; i < s->n_cols; i++)
        names[i] = arena_str(s->arena, str_of(sqlite3_column_name(st, i)));
    const char **unique = io_unique_names(s->arena, names, s->n_cols, true);
    for (int i = 0; i < s->n_cols; i++) {
        const char *said = sqlite3_column_decltype(st, i);
        char *upper = arena_strndup(s->arena, said ? said : "", said ? strlen(said) : 0);
        for (char *p = upper; *p; p++)
            if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 32);
        bool dates = strstr(upper, "DATE") || strstr(upper, "TIME");
        s->cols[i] = (struct sq_column){.name = unique[i],
                                        .declared = upper,
                                        .only_01 = true,
                                        .all_dates = dates,
                                        .all_times = dates,
                                        .all_zoned = true};
    }
    return RC_OK;
}

/* Views and tables without row ids are read in one go. */
static void find_range(struct sq_scan *s, sqlite3 *db)
{
    struct strbuf sql = {0};
    sqlite3_stmt *st = NULL;
    if (s->query) return;
    strbuf_addz(&sql, "select min(rowid), max(rowid) from ");
    sq_quote(&sql, s->table);
    struct strbuf type = {0};
    strbuf_addz(&type, "select 1 from sqlite_master where type = 'table' and name = ?1");
    bool is_table = sqlite3_prepare_v2(db, type.p, -1, &st, NULL) == SQLITE_OK &&
                    sqlite3_bind_text(st, 1, s->table, -1, SQLITE_STATIC) == SQLITE_OK &&
                    sqlite3_step(st) == SQLITE_ROW;
    sqlite3_finalize(st);
    st = NULL;
    s->by_rowid = is_table && sqlite3_prepare_v2(db, sql.p, -1, &st, NULL) == SQLITE_OK &&
                  sqlite3_step(st) == SQLITE_ROW;
    if (s->by_rowid) {
        s->first_row = sqlite3_column_int64(st, 0);
        s->last_row = sqlite3_column_int64(st, 1);
    }
    sqlite3_finalize(st);
    strbuf_release(&sql);
    strbuf_release(&type);
}

static rc look_through(struct ctx *cx, struct sq_scan *s, sqlite3 *db)
{
    struct strbuf sql = {0};
    sqlite3_stmt *st = NULL;
    int step;
    find_range(s, db);
    select_text(s, NULL, 0, false, &sql);
    enum rc_t res = prepare(cx, s, db, sql.p, &st);
    strbuf_release(&sql);
    if (res != RC_OK) return no_such_table(cx, s, db);
    res = name_columns(cx, s, st);
    while (res == RC_OK && (step = sqlite3_step(st)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            res = sq_failed(cx, db, s->head.label, s->span);
            break;
        }
        s->head.n_rows++;
        for (int i = 0; i < s->n_cols; i++)
            look_at(&s->cols[i], st, i);
    }
    sqlite3_finalize(st);
    return res;
}

static rc make_schema(struct ctx *cx, struct sq_scan *s)
{
    struct field *fields = ARENA_ARRAY(s->arena, struct field, s->n_cols + 1);
    for (int i = 0; i < s->n_cols; i++) {
        s->cols[i].type = settle_type(&s->cols[i]);
        fields[i] = (struct field){s->cols[i].name, s->cols[i].type};
    }
    uint64_t ids = (uint64_t)s->last_row - (uint64_t)s->first_row;
    uint64_t parts = ids / (uint64_t)RANGE_ROWS + 1;
    bool sparse = parts > 100000 || (int64_t)parts > s->head.n_rows / 1000 + 16;
    if (sparse) s->by_rowid = false;
    s->head.n_partitions = s->by_rowid ? (int)parts : 1;
    return schema_new(cx, fields, s->n_cols, s->span, &s->head.schema);
}

static void sqlite_close(struct io_scan *scan)
{
    struct sq_scan *s = scan_of(scan);
    if (s->head.schema) schema_unref(s->head.schema);
    arena_free(s->arena);
    mem_free(s);
}

static enum rc_t sqlite_open(struct ctx *cx, const char *path, const struct io_option *opts,
                             int n_opts, struct span span, struct io_scan **out)
{
    struct sq_scan *s = mem_zero(sizeof *s);
    sqlite3 *db = NULL;
    s->arena = arena_new();
    s->span = span;
    s->head.format = &io_sqlite;
    s->head.label = s->path = arena_strndup(s->arena, path, strlen(path));
    char *real = realpath(path, NULL);
    if (real) s->path = arena_strndup(s->arena, real, strlen(real));
    free(real); /* libc's own */
    atomic_init(&s->head.refs, 1);
    s->table = io_option_text(s->arena, opts, n_opts, "table");
    s->query = io_option_text(s->arena, opts, n_opts, "query");
    enum rc_t res = RC_OK;
    if (s->table && s->query) res = fail(cx, E209, span, "table: or query:, not both");
    if (stat(s->path, &s->st) == 0) s->head.n_bytes = s->st.st_size;
    if (res == RC_OK) res = sq_open(cx, s->path, SQLITE_OPEN_READONLY, span, &db);
    if (res == RC_OK) res = choose_table(cx, s, db);
    if (res == RC_OK) res = look_through(cx, s, db);
    if (res == RC_OK) res = make_schema(cx, s);
    sqlite3_close(db);
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        sqlite_close((struct io_scan *)s);
    return res;
}

/* ---- reading ---- */
static rc put_hex(struct ctx *cx, struct builder *b, sqlite3_stmt *st, int i)
{
    const unsigned char *p = sqlite3_column_blob(st, i);
    int n = sqlite3_column_bytes(st, i);
    struct strbuf hex = {0};
    for (int k = 0; k < n; k++)
        strbuf_printf(&hex, "%02x", p[k]);
    enum rc_t res = builder_str(cx, b, strbuf_view(&hex));
    strbuf_release(&hex);
    return res;
}

static rc put_value(struct ctx *cx, struct builder *b, sqlite3_stmt *st, int i)
{
    int type = sqlite3_column_type(st, i);
    if (type == SQLITE_NULL) return builder_null(cx, b);
    if (b->type.kind == KIND_BOOL) return builder_bool(cx, b, sqlite3_column_int64(st, i) != 0);
    if (b->type.kind == KIND_INT) return builder_i64(cx, b, sqlite3_column_int64(st, i));
    if (b->type.kind == KIND_NUM) return builder_f64(cx, b, sqlite3_column_double(st, i));
    if (type == SQLITE_BLOB) return put_hex(cx, b, st, i);
    const char *p = (const char *)sqlite3_column_text(st, i);
    size_t n = (size_t)sqlite3_column_bytes(st, i);
    int32_t day = 0;
    int64_t us = 0;
    bool zoned;
    if (b->type.kind == KIND_STR) return builder_str(cx, b, (struct str){p, n});
    bool is_day = date_parse(p, n, &day);
    if (b->type.kind == KIND_DATE) return is_day ? builder_i64(cx, b, day) : builder_null(cx, b);
    if (is_day) return builder_i64(cx, b, day * US_PER_DAY);
    return datetime_parse(p, n, &us, &zoned) ? builder_i64(cx, b, us) : builder_null(cx, b);
}

struct sq_reader {
    const struct sq_scan *s;
    const int *columns;
    int n_columns;
    struct builder *b;
    struct column **cols;
    struct vec *vecs;
    int64_t part, rows, limit;
    io_push push;
    void *self;
};

static rc push_rows(struct ctx *cx, struct sq_reader *r, int n)
{
    struct batch b = {n, r->n_columns, r->vecs, r->rows};
    enum rc_t res = RC_OK;
    for (int i = 0; i < r->n_columns && res == RC_OK; i++) {
        res = builder_finish(cx, &r->b[i], &r->cols[i]);
        if (res == RC_OK) r->vecs[i] = column_view(r->cols[i], 0, n);
    }
    if (res == RC_OK) res = check_cancel(cx);
    if (res == RC_OK) res = r->push(cx, r->self, r->part, &b);
    for (int i = 0; i < r->n_columns; i++) {
        struct dtype t = r->s->cols[r->columns[i]].type;
        column_unref(r->cols[i]);
        r->cols[i] = NULL;
        builder_init(&r->b[i], t, kind_phys(t.kind));
    }
    r->rows += n;
    return res;
}

static rc read_rows(struct ctx *cx, struct sq_reader *r, sqlite3 *db, sqlite3_stmt *st)
{
    int n = 0, step;
    while ((r->limit < 0 || r->rows + n < r->limit) && (step = sqlite3_step(st)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) return sq_failed(cx, db, r->s->head.label, r->s->span);
        for (int i = 0; i < r->n_columns; i++)
            TRY(put_value(cx, &r->b[i], st, r->s->query ? r->columns[i] : i));
        if (++n < BATCH_ROWS) continue;
        TRY(push_rows(cx, r, n));
        n = 0;
    }
    return n ? push_rows(cx, r, n) : RC_OK;
}

static enum rc_t sqlite_read(struct ctx *cx, struct io_scan *scan, const int *columns,
                             int n_columns, int64_t part, int64_t limit, io_push push, void *self)
{
    const struct sq_scan *s = scan_of(scan);
    struct sq_reader r = {.s = s, .columns = columns, .n_columns = n_columns, .part = part};
    struct strbuf sql = {0};
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    size_t n = (size_t)n_columns + 1;
    r.limit = limit;
    r.push = push;
    r.self = self;
    r.b = mem_zero(sizeof *r.b * n);
    r.cols = mem_zero(sizeof(*r.cols) * n);
    r.vecs = mem_zero(sizeof *r.vecs * n);
    for (int i = 0; i < n_columns; i++)
        builder_init(&r.b[i], s->cols[columns[i]].type, kind_phys(s->cols[columns[i]].type.kind));
    select_text(s, columns, n_columns, s->by_rowid, &sql);
    enum rc_t res = sq_open(cx, s->path, SQLITE_OPEN_READONLY, s->span, &db);
    if (res == RC_OK) res = prepare(cx, s, db, sql.p, &st);
    if (res == RC_OK && s->by_rowid) {
        sqlite3_bind_int64(st, 1, s->first_row + part * RANGE_ROWS);
        bool is_last = part + 1 == s->head.n_partitions;
        sqlite3_bind_int64(st, 2,
                           is_last ? s->last_row : s->first_row + (part + 1) * RANGE_ROWS - 1);
    }
    if (res == RC_OK) {
        res = read_rows(cx, &r, db, st);
        sqlite3_finalize(st);
    }
    sqlite3_close(db);
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

static bool sqlite_is_stale(const struct io_scan *scan)
{
    const struct sq_scan *s = scan_of(scan);
    struct stat now;
    return stat(s->path, &now) != 0 || now.st_size != s->st.st_size ||
           now.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec;
}

static int sqlite_probe(const char *head, size_t n)
{
    return n >= 16 && memcmp(head, "SQLite format 3", 16) == 0 ? 100 : 0;
}

static const struct io_option_desc read_options[] = {
    {"table", KIND_STR, "the table or view; may be left out when there is only one"},
    {"query", KIND_STR, "a select statement instead"},
    {NULL, KIND_NULL, NULL},
};

const struct io_format io_sqlite = {
    .name = "sqlite",
    .extensions = "sqlite sqlite3 db",
    .doc = "Tables and queries of a SQLite file.",
    .read_options = read_options,
    .write_options = sq_write_options,
    .probe = sqlite_probe,
    .open = sqlite_open,
    .close = sqlite_close,
    .read = sqlite_read,
    .is_stale = sqlite_is_stale,
    .begin = sq_begin,
    .append = sq_append,
    .finish = sq_finish,
    .abort = sq_abort,
};

/* sql_dialect.c: facts about the dialects, spellings of functions, names and values. */
#include "runtime/plan/sql_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#include <ctype.h>
#include <math.h>

/* ---- dialects ---- */
static const struct sql_scan duckdb_scans[] = {
    {"csv", "read_csv(%1)"}, {"parquet", "read_parquet(%1)"}, {"json", "read_json(%1)"}, {0}};

static const struct sql_dialect dialect_duckdb = {
    .id = SQL_duckdb,
    .name = "duckdb",
    .label = "DuckDB",
    .quote = '"',
    .folds_case = true,
    .types = {[KIND_NULL] = "INTEGER",
              [KIND_BOOL] = "BOOLEAN",
              [KIND_INT] = "BIGINT",
              [KIND_NUM] = "DOUBLE",
              [KIND_STR] = "VARCHAR",
              [KIND_CAT] = "VARCHAR",
              [KIND_DATE] = "DATE",
              [KIND_DATETIME] = "TIMESTAMP",
              [KIND_DURATION] = "BIGINT"},
    .collate = "",
    .list_open = "[",
    .scans = duckdb_scans,
};
static const struct sql_dialect dialect_postgres = {
    .id = SQL_postgres,
    .name = "postgres",
    .label = "PostgreSQL",
    .quote = '"',
    .max_name = 63,
    .types = {[KIND_NULL] = "integer",
              [KIND_BOOL] = "boolean",
              [KIND_INT] = "bigint",
              [KIND_NUM] = "double precision",
              [KIND_STR] = "text",
              [KIND_CAT] = "text",
              [KIND_DATE] = "date",
              [KIND_DATETIME] = "timestamp",
              [KIND_DURATION] = "bigint"},
    .collate = " COLLATE \"C\"",
    .list_open = "ARRAY[",
};
static const struct sql_dialect *const dialects[] = {
#define DIALECT(id, name, doc) &dialect_##id,
#include "runtime/plan/dialects.def"
#undef DIALECT
};

const struct sql_dialect *const *sql_dialect_all(int *n)
{
    *n = SQL_DIALECTS;
    return dialects;
}

const struct sql_dialect *sql_dialect_find(struct str name)
{
    for (int i = 0; i < SQL_DIALECTS; i++)
        if (str_eq(str_of(dialects[i]->name), name)) return dialects[i];
    return NULL;
}

const char *sql_dialect_name(const struct sql_dialect *d)
{
    return d->name;
}

/* ---- spellings ---- */
static const struct sql_spelling spellings[] = {
#define SQL_FN(name, kinds, flags, ...) {name, kinds, flags, {__VA_ARGS__}, NULL},
#define SQL_SPECIAL(name, flags, f)     {name, NULL, flags, {0}, f},
#include "runtime/plan/sql_fns.def"
#undef SQL_FN
#undef SQL_SPECIAL
};

static char kind_letter(enum kind k)
{
    static const char letters[KIND_COUNT] = {
        [KIND_INT] = 'i',      [KIND_NUM] = 'n',      [KIND_STR] = 's',
        [KIND_CAT] = 'c',      [KIND_BOOL] = 'b',     [KIND_DATE] = 'd',
        [KIND_DATETIME] = 't', [KIND_DURATION] = 'u', [KIND_LIST] = 'l',
    };
    return letters[k] ? letters[k] : '-';
}

static bool kinds_fit(const char *kinds, const struct expr *const *args, int n)
{
    if (!kinds) return true;
    bool varies = kinds[0] && kinds[1] == '*';
    if (!varies && strlen(kinds) != (size_t)n) return false;
    for (int i = 0; i < n; i++) {
        char want = kinds[varies ? 0 : i];
        enum kind k = args[i]->type.kind;
        if (want != '?' && want != kind_letter(k) && k != KIND_NULL) return false;
    }
    return true;
}

const struct sql_spelling *sqlout_spelling_find(unsigned family, const char *name,
                                                const struct expr *const *args, int n)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const struct sql_spelling *w = &spellings[i];
        if ((w->flags & (SQL_AGG | SQL_WIN)) == family && strcmp(w->name, name) == 0 &&
            kinds_fit(w->kinds, args, n))
            return w;
    }
    return NULL;
}

/* ---- names ---- */
void sql_quote_name(struct strbuf *out, const struct sql_dialect *d, const char *name)
{
    strbuf_addc(out, d->quote);
    for (const char *p = name; *p; p++) {
        if (*p == d->quote) strbuf_addc(out, d->quote);
        strbuf_addc(out, *p);
    }
    strbuf_addc(out, d->quote);
}

static bool same_folded(const char *a, const char *b)
{
    while (*a && *b && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

static bool stands_apart(const struct sql_dialect *d, const struct schema *s, int i)
{
    const char *name = s->fields[i].name;
    size_t n = strlen(name), prefix = sizeof SQL_PREFIX - 1;
    if (n == 0 || (d->max_name && n > d->max_name)) return false;
    if (n >= prefix && str_eq_nocase((struct str){name, prefix}, STR(SQL_PREFIX))) return false;
    for (int k = 0; d->folds_case && k < s->n; k++)
        if (k != i && same_folded(name, s->fields[k].name)) return false;
    return true;
}

void sql_column_name(struct strbuf *out, const struct sql_dialect *d, const struct schema *s, int i)
{
    if (stands_apart(d, s, i))
        sql_quote_name(out, d, s->fields[i].name);
    else
        strbuf_printf(out, SQL_PREFIX "c%d", i + 1);
}

/* ---- types and values ---- */
bool sql_type_name(struct strbuf *out, const struct sql_dialect *d, struct dtype t)
{
    if (t.kind == KIND_LIST && t.elem && t.elem->kind != KIND_LIST) {
        if (!sql_type_name(out, d, *t.elem)) return false;
        strbuf_addz(out, "[]");
        return true;
    }
    bool is_local = t.kind == KIND_DATETIME && t.zone && strcmp(t.zone, "UTC") != 0;
    if (!d->types[t.kind] || is_local || (t.kind == KIND_CAT && t.ordered)) return false;
    strbuf_addz(out, d->types[t.kind]);
    return true;
}

static void put_text(struct strbuf *out, struct str s)
{
    strbuf_addc(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') strbuf_addc(out, '\'');
        strbuf_addc(out, s.p[i]);
    }
    strbuf_addc(out, '\'');
}

static void put_num(struct strbuf *out, double x)
{
    char text[NUM_TEXT_MAX];
    num_format(x, text);
    strbuf_addz(out, isinf(x) ? (x > 0 ? "'Infinity'" : "'-Infinity'") : text);
}

static bool put_list(struct strbuf *out, const struct sql_dialect *d, const struct column *c)
{
    bool fits = true;
    strbuf_addz(out, d->list_open);
    for (int64_t i = 0; i < c->n && fits; i++) {
        struct scalar v = column_scalar(c, i);
        if (i) strbuf_addz(out, ", ");
        fits = sql_literal(out, d, &v);
        scalar_release(&v);
    }
    strbuf_addc(out, ']');
    return fits;
}

/* The value itself, without its type. */
static bool put_value(struct strbuf *out, const struct sql_dialect *d, const struct scalar *v)
{
    char text[DATE_TEXT_MAX];
    if (v->is_null) {
        strbuf_addz(out, "NULL");
        return true;
    }
    switch (v->type.kind) {
    case KIND_INT:
    case KIND_DURATION: strbuf_printf(out, "%lld", (long long)v->u.i); return v->months == 0;
    case KIND_NUM: put_num(out, v->u.f); return true;
    case KIND_STR:
    case KIND_CAT: put_text(out, v->u.s); return memchr(v->u.s.p, 0, v->u.s.n) == NULL;
    case KIND_DATE:
        date_format((int32_t)v->u.i, text);
        strbuf_printf(out, "'%s'", text);
        return true;
    case KIND_DATETIME:
        datetime_format(v->u.i, text);
        strbuf_printf(out, "'%s'", text);
        return true;
    case KIND_LIST: return put_list(out, d, v->u.list);
    default: return false;
    }
}

bool sql_literal(struct strbuf *out, const struct sql_dialect *d, const struct scalar *v)
{
    struct strbuf type = {0};
    enum kind k = v->type.kind;
    if (!v->is_null && k == KIND_BOOL) {
        strbuf_addz(out, v->u.b ? "true" : "false");
        return true;
    }
    bool fits = sql_type_name(&type, d, v->type);
    bool is_bare = !v->is_null && (k == KIND_STR || k == KIND_CAT) && *d->collate == 0;
    if (fits && !is_bare) strbuf_addz(out, "CAST(");
    fits = fits && put_value(out, d, v);
    if (fits && !is_bare) strbuf_printf(out, " AS %s)", type.p);
    strbuf_release(&type);
    return fits;
}

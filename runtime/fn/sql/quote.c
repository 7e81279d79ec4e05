/* quote.c: quote_literal, quote_ident, quote_nullable and format(), as PostgreSQL has them (its
 * manual, 9.4.1). */
#include "runtime/fn/sql/sql.h"

#include <stdlib.h>

/* Words that cannot be a name without quotes: all but the unreserved ones of PostgreSQL 15 (its
 * manual, appendix C). */
static const char *const words[] = {"all",
                                    "analyse",
                                    "analyze",
                                    "and",
                                    "any",
                                    "array",
                                    "as",
                                    "asc",
                                    "asymmetric",
                                    "authorization",
                                    "between",
                                    "bigint",
                                    "binary",
                                    "bit",
                                    "boolean",
                                    "both",
                                    "case",
                                    "cast",
                                    "char",
                                    "character",
                                    "check",
                                    "coalesce",
                                    "collate",
                                    "collation",
                                    "column",
                                    "concurrently",
                                    "constraint",
                                    "create",
                                    "cross",
                                    "current_catalog",
                                    "current_date",
                                    "current_role",
                                    "current_schema",
                                    "current_time",
                                    "current_timestamp",
                                    "current_user",
                                    "dec",
                                    "decimal",
                                    "default",
                                    "deferrable",
                                    "desc",
                                    "distinct",
                                    "do",
                                    "else",
                                    "end",
                                    "except",
                                    "exists",
                                    "extract",
                                    "false",
                                    "fetch",
                                    "float",
                                    "for",
                                    "foreign",
                                    "freeze",
                                    "from",
                                    "full",
                                    "grant",
                                    "greatest",
                                    "group",
                                    "grouping",
                                    "having",
                                    "ilike",
                                    "in",
                                    "initially",
                                    "inner",
                                    "inout",
                                    "int",
                                    "integer",
                                    "intersect",
                                    "interval",
                                    "into",
                                    "is",
                                    "isnull",
                                    "join",
                                    "lateral",
                                    "leading",
                                    "least",
                                    "left",
                                    "like",
                                    "limit",
                                    "localtime",
                                    "localtimestamp",
                                    "national",
                                    "natural",
                                    "nchar",
                                    "none",
                                    "normalize",
                                    "not",
                                    "notnull",
                                    "null",
                                    "nullif",
                                    "numeric",
                                    "offset",
                                    "on",
                                    "only",
                                    "or",
                                    "order",
                                    "out",
                                    "outer",
                                    "overlaps",
                                    "overlay",
                                    "placing",
                                    "position",
                                    "precision",
                                    "primary",
                                    "real",
                                    "references",
                                    "returning",
                                    "right",
                                    "row",
                                    "select",
                                    "session_user",
                                    "setof",
                                    "similar",
                                    "smallint",
                                    "some",
                                    "substring",
                                    "symmetric",
                                    "table",
                                    "tablesample",
                                    "then",
                                    "time",
                                    "timestamp",
                                    "to",
                                    "trailing",
                                    "treat",
                                    "trim",
                                    "true",
                                    "union",
                                    "unique",
                                    "user",
                                    "using",
                                    "values",
                                    "varchar",
                                    "variadic",
                                    "verbose",
                                    "when",
                                    "where",
                                    "window",
                                    "with",
                                    "xmlattributes",
                                    "xmlconcat",
                                    "xmlelement",
                                    "xmlexists",
                                    "xmlforest",
                                    "xmlnamespaces",
                                    "xmlparse",
                                    "xmlpi",
                                    "xmlroot",
                                    "xmlserialize",
                                    "xmltable"};

static int by_word(const void *key, const void *word)
{
    const struct str *s = key;
    const char *w = *(const char *const *)word;
    size_t n = strlen(w);
    int c = memcmp(s->p, w, s->n < n ? s->n : n);
    return c ? c : (s->n > n) - (s->n < n);
}
static bool is_plain_name(struct str s)
{
    if (s.n == 0 || !((s.p[0] >= 'a' && s.p[0] <= 'z') || s.p[0] == '_')) return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return !bsearch(&s, words, sizeof words / sizeof words[0], sizeof words[0], by_word);
}
static void put_ident(struct strbuf *b, struct str s)
{
    if (is_plain_name(s)) {
        strbuf_adds(b, s);
        return;
    }
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') strbuf_addc(b, '"');
        strbuf_addc(b, s.p[i]);
    }
    strbuf_addc(b, '"');
}
static void put_literal(struct strbuf *b, struct str s)
{
    if (s.n && memchr(s.p, '\\', s.n)) strbuf_addc(b, 'E');
    strbuf_addc(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'' || s.p[i] == '\\') strbuf_addc(b, s.p[i]);
        strbuf_addc(b, s.p[i]);
    }
    strbuf_addc(b, '\'');
}

#define ROW(name)                                                                                  \
    static enum rc_t name(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,  \
                          bool *is_null)
ROW(ident_row)
{
    (void)e, (void)is_null;
    put_ident(b, vec_str(&args[0], i));
    return RC_OK;
}
ROW(literal_row)
{
    (void)e, (void)is_null;
    put_literal(b, vec_str(&args[0], i));
    return RC_OK;
}
ROW(nullable_row)
{
    (void)e, (void)is_null;
    if (vec_valid(&args[0], i))
        put_literal(b, vec_str(&args[0], i));
    else
        strbuf_addz(b, "NULL");
    return RC_OK;
}
SQL_TEXT_KERNEL(ident, ident_row, false)
SQL_TEXT_KERNEL(literal, literal_row, false)
SQL_TEXT_KERNEL(nullable, nullable_row, true)
static const struct fn_overload sql_quote_ident_overloads[] = {OV1(KIND_STR, KIND_STR, ident)};
SQL_FN(sql_quote_ident, "sql_quote_ident(x: str) -> str", "SQL's quote_ident.",
       "sql_quote_ident(\"Foo\")  #> \"\\\"Foo\\\"\"", 0, .nulls = FN_ANY_NULL);
static const struct fn_overload sql_quote_literal_overloads[] = {OV1(KIND_STR, KIND_STR, literal)};
SQL_FN(sql_quote_literal, "sql_quote_literal(x: str) -> str", "SQL's quote_literal.",
       "sql_quote_literal(\"it's\")  #> \"'it''s'\"", 0, .nulls = FN_ANY_NULL);
static const struct fn_overload sql_quote_nullable_overloads[] = {
    OV1(KIND_STR, KIND_STR, nullable)};
SQL_FN(sql_quote_nullable, "sql_quote_nullable(x: str) -> str", "SQL's quote_nullable.",
       "sql_quote_nullable(null)  #> \"NULL\"", 0, .nulls = FN_OWN_NULLS);

/* ---- format(text, values ..) ---- */
struct mark { /* %[n$][-][width]kind */
    int arg;
    int64_t width;
    char kind;
};
static bool read_number(struct str f, size_t *at, int64_t *out)
{
    size_t from = *at;
    *out = 0;
    for (; *at < f.n && f.p[*at] >= '0' && f.p[*at] <= '9'; (*at)++)
        if (*out < 1000000000) *out = *out * 10 + (f.p[*at] - '0');
    return *at > from;
}
/* A width of `*` or `*n$`: the next argument, or that one. */
static enum rc_t star_width(struct fn_eval *e, const struct vec *args, int64_t i, struct str f,
                            size_t *at, int *next, int64_t *out)
{
    size_t mark = ++*at;
    int64_t k;
    int arg = *next;
    if (read_number(f, at, &k) && *at < f.n && f.p[*at] == '$') {
        arg = k < 100000 ? (int)k : 100000;
        (*at)++;
    } else {
        *at = mark;
        (*next)++;
    }
    if (arg < 1 || arg >= e->n_args) return sql_refuse(e, i, "format() has too few values");
    *out = 0;
    if (!vec_valid(&args[arg], i)) return RC_OK;
    struct str s = vec_str(&args[arg], i);
    size_t p = s.n && s.p[0] == '-';
    bool is_number = read_number(s, &p, out) && p == s.n;
    if (s.n && s.p[0] == '-') *out = -*out;
    return is_number ? RC_OK : sql_refuse(e, i, "a width of format() is no whole number");
}
static enum rc_t read_mark(struct fn_eval *e, const struct vec *args, int64_t i, struct str f,
                           size_t *at, int *next, struct mark *m)
{
    int64_t k;
    size_t from = *at;
    bool is_left = false;
    *m = (struct mark){0};
    if (read_number(f, at, &k) && *at < f.n && f.p[*at] == '$') {
        if (k == 0) return sql_refuse(e, i, "the values of format() count from 1");
        m->arg = k < 100000 ? (int)k : 100000;
        (*at)++;
    } else {
        *at = from;
    }
    for (; *at < f.n && f.p[*at] == '-'; (*at)++)
        is_left = true;
    if (*at < f.n && f.p[*at] == '*')
        TRY(star_width(e, args, i, f, at, next, &m->width));
    else
        (void)read_number(f, at, &m->width);
    if (is_left && m->width > 0) m->width = -m->width;
    if (*at >= f.n) return sql_refuse(e, i, "the text of format() ends within a mark");
    m->kind = f.p[(*at)++];
    if (!strchr("sIL", m->kind) || !m->kind)
        return sql_refuse(e, i, "format() knows %%s, %%I, %%L and %%%%");
    if (!m->arg) m->arg = *next;
    *next = m->arg + 1;
    if (m->arg >= e->n_args) return sql_refuse(e, i, "format() has too few values");
    return RC_OK;
}
static enum rc_t put_mark(struct fn_eval *e, const struct vec *args, int64_t i,
                          const struct mark *m, struct strbuf *b)
{
    bool is_null = !vec_valid(&args[m->arg], i);
    struct str s = is_null ? STR("") : vec_str(&args[m->arg], i);
    struct strbuf t = {0};
    if (is_null && m->kind == 'I')
        return sql_refuse(e, i, "a null cannot be a name in format(), %%I");
    if (m->kind == 'I')
        put_ident(&t, s);
    else if (m->kind == 'L' && is_null)
        strbuf_addz(&t, "NULL");
    else if (m->kind == 'L')
        put_literal(&t, s);
    else
        strbuf_adds(&t, s);
    int64_t points = 0, width = m->width < 0 ? -m->width : m->width;
    for (size_t k = 0; k < t.n; k++)
        points += ((unsigned char)t.p[k] & 0xC0) != 0x80;
    bool fits = width < (int64_t)SQL_TEXT_LIMIT;
    if (m->width < 0) strbuf_adds(b, strbuf_view(&t));
    for (int64_t k = points; k < width && fits; k++)
        strbuf_addc(b, ' ');
    if (m->width >= 0) strbuf_adds(b, strbuf_view(&t));
    strbuf_release(&t);
    return fits ? RC_OK : sql_refuse(e, i, "a width of format() is too large");
}
ROW(format_row)
{
    int next = 1;
    if (!vec_valid(&args[0], i)) {
        *is_null = true;
        return RC_OK;
    }
    struct str f = vec_str(&args[0], i);
    for (size_t at = 0; at < f.n;) {
        struct mark m;
        char c = f.p[at++];
        if (c != '%') {
            strbuf_addc(b, c);
            continue;
        }
        if (at < f.n && f.p[at] == '%') {
            strbuf_addc(b, '%');
            at++;
            continue;
        }
        TRY(read_mark(e, args, i, f, &at, &next, &m));
        TRY(put_mark(e, args, i, &m, b));
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(format, format_row, true)
static const struct fn_overload sql_format_overloads[] = {OVN(KIND_STR, KIND_STR, format)};
SQL_FN(sql_format, "sql_format(text: str, ..) -> str", "SQL's format: %s, %I and %L.",
       "sql_format(\"%s-%s\", \"a\", \"b\")  #> \"a-b\"", FN_ADDS_NULLS, .nulls = FN_OWN_NULLS);

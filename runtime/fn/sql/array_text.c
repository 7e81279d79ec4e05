/* array_text.c: arrays as text, read and written by PostgreSQL's rules (its manual, 8.15.6). */
#include "runtime/fn/sql/array_text.h"

#include "runtime/fn/scalar/list.h"
#include "runtime/fn/sql/interval.h"
#include "runtime/fn/sql/sql.h"

/* ---- reading ---- */
static bool is_blank(char c)
{
    return c && strchr(" \t\n\v\f\r", c) != NULL;
}
static void skip_blanks(struct str s, size_t *at)
{
    while (*at < s.n && is_blank(s.p[*at]))
        (*at)++;
}
static bool bad(bool *is_bad)
{
    *is_bad = true;
    return false;
}
static bool quoted_item(struct str s, size_t *at, struct strbuf *b)
{
    for ((*at)++; *at < s.n; (*at)++) {
        char c = s.p[*at];
        if (c == '"') {
            (*at)++;
            return true;
        }
        if (c == '\\' && *at + 1 < s.n) c = s.p[++*at];
        strbuf_addc(b, c);
    }
    return false;
}
static bool bare_item(struct str s, size_t *at, struct strbuf *b, bool *is_null)
{
    size_t kept = 0;
    bool is_escaped = false;
    for (; *at < s.n && !strchr(",}", s.p[*at]); (*at)++) {
        char c = s.p[*at];
        if (c == '{' || c == '"') return false;
        bool blank = is_blank(c);
        if (c == '\\' && *at + 1 < s.n) {
            c = s.p[++*at];
            is_escaped = true;
            blank = false;
        }
        strbuf_addc(b, c);
        if (!blank) kept = b->n;
    }
    if (kept == 0) return false;
    b->n = kept;
    b->p[kept] = '\0';
    *is_null = !is_escaped && str_eq_nocase(strbuf_view(b), STR("null"));
    return true;
}
/* What follows an item: a comma and another one, or the end. */
static bool step_on(struct str s, size_t *at, bool *is_bad)
{
    skip_blanks(s, at);
    if (*at >= s.n) return bad(is_bad);
    if (s.p[*at] == ',') {
        (*at)++;
        skip_blanks(s, at);
        return (*at < s.n && s.p[*at] != '}') || bad(is_bad);
    }
    if (s.p[*at] != '}') return bad(is_bad);
    (*at)++;
    skip_blanks(s, at);
    return *at == s.n ? false : bad(is_bad);
}
bool sql_array_next(struct str s, size_t *at, struct strbuf *b, bool *is_null, bool *is_bad)
{
    *is_bad = *is_null = false;
    strbuf_clear(b);
    if (*at == 0) {
        skip_blanks(s, at);
        if (*at >= s.n || s.p[*at] != '{') return bad(is_bad);
        (*at)++;
        skip_blanks(s, at);
        if (*at < s.n && s.p[*at] == '}') return step_on(s, at, is_bad);
    } else if (!step_on(s, at, is_bad)) {
        return false;
    }
    if (*at >= s.n) return bad(is_bad);
    bool fits = s.p[*at] == '"' ? quoted_item(s, at, b) : bare_item(s, at, b, is_null);
    return fits || bad(is_bad);
}

static enum rc_t read_row(struct fn_eval *e, struct str s, int64_t i, struct builder *b)
{
    struct strbuf item = {0};
    size_t at = 0;
    bool is_null, is_bad;
    enum rc_t res = RC_OK;
    while (res == RC_OK && sql_array_next(s, &at, &item, &is_null, &is_bad))
        res = is_null ? builder_null(e->cx, b) : builder_str(e->cx, b, strbuf_view(&item));
    strbuf_release(&item);
    TRY(res);
    return is_bad ? sql_refuse(e, i, "\"%.*s\" is no array of plain values, as {1,2} is",
                               s.n < 60 ? (int)s.n : 60, s.p)
                  : RC_OK;
}
static enum rc_t array_read(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct builder b;
    int64_t *at = (int64_t *)(uintptr_t)out->data;
    const uint64_t *live = live_rows(e, n, args);
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        at[i] = b.n;
        if (bit_valid(live, i)) res = read_row(e, vec_str(&args[0], i), i, &b);
    }
    at[n] = b.n;
    if (res == RC_OK) res = sql_list_finish(e, &b, out);
    builder_release(&b);
    return res;
}
static const struct fn_overload sql_array_read_overloads[] = {OV1(KIND_STR, KIND_LIST, array_read)};
SQL_FN(sql_array_read, "sql_array_read(x: str) -> list", "SQL's cast of a text to text[].",
       "sql_array_read(\"{a,b}\")  #> [\"a\", \"b\"]", 0, .nulls = FN_ANY_NULL,
       .type = sql_type_texts);

/* ---- writing ---- */
static void put_text(struct strbuf *b, struct str s)
{
    bool needs = s.n == 0 || str_eq_nocase(s, STR("null"));
    for (size_t i = 0; i < s.n && !needs; i++)
        needs = is_blank(s.p[i]) || (s.p[i] && strchr("{},\"\\", s.p[i]));
    if (!needs) {
        strbuf_adds(b, s);
        return;
    }
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') strbuf_addc(b, '\\');
        strbuf_addc(b, s.p[i]);
    }
    strbuf_addc(b, '"');
}
static void put_item(struct strbuf *b, const struct scalar *v)
{
    char buf[96];
    struct strbuf t = {0};
    if (v->is_null) {
        strbuf_addz(b, "NULL");
        return;
    }
    switch (v->type.kind) {
    case KIND_BOOL: strbuf_addc(b, v->u.b ? 't' : 'f'); return;
    case KIND_NUM: strbuf_add(b, buf, (size_t)sql_num_write(v->u.f, buf, sizeof buf)); return;
    case KIND_DURATION:
        put_text(b, (struct str){buf, (size_t)sql_interval_write(v->u.i, buf, sizeof buf)});
        return;
    case KIND_STR:
    case KIND_CAT: put_text(b, v->u.s); return;
    default: scalar_text(&t, v, false);
    }
    put_text(b, strbuf_view(&t));
    strbuf_release(&t);
}
static void put_array(struct strbuf *b, const struct column *items, int64_t from, int64_t to)
{
    strbuf_addc(b, '{');
    for (int64_t k = from; k < to; k++) {
        struct scalar v = column_scalar(items, k);
        if (k > from) strbuf_addc(b, ',');
        if (v.type.kind == KIND_LIST && !v.is_null)
            put_array(b, v.u.list, 0, v.u.list->n);
        else
            put_item(b, &v);
        scalar_release(&v);
    }
    strbuf_addc(b, '}');
}
static enum rc_t text_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                          bool *is_null)
{
    struct list_row l = list_at(e, args, 0, i);
    (void)is_null;
    put_array(b, l.items, l.from, l.to);
    return RC_OK;
}
SQL_TEXT_KERNEL(array_text, text_row, false)
static enum rc_t type_text(struct ctx *cx, const struct dtype *args, int n, struct span span,
                           struct dtype *out)
{
    char text[96];
    const struct dtype *t = &args[0];
    (void)n;
    while (t->kind == KIND_LIST)
        t = t->elem;
    *out = DTYPE(KIND_STR);
    return t->kind != KIND_STRUCT ? RC_OK
                                  : fail(cx, E207, span, "%s has no text in SQL",
                                         dtype_text(args[0], text, sizeof text));
}
static const struct fn_overload sql_array_text_overloads[] = {OV1(KIND_LIST, KIND_STR, array_text)};
SQL_FN(sql_array_text, "sql_array_text(xs: list) -> str", "SQL's cast of an array to text.",
       "sql_array_text([1, 2])  #> \"{1,2}\"", 0, .nulls = FN_ANY_NULL, .type = type_text);

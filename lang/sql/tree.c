/* tree.c: reading libpg_query's JSON, and its errors in the words of an analyst. */
#include "lang/sql/sql_int.h"

#include <pg_query.h>

const json_t *sql_get(const json_t *o, const char *key)
{
    return json_is_object(o) ? json_object_get(o, key) : NULL;
}
const char *sql_text_of(const json_t *o, const char *key)
{
    const char *t = json_string_value(sql_get(o, key));
    return t ? t : "";
}
int64_t sql_int_of(const json_t *o, const char *key)
{
    return json_integer_value(sql_get(o, key));
}
bool sql_bool_of(const json_t *o, const char *key)
{
    return json_is_true(sql_get(o, key));
}
/* The tree leaves numbers out that are not above 0: then the text tells. */
int64_t sql_const_int(const struct sql *s, const json_t *constant)
{
    int64_t x = sql_int_of(sql_get(constant, "ival"), "ival"),
            at = sql_int_of(constant, "location");
    const char *p = s->text.p;
    if (x != 0 || at < 0 || (size_t)at >= s->text.n || p[at] != '-') return x;
    size_t i = (size_t)at + 1;
    while (i < s->text.n && strchr(" \t\r\n", p[i]))
        i++;
    for (; i < s->text.n && p[i] >= '0' && p[i] <= '9' && x < INT32_MAX; i++)
        x = x * 10 + (p[i] - '0');
    return -x;
}
size_t sql_len(const json_t *array)
{
    return json_array_size(array);
}
const char *sql_kind(const json_t *node, const json_t **body)
{
    void *it = json_is_object(node) ? json_object_iter((json_t *)(uintptr_t)node) : NULL;
    if (body) *body = it ? json_object_iter_value(it) : NULL;
    return it ? json_object_iter_key(it) : "";
}
bool sql_is(const json_t *node, const char *kind, const json_t **body)
{
    const json_t *b;
    bool is = strcmp(sql_kind(node, &b), kind) == 0;
    if (is && body) *body = b;
    return is;
}
const char *sql_string(const json_t *node)
{
    const json_t *body;
    return sql_is(node, "String", &body) ? sql_text_of(body, "sval") : "";
}
int sql_location(const json_t *node)
{
    const json_t *v = sql_get(node, "location");
    const char *key;
    json_t *kid, *n = (json_t *)(uintptr_t)node;
    size_t i;
    if (json_is_integer(v)) {
        json_int_t at = json_integer_value(v);
        if (at >= 0) return (int)at;
    }
    if (json_is_array(node)) json_array_foreach(n, i, kid)
        {
            int at = sql_location(kid);
            if (at >= 0) return at;
        }
    if (json_is_object(node)) json_object_foreach(n, key, kid)
        {
            int at = sql_location(kid);
            if (at >= 0) return at;
        }
    return -1;
}
struct span sql_node_span(const struct sql *s, const json_t *node)
{
    return sql_span(s, sql_location(node));
}

/* ---- errors of the parser ---- */
static const struct {
    const char *word, *says, *hint;
} dialects[] = {
    {"qualify",
     "QUALIFY is no SQL of PostgreSQL: filter in a step, where window functions may stand",
     "t |> where row_number() <= 3 by g sort -x"},
    {"exclude", "EXCLUDE is no SQL of PostgreSQL: drop columns in a step", "t |> drop a, b"},
    {"replace", "`* REPLACE` is no SQL of PostgreSQL: replace a column in a step",
     "t |> derive a = a * 2"},
    {"pivot", "PIVOT is no SQL of PostgreSQL: the step is called pivot too",
     "t |> pivot month, sum(x) by zone"},
    {"unpivot", "UNPIVOT is no SQL of PostgreSQL: the step is called unpivot too",
     "t |> unpivot a, b, names: name, values: value"},
    {"asof", "ASOF JOIN is no SQL of PostgreSQL: join in a step",
     "t |> join quotes on symbol, time >= time, kind: asof"},
    {"semi", "SEMI JOIN is no SQL of PostgreSQL: use EXISTS or IN, or join in a step",
     "t |> join u on id, kind: semi"},
    {"anti", "ANTI JOIN is no SQL of PostgreSQL: use NOT EXISTS, or join in a step",
     "t |> join u on id, kind: anti"},
    {"positional", "POSITIONAL JOIN is no SQL of PostgreSQL", "t |> derive n = row_number()"},
    {"sample", "SAMPLE is no SQL of PostgreSQL: sample in a step", "t |> sample 0.1"},
    {"tablesample", "TABLESAMPLE does not run here: sample in a step", "t |> sample 0.1"},
    {"top", "TOP is no SQL of PostgreSQL: LIMIT stands at the end", "select * from t limit 10"},
    {"rlike", "RLIKE is no SQL of PostgreSQL: `x ~ 'pattern'` tests a regular expression",
     "select * from t where x ~ '^a'"},
    {"regexp", "REGEXP is no SQL of PostgreSQL: `x ~ 'pattern'` tests a regular expression",
     "select * from t where x ~ '^a'"},
    {"glob", "GLOB is no SQL of PostgreSQL: LIKE with % and _",
     "select * from t where x like 'a%'"},
    {"describe", "DESCRIBE is no SQL of PostgreSQL: describe is a step", "t |> describe"},
    {"summarize", "SUMMARIZE is no SQL of PostgreSQL: describe is a step", "t |> describe"},
};
/* The word of another dialect that the error is about: the last one at or before its place. */
static int dialect_word(const struct sql *s, uint32_t at, struct sql_tok *out)
{
    const struct sql_text *x = &s->text;
    int found = -1;
    for (int i = 0; i < x->n_toks && x->toks[i].from <= at; i++)
        for (size_t k = 0; k < sizeof dialects / sizeof dialects[0]; k++)
            if (sql_is_word(x->old, x->toks[i], dialects[k].word)) {
                found = (int)k;
                *out = x->toks[i];
            }
    return found;
}
enum rc_t sql_no_dialect(struct sql *s, struct sql_tok word)
{
    for (size_t k = 0; k < sizeof dialects / sizeof dialects[0]; k++) {
        if (!sql_is_word(s->text.old, word, dialects[k].word)) continue;
        (void)fail(s->cx, E217, sql_span_old(s, word.from, word.to), "%s", dialects[k].says);
        return err_hint(s->cx, "%s", dialects[k].hint);
    }
    return RC_ERR;
}
/* libpg_query counts characters from 1. */
static uint32_t byte_of(const struct sql *s, int cursor)
{
    uint32_t at = 0;
    for (int left = cursor - 1; left > 0 && at < s->text.n; left--)
        for (at++; at < s->text.n && ((unsigned char)s->text.p[at] & 0xC0) == 0x80;)
            at++;
    return at;
}
static rc hint_token(struct sql *s, struct str tok, struct sql_tok t)
{
    struct str text = s->text.old;
    struct sql_tok next = sql_scan(text, t.to);
    struct ctx *cx = s->cx;
    if (str_eqz(tok, "`")) return err_hint(cx, "select \"odd name\" from t");
    if (str_eqz(tok, "[")) return err_hint(cx, "select array[1, 2]");
    if (str_eqz(tok, "=") && next.kind == SQL_OP && text.p[next.from] == '=')
        return err_note(cx, "= compares: where a = 1");
    if (str_eqz(tok, "|") || str_eqz(tok, "|>"))
        return err_note(cx, "steps stand in code: sql(\"..\") |> where a > 1");
    if (sql_is_word(text, t, "select"))
        return err_note(cx,
                        "with a leading FROM all columns are selected: write SELECT .. FROM ..");
    struct sql_tok before = {SQL_END, 0, 0};
    for (int i = 0; i < s->text.n_toks && s->text.toks[i].to <= t.from; i++)
        before = s->text.toks[i];
    if (before.kind == SQL_OP && text.p[before.from] == ',')
        return err_note(cx, "a comma stands before it");
    return RC_ERR;
}
static rc parse_failed(struct sql *s, const PgQueryError *e)
{
    struct ctx *cx = s->cx;
    uint32_t at = sql_old_at(s, byte_of(s, e->cursorpos));
    struct sql_tok t = sql_scan(s->text.old, at), word;
    int k = dialect_word(s, t.from, &word);
    if (k >= 0) return sql_no_dialect(s, word);
    struct span span = sql_span_old(s, t.from, t.to);
    if (strstr(e->message, "unterminated"))
        return fail(cx, E102, span, "a quote or comment is opened and not closed");
    if (!strstr(e->message, "syntax error")) return fail(cx, E101, span, "%s", e->message);
    if (t.kind == SQL_END || strstr(e->message, "end of input"))
        return fail(cx, E101, sql_span_old(s, (uint32_t)s->text.old.n, (uint32_t)s->text.old.n),
                    "the statement ends too early: something is missing here");
    struct str tok = {s->text.old.p + t.from, t.to - t.from};
    (void)fail(cx, E101, span, "`%.*s` does not fit here", (int)(tok.n < 60 ? tok.n : 60), tok.p);
    return hint_token(s, tok, t);
}
rc sql_parse(struct sql *s, json_t **out)
{
    json_error_t why;
    if (memchr(s->text.p, '\0', s->text.n))
        return fail(s->cx, E104, sql_span(s, -1), "the text holds a zero byte");
    PgQueryParseResult r = pg_query_parse(s->text.p);
    enum rc_t res = RC_OK;
    if (r.error) {
        res = parse_failed(s, r.error);
    } else {
        json_t *tree = json_loads(r.parse_tree, 0, &why);
        if (!tree) {
            res = fail(s->cx, E109, sql_span(s, -1), "the query is nested too deep to be read");
        } else {
            *out = json_incref(json_object_get(tree, "stmts"));
            json_decref(tree);
        }
    }
    pg_query_free_parse_result(r);
    return res;
}

static bool same_members(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *kid;
    json_object_foreach((json_t *)(uintptr_t)a, key, kid)
    {
        if (strcmp(key, "location") == 0) continue;
        if (!sql_same_tree(kid, json_object_get(b, key))) return false;
    }
    return true;
}
bool sql_same_tree(const json_t *a, const json_t *b)
{
    if (!a || !b || json_typeof(a) != json_typeof(b)) return a == b;
    if (json_is_object(a)) return same_members(a, b) && same_members(b, a);
    if (!json_is_array(a)) return json_equal(a, b);
    if (json_array_size(a) != json_array_size(b)) return false;
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!sql_same_tree(json_array_get(a, i), json_array_get(b, i))) return false;
    return true;
}

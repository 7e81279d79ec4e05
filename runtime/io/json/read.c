/* read.c: a block of records to columns. The tree of builders follows the schema's types; names of
 * an object are looked for where they stood in the record before. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/num.h"

/* One place of the records: where its values go. */
struct place {
    struct builder *b; /* NULL: not asked for, values are passed over */
    enum kind kind;
    const struct json_type *type; /* objects: its names; NULL else */
    struct place *kids;           /* objects: a place a field; lists: the elements' */
    int64_t *seen;                /* objects: record in which a field came last */
    int64_t count;                /* objects met so far */
    atomic_llong *n_bad;          /* of a column whose type was asked for */
};
struct reading {
    struct ctx *cx;
    struct json_cur c;
    enum rc_t res;
};

static bool put_text(struct reading *r, struct place *p, struct str s)
{
    int32_t day;
    int64_t us;
    double f;
    bool zoned;
    switch (p->kind) {
    case KIND_STR: r->res = builder_str(r->cx, p->b, s); break;
    case KIND_DATE:
        if (!date_parse(s.p, s.n, &day)) goto misfit;
        r->res = builder_i64(r->cx, p->b, day);
        break;
    case KIND_DATETIME:
        if (date_parse(s.p, s.n, &day))
            us = day * US_PER_DAY;
        else if (!datetime_parse(s.p, s.n, &us, &zoned))
            goto misfit;
        r->res = builder_i64(r->cx, p->b, us);
        break;
    case KIND_NUM:
        if (!num_parse(s.p, s.n, &f)) goto misfit;
        r->res = builder_f64(r->cx, p->b, f);
        break;
    case KIND_INT:
        if (!int_parse(s.p, s.n, &us)) goto misfit;
        r->res = builder_i64(r->cx, p->b, us);
        break;
    default: goto misfit;
    }
    return r->res == RC_OK;
misfit:
    if (p->n_bad) atomic_fetch_add(p->n_bad, 1);
    r->res = builder_null(r->cx, p->b);
    return r->res == RC_OK;
}

/* What is no text in a column of text: the JSON itself. */
static bool put_raw(struct reading *r, struct place *p, const char *start)
{
    return put_text(r, p, (struct str){start, (size_t)(r->c.p - start)});
}

static bool put_number(struct reading *r, struct place *p)
{
    enum json_number kind;
    int64_t i;
    double f;
    bool nan;
    const char *start = r->c.p;
    if (!json_number(&r->c, &kind, &i, &f, &nan)) return false;
    if (nan)
        r->res = builder_null(r->cx, p->b);
    else if (p->kind == KIND_NUM)
        r->res = builder_f64(r->cx, p->b, kind == JSON_INT ? (double)i : f);
    else if (p->kind == KIND_INT && kind == JSON_INT)
        r->res = builder_i64(r->cx, p->b, i);
    else
        return put_raw(r, p, start);
    return r->res == RC_OK;
}

static bool put_bool(struct reading *r, struct place *p, bool v)
{
    const char *start = r->c.p;
    if (!json_word(&r->c, v ? "true" : "false")) return false;
    if (p->kind != KIND_BOOL) return put_raw(r, p, start);
    r->res = builder_bool(r->cx, p->b, v);
    return r->res == RC_OK;
}

/* Closes a list or struct value whose parts have been appended. */
static rc close_nested(struct ctx *cx, struct builder *b)
{
    TRY(builder_reserve(cx, b, 1));
    if (b->valid) bit_set(b->valid, b->n);
    if (b->phys == PHYS_LIST) ((int64_t *)b->data)[b->n + 1] = b->child->n;
    b->n++;
    return RC_OK;
}

static bool put_value(struct reading *r, struct place *p);

static bool expect(struct reading *r, char x, const char *what)
{
    json_space(&r->c);
    if (r->c.p < r->c.end && *r->c.p == x) {
        r->c.p++;
        return true;
    }
    r->c.fault = what;
    return false;
}

/* The fields of the object at c.p (after its brace). The first of a repeated name counts. */
static bool put_fields(struct reading *r, struct place *p)
{
    struct json_type *names = (struct json_type *)(uintptr_t)p->type;
    struct str name;
    int at = 0;
    int64_t mark = ++p->count;
    json_space(&r->c);
    if (r->c.p < r->c.end && *r->c.p == '}') {
        r->c.p++;
    } else {
        for (bool more = true; more;) {
            json_space(&r->c);
            if (r->c.p >= r->c.end || *r->c.p != '"' || !json_text(&r->c, &name)) return false;
            at = json_field_at(names, NULL, name, at);
            if (!expect(r, ':', "`:` is expected here")) return false;
            struct place *kid = at >= 0 ? &p->kids[at] : NULL;
            if (!kid || !kid->b || p->seen[at] == mark) {
                if (!json_skip(&r->c)) return false;
            } else {
                p->seen[at] = mark;
                if (!put_value(r, kid)) return false;
            }
            at++;
            json_space(&r->c);
            more = r->c.p < r->c.end && *r->c.p == ',';
            if (!more && !expect(r, '}', "`,` or `}` is expected here")) return false;
            if (more) r->c.p++;
        }
    }
    for (int i = 0; i < names->n_fields; i++)
        if (p->kids[i].b && p->seen[i] != mark) {
            r->res = builder_null(r->cx, p->kids[i].b);
            if (r->res != RC_OK) return false;
        }
    return true;
}

static bool put_elements(struct reading *r, struct place *p)
{
    json_space(&r->c);
    if (r->c.p < r->c.end && *r->c.p == ']') {
        r->c.p++;
        return true;
    }
    for (;;) {
        if (!put_value(r, &p->kids[0])) return false;
        json_space(&r->c);
        if (r->c.p < r->c.end && *r->c.p == ',') {
            r->c.p++;
            continue;
        }
        return expect(r, ']', "`,` or `]` is expected here");
    }
}

static bool put_nested(struct reading *r, struct place *p)
{
    const char *start = r->c.p;
    bool is_object = *start == '{';
    if (p->kind != (is_object ? KIND_STRUCT : KIND_LIST)) {
        if (!json_skip(&r->c)) return false;
        return put_raw(r, p, start);
    }
    r->c.p++;
    if (++r->c.depth > JSON_DEPTH) return false;
    if (!(is_object ? put_fields(r, p) : put_elements(r, p))) return false;
    r->c.depth--;
    r->res = close_nested(r->cx, p->b);
    return r->res == RC_OK;
}

static bool put_value(struct reading *r, struct place *p)
{
    struct str s;
    json_space(&r->c);
    if (r->c.p >= r->c.end) return false;
    switch (*r->c.p) {
    case '"': return json_text(&r->c, &s) && put_text(r, p, s);
    case 't': return put_bool(r, p, true);
    case 'f': return put_bool(r, p, false);
    case 'n':
        r->res = builder_null(r->cx, p->b);
        return json_word(&r->c, "null") && r->res == RC_OK;
    case '{':
    case '[': return put_nested(r, p);
    default: return put_number(r, p);
    }
}

/* ---- the tree ---- */
static void plant(struct arena *a, struct place *p, struct builder *b, const struct json_type *t)
{
    p->b = b;
    p->kind = b ? b->type.kind : KIND_NULL;
    if (!b) return;
    if (p->kind == KIND_STRUCT) {
        p->type = t;
        p->kids = ARENA_ARRAY(a, struct place, t->n_fields + 1);
        p->seen = ARENA_ARRAY(a, int64_t, t->n_fields + 1);
        for (int i = 0; i < t->n_fields; i++)
            plant(a, &p->kids[i], &b->child[i], t->fields[i].type);
    } else if (p->kind == KIND_LIST) {
        p->kids = ARENA_NEW(a, struct place);
        plant(a, p->kids, b->child, t->elem);
    }
}

/* The root: an object whose fields are the columns, or one column of values. */
static void plant_root(struct arena *a, struct json_scan *s, struct place *root,
                       struct builder *cols, const int *columns, int n_columns)
{
    if (s->is_wrapped) {
        plant(a, root, n_columns ? &cols[0] : NULL, s->root);
        return;
    }
    root->kind = KIND_STRUCT;
    root->type = s->root;
    root->kids = ARENA_ARRAY(a, struct place, s->root->n_fields + 1);
    root->seen = ARENA_ARRAY(a, int64_t, s->root->n_fields + 1);
    for (int i = 0; i < n_columns; i++) {
        struct place *kid = &root->kids[columns[i]];
        plant(a, kid, &cols[i], s->root->fields[columns[i]].type);
        if (columns[i] < 1024 && s->is_forced[columns[i]]) kid->n_bad = &s->n_bad[columns[i]];
    }
}

static bool one_record(struct reading *r, const struct json_scan *s, struct place *root)
{
    if (s->is_wrapped) return root->b ? put_value(r, root) : json_skip(&r->c);
    if (*r->c.p == '{') {
        r->c.p++;
        return put_fields(r, root);
    }
    /* null among objects: a row of nulls */
    if (!json_word(&r->c, "null")) return false;
    for (int i = 0; i < s->root->n_fields && r->res == RC_OK; i++)
        if (root->kids[i].b) r->res = builder_null(r->cx, root->kids[i].b);
    return r->res == RC_OK;
}

static rc read_records(struct reading *r, struct json_scan *s, struct place *root, int64_t want)
{
    bool more = true;
    for (int64_t n = 0; n < want; n++) {
        if (!json_next(s, &r->c, n == 0, &more) || !more || !one_record(r, s, root)) {
            if (r->res != RC_OK) return RC_ERR;
            return fail(r->cx, E302, s->span, "`%s` has changed while it was read", s->head.label);
        }
        if (n % 1024 == 1023) TRY(check_cancel(r->cx));
    }
    return RC_OK;
}

rc json_read_block(struct ctx *cx, struct json_scan *s, const int *columns, int n_columns,
                   int64_t part, int64_t limit, struct column **out, int64_t *n_rows)
{
    const struct json_block *b = &s->blocks[part];
    int64_t want = b->n_rows;
    char *text;
    struct strbuf scratch = {0};
    struct place root = {0};
    if (limit >= 0 && limit - b->rows_before < want) want = limit - b->rows_before;
    if (want < 0) want = 0;
    *n_rows = want;
    TRY(json_load(cx, s, b->from, b->to, &text));
    struct arena *a = arena_new();
    struct builder *cols = ARENA_ARRAY(a, struct builder, n_columns + 1);
    for (int i = 0; i < n_columns; i++) {
        struct dtype t = s->head.schema->fields[columns[i]].type;
        builder_init(&cols[i], t, kind_phys(t.kind));
    }
    plant_root(a, s, &root, cols, columns, n_columns);
    struct reading r = {.cx = cx};
    r.c = (struct json_cur){.p = text, .end = text + (b->to - b->from), .scratch = &scratch};
    if (b->from == 0 && b->to >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) r.c.p += 3;
    enum rc_t res = read_records(&r, s, &root, want);
    int done = 0;
    for (; done < n_columns && res == RC_OK; done += res == RC_OK)
        res = builder_finish(cx, &cols[done], &out[done]);
    for (int i = 0; i < done && res != RC_OK; i++)
        column_unref(out[i]);
    for (int i = 0; i < n_columns; i++)
        builder_release(&cols[i]);
    arena_free(a);
    strbuf_release(&scratch);
    mem_big_free(text);
    return res;
}

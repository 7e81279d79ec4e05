/* rows.c: small tables that verbs put together themselves (describe, corr). */
#include "lang/verbs/rows.h"

rc rows_begin(struct rows *r, struct ctx *cx, struct arena *a, const struct field *fields, int n)
{
    *r = (struct rows){.cx = cx, .fields = fields, .n = n};
    r->b = ARENA_ARRAY(a, struct builder, n + 1);
    for (int i = 0; i < n; i++)
        builder_init(&r->b[i], fields[i].type, kind_phys(fields[i].type.kind));
    return RC_OK;
}

void rows_release(struct rows *r)
{
    for (int i = 0; r->b && i < r->n; i++)
        builder_release(&r->b[i]);
    r->b = NULL;
}

rc rows_text(struct rows *r, int column, const char *text)
{
    return text ? builder_str(r->cx, &r->b[column], str_of(text))
                : builder_null(r->cx, &r->b[column]);
}

rc rows_num(struct rows *r, int column, const struct scalar *s)
{
    if (s->is_null) return builder_null(r->cx, &r->b[column]);
    double x = s->type.kind == KIND_NUM ? s->u.f : (double)s->u.i;
    if (s->type.kind == KIND_BOOL) x = s->u.b;
    return builder_f64(r->cx, &r->b[column], x);
}

rc rows_finish(struct rows *r, struct arena *a, struct span span, struct table **out)
{
    struct schema *s;
    struct column **cols = ARENA_ARRAY(a, struct column *, r->n + 1);
    int64_t n_rows = r->n ? r->b[0].n : 0;
    TRY(schema_new(r->cx, r->fields, r->n, span, &s));
    enum rc_t res = RC_OK;
    int done = 0;
    for (; done < r->n && res == RC_OK; done++)
        res = builder_finish(r->cx, &r->b[done], &cols[done]);
    if (res == RC_OK) {
        res = table_new(r->cx, s, cols, n_rows, out);
    } else {
        for (int i = 0; i < done - 1; i++)
            column_unref(cols[i]);
    }
    schema_unref(s);
    return res;
}

rc rows_value(struct rows *r, struct arena *a, struct span span, struct value **out)
{
    struct table *t;
    struct plan *p;
    TRY(rows_finish(r, a, span, &t));
    enum rc_t res = plan_table(r->cx, t, NULL, &p);
    table_unref(t);
    TRY(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
    return RC_OK;
}

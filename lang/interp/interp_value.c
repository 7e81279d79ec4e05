/* interp_value.c: values as arguments: what a function, a condition or an index may be given. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

/* A computed frame of one row and one column stands for its value. */
static rc frame_scalar(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                       struct scalar *out)
{
    struct ctx *cx = &lg->cx;
    char label[160];
    int n_cols = v->plan->schema->n;
    label_text(v->label, label, sizeof label);
    if (n_cols != 1) {
        (void)fail(cx, E218, span, "a single value is needed here, and %s has %d columns", label,
                   n_cols);
        return err_note(cx, "a value of it: t |> summarize mean(x), or t.x[1]");
    }
    struct table *t;
    TRY(frame_table(lg, v->plan, &t));
    enum rc_t res = RC_ERR;
    if (t->n_rows != 1) {
        (void)fail(cx, E218, span, "a single value is needed here, and %s has %lld rows", label,
                   (long long)t->n_rows);
    } else {
        struct scalar s = column_scalar(t->cols[0], 0);
        struct value *copy = value_scalar(&s);
        scalar_release(&s);
        res = value_to_arg(lg, copy, span, a, out);
        value_unref(copy);
    }
    table_unref(t);
    return res;
}

/* A struct as a table of one row. */
static rc struct_row(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                     struct table **out)
{
    struct ctx *cx = &lg->cx;
    int n = v->n_items;
    struct field *fields = ARENA_ARRAY(a, struct field, n + 1);
    struct column **cols = ARENA_ARRAY(a, struct column *, n + 1);
    struct schema *schema;
    enum rc_t res = RC_OK;
    int made = 0;
    for (; made < n && res == RC_OK; made++) {
        struct scalar s;
        res = value_to_arg(lg, v->items[made], span, a, &s);
        if (res == RC_OK) res = column_fill(cx, &s, 1, &cols[made]);
        if (res != RC_OK) break;
        fields[made] = (struct field){v->names[made], s.type};
    }
    if (res == RC_OK) res = schema_new(cx, fields, n, span, &schema);
    if (res != RC_OK) {
        while (made > 0)
            column_unref(cols[--made]);
        return RC_ERR;
    }
    res = table_new(cx, schema, cols, 1, out);
    schema_unref(schema);
    return res;
}
rc value_to_arg(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                struct scalar *out)
{
    char buf[96];
    if (v->kind == VALUE_SCALAR) {
        *out = v->scalar;
        bool is_text = v->scalar.type.kind == KIND_STR || v->scalar.type.kind == KIND_CAT;
        if (is_text && !v->scalar.is_null) out->u.s = arena_str(a, v->scalar.u.s);
        return RC_OK;
    }
    if (v->kind == VALUE_FRAME) return frame_scalar(lg, v, span, a, out);
    if (v->kind == VALUE_LIST) {
        struct column *c;
        TRY(value_column(&lg->cx, v, span, &c));
        arena_column(a, c);
        *out = (struct scalar){.type = dtype_list(c->type), .u.list = c};
        return RC_OK;
    }
    if (v->kind == VALUE_STRUCT) {
        struct table *row;
        TRY(struct_row(lg, v, span, a, &row));
        arena_table(a, row);
        *out = (struct scalar){.type = {.kind = KIND_STRUCT, .fields = row->schema}, .u.row = row};
        return RC_OK;
    }
    return fail(&lg->cx, E207, span, "a value is needed here, not %s",
                value_phrase(v, buf, sizeof buf));
}
rc value_to_scalar(struct lang *lg, const struct value *v, struct span span, struct arena *a,
                   struct scalar *out)
{
    char buf[96];
    if (v->kind == VALUE_LIST || v->kind == VALUE_STRUCT)
        return fail(&lg->cx, E218, span, "a single value is needed here, not %s",
                    value_phrase(v, buf, sizeof buf));
    return value_to_arg(lg, v, span, a, out);
}

rc apply_fn(struct lang *lg, const struct fn_desc *fn, struct value *const *args, int n,
            struct span span, struct value **out)
{
    struct arena *a = lg->cx.arena;
    struct scalar *scalars = ARENA_ARRAY(a, struct scalar, n + 1), result;
    if (!fn) return fail(&lg->cx, E903, span, "a function of the language is missing");
    for (int i = 0; i < n; i++)
        TRY(value_to_arg(lg, args[i], span, a, &scalars[i]));
    TRY(fn_eval_scalar(&lg->cx, a, fn, scalars, n, span, &result));
    *out = value_scalar(&result);
    return RC_OK;
}

rc value_truth(struct lang *lg, const struct value *v, struct span span, bool *out)
{
    struct scalar s;
    char buf[96];
    TRY(value_to_scalar(lg, v, span, lg->cx.arena, &s));
    if (s.type.kind != KIND_BOOL && s.type.kind != KIND_NULL) {
        (void)fail(&lg->cx, E207, span, "a condition is true or false, this is %s",
                   dtype_text(s.type, buf, sizeof buf));
        if (dtype_is_number(s.type)) return err_note(&lg->cx, "compare it, e.g. `.. != 0`");
        return RC_ERR;
    }
    *out = !s.is_null && s.u.b;
    return RC_OK;
}

rc value_whole(struct lang *lg, const struct value *v, struct span span, const char *what,
               int64_t *out)
{
    struct scalar s;
    char buf[96];
    TRY(value_to_scalar(lg, v, span, lg->cx.arena, &s));
    if (s.type.kind != KIND_INT || s.is_null)
        return fail(&lg->cx, E207, span, "%s is a whole number, not %s", what,
                    s.is_null ? "null" : dtype_text(s.type, buf, sizeof buf));
    *out = s.u.i;
    return RC_OK;
}

const char *label_text(const char *label, char *buf, size_t n)
{
    if (label) {
        snprintf(buf, n, "`%s`", label);
    } else {
        snprintf(buf, n, "the frame");
    }
    return buf;
}

rc check_value_kind(struct lang *lg, const struct value *v, enum value_kind kind, struct span span,
                    const char *what)
{
    char buf[96];
    if (v->kind == kind) return RC_OK;
    return fail(&lg->cx, kind == VALUE_FRAME ? E211 : E207, span, "%s is needed here, not %s", what,
                value_phrase(v, buf, sizeof buf));
}

bool literal_scalar(const struct ast *e, struct scalar *out)
{
    struct scalar s = {.type = DTYPE(KIND_NULL)};
    switch (e->op) {
    case AST_NULL: s.is_null = true; break;
    case AST_BOOL:
        s.type = DTYPE(KIND_BOOL);
        s.u.b = e->i != 0;
        break;
    case AST_INT:
        s.type = DTYPE(KIND_INT);
        s.u.i = e->i;
        break;
    case AST_NUM:
        s.type = DTYPE(KIND_NUM);
        s.u.f = e->f;
        break;
    case AST_STR:
        s.type = DTYPE(KIND_STR);
        s.u.s = e->text;
        break;
    case AST_DATE:
        s.type = DTYPE(KIND_DATE);
        s.u.i = e->i;
        break;
    case AST_DATETIME:
        s.type = DTYPE(KIND_DATETIME);
        s.type.zone = e->is_zoned ? dtype_intern("UTC") : NULL;
        s.u.i = e->i;
        break;
    case AST_TIME: /* a time of day is the length since midnight */
        s.type = DTYPE(KIND_DURATION);
        s.u.i = e->i;
        break;
    case AST_DURATION:
        s.type = DTYPE(KIND_DURATION);
        s.u.i = e->i;
        s.months = e->months;
        break;
    default: return false;
    }
    *out = s;
    return true;
}

/* twin_nested.c: lists and structs in the naive twin: one row, one element at a time. */
#include "tests/exec/twin.h"

static void drop_column(void *c)
{
    column_unref(c);
}
static void drop_table(void *t)
{
    table_unref(t);
}

/* Values of one type as a column that lives as long as the fixture. */
static rc column_of(struct fx *f, struct dtype type, const struct scalar *v, int64_t n,
                    struct column **out)
{
    struct builder b;
    enum rc_t res = RC_OK;
    builder_init(&b, type, kind_phys(type.kind));
    for (int64_t i = 0; i < n && res == RC_OK; i++)
        res = builder_scalar(&f->cx, &b, &v[i]);
    if (res == RC_OK) res = builder_finish(&f->cx, &b, out);
    builder_release(&b);
    if (res == RC_OK) arena_on_free(f->a, drop_column, *out);
    return res;
}

/* A value out of a column, kept as long as the fixture. */
struct scalar twin_value(struct fx *f, const struct column *c, int64_t i)
{
    struct scalar s = column_scalar(c, i);
    if (!s.is_null && s.type.kind == KIND_LIST)
        arena_on_free(f->a, drop_column, (void *)(uintptr_t)s.u.list);
    if (!s.is_null && s.type.kind == KIND_STRUCT)
        arena_on_free(f->a, drop_table, (void *)(uintptr_t)s.u.row);
    return s;
}

static rc eval_list(struct fx *f, const struct expr *e, const struct scalar *args,
                    struct scalar *out)
{
    struct column *c;
    TRY(column_of(f, *e->type.elem, args, e->n_args, &c));
    *out = (struct scalar){.type = e->type, .u.list = c};
    return RC_OK;
}

static rc eval_struct(struct fx *f, const struct expr *e, const struct scalar *args,
                      struct scalar *out)
{
    struct column **cols = ARENA_ARRAY(f->a, struct column *, e->n_args + 1);
    struct table *row;
    for (int i = 0; i < e->n_args; i++) {
        TRY(column_of(f, e->type.fields->fields[i].type, &args[i], 1, &cols[i]));
        column_ref(cols[i]);
    }
    TRY(table_new(&f->cx, e->type.fields, cols, 1, &row));
    arena_on_free(f->a, drop_table, row);
    *out = (struct scalar){.type = e->type, .u.row = row};
    return RC_OK;
}

static rc eval_map(struct fx *f, const struct schema *s, const struct scalar *row,
                   const struct expr *e, struct scalar *out)
{
    struct scalar list;
    struct schema wide = {.n = s->n + 1};
    struct column *c;
    TRY(twin_eval(f, s, row, e->args[0], &list));
    *out = (struct scalar){.type = e->type, .is_null = true};
    if (list.is_null) return RC_OK;
    wide.fields = ARENA_ARRAY(f->a, struct field, s->n + 1);
    struct scalar *values = ARENA_ARRAY(f->a, struct scalar, s->n + 1);
    struct scalar *made = ARENA_ARRAY(f->a, struct scalar, list.u.list->n + 1);
    for (int i = 0; i < s->n; i++) {
        wide.fields[i] = s->fields[i];
        values[i] = row[i];
    }
    wide.fields[s->n] = (struct field){e->name, *e->args[0]->type.elem};
    for (int64_t i = 0; i < list.u.list->n; i++) {
        values[s->n] = twin_value(f, list.u.list, i);
        TRY(twin_eval(f, &wide, values, e->args[1], &made[i]));
    }
    TRY(column_of(f, *e->type.elem, made, list.u.list->n, &c));
    *out = (struct scalar){.type = e->type, .u.list = c};
    return RC_OK;
}

/* Side lists as far as the first one goes. */
static rc eval_agg(struct fx *f, const struct expr *e, const struct scalar *args,
                   struct scalar *out)
{
    const struct column *cols[4] = {NULL};
    bool is_const[4] = {false};
    *out = (struct scalar){.type = e->type, .is_null = true};
    if (args[0].is_null) return RC_OK;
    int64_t n = args[0].u.list->n;
    for (int i = 0; i < e->n_args; i++) {
        is_const[i] = e->args[i]->type.kind != KIND_LIST;
        if (is_const[i]) continue;
        struct column *c;
        struct scalar *v = ARENA_ARRAY(f->a, struct scalar, n + 1);
        struct dtype item = *e->args[i]->type.elem;
        for (int64_t k = 0; k < n; k++) {
            bool is_there = !args[i].is_null && k < args[i].u.list->n;
            v[k] = (struct scalar){.type = item, .is_null = true};
            if (is_there) v[k] = twin_value(f, args[i].u.list, k);
        }
        TRY(column_of(f, item, v, n, &c));
        cols[i] = c;
    }
    return agg_eval_column(&f->cx, f->a, e->agg, cols, args, is_const, e->n_args, e->span, out);
}

rc twin_nested(struct fx *f, const struct schema *s, const struct scalar *row, const struct expr *e,
               struct scalar *out)
{
    struct scalar args[16];
    if (e->op == EXPR_MAP) return eval_map(f, s, row, e, out);
    for (int i = 0; i < e->n_args; i++)
        TRY(twin_eval(f, s, row, e->args[i], &args[i]));
    switch (e->op) {
    case EXPR_LIST: return eval_list(f, e, args, out);
    case EXPR_STRUCT: return eval_struct(f, e, args, out);
    case EXPR_LIST_AGG: return eval_agg(f, e, args, out);
    default: break;
    }
    *out = (struct scalar){.type = e->type, .is_null = true};
    if (args[0].is_null) return RC_OK;
    int k = schema_find(e->args[0]->type.fields, str_of(e->name));
    *out = twin_value(f, args[0].u.row->cols[k], 0);
    return RC_OK;
}

/* ---- unnest ---- */
static bool is_unnested(const struct plan *p, const char *name)
{
    for (int i = 0; i < p->u.unnest.n; i++)
        if (strcmp(p->u.unnest.columns[i], name) == 0) return true;
    return false;
}

int64_t twin_unnest_rows(const struct plan *p, const struct schema *in, const struct scalar *row)
{
    int64_t most = 0;
    for (int c = 0; c < in->n; c++)
        if (is_unnested(p, in->fields[c].name) && !row[c].is_null && row[c].u.list->n > most)
            most = row[c].u.list->n;
    return most;
}

void twin_unnest_row(struct fx *f, const struct plan *p, const struct schema *in,
                     const struct scalar *row, int64_t at, struct scalar *out)
{
    int64_t n = twin_unnest_rows(p, in, row);
    for (int c = 0; c < in->n; c++) {
        out[c] = row[c];
        if (!is_unnested(p, in->fields[c].name)) continue;
        bool is_there = !row[c].is_null && at < row[c].u.list->n;
        out[c] = (struct scalar){.type = p->schema->fields[c].type, .is_null = true};
        if (is_there) out[c] = twin_value(f, row[c].u.list, at);
    }
    if (p->u.unnest.index_name)
        out[in->n] = (struct scalar){.type = DTYPE(KIND_INT), .is_null = n == 0, .u.i = at + 1};
}

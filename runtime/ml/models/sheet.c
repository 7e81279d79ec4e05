/* sheet.c: see sheet_int.h. */
#include "runtime/ml/models/sheet_int.h"

#include <math.h>

struct sheet sheet_new(struct ctx *cx, int max_columns)
{
    return (struct sheet){.cx = cx,
                          .fields = ARENA_ARRAY(cx->arena, struct field, max_columns + 1),
                          .cols = ARENA_ARRAY(cx->arena, struct builder, max_columns + 1),
                          .cap = max_columns,
                          .res = RC_OK};
}

static bool has_column(const struct sheet *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->fields[i].name, name) == 0) return true;
    return false;
}

void sheet_column(struct sheet *s, const char *name, enum kind kind)
{
    struct arena *a = s->cx->arena;
    const char *free_name = arena_strndup(a, name, strlen(name));
    for (int k = 2; has_column(s, free_name); k++)
        free_name = arena_printf(a, "%s_%d", name, k);
    s->fields[s->n] = (struct field){free_name, DTYPE(kind)};
    builder_init(&s->cols[s->n++], DTYPE(kind), kind_phys(kind));
}

void sheet_int(struct sheet *s, int column, int64_t v)
{
    if (s->res == RC_OK) s->res = builder_i64(s->cx, &s->cols[column], v);
}

void sheet_num(struct sheet *s, int column, double v)
{
    struct builder *b = &s->cols[column];
    if (s->res == RC_OK) s->res = isnan(v) ? builder_null(s->cx, b) : builder_f64(s->cx, b, v);
}

void sheet_text(struct sheet *s, int column, const char *v)
{
    if (s->res == RC_OK) s->res = builder_str(s->cx, &s->cols[column], str_of(v));
}

void sheet_bool(struct sheet *s, int column, bool v)
{
    if (s->res == RC_OK) s->res = builder_bool(s->cx, &s->cols[column], v);
}

enum rc_t sheet_end(struct sheet *s, struct table **out)
{
    enum rc_t res = s->res;
    if (res == RC_OK) res = ml_table(s->cx, s->fields, s->cols, s->n, out);
    for (int i = 0; i < s->n; i++)
        builder_release(&s->cols[i]);
    return res;
}

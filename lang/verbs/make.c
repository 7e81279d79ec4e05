/* make.c: expressions that verbs make by themselves. */
#include "lang/verbs/verb_int.h"

rc make_call(struct ctx *cx, struct arena *a, const char *fn, const struct expr *const *args, int n,
             struct span span, const struct expr **out)
{
    const struct fn_desc *d = fn_find(str_of(fn));
    if (!d) return fail(cx, E903, span, "the function `%s` is missing", fn);
    return expr_call(cx, a, d, args, n, span, out);
}

rc make_call1(struct ctx *cx, struct arena *a, const char *fn, const struct expr *x,
              const struct expr **out)
{
    return make_call(cx, a, fn, &x, 1, x->span, out);
}

rc make_call2(struct ctx *cx, struct arena *a, const char *fn, const struct expr *x,
              const struct expr *y, const struct expr **out)
{
    const struct expr *args[2] = {x, y};
    return make_call(cx, a, fn, args, 2, x->span, out);
}

rc make_agg(struct ctx *cx, struct arena *a, const char *agg, const struct expr *x,
            struct span span, const struct expr **out)
{
    const struct agg_desc *d = agg_find(str_of(agg));
    if (!d) return fail(cx, E903, span, "the aggregate `%s` is missing", agg);
    struct win_frame whole = {.unit = FRAME_ALL};
    return expr_agg(cx, a, d, &x, x ? 1 : 0, NULL, whole, span, out);
}

rc make_window(struct ctx *cx, struct arena *a, const char *win, const struct expr *x,
               struct span span, const struct expr **out)
{
    const struct win_desc *d = win_find(str_of(win));
    if (!d) return fail(cx, E903, span, "the window function `%s` is missing", win);
    return expr_window(cx, a, d, &x, x ? 1 : 0, span, out);
}

const struct expr *make_int(struct arena *a, int64_t i)
{
    struct scalar s = {.type = DTYPE(KIND_INT), .u.i = i};
    return expr_literal(a, &s, NO_SPAN);
}

const struct expr *make_num(struct arena *a, double f)
{
    struct scalar s = {.type = DTYPE(KIND_NUM), .u.f = f};
    return expr_literal(a, &s, NO_SPAN);
}

const struct expr *make_str(struct arena *a, const char *z)
{
    struct scalar s = {.type = DTYPE(KIND_STR), .u.s = str_of(z)};
    return expr_literal(a, &s, NO_SPAN);
}

const struct expr *field_expr(struct arena *a, const struct schema *s, int i, struct span span)
{
    return expr_column(a, s->fields[i].name, s->fields[i].type, span);
}

const struct expr *name_expr(struct arena *a, const struct schema *s, const char *name,
                             struct span span)
{
    int i = schema_find(s, str_of(name));
    return i < 0 ? NULL : field_expr(a, s, i, span);
}

struct use_search {
    const char *name;
    bool found;
};

static void see_use(void *arg, const char *name)
{
    struct use_search *u = arg;
    if (strcmp(u->name, name) == 0) u->found = true;
}

bool expr_uses(const struct expr *e, const char *name)
{
    struct use_search u = {.name = name};
    expr_columns(e, see_use, &u);
    return u.found;
}

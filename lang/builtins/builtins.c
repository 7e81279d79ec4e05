/* builtins.c: the table of builtins and what they share. */
#include "lang/builtins/builtin_int.h"

#define BUILTIN(name) extern const struct builtin_desc builtin_##name;
#include "lang/builtins.def"
#undef BUILTIN

static const struct builtin_desc *const builtins[] = {
#define BUILTIN(name) &builtin_##name,
#include "lang/builtins.def"
#undef BUILTIN
};
#define N_BUILTINS ((int)(sizeof builtins / sizeof *builtins))

const struct builtin_desc *builtin_find(struct str name)
{
    for (int i = 0; i < N_BUILTINS; i++)
        if (str_eqz(name, builtins[i]->name)) return builtins[i];
    return NULL;
}
const struct builtin_desc *const *builtin_all(int *n)
{
    *n = N_BUILTINS;
    return builtins;
}

const struct value *option_value(const struct call_view *c, const char *name)
{
    for (int i = 0; i < c->n; i++)
        if (c->names[i].n && str_eqz(c->names[i], name)) return c->args[i];
    return NULL;
}
const struct value *plain_value(const struct call_view *c, int k)
{
    for (int i = 0; i < c->n; i++)
        if (c->names[i].n == 0 && k-- == 0) return c->args[i];
    return NULL;
}
struct span plain_span(const struct call_view *c, int k)
{
    for (int i = 0; i < c->n; i++)
        if (c->names[i].n == 0 && k-- == 0) return c->e->kids[i]->span;
    return c->e->span;
}
rc plain_text(const struct call_view *c, int k, const char *what, struct str *out)
{
    struct scalar s;
    char buf[96];
    TRY(value_to_scalar(c->lg, plain_value(c, k), plain_span(c, k), c->lg->cx.arena, &s));
    if (s.is_null || (s.type.kind != KIND_STR && s.type.kind != KIND_CAT))
        return fail(&c->lg->cx, E207, plain_span(c, k), "%s is a text, not %s", what,
                    s.is_null ? "null" : dtype_text(s.type, buf, sizeof buf));
    *out = s.u.s;
    return RC_OK;
}
rc plain_frame(const struct call_view *c, int k, const struct value **out)
{
    const struct value *v = plain_value(c, k);
    TRY(check_value_kind(c->lg, v, VALUE_FRAME, plain_span(c, k), "a frame"));
    *out = v;
    return RC_OK;
}

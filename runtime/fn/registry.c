/* registry.c: the three tables, made of the .def rows. A table is small (some hundred rows) and is
 * read while binding, so look-up is a plain scan. */
#include "runtime/fn/fn_int.h"

#define FN(name)                                   extern const struct fn_desc fn_##name;
#define MATH(name, expr, sql, spark, doc, example) extern const struct fn_desc fn_##name;
#define AGG(name)                                  extern const struct agg_desc agg_##name;
#define WIN(name)                                  extern const struct win_desc win_##name;
#include "runtime/fn/agg.def"
#include "runtime/fn/math.def"
#include "runtime/fn/scalar.def"
#include "runtime/fn/sql.def"
#include "runtime/fn/window.def"
#undef FN
#undef MATH
#undef AGG
#undef WIN

#define FN(name)                                   &fn_##name,
#define MATH(name, expr, sql, spark, doc, example) &fn_##name,
#define AGG(name)                                  &agg_##name,
#define WIN(name)                                  &win_##name,
static const struct fn_desc *const fns[] = {
#include "runtime/fn/math.def"
#include "runtime/fn/scalar.def"
#include "runtime/fn/sql.def"
};
static const struct agg_desc *const aggs[] = {
#include "runtime/fn/agg.def"
};
static const struct win_desc *const wins[] = {
#include "runtime/fn/window.def"
};

const struct fn_desc *const *fn_all(int *n)
{
    *n = COUNT(fns);
    return fns;
}

const struct agg_desc *const *agg_all(int *n)
{
    *n = COUNT(aggs);
    return aggs;
}

const struct win_desc *const *win_all(int *n)
{
    *n = COUNT(wins);
    return wins;
}

const struct fn_desc *fn_find(struct str name)
{
    for (int i = 0; i < COUNT(fns); i++)
        if (str_eqz(name, fns[i]->name)) return fns[i];
    return NULL;
}

const struct agg_desc *agg_find(struct str name)
{
    for (int i = 0; i < COUNT(aggs); i++)
        if (str_eqz(name, aggs[i]->name)) return aggs[i];
    return NULL;
}

const struct win_desc *win_find(struct str name)
{
    for (int i = 0; i < COUNT(wins); i++)
        if (str_eqz(name, wins[i]->name)) return wins[i];
    return NULL;
}

const struct fn_desc *fn_cast(enum kind to)
{
    switch (to) {
    case KIND_INT:
    case KIND_NUM:
    case KIND_STR:
    case KIND_BOOL:
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION:
    case KIND_CAT: return fn_find(str_of(kind_name(to)));
    default: return NULL;
    }
}

/* One parameter: "digits: int = 0"; the sig is ours, so no errors. */
static void parse_param(struct str s, struct fn_param *out)
{
    struct str whole = str_trim(s);
    *out = (struct fn_param){.name = whole};
    const char *colon = memchr(whole.p, ':', whole.n);
    if (!colon) return;
    size_t at = (size_t)(colon - whole.p);
    struct str rest = str_trim((struct str){colon + 1, whole.n - at - 1});
    out->name = str_trim((struct str){whole.p, at});
    out->type = rest;
    const char *eq = memchr(rest.p, '=', rest.n);
    if (!eq) return;
    out->type = str_trim((struct str){rest.p, (size_t)(eq - rest.p)});
    out->def = str_trim((struct str){eq + 1, rest.n - (size_t)(eq + 1 - rest.p)});
}

int fn_params(const char *sig, struct fn_param *out, int max)
{
    int n = 0, depth = 0;
    const char *p = strchr(sig, '(');
    if (!p) return 0;
    const char *from = ++p;
    for (; *p; p++) {
        if (*p == '(' || *p == '[') depth++;
        bool closes = *p == ')' && depth == 0;
        if ((*p == ')' || *p == ']') && depth > 0) depth--;
        if (!closes && !(*p == ',' && depth == 0)) continue;
        struct str s = str_trim((struct str){from, (size_t)(p - from)});
        if (s.n > 0 && !str_ends(s, STR(".."))) {
            if (n < max) parse_param(s, &out[n]);
            n++;
        }
        from = p + 1;
        if (closes) break;
    }
    return n;
}

/* family.c: the table of families and the checking of a call's parameters against their rows. */
#include "runtime/ml/ml_int.h"

#include "runtime/base/num.h"

#include <math.h>

#define MODEL(name) extern const struct ml_family ml_##name;
#define INNER(name) extern const struct ml_family ml_##name;
#define LATER(name)
#include "runtime/ml/models.def"
#undef MODEL
#undef INNER
#undef LATER

static const struct ml_family *const families[] = {
#define MODEL(name) &ml_##name,
#define INNER(name)
#define LATER(name)
#include "runtime/ml/models.def"
#undef MODEL
#undef INNER
#undef LATER
};
static const struct ml_family *const inner[] = {
#define MODEL(name)
#define INNER(name) &ml_##name,
#define LATER(name)
#include "runtime/ml/models.def"
#undef MODEL
#undef INNER
#undef LATER
};
static const struct ml_family later[] = {
#define MODEL(name)
#define INNER(name)
#define LATER(word) {.name = #word},
#include "runtime/ml/models.def"
#undef MODEL
#undef INNER
#undef LATER
};

const struct ml_family *const *ml_family_all(int *n)
{
    *n = (int)(sizeof families / sizeof *families);
    return families;
}

const struct ml_family *ml_family_find(struct str name)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (str_eqz(name, families[i]->name)) return families[i];
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
        if (str_eqz(name, inner[i]->name)) return inner[i];
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (str_eqz(name, later[i].name)) return &later[i];
    return NULL;
}

/* ---- parameters ---- */
static struct scalar default_of(const struct ml_param_desc *d)
{
    struct scalar s = {.type = DTYPE(d->kind)};
    struct str text = str_of(d->def);
    if (d->kind == KIND_LIST) s.is_null = true; /* an empty list */
    if (d->kind == KIND_BOOL) s.u.b = str_eqz(text, "true");
    if (d->kind == KIND_STR) s.u.s = text;
    if (d->kind == KIND_NUM) (void)num_parse(text.p, text.n, &s.u.f);
    if (d->kind == KIND_INT) (void)int_parse(text.p, text.n, &s.u.i);
    return s;
}

static int find_param(const struct ml_family *f, const char *name)
{
    for (int i = 0; f->params[i].name; i++)
        if (strcmp(f->params[i].name, name) == 0) return i;
    return -1;
}

static enum rc_t unknown_param(struct ctx *cx, const struct ml_family *f, const struct ml_arg *a)
{
    struct strbuf names = {0};
    const char *best = NULL;
    int best_distance = 3;
    for (int i = 0; f->params[i].name; i++) {
        strbuf_printf(&names, "%s%s", i ? ", " : "", f->params[i].name);
        int d = str_distance(str_of(a->name), str_of(f->params[i].name), 2);
        if (d < best_distance) {
            best = f->params[i].name;
            best_distance = d;
        }
    }
    fail(cx, E206, a->span, "%s has no option `%s`; it has %s", f->name, a->name,
         names.p ? names.p : "none");
    strbuf_release(&names);
    return best ? err_note(cx, "closest: %s(%s: ..)", f->name, best) : RC_ERR;
}

static bool word_fits(const char *words, struct str s)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (str_eq((struct str){p, n}, s)) return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

static const char *wanted(const struct ml_param_desc *d)
{
    switch (d->kind) {
    case KIND_BOOL: return "true or false";
    case KIND_INT: return "a whole number";
    case KIND_NUM: return "a number";
    case KIND_LIST: return "a list of numbers";
    default: return d->words ? d->words : "text";
    }
}

/* A list of numbers, each from min to max; one number is a list of one. */
static enum rc_t check_list(struct ctx *cx, const struct ml_family *f,
                            const struct ml_param_desc *d, const struct ml_arg *a,
                            struct scalar *out)
{
    struct scalar v = a->value;
    if (v.is_null && v.type.kind == KIND_LIST) return *out = v, RC_OK; /* the default of a file */
    bool is_list = v.type.kind == KIND_LIST && !v.is_null;
    int64_t n = is_list ? v.u.list->n : 1;
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int64_t i = 0; res == RC_OK && i < n; i++) {
        struct scalar s = is_list ? column_scalar(v.u.list, i) : v;
        double x = s.is_null                 ? NAN
                   : s.type.kind == KIND_NUM ? s.u.f
                   : s.type.kind == KIND_INT ? (double)s.u.i
                                             : NAN;
        if (x >= d->min && x <= d->max)
            res = builder_f64(cx, &b, x);
        else
            res = fail(cx, E209, a->span, "%s(%s:) takes a list of numbers from %g to %g", f->name,
                       d->name, d->min, d->max);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, &c);
    builder_release(&b);
    TRY(res);
    arena_column(cx->arena, c);
    *out = (struct scalar){.type = DTYPE(KIND_LIST), .u.list = c};
    return RC_OK;
}

static enum rc_t check_arg(struct ctx *cx, const struct ml_family *f, const struct ml_param_desc *d,
                           const struct ml_arg *a, struct scalar *out)
{
    struct scalar v = a->value;
    if (d->kind == KIND_LIST) return check_list(cx, f, d, a, out);
    if (v.type.kind == KIND_LIST)
        return fail(cx, E209, a->span, "%s: takes one value here; a list is what tune chooses from",
                    d->name);
    if (d->kind == KIND_NUM && v.type.kind == KIND_INT && !v.is_null)
        v = (struct scalar){.type = DTYPE(KIND_NUM), .u.f = (double)v.u.i};
    if (v.is_null || v.type.kind != d->kind)
        return fail(cx, E209, a->span, "%s(%s:) takes %s", f->name, d->name, wanted(d));
    double x = d->kind == KIND_NUM ? v.u.f : d->kind == KIND_INT ? (double)v.u.i : d->min;
    if (!(x >= d->min && x <= d->max))
        return fail(cx, E209, a->span, "%s(%s:) takes %s from %g to %g", f->name, d->name,
                    wanted(d), d->min, d->max);
    if (d->kind == KIND_STR && d->words && !word_fits(d->words, v.u.s))
        return fail(cx, E209, a->span, "%s(%s:) takes one of: %s", f->name, d->name, d->words);
    *out = v;
    return RC_OK;
}

/* The list for as long as `a` lives. */
static void keep_list(struct arena *a, struct scalar *v)
{
    struct column *c = column_ref(v->u.list);
    arena_column(a, c);
    v->u.list = c;
}

enum rc_t ml_params(struct ctx *cx, struct arena *a, const struct ml_family *family,
                    const struct ml_arg *args, int n_args, struct span span, struct scalar **out)
{
    (void)span;
    int n = 0;
    while (family->params[n].name)
        n++;
    struct scalar *values = ARENA_ARRAY(a, struct scalar, n + 1);
    for (int i = 0; i < n; i++)
        values[i] = default_of(&family->params[i]);
    for (int i = 0; i < n_args; i++) {
        if (!args[i].name) {
            fail(cx, E208, args[i].span, "%s takes its parameters by name", family->name);
            return err_hint(cx, "%s", family->sig);
        }
        int k = find_param(family, args[i].name);
        if (k < 0) return unknown_param(cx, family, &args[i]);
        TRY(check_arg(cx, family, &family->params[k], &args[i], &values[k]));
        if (values[k].type.kind == KIND_STR) values[k].u.s = arena_str(a, values[k].u.s);
        if (values[k].type.kind == KIND_LIST) keep_list(a, &values[k]);
    }
    *out = values;
    return RC_OK;
}

const double *model_param_list(const struct model *m, const char *name, int *n)
{
    int i = find_param(m->family, name);
    const struct scalar *v = i < 0 ? NULL : &m->params[i];
    bool is_list = v && v->type.kind == KIND_LIST && !v->is_null && v->u.list;
    *n = is_list ? (int)v->u.list->n : 0;
    return is_list ? v->u.list->data : NULL;
}

bool model_param_is(const struct model *m, const char *name, const char *word)
{
    int i = find_param(m->family, name);
    return i >= 0 && m->params[i].type.kind == KIND_STR && str_eqz(m->params[i].u.s, word);
}

double model_param(const struct model *m, const char *name)
{
    int i = find_param(m->family, name);
    if (i < 0) return 0;
    const struct scalar *v = &m->params[i];
    return v->type.kind == KIND_BOOL ? v->u.b : v->type.kind == KIND_INT ? (double)v->u.i : v->u.f;
}

/* formula_fns.c: the table of formula functions. */
#include "lang/formula_fns.h"

static const struct formula_fn_desc fns[] = {
#define FORMULA(name, kind, op, form, doc, example) {#name, FORMULA_##kind, op, form, doc, example},
#include "lang/formula_fns.def"
#undef FORMULA
};
enum { N_FNS = sizeof fns / sizeof *fns };

const struct formula_fn_desc *formula_fn_find(struct str name)
{
    for (int i = 0; i < N_FNS; i++)
        if (str_eqz(name, fns[i].name)) return &fns[i];
    return NULL;
}

const struct formula_fn_desc *formula_fn_all(int *n)
{
    *n = N_FNS;
    return fns;
}

bool formula_is_recipe(struct str name)
{
    const struct formula_fn_desc *d = formula_fn_find(name);
    return d && d->kind == FORMULA_STEPS;
}

bool formula_is_select(struct str name)
{
    const struct formula_fn_desc *d = formula_fn_find(name);
    return d && d->kind == FORMULA_SELECT;
}

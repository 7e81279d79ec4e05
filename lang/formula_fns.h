/* formula_fns.h: the functions of formulas, as descriptors: what reads formulas, help, completion,
 * lint and the reference page know of them. */
#ifndef MLNB_LANG_FORMULA_FNS_H
#define MLNB_LANG_FORMULA_FNS_H

#include "runtime/base/str.h"
#include "runtime/ml/ml.h"

enum formula_fn_kind {
    FORMULA_TERM,   /* fitted with the model: scale(x) */
    FORMULA_SELECT, /* chooses among terms: select(..) */
    FORMULA_STEPS   /* holds such calls as steps: recipe(..) */
};
struct formula_fn_desc {
    const char *name;
    enum formula_fn_kind kind;
    enum feature_op op; /* FORMULA_TERM */
    const char *sig, *doc, *example;
};
/* NULL: none of that name. */
const struct formula_fn_desc *formula_fn_find(struct str name);
const struct formula_fn_desc *formula_fn_all(int *n);
/* The call that makes a recipe; the one that chooses among terms. */
bool formula_is_recipe(struct str name);
bool formula_is_select(struct str name);

#endif

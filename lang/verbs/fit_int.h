/* fit_int.h: what fit and tune read alike: a formula, a family, the options of a fit. */
#ifndef MLNB_LANG_VERBS_FIT_INT_H
#define MLNB_LANG_VERBS_FIT_INT_H

#include "lang/verbs/verb_int.h"
#include "runtime/ml/tune/tune.h"

struct fit {
    struct verb_call *vc;
    struct bind b;
    struct ml_fit_spec spec;
    struct value *family; /* owned: a family held by a variable */
    struct value *valid;  /* owned: the frame of valid: */
    struct value *prep;   /* owned: the recipe */
    struct formula *formula;
    bool is_search; /* lists and ranges among the parameters are axes, not errors */
    struct ml_axis *axes;
    int n_axes;
};
/* The items and options; spec's pointers live as long as f. fit_done also after a failure. */
rc fit_read(struct fit *f);
void fit_done(struct fit *f);

#endif

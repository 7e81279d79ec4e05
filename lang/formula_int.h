/* formula_int.h: what the files that read formulas share. */
#ifndef MLNB_LANG_FORMULA_INT_H
#define MLNB_LANG_FORMULA_INT_H

#include "lang/formula_fns.h"
#include "lang/verbs/verb_int.h"

struct prod { /* a product: indices of variables, rising */
    int *vars;
    int n;
    bool is_offset;
    const struct selector *select; /* it may go */
    struct span span;
};
struct prod_set {
    struct prod *items;
    int n, cap;
};
struct fb { /* formula being built */
    struct bind *b;
    struct arena *a;
    struct feature **vars; /* each distinct variable once */
    int n_vars, cap_vars;
    bool intercept;
    const char **named; /* columns named in the formula and the step's options: not in `.` */
    int n_named, cap_named;
    struct recipe_step *steps; /* of prep:, in order */
    int n_steps;
    struct scope *step_scope;
};
struct recipe_step {
    const struct ast *call;
    const char **names; /* columns it takes */
    int n_names;
    bool is_joint;            /* pca, normalize: its columns together */
    const struct ast **input; /* [n_names] what has come to a joint step */
    int n_input;
};

/* E401 with the text. */
enum rc_t formula_bad(struct fb *f, struct span span, const char *what);
/* Argument i of a call is `name: value`. */
bool formula_is_option(const struct ast *call, int i);
/* E206; `has` is an example of an option that there is: ", top: 20". */
rc formula_no_option(struct fb *f, const struct ast *call, int i, const char *has);
/* The value of an option; a plain name is its own text. */
rc formula_scalar(struct fb *f, const struct ast *e, struct scalar *out);

/* Whether formulas know a function that is fitted by this name. */
bool formula_knows(struct str name, enum feature_op *op);
/* Columns of a selector (without those that the step names elsewhere). */
rc formula_selector(struct fb *f, const struct ast *e, const char ***names, int *n,
                    bool *is_selector);

/* ---- formula_recipe.c ---- */
/* Reads the steps and the columns they take. */
rc recipe_begin(struct fb *f, const struct value *prep);
/* The column as the steps leave it; NULL when a joint step has taken it. */
rc recipe_column(struct fb *f, const char *name, struct span span, const struct ast **out);
/* The call of joint step k over what came to it. */
const struct ast *recipe_joint(struct fb *f, int k);

struct feature *formula_feature(struct fb *f, enum feature_op op, const struct ast *e);
struct dtype formula_type(const struct feature *x);
/* Any expression with arithmetic meaning, features fitted inside or not. */
rc formula_build(struct fb *f, const struct ast *e, struct feature **out);
/* The expression, or of a selector or a function over one each column's. */
rc formula_each(struct fb *f, const struct ast *e, struct feature ***out, int *n);
/* A whole number of min..max; `what` begins the error: "bucket(x, buckets) takes". */
rc formula_whole(struct fb *f, const struct ast *e, int64_t min, int64_t max, const char *what,
                 int64_t *out);

/* ---- formula_learnt.c: functions that learn from all their values ---- */
/* The options and numbers of x, whose first argument stands. */
rc formula_learnt(struct fb *f, const struct ast *call, struct feature *x);
/* pca(.., k), normalize(..): arguments too. */
rc formula_several(struct fb *f, const struct ast *call, struct feature *x);

/* The options of select(..): k: 10, by: f. */
rc formula_selector_of(struct fb *f, const struct ast *call, const struct selector **out);

/* ---- formula_words.c: tfidf(), counts(), hash() ---- */
rc formula_words(struct fb *f, const struct ast *call, struct feature *x);

#endif

/* formula_int.h: what the files that read formulas share. */
#ifndef MLNB_LANG_FORMULA_INT_H
#define MLNB_LANG_FORMULA_INT_H

#include "lang/verbs/verb_int.h"

struct prod { /* a product: indices of variables, rising */
    int *vars;
    int n;
    bool is_offset;
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
};

/* E401 with the text. */
enum rc_t formula_bad(struct fb *f, struct span span, const char *what);
/* Argument i of a call is `name: value`. */
bool formula_is_option(const struct ast *call, int i);
/* E206; `has` is an example of an option that there is: ", top: 20". */
rc formula_no_option(struct fb *f, const struct ast *call, int i, const char *has);
/* The value of an option; a plain name is its own text. */
rc formula_scalar(struct fb *f, const struct ast *e, struct scalar *out);

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

/* ---- formula_words.c: tfidf(), counts(), hash() ---- */
rc formula_words(struct fb *f, const struct ast *call, struct feature *x);

#endif

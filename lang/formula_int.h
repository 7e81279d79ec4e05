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

/* ---- formula_words.c: tfidf(), counts(), hash() ---- */
rc formula_words(struct fb *f, const struct ast *call, struct feature *x);

#endif

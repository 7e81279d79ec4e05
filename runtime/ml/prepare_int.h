/* prepare_int.h: from a formula and a frame to rows and a fitted encoder. The frame's own plan runs
 * once, to a table of what the formula reads (its leaves); stateful features, levels and the final
 * columns are plans over that table. */
#ifndef MLNB_ML_PREPARE_INT_H
#define MLNB_ML_PREPARE_INT_H

#include "runtime/ml/ml_int.h"

struct leaf { /* an expression over the frame's columns, a column of the table */
    const struct expr *expr;
    const char *text; /* as written */
    const char *name; /* in the table: "x0" */
    struct span span;
    bool is_needed; /* a null here cannot enter the model (not under impute or ??) */
};
struct state { /* what a stateful feature has learnt */
    const struct feature *feature;
    bool is_ready;
    double mean, sd;
    struct scalar fill; /* impute */
    /* Those learnt from all values at once (learn.c): */
    double *v; /* numbers: cut points, knots, coefficients, loadings */
    int n_v;
    struct scalar keys, values; /* lists: level -> number */
    double other;               /* level that is not there */
    const char *fitted;         /* column of the table with the rows' own values (target) */
};
struct prepare {
    struct ctx *cx;
    struct executor *x;
    const struct ml_fit_spec *spec;
    struct model *m;
    struct leaf *leaves;
    int n_leaves, cap_leaves;
    struct state *states;
    int n_states, cap_states;
    const struct feature **sources; /* [enc.n_features] */
    int target, weights;            /* leaves, -1 = none */
    bool features_needed;           /* rows with a null feature cannot be fitted */
    bool is_class;                  /* the target's values are classes */
    struct table *base;             /* the leaves' values; owned */
    struct rows *rows;              /* being made: cells of texts are learnt and filled at once */
};

/* ---- features.c ---- */
/* Notes the leaves and states of a feature and all below it. */
rc prepare_collect(struct prepare *p, const struct feature *f, bool is_needed);
int prepare_leaf(struct prepare *p, const struct expr *e, const char *text, struct span span,
                 bool is_needed);
/* Expression of a feature: over the table's columns (for fitting, in cx->arena) or over the frame's
 * (for scoring, in the model's arena). Before the states are ready, of the right type only. */
rc prepare_expr(struct prepare *p, const struct feature *f, bool is_scoring,
                const struct expr **out);
/* Learns all states, one aggregate plan for each depth. */
rc prepare_states(struct prepare *p);
/* Levels of a categorical expression over the table, in the order of their columns. */
rc prepare_levels(struct prepare *p, const struct expr *key, struct enc_feature *out);
/* Which level is left out, which are kept: cat(ref:), onehot(top:). */
rc prepare_coding(struct prepare *p, const struct feature *f, struct enc_feature *out);
/* ---- learn.c: states that look at all values ---- */
bool feature_learns_whole(const struct feature *f);
rc prepare_learn(struct prepare *p, struct state *s);
/* Expression of such a feature over its arguments' expressions; column: of POLY, BS, PCA,
 * NORMALIZE. */
rc learnt_expr(struct prepare *p, const struct feature *f, const struct state *s, int column,
               bool is_scoring, struct arena *a, const struct expr *const *args,
               const struct expr **out);
const char *learnt_detail(struct prepare *p, const struct feature *f, const struct state *s);
/* A call of a function by its name. */
rc prepare_call(struct prepare *p, struct arena *a, const char *name,
                const struct expr *const *args, int n, const struct expr **out);
const struct expr *prepare_number(struct arena *a, double v, struct span span);
/* The values of expressions over the table of leaves. */
rc prepare_values(struct prepare *p, const struct expr *const *e, int n, struct table **out);

/* select(): columns of the rows that are not chosen leave the encoder and the rows; before columns
 * of the design are made. */
rc prepare_select(struct prepare *p, struct rows *r);
/* Terms and cells of a text (FEATURE_WORDS), feature i of the encoder. */
rc prepare_words(struct prepare *p, int i);
/* "mean 13.0, sd 11.5", or NULL. */
const char *prepare_detail(struct prepare *p, const struct feature *f);

/* ---- terms.c ---- */
/* Encoder's features and terms from the formula: each feature and product once, by rising degree.
 */
rc prepare_terms(struct prepare *p);

/* ---- helpers on tables ---- */
bool prepare_is_number(struct dtype t);
bool prepare_is_category(struct dtype t);

#endif

/* ml.h: models. A family is a descriptor (parameters, fit, predict, save, load); the formula is the
 * feature pipeline: its stateful functions are fitted with the model, saved with it and replayed
 * when scoring. Solver and objective stay apart: an objective gives value, gradient and Hessian
 * products as row sums over partitions, added in partition order. Penalties, coding and defaults:
 * language.md section 4. */
#ifndef MLNB_ML_ML_H
#define MLNB_ML_ML_H

#include "runtime/exec/executor.h"
#include "runtime/plan/plan.h"

/* ---- formula, as bound by the language (unfitted) ---- */
enum feature_op {
    FEATURE_EXPR,      /* a scalar plan expression over input columns; str, bool, cat results are
                          categories */
    FEATURE_CALL,      /* scalar function over child features (log(impute(x, median)) ...) */
    FEATURE_SCALE,     /* (x - mean) / sample sd */
    FEATURE_CENTER,    /* x - mean */
    FEATURE_IMPUTE,    /* nulls replaced: method mean | median | mode | a constant */
    FEATURE_CAT,       /* cat(x, ref: ..): treatment coding */
    FEATURE_ONEHOT,    /* onehot(x, top: ..): every level */
    FEATURE_WORDS,     /* tfidf(x, ..), counts(x, ..), hash(x, n): several cells a row */
    FEATURE_MIN_MAX,   /* (x - min) / (max - min) */
    FEATURE_MAX_ABS,   /* x / max|x| */
    FEATURE_ROBUST,    /* (x - median) / (third - first quartile) */
    FEATURE_BINARIZE,  /* x > number as 1 and 0 */
    FEATURE_BUCKET,    /* bucket(x, 10): a category of quantiles, or of cut points */
    FEATURE_INDEX,     /* place of the level by falling frequency, from 0 */
    FEATURE_TARGET,    /* mean of the target over the level, smoothed */
    FEATURE_POLY,      /* several columns, each a FEATURE_COLUMN: powers, orthogonal or raw */
    FEATURE_BS,        /* the same: cubic B-splines */
    FEATURE_PCA,       /* the same: principal components of args */
    FEATURE_NORMALIZE, /* the same: args over the norm of the row */
    FEATURE_COLUMN,    /* column `column` of args[0] */
};
/* How a text becomes cells. Defaults are scikit-learn's TfidfVectorizer; hashed columns Spark's. */
enum text_idf {
    IDF_NONE,   /* counts */
    IDF_SMOOTH, /* ln((1 + n) / (1 + df)) + 1, scikit-learn's */
    IDF_SPARK,  /* ln((1 + n) / (1 + df)) */
};
enum text_norm { NORM_NONE, NORM_L1, NORM_L2 };
#define TEXT_NGRAMS 20 /* words of the longest n-gram */
struct text_rule {
    int lo, hi;       /* n-grams of lo..hi words */
    int64_t hash;     /* > 0: that many columns by hash, no vocabulary */
    int64_t max;      /* > 0: at most so many terms, those that stand most often */
    double min, most; /* rows a term stands in: at least, at most; below 0: -share of the rows */
    bool is_whole;    /* the value itself is the one term: hash(id, 1024) */
    bool binary;      /* a term counts once a row */
    bool sublinear;   /* 1 + ln(count) */
    bool keep_case;
    int min_chars;
    enum text_idf idf;
    enum text_norm norm;
    const char *const *stop; /* [n_stop] words that are left out */
    int n_stop;
};
struct feature {
    enum feature_op op;
    struct span span;
    const char *text;            /* as written: `scale(fare)`; names the term */
    const struct expr *expr;     /* FEATURE_EXPR */
    const struct fn_desc *fn;    /* FEATURE_CALL */
    const struct feature **args; /* FEATURE_CALL: all; others: [1] */
    int n_args;
    const char *method;     /* IMPUTE: "mean", "median", "mode", "constant" */
    struct scalar constant; /* IMPUTE constant */
    const char *ref; /* CAT: reference level as text, "first" | "last" | "rarest" by ref_kind */
    enum { REF_FIRST, REF_LAST, REF_RAREST, REF_LEVEL } ref_kind;
    int64_t top;                   /* ONEHOT: keep that many most frequent levels, 0 = all */
    bool unseen_error;             /* unseen: error */
    const struct text_rule *words; /* WORDS */
    int size;                      /* POLY degree, BS functions, BUCKET buckets, PCA components */
    int column;                    /* COLUMN, from 0 */
    bool raw;                      /* POLY */
    double number;                 /* BINARIZE: above it; TARGET: smoothing, < 0 = by the data */
    int folds;                     /* TARGET: of the rows being fitted, 0 = none */
    enum text_norm norm;           /* NORMALIZE */
    const double *points;          /* BUCKET: [n_points] cut points, or NULL */
    int n_points;
};
/* How many columns a feature of several has, else 1. */
int feature_width(const struct feature *f);
/* select(terms, k: 10, by: f): which of these columns stay. */
enum select_by {
    SELECT_F,       /* F of the analysis of variance for classes, of a regression for a number */
    SELECT_CHI2,    /* chi-square between column and class */
    SELECT_VARIANCE /* spread alone, no target */
};
enum select_mode {
    SELECT_K,          /* that many best */
    SELECT_PERCENTILE, /* that many percent of them */
    SELECT_FPR,        /* p-value below amount */
    SELECT_FDR,        /* Benjamini-Hochberg at amount */
    SELECT_FWE,        /* p-value below amount / columns */
    SELECT_ABOVE       /* value of `by` above amount */
};
struct selector {
    enum select_by by;
    enum select_mode mode;
    double amount;
    struct span span;
    const char *text;
};
struct term { /* product of features: `a`, `a:b` */
    const struct feature **factors;
    int n_factors;
    bool is_offset;                /* offset(e): coefficient fixed at 1 */
    const struct selector *select; /* of one factor: it may go, or NULL */
    struct span span;
};
struct formula {
    struct arena *arena; /* owns everything below (taken by ml_fit's model on success, by copy) */
    const char *text;    /* as written, operators expanded not */
    const struct feature *target; /* NULL: unsupervised */
    struct term *terms;
    int n_terms;
    bool intercept;
    struct span span;
};

/* ---- families ---- */
struct ml_param_desc {
    const char *name;
    enum kind kind;    /* KIND_NUM, KIND_INT, KIND_BOOL, KIND_STR, KIND_LIST (of numbers) */
    double min, max;   /* inclusive; numbers only */
    const char *def;   /* default as text; lists: "[]" */
    const char *words; /* KIND_STR: "newton lbfgs", the allowed ones */
    const char *unit, *doc;
};
enum ml_task {
    ML_NUMBER, /* the target is a number */
    ML_CLASS,  /* the target is a class: bool, str, cat, int */
    ML_EITHER, /* bool, str, cat (and cat(x)) are classes, int and num are numbers */
    ML_NONE,   /* no target: ~ x + y */
};
struct ml_family {
    const char *name; /* "logistic" */
    const char *sig, *doc, *example;
    const struct ml_param_desc *params; /* ends with a NULL name */
    enum ml_task task;
    const struct model_class *cls; /* runtime/ml/ml_int.h; NULL: a known word that ml_fit answers
                                      with E214 */
};
/* NULL when the language has no such family. */
const struct ml_family *ml_family_find(struct str name);
const struct ml_family *const *ml_family_all(int *n); /* models.def: those that can be fitted */

struct ml_arg {       /* one argument of a family call, as written */
    const char *name; /* NULL = by position, refused except where a family says so */
    struct scalar value;
    struct span span;
};
struct ml_fit_spec {
    const struct ml_family *family;
    const struct ml_arg *args;
    int n_args;
    const struct formula *formula;
    bool drop_nulls;             /* nulls: drop */
    const struct expr *weights;  /* or NULL */
    const struct named_expr *by; /* keys: a model for each group of rows (n_by 0: one of all) */
    int n_by;
    struct plan *valid;   /* valid: labelled rows that tell when to stop, or NULL */
    const char *positive; /* positive: class as text, or NULL */
    double threshold;     /* 0.5 */
    uint64_t seed;
    struct span span;
};

struct model; /* fitted; immutable; counted */
struct model *ml_ref(const struct model *m);
void ml_unref(const struct model *m);

/* Fits on the rows of `data`. Errors E214, E206..E209 (arguments), E401..E405, E409, E410 with
 * spans of the terms; warnings W304, W402, W403, W404. */
rc ml_fit(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec, struct plan *data,
          struct model **out);
/* The plan that scores the rows of `in`: its columns, then what the family gives:
 *   a number: `prediction`;
 *   two classes: `prediction` (the class, of the target's own type), `probability` (num, of the
 *     positive class);
 *   more classes: `prediction`, `probability` (of the predicted class), `class_probs` (struct, a
 *     field a class);
 *   clusters: `prediction` (int from 1; 0 = noise), with memberships also `probability`;
 *   columns of its own (pca: pc1, pc2 ..).
 * Columns of these names that stand in `in` are replaced in place. Streams: PROJECT (the encoder's
 * expressions as hidden columns) + MAP (encode, score) + PROJECT (hidden columns dropped).
 * threshold: negative = the model's own. A row with a null that the model cannot take scores null
 * (W405, counted once a run); an unseen level is a row of zeros (W401, counted; E411 when the
 * formula says unseen: error). Fails E406 when `in` lacks a column or it has another type, with the
 * closest name. The plan holds its own reference to m. */
rc ml_score_plan(struct ctx *cx, const struct model *m, struct plan *in, double threshold,
                 struct span span, struct plan **out);
/* The plan that applies a fitted recipe: columns of `in` that it does not read, then what it makes:
 * numbers and categories as they are, onehot(x) a column a level, texts a column a term. E217 for
 * other models, E902 beyond TRANSFORM_MAX columns of a text. */
rc ml_transform_plan(struct ctx *cx, const struct model *m, struct plan *in, struct span span,
                     struct plan **out);
#define TRANSFORM_MAX 2000
/* Metrics as a table (metric, value): rmse mae r2 mape | accuracy auc average_precision precision
 * recall f1 log_loss (fn/metric.def has all). Of more than two classes those that are not of all at
 * once are means over the classes (macro; f1_weighted: by their rows), and lines of each class
 * against the rest follow, with its name in a third column, class. `metrics` NULL = the usual ones;
 * unknown ones fail E209. kind instead gives that table (curves of more than two classes with a
 * column class): NULL | "confusion" (actual, predicted, n) | "roc" (fpr, tpr, threshold;
 * points on a straight line dropped, at most a few hundred kept) | "pr" (recall, precision,
 * threshold) | "calibration" (predicted, actual, n). Rows whose target or score is null are left
 * out, counted (W304, W405). */
rc ml_evaluate(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
               const char *const *metrics, int n_metrics, const char *kind, struct span span,
               struct table **out);
/* What charts of scores need: a row for each row of `data` whose target and score are known, with
 * the columns `score` (probability of the positive class, or the prediction) and `actual` (1 and 0,
 * or the target). */
rc ml_scores(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
             struct span span, struct table **out);
/* What the features are worth by the fit: term, value, the largest first: the share of gain of
 * trees, |coefficient| times sd of linear models. E217 for families that do not tell. */
rc ml_importance(struct ctx *cx, const struct model *m, struct span span, struct table **out);
/* By shuffling each feature's values over the rows of `data`, `rounds` times: term, value (how much
 * worse the metric gets, mean), sd. metric NULL: rmse, auc or accuracy. O(features rounds rows). */
rc ml_permutation(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                  const char *metric, int rounds, uint64_t seed, struct span span,
                  struct table **out);
/* The best of the other side for each user (or item): a table with the two columns of the formula,
 * score, rank (from 1; ties: the earlier one). Users as the model lists them, or those of a column
 * of values in its order, each once; unknown ones are left out, counted (W401). E217 when the model
 * does not recommend, E201 when `side` is none of its two columns. */
struct recommend_spec {
    int64_t n;
    const char *side;          /* name of the column to recommend for */
    const struct column *only; /* values of that column, or NULL = all */
    struct span span, side_span;
};
rc ml_recommend(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                struct table **out);
/* How good the first k recommendations for each user of the rows are, whose rows say what is
 * relevant to him: precision_at_k recall_at_k ndcg_at_k map_at_k mrr hit_rate (no names: all),
 * means over the users that the model knows (others: W401). E209, E404, E406. */
rc ml_evaluate_ranking(struct ctx *cx, struct executor *x, const struct model *m, struct plan *data,
                       const char *const *metrics, int n_metrics, int64_t k, struct span span,
                       struct table **out);
/* One of the names is such a metric. */
bool ml_is_ranking(const char *const *metrics, int n);
/* Parts of a model: exactly one of *out_text and *out_table is filled (*out_table NULL for text).
 * "coef": term, estimate, std_error, statistic, p_value; "terms": one row a formula term; "report":
 * one row: n, iterations, loss, converged, seed, seconds and the family's own; "formula": text.
 * E217 with the list of parts when there is no such part. Text lives as long as m. */
rc ml_part(struct ctx *cx, const struct model *m, struct str part, struct span span,
           struct scalar *out_text, struct table **out_table);
/* Names of the parts of m, in a. */
const char *const *ml_parts(const struct model *m, struct arena *a, int *n);
/* Names a model's scores need: for completion and messages. */
const struct ml_family *ml_model_family(const struct model *m);
/* Model card: type, formula, rows, iterations, loss, fit statistics, top coefficients. */
void ml_card_text(struct strbuf *out, const struct model *m, int width);
void ml_card_html(struct strbuf *out, const struct model *m);

/* Documented file (runtime/ml/README.md): JSON, versioned, with a checksum. Reload is bit-equal.
 * E407 when not ours. */
rc ml_save(struct ctx *cx, const struct model *m, const char *path, struct span span);
rc ml_load(struct ctx *cx, const char *path, struct span span, struct model **out);
rc ml_load_bytes(struct ctx *cx, const char *p, size_t n, const char *label, struct span span,
                 struct model **out);
void ml_save_bytes(const struct model *m, struct strbuf *out);
/* Trees as XGBoost's JSON. E217 when the model has none that it can hold, E306. */
rc ml_save_xgboost(struct ctx *cx, const struct model *m, const char *path, struct span span);

#endif

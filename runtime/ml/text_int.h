/* text_int.h: features of several cells a row (ENC_LIST): the terms of a text, hashed values. */
#ifndef MLNB_ML_TEXT_INT_H
#define MLNB_ML_TEXT_INT_H

#include "runtime/fn/words.h"
#include "runtime/ml/ml_int.h"

struct text_coding {
    struct text_rule rule;
    struct word_set *stop;
    double *weight;  /* [width] idf, or NULL = 1 */
    uint32_t *slots; /* [mask + 1] vocabulary by hash: level + 1, 0 = free */
    uint32_t mask;
    int32_t
        *column;   /* [n_all] column of a term where select() kept some, -1 = none; NULL: its own */
    int32_t *term; /* [n_kept] term of a column */
    int n_kept;
};
/* Terms or hashed columns there are, before select(). */
int text_n_terms(const struct enc_feature *f);
/* "free", or "17" of hashed columns. */
const char *text_column_name(const struct enc_feature *f, int col, char buf[32]);
/* Only the terms with a column stay: term [n] rising, in the arena. */
void text_keep_terms(struct arena *a, struct enc_feature *f, const int32_t *term, int n);
/* A coding that knows no terms yet; copies the rule. */
struct text_coding *text_coding_new(struct arena *a, const struct text_rule *rule);
/* Slots of the levels, for look-up. False when a term stands twice. */
bool text_index(struct arena *a, struct enc_feature *f);
double text_idf(const struct text_rule *rule, int64_t n, int64_t df);

/* Learns the terms of f from a column of texts, or lists of texts: levels (in the order of their
 * code points) and weights, and gives the column's cells (mem_big memory that `owner` frees).
 * max: the terms that stand most often stay, ties go to the earlier one. E405 when no term is left.
 * O(bytes + terms log terms), over the pool; the result does not depend on its threads. */
rc text_learn(struct ctx *cx, struct arena *a, struct enc_feature *f, const struct column *c,
              struct span span, struct arena *owner, struct enc_cells *out);
/* Cells of a column by what was learnt. */
rc text_cells(struct ctx *cx, const struct enc_feature *f, const struct column *c,
              struct arena *owner, struct enc_cells *out);

/* ---- shared by learning and coding ---- */
/* Words of value i of v (already inside the vector: not beyond a constant). */
void text_words(const struct text_coding *t, const struct vec *v, int64_t i, struct words *w);
/* Cells of one row from (column << 32 | count), unsorted, columns once or several times: sorted,
 * added up, weighted and normalised. Returns how many. */
int text_row(const struct text_coding *t, uint64_t *packed, int n, int32_t *col, double *value);

/* ---- cells in parts of the design, as encode.c's functions; fill: from one row or column to the
 * next ---- */
void cells_fill(const struct enc_part *p, const struct enc_input *in, int64_t at, int n, double *x,
                size_t row_step, size_t col_step);
void cells_dot(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
               const double *beta, double *out);
void cells_add(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
               const double *coef, double *grad);
void cells_add_squares(const struct enc_part *p, const struct enc_input *in, int64_t at, int n,
                       const double *coef, const double *shift, double *sum, double *squares);

#endif

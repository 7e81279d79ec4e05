/* sheet_int.h: a small table made cell by cell: the frames of a model's parts. The first fault is
 * kept and given by sheet_end, so that filling needs no checks. */
#ifndef MLNB_ML_MODELS_SHEET_INT_H
#define MLNB_ML_MODELS_SHEET_INT_H

#include "runtime/ml/ml_int.h"

struct sheet {
    struct ctx *cx;
    struct field *fields;
    struct builder *cols;
    int n, cap;
    enum rc_t res;
};
struct sheet sheet_new(struct ctx *cx, int max_columns);
/* A name that stands already gets a number behind it. Text is copied. */
void sheet_column(struct sheet *s, const char *name, enum kind kind);
void sheet_int(struct sheet *s, int column, int64_t v);
void sheet_num(struct sheet *s, int column, double v); /* NaN: null */
void sheet_text(struct sheet *s, int column, const char *v);
void sheet_bool(struct sheet *s, int column, bool v);
rc sheet_end(struct sheet *s, struct table **out);

#endif

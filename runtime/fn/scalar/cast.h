/* cast.h: what the casts share: refusing a value, and reading text as dates and times. */
#ifndef MLNB_FN_SCALAR_CAST_H
#define MLNB_FN_SCALAR_CAST_H

#include "runtime/fn/fn_int.h"

/* Row i cannot be cast: E307 when the call says strict: true, else a null that is counted. */
rc cast_refuse(struct fn_eval *e, struct vec *out, int64_t i, struct str text, const char *noun);

/* Days of `2019-01-31`, also with one digit for month or day and with / or . between; a time after
 * it is cut off. */
bool read_date(struct str s, int32_t *out);
/* Microseconds of a date, or of a date and time; a zone converts to UTC. */
bool read_datetime(struct str s, int64_t *out);

/* Appends the value of row i as the language's text (no quotes): what str(), f-strings and cat()
 * write. */
void put_value(struct strbuf *b, struct dtype type, const struct vec *v, int64_t i);

/* Kernel of a cast to text: `put` appends what stands for row i, null rows are empty. */
enum rc_t cast_texts(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                     void (*put)(struct strbuf *b, struct dtype type, const struct vec *v,
                                 int64_t i));

/* E217 when `strict` is a column. */
enum rc_t prepare_cast(struct fn_eval *e, struct arena *arena, void **out);

/* Row of an overload table with and without `strict`. */
#define CAST(from, to, k) OV1(from, to, k), OV2(from, KIND_BOOL, to, k)

/* Every row null: a column that has no type yet. */
enum rc_t cast_null(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);
/* A copy of the argument. */
enum rc_t cast_same(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out);

#endif

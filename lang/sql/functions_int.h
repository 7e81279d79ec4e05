/* functions_int.h: what functions.c, types.c and operators.c share. */
#ifndef MLNB_LANG_SQL_FUNCTIONS_INT_H
#define MLNB_LANG_SQL_FUNCTIONS_INT_H

#include "lang/sql/functions.h"

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* A call of our function of that name. */
rc sql_ours(struct ctx *cx, struct arena *a, const char *ours, const struct expr *const *args,
            int n, struct span span, const struct expr **out);
/* A call of literals becomes its value. */
rc sql_fold(struct ctx *cx, struct arena *a, const struct expr **e);
/* The cast to a kind with no restriction of its size, as SQL casts. */
rc sql_cast_kind(struct ctx *cx, struct arena *a, const struct expr *e, enum kind to,
                 const struct expr **out);
const struct expr *sql_int_literal(struct arena *a, int64_t x, struct span span);
/* A text in quotes, which takes the kind of what stands beside it. */
bool sql_is_quoted(const struct expr *e);
bool sql_is_months(const struct expr *e); /* an interval literal with months */

/* Where one time has a zone, those without become instants of UTC. */
rc sql_zones_meet(struct ctx *cx, struct arena *a, const struct expr **args, int n);
/* Calls that depend on what their arguments are; *done tells whether it was one. */
rc sql_special_call(struct ctx *cx, struct arena *a, const struct sql_fn *row,
                    const struct expr **args, int n, struct span span, const struct expr **out,
                    bool *done);
rc sql_list_args(struct ctx *cx, struct arena *a, const struct expr **two, struct span span);

#endif

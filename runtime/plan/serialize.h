/* serialize.h: scalar expressions as JSON, for model files and remote executors. Numbers read back
 * the same bits. The form:
 *   {"column": "fare", "type": "num"}
 *   {"literal": 3.5, "type": "num"}     null, text, true; inf as "inf"; dates, times and durations
 *                                       as whole numbers (days, microseconds), "months" beside
 *   {"literal": [1, 2], "type": {"kind": "list", "elem": "int"}}
 *   {"call": "+", "args": [..]}         "implicit": true on casts the binder put in
 *   {"case": [cond, value, .., else]}
 * A type is a kind's name, or {"kind": "datetime", "zone": "UTC"}, {"kind": "cat", "ordered":
 * true},
 * {"kind": "list", "elem": type}. */
#ifndef MLNB_PLAN_SERIALIZE_H
#define MLNB_PLAN_SERIALIZE_H

#include "runtime/plan/plan.h"

#include <jansson.h>

/* New reference. E217 for what a row alone does not give: aggregates, window functions, structs. */
rc expr_to_json(struct ctx *cx, const struct expr *e, json_t **out);
/* Reads untrusted JSON: every shape, length, name and type is checked (functions are found and
 * resolved anew); E407 when it does not fit. Expressions without spans, in `a`. */
rc expr_from_json(struct ctx *cx, struct arena *a, const json_t *j, const struct expr **out);

/* Parts of the above, for values that stand beside expressions. */
rc type_to_json(struct ctx *cx, struct dtype t, json_t **out);
rc type_from_json(struct ctx *cx, const json_t *j, struct dtype *out);
rc scalar_to_json(struct ctx *cx, const struct scalar *s, json_t **out); /* without the type */
rc scalar_from_json(struct ctx *cx, struct arena *a, const json_t *j, struct dtype type,
                    struct scalar *out); /* text is copied to `a`; lists live as long as it */

#endif

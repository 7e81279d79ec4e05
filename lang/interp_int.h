/* interp_int.h: what the files of the interpreter and of the binder share among themselves. */
#ifndef MLNB_LANG_INTERP_INT_H
#define MLNB_LANG_INTERP_INT_H

#include "lang/lang_int.h"
#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/mem.h"

#define MAX_DEPTH 200 /* fns, blocks and brackets inside each other: E904 */

/* ---- values ---- */
bool value_is_null(const struct value *v);
struct value *value_fn(const struct ast *fn, struct program *program, struct scope *closure);
struct value *value_expr(const struct ast *e, struct program *program, struct scope *closure);
bool dtype_common(struct dtype a, struct dtype b, struct dtype *out);
/* Whether a name may stand without backticks; and the name as source text. */
bool name_is_bare(struct str name);
void name_text(struct strbuf *out, struct str name);
void scope_clear(struct scope *s);
struct scope *scope_capture(struct scope *s, struct scope *globals);

#endif

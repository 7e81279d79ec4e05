/* adapt.c: a model's expressions over another frame than the one it was fitted on. Columns are
 * found by name; kinds that lose nothing are cast, the rest is refused with the nearest name or a
 * cast to paste. */
#include "runtime/ml/score_int.h"

static enum rc_t missing(struct ctx *cx, const char *name, const struct schema *in,
                         struct span span)
{
    const char *best = NULL;
    int least = (int)strlen(name) / 2 + 1;
    for (int i = 0; i < in->n; i++) {
        int d = str_distance(str_of(in->fields[i].name), str_of(name), least);
        if (d < least) {
            least = d;
            best = in->fields[i].name;
        }
    }
    fail(cx, E406, span,
         "the model was fitted on a column `%s`, which these rows do not have%s%s%s", name,
         best ? ". Closest: `" : "", best ? best : "", best ? "`" : "");
    return best ? err_hint(cx, "rename %s = %s", name, best) : RC_ERR;
}

/* What a column of `have` may stand for without loss. */
static bool fits(struct dtype have, struct dtype want)
{
    if (have.kind == KIND_NULL) return true;
    if (have.kind == KIND_INT && want.kind == KIND_NUM) return true;
    if (have.kind == KIND_CAT && want.kind == KIND_STR) return true;
    if (have.kind == KIND_STR && want.kind == KIND_CAT) return true;
    if (have.kind == KIND_DATETIME && want.kind == KIND_DATETIME)
        return (have.zone != NULL) == (want.zone != NULL);
    return have.kind == want.kind;
}

static enum rc_t adapt_column(struct ctx *cx, const struct expr *e, const struct schema *in,
                              struct span span, const struct expr **out)
{
    char have_text[64], want_text[64];
    int at = schema_find(in, str_of(e->name));
    if (at < 0) return missing(cx, e->name, in, span);
    struct dtype have = in->fields[at].type;
    const struct expr *col = expr_column(cx->arena, in->fields[at].name, have, span);
    if (fits(have, e->type)) {
        if (have.kind == e->type.kind) return *out = col, RC_OK;
        return expr_cast(cx, cx->arena, col, e->type.kind, out);
    }
    dtype_text(have, have_text, sizeof have_text);
    dtype_text(e->type, want_text, sizeof want_text);
    fail(cx, E406, span, "the model was fitted on `%s` as %s; here it is %s", e->name, want_text,
         have_text);
    return err_hint(cx, "derive %s = %s(%s)", e->name, kind_name(e->type.kind), e->name);
}

enum rc_t score_adapt(struct ctx *cx, const struct expr *e, const struct schema *in,
                      struct span span, const struct expr **out)
{
    if (e->op == EXPR_COLUMN) return adapt_column(cx, e, in, span, out);
    struct expr *copy = arena_copy(cx->arena, e, sizeof *e);
    copy->span = span;
    copy->args = ARENA_ARRAY(cx->arena, const struct expr *, e->n_args + 1);
    for (int i = 0; i < e->n_args; i++)
        TRY(score_adapt(cx, e->args[i], in, span, &copy->args[i]));
    *out = copy;
    return RC_OK;
}

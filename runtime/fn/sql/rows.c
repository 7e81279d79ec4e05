/* rows.c: the loops of functions that work row by row. */
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>

rc sql_text_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                 sql_text_row f, bool nulls_too)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = nulls_too ? NULL : live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        bool is_null = false;
        strbuf_clear(&b);
        if (bit_valid(live, i)) res = f(e, args, i, &b, &is_null);
        r[i] = text_keep(&t, strbuf_view(&b));
        if (is_null) out_null(out, i);
    }
    strbuf_release(&b);
    out->heap = NULL;
    return res;
}

rc sql_int_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                sql_int_row f)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        bool is_null = false;
        r[i] = 0;
        if (bit_valid(live, i)) TRY(f(e, args, i, &r[i], &is_null));
        if (is_null) out_null(out, i);
    }
    return RC_OK;
}

enum rc_t sql_refuse(struct fn_eval *e, int64_t i, const char *fmt, ...)
{
    char buf[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    return fail(e->cx, E209, e->span, "%s (row %" PRId64 ")", buf, e->first_row + i + 1);
}

rc sql_list_finish(struct fn_eval *e, struct builder *b, struct vec *out)
{
    struct column *items;
    const struct column **child = ARENA_ARRAY(e->cx->arena, const struct column *, 1);
    TRY(builder_finish(e->cx, b, &items));
    arena_column(e->cx->arena, items);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
    return RC_OK;
}

enum rc_t sql_type_texts(struct ctx *cx, const struct dtype *args, int n, struct span span,
                         struct dtype *out)
{
    (void)cx;
    (void)args;
    (void)n;
    (void)span;
    *out = dtype_list(DTYPE(KIND_STR));
    return RC_OK;
}

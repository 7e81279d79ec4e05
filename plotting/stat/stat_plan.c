/* stat_plan.c: plans over the chart's data. */
#include "plotting/stat/stat.h"

#include "runtime/base/num.h"

#include <math.h>

void stat_remark(struct chart_build *b, const char *fmt, ...)
{
    va_list ap;
    if (b->caption.n) strbuf_addz(&b->caption, "; ");
    va_start(ap, fmt);
    strbuf_vprintf(&b->caption, fmt, ap);
    va_end(ap);
}

const char *stat_count_text(struct chart_build *b, int64_t n)
{
    char buf[NUM_TEXT_MAX];
    return arena_strndup(b->a, buf, (size_t)int_format_thousands(n, buf));
}

static const struct expr *column_expr(struct chart_build *b, const char *name)
{
    int at = schema_find(b->data->schema, str_of(name));
    return expr_column(b->cx->arena, name, b->data->schema->fields[at].type, b->spec->span);
}

static void take_data(struct chart_build *b, struct plan *take_p)
{
    plan_unref(b->data);
    b->data = take_p;
}

static int add_used(struct chart_build *b, struct named_expr *items, int n, const char *column)
{
    if (!column) return n;
    for (int k = 0; k < n; k++)
        if (!strcmp(items[k].name, column)) return n;
    items[n++] = (struct named_expr){column, column_expr(b, column)};
    return n;
}

static rc prune(struct chart_build *b)
{
    struct named_expr items[CHART_CHANNELS + 2];
    struct plan *p;
    int n = 0;
    for (int i = 0; i < CHART_CHANNELS; i++)
        n = add_used(b, items, n, b->in[i].column);
    n = add_used(b, items, n, b->facet_row.column);
    n = add_used(b, items, n, b->facet_column.column);
    if (n == 0 || b->c->kind->needs_model || b->c->kind->is_wide) return RC_OK;
    TRY(plan_project(b->cx, b->data, items, n, b->spec->span, &p));
    take_data(b, p);
    return RC_OK;
}

rc stat_keep_small(struct chart_build *b)
{
    struct table *t;
    struct plan *p;
    bool is_whole;
    TRY(prune(b));
    TRY(exec_head(b->cx, b->x, b->data, STAT_KEEP_ROWS, &t, &is_whole));
    if (!is_whole) {
        b->head = t;
        return RC_OK;
    }
    enum rc_t res = plan_table(b->cx, t, "chart", &p);
    table_unref(t);
    if (res == RC_OK) take_data(b, p);
    return res;
}

rc stat_table(struct chart_build *b, struct table **out)
{
    return exec_table(b->cx, b->x, b->data, out);
}

/* ---- groups ---- */
static rc item_expr(struct chart_build *b, const struct stat_item *item, const struct expr **out)
{
    const struct expr *args[2];
    int n = 0;
    const struct agg_desc *agg = agg_find(str_of(item->agg));
    if (!agg) return fail(b->cx, E903, b->spec->span, "no aggregate %s", item->agg);
    if (item->column) args[n++] = column_expr(b, item->column);
    if (n && args[0]->type.kind == KIND_INT && !strcmp(item->agg, "sum")) /* may pass 64 bits */
        TRY(expr_cast(b->cx, b->cx->arena, args[0], KIND_NUM, &args[0]));
    if (!isnan(item->arg)) {
        struct scalar v = {.type = DTYPE(KIND_NUM), .u.f = item->arg};
        args[n++] = expr_literal(b->cx->arena, &v, b->spec->span);
    }
    return expr_agg(b->cx, b->cx->arena, agg, args, n, NULL, (struct win_frame){0}, b->spec->span,
                    out);
}

rc stat_groups(struct chart_build *b, const struct chart_input *const *keys, int n_keys,
               const struct stat_item *items, int n_items, struct table **out)
{
    struct arena *a = b->cx->arena;
    struct named_expr *k = ARENA_ARRAY(a, struct named_expr, n_keys + 1);
    struct named_expr *v = ARENA_ARRAY(a, struct named_expr, n_items);
    struct plan *p;
    for (int i = 0; i < n_keys; i++)
        k[i] = (struct named_expr){arena_printf(a, "k%d", i), column_expr(b, keys[i]->column)};
    for (int i = 0; i < n_items; i++) {
        v[i].name = arena_printf(a, "a%d", i);
        TRY(item_expr(b, &items[i], &v[i].expr));
    }
    TRY(plan_aggregate(b->cx, b->data, k, n_keys, v, n_items, false, b->spec->span, &p));
    enum rc_t res = exec_table(b->cx, b->x, p, out);
    plan_unref(p);
    return res;
}

rc stat_key_levels(struct chart_build *b, const struct chart_input *in, const char *value,
                   struct stat_levels *out)
{
    const struct stat_item items[] = {{"count", value, NAN}};
    struct table *t;
    TRY(stat_groups(b, &in, 1, items, 1, &t));
    double *n = stat_numbers(b->a, t->cols[1]);
    enum rc_t res = stat_levels_of(b, t->cols[0], n, ORDER_NATURAL, true, out);
    table_unref(t);
    return res;
}

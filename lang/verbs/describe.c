/* describe.c: one row of statistics a column. All aggregates of all columns are one plan (one
 * pass); the most frequent values of text columns take one more plan each. */
#include "lang/verbs/rows.h"

#include "runtime/base/civil.h"

#include <math.h>

enum stat {
    STAT_COUNT,
    STAT_DISTINCT,
    STAT_MIN,
    STAT_P25,
    STAT_MEDIAN,
    STAT_P75,
    STAT_MAX,
    STAT_MEAN,
    STAT_SD,
    N_STATS
};
static const struct {
    const char *agg;
    double arg; /* second argument; 0 = none */
} stats[N_STATS] = {
    [STAT_COUNT] = {"count", 0},   [STAT_DISTINCT] = {"n_distinct", 0},
    [STAT_MIN] = {"min", 0},       [STAT_P25] = {"quantile", .25},
    [STAT_MEDIAN] = {"median", 0}, [STAT_P75] = {"quantile", .75},
    [STAT_MAX] = {"max", 0},       [STAT_MEAN] = {"mean", 0},
    [STAT_SD] = {"sd", 0},
};

enum group_of { GROUP_NUMBER, GROUP_TIME, GROUP_LABEL, GROUP_OTHER };
static enum group_of group_of(enum kind k)
{
    switch (k) {
    case KIND_INT:
    case KIND_NUM: return GROUP_NUMBER;
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION: return GROUP_TIME;
    case KIND_STR:
    case KIND_CAT:
    case KIND_BOOL: return GROUP_LABEL;
    case KIND_NULL:
    case KIND_LIST:
    case KIND_STRUCT:
    case KIND_COUNT: return GROUP_OTHER;
    }
    return GROUP_OTHER;
}

static bool has_stat(enum group_of g, enum stat s)
{
    if (s == STAT_COUNT) return true;
    if (s == STAT_DISTINCT) return g != GROUP_OTHER;
    return g == GROUP_NUMBER || (g == GROUP_TIME && (s == STAT_MIN || s == STAT_MAX));
}

struct description {
    struct verb_call *vc;
    const char **columns;
    int n;
    int (*at)[N_STATS]; /* column of the aggregated row, -1 = not there */
    bool has_numbers, has_others;
};

static struct dtype type_of(const struct description *d, int i)
{
    const struct schema *s = d->vc->input->plan->schema;
    return s->fields[schema_find(s, str_of(d->columns[i]))].type;
}

static rc stat_expr(struct description *d, int i, enum stat s, const struct expr **out)
{
    struct arena *a = d->vc->arena;
    const struct expr *args[2] = {
        name_expr(a, d->vc->input->plan->schema, d->columns[i], d->vc->step->span),
        make_num(a, stats[s].arg)};
    struct win_frame whole = {.unit = FRAME_ALL};
    const struct agg_desc *agg = agg_find(str_of(stats[s].agg));
    if (!agg) return fail(d->vc->cx, E903, d->vc->step->span, "no aggregate %s", stats[s].agg);
    return expr_agg(d->vc->cx, a, agg, args, stats[s].arg > 0 ? 2 : 1, NULL, whole,
                    d->vc->step->span, out);
}

/* The aggregates of every column as one row; its first column counts the rows. */
static rc aggregate_all(struct description *d, struct table **out)
{
    struct verb_call *vc = d->vc;
    struct named_list items = {0};
    const struct expr *e;
    TRY(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &e));
    named_add(vc->arena, &items, ".rows", e, NO_SPAN);
    for (int i = 0; i < d->n; i++) {
        enum group_of g = group_of(type_of(d, i).kind);
        for (enum stat s = 0; s < N_STATS; s++) {
            d->at[i][s] = -1;
            if (!has_stat(g, s)) continue;
            TRY(stat_expr(d, i, s, &e));
            d->at[i][s] = items.n;
            named_add(vc->arena, &items, arena_printf(vc->arena, ".c%d_%d", i, (int)s), e, NO_SPAN);
        }
    }
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = verb_pipe_aggregate(&p, NULL, 0, items.items, items.n);
    if (res == RC_OK) res = exec_table(vc->cx, vc->lg->executor, p.plan, out);
    verb_pipe_release(&p);
    return res;
}

#define TOP_VALUES 3
/* `column` counted, most frequent first, nulls left out. */
static rc top_plan(struct description *d, int i, struct pipe *p)
{
    struct verb_call *vc = d->vc;
    const struct expr *column =
        name_expr(vc->arena, vc->input->plan->schema, d->columns[i], vc->step->span);
    const struct expr *e;
    struct named_expr key = {".value", column}, n = {.name = ".n"};
    TRY(make_call1(vc->cx, vc->arena, "is_null", column, &e));
    TRY(make_call1(vc->cx, vc->arena, "not", e, &e));
    TRY(verb_pipe_filter(p, e));
    TRY(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &n.expr));
    TRY(verb_pipe_aggregate(p, &key, 1, &n, 1));
    struct sort_key most = {.expr = name_expr(vc->arena, p->plan->schema, ".n", vc->step->span),
                            .descending = true};
    return verb_pipe_sort(p, &most, 1);
}

static rc top_values(struct description *d, int i, struct strbuf *out)
{
    struct pipe p;
    struct table *t = NULL;
    bool complete;
    verb_pipe_begin(&p, d->vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(top_plan(d, i, &p));
    TRY_OUT(exec_head(d->vc->cx, d->vc->lg->executor, p.plan, TOP_VALUES + 1, &t, &complete));
    for (int64_t r = 0; r < t->n_rows; r++) {
        struct scalar value = column_scalar(t->cols[0], r), n = column_scalar(t->cols[1], r);
        if (r == TOP_VALUES) {
            strbuf_addz(out, ", ..");
            break;
        }
        strbuf_addz(out, r ? ", " : "");
        scalar_text(out, &value, false);
        strbuf_printf(out, " (%lld)", (long long)n.u.i);
    }
    res = RC_OK;
out:
    table_unref(t);
    verb_pipe_release(&p);
    return res;
}

static struct scalar stat_of(const struct description *d, const struct table *row, int i,
                             enum stat s)
{
    if (d->at[i][s] < 0) return (struct scalar){.is_null = true};
    return column_scalar(row->cols[d->at[i][s]], 0);
}

static rc values_of(struct description *d, const struct table *row, int i, struct strbuf *out)
{
    enum group_of g = group_of(type_of(d, i).kind);
    if (g == GROUP_LABEL) return top_values(d, i, out);
    if (g != GROUP_TIME) return RC_OK;
    struct scalar min = stat_of(d, row, i, STAT_MIN), max = stat_of(d, row, i, STAT_MAX);
    if (min.is_null) return RC_OK;
    scalar_text(out, &min, false);
    strbuf_addz(out, " .. ");
    scalar_text(out, &max, false);
    return RC_OK;
}

static rc add_row(struct description *d, const struct table *row, int i, struct rows *r)
{
    char type[128];
    int at = 0;
    struct scalar n = column_scalar(row->cols[0], 0), have = stat_of(d, row, i, STAT_COUNT),
                  distinct = stat_of(d, row, i, STAT_DISTINCT);
    TRY(rows_text(r, at++, d->columns[i]));
    TRY(rows_text(r, at++, dtype_text(type_of(d, i), type, sizeof type)));
    double missing = n.u.i ? 100.0 * (double)(n.u.i - have.u.i) / (double)n.u.i : 0;
    TRY(builder_f64(r->cx, &r->b[at++], round(missing * 100) / 100));
    TRY(distinct.is_null ? builder_null(r->cx, &r->b[at])
                         : builder_i64(r->cx, &r->b[at], distinct.u.i));
    at++;
    bool is_number = group_of(type_of(d, i).kind) == GROUP_NUMBER;
    for (enum stat s = STAT_MIN; d->has_numbers && s < N_STATS; s++) {
        struct scalar v = is_number ? stat_of(d, row, i, s) : (struct scalar){.is_null = true};
        TRY(rows_num(r, at++, &v));
    }
    if (!d->has_others) return RC_OK;
    struct strbuf values = {0};
    enum rc_t res = values_of(d, row, i, &values);
    if (res == RC_OK) res = rows_text(r, at, values.n ? values.p : NULL);
    strbuf_release(&values);
    return res;
}

static int result_fields(const struct description *d, struct field *f)
{
    static const char *const numbers[] = {"min", "p25", "median", "p75", "max", "mean", "sd"};
    int n = 0;
    f[n++] = (struct field){"column", DTYPE(KIND_STR)};
    f[n++] = (struct field){"type", DTYPE(KIND_STR)};
    f[n++] = (struct field){"missing_pct", DTYPE(KIND_NUM)};
    f[n++] = (struct field){"distinct", DTYPE(KIND_INT)};
    for (size_t i = 0; d->has_numbers && i < sizeof numbers / sizeof numbers[0]; i++)
        f[n++] = (struct field){numbers[i], DTYPE(KIND_NUM)};
    if (d->has_others) f[n++] = (struct field){"values", DTYPE(KIND_STR)};
    return n;
}

static enum rc_t describe_bind(struct verb_call *vc, struct value **out)
{
    struct description d = {.vc = vc};
    struct field fields[16];
    struct rows r = {0};
    struct table *row = NULL;
    TRY(columns_of_items(vc, true, &d.columns, &d.n));
    d.at = arena_zero(vc->arena, mem_mul(sizeof *d.at, (size_t)d.n + 1));
    for (int i = 0; i < d.n; i++)
        *(group_of(type_of(&d, i).kind) == GROUP_NUMBER ? &d.has_numbers : &d.has_others) = true;
    int n = result_fields(&d, fields);
    enum rc_t res = RC_ERR;
    TRY(rows_begin(&r, vc->cx, vc->arena, fields, n));
    if (!vc->lg->is_dry) {
        TRY_OUT(aggregate_all(&d, &row));
        for (int i = 0; i < d.n; i++)
            TRY_OUT(add_row(&d, row, i, &r));
    }
    res = rows_value(&r, vc->arena, vc->step->span, out);
out:
    table_unref(row);
    rows_release(&r);
    return res;
}

const struct verb_desc verb_describe = {
    .name = "describe",
    .sig = "describe columns, ..",
    .doc = "One row for each column: type, share of missing values in percent, number of distinct "
           "values; for numbers min, quartiles, max, mean and standard deviation; for others the "
           "most frequent values (with counts) or the range. Computed at once over all rows.",
    .examples = {"trips |> describe", "trips |> describe type(num)"},
    .input = TAKES_FRAME,
    .bind = describe_bind,
};

/* profile.c: a row of facts about every column: what is missing, how many values differ, the most
 * frequent one, the spread, a small histogram, and how strongly it goes with a target. One plan
 * gives all aggregates, one more a column counts its values, one more each histogram. */
#include "lang/verbs/rows.h"

#include "runtime/base/cancel.h"

#include <math.h>

#define BARS 8

struct profile {
    struct verb_call *vc;
    const char **columns;
    int n;
    const char *target;  /* or NULL */
    struct table *facts; /* one row */
    int *at;             /* [n] first column of each in facts */
};
enum fact {
    FACT_COUNT,
    FACT_DISTINCT,
    FACT_MEAN,
    FACT_SD,
    FACT_MIN,
    FACT_P25,
    FACT_MEDIAN,
    FACT_P75,
    FACT_MAX,
    N_FACTS
};

static struct dtype type_of(const struct profile *p, const char *name)
{
    const struct schema *s = p->vc->input->plan->schema;
    return s->fields[schema_find(s, str_of(name))].type;
}
static bool is_number(struct dtype t)
{
    return dtype_is_number(t) || t.kind == KIND_BOOL;
}
static bool is_nested(struct dtype t)
{
    return t.kind == KIND_LIST || t.kind == KIND_STRUCT || t.kind == KIND_NULL;
}
static const struct expr *column_of(const struct profile *p, const char *name)
{
    return name_expr(p->vc->arena, p->vc->input->plan->schema, name, p->vc->step->span);
}
/* The column as a number: true is 1. */
static rc number_of(const struct profile *p, const char *name, const struct expr **out)
{
    return expr_cast(p->vc->cx, p->vc->arena, column_of(p, name), KIND_NUM, out);
}

/* ---- facts ---- */
static rc fact_expr(const struct profile *p, const char *name, enum fact f, const struct expr **out)
{
    static const char *const aggs[] = {"count",    "n_distinct", "mean",     "sd", "min",
                                       "quantile", "median",     "quantile", "max"};
    const struct agg_desc *agg = agg_find(str_of(aggs[f]));
    const struct expr *args[2] = {column_of(p, name),
                                  make_num(p->vc->arena, f == FACT_P25 ? .25 : .75)};
    struct win_frame whole = {.unit = FRAME_ALL};
    struct dtype t = type_of(p, name);
    bool wants_number = f > FACT_DISTINCT;
    if (f == FACT_DISTINCT && is_nested(t)) {
        *out = NULL;
        return RC_OK;
    }
    if (wants_number && !is_number(t)) {
        *out = NULL;
        return RC_OK;
    }
    if (!agg) return fail(p->vc->cx, E903, p->vc->step->span, "no aggregate %s", aggs[f]);
    if (wants_number) TRY(number_of(p, name, &args[0]));
    return expr_agg(p->vc->cx, p->vc->arena, agg, args, f == FACT_P25 || f == FACT_P75 ? 2 : 1,
                    NULL, whole, p->vc->step->span, out);
}

static rc all_facts(struct profile *p)
{
    struct verb_call *vc = p->vc;
    struct named_list items = {0};
    struct pipe pipe;
    const struct expr *e;
    TRY(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &e));
    named_add(vc->arena, &items, ".rows", e, NO_SPAN);
    for (int i = 0; i < p->n; i++)
        for (int f = 0; f < N_FACTS; f++) {
            TRY(fact_expr(p, p->columns[i], (enum fact)f, &e));
            if (e)
                named_add(vc->arena, &items, arena_printf(vc->arena, ".f%d_%d", i, f), e, NO_SPAN);
        }
    verb_pipe_begin(&pipe, vc);
    enum rc_t res = verb_pipe_aggregate(&pipe, NULL, 0, items.items, items.n);
    if (res == RC_OK) res = exec_table(vc->cx, vc->lg->executor, pipe.plan, &p->facts);
    verb_pipe_release(&pipe);
    return res;
}

static struct scalar fact(const struct profile *p, int i, enum fact f)
{
    char name[40];
    snprintf(name, sizeof name, ".f%d_%d", i, (int)f);
    int at = schema_find(p->facts->schema, str_of(name));
    return at < 0 ? (struct scalar){.is_null = true} : column_scalar(p->facts->cols[at], 0);
}

/* ---- the most frequent value ---- */
static rc top_value(struct profile *p, const char *name, struct strbuf *text, int64_t *times)
{
    struct verb_call *vc = p->vc;
    struct pipe pipe;
    struct table *t = NULL;
    bool complete;
    const struct expr *e;
    struct named_expr key = {".value", column_of(p, name)}, n = {.name = ".n"};
    verb_pipe_begin(&pipe, vc);
    enum rc_t res = RC_ERR;
    *times = 0;
    TRY_OUT(make_call1(vc->cx, vc->arena, "is_null", key.expr, &e));
    TRY_OUT(make_call1(vc->cx, vc->arena, "not", e, &e));
    TRY_OUT(verb_pipe_filter(&pipe, e));
    TRY_OUT(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &n.expr));
    TRY_OUT(verb_pipe_aggregate(&pipe, &key, 1, &n, 1));
    struct sort_key most = {.expr = field_expr(vc->arena, pipe.plan->schema, 1, vc->step->span),
                            .descending = true};
    TRY_OUT(verb_pipe_sort(&pipe, &most, 1));
    TRY_OUT(exec_head(vc->cx, vc->lg->executor, pipe.plan, 1, &t, &complete));
    if (t->n_rows) {
        struct scalar value = column_scalar(t->cols[0], 0);
        scalar_text(text, &value, false);
        *times = column_scalar(t->cols[1], 0).u.i;
    }
    res = RC_OK;
out:
    table_unref(t);
    verb_pipe_release(&pipe);
    return res;
}

/* ---- histogram ---- */
/* Bar of x: floor((x - min) / (max - min) * BARS), the maximum in the last one. */
static rc bar_of(struct profile *p, const char *name, double min, double max,
                 const struct expr **out)
{
    struct verb_call *vc = p->vc;
    const struct expr *x, *last = make_num(vc->arena, BARS - 1);
    TRY(number_of(p, name, &x));
    TRY(make_call2(vc->cx, vc->arena, "-", x, make_num(vc->arena, min), &x));
    TRY(make_call2(vc->cx, vc->arena, "/", x, make_num(vc->arena, max - min), &x));
    TRY(make_call2(vc->cx, vc->arena, "*", x, make_num(vc->arena, BARS), &x));
    TRY(make_call1(vc->cx, vc->arena, "floor", x, &x));
    if (x->type.kind == KIND_INT) last = make_int(vc->arena, BARS - 1);
    TRY(make_call2(vc->cx, vc->arena, "least", x, last, &x));
    return expr_cast(vc->cx, vc->arena, x, KIND_INT, out);
}

static void put_bars(const struct table *t, struct strbuf *out)
{
    static const char *const heights[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double n[BARS] = {0}, most = 0;
    for (int64_t r = 0; r < t->n_rows; r++) {
        struct scalar bar = column_scalar(t->cols[0], r), times = column_scalar(t->cols[1], r);
        if (bar.is_null || bar.u.i < 0 || bar.u.i >= BARS) continue;
        n[bar.u.i] = (double)times.u.i;
        if (n[bar.u.i] > most) most = n[bar.u.i];
    }
    for (int i = 0; i < BARS && most > 0; i++) /* an empty bar is a blank */
        strbuf_addz(out, n[i] > 0 ? heights[(int)(n[i] / most * 7 + .5)] : " ");
}

static rc histogram(struct profile *p, int i, struct strbuf *out)
{
    struct verb_call *vc = p->vc;
    struct scalar min = fact(p, i, FACT_MIN), max = fact(p, i, FACT_MAX);
    struct pipe pipe;
    struct table *t = NULL;
    if (min.is_null || !isfinite(min.u.f) || !isfinite(max.u.f) || !(max.u.f > min.u.f))
        return RC_OK;
    struct named_expr bar = {.name = ".bar"}, n = {.name = ".n"};
    verb_pipe_begin(&pipe, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(bar_of(p, p->columns[i], min.u.f, max.u.f, &bar.expr));
    TRY_OUT(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &n.expr));
    TRY_OUT(verb_pipe_aggregate(&pipe, &bar, 1, &n, 1));
    TRY_OUT(exec_table(vc->cx, vc->lg->executor, pipe.plan, &t));
    put_bars(t, out);
    res = RC_OK;
out:
    table_unref(t);
    verb_pipe_release(&pipe);
    return res;
}

/* ---- the target ---- */
static rc one_number(struct profile *p, struct pipe *pipe, const struct expr *e, double *out)
{
    struct named_expr item = {"v", e};
    struct table *t;
    TRY(verb_pipe_aggregate(pipe, NULL, 0, &item, 1));
    TRY(exec_table(p->vc->cx, p->vc->lg->executor, pipe->plan, &t));
    struct scalar s = column_scalar(t->cols[0], 0);
    *out = s.is_null ? NAN : s.type.kind == KIND_INT ? (double)s.u.i : s.u.f;
    table_unref(t);
    return RC_OK;
}

/* Rows where both have a value. */
static rc both_there(struct profile *p, struct pipe *pipe, const char *a, const char *b)
{
    const char *names[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const struct expr *e;
        TRY(make_call1(pipe->cx, pipe->arena, "is_null", column_of(p, names[i]), &e));
        TRY(make_call1(pipe->cx, pipe->arena, "not", e, &e));
        TRY(verb_pipe_filter(pipe, e));
    }
    return RC_OK;
}

static rc both_numbers(struct profile *p, struct pipe *pipe, const char *name, double *out)
{
    const struct expr *args[2], *e;
    const struct agg_desc *agg = agg_find(STR("corr"));
    struct win_frame whole = {.unit = FRAME_ALL};
    TRY(number_of(p, name, &args[0]));
    TRY(number_of(p, p->target, &args[1]));
    TRY(expr_agg(pipe->cx, pipe->arena, agg, args, 2, NULL, whole, pipe->span, &e));
    return one_number(p, pipe, e, out);
}

/* Correlation ratio: the share of the number's spread that lies between the groups, its root. */
static rc number_by_group(struct profile *p, struct pipe *pipe, const char *number,
                          const char *group, double *out)
{
    const struct expr *x, *by[1] = {column_of(p, group)}, *e, *all;
    struct named_expr mean = {.name = ".mean"}, both[2] = {{.name = "a"}, {.name = "b"}};
    struct table *t;
    TRY(number_of(p, number, &x));
    TRY(make_agg(pipe->cx, pipe->arena, "mean", x, pipe->span, &mean.expr));
    TRY(verb_pipe_window(pipe, by, 1, NULL, 0, &mean, 1));
    e = name_expr(pipe->arena, pipe->plan->schema, ".mean", pipe->span);
    TRY(make_agg(pipe->cx, pipe->arena, "var", e, pipe->span, &both[0].expr));
    TRY(make_agg(pipe->cx, pipe->arena, "var", x, pipe->span, &all));
    both[1].expr = all;
    TRY(verb_pipe_aggregate(pipe, NULL, 0, both, 2));
    TRY(exec_table(pipe->cx, p->vc->lg->executor, pipe->plan, &t));
    struct scalar between = column_scalar(t->cols[0], 0), total = column_scalar(t->cols[1], 0);
    *out = between.is_null || total.is_null || total.u.f <= 0 ? NAN : sqrt(between.u.f / total.u.f);
    table_unref(t);
    return RC_OK;
}

/* Cramer's V: chi-squared over n times the smaller number of categories less one, its root. */
static rc both_groups(struct profile *p, struct pipe *pipe, const char *name, double *out)
{
    struct named_expr keys[2] = {{".a", column_of(p, name)}, {".b", column_of(p, p->target)}};
    struct named_expr n = {.name = ".n"},
                      sums[3] = {{.name = ".na"}, {.name = ".nb"}, {.name = ".all"}};
    struct named_expr last[3] = {{.name = "chi"}, {.name = "ka"}, {.name = "kb"}};
    struct table *t;
    TRY(make_agg(pipe->cx, pipe->arena, "count", NULL, pipe->span, &n.expr));
    TRY(verb_pipe_aggregate(pipe, keys, 2, &n, 1));
    const struct expr *count = name_expr(pipe->arena, pipe->plan->schema, ".n", pipe->span);
    for (int i = 0; i < 3; i++) {
        const struct expr *by[1] = {
            i < 2 ? field_expr(pipe->arena, pipe->plan->schema, i, pipe->span) : NULL};
        TRY(make_agg(pipe->cx, pipe->arena, "sum", count, pipe->span, &sums[i].expr));
        TRY(verb_pipe_window(pipe, by, i < 2, NULL, 0, &sums[i], 1));
    }
    const struct schema *s = pipe->plan->schema;
    const struct expr *na = name_expr(pipe->arena, s, ".na", pipe->span), *e, *top;
    TRY(expr_cast(pipe->cx, pipe->arena, na, KIND_NUM, &na));
    TRY(make_call2(pipe->cx, pipe->arena, "*", na, name_expr(pipe->arena, s, ".nb", pipe->span),
                   &e));
    TRY(expr_cast(pipe->cx, pipe->arena, count, KIND_NUM, &top));
    TRY(make_call2(pipe->cx, pipe->arena, "*", top, count, &top));
    TRY(make_call2(pipe->cx, pipe->arena, "/", top, e, &e)); /* n^2 / (na nb): sums to chi2/n + 1 */
    TRY(make_agg(pipe->cx, pipe->arena, "sum", e, pipe->span, &last[0].expr));
    for (int i = 0; i < 2; i++)
        TRY(make_agg(pipe->cx, pipe->arena, "n_distinct", field_expr(pipe->arena, s, i, pipe->span),
                     pipe->span, &last[1 + i].expr));
    TRY(verb_pipe_aggregate(pipe, NULL, 0, last, 3));
    TRY(exec_table(pipe->cx, p->vc->lg->executor, pipe->plan, &t));
    struct scalar chi = column_scalar(t->cols[0], 0);
    int64_t ka = column_scalar(t->cols[1], 0).u.i, kb = column_scalar(t->cols[2], 0).u.i;
    int64_t k = ka < kb ? ka : kb;
    double phi = chi.is_null ? NAN : chi.u.f - 1;
    *out = k < 2 ? NAN : sqrt(phi < 0 ? 0 : phi / (double)(k - 1));
    table_unref(t);
    return RC_OK;
}

static rc association(struct profile *p, const char *name, double *out)
{
    struct pipe pipe;
    bool x = is_number(type_of(p, name)), y = is_number(type_of(p, p->target));
    *out = NAN;
    if (is_nested(type_of(p, name)) || strcmp(name, p->target) == 0) return RC_OK;
    verb_pipe_begin(&pipe, p->vc);
    enum rc_t res = both_there(p, &pipe, name, p->target);
    if (res == RC_OK && x && y)
        res = both_numbers(p, &pipe, name, out);
    else if (res == RC_OK && (x || y))
        res = number_by_group(p, &pipe, x ? name : p->target, x ? p->target : name, out);
    else if (res == RC_OK)
        res = both_groups(p, &pipe, name, out);
    verb_pipe_release(&pipe);
    return res;
}

/* ---- the report ---- */
static double share(int64_t part, int64_t all)
{
    return all ? round(10000.0 * (double)part / (double)all) / 100 : 0;
}

static rc add_row(struct profile *p, int i, struct rows *r)
{
    char type[128];
    const char *name = p->columns[i];
    struct strbuf top = {0}, bars = {0};
    int64_t rows = column_scalar(p->facts->cols[0], 0).u.i, times = 0;
    struct scalar have = fact(p, i, FACT_COUNT), distinct = fact(p, i, FACT_DISTINCT);
    enum rc_t res = RC_ERR;
    int at = 0;
    TRY(check_cancel(p->vc->cx));
    if (!is_nested(type_of(p, name))) TRY_OUT(top_value(p, name, &top, &times));
    if (is_number(type_of(p, name))) TRY_OUT(histogram(p, i, &bars));
    TRY_OUT(rows_text(r, at++, name));
    TRY_OUT(rows_text(r, at++, dtype_text(type_of(p, name), type, sizeof type)));
    TRY_OUT(builder_i64(r->cx, &r->b[at++], rows - have.u.i));
    TRY_OUT(builder_f64(r->cx, &r->b[at++], share(rows - have.u.i, rows)));
    TRY_OUT(distinct.is_null ? builder_null(r->cx, &r->b[at])
                             : builder_i64(r->cx, &r->b[at], distinct.u.i));
    at++;
    TRY_OUT(rows_text(r, at++, times ? top.p ? top.p : "" : NULL));
    TRY_OUT(builder_f64(r->cx, &r->b[at++], times ? share(times, rows) : NAN));
    for (int f = FACT_MEAN; f < N_FACTS; f++) {
        struct scalar s = fact(p, i, (enum fact)f);
        TRY_OUT(rows_num(r, at++, &s));
    }
    TRY_OUT(rows_text(r, at++, bars.n ? bars.p : NULL));
    if (p->target) {
        double v;
        TRY_OUT(association(p, name, &v));
        TRY_OUT(builder_f64(r->cx, &r->b[at], v));
    }
    res = RC_OK;
out:
    strbuf_release(&top);
    strbuf_release(&bars);
    return res;
}

static int report_fields(const struct profile *p, struct field *f)
{
    static const char *const numbers[] = {"mean", "sd", "min", "p25", "median", "p75", "max"};
    int n = 0;
    f[n++] = (struct field){"column", DTYPE(KIND_STR)};
    f[n++] = (struct field){"type", DTYPE(KIND_STR)};
    f[n++] = (struct field){"nulls", DTYPE(KIND_INT)};
    f[n++] = (struct field){"null_pct", DTYPE(KIND_NUM)};
    f[n++] = (struct field){"unique", DTYPE(KIND_INT)};
    f[n++] = (struct field){"top", DTYPE(KIND_STR)};
    f[n++] = (struct field){"top_pct", DTYPE(KIND_NUM)};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        f[n++] = (struct field){numbers[i], DTYPE(KIND_NUM)};
    f[n++] = (struct field){"histogram", DTYPE(KIND_STR)};
    if (p->target) f[n++] = (struct field){"target", DTYPE(KIND_NUM)};
    return n;
}

static rc read_target(struct profile *p)
{
    const struct ast_item *it = verb_option(p->vc, "target");
    struct bind b;
    const struct expr *e;
    char text[96];
    if (!it) return RC_OK;
    verb_bind_init(&b, p->vc, BIND_ROW);
    TRY(bind_expr(&b, it->expr, &e));
    if (e->op != EXPR_COLUMN || is_nested(e->type))
        return fail(p->vc->cx, E207, it->expr->span,
                    "target: takes the name of a column, this computes %s",
                    dtype_text(e->type, text, sizeof text));
    p->target = e->name;
    return RC_OK;
}

static rc report(struct profile *p, struct rows *r)
{
    if (p->vc->lg->is_dry) return RC_OK;
    TRY(all_facts(p));
    for (int i = 0; i < p->n; i++)
        TRY(add_row(p, i, r));
    return RC_OK;
}

static enum rc_t profile_bind(struct verb_call *vc, struct value **out)
{
    struct profile p = {.vc = vc};
    struct field fields[20];
    struct rows r = {0};
    TRY(columns_of_items(vc, true, &p.columns, &p.n));
    TRY(read_target(&p));
    TRY(rows_begin(&r, vc->cx, vc->arena, fields, report_fields(&p, fields)));
    enum rc_t res = report(&p, &r);
    if (res == RC_OK) res = rows_value(&r, vc->arena, vc->step->span, out);
    table_unref(p.facts);
    rows_release(&r);
    return res;
}

static const struct verb_option profile_options[] = {
    {"target", OPT_COLUMN, NULL,
     "adds how strongly each column goes with this one: correlation of two numbers, correlation "
     "ratio of a number and groups, Cramer's V of two groupings"},
    {0},
};
const struct verb_desc verb_profile = {
    .name = "profile",
    .sig = "profile columns, .. [target: y]",
    .doc = "A report on each column (all when none is named): nulls, different values, the most "
           "frequent one and its share in percent, mean, spread, quartiles and a small histogram "
           "from minimum to maximum. Computed at once over all rows.",
    .examples = {"trips |> profile", "trips |> profile zone, tip, target: fare"},
    .options = profile_options,
    .input = TAKES_FRAME,
    .bind = profile_bind,
};

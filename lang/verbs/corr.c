/* corr.c: correlations of all pairs of number columns. Pearson's are aggregates of one pass; ranks
 * and Kendall's tau-b are computed pair by pair, over the rows where both have a value. */
#include "lang/verbs/rows.h"

#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/ml/hypothesis.h"

#include <math.h>

struct corr {
    struct verb_call *vc;
    const char **names;
    int n;
    double *value; /* [n * (n - 1) / 2], NaN: none */
};

static rc number_columns(struct corr *c)
{
    struct verb_call *vc = c->vc;
    const struct schema *s = vc->input->plan->schema;
    TRY(columns_of_items(vc, true, &c->names, &c->n));
    bool all = !count_items(vc->step);
    int kept = 0;
    for (int i = 0; i < c->n; i++) {
        struct dtype t = s->fields[schema_find(s, str_of(c->names[i]))].type;
        char type[64];
        if (dtype_is_number(t))
            c->names[kept++] = c->names[i];
        else if (!all)
            return fail(vc->cx, E207, vc->step->span, "corr takes numbers; `%s` is %s", c->names[i],
                        dtype_text(t, type, sizeof type));
    }
    c->n = kept;
    return kept ? RC_OK : fail(vc->cx, E217, vc->step->span, "the frame has no column of numbers");
}

static rc corr_of(struct corr *c, const struct expr *x, const struct expr *y,
                  const struct expr **out)
{
    const struct expr *args[2] = {x, y};
    const struct agg_desc *agg = agg_find(STR("corr"));
    struct win_frame whole = {.unit = FRAME_ALL};
    if (!agg) return fail(c->vc->cx, E903, c->vc->step->span, "no aggregate corr");
    return expr_agg(c->vc->cx, c->vc->arena, agg, args, 2, NULL, whole, c->vc->step->span, out);
}

static double number_at(const struct table *t, int column)
{
    struct scalar s = column_scalar(t->cols[column], 0);
    return s.is_null ? NAN : s.u.f;
}

/* ---- pearson: one row of all pairs ---- */
static rc pearson(struct corr *c)
{
    struct named_list items = {0};
    const struct schema *s = c->vc->input->plan->schema;
    struct table *row = NULL;
    struct pipe p;
    for (int i = 0; i < c->n; i++)
        for (int j = 0; j < i; j++) {
            const struct expr *e;
            TRY(corr_of(c, name_expr(c->vc->arena, s, c->names[i], NO_SPAN),
                        name_expr(c->vc->arena, s, c->names[j], NO_SPAN), &e));
            named_add(c->vc->arena, &items, arena_printf(c->vc->arena, ".%d_%d", i, j), e, NO_SPAN);
        }
    verb_pipe_begin(&p, c->vc);
    enum rc_t res = verb_pipe_aggregate(&p, NULL, 0, items.items, items.n);
    if (res == RC_OK) res = exec_table(c->vc->cx, c->vc->lg->executor, p.plan, &row);
    for (int k = 0; res == RC_OK && k < items.n; k++)
        c->value[k] = number_at(row, k);
    verb_pipe_release(&p);
    table_unref(row);
    return res;
}

/* ---- pairs ---- */
/* The rows where both columns have a value, as nums `.x` and `.y`. */
static rc pair_rows(struct corr *c, int i, int j, struct pipe *p)
{
    const struct schema *s = p->plan->schema;
    struct named_expr xy[2] = {{".x", name_expr(p->arena, s, c->names[i], p->span)},
                               {".y", name_expr(p->arena, s, c->names[j], p->span)}};
    for (int k = 0; k < 2; k++) {
        const struct expr *e;
        TRY(make_call1(p->cx, p->arena, "is_null", xy[k].expr, &e));
        TRY(make_call1(p->cx, p->arena, "not", e, &e));
        TRY(verb_pipe_filter(p, e));
        TRY(expr_cast(p->cx, p->arena, xy[k].expr, KIND_NUM, &xy[k].expr));
    }
    return verb_pipe_project(p, xy, 2);
}

/* Mean rank of ties: the least rank and half of how many more there are. */
static rc mean_rank(struct pipe *p, const char *x, const char *rank, const char *ties,
                    const struct expr **out)
{
    const struct schema *s = p->plan->schema;
    struct named_expr r = {.name = rank}, n = {.name = ties};
    const struct expr *column = name_expr(p->arena, s, x, p->span), *more;
    TRY(make_window(p->cx, p->arena, "rank", column, p->span, &r.expr));
    TRY(verb_pipe_window(p, NULL, 0, NULL, 0, &r, 1));
    TRY(make_agg(p->cx, p->arena, "count", NULL, p->span, &n.expr));
    TRY(verb_pipe_window(p, &column, 1, NULL, 0, &n, 1));
    s = p->plan->schema;
    TRY(make_call2(p->cx, p->arena, "-", name_expr(p->arena, s, ties, p->span),
                   make_int(p->arena, 1), &more));
    TRY(make_call2(p->cx, p->arena, "/", more, make_num(p->arena, 2), &more));
    return make_call2(p->cx, p->arena, "+", name_expr(p->arena, s, rank, p->span), more, out);
}

static rc spearman(struct corr *c, struct pipe *p, double *out)
{
    const struct expr *x, *y;
    struct named_expr r = {.name = "r"};
    struct table *t = NULL;
    TRY(mean_rank(p, ".x", ".rx", ".nx", &x));
    TRY(mean_rank(p, ".y", ".ry", ".ny", &y));
    TRY(corr_of(c, x, y, &r.expr));
    TRY(verb_pipe_aggregate(p, NULL, 0, &r, 1));
    TRY(exec_table(c->vc->cx, c->vc->lg->executor, p->plan, &t));
    *out = number_at(t, 0);
    table_unref(t);
    return RC_OK;
}

/* ---- kendall's tau-b ---- */
/* Swaps that sort x[0..n) (ties need none): merge sort. */
static double count_swaps(double *x, double *tmp, int64_t n)
{
    if (n < 2) return 0;
    int64_t half = n / 2, i = 0, k = half;
    double swaps = count_swaps(x, tmp, half) + count_swaps(x + half, tmp, n - half);
    for (int64_t at = 0; at < n; at++) {
        bool left = k >= n || (i < half && x[i] <= x[k]);
        if (!left) swaps += (double)(half - i);
        tmp[at] = left ? x[i++] : x[k++];
    }
    memcpy(x, tmp, sizeof *x * (size_t)n);
    return swaps;
}

static double pairs_of(double n)
{
    return n * (n - 1) / 2;
}

/* Pairs of equal values in a sorted column; `also` (may be NULL) must be equal as well. */
static double tied_pairs(const double *x, const double *also, int64_t n)
{
    double sum = 0;
    for (int64_t from = 0, i = 1; i <= n; i++) {
        bool same = i < n && x[i] == x[from] && (!also || also[i] == also[from]);
        if (same) continue;
        sum += pairs_of((double)(i - from));
        from = i;
    }
    return sum;
}

/* Knight, "A computer method for calculating Kendall's tau with ungrouped data" (1966). */
static double tau_b(const double *x, const double *y, int64_t n, double *work)
{
    double *ys = work, *tmp = work + n, all = pairs_of((double)n);
    memcpy(ys, y, sizeof *ys * (size_t)n);
    double in_x = tied_pairs(x, NULL, n), in_both = tied_pairs(x, y, n);
    double swaps = count_swaps(ys, tmp, n);
    double in_y = tied_pairs(ys, NULL, n);
    double tau = (all - in_x - in_y + in_both - 2 * swaps) / sqrt(all - in_x) / sqrt(all - in_y);
    return tau > 1 ? 1 : tau < -1 ? -1 : tau;
}

static rc kendall(struct corr *c, struct pipe *p, double *out)
{
    struct table *t = NULL;
    struct sort_key keys[2] = {{.expr = field_expr(p->arena, p->plan->schema, 0, p->span)},
                               {.expr = field_expr(p->arena, p->plan->schema, 1, p->span)}};
    void *work = NULL;
    TRY(verb_pipe_sort(p, keys, 2));
    TRY(exec_table(c->vc->cx, c->vc->lg->executor, p->plan, &t));
    int64_t n = t->n_rows;
    struct column *x = NULL, *y = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(column_canonical(c->vc->cx, t->cols[0], &x));
    TRY_OUT(column_canonical(c->vc->cx, t->cols[1], &y));
    TRY_OUT(mem_big(c->vc->cx, mem_mul(16, (size_t)n + 1), &work));
    *out = n > 1 ? tau_b(x->data, y->data, n, work) : NAN;
    res = RC_OK;
out:
    mem_big_free(work);
    column_unref(x);
    column_unref(y);
    table_unref(t);
    return res;
}

static rc by_pairs(struct corr *c, bool is_spearman)
{
    for (int i = 0, k = 0; i < c->n; i++)
        for (int j = 0; j < i; j++, k++) {
            struct pipe p;
            TRY(check_cancel(c->vc->cx));
            verb_pipe_begin(&p, c->vc);
            enum rc_t res = pair_rows(c, i, j, &p);
            if (res == RC_OK)
                res = is_spearman ? spearman(c, &p, &c->value[k]) : kendall(c, &p, &c->value[k]);
            verb_pipe_release(&p);
            TRY(res);
        }
    return RC_OK;
}

static rc all_values(struct corr *c, const char *method)
{
    c->value = arena_zero(c->vc->arena, sizeof *c->value * (size_t)(c->n * c->n + 1));
    if (c->n < 2) return RC_OK;
    return strcmp(method, "pearson") == 0 ? pearson(c)
                                          : by_pairs(c, strcmp(method, "spearman") == 0);
}

/* ---- a row a pair ---- */
static rc pair_count(struct corr *c, int i, int j, double *out)
{
    struct named_expr n = {.name = "n"};
    struct table *t = NULL;
    struct pipe p;
    verb_pipe_begin(&p, c->vc);
    enum rc_t res = pair_rows(c, i, j, &p);
    if (res == RC_OK) res = make_agg(p.cx, p.arena, "count", NULL, p.span, &n.expr);
    if (res == RC_OK) res = verb_pipe_aggregate(&p, NULL, 0, &n, 1);
    if (res == RC_OK) res = exec_table(p.cx, c->vc->lg->executor, p.plan, &t);
    if (res == RC_OK) *out = (double)column_scalar(t->cols[0], 0).u.i;
    table_unref(t);
    verb_pipe_release(&p);
    return res;
}

/* By Student's t with n - 2 degrees of freedom, as scipy's pearsonr and spearmanr. */
static double pair_p(double r, double n)
{
    if (!(n > 2) || isnan(r)) return NAN;
    double rest = (1 - r) * (1 + r);
    return rest > 0 ? hypothesis_t(r * sqrt((n - 2) / rest), n - 2) : 0;
}

static rc pair_lines(struct corr *c, const char *method, struct rows *r)
{
    TRY(all_values(c, method));
    for (int j = 0; j < c->n; j++)
        for (int i = j + 1; i < c->n; i++) {
            double n = 0, v = c->value[i * (i - 1) / 2 + j];
            TRY(pair_count(c, i, j, &n));
            TRY(rows_text(r, 0, c->names[j]));
            TRY(rows_text(r, 1, c->names[i]));
            TRY(builder_f64(r->cx, &r->b[2], v));
            TRY(builder_i64(r->cx, &r->b[3], (int64_t)n));
            TRY(builder_f64(r->cx, &r->b[4], pair_p(v, n)));
        }
    return RC_OK;
}

static rc corr_pairs(struct corr *c, const char *method, struct value **out)
{
    static const struct field fields[] = {{"x", {.kind = KIND_STR}},
                                          {"y", {.kind = KIND_STR}},
                                          {"correlation", {.kind = KIND_NUM}},
                                          {"n", {.kind = KIND_INT}},
                                          {"p_value", {.kind = KIND_NUM}}};
    struct verb_call *vc = c->vc;
    struct rows r;
    if (strcmp(method, "kendall") == 0)
        return fail(vc->cx, E209, vc->step->span,
                    "pairs: gives p-values of pearson and spearman, not of kendall");
    TRY(rows_begin(&r, vc->cx, vc->arena, fields, 5));
    enum rc_t res = vc->lg->is_dry ? RC_OK : pair_lines(c, method, &r);
    if (res == RC_OK) res = rows_value(&r, vc->arena, vc->step->span, out);
    rows_release(&r);
    return res;
}

/* ---- the matrix ---- */
static rc corr_rows(struct corr *c, const char *method, struct rows *r)
{
    TRY(all_values(c, method));
    for (int i = 0; i < c->n; i++) {
        TRY(rows_text(r, 0, c->names[i]));
        for (int j = 0; j < c->n; j++) {
            int hi = i > j ? i : j, lo = i > j ? j : i;
            double v = hi == lo ? 1 : c->value[hi * (hi - 1) / 2 + lo];
            TRY(builder_f64(r->cx, &r->b[1 + j], v)); /* NaN is null */
        }
    }
    return RC_OK;
}

static enum rc_t corr_bind(struct verb_call *vc, struct value **out)
{
    struct corr c = {.vc = vc};
    const char *method;
    bool is_pairs;
    struct rows r;
    TRY(number_columns(&c));
    TRY(verb_option_word(vc, "method", "pearson", &method));
    TRY(verb_option_bool(vc, "pairs", false, &is_pairs));
    if (is_pairs) return corr_pairs(&c, method, out);
    struct field *fields = ARENA_ARRAY(vc->arena, struct field, c.n + 1);
    fields[0] = (struct field){"column", DTYPE(KIND_STR)};
    for (int i = 0; i < c.n; i++)
        fields[1 + i] = (struct field){c.names[i], DTYPE(KIND_NUM)};
    TRY(rows_begin(&r, vc->cx, vc->arena, fields, c.n + 1));
    enum rc_t res = vc->lg->is_dry ? RC_OK : corr_rows(&c, method, &r);
    if (res == RC_OK) res = rows_value(&r, vc->arena, vc->step->span, out);
    rows_release(&r);
    return res;
}

static const struct verb_option corr_options[] = {
    {"method", OPT_WORD, "pearson spearman kendall",
     "of the values, of their ranks, or of how many pairs are ordered alike (tau-b)"},
    {"pairs", OPT_BOOL, NULL, "a row a pair instead, with how many rows count and the p-value"},
    {0},
};
const struct verb_desc verb_corr = {
    .name = "corr",
    .sig = "corr columns, .. [method: pearson | spearman | kendall, pairs: true]",
    .doc = "Correlations of all pairs of number columns as a matrix; each pair uses the rows where "
           "both have a value. Computed at once over all rows.",
    .examples = {"trips |> corr", "trips |> corr fare, tip, method: spearman"},
    .options = corr_options,
    .input = TAKES_FRAME,
    .bind = corr_bind,
};

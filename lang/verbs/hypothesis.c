/* hypothesis.c: tests of hypotheses as frames: chi2_test, anova, ks_test. Each takes columns and,
 * with by, one column of groups; a row where either is null is left out. */
#include "lang/verbs/rows.h"

#include "runtime/base/cancel.h"
#include "runtime/ml/hypothesis.h"

#include <math.h>
#include <stdlib.h>

struct hypothesis {
    struct verb_call *vc;
    const char **names;
    int n;
    const struct expr *by; /* NULL: none */
    const char *by_name;
};

/* ---- what is tested ---- */
static rc group_column(struct hypothesis *h, bool is_needed, const char *like)
{
    struct verb_call *vc = h->vc;
    struct named_expr *by;
    struct bind b;
    int n = 0;
    if (!vc->step->has_by && is_needed) {
        fail(vc->cx, E208, vc->step->span, "%.*s needs by: the groups that are compared",
             STR_FMT(vc->step->verb));
        return hint_step(vc, "%s", like);
    }
    if (!vc->step->has_by) return RC_OK;
    bind_init(&b, vc->lg, vc->scope, vc->input->plan->schema, vc->input->label, BIND_ROW);
    TRY(bind_by(&b, vc->step->by, vc->step->n_by, &by, &n));
    if (n != 1)
        return fail(vc->cx, E208, vc->step->by[0].span, "%.*s takes one column of groups",
                    STR_FMT(vc->step->verb));
    enum kind k = by[0].expr->type.kind;
    if (k == KIND_LIST || k == KIND_STRUCT)
        return fail(vc->cx, E207, vc->step->by[0].span, "groups are plain values");
    h->by = by[0].expr;
    h->by_name = by[0].name;
    return RC_OK;
}

static rc tested_columns(struct hypothesis *h, bool are_numbers, const char *like)
{
    struct verb_call *vc = h->vc;
    const struct schema *s = vc->input->plan->schema;
    TRY(need_items(vc, "a column", like));
    TRY(columns_of_items(vc, false, &h->names, &h->n));
    for (int i = 0; i < h->n; i++) {
        char type[64];
        struct dtype t = s->fields[schema_find(s, str_of(h->names[i]))].type;
        bool fits = are_numbers ? dtype_is_number(t) : t.kind != KIND_LIST && t.kind != KIND_STRUCT;
        if (!fits)
            return fail(vc->cx, E207, vc->step->span, "%.*s takes %s; `%s` is %s",
                        STR_FMT(vc->step->verb), are_numbers ? "numbers" : "plain values",
                        h->names[i], dtype_text(t, type, sizeof type));
    }
    return h->n ? RC_OK : fail(vc->cx, E217, vc->step->span, "no column is left to test");
}

static rc without_null(struct pipe *p, const struct expr *e)
{
    const struct expr *is;
    TRY(make_call1(p->cx, p->arena, "is_null", e, &is));
    TRY(make_call1(p->cx, p->arena, "not", is, &is));
    return verb_pipe_filter(p, is);
}

/* Columns `.x` and, with groups, `.g` of the rows where both are known. */
static rc known_rows(const struct hypothesis *h, const char *name, bool is_number, struct pipe *p)
{
    struct named_expr items[2] = {{".x", name_expr(p->arena, p->plan->schema, name, p->span)},
                                  {".g", h->by}};
    TRY(without_null(p, items[0].expr));
    if (h->by) TRY(without_null(p, h->by));
    if (is_number) TRY(expr_cast(p->cx, p->arena, items[0].expr, KIND_NUM, &items[0].expr));
    return verb_pipe_project(p, items, h->by ? 2 : 1);
}

static rc plan_rows(const struct hypothesis *h, struct pipe *p, struct table **out)
{
    return exec_table(p->cx, h->vc->lg->executor, p->plan, out);
}

static double num_at(const struct table *t, int col, int64_t row)
{
    struct scalar s = column_scalar(t->cols[col], row);
    return s.is_null ? NAN : s.type.kind == KIND_INT ? (double)s.u.i : s.u.f;
}

/* One line: NaN is null. */
static rc put_line(struct rows *r, const char *name, const double *v, int n, int64_t n_rows)
{
    TRY(rows_text(r, 0, name));
    for (int i = 0; i < n; i++)
        TRY(builder_f64(r->cx, &r->b[1 + i], v[i]));
    return builder_i64(r->cx, &r->b[1 + n], n_rows);
}

typedef enum rc_t (*test_column)(const struct hypothesis *h, const char *name, struct pipe *p,
                                 double *v, int64_t *n);

static rc test_all(struct hypothesis *h, test_column test, bool is_number, struct rows *r, int n_v)
{
    for (int i = 0; i < h->n; i++) {
        struct pipe p;
        double v[4] = {NAN, NAN, NAN, NAN};
        int64_t n = 0;
        TRY(check_cancel(h->vc->cx));
        verb_pipe_begin(&p, h->vc);
        enum rc_t res = known_rows(h, h->names[i], is_number, &p);
        if (res == RC_OK) res = test(h, h->names[i], &p, v, &n);
        if (res == RC_OK) res = put_line(r, h->names[i], v, n_v, n);
        verb_pipe_release(&p);
        TRY(res);
    }
    return RC_OK;
}

static rc run_tests(struct hypothesis *h, test_column test, bool is_number,
                    const char *const *columns, int n_v, struct value **out)
{
    struct verb_call *vc = h->vc;
    struct field fields[6] = {{"column", DTYPE(KIND_STR)}};
    struct rows r;
    for (int i = 0; i < n_v; i++)
        fields[1 + i] = (struct field){columns[i], DTYPE(KIND_NUM)};
    fields[1 + n_v] = (struct field){"n", DTYPE(KIND_INT)};
    TRY(rows_begin(&r, vc->cx, vc->arena, fields, n_v + 2));
    enum rc_t res = vc->lg->is_dry ? RC_OK : test_all(h, test, is_number, &r, n_v);
    if (res == RC_OK) res = rows_value(&r, vc->arena, vc->step->span, out);
    rows_release(&r);
    return res;
}

/* ---- chi2_test ---- */
struct counted_value {
    struct scalar v;
    int64_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct counted_value *x = a, *y = b;
    return scalar_cmp(&x->v, &y->v);
}

/* Numbers 0.. of the values in a column of a counted table. */
static void number_values(const struct table *t, int col, int64_t *code, int64_t *n)
{
    struct counted_value *all = mem_alloc(sizeof *all * ((size_t)t->n_rows + 1));
    for (int64_t i = 0; i < t->n_rows; i++)
        all[i] = (struct counted_value){column_scalar(t->cols[col], i), i};
    qsort(all, (size_t)t->n_rows, sizeof *all, by_value);
    *n = t->n_rows > 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        if (i > 0 && by_value(&all[i - 1], &all[i]) != 0) ++*n;
        code[all[i].row] = *n - 1;
    }
    mem_free(all);
}

/* Pearson's statistic of a table of counts: (.x, .g, n) a line. */
static void independence(const struct table *t, double *v, int64_t *out_n)
{
    int64_t n_x = 0, n_g = 0;
    int64_t *code = mem_zero(sizeof *code * (2 * (size_t)t->n_rows + 1));
    int64_t *group = code + t->n_rows;
    number_values(t, 0, code, &n_x);
    number_values(t, 1, group, &n_g);
    double *sum = mem_zero(sizeof *sum * (size_t)(n_x + n_g + 1)), n = 0, x2 = 0, filled = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double c = num_at(t, 2, i);
        sum[code[i]] += c;
        sum[n_x + group[i]] += c;
        n += c;
    }
    for (int64_t i = 0; i < t->n_rows;
         i++) { /* cells that hold rows; empty ones add what they miss */
        double c = num_at(t, 2, i), e = sum[code[i]] * sum[n_x + group[i]] / n;
        x2 += (c - e) * (c - e) / e;
        filled += e;
    }
    x2 += n - filled > 0 && n_x * n_g > t->n_rows ? n - filled : 0;
    v[0] = x2;
    v[1] = (double)((n_x - 1) * (n_g - 1));
    v[2] = v[1] > 0 ? hypothesis_chi2(v[0], v[1]) : NAN;
    if (!(v[1] > 0)) v[0] = NAN;
    *out_n = (int64_t)n;
    mem_free(sum);
    mem_free(code);
}

/* Equal shares of all values. */
static void equal_shares(const struct table *t, double *v, int64_t *out_n)
{
    double n = 0, x2 = 0;
    for (int64_t i = 0; i < t->n_rows; i++)
        n += num_at(t, 1, i);
    double e = n / (double)t->n_rows;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double d = num_at(t, 1, i) - e;
        x2 += d * d / e;
    }
    *out_n = (int64_t)n;
    v[1] = (double)(t->n_rows - 1);
    if (!(v[1] > 0)) return;
    v[0] = x2;
    v[2] = hypothesis_chi2(x2, v[1]);
}

static enum rc_t chi2_column(const struct hypothesis *h, const char *name, struct pipe *p,
                             double *v, int64_t *n)
{
    struct named_expr keys[2], count = {.name = ".n"};
    struct table *t = NULL;
    (void)name;
    for (int k = 0; k < (h->by ? 2 : 1); k++)
        keys[k] =
            (struct named_expr){k ? ".g" : ".x", field_expr(p->arena, p->plan->schema, k, p->span)};
    TRY(make_agg(p->cx, p->arena, "count", NULL, p->span, &count.expr));
    TRY(verb_pipe_aggregate(p, keys, h->by ? 2 : 1, &count, 1));
    TRY(plan_rows(h, p, &t));
    if (h->by)
        independence(t, v, n);
    else
        equal_shares(t, v, n);
    table_unref(t);
    return RC_OK;
}

static enum rc_t chi2_bind(struct verb_call *vc, struct value **out)
{
    static const char *const columns[] = {"statistic", "df", "p_value"};
    struct hypothesis h = {.vc = vc};
    TRY(no_makes(vc, false));
    TRY(tested_columns(&h, false, "chi2_test day by zone"));
    TRY(group_column(&h, false, NULL));
    return run_tests(&h, chi2_column, false, columns, 3, out);
}

const struct verb_desc verb_chi2_test = {
    .name = "chi2_test",
    .sig = "chi2_test columns, .. [by groups]",
    .doc =
        "Pearson's chi-square test: whether a column and the groups have nothing to do with each "
        "other, one row a column. Without by: whether all values are equally frequent. No "
        "continuity correction. Rows with a null in either are left out.",
    .examples = {"trips |> chi2_test day by zone", "trips |> chi2_test zone"},
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = chi2_bind,
};

/* ---- anova ---- */
/* Lines of groups: rows, mean, variance. */
static void between_groups(const struct table *t, double *v, int64_t *out_n)
{
    double n = 0, mean = 0, between = 0, within = 0;
    for (int64_t i = 0; i < t->n_rows; i++) {
        double rows = num_at(t, 1, i);
        n += rows;
        mean += (num_at(t, 2, i) - mean) * rows / n;
    }
    for (int64_t i = 0; i < t->n_rows; i++) {
        double rows = num_at(t, 1, i), d = num_at(t, 2, i) - mean;
        between += rows * d * d;
        if (rows > 1) within += (rows - 1) * num_at(t, 3, i);
    }
    *out_n = (int64_t)n;
    v[1] = (double)(t->n_rows - 1);
    v[2] = n - (double)t->n_rows;
    if (!(v[1] > 0) || !(v[2] > 0) || !(between + within > 0)) return;
    v[0] = within > 0 ? between / v[1] / (within / v[2]) : NAN;
    v[3] = within > 0 ? hypothesis_f(v[0], v[1], v[2]) : 0;
}

static enum rc_t anova_column(const struct hypothesis *h, const char *name, struct pipe *p,
                              double *v, int64_t *n)
{
    static const char *const aggs[] = {"count", "mean", "var"};
    struct named_expr key = {".g", field_expr(p->arena, p->plan->schema, 1, p->span)}, items[3];
    const struct expr *x = field_expr(p->arena, p->plan->schema, 0, p->span);
    struct table *t = NULL;
    (void)name;
    for (int i = 0; i < 3; i++) {
        items[i].name = aggs[i];
        TRY(make_agg(p->cx, p->arena, aggs[i], i ? x : NULL, p->span, &items[i].expr));
    }
    TRY(verb_pipe_aggregate(p, &key, 1, items, 3));
    TRY(plan_rows(h, p, &t));
    between_groups(t, v, n);
    table_unref(t);
    return RC_OK;
}

static enum rc_t anova_bind(struct verb_call *vc, struct value **out)
{
    static const char *const columns[] = {"statistic", "df", "df_within", "p_value"};
    struct hypothesis h = {.vc = vc};
    TRY(no_makes(vc, false));
    TRY(tested_columns(&h, true, "anova fare by zone"));
    TRY(group_column(&h, true, "anova fare by zone"));
    return run_tests(&h, anova_column, true, columns, 4, out);
}

const struct verb_desc verb_anova = {
    .name = "anova",
    .sig = "anova columns, .. by groups",
    .doc = "One-way analysis of variance: whether the mean of a column is the same in all groups, "
           "one row a column with F, its degrees of freedom between and within the groups, and the "
           "p-value. Rows with a null in either are left out.",
    .examples = {"trips |> anova fare by zone", "trips |> anova fare, tip by day"},
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = anova_bind,
};

/* ---- ks_test ---- */
struct normal {
    double mean, sd;
};

/* Against a normal distribution: the largest distance above and below each step. */
static double distance_normal(const double *x, int64_t n, const struct normal *to)
{
    double d = 0;
    for (int64_t i = 0; i < n; i++) {
        double cdf = 0.5 * erfc(-(x[i] - to->mean) / to->sd / sqrt(2.0));
        d = fmax(d, fmax(cdf - (double)i / (double)n, (double)(i + 1) / (double)n - cdf));
    }
    return d;
}

/* Between two samples, both rising. */
static double distance_two(const double *x, int64_t m, const double *y, int64_t n)
{
    double d = 0;
    for (int64_t i = 0, j = 0; i < m && j < n;) {
        double at = x[i] < y[j] ? x[i] : y[j];
        while (i < m && x[i] <= at)
            i++;
        while (j < n && y[j] <= at)
            j++;
        d = fmax(d, fabs((double)i / (double)m - (double)j / (double)n));
    }
    return d;
}

/* Values by group, then rising. */
static enum rc_t sorted_values(const struct hypothesis *h, struct pipe *p, struct table **out)
{
    struct sort_key keys[2] = {
        {.expr = field_expr(p->arena, p->plan->schema, h->by ? 1 : 0, p->span)},
        {.expr = field_expr(p->arena, p->plan->schema, 0, p->span)}};
    TRY(verb_pipe_sort(p, keys, h->by ? 2 : 1));
    return plan_rows(h, p, out);
}

static enum rc_t two_groups(const struct hypothesis *h, const struct table *t, const double *x,
                            double *v)
{
    struct ctx *cx = h->vc->cx;
    int64_t m = 0, groups = t->n_rows > 0;
    for (int64_t i = 1; i < t->n_rows; i++) {
        struct scalar a = column_scalar(t->cols[1], i - 1), b = column_scalar(t->cols[1], i);
        if (scalar_cmp(&a, &b) == 0) continue;
        if (groups == 1) m = i;
        groups++;
    }
    if (groups != 2) {
        fail(cx, E209, h->vc->step->by[0].span, "ks_test compares two groups; `%s` has %lld",
             h->by_name, (long long)groups);
        return groups > 2 ? err_note(cx, "where %s in [.., ..] keeps two of them", h->by_name)
                          : RC_ERR;
    }
    v[0] = distance_two(x, m, x + m, t->n_rows - m);
    return hypothesis_ks_two(cx, v[0], m, t->n_rows - m, &v[1]);
}

static enum rc_t normal_of(struct verb_call *vc, struct normal *out)
{
    TRY(verb_option_num(vc, "mean", 0, &out->mean));
    TRY(verb_option_num(vc, "sd", 1, &out->sd));
    if (out->sd > 0 && isfinite(out->sd) && isfinite(out->mean)) return RC_OK;
    return fail(vc->cx, E209, vc->step->span, "sd: is above 0");
}

static enum rc_t ks_column(const struct hypothesis *h, const char *name, struct pipe *p, double *v,
                           int64_t *n)
{
    struct table *t = NULL;
    struct column *c = NULL;
    struct normal to;
    enum rc_t res = RC_ERR;
    TRY(normal_of(h->vc, &to));
    TRY(sorted_values(h, p, &t));
    *n = t->n_rows;
    if (t->n_rows == 0) {
        fail(p->cx, E404, p->span, "`%s` has no values to test", name);
        goto out;
    }
    TRY_OUT(column_canonical(p->cx, t->cols[0], &c));
    if (h->by) {
        TRY_OUT(two_groups(h, t, c->data, v));
    } else {
        v[0] = distance_normal(c->data, t->n_rows, &to);
        v[1] = hypothesis_ks(v[0], t->n_rows);
    }
    res = RC_OK;
out:
    column_unref(c);
    table_unref(t);
    return res;
}

static enum rc_t ks_bind(struct verb_call *vc, struct value **out)
{
    static const char *const columns[] = {"statistic", "p_value"};
    struct hypothesis h = {.vc = vc};
    struct normal to;
    TRY(no_makes(vc, false));
    TRY(normal_of(vc, &to));
    TRY(tested_columns(&h, true, "ks_test fare by paid"));
    TRY(group_column(&h, false, NULL));
    return run_tests(&h, ks_column, true, columns, 2, out);
}

static const struct verb_option ks_options[] = {
    {"mean", OPT_NUM, NULL, "mean of the normal distribution, 0"},
    {"sd", OPT_NUM, NULL, "its standard deviation, 1"},
    {0},
};
const struct verb_desc verb_ks_test = {
    .name = "ks_test",
    .sig = "ks_test columns, .. [by two groups] [mean: 0, sd: 1]",
    .doc = "Kolmogorov-Smirnov test, two-sided: with by, whether a column is distributed alike in "
           "two groups; without, whether it is normal with that mean and standard deviation. "
           "statistic is the largest distance of the distribution functions.",
    .examples = {"trips |> ks_test fare, mean: 12, sd: 5",
                 "trips |> derive tipped = tip > 0 |> ks_test fare by tipped"},
    .options = ks_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = ks_bind,
};

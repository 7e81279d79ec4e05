/* selected.c: select() of formulas: every number, category and column of a text that stands in it
 * is judged by itself against the target, and those that are chosen stay. Values are scikit-learn's
 * f_classif, f_regression and chi2; chi-square of a category is that of its table with the classes,
 * as Spark's. Weights are not looked at; a row whose number is null is left out for that number. */
#include "runtime/ml/prepare_int.h"
#include "runtime/ml/special_int.h"
#include "runtime/ml/text_int.h"

#include "runtime/base/cancel.h"

#include <math.h>

struct candidate {
    int feature, col; /* col of a text, else -1 */
    double score, p;  /* p 1 where there is none */
    int order;
    bool is_kept;
};
struct judge {
    struct prepare *p;
    const struct rows *r;
    const struct selector *s;
    struct candidate *c;
    int n, cap;
    bool by_p; /* categories of different sizes: p-values compare, values do not */
};
/* Sums of one column: of each class, or of the centred target. */
struct column_sums {
    double n, sum, squares;
    double *class_n, *class_sum; /* [classes] */
    double y, yy, xy;
    double least;
};

static int n_classes(const struct judge *j)
{
    return j->r->n_classes;
}

static int class_of(const struct judge *j, int64_t row)
{
    return (int)j->r->y[row]; /* of two classes 1 is the positive one */
}

/* ---- values ---- */
/* f_classif, from sums. */
static void judge_anova(int groups, const struct column_sums *s, struct candidate *c)
{
    double between = 0.0, all = s->sum * s->sum / s->n;
    int k = 0;
    for (int i = 0; i < groups; i++) {
        if (!(s->class_n[i] > 0)) continue;
        between += s->class_sum[i] * s->class_sum[i] / s->class_n[i];
        k++;
    }
    double within = s->squares - between, d1 = k - 1, d2 = s->n - k;
    between -= all;
    bool varies = s->squares - all > 1e-14 * s->squares;
    if (!varies || !(d1 > 0) || !(d2 > 0)) return;
    c->score = within > 0 ? between / d1 / (within / d2) : INFINITY;
    c->p = isinf(c->score) ? 0.0 : special_f_upper(c->score, d1, d2);
}

/* f_regression, from sums. */
static void judge_regression(const struct column_sums *s, struct candidate *c)
{
    double xx = s->squares - s->sum * s->sum / s->n, yy = s->yy - s->y * s->y / s->n;
    double xy = s->xy - s->sum * s->y / s->n;
    if (!(xx > 1e-14 * s->squares) || !(yy > 0) || !(s->n > 2)) return;
    double r2 = xy * xy / (xx * yy);
    c->score = r2 < 1 ? r2 / (1.0 - r2) * (s->n - 2.0) : INFINITY;
    c->p = isinf(c->score) ? 0.0 : special_f_upper(c->score, 1.0, s->n - 2.0);
}

/* chi2: sums by class beside those that independence would give. */
static void judge_chi2(const struct judge *j, const struct column_sums *s, struct candidate *c)
{
    double x2 = 0.0;
    for (int i = 0; i < n_classes(j); i++) {
        double expected = s->class_n[i] / s->n * s->sum, d = s->class_sum[i] - expected;
        if (expected > 0) x2 += d * d / expected;
    }
    if (!(s->sum > 0)) return;
    c->score = x2;
    c->p = special_chi2_upper(x2, n_classes(j) - 1);
}

static enum rc_t judge_column(const struct judge *j, const struct column_sums *s,
                              struct candidate *c)
{
    const struct selector *how = j->s;
    c->score = 0.0;
    c->p = 1.0;
    if (!(s->n > 1)) return RC_OK;
    if (how->by == SELECT_CHI2) {
        if (s->least < 0)
            return fail(j->p->cx, E209, how->span,
                        "by: chi2 counts: `%s` has values below 0; by: f takes any number",
                        j->p->m->enc.features[c->feature].name);
        judge_chi2(j, s, c);
    } else if (how->by == SELECT_VARIANCE) {
        double var = (s->squares - s->sum * s->sum / s->n) / (s->n - 1.0);
        c->score = var > 0 ? var : 0.0;
    } else if (n_classes(j) > 0) {
        judge_anova(n_classes(j), s, c);
    } else {
        judge_regression(s, c);
    }
    return RC_OK;
}

/* ---- sums ---- */
static void add_value(const struct judge *j, struct column_sums *s, int64_t row, double x)
{
    s->sum += x;
    s->squares += x * x;
    if (x < s->least) s->least = x;
    if (n_classes(j) > 0)
        s->class_sum[class_of(j, row)] += x;
    else if (j->r->y)
        s->xy += x * j->r->y[row];
}

static void add_row(const struct judge *j, struct column_sums *s, int64_t row)
{
    s->n++;
    if (n_classes(j) > 0) s->class_n[class_of(j, row)]++;
    if (n_classes(j) > 0 || !j->r->y) return;
    s->y += j->r->y[row];
    s->yy += j->r->y[row] * j->r->y[row];
}

static struct column_sums *new_sums(const struct judge *j, int n)
{
    struct arena *a = j->p->cx->arena;
    struct column_sums *s = ARENA_ARRAY(a, struct column_sums, n + 1);
    double *by = ARENA_ARRAY(a, double, mem_mul(2 * (size_t)n_classes(j), (size_t)n) + 1);
    for (int i = 0; i < n; i++) {
        s[i].class_n = by + 2 * (size_t)i * (size_t)n_classes(j);
        s[i].class_sum = s[i].class_n + n_classes(j);
    }
    return s;
}

/* A number, about its first value unless its own size counts. */
static enum rc_t judge_number(const struct judge *j, struct candidate *c)
{
    const double *x = j->r->in.num[c->feature];
    struct column_sums *s = new_sums(j, 1);
    double shift = 0.0, least = 0.0;
    for (int64_t i = 0; i < j->r->n && j->s->by != SELECT_CHI2; i++)
        if (!isnan(x[i])) {
            shift = x[i];
            break;
        }
    for (int64_t i = 0; i < j->r->n; i++) {
        if (isnan(x[i])) continue;
        add_row(j, s, i);
        add_value(j, s, i, x[i] - shift);
        if (x[i] < least) least = x[i];
    }
    s->least = least;
    return judge_column(j, s, c);
}

/* All columns of a text in one pass over its cells. */
static enum rc_t judge_text(const struct judge *j, struct candidate *c, int width)
{
    const struct enc_cells *cells = j->r->in.cells[c->feature];
    struct column_sums *s = new_sums(j, width), *rows = new_sums(j, 1);
    for (int64_t i = 0; i < j->r->n; i++) {
        if (i % 65536 == 0) TRY(check_cancel(j->p->cx));
        add_row(j, rows, i);
        for (int64_t k = cells->first[i]; k < cells->first[i + 1]; k++)
            add_value(j, &s[cells->col[k]], i, cells->value[k]);
    }
    for (int k = 0; k < width; k++) {
        s[k].n = rows->n;
        s[k].y = rows->y;
        s[k].yy = rows->yy;
        s[k].class_n = rows->class_n;
        TRY(judge_column(j, &s[k], &c[k]));
    }
    return RC_OK;
}

/* The table of levels and classes. */
static void judge_table(const struct judge *j, struct candidate *c, const int32_t *code, int levels)
{
    int k = n_classes(j), n_levels = 0, n_seen = 0;
    double *cell = ARENA_ARRAY(j->p->cx->arena, double, levels *k + 1);
    double *level = ARENA_ARRAY(j->p->cx->arena, double, levels + 1);
    double *class = ARENA_ARRAY(j->p->cx->arena, double, k + 1), n = 0.0, x2 = 0.0;
    for (int64_t i = 0; i < j->r->n; i++) {
        if (code[i] < 0) continue;
        cell[code[i] * k + class_of(j, i)]++;
        level[code[i]]++;
        class[class_of(j, i)]++;
        n++;
    }
    for (int b = 0; b < k; b++)
        n_seen += class[b] > 0;
    for (int a = 0; a < levels; a++) {
        n_levels += level[a] > 0;
        for (int b = 0; b < k; b++) {
            double expected = n > 0 ? level[a] * class[b] / n : 0, d = cell[a * k + b] - expected;
            if (expected > 0) x2 += d * d / expected;
        }
    }
    double df = (double)(n_levels - 1) * (n_seen - 1);
    c->score = x2;
    c->p = df > 0 ? special_chi2_upper(x2, df) : 1.0;
}

/* A number's variance between the levels: F of the regression on all of them. */
static void judge_levels(const struct judge *j, struct candidate *c, const int32_t *code,
                         int levels)
{
    const double *y = j->r->y;
    double *n = ARENA_ARRAY(j->p->cx->arena, double, levels + 1);
    double *sum = ARENA_ARRAY(j->p->cx->arena, double, levels + 1);
    struct column_sums s = {.class_n = n, .class_sum = sum};
    double shift = j->r->n > 0 ? y[0] : 0.0;
    for (int64_t i = 0; i < j->r->n; i++) {
        if (code[i] < 0) continue;
        double v = y[i] - shift;
        n[code[i]]++;
        sum[code[i]] += v;
        s.n++;
        s.sum += v;
        s.squares += v * v;
    }
    if (s.n > 1) judge_anova(levels, &s, c);
}

static enum rc_t judge_category(const struct judge *j, struct candidate *c)
{
    const struct enc_feature *f = &j->p->m->enc.features[c->feature];
    const int32_t *code = j->r->in.code[c->feature];
    c->p = 1.0;
    if (j->s->by == SELECT_CHI2)
        judge_table(j, c, code, f->n_levels + 1);
    else if (j->s->by == SELECT_F && n_classes(j) == 0)
        judge_levels(j, c, code, f->n_levels + 1);
    else
        return fail(j->p->cx, E209, j->s->span,
                    "`%s` is a category: by: chi2 compares it with classes, by: %s takes numbers",
                    f->name, j->s->by == SELECT_F ? "f" : "variance");
    return RC_OK;
}

/* ---- candidates ---- */
static struct candidate *add_candidate(struct judge *j, int feature, int col)
{
    if (j->n == j->cap) {
        j->cap = j->cap ? 2 * j->cap : 64;
        struct candidate *grown = ARENA_ARRAY(j->p->cx->arena, struct candidate, j->cap);
        if (j->n) memcpy(grown, j->c, sizeof *grown * (size_t)j->n);
        j->c = grown;
    }
    j->c[j->n] = (struct candidate){.feature = feature, .col = col, .order = j->n};
    return &j->c[j->n++];
}

static enum rc_t judge_feature(struct judge *j, int feature)
{
    const struct enc_feature *f = &j->p->m->enc.features[feature];
    int first = j->n, width = f->kind == ENC_LIST ? enc_list_width(f) : 1;
    for (int k = 0; k < width; k++)
        (void)add_candidate(j, feature, f->kind == ENC_LIST ? k : -1);
    struct candidate *c = &j->c[first];
    if (f->kind == ENC_LIST) return judge_text(j, c, width);
    if (f->kind == ENC_NUMBER) return judge_number(j, c);
    j->by_p = true;
    return judge_category(j, c);
}

static enum rc_t check_target(const struct judge *j)
{
    bool is_class = n_classes(j) > 0;
    if (j->s->by == SELECT_VARIANCE) return RC_OK;
    if (!j->r->y)
        return fail(j->p->cx, E401, j->s->span,
                    "`%s` needs a target: y ~ ..; by: variance needs none", j->s->text);
    if (j->s->by == SELECT_CHI2 && !is_class)
        return fail(j->p->cx, E209, j->s->span, "by: chi2 needs classes; `%s` is a number: by: f",
                    j->p->m->target.text);
    return RC_OK;
}

/* ---- choice ---- */
static int better(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->order - y->order;
}

static int likelier(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return better(a, b);
}

/* Candidates come sorted: by p-value where that decides, else by value. */
static int n_chosen(const struct judge *j)
{
    double amount = j->s->amount;
    int n = 0;
    switch (j->s->mode) {
    case SELECT_K: return amount < j->n ? (int)amount : j->n;
    case SELECT_PERCENTILE: return (int)(j->n * amount / 100.0 + 1e-9);
    case SELECT_FPR:
    case SELECT_FWE:
        if (j->s->mode == SELECT_FWE) amount /= j->n;
        while (n < j->n && j->c[n].p < amount)
            n++;
        return n;
    case SELECT_FDR:
        for (int k = 0; k < j->n; k++)
            if (j->c[k].p <= amount * (k + 1) / j->n) n = k + 1;
        return n;
    case SELECT_ABOVE:
        while (n < j->n && j->c[n].score > amount)
            n++;
        return n;
    }
    return n;
}

static int in_order(const void *a, const void *b)
{
    return ((const struct candidate *)a)->order - ((const struct candidate *)b)->order;
}

static enum rc_t choose(struct judge *j)
{
    bool by_p =
        j->by_p || j->s->mode == SELECT_FPR || j->s->mode == SELECT_FDR || j->s->mode == SELECT_FWE;
    qsort(j->c, (size_t)j->n, sizeof *j->c, by_p ? likelier : better);
    int n = n_chosen(j);
    for (int i = 0; i < n; i++)
        j->c[i].is_kept = true;
    qsort(j->c, (size_t)j->n, sizeof *j->c, in_order);
    if (n > 0) return RC_OK;
    return fail(j->p->cx, E405, j->s->span, "`%s` keeps none of %d column%s", j->s->text, j->n,
                j->n == 1 ? "" : "s");
}

/* ---- what stays ---- */
static enum rc_t keep_terms(struct judge *j, const struct candidate *c, int width)
{
    struct prepare *p = j->p;
    struct enc_feature *f = &p->m->enc.features[c->feature];
    int32_t *term = ARENA_ARRAY(p->cx->arena, int32_t, width + 1);
    int n = 0;
    for (int k = 0; k < width; k++)
        if (c[k].is_kept) term[n++] = k;
    text_keep_terms(p->m->arena, f, term, n);
    f->detail = arena_printf(p->m->arena, "%d of %d terms", n, width);
    const struct enc_cells *old = j->r->in.cells[c->feature];
    struct enc_cells *cells = ARENA_NEW(p->rows->arena, struct enc_cells);
    void *first, *col, *value;
    int64_t n_rows = j->r->n, to = 0;
    TRY(mem_big(p->cx, sizeof(int64_t) * (size_t)(n_rows + 1), &first));
    arena_on_free(p->rows->arena, mem_big_free, first);
    TRY(mem_big(p->cx, sizeof(int32_t) * (size_t)old->first[n_rows] + 1, &col));
    arena_on_free(p->rows->arena, mem_big_free, col);
    TRY(mem_big(p->cx, sizeof(double) * (size_t)old->first[n_rows] + 1, &value));
    arena_on_free(p->rows->arena, mem_big_free, value);
    ((int64_t *)first)[0] = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        for (int64_t k = old->first[i]; k < old->first[i + 1]; k++) {
            int32_t at = f->words->column[old->col[k]];
            if (at < 0) continue;
            ((int32_t *)col)[to] = at;
            ((double *)value)[to++] = old->value[k];
        }
        ((int64_t *)first)[i + 1] = to;
    }
    *cells = (struct enc_cells){.first = first, .col = col, .value = value};
    p->rows->in.cells[c->feature] = cells;
    return RC_OK;
}

/* Notes features none of whose columns stay; prunes texts. */
static enum rc_t apply(struct judge *j, bool *gone)
{
    for (int i = 0; i < j->n;) {
        int n = 1, kept = j->c[i].is_kept;
        while (i + n < j->n && j->c[i + n].feature == j->c[i].feature)
            kept += j->c[i + n++].is_kept;
        gone[j->c[i].feature] = kept == 0;
        if (j->c[i].col >= 0 && kept > 0) TRY(keep_terms(j, &j->c[i], n));
        i += n;
    }
    return RC_OK;
}

/* Takes terms and features out; what stays moves up. */
static void drop_gone(struct prepare *p, struct rows *r, const bool *gone)
{
    struct encoder *e = &p->m->enc;
    int *at = ARENA_ARRAY(p->cx->arena, int, e->n_features + 1);
    int n = 0, n_terms = 0;
    bool *needed = ARENA_ARRAY(p->cx->arena, bool, e->n_features + 1);
    for (int t = 0; t < e->n_terms; t++) {
        if (e->terms[t].select && gone[e->terms[t].features[0]]) continue;
        e->terms[n_terms++] = e->terms[t];
        for (int k = 0; k < e->terms[t].n_features; k++)
            needed[e->terms[t].features[k]] = true;
    }
    e->n_terms = n_terms;
    for (int i = 0; i < e->n_features; i++) {
        if (!needed[i]) continue;
        at[i] = n;
        e->features[n] = e->features[i];
        p->sources[n] = p->sources[i];
        r->in.num[n] = r->in.num[i];
        r->in.code[n] = r->in.code[i];
        r->in.cells[n] = r->in.cells[i];
        n++;
    }
    e->n_features = n;
    for (int t = 0; t < e->n_terms; t++)
        for (int k = 0; k < e->terms[t].n_features; k++)
            e->terms[t].features[k] = at[e->terms[t].features[k]];
}

static enum rc_t run_selector(struct prepare *p, struct rows *r, const struct selector *s,
                              bool *gone)
{
    struct judge j = {.p = p, .r = r, .s = s};
    const struct encoder *e = &p->m->enc;
    TRY(check_target(&j));
    for (int t = 0; t < e->n_terms; t++)
        if (e->terms[t].select == s) TRY(judge_feature(&j, e->terms[t].features[0]));
    TRY(choose(&j));
    return apply(&j, gone);
}

enum rc_t prepare_select(struct prepare *p, struct rows *r)
{
    const struct encoder *e = &p->m->enc;
    const struct selector *done[16];
    int n = 0;
    bool *gone = ARENA_ARRAY(p->cx->arena, bool, e->n_features + 1);
    for (int t = 0; t < e->n_terms; t++) {
        const struct selector *s = e->terms[t].select;
        bool is_done = !s;
        for (int k = 0; k < n && !is_done; k++)
            is_done = done[k] == s;
        if (is_done) continue;
        if (n == 16) return fail(p->cx, E902, s->span, "a formula takes at most 16 select()");
        TRY(run_selector(p, r, s, gone));
        done[n++] = s;
    }
    if (n > 0) drop_gone(p, r, gone);
    return RC_OK;
}

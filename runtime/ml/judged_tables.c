/* judged_tables.c: confusion, ROC, precision-recall and calibration as tables. */
#include "runtime/ml/curves_int.h"
#include "runtime/ml/judged_int.h"

#include <math.h>

struct result { /* a table being made */
    struct field fields[4];
    struct builder cols[4];
    int n;
};

static struct builder *result_column(struct result *r, const char *name, enum kind kind)
{
    r->fields[r->n] = (struct field){name, DTYPE(kind)};
    builder_init(&r->cols[r->n], DTYPE(kind), kind_phys(kind));
    return &r->cols[r->n++];
}

static enum rc_t result_end(struct ctx *cx, struct result *r, enum rc_t res, struct table **out)
{
    if (res == RC_OK) res = ml_table(cx, r->fields, r->cols, r->n, out);
    for (int i = 0; i < r->n; i++)
        builder_release(&r->cols[i]);
    return res;
}

static enum rc_t put(struct ctx *cx, struct builder *b, double v)
{
    return isnan(v) ? builder_null(cx, b) : builder_f64(cx, b, v);
}

/* ---- confusion ---- */
static enum kind class_kind(const struct model *m)
{
    return m->target.type.kind == KIND_CAT ? KIND_STR : m->target.type.kind;
}

static enum rc_t put_class(struct ctx *cx, struct builder *b, const struct model *m, int c)
{
    const struct scalar *v = &m->target.classes.levels[c].value;
    if (v->type.kind == KIND_STR) return builder_str(cx, b, v->u.s);
    return v->type.kind == KIND_BOOL ? builder_bool(cx, b, v->u.b) : builder_i64(cx, b, v->u.i);
}

static void count_pair(const struct judged *j, int64_t i, int64_t *counts)
{
    int k = model_n_classes(j->m), yes = j->m->target.positive;
    int is = (int)j->actual[i], said = j->said ? j->said[i] : 0;
    if (!j->said) {
        is = j->actual[i] > 0.5 ? yes : 1 - yes;
        said = j->score[i] > j->m->threshold ? yes : 1 - yes;
    }
    counts[is * k + said]++;
}

enum rc_t judged_confusion(struct ctx *cx, const struct judged *j, struct table **out)
{
    struct result r = {.n = 0};
    int k = model_n_classes(j->m);
    int64_t *counts = ARENA_ARRAY(cx->arena, int64_t, mem_mul((size_t)k, (size_t)k) + 1);
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < j->n; i++)
        count_pair(j, i, counts);
    result_column(&r, "actual", class_kind(j->m));
    result_column(&r, "predicted", class_kind(j->m));
    result_column(&r, "n", KIND_INT);
    for (int c = 0; res == RC_OK && c < k * k; c++) {
        res = put_class(cx, &r.cols[0], j->m, c / k);
        if (res == RC_OK) res = put_class(cx, &r.cols[1], j->m, c % k);
        if (res == RC_OK) res = builder_i64(cx, &r.cols[2], counts[c]);
    }
    return result_end(cx, &r, res, out);
}

/* ---- curves ---- */
struct curves { /* rows of all classes; class -1: there are only two */
    const struct judged *j;
    const char *kind;
    struct result r;
};

static enum rc_t put_row(struct ctx *cx, struct curves *c, int class, double x, double y)
{
    TRY(put(cx, &c->r.cols[0], x));
    TRY(put(cx, &c->r.cols[1], y));
    return class < 0 ? RC_OK : put_class(cx, &c->r.cols[3], c->j->m, class);
}

static enum rc_t put_curve(struct ctx *cx, struct curves *c, struct scored *s, int class)
{
    struct curve p;
    TRY(c->kind[0] == 'r' ? curve_roc(cx, s, &p) : curve_pr(cx, s, &p));
    for (int64_t i = 0; i < p.n; i++) {
        TRY(put_row(cx, c, class, p.x[i], p.y[i]));
        TRY(put(cx, &c->r.cols[2], p.threshold[i]));
    }
    return RC_OK;
}

/* Ten equal stretches of probability: mean prediction, share of positives, rows. */
static enum rc_t put_calibration(struct ctx *cx, struct curves *c, const struct scored *s,
                                 int class)
{
    enum { BINS = 10 };
    double sum[BINS] = {0}, positive[BINS] = {0};
    int64_t n[BINS] = {0};
    for (int64_t i = 0; i < s->n; i++) {
        int b = (int)(s->score[i] * BINS);
        b = b < 0 ? 0 : b >= BINS ? BINS - 1 : b;
        sum[b] += s->score[i];
        positive[b] += s->actual[i];
        n[b]++;
    }
    for (int b = 0; b < BINS; b++) {
        if (n[b] == 0) continue;
        TRY(put_row(cx, c, class, sum[b] / (double)n[b], positive[b] / (double)n[b]));
        TRY(builder_i64(cx, &c->r.cols[2], n[b]));
    }
    return RC_OK;
}

static enum rc_t put_one(struct ctx *cx, struct curves *c, struct scored *s, int class)
{
    return c->kind[0] == 'c' ? put_calibration(cx, c, s, class) : put_curve(cx, c, s, class);
}

static enum rc_t put_all(struct ctx *cx, struct curves *c)
{
    struct scored s = judged_scored(c->j);
    enum rc_t res = RC_OK;
    if (s.n_classes == 0) {
        res = put_one(cx, c, &s, -1);
        scored_release(&s);
    }
    for (int k = 0; k < s.n_classes && res == RC_OK; k++) {
        struct scored one;
        TRY(judged_class(cx, c->j, k, true, &one));
        res = put_one(cx, c, &one, k);
        judged_class_release(&one);
    }
    return res;
}

enum rc_t judged_curve(struct ctx *cx, const struct judged *j, const char *kind, struct table **out)
{
    static const char *const names[][2] = {
        {"predicted", "actual"}, {"fpr", "tpr"}, {"recall", "precision"}};
    struct curves c = {.j = j, .kind = kind};
    const char *const *n = names[kind[0] == 'c' ? 0 : kind[0] == 'r' ? 1 : 2];
    result_column(&c.r, n[0], KIND_NUM);
    result_column(&c.r, n[1], KIND_NUM);
    result_column(&c.r, kind[0] == 'c' ? "n" : "threshold", kind[0] == 'c' ? KIND_INT : KIND_NUM);
    if (j->width > 1) result_column(&c.r, "class", class_kind(j->m));
    return result_end(cx, &c.r, put_all(cx, &c), out);
}

enum rc_t judged_scores(struct ctx *cx, const struct judged *j, struct table **out)
{
    struct result r = {.n = 0};
    enum rc_t res = RC_OK;
    result_column(&r, "score", KIND_NUM);
    result_column(&r, "actual", KIND_NUM);
    for (int64_t i = 0; res == RC_OK && i < j->n; i++) {
        res = put(cx, &r.cols[0], j->score[i]);
        if (res == RC_OK) res = put(cx, &r.cols[1], j->actual[i]);
    }
    return result_end(cx, &r, res, out);
}

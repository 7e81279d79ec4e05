/* leaderboard.c: the trials as a table, the best first. */
#include "runtime/ml/tune/tune_int.h"

#include <math.h>

static bool is_better(const struct trials *t, const struct trial *a, const struct trial *b)
{
    if (isnan(a->mean) || isnan(b->mean)) return isnan(b->mean) && !isnan(a->mean);
    if (a->rung != b->rung) return a->rung > b->rung;
    return t->less_is_better ? a->mean < b->mean : a->mean > b->mean;
}

int trials_ranked(struct ctx *cx, const struct trials *t, struct trial ***out)
{
    struct trial **list = ARENA_ARRAY(cx->arena, struct trial *, t->n + 1);
    int n = 0;
    for (int i = 0; i < t->n; i++) {
        if (!t->list[i].is_done) continue;
        int at = n++;
        for (; at > 0 && is_better(t, &t->list[i], list[at - 1]); at--)
            list[at] = list[at - 1];
        list[at] = &t->list[i];
    }
    *out = list;
    return n;
}

struct board {
    struct field *fields;
    struct builder *cols;
    int n;
};

static void column(struct board *b, const char *name, struct dtype type, enum phys phys)
{
    b->fields[b->n] = (struct field){name, type};
    builder_init(&b->cols[b->n++], type, phys);
}

/* Numbers stay numbers; words, bools and lists of the axis are their text when kinds differ. */
static struct dtype axis_type(const struct ml_axis *a)
{
    if (a->n_choices == 0) return DTYPE(a->is_int ? KIND_INT : KIND_NUM);
    enum kind k = a->choices[0].type.kind;
    for (int i = 0; i < a->n_choices; i++) {
        enum kind c = a->choices[i].type.kind;
        bool is_number = (c == KIND_INT || c == KIND_NUM) && (k == KIND_INT || k == KIND_NUM);
        if (is_number && c != k) k = KIND_NUM;
        if (!is_number && c != k) return DTYPE(KIND_STR);
    }
    return DTYPE(k == KIND_LIST ? KIND_STR : k);
}

static enum rc_t put_value(struct ctx *cx, struct builder *b, struct dtype type,
                           const struct scalar *v)
{
    struct strbuf text = {0};
    if (v->is_null) return builder_null(cx, b);
    if (type.kind == KIND_NUM)
        return builder_f64(cx, b, v->type.kind == KIND_INT ? (double)v->u.i : v->u.f);
    if (type.kind == v->type.kind) return builder_scalar(cx, b, v);
    scalar_text(&text, v, false);
    enum rc_t res = builder_str(cx, b, strbuf_view(&text));
    strbuf_release(&text);
    return res;
}

static enum rc_t put_number(struct ctx *cx, struct builder *b, double v)
{
    return isnan(v) ? builder_null(cx, b) : builder_f64(cx, b, v);
}

static enum rc_t put_trial(struct ctx *cx, const struct ml_tune_spec *spec, const struct trial *t,
                           int64_t rank, struct board *b)
{
    int k = 0;
    double seconds = 0;
    int n_folds = spec->share > 0 ? 1 : spec->folds;
    for (int i = 0; i < n_folds; i++)
        seconds += t->seconds[i];
    TRY(builder_i64(cx, &b->cols[k++], rank));
    for (int i = 0; i < spec->n_axes; i++, k++)
        TRY(put_value(cx, &b->cols[k], b->fields[k].type, &t->point[i]));
    TRY(put_number(cx, &b->cols[k++], t->mean));
    TRY(put_number(cx, &b->cols[k++], t->sd));
    if (spec->search == SEARCH_HALVING) TRY(builder_i64(cx, &b->cols[k++], t->rows));
    TRY(builder_f64(cx, &b->cols[k++], seconds));
    if (k == b->n) return RC_OK;
    return t->error ? builder_str(cx, &b->cols[k], str_of(t->error->message))
                    : builder_null(cx, &b->cols[k]);
}

enum rc_t leaderboard_make(struct ctx *cx, const struct ml_tune_spec *spec, const char *metric,
                           const struct trials *t, struct table **out)
{
    struct trial **list;
    int n = trials_ranked(cx, t, &list), cap = spec->n_axes + 6;
    bool has_errors = false;
    enum rc_t res = RC_OK;
    struct board b = {.fields = ARENA_ARRAY(cx->arena, struct field, cap),
                      .cols = ARENA_ARRAY(cx->arena, struct builder, cap)};
    for (int i = 0; i < n; i++)
        has_errors |= list[i]->error != NULL;
    column(&b, "rank", DTYPE(KIND_INT), PHYS_I64);
    for (int i = 0; i < spec->n_axes; i++) {
        struct dtype type = axis_type(&spec->axes[i]);
        column(&b, spec->axes[i].name, type, kind_phys(type.kind));
    }
    column(&b, metric, DTYPE(KIND_NUM), PHYS_F64);
    column(&b, "sd", DTYPE(KIND_NUM), PHYS_F64);
    if (spec->search == SEARCH_HALVING) column(&b, "rows", DTYPE(KIND_INT), PHYS_I64);
    column(&b, "fit_seconds", DTYPE(KIND_NUM), PHYS_F64);
    if (has_errors) column(&b, "error", DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; res == RC_OK && i < n; i++)
        res = put_trial(cx, spec, list[i], i + 1, &b);
    if (res == RC_OK) res = ml_table(cx, b.fields, b.cols, b.n, out);
    for (int i = 0; i < b.n; i++)
        builder_release(&b.cols[i]);
    return res;
}

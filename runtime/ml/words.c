/* words.c: what a fit learns of its texts: terms and weights, and their cells in the same pass. */
#include "runtime/ml/prepare_int.h"
#include "runtime/ml/text_int.h"

enum rc_t prepare_values(struct prepare *p, const struct expr *const *e, int n, struct table **out)
{
    struct named_expr *items = ARENA_ARRAY(p->cx->arena, struct named_expr, n + 1);
    for (int i = 0; i < n; i++)
        items[i] = (struct named_expr){arena_printf(p->cx->arena, "k%d", i), e[i]};
    struct plan *base = NULL, *plan = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(plan_table(p->cx, p->base, "fit", &base));
    TRY_OUT(plan_project(p->cx, base, items, n, e[0]->span, &plan));
    TRY_OUT(exec_table(p->cx, p->x, plan, out));
    res = RC_OK;
out:
    plan_unref(plan);
    plan_unref(base);
    return res;
}

/* Weights of hashed columns: rows that have a cell in them. */
static void weigh_columns(struct arena *a, struct enc_feature *f, const struct enc_cells *cells,
                          int64_t n)
{
    int64_t width = f->words->rule.hash;
    f->words->weight = ARENA_ARRAY(a, double, width);
    for (int64_t k = 0; k < cells->first[n]; k++)
        f->words->weight[cells->col[k]] += 1;
    for (int64_t c = 0; c < width; c++)
        f->words->weight[c] = text_idf(&f->words->rule, n, (int64_t)f->words->weight[c]);
}

static enum rc_t hash_column(struct prepare *p, struct enc_feature *f, const struct column *c,
                             struct enc_cells *cells)
{
    if (f->words->rule.idf != IDF_NONE) {
        struct arena *scratch = arena_new();
        struct enc_cells counts;
        enum rc_t res = text_cells(p->cx, f, c, scratch, &counts);
        if (res == RC_OK) weigh_columns(p->m->arena, f, &counts, c->n);
        arena_free(scratch);
        TRY(res);
    }
    return text_cells(p->cx, f, c, p->rows->arena, cells);
}

/* A list as it is: each of its texts once. */
static const struct text_rule whole_items = {
    .lo = 1, .hi = 1, .min = 1, .most = -1, .binary = true, .keep_case = true};

enum rc_t prepare_words(struct prepare *p, int i)
{
    struct enc_feature *f = &p->m->enc.features[i];
    struct rows *r = p->rows;
    const struct feature *source = p->sources[i];
    const struct text_rule *rule = source->words ? source->words : &whole_items;
    const struct expr *key;
    struct table *t = NULL;
    TRY(prepare_expr(p, source, false, &key));
    TRY(prepare_values(p, &key, 1, &t));
    f->words = text_coding_new(p->m->arena, rule);
    if (!r->in.cells)
        r->in.cells = ARENA_ARRAY(r->arena, const struct enc_cells *, p->m->enc.n_features + 1);
    struct enc_cells *cells = ARENA_NEW(r->arena, struct enc_cells);
    enum rc_t res = rule->hash > 0 ? hash_column(p, f, t->cols[0], cells)
                                   : text_learn(p->cx, p->m->arena, f, t->cols[0], source->span,
                                                r->arena, cells);
    table_unref(t);
    TRY(res);
    r->in.cells[i] = cells;
    f->detail = rule->hash > 0 ? arena_printf(p->m->arena, "%lld columns", (long long)rule->hash)
                               : arena_printf(p->m->arena, "%d terms", f->n_levels);
    return RC_OK;
}

/* groups.c: groups of the rows of a table, for the steps that need them all at once (window, take
 * by groups, distinct). Numbers follow first appearance. */
#include "runtime/exec/threads/agg_int.h"

static rc lay_columns(struct run *r, struct column *const *keys, int n, struct key_layout *k)
{
    struct key_facts *facts = ARENA_ARRAY(r->arena, struct key_facts, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        TRY(column_facts(r, keys[i], false, &facts[i]));
    return layout_make(r, facts, n, true, NO_SPAN, k);
}

static rc number_rows(struct run *r, const struct key_layout *k, struct column *const *keys,
                      struct groups *g)
{
    struct group_table t;
    struct arena *text = arena_new();
    uint64_t *words = NULL;
    struct vec *views = ARENA_ARRAY(r->arena, struct vec, k->n + 1);
    bool direct = k->form == KEY_PACKED && k->domain <= (UINT64_C(1) << 20) &&
                  k->domain <= 4 * (uint64_t)g->n_rows + 1024;
    enum rc_t res = table_init(r->cx, &t, k, 0, direct, 0, direct ? k->domain : 0, text);
    if (res != RC_OK) goto out;
    res = mem_big(r->cx, 8 * (size_t)(BATCH_ROWS * (k->words + 1)), (void **)&words);
    for (int64_t at = 0; at < g->n_rows && res == RC_OK; at += BATCH_ROWS) {
        int64_t n = g->n_rows - at < BATCH_ROWS ? g->n_rows - at : BATCH_ROWS;
        for (int i = 0; i < k->n; i++)
            views[i] = column_view(keys[i], at, n);
        keys_encode(k, views, n, words);
        res = table_groups(r->cx, &t, words, n, g->of + at);
        if (res == RC_OK) res = check_cancel(r->cx);
    }
    g->n_groups = g->n_rows > 0 ? t.n : 0;
out:
    mem_big_free(words);
    table_release(&t);
    arena_free(text);
    return res;
}

static rc list_rows(struct ctx *cx, struct groups *g)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < g->n_rows; i++) {
        if (i % MORSEL_ROWS == 0) TRY(check_cancel(cx));
        g->start[g->of[i]]++;
    }
    for (int64_t k = 0; k <= g->n_groups; k++) {
        int64_t n = g->start[k];
        g->start[k] = sum;
        sum += n;
    }
    for (int64_t i = 0; i < g->n_rows; i++) {
        if (i % MORSEL_ROWS == 0) TRY(check_cancel(cx));
        g->rows[g->start[g->of[i]]++] = i;
    }
    for (int64_t k = g->n_groups; k > 0; k--) /* start[k] had become the end of k */
        g->start[k] = g->start[k - 1];
    g->start[0] = 0;
    return RC_OK;
}

rc groups_number(struct run *r, struct column *const *keys, int n_keys, int64_t n_rows,
                 struct groups *out)
{
    struct key_layout k;
    *out = (struct groups){.n_rows = n_rows};
    if (n_rows >= UINT32_MAX)
        return fail(r->cx, E902, NO_SPAN, "a step over groups takes at most 4 billion rows");
    TRY(lay_columns(r, keys, n_keys, &k));
    TRY(mem_big(r->cx, mem_mul(4, (size_t)n_rows), (void **)&out->of));
    return number_rows(r, &k, keys, out);
}

static rc make_all(struct run *r, struct column *const *keys, int n_keys, int64_t n_rows,
                   struct groups *out)
{
    TRY(groups_number(r, keys, n_keys, n_rows, out));
    TRY(mem_big_zero(r->cx, 8 * (size_t)(out->n_groups + 1), (void **)&out->start));
    TRY(mem_big(r->cx, mem_mul(8, (size_t)n_rows), (void **)&out->rows));
    return list_rows(r->cx, out);
}

void groups_free(struct groups *g)
{
    mem_big_free(g->of);
    mem_big_free(g->start);
    mem_big_free(g->rows);
    *g = (struct groups){0};
}

rc groups_make(struct run *r, struct column *const *keys, int n_keys, int64_t n_rows,
               struct groups *out)
{
    enum rc_t res = make_all(r, keys, n_keys, n_rows, out);
    if (res != RC_OK) groups_free(out);
    return res;
}

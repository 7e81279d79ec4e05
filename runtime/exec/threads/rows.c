/* rows.c: the breakers that choose or order rows: sort, limit, distinct. Each works out row numbers
 * and gathers once. */
#include "runtime/exec/threads/cut.h"

/* ---- shared ---- */
/* Evaluates sort keys over a table; columns belong to *cols (released by the caller). */
static rc eval_keys(struct run *r, struct table *t, const struct plan *node,
                    const struct sort_key *keys, int n, struct column **cols, struct order_key *out)
{
    const struct expr **e = ARENA_ARRAY(r->arena, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        e[i] = keys[i].expr;
    TRY(table_eval(r, t, e, n, node, cols));
    for (int i = 0; i < n; i++)
        out[i] = (struct order_key){cols[i], keys[i].descending, keys[i].nulls_first};
    return RC_OK;
}

static void drop_columns(struct column **cols, int n)
{
    for (int i = 0; i < n; i++)
        column_unref(cols[i]);
}

/* ---- sort ---- */
static rc sort_table(struct run *r, const struct plan *p, struct table *t, struct table **out)
{
    int n = p->u.sort.n;
    struct column **cols = ARENA_ARRAY(r->arena, struct column *, n + 1);
    struct order_key *keys = ARENA_ARRAY(r->arena, struct order_key, n + 1);
    int64_t *rows = NULL, n_rows;
    enum rc_t res = RC_ERR;
    TRY_OUT(eval_keys(r, t, p, p->u.sort.keys, n, cols, keys));
    TRY_OUT(order_rows(r, keys, n, t->n_rows, p->u.sort.limit, &rows, &n_rows));
    res = table_gather(r->cx, t, rows, n_rows, out);
out:
    mem_big_free(rows);
    drop_columns(cols, n);
    return res;
}

rc run_sort(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe)
{
    struct pipe *in;
    struct table *t = NULL;
    TRY(pipe_open(r, p->inputs[0], &in));
    if (p->u.sort.limit < 0 && runs_may_help(in))
        TRY(runs_sort(in, p, &t, out_pipe)); /* all rows after all, or sorted runs */
    else
        TRY(pipe_collect(in, &t));
    if (!t) return RC_OK;
    enum rc_t res = sort_table(r, p, t, out);
    table_unref(t);
    return res;
}

/* ---- limit ---- */
/* Rows [from, to) of n that a limit keeps. */
static void limit_range(const struct plan *p, int64_t n, int64_t *from, int64_t *to)
{
    int64_t skip = p->u.limit.offset < n ? p->u.limit.offset : n;
    int64_t take = p->u.limit.n < 0 || p->u.limit.n > n - skip ? n - skip : p->u.limit.n;
    *from = p->u.limit.from_end ? n - skip - take : skip;
    *to = *from + take;
}

/* First rows in input order: stops as soon as there are enough. */
static rc limit_head(struct run *r, const struct plan *p, struct table **out)
{
    struct pipe *pipe;
    struct table *t;
    int64_t enough = -1, from, to;
    bool bounded = !p->u.limit.from_end && p->u.limit.n >= 0;
    if (bounded && __builtin_add_overflow(p->u.limit.offset, p->u.limit.n, &enough)) enough = -1;
    TRY(pipe_open(r, p->inputs[0], &pipe));
    TRY(pipe_collect_head(pipe, enough, &t));
    limit_range(p, t->n_rows, &from, &to);
    enum rc_t res = table_slice(r->cx, t, from, to - from, out);
    table_unref(t);
    return res;
}

/* Runs of rows that are equal in the first n_by keys: the limit of each, in place. */
static int64_t limit_runs(const struct plan *p, const struct order_key *keys, int n_by,
                          int64_t *rows, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0, j; i < n; i = j) {
        int64_t from, to;
        for (j = i + 1; j < n && order_compare(keys, n_by, rows[i], rows[j]) == 0;)
            j++;
        limit_range(p, j - i, &from, &to);
        for (int64_t k = i + from; k < i + to; k++)
            rows[kept++] = rows[k];
    }
    return kept;
}

/* ---- the first few of each group ---- */
#define FEW_ROWS 32 /* rows a group up to which counting them out beats sorting all */

/* The `few` least words of each group, rising (UINT64_MAX while it has fewer rows). */
static rc group_bounds(struct run *r, const struct groups *g, const uint64_t *words, int64_t few,
                       uint64_t **out)
{
    uint64_t *least;
    TRY(run_claim(r, r->cx, g->n_groups * few * 8));
    TRY(mem_big(r->cx, mem_mul(8 * (size_t)few, (size_t)g->n_groups), (void **)&least));
    memset(least, 0xFF, 8 * (size_t)few * (size_t)g->n_groups);
    for (int64_t i = 0; i < g->n_rows; i++) {
        uint64_t *w = least + g->of[i] * few, x = words[i];
        int64_t k = few - 1;
        if (x >= w[k]) continue;
        for (; k > 0 && w[k - 1] > x; k--)
            w[k] = w[k - 1];
        w[k] = x;
    }
    *out = least;
    return RC_OK;
}

/* Rows that may be among the first `few` of their group in sort order, rising; ties stay in. */
static rc candidates(struct run *r, struct column *const *by, int n_by,
                     const struct order_key *sort, int n_sort, int64_t n, int64_t few,
                     int64_t **out, int64_t *out_n)
{
    struct groups g = {0};
    uint64_t *words = NULL, *least = NULL;
    int64_t kept = 0, *rows = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(groups_number(r, by, n_by, n, &g));
    TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)n + 1), (void **)&rows));
    if (g.n_groups <= n / few) { /* else hardly a row would be left out */
        TRY_OUT(mem_big(r->cx, mem_mul(8, (size_t)n + 1), (void **)&words));
        TRY_OUT(order_words(r, sort, n_sort, n, words));
        TRY_OUT(group_bounds(r, &g, words, few, &least));
    }
    for (int64_t i = 0; i < n; i++) {
        rows[kept] = i;
        kept += !least || words[i] <= least[g.of[i] * few + few - 1];
    }
    *out = rows;
    *out_n = kept;
    rows = NULL;
    res = RC_OK;
out:
    mem_big_free(rows);
    mem_big_free(words);
    mem_big_free(least);
    groups_free(&g);
    return res;
}

/* A limit of a few rows a group: only its candidates are sorted. */
static rc limit_few(struct run *r, const struct plan *p, struct order_key *keys, int n_by, int n,
                    int64_t n_rows, int64_t **out, int64_t *out_n)
{
    struct column **by = ARENA_ARRAY(r->arena, struct column *, n + 1);
    struct column **some = ARENA_ARRAY(r->arena, struct column *, n + 1);
    int64_t *rows = NULL, *order = NULL, m = 0;
    enum rc_t res = RC_ERR;
    for (int i = 0; i < n_by; i++)
        by[i] = (struct column *)(uintptr_t)keys[i].column;
    TRY_OUT(candidates(r, by, n_by, keys + n_by, n - n_by, n_rows, p->u.limit.offset + p->u.limit.n,
                       &rows, &m));
    for (int i = 0; i < n; i++) {
        TRY_OUT(column_gather(r->cx, keys[i].column, rows, m, &some[i]));
        keys[i].column = some[i];
    }
    TRY_OUT(order_rows(r, keys, n, m, -1, &order, &m));
    m = limit_runs(p, keys, n_by, order, m);
    for (int64_t i = 0; i < m; i++)
        order[i] = rows[order[i]];
    *out = order;
    *out_n = m;
    order = NULL;
    res = RC_OK;
out:
    for (int i = 0; i < n; i++)
        column_unref(some[i]);
    mem_big_free(rows);
    mem_big_free(order);
    return res;
}

static bool wants_few(const struct plan *p, int64_t n_rows)
{
    return p->u.limit.n_by > 0 && p->u.limit.n_sort > 0 && !p->u.limit.from_end &&
           p->u.limit.n > 0 && p->u.limit.n <= FEW_ROWS && p->u.limit.offset <= FEW_ROWS &&
           n_rows > 1000;
}

rc run_limit(struct run *r, const struct plan *p, struct table **out)
{
    int n_by = p->u.limit.n_by, n_sort = p->u.limit.n_sort, n = n_by + n_sort;
    struct sort_key *sort = ARENA_ARRAY(r->arena, struct sort_key, n + 1);
    struct column **cols = ARENA_ARRAY(r->arena, struct column *, n + 1);
    struct order_key *keys = ARENA_ARRAY(r->arena, struct order_key, n + 1);
    struct table *t;
    int64_t *rows = NULL, n_rows;
    enum rc_t res = RC_ERR;
    if (n == 0) return limit_head(r, p, out);
    for (int i = 0; i < n; i++)
        sort[i] =
            i < n_by ? (struct sort_key){.expr = p->u.limit.by[i]} : p->u.limit.sort[i - n_by];
    TRY(plan_to_table(r, p->inputs[0], &t));
    TRY_OUT(eval_keys(r, t, p, sort, n, cols, keys));
    if (wants_few(p, t->n_rows)) {
        TRY_OUT(limit_few(r, p, keys, n_by, n, t->n_rows, &rows, &n_rows));
    } else {
        TRY_OUT(order_rows(r, keys, n, t->n_rows, -1, &rows, &n_rows));
        n_rows = limit_runs(p, keys, n_by, rows, n_rows);
    }
    res = table_gather(r->cx, t, rows, n_rows, out);
out:
    mem_big_free(rows);
    drop_columns(cols, n);
    table_unref(t);
    return res;
}

/* ---- distinct ---- */
/* Marks the first row of each group in the given order (NULL: input order). */
static rc mark_firsts(struct run *r, const struct groups *g, const int64_t *order, int64_t *rows)
{
    uint64_t *seen, *kept;
    int64_t n = 0;
    TRY(mem_big_zero(r->cx, BITMAP_WORDS(g->n_groups) * 8 + 8, (void **)&seen));
    if (mem_big_zero(r->cx, BITMAP_WORDS(g->n_rows) * 8 + 8, (void **)&kept) != RC_OK) {
        mem_big_free(seen);
        return RC_ERR;
    }
    for (int64_t i = 0; i < g->n_rows; i++) {
        int64_t row = order ? order[i] : i;
        if (bit_get(seen, g->of[row])) continue;
        bit_set(seen, g->of[row]);
        bit_set(kept, row);
    }
    for (int64_t i = 0; i < g->n_rows; i++)
        if (bit_get(kept, i)) rows[n++] = i;
    mem_big_free(seen);
    mem_big_free(kept);
    return RC_OK;
}

static rc distinct_rows(struct run *r, const struct plan *p, struct table *t,
                        struct column *const *by, int n_by, struct table **out)
{
    int n = p->u.distinct.n_sort;
    struct column **cols = ARENA_ARRAY(r->arena, struct column *, n + 1);
    struct order_key *keys = ARENA_ARRAY(r->arena, struct order_key, n + 1);
    struct groups g = {0};
    int64_t *order = NULL, *rows = NULL, n_order;
    enum rc_t res = RC_ERR;
    TRY_OUT(groups_make(r, by, n_by, t->n_rows, &g));
    if (n > 0) {
        TRY_OUT(eval_keys(r, t, p, p->u.distinct.sort, n, cols, keys));
        TRY_OUT(order_rows(r, keys, n, t->n_rows, -1, &order, &n_order));
    }
    TRY_OUT(mem_big(r->cx, 8 * (size_t)(g.n_groups + 1), (void **)&rows));
    TRY_OUT(mark_firsts(r, &g, order, rows));
    res = table_gather(r->cx, t, rows, g.n_groups, out);
out:
    mem_big_free(order);
    mem_big_free(rows);
    groups_free(&g);
    drop_columns(cols, n);
    return res;
}

/* n_cols: of t, those that count when all of a row does. */
static rc distinct_table(struct run *r, const struct plan *p, struct table *t, int n_cols,
                         struct table **out)
{
    int n_by = p->u.distinct.n_by;
    if (n_by == 0) return distinct_rows(r, p, t, t->cols, n_cols, out);
    struct column **by = ARENA_ARRAY(r->arena, struct column *, n_by);
    enum rc_t res = table_eval(r, t, p->u.distinct.by, n_by, p, by);
    if (res == RC_OK) res = distinct_rows(r, p, t, by, n_by, out);
    drop_columns(by, n_by);
    return res;
}

static enum rc_t distinct_part(struct run *r, const struct plan *p, struct table *t,
                               const struct schema *out_schema, struct table **out)
{
    (void)out_schema; /* t's own: rows are only chosen */
    return distinct_table(r, p, t, t->schema->n - 1, out);
}

static rc distinct_spilled(struct run *r, const struct plan *p, struct pipe *in, struct pipe **out)
{
    const struct schema *s = in->schema;
    const struct expr **all = ARENA_ARRAY(r->arena, const struct expr *, s->n + 1);
    if (p->u.distinct.n_by > 0)
        return cut_step(p, in, p->u.distinct.by, p->u.distinct.n_by, distinct_part, out);
    for (int i = 0; i < s->n; i++)
        all[i] = expr_column(r->arena, s->fields[i].name, s->fields[i].type, p->span);
    return cut_step(p, in, all, s->n, distinct_part, out);
}

static bool flat_keys(const struct plan *p)
{
    for (int i = 0; i < p->u.distinct.n_by; i++)
        if (p->u.distinct.by[i]->type.kind == KIND_LIST ||
            p->u.distinct.by[i]->type.kind == KIND_STRUCT)
            return false;
    for (int i = 0; p->u.distinct.n_by == 0 && i < p->schema->n; i++)
        if (p->schema->fields[i].type.kind == KIND_LIST ||
            p->schema->fields[i].type.kind == KIND_STRUCT)
            return false;
    return p->schema->n > 0;
}

rc run_distinct(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe)
{
    struct pipe *in;
    struct table *t;
    TRY(pipe_open(r, p->inputs[0], &in));
    if (flat_keys(p) && cut_can(in) && cut_wanted(in)) return distinct_spilled(r, p, in, out_pipe);
    TRY(pipe_collect(in, &t));
    enum rc_t res = distinct_table(r, p, t, t->schema->n, out);
    table_unref(t);
    return res;
}

/* rank.c: row_number, rank, dense_rank, pct_rank, cume_dist, ntile. The rows come sorted by what is
 * ranked, nulls last; a null has no rank. */
#include "runtime/fn/window/window.h"

static enum rc_t row_number(struct agg_eval *e, int64_t n, const int64_t *order,
                            const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    (void)e;
    (void)peers;
    (void)args;
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[order[i]] = i + 1;
    return RC_OK;
}
const struct win_desc win_row_number = {
    .name = "row_number",
    .sig = "row_number() -> int",
    .doc = "Number of the row in its group, from 1, in sort order (input order without a sort "
           "clause).",
    .example = "(frame(x: [5, 7]) |> derive n = row_number()).n  #> [1, 2]",
    .min_args = 0,
    .max_args = 0,
    .type = type_win_int,
    .run = row_number,
    .foreign = {"row_number()", "row_number()"},
};

/* Rows that are ranked: those before the nulls. */
static int64_t ranked_rows(const struct agg_eval *e, int64_t n, const int64_t *order,
                           const struct column *const *args)
{
    if (e->n_args > 0 && win_const(e, 0)) return e->consts[0].is_null ? 0 : n;
    if (e->n_args == 0 || !args[0]->valid) return n;
    while (n > 0 && !bit_get(args[0]->valid, order[n - 1]))
        n--;
    return n;
}

static void null_rest(int64_t from, int64_t n, const int64_t *order, struct vec *out)
{
    for (int64_t i = from; i < n; i++) {
        ((int64_t *)out->data)[order[i]] = 0;
        win_put_null(out, order[i]);
    }
}

static enum rc_t rank(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                      const struct column *const *args, struct vec *out)
{
    int64_t m = ranked_rows(e, n, order, args), r = 1;
    for (int64_t i = 0; i < m; i++) {
        if (i > 0 && !peers[i]) r = i + 1;
        ((int64_t *)out->data)[order[i]] = r;
    }
    null_rest(m, n, order, out);
    return RC_OK;
}
const struct win_desc win_rank = {
    .name = "rank",
    .sig = "rank(x) -> int",
    .doc = "Rank by x from 1, smallest first (rank(-x): biggest first); ties share the least rank, "
           "null "
           "has none.",
    .example = "(frame(x: [5, 7, 7]) |> derive r = rank(-x)).r  #> [3, 1, 1]",
    .min_args = 0,
    .max_args = 1,
    .ranks_by_args = true,
    .type = type_win_int,
    .run = rank,
};

static enum rc_t dense_rank(struct agg_eval *e, int64_t n, const int64_t *order,
                            const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    int64_t m = ranked_rows(e, n, order, args), r = 0;
    for (int64_t i = 0; i < m; i++) {
        r += i == 0 || !peers[i];
        ((int64_t *)out->data)[order[i]] = r;
    }
    null_rest(m, n, order, out);
    return RC_OK;
}
const struct win_desc win_dense_rank = {
    .name = "dense_rank",
    .sig = "dense_rank(x) -> int",
    .doc = "Rank by x from 1 without gaps: the number of different values up to it.",
    .example = "(frame(x: [5, 5, 7]) |> derive r = dense_rank(x)).r  #> [1, 1, 2]",
    .min_args = 0,
    .max_args = 1,
    .ranks_by_args = true,
    .type = type_win_int,
    .run = dense_rank,
};

static enum rc_t pct_rank(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                          const struct column *const *args, struct vec *out)
{
    int64_t m = ranked_rows(e, n, order, args), r = 0;
    for (int64_t i = 0; i < m; i++) {
        if (i > 0 && !peers[i]) r = i;
        ((double *)out->data)[order[i]] = m > 1 ? (double)r / (double)(m - 1) : 0;
    }
    null_rest(m, n, order, out); /* zero bytes are 0.0 too */
    return RC_OK;
}
const struct win_desc win_pct_rank = {
    .name = "pct_rank",
    .sig = "pct_rank(x) -> num",
    .doc = "Rank by x as a share: (rank - 1) / (rows - 1), 0 to 1.",
    .example = "(frame(x: [5, 6, 7]) |> derive r = pct_rank(x)).r  #> [0.0, 0.5, 1.0]",
    .min_args = 0,
    .max_args = 1,
    .ranks_by_args = true,
    .type = type_win_num,
    .run = pct_rank,
};

static enum rc_t cume_dist(struct agg_eval *e, int64_t n, const int64_t *order,
                           const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    int64_t m = ranked_rows(e, n, order, args);
    for (int64_t i = 0, j; i < m; i = j) {
        for (j = i + 1; j < m && peers[j];)
            j++;
        for (int64_t k = i; k < j; k++)
            ((double *)out->data)[order[k]] = (double)j / (double)m;
    }
    null_rest(m, n, order, out); /* zero bytes are 0.0 too */
    return RC_OK;
}
const struct win_desc win_cume_dist = {
    .name = "cume_dist",
    .sig = "cume_dist(x) -> num",
    .doc = "Share of rows whose x is at most the row's, above 0 to 1.",
    .example = "(frame(x: [5, 6, 6, 7]) |> derive r = cume_dist(x)).r  #> [0.25, 0.75, 0.75, 1.0]",
    .min_args = 0,
    .max_args = 1,
    .ranks_by_args = true,
    .type = type_win_num,
    .run = cume_dist,
};

/* As SQL: parts differ by one row at most, the bigger ones first. */
static enum rc_t ntile(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                       const struct column *const *args, struct vec *out)
{
    int64_t m = ranked_rows(e, n, order, args), parts;
    (void)peers;
    TRY(win_int(e, 1, "ntile", "the number of parts", 0, &parts));
    if (parts < 1) return fail(e->cx, E209, e->span, "`ntile` needs at least 1 part");
    int64_t size = m / parts, bigger = m % parts, edge = bigger * (size + 1);
    for (int64_t i = 0; i < m; i++)
        ((int64_t *)out->data)[order[i]] =
            i < edge ? i / (size + 1) + 1 : bigger + (i - edge) / (size ? size : 1) + 1;
    null_rest(m, n, order, out);
    return RC_OK;
}
const struct win_desc win_ntile = {
    .name = "ntile",
    .sig = "ntile(x, n: int) -> int",
    .doc = "Which of n parts of equal size the row is in when sorted by x, from 1.",
    .example = "(frame(x: [5, 6, 7, 8]) |> derive q = ntile(x, 2)).q  #> [1, 1, 2, 2]",
    .min_args = 2,
    .max_args = 2,
    .ranks_by_args = true,
    .type = type_win_int,
    .run = ntile,
};

/* SQL's ntile(n): over the rows in the window's order. */
static enum rc_t sql_ntile(struct agg_eval *e, int64_t n, const int64_t *order,
                           const uint8_t *peers, const struct column *const *args, struct vec *out)
{
    int64_t parts;
    (void)peers;
    (void)args;
    TRY(win_int(e, 0, "ntile", "the number of parts", 0, &parts));
    if (parts < 1) return fail(e->cx, E209, e->span, "`ntile` needs at least 1 part");
    int64_t size = n / parts, bigger = n % parts, edge = bigger * (size + 1);
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)out->data)[order[i]] =
            i < edge ? i / (size + 1) + 1 : bigger + (i - edge) / (size ? size : 1) + 1;
    return RC_OK;
}
const struct win_desc win_sql_ntile = {
    .name = "sql_ntile",
    .sig = "sql_ntile(n: int) -> int",
    .doc = "SQL's ntile(n): which of n parts of equal size the row is in.",
    .example = "(frame(x: [5, 6, 7, 8]) |> derive q = sql_ntile(2) sort x).q  #> [1, 1, 2, 2]",
    .min_args = 1,
    .max_args = 1,
    .is_hidden = true,
    .type = type_win_int,
    .run = sql_ntile,
};

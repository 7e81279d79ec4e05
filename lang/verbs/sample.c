/* sample.c: random rows and random parts, of exact sizes. Every row gets a random number that
 * depends on (seed, row number in the step's input) alone, so threads and executors do not matter;
 * the rows with the smallest numbers of their group are taken. All of it is plan nodes. */
#include "lang/verbs/verb_int.h"

#include <math.h>

/* Names of the columns that are added on the way and dropped at the end. */
#define ROW   ".row"
#define DRAW  ".draw"
#define RANK  ".rank"
#define SIZE  ".size"
#define ONE   ".one"
#define GROUP ".group"

static rc seed_option(struct verb_call *vc, int64_t *out)
{
    return verb_option_int(vc, "seed", (int64_t)vc->lg->seed, out);
}

static const struct expr *top_expr(struct pipe *p, const char *name)
{
    return name_expr(p->arena, p->plan->schema, name, p->span);
}

/* Adds `name` = row_number(), in input order or in that of `sort`, of each group. */
static rc add_row_number(struct pipe *p, const struct expr *const *by, int n_by,
                         const struct sort_key *sort, int n_sort, const char *name)
{
    struct named_expr item = {.name = name};
    TRY(make_window(p->cx, p->arena, "row_number", NULL, p->span, &item.expr));
    return verb_pipe_window(p, by, n_by, sort, n_sort, &item, 1);
}

/* Adds DRAW: a random number in [0, 1) by (seed, place of the call, row number). */
static rc add_draw(struct verb_call *vc, struct pipe *p)
{
    int64_t seed;
    TRY(seed_option(vc, &seed));
    const struct expr *args[2] = {make_int(p->arena, seed),
                                  make_int(p->arena, vc->lg->call_place++)};
    const struct win_desc *rand_of = win_find(STR("rand"));
    struct named_expr item = {.name = DRAW};
    if (!rand_of) return fail(p->cx, E903, p->span, "the window function rand is missing");
    TRY(expr_window(p->cx, p->arena, rand_of, args, 2, p->span, &item.expr));
    return verb_pipe_window(p, NULL, 0, NULL, 0, &item, 1);
}

static rc add_size(struct pipe *p, const struct expr *const *by, int n_by)
{
    struct named_expr item = {.name = SIZE};
    TRY(make_agg(p->cx, p->arena, "count", NULL, p->span, &item.expr));
    return verb_pipe_window(p, by, n_by, NULL, 0, &item, 1);
}

/* round(share * size) as int: exact sizes, half to even. */
static rc share_of_size(struct pipe *p, double share, const char *size, const struct expr **out)
{
    const struct expr *product;
    TRY(make_call2(p->cx, p->arena, "*", top_expr(p, size), make_num(p->arena, share), &product));
    return make_call1(p->cx, p->arena, "round", product, out);
}

static rc keep_up_to(struct pipe *p, const char *rank, const struct expr *bound)
{
    const struct expr *predicate;
    TRY(make_call2(p->cx, p->arena, "<=", top_expr(p, rank), bound, &predicate));
    return verb_pipe_filter(p, predicate);
}

/* Adds RANK: the place of each row in the random order of its group. */
static rc add_random_rank(struct verb_call *vc, struct pipe *p, const struct expr *const *by,
                          int n_by)
{
    TRY(add_draw(vc, p));
    struct sort_key draw = {.expr = top_expr(p, DRAW)};
    return add_row_number(p, by, n_by, &draw, 1, RANK);
}

/* ---- sample ---- */

struct amount {
    bool is_share;
    int64_t n;
    double share;
};

static rc read_amount(struct verb_call *vc, struct amount *out)
{
    int at = 0;
    struct scalar s;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a number of rows or a share", "sample 1000"));
    const struct ast_item *it = next_item(vc->step, &at);
    TRY(verb_value(vc, it->expr, "the size", &s));
    out->is_share = !s.is_null && s.type.kind == KIND_NUM;
    if (!s.is_null && s.type.kind == KIND_INT && s.u.i >= 0) {
        out->n = s.u.i;
    } else if (out->is_share && s.u.f >= 0 && s.u.f <= 1) {
        out->share = s.u.f;
    } else {
        enum rc_t r = fail(vc->cx, E209, it->span,
                           "sample takes a number of rows (1000) or a share from 0.0 to 1.0 (0.1)");
        return r;
    }
    it = next_item(vc->step, &at);
    if (it) return fail(vc->cx, E208, it->span, "sample takes one number or share");
    return RC_OK;
}

static rc sample_rows(struct verb_call *vc, struct pipe *p, const struct amount *amount)
{
    struct bind b;
    const struct expr **by, *bound;
    int n_by;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_clause_by(&b, vc, &by, &n_by));
    TRY(add_random_rank(vc, p, by, n_by));
    bound = make_int(p->arena, amount->n);
    if (amount->is_share) {
        TRY(add_size(p, by, n_by));
        TRY(share_of_size(p, amount->share, SIZE, &bound));
    }
    TRY(keep_up_to(p, RANK, bound));
    return verb_pipe_keep(p, vc->input->plan->schema);
}

/* 1 .. n as a table of one column ROW. */
static rc counting_table(struct verb_call *vc, int64_t n, struct plan **out)
{
    struct builder b;
    struct column *c = NULL;
    struct schema *s = NULL;
    struct table *t = NULL;
    struct field field = {ROW, DTYPE(KIND_INT)};
    enum rc_t res = RC_ERR;
    builder_init(&b, field.type, PHYS_I64);
    TRY_OUT(schema_new(vc->cx, &field, 1, vc->step->span, &s));
    TRY_OUT(builder_reserve(vc->cx, &b, n));
    for (int64_t i = 1; i <= n; i++)
        TRY_OUT(builder_i64(vc->cx, &b, i));
    TRY_OUT(builder_finish(vc->cx, &b, &c));
    TRY_OUT(table_new(vc->cx, s, &c, n, &t));
    res = plan_table(vc->cx, t, NULL, out);
out:
    builder_release(&b);
    schema_unref(s);
    table_unref(t);
    return res;
}

/* Adds to `p` (which has ROW) the column SIZE: the number of rows of the input. */
static rc join_input_size(struct verb_call *vc, struct pipe *p)
{
    struct pipe sizes;
    struct named_expr size = {.name = SIZE}, one = {ONE, make_int(p->arena, 1)};
    verb_pipe_begin(&sizes, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(make_agg(p->cx, p->arena, "count", NULL, p->span, &size.expr));
    TRY_OUT(verb_pipe_aggregate(&sizes, NULL, 0, &size, 1));
    TRY_OUT(verb_pipe_add(&sizes, &one, 1));
    TRY_OUT(verb_pipe_add(p, &one, 1));
    struct join_on on = {top_expr(p, ONE), top_expr(&sizes, ONE), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_INNER, .on = &on, .n_on = 1, .is_silent = true};
    res = verb_pipe_join(p, sizes.plan, &spec);
out:
    verb_pipe_release(&sizes);
    return res;
}

/* The drawn row numbers, as the column DRAW of a frame with one row a draw. */
static rc draws(struct verb_call *vc, struct pipe *p, const struct amount *amount)
{
    const struct expr *bound, *at;
    struct named_expr drawn = {.name = DRAW};
    if (amount->is_share) {
        TRY(add_row_number(p, NULL, 0, NULL, 0, ROW));
        TRY(add_size(p, NULL, 0));
        TRY(share_of_size(p, amount->share, SIZE, &bound));
        TRY(keep_up_to(p, ROW, bound));
    } else {
        TRY(join_input_size(vc, p));
    }
    TRY(add_draw(vc, p));
    TRY(make_call2(p->cx, p->arena, "*", top_expr(p, DRAW), top_expr(p, SIZE), &at));
    TRY(make_call1(p->cx, p->arena, "floor", at, &at));
    TRY(expr_cast(p->cx, p->arena, at, KIND_INT, &at));
    TRY(make_call2(p->cx, p->arena, "+", at, make_int(p->arena, 1), &drawn.expr));
    return verb_pipe_project(p, &drawn, 1);
}

/* Adds GROUP, the number of the first row of each row's group, and ROW, its place in there. */
static rc number_groups(struct pipe *p, const struct expr *const *by, int n_by)
{
    struct named_expr first = {.name = GROUP};
    TRY(add_row_number(p, NULL, 0, NULL, 0, ".all"));
    TRY(make_agg(p->cx, p->arena, "min", top_expr(p, ".all"), p->span, &first.expr));
    TRY(verb_pipe_window(p, by, n_by, NULL, 0, &first, 1));
    return add_row_number(p, by, n_by, NULL, 0, ROW);
}

/* One row a draw of each group: GROUP, and DRAW, the place of the drawn row in it. */
static rc group_draws(struct verb_call *vc, struct pipe *p, const struct amount *amount)
{
    struct named_expr size = {.name = SIZE}, group = {GROUP, top_expr(p, GROUP)};
    struct named_expr drawn[2] = {{.name = GROUP}, {.name = DRAW}};
    const struct expr *at, *bounds[2] = {make_int(p->arena, 1), make_int(p->arena, amount->n)};
    const char *list = ".times";
    struct named_expr times = {.name = list};
    TRY(make_agg(p->cx, p->arena, "count", NULL, p->span, &size.expr));
    TRY(verb_pipe_aggregate(p, &group, 1, &size, 1));
    if (amount->is_share) {
        TRY(share_of_size(p, amount->share, SIZE, &bounds[1]));
        TRY(expr_cast(p->cx, p->arena, bounds[1], KIND_INT, &bounds[1]));
    }
    TRY(make_call(p->cx, p->arena, "seq", bounds, 2, p->span, &times.expr));
    TRY(verb_pipe_add(p, &times, 1));
    TRY(verb_pipe_unnest(p, &list, 1, false, NULL));
    TRY(add_draw(vc, p));
    TRY(make_call2(p->cx, p->arena, "*", top_expr(p, DRAW), top_expr(p, SIZE), &at));
    TRY(make_call1(p->cx, p->arena, "floor", at, &at));
    TRY(expr_cast(p->cx, p->arena, at, KIND_INT, &at));
    TRY(make_call2(p->cx, p->arena, "+", at, make_int(p->arena, 1), &drawn[1].expr));
    drawn[0].expr = top_expr(p, GROUP);
    return verb_pipe_project(p, drawn, 2);
}

static rc sample_groups(struct verb_call *vc, struct pipe *p, const struct amount *amount)
{
    struct bind b;
    struct pipe drawn;
    const struct expr **by;
    int n_by;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_clause_by(&b, vc, &by, &n_by));
    TRY(number_groups(p, by, n_by));
    verb_pipe_from(&drawn, vc, p->plan);
    enum rc_t res = group_draws(vc, &drawn, amount);
    struct join_on on[2];
    if (res == RC_OK) {
        on[0] = (struct join_on){top_expr(p, GROUP), top_expr(&drawn, GROUP), CMP_EQ};
        on[1] = (struct join_on){top_expr(p, ROW), top_expr(&drawn, DRAW), CMP_EQ};
        struct join_spec spec = {.kind = JOIN_INNER, .on = on, .n_on = 2, .is_silent = true};
        res = verb_pipe_join(p, drawn.plan, &spec);
    }
    verb_pipe_release(&drawn);
    TRY(res);
    return verb_pipe_keep(p, vc->input->plan->schema);
}

static rc sample_again(struct verb_call *vc, struct pipe *p, const struct amount *amount)
{
    if (vc->step->has_by) return sample_groups(vc, p, amount);
    struct pipe drawn;
    struct plan *numbers = NULL;
    if (!amount->is_share) TRY(counting_table(vc, vc->lg->is_dry ? 0 : amount->n, &numbers));
    verb_pipe_from(&drawn, vc, numbers ? numbers : vc->input->plan);
    plan_unref(numbers);
    enum rc_t res = RC_ERR;
    TRY_OUT(draws(vc, &drawn, amount));
    TRY_OUT(add_row_number(p, NULL, 0, NULL, 0, ROW));
    struct join_on on = {top_expr(p, ROW), top_expr(&drawn, DRAW), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_INNER, .on = &on, .n_on = 1, .is_silent = true};
    TRY_OUT(verb_pipe_join(p, drawn.plan, &spec));
    res = verb_pipe_keep(p, vc->input->plan->schema);
out:
    verb_pipe_release(&drawn);
    return res;
}

static enum rc_t sample_bind(struct verb_call *vc, struct value **out)
{
    struct amount amount = {0};
    bool replace;
    struct pipe p;
    TRY(read_amount(vc, &amount));
    TRY(verb_option_bool(vc, "replace", false, &replace));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(replace ? sample_again(vc, &p, &amount) : sample_rows(vc, &p, &amount));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option sample_options[] = {
    {"seed", OPT_INT, NULL, "another seed gives other rows; the session's seed if not said"},
    {"replace", OPT_BOOL, NULL, "true: a row can be drawn more than once"},
    {0},
};
const struct verb_desc verb_sample = {
    .name = "sample",
    .sig = "sample n | share [by groups] [seed: 1, replace: true]",
    .doc = "Random rows, in input order: a whole number of rows (of each group), or a share from "
           "0.0 to 1.0, rounded to whole rows. The same seed gives the same rows on any machine.",
    .examples = {"trips |> sample 2, seed: 7", "trips |> sample 0.5 by zone"},
    .options = sample_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = sample_bind,
};

/* ---- split ---- */

#define MAX_PARTS 16
struct shares {
    double upto[MAX_PARTS]; /* running sums */
    int n;
};

static rc read_shares(struct verb_call *vc, struct shares *out)
{
    int at = 0;
    double sum = 0;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "shares", "split 0.7, 0.3"));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        struct scalar s;
        TRY(verb_value(vc, it->expr, "a share", &s));
        if (s.is_null || s.type.kind != KIND_NUM || !(s.u.f > 0 && s.u.f < 1))
            return fail(vc->cx, E209, it->span, "a share of split lies between 0.0 and 1.0");
        if (out->n >= MAX_PARTS - 1)
            return fail(vc->cx, E208, it->span, "split makes at most %d parts", MAX_PARTS - 1);
        sum += s.u.f;
        out->upto[out->n++] = sum;
        if (sum > 1 + 1e-9)
            return fail(vc->cx, E209, it->span, "the shares of split add up to more than 1");
    }
    if (out->n == 1 || sum > 1 - 1e-9) {
        out->n += out->n == 1;
        out->upto[out->n - 1] = 1;
    }
    return RC_OK;
}

static rc split_keys(struct verb_call *vc, const char *option, const struct expr ***out, int *n)
{
    const struct ast_item *it = verb_option(vc, option);
    *n = 0;
    *out = NULL;
    if (!it) return RC_OK;
    struct bind b;
    verb_bind_init(&b, vc, BIND_ROW);
    int count = it->expr->op == AST_LIST ? it->expr->n_kids : 1;
    *out = ARENA_ARRAY(vc->arena, const struct expr *, count + 1);
    for (int i = 0; i < count; i++)
        TRY(bind_expr(&b, it->expr->op == AST_LIST ? it->expr->kids[i] : it->expr, &(*out)[i]));
    *n = count;
    return RC_OK;
}

/* Whole groups stay together: RANK is the place of a row's group in a random order of groups (by
 * the number that its first row drew), SIZE the number of groups. */
static rc rank_groups(struct verb_call *vc, struct pipe *p, const struct expr *const *group, int n)
{
    struct named_expr item = {.name = ".first"};
    TRY(add_draw(vc, p));
    TRY(make_agg(p->cx, p->arena, "first", top_expr(p, DRAW), p->span, &item.expr));
    TRY(verb_pipe_window(p, group, n, NULL, 0, &item, 1));
    TRY(make_window(p->cx, p->arena, "dense_rank", top_expr(p, ".first"), p->span, &item.expr));
    item.name = RANK;
    TRY(verb_pipe_window(p, NULL, 0, NULL, 0, &item, 1));
    TRY(make_agg(p->cx, p->arena, "max", top_expr(p, RANK), p->span, &item.expr));
    item.name = SIZE;
    return verb_pipe_window(p, NULL, 0, NULL, 0, &item, 1);
}

/* Adds RANK and SIZE to p, by which the parts are cut. */
static rc rank_rows(struct verb_call *vc, struct pipe *p)
{
    const struct expr **strata, **group, **time;
    int n_strata, n_group, n_time;
    TRY(split_keys(vc, "strata", &strata, &n_strata));
    TRY(split_keys(vc, "group", &group, &n_group));
    TRY(split_keys(vc, "time", &time, &n_time));
    if ((n_strata > 0) + (n_group > 0) + (n_time > 0) > 1)
        return fail(vc->cx, E217, vc->step->span, "split takes one of strata:, group: and time:");
    if (n_group) return rank_groups(vc, p, group, n_group);
    if (n_time) {
        struct sort_key *keys = ARENA_ARRAY(p->arena, struct sort_key, n_time);
        for (int i = 0; i < n_time; i++)
            keys[i] = (struct sort_key){.expr = time[i]};
        TRY(add_row_number(p, NULL, 0, keys, n_time, RANK));
    } else {
        TRY(add_random_rank(vc, p, strata, n_strata));
    }
    return add_size(p, strata, n_strata);
}

static rc cut_part(struct verb_call *vc, struct pipe *part, double from, double upto)
{
    const struct expr *bound, *predicate;
    if (from > 0) {
        TRY(share_of_size(part, from, SIZE, &bound));
        TRY(make_call2(part->cx, part->arena, ">", top_expr(part, RANK), bound, &predicate));
        TRY(verb_pipe_filter(part, predicate));
    }
    if (upto < 1) {
        TRY(share_of_size(part, upto, SIZE, &bound));
        TRY(keep_up_to(part, RANK, bound));
    }
    return verb_pipe_keep(part, vc->input->plan->schema);
}

static rc split_by_share(struct verb_call *vc, struct pipe *base, struct value **out)
{
    struct shares shares = {0};
    struct pipe parts[MAX_PARTS] = {0};
    enum rc_t res = RC_ERR;
    TRY(read_shares(vc, &shares));
    TRY(rank_rows(vc, base));
    for (int i = 0; i < shares.n; i++) {
        verb_pipe_from(&parts[i], vc, base->plan);
        TRY_OUT(cut_part(vc, &parts[i], i ? shares.upto[i - 1] : 0, shares.upto[i]));
    }
    res = verb_pipe_list(parts, shares.n, out);
out:
    for (int i = 0; i < MAX_PARTS; i++)
        verb_pipe_release(&parts[i]);
    return res;
}

/* `split time: day, at: @2013-01-01`: before it, and the rest. */
static rc split_at(struct verb_call *vc, const struct ast_item *at, struct value **out)
{
    const struct expr **time, *bound, *early, *late;
    int n_time;
    TRY(split_keys(vc, "time", &time, &n_time));
    if (n_time != 1 || count_items(vc->step)) {
        fail(vc->cx, E217, at->span, "at: goes with time: and no shares");
        return hint_step(vc, "split time: day, at: @2019-01-31");
    }
    struct scalar s;
    TRY(verb_value(vc, at->expr, "at:", &s));
    bound = expr_literal(vc->arena, &s, at->expr->span);
    TRY(make_call2(vc->cx, vc->arena, "<", time[0], bound, &early));
    TRY(make_call1(vc->cx, vc->arena, "not", early, &late));
    struct pipe parts[2];
    verb_pipe_begin(&parts[0], vc);
    verb_pipe_begin(&parts[1], vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(verb_pipe_filter(&parts[0], early));
    TRY_OUT(verb_pipe_filter(&parts[1], late));
    res = verb_pipe_list(parts, 2, out);
out:
    verb_pipe_release(&parts[0]);
    verb_pipe_release(&parts[1]);
    return res;
}

static enum rc_t split_bind(struct verb_call *vc, struct value **out)
{
    const struct ast_item *at = verb_option(vc, "at");
    if (at) return split_at(vc, at, out);
    struct pipe base;
    verb_pipe_begin(&base, vc);
    enum rc_t res = split_by_share(vc, &base, out);
    verb_pipe_release(&base);
    return res;
}

static const struct verb_option split_options[] = {
    {"seed", OPT_INT, NULL, "another seed gives other parts; the session's seed if not said"},
    {"strata", OPT_COLUMN, NULL, "columns whose values have the same shares in every part"},
    {"group", OPT_COLUMN, NULL, "columns whose groups are never cut in two"},
    {"time", OPT_COLUMN, NULL, "the parts follow each other in this order instead of at random"},
    {"at", OPT_ANY, NULL, "with time: two parts, before this value and from it on"},
    {0},
};
const struct verb_desc verb_split = {
    .name = "split",
    .sig = "split share, .. [seed: 1, strata: y | group: g | time: t]",
    .doc = "Random parts of a frame as a list of frames, of exact sizes (rounded, within every "
           "stratum); the rows keep their order. One share alone gives that part and the rest.",
    .examples = {"train, test = trips |> split 0.7, 0.3, seed: 1, strata: zone",
                 "early, late = trips |> split 0.5, 0.5, time: day"},
    .options = split_options,
    .input = TAKES_FRAME,
    .bind = split_bind,
};

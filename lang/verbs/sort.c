/* sort.c: order of rows, and the first or last of them. */
#include "lang/verbs/verb_int.h"

static const struct verb_option nulls_options[] = {
    {"nulls", OPT_WORD, "last first", "where null stands: last (also when descending) or first"},
    {0},
};

static rc sort_rows(struct verb_call *vc, struct pipe *p)
{
    struct bind b;
    struct sort_key *keys;
    int n;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_clause_sort(&b, vc, vc->step->items, vc->step->n_items, &keys, &n));
    return verb_pipe_sort(p, keys, n);
}

static enum rc_t sort_bind(struct verb_call *vc, struct value **out)
{
    struct pipe p;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "what to sort by", "sort -fare, zone"));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(sort_rows(vc, &p));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_sort = {
    .name = "sort",
    .sig = "sort keys, .. [nulls: first]",
    .doc = "Orders the rows; `-` before a key of any type means descending. Rows that tie keep "
           "their order. Null stands last both ways.",
    .examples = {"trips |> sort -fare, zone", "trips |> sort tip, nulls: first"},
    .options = nulls_options,
    .input = TAKES_FRAME,
    .bind = sort_bind,
};

/* ---- take and skip ---- */

struct limit {
    int64_t offset, n;
    bool from_end;
};

static rc limit_rows(struct verb_call *vc, const struct limit *l, struct value **out)
{
    struct bind b;
    const struct expr **by;
    struct sort_key *sort;
    int n_by, n_sort;
    struct plan *top;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_clause_by(&b, vc, &by, &n_by));
    TRY(bind_clause_sort(&b, vc, vc->step->sort, vc->step->n_sort, &sort, &n_sort));
    TRY(plan_limit(vc->cx, vc->input->plan, l->offset, l->n, l->from_end, by, n_by, sort, n_sort,
                   vc->step->span, &top));
    *out = value_frame(top, input_label(vc));
    plan_unref(top);
    return RC_OK;
}

static rc row_number_item(struct verb_call *vc, int64_t def, int64_t *out)
{
    int at = 0;
    *out = def;
    TRY(no_makes(vc, false));
    const struct ast_item *it = next_item(vc->step, &at);
    if (!it) return RC_OK;
    TRY(verb_value_int(vc, it->expr, "the number", out));
    it = next_item(vc->step, &at);
    if (!it) return RC_OK;
    fail(vc->cx, E208, it->span, "`%.*s` takes one number of rows", STR_FMT(vc->step->verb));
    return hint_step(vc, "%.*s %lld by %s", STR_FMT(vc->step->verb), (long long)*out,
                     source_text(vc, it->span));
}

static enum rc_t take_bind(struct verb_call *vc, struct value **out)
{
    int64_t n;
    TRY(row_number_item(vc, 1, &n));
    struct limit l = {.n = n < 0 ? -(n + 1) : n, .from_end = n < 0};
    if (n < 0) l.n++;
    return limit_rows(vc, &l, out);
}

const struct verb_desc verb_take = {
    .name = "take",
    .sig = "take n [by groups] [sort keys]",
    .doc = "The first n rows, of each group if there are any; a negative n takes the last ones. "
           "With by or sort the rows come out in that order.",
    .examples = {"trips |> take 2 by zone sort -fare", "trips |> take -3"},
    .options = nulls_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = take_bind,
};

static enum rc_t skip_bind(struct verb_call *vc, struct value **out)
{
    int64_t n;
    TRY(need_items(vc, "a number of rows", "skip 10"));
    TRY(row_number_item(vc, 0, &n));
    struct limit l = {.offset = n < 0 ? -n : n, .n = -1, .from_end = n < 0};
    return limit_rows(vc, &l, out);
}

const struct verb_desc verb_skip = {
    .name = "skip",
    .sig = "skip n [by groups] [sort keys]",
    .doc = "All rows but the first n, of each group if there are any; with n below 0, all but the "
           "last ones.",
    .examples = {"trips |> skip 2", "trips |> skip 1 by zone sort fare"},
    .options = nulls_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = skip_bind,
};

/* fill_down.c: the last value carried forward; missing times added as rows. */
#include "lang/verbs/verb_int.h"

#define ROW  ".row"
#define GRID ".grid"
#define HAVE ".have"

/* ---- fill_down ---- */
/* Without a sort clause rows go in the input's order. */
static rc input_order(struct pipe *p, struct sort_key **out, int *n)
{
    struct named_expr row = {.name = ROW};
    TRY(make_window(p->cx, p->arena, "row_number", NULL, p->span, &row.expr));
    TRY(verb_pipe_window(p, NULL, 0, NULL, 0, &row, 1));
    *out = ARENA_ARRAY(p->arena, struct sort_key, 1);
    (*out)[0] = (struct sort_key){.expr = name_expr(p->arena, p->plan->schema, ROW, p->span)};
    *n = 1;
    return RC_OK;
}

static rc fill_columns(struct verb_call *vc, struct pipe *p, const char *const *names, int n)
{
    struct bind b;
    const struct expr **by;
    struct sort_key *sort;
    struct named_list found = {0}, items = {0};
    int n_by, n_sort;
    const struct schema *in = vc->input->plan->schema;
    verb_bind_init(&b, vc, BIND_ROW);
    TRY(bind_clause_by(&b, vc, &by, &n_by));
    TRY(bind_clause_sort(&b, vc, vc->step->sort, vc->step->n_sort, &sort, &n_sort));
    if (n_sort == 0) TRY(input_order(p, &sort, &n_sort));
    for (int i = 0; i < n; i++) {
        const struct expr *e, *x = name_expr(p->arena, p->plan->schema, names[i], p->span);
        TRY(make_window(p->cx, p->arena, "fill_down", x, p->span, &e));
        named_add(p->arena, &found, arena_printf(p->arena, ".fill%d", i), e, p->span);
    }
    TRY(verb_pipe_window(p, by, n_by, sort, n_sort, found.items, found.n));
    for (int i = 0; i < in->n; i++) {
        const char *from = in->fields[i].name;
        for (int k = 0; k < n; k++)
            if (strcmp(names[k], in->fields[i].name) == 0) from = found.items[k].name;
        named_add(p->arena, &items, in->fields[i].name,
                  name_expr(p->arena, p->plan->schema, from, p->span), p->span);
    }
    return verb_pipe_project(p, items.items, items.n);
}

static enum rc_t fill_down_bind(struct verb_call *vc, struct value **out)
{
    const char **names;
    struct pipe p;
    int n;
    TRY(need_items(vc, "columns", "fill_down price by shop sort day"));
    TRY(columns_of_items(vc, false, &names, &n));
    verb_pipe_begin(&p, vc);
    enum rc_t res = n ? fill_columns(vc, &p, names, n) : RC_OK;
    if (res == RC_OK) res = verb_pipe_value(&p, input_label(vc), out);
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option fill_down_options[] = {
    {"nulls", OPT_WORD, "last first", "where null stands in the step's sort"},
    {0},
};
const struct verb_desc verb_fill_down = {
    .name = "fill_down",
    .sig = "fill_down columns, .. [by groups] [sort keys]",
    .doc = "Null becomes the last value before it, in the order of the sort clause (input order "
           "without one), within each group. Rows keep their places.",
    .examples = {"trips |> fill_down tip by zone sort day", "trips |> fill_down tip"},
    .options = fill_down_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = fill_down_bind,
};

/* ---- fill_gaps ---- */
struct gaps {
    struct verb_call *vc;
    const char *time;
    struct dtype type;
    const struct expr *every;
    struct named_expr *by;
    int n_by;
};

static const char *example_step(enum kind k)
{
    return k == KIND_INT ? "1" : k == KIND_DATE ? "1d" : "1h";
}

static rc read_every(struct gaps *g)
{
    struct verb_call *vc = g->vc;
    const struct ast_item *it = verb_option(vc, "every");
    enum kind k = g->type.kind;
    if (!it && k == KIND_INT) {
        g->every = make_int(vc->arena, 1);
        return RC_OK;
    }
    if (!it) {
        fail(vc->cx, E208, vc->step->verb_span, "fill_gaps needs every: the step from row to row");
        return hint_after(vc, vc->step->items[0].span, ", every: %s", example_step(k));
    }
    struct scalar s;
    TRY(verb_value(vc, it->expr, "every:", &s));
    bool fits =
        !s.is_null && (k == KIND_INT ? s.type.kind == KIND_INT && s.u.i > 0
                                     : s.type.kind == KIND_DURATION && (s.u.i > 0 || s.months > 0));
    if (!fits) {
        fail(vc->cx, E209, it->expr->span, "every: takes %s above zero here",
             k == KIND_INT ? "a whole number" : "a length of time");
        return hint_replace(vc->lg, it->expr->span, "%s", example_step(k));
    }
    g->every = expr_literal(vc->arena, &s, it->expr->span);
    return RC_OK;
}

static rc read_gaps(struct gaps *g)
{
    struct verb_call *vc = g->vc;
    struct bind b;
    const char **names;
    char text[96];
    int n;
    TRY(need_items(vc, "the column of times", "fill_gaps day, every: 1d by shop"));
    TRY(columns_of_items(vc, false, &names, &n));
    if (n != 1) return fail(vc->cx, E208, vc->step->span, "fill_gaps takes one column of times");
    const struct schema *s = vc->input->plan->schema;
    g->time = names[0];
    g->type = s->fields[schema_find(s, str_of(g->time))].type;
    enum kind k = g->type.kind;
    if (k != KIND_INT && k != KIND_DATE && k != KIND_DATETIME)
        return fail(vc->cx, E207, vc->step->items[0].span,
                    "fill_gaps takes dates, datetimes or whole numbers; `%s` is %s", g->time,
                    dtype_text(g->type, text, sizeof text));
    TRY(read_every(g));
    verb_bind_init(&b, vc, BIND_ROW);
    if (vc->step->has_by) TRY(bind_by(&b, vc->step->by, vc->step->n_by, &g->by, &g->n_by));
    for (int i = 0; i < g->n_by; i++)
        if (g->by[i].expr->op != EXPR_COLUMN)
            return fail(vc->cx, E217, vc->step->by[i].span,
                        "by of fill_gaps takes columns, which the new rows repeat");
    return RC_OK;
}

/* Every time from the first to the last of each group, in the input's columns. */
static rc grid_rows(struct gaps *g, struct pipe *p)
{
    struct verb_call *vc = g->vc;
    const struct schema *in = vc->input->plan->schema;
    const struct expr *time = name_expr(p->arena, in, g->time, p->span), *args[3];
    struct named_expr ends[2] = {{.name = ".from"}, {.name = ".to"}};
    struct named_list items = {0};
    TRY(make_agg(p->cx, p->arena, "min", time, p->span, &ends[0].expr));
    TRY(make_agg(p->cx, p->arena, "max", time, p->span, &ends[1].expr));
    TRY(verb_pipe_aggregate(p, g->by, g->n_by, ends, 2));
    const struct schema *groups = p->plan->schema;
    for (int i = 0; i < 2; i++)
        args[i] = name_expr(p->arena, groups, ends[i].name, p->span);
    args[2] = g->every;
    for (int i = 0; i < in->n; i++) {
        const struct field *f = &in->fields[i];
        struct scalar none = {.type = f->type, .is_null = true};
        const struct expr *e = expr_literal(p->arena, &none, p->span);
        for (int k = 0; k < g->n_by; k++)
            if (strcmp(g->by[k].expr->name, f->name) == 0)
                e = name_expr(p->arena, groups, g->by[k].name, p->span);
        if (strcmp(f->name, g->time) == 0)
            TRY(make_call(p->cx, p->arena, "seq", args, 3, p->span, &e));
        named_add(p->arena, &items, f->name, e, p->span);
    }
    named_add(p->arena, &items, GRID, make_int(p->arena, 1), p->span);
    TRY(verb_pipe_project(p, items.items, items.n));
    return verb_pipe_unnest(p, &g->time, 1, false, NULL);
}

/* Rows of the input, then those of the grid whose time no row of their group has; in order. */
static rc merge_rows(struct gaps *g, struct pipe *p, const struct pipe *grid)
{
    const struct schema *in = g->vc->input->plan->schema;
    struct plan *both;
    struct named_expr mark = {GRID, make_int(p->arena, 0)}, have = {.name = HAVE};
    int n = g->n_by + 1;
    const struct expr **keys = ARENA_ARRAY(p->arena, const struct expr *, n), *is_own, *is_new;
    struct sort_key *sort = ARENA_ARRAY(p->arena, struct sort_key, n);
    TRY(verb_pipe_add(p, &mark, 1));
    TRY(plan_union(p->cx, p->plan, grid->plan, p->span, &both));
    plan_unref(p->plan);
    p->plan = both;
    for (int i = 0; i < n; i++) {
        const char *name = i < g->n_by ? g->by[i].expr->name : g->time;
        keys[i] = name_expr(p->arena, both->schema, name, p->span);
        sort[i] = (struct sort_key){.expr = keys[i]};
    }
    const struct expr *grid_of = name_expr(p->arena, both->schema, GRID, p->span);
    TRY(make_agg(p->cx, p->arena, "min", grid_of, p->span, &have.expr));
    TRY(verb_pipe_window(p, keys, n, NULL, 0, &have, 1));
    TRY(make_call2(p->cx, p->arena, "==", grid_of, make_int(p->arena, 0), &is_own));
    TRY(make_call2(p->cx, p->arena, "==", name_expr(p->arena, p->plan->schema, HAVE, p->span),
                   make_int(p->arena, 1), &is_new));
    TRY(make_call2(p->cx, p->arena, "or", is_own, is_new, &is_own));
    TRY(verb_pipe_filter(p, is_own));
    TRY(verb_pipe_sort(p, sort, n));
    return verb_pipe_keep(p, in);
}

static enum rc_t fill_gaps_bind(struct verb_call *vc, struct value **out)
{
    struct gaps g = {.vc = vc};
    struct pipe p, grid;
    TRY(read_gaps(&g));
    verb_pipe_begin(&p, vc);
    verb_pipe_begin(&grid, vc);
    enum rc_t res = grid_rows(&g, &grid);
    if (res == RC_OK) res = merge_rows(&g, &p, &grid);
    if (res == RC_OK) res = verb_pipe_value(&p, input_label(vc), out);
    verb_pipe_release(&p);
    verb_pipe_release(&grid);
    return res;
}

static const struct verb_option fill_gaps_options[] = {
    {"every", OPT_ANY, NULL, "the step: 1d, 1h, 1mo, or a whole number for a column of ints"},
    {0},
};
const struct verb_desc verb_fill_gaps = {
    .name = "fill_gaps",
    .sig = "fill_gaps time, every: 1d [by groups]",
    .doc = "Adds a row for every time that is missing between the first and the last of its "
           "group; all other columns are null there. The result is sorted by group and time. "
           "Months keep the day they start on, clamped to the month's end.",
    .examples = {"trips |> summarize n = count() by day |> fill_gaps day, every: 1d",
                 "trips |> fill_gaps day, every: 1w by zone"},
    .options = fill_gaps_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .bind = fill_gaps_bind,
};

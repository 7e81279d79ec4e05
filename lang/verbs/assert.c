/* assert.c: conditions that rows must fulfil. A condition on whole columns (count() > 100) is
 * checked at once, on one row of aggregates: it must also fail where there are no rows at all. */
#include "lang/verbs/verb_int.h"

struct check {
    const char *message; /* as given, or NULL */
    bool warn_only;
};

static bool is_text(const struct ast_item *it)
{
    return it->kind == ITEM_PLAIN && (it->expr->op == AST_STR || it->expr->op == AST_FSTR);
}

static rc read_check(struct verb_call *vc, struct check *out)
{
    int at = 0;
    TRY(no_makes(vc, true));
    TRY(need_items(vc, "a condition", "assert fare >= 0, \"negative fare\""));
    TRY(verb_option_bool(vc, "warn", false, &out->warn_only));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        if (!is_text(it)) continue;
        struct scalar s;
        TRY(verb_value(vc, it->expr, "the message", &s));
        out->message = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    }
    return RC_OK;
}

static bool reads_rows(const struct expr *e, const struct schema *s)
{
    for (int i = 0; i < s->n; i++)
        if (expr_uses(e, s->fields[i].name)) return true;
    return false;
}

static rc whole_failed(struct verb_call *vc, const struct check *c, const struct ast_item *it,
                       const struct table *row, const struct bind *b)
{
    struct strbuf facts = {0};
    for (int i = 0; i < b->n_found && i < 6; i++) {
        struct scalar s = column_scalar(row->cols[i], 0);
        strbuf_addz(&facts, i ? ", " : "");
        expr_text(&facts, b->found[i].expr);
        strbuf_addz(&facts, " is ");
        scalar_text(&facts, &s, true);
        scalar_release(&s);
    }
    const char *text = source_text(vc, it->expr->span);
    enum rc_t r = RC_OK;
    if (c->warn_only) {
        warn(vc->cx, W310, it->span, "assert: %s does not hold: %s", c->message ? c->message : text,
             strbuf_view(&facts).p);
    } else {
        r = c->message ? fail(vc->cx, E310, it->span, "%s", c->message)
                       : fail(vc->cx, E310, it->span, "`%s` does not hold", text);
        if (r != RC_OK) r = err_note(vc->cx, "%s", strbuf_view(&facts).p);
    }
    strbuf_release(&facts);
    return r;
}

/* The aggregates of the condition and its truth, as one row. */
static rc check_whole(struct verb_call *vc, const struct check *c, const struct ast_item *it,
                      const struct bind *b, const struct expr *predicate)
{
    struct pipe p;
    struct table *row = NULL;
    struct named_expr holds = {".holds", predicate};
    if (vc->lg->is_dry) return RC_OK;
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(verb_pipe_aggregate(&p, NULL, 0, b->found, b->n_found));
    TRY_OUT(verb_pipe_add(&p, &holds, 1));
    TRY_OUT(exec_table(vc->cx, vc->lg->executor, p.plan, &row));
    struct scalar s = column_scalar(row->cols[b->n_found], 0);
    res = !s.is_null && s.u.b ? RC_OK : whole_failed(vc, c, it, row, b);
out:
    table_unref(row);
    verb_pipe_release(&p);
    return res;
}

static rc check_rows(struct verb_call *vc, struct pipe *p, const struct check *c,
                     const struct ast_item *it)
{
    struct bind b;
    const struct expr *e;
    verb_bind_init(&b, vc, BIND_WINDOW);
    TRY(bind_expr_kind(&b, it->expr, KIND_BOOL, "assert", &e));
    if (b.n_found && !vc->step->has_by && !reads_rows(e, b.schema))
        return check_whole(vc, c, it, &b, e);
    const struct expr **by;
    struct sort_key *sort;
    int n_by, n_sort;
    struct bind row;
    verb_bind_init(&row, vc, BIND_ROW);
    TRY(bind_clause_by(&row, vc, &by, &n_by));
    TRY(bind_clause_sort(&row, vc, vc->step->sort, vc->step->n_sort, &sort, &n_sort));
    TRY(verb_pipe_found(p, &b, by, n_by, sort, n_sort));
    const char *message = c->message;
    if (!message) message = source_text(vc, it->expr->span);
    TRY(verb_pipe_assert(p, e, message, c->warn_only, it->span));
    return b.n_found ? verb_pipe_keep(p, vc->input->plan->schema) : RC_OK;
}

static enum rc_t assert_bind(struct verb_call *vc, struct value **out)
{
    struct check c = {0};
    struct pipe p;
    int at = 0, n = 0;
    TRY(read_check(vc, &c));
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        if (is_text(it)) continue;
        TRY_OUT(check_rows(vc, &p, &c, it));
        n++;
    }
    *out =
        value_frame_status(p.plan, input_label(vc), n == 1 ? "assert: holds" : "assert: all hold");
    res = RC_OK;
out:
    verb_pipe_release(&p);
    return res;
}

static const struct verb_option assert_options[] = {
    {"warn", OPT_BOOL, NULL, "true: warns instead of stopping"},
    {0},
};
const struct verb_desc verb_assert = {
    .name = "assert",
    .sig = "assert condition, .. [, \"message\"] [by groups] [warn: true]",
    .doc = "Stops, and shows the rows, when a condition does not hold for every row. Conditions on "
           "aggregates (count() > 100) speak of the whole frame. The frame goes on unchanged.",
    .examples = {"trips |> assert fare >= 0, \"negative fare\"",
                 "trips |> assert count() > 3, n_distinct(zone) == 2"},
    .options = assert_options,
    .input = TAKES_FRAME,
    .takes_by = true,
    .takes_sort = true,
    .bind = assert_bind,
};

/* union.c: frames stacked, by name or by position. */
#include "lang/verbs/verb_int.h"

struct parts {
    const struct value **frames; /* borrowed from `owned` or from the input */
    struct value **owned;
    struct span *spans;
    int n, cap;
};

static rc add_part(struct verb_call *vc, struct parts *ps, struct value *take_v, struct span span)
{
    if (ps->n == ps->cap) {
        int cap = ps->cap ? 2 * ps->cap : 8;
        struct value **owned = ARENA_ARRAY(vc->arena, struct value *, cap);
        struct span *spans = ARENA_ARRAY(vc->arena, struct span, cap);
        for (int i = 0; i < ps->n; i++) {
            owned[i] = ps->owned[i];
            spans[i] = ps->spans[i];
        }
        ps->owned = owned;
        ps->spans = spans;
        ps->cap = cap;
    }
    ps->spans[ps->n] = span;
    ps->owned[ps->n++] = take_v;
    if (take_v->kind == VALUE_FRAME) return RC_OK;
    char type[128];
    enum rc_t r = fail(vc->cx, E211, span, "union stacks frames; this is of type %s",
                       value_type_text(take_v, type, sizeof type));
    return r;
}

/* A frame, or a list of frames. */
static rc add_value(struct verb_call *vc, struct parts *ps, const struct value *v, struct span span)
{
    if (v->kind != VALUE_LIST || v->column) return add_part(vc, ps, value_ref(v), span);
    for (int64_t i = 0; i < value_length(v); i++)
        TRY(add_part(vc, ps, value_item(v, i), span));
    return RC_OK;
}

static rc gather(struct verb_call *vc, struct parts *ps)
{
    int at = 0;
    if (vc->input) TRY(add_value(vc, ps, vc->input, vc->step->span));
    for (const struct ast_item *it; (it = next_item(vc->step, &at));) {
        const struct value *v = NULL;
        if (it->expr->op == AST_NAME || it->expr->op == AST_VAR)
            v = scope_get(vc->scope, it->expr->text);
        if (v && v->kind == VALUE_LIST) {
            TRY(add_value(vc, ps, v, it->span));
            continue;
        }
        struct value *item;
        if (it->expr->op == AST_LIST)
            TRY(interp_pipeline(vc->lg, vc->scope, it->expr, &item));
        else
            TRY(verb_frame_item(vc, it->expr, &item));
        enum rc_t res = add_value(vc, ps, item, it->span);
        value_unref(item);
        TRY(res);
    }
    if (ps->n) return RC_OK;
    fail(vc->cx, E208, vc->step->verb_span, "union needs frames to stack");
    return err_hint(vc->cx, "t |> union other");
}

/* ---- the columns of the result ---- */

struct columns {
    struct field *fields;
    int n, cap;
};

static int find_column(const struct columns *cs, const char *name)
{
    for (int i = 0; i < cs->n; i++)
        if (strcmp(cs->fields[i].name, name) == 0) return i;
    return -1;
}

static rc widen_column(struct verb_call *vc, struct field *have, const struct field *more,
                       struct span span)
{
    struct dtype both;
    char a[64], b[64];
    if (type_unify(have->type, more->type, &both)) {
        have->type = both;
        return RC_OK;
    }
    fail(vc->cx, E207, span, "`%s` is %s in one frame and %s in another", have->name,
         dtype_text(have->type, a, sizeof a), dtype_text(more->type, b, sizeof b));
    return hint_step(vc, "derive %s = str(%s)", have->name, have->name);
}

static rc result_columns(struct verb_call *vc, const struct parts *ps, bool by_position,
                         struct columns *cs)
{
    int all = 1;
    for (int k = 0; k < ps->n; k++)
        all += ps->owned[k]->plan->schema->n;
    cs->fields = ARENA_ARRAY(vc->arena, struct field, all);
    for (int k = 0; k < ps->n; k++) {
        const struct schema *s = ps->owned[k]->plan->schema;
        if (by_position && k && s->n != cs->n)
            return fail(vc->cx, E217, ps->spans[k],
                        "by_position: the frames have %d and %d columns; they need equally many",
                        cs->n, s->n);
        for (int i = 0; i < s->n; i++) {
            int at = by_position && k ? i : find_column(cs, s->fields[i].name);
            if (at < 0)
                cs->fields[cs->n++] = s->fields[i];
            else
                TRY(widen_column(vc, &cs->fields[at], &s->fields[i], ps->spans[k]));
        }
    }
    return RC_OK;
}

static rc column_of_part(struct verb_call *vc, const struct schema *s, int at,
                         const struct field *want, struct span span, const struct expr **out)
{
    if (at < 0) {
        struct scalar null = {.type = want->type, .is_null = true};
        *out = expr_literal(vc->arena, &null, span);
        return RC_OK;
    }
    *out = field_expr(vc->arena, s, at, span);
    return expr_as_type(vc->cx, vc->arena, *out, want->type, out);
}

/* A part with the columns of the result, and where it came from. */
static rc shape_part(struct verb_call *vc, const struct parts *ps, int k, const struct columns *cs,
                     bool by_position, const char *source, struct pipe *p)
{
    const struct schema *s = p->plan->schema;
    struct named_list items = {0};
    for (int i = 0; i < cs->n; i++) {
        const struct expr *e;
        int at = by_position ? i : schema_find(s, str_of(cs->fields[i].name));
        TRY(column_of_part(vc, s, at, &cs->fields[i], ps->spans[k], &e));
        named_add(vc->arena, &items, cs->fields[i].name, e, ps->spans[k]);
    }
    if (source) {
        const char *label = ps->owned[k]->label;
        if (!label) label = arena_printf(vc->arena, "%d", k + 1);
        named_add(vc->arena, &items, source, make_str(vc->arena, label), ps->spans[k]);
    }
    return verb_pipe_project(p, items.items, items.n);
}

static rc stack(struct verb_call *vc, const struct parts *ps, struct pipe *p)
{
    struct columns cs = {0};
    bool by_position;
    const char *source;
    TRY(verb_option_bool(vc, "by_position", false, &by_position));
    TRY(verb_option_str(vc, "source", NULL, &source));
    TRY(result_columns(vc, ps, by_position, &cs));
    TRY(shape_part(vc, ps, 0, &cs, by_position, source, p));
    for (int k = 1; k < ps->n; k++) {
        struct pipe more;
        struct plan *top;
        verb_pipe_from(&more, vc, ps->owned[k]->plan);
        enum rc_t res = shape_part(vc, ps, k, &cs, by_position, source, &more);
        if (res == RC_OK) res = plan_union(vc->cx, p->plan, more.plan, vc->step->span, &top);
        verb_pipe_release(&more);
        TRY(res);
        plan_unref(p->plan);
        p->plan = top;
    }
    return RC_OK;
}

static enum rc_t union_bind(struct verb_call *vc, struct value **out)
{
    struct parts ps = {0};
    struct pipe p = {0};
    enum rc_t res = RC_ERR;
    TRY_OUT(no_makes(vc, false));
    TRY_OUT(gather(vc, &ps));
    verb_pipe_from(&p, vc, ps.owned[0]->plan);
    TRY_OUT(stack(vc, &ps, &p));
    res = verb_pipe_value(&p, NULL, out);
out:
    verb_pipe_release(&p);
    for (int i = 0; i < ps.n; i++)
        value_unref(ps.owned[i]);
    return res;
}

static const struct verb_option union_options[] = {
    {"by_position", OPT_BOOL, NULL, "true: columns are matched by place, names are the first's"},
    {"source", OPT_STR, NULL, "a column of this name says which frame a row came from"},
    {0},
};
const struct verb_desc verb_union = {
    .name = "union",
    .sig = "union frame, .. [by_position: true, source: \"from\"]",
    .doc = "The rows of the frames one after the other. Columns are matched by name; where a frame "
           "lacks one its rows get null. int and num mix to num. A list of frames works too.",
    .examples = {"trips |> union trips", "trips |> union (trips |> drop tip), source: \"part\""},
    .options = union_options,
    .input = TAKES_FRAME | TAKES_VALUE | TAKES_NOTHING,
    .bind = union_bind,
};

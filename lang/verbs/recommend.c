/* recommend.c: the best items of each user, by a model that has factors of both. */
#include "lang/verbs/verb_int.h"

/* The name that for: gives: plain, or as text. */
static rc side_name(struct verb_call *vc, struct recommend_spec *spec)
{
    const struct ast_item *it = verb_option(vc, "for");
    struct scalar s;
    if (!it) {
        fail(vc->cx, E208, vc->step->span, "recommend needs for: who gets the recommendations");
        return hint_step(vc, "recommend 5, for: user");
    }
    spec->side_span = it->expr->span;
    if (it->expr->op == AST_NAME) {
        spec->side = arena_strndup(vc->arena, it->expr->text.p, it->expr->text.n);
        return RC_OK;
    }
    TRY(verb_value(vc, it->expr, "for:", &s));
    if (s.is_null || s.type.kind != KIND_STR)
        return fail(vc->cx, E209, it->expr->span,
                    "for: takes the name of one of the model's two columns");
    spec->side = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    return RC_OK;
}

static rc how_many(struct verb_call *vc, struct recommend_spec *spec)
{
    int at = 0;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a number", "recommend 5, for: user"));
    const struct ast_item *it = next_item(vc->step, &at);
    TRY(verb_value_int(vc, it->expr, "recommend", &spec->n));
    if (spec->n < 1)
        return fail(vc->cx, E209, it->span, "recommend takes how many for each, from 1 on");
    it = next_item(vc->step, &at);
    return it ? fail(vc->cx, E208, it->span, "recommend takes one number") : RC_OK;
}

/* The column of only: that is called as for: says. */
static rc chosen(struct verb_call *vc, const struct value *frame, const char *side,
                 struct table **out)
{
    const struct ast_item *it = verb_option(vc, "only");
    const struct schema *s = frame->plan->schema;
    int i = schema_find(s, str_of(side));
    struct plan *p;
    if (i < 0)
        return fail(vc->cx, E201, it->expr->span, "the frame of only: has no column `%s`", side);
    struct named_expr item = {side, field_expr(vc->arena, s, i, it->expr->span)};
    TRY(plan_project(vc->cx, frame->plan, &item, 1, it->expr->span, &p));
    enum rc_t res = frame_table(vc->lg, p, out);
    plan_unref(p);
    return res;
}

static rc make(struct verb_call *vc, const struct recommend_spec *spec, struct value **out)
{
    struct table *t;
    struct plan *p;
    TRY(ml_recommend(vc->cx, vc->input->model, spec, &t));
    enum rc_t res = plan_table(vc->cx, t, "recommend", &p);
    table_unref(t);
    TRY(res);
    *out = value_frame(p, NULL);
    plan_unref(p);
    return RC_OK;
}

static enum rc_t recommend_bind(struct verb_call *vc, struct value **out)
{
    struct recommend_spec spec = {.span = vc->step->span};
    const struct ast_item *only = verb_option(vc, "only");
    struct value *frame = NULL;
    struct table *rows = NULL;
    enum rc_t res = RC_ERR;
    TRY(how_many(vc, &spec));
    TRY(side_name(vc, &spec));
    if (vc->lg->is_dry) {
        *out = value_nothing(NULL);
        return RC_OK;
    }
    if (only) {
        TRY_OUT(verb_frame_item(vc, only->expr, &frame));
        TRY_OUT(chosen(vc, frame, spec.side, &rows));
        spec.only = rows->cols[0];
    }
    TRY_OUT(make(vc, &spec, out));
    res = RC_OK;
out:
    table_unref(rows);
    value_unref(frame);
    return res;
}

static const struct verb_option recommend_options[] = {
    {"for", OPT_ANY, NULL, "who gets them: one of the two columns of the formula"},
    {"only", OPT_FRAME, NULL, "a frame with that column: only for those in it"},
    {0},
};
const struct verb_desc verb_recommend = {
    .name = "recommend",
    .sig = "recommend n, for: user [only: frame]",
    .doc = "The n items with the highest score for each user (or users for each item), by an als "
           "model: a frame of both columns, score and rank. Runs at once.",
    .examples = {"tastes |> recommend 2, for: who", "tastes |> recommend 1, for: dish"},
    .options = recommend_options,
    .input = TAKES_MODEL,
    .bind = recommend_bind,
};

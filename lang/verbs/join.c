/* join.c: pairs the rows of two frames. */
#include "lang/verbs/verb_int.h"

static const struct {
    const char *name;
    enum join_kind kind;
} kinds[] = {
    {"inner", JOIN_INNER}, {"left", JOIN_LEFT}, {"right", JOIN_RIGHT}, {"full", JOIN_FULL},
    {"semi", JOIN_SEMI},   {"anti", JOIN_ANTI}, {"cross", JOIN_CROSS}, {"asof", JOIN_ASOF},
};

struct sides { /* binders of the two frames */
    struct verb_call *vc;
    struct bind left, right;
};

static bool comparison(struct str op, enum cmp_op *out)
{
    static const struct {
        const char *text;
        enum cmp_op op;
    } ops[] = {{"==", CMP_EQ}, {"<", CMP_LT}, {"<=", CMP_LE}, {">", CMP_GT}, {">=", CMP_GE}};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (str_eqz(op, ops[i].text)) {
            *out = ops[i].op;
            return true;
        }
    return false;
}

/* Both sides swapped by the user? Then say so, else let the first error stand. */
static rc maybe_swapped(struct sides *s, const struct ast *e)
{
    struct error first = *s->vc->cx->err;
    const struct expr *x;
    bool fits = bind_expr(&s->left, e->kids[1], &x) == RC_OK &&
                bind_expr(&s->right, e->kids[0], &x) == RC_OK;
    err_clear(s->vc->cx->err);
    *s->vc->cx->err = first;
    if (!fits) return RC_ERR;
    return hint_replace(s->vc->lg, e->span, "%s %.*s %s", source_text(s->vc, e->kids[1]->span),
                        STR_FMT(e->text), source_text(s->vc, e->kids[0]->span));
}

static rc bind_sides(struct sides *s, const struct ast *l, const struct ast *r, struct join_on *out)
{
    TRY(bind_expr(&s->left, l, &out->left));
    TRY(bind_expr(&s->right, r, &out->right));
    return RC_OK;
}

static rc bind_on(struct sides *s, const struct ast_item *it, struct join_on *out)
{
    const struct ast *e = it->expr;
    if (it->kind == ITEM_MAKE) {
        fail(s->vc->cx, E110, it->span, "use == to compare; = makes a column");
        return hint_replace(s->vc->lg, it->span, "%.*s == %s", STR_FMT(it->name),
                            source_text(s->vc, e->span));
    }
    out->op = CMP_EQ;
    if (e->op == AST_BINARY && comparison(e->text, &out->op)) {
        if (bind_sides(s, e->kids[0], e->kids[1], out) == RC_OK) return RC_OK;
        return maybe_swapped(s, e);
    }
    return bind_sides(s, e, e, out);
}

/* A clause for the hint: behind the frame, or in the one that holds only options (on kind: left).
 */
static rc hint_on(struct sides *s, const char *left, const char *right)
{
    const struct ast_step *step = s->vc->step;
    const char *keys = right ? arena_printf(s->vc->arena, "%s == %s", left, right) : left;
    if (!step->has_on) return hint_after(s->vc, step->items[0].span, " on %s", keys);
    for (int i = 1; i < step->n_items; i++)
        if (step->items[i].kind == ITEM_OPTION)
            return hint_replace(s->vc->lg, step->items[i].span, "%s, %s", keys,
                                source_text(s->vc, step->items[i].span));
    return RC_ERR;
}

static rc bind_all_on(struct sides *s, enum join_kind kind, struct join_on **out, int *n)
{
    const struct ast_step *step = s->vc->step;
    *out = ARENA_ARRAY(s->vc->arena, struct join_on, step->n_on + 1);
    *n = 0;
    for (int i = 0; i < step->n_on; i++)
        if (step->on[i].kind != ITEM_OPTION) TRY(bind_on(s, &step->on[i], &(*out)[(*n)++]));
    if (kind == JOIN_CROSS && *n)
        return fail(s->vc->cx, E217, step->on[0].span,
                    "a cross join pairs all rows: it takes no on");
    if (kind == JOIN_CROSS || *n) return RC_OK;
    fail(s->vc->cx, E208, step->verb_span, "join needs on: which columns must be equal");
    const struct schema *l = s->left.schema, *r = s->right.schema;
    for (int i = 0; i < l->n; i++)
        if (schema_find(r, str_of(l->fields[i].name)) >= 0)
            return hint_on(s, l->fields[i].name, NULL);
    if (!l->n || !r->n) return RC_ERR;
    return hint_on(s, l->fields[0].name, r->fields[0].name);
}

/* direction: and tolerance: are for asof joins alone. */
static rc asof_options(struct verb_call *vc, struct join_spec *spec)
{
    const char *direction;
    const char *const only[] = {"direction", "tolerance"};
    TRY(verb_option_word(vc, "direction", "backward", &direction));
    spec->direction = strcmp(direction, "forward") == 0   ? ASOF_FORWARD
                      : strcmp(direction, "nearest") == 0 ? ASOF_NEAREST
                                                          : ASOF_BACKWARD;
    for (int i = 0; i < 2; i++) {
        const struct ast_item *it = verb_option(vc, only[i]);
        if (!it || spec->kind == JOIN_ASOF) continue;
        fail(vc->cx, E206, it->name_span, "%s: is for joins of kind asof", only[i]);
        return verb_option(vc, "kind") ? RC_ERR : hint_after(vc, it->span, ", kind: asof");
    }
    const struct ast_item *within = verb_option(vc, "tolerance");
    if (!within) return RC_OK;
    struct scalar *s = ARENA_NEW(vc->arena, struct scalar);
    TRY(verb_value(vc, within->expr, "tolerance:", s));
    spec->tolerance = s;
    return RC_OK;
}

static rc join_spec_of(struct verb_call *vc, struct join_spec *spec)
{
    const char *kind, *expect;
    TRY(verb_option_word(vc, "kind", "inner", &kind));
    TRY(verb_option_str(vc, "suffix", "_right", &spec->suffix));
    TRY(verb_option_word(vc, "expect", NULL, &expect));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, kind) == 0) spec->kind = kinds[i].kind;
    spec->expect = expect;
    return asof_options(vc, spec);
}

static rc join_frames(struct verb_call *vc, const struct value *right, struct value **out)
{
    struct sides s = {.vc = vc};
    struct join_spec spec = {.left_label = input_label(vc), .right_label = right->label};
    struct join_on *on;
    struct plan *top;
    verb_bind_init(&s.left, vc, BIND_ROW);
    bind_init(&s.right, vc->lg, vc->scope, right->plan->schema, right->label, BIND_ROW);
    TRY(join_spec_of(vc, &spec));
    TRY(bind_all_on(&s, spec.kind, &on, &spec.n_on));
    spec.on = on;
    TRY(plan_join(vc->cx, vc->input->plan, right->plan, &spec, vc->step->span, &top));
    *out = value_frame(top, input_label(vc));
    plan_unref(top);
    return RC_OK;
}

static enum rc_t join_bind(struct verb_call *vc, struct value **out)
{
    struct value *right;
    int at = 0;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a frame to join", "join zones on zone"));
    TRY(verb_frame_item(vc, next_item(vc->step, &at)->expr, &right));
    enum rc_t res = RC_ERR;
    const struct ast_item *more = next_item(vc->step, &at);
    if (more) {
        res = fail(vc->cx, E208, more->span, "join takes one frame; keys stand after `on`");
        if (res != RC_OK)
            res = hint_step(vc, "join %s on %s", right->label ? right->label : "other",
                            source_text(vc, more->span));
        goto out;
    }
    res = join_frames(vc, right, out);
out:
    value_unref(right);
    return res;
}

static const struct verb_option join_options[] = {
    {"kind", OPT_WORD, "inner left right full semi anti cross asof",
     "which rows stay: inner (pairs only), left (all of the left frame), right, full, semi (left "
     "rows with a partner), anti (left rows without one), cross (every pair), asof (the nearest "
     "earlier row by the last pair of `on`; the other pairs are equal)"},
    {"suffix", OPT_STR, NULL,
     "added to a right column whose name is taken, \"_right\" if not said"},
    {"expect", OPT_WORD, "one-to-one many-to-one one-to-many many-to-many",
     "fails unless the keys are so"},
    {"direction", OPT_WORD, "backward forward nearest",
     "asof: which row is taken, the nearest earlier or equal one if not said"},
    {"tolerance", OPT_ANY, NULL, "asof: rows farther away than this do not count"},
    {0},
};
const struct verb_desc verb_join = {
    .name = "join",
    .sig = "join frame on keys [kind: inner]",
    .doc = "Pairs the rows of two frames whose keys are equal; rows without a partner are dropped "
           "unless kind: says otherwise. `on id, day` for columns of the same name, `on a == b` "
           "with the left frame's column first; both sides may be computed. Null keys match "
           "nothing. Reports rows in, out and unmatched.",
    .examples = {"trips |> join zones on zone",
                 "trips |> join zones on lower(zone) == zone, kind: left"},
    .options = join_options,
    .input = TAKES_FRAME,
    .takes_on = true,
    .bind = join_bind,
};

/* plan_join.c: makers of nodes with two inputs. The right key of `left_column == right_column` is
 * not kept; a right or full join fills the left one (language.md 3.6). */
#include "runtime/plan/plan_int.h"

static const struct expr *bare(const struct expr *e)
{
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    return e->op == EXPR_COLUMN ? e : NULL;
}

bool plan_join_is_merged(const struct join_on *on, const char **out_left, const char **out_right)
{
    const struct expr *l = bare(on->left), *r = bare(on->right);
    if (on->op != CMP_EQ || !l || !r) return false;
    if (out_left) *out_left = l->name;
    if (out_right) *out_right = r->name;
    return true;
}

/* The list or struct whose key e is, or e: `a.k == b.k` taken apart has keys already. */
static const struct expr *unkeyed(const struct expr *e)
{
    bool is_key = e->op == EXPR_CALL && strcmp(e->fn->name, "nested_key") == 0;
    return is_key ? e->args[0] : e;
}

/* Both sides of a pair in one type. */
static rc unify_pair(struct ctx *cx, const struct join_on *pair, struct join_on *out)
{
    struct join_on plain = {unkeyed(pair->left), unkeyed(pair->right), pair->op}, *on = &plain;
    char left[96], right[96];
    struct dtype type;
    struct span span = on->left->span.source ? on->left->span : on->right->span;
    if (!type_unify(on->left->type, on->right->type, &type)) {
        fail(cx, E207, span, "%s cannot be matched with %s",
             dtype_text(on->left->type, left, sizeof left),
             dtype_text(on->right->type, right, sizeof right));
        return err_note(cx, "cast one side: str(..) or int(..)");
    }
    *out = *on;
    if (!dtype_is_nested(type)) {
        TRY(expr_cast(cx, cx->arena, on->left, type.kind, &out->left));
        return expr_cast(cx, cx->arena, on->right, type.kind, &out->right);
    }
    TRY(expr_as_type(cx, cx->arena, on->left, type, &out->left));
    TRY(expr_as_type(cx, cx->arena, on->right, type, &out->right));
    TRY(expr_key(cx, cx->arena, out->left, &out->left));
    return expr_key(cx, cx->arena, out->right, &out->right);
}

static bool keeps_right(enum join_kind kind)
{
    return kind != JOIN_SEMI && kind != JOIN_ANTI;
}

/* The left columns as they come out: a key that a right or full join fills takes the common type.
 */
static void left_fields(const struct schema *left, const struct join_spec *spec,
                        struct field *fields)
{
    for (int i = 0; i < left->n; i++)
        fields[i] = left->fields[i];
    if (spec->kind != JOIN_RIGHT && spec->kind != JOIN_FULL) return;
    for (int i = 0; i < spec->n_on; i++) {
        const char *name;
        if (!plan_join_is_merged(&spec->on[i], &name, NULL)) continue;
        fields[schema_find(left, str_of(name))].type = spec->on[i].left->type;
    }
}

rc plan_join_raw(struct ctx *cx, struct plan *left, struct plan *right,
                 const struct join_spec *spec, const struct field *right_fields,
                 const char *const *right_columns, int n_right, struct span span, struct plan **out)
{
    struct schema *schema;
    int n_left = left->schema->n, n = n_left + n_right;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    left_fields(left->schema, spec, fields);
    for (int i = 0; i < n_right; i++)
        fields[n_left + i] = right_fields[i];
    TRY(schema_new(cx, fields, n, span, &schema));
    struct plan *p = plan_new(PLAN_JOIN, span, left, right);
    struct arena *a = p->arena;
    p->schema = schema;
    p->u.join.kind = spec->kind;
    p->u.join.on = ARENA_ARRAY(a, struct join_on, spec->n_on > 0 ? spec->n_on : 1);
    for (int i = 0; i < spec->n_on; i++)
        p->u.join.on[i] = (struct join_on){expr_copy(a, spec->on[i].left),
                                           expr_copy(a, spec->on[i].right), spec->on[i].op};
    p->u.join.n_on = spec->n_on;
    p->u.join.is_silent = spec->is_silent;
    p->u.join.direction = spec->direction;
    if (spec->tolerance) { /* a number or a duration: nothing of it lies elsewhere */
        struct scalar *within = ARENA_NEW(a, struct scalar);
        *within = *spec->tolerance;
        p->u.join.tolerance = within;
    }
    p->u.join.right_columns = ARENA_ARRAY(a, const char *, n_right > 0 ? n_right : 1);
    for (int i = 0; i < n_right; i++)
        p->u.join.right_columns[i] = arena_strndup(a, right_columns[i], strlen(right_columns[i]));
    p->u.join.n_right = n_right;
    const char *const texts[3] = {spec->expect, spec->left_label, spec->right_label};
    const char **fates[3] = {&p->u.join.expect, &p->u.join.left_label, &p->u.join.right_label};
    for (int i = 0; i < 3; i++)
        *fates[i] = texts[i] ? arena_strndup(a, texts[i], strlen(texts[i])) : NULL;
    *out = p;
    return RC_OK;
}

static bool is_dropped_key(const struct join_spec *spec, const char *name)
{
    for (int i = 0; i < spec->n_on; i++) {
        const char *right;
        if (plan_join_is_merged(&spec->on[i], NULL, &right) && strcmp(right, name) == 0)
            return true;
    }
    return false;
}

/* name, with the suffix while it stands already. */
static const char *free_name(struct ctx *cx, const struct schema *left, const struct field *taken,
                             int n_taken, const char *name, const char *suffix)
{
    for (;;) {
        bool clash = schema_find(left, str_of(name)) >= 0;
        for (int i = 0; i < n_taken && !clash; i++)
            clash = strcmp(taken[i].name, name) == 0;
        if (!clash) return name;
        name = arena_printf(cx->arena, "%s%s", name, suffix);
    }
}

static rc check_expect(struct ctx *cx, const char *expect, struct span span)
{
    static const char *const words[] = {"one-to-one", "one-to-many", "many-to-one", "many-to-many"};
    if (!expect) return RC_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], expect) == 0) return RC_OK;
    fail(cx, E209, span, "expect: takes no \"%s\"", expect);
    return err_note(cx, "it takes many-to-one, one-to-one, one-to-many or many-to-many");
}

/* ---- asof ---- */
static bool is_time(enum kind k)
{
    return k == KIND_DATE || k == KIND_DATETIME || k == KIND_DURATION;
}

static rc check_tolerance(struct ctx *cx, const struct scalar *s, struct dtype key,
                          struct span span)
{
    char text[96];
    bool is_number = s->type.kind == KIND_INT || s->type.kind == KIND_NUM;
    if (is_time(key.kind)) {
        if (s->type.kind == KIND_DURATION && !s->is_null && s->months == 0 && s->u.i >= 0)
            return RC_OK;
        fail(cx, E209, span, "tolerance: is a duration of fixed length, as the key is %s",
             dtype_text(key, text, sizeof text));
        return err_hint(cx, "tolerance: 10min");
    }
    bool is_below = is_number && (s->type.kind == KIND_INT ? s->u.i < 0 : s->u.f < 0);
    if (is_number && !s->is_null && !is_below) return RC_OK;
    fail(cx, E209, span, "tolerance: is a number from 0 on, as the key is %s",
         dtype_text(key, text, sizeof text));
    return err_hint(cx, "tolerance: 5");
}

/* The ordered pair is the last: `==` goes by direction:, the other comparisons say it themselves.
 */
static rc check_asof(struct ctx *cx, struct join_spec *spec, struct span span)
{
    char text[96];
    const struct join_on *last = &spec->on[spec->n_on - 1];
    struct dtype key = last->left->type;
    struct span at = last->left->span.source ? last->left->span : span;
    if (spec->expect)
        return fail(cx, E209, span, "expect: does not go with an asof join, which takes one row");
    for (int i = 0; i < spec->n_on - 1; i++)
        if (spec->on[i].op != CMP_EQ && spec->on[i].op != CMP_SAME) {
            fail(cx, E208, spec->on[i].left->span.source ? spec->on[i].left->span : span,
                 "only the last `on` pair of an asof join is ordered, the others are equal");
            return err_note(cx, "write on id == id, time >= time, kind: asof");
        }
    if (key.kind != KIND_INT && key.kind != KIND_NUM && !is_time(key.kind)) {
        fail(cx, E207, at, "an asof join orders by a number, date or time, not %s",
             dtype_text(key, text, sizeof text));
        return err_note(cx, "the last of `on` is the ordered one: on id, time");
    }
    if (last->op == CMP_NE) {
        fail(cx, E209, at, "the ordered pair of an asof join takes ==, <, <=, > or >=");
        return err_note(cx, "write on id == id, time >= time, kind: asof");
    }
    if (last->op != CMP_EQ && last->op != CMP_SAME) {
        bool is_back = last->op == CMP_GE || last->op == CMP_GT;
        if (spec->direction != ASOF_BACKWARD && (is_back || spec->direction != ASOF_FORWARD))
            return fail(cx, E209, at, "direction: and the comparison in `on` say different things");
        spec->direction = is_back ? ASOF_BACKWARD : ASOF_FORWARD;
    }
    return spec->tolerance ? check_tolerance(cx, spec->tolerance, key, span) : RC_OK;
}

static rc check_spec(struct ctx *cx, const struct join_spec *spec, const struct plan *left,
                     const struct plan *right, struct join_on *on, struct span span)
{
    TRY(check_expect(cx, spec->expect, span));
    if (spec->kind == JOIN_CROSS && spec->n_on > 0)
        return fail(cx, E208, span, "a cross join pairs all rows and takes no `on`");
    if (spec->kind != JOIN_CROSS && spec->n_on == 0) {
        fail(cx, E208, span, "the join needs `on`: which columns match");
        return err_note(cx, "write on id, or on left_column == right_column");
    }
    for (int i = 0; i < spec->n_on; i++) {
        TRY(plan_check_expr(cx, left->schema, spec->on[i].left));
        TRY(plan_check_expr(cx, right->schema, spec->on[i].right));
        TRY(unify_pair(cx, &spec->on[i], &on[i]));
    }
    return RC_OK;
}

/* A nested key that a right or full join fills: the pair is not merged in the node, whose keys are
 * texts, but by a step on top. fills[i]: the left column of the right column i of the output. */
static void part_nested(struct ctx *cx, const struct join_spec *spec, struct join_on *on,
                        const struct schema *right, const char **fills)
{
    for (int i = 0; i < spec->n_on; i++) {
        const char *l, *r;
        bool is_key = unkeyed(on[i].left) != on[i].left;
        if (!is_key || !plan_join_is_merged(&on[i], &l, &r)) continue;
        if (spec->kind != JOIN_RIGHT && spec->kind != JOIN_FULL) continue;
        struct expr *shown = expr_new(cx->arena, EXPR_CALL, on[i].right->type, on[i].right->span);
        *shown = *on[i].right;
        shown->is_implicit = false;
        on[i].right = shown;
        fills[schema_find(right, str_of(r))] = l;
    }
}

/* p without the columns fills[..] speaks of: their values stand where the left ones are null. */
static rc fill_nested(struct ctx *cx, struct plan *take_p, int n_left, const char *const *fills,
                      struct plan **out)
{
    const struct schema *s = take_p->schema;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 1);
    enum rc_t res = RC_OK;
    int n = 0;
    for (int i = 0; i < s->n && res == RC_OK; i++) {
        const struct field *f = &s->fields[i];
        const struct expr *e = expr_column(cx->arena, f->name, f->type, take_p->span);
        if (i >= n_left && fills[i - n_left]) continue;
        for (int k = n_left; k < s->n && i < n_left && res == RC_OK; k++) {
            const struct field *from = &s->fields[k];
            if (!fills[k - n_left] || strcmp(fills[k - n_left], f->name) != 0) continue;
            const struct expr *r = expr_column(cx->arena, from->name, from->type, take_p->span);
            res = expr_or(cx, cx->arena, e, r, take_p->span, &e);
        }
        items[n++] = (struct named_expr){f->name, e};
    }
    if (res == RC_OK) res = plan_project(cx, take_p, items, n, take_p->span, out);
    plan_unref(take_p);
    return res == RC_OK ? RC_OK : RC_ERR;
}

rc plan_join(struct ctx *cx, struct plan *left, struct plan *right, const struct join_spec *spec,
             struct span span, struct plan **out)
{
    struct join_spec s = *spec;
    struct join_on *on = ARENA_ARRAY(cx->arena, struct join_on, s.n_on > 0 ? s.n_on : 1);
    TRY(check_spec(cx, spec, left, right, on, span));
    s.on = on;
    if (s.kind == JOIN_ASOF) TRY(check_asof(cx, &s, span));
    const char *suffix = s.suffix && *s.suffix ? s.suffix : "_right";
    int n_right = 0, n = right->schema->n;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    const char **columns = ARENA_ARRAY(cx->arena, const char *, n > 0 ? n : 1);
    const char **fills = ARENA_ARRAY(cx->arena, const char *, n + 1);
    const char **out_fills = ARENA_ARRAY(cx->arena, const char *, n + 1);
    bool any = false;
    memset(fills, 0, sizeof *fills * (size_t)(n + 1));
    part_nested(cx, spec, on, right->schema, fills);
    for (int i = 0; i < n && keeps_right(s.kind); i++) {
        const struct field *f = &right->schema->fields[i];
        if (is_dropped_key(&s, f->name)) continue;
        columns[n_right] = f->name;
        out_fills[n_right] = fills[i];
        any = any || fills[i];
        fields[n_right] =
            (struct field){free_name(cx, left->schema, fields, n_right, f->name, suffix), f->type};
        n_right++;
    }
    TRY(plan_join_raw(cx, left, right, &s, fields, columns, n_right, span, out));
    return any ? fill_nested(cx, *out, left->schema->n, out_fills, out) : RC_OK;
}

rc plan_union(struct ctx *cx, struct plan *a, struct plan *b, struct span span, struct plan **out)
{
    char left[96], right[96];
    if (a->schema->n != b->schema->n)
        return fail(cx, E207, span, "the frames have %d and %d columns", a->schema->n,
                    b->schema->n);
    for (int i = 0; i < a->schema->n; i++) {
        const struct field *x = &a->schema->fields[i], *y = &b->schema->fields[i];
        if (strcmp(x->name, y->name) == 0 && dtype_eq(x->type, y->type)) continue;
        return fail(cx, E207, span,
                    "column %d is `%s` (%s) in one frame and `%s` (%s) in the other", i + 1,
                    x->name, dtype_text(x->type, left, sizeof left), y->name,
                    dtype_text(y->type, right, sizeof right));
    }
    struct plan *p = plan_new(PLAN_UNION, span, a, b);
    p->schema = schema_ref(a->schema);
    *out = p;
    return RC_OK;
}

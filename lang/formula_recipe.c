/* formula_recipe.c: recipes. A step is a call of a formula's function whose first argument names
 * columns; a column goes through the steps that take it, in order, and is then what a formula would
 * have written: scale(impute(fare, median)). pca(), normalize() and select() take what has
 * come to them together; the columns end there. Selectors look at the columns of the frame. */
#include "lang/formula_int.h"

static rc bad_step(struct lang *lg, const struct ast *e)
{
    fail(&lg->cx, E217, e->span, "a step of a recipe is a function of columns that is fitted");
    return err_note(&lg->cx, "recipe(impute(type(num), median), onehot(type(str), top: 30), "
                             "scale(type(num)))");
}

rc recipe_value(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    enum feature_op op;
    for (int i = 0; i < e->n_kids; i++) {
        const struct ast *step = e->kids[i];
        bool is_step = step->op == AST_CALL && step->n_kids > 0 &&
                       (formula_knows(step->text, &op) || formula_is_select(step->text));
        if (!is_step || formula_is_option(e, i) || formula_is_option(step, 0))
            return bad_step(lg, step);
    }
    if (e->n_kids == 0) return bad_step(lg, e);
    struct scope *captured = scope_capture(sc, lg->globals);
    struct value *v = value_fn(e, lg->program, captured);
    v->kind = VALUE_RECIPE;
    scope_unref(captured);
    *out = v;
    return RC_OK;
}

static void add_name(struct recipe_step *s, const char *name)
{
    for (int i = 0; i < s->n_names; i++)
        if (strcmp(s->names[i], name) == 0) return;
    s->names[s->n_names++] = name;
}

/* Columns that argument `e` of a step names. */
static rc step_columns(struct fb *f, const struct ast *e, struct recipe_step *s)
{
    const char **names;
    int n;
    bool is_selector;
    if (e->op == AST_NAME) {
        if (schema_find(f->b->schema, e->text) < 0) { /* E201 with the closest */
            const struct expr *unknown;
            return bind_expr(f->b, e, &unknown);
        }
        add_name(s, arena_strndup(f->a, e->text.p, e->text.n));
        return RC_OK;
    }
    if (e->op == AST_BINARY) /* type(num) - id */
        TRY(bind_columns(f->b, e, &names, &n, &is_selector));
    else
        TRY(formula_selector(f, e, &names, &n, &is_selector));
    if (!is_selector)
        return fail(f->b->cx, E217, e->span,
                    "a step of a recipe takes columns: a name, type(num), starts(\"x\") ..");
    for (int i = 0; i < n; i++)
        add_name(s, names[i]);
    return RC_OK;
}

/* How many arguments of the call are columns. */
static int n_columns(const struct ast *call, enum feature_op op)
{
    int n = 0;
    bool is_select = formula_is_select(call->text);
    while (n < call->n_kids && !formula_is_option(call, n))
        n++;
    if (is_select || op == FEATURE_NORMALIZE) return n;
    return op == FEATURE_PCA ? n - 1 : 1;
}

rc recipe_begin(struct fb *f, const struct value *prep)
{
    const struct ast *e = prep->fn;
    struct scope *scope = f->b->scope;
    enum rc_t res = RC_OK;
    f->steps = ARENA_ARRAY(f->a, struct recipe_step, e->n_kids + 1);
    f->step_scope = prep->closure ? prep->closure : f->b->lg->globals;
    f->b->scope = f->step_scope;
    for (int i = 0; i < e->n_kids && res == RC_OK; i++) {
        struct recipe_step *s = &f->steps[f->n_steps++];
        enum feature_op op = FEATURE_EXPR;
        s->call = e->kids[i];
        (void)formula_knows(s->call->text, &op);
        s->is_joint =
            op == FEATURE_PCA || op == FEATURE_NORMALIZE || formula_is_select(s->call->text);
        s->names = ARENA_ARRAY(f->a, const char *, f->b->schema->n + 1);
        s->input = ARENA_ARRAY(f->a, const struct ast *, f->b->schema->n + 1);
        for (int k = 0; k < n_columns(s->call, op) && res == RC_OK; k++)
            res = step_columns(f, s->call->kids[k], s);
    }
    f->b->scope = scope;
    return res;
}

static bool takes(const struct recipe_step *s, const char *name)
{
    for (int i = 0; i < s->n_names; i++)
        if (strcmp(s->names[i], name) == 0) return true;
    return false;
}

/* The call with other columns in the place of its own. */
static const struct ast *with_columns(struct fb *f, const struct ast *call, int n_old,
                                      const struct ast *const *columns, int n)
{
    struct ast *e = arena_copy(f->a, call, sizeof *call);
    int more = call->n_kids - n_old;
    const struct ast **kids = ARENA_ARRAY(f->a, const struct ast *, n + more + 1);
    struct str *names = ARENA_ARRAY(f->a, struct str, n + more + 1);
    for (int i = 0; i < n; i++)
        kids[i] = columns[i];
    for (int i = 0; i < more; i++) {
        kids[n + i] = call->kids[n_old + i];
        if (n_old + i < call->n_names) names[n + i] = call->names[n_old + i];
    }
    e->kids = (void *)kids;
    e->n_kids = n + more;
    e->names = names;
    e->n_names = n + more;
    return e;
}

rc recipe_column(struct fb *f, const char *name, struct span span, const struct ast **out)
{
    struct ast *column = ARENA_NEW(f->a, struct ast);
    *column = (struct ast){.op = AST_NAME, .span = span, .text = str_of(name)};
    *out = column;
    for (int k = 0; k < f->n_steps; k++) {
        struct recipe_step *s = &f->steps[k];
        if (!takes(s, name)) continue;
        if (s->is_joint) {
            s->input[s->n_input++] = *out;
            *out = NULL;
            return RC_OK;
        }
        *out = with_columns(f, s->call, 1, out, 1);
    }
    return RC_OK;
}

const struct ast *recipe_joint(struct fb *f, int k)
{
    struct recipe_step *s = &f->steps[k];
    enum feature_op op = FEATURE_EXPR;
    (void)formula_knows(s->call->text, &op);
    return with_columns(f, s->call, n_columns(s->call, op), s->input, s->n_input);
}

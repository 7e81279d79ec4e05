/* recipe.c: recipes as models: an encoder without a family's own fit, and the plan that applies it.
 * What is made of numbers and levels is a projection; texts go through a MAP, dense. */
#include "runtime/ml/score_int.h"
#include "runtime/ml/text_int.h"

/* ---- the family ---- */
static enum rc_t recipe_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                            struct model *m)
{
    (void)cx;
    (void)spec;
    (void)r;
    m->report.converged = true;
    return RC_OK;
}

static void recipe_save(const struct model *m, struct json_out *out)
{
    (void)m;
    (void)out;
}

static enum rc_t recipe_load(struct ctx *cx, const json_t *j, struct model *m)
{
    (void)cx;
    (void)j;
    (void)m;
    return RC_OK;
}

static const struct model_class recipe_class = {.takes_null = true,
                                                .no_design = true,
                                                .scores = SCORE_NONE,
                                                .fit = recipe_fit,
                                                .save = recipe_save,
                                                .load = recipe_load};
static const struct ml_param_desc no_params[] = {{.name = NULL}};
const struct ml_family ml_recipe = {.name = "recipe",
                                    .sig = "recipe(step, ..)",
                                    .doc = "Steps that columns go through.",
                                    .example = "fit recipe(scale(type(num)))",
                                    .params = no_params,
                                    .task = ML_NONE,
                                    .cls = &recipe_class};

/* ---- texts: a column a term ---- */
struct text_map {
    struct row_map base;
    atomic_int refs;
    struct arena *arena;
    const struct model *m; /* counted */
    int *features;         /* [base.n_needs] */
};

static enum rc_t text_run(struct ctx *cx, const struct row_map *map, const struct batch *in,
                          struct batch *out)
{
    const struct text_map *t = (const struct text_map *)map;
    int at = 0;
    for (int k = 0; k < t->base.n_needs; k++) {
        const struct enc_feature *f = &t->m->enc.features[t->features[k]];
        int width = enc_list_width(f);
        struct enc_cells cells;
        double **col = ARENA_ARRAY(cx->arena, double *, width + 1);
        TRY(enc_cells(cx, f, &in->cols[k], in->n_rows, &cells));
        for (int c = 0; c < width; c++) {
            col[c] = ARENA_ARRAY(cx->arena, double, in->n_rows + 1);
            out->cols[at++] = (struct vec){.phys = PHYS_F64, .data = col[c]};
        }
        for (int i = 0; i < in->n_rows; i++)
            for (int64_t j = cells.first[i]; j < cells.first[i + 1]; j++)
                col[cells.col[j]][i] = cells.value[j];
    }
    return RC_OK;
}

static void text_ref(struct row_map *map)
{
    atomic_fetch_add_explicit(&((struct text_map *)map)->refs, 1, memory_order_relaxed);
}

static void text_unref(struct row_map *map)
{
    struct text_map *t = (struct text_map *)map;
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
    ml_unref(t->m);
    arena_free(t->arena);
}

static enum rc_t text_done(struct ctx *cx, struct row_map *map)
{
    (void)cx;
    (void)map;
    return RC_OK;
}

static const struct row_map_class text_class = {
    .name = "transform", .run = text_run, .done = text_done, .ref = text_ref, .unref = text_unref};

static const char *term_column(struct arena *a, const struct enc_feature *f, int col)
{
    char buf[32];
    return arena_printf(a, "%s[%s]", f->name, text_column_name(f, col, buf));
}

/* The map of all texts of the model, whose values stand in the columns `.f<feature>`. */
static struct text_map *text_map_new(const struct model *m)
{
    const struct encoder *e = &m->enc;
    struct arena *a = arena_new();
    struct text_map *t = ARENA_NEW(a, struct text_map);
    int width = 0;
    for (int i = 0; i < e->n_features; i++)
        if (e->features[i].kind == ENC_LIST) width += enc_list_width(&e->features[i]);
    atomic_init(&t->refs, 1);
    t->arena = a;
    t->m = ml_ref(m);
    t->base.cls = &text_class;
    t->base.needs = ARENA_ARRAY(a, const char *, e->n_features + 1);
    t->base.adds = ARENA_ARRAY(a, struct field, width + 1);
    t->features = ARENA_ARRAY(a, int, e->n_features + 1);
    for (int i = 0; i < e->n_features; i++) {
        const struct enc_feature *f = &e->features[i];
        if (f->kind != ENC_LIST) continue;
        t->features[t->base.n_needs] = i;
        t->base.needs[t->base.n_needs++] = arena_printf(a, ".f%d", i);
        for (int c = 0; c < enc_list_width(f); c++)
            t->base.adds[t->base.n_adds++] = (struct field){term_column(a, f, c), DTYPE(KIND_NUM)};
    }
    return t;
}

/* ---- the plan ---- */
struct transform {
    struct ctx *cx;
    const struct model *m;
    struct span span;
    const struct schema *in;
    struct named_expr *items;
    int n;
};

static bool reads(const struct expr *e, const char *name)
{
    if (e->op == EXPR_COLUMN) return strcmp(e->name, name) == 0;
    for (int i = 0; i < e->n_args; i++)
        if (reads(e->args[i], name)) return true;
    return false;
}

static bool is_read(const struct encoder *e, const char *name)
{
    for (int i = 0; i < e->n_features; i++)
        if (reads(e->features[i].expr, name)) return true;
    return false;
}

static enum rc_t call(struct transform *t, const char *fn, const struct expr *const *args, int n,
                      const struct expr **out)
{
    const struct fn_desc *desc = fn_find(str_of(fn));
    if (!desc) return fail(t->cx, E903, t->span, "the function `%s` is not there", fn);
    return expr_call(t->cx, t->cx->arena, desc, args, n, t->span, out);
}

static void add_item(struct transform *t, const char *name, const struct expr *e)
{
    t->items[t->n++] = (struct named_expr){name, e};
}

/* 1 where x is the level. */
static enum rc_t add_level(struct transform *t, const struct enc_feature *f, int level,
                           const struct expr *x)
{
    struct arena *a = t->cx->arena;
    const struct expr *args[2] = {x, expr_literal(a, &f->levels[level].value, t->span)}, *out;
    TRY(call(t, "==", args, 2, &out));
    TRY(expr_cast(t->cx, a, out, KIND_NUM, &out));
    add_item(t, arena_printf(a, "%s[%s]", f->name, f->levels[level].text), out);
    return RC_OK;
}

/* onehot(x): a column a level, then one for the others: what no level's column says and is there.
 */
static enum rc_t add_levels(struct transform *t, const struct enc_feature *f, const struct expr *x)
{
    const struct expr *rest, *zero = NULL;
    struct arena *a = t->cx->arena;
    int first = t->n;
    for (int i = 0; i < f->n_levels; i++)
        TRY(add_level(t, f, i, x));
    if (!f->has_other) return RC_OK;
    TRY(call(t, "is_null", &x, 1, &rest));
    TRY(call(t, "not", &rest, 1, &rest));
    TRY(expr_cast(t->cx, a, rest, KIND_NUM, &rest));
    for (int i = first; i < t->n; i++) {
        const struct expr *args[2] = {rest, t->items[i].expr};
        TRY(call(t, "-", args, 2, &zero));
        rest = zero;
    }
    add_item(t, arena_printf(a, "%s[other]", f->name), rest);
    return RC_OK;
}

/* Items of everything but texts, and the texts' values as hidden columns. */
static enum rc_t make_items(struct transform *t)
{
    const struct encoder *e = &t->m->enc;
    int n = t->in->n;
    for (int i = 0; i < e->n_features; i++)
        n += e->features[i].n_levels + 2;
    t->items = ARENA_ARRAY(t->cx->arena, struct named_expr, n + 1);
    for (int i = 0; i < t->in->n; i++) {
        const struct field *f = &t->in->fields[i];
        if (!is_read(e, f->name))
            add_item(t, f->name, expr_column(t->cx->arena, f->name, f->type, t->span));
    }
    for (int i = 0; i < e->n_features; i++) {
        const struct enc_feature *f = &e->features[i];
        const struct expr *x;
        TRY(score_adapt(t->cx, f->expr, t->in, t->span, &x));
        if (f->kind == ENC_CATEGORY && f->ref < 0)
            TRY(add_levels(t, f, x));
        else if (f->kind == ENC_LIST)
            add_item(t, arena_printf(t->cx->arena, ".f%d", i), x);
        else
            add_item(t, f->name, x);
    }
    return RC_OK;
}

static enum rc_t check_width(struct transform *t)
{
    const struct encoder *e = &t->m->enc;
    for (int i = 0; i < e->n_features; i++) {
        const struct enc_feature *f = &e->features[i];
        if (f->kind != ENC_LIST || enc_list_width(f) <= TRANSFORM_MAX) continue;
        fail(t->cx, E902, t->span, "`%s` has %d columns: a frame takes at most %d of a text",
             f->name, enc_list_width(f), TRANSFORM_MAX);
        return err_note(t->cx, "a model takes them all: fit y ~ ., logistic(), prep: $prep; "
                               "max: 500 keeps the most frequent terms");
    }
    return RC_OK;
}

/* The texts' values become their columns. */
static enum rc_t map_texts(struct transform *t, struct plan *project, struct plan **out)
{
    struct text_map *map = text_map_new(t->m);
    struct plan *mapped = NULL;
    enum rc_t res = plan_map(t->cx, project, &map->base, t->span, &mapped);
    if (res == RC_OK) {
        const struct schema *s = mapped->schema;
        struct named_expr *keep = ARENA_ARRAY(t->cx->arena, struct named_expr, s->n + 1);
        int n = 0;
        for (int i = 0; i < s->n; i++) {
            bool is_hidden = false;
            for (int k = 0; k < map->base.n_needs; k++)
                is_hidden |= strcmp(map->base.needs[k], s->fields[i].name) == 0;
            if (is_hidden) continue;
            const struct field *f = &s->fields[i];
            keep[n++] =
                (struct named_expr){f->name, expr_column(t->cx->arena, f->name, f->type, t->span)};
        }
        res = plan_project(t->cx, mapped, keep, n, t->span, out);
    }
    plan_unref(mapped);
    text_unref(&map->base);
    return res;
}

enum rc_t ml_transform_plan(struct ctx *cx, const struct model *m, struct plan *in,
                            struct span span, struct plan **out)
{
    struct transform t = {.cx = cx, .m = m, .span = span, .in = in->schema};
    struct plan *project = NULL;
    bool has_text = false;
    if (m->family != &ml_recipe) {
        fail(cx, E217, span, "transform takes a fitted recipe; this is a %s model",
             m->family->name);
        return err_note(cx, "p = train |> fit prep, then test |> transform p");
    }
    for (int i = 0; i < m->enc.n_features; i++)
        has_text |= m->enc.features[i].kind == ENC_LIST;
    TRY(check_width(&t));
    TRY(make_items(&t));
    TRY(plan_project(cx, in, t.items, t.n, span, &project));
    if (!has_text) return *out = project, RC_OK;
    enum rc_t res = map_texts(&t, project, out);
    plan_unref(project);
    return res;
}

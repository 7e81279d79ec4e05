/* score.c: predict as a plan: a PROJECT computes the encoder's expressions as hidden columns, a MAP
 * (below) turns a batch of them into predictions, a PROJECT drops them again. Everything streams;
 * the map counts nulls and unseen levels in atomics and reports when the run is done. */
#include "runtime/ml/score_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/ml/groups_int.h"

#include <math.h>

/* ---- one batch ---- */
static void no_values(uint64_t *valid, const struct vec *v, int64_t n)
{
    if (v->is_const) {
        if (!bit_valid(v->valid, 0)) bitmap_fill(valid, n, false);
    } else if (v->valid) {
        bitmap_and(valid, valid, v->valid, n);
    }
}

/* The values as doubles, null as NaN. */
static const double *numbers(struct ctx *cx, const struct vec *v, int64_t n)
{
    if (v->phys == PHYS_F64 && !v->is_const && !v->valid) return v->data;
    double *out = ARENA_ARRAY(cx->arena, double, n + 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t k = v->is_const ? 0 : i;
        out[i] = v->phys == PHYS_F32   ? (double)((const float *)v->data)[k]
                 : v->phys == PHYS_I64 ? (double)((const int64_t *)v->data)[k]
                 : v->phys == PHYS_I32 ? (double)((const int32_t *)v->data)[k]
                                       : ((const double *)v->data)[k];
        if (!bit_valid(v->valid, k)) out[i] = NAN;
    }
    return out;
}

static enum rc_t unseen_error(struct ctx *cx, const struct score_map *s,
                              const struct enc_feature *f)
{
    fail(cx, E411, s->span, "%s: `%s` has a level that was not there when the model was fitted",
         s->what, f->name);
    return err_note(cx,
                    "without unseen: error in the formula such rows count as none of its levels");
}

/* Codes of feature i; counts what is unseen. */
static enum rc_t categories(struct ctx *cx, struct score_map *s, int i, const struct vec *v,
                            int64_t n, const int32_t **out)
{
    const struct enc_feature *f = &s->m->enc.features[i];
    int32_t *codes = ARENA_ARRAY(cx->arena, int32_t, n + 1);
    TRY(enc_codes(cx, f, v, n, codes));
    int64_t unseen = 0;
    for (int64_t k = 0; k < n; k++)
        unseen += codes[k] == CODE_UNSEEN;
    if (unseen > 0 && f->unseen_error) return unseen_error(cx, s, f);
    if (unseen > 0) atomic_fetch_add_explicit(&s->unseen[i], unseen, memory_order_relaxed);
    *out = codes;
    return RC_OK;
}

static enum rc_t feature_values(struct ctx *cx, struct score_map *s, int i, const struct vec *v,
                                int64_t n, struct score_scratch *x)
{
    const struct enc_feature *f = &s->m->enc.features[i];
    if (f->kind == ENC_CATEGORY) return categories(cx, s, i, v, n, &x->in.code[i]);
    if (f->kind == ENC_NUMBER) return x->in.num[i] = numbers(cx, v, n), RC_OK;
    struct enc_cells *cells = ARENA_NEW(cx->arena, struct enc_cells);
    x->in.cells[i] = cells;
    return enc_cells(cx, f, v, n, cells);
}

enum rc_t score_encode(struct ctx *cx, struct score_map *s, const struct batch *in,
                       struct score_scratch *x)
{
    const struct encoder *e = &s->m->enc;
    int64_t n = in->n_rows;
    x->in.num = ARENA_ARRAY(cx->arena, const double *, e->n_features + 1);
    x->in.code = ARENA_ARRAY(cx->arena, const int32_t *, e->n_features + 1);
    x->in.cells = ARENA_ARRAY(cx->arena, const struct enc_cells *, e->n_features + 1);
    x->valid = ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(n) + 1);
    bitmap_fill(x->valid, n, true);
    for (int i = 0; i < e->n_features; i++) {
        const struct vec *v = &in->cols[i];
        TRY(feature_values(cx, s, i, v, n, x));
        if (s->m->family->cls->takes_null) continue;
        int64_t nulls =
            v->is_const ? (bit_valid(v->valid, 0) ? 0 : n) : n - bitmap_count(v->valid, n);
        if (nulls > 0) atomic_fetch_add_explicit(&s->nulls[i], nulls, memory_order_relaxed);
        no_values(x->valid, v, n);
    }
    int64_t n_null = n - bitmap_count(x->valid, n);
    if (n_null > 0) atomic_fetch_add_explicit(&s->n_null, n_null, memory_order_relaxed);
    return RC_OK;
}

/* The class of each row: of two by the threshold, of more the likeliest (ties: the earlier). */
static int32_t *choose_classes(struct ctx *cx, const struct score_map *s,
                               const struct score_scratch *x, int64_t n)
{
    int32_t *out = ARENA_ARRAY(cx->arena, int32_t, n + 1);
    int yes = s->m->target.positive;
    for (int64_t i = 0; i < n; i++) {
        const double *row = x->score + (size_t)i * (size_t)x->width;
        if (x->width == 1) out[i] = row[0] > s->threshold ? yes : 1 - yes;
        for (int k = 1; k < x->width; k++)
            if (row[k] > row[out[i]]) out[i] = k;
    }
    return out;
}

static void put_classes(struct ctx *cx, const struct score_map *s, const struct score_scratch *x,
                        const int32_t *class, int64_t n, struct vec *out)
{
    const struct target *t = &s->m->target;
    void *data = ARENA_ARRAY(cx->arena, int64_t, n + 1);
    *out = (struct vec){.valid = x->valid, .data = data};
    for (int64_t i = 0; i < n; i++) {
        int c = class[i];
        if (s->classes)
            ((int32_t *)data)[i] = bit_get(x->valid, i) ? c : 0;
        else if (t->type.kind == KIND_BOOL)
            bit_put(data, i, t->classes.levels[c].value.u.b);
        else
            ((int64_t *)data)[i] = t->classes.levels[c].value.u.i;
    }
    out->phys = s->classes ? PHYS_DICT : t->type.kind == KIND_BOOL ? PHYS_BOOL : PHYS_I64;
    out->dict = s->classes;
}

/* Rows with a value that is none (infinity times zero) are null; every null slot holds 0. */
static void clear_nulls(struct score_scratch *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double *row = x->score + (size_t)i * (size_t)x->width;
        for (int k = 0; k < x->width; k++)
            if (isnan(row[k])) bit_clear(x->valid, i);
        for (int k = 0; k < x->width && !bit_get(x->valid, i); k++)
            row[k] = 0.0;
    }
}

/* Columns from..width of the scores, one vector each. */
static void put_columns(struct ctx *cx, const struct score_scratch *x, int from, int64_t n,
                        struct vec *out)
{
    for (int k = from; k < x->width; k++) {
        double *data = ARENA_ARRAY(cx->arena, double, n + 1);
        for (int64_t i = 0; i < n; i++)
            data[i] = x->score[(size_t)i * (size_t)x->width + (size_t)k];
        out[k - from] = (struct vec){.phys = PHYS_F64, .valid = x->valid, .data = data};
    }
}

/* Value `index[i] + from` of each row. */
static struct vec chosen_score(struct ctx *cx, const struct score_scratch *x, const int32_t *index,
                               int from, int64_t n)
{
    double *data = ARENA_ARRAY(cx->arena, double, n + 1);
    for (int64_t i = 0; i < n; i++) {
        int k = from + index[i];
        data[i] =
            k >= from && k < x->width ? x->score[(size_t)i * (size_t)x->width + (size_t)k] : 0;
    }
    return (struct vec){.phys = PHYS_F64, .valid = x->valid, .data = data};
}

static void put_class_scores(struct ctx *cx, const struct score_map *s,
                             const struct score_scratch *x, int64_t n, struct vec *out)
{
    const int32_t *class = choose_classes(cx, s, x, n);
    put_classes(cx, s, x, class, n, &out[0]);
    if (x->width == 1) {
        put_columns(cx, x, 0, n, &out[1]);
        return;
    }
    out[1] = chosen_score(cx, x, class, 0, n);
    put_columns(cx, x, 0, n, &out[2]);
}

/* Cluster numbers, then with memberships the one of the row's own cluster and all of them. */
static void put_clusters(struct ctx *cx, const struct score_scratch *x, int64_t n, struct vec *out)
{
    int64_t *cluster = ARENA_ARRAY(cx->arena, int64_t, n + 1);
    int32_t *index = ARENA_ARRAY(cx->arena, int32_t, n + 1);
    for (int64_t i = 0; i < n; i++) {
        cluster[i] = (int64_t)x->score[(size_t)i * (size_t)x->width];
        index[i] = (int32_t)cluster[i] - 1;
    }
    out[0] = (struct vec){.phys = PHYS_I64, .valid = x->valid, .data = cluster};
    if (x->width == 1) return;
    out[1] = chosen_score(cx, x, index, 1, n);
    put_columns(cx, x, 1, n, &out[2]);
}

void score_put(struct ctx *cx, const struct score_map *s, struct score_scratch *x, int64_t n,
               struct batch *out)
{
    clear_nulls(x, n);
    switch (model_scores(s->m)) {
    case SCORE_CLASS: put_class_scores(cx, s, x, n, out->cols); break;
    case SCORE_CLUSTER: put_clusters(cx, x, n, out->cols); break;
    default: put_columns(cx, x, 0, n, out->cols); break;
    }
}

static enum rc_t map_run(struct ctx *cx, const struct row_map *map, const struct batch *in,
                         struct batch *out)
{
    struct score_map *s = (struct score_map *)(uintptr_t)map; /* its counters are atomic */
    struct score_scratch x = {.width = model_width(s->m)};
    int64_t n = in->n_rows;
    TRY(score_encode(cx, s, in, &x));
    x.score = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)n, (size_t)x.width) + 1);
    s->m->family->cls->score(s->m, &x.in, 0, (int)n, x.score);
    score_put(cx, s, &x, n, out);
    return RC_OK;
}

/* ---- the end of a run ---- */
static void tell_nulls(struct ctx *cx, struct score_map *s, int64_t n)
{
    const struct encoder *e = &s->m->enc;
    const char **names = ARENA_ARRAY(cx->arena, const char *, e->n_features + 1);
    int n_names = 0;
    for (int i = 0; i < e->n_features; i++)
        if (atomic_load_explicit(&s->nulls[i], memory_order_relaxed) > 0)
            names[n_names++] = e->features[i].name;
    warn(cx, W405, s->span,
         n == 1 ? "%s: %lld row scores null: null in %s" : "%s: %lld rows score null: null in %s",
         s->what, (long long)n, ml_name_list(cx->arena, names, n_names));
}

static const char *unseen_verb(bool is_id, bool is_one)
{
    if (is_id) return is_one ? "it scores" : "they score";
    return is_one ? "it counts" : "they count";
}

static enum rc_t map_done(struct ctx *cx, struct row_map *map)
{
    struct score_map *s = (struct score_map *)map;
    const struct encoder *e = &s->m->enc;
    int64_t n_null = atomic_exchange_explicit(&s->n_null, 0, memory_order_relaxed);
    if (n_null > 0) tell_nulls(cx, s, n_null);
    for (int i = 0; i < e->n_features; i++) {
        atomic_store_explicit(&s->nulls[i], 0, memory_order_relaxed);
        int64_t n = atomic_exchange_explicit(&s->unseen[i], 0, memory_order_relaxed);
        if (n > 0)
            warn(cx, W401, s->span,
                 s->m->family->cls->takes_ids
                     ? "%s: %s a value of `%s` that the model has not seen; %s null"
                     : "%s: %s a level of `%s` that the model has not seen; %s as none of its "
                       "levels",
                 s->what, ml_rows_have(cx->arena, n), e->features[i].name,
                 unseen_verb(s->m->family->cls->takes_ids, n == 1));
    }
    return RC_OK;
}

static void map_ref(struct row_map *map)
{
    atomic_fetch_add_explicit(&((struct score_map *)map)->refs, 1, memory_order_relaxed);
}

static void map_unref(struct row_map *map)
{
    struct score_map *s = (struct score_map *)map;
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    ml_unref(s->m);
    column_unref(s->classes);
    arena_free(s->arena);
}

static const struct row_map_class score_class = {
    .name = "predict", .run = map_run, .done = map_done, .ref = map_ref, .unref = map_unref};

/* ---- making the plan ---- */
static enum rc_t class_dictionary(struct ctx *cx, const struct target *t, struct column **out)
{
    struct builder b;
    enum rc_t res = RC_OK;
    *out = NULL;
    if (t->type.kind != KIND_STR && t->type.kind != KIND_CAT) return RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; res == RC_OK && i < t->classes.n_levels; i++)
        res = builder_str(cx, &b, t->classes.levels[i].value.u.s);
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

enum rc_t score_map_new(struct ctx *cx, const struct score_spec *spec, const char *const *needs,
                        struct score_map **out)
{
    struct column *classes;
    TRY(class_dictionary(cx, &spec->m->target, &classes));
    struct arena *a = arena_new();
    const struct model *m = spec->m;
    struct score_map *s = ARENA_NEW(a, struct score_map);
    int n = m->enc.n_features;
    atomic_init(&s->refs, 1);
    s->arena = a;
    s->m = ml_ref(m);
    s->threshold = spec->threshold < 0 ? m->threshold : spec->threshold;
    s->span = spec->span;
    s->what = spec->what;
    s->classes = classes;
    s->nulls = ARENA_ARRAY(a, atomic_llong, n + 1);
    s->unseen = ARENA_ARRAY(a, atomic_llong, n + 1);
    s->base.cls = &score_class;
    s->base.needs = ARENA_ARRAY(a, const char *, n + 1);
    for (int i = 0; i < n && needs; i++)
        s->base.needs[i] = arena_strndup(a, needs[i], strlen(needs[i]));
    s->base.n_needs = n;
    s->base.n_adds = spec->n_made;
    s->base.adds = ARENA_ARRAY(a, struct field, spec->n_made + 1);
    for (int i = 0; i < spec->n_made; i++) {
        const struct field *f = &spec->made[i];
        s->base.adds[i] = (struct field){arena_strndup(a, f->name, strlen(f->name)), f->type};
    }
    *out = s;
    return RC_OK;
}

void score_map_unref(struct score_map *s)
{
    if (s) map_unref(&s->base);
}

/* A name that no column of `in` has. */
const char *score_free_name(struct arena *a, const struct schema *in, const char *base)
{
    const char *name = base;
    for (int k = 1; schema_find(in, str_of(name)) >= 0; k++)
        name = arena_printf(a, "%s_%d", base, k);
    return name;
}

enum rc_t score_map_plan(struct ctx *cx, const struct score_spec *spec, struct plan *in,
                         const struct named_expr *keep, int n_keep, struct plan **out)
{
    const struct encoder *e = &spec->m->enc;
    struct arena *a = cx->arena;
    if (model_groups(spec->m)) return groups_map_plan(cx, spec, in, keep, n_keep, out);
    struct named_expr *items = ARENA_ARRAY(a, struct named_expr, n_keep + e->n_features + 1);
    const char **hidden = ARENA_ARRAY(a, const char *, e->n_features + 1);
    for (int i = 0; i < n_keep; i++)
        items[i] = keep[i];
    for (int i = 0; i < e->n_features; i++) {
        const struct expr *x;
        hidden[i] = score_free_name(a, in->schema, arena_printf(a, ".f%d", i));
        TRY(score_adapt(cx, e->features[i].expr, in->schema, spec->span, &x));
        if (e->features[i].kind == ENC_NUMBER) TRY(expr_cast(cx, a, x, KIND_NUM, &x));
        items[n_keep + i] = (struct named_expr){hidden[i], x};
    }
    struct plan *project = NULL;
    struct score_map *map;
    TRY(score_map_new(cx, spec, hidden, &map));
    enum rc_t res = plan_project(cx, in, items, n_keep + e->n_features, spec->span, &project);
    if (res == RC_OK) res = plan_map(cx, project, &map->base, spec->span, out);
    plan_unref(project);
    map_unref(&map->base);
    return res;
}

/* ---- what a model makes ---- */
enum rc_t score_columns(struct ctx *cx, struct score_spec *spec, const struct schema *in)
{
    const struct model *m = spec->m;
    enum score_kind kind = model_scores(m);
    struct arena *a = cx->arena;
    if (kind == SCORE_NONE)
        return fail(cx, E217, spec->span, "a %s model does not score rows", m->family->name);
    int width = model_width(m), n = 0;
    struct field *f = ARENA_ARRAY(a, struct field, width + 3);
    bool is_cluster = kind == SCORE_CLUSTER, is_class = kind == SCORE_CLASS;
    if (is_class || is_cluster) {
        f[n++] = (struct field){".prediction", is_class ? m->target.type : DTYPE(KIND_INT)};
        if (is_class || width > 1) f[n++] = (struct field){".probability", DTYPE(KIND_NUM)};
    }
    if (kind == SCORE_NUMBER) f[n++] = (struct field){".prediction", DTYPE(KIND_NUM)};
    int n_more = kind == SCORE_NUMBER || width == 1 ? 0 : is_cluster ? width - 1 : width;
    if (kind == SCORE_COLUMNS) n_more = width;
    for (int i = 0; i < n_more; i++)
        f[n++] = (struct field){arena_printf(a, ".p%d", i), DTYPE(KIND_NUM)};
    for (int i = 0; i < n; i++)
        f[i].name = score_free_name(a, in, f[i].name);
    spec->made = f;
    spec->n_made = n;
    return RC_OK;
}

/* Columns as people see them: prediction, probability, class_probs, or the family's own. */
static enum rc_t shown_columns(struct ctx *cx, const struct score_spec *spec,
                               struct named_expr *out, int *out_n)
{
    static const char *const names[] = {"prediction", "probability"};
    const struct model *m = spec->m;
    const struct enc_feature *classes = &m->target.classes;
    struct arena *a = cx->arena;
    bool is_own = model_scores(m) == SCORE_COLUMNS;
    const struct expr **probs = ARENA_ARRAY(a, const struct expr *, spec->n_made + 1);
    const char **levels = ARENA_ARRAY(a, const char *, spec->n_made + 1);
    int n = 0, n_probs = 0;
    for (int i = 0; i < spec->n_made; i++) {
        const struct expr *x = expr_column(a, spec->made[i].name, spec->made[i].type, spec->span);
        if (is_own) {
            const struct model *own = model_groups(m) ? model_groups(m)->members[0] : m;
            out[n++] = (struct named_expr){own->family->cls->column_name(own, a, i), x};
        } else if (i < 2) {
            out[n++] = (struct named_expr){names[i], x};
        } else {
            levels[n_probs] = n_probs < classes->n_levels ? classes->levels[n_probs].text
                                                          : arena_printf(a, "%d", n_probs + 1);
            probs[n_probs++] = x;
        }
    }
    *out_n = n;
    if (n_probs == 0) return RC_OK;
    out[n].name = "class_probs";
    TRY(expr_struct(cx, a, levels, probs, n_probs, spec->span, &out[n].expr));
    *out_n = n + 1;
    return RC_OK;
}

/* The result's columns: those of `in`, what is made in place of older ones or last. */
static enum rc_t result_items(struct ctx *cx, const struct score_spec *spec,
                              const struct schema *in, struct named_expr *items, int *out_n)
{
    struct arena *a = cx->arena;
    struct named_expr *made = ARENA_ARRAY(a, struct named_expr, spec->n_made + 2);
    int n = 0, n_made;
    TRY(shown_columns(cx, spec, made, &n_made));
    bool *placed = ARENA_ARRAY(a, bool, n_made + 1);
    for (int i = 0; i < in->n; i++) {
        const struct field *f = &in->fields[i];
        items[n] = (struct named_expr){f->name, expr_column(a, f->name, f->type, spec->span)};
        for (int k = 0; k < n_made; k++)
            if (strcmp(f->name, made[k].name) == 0) {
                items[n].expr = made[k].expr;
                placed[k] = true;
            }
        n++;
    }
    for (int k = 0; k < n_made; k++)
        if (!placed[k]) items[n++] = made[k];
    *out_n = n;
    return RC_OK;
}

/* *plan := its rows that have a score. */
static enum rc_t drop_null_scores(struct ctx *cx, const struct score_spec *spec, struct plan **plan)
{
    const struct field *f = &spec->made[0];
    const struct expr *e = expr_column(cx->arena, f->name, f->type, spec->span);
    struct plan *kept;
    TRY(expr_call(cx, cx->arena, fn_find(STR("is_null")), &e, 1, spec->span, &e));
    TRY(expr_call(cx, cx->arena, fn_find(STR("not")), &e, 1, spec->span, &e));
    TRY(plan_filter(cx, *plan, e, spec->span, &kept));
    plan_unref(*plan);
    *plan = kept;
    return RC_OK;
}

enum rc_t ml_score_plan(struct ctx *cx, const struct model *m, struct plan *in, double threshold,
                        struct span span, struct plan **out)
{
    const struct schema *s = in->schema;
    struct score_spec spec = {.m = m, .threshold = threshold, .span = span, .what = "predict"};
    TRY(score_columns(cx, &spec, s));
    struct named_expr *keep = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 1);
    for (int i = 0; i < s->n; i++)
        keep[i] = (struct named_expr){
            s->fields[i].name, expr_column(cx->arena, s->fields[i].name, s->fields[i].type, span)};
    struct plan *mapped = NULL;
    int n = 0;
    TRY(score_map_plan(cx, &spec, in, keep, s->n, &mapped));
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, s->n + spec.n_made + 2);
    enum rc_t res = result_items(cx, &spec, s, items, &n);
    if (res == RC_OK && m->family->cls->drops_null && m->family->cls->drops_null(m))
        res = drop_null_scores(cx, &spec, &mapped);
    if (res == RC_OK) res = plan_project(cx, mapped, items, n, span, out);
    plan_unref(mapped);
    return res;
}

/* score.c: predict as a plan: a PROJECT computes the encoder's expressions as hidden columns, a MAP
 * (below) turns a batch of them into predictions, a PROJECT drops them again. Everything streams;
 * the map counts nulls and unseen levels in atomics and reports when the run is done. */
#include "runtime/ml/score_int.h"

#include "runtime/base/bitmap.h"

#include <math.h>

struct score_map {
    struct row_map base;
    atomic_int refs;
    struct arena *arena;
    const struct model *m; /* counted */
    double threshold;
    struct span span;
    const char *what;
    const struct column *classes; /* text classes: dictionary of predictions */
    atomic_llong n_null;          /* rows */
    atomic_llong *nulls, *unseen; /* [n_features] values */
};

/* ---- one batch ---- */
struct scratch {
    struct enc_input in;
    uint64_t *valid; /* rows that can be scored */
    double *score;
};

static void no_values(uint64_t *valid, const struct vec *v, int64_t n)
{
    if (v->is_const) {
        if (!bit_valid(v->valid, 0)) bitmap_fill(valid, n, false);
    } else if (v->valid) {
        bitmap_and(valid, valid, v->valid, n);
    }
}

static const double *numbers(struct ctx *cx, const struct vec *v, int64_t n)
{
    if (v->phys == PHYS_F64 && !v->is_const) return v->data;
    double *out = ARENA_ARRAY(cx->arena, double, n + 1);
    for (int64_t i = 0; i < n; i++) {
        int64_t k = v->is_const ? 0 : i;
        out[i] = v->phys == PHYS_F32   ? (double)((const float *)v->data)[k]
                 : v->phys == PHYS_I64 ? (double)((const int64_t *)v->data)[k]
                 : v->phys == PHYS_I32 ? (double)((const int32_t *)v->data)[k]
                                       : ((const double *)v->data)[k];
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

static enum rc_t encode(struct ctx *cx, struct score_map *s, const struct batch *in,
                        struct scratch *x)
{
    const struct encoder *e = &s->m->enc;
    int64_t n = in->n_rows;
    x->in.num = ARENA_ARRAY(cx->arena, const double *, e->n_features + 1);
    x->in.code = ARENA_ARRAY(cx->arena, const int32_t *, e->n_features + 1);
    x->valid = ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(n) + 1);
    bitmap_fill(x->valid, n, true);
    for (int i = 0; i < e->n_features; i++) {
        const struct vec *v = &in->cols[i];
        if (e->features[i].kind == ENC_NUMBER)
            x->in.num[i] = numbers(cx, v, n);
        else
            TRY(categories(cx, s, i, v, n, &x->in.code[i]));
        int64_t nulls =
            v->is_const ? (bit_valid(v->valid, 0) ? 0 : n) : n - bitmap_count(v->valid, n);
        if (nulls > 0) atomic_fetch_add_explicit(&s->nulls[i], nulls, memory_order_relaxed);
        no_values(x->valid, v, n);
    }
    int64_t n_null = n - bitmap_count(x->valid, n);
    if (n_null > 0) atomic_fetch_add_explicit(&s->n_null, n_null, memory_order_relaxed);
    return RC_OK;
}

static void put_classes(struct ctx *cx, const struct score_map *s, const struct scratch *x,
                        int64_t n, struct vec *out)
{
    const struct target *t = &s->m->target;
    int yes = t->positive, no = 1 - t->positive;
    void *data = ARENA_ARRAY(cx->arena, int64_t, n + 1);
    *out = (struct vec){.valid = x->valid, .data = data};
    for (int64_t i = 0; i < n; i++) {
        int c = x->score[i] > s->threshold ? yes : no;
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

static enum rc_t map_run(struct ctx *cx, const struct row_map *map, const struct batch *in,
                         struct batch *out)
{
    struct score_map *s = (struct score_map *)(uintptr_t)map; /* its counters are atomic */
    struct scratch x;
    int64_t n = in->n_rows;
    TRY(encode(cx, s, in, &x));
    x.score = ARENA_ARRAY(cx->arena, double, n + 1);
    s->m->family->cls->score(s->m, &x.in, 0, (int)n, x.score);
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x.score[i])) bit_clear(x.valid, i); /* infinity times zero */
        if (!bit_get(x.valid, i)) x.score[i] = 0.0;
    }
    struct vec score = {.phys = PHYS_F64, .valid = x.valid, .data = x.score};
    if (!model_is_class(s->m)) return out->cols[0] = score, RC_OK;
    put_classes(cx, s, &x, n, &out->cols[0]);
    out->cols[1] = score;
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
                 "%s: %s a level of `%s` that the model has not seen; %s as "
                 "none of its levels",
                 s->what, ml_rows_have(cx->arena, n), e->features[i].name,
                 n == 1 ? "it counts" : "they count");
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

static struct score_map *new_map(const struct score_spec *spec, struct column *take_classes,
                                 const char *const *needs)
{
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
    s->classes = take_classes;
    s->nulls = ARENA_ARRAY(a, atomic_llong, n + 1);
    s->unseen = ARENA_ARRAY(a, atomic_llong, n + 1);
    s->base.cls = &score_class;
    s->base.needs = ARENA_ARRAY(a, const char *, n + 1);
    for (int i = 0; i < n; i++)
        s->base.needs[i] = arena_strndup(a, needs[i], strlen(needs[i]));
    s->base.n_needs = n;
    s->base.adds = ARENA_ARRAY(a, struct field, 2);
    bool is_class = model_is_class(m);
    s->base.n_adds = is_class ? 2 : 1;
    const char *names[2] = {spec->prediction_name, spec->probability_name};
    for (int i = 0; i < s->base.n_adds; i++)
        s->base.adds[i] = (struct field){arena_strndup(a, names[i], strlen(names[i])),
                                         i == 0 && is_class ? m->target.type : DTYPE(KIND_NUM)};
    return s;
}

/* A name that no column of `in` has. */
static const char *free_name(struct arena *a, const struct schema *in, const char *base)
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
    struct named_expr *items = ARENA_ARRAY(a, struct named_expr, n_keep + e->n_features + 1);
    const char **hidden = ARENA_ARRAY(a, const char *, e->n_features + 1);
    for (int i = 0; i < n_keep; i++)
        items[i] = keep[i];
    for (int i = 0; i < e->n_features; i++) {
        const struct expr *x;
        hidden[i] = free_name(a, in->schema, arena_printf(a, ".f%d", i));
        TRY(score_adapt(cx, e->features[i].expr, in->schema, spec->span, &x));
        if (e->features[i].kind == ENC_NUMBER) TRY(expr_cast(cx, a, x, KIND_NUM, &x));
        items[n_keep + i] = (struct named_expr){hidden[i], x};
    }
    struct plan *project = NULL;
    struct column *classes = NULL;
    TRY(class_dictionary(cx, &spec->m->target, &classes));
    struct score_map *map = new_map(spec, classes, hidden);
    enum rc_t res = plan_project(cx, in, items, n_keep + e->n_features, spec->span, &project);
    if (res == RC_OK) res = plan_map(cx, project, &map->base, spec->span, out);
    plan_unref(project);
    map_unref(&map->base);
    return res;
}

/* The result's columns: those of `in`, prediction and probability in place of older ones or last.
 */
static int result_items(struct ctx *cx, const struct score_spec *spec, const struct schema *in,
                        struct named_expr *items)
{
    struct arena *a = cx->arena;
    bool is_class = model_is_class(spec->m);
    const char *names[2] = {"prediction", "probability"};
    const char *made[2] = {spec->prediction_name, spec->probability_name};
    const struct expr *cols[2];
    for (int k = 0; k < 2; k++)
        cols[k] = expr_column(
            a, made[k], k == 0 && is_class ? spec->m->target.type : DTYPE(KIND_NUM), spec->span);
    bool placed[2] = {false, !is_class};
    int n = 0;
    for (int i = 0; i < in->n; i++) {
        const struct field *f = &in->fields[i];
        items[n] = (struct named_expr){f->name, expr_column(a, f->name, f->type, spec->span)};
        for (int k = 0; k < (is_class ? 2 : 1); k++)
            if (strcmp(f->name, names[k]) == 0) {
                items[n].expr = cols[k];
                placed[k] = true;
            }
        n++;
    }
    for (int k = 0; k < 2; k++)
        if (!placed[k]) items[n++] = (struct named_expr){names[k], cols[k]};
    return n;
}

enum rc_t ml_score_plan(struct ctx *cx, const struct model *m, struct plan *in, double threshold,
                        struct span span, struct plan **out)
{
    const struct schema *s = in->schema;
    struct score_spec spec = {.m = m, .threshold = threshold, .span = span, .what = "predict"};
    spec.prediction_name = free_name(cx->arena, s, ".prediction");
    spec.probability_name = free_name(cx->arena, s, ".probability");
    struct named_expr *keep = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 1);
    for (int i = 0; i < s->n; i++)
        keep[i] = (struct named_expr){
            s->fields[i].name, expr_column(cx->arena, s->fields[i].name, s->fields[i].type, span)};
    struct plan *mapped = NULL;
    TRY(score_map_plan(cx, &spec, in, keep, s->n, &mapped));
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, s->n + 3);
    int n = result_items(cx, &spec, s, items);
    enum rc_t res = plan_project(cx, mapped, items, n, span, out);
    plan_unref(mapped);
    return res;
}

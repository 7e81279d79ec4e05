/* groups_score.c: predict of one model a group, as a plan: a PROJECT computes the keys and the
 * members' expressions (those that several members share once), a MAP finds each row's group and
 * lets its member score the rows it owns. Order and streaming are those of any other model. */
#include "runtime/ml/groups_int.h"

#include "runtime/base/bitmap.h"

#include <math.h>

#define MAX_HIDDEN 5000

struct group_map {
    struct row_map base;
    atomic_int refs;
    struct arena *arena;
    const struct groups *g;
    struct score_map *whole; /* classes, threshold, the model's reference */
    struct score_map **part; /* [g->n] */
    int **column;            /* [g->n] hidden column of each feature */
    atomic_llong n_unseen;   /* rows of no group */
};

/* ---- one batch ---- */
/* Rows `rows` [n] of a vector. Lists and structs have been refused. */
static struct vec pick(struct ctx *cx, const struct vec *v, const int32_t *rows, int n)
{
    struct vec out = *v;
    size_t width = phys_width(v->phys);
    if (v->is_const) return out;
    uint64_t *valid = v->valid ? ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(n) + 1) : NULL;
    char *data = width ? ARENA_ARRAY(cx->arena, char, width *(size_t)n + 1)
                       : (char *)ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(n) + 1);
    for (int i = 0; i < n; i++) {
        if (valid) bit_put(valid, i, bit_get(v->valid, rows[i]));
        if (width)
            memcpy(data + width * (size_t)i, (const char *)v->data + width * (size_t)rows[i],
                   width);
        else
            bit_put((uint64_t *)(void *)data, i, bit_get(v->data, rows[i]));
    }
    out.valid = valid;
    out.data = data;
    return out;
}

/* Group of each row, g->n where it is of none. */
static enum rc_t find_rows(struct ctx *cx, struct group_map *s, const struct batch *in, int *group)
{
    const struct groups *g = s->g;
    int n = in->n_rows;
    int64_t unseen = 0;
    uint64_t *id = ARENA_ARRAY(cx->arena, uint64_t, n + 1);
    int32_t *codes = ARENA_ARRAY(cx->arena, int32_t, n + 1);
    for (int k = 0; k < g->n_keys; k++) {
        uint64_t radix = (uint64_t)g->levels[k].n_levels + 1;
        TRY(enc_codes(cx, &g->levels[k], &in->cols[k], n, codes));
        for (int i = 0; i < n; i++) {
            uint64_t code = codes[i] == CODE_NULL ? radix - 1 : (uint64_t)codes[i];
            bool is_none = codes[i] == CODE_UNSEEN || id[i] == UINT64_MAX;
            id[i] = is_none ? UINT64_MAX : id[i] * radix + code;
        }
    }
    for (int i = 0; i < n; i++) {
        int at = id[i] == UINT64_MAX ? -1 : groups_find(g, id[i]);
        group[i] = at < 0 ? g->n : at;
        unseen += at < 0;
    }
    if (unseen > 0) atomic_fetch_add_explicit(&s->n_unseen, unseen, memory_order_relaxed);
    return RC_OK;
}

/* What a member says of its rows, in the places of the whole's classes. */
static void take_scores(const struct group_map *s, int i, const struct score_scratch *own,
                        const int32_t *rows, int n, struct score_scratch *x)
{
    const struct model *m = s->g->members[i], *whole = s->whole->m;
    const int *class_of = s->g->class_of[i];
    for (int r = 0; r < n; r++) {
        const double *from = own->score + (size_t)r * (size_t)own->width;
        double *to = x->score + (size_t)rows[r] * (size_t)x->width;
        bit_put(x->valid, rows[r], bit_get(own->valid, r));
        if (!model_is_class(m)) {
            for (int k = 0; k < x->width; k++)
                to[k] = from[k];
        } else if (x->width == 1) {
            to[0] = class_of[m->target.positive] == whole->target.positive ? from[0] : 1 - from[0];
        } else if (own->width == 1) {
            to[class_of[m->target.positive]] = from[0];
            to[class_of[1 - m->target.positive]] = 1 - from[0];
        } else {
            for (int k = 0; k < own->width; k++)
                to[class_of[k]] = from[k];
        }
    }
}

static enum rc_t score_group(struct ctx *cx, struct group_map *s, int i, const struct batch *in,
                             const int32_t *rows, int n, struct score_scratch *x)
{
    const struct model *m = s->g->members[i];
    int n_features = m->enc.n_features;
    struct batch own = {.n_rows = n, .n_cols = n_features};
    struct score_scratch y = {.width = model_width(m)};
    own.cols = ARENA_ARRAY(cx->arena, struct vec, n_features + 1);
    for (int k = 0; k < n_features; k++)
        own.cols[k] = pick(cx, &in->cols[s->column[i][k]], rows, n);
    TRY(score_encode(cx, s->part[i], &own, &y));
    y.score = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)n, (size_t)y.width) + 1);
    m->family->cls->score(m, &y.in, 0, n, y.score);
    take_scores(s, i, &y, rows, n, x);
    return RC_OK;
}

static enum rc_t map_run(struct ctx *cx, const struct row_map *map, const struct batch *in,
                         struct batch *out)
{
    struct group_map *s = (struct group_map *)(uintptr_t)map; /* its counters are atomic */
    int n = in->n_rows, n_groups = s->g->n;
    struct score_scratch x = {.width = model_width(s->whole->m)};
    int *group = ARENA_ARRAY(cx->arena, int, n + 1);
    int32_t *rows = ARENA_ARRAY(cx->arena, int32_t, n + 1);
    int32_t *first = ARENA_ARRAY(cx->arena, int32_t, n_groups + 3);
    x.valid = ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(n) + 1);
    x.score = ARENA_ARRAY(cx->arena, double, mem_mul((size_t)n, (size_t)x.width) + 1);
    TRY(find_rows(cx, s, in, group));
    for (int i = 0; i < n; i++)
        first[group[i] + 2]++;
    for (int k = 2; k < n_groups + 3; k++)
        first[k] += first[k - 1];
    for (int i = 0; i < n; i++)
        rows[first[group[i] + 1]++] = i;
    for (int k = 0; k < n_groups; k++)
        if (first[k + 1] > first[k])
            TRY(score_group(cx, s, k, in, rows + first[k], first[k + 1] - first[k], &x));
    score_put(cx, s->whole, &x, n, out);
    return RC_OK;
}

/* ---- the end of a run ---- */
/* One warning a feature for all members. */
static void tell_levels(struct ctx *cx, struct group_map *s)
{
    const struct model *first = s->g->members[0];
    for (int f = 0; f < first->enc.n_features; f++) {
        const char *name = first->enc.features[f].name;
        int64_t n = 0;
        for (int i = 0; i < s->g->n; i++)
            for (int k = 0; k < s->part[i]->m->enc.n_features; k++)
                if (strcmp(s->part[i]->m->enc.features[k].name, name) == 0)
                    n += atomic_exchange_explicit(&s->part[i]->unseen[k], 0, memory_order_relaxed);
        if (n > 0)
            warn(cx, W401, s->whole->span,
                 "%s: %s a level of `%s` that the model of its group has not seen; %s as none of "
                 "its levels",
                 s->whole->what, ml_rows_have(cx->arena, n), name,
                 n == 1 ? "it counts" : "they count");
    }
}

static enum rc_t map_done(struct ctx *cx, struct row_map *map)
{
    struct group_map *s = (struct group_map *)map;
    int64_t n_null = 0;
    int64_t n = atomic_exchange_explicit(&s->n_unseen, 0, memory_order_relaxed);
    for (int i = 0; i < s->g->n; i++) {
        n_null += atomic_exchange_explicit(&s->part[i]->n_null, 0, memory_order_relaxed);
        for (int k = 0; k < s->part[i]->m->enc.n_features; k++)
            atomic_store_explicit(&s->part[i]->nulls[k], 0, memory_order_relaxed);
    }
    if (n > 0)
        warn(cx, W401, s->whole->span,
             n == 1 ? "%s: %lld row is of a group that has no model and scores null"
                    : "%s: %lld rows are of groups that have no model and score null",
             s->whole->what, (long long)n);
    if (n_null > 0)
        warn(cx, W405, s->whole->span,
             n_null == 1 ? "%s: %lld row scores null: null in a column of the formula"
                         : "%s: %lld rows score null: null in a column of the formula",
             s->whole->what, (long long)n_null);
    tell_levels(cx, s);
    return RC_OK;
}

static void map_ref(struct row_map *map)
{
    atomic_fetch_add_explicit(&((struct group_map *)map)->refs, 1, memory_order_relaxed);
}

static void map_unref(struct row_map *map)
{
    struct group_map *s = (struct group_map *)map;
    if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    for (int i = 0; i < s->g->n; i++)
        score_map_unref(s->part[i]);
    score_map_unref(s->whole); /* and with it the groups */
    arena_free(s->arena);
}

static const struct row_map_class group_class = {
    .name = "predict", .run = map_run, .done = map_done, .ref = map_ref, .unref = map_unref};

/* ---- making the plan ---- */
struct hidden { /* columns below the map */
    struct named_expr *items;
    int n;
};

static enum rc_t hide(struct ctx *cx, const struct score_spec *spec, const struct schema *in,
                      const struct expr *e, bool is_number, struct hidden *h)
{
    const struct expr *x;
    TRY(score_adapt(cx, e, in, spec->span, &x));
    if (is_number) TRY(expr_cast(cx, cx->arena, x, KIND_NUM, &x));
    const char *name = score_free_name(cx->arena, in, arena_printf(cx->arena, ".f%d", h->n));
    h->items[h->n++] = (struct named_expr){name, x};
    return RC_OK;
}

/* Feature f of each member, equal expressions once. */
static enum rc_t hide_feature(struct ctx *cx, const struct score_spec *spec,
                              const struct schema *in, int f, struct group_map *s, struct hidden *h)
{
    const struct groups *g = s->g;
    const struct expr **seen = ARENA_ARRAY(cx->arena, const struct expr *, g->n + 1);
    int *at = ARENA_ARRAY(cx->arena, int, g->n + 1), n_seen = 0;
    for (int i = 0; i < g->n; i++) {
        const struct encoder *e = &g->members[i]->enc;
        int k = 0;
        if (f >= e->n_features) continue;
        const struct enc_feature *x = &e->features[f];
        if (x->expr->type.kind == KIND_LIST)
            return fail(cx, E217, spec->span, "models by group take no lists: `%s`", x->name);
        while (k < n_seen && !expr_equal(seen[k], x->expr))
            k++;
        if (k == n_seen) {
            if (h->n >= MAX_HIDDEN)
                return fail(cx, E902, spec->span,
                            "the groups' models hold more than %d different columns, as scale(x) "
                            "makes one a group: derive them before the fit",
                            MAX_HIDDEN);
            seen[n_seen] = x->expr;
            at[n_seen++] = h->n;
            TRY(hide(cx, spec, in, x->expr, x->kind == ENC_NUMBER, h));
        }
        s->column[i][f] = at[k];
    }
    return RC_OK;
}

static enum rc_t hide_all(struct ctx *cx, const struct score_spec *spec, const struct schema *in,
                          struct group_map *s, struct hidden *h)
{
    int most = 0;
    for (int k = 0; k < s->g->n_keys; k++)
        TRY(hide(cx, spec, in, s->g->keys[k], false, h));
    for (int i = 0; i < s->g->n; i++) {
        int n = s->g->members[i]->enc.n_features;
        s->column[i] = ARENA_ARRAY(s->arena, int, n + 1);
        if (n > most) most = n;
    }
    for (int f = 0; f < most; f++)
        TRY(hide_feature(cx, spec, in, f, s, h));
    return RC_OK;
}

/* What the executor reads of the map; names live in its arena. */
static void set_base(struct group_map *s, const struct score_spec *spec, const struct hidden *h)
{
    s->base.cls = &group_class;
    s->base.needs = ARENA_ARRAY(s->arena, const char *, h->n + 1);
    for (int i = 0; i < h->n; i++)
        s->base.needs[i] = arena_strndup(s->arena, h->items[i].name, strlen(h->items[i].name));
    s->base.n_needs = h->n;
    s->base.n_adds = spec->n_made;
    s->base.adds = ARENA_ARRAY(s->arena, struct field, spec->n_made + 1);
    for (int i = 0; i < spec->n_made; i++) {
        const struct field *f = &spec->made[i];
        s->base.adds[i] =
            (struct field){arena_strndup(s->arena, f->name, strlen(f->name)), f->type};
    }
}

static enum rc_t new_map(struct ctx *cx, const struct score_spec *spec, struct group_map **out)
{
    struct arena *a = arena_new();
    struct group_map *s = ARENA_NEW(a, struct group_map);
    struct score_spec own = *spec;
    const struct groups *g = model_groups(spec->m);
    atomic_init(&s->refs, 1);
    s->arena = a;
    s->g = g;
    s->part = ARENA_ARRAY(a, struct score_map *, g->n + 1);
    s->column = ARENA_ARRAY(a, int *, g->n + 1);
    if (score_map_new(cx, spec, NULL, &s->whole) != RC_OK) {
        arena_free(a);
        return RC_ERR;
    }
    *out = s;
    own.made = NULL;
    own.n_made = 0;
    for (int i = 0; i < g->n; i++) {
        own.m = g->members[i];
        TRY(score_map_new(cx, &own, NULL, &s->part[i]));
    }
    return RC_OK;
}

enum rc_t groups_map_plan(struct ctx *cx, const struct score_spec *spec, struct plan *in,
                          const struct named_expr *keep, int n_keep, struct plan **out)
{
    struct group_map *s = NULL;
    struct plan *project = NULL;
    struct hidden h = {0};
    enum rc_t res = RC_ERR;
    struct named_expr *items = ARENA_ARRAY(cx->arena, struct named_expr, n_keep + MAX_HIDDEN + 16);
    for (int i = 0; i < n_keep; i++)
        items[i] = keep[i];
    h.items = items + n_keep;
    TRY_OUT(new_map(cx, spec, &s));
    TRY_OUT(hide_all(cx, spec, in->schema, s, &h));
    set_base(s, spec, &h);
    TRY_OUT(plan_project(cx, in, items, n_keep + h.n, spec->span, &project));
    res = plan_map(cx, project, &s->base, spec->span, out);
out:
    plan_unref(project);
    if (s) map_unref(&s->base);
    return res;
}

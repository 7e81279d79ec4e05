/* terms.c: the formula's terms as the encoder keeps them: a feature that is written twice is one
 * feature, a product that is written twice (a:b, b:a) is one term, main effects come before
 * interactions (as R orders them), offsets last. */
#include "runtime/ml/prepare_int.h"

static bool same_scalar(const struct scalar *a, const struct scalar *b)
{
    return a->is_null == b->is_null && a->type.kind == b->type.kind &&
           (a->is_null || scalar_cmp(a, b) == 0);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_feature(const struct feature *a, const struct feature *b)
{
    if (a == b) return true;
    if (a->op != b->op || a->n_args != b->n_args || a->fn != b->fn) return false;
    if (a->op == FEATURE_EXPR) return expr_equal(a->expr, b->expr);
    if (a->op == FEATURE_IMPUTE &&
        (!same_text(a->method, b->method) ||
         (strcmp(a->method, "constant") == 0 && !same_scalar(&a->constant, &b->constant))))
        return false;
    if (a->op >= FEATURE_WORDS && strcmp(a->text, b->text) != 0) return false;
    if (a->ref_kind != b->ref_kind || !same_text(a->ref, b->ref) || a->top != b->top ||
        a->unseen_error != b->unseen_error)
        return false;
    for (int i = 0; i < a->n_args; i++)
        if (!same_feature(a->args[i], b->args[i])) return false;
    return true;
}

/* A category is called as what it is made of, however it is coded: part[night]; a text without its
 * options, unless that name is taken: tfidf(text)[free]. */
static const char *feature_name(struct prepare *p, const struct feature *f)
{
    struct arena *a = p->m->arena;
    const struct feature *named = f;
    if (f->op == FEATURE_WORDS) {
        const char *name =
            arena_printf(a, "%.*s(%s)", (int)strcspn(f->text, "("), f->text, f->args[0]->text);
        for (int i = 0; i < p->m->enc.n_features; i++)
            if (strcmp(p->m->enc.features[i].name, name) == 0)
                return arena_strndup(a, f->text, strlen(f->text));
        return name;
    }
    if (f->op == FEATURE_CAT || f->op == FEATURE_ONEHOT) named = f->args[0];
    return arena_strndup(a, named->text, strlen(named->text));
}

/* Index of the feature in the encoder, new if need be. */
static int feature_index(struct prepare *p, const struct feature *f)
{
    struct encoder *e = &p->m->enc;
    for (int i = 0; i < e->n_features; i++)
        if (same_feature(p->sources[i], f)) return i;
    p->sources[e->n_features] = f;
    e->features[e->n_features] = (struct enc_feature){.name = feature_name(p, f), .ref = -1};
    return e->n_features++;
}

static bool has_feature(const struct enc_term *t, int feature)
{
    for (int i = 0; i < t->n_features; i++)
        if (t->features[i] == feature) return true;
    return false;
}

static bool same_term(const struct enc_term *a, const struct enc_term *b)
{
    if (a->is_offset || b->is_offset || a->n_features != b->n_features) return false;
    for (int i = 0; i < a->n_features; i++)
        if (!has_feature(b, a->features[i])) return false;
    return true;
}

static const char *term_name(struct prepare *p, const struct term *src, const struct enc_term *t)
{
    const struct encoder *e = &p->m->enc;
    const char *name = e->features[t->features[0]].name;
    if (src->is_offset)
        return strncmp(name, "offset(", 7) == 0 ? name
                                                : arena_printf(p->m->arena, "offset(%s)", name);
    for (int i = 1; i < t->n_features; i++)
        name = arena_printf(p->m->arena, "%s:%s", name, e->features[t->features[i]].name);
    return name;
}

static int term_rank(const struct enc_term *t)
{
    return t->is_offset ? INT32_MAX : t->n_features;
}

static void add_term(struct prepare *p, const struct term *src)
{
    struct encoder *e = &p->m->enc;
    struct enc_term t = {.is_offset = src->is_offset, .select = src->select, .span = src->span};
    t.features = ARENA_ARRAY(p->m->arena, int, src->n_factors + 1);
    for (int i = 0; i < src->n_factors; i++) {
        int f = feature_index(p, src->factors[i]);
        if (!has_feature(&t, f)) t.features[t.n_features++] = f;
    }
    for (int i = 0; i < e->n_terms; i++)
        if (same_term(&e->terms[i], &t)) return;
    t.name = term_name(p, src, &t);
    int at = e->n_terms;
    while (at > 0 && term_rank(&e->terms[at - 1]) > term_rank(&t))
        at--;
    memmove(e->terms + at + 1, e->terms + at, sizeof t * (size_t)(e->n_terms - at));
    e->terms[at] = t;
    e->n_terms++;
}

enum rc_t prepare_terms(struct prepare *p)
{
    const struct formula *f = p->spec->formula;
    struct encoder *e = &p->m->enc;
    int n = 0;
    for (int i = 0; i < f->n_terms; i++)
        n += f->terms[i].n_factors;
    p->sources = ARENA_ARRAY(p->cx->arena, const struct feature *, n + 1);
    e->features = ARENA_ARRAY(p->m->arena, struct enc_feature, n + 1);
    e->terms = ARENA_ARRAY(p->m->arena, struct enc_term, f->n_terms + 1);
    e->intercept = f->intercept;
    for (int i = 0; i < f->n_terms; i++)
        add_term(p, &f->terms[i]);
    if (e->n_cols == 0 && e->n_terms == 0 && !e->intercept)
        return fail(p->cx, E401, f->span, "the formula has no terms and no intercept");
    return RC_OK;
}

/* groups_file.c: a model of groups in the model file: its keys with their values, then a group's
 * values as indices (-1 = null) beside its whole model. */
#include "runtime/ml/groups_int.h"

#include "runtime/ml/json_int.h"
#include "runtime/ml/model_file_int.h"

#include "runtime/plan/serialize.h"

void groups_save(const struct model *m, struct json_out *o)
{
    const struct groups *g = m->body;
    json_out_key(o, "keys");
    json_out_open(o, '[');
    for (int k = 0; k < g->n_keys; k++) {
        json_out_open(o, '{');
        json_out_key(o, "name");
        json_out_str(o, str_of(g->names[k]));
        model_put_expr(o, "value", g->keys[k]);
        model_put_levels(o, &g->levels[k]);
        json_out_close(o, '}');
    }
    json_out_close(o, ']');
    json_out_key(o, "groups");
    json_out_open(o, '[');
    for (int i = 0; i < g->n; i++) {
        json_out_open(o, '{');
        json_out_key(o, "of");
        json_out_open(o, '[');
        for (int k = 0; k < g->n_keys; k++)
            json_out_int(o, g->code[(size_t)i * (size_t)g->n_keys + (size_t)k]);
        json_out_close(o, ']');
        json_out_key(o, "model");
        model_put(o, g->members[i]);
        json_out_close(o, '}');
    }
    json_out_close(o, ']');
}

static enum rc_t get_key(struct ctx *cx, struct model *m, const json_t *j, struct groups *g, int k)
{
    const char *name;
    struct enc_feature *f = &g->levels[k];
    TRY(json_get_str(cx, j, "name", &name));
    g->names[k] = arena_strndup(m->arena, name, strlen(name));
    TRY(expr_from_json(cx, m->arena, json_object_get(j, "value"), &g->keys[k]));
    *f = (struct enc_feature){.name = g->names[k], .ref = -1, .expr = g->keys[k]};
    TRY(model_get_levels(cx, m->arena, j, f));
    if (f->n_levels > 0 && f->levels[0].value.type.kind != g->keys[k]->type.kind)
        return json_bad(cx, "a key's values are of another type");
    for (int i = 0; i < f->n_levels; i++)
        if (f->order[i] != i) return json_bad(cx, "a key's values do not rise");
    return RC_OK;
}

static enum rc_t get_group(struct ctx *cx, const json_t *j, struct groups *g, int i)
{
    const json_t *of;
    struct model *member;
    TRY(json_get_list(cx, j, "of", GROUPS_KEYS_MAX, &of));
    if (json_array_size(of) != (size_t)g->n_keys) return json_bad(cx, "a group lacks a key");
    for (int k = 0; k < g->n_keys; k++) {
        const json_t *v = json_array_get(of, (size_t)k);
        json_int_t code = json_integer_value(v);
        if (!json_is_integer(v) || code < -1 || code >= g->levels[k].n_levels)
            return json_bad(cx, "a group's key is not there");
        g->code[(size_t)i * (size_t)g->n_keys + (size_t)k] = (int32_t)code;
    }
    const json_t *own = json_object_get(j, "model");
    const char *family;
    if (!json_is_object(own)) return json_bad(cx, "a group has no model");
    TRY(json_get_str(cx, own, "family", &family));
    if (strcmp(family, ml_grouped.name) == 0) return json_bad(cx, "groups within groups");
    TRY(model_from_json(cx, own, &member));
    g->members[i] = member;
    return RC_OK;
}

/* Members must be alike: scores are put side by side. */
static enum rc_t check_members(struct ctx *cx, const struct model *m, const struct groups *g)
{
    const struct model *first = g->members[0];
    for (int i = 0; i < g->n; i++) {
        const struct model *own = g->members[i];
        if (own->family != first->family || model_scores(own) != model_scores(first) ||
            !own->target.text != !m->target.text)
            return json_bad(cx, "the groups' models are not of one kind");
        bool is_scored = !model_is_class(m) && model_scores(own) != SCORE_NONE;
        if (is_scored && model_width(own) != model_width(first))
            return json_bad(cx, "the groups' models are not of one width");
    }
    if (model_n_classes(m) > 2 && !first->family->cls->takes_many)
        return json_bad(cx, "the number of classes is not one of this family");
    return RC_OK;
}

enum rc_t groups_load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *keys, *list;
    TRY(json_get_list(cx, j, "keys", GROUPS_KEYS_MAX, &keys));
    TRY(json_get_list(cx, j, "groups", GROUPS_MAX, &list));
    int n = (int)json_array_size(list), n_keys = (int)json_array_size(keys);
    if (n < 1 || n_keys < 1) return json_bad(cx, "there are no groups");
    struct groups *g = groups_new(m, n_keys, n);
    for (int k = 0; k < n_keys; k++)
        TRY(get_key(cx, m, json_array_get(keys, (size_t)k), g, k));
    for (int i = 0; i < n; i++)
        TRY(get_group(cx, json_array_get(list, (size_t)i), g, i));
    TRY(check_members(cx, m, g));
    return groups_index(m) ? RC_OK : json_bad(cx, "the groups do not fit their keys");
}

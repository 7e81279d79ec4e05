/* call_args.c: which argument goes to which parameter, for calls of descriptors outside and inside
 * steps; and what to say about a function that does not exist. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "runtime/base/num.h"

#define MAX_PARAMS 24 /* named parameters of one signature */

/* A default of a signature: a literal. */
static struct scalar default_scalar(struct str text)
{
    struct scalar s = {.type = DTYPE(KIND_NULL), .is_null = true};
    int64_t i;
    double f;
    text = str_trim(text);
    if (int_parse(text.p, text.n, &i)) return (struct scalar){.type = DTYPE(KIND_INT), .u.i = i};
    if (num_parse(text.p, text.n, &f)) return (struct scalar){.type = DTYPE(KIND_NUM), .u.f = f};
    if (str_eqz(text, "true") || str_eqz(text, "false"))
        return (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = str_eqz(text, "true")};
    if (text.n >= 2 && (text.p[0] == '"' || text.p[0] == '\''))
        return (struct scalar){.type = DTYPE(KIND_STR), .u.s = {text.p + 1, text.n - 2}};
    return s;
}

static rc no_such_param(struct ctx *cx, const char *fn_name, const char *sig, struct str name,
                        const struct fn_param *params, int n, struct span span)
{
    struct str known[MAX_PARAMS];
    for (int i = 0; i < n; i++)
        known[i] = params[i].name;
    struct str near = nearest(name, known, n);
    (void)fail(cx, E206, span, "%s() has no option `%.*s`", fn_name, STR_FMT(name));
    if (near.n) (void)err_note(cx, "did you mean `%.*s`?", STR_FMT(near));
    return err_note(cx, "%s", sig);
}
static int param_index(const struct fn_param *params, int n, struct str name)
{
    for (int i = 0; i < n; i++)
        if (str_eq(params[i].name, name)) return i;
    return -1;
}
/* Which parameter each argument goes to. */
static rc place_given(struct ctx *cx, const char *fn_name, const char *sig, const struct str *names,
                      int n, struct span span, const struct fn_param *params, int n_params,
                      struct arg_slot *slots, int *used)
{
    for (int i = 0; i < n; i++) {
        bool is_named = names && names[i].n > 0;
        int at = is_named ? param_index(params, n_params, names[i]) : i;
        if (at < 0) return no_such_param(cx, fn_name, sig, names[i], params, n_params, span);
        if (slots[at].from >= 0)
            return fail(cx, E208, span, "%s() is given `%.*s` twice", fn_name,
                        STR_FMT(params[at].name));
        slots[at].from = i;
        if (at + 1 > *used) *used = at + 1;
    }
    return RC_OK;
}
rc place_args(struct ctx *cx, const char *fn_name, const char *sig, const struct str *names, int n,
              struct span span, struct arg_slot **out, int *n_slots)
{
    struct fn_param params[MAX_PARAMS];
    int n_params = fn_params(sig, params, MAX_PARAMS), used = 0;
    if (n_params > MAX_PARAMS) n_params = MAX_PARAMS;
    struct arg_slot *slots = ARENA_ARRAY(cx->arena, struct arg_slot, n + n_params + 1);
    for (int i = 0; i < n + n_params; i++)
        slots[i].from = -1;
    TRY(place_given(cx, fn_name, sig, names, n, span, params, n_params, slots, &used));
    for (int i = 0; i < used; i++) {
        if (slots[i].from >= 0) continue;
        if (!params[i].def.p)
            return fail(cx, E208, span, "%s() needs `%.*s`: %s", fn_name, STR_FMT(params[i].name),
                        sig);
        slots[i].def = default_scalar(params[i].def);
    }
    *out = slots;
    *n_slots = used;
    return RC_OK;
}

/* ---- places of names ---- */
static bool text_at(struct lang *lg, struct span span, struct str *out)
{
    *out = sources_text(lg->sources, span.source);
    return span.source != 0 && span.from < span.to && span.to <= out->n;
}
struct span call_name_span(struct lang *lg, const struct ast *e)
{
    struct str text;
    struct span s = e->span;
    if (!text_at(lg, s, &text)) return s;
    bool is_quoted = text.p[s.from] == '`';
    uint32_t n = (uint32_t)e->text.n + (is_quoted ? 2 : 0);
    if (s.from + n <= s.to) s.to = s.from + n;
    return s;
}
struct span field_name_span(struct lang *lg, const struct ast *e)
{
    struct str text;
    struct span s = e->span;
    if (!text_at(lg, s, &text)) return s;
    bool is_quoted = text.p[s.to - 1] == '`';
    uint32_t n = (uint32_t)e->text.n + (is_quoted ? 2 : 0);
    if (s.from + n <= s.to) s.from = s.to - n;
    return s;
}

/* ---- unknown functions ---- */
static int all_function_names(struct arena *a, const struct scope *sc, struct str **out)
{
    int n_fn, n_agg, n_win, n_builtin, n_family, n = 0;
    struct str *mine;
    const struct fn_desc *const *fns = fn_all(&n_fn);
    const struct agg_desc *const *aggs = agg_all(&n_agg);
    const struct win_desc *const *wins = win_all(&n_win);
    const struct builtin_desc *const *builtins = builtin_all(&n_builtin);
    const struct ml_family *const *families = ml_family_all(&n_family);
    int n_mine = scope_fn_names(sc, a, &mine);
    struct str *names =
        ARENA_ARRAY(a, struct str, n_fn + n_agg + n_win + n_builtin + n_family + n_mine + 1);
    for (int i = 0; i < n_mine; i++)
        names[n++] = mine[i];
    for (int i = 0; i < n_builtin; i++)
        names[n++] = str_of(builtins[i]->name);
    for (int i = 0; i < n_agg; i++)
        if (!aggs[i]->is_hidden) names[n++] = str_of(aggs[i]->name);
    for (int i = 0; i < n_fn; i++)
        if (!(fns[i]->flags & FN_HIDDEN)) names[n++] = str_of(fns[i]->name);
    for (int i = 0; i < n_win; i++)
        if (!wins[i]->is_hidden) names[n++] = str_of(wins[i]->name);
    for (int i = 0; i < n_family; i++)
        names[n++] = str_of(families[i]->name);
    *out = names;
    return n;
}
rc unknown_function(struct lang *lg, const struct scope *sc, struct str name, struct span span)
{
    struct ctx *cx = &lg->cx;
    const char *ours = foreign_function(name);
    (void)fail(cx, E204, span, "unknown function `%.*s`", STR_FMT(name));
    if (ours) {
        (void)err_note(cx, "`%.*s` is called %s here", STR_FMT(name), ours);
        bool is_word = name_is_bare(str_of(ours));
        return is_word ? hint_replace(lg, span, "%s", ours) : RC_ERR;
    }
    ours = foreign_verb(name);
    if (ours) {
        (void)err_note(cx, "`%.*s` is called %s here, and is a verb: t |> ..", STR_FMT(name), ours);
        return RC_ERR;
    }
    if (verb_find(name)) {
        return err_note(cx, "`%.*s` is a verb: it follows a frame, t |> %.*s", STR_FMT(name),
                        STR_FMT(name));
    }
    struct str *names;
    int n = all_function_names(cx->arena, sc, &names);
    struct str near = nearest(name, names, n);
    if (near.n) return hint_replace(lg, span, "%.*s", STR_FMT(near));
    return RC_ERR;
}

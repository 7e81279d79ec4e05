/* interp_call.c: calls outside steps: fns of the user, builtins, aggregates on lists, scalar
 * functions, model families. Descriptors say what fits; no function but `if` is named here. */
#include "lang/formula_fns.h"
#include "lang/lang_int.h"

#include "lang/interp_int.h"

void args_release(struct call_args *args)
{
    for (int i = 0; i < args->n; i++)
        value_unref(args->values[i]);
    args->n = 0;
}
/* An option in which plain names are texts: names: [label, text], types: {n: int}. */
static rc eval_words(struct lang *lg, struct scope *sc, const struct ast *e, bool is_inner,
                     struct value **out)
{
    if (e->op == AST_NAME && (is_inner || !scope_get(sc, e->text))) {
        *out = value_str(e->text);
        return RC_OK;
    }
    if (e->op != AST_LIST && e->op != AST_STRUCT) return interp_expr(lg, sc, e, out);
    struct value **items = ARENA_ARRAY(lg->cx.arena, struct value *, e->n_kids + 1);
    const char **names = ARENA_ARRAY(lg->cx.arena, const char *, e->n_kids + 1);
    for (int i = 0; i < e->n_kids; i++) {
        if (e->op == AST_STRUCT)
            names[i] = arena_strndup(lg->cx.arena, e->names[i].p, e->names[i].n);
        if (eval_words(lg, sc, e->kids[i], true, &items[i]) == RC_OK) continue;
        while (i-- > 0)
            value_unref(items[i]);
        return RC_ERR;
    }
    *out = e->op == AST_LIST ? value_list(items, e->n_kids) : value_struct(items, names, e->n_kids);
    return RC_OK;
}
static bool is_word_in(const char *words, struct str name)
{
    while (words && *words) {
        size_t n = strcspn(words, " ");
        if (str_eq(name, (struct str){words, n})) return true;
        words += n + strspn(words + n, " ");
    }
    return false;
}
/* Evaluates kids[from..) of a call. words: options that are read as texts, or NULL. */
static rc eval_args(struct lang *lg, struct scope *sc, const struct ast *e, int from,
                    const char *words, struct call_args *out)
{
    struct arena *a = lg->cx.arena;
    int n = e->n_kids - from;
    *out = (struct call_args){.values = ARENA_ARRAY(a, struct value *, n + 1),
                              .names = ARENA_ARRAY(a, struct str, n + 1),
                              .spans = ARENA_ARRAY(a, struct span, n + 1)};
    for (int i = 0; i < n; i++) {
        const struct ast *kid = e->kids[from + i];
        if (from + i < e->n_names) out->names[i] = e->names[from + i];
        out->spans[i] = kid->span;
        bool is_words = out->names[i].n && is_word_in(words, out->names[i]);
        enum rc_t res = is_words ? eval_words(lg, sc, kid, false, &out->values[i])
                                 : interp_pipeline(lg, sc, kid, &out->values[i]);
        if (res != RC_OK) {
            args_release(out);
            return RC_ERR;
        }
        out->n = i + 1;
    }
    return RC_OK;
}

/* ---- builtins ---- */
/* Whether `name` is among the words of a descriptor's options. */
static bool names_option(const struct builtin_desc *b, struct str name)
{
    return is_word_in(b->options, name);
}
static rc no_such_option(struct ctx *cx, const struct builtin_desc *b, struct str name,
                         struct span span)
{
    struct str words[32];
    int n = 0;
    for (const char *at = b->options; at && *at && n < 32;) {
        size_t len = strcspn(at, " ");
        words[n++] = (struct str){at, len};
        at += len + strspn(at + len, " ");
    }
    struct str near = nearest(name, words, n);
    (void)fail(cx, E206, span, "%s() has no option `%.*s`", b->name, STR_FMT(name));
    if (near.n) (void)err_note(cx, "did you mean `%.*s`?", STR_FMT(near));
    return err_note(cx, "%s", b->sig);
}
static rc check_builtin(struct ctx *cx, const struct builtin_desc *b, const struct call_args *args,
                        struct span span)
{
    int n_plain = 0;
    bool checks_itself = b->options && strcmp(b->options, "*") == 0;
    for (int i = 0; i < args->n; i++) {
        if (args->names[i].n == 0) {
            n_plain++;
        } else if (!checks_itself && !names_option(b, args->names[i])) {
            return no_such_option(cx, b, args->names[i], args->spans[i]);
        }
    }
    bool is_few = n_plain < b->min_args, is_many = b->max_args >= 0 && n_plain > b->max_args;
    if (!is_few && !is_many) return RC_OK;
    (void)fail(cx, E208, span, "%s() is given too %s values: %d", b->name, is_few ? "few" : "many",
               n_plain);
    return err_note(cx, "%s", b->sig);
}
static rc call_builtin(struct lang *lg, struct scope *sc, const struct builtin_desc *b,
                       const struct ast *e, const struct call_args *args, struct value **out)
{
    TRY(check_builtin(&lg->cx, b, args, e->span));
    return b->call(lg, sc, e, args->values, args->names, args->n, out);
}

/* ---- descriptors of runtime/fn ---- */
static rc call_scalar(struct lang *lg, const struct fn_desc *fn, const struct ast *e,
                      const struct call_args *args, struct value **out)
{
    struct arg_slot *slots;
    struct arena *a = lg->cx.arena;
    struct scalar result;
    int n;
    TRY(place_args(&lg->cx, fn->name, fn->sig, args->names, args->n, e->span, &slots, &n));
    struct scalar *scalars = ARENA_ARRAY(a, struct scalar, n + 1);
    for (int i = 0; i < n; i++) {
        int from = slots[i].from;
        if (from < 0) {
            scalars[i] = slots[i].def;
        } else {
            TRY(value_to_arg(lg, args->values[from], args->spans[from], a, &scalars[i]));
        }
    }
    TRY(fn_eval_scalar(&lg->cx, a, fn, scalars, n, e->span, &result));
    *out = value_scalar(&result);
    return RC_OK;
}
/* Lists become the columns of an aggregate, single values its constants. */
struct agg_args {
    const struct column **cols;
    struct scalar *consts;
    bool *is_const;
    int n;
};
static rc agg_args(struct lang *lg, const struct agg_desc *agg, const struct ast *e,
                   const struct call_args *args, struct agg_args *out)
{
    struct arg_slot *slots;
    struct arena *a = lg->cx.arena;
    int64_t n_rows = -1;
    TRY(place_args(&lg->cx, agg->name, agg->sig, args->names, args->n, e->span, &slots, &out->n));
    out->cols = ARENA_ARRAY(a, const struct column *, out->n + 1);
    out->consts = ARENA_ARRAY(a, struct scalar, out->n + 1);
    out->is_const = ARENA_ARRAY(a, bool, out->n + 1);
    for (int i = 0; i < out->n; i++) {
        int from = slots[i].from;
        struct scalar *s = &out->consts[i];
        *s = slots[i].def;
        out->is_const[i] = true;
        if (from >= 0) TRY(value_to_arg(lg, args->values[from], args->spans[from], a, s));
        if (from < 0 || s->type.kind != KIND_LIST) continue;
        out->is_const[i] = false;
        out->cols[i] = s->u.list;
        if (n_rows >= 0 && s->u.list->n != n_rows)
            return fail(&lg->cx, E207, args->spans[from],
                        "the lists of %s() have %lld and %lld values", agg->name, (long long)n_rows,
                        (long long)s->u.list->n);
        n_rows = s->u.list->n;
    }
    return RC_OK;
}
static rc call_aggregate(struct lang *lg, const struct agg_desc *agg, const struct ast *e,
                         const struct call_args *args, struct value **out)
{
    struct agg_args a;
    struct scalar result;
    TRY(agg_args(lg, agg, e, args, &a));
    if (a.n == 0 || a.is_const[0]) {
        (void)fail(&lg->cx, E210, e->span,
                   "%s() needs many values: a list outside steps, a column in a step", agg->name);
        return err_hint(&lg->cx, "%s([1, 2, 3])", agg->name);
    }
    TRY(agg_eval_column(&lg->cx, lg->cx.arena, agg, a.cols, a.consts, a.is_const, a.n, e->span,
                        &result));
    *out = value_scalar(&result);
    return RC_OK;
}

/* ---- model families ---- */
static rc call_family(struct lang *lg, const struct ml_family *family, const struct call_args *args,
                      struct value **out)
{
    struct arena *a = arena_new();
    struct ml_arg *made = ARENA_ARRAY(a, struct ml_arg, args->n + 1);
    for (int i = 0; i < args->n; i++) {
        if (args->names[i].n) made[i].name = arena_strndup(a, args->names[i].p, args->names[i].n);
        made[i].span = args->spans[i];
        if (value_to_arg(lg, args->values[i], args->spans[i], a, &made[i].value) != RC_OK) {
            arena_free(a);
            return RC_ERR;
        }
    }
    struct value *v = value_nothing(NULL);
    v->kind = VALUE_FAMILY;
    v->arena = a;
    v->family = family;
    v->args = made;
    v->n_args = args->n;
    *out = v;
    return RC_OK;
}

/* ---- which function is meant ---- */
static bool any_list(const struct call_args *args)
{
    return args->n > 0 && args->values[0]->kind == VALUE_LIST;
}
static rc call_named(struct lang *lg, struct scope *sc, const struct ast *e,
                     const struct call_args *args, struct value **out)
{
    const struct value *mine = scope_fn(sc, e->text);
    if (mine) {
        struct value *fn = value_ref(mine);
        enum rc_t res = call_fn(lg, fn, args, e->span, out);
        value_unref(fn);
        return res;
    }
    const struct builtin_desc *builtin = builtin_find(e->text);
    if (builtin) return call_builtin(lg, sc, builtin, e, args, out);
    const struct fn_desc *fn = fn_find(e->text);
    const struct agg_desc *agg = agg_find(e->text);
    const struct ml_family *family = ml_family_find(e->text);
    if (agg && (any_list(args) || !fn)) return call_aggregate(lg, agg, e, args, out);
    if (fn) return call_scalar(lg, fn, e, args, out);
    if (family) return call_family(lg, family, args, out);
    return RC_ERR; /* call_exists has looked */
}
static rc call_exists(struct lang *lg, struct scope *sc, const struct ast *e)
{
    struct str name = e->text;
    if (scope_fn(sc, name) || builtin_find(name) || fn_find(name) || agg_find(name) ||
        ml_family_find(name))
        return RC_OK;
    if (win_find(name)) {
        (void)fail(&lg->cx, E217, e->span, "%.*s() works over the rows of a frame", STR_FMT(name));
        return err_hint(&lg->cx, "t |> derive y = %.*s(x) sort day", STR_FMT(name));
    }
    return unknown_function(lg, sc, name, call_name_span(lg, e));
}
/* if(c, a, b): only the side that is asked for is evaluated. */
static rc call_if(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *v;
    bool is_true;
    if (e->n_kids != 3)
        return fail(&lg->cx, E208, e->span,
                    "if() takes a condition and two values: if(x > 0, x, 0)");
    TRY(interp_expr(lg, sc, e->kids[0], &v));
    enum rc_t res = value_truth(lg, v, e->kids[0]->span, &is_true);
    value_unref(v);
    TRY(res);
    return interp_pipeline(lg, sc, e->kids[is_true ? 1 : 2], out);
}
rc interp_call(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct call_args args;
    if (str_eqz(e->text, "if") && !scope_fn(sc, e->text)) return call_if(lg, sc, e, out);
    if (formula_is_recipe(e->text) && !scope_fn(sc, e->text)) return recipe_value(lg, sc, e, out);
    bool is_verb;
    TRY(verb_apply_call(lg, sc, e, out, &is_verb)); /* union(list) */
    if (is_verb) return RC_OK;
    TRY(call_exists(lg, sc, e));
    const struct builtin_desc *b = scope_fn(sc, e->text) ? NULL : builtin_find(e->text);
    TRY(eval_args(lg, sc, e, 0, b ? b->words : NULL, &args));
    enum rc_t res = call_named(lg, sc, e, &args, out);
    args_release(&args);
    return res;
}
rc interp_call_value(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *fn;
    struct call_args args;
    TRY(interp_expr(lg, sc, e->kids[0], &fn));
    enum rc_t res = check_value_kind(lg, fn, VALUE_FN, e->kids[0]->span, "a function");
    if (res == RC_OK) res = eval_args(lg, sc, e, 1, NULL, &args);
    if (res == RC_OK) {
        res = call_fn(lg, fn, &args, e->span, out);
        args_release(&args);
    }
    value_unref(fn);
    return res;
}

/* verbs.c: the table of verbs, the checks that every step passes before its verb is called, and the
 * readers of options. Everything here reads descriptors; no verb is named. */
#include "lang/formula_fns.h"
#include "lang/verbs/verb_int.h"

#define VERB(name) extern const struct verb_desc verb_##name;
#include "lang/verbs/verbs.def"
#undef VERB

static const struct verb_desc *const verbs[] = {
#define VERB(name) &verb_##name,
#include "lang/verbs/verbs.def"
#undef VERB
};
#define N_VERBS ((int)(sizeof verbs / sizeof verbs[0]))

static const struct later_verb later_verbs[] = {
#define LATER(name, doc) {#name, doc},
#include "lang/verbs/later.def"
#undef LATER
};
#define N_LATER ((int)(sizeof later_verbs / sizeof later_verbs[0]))

const struct verb_desc *verb_find(struct str name)
{
    for (int i = 0; i < N_VERBS; i++)
        if (str_eqz(name, verbs[i]->name)) return verbs[i];
    return NULL;
}

const struct verb_desc *const *verb_all(int *n)
{
    *n = N_VERBS;
    return verbs;
}

const struct later_verb *verb_later_all(int *n)
{
    *n = N_LATER;
    return later_verbs;
}

/* ---- unknown words ---- */

static const struct later_verb *later_find(struct str name)
{
    for (int i = 0; i < N_LATER; i++)
        if (str_eqz(name, later_verbs[i].name)) return &later_verbs[i];
    return NULL;
}

static rc unknown_verb(struct verb_call *vc)
{
    const struct ast_step *step = vc->step;
    const struct later_verb *later = later_find(step->verb);
    if (later)
        return fail(vc->cx, E214, step->verb_span,
                    "`%s` (%s) is a verb of the language that this version does not run yet",
                    later->name, later->doc);
    const char *ours = foreign_verb(step->verb);
    if (ours) {
        bool is_word = verb_find(str_of(ours)) != NULL;
        const char *quote = is_word ? "`" : "";
        fail(vc->cx, E105, step->verb_span, "`%.*s` is called %s%s%s here", STR_FMT(step->verb),
             quote, ours, quote);
        return is_word ? hint_replace(vc->lg, step->verb_span, "%s", ours) : RC_ERR;
    }
    struct str names[N_VERBS + N_LATER];
    for (int i = 0; i < N_VERBS; i++)
        names[i] = str_of(verbs[i]->name);
    for (int i = 0; i < N_LATER; i++)
        names[N_VERBS + i] = str_of(later_verbs[i].name);
    struct str near = nearest(step->verb, names, N_VERBS + N_LATER);
    fail(vc->cx, E205, step->verb_span, "unknown verb `%.*s`", STR_FMT(step->verb));
    if (!near.n) return err_note(vc->cx, "?? lists the verbs");
    err_note(vc->cx, "Closest: %.*s", STR_FMT(near));
    return verb_find(near) ? hint_replace(vc->lg, step->verb_span, "%.*s", STR_FMT(near)) : RC_ERR;
}

/* ---- checks before a verb is called ---- */

static bool is_listed(const struct verb_option *options, struct str name)
{
    for (const struct verb_option *o = options; o && o->name; o++)
        if (str_eqz(name, o->name) || strcmp(o->name, "*") == 0) return true;
    return false;
}

static rc unknown_option(struct verb_call *vc, const struct verb_desc *d, const struct ast_item *it)
{
    struct str names[32];
    int n = 0;
    struct strbuf all = {0};
    for (const struct verb_option *o = d->options; o && o->name && n < 32; o++) {
        if (strcmp(o->name, "*") == 0) continue;
        strbuf_printf(&all, "%s%s:", n ? ", " : "", o->name);
        names[n++] = str_of(o->name);
    }
    struct str near = nearest(it->name, names, n);
    enum rc_t r =
        fail(vc->cx, E206, it->name_span, "`%s` has no option `%.*s:`", d->name, STR_FMT(it->name));
    if (n)
        r = err_note(vc->cx, "Options of %s: %s", d->name, strbuf_view(&all).p);
    else
        r = err_note(vc->cx, "%s takes no options: %s", d->name, d->sig);
    if (near.n) r = hint_replace(vc->lg, it->name_span, "%.*s", STR_FMT(near));
    strbuf_release(&all);
    return r;
}

static rc check_clauses(struct verb_call *vc, const struct verb_desc *d)
{
    const struct ast_step *s = vc->step;
    const char *clause = s->has_by && !d->takes_by       ? "by"
                         : s->has_sort && !d->takes_sort ? "sort"
                         : s->has_on && !d->takes_on     ? "on"
                                                         : NULL;
    if (!clause) return RC_OK;
    const struct ast_item *it = clause[0] == 'b' ? s->by : clause[0] == 's' ? s->sort : s->on;
    fail(vc->cx, E217, it ? it->span : s->verb_span, "`%s` takes no %s clause", d->name, clause);
    return err_note(vc->cx, "Its form is: %s", d->sig);
}

static rc check_options(struct verb_call *vc, const struct verb_desc *d)
{
    for (int i = 0; i < vc->step->n_items; i++) {
        const struct ast_item *it = &vc->step->items[i];
        if (it->kind != ITEM_OPTION) continue;
        if (str_eqz(it->name, "pool")) /* of every step (language.md 4) */
            return fail(vc->cx, E214, it->name_span,
                        "pool: of a step (another executor for it) is not in this version yet");
        if (!is_listed(d->options, it->name)) return unknown_option(vc, d, it);
        for (int j = 0; j < i; j++)
            if (vc->step->items[j].kind == ITEM_OPTION && str_eq(vc->step->items[j].name, it->name))
                return fail(vc->cx, E206, it->name_span, "`%.*s:` is given twice",
                            STR_FMT(it->name));
    }
    return RC_OK;
}

static int value_takes(const struct value *v)
{
    switch (v->kind) {
    case VALUE_FRAME: return TAKES_FRAME;
    case VALUE_MODEL: return TAKES_MODEL;
    case VALUE_CHART: return TAKES_CHART;
    case VALUE_NOTHING: return 0;
    case VALUE_SCALAR:
    case VALUE_LIST:
    case VALUE_STRUCT:
    case VALUE_RANGE:
    case VALUE_FN:
    case VALUE_EXPR:
    case VALUE_RECIPE:
    case VALUE_FAMILY: return TAKES_VALUE;
    }
    return 0;
}

static const char *takes_text(unsigned takes)
{
    if (takes & TAKES_FRAME) {
        if (takes & TAKES_MODEL)
            return takes & TAKES_CHART ? "a frame, model or chart" : "a frame or model";
        return "a frame";
    }
    if (takes & TAKES_MODEL) return "a model";
    if (takes & TAKES_CHART) return "a chart";
    return "nothing";
}

static rc wrong_input(struct verb_call *vc, const struct verb_desc *d)
{
    char type[128];
    if (!vc->input)
        return fail(vc->cx, E211, vc->step->verb_span, "`%s` needs %s before it: t |> %s", d->name,
                    takes_text(d->input), d->sig);
    if (vc->input->kind == VALUE_NOTHING)
        return fail(vc->cx, E211, vc->step->verb_span,
                    "`%s` needs %s, and the step before it gives nothing to go on with", d->name,
                    takes_text(d->input));
    return fail(vc->cx, E211, vc->step->verb_span, "`%s` needs %s; it was given a value of type %s",
                d->name, takes_text(d->input), value_type_text(vc->input, type, sizeof type));
}

/* `explain t` is `t |> explain`: the first plain item becomes the input. */
static rc input_from_item(struct verb_call *vc, struct value **owned)
{
    const struct ast_step *s = vc->step;
    int at = 0;
    while (at < s->n_items && s->items[at].kind != ITEM_PLAIN)
        at++;
    if (at == s->n_items) return RC_OK;
    TRY(interp_pipeline(vc->lg, vc->scope, s->items[at].expr, owned));
    struct ast_step *rest = arena_copy(vc->arena, s, sizeof *s);
    rest->items = ARENA_ARRAY(vc->arena, struct ast_item, s->n_items);
    rest->n_items = 0;
    for (int i = 0; i < s->n_items; i++)
        if (i != at) rest->items[rest->n_items++] = s->items[i];
    vc->step = rest;
    vc->input = *owned;
    return RC_OK;
}

rc verb_apply(struct lang *lg, struct scope *sc, const struct ast_step *step,
              const struct value *input, struct value **out)
{
    struct verb_call vc = {
        .lg = lg, .cx = &lg->cx, .arena = lg->cx.arena, .scope = sc, .step = step, .input = input};
    const struct verb_desc *d = verb_find(step->verb);
    if (!d) return unknown_verb(&vc);
    TRY(check_clauses(&vc, d));
    TRY(check_options(&vc, d));
    enum rc_t res = RC_ERR;
    struct value *owned = NULL;
    if (!input && !(d->input & TAKES_NOTHING)) TRY_OUT(input_from_item(&vc, &owned));
    if (vc.input ? !(d->input & (unsigned)value_takes(vc.input)) : !(d->input & TAKES_NOTHING)) {
        res = wrong_input(&vc, d);
        goto out;
    }
    res = d->bind(&vc, out);
out:
    value_unref(owned);
    return res;
}

/* A call has no name spans of its own: the argument's stands for both. */
static struct ast_item item_of_arg(const struct ast *call, int i)
{
    struct str name = i < call->n_names ? call->names[i] : (struct str){0};
    const struct ast *e = call->kids[i];
    struct ast_item it = {.name = name, .name_span = e->span, .span = e->span, .expr = e};
    it.kind = name.n ? ITEM_OPTION : ITEM_PLAIN;
    return it;
}

rc verb_apply_call(struct lang *lg, struct scope *sc, const struct ast *call, struct value **out,
                   bool *is_verb)
{
    const struct verb_desc *d = verb_find(call->text);
    *is_verb = d && (d->input & TAKES_NOTHING) && !scope_fn(sc, call->text) &&
               !builtin_find(call->text) && !fn_find(call->text);
    if (!*is_verb) return RC_OK;
    struct arena *a = lg->cx.arena;
    struct ast_step step = {.verb = call->text, .span = call->span, .verb_span = call->span};
    step.items = ARENA_ARRAY(a, struct ast_item, call->n_kids + 1);
    for (int i = 0; i < call->n_kids; i++)
        step.items[step.n_items++] = item_of_arg(call, i);
    return verb_apply(lg, sc, &step, NULL, out);
}

void verb_bind_init(struct bind *b, struct verb_call *vc, enum bind_mode mode)
{
    bind_init(b, vc->lg, vc->scope, vc->input->plan->schema, vc->input->label, mode);
    b->has_by = vc->step->has_by;
    b->has_sort = vc->step->has_sort;
}

/* ---- options ---- */

const struct ast_item *verb_option(const struct verb_call *vc, const char *name)
{
    for (int i = 0; i < vc->step->n_items; i++) {
        const struct ast_item *it = &vc->step->items[i];
        if (it->kind == ITEM_OPTION && str_eqz(it->name, name)) return it;
    }
    return NULL;
}

static const struct verb_option *option_desc(const struct verb_call *vc, const char *name)
{
    const struct verb_desc *d = verb_find(vc->step->verb);
    for (const struct verb_option *o = d ? d->options : NULL; o && o->name; o++)
        if (strcmp(o->name, name) == 0) return o;
    return NULL;
}

static rc bad_value(struct verb_call *vc, const struct ast_item *it, const char *wants)
{
    return fail(vc->cx, E209, it->expr->span, "`%.*s:` of %.*s takes %s", STR_FMT(it->name),
                STR_FMT(vc->step->verb), wants);
}

static rc option_value(struct verb_call *vc, const char *name, const struct ast_item **it,
                       struct scalar *out)
{
    *it = verb_option(vc, name);
    if (!*it) return RC_OK;
    return verb_value(vc, (*it)->expr, name, out);
}

/* Finds `word` in a blank-separated list; the list's own text comes back. */
static const char *word_in(struct arena *a, const char *words, struct str word, struct str *near)
{
    struct str all[32];
    int n = 0;
    for (const char *p = words; *p && n < 32;) {
        size_t len = strcspn(p, " ");
        all[n] = (struct str){p, len};
        if (str_eq(all[n], word)) return arena_strndup(a, p, len);
        n++;
        p += len;
        while (*p == ' ')
            p++;
    }
    *near = nearest(word, all, n);
    return NULL;
}

/* What others call our words: pandas' and Spark's kinds of joins. */
static struct str foreign_word(const char *words, struct str word)
{
    static const char *const known[][2] = {
        {"outer", "full"},       {"full_outer", "full"}, {"fullouter", "full"},
        {"left_outer", "left"},  {"leftouter", "left"},  {"right_outer", "right"},
        {"rightouter", "right"}, {"left_semi", "semi"},  {"leftsemi", "semi"},
        {"left_anti", "anti"},   {"leftanti", "anti"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_nocase(word, str_of(known[i][0])) && strstr(words, known[i][1]))
            return str_of(known[i][1]);
    return (struct str){0};
}

rc verb_option_word(struct verb_call *vc, const char *name, const char *def, const char **out)
{
    *out = def;
    const struct ast_item *it = verb_option(vc, name);
    if (!it) return RC_OK;
    struct scalar v = {0};
    const struct ast *e = it->expr;
    const struct value *passed = e->op == AST_VAR ? scope_get(vc->scope, e->text) : NULL;
    if (passed && passed->kind == VALUE_EXPR) e = passed->fn; /* `kind: $k` of a fn */
    struct str word = e->text;
    if (e->op != AST_NAME) {
        TRY(verb_value(vc, it->expr, name, &v));
        if (v.is_null || v.type.kind != KIND_STR) return bad_value(vc, it, "a word");
        word = v.u.s;
    }
    const struct verb_option *o = option_desc(vc, name);
    struct str near = {0};
    const char *found = o && o->words ? word_in(vc->arena, o->words, word, &near)
                                      : arena_strndup(vc->arena, word.p, word.n);
    if (found) {
        *out = found;
        return RC_OK;
    }
    enum rc_t r = fail(vc->cx, E209, it->expr->span, "`%s:` of %.*s has no `%.*s`", name,
                       STR_FMT(vc->step->verb), STR_FMT(word));
    if (r != RC_OK) r = err_note(vc->cx, "It takes one of: %s", o->words);
    struct str other = foreign_word(o->words, word);
    if (other.n) near = other;
    if (near.n) r = hint_replace(vc->lg, it->expr->span, "%.*s", STR_FMT(near));
    return r;
}

rc verb_option_bool(struct verb_call *vc, const char *name, bool def, bool *out)
{
    const struct ast_item *it;
    struct scalar v = {0};
    *out = def;
    TRY(option_value(vc, name, &it, &v));
    if (!it) return RC_OK;
    if (v.is_null || v.type.kind != KIND_BOOL) return bad_value(vc, it, "true or false");
    *out = v.u.b;
    return RC_OK;
}

rc verb_option_int(struct verb_call *vc, const char *name, int64_t def, int64_t *out)
{
    const struct ast_item *it;
    struct scalar v = {0};
    *out = def;
    TRY(option_value(vc, name, &it, &v));
    if (!it) return RC_OK;
    if (v.is_null || v.type.kind != KIND_INT) return bad_value(vc, it, "a whole number");
    *out = v.u.i;
    return RC_OK;
}

rc verb_option_num(struct verb_call *vc, const char *name, double def, double *out)
{
    const struct ast_item *it;
    struct scalar v = {0};
    *out = def;
    TRY(option_value(vc, name, &it, &v));
    if (!it) return RC_OK;
    if (v.is_null || !dtype_is_number(v.type)) return bad_value(vc, it, "a number");
    *out = v.type.kind == KIND_INT ? (double)v.u.i : v.u.f;
    return RC_OK;
}

rc verb_option_str(struct verb_call *vc, const char *name, const char *def, const char **out)
{
    const struct ast_item *it;
    struct scalar v = {0};
    *out = def;
    TRY(option_value(vc, name, &it, &v));
    if (!it) return RC_OK;
    if (v.is_null || v.type.kind != KIND_STR) return bad_value(vc, it, "a text in quotes");
    *out = arena_strndup(vc->arena, v.u.s.p, v.u.s.n);
    return RC_OK;
}

/* ---- frames and models named in items ---- */

/* The nearest variable of that kind, or the only one. */
static struct str near_variable(struct verb_call *vc, struct str name, enum value_kind kind)
{
    struct str *names;
    int n = scope_names(vc->scope, vc->arena, &names), kept = 0;
    for (int i = 0; i < n; i++) {
        const struct value *v = scope_peek(vc->scope, names[i]);
        if (v && v->kind == kind) names[kept++] = names[i];
    }
    struct str near = nearest(name, names, kept);
    return !near.n && kept == 1 ? names[0] : near;
}

/* The value of a plain name or $name; what a fn's caller passed as a plain name is looked up where
 * it was written. */
static rc variable_item(struct verb_call *vc, struct scope *sc, const struct ast *e,
                        enum value_kind kind, const char *what, struct value **out)
{
    const struct value *v = scope_get(sc, e->text);
    if (v && v->kind == VALUE_EXPR && v->closure && v->fn->op == AST_NAME)
        return variable_item(vc, v->closure, v->fn, kind, what, out);
    if (v) {
        *out = value_ref(v);
        return RC_OK;
    }
    struct str near = near_variable(vc, e->text, kind);
    enum rc_t r = fail(vc->cx, E202, e->span, "`%.*s` takes %s here, and no variable `%.*s` is set",
                       STR_FMT(vc->step->verb), what, STR_FMT(e->text));
    if (near.n) r = hint_replace(vc->lg, e->span, "%.*s", STR_FMT(near));
    return r;
}

static rc item_of_kind(struct verb_call *vc, const struct ast *e, enum value_kind kind,
                       const char *what, struct value **out)
{
    struct value *v = NULL;
    if (e->op == AST_NAME || e->op == AST_VAR)
        TRY(variable_item(vc, vc->scope, e, kind, what, &v));
    else
        TRY(interp_pipeline(vc->lg, vc->scope, e, &v));
    if (v->kind == kind) {
        *out = v;
        return RC_OK;
    }
    char type[128];
    enum rc_t r = fail(vc->cx, kind == VALUE_FRAME ? E211 : E207, e->span,
                       "`%.*s` takes %s here; this is of type %s", STR_FMT(vc->step->verb), what,
                       value_type_text(v, type, sizeof type));
    value_unref(v);
    return r;
}

rc verb_frame_item(struct verb_call *vc, const struct ast *e, struct value **out)
{
    return item_of_kind(vc, e, VALUE_FRAME, "a frame", out);
}

rc verb_chart_item(struct verb_call *vc, const struct ast *e, struct value **out)
{
    return item_of_kind(vc, e, VALUE_CHART, "a chart", out);
}

rc verb_recipe_item(struct verb_call *vc, const struct ast *e, struct value **out)
{
    if (e->op == AST_CALL && formula_is_recipe(e->text))
        return recipe_value(vc->lg, vc->scope, e, out);
    return item_of_kind(vc, e, VALUE_RECIPE, "a recipe", out);
}
rc verb_model_item(struct verb_call *vc, const struct ast *e, struct value **out)
{
    return item_of_kind(vc, e, VALUE_MODEL, "a model", out);
}

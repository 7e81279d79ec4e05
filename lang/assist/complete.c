/* complete.c: what can stand at the cursor, best first: columns, variables, options, verbs,
 * functions, keywords. */
#include "lang/assist/assist_complete.h"

static bool starts_nocase(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq_nocase((struct str){s.p, prefix.n}, prefix);
}

void add_completion_as(struct completing *c, struct str match, struct str text, const char *type,
                       struct str detail)
{
    struct str prefix = c->place.prefix;
    if (c->place.word == WORD_STRING) { /* only the part behind the last / is replaced */
        while (c->from > c->place.from && prefix.n && memchr(prefix.p, '/', prefix.n)) {
            prefix.p++;
            prefix.n--;
        }
    }
    if (!starts_nocase(match, prefix)) return;
    for (int i = 0; i < c->n; i++)
        if (str_eq(c->items[i].text, text) && strcmp(c->items[i].type, type) == 0) return;
    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 64;
        struct completion *items = ARENA_ARRAY(c->a, struct completion, c->cap);
        if (c->n) memcpy(items, c->items, (size_t)c->n * sizeof *items);
        c->items = items;
    }
    c->items[c->n++] = (struct completion){arena_str(c->a, text), type, arena_str(c->a, detail)};
}

void add_completion(struct completing *c, struct str text, const char *type, struct str detail)
{
    add_completion_as(c, text, text, type, detail);
}

/* A name as it is written: in backticks where it must be. */
static struct str quoted(struct arena *a, struct str name, bool always)
{
    if (!always && is_bare_name(name)) return name;
    struct strbuf text = {0};
    strbuf_addc(&text, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`') strbuf_addc(&text, '`');
        strbuf_addc(&text, name.p[i]);
    }
    strbuf_addc(&text, '`');
    struct str copy = arena_str(a, strbuf_view(&text));
    strbuf_release(&text);
    return copy;
}

/* ---- what there is ---- */

static void add_columns(struct completing *c, bool in_backticks)
{
    struct seen_column *columns;
    char type[128];
    int n = place_columns(&c->dry, c->a, &c->place, c->input, &columns);
    for (int i = 0; i < n; i++) {
        struct str name = str_of(columns[i].name);
        add_completion_as(c, name, quoted(c->a, name, in_backticks), "column",
                          str_of(dtype_text(columns[i].type, type, sizeof type)));
    }
}

static struct str variable_detail(struct completing *c, const struct value *v)
{
    char type[128];
    value_type_text(v, type, sizeof type);
    if (v->kind != VALUE_FRAME) return arena_str(c->a, str_of(type));
    return str_of(arena_printf(c->a, "%s, %d columns", type, v->plan->schema->n));
}

/* kind < 0: all variables. */
static void add_variables(struct completing *c, const char *sigil, int kind)
{
    struct str *names;
    const struct scope *sc = c->dry.lg.globals;
    int n = scope_names(sc, c->a, &names);
    for (int i = 0; i < n; i++) {
        const struct value *v = scope_get(sc, names[i]);
        if (!v || (kind >= 0 && (int)v->kind != kind)) continue;
        struct str text = quoted(c->a, names[i], false);
        if (*sigil) text = str_of(arena_printf(c->a, "%s%.*s", sigil, STR_FMT(text)));
        add_completion_as(c, names[i], text, "variable", variable_detail(c, v));
    }
}

static void add_user_fns(struct completing *c)
{
    struct str *names;
    int n = scope_fn_names(c->dry.lg.globals, c->a, &names);
    for (int i = 0; i < n; i++)
        add_completion(c, names[i], "function", STR("fn"));
}

static unsigned takes_of(const struct value *v)
{
    if (!v) return ~0u;
    switch (v->kind) {
    case VALUE_FRAME: return TAKES_FRAME;
    case VALUE_MODEL: return TAKES_MODEL;
    case VALUE_CHART: return TAKES_CHART;
    default: return ~0u;
    }
}

static void add_verbs(struct completing *c, const struct value *input)
{
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    for (int i = 0; i < n; i++)
        if ((unsigned)verbs[i]->input & takes_of(input))
            add_completion(c, str_of(verbs[i]->name), "verb", str_of(verbs[i]->sig));
}

static void add_entries(struct completing *c, unsigned kinds, const char *type)
{
    struct entry *all;
    int n = entries(c->a, &all);
    for (int i = 0; i < n; i++)
        if (kinds & (1u << all[i].kind))
            add_completion(c, str_of(all[i].name), type, str_of(all[i].sig ? all[i].sig : ""));
}

static void add_builtins_giving(struct completing *c, const char *result)
{
    int n;
    const struct builtin_desc *const *all = builtin_all(&n);
    for (int i = 0; i < n; i++)
        if (strstr(all[i]->sig, result))
            add_completion(c, str_of(all[i]->name), "function", str_of(all[i]->sig));
}

static void add_keywords(struct completing *c)
{
    add_entries(c, 1u << ENTRY_WORD, "keyword");
    for (int s = 0; s < SYM_COUNT; s++) {
        struct str text = str_of(sym_text((enum sym)s));
        if (text.n && keyword_of(text) == (enum sym)s) add_completion(c, text, "keyword", STR(""));
    }
}

static void add_words(struct completing *c, const char *words, const char *type)
{
    for (const char *p = words; p && *p;) {
        size_t n = strcspn(p, " ");
        add_completion(c, (struct str){p, n}, type, STR(""));
        p += n + strspn(p + n, " ");
    }
}

/* ---- options ---- */

static const struct verb_desc *verb_at(const struct place *p)
{
    return p->verb >= 0 ? verb_find(place_word(p, p->verb)) : NULL;
}

static void add_option(struct completing *c, struct str name, const char *doc)
{
    struct str text = str_of(arena_printf(c->a, "%.*s: ", STR_FMT(name)));
    add_completion_as(c, name, text, "option", first_sentence(doc));
}

static void add_verb_options(struct completing *c)
{
    const struct verb_desc *d = verb_at(&c->place);
    for (const struct verb_option *o = d ? d->options : NULL; o && o->name; o++)
        if (strcmp(o->name, "*") != 0) add_option(c, str_of(o->name), o->doc);
}

/* Named parameters of the call around the cursor, from its signature. */
static void add_call_options(struct completing *c)
{
    struct str name = place_word(&c->place, c->place.call);
    struct fn_param params[16];
    const struct fn_desc *fn = fn_find(name);
    const struct agg_desc *agg = agg_find(name);
    const struct builtin_desc *b = builtin_find(name);
    const struct ml_family *m = ml_family_find(name);
    const char *sig = fn ? fn->sig : agg ? agg->sig : NULL;
    int n = sig ? fn_params(sig, params, 16) : 0;
    for (int i = 0; i < n && i < 16; i++)
        if (params[i].def.p)
            add_option(c, params[i].name, arena_printf(c->a, "%.*s", STR_FMT(params[i].type)));
    for (const char *p = b && b->options ? b->options : ""; *p && *p != '*';) {
        size_t len = strcspn(p, " ");
        add_option(c, (struct str){p, len}, b->sig);
        p += len + strspn(p + len, " ");
    }
    for (const struct ml_param_desc *p = m ? m->params : NULL; p && p->name; p++)
        add_option(c, str_of(p->name), p->doc);
}

/* Words and names that may follow `option:`; false when the option does not say. */
static bool complete_option_value(struct completing *c)
{
    const struct place *p = &c->place;
    const struct verb_desc *d = verb_at(p);
    struct str name = place_word(p, p->option);
    if (p->call >= 0) {
        const struct ml_family *m = ml_family_find(place_word(p, p->call));
        for (const struct ml_param_desc *q = m ? m->params : NULL; q && q->name; q++)
            if (str_eqz(name, q->name)) add_words(c, q->words, "option");
        return c->n > 0;
    }
    for (const struct verb_option *o = d ? d->options : NULL; o && o->name; o++) {
        if (!str_eqz(name, o->name)) continue;
        if (o->takes == OPT_BOOL) add_words(c, "true false", "keyword");
        if (o->words) add_words(c, o->words, "option");
        if (o->takes == OPT_WORD && !o->words)
            add_entries(c, 1u << ENTRY_CHART, "option"); /* words that have descriptors */
        if (o->takes == OPT_FRAME) add_variables(c, "", VALUE_FRAME);
        return o->takes == OPT_BOOL || o->takes == OPT_WORD || o->takes == OPT_FRAME;
    }
    return false;
}

/* ---- places ---- */

/* Parts of a model, fields of a struct, columns of a frame. */
static void complete_field(struct completing *c)
{
    const struct place *p = &c->place;
    int owner = p->before - 2;
    struct str name = place_word(p, owner);
    if (name.n && name.p[0] == '$') name = (struct str){name.p + 1, name.n - 1};
    if (name.n > 1 && name.p[0] == '`') name = (struct str){name.p + 1, name.n - 2};
    const struct value *v = scope_get(c->dry.lg.globals, name);
    const struct schema *s = value_columns(v);
    char type[128];
    int n = 0;
    for (int i = 0; s && i < s->n; i++)
        add_completion_as(c, str_of(s->fields[i].name),
                          quoted(c->a, str_of(s->fields[i].name), false), "column",
                          str_of(dtype_text(s->fields[i].type, type, sizeof type)));
    const char *const *parts = v && v->kind == VALUE_MODEL ? ml_parts(v->model, c->a, &n) : NULL;
    for (int i = 0; parts && i < n; i++)
        add_completion(c, str_of(parts[i]), "field", STR("part of the model"));
    for (int i = 0; v && v->kind == VALUE_STRUCT && i < v->n_items; i++)
        add_completion(c, str_of(v->names[i]), "field", STR("field"));
}

/* Strings hold paths where a builtin's or verb's signature says that its first value is one. */
static bool takes_path(const struct place *p)
{
    const struct builtin_desc *b = p->call >= 0 ? builtin_find(place_word(p, p->call)) : NULL;
    const struct verb_desc *d = verb_at(p);
    if (b) return strstr(b->sig, "path") || strstr(b->sig, "file") || strstr(b->sig, ".csv");
    if (p->call < 0 && d && p->option < 0)
        return strstr(d->sig, "\"file") != NULL && p->before == p->verb + 1;
    return p->pipe < 0 && p->before == 1; /* include ".." */
}

/* The first item of verbs that take a frame or model: those, and no columns; true then. */
static bool complete_first_item(struct completing *c, const struct verb_desc *d)
{
    const struct place *p = &c->place;
    if (!d || p->call >= 0 || p->in_clause || p->before != p->verb + 1) return false;
    bool wants_frame = d->takes_on || strstr(d->sig, "frame"),
         wants_model = strstr(d->sig, " model");
    if (wants_frame) add_variables(c, "", VALUE_FRAME);
    if (wants_model) add_variables(c, "", VALUE_MODEL);
    if (p->pipe < 0) add_variables(c, "", -1);
    if (wants_frame) add_builtins_giving(c, "-> frame");
    if (wants_model) add_builtins_giving(c, "-> model");
    return wants_frame || wants_model;
}

static void complete_step(struct completing *c)
{
    const struct place *p = &c->place;
    const struct verb_desc *d = verb_at(p);
    bool in_call = p->call >= 0;
    if (in_call && ml_family_find(place_word(p, p->call))) {
        add_call_options(c);
        return;
    }
    if (complete_first_item(c, d)) return;
    add_columns(c, false);
    if (in_call)
        add_call_options(c);
    else
        add_verb_options(c);
    add_entries(c, 1u << ENTRY_AGGREGATE | 1u << ENTRY_WINDOW | 1u << ENTRY_FUNCTION, "function");
    if (d && strstr(d->sig, "family")) add_entries(c, 1u << ENTRY_MODEL, "function");
    add_user_fns(c);
    add_keywords(c);
}

static void complete_statement(struct completing *c)
{
    add_variables(c, "", -1);
    if (c->place.call >= 0) add_call_options(c);
    if (c->place.is_statement_start) {
        int n;
        const struct verb_desc *const *verbs = verb_all(&n);
        for (int i = 0; i < n; i++)
            if (c->place.prefix.n) /* `explain t` */
                add_completion(c, str_of(verbs[i]->name), "verb", str_of(verbs[i]->sig));
    }
    add_user_fns(c);
    add_entries(c,
                1u << ENTRY_BUILTIN | 1u << ENTRY_FUNCTION | 1u << ENTRY_AGGREGATE |
                    1u << ENTRY_MODEL | 1u << ENTRY_FORMULA,
                "function");
    add_keywords(c);
}

static void complete_name(struct completing *c)
{
    const struct place *p = &c->place;
    if (p->is_verb_place) {
        add_verbs(c, c->input);
        add_user_fns(c);
        return;
    }
    if (p->option >= 0 && complete_option_value(c)) return;
    if (p->verb >= 0)
        complete_step(c);
    else
        complete_statement(c);
}

static void complete_word(struct completing *c)
{
    switch (c->place.word) {
    case WORD_NAME: complete_name(c); break;
    case WORD_QUOTED: add_columns(c, true); break;
    case WORD_VAR: add_variables(c, "$", -1); break;
    case WORD_FIELD: complete_field(c); break;
    case WORD_STRING:
        if (takes_path(&c->place))
            complete_paths(c);
        else
            complete_levels(c);
        break;
    case WORD_COMMAND:
    case WORD_NONE: break;
    }
}

void lang_complete(struct lang_snapshot *s, struct arena *a, const char *text, size_t n, size_t at,
                   struct completions *out)
{
    struct completing *c = ARENA_NEW(a, struct completing);
    c->snapshot = s;
    c->a = a;
    find_place(a, text, n, at, &c->place);
    c->from = c->place.from;
    c->to = c->place.to;
    dry_begin(&c->dry, s);
    c->input = place_input(&c->dry, &c->place);
    complete_word(c);
    value_unref(c->input);
    dry_end(&c->dry);
    *out = (struct completions){.items = c->items, .n = c->n, .from = c->from, .to = c->to};
}

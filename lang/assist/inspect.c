/* inspect.c: help for what stands at the cursor: verb, function, option, column, variable;
 * inside a call's brackets, where nothing else fits, the call itself. */
#include "lang/assist/assist_int.h"

#include "runtime/base/num.h"

struct seeing {
    struct arena *a;
    struct place place;
    struct dry dry;
    const struct lang_snapshot *snapshot;
    struct value *input; /* owned */
    struct strbuf *plain, *html;
};

static bool help_of(struct seeing *s, struct str name, unsigned kinds)
{
    struct entry *all;
    int n = entries(s->a, &all);
    bool found = false;
    for (int i = 0; i < n; i++) {
        if (!(kinds & (1u << all[i].kind)) || !str_eqz(name, all[i].name)) continue;
        if (found && s->plain) strbuf_addc(s->plain, '\n');
        entry_help(&all[i], s->plain, s->html);
        found = true;
    }
    return found;
}

#define FUNCTIONS                                                                                  \
    (1u << ENTRY_BUILTIN | 1u << ENTRY_AGGREGATE | 1u << ENTRY_WINDOW | 1u << ENTRY_FUNCTION |     \
     1u << ENTRY_MODEL | 1u << ENTRY_FORMULA)

static void say(struct seeing *s, struct str text)
{
    if (s->plain) {
        strbuf_adds(s->plain, text);
        strbuf_addc(s->plain, '\n');
    }
    if (!s->html) return;
    strbuf_addz(s->html, "<p>");
    strbuf_add_html(s->html, text);
    strbuf_addz(s->html, "</p>\n");
}

/* ---- columns ---- */

/* Whether a step between the pipeline's source and the cursor makes the column anew. */
static bool is_remade(const struct place *p, struct str name)
{
    int end = p->pipe < p->before ? p->pipe : p->before;
    for (int i = p->source; i + 1 < end; i++) {
        const struct tok *set = &p->lexed.toks[i + 1];
        if (set->kind == TOK_OP && set->sym == SYM_SET && str_eq(place_word(p, i), name))
            return true;
    }
    return false;
}

/* The rows of the frame that the pipeline starts from, where they are in memory and the column
 * still is the one of that frame; *label: its name. */
static const struct column *column_in_memory(struct seeing *s, struct str name, struct dtype type,
                                             struct str *label)
{
    const struct place *p = &s->place;
    const struct value *v = s->input;
    if (!v || v->kind != VALUE_FRAME) return NULL;
    const struct table *t = v->plan->op == PLAN_TABLE ? v->plan->u.table.table : NULL;
    *label = str_of(v->label ? v->label : "");
    if (!t && label->n) t = snapshot_table(s->snapshot, *label);
    if (!t && p->pipe >= 0 && p->source >= 0 && !is_remade(p, name)) {
        *label = place_word(p, p->source);
        t = snapshot_table(s->snapshot, *label);
    }
    int i = t ? schema_find(t->schema, name) : -1;
    return i >= 0 && dtype_eq(t->schema->fields[i].type, type) ? t->cols[i] : NULL;
}

static void say_column(struct seeing *s, struct str name, struct dtype type, struct str label,
                       const struct column *c)
{
    char text[128];
    dtype_text(type, text, sizeof text);
    say(s, str_of(arena_printf(s->a, "column `%.*s`: %s%s%.*s%s", STR_FMT(name), text,
                               label.n ? " (of `" : "", STR_FMT(label), label.n ? "`)" : "")));
    if (c) column_card(c, s->plain, s->html);
}

static bool see_column(struct seeing *s, struct str name)
{
    struct seen_column *columns;
    int n = place_columns(&s->dry, s->a, &s->place, s->input, &columns);
    for (int i = 0; i < n; i++) {
        if (!str_eqz(name, columns[i].name)) continue;
        struct str label = str_of(s->input && s->input->label ? s->input->label : ""), in = {0};
        const struct column *c = column_in_memory(s, name, columns[i].type, &in);
        say_column(s, name, columns[i].type, c ? in : label, c);
        return true;
    }
    return false;
}

/* `trips.fare`: a column of a frame that has a name. */
static bool see_field(struct seeing *s, struct str name)
{
    struct str owner = place_word(&s->place, s->place.before - 2);
    if (owner.n && owner.p[0] == '$') owner = (struct str){owner.p + 1, owner.n - 1};
    const struct value *v = scope_get(s->dry.lg.globals, owner);
    const struct schema *schema = value_columns(v);
    int i = schema ? schema_find(schema, name) : -1;
    if (i < 0) return false;
    const struct table *t = snapshot_table(s->snapshot, owner);
    int at = t ? schema_find(t->schema, name) : -1;
    say_column(s, name, schema->fields[i].type, owner, at >= 0 ? t->cols[at] : NULL);
    return true;
}

/* ---- variables ---- */

static void schema_rows(struct seeing *s, const struct schema *schema)
{
    char type[128];
    if (s->html) strbuf_addz(s->html, "<table>\n");
    for (int i = 0; i < schema->n; i++) {
        const char *name = schema->fields[i].name;
        dtype_text(schema->fields[i].type, type, sizeof type);
        if (s->plain) strbuf_printf(s->plain, "  %-24s %s\n", name, type);
        if (!s->html) continue;
        strbuf_addz(s->html, "<tr><td style=\"text-align:left\">");
        strbuf_add_html(s->html, str_of(name));
        strbuf_printf(s->html, "</td><td style=\"text-align:left\">%s</td></tr>\n", type);
    }
    if (s->html) strbuf_addz(s->html, "</table>\n");
}

static void see_frame(struct seeing *s, struct str name, const struct value *v)
{
    char number[NUM_TEXT_MAX];
    const struct table *rows = snapshot_table(s->snapshot, name);
    if (v->plan->op == PLAN_TABLE) rows = v->plan->u.table.table;
    if (rows)
        int_format_thousands(rows->n_rows, number);
    else
        snprintf(number, sizeof number, "?");
    say(s, str_of(arena_printf(s->a, "%.*s: frame, %s rows, %d columns", STR_FMT(name), number,
                               v->plan->schema->n)));
    schema_rows(s, v->plan->schema);
}

static void see_value(struct seeing *s, struct str name, const struct value *v)
{
    char type[128];
    struct strbuf text = {0};
    if (v->kind == VALUE_SCALAR || v->kind == VALUE_STRUCT || v->kind == VALUE_RANGE)
        value_text(&text, v, true);
    bool cut = text.n > 400;
    say(s, str_of(arena_printf(s->a, "%.*s: %s%s%.*s%s", STR_FMT(name),
                               value_type_text(v, type, sizeof type), text.n ? " = " : "",
                               (int)(cut ? 400 : text.n), text.p ? text.p : "", cut ? " .." : "")));
    strbuf_release(&text);
}

static bool see_variable(struct seeing *s, struct str name)
{
    const struct value *v = scope_get(s->dry.lg.globals, name);
    if (!v) return false;
    if (v->kind == VALUE_FRAME) {
        see_frame(s, name, v);
        return true;
    }
    see_value(s, name, v);
    if (v->kind == VALUE_MODEL && s->plain) ml_card_text(s->plain, v->model, s->dry.lg.opts.width);
    if (v->kind == VALUE_MODEL && s->html) ml_card_html(s->html, v->model);
    return true;
}

static bool see_user_fn(struct seeing *s, struct str name)
{
    const struct value *v = scope_fn(s->dry.lg.globals, name);
    if (!v || !v->fn) return false;
    struct strbuf text = {0};
    strbuf_printf(&text, "fn %.*s(", STR_FMT(name));
    for (int i = 0; i < v->fn->n_names; i++) {
        strbuf_printf(&text, "%s%.*s", i ? ", " : "", STR_FMT(v->fn->names[i]));
        if (v->fn->defaults && v->fn->defaults[i]) {
            strbuf_addz(&text, ": ");
            ast_text(&text, v->fn->defaults[i]);
        }
    }
    strbuf_addc(&text, ')');
    say(s, strbuf_view(&text));
    strbuf_release(&text);
    return true;
}

/* ---- options ---- */

static bool see_option(struct seeing *s, struct str name)
{
    const struct place *p = &s->place;
    const struct tok *next = &p->lexed.toks[p->before + 1];
    if (p->tok < 0 || next->kind != TOK_OP || next->sym != SYM_COLON) return false;
    if (p->call >= 0) return help_of(s, place_word(p, p->call), FUNCTIONS);
    const struct verb_desc *d = p->verb >= 0 ? verb_find(place_word(p, p->verb)) : NULL;
    for (const struct verb_option *o = d ? d->options : NULL; o && o->name; o++) {
        if (!str_eqz(name, o->name)) continue;
        say(s, str_of(arena_printf(s->a, "option %s: of %s: %s%s%s", o->name, d->name, o->doc,
                                   o->words ? "; one of " : "", o->words ? o->words : "")));
        return true;
    }
    return false;
}

/* ---- at the cursor ---- */

static bool is_called(const struct place *p)
{
    if (p->tok < 0) return false;
    const struct tok *t = &p->lexed.toks[p->tok], *next = t + 1;
    return next->kind == TOK_OP && next->sym == SYM_LPAREN && next->from == t->to;
}

static bool see_name(struct seeing *s, struct str name)
{
    const struct place *p = &s->place;
    bool in_step = p->verb >= 0 || p->is_verb_place;
    if (p->is_verb_place || p->tok == p->verb) {
        if (see_user_fn(s, name)) return true;
        return help_of(s, name, 1u << ENTRY_VERB | 1u << ENTRY_LATER);
    }
    if (see_option(s, name)) return true;
    if (is_called(p) && (see_user_fn(s, name) || help_of(s, name, FUNCTIONS))) return true;
    if (in_step && see_column(s, name)) return true;
    if (see_variable(s, name)) return true;
    return help_of(s, name, ~0u);
}

static struct str whole_word(const struct place *p)
{
    struct str word = place_word(p, p->tok);
    if (p->tok < 0) return word;
    if (word.n && word.p[0] == '$') word = (struct str){word.p + 1, word.n - 1};
    if (word.n > 1 && word.p[0] == '`') {
        word = (struct str){word.p + 1, word.n - 1};
        if (word.n && word.p[word.n - 1] == '`') word.n--;
    }
    return word;
}

static bool see_place(struct seeing *s)
{
    const struct place *p = &s->place;
    struct str word = whole_word(p);
    if (p->word == WORD_COMMAND) {
        lang_help((struct str){word.p + 1, word.n ? word.n - 1 : 0}, s->plain, s->html);
        return true;
    }
    if (p->word == WORD_VAR && word.n) return see_variable(s, word);
    if (p->word == WORD_FIELD && word.n && see_field(s, word)) return true;
    if (p->word == WORD_QUOTED && word.n) return see_column(s, word) || see_variable(s, word);
    if (p->word == WORD_NAME && word.n && see_name(s, word)) return true;
    if (p->call >= 0) {
        struct str call = place_word(p, p->call);
        return see_user_fn(s, call) || help_of(s, call, FUNCTIONS);
    }
    return p->verb >= 0 && help_of(s, place_word(p, p->verb), 1u << ENTRY_VERB);
}

bool lang_inspect(struct lang_snapshot *snapshot, const char *text, size_t n, size_t at,
                  struct strbuf *plain, struct strbuf *html)
{
    struct seeing s = {.a = arena_new(), .snapshot = snapshot, .plain = plain, .html = html};
    find_place(s.a, text, n, at, &s.place);
    if (s.place.tok < 0 && s.place.at < n) { /* the name may begin at the cursor */
        struct place next;
        find_place(s.a, text, n, at + 1, &next);
        if (next.tok >= 0 && next.from == at) s.place = next;
    }
    dry_begin(&s.dry, snapshot);
    s.input = place_input(&s.dry, &s.place);
    bool found = see_place(&s);
    value_unref(s.input);
    dry_end(&s.dry);
    arena_free(s.a);
    return found;
}

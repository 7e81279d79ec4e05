/* bind_error.c: what to say about a name that is no column, and how computed columns are called:
 * both read the source text. */
#include "lang/bind_int.h"

/* ---- unknown columns ---- */
static void hint_name(struct bind *b, struct span span, struct str name)
{
    struct strbuf text = {0};
    name_text(&text, name);
    (void)hint_replace(b->lg, span, "%s", text.p);
    strbuf_release(&text);
}
/* Up to three names near a wrong one, best first. */
static int closest(struct bind *b, struct str name, struct str *out)
{
    int n = b->schema->n, found = 0;
    struct str *names = ARENA_ARRAY(b->arena, struct str, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = str_of(b->schema->fields[i].name);
    while (found < 3) {
        struct str near = nearest(name, names, n);
        if (near.n == 0) break;
        out[found++] = near;
        for (int i = 0; i < n; i++)
            if (str_eq(names[i], near)) names[i--] = names[--n];
    }
    return found;
}
static rc needs_dollar(struct bind *b, struct str name, struct span span)
{
    (void)fail(b->cx, E203, span, "`%.*s` is a variable, not a column: write $%.*s", STR_FMT(name),
               STR_FMT(name));
    struct strbuf text = {0};
    name_text(&text, name);
    (void)hint_replace(b->lg, span, "$%s", text.p);
    strbuf_release(&text);
    return RC_ERR;
}
void note_columns(struct bind *b, struct str name, struct span span, bool in_step)
{
    char label[160];
    struct str near[3];
    struct strbuf note = {0};
    int n = closest(b, name, near), all = b->schema->n;
    label_text(b->frame_label, label, sizeof label);
    if (!b->frame_label) label[0] = 'T';
    strbuf_printf(&note, "%s has %d column%s.", label, all, all == 1 ? "" : "s");
    for (int i = 0; i < n; i++) {
        strbuf_addz(&note, i == 0 ? " Closest: " : ", ");
        name_text(&note, near[i]);
    }
    bool is_short = n == 0 && all > 0 && all <= 12;
    for (int i = 0; i < all && is_short; i++) {
        strbuf_addz(&note, i == 0 ? " They are: " : ", ");
        name_text(&note, str_of(b->schema->fields[i].name));
    }
    if (n || is_short) strbuf_addc(&note, '.');
    if (in_step) strbuf_addz(&note, " A variable of that name does not exist.");
    (void)err_note(b->cx, "%s", note.p);
    strbuf_release(&note);
    if (n) hint_name(b, span, near[0]);
}
rc unknown_column(struct bind *b, struct str name, struct span span)
{
    const struct value *v = scope_peek(b->scope, name);
    if (v && v->kind != VALUE_FN) return needs_dollar(b, name, span);
    (void)fail(b->cx, E201, span, "unknown column `%.*s`", STR_FMT(name));
    note_columns(b, name, span, true);
    return RC_ERR;
}

/* ---- names of computed columns ---- */
struct text_maker {
    struct lang *lg;
    struct scope *scope;
    struct strbuf out;
    struct str source;
    size_t at, end;
};
static void add_folded(struct strbuf *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_blank = p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r';
        if (!is_blank) {
            strbuf_addc(out, p[i]);
        } else if (out->n > 0 && out->p[out->n - 1] != ' ') {
            strbuf_addc(out, ' ');
        }
    }
}
static void text_of(struct text_maker *m, const struct ast *e);

/* Copies the source, with what `$p` of a fn stands for in its place. */
static void text_walk(struct text_maker *m, const struct ast *e)
{
    if (!e) return;
    const struct value *v = e->op == AST_VAR && m->scope ? scope_get(m->scope, e->text) : NULL;
    if (v && v->kind == VALUE_EXPR && e->span.from >= m->at && e->span.to <= m->end) {
        add_folded(&m->out, m->source.p + m->at, e->span.from - m->at);
        struct text_maker inner = {.lg = m->lg, .scope = v->closure};
        text_of(&inner, v->fn);
        strbuf_adds(&m->out, strbuf_view(&inner.out));
        strbuf_release(&inner.out);
        m->at = e->span.to;
        return;
    }
    for (int i = 0; i < e->n_kids; i++)
        text_walk(m, e->kids[i]);
}
static void text_of(struct text_maker *m, const struct ast *e)
{
    m->source = sources_text(m->lg->sources, e->span.source);
    if (e->span.source == 0 || e->span.to > m->source.n || e->span.from >= e->span.to) {
        ast_text(&m->out, e);
        return;
    }
    m->at = e->span.from;
    m->end = e->span.to;
    text_walk(m, e);
    add_folded(&m->out, m->source.p + m->at, m->end - m->at);
}
const char *item_name(struct lang *lg, struct arena *a, const struct ast_item *item)
{
    struct text_maker m = {.lg = lg, .scope = lg->scope};
    const struct ast *e = item->expr;
    if (item->kind == ITEM_MAKE) return arena_strndup(a, item->name.p, item->name.n);
    for (const struct value *v; e->op == AST_VAR && m.scope &&
                                (v = scope_get(m.scope, e->text)) != NULL &&
                                v->kind == VALUE_EXPR;) {
        e = v->fn; /* `$col` that stands for a plain column is called as the column */
        m.scope = v->closure;
    }
    if (e->op == AST_NAME) return arena_strndup(a, e->text.p, e->text.n);
    text_of(&m, e);
    const char *name = arena_strndup(a, strbuf_view(&m.out).p, m.out.n);
    strbuf_release(&m.out);
    return name;
}

/* columns.c: what flows into the step at the cursor, and the columns in sight there. The
 * text before the step is bound on the snapshot; nothing is run. */
#include "lang/assist/assist_int.h"

/* Statements of the same text before the cursor's own, so that a cell's first lines count. */
static void run_before(struct dry *d, const struct place *p)
{
    if (p->statement <= 0 || p->statement >= p->lexed.n) return;
    uint32_t end = p->lexed.toks[p->statement].from;
    if (end > p->at) end = p->at;
    dry_statements(d, p->text, end);
}

static struct value *value_of(struct dry *d, const struct place *p, int from, int to)
{
    struct str text = place_text(p, from, to);
    return text.n ? dry_value(d, text.p, text.n) : NULL;
}

struct value *place_input(struct dry *d, const struct place *p)
{
    run_before(d, p);
    if (p->pipe >= 0 && p->source >= 0) return value_of(d, p, p->source, p->pipe);
    if (p->verb >= 0 && p->verb + 1 < p->before) return value_of(d, p, p->verb + 1, p->verb + 2);
    return NULL;
}

struct columns {
    struct arena *a;
    struct seen_column *items;
    int n, cap;
};

static void add_column(struct columns *cs, const char *name, struct dtype type)
{
    if (name[0] == '.') return; /* made by a verb for itself */
    for (int i = 0; i < cs->n; i++)
        if (strcmp(cs->items[i].name, name) == 0) return;
    if (cs->n == cs->cap) {
        cs->cap = cs->cap ? 2 * cs->cap : 32;
        struct seen_column *items = ARENA_ARRAY(cs->a, struct seen_column, cs->cap);
        if (cs->n) memcpy(items, cs->items, (size_t)cs->n * sizeof *items);
        cs->items = items;
    }
    cs->items[cs->n++] = (struct seen_column){arena_strndup(cs->a, name, strlen(name)), type};
}

static void add_schema(struct columns *cs, const struct schema *s)
{
    for (int i = 0; s && i < s->n; i++)
        add_column(cs, s->fields[i].name, s->fields[i].type);
}

/* Whether the step's text before the cursor has an item `name = ..`. */
static bool is_made_here(const struct place *p, const char *name)
{
    for (int i = p->verb + 1; i + 1 < p->before; i++) {
        const struct tok *set = &p->lexed.toks[i + 1];
        struct str word = place_word(p, i);
        if (set->kind == TOK_OP && set->sym == SYM_SET && str_eqz(word, name)) return true;
    }
    return false;
}

/* Items before the cursor's own are bound as a step of their own: what they made is in sight. */
static void add_made(struct dry *d, const struct place *p, struct columns *cs)
{
    int end = p->item - 1; /* the comma, or the word of the clause */
    if (p->pipe < 0 || p->verb < 0 || end <= p->verb + 1 || end > p->before) return;
    struct value *v = value_of(d, p, p->source, end);
    const struct schema *s = value_columns(v);
    for (int i = 0; s && i < s->n; i++)
        if (is_made_here(p, s->fields[i].name))
            add_column(cs, s->fields[i].name, s->fields[i].type);
    value_unref(v);
}

/* Behind `on`: the columns of the frame that the step's first item names. */
static void add_right(struct dry *d, const struct place *p, struct columns *cs)
{
    int from = p->verb + 1, to = from, depth = 0;
    if (!p->in_on || from >= p->before) return;
    for (; to < p->before; to++) {
        const struct tok *t = &p->lexed.toks[to];
        bool is_op = t->kind == TOK_OP || t->kind == TOK_KEYWORD;
        if (is_op && (t->sym == SYM_LPAREN || t->sym == SYM_LBRACKET)) depth++;
        if (is_op && (t->sym == SYM_RPAREN || t->sym == SYM_RBRACKET)) depth--;
        if (is_op && depth == 0 && (t->sym == SYM_COMMA || t->sym == SYM_ON)) break;
    }
    struct str text = place_text(p, from, to);
    if (text.n && text.p[0] == '$') text = (struct str){text.p + 1, text.n - 1};
    struct value *v = text.n ? dry_value(d, text.p, text.n) : NULL;
    add_schema(cs, value_columns(v));
    value_unref(v);
}

int place_columns(struct dry *d, struct arena *a, const struct place *p, const struct value *input,
                  struct seen_column **out)
{
    struct columns cs = {.a = a};
    add_schema(&cs, value_columns(input));
    if (cs.n) {
        add_made(d, p, &cs);
        add_right(d, p, &cs);
    }
    *out = cs.items;
    return cs.n;
}

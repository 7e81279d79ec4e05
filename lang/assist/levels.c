/* levels.c: values of a column inside quotes: `zone == "Ma`, `zone in ["a", "`. Only those
 * that are at hand: dictionaries of tables that the snapshot holds. */
#include "lang/assist/assist_complete.h"

#define MAX_LEVELS_SHOWN 100

/* The column that the text in quotes is compared with: the name left of == != in. */
static struct str compared_column(const struct place *p)
{
    int i = p->before - 1;
    int item = p->verb >= 0 ? p->verb : 0;
    for (; i > item; i--) {
        const struct tok *t = &p->lexed.toks[i];
        bool is_op = t->kind == TOK_OP || t->kind == TOK_KEYWORD;
        if (is_op && (t->sym == SYM_EQ || t->sym == SYM_NE || t->sym == SYM_IN)) break;
        bool in_list =
            t->kind == TOK_STR || (is_op && (t->sym == SYM_COMMA || t->sym == SYM_LBRACKET));
        if (!in_list) return (struct str){0};
    }
    if (i > item && p->lexed.toks[i - 1].kind == TOK_KEYWORD) i--; /* not in */
    if (i <= item) return (struct str){0};
    struct str name = place_word(p, i - 1);
    if (name.n > 1 && name.p[0] == '`') name = (struct str){name.p + 1, name.n - 2};
    return name;
}

static const struct column *find_dictionary(const struct table *t, struct str column)
{
    int at = t ? schema_find(t->schema, column) : -1;
    return at >= 0 && t->cols[at]->phys == PHYS_DICT ? t->cols[at]->dict : NULL;
}

static const struct column *levels_of(struct completing *c, struct str column)
{
    const struct lang_snapshot *s = c->snapshot;
    const struct column *found = NULL;
    if (c->input && c->input->label)
        found = find_dictionary(snapshot_table(s, str_of(c->input->label)), column);
    for (int i = 0; i < s->n && !found; i++)
        found = find_dictionary(s->tables[i], column);
    return found;
}

void complete_levels(struct completing *c)
{
    struct str column = compared_column(&c->place);
    const struct column *levels = column.n ? levels_of(c, column) : NULL;
    for (int64_t i = 0; levels && i < levels->n && c->n < MAX_LEVELS_SHOWN; i++) {
        struct scalar s = column_scalar(levels, i);
        bool is_plain =
            !s.is_null && !memchr(s.u.s.p, '"', s.u.s.n) && !memchr(s.u.s.p, '\\', s.u.s.n);
        if (is_plain) add_completion(c, s.u.s, "level", column);
    }
}

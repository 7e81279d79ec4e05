/* lint_sql.c: the names of a SQL cell, by its words: `$x` is a variable, what stands after FROM and
 * JOIN a table, and every other word may be one. */
#include "kernel/cli/lint.h"

#include "lang/syntax/lex.h"

struct scan {
    struct lint *l;
    struct str sql;
    size_t at;
    const struct notebook *nb; /* NULL: a string in code, whose place is `place` */
    int cell;
    struct lint_place place;
    struct str word, before, before2; /* this word and the two before it */
    bool creates;                     /* create table: its name comes */
    uint64_t clause; /* bit d: the bracket at depth d belongs to extract(), trim() .. */
    int depth;
};

static struct lint_place place_at(const struct scan *s, size_t at)
{
    return s->nb ? lint_place_of(s->nb, s->cell, at) : s->place;
}

static bool word_is(struct str word, const char *text)
{
    return str_eq_nocase(word, str_of(text));
}

static size_t after_blank(const struct scan *s, size_t at)
{
    while (at < s->sql.n && strchr(" \t\r\n", s->sql.p[at]))
        at++;
    return at;
}

/* Past a quoted text or comment that begins here; false when none does. */
static bool skip_quoted(struct scan *s)
{
    struct str rest = {s->sql.p + s->at, s->sql.n - s->at};
    char c = rest.p[0];
    size_t n = 1;
    if (str_starts(rest, STR("--"))) {
        while (n < rest.n && rest.p[n] != '\n')
            n++;
    } else if (str_starts(rest, STR("/*"))) {
        while (n < rest.n && !(n > 2 && rest.p[n] == '/' && rest.p[n - 1] == '*'))
            n++;
        n++;
    } else if (c == '\'') {
        while (n < rest.n && rest.p[n] != c)
            n++;
        n++;
    } else {
        return false;
    }
    s->at += n < rest.n ? n : rest.n;
    return true;
}

/* Whether a name is a common table expression of this text: `name as (` or `name (a, b) as (`. */
static bool is_cte(const struct scan *s, struct str name)
{
    for (size_t i = 0; i + name.n < s->sql.n; i++) {
        if (!str_eq_nocase((struct str){s->sql.p + i, name.n}, name)) continue;
        size_t at = after_blank(s, i + name.n);
        if (at < s->sql.n && s->sql.p[at] == '(') {
            while (at < s->sql.n && s->sql.p[at] != ')')
                at++;
            at = after_blank(s, at + 1);
        }
        if (at + 2 > s->sql.n || !word_is((struct str){s->sql.p + at, 2}, "as")) continue;
        at = after_blank(s, at + 2);
        if (at < s->sql.n && (s->sql.p[at] == '(' || s->sql.p[at] == 'm' || s->sql.p[at] == 'n'))
            return true;
    }
    return false;
}

/* The variable of that name: as written, else the only one that fits ignoring case. */
static struct str variable_named(const struct lint *l, struct str name)
{
    struct str found = name;
    int n = 0;
    if (lint_find(l, name)) return name;
    for (int i = 0; i < l->n_names; i++)
        if (str_eq_nocase(name, str_of(l->names[i].text))) found = str_of(l->names[i].text), n++;
    return n == 1 ? found : name;
}

static bool in_clause_call(const struct scan *s)
{
    return s->depth > 0 && s->depth < 64 && (s->clause >> s->depth & 1);
}

/* Whether a table must stand where this word stands. */
static bool is_table_place(const struct scan *s)
{
    bool is_from = word_is(s->before, "from") || word_is(s->before, "join");
    return is_from && !word_is(s->before2, "distinct") && !in_clause_call(s);
}

static void see_word(struct scan *s, size_t from)
{
    size_t next = after_blank(s, s->at);
    char c = next < s->sql.n ? s->sql.p[next] : '\0';
    struct str name = variable_named(s->l, s->word);
    static const char *const no_tables[] = {"lateral", "only", "select", "unnest", "values"};
    bool is_table = is_table_place(s) && c != '(' && c != '.' && !is_cte(s, s->word);
    for (size_t i = 0; i < sizeof no_tables / sizeof no_tables[0]; i++)
        if (word_is(s->word, no_tables[i])) is_table = false;
    if (word_is(s->word, "create")) s->creates = true;
    bool is_target =
        word_is(s->before, "table") || word_is(s->before, "view") || word_is(s->before, "exists");
    if (s->creates && is_target && !word_is(s->word, "if")) {
        lint_define(s->l, s->word, NAME_VAR, place_at(s, from), s->l->n_used);
        s->creates = false;
    } else {
        lint_use(s->l, name, place_at(s, from), !is_table || !s->nb);
    }
}

static void open_bracket(struct scan *s)
{
    static const char *const clauses[] = {"extract", "substring", "trim", "overlay", "position"};
    s->depth++;
    if (s->depth >= 64) return;
    s->clause &= ~(1ULL << s->depth);
    for (size_t i = 0; i < sizeof clauses / sizeof clauses[0]; i++)
        if (word_is(s->word, clauses[i])) s->clause |= 1ULL << s->depth;
}

static void step(struct scan *s)
{
    size_t from = s->at;
    char c = s->sql.p[from];
    bool is_var = c == '$', is_quoted = c == '"';
    size_t start = from + (is_var || is_quoted);
    size_t end = scan_name(s->sql.p, (uint32_t)start, (uint32_t)s->sql.n);
    if (is_quoted) {
        const char *close = memchr(s->sql.p + start, '"', s->sql.n - start);
        end = close ? (size_t)(close - s->sql.p) : s->sql.n;
    }
    if (end <= start) {
        if (c == '(') open_bracket(s);
        if (c == ')' && s->depth > 0) s->depth--;
        if (!strchr(" \t\r\n", c))
            s->before2 = s->before = s->word = (struct str){s->sql.p + from, 1};
        s->at++;
        return;
    }
    s->before2 = s->before;
    s->before = s->word;
    s->word = (struct str){s->sql.p + start, end - start};
    s->at = end + is_quoted;
    if (s->at > s->sql.n) s->at = s->sql.n;
    if (is_var)
        lint_use(s->l, s->word, place_at(s, from), false);
    else
        see_word(s, from);
}

static void run(struct scan *s)
{
    while (s->at < s->sql.n)
        if (!skip_quoted(s)) step(s);
}

void lint_sql_text(struct lint *l, struct str sql, struct lint_place at)
{
    struct scan s = {.l = l, .sql = sql, .place = at};
    run(&s);
}

void lint_sql_cell(struct lint *l, const struct notebook *nb, int cell)
{
    const struct cell *c = &nb->cells[cell];
    struct scan s = {.l = l, .sql = {c->source, c->n_source}, .nb = nb, .cell = cell};
    int mark = l->n_used;
    const char *as = cell_option(c, "as");
    run(&s);
    if (!as) return;
    struct lint_place at = {cell, c->first_line > 1 ? c->first_line - 1 : 1, 1};
    lint_define(l, str_of(as), NAME_VAR, at, mark);
}

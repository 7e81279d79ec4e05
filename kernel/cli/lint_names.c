/* lint_names.c: the table of names and findings that the walkers (lint_code.c, lint_sql.c) fill. */
#include "kernel/cli/lint.h"

#include "kernel/cli/cli.h"
#include "runtime/base/utf8.h"

/* ---- the vocabulary ---- */

static void add_word(void *arg, const char *kind, const char *name)
{
    struct lint *l = arg;
    if (l->n_words % 64 == 0)
        l->words = mem_realloc(l->words, (size_t)(l->n_words + 64) * sizeof *l->words);
    l->words[l->n_words++] = arena_printf(l->arena, "%s %s", kind, name);
}

bool lint_is_word(const struct lint *l, const char *kind, struct str name)
{
    size_t n = strlen(kind);
    for (int i = 0; i < l->n_words; i++)
        if (strncmp(l->words[i], kind, n) == 0 && l->words[i][n] == ' ' &&
            str_eqz(name, l->words[i] + n + 1))
            return true;
    return false;
}

/* ---- places and findings ---- */

struct lint_place lint_place_of(const struct notebook *nb, int cell, size_t at)
{
    const struct cell *c = &nb->cells[cell];
    struct lint_place p = {.cell = cell, .line = c->first_line};
    size_t from = 0;
    if (at > c->n_source) at = c->n_source;
    for (size_t i = 0; i < at; i++) {
        if (c->source[i] != '\n') continue;
        p.line++;
        from = i + 1;
    }
    p.column = (int)utf8_length(c->source + from, at - from) + 1;
    return p;
}

void lint_say(struct lint *l, struct lint_place at, const char *rule, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    if (l->only_collect || l->is_outer) return;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    if (l->n_findings % 32 == 0)
        l->findings = mem_realloc(l->findings, (size_t)(l->n_findings + 32) * sizeof *l->findings);
    l->findings[l->n_findings++] =
        (struct lint_finding){at, rule, arena_strndup(l->arena, b.p ? b.p : "", b.n)};
    strbuf_release(&b);
}

/* ---- names ---- */

struct lint_name *lint_find(const struct lint *l, struct str name)
{
    for (int i = 0; i < l->n_names; i++)
        if (str_eqz(name, l->names[i].text)) return &l->names[i];
    return NULL;
}

static struct lint_name *add_name(struct lint *l, struct str name)
{
    if (l->n_names % 32 == 0)
        l->names = mem_realloc(l->names, (size_t)(l->n_names + 32) * sizeof *l->names);
    struct lint_name *n = &l->names[l->n_names++];
    *n = (struct lint_name){.text = arena_strndup(l->arena, name.p, name.n)};
    return n;
}

void lint_define(struct lint *l, struct str name, enum lint_kind kind, struct lint_place at,
                 int mark)
{
    struct lint_name *n = lint_find(l, name);
    bool is_new = n == NULL;
    if (is_new) n = add_name(l, name);
    if (is_new || l->only_collect) {
        if (is_new) n->first = at;
        if (is_new) n->kind = kind;
        n->is_outer = n->is_outer || l->is_outer;
        if (l->only_collect) return;
    }
    if (n->kind != NAME_PARAM) n->kind = kind;
    n->at = at;
    n->version++;
    n->is_warned = false;
    n->n_deps = l->n_used - mark;
    n->deps = ARENA_ARRAY(l->arena, struct lint_dep, n->n_deps + 1);
    if (n->n_deps) memcpy(n->deps, l->used + mark, (size_t)n->n_deps * sizeof *n->deps);
}

static void add_use(struct lint *l, const struct lint_name *n)
{
    if (l->n_used % 64 == 0)
        l->used = mem_realloc(l->used, (size_t)(l->n_used + 64) * sizeof *l->used);
    l->used[l->n_used++] = (struct lint_dep){(int)(n - l->names), n->version};
}

struct str lint_nearest(const struct lint *l, struct str name, bool only_params)
{
    struct str *all = mem_zero((size_t)(l->n_names + 1) * sizeof *all);
    int n = 0;
    for (int i = 0; i < l->n_names; i++)
        if (!only_params || l->names[i].kind == NAME_PARAM) all[n++] = str_of(l->names[i].text);
    struct str near = nearest(name, all, n);
    mem_free(all);
    return near;
}

struct str lint_nearest_function(const struct lint *l, struct str name)
{
    static const char *const kinds[] = {"function ", "model "};
    struct str *all = mem_zero((size_t)(l->n_names + l->n_words + 1) * sizeof *all);
    int n = 0;
    for (int i = 0; i < l->n_names; i++)
        if (l->names[i].kind == NAME_FN) all[n++] = str_of(l->names[i].text);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < l->n_words; i++)
            if (strncmp(l->words[i], kinds[k], strlen(kinds[k])) == 0)
                all[n++] = str_of(l->words[i] + strlen(kinds[k]));
    struct str near = nearest(name, all, n);
    mem_free(all);
    return near;
}

static void say_undefined(struct lint *l, struct str name, struct lint_place at)
{
    struct str near = lint_nearest(l, name, false);
    if (l->has_more) return; /* it may come from there */
    if (near.n)
        lint_say(l, at, "undefined", "`%.*s` is not set anywhere; did you mean `%.*s`?",
                 STR_FMT(name), STR_FMT(near));
    else
        lint_say(l, at, "undefined", "`%.*s` is not set anywhere", STR_FMT(name));
}

/* Cell i of .ipynb kept an output that is older than what it used. */
static void check_counts(struct lint *l, const struct lint_name *n, struct lint_place at)
{
    if (n->is_outer || n->at.cell == at.cell) return;
    int64_t user = l->nb->cells[at.cell].execution_count;
    int64_t maker = l->nb->cells[n->at.cell].execution_count;
    if (user > 0 && (maker == 0 || maker > user))
        lint_say(l, at, "stale", "the output is older than `%s`, which cell %d has set since",
                 n->text, n->at.cell + 1);
}

/* The name was made from another one, which a later cell has set anew. */
static void check_deps(struct lint *l, struct lint_name *n, struct lint_place at)
{
    for (int i = 0; i < n->n_deps && !n->is_warned; i++) {
        const struct lint_name *from = &l->names[n->deps[i].name];
        bool is_newer = from->version > n->deps[i].version && from != n && !from->is_outer;
        if (!is_newer || from->kind == NAME_FN || from->at.cell == n->at.cell) continue;
        n->is_warned = true;
        lint_say(l, at, "stale", "`%s` (line %d) was made from `%s`, which line %d has set anew",
                 n->text, n->at.line, from->text, from->at.line);
    }
}

void lint_use(struct lint *l, struct str name, struct lint_place at, bool is_soft)
{
    struct lint_name *n = lint_find(l, name);
    if (l->only_collect || str_eqz(name, "_")) return;
    if (!n) {
        if (!is_soft) say_undefined(l, name, at);
        return;
    }
    n->is_used = true;
    if (n->version == 0 && n->kind != NAME_FN && !is_soft && !l->in_fn && !n->is_outer)
        lint_say(l, at, "stale", "`%s` is used here and set only in line %d%s", n->text,
                 n->first.line, n->first.cell == at.cell ? "" : ", in a later cell");
    if (n->version == 0 || l->in_fn || l->is_outer) return;
    add_use(l, n);
    check_counts(l, n, at);
    check_deps(l, n, at);
}

/* ---- the whole ---- */

static void walk(struct lint *l, const struct notebook *nb)
{
    for (int i = 0; i < nb->n_cells; i++) {
        const struct cell *c = &nb->cells[i];
        if (cell_has_tag(c, "skip")) continue;
        if (c->kind == CELL_CODE || c->kind == CELL_PARAMS) lint_code(l, nb, i);
        if (c->kind == CELL_SQL) lint_sql_cell(l, nb, i);
    }
}

static void begin(struct lint *l, const struct notebook *nb, const char *folder)
{
    *l = (struct lint){.arena = arena_new(), .nb = nb, .folder = folder};
    lang_vocabulary(add_word, l);
    l->only_collect = true;
    walk(l, nb);
    l->only_collect = false;
}

void lint_params(struct lint *l, const struct notebook *nb, const char *folder)
{
    begin(l, nb, folder);
}

bool lint_knows_param(const struct lint *l, struct str name)
{
    const struct lint_name *n = lint_find(l, name);
    return n && n->kind == NAME_PARAM;
}

static void say_unused(struct lint *l)
{
    static const char *const what[] = {"is set and never used", "is a function that nothing calls",
                                       "is a param that nothing reads"};
    bool is_library = true; /* functions only: for others to include */
    for (int i = 0; i < l->n_names; i++)
        if (!l->names[i].is_outer && l->names[i].kind != NAME_FN) is_library = false;
    for (int i = 0; i < l->n_names; i++) {
        const struct lint_name *n = &l->names[i];
        if (n->is_used || n->is_outer || n->text[0] == '_') continue;
        if (n->kind == NAME_FN && is_library) continue;
        lint_say(l, n->first, "unused", "`%s` %s", n->text, what[n->kind]);
    }
}

static int compare_findings(const void *a, const void *b)
{
    const struct lint_finding *x = a, *y = b;
    if (x->at.cell != y->at.cell) return x->at.cell < y->at.cell ? -1 : 1;
    if (x->at.line != y->at.line) return x->at.line < y->at.line ? -1 : 1;
    if (x->at.column != y->at.column) return x->at.column < y->at.column ? -1 : 1;
    return strcmp(x->text, y->text);
}

void lint_notebook(struct lint *l, const struct notebook *nb, const char *folder)
{
    begin(l, nb, folder);
    walk(l, nb);
    say_unused(l);
    if (l->n_findings)
        qsort(l->findings, (size_t)l->n_findings, sizeof *l->findings, compare_findings);
}

void lint_free(struct lint *l)
{
    mem_free(l->names);
    mem_free(l->findings);
    mem_free(l->used);
    mem_free((void *)(uintptr_t)l->words);
    arena_free(l->arena);
}

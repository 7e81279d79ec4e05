/* stale.c: which cell made what from what, so that a cell which uses something old can say so.
 *
 * Each name a cell sets has a version: a hash of the cell's tokens (comments and blanks do not
 * count) and of the versions of all that it used. A cell is stale when one of the versions it used
 * is not what that cell makes now, or when a cell it used is stale itself. Cells are told apart by
 * the identity that the front end sends; without one nothing is noted. */
#include "kernel/session/session_int.h"

#include "runtime/base/hash.h"

#define MAX_NOTES 3
#define MAX_DEPTH 32

struct made {
    char *name;
    uint64_t version;
};
struct used {
    char *name;
    struct ran *from;
    uint64_t version;
};
struct ran { /* the last run of a cell */
    char *id;
    int count; /* [n] in front of it */
    bool is_deleted;
    struct made *made;
    int n_made;
    struct used *used;
    int n_used;
    int round; /* of is_old: looked at already */
};
struct maker {
    char *name;
    struct ran *cell;
};

/* ---- lists ---- */
static char *copy_of(struct str s)
{
    return mem_strndup(s.p ? s.p : "", s.n);
}

static struct maker *maker_of(const struct stale *st, struct str name)
{
    for (int i = 0; i < st->n_makers; i++)
        if (str_eqz(name, st->makers[i].name)) return &st->makers[i];
    return NULL;
}

static void set_maker(struct stale *st, struct str name, struct ran *cell)
{
    struct maker *m = maker_of(st, name);
    if (!m) {
        st->makers = mem_realloc(st->makers, sizeof *m * (size_t)(st->n_makers + 1));
        m = &st->makers[st->n_makers++];
        m->name = copy_of(name);
    }
    m->cell = cell;
}

static struct ran *cell_of(struct stale *st, const char *id, bool make)
{
    for (int i = 0; i < st->n; i++)
        if (strcmp(st->cells[i]->id, id) == 0) return st->cells[i];
    if (!make) return NULL;
    st->cells = mem_realloc(st->cells, sizeof *st->cells * (size_t)(st->n + 1));
    struct ran *cell = st->cells[st->n++] = mem_zero(sizeof *cell);
    cell->id = mem_strndup(id, strlen(id));
    return cell;
}

static const struct made *made_by(const struct ran *cell, const char *name)
{
    for (int i = 0; i < cell->n_made; i++)
        if (strcmp(cell->made[i].name, name) == 0) return &cell->made[i];
    return NULL;
}

static void forget_used(struct ran *cell)
{
    for (int i = 0; i < cell->n_used; i++)
        mem_free(cell->used[i].name);
    cell->n_used = 0;
}

static void forget_made(struct ran *cell)
{
    for (int i = 0; i < cell->n_made; i++)
        mem_free(cell->made[i].name);
    cell->n_made = 0;
}

/* ---- a run is noted ---- */
static uint64_t hash_tokens(struct str source)
{
    struct arena *a = arena_new();
    int n;
    const struct token *toks = lex_all(a, source.p, source.n, &n);
    uint64_t h = 1;
    bool is_line_over = true; /* blank lines do not count */
    for (int i = 0; i < n; i++) {
        bool is_newline = toks[i].kind == TOK_NEWLINE;
        if (toks[i].kind == TOK_COMMENT || toks[i].kind == TOK_END) continue;
        if (is_newline && is_line_over) continue;
        is_line_over = is_newline;
        const char *p = source.p + toks[i].from;
        h = hash_mix(h, is_newline ? 2 : hash_bytes(p, toks[i].to - toks[i].from));
    }
    arena_free(a);
    return h;
}

/* What it used of other cells; the hash of those versions. */
static uint64_t note_used(struct stale *st, struct ran *cell, const struct lang_names *names)
{
    uint64_t h = 3;
    forget_used(cell);
    for (int i = 0; i < names->n_used; i++) {
        const struct maker *m = maker_of(st, names->used[i]);
        if (!m || m->cell == cell) continue;
        const struct made *made = made_by(m->cell, m->name);
        uint64_t version = made ? made->version : 0;
        cell->used = mem_realloc(cell->used, sizeof *cell->used * (size_t)(cell->n_used + 1));
        cell->used[cell->n_used++] = (struct used){copy_of(names->used[i]), m->cell, version};
        h = hash_mix(h, hash_mix(hash_bytes(m->name, strlen(m->name)), version));
    }
    return h;
}

static void note_made(struct stale *st, struct ran *cell, const struct lang_names *names,
                      uint64_t version, bool is_ok)
{
    if (is_ok) forget_made(cell); /* a cell that failed may have kept what it made before */
    for (int i = 0; i < names->n_set; i++) {
        struct str name = names->set[i];
        uint64_t own = hash_mix(version, hash_bytes(name.p, name.n));
        char *text = copy_of(name);
        struct made *old = (struct made *)(uintptr_t)made_by(cell, text);
        if (old) {
            old->version = own;
            mem_free(text);
        } else {
            cell->made = mem_realloc(cell->made, sizeof *cell->made * (size_t)(cell->n_made + 1));
            cell->made[cell->n_made++] = (struct made){text, own};
        }
        set_maker(st, name, cell);
    }
}

/* ---- what is old ---- */
/* The cells to be run again, first to last, and why, for what `cell` made; false: nothing. */
struct why {
    const struct ran *again[MAX_DEPTH];
    int n;
    char text[300];
};

static bool is_old(struct ran *cell, int depth, int round, struct why *why)
{
    if (depth >= MAX_DEPTH || cell->round == round) return false;
    cell->round = round;
    for (int i = 0; i < cell->n_used; i++) {
        const struct used *u = &cell->used[i];
        const struct made *now = made_by(u->from, u->name);
        bool changed = !u->from->is_deleted && (!now || now->version != u->version);
        if (changed)
            snprintf(why->text, sizeof why->text,
                     "rests on an older `%s`: cell [%d] has changed since", u->name,
                     u->from->count);
        if (!changed && !is_old(u->from, depth + 1, round, why)) continue;
        if (why->n < MAX_DEPTH) why->again[why->n++] = cell;
        return true;
    }
    return false;
}

static bool why_old(struct ran *cell, const char *name, int round, struct why *why)
{
    if (cell->is_deleted) {
        snprintf(why->text, sizeof why->text, "was made by a cell that is deleted");
        return true;
    }
    if (!made_by(cell, name)) {
        snprintf(why->text, sizeof why->text,
                 "was made by an earlier text of cell [%d], which does not set it any more",
                 cell->count);
        return true;
    }
    return is_old(cell, 0, round, why);
}

static void put_note(struct strbuf *notes, const char *name, const struct why *why)
{
    strbuf_printf(notes, "note: `%s` %s", name, why->text);
    for (int i = 0; i < why->n; i++)
        strbuf_printf(notes, "%s[%d]",
                      i            ? ", "
                      : why->n > 1 ? "; run again cells "
                                   : "; run again cell ",
                      why->again[i]->count);
    strbuf_addc(notes, '\n');
}

static void tell(struct stale *st, const struct ran *cell, const struct lang_names *names,
                 struct strbuf *notes)
{
    int n = 0;
    for (int i = 0; i < names->n_used && n < MAX_NOTES; i++) {
        struct why why = {.n = 0};
        const struct maker *m = maker_of(st, names->used[i]);
        if (!m || m->cell == cell || !why_old(m->cell, m->name, ++st->round, &why)) continue;
        put_note(notes, m->name, &why);
        n++;
    }
}

static void mark_deleted(struct stale *st, const json_t *ids)
{
    size_t i;
    const json_t *id;
    json_array_foreach(ids, i, id)
    {
        struct ran *cell = json_is_string(id) ? cell_of(st, json_string_value(id), false) : NULL;
        if (cell) cell->is_deleted = true;
    }
}

void stale_note(struct stale *st, const struct session_cell *cell, struct str source,
                const struct lang_names *names, bool is_ok, struct strbuf *notes)
{
    const char *id = json_string_value(json_object_get(cell->metadata, "cellId"));
    mark_deleted(st, json_object_get(cell->metadata, "deletedCells"));
    if (!id) return;
    struct ran *ran = cell_of(st, id, true);
    ran->count = cell->count;
    ran->is_deleted = false;
    tell(st, ran, names, notes);
    uint64_t version = hash_mix(hash_tokens(source), note_used(st, ran, names));
    note_made(st, ran, names, version, is_ok);
}

void stale_free(struct stale *st)
{
    for (int i = 0; i < st->n; i++) {
        struct ran *cell = st->cells[i];
        forget_used(cell);
        forget_made(cell);
        mem_free(cell->used);
        mem_free(cell->made);
        mem_free(cell->id);
        mem_free(cell);
    }
    for (int i = 0; i < st->n_makers; i++)
        mem_free(st->makers[i].name);
    mem_free(st->cells);
    mem_free(st->makers);
    *st = (struct stale){0};
}

/* diff.c: two notebooks compared cell by cell. Cells are aligned so that the sum of their
 * likenesses is greatest (Needleman & Wunsch 1970), then the lines of each pair in the same way.
 * What stood elsewhere before is told as moved. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/hash.h"
#include "runtime/base/mem.h"

#include <stdlib.h>

#define MAX_PAIRS (16 << 20) /* of an alignment; beyond, everything counts as changed */
#define CONTEXT   2          /* lines shown around a change */
#define ALIKE     1000       /* likeness of equal things */
#define SIMILAR   400        /* least likeness of a cell that changed, not one removed, one added */

/* A text as its lines. */
struct text {
    struct str *lines;
    uint64_t *sorted; /* hashes of the lines, in order of their size */
    int n;
    uint64_t hash;
};
/* One step of an alignment: a pair, or one of them with -1. */
struct match {
    int a, b;
};
struct differ {
    struct arena *arena;
    struct strbuf *out;
    bool color;
    struct text *a, *b; /* of the cells */
    int n_a, n_b;
    const struct notebook *old, *new;
};

/* ---- alignment ---- */

typedef int (*likeness)(const void *self, int i, int j);

/* table[i][j]: the best sum for what lies behind i and j. */
static int *fill_table(likeness like, const void *self, int n, int m, short *scores)
{
    int *best = mem_zero(mem_mul((size_t)(n + 1), mem_mul((size_t)(m + 1), sizeof *best)));
    size_t w = (size_t)m + 1;
    for (int i = n - 1; i >= 0; i--)
        for (int j = m - 1; j >= 0; j--) {
            size_t at = (size_t)i * w + (size_t)j;
            int score = like(self, i, j), skip = best[at + w];
            if (best[at + 1] > skip) skip = best[at + 1];
            scores[(size_t)i * (size_t)m + (size_t)j] = (short)score;
            int take = score > 0 ? best[at + w + 1] + score : -1;
            best[at] = take > skip ? take : skip;
        }
    return best;
}

/* Steps in order; removals before additions. In the arena. */
static int align(struct arena *a, likeness like, const void *self, int n, int m, struct match **out)
{
    struct match *steps = *out = ARENA_ARRAY(a, struct match, n + m + 1);
    int count = 0, i = 0, j = 0;
    bool is_huge = mem_mul((size_t)n, (size_t)m) > MAX_PAIRS;
    short *scores = is_huge ? NULL : mem_zero(((size_t)n * (size_t)m + 1) * sizeof *scores);
    int *best = is_huge ? NULL : fill_table(like, self, n, m, scores);
    size_t w = (size_t)m + 1;
    while (best && i < n && j < m) {
        size_t at = (size_t)i * w + (size_t)j;
        int score = scores[(size_t)i * (size_t)m + (size_t)j];
        if (score > 0 && best[at] == best[at + w + 1] + score)
            steps[count++] = (struct match){i++, j++};
        else if (best[at] == best[at + w])
            steps[count++] = (struct match){i++, -1};
        else
            steps[count++] = (struct match){-1, j++};
    }
    while (i < n)
        steps[count++] = (struct match){i++, -1};
    while (j < m)
        steps[count++] = (struct match){-1, j++};
    mem_free(scores);
    mem_free(best);
    return count;
}

/* ---- texts ---- */

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static struct text text_of(struct arena *a, struct str s)
{
    struct text t = {.hash = hash_bytes(s.p, s.n)};
    int n = 1;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    t.lines = ARENA_ARRAY(a, struct str, n);
    t.sorted = ARENA_ARRAY(a, uint64_t, n);
    for (size_t at = 0; at <= s.n;) {
        const char *nl = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
        size_t end = nl ? (size_t)(nl - s.p) : s.n;
        t.lines[t.n] = (struct str){s.p + at, end - at};
        t.sorted[t.n++] = hash_bytes(s.p + at, end - at);
        at = end + 1;
    }
    qsort(t.sorted, (size_t)t.n, sizeof *t.sorted, compare_hashes);
    return t;
}

/* Marker line and source, without blanks at its end. */
static struct text cell_text(struct arena *a, const struct cell *c)
{
    struct strbuf b = {0};
    marker_text(&b, c);
    strbuf_addc(&b, '\n');
    strbuf_add(&b, c->source, c->n_source);
    while (b.n > 0 && (b.p[b.n - 1] == '\n' || b.p[b.n - 1] == ' '))
        buf_cut(&b, b.n - 1);
    struct str copy = {arena_strndup(a, b.p, b.n), b.n};
    strbuf_release(&b);
    return text_of(a, copy);
}

static bool same_text(const struct text *a, const struct text *b)
{
    if (a->hash != b->hash || a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (!str_eq(a->lines[i], b->lines[i])) return false;
    return true;
}

/* Part of the lines that both have, of ALIKE. */
static int shared_lines(const struct text *a, const struct text *b)
{
    int n = 0;
    for (int i = 0, j = 0; i < a->n && j < b->n;) {
        if (a->sorted[i] == b->sorted[j])
            n++, i++, j++;
        else if (a->sorted[i] < b->sorted[j])
            i++;
        else
            j++;
    }
    return (int)(2LL * n * (ALIKE - 1) / (a->n + b->n));
}

static bool same_name(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* How alike two cells are; 0: not the same cell at all. Equal texts beat all else; a name or an id
 * that a person gave says that it is the same cell. */
static int cell_likeness(const void *self, int i, int j)
{
    const struct differ *d = self;
    const struct cell *x = &d->old->cells[i], *y = &d->new->cells[j];
    if (same_text(&d->a[i], &d->b[j])) return ALIKE;
    bool is_named = same_name(x->name, y->name) || same_name(x->id, y->id) ||
                    (x->kind == CELL_PARAMS && y->kind == CELL_PARAMS);
    int shared = shared_lines(&d->a[i], &d->b[j]);
    if (is_named) return SIMILAR + shared * (ALIKE - SIMILAR) / (ALIKE + 1);
    bool is_short = d->a[i].n <= 3 && d->b[j].n <= 3 && x->kind == y->kind;
    if (is_short && shared > 0) { /* a line or two: the marker alone is no likeness */
        int near = str_distance((struct str){x->source, x->n_source},
                                (struct str){y->source, y->n_source}, 40);
        size_t longer = x->n_source > y->n_source ? x->n_source : y->n_source;
        return near <= 40 && (size_t)near * 2 <= longer ? SIMILAR : 0;
    }
    return shared >= SIMILAR && x->kind == y->kind ? shared : 0;
}

struct line_pair {
    const struct text *a, *b;
};
static int line_likeness(const void *self, int i, int j)
{
    const struct line_pair *p = self;
    return str_eq(p->a->lines[i], p->b->lines[j]);
}

/* ---- printing ---- */

static void put_line(struct differ *d, const char *mark, const char *color, struct str line)
{
    if (d->color && color) strbuf_addz(d->out, color);
    strbuf_printf(d->out, "%s %.*s", mark, STR_FMT(line));
    while (d->out->n > 0 && d->out->p[d->out->n - 1] == ' ')
        buf_cut(d->out, d->out->n - 1);
    if (d->color && color) strbuf_addz(d->out, "\x1b[0m");
    strbuf_addc(d->out, '\n');
}
static void put_removed(struct differ *d, struct str line)
{
    put_line(d, "-", "\x1b[31m", line);
}
static void put_added(struct differ *d, struct str line)
{
    put_line(d, "+", "\x1b[32m", line);
}

static void put_lines(struct differ *d, const struct text *a, const struct text *b)
{
    struct match *steps;
    struct line_pair pair = {a, b};
    int n = align(d->arena, line_likeness, &pair, a->n, b->n, &steps), hidden = 0;
    for (int i = 0; i < n; i++) {
        bool near = false;
        for (int k = i - CONTEXT; k <= i + CONTEXT; k++)
            near = near || (k >= 0 && k < n && (steps[k].a < 0 || steps[k].b < 0));
        if (!near) {
            hidden++;
            continue;
        }
        if (hidden) put_line(d, " ", "\x1b[2m", STR("..."));
        hidden = 0;
        if (steps[i].b < 0)
            put_removed(d, a->lines[steps[i].a]);
        else if (steps[i].a < 0)
            put_added(d, b->lines[steps[i].b]);
        else
            put_line(d, " ", NULL, a->lines[steps[i].a]);
    }
}

/* "cell 3 (line 12, "load")" of a notebook. */
static void put_place(struct strbuf *out, const struct notebook *nb, int i)
{
    const struct cell *c = &nb->cells[i];
    strbuf_printf(out, "cell %d", i + 1);
    if (c->name) strbuf_printf(out, " \"%s\"", c->name);
}

static void put_heading(struct differ *d, int a, int b, const char *what)
{
    if (d->out->n > 0) strbuf_addc(d->out, '\n');
    if (d->color) strbuf_addz(d->out, "\x1b[1m");
    put_place(d->out, a >= 0 ? d->old : d->new, a >= 0 ? a : b);
    if (a >= 0 && b >= 0 && a != b) strbuf_printf(d->out, " -> %d", b + 1);
    strbuf_printf(d->out, " %s", what);
    if (d->color) strbuf_addz(d->out, "\x1b[0m");
    strbuf_addc(d->out, '\n');
}

static void put_all(struct differ *d, const struct text *t, bool is_new)
{
    for (int i = 0; i < t->n; i++) {
        if (is_new)
            put_added(d, t->lines[i]);
        else
            put_removed(d, t->lines[i]);
    }
}

/* ---- the notebooks ---- */

struct counts {
    int changed, added, removed, moved, same;
};

/* The step that adds what step i removes, or the other way round; -1 when there is none. */
static int find_moved(const struct differ *d, const struct match *steps, int n, int i)
{
    bool is_removed = steps[i].b < 0;
    const struct text *own = is_removed ? &d->a[steps[i].a] : &d->b[steps[i].b];
    for (int k = 0; k < n; k++) {
        if (is_removed ? steps[k].a >= 0 : steps[k].b >= 0) continue;
        if (same_text(own, is_removed ? &d->b[steps[k].b] : &d->a[steps[k].a])) return k;
    }
    return -1;
}

static void put_step(struct differ *d, const struct match *steps, int n, int i, struct counts *c)
{
    int a = steps[i].a, b = steps[i].b;
    if (a >= 0 && b >= 0) {
        bool same = same_text(&d->a[a], &d->b[b]);
        c->same += same;
        c->changed += !same;
        if (same) return;
        put_heading(d, a, b, "changed");
        put_lines(d, &d->a[a], &d->b[b]);
        return;
    }
    int other = find_moved(d, steps, n, i);
    if (other >= 0 && b < 0) {
        c->moved++;
        put_heading(d, a, steps[other].b, "moved");
    } else if (other < 0) {
        c->removed += b < 0;
        c->added += a < 0;
        put_heading(d, a, b, b < 0 ? "removed" : "added");
        put_all(d, b < 0 ? &d->a[a] : &d->b[b], a < 0);
    }
}

/* The header as a cell of its own. */
static void put_header(struct differ *d, struct counts *c)
{
    struct text texts[2];
    const struct notebook *both[2] = {d->old, d->new};
    for (int i = 0; i < 2; i++) {
        struct strbuf b = {0};
        for (int k = 0; k < both[i]->n_header; k++)
            strbuf_printf(&b, "%s%s: %s", k ? "\n" : "", both[i]->header[k].key,
                          both[i]->header[k].value);
        texts[i] =
            text_of(d->arena, (struct str){arena_strndup(d->arena, b.p ? b.p : "", b.n), b.n});
        strbuf_release(&b);
    }
    if (same_text(&texts[0], &texts[1])) return;
    c->changed++;
    strbuf_addz(d->out, d->color ? "\x1b[1mheader changed\x1b[0m\n" : "header changed\n");
    put_lines(d, &texts[0], &texts[1]);
}

static void put_count(struct strbuf *out, int n, const char *what)
{
    if (n > 0) strbuf_printf(out, "%s%d %s", out->n ? ", " : "", n, what);
}

static void put_summary(struct strbuf *out, const struct counts *c)
{
    struct strbuf line = {0};
    put_count(&line, c->changed, "changed");
    put_count(&line, c->added, "added");
    put_count(&line, c->removed, "removed");
    put_count(&line, c->moved, "moved");
    put_count(&line, c->same, "alike");
    strbuf_printf(out, "%s\n\n", line.p);
    strbuf_release(&line);
}

int notebook_diff(struct strbuf *out, const struct notebook *a, const struct notebook *b,
                  bool color)
{
    struct strbuf body = {0};
    struct differ d = {.arena = arena_new(),
                       .out = &body,
                       .color = color,
                       .old = a,
                       .new = b,
                       .n_a = a->n_cells,
                       .n_b = b->n_cells};
    struct counts c = {0};
    struct match *steps;
    d.a = ARENA_ARRAY(d.arena, struct text, d.n_a + 1);
    d.b = ARENA_ARRAY(d.arena, struct text, d.n_b + 1);
    for (int i = 0; i < d.n_a; i++)
        d.a[i] = cell_text(d.arena, &a->cells[i]);
    for (int i = 0; i < d.n_b; i++)
        d.b[i] = cell_text(d.arena, &b->cells[i]);
    put_header(&d, &c);
    int n = align(d.arena, cell_likeness, &d, d.n_a, d.n_b, &steps);
    for (int i = 0; i < n; i++)
        put_step(&d, steps, n, i, &c);
    int changes = c.changed + c.added + c.removed + c.moved;
    if (changes) put_summary(out, &c);
    strbuf_adds(out, strbuf_view(&body));
    strbuf_release(&body);
    arena_free(d.arena);
    return changes;
}

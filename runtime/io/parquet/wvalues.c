/* wvalues.c: a column of a row group as levels and dense values (the way back from nested.c). */
#include "runtime/io/parquet/pq_write.h"

struct walk {
    const struct pq_wleaf *l;
    const struct column **path; /* [n_steps + 1] columns from the top to the leaf */
    uint8_t *def, *rep;
    int64_t *rows; /* of the leaf's column, for values */
    int64_t n, cap, n_values;
    struct ctx *cx;
};

static rc own(struct ctx *cx, struct pq_values *v, size_t n, void **out)
{
    TRY(mem_big(cx, n, out));
    v->own[v->n_own++] = *out;
    return RC_OK;
}

void pq_values_free(struct pq_values *v)
{
    for (int i = 0; i < v->n_own; i++)
        mem_big_free(v->own[i]);
    *v = (struct pq_values){0};
}

/* ---- nested: entry by entry ---- */
static rc walk_room(struct walk *w)
{
    if (w->n < w->cap) return RC_OK;
    size_t cap = w->cap ? (size_t)w->cap * 2 : 4096, old = (size_t)w->n;
    TRY(mem_big_grow(w->cx, (void **)&w->def, old, cap));
    TRY(mem_big_grow(w->cx, (void **)&w->rep, old, cap));
    TRY(mem_big_grow(w->cx, (void **)&w->rows, old * 8, cap * 8));
    w->cap = (int64_t)cap;
    return RC_OK;
}

static rc put_entry(struct walk *w, int def, int rep, int64_t row)
{
    TRY(walk_room(w));
    w->def[w->n] = (uint8_t)def;
    w->rep[w->n++] = (uint8_t)rep;
    if (row >= 0) w->rows[w->n_values++] = row;
    return RC_OK;
}

/* Row `row` of the column at `step`; def: levels that are there so far; rep: of its first entry;
 * lists: how many lie around. */
static rc walk_row(struct walk *w, int step, int64_t row, int def, int rep, int lists)
{
    const struct column *c = w->path[step];
    if (!bit_valid(c->valid, row)) return put_entry(w, def, rep, -1);
    if (step == w->l->n_steps) return put_entry(w, def + 1, rep, row);
    if (w->l->steps[step].kind == STEP_STRUCT)
        return walk_row(w, step + 1, row, def + 1, rep, lists);
    const int64_t *at = c->data;
    if (at[row] == at[row + 1]) return put_entry(w, def + 1, rep, -1);
    for (int64_t i = at[row]; i < at[row + 1]; i++)
        TRY(walk_row(w, step + 1, i, def + 2, i == at[row] ? rep : lists + 1, lists + 1));
    return RC_OK;
}

/* ---- dense values ---- */
#define PICK(name, FROM, TO)                                                                       \
    static void name(const void *in, const int64_t *rows, const uint64_t *valid, int64_t n,        \
                     void *out)                                                                    \
    {                                                                                              \
        const FROM *from = in;                                                                     \
        TO *to = out;                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                          \
            if (rows)                                                                              \
                to[i] = (TO)from[rows[i]];                                                         \
            else if (!valid || bit_get(valid, i))                                                  \
                *to++ = (TO)from[i];                                                               \
        }                                                                                          \
    }
PICK(pick_i32, int32_t, int32_t)
PICK(pick_i64, int64_t, int64_t)
PICK(pick_wide, int32_t, int64_t)
PICK(pick_float, float, double)

static void pick_text(const void *in, const int64_t *rows, const uint64_t *valid, int64_t n,
                      void *out)
{
    const struct text *from = in;
    struct text *to = out;
    for (int64_t i = 0; i < n; i++) {
        if (rows)
            to[i] = from[rows[i]];
        else if (!valid || bit_get(valid, i))
            *to++ = from[i];
    }
}

static void pick_bool(const void *in, const int64_t *rows, const uint64_t *valid, int64_t n,
                      void *out)
{
    uint8_t *to = out;
    for (int64_t i = 0; i < n; i++) {
        if (rows)
            to[i] = bit_get(in, rows[i]);
        else if (!valid || bit_get(valid, i))
            *to++ = bit_get(in, i);
    }
}

typedef void (*picker)(const void *in, const int64_t *rows, const uint64_t *valid, int64_t n,
                       void *out);

static picker picker_of(enum phys from, enum phys *to)
{
    *to = from;
    switch (from) {
    case PHYS_BOOL: return pick_bool;
    case PHYS_I32: *to = PHYS_I64; return pick_wide;
    case PHYS_F32: *to = PHYS_F64; return pick_float;
    case PHYS_DATE32:
    case PHYS_DICT: return pick_i32;
    case PHYS_STR: return pick_text;
    case PHYS_F64: return pick_i64; /* as bits: the same width */
    default: *to = PHYS_I64; return pick_i64;
    }
}

/* n: rows of the column when rows is NULL, else values. */
static rc dense(struct ctx *cx, const struct column *c, const int64_t *rows, int64_t n,
                struct pq_values *v)
{
    picker pick = picker_of(c->phys, &v->phys);
    bool same =
        !rows && !c->valid && c->phys != PHYS_BOOL && c->phys != PHYS_I32 && c->phys != PHYS_F32;
    v->dict = c->dict;
    v->data = c->data;
    if (same) return RC_OK;
    size_t width = v->phys == PHYS_BOOL ? 1 : phys_width(v->phys);
    void *out;
    TRY(own(cx, v, width * (size_t)(v->n + 1), &out));
    pick(c->data, rows, c->valid, n, out);
    v->data = out;
    return RC_OK;
}

static rc flat_values(struct ctx *cx, const struct column *c, struct pq_values *v)
{
    v->n_entries = c->n;
    v->n = c->n - c->n_null;
    if (c->n_null) {
        TRY(own(cx, v, (size_t)c->n + 1, (void **)&v->def));
        for (int64_t i = 0; i < c->n; i++)
            v->def[i] = bit_get(c->valid, i);
    }
    return dense(cx, c, NULL, c->n, v);
}

rc pq_values_make(struct ctx *cx, const struct pq_wleaf *l, const struct column *c,
                  struct pq_values *v)
{
    *v = (struct pq_values){0};
    if (l->n_steps == 0) return flat_values(cx, c, v);
    struct walk w = {.l = l, .cx = cx};
    w.path = mem_zero(sizeof *w.path * (size_t)(l->n_steps + 1));
    w.path[0] = c;
    for (int i = 0; i < l->n_steps; i++)
        w.path[i + 1] = w.path[i]->child[l->steps[i].child];
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < c->n && res == RC_OK; i++)
        res = walk_row(&w, 0, i, 0, 0, 0);
    v->def = w.def;
    v->rep = w.rep;
    v->own[v->n_own++] = w.def;
    v->own[v->n_own++] = w.rep;
    v->n_entries = w.n;
    v->n = w.n_values;
    if (res == RC_OK) res = dense(cx, w.path[l->n_steps], w.rows ? w.rows : &w.n, w.n_values, v);
    mem_big_free(w.rows);
    mem_free(w.path);
    return res;
}

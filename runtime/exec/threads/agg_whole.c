/* agg_whole.c: aggregates that want all rows of a group at once (median, mode, n_distinct): the
 * bucket's rows are put group by group with a stable counting sort. */
#include "runtime/exec/threads/agg_int.h"

/* Rows of the bucket by group, those that a filter drops left out. */
struct by_group {
    int64_t *start; /* [n_groups + 1] */
    int64_t *place; /* [n_rows] where a row goes, -1 = left out */
    int64_t n;
};
struct flat { /* an argument, group by group */
    struct vec v;
    void *data;
    uint64_t *valid;
};

static rc count_rows(struct agg *a, struct ctx *cx, const struct agg_item *it,
                     struct chunk *const *chunks, int64_t n_chunks, const uint32_t *groups,
                     int64_t n_rows, int64_t n_groups, struct by_group *out)
{
    int64_t row = 0, sum = 0;
    TRY(mem_big_zero(cx, 8 * (size_t)(n_groups + 1), (void **)&out->start));
    TRY(mem_big(cx, 8 * (size_t)(n_rows + 1), (void **)&out->place));
    for (int64_t c = 0; c < n_chunks; c++) {
        struct vec keep = {0};
        if (it->where >= 0) keep = raw_view(a, chunks[c], it->where, cx->arena);
        for (int32_t i = 0; i < chunks[c]->n; i++, row++) {
            bool in = it->where < 0 || (bit_get(keep.data, i) && bit_valid(keep.valid, i));
            out->place[row] = in ? 0 : -1;
            out->start[groups[row]] += in;
        }
    }
    for (int64_t g = 0; g <= n_groups; g++) {
        int64_t n = out->start[g];
        out->start[g] = sum;
        sum += n;
    }
    out->n = sum;
    for (row = 0; row < n_rows; row++)
        if (out->place[row] == 0) out->place[row] = out->start[groups[row]]++;
    for (int64_t g = n_groups; g > 0; g--) /* start[g] had become the end of g */
        out->start[g] = out->start[g - 1];
    out->start[0] = 0;
    return RC_OK;
}

static void put_value(struct flat *f, int64_t to, const struct vec *v, int64_t i, size_t width)
{
    if (!bit_valid(v->valid, i)) {
        bit_clear(f->valid, to);
        return;
    }
    if (v->phys == PHYS_BOOL)
        bit_put(f->data, to, bit_get(v->data, i));
    else
        memcpy((char *)f->data + (size_t)to * width, (const char *)v->data + (size_t)i * width,
               width);
}

/* Argument `arg` of all rows, in its canonical type, group by group. */
static rc flatten(struct agg *a, struct agg_worker *w, struct ctx *cx, const struct agg_item *it,
                  int arg, struct chunk *const *chunks, int64_t n_chunks, const struct by_group *by,
                  struct flat *out)
{
    int col = it->args[arg];
    enum phys phys = kind_phys(a->cols[col].type.kind);
    size_t width = phys == PHYS_STR ? 16 : phys_width(phys);
    int64_t row = 0;
    (void)w;
    TRY(mem_big_zero(cx, (width ? width : 1) * (size_t)(by->n + 64), &out->data));
    TRY(mem_big(cx, BITMAP_WORDS(by->n + 64) * 8, (void **)&out->valid));
    bitmap_fill(out->valid, by->n + 64, true);
    for (int64_t c = 0; c < n_chunks; c++) {
        struct vec v = raw_view(a, chunks[c], col, cx->arena);
        struct scratch s = {0};
        if (v.phys != phys) {
            scratch_need(&s, cx->arena, CHUNK_ROWS);
            vec_canonical(&s, &v, a->cols[col].type, chunks[c]->n, &v);
        }
        if (v.dict) out->v.dict = v.dict;
        for (int32_t i = 0; i < chunks[c]->n; i++, row++)
            if (by->place[row] >= 0) put_value(out, by->place[row], &v, i, width);
        arena_reset(cx->arena);
        TRY(check_cancel(cx));
    }
    out->v.phys = phys;
    return RC_OK;
}

/* Rows [from, to) of a flat argument; bits are moved to begin at 0. */
static struct vec flat_slice(struct ctx *cx, const struct flat *f, int64_t from, int64_t to)
{
    struct vec v = f->v;
    int64_t n = to - from;
    size_t width = v.phys == PHYS_STR ? 16 : phys_width(v.phys);
    uint64_t *valid = arena_alloc(cx->arena, BITMAP_WORDS(n) * 8 + 8);
    bitmap_copy(valid, 0, f->valid, from, n);
    v.valid = words_all_set(valid, n) ? NULL : valid;
    v.data = (const char *)f->data + (size_t)from * width;
    if (v.phys == PHYS_BOOL) {
        uint64_t *bits = arena_alloc(cx->arena, BITMAP_WORDS(n) * 8 + 8);
        bitmap_copy(bits, 0, f->data, from, n);
        v.data = bits;
    }
    return v;
}

static rc run_groups(struct agg *a, struct agg_worker *w, struct ctx *cx, int item,
                     const struct flat *flats, const struct by_group *by, int64_t n_groups,
                     struct column **out)
{
    const struct agg_item *it = &a->items[item];
    enum phys phys = kind_phys(it->e->type.kind);
    struct builder b;
    enum rc_t res = RC_OK;
    builder_init(&b, it->e->type, phys);
    w->evals[item].cx = cx;
    for (int64_t g = 0; g < n_groups && res == RC_OK; g++) {
        int64_t from = by->start[g], to = by->start[g + 1];
        struct vec args[8];
        uint64_t valid = ~UINT64_C(0);
        struct vec v = {.phys = phys, .data = arena_zero(cx->arena, 64), .valid = &valid};
        for (int i = 0; i < it->n_args; i++)
            args[i] = it->args[i] < 0 ? it->literals[i] : flat_slice(cx, &flats[i], from, to);
        res = it->over->whole(&w->evals[item], to - from, args, &v, 0);
        if (res == RC_OK) res = builder_append(cx, &b, &v, NULL, 1);
        if (res == RC_OK) res = check_cancel(cx);
        arena_reset(cx->arena);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

static rc whole_item(struct agg *a, struct agg_worker *w, struct ctx *cx, int item,
                     struct chunk *const *chunks, int64_t n_chunks, const uint32_t *groups,
                     int64_t n_rows, int64_t n_groups, struct column **out)
{
    const struct agg_item *it = &a->items[item];
    struct by_group by = {0};
    struct flat flats[8] = {{{0}, NULL, NULL}};
    enum rc_t res = RC_ERR;
    TRY_OUT(count_rows(a, cx, it, chunks, n_chunks, groups, n_rows, n_groups, &by));
    for (int i = 0; i < it->n_args; i++)
        if (it->args[i] >= 0) TRY_OUT(flatten(a, w, cx, it, i, chunks, n_chunks, &by, &flats[i]));
    res = run_groups(a, w, cx, item, flats, &by, n_groups, out);
out:
    for (int i = 0; i < 8; i++) {
        mem_big_free(flats[i].data);
        mem_big_free(flats[i].valid);
    }
    mem_big_free(by.start);
    mem_big_free(by.place);
    return res;
}

rc whole_items(struct agg *a, struct agg_worker *w, struct ctx *cx, struct chunk *const *chunks,
               int64_t n_chunks, const uint32_t *groups, int64_t n_rows, int64_t n_groups,
               struct column **out)
{
    for (int i = 0; i < a->n_items; i++)
        if (a->items[i].over->whole && !a->items[i].direct)
            TRY(whole_item(a, w, cx, i, chunks, n_chunks, groups, n_rows, n_groups, &out[i]));
    return RC_OK;
}

/* ---- without keys: the table's own columns ---- */
/* Every row of the source comes out of the pipe, in place. */
static bool has_all_rows(const struct pipe *p)
{
    return p->source == SOURCE_TABLE && p->positional;
}

static bool reads_columns(const struct agg *a, const struct agg_item *it)
{
    for (int i = 0; i < it->n_args; i++)
        if (it->args[i] >= 0 && !source_column(a->pipe, a->cols[it->args[i]].e)) return false;
    return it->over->whole && it->where < 0;
}

bool whole_wants_table(const struct agg *a)
{
    bool wants = false;
    if (a->n_keys > 0) return false;
    for (int i = 0; i < a->n_items; i++) {
        const struct agg_item *it = &a->items[i];
        if (!it->over->whole || it->where >= 0) continue;
        wants = wants || !has_all_rows(a->pipe) || !reads_columns(a, it);
    }
    return wants && a->n_cols > 0;
}

void whole_mark_direct(struct agg *a)
{
    if (a->n_keys > 0 || !a->holistic || !has_all_rows(a->pipe)) return;
    a->holistic = false;
    for (int i = 0; i < a->n_items; i++) {
        a->items[i].direct = reads_columns(a, &a->items[i]);
        if (a->items[i].over->whole && !a->items[i].direct) a->holistic = true;
    }
}

/* The item's columns as its kernel takes them; *keep is released by the caller. */
static rc direct_args(struct agg *a, struct ctx *cx, const struct agg_item *it,
                      struct column **keep, struct vec *args)
{
    for (int i = 0; i < it->n_args; i++) {
        args[i] = it->literals[i];
        if (it->args[i] < 0) continue;
        const struct column *c = source_column(a->pipe, a->cols[it->args[i]].e);
        if (c->phys == PHYS_DICT && it->over->takes_codes)
            keep[i] = column_ref(c);
        else
            TRY(column_canonical(cx, c, &keep[i]));
        args[i] = column_view(keep[i], 0, keep[i]->n);
    }
    return RC_OK;
}

static rc direct_item(struct agg *a, struct ctx *cx, int item, struct agg_shared *shared,
                      struct column **out)
{
    const struct agg_item *it = &a->items[item];
    struct agg_eval e = a->workers[0].evals[item];
    struct column *keep[8] = {NULL};
    struct vec args[8];
    enum phys phys = kind_phys(it->e->type.kind);
    uint64_t valid = ~UINT64_C(0);
    struct vec v = {.phys = phys, .data = arena_zero(cx->arena, 64), .valid = &valid};
    struct builder b;
    enum rc_t res = RC_ERR;
    builder_init(&b, it->e->type, phys);
    TRY_OUT(direct_args(a, cx, it, keep, args));
    e.cx = cx;
    e.shared = it->n_args > 0 && it->args[0] >= 0 ? &shared[it->args[0]] : NULL;
    TRY_OUT(it->over->whole(&e, a->pipe->table->n_rows, args, &v, 0));
    TRY_OUT(builder_append(cx, &b, &v, NULL, 1));
    res = builder_finish(cx, &b, out);
out:
    builder_release(&b);
    for (int i = 0; i < 8; i++)
        column_unref(keep[i]);
    return res;
}

rc whole_direct(struct agg *a, struct ctx *cx, struct column **out)
{
    struct agg_shared *shared = mem_zero(sizeof *shared * (size_t)(a->n_cols + 1));
    struct ctx own = *cx;
    enum rc_t res = RC_OK;
    own.arena = a->run->arena;
    agg_worker_need(a, &a->workers[0]);
    for (int i = 0; i < a->n_items && res == RC_OK; i++)
        if (a->items[i].direct) res = direct_item(a, &own, i, shared, &out[i]);
    mem_free(shared);
    return res;
}

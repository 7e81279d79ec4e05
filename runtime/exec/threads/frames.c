/* frames.c: aggregates in window steps: over the whole group, running, over the last rows or the
 * last stretch of time. A sliding frame is never updated backwards (that would let rounding errors
 * pile up): small frames are added up anew, larger ones from a tree of partial states. */
#include "runtime/exec/threads/window_int.h"

#include "runtime/base/civil.h"

#define FAN       16 /* partial states a level of the tree joins */
#define MAX_LEVEL 12
#define SMALL     48 /* frames up to this many rows are added up row by row */

struct frames { /* one stretch at work */
    struct stretch *s;
    const struct agg_overload *over;
    struct agg_eval env;
    struct vec *args;     /* views of the stretch's columns, kept rows only */
    struct column **cols; /* [n_args] kept rows */
    int64_t *kept;        /* [rows + 1] kept rows before each row; NULL = all are kept */
    const uint64_t *has;  /* validity of the first argument, or NULL */
    size_t size;          /* of a state */
    char *state;
    char *levels[MAX_LEVEL]; /* of the group at work */
    int n_levels;
    int64_t group_from; /* kept rows */
    struct words {
        uint64_t *p;
        size_t n;
    } * valid, *bools;   /* [n_args] bits of a slice */
    uint64_t (*room)[2]; /* [n_args] constants */
    struct ctx scratch;  /* env's: its arena is emptied after every result */
};

/* ---- views ---- */
static uint64_t *words_for(struct frames *f, struct words *w, int64_t rows)
{
    size_t need = BITMAP_WORDS(rows) + 1;
    if (w->n < need) {
        w->n = need < 64 ? 64 : need * 2;
        w->p = arena_alloc(f->s->cx->arena, w->n * 8);
    }
    return w->p;
}

/* Rows [from, to) of argument i: validity and bools moved to begin at bit 0. */
static struct vec slice(struct frames *f, int i, int64_t from, int64_t to)
{
    const struct column *c = f->cols[i];
    int64_t n = to - from;
    if (!c) return f->args[i];
    struct vec v = {.phys = c->phys, .dict = c->dict, .heap = c->phys == PHYS_STR ? c : NULL};
    size_t width = c->phys == PHYS_STR ? 16 : phys_width(c->phys);
    if (c->valid) {
        uint64_t *bits = words_for(f, &f->valid[i], n);
        bitmap_copy(bits, 0, c->valid, from, n);
        v.valid = bits;
    }
    v.data = (const char *)c->data + (size_t)from * width;
    if (c->phys == PHYS_BOOL) {
        uint64_t *bits = words_for(f, &f->bools[i], n);
        bitmap_copy(bits, 0, c->data, from, n);
        v.data = bits;
    }
    return v;
}

static rc add_rows(struct frames *f, char *state, int64_t from, int64_t to)
{
    struct vec args[8];
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t end = to - at < BATCH_ROWS ? to : at + BATCH_ROWS;
        for (int i = 0; i < f->env.n_args; i++)
            args[i] = slice(f, i, at, end);
        TRY(f->over->update(&f->env, state, f->size, NULL, end - at, args));
    }
    return RC_OK;
}

/* ---- partial states ---- */
/* levels[k] holds the states of FAN^(k+1) rows each, from group_from on. */
static rc grow_tree(struct frames *f, int64_t from, int64_t to)
{
    struct arena *a = f->s->cx->arena;
    int64_t n = (to - from) / FAN, below = 0;
    f->group_from = from;
    f->n_levels = 0;
    for (; n > 0 && f->n_levels < MAX_LEVEL; below = n, n /= FAN) {
        int k = f->n_levels++;
        f->levels[k] = arena_zero(a, mem_mul(f->size, (size_t)n));
        for (int64_t i = 0; i < n; i++) {
            char *state = f->levels[k] + (size_t)i * f->size;
            if (k == 0) {
                TRY(add_rows(f, state, from + i * FAN, from + (i + 1) * FAN));
                continue;
            }
            for (int64_t j = 0; j < FAN; j++)
                TRY(f->over->combine(&f->env, state,
                                     f->levels[k - 1] + (size_t)(i * FAN + j) * f->size));
        }
    }
    (void)below;
    return RC_OK;
}

/* Adds rows [from, to) (kept rows, from group_from) in order, by the largest blocks that fit. */
static rc add_span(struct frames *f, char *state, int64_t from, int64_t to)
{
    int64_t at = from - f->group_from, end = to - f->group_from;
    while (at < end) {
        int best = -1;
        int64_t block = FAN;
        for (int k = 0; k < f->n_levels; k++, block *= FAN)
            if (at % block == 0 && at + block <= end) best = k;
        if (best < 0) {
            int64_t edge = (at / FAN + 1) * FAN, stop = edge < end ? edge : end;
            TRY(add_rows(f, state, f->group_from + at, f->group_from + stop));
            at = stop;
            continue;
        }
        block = FAN;
        for (int k = 0; k < best; k++)
            block *= FAN;
        TRY(f->over->combine(&f->env, state, f->levels[best] + (size_t)(at / block) * f->size));
        at += block;
    }
    return RC_OK;
}

/* ---- results ---- */
static int64_t count_values(const struct frames *f, int64_t from, int64_t to)
{
    int64_t n = 0;
    if (!f->has) return to - from;
    for (int64_t i = from; i < to; i++)
        n += bit_get(f->has, i);
    return n;
}

/* Result of kept rows [from, to) at row `at` of out. */
static rc frame_result(struct frames *f, int64_t from, int64_t to, struct vec *out, int64_t at,
                       struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    uint64_t valid = ~UINT64_C(0), room[8] = {0};
    struct vec one = {.phys = out->phys, .data = room, .valid = &valid}, args[8];
    if (w->min_rows > 0 && count_values(f, from, to) < w->min_rows)
        return builder_null(f->s->cx, b);
    (void)at;
    if (f->over->whole) {
        for (int i = 0; i < f->env.n_args; i++)
            args[i] = slice(f, i, from, to);
        TRY(f->over->whole(&f->env, to - from, args, &one, 0));
    } else {
        memset(f->state, 0, f->size);
        if (to - from <= SMALL)
            TRY(add_rows(f, f->state, from, to));
        else
            TRY(add_span(f, f->state, from, to));
        TRY(f->over->final(&f->env, f->state, f->size, 1, &one));
    }
    enum rc_t res = builder_append(f->s->cx, b, &one, NULL, 1);
    arena_reset(f->scratch.arena);
    return res;
}

/* Running: one state that grows. */
static rc running(struct frames *f, int64_t from, int64_t to, const struct vec *proto,
                  struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    int64_t k = f->kept ? f->kept[from] : from, seen = 0;
    memset(f->state, 0, f->size);
    for (int64_t i = from; i < to; i++) {
        int64_t end = f->kept ? f->kept[i + 1] : i + 1;
        uint64_t valid = ~UINT64_C(0), room[8] = {0};
        struct vec one = {.phys = proto->phys, .data = room, .valid = &valid};
        if (end > k) TRY(add_rows(f, f->state, k, end));
        seen += count_values(f, k, end);
        k = end;
        if (w->min_rows > 0 && seen < w->min_rows) {
            TRY(builder_null(f->s->cx, b));
            continue;
        }
        TRY(f->over->final(&f->env, f->state, f->size, 1, &one));
        TRY(builder_append(f->s->cx, b, &one, NULL, 1));
        arena_reset(f->scratch.arena);
    }
    return RC_OK;
}

/* ---- where a frame begins and ends ---- */
static bool clock_at(const struct stretch *s, int64_t i, int64_t *out)
{
    const struct column *c = s->it->clock;
    int64_t row = window_row(s->it->order, s->from + i);
    if (!bit_valid(c->valid, row)) return false;
    *out = c->phys == PHYS_DATE32 ? (int64_t)((const int32_t *)c->data)[row] * US_PER_DAY
                                  : ((const int64_t *)c->data)[row];
    return true;
}

/* (t - width, t], ties in; rows without a time stand alone. lo, hi move on from the last row's. */
static void time_frame(const struct stretch *s, int64_t width, int64_t from, int64_t to, int64_t i,
                       int64_t *lo, int64_t *hi)
{
    int64_t now, t;
    bool down = s->it->w->keys[0].descending;
    if (!clock_at(s, i, &now)) {
        *lo = i;
        *hi = i + 1;
        return;
    }
    if (*lo < from) *lo = from;
    while (*lo < i && (!clock_at(s, *lo, &t) || (down ? t > now : t <= now - width)))
        (*lo)++;
    if (*hi < i + 1) *hi = i + 1;
    while (*hi < to && clock_at(s, *hi, &t) && (down ? t > now - width : t <= now))
        (*hi)++;
}

static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Frame [*lo, *hi) of row i in the group [from, to). */
static void frame_of(const struct stretch *s, int64_t from, int64_t to, int64_t i, int64_t *lo,
                     int64_t *hi)
{
    const struct win_frame *w = &s->it->e->frame;
    int64_t a, b;
    switch (w->unit) {
    case FRAME_ROWS:
        if (__builtin_add_overflow(i, w->from, &a)) a = w->from < 0 ? from : to;
        if (__builtin_add_overflow(i, w->to, &b)) b = w->to < 0 ? from - 1 : to - 1;
        *lo = clamp(a, from, to);
        *hi = clamp(b, from - 1, to - 1) + 1;
        if (*hi < *lo) *hi = *lo;
        return;
    case FRAME_TIME: time_frame(s, w->from, from, to, i, lo, hi); return;
    case FRAME_RUNNING:
        *lo = from;
        *hi = i + 1;
        return;
    case FRAME_ALL: break;
    }
    *lo = from;
    *hi = to;
}

static rc group_frames(struct frames *f, int64_t from, int64_t to, const struct vec *proto,
                       struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    int64_t lo = from, hi = from;
    if (w->unit == FRAME_RUNNING && !f->over->whole) return running(f, from, to, proto, b);
    int64_t width;
    bool is_narrow =
        w->unit == FRAME_ROWS && !__builtin_sub_overflow(w->to, w->from, &width) && width < SMALL;
    f->n_levels = 0;
    f->group_from = f->kept ? f->kept[from] : from;
    if (!f->over->whole && !is_narrow && to - from > SMALL) {
        int64_t k0 = f->kept ? f->kept[from] : from, k1 = f->kept ? f->kept[to] : to;
        TRY(grow_tree(f, k0, k1));
    }
    for (int64_t i = from; i < to; i++) {
        struct vec out = *proto;
        frame_of(f->s, from, to, i, &lo, &hi);
        int64_t k0 = f->kept ? f->kept[lo] : lo, k1 = f->kept ? f->kept[hi] : hi;
        TRY(frame_result(f, k0, k1, &out, i, b));
        if (i % 64 == 0) TRY(check_cancel(f->s->cx));
    }
    return RC_OK;
}

/* Over the whole group: one result, said once a row. */
static rc group_whole(struct frames *f, int64_t from, int64_t to, const struct vec *proto,
                      struct builder *b)
{
    int64_t k0 = f->kept ? f->kept[from] : from, k1 = f->kept ? f->kept[to] : to;
    const struct win_frame *w = &f->s->it->e->frame;
    uint64_t valid = ~UINT64_C(0), room[8] = {0};
    struct vec one = {.phys = proto->phys, .data = room, .valid = &valid}, args[8];
    if (w->min_rows > 0 && count_values(f, k0, k1) < w->min_rows) {
        valid = 0;
    } else if (f->over->whole) {
        for (int i = 0; i < f->env.n_args; i++)
            args[i] = slice(f, i, k0, k1);
        TRY(f->over->whole(&f->env, k1 - k0, args, &one, 0));
    } else {
        memset(f->state, 0, f->size);
        TRY(add_rows(f, f->state, k0, k1));
        TRY(f->over->final(&f->env, f->state, f->size, 1, &one));
    }
    TRY(check_cancel(f->s->cx));
    for (int64_t i = from; i < to; i++) /* nested values are copied anew each time */
        if (one.phys == PHYS_LIST || one.phys == PHYS_STRUCT)
            TRY(builder_append(f->s->cx, b, &one, NULL, 1));
    if (one.phys == PHYS_LIST || one.phys == PHYS_STRUCT) return RC_OK;
    one.is_const = true;
    TRY(builder_append(f->s->cx, b, &one, NULL, to - from));
    arena_reset(f->scratch.arena);
    return RC_OK;
}

/* ---- the stretch ---- */
/* `where:` drops rows before anything is added: the arguments keep only the others. */
static rc keep_rows(struct frames *f)
{
    struct stretch *s = f->s;
    const struct window_item *it = s->it;
    int64_t n = s->to - s->from, m = 0;
    struct arena *a = s->cx->arena;
    int64_t *rows = arena_alloc(a, mem_mul(8, (size_t)n + 1));
    f->kept = arena_alloc(a, mem_mul(8, (size_t)n + 1));
    for (int64_t i = 0; i < n; i++) {
        int64_t row = window_row(it->order, s->from + i);
        f->kept[i] = m;
        if (bit_get(it->where->data, row) && bit_valid(it->where->valid, row)) rows[m++] = i;
    }
    f->kept[n] = m;
    for (int i = 0; i < it->e->n_args; i++)
        if (s->args[i]) TRY(column_gather(s->cx, s->args[i], rows, m, &f->cols[i]));
    return RC_OK;
}

static rc frames_init(struct frames *f, struct stretch *s)
{
    const struct window_item *it = s->it;
    struct arena *a = s->cx->arena;
    int n = it->e->n_args;
    *f = (struct frames){.s = s, .over = it->e->agg_overload};
    f->env = (struct agg_eval){.cx = s->cx,
                               .arena = a,
                               .n_args = n,
                               .type = it->e->type,
                               .arg_types = it->arg_types,
                               .consts = it->consts,
                               .is_const = it->is_const,
                               .span = it->e->span};
    f->size = (f->over->state_size + 7) / 8 * 8;
    f->state = arena_zero(a, f->size + 8);
    f->args = ARENA_ARRAY(a, struct vec, n + 1);
    f->cols = ARENA_ARRAY(a, struct column *, n + 1);
    f->valid = arena_zero(a, sizeof *f->valid * (size_t)(n + 1));
    f->bools = arena_zero(a, sizeof *f->bools * (size_t)(n + 1));
    f->room = arena_zero(a, sizeof *f->room * (size_t)(n + 1));
    f->scratch = *s->cx;
    f->scratch.arena = arena_new();
    f->env.cx = &f->scratch;
    if (it->where) {
        TRY(keep_rows(f));
    } else {
        for (int i = 0; i < n; i++)
            f->cols[i] = column_ref(s->args[i]);
    }
    for (int i = 0; i < n; i++)
        if (it->is_const[i]) TRY(vec_literal(s->cx, &it->consts[i], f->room[i], &f->args[i]));
    if (n > 0 && f->cols[0]) f->has = f->cols[0]->valid;
    return RC_OK;
}

rc agg_stretch(struct stretch *s, struct column **out)
{
    struct frames f;
    struct builder b;
    enum phys phys = kind_phys(s->it->e->type.kind);
    struct vec proto = {.phys = phys};
    enum rc_t res = frames_init(&f, s);
    builder_init(&b, s->it->e->type, phys);
    if (res == RC_OK) res = builder_reserve(s->cx, &b, s->to - s->from);
    for (int64_t g = s->g_from; g < s->g_to && res == RC_OK; g++) {
        int64_t from = s->it->order->start[g] - s->from, to = s->it->order->start[g + 1] - s->from;
        if (s->it->e->frame.unit == FRAME_ALL)
            res = group_whole(&f, from, to, &proto, &b);
        else
            res = group_frames(&f, from, to, &proto, &b);
    }
    if (res == RC_OK) res = builder_finish(s->cx, &b, out);
    builder_release(&b);
    for (int i = 0; i < s->it->e->n_args; i++)
        column_unref(f.cols[i]);
    arena_free(f.scratch.arena);
    return res;
}

/* frames.c: aggregates in window steps: over the whole group, running, over the last rows or the
 * last stretch of time. A sliding frame is never updated backwards (that would let rounding errors
 * pile up): small frames are added up anew, larger ones from a tree of partial states. */
#include "runtime/exec/threads/window_int.h"

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
    struct ctx scratch;  /* env's: its arena is emptied before every result */
    bool picks;          /* nth: a row of the frame as it is, found without looking at others */
    struct frame_walk walk;
    struct span_of_rows spans[MAX_SPANS], last[MAX_SPANS]; /* kept rows; of the row before */
    int n_spans, n_last;
    uint64_t room_valid, room_data[8]; /* the result of the row before */
    struct vec result;
    struct column *gathered[8]; /* what the result may point into */
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
    if (f->env.n_args > 0 && f->env.is_const[0] && f->env.consts[0].is_null) return 0;
    if (!f->has) return to - from;
    for (int64_t i = from; i < to;) {
        int64_t left = 64 - i % 64, m = to - i < left ? to - i : left;
        uint64_t bits = f->has[i / 64] >> (i % 64);
        n += __builtin_popcountll(m < 64 ? bits & ((UINT64_C(1) << m) - 1) : bits);
        i += m;
    }
    return n;
}

static int64_t count_spans(const struct frames *f, bool values)
{
    int64_t n = 0;
    for (int i = 0; i < f->n_spans; i++)
        n += values ? count_values(f, f->spans[i].from, f->spans[i].to)
                    : f->spans[i].to - f->spans[i].from;
    return n;
}

static void drop_gathered(struct frames *f)
{
    for (int i = 0; i < 8; i++) {
        column_unref(f->gathered[i]);
        f->gathered[i] = NULL;
    }
}

/* Room for one result, valid. */
static struct vec *fresh_result(struct frames *f, const struct vec *proto)
{
    drop_gathered(f);
    arena_reset(f->scratch.arena);
    memset(f->room_data, 0, sizeof f->room_data);
    f->room_valid = ~UINT64_C(0);
    f->result = (struct vec){.phys = proto->phys, .data = f->room_data, .valid = &f->room_valid};
    return &f->result;
}

/* A holistic aggregate over rows that do not lie together: they are put together first. */
static rc whole_of_spans(struct frames *f, struct vec *out)
{
    int64_t n = count_spans(f, false), m = 0, *rows;
    struct vec args[8];
    rows = arena_alloc(f->scratch.arena, mem_mul(8, (size_t)n + 1));
    for (int k = 0; k < f->n_spans; k++)
        for (int64_t i = f->spans[k].from; i < f->spans[k].to; i++)
            rows[m++] = i;
    for (int i = 0; i < f->env.n_args; i++) {
        args[i] = f->args[i];
        if (!f->cols[i]) continue;
        TRY(column_gather(f->s->cx, f->cols[i], rows, n, &f->gathered[i]));
        args[i] = column_view(f->gathered[i], 0, n);
    }
    return f->over->whole(&f->env, n, args, out, 0);
}

static rc whole_result(struct frames *f, struct vec *out)
{
    struct vec args[8];
    if (f->n_spans > 1) return whole_of_spans(f, out);
    int64_t from = f->n_spans ? f->spans[0].from : 0, to = f->n_spans ? f->spans[0].to : 0;
    for (int i = 0; i < f->env.n_args; i++)
        args[i] = slice(f, i, from, to);
    return f->over->whole(&f->env, to - from, args, out, 0);
}

/* nth(x, n): the row itself goes to the result. */
static rc pick_row(struct frames *f, struct builder *b)
{
    int64_t n = f->env.consts[1].u.i, m = count_spans(f, false);
    int64_t at = n > 0 ? n - 1 : m + n;
    if (at < 0 || at >= m) return builder_null(f->s->cx, b);
    for (int k = 0; k < f->n_spans; k++) {
        int64_t here = f->spans[k].to - f->spans[k].from;
        if (at < here) {
            struct vec one = slice(f, 0, f->spans[k].from + at, f->spans[k].from + at + 1);
            return builder_append(f->s->cx, b, &one, NULL, 1);
        }
        at -= here;
    }
    return RC_OK;
}

static rc spans_result(struct frames *f, const struct vec *proto, struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    if (w->min_rows > 0 && count_spans(f, true) < w->min_rows) {
        f->n_last = -1;
        return builder_null(f->s->cx, b);
    }
    if (f->picks) return pick_row(f, b);
    size_t bytes = sizeof *f->spans * (size_t)f->n_spans;
    if (f->n_spans == f->n_last && memcmp(f->spans, f->last, bytes) == 0)
        return builder_append(f->s->cx, b, &f->result, NULL, 1); /* as the row before */
    struct vec *one = fresh_result(f, proto);
    if (f->over->whole) {
        TRY(whole_result(f, one));
    } else {
        memset(f->state, 0, f->size);
        for (int k = 0; k < f->n_spans; k++)
            if (f->spans[k].to - f->spans[k].from <= SMALL)
                TRY(add_rows(f, f->state, f->spans[k].from, f->spans[k].to));
            else
                TRY(add_span(f, f->state, f->spans[k].from, f->spans[k].to));
        TRY(f->over->final(&f->env, f->state, f->size, 1, one));
    }
    f->n_last = f->n_spans;
    memcpy(f->last, f->spans, bytes);
    return builder_append(f->s->cx, b, one, NULL, 1);
}

/* The frame of row i in kept rows. */
static void find_spans(struct frames *f, int64_t i)
{
    int n = walk_row(&f->walk, i, f->spans), m = 0;
    for (int k = 0; f->kept && k < n; k++) {
        struct span_of_rows at = {f->kept[f->spans[k].from], f->kept[f->spans[k].to]};
        if (at.from < at.to) f->spans[m++] = at;
    }
    f->n_spans = f->kept ? m : n;
}

/* A frame that begins with the group: one state that grows. */
static rc growing(struct frames *f, int64_t from, int64_t to, const struct vec *proto,
                  struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    int64_t begin = f->kept ? f->kept[from] : from, k = begin, seen = 0;
    bool fresh = true;
    memset(f->state, 0, f->size);
    for (int64_t i = from; i < to; i++) {
        find_spans(f, i);
        int64_t end = f->n_spans ? f->spans[0].to : begin;
        if (end > k) {
            TRY(add_rows(f, f->state, k, end));
            if (w->min_rows > 0) seen += count_values(f, k, end);
            k = end;
            fresh = true;
        }
        if (w->min_rows > 0 && seen < w->min_rows) {
            TRY(builder_null(f->s->cx, b));
            continue;
        }
        if (fresh) TRY(f->over->final(&f->env, f->state, f->size, 1, fresh_result(f, proto)));
        fresh = false;
        TRY(builder_append(f->s->cx, b, &f->result, NULL, 1));
        if (i % BATCH_ROWS == 0) TRY(check_cancel(f->s->cx));
    }
    return RC_OK;
}

static rc group_frames(struct frames *f, int64_t from, int64_t to, const struct vec *proto,
                       struct builder *b)
{
    const struct win_frame *w = &f->s->it->e->frame;
    walk_group(&f->walk, from, to);
    if (frame_grows(w) && !f->over->whole) return growing(f, from, to, proto, b);
    int64_t width;
    bool is_narrow =
        w->unit == FRAME_ROWS && !__builtin_sub_overflow(w->to, w->from, &width) && width < SMALL;
    f->n_levels = 0;
    f->n_last = -1;
    f->group_from = f->kept ? f->kept[from] : from;
    if (!f->over->whole && !is_narrow && to - from > SMALL) {
        int64_t k0 = f->kept ? f->kept[from] : from, k1 = f->kept ? f->kept[to] : to;
        TRY(grow_tree(f, k0, k1));
    }
    for (int64_t i = from; i < to; i++) {
        find_spans(f, i);
        TRY(spans_result(f, proto, b));
        if (i % 64 == 0) TRY(run_tick(f->s->it->w->run, f->s->cx, 64));
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
    f->picks = it->e->agg == agg_find(str_of("nth")) && it->is_const[1] && !it->consts[1].is_null &&
               it->consts[1].u.i != 0;
    TRY(walk_init(&f->walk, s));
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
        if (frame_is_whole(&s->it->e->frame))
            res = group_whole(&f, from, to, &proto, &b);
        else
            res = group_frames(&f, from, to, &proto, &b);
    }
    if (res == RC_OK) res = builder_finish(s->cx, &b, out);
    builder_release(&b);
    for (int i = 0; i < s->it->e->n_args; i++)
        column_unref(f.cols[i]);
    drop_gathered(&f);
    arena_free(f.scratch.arena);
    return res;
}

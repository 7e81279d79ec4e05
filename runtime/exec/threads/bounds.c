/* bounds.c: which rows the frame of each row holds: rows, groups of peers, a distance of the sort
 * key or a stretch of time, less what the frame excludes. Bounds move on from the last row's.
 * Frames by distance treat null as PostgreSQL does: rows without a key are each other's peers, and
 * only an open end takes them in beside rows that have one. */
#include "runtime/exec/threads/window_int.h"

#include "runtime/base/civil.h"

/* ---- kinds of frames ---- */
static bool is_open_from(const struct win_frame *f)
{
    return f->unit == FRAME_ALL || f->unit == FRAME_RUNNING ||
           (f->unit != FRAME_TIME && f->from == FRAME_OPEN_FROM);
}

bool frame_grows(const struct win_frame *f)
{
    return is_open_from(f) && f->exclude == EXCLUDE_NONE;
}

bool frame_is_whole(const struct win_frame *f)
{
    if (f->exclude != EXCLUDE_NONE) return false;
    if (f->unit == FRAME_ALL) return true;
    return f->unit != FRAME_RUNNING && is_open_from(f) && f->to == FRAME_OPEN_TO;
}

static bool needs_peers(const struct win_frame *f)
{
    return f->exclude == EXCLUDE_GROUP || f->exclude == EXCLUDE_TIES;
}

/* ---- keys ---- */
/* Keys in window order as numbers that rise: those of a descending sort are turned round. */
static void fill_keys(struct frame_walk *w)
{
    const struct stretch *s = w->s;
    const struct column *c = s->it->clock;
    bool down = s->it->w->keys[0].descending;
    int64_t n = s->to - s->from;
    if (c->phys == PHYS_F64)
        w->nums = arena_alloc(s->cx->arena, mem_mul(8, (size_t)n + 1));
    else
        w->ints = arena_alloc(s->cx->arena, mem_mul(8, (size_t)n + 1));
    for (int64_t i = 0; i < n; i++) {
        int64_t row = window_row(s->it->order, s->from + i);
        if (w->nums) {
            double x = ((const double *)c->data)[row];
            w->nums[i] = down ? -x : x;
        } else {
            int64_t x = c->phys == PHYS_DATE32 ? (int64_t)((const int32_t *)c->data)[row]
                                               : ((const int64_t *)c->data)[row];
            w->ints[i] = down ? ~x : x;
        }
    }
}

static bool has_key(const struct frame_walk *w, int64_t i)
{
    const struct column *c = w->s->it->clock;
    return bit_valid(c->valid, window_row(w->s->it->order, w->s->from + i));
}

static int64_t sum_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

/* ---- groups of peers ---- */
static bool is_peer_of_last(const struct frame_walk *w, int64_t i)
{
    const struct window *win = w->s->it->w;
    const struct window_order *o = w->s->it->order;
    return order_compare(win->keys, win->node->u.window.n_sort, window_row(o, w->s->from + i - 1),
                         window_row(o, w->s->from + i)) == 0;
}

static void list_peers(struct frame_walk *w)
{
    w->n_peers = 0;
    for (int64_t i = w->from; i < w->to; i++)
        if (i == w->from || !is_peer_of_last(w, i)) w->peers[w->n_peers++] = i;
    w->peers[w->n_peers] = w->to;
    w->peer = -1;
}

rc walk_init(struct frame_walk *w, const struct stretch *s)
{
    *w = (struct frame_walk){.s = s, .frame = &s->it->e->frame};
    int64_t n = s->to - s->from;
    if (w->frame->unit == FRAME_GROUPS)
        w->peers = arena_alloc(s->cx->arena, mem_mul(8, (size_t)n + 2));
    if (w->frame->unit == FRAME_RANGE && s->it->clock) fill_keys(w);
    return RC_OK;
}

void walk_group(struct frame_walk *w, int64_t from, int64_t to)
{
    w->from = w->lo = w->hi = from;
    w->peer_from = w->peer_to = from;
    w->to = to;
    if (w->frame->unit == FRAME_GROUPS) list_peers(w);
    if (w->frame->unit != FRAME_RANGE || !w->s->it->clock) return;
    for (w->value_from = from; w->value_from < to && !has_key(w, w->value_from);)
        w->value_from++;
    for (w->value_to = to; w->value_to > w->value_from && !has_key(w, w->value_to - 1);)
        w->value_to--;
}

/* ---- by rows, groups, distance, time ---- */
static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static void by_rows(struct frame_walk *w, int64_t i)
{
    const struct win_frame *f = w->frame;
    w->lo = clamp(sum_clamped(i, f->from), w->from, w->to);
    w->hi = clamp(sum_clamped(i, f->to), w->from - 1, w->to - 1) + 1;
}

static void by_groups(struct frame_walk *w, int64_t i)
{
    const struct win_frame *f = w->frame;
    if (i == w->peers[w->peer + 1]) w->peer++;
    int64_t lo = clamp(sum_clamped(w->peer, f->from), 0, w->n_peers);
    int64_t hi = clamp(sum_clamped(w->peer, f->to), -1, w->n_peers - 1) + 1;
    w->lo = w->peers[lo];
    w->hi = w->peers[hi];
}

/* Whether row k's key is below row i's and the distance (`to`: not above). */
static bool is_before(const struct frame_walk *w, int64_t k, int64_t i, bool to)
{
    const struct win_frame *f = w->frame;
    if (w->nums) {
        double edge = w->nums[i] + (to ? f->num_to : f->num_from);
        return to ? w->nums[k] <= edge : w->nums[k] < edge;
    }
    int64_t edge = sum_clamped(w->ints[i], to ? f->to : f->from);
    return to ? w->ints[k] <= edge : w->ints[k] < edge;
}

static void by_distance(struct frame_walk *w, int64_t i)
{
    const struct win_frame *f = w->frame;
    bool is_null = i < w->value_from || i >= w->value_to;
    if (is_null) {
        w->lo = i < w->value_from ? w->from : w->value_to;
        w->hi = i < w->value_from ? w->value_from : w->to;
    } else {
        w->lo = clamp(w->lo, w->value_from, w->value_to);
        w->hi = clamp(w->hi, w->value_from, w->value_to);
        while (f->from != FRAME_OPEN_FROM && w->lo < w->value_to && is_before(w, w->lo, i, false))
            w->lo++;
        while (f->to != FRAME_OPEN_TO && w->hi < w->value_to && is_before(w, w->hi, i, true))
            w->hi++;
    }
    if (f->from == FRAME_OPEN_FROM) w->lo = w->from;
    if (f->to == FRAME_OPEN_TO) w->hi = w->to;
}

static bool clock_at(const struct stretch *s, int64_t i, int64_t *out)
{
    const struct column *c = s->it->clock;
    int64_t row = window_row(s->it->order, s->from + i);
    if (!bit_valid(c->valid, row)) return false;
    *out = c->phys == PHYS_DATE32 ? (int64_t)((const int32_t *)c->data)[row] * US_PER_DAY
                                  : ((const int64_t *)c->data)[row];
    return true;
}

/* (t - width, t], ties in; rows without a time stand alone. */
static void by_time(struct frame_walk *w, int64_t i)
{
    const struct stretch *s = w->s;
    int64_t now, t, width = w->frame->from;
    bool down = s->it->w->keys[0].descending;
    if (!clock_at(s, i, &now)) {
        w->lo = i;
        w->hi = i + 1;
        return;
    }
    while (w->lo < i && (!clock_at(s, w->lo, &t) || (down ? t > now : t <= now - width)))
        w->lo++;
    if (w->hi < i + 1) w->hi = i + 1;
    while (w->hi < w->to && clock_at(s, w->hi, &t) && (down ? t > now - width : t <= now))
        w->hi++;
}

/* ---- what is left out ---- */
static void find_peers(struct frame_walk *w, int64_t i)
{
    if (i < w->peer_to) return;
    w->peer_from = i;
    for (w->peer_to = i + 1; w->peer_to < w->to && is_peer_of_last(w, w->peer_to);)
        w->peer_to++;
}

static int add_rows(struct span_of_rows *out, int n, int64_t from, int64_t to)
{
    if (from < to) out[n++] = (struct span_of_rows){from, to};
    return n;
}

int walk_row(struct frame_walk *w, int64_t i, struct span_of_rows out[MAX_SPANS])
{
    int n = 0;
    switch (w->frame->unit) {
    case FRAME_ROWS: by_rows(w, i); break;
    case FRAME_TIME: by_time(w, i); break;
    case FRAME_GROUPS: by_groups(w, i); break;
    case FRAME_RANGE: by_distance(w, i); break;
    case FRAME_RUNNING: w->hi = i + 1; break;
    case FRAME_ALL: w->hi = w->to; break;
    }
    int64_t lo = w->lo, hi = w->hi, out_from = i, out_to = i + 1;
    if (w->frame->exclude == EXCLUDE_NONE) return add_rows(out, 0, lo, hi);
    if (needs_peers(w->frame)) {
        find_peers(w, i);
        out_from = w->peer_from;
        out_to = w->peer_to;
    }
    n = add_rows(out, n, lo, clamp(out_from, lo, hi > lo ? hi : lo));
    if (w->frame->exclude == EXCLUDE_TIES && i >= lo && i < hi) n = add_rows(out, n, i, i + 1);
    return add_rows(out, n, clamp(out_to, lo, hi > lo ? hi : lo), hi);
}

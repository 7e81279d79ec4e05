/* join_asof.c: for each left row the nearest right row in an ordered key. The right rows are put in
 * the ordered key's order (nothing to do when they stand so already), handed out to their equal
 * keys, which keeps that order, and searched from where the row before ended. */
#include "runtime/exec/threads/join_int.h"

#include "runtime/base/civil.h"

struct asof {
    struct run *run;
    const struct plan *node;
    const struct asof_side *left;
    int n_equal;
    struct join_codes codes;
    struct join_table table;
    int64_t n_left, n_right; /* n_right: right rows with an ordered key */
    int64_t *order;          /* [n_right] right row of each in the ordered key's order; NULL = as
                                they stand */
    uint64_t *words;         /* [n_right] ordered keys, equal keys together, rising within */
    bool is_num, has_limit, is_strict;
    uint64_t within;   /* distances that are allowed */
    double num_within; /* of num keys */
    enum asof_direction direction;
    int64_t *rows;        /* result */
    atomic_llong without; /* left rows that found none */
};

/* ---- ordered keys as words ---- */
static uint64_t word_at(const struct column *c, int64_t i)
{
    if (c->phys == PHYS_F64) return f64_word(((const double *)c->data)[i]);
    int64_t v = c->phys == PHYS_DATE32 ? (int64_t)((const int32_t *)c->data)[i]
                                       : ((const int64_t *)c->data)[i];
    return (uint64_t)v ^ UINT64_C(1) << 63;
}

static double word_num(uint64_t w)
{
    double x;
    w = w >> 63 ? w & ~(UINT64_C(1) << 63) : ~w;
    memcpy(&x, &w, 8);
    return x;
}

static bool is_rising(const struct column *c)
{
    if (c->n_null > 0) return false;
    for (int64_t i = 1; i < c->n; i++)
        if (word_at(c, i) < word_at(c, i - 1)) return false;
    return true;
}

/* Whether the first distance is at most (strictly: below) the second; of words a <= b <= c. */
static bool is_nearer(const struct asof *s, uint64_t a, uint64_t b, uint64_t c)
{
    if (s->is_num) { /* the same infinity is at distance 0 */
        double below = a == b ? 0 : word_num(b) - word_num(a);
        double above = b == c ? 0 : word_num(c) - word_num(b);
        return below <= above;
    }
    return b - a <= c - b;
}

static bool is_within(const struct asof *s, uint64_t a, uint64_t b)
{
    if (!s->has_limit || a == b) return true;
    uint64_t lo = a < b ? a : b, hi = a < b ? b : a;
    if (s->is_num) return word_num(hi) - word_num(lo) <= s->num_within;
    return hi - lo <= s->within;
}

/* ---- searching ---- */
/* First of w[lo..hi) that is above x (at least x, when `from`), begun at the place `hint`: steps
 * that double, then halves. */
static int64_t first_above(const uint64_t *w, int64_t lo, int64_t hi, int64_t hint, uint64_t x,
                           bool from)
{
    int64_t step = 1;
    if (hint < lo || hint > hi) hint = lo + (hi - lo) / 2;
    if (hint < hi && (from ? w[hint] < x : w[hint] <= x)) {
        lo = hint + 1;
        while (lo + step < hi && (from ? w[lo + step] < x : w[lo + step] <= x)) {
            lo += step + 1;
            step *= 2;
        }
        if (lo + step < hi) hi = lo + step;
    } else {
        hi = hint;
        while (hi - step > lo && !(from ? w[hi - step] < x : w[hi - step] <= x)) {
            hi -= step;
            step *= 2;
        }
        if (hi - step > lo) lo = hi - step + 1;
    }
    while (lo < hi) {
        int64_t half = lo + (hi - lo) / 2;
        if (from ? w[half] < x : w[half] <= x)
            lo = half + 1;
        else
            hi = half;
    }
    return lo;
}

/* Place in words[from..to) of the row for x, or -1; *hint is where the last search ended. */
static int64_t nearest(const struct asof *s, int64_t from, int64_t to, uint64_t x, int64_t *hint)
{
    const uint64_t *w = s->words;
    int64_t at, back, ahead;
    switch (s->direction) {
    case ASOF_BACKWARD:
        *hint = at = first_above(w, from, to, *hint, x, s->is_strict);
        at--;
        break;
    case ASOF_FORWARD: *hint = at = first_above(w, from, to, *hint, x, !s->is_strict); break;
    default:
        *hint = ahead = first_above(w, from, to, *hint, x, false);
        back = ahead - 1;
        if (back < from)
            at = ahead;
        else if (ahead >= to)
            at = back;
        else
            at = is_nearer(s, w[back], x, w[ahead]) ? back : ahead;
        break;
    }
    return at >= from && at < to && is_within(s, x, w[at]) ? at : -1;
}

static int64_t row_of(const struct asof *s, int64_t place)
{
    int64_t i = s->n_equal > 0 ? (int64_t)s->table.rows[place] : place;
    return s->order ? s->order[i] : i;
}

static enum rc_t find_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct asof *s = arg;
    const struct column *key = s->left->ordered;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS, hint = 0, without = 0;
    uint64_t codes[BATCH_ROWS];
    struct match found[BATCH_ROWS];
    if (to > s->n_left) to = s->n_left;
    (void)worker;
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        if (s->n_equal > 0) {
            join_left_codes(&s->codes, at, n, codes);
            join_find(&s->table, codes, n, found);
        }
        for (int64_t i = 0; i < n; i++) {
            int64_t lo = s->n_equal > 0 ? (int64_t)found[i].start : 0, place = -1;
            int64_t hi = s->n_equal > 0 ? lo + (int64_t)found[i].n : s->n_right;
            if (lo < hi && bit_valid(key->valid, at + i))
                place = nearest(s, lo, hi, word_at(key, at + i), &hint);
            s->rows[at + i] = place >= 0 ? row_of(s, place) : -1;
            without += place < 0;
        }
        TRY(run_tick(s->run, cx, n));
    }
    atomic_fetch_add(&s->without, without);
    return RC_OK;
}

/* ---- the right side ---- */
struct fill {
    struct asof *s;
    const struct column *key;
};

static enum rc_t words_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct fill *f = arg;
    struct asof *s = f->s;
    int64_t n = s->n_equal > 0 ? s->table.n_rows : s->n_right;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS < n ? from + MORSEL_ROWS : n;
    (void)worker;
    for (int64_t i = from; i < to; i++)
        s->words[i] = word_at(f->key, row_of(s, i));
    return check_cancel(cx);
}

/* The right rows in the ordered key's order, without those that have none. */
static rc order_right(struct asof *s, const struct asof_side *right)
{
    struct order_key key = {.column = right->ordered};
    s->n_right = right->ordered->n - right->ordered->n_null;
    if (is_rising(right->ordered)) return RC_OK;
    int64_t n;
    TRY(order_rows(s->run, &key, 1, right->ordered->n, -1, &s->order, &n));
    return RC_OK;
}

static rc match_equal(struct asof *s, const struct asof_side *right, const bool *same)
{
    struct run *r = s->run;
    struct column **keys = ARENA_ARRAY(r->arena, struct column *, s->n_equal);
    enum rc_t res = RC_OK;
    for (int k = 0; k < s->n_equal && res == RC_OK; k++)
        if (s->order)
            res = column_gather(r->cx, right->equal[k], s->order, s->n_right, &keys[k]);
        else
            keys[k] = column_ref(right->equal[k]);
    if (res == RC_OK) res = join_codes_make(r, s->left->equal, keys, same, s->n_equal, &s->codes);
    if (res == RC_OK) res = join_table_make(r, &s->codes, s->n_right, &s->table);
    for (int k = 0; k < s->n_equal; k++)
        column_unref(keys[k]);
    return res;
}

static void set_limit(struct asof *s)
{
    const struct scalar *t = s->node->u.join.tolerance;
    const struct join_on *last = &s->node->u.join.on[s->node->u.join.n_on - 1];
    s->is_num = s->left->ordered->phys == PHYS_F64;
    s->direction = s->node->u.join.direction;
    s->is_strict = last->op == CMP_GT || last->op == CMP_LT;
    if (!t) return;
    s->has_limit = true;
    if (t->type.kind == KIND_NUM) {
        s->num_within = t->u.f;
        s->within = t->u.f >= 0x1p63 ? UINT64_MAX : (uint64_t)t->u.f;
    } else {
        s->num_within = (double)t->u.i;
        s->within = (uint64_t)t->u.i;
    }
    if (s->left->ordered->phys == PHYS_DATE32) s->within /= (uint64_t)US_PER_DAY;
}

static rc asof_run(struct asof *s, const struct asof_side *right, const bool *same)
{
    struct ctx *cx = s->run->cx;
    struct fill f = {s, right->ordered};
    set_limit(s);
    TRY(run_claim(s->run, cx, 24 * right->ordered->n));
    TRY(order_right(s, right));
    if (s->n_equal > 0) TRY(match_equal(s, right, same));
    TRY(mem_big(cx, mem_mul(8, (size_t)s->n_right + 1), (void **)&s->words));
    TRY(pool_run(cx, (s->n_right + MORSEL_ROWS - 1) / MORSEL_ROWS, words_task, &f));
    TRY(pool_run(cx, (s->n_left + MORSEL_ROWS - 1) / MORSEL_ROWS, find_task, s));
    return run_claim(s->run, cx, -24 * right->ordered->n);
}

rc asof_rows(struct run *r, const struct plan *node, const struct asof_side *left,
             const struct asof_side *right, const bool *same, int n_equal, int64_t *rows,
             int64_t *out_unmatched)
{
    struct asof s = {.run = r, .node = node, .left = left, .n_equal = n_equal, .rows = rows};
    s.n_left = left->ordered->n;
    enum rc_t res = asof_run(&s, right, same);
    *out_unmatched = atomic_load(&s.without);
    join_codes_free(&s.codes);
    join_table_free(&s.table);
    mem_big_free(s.order);
    mem_big_free(s.words);
    return res;
}

/* stat_stream.c: passes over all rows. Several threads push batches; each takes one of a few states
 * for the batch. What is merged at the end are counts, extremes and sets, which do not depend on
 * who counted what. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"

#include <math.h>
#include <stdlib.h>

void stat_slots_init(struct stat_slots *s, size_t size)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < STAT_SLOTS; i++)
        atomic_flag_clear(&s->busy[i]);
    s->size = size;
}

int stat_slot_take(struct stat_slots *s, int64_t partition)
{
    for (uint64_t i = (uint64_t)partition;; i++) {
        int at = (int)(i % STAT_SLOTS);
        if (atomic_flag_test_and_set_explicit(&s->busy[at], memory_order_acquire)) continue;
        if (!s->state[at]) s->state[at] = mem_zero(s->size);
        return at;
    }
}

void stat_slot_give(struct stat_slots *s, int i)
{
    atomic_flag_clear_explicit(&s->busy[i], memory_order_release);
}

void stat_slots_release(struct stat_slots *s, void (*each)(void *state))
{
    for (int i = 0; i < STAT_SLOTS; i++) {
        if (!s->state[i]) continue;
        if (each) each(s->state[i]);
        mem_free(s->state[i]);
    }
}

double *stat_scratch_numbers(struct stat_scratch *s, int64_t n)
{
    if (n > s->n_numbers || !s->numbers) {
        s->n_numbers = n;
        s->numbers = mem_realloc(s->numbers, sizeof(double) * (size_t)n);
    }
    return s->numbers;
}

int32_t *stat_scratch_levels(struct stat_scratch *s, int which, int64_t n)
{
    if (n > s->n_levels[which]) {
        s->n_levels[which] = n;
        s->levels[which] = mem_realloc(s->levels[which], sizeof(int32_t) * (size_t)n);
    }
    return s->levels[which];
}

void stat_scratch_release(struct stat_scratch *s)
{
    mem_free(s->numbers);
    for (int i = 0; i < STAT_SCRATCH_LEVELS; i++)
        mem_free(s->levels[i]);
}

rc stat_stream(struct chart_build *b, void *self,
               enum rc_t (*push)(struct ctx *cx, void *self, int64_t partition,
                                 const struct batch *batch))
{
    struct batch_sink sink = {.self = self, .push = push};
    return exec_stream(b->cx, b->x, b->data, &sink);
}

int stat_column_at(const struct chart_build *b, const char *name)
{
    return name ? schema_find(b->data->schema, str_of(name)) : -1;
}

/* ---- summary of a number column ---- */
enum { KEEP_VALUES = 4 * 1000 * 1000, CLASSES = 65536 };
struct part {
    int64_t n, n_null, n_infinite, n_outside;
    double min, max;
    bool is_broken; /* a value is not whole */
    double *kept;
    int64_t n_kept, cap;
    int64_t *classes; /* [CLASSES], by the leading bits of the value */
    struct stat_scratch scratch;
};
struct summary_run {
    struct stat_slots slots;
    int at;
    struct dtype type;
    double lo, hi;
    atomic_llong n_kept; /* of all states; kept values are dropped when it passes the limit */
};

/* Leading 16 bits of a key that sorts as the double does. */
static unsigned class_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
    return (unsigned)(bits >> 48);
}
static double class_edge(unsigned k)
{
    uint64_t bits = (uint64_t)k << 48;
    bits = bits >> 63 ? bits & ~(UINT64_C(1) << 63) : ~bits;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void keep_values(struct summary_run *run, struct part *p, const double *v, int64_t n)
{
    if (n == 0) return;
    if (atomic_fetch_add_explicit(&run->n_kept, n, memory_order_relaxed) > KEEP_VALUES) return;
    if (p->n_kept + n > p->cap) {
        p->cap = (p->cap + n) * 2;
        p->kept = mem_realloc(p->kept, sizeof(double) * (size_t)p->cap);
    }
    memcpy(p->kept + p->n_kept, v, sizeof(double) * (size_t)n);
    p->n_kept += n;
}

static int64_t part_add(const struct summary_run *run, struct part *p, double *v, int64_t n)
{
    int64_t good = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = v[i];
        if (isnan(x))
            p->n_null++;
        else if (isinf(x))
            p->n_infinite++;
        else if (x < run->lo || x > run->hi)
            p->n_outside++;
        else {
            if (p->n + good == 0 || x < p->min) p->min = x;
            if (p->n + good == 0 || x > p->max) p->max = x;
            if (x != floor(x)) p->is_broken = true;
            p->classes[class_of(x)]++;
            v[good++] = x;
        }
    }
    p->n += good;
    return good;
}

static enum rc_t summary_push(struct ctx *cx, void *self, int64_t partition,
                              const struct batch *batch)
{
    struct summary_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct part *p = run->slots.state[slot];
    if (!p->classes) p->classes = mem_zero(sizeof(int64_t) * CLASSES);
    double *v = stat_scratch_numbers(&p->scratch, batch->n_rows);
    stat_vec_numbers(&batch->cols[run->at], run->type, batch->n_rows, v);
    int64_t good = part_add(run, p, v, batch->n_rows);
    keep_values(run, p, v, good);
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void part_free(void *state)
{
    struct part *p = state;
    mem_free(p->kept);
    mem_free(p->classes);
    stat_scratch_release(&p->scratch);
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Type 7: linear between order statistics. */
static double quantile_sorted(const double *v, int64_t n, double q)
{
    double at = q * (double)(n - 1);
    int64_t i = (int64_t)floor(at);
    if (i + 1 >= n) return v[n - 1];
    return v[i] + (at - (double)i) * (v[i + 1] - v[i]);
}

static void quartiles_exact(const struct summary_run *run, struct stat_summary *out)
{
    double *all = mem_alloc(sizeof(double) * (size_t)(out->n + 1));
    int64_t n = 0;
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct part *p = run->slots.state[i];
        if (!p || !p->n_kept) continue;
        memcpy(all + n, p->kept, sizeof(double) * (size_t)p->n_kept);
        n += p->n_kept;
    }
    qsort(all, (size_t)n, sizeof *all, double_cmp);
    out->q1 = quantile_sorted(all, n, 0.25);
    out->q3 = quantile_sorted(all, n, 0.75);
    mem_free(all);
}

static double quantile_classes(const int64_t *count, int64_t n, double q)
{
    double want = q * (double)n, below = 0;
    for (unsigned k = 0; k < CLASSES; k++) {
        if (count[k] && below + (double)count[k] >= want) {
            double lo = class_edge(k), hi = class_edge(k + 1);
            return lo + (hi - lo) * (want - below) / (double)count[k];
        }
        below += (double)count[k];
    }
    return 0;
}

static void quartiles_rough(const struct summary_run *run, struct stat_summary *out)
{
    int64_t *sum = mem_zero(sizeof(int64_t) * CLASSES);
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct part *p = run->slots.state[i];
        for (int k = 0; p && p->classes && k < CLASSES; k++)
            sum[k] += p->classes[k];
    }
    out->q1 = quantile_classes(sum, out->n, 0.25);
    out->q3 = quantile_classes(sum, out->n, 0.75);
    mem_free(sum);
}

static void summary_merge(const struct summary_run *run, struct stat_summary *out)
{
    *out = (struct stat_summary){.is_whole = true};
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct part *p = run->slots.state[i];
        if (!p) continue;
        if (p->n && (out->n == 0 || p->min < out->min)) out->min = p->min;
        if (p->n && (out->n == 0 || p->max > out->max)) out->max = p->max;
        out->n += p->n;
        out->n_null += p->n_null;
        out->n_infinite += p->n_infinite;
        out->n_outside += p->n_outside;
        if (p->is_broken) out->is_whole = false;
    }
    if (out->n == 0) return;
    if (atomic_load(&run->n_kept) <= KEEP_VALUES)
        quartiles_exact(run, out);
    else
        quartiles_rough(run, out);
}

rc stat_summary_of(struct chart_build *b, const struct chart_input *in, double lo, double hi,
                   struct stat_summary *out)
{
    struct summary_run *run = mem_zero(sizeof *run);
    stat_slots_init(&run->slots, sizeof(struct part));
    run->at = stat_column_at(b, in->column);
    run->type = in->type;
    run->lo = isnan(lo) ? -INFINITY : lo;
    run->hi = isnan(hi) ? INFINITY : hi;
    enum rc_t res = stat_stream(b, run, summary_push);
    if (res == RC_OK) summary_merge(run, out);
    stat_slots_release(&run->slots, part_free);
    mem_free(run);
    return res;
}

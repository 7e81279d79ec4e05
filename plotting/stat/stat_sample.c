/* stat_sample.c: rows for point charts. One pass keeps the rows with the smallest random keys, a
 * key being a function of seed and row number alone: the same sample whatever the threads, and all
 * rows when there are no more than asked. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { STREAM_PLOT = 0x706c6f74 };

struct pick {
    uint64_t key;
    int64_t partition, row;
    double num[CHART_CHANNELS];
    char *text[CHART_CHANNELS]; /* own memory; NULL = null or no level channel */
};
struct sample_part {
    struct pick *heap; /* largest key on top */
    int64_t n, cap, n_total, n_null;
    double *num[CHART_CHANNELS];
    int64_t room;
};
struct sample_run {
    struct stat_slots slots;
    int64_t most;
    uint64_t seed;
    int at[CHART_CHANNELS]; /* column, -1 = not used */
    const struct chart_input *in;
};

static int pick_cmp(const struct pick *a, const struct pick *b)
{
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static void pick_free(struct pick *p)
{
    for (int i = 0; i < CHART_CHANNELS; i++)
        mem_free(p->text[i]);
}

static void sift_up(struct pick *h, int64_t i)
{
    while (i > 0 && pick_cmp(&h[i], &h[(i - 1) / 2]) > 0) {
        struct pick swap = h[i];
        h[i] = h[(i - 1) / 2];
        h[(i - 1) / 2] = swap;
        i = (i - 1) / 2;
    }
}

static void sift_down(struct pick *h, int64_t n)
{
    for (int64_t i = 0;;) {
        int64_t child = 2 * i + 1;
        if (child >= n) return;
        if (child + 1 < n && pick_cmp(&h[child + 1], &h[child]) > 0) child++;
        if (pick_cmp(&h[child], &h[i]) <= 0) return;
        struct pick swap = h[i];
        h[i] = h[child];
        h[child] = swap;
        i = child;
    }
}

/* Level channels of other types (a number as facet) travel as numbers. */
static bool is_text(const struct chart_input *in)
{
    enum kind k = in->type.kind;
    return in->cls == CLASS_LEVEL && (k == KIND_STR || k == KIND_CAT || k == KIND_BOOL);
}

static char *text_at(const struct vec *v, struct dtype type, int64_t i)
{
    int64_t at = v->is_const ? 0 : i;
    struct str s = {0};
    if (!bit_valid(v->valid, at)) return NULL;
    if (v->phys == PHYS_STR) {
        s = text_str(&((const struct text *)v->data)[at]);
    } else if (v->phys == PHYS_DICT) {
        const struct text *levels = v->dict->data;
        s = text_str(&levels[((const int32_t *)v->data)[at]]);
    } else if (type.kind == KIND_BOOL) {
        s = bit_get(v->data, at) ? STR("true") : STR("false");
    } else {
        return NULL;
    }
    return mem_strndup(s.p, s.n);
}

static void fill_pick(const struct sample_run *run, const struct sample_part *p, struct pick *k,
                      const struct batch *batch, int64_t i)
{
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (run->at[c] < 0) continue;
        const struct vec *v = &batch->cols[run->at[c]];
        if (!is_text(&run->in[c])) {
            k->num[c] = p->num[c][i];
            continue;
        }
        k->text[c] = text_at(v, run->in[c].type, i);
        if (v->phys == PHYS_DICT) k->num[c] = ((const int32_t *)v->data)[v->is_const ? 0 : i];
    }
}

static void offer(const struct sample_run *run, struct sample_part *p, struct pick k,
                  const struct batch *batch, int64_t i)
{
    if (p->n == run->most) {
        if (pick_cmp(&k, &p->heap[0]) > 0) return;
        pick_free(&p->heap[0]);
        fill_pick(run, p, &k, batch, i);
        p->heap[0] = k;
        sift_down(p->heap, p->n);
        return;
    }
    if (p->n == p->cap) {
        p->cap = p->cap * 2 + 256;
        p->heap = mem_realloc(p->heap, sizeof *p->heap * (size_t)p->cap);
    }
    fill_pick(run, p, &k, batch, i);
    p->heap[p->n] = k;
    sift_up(p->heap, p->n++);
}

static void read_numbers(const struct sample_run *run, struct sample_part *p,
                         const struct batch *batch)
{
    bool grows = batch->n_rows > p->room;
    if (grows) p->room = batch->n_rows;
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (run->at[c] < 0 || is_text(&run->in[c])) continue;
        if (grows) p->num[c] = mem_realloc(p->num[c], sizeof(double) * (size_t)p->room);
        stat_vec_numbers(&batch->cols[run->at[c]], run->in[c].type, batch->n_rows, p->num[c]);
    }
}

/* A point needs both its places. */
static bool has_place(const struct sample_run *run, const struct sample_part *p,
                      const struct batch *batch, int64_t i)
{
    for (int c = CHART_X; c <= CHART_Y; c++) {
        if (run->at[c] < 0) continue;
        const struct vec *v = &batch->cols[run->at[c]];
        if (run->in[c].cls == CLASS_LEVEL ? !bit_valid(v->valid, v->is_const ? 0 : i)
                                          : !isfinite(p->num[c][i]))
            return false;
    }
    return true;
}

static enum rc_t sample_push(struct ctx *cx, void *self, int64_t partition,
                             const struct batch *batch)
{
    struct sample_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct sample_part *p = run->slots.state[slot];
    read_numbers(run, p, batch);
    for (int64_t i = 0; i < batch->n_rows; i++) {
        if (!has_place(run, p, batch, i)) {
            p->n_null++;
            continue;
        }
        int64_t row = batch->first_row + i;
        uint64_t counter = hash_mix((uint64_t)partition, (uint64_t)row);
        p->n_total++;
        offer(run, p,
              (struct pick){.key = rng_u64(run->seed, STREAM_PLOT, counter),
                            .partition = partition,
                            .row = row},
              batch, i);
    }
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void sample_free(void *state)
{
    struct sample_part *p = state;
    for (int64_t i = 0; i < p->n; i++)
        pick_free(&p->heap[i]);
    mem_free(p->heap);
    for (int c = 0; c < CHART_CHANNELS; c++)
        mem_free(p->num[c]);
}

/* ---- merge ---- */
static int by_key(const void *a, const void *b)
{
    return pick_cmp(*(const struct pick *const *)a, *(const struct pick *const *)b);
}
static int by_row(const void *pa, const void *pb)
{
    const struct pick *a = *(const struct pick *const *)pa, *b = *(const struct pick *const *)pb;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The channel as a column again: text, or the type it came from. */
static rc level_value(struct chart_build *b, struct builder *made, const struct chart_input *in,
                      const struct pick *p, int c)
{
    double v = p->num[c];
    if (is_text(in))
        return p->text[c] ? builder_str(b->cx, made, str_of(p->text[c]))
                          : builder_null(b->cx, made);
    if (!isfinite(v)) return builder_null(b->cx, made);
    switch (in->type.kind) {
    case KIND_NUM: return builder_f64(b->cx, made, v);
    case KIND_DATE: return builder_i64(b->cx, made, (int64_t)floor(v / 86400000.0 + 0.5));
    case KIND_DATETIME: return builder_i64(b->cx, made, (int64_t)(v * 1e3));
    case KIND_DURATION: return builder_i64(b->cx, made, (int64_t)(v * 1e6));
    default: return builder_i64(b->cx, made, fabs(v) < 9e18 ? (int64_t)v : 0);
    }
}

static rc level_column(struct chart_build *b, const struct pick *const *all, int64_t n, int c,
                       struct column **out)
{
    struct builder made;
    const struct chart_input *in = &b->in[c];
    struct dtype type = is_text(in) ? DTYPE(KIND_STR) : in->type;
    enum rc_t res = RC_OK;
    builder_init(&made, type, kind_phys(type.kind));
    for (int64_t i = 0; i < n && res == RC_OK; i++)
        res = level_value(b, &made, in, all[i], c);
    if (res == RC_OK) res = builder_finish(b->cx, &made, out);
    builder_release(&made);
    return res;
}

static rc sample_take(struct chart_build *b, const struct sample_run *run, struct stat_sample *out)
{
    int64_t all = 0;
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct sample_part *p = run->slots.state[i];
        if (!p) continue;
        all += p->n;
        out->n_total += p->n_total;
        out->n_null += p->n_null;
    }
    const struct pick **picks = ARENA_ARRAY(b->cx->arena, const struct pick *, all + 1);
    all = 0;
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct sample_part *p = run->slots.state[i];
        for (int64_t k = 0; p && k < p->n; k++)
            picks[all++] = &p->heap[k];
    }
    qsort(picks, (size_t)all, sizeof *picks, by_key);
    out->n = all < run->most ? all : run->most;
    qsort(picks, (size_t)out->n, sizeof *picks, by_row);
    for (int c = 0; c < CHART_CHANNELS; c++) {
        if (run->at[c] < 0) continue;
        if (b->in[c].cls == CLASS_LEVEL) TRY(level_column(b, picks, out->n, c, &out->text[c]));
        out->num[c] = ARENA_ARRAY(b->a, double, out->n + 1);
        for (int64_t i = 0; i < out->n; i++)
            out->num[c][i] = picks[i]->num[c];
    }
    return RC_OK;
}

rc stat_sample_of(struct chart_build *b, int64_t most, struct stat_sample *out)
{
    struct sample_run *run = mem_zero(sizeof *run);
    *out = (struct stat_sample){0};
    stat_slots_init(&run->slots, sizeof(struct sample_part));
    run->most = most;
    run->seed = b->cx->seed;
    run->in = b->in;
    for (int c = 0; c < CHART_CHANNELS; c++)
        run->at[c] = stat_column_at(b, b->in[c].column);
    enum rc_t res = stat_stream(b, run, sample_push);
    if (res == RC_OK) res = sample_take(b, run, out);
    stat_slots_release(&run->slots, sample_free);
    mem_free(run);
    return res;
}

void stat_sample_release(struct stat_sample *s)
{
    for (int c = 0; c < CHART_CHANNELS; c++)
        column_unref(s->text[c]);
}

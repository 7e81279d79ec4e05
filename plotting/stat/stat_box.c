/* stat_box.c: box plots. Quartiles (type 7, as numpy and R) come from an aggregate; a second pass
 * finds the whiskers (furthest values within 1.5 interquartile ranges of the box; Tukey 1977) and
 * keeps a bounded number of the values beyond them, chosen by row number. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/rng.h"

#include <math.h>
#include <stdlib.h>

enum { STREAM_BOX = 0x626f78 };

struct far { /* a value beyond the whiskers */
    uint64_t key;
    double v;
};
struct box_group {
    double low, high;
    int64_t n_inside, n_outliers;
    double far_low, far_high; /* extremes beyond */
    struct far *kept;         /* [BOX_OUTLIERS], sorted by key */
    int n_kept;
};
struct box_part {
    struct box_group *groups;
    struct stat_finder finder[3];
    struct stat_scratch scratch;
};
struct box_run {
    struct stat_slots slots;
    const struct stat_box_keys *keys;
    int at, key_at[3], n_level[3], n_groups;
    struct dtype type;
    const struct stat_box *boxes;
    uint64_t seed;
};

/* ---- quartiles ---- */
static int group_of(const struct box_run *run, const int32_t *const level[3], int64_t i)
{
    int at = 0;
    for (int k = 2; k >= 0; k--) {
        const struct stat_levels *l = run->keys->levels[k];
        int v = 0;
        if (l) v = level[k][i] < 0 ? -1 : l->rank[level[k][i]];
        if (v < 0 || v >= run->n_level[k]) return -1;
        at = at * run->n_level[k] + v;
    }
    return at;
}

static void read_quartiles(struct chart_build *b, const struct box_run *run, const struct table *t,
                           int n_keys, struct stat_box *boxes)
{
    double *item[6];
    int32_t *level[3] = {0};
    for (int i = 0; i < 6; i++)
        item[i] = stat_numbers(b->a, t->cols[n_keys + i]);
    for (int k = 0, col = 0; k < 3; k++) {
        if (!run->keys->in[k]) continue;
        struct stat_finder f = {0};
        struct vec v = column_view(t->cols[col], 0, t->n_rows);
        level[k] = ARENA_ARRAY(b->a, int32_t, t->n_rows + 1);
        stat_find_rows(&run->keys->levels[k]->set, &f, &v, t->cols[col]->type, t->n_rows, level[k]);
        stat_finder_release(&f);
        col++;
    }
    for (int64_t r = 0; r < t->n_rows; r++) {
        int g = group_of(run, (const int32_t *const *)level, r);
        if (g < 0 || !(item[5][r] > 0)) continue;
        boxes[g] = (struct stat_box){.q1 = item[0][r],
                                     .median = item[1][r],
                                     .q3 = item[2][r],
                                     .min = item[3][r],
                                     .max = item[4][r],
                                     .n = (int64_t)item[5][r]};
    }
}

/* ---- whiskers and what lies beyond ---- */
static void keep_far(struct box_group *g, uint64_t key, double v)
{
    if (!g->kept) g->kept = mem_alloc(sizeof *g->kept * BOX_OUTLIERS);
    if (g->n_kept == BOX_OUTLIERS && key >= g->kept[BOX_OUTLIERS - 1].key) return;
    int at = g->n_kept < BOX_OUTLIERS ? g->n_kept++ : BOX_OUTLIERS - 1;
    while (at > 0 && g->kept[at - 1].key > key) {
        g->kept[at] = g->kept[at - 1];
        at--;
    }
    g->kept[at] = (struct far){key, v};
}

static void see_value(struct box_group *g, const struct stat_box *box, double v, uint64_t key)
{
    double reach = 1.5 * (box->q3 - box->q1);
    if (v >= box->q1 - reach && v <= box->q3 + reach) {
        if (g->n_inside == 0 || v < g->low) g->low = v;
        if (g->n_inside == 0 || v > g->high) g->high = v;
        g->n_inside++;
        return;
    }
    if (g->n_outliers == 0 || v < g->far_low) g->far_low = v;
    if (g->n_outliers == 0 || v > g->far_high) g->far_high = v;
    g->n_outliers++;
    keep_far(g, key, v);
}

static enum rc_t box_push(struct ctx *cx, void *self, int64_t partition, const struct batch *batch)
{
    struct box_run *run = self;
    TRY(check_cancel(cx));
    int slot = stat_slot_take(&run->slots, partition);
    struct box_part *p = run->slots.state[slot];
    const int32_t *level[3] = {0};
    if (!p->groups) p->groups = mem_zero(sizeof *p->groups * (size_t)run->n_groups);
    double *v = stat_scratch_numbers(&p->scratch, batch->n_rows);
    stat_vec_numbers(&batch->cols[run->at], run->type, batch->n_rows, v);
    for (int k = 0; k < 3; k++) {
        if (!run->keys->in[k]) continue;
        int32_t *found = stat_scratch_levels(&p->scratch, k, batch->n_rows);
        stat_find_rows(&run->keys->levels[k]->set, &p->finder[k], &batch->cols[run->key_at[k]],
                       run->keys->in[k]->type, batch->n_rows, found);
        level[k] = found;
    }
    for (int64_t i = 0; i < batch->n_rows; i++) {
        int g = isfinite(v[i]) ? group_of(run, level, i) : -1;
        if (g < 0 || run->boxes[g].n == 0) continue;
        uint64_t row = hash_mix((uint64_t)partition, (uint64_t)(batch->first_row + i));
        see_value(&p->groups[g], &run->boxes[g], v[i], rng_u64(run->seed, STREAM_BOX, row));
    }
    stat_slot_give(&run->slots, slot);
    return RC_OK;
}

static void merge_group(struct box_group *into, const struct box_group *g)
{
    if (g->n_inside && (into->n_inside == 0 || g->low < into->low)) into->low = g->low;
    if (g->n_inside && (into->n_inside == 0 || g->high > into->high)) into->high = g->high;
    into->n_inside += g->n_inside;
    if (g->n_outliers == 0) return;
    if (into->n_outliers == 0 || g->far_low < into->far_low) into->far_low = g->far_low;
    if (into->n_outliers == 0 || g->far_high > into->far_high) into->far_high = g->far_high;
    into->n_outliers += g->n_outliers;
    for (int i = 0; i < g->n_kept; i++)
        keep_far(into, g->kept[i].key, g->kept[i].v);
}

static int double_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The extremes are always among the kept ones: they set the axis. */
static void finish_box(struct chart_build *b, const struct box_group *g, struct stat_box *box)
{
    box->low = g->n_inside ? g->low : box->q1;
    box->high = g->n_inside ? g->high : box->q3;
    box->n_outliers = g->n_outliers;
    box->n_kept = g->n_kept;
    box->outliers = ARENA_ARRAY(b->a, double, g->n_kept + 1);
    for (int i = 0; i < g->n_kept; i++)
        box->outliers[i] = g->kept[i].v;
    if (g->n_kept) qsort(box->outliers, (size_t)g->n_kept, sizeof(double), double_cmp);
    if (g->n_kept == BOX_OUTLIERS) {
        box->outliers[0] = g->far_low;
        box->outliers[g->n_kept - 1] = g->far_high;
    }
}

static void box_merge(struct chart_build *b, const struct box_run *run, struct stat_box *boxes)
{
    struct box_group *sum = mem_zero(sizeof *sum * (size_t)run->n_groups);
    for (int i = 0; i < STAT_SLOTS; i++) {
        const struct box_part *p = run->slots.state[i];
        for (int g = 0; p && p->groups && g < run->n_groups; g++)
            merge_group(&sum[g], &p->groups[g]);
    }
    for (int g = 0; g < run->n_groups; g++) {
        if (boxes[g].n) finish_box(b, &sum[g], &boxes[g]);
        mem_free(sum[g].kept);
    }
    mem_free(sum);
}

static void box_release(struct box_run *run)
{
    for (int i = 0; i < STAT_SLOTS; i++) {
        struct box_part *p = run->slots.state[i];
        if (!p) continue;
        for (int g = 0; p->groups && g < run->n_groups; g++)
            mem_free(p->groups[g].kept);
        mem_free(p->groups);
        for (int k = 0; k < 3; k++)
            stat_finder_release(&p->finder[k]);
        stat_scratch_release(&p->scratch);
    }
    stat_slots_release(&run->slots, NULL);
    mem_free(run);
}

rc stat_boxes(struct chart_build *b, const struct chart_input *value,
              const struct stat_box_keys *keys, struct stat_box **out)
{
    const char *y = value->column;
    const struct stat_item items[] = {{"quantile", y, 0.25}, {"quantile", y, 0.5},
                                      {"quantile", y, 0.75}, {"min", y, NAN},
                                      {"max", y, NAN},       {"count", y, NAN}};
    const struct chart_input *group[3];
    struct table *t;
    int n_keys = 0;
    struct box_run *run = mem_zero(sizeof *run);
    stat_slots_init(&run->slots, sizeof(struct box_part));
    run->keys = keys;
    run->n_groups = 1;
    for (int k = 0; k < 3; k++) {
        run->n_level[k] = keys->levels[k] ? keys->levels[k]->levels->n : 1;
        run->n_groups *= run->n_level[k];
        run->key_at[k] = keys->in[k] ? stat_column_at(b, keys->in[k]->column) : -1;
        if (keys->in[k]) group[n_keys++] = keys->in[k];
    }
    run->at = stat_column_at(b, y);
    run->type = value->type;
    run->seed = b->cx->seed;
    enum rc_t res = stat_groups(b, group, n_keys, items, 6, &t);
    if (res == RC_OK) {
        struct stat_box *boxes = ARENA_ARRAY(b->a, struct stat_box, run->n_groups);
        read_quartiles(b, run, t, n_keys, boxes);
        table_unref(t);
        run->boxes = boxes;
        res = stat_stream(b, run, box_push);
        if (res == RC_OK) box_merge(b, run, boxes);
        *out = boxes;
    }
    box_release(run);
    return res;
}

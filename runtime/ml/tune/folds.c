/* folds.c: rows into folds. Plain and stratified: rows of a class are dealt out in a random order
 * that depends on (seed, row) alone; grouped: the largest group to the smallest fold (as
 * scikit-learn's GroupKFold); rolling origin: equal stretches of time. */
#include "runtime/ml/tune/tune_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/cancel.h"
#include "runtime/base/rng.h"

#define FOLD_STREAM 0x746f6c64u

struct drawn {
    double key, tie;
    int64_t row;
};

static int by_key(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->tie != y->tie) return x->tie < y->tie ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Number of each row's value, in the order of the first rows that have it; -1: null. */
static enum rc_t value_numbers(struct ctx *cx, const struct column *c, int32_t *out, int32_t *n)
{
    struct strbuf key = {0};
    json_t *seen = json_object();
    *n = 0;
    for (int64_t i = 0; i < c->n; i++) {
        if (i % 4096 == 0 && check_cancel(cx) != RC_OK) {
            json_decref(seen);
            strbuf_release(&key);
            return RC_ERR;
        }
        out[i] = -1;
        if (!bit_valid(c->valid, i)) continue;
        struct scalar s = column_scalar(c, i);
        strbuf_clear(&key);
        scalar_text(&key, &s, false);
        const json_t *found = json_object_getn(seen, key.p ? key.p : "", key.n);
        if (!found) {
            json_object_setn_new_nocheck(seen, key.p ? key.p : "", key.n, json_integer((*n)++));
            out[i] = *n - 1;
        } else {
            out[i] = (int32_t)json_integer_value(found);
        }
    }
    json_decref(seen);
    strbuf_release(&key);
    return RC_OK;
}

/* Rows in the order of (stratum, random), dealt to the folds in turn. */
static void deal(const struct ml_tune_spec *spec, const int32_t *stratum, int64_t n,
                 struct drawn *rows, struct folds *out)
{
    int64_t left_out = 0;
    for (int64_t i = 0; i < n; i++)
        rows[i] = (struct drawn){stratum ? stratum[i] : 0,
                                 rng_unit(spec->fit.seed, FOLD_STREAM, (uint64_t)i), i};
    qsort(rows, (size_t)n, sizeof *rows, by_key);
    for (int64_t i = 0; i < n; i++) {
        if (!out->is_one_split) {
            out->of[rows[i].row] = (int32_t)(i % out->n);
            continue;
        }
        bool is_judged = (double)left_out < spec->share * (double)(i + 1) - 0.5;
        out->of[rows[i].row] = is_judged;
        left_out += is_judged;
    }
}

/* Rows by time in folds + 1 stretches of as many rows; rows of one moment stay together. */
static enum rc_t roll(struct ctx *cx, const struct column *time, struct drawn *rows,
                      struct folds *out)
{
    int64_t n = 0, parts = out->n + 1;
    struct column *c;
    TRY(column_canonical(cx, time, &c));
    for (int64_t i = 0; i < c->n; i++) {
        out->of[i] = -1;
        if (!bit_valid(c->valid, i)) continue;
        double key = c->phys == PHYS_F64      ? ((const double *)c->data)[i]
                     : c->phys == PHYS_DATE32 ? (double)((const int32_t *)c->data)[i]
                                              : (double)((const int64_t *)c->data)[i];
        rows[n++] = (struct drawn){key, 0, i};
    }
    column_unref(c);
    qsort(rows, (size_t)n, sizeof *rows, by_key);
    for (int64_t i = 0; i < n; i++) {
        bool is_same = i > 0 && rows[i].key == rows[i - 1].key;
        out->of[rows[i].row] =
            is_same ? out->of[rows[i - 1].row] : (int32_t)(i * parts / (n > 0 ? n : 1));
    }
    return RC_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct drawn *x = a, *y = b; /* key: rows of the group, row: its number */
    if (x->key != y->key) return x->key > y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void pack_groups(struct ctx *cx, const int32_t *group, int32_t n_groups, int64_t n,
                        struct folds *out)
{
    struct drawn *g = ARENA_ARRAY(cx->arena, struct drawn, n_groups + 1);
    int32_t *fold_of = ARENA_ARRAY(cx->arena, int32_t, n_groups + 1);
    double *filled = ARENA_ARRAY(cx->arena, double, out->n + 1);
    for (int32_t k = 0; k < n_groups; k++)
        g[k].row = k;
    for (int64_t i = 0; i < n; i++)
        if (group[i] >= 0) g[group[i]].key++;
    qsort(g, (size_t)n_groups, sizeof *g, by_size);
    for (int32_t k = 0; k < n_groups; k++) {
        int least = 0;
        for (int f = 1; f < out->n; f++)
            if (filled[f] < filled[least]) least = f;
        filled[least] += g[k].key;
        fold_of[g[k].row] = least;
    }
    for (int64_t i = 0; i < n; i++)
        out->of[i] = group[i] < 0 ? -1 : fold_of[group[i]];
}

static enum rc_t make(struct ctx *cx, const struct ml_tune_spec *spec, const struct table *t,
                      struct drawn *rows, int32_t *codes, struct folds *out)
{
    enum kind y = t->schema->fields[0].type.kind;
    bool is_class = spec->fit.family->task == ML_CLASS || (y != KIND_NUM && y != KIND_INT);
    int32_t n = 0;
    if (spec->time) return roll(cx, t->cols[1], rows, out);
    if (spec->group) {
        TRY(value_numbers(cx, t->cols[1], codes, &n));
        if (n < out->n)
            return fail(cx, E209, spec->group->span, "there are %d groups for %d folds", n, out->n);
        pack_groups(cx, codes, n, t->n_rows, out);
        return RC_OK;
    }
    if (is_class) TRY(value_numbers(cx, t->cols[0], codes, &n));
    deal(spec, is_class ? codes : NULL, t->n_rows, rows, out);
    return RC_OK;
}

enum rc_t folds_make(struct ctx *cx, const struct ml_tune_spec *spec, const struct table *t,
                     struct folds *out)
{
    size_t n = (size_t)t->n_rows + 1;
    void *rows = NULL, *codes = NULL;
    enum rc_t res = RC_ERR;
    *out = (struct folds){.n = spec->share > 0 ? 1 : spec->folds,
                          .is_rolling = spec->time != NULL,
                          .is_one_split = spec->share > 0};
    if (t->n_rows < out->n + 1)
        return fail(cx, E404, spec->fit.span, "%lld rows are too few for %d folds",
                    (long long)t->n_rows, out->n);
    TRY_OUT(mem_big(cx, sizeof(int32_t) * n, (void **)&out->of));
    TRY_OUT(mem_big(cx, sizeof(struct drawn) * n, &rows));
    TRY_OUT(mem_big(cx, sizeof(int32_t) * n, &codes));
    TRY_OUT(make(cx, spec, t, rows, codes, out));
    res = RC_OK;
out:
    mem_big_free(rows);
    mem_big_free(codes);
    if (res != RC_OK) folds_release(out);
    return res;
}

void folds_release(struct folds *f)
{
    mem_big_free(f->of);
    f->of = NULL;
}

int64_t folds_rows(const struct folds *f, int64_t n_rows, int k, bool is_judged, int64_t *rows)
{
    int64_t n = 0;
    int fold = f->is_rolling || f->is_one_split ? k + 1 : k;
    for (int64_t i = 0; i < n_rows; i++) {
        int32_t of = f->of[i];
        if (of < 0) continue;
        if (is_judged ? of == fold : f->is_rolling ? of < fold : of != fold) rows[n++] = i;
    }
    return n;
}

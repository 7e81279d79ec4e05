/* levels.c: lump and reorder: the values of a category by how often they come, and by another
 * column. Both look at all rows of the group, and keep the rows' order. */
#include "runtime/fn/window/window.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"

#include <stdlib.h>
#include <string.h>

/* ---- values of a text or cat column, numbered in order of first appearance ---- */
struct level {
    struct text text;
    int64_t n;  /* rows */
    double key; /* what reorder sorts by */
    bool has_key;
    int32_t at;   /* number of first appearance */
    int32_t rank; /* place in the new order */
};
struct levels {
    struct level *of; /* [n] */
    int32_t n, cap;
    uint32_t *slots; /* level + 1, 0 = free */
    uint32_t mask;
    int32_t *code; /* [rows] level of each row, -1 = null */
};

static const struct text *text_at(const struct column *c, int64_t row)
{
    if (c->phys != PHYS_DICT) return (const struct text *)c->data + row;
    return (const struct text *)c->dict->data + ((const int32_t *)c->data)[row];
}

static uint32_t hash_text(const struct text *t)
{
    struct str s = text_str(t);
    return (uint32_t)hash_bytes(s.p, s.n);
}

static void levels_grow(struct levels *l)
{
    l->cap = l->cap ? l->cap * 4 : 64;
    l->of = mem_realloc(l->of, sizeof *l->of * (size_t)l->cap);
    mem_free(l->slots);
    l->slots = mem_zero(sizeof *l->slots * (size_t)l->cap * 2);
    l->mask = (uint32_t)l->cap * 2 - 1;
    for (int32_t i = 0; i < l->n; i++) {
        uint32_t at = hash_text(&l->of[i].text) & l->mask;
        while (l->slots[at])
            at = (at + 1) & l->mask;
        l->slots[at] = (uint32_t)i + 1;
    }
}

static int32_t level_of(struct levels *l, const struct text *t)
{
    uint32_t at = hash_text(t) & l->mask;
    for (; l->slots[at]; at = (at + 1) & l->mask)
        if (text_eq(&l->of[l->slots[at] - 1].text, t)) return (int32_t)l->slots[at] - 1;
    l->of[l->n] = (struct level){.text = *t, .at = l->n};
    l->slots[at] = (uint32_t)l->n + 1;
    l->n++;
    if (l->n == l->cap) levels_grow(l);
    return l->n - 1;
}

/* ---- levels in order ---- */
#define LOOK 65536 /* comparisons between two looks at cancel */

typedef int (*level_order)(const void *x, const void *y);

/* Neighbouring runs of m levels of `from` become runs of 2 m in `to`. */
static rc merge_runs(struct ctx *cx, struct level **from, struct level **to, int64_t n, int64_t m,
                     level_order cmp)
{
    for (int64_t at = 0; at < n; at += 2 * m) {
        int64_t mid = at + m < n ? at + m : n, end = mid + m < n ? mid + m : n;
        for (int64_t i = at, j = mid, k = at; k < end; k++) {
            bool left = i < mid && (j >= end || cmp(&from[i], &from[j]) <= 0);
            to[k] = left ? from[i++] : from[j++];
            if (k % LOOK == 0) TRY(check_cancel(cx));
        }
    }
    return RC_OK;
}

/* As qsort, but it can be interrupted. */
static rc sort_levels(struct ctx *cx, struct level **by, int64_t n, level_order cmp)
{
    struct level **other = mem_alloc(sizeof *other * (size_t)(n + 1)), **a = by, **b = other, **c;
    enum rc_t res = RC_OK;
    for (int64_t m = 1; m < n && res == RC_OK; m *= 2, c = a, a = b, b = c)
        res = merge_runs(cx, a, b, n, m, cmp);
    if (a != by) memcpy(by, a, sizeof *by * (size_t)n);
    mem_free(other);
    return res;
}

/* The least k come to stand before all others (Hoare 1961). */
static rc select_levels(struct ctx *cx, struct level **by, int64_t n, int64_t k, level_order cmp)
{
    int64_t lo = 0, hi = n - 1, looked = 0;
    while (lo < hi) {
        struct level *pivot = by[lo + (hi - lo) / 2], *swap;
        int64_t i = lo, j = hi;
        while (i <= j) {
            while (cmp(&by[i], &pivot) < 0)
                i++;
            while (cmp(&by[j], &pivot) > 0)
                j--;
            if (i <= j) {
                swap = by[i];
                by[i++] = by[j];
                by[j--] = swap;
            }
            if (i - lo + hi - j - looked > LOOK) {
                looked = i - lo + hi - j;
                TRY(check_cancel(cx));
            }
        }
        looked = 0;
        TRY(check_cancel(cx));
        if (k <= j)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            return RC_OK;
    }
    return RC_OK;
}

static void levels_free(struct levels *l)
{
    mem_free(l->of);
    mem_free(l->slots);
    mem_big_free(l->code);
}

static rc levels_read(struct agg_eval *e, const struct column *c, int64_t n, const int64_t *order,
                      struct levels *l)
{
    *l = (struct levels){0};
    TRY(mem_big(e->cx, (size_t)(n + 1) * sizeof *l->code, (void **)&l->code));
    levels_grow(l);
    for (int64_t i = 0; i < n; i++) {
        l->code[i] = bit_valid(c->valid, order[i]) ? level_of(l, text_at(c, order[i])) : -1;
        if (l->code[i] >= 0) l->of[l->code[i]].n++;
        if (i % 65536 == 0) TRY(check_cancel(e->cx));
    }
    return RC_OK;
}

/* Text of a constant argument, or def. */
static struct str text_arg(const struct agg_eval *e, int i, const char *def)
{
    bool given = win_const(e, i) && !e->consts[i].is_null && e->consts[i].type.kind == KIND_STR;
    return given ? e->consts[i].u.s : str_of(def);
}

static rc need_text(struct ctx *cx, const char *fn, struct dtype t, struct span span)
{
    char text[64];
    if (t.kind == KIND_STR || t.kind == KIND_CAT) return RC_OK;
    (void)fail(cx, E207, span, "%s() takes text or a category, this is %s", fn,
               dtype_text(t, text, sizeof text));
    return err_note(cx, "make it text: %s(str(x), ..)", fn);
}

/* The levels' texts as a column that lives as long as the call's memory. */
static rc levels_column(struct agg_eval *e, const struct text *const *texts, int32_t n,
                        const struct column **out)
{
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int32_t i = 0; i < n && res == RC_OK; i++) {
        res = builder_str(e->cx, &b, text_str(texts[i]));
        if (res == RC_OK && i % LOOK == 0) res = check_cancel(e->cx);
    }
    if (res == RC_OK) res = builder_finish(e->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    arena_column(e->arena, c);
    *out = c;
    return RC_OK;
}

/* ---- lump ---- */

/* Most frequent first; the rest by text, so that it never depends on the order of rows. */
static int by_count(const void *x, const void *y)
{
    const struct level *a = *(struct level *const *)x, *b = *(struct level *const *)y;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return str_cmp(text_str(&a->text), text_str(&b->text));
}

static rc lump_limit(struct agg_eval *e, int64_t rows, int64_t *most, int64_t *least)
{
    const struct scalar *s = e->n_args > 1 ? &e->consts[1] : NULL;
    *most = 10;
    *least = 0;
    if (!s) return RC_OK;
    if (!win_const(e, 1) || s->is_null)
        return fail(e->cx, E217, e->span, "how many values `lump` keeps must be a constant");
    if (s->type.kind == KIND_INT && s->u.i >= 1) {
        *most = s->u.i;
        return RC_OK;
    }
    bool is_share = s->type.kind == KIND_NUM && s->u.f > 0 && s->u.f < 1;
    if (!is_share) {
        (void)fail(e->cx, E209, e->span,
                   "lump keeps a number of values from 1, or those above a "
                   "share between 0 and 1");
        return err_hint(e->cx, "lump(x, 10)");
    }
    *most = INT64_MAX;
    *least = (int64_t)(s->u.f * (double)rows);
    if ((double)*least < s->u.f * (double)rows) ++*least;
    return RC_OK;
}

/* rank 1 for what stays, 0 for what goes to `other`. A single value is never lumped. */
static rc choose_levels(struct ctx *cx, struct levels *l, int64_t most, int64_t least)
{
    struct level **by = mem_alloc(sizeof(struct level *) * (size_t)(l->n + 1));
    int32_t kept = 0;
    enum rc_t res = RC_OK;
    for (int32_t i = 0; i < l->n; i++)
        by[i] = &l->of[i];
    if (most < l->n) res = select_levels(cx, by, l->n, most, by_count);
    for (int32_t i = 0; i < l->n; i++) {
        by[i]->rank = i < most && by[i]->n >= least;
        kept += by[i]->rank;
    }
    if (l->n - kept == 1)
        for (int32_t i = 0; i < l->n; i++)
            by[i]->rank = 1;
    mem_free(by);
    return res;
}

static void lump_text(struct agg_eval *e, const struct levels *l, const struct column *c, int64_t n,
                      const int64_t *order, struct str other, struct vec *out)
{
    struct text rest = text_make(other.p, other.n);
    if (other.n > TEXT_INLINE) rest = text_make(arena_str(e->arena, other).p, other.n);
    struct text *r = (struct text *)out->data;
    for (int64_t i = 0; i < n; i++) {
        if (l->code[i] < 0 || l->of[l->code[i]].rank)
            win_copy(c, order[i], out, order[i]);
        else
            r[order[i]] = rest;
    }
    out->heap = other.n > TEXT_INLINE ? NULL : c;
}

/* A cat keeps its levels in their order, `other` last; the same dictionary whatever the group. */
static rc lump_cat(struct agg_eval *e, const struct levels *l, const struct column *c, int64_t n,
                   const int64_t *order, struct str other, struct vec *out)
{
    int32_t n_old = (int32_t)c->dict->n, rest = n_old;
    const struct text *old = c->dict->data, last = text_make(other.p, other.n);
    const struct text **texts = mem_alloc(sizeof(struct text *) * (size_t)(n_old + 1));
    for (int32_t i = 0; i < n_old; i++) {
        texts[i] = &old[i];
        if (text_eq(&old[i], &last)) rest = i;
    }
    texts[n_old] = &last;
    enum rc_t res = levels_column(e, texts, n_old + (rest == n_old), &out->dict);
    mem_free(texts);
    TRY(res);
    const int32_t *codes = c->data;
    int32_t *r = (int32_t *)out->data;
    for (int64_t i = 0; i < n; i++) {
        bool is_kept = l->code[i] < 0 || l->of[l->code[i]].rank;
        r[order[i]] = l->code[i] < 0 ? 0 : is_kept ? codes[order[i]] : rest;
        if (l->code[i] < 0) win_put_null(out, order[i]);
    }
    return RC_OK;
}

static enum rc_t lump(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                      const struct column *const *args, struct vec *out)
{
    int64_t most, least;
    struct levels l;
    (void)peers;
    if (win_const(e, 0)) return fail(e->cx, E207, e->span, "lump() takes a column");
    TRY(lump_limit(e, n, &most, &least));
    enum rc_t res = levels_read(e, args[0], n, order, &l);
    struct str other = text_arg(e, 2, "other");
    if (res == RC_OK) res = choose_levels(e->cx, &l, most, least);
    if (res == RC_OK && out->phys == PHYS_STR) lump_text(e, &l, args[0], n, order, other, out);
    if (res == RC_OK && out->phys != PHYS_STR) res = lump_cat(e, &l, args[0], n, order, other, out);
    levels_free(&l);
    return res;
}

static enum rc_t type_lump(struct ctx *cx, const struct dtype *args, int n, struct span span,
                           struct dtype *out)
{
    (void)n;
    *out = args[0];
    return need_text(cx, "lump", args[0], span);
}
const struct win_desc win_lump = {
    .name = "lump",
    .sig = "lump(x, n = 10, other: str = \"other\")",
    .doc = "x with its rare values put together as `other`: the n most frequent ones stay (ties by "
           "text), or with a share such as 0.05 those that fill at least that much of the rows. A "
           "single rare value stays as it is.",
    .example = "(frame(x: [\"a\", \"a\", \"b\", \"c\"]) |> derive y = lump(x, 1)).y  "
               "#> [\"a\", \"a\", \"other\", \"other\"]",
    .min_args = 1,
    .max_args = 3,
    .type = type_lump,
    .run = lump,
};

/* ---- reorder ---- */
static int by_key(const void *x, const void *y)
{
    const struct level *a = *(struct level *const *)x, *b = *(struct level *const *)y;
    if (a->has_key != b->has_key) return a->has_key ? -1 : 1;
    if (a->has_key && a->key != b->key) return a->key < b->key ? -1 : 1;
    return str_cmp(text_str(&a->text), text_str(&b->text));
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double summary_of(struct str how, double *v, int64_t n)
{
    double sum = 0;
    if (str_eqz(how, "median")) {
        qsort(v, (size_t)n, sizeof *v, by_value);
        return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
    }
    double least = v[0], most = v[0];
    for (int64_t i = 0; i < n; i++) {
        sum += v[i];
        if (v[i] < least) least = v[i];
        if (v[i] > most) most = v[i];
    }
    if (str_eqz(how, "min")) return least;
    if (str_eqz(how, "max")) return most;
    return str_eqz(how, "sum") ? sum : sum / (double)n;
}

/* Fills in each level's key from the rows' values. */
static rc level_keys(struct agg_eval *e, struct levels *l, const struct column *y, struct str how,
                     int64_t n, const int64_t *order)
{
    double *v, x;
    int64_t *start = mem_zero(sizeof *start * (size_t)(l->n + 2));
    enum rc_t res = mem_big(e->cx, (size_t)(n + 1) * sizeof *v, (void **)&v);
    for (int64_t i = 0; res == RC_OK && i < n; i++)
        if (l->code[i] >= 0 && win_f64(y, order[i], &x)) start[l->code[i] + 2]++;
    for (int32_t k = 0; k < l->n; k++)
        start[k + 2] += start[k + 1];
    for (int64_t i = 0; res == RC_OK && i < n; i++)
        if (l->code[i] >= 0 && win_f64(y, order[i], &x)) v[start[l->code[i] + 1]++] = x;
    for (int32_t k = 0; res == RC_OK && k < l->n; k++) {
        int64_t m = start[k + 1] - start[k];
        l->of[k].has_key = m > 0;
        if (m > 0) l->of[k].key = summary_of(how, v + start[k], m);
    }
    if (res == RC_OK) mem_big_free(v);
    mem_free(start);
    return res;
}

static rc put_reordered(struct agg_eval *e, struct levels *l, int64_t n, const int64_t *order,
                        struct vec *out)
{
    struct level **by = mem_alloc(sizeof(struct level *) * (size_t)(l->n + 1));
    const struct text **texts = mem_alloc(sizeof(struct text *) * (size_t)(l->n + 1));
    for (int32_t i = 0; i < l->n; i++)
        by[i] = &l->of[i];
    enum rc_t res = sort_levels(e->cx, by, l->n, by_key);
    for (int32_t i = 0; i < l->n; i++) {
        by[i]->rank = i;
        texts[i] = &by[i]->text;
    }
    if (res == RC_OK) res = levels_column(e, texts, l->n, &out->dict);
    for (int64_t i = 0; res == RC_OK && i < n; i++) {
        ((int32_t *)out->data)[order[i]] = l->code[i] < 0 ? 0 : l->of[l->code[i]].rank;
        if (l->code[i] < 0) win_put_null(out, order[i]);
    }
    mem_free(texts);
    mem_free(by);
    return res;
}

static enum rc_t reorder(struct agg_eval *e, int64_t n, const int64_t *order, const uint8_t *peers,
                         const struct column *const *args, struct vec *out)
{
    static const char *const ways[] = {"median", "mean", "sum", "min", "max"};
    struct levels l;
    struct str how = text_arg(e, 2, "median");
    bool is_known = false;
    (void)peers;
    for (int i = 0; i < COUNT(ways); i++)
        is_known = is_known || str_eqz(how, ways[i]);
    if (!is_known)
        return fail(e->cx, E209, e->span,
                    "reorder() takes \"median\", \"mean\", \"sum\", \"min\" or "
                    "\"max\"");
    if (win_const(e, 0) || win_const(e, 1))
        return fail(e->cx, E207, e->span, "reorder() takes two columns");
    if (out->dict)
        return fail(e->cx, E217, e->span,
                    "reorder() gives one order of levels, so it cannot be made group by group");
    enum rc_t res = levels_read(e, args[0], n, order, &l);
    if (res == RC_OK) res = level_keys(e, &l, args[1], how, n, order);
    if (res == RC_OK) res = put_reordered(e, &l, n, order, out);
    levels_free(&l);
    return res;
}

static enum rc_t type_reorder(struct ctx *cx, const struct dtype *args, int n, struct span span,
                              struct dtype *out)
{
    (void)n;
    *out = (struct dtype){.kind = KIND_CAT, .ordered = true};
    TRY(need_text(cx, "reorder", args[0], span));
    return win_need_number(cx, "reorder", args, 1, span);
}
const struct win_desc win_reorder = {
    .name = "reorder",
    .sig = "reorder(x, y: num, by: str = \"median\") -> cat",
    .doc =
        "x as an ordered category whose levels stand by the median of y (or its \"mean\", \"sum\", "
        "\"min\", \"max\"), smallest first; -y turns it round.",
    .example = "(frame(x: [\"a\", \"b\"], y: [2, 1]) |> derive z = reorder(x, y) |> sort z).x  "
               "#> [\"b\", \"a\"]",
    .min_args = 2,
    .max_args = 3,
    .type = type_reorder,
    .run = reorder,
};

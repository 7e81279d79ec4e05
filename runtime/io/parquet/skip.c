/* skip.c: whether the statistics of a row group say that no row of it is wanted. Not believed: old
 * bounds where signed order is not the type's, bounds of unknown order, NaN, bounds of another
 * length than the type's. A bound of text may be cut, which only makes the range wider. */
#include "runtime/io/parquet/pq_int.h"

#include <math.h>

/* A bound of the statistics as a value of the language. */
static bool stat_value(const struct pq_leaf *l, struct str s, struct scalar *out)
{
    int64_t i64 = 0;
    int32_t i32 = 0;
    float f32;
    *out = (struct scalar){.type = l->dtype};
    if (s.n == 8) memcpy(&i64, s.p, 8);
    if (s.n == 4) memcpy(&i32, s.p, 4);
    switch (l->conv) {
    case CONV_BOOL: out->u.b = s.n == 1 && s.p[0] == 1; return s.n == 1;
    case CONV_I32: out->u.i = i32; return s.n == 4;
    case CONV_U32: out->u.i = (uint32_t)i32; return s.n == 4;
    case CONV_I64: out->u.i = i64; return s.n == 8;
    case CONV_U64: out->u.i = i64; return s.n == 8 && i64 >= 0;
    case CONV_SCALE32: out->u.i = i32 * l->mul; return s.n == 4;
    case CONV_SCALE64:
        if (s.n != 8) return false;
        if (l->div > 1) out->u.i = i64 / l->div - (i64 % l->div < 0);
        return l->div > 1 || !__builtin_mul_overflow(i64, l->mul, &out->u.i);
    case CONV_F32:
        if (s.n != 4) return false;
        memcpy(&f32, s.p, 4);
        out->u.f = (double)f32;
        return !isnan(f32);
    case CONV_F64:
        if (s.n == 8) memcpy(&out->u.f, s.p, 8);
        return s.n == 8 && !isnan(out->u.f);
    case CONV_TEXT: out->u.s = s; return true;
    default: return false; /* decimals, raw bytes and the like: not compared */
    }
}

/* Old statistics (min, max) are of signed order: good for plain numbers only. */
static bool is_ordered(const struct pq_leaf *l, const struct pq_stats *st)
{
    bool is_new = st->has_min || st->has_max;
    bool is_number = l->conv == CONV_I32 || l->conv == CONV_I64 || l->conv == CONV_F32 ||
                     l->conv == CONV_F64 || l->conv == CONV_SCALE32 || l->conv == CONV_SCALE64;
    bool is_unsigned = l->e->logical == PQ_L_INTEGER && l->e->is_unsigned;
    if (!is_new) return is_number && !is_unsigned;
    bool is_float = l->conv == CONV_F32 || l->conv == CONV_F64;
    return l->order < 0 || l->order == 1 || (l->order == 2 && is_float);
}

static bool is_beyond(const struct pq_leaf *l, const struct pq_stats *st, const struct io_range *r)
{
    struct scalar min, max;
    bool same = (!r->has_lo || r->lo.type.kind == l->dtype.kind) &&
                (!r->has_hi || r->hi.type.kind == l->dtype.kind);
    if (!same || !is_ordered(l, st)) return false;
    if (r->has_hi && st->min.p && stat_value(l, st->min, &min)) {
        int c = scalar_cmp(&min, &r->hi);
        if (c > 0 || (c == 0 && r->hi_open)) return true;
    }
    if (r->has_lo && st->max.p && stat_value(l, st->max, &max)) {
        int c = scalar_cmp(&max, &r->lo);
        if (c < 0 || (c == 0 && r->lo_open)) return true;
    }
    return false;
}

static bool range_skips(const struct pq_scan *s, const struct pq_group *g, const struct io_range *r)
{
    const struct pq_field *f = &s->fields[r->column];
    if (!pq_is_flat(s, f)) return false;
    const struct pq_leaf *l = &s->leaves[f->leaf];
    const struct pq_stats *st = &g->chunks[f->leaf].stats;
    /* NaN are null to us and are counted nowhere */
    bool may_be_null = r->nulls && (st->n_null != 0 || l->conv == CONV_F32 || l->conv == CONV_F64);
    if (may_be_null) return false;
    if (!r->nulls && st->n_null == g->n_rows) return true;
    return is_beyond(l, st, r);
}

bool pq_skip(const struct io_scan *scan, int64_t part, const struct io_range *ranges, int n)
{
    const struct pq_scan *s = (const struct pq_scan *)(uintptr_t)scan;
    const struct pq_group *g = &s->groups[s->parts[part].group];
    for (int i = 0; i < n; i++)
        if (range_skips(s, g, &ranges[i])) return true;
    return false;
}

bool pq_bounds(const struct io_scan *scan, int col, struct scalar *lo, struct scalar *hi)
{
    const struct pq_scan *s = (const struct pq_scan *)(uintptr_t)scan;
    const struct pq_field *f = &s->fields[col];
    bool is_known = false;
    if (!pq_is_flat(s, f) || s->leaves[f->leaf].dtype.kind == KIND_STR) return false;
    const struct pq_leaf *l = &s->leaves[f->leaf];
    for (int g = 0; g < s->n_groups; g++) {
        const struct pq_stats *st = &s->groups[g].chunks[f->leaf].stats;
        struct scalar min, max;
        if (st->n_null == s->groups[g].n_rows) continue;
        if (!st->min.p || !st->max.p || !is_ordered(l, st) || !stat_value(l, st->min, &min) ||
            !stat_value(l, st->max, &max))
            return false;
        if (!is_known || scalar_cmp(&min, lo) < 0) *lo = min;
        if (!is_known || scalar_cmp(&max, hi) > 0) *hi = max;
        is_known = true;
    }
    return is_known;
}

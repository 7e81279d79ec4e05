/* ranges.c: what a scan's filter asks of single columns, for formats that can tell without reading
 * which partitions hold no such rows (statistics of Parquet, names of folders). Only parts joined
 * by `and` of the forms column cmp constant, in, in range, not null count; the filter itself still
 * runs, so a range may be wider than what it stands for, never narrower. */
#include "runtime/exec/threads/threads_int.h"

#include "runtime/io/io.h"

#include <math.h>

struct gather_ranges {
    struct arena *arena;
    const struct schema *schema; /* of the file */
    struct io_range *out;
    int n, cap;
};

/* The column an expression stands for, through casts that a maker put in; -1: none. */
static int column_of(const struct gather_ranges *g, const struct expr *e)
{
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    return e->op == EXPR_COLUMN ? schema_find(g->schema, str_of(e->name)) : -1;
}

static const struct scalar *constant_of(const struct expr *e)
{
    return e->op == EXPR_LITERAL ? &e->value : NULL;
}

/* The constant as a value of the column's kind; an int or date column compared as num or datetime
 * gets the next value outwards (`up`), and then the bound belongs to the range. */
static bool bound_of(struct dtype column, const struct scalar *v, bool up, bool *is_open,
                     struct scalar *out)
{
    *out = *v;
    if (v->is_null) return false;
    if (v->type.kind == column.kind) return column.kind != KIND_CAT && column.kind != KIND_LIST;
    *is_open = false;
    out->type = column;
    if (column.kind == KIND_INT && v->type.kind == KIND_NUM) {
        double x = up ? ceil(v->u.f) : floor(v->u.f);
        if (!(fabs(x) < 9e15)) return false; /* beyond it an int compared as num is rounded */
        out->u.i = (int64_t)x;
        return true;
    }
    if (column.kind == KIND_NUM && v->type.kind == KIND_INT) {
        out->u.f = (double)v->u.i;
        return llabs(v->u.i) < INT64_C(1) << 53;
    }
    if (column.kind == KIND_DATE && v->type.kind == KIND_DATETIME && !v->type.zone) {
        int64_t day = v->u.i / INT64_C(86400000000) - (v->u.i % INT64_C(86400000000) < 0);
        out->u.i = up ? day + 1 : day;
        return true;
    }
    return false;
}

static void put_range(struct gather_ranges *g, const struct io_range *r)
{
    if (g->n < g->cap) g->out[g->n++] = *r;
}

enum side { SIDE_NONE, SIDE_LO = 1, SIDE_HI = 2 };
struct comparison {
    const char *name;
    int sides; /* bounds that the constant on the right gives */
    bool open;
};
static const struct comparison comparisons[] = {{"==", SIDE_LO | SIDE_HI, false},
                                                {"<", SIDE_HI, true},
                                                {"<=", SIDE_HI, false},
                                                {">", SIDE_LO, true},
                                                {">=", SIDE_LO, false}};

static void add_comparison(struct gather_ranges *g, const struct expr *e,
                           const struct comparison *c)
{
    const struct expr *left = e->args[0], *right = e->args[1];
    bool is_turned = left->op == EXPR_LITERAL;
    int col = column_of(g, is_turned ? right : left), sides = c->sides;
    const struct scalar *v = constant_of(is_turned ? left : right);
    if (col < 0 || !v || v->is_null) return;
    if (is_turned && sides != (SIDE_LO | SIDE_HI)) sides ^= SIDE_LO | SIDE_HI;
    struct dtype type = g->schema->fields[col].type;
    struct io_range r = {.column = col, .lo_open = c->open, .hi_open = c->open};
    r.has_lo = (sides & SIDE_LO) && bound_of(type, v, false, &r.lo_open, &r.lo);
    r.has_hi = (sides & SIDE_HI) && bound_of(type, v, true, &r.hi_open, &r.hi);
    put_range(g, &r); /* without bounds it still says that nulls are not wanted */
}

static void add_in_range(struct gather_ranges *g, const struct expr *e)
{
    int col = column_of(g, e->args[0]);
    const struct scalar *lo = constant_of(e->args[1]), *hi = constant_of(e->args[2]);
    const struct scalar *half = constant_of(e->args[3]);
    if (col < 0) return;
    struct io_range r = {.column = col, .hi_open = half && !half->is_null && half->u.b};
    struct dtype type = g->schema->fields[col].type;
    r.has_lo = lo && bound_of(type, lo, false, &r.lo_open, &r.lo);
    r.has_hi = hi && bound_of(type, hi, true, &r.hi_open, &r.hi);
    put_range(g, &r);
}

/* From the least to the greatest of the list. */
static void add_in(struct gather_ranges *g, const struct expr *e)
{
    int col = column_of(g, e->args[0]);
    const struct scalar *list = constant_of(e->args[1]);
    if (col < 0 || !list || list->is_null || list->type.kind != KIND_LIST) return;
    struct dtype type = g->schema->fields[col].type;
    const struct column *c = list->u.list;
    struct io_range r = {.column = col, .nulls = c->n_null > 0};
    bool fits = c->n > c->n_null && c->phys != PHYS_LIST && c->phys != PHYS_STRUCT;
    for (int64_t i = 0; i < c->n && fits; i++) {
        struct scalar v = column_scalar(c, i), lo, hi;
        bool open = false;
        if (v.is_null) continue;
        fits = bound_of(type, &v, false, &open, &lo) && bound_of(type, &v, true, &open, &hi);
        if (fits && (!r.has_lo || scalar_cmp(&lo, &r.lo) < 0)) r.lo = lo;
        if (fits && (!r.has_hi || scalar_cmp(&hi, &r.hi) > 0)) r.hi = hi;
        r.has_lo = r.has_hi = true;
    }
    if (fits) put_range(g, &r);
}

static void add_part(struct gather_ranges *g, const struct expr *e);

static void add_call(struct gather_ranges *g, const struct expr *e)
{
    const char *name = e->fn->name;
    if (strcmp(name, "and") == 0) {
        for (int i = 0; i < e->n_args; i++)
            add_part(g, e->args[i]);
        return;
    }
    if (strcmp(name, "in_range") == 0 && e->n_args == 4) add_in_range(g, e);
    if (strcmp(name, "in") == 0 && e->n_args == 2) add_in(g, e);
    const struct expr *inner = strcmp(name, "not") == 0 ? e->args[0] : NULL;
    if (inner && inner->op == EXPR_CALL && strcmp(inner->fn->name, "is_null") == 0) {
        struct io_range r = {.column = column_of(g, inner->args[0])};
        if (r.column >= 0 && inner->args[0]->op == EXPR_COLUMN) put_range(g, &r);
    }
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons && e->n_args == 2; i++)
        if (strcmp(name, comparisons[i].name) == 0) add_comparison(g, e, &comparisons[i]);
}

static void add_part(struct gather_ranges *g, const struct expr *e)
{
    if (e->op == EXPR_CALL) add_call(g, e);
}

static int count_parts(const struct expr *e)
{
    int n = 1;
    for (int i = 0; e->op == EXPR_CALL && strcmp(e->fn->name, "and") == 0 && i < e->n_args; i++)
        n += count_parts(e->args[i]);
    return n;
}

int scan_ranges(struct arena *a, const struct schema *schema, const struct expr *filter,
                struct io_range **out)
{
    struct gather_ranges g = {.arena = a, .schema = schema, .cap = count_parts(filter)};
    g.out = ARENA_ARRAY(a, struct io_range, g.cap);
    add_part(&g, filter);
    *out = g.out;
    return g.n;
}

/* eval.c: calls outside frames: a function on constants, an aggregate on a whole column. Both go
 * through the same kernels as frames do, so the answers are the same. */
#include "runtime/fn/fn_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/zone.h"

/* Room for one value of any type and its validity. */
struct slot {
    union {
        int64_t i;
        double f;
        uint64_t bits;
        struct text text;
        int64_t offsets[2]; /* list */
    } v;
    uint64_t valid;
};

static struct vec slot_vec(struct slot *s, enum kind kind)
{
    return (struct vec){.phys = kind_phys(kind), .data = &s->v, .valid = &s->valid};
}

/* A constant as a vector of one. */
static struct vec const_vec(const struct scalar *s, struct slot *slot)
{
    struct vec v = slot_vec(slot, s->type.kind);
    v.is_const = true;
    slot->valid = !s->is_null;
    if (!s->is_null)
        v.valid = NULL;
    else
        return v;
    switch (v.phys) {
    case PHYS_BOOL: slot->v.bits = s->u.b; break;
    case PHYS_F64: slot->v.f = s->u.f; break;
    case PHYS_STR: slot->v.text = text_make(s->u.s.p, s->u.s.n); break;
    case PHYS_DATE32: {
        int32_t d = (int32_t)s->u.i;
        memcpy(&slot->v, &d, sizeof d);
        break;
    }
    case PHYS_LIST:
    case PHYS_STRUCT: v.data = NULL; break; /* kernels read the constant itself */
    default: slot->v.i = s->u.i;
    }
    return v;
}

/* The one value of a result as a scalar; whatever it needs lives as long as `arena`. */
static struct scalar slot_scalar(const struct vec *v, const struct slot *slot, struct dtype type,
                                 struct arena *arena)
{
    struct column c = {.phys = v->phys,
                       .type = type,
                       .n = 1,
                       .data = v->data,
                       .dict = v->dict,
                       .child = v->child,
                       .n_child = v->n_child};
    struct scalar s = {.type = type, .is_null = !(slot->valid & 1)};
    if (s.is_null) return s;
    s = column_scalar(&c, 0);
    if (type.kind == KIND_STR || type.kind == KIND_CAT) s.u.s = arena_str(arena, s.u.s);
    if (type.kind == KIND_LIST) arena_column(arena, s.u.list);
    if (type.kind == KIND_STRUCT) arena_table(arena, s.u.row);
    return s;
}

/* Widens a constant as resolution allows. */
static struct scalar widened(struct scalar s, enum kind to)
{
    if (s.type.kind == to) return s;
    if (!s.is_null && s.type.kind == KIND_INT && to == KIND_NUM) s.u.f = (double)s.u.i;
    if (!s.is_null && s.type.kind == KIND_DATE && to == KIND_DATETIME) s.u.i *= US_PER_DAY;
    s.is_null = s.is_null || s.type.kind == KIND_NULL;
    s.type = DTYPE(to);
    return s;
}

/* One call with everything resolved; `e` lives in the caller. */
static rc call_scalar(struct fn_eval *e, const struct fn_desc *fn, const struct fn_overload *over,
                      struct arena *arena, struct scalar *out)
{
    struct slot *slots = ARENA_ARRAY(arena, struct slot, e->n_args + 1), result = {.valid = 1};
    struct vec *args = ARENA_ARRAY(arena, struct vec, e->n_args + 1);
    for (int i = 0; i < e->n_args; i++)
        args[i] = const_vec(&e->consts[i], &slots[i]);
    if (fn->prepare) TRY(fn->prepare(e, arena, &e->prepared));
    struct vec r = slot_vec(&result, e->type.kind);
    TRY(over->kernel(e, 1, args, &r));
    *out = slot_scalar(&r, &result, e->type, arena);
    return RC_OK;
}

/* A function of the calendar on instants of a zone: on what the zone's clocks show, and back. */
static rc eval_clock(struct ctx *cx, struct arena *arena, const struct fn_desc *fn,
                     const struct scalar *args, int n, const char *zone, struct span span,
                     struct scalar *out)
{
    const struct zone *z = zone_find(zone);
    struct scalar *local = ARENA_ARRAY(arena, struct scalar, n + 1);
    for (int i = 0; i < n; i++) {
        local[i] = args[i];
        if (args[i].type.kind != KIND_DATETIME || !args[i].type.zone) continue;
        local[i].type.zone = NULL;
        if (z && !args[i].is_null) local[i].u.i = zone_to_local(z, args[i].u.i);
    }
    TRY(fn_eval_scalar(cx, arena, fn, local, n, span, out));
    if (out->type.kind != KIND_DATETIME) return RC_OK;
    out->type.zone = zone;
    if (z && !out->is_null) out->u.i = zone_to_utc(z, out->u.i);
    return RC_OK;
}

static const char *clock_zone(const struct scalar *args, int n)
{
    for (int i = 0; i < n; i++)
        if (args[i].type.kind == KIND_DATETIME && args[i].type.zone &&
            strcmp(args[i].type.zone, "UTC") != 0)
            return args[i].type.zone;
    return NULL;
}

rc fn_eval_scalar(struct ctx *cx, struct arena *arena, const struct fn_desc *fn,
                  const struct scalar *args, int n, struct span span, struct scalar *out)
{
    const struct fn_overload *over;
    const char *zone = fn->flags & FN_CALENDAR ? clock_zone(args, n) : NULL;
    if (zone) return eval_clock(cx, arena, fn, args, n, zone, span, out);
    struct dtype type, *types = ARENA_ARRAY(arena, struct dtype, n + 1);
    struct scalar *consts = ARENA_ARRAY(arena, struct scalar, n + 1);
    bool *is_const = ARENA_ARRAY(arena, bool, n + 1), any_null = false;
    for (int i = 0; i < n; i++) { /* a single cat is its text */
        consts[i] = args[i];
        if (consts[i].type.kind == KIND_CAT) consts[i].type = DTYPE(KIND_STR);
        types[i] = consts[i].type;
        is_const[i] = true;
    }
    TRY(fn_resolve(cx, fn, types, n, span, &over, &type));
    if (fn->retype) TRY(fn->retype(cx, consts, is_const, n, span, &type));
    for (int i = 0; i < n; i++) {
        struct dtype was = consts[i].type;
        consts[i] = widened(consts[i], over->args[over->n_args < 0 ? 0 : i]);
        if (was.kind == KIND_DATETIME) consts[i].type = was; /* with its zone */
        types[i] = consts[i].type;
        any_null = any_null || consts[i].is_null;
    }
    if (fn->nulls == FN_ANY_NULL && any_null) {
        *out = (struct scalar){.type = type, .is_null = true};
        return RC_OK;
    }
    struct ctx sub = *cx;
    struct fn_note note = {0};
    sub.arena = arena;
    struct fn_eval e = {.cx = &sub,
                        .consts = consts,
                        .is_const = is_const,
                        .n_args = n,
                        .type = type,
                        .arg_types = types,
                        .note = &note,
                        .span = span};
    TRY(call_scalar(&e, fn, over, arena, out));
    fn_note_warn(cx, fn, &note, fn->name, 1, span);
    return RC_OK;
}

/* ---- aggregates over a column ---- */

/* One batch of an implicit cast, appended to b. */
static rc cast_batch(struct fn_eval *e, const struct fn_overload *over, const struct column *c,
                     int64_t at, int64_t n, struct builder *b)
{
    struct vec in = column_view(c, at, n);
    enum phys phys = kind_phys(e->type.kind);
    uint64_t *valid = arena_alloc(e->cx->arena, BITMAP_WORDS(n) * 8 + 8);
    struct vec out = {.phys = phys, .valid = valid};
    out.data = arena_zero(e->cx->arena, (size_t)(n + 64) * (phys_width(phys) + 1));
    bitmap_fill(valid, n, true);
    if (in.valid) memcpy(valid, in.valid, BITMAP_WORDS(n) * 8);
    TRY(over->kernel(e, n, &in, &out));
    return builder_append(e->cx, b, &out, NULL, n);
}

/* c with its values cast to a kind (only widenings that cannot fail come here). */
static rc cast_column(struct ctx *cx, const struct column *c, enum kind to, struct span span,
                      struct column **out)
{
    const struct fn_overload *over;
    struct dtype type;
    struct builder b;
    enum rc_t res = RC_OK;
    if (c->type.kind == to) return column_canonical(cx, c, out);
    TRY(fn_resolve(cx, fn_cast(to), &c->type, 1, span, &over, &type));
    builder_init(&b, type, kind_phys(to));
    struct ctx sub = *cx;
    struct fn_note note = {0};
    struct fn_eval e = {
        .cx = &sub, .n_args = 1, .type = type, .arg_types = &c->type, .note = &note};
    struct scalar none = {.is_null = true};
    bool not_const = false;
    e.consts = &none;
    e.is_const = &not_const;
    for (int64_t at = 0; at < c->n && res == RC_OK; at += BATCH_ROWS) {
        sub.arena = arena_new();
        int64_t n = c->n - at < BATCH_ROWS ? c->n - at : BATCH_ROWS;
        res = cast_batch(&e, over, c, at, n, &b);
        arena_free(sub.arena);
    }
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

static rc run_states(struct agg_eval *e, const struct agg_overload *over,
                     const struct column *const *cols, int64_t n, struct vec *out)
{
    struct arena *arena = e->arena;
    char *state = arena_zero(arena, over->state_size + 8);
    struct vec *args = ARENA_ARRAY(arena, struct vec, e->n_args + 1);
    for (int64_t at = 0; at < n; at += BATCH_ROWS) {
        int64_t m = n - at < BATCH_ROWS ? n - at : BATCH_ROWS;
        TRY(check_cancel(e->cx));
        for (int i = 0; i < e->n_args; i++)
            if (cols[i]) args[i] = column_view(cols[i], at, m);
        TRY(over->update(e, state, 0, NULL, m, args));
    }
    return over->final(e, state, 0, 1, out);
}

static rc run_whole(struct agg_eval *e, const struct agg_overload *over,
                    const struct column *const *cols, int64_t n, struct vec *out)
{
    struct vec *args = ARENA_ARRAY(e->arena, struct vec, e->n_args + 1);
    for (int i = 0; i < e->n_args; i++)
        if (cols[i]) args[i] = column_view(cols[i], 0, n);
    return over->whole(e, n, args, out, 0);
}

rc agg_eval_column(struct ctx *cx, struct arena *arena, const struct agg_desc *agg,
                   const struct column *const *args, const struct scalar *consts,
                   const bool *is_const, int n_args, struct span span, struct scalar *out)
{
    const struct agg_overload *over;
    struct dtype type, *types = ARENA_ARRAY(arena, struct dtype, n_args + 1);
    struct scalar *values = ARENA_ARRAY(arena, struct scalar, n_args + 1);
    struct column **cols = ARENA_ARRAY(arena, struct column *, n_args + 1);
    int64_t n = 0;
    enum rc_t res = RC_ERR;
    for (int i = 0; i < n_args; i++)
        types[i] = is_const && is_const[i] ? consts[i].type : args[i]->type;
    TRY(agg_resolve(cx, agg, types, n_args, span, &over, &type));
    for (int i = 0; i < n_args; i++) {
        if (is_const && is_const[i]) {
            values[i] = widened(consts[i], over->args[i]);
            types[i] = values[i].type;
            continue;
        }
        TRY_OUT(cast_column(cx, args[i], over->args[i], span, &cols[i]));
        n = cols[i]->n;
        types[i] = cols[i]->type;
    }
    struct slot result = {.valid = 1};
    struct vec r = slot_vec(&result, type.kind);
    struct agg_eval e = {.cx = cx,
                         .arena = arena,
                         .n_args = n_args,
                         .type = type,
                         .arg_types = types,
                         .consts = values,
                         .is_const = is_const,
                         .span = span};
    const struct column *const *view = (const struct column *const *)cols;
    TRY_OUT(over->whole ? run_whole(&e, over, view, n, &r) : run_states(&e, over, view, n, &r));
    *out = slot_scalar(&r, &result, type, arena);
    res = RC_OK;
out:
    for (int i = 0; i < n_args; i++)
        column_unref(cols[i]);
    return res;
}

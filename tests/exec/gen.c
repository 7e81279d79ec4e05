/* gen.c: see gen.h. Steps are drawn until `depth` stand; every expression is drawn from the schema
 * at that point, so a plan is always well typed. */
#include "tests/exec/gen.h"

#include "runtime/base/rng.h"

uint64_t gen_below(struct gen *g, uint64_t n)
{
    return rng_below(g->seed, 77, g->at++, n);
}

static bool one_in(struct gen *g, uint64_t n)
{
    return gen_below(g, n) == 0;
}

/* ---- tables ---- */
static const char *const words[] = {"",
                                    "a",
                                    "b",
                                    "Ulm",
                                    "ulm",
                                    "é",
                                    "日本",
                                    "rome",
                                    "zzz",
                                    "a text of more than twelve bytes",
                                    "a text of more than twelve bytez",
                                    "żółć gęślą jaźń"};

static struct column *gen_column(struct gen *g, enum kind k, int64_t n, int64_t range)
{
    struct builder b;
    bool with_nulls = !one_in(g, 3);
    builder_init(&b, DTYPE(k), kind_phys(k));
    for (int64_t i = 0; i < n; i++) {
        enum rc_t res;
        int64_t v = (int64_t)gen_below(g, (uint64_t)range) - range / 3;
        if (with_nulls && one_in(g, 6))
            res = builder_null(&g->f->cx, &b);
        else if (k == KIND_NUM)
            res = builder_f64(&g->f->cx, &b,
                              one_in(g, 20)   ? INFINITY
                              : one_in(g, 20) ? -INFINITY
                              : one_in(g, 8)  ? -0.0
                                              : (double)v / 4);
        else if (k == KIND_STR)
            res = builder_str(&g->f->cx, &b,
                              str_of(words[gen_below(g, sizeof words / sizeof words[0])]));
        else if (k == KIND_BOOL)
            res = builder_bool(&g->f->cx, &b, one_in(g, 2));
        else
            res = builder_i64(&g->f->cx, &b, v);
        assert_ok(&g->f->cx, res);
    }
    struct column *c = NULL;
    assert_ok(&g->f->cx, builder_finish(&g->f->cx, &b, &c));
    return c;
}

struct table *gen_table(struct gen *g, int64_t n)
{
    struct col cols[] = {
        {"i", gen_column(g, KIND_INT, n, 9)},
        {"j", gen_column(g, KIND_INT, n, one_in(g, 2) ? 100 : 1000000007)},
        {"x", gen_column(g, KIND_NUM, n, 40)},
        {"s", gen_column(g, KIND_STR, n, 1)},
        {"d", coded(g->f, gen_column(g, KIND_STR, n, 1))},
        {"b", gen_column(g, KIND_BOOL, n, 2)},
        {"t", gen_column(g, KIND_DATE, n, 30)},
    };
    return table_of(g->f, (int)(sizeof cols / sizeof cols[0]), cols);
}

/* ---- expressions ---- */
static const struct expr *any_column(struct gen *g, const struct plan *in, enum kind k)
{
    int n = in->schema->n, from = n ? (int)gen_below(g, (uint64_t)n) : 0;
    for (int i = 0; i < n; i++) {
        const struct field *f = &in->schema->fields[(from + i) % n];
        if (k == KIND_NULL ? f->type.kind != KIND_LIST : f->type.kind == k)
            return ex_col(g->f, in, f->name);
    }
    return NULL;
}

static const struct expr *gen_bool(struct gen *g, const struct plan *in, int depth);

static const struct expr *gen_int(struct gen *g, const struct plan *in, int depth)
{
    const struct expr *c = any_column(g, in, KIND_INT), *a[3];
    static const char *const ops[] = {"+", "-", "//", "%"};
    if (!c || one_in(g, 4)) c = ex_int(g->f, (int64_t)gen_below(g, 7) - 3);
    if (depth <= 0 || one_in(g, 3)) return c;
    if (one_in(g, 4)) {
        int n = one_in(g, 2) ? 3 : 2;
        a[0] = gen_bool(g, in, depth - 1);
        a[1] = c;
        a[2] = gen_int(g, in, depth - 1);
        return ex_case(g->f, n, a);
    }
    a[0] = any_column(g, in, KIND_STR);
    if (one_in(g, 4) && a[0]) return ex_call(g->f, "len", 1, a);
    const char *op = ops[gen_below(g, 4)];
    a[0] = c;
    a[1] = gen_int(g, in, depth - 1);
    return ex_call(g->f, op, 2, a);
}

static const struct expr *gen_num(struct gen *g, const struct plan *in, int depth)
{
    const struct expr *c = any_column(g, in, KIND_NUM), *a[2];
    static const char *const ops[] = {"+", "-", "*", "/"};
    if (!c || one_in(g, 5)) c = ex_num(g->f, (double)gen_below(g, 9) / 2 - 2);
    if (depth <= 0 || one_in(g, 3)) return c;
    const char *op = ops[gen_below(g, 4)];
    bool with_int = one_in(g, 2);
    a[0] = c;
    a[1] = with_int ? gen_int(g, in, depth - 1) : gen_num(g, in, depth - 1);
    return ex_call(g->f, op, 2, a);
}

static const struct expr *gen_str(struct gen *g, const struct plan *in, int depth)
{
    const struct expr *c = any_column(g, in, KIND_STR), *a[3];
    if (!c || one_in(g, 6)) c = ex_str(g->f, words[gen_below(g, 8)]);
    if (depth <= 0 || one_in(g, 2)) return c;
    if (one_in(g, 3)) {
        a[0] = gen_bool(g, in, depth - 1);
        a[1] = c;
        a[2] = gen_str(g, in, depth - 1);
        return ex_case(g->f, 3, a);
    }
    return ex_call(g->f, one_in(g, 2) ? "upper" : "lower", 1, &c);
}

static const struct expr *compare(struct gen *g, const struct plan *in, int depth)
{
    static const char *const ops[] = {"==", "!=", "<", "<=", ">", ">="};
    const char *op = ops[gen_below(g, 6)];
    uint64_t kind = gen_below(g, 4);
    const struct expr *a[2];
    a[0] = kind == 0   ? gen_int(g, in, depth)
           : kind == 2 ? gen_str(g, in, depth)
                       : gen_num(g, in, depth);
    a[1] = kind <= 1 ? gen_int(g, in, 0) : kind == 2 ? gen_str(g, in, 0) : gen_num(g, in, 0);
    return ex_call(g->f, op, 2, a);
}

static const struct expr *gen_bool(struct gen *g, const struct plan *in, int depth)
{
    const struct expr *b = any_column(g, in, KIND_BOOL), *any = any_column(g, in, KIND_NULL), *a[2];
    uint64_t pick = gen_below(g, 8);
    if (depth > 0 && pick == 0) {
        bool both = one_in(g, 2);
        a[0] = gen_bool(g, in, depth - 1);
        a[1] = gen_bool(g, in, depth - 1);
        return ex_call(g->f, both ? "and" : "or", 2, a);
    }
    if (depth > 0 && pick == 1) {
        a[0] = gen_bool(g, in, depth - 1);
        return ex_call(g->f, "not", 1, a);
    }
    if (pick == 2 && b) return b;
    if (pick == 3 && any) return ex_call(g->f, "is_null", 1, &any);
    return compare(g, in, depth - 1);
}

static const struct expr *gen_any(struct gen *g, const struct plan *in, int depth)
{
    switch (gen_below(g, 5)) {
    case 0: return gen_int(g, in, depth);
    case 1: return gen_num(g, in, depth);
    case 2: return gen_str(g, in, depth);
    case 3: return gen_bool(g, in, depth);
    default: break;
    }
    const struct expr *c = any_column(g, in, KIND_NULL);
    return c ? c : gen_int(g, in, depth);
}

/* ---- steps ---- */
static struct plan *step_project(struct gen *g, struct plan *in)
{
    struct named_expr items[12];
    int n = 0;
    for (int i = 0; i < in->schema->n && n < 8; i++)
        if (!one_in(g, 4)) {
            const char *name = in->schema->fields[i].name;
            items[n++] = (struct named_expr){name, ex_col(g->f, in, name)};
        }
    for (int i = (int)gen_below(g, 3); i > 0; i--, n++) {
        items[n].name = arena_printf(g->f->a, "e%llu", (unsigned long long)g->at);
        items[n].expr = gen_any(g, in, 2);
    }
    if (n == 0) return in;
    return pl_project(g->f, in, items, n);
}

static const struct expr *gen_agg(struct gen *g, const struct plan *in)
{
    static const char *const of_num[] = {"sum", "mean", "min", "max", "count", "median", "sd"};
    static const char *const of_str[] = {"min", "max", "count", "first", "last", "n_distinct"};
    const struct expr *where = one_in(g, 4) ? gen_bool(g, in, 1) : NULL, *arg;
    if (one_in(g, 5)) return ex_agg(g->f, "count", 0, NULL, where);
    if (one_in(g, 3)) {
        arg = gen_str(g, in, 1);
        return ex_agg(g->f, of_str[gen_below(g, 6)], 1, &arg, where);
    }
    arg = one_in(g, 2) ? gen_int(g, in, 1) : gen_num(g, in, 1);
    return ex_agg(g->f, of_num[gen_below(g, 7)], 1, &arg, where);
}

static struct plan *step_aggregate(struct gen *g, struct plan *in)
{
    struct named_expr keys[3], items[3];
    int n_keys = (int)gen_below(g, 3), n = 1 + (int)gen_below(g, 3);
    for (int i = 0; i < n_keys; i++)
        keys[i] = (struct named_expr){arena_printf(g->f->a, "k%d", i), gen_any(g, in, 1)};
    for (int i = 0; i < n; i++)
        items[i] = (struct named_expr){arena_printf(g->f->a, "a%d", i), gen_agg(g, in)};
    return pl_aggregate(g->f, in, keys, n_keys, items, n);
}

static int gen_keys(struct gen *g, const struct plan *in, struct sort_key *keys, int most)
{
    int n = (int)gen_below(g, (uint64_t)most + 1);
    for (int i = 0; i < n; i++) {
        keys[i].expr = gen_any(g, in, 1);
        keys[i].descending = one_in(g, 2);
        keys[i].nulls_first = one_in(g, 4);
    }
    return n;
}

static struct plan *step_limit(struct gen *g, struct plan *in)
{
    struct sort_key keys[2];
    const struct expr *by[1] = {gen_any(g, in, 0)};
    struct plan *p = NULL;
    int n_by = one_in(g, 2) ? 0 : 1;
    int n_sort = gen_keys(g, in, keys, 2);
    int64_t offset = (int64_t)gen_below(g, 3);
    int64_t n = (int64_t)gen_below(g, 7) - 1;
    bool from_end = one_in(g, 4);
    assert_ok(&g->f->cx,
              plan_limit(&g->f->cx, in, offset, n, from_end, by, n_by, keys, n_sort, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct plan *step_distinct(struct gen *g, struct plan *in)
{
    struct sort_key keys[2];
    const struct expr *by[1] = {gen_any(g, in, 0)};
    struct plan *p = NULL;
    int n = gen_keys(g, in, keys, 2), n_by = one_in(g, 3) ? 0 : 1;
    assert_ok(&g->f->cx, plan_distinct(&g->f->cx, in, by, n_by, keys, n, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct win_frame gen_frame(struct gen *g, bool ranges)
{
    static const struct win_frame frames[] = {{.unit = FRAME_ALL},
                                              {.unit = FRAME_RUNNING},
                                              {.unit = FRAME_ROWS, .from = -2},
                                              {.unit = FRAME_ROWS, .from = -1, .to = 1},
                                              {.unit = FRAME_ROWS, .from = -70, .to = -1},
                                              {.unit = FRAME_ROWS, .from = 0, .to = FRAME_OPEN_TO}};
    struct win_frame w = frames[gen_below(g, 6)];
    if (one_in(g, 2)) {
        w.unit = ranges && one_in(g, 2) ? FRAME_RANGE : FRAME_GROUPS;
        w.from = one_in(g, 3) ? FRAME_OPEN_FROM : (int64_t)gen_below(g, 7) - 4;
        w.to = one_in(g, 3) ? FRAME_OPEN_TO : (int64_t)gen_below(g, 7) - 2;
        w.num_from = (double)w.from / 2;
        w.num_to = (double)w.to / 2;
    }
    if (one_in(g, 3)) w.exclude = (enum frame_exclude)gen_below(g, 4);
    return w;
}

static struct plan *step_window(struct gen *g, struct plan *in)
{
    struct sort_key keys[1] = {{0}};
    bool ranges = one_in(g, 2);
    const struct expr *by = gen_any(g, in, 0), *arg = gen_num(g, in, 1), *e, *args[2];
    struct plan *p = NULL;
    int n_by = one_in(g, 3) ? 0 : 1;
    keys[0].expr = !ranges        ? gen_any(g, in, 0)
                   : one_in(g, 2) ? gen_num(g, in, 0)
                                  : gen_int(g, in, 0);
    keys[0].descending = one_in(g, 2);
    keys[0].nulls_first = one_in(g, 3);
    struct win_frame frame = gen_frame(g, ranges);
    args[0] = one_in(g, 2) ? gen_str(g, in, 0) : gen_int(g, in, 0);
    args[1] = ex_int(g->f, one_in(g, 2) ? 1 : one_in(g, 2) ? -1 : 2);
    switch (gen_below(g, 8)) {
    case 0: e = ex_win(g->f, "row_number", 0, NULL); break;
    case 1: e = ex_win(g->f, "lag", 1, &arg); break;
    case 2: e = ex_win(g->f, "rank", 1, &arg); break;
    case 3: e = ex_frame(g->f, "mean", 1, &arg, frame); break;
    case 4: e = ex_frame(g->f, "nth", 2, args, frame); break;
    case 5: e = ex_frame(g->f, "last", 1, args, frame); break;
    case 6: e = ex_frame(g->f, one_in(g, 2) ? "n_distinct" : "mode", 1, args, frame); break;
    default: e = ex_frame(g->f, "max", 1, &arg, frame); break;
    }
    struct named_expr item = {arena_printf(g->f->a, "w%llu", (unsigned long long)g->at), e};
    assert_ok(&g->f->cx, plan_window(&g->f->cx, in, &by, n_by, keys, 1, &item, 1, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct plan *step_join(struct gen *g, struct plan *in)
{
    static const enum join_kind kinds[] = {JOIN_INNER, JOIN_LEFT, JOIN_RIGHT,
                                           JOIN_FULL,  JOIN_SEMI, JOIN_ANTI};
    struct plan *right = pl_table(g->f, gen_table(g, (int64_t)gen_below(g, 12))), *p = NULL;
    struct join_on on[2];
    int n = 1 + (int)gen_below(g, 2);
    if (in->schema->n > 20) return in;
    for (int k = 0; k < n; k++) {
        uint64_t kind = gen_below(g, 4);
        on[k].op = kind == 3 ? CMP_GE : one_in(g, 3) ? CMP_SAME : CMP_EQ;
        on[k].left = kind == 1   ? gen_str(g, in, 0)
                     : kind == 2 ? gen_num(g, in, 0)
                                 : gen_int(g, in, kind == 3);
        on[k].right = kind == 1 ? gen_str(g, right, 0) : gen_int(g, right, kind == 2);
    }
    struct join_spec spec = {.kind = kinds[gen_below(g, 6)], .on = on, .n_on = n};
    assert_ok(&g->f->cx, plan_join(&g->f->cx, in, right, &spec, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct plan *step_asof(struct gen *g, struct plan *in)
{
    static const enum cmp_op ops[] = {CMP_EQ, CMP_EQ, CMP_GE, CMP_GT, CMP_LE, CMP_LT};
    struct plan *right = pl_table(g->f, gen_table(g, (int64_t)gen_below(g, 20))), *p = NULL;
    struct join_on on[2];
    bool of_num = one_in(g, 2);
    struct scalar within = {.type = DTYPE(KIND_INT), .u.i = (int64_t)gen_below(g, 4)};
    int n = 0;
    if (in->schema->n > 20) return in;
    if (!one_in(g, 3))
        on[n++] = (struct join_on){gen_str(g, in, 0), gen_str(g, right, 0),
                                   one_in(g, 3) ? CMP_SAME : CMP_EQ};
    on[n].left = of_num ? gen_num(g, in, 1) : gen_int(g, in, 1);
    on[n].right = of_num ? gen_num(g, right, 0) : gen_int(g, right, 0);
    on[n++].op = ops[gen_below(g, 6)];
    struct join_spec spec = {.kind = JOIN_ASOF, .on = on, .n_on = n};
    if (on[n - 1].op == CMP_EQ) spec.direction = (enum asof_direction)gen_below(g, 3);
    if (one_in(g, 3)) spec.tolerance = &within;
    assert_ok(&g->f->cx, plan_join(&g->f->cx, in, right, &spec, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct plan *step_union(struct gen *g, struct plan *in)
{
    struct plan *p = NULL, *other = pl_filter(g->f, in, gen_bool(g, in, 1));
    assert_ok(&g->f->cx, plan_union(&g->f->cx, in, other, NO_SPAN, &p));
    return pl_keep(g->f, p);
}

static struct plan *step(struct gen *g, struct plan *in)
{
    struct sort_key keys[3];
    int n;
    switch (gen_below(g, 11)) {
    case 0:
    case 1:
    case 2: return pl_filter(g->f, in, gen_bool(g, in, 2));
    case 3:
    case 4: return step_project(g, in);
    case 5: return step_aggregate(g, in);
    case 6: n = gen_keys(g, in, keys, 3); return pl_sort(g->f, in, keys, n);
    case 7: return step_limit(g, in);
    case 8: return one_in(g, 2) ? step_distinct(g, in) : step_union(g, in);
    case 9: return step_window(g, in);
    default: return one_in(g, 4) ? step_asof(g, in) : step_join(g, in);
    }
}

struct plan *gen_plan(struct gen *g, int depth)
{
    int64_t n = one_in(g, 8) ? 0 : one_in(g, 8) ? 1 : (int64_t)gen_below(g, (uint64_t)g->max_rows);
    struct plan *p = pl_table(g->f, gen_table(g, n));
    for (int i = 0; i < depth; i++)
        p = step(g, p);
    return p;
}

/* fixture.c: see fixture.h. */
#include "tests/exec/fixture.h"

#include "runtime/base/mem.h"

static void on_warn(void *self, const struct error *w)
{
    struct fx *f = self;
    if (f->n_warnings < 16) f->warnings[f->n_warnings] = *w;
    f->n_warnings++;
}

void fx_begin(struct fx *f)
{
    static const char *const urls[3] = {"threads:1", "threads:2", "threads:7"};
    memset(f, 0, sizeof *f);
    f->cx.err = &f->err;
    f->cx.arena = f->a = arena_new();
    f->notify = (struct notify){.self = f, .warn = on_warn};
    f->cx.notify = &f->notify;
    for (int i = 0; i < 3; i++)
        assert_ok(&f->cx, executor_open(&f->cx, urls[i], NO_SPAN, &f->x[i]));
}

void fx_end(struct fx *f)
{
    for (int i = 0; i < f->n_plans; i++)
        plan_unref(f->plans[i]);
    for (int i = 0; i < f->n_tables; i++)
        table_unref(f->tables[i]);
    for (int i = 0; i < 3; i++)
        executor_close(f->x[i]);
    mem_free(f->plans);
    mem_free(f->tables);
    arena_free(f->a);
}

/* ---- tables ---- */
static struct column *finish(struct fx *f, struct builder *b)
{
    struct column *c;
    assert_ok(&f->cx, builder_finish(&f->cx, b, &c));
    return c;
}

struct column *typed(struct fx *f, enum kind k, int64_t n, const int64_t *v)
{
    struct builder b;
    builder_init(&b, DTYPE(k), kind_phys(k));
    for (int64_t i = 0; i < n; i++)
        assert_ok(&f->cx, v[i] == NIL ? builder_null(&f->cx, &b) : builder_i64(&f->cx, &b, v[i]));
    return finish(f, &b);
}

struct column *ints(struct fx *f, int64_t n, const int64_t *v)
{
    return typed(f, KIND_INT, n, v);
}

struct column *nums(struct fx *f, int64_t n, const double *v)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int64_t i = 0; i < n; i++)
        assert_ok(&f->cx, builder_f64(&f->cx, &b, v[i]));
    return finish(f, &b);
}

struct column *strs(struct fx *f, int64_t n, const char *const *v)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int64_t i = 0; i < n; i++)
        assert_ok(&f->cx, v[i] ? builder_str(&f->cx, &b, str_of(v[i])) : builder_null(&f->cx, &b));
    return finish(f, &b);
}

struct column *bools(struct fx *f, int64_t n, const int *v)
{
    struct builder b;
    builder_init(&b, DTYPE(KIND_BOOL), PHYS_BOOL);
    for (int64_t i = 0; i < n; i++)
        assert_ok(&f->cx,
                  v[i] < 0 ? builder_null(&f->cx, &b) : builder_bool(&f->cx, &b, v[i] != 0));
    return finish(f, &b);
}

struct column *coded(struct fx *f, struct column *take_strs)
{
    struct column *c;
    assert_ok(&f->cx, column_encode(&f->cx, take_strs, false, &c));
    column_unref(take_strs);
    return c;
}

static struct table *keep_table(struct fx *f, struct table *t)
{
    if (f->n_tables == f->cap_tables) {
        f->cap_tables = f->cap_tables ? f->cap_tables * 2 : 16;
        f->tables = mem_realloc(f->tables, sizeof *f->tables * (size_t)f->cap_tables);
    }
    return f->tables[f->n_tables++] = t;
}

struct table *table_of(struct fx *f, int n, const struct col *cols)
{
    struct field *fields = ARENA_ARRAY(f->a, struct field, n + 1);
    struct column **c = ARENA_ARRAY(f->a, struct column *, n + 1);
    struct schema *s;
    struct table *t;
    for (int i = 0; i < n; i++) {
        fields[i] = (struct field){cols[i].name, cols[i].c->type};
        c[i] = cols[i].c;
    }
    assert_ok(&f->cx, schema_new(&f->cx, fields, n, NO_SPAN, &s));
    assert_ok(&f->cx, table_new(&f->cx, s, c, n ? c[0]->n : 0, &t));
    schema_unref(s);
    return keep_table(f, t);
}

/* ---- expressions ---- */
const struct expr *ex_col(struct fx *f, const struct plan *in, const char *name)
{
    int at = schema_find(in->schema, str_of(name));
    if (at < 0) fail_msg("no column %s", name);
    return expr_column(f->a, name, in->schema->fields[at].type, NO_SPAN);
}

const struct expr *ex_int(struct fx *f, int64_t v)
{
    return expr_literal(f->a, &(struct scalar){.type = DTYPE(KIND_INT), .u.i = v}, NO_SPAN);
}
const struct expr *ex_num(struct fx *f, double v)
{
    return expr_literal(f->a, &(struct scalar){.type = DTYPE(KIND_NUM), .u.f = v}, NO_SPAN);
}
const struct expr *ex_str(struct fx *f, const char *v)
{
    return expr_literal(f->a, &(struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(v)}, NO_SPAN);
}
const struct expr *ex_bool(struct fx *f, bool v)
{
    return expr_literal(f->a, &(struct scalar){.type = DTYPE(KIND_BOOL), .u.b = v}, NO_SPAN);
}
const struct expr *ex_null(struct fx *f)
{
    return expr_literal(f->a, &(struct scalar){.type = DTYPE(KIND_NULL), .is_null = true}, NO_SPAN);
}

const struct expr *ex_call(struct fx *f, const char *fn, int n, const struct expr *const *args)
{
    const struct expr *e = NULL;
    const struct fn_desc *d = fn_find(str_of(fn));
    if (!d) fail_msg("no function %s", fn);
    assert_ok(&f->cx, expr_call(&f->cx, f->a, d, args, n, NO_SPAN, &e));
    return e;
}

const struct expr *ex_agg(struct fx *f, const char *agg, int n, const struct expr *const *args,
                          const struct expr *where)
{
    const struct expr *e = NULL;
    const struct agg_desc *d = agg_find(str_of(agg));
    if (!d) fail_msg("no aggregate %s", agg);
    assert_ok(&f->cx,
              expr_agg(&f->cx, f->a, d, args, n, where, (struct win_frame){0}, NO_SPAN, &e));
    return e;
}

const struct expr *ex_frame(struct fx *f, const char *agg, int n, const struct expr *const *args,
                            struct win_frame frame)
{
    const struct expr *e = NULL;
    const struct agg_desc *d = agg_find(str_of(agg));
    if (!d) fail_msg("no aggregate %s", agg);
    assert_ok(&f->cx, expr_agg(&f->cx, f->a, d, args, n, NULL, frame, NO_SPAN, &e));
    return e;
}

const struct expr *ex_win(struct fx *f, const char *win, int n, const struct expr *const *args)
{
    const struct expr *e = NULL;
    const struct win_desc *d = win_find(str_of(win));
    if (!d) fail_msg("no window function %s", win);
    assert_ok(&f->cx, expr_window(&f->cx, f->a, d, args, n, NO_SPAN, &e));
    return e;
}

const struct expr *ex_case(struct fx *f, int n, const struct expr *const *args)
{
    const struct expr *e = NULL;
    assert_ok(&f->cx, expr_case(&f->cx, f->a, args, n, NO_SPAN, &e));
    return e;
}

/* ---- plans ---- */
struct plan *pl_keep(struct fx *f, struct plan *take_p)
{
    if (f->n_plans == f->cap_plans) {
        f->cap_plans = f->cap_plans ? f->cap_plans * 2 : 16;
        f->plans = mem_realloc(f->plans, sizeof *f->plans * (size_t)f->cap_plans);
    }
    return f->plans[f->n_plans++] = take_p;
}

struct plan *pl_table(struct fx *f, struct table *t)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_table(&f->cx, t, "t", &p));
    return pl_keep(f, p);
}
struct plan *pl_filter(struct fx *f, struct plan *in, const struct expr *e)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_filter(&f->cx, in, e, NO_SPAN, &p));
    return pl_keep(f, p);
}
struct plan *pl_project(struct fx *f, struct plan *in, const struct named_expr *items, int n)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_project(&f->cx, in, items, n, NO_SPAN, &p));
    return pl_keep(f, p);
}
struct plan *pl_aggregate(struct fx *f, struct plan *in, const struct named_expr *keys, int n_keys,
                          const struct named_expr *items, int n)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_aggregate(&f->cx, in, keys, n_keys, items, n, false, NO_SPAN, &p));
    return pl_keep(f, p);
}
struct plan *pl_sort(struct fx *f, struct plan *in, const struct sort_key *keys, int n)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_sort(&f->cx, in, keys, n, NO_SPAN, &p));
    return pl_keep(f, p);
}
struct plan *pl_limit(struct fx *f, struct plan *in, int64_t offset, int64_t n)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_limit(&f->cx, in, offset, n, false, NULL, 0, NULL, 0, NO_SPAN, &p));
    return pl_keep(f, p);
}
struct plan *pl_join(struct fx *f, struct plan *l, struct plan *r, enum join_kind kind,
                     const char *left, const char *right)
{
    struct plan *p = NULL;
    struct join_on on = {0};
    if (left) on = (struct join_on){ex_col(f, l, left), ex_col(f, r, right), CMP_EQ};
    struct join_spec spec = {
        .kind = kind, .on = &on, .n_on = left != NULL, .left_label = "l", .right_label = "r"};
    assert_ok(&f->cx, plan_join(&f->cx, l, r, &spec, NO_SPAN, &p));
    return pl_keep(f, p);
}

/* ---- running and comparing ---- */
struct table *run_on(struct fx *f, int executor, struct plan *p)
{
    struct table *t = NULL;
    assert_ok(&f->cx, exec_table(&f->cx, f->x[executor], p, &t));
    return keep_table(f, t);
}

static bool same_value(const struct scalar *a, const struct scalar *b, double tol);

static bool same_at(const struct column *a, const struct column *b, int64_t i, double tol)
{
    struct scalar x = column_scalar(a, i), y = column_scalar(b, i);
    bool same = same_value(&x, &y, tol);
    scalar_release(&x);
    scalar_release(&y);
    return same;
}

static bool same_value(const struct scalar *a, const struct scalar *b, double tol)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    switch (a->type.kind) {
    case KIND_NUM:
        if (memcmp(&a->u.f, &b->u.f, 8) == 0) return true;
        return tol > 0 && fabs(a->u.f - b->u.f) <= tol * (fabs(a->u.f) + fabs(b->u.f)) + 1e-300;
    case KIND_BOOL: return a->u.b == b->u.b;
    case KIND_STR:
    case KIND_CAT: return str_eq(a->u.s, b->u.s);
    case KIND_LIST:
        if (a->u.list->n != b->u.list->n) return false;
        for (int64_t i = 0; i < a->u.list->n; i++) {
            if (!same_at(a->u.list, b->u.list, i, tol)) return false;
        }
        return true;
    case KIND_STRUCT:
        for (int i = 0; i < a->u.row->schema->n; i++)
            if (!same_at(a->u.row->cols[i], b->u.row->cols[i], 0, tol)) return false;
        return true;
    default: return a->u.i == b->u.i;
    }
}

const char *table_diff(struct fx *f, const struct table *a, const struct table *b, double tol)
{
    char x[96], y[96];
    if (a->schema->n != b->schema->n || a->n_rows != b->n_rows)
        return arena_printf(f->a, "%d columns, %lld rows against %d columns, %lld rows",
                            a->schema->n, (long long)a->n_rows, b->schema->n, (long long)b->n_rows);
    for (int c = 0; c < a->schema->n; c++) {
        const struct field *p = &a->schema->fields[c], *q = &b->schema->fields[c];
        if (strcmp(p->name, q->name) != 0 || !dtype_eq(p->type, q->type))
            return arena_printf(f->a, "column %s: %s against %s: %s", p->name,
                                dtype_text(p->type, x, sizeof x), q->name,
                                dtype_text(q->type, y, sizeof y));
        for (int64_t i = 0; i < a->n_rows; i++) {
            struct scalar s = column_scalar(a->cols[c], i), t = column_scalar(b->cols[c], i);
            bool same = same_value(&s, &t, tol);
            struct strbuf u = {0}, v = {0};
            if (!same) {
                scalar_text(&u, &s, true);
                scalar_text(&v, &t, true);
            }
            scalar_release(&s);
            scalar_release(&t);
            if (same) continue;
            const char *text = arena_printf(f->a, "column %s, row %lld: %s against %s", p->name,
                                            (long long)i, u.p, v.p);
            strbuf_release(&u);
            strbuf_release(&v);
            return text;
        }
    }
    return NULL;
}

char *table_dump(struct fx *f, const struct table *t, int64_t max_rows)
{
    struct strbuf b = {0};
    for (int64_t i = 0; i < t->n_rows && i < max_rows; i++) {
        for (int c = 0; c < t->schema->n; c++) {
            struct scalar s = column_scalar(t->cols[c], i);
            if (c) strbuf_addc(&b, '|');
            scalar_text(&b, &s, false);
            scalar_release(&s);
        }
        strbuf_addc(&b, '\n');
    }
    char *text = arena_strndup(f->a, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return text;
}

struct table *run_all(struct fx *f, struct plan *p)
{
    struct table *first = NULL;
    for (int i = 0; i < 3; i++) {
        struct table *t = run_on(f, i, p);
        const char *why = NULL;
        for (int c = 0; c < t->schema->n; c++)
            if (!column_check(t->cols[c], 2, &why)) fail_msg("column %d is broken: %s", c, why);
        const char *diff = first ? table_diff(f, first, t, 0) : NULL;
        if (diff) {
            struct strbuf b = {0};
            plan_text(&b, p, NULL, NULL);
            fail_msg("1 thread and %s differ: %s\n%s", i == 1 ? "2" : "7", diff, b.p);
        }
        if (!first) first = t;
    }
    return first;
}

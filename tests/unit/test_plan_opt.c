/* Each optimizer pass on plans made for it: what moves, and what must stay. That results stay the
 * same is tests/prop's. */
#include "runtime/plan/plan_int.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

struct world {
    struct unit u;
    struct ctx *cx;
    struct arena *a;
    struct plan *plans[32];
    int n;
    struct plan *t;
};

static struct plan *keep(struct world *w, struct plan *p)
{
    return w->plans[w->n++] = p;
}

static void begin(struct world *w)
{
    static const struct field fields[] = {{"a", {.kind = KIND_INT}},
                                          {"b", {.kind = KIND_INT}},
                                          {"x", {.kind = KIND_NUM}},
                                          {"s", {.kind = KIND_STR}}};
    struct schema *s = NULL;
    struct table *t = NULL;
    struct column *cols[4];
    memset(w, 0, sizeof *w);
    w->cx = unit_begin(&w->u, 1);
    w->a = w->cx->arena;
    assert_ok(w->cx, schema_new(w->cx, fields, 4, NO_SPAN, &s));
    for (int i = 0; i < 4; i++)
        assert_ok(w->cx, column_nulls(w->cx, fields[i].type, 2, &cols[i]));
    assert_ok(w->cx, table_new(w->cx, s, cols, 2, &t));
    assert_ok(w->cx, plan_table(w->cx, t, "t", &w->t));
    keep(w, w->t);
    schema_unref(s);
    table_unref(t);
}
static void end(struct world *w)
{
    for (int i = 0; i < w->n; i++)
        plan_unref(w->plans[i]);
    unit_end(&w->u);
}

static const struct expr *col(struct world *w, const struct plan *p, const char *name)
{
    return expr_column(w->a, name, p->schema->fields[schema_find(p->schema, str_of(name))].type,
                       NO_SPAN);
}
static const struct expr *num(struct world *w, int64_t v)
{
    return expr_literal(w->a, &(struct scalar){.type = DTYPE(KIND_INT), .u.i = v}, NO_SPAN);
}
static const struct expr *call(struct world *w, const char *fn, const struct expr *a,
                               const struct expr *b)
{
    const struct expr *args[2] = {a, b}, *e = NULL;
    assert_ok(w->cx, expr_call(w->cx, w->a, fn_find(str_of(fn)), args, b ? 2 : 1, NO_SPAN, &e));
    return e;
}
static struct plan *filter(struct world *w, struct plan *in, const struct expr *e)
{
    struct plan *p = NULL;
    assert_ok(w->cx, plan_filter(w->cx, in, e, NO_SPAN, &p));
    return keep(w, p);
}
static struct plan *project(struct world *w, struct plan *in, int n, const struct named_expr *items)
{
    struct plan *p = NULL;
    assert_ok(w->cx, plan_project(w->cx, in, items, n, NO_SPAN, &p));
    return keep(w, p);
}
static struct plan *limit(struct world *w, struct plan *in, int64_t n)
{
    struct plan *p = NULL;
    assert_ok(w->cx, plan_limit(w->cx, in, 0, n, false, NULL, 0, NULL, 0, NO_SPAN, &p));
    return keep(w, p);
}

/* The plan after the passes that are not in `off`. */
static void check(struct world *w, struct plan *p, const char *off, const char *want)
{
    struct plan *q = NULL;
    struct strbuf b = {0};
    setenv("MLNB_OPT_OFF", off, 1);
    assert_ok(w->cx, plan_optimize(w->cx, p, &q));
    unsetenv("MLNB_OPT_OFF");
    plan_text(&b, q, NULL, NULL);
    assert_string_equal(b.p, want);
    strbuf_release(&b);
    plan_unref(q);
}
#define ONLY_FOLD   "fuse,filter_down,limit_down,prune,fuse_again"
#define ONLY_FUSE   "fold,filter_down,limit_down,prune,fuse_again"
#define ONLY_FILTER "fold,fuse,limit_down,prune,fuse_again"
#define ONLY_LIMIT  "fold,fuse,filter_down,prune,fuse_again"
#define ONLY_PRUNE  "fold,fuse,filter_down,limit_down,fuse_again"
#define ALL         "fold,fuse,filter_down,limit_down,prune,fuse_again"

TEST(folding)
{
    struct world w;
    begin(&w);
    const struct expr *five = call(&w, "+", num(&w, 2), num(&w, 3));
    struct plan *p = filter(&w, w.t, call(&w, ">", col(&w, w.t, "a"), five));
    check(&w, p, ONLY_FOLD, "filter a > 5\n  table t (2 rows)\n");
    check(&w, p, ALL, "filter a > 2 + 3\n  table t (2 rows)\n");
    /* what would be reported stays: 1 / 0, and an overflow */
    const struct expr *inf = call(&w, "/", num(&w, 1), num(&w, 0));
    p = filter(&w, w.t, call(&w, ">", col(&w, w.t, "x"), inf));
    check(&w, p, ONLY_FOLD, "filter x > 1 / 0\n  table t (2 rows)\n");
    const struct expr *over = call(&w, "+", num(&w, INT64_MAX), num(&w, 1));
    p = filter(&w, w.t, call(&w, ">", col(&w, w.t, "a"), over));
    check(&w, p, ONLY_FOLD, "filter a > 9223372036854775807 + 1\n  table t (2 rows)\n");
    end(&w);
}

TEST(fusing)
{
    struct world w;
    begin(&w);
    const struct expr *a = col(&w, w.t, "a"), *b = col(&w, w.t, "b");
    struct plan *one = filter(&w, w.t, call(&w, "!=", b, num(&w, 0)));
    check(&w, filter(&w, one, call(&w, ">", a, b)), ONLY_FUSE,
          "filter b != 0 and a > b\n  table t (2 rows)\n");
    /* a // b counts rows: it must not see those where b is 0 */
    check(&w, filter(&w, one, call(&w, ">", call(&w, "//", a, b), num(&w, 1))), ONLY_FUSE,
          "filter a // b > 1\n  filter b != 0\n    table t (2 rows)\n");
    struct named_expr inner[2] = {{"c", call(&w, "+", a, b)}, {"s", col(&w, w.t, "s")}};
    struct plan *p = project(&w, w.t, 2, inner);
    struct named_expr outer[2] = {{"d", col(&w, p, "c")}, {"s", col(&w, p, "s")}};
    check(&w, project(&w, p, 2, outer), ONLY_FUSE, "project d = a + b, s\n  table t (2 rows)\n");
    /* used twice: computed once */
    outer[1] = (struct named_expr){"e", call(&w, "*", col(&w, p, "c"), num(&w, 2))};
    check(&w, project(&w, p, 2, outer), ONLY_FUSE,
          "project d = c, e = c * 2\n  project c = a + b, s\n    table t (2 rows)\n");
    end(&w);
}

TEST(filters_move_down)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    struct named_expr items[2] = {{"k", col(&w, w.t, "a")},
                                  {"u", call(&w, "upper", col(&w, w.t, "s"), NULL)}};
    struct plan *d = project(&w, w.t, 2, items);
    check(&w, filter(&w, d, call(&w, ">", col(&w, d, "k"), num(&w, 1))), ONLY_FILTER,
          "project k = a, u = upper(s)\n  filter a > 1\n    table t (2 rows)\n");
    /* a projection that counts failed casts sees all rows */
    items[1].expr = call(&w, "int", col(&w, w.t, "s"), NULL);
    d = project(&w, w.t, 2, items);
    check(&w, filter(&w, d, call(&w, ">", col(&w, d, "k"), num(&w, 1))), ONLY_FILTER,
          "filter k > 1\n  project k = a, u = int(s)\n    table t (2 rows)\n");
    /* below a sort, and into the left side of a join */
    struct sort_key key = {col(&w, w.t, "x"), false, false};
    assert_ok(w.cx, plan_sort(w.cx, w.t, &key, 1, NO_SPAN, &p));
    keep(&w, p);
    struct join_on on = {col(&w, p, "a"), col(&w, w.t, "a"), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_INNER, .on = &on, .n_on = 1};
    struct plan *j = NULL;
    assert_ok(w.cx, plan_join(w.cx, p, w.t, &spec, NO_SPAN, &j));
    keep(&w, j);
    const struct expr *both = call(&w, "and", call(&w, "<", col(&w, j, "x"), num(&w, 9)),
                                   call(&w, "==", col(&w, j, "b"), col(&w, j, "b_right")));
    check(&w, filter(&w, j, both), ONLY_FILTER,
          "filter b == b_right\n  join inner on a == a\n    sort x\n      filter x < 9\n"
          "        table t (2 rows)\n    table t (2 rows)\n");
    /* the right side makes unmatched rows, which are reported, unless the join is silent */
    const struct expr *right = call(&w, "<", col(&w, j, "x_right"), num(&w, 9));
    check(&w, filter(&w, j, right), ONLY_FILTER,
          "filter x_right < 9\n  join inner on a == a\n    sort x\n      table t (2 rows)\n"
          "    table t (2 rows)\n");
    spec.is_silent = true;
    assert_ok(w.cx, plan_join(w.cx, p, w.t, &spec, NO_SPAN, &j));
    keep(&w, j);
    check(&w, filter(&w, j, right), ONLY_FILTER,
          "join inner on a == a\n  sort x\n    table t (2 rows)\n  filter x < 9\n"
          "    table t (2 rows)\n");
    end(&w);
}

TEST(limits_move_down)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    struct sort_key key = {col(&w, w.t, "x"), true, false};
    assert_ok(w.cx, plan_sort(w.cx, w.t, &key, 1, NO_SPAN, &p));
    keep(&w, p);
    struct named_expr item = {"y", col(&w, p, "a")};
    check(&w, limit(&w, project(&w, p, 1, &item), 3), ONLY_LIMIT,
          "project y = a\n  limit 3\n    sort -x first 3\n      table t (2 rows)\n");
    assert_ok(w.cx, plan_limit(w.cx, w.t, 2, 3, false, NULL, 0, &key, 1, NO_SPAN, &p));
    keep(&w, p);
    check(&w, p, ONLY_LIMIT, "limit 3 after 2\n  sort -x first 5\n    table t (2 rows)\n");
    end(&w);
}

TEST(columns_are_pruned)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    struct plan *f = filter(&w, w.t, call(&w, ">", col(&w, w.t, "b"), num(&w, 1)));
    struct named_expr item = {"y", col(&w, f, "a")};
    check(&w, project(&w, f, 1, &item), ONLY_PRUNE,
          "project y = a\n  filter b > 1\n    project a, b\n      table t (2 rows)\n");
    struct named_expr keys = {"s", col(&w, w.t, "s")}, agg[2] = {{"n", NULL}, {"m", NULL}};
    const struct expr *x = col(&w, w.t, "x");
    assert_ok(w.cx, expr_agg(w.cx, w.a, agg_find(STR("count")), NULL, 0, NULL,
                             (struct win_frame){0}, NO_SPAN, &agg[0].expr));
    assert_ok(w.cx, expr_agg(w.cx, w.a, agg_find(STR("mean")), &x, 1, NULL, (struct win_frame){0},
                             NO_SPAN, &agg[1].expr));
    assert_ok(w.cx, plan_aggregate(w.cx, w.t, &keys, 1, agg, 2, false, NO_SPAN, &p));
    keep(&w, p);
    item.expr = col(&w, p, "n");
    check(&w, project(&w, p, 1, &item), ONLY_PRUNE,
          "project y = n\n  aggregate n = count() by s\n    project s\n      table t (2 rows)\n");
    /* distinct by all columns needs them all */
    assert_ok(w.cx, plan_distinct(w.cx, w.t, NULL, 0, NULL, 0, NO_SPAN, &p));
    keep(&w, p);
    item.expr = col(&w, p, "a");
    check(&w, project(&w, p, 1, &item), ONLY_PRUNE,
          "project y = a\n  distinct\n    table t (2 rows)\n");
    end(&w);
}

TEST(kept_results_are_tables)
{
    struct world w;
    begin(&w);
    struct plan *f = filter(&w, w.t, call(&w, ">", col(&w, w.t, "b"), num(&w, 1)));
    struct plan *g = filter(&w, f, call(&w, ">", col(&w, w.t, "a"), num(&w, 1)));
    f->kept = table_ref(w.t->u.table.table);
    check(&w, g, ALL, "filter a > 1\n  table (2 rows)\n");
    end(&w);
}

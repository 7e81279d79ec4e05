/* Lists and structs in plans: results by hand, and random plans against the naive twin. */
#include "tests/exec/gen.h"
#include "tests/exec/twin.h"

#include "runtime/plan/serialize.h"

#include <jansson.h>
#include <stdlib.h>

static struct plan *unnested(struct fx *f, struct plan *in, int n, const char *const *names,
                             bool keep_empty, const char *index)
{
    struct plan *p = NULL;
    assert_ok(&f->cx, plan_unnest(&f->cx, in, names, n, keep_empty, index, NO_SPAN, &p));
    return pl_keep(f, p);
}
static const struct expr *list_of(struct fx *f, int n, const struct expr *const *args)
{
    const struct expr *e = NULL;
    assert_ok(&f->cx, expr_list(&f->cx, f->a, args, n, NO_SPAN, &e));
    return e;
}
static const struct expr *struct_of(struct fx *f, const struct expr *a, const struct expr *b)
{
    const struct expr *e = NULL, *args[2] = {a, b};
    const char *names[2] = {"a", "odd name"};
    assert_ok(&f->cx, expr_struct(&f->cx, f->a, names, args, 2, NO_SPAN, &e));
    return e;
}
static const struct expr *within(struct fx *f, const char *agg, const struct expr *list)
{
    const struct expr *e = NULL;
    assert_ok(&f->cx, expr_list_agg(&f->cx, f->a, agg_find(str_of(agg)), &list, 1, NO_SPAN, &e));
    return e;
}
/* list, x -> x * by */
static const struct expr *times(struct fx *f, const struct expr *list, const struct expr *by)
{
    const char *param = expr_param_name(f->a, STR("x"), 0);
    const struct expr *x = expr_column(f->a, param, *list->type.elem, NO_SPAN), *e = NULL;
    assert_ok(&f->cx, expr_map_list(&f->cx, f->a, param, list, CALL(f, "*", x, by), NO_SPAN, &e));
    return e;
}
static struct plan *base(struct fx *f)
{
    return pl_table(f, TABLE(f, {"k", STRS(f, "a", "a text that is long enough", NULL)},
                             {"i", INTS(f, 1, NIL, 3)}, {"n", INTS(f, 2, 0, 3)}));
}

TEST(unnest_by_hand)
{
    struct fx f;
    fx_begin(&f);
    struct plan *t = base(&f);
    const struct expr *i = ex_col(&f, t, "i"), *n = ex_col(&f, t, "n");
    struct plan *p =
        pl_project(&f, t,
                   ITEMS({"k", ex_col(&f, t, "k")}, {"xs", CALL(&f, "seq", ex_int(&f, 1), n)},
                         {"ys", list_of(&f, ARGS(i, n))}));
    const char *xs = "xs", *both[2] = {"xs", "ys"};
    assert_rows(&f, run_all(&f, unnested(&f, p, 1, &xs, false, "at")),
                "a|1|[1, 2]|1\na|2|[1, 2]|2\nnull|1|[3, 3]|1\nnull|2|[3, 3]|2\nnull|3|[3, 3]|3\n");
    assert_rows(&f, run_all(&f, unnested(&f, p, 1, &xs, true, NULL)),
                "a|1|[1, 2]\na|2|[1, 2]\na text that is long enough|null|[null, 0]\n"
                "null|1|[3, 3]\nnull|2|[3, 3]\nnull|3|[3, 3]\n");
    assert_rows(&f, run_all(&f, unnested(&f, p, 2, both, false, NULL)),
                "a|1|1\na|2|2\na text that is long enough|null|null\n"
                "a text that is long enough|null|0\nnull|1|3\nnull|2|3\nnull|3|null\n");
    const char *k = "k";
    struct plan *none = NULL;
    assert_int_equal(plan_unnest(&f.cx, p, &k, 1, false, NULL, NO_SPAN, &none), RC_ERR);
    assert_int_equal(f.err.code, E207);
    fx_end(&f);
}

/* One row becomes many batches. */
TEST(long_lists)
{
    struct fx f;
    fx_begin(&f);
    struct plan *t = base(&f);
    struct plan *p = pl_project(
        &f, t,
        ITEMS({"xs", CALL(&f, "seq", ex_int(&f, 1), ex_int(&f, 5000))}, {"i", ex_col(&f, t, "i")}));
    const char *xs = "xs";
    struct plan *u = unnested(&f, p, 1, &xs, false, NULL);
    struct plan *g = pl_aggregate(&f, u, ITEMS({"i", ex_col(&f, u, "i")}),
                                  ITEMS({"n", ex_agg(&f, "count", 0, NULL, NULL)},
                                        {"s", AGG(&f, "sum", ex_col(&f, u, "xs"))}));
    assert_rows(&f, run_all(&f, g), "1|5000|12502500\n3|5000|12502500\nnull|5000|12502500\n");
    struct plan *m = pl_project(
        &f, p,
        ITEMS({"s", within(&f, "sum", times(&f, ex_col(&f, p, "xs"), ex_col(&f, p, "i")))},
              {"d", within(&f, "median", ex_col(&f, p, "xs"))}));
    assert_rows(&f, run_all(&f, m), "12502500|2500.5\n0|2500.5\n37507500|2500.5\n");
    assert_rows(&f, run_all(&f, pl_limit(&f, u, 4999, 2)), "5000|1\n1|null\n");
    fx_end(&f);
}

/* What serialize writes it reads back to an equal expression. */
TEST(expressions_keep)
{
    struct fx f;
    fx_begin(&f);
    struct plan *t = base(&f);
    const struct expr *i = ex_col(&f, t, "i"), *list = list_of(&f, ARGS(i, ex_int(&f, 2)));
    const struct expr *s = struct_of(&f, list, ex_col(&f, t, "k")), *field = NULL, *lit = NULL;
    assert_ok(&f.cx, expr_as_type(&f.cx, f.a, list, dtype_list(DTYPE(KIND_NUM)), &lit));
    struct plan *p = pl_project(&f, t, ITEMS({"s", s}));
    assert_ok(&f.cx, expr_field(&f.cx, f.a, ex_col(&f, p, "s"), STR("odd name"), NO_SPAN, &field));
    const struct expr *all[] = {list, s, field, times(&f, list, i), within(&f, "max", list), lit};
    const char *texts[] = {"[i, 2]",          "{a: [i, 2], \"odd name\": k}",
                           "s[\"odd name\"]", "map([i, 2], x -> x * i)",
                           "max([i, 2])",     "[i, 2]"};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
        json_t *j = NULL;
        const struct expr *back = NULL;
        struct strbuf b = {0};
        expr_text(&b, all[k]);
        assert_string_equal(b.p, texts[k]);
        strbuf_release(&b);
        assert_ok(&f.cx, expr_to_json(&f.cx, all[k], &j));
        assert_ok(&f.cx, expr_from_json(&f.cx, f.a, j, &back));
        assert_true(expr_equal(all[k], back));
        assert_true(expr_equal(all[k], expr_copy(f.a, all[k])));
        json_decref(j);
    }
    assert_false(expr_equal(all[0], all[5]));
    fx_end(&f);
}

/* ---- random plans ---- */
/* The plan's first column of the kind, or a constant. */
static const struct expr *some(struct fx *f, const struct plan *p, enum kind k)
{
    for (int i = p->schema->n; i-- > 0;)
        if (p->schema->fields[i].type.kind == k) return ex_col(f, p, p->schema->fields[i].name);
    if (k == KIND_INT) return ex_int(f, 3);
    return k == KIND_NUM ? ex_num(f, 1.5) : ex_str(f, "z");
}

static struct plan *nest(struct gen *g, struct plan *in)
{
    struct fx *f = g->f;
    const struct expr *i = some(f, in, KIND_INT), *x = some(f, in, KIND_NUM);
    const struct expr *s = some(f, in, KIND_STR), *lists[4], *maybe;
    lists[0] = list_of(f, ARGS(i, x, ex_null(f)));
    lists[1] = list_of(f, ARGS(s, ex_str(f, "another long text here")));
    lists[2] = CALL(f, "slice", lists[0], ex_int(f, 1), CALL(f, "%", i, ex_int(f, 3)));
    lists[2] = CALL(f, "is_null", i) ? lists[0] : lists[2];
    lists[3] = times(f, lists[0], x);
    maybe = ex_case(f, ARGS(CALL(f, ">", i, ex_int(f, 0)), lists[gen_below(g, 2) ? 3 : 0]));
    struct named_expr items[40];
    int n = 0;
    for (int c = 0; c < in->schema->n && n < 30; c++)
        items[n++] = (struct named_expr){in->schema->fields[c].name,
                                         ex_col(f, in, in->schema->fields[c].name)};
    items[n++] = (struct named_expr){".l1", maybe};
    items[n++] = (struct named_expr){".l2", lists[1]};
    items[n++] = (struct named_expr){".s", struct_of(f, maybe, s)};
    items[n++] = (struct named_expr){".w", within(f, gen_below(g, 2) ? "sum" : "median", maybe)};
    return pl_project(f, in, items, n);
}

static struct plan *work(struct gen *g, struct plan *p)
{
    struct fx *f = g->f;
    const char *both[2] = {".l1", ".l2"};
    const struct expr *field = NULL;
    struct plan *q = p;
    struct sort_key key = {.expr = some(f, p, KIND_INT), .descending = gen_below(g, 2)};
    if (gen_below(g, 2)) q = pl_sort(f, q, &key, 1);
    if (gen_below(g, 2)) q = pl_filter(f, q, CALL(f, "<", some(f, q, KIND_INT), ex_int(f, 9)));
    if (gen_below(g, 3) == 0) {
        struct plan *u = NULL;
        assert_ok(&f->cx, plan_union(&f->cx, q, p, NO_SPAN, &u));
        q = pl_keep(f, u);
    }
    int way = (int)gen_below(g, 4);
    if (way < 2) q = unnested(f, q, 1 + way, both, gen_below(g, 2), gen_below(g, 2) ? ".at" : NULL);
    if (way == 3) {
        assert_ok(&f->cx, expr_field(&f->cx, f->a, ex_col(f, q, ".s"), STR("a"), NO_SPAN, &field));
        q = pl_project(f, q,
                       ITEMS({"a", field}, {"l", ex_col(f, q, ".l2")},
                             {"one", CALL(f, "at", field, ex_int(f, -1))}));
        return pl_limit(f, q, (int64_t)gen_below(g, 5), (int64_t)gen_below(g, 40));
    }
    return pl_filter(f, q, CALL(f, "!=", some(f, q, KIND_STR), ex_str(f, "b")));
}

static void against_twin(struct gen *g, struct plan *p)
{
    struct fx *f = g->f;
    struct table *want = NULL, *got = NULL;
    struct strbuf text = {0};
    plan_text(&text, p, NULL, NULL);
    if (twin_run(f, p, &want) == RC_OK) {
        for (int x = 0; x < 3; x += 2) {
            if (exec_table(&f->cx, f->x[x], p, &got) != RC_OK)
                fail_msg("seed %llu: %s\n%s", (unsigned long long)g->seed, f->err.message, text.p);
            const char *diff = table_diff(f, want, got, 1e-9);
            if (diff) fail_msg("seed %llu: %s\n%s", (unsigned long long)g->seed, diff, text.p);
            table_unref(got);
        }
        table_unref(want);
    } else {
        fail_msg("seed %llu: twin: %s\n%s", (unsigned long long)g->seed, f->err.message, text.p);
    }
    strbuf_release(&text);
}

static void random_plans(int n)
{
    const char *only = getenv("MLNB_SEED");
    uint64_t from = only ? strtoull(only, NULL, 10) : 1, to = only ? from : (uint64_t)n;
    for (uint64_t seed = from; seed <= to; seed++) {
        struct fx f;
        fx_begin(&f);
        struct gen g = {.f = &f, .seed = seed, .max_rows = 60};
        struct plan *t =
            pl_table(&f, gen_table(&g, seed % 9 == 0 ? 0 : (int64_t)gen_below(&g, 60)));
        against_twin(&g, work(&g, nest(&g, t)));
        fx_end(&f);
    }
}

TEST(engine_is_its_twin)
{
    random_plans(300);
}

TEST(engine_is_its_twin_unoptimised)
{
    setenv("MLNB_OPT_OFF", "fold,fuse,filter_down,prune,limit_down,fuse_again", 1);
    random_plans(150);
    unsetenv("MLNB_OPT_OFF");
}

/* Makers of nodes: schemas, and errors in the user's words. */
#include "runtime/plan/plan_int.h"
#include "tests/unit/unit.h"

struct world {
    struct unit u;
    struct ctx *cx;
    struct arena *a;
    struct plan *t, *z;
};

static struct plan *table(struct world *w, int n, const struct field *fields)
{
    struct schema *s = NULL;
    struct table *t = NULL;
    struct plan *p = NULL;
    struct column *cols[8];
    assert_ok(w->cx, schema_new(w->cx, fields, n, NO_SPAN, &s));
    for (int i = 0; i < n; i++)
        assert_ok(w->cx, column_nulls(w->cx, fields[i].type, 2, &cols[i]));
    assert_ok(w->cx, table_new(w->cx, s, cols, 2, &t));
    assert_ok(w->cx, plan_table(w->cx, t, "t", &p));
    schema_unref(s);
    table_unref(t);
    return p;
}

static void begin(struct world *w)
{
    w->cx = unit_begin(&w->u, 1);
    w->a = w->cx->arena;
    w->t =
        table(w, 3,
              (struct field[]){
                  {"id", DTYPE(KIND_INT)}, {"fare", DTYPE(KIND_NUM)}, {"zone", DTYPE(KIND_STR)}});
    w->z = table(w, 3,
                 (struct field[]){{"zid", DTYPE(KIND_NUM)},
                                  {"zone", DTYPE(KIND_STR)},
                                  {"zone_right", DTYPE(KIND_INT)}});
}
static void end(struct world *w)
{
    plan_unref(w->t);
    plan_unref(w->z);
    unit_end(&w->u);
}

static const struct expr *col(struct world *w, const struct plan *p, const char *name)
{
    int at = schema_find(p->schema, str_of(name));
    return expr_column(w->a, name, at < 0 ? DTYPE(KIND_INT) : p->schema->fields[at].type,
                       (struct span){1, 3, 7});
}

static void schema_text(struct strbuf *b, const struct plan *p)
{
    char t[64];
    for (int i = 0; i < p->schema->n; i++)
        strbuf_printf(b, "%s%s %s", i ? ", " : "", p->schema->fields[i].name,
                      dtype_text(p->schema->fields[i].type, t, sizeof t));
}
#define assert_schema(p, want)                                                                     \
    do {                                                                                           \
        struct strbuf b_ = {0};                                                                    \
        schema_text(&b_, p);                                                                       \
        assert_string_equal(b_.p, want);                                                           \
        strbuf_release(&b_);                                                                       \
        plan_unref(p);                                                                             \
    } while (0)

TEST(unknown_and_wrong_columns)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    struct named_expr item = {"x", col(&w, w.t, "fair")};
    assert_int_equal(plan_project(w.cx, w.t, &item, 1, NO_SPAN, &p), RC_ERR);
    assert_int_equal(w.u.err.code, E201);
    assert_int_equal(w.u.err.span.from, 3);
    assert_string_equal(w.u.err.hint, "closest: fare");
    err_clear(&w.u.err);
    assert_err(w.cx, E207, plan_filter(w.cx, w.t, col(&w, w.t, "fare"), NO_SPAN, &p));
    item.expr = expr_column(w.a, "fare", DTYPE(KIND_STR), NO_SPAN);
    assert_err(w.cx, E207, plan_project(w.cx, w.t, &item, 1, NO_SPAN, &p));
    struct named_expr twice[2] = {{"x", col(&w, w.t, "id")}, {"x", col(&w, w.t, "id")}};
    assert_err(w.cx, E212, plan_project(w.cx, w.t, twice, 2, NO_SPAN, &p));
    assert_err(w.cx, E210, plan_aggregate(w.cx, w.t, NULL, 0, twice, 1, false, NO_SPAN, &p));
    assert_null(p);
    end(&w);
}

TEST(windows_need_order)
{
    struct world w;
    struct plan *p = NULL;
    const struct expr *arg, *lag = NULL, *number = NULL;
    begin(&w);
    arg = col(&w, w.t, "fare");
    assert_ok(w.cx, expr_window(w.cx, w.a, win_find(STR("lag")), &arg, 1, NO_SPAN, &lag));
    assert_ok(w.cx, expr_window(w.cx, w.a, win_find(STR("row_number")), NULL, 0, NO_SPAN, &number));
    struct named_expr item = {"prev", lag};
    assert_err(w.cx, E213, plan_window(w.cx, w.t, NULL, 0, NULL, 0, &item, 1, NO_SPAN, &p));
    item.expr = number;
    assert_ok(w.cx, plan_window(w.cx, w.t, NULL, 0, NULL, 0, &item, 1, NO_SPAN, &p));
    assert_schema(p, "id int, fare num, zone str, prev int");
    end(&w);
}

TEST(join_names_and_keys)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    struct join_on on = {col(&w, w.t, "id"), col(&w, w.z, "zid"), CMP_EQ};
    struct join_spec spec = {.kind = JOIN_LEFT, .on = &on, .n_on = 1};
    assert_ok(w.cx, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    /* the right key is dropped; a clash takes the suffix until it is free */
    assert_schema(p, "id int, fare num, zone str, zone_right str, zone_right_right int");
    spec.kind = JOIN_FULL; /* fills the left key: int with num */
    assert_ok(w.cx, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    assert_schema(p, "id num, fare num, zone str, zone_right str, zone_right_right int");
    spec.kind = JOIN_SEMI;
    assert_ok(w.cx, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    assert_schema(p, "id int, fare num, zone str");
    on.right = col(&w, w.z, "zone");
    p = NULL;
    assert_err(w.cx, E207, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    on.right = col(&w, w.z, "zid");
    spec.expect = "many-to-few";
    assert_err(w.cx, E209, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    spec.expect = NULL;
    spec.n_on = 0;
    assert_err(w.cx, E208, plan_join(w.cx, w.t, w.z, &spec, NO_SPAN, &p));
    end(&w);
}

TEST(unions_need_equal_schemas)
{
    struct world w;
    struct plan *p = NULL;
    begin(&w);
    assert_err(w.cx, E207, plan_union(w.cx, w.t, w.z, NO_SPAN, &p));
    assert_ok(w.cx, plan_union(w.cx, w.t, w.t, NO_SPAN, &p));
    assert_schema(p, "id int, fare num, zone str");
    end(&w);
}

TEST(bytes_of_sources)
{
    struct world w;
    struct plan *p = NULL;
    bool local = false;
    begin(&w);
    int64_t one = plan_source_bytes(w.t, &local);
    assert_true(local && one > 0);
    assert_ok(w.cx, plan_union(w.cx, w.t, w.t, NO_SPAN, &p));
    assert_int_equal(plan_source_bytes(p, NULL), 2 * one);
    p->kept = table_ref(w.t->u.table.table);
    assert_int_equal(plan_source_bytes(p, NULL), 0);
    plan_unref(p);
    end(&w);
}

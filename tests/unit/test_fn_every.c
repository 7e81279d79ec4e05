/* Every overload of every function on wild columns: nothing breaks, null rules hold, no NaN comes
 * out, and a row of a batch is what the same call on constants gives. */
#include "tests/unit/fn_kit.h"

#define ROWS 130

/* A constant list of the kind that stands before it. */
static void list_arg(struct ctx *cx, enum kind item, struct arg *out)
{
    struct column *c = random_column(cx, item, 5, false, false, 3);
    *out = (struct arg){.value = {.type = dtype_list(DTYPE(item)), .u.list = c}};
}

static void drop_list(struct arg *a)
{
    if (!a->col && a->value.type.kind == KIND_LIST) column_unref(a->value.u.list);
    column_unref(a->col);
}

/* Argument i of an overload; as_const makes the second and later ones constants. */
static bool make_arg(struct ctx *cx, const struct fn_overload *o, int i, bool as_const, bool wild,
                     struct arg *out)
{
    enum kind k = o->args[o->n_args < 0 ? 0 : i];
    *out = (struct arg){0};
    if (k == KIND_NULL || k == KIND_CAT || k == KIND_STRUCT) return false;
    if (k == KIND_LIST) {
        if (i == 0) return false;
        list_arg(cx, o->args[0] == KIND_CAT ? KIND_STR : o->args[0], out);
        return true;
    }
    struct column *c = random_column(cx, k, ROWS, !as_const, wild, 40 + (uint64_t)i);
    if (!as_const) {
        out->col = c;
        return true;
    }
    struct scalar s = column_scalar(c, 1 + i);
    if (k == KIND_STR) s.u.s = arena_str(cx->arena, s.u.s);
    out->value = s;
    column_unref(c);
    return true;
}

static bool same(struct scalar a, struct scalar b)
{
    if (a.is_null || b.is_null) return a.is_null && b.is_null;
    if (a.type.kind == KIND_NUM) return memcmp(&a.u.f, &b.u.f, 8) == 0;
    if (a.type.kind == KIND_LIST) return a.u.list->n == b.u.list->n;
    return scalar_cmp(&a, &b) == 0;
}

static void check_row(struct ctx *cx, const struct fn_desc *fn, const struct arg *args, int n,
                      int64_t row, struct scalar got)
{
    struct scalar values[MAX_ARGS], want;
    bool any_null = false;
    for (int i = 0; i < n; i++) {
        values[i] = args[i].col ? column_scalar(args[i].col, row) : args[i].value;
        any_null = any_null || values[i].is_null;
    }
    bool has_open_ends = strcmp(fn->name, "in_range") == 0 || strcmp(fn->name, "slice") == 0;
    if (has_open_ends && any_null) return; /* a null constant is an open end, a null row is not */
    if (fn->nulls == FN_ANY_NULL && any_null) assert_true(got.is_null);
    if (!got.is_null && got.type.kind == KIND_NUM) assert_true(got.u.f == got.u.f);
    if (fn_eval_scalar(cx, cx->arena, fn, values, n, NO_SPAN, &want) != RC_OK)
        fail_msg("%s: row %d fails alone: %s", fn->name, (int)row, cx->err->message);
    if (!same(got, want)) fail_msg("%s: row %d is another value alone", fn->name, (int)row);
}

static void check_overload(const struct fn_desc *fn, const struct fn_overload *o, bool as_const,
                           bool wild)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct arg args[MAX_ARGS];
    int n = o->n_args < 0 ? 3 : o->n_args, made = 0;
    struct column *out;
    while (made < n && make_arg(cx, o, made, as_const && made > 0, wild, &args[made]))
        made++;
    if (made == n && run_fn(cx, fn->name, args, n, ROWS, NULL, &out) == RC_OK) {
        assert_int_equal(out->n, ROWS);
        for (int64_t i = 0; i < ROWS; i++) {
            struct scalar got = column_scalar(out, i);
            check_row(cx, fn, args, n, i, got);
            if (got.type.kind == KIND_LIST && !got.is_null) column_unref(got.u.list);
        }
        column_unref(out);
    }
    err_clear(cx->err);
    for (int i = 0; i < made; i++)
        drop_list(&args[i]);
    unit_end(&u);
}

TEST(every_overload_holds_its_rules)
{
    int n;
    const struct fn_desc *const *fns = fn_all(&n);
    for (int f = 0; f < n; f++)
        for (int k = 0; k < fns[f]->n_overloads; k++)
            for (int shape = 0; shape < 4; shape++)
                if (fns[f]->overloads[k].kernel)
                    check_overload(fns[f], &fns[f]->overloads[k], shape & 1, shape & 2);
}

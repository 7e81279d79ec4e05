/* Each operator's kernels against a naive twin, row by row: vectors and constants on either side,
 * nulls, infinities, zeros, lengths around the 64-row words. */
#include "tests/unit/fn_kit.h"

static const int64_t lengths[] = {0, 1, 63, 64, 65, 200, 2048};
#define N_LENGTHS (int)(sizeof lengths / sizeof *lengths)

/* What a naive twin makes of two rows: the value, null, or an error. */
enum twin { TWIN_VALUE, TWIN_NULL, TWIN_ERROR };
typedef enum twin (*twin_fn)(const char *op, const struct scalar *a, const struct scalar *b,
                             struct scalar *out);

static bool same(const struct scalar *a, const struct scalar *b)
{
    if (a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    switch (a->type.kind) {
    case KIND_BOOL: return a->u.b == b->u.b;
    case KIND_NUM: return memcmp(&a->u.f, &b->u.f, 8) == 0;
    case KIND_STR: return str_eq(a->u.s, b->u.s);
    default: return a->u.i == b->u.i;
    }
}

static void show_row(const char *op, const struct scalar *a, const struct scalar *b,
                     const struct scalar *want, const struct scalar *got)
{
    struct strbuf t = {0};
    scalar_text(&t, a, true);
    strbuf_printf(&t, " %s ", op);
    scalar_text(&t, b, true);
    strbuf_addz(&t, ": want ");
    scalar_text(&t, want, true);
    strbuf_addz(&t, " got ");
    scalar_text(&t, got, true);
    fail_msg("%s", t.p);
}

static struct scalar arg_row(const struct arg *a, int64_t i)
{
    return a->col ? column_scalar(a->col, i) : a->value;
}

static void check_pair(struct ctx *cx, const char *op, const struct arg *args, int64_t n,
                       twin_fn twin)
{
    struct column *out = NULL;
    bool want_error = false;
    struct scalar a, b, want;
    for (int64_t i = 0; i < n; i++) {
        a = arg_row(&args[0], i);
        b = arg_row(&args[1], i);
        want_error = want_error || twin(op, &a, &b, &want) == TWIN_ERROR;
    }
    enum rc_t res = run_fn(cx, op, args, 2, n, NULL, &out);
    if (want_error != (res != RC_OK))
        fail_msg("%s: error %d, expected %d: %s", op, res, want_error, cx->err->message);
    err_clear(cx->err);
    if (res != RC_OK) return;
    assert_int_equal(out->n, n);
    for (int64_t i = 0; i < n; i++) {
        a = arg_row(&args[0], i);
        b = arg_row(&args[1], i);
        want = (struct scalar){.type = out->type};
        want.is_null = twin(op, &a, &b, &want) == TWIN_NULL;
        want.type = out->type;
        struct scalar got = column_scalar(out, i);
        if (!same(&want, &got)) show_row(op, &a, &b, &want, &got);
    }
    column_unref(out);
}

/* All shapes: (vec, vec), (vec, const), (const, vec), (const, const), with and without nulls. */
static void check_op(const char *op, enum kind ka, enum kind kb, bool wild, twin_fn twin)
{
    for (int k = 0; k < N_LENGTHS; k++) {
        for (int nulls = 0; nulls < 2; nulls++) {
            struct unit u;
            struct ctx *cx = unit_begin(&u, 1);
            int64_t n = lengths[k];
            struct column *a = random_column(cx, ka, n, nulls, wild, 11 + (uint64_t)k);
            struct column *b = random_column(cx, kb, n, nulls, wild, 77 + (uint64_t)k);
            struct column *ca = random_column(cx, ka, 8, false, wild, 5);
            struct column *cb = random_column(cx, kb, 8, false, wild, 6);
            check_pair(cx, op, (struct arg[]){{.col = a}, {.col = b}}, n, twin);
            for (int64_t c = 0; c < 8; c++) {
                struct arg x = {.value = column_scalar(ca, c)}, y = {.value = column_scalar(cb, c)};
                check_pair(cx, op, (struct arg[]){{.col = a}, y}, n, twin);
                check_pair(cx, op, (struct arg[]){x, {.col = b}}, n, twin);
                check_pair(cx, op, (struct arg[]){x, y}, n, twin);
            }
            column_unref(a);
            column_unref(b);
            column_unref(ca);
            column_unref(cb);
            unit_end(&u);
        }
    }
}

/* ---- int ---- */
static enum twin int_twin(const char *op, const struct scalar *a, const struct scalar *b,
                          struct scalar *out)
{
    if (a->is_null || b->is_null) return TWIN_NULL;
    __extension__ typedef __int128 wide;
    wide x = a->u.i, y = b->u.i, r;
    if (op[0] == '+')
        r = x + y;
    else if (op[0] == '-')
        r = x - y;
    else if (op[0] == '*')
        r = x * y;
    else if (y == 0)
        return TWIN_NULL;
    else {
        wide q = x / y, m = x % y;
        if (m != 0 && (m < 0) != (y < 0)) {
            q -= 1;
            m += y;
        }
        r = op[0] == '/' ? q : m;
    }
    out->u.i = (int64_t)r;
    return r != (wide)(int64_t)r ? TWIN_ERROR : TWIN_VALUE;
}

TEST(int_arithmetic)
{
    const char *ops[] = {"+", "-", "*", "//", "%"};
    for (int i = 0; i < 5; i++) {
        check_op(ops[i], KIND_INT, KIND_INT, false, int_twin);
        check_op(ops[i], KIND_INT, KIND_INT, true, int_twin);
    }
}

/* Large factors whose product fits take the exact path. */
TEST(int_products_near_the_limit)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct builder b;
    struct column *c, *out;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int64_t i = 0; i < 100; i++)
        assert_ok(cx, builder_i64(cx, &b, INT64_C(3000000000) - i));
    assert_ok(cx, builder_null(cx, &b));
    assert_ok(cx, builder_finish(cx, &b, &c));
    struct arg args[2] = {{.col = c}, {.value = VAL_INT(3000000000)}};
    assert_ok(cx, run_fn(cx, "*", args, 2, 101, NULL, &out));
    for (int64_t i = 0; i < 100; i++)
        assert_int_equal(column_scalar(out, i).u.i, (INT64_C(3000000000) - i) * 3000000000);
    assert_true(column_scalar(out, 100).is_null);
    column_unref(out);
    args[1].value = VAL_INT(INT64_C(4000000000));
    assert_int_equal(run_fn(cx, "*", args, 2, 101, NULL, &out), RC_ERR);
    assert_string_equal(cx->err->message, "3000000000 * 4000000000 does not fit int (row 1)");
    column_unref(c);
    unit_end(&u);
}

/* ---- num ---- */
static double python_mod(double x, double y)
{
    double m = fmod(x, y);
    if (m == 0) return copysign(0, y);
    return (m < 0) != (y < 0) ? m + y : m;
}
static double python_floor_div(double x, double y)
{
    if (y == 0) return x / y;
    double m = fmod(x, y), q = (x - m) / y;
    if (m != 0 && (m < 0) != (y < 0)) q -= 1;
    if (q == 0) return copysign(0, x / y);
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}
static enum twin num_twin(const char *op, const struct scalar *a, const struct scalar *b,
                          struct scalar *out)
{
    if (a->is_null || b->is_null) return TWIN_NULL;
    double x = a->u.f, y = b->u.f, r = 0;
    if (strcmp(op, "//") == 0)
        r = python_floor_div(x, y);
    else if (op[0] == '+')
        r = x + y;
    else if (op[0] == '-')
        r = x - y;
    else if (op[0] == '*')
        r = x * y;
    else if (op[0] == '/')
        r = x / y;
    else if (op[0] == '%')
        r = python_mod(x, y);
    else if (op[0] == '^')
        r = pow(x, y);
    else if (strcmp(op, "least") == 0)
        r = y < x ? y : x;
    else if (strcmp(op, "greatest") == 0)
        r = y > x ? y : x;
    else if (strcmp(op, "atan2") == 0)
        r = atan2(x, y);
    out->u.f = r;
    return r != r ? TWIN_NULL : TWIN_VALUE;
}

TEST(num_arithmetic)
{
    const char *ops[] = {"+", "-", "*", "/", "//", "%", "^", "least", "greatest", "atan2"};
    for (int i = 0; i < 10; i++) {
        check_op(ops[i], KIND_NUM, KIND_NUM, false, num_twin);
        check_op(ops[i], KIND_NUM, KIND_NUM, true, num_twin);
    }
}

TEST(bad_arithmetic_is_counted)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *a = random_column(cx, KIND_NUM, 1000, true, true, 3), *out;
    struct column *b = random_column(cx, KIND_NUM, 1000, true, true, 4);
    struct fn_note note;
    assert_ok(cx, run_fn(cx, "/", (struct arg[]){{.col = a}, {.col = b}}, 2, 1000, &note, &out));
    int64_t bad = 0;
    for (int64_t i = 0; i < 1000; i++) {
        struct scalar x = column_scalar(a, i), y = column_scalar(b, i);
        if (x.is_null || y.is_null) continue;
        double r = x.u.f / y.u.f;
        bad += r != r || (isinf(r) && isfinite(x.u.f) && isfinite(y.u.f));
    }
    assert_true(bad > 10);
    assert_int_equal(note.n, bad);
    column_unref(a);
    column_unref(b);
    column_unref(out);
    unit_end(&u);
}

/* ---- comparisons ---- */
static enum twin compare_twin(const char *op, const struct scalar *a, const struct scalar *b,
                              struct scalar *out)
{
    bool both = a->is_null && b->is_null, any = a->is_null || b->is_null;
    int c = any ? 0 : scalar_cmp(a, b);
    if (strcmp(op, "==") == 0)
        out->u.b = any ? both : c == 0;
    else if (strcmp(op, "!=") == 0)
        out->u.b = any ? !both : c != 0;
    else if (strcmp(op, "<") == 0)
        out->u.b = !any && c < 0;
    else if (strcmp(op, "<=") == 0)
        out->u.b = any ? both : c <= 0;
    else if (strcmp(op, ">") == 0)
        out->u.b = !any && c > 0;
    else
        out->u.b = any ? both : c >= 0;
    return TWIN_VALUE;
}

TEST(comparisons)
{
    const char *ops[] = {"==", "!=", "<", "<=", ">", ">="};
    enum kind kinds[] = {KIND_INT,  KIND_NUM,      KIND_STR,     KIND_BOOL,
                         KIND_DATE, KIND_DATETIME, KIND_DURATION};
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 7; k++)
            check_op(ops[i], kinds[k], kinds[k], true, compare_twin);
}

static enum twin logic_twin(const char *op, const struct scalar *a, const struct scalar *b,
                            struct scalar *out)
{
    bool x = !a->is_null && a->u.b, y = !b->is_null && b->u.b;
    out->u.b = strcmp(op, "and") == 0 ? x && y : x || y;
    return TWIN_VALUE;
}

TEST(logic)
{
    check_op("and", KIND_BOOL, KIND_BOOL, false, logic_twin);
    check_op("or", KIND_BOOL, KIND_BOOL, false, logic_twin);
}

/* ---- choosing ---- */
static enum twin choose_twin(const char *op, const struct scalar *a, const struct scalar *b,
                             struct scalar *out)
{
    bool equal = !a->is_null && !b->is_null && scalar_cmp(a, b) == 0;
    *out = strcmp(op, "??") == 0 && a->is_null ? *b : *a;
    if (strcmp(op, "null_if") == 0 && equal) return TWIN_NULL;
    return out->is_null ? TWIN_NULL : TWIN_VALUE;
}

TEST(coalesce_and_null_if)
{
    enum kind kinds[] = {KIND_INT,  KIND_NUM,      KIND_STR,     KIND_BOOL,
                         KIND_DATE, KIND_DATETIME, KIND_DURATION};
    for (int k = 0; k < 7; k++) {
        check_op("??", kinds[k], kinds[k], false, choose_twin);
        check_op("null_if", kinds[k], kinds[k], false, choose_twin);
    }
}

TEST(if_takes_a_side)
{
    enum kind kinds[] = {KIND_INT, KIND_NUM, KIND_STR, KIND_BOOL, KIND_DATE};
    for (int k = 0; k < 5; k++) {
        struct unit u;
        struct ctx *cx = unit_begin(&u, 1);
        struct column *c = random_column(cx, KIND_BOOL, 300, true, false, 1), *out;
        struct column *a = random_column(cx, kinds[k], 300, true, true, 2);
        struct column *b = random_column(cx, kinds[k], 300, true, true, 3);
        struct arg args[3] = {{.col = c}, {.col = a}, {.col = b}};
        for (int shape = 0; shape < 3; shape++) {
            if (shape == 1) args[1] = (struct arg){.value = VAL_NULL};
            if (shape == 2) args[2] = (struct arg){.value = column_scalar(a, 0)};
            assert_ok(cx, run_fn(cx, "if", args, 3, 300, NULL, &out));
            for (int64_t i = 0; i < 300; i++) {
                struct scalar test = column_scalar(c, i), got = column_scalar(out, i);
                struct scalar want = arg_row(!test.is_null && test.u.b ? &args[1] : &args[2], i);
                want.type = got.type;
                assert_true(same(&want, &got));
            }
            column_unref(out);
        }
        column_unref(a);
        column_unref(b);
        column_unref(c);
        unit_end(&u);
    }
}

TEST(clamp_and_least_of_many)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *x = random_column(cx, KIND_NUM, 300, true, true, 2), *out;
    struct column *y = random_column(cx, KIND_NUM, 300, true, true, 3);
    struct arg args[4] = {{.col = x}, {.value = VAL_NUM(-10)}, {.value = VAL_NUM(50)}, {.col = y}};
    assert_ok(cx, run_fn(cx, "clamp", args, 3, 300, NULL, &out));
    for (int64_t i = 0; i < 300; i++) {
        struct scalar a = column_scalar(x, i), r = column_scalar(out, i);
        assert_int_equal(a.is_null, r.is_null);
        if (!a.is_null) assert_true(r.u.f == fmin(fmax(a.u.f, -10), 50));
    }
    column_unref(out);
    assert_ok(cx, run_fn(cx, "least", args, 4, 300, NULL, &out));
    for (int64_t i = 0; i < 300; i++) {
        struct scalar a = column_scalar(x, i), b = column_scalar(y, i), r = column_scalar(out, i);
        assert_int_equal(r.is_null, a.is_null || b.is_null);
        if (!r.is_null) assert_true(r.u.f == fmin(fmin(a.u.f, b.u.f), -10));
    }
    column_unref(out);
    column_unref(x);
    column_unref(y);
    unit_end(&u);
}

/* ---- in ---- */
static void drop_column(void *c)
{
    column_unref(c);
}
static struct scalar list_of(struct ctx *cx, struct column *take_c)
{
    arena_on_free(cx->arena, drop_column, take_c);
    const struct column *c = take_c;
    return (struct scalar){.type = dtype_list(c->type), .u.list = c};
}

TEST(in_lists)
{
    enum kind kinds[] = {KIND_INT,  KIND_NUM,      KIND_STR,     KIND_BOOL,
                         KIND_DATE, KIND_DATETIME, KIND_DURATION};
    int64_t sizes[] = {0, 1, 3, 6, 7, 200};
    for (int k = 0; k < 7; k++) {
        for (int s = 0; s < 12; s++) {
            struct unit u;
            struct ctx *cx = unit_begin(&u, 1);
            bool nulls = s >= 6;
            struct column *x = random_column(cx, kinds[k], 300, true, true, 9), *out;
            struct column *list = random_column(cx, kinds[k], sizes[s % 6], nulls, true, 9);
            struct arg args[2] = {{.col = x}, {.value = list_of(cx, list)}};
            assert_ok(cx, run_fn(cx, "in", args, 2, 300, NULL, &out));
            for (int64_t i = 0; i < 300; i++) {
                struct scalar a = column_scalar(x, i), r = column_scalar(out, i);
                bool want = false;
                for (int64_t j = 0; j < list->n; j++) {
                    struct scalar b = column_scalar(list, j);
                    bool hit =
                        a.is_null || b.is_null ? a.is_null && b.is_null : scalar_cmp(&a, &b) == 0;
                    want = want || hit;
                }
                assert_false(r.is_null);
                assert_int_equal(r.u.b, want);
            }
            column_unref(out);
            column_unref(x);
            unit_end(&u);
        }
    }
}

TEST(in_mixes_int_and_num)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct builder b;
    struct column *list;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    assert_ok(cx, builder_f64(cx, &b, 1.5));
    assert_ok(cx, builder_f64(cx, &b, 2.0));
    assert_ok(cx, builder_finish(cx, &b, &list));
    struct scalar l = list_of(cx, list), s;
    assert_string_equal(SHOW(cx, "in", VAL_INT(2), l), "true");
    assert_string_equal(SHOW(cx, "in", VAL_INT(1), l), "false");
    assert_err(cx, E207, CALL(cx, &s, "in", VAL_STR("2"), l));
    unit_end(&u);
}

TEST(in_ranges)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *x = random_column(cx, KIND_INT, 300, true, false, 9), *out;
    for (int shape = 0; shape < 8; shape++) {
        bool lo = shape & 1, hi = shape & 2, half = shape & 4;
        struct arg args[4] = {{.col = x},
                              {.value = lo ? VAL_INT(-5) : VAL_NULL},
                              {.value = hi ? VAL_INT(7) : VAL_NULL},
                              {.value = VAL_BOOL(half)}};
        assert_ok(cx, run_fn(cx, "in_range", args, 4, 300, NULL, &out));
        for (int64_t i = 0; i < 300; i++) {
            struct scalar a = column_scalar(x, i), r = column_scalar(out, i);
            bool want =
                !a.is_null && (!lo || a.u.i >= -5) && (!hi || (half ? a.u.i < 7 : a.u.i <= 7));
            assert_false(r.is_null);
            assert_int_equal(r.u.b, want);
        }
        column_unref(out);
    }
    column_unref(x);
    unit_end(&u);
}

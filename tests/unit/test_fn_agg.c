/* Aggregates: against pandas and numpy (tests/oracle/fn_numbers.py); split + combine = whole;
 * grouped = each group alone; windows against pandas. */
#include "tests/unit/fn_oracle.h"

static const enum kind all_kinds[] = {KIND_INT,  KIND_NUM,      KIND_STR,     KIND_BOOL,
                                      KIND_DATE, KIND_DATETIME, KIND_DURATION};

static int data_column(struct str name)
{
    return name.n ? (int)(strchr("xyw z", name.p[0]) - "xyw z") - (name.p[0] == 'z') : -1;
}

TEST(aggregates_as_pandas)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct oracle o;
    struct column *cols[4];
    for (int k = 0; k < 4; k++)
        cols[k] = oracle_column(cx, "fn_data.tsv", k);
    oracle_open(&o, "fn_agg.tsv");
    while (oracle_next(&o)) {
        const struct agg_desc *agg = agg_find(o.field[0]);
        assert_non_null(agg);
        bool is_quantile = str_eqz(o.field[0], "quantile");
        const struct column *args[2] = {cols[data_column(o.field[1])], NULL};
        struct scalar consts[2] = {{.is_null = true}, VAL_NUM(field_num(o.field[2]))}, s;
        bool is_const[2] = {false, is_quantile};
        int n = o.field[2].n ? 2 : 1;
        if (n == 2 && !is_quantile) args[1] = cols[data_column(o.field[2])];
        assert_ok(cx, agg_eval_column(cx, cx->arena, agg, args, consts, is_const, n, NO_SPAN, &s));
        assert_false(s.is_null);
        double want = field_num(o.field[3]), got = s.type.kind == KIND_NUM ? s.u.f : (double)s.u.i;
        if (!(fabs(got - want) <= 1e-10 * fabs(want) + 1e-13))
            fail_msg("%.*s(%.*s, %.*s) is %.17g, pandas %.17g", STR_FMT(o.field[0]),
                     STR_FMT(o.field[1]), STR_FMT(o.field[2]), got, want);
    }
    for (int k = 0; k < 4; k++)
        column_unref(cols[k]);
    unit_end(&u);
}

static struct scalar agg_of(struct ctx *cx, const char *name, const struct column *a,
                            const struct column *b)
{
    const struct column *args[2] = {a, b};
    struct scalar s;
    assert_ok(cx, agg_eval_column(cx, cx->arena, agg_find(str_of(name)), args, NULL, NULL,
                                  b ? 2 : 1, NO_SPAN, &s));
    return s;
}

TEST(aggregates_of_nothing)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    const char *null_ones[] = {"mean", "min",  "max",   "median", "mode",    "sd",
                               "var",  "skew", "first", "last",   "kurtosis"};
    struct column *none, *nulls;
    assert_ok(cx, column_nulls(cx, DTYPE(KIND_NUM), 0, &none));
    assert_ok(cx, column_nulls(cx, DTYPE(KIND_NUM), 100, &nulls));
    for (int k = 0; k < 11; k++) {
        assert_true(agg_of(cx, null_ones[k], none, NULL).is_null);
        assert_true(agg_of(cx, null_ones[k], nulls, NULL).is_null);
    }
    assert_true(agg_of(cx, "sum", nulls, NULL).u.f == 0);
    assert_int_equal(agg_of(cx, "count", nulls, NULL).u.i, 0);
    assert_int_equal(agg_of(cx, "n_distinct", nulls, NULL).u.i, 0);
    assert_true(agg_of(cx, "corr", nulls, nulls).is_null);
    column_unref(none);
    column_unref(nulls);
    struct column *one = random_column(cx, KIND_NUM, 1, false, false, 1);
    assert_true(agg_of(cx, "sd", one, NULL).is_null);
    assert_true(agg_of(cx, "corr", one, one).is_null);
    column_unref(one);
    unit_end(&u);
}

static struct column *ints(struct ctx *cx, const int64_t *x, int64_t n)
{
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    for (int64_t i = 0; i < n; i++)
        assert_ok(cx, builder_i64(cx, &b, x[i]));
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

TEST(int_sums_overflow_only_at_the_end)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar s;
    int64_t back[] = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN + 5};
    struct column *c = ints(cx, back, 4);
    assert_int_equal(agg_of(cx, "sum", c, NULL).u.i, 3);
    assert_true(agg_of(cx, "mean", c, NULL).u.f == 0.75);
    column_unref(c);
    const struct column *over = ints(cx, back, 2);
    assert_err(
        cx, E312,
        agg_eval_column(cx, cx->arena, agg_find(STR("sum")), &over, NULL, NULL, 1, NO_SPAN, &s));
    assert_true(agg_of(cx, "mean", over, NULL).u.f == 0x1p63);
    column_unref(over);
    struct column *b = random_column(cx, KIND_BOOL, 500, true, false, 4);
    int64_t n_true = 0, n = 0;
    for (int64_t i = 0; i < 500; i++) {
        struct scalar x = column_scalar(b, i);
        n += !x.is_null;
        n_true += !x.is_null && x.u.b;
    }
    assert_int_equal(agg_of(cx, "sum", b, NULL).u.i, n_true);
    assert_close(agg_of(cx, "mean", b, NULL).u.f, (double)n_true / (double)n, 1e-15, 0);
    column_unref(b);
    unit_end(&u);
}

TEST(sums_of_num_are_nearly_exact)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    long double exact = 0;
    for (int64_t i = 0; i < 100000; i++) {
        double x = rng_normal(1, 2, (uint64_t)i) * pow(10, (double)(i % 13));
        exact += x;
        assert_ok(cx, builder_f64(cx, &b, x));
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    assert_close(agg_of(cx, "sum", c, NULL).u.f, (double)exact, 1e-13, 0);
    column_unref(c);
    /* a constant has no variance, whatever its last bits */
    struct scalar tenth = VAL_NUM(0.1);
    assert_ok(cx, column_fill(cx, &tenth, 5000, &c));
    assert_true(agg_of(cx, "var", c, NULL).u.f == 0);
    assert_true(agg_of(cx, "skew", c, NULL).u.f == 0);
    assert_true(agg_of(cx, "corr", c, c).is_null);
    column_unref(c);
    unit_end(&u);
}

/* ---- split + combine = whole, grouped = alone ---- */
struct states {
    struct ctx *cx;
    struct agg_eval e;
    const struct agg_overload *over;
    struct dtype types[2];
    size_t size;
};

static void states_begin(struct ctx *cx, struct states *st, const char *name,
                         const struct column *const *cols, int n)
{
    *st = (struct states){.cx = cx};
    for (int i = 0; i < n; i++)
        st->types[i] = cols[i]->type;
    static const bool no_const[2] = {false, false};
    struct dtype type;
    assert_ok(cx, agg_resolve(cx, agg_find(str_of(name)), st->types, n, NO_SPAN, &st->over, &type));
    for (int i = 0; i < n; i++)
        assert_int_equal(st->over->args[i], st->types[i].kind);
    st->e = (struct agg_eval){.cx = cx,
                              .arena = cx->arena,
                              .n_args = n,
                              .type = type,
                              .arg_types = st->types,
                              .is_const = no_const};
    st->size = (st->over->state_size + 15) / 16 * 16;
}

static char *states_new(struct states *st, int64_t n)
{
    return arena_zero(st->cx->arena, st->size * (size_t)n + 16);
}

static void states_update(struct states *st, char *base, const uint32_t *groups,
                          const struct column *const *cols, int64_t from, int64_t to)
{
    struct vec args[2];
    for (int64_t at = from; at < to; at += 192) { /* batches that are no power of two */
        int64_t m = to - at < 192 ? to - at : 192;
        for (int i = 0; i < st->e.n_args; i++)
            args[i] = column_view(cols[i], at, m);
        assert_ok(st->cx, st->over->update(&st->e, base, groups ? st->size : 0,
                                           groups ? groups + at : NULL, m, args));
    }
}

static struct column *states_final(struct states *st, char *base, int64_t n)
{
    struct builder b;
    struct column *c;
    enum phys phys = kind_phys(st->e.type.kind);
    uint64_t *valid = arena_zero(st->cx->arena, BITMAP_WORDS(n) * 8 + 8);
    struct vec v = {.phys = phys, .valid = valid};
    v.data = arena_zero(st->cx->arena, (size_t)(n + 64) * (phys_width(phys) + 1));
    bitmap_fill(valid, n, true);
    assert_ok(st->cx, st->over->final(&st->e, base, st->size, n, &v));
    builder_init(&b, st->e.type, phys);
    assert_ok(st->cx, builder_append(st->cx, &b, &v, NULL, n));
    assert_ok(st->cx, builder_finish(st->cx, &b, &c));
    return c;
}

static void assert_same(const char *what, struct scalar a, struct scalar b)
{
    if (a.is_null != b.is_null) fail_msg("%s: null or not", what);
    if (a.is_null) return;
    bool same = a.type.kind == KIND_NUM
                    ? a.u.f == b.u.f || fabs(a.u.f - b.u.f) <= 1e-9 * fabs(b.u.f) + 1e-9
                    : scalar_cmp(&a, &b) == 0;
    if (!same) fail_msg("%s: %.17g is not %.17g", what, a.u.f, b.u.f);
}

static void check_splits(struct ctx *cx, const char *name, const struct column *const *cols, int n)
{
    struct states st;
    int64_t rows = cols[0]->n;
    states_begin(cx, &st, name, cols, n);
    char *whole = states_new(&st, 1);
    states_update(&st, whole, NULL, cols, 0, rows);
    struct column *want = states_final(&st, whole, 1), *got;
    char *parts[3], *total = states_new(&st, 1); /* an empty one first */
    int64_t cuts[4] = {0, 192, 960, rows};
    for (int k = 0; k < 3; k++) {
        parts[k] = states_new(&st, 1);
        states_update(&st, parts[k], NULL, cols, cuts[k], cuts[k + 1]);
        assert_ok(cx, st.over->combine(&st.e, total, parts[k]));
    }
    got = states_final(&st, total, 1);
    assert_same(name, column_scalar(got, 0), column_scalar(want, 0));
    column_unref(got);
    column_unref(want);
}

#define GROUPS 7
static void check_groups(struct ctx *cx, const char *name, const struct column *const *cols, int n)
{
    struct states st;
    int64_t rows = cols[0]->n, picked[2048];
    uint32_t groups[2048];
    assert_true(rows <= 2048);
    for (int64_t i = 0; i < rows; i++)
        groups[i] =
            (uint32_t)(rng_u64(1, 2, (uint64_t)i) % (GROUPS - 1)); /* the last stays empty */
    states_begin(cx, &st, name, cols, n);
    char *base = states_new(&st, GROUPS);
    states_update(&st, base, groups, cols, 0, rows);
    struct column *got = states_final(&st, base, GROUPS);
    for (uint32_t g = 0; g < GROUPS; g++) {
        int64_t m = 0;
        for (int64_t i = 0; i < rows; i++)
            if (groups[i] == g) picked[m++] = i;
        struct column *alone[2] = {NULL, NULL};
        for (int i = 0; i < n; i++)
            assert_ok(cx, column_gather(cx, cols[i], picked, m, &alone[i]));
        assert_same(name, column_scalar(got, g), agg_of(cx, name, alone[0], alone[1]));
        column_unref(alone[0]);
        column_unref(alone[1]);
    }
    column_unref(got);
}

static void check_laws(const char *name, enum kind a, enum kind b, bool nulls)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct column *x = random_column(cx, a, 2000, nulls, false, 21);
    struct column *y = b ? random_column(cx, b, 2000, nulls, false, 22) : NULL;
    const struct column *cols[2] = {x, y};
    check_splits(cx, name, cols, b ? 2 : 1);
    check_groups(cx, name, cols, b ? 2 : 1);
    column_unref(x);
    column_unref(y);
    unit_end(&u);
}

TEST(laws_of_one_argument)
{
    const char *any_kind[] = {"count", "min", "max", "first", "last"};
    const char *num_only[] = {"sum", "mean", "var", "sd", "skew", "kurtosis"};
    for (int nulls = 0; nulls < 2; nulls++) {
        for (int k = 0; k < 7; k++)
            for (int f = 0; f < 5; f++)
                check_laws(any_kind[f], all_kinds[k], KIND_NULL, nulls);
        for (int f = 0; f < 6; f++)
            check_laws(num_only[f], KIND_NUM, KIND_NULL, nulls);
        check_laws("sum", KIND_INT, KIND_NULL, nulls);
        check_laws("mean", KIND_INT, KIND_NULL, nulls);
        check_laws("sum", KIND_BOOL, KIND_NULL, nulls);
        check_laws("sum", KIND_DURATION, KIND_NULL, nulls);
        check_laws("mean", KIND_DURATION, KIND_NULL, nulls);
        check_laws("any", KIND_BOOL, KIND_NULL, nulls);
        check_laws("all", KIND_BOOL, KIND_NULL, nulls);
    }
}

TEST(laws_of_two_arguments)
{
    const char *pairs[] = {"corr", "cov", "wmean"};
    for (int nulls = 0; nulls < 2; nulls++) {
        for (int f = 0; f < 3; f++)
            check_laws(pairs[f], KIND_NUM, KIND_NUM, nulls);
        for (int k = 0; k < 7; k++) {
            check_laws("arg_max", all_kinds[k], KIND_NUM, nulls);
            check_laws("arg_min", all_kinds[k], KIND_INT, nulls);
            check_laws("arg_max", all_kinds[k], KIND_DATE, nulls);
        }
    }
}

TEST(whole_aggregates_against_naive)
{
    for (int k = 0; k < 7; k++) {
        struct unit u;
        struct ctx *cx = unit_begin(&u, 1);
        struct column *c = random_column(cx, all_kinds[k], 400, true, true, 31);
        int64_t distinct = 0, best_count = 0;
        struct scalar best = {.is_null = true};
        for (int64_t i = 0; i < 400; i++) {
            struct scalar a = column_scalar(c, i);
            bool seen = false;
            int64_t count = 0;
            for (int64_t j = 0; j < 400; j++) {
                struct scalar b = column_scalar(c, j);
                bool hit = !a.is_null && !b.is_null && scalar_cmp(&a, &b) == 0;
                seen = seen || (hit && j < i);
                count += hit;
            }
            if (a.is_null) continue;
            distinct += !seen;
            bool better = count > best_count || (count == best_count && scalar_cmp(&a, &best) < 0);
            if (better) {
                best = a;
                best_count = count;
            }
        }
        assert_int_equal(agg_of(cx, "n_distinct", c, NULL).u.i, distinct);
        assert_same("mode", agg_of(cx, "mode", c, NULL), best);
        column_unref(c);
        unit_end(&u);
    }
}

TEST(selection_finds_every_order_statistic)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    /* runs of equal values, sorted, reversed: what quick-select is bad at when done wrongly */
    for (int shape = 0; shape < 4; shape++) {
        int64_t x[2001];
        for (int64_t i = 0; i < 2001; i++)
            x[i] = shape == 0 ? i : shape == 1 ? 2000 - i : shape == 2 ? i % 3 : (i * 7919) % 2001;
        struct column *c = ints(cx, x, 2001);
        const struct column *args[2] = {c, NULL};
        for (int k = 0; k <= 2000; k += 125) {
            struct scalar consts[2] = {{.is_null = true}, VAL_NUM(k / 2000.0)}, s;
            bool is_const[2] = {false, true};
            assert_ok(cx, agg_eval_column(cx, cx->arena, agg_find(STR("quantile")), args, consts,
                                          is_const, 2, NO_SPAN, &s));
            int64_t want = shape == 2 ? (k < 667 ? 0 : k < 1334 ? 1 : 2) : k;
            assert_close(s.u.f, (double)want, 1e-12, 0);
        }
        column_unref(c);
    }
    unit_end(&u);
}

TEST(join_str_joins)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct builder b;
    struct column *c;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    assert_ok(cx, builder_str(cx, &b, STR("a")));
    assert_ok(cx, builder_null(cx, &b));
    assert_ok(cx, builder_str(cx, &b, STR("a text of more than twelve")));
    assert_ok(cx, builder_finish(cx, &b, &c));
    assert_true(str_eqz(agg_of(cx, "join_str", c, NULL).u.s, "a, a text of more than twelve"));
    column_unref(c);
    unit_end(&u);
}

/* ---- windows ---- */
static struct column *run_win(struct ctx *cx, const char *name, struct column *c,
                              const struct scalar *consts, int n_args, const int64_t *order)
{
    const struct win_desc *w = win_find(str_of(name));
    struct dtype types[4], type;
    bool is_const[4] = {false, true, true, true};
    const struct column *args[4] = {c, NULL, NULL, NULL};
    int64_t n = c->n;
    types[0] = c->type;
    for (int i = 1; i < n_args; i++)
        types[i] = consts[i].type;
    assert_ok(cx, w->type(cx, types, n_args, NO_SPAN, &type));
    struct agg_eval e = {.cx = cx,
                         .arena = cx->arena,
                         .n_args = n_args,
                         .type = type,
                         .arg_types = types,
                         .consts = consts,
                         .is_const = is_const};
    enum phys phys = kind_phys(type.kind);
    uint64_t *valid = arena_zero(cx->arena, BITMAP_WORDS(n) * 8 + 8);
    struct vec v = {.phys = phys, .valid = valid};
    v.data = arena_zero(cx->arena, (size_t)(n + 64) * (phys_width(phys) + 1));
    bitmap_fill(valid, n, true);
    uint8_t *peers = arena_zero(cx->arena, (size_t)n + 1);
    for (int64_t i = 1; i < n; i++) {
        struct scalar a = column_scalar(c, order[i]), b = column_scalar(c, order[i - 1]);
        peers[i] = a.is_null || b.is_null ? a.is_null && b.is_null : scalar_cmp(&a, &b) == 0;
    }
    assert_ok(cx, w->run(&e, n, order, peers, args, &v));
    struct builder b;
    struct column *out;
    builder_init(&b, type, phys);
    assert_ok(cx, builder_append(cx, &b, &v, NULL, n));
    assert_ok(cx, builder_finish(cx, &b, &out));
    return out;
}

TEST(windows_as_pandas)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct scalar none = VAL_NULL;
    const struct {
        const char *name;
        struct scalar consts[4];
        int n_args;
    } cases[] = {
        {"ewm", {none, VAL_INT(5)}, 2},
        {"ewm", {none, none, VAL_NUM(0.3)}, 3},
        {"ewm", {none, none, none, VAL_INT(2)}, 4},
        {"cumsum", {none}, 1},
        {"cumprod", {none}, 1},
        {"cummin", {none}, 1},
        {"cummax", {none}, 1},
        {"diff", {none}, 1},
        {"diff", {none, VAL_INT(3)}, 2},
        {"lag", {none}, 1},
        {"lead", {none, VAL_INT(2)}, 2},
        {"pct_change", {none}, 1},
        {"fill_down", {none}, 1},
    };
    struct column *y = oracle_column(cx, "fn_data.tsv", 1);
    int64_t *order = arena_alloc(cx->arena, 8 * (size_t)y->n);
    for (int64_t i = 0; i < y->n; i++)
        order[i] = i;
    for (int k = 0; k < 13; k++) {
        struct column *want = oracle_column(cx, "fn_window.tsv", k);
        struct column *got = run_win(cx, cases[k].name, y, cases[k].consts, cases[k].n_args, order);
        for (int64_t i = 0; i < y->n; i++) {
            struct scalar a = column_scalar(got, i), b = column_scalar(want, i);
            bool same = a.is_null == b.is_null &&
                        (a.is_null || a.u.f == b.u.f || fabs(a.u.f - b.u.f) <= 1e-9 * fabs(b.u.f));
            if (!same)
                fail_msg("%s row %lld: %.17g, pandas %.17g (null %d %d)", cases[k].name,
                         (long long)i, a.u.f, b.u.f, a.is_null, b.is_null);
        }
        column_unref(want);
        column_unref(got);
    }
    column_unref(y);
    unit_end(&u);
}

TEST(ranks)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct builder b;
    struct column *c, *r;
    builder_init(&b, DTYPE(KIND_INT), PHYS_I64);
    int64_t x[] = {30, 10, 20, 10, 20, 20};
    for (int i = 0; i < 6; i++)
        assert_ok(cx, builder_i64(cx, &b, x[i]));
    assert_ok(cx, builder_null(cx, &b));
    assert_ok(cx, builder_finish(cx, &b, &c));
    int64_t order[] = {1, 3, 2, 4, 5, 0, 6};
    int64_t want[][6] = {{6, 1, 3, 1, 3, 3}, {3, 1, 2, 1, 2, 2}, {2, 1, 1, 1, 2, 2}};
    const char *fns[] = {"rank", "dense_rank", "ntile"};
    struct scalar consts[2] = {VAL_NULL, VAL_INT(2)};
    for (int f = 0; f < 3; f++) {
        r = run_win(cx, fns[f], c, consts, f == 2 ? 2 : 1, order);
        for (int i = 0; i < 6; i++)
            assert_int_equal(column_scalar(r, i).u.i, want[f][i]);
        assert_true(column_scalar(r, 6).is_null);
        column_unref(r);
    }
    r = run_win(cx, "pct_rank", c, consts, 1, order);
    assert_close(column_scalar(r, 2).u.f, 0.4, 1e-15, 0);
    assert_true(column_scalar(r, 6).is_null);
    column_unref(r);
    r = run_win(cx, "row_number", c, consts, 0, order);
    assert_int_equal(column_scalar(r, 0).u.i, 6);
    column_unref(r);
    column_unref(c);
    unit_end(&u);
}

TEST(shifts_of_every_kind)
{
    for (int k = 0; k < 7; k++) {
        struct unit u;
        struct ctx *cx = unit_begin(&u, 1);
        struct column *c = random_column(cx, all_kinds[k], 200, true, false, 3), *r;
        int64_t order[200];
        for (int64_t i = 0; i < 200; i++)
            order[i] = 199 - i; /* backwards */
        struct scalar consts[2] = {VAL_NULL, VAL_INT(3)};
        r = run_win(cx, "lag", c, consts, 2, order);
        for (int64_t i = 0; i < 200; i++) {
            struct scalar got = column_scalar(r, i);
            struct scalar want = i + 3 < 200 ? column_scalar(c, i + 3) : VAL_NULL;
            assert_same("lag", got, want);
        }
        column_unref(r);
        column_unref(c);
        unit_end(&u);
    }
}

TEST(random_numbers_repeat)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    int64_t order[1000];
    for (int64_t i = 0; i < 1000; i++)
        order[i] = i;
    const struct win_desc *w = win_find(STR("rand"));
    struct scalar consts[2] = {VAL_INT(7), VAL_INT(1)};
    bool is_const[2] = {true, true};
    double x[1000], sum = 0;
    uint64_t valid[16];
    struct agg_eval e = {.cx = cx, .n_args = 2, .consts = consts, .is_const = is_const};
    struct vec v = {.phys = PHYS_F64, .data = x, .valid = valid};
    assert_ok(cx, w->run(&e, 1000, order, NULL, NULL, &v));
    for (int64_t i = 0; i < 1000; i++) {
        assert_true(x[i] == rng_unit(7, 1, (uint64_t)i));
        sum += x[i];
    }
    assert_close(sum / 1000, 0.5, 0, 0.05);
    unit_end(&u);
}

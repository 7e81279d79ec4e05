/* gen_wide.c: see gen_wide.h. Functions are drawn from tables of signatures. */
#include "tests/exec/gen_wide.h"

#include "runtime/base/civil.h"

static bool one_in(struct gen *g, uint64_t n)
{
    return gen_below(g, n) == 0;
}

/* ---- tables ---- */
static const char *const texts[] = {"",
                                    "a",
                                    "b",
                                    "Ulm",
                                    "ulm",
                                    "it's",
                                    "a\"b",
                                    "c\\d",
                                    "%_",
                                    "12",
                                    "-3.5",
                                    " 7 ",
                                    "1e3",
                                    "x12y",
                                    "2019-01-31",
                                    "true",
                                    "No",
                                    "inf",
                                    "\xC3\xA9t\xC3\xA9",
                                    "\xE6\x97\xA5\xE6\x9C\xAC",
                                    "aaa",
                                    "a-b-c",
                                    "two words",
                                    "a text of more than twelve"};
#define N_TEXTS (sizeof texts / sizeof texts[0])

static enum rc_t put_any(struct gen *g, struct builder *b, enum kind k)
{
    struct ctx *cx = &g->f->cx;
    int64_t small = (int64_t)gen_below(g, 9) - 3;
    switch (k) {
    case KIND_NUM:
        return builder_f64(cx, b,
                           one_in(g, 25)   ? INFINITY
                           : one_in(g, 25) ? -INFINITY
                           : one_in(g, 12) ? -0.0
                                           : (double)((int64_t)gen_below(g, 40) - 13) / 4);
    case KIND_STR: return builder_str(cx, b, str_of(texts[gen_below(g, N_TEXTS)]));
    case KIND_BOOL: return builder_bool(cx, b, one_in(g, 2));
    case KIND_DATE: return builder_i64(cx, b, 17890 + (int64_t)gen_below(g, 90));
    case KIND_DATETIME:
        return builder_i64(
            cx, b, (17890 + small) * US_PER_DAY + (int64_t)gen_below(g, 96) * 15 * US_PER_MINUTE);
    default: return builder_i64(cx, b, one_in(g, 5) ? small * 1000003 : small);
    }
}

static struct column *any_values(struct gen *g, enum kind k, int64_t n)
{
    struct builder b;
    struct column *c = NULL;
    uint64_t nulls = gen_below(g, 8); /* 0: only nulls; 1, 2: none */
    builder_init(&b, DTYPE(k), kind_phys(k));
    for (int64_t i = 0; i < n; i++) {
        bool is_null = nulls == 0 || (nulls > 2 && one_in(g, 6));
        assert_ok(&g->f->cx, is_null ? builder_null(&g->f->cx, &b) : put_any(g, &b, k));
    }
    assert_ok(&g->f->cx, builder_finish(&g->f->cx, &b, &c));
    return c;
}

#define LONG_NAME                                                                                  \
    "a name of more than sixty-three bytes, which is all that one of the engines would ever take"
static const char *const plain_names[] = {"i", "j", "x", "y", "s", "d", "b", "t", "w"};
static const char *const odd_names[] = {"select", "Two Words", "q\"uote",
                                        "X",      "it's",      "Gr\xC3\xB6\xC3\x9F",
                                        "x",      LONG_NAME,   "mlnb_row"};

struct table *gen_wide_table(struct gen *g, int64_t n, bool odd)
{
    static const enum kind kinds[] = {KIND_INT, KIND_INT,  KIND_NUM,  KIND_NUM,     KIND_STR,
                                      KIND_STR, KIND_BOOL, KIND_DATE, KIND_DATETIME};
    struct col cols[9];
    for (int i = 0; i < 9; i++) {
        cols[i].name = odd ? odd_names[i] : plain_names[i];
        cols[i].c = any_values(g, kinds[i], n);
        if (i == 5) cols[i].c = coded(g->f, cols[i].c);
    }
    return table_of(g->f, 9, cols);
}

/* ---- expressions ---- */
static const struct expr *any_of(struct gen *g, const struct plan *in, enum kind k)
{
    int n = in->schema->n, from = n ? (int)gen_below(g, (uint64_t)n) : 0;
    for (int i = 0; i < n; i++) {
        const struct field *f = &in->schema->fields[(from + i) % n];
        if (f->type.kind == k) return ex_col(g->f, in, f->name);
    }
    return NULL;
}

static const struct expr *any_literal(struct gen *g, enum kind k)
{
    struct scalar v = {.type = DTYPE(k), .is_null = one_in(g, 12)};
    int64_t small = (int64_t)gen_below(g, 7) - 3;
    switch (k) {
    case KIND_NUM: v.u.f = one_in(g, 20) ? INFINITY : (double)small / 2; break;
    case KIND_STR: v.u.s = str_of(texts[gen_below(g, N_TEXTS)]); break;
    case KIND_BOOL: v.u.b = one_in(g, 2); break;
    case KIND_DATE: v.u.i = 17900 + small; break;
    case KIND_DATETIME: v.u.i = 17890 * US_PER_DAY + small * US_PER_HOUR; break;
    case KIND_DURATION: v.u.i = small * US_PER_DAY; break;
    default: v.u.i = small; break;
    }
    return expr_literal(g->f->a, &v, NO_SPAN);
}

#define I KIND_INT
#define N KIND_NUM
#define S KIND_STR
#define B KIND_BOOL
#define D KIND_DATE
#define T KIND_DATETIME
#define U KIND_DURATION
struct sig {
    const char *name;
    enum kind ret;
    int n;
    enum kind args[3];
};
static const struct sig scalar_sigs[] = {
    {"+", I, 2, {I, I}},
    {"-", I, 2, {I, I}},
    {"*", I, 2, {I, I}},
    {"//", I, 2, {I, I}},
    {"%", I, 2, {I, I}},
    {"neg", I, 1, {I}},
    {"abs", I, 1, {I}},
    {"sign", I, 1, {I}},
    {"len", I, 1, {S}},
    {"find", I, 2, {S, S}},
    {"int", I, 1, {N}},
    {"int", I, 1, {S}},
    {"int", I, 1, {B}},
    {"year", I, 1, {D}},
    {"quarter", I, 1, {D}},
    {"month", I, 1, {T}},
    {"day", I, 1, {D}},
    {"weekday", I, 1, {D}},
    {"week", I, 1, {D}},
    {"yearday", I, 1, {T}},
    {"hour", I, 1, {T}},
    {"minute", I, 1, {T}},
    {"second", I, 1, {T}},
    {"least", I, 3, {I, I, I}},
    {"clamp", I, 3, {I, I, I}},
    {"??", I, 2, {I, I}},
    {"null_if", I, 2, {I, I}},
    {"if", I, 3, {B, I, I}},
    {"round", I, 1, {I}},
    {"//", I, 2, {U, U}},
    {"+", N, 2, {N, N}},
    {"-", N, 2, {N, N}},
    {"*", N, 2, {N, N}},
    {"/", N, 2, {N, N}},
    {"/", N, 2, {I, I}},
    {"//", N, 2, {N, N}},
    {"%", N, 2, {N, N}},
    {"^", N, 2, {N, N}},
    {"abs", N, 1, {N}},
    {"sign", N, 1, {N}},
    {"sqrt", N, 1, {N}},
    {"exp", N, 1, {N}},
    {"log", N, 1, {N}},
    {"log2", N, 1, {N}},
    {"log10", N, 1, {N}},
    {"log1p", N, 1, {N}},
    {"expm1", N, 1, {N}},
    {"sin", N, 1, {N}},
    {"cos", N, 1, {N}},
    {"atan", N, 1, {N}},
    {"asin", N, 1, {N}},
    {"acos", N, 1, {N}},
    {"tanh", N, 1, {N}},
    {"atan2", N, 2, {N, N}},
    {"round", N, 1, {N}},
    {"round", N, 2, {N, I}},
    {"floor", N, 1, {N}},
    {"ceil", N, 1, {N}},
    {"trunc", N, 1, {N}},
    {"num", N, 1, {S}},
    {"num", N, 1, {B}},
    {"greatest", N, 2, {N, N}},
    {"least", N, 2, {N, I}},
    {"clamp", N, 3, {N, N, N}},
    {"??", N, 2, {N, N}},
    {"null_if", N, 2, {N, N}},
    {"hours", N, 1, {U}},
    {"days", N, 1, {U}},
    {"/", N, 2, {U, U}},
    {"if", N, 3, {B, N, I}},
    {"pi", N, 0, {0}},
    {"neg", N, 1, {N}},
    {"lower", S, 1, {S}},
    {"upper", S, 1, {S}},
    {"trim", S, 1, {S}},
    {"trim", S, 2, {S, S}},
    {"left", S, 2, {S, I}},
    {"right", S, 2, {S, I}},
    {"repeat", S, 2, {S, I}},
    {"replace", S, 3, {S, S, S}},
    {"concat", S, 2, {S, S}},
    {"concat", S, 3, {S, S, S}},
    {"str", S, 1, {I}},
    {"str", S, 1, {N}},
    {"str", S, 1, {B}},
    {"str", S, 1, {D}},
    {"??", S, 2, {S, S}},
    {"null_if", S, 2, {S, S}},
    {"if", S, 3, {B, S, S}},
    {"least", S, 2, {S, S}},
    {"greatest", S, 2, {S, S}},
    {"pad", S, 2, {S, I}},
    {"==", B, 2, {I, I}},
    {"!=", B, 2, {I, N}},
    {"<", B, 2, {N, N}},
    {"<=", B, 2, {N, I}},
    {">", B, 2, {I, I}},
    {">=", B, 2, {N, N}},
    {"==", B, 2, {S, S}},
    {"!=", B, 2, {S, S}},
    {"<", B, 2, {S, S}},
    {"<=", B, 2, {S, S}},
    {">=", B, 2, {S, S}},
    {"==", B, 2, {D, D}},
    {"<", B, 2, {D, T}},
    {">=", B, 2, {T, T}},
    {"==", B, 2, {B, B}},
    {"!=", B, 2, {B, B}},
    {"<", B, 2, {U, U}},
    {"<=", B, 2, {B, B}},
    {"and", B, 2, {B, B}},
    {"or", B, 2, {B, B}},
    {"not", B, 1, {B}},
    {"is_null", B, 1, {I}},
    {"is_null", B, 1, {S}},
    {"is_null", B, 1, {N}},
    {"starts", B, 2, {S, S}},
    {"ends", B, 2, {S, S}},
    {"contains", B, 2, {S, S}},
    {"like", B, 2, {S, S}},
    {"is_finite", B, 1, {N}},
    {"bool", B, 1, {I}},
    {"bool", B, 1, {N}},
    {"bool", B, 1, {S}},
    {"is_weekend", B, 1, {D}},
    {"if", B, 3, {B, B, B}},
    {"??", B, 2, {B, B}},
    {"null_if", B, 2, {B, B}},
    {"date", D, 1, {T}},
    {"??", D, 2, {D, D}},
    {"if", D, 3, {B, D, D}},
    {"add_months", D, 2, {D, I}},
    {"least", D, 2, {D, D}},
    {"datetime", T, 1, {D}},
    {"+", T, 2, {T, U}},
    {"-", T, 2, {T, U}},
    {"add_months", T, 2, {T, I}},
    {"greatest", T, 2, {T, T}},
    {"-", U, 2, {D, D}},
    {"-", U, 2, {T, T}},
    {"+", U, 2, {U, U}},
    {"abs", U, 1, {U}},
    {"neg", U, 1, {U}},
    {"*", U, 2, {U, I}},
};

static const struct sig *draw(struct gen *g, const struct sig *sigs, int n, enum kind ret)
{
    for (int tries = 0; tries < 300; tries++) {
        const struct sig *s = &sigs[gen_below(g, (uint64_t)n)];
        if (ret == KIND_NULL || s->ret == ret) return s;
    }
    return NULL;
}
#define DRAW(g, sigs, ret) draw(g, sigs, (int)(sizeof sigs / sizeof sigs[0]), ret)

static const struct expr *gw_expr(struct gen *g, const struct plan *in, enum kind k, int depth);

static const struct expr *gw_leaf(struct gen *g, const struct plan *in, enum kind k)
{
    const struct expr *c = one_in(g, 4) ? NULL : any_of(g, in, k);
    return c ? c : any_literal(g, k);
}

/* x in [..], x in lo..hi, patterns and widths: what needs constants. */
static const struct expr *gw_in(struct gen *g, const struct plan *in, int depth)
{
    enum kind k = one_in(g, 3) ? S : one_in(g, 2) ? N : I;
    const struct expr *a[4] = {gw_expr(g, in, k, depth - 1)};
    if (one_in(g, 2)) {
        a[1] = one_in(g, 5) ? ex_null(g->f) : gw_leaf(g, in, k);
        a[2] = one_in(g, 5) ? ex_null(g->f) : any_literal(g, k);
        a[3] = ex_bool(g->f, one_in(g, 2));
        return ex_call(g->f, "in_range", 4, a);
    }
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, DTYPE(k), kind_phys(k));
    for (int i = (int)gen_below(g, 4); i > 0; i--)
        assert_ok(&g->f->cx, one_in(g, 5) ? builder_null(&g->f->cx, &b) : put_any(g, &b, k));
    assert_ok(&g->f->cx, builder_finish(&g->f->cx, &b, &c));
    struct scalar v = {.type = dtype_list(DTYPE(k)), .u.list = c};
    a[1] = expr_literal(g->f->a, &v, NO_SPAN);
    column_unref(c);
    return ex_call(g->f, "in", 2, a);
}

static const struct expr *gw_pattern(struct gen *g, const struct plan *in, enum kind ret)
{
    static const char *const patterns[] = {"a",     "^a",   "[0-9]+", "(a|b)", "x([0-9]+)",
                                           "[a-c]", "ul*m", "-",      "a+b?"};
    const struct expr *a[3] = {gw_leaf(g, in, S), ex_str(g->f, patterns[gen_below(g, 9)])};
    if (ret == B) return ex_call(g->f, "matches", 2, a);
    if (one_in(g, 2)) return ex_call(g->f, "extract", 2, a);
    a[2] = ex_str(g->f, one_in(g, 2) ? "" : "<>");
    return ex_call(g->f, "sub", 3, a);
}

static const struct expr *gw_bin(struct gen *g, const struct plan *in, enum kind k)
{
    static const int64_t us[] = {15 * US_PER_MINUTE, US_PER_HOUR, US_PER_DAY, 7 * US_PER_DAY,
                                 3 * US_PER_DAY};
    static const int32_t months[] = {1, 3, 12};
    struct scalar w = {.type = DTYPE(U)};
    if (one_in(g, 3))
        w.months = months[gen_below(g, 3)];
    else
        w.u.i = us[k == D ? 2 + gen_below(g, 3) : gen_below(g, 5)];
    const struct expr *a[2] = {gw_leaf(g, in, k), NULL};
    if (k == I) a[1] = ex_int(g->f, 1 + (int64_t)gen_below(g, 5));
    if (k == N) a[1] = ex_num(g->f, 0.5 + (double)gen_below(g, 5));
    if (k == D || k == T) a[1] = expr_literal(g->f->a, &w, NO_SPAN);
    return ex_call(g->f, "bin", 2, a);
}

static const struct expr *gw_case(struct gen *g, const struct plan *in, enum kind k, int depth)
{
    const struct expr *a[5];
    int n = 2 + (int)gen_below(g, 4);
    for (int i = 0; i < n; i++)
        a[i] =
            i % 2 == 0 && i + 1 < n ? gw_expr(g, in, B, depth - 1) : gw_expr(g, in, k, depth - 1);
    return ex_case(g->f, n, a);
}

static const struct expr *gw_expr(struct gen *g, const struct plan *in, enum kind k, int depth)
{
    const struct expr *a[3];
    if (depth <= 0 || one_in(g, 4)) return gw_leaf(g, in, k);
    if (one_in(g, 9)) return gw_case(g, in, k, depth);
    if (k == B && one_in(g, 7)) return gw_in(g, in, depth);
    if ((k == B || k == S) && one_in(g, 9)) return gw_pattern(g, in, k);
    if (k != B && k != S && k != U && one_in(g, 12)) return gw_bin(g, in, k);
    const struct sig *s = DRAW(g, scalar_sigs, k);
    if (!s) return gw_leaf(g, in, k);
    for (int i = 0; i < s->n; i++)
        a[i] = gw_expr(g, in, s->args[i], depth - 1);
    if (s->n == 2 && strcmp(s->name, "repeat") == 0) a[1] = ex_int(g->f, (int64_t)gen_below(g, 4));
    if (s->n == 2 && s->args[0] == U && s->args[1] == I) a[1] = ex_int(g->f, 3);
    if (strcmp(s->name, "add_months") == 0 || strcmp(s->name, "pad") == 0 ||
        (s->n == 2 && strcmp(s->name, "round") == 0))
        a[1] = ex_int(g->f, (int64_t)gen_below(g, 9) - 3);
    return ex_call(g->f, s->name, s->n, a);
}

static enum kind any_kind(struct gen *g)
{
    static const enum kind kinds[] = {I, I, N, N, S, S, B, D, T, U};
    return kinds[gen_below(g, 10)];
}

/* ---- aggregates and windows ---- */
static const struct sig agg_sigs[] = {
    {"count", I, 0, {0}},      {"count", I, 1, {S}},      {"sum", I, 1, {I}},
    {"sum", N, 1, {N}},        {"sum", I, 1, {B}},        {"mean", N, 1, {I}},
    {"mean", N, 1, {N}},       {"mean", N, 1, {B}},       {"min", I, 1, {I}},
    {"max", N, 1, {N}},        {"min", S, 1, {S}},        {"max", S, 1, {S}},
    {"min", B, 1, {B}},        {"max", D, 1, {D}},        {"min", T, 1, {T}},
    {"sd", N, 1, {N}},         {"var", N, 1, {I}},        {"median", N, 1, {N}},
    {"median", N, 1, {I}},     {"quantile", N, 1, {N}},   {"quantile", N, 1, {I}},
    {"first", I, 1, {I}},      {"last", S, 1, {S}},       {"first", D, 1, {D}},
    {"any", B, 1, {B}},        {"all", B, 1, {B}},        {"n_distinct", I, 1, {S}},
    {"n_distinct", I, 1, {N}}, {"mode", I, 1, {I}},       {"mode", S, 1, {S}},
    {"mode", D, 1, {D}},       {"join_str", S, 1, {S}},   {"arg_max", S, 2, {S, I}},
    {"arg_min", I, 2, {I, N}}, {"arg_max", N, 2, {N, D}}, {"corr", N, 2, {N, N}},
    {"cov", N, 2, {I, N}},     {"wmean", N, 2, {N, I}},   {"sum", U, 1, {U}},
    {"max", U, 1, {U}},
};
static const struct sig win_sigs[] = {
    {"row_number", I, 0, {0}}, {"rank", I, 1, {N}},      {"rank", I, 1, {S}},
    {"dense_rank", I, 1, {I}}, {"pct_rank", N, 1, {N}},  {"ntile", I, 1, {I}},
    {"lag", N, 1, {N}},        {"lag", S, 2, {S}},       {"lead", I, 2, {I}},
    {"lag", I, 3, {I}},        {"diff", I, 1, {I}},      {"diff", N, 2, {N}},
    {"diff", U, 1, {D}},       {"diff", U, 1, {T}},      {"pct_change", N, 1, {N}},
    {"pct_change", N, 1, {I}}, {"cumsum", I, 1, {I}},    {"cumsum", N, 1, {N}},
    {"cumsum", I, 1, {B}},     {"cummin", S, 1, {S}},    {"cummax", N, 1, {N}},
    {"cummax", D, 1, {D}},     {"fill_down", S, 1, {S}}, {"fill_down", N, 1, {N}},
};

/* sd and its kin, by the number of columns: no draw, so that seeds go on making the same plans. */
static const char *higher_moment(int n_columns)
{
    static const char *const names[] = {"sd", "skew", "kurtosis"};
    return names[n_columns % 3];
}
static const struct expr *gw_agg(struct gen *g, const struct plan *in, struct win_frame frame)
{
    const struct sig *s = DRAW(g, agg_sigs, KIND_NULL);
    const struct expr *a[2], *where = one_in(g, 4) ? gw_expr(g, in, B, 1) : NULL, *e = NULL;
    int n = s->n;
    for (int i = 0; i < n; i++) {
        a[i] = gw_expr(g, in, s->args[i], 1);
        if (a[i]->op == EXPR_LITERAL) a[i] = any_of(g, in, s->args[i]); /* constants: elsewhere */
        if (!a[i]) return gw_agg(g, in, frame);
    }
    if (strcmp(s->name, "quantile") == 0) a[n++] = ex_num(g->f, (double)gen_below(g, 5) / 4);
    const char *name = strcmp(s->name, "sd") != 0 && strcmp(s->name, "var") != 0
                           ? s->name
                           : higher_moment(in->schema->n);
    assert_ok(&g->f->cx, expr_agg(&g->f->cx, g->f->a, agg_find(str_of(name)), a, n, where, frame,
                                  NO_SPAN, &e));
    return e;
}

static const struct expr *gw_win(struct gen *g, const struct plan *in)
{
    const struct sig *s = DRAW(g, win_sigs, KIND_NULL);
    const struct expr *a[3];
    if (s->n > 0) a[0] = any_of(g, in, s->args[0]);
    if (s->n > 0 && !a[0]) return ex_win(g->f, "row_number", 0, NULL);
    int n = s->n;
    if (n > 1) a[1] = ex_int(g->f, (int64_t)gen_below(g, 4));
    if (n > 2) a[2] = ex_int(g->f, 7);
    if (strcmp(s->name, "ntile") == 0) a[n++] = ex_int(g->f, 1 + (int64_t)gen_below(g, 4));
    return ex_win(g->f, s->name, n, a);
}

/* ---- steps ---- */
static const char *fresh(struct gen *g)
{
    return arena_printf(g->f->a, "e%llu", (unsigned long long)g->at);
}

static struct plan *step_project(struct gen *g, struct plan *in)
{
    struct named_expr items[14];
    int n = 0;
    for (int i = 0; i < in->schema->n && n < 10; i++)
        if (!one_in(g, 5)) {
            const char *name = in->schema->fields[i].name;
            items[n++] = (struct named_expr){name, ex_col(g->f, in, name)};
        }
    for (int i = 1 + (int)gen_below(g, 3); i > 0; i--, n++) {
        items[n].expr = gw_expr(g, in, any_kind(g), 3);
        items[n].name = fresh(g);
    }
    return pl_project(g->f, in, items, n);
}

static struct plan *step_aggregate(struct gen *g, struct plan *in)
{
    struct named_expr keys[3], items[4];
    int n_keys = (int)gen_below(g, 3), n = 1 + (int)gen_below(g, 4);
    for (int i = 0; i < n_keys; i++)
        keys[i] = (struct named_expr){arena_printf(g->f->a, "k%d", i),
                                      gw_expr(g, in, any_kind(g), (int)gen_below(g, 2))};
    for (int i = 0; i < n; i++)
        items[i] = (struct named_expr){arena_printf(g->f->a, "a%d", i),
                                       gw_agg(g, in, (struct win_frame){.unit = FRAME_ALL})};
    return pl_aggregate(g->f, in, keys, n_keys, items, n);
}

static int gw_keys(struct gen *g, const struct plan *in, struct sort_key *keys, int most)
{
    int n = (int)gen_below(g, (uint64_t)most + 1);
    for (int i = 0; i < n; i++)
        keys[i] = (struct sort_key){gw_expr(g, in, any_kind(g), (int)gen_below(g, 2)), one_in(g, 2),
                                    one_in(g, 4)};
    return n;
}

static struct plan *keep(struct gen *g, enum rc_t res, struct plan **p)
{
    assert_ok(&g->f->cx, res);
    return pl_keep(g->f, *p);
}

static struct plan *step_limit(struct gen *g, struct plan *in)
{
    struct sort_key keys[2];
    const struct expr *by[2] = {gw_expr(g, in, any_kind(g), 0), gw_expr(g, in, any_kind(g), 1)};
    struct plan *p = NULL;
    int n_by = (int)gen_below(g, 3), n_sort = gw_keys(g, in, keys, 2);
    int64_t offset = (int64_t)gen_below(g, 3), n = (int64_t)gen_below(g, 7) - 1;
    enum rc_t res =
        plan_limit(&g->f->cx, in, offset, n, one_in(g, 4), by, n_by, keys, n_sort, NO_SPAN, &p);
    return keep(g, res, &p);
}

static struct plan *step_distinct(struct gen *g, struct plan *in)
{
    struct sort_key keys[2];
    const struct expr *by[2] = {gw_expr(g, in, any_kind(g), 0), gw_expr(g, in, any_kind(g), 1)};
    struct plan *p = NULL;
    int n_by = (int)gen_below(g, 3), n = gw_keys(g, in, keys, 2);
    return keep(g, plan_distinct(&g->f->cx, in, by, n_by, keys, n, NO_SPAN, &p), &p);
}

/* Distances of the sort key: in its own unit, and twice for a num. */
static void range_frame(struct gen *g, enum kind k, struct win_frame *f)
{
    int64_t unit = k == T ? US_PER_DAY : 1;
    f->unit = FRAME_RANGE;
    f->from = -(int64_t)gen_below(g, 5) * unit;
    f->to = (int64_t)gen_below(g, 4) * unit;
    f->num_from = (double)f->from / 2;
    f->num_to = (double)f->to / 2;
    if (one_in(g, 5)) f->from = FRAME_OPEN_FROM;
    if (one_in(g, 5)) f->to = FRAME_OPEN_TO;
}

static bool is_time(enum kind k)
{
    return k == D || k == T;
}

/* key: kind of the only sort key, KIND_NULL when there are more. */
static struct win_frame gw_frame(struct gen *g, enum kind key)
{
    struct win_frame f = {.unit = FRAME_ALL, .min_rows = one_in(g, 4) ? 2 : 0};
    switch (gen_below(g, is_time(key) ? 9 : 7)) {
    case 0: break;
    case 1: f.unit = FRAME_RUNNING; break;
    case 4: f.unit = FRAME_GROUPS; /* fall through */
    case 2:
    case 3:
        if (f.unit == FRAME_ALL) f.unit = FRAME_ROWS;
        f.from = (int64_t)gen_below(g, 6) - 4;
        f.to = f.from + (int64_t)gen_below(g, 5);
        if (one_in(g, 8)) f.from = FRAME_OPEN_FROM;
        if (one_in(g, 8)) f.to = FRAME_OPEN_TO;
        break;
    case 5:
    case 6:
        if (key == I || key == N || is_time(key)) range_frame(g, key, &f);
        break;
    default: f.unit = FRAME_TIME; f.from = (1 + (int64_t)gen_below(g, 9)) * US_PER_DAY;
    }
    if (f.unit != FRAME_TIME && one_in(g, 5)) f.exclude = (enum frame_exclude)gen_below(g, 4);
    return f;
}

static struct plan *step_window(struct gen *g, struct plan *in)
{
    struct sort_key keys[2];
    const struct expr *by[2] = {gw_expr(g, in, any_kind(g), 0), gw_expr(g, in, any_kind(g), 1)};
    const struct expr *time = any_of(g, in, one_in(g, 2) ? D : T);
    struct named_expr items[3];
    struct plan *p = NULL;
    int n_by = (int)gen_below(g, 3), n_sort = 1, n = 1 + (int)gen_below(g, 3);
    bool has_time = time && one_in(g, 3);
    enum kind key;
    keys[0] = (struct sort_key){has_time ? time : gw_expr(g, in, any_kind(g), 1), one_in(g, 2),
                                one_in(g, 5)};
    if (!has_time && one_in(g, 3)) n_sort += gw_keys(g, in, keys + 1, 1);
    key = n_sort == 1 ? keys[0].expr->type.kind : KIND_NULL;
    for (int i = 0; i < n; i++) {
        items[i].expr = one_in(g, 2) ? gw_win(g, in) : gw_agg(g, in, gw_frame(g, key));
        items[i].name = fresh(g);
        (void)gen_below(g, 2); /* the next name differs */
    }
    return keep(g, plan_window(&g->f->cx, in, by, n_by, keys, n_sort, items, n, NO_SPAN, &p), &p);
}

/* The last pair of an asof join: ordered keys, perhaps within a distance; the others are equal. */
static void asof_pair(struct gen *g, const struct plan *left, const struct plan *right,
                      struct join_spec *spec, struct join_on *on)
{
    static const enum kind kinds[] = {I, N, D, T};
    enum kind k = kinds[gen_below(g, 4)];
    struct scalar *within = ARENA_NEW(g->f->a, struct scalar);
    for (int i = 0; i < spec->n_on; i++)
        on[i].op = CMP_EQ;
    on[spec->n_on - 1] = (struct join_on){gw_expr(g, left, k, 0), gw_expr(g, right, k, 0), CMP_GE};
    spec->direction = (enum asof_direction)gen_below(g, 3);
    if (spec->direction == ASOF_FORWARD) on[spec->n_on - 1].op = CMP_LE;
    if (spec->direction == ASOF_NEAREST) on[spec->n_on - 1].op = CMP_EQ;
    *within = (struct scalar){.type = DTYPE(is_time(k) ? U : k)};
    if (k == N)
        within->u.f = 2.5;
    else
        within->u.i = is_time(k) ? 3 * US_PER_DAY : 2;
    if (one_in(g, 3)) spec->tolerance = within;
}

static struct plan *step_join(struct gen *g, struct plan *in)
{
    static const enum join_kind kinds[] = {JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL,
                                           JOIN_SEMI,  JOIN_ANTI, JOIN_CROSS, JOIN_ASOF};
    static const enum kind key_kinds[] = {I, I, S, N, D, B};
    struct plan *right, *p = NULL;
    struct join_on on[3];
    struct join_spec spec = {.kind = kinds[gen_below(g, 8)], .on = on, .is_silent = true};
    if (in->schema->n > 24) return in;
    right = pl_table(g->f, gen_wide_table(g, (int64_t)gen_below(g, 9), one_in(g, 3)));
    spec.n_on = spec.kind == JOIN_CROSS ? 0 : 1 + (int)gen_below(g, 3);
    for (int k = 0; k < spec.n_on; k++) {
        enum kind kind = key_kinds[gen_below(g, 6)];
        bool is_range = k > 0 && kind != B && one_in(g, 3);
        on[k].op = is_range       ? (enum cmp_op)(CMP_LT + gen_below(g, 4))
                   : one_in(g, 6) ? CMP_SAME
                                  : CMP_EQ;
        on[k].left = gw_expr(g, in, kind, (int)gen_below(g, 2));
        on[k].right = gw_expr(g, right, kind == N && one_in(g, 2) ? I : kind, (int)gen_below(g, 2));
    }
    if (spec.kind == JOIN_ASOF) asof_pair(g, in, right, &spec, on);
    return keep(g, plan_join(&g->f->cx, in, right, &spec, NO_SPAN, &p), &p);
}

static struct plan *step_union(struct gen *g, struct plan *in)
{
    struct plan *p = NULL, *other = pl_filter(g->f, in, gw_expr(g, in, B, 2));
    return keep(g, plan_union(&g->f->cx, in, other, NO_SPAN, &p), &p);
}

static struct plan *step(struct gen *g, struct plan *in)
{
    struct sort_key keys[3];
    int n;
    if (in->schema->n == 0) return in;
    switch (gen_below(g, 12)) {
    case 0:
    case 1: return pl_filter(g->f, in, gw_expr(g, in, B, 3));
    case 2:
    case 3:
    case 4: return step_project(g, in);
    case 5: return step_aggregate(g, in);
    case 6: n = gw_keys(g, in, keys, 3); return pl_sort(g->f, in, keys, n);
    case 7: return step_limit(g, in);
    case 8: return one_in(g, 2) ? step_distinct(g, in) : step_union(g, in);
    case 9:
    case 10: return step_window(g, in);
    default: return step_join(g, in);
    }
}

struct plan *gen_wide_plan(struct gen *g, int depth)
{
    int64_t n = one_in(g, 8) ? 0 : one_in(g, 8) ? 1 : (int64_t)gen_below(g, (uint64_t)g->max_rows);
    struct plan *p = pl_table(g->f, gen_wide_table(g, n, one_in(g, 3)));
    for (int i = 0; i < depth; i++)
        p = step(g, p);
    return p;
}

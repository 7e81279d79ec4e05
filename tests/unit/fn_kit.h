/* fn_kit.h: calling functions and aggregates on constants and on small random columns in tests. */
#ifndef MLNB_TESTS_FN_KIT_H
#define MLNB_TESTS_FN_KIT_H

#include "tests/unit/unit.h"

#include "runtime/base/civil.h"
#include "runtime/base/rng.h"
#include "runtime/fn/fn.h"

#define KIT         static __attribute__((unused))
#define VAL_INT(x)  ((struct scalar){.type = DTYPE(KIND_INT), .u.i = (x)})
#define VAL_NUM(x)  ((struct scalar){.type = DTYPE(KIND_NUM), .u.f = (x)})
#define VAL_BOOL(x) ((struct scalar){.type = DTYPE(KIND_BOOL), .u.b = (x)})
#define VAL_STR(x)  ((struct scalar){.type = DTYPE(KIND_STR), .u.s = str_of(x)})
#define VAL_DUR(x)  ((struct scalar){.type = DTYPE(KIND_DURATION), .u.i = (x)})
#define VAL_NULL    ((struct scalar){.type = DTYPE(KIND_NULL), .is_null = true})
KIT struct scalar val_date(const char *text)
{
    int32_t d = 0;
    assert_true(date_parse(text, strlen(text), &d));
    return (struct scalar){.type = DTYPE(KIND_DATE), .u.i = d};
}
KIT struct scalar val_time(const char *text)
{
    struct scalar s = {.type = DTYPE(KIND_DATETIME)};
    bool has_zone;
    assert_true(datetime_parse(text, strlen(text), &s.u.i, &has_zone));
    return s;
}

/* fn(args) on constants; the error stays in cx when it fails. */
KIT enum rc_t call(struct ctx *cx, const char *fn, const struct scalar *args, int n,
                   struct scalar *out)
{
    const struct fn_desc *d = fn_find(str_of(fn));
    if (!d) fail_msg("no function %s", fn);
    return fn_eval_scalar(cx, cx->arena, d, args, n, NO_SPAN, out);
}
/* The value as the language shows it (arena text); fails the test on an error. */
KIT const char *show(struct ctx *cx, const char *fn, const struct scalar *args, int n)
{
    struct scalar s;
    struct strbuf b = {0};
    assert_ok(cx, call(cx, fn, args, n, &s));
    scalar_text(&b, &s, true);
    const char *text = arena_strndup(cx->arena, b.p, b.n);
    strbuf_release(&b);
    return text;
}
#define ARGS(...)                                                                                  \
    (struct scalar[]){__VA_ARGS__},                                                                \
        (int)(sizeof((struct scalar[]){__VA_ARGS__}) / sizeof(struct scalar))
#define SHOW(cx, fn, ...)      show((cx), (fn), ARGS(__VA_ARGS__))
#define CALL(cx, out, fn, ...) call((cx), (fn), ARGS(__VA_ARGS__), (out))

/* ---- random columns ---- */
static const char *const kit_words[] = {"",
                                        "a",
                                        "Zebra",
                                        "na\u00efve",
                                        "a longer text than twelve",
                                        "a longer text than twelv\u00e9",
                                        "12",
                                        "2.5",
                                        "  pad  ",
                                        "2019-01-31"};
KIT double kit_num(uint64_t r, bool wild)
{
    static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, 1e308, -1e308, 5e-324, 0.5};
    if (wild && r % 4 == 0) return odd[r / 4 % 8];
    return (double)(int64_t)(r / 16 % 2001) / 8 - 125;
}
KIT int64_t kit_int(uint64_t r, bool wild)
{
    static const int64_t odd[] = {0, -1, 1, INT64_MAX, INT64_MIN, INT64_MAX / 2, 1 << 20, 3};
    if (wild && r % 4 == 0) return odd[r / 4 % 8];
    return (int64_t)(r / 16 % 41) - 20;
}
/* About one value in five null (nulls true); zeros, infinities, extremes among them when wild. */
KIT struct column *random_column(struct ctx *cx, enum kind kind, int64_t n, bool nulls, bool wild,
                                 uint64_t seed)
{
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, DTYPE(kind), kind_phys(kind));
    for (int64_t i = 0; i < n; i++) {
        uint64_t r = rng_u64(seed, (uint64_t)kind, (uint64_t)i);
        if (nulls && rng_u64(seed, 99, (uint64_t)i) % 5 == 0) {
            assert_ok(cx, builder_null(cx, &b));
            continue;
        }
        switch (kind) {
        case KIND_BOOL: assert_ok(cx, builder_bool(cx, &b, r % 2)); break;
        case KIND_NUM: assert_ok(cx, builder_f64(cx, &b, kit_num(r, wild))); break;
        case KIND_STR: assert_ok(cx, builder_str(cx, &b, str_of(kit_words[r % 10]))); break;
        case KIND_DATE: assert_ok(cx, builder_i64(cx, &b, (int64_t)(r % 60000) - 20000)); break;
        case KIND_DATETIME:
        case KIND_DURATION:
            assert_ok(cx, builder_i64(cx, &b, (int64_t)(r % 4000000000000000) - 1000000000000000));
            break;
        default: assert_ok(cx, builder_i64(cx, &b, kit_int(r, wild)));
        }
    }
    assert_ok(cx, builder_finish(cx, &b, &c));
    return c;
}

/* ---- running a call over columns as an executor does ---- */
struct arg { /* a column, or a constant where col is NULL */
    const struct column *col;
    struct scalar value;
};
#define MAX_ARGS 8
struct run {
    struct fn_eval e;
    struct scalar consts[MAX_ARGS];
    bool is_const[MAX_ARGS];
    struct dtype types[MAX_ARGS];
    struct vec args[MAX_ARGS];
    struct column *cols[MAX_ARGS]; /* owned */
    struct fn_note note;
};
/* One column of a single value stands for a constant's vector. */
KIT void run_arg(struct ctx *cx, struct run *r, int i, const struct arg *a, enum kind kind)
{
    r->types[i] = DTYPE(kind);
    r->is_const[i] = !a->col;
    r->consts[i] = (struct scalar){.is_null = true};
    if (a->col) {
        assert_int_equal(a->col->type.kind, kind);
        r->args[i] = column_view(a->col, 0, a->col->n);
        return;
    }
    struct scalar s = a->value;
    if (kind == KIND_NUM && s.type.kind == KIND_INT) s.u.f = (double)s.u.i;
    s.type.kind = kind;
    r->consts[i] = s;
    if (kind == KIND_LIST) {
        r->args[i] = (struct vec){.phys = PHYS_LIST, .is_const = true};
        return;
    }
    assert_ok(cx, column_fill(cx, &s, 1, &r->cols[i]));
    r->args[i] = column_view(r->cols[i], 0, 1);
    r->args[i].is_const = true;
    r->args[i].heap = NULL;
}
/* fn over columns in one batch; columns must have the overload's kinds. Result owned by caller. */
KIT enum rc_t run_fn(struct ctx *cx, const char *name, const struct arg *args, int n_args,
                     int64_t n, struct fn_note *note, struct column **out)
{
    const struct fn_desc *fn = fn_find(str_of(name));
    const struct fn_overload *over;
    struct dtype type;
    struct run r = {.note = {0}};
    if (!fn) fail_msg("no function %s", name);
    for (int i = 0; i < n_args; i++)
        r.types[i] = args[i].col ? args[i].col->type : args[i].value.type;
    if (fn_resolve(cx, fn, r.types, n_args, NO_SPAN, &over, &type) != RC_OK) return RC_ERR;
    for (int i = 0; i < n_args; i++)
        run_arg(cx, &r, i, &args[i], over->args[over->n_args < 0 ? 0 : i]);
    r.e = (struct fn_eval){.cx = cx,
                           .consts = r.consts,
                           .is_const = r.is_const,
                           .n_args = n_args,
                           .type = type,
                           .arg_types = r.types,
                           .note = &r.note};
    enum phys phys = kind_phys(type.kind);
    uint64_t *valid = arena_zero(cx->arena, BITMAP_WORDS(n) * 8 + 8);
    struct vec v = {.phys = phys, .valid = valid};
    v.data = arena_zero(cx->arena, (size_t)(n + 64) * (phys_width(phys) + 1));
    bitmap_fill(valid, n, true);
    bool is_null = false;
    for (int i = 0; i < n_args && fn->nulls == FN_ANY_NULL; i++) {
        if (r.is_const[i])
            is_null = is_null || r.consts[i].is_null;
        else if (r.args[i].valid)
            bitmap_and(valid, valid, r.args[i].valid, n);
    }
    enum rc_t res = RC_OK;
    if (fn->prepare) res = fn->prepare(&r.e, cx->arena, &r.e.prepared);
    if (res == RC_OK && !is_null) res = over->kernel(&r.e, n, r.args, &v);
    struct builder b;
    builder_init(&b, type, phys);
    if (is_null) bitmap_fill(valid, n, false);
    if (res == RC_OK) res = builder_append(cx, &b, &v, NULL, n);
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    for (int i = 0; i < n_args; i++)
        column_unref(r.cols[i]);
    if (note) *note = r.note;
    return res;
}

#endif

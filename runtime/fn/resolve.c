/* resolve.c: choosing an overload. Every argument that must be widened costs one, the cheapest
 * overload wins, the first of equals; so an exact fit is always taken when there is one. */
#include "runtime/fn/fn_int.h"

/* Steps from one kind to another, -1 when it does not widen by itself. */
static int widen_cost(enum kind from, enum kind to)
{
    if (from == to) return 0;
    if (from == KIND_NULL) return 1;
    if (from == KIND_INT && to == KIND_NUM) return 1;
    if (from == KIND_CAT && to == KIND_STR) return 1;
    if (from == KIND_DATE && to == KIND_DATETIME) return 1;
    return -1;
}

/* fn and agg overloads differ in what they call; resolution sees this. */
struct shape {
    int n_args; /* -1 any */
    const enum kind *args;
    enum kind ret;
};
struct shapes {
    const char *name, *sig;
    int n;
    struct shape (*at)(const void *overloads, int i);
    const void *overloads;
};

static struct shape fn_shape(const void *overloads, int i)
{
    const struct fn_overload *o = (const struct fn_overload *)overloads + i;
    return (struct shape){o->n_args, o->args, o->ret};
}

static struct shape agg_shape(const void *overloads, int i)
{
    const struct agg_overload *o = (const struct agg_overload *)overloads + i;
    return (struct shape){o->n_args, o->args, o->ret};
}

static bool arity_fits(struct shape s, int n)
{
    return s.n_args == n || (s.n_args < 0 && n >= 1);
}

static enum kind shape_arg(struct shape s, int i)
{
    return s.args[s.n_args < 0 ? 0 : i];
}

static int shape_cost(struct shape s, const struct dtype *args, int n)
{
    int sum = 0;
    if (!arity_fits(s, n)) return -1;
    for (int i = 0; i < n; i++) {
        int c = widen_cost(args[i].kind, shape_arg(s, i));
        if (c < 0) return -1;
        sum += c;
    }
    return sum;
}

/* A call with the parameters' names that can be pasted, `round(num(x), digits)`: parameter `bad`
 * (-1: none) stands in a cast. The full signature becomes a note. */
static rc hint_call(struct ctx *cx, const struct shapes *f, int bad, const char *cast)
{
    struct fn_param p[FN_MAX_ARGS];
    struct strbuf b = {0};
    int n = fn_params(f->sig, p, FN_MAX_ARGS);
    if (strchr(f->sig, '(') == NULL) return RC_ERR; /* an operator */
    strbuf_printf(&b, "%s(", f->name);
    for (int i = 0; i < n && i < FN_MAX_ARGS; i++) {
        bool wrap = i == bad && cast;
        strbuf_printf(&b, "%s%s%s%.*s%s", i ? ", " : "", wrap ? cast : "", wrap ? "(" : "",
                      STR_FMT(p[i].name), wrap ? ")" : "");
    }
    strbuf_addc(&b, ')');
    (void)err_note(cx, "%s", f->sig);
    (void)err_hint(cx, "%s", b.p);
    strbuf_release(&b);
    return RC_ERR;
}

static rc fail_arity(struct ctx *cx, const struct shapes *f, int n, struct span span)
{
    int lo = 99, hi = 0;
    for (int i = 0; i < f->n; i++) {
        struct shape s = f->at(f->overloads, i);
        int least = s.n_args < 0 ? 1 : s.n_args;
        lo = least < lo ? least : lo;
        hi = s.n_args < 0 ? 99 : s.n_args > hi ? s.n_args : hi;
    }
    char takes[64];
    if (lo == hi)
        snprintf(takes, sizeof takes, "%d", lo);
    else if (hi == 99)
        snprintf(takes, sizeof takes, "%d or more", lo);
    else
        snprintf(takes, sizeof takes, "%d to %d", lo, hi);
    bool one = lo == 1 && hi == 1;
    (void)fail(cx, E208, span, "`%s` takes %s value%s, not %d", f->name, takes, one ? "" : "s", n);
    return hint_call(cx, f, -1, NULL);
}

/* Kinds that argument i may have, "int, num or duration". */
static void kinds_at(const struct shapes *f, int n, int i, char *buf, size_t cap)
{
    bool has[KIND_COUNT] = {false};
    int total = 0, seen = 0;
    for (int k = 0; k < f->n; k++) {
        struct shape s = f->at(f->overloads, k);
        if (!arity_fits(s, n)) continue;
        enum kind kind = shape_arg(s, i);
        if (kind == KIND_NULL || has[kind]) continue;
        has[kind] = true;
        total++;
    }
    size_t at = 0;
    buf[0] = '\0';
    for (int k = 0; k < KIND_COUNT; k++) {
        if (!has[k]) continue;
        seen++;
        const char *joint = seen == 1 ? "" : seen == total ? " or " : ", ";
        int w = snprintf(buf + at, cap - at, "%s%s", joint, kind_name((enum kind)k));
        at += (size_t)w < cap - at ? (size_t)w : 0;
    }
}

/* Whether any overload of this arity takes argument i as it is. */
static bool takes_at(const struct shapes *f, const struct dtype *args, int n, int i)
{
    for (int k = 0; k < f->n; k++) {
        struct shape s = f->at(f->overloads, k);
        if (arity_fits(s, n) && widen_cost(args[i].kind, shape_arg(s, i)) >= 0) return true;
    }
    return false;
}

static bool is_operator(const char *name)
{
    static const char *const words[] = {"and", "or", "not", "in"};
    for (int i = 0; i < COUNT(words); i++)
        if (strcmp(name, words[i]) == 0) return true;
    return strchr("+-*/%^=!<>?", name[0]) != NULL;
}

/* The cast that makes something of a value of kind `from` where one of `wants` is needed. */
static const char *cast_to(enum kind from, const char *wants)
{
    bool is_text = from == KIND_STR || from == KIND_CAT;
    if ((is_text || from == KIND_BOOL) && strstr(wants, "num")) return is_text ? "num" : "int";
    if (is_text && strstr(wants, "datetime")) return "datetime";
    if (is_text && strstr(wants, "date")) return "date";
    if (strcmp(wants, "str") == 0) return "str";
    return NULL;
}

/* `a + b` with a cast around the side that is text or bool: `num(a) + b`. */
static rc hint_operator(struct ctx *cx, const struct shapes *f, const struct dtype *args)
{
    const char *cast[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        enum kind other = args[1 - i].kind;
        const char *wants = other == KIND_INT ? "num" : kind_name(other);
        if (other != KIND_STR) cast[i] = cast_to(args[i].kind, wants);
    }
    if ((!cast[0] && !cast[1]) || strchr(f->sig, '[') || strstr(f->sig, "..")) return RC_ERR;
    return err_hint(cx, "%s%sa%s %s %s%sb%s", cast[0] ? cast[0] : "", cast[0] ? "(" : "",
                    cast[0] ? ")" : "", f->name, cast[1] ? cast[1] : "", cast[1] ? "(" : "",
                    cast[1] ? ")" : "");
}

static rc fail_types(struct ctx *cx, const struct shapes *f, const struct dtype *args, int n,
                     struct span span)
{
    char a[64], b[64], wants[200];
    int bad = 0;
    while (bad < n && takes_at(f, args, n, bad))
        bad++;
    const char *cast = NULL;
    if (bad < n) {
        kinds_at(f, n, bad, wants, sizeof wants);
        cast = cast_to(args[bad].kind, wants);
    }
    if (is_operator(f->name) && n == 2) {
        (void)fail(cx, E207, span, "`%s` cannot stand between %s and %s", f->name,
                   dtype_text(args[0], a, sizeof a), dtype_text(args[1], b, sizeof b));
        return hint_operator(cx, f, args);
    }
    if (bad == n) {
        (void)fail(cx, E207, span, "`%s` cannot take %s and %s together", f->name,
                   dtype_text(args[0], a, sizeof a), dtype_text(args[n - 1], b, sizeof b));
    } else if (n == 1) {
        (void)fail(cx, E207, span, "`%s` takes %s, not %s", f->name, wants,
                   dtype_text(args[0], a, sizeof a));
    } else {
        (void)fail(cx, E207, span, "value %d of `%s` must be %s, not %s", bad + 1, f->name, wants,
                   dtype_text(args[bad], a, sizeof a));
    }
    return hint_call(cx, f, bad, cast);
}

/* Index of the best overload. */
static rc resolve(struct ctx *cx, const struct shapes *f, const struct dtype *args, int n,
                  struct span span, int *out)
{
    int best = -1, best_cost = 0;
    bool any_arity = false;
    for (int i = 0; i < f->n; i++) {
        struct shape s = f->at(f->overloads, i);
        any_arity = any_arity || arity_fits(s, n);
        int c = shape_cost(s, args, n);
        if (c < 0 || (best >= 0 && c >= best_cost)) continue;
        best = i;
        best_cost = c;
    }
    if (best < 0) return any_arity ? fail_types(cx, f, args, n, span) : fail_arity(cx, f, n, span);
    *out = best;
    return RC_OK;
}

rc fn_resolve(struct ctx *cx, const struct fn_desc *fn, const struct dtype *args, int n,
              struct span span, const struct fn_overload **out, struct dtype *out_type)
{
    struct shapes f = {fn->name, fn->sig, fn->n_overloads, fn_shape, fn->overloads};
    int i = 0;
    TRY(resolve(cx, &f, args, n, span, &i));
    struct dtype type = DTYPE(fn->overloads[i].ret);
    if (fn->type) TRY(fn->type(cx, args, n, span, &type));
    *out = &fn->overloads[i];
    *out_type = type;
    return RC_OK;
}

rc agg_resolve(struct ctx *cx, const struct agg_desc *agg, const struct dtype *args, int n,
               struct span span, const struct agg_overload **out, struct dtype *out_type)
{
    struct shapes f = {agg->name, agg->sig, agg->n_overloads, agg_shape, agg->overloads};
    int i = 0;
    TRY(resolve(cx, &f, args, n, span, &i));
    struct dtype type = DTYPE(agg->overloads[i].ret);
    if (agg->type) TRY(agg->type(cx, args, n, span, &type));
    *out = &agg->overloads[i];
    *out_type = type;
    return RC_OK;
}

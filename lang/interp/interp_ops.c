/* interp_ops.c: operators outside steps, months in dates, f-strings. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

/* ---- months: `@2019-01-31 + 1mo`, `2 * 3mo` ---- */
static bool has_months(const struct scalar *s)
{
    return s->type.kind == KIND_DURATION && !s->is_null && s->months != 0;
}
static bool is_time(const struct scalar *s)
{
    return s->type.kind == KIND_DATE || s->type.kind == KIND_DATETIME;
}
/* date or datetime moved by a duration with months: calendar part first, then the rest. */
static rc move_by(struct lang *lg, const struct scalar *at, const struct scalar *by, int sign,
                  struct span span, struct scalar *out)
{
    struct scalar r = *at;
    int64_t months = (int64_t)sign * by->months, rest = sign * by->u.i;
    if (at->is_null) {
        *out = r;
        return RC_OK;
    }
    int64_t day = at->type.kind == KIND_DATE ? at->u.i : civil_day_of_us(at->u.i);
    int64_t moved = civil_add_months(day, months);
    r.u.i = at->type.kind == KIND_DATE ? moved : at->u.i + (moved - day) * US_PER_DAY;
    if (rest == 0) {
        *out = r;
        return RC_OK;
    }
    const struct fn_desc *plus = fn_find(STR("+"));
    struct scalar length = {.type = DTYPE(KIND_DURATION), .u.i = rest}, args[2] = {r, length};
    return fn_eval_scalar(&lg->cx, lg->cx.arena, plus, args, 2, span, out);
}
static rc scale_months(struct lang *lg, const struct scalar *d, const struct scalar *by,
                       struct span span, struct scalar *out)
{
    int64_t months, rest;
    bool is_off = by->is_null || by->type.kind != KIND_INT ||
                  __builtin_mul_overflow((int64_t)d->months, by->u.i, &months) ||
                  __builtin_mul_overflow(d->u.i, by->u.i, &rest) || months > INT32_MAX ||
                  months < INT32_MIN;
    if (is_off)
        return fail(&lg->cx, E207, span,
                    "a length of months can be multiplied by whole numbers only");
    *out = *d;
    out->months = (int32_t)months;
    out->u.i = rest;
    return RC_OK;
}
static struct scalar add_lengths(const struct scalar *x, const struct scalar *y, int sign)
{
    struct scalar r = *x;
    r.months = x->months + sign * y->months;
    r.u.i = x->u.i + sign * y->u.i;
    return r;
}
rc months_binary(struct lang *lg, struct str op, const struct scalar *x, const struct scalar *y,
                 struct span span, struct scalar *out, bool *done)
{
    bool mx = has_months(x), my = has_months(y), is_plus = str_eqz(op, "+");
    bool is_sum = is_plus || str_eqz(op, "-");
    *done = mx || my;
    if (!*done) return RC_OK;
    if (is_sum && is_time(x) && my) return move_by(lg, x, y, is_plus ? 1 : -1, span, out);
    if (is_plus && mx && is_time(y)) return move_by(lg, y, x, 1, span, out);
    if (is_sum && x->type.kind == KIND_DURATION && y->type.kind == KIND_DURATION && !x->is_null &&
        !y->is_null) {
        *out = add_lengths(x, y, is_plus ? 1 : -1);
        return RC_OK;
    }
    if (str_eqz(op, "*") && mx) return scale_months(lg, x, y, span, out);
    if (str_eqz(op, "*") && my) return scale_months(lg, y, x, span, out);
    (void)fail(&lg->cx, E207, span,
               "`%.*s` cannot be used with months and years, whose length varies", STR_FMT(op));
    return err_note(&lg->cx, "they can be added to dates: @2019-01-31 + 1mo");
}

/* ---- operators ---- */
static rc join_lists(struct lang *lg, const struct value *x, const struct value *y,
                     struct span span, struct value **out)
{
    char a[96], b[96];
    int64_t nx = value_length(x), ny = value_length(y);
    if (nx + ny > INT32_MAX) return fail(&lg->cx, E902, span, "the list would be too long");
    if (x->column && y->column && dtype_eq(x->column->type, y->column->type)) {
        struct column *c;
        TRY(column_concat(&lg->cx, (const struct column *[]){x->column, y->column}, 2, &c));
        *out = value_list_of(c);
        column_unref(c);
        return RC_OK;
    }
    struct value **items = mem_alloc(sizeof *items * (size_t)(nx + ny + 1));
    for (int64_t i = 0; i < nx; i++)
        items[i] = value_item(x, i);
    for (int64_t i = 0; i < ny; i++)
        items[nx + i] = value_item(y, i);
    struct value *v = value_list(items, (int)(nx + ny));
    mem_free(items);
    if (nx && ny && v->items[0]->kind != v->items[nx]->kind && !value_is_null(v->items[0]) &&
        !value_is_null(v->items[nx])) {
        value_unref(v);
        return fail(&lg->cx, E207, span, "%s and %s cannot be one list",
                    value_phrase(x, a, sizeof a), value_phrase(y, b, sizeof b));
    }
    *out = v;
    return RC_OK;
}
/* Lists and structs are equal when all in them is; null equals null. */
static rc values_equal(struct lang *lg, const struct value *x, const struct value *y,
                       struct span span, bool *out)
{
    struct value *args[2], *v;
    int64_t n = value_length(x);
    bool is_nested = x->kind == VALUE_LIST || x->kind == VALUE_STRUCT;
    if (!is_nested || x->kind != y->kind) {
        *out = false;
        if (x->kind != VALUE_SCALAR || y->kind != VALUE_SCALAR) return RC_OK;
        args[0] = value_ref(x), args[1] = value_ref(y);
        enum rc_t res = apply_fn(lg, fn_find(STR("==")), args, 2, span, &v);
        value_unref(args[0]);
        value_unref(args[1]);
        TRY(res);
        *out = !v->scalar.is_null && v->scalar.u.b;
        value_unref(v);
        return RC_OK;
    }
    *out = n == value_length(y);
    for (int64_t i = 0; i < n && *out; i++) {
        if (x->kind == VALUE_STRUCT && strcmp(x->names[i], y->names[i]) != 0) *out = false;
        struct value *a = value_item(x, i), *b = value_item(y, i);
        enum rc_t res = *out ? values_equal(lg, a, b, span, out) : RC_OK;
        value_unref(a);
        value_unref(b);
        TRY(res);
    }
    return RC_OK;
}
static rc binary_values(struct lang *lg, const struct ast *e, struct value *x, struct value *y,
                        struct value **out)
{
    struct str op = e->text;
    if (x->kind == VALUE_LIST && y->kind == VALUE_LIST && str_eqz(op, "+"))
        return join_lists(lg, x, y, e->span, out);
    bool is_equal = str_eqz(op, "=="), truth;
    if ((is_equal || str_eqz(op, "!=")) && x->kind == y->kind &&
        (x->kind == VALUE_LIST || x->kind == VALUE_STRUCT)) {
        TRY(values_equal(lg, x, y, e->span, &truth));
        *out = value_bool(truth == is_equal);
        return RC_OK;
    }
    const struct fn_desc *fn = fn_find(op);
    if (!fn) return fail(&lg->cx, E217, e->span, "`%.*s` cannot stand here", STR_FMT(op));
    struct scalar a, b, result;
    bool done;
    struct value *args[2] = {x, y};
    if (x->kind == VALUE_SCALAR && y->kind == VALUE_SCALAR) {
        a = x->scalar, b = y->scalar;
        TRY(months_binary(lg, op, &a, &b, e->span, &result, &done));
        if (done) {
            *out = value_scalar(&result);
            return RC_OK;
        }
    }
    if (apply_fn(lg, fn, args, 2, e->span, out) == RC_OK) return RC_OK;
    bool are_scalars = x->kind == VALUE_SCALAR && y->kind == VALUE_SCALAR;
    return are_scalars ? hint_operator(lg, e, x->scalar.type, y->scalar.type) : RC_ERR;
}
/* A list where a value was meant: the one way out. */
static rc no_list_maths(struct lang *lg, const struct ast *e, const struct value *x,
                        const struct value *y)
{
    bool both = x->kind == VALUE_LIST && y->kind == VALUE_LIST && str_eqz(e->text, "+");
    bool is_list = x->kind == VALUE_LIST || y->kind == VALUE_LIST;
    if (!is_list || both || str_eqz(e->text, "==") || str_eqz(e->text, "!=")) return RC_OK;
    (void)fail(&lg->cx, E207, e->span, "`%.*s` works on single values, not on lists",
               STR_FMT(e->text));
    return err_hint(&lg->cx, "map(xs, x -> x %.*s 2)", STR_FMT(e->text));
}
/* and, or, ?? leave the right side alone when the left one settles it. */
static rc short_circuit(struct lang *lg, const struct ast *e, const struct value *x, bool *settled,
                        struct value **out)
{
    bool is_and = str_eqz(e->text, "and"), is_or = str_eqz(e->text, "or"), truth;
    *settled = false;
    if (is_and || is_or) {
        TRY(value_truth(lg, x, e->kids[0]->span, &truth));
        *settled = truth == is_or;
        if (*settled) *out = value_bool(truth);
    } else if (str_eqz(e->text, "??") && x->kind != VALUE_FRAME) {
        *settled = !value_is_null(x);
        if (*settled) *out = value_ref(x);
    }
    return RC_OK;
}
rc interp_binary(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *x, *y = NULL;
    bool settled;
    TRY(interp_expr(lg, sc, e->kids[0], &x));
    enum rc_t res = short_circuit(lg, e, x, &settled, out);
    if (res != RC_OK || settled) goto out;
    res = interp_expr(lg, sc, e->kids[1], &y);
    if (res == RC_OK) res = no_list_maths(lg, e, x, y);
    if (res == RC_OK) res = binary_values(lg, e, x, y, out);
out:
    value_unref(x);
    value_unref(y);
    return res;
}

static rc unary_value(struct lang *lg, const struct ast *e, struct value *x, struct value **out)
{
    bool truth;
    enum rc_t res;
    if (str_eqz(e->text, "not")) {
        res = value_truth(lg, x, e->kids[0]->span, &truth);
        if (res == RC_OK) *out = value_bool(!truth);
    } else if (x->kind == VALUE_SCALAR && has_months(&x->scalar)) {
        struct scalar s = x->scalar;
        s.months = -s.months;
        s.u.i = -s.u.i;
        *out = value_scalar(&s);
        res = RC_OK;
    } else {
        res = apply_fn(lg, fn_find(STR(FN_NEGATE)), &x, 1, e->span, out);
    }
    return res;
}
rc interp_unary_value(struct lang *lg, const struct ast *e, const struct scalar *x,
                      struct value **out)
{
    struct value *v = value_scalar(x);
    enum rc_t res = unary_value(lg, e, v, out);
    value_unref(v);
    return res;
}
rc interp_unary(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *x;
    TRY(interp_expr(lg, sc, e->kids[0], &x));
    enum rc_t res = unary_value(lg, e, x, out);
    value_unref(x);
    return res;
}

/* ---- in ---- */
static rc call_bool(struct lang *lg, const char *fn, struct value *x, struct value *y,
                    struct span span, bool *out)
{
    struct value *args[2] = {x, y}, *v;
    TRY(apply_fn(lg, fn_find(str_of(fn)), args, 2, span, &v));
    enum rc_t res = value_truth(lg, v, span, out);
    value_unref(v);
    return res;
}
static rc in_range(struct lang *lg, struct value *x, const struct value *range, struct span span,
                   bool *out)
{
    bool is_in = !value_is_null(x);
    if (is_in && range->items[0]) TRY(call_bool(lg, ">=", x, range->items[0], span, &is_in));
    if (is_in && range->items[1])
        TRY(call_bool(lg, range->is_half_open ? "<" : "<=", x, range->items[1], span, &is_in));
    *out = is_in;
    return RC_OK;
}
static rc in_list(struct lang *lg, struct value *x, const struct value *list, struct span span,
                  bool *out)
{
    int64_t n = value_length(list);
    *out = false;
    for (int64_t i = 0; i < n && !*out; i++) {
        struct value *item = value_item(list, i);
        enum rc_t res = call_bool(lg, "==", x, item, span, out);
        value_unref(item);
        TRY(res);
    }
    return RC_OK;
}
rc value_is_in(struct lang *lg, struct value *x, const struct value *where, struct span span,
               bool *out)
{
    char buf[96];
    if (where->kind == VALUE_RANGE) return in_range(lg, x, where, span, out);
    if (where->kind == VALUE_LIST) return in_list(lg, x, where, span, out);
    (void)fail(&lg->cx, E207, span, "right of `in` stands a list or a range, not %s",
               value_phrase(where, buf, sizeof buf));
    if (where->kind == VALUE_FRAME) return err_note(&lg->cx, "name one of its columns: x in t.id");
    if (where->kind == VALUE_SCALAR && where->scalar.type.kind == KIND_STR)
        return err_note(&lg->cx, "contains(text, part) looks into text");
    return RC_ERR;
}
rc interp_in(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct value *x, *where = NULL;
    bool found = false;
    TRY(interp_expr(lg, sc, e->kids[0], &x));
    enum rc_t res = interp_expr(lg, sc, e->kids[1], &where);
    if (res == RC_OK) res = value_is_in(lg, x, where, e->span, &found);
    if (res == RC_OK) *out = value_bool(found != e->is_negated);
    value_unref(x);
    value_unref(where);
    return res;
}

/* ---- f-strings ---- */
static rc add_part(struct lang *lg, struct scope *sc, const struct ast *part, struct strbuf *text)
{
    struct value *v, *formatted;
    TRY(interp_expr(lg, sc, part->kids[0], &v));
    enum rc_t res = RC_OK;
    if (part->text.n > 0) {
        struct value *mark = value_str(part->text), *args[2] = {v, mark};
        res = apply_fn(lg, fn_find(STR(FN_FORMAT)), args, 2, part->span, &formatted);
        value_unref(mark);
        if (res == RC_OK) {
            value_text(text, formatted, false);
            value_unref(formatted);
        }
    } else if (v->kind == VALUE_FRAME) {
        struct scalar s;
        res = value_to_scalar(lg, v, part->span, lg->cx.arena, &s);
        if (res == RC_OK) scalar_text(text, &s, false);
    } else {
        value_text(text, v, false);
    }
    value_unref(v);
    return res;
}
rc interp_fstr(struct lang *lg, struct scope *sc, const struct ast *e, struct value **out)
{
    struct strbuf text = {0};
    enum rc_t res = RC_OK;
    for (int i = 0; i < e->n_kids && res == RC_OK; i++) {
        if (e->kids[i]->op == AST_STR) {
            strbuf_adds(&text, e->kids[i]->text);
        } else {
            res = add_part(lg, sc, e->kids[i], &text);
        }
    }
    if (res == RC_OK) *out = value_str(strbuf_view(&text));
    strbuf_release(&text);
    return res;
}

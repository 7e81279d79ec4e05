/* sql_special.c: functions whose SQL depends on a constant argument: lists, ranges, patterns. */
#include "runtime/plan/sql_int.h"

#include "runtime/base/civil.h"

static bool is_null_literal(const struct expr *e)
{
    while (e->op == EXPR_CALL && e->is_implicit && e->n_args == 1)
        e = e->args[0];
    return e->op == EXPR_LITERAL && e->value.is_null;
}

/* ---- in ---- */
static rc put_members(struct sql *s, const struct expr *list, struct dtype type, struct strbuf *out,
                      bool *has_null, int64_t *n)
{
    const struct column *c = list->value.u.list;
    for (int64_t i = 0; i < c->n; i++) {
        struct scalar v = column_scalar(c, i);
        if (v.is_null) {
            *has_null = true;
            continue;
        }
        if ((*n)++) strbuf_addz(out, ", ");
        bool fits = sql_literal(out, s->d, &v);
        scalar_release(&v);
        if (!fits) return sqlout_refuse(s, list->span, "a list of such values");
    }
    (void)type;
    return RC_OK;
}

rc sqlout_in(struct sql *s, const struct sql_side *side, const struct expr *e, struct strbuf *out)
{
    const struct expr *list = e->args[1];
    struct strbuf x = {0}, members = {0};
    bool has_null = false;
    int64_t n = 0;
    if (list->op != EXPR_LITERAL || list->value.is_null || list->type.kind != KIND_LIST)
        return sqlout_refuse(s, e->span, "`in` of a list that is no constant");
    enum rc_t res = sqlout_expr(s, side, e->args[0], &x);
    if (res == RC_OK) res = put_members(s, list, e->args[0]->type, &members, &has_null, &n);
    if (res == RC_OK && n > 0)
        strbuf_printf(out, "(coalesce(%s IN (%s), false)", x.p, members.p);
    else if (res == RC_OK)
        strbuf_addz(out, "(false");
    if (res == RC_OK && has_null) strbuf_printf(out, " OR %s IS NULL", x.p);
    strbuf_addc(out, ')');
    strbuf_release(&x);
    strbuf_release(&members);
    return res;
}

/* x in lo..hi: an end that is a null constant is open, null is in no range. */
rc sqlout_in_range(struct sql *s, const struct sql_side *side, const struct expr *e,
                   struct strbuf *out)
{
    struct strbuf x = {0}, end[2] = {{0}, {0}};
    const char *order = e->args[0]->type.kind == KIND_STR ? s->d->collate : "";
    bool is_half =
        e->args[3]->op == EXPR_LITERAL && !e->args[3]->value.is_null && e->args[3]->value.u.b;
    const char *const ops[2] = {">=", is_half ? "<" : "<="};
    enum rc_t res = sqlout_expr(s, side, e->args[0], &x);
    for (int i = 0; i < 2 && res == RC_OK; i++)
        if (!is_null_literal(e->args[1 + i])) res = sqlout_expr(s, side, e->args[1 + i], &end[i]);
    if (res == RC_OK) {
        strbuf_printf(out, "(%s IS NOT NULL", x.p);
        for (int i = 0; i < 2; i++)
            if (end[i].p)
                strbuf_printf(out, " AND coalesce(%s%s %s %s%s, false)", x.p, order, ops[i],
                              end[i].p, order);
        strbuf_addc(out, ')');
    }
    strbuf_release(&x);
    strbuf_release(&end[0]);
    strbuf_release(&end[1]);
    return res;
}

/* ---- patterns ---- */
static bool text_constant(const struct expr *e, int i, struct str *out)
{
    if (i >= e->n_args) return false;
    const struct expr *a = e->args[i];
    if (a->op != EXPR_LITERAL || a->value.is_null || a->type.kind != KIND_STR) return false;
    *out = a->value.u.s;
    return true;
}

/* What may follow the character at p in a pattern that every engine reads alike: no classes by
 * letter (\d), lazy or possessive repetition, named or empty groups; `.` and `$` differ as to line
 * ends. */
static bool is_common_char(struct str p, size_t i, bool any_match)
{
    char c = p.p[i], next = i + 1 < p.n ? p.p[i + 1] : 0;
    switch (c) {
    case '\\': return next && strchr(".\\*+?()[]{}|^$-/", next);
    case '(': return next != '?';
    case '|': return any_match;
    case '^': return i == 0;
    case '.':
    case '$': return false;
    case '*':
    case '+':
    case '?':
    case '}': return !next || !strchr("?+*", next);
    default: return true;
    }
}

/* End of the class that opens at i (its bracket), 0 when it holds more than plain characters and
 * ranges. */
static size_t class_end(struct str p, size_t i)
{
    if (i + 1 < p.n && (p.p[i + 1] == '^' || p.p[i + 1] == ']')) return 0;
    for (size_t k = i + 1; k < p.n; k++) {
        if (p.p[k] == ']') return k;
        if (strchr("[^\\", p.p[k]) || (unsigned char)p.p[k] >= 0x80) return 0;
    }
    return 0;
}

/* Alternation only where any match will do: engines choose differently. */
static bool is_common(struct str p, bool any_match)
{
    for (size_t i = 0; i < p.n; i++) {
        if (!is_common_char(p, i, any_match)) return false;
        if (p.p[i] == '\\') i++;
        if (p.p[i] != '[' || (i > 0 && p.p[i - 1] == '\\')) continue;
        i = class_end(p, i);
        if (i == 0) return false;
    }
    return true;
}

/* Calls as `before` arg1, 'pattern' `after`. */
static rc put_pattern(struct sql *s, const struct sql_side *side, const struct expr *e,
                      bool any_match, const char *before, const char *between, const char *after,
                      struct strbuf *out)
{
    struct str pattern;
    if (!text_constant(e, 1, &pattern) || !is_common(pattern, any_match))
        return sqlout_refuse(s, e->span, "this pattern, which engines read differently");
    strbuf_addz(out, before);
    TRY(sqlout_expr(s, side, e->args[0], out));
    strbuf_addz(out, between);
    if (!sql_literal(out, s->d, &e->args[1]->value))
        return sqlout_refuse(s, e->span, "this pattern");
    strbuf_addz(out, after);
    return RC_OK;
}

rc sqlout_matches(struct sql *s, const struct sql_side *side, const struct expr *e,
                  struct strbuf *out)
{
    if (s->d->id == SQL_postgres)
        return put_pattern(s, side, e, true, "coalesce(", " ~ ", ", false)", out);
    return put_pattern(s, side, e, true, "coalesce(regexp_matches(", ", ", "), false)", out);
}

static int count_groups(struct str p)
{
    int n = 0;
    for (size_t i = 0; i < p.n; i++) {
        if (p.p[i] == '\\')
            i++;
        else
            n += p.p[i] == '(';
    }
    return n;
}

/* One group or the whole match; null when the pattern does not fit. */
rc sqlout_extract(struct sql *s, const struct sql_side *side, const struct expr *e,
                  struct strbuf *out)
{
    struct str pattern;
    struct strbuf call = {0}, test = {0};
    if (!text_constant(e, 1, &pattern) || e->n_args > 2 || count_groups(pattern) > 1)
        return sqlout_refuse(s, e->span, "`extract` with a group chosen");
    enum rc_t res;
    if (s->d->id == SQL_postgres) {
        res = put_pattern(s, side, e, false, "(regexp_match(", ", ", "))[1]", out);
    } else {
        const char *group = count_groups(pattern) ? ", 1)" : ", 0)";
        res = put_pattern(s, side, e, false, "regexp_matches(", ", ", ")", &test);
        if (res == RC_OK)
            res = put_pattern(s, side, e, false, "regexp_extract(", ", ", group, &call);
        if (res == RC_OK) strbuf_printf(out, "CASE WHEN %s THEN %s END", test.p, call.p);
    }
    strbuf_release(&call);
    strbuf_release(&test);
    return res;
}

/* The new text is taken as it is, so group references in it are refused. */
rc sqlout_sub(struct sql *s, const struct sql_side *side, const struct expr *e, struct strbuf *out)
{
    struct str to;
    struct strbuf after = {0};
    if (!text_constant(e, 2, &to) || memchr(to.p, '\\', to.n) || memchr(to.p, '$', to.n) ||
        memchr(to.p, '&', to.n))
        return sqlout_refuse(s, e->span, "`sub` with such a replacement");
    struct str pattern;
    if (text_constant(e, 1, &pattern) &&
        (pattern.n == 0 || memchr(pattern.p, '*', pattern.n) || memchr(pattern.p, '?', pattern.n)))
        return sqlout_refuse(s, e->span, "`sub` of a pattern that fits the empty text");
    strbuf_addz(&after, ", ");
    bool fits = sql_literal(&after, s->d, &e->args[2]->value);
    strbuf_addz(&after, ", 'g')");
    enum rc_t res = fits ? put_pattern(s, side, e, false, "regexp_replace(", ", ", after.p, out)
                         : sqlout_refuse(s, e->span, "this replacement");
    strbuf_release(&after);
    return res;
}

/* ---- pad ---- */
static int64_t code_points(struct str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

rc sqlout_pad(struct sql *s, const struct sql_side *side, const struct expr *e, struct strbuf *out)
{
    struct str fill, where = STR("left");
    struct strbuf x = {0}, n = {0}, f = {0};
    if (!text_constant(e, 2, &fill) || code_points(fill) != 1 ||
        (e->n_args > 3 && !text_constant(e, 3, &where)))
        return sqlout_refuse(s, e->span, "`pad` with a fill that is not one constant character");
    enum rc_t res = sqlout_expr(s, side, e->args[0], &x);
    if (res == RC_OK) res = sqlout_expr(s, side, e->args[1], &n);
    if (res == RC_OK) res = sqlout_expr(s, side, e->args[2], &f);
    if (res == RC_OK)
        strbuf_printf(out,
                      "CASE WHEN length(%s) < %s THEN %s(%s, CAST(%s AS INTEGER), %s) ELSE %s END",
                      x.p, n.p, str_eq(where, STR("right")) ? "rpad" : "lpad", x.p, n.p, f.p, x.p);
    strbuf_release(&x);
    strbuf_release(&n);
    strbuf_release(&f);
    return res;
}

/* ---- bin of times ---- */
static void put_bin_us(struct sql *s, const char *x, int64_t us, struct strbuf *out)
{
    long long unit = us, origin = us % (7 * US_PER_DAY) == 0 ? 4 * US_PER_DAY : 0;
    if (s->d->id == SQL_postgres)
        strbuf_printf(out,
                      "date_bin(%lld * interval '1 microsecond', %s, timestamp '1970-01-01' + %lld "
                      "* interval '1 microsecond')",
                      unit, x, origin);
    else
        strbuf_printf(out,
                      "make_timestamp(epoch_us(%s) - ((epoch_us(%s) - %lld) %% %lld + %lld) %% "
                      "%lld)",
                      x, x, origin, unit, unit, unit);
}

rc sqlout_bin_time(struct sql *s, const struct sql_side *side, const struct expr *e,
                   struct strbuf *out)
{
    const struct expr *w = e->args[1];
    bool is_date = e->args[0]->type.kind == KIND_DATE;
    struct strbuf x = {0};
    if (w->op != EXPR_LITERAL || w->value.is_null || w->type.kind != KIND_DURATION)
        return sqlout_refuse(s, e->span, "`bin` by a width that is no constant");
    int32_t months = w->value.months;
    const char *unit = months == 1    ? "month"
                       : months == 3  ? "quarter"
                       : months == 12 ? "year"
                                      : NULL;
    if (months && !unit) return sqlout_refuse(s, e->span, "`bin` by so many months");
    if (is_date) strbuf_addz(&x, "CAST(");
    enum rc_t res = sqlout_expr(s, side, e->args[0], &x);
    if (is_date) strbuf_addz(&x, " AS TIMESTAMP)");
    if (res == RC_OK) {
        strbuf_addz(out, is_date ? "CAST(" : "(");
        if (unit)
            strbuf_printf(out, "date_trunc('%s', %s)", unit, x.p);
        else
            put_bin_us(s, x.p, w->value.u.i, out);
        strbuf_addz(out, is_date ? " AS DATE)" : ")");
    }
    strbuf_release(&x);
    return res;
}

/* ---- format_time ---- */
static const struct {
    char mark;
    const char *postgres;
} marks[] = {{'Y', "YYYY"}, {'m', "MM"},  {'d', "DD"},    {'H', "HH24"}, {'M', "MI"},
             {'S', "SS"},   {'j', "DDD"}, {'A', "FMDay"}, {'a', "Dy"},   {'B', "FMMonth"},
             {'b', "Mon"},  {'y', "YY"},  {'I', "HH12"}};

static const char *find_mark(char c)
{
    for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
        if (marks[k].mark == c) return marks[k].postgres;
    return NULL;
}

/* The strftime pattern in to_char's marks; false when one has none. */
static bool to_char_pattern(struct str p, struct strbuf *out)
{
    for (size_t i = 0; i < p.n; i++) {
        const char *mark = p.p[i] == '%' && i + 1 < p.n ? find_mark(p.p[++i]) : NULL;
        if (p.p[i] == '"' || p.p[i] == '\\') return false;
        if (mark)
            strbuf_addz(out, mark);
        else
            strbuf_printf(out, "\"%c\"", p.p[i]);
    }
    return true;
}

static bool is_plain_pattern(struct str p)
{
    for (size_t i = 0; i < p.n; i++) {
        if ((unsigned char)p.p[i] >= 0x80) return false;
        if (p.p[i] == '%' && (++i == p.n || !find_mark(p.p[i]))) return false;
    }
    return true;
}

rc sqlout_format_time(struct sql *s, const struct sql_side *side, const struct expr *e,
                      struct strbuf *out)
{
    struct str p;
    struct strbuf pattern = {0};
    bool fits = text_constant(e, 1, &p) && is_plain_pattern(p), is_pg = s->d->id == SQL_postgres;
    if (fits && is_pg)
        fits = to_char_pattern(p, &pattern);
    else if (fits)
        strbuf_adds(&pattern, p);
    if (!fits) {
        strbuf_release(&pattern);
        return sqlout_refuse(s, e->span, "`format_time` with this pattern");
    }
    struct scalar v = {.type = DTYPE(KIND_STR), .u.s = strbuf_view(&pattern)};
    strbuf_addz(out, is_pg ? "to_char(" : "strftime(");
    enum rc_t res = sqlout_expr(s, side, e->args[0], out);
    strbuf_addz(out, ", ");
    (void)sql_literal(out, s->d, &v);
    strbuf_addc(out, ')');
    strbuf_release(&pattern);
    return res;
}

/* like.c: LIKE and ILIKE, and the patterns of SIMILAR TO. A constant pattern without `_` is cut at
 * its %s once and then searched for part by part. */
#include "runtime/base/utf8.h"
#include "runtime/fn/scalar/text.h"
#include "runtime/fn/sql/sql.h"

#include <utf8proc.h>

struct like {
    bool is_plain;             /* parts below say it all */
    bool open_start, open_end; /* begins, ends with % */
    struct str *parts;         /* what stands between the %s, escapes taken out */
    int n_parts;
    struct str pattern; /* else */
};

static bool match_parts(const struct like *k, struct str s)
{
    int first = 0, last = k->n_parts;
    if (k->n_parts == 0) return k->open_start || s.n == 0;
    if (!k->open_start && !k->open_end && k->n_parts == 1) return str_eq(s, k->parts[0]);
    if (!k->open_start) {
        struct str p = k->parts[first++];
        if (!str_starts(s, p)) return false;
        s = (struct str){s.p + p.n, s.n - p.n};
    }
    if (!k->open_end) {
        struct str p = k->parts[--last];
        if (!str_ends(s, p)) return false;
        s.n -= p.n;
    }
    for (; first < last; first++) {
        int64_t at = text_search(s, k->parts[first], 0);
        if (at < 0) return false;
        size_t skip = (size_t)at + k->parts[first].n;
        s = (struct str){s.p + skip, s.n - skip};
    }
    return true;
}

static bool matches(const struct like *k, struct str s)
{
    return k->is_plain ? match_parts(k, s) : text_like(s, k->pattern);
}

static void end_part(struct like *k, struct strbuf *b, struct arena *arena)
{
    if (b->n == 0) return;
    k->parts[k->n_parts++] = arena_str(arena, strbuf_view(b));
    strbuf_clear(b);
}

static void cut_pattern(struct like *k, struct str p, struct arena *arena)
{
    struct strbuf b = {0};
    k->pattern = p;
    k->is_plain = true;
    k->open_start = p.n > 0 && p.p[0] == '%';
    k->parts = ARENA_ARRAY(arena, struct str, p.n + 1);
    for (size_t i = 0; i < p.n && k->is_plain; i++) {
        bool is_any = p.p[i] == '%';
        if (p.p[i] == '_') k->is_plain = false;
        if (is_any) end_part(k, &b, arena);
        if (p.p[i] == '\\' && i + 1 < p.n) i++;
        if (!is_any) strbuf_addc(&b, p.p[i]);
        k->open_end = is_any;
    }
    end_part(k, &b, arena);
    strbuf_release(&b);
}

static enum rc_t check_pattern(struct fn_eval *e, struct str p)
{
    size_t slashes = 0;
    while (slashes < p.n && p.p[p.n - 1 - slashes] == '\\')
        slashes++;
    if (slashes % 2 == 0) return RC_OK;
    return fail(e->cx, E314, e->span, "the pattern \"%.*s\" ends with its escape character",
                STR_FMT(p));
}

/* Small letters, for ILIKE. */
static struct str lowered(struct str s, struct strbuf *b)
{
    strbuf_clear(b);
    for (size_t i = 0; i < s.n;) {
        uint32_t cp;
        char buf[4];
        i += (size_t)utf8_next(s.p + i, s.n - i, &cp);
        strbuf_add(b, buf, (size_t)utf8_put((uint32_t)utf8proc_tolower((int32_t)cp), buf));
    }
    return strbuf_view(b);
}

static rc prepare(struct fn_eval *e, struct arena *arena, bool any_case, void **out)
{
    struct like *k = ARENA_NEW(arena, struct like);
    if (!const_given(e, 1)) return RC_OK;
    struct strbuf b = {0};
    struct str p = e->consts[1].u.s;
    TRY(check_pattern(e, p));
    cut_pattern(k, arena_str(arena, any_case ? lowered(p, &b) : p), arena);
    strbuf_release(&b);
    *out = k;
    return RC_OK;
}
static enum rc_t prepare_like(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, false, out);
}
static enum rc_t prepare_ilike(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, true, out);
}

static enum rc_t test_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           bool any_case)
{
    uint64_t *r = (uint64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    const struct like *fixed = e->prepared;
    struct strbuf a = {0}, b = {0};
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        struct like k = {0};
        bit_put(r, i, false);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (any_case) s = lowered(s, &a);
        if (!fixed) {
            k.pattern = vec_str(&args[1], i);
            res = check_pattern(e, k.pattern);
            if (any_case) k.pattern = lowered(k.pattern, &b);
        }
        bit_put(r, i, matches(fixed ? fixed : &k, s));
    }
    strbuf_release(&a);
    strbuf_release(&b);
    return res;
}
static enum rc_t like(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_rows(e, n, args, out, false);
}
static enum rc_t ilike(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_rows(e, n, args, out, true);
}

static const struct fn_overload sql_like_overloads[] = {OV2(KIND_STR, KIND_STR, KIND_BOOL, like)};
SQL_FN(sql_like, "sql_like(x: str, pattern: str) -> bool",
       "SQL's LIKE: null when a side is null; backslash escapes.",
       "sql_like(\"banana\", \"b%n_\")  #> true", 0, .nulls = FN_ANY_NULL, .prepare = prepare_like,
       .foreign = {"(%1 LIKE %2)", "(%1 LIKE %2)"});
static const struct fn_overload sql_ilike_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_BOOL, ilike),
};
SQL_FN(sql_ilike, "sql_ilike(x: str, pattern: str) -> bool",
       "SQL's ILIKE: as LIKE, small and capital letters alike.",
       "sql_ilike(\"Banana\", \"b%N_\")  #> true", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_ilike, .foreign = {"(%1 ILIKE %2)", "(%1 ILIKE %2)"});

/* ---- ESCAPE: the pattern with backslash as its escape ---- */
static rc one_escape(struct fn_eval *e, int64_t i, struct str esc)
{
    if (text_points(esc) <= 1) return RC_OK;
    return sql_refuse(e, i, "ESCAPE takes one character or none, not \"%.*s\"", STR_FMT(esc));
}
static enum rc_t escape_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                            bool *is_null)
{
    struct str p = vec_str(&args[0], i), esc = vec_str(&args[1], i);
    (void)is_null;
    TRY(one_escape(e, i, esc));
    for (size_t at = 0; at < p.n;) {
        struct str rest = {p.p + at, p.n - at};
        if (esc.n > 0 && str_starts(rest, esc)) {
            at += esc.n;
            strbuf_addc(b, '\\');
            if (at == p.n) break;
            rest = (struct str){p.p + at, p.n - at};
        } else if (rest.p[0] == '\\') {
            strbuf_addc(b, '\\');
        }
        size_t n = text_offset(rest, 1);
        strbuf_add(b, rest.p, n);
        at += n;
    }
    return RC_OK;
}
SQL_TEXT_KERNEL(like_escape, escape_row, false)
static const struct fn_overload sql_like_escape_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_STR, like_escape),
};
SQL_FN(sql_like_escape, "sql_like_escape(pattern: str, escape: str) -> str",
       "A pattern of LIKE .. ESCAPE with backslash as its escape.",
       "sql_like_escape(\"5#%\", \"#\")  #> \"5\\\\%\"", 0, .nulls = FN_ANY_NULL);

/* ---- SIMILAR TO: as a regular expression ---- */
static void similar_pattern(struct str p, struct str esc, struct strbuf *b)
{
    bool in_class = false;
    strbuf_addz(b, "^(?:");
    for (size_t at = 0; at < p.n;) {
        struct str rest = {p.p + at, p.n - at};
        if (esc.n > 0 && str_starts(rest, esc) && rest.n > esc.n) {
            at += esc.n;
            rest = (struct str){p.p + at, p.n - at};
            size_t n = text_offset(rest, 1);
            if (n == 1 && !((rest.p[0] | 0x20) >= 'a' && (rest.p[0] | 0x20) <= 'z'))
                strbuf_addc(b, '\\');
            strbuf_add(b, rest.p, n);
            at += n;
            continue;
        }
        char c = rest.p[0];
        if (in_class || !strchr("%_.^$\\(", c))
            strbuf_addc(b, c);
        else
            strbuf_addz(b, c == '%'   ? ".*"
                           : c == '_' ? "."
                           : c == '(' ? "(?:"
                           : c == '.' ? "\\."
                           : c == '^' ? "\\^"
                           : c == '$' ? "\\$"
                                      : "\\\\");
        if (c == '[') in_class = true;
        if (c == ']') in_class = false;
        at++;
    }
    strbuf_addz(b, ")$");
}
static enum rc_t similar_row(struct fn_eval *e, const struct vec *args, int64_t i, struct strbuf *b,
                             bool *is_null)
{
    struct str esc = e->n_args > 1 ? vec_str(&args[1], i) : STR("\\");
    (void)is_null;
    TRY(one_escape(e, i, esc));
    similar_pattern(vec_str(&args[0], i), esc, b);
    return RC_OK;
}
SQL_TEXT_KERNEL(similar_escape, similar_row, false)
static const struct fn_overload sql_similar_overloads[] = {
    OV1(KIND_STR, KIND_STR, similar_escape),
    OV2(KIND_STR, KIND_STR, KIND_STR, similar_escape),
};
SQL_FN(sql_similar, "sql_similar(pattern: str, escape: str = \"\\\") -> str",
       "A pattern of SIMILAR TO as a regular expression.",
       "sql_similar(\"a%|b_\")  #> \"^(?:a.*|b.)$\"", 0, .nulls = FN_ANY_NULL);

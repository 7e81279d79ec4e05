/* regex.c: regular expressions of SQL with PCRE2, whose syntax holds PostgreSQL's (\y, \m and \M
 * are rewritten). A point fits a line's end, $ only the text's end, as there. Of alternatives the
 * first that fits is taken, not the longest. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/fn/scalar/text.h"
#include "runtime/fn/sql/sql.h"

#include <inttypes.h>
#include <pcre2.h>

struct regex {
    pcre2_code *code;
    bool all; /* flag g */
    uint32_t groups;
};

static void code_free(void *code)
{
    pcre2_code_free(code);
}

/* PostgreSQL's word edges in PCRE2's words. */
static void translate(struct strbuf *b, struct str p)
{
    for (size_t i = 0; i < p.n; i++) {
        if (p.p[i] != '\\' || i + 1 == p.n) {
            strbuf_addc(b, p.p[i]);
            continue;
        }
        char c = p.p[++i];
        if (c == 'y')
            strbuf_addz(b, "\\b");
        else if (c == 'm')
            strbuf_addz(b, "\\b(?=\\w)");
        else if (c == 'M')
            strbuf_addz(b, "\\b(?<=\\w)");
        else if (c == 'Y')
            strbuf_addz(b, "\\B");
        else
            strbuf_printf(b, "\\%c", c);
    }
}

/* Letters of the flags argument as options. */
static rc read_flags(struct fn_eval *e, struct str flags, struct regex *r, uint32_t *options)
{
    for (size_t i = 0; i < flags.n; i++) {
        switch (flags.p[i]) {
        case 'g': r->all = true; break;
        case 'i': *options |= PCRE2_CASELESS; break;
        case 'c': *options &= ~PCRE2_CASELESS; break;
        case 's': *options |= PCRE2_DOTALL; break;
        case 'm':
        case 'n': *options = (*options & ~PCRE2_DOTALL) | PCRE2_MULTILINE; break;
        case 'x': *options |= PCRE2_EXTENDED; break;
        default:
            return fail(e->cx, E209, e->span, "`%c` is no flag of a pattern: g i n s x",
                        flags.p[i]);
        }
    }
    return RC_OK;
}

static rc compile(struct fn_eval *e, struct arena *arena, struct str pattern, struct str flags,
                  uint32_t options, struct regex **out)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    struct regex *r = ARENA_NEW(arena, struct regex);
    struct strbuf b = {0};
    options |=
        PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
    TRY(read_flags(e, flags, r, &options));
    translate(&b, pattern);
    struct str p = strbuf_view(&b);
    r->code = pcre2_compile((PCRE2_SPTR)p.p, p.n, options, &code, &at, NULL);
    strbuf_release(&b);
    if (!r->code) {
        char why[160];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        return fail(e->cx, E314, e->span, "the pattern \"%.*s\" is not valid: %s", STR_FMT(pattern),
                    why);
    }
    arena_on_free(arena, code_free, r->code);
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it matching is only slower */
    *out = r;
    return RC_OK;
}

/* Which argument holds the flags, by function; 0: none. */
static rc prepare(struct fn_eval *e, struct arena *arena, int flags_at, uint32_t options,
                  void **out)
{
    struct regex *r;
    bool has_flags = flags_at > 0 && e->n_args > flags_at;
    if (!e->is_const[1] || (has_flags && !e->is_const[flags_at])) return RC_OK; /* row by row */
    struct str pattern = e->consts[1].is_null ? STR("") : e->consts[1].u.s;
    struct str flags = const_given(e, flags_at) && has_flags ? e->consts[flags_at].u.s : STR("");
    TRY(compile(e, arena, pattern, flags, options, &r));
    *out = r;
    return RC_OK;
}

/* What a batch works with: the prepared pattern, or that of the last row. */
struct matcher {
    struct fn_eval *e;
    const struct vec *args;
    int flags_at;
    uint32_t options;
    const struct regex *r;
    struct str pattern, flags; /* of r, when it is not the prepared one */
    pcre2_match_data *m;
    const PCRE2_SIZE *at;
};

static rc matcher_row(struct matcher *k, int64_t i)
{
    struct fn_eval *e = k->e;
    if (!e->prepared) {
        bool has_flags = k->flags_at > 0 && e->n_args > k->flags_at;
        struct str p = vec_str(&k->args[1], i), empty = STR("");
        struct str flags = has_flags ? vec_str(&k->args[k->flags_at], i) : empty;
        if (k->r && str_eq(p, k->pattern) && str_eq(flags, k->flags)) return RC_OK;
        struct regex *r;
        TRY(compile(e, e->cx->arena, p, flags, k->options, &r));
        k->r = r;
        k->pattern = p;
        k->flags = flags;
    } else if (k->r) {
        return RC_OK;
    } else {
        k->r = e->prepared;
    }
    if (k->m) pcre2_match_data_free(k->m);
    k->m = pcre2_match_data_create_from_pattern(k->r->code, NULL);
    k->at = pcre2_get_ovector_pointer(k->m);
    return RC_OK;
}

/* > 0 found, 0 not, < 0 the error is set. */
static int match(struct matcher *k, struct str s, size_t at, uint32_t options, int64_t row)
{
    PCRE2_SPTR p = (PCRE2_SPTR)(s.n ? s.p : "");
    int found = pcre2_match(k->r->code, p, s.n, at, options, k->m, NULL);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT)
        found = pcre2_match(k->r->code, p, s.n, at, options | PCRE2_NO_JIT, k->m, NULL);
    if (found >= 0) return 1;
    if (found == PCRE2_ERROR_NOMATCH) return 0;
    (void)fail(k->e->cx, E314, k->e->span,
               "the pattern takes too many steps on the text of row %" PRId64 " and was stopped",
               k->e->first_row + row + 1);
    return -1;
}

/* Walks over the matches: the next one from *from, which moves on; as match. After an empty match
 * the next must not be empty at the same place, else one character is passed over. */
struct walk {
    size_t from;
    uint32_t options;
};
static int next_match(struct matcher *k, struct walk *w, struct str s, int64_t row)
{
    while (w->from <= s.n) {
        int found = match(k, s, w->from, w->options, row);
        if (found < 0) return found;
        if (found > 0 && k->at[0] > k->at[1]) return 0; /* \K behind the start */
        if (found > 0) {
            w->from = k->at[1];
            w->options = k->at[0] == k->at[1] ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0;
            return 1;
        }
        if (w->options == 0) return 0;
        w->from += w->from < s.n ? text_offset((struct str){s.p + w->from, s.n - w->from}, 1) : 1;
        w->options = 0;
    }
    return 0;
}

/* Group g of the last match; false when it took no part. */
static bool group_of(const struct matcher *k, struct str s, uint32_t g, struct str *out)
{
    *out = (struct str){s.p, 0};
    if (k->at[2 * g] == PCRE2_UNSET || k->at[2 * g] > k->at[2 * g + 1]) return false;
    *out = (struct str){s.p + k->at[2 * g], k->at[2 * g + 1] - k->at[2 * g]};
    return true;
}

/* Calls f for every row that has all its arguments. */
typedef enum rc_t (*match_row)(struct matcher *k, int64_t i, void *to);
static rc each_row(struct fn_eval *e, int64_t n, const struct vec *args, int flags_at,
                   uint32_t options, match_row f, void *to)
{
    struct matcher k = {.e = e, .args = args, .flags_at = flags_at, .options = options};
    const uint64_t *live = live_rows(e, n, args);
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        if (!bit_valid(live, i)) continue;
        res = matcher_row(&k, i);
        if (res == RC_OK) res = f(&k, i, to);
    }
    if (k.m) pcre2_match_data_free(k.m);
    return res;
}

/* ---- ~ ~* regexp_like ---- */
static enum rc_t test_row(struct matcher *k, int64_t i, void *to)
{
    int found = match(k, vec_str(&k->args[0], i), 0, 0, i);
    if (found > 0) bit_set(to, i);
    return found < 0 ? RC_ERR : RC_OK;
}
static enum rc_t test_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           uint32_t options)
{
    if (n == 0) return RC_OK;
    memset((void *)(uintptr_t)out->data, 0, BITMAP_WORDS(n) * 8);
    return each_row(e, n, args, 2, options, test_row, (void *)(uintptr_t)out->data);
}
static enum rc_t regex(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_rows(e, n, args, out, 0);
}
static enum rc_t iregex(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return test_rows(e, n, args, out, PCRE2_CASELESS);
}
static enum rc_t prepare_flags2(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, 2, 0, out);
}
static enum rc_t prepare_icase(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, 2, PCRE2_CASELESS, out);
}
static const struct fn_overload sql_regex_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_BOOL, regex),
    OV3(KIND_STR, KIND_STR, KIND_STR, KIND_BOOL, regex),
};
SQL_FN(sql_regex, "sql_regex(x: str, pattern: str, flags: str = \"\") -> bool",
       "SQL's ~ and regexp_like: null when a side is null.",
       "sql_regex(\"wk12\", \"^wk[0-9]+$\")  #> true", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_flags2);
static const struct fn_overload sql_iregex_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_BOOL, iregex),
};
SQL_FN(sql_iregex, "sql_iregex(x: str, pattern: str) -> bool",
       "SQL's ~*: small and capital letters alike.", "sql_iregex(\"WK12\", \"^wk\")  #> true", 0,
       .nulls = FN_ANY_NULL, .prepare = prepare_icase);

/* ---- texts ---- */
struct text_to {
    struct vec *out;
    struct text_out t;
    struct strbuf b;
};
static void no_texts(struct vec *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        ((struct text *)out->data)[i] = text_make("", 0);
}

/* substring(x from pattern): the first group, or the whole match. */
static enum rc_t substr_row(struct matcher *k, int64_t i, void *to)
{
    struct vec *out = to;
    struct str s = vec_str(&k->args[0], i), part = {0};
    int found = match(k, s, 0, 0, i);
    if (found < 0) return RC_ERR;
    if (found > 0 && group_of(k, s, k->r->groups > 0, &part))
        ((struct text *)out->data)[i] = text_make(part.p, part.n);
    else
        out_null(out, i);
    return RC_OK;
}
static enum rc_t substr(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    no_texts(out, n);
    out_shares(out, &args[0]);
    return each_row(e, n, args, 0, 0, substr_row, out);
}
static enum rc_t prepare_plain(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, 0, 0, out);
}
static const struct fn_overload sql_regex_substr_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_STR, substr),
};
SQL_FN(sql_regex_substr, "sql_regex_substr(x: str, pattern: str) -> str",
       "SQL's substring(x from pattern): the first group, or the whole match; null without one.",
       "sql_regex_substr(\"room 12b\", \"[0-9]+\")  #> \"12\"", FN_ADDS_NULLS, .nulls = FN_ANY_NULL,
       .prepare = prepare_plain);

/* The replacement's \1 and \&. */
static void put_replacement(const struct matcher *k, struct str s, struct str to, struct strbuf *b)
{
    for (size_t i = 0; i < to.n; i++) {
        struct str part;
        bool is_escape = to.p[i] == '\\' && i + 1 < to.n;
        if (!is_escape) {
            strbuf_addc(b, to.p[i]);
            continue;
        }
        char c = to.p[++i];
        uint32_t g = c == '&' ? 0 : (uint32_t)(c - '0');
        bool is_group = c == '&' || (c >= '1' && c <= '9');
        if (is_group && g <= k->r->groups && group_of(k, s, g, &part)) strbuf_adds(b, part);
        if (!is_group) {
            if (c != '\\') strbuf_addc(b, '\\');
            strbuf_addc(b, c);
        }
    }
}
static enum rc_t replace_row(struct matcher *k, int64_t i, void *to)
{
    struct text_to *t = to;
    struct str s = vec_str(&k->args[0], i), put = vec_str(&k->args[2], i);
    struct walk w = {0};
    size_t done = 0;
    int found;
    strbuf_clear(&t->b);
    while ((found = next_match(k, &w, s, i)) > 0) {
        strbuf_add(&t->b, s.p + done, k->at[0] - done);
        put_replacement(k, s, put, &t->b);
        done = k->at[1];
        if (!k->r->all) break;
    }
    if (found < 0) return RC_ERR;
    strbuf_add(&t->b, s.p + done, s.n - done);
    ((struct text *)t->out->data)[i] = text_keep(&t->t, strbuf_view(&t->b));
    return RC_OK;
}
static enum rc_t replace(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text_to t = {.out = out, .t = text_out_to(e)};
    no_texts(out, n);
    out->heap = NULL;
    enum rc_t res = each_row(e, n, args, 3, 0, replace_row, &t);
    strbuf_release(&t.b);
    return res;
}
static enum rc_t prepare_flags3(struct fn_eval *e, struct arena *arena, void **out)
{
    return prepare(e, arena, 3, 0, out);
}
static const struct fn_overload sql_regex_replace_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_STR, KIND_STR, replace),
    OV4(KIND_STR, KIND_STR, KIND_STR, KIND_STR, KIND_STR, replace),
};
SQL_FN(sql_regex_replace,
       "sql_regex_replace(x: str, pattern: str, to: str, flags: str = \"\") -> str",
       "SQL's regexp_replace: the first match, with flag g all of them.",
       "sql_regex_replace(\"Thomas\", \".[mN]a.\", \"M\")  #> \"ThM\"", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_flags3);

/* ---- counting ---- */
static enum rc_t count_row(struct matcher *k, int64_t i, void *to)
{
    struct str s = vec_str(&k->args[0], i);
    struct walk w = {0};
    int found;
    while ((found = next_match(k, &w, s, i)) > 0)
        ((int64_t *)to)[i]++;
    return found < 0 ? RC_ERR : RC_OK;
}
static enum rc_t instr_row(struct matcher *k, int64_t i, void *to)
{
    struct str s = vec_str(&k->args[0], i);
    int found = match(k, s, 0, 0, i);
    if (found > 0) ((int64_t *)to)[i] = text_points((struct str){s.p, k->at[0]}) + 1;
    return found < 0 ? RC_ERR : RC_OK;
}
static enum rc_t int_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                          match_row f)
{
    if (n == 0) return RC_OK;
    memset((void *)(uintptr_t)out->data, 0, (size_t)n * 8);
    return each_row(e, n, args, 0, 0, f, (void *)(uintptr_t)out->data);
}
static enum rc_t regex_count(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return int_rows(e, n, args, out, count_row);
}
static enum rc_t regex_instr(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return int_rows(e, n, args, out, instr_row);
}
static const struct fn_overload sql_regex_count_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_INT, regex_count),
};
SQL_FN(sql_regex_count, "sql_regex_count(x: str, pattern: str) -> int", "SQL's regexp_count.",
       "sql_regex_count(\"abcab\", \"ab\")  #> 2", 0, .nulls = FN_ANY_NULL,
       .prepare = prepare_plain);
static const struct fn_overload sql_regex_instr_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_INT, regex_instr),
};
SQL_FN(sql_regex_instr, "sql_regex_instr(x: str, pattern: str) -> int",
       "SQL's regexp_instr: where the first match begins, 0 without one.",
       "sql_regex_instr(\"abc\", \"c\")  #> 3", 0, .nulls = FN_ANY_NULL, .prepare = prepare_plain);

/* ---- lists ---- */
struct list_to {
    struct vec *out;
    struct builder b;
    int64_t done; /* offsets written so far */
};
static void list_upto(struct list_to *t, int64_t i)
{
    for (; t->done <= i; t->done++)
        ((int64_t *)t->out->data)[t->done] = t->b.n;
}
/* regexp_match: the groups of the first match, or all of it; null without one. */
static enum rc_t match_list_row(struct matcher *k, int64_t i, void *to)
{
    struct list_to *t = to;
    struct str s = vec_str(&k->args[0], i), part;
    int found = match(k, s, 0, 0, i);
    list_upto(t, i);
    if (found < 0) return RC_ERR;
    if (found == 0) out_null(t->out, i);
    uint32_t first = k->r->groups > 0, last = k->r->groups;
    for (uint32_t g = first; found > 0 && g <= last; g++) {
        if (group_of(k, s, g, &part))
            TRY(builder_str(k->e->cx, &t->b, part));
        else
            TRY(builder_null(k->e->cx, &t->b));
    }
    return RC_OK;
}
/* regexp_split_to_array: what stands between the matches; empty ones at the edges do not cut. */
static enum rc_t split_row(struct matcher *k, int64_t i, void *to)
{
    struct list_to *t = to;
    struct str s = vec_str(&k->args[0], i);
    struct walk w = {0};
    size_t done = 0;
    int found;
    list_upto(t, i);
    while ((found = next_match(k, &w, s, i)) > 0) {
        bool is_empty = k->at[0] == k->at[1];
        if (is_empty && (k->at[0] == done || k->at[0] == s.n)) continue;
        TRY(builder_str(k->e->cx, &t->b, (struct str){s.p + done, k->at[0] - done}));
        done = k->at[1];
    }
    if (found < 0) return RC_ERR;
    return builder_str(k->e->cx, &t->b, (struct str){s.p + done, s.n - done});
}
static enum rc_t list_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                           match_row f)
{
    struct list_to t = {.out = out};
    builder_init(&t.b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = each_row(e, n, args, 2, 0, f, &t);
    list_upto(&t, n);
    if (res == RC_OK) res = sql_list_finish(e, &t.b, out);
    builder_release(&t.b);
    return res;
}
static enum rc_t match_list(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return list_rows(e, n, args, out, match_list_row);
}
static enum rc_t split(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return list_rows(e, n, args, out, split_row);
}
#define LISTS(k)                                                                                   \
    {                                                                                              \
        OV2(KIND_STR, KIND_STR, KIND_LIST, k), OV3(KIND_STR, KIND_STR, KIND_STR, KIND_LIST, k),    \
    }
static const struct fn_overload sql_regex_match_overloads[] = LISTS(match_list);
SQL_FN(sql_regex_match, "sql_regex_match(x: str, pattern: str, flags: str = \"\") -> list[str]",
       "SQL's regexp_match: the groups of the first match.",
       "sql_regex_match(\"a-b\", \"(.)-(.)\")  #> [\"a\", \"b\"]", FN_ADDS_NULLS,
       .nulls = FN_ANY_NULL, .type = sql_type_texts, .prepare = prepare_flags2);
static const struct fn_overload sql_regex_split_overloads[] = LISTS(split);
SQL_FN(sql_regex_split, "sql_regex_split(x: str, pattern: str, flags: str = \"\") -> list[str]",
       "SQL's regexp_split_to_array.", "sql_regex_split(\"a  b\", \" +\")  #> [\"a\", \"b\"]", 0,
       .nulls = FN_ANY_NULL, .type = sql_type_texts, .prepare = prepare_flags2);

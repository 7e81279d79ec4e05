/* regex.c: matches, extract and sub with PCRE2. A pattern is a constant, compiled once (just in
 * time where the machine can) and shared by threads; what matching needs is made a batch. Texts
 * that are not valid UTF-8 cannot do harm (PCRE2_MATCH_INVALID_UTF). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "runtime/fn/scalar/text.h"

#include <inttypes.h>
#include <pcre2.h>

struct part { /* of a replacement: literal text, then a group */
    struct str text;
    int group; /* -1: none */
};
struct regex {
    pcre2_code *code;
    int group; /* extract: which one */
    struct part *parts;
    int n_parts;
};

static void code_free(void *code)
{
    pcre2_code_free(code);
}

static rc compile(struct fn_eval *e, struct arena *arena, struct str pattern, struct regex **out)
{
    int code = 0;
    PCRE2_SIZE at = 0;
    struct regex *r = ARENA_NEW(arena, struct regex);
    r->code = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""), pattern.n,
                            PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
    if (!r->code) {
        char why[160];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        (void)fail(e->cx, E314, e->span, "the pattern \"%.*s\" is not valid: %s (at character %zu)",
                   STR_FMT(pattern), why,
                   (size_t)text_points((struct str){pattern.p, at < pattern.n ? at : pattern.n}) +
                       1);
        (void)err_note(e->cx, "contains() looks for text as it is, without patterns");
        return err_hint(e->cx, "contains(x, \"%.*s\")", STR_FMT(pattern));
    }
    arena_on_free(arena, code_free, r->code);
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it matching is only slower */
    *out = r;
    return RC_OK;
}

/* Match of s from byte `at`: > 0 found, 0 not, < 0 the error is set. */
static int match(struct fn_eval *e, const struct regex *r, pcre2_match_data *m, struct str s,
                 size_t at, uint32_t options, int64_t row)
{
    PCRE2_SPTR p = (PCRE2_SPTR)(s.n ? s.p : "");
    int k = pcre2_match(r->code, p, s.n, at, options, m, NULL);
    if (k == PCRE2_ERROR_JIT_STACKLIMIT)
        k = pcre2_match(r->code, p, s.n, at, options | PCRE2_NO_JIT, m, NULL);
    if (k >= 0) return 1;
    if (k == PCRE2_ERROR_NOMATCH) return 0;
    (void)fail(e->cx, E314, e->span,
               "the pattern takes too many steps on the text of row %" PRId64 " and was stopped",
               e->first_row + row + 1);
    return -1;
}

static rc prepare_pattern(struct fn_eval *e, struct arena *arena, const char *fn,
                          struct regex **out)
{
    TRY(need_const(e, 1, fn, "the pattern"));
    struct str pattern = e->consts[1].is_null ? STR("") : e->consts[1].u.s;
    return compile(e, arena, pattern, out);
}

/* ---- matches ---- */
static enum rc_t prepare_matches(struct fn_eval *e, struct arena *arena, void **out)
{
    struct regex *r;
    TRY(prepare_pattern(e, arena, "matches", &r));
    *out = r;
    return RC_OK;
}

static enum rc_t matches(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct regex *r = e->prepared;
    uint64_t *bits = (uint64_t *)out->data;
    pcre2_match_data *m = pcre2_match_data_create(1, NULL);
    const uint64_t *live = live_rows(e, n, args);
    int k = 0;
    for (int64_t w = 0; w * 64 < n; w++)
        bits[w] = 0;
    for (int64_t i = 0; i < n && k >= 0; i++) {
        if (!bit_valid(live, i)) continue;
        k = match(e, r, m, vec_str(&args[0], i), 0, 0, i);
        if (k > 0) bit_set(bits, i);
    }
    pcre2_match_data_free(m);
    return k < 0 ? RC_ERR : RC_OK;
}
static const struct fn_overload matches_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_BOOL, matches),
};
const struct fn_desc fn_matches = {
    .name = "matches",
    .sig = "matches(x: str, pattern: str) -> bool",
    .doc = "Whether the regular expression (Perl's syntax) fits somewhere in x; ^ and $ bind it to "
           "the "
           "ends. False for null.",
    .example = "matches(\"wk12\", r\"^wk\\d+$\")  #> true",
    .nulls = FN_OWN_NULLS,
    .flags = FN_PURE,
    .overloads = matches_overloads,
    .n_overloads = COUNT(matches_overloads),
    .prepare = prepare_matches,
};

/* ---- extract ---- */
static enum rc_t prepare_extract(struct fn_eval *e, struct arena *arena, void **out)
{
    struct regex *r;
    uint32_t groups = 0;
    TRY(prepare_pattern(e, arena, "extract", &r));
    TRY(need_const(e, 2, "extract", "the group"));
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    r->group = groups > 0;
    if (const_given(e, 2)) {
        int64_t g = e->consts[2].u.i;
        if (g < 0 || g > groups)
            return fail(e->cx, E209, e->span, "the pattern has %u group%s, not %" PRId64, groups,
                        groups == 1 ? "" : "s", g);
        r->group = (int)g;
    }
    *out = r;
    return RC_OK;
}

static enum rc_t extract(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct regex *r = e->prepared;
    struct text *texts = (struct text *)out->data;
    pcre2_match_data *m = pcre2_match_data_create_from_pattern(r->code, NULL);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m);
    const uint64_t *live = live_rows(e, n, args);
    size_t g = (size_t)r->group * 2;
    int k = 0;
    for (int64_t i = 0; i < n && k >= 0; i++) {
        texts[i] = text_make("", 0);
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        k = match(e, r, m, s, 0, 0, i);
        bool has = k > 0 && at[g] != PCRE2_UNSET && at[g] <= at[g + 1];
        if (has)
            texts[i] = text_make(s.p + at[g], at[g + 1] - at[g]);
        else
            out_null(out, i);
    }
    pcre2_match_data_free(m);
    out_shares(out, &args[0]);
    return k < 0 ? RC_ERR : RC_OK;
}
static const struct fn_overload extract_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_STR, extract),
    OV3(KIND_STR, KIND_STR, KIND_INT, KIND_STR, extract),
};
const struct fn_desc fn_extract = {
    .name = "extract",
    .sig = "extract(x: str, pattern: str, group: int = 1) -> str",
    .doc = "What the first group of the pattern fits in x (the whole match if it has no group, or "
           "group: 0); null when it does not fit.",
    .example = "extract(\"room 12b\", r\"(\\d+)\")  #> \"12\"",
    .flags = FN_PURE | FN_ADDS_NULLS,
    .overloads = extract_overloads,
    .n_overloads = COUNT(extract_overloads),
    .prepare = prepare_extract,
};

/* ---- sub ---- */

/* Reads the group of `\1`, `$1`, `${1}` or `${name}` at p; returns the bytes used, 0 if none. */
static size_t read_group(const struct regex *r, struct str s, int *out)
{
    bool braced = s.n > 1 && s.p[0] == '$' && s.p[1] == '{';
    size_t i = braced ? 2 : 1, from = i;
    if (s.n < 2 || (s.p[0] != '$' && s.p[0] != '\\')) return 0;
    *out = 0;
    if (braced) {
        const char *end = memchr(s.p, '}', s.n);
        if (!end) return 0;
        char name[33] = "";
        size_t len = (size_t)(end - s.p) - from;
        if (len == 0 || len > 32) return 0;
        memcpy(name, s.p + from, len);
        *out = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
        if (*out > 0) return from + len + 1;
        *out = 0;
    }
    for (; i < s.n && i < from + 3 && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        *out = *out * 10 + (s.p[i] - '0');
    if (i == from || (braced && (i >= s.n || s.p[i] != '}'))) return 0;
    return i + braced;
}

static void add_part(struct regex *r, struct strbuf *b, struct arena *arena, int group)
{
    r->parts[r->n_parts++] = (struct part){arena_str(arena, strbuf_view(b)), group};
    strbuf_clear(b);
}

static enum rc_t prepare_sub(struct fn_eval *e, struct arena *arena, void **out)
{
    struct regex *r;
    struct strbuf b = {0};
    TRY(prepare_pattern(e, arena, "sub", &r));
    TRY(need_const(e, 2, "sub", "the replacement"));
    struct str to = e->consts[2].is_null ? STR("") : e->consts[2].u.s;
    uint32_t groups = 0;
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    r->parts = ARENA_ARRAY(arena, struct part, to.n + 1);
    for (size_t i = 0; i < to.n;) {
        int group = -1;
        struct str rest = {to.p + i, to.n - i};
        size_t used = read_group(r, rest, &group);
        if (used > 0 && group > (int)groups) {
            strbuf_release(&b);
            return fail(e->cx, E209, e->span, "the replacement names group %d, the pattern has %u",
                        group, groups);
        }
        bool twice =
            rest.n > 1 && (rest.p[0] == '\\' || rest.p[0] == '$') && rest.p[1] == rest.p[0];
        if (used > 0)
            add_part(r, &b, arena, group);
        else
            strbuf_addc(&b, rest.p[0]);
        i += used > 0 ? used : twice ? 2 : 1;
    }
    add_part(r, &b, arena, -1);
    strbuf_release(&b);
    *out = r;
    return RC_OK;
}

static void put_parts(struct strbuf *b, const struct regex *r, struct str s, const PCRE2_SIZE *at)
{
    for (int k = 0; k < r->n_parts; k++) {
        strbuf_adds(b, r->parts[k].text);
        int g = r->parts[k].group;
        if (g < 0 || at[2 * g] == PCRE2_UNSET || at[2 * g] > at[2 * g + 1]) continue;
        strbuf_add(b, s.p + at[2 * g], at[2 * g + 1] - at[2 * g]);
    }
}

/* All matches of one text replaced. After an empty match the next one must not be empty at the same
 * place, else one character is passed over (as Perl's /g). */
static int sub_text(struct fn_eval *e, const struct regex *r, pcre2_match_data *m, struct str s,
                    struct strbuf *b, int64_t row)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m);
    size_t done = 0, from = 0;
    uint32_t options = 0;
    while (from <= s.n) {
        int k = match(e, r, m, s, from, options, row);
        if (k < 0) return k;
        if (k == 0 && options == 0) break;
        if (k == 0) {
            from += from < s.n ? text_offset((struct str){s.p + from, s.n - from}, 1) : 1;
            options = 0;
            continue;
        }
        if (at[0] > at[1]) break; /* \K behind the start */
        strbuf_add(b, s.p + done, at[0] - done);
        put_parts(b, r, s, at);
        done = from = at[1];
        options = at[0] == at[1] ? PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED : 0;
    }
    strbuf_add(b, s.p + done, s.n - done);
    return 1;
}

static enum rc_t sub(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    const struct regex *r = e->prepared;
    struct text *texts = (struct text *)out->data;
    pcre2_match_data *m = pcre2_match_data_create_from_pattern(r->code, NULL);
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    int k = 0;
    for (int64_t i = 0; i < n && k >= 0; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i)) k = sub_text(e, r, m, vec_str(&args[0], i), &b, i);
        texts[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    pcre2_match_data_free(m);
    out->heap = NULL;
    return k < 0 ? RC_ERR : RC_OK;
}
static const struct fn_overload sub_overloads[] = {
    OV3(KIND_STR, KIND_STR, KIND_STR, KIND_STR, sub),
};
const struct fn_desc fn_sub = {
    .name = "sub",
    .sig = "sub(x: str, pattern: str, to: str) -> str",
    .doc = "x with every match of the regular expression replaced; \\1 or $1 in `to` is the first "
           "group, ${name} a named one.",
    .example = "sub(\"2019-01\", r\"(\\d+)-(\\d+)\", r\"\\2/\\1\")  #> \"01/2019\"",
    .flags = FN_PURE,
    .overloads = sub_overloads,
    .n_overloads = COUNT(sub_overloads),
    .prepare = prepare_sub,
};

/* text_case.c: lower, upper, title. ASCII is done in place; anything else through utf8proc. */
#include "runtime/base/utf8.h"
#include "runtime/fn/scalar/text.h"

#include <utf8proc.h>

enum to_case { TO_LOWER, TO_UPPER, TO_TITLE };

/* Writes the ASCII text s to p; false at the first byte that is not ASCII. */
static bool ascii_case(enum to_case to, struct str s, char *p)
{
    unsigned char high = 0, from = to == TO_LOWER ? 'A' : 'a';
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        high |= c;
        p[i] = (char)(c ^ ((unsigned char)(c - from) < 26 ? 0x20 : 0));
    }
    return high < 0x80;
}

static void put_point(struct strbuf *b, int32_t cp)
{
    char buf[4];
    int n = utf8_put((uint32_t)cp, buf);
    strbuf_add(b, buf, (size_t)n);
}

static void put_upper(struct strbuf *b, uint32_t cp)
{
    if (cp == 0xDF)
        strbuf_addz(b, "SS"); /* sharp s has no capital in common use */
    else
        put_point(b, utf8proc_toupper((utf8proc_int32_t)cp));
}

static void unicode_case(struct strbuf *b, enum to_case to, struct str s)
{
    bool in_word = false;
    uint32_t cp;
    for (size_t i = 0; i < s.n;) {
        i += (size_t)utf8_next(s.p + i, s.n - i, &cp);
        bool up = to == TO_UPPER || (to == TO_TITLE && !in_word);
        if (up && to == TO_UPPER)
            put_upper(b, cp);
        else if (up)
            put_point(b, utf8proc_totitle((utf8proc_int32_t)cp));
        else
            put_point(b, utf8proc_tolower((utf8proc_int32_t)cp));
        in_word = utf8_is_name(cp) || (in_word && (cp == '\'' || cp == 0x2019));
    }
}

static enum rc_t change_case(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                             enum to_case to)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        struct str s = bit_valid(live, i) ? vec_str(&args[0], i) : STR("");
        char *p = text_room(&t, s.n);
        if (to != TO_TITLE && ascii_case(to, s, p)) {
            text_made(&t, s.n);
            r[i] = text_make(p, s.n);
            continue;
        }
        strbuf_clear(&b);
        unicode_case(&b, to, s);
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}
static enum rc_t lower(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return change_case(e, n, args, out, TO_LOWER);
}
static enum rc_t upper(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return change_case(e, n, args, out, TO_UPPER);
}
static enum rc_t title(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    return change_case(e, n, args, out, TO_TITLE);
}

#define CASE(id, doc_text, example_text, sql_text)                                                 \
    static const struct fn_overload id##_overloads[] = {OV1(KIND_STR, KIND_STR, id)};              \
    const struct fn_desc fn_##id = {.name = #id,                                                   \
                                    .sig = #id "(x: str) -> str",                                  \
                                    .doc = doc_text,                                               \
                                    .example = example_text,                                       \
                                    .flags = FN_PURE,                                              \
                                    .overloads = id##_overloads,                                   \
                                    .n_overloads = 1,                                              \
                                    .foreign = {sql_text, sql_text}};

CASE(lower, "x in small letters.", "lower(\"Ab\")  #> \"ab\"", "lower(%1)")
CASE(upper, "x in capital letters.", "upper(\"Ab\")  #> \"AB\"", "upper(%1)")
CASE(title, "Each word of x with a capital first letter, the rest small.",
     "title(\"new york\")  #> \"New York\"", NULL)

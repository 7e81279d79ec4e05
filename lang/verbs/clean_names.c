/* clean_names.c: names of columns in snake_case, ASCII, unique. */
#include "lang/verbs/verb_int.h"

#include "runtime/base/utf8.h"

#include <utf8proc.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters that decomposition leaves whole. */
static const char *const letters[][2] = {
    {"ß", "ss"}, {"æ", "ae"}, {"Æ", "Ae"}, {"œ", "oe"}, {"Œ", "Oe"}, {"ø", "o"},  {"Ø", "O"},
    {"ł", "l"},  {"Ł", "L"},  {"đ", "d"},  {"Đ", "D"},  {"ð", "d"},  {"þ", "th"}, {"ı", "i"},
};

/* The letter that s begins with, in ASCII; *n: its bytes. */
static const char *letter_at(const char *s, size_t *n)
{
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        *n = strlen(letters[i][0]);
        if (strncmp(s, letters[i][0], *n) == 0) return letters[i][1];
    }
    return NULL;
}

/* The ASCII of a name: accents are taken off letters, % and # become words, the rest blanks. */
static void to_ascii(struct strbuf *out, const char *name)
{
    utf8proc_uint8_t *plain = NULL;
    const utf8proc_option_t how =
        (utf8proc_option_t)(UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT |
                            UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK);
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)name, 0, &plain, how);
    const char *p = n < 0 ? name : (const char *)plain;
    for (; *p; p++) {
        size_t bytes;
        const char *letter = letter_at(p, &bytes);
        if (letter) {
            strbuf_addz(out, letter);
            p += bytes - 1;
        } else if (*p == '%') {
            strbuf_addz(out, " percent ");
        } else if (*p == '#') {
            strbuf_addz(out, " number ");
        } else if (*p != '\'') {
            strbuf_addc(out, (unsigned char)*p < 128 ? *p : ' ');
        }
    }
    free(plain); /* utf8proc's own allocation */
}

/* A word begins at fareAmount's A, at the S of HTTPServer, after anything but letters and digits.
 */
static bool begins_word(const char *s, size_t i)
{
    if (!i || !is_upper(s[i])) return false;
    if (is_lower(s[i - 1]) || is_digit(s[i - 1])) return true;
    return is_upper(s[i - 1]) && is_lower(s[i + 1]);
}

static void to_snake(struct strbuf *out, struct str ascii)
{
    bool gap = false;
    for (size_t i = 0; i < ascii.n; i++) {
        char c = ascii.p[i];
        bool word = is_upper(c) || is_lower(c) || is_digit(c);
        if (out->n && word && (gap || begins_word(ascii.p, i))) strbuf_addc(out, '_');
        if (word) strbuf_addc(out, is_upper(c) ? (char)(c - 'A' + 'a') : c);
        gap = !word;
    }
}

static const char *clean_name(struct arena *a, const char *name, int at)
{
    struct strbuf ascii = {0}, clean = {0};
    to_ascii(&ascii, name);
    to_snake(&clean, strbuf_view(&ascii));
    const char *out = clean.n && is_digit(clean.p[0]) ? arena_printf(a, "x%s", clean.p)
                      : clean.n                       ? arena_printf(a, "%s", clean.p)
                                                      : arena_printf(a, "column_%d", at + 1);
    strbuf_release(&ascii);
    strbuf_release(&clean);
    return out;
}

static bool is_taken(const struct named_expr *items, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0) return true;
    return false;
}

static enum rc_t clean_names_bind(struct verb_call *vc, struct value **out)
{
    const struct schema *s = vc->input->plan->schema;
    struct named_expr *items = ARENA_ARRAY(vc->arena, struct named_expr, s->n + 1);
    for (int i = 0; i < s->n; i++) {
        const char *base = clean_name(vc->arena, s->fields[i].name, i), *name = base;
        for (int k = 2; is_taken(items, i, name); k++)
            name = arena_printf(vc->arena, "%s_%d", base, k);
        items[i] = (struct named_expr){name, field_expr(vc->arena, s, i, vc->step->span)};
    }
    struct pipe p;
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(verb_pipe_project(&p, items, s->n));
    res = verb_pipe_value(&p, input_label(vc), out);
out:
    verb_pipe_release(&p);
    return res;
}

const struct verb_desc verb_clean_names = {
    .name = "clean_names",
    .sig = "clean_names",
    .doc = "Gives all columns names of small ASCII letters, digits and _, each only once: `Body "
           "Mass (g)` becomes body_mass_g.",
    .examples = {"trips |> clean_names",
                 "trips |> derive `Tip %` = 100 * tip / fare |> clean_names"},
    .input = TAKES_FRAME,
    .bind = clean_names_bind,
};

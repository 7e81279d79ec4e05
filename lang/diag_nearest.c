/* diag_nearest.c: did you mean. Edit distance finds slips of the finger; shared words find names
 * that say the same thing longer or shorter: fare for fare_amount, pickup for pickup_datetime. */
#include "lang/diag.h"

#define MAX_NAME 64 /* longer names are compared by spelling of their beginning only */

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
static bool is_sep(char c)
{
    return c == '_' || c == '.' || c == ' ' || c == '-';
}

/* Small letters without separators. */
static struct str squeeze(struct str s, char out[MAX_NAME])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < MAX_NAME; i++)
        if (!is_sep(s.p[i])) out[n++] = fold(s.p[i]);
    return (struct str){out, n};
}

/* The next word of a name: at separators and where a capital begins. */
static bool next_word(struct str s, size_t *at, struct str *word)
{
    while (*at < s.n && is_sep(s.p[*at]))
        (*at)++;
    size_t from = *at;
    while (*at < s.n && !is_sep(s.p[*at])) {
        bool is_hump = *at > from && s.p[*at] >= 'A' && s.p[*at] <= 'Z' && s.p[*at - 1] >= 'a' &&
                       s.p[*at - 1] <= 'z';
        if (is_hump) break;
        (*at)++;
    }
    *word = (struct str){s.p + from, *at - from};
    return word->n > 0;
}

static bool same_stem(struct str a, struct str b)
{
    if (str_eq_nocase(a, b)) return true;
    struct str shorter = a.n < b.n ? a : b, longer = a.n < b.n ? b : a;
    if (shorter.n < 3 || longer.n - shorter.n > shorter.n) return false;
    return str_eq_nocase(shorter, (struct str){longer.p, shorter.n});
}

/* Bytes of words that both have, of names cut into words. */
static size_t shared_words(struct str a, struct str b)
{
    size_t at = 0, shared = 0;
    for (struct str x; next_word(a, &at, &x);) {
        size_t other = 0;
        bool found = false;
        for (struct str y; !found && next_word(b, &other, &y);)
            found = x.n > 1 && same_stem(x, y);
        if (found) shared += x.n;
    }
    return shared;
}

/* 0 is best; above 100 not near. */
static int distance(struct str name, struct str candidate)
{
    char a_buf[MAX_NAME], b_buf[MAX_NAME];
    struct str a = squeeze(name, a_buf), b = squeeze(candidate, b_buf);
    if (a.n == 0 || b.n == 0) return 1000;
    if (str_eq(a, b)) return 1;
    int allowed = a.n <= 2 ? 1 : a.n <= 5 ? 2 : (int)a.n / 3;
    int edits = str_distance(a, b, allowed);
    size_t longer = a.n > b.n ? a.n : b.n;
    /* a slip changes letters, it does not make another word: keep most of both */
    if (edits <= allowed && (size_t)edits * 2 < longer)
        return 5 + (int)(100 * (size_t)edits / (longer + 1));
    size_t shared = shared_words(name, candidate);
    if (shared * 2 >= a.n)
        return 45 + (int)(40 * (longer - (shared < longer ? shared : longer)) / longer);
    struct str shorter = a.n < b.n ? a : b, other = a.n < b.n ? b : a;
    if (shorter.n >= 3 && str_starts(other, shorter))
        return 60 + (int)(30 * (longer - shorter.n) / longer);
    return 1000;
}

struct str nearest(struct str name, const struct str *names, int n)
{
    int best = 101;
    struct str out = STR("");
    for (int i = 0; i < n; i++) {
        int d = distance(name, names[i]);
        if (d < best) {
            best = d;
            out = names[i];
        }
    }
    return out;
}

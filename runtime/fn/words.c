/* words.c: one pass over the bytes of a text; ASCII by a table, anything else by Unicode category.
 */
#include "runtime/fn/words.h"

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

#include <utf8proc.h>

/* ---- sets ---- */
struct word_set *word_set_new(struct arena *a, const char *const *words, int n)
{
    struct word_set *s = ARENA_NEW(a, struct word_set);
    s->mask = 15;
    while (s->mask < 4 * (uint32_t)n)
        s->mask = 2 * s->mask + 1;
    s->slots = ARENA_ARRAY(a, struct str, s->mask + 1);
    for (int i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        uint32_t at = (uint32_t)hash_bytes(w.p, w.n) & s->mask;
        while (s->slots[at].p && !str_eq(s->slots[at], w))
            at = (at + 1) & s->mask;
        if (s->slots[at].p) continue;
        s->slots[at] = arena_str(a, w);
        s->n++;
    }
    return s;
}

bool word_set_has(const struct word_set *s, struct str word)
{
    uint32_t at = (uint32_t)hash_bytes(word.p, word.n) & s->mask;
    for (; s->slots[at].p; at = (at + 1) & s->mask)
        if (str_eq(s->slots[at], word)) return true;
    return false;
}

/* ---- characters ---- */
/* 0: no part of a word, else the small letter. */
static const unsigned char small[128] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9', ['_'] = '_', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c',
    ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j',
    ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q',
    ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x',
    ['y'] = 'y', ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',
    ['F'] = 'f', ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l',
    ['M'] = 'm', ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's',
    ['T'] = 't', ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z'};

static bool in_word(uint32_t cp)
{
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return true;
    default: return false;
    }
}

/* ---- words ---- */
void words_clear(struct words *w)
{
    w->n = 0;
    w->n_text = 0;
}

void words_release(struct words *w)
{
    mem_free(w->text);
    mem_free(w->ends);
    *w = (struct words){0};
}

static char *room(struct words *w, size_t more)
{
    if (w->n_text + more > w->cap_text) {
        w->cap_text = 2 * (w->n_text + more) + 256;
        w->text = mem_realloc(w->text, w->cap_text);
    }
    return w->text + w->n_text;
}

/* Keeps text[from..to) as a word and puts a blank behind it, or takes it away. */
static inline void keep(struct words *w, const struct word_rule *rule, size_t from, size_t to,
                        int n_chars)
{
    struct str word = {w->text + from, to - from};
    if (n_chars < rule->min_chars || (rule->stop && word_set_has(rule->stop, word))) {
        w->n_text = from;
        return;
    }
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 64;
        w->ends = mem_realloc(w->ends, sizeof(uint32_t) * 2 * (size_t)w->cap);
    }
    w->ends[2 * w->n] = (uint32_t)from;
    w->ends[2 * w->n++ + 1] = (uint32_t)to;
    w->text[to] = ' ';
    w->n_text = to + 1;
}

#define TEXT_MAX ((size_t)1 << 31)

void words_split(struct words *w, const struct word_rule *rule, struct str text)
{
    const unsigned char *p = (const unsigned char *)text.p, *end = p + text.n;
    if (text.n == 0 || w->n_text + 4 * text.n >= TEXT_MAX) return;
    char *base = room(w, 2 * text.n + 8) - w->n_text; /* a small letter may be longer */
    while (p < end) {
        size_t from = w->n_text;
        char *to = base + from;
        int n_chars = 0;
        while (p < end) {
            if (*p < 0x80) {
                unsigned char c = small[*p];
                if (!c) break;
                *to++ = (char)(rule->lower ? c : *p);
                p++;
            } else {
                uint32_t cp;
                int n = utf8_next((const char *)p, (size_t)(end - p), &cp);
                if (!in_word(cp)) break;
                if (rule->lower) cp = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
                to += utf8_put(cp, to);
                p += n;
            }
            n_chars++;
        }
        if (n_chars > 0) keep(w, rule, from, (size_t)(to - base), n_chars);
        if (p < end) { /* what parts words */
            uint32_t cp;
            p += *p < 0x80 ? 1 : utf8_next((const char *)p, (size_t)(end - p), &cp);
        }
    }
}

void words_add(struct words *w, const struct word_rule *rule, struct str word)
{
    if (w->n_text + word.n + 8 >= TEXT_MAX) return;
    char *to = room(w, word.n + 8);
    if (word.n) memcpy(to, word.p, word.n);
    size_t from = w->n_text;
    keep(w, &(struct word_rule){.stop = rule->stop}, from, from + word.n, 1);
}

/* ---- hash ---- */
static uint32_t rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

static uint32_t scramble(uint32_t k)
{
    return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t word_murmur3(struct str word, uint32_t seed)
{
    const unsigned char *p = (const unsigned char *)word.p;
    uint32_t h = seed, k;
    size_t n = word.n;
    for (; n >= 4; n -= 4, p += 4) {
        k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        h = rotate(h ^ scramble(k), 13) * 5 + 0xe6546b64u;
    }
    k = 0;
    for (size_t i = n; i-- > 0;)
        k = k << 8 | p[i];
    h ^= scramble(k) ^ (uint32_t)word.n;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}

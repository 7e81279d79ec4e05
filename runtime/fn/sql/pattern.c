/* pattern.c: cutting a time pattern into tokens. */
#include "runtime/fn/sql/pattern.h"

#include "runtime/fn/fn_int.h"

const char *const month_names[12] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
const char *const day_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                  "Friday", "Saturday", "Sunday"};

/* Longer ones before their beginnings. Names and am/pm are written in the case of the pattern. */
static const struct {
    const char *word;
    enum time_pattern kind;
} words[] = {
    {"SSSSS", TP_SSSS}, {"SSSS", TP_SSSS}, {"Y,YYY", TP_YCYYY}, {"MONTH", TP_MONTH},
    {"HH24", TP_HH24},  {"HH12", TP_HH12}, {"YYYY", TP_YYYY},   {"IYYY", TP_IYYY},
    {"A.M.", TP_A_M},   {"P.M.", TP_A_M},  {"YYY", TP_YYY},     {"MON", TP_MON},
    {"DAY", TP_DAY},    {"DDD", TP_DDD},   {"YY", TP_YY},       {"MM", TP_MM},
    {"MI", TP_MI},      {"MS", TP_MS},     {"DY", TP_DY},       {"DD", TP_DD},
    {"ID", TP_ID},      {"WW", TP_WW},     {"IW", TP_IW},       {"CC", TP_CC},
    {"HH", TP_HH12},    {"SS", TP_SS},     {"US", TP_US},       {"AM", TP_AM},
    {"PM", TP_AM},      {"TZ", TP_TZ},     {"Y", TP_Y},         {"D", TP_D},
    {"W", TP_W},        {"J", TP_J},       {"Q", TP_Q},
};

static bool starts_with(struct str s, const char *word)
{
    size_t n = strlen(word);
    return s.n >= n && str_eq_nocase((struct str){s.p, n}, (struct str){word, n});
}
static void skip(struct str *s, size_t n)
{
    *s = (struct str){s->p + n, s->n - n};
}
static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

bool time_token_next(struct str *pattern, struct time_token *out)
{
    *out = (struct time_token){.kind = TP_TEXT};
    if (starts_with(*pattern, "FM")) {
        out->fill_off = true;
        skip(pattern, 2);
    } else if (starts_with(*pattern, "FX")) {
        skip(pattern, 2);
    }
    if (pattern->n == 0) return false;
    if (pattern->p[0] == '"') {
        const char *end = memchr(pattern->p + 1, '"', pattern->n - 1);
        size_t n = end ? (size_t)(end - pattern->p) : pattern->n;
        out->text = (struct str){pattern->p + 1, n - 1};
        skip(pattern, end ? n + 1 : n);
        return true;
    }
    for (int i = 0; i < COUNT(words); i++) {
        if (!starts_with(*pattern, words[i].word)) continue;
        out->kind = words[i].kind;
        out->letters = is_lower(pattern->p[0])                     ? CASE_LOWER
                       : pattern->n > 1 && is_lower(pattern->p[1]) ? CASE_TITLE
                                                                   : CASE_UPPER;
        skip(pattern, strlen(words[i].word));
        bool takes_th = out->kind != TP_MONTH && out->kind != TP_MON && out->kind != TP_DAY &&
                        out->kind != TP_DY && out->kind != TP_TZ;
        if (takes_th && starts_with(*pattern, "TH")) {
            out->ordinal = true;
            if (is_lower(pattern->p[0])) out->letters = CASE_LOWER;
            skip(pattern, 2);
        }
        return true;
    }
    if (pattern->p[0] == '\\' && pattern->n > 1) skip(pattern, 1);
    size_t n = 1;
    while (n < pattern->n && ((unsigned char)pattern->p[n] & 0xC0) == 0x80)
        n++;
    out->text = (struct str){pattern->p, n};
    skip(pattern, n);
    return true;
}

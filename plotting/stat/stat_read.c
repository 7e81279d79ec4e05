/* stat_read.c: columns and vectors as doubles and as numbered levels. */
#include "plotting/stat/stat.h"

#include "runtime/base/cancel.h"
#include "runtime/base/civil.h"
#include "runtime/base/hash.h"
#include "runtime/base/num.h"

#include <math.h>

/* ---- numbers ---- */
enum value_kind stat_value_kind(struct dtype type)
{
    switch (type.kind) {
    case KIND_INT: return VALUE_COUNT;
    case KIND_DATE: return VALUE_DATE;
    case KIND_DATETIME: return VALUE_TIME;
    default: return VALUE_NUMBER;
    }
}

static double raw_number(const struct vec *v, int64_t i)
{
    switch (v->phys) {
    case PHYS_I32:
    case PHYS_DATE32: return ((const int32_t *)v->data)[i];
    case PHYS_I64:
    case PHYS_TS64:
    case PHYS_DUR64: return (double)((const int64_t *)v->data)[i];
    case PHYS_F32: return (double)((const float *)v->data)[i];
    case PHYS_F64: return ((const double *)v->data)[i];
    case PHYS_BOOL: return bit_get(v->data, i);
    default: return NAN;
    }
}

static double unit_of(struct dtype type)
{
    switch (type.kind) {
    case KIND_DATE: return 86400000.0;
    case KIND_DATETIME: return 1e-3;
    case KIND_DURATION: return 1e-6;
    default: return 1;
    }
}

void stat_vec_numbers(const struct vec *v, struct dtype type, int64_t n, double *out)
{
    double unit = unit_of(type);
    bool is_plain = v->phys == PHYS_F64 && !v->is_const && !v->valid;
    if (is_plain) {
        memcpy(out, v->data, sizeof(double) * (size_t)n);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t at = v->is_const ? 0 : i;
        if (!bit_valid(v->valid, at))
            out[i] = NAN;
        else if (type.kind == KIND_DATETIME || type.kind == KIND_DURATION)
            out[i] = raw_number(v, at) / (type.kind == KIND_DATETIME ? 1e3 : 1e6);
        else
            out[i] = raw_number(v, at) * unit;
    }
}

double *stat_numbers(struct arena *a, const struct column *c)
{
    double *out = ARENA_ARRAY(a, double, c->n + 1);
    struct vec v = column_view(c, 0, c->n);
    stat_vec_numbers(&v, c->type, c->n, out);
    return out;
}

/* ---- set of texts ---- */
void stat_set_init(struct stat_set *s, struct arena *a)
{
    *s = (struct stat_set){.a = a, .null_at = -1, .n_slots = 64};
    s->slots = ARENA_ARRAY(a, uint32_t, s->n_slots);
}

static uint32_t *slot_of(const struct stat_set *s, struct str text)
{
    uint64_t mask = (uint64_t)s->n_slots - 1;
    for (uint64_t at = hash_bytes(text.p, text.n) & mask;; at = (at + 1) & mask) {
        uint32_t k = s->slots[at];
        if (k == 0 || str_eqz(text, s->text[k - 1])) return &s->slots[at];
    }
}

static void set_grow(struct stat_set *s)
{
    int cap = s->cap ? s->cap * 2 : 32;
    const char **text = ARENA_ARRAY(s->a, const char *, cap);
    if (s->n) memcpy(text, s->text, sizeof *text * (size_t)s->n);
    s->text = text;
    s->cap = cap;
    s->n_slots = cap * 4;
    s->slots = ARENA_ARRAY(s->a, uint32_t, s->n_slots);
    for (int i = 0; i < s->n; i++)
        if (s->text[i]) *slot_of(s, str_of(s->text[i])) = (uint32_t)i + 1;
}

int stat_set_find(const struct stat_set *s, struct str text, bool is_null)
{
    if (is_null) return s->null_at;
    if (s->n == 0) return -1;
    return (int)*slot_of(s, text) - 1;
}

int stat_set_add(struct stat_set *s, struct str text, bool is_null)
{
    int at = stat_set_find(s, text, is_null);
    if (at >= 0) return at;
    if (s->n == s->cap) set_grow(s);
    s->text[s->n] = is_null ? NULL : arena_strndup(s->a, text.p ? text.p : "", text.n);
    if (is_null)
        s->null_at = s->n;
    else
        *slot_of(s, text) = (uint32_t)s->n + 1;
    return s->n++;
}

/* ---- rows to numbers of the set ---- */
static void find_codes(const struct stat_set *s, struct stat_finder *f, const struct column *dict)
{
    if (f->dict == dict) return;
    if (dict->n > f->cap) {
        f->cap = dict->n;
        f->codes = mem_realloc(f->codes, mem_mul(sizeof *f->codes, (size_t)f->cap));
    }
    const struct text *t = dict->data;
    for (int64_t i = 0; i < dict->n; i++)
        f->codes[i] = stat_set_find(s, text_str(&t[i]), false);
    f->dict = dict;
}

void stat_finder_release(struct stat_finder *f)
{
    mem_free(f->codes);
}

/* Text of a value that is not text, as stat_levels_of makes it. */
static struct str plain_text(const struct vec *v, struct dtype type, int64_t i, char *buf,
                             struct strbuf *spare)
{
    struct scalar s = {.type = type};
    if (type.kind == KIND_INT) {
        int64_t k =
            v->phys == PHYS_I32 ? ((const int32_t *)v->data)[i] : ((const int64_t *)v->data)[i];
        return (struct str){buf, (size_t)int_format(k, buf)};
    }
    if (type.kind == KIND_BOOL)
        s.u.b = bit_get(v->data, i);
    else if (type.kind == KIND_NUM)
        s.u.f = raw_number(v, i);
    else
        s.u.i = v->phys == PHYS_I32 || v->phys == PHYS_DATE32 ? ((const int32_t *)v->data)[i]
                                                              : ((const int64_t *)v->data)[i];
    strbuf_clear(spare);
    scalar_text(spare, &s, false);
    return strbuf_view(spare);
}

void stat_find_rows(const struct stat_set *s, struct stat_finder *f, const struct vec *v,
                    struct dtype type, int64_t n, int32_t *out)
{
    struct strbuf spare = {0};
    char buf[NUM_TEXT_MAX];
    if (v->phys == PHYS_DICT) find_codes(s, f, v->dict);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = v->is_const ? 0 : i;
        if (!bit_valid(v->valid, at))
            out[i] = stat_set_find(s, (struct str){0}, true);
        else if (v->phys == PHYS_DICT)
            out[i] = f->codes[((const int32_t *)v->data)[at]];
        else if (v->phys == PHYS_STR)
            out[i] = stat_set_find(s, text_str(&((const struct text *)v->data)[at]), false);
        else
            out[i] = stat_set_find(s, plain_text(v, type, at, buf, &spare), false);
    }
    strbuf_release(&spare);
}

/* ---- levels in drawing order ---- */
struct order {
    const char *text; /* NULL = null */
    double weight;
    double natural; /* place among ordered values; NAN = by text */
    int user;       /* place in the user's order, INT_MAX = not named */
    int number;
};
static int order_cmp(const void *pa, const void *pb, enum level_order by)
{
    const struct order *a = pa, *b = pb;
    if (a->user != b->user) return a->user < b->user ? -1 : 1;
    if (!a->text != !b->text) return a->text ? -1 : 1; /* the null last */
    if (!isnan(a->natural) && a->natural != b->natural) return a->natural < b->natural ? -1 : 1;
    if (by == ORDER_BY_WEIGHT && isnan(a->natural) && a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a->text && b->text ? str_cmp(str_of(a->text), str_of(b->text)) : 0;
}
static int order_by_weight(const void *a, const void *b)
{
    return order_cmp(a, b, ORDER_BY_WEIGHT);
}
static int order_by_nature(const void *a, const void *b)
{
    return order_cmp(a, b, ORDER_NATURAL);
}

static double natural_place(const struct column *c, int64_t row)
{
    enum kind k = c->type.kind;
    if (k == KIND_CAT && c->type.ordered && c->phys == PHYS_DICT)
        return ((const int32_t *)c->data)[row];
    if (k == KIND_STR || k == KIND_CAT) return NAN;
    struct vec v = column_view(c, 0, c->n);
    return raw_number(&v, row);
}

static int user_place(const struct chart_spec *spec, const char *text)
{
    for (int i = 0; text && i < spec->n_order; i++)
        if (!strcmp(spec->order[i], text)) return i;
    return spec->n_order;
}

static struct order *see_rows(struct chart_build *b, const struct column *c, const double *weight,
                              const double *place, struct stat_levels *out)
{
    struct strbuf text = {0};
    int cap = 0;
    struct order *seen = NULL;
    stat_set_init(&out->set, b->a);
    out->at = ARENA_ARRAY(b->a, double, c->n + 1);
    for (int64_t r = 0; r < c->n; r++) {
        struct scalar v = column_scalar(c, r);
        strbuf_clear(&text);
        if (!v.is_null) scalar_text(&text, &v, false);
        int k = stat_set_add(&out->set, strbuf_view(&text), v.is_null);
        if (k >= cap) {
            struct order *grown = ARENA_ARRAY(b->a, struct order, cap * 2 + 32);
            if (cap) memcpy(grown, seen, sizeof *seen * (size_t)cap);
            seen = grown;
            cap = cap * 2 + 32;
        }
        if (!seen[k].number) {
            seen[k] = (struct order){.text = out->set.text[k], .number = k + 1};
            seen[k].natural = v.is_null ? NAN : place ? place[r] : natural_place(c, r);
        }
        double w = weight ? weight[r] : 1;
        if (!isnan(w)) seen[k].weight += w;
        out->at[r] = k;
    }
    strbuf_release(&text);
    return seen;
}

/* The null is called so; "(null)" when a level has that very name, "(empty)" stands for "". */
static const char *level_name(struct chart_build *b, const struct stat_set *s, const char *text)
{
    if (text) return text[0] ? text : "(empty)";
    return stat_set_find(s, STR("null"), false) >= 0 ? arena_strndup(b->a, "(null)", 6) : "null";
}

/* Numbers as names: 6 significant digits, unless two of them would look alike. */
static void shorten_numbers(struct chart_build *b, struct chart_levels *l)
{
    const char **text = ARENA_ARRAY(b->a, const char *, l->n + 1);
    for (int i = 0; i < l->n; i++) {
        double v;
        char buf[NUM_TEXT_MAX];
        text[i] = l->text[i];
        if (!num_parse(text[i], strlen(text[i]), &v) || !isfinite(v)) continue;
        num_format(chart_round_digits(v, 6), buf);
        size_t len = strlen(buf);
        if (len > 2 && !strcmp(buf + len - 2, ".0")) len -= 2;
        text[i] = arena_strndup(b->a, buf, len);
        if (i > 0 && !strcmp(text[i], text[i - 1])) return;
    }
    memcpy(l->text, text, sizeof *text * (size_t)l->n);
}

/* The place of a day or month by its English name, long or of three letters; NAN = no such name. */
static double calendar_place(const char *const *names, int n, const char *text)
{
    for (int i = 0; i < n; i++)
        if (str_eq_nocase(str_of(text), str_of(names[i])) ||
            (strlen(text) == 3 && str_eq_nocase(str_of(text), (struct str){names[i], 3})))
            return i;
    return NAN;
}

enum name_order { NAMES_NUMBERS, NAMES_DAYS, NAMES_MONTHS, NAME_ORDERS };
static double name_place(enum name_order by, const char *text)
{
    static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    double v;
    if (by == NAMES_DAYS) return calendar_place(days, 7, text);
    if (by == NAMES_MONTHS) return calendar_place(months, 12, text);
    return num_parse(text, strlen(text), &v) && isfinite(v) ? v : (double)NAN;
}

/* Texts that are all numbers, weekdays or months stand in that order; many numbers are names rather
 * than amounts and go by weight when that was asked. */
static void find_name_order(struct order *seen, int n, enum level_order order)
{
    enum { AMOUNTS_MOST = 31 };
    if (order == ORDER_BY_WEIGHT && n > AMOUNTS_MOST) return;
    for (int i = 0; i < n; i++)
        if (!isnan(seen[i].natural)) return;
    for (enum name_order by = NAMES_NUMBERS; by < NAME_ORDERS; by++) {
        int i = 0;
        while (i < n && (!seen[i].text || !isnan(name_place(by, seen[i].text))))
            i++;
        for (int k = 0; i == n && k < n; k++)
            if (seen[k].text) seen[k].natural = name_place(by, seen[k].text);
        if (i == n) return;
    }
}

static rc levels_from(struct chart_build *b, const struct column *c, const double *weight,
                      const double *place, enum level_order order, bool has_user_order,
                      struct stat_levels *out)
{
    *out = (struct stat_levels){0};
    struct order *seen = see_rows(b, c, weight, place, out);
    int n = out->set.n;
    if (!place) find_name_order(seen, n, order);
    for (int i = 0; i < n; i++)
        seen[i].user = has_user_order ? user_place(b->spec, seen[i].text) : 0;
    if (n)
        qsort(seen, (size_t)n, sizeof *seen,
              order == ORDER_BY_WEIGHT ? order_by_weight : order_by_nature);
    out->levels = ARENA_NEW(b->a, struct chart_levels);
    out->levels->n = n;
    out->levels->text = ARENA_ARRAY(b->a, const char *, n + 1);
    out->weight = ARENA_ARRAY(b->a, double, n + 1);
    out->rank = ARENA_ARRAY(b->a, int, n + 1);
    for (int i = 0; i < n; i++) {
        out->rank[seen[i].number - 1] = i;
        out->levels->text[i] = level_name(b, &out->set, seen[i].text);
        out->weight[i] = seen[i].weight;
    }
    if (c->type.kind == KIND_NUM) shorten_numbers(b, out->levels);
    out->is_by_value = n > 0 && order == ORDER_BY_WEIGHT && isnan(seen[0].natural);
    for (int64_t r = 0; r < c->n; r++)
        out->at[r] = out->rank[(int)out->at[r]];
    return check_cancel(b->cx);
}

rc stat_levels_of(struct chart_build *b, const struct column *c, const double *weight,
                  enum level_order order, bool has_user_order, struct stat_levels *out)
{
    return levels_from(b, c, weight, NULL, order, has_user_order, out);
}

rc stat_levels_placed(struct chart_build *b, const struct column *c, const double *place,
                      struct stat_levels *out)
{
    return levels_from(b, c, NULL, place, ORDER_NATURAL, true, out);
}

void stat_levels_fold(struct chart_build *b, struct stat_levels *l, int64_t rows, int most,
                      int *n_folded)
{
    *n_folded = 0;
    if (l->levels->n <= most) return;
    *n_folded = l->levels->n - most;
    for (int i = most + 1; i < l->levels->n; i++)
        l->weight[most] += l->weight[i];
    for (int i = 0; i < l->set.n; i++)
        if (l->rank[i] > most) l->rank[i] = most;
    for (int64_t r = 0; r < rows; r++)
        if (l->at[r] > most) l->at[r] = most;
    l->levels->text[most] = arena_printf(b->a, "other (%s)", stat_count_text(b, *n_folded));
    l->levels->n = most + 1;
}

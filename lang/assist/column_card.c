/* column_card.c: a column at a glance: missing values, range or commonest values, a histogram of
 * eighth blocks. Missing values are counted over all rows (the column knows them); the rest comes
 * from a sample of evenly spread rows, so that the answer takes a millisecond at any size. */
#include "lang/assist/assist_int.h"

#include "runtime/base/num.h"

#include <math.h>

#define SAMPLE 8192
#define BINS   24
#define TOP    5

struct card {
    struct strbuf *plain, *html;
};

/* ---- lines ---- */
static void row(struct card *c, const char *what, struct str text)
{
    if (c->plain) strbuf_printf(c->plain, "  %-8s %.*s\n", what, STR_FMT(text));
    if (!c->html) return;
    strbuf_printf(c->html,
                  "<tr><td style=\"text-align:left\">%s</td><td style=\"text-align:left\">", what);
    strbuf_add_html(c->html, text);
    strbuf_addz(c->html, "</td></tr>\n");
}

static void row_missing(struct card *card, const struct column *c)
{
    char n[NUM_TEXT_MAX], all[NUM_TEXT_MAX], text[200];
    int_format_thousands(c->n_null, n);
    int_format_thousands(c->n, all);
    double share = c->n ? 100.0 * (double)c->n_null / (double)c->n : 0;
    snprintf(text, sizeof text, "%s of %s rows (%.3g %%)", n, all, share);
    row(card, "missing", str_of(c->n_null ? text : "none"));
}

/* ---- the sample: values that are there ---- */
static int64_t sample_row(const struct column *c, int64_t i)
{
    return c->n <= SAMPLE ? i : (int64_t)((double)i * (double)c->n / SAMPLE);
}

static bool as_number(const struct scalar *v, double *out)
{
    switch (v->type.kind) {
    case KIND_NUM: *out = v->u.f; return isfinite(v->u.f);
    case KIND_BOOL: *out = v->u.b; return true;
    case KIND_INT:
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION: *out = (double)v->u.i; return true;
    default: return false;
    }
}

static void draw(struct card *card, const int64_t count[BINS])
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    struct strbuf text = {0};
    int64_t most = 1;
    for (int i = 0; i < BINS; i++)
        if (count[i] > most) most = count[i];
    for (int i = 0; i < BINS; i++)
        strbuf_addz(&text, count[i] ? blocks[(count[i] * 7 + most - 1) / most] : " ");
    row(card, "shape", strbuf_view(&text));
    strbuf_release(&text);
}

struct numbers {
    double x[SAMPLE];
    int n;
    struct scalar lowest, highest;
    int at_lowest, at_highest;
};

static void take_numbers(const struct column *c, struct numbers *s)
{
    int64_t rows = c->n < SAMPLE ? c->n : SAMPLE;
    for (int64_t i = 0; i < rows; i++) {
        struct scalar v = column_scalar(c, sample_row(c, i));
        if (v.is_null || !as_number(&v, &s->x[s->n])) continue;
        if (!s->n || s->x[s->n] < s->x[s->at_lowest]) s->at_lowest = s->n, s->lowest = v;
        if (!s->n || s->x[s->n] > s->x[s->at_highest]) s->at_highest = s->n, s->highest = v;
        s->n++;
    }
}

static void number_card(struct card *card, const struct column *c, struct arena *a)
{
    struct numbers *s = ARENA_NEW(a, struct numbers);
    struct strbuf text = {0};
    int64_t count[BINS] = {0};
    take_numbers(c, s);
    if (!s->n) return;
    double low = s->x[s->at_lowest], wide = s->x[s->at_highest] - low;
    for (int i = 0; i < s->n; i++) {
        int bin = wide > 0 ? (int)((s->x[i] - low) / wide * BINS) : 0;
        count[bin < BINS ? bin : BINS - 1]++;
    }
    scalar_text(&text, &s->lowest, false);
    strbuf_addz(&text, " .. ");
    scalar_text(&text, &s->highest, false);
    if (c->n > SAMPLE) strbuf_printf(&text, " (sample of %d rows)", SAMPLE);
    row(card, "range", strbuf_view(&text));
    if (wide > 0) draw(card, count);
    strbuf_release(&text);
}

static void bool_card(struct card *card, const struct column *c)
{
    int64_t rows = c->n < SAMPLE ? c->n : SAMPLE, seen = 0, yes = 0;
    char text[100];
    for (int64_t i = 0; i < rows; i++) {
        struct scalar v = column_scalar(c, sample_row(c, i));
        seen += !v.is_null;
        yes += !v.is_null && v.u.b;
    }
    if (!seen) return;
    snprintf(text, sizeof text, "true %.3g %%, false %.3g %%", 100.0 * (double)yes / (double)seen,
             100.0 * (double)(seen - yes) / (double)seen);
    row(card, "values", str_of(text));
}

/* ---- texts ---- */
struct counted {
    struct str text;
    int64_t n;
};

static int by_text(const void *a, const void *b)
{
    return str_cmp(((const struct counted *)a)->text, ((const struct counted *)b)->text);
}

static int by_count(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : str_cmp(x->text, y->text);
}

static int count_texts(const struct column *c, struct counted *all)
{
    int64_t rows = c->n < SAMPLE ? c->n : SAMPLE;
    int n = 0, kinds = 0;
    for (int64_t i = 0; i < rows; i++) {
        struct scalar v = column_scalar(c, sample_row(c, i));
        if (!v.is_null) all[n++] = (struct counted){v.u.s, 1};
    }
    if (n) qsort(all, (size_t)n, sizeof *all, by_text);
    for (int i = 0; i < n; i++) {
        if (kinds && str_eq(all[kinds - 1].text, all[i].text))
            all[kinds - 1].n++;
        else
            all[kinds++] = all[i];
    }
    if (kinds) qsort(all, (size_t)kinds, sizeof *all, by_count);
    return kinds;
}

static void text_card(struct card *card, const struct column *c, struct arena *a)
{
    struct counted *all = ARENA_ARRAY(a, struct counted, SAMPLE);
    int kinds = count_texts(c, all);
    struct strbuf text = {0};
    strbuf_printf(&text, "%d%s", kinds, c->n > SAMPLE ? " (in a sample of 8192 rows)" : "");
    row(card, "distinct", strbuf_view(&text));
    strbuf_clear(&text);
    for (int i = 0; i < kinds && i < TOP; i++) {
        size_t n = all[i].text.n > 40 ? 40 : all[i].text.n;
        while (n < all[i].text.n && n > 0 && ((unsigned char)all[i].text.p[n] & 0xC0) == 0x80)
            n--;
        strbuf_printf(&text, "%s\"%.*s\"%s %lld", i ? ", " : "", (int)n, all[i].text.p,
                      n < all[i].text.n ? ".." : "", (long long)all[i].n);
    }
    if (kinds && all[0].n > 1) row(card, "top", strbuf_view(&text));
    strbuf_release(&text);
}

void column_card(const struct column *c, struct strbuf *plain, struct strbuf *html)
{
    struct card card = {plain, html};
    struct arena *a = arena_new();
    if (html) strbuf_addz(html, "<table>\n");
    row_missing(&card, c);
    if (c->type.kind == KIND_STR || c->type.kind == KIND_CAT)
        text_card(&card, c, a);
    else if (c->type.kind == KIND_BOOL)
        bool_card(&card, c);
    else if (c->type.kind != KIND_LIST && c->type.kind != KIND_STRUCT)
        number_card(&card, c, a);
    if (html) strbuf_addz(html, "</table>\n");
    arena_free(a);
}

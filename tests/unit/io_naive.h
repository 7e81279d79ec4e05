/* io_naive.h: the rules of delimited text once more, a character at a time and without hurry: the
 * twin that the reader of runtime/io/csv is held to. Knows nothing of blocks, strips and fast
 * paths; leaves number and date syntax to runtime/base. */
#ifndef MLNB_TESTS_IO_NAIVE_H
#define MLNB_TESTS_IO_NAIVE_H

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/io/io.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct naive_cell {
    char *text; /* out of its quotes */
    size_t n;
    bool quoted, odd; /* odd: doubled quotes, or text behind the closing one: always text */
};
struct naive_row {
    struct naive_cell *cells;
    int n, cap;
};
struct naive {
    char delim, quote, comment; /* 0: none */
    bool trim, cut;
    struct naive_row *rows;
    int n, cap;
    const char *fault; /* "ragged", "unclosed" */
};

static inline void naive_free(struct naive *v)
{
    for (int r = 0; r < v->n; r++) {
        for (int c = 0; c < v->rows[r].n; c++)
            free(v->rows[r].cells[c].text);
        free(v->rows[r].cells);
    }
    free(v->rows);
    v->rows = NULL;
    v->n = v->cap = 0;
}

static inline bool naive_is_end(const struct naive *v, const char *p, size_t n, size_t i)
{
    return i >= n || p[i] == v->delim || p[i] == '\n' || p[i] == '\r';
}

/* One field from i on; gives the place of the delimiter or row end behind it. */
static inline size_t naive_field(struct naive *v, const char *p, size_t n, size_t i,
                                 struct naive_cell *out)
{
    struct strbuf b = {0};
    size_t k = i;
    *out = (struct naive_cell){0};
    while (v->trim && k < n && (p[k] == ' ' || p[k] == '\t') && p[k] != v->delim)
        k++;
    if (v->quote && k < n && p[k] == v->quote) {
        bool closed = false;
        out->quoted = true;
        for (k++; k < n && !closed; k++) {
            if (p[k] != v->quote) {
                strbuf_addc(&b, p[k]);
            } else if (k + 1 < n && p[k + 1] == v->quote) {
                strbuf_addc(&b, v->quote);
                out->odd = true;
                k++;
            } else {
                closed = true;
            }
        }
        if (!closed) v->fault = "unclosed";
        size_t rest = k;
        while (!naive_is_end(v, p, n, k))
            k++;
        size_t to = k;
        while (v->trim && to > rest && (p[to - 1] == ' ' || p[to - 1] == '\t'))
            to--;
        if (to > rest) out->odd = true;
        strbuf_add(&b, p + rest, to - rest);
    } else {
        size_t from = k;
        while (!naive_is_end(v, p, n, k))
            k++;
        size_t to = k;
        while (v->trim && to > from && (p[to - 1] == ' ' || p[to - 1] == '\t'))
            to--;
        strbuf_add(&b, p + from, to - from);
    }
    out->n = b.n;
    out->text = strbuf_take(&b);
    return k;
}

static inline void naive_add_cell(struct naive_row *r, struct naive_cell c)
{
    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 8;
        r->cells = realloc(r->cells, sizeof *r->cells * (size_t)r->cap);
    }
    r->cells[r->n++] = c;
}

static inline bool naive_blank(const struct naive_cell *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->text[i] != ' ' && c->text[i] != '\t') return false;
    return !c->quoted;
}

/* Rows of a text; the first one gives the number of columns. Empty lines stay only in files of one
 * column (not before the first row). */
static inline void naive_parse(struct naive *v, const char *p, size_t n)
{
    size_t i = n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < n && !v->fault) {
        struct naive_row row = {0};
        if (v->comment && p[i] == v->comment) {
            while (i < n && p[i] != '\n' && p[i] != '\r')
                i++;
        } else {
            for (;; i++) {
                struct naive_cell c;
                i = naive_field(v, p, n, i, &c);
                naive_add_cell(&row, c);
                if (i >= n || p[i] != v->delim) break;
            }
            int width = v->n ? v->rows[0].n : 0;
            bool skip = row.n == 1 && naive_blank(&row.cells[0]) && width != 1;
            bool more = width && row.n > width;
            for (int c = width; more && c < row.n; c++)
                if (!naive_blank(&row.cells[c])) {
                    if (!v->cut && !v->fault) v->fault = "ragged";
                }
            if (skip) {
                free(row.cells[0].text);
                free(row.cells);
            } else {
                if (v->n == v->cap) {
                    v->cap = v->cap ? v->cap * 2 : 8;
                    v->rows = realloc(v->rows, sizeof *v->rows * (size_t)v->cap);
                }
                v->rows[v->n++] = row;
            }
        }
        if (i < n) i += p[i] == '\r' && i + 1 < n && p[i + 1] == '\n' ? 2 : 1;
    }
}

/* ---- values ---- */
enum naive_kind {
    NAIVE_NULL,
    NAIVE_INT,
    NAIVE_NUM,
    NAIVE_BOOL,
    NAIVE_DATE,
    NAIVE_TIME,
    NAIVE_ZONED,
    NAIVE_NAN,
    NAIVE_TEXT,
    NAIVE_ZERO
};
struct naive_value {
    int64_t i;
    double f;
};

static inline bool naive_is(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(p, word, n) == 0;
}

static inline enum naive_kind naive_kind_of(const struct naive_cell *c, struct naive_value *v)
{
    const char *p = c->text;
    size_t n = c->n;
    if (c->odd) return NAIVE_TEXT;
    for (; n && (*p == ' ' || *p == '\t'); n--)
        p++;
    while (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    if (n == 0 || naive_is(p, n, "NA") || naive_is(p, n, "null") || naive_is(p, n, "NULL"))
        return NAIVE_NULL;
    struct str s = {p, n};
    v->i = str_eq_nocase(s, STR("true"));
    if (v->i || str_eq_nocase(s, STR("false"))) return NAIVE_BOOL;
    size_t sign = *p == '-' || *p == '+';
    bool zero = n > sign + 1 && p[sign] == '0' && p[sign + 1] >= '0' && p[sign + 1] <= '9';
    int32_t days;
    bool has_zone;
    if (int_parse(p, n, &v->i)) {
        num_parse(p, n, &v->f); /* -0 among numbers is -0.0 */
        return zero ? NAIVE_ZERO : NAIVE_INT;
    }
    if (num_parse(p, n, &v->f)) return isnan(v->f) ? NAIVE_NAN : zero ? NAIVE_ZERO : NAIVE_NUM;
    if (date_parse(p, n, &days)) {
        v->i = days;
        return NAIVE_DATE;
    }
    if (n >= 10 && n <= 40 && datetime_parse(p, n, &v->i, &has_zone))
        return has_zone ? NAIVE_ZONED : NAIVE_TIME;
    return NAIVE_TEXT;
}

static inline const struct naive_cell *naive_at(const struct naive *v, int row, int col)
{
    static const struct naive_cell missing = {.text = (char *)(uintptr_t) ""};
    return col < v->rows[row].n ? &v->rows[row].cells[col] : &missing;
}

/* Type of a column over rows [first, n); *all_null as the reader's null_words. */
static inline struct dtype naive_type(const struct naive *v, int first, int col, bool *all_null)
{
    unsigned seen = 0;
    for (int r = first; r < v->n; r++) {
        struct naive_value x;
        seen |= 1u << naive_kind_of(naive_at(v, r, col), &x);
    }
    seen &= ~(1u << NAIVE_NULL);
    *all_null = seen == 0;
    if (seen == 1u << NAIVE_NAN) return DTYPE(KIND_NUM);
    seen &= ~(1u << NAIVE_NAN);
    if (seen == 1u << NAIVE_INT) return DTYPE(KIND_INT);
    if (seen && !(seen & ~((1u << NAIVE_INT) | (1u << NAIVE_NUM)))) return DTYPE(KIND_NUM);
    if (seen == 1u << NAIVE_BOOL) return DTYPE(KIND_BOOL);
    if (seen == 1u << NAIVE_DATE) return DTYPE(KIND_DATE);
    if (seen && !(seen & ~((1u << NAIVE_DATE) | (1u << NAIVE_TIME)))) return DTYPE(KIND_DATETIME);
    if (seen == 1u << NAIVE_ZONED)
        return (struct dtype){.kind = KIND_DATETIME, .zone = dtype_intern("UTC")};
    return DTYPE(KIND_STR);
}

/* Whether a value of the table is what the cell says. */
static inline bool naive_fits(const struct naive_cell *c, struct dtype type, bool all_null,
                              const struct scalar *got)
{
    struct naive_value v;
    enum naive_kind k = naive_kind_of(c, &v);
    if (type.kind == KIND_STR) {
        bool null = all_null ? c->n > 0 || !c->quoted : c->n == 0 && !c->quoted;
        if (null || got->is_null) return null == got->is_null;
        return str_eq(got->u.s, (struct str){c->text, c->n});
    }
    bool null = k == NAIVE_NULL || k == NAIVE_NAN;
    if (null || got->is_null) return null == got->is_null;
    if (type.kind == KIND_NUM) return memcmp(&got->u.f, &v.f, sizeof v.f) == 0;
    if (type.kind == KIND_BOOL) return got->u.b == (v.i != 0);
    if (type.kind == KIND_DATETIME && k == NAIVE_DATE) v.i *= US_PER_DAY;
    return got->u.i == v.i;
}

/* NULL when the table holds rows [first, n) of the twin, else what differs (static text). */
static inline const char *naive_differs(const struct naive *v, int first, const struct table *t)
{
    static char why[512];
    if (t->n_rows != v->n - first) {
        snprintf(why, sizeof why, "%lld rows, twin %d", (long long)t->n_rows, v->n - first);
        return why;
    }
    for (int c = 0; c < t->schema->n; c++) {
        bool all_null;
        struct dtype type = naive_type(v, first, c, &all_null);
        if (!dtype_eq(type, t->schema->fields[c].type)) {
            snprintf(why, sizeof why, "column %d is %s, twin %s", c,
                     kind_name(t->schema->fields[c].type.kind), kind_name(type.kind));
            return why;
        }
        for (int r = first; r < v->n; r++) {
            struct scalar got = column_scalar(t->cols[c], r - first);
            const struct naive_cell *cell = naive_at(v, r, c);
            if (naive_fits(cell, type, all_null, &got)) continue;
            struct strbuf b = {0};
            scalar_text(&b, &got, true);
            snprintf(why, sizeof why, "row %d column %d: cell [%.100s] read as %.100s", r - first,
                     c, cell->text, b.p);
            strbuf_release(&b);
            return why;
        }
    }
    return NULL;
}

#endif

/* cells.c: rows shown, number formats of a column, the text of one cell. A num column gets one
 * count of decimals: enough for each shown value to have `digits` significant digits and not more
 * than they need (the rule of R's print), so the points stand under each other. */
#include "plotting/table/table_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

#include <math.h>

enum { ROWS_WHOLE = 20, ROWS_HEAD = 10, ROWS_TAIL = 5, DIGITS_DEFAULT = 6, DIGITS_EXACT = 17 };

struct table_view table_view_default(const struct table *t)
{
    return (struct table_view){
        .width = 80, .n_total = t->n_rows, .max_rows = ROWS_WHOLE, .digits = DIGITS_DEFAULT};
}

struct shown_rows table_shown_rows(const struct table *t, const struct table_view *view,
                                   int64_t cap)
{
    int64_t most = view->max_rows > 0 ? view->max_rows : ROWS_WHOLE;
    if (most > cap) most = cap;
    bool is_whole = view->n_total >= 0 && view->n_total <= t->n_rows;
    struct shown_rows s = {.n = t->n_rows, .head = t->n_rows};
    if (t->n_rows <= most) return s;
    if (!is_whole) return (struct shown_rows){.n = most, .head = most};
    s.head = most == ROWS_WHOLE ? ROWS_HEAD : most - most / 3;
    s.tail = most == ROWS_WHOLE ? ROWS_TAIL : most / 3;
    s.n = s.head + s.tail;
    s.has_gap = true;
    return s;
}

/* ---- numbers ---- */
/* The decimal point of the C locale, whatever the process has set. */
static int point_fix(char *buf, int n)
{
    for (int i = 0; i < n; i++)
        if (buf[i] == ',') buf[i] = '.';
    return n;
}

struct num_needs {
    int sig, exponent;
};
/* Significant digits (at most `digits`) and decimal exponent of a finite x. */
static struct num_needs num_needs_of(double x, int digits)
{
    char buf[64];
    int n = snprintf(buf, sizeof buf, "%.*e", digits - 1, fabs(x));
    const char *e = strchr(buf, 'e');
    if (n <= 0 || !e) return (struct num_needs){1, 0};
    int sig = digits;
    const char *last = e - 1;
    while (sig > 1 && *last == '0') {
        sig--;
        last--;
    }
    return (struct num_needs){sig, (int)strtol(e + 1, NULL, 10)};
}

static int exact_tail(double x) /* characters from the point on, as num_format writes it */
{
    char buf[NUM_TEXT_MAX];
    int n = num_format(x, buf);
    const char *point = strchr(buf, '.');
    return point ? n - (int)(point - buf) : 0;
}

/* Sizes of a num column's texts, gathered over the shown cells. */
struct num_sizes {
    int decimals, left, sig, tail;
    bool is_any;
};
static void num_size_add(struct num_sizes *z, double x, int digits)
{
    if (!isfinite(x)) return;
    struct num_needs k = num_needs_of(x, digits);
    int decimals = k.sig - 1 - k.exponent;
    int left = k.exponent >= 0 ? k.exponent + 1 : 1;
    if (x == 0) decimals = 0;
    if (decimals > z->decimals) z->decimals = decimals;
    if (left > z->left) z->left = left;
    if (k.sig > z->sig) z->sig = k.sig;
    int tail = exact_tail(x);
    if (tail > z->tail) z->tail = tail;
    z->is_any = true;
}

static void num_format_choose(struct cell_format *f, const struct num_sizes *z)
{
    if (f->is_exact) {
        f->decimals = z->tail;
        return;
    }
    int fixed_width = z->left + 1 + z->decimals;
    int scientific_width = z->sig + 5;
    f->is_scientific = (z->left > 16 || z->decimals > 9) && fixed_width > scientific_width;
    f->decimals = f->is_scientific ? z->sig - 1 : z->decimals > 0 ? z->decimals : 1;
}

struct cell_format table_cell_format(const struct column *c, const struct shown_rows *s,
                                     const struct table *t, int digits)
{
    enum kind k = c->type.kind;
    struct cell_format f = {.column = c,
                            .is_right = k == KIND_INT || k == KIND_NUM || k == KIND_DURATION};
    if (k != KIND_NUM) return f;
    if (digits <= 0) digits = DIGITS_DEFAULT;
    f.is_exact = digits >= DIGITS_EXACT;
    struct num_sizes z = {0};
    for (int64_t i = 0; i < s->n; i++) {
        struct scalar v = column_scalar(c, shown_row(s, t, i));
        if (!v.is_null) num_size_add(&z, v.u.f, f.is_exact ? DIGITS_EXACT : digits);
    }
    num_format_choose(&f, &z);
    return f;
}

static void num_cell(struct strbuf *out, const struct cell_format *f, double x)
{
    char buf[400];
    int n;
    if (!isfinite(x)) {
        strbuf_addz(out, x > 0 ? "inf" : "-inf");
        return;
    }
    if (f->is_exact) {
        n = num_format(x, buf);
        strbuf_add(out, buf, (size_t)n);
        strbuf_fill(out, ' ', (size_t)(f->decimals - exact_tail(x)));
        return;
    }
    n = snprintf(buf, sizeof buf, f->is_scientific ? "%.*e" : "%.*f", f->decimals,
                 x == 0 ? 0.0 : x);
    strbuf_add(out, buf, (size_t)point_fix(buf, n));
}

/* ---- text ---- */
static bool is_unseen(uint32_t cp) /* characters that would not show, or would turn the line */
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x61c || cp == 0x180e ||
           (cp >= 0x200b && cp <= 0x200c) || (cp >= 0x200e && cp <= 0x200f) ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
           (cp >= 0xfff9 && cp <= 0xfffb);
}

void table_cell_escape(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        uint32_t cp;
        int n = utf8_next(s.p + i, s.n - i, &cp);
        if (cp == '\n')
            strbuf_addz(out, "\\n");
        else if (cp == '\t')
            strbuf_addz(out, "\\t");
        else if (cp == '\r')
            strbuf_addz(out, "\\r");
        else if (is_unseen(cp))
            strbuf_printf(out, "\\u{%x}", (unsigned)cp);
        else
            strbuf_add(out, s.p + i, (size_t)n);
        i += (size_t)n;
    }
}

void table_cell_cut(struct strbuf *out, struct str s, int64_t cells)
{
    if (utf8_width(s.p, s.n) <= cells) {
        strbuf_adds(out, s);
        return;
    }
    if (cells < 1) return;
    strbuf_add(out, s.p, utf8_fit(s.p, s.n, cells - 1));
    strbuf_addz(out, "…");
}

bool table_cell_text(struct strbuf *out, const struct cell_format *f, int64_t row)
{
    struct scalar v = column_scalar(f->column, row);
    if (v.is_null || v.type.kind == KIND_NULL) {
        strbuf_addz(out, "null");
        return false;
    }
    if (v.type.kind == KIND_NUM) {
        num_cell(out, f, v.u.f);
    } else if (v.type.kind == KIND_STR || v.type.kind == KIND_CAT) {
        if (v.u.s.n == 0)
            strbuf_addz(out, "\"\"");
        else
            table_cell_escape(out, v.u.s);
    } else if (v.type.kind == KIND_LIST || v.type.kind == KIND_STRUCT) {
        struct strbuf whole = {0};
        scalar_text(&whole, &v, true);
        table_cell_escape(out, strbuf_view(&whole));
        strbuf_release(&whole);
        scalar_release(&v);
    } else {
        scalar_text(out, &v, false);
    }
    return true;
}

/* ---- what stands around ---- */
void table_dims(struct strbuf *out, const struct table *t, const struct table_view *view,
                const struct shown_rows *s)
{
    char n[NUM_TEXT_MAX];
    if (view->n_total < 0) {
        strbuf_addz(out, "? rows");
    } else {
        int_format_thousands(view->n_total, n);
        strbuf_printf(out, "%s row%s", n, view->n_total == 1 ? "" : "s");
    }
    int_format_thousands(t->schema->n, n);
    strbuf_printf(out, " x %s column%s", n, t->schema->n == 1 ? "" : "s");
    if (view->n_total == s->n) return;
    int_format_thousands(s->n, n);
    strbuf_printf(out, ", %s%s shown", s->has_gap ? "" : "first ", n);
}

void table_doc_columns(int n, int *left, int *right)
{
    *left = n;
    *right = 0;
    if (n <= TABLE_DOC_COLUMNS) return;
    *left = TABLE_DOC_COLUMNS / 2;
    *right = TABLE_DOC_COLUMNS - *left;
}

/* labels.c: numbers as people read them: few decimals, thousands separators, SI letters for the
 * large, a real minus sign. The same format is given to Vega as a d3 pattern, so both pictures say
 * the same. */
#include "plotting/chart_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"

#include <math.h>

#define MINUS "−"

double chart_round_digits(double v, int digits)
{
    char buf[64];
    if (!isfinite(v) || v == 0) return v;
    snprintf(buf, sizeof buf, "%.*e", digits - 1, v);
    char *comma = strchr(buf, ',');
    if (comma) *comma = '.';
    double out = v;
    return num_parse(buf, strlen(buf), &out) ? out : v;
}

/* Fixed decimals with thousands separators. */
static void add_fixed(struct strbuf *out, double v, int decimals)
{
    char buf[400];
    int n = snprintf(buf, sizeof buf, "%.*f", decimals, fabs(v));
    int whole = decimals ? n - decimals - 1 : n;
    bool is_zero = strspn(buf, "0.,") == (size_t)n;
    if (v < 0 && !is_zero) strbuf_addz(out, MINUS);
    for (int i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) strbuf_addc(out, ',');
        strbuf_addc(out, buf[i]);
    }
    if (decimals) {
        strbuf_addc(out, '.');
        strbuf_add(out, buf + whole + 1, (size_t)decimals);
    }
}

/* At most 12 significant digits without trailing zeros. */
static void add_trimmed(struct strbuf *out, double v, int decimals)
{
    struct strbuf b = {0};
    add_fixed(&b, v, decimals);
    if (decimals) {
        while (b.p[b.n - 1] == '0')
            b.n--;
        if (b.p[b.n - 1] == '.') b.n--;
    }
    strbuf_add(out, b.p, b.n);
    strbuf_release(&b);
}

static void add_si(struct strbuf *out, double v)
{
    static const char *const letter[] = {"", "k", "M", "G", "T", "P"};
    int at = 0;
    double scaled = v;
    while (fabs(scaled) >= 999.9999999 && at < 5) {
        scaled /= 1000;
        at++;
    }
    add_trimmed(out, scaled, 6);
    strbuf_addz(out, letter[at]);
}

static void add_exp(struct strbuf *out, double v)
{
    if (v == 0) {
        strbuf_addz(out, "0");
        return;
    }
    char buf[64];
    snprintf(buf, sizeof buf, "%.5e", fabs(v));
    char *e = strchr(buf, 'e');
    long exponent = strtol(e + 1, NULL, 10);
    char *end = e;
    while (end[-1] == '0')
        end--;
    if (end[-1] < '0') end--;
    if (v < 0) strbuf_addz(out, MINUS);
    for (const char *p = buf; p < end; p++)
        strbuf_addc(out, *p == ',' ? '.' : *p);
    strbuf_printf(out, "e%s%ld", exponent < 0 ? MINUS : "+", labs(exponent));
}

/* Fewest decimals that write v to a billionth of `scale`. */
static int decimals_of(double v, double scale)
{
    for (int d = 0; d < 12; d++) {
        double p = pow(10, d);
        if (fabs(round(v * p) / p - v) <= 1e-9 * scale) return d;
    }
    return 12;
}

struct tick_format chart_format_for(const double *v, int n, bool is_share)
{
    struct tick_format f = {.style = TICK_FIXED};
    double most = 0, gap = INFINITY;
    for (int i = 0; i < n; i++) {
        most = fmax(most, fabs(v[i]));
        if (i > 0) gap = fmin(gap, fabs(v[i] - v[i - 1]));
    }
    double scale = isfinite(gap) && gap > 0 ? gap : most;
    for (int i = 0; i < n; i++) {
        int d = decimals_of(v[i], scale);
        if (d > f.decimals) f.decimals = d;
    }
    if (is_share) {
        f.style = TICK_PERCENT;
        f.decimals = f.decimals > 2 ? f.decimals - 2 : 0;
    } else if (most >= 1e15 || f.decimals > 6) {
        f.style = TICK_EXP;
    } else if (most >= 1e5 && scale >= most / 1e4) {
        f.style = TICK_SI;
    }
    return f;
}

void chart_number_label(struct strbuf *out, struct tick_format f, double v)
{
    if (f.scale > 0) v /= f.scale;
    switch (f.style) {
    case TICK_SI: add_si(out, v); return;
    case TICK_EXP: add_exp(out, v); return;
    case TICK_PERCENT:
        add_fixed(out, v * 100, f.decimals);
        strbuf_addc(out, '%');
        return;
    case TICK_PLAIN:
        if (fabs(v) >= 1e5)
            add_si(out, v);
        else if (v != 0 && fabs(v) < 1e-4)
            add_exp(out, v);
        else
            add_trimmed(out, v, 8);
        return;
    case TICK_FIXED:
    case TICK_TIME:
    case TICK_LEVEL: break;
    }
    add_fixed(out, v, f.decimals);
}

const char *chart_format_d3(struct arena *a, struct tick_format f)
{
    switch (f.style) {
    case TICK_SI: return "~s";
    case TICK_EXP: return "~e";
    case TICK_PERCENT: return arena_printf(a, ",.%d%%", f.decimals);
    case TICK_FIXED: return arena_printf(a, ",.%df", f.decimals);
    case TICK_PLAIN: return ",.8~g";
    case TICK_TIME:
    case TICK_LEVEL: break;
    }
    return "";
}

const char *chart_format_expr(struct arena *a, struct tick_format f)
{
    const char *value = f.scale > 1 ? arena_printf(a, "datum.value/%.0f", f.scale) : "datum.value";
    if (f.style == TICK_PLAIN)
        return arena_printf(a, "format(%s,abs(%s)>=1e5?'~s':',.8~g')", value, value);
    return arena_printf(a, "format(%s,'%s')", value, chart_format_d3(a, f));
}

static void add_time(struct strbuf *out, double ms, bool is_date)
{
    char buf[DATE_TEXT_MAX];
    double us = round(ms * 1000);
    if (is_date)
        date_format((int32_t)civil_day_of_us((int64_t)us), buf);
    else
        datetime_format((int64_t)us, buf);
    strbuf_addz(out, buf);
}

void chart_value_label(struct strbuf *out, const struct chart_column *c, double v)
{
    if (isnan(v)) {
        strbuf_addz(out, "null");
        return;
    }
    switch (c->kind) {
    case VALUE_LEVEL: strbuf_addz(out, c->levels->text[(int)v]); return;
    case VALUE_COUNT: add_fixed(out, v, 0); return;
    case VALUE_SHARE:
        add_trimmed(out, v * 100, 1);
        strbuf_addc(out, '%');
        return;
    case VALUE_DATE: add_time(out, v, true); return;
    case VALUE_TIME: add_time(out, v, false); return;
    case VALUE_NUMBER: break;
    }
    double a = fabs(v);
    if (isinf(v) || (a > 0 && (a < 1e-4 || a >= 1e15))) {
        if (isinf(v))
            strbuf_addz(out, v > 0 ? "inf" : MINUS "inf");
        else
            add_exp(out, v);
        return;
    }
    int whole = a >= 1 ? (int)floor(log10(a)) + 1 : a > 0 ? (int)floor(log10(a)) + 1 : 1;
    add_trimmed(out, v, whole >= 6 ? 0 : 6 - whole);
}

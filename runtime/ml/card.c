/* card.c: a model as people see it: what it is, what it was fitted on, how well, and its largest
 * coefficients, as text and as HTML that an untrusted notebook keeps. Nothing here depends on the
 * clock: notebooks' outputs are compared. */
#include "runtime/ml/groups_int.h"
#include "runtime/ml/models/linear_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"
#include "runtime/ml/special_int.h"

#include <math.h>

#define CARD_TERMS 20
#define CELL_MAX   40

/* ---- facts ---- */
struct fact {
    const char *name;
    struct strbuf value;
};
struct facts {
    struct fact list[8];
    int n;
};

static struct strbuf *fact(struct facts *f, const char *name)
{
    f->list[f->n].name = name;
    return &f->list[f->n++].value;
}

static void facts_release(struct facts *f)
{
    for (int i = 0; i < f->n; i++)
        strbuf_release(&f->list[i].value);
}

static void add_rows(struct facts *f, const struct model *m)
{
    char n[NUM_TEXT_MAX];
    struct strbuf *b = fact(f, "rows");
    int_format_thousands(m->report.n, n);
    strbuf_addz(b, n);
    if (m->report.n_dropped > 0) {
        int_format_thousands(m->report.n_dropped, n);
        strbuf_printf(b, " (%s left out)", n);
    }
    if (m->weights) strbuf_printf(b, ", weighted by %s", m->weights);
    if (!model_is_class(m)) return;
    b = fact(f, "classes");
    for (int i = 0; i < m->target.classes.n_levels; i++) {
        const struct enc_level *l = &m->target.classes.levels[i];
        int_format_thousands(l->n, n);
        strbuf_printf(b, "%s%s: %s%s", i ? ", " : "", l->text, n,
                      model_n_classes(m) == 2 && i == m->target.positive ? " (positive)" : "");
    }
}

static void add_params(struct facts *f, const struct model *m)
{
    struct strbuf *b = NULL;
    for (int i = 0; m->family->params[i].name; i++) {
        const struct ml_param_desc *d = &m->family->params[i];
        struct strbuf v = {0};
        struct scalar def = {.type = DTYPE(KIND_STR), .u.s = str_of(d->def)};
        scalar_text(&v, &m->params[i], false);
        double x;
        bool is_default = str_eq(strbuf_view(&v), def.u.s) || m->params[i].is_null ||
                          (num_parse(d->def, strlen(d->def), &x) &&
                           m->params[i].type.kind == KIND_NUM && m->params[i].u.f == x);
        bool is_penalty = strcmp(d->name, "l2") == 0 && m->params[i].u.f > 0;
        if (!is_default || is_penalty) {
            if (!b) b = fact(f, "parameters");
            strbuf_printf(b, "%s%s: %s", b->n ? ", " : "", d->name, v.p);
        }
        strbuf_release(&v);
    }
}

/* Six significant digits, no trailing zeros. */
static void add_number(struct strbuf *b, double x)
{
    strbuf_printf(b, "%.6g", x);
}

static void add_fit(struct facts *f, const struct model *m)
{
    const struct model_report *r = &m->report;
    struct strbuf *b = fact(f, "solver");
    if (r->iterations <= 1)
        strbuf_addz(b, "direct");
    else
        strbuf_printf(b, "%d iterations", r->iterations);
    if (!r->converged) strbuf_addz(b, ", did not converge");
    strbuf_addz(b, ", loss ");
    add_number(b, r->loss);
    if (r->n_stats == 0) return;
    b = fact(f, "training");
    for (int i = 0; i < r->n_stats; i++) {
        if (r->stats[i].is_null) continue;
        bool is_tiny = strcmp(r->stats[i].name, "f_p_value") == 0 && r->stats[i].value < 1e-4;
        strbuf_printf(b, "%s%s ", b->n ? ", " : "", r->stats[i].name);
        if (is_tiny)
            strbuf_addz(b, "<0.0001");
        else
            add_number(b, r->stats[i].value);
    }
}

/* The family and parameters of the members stand for all. */
static const struct model *spoken(const struct model *m)
{
    return model_groups(m) ? model_groups(m)->members[0] : m;
}

static void add_groups(struct facts *f, const struct model *m)
{
    const struct groups *g = model_groups(m);
    struct strbuf *b = fact(f, "groups");
    strbuf_printf(b, "%d, one model each, by ", g->n);
    for (int k = 0; k < g->n_keys; k++)
        strbuf_printf(b, "%s%s", k ? ", " : "", g->names[k]);
}

static void collect_facts(struct facts *f, const struct model *m)
{
    strbuf_addz(fact(f, "formula"), m->formula);
    if (model_groups(m)) add_groups(f, m);
    add_rows(f, m);
    add_params(f, spoken(m));
    add_fit(f, m);
}

/* ---- coefficients ---- */
struct coef {
    const char *term;
    double estimate, error, p;
    bool has_estimate, is_tested;
    double weight; /* for choosing the largest */
};

static int collect_coefs(const struct model *m, struct coef **out)
{
    const struct linear_fit *f = m->body;
    int n = 0;
    struct coef *c = mem_zero(sizeof *c * ((size_t)f->n + 1));
    if (m->enc.intercept)
        c[n++] = (struct coef){.term = "(intercept)",
                               .estimate = f->intercept,
                               .error = f->intercept_error,
                               .has_estimate = true,
                               .is_tested = f->has_errors && f->intercept_error > 0,
                               .weight = INFINITY};
    for (int j = 0; j < f->n; j++) {
        bool is_tested = f->has_errors && !f->left_out[j] && f->error[j] > 0;
        c[n++] = (struct coef){.term = m->enc.columns[j],
                               .estimate = f->beta[j],
                               .error = f->error[j],
                               .has_estimate = !f->left_out[j],
                               .is_tested = is_tested,
                               .weight = fabs(f->beta[j]) * f->spread[j]};
    }
    for (int i = 0; i < n; i++) {
        double z = c[i].is_tested ? c[i].estimate / c[i].error : 0;
        c[i].p = f->df > 0 ? special_t_two_sided(z, f->df) : special_normal_two_sided(z);
    }
    *out = c;
    return n;
}

static int by_weight(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Keeps the CARD_TERMS heaviest in their order; returns how many are left. */
static int keep_heavy(struct coef *c, int n)
{
    if (n <= CARD_TERMS) return n;
    double *w = mem_alloc(sizeof(double) * (size_t)n);
    for (int i = 0; i < n; i++)
        w[i] = c[i].weight;
    qsort(w, (size_t)n, sizeof *w, by_weight);
    double least = w[CARD_TERMS - 1];
    mem_free(w);
    int kept = 0;
    for (int i = 0; i < n && kept < CARD_TERMS; i++)
        if (c[i].weight >= least) c[kept++] = c[i];
    return kept;
}

/* Decimals that give the smallest of the values four digits, at most six. */
static int decimals(const double *v, int n)
{
    int d = 0;
    for (int i = 0; i < n; i++) {
        if (v[i] == 0 || !isfinite(v[i])) continue;
        int need = 3 - (int)floor(log10(fabs(v[i])));
        if (need > d) d = need;
    }
    return d > 6 ? 6 : d;
}

static void number_cell(struct strbuf *b, double x, int places, bool is_there)
{
    if (!is_there)
        strbuf_addz(b, "null");
    else if (x != 0 && (fabs(x) < 5e-6 || fabs(x) >= 1e9))
        strbuf_printf(b, "%.3e", x);
    else
        strbuf_printf(b, "%.*f", places, x);
}

static void p_cell(struct strbuf *b, const struct coef *c)
{
    if (!c->is_tested)
        strbuf_addz(b, "null");
    else if (c->p < 1e-4)
        strbuf_addz(b, "<0.0001");
    else
        strbuf_printf(b, "%.4f", c->p);
}

struct grid { /* texts of the coefficient table: header row, then one a coefficient */
    struct strbuf cell[CARD_TERMS + 1][4];
    int rows, cols, n_all;
    const char *part; /* that has all of them */
};

static bool all_whole(const double *v, int n)
{
    for (int i = 0; i < n; i++)
        if (v[i] != floor(v[i])) return false;
    return true;
}

/* The family's own bars: importance, sizes of clusters. */
static void bars_grid(struct grid *g, const struct model *m)
{
    struct arena *a = arena_new();
    struct card_bar *bars = NULL;
    const char *title = "value";
    double v[CARD_TERMS] = {0};
    int n = m->family->cls->bars ? m->family->cls->bars(m, a, &bars, &title) : 0;
    *g = (struct grid){.cols = 2, .n_all = n, .part = title};
    if (n > CARD_TERMS) n = CARD_TERMS;
    for (int i = 0; i < n; i++)
        v[i] = bars[i].value;
    if (n > 0) {
        strbuf_addz(&g->cell[0][0], "term");
        strbuf_addz(&g->cell[0][1], title);
        g->rows = n + 1;
    }
    for (int i = 0; i < n; i++) {
        strbuf_addz(&g->cell[i + 1][0], bars[i].name);
        number_cell(&g->cell[i + 1][1], v[i], all_whole(v, n) ? 0 : decimals(v, n), true);
    }
    arena_free(a);
}

static void make_grid(struct grid *g, const struct model *m)
{
    if (!linear_has_body(m)) {
        bars_grid(g, m);
        return;
    }
    static const char *const head[] = {"term", "estimate", "std_error", "p_value"};
    const struct linear_fit *f = m->body;
    struct coef *c;
    double est[CARD_TERMS] = {0}, err[CARD_TERMS] = {0};
    *g = (struct grid){.cols = f->has_errors ? 4 : 2, .part = "coef"};
    g->n_all = collect_coefs(m, &c);
    int n = keep_heavy(c, g->n_all);
    for (int i = 0; i < n; i++) {
        est[i] = c[i].estimate;
        err[i] = c[i].is_tested ? c[i].error : 0;
    }
    int est_places = decimals(est, n), err_places = decimals(err, n);
    for (int k = 0; k < g->cols; k++)
        strbuf_addz(&g->cell[0][k], head[k]);
    for (int i = 0; i < n; i++) {
        strbuf_addz(&g->cell[i + 1][0], c[i].term);
        number_cell(&g->cell[i + 1][1], c[i].estimate, est_places, c[i].has_estimate);
        if (g->cols == 2) continue;
        number_cell(&g->cell[i + 1][2], c[i].error, err_places, c[i].is_tested);
        p_cell(&g->cell[i + 1][3], &c[i]);
    }
    g->rows = n + 1;
    mem_free(c);
}

static void grid_release(struct grid *g)
{
    for (int i = 0; i < g->rows; i++)
        for (int k = 0; k < 4; k++)
            strbuf_release(&g->cell[i][k]);
}

/* ---- text ---- */
/* s, cut to `cells` with an ellipsis, padded on the left or right. */
static void add_padded(struct strbuf *out, struct str s, int64_t cells, bool is_right)
{
    int64_t width = utf8_width(s.p, s.n);
    if (width > cells) {
        size_t fit = utf8_fit(s.p, s.n, cells - 1);
        strbuf_add(out, s.p, fit);
        strbuf_addz(out, "…");
        strbuf_fill(out, ' ', (size_t)(cells - 1 - utf8_width(s.p, fit)));
        return;
    }
    if (is_right) strbuf_fill(out, ' ', (size_t)(cells - width));
    strbuf_adds(out, s);
    if (!is_right) strbuf_fill(out, ' ', (size_t)(cells - width));
}

static void trim_line(struct strbuf *out)
{
    while (out->n > 0 && out->p[out->n - 1] == ' ')
        out->n--;
    if (out->p) out->p[out->n] = '\0';
    strbuf_addc(out, '\n');
}

/* A fact's value, wrapped at blanks under itself. */
static void add_wrapped(struct strbuf *out, struct str s, int indent, int width)
{
    int64_t room = width - indent < 20 ? 20 : width - indent;
    while (utf8_width(s.p, s.n) > room) {
        size_t cut = utf8_fit(s.p, s.n, room), at = cut;
        while (at > 0 && s.p[at] != ' ')
            at--;
        if (at == 0) at = cut;
        strbuf_add(out, s.p, at);
        strbuf_addc(out, '\n');
        strbuf_fill(out, ' ', (size_t)indent);
        s.p += at;
        s.n -= at;
        while (s.n > 0 && *s.p == ' ')
            s.p++, s.n--;
    }
    strbuf_adds(out, s);
    strbuf_addc(out, '\n');
}

static void grid_text(struct strbuf *out, const struct grid *g, int width)
{
    int64_t w[4] = {0};
    for (int k = 0; k < g->cols; k++)
        for (int i = 0; i < g->rows; i++) {
            struct str s = strbuf_view(&g->cell[i][k]);
            int64_t cells = utf8_width(s.p, s.n);
            if (cells > w[k]) w[k] = cells;
        }
    int64_t rest = 2;
    for (int k = 1; k < g->cols; k++)
        rest += w[k] + 2;
    if (w[0] > CELL_MAX) w[0] = CELL_MAX;
    if (w[0] > width - rest) w[0] = width - rest < 8 ? 8 : width - rest;
    for (int i = 0; i < g->rows; i++) {
        strbuf_addz(out, "  ");
        for (int k = 0; k < g->cols; k++) {
            if (k) strbuf_addz(out, "  ");
            add_padded(out, strbuf_view(&g->cell[i][k]), w[k], k > 0);
        }
        trim_line(out);
    }
    if (g->n_all > g->rows - 1)
        strbuf_printf(out, "  .. the largest %d of %d; all of them: m.%s\n", g->rows - 1, g->n_all,
                      g->part);
}

void ml_card_text(struct strbuf *out, const struct model *m, int width)
{
    struct facts f = {.n = 0};
    struct grid g;
    width = width > 0 ? width : 80;
    collect_facts(&f, m);
    strbuf_printf(out, "%s model%s%s\n", spoken(m)->family->name, m->target.text ? " of " : "",
                  m->target.text ? m->target.text : "");
    for (int i = 0; i < f.n; i++) {
        strbuf_addz(out, "  ");
        add_padded(out, str_of(f.list[i].name), 10, false);
        strbuf_addz(out, "  ");
        add_wrapped(out, strbuf_view(&f.list[i].value), 14, width);
    }
    facts_release(&f);
    make_grid(&g, m);
    if (g.rows > 0) {
        strbuf_addc(out, '\n');
        grid_text(out, &g, width);
    }
    grid_release(&g);
}

/* ---- HTML ---- */
static void html_cell(struct strbuf *out, const char *tag, struct str s, bool is_left)
{
    strbuf_printf(out, "<%s style=\"text-align:%s\">", tag, is_left ? "left" : "right");
    if (str_eqz(s, "null"))
        strbuf_addz(out, "<span style=\"opacity:.5\">null</span>");
    else
        strbuf_add_html(out, s);
    strbuf_printf(out, "</%s>", tag);
}

static void grid_html(struct strbuf *out, const struct grid *g)
{
    strbuf_addz(out, "<table class=\"dataframe\">\n");
    for (int i = 0; i < g->rows; i++) {
        if (i < 2) strbuf_addz(out, i == 0 ? "<thead>" : "<tbody>\n");
        strbuf_addz(out, "<tr>");
        for (int k = 0; k < g->cols; k++)
            html_cell(out, i == 0 ? "th" : "td", strbuf_view(&g->cell[i][k]), k == 0);
        strbuf_addz(out, i == 0 ? "</tr></thead>\n" : "</tr>\n");
    }
    strbuf_printf(out, "%s</table>\n", g->rows > 1 ? "</tbody>" : "");
    if (g->n_all > g->rows - 1)
        strbuf_printf(out, "<small>the largest %d of %d; all of them: <code>m.%s</code></small>\n",
                      g->rows - 1, g->n_all, g->part);
}

void ml_card_html(struct strbuf *out, const struct model *m)
{
    struct facts f = {.n = 0};
    struct grid g;
    collect_facts(&f, m);
    strbuf_printf(out, "<div><p><strong>%s</strong> model", spoken(m)->family->name);
    if (m->target.text) {
        strbuf_addz(out, " of <code>");
        strbuf_add_html(out, str_of(m->target.text));
        strbuf_addz(out, "</code>");
    }
    strbuf_addz(out, "</p>\n<table class=\"dataframe\">\n<tbody>\n");
    for (int i = 0; i < f.n; i++) {
        strbuf_addz(out, "<tr>");
        html_cell(out, "th", str_of(f.list[i].name), true);
        html_cell(out, "td", strbuf_view(&f.list[i].value), true);
        strbuf_addz(out, "</tr>\n");
    }
    facts_release(&f);
    strbuf_addz(out, "</tbody></table>\n");
    make_grid(&g, m);
    if (g.rows > 0) grid_html(out, &g);
    grid_release(&g);
    strbuf_addz(out, "</div>");
}

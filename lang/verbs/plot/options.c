/* options.c: options of plot and layer that are not encodings. */
#include "lang/verbs/plot/plot.h"

#include <math.h>

/* ---- kind ---- */

/* Kinds of the language that chart_kinds() may not have yet. */
static const char kinds_of_language[] =
    "point line bar area hist box violin density heat hex step smooth pie map roc pr confusion "
    "calibration residuals importance tree elbow leaderboard";

static bool is_word_of(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (len == n && memcmp(p, word, n) == 0) return true;
        p += len + strspn(p + len, " ");
    }
    return false;
}

static rc unknown_kind(struct verb_call *vc, const char *kind, struct span span)
{
    int n;
    const struct chart_kind_desc *const *all = chart_kinds(&n);
    struct str *names = ARENA_ARRAY(vc->arena, struct str, n + 1);
    struct strbuf list = {0};
    for (int i = 0; i < n; i++) {
        names[i] = str_of(all[i]->name);
        strbuf_printf(&list, "%s%s", i ? " " : "", all[i]->name);
    }
    struct str near = nearest(str_of(kind), names, n);
    if (is_word_of(kinds_of_language, kind))
        fail(vc->cx, E214, span, "charts of kind %s are not in this version yet", kind);
    else
        fail(vc->cx, E502, span, "there is no chart of kind %s", kind);
    enum rc_t r = err_note(vc->cx, "Kinds: %s", strbuf_view(&list).p);
    if (near.n) r = hint_replace(vc->lg, span, "%.*s", STR_FMT(near));
    strbuf_release(&list);
    return r;
}

rc plot_read_kind(struct verb_call *vc, const char **kind, bool *needs_model)
{
    int n;
    const struct chart_kind_desc *const *all = chart_kinds(&n);
    *needs_model = false;
    TRY(verb_option_word(vc, "kind", NULL, kind));
    if (!*kind) return RC_OK;
    for (int i = 0; i < n; i++)
        if (strcmp(all[i]->name, *kind) == 0) {
            *needs_model = all[i]->needs_model;
            return RC_OK;
        }
    return unknown_kind(vc, *kind, verb_option(vc, "kind")->expr->span);
}

/* ---- numbers and ranges ---- */

static rc number_of(struct verb_call *vc, const struct ast *e, const char *name, double *out)
{
    struct scalar s;
    TRY(verb_value(vc, e, name, &s));
    bool is_time = s.type.kind == KIND_DATE || s.type.kind == KIND_DATETIME;
    if (s.is_null || !(dtype_is_number(s.type) || is_time))
        return fail(vc->cx, E209, e->span, "%s: takes a number or a time", name);
    *out = s.type.kind == KIND_NUM ? s.u.f : (double)s.u.i;
    if (s.type.kind == KIND_DATE) *out *= 86400e3; /* axes count milliseconds */
    if (s.type.kind == KIND_DATETIME) *out /= 1e3;
    return RC_OK;
}

rc plot_number(struct verb_call *vc, const char *name, double *out)
{
    const struct ast_item *it = verb_option(vc, name);
    *out = NAN;
    return it ? number_of(vc, it->expr, name, out) : RC_OK;
}

static rc read_range(struct verb_call *vc, const char *name, double *min, double *max)
{
    const struct ast_item *it = verb_option(vc, name);
    *min = *max = NAN;
    if (!it) return RC_OK;
    if (it->expr->op != AST_RANGE) {
        fail(vc->cx, E209, it->expr->span, "%s: takes a range", name);
        return hint_replace(vc->lg, it->expr->span, "0..30");
    }
    if (it->expr->kids[0]) TRY(number_of(vc, it->expr->kids[0], name, min));
    if (it->expr->kids[1]) TRY(number_of(vc, it->expr->kids[1], name, max));
    if (*min >= *max)
        return fail(vc->cx, E209, it->expr->span, "%s: goes from the lower end to the upper", name);
    return RC_OK;
}

static rc read_int(struct verb_call *vc, const char *name, int64_t min, int64_t max, int *out)
{
    int64_t n;
    TRY(verb_option_int(vc, name, 0, &n));
    const struct ast_item *it = verb_option(vc, name);
    if (it && (n < min || n > max))
        return fail(vc->cx, E209, it->expr->span, "%s: lies between %lld and %lld", name,
                    (long long)min, (long long)max);
    *out = (int)n;
    return RC_OK;
}

/* ---- others ---- */

static rc read_stack(struct verb_call *vc, const char **out)
{
    const struct ast_item *it = verb_option(vc, "stack");
    *out = NULL;
    if (!it) return RC_OK;
    if (it->expr->op == AST_BOOL)
        *out = it->expr->i ? "zero" : "none";
    else if (it->expr->op == AST_NAME && str_eqz(it->expr->text, "share"))
        *out = "share";
    else
        return fail(vc->cx, E209, it->expr->span, "stack: takes true, false or share");
    return RC_OK;
}

/* true, false, or symmetric: linear near zero, for values of both signs. */
static rc read_log(struct verb_call *vc, const char *name, bool *log, bool *symlog)
{
    const struct ast_item *it = verb_option(vc, name);
    if (it && it->expr->op == AST_NAME && str_eqz(it->expr->text, "symmetric")) {
        *symlog = true;
        return RC_OK;
    }
    return verb_option_bool(vc, name, false, log);
}

/* true: both scales; x or y: that one. */
static rc read_free(struct verb_call *vc, struct chart_spec *s)
{
    const struct ast_item *it = verb_option(vc, "free");
    if (it && it->expr->op == AST_NAME &&
        (str_eqz(it->expr->text, "x") || str_eqz(it->expr->text, "y"))) {
        s->free_x = str_eqz(it->expr->text, "x");
        s->free_y = !s->free_x;
        return RC_OK;
    }
    TRY(verb_option_bool(vc, "free", false, &s->free_x));
    s->free_y = s->free_x;
    return RC_OK;
}

static rc read_scheme(struct verb_call *vc, struct chart_spec *s)
{
    const struct ast_item *it = verb_option(vc, "scheme");
    if (!it) return RC_OK;
    s->scheme_span = it->expr->span;
    if (it->expr->op != AST_NAME) return verb_option_str(vc, "scheme", NULL, &s->scheme);
    s->scheme = arena_strndup(vc->arena, it->expr->text.p, it->expr->text.n);
    return RC_OK;
}

static rc read_outliers(struct verb_call *vc, int *out)
{
    bool show;
    *out = -1;
    if (!verb_option(vc, "outliers")) return RC_OK;
    TRY(verb_option_bool(vc, "outliers", true, &show));
    *out = show;
    return RC_OK;
}

static rc read_alpha(struct verb_call *vc, double *out)
{
    TRY(plot_number(vc, "alpha", out));
    if (verb_option(vc, "alpha") && !(*out >= 0 && *out <= 1))
        return fail(vc->cx, E209, verb_option(vc, "alpha")->expr->span,
                    "alpha: lies between 0 (clear) and 1 (opaque)");
    return RC_OK;
}

static rc read_texts(struct verb_call *vc, struct chart_spec *s)
{
    TRY(verb_option_str(vc, "title", NULL, &s->title));
    TRY(verb_option_str(vc, "subtitle", NULL, &s->subtitle));
    TRY(verb_option_str(vc, "xtitle", NULL, &s->xtitle));
    return verb_option_str(vc, "ytitle", NULL, &s->ytitle);
}

rc plot_read_options(struct plotting *p)
{
    struct verb_call *vc = p->vc;
    struct chart_spec *s = &p->spec;
    s->span = vc->step->span;
    TRY(read_free(vc, s));
    TRY(read_scheme(vc, s));
    TRY(read_texts(vc, s));
    TRY(read_range(vc, "xrange", &s->xmin, &s->xmax));
    TRY(read_range(vc, "yrange", &s->ymin, &s->ymax));
    TRY(read_log(vc, "xlog", &s->xlog, &s->xsymlog));
    TRY(read_log(vc, "ylog", &s->ylog, &s->ysymlog));
    TRY(verb_option_bool(vc, "all", false, &s->all));
    TRY(read_int(vc, "bins", 1, 10000, &s->bins));
    TRY(read_int(vc, "window", 1, 1000000, &s->window));
    TRY(read_int(vc, "period", 2, 1000000, &s->period));
    TRY(read_int(vc, "width", 40, 10000, &s->width));
    TRY(read_int(vc, "height", 40, 10000, &s->height));
    TRY(read_alpha(vc, &s->alpha));
    TRY(read_outliers(vc, &s->outliers));
    return read_stack(vc, &s->stack);
}

const struct verb_option plot_options[] = {
    {"kind", OPT_WORD, NULL,
     "point line bar area hist box density heat hex step smooth pie ..; of a "
     "model roc pr confusion"},
    {"x", OPT_EXPR, NULL, "along the bottom (the first item)"},
    {"y", OPT_EXPR, NULL, "upwards (the second item); [a, b] draws several series"},
    {"color", OPT_EXPR, NULL, "a column or expression, or a colour in quotes"},
    {"size", OPT_EXPR, NULL, "a column or expression, or a number"},
    {"shape", OPT_EXPR, NULL, "a column or expression, or a shape in quotes"},
    {"facet", OPT_EXPR, NULL, "one small chart for each value; [rows, columns]"},
    {"title", OPT_STR, NULL, "above the chart"},
    {"subtitle", OPT_STR, NULL, "below the title"},
    {"xtitle", OPT_STR, NULL, "of the x axis"},
    {"ytitle", OPT_STR, NULL, "of the y axis"},
    {"xrange", OPT_ANY, NULL, "part of the x axis that is shown: 0..30"},
    {"yrange", OPT_ANY, NULL, "part of the y axis that is shown: 0..30"},
    {"xlog", OPT_ANY, NULL, "logarithmic x axis: true, or symmetric (linear near zero)"},
    {"ylog", OPT_ANY, NULL, "logarithmic y axis: true, or symmetric (linear near zero)"},
    {"scheme", OPT_ANY, NULL, "colours by name: viridis magma blues redblue tableau10 .."},
    {"bins", OPT_INT, NULL, "number of bins of a histogram, equal from min to max"},
    {"window", OPT_INT, NULL, "rows of a moving mean (kind: moving)"},
    {"period", OPT_INT, NULL, "rows of a season (kind: decompose)"},
    {"alpha", OPT_NUM, NULL, "0 clear to 1 opaque"},
    {"outliers", OPT_BOOL, NULL, "false: box plots leave far points out"},
    {"stack", OPT_ANY, NULL, "true, false or share (every bar is 100 %)"},
    {"width", OPT_INT, NULL, "in pixels"},
    {"height", OPT_INT, NULL, "in pixels"},
    {"all", OPT_BOOL, NULL, "true: draws every row, however many"},
    {"free", OPT_ANY, NULL, "true: own scales for each facet; x or y: that one only"},
    {"data", OPT_FRAME, NULL, "rows on which a model is drawn"},
    {"slope", OPT_NUM, NULL, "of a rule (layer kind: rule)"},
    {"intercept", OPT_NUM, NULL, "of a rule"},
    {"dashed", OPT_BOOL, NULL, "of a rule"},
    {0},
};

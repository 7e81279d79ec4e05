/* save.c: frames, models and charts to files. */
#include "lang/verbs/verb_int.h"

#include "runtime/io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct target {
    const char *shown; /* as written */
    const char *path;
    struct span span;
};

static rc read_target(struct verb_call *vc, struct target *out)
{
    int at = 0;
    struct scalar s;
    TRY(no_makes(vc, false));
    TRY(need_items(vc, "a file name", "save \"name.csv\""));
    const struct ast_item *it = next_item(vc->step, &at);
    TRY(verb_value(vc, it->expr, "the file name", &s));
    if (s.is_null || s.type.kind != KIND_STR || !s.u.s.n)
        return fail(vc->cx, E207, it->span, "save takes a file name in quotes");
    out->shown = arena_strndup(vc->arena, s.u.s.p, s.u.s.n);
    out->path = io_is_url(out->shown) ? out->shown : resolve_path(vc->lg, vc->arena, s.u.s);
    out->span = it->span;
    return RC_OK;
}

/* ---- frames ---- */
/* partition: [year, month], or one name: columns, not values. */
static rc partition_names(struct verb_call *vc, const struct ast *e, struct scalar *out)
{
    struct builder b;
    struct column *names;
    int n = e->op == AST_LIST ? e->n_kids : 1;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++) {
        const struct ast *kid = e->op == AST_LIST ? e->kids[i] : e;
        if (kid->op == AST_NAME)
            res = builder_str(vc->cx, &b, kid->text);
        else
            res = fail(vc->cx, E209, kid->span,
                       "partition: takes names of columns, e.g. partition: [month]");
    }
    if (res == RC_OK) res = builder_finish(vc->cx, &b, &names);
    builder_release(&b);
    if (res != RC_OK) return res;
    arena_column(vc->arena, names);
    *out = (struct scalar){.type = dtype_list(DTYPE(KIND_STR)), .u.list = names};
    return RC_OK;
}

static rc write_options(struct verb_call *vc, struct io_option **out, int *n)
{
    *out = ARENA_ARRAY(vc->arena, struct io_option, vc->step->n_items + 1);
    *n = 0;
    for (int i = 0; i < vc->step->n_items; i++) {
        const struct ast_item *it = &vc->step->items[i];
        if (it->kind != ITEM_OPTION) continue;
        struct io_option *o = &(*out)[(*n)++];
        o->name = arena_strndup(vc->arena, it->name.p, it->name.n);
        o->span = it->span;
        if (strcmp(o->name, "partition") == 0)
            TRY(partition_names(vc, it->expr, &o->value));
        else
            TRY(verb_value(vc, it->expr, o->name, &o->value));
    }
    return RC_OK;
}

/* Rows go to the file as they are made: the whole is never in memory. */
static rc save_streaming(struct verb_call *vc, const struct target *to,
                         const struct io_option *opts, int n_opts, const char **status)
{
    struct plan *p = vc->input->plan;
    int64_t n_rows = 0;
    TRY(frame_write(vc->lg, p, to->path, opts, n_opts, to->span, &n_rows));
    *status = arena_printf(vc->arena, "saved %s: %s", to->shown,
                           size_text(vc->arena, n_rows, p->schema->n));
    return RC_OK;
}

/* Whether a frame is written as it is made: nothing of it is at hand, and some file is read. */
static bool has_scan(const struct plan *p)
{
    if (!p || p->kept) return false;
    return p->op == PLAN_SCAN || has_scan(p->inputs[0]) || has_scan(p->inputs[1]);
}

static rc save_frame(struct verb_call *vc, const struct target *to, const char **status)
{
    struct io_option *options;
    struct table *t = NULL;
    int n;
    TRY(write_options(vc, &options, &n));
    bool parts = io_option_find(options, n, "partition") < 0 &&
                 io_option_find(options, n, "append") < 0 && /* it may be a file that is read */
                 io_can_append(to->path, options, n) && !vc->input->plan->kept &&
                 has_scan(vc->input->plan);
    if (parts) return save_streaming(vc, to, options, n, status);
    TRY(frame_table(vc->lg, vc->input->plan, &t));
    enum rc_t res = io_save(vc->cx, t, to->path, options, n, to->span);
    if (res == RC_OK) {
        *status = arena_printf(vc->arena, "saved %s: %s", to->shown,
                               size_text(vc->arena, t->n_rows, t->schema->n));
    }
    table_unref(t);
    return res;
}

/* ---- models ---- */

static rc no_options(struct verb_call *vc)
{
    for (int i = 0; i < vc->step->n_items; i++)
        if (vc->step->items[i].kind == ITEM_OPTION)
            return fail(vc->cx, E206, vc->step->items[i].name_span,
                        "saving this takes no option `%.*s:`", STR_FMT(vc->step->items[i].name));
    return RC_OK;
}

static rc save_model(struct verb_call *vc, const struct target *to, const char **status)
{
    TRY(no_options(vc));
    if (str_ends(str_of(to->shown), STR(".xgb.json"))) {
        TRY(ml_save_xgboost(vc->cx, vc->input->model, to->path, to->span));
        *status = arena_printf(vc->arena, "saved %s: XGBoost's JSON", to->shown);
        return RC_OK;
    }
    if (!str_ends(str_of(to->shown), STR(".model"))) {
        fail(vc->cx, E305, to->span, "a model is saved in a file that ends in .model");
        return hint_step(vc, "save \"%s.model\"", to->shown);
    }
    TRY(ml_save(vc->cx, vc->input->model, to->path, to->span));
    *status = arena_printf(vc->arena, "saved %s: %s model", to->shown,
                           ml_model_family(vc->input->model)->name);
    return RC_OK;
}

/* ---- charts ---- */

static rc write_failed(struct verb_call *vc, const struct target *to)
{
    return fail(vc->cx, E306, to->span, "cannot write %s: %s", to->shown, strerror(errno));
}

static bool write_all(int fd, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += (size_t)n;
    }
    return fsync(fd) == 0;
}

/* Written beside the target and renamed, so that a file is whole or not there. */
static rc write_file(struct verb_call *vc, const struct target *to, struct str text)
{
    const char *part = arena_printf(vc->arena, "%s.tmp-%ld", to->path, (long)getpid());
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return write_failed(vc, to);
    bool is_written = write_all(fd, text);
    if (close(fd) != 0) is_written = false;
    if (is_written && rename(part, to->path) == 0) return RC_OK;
    enum rc_t res = write_failed(vc, to);
    unlink(part);
    return res;
}

/* A page that shows the picture as it is, on the phone, printed, light and dark; nothing from
 * elsewhere. */
static void chart_page(const struct chart *c, struct strbuf *out)
{
    strbuf_addz(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    const char *title = chart_title(c);
    strbuf_add_html(out, str_of(title && *title ? title : "chart"));
    strbuf_addz(out, "</title>\n<style>body{margin:1rem}svg{max-width:100%;height:auto}"
                     "@media (prefers-color-scheme: dark){body{background:#111}}"
                     "@media print{body{margin:0;background:none}}</style>\n</head>\n<body>\n");
    chart_svg(c, out);
    strbuf_addz(out, "</body>\n</html>\n");
}

static void chart_json(const struct chart *c, struct strbuf *out)
{
    json_t *spec = chart_vega(c);
    char *text = json_dumps(spec, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    strbuf_addz(out, text ? text : "");
    strbuf_addc(out, '\n');
    free(text); /* jansson's own allocation */
    json_decref(spec);
}

static rc chart_bytes(struct verb_call *vc, const struct target *to, struct strbuf *out)
{
    const struct chart *c = vc->input->chart;
    struct str name = str_of(to->shown);
    if (str_ends(name, STR(".png"))) return chart_png(vc->cx, c, 2, false, to->span, out);
    if (str_ends(name, STR(".pdf"))) return chart_pdf(vc->cx, c, to->span, out);
    if (str_ends(name, STR(".svg")))
        chart_svg(c, out);
    else if (str_ends(name, STR(".html")))
        chart_page(c, out);
    else if (str_ends(name, STR(".json")))
        chart_json(c, out);
    if (out->n) return RC_OK;
    fail(vc->cx, E305, to->span,
         "a chart is saved as .svg, .png, .pdf, .html or .vl.json (Vega-Lite)");
    return hint_step(vc, "save \"chart.svg\"");
}

static rc save_chart(struct verb_call *vc, const struct target *to, const char **status)
{
    struct strbuf bytes = {0}, text = {0};
    TRY(no_options(vc));
    enum rc_t res = chart_bytes(vc, to, &bytes);
    if (res == RC_OK) res = write_file(vc, to, strbuf_view(&bytes));
    if (res == RC_OK) {
        chart_text(vc->input->chart, &text);
        *status = arena_printf(vc->arena, "saved %s: %s", to->shown, strbuf_view(&text).p);
    }
    strbuf_release(&bytes);
    strbuf_release(&text);
    return res;
}

static enum rc_t save_bind(struct verb_call *vc, struct value **out)
{
    struct target to = {0};
    const char *status = NULL;
    TRY(read_target(vc, &to));
    if (!vc->lg->is_dry) {
        if (vc->input->kind == VALUE_FRAME) TRY(save_frame(vc, &to, &status));
        if (vc->input->kind == VALUE_MODEL) TRY(save_model(vc, &to, &status));
        if (vc->input->kind == VALUE_CHART) TRY(save_chart(vc, &to, &status));
    }
    *out = value_nothing(status);
    return RC_OK;
}

static const struct verb_option save_options[] = {
    {"format", OPT_STR, NULL, "format of a frame's file when its name does not tell"},
    {"partition", OPT_ANY, NULL, "columns whose values become key=value folders, a file in each"},
    {"*", OPT_ANY, NULL, "and the options of the file format"},
    {0},
};
const struct verb_desc verb_save = {
    .name = "save",
    .sig = "save \"file\" [format: .., options of the format]",
    .doc =
        "Writes a frame (the name's ending chooses the format), a model (.model; trees also as "
        "XGBoost's .xgb.json) or a chart "
        "(.svg .png .pdf .html .vl.json) to a file. The file is replaced as a whole or not at all.",
    .examples = {"trips |> save \"trips.csv\"", "trips |> plot fare |> save \"fares.svg\""},
    .options = save_options,
    .input = TAKES_FRAME | TAKES_MODEL | TAKES_CHART,
    .bind = save_bind,
};

/* show.c: values as bundles for the host: text always, and what else suits the kind. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "plotting/table/table_view.h"

/* Bytes of sources up to which showing computes the whole frame; rows of a limited plan; results
 * up to ALL_ROWS are shown whole when they end within them. */
#define SMALL_SOURCES (INT64_C(256) << 20)
#define HEAD_ROWS     15
#define ALL_ROWS      20

void show_display(struct lang *lg, const struct display *d)
{
    const struct lang_host *host = lg->opts.host;
    if (!host || !host->display || lg->is_dry || lg->hidden > 0) return;
    struct display own = *d;
    own.is_last = lg->is_last_statement && lg->depth == 0;
    host->display(host->self, &own);
}
void show_status(struct lang *lg, const char *text)
{
    show_display(lg, &(struct display){.kind = DISPLAY_STATUS, .plain = str_of(text)});
}
void print_text(struct lang *lg, struct str s)
{
    const struct lang_host *host = lg->opts.host;
    if (host && host->stream && !lg->is_dry && lg->hidden == 0)
        host->stream(host->self, 1, s.p, s.n);
}

/* ---- frames ---- */
bool frame_is_small(const struct plan *p)
{
    bool is_local = true;
    int64_t n = plan_source_bytes(p, &is_local);
    return is_local && n >= 0 && n <= SMALL_SOURCES;
}
/* All rows when the sources are small and near, else the first ones only. */
static rc rows_to_show(struct lang *lg, struct plan *p, int64_t max_rows, struct table **out,
                       bool *is_whole)
{
    *is_whole = true;
    if (p->kept || max_rows == INT64_MAX || frame_is_small(p)) return frame_table(lg, p, out);
    TRY(refresh_scans(lg, p));
    struct table *head;
    int64_t limit = max_rows > 0 ? max_rows : ALL_ROWS;
    TRY(exec_head(&lg->cx, lg->executor, p, limit, &head, is_whole));
    if (*is_whole || max_rows > 0 || head->n_rows <= HEAD_ROWS) {
        *out = head;
        return RC_OK;
    }
    enum rc_t res = table_slice(&lg->cx, head, 0, HEAD_ROWS, out);
    table_unref(head);
    return res;
}
static struct table_view view_of(struct lang *lg, const struct table *t, bool is_whole,
                                 int64_t max_rows)
{
    struct table_view view = table_view_default(t);
    view.width = lg->opts.width;
    if (!is_whole) view.n_total = -1;
    if (max_rows > 0) view.max_rows = max_rows;
    if (lg->opts.digits > 0) view.digits = lg->opts.digits;
    return view;
}
static void display_frame(struct lang *lg, const struct value *v, const struct table *t,
                          bool is_whole, int64_t max_rows)
{
    struct table_view view = view_of(lg, t, is_whole, max_rows);
    struct strbuf plain = {0}, html = {0}, markdown = {0};
    table_text(&plain, t, &view);
    table_html(&html, t, &view);
    table_markdown(&markdown, t, &view);
    while (plain.n && plain.p[plain.n - 1] == '\n')
        plain.n--;
    show_display(lg, &(struct display){.kind = DISPLAY_FRAME,
                                       .plain = strbuf_view(&plain),
                                       .html = strbuf_view(&html),
                                       .markdown = strbuf_view(&markdown),
                                       .table = t,
                                       .view = &view,
                                       .is_whole = is_whole,
                                       .plan = v->plan});
    strbuf_release(&plain);
    strbuf_release(&html);
    strbuf_release(&markdown);
}
static rc show_frame(struct lang *lg, const struct value *v, int64_t max_rows)
{
    struct table *t;
    bool is_whole;
    if (v->status) { /* assert, cache: run it, tell in one line */
        TRY(frame_table(lg, v->plan, &t));
        table_unref(t);
        show_status(lg, v->status);
        return RC_OK;
    }
    if (max_rows == 0) max_rows = lg->opts.rows;
    TRY(rows_to_show(lg, v->plan, max_rows, &t, &is_whole));
    display_frame(lg, v, t, is_whole, max_rows);
    table_unref(t);
    return RC_OK;
}
rc frame_print(struct lang *lg, const struct value *v, struct strbuf *out)
{
    struct table *t;
    bool is_whole;
    TRY(rows_to_show(lg, v->plan, lg->opts.rows, &t, &is_whole));
    struct table_view view = view_of(lg, t, is_whole, lg->opts.rows);
    table_text(out, t, &view);
    while (out->n && out->p[out->n - 1] == '\n')
        out->n--;
    table_unref(t);
    return RC_OK;
}

/* ---- other values ---- */
static void show_chart(struct lang *lg, const struct value *v)
{
    struct strbuf plain = {0}, svg = {0};
    chart_text(v->chart, &plain);
    chart_svg(v->chart, &svg);
    json_t *vega = chart_vega(v->chart);
    show_display(lg, &(struct display){.kind = DISPLAY_CHART,
                                       .plain = strbuf_view(&plain),
                                       .svg = strbuf_view(&svg),
                                       .chart = v->chart,
                                       .vega = vega});
    json_decref(vega);
    strbuf_release(&plain);
    strbuf_release(&svg);
}
static void show_model(struct lang *lg, const struct value *v)
{
    struct strbuf plain = {0}, html = {0};
    ml_card_text(&plain, v->model, lg->opts.width);
    ml_card_html(&html, v->model);
    while (plain.n && plain.p[plain.n - 1] == '\n')
        plain.n--;
    show_display(lg, &(struct display){.kind = DISPLAY_MODEL,
                                       .plain = strbuf_view(&plain),
                                       .html = strbuf_view(&html)});
    strbuf_release(&plain);
    strbuf_release(&html);
}
static void show_text(struct lang *lg, const struct value *v)
{
    struct strbuf plain = {0};
    value_text(&plain, v, true);
    show_display(lg, &(struct display){.kind = DISPLAY_VALUE,
                                       .plain = strbuf_view(&plain),
                                       .scalar = v->kind == VALUE_SCALAR ? &v->scalar : NULL});
    strbuf_release(&plain);
}
rc show_value(struct lang *lg, const struct value *v, int64_t max_rows, struct span span)
{
    (void)span;
    switch (v->kind) {
    case VALUE_FRAME: return show_frame(lg, v, max_rows);
    case VALUE_CHART: show_chart(lg, v); break;
    case VALUE_MODEL: show_model(lg, v); break;
    case VALUE_NOTHING:
        if (v->status) show_status(lg, v->status);
        break;
    default: show_text(lg, v); break;
    }
    return RC_OK;
}

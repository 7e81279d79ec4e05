/* show.c: verbs that show: show, glimpse, explain; and cache, which computes and keeps. */
#include "lang/verbs/verb_int.h"

#include "runtime/base/utf8.h"
#include "runtime/plan/sql.h"

/* ---- show ---- */

static rc rows_to_show(struct verb_call *vc, int64_t *out)
{
    int at = 0;
    *out = 0;
    TRY(no_makes(vc, false));
    const struct ast_item *it = next_item(vc->step, &at);
    if (!it) return RC_OK;
    if (it->expr->op == AST_NAME && str_eqz(it->expr->text, "all")) {
        *out = INT64_MAX;
        return RC_OK;
    }
    TRY(verb_value_int(vc, it->expr, "the number of rows", out));
    if (*out > 0) return RC_OK;
    fail(vc->cx, E209, it->span, "show takes a number of rows from 1 up, or all");
    return hint_step(vc, "show all");
}

static enum rc_t show_bind(struct verb_call *vc, struct value **out)
{
    int64_t n;
    TRY(rows_to_show(vc, &n));
    if (!vc->lg->is_dry) TRY(show_value(vc->lg, vc->input, n, vc->step->span));
    *out = value_nothing(NULL);
    return RC_OK;
}

const struct verb_desc verb_show = {
    .name = "show",
    .sig = "show [n | all]",
    .doc = "Shows a frame: n rows, all rows, or as many as a frame on its own line shows.",
    .examples = {"trips |> show 3", "trips |> show all"},
    .input = TAKES_FRAME | TAKES_MODEL | TAKES_CHART | TAKES_VALUE,
    .bind = show_bind,
};

/* ---- glimpse ---- */

#define GLIMPSE_ROWS 12

/* Number of rows, or -1 when telling would take more than showing may. */
static rc row_count(struct verb_call *vc, int64_t *out)
{
    bool is_local;
    int64_t bytes = plan_source_bytes(vc->input->plan, &is_local);
    *out = -1;
    if (!is_local || bytes < 0 || bytes > SHOW_MAX_BYTES) return RC_OK;
    struct pipe p;
    struct table *t = NULL;
    struct named_expr n = {.name = "n"};
    verb_pipe_begin(&p, vc);
    enum rc_t res = RC_ERR;
    TRY_OUT(make_agg(vc->cx, vc->arena, "count", NULL, vc->step->span, &n.expr));
    TRY_OUT(verb_pipe_aggregate(&p, NULL, 0, &n, 1));
    TRY_OUT(exec_table(vc->cx, vc->lg->executor, p.plan, &t));
    *out = column_scalar(t->cols[0], 0).u.i;
    res = RC_OK;
out:
    table_unref(t);
    verb_pipe_release(&p);
    return res;
}

static void pad(struct strbuf *out, const char *text, int64_t width)
{
    strbuf_addz(out, text);
    for (int64_t w = utf8_width(text, strlen(text)); w < width; w++)
        strbuf_addc(out, ' ');
}

static void first_values(struct strbuf *out, const struct column *c, size_t room)
{
    struct strbuf values = {0};
    for (int64_t r = 0; r < c->n && values.n < 4 * room; r++) {
        struct scalar s = column_scalar(c, r);
        strbuf_addz(&values, r ? ", " : "");
        scalar_text(&values, &s, true);
        scalar_release(&s);
    }
    for (size_t i = 0; i < values.n; i++)
        if ((unsigned char)values.p[i] < ' ') values.p[i] = ' ';
    size_t fit = values.n ? utf8_fit(values.p, values.n, (int64_t)room) : 0;
    if (fit < values.n) fit = utf8_fit(values.p, values.n, (int64_t)room - 3);
    strbuf_add(out, values.p ? values.p : "", fit);
    if (fit < values.n) strbuf_addz(out, "...");
    strbuf_release(&values);
}

static void glimpse_text(struct strbuf *out, const struct table *head, const char *size, int width)
{
    char type[128];
    const struct schema *s = head->schema;
    int64_t names = 0, types = 0;
    for (int i = 0; i < s->n; i++) {
        int64_t w = utf8_width(s->fields[i].name, strlen(s->fields[i].name));
        int64_t t = (int64_t)strlen(dtype_text(s->fields[i].type, type, sizeof type));
        if (w > names) names = w;
        if (t > types) types = t;
    }
    strbuf_addz(out, size);
    int64_t room = width - names - types - 4;
    for (int i = 0; i < s->n; i++) {
        strbuf_addc(out, '\n');
        pad(out, s->fields[i].name, names + 2);
        pad(out, dtype_text(s->fields[i].type, type, sizeof type), types + 2);
        first_values(out, head->cols[i], room < 20 ? 20 : (size_t)room);
    }
}

static enum rc_t glimpse_bind(struct verb_call *vc, struct value **out)
{
    struct table *head = NULL;
    struct strbuf text = {0};
    int64_t n;
    bool complete;
    *out = value_nothing(NULL);
    if (vc->lg->is_dry) return RC_OK;
    enum rc_t res = RC_ERR;
    TRY_OUT(exec_head(vc->cx, vc->lg->executor, vc->input->plan, GLIMPSE_ROWS, &head, &complete));
    n = head->n_rows;
    if (!complete) TRY_OUT(row_count(vc, &n));
    glimpse_text(&text, head, size_text(vc->arena, n, head->schema->n),
                 vc->lg->opts.width > 0 ? vc->lg->opts.width : 80);
    show_display(vc->lg, &(struct display){.kind = DISPLAY_VALUE, .plain = strbuf_view(&text)});
    res = RC_OK;
out:
    table_unref(head);
    strbuf_release(&text);
    if (res != RC_OK) value_unref(*out);
    return res;
}

const struct verb_desc verb_glimpse = {
    .name = "glimpse",
    .sig = "glimpse",
    .doc = "Shows the number of rows and columns, and the type and first values of each column.",
    .examples = {"trips |> glimpse", "trips |> where fare > 6 |> glimpse"},
    .input = TAKES_FRAME,
    .bind = glimpse_bind,
};

/* ---- explain ---- */

/* The frame's plan as one statement in a dialect, to be run elsewhere. */
static rc explain_sql(struct verb_call *vc, const char *dialect, struct strbuf *text)
{
    const struct sql_dialect *d = sql_dialect_find(str_of(dialect));
    TRY(plan_sql(vc->cx, vc->input->plan, d, text));
    strbuf_addc(text, ';');
    return RC_OK;
}

static enum rc_t explain_bind(struct verb_call *vc, struct value **out)
{
    bool analyze;
    const char *dialect;
    struct strbuf text = {0};
    TRY(verb_option_bool(vc, "analyze", false, &analyze));
    TRY(verb_option_word(vc, "sql", "", &dialect));
    enum rc_t res = RC_OK;
    if (!vc->lg->is_dry) {
        res = *dialect ? explain_sql(vc, dialect, &text)
                       : exec_explain(vc->cx, vc->lg->executor, vc->input->plan, analyze, &text);
        while (text.n && text.p[text.n - 1] == '\n')
            text.n--;
        if (res == RC_OK)
            show_display(vc->lg,
                         &(struct display){.kind = DISPLAY_VALUE, .plain = strbuf_view(&text)});
    }
    strbuf_release(&text);
    if (res == RC_OK) *out = value_nothing(NULL);
    return res;
}

static const struct verb_option explain_options[] = {
    {"analyze", OPT_BOOL, NULL, "true: runs the plan and adds rows and times"},
    {"sql", OPT_WORD, "duckdb postgres",
     "shows the pipeline as an SQL statement for that engine, which gives the same rows in the "
     "same "
     "order"},
    {0},
};
const struct verb_desc verb_explain = {
    .name = "explain",
    .sig = "explain [analyze: true | sql: duckdb]",
    .doc =
        "Shows the plan of a frame as it would run, and where each part runs; with sql: the same "
        "as a statement for DuckDB or PostgreSQL.",
    .examples = {"explain trips, analyze: true", "trips |> where fare > 6 |> explain sql: duckdb"},
    .options = explain_options,
    .input = TAKES_FRAME,
    .bind = explain_bind,
};

/* ---- cache ---- */

static enum rc_t cache_bind(struct verb_call *vc, struct value **out)
{
    struct table *t = NULL;
    const char *status = NULL;
    if (!vc->lg->is_dry) {
        TRY(frame_table(vc->lg, vc->input->plan, &t));
        status =
            arena_printf(vc->arena, "cache: %s", size_text(vc->arena, t->n_rows, t->schema->n));
    }
    *out = value_frame_status(vc->input->plan, input_label(vc), status);
    table_unref(t);
    return RC_OK;
}

const struct verb_desc verb_cache = {
    .name = "cache",
    .sig = "cache",
    .doc = "Computes the frame now and keeps the result, so that steps after it do not compute it "
           "again.",
    .examples = {"dear = trips |> where fare > 6 |> cache", "trips |> cache"},
    .input = TAKES_FRAME,
    .bind = cache_bind,
};

/* reference.c: the reference page: every verb, function, word, model, chart, file format and error
 * code from its own descriptor, with examples that run as tests (tests/unit/test_lang_examples.c).
 */
#include "lang/assist/assist_int.h"

#include "lang/sql/functions.h"

static const struct {
    const char *owner, *option, *example;
} option_examples[] = {
#define EXAMPLE(owner, option, example) {#owner, #option, example},
#include "lang/assist/options.def"
#undef EXAMPLE
};

const char *option_example(const char *owner, const char *option)
{
    for (size_t i = 0; i < sizeof option_examples / sizeof *option_examples; i++)
        if (strcmp(option_examples[i].owner, owner) == 0 &&
            strcmp(option_examples[i].option, option) == 0)
            return option_examples[i].example;
    return NULL;
}

/* ---- sections ---- */
static const struct {
    enum entry_kind kind;
    const char *id, *title, *intro;
} sections[] = {
    {ENTRY_VERB, "verbs", "Verbs",
     "A step is a verb with its items; steps are joined by |>. Every step keeps the order of its "
     "input's rows; a sort clause inside a step orders its work, not its result (except take)."},
    {ENTRY_WORD, "words", "Words", "Clauses, operators and statements."},
    {ENTRY_FUNCTION, "functions", "Functions",
     "Row by row, in steps and outside of them. A null argument gives null unless the text says "
     "otherwise; comparisons, and, or, not and in give only true or false."},
    {ENTRY_AGGREGATE, "aggregates", "Aggregates",
     "Over a group of rows, a list, or the columns of a row ([a, b]). Null is left out; where: "
     "counts some rows only; in derive they take frames: last: 7, last: 7d, rows: -3..3, last: "
     "all."},
    {ENTRY_WINDOW, "windows", "Window functions",
     "In derive and where, over the rows of a by group in sort order."},
    {ENTRY_BUILTIN, "statements", "Functions outside steps", "Files, values, input and output."},
    {ENTRY_FORMAT, "formats", "File formats",
     "read() and save choose by the name's ending, or by format:."},
    {ENTRY_MODEL, "models", "Model families", "For fit; parameters with their defaults."},
    {ENTRY_FORMULA, "formulas", "Functions of formulas",
     "In the formula of fit and tune, and as steps of recipe(): fitted with the model, saved with "
     "it, replayed on new rows."},
    {ENTRY_CHART, "charts", "Charts", "Kinds of plot."},
};
#define N_SECTIONS (sizeof sections / sizeof *sections)

static void put(struct strbuf *out, const char *text)
{
    strbuf_add_html(out, str_of(text ? text : ""));
}

static void put_contents(struct strbuf *out, const struct entry *all, int n)
{
    strbuf_addz(out, "<nav><details open><summary>Contents</summary>\n<ul>\n");
    for (size_t s = 0; s < N_SECTIONS; s++) {
        strbuf_printf(out, "<li><a href=\"#%s\">%s</a>: ", sections[s].id, sections[s].title);
        for (int i = 0, k = 0; i < n; i++) {
            if (all[i].kind != sections[s].kind) continue;
            strbuf_printf(out, "%s<a href=\"#%s-", k++ ? " " : "", sections[s].id);
            put(out, all[i].name);
            strbuf_addz(out, "\">");
            put(out, all[i].name);
            strbuf_addz(out, "</a>");
        }
        strbuf_addz(out, "</li>\n");
    }
    strbuf_addz(out, "<li><a href=\"#sql\">SQL</a></li>\n<li><a href=\"#errors\">Errors and "
                     "warnings</a></li>\n</ul>\n</details></nav>\n");
}

static void put_option_examples(struct strbuf *out, const struct entry *e)
{
    bool is_any = false;
    for (size_t i = 0; i < sizeof option_examples / sizeof *option_examples; i++) {
        if (strcmp(option_examples[i].owner, e->name) != 0) continue;
        strbuf_addz(out, is_any ? "\n" : "<pre>");
        put(out, option_examples[i].example);
        is_any = true;
    }
    if (is_any) strbuf_addz(out, "</pre>\n");
}

static void put_entry(struct strbuf *out, const struct entry *e, const char *section)
{
    strbuf_printf(out, "<h3 id=\"%s-", section);
    put(out, e->name);
    strbuf_addz(out, "\">");
    put(out, e->name);
    strbuf_addz(out, "</h3>\n");
    entry_help(e, NULL, out);
    if (e->kind == ENTRY_VERB || e->kind == ENTRY_FORMAT) put_option_examples(out, e);
}

static void put_sql(struct strbuf *out)
{
    int n;
    const struct sql_fn *all = sql_fn_all(&n);
    strbuf_addz(out,
                "<h2 id=\"sql\">SQL</h2>\n<p>A %%sql cell and sql(\"..\") take PostgreSQL's "
                "SELECT, WITH, VALUES, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, COPY and "
                "EXPLAIN over the frames of the session and files in quotes; $x is a variable's "
                "value. Inside SQL its own rules hold: null = null is null, a where keeps what "
                "is true, int / int cuts, x / 0 is an error, the sum of no rows is null, nulls "
                "sort last going up and first going down. Outside, the language's: null == null "
                "is true, / gives num, x / 0 is an infinity, the sum of no rows is 0, nulls "
                "sort last.</p>\n<p>Functions: ");
    for (int i = 0; i < n; i++) {
        if (i && strcmp(all[i].name, all[i - 1].name) == 0) continue;
        strbuf_addz(out, i ? ", <code>" : "<code>");
        put(out, all[i].name);
        strbuf_addz(out, "</code>");
    }
    strbuf_addz(out, "</p>\n");
}

static void put_errors(struct strbuf *out)
{
    strbuf_addz(out, "<h2 id=\"errors\">Errors and warnings</h2>\n<table class=\"md\">\n");
    for (int code = ERR_NONE + 1; code < ERR_COUNT; code++) {
        strbuf_printf(out, "<tr><td><code>%s</code></td><td>", err_name((enum err_code)code));
        put(out, err_doc((enum err_code)code));
        strbuf_addz(out, "</td></tr>\n");
    }
    strbuf_addz(out, "</table>\n");
}

void lang_reference(struct strbuf *out)
{
    struct arena *a = arena_new();
    struct entry *all;
    int n = entries(a, &all);
    put_contents(out, all, n);
    for (size_t s = 0; s < N_SECTIONS; s++) {
        strbuf_printf(out, "<h2 id=\"%s\">%s</h2>\n<p>", sections[s].id, sections[s].title);
        put(out, sections[s].intro);
        strbuf_addz(out, "</p>\n");
        for (int i = 0; i < n; i++)
            if (all[i].kind == sections[s].kind) put_entry(out, &all[i], sections[s].id);
    }
    put_sql(out);
    put_errors(out);
    arena_free(a);
}

/* entries.c: all descriptors as one list, and the help text of each. */
#include "lang/assist/assist_int.h"

#include "runtime/io/io.h"

struct list {
    struct arena *a;
    struct entry *items;
    int n, cap;
};

static void add(struct list *l, struct entry e)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 256;
        struct entry *items = ARENA_ARRAY(l->a, struct entry, l->cap);
        if (l->n) memcpy(items, l->items, (size_t)l->n * sizeof *items);
        l->items = items;
    }
    l->items[l->n++] = e;
}

static void add_verbs(struct list *l)
{
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_VERB,
                              .name = verbs[i]->name,
                              .sig = verbs[i]->sig,
                              .doc = verbs[i]->doc,
                              .examples = {verbs[i]->examples[0], verbs[i]->examples[1]},
                              .options = verbs[i]->options,
                              .verb = verbs[i]});
}

static void add_functions(struct list *l)
{
    int n;
    const struct builtin_desc *const *bs = builtin_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_BUILTIN,
                              .name = bs[i]->name,
                              .sig = bs[i]->sig,
                              .doc = bs[i]->doc,
                              .examples = {bs[i]->example}});
    const struct agg_desc *const *as = agg_all(&n);
    for (int i = 0; i < n; i++)
        if (!as[i]->is_hidden)
            add(l, (struct entry){.kind = ENTRY_AGGREGATE,
                                  .name = as[i]->name,
                                  .sig = as[i]->sig,
                                  .doc = as[i]->doc,
                                  .examples = {as[i]->example}});
    const struct win_desc *const *ws = win_all(&n);
    for (int i = 0; i < n; i++)
        if (!ws[i]->is_hidden)
            add(l, (struct entry){.kind = ENTRY_WINDOW,
                                  .name = ws[i]->name,
                                  .sig = ws[i]->sig,
                                  .doc = ws[i]->doc,
                                  .examples = {ws[i]->example}});
    const struct fn_desc *const *fs = fn_all(&n);
    for (int i = 0; i < n; i++)
        if (!(fs[i]->flags & FN_HIDDEN))
            add(l, (struct entry){.kind = ENTRY_FUNCTION,
                                  .name = fs[i]->name,
                                  .sig = fs[i]->sig,
                                  .doc = fs[i]->doc,
                                  .examples = {fs[i]->example}});
}

static void add_words(struct list *l)
{
    static const struct {
        const char *name, *form, *doc, *example;
    } words[] = {
#define WORD(name, form, doc, example) {name, form, doc, example},
#include "lang/assist/words.def"
#undef WORD
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        add(l, (struct entry){.kind = ENTRY_WORD,
                              .name = words[i].name,
                              .sig = words[i].form,
                              .doc = words[i].doc,
                              .examples = {words[i].example}});
}

static void add_others(struct list *l)
{
    int n;
    const struct ml_family *const *ms = ml_family_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_MODEL,
                              .name = ms[i]->name,
                              .sig = ms[i]->sig,
                              .doc = ms[i]->doc,
                              .examples = {ms[i]->example},
                              .params = ms[i]->params});
    const struct formula_fn_desc *ff = formula_fn_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_FORMULA,
                              .name = ff[i].name,
                              .sig = ff[i].sig,
                              .doc = ff[i].doc,
                              .examples = {ff[i].example},
                              .formula = &ff[i]});
    const struct chart_kind_desc *const *cs = chart_kinds(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_CHART,
                              .name = cs[i]->name,
                              .sig = cs[i]->sig,
                              .doc = cs[i]->doc,
                              .examples = {cs[i]->example}});
    const struct io_format *const *fs = io_format_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){.kind = ENTRY_FORMAT,
                              .name = fs[i]->name,
                              .sig = fs[i]->extensions,
                              .doc = fs[i]->doc,
                              .format = fs[i]});
    const struct later_verb *later = verb_later_all(&n);
    for (int i = 0; i < n; i++)
        add(l, (struct entry){
                   .kind = ENTRY_LATER, .name = later[i].name, .sig = "", .doc = later[i].doc});
}

int entries(struct arena *a, struct entry **out)
{
    struct list l = {.a = a};
    add_verbs(&l);
    add_functions(&l);
    add_words(&l);
    add_others(&l);
    *out = l.items;
    return l.n;
}

const char *entry_kind_text(enum entry_kind k)
{
    switch (k) {
    case ENTRY_VERB: return "verb";
    case ENTRY_BUILTIN: return "function outside steps";
    case ENTRY_AGGREGATE: return "aggregate";
    case ENTRY_WINDOW: return "window function";
    case ENTRY_FUNCTION: return "function";
    case ENTRY_MODEL: return "model family";
    case ENTRY_FORMULA: return "function of formulas and recipes";
    case ENTRY_CHART: return "kind of chart";
    case ENTRY_FORMAT: return "file format";
    case ENTRY_WORD: return "word of the language";
    case ENTRY_LATER: return "verb of a later version";
    }
    return "";
}

struct str first_sentence(const char *doc)
{
    const char *end = doc ? strstr(doc, ". ") : NULL;
    struct str s = str_of(doc ? doc : "");
    if (end) s.n = (size_t)(end - doc);
    while (s.n && s.p[s.n - 1] == '.')
        s.n--;
    return s;
}

/* ---- text ---- */

/* Paragraph of at most 80 columns, each line begun with `indent` blanks. */
static void wrapped(struct strbuf *out, const char *text, size_t indent)
{
    size_t column = 0;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " \n");
        if (column && column + 1 + n > 80) {
            strbuf_addc(out, '\n');
            column = 0;
        }
        if (!column) {
            strbuf_fill(out, ' ', indent);
            column = indent;
        } else {
            strbuf_addc(out, ' ');
            column++;
        }
        strbuf_add(out, p, n);
        column += n;
        p += n + strspn(p + n, " \n");
    }
    strbuf_addc(out, '\n');
}

struct row { /* one option or parameter */
    char name[64], about[512];
};

static void param_row(const struct ml_param_desc *p, struct row *r)
{
    snprintf(r->name, sizeof r->name, "%s: %s", p->name, p->def ? p->def : kind_name(p->kind));
    snprintf(r->about, sizeof r->about, "%s%s%s%s%s", p->doc ? p->doc : "",
             p->unit && *p->unit ? ", in " : "", p->unit ? p->unit : "",
             p->words ? "; one of " : "", p->words ? p->words : "");
}

static void option_row(const struct verb_option *o, struct row *r)
{
    snprintf(r->name, sizeof r->name, "%s%s", o->name, strcmp(o->name, "*") == 0 ? "" : ":");
    snprintf(r->about, sizeof r->about, "%s%s%s", o->doc, o->words ? "; one of " : "",
             o->words ? o->words : "");
}

static void format_row(const struct io_option_desc *o, const char *when, struct row *r)
{
    snprintf(r->name, sizeof r->name, "%s:", o->name);
    snprintf(r->about, sizeof r->about, "%s (%s)", o->doc, when);
}

/* The ith option of an entry, whatever its kind; false behind the last. */
static bool entry_row(const struct entry *e, int i, struct row *r)
{
    if (e->options && e->options[i].name) {
        option_row(&e->options[i], r);
        return true;
    }
    if (e->params && e->params[i].name) {
        param_row(&e->params[i], r);
        return true;
    }
    if (!e->format) return false;
    const struct io_option_desc *reads = e->format->read_options;
    int n = 0;
    while (reads && reads[n].name)
        n++;
    if (i < n) {
        format_row(&reads[i], "reading", r);
        return true;
    }
    const struct io_option_desc *writes = e->format->write_options;
    for (int k = 0; writes && writes[k].name; k++)
        if (k == i - n) {
            format_row(&writes[k], "writing", r);
            return true;
        }
    return false;
}

static void help_plain(const struct entry *e, struct strbuf *out)
{
    struct row r;
    strbuf_printf(out, "%s  (%s)\n", e->sig && *e->sig ? e->sig : e->name,
                  entry_kind_text(e->kind));
    wrapped(out, e->doc ? e->doc : "", 2);
    for (int i = 0; entry_row(e, i, &r); i++) {
        if (!i) strbuf_addz(out, "options\n");
        strbuf_printf(out, "  %s\n", r.name);
        wrapped(out, r.about, 6);
    }
    for (int i = 0; i < 2 && e->examples[i]; i++)
        strbuf_printf(out, "%s  %s\n", i ? "" : "examples\n", e->examples[i]);
}

static void help_html(const struct entry *e, struct strbuf *out)
{
    struct row r;
    strbuf_addz(out, "<p><code>");
    strbuf_add_html(out, str_of(e->sig && *e->sig ? e->sig : e->name));
    strbuf_printf(out, "</code> <small>%s</small></p>\n<p>", entry_kind_text(e->kind));
    strbuf_add_html(out, str_of(e->doc ? e->doc : ""));
    strbuf_addz(out, "</p>\n");
    int n = 0;
    for (; entry_row(e, n, &r); n++) {
        strbuf_addz(out, n ? "<tr><td style=\"text-align:left\"><code>"
                           : "<table>\n<tr><td style=\"text-align:left\"><code>");
        strbuf_add_html(out, str_of(r.name));
        strbuf_addz(out, "</code></td><td style=\"text-align:left\">");
        strbuf_add_html(out, str_of(r.about));
        strbuf_addz(out, "</td></tr>\n");
    }
    if (n) strbuf_addz(out, "</table>\n");
    if (!e->examples[0]) return;
    strbuf_addz(out, "<pre>");
    for (int i = 0; i < 2 && e->examples[i]; i++) {
        if (i) strbuf_addc(out, '\n');
        strbuf_add_html(out, str_of(e->examples[i]));
    }
    strbuf_addz(out, "</pre>\n");
}

void entry_help(const struct entry *e, struct strbuf *plain, struct strbuf *html)
{
    if (plain) help_plain(e, plain);
    if (html) help_html(e, html);
}

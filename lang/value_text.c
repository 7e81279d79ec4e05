/* value_text.c: values as text, alone and as print writes them (language.md 3.9). */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "runtime/base/utf8.h"

#define LIST_SHOWN 1000 /* items of a longer list that are written out: 900 first, 100 last */

bool name_is_bare(struct str name)
{
    static const char *const keywords[] = {"and",   "or",   "not", "in",   "is", "null", "true",
                                           "false", "case", "if",  "else", "by", "sort", "on"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (str_eqz(name, keywords[i])) return false;
    uint32_t cp;
    for (size_t at = 0; at < name.n;) {
        int step = utf8_next(name.p + at, name.n - at, &cp);
        if (at == 0 ? !utf8_is_letter(cp) : !utf8_is_name(cp)) return false;
        at += (size_t)step;
    }
    return name.n > 0;
}
void name_text(struct strbuf *out, struct str name)
{
    if (name_is_bare(name)) {
        strbuf_adds(out, name);
        return;
    }
    strbuf_addc(out, '`');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '`') strbuf_addc(out, '`');
        strbuf_addc(out, name.p[i]);
    }
    strbuf_addc(out, '`');
}

static void item_text(struct strbuf *out, const struct value *v, int64_t i)
{
    struct value *item = value_item(v, i);
    value_text(out, item, true);
    value_unref(item);
}
static void list_text(struct strbuf *out, const struct value *v)
{
    int64_t n = value_length(v);
    strbuf_addc(out, '[');
    for (int64_t i = 0; i < n; i++) {
        if (i) strbuf_addz(out, ", ");
        if (n > LIST_SHOWN && i == LIST_SHOWN - 100) {
            i = n - 100;
            strbuf_printf(out, "... %lld more ..., ", (long long)(n - LIST_SHOWN));
        }
        item_text(out, v, i);
    }
    strbuf_addc(out, ']');
}
static void struct_text(struct strbuf *out, const struct value *v)
{
    strbuf_addc(out, '{');
    for (int i = 0; i < v->n_items; i++) {
        struct str name = str_of(v->names[i]);
        if (i) strbuf_addz(out, ", ");
        if (name_is_bare(name)) {
            strbuf_adds(out, name);
        } else {
            scalar_text(out, &(struct scalar){.type = DTYPE(KIND_STR), .u.s = name}, true);
        }
        strbuf_addz(out, ": ");
        value_text(out, v->items[i], true);
    }
    strbuf_addc(out, '}');
}
static void range_text(struct strbuf *out, const struct value *v)
{
    if (v->items[0]) value_text(out, v->items[0], true);
    strbuf_addz(out, v->is_half_open ? "..<" : "..");
    if (v->items[1]) value_text(out, v->items[1], true);
}
static void family_text(struct strbuf *out, const struct value *v)
{
    strbuf_printf(out, "%s(", v->family->name);
    for (int i = 0; i < v->n_args; i++) {
        if (i) strbuf_addz(out, ", ");
        if (v->args[i].name) strbuf_printf(out, "%s: ", v->args[i].name);
        scalar_text(out, &v->args[i].value, true);
    }
    strbuf_addc(out, ')');
}
static void fn_text(struct strbuf *out, const struct value *v)
{
    if (v->fn->op != AST_FN) {
        ast_text(out, v->fn);
        return;
    }
    strbuf_printf(out, "fn %.*s(", STR_FMT(v->fn->text));
    for (int i = 0; i < v->fn->n_names; i++) {
        if (i) strbuf_addz(out, ", ");
        strbuf_adds(out, v->fn->names[i]);
        if (!v->fn->defaults[i]) continue;
        strbuf_addz(out, ": ");
        ast_text(out, v->fn->defaults[i]);
    }
    strbuf_addc(out, ')');
}
void value_text(struct strbuf *out, const struct value *v, bool quote)
{
    switch (v->kind) {
    case VALUE_SCALAR: scalar_text(out, &v->scalar, quote); return;
    case VALUE_LIST: list_text(out, v); return;
    case VALUE_STRUCT: struct_text(out, v); return;
    case VALUE_RANGE: range_text(out, v); return;
    case VALUE_FRAME:
        strbuf_printf(out, "frame of %d column%s", v->plan->schema->n,
                      v->plan->schema->n == 1 ? "" : "s");
        return;
    case VALUE_MODEL: strbuf_printf(out, "%s model", ml_model_family(v->model)->name); return;
    case VALUE_CHART: chart_text(v->chart, out); return;
    case VALUE_FN: fn_text(out, v); return;
    case VALUE_FAMILY: family_text(out, v); return;
    case VALUE_RECIPE:
    case VALUE_EXPR: ast_text(out, v->fn); return;
    case VALUE_NOTHING: return;
    }
}

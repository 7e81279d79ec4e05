/* ast_dump.h: a tree as one line of brackets, everything in it but spans: for comparing trees. */
#ifndef MLNB_TESTS_AST_DUMP_H
#define MLNB_TESTS_AST_DUMP_H

#include "lang/ast.h"

#include <inttypes.h>

static inline void dump(struct strbuf *b, const struct ast *e);

static inline void dump_items(struct strbuf *b, const char *what, const struct ast_item *items,
                              int n)
{
    if (n == 0) return;
    strbuf_printf(b, " %s[", what);
    for (int i = 0; i < n; i++) {
        if (i > 0) strbuf_addc(b, ' ');
        if (items[i].kind == ITEM_MAKE) strbuf_printf(b, "%.*s=", STR_FMT(items[i].name));
        if (items[i].kind == ITEM_OPTION) strbuf_printf(b, "%.*s:", STR_FMT(items[i].name));
        dump(b, items[i].expr);
    }
    strbuf_addc(b, ']');
}

static inline void dump_step(struct strbuf *b, const struct ast_step *s)
{
    strbuf_printf(b, " {%.*s", STR_FMT(s->verb));
    dump_items(b, "", s->items, s->n_items);
    if (s->has_by) dump_items(b, "by", s->by, s->n_by);
    if (s->has_sort) dump_items(b, "sort", s->sort, s->n_sort);
    if (s->has_on) dump_items(b, "on", s->on, s->n_on);
    strbuf_addc(b, '}');
}

static inline const char *op_name(enum ast_op op)
{
    static const char *const names[] = {
        "null", "bool", "int",  "num",    "str",   "fstr",  "fpart", "date",  "datetime",
        "time", "dur",  "list", "struct", "range", "name",  "var",   "dot",   "unary",
        "bin",  "in",   "is",   "call",   "callv", "field", "index", "case",  "lambda",
        "form", "pipe", "let",  "show",   "step",  "cont",  "fn",    "param", "for",
        "if",   "run",  "use",  "incl",   "shell", "help",  "cmd",   "block"};
    return names[op];
}

static inline void dump(struct strbuf *b, const struct ast *e)
{
    if (!e) {
        strbuf_addc(b, '-');
        return;
    }
    if (e->is_bracketed) strbuf_addc(b, '(');
    strbuf_printf(b, "(%s", op_name(e->op));
    if (e->op == AST_BOOL || e->op == AST_INT || (e->op >= AST_DATE && e->op <= AST_DURATION))
        strbuf_printf(b, " %" PRId64, e->i);
    if (e->op == AST_NUM) strbuf_printf(b, " %.17g", e->f);
    if (e->months) strbuf_printf(b, " months=%d", e->months);
    if (e->text.n) strbuf_printf(b, " %.*s", STR_FMT(e->text));
    if (e->is_quoted) strbuf_addz(b, " quoted");
    if (e->is_zoned) strbuf_addz(b, " zoned");
    if (e->is_negated) strbuf_addz(b, " not");
    if (e->is_half_open) strbuf_addz(b, " half");
    if (e->is_silent) strbuf_addz(b, " ;");
    for (int i = 0; i < e->n_names; i++) {
        strbuf_printf(b, " %.*s:", STR_FMT(e->names[i]));
        if (e->defaults) dump(b, e->defaults[i]);
    }
    for (int i = 0; i < e->n_kids; i++) {
        strbuf_addc(b, ' ');
        dump(b, e->kids[i]);
    }
    dump_items(b, "opts", e->options, e->n_options);
    for (int i = 0; i < e->n_steps; i++)
        dump_step(b, &e->steps[i]);
    strbuf_addc(b, ')');
    if (e->is_bracketed) strbuf_addc(b, ')');
}

#endif

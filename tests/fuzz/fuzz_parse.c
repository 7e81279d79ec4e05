/* fuzz_parse.c: any bytes as a program. Errors stand inside the text and in order, hints parse, what
 * parses prints to a text that parses to the same tree, and messages can be drawn. */
#include "lang/lang.h"

#include "runtime/base/arena.h"
#include "tests/unit/ast_dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_errors(const struct parse_result *r, size_t size, struct sources *s,
                         const struct parse_opts *opts)
{
    struct strbuf out = {0};
    if (r->n_errors > PARSE_MAX_ERRORS) __builtin_trap();
    for (int i = 0; i < r->n_errors; i++) {
        const struct error *e = &r->errors[i];
        if (e->span.to < e->span.from || e->span.to > size || !e->message[0]) __builtin_trap();
        if (i > 0 && e->span.from < r->errors[i - 1].span.from) __builtin_trap();
        diag_text(&out, s, e, &(struct diag_opts){.color = i & 1, .width = 40, .place = i & 2});
        if (!e->hint[0]) continue;
        struct arena *a = arena_new();
        struct parse_result hint;
        parse(a, e->hint, strlen(e->hint), opts, &hint);
        if (hint.n_errors > 0) __builtin_trap();
        arena_free(a);
    }
    strbuf_release(&out);
}

static void print_program(struct strbuf *out, const struct ast *program)
{
    for (int i = 0; i < program->n_kids; i++) {
        ast_text(out, program->kids[i]);
        strbuf_addc(out, '\n');
    }
}

/* A value that could not stand at a statement's start alone, or a command that swallows the line. */
static void check_print(struct arena *a, const struct parse_result *r, bool console)
{
    struct strbuf text = {0}, x = {0}, y = {0};
    struct parse_opts opts = {.console = console};
    struct parse_result again;
    print_program(&text, r->program);
    parse(a, text.p ? text.p : "", text.n, &opts, &again);
    dump(&x, r->program);
    dump(&y, again.program);
    if (again.n_errors > 0 || !str_eq(strbuf_view(&x), strbuf_view(&y))) {
        fprintf(stderr, "%s\n%s\n%s\n%s\n", text.p, again.n_errors ? again.errors[0].message : "", x.p, y.p);
        __builtin_trap();
    }
    strbuf_release(&text);
    strbuf_release(&x);
    strbuf_release(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new();
    struct sources *s = sources_new();
    int indent;
    const char *text = (const char *)data;
    bool console = size > 0 && (data[size - 1] & 1);
    struct parse_opts opts = {.console = console, .source = sources_add(s, "x", text, size, 1)};
    struct parse_result r;
    parse(a, text, size, &opts, &r);
    if (!r.program || r.program->op != AST_BLOCK) __builtin_trap();
    check_errors(&r, size, s, &opts);
    if (r.n_errors == 0) check_print(a, &r, console);
    if (lang_is_complete(text, size, &indent) == LANG_COMPLETE && indent != 0) __builtin_trap();
    sources_free(s);
    arena_free(a);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

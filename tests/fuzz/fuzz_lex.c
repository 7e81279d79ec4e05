/* fuzz_lex.c: any bytes as tokens: they stand in order, inside the text, and end with TOK_END; the
 * parser's view and the editor's view of a text have the same tokens. */
#include "lang/syntax/lex.h"

#include "runtime/base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_order(const struct tok *toks, int n, uint32_t size)
{
    uint32_t before = 0;
    for (int i = 0; i < n; i++) {
        if (toks[i].from < before || toks[i].to < toks[i].from || toks[i].to > size) __builtin_trap();
        if (i < n - 1 && toks[i].to == toks[i].from) __builtin_trap();
        before = toks[i].to;
    }
    if (n < 1 || toks[n - 1].kind != TOK_END) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint32_t n = (uint32_t)size;
    struct arena *a = arena_new();
    struct lexed program, editor, hole;
    lex(a, text, 0, n, LEX_PROGRAM, &program);
    lex(a, text, 0, n, LEX_EDITOR, &editor);
    lex(a, text, n / 2, n, LEX_HOLE, &hole);
    check_order(program.toks, program.n, n);
    check_order(editor.toks, editor.n, n);
    check_order(hole.toks, hole.n, n);
    int k = 0;
    for (int i = 0; i < editor.n; i++) {
        if (editor.toks[i].kind == TOK_NEWLINE || editor.toks[i].kind == TOK_COMMENT) continue;
        if (k >= program.n || editor.toks[i].kind != program.toks[k].kind ||
            editor.toks[i].from != program.toks[k].from)
            __builtin_trap();
        k++;
    }
    if (k != program.n) __builtin_trap();
    arena_free(a);
    return 0;
}

#ifndef MLNB_FUZZ
#include "tests/fuzz/replay.h"
#endif

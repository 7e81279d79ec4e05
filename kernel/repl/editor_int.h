/* editor_int.h: shared by the parts of the editor. */
#ifndef MLNB_KERNEL_REPL_EDITOR_INT_H
#define MLNB_KERNEL_REPL_EDITOR_INT_H

#include "kernel/repl/editor.h"

#include <histedit.h>

#define PROMPT       "mlnb> "
#define PROMPT_CELLS 6

struct editor {
    struct editor_opts opts;
    EditLine *el;
    HistoryW *history;
    int history_at;      /* -1: the line being written */
    struct strbuf draft; /* what was being written before going into history */
    bool tab_again;      /* the last key was Tab too */
};
struct editor *editor_of(EditLine *el);
/* Wide buffer [from, to) as UTF-8. */
void editor_utf8(struct strbuf *out, const wchar_t *from, const wchar_t *to);
wchar_t *editor_wide(const char *p, size_t n); /* mem_free */

/* paint.c: draws the buffer again in colour over what libedit drew. */
void editor_paint(struct editor *ed);
/* complete.c: the Tab key. */
unsigned char editor_complete(EditLine *el, int key);
/* history.c */
void history_load(struct editor *ed);
unsigned char history_up(EditLine *el, int key);
unsigned char history_down(EditLine *el, int key);

#endif

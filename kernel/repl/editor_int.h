/* editor_int.h: shared by the parts of the editor. */
#ifndef MLNB_KERNEL_REPL_EDITOR_INT_H
#define MLNB_KERNEL_REPL_EDITOR_INT_H

#include "kernel/repl/editor.h"

#include <histedit.h>

struct place { /* on the screen, from where the statement begins */
    int row, col;
};

struct editor {
    struct editor_opts opts;
    EditLine *el;
    HistoryW *history;
    int history_at;      /* -1: the line being written */
    struct strbuf draft; /* what was being written before going into history */
    bool tab_again;      /* the last key was Tab too */
    wchar_t *prompt;     /* with its colours */
    int prompt_cells;
    struct place cursor, end; /* as painted: the cursor now, behind the last character */
    struct place lib;         /* where libedit believes the cursor to be */
    struct strbuf typed;      /* keys that were read elsewhere */
    size_t n_typed;           /* taken of them */
    struct strbuf ghost;      /* the rest of the entry that is suggested; empty = none */
};
struct editor *editor_of(EditLine *el);
/* Wide buffer [from, to) as UTF-8. */
void editor_utf8(struct strbuf *out, const wchar_t *from, const wchar_t *to);
wchar_t *editor_wide(const char *p, size_t n); /* mem_free */

/* paint.c: draws the buffer again in colour over what libedit drew, with prompts before further
 * lines. Until editor_unpaint the cursor stands where the reader expects it. */
void editor_paint(struct editor *ed);
/* The statement as it stays when it runs: libedit is done with it and stands in the row below. */
void editor_paint_whole(struct editor *ed, struct str text);
void editor_unpaint(struct editor *ed); /* the cursor where libedit believes it to be */
void editor_leave(struct editor *ed);   /* the cursor behind the text */
/* complete.c: the Tab key. */
unsigned char editor_complete(EditLine *el, int key);
/* suggest.c: the newest entry that begins with the buffer, its rest in grey behind the cursor.
 * Finds it again for what the buffer holds now. */
void suggest_update(struct editor *ed, struct str text, bool at_end);
unsigned char suggest_right(EditLine *el, int key); /* takes all of it, or moves right */
unsigned char suggest_word(EditLine *el, int key);  /* takes a word, or moves a word */
unsigned char suggest_end(EditLine *el, int key);   /* takes all of it, or goes to the line's end */
unsigned char line_home(EditLine *el, int key);
/* history.c */
void history_load(struct editor *ed);
/* Entry `at`, 0 is the newest; NULL beyond the oldest. Valid until the next call. */
const wchar_t *history_entry(struct editor *ed, int at);
/* Bounds of the line of the buffer that holds `at`. */
const wchar_t *line_start(const LineInfoW *li, const wchar_t *at);
const wchar_t *line_end(const LineInfoW *li, const wchar_t *at);
unsigned char history_up(EditLine *el, int key);
unsigned char history_down(EditLine *el, int key);

#endif

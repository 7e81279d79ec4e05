/* repl_int.h: shared by the parts of the console. */
#ifndef MLNB_KERNEL_REPL_REPL_INT_H
#define MLNB_KERNEL_REPL_REPL_INT_H

#include "kernel/repl/editor.h"
#include "kernel/repl/repl.h"
#include "kernel/session/table_mode.h"

struct repl {
    struct repl_opts opts;
    struct session *session;
    struct editor *editor;
    FILE *out;               /* stdout, or the file of .output */
    enum table_mode mode;    /* how frames are written */
    bool is_terminal;        /* stdout is one, and so is stdin */
    bool pager, timer;       /* .pager, .timer */
    int width;               /* .width; 0 = the terminal's */
    int count;               /* statements run */
    bool is_over;            /* .quit */
    bool progress_shown;     /* a line on stderr that must be wiped */
    struct strbuf inputs;    /* what was run without an error, for .save */
    struct strbuf pending;   /* what a command wants run next */
    char *load;              /* a file that .load wants run, or NULL */
    struct strbuf last_html; /* the last thing shown, for .open */
};

/* show.c: the session's outputs on a terminal or a pipe. */
void repl_output(void *self, const struct output *o);
void repl_clear_progress(struct repl *r);
/* commands.c */
bool repl_command(void *self, struct str line);

#endif

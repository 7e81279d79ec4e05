/* repl_int.h: shared by the parts of the console. */
#ifndef MLNB_KERNEL_REPL_REPL_INT_H
#define MLNB_KERNEL_REPL_REPL_INT_H

#include "kernel/repl/editor.h"
#include "kernel/repl/repl.h"
#include "kernel/session/table_mode.h"

#include <stdio.h>

/* How charts are drawn: text is characters, off the line of text alone. */
enum graphics {
    GRAPHICS_AUTO,
    GRAPHICS_TEXT,
    GRAPHICS_KITTY,
    GRAPHICS_ITERM,
    GRAPHICS_SIXEL,
    GRAPHICS_OFF
};
enum theme { THEME_AUTO, THEME_LIGHT, THEME_DARK };
struct gifts { /* what the terminal said it can */
    bool is_asked, kitty, iterm, sixel;
    bool knows_back, is_dark; /* its background */
    int line_height;          /* pixels of a line; 0 = not said */
};

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
    enum graphics graphics;  /* .graphics */
    enum theme theme;        /* .theme */
    struct gifts gifts;
    FILE *log; /* .log: what is written and shown; NULL = off */
};

/* show.c: the session's outputs on a terminal or a pipe. */
void repl_output(void *self, const struct output *o);
void repl_clear_progress(struct repl *r);
/* graphics.c */
void repl_draw_chart(struct repl *r, const struct chart *c);
void repl_graphics(struct repl *r, struct str rest); /* .graphics */
void repl_theme(struct repl *r, struct str rest);    /* .theme */
/* log.c: a transcript. Bytes as they are shown, without colours; a statement with its prompts. */
void repl_log(struct repl *r, struct str rest); /* .log */
void repl_log_text(struct repl *r, struct str text);
void repl_log_line(struct repl *r, struct str text); /* and a newline */
void repl_log_statement(struct repl *r, struct str text);
/* commands.c */
bool repl_command(void *self, struct str line);

#endif

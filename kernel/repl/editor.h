/* editor.h: reading one statement (of several lines) from a person. Two kinds: libedit on a
 * terminal (editing of many lines, history, completion, colours while typing) and plain lines
 * elsewhere (pipes, TERM=dumb, --plain). */
#ifndef MLNB_KERNEL_REPL_EDITOR_H
#define MLNB_KERNEL_REPL_EDITOR_H

#include "kernel/session/session.h"

struct editor_opts {
    struct session *session; /* for completion */
    bool plain;
    bool color;
    const char *history_path; /* NULL = not kept */
};
struct editor;
struct editor *editor_new(const struct editor_opts *opts);
void editor_free(struct editor *ed);
enum editor_result { EDITOR_TEXT, EDITOR_INTERRUPTED, EDITOR_END };
/* Reads until the text is a whole statement. */
enum editor_result editor_read(struct editor *ed, struct strbuf *out);
/* Adds to history (and appends to its file under a lock); lines that begin with a blank are not
 * kept. */
void editor_remember(struct editor *ed, const char *text);
/* The last entry, appended; nothing when there is none. */
void editor_last(struct editor *ed, struct strbuf *out);
/* The last n entries, oldest first. */
void editor_print_history(struct editor *ed, FILE *f, int n);
/* Keys that somebody else read: they come before those of the terminal. */
void editor_typed(struct editor *ed, struct str keys);
/* "mlnb> ", or what MLNB_PROMPT says. */
const char *editor_prompt(void);
/* Called by the signal handler of SIGINT, SIGWINCH and SIGTSTP (async-signal-safe). */
void editor_on_signal(int sig);

#endif

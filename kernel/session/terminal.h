/* terminal.h: what console and scripts ask of the terminal. */
#ifndef MLNB_KERNEL_SESSION_TERMINAL_H
#define MLNB_KERNEL_SESSION_TERMINAL_H

#include "runtime/base/str.h"

/* Columns of the terminal on stdout; 80 when it is none. */
int terminal_columns(void);
/* Its rows; 24 when it is none. */
int terminal_rows(void);
/* Its colours by COLORTERM and TERM: 16, 256; 0 = all of them. */
int terminal_depth(void);
/* By LC_ALL, LC_CTYPE or LANG; none of them set counts as UTF-8. */
bool terminal_is_utf8(void);
/* Prints the prompt and reads a line of stdin without its newline; a secret is not echoed. False at
 * the end of input or when a signal broke the read. */
bool terminal_input(const char *prompt, bool secret, struct strbuf *answer);

#endif

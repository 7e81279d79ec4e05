/* terminal.c: size of the terminal, lines typed by a person. */
#include "kernel/session/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int terminal_columns(void)
{
    struct winsize ws;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0;
    return known && ws.ws_col >= 20 ? ws.ws_col : 80;
}

int terminal_rows(void)
{
    struct winsize ws;
    bool known = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0;
    return known && ws.ws_row >= 2 ? ws.ws_row : 24;
}

int terminal_depth(void)
{
    const char *more = getenv("COLORTERM"), *term = getenv("TERM");
    if (more && (strcmp(more, "truecolor") == 0 || strcmp(more, "24bit") == 0)) return 0;
    if (term && (strstr(term, "direct") || strcmp(term, "xterm-kitty") == 0)) return 0;
    return term && strstr(term, "256color") ? 256 : 16;
}

bool terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *v = getenv(names[i]);
        if (v && *v) return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "utf-8");
    }
    return true;
}

bool terminal_input(const char *prompt, bool secret, struct strbuf *answer)
{
    struct termios old, quiet;
    bool hides = secret && tcgetattr(STDIN_FILENO, &old) == 0;
    char *line = NULL;
    size_t cap = 0;
    fputs(prompt, stdout);
    fflush(stdout);
    if (hides) {
        quiet = old;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    ssize_t n = getline(&line, &cap, stdin);
    if (hides) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        putchar('\n');
    }
    if (n > 0 && line[n - 1] == '\n') n--;
    if (n >= 0) strbuf_add(answer, line, (size_t)n);
    free(line);
    return n >= 0;
}

/* graphics.c: charts as pictures where the terminal can show them. It is asked once, when the first
 * chart is drawn: kitty's own query, its name and version, its background, the size of a cell, and
 * last its attributes (DA1), which every terminal answers, so that the answers have an end. */
#include "kernel/repl/repl_int.h"

#include "kernel/session/terminal.h"
#include "plotting/chart.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ANSWER_MS 500
static const char questions[] = "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\" /* kitty: a pixel */
                                "\033[>q"                                    /* name */
                                "\033]11;?\033\\"                            /* background */
                                "\033[16t"                                   /* cell */
                                "\033[c";

static const char *const names[] = {"auto", "text", "kitty", "iterm", "sixel", "off"};
static const char *const themes[] = {"auto", "light", "dark"};

/* ---- answers ---- */
/* Bytes of the answer that begins at p, which is an escape; 0 = not (yet) one. */
static size_t answer_length(const char *p, size_t n)
{
    size_t i = 2;
    if (n < 3) return 0;
    if (p[1] == '[') { /* CSI ? digits ; letter */
        if (p[2] != '?' && p[2] != '6') return 0;
        while (i < n && (p[i] == '?' || p[i] == ';' || (p[i] >= '0' && p[i] <= '9')))
            i++;
        return i < n && (p[i] == 'c' || p[i] == 't') ? i + 1 : 0;
    }
    if (p[1] != '_' && p[1] != 'P' && p[1] != ']') return 0;
    for (; i < n; i++) {
        if (p[i] == '\a') return i + 1;
        if (p[i] == '\033') return i + 1 < n && p[i + 1] == '\\' ? i + 2 : 0;
    }
    return 0;
}

/* 62;4;22: whether a number is among them. */
static bool has_number(struct str s, int wanted)
{
    for (size_t i = 0; i < s.n;) {
        int v = 0;
        for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && v < 1000; i++)
            v = v * 10 + s.p[i] - '0';
        if (v == wanted) return true;
        i++;
    }
    return false;
}

/* rgb:ffff/ffff/ffff: darker than the middle of what the eye sees. */
static void note_background(struct gifts *g, const char *rgb)
{
    unsigned c[3];
    char sign[3][8];
    if (sscanf(rgb, "rgb:%4[0-9a-fA-F]/%4[0-9a-fA-F]/%4[0-9a-fA-F]", sign[0], sign[1], sign[2]) !=
        3)
        return;
    for (int i = 0; i < 3; i++) /* two digits are enough, and always there */
        c[i] = (unsigned)strtoul((char[]){sign[i][0], sign[i][1], 0}, NULL, 16);
    g->knows_back = true;
    g->is_dark = 2126 * c[0] + 7152 * c[1] + 722 * c[2] < 10000 * 128;
}

/* True: the last one. */
static bool note_answer(struct gifts *g, struct str a)
{
    char text[128];
    int height = 0, width = 0;
    snprintf(text, sizeof text, "%.*s", STR_FMT(a));
    if (str_starts(a, STR("\033_Gi=31;OK"))) g->kitty = true;
    if (str_starts(a, STR("\033P>|")))
        g->iterm = strncmp(text + 4, "iTerm2", 6) == 0 || strncmp(text + 4, "WezTerm", 7) == 0;
    if (str_starts(a, STR("\033]11;"))) note_background(g, text + 5);
    if (sscanf(text, "\033[6;%d;%dt", &height, &width) == 2 && height > 4 && height < 200)
        g->line_height = height;
    if (!str_starts(a, STR("\033[?")) || a.p[a.n - 1] != 'c') return false;
    g->sixel = has_number((struct str){a.p + 3, a.n - 4}, 4);
    return true;
}

/* Takes whole answers out of the text; what a person typed meanwhile stays. True: all are there. */
static bool take_answers(struct gifts *g, struct strbuf *text)
{
    bool is_last = false;
    for (size_t i = 0; i < text->n;) {
        size_t n = text->p[i] == '\033' ? answer_length(text->p + i, text->n - i) : 0;
        if (n == 0) {
            i++;
            continue;
        }
        is_last |= note_answer(g, (struct str){text->p + i, n});
        memmove(text->p + i, text->p + i + n, text->n - i - n);
        text->n -= n;
    }
    return is_last;
}

static int64_t clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void read_answers(struct gifts *g, struct strbuf *text)
{
    int64_t end = clock_ms() + ANSWER_MS;
    char buf[512];
    bool done = false;
    while (!done) {
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        int64_t left = end - clock_ms();
        if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR)) break;
        ssize_t n = p.revents & POLLIN ? read(STDIN_FILENO, buf, sizeof buf) : -1;
        if (n > 0) {
            strbuf_add(text, buf, (size_t)n);
            done = take_answers(g, text);
        } else if (p.revents & (POLLHUP | POLLERR)) {
            break;
        }
    }
}

/* Terminals that would show the questions, or whose pixels belong to another one. */
static bool is_asked(void)
{
    const char *term = getenv("TERM");
    static const char *const poor[] = {"dumb", "linux", "vt", "ansi", "cons"};
    for (size_t i = 0; term && i < sizeof poor / sizeof *poor; i++)
        if (strncmp(term, poor[i], strlen(poor[i])) == 0) return false;
    return term != NULL;
}

/* iTerm2 before 3.5 gives its name in the environment only; a multiplexer inherits that. */
static bool is_named_iterm(void)
{
    const char *a = getenv("LC_TERMINAL"), *b = getenv("TERM_PROGRAM");
    if (getenv("TMUX") || getenv("STY")) return false;
    return (a && strcmp(a, "iTerm2") == 0) || (b && strcmp(b, "iTerm.app") == 0);
}

static void ask(struct repl *r)
{
    struct gifts *g = &r->gifts;
    struct termios old, raw;
    struct strbuf text = {0};
    g->is_asked = true;
    g->iterm = is_named_iterm();
    if (!is_asked() || tcgetattr(STDIN_FILENO, &old) != 0) return;
    raw = old;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    if (write(STDOUT_FILENO, questions, sizeof questions - 1) > 0) read_answers(g, &text);
    tcsetattr(STDIN_FILENO, TCSANOW, &old);
    editor_typed(r->editor, strbuf_view(&text));
    strbuf_release(&text);
}

static void ask_once(struct repl *r)
{
    bool can_ask = r->is_terminal && !r->opts.plain;
    if (!r->gifts.is_asked && can_ask) ask(r);
}

/* ---- charts ---- */
/* What charts are drawn as now. */
static enum graphics way(struct repl *r)
{
    if (r->graphics != GRAPHICS_AUTO) return r->graphics;
    ask_once(r);
    const struct gifts *g = &r->gifts;
    return g->kitty   ? GRAPHICS_KITTY
           : g->iterm ? GRAPHICS_ITERM
           : g->sixel ? GRAPHICS_SIXEL
                      : GRAPHICS_TEXT;
}

static bool is_dark(struct repl *r)
{
    if (r->theme != THEME_AUTO) return r->theme == THEME_DARK;
    ask_once(r);
    return r->gifts.knows_back && r->gifts.is_dark;
}

/* Pixels of a line of text, and of the window's width; 0 = not known. */
static void measure(const struct repl *r, struct chart_picture_opts *opts)
{
    struct winsize ws = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0) ws = (struct winsize){0};
    opts->line_height = r->gifts.line_height;
    if (!opts->line_height && ws.ws_ypixel && ws.ws_row)
        opts->line_height = ws.ws_ypixel / ws.ws_row;
    opts->width = ws.ws_xpixel;
    if (!opts->width && opts->line_height) /* cells are about twice as high as wide */
        opts->width = terminal_columns() * opts->line_height / 2;
}

static bool draw_picture(struct repl *r, const struct chart *c, enum graphics how)
{
    struct error err;
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct strbuf bytes = {0};
    struct chart_picture_opts opts = {.how = how == GRAPHICS_KITTY   ? CHART_KITTY
                                             : how == GRAPHICS_ITERM ? CHART_ITERM
                                                                     : CHART_SIXEL};
    err_clear(&err);
    opts.is_dark = is_dark(r);
    measure(r, &opts);
    bool ok = chart_terminal_picture(&cx, c, &opts, &bytes) == RC_OK;
    if (ok) fwrite(bytes.p, 1, bytes.n, r->out);
    if (ok) fputc('\n', r->out);
    strbuf_release(&bytes);
    arena_free(cx.arena);
    return ok;
}

void repl_draw_chart(struct repl *r, const struct chart *c)
{
    struct strbuf text = {0};
    enum graphics how = way(r);
    if (how == GRAPHICS_OFF) return;
    if (how != GRAPHICS_TEXT && draw_picture(r, c, how)) return; /* without cairo: characters */
    chart_terminal(c,
                   &(struct chart_term){.width = terminal_columns(),
                                        .color = r->opts.color,
                                        .depth = terminal_depth(),
                                        .ascii = !terminal_is_utf8()},
                   &text);
    fwrite(text.p, 1, text.n, r->out);
    strbuf_release(&text);
}

/* ---- commands ---- */
static int index_of(struct str name, const char *const *all, int n)
{
    for (int i = 0; i < n; i++)
        if (str_eqz(name, all[i])) return i;
    return -1;
}

void repl_graphics(struct repl *r, struct str rest)
{
    int i = index_of(rest, names, (int)(sizeof names / sizeof *names));
    if (rest.n && i < 0) {
        fprintf(stderr, ".graphics takes auto, text, kitty, iterm, sixel or off\n");
        return;
    }
    if (rest.n) r->graphics = (enum graphics)i;
    printf("graphics %s", names[r->graphics]);
    if (r->graphics == GRAPHICS_AUTO && r->is_terminal) printf(": %s", names[way(r)]);
    printf("\n");
}

void repl_theme(struct repl *r, struct str rest)
{
    int i = index_of(rest, themes, (int)(sizeof themes / sizeof *themes));
    if (rest.n && i < 0) {
        fprintf(stderr, ".theme takes auto, light or dark: the background of pictures\n");
        return;
    }
    if (rest.n) r->theme = (enum theme)i;
    printf("theme %s", themes[r->theme]);
    if (r->theme == THEME_AUTO) printf(": %s", themes[is_dark(r) ? THEME_DARK : THEME_LIGHT]);
    printf("\n");
}

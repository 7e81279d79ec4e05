/* past.c: the file of what was run; two sessions that write it do not erase each other. */
#include "kernel/session/past.h"

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *past_path(void)
{
    struct strbuf b = {0};
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state)
        strbuf_printf(&b, "%s/mlnb/history", state);
    else if (home && *home)
        strbuf_printf(&b, "%s/.local/state/mlnb/history", home);
    return b.n ? strbuf_take(&b) : NULL;
}

static void unescape(struct strbuf *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\\' && i + 1 < n) {
            i++;
            strbuf_addc(out, p[i] == 'n' ? '\n' : p[i]);
        } else {
            strbuf_addc(out, p[i]);
        }
    }
}

/* The oldest makes room. */
static void add(struct past *out, char *entry)
{
    if (!out->entries) out->entries = mem_alloc(sizeof *out->entries * PAST_MAX);
    if (out->n == PAST_MAX) {
        mem_free(out->entries[0]);
        memmove(out->entries, out->entries + 1, sizeof *out->entries * (PAST_MAX - 1));
        out->n--;
    }
    out->entries[out->n++] = entry;
}

void past_read(const char *path, struct past *out)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    FILE *f = fopen(path, "re");
    *out = (struct past){0};
    while (f && (n = getline(&line, &cap, f)) > 0) {
        struct strbuf text = {0};
        if (line[n - 1] == '\n') n--;
        unescape(&text, line, strnlen(line, (size_t)n));
        if (text.n) add(out, strbuf_take(&text));
        strbuf_release(&text);
    }
    free(line);
    if (f) fclose(f);
}

void past_free(struct past *p)
{
    for (int i = 0; i < p->n; i++)
        mem_free(p->entries[i]);
    mem_free(p->entries);
    *p = (struct past){0};
}

static void make_folders(const char *path)
{
    char *copy = mem_strndup(path, strlen(path));
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        if (mkdir(copy, 0700) != 0 && errno != EEXIST) break;
        *p = '/';
    }
    mem_free(copy);
}

void past_append(const char *path, const char *text)
{
    make_folders(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return;
    struct strbuf b = {0};
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            strbuf_addz(&b, "\\n");
        else if (*p == '\\')
            strbuf_addz(&b, "\\\\");
        else
            strbuf_addc(&b, *p);
    }
    strbuf_addc(&b, '\n');
    flock(fd, LOCK_EX);
    ssize_t n = write(fd, b.p, b.n);
    (void)n;
    close(fd);
    strbuf_release(&b);
}

/* paths.c: names of files and folders that continue what stands in quotes. */
#include "lang/assist/assist_complete.h"

#include "runtime/base/mem.h"

#include <dirent.h>
#include <sys/stat.h>

#define MAX_PATHS 200

static int by_text(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static bool is_folder(struct arena *a, const char *folder, const char *name)
{
    struct stat st;
    return stat(arena_printf(a, "%s/%s", folder, name), &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder that the text names so far, as the system knows it. */
static const char *folder_of(struct arena *a, const char *base, struct str typed)
{
    if (typed.n && typed.p[0] == '/') return arena_strndup(a, typed.p, typed.n);
    if (!typed.n) return base ? base : ".";
    return arena_printf(a, "%s/%.*s", base ? base : ".", STR_FMT(typed));
}

void complete_paths(struct completing *c)
{
    struct str typed = c->place.prefix, dir = typed;
    while (dir.n && dir.p[dir.n - 1] != '/')
        dir.n--;
    struct str start = {typed.p + dir.n, typed.n - dir.n};
    const char *folder = folder_of(c->a, c->snapshot->folder, dir);
    DIR *d = opendir(folder);
    if (!d) return;
    char **names = ARENA_ARRAY(c->a, char *, MAX_PATHS);
    int n = 0;
    for (struct dirent *e; n < MAX_PATHS && (e = readdir(d));) {
        if (e->d_name[0] == '.' && !(start.n && start.p[0] == '.')) continue;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (str_starts(str_of(e->d_name), start))
            names[n++] = arena_strndup(c->a, e->d_name, strlen(e->d_name));
    }
    closedir(d);
    qsort(names, (size_t)n, sizeof *names, by_text);
    c->from = c->place.from + (uint32_t)dir.n;
    for (int i = 0; i < n; i++) {
        bool folder_too = is_folder(c->a, folder, names[i]);
        add_completion(c, str_of(folder_too ? arena_printf(c->a, "%s/", names[i]) : names[i]),
                       "path", str_of(folder_too ? "folder" : "file"));
    }
}

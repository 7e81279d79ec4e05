/* path.c: what a path says, and what to say when it leads nowhere. */
#include "runtime/io/io_int.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

struct str io_extension(const char *path)
{
    static const char *const packers[] = {".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip"};
    const char *name = strrchr(path, '/');
    struct str s = str_of(name ? name + 1 : path);
    for (size_t i = 0; i < sizeof packers / sizeof *packers; i++) {
        size_t n = strlen(packers[i]);
        if (s.n <= n || !str_eq_nocase((struct str){s.p + s.n - n, n}, str_of(packers[i])))
            continue;
        s.n -= n;
        break;
    }
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '.') return (struct str){s.p + i, s.n - i};
    return (struct str){s.p + s.n, 0};
}

#define NEAR 3

struct near_names {
    char *name[NEAR];
    int distance[NEAR];
};

/* Keeps the three nearest in order of distance, then name (folders list in no order). */
static void consider(struct near_names *near, struct str wanted, const char *name)
{
    int most = (int)wanted.n / 3 + 1, d = str_distance(wanted, str_of(name), most);
    bool contains = wanted.n >= 3 && strstr(name, wanted.p) != NULL;
    if (contains && d > most) d = most;
    if (d > most) return;
    for (int i = 0; i < NEAR; i++) {
        bool before = !near->name[i] || d < near->distance[i] ||
                      (d == near->distance[i] && strcmp(name, near->name[i]) < 0);
        if (!before) continue;
        mem_free(near->name[NEAR - 1]);
        memmove(near->name + i + 1, near->name + i, sizeof *near->name * (size_t)(NEAR - 1 - i));
        memmove(near->distance + i + 1, near->distance + i,
                sizeof *near->distance * (size_t)(NEAR - 1 - i));
        near->name[i] = mem_strndup(name, strlen(name));
        near->distance[i] = d;
        return;
    }
}

/* The folder's nearest name, and the next ones as "b.csv, c.csv"; empty when there are none. */
static void list_near(struct strbuf *best, struct strbuf *others, const char *folder,
                      const char *name)
{
    struct near_names near = {{0}, {0}};
    DIR *dir = opendir(*folder ? folder : ".");
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.') consider(&near, str_of(name), e->d_name);
    closedir(dir);
    for (int i = 0; i < NEAR; i++) {
        struct strbuf *out = i ? others : best;
        if (near.name[i]) strbuf_printf(out, "%s%s%s", out->n ? ", " : "", folder, near.name[i]);
        mem_free(near.name[i]);
    }
}

rc io_missing(struct ctx *cx, const char *path, struct span span)
{
    const char *slash = strrchr(path, '/');
    char *folder = mem_strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
    struct stat st;
    struct strbuf near = {0}, others = {0};
    if (*folder && (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))) {
        fail(cx, E301, span, "`%s` does not exist: there is no folder `%s`", path, folder);
    } else {
        list_near(&near, &others, folder, slash ? slash + 1 : path);
        fail(cx, E301, span, "`%s` does not exist", path);
        if (near.n) err_hint(cx, "read(\"%s\")", near.p);
        if (others.n) err_note(cx, "also near: %s", others.p);
    }
    strbuf_release(&near);
    strbuf_release(&others);
    mem_free(folder);
    return RC_ERR;
}

rc io_is_folder(struct ctx *cx, const char *path, struct span span)
{
    fail(cx, E302, span, "`%s` is a folder without a file of a known format", path);
    DIR *dir = opendir(path);
    struct near_names first = {{0}, {0}};
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (e->d_name[0] != '.' && (!first.name[0] || strcmp(e->d_name, first.name[0]) < 0)) {
            mem_free(first.name[0]);
            first.name[0] = mem_strndup(e->d_name, strlen(e->d_name));
        }
    if (dir) closedir(dir);
    size_t n = strlen(path);
    if (first.name[0])
        err_hint(cx, "read(\"%s%s%s\")", path, n && path[n - 1] == '/' ? "" : "/", first.name[0]);
    mem_free(first.name[0]);
    return RC_ERR;
}

bool io_has_password(const char *text)
{
    for (const char *p = strstr(text, "://"); p; p = strstr(p, "://")) {
        p += 3;
        size_t n = strcspn(p, "/?\"' \t\n");
        const char *at = memchr(p, '@', n), *query = p + strcspn(p, "?\"' \t\n");
        if (at && memchr(p, ':', (size_t)(at - p))) return true;
        if (*query != '?') continue;
        const char *said = strstr(query, "password="); /* sslpassword= as well */
        if (said && said < query + strcspn(query, "\"' \t\n")) return true;
    }
    return false;
}

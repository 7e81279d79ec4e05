/* include.c: `include "lib.mlnb"`: the code cells of a file run once, output hidden, names shared.
 * Paths in it, in its fns too, start at its own folder. Only the markers of the file format are
 * read here; notebooks as such are the kernel's. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "lang/sql/sql.h"
#include "runtime/base/utf8.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

struct include_file {
    struct include_file *next;
    char *path;   /* absolute */
    bool is_busy; /* being run: an include of it is a cycle */
};

void includes_free(struct lang *lg)
{
    while (lg->includes) {
        struct include_file *f = lg->includes;
        lg->includes = f->next;
        mem_free(f->path);
        mem_free(f);
    }
}
static struct include_file *find_file(struct lang *lg, const char *path)
{
    for (struct include_file *f = lg->includes; f; f = f->next)
        if (strcmp(f->path, path) == 0) return f;
    return NULL;
}

static void forget_file(struct lang *lg, struct include_file *f)
{
    for (struct include_file **at = &lg->includes; *at; at = &(*at)->next)
        if (*at == f) {
            *at = f->next;
            mem_free(f->path);
            mem_free(f);
            return;
        }
}

#define FILE_LIMIT (INT64_C(16) << 20)

static rc read_file(struct lang *lg, const char *path, const struct ast *st, struct strbuf *out)
{
    struct ctx *cx = &lg->cx;
    FILE *f = fopen(path, "rb");
    if (!f)
        return fail(cx, errno == ENOENT ? E301 : E302, st->span, "cannot include `%.*s`: %s",
                    STR_FMT(st->text), strerror(errno));
    for (size_t got = 1; got > 0 && (int64_t)out->n <= FILE_LIMIT;) {
        got = fread(strbuf_grow(out, 65536), 1, 65536, f);
        out->n += got;
    }
    bool is_bad = ferror(f) != 0;
    (void)fclose(f);
    if (is_bad) return fail(cx, E302, st->span, "cannot read `%.*s`", STR_FMT(st->text));
    if ((int64_t)out->n > FILE_LIMIT)
        return fail(cx, E601, st->span, "`%.*s` is too big to be a notebook", STR_FMT(st->text));
    strbuf_addc(out, '\0');
    out->n--;
    if (utf8_check(out->p, out->n) < out->n)
        return fail(cx, E601, st->span, "`%.*s` is not text in UTF-8", STR_FMT(st->text));
    return RC_OK;
}

/* ---- cells of the file ---- */
struct cell_reader {
    struct str text;
    size_t at;
    int line; /* number of the line at `at` */
};
static bool next_line(struct cell_reader *r, struct str *out)
{
    if (r->at >= r->text.n) return false;
    const char *from = r->text.p + r->at, *end = memchr(from, '\n', r->text.n - r->at);
    size_t n = end ? (size_t)(end - from) : r->text.n - r->at;
    *out = (struct str){from, n};
    r->at += n + (end != NULL);
    r->line++;
    return true;
}
/* The header between `---` lines at the top, and a #! line. */
static void skip_header(struct cell_reader *r)
{
    struct cell_reader start = *r;
    struct str line;
    if (!next_line(r, &line)) return;
    if (str_starts(line, STR("#!"))) {
        start = *r;
        if (!next_line(r, &line)) return;
    }
    if (!str_eqz(str_trim(line), "---")) {
        *r = start;
        return;
    }
    while (next_line(r, &line))
        if (str_eqz(str_trim(line), "---")) return;
    *r = start;
}
enum cell_kind { CELL_CODE, CELL_SQL, CELL_OTHER };
static enum cell_kind marker_kind(struct str line)
{
    struct str rest = {line.p + 2, line.n - 2};
    size_t n = 0;
    while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\r')
        n++;
    struct str word = {rest.p, n};
    if (n == 0 || str_eqz(word, "params")) return CELL_CODE;
    return str_eqz(word, "sql") ? CELL_SQL : CELL_OTHER;
}
struct cell {
    enum cell_kind kind;
    struct str marker; /* its first line, `%%sql as: x` */
    size_t from;       /* first byte of its text */
    int line;
};
static rc run_cell(struct lang *lg, const struct cell *cell, struct str body, const char *label,
                   const char *folder)
{
    if (cell->kind == CELL_OTHER || str_trim(body).n == 0) return RC_OK;
    if (cell->kind == CELL_SQL)
        return sql_cell_body(lg, cell->marker, body, label, cell->line, folder);
    return run_program(lg, body.p, body.n, label, cell->line, folder, false);
}
static rc run_cells(struct lang *lg, struct str text, const char *label, const char *folder)
{
    struct cell_reader r = {.text = text, .line = 1};
    struct str line;
    skip_header(&r);
    struct cell cell = {CELL_CODE, {NULL, 0}, r.at, r.line};
    for (;;) {
        size_t before = r.at;
        bool more = next_line(&r, &line);
        if (more && !str_starts(line, STR("%%"))) continue;
        struct str body = {text.p + cell.from, before - cell.from};
        TRY(run_cell(lg, &cell, body, label, folder));
        if (!more) return RC_OK;
        cell = (struct cell){marker_kind(line), line, r.at, r.line};
    }
}

/* ---- the statement ---- */
static rc run_file(struct lang *lg, const char *path, const struct ast *st)
{
    struct strbuf text = {0};
    const char *slash = strrchr(path, '/');
    char *folder = arena_strndup(lg->cx.arena, path, slash > path ? (size_t)(slash - path) : 1);
    const char *label = arena_strndup(lg->cx.arena, st->text.p, st->text.n);
    bool was_last = lg->is_last_statement;
    enum rc_t res = read_file(lg, path, st, &text);
    lg->hidden++;
    if (res == RC_OK) res = run_cells(lg, strbuf_view(&text), label, folder);
    lg->hidden--;
    lg->is_last_statement = was_last;
    strbuf_release(&text);
    return res;
}
rc run_include(struct lang *lg, const struct ast *st)
{
    struct ctx *cx = &lg->cx;
    if (str_ends(st->text, STR(".ipynb")))
        return fail(cx, E601, st->span, "include takes .mlnb files, `%.*s` is none",
                    STR_FMT(st->text));
    const char *path = resolve_path(lg, cx->arena, st->text);
    char *real = realpath(path, NULL);
    if (!real)
        return fail(cx, errno == ENOENT ? E301 : E302, st->span, "cannot include `%.*s`: %s",
                    STR_FMT(st->text), strerror(errno));
    struct include_file *f = find_file(lg, real);
    bool is_known = f != NULL, is_busy = f && f->is_busy;
    if (!f) {
        f = mem_zero(sizeof *f);
        f->path = mem_strndup(real, strlen(real));
        f->next = lg->includes;
        lg->includes = f;
    }
    free(real);
    if (is_busy)
        return fail(cx, E602, st->span, "`%.*s` includes itself, through other files or not",
                    STR_FMT(st->text));
    if (is_known) return RC_OK; /* once */
    TRY(depth_enter(lg, st->span));
    f->is_busy = true;
    const char *own = arena_strndup(cx->arena, f->path, strlen(f->path));
    enum rc_t res = run_file(lg, own, st);
    lg->depth--;
    f = find_file(lg, own); /* `.reset` in the file forgets it */
    if (f) f->is_busy = false;
    if (f && res != RC_OK) forget_file(lg, f); /* runs again when asked again */
    return res;
}

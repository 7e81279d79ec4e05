/* hive_save.c: a table as key=value folders, one file each: `save "trips/", partition: [month]`.
 *
 * All is written into a folder beside the target, which then takes the target's place in one step.
 * An existing folder is only replaced when it holds nothing but such folders and files; append adds
 * files to it. */
#include "runtime/io/set_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDERS_MAX 100000
#define PART_NAME   "part-"

/* ---- groups of rows with equal keys ---- */
struct coder { /* 64-bit values to codes in order of first appearance */
    int64_t *keys;
    int32_t *slots; /* code + 1 */
    int32_t n, cap;
};

static uint64_t place(const struct coder *c, int64_t key)
{
    uint64_t mask = (uint64_t)c->cap * 2 - 1, i = hash_u64((uint64_t)key) & mask;
    while (c->slots[i] && c->keys[c->slots[i] - 1] != key)
        i = (i + 1) & mask;
    return i;
}

static int32_t code_of(struct coder *c, int64_t key)
{
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 64;
        c->keys = mem_realloc(c->keys, sizeof *c->keys * (size_t)c->cap);
        mem_free(c->slots);
        c->slots = mem_zero(sizeof *c->slots * (size_t)c->cap * 2);
        for (int32_t i = 0; i < c->n; i++)
            c->slots[place(c, c->keys[i])] = i + 1;
    }
    uint64_t i = place(c, key);
    if (c->slots[i]) return c->slots[i] - 1;
    c->keys[c->n] = key;
    c->slots[i] = ++c->n;
    return c->n - 1;
}

static void coder_release(struct coder *c)
{
    mem_free(c->keys);
    mem_free(c->slots);
}

/* A number that differs where values of the column differ; null is the least. */
static int64_t value_bits(const struct column *c, int64_t row)
{
    int64_t bits = 0;
    if (!bit_valid(c->valid, row)) return INT64_MIN;
    switch (c->phys) {
    case PHYS_BOOL: return bit_get(c->data, row);
    case PHYS_DICT:
    case PHYS_I32:
    case PHYS_DATE32: return ((const int32_t *)c->data)[row];
    default: memcpy(&bits, (const int64_t *)c->data + row, sizeof bits); return bits;
    }
}

struct groups {
    int32_t *of;   /* [n_rows] */
    int64_t *from; /* [n + 1] into rows */
    int64_t *rows; /* by group, each in the table's order */
    int n;
};

static void groups_release(struct groups *g)
{
    mem_free(g->of);
    mem_free(g->from);
    mem_free(g->rows);
}

static rc add_key(struct ctx *cx, struct groups *g, const struct column *c)
{
    struct coder values = {0}, pairs = {0};
    struct column *coded = NULL;
    bool is_text = c->phys == PHYS_STR;
    if (is_text) TRY(column_encode(cx, c, false, &coded));
    const struct column *key = is_text ? coded : c;
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < c->n && res == RC_OK; i++) {
        int64_t v = code_of(&values, value_bits(key, i));
        g->of[i] = code_of(&pairs, (int64_t)g->of[i] << 32 | v);
        if (i % 65536 == 0) res = check_cancel(cx);
    }
    g->n = pairs.n;
    coder_release(&values);
    coder_release(&pairs);
    column_unref(coded);
    return res;
}

static void order_rows(struct groups *g, int64_t n_rows)
{
    g->from = mem_zero(sizeof *g->from * ((size_t)g->n + 2));
    g->rows = mem_alloc(sizeof *g->rows * (size_t)(n_rows + 1));
    for (int64_t i = 0; i < n_rows; i++)
        g->from[g->of[i] + 2]++;
    for (int i = 2; i <= g->n + 1; i++)
        g->from[i] += g->from[i - 1];
    for (int64_t i = 0; i < n_rows; i++)
        g->rows[g->from[g->of[i] + 1]++] = i;
}

/* ---- one save ---- */
struct saving {
    const struct table *t;
    const struct io_format *format;
    const struct io_option *opts;
    int n_opts;
    struct span span;
    int n_keys;
    int *keys, *rest; /* columns */
    struct schema *schema;
    struct groups groups;
    const char *root; /* ends in a slash; what is written to */
    const char *ext;
    char **made; /* [n groups] files of an append */
    bool append;
};

static rc io_fault(struct ctx *cx, const struct saving *s, const char *path)
{
    return fail(cx, E306, s->span, "`%s` cannot be written: %s", path, strerror(errno));
}

static bool make_folders(char *path, size_t from)
{
    for (char *p = path + from; (p = strchr(p + 1, '/'));) {
        *p = 0;
        int r = mkdir(path, 0777);
        *p = '/';
        if (r != 0 && errno != EEXIST) return false;
    }
    return true;
}

/* "root/year=2019/month=1/" */
static void folder_of(const struct saving *s, int64_t row, struct strbuf *out)
{
    struct strbuf text = {0};
    strbuf_addz(out, s->root);
    for (int k = 0; k < s->n_keys; k++) {
        const struct column *c = s->t->cols[s->keys[k]];
        struct scalar v = column_scalar(c, row);
        strbuf_clear(&text);
        if (!v.is_null) scalar_text(&text, &v, false);
        io_key_escape(out, str_of(s->t->schema->fields[s->keys[k]].name));
        strbuf_addc(out, '=');
        io_key_escape(out, v.is_null ? STR("") : strbuf_view(&text));
        strbuf_addc(out, '/');
        scalar_release(&v);
    }
    strbuf_release(&text);
}

static void file_name(const struct saving *s, struct strbuf *path)
{
    struct stat st;
    size_t n = path->n;
    for (int i = 0;; i++) {
        path->n = n;
        strbuf_printf(path, PART_NAME "%d.%s", i, s->ext);
        if (!s->append || stat(path->p, &st) != 0) return;
    }
}

static rc rows_of(struct ctx *cx, const struct saving *s, int group, struct table **out)
{
    int n = s->schema->n;
    int64_t from = s->groups.from[group], n_rows = s->groups.from[group + 1] - from;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++)
        res = column_gather(cx, s->t->cols[s->rest[i]], s->groups.rows + from, n_rows, &cols[i]);
    if (res == RC_OK) {
        res = table_new(cx, s->schema, cols, n_rows, out);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

static enum rc_t save_group(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct saving *s = arg;
    struct strbuf path = {0};
    struct table *part = NULL;
    enum rc_t res = RC_ERR;
    (void)worker;
    folder_of(s, s->groups.rows[s->groups.from[task]], &path);
    if (!make_folders(path.p, strlen(s->root) - 1)) {
        res = io_fault(cx, s, path.p);
        goto out;
    }
    file_name(s, &path);
    if (s->append) s->made[task] = mem_strndup(path.p, path.n);
    TRY_OUT(rows_of(cx, s, (int)task, &part));
    res = io_write_table(cx, s->format, part, path.p, s->opts, s->n_opts, s->span);
out:
    table_unref(part);
    strbuf_release(&path);
    return res;
}

static rc save_groups(struct ctx *cx, struct saving *s)
{
    if (s->groups.n >= 2 * pool_threads(cx)) return pool_run(cx, s->groups.n, save_group, s);
    for (int i = 0; i < s->groups.n; i++)
        TRY(save_group(cx, s, i, 0));
    return RC_OK;
}

/* ---- folders ---- */
/* Whether a folder holds only key=value folders and part files. */
static bool is_ours(const char *folder, const char *ext, int depth)
{
    DIR *dir = opendir(folder);
    bool ours = dir != NULL;
    for (struct dirent *d; ours && (d = readdir(dir));) {
        struct stat st;
        struct strbuf path = {0};
        struct str name = str_of(d->d_name);
        if (str_eqz(name, ".") || str_eqz(name, "..")) continue;
        strbuf_printf(&path, "%s/%s", folder, d->d_name);
        ours = lstat(path.p, &st) == 0;
        if (ours && S_ISDIR(st.st_mode))
            ours = depth < 64 && strchr(d->d_name, '=') && is_ours(path.p, ext, depth + 1);
        else if (ours)
            ours = S_ISREG(st.st_mode) && depth > 0 && str_starts(name, STR(PART_NAME)) &&
                   str_ends(name, str_of(ext));
        strbuf_release(&path);
    }
    if (dir) closedir(dir);
    return ours;
}

/* Only ever called on folders that this file made, or that is_ours has seen. */
static void remove_tree(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        struct stat st;
        struct strbuf path = {0};
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
        strbuf_printf(&path, "%s/%s", folder, d->d_name);
        if (lstat(path.p, &st) == 0 && S_ISDIR(st.st_mode))
            remove_tree(path.p);
        else
            unlink(path.p);
        strbuf_release(&path);
    }
    if (dir) closedir(dir);
    rmdir(folder);
}

/* The new folder takes the target's place. */
static bool swap_in(const char *fresh, const char *target)
{
    if (rename(fresh, target) == 0) return true;
#if defined(SYS_renameat2)
    const unsigned exchange = 2; /* RENAME_EXCHANGE */
    if (syscall(SYS_renameat2, AT_FDCWD, fresh, AT_FDCWD, target, exchange) == 0) {
        remove_tree(fresh);
        return true;
    }
#endif
    struct strbuf old = {0};
    strbuf_printf(&old, "%s.old-%ld", target, (long)getpid());
    bool ok = rename(target, old.p) == 0;
    if (ok && rename(fresh, target) != 0) {
        ok = false;
        if (rename(old.p, target) != 0) errno = EIO;
    }
    if (ok) remove_tree(old.p);
    strbuf_release(&old);
    return ok;
}

static rc save_new(struct ctx *cx, struct saving *s, const char *target)
{
    struct stat st;
    struct strbuf fresh = {0};
    bool is_there = lstat(target, &st) == 0;
    if (is_there && (!S_ISDIR(st.st_mode) || !is_ours(target, s->ext, 0))) {
        fail(cx, E306, s->span, "`%s` is there and holds other things than such a save writes",
             target);
        return err_note(cx, "save to a new folder, or add to this one with append: true");
    }
    strbuf_printf(&fresh, "%s.tmp-%ld/", target, (long)getpid());
    s->root = fresh.p;
    bool is_made = mkdir(fresh.p, 0777) == 0;
    enum rc_t res = is_made ? save_groups(cx, s) : io_fault(cx, s, target);
    fresh.p[fresh.n - 1] = 0;
    if (res == RC_OK && !swap_in(fresh.p, target)) res = io_fault(cx, s, target);
    if (res != RC_OK && is_made) remove_tree(fresh.p);
    strbuf_release(&fresh);
    return res;
}

static rc save_more(struct ctx *cx, struct saving *s, const char *target)
{
    struct strbuf root = {0};
    strbuf_printf(&root, "%s/", target);
    s->root = root.p;
    s->made = mem_zero(sizeof *s->made * ((size_t)s->groups.n + 1));
    enum rc_t res = RC_OK;
    if (mkdir(target, 0777) != 0 && errno != EEXIST) res = io_fault(cx, s, target);
    if (res == RC_OK) res = save_groups(cx, s);
    for (int i = 0; i < s->groups.n; i++) {
        if (res != RC_OK && s->made[i]) unlink(s->made[i]);
        mem_free(s->made[i]);
    }
    mem_free(s->made);
    strbuf_release(&root);
    return res;
}

/* ---- the keys ---- */
static rc find_key(struct ctx *cx, const struct saving *s, struct str name, struct span span,
                   int *out)
{
    *out = schema_find(s->t->schema, name);
    if (*out < 0)
        return fail(cx, E201, span, "partition: there is no column `%.*s`", STR_FMT(name));
    enum kind k = s->t->schema->fields[*out].type.kind;
    if (k == KIND_LIST || k == KIND_STRUCT)
        return fail(cx, E209, span, "partition: `%.*s` is a %s, which makes no folder name",
                    STR_FMT(name), kind_name(k));
    return RC_OK;
}

static rc take_keys(struct ctx *cx, struct saving *s, const struct io_option *o)
{
    const struct table *t = s->t;
    bool one = !o->value.is_null && o->value.type.kind == KIND_STR;
    bool many = !o->value.is_null && o->value.type.kind == KIND_LIST && o->value.u.list->n > 0 &&
                o->value.u.list->type.kind == KIND_STR && o->value.u.list->n_null == 0;
    if (!one && !many)
        return fail(cx, E209, o->span, "partition: takes columns, e.g. partition: [month]");
    s->n_keys = one ? 1 : (int)o->value.u.list->n;
    s->keys = ARENA_ARRAY(cx->arena, int, s->n_keys);
    for (int k = 0; k < s->n_keys; k++) {
        struct str name = one ? o->value.u.s : column_scalar(o->value.u.list, k).u.s;
        TRY(find_key(cx, s, name, o->span, &s->keys[k]));
    }
    int n = 0;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, t->schema->n + 1);
    s->rest = ARENA_ARRAY(cx->arena, int, t->schema->n + 1);
    for (int i = 0; i < t->schema->n; i++) {
        bool is_key = false;
        for (int k = 0; k < s->n_keys; k++)
            is_key = is_key || s->keys[k] == i;
        if (is_key) continue;
        fields[n] = t->schema->fields[i];
        s->rest[n++] = i;
    }
    if (n == 0)
        return fail(cx, E209, o->span, "partition: leaves no column for the files themselves");
    return schema_new(cx, fields, n, o->span, &s->schema);
}

static rc group_rows(struct ctx *cx, struct saving *s)
{
    s->groups.of = mem_zero(sizeof *s->groups.of * (size_t)(s->t->n_rows + 1));
    for (int k = 0; k < s->n_keys; k++)
        TRY(add_key(cx, &s->groups, s->t->cols[s->keys[k]]));
    if (s->groups.n > FOLDERS_MAX)
        return fail(cx, E309, s->span, "that would be %d folders, the limit is %d", s->groups.n,
                    FOLDERS_MAX);
    order_rows(&s->groups, s->t->n_rows);
    return RC_OK;
}

/* Options of the format: all but partition, append, format. */
static void take_options(struct ctx *cx, struct saving *s, const struct io_option *opts, int n_opts)
{
    struct io_option *own = ARENA_ARRAY(cx->arena, struct io_option, n_opts + 1);
    for (int i = 0; i < n_opts; i++) {
        const char *name = opts[i].name;
        if (strcmp(name, "append") == 0)
            s->append = !opts[i].value.is_null && opts[i].value.u.b;
        else if (strcmp(name, "partition") != 0 && strcmp(name, "format") != 0)
            own[s->n_opts++] = opts[i];
    }
    s->opts = own;
}

rc io_save_folders(struct ctx *cx, const struct table *t, const char *path,
                   const struct io_format *format, const struct io_option *opts, int n_opts,
                   struct span span)
{
    struct saving s = {.t = t, .format = format, .span = span};
    size_t n = strlen(path);
    enum rc_t res = RC_ERR;
    while (n > 1 && path[n - 1] == '/')
        n--;
    char *target = mem_strndup(path, n);
    size_t ext = strcspn(format->extensions, " ");
    s.ext = arena_strndup(cx->arena, format->extensions, ext);
    take_options(cx, &s, opts, n_opts);
    TRY_OUT(io_options_check(cx, format, format->write_options, "save", s.opts, s.n_opts));
    TRY_OUT(take_keys(cx, &s, io_option_get(opts, n_opts, "partition")));
    TRY_OUT(group_rows(cx, &s));
    res = s.append ? save_more(cx, &s, target) : save_new(cx, &s, target);
out:
    groups_release(&s.groups);
    if (s.schema) schema_unref(s.schema);
    mem_free(target);
    return res;
}

/* set.c: many files as one scan: opened in parallel, columns matched by name, types widened over
 * all of them, small files read several to a partition. Reading: set_read.c. */
#include "runtime/io/set_int.h"

#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#define BIG_FILE   ((int64_t)32 << 20) /* bytes: opened one by one, each with all threads */
#define PART_BYTES ((int64_t)1 << 20)  /* small files of one partition */
#define SHOWN      3                   /* warnings of single files */

static struct io_set *set_of(const struct io_scan *s)
{
    return (struct io_set *)(uintptr_t)s;
}

/* ---- opening the files ---- */
struct opening {
    struct io_set *set;
    const int *todo;
};

static enum rc_t open_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct opening *o = arg;
    struct io_set *s = o->set;
    const struct io_format *f = s->spec.format;
    int i = o->todo[task];
    (void)worker;
    TRY(f->open(cx, s->spec.files.paths[i], s->spec.opts, s->spec.n_opts, s->spec.span,
                &s->files[i].scan));
    if (f->rest && s->spec.files.n >= IO_SET_REST) f->rest(s->files[i].scan);
    return RC_OK;
}

static rc open_all(struct ctx *cx, struct io_set *s, const int64_t *sizes)
{
    int n = 0, *todo = ARENA_ARRAY(s->arena, int, s->spec.files.n + 1);
    struct opening o = {s, todo};
    const struct notify *notify = cx->notify;
    struct notify quiet = notify ? *notify : (struct notify){0};
    enum rc_t res = RC_OK;
    for (int i = 0; i < s->spec.files.n; i++)
        if (sizes[i] < BIG_FILE) todo[n++] = i;
    TRY(pool_run(cx, n, open_task, &o));
    quiet.warn = NULL; /* told when the set has been read */
    cx->notify = notify ? &quiet : NULL;
    for (int i = 0; i < s->spec.files.n && res == RC_OK; i++) {
        if (sizes[i] < BIG_FILE) continue;
        todo[0] = i;
        res = open_task(cx, &o, 0, 0);
    }
    cx->notify = notify;
    return res;
}

/* ---- columns ---- */
struct uni_col {
    const char *name;
    struct dtype type;
    bool is_null; /* no file that has it holds a value */
    int owner;    /* the file that gave it its type */
    int n_having;
};
struct uni { /* columns of all files by name */
    struct io_set *set;
    struct uni_col *cols;
    int n, cap;
    int32_t *slots; /* column + 1, 0 = free */
    uint32_t mask;
};

static int32_t *slot_of(const struct uni *u, const char *name)
{
    uint32_t i = (uint32_t)hash_bytes(name, strlen(name)) & u->mask;
    while (u->slots[i] && strcmp(u->cols[u->slots[i] - 1].name, name) != 0)
        i = (i + 1) & u->mask;
    return &u->slots[i];
}

static void uni_grow(struct uni *u)
{
    u->cap = u->cap ? u->cap * 2 : 64;
    u->cols = mem_realloc(u->cols, sizeof *u->cols * (size_t)u->cap);
    mem_free(u->slots);
    u->mask = (uint32_t)u->cap * 4 - 1;
    u->slots = mem_zero(sizeof *u->slots * ((size_t)u->mask + 1));
    for (int i = 0; i < u->n; i++)
        *slot_of(u, u->cols[i].name) = i + 1;
}

static int uni_column(struct uni *u, const char *name)
{
    if (u->n == u->cap) uni_grow(u);
    int32_t *slot = slot_of(u, name);
    if (*slot) return *slot - 1;
    u->cols[u->n] = (struct uni_col){.name = name, .owner = -1, .is_null = true};
    *slot = ++u->n;
    return u->n - 1;
}

static bool is_key(const struct io_set *s, const char *name)
{
    for (int i = 0; i < s->keys.n; i++)
        if (strcmp(s->keys.names[i], name) == 0) return true;
    return false;
}

static bool is_all_null(const struct io_format *f, const struct io_scan *s, int col)
{
    return f->all_null && f->all_null(s, col);
}

/* The type that holds both; false when there is none. Text formats can read anything as text. */
static bool widen(struct dtype *a, struct dtype b, bool can_be_text)
{
    if (dtype_eq(*a, b)) return true;
    if (dtype_is_number(*a) && dtype_is_number(b)) {
        *a = DTYPE(KIND_NUM);
        return true;
    }
    bool days = (a->kind == KIND_DATE && b.kind == KIND_DATETIME && !b.zone) ||
                (b.kind == KIND_DATE && a->kind == KIND_DATETIME && !a->zone);
    if (days) {
        *a = DTYPE(KIND_DATETIME);
        return true;
    }
    bool text = (a->kind == KIND_STR && b.kind == KIND_CAT) ||
                (a->kind == KIND_CAT && b.kind == KIND_STR) ||
                (a->kind == KIND_CAT && b.kind == KIND_CAT);
    if (can_be_text || text) *a = DTYPE(KIND_STR);
    return can_be_text || text;
}

static rc differ(struct ctx *cx, const struct io_set *s, const struct uni_col *c, int file,
                 struct dtype type)
{
    char one[64], other[64];
    fail(cx, E320, s->spec.span, "`%s` is %s in `%s` and %s in `%s`", c->name,
         dtype_text(c->type, one, sizeof one), s->spec.files.paths[c->owner],
         dtype_text(type, other, sizeof other), s->spec.files.paths[file]);
    return err_note(cx, "read the files apart, cast, and stack them with `union`");
}

static rc add_file(struct ctx *cx, struct uni *u, int file)
{
    struct io_set *s = u->set;
    const struct io_format *f = s->spec.format;
    const struct schema *own = io_head(s->files[file].scan)->schema;
    for (int i = 0; i < own->n; i++) {
        if (is_key(s, own->fields[i].name)) continue; /* the folder says it */
        struct uni_col *c = &u->cols[uni_column(u, own->fields[i].name)];
        bool null = is_all_null(f, s->files[file].scan, i);
        c->n_having++;
        if (c->owner < 0 || (c->is_null && !null)) {
            c->type = own->fields[i].type;
            c->owner = file;
            c->is_null = null;
        } else if (!null && !widen(&c->type, own->fields[i].type, f->retype != NULL)) {
            return differ(cx, s, c, file, own->fields[i].type);
        }
    }
    return RC_OK;
}

/* Where each column of the set stands in a file; files of the same columns share the list. */
static const int *places(const struct uni *u, int file)
{
    const struct io_set *s = u->set;
    const struct schema *own = io_head(s->files[file].scan)->schema;
    const int *last = file ? s->files[file - 1].at : NULL;
    int *at = mem_alloc(sizeof *at * (size_t)(u->n + 1));
    for (int c = 0; c < u->n; c++)
        at[c] = -1;
    for (int i = 0; i < own->n; i++)
        if (!is_key(s, own->fields[i].name)) at[*slot_of(u, own->fields[i].name) - 1] = i;
    const int *out = last && memcmp(last, at, sizeof *at * (size_t)u->n) == 0
                         ? last
                         : arena_copy(s->arena, at, sizeof *at * (size_t)u->n);
    mem_free(at);
    return out;
}

/* Files read as wider types from now on, where the format can. */
static void retype(const struct uni *u, int file)
{
    const struct io_set *s = u->set;
    const struct io_format *f = s->spec.format;
    for (int c = 0; c < u->n && f->retype; c++) {
        int at = s->files[file].at[c];
        if (at >= 0 &&
            !dtype_eq(io_head(s->files[file].scan)->schema->fields[at].type, u->cols[c].type))
            f->retype(s->files[file].scan, at, u->cols[c].type);
    }
}

static rc check_types_option(struct ctx *cx, const struct uni *u)
{
    const struct io_set *s = u->set;
    const struct io_option *o = io_option_get(s->spec.opts, s->spec.n_opts, "types");
    if (!o || o->value.is_null || o->value.type.kind != KIND_STRUCT) return RC_OK;
    const struct schema *names = o->value.u.row->schema;
    for (int i = 0; i < names->n; i++) {
        const char *name = names->fields[i].name;
        if (!*slot_of(u, name) && !is_key(s, name))
            return fail(cx, E201, o->span, "types: names `%s`, which is no column of `%s`", name,
                        s->head.label);
    }
    return RC_OK;
}

static rc make_schema(struct ctx *cx, struct io_set *s, const struct uni *u)
{
    int n = 0;
    struct field *fields = ARENA_ARRAY(s->arena, struct field, u->n + s->keys.n + 1);
    for (int c = 0; c < u->n; c++)
        fields[n++] = (struct field){u->cols[c].name, u->cols[c].type};
    for (int k = 0; k < s->keys.n; k++)
        fields[n++] = (struct field){s->keys.names[k], s->keys.types[k]};
    if (s->spec.source_name) fields[n++] = (struct field){s->spec.source_name, DTYPE(KIND_STR)};
    return schema_new(cx, fields, n, s->spec.span, &s->head.schema);
}

static rc make_absent(struct ctx *cx, struct io_set *s, const struct uni *u)
{
    s->absent = ARENA_ARRAY(s->arena, const struct column *, u->n + 1);
    for (int c = 0; c < u->n; c++) {
        struct column *nulls;
        if (u->cols[c].n_having == s->spec.files.n) continue;
        s->n_lacking++;
        TRY(column_nulls(cx, u->cols[c].type, BATCH_ROWS, &nulls));
        s->absent[c] = nulls;
    }
    return RC_OK;
}

static rc match_columns(struct ctx *cx, struct io_set *s)
{
    struct uni u = {.set = s};
    enum rc_t res = RC_ERR;
    uni_grow(&u);
    for (int i = 0; i < s->spec.files.n; i++)
        TRY_OUT(add_file(cx, &u, i));
    s->n_file_cols = u.n;
    for (int i = 0; i < s->spec.files.n; i++) {
        s->files[i].at = places(&u, i);
        retype(&u, i);
    }
    TRY_OUT(check_types_option(cx, &u));
    TRY_OUT(make_schema(cx, s, &u));
    TRY_OUT(make_absent(cx, s, &u));
    res = RC_OK;
out:
    mem_free(u.cols);
    mem_free(u.slots);
    return res;
}

/* ---- partitions ---- */
static bool same_keys(const struct io_set *s, int a, int b)
{
    for (int k = 0; k < s->keys.n; k++)
        if (scalar_cmp(&s->keys.values[a * s->keys.n + k], &s->keys.values[b * s->keys.n + k]) != 0)
            return false;
    return true;
}

static rc make_parts(struct ctx *cx, struct io_set *s)
{
    int64_t most = 1, rows = 0, bytes = 0;
    struct io_set_part *last = NULL;
    for (int i = 0; i < s->spec.files.n; i++)
        most += io_head(s->files[i].scan)->n_partitions;
    if (most > INT32_MAX) return fail(cx, E309, s->spec.span, "`%s` is too large", s->head.label);
    s->parts = arena_alloc(s->arena, sizeof *s->parts * (size_t)most);
    for (int i = 0; i < s->spec.files.n; i++) {
        const struct io_scan_head *h = io_head(s->files[i].scan);
        s->files[i].rows_before = rows;
        rows = rows < 0 || h->n_rows < 0 ? -1 : rows + h->n_rows;
        s->head.n_bytes = s->head.n_bytes < 0 || h->n_bytes < 0 ? -1 : s->head.n_bytes + h->n_bytes;
        bool is_small = h->n_partitions == 1 && h->n_bytes >= 0 && h->n_bytes < PART_BYTES;
        if (is_small && last && bytes + h->n_bytes <= PART_BYTES && same_keys(s, last->file, i)) {
            last->n_files++;
            bytes += h->n_bytes;
            continue;
        }
        for (int k = 0; k < h->n_partitions; k++)
            s->parts[s->head.n_partitions++] = (struct io_set_part){i, 1, k};
        last = is_small ? &s->parts[s->head.n_partitions - 1] : NULL;
        bytes = h->n_bytes;
    }
    s->head.n_rows = rows;
    return RC_OK;
}

static rc make_origins(struct ctx *cx, struct io_set *s)
{
    struct builder b;
    struct column *out;
    const struct io_files *f = &s->spec.files;
    if (!s->spec.source_name) return RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = RC_OK;
    for (int i = 0; i < f->n && res == RC_OK; i++) {
        struct str path = str_of(f->paths[i]);
        size_t cut = s->spec.cut < path.n ? s->spec.cut : 0;
        res = builder_str(cx, &b, (struct str){path.p + cut, path.n - cut});
    }
    if (res == RC_OK) res = builder_finish(cx, &b, &out);
    builder_release(&b);
    if (res == RC_OK) s->origins = out;
    return res;
}

/* ---- the contract ---- */
static void set_close(struct io_scan *scan)
{
    struct io_set *s = set_of(scan);
    for (int i = 0; i < s->spec.files.n; i++)
        io_unref(s->files[i].scan);
    for (int c = 0; s->absent && c < s->n_file_cols; c++)
        column_unref(s->absent[c]);
    column_unref(s->origins);
    io_keys_release(&s->keys);
    io_files_release(&s->spec.files);
    if (s->head.schema) schema_unref(s->head.schema);
    arena_free(s->arena);
    mem_free(s);
}

static bool set_is_stale(const struct io_scan *scan)
{
    const struct io_set *s = set_of(scan);
    const struct io_format *f = s->spec.format;
    struct error err = {0};
    struct ctx cx = {.err = &err};
    struct io_files now = {0};
    bool stale = false;
    for (int i = 0; i < s->spec.n_asked && !stale; i++)
        stale = io_expand(&cx, s->spec.asked[i], s->spec.any_format, NO_SPAN, &now) != RC_OK;
    io_files_drop_empty(&now);
    stale = stale || now.n != s->spec.files.n;
    for (int i = 0; i < now.n && !stale; i++)
        stale = strcmp(now.paths[i], s->spec.files.paths[i]) != 0;
    io_files_release(&now);
    for (int i = 0; i < s->spec.files.n && !stale && f->is_stale; i++)
        stale = f->is_stale(s->files[i].scan);
    return stale;
}

struct filter_warn { /* the first few warnings of single files pass */
    const struct notify *outer;
    int n;
};

static void pass_few(void *self, const struct error *w)
{
    struct filter_warn *f = self;
    if (f->n++ < SHOWN) f->outer->warn(f->outer->self, w);
}

static void tell_lacking(struct ctx *cx, const struct io_set *s)
{
    struct strbuf names = {0};
    int shown = 0;
    for (int c = 0; c < s->n_file_cols && shown < 5; c++)
        if (s->absent[c])
            strbuf_printf(&names, "%s`%s`", shown++ ? ", " : "", s->head.schema->fields[c].name);
    warn(cx, W307, s->spec.span, "not every file of `%s` has %s%s: null there", s->head.label,
         names.p, s->n_lacking > shown ? " .." : "");
    strbuf_release(&names);
}

static enum rc_t set_done(struct ctx *cx, struct io_scan *scan)
{
    struct io_set *s = set_of(scan);
    const struct notify *outer = cx->notify;
    enum rc_t res = RC_OK;
    if (!outer || !outer->warn || atomic_exchange(&s->is_reported, true)) return RC_OK;
    if (s->n_lacking) tell_lacking(cx, s);
    if (!s->spec.format->done) return RC_OK;
    struct filter_warn few = {outer, 0};
    struct notify mine = {.self = &few, .warn = pass_few};
    cx->notify = &mine;
    for (int i = 0; i < s->spec.files.n && res == RC_OK; i++)
        res = s->spec.format->done(cx, s->files[i].scan);
    cx->notify = outer;
    if (few.n > SHOWN)
        warn(cx, W306, s->spec.span, "and %d more warnings about files of `%s`", few.n - SHOWN,
             s->head.label);
    return res;
}

static const struct io_option_desc no_options[] = {{NULL, KIND_NULL, NULL}};
static const struct io_format io_set_format = {
    .name = "files",
    .extensions = "",
    .doc = "Many files as one.",
    .read_options = no_options,
    .close = set_close,
    .read = io_set_read,
    .skip = io_set_skip,
    .done = set_done,
    .is_stale = set_is_stale,
};

static rc open_set(struct ctx *cx, struct io_set *s, const int64_t *sizes)
{
    const struct io_option *types = io_option_get(s->spec.opts, s->spec.n_opts, "types");
    if (types && (types->value.is_null || types->value.type.kind != KIND_STRUCT)) types = NULL;
    TRY(io_keys_find(cx, s->arena, &s->spec.files, types, s->spec.span, &s->keys));
    TRY(open_all(cx, s, sizes));
    TRY(match_columns(cx, s));
    TRY(make_parts(cx, s));
    return make_origins(cx, s);
}

rc io_set_open(struct ctx *cx, struct io_set_spec *take_spec, const int64_t *sizes,
               struct io_scan **out)
{
    struct io_set *s = mem_zero(sizeof *s);
    struct arena *a = arena_new();
    const struct io_set_spec *spec = take_spec;
    s->arena = a;
    s->spec = *spec;
    take_spec->files = (struct io_files){0};
    const char **asked = ARENA_ARRAY(a, const char *, spec->n_asked + 1);
    for (int i = 0; i < spec->n_asked; i++)
        asked[i] = arena_strndup(a, spec->asked[i], strlen(spec->asked[i]));
    s->spec.asked = asked;
    s->spec.source_name =
        spec->source_name ? arena_strndup(a, spec->source_name, strlen(spec->source_name)) : NULL;
    s->head.format = &io_set_format;
    s->head.label = arena_strndup(a, spec->label, strlen(spec->label));
    atomic_init(&s->head.refs, 1);
    s->files = ARENA_ARRAY(a, struct io_set_file, s->spec.files.n + 1);
    enum rc_t res = open_set(cx, s, sizes);
    s->spec.opts = NULL; /* the caller's */
    s->spec.n_opts = 0;
    if (res == RC_OK)
        *out = (struct io_scan *)s;
    else
        set_close((struct io_scan *)s);
    return res;
}

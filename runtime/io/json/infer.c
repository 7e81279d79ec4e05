/* infer.c: opening: where records stand, cut into blocks by the bytes alone, and what they hold.
 * JSON Lines are cut at line breaks (a text holds none) and looked at in parallel; anything else is
 * walked once in memory to find where its records begin. */
#include "runtime/io/json/json_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/pool.h"

#define HEAD 65536

rc json_load(struct ctx *cx, const struct json_scan *s, int64_t from, int64_t to, char **out)
{
    size_t n = (size_t)(to - from), got = 0;
    void *p;
    TRY(mem_big(cx, n + 64, &p));
    if (io_source_read(cx, s->src, from, p, n, &got) != RC_OK || got != n) {
        mem_big_free(p);
        if (got == n) return RC_ERR;
        return fail(cx, E302, s->span, "`%s` has changed while it was read", s->head.label);
    }
    memset((char *)p + n, 0, 64);
    *out = p;
    return RC_OK;
}

/* Line of a byte, from 1. */
static int64_t line_of(struct ctx *cx, const struct json_scan *s, int64_t at, int64_t *column)
{
    char buf[HEAD];
    int64_t line = 1, start = 0;
    for (int64_t from = 0; from < at;) {
        size_t got = 0, want = at - from < HEAD ? (size_t)(at - from) : HEAD;
        if (io_source_read(cx, s->src, from, buf, want, &got) != RC_OK || !got) return 0;
        for (size_t i = 0; i < got; i++)
            if (buf[i] == '\n') {
                line++;
                start = from + (int64_t)i + 1;
            }
        from += (int64_t)got;
    }
    *column = at - start + 1;
    return line;
}

rc json_fail(struct ctx *cx, const struct json_scan *s, int64_t at, const char *what)
{
    int64_t column = 0, line = line_of(cx, s, at, &column);
    return fail(cx, E330, s->span, "`%s` is not JSON in line %lld, column %lld: %s", s->head.label,
                (long long)line, (long long)column, what);
}

/* ---- records in memory ---- */
struct walk {
    struct json_scan *s;
    const char *text;
    struct json_cur c;
    int64_t cap;
};

static void add_block(struct walk *w, int64_t from)
{
    struct json_scan *s = w->s;
    if (s->n_blocks == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        struct json_block *b = ARENA_ARRAY(s->arena, struct json_block, w->cap);
        if (s->n_blocks) memcpy(b, s->blocks, sizeof *b * (size_t)s->n_blocks);
        s->blocks = b;
    }
    s->blocks[s->n_blocks++] = (struct json_block){.from = from};
}

static rc walk_fail(struct ctx *cx, const struct walk *w)
{
    return json_fail(cx, w->s, w->c.p - w->text, w->c.fault ? w->c.fault : "a value is expected");
}

/* Records from c.p on, up to `]` in an array, else to the end. */
static rc walk_records(struct ctx *cx, struct walk *w)
{
    struct json_scan *s = w->s;
    struct json_cur *c = &w->c;
    for (int64_t n = 0;; n++) {
        json_space(c);
        bool is_end = s->is_array ? c->p < c->end && *c->p == ']' : c->p >= c->end;
        if (is_end && n == 0) break;
        if (is_end && s->is_array) return json_fail(cx, s, c->p - w->text, "a value is expected");
        if (is_end) break;
        int64_t at = c->p - w->text;
        if (n == 0 || at - s->blocks[s->n_blocks - 1].from >= JSON_BLOCK) {
            if (n) s->blocks[s->n_blocks - 1].to = at;
            add_block(w, at);
            TRY(check_cancel(cx));
        }
        if (!json_skip(c)) return walk_fail(cx, w);
        s->blocks[s->n_blocks - 1].to = c->p - w->text;
        if (!s->is_array) continue;
        json_space(c);
        if (c->p < c->end && *c->p == ']') break;
        if (c->p >= c->end || *c->p != ',')
            return json_fail(cx, s, c->p - w->text, "`,` or `]` is expected here");
        c->p++;
    }
    if (!s->is_array) return RC_OK;
    c->p++;
    json_space(c);
    return RC_OK;
}

/* Goes to the value of one name of the object at c.p. */
static rc go_into(struct ctx *cx, struct walk *w, struct str want)
{
    struct json_cur *c = &w->c;
    struct strbuf names = {0};
    struct str name;
    json_space(c);
    if (c->p >= c->end || *c->p != '{')
        return fail(cx, E209, w->s->span,
                    "path: \"%.*s\" asks for a name, but the value there is no "
                    "object",
                    STR_FMT(want));
    c->p++;
    for (;;) {
        json_space(c);
        if (c->p < c->end && *c->p == '}') break;
        if (c->p < c->end && *c->p == ',') c->p++;
        json_space(c);
        if (c->p >= c->end || *c->p != '"' || !json_text(c, &name)) goto bad;
        bool is_it = str_eq(name, want);
        if (names.n < 300) strbuf_printf(&names, "%s%.*s", names.n ? ", " : "", STR_FMT(name));
        json_space(c);
        if (c->p >= c->end || *c->p != ':') goto bad;
        c->p++;
        json_space(c);
        if (is_it) {
            strbuf_release(&names);
            return RC_OK;
        }
        if (!json_skip(c)) goto bad;
    }
    fail(cx, E209, w->s->span, "`%s` has no `%.*s` there", w->s->head.label, STR_FMT(want));
    err_note(cx, "it has %s", names.p ? names.p : "nothing");
    strbuf_release(&names);
    return RC_ERR;
bad:
    strbuf_release(&names);
    return walk_fail(cx, w);
}

static rc walk_path(struct ctx *cx, struct walk *w, struct str path)
{
    while (path.n) {
        const char *dot = memchr(path.p, '.', path.n);
        size_t n = dot ? (size_t)(dot - path.p) : path.n;
        TRY(go_into(cx, w, (struct str){path.p, n}));
        path.p += n + (dot != NULL);
        path.n -= n + (dot != NULL);
    }
    return RC_OK;
}

static rc walk_file(struct ctx *cx, struct json_scan *s, struct str path)
{
    char *text;
    struct strbuf scratch = {0};
    int64_t size = io_source_size(s->src);
    TRY(json_load(cx, s, 0, size, &text));
    struct walk w = {.s = s, .text = text};
    w.c = (struct json_cur){.p = text, .end = text + size, .scratch = &scratch};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) w.c.p += 3;
    enum rc_t res = walk_path(cx, &w, path);
    json_space(&w.c);
    s->is_array = res == RC_OK && w.c.p < w.c.end && *w.c.p == '[';
    if (s->is_array) w.c.p++;
    if (res == RC_OK && path.n && !s->is_array) { /* one record */
        add_block(&w, w.c.p - text);
        if (!json_skip(&w.c)) res = walk_fail(cx, &w);
        s->blocks[0].to = w.c.p - text;
    } else if (res == RC_OK) {
        res = walk_records(cx, &w);
        if (res == RC_OK && !path.n && w.c.p < w.c.end)
            res = json_fail(cx, s, w.c.p - text, "nothing is expected after the array");
    }
    strbuf_release(&scratch);
    mem_big_free(text);
    return res;
}

/* ---- lines ---- */
struct cut {
    struct json_scan *s;
    int64_t size;
};

/* First byte after a line break at or after the mark of block `task`. */
static enum rc_t cut_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct cut *cut = arg;
    char buf[4096];
    (void)worker;
    if (task == 0) return RC_OK;
    int64_t at = task * JSON_BLOCK - 1;
    for (;;) {
        size_t got = 0;
        TRY(io_source_read(cx, cut->s->src, at, buf, sizeof buf, &got));
        const char *nl = got ? memchr(buf, '\n', got) : NULL;
        if (nl || !got) {
            cut->s->blocks[task].from = nl ? at + (nl - buf) + 1 : cut->size;
            return RC_OK;
        }
        at += (int64_t)got;
        TRY(check_cancel(cx));
    }
}

static rc cut_lines(struct ctx *cx, struct json_scan *s)
{
    struct cut cut = {.s = s, .size = io_source_size(s->src)};
    s->n_blocks = (cut.size + JSON_BLOCK - 1) / JSON_BLOCK;
    s->blocks = ARENA_ARRAY(s->arena, struct json_block, s->n_blocks + 1);
    s->is_lines = true;
    TRY(pool_run(cx, s->n_blocks, cut_task, &cut));
    for (int64_t i = 0; i < s->n_blocks; i++)
        s->blocks[i].to = i + 1 < s->n_blocks ? s->blocks[i + 1].from : cut.size;
    return RC_OK;
}

/* Whether the file begins with a whole value in its first line and another line after it. */
static rc looks_like_lines(struct ctx *cx, struct json_scan *s, bool *out)
{
    char *head = mem_alloc(HEAD + 1);
    struct strbuf scratch = {0};
    size_t n = 0;
    enum rc_t res = io_source_read(cx, s->src, 0, head, HEAD, &n);
    struct json_cur c = {.p = head, .end = head + n, .scratch = &scratch};
    if (n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0) c.p += 3;
    json_space(&c);
    const char *start = c.p;
    *out =
        c.p < c.end && *c.p == '{' && json_skip(&c) && !memchr(start, '\n', (size_t)(c.p - start));
    while (*out && c.p < c.end && (*c.p == ' ' || *c.p == '\t' || *c.p == '\r'))
        c.p++;
    *out = *out && (c.p >= c.end || *c.p == '\n');
    strbuf_release(&scratch);
    mem_free(head);
    return res;
}

/* ---- what the records hold ---- */
struct look {
    struct json_scan *s;
    struct json_type *types; /* [n_blocks] */
    struct arena **arenas;   /* [n_blocks] */
    int64_t *bad;            /* [n_blocks] byte of the first mistake, -1 = none */
    const char **why;
};

bool json_next(const struct json_scan *s, struct json_cur *c, bool is_first, bool *more)
{
    json_space(c);
    *more = c->p < c->end;
    if (is_first || !s->is_array) return true;
    if (!*more) return true;
    if (*c->p != ',') {
        c->fault = "`,` is expected here";
        return false;
    }
    c->p++;
    json_space(c);
    *more = c->p < c->end;
    return true;
}

/* A line holds one value: between records of lines a line break must stand. */
static bool line_ends(struct json_cur *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
        c->p++;
    if (c->p >= c->end || *c->p == '\n') return true;
    c->fault = "the line should end here";
    return false;
}

static bool look_records(struct look *l, struct json_cur *c, int64_t i)
{
    bool more;
    for (int64_t n = 0;; n++) {
        if (!json_next(l->s, c, n == 0, &more)) return false;
        if (!more) return true;
        if (!json_see(c, &l->types[i], l->arenas[i])) return false;
        if (l->s->is_lines && !line_ends(c)) return false;
        l->s->blocks[i].n_rows++;
    }
}

static enum rc_t look_task(struct ctx *cx, void *arg, int64_t i, int worker)
{
    struct look *l = arg;
    struct json_block *b = &l->s->blocks[i];
    struct strbuf scratch = {0};
    char *text;
    (void)worker;
    if (b->to - b->from > JSON_RECORD_MAX)
        return fail(cx, E309, l->s->span, "a record of `%s` is longer than 2 GB", l->s->head.label);
    TRY(json_load(cx, l->s, b->from, b->to, &text));
    struct json_cur c = {.p = text, .end = text + (b->to - b->from), .scratch = &scratch};
    if (b->from == 0 && b->to >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) c.p += 3;
    l->arenas[i] = arena_new();
    l->bad[i] = -1;
    if (!look_records(l, &c, i)) {
        l->bad[i] = b->from + (c.p - text);
        l->why[i] = c.fault;
    }
    strbuf_release(&scratch);
    mem_big_free(text);
    return RC_OK;
}

static rc look_all(struct ctx *cx, struct json_scan *s, bool *is_bad)
{
    int64_t n = s->n_blocks;
    struct look l = {.s = s};
    l.types = mem_zero(sizeof *l.types * (size_t)(n + 1));
    l.arenas = mem_zero(sizeof(struct arena *) * (size_t)(n + 1));
    l.bad = mem_zero(sizeof *l.bad * (size_t)(n + 1));
    l.why = mem_zero(sizeof *l.why * (size_t)(n + 1));
    enum rc_t res = pool_run(cx, n, look_task, &l);
    s->root = ARENA_NEW(s->arena, struct json_type);
    *is_bad = false;
    for (int64_t i = 0; i < n && res == RC_OK; i++) {
        *is_bad = l.bad[i] >= 0;
        if (*is_bad) res = json_fail(cx, s, l.bad[i], l.why[i]);
        if (res == RC_OK) json_merge(s->root, &l.types[i], s->arena);
    }
    for (int64_t i = 0; i < n; i++)
        arena_free(l.arenas[i]);
    mem_free(l.types);
    mem_free(l.arenas);
    mem_free(l.bad);
    mem_free(l.why);
    return res;
}

rc json_infer(struct ctx *cx, struct json_scan *s, struct str path)
{
    bool is_lines = false, is_bad;
    if (!path.n) TRY(looks_like_lines(cx, s, &is_lines));
    TRY(is_lines ? cut_lines(cx, s) : walk_file(cx, s, path));
    if (look_all(cx, s, &is_bad) != RC_OK) {
        /* Records that go over lines come one after the other as well. */
        if (!is_lines || !is_bad) return RC_ERR;
        struct error first = *cx->err;
        s->is_lines = false;
        s->n_blocks = 0;
        s->blocks = NULL;
        if (walk_file(cx, s, path) != RC_OK || look_all(cx, s, &is_bad) != RC_OK) {
            if (cx->err->code == E330) *cx->err = first;
            return RC_ERR;
        }
        err_clear(cx->err);
    }
    s->head.n_rows = 0;
    for (int64_t i = 0; i < s->n_blocks; i++) {
        s->blocks[i].rows_before = s->head.n_rows;
        s->head.n_rows += s->blocks[i].n_rows;
    }
    return RC_OK;
}

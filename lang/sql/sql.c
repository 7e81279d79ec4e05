/* sql.c: from a text to the value of its last statement, and the cell that holds one. */
#include "lang/sql/sql_int.h"

static void drop_plan(void *arg)
{
    plan_unref(arg);
}
struct plan *sql_own(struct sql *s, struct plan *take_p)
{
    arena_on_free(s->arena, drop_plan, take_p);
    return take_p;
}

/* ---- tables ---- */
static rc file_table(struct sql *s, const struct sql_file *f, struct plan **out)
{
    struct lang *lg = s->lg;
    struct ast text = {.op = AST_STR, .span = sql_span_old(s, f->from, f->to), .text = f->path};
    const struct ast *kids[1] = {&text};
    struct ast call = {
        .op = AST_CALL, .span = text.span, .text = STR("read"), .kids = kids, .n_kids = 1};
    struct value *path = value_str(f->path), *v;
    struct str names[1] = {{NULL, 0}};
    enum rc_t res = builtin_find(STR("read"))->call(lg, s->scope, &call, &path, names, 1, &v);
    value_unref(path);
    TRY(res);
    *out = sql_own(s, plan_ref(v->plan));
    value_unref(v);
    return RC_OK;
}
static rc unknown_table(struct sql *s, const char *name, struct span span)
{
    struct str *names;
    const struct value *v = scope_get(s->scope, str_of(name));
    char buf[96];
    if (v)
        return fail(s->cx, E211, span, "`%s` is %s, no frame", name,
                    value_phrase(v, buf, sizeof buf));
    int n = scope_names(s->scope, s->arena, &names), n_frames = 0;
    for (int i = 0; i < n; i++)
        if (scope_peek(s->scope, names[i])->kind == VALUE_FRAME) names[n_frames++] = names[i];
    struct str near = nearest(str_of(name), names, n_frames);
    (void)fail(s->cx, E202, span, "there is no frame `%s`", name);
    if (near.n) return hint_replace(s->lg, span, "%.*s", STR_FMT(near));
    if (strchr(name, '.') || strchr(name, '/'))
        return err_note(s->cx, "a file stands in single quotes: from '%s'", name);
    return err_note(s->cx, "tables are the session's frames, or files in single quotes");
}
const struct value *sql_find_frame(struct sql *s, const char *name, bool is_quoted,
                                   const char **own)
{
    struct str *names;
    const struct value *v = scope_get(s->scope, str_of(name)), *fits = NULL;
    *own = name;
    if ((v && v->kind == VALUE_FRAME) || is_quoted) return v && v->kind == VALUE_FRAME ? v : NULL;
    int n = scope_names(s->scope, s->arena, &names), n_fits = 0;
    for (int i = 0; i < n; i++) {
        const struct value *w = scope_peek(s->scope, names[i]);
        if (w->kind != VALUE_FRAME || !str_eq_nocase(names[i], str_of(name))) continue;
        fits = w;
        n_fits++;
        *own = arena_strndup(s->arena, names[i].p, names[i].n);
    }
    if (n_fits == 1) (void)scope_get(s->scope, str_of(*own)); /* this is a use */
    return n_fits == 1 ? fits : NULL;
}
rc sql_table(struct sql *s, const json_t *rv, struct plan **out, const char **label)
{
    bool is_quoted;
    const char *name = sql_text_of(rv, "relname"), *own, *schema = sql_text_of(rv, "schemaname");
    int at = (int)sql_int_of(rv, "location"), k;
    if (strncmp(name, SQL_FILE_NAME, strlen(SQL_FILE_NAME)) == 0) {
        k = 0;
        for (const char *c = name + strlen(SQL_FILE_NAME); *c && k < 1 << 20; c++)
            k = k * 10 + (*c - '0');
        if (label) *label = NULL;
        if (k >= 0 && k < s->text.n_files) return file_table(s, &s->text.files[k], out);
    }
    struct span span = sql_span(s, at);
    if (*schema)
        return fail(s->cx, E217, span, "frames have no schema: write the name alone, `%s`", name);
    name = sql_spelling(s, at, name, &is_quoted);
    const struct value *v = sql_find_frame(s, name, is_quoted, &own);
    if (!v) return unknown_table(s, name, span);
    *out = sql_own(s, plan_ref(v->plan));
    if (label) *label = own;
    return RC_OK;
}

/* ---- statements ---- */
static rc run_select(struct sql *s, const json_t *select, struct value **out)
{
    struct plan *p;
    TRY(sql_select(s, select, &p));
    *out = value_frame(p, NULL);
    return RC_OK;
}
static rc run_one(struct sql *s, const json_t *raw, struct value **out)
{
    const json_t *body;
    const char *kind = sql_kind(sql_get(raw, "stmt"), &body);
    int at = (int)sql_int_of(raw, "stmt_location");
    TRY(check_cancel(s->cx));
    if (strcmp(kind, "SelectStmt") == 0 && !sql_get(body, "intoClause"))
        return run_select(s, body, out);
    return sql_statement(s, kind, body, sql_span(s, at), out);
}
static rc run_all(struct sql *s, const json_t *stmts, struct value **out)
{
    struct value *last = NULL, *v;
    size_t n = sql_len(stmts);
    for (size_t i = 0; i < n; i++) {
        if (run_one(s, json_array_get(stmts, i), &v) != RC_OK) {
            value_unref(last);
            return RC_ERR;
        }
        bool has_status = last && last->kind == VALUE_NOTHING && last->status;
        if (has_status && !s->lg->is_dry && show_value(s->lg, last, 0, s->base) != RC_OK) {
            value_unref(last);
            value_unref(v);
            return RC_ERR;
        }
        value_unref(last);
        last = v;
    }
    if (!last) return fail(s->cx, E101, sql_span(s, -1), "there is no SQL statement here");
    *out = last;
    return RC_OK;
}
/* Where the text stands byte by byte in its source: all of `where`, or behind a string's quote. */
static bool find_exact(struct lang *lg, struct str text, struct span where, struct span *out)
{
    struct str src = sources_text(lg->sources, where.source);
    *out = where;
    if (where.source == 0 || where.to > src.n || where.from > where.to) return false;
    for (uint32_t at = where.from; at <= where.from + 4 && at + text.n <= where.to; at++)
        if (text.n == 0 || memcmp(src.p + at, text.p, text.n) == 0) {
            *out = (struct span){where.source, at, at + (uint32_t)text.n};
            return true;
        }
    return false;
}
rc sql_run(struct lang *lg, struct scope *sc, struct str text, struct span where,
           struct value **out)
{
    struct sql *s = ARENA_NEW(lg->cx.arena, struct sql);
    json_t *stmts = NULL;
    *s = (struct sql){.lg = lg, .cx = &lg->cx, .arena = lg->cx.arena, .scope = sc};
    s->is_exact = find_exact(lg, text, where, &s->base);
    s->text.old = arena_str(s->arena, text);
    if (text.n > (16u << 20))
        return fail(s->cx, E217, s->base, "a query of more than 16 MB is not read");
    TRY(sql_rewrite(s));
    TRY(sql_parse(s, &stmts));
    enum rc_t res = run_all(s, stmts, out);
    json_decref(stmts);
    return res;
}

/* ---- cells ---- */
/* `as: name` of the marker's line; other options are the notebook's. */
static bool marker_name(struct str line, struct str *out)
{
    for (size_t i = 5; i + 3 <= line.n; i++) {
        bool starts = line.p[i - 1] == ' ' || line.p[i - 1] == ',';
        if (!starts || memcmp(line.p + i, "as:", 3) != 0) continue;
        struct str rest = str_trim((struct str){line.p + i + 3, line.n - i - 3});
        size_t n = 0;
        if (rest.n && (rest.p[0] == '`' || rest.p[0] == '"')) {
            const char *end = memchr(rest.p + 1, rest.p[0], rest.n - 1);
            *out = (struct str){rest.p + 1, end ? (size_t)(end - rest.p - 1) : 0};
            return out->n > 0;
        }
        while (n < rest.n && rest.p[n] != ',' && rest.p[n] != ' ' && rest.p[n] != '\r')
            n++;
        *out = (struct str){rest.p, n};
        return n > 0;
    }
    return false;
}
static rc finish_cell(struct lang *lg, struct str as, struct span span, struct value *take_v)
{
    enum rc_t res = RC_OK;
    if (as.n && take_v->kind != VALUE_FRAME) {
        res = fail(&lg->cx, E211, span, "this cell gives no rows to call `%.*s`", STR_FMT(as));
    } else if (as.n) {
        char *label = arena_strndup(lg->cx.arena, as.p, as.n);
        scope_set(lg->globals, as, value_frame(take_v->plan, label));
    } else if (!lg->is_dry) {
        res = show_value(lg, take_v, 0, span);
    }
    if (res == RC_OK && take_v->kind != VALUE_NOTHING) {
        value_unref(lg->recent);
        lg->recent = value_ref(take_v);
        if (!as.n) {
            value_unref(lg->last);
            lg->last = value_ref(take_v);
        }
    }
    value_unref(take_v);
    return res;
}
static rc run_body(struct lang *lg, struct str as, struct span marker, uint32_t source,
                   struct str body, uint32_t from)
{
    struct arena *outer = lg->cx.arena;
    struct value *v;
    struct span where = {source, from, from + (uint32_t)body.n};
    lg->cx.arena = arena_new();
    lg->now_us = INT64_MIN;
    lg->is_last_statement = true;
    enum rc_t res = sql_run(lg, lg->globals, body, where, &v);
    if (res == RC_OK) res = finish_cell(lg, as, marker, v);
    lg->is_last_statement = false;
    arena_free(lg->cx.arena);
    lg->cx.arena = outer;
    if (res == RC_OK && lg->opts.host && lg->opts.host->statement && !lg->is_dry)
        lg->opts.host->statement(lg->opts.host->self);
    return res;
}
rc sql_cell(struct lang *lg, const char *text, size_t n, const char *label, int first_line)
{
    uint32_t source = sources_add(lg->sources, label, text, n, first_line);
    struct str kept = sources_text(lg->sources, source), as = {NULL, 0};
    const char *end = memchr(kept.p, '\n', kept.n);
    size_t head = end ? (size_t)(end - kept.p) : kept.n, skip = end ? head + 1 : head;
    struct str body = {kept.p + skip, kept.n - skip};
    struct span marker = {source, 0, (uint32_t)head};
    if (!marker_name((struct str){kept.p, head}, &as)) as = (struct str){NULL, 0};
    return run_body(lg, as, marker, source, body, (uint32_t)skip);
}
rc sql_cell_body(struct lang *lg, struct str marker, struct str body, const char *label,
                 int first_line, const char *folder)
{
    struct str as = {NULL, 0};
    struct program place = {.folder = folder}, *outer = lg->program;
    uint32_t source = sources_add(lg->sources, label, body.p, body.n, first_line);
    if (!marker_name(marker, &as)) as = (struct str){"", 0};
    as = arena_str(lg->cx.arena, as);
    lg->program = &place;
    enum rc_t res = run_body(lg, as, (struct span){source, 0, 0}, source, body, 0);
    lg->program = outer;
    return res;
}

/* snapshot.c: variables held for another thread, and sessions that only bind. */
#include "lang/assist/assist_int.h"

#include "lang/interp_int.h"

#include "lang/interp_int.h"

static struct str *copy_names(struct arena *a, const struct str *names, int n)
{
    struct str *copy = ARENA_ARRAY(a, struct str, n + 1);
    for (int i = 0; i < n; i++)
        copy[i] = arena_str(a, names[i]);
    return copy;
}

/* On the session's thread, which alone may look at what a plan keeps. */
static struct table *rows_in_memory(const struct value *v)
{
    if (v->kind != VALUE_FRAME) return NULL;
    if (v->plan->kept) return table_ref(v->plan->kept);
    return v->plan->op == PLAN_TABLE ? table_ref(v->plan->u.table.table) : NULL;
}

const struct table *snapshot_table(const struct lang_snapshot *s, struct str name)
{
    for (int i = 0; i < s->n; i++)
        if (str_eq(s->names[i], name)) return s->tables[i];
    return NULL;
}

struct lang_snapshot *lang_snapshot(struct lang *lg)
{
    struct lang_snapshot *s = mem_zero(sizeof *s);
    struct arena *a = s->arena = arena_new();
    struct str *names;
    atomic_init(&s->refs, 1);
    s->folder = lg->folder ? arena_strndup(a, lg->folder, strlen(lg->folder)) : NULL;
    s->width = lg->opts.width;
    s->seed = lg->seed;
    s->scans = scan_list_copy(lg->scans);
    s->n = scope_names(lg->globals, a, &names);
    s->names = copy_names(a, names, s->n);
    s->values = ARENA_ARRAY(a, struct value *, s->n + 1);
    s->tables = ARENA_ARRAY(a, struct table *, s->n + 1);
    for (int i = 0; i < s->n; i++) {
        s->values[i] = value_ref(scope_peek(lg->globals, names[i]));
        s->tables[i] = rows_in_memory(s->values[i]);
    }
    s->n_fns = scope_fn_names(lg->globals, a, &names);
    s->fn_names = copy_names(a, names, s->n_fns);
    s->fns = ARENA_ARRAY(a, struct value *, s->n_fns + 1);
    for (int i = 0; i < s->n_fns; i++)
        s->fns[i] = value_ref(scope_peek_fn(lg->globals, names[i]));
    return s;
}

struct lang_snapshot *lang_snapshot_ref(struct lang_snapshot *s)
{
    if (s) atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void lang_snapshot_unref(struct lang_snapshot *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    for (int i = 0; i < s->n; i++) {
        value_unref(s->values[i]);
        table_unref(s->tables[i]);
    }
    for (int i = 0; i < s->n_fns; i++)
        value_unref(s->fns[i]);
    scan_list_free(s->scans);
    arena_free(s->arena);
    mem_free(s);
}

/* ---- dry sessions ---- */

void dry_begin(struct dry *d, const struct lang_snapshot *s)
{
    memset(d, 0, sizeof *d);
    struct lang *lg = &d->lg;
    lg->is_dry = true;
    lg->opts.width = s->width > 0 ? s->width : 80;
    lg->folder = (char *)(uintptr_t)s->folder; /* only read */
    lg->opts.folder = s->folder;
    lg->cx = (struct ctx){.err = &lg->err, .arena = arena_new()};
    lg->sources = sources_new();
    lg->globals = scope_new(NULL);
    lg->scope = lg->globals;
    lg->seed = lg->cx.seed = s->seed;
    lg->now_us = INT64_MIN;
    lg->scans = scan_list_copy(s->scans);
    for (int i = 0; i < s->n; i++)
        scope_set(lg->globals, s->names[i], value_ref(s->values[i]));
    for (int i = 0; i < s->n_fns; i++)
        scope_set_fn(lg->globals, s->fn_names[i], value_ref(s->fns[i]));
    d->program = mem_zero(sizeof *d->program);
    atomic_init(&d->program->refs, 1);
    d->program->arena = arena_new();
    lg->program = d->program;
}

void dry_end(struct dry *d)
{
    scope_unref(d->lg.globals);
    value_unref(d->lg.last);
    program_unref(d->program);
    scans_free(&d->lg);
    sources_free(d->lg.sources);
    arena_free(d->lg.cx.arena);
}

static const struct ast *dry_parse(struct dry *d, const char *text, size_t n)
{
    struct parse_opts opts = {.source = sources_add(d->lg.sources, "", text, n, 1)};
    struct parse_result r = {0};
    struct str kept = sources_text(d->lg.sources, opts.source);
    parse(d->program->arena, kept.p, kept.n, &opts, &r);
    return r.program;
}

void dry_statements(struct dry *d, const char *text, size_t n)
{
    const struct ast *block = dry_parse(d, text, n);
    for (int i = 0; block && i < block->n_kids; i++) {
        const struct ast *st = block->kids[i];
        struct value *v = NULL;
        if (st->op != AST_ASSIGN || st->n_names != 1) continue;
        if (interp_pipeline(&d->lg, d->lg.globals, st->kids[0], &v) == RC_OK &&
            v->kind != VALUE_NOTHING)
            scope_set(d->lg.globals, st->names[0], v);
        else
            value_unref(v);
        err_clear(&d->lg.err);
    }
}

struct value *dry_value(struct dry *d, const char *text, size_t n)
{
    const struct ast *block = dry_parse(d, text, n);
    struct value *v = NULL;
    if (!block || block->n_kids != 1 || block->kids[0]->op != AST_SHOW) return NULL;
    if (interp_pipeline(&d->lg, d->lg.globals, block->kids[0]->kids[0], &v) != RC_OK) v = NULL;
    err_clear(&d->lg.err);
    return v;
}

/* interp.c: statements. Each runs with scratch memory and a clock of its own, is bound before it
 * works, and leaves what ran before it as it was. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "lang/workspace.h"

/* ---- assignment ---- */
/* A frame is known by the name it was given first in messages: `trips` has 18 columns. */
static struct value *labelled(struct lang *lg, struct value *v, struct str name)
{
    if (v->kind != VALUE_FRAME) return v;
    char *label = arena_strndup(lg->cx.arena, name.p, name.n);
    struct value *named = value_frame(v->plan, label);
    value_unref(v);
    return named;
}
static void set_recent(struct lang *lg, const struct value *v)
{
    const struct value *old = lg->recent;
    lg->recent = value_ref(v);
    value_unref(old);
}
/* The console's dim line: what a frame or model is, as far as it is known without work. */
static void tell_assigned(struct lang *lg, struct str name, const struct value *v)
{
    struct strbuf line = {0};
    strbuf_printf(&line, "%.*s: ", STR_FMT(name));
    if (v->kind == VALUE_FRAME) {
        const struct plan *p = v->plan;
        const struct table *t = p->kept ? p->kept : p->op == PLAN_TABLE ? p->u.table.table : NULL;
        int n = p->schema->n;
        if (t)
            strbuf_printf(&line, "%lld row%s, ", (long long)t->n_rows, t->n_rows == 1 ? "" : "s");
        strbuf_printf(&line, "%d column%s", n, n == 1 ? "" : "s");
        show_status(lg, line.p);
    } else if (v->kind == VALUE_MODEL) {
        value_text(&line, v, false);
        show_status(lg, line.p);
    }
    strbuf_release(&line);
}
static rc set_name(struct lang *lg, struct scope *sc, struct str name, struct span span,
                   struct value *take_v)
{
    if (take_v->kind == VALUE_NOTHING || take_v->kind == VALUE_EXPR) {
        value_unref(take_v);
        return fail(&lg->cx, E217, span, "there is no value here to give to `%.*s`", STR_FMT(name));
    }
    if (sc == lg->globals && check_param_value(lg, name, span, &take_v) != RC_OK) {
        value_unref(take_v);
        return RC_ERR;
    }
    struct value *v = labelled(lg, take_v, name);
    if (lg->opts.console && lg->depth == 0) tell_assigned(lg, name, v);
    if (sc == lg->globals) set_recent(lg, v);
    scope_set(sc, name, v);
    return RC_OK;
}
/* A pipeline with an assert runs when it is assigned. */
static rc run_asserts(struct lang *lg, const struct value *v)
{
    if (v->kind != VALUE_FRAME || lg->is_dry || !plan_holds(v->plan, PLAN_ASSERT)) return RC_OK;
    struct table *t;
    TRY(frame_table(lg, v->plan, &t));
    table_unref(t);
    return RC_OK;
}
static rc assign_many(struct lang *lg, struct scope *sc, const struct ast *st, struct value *v)
{
    char buf[96];
    if (v->kind != VALUE_LIST) {
        (void)fail(&lg->cx, E207, st->kids[0]->span,
                   "%d names take a list of %d values, this is %s", st->n_names, st->n_names,
                   value_phrase(v, buf, sizeof buf));
        if (v->kind == VALUE_FRAME) return err_hint(&lg->cx, "a, b = t |> split 0.7, 0.3");
        return RC_ERR;
    }
    if (value_length(v) != st->n_names)
        return fail(&lg->cx, E208, st->kids[0]->span, "%d names, but %lld values", st->n_names,
                    (long long)value_length(v));
    for (int i = 0; i < st->n_names; i++)
        TRY(set_name(lg, sc, st->names[i], st->span, value_item(v, i)));
    return RC_OK;
}
static rc run_assign(struct lang *lg, struct scope *sc, const struct ast *st)
{
    struct value *v;
    TRY(interp_pipeline(lg, sc, st->kids[0], &v));
    if (run_asserts(lg, v) != RC_OK) {
        value_unref(v);
        return RC_ERR;
    }
    if (st->n_names == 1) return set_name(lg, sc, st->names[0], st->kids[0]->span, v);
    enum rc_t res = assign_many(lg, sc, st, v);
    value_unref(v);
    return res;
}

/* ---- values that stand alone ---- */
/* Shows v (taken), or hands it over as the value of a fn's body. */
static rc finish_value(struct lang *lg, const struct ast *st, struct value *v, struct value **out)
{
    enum rc_t res = RC_OK;
    if (out) {
        *out = v;
        return RC_OK;
    }
    if (lg->fn_depth > 0 || lg->is_dry) {
        value_unref(v);
        return RC_OK;
    }
    if (st->is_silent) {
        res = run_asserts(lg, v);
    } else {
        res = show_value(lg, v, 0, st->span);
    }
    if (res == RC_OK && !st->is_silent && v->kind != VALUE_NOTHING) {
        value_unref(lg->last);
        lg->last = value_ref(v);
        set_recent(lg, v);
    }
    value_unref(v);
    return res;
}
static rc run_steps(struct lang *lg, struct scope *sc, const struct ast *st, struct value *take_in,
                    struct value **out)
{
    struct value *v = take_in;
    for (int i = 0; i < st->n_steps; i++) {
        struct value *next = NULL;
        enum rc_t res = check_cancel(&lg->cx);
        if (res == RC_OK) res = interp_step(lg, sc, &st->steps[i], v, &next);
        value_unref(v);
        TRY(res);
        v = next;
    }
    *out = v;
    return RC_OK;
}
static rc run_show(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct value *v;
    lg->replaces_last = !out && lg->fn_depth == 0 && !st->is_silent;
    enum rc_t res = interp_pipeline(lg, sc, st->kids[0], &v);
    if (res == RC_OK) res = finish_value(lg, st, v, out);
    lg->replaces_last = false;
    return res;
}
static rc run_step(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct value *v;
    TRY(run_steps(lg, sc, st, NULL, &v));
    return finish_value(lg, st, v, out);
}
static rc run_continue(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct value *v;
    if (!lg->recent) {
        (void)fail(&lg->cx, E108, st->span, "there is no last value for `|>` to go on from");
        return RC_ERR;
    }
    TRY(run_steps(lg, sc, st, value_ref(lg->recent), &v));
    return finish_value(lg, st, v, out);
}

/* ---- blocks ---- */
rc interp_block(struct lang *lg, struct scope *sc, const struct ast *block, struct value **out)
{
    struct value *last = NULL;
    TRY(depth_enter(lg, block->span));
    enum rc_t res = RC_OK;
    for (int i = 0; i < block->n_kids && res == RC_OK; i++) {
        bool is_last = out && i + 1 == block->n_kids;
        res = check_cancel(&lg->cx);
        if (res == RC_OK) res = run_statement(lg, sc, block->kids[i], is_last ? &last : NULL);
    }
    lg->depth--;
    if (res == RC_OK && out) *out = last ? last : value_nothing(NULL);
    return res;
}
static rc for_each(struct lang *lg, struct scope *sc, const struct ast *st, struct value *take_v)
{
    scope_set(sc, st->text, take_v);
    if (lg->is_dry && ++lg->n_rounds > MAX_DRY_ROUNDS)
        return fail(&lg->cx, E217, st->span, "long loops are not run here");
    TRY(check_cancel(&lg->cx));
    return interp_block(lg, sc, st->kids[1], NULL);
}
static rc for_range(struct lang *lg, struct scope *sc, const struct ast *st, const struct value *r)
{
    struct span span = st->kids[0]->span;
    if (!r->items[0] || !r->items[1])
        return fail(&lg->cx, E217, span, "`for` needs a range with both ends");
    struct scalar at = r->items[0]->scalar, end = r->items[1]->scalar;
    bool is_whole = at.type.kind == end.type.kind && !at.is_null && !end.is_null &&
                    (at.type.kind == KIND_INT || at.type.kind == KIND_DATE);
    if (!is_whole) {
        (void)fail(&lg->cx, E207, span, "`for` runs over a range of whole numbers or dates");
        return hint_replace(lg, span, "seq(0.0, 1.0, 0.1)");
    }
    for (; at.u.i <= end.u.i - r->is_half_open; at.u.i++) {
        TRY(for_each(lg, sc, st, value_scalar(&at)));
        if (at.u.i == INT64_MAX) break;
    }
    return RC_OK;
}
static rc for_over(struct lang *lg, struct scope *sc, const struct ast *st, const struct value *v)
{
    char buf[96];
    if (v->kind == VALUE_RANGE) return for_range(lg, sc, st, v);
    if (v->kind != VALUE_LIST) {
        (void)fail(&lg->cx, E207, st->kids[0]->span, "`for` runs over a list or range, not %s",
                   value_phrase(v, buf, sizeof buf));
        if (v->kind == VALUE_FRAME)
            return err_note(&lg->cx, "name one of its columns: for %.*s in t.column",
                            STR_FMT(st->text));
        return RC_ERR;
    }
    int64_t n = value_length(v);
    for (int64_t i = 0; i < n; i++)
        TRY(for_each(lg, sc, st, value_item(v, i)));
    return RC_OK;
}
static rc run_for(struct lang *lg, struct scope *sc, const struct ast *st)
{
    struct value *over;
    TRY(interp_pipeline(lg, sc, st->kids[0], &over));
    enum rc_t res = for_over(lg, sc, st, over);
    value_unref(over);
    return res;
}
static rc run_if(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct value *v;
    bool is_true;
    TRY(interp_pipeline(lg, sc, st->kids[0], &v));
    enum rc_t res = value_truth(lg, v, st->kids[0]->span, &is_true);
    value_unref(v);
    TRY(res);
    const struct ast *branch = is_true ? st->kids[1] : st->n_kids > 2 ? st->kids[2] : NULL;
    if (!branch) return RC_OK;
    if (branch->op == AST_IF) return run_statement(lg, sc, branch, out);
    return interp_block(lg, sc, branch, out);
}
/* `run "name" { .. }`: the block runs and shares its names. */
static rc run_run(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct scalar name;
    TRY(interp_scalar(lg, sc, st->kids[0], lg->cx.arena, &name));
    if (name.is_null || name.type.kind != KIND_STR)
        return fail(&lg->cx, E207, st->kids[0]->span, "the name of a run is a text");
    for (int i = 0; i < st->n_options; i++) {
        struct value *v;
        if (!str_eqz(st->options[i].name, "tags")) {
            (void)fail(&lg->cx, E206, st->options[i].name_span, "run has no option `%.*s`",
                       STR_FMT(st->options[i].name));
            return err_note(&lg->cx, "run \"tips/logit\", tags: [\"demo\"] { .. }");
        }
        TRY(interp_expr(lg, sc, st->options[i].expr, &v));
        value_unref(v);
    }
    return interp_block(lg, sc, st->kids[1], out);
}
static rc run_fn(struct lang *lg, struct scope *sc, const struct ast *st)
{
    struct scope *captured = scope_capture(sc, lg->globals);
    scope_set_fn(sc, st->text, value_fn(st, lg->program, captured));
    scope_unref(captured);
    return RC_OK;
}

/* ---- lines ---- */
static rc run_help(struct lang *lg, const struct ast *st)
{
    struct strbuf plain = {0}, html = {0};
    lang_help(str_trim(st->text), &plain, &html);
    while (plain.n && plain.p[plain.n - 1] == '\n')
        plain.n--;
    struct display d = {
        .kind = DISPLAY_VALUE, .plain = strbuf_view(&plain), .html = strbuf_view(&html)};
    show_display(lg, &d);
    strbuf_release(&plain);
    strbuf_release(&html);
    return RC_OK;
}
static rc run_command(struct lang *lg, const struct ast *st)
{
    const struct lang_host *host = lg->opts.host;
    if (host && host->command && host->command(host->self, st->text)) return RC_OK;
    size_t n = 0;
    while (n < st->text.n && st->text.p[n] != ' ')
        n++;
    (void)fail(&lg->cx, E606, st->span, "there is no command `%.*s`", (int)n, st->text.p);
    return err_hint(&lg->cx, ".help");
}

static rc dispatch(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    switch (st->op) {
    case AST_ASSIGN: return run_assign(lg, sc, st);
    case AST_SHOW: return run_show(lg, sc, st, out);
    case AST_STEP: return run_step(lg, sc, st, out);
    case AST_CONTINUE: return run_continue(lg, sc, st, out);
    case AST_FN: return run_fn(lg, sc, st);
    case AST_PARAM: return run_param(lg, sc, st);
    case AST_FOR: return run_for(lg, sc, st);
    case AST_IF: return run_if(lg, sc, st, out);
    case AST_RUN: return run_run(lg, sc, st, out);
    case AST_USE: return run_use(lg, sc, st);
    case AST_INCLUDE: return run_include(lg, st);
    case AST_SHELL: return run_shell(lg, st);
    case AST_HELP: return run_help(lg, st);
    case AST_COMMAND: return run_command(lg, st);
    case AST_BLOCK: return interp_block(lg, sc, st, out);
    default: return fail(&lg->cx, E217, st->span, "this cannot stand as a statement");
    }
}
rc run_statement(struct lang *lg, struct scope *sc, const struct ast *st, struct value **out)
{
    struct arena *outer = lg->cx.arena;
    int place = lg->call_place;
    int64_t now = lg->now_us;
    lg->cx.arena = arena_new();
    lg->call_place = 0;
    lg->now_us = INT64_MIN;
    enum rc_t res = dispatch(lg, sc, st, out);
    arena_free(lg->cx.arena);
    lg->cx.arena = outer;
    lg->call_place = place;
    lg->now_us = now;
    return res;
}

/* ---- programs ---- */
static rc run_all(struct lang *lg, const struct ast *block, bool is_top)
{
    const struct lang_host *host = lg->opts.host;
    for (int i = 0; i < block->n_kids; i++) {
        lg->is_last_statement = is_top && i + 1 == block->n_kids;
        TRY(check_cancel(&lg->cx));
        TRY(run_statement(lg, lg->globals, block->kids[i], NULL));
        if (is_top) TRY(workspace_sync(lg, block->kids[i]->span));
        if (is_top && host && host->statement) host->statement(host->self);
    }
    return RC_OK;
}
/* The first mistake is the error; how many more there are stands in a note. */
static rc parse_failed(struct lang *lg, const struct parse_result *parsed)
{
    int line, column;
    *lg->cx.err = parsed->errors[0];
    if (parsed->n_errors == 1) return RC_ERR;
    sources_place(lg->sources, parsed->errors[1].span, &line, &column);
    return err_note(&lg->cx, "%d more mistake%s in this text, the next one in line %d",
                    parsed->n_errors - 1, parsed->n_errors == 2 ? "" : "s", line);
}
rc run_program(struct lang *lg, const char *text, size_t n, const char *label, int first_line,
               const char *folder, bool console)
{
    struct program *p = mem_zero(sizeof *p), *outer = lg->program;
    uint32_t source = sources_add(lg->sources, label, text, n, first_line);
    struct str kept = sources_text(lg->sources, source);
    struct parse_opts opts = {.console = console, .source = source};
    struct parse_result parsed = {0};
    atomic_init(&p->refs, 1);
    p->arena = arena_new();
    p->folder = folder ? arena_strndup(p->arena, folder, strlen(folder)) : NULL;
    parse(p->arena, kept.p, kept.n, &opts, &parsed);
    p->block = parsed.program;
    lg->program = p;
    enum rc_t res =
        parsed.n_errors ? parse_failed(lg, &parsed) : run_all(lg, p->block, folder == NULL);
    lg->program = outer;
    program_unref(p);
    return res;
}

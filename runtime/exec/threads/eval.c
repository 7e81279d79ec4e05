/* eval.c: compiling lists of expressions, evaluating them on batches, and putting together what
 * their kernels counted: one warning a call and run, rows numbered in the step's input. */
#include "runtime/exec/threads/eval_int.h"
#include "runtime/exec/threads/notes.h"

/* ---- compiling ---- */
static int count_calls(const struct expr *e)
{
    int n = e->op == EXPR_CALL;
    for (int i = 0; i < e->n_args; i++)
        n += count_calls(e->args[i]);
    return n;
}

static void list_calls(struct exprs *x, const struct expr *e)
{
    if (e->op == EXPR_CALL) x->sites[x->n_sites++].call = e;
    for (int i = 0; i < e->n_args; i++)
        list_calls(x, e->args[i]);
}

static bool is_flat(enum kind k)
{
    return k != KIND_LIST && k != KIND_STRUCT && k != KIND_CAT && k != KIND_NULL;
}

/* Value of a constant expression; false when it is none, or when computing it fails or counts
 * something, which is then left to the rows. */
static bool constant_value(struct eval_local *l, const struct expr *e, struct scalar *out)
{
    struct scalar args[FN_MAX_ARGS];
    struct error err = {0};
    if (e->op == EXPR_LITERAL) {
        *out = e->value;
        return true;
    }
    if (e->op != EXPR_CALL || !(e->fn->flags & FN_PURE) || !is_flat(e->type.kind) ||
        e->n_args == 0 || e->n_args > FN_MAX_ARGS)
        return false;
    for (int i = 0; i < e->n_args; i++)
        if (!constant_value(l, e->args[i], &args[i])) return false;
    struct ctx quiet = *l->cx;
    quiet.err = &err;
    quiet.notify = NULL;
    if (fn_eval_scalar(&quiet, l->arena, e->fn, args, e->n_args, e->span, out) != RC_OK)
        return false;
    bool is_odd = out->is_null || (e->type.kind == KIND_NUM &&
                                   (out->u.f - out->u.f != 0)); /* null or infinite: counted */
    if ((e->fn->flags & FN_ADDS_NULLS) && is_odd) return false;
    out->type = e->type;
    return true;
}

static rc set_literal(struct eval_local *l, struct node *nd, const struct scalar *s)
{
    struct ctx cx = *l->cx;
    cx.arena = l->arena;
    nd->is_literal = true;
    nd->value = *s;
    nd->value.type = nd->e->type;
    return vec_literal(&cx, &nd->value, nd->room, &nd->literal);
}

static rc compile(struct exprs *x, struct eval_local *l, const struct expr *e, int *site,
                  struct node **out);

static rc compile_args(struct exprs *x, struct eval_local *l, struct node *nd, int *site)
{
    int n = nd->e->n_args, room = n > 0 ? n : 1;
    nd->n_args = n;
    nd->args = ARENA_ARRAY(l->arena, struct node *, room);
    nd->argv = ARENA_ARRAY(l->arena, struct vec, room);
    nd->wide = ARENA_ARRAY(l->arena, struct scratch, room);
    nd->consts = ARENA_ARRAY(l->arena, struct scalar, room);
    nd->is_const = ARENA_ARRAY(l->arena, bool, room);
    nd->arg_types = ARENA_ARRAY(l->arena, struct dtype, room);
    const struct schema *in = l->in;
    for (int i = 0; i < n; i++) {
        bool own_rows = nd->e->op == EXPR_CASE || (nd->e->op == EXPR_MAP && i == 1);
        if (nd->e->op == EXPR_MAP && i == 1) l->in = map_compile(l, nd);
        l->inside += own_rows;
        enum rc_t res = compile(x, l, nd->e->args[i], site, &nd->args[i]);
        l->inside -= own_rows;
        l->in = in;
        TRY(res);
        nd->arg_types[i] = nd->args[i]->e->type;
        nd->is_const[i] = nd->args[i]->is_literal;
        if (nd->is_const[i]) nd->consts[i] = nd->args[i]->value;
    }
    return RC_OK;
}

static rc prepare_call(struct exprs *x, struct eval_local *l, struct node *nd)
{
    struct fn_note note = {0};
    struct eval ev = {.x = x, .l = l};
    struct fn_eval fe;
    if (!nd->e->fn->prepare) return RC_OK;
    struct ctx cx = *l->cx;
    eval_env(&ev, nd, &cx, &note, &fe);
    cx.arena = l->arena;
    fe.cx = &cx;
    return nd->e->fn->prepare(&fe, l->arena, &nd->prepared);
}

/* What a node is made of: a column, a constant, or a call with its arguments. */
static rc compile_parts(struct exprs *x, struct eval_local *l, struct node *nd, int *site)
{
    const struct expr *e = nd->e;
    struct scalar value;
    if (e->op == EXPR_COLUMN) {
        nd->column = find_column(l->in, e->name);
        if (nd->column < 0) return fail(l->cx, E903, e->span, "column `%s` got lost", e->name);
        return RC_OK;
    }
    int before = *site;
    if (e->op == EXPR_CALL) nd->site = (*site)++;
    if (!constant_value(l, e, &value)) return compile_args(x, l, nd, site);
    *site = before + count_calls(e);
    return set_literal(l, nd, &value);
}

static rc compile(struct exprs *x, struct eval_local *l, const struct expr *e, int *site,
                  struct node **out)
{
    struct node *nd = ARENA_NEW(l->arena, struct node);
    int before = *site;
    nd->e = e;
    *out = nd;
    TRY(compile_parts(x, l, nd, site));
    *out = share_find(l, nd, before, *site);
    if (*out != nd || nd->is_literal || e->op == EXPR_COLUMN) return RC_OK;
    scratch_need(&nd->out, l->arena, BATCH_ROWS);
    if (e->op == EXPR_CASE) return case_compile(x, l, nd);
    if (e->op == EXPR_CALL) return prepare_call(x, l, nd);
    if (e->op != EXPR_AGG && e->op != EXPR_WINDOW) return RC_OK;
    return fail(l->cx, E903, e->span, "an aggregate stands where a row's value is due");
}

static rc local_need(struct exprs *x, struct eval_local *l, struct ctx *cx)
{
    int site = 0;
    if (l->arena) return RC_OK;
    l->arena = arena_new();
    l->cx = cx;
    l->in = x->in;
    l->roots = ARENA_ARRAY(l->arena, struct node *, x->n > 0 ? x->n : 1);
    l->notes = ARENA_ARRAY(l->arena, struct fn_note, x->n_sites > 0 ? x->n_sites : 1);
    l->twin = ARENA_ARRAY(l->arena, int, x->n_sites > 0 ? x->n_sites : 1);
    for (int i = 0; i < x->n_sites; i++)
        l->twin[i] = i;
    for (int i = 0; i < x->n; i++)
        TRY(compile(x, l, x->e[i], &site, &l->roots[i]));
    return RC_OK;
}

/* The first worker's copy is compiled here, on the statement's thread: a pattern that cannot be
 * read is an error at once, rows or none. Others compile theirs when they get their first batch. */
rc exprs_new(struct run *r, const struct schema *in, const struct expr *const *e, int n,
             int64_t rows_hint, struct exprs **out)
{
    struct exprs *x = mem_zero(sizeof *x);
    int n_calls = 0;
    x->run = r;
    x->in = in;
    x->n = n;
    x->rows_hint = rows_hint;
    x->e = mem_zero(sizeof *x->e * (size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        x->e[i] = e[i];
        n_calls += count_calls(e[i]);
    }
    x->sites = mem_zero(sizeof *x->sites * (size_t)(n_calls + 1));
    for (int i = 0; i < n; i++)
        list_calls(x, e[i]);
    for (int i = 0; i < x->n_sites; i++)
        pthread_mutex_init(&x->sites[i].memo.lock, NULL);
    x->local = mem_zero(sizeof *x->local * (size_t)r->n_workers);
    if (local_need(x, &x->local[0], r->cx) != RC_OK) {
        exprs_free(x);
        return RC_ERR;
    }
    *out = x;
    return RC_OK;
}

void exprs_free(struct exprs *x)
{
    if (!x) return;
    for (int i = 0; i < x->run->n_workers; i++)
        arena_free(x->local[i].arena);
    for (int i = 0; i < x->n_sites; i++)
        memo_free(&x->sites[i].memo);
    for (int64_t i = 0; i < x->n_parts; i++)
        mem_free(x->parts[i].notes);
    mem_free(x->parts);
    mem_free(x->local);
    mem_free(x->sites);
    mem_free(x->e);
    mem_free(x);
}

bool exprs_need_position(const struct exprs *x)
{
    for (int i = 0; i < x->n_sites; i++)
        if (!(x->sites[i].call->fn->flags & FN_PURE)) return true;
    return false;
}

/* ---- evaluating ---- */
static rc eval_fresh(struct eval *ev, struct node *nd, struct vec *out)
{
    switch (nd->e->op) {
    case EXPR_COLUMN: *out = ev->b->cols[nd->column]; return RC_OK;
    case EXPR_CASE: return eval_case(ev, nd, out);
    case EXPR_LIST: return eval_list(ev, nd, out);
    case EXPR_STRUCT: return eval_struct(ev, nd, out);
    case EXPR_FIELD: return eval_field(ev, nd, out);
    case EXPR_MAP: return eval_map(ev, nd, out);
    case EXPR_LIST_AGG: return eval_list_agg(ev, nd, out);
    default: return eval_call(ev, nd, out);
    }
}

rc eval_node(struct eval *ev, struct node *nd, struct vec *out)
{
    if (nd->is_literal) {
        *out = nd->literal;
        return RC_OK;
    }
    if (!nd->keeps) return eval_fresh(ev, nd, out);
    if (nd->kept_at != ev->l->turn) TRY(eval_fresh(ev, nd, &nd->kept));
    nd->kept_at = ev->l->turn;
    *out = nd->kept;
    return RC_OK;
}

static rc eval_roots(struct exprs *x, struct worker *w, struct ctx *cx, const struct batch *b,
                     int64_t first_row, int from, int to, struct vec *out)
{
    struct eval ev = {.x = x,
                      .l = &x->local[w - x->run->workers],
                      .cx = cx,
                      .b = b,
                      .n = b->n_rows,
                      .first_row = first_row};
    TRY(local_need(x, ev.l, cx));
    ev.l->turn++;
    for (int i = from; i < to; i++)
        TRY(eval_node(&ev, ev.l->roots[i], &out[i - from]));
    return RC_OK;
}

rc exprs_eval_one(struct exprs *x, struct worker *w, struct ctx *cx, const struct batch *b,
                  int64_t first_row, int i, struct vec *out)
{
    return eval_roots(x, w, cx, b, first_row, i, i + 1, out);
}

rc exprs_eval(struct exprs *x, struct worker *w, struct ctx *cx, const struct batch *b,
              int64_t first_row, struct vec *out)
{
    return eval_roots(x, w, cx, b, first_row, 0, x->n, out);
}

/* ---- counting ---- */
void exprs_start(struct exprs *x, int64_t n_parts, bool positional)
{
    x->n_parts = n_parts;
    x->positional = positional;
    x->parts = mem_zero(sizeof *x->parts * (size_t)(n_parts + 1));
}

void eval_count(struct eval *ev, struct node *nd, const struct fn_note *note)
{
    struct fn_note mapped = *note;
    if (note->n == 0) return;
    for (int i = 0; ev->map && i < 3 && i < note->n; i++)
        mapped.rows[i] = ev->first_row + ev->map[note->rows[i] - ev->first_row];
    fn_note_merge(&ev->l->notes[nd->site], &mapped);
}

void exprs_part_end(struct exprs *x, struct worker *w, int64_t part, int64_t rows)
{
    struct eval_local *l = &x->local[w - x->run->workers];
    bool any = false;
    x->parts[part].rows = rows;
    if (l->arena) share_notes(x, l);
    for (int i = 0; l->arena && i < x->n_sites; i++)
        any = any || l->notes[i].n > 0;
    if (!any) return;
    size_t bytes = sizeof *l->notes * (size_t)x->n_sites;
    x->parts[part].notes = mem_alloc(bytes);
    memcpy(x->parts[part].notes, l->notes, bytes);
    memset(l->notes, 0, bytes);
}

/* What the call was given, as its warning names it. */
static void site_text(struct strbuf *out, const struct expr *call)
{
    const struct expr *arg = call->n_args > 0 ? call->args[0] : NULL;
    bool is_cast = (call->fn->flags & FN_CAST) && arg;
    if (is_cast && arg->op == EXPR_COLUMN)
        strbuf_addz(out, arg->name);
    else
        expr_text(out, is_cast ? arg : call);
}

static void report_site(struct exprs *x, int site, int64_t n_parts)
{
    struct fn_note sum = {0};
    int64_t total = 0;
    for (int64_t p = 0; p < n_parts; p++) {
        if (x->parts[p].notes) {
            struct fn_note note = x->parts[p].notes[site];
            for (int i = 0; i < 3 && !x->positional; i++)
                note.rows[i] += total;
            fn_note_merge(&sum, &note);
        }
        total += x->parts[p].rows;
    }
    if (sum.n == 0) return;
    struct strbuf what = {0};
    const struct expr *call = x->sites[site].call;
    site_text(&what, call);
    if (x->run->held)
        held_add(x->run, call, what.p, &sum);
    else
        fn_note_warn(x->run->cx, call->fn, &sum, what.p, total > 1 ? total : 2, call->span);
    strbuf_release(&what);
}

void exprs_report(struct exprs *x, int64_t n_parts)
{
    for (int i = 0; i < x->n_sites; i++)
        report_site(x, i, n_parts < x->n_parts ? n_parts : x->n_parts);
}

/* ---- dictionaries ---- */
static const struct column *node_dict(struct eval *ev, struct node *nd,
                                      const struct column *const *dicts)
{
    const struct column *dict = NULL;
    int varies = -1;
    if (nd->is_literal) return NULL;
    if (nd->e->op == EXPR_COLUMN) return dicts[nd->column];
    if (nd->e->op != EXPR_CALL) return NULL;
    for (int i = 0; i < nd->n_args; i++) {
        if (nd->args[i]->is_literal) {
            nd->argv[i] = nd->args[i]->literal;
            continue;
        }
        if (varies >= 0) return NULL;
        varies = i;
        dict = node_dict(ev, nd->args[i], dicts);
        if (!dict) return NULL;
    }
    if (varies < 0) return NULL;
    struct memo_entry *m = memo_of(ev, nd, varies, dict);
    return m ? m->new_dict : NULL;
}

const struct column *exprs_dict(struct exprs *x, int i, const struct column *const *dicts)
{
    struct eval ev = {.x = x, .l = &x->local[0], .cx = x->run->cx};
    return node_dict(&ev, x->local[0].roots[i], dicts);
}

/* agg_setup.c: what a grouping evaluates, how its keys and raw rows are laid out, its memory. */
#include "runtime/exec/threads/agg_int.h"
#include "runtime/exec/threads/pick.h"

/* ---- raw columns: distinct arguments and filters ---- */
static int add_col(struct agg *a, const struct expr *e)
{
    for (int i = 0; i < a->n_cols; i++)
        if (expr_equal(a->cols[i].e, e)) return i;
    a->cols[a->n_cols] = (struct raw_col){.e = e, .type = e->type};
    return a->n_cols++;
}

static rc set_const(struct agg *a, struct agg_item *it, int i, const struct expr *arg)
{
    struct ctx cx = *a->run->cx;
    cx.arena = a->run->arena;
    it->args[i] = -1;
    it->is_const[i] = true;
    it->consts[i] = arg->value;
    it->consts[i].type = arg->type;
    return vec_literal(&cx, &it->consts[i], it->room[i], &it->literals[i]);
}

static bool same_args(const struct agg_item *x, const struct agg_item *y)
{
    if (x->n_args != y->n_args || x->where != y->where) return false;
    for (int i = 0; i < x->n_args; i++)
        if (!expr_equal(x->e->args[i], y->e->args[i])) return false;
    return true;
}

/* States that are fed alike hold the same: sum(x), mean(x) and sd(x), var(x) need only one each. */
static void place_state(struct agg *a, struct agg_item *it)
{
    for (const struct agg_item *b = a->items; b < it && !it->over->whole; b++) {
        if (b->over->update != it->over->update || b->over->combine != it->over->combine ||
            b->over->state_size != it->over->state_size || !same_args(b, it))
            continue;
        it->shares = true;
        it->offset = b->offset;
        return;
    }
    it->offset = a->stride;
    a->stride += (it->over->state_size + 7) / 8 * 8;
}

static rc set_item(struct agg *a, struct agg_item *it, const struct expr *e)
{
    struct arena *arena = a->run->arena;
    int n = e->n_args, room = n > 0 ? n : 1;
    it->e = e;
    it->over = e->agg_overload;
    it->n_args = n;
    it->args = ARENA_ARRAY(arena, int, room);
    it->literals = ARENA_ARRAY(arena, struct vec, room);
    it->room = arena_zero(arena, sizeof *it->room * (size_t)room);
    it->consts = ARENA_ARRAY(arena, struct scalar, room);
    it->is_const = ARENA_ARRAY(arena, bool, room);
    it->arg_types = ARENA_ARRAY(arena, struct dtype, room);
    for (int i = 0; i < n; i++) {
        it->arg_types[i] = e->args[i]->type;
        if (e->args[i]->op == EXPR_LITERAL)
            TRY(set_const(a, it, i, e->args[i]));
        else
            it->args[i] = add_col(a, e->args[i]);
    }
    it->where = e->where ? add_col(a, e->where) : -1;
    place_state(a, it);
    a->holistic = a->holistic || it->over->whole != NULL;
    return RC_OK;
}

static rc list_items(struct agg *a)
{
    const struct plan *p = a->node;
    int cap = 0;
    for (int i = 0; i < p->u.aggregate.n; i++)
        cap += p->u.aggregate.items[i].expr->n_args + 1;
    a->n_keys = p->u.aggregate.n_keys;
    a->n_items = p->u.aggregate.n;
    a->items = ARENA_ARRAY(a->run->arena, struct agg_item, a->n_items > 0 ? a->n_items : 1);
    a->cols = ARENA_ARRAY(a->run->arena, struct raw_col, cap > 0 ? cap : 1);
    a->keys = ARENA_ARRAY(a->run->arena, const struct expr *, a->n_keys > 0 ? a->n_keys : 1);
    for (int i = 0; i < a->n_keys; i++)
        a->keys[i] = p->u.aggregate.keys[i].expr;
    for (int i = 0; i < a->n_items; i++)
        TRY(set_item(a, &a->items[i], p->u.aggregate.items[i].expr));
    return RC_OK;
}

/* Keys first, then raw columns. */
static rc list_exprs(struct agg *a)
{
    int n = a->n_keys + a->n_cols;
    const struct expr **e = ARENA_ARRAY(a->run->arena, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < a->n_keys; i++)
        e[i] = a->keys[i];
    for (int i = 0; i < a->n_cols; i++) {
        a->cols[i].expr = a->n_keys + i;
        e[a->n_keys + i] = a->cols[i].e;
    }
    TRY(exprs_new(a->run, a->pipe->schema, e, n, a->pipe->rows_max, &a->x));
    if (!a->pipe->positional && exprs_need_position(a->x)) return pipe_restart(a->pipe);
    return RC_OK;
}

/* A category whose levels may differ from batch to batch (cat(x) of no dictionary): its codes say
 * nothing until the levels are put together. */
static bool has_loose_levels(const struct agg *a)
{
    for (int i = 0; i < a->n_keys; i++)
        if (a->keys[i]->type.kind == KIND_CAT && !exprs_dict(a->x, i, a->pipe->dicts)) return true;
    for (int i = 0; i < a->n_cols; i++)
        if (a->cols[i].type.kind == KIND_CAT && !exprs_dict(a->x, a->cols[i].expr, a->pipe->dicts))
            return true;
    return false;
}

/* Computes all keys and arguments into a table first; the grouping reads its columns. */
static rc settle(struct agg *a)
{
    struct arena *arena = a->run->arena;
    int n = a->n_keys + a->n_cols;
    struct named_expr *items = ARENA_ARRAY(arena, struct named_expr, n);
    for (int i = 0; i < n; i++) {
        items[i].name = arena_printf(arena, ".%d", i);
        items[i].expr = i < a->n_keys ? a->keys[i] : a->cols[i - a->n_keys].e;
    }
    TRY(plan_project(a->run->cx, a->node->inputs[0], items, n, a->node->span, &a->settled));
    TRY(op_project(a->pipe, a->settled));
    TRY(pipe_restart(a->pipe));
    for (int i = 0; i < n; i++) {
        const struct expr *e = expr_column(arena, items[i].name, items[i].expr->type, NO_SPAN);
        if (i < a->n_keys)
            a->keys[i] = e;
        else
            a->cols[i - a->n_keys].e = e;
    }
    exprs_free(a->x);
    a->x = NULL;
    return list_exprs(a);
}

const struct column *source_column(const struct pipe *p, const struct expr *e)
{
    int at = e->op == EXPR_COLUMN ? schema_find(p->schema, str_of(e->name)) : -1;
    if (at < 0 || p->source != SOURCE_TABLE || p->origin[at] < 0) return NULL;
    return p->table->cols[p->origin[at]];
}

/* A chunk of every bucket takes at most a range's share of the budget. */
static int rows_of_chunk(const struct agg *a)
{
    int64_t row = 8 * a->k.words, room = a->range_room / a->k.n_buckets;
    int rows = CHUNK_ROWS;
    for (int i = 0; i < a->n_cols; i++)
        row += (int64_t)a->cols[i].width + 1;
    while (a->file && rows > 64 && rows * row > room)
        rows /= 2;
    return rows;
}

static void lay_columns(struct agg *a)
{
    size_t rows = (size_t)(a->chunk_rows = rows_of_chunk(a));
    size_t at = rows * 8 * (size_t)a->k.words;
    for (int i = 0; i < a->n_cols; i++) {
        a->cols[i].at = at;
        at += (rows * a->cols[i].width + 15) / 16 * 16;
        a->cols[i].valid_at = at;
        at += (rows / 8 + 15) / 16 * 16;
    }
    a->chunk_bytes = at;
}

/* How the columns lie in chunks. */
static void type_columns(struct agg *a)
{
    for (int i = 0; i < a->n_cols; i++) {
        struct raw_col *c = &a->cols[i];
        const struct column *src = source_column(a->pipe, c->e);
        c->dict = exprs_dict(a->x, c->expr, a->pipe->dicts);
        c->phys = c->dict ? PHYS_DICT : src ? src->phys : kind_phys(c->type.kind);
        c->width = c->phys == PHYS_STR ? 16 : c->phys == PHYS_BOOL ? 1 : phys_width(c->phys);
    }
}

/* ---- keys ---- */
/* Facts of key i as far as the source tells; *known false: nothing bounds its values. */
static rc key_facts_of(struct agg *a, int i, struct key_facts *f, bool *known)
{
    const struct expr *e = a->keys[i];
    const struct column *src = source_column(a->pipe, e);
    const struct column *dict = exprs_dict(a->x, i, a->pipe->dicts);
    *known = true;
    if (src) return column_facts(a->run, src, false, f);
    *f = (struct key_facts){
        .phys = dict ? PHYS_DICT : kind_phys(e->type.kind),
        .kind = e->type.kind,
        .has_null = true,
        .dict = dict,
    };
    *known = dict || f->phys == PHYS_BOOL;
    if (f->phys == PHYS_DICT && !dict) f->phys = PHYS_STR;
    return RC_OK;
}

static bool codes_follow_texts(const struct column *dict)
{
    const struct text *t = dict->data;
    for (int64_t i = 1; i < dict->n; i++)
        if (str_cmp(text_str(&t[i - 1]), text_str(&t[i])) > 0) return false;
    return true;
}

static int ceil_log2(uint64_t x)
{
    int bits = 0;
    while (bits < 63 && (UINT64_C(1) << bits) < x)
        bits++;
    return bits;
}

static void choose_buckets(struct agg *a)
{
    struct key_layout *k = &a->k;
    int bits = a->pipe->rows_max > 4000000 ? 8 : a->pipe->rows_max > 100000 ? 6 : 3;
    k->shift = -1;
    k->bucket_bits = bits;
    k->n_buckets = k->form == KEY_NONE ? 1 : 1 << bits;
    if (k->form != KEY_PACKED || k->domain > UINT64_C(1) << 24) return;
    int all = ceil_log2(k->domain);
    int used = all - 14 > 6 ? 8 : 6;
    k->shift = all > used ? all - used : 0;
    k->n_buckets = (int)((k->domain - 1) >> k->shift) + 1;
}

static rc lay_keys(struct agg *a)
{
    bool all_known = true;
    struct key_facts *facts =
        ARENA_ARRAY(a->run->arena, struct key_facts, a->n_keys > 0 ? a->n_keys : 1);
    for (int i = 0; i < a->n_keys; i++) {
        bool known;
        TRY(key_facts_of(a, i, &facts[i], &known));
        all_known = all_known && known;
    }
    return layout_make(a->run, facts, a->n_keys, all_known, a->node->span, &a->k);
}

/* Words that rise with the keys need no sorting of keys at the end (agg_late.c): codes that do not
 * follow their texts are replaced by their rank. */
static rc rank_codes(struct agg *a)
{
    const struct key_layout *k = &a->k;
    if (k->form != KEY_PACKED || k->shift >= 0 || a->node->u.aggregate.unsorted) return RC_OK;
    for (int i = 0; i < k->n; i++) {
        struct key_facts *f = &k->facts[i];
        if (f->phys != PHYS_DICT || f->kind == KIND_CAT || codes_follow_texts(f->dict)) continue;
        TRY(dict_rank(a->run, f->dict, &f->rank));
        int32_t *level = ARENA_ARRAY(a->run->arena, int32_t, f->dict->n);
        for (int32_t c = 0; c < f->dict->n; c++)
            level[f->rank[c]] = c;
        f->level = level;
        k->packed.digits[i].rank = f->rank;
    }
    return RC_OK;
}

/* ---- setting up ---- */
void agg_worker_need(struct agg *a, struct agg_worker *w)
{
    int n = a->n_keys + a->n_cols + 1;
    struct arena *hold = a->run->workers[w - a->workers].hold;
    if (w->arena) return;
    w->arena = arena_new();
    w->vecs = ARENA_ARRAY(hold, struct vec, n);
    w->wide = ARENA_ARRAY(hold, struct scratch, n);
    w->picked = ARENA_ARRAY(hold, struct scratch, n);
    w->keys = ARENA_ARRAY(hold, uint64_t, (int64_t)BATCH_ROWS * a->k.words + 1);
    w->groups = ARENA_ARRAY(hold, uint32_t, BATCH_ROWS);
    w->some = ARENA_ARRAY(hold, uint32_t, BATCH_ROWS);
    w->sel = ARENA_ARRAY(hold, int32_t, BATCH_ROWS);
    w->to = ARENA_ARRAY(hold, struct chunk *, BATCH_ROWS);
    w->pos = ARENA_ARRAY(hold, uint16_t, BATCH_ROWS);
    w->evals = ARENA_ARRAY(hold, struct agg_eval, a->n_items > 0 ? a->n_items : 1);
    for (int i = 0; i < a->n_items; i++) {
        const struct agg_item *it = &a->items[i];
        w->evals[i] = (struct agg_eval){.arena = w->arena,
                                        .n_args = it->n_args,
                                        .type = it->e->type,
                                        .arg_types = it->arg_types,
                                        .consts = it->consts,
                                        .is_const = it->is_const,
                                        .span = it->e->span};
    }
}

/* Few enough that most groups of a range stand for many of its rows. */
static void choose_ranges(struct agg *a)
{
    int64_t most = AGG_RANGES, near = a->stride ? AGG_NEAR / (int64_t)a->stride : AGG_DIRECT;
    bool is_direct = a->k.form == KEY_PACKED && a->k.domain <= AGG_DIRECT;
    if (is_direct && a->pipe->rows_max / (16 * (int64_t)a->k.domain) < most)
        most = a->pipe->rows_max / (16 * (int64_t)a->k.domain);
    if (most < 8) most = 8;
    a->n_ranges = a->pipe->n_parts < most ? a->pipe->n_parts : most;
    a->few = is_direct && near > AGG_FEW ? (uint32_t)near : AGG_FEW;
}

static void allow_spill(struct agg *a)
{
    int64_t budget = a->run->cx->memory_budget;
    if (budget <= 0 || a->k.form == KEY_NONE) return;
    for (int i = 0; i < a->n_cols; i++)
        if (a->cols[i].phys == PHYS_LIST || a->cols[i].phys == PHYS_STRUCT) return;
    a->file = spill_new();
    a->range_room = budget / 4 / (a->n_ranges > 0 ? a->n_ranges : 1);
}

/* Filters below leave out what neither keys nor arguments read. */
static void say_needs(struct agg *a)
{
    bool *reads = mem_zero((size_t)a->pipe->schema->n + 1);
    for (int i = 0; i < a->n_keys; i++)
        mark_reads(a->pipe->schema, a->keys[i], reads);
    for (int i = 0; i < a->n_cols; i++)
        mark_reads(a->pipe->schema, a->cols[i].e, reads);
    pipe_needs(a->pipe, reads);
    mem_free(reads);
}

rc agg_open(struct agg *a)
{
    TRY(pipe_open(a->run, a->node->inputs[0], &a->pipe));
    TRY(list_items(a));
    TRY(list_exprs(a));
    if (has_loose_levels(a) || whole_wants_table(a)) TRY(settle(a));
    whole_mark_direct(a);
    TRY(lay_keys(a));
    choose_buckets(a);
    TRY(rank_codes(a));
    type_columns(a);
    choose_ranges(a);
    allow_spill(a);
    lay_columns(a);
    say_needs(a);
    a->ranges = mem_zero(sizeof *a->ranges * (size_t)(a->n_ranges + 1));
    a->workers = mem_zero(sizeof *a->workers * (size_t)a->run->n_workers);

    exprs_start(a->x, a->pipe->n_parts, a->pipe->positional);
    return RC_OK;
}

void agg_close(struct agg *a)
{
    for (int64_t i = 0; i < a->n_ranges; i++) {
        table_release(&a->ranges[i].table);
        raw_free(a, &a->ranges[i]);
        arena_free(a->ranges[i].arena);
        arena_free(a->ranges[i].texts);
    }
    agg_waves_free(a);
    for (int i = 0; a->workers && i < a->run->n_workers; i++)
        arena_free(a->workers[i].arena);
    for (int i = 0; i < a->n_results; i++) {
        for (int c = 0; a->results[i].cols && c < a->n_keys + a->n_items; c++)
            column_unref(a->results[i].cols[c]);
        mem_free(a->results[i].cols);
        mem_big_free(a->results[i].words);
    }
    mem_free(a->results);
    mem_free(a->ranges);
    mem_free(a->workers);
    exprs_free(a->x);
    pipe_free(a->pipe);
    plan_unref(a->settled);
    spill_free(a->file);
}

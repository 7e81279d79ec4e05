/* window.c: window steps: order, stretches, functions that see a group at a time, putting back. See
 * window_int.h; aggregates are in frames.c. */
#include "runtime/exec/threads/window_int.h"

#include "runtime/exec/threads/cut.h"

/* ---- order ---- */
/* Some group is most of the rows: these are then sorted all together, by all threads. */
static bool is_lopsided(const struct groups *g)
{
    for (int64_t k = 0; k < g->n_groups; k++)
        if (g->start[k + 1] - g->start[k] > g->n_rows / 2) return true;
    return false;
}

/* Rows of `order` handed out to their groups, which keeps their order. */
static rc hand_out(struct window *w, const int64_t *order, struct window_order *out)
{
    const struct groups *g = &w->groups;
    int64_t *at;
    TRY(mem_big(w->run->cx, 8 * (size_t)(g->n_groups + 1), (void **)&at));
    memcpy(at, g->start, 8 * (size_t)(g->n_groups + 1));
    for (int64_t i = 0; i < out->n; i++)
        out->rows[at[g->of[order[i]]]++] = order[i];
    mem_big_free(at);
    return RC_OK;
}

static rc order_by(struct window *w, const struct order_key *keys, int n, struct window_order *out)
{
    const struct groups *g = &w->groups;
    int64_t *order = NULL, m;
    out->n = g->n_rows;
    out->n_groups = g->n_groups;
    out->start = g->start;
    if (g->n_groups <= 1)
        return n > 0 ? order_rows(w->run, keys, n, g->n_rows, -1, &out->rows, &m) : RC_OK;
    if (n == 0) {
        out->rows = g->rows;
        return RC_OK;
    }
    TRY(mem_big(w->run->cx, mem_mul(8, (size_t)out->n + 1), (void **)&out->rows));
    if (!is_lopsided(g)) return order_groups(w->run, keys, n, g, out->rows);
    TRY(order_rows(w->run, keys, n, g->n_rows, -1, &order, &m));
    enum rc_t res = hand_out(w, order, out);
    mem_big_free(order);
    return res;
}

static rc window_groups(struct window *w)
{
    const struct plan *p = w->node;
    int n = p->u.window.n_by;
    struct column **by = ARENA_ARRAY(w->run->arena, struct column *, n + 1);
    TRY(table_eval(w->run, w->table, p->u.window.by, n, p, by));
    enum rc_t res = groups_make(w->run, by, n, w->table->n_rows, &w->groups);
    for (int i = 0; i < n; i++)
        column_unref(by[i]);
    return res;
}

static rc window_sort(struct window *w)
{
    const struct plan *p = w->node;
    int n = p->u.window.n_sort;
    const struct expr **e = ARENA_ARRAY(w->run->arena, const struct expr *, n + 1);
    w->sort_cols = ARENA_ARRAY(w->run->arena, struct column *, n + 1);
    w->keys = ARENA_ARRAY(w->run->arena, struct order_key, n + 1);
    for (int i = 0; i < n; i++)
        e[i] = p->u.window.sort[i].expr;
    TRY(table_eval(w->run, w->table, e, n, p, w->sort_cols));
    for (int i = 0; i < n; i++)
        w->keys[i] = (struct order_key){w->sort_cols[i], p->u.window.sort[i].descending,
                                        p->u.window.sort[i].nulls_first};
    return order_by(w, w->keys, n, &w->order);
}

/* Only items that are ranked by an argument sort the groups once more. */
static void drop_groups(struct window *w)
{
    const struct plan *p = w->node;
    for (int i = 0; i < p->u.window.n; i++) {
        const struct expr *e = p->u.window.items[i].expr;
        if (e->op == EXPR_WINDOW && e->win->ranks_by_args && e->n_args > 0) return;
    }
    if (w->groups.rows != w->order.rows) mem_big_free(w->groups.rows);
    mem_big_free(w->groups.of);
    w->groups.of = NULL;
    w->groups.rows = w->order.rows;
}

/* Whole groups, together at least a morsel. */
static void cut_stretches(struct window *w)
{
    const struct groups *g = &w->groups;
    w->stretch = ARENA_ARRAY(w->run->arena, int64_t, g->n_rows / MORSEL_ROWS + 3);
    int64_t last = 0;
    for (int64_t k = 1; k <= g->n_groups; k++)
        if (g->start[k] - g->start[last] >= MORSEL_ROWS || k == g->n_groups)
            w->stretch[++w->n_stretches] = last = k;
}

/* ---- items ---- */
static rc item_init(struct window *w, const struct expr *e, struct window_item *it)
{
    struct arena *a = w->run->arena;
    int n = e->n_args, room = n + 1, m = 0;
    const struct expr **vary = ARENA_ARRAY(a, const struct expr *, room);
    struct column **cols = ARENA_ARRAY(a, struct column *, room);
    *it = (struct window_item){.w = w, .e = e, .order = &w->order};
    it->args = ARENA_ARRAY(a, struct column *, room);
    it->consts = ARENA_ARRAY(a, struct scalar, room);
    it->is_const = ARENA_ARRAY(a, bool, room);
    it->arg_types = ARENA_ARRAY(a, struct dtype, room);
    for (int i = 0; i < n; i++) {
        it->arg_types[i] = e->args[i]->type;
        bool walks = i == 0 && e->op == EXPR_WINDOW && e->win->needs_sort; /* cumsum(1), lag(1) */
        it->is_const[i] = e->args[i]->op == EXPR_LITERAL && !walks;
        it->consts[i] = e->args[i]->value; /* of literals only */
        it->consts[i].type = e->args[i]->type;
        if (!it->is_const[i]) vary[m++] = e->args[i];
    }
    if (e->where) vary[m++] = e->where;
    TRY(table_eval(w->run, w->table, vary, m, w->node, cols));
    enum rc_t res = RC_OK;
    for (int i = 0, k = 0; i < n; i++) {
        if (it->is_const[i]) continue;
        struct column *c = cols[k++];
        if (c->phys != PHYS_DICT) { /* widened stretch by stretch */
            it->args[i] = c;
            continue;
        }
        if (res == RC_OK) res = column_canonical(w->run->cx, c, &it->args[i]);
        column_unref(c);
    }
    if (e->where) it->where = cols[m - 1];
    bool by_key = e->frame.unit == FRAME_TIME || e->frame.unit == FRAME_RANGE;
    if (res == RC_OK && by_key && w->node->u.window.n_sort > 0)
        res = column_canonical(w->run->cx, w->sort_cols[0], &it->clock);
    it->parts = ARENA_ARRAY(a, struct column *, w->n_stretches + 1);
    return res;
}

static void item_release(struct window_item *it)
{
    for (int i = 0; it->args && i < it->e->n_args; i++)
        column_unref(it->args[i]);
    column_unref(it->where);
    column_unref(it->clock);
    for (int64_t i = 0; it->parts && i < it->w->n_stretches; i++)
        column_unref(it->parts[i]);
}

rc vec_to_column(struct ctx *cx, struct dtype type, const struct vec *v, int64_t n,
                 struct column **out)
{
    struct builder b;
    builder_init(&b, type, v->phys);
    enum rc_t res = builder_append(cx, &b, v, NULL, n);
    if (res == RC_OK) res = builder_finish(cx, &b, out);
    builder_release(&b);
    return res;
}

static struct agg_eval item_env(const struct window_item *it, struct ctx *cx)
{
    return (struct agg_eval){.cx = cx,
                             .arena = cx->arena,
                             .n_args = it->e->n_args,
                             .type = it->e->type,
                             .arg_types = it->arg_types,
                             .consts = it->consts,
                             .is_const = it->is_const,
                             .span = it->e->span};
}

/* Memory for n results, cleared and all valid. */
static struct vec result_room(struct arena *a, struct dtype type, int64_t n)
{
    uint64_t *valid = arena_alloc(a, BITMAP_WORDS(n) * 8 + 8);
    enum phys phys = kind_phys(type.kind);
    size_t width = phys == PHYS_STR ? sizeof(struct text) : 8;
    bitmap_fill(valid, n, true);
    return (struct vec){
        .phys = phys, .data = arena_zero(a, mem_mul(width, (size_t)n + 8)), .valid = valid};
}

/* ---- functions that see a group at a time ---- */
/* Ties with the row before: in the sort keys, or in what is ranked. */
static void mark_peers(const struct window_item *it, const struct order_key *keys, int n_keys,
                       int64_t from, int64_t to, uint8_t *peers)
{
    const struct window_order *o = it->order;
    for (int64_t i = from; i < to; i++)
        peers[i - from] =
            i > from && order_compare(keys, n_keys, window_row(o, i - 1), window_row(o, i)) == 0;
}

/* Order of the rows by the first argument, for rank(-fare). */
static struct order_key rank_key(const struct window_item *it)
{
    return (struct order_key){.column = it->args[0]};
}

static rc win_stretch(struct stretch *s, struct column **out)
{
    struct window_item *it = s->it;
    const struct plan *p = it->w->node;
    const struct win_desc *win = it->e->win;
    int64_t n = s->to - s->from;
    struct arena *a = s->cx->arena;
    struct agg_eval env = item_env(it, s->cx);
    struct vec v = result_room(a, it->e->type, n);
    int64_t *order = arena_alloc(a, mem_mul(8, (size_t)n + 1));
    uint8_t *peers = win->ranks_by_args ? arena_alloc(a, (size_t)n + 1) : NULL;
    struct order_key by_arg = {0};
    bool ranks = win->ranks_by_args && it->args[0];
    if (ranks) by_arg = rank_key(it);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t g = s->g_from; g < s->g_to; g++) {
        int64_t from = it->order->start[g], to = it->order->start[g + 1];
        if (peers)
            mark_peers(it, ranks ? &by_arg : it->w->keys, ranks ? 1 : p->u.window.n_sort, from, to,
                       peers);
        TRY(win->run(&env, to - from, order + (from - s->from), peers,
                     (const struct column *const *)s->args, &v));
        TRY(check_cancel(s->cx));
    }
    if (words_all_set(v.valid, n)) v.valid = NULL;
    return vec_to_column(s->cx, it->e->type, &v, n, out);
}

static enum rc_t item_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct window_item *it = arg;
    const struct window_order *o = it->order;
    struct ctx own = *cx;
    struct stretch s = {
        .it = it, .cx = &own, .g_from = it->w->stretch[task], .g_to = it->w->stretch[task + 1]};
    enum rc_t res = RC_OK;
    (void)worker;
    s.from = o->start[s.g_from];
    s.to = o->start[s.g_to];
    own.arena = arena_new();
    arena_room(own.arena, own.room);
    s.args = ARENA_ARRAY(own.arena, struct column *, it->e->n_args + 1);
    for (int i = 0; i < it->e->n_args && res == RC_OK; i++) {
        if (it->is_const[i]) continue;
        struct column *c = NULL;
        if (o->rows)
            res = column_gather(&own, it->args[i], o->rows + s.from, s.to - s.from, &c);
        else
            c = column_ref(it->args[i]); /* one group: all rows */
        if (res == RC_OK) res = column_canonical(&own, c, &s.args[i]);
        column_unref(c);
    }
    if (res == RC_OK)
        res = it->e->op == EXPR_AGG ? agg_stretch(&s, &it->parts[task])
                                    : win_stretch(&s, &it->parts[task]);
    for (int i = 0; i < it->e->n_args; i++)
        column_unref(s.args[i]);
    arena_free(own.arena);
    return res;
}

/* Functions of no column (rand) get the table's own row numbers; groups share words of the result,
 * so one thread does it. */
static rc win_in_place(struct window_item *it, struct column **out)
{
    const struct window_order *o = it->order;
    struct ctx own = *it->w->run->cx;
    struct agg_eval env = item_env(it, &own);
    enum rc_t res = RC_OK;
    int64_t *all = NULL;
    uint8_t *peers = NULL;
    bool ties_all = it->e->win->ranks_by_args && it->e->n_args > 0; /* ranked by a constant */
    own.arena = arena_new();
    arena_room(own.arena, own.room);
    env.arena = own.arena;
    struct vec v = result_room(own.arena, it->e->type, o->n);
    if (it->e->win->ranks_by_args) peers = arena_alloc(own.arena, (size_t)o->n + 1);
    if (!o->rows) all = arena_alloc(own.arena, mem_mul(8, (size_t)o->n + 1));
    for (int64_t i = 0; all && i < o->n; i++)
        all[i] = i;
    for (int64_t g = 0; g < o->n_groups && res == RC_OK; g++) {
        int64_t from = o->start[g], n = o->start[g + 1] - from;
        if (peers)
            mark_peers(it, it->w->keys, ties_all ? 0 : it->w->node->u.window.n_sort, from, from + n,
                       peers);
        res = it->e->win->run(&env, n, (all ? all : o->rows) + from, peers,
                              (const struct column *const *)it->args, &v);
        if (res == RC_OK) res = check_cancel(&own);
    }
    if (res == RC_OK) res = vec_to_column(&own, it->e->type, &v, o->n, out);
    arena_free(own.arena);
    return res;
}

/* row_number() and rank() look at places in the group only. */
static bool is_placed(const struct expr *e)
{
    return e->n_args == 0 && (e->win->ranks_by_args || e->win == win_find(str_of("row_number")));
}

static bool only_constants(const struct window_item *it)
{
    for (int i = 0; i < it->e->n_args; i++)
        if (!it->is_const[i]) return false;
    return it->e->op == EXPR_WINDOW && !is_placed(it->e);
}

/* ---- putting back ---- */
struct back {
    const struct window_item *it;
    int64_t *at;    /* place of each table row in window order */
    char *data;     /* or: the results, row by row */
    uint8_t *valid; /* [n], where some are null */
    struct column *c;
    size_t width;
};

static void stretch_rows(const struct window_item *it, int64_t task, int64_t *from, int64_t *to)
{
    *from = it->order->start[it->w->stretch[task]];
    *to = it->order->start[it->w->stretch[task + 1]];
}

static enum rc_t place_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct back *b = arg;
    int64_t from, to;
    (void)worker;
    stretch_rows(b->it, task, &from, &to);
    for (int64_t i = from; i < to; i++)
        b->at[b->it->order->rows[i]] = i;
    return check_cancel(cx);
}

/* Results of a stretch to their rows: no two stretches share a row. */
static enum rc_t scatter_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct back *b = arg;
    const struct column *part = b->it->parts[task];
    const int64_t *rows = b->it->order->rows;
    int64_t from, to;
    (void)worker;
    stretch_rows(b->it, task, &from, &to);
    if (b->width == 8)
        for (int64_t i = from; i < to; i++)
            ((uint64_t *)(void *)b->data)[rows[i]] = ((const uint64_t *)part->data)[i - from];
    else
        for (int64_t i = from; i < to; i++)
            ((uint32_t *)(void *)b->data)[rows[i]] = ((const uint32_t *)part->data)[i - from];
    for (int64_t i = from; b->valid && i < to; i++)
        b->valid[rows[i]] = bit_valid(part->valid, i - from);
    return check_cancel(cx);
}

static enum rc_t pack_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct back *b = arg;
    int64_t from = task * MORSEL_ROWS,
            to = from + MORSEL_ROWS < b->c->n ? from + MORSEL_ROWS : b->c->n;
    uint64_t *bits = column_bits(b->c);
    (void)worker;
    for (int64_t i = from; i < to; i++)
        bit_put(bits, i, b->valid[i]);
    return check_cancel(cx);
}

/* Whether the parts are plain numbers of one physical type; *nulls: some are null. */
static bool are_flat(const struct window_item *it, bool *nulls)
{
    enum phys phys = it->parts[0]->phys;
    bool flat = phys != PHYS_BOOL && phys != PHYS_STR && phys != PHYS_DICT && phys != PHYS_LIST &&
                phys != PHYS_STRUCT;
    *nulls = false;
    for (int64_t i = 0; i < it->w->n_stretches; i++) {
        flat = flat && it->parts[i]->phys == phys;
        *nulls = *nulls || it->parts[i]->n_null > 0;
    }
    return flat;
}

static rc scatter_back(const struct window_item *it, bool nulls, struct column **out)
{
    struct ctx *cx = it->w->run->cx;
    struct back b = {.it = it, .width = phys_width(it->parts[0]->phys)};
    int64_t n = it->order->n;
    TRY(column_make(cx, it->e->type, it->parts[0]->phys, n, nulls, &b.c));
    b.data = column_room(b.c);
    enum rc_t res = nulls ? mem_big(cx, (size_t)n + 1, (void **)&b.valid) : RC_OK;
    if (res == RC_OK) res = pool_run(cx, it->w->n_stretches, scatter_task, &b);
    if (res == RC_OK && nulls)
        res = pool_run(cx, (n + MORSEL_ROWS - 1) / MORSEL_ROWS, pack_task, &b);
    mem_big_free(b.valid);
    if (res != RC_OK) {
        column_unref(b.c);
        return res;
    }
    column_done(b.c);
    *out = b.c;
    return RC_OK;
}

static rc put_back(struct window_item *it, struct column **out)
{
    const struct window_order *o = it->order;
    struct ctx *cx = it->w->run->cx;
    struct back b = {.it = it};
    struct column *all;
    bool nulls;
    if (it->w->n_stretches == 0) return column_nulls(cx, it->e->type, 0, out);
    if (o->rows && are_flat(it, &nulls)) return scatter_back(it, nulls, out);
    TRY(column_concat(cx, (const struct column *const *)it->parts, (int)it->w->n_stretches, &all));
    if (!o->rows) {
        *out = all;
        return RC_OK;
    }
    enum rc_t res = mem_big(cx, mem_mul(8, (size_t)o->n + 1), (void **)&b.at);
    if (res == RC_OK) res = pool_run(cx, it->w->n_stretches, place_task, &b);
    if (res == RC_OK) res = column_gather(cx, all, b.at, o->n, out);
    mem_big_free(b.at);
    column_unref(all);
    return res;
}

static rc run_item(struct window *w, const struct expr *e, struct column **out)
{
    struct window_item it;
    struct window_order own = {0};
    enum rc_t res = item_init(w, e, &it);
    if (res == RC_OK && e->op == EXPR_WINDOW && e->win->ranks_by_args && it.args[0]) {
        struct order_key key = rank_key(&it);
        res = order_by(w, &key, 1, &own);
        it.order = &own;
    }
    if (res == RC_OK && only_constants(&it)) {
        res = win_in_place(&it, out);
    } else if (res == RC_OK) {
        run_begin(w->run, it.order->n);
        res = pool_run(w->run->cx, w->n_stretches, item_task, &it);
        if (res == RC_OK) res = put_back(&it, out);
    }
    item_release(&it);
    mem_big_free(own.rows);
    return res;
}

static rc window_result(struct window *w, struct table **out)
{
    const struct plan *p = w->node;
    int n_in = w->table->schema->n, n = n_in + p->u.window.n;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n_in; i++)
        cols[i] = column_ref(w->table->cols[i]);
    for (int i = n_in; i < n && res == RC_OK; i++)
        res = run_item(w, p->u.window.items[i - n_in].expr, &cols[i]);
    if (res == RC_OK) {
        res = table_new(w->run->cx, p->schema, cols, w->table->n_rows, out);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

static rc window_run(struct window *w, struct table **out)
{
    TRY(run_claim(w->run, w->run->cx, 40 * w->table->n_rows));
    TRY(window_groups(w));
    TRY(window_sort(w));
    drop_groups(w);
    cut_stretches(w);
    TRY(window_result(w, out));
    return run_claim(w->run, w->run->cx, -40 * w->table->n_rows);
}

static rc window_table(struct run *r, const struct plan *p, struct table *t, struct table **out)
{
    struct window w = {.run = r, .node = p, .table = t};
    enum rc_t res = window_run(&w, out);
    for (int i = 0; w.sort_cols && i < p->u.window.n_sort; i++)
        column_unref(w.sort_cols[i]);
    if (w.order.rows != w.groups.rows) mem_big_free(w.order.rows);
    groups_free(&w.groups);
    return res;
}

/* Some groups of the rows: the row numbers, last in t, go to the end again. */
static enum rc_t window_part(struct run *r, const struct plan *p, struct table *t,
                             const struct schema *out_schema, struct table **out)
{
    int n_in = t->schema->n - 1, n = p->schema->n;
    struct column **cols = ARENA_ARRAY(r->arena, struct column *, n + 1);
    struct table *plain = NULL, *made = NULL;
    for (int i = 0; i < n_in; i++)
        cols[i] = column_ref(t->cols[i]);
    TRY(table_new(r->cx, p->inputs[0]->schema, cols, t->n_rows, &plain));
    enum rc_t res = window_table(r, p, plain, &made);
    table_unref(plain);
    if (res != RC_OK) return res;
    for (int i = 0; i < n; i++)
        cols[i] = column_ref(made->cols[i]);
    cols[n] = column_ref(t->cols[n_in]);
    table_unref(made);
    return table_new(r->cx, out_schema, cols, t->n_rows, out);
}

/* Functions that see the table's row numbers need the whole table. */
static bool can_part(const struct plan *p)
{
    for (int i = 0; i < p->u.window.n; i++) {
        const struct expr *e = p->u.window.items[i].expr;
        if (e->op == EXPR_WINDOW && e->n_args == 0 && !is_placed(e)) return false;
        for (int k = 0; k < e->n_args; k++)
            if (e->op == EXPR_WINDOW && e->args[k]->op == EXPR_LITERAL && k == 0) return false;
    }
    return p->u.window.n_by > 0;
}

rc run_window(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe)
{
    struct pipe *in;
    struct table *t;
    TRY(pipe_open(r, p->inputs[0], &in));
    if (can_part(p) && cut_can(in) && cut_wanted(in))
        return cut_step(p, in, p->u.window.by, p->u.window.n_by, window_part, out_pipe);
    TRY(pipe_collect(in, &t));
    enum rc_t res = window_table(r, p, t, out);
    table_unref(t);
    return res;
}

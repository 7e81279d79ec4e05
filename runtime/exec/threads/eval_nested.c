/* eval_nested.c: lists and structs in expressions. What works on elements (map, aggregates within a
 * row) runs on the elements of a batch as on rows: at most BATCH_ROWS of them at a time, gathered
 * out of the lists, with the columns of the row they belong to repeated beside them. */
#include "runtime/exec/threads/eval_int.h"

/* The columns that a map's body reads, repeated for each element. */
struct map_rows {
    const struct schema *in; /* of the body; the element stands last */
    bool *reads;
    struct vec *cols;
    struct scratch *scratch;
    int32_t *owner, *map; /* [BATCH_ROWS] row of each element: in the batch, in the step's batch */
    int64_t *element;     /* [BATCH_ROWS] */
};

/* ---- lists of a batch ---- */
struct lists {
    const struct vec *v;
    const struct column *items; /* NULL: a null constant */
    bool is_const;
};

static struct lists lists_of(const struct node *nd, const struct vec *v)
{
    struct lists l = {.v = v, .is_const = nd->is_literal};
    if (!nd->is_literal)
        l.items = v->child[0];
    else if (!nd->value.is_null)
        l.items = nd->value.u.list;
    return l;
}

/* Bounds of row i's elements; false when the list is null. */
static bool list_bounds(const struct lists *l, int64_t i, int64_t *from, int64_t *to)
{
    *from = *to = 0;
    if (!l->items) return false;
    if (l->is_const) {
        *to = l->items->n;
        return true;
    }
    if (!bit_valid(l->v->valid, i)) return false;
    *from = ((const int64_t *)l->v->data)[i];
    *to = ((const int64_t *)l->v->data)[i + 1];
    return true;
}

/* Appends n rows of a node's result; constants of nested types have no vector. */
static rc append_result(struct ctx *cx, struct builder *b, const struct node *nd,
                        const struct vec *v, int64_t n)
{
    if (!nd->is_literal) return builder_append(cx, b, v, NULL, n);
    for (int64_t i = 0; i < n; i++)
        TRY(builder_scalar(cx, b, &nd->value));
    return RC_OK;
}

/* A node's result as a column of its own. */
static rc result_column(struct eval *ev, const struct node *nd, const struct vec *v,
                        struct column **out)
{
    struct builder b;
    builder_init(&b, nd->e->type, kind_phys(nd->e->type.kind));
    enum rc_t res = append_result(ev->cx, &b, nd, v, ev->n);
    if (res == RC_OK) res = builder_finish(ev->cx, &b, out);
    builder_release(&b);
    if (res == RC_OK) arena_column(ev->cx->arena, *out);
    return res;
}

static void set_child(struct ctx *cx, struct vec *out, const struct column *items)
{
    const struct column **child = ARENA_ARRAY(cx->arena, const struct column *, 1);
    child[0] = items;
    out->child = child;
    out->n_child = 1;
}

/* ---- [a, b] and {k: a} ---- */
rc eval_list(struct eval *ev, struct node *nd, struct vec *out)
{
    int n = nd->n_args;
    struct column **parts = ARENA_ARRAY(ev->cx->arena, struct column *, n + 1), *all, *items;
    int64_t *rows = arena_alloc(ev->cx->arena, 8 * (size_t)(ev->n * n + 1)), *at = nd->out.data;
    for (int k = 0; k < n; k++) {
        TRY(eval_node(ev, nd->args[k], &nd->argv[k]));
        TRY(result_column(ev, nd->args[k], &nd->argv[k], &parts[k]));
    }
    TRY(column_concat(ev->cx, (const struct column *const *)parts, n, &all));
    arena_column(ev->cx->arena, all);
    for (int64_t i = 0; i <= ev->n; i++)
        at[i] = i * n;
    for (int64_t i = 0; i < ev->n; i++)
        for (int k = 0; k < n; k++)
            rows[i * n + k] = k * ev->n + i;
    TRY(column_gather(ev->cx, all, rows, ev->n * n, &items));
    arena_column(ev->cx->arena, items);
    *out = (struct vec){.phys = PHYS_LIST, .data = at};
    set_child(ev->cx, out, items);
    return RC_OK;
}

rc eval_struct(struct eval *ev, struct node *nd, struct vec *out)
{
    struct column **parts = ARENA_ARRAY(ev->cx->arena, struct column *, nd->n_args + 1);
    for (int k = 0; k < nd->n_args; k++) {
        TRY(eval_node(ev, nd->args[k], &nd->argv[k]));
        TRY(result_column(ev, nd->args[k], &nd->argv[k], &parts[k]));
    }
    *out = (struct vec){.phys = PHYS_STRUCT,
                        .child = (const struct column **)(uintptr_t)parts,
                        .n_child = nd->n_args};
    return RC_OK;
}

rc eval_field(struct eval *ev, struct node *nd, struct vec *out)
{
    struct vec v;
    TRY(eval_node(ev, nd->args[0], &v));
    int k = schema_find(nd->args[0]->e->type.fields, str_of(nd->e->name));
    *out = column_view(v.child[k], 0, ev->n);
    if (!v.valid) return RC_OK;
    if (out->valid)
        bitmap_and(nd->out.valid, out->valid, v.valid, ev->n);
    else
        memcpy(nd->out.valid, v.valid, BITMAP_WORDS(ev->n) * 8);
    out->valid = nd->out.valid;
    return RC_OK;
}

/* ---- map ---- */
const struct schema *map_compile(struct eval_local *l, struct node *nd)
{
    struct map_rows *m = ARENA_NEW(l->arena, struct map_rows);
    struct schema *in = ARENA_NEW(l->arena, struct schema);
    int n = l->in->n;
    in->n = n + 1;
    in->fields = ARENA_ARRAY(l->arena, struct field, n + 1);
    if (n) memcpy(in->fields, l->in->fields, sizeof *in->fields * (size_t)n);
    in->fields[n] = (struct field){nd->e->name, *nd->e->args[0]->type.elem};
    nd->map = m;
    m->in = in;
    m->reads = ARENA_ARRAY(l->arena, bool, n + 1);
    m->cols = ARENA_ARRAY(l->arena, struct vec, n + 1);
    m->scratch = ARENA_ARRAY(l->arena, struct scratch, n + 1);
    m->owner = ARENA_ARRAY(l->arena, int32_t, BATCH_ROWS);
    m->map = ARENA_ARRAY(l->arena, int32_t, BATCH_ROWS);
    m->element = ARENA_ARRAY(l->arena, int64_t, BATCH_ROWS);
    mark_reads(in, nd->e->args[1], m->reads);
    return in;
}

/* The body's value for m elements, appended to b. */
static rc map_elements(struct eval *ev, struct node *nd, const struct column *items, int64_t m,
                       struct builder *b)
{
    struct map_rows *r = nd->map;
    int n = r->in->n - 1;
    struct batch inner = {.n_rows = (int)m, .n_cols = n + 1, .cols = r->cols};
    struct eval sub = *ev;
    struct column *elements;
    struct vec v;
    if (m == 0) return RC_OK;
    for (int i = 0; i < n; i++) {
        if (!r->reads[i]) continue;
        scratch_need(&r->scratch[i], ev->l->arena, BATCH_ROWS);
        TRY(vec_select(ev->cx, &r->scratch[i], &ev->b->cols[i], r->in->fields[i].type, r->owner, m,
                       &r->cols[i]));
    }
    TRY(column_gather(ev->cx, items, r->element, m, &elements));
    arena_column(ev->cx->arena, elements);
    r->cols[n] = column_view(elements, 0, m);
    for (int64_t i = 0; i < m; i++)
        r->map[i] = ev->map ? ev->map[r->owner[i]] : r->owner[i];
    sub.b = &inner;
    sub.n = m;
    sub.map = r->map;
    TRY(eval_node(&sub, nd->args[1], &v));
    return append_result(ev->cx, b, nd->args[1], &v, m);
}

static rc map_lists(struct eval *ev, struct node *nd, const struct lists *l, struct builder *b)
{
    struct map_rows *r = nd->map;
    int64_t *at = nd->out.data, from, to, m = 0, total = 0;
    for (int64_t i = 0; i < ev->n; i++) {
        at[i] = total;
        bit_put(nd->out.valid, i, list_bounds(l, i, &from, &to));
        total += to - from;
        for (; from < to; from++) {
            r->owner[m] = (int32_t)i;
            r->element[m++] = from;
            if (m < BATCH_ROWS) continue;
            TRY(map_elements(ev, nd, l->items, m, b));
            m = 0;
        }
    }
    at[ev->n] = total;
    return map_elements(ev, nd, l->items, m, b);
}

rc eval_map(struct eval *ev, struct node *nd, struct vec *out)
{
    struct vec v;
    struct builder b;
    struct column *items = NULL;
    struct dtype item = *nd->e->type.elem;
    TRY(eval_node(ev, nd->args[0], &v));
    struct lists l = lists_of(nd->args[0], &v);
    builder_init(&b, item, kind_phys(item.kind));
    enum rc_t res = map_lists(ev, nd, &l, &b);
    if (res == RC_OK) res = builder_finish(ev->cx, &b, &items);
    builder_release(&b);
    TRY(res);
    arena_column(ev->cx->arena, items);
    *out = (struct vec){.phys = PHYS_LIST,
                        .data = nd->out.data,
                        .valid = words_all_set(nd->out.valid, ev->n) ? NULL : nd->out.valid};
    set_child(ev->cx, out, items);
    return RC_OK;
}

/* ---- aggregates within a row ---- */
struct within {
    struct eval *ev;
    struct node *nd;
    const struct agg_overload *over;
    struct agg_eval env;
    struct lists *lists; /* [n_args]; constants have none */
    struct vec *args;
    uint64_t (*room)[2];
};

static bool is_fixed(const struct node *arg)
{
    return arg->e->type.kind != KIND_LIST;
}

static rc within_init(struct within *w, struct eval *ev, struct node *nd)
{
    struct arena *a = ev->cx->arena;
    int n = nd->n_args;
    struct dtype *types = ARENA_ARRAY(a, struct dtype, n + 1);
    bool *is_const = ARENA_ARRAY(a, bool, n + 1);
    *w = (struct within){.ev = ev, .nd = nd, .over = nd->e->agg_overload};
    w->lists = ARENA_ARRAY(a, struct lists, n + 1);
    w->args = ARENA_ARRAY(a, struct vec, n + 1);
    w->room = arena_zero(a, sizeof *w->room * (size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        const struct node *arg = nd->args[i];
        is_const[i] = is_fixed(arg);
        types[i] = is_const[i] ? arg->e->type : *arg->e->type.elem;
        TRY(eval_node(ev, nd->args[i], &nd->argv[i]));
        if (is_const[i])
            TRY(vec_literal(ev->cx, &nd->consts[i], w->room[i], &w->args[i]));
        else
            w->lists[i] = lists_of(arg, &nd->argv[i]);
    }
    w->env = (struct agg_eval){.cx = ev->cx,
                               .arena = a,
                               .n_args = n,
                               .type = nd->e->type,
                               .arg_types = types,
                               .consts = nd->consts,
                               .is_const = is_const,
                               .span = nd->e->span};
    return RC_OK;
}

/* Canonical elements rows[0..n) of list argument k. */
static rc within_arg(struct within *w, int k, const int64_t *rows, int64_t n)
{
    struct column *c, *flat;
    struct ctx *cx = w->ev->cx;
    if (!w->lists[k].items) {
        TRY(column_nulls(cx, w->env.arg_types[k], n, &c));
    } else {
        TRY(column_gather(cx, w->lists[k].items, rows, n, &c));
    }
    arena_column(cx->arena, c);
    TRY(column_canonical(cx, c, &flat));
    arena_column(cx->arena, flat);
    w->args[k] = column_view(flat, 0, n);
    return RC_OK;
}

/* Elements of the rows at work; side lists go as far as the first, with null where they end. */
struct elements {
    uint32_t *group;
    int64_t **rows; /* [n_args] */
    int64_t n;
};

static struct elements elements_new(struct within *w, int64_t room)
{
    struct arena *a = w->ev->cx->arena;
    struct elements el = {.group = arena_alloc(a, 4 * (size_t)(room + 1))};
    el.rows = ARENA_ARRAY(a, int64_t *, w->nd->n_args + 1);
    for (int k = 0; k < w->nd->n_args; k++)
        el.rows[k] = arena_alloc(a, 8 * (size_t)(room + 1));
    return el;
}

static void add_element(struct within *w, struct elements *el, int64_t row, int64_t at)
{
    for (int k = 0; k < w->nd->n_args; k++) {
        int64_t from, to;
        if (w->env.is_const[k]) continue;
        bool is_there = list_bounds(&w->lists[k], row, &from, &to) && from + at < to;
        el->rows[k][el->n] = is_there ? from + at : -1;
    }
    el->group[el->n++] = (uint32_t)row;
}

static rc gather_args(struct within *w, const struct elements *el)
{
    for (int k = 0; k < w->nd->n_args; k++)
        if (!w->env.is_const[k]) TRY(within_arg(w, k, el->rows[k], el->n));
    return RC_OK;
}

static rc update_elements(struct within *w, struct elements *el, char *states, size_t stride)
{
    if (el->n == 0) return RC_OK;
    TRY(gather_args(w, el));
    TRY(w->over->update(&w->env, states, stride, el->group, el->n, w->args));
    el->n = 0;
    return RC_OK;
}

static rc by_states(struct within *w, struct vec *out)
{
    size_t stride = (w->over->state_size + 7) / 8 * 8;
    int64_t from, to, n = w->ev->n;
    char *states = arena_zero(w->ev->cx->arena, stride * (size_t)n + 8);
    struct elements el = elements_new(w, BATCH_ROWS);
    for (int64_t i = 0; i < n; i++) {
        (void)list_bounds(&w->lists[0], i, &from, &to);
        for (int64_t at = 0; at < to - from; at++) {
            add_element(w, &el, i, at);
            if (el.n == BATCH_ROWS) TRY(update_elements(w, &el, states, stride));
        }
    }
    TRY(update_elements(w, &el, states, stride));
    return w->over->final(&w->env, states, stride, n, out);
}

/* Aggregates that want all values at once: a row at a time. */
static rc by_whole(struct within *w, struct builder *b)
{
    enum phys phys = kind_phys(w->nd->e->type.kind);
    int64_t from, to;
    for (int64_t i = 0; i < w->ev->n; i++) {
        uint64_t valid = ~UINT64_C(0), room[4] = {0};
        struct vec one = {.phys = phys, .data = room, .valid = &valid};
        if (!list_bounds(&w->lists[0], i, &from, &to)) {
            TRY(builder_null(w->ev->cx, b));
            continue;
        }
        struct elements el = elements_new(w, to - from);
        for (int64_t at = 0; at < to - from; at++)
            add_element(w, &el, i, at);
        TRY(gather_args(w, &el));
        TRY(w->over->whole(&w->env, el.n, w->args, &one, 0));
        TRY(builder_append(w->ev->cx, b, &one, NULL, 1));
    }
    return RC_OK;
}

static rc whole_column(struct within *w, struct vec *out)
{
    struct builder b;
    struct column *c = NULL;
    builder_init(&b, w->nd->e->type, kind_phys(w->nd->e->type.kind));
    enum rc_t res = by_whole(w, &b);
    if (res == RC_OK) res = builder_finish(w->ev->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    arena_column(w->ev->cx->arena, c);
    *out = column_view(c, 0, w->ev->n);
    return RC_OK;
}

rc eval_list_agg(struct eval *ev, struct node *nd, struct vec *out)
{
    struct within w;
    int64_t from, to;
    TRY(within_init(&w, ev, nd));
    if (w.over->whole) return whole_column(&w, out);
    bitmap_fill(nd->out.valid, ev->n, true);
    *out = (struct vec){
        .phys = kind_phys(nd->e->type.kind), .data = nd->out.data, .valid = nd->out.valid};
    TRY(by_states(&w, out));
    for (int64_t i = 0; i < ev->n; i++)
        if (!list_bounds(&w.lists[0], i, &from, &to)) bit_clear(nd->out.valid, i);
    out->valid = words_all_set(nd->out.valid, ev->n) ? NULL : nd->out.valid;
    return RC_OK;
}

/* plan.c: nodes: life, copies, and the makers of all but joins (plan_join.c). A maker checks every
 * expression against its input's schema, so that executors can trust names and types. */
#include "runtime/plan/plan_int.h"

#include "runtime/io/io.h"

struct plan *plan_ref(const struct plan *p)
{
    struct plan *q = (struct plan *)(uintptr_t)p;
    if (q) atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
    return q;
}

static void release_source(struct plan *p)
{
    if (p->op == PLAN_TABLE) table_unref(p->u.table.table);
    if (p->op == PLAN_SCAN && p->u.scan.scan) io_unref(p->u.scan.scan);
    if (p->op == PLAN_MAP && p->u.map.map) p->u.map.map->cls->unref(p->u.map.map);
}

/* Chains can be long (a loop of unions): the first input is followed, not recursed into. */
void plan_unref(const struct plan *p)
{
    struct plan *q = (struct plan *)(uintptr_t)p;
    while (q && atomic_fetch_sub_explicit(&q->refs, 1, memory_order_acq_rel) == 1) {
        struct plan *next = q->inputs[0];
        plan_unref(q->inputs[1]);
        release_source(q);
        schema_unref(q->schema);
        table_unref(q->kept);
        arena_free(q->arena);
        mem_free(q);
        q = next;
    }
}

void plan_share(struct plan *p, const char *name)
{
    if (!p->once) p->once = arena_strndup(p->arena, name, strlen(name));
}

struct plan *plan_new(enum plan_op op, struct span span, const struct plan *in0,
                      const struct plan *in1)
{
    struct plan *p = mem_zero(sizeof *p);
    atomic_init(&p->refs, 1);
    p->op = op;
    p->span = span;
    p->inputs[0] = plan_ref(in0);
    p->inputs[1] = plan_ref(in1);
    p->arena = arena_new();
    return p;
}

struct named_expr *plan_copy_items(struct arena *a, const struct named_expr *items, int n)
{
    struct named_expr *c = ARENA_ARRAY(a, struct named_expr, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        c[i].name = arena_strndup(a, items[i].name, strlen(items[i].name));
        c[i].expr = expr_copy(a, items[i].expr);
    }
    return c;
}

struct sort_key *plan_copy_keys(struct arena *a, const struct sort_key *keys, int n)
{
    struct sort_key *c = ARENA_ARRAY(a, struct sort_key, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        c[i] = keys[i];
        c[i].expr = expr_copy(a, keys[i].expr);
    }
    return c;
}

const struct expr **plan_copy_exprs(struct arena *a, const struct expr *const *e, int n)
{
    const struct expr **c = ARENA_ARRAY(a, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        c[i] = expr_copy(a, e[i]);
    return c;
}

/* ---- makers ---- */
rc plan_table(struct ctx *cx, const struct table *t, const char *label, struct plan **out)
{
    (void)cx;
    struct plan *p = plan_new(PLAN_TABLE, NO_SPAN, NULL, NULL);
    p->schema = schema_ref(t->schema);
    p->u.table.table = table_ref((struct table *)(uintptr_t)t);
    p->u.table.label = label ? arena_strndup(p->arena, label, strlen(label)) : NULL;
    *out = p;
    return RC_OK;
}

rc plan_scan(struct ctx *cx, struct io_scan *scan, struct span span, struct plan **out)
{
    (void)cx;
    struct plan *p = plan_new(PLAN_SCAN, span, NULL, NULL);
    p->schema = schema_ref(io_head(scan)->schema);
    p->u.scan.scan = io_ref(scan);
    p->u.scan.limit = -1;
    *out = p;
    return RC_OK;
}

/* Schema of the named columns of `full`, in the given order. */
static rc schema_pick(struct ctx *cx, const struct schema *full, const char *const *columns, int n,
                      struct span span, struct schema **out)
{
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    for (int i = 0; i < n; i++) {
        int at = schema_find(full, str_of(columns[i]));
        if (at < 0) return fail(cx, E201, span, "unknown column `%s`", columns[i]);
        fields[i] = full->fields[at];
    }
    return schema_new(cx, fields, n, span, out);
}

rc plan_rescan(struct ctx *cx, const struct plan *p, const char *const *columns, int n,
               const struct expr *filter, int64_t limit, struct plan **out)
{
    struct schema *schema = NULL;
    const struct schema *full = io_head(p->u.scan.scan)->schema;
    if (columns)
        TRY(schema_pick(cx, full, columns, n, p->span, &schema));
    else
        schema = schema_ref(full);
    struct plan *q = plan_new(PLAN_SCAN, p->span, NULL, NULL);
    q->schema = schema;
    q->u.scan.scan = io_ref(p->u.scan.scan);
    q->u.scan.filter = filter ? expr_copy(q->arena, filter) : NULL;
    q->u.scan.limit = limit;
    if (columns) {
        q->u.scan.columns = ARENA_ARRAY(q->arena, const char *, n > 0 ? n : 1);
        for (int i = 0; i < n; i++)
            q->u.scan.columns[i] = arena_strndup(q->arena, columns[i], strlen(columns[i]));
        q->u.scan.n_columns = n;
    }
    *out = q;
    return RC_OK;
}

static rc wants_bool(struct ctx *cx, const struct expr *e, const char *what)
{
    char text[96];
    if (e->type.kind == KIND_BOOL || e->type.kind == KIND_NULL) return RC_OK;
    fail(cx, E207, e->span, "%s needs true or false, this is %s", what,
         dtype_text(e->type, text, sizeof text));
    return err_note(cx, "compare it with something, e.g. `.. != 0`");
}

rc plan_filter(struct ctx *cx, struct plan *in, const struct expr *predicate, struct span span,
               struct plan **out)
{
    TRY(plan_check_expr(cx, in->schema, predicate));
    TRY(wants_bool(cx, predicate, "where"));
    const struct expr *cast;
    TRY(expr_cast(cx, cx->arena, predicate, KIND_BOOL, &cast));
    struct plan *p = plan_new(PLAN_FILTER, span, in, NULL);
    p->schema = schema_ref(in->schema);
    p->u.filter.predicate = expr_copy(p->arena, cast);
    *out = p;
    return RC_OK;
}

static rc check_items(struct ctx *cx, const struct schema *s, const struct named_expr *items, int n)
{
    for (int i = 0; i < n; i++)
        TRY(plan_check_expr(cx, s, items[i].expr));
    return RC_OK;
}

/* Copies of sort keys and of `by`, checked; lists and structs go by their keys. */
static rc check_keys(struct ctx *cx, const struct schema *s, const struct sort_key **keys, int n)
{
    struct sort_key *own = ARENA_ARRAY(cx->arena, struct sort_key, n + 1);
    for (int i = 0; i < n; i++) {
        TRY(plan_check_expr(cx, s, (*keys)[i].expr));
        own[i] = (*keys)[i];
        TRY(expr_key(cx, cx->arena, own[i].expr, &own[i].expr));
    }
    *keys = own;
    return RC_OK;
}

static rc check_by(struct ctx *cx, const struct schema *s, const struct expr *const **by, int n)
{
    const struct expr **own = ARENA_ARRAY(cx->arena, const struct expr *, n + 1);
    for (int i = 0; i < n; i++) {
        TRY(plan_check_expr(cx, s, (*by)[i]));
        TRY(expr_key(cx, cx->arena, (*by)[i], &own[i]));
    }
    *by = own;
    return RC_OK;
}

/* Adds the fields of items to fields[at..). */
static void add_fields(struct field *fields, int at, const struct named_expr *items, int n)
{
    for (int i = 0; i < n; i++)
        fields[at + i] = (struct field){items[i].name, items[i].expr->type};
}

rc plan_project(struct ctx *cx, struct plan *in, const struct named_expr *items, int n,
                struct span span, struct plan **out)
{
    struct schema *schema;
    TRY(check_items(cx, in->schema, items, n));
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    add_fields(fields, 0, items, n);
    TRY(schema_new(cx, fields, n, span, &schema));
    struct plan *p = plan_new(PLAN_PROJECT, span, in, NULL);
    p->schema = schema;
    p->u.project.items = plan_copy_items(p->arena, items, n);
    p->u.project.n = n;
    *out = p;
    return RC_OK;
}

static rc only_ops(struct ctx *cx, const struct named_expr *items, int n, bool windows_too)
{
    for (int i = 0; i < n; i++) {
        enum expr_op op = items[i].expr->op;
        if (op != EXPR_AGG && !(windows_too && op == EXPR_WINDOW))
            return fail(cx, E210, items[i].expr->span, "`%s` is not an aggregate", items[i].name);
    }
    return RC_OK;
}

/* The array again, to be written to. */
static struct named_expr *own_items(struct arena *a, const struct named_expr *items, int n)
{
    struct named_expr *own = ARENA_ARRAY(a, struct named_expr, n + 1);
    if (n > 0) memcpy(own, items, sizeof *own * (size_t)n);
    return own;
}

rc plan_aggregate(struct ctx *cx, struct plan *in, const struct named_expr *keys, int n_keys,
                  const struct named_expr *items, int n, bool unsorted, struct span span,
                  struct plan **out)
{
    struct schema *schema;
    bool holds_keys = false;
    TRY(only_ops(cx, items, n, false));
    TRY(check_items(cx, in->schema, items, n));
    TRY(check_items(cx, in->schema, keys, n_keys));
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + n_keys > 0 ? n + n_keys : 1);
    struct dtype *types = ARENA_ARRAY(cx->arena, struct dtype, n + n_keys + 1);
    for (int i = 0; i < n_keys + n; i++)
        types[i] = i < n_keys ? keys[i].expr->type : items[i - n_keys].expr->type;
    struct named_expr *own_keys = own_items(cx->arena, keys, n_keys);
    struct named_expr *own = own_items(cx->arena, items, n);
    keys = own_keys;
    items = own;
    TRY(plan_keys_held(cx, own_keys, n_keys, &holds_keys));
    TRY(plan_items_held(cx, own, n, &holds_keys));
    add_fields(fields, 0, keys, n_keys);
    add_fields(fields, n_keys, items, n);
    TRY(schema_new(cx, fields, n_keys + n, span, &schema));
    struct plan *p = plan_new(PLAN_AGGREGATE, span, in, NULL);
    p->schema = schema;
    p->u.aggregate.keys = plan_copy_items(p->arena, keys, n_keys);
    p->u.aggregate.n_keys = n_keys;
    p->u.aggregate.items = plan_copy_items(p->arena, items, n);
    p->u.aggregate.n = n;
    p->u.aggregate.unsorted = unsorted;
    if (holds_keys) return plan_give_back(cx, p, types, out);
    *out = p;
    return RC_OK;
}

static bool has_distance(const struct win_frame *f)
{
    return f->unit == FRAME_RANGE && (f->from != FRAME_OPEN_FROM || f->to != FRAME_OPEN_TO);
}

/* A frame by distance goes along one key that can be added to. */
static rc check_range_key(struct ctx *cx, const struct expr *e, const struct sort_key *sort,
                          int n_sort)
{
    char text[96];
    if (!has_distance(&e->frame)) return RC_OK;
    if (n_sort != 1) {
        fail(cx, E213, e->span, "a frame by distance needs one sort key, not %d", n_sort);
        return err_note(cx, "add a sort clause to the step: `.. sort day`");
    }
    switch (sort[0].expr->type.kind) {
    case KIND_INT:
    case KIND_NUM:
    case KIND_DATE:
    case KIND_DATETIME:
    case KIND_DURATION: return RC_OK;
    default:
        return fail(cx, E207, e->span,
                    "a frame by distance sorts by a number, date or time, not %s",
                    dtype_text(sort[0].expr->type, text, sizeof text));
    }
}

static rc check_window_order(struct ctx *cx, const struct named_expr *items, int n,
                             const struct sort_key *sort, int n_sort)
{
    for (int i = 0; i < n; i++) {
        const struct expr *e = items[i].expr;
        bool needs = e->op == EXPR_WINDOW
                         ? e->win->needs_sort || (e->win->ranks_by_args && e->n_args == 0)
                         : e->frame.unit == FRAME_TIME;
        if (e->op == EXPR_AGG) TRY(check_range_key(cx, e, sort, n_sort));
        if (!needs || n_sort > 0) continue;
        fail(cx, E213, e->span, "%s() depends on the order of rows",
             e->op == EXPR_WINDOW ? e->win->name : e->agg->name);
        return err_note(cx, "add a sort clause to the step: `.. sort day`");
    }
    return RC_OK;
}

rc plan_window(struct ctx *cx, struct plan *in, const struct expr *const *by, int n_by,
               const struct sort_key *sort, int n_sort, const struct named_expr *items, int n,
               struct span span, struct plan **out)
{
    struct schema *schema;
    int n_in = in->schema->n;
    TRY(only_ops(cx, items, n, true));
    TRY(check_items(cx, in->schema, items, n));
    TRY(check_by(cx, in->schema, &by, n_by));
    TRY(check_keys(cx, in->schema, &sort, n_sort));
    TRY(check_window_order(cx, items, n, sort, n_sort));
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n_in + n > 0 ? n_in + n : 1);
    struct dtype *types = ARENA_ARRAY(cx->arena, struct dtype, n_in + n + 1);
    struct named_expr *own = own_items(cx->arena, items, n);
    bool holds_keys = false;
    TRY(plan_items_held(cx, own, n, &holds_keys));
    for (int i = 0; i < n_in; i++)
        fields[i] = in->schema->fields[i];
    for (int i = 0; i < n_in + n; i++)
        types[i] = i < n_in ? fields[i].type : items[i - n_in].expr->type;
    items = own;
    add_fields(fields, n_in, items, n);
    TRY(schema_new(cx, fields, n_in + n, span, &schema));
    struct plan *p = plan_new(PLAN_WINDOW, span, in, NULL);
    p->schema = schema;
    p->u.window.by = plan_copy_exprs(p->arena, by, n_by);
    p->u.window.n_by = n_by;
    p->u.window.sort = plan_copy_keys(p->arena, sort, n_sort);
    p->u.window.n_sort = n_sort;
    p->u.window.items = plan_copy_items(p->arena, items, n);
    p->u.window.n = n;
    if (holds_keys) return plan_give_back(cx, p, types, out);
    *out = p;
    return RC_OK;
}

rc plan_sort(struct ctx *cx, struct plan *in, const struct sort_key *keys, int n, struct span span,
             struct plan **out)
{
    TRY(check_keys(cx, in->schema, &keys, n));
    struct plan *p = plan_new(PLAN_SORT, span, in, NULL);
    p->schema = schema_ref(in->schema);
    p->u.sort.keys = plan_copy_keys(p->arena, keys, n);
    p->u.sort.n = n;
    p->u.sort.limit = -1;
    *out = p;
    return RC_OK;
}

rc plan_limit(struct ctx *cx, struct plan *in, int64_t offset, int64_t n, bool from_end,
              const struct expr *const *by, int n_by, const struct sort_key *sort, int n_sort,
              struct span span, struct plan **out)
{
    if (offset < 0 || n < -1) return fail(cx, E209, span, "a number of rows cannot be negative");
    TRY(check_by(cx, in->schema, &by, n_by));
    TRY(check_keys(cx, in->schema, &sort, n_sort));
    struct plan *p = plan_new(PLAN_LIMIT, span, in, NULL);
    p->schema = schema_ref(in->schema);
    p->u.limit.offset = offset;
    p->u.limit.n = n;
    p->u.limit.from_end = from_end;
    p->u.limit.by = plan_copy_exprs(p->arena, by, n_by);
    p->u.limit.n_by = n_by;
    p->u.limit.sort = plan_copy_keys(p->arena, sort, n_sort);
    p->u.limit.n_sort = n_sort;
    *out = p;
    return RC_OK;
}

/* distinct over whole rows, as their columns: only where one is a list or struct. */
static void all_columns(struct ctx *cx, const struct schema *s, struct span span,
                        const struct expr *const **by, int *n_by)
{
    bool any = false;
    const struct expr **all = ARENA_ARRAY(cx->arena, const struct expr *, s->n + 1);
    for (int i = 0; i < s->n; i++) {
        any = any || dtype_is_nested(s->fields[i].type);
        all[i] = expr_column(cx->arena, s->fields[i].name, s->fields[i].type, span);
    }
    if (!any) return;
    *by = all;
    *n_by = s->n;
}

rc plan_distinct(struct ctx *cx, struct plan *in, const struct expr *const *by, int n_by,
                 const struct sort_key *sort, int n_sort, struct span span, struct plan **out)
{
    if (n_by == 0) all_columns(cx, in->schema, span, &by, &n_by);
    TRY(check_by(cx, in->schema, &by, n_by));
    TRY(check_keys(cx, in->schema, &sort, n_sort));
    struct plan *p = plan_new(PLAN_DISTINCT, span, in, NULL);
    p->schema = schema_ref(in->schema);
    p->u.distinct.by = plan_copy_exprs(p->arena, by, n_by);
    p->u.distinct.n_by = n_by;
    p->u.distinct.sort = plan_copy_keys(p->arena, sort, n_sort);
    p->u.distinct.n_sort = n_sort;
    *out = p;
    return RC_OK;
}

/* Fields of the input with the elements in place of the unnested lists. */
static rc unnest_fields(struct ctx *cx, const struct schema *in, const char *const *columns, int n,
                        struct span span, struct field *fields)
{
    char text[96];
    for (int i = 0; i < in->n; i++)
        fields[i] = in->fields[i];
    for (int i = 0; i < n; i++) {
        int at = schema_find(in, str_of(columns[i]));
        if (at < 0) return fail(cx, E201, span, "unknown column `%s`", columns[i]);
        if (in->fields[at].type.kind != KIND_LIST)
            return fail(cx, E207, span, "`%s` is %s, not a list", columns[i],
                        dtype_text(in->fields[at].type, text, sizeof text));
        fields[at].type = *in->fields[at].type.elem;
    }
    return RC_OK;
}

rc plan_unnest(struct ctx *cx, struct plan *in, const char *const *columns, int n, bool keep_empty,
               const char *index_name, struct span span, struct plan **out)
{
    struct schema *schema;
    int n_in = in->schema->n, n_all = n_in + (index_name != NULL);
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n_all + 1);
    TRY(unnest_fields(cx, in->schema, columns, n, span, fields));
    if (index_name) fields[n_in] = (struct field){index_name, DTYPE(KIND_INT)};
    TRY(schema_new(cx, fields, n_all, span, &schema));
    struct plan *p = plan_new(PLAN_UNNEST, span, in, NULL);
    p->schema = schema;
    p->u.unnest.columns = ARENA_ARRAY(p->arena, const char *, n + 1);
    for (int i = 0; i < n; i++)
        p->u.unnest.columns[i] = arena_strndup(p->arena, columns[i], strlen(columns[i]));
    p->u.unnest.n = n;
    p->u.unnest.keep_empty = keep_empty;
    if (index_name)
        p->u.unnest.index_name = arena_strndup(p->arena, index_name, strlen(index_name));
    *out = p;
    return RC_OK;
}

rc plan_map(struct ctx *cx, struct plan *in, struct row_map *map, struct span span,
            struct plan **out)
{
    struct schema *schema;
    int n_in = in->schema->n, n = n_in + map->n_adds;
    for (int i = 0; i < map->n_needs; i++)
        if (schema_find(in->schema, str_of(map->needs[i])) < 0)
            return fail(cx, E201, span, "unknown column `%s`", map->needs[i]);
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        fields[i] = i < n_in ? in->schema->fields[i] : map->adds[i - n_in];
    TRY(schema_new(cx, fields, n, span, &schema));
    struct plan *p = plan_new(PLAN_MAP, span, in, NULL);
    p->schema = schema;
    map->cls->ref(map);
    p->u.map.map = map;
    *out = p;
    return RC_OK;
}

rc plan_assert(struct ctx *cx, struct plan *in, const struct expr *predicate, const char *message,
               bool warn_only, struct span span, struct plan **out)
{
    const struct expr *cast;
    TRY(plan_check_expr(cx, in->schema, predicate));
    TRY(wants_bool(cx, predicate, "assert"));
    TRY(expr_cast(cx, cx->arena, predicate, KIND_BOOL, &cast));
    struct plan *p = plan_new(PLAN_ASSERT, span, in, NULL);
    p->schema = schema_ref(in->schema);
    p->u.check.predicate = expr_copy(p->arena, cast);
    p->u.check.message = message ? arena_strndup(p->arena, message, strlen(message)) : NULL;
    p->u.check.warn_only = warn_only;
    *out = p;
    return RC_OK;
}

/* ops.c: the operators that turn one batch into at most one: filter, project, map, assert. */
#include "runtime/exec/threads/pick.h"

struct step_op { /* filter, project, assert */
    struct op op;
    struct exprs *x;
    bool *reads; /* filters: columns that what follows needs; NULL: all */
};

static void expr_start(struct op *op, int64_t n_parts)
{
    exprs_start(((struct step_op *)op)->x, n_parts, op->positional);
}

static void expr_part_end(struct op *op, struct worker *w, int64_t part)
{
    exprs_part_end(((struct step_op *)op)->x, w, part, op->local[w - op->run->workers].rows);
}

static enum rc_t expr_done(struct op *op, struct ctx *cx, int64_t n_parts)
{
    (void)cx;
    exprs_report(((struct step_op *)op)->x, n_parts);
    return RC_OK;
}

static void expr_free(struct op *op)
{
    exprs_free(((struct step_op *)op)->x);
    mem_free(((struct step_op *)op)->reads);
    op_release(op);
}

/* Calls that depend on the row's number need numbers that are final: the pipe so far becomes a
 * table when some of its operators drop rows. */
static rc settle_positions(struct pipe *p, struct exprs *x)
{
    if (p->positional || !exprs_need_position(x)) return RC_OK;
    return pipe_restart(p);
}

static rc step_op_new(struct pipe *p, const struct op_class *cls, const struct plan *node,
                      const struct expr *const *e, int n, struct step_op **out)
{
    struct exprs *x;
    TRY(exprs_new(p->run, p->schema, e, n, p->rows_max, &x));
    if (settle_positions(p, x) != RC_OK) {
        exprs_free(x);
        return RC_ERR;
    }
    struct step_op *op = mem_zero(sizeof *op);
    op->x = x;
    op_init(&op->op, cls, p, node, node->schema->n);
    op->op.keeps_rows = cls->keeps_rows;
    *out = op;
    return RC_OK;
}

/* ---- filter ---- */
static enum rc_t filter_batch(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                              const struct batch *in, struct batch *out)
{
    struct op_local *l = &op->local[w - op->run->workers];
    struct vec keep;
    (void)part;
    if (!l->sel) l->sel = ARENA_ARRAY(w->hold, int32_t, BATCH_ROWS);
    TRY(exprs_eval_one(((struct step_op *)op)->x, w, cx, in, in->first_row, 0, &keep));
    int64_t n = vec_true_rows(&keep, in->n_rows, l->sel);
    out->n_rows = (int)n;
    if (n == 0) return RC_OK;
    if (n == in->n_rows) {
        out->cols = in->cols;
        return RC_OK;
    }
    if (op->picks) pick_note(w, l->sel, n);
    const bool *reads = ((struct step_op *)op)->reads;
    for (int i = 0; i < in->n_cols; i++) {
        if (reads && !reads[i]) continue;
        scratch_need(&l->scratch[i], w->hold, BATCH_ROWS);
        TRY(vec_select(cx, &l->scratch[i], &in->cols[i], op->schema->fields[i].type, l->sel, n,
                       &l->cols[i]));
    }
    return RC_OK;
}

static const struct expr *predicate_of(const struct plan *node)
{
    return node->op == PLAN_SCAN ? node->u.scan.filter : node->u.filter.predicate;
}

static void filter_needs(struct op *op, const bool *out, bool *in)
{
    size_t n = (size_t)op->schema->n;
    bool **reads = &((struct step_op *)op)->reads;
    *reads = mem_realloc(*reads, n + 1);
    memcpy(*reads, out, n);
    memcpy(in, out, n);
    mark_reads(op->schema, predicate_of(op->node), in);
}

static const struct op_class filter_class = {.name = "filter",
                                             .needs = filter_needs,
                                             .picks = true,
                                             .start = expr_start,
                                             .batch = filter_batch,
                                             .part_end = expr_part_end,
                                             .done = expr_done,
                                             .free = expr_free};

rc op_filter(struct pipe *p, const struct plan *node, const struct expr *predicate)
{
    struct step_op *op;
    TRY(step_op_new(p, &filter_class, node, &predicate, 1, &op));
    pipe_add(p, &op->op);
    return RC_OK;
}

/* ---- project ---- */
/* A constant list or struct has no one-value form: spelled out. */
static rc spread_nested(struct ctx *cx, const struct expr *e, int64_t n, struct vec *v)
{
    struct column *c;
    TRY(column_fill(cx, &e->value, n, &c));
    arena_column(cx->arena, c);
    *v = column_view(c, 0, n);
    return RC_OK;
}

static enum rc_t project_batch(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                               const struct batch *in, struct batch *out)
{
    const struct plan *node = op->node;
    (void)part;
    out->n_rows = in->n_rows;
    TRY(exprs_eval(((struct step_op *)op)->x, w, cx, in, in->first_row, out->cols));
    for (int i = 0; i < node->u.project.n; i++) {
        const struct expr *e = node->u.project.items[i].expr;
        bool is_nested = e->type.kind == KIND_LIST || e->type.kind == KIND_STRUCT;
        if (is_nested && out->cols[i].is_const)
            TRY(spread_nested(cx, e, in->n_rows, &out->cols[i]));
    }
    return RC_OK;
}

static void project_needs(struct op *op, const bool *out, bool *in)
{
    const struct plan *node = op->node;
    for (int i = 0; i < node->u.project.n; i++) {
        const struct expr *e = node->u.project.items[i].expr;
        if (out[i] || e->op != EXPR_COLUMN) mark_reads(node->inputs[0]->schema, e, in);
    }
}

static const struct op_class project_class = {.name = "project",
                                              .needs = project_needs,
                                              .keeps_rows = true,
                                              .start = expr_start,
                                              .batch = project_batch,
                                              .part_end = expr_part_end,
                                              .done = expr_done,
                                              .free = expr_free};

/* What the pipe knows of its columns, for the projected ones. */
static void project_facts(struct pipe *p, struct exprs *x, const struct schema *in,
                          const struct plan *node)
{
    int n = node->u.project.n;
    int *origin = mem_zero(sizeof *origin * (size_t)(n + 1));
    const struct column **dicts = mem_zero(sizeof *dicts * (size_t)(n + 1));
    bool *loose = mem_zero((size_t)n + 1);
    for (int i = 0; i < n; i++) {
        const struct expr *e = node->u.project.items[i].expr;
        int at = e->op == EXPR_COLUMN ? schema_find(in, str_of(e->name)) : -1;
        origin[i] = at >= 0 ? p->origin[at] : -1;
        dicts[i] = exprs_dict(x, i, p->dicts);
        loose[i] =
            at >= 0 ? p->loose[at] : e->type.kind == KIND_CAT && !e->type.ordered && !dicts[i];
    }
    mem_free(p->origin);
    mem_free(p->dicts);
    mem_free(p->loose);
    p->origin = origin;
    p->dicts = dicts;
    p->loose = loose;
}

rc op_project(struct pipe *p, const struct plan *node)
{
    struct step_op *op;
    int n = node->u.project.n;
    const struct expr **e = ARENA_ARRAY(p->run->arena, const struct expr *, n > 0 ? n : 1);
    for (int i = 0; i < n; i++)
        e[i] = node->u.project.items[i].expr;
    TRY(step_op_new(p, &project_class, node, e, n, &op));
    project_facts(p, op->x, p->schema, node);
    pipe_add(p, &op->op);
    return RC_OK;
}

/* ---- map ---- */
struct map_op {
    struct op op;
    int *needs; /* columns of the input */
};

static enum rc_t map_batch(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                           const struct batch *in, struct batch *out)
{
    const struct row_map *m = op->node->u.map.map;
    struct op_local *l = &op->local[w - op->run->workers];
    struct vec *needs = arena_alloc(cx->arena, sizeof *needs * (size_t)(m->n_needs + 1));
    (void)part;
    for (int i = 0; i < m->n_needs; i++) {
        int at = ((struct map_op *)op)->needs[i];
        scratch_need(&l->scratch[at], w->hold, BATCH_ROWS);
        vec_spread(&l->scratch[at], &in->cols[at], in->n_rows, &needs[i]);
    }
    struct batch seen = {in->n_rows, m->n_needs, needs, in->first_row};
    struct batch added = {in->n_rows, m->n_adds, l->cols + in->n_cols, in->first_row};
    TRY(m->cls->run(cx, m, &seen, &added));
    if (in->n_cols) memcpy(l->cols, in->cols, sizeof *l->cols * (size_t)in->n_cols);
    out->n_rows = in->n_rows;
    return RC_OK;
}

static enum rc_t map_done(struct op *op, struct ctx *cx, int64_t n_parts)
{
    struct row_map *m = op->node->u.map.map;
    (void)n_parts;
    return m->cls->done ? m->cls->done(cx, m) : RC_OK;
}

static void map_free(struct op *op)
{
    mem_free(((struct map_op *)op)->needs);
    op_release(op);
}

static const struct op_class map_class = {
    .name = "map", .keeps_rows = true, .batch = map_batch, .done = map_done, .free = map_free};

void pipe_widen(struct pipe *p, int n_in, int n)
{
    p->origin = mem_realloc(p->origin, sizeof *p->origin * (size_t)(n + 1));
    p->dicts = mem_realloc(p->dicts, sizeof *p->dicts * (size_t)(n + 1));
    p->loose = mem_realloc(p->loose, (size_t)n + 1);
    for (int i = n_in; i < n; i++) {
        p->loose[i] = false;
        p->origin[i] = -1;
        p->dicts[i] = NULL;
    }
}

rc op_map(struct pipe *p, const struct plan *node)
{
    const struct row_map *m = node->u.map.map;
    struct map_op *op = mem_zero(sizeof *op);
    op->needs = mem_zero(sizeof *op->needs * (size_t)(m->n_needs + 1));
    for (int i = 0; i < m->n_needs; i++)
        op->needs[i] = schema_find(p->schema, str_of(m->needs[i]));
    op_init(&op->op, &map_class, p, node, node->schema->n);
    op->op.keeps_rows = true;
    pipe_widen(p, p->schema->n, node->schema->n);
    pipe_add(p, &op->op);
    return RC_OK;
}

/* ---- assert ---- */
struct bad_rows { /* of one partition */
    int64_t rows, n;
    int64_t at[3];
    char *text[3];
};
struct assert_op {
    struct step_op base;
    struct bad_rows *parts;
    int64_t n_parts;
};

static void assert_start(struct op *op, int64_t n_parts)
{
    struct assert_op *a = (struct assert_op *)op;
    a->n_parts = n_parts;
    a->parts = mem_zero(sizeof *a->parts * (size_t)(n_parts + 1));
    expr_start(op, n_parts);
}

struct row_text {
    const struct op *op;
    const struct batch *b;
    int64_t row;
    struct strbuf out;
    bool *seen;
};

static struct scalar vec_scalar(const struct vec *v, struct dtype type, int64_t row)
{
    struct column c = {.phys = v->phys,
                       .type = type,
                       .n = row + 1,
                       .valid = v->valid,
                       .data = v->data,
                       .dict = v->dict,
                       .child = v->child,
                       .n_child = v->n_child};
    return column_scalar(&c, v->is_const ? 0 : row);
}

static void add_value(void *arg, const char *name)
{
    struct row_text *t = arg;
    int at = schema_find(t->op->schema, str_of(name));
    if (at < 0 || t->seen[at]) return;
    t->seen[at] = true;
    struct scalar s = vec_scalar(&t->b->cols[at], t->op->schema->fields[at].type, t->row);
    strbuf_printf(&t->out, "%s%s = ", t->out.n ? ", " : "", name);
    scalar_text(&t->out, &s, true);
    scalar_release(&s);
}

/* "fare = -3.5, tip = null" of one row: the columns that the predicate reads. */
static char *describe_row(struct op *op, const struct batch *b, int64_t row)
{
    bool *seen = mem_zero((size_t)op->schema->n + 1);
    struct row_text t = {op, b, row, {0}, seen};
    expr_columns(op->node->u.check.predicate, add_value, &t);
    mem_free(seen);
    return strbuf_take(&t.out);
}

static enum rc_t assert_batch(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                              const struct batch *in, struct batch *out)
{
    struct bad_rows *bad = &((struct assert_op *)op)->parts[part];
    int32_t *sel = arena_alloc(cx->arena, sizeof *sel * BATCH_ROWS);
    struct vec holds;
    TRY(exprs_eval_one(((struct step_op *)op)->x, w, cx, in, in->first_row, 0, &holds));
    int64_t m = vec_true_rows(&holds, in->n_rows, sel), k = 0;
    for (int64_t i = 0; m < in->n_rows && i < in->n_rows; i++) {
        if (k < m && sel[k] == i) {
            k++;
            continue;
        }
        if (bad->n < 3) {
            bad->at[bad->n] = bad->rows + i;
            bad->text[bad->n] = describe_row(op, in, i);
        }
        bad->n++;
    }
    bad->rows += in->n_rows;
    *out = *in;
    return RC_OK;
}

static enum rc_t assert_fails(struct op *op, struct ctx *cx, const struct bad_rows *sum,
                              const int64_t *rows, char *const *texts)
{
    const struct plan *node = op->node;
    struct strbuf text = {0};
    if (node->u.check.message) strbuf_printf(&text, "%s: ", node->u.check.message);
    strbuf_printf(&text, "%lld of %lld rows do not hold `", (long long)sum->n,
                  (long long)sum->rows);
    expr_text(&text, node->u.check.predicate);
    strbuf_addc(&text, '`');
    if (node->u.check.warn_only) {
        for (int i = 0; i < 3 && i < sum->n; i++)
            strbuf_printf(&text, "%srow %lld: %s", i ? "; " : " (", (long long)rows[i] + 1,
                          texts[i]);
        strbuf_addc(&text, ')');
        warn(cx, W310, node->span, "assert: %s", text.p);
        strbuf_release(&text);
        return RC_OK;
    }
    fail(cx, E310, node->span, "%s", text.p);
    strbuf_release(&text);
    for (int i = 0; i < 3 && i < sum->n; i++)
        err_note(cx, "row %lld: %s", (long long)rows[i] + 1, texts[i]);
    return RC_ERR;
}

static enum rc_t assert_done(struct op *op, struct ctx *cx, int64_t n_parts)
{
    struct assert_op *a = (struct assert_op *)op;
    struct bad_rows sum = {0};
    int64_t rows[3] = {0};
    char *texts[3] = {NULL};
    TRY(expr_done(op, cx, n_parts));
    for (int64_t p = 0; p < n_parts; p++) {
        const struct bad_rows *b = &a->parts[p];
        for (int i = 0; i < 3 && i < b->n && sum.n + i < 3; i++) {
            rows[sum.n + i] = sum.rows + b->at[i];
            texts[sum.n + i] = b->text[i];
        }
        sum.n += b->n;
        sum.rows += b->rows;
    }
    return sum.n ? assert_fails(op, cx, &sum, rows, texts) : RC_OK;
}

static void assert_free(struct op *op)
{
    struct assert_op *a = (struct assert_op *)op;
    for (int64_t p = 0; p < a->n_parts; p++)
        for (int i = 0; i < 3; i++)
            mem_free(a->parts[p].text[i]);
    mem_free(a->parts);
    expr_free(op);
}

static void assert_needs(struct op *op, const bool *out, bool *in)
{
    memcpy(in, out, (size_t)op->schema->n);
    mark_reads(op->schema, op->node->u.check.predicate, in);
}

static const struct op_class assert_class = {.name = "assert",
                                             .needs = assert_needs,
                                             .keeps_rows = true,
                                             .start = assert_start,
                                             .batch = assert_batch,
                                             .part_end = expr_part_end,
                                             .done = assert_done,
                                             .free = assert_free};

rc op_assert(struct pipe *p, const struct plan *node)
{
    struct assert_op *op = mem_zero(sizeof *op);
    const struct expr *e = node->u.check.predicate;
    if (exprs_new(p->run, p->schema, &e, 1, p->rows_max, &op->base.x) != RC_OK) {
        mem_free(op);
        return RC_ERR;
    }
    if (settle_positions(p, op->base.x) != RC_OK) {
        exprs_free(op->base.x);
        mem_free(op);
        return RC_ERR;
    }
    op_init(&op->base.op, &assert_class, p, node, node->schema->n);
    op->base.op.keeps_rows = true;
    p->sees_all = true;
    pipe_add(p, &op->base.op);
    return RC_OK;
}

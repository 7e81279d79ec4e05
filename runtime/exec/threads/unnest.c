/* unnest.c: a row for each element of the list columns. One batch may become many: the operator
 * gives BATCH_ROWS rows at a time and is asked for more. */
#include "runtime/exec/threads/threads_int.h"

struct place {            /* of one worker: the batch at work */
    int64_t row, element; /* next to come */
    int32_t *owner;       /* [BATCH_ROWS] */
    int64_t *at;          /* [BATCH_ROWS] element of its row from 0, -1: the row had none */
};
struct unnest_op {
    struct op op;
    int *lists; /* columns of the input */
    int n_lists;
    bool keep_empty, has_index;
    int n_in;
    struct place *places; /* [n_workers] */
};

static int64_t list_length(const struct vec *v, int64_t row)
{
    const int64_t *at = v->data;
    return bit_valid(v->valid, row) ? at[row + 1] - at[row] : 0;
}

/* Rows that input row i becomes. */
static int64_t rows_of(const struct unnest_op *u, const struct batch *in, int64_t i)
{
    int64_t most = 0;
    for (int k = 0; k < u->n_lists; k++) {
        int64_t n = list_length(&in->cols[u->lists[k]], i);
        if (n > most) most = n;
    }
    return most;
}

/* Next rows of the batch; how many. */
static int64_t next_rows(const struct unnest_op *u, struct place *p, const struct batch *in)
{
    int64_t m = 0;
    for (; p->row < in->n_rows; p->row++, p->element = 0) {
        int64_t n = rows_of(u, in, p->row);
        if (n == 0 && u->keep_empty) {
            if (m == BATCH_ROWS) return m;
            p->owner[m] = (int32_t)p->row;
            p->at[m++] = -1;
        }
        for (; p->element < n; p->element++) {
            if (m == BATCH_ROWS) return m;
            p->owner[m] = (int32_t)p->row;
            p->at[m++] = p->element;
        }
    }
    return m;
}

static rc put_elements(struct ctx *cx, const struct place *p, const struct vec *v, int64_t m,
                       struct vec *out)
{
    const int64_t *from = v->data;
    int64_t *rows = arena_alloc(cx->arena, 8 * (size_t)(m + 1));
    struct column *c;
    for (int64_t i = 0; i < m; i++) {
        bool is_there = p->at[i] >= 0 && p->at[i] < list_length(v, p->owner[i]);
        rows[i] = is_there ? from[p->owner[i]] + p->at[i] : -1;
    }
    TRY(column_gather(cx, v->child[0], rows, m, &c));
    arena_column(cx->arena, c);
    *out = column_view(c, 0, m);
    return RC_OK;
}

static void put_index(struct ctx *cx, const struct place *p, int64_t m, struct vec *out)
{
    int64_t *index = arena_alloc(cx->arena, 8 * (size_t)(m + 1));
    uint64_t *valid = arena_zero(cx->arena, BITMAP_WORDS(m) * 8 + 8);
    for (int64_t i = 0; i < m; i++) {
        index[i] = p->at[i] >= 0 ? p->at[i] + 1 : 0;
        bit_put(valid, i, p->at[i] >= 0);
    }
    *out = (struct vec){
        .phys = PHYS_I64, .data = index, .valid = words_all_set(valid, m) ? NULL : valid};
}

/* The place's next rows as a batch; texts under new memory each time, as earlier batches are done.
 */
static rc give(struct unnest_op *u, struct worker *w, struct ctx *cx, const struct batch *in,
               struct batch *out)
{
    int64_t worker = w - w->run->workers;
    struct op_local *l = &u->op.local[worker];
    struct place *p = &u->places[worker];
    int64_t m = next_rows(u, p, in);
    out->n_rows = (int)m;
    if (m == 0) return RC_OK;
    for (int i = 0; i < u->n_in; i++) {
        scratch_need(&l->scratch[i], w->hold, BATCH_ROWS);
        bool is_list = false;
        for (int k = 0; k < u->n_lists; k++)
            is_list = is_list || u->lists[k] == i;
        if (is_list)
            TRY(put_elements(cx, p, &in->cols[i], m, &l->cols[i]));
        else
            TRY(vec_select(cx, &l->scratch[i], &in->cols[i], u->op.schema->fields[i].type, p->owner,
                           m, &l->cols[i]));
    }
    if (u->has_index) put_index(cx, p, m, &l->cols[u->n_in]);
    return RC_OK;
}

static enum rc_t unnest_batch(struct op *op, struct worker *w, struct ctx *cx, int64_t part,
                              const struct batch *in, struct batch *out)
{
    struct unnest_op *u = (struct unnest_op *)op;
    struct place *p = &u->places[w - w->run->workers];
    (void)part;
    if (!p->owner) {
        p->owner = ARENA_ARRAY(w->hold, int32_t, BATCH_ROWS);
        p->at = ARENA_ARRAY(w->hold, int64_t, BATCH_ROWS);
    }
    p->row = p->element = 0;
    return give(u, w, cx, in, out);
}

static enum rc_t unnest_more(struct op *op, struct worker *w, struct ctx *cx,
                             const struct batch *in, struct batch *out)
{
    TRY(check_cancel(cx));
    return give((struct unnest_op *)op, w, cx, in, out);
}

static void unnest_free(struct op *op)
{
    struct unnest_op *u = (struct unnest_op *)op;
    mem_free(u->lists);
    mem_free(u->places);
    op_release(op);
}

static const struct op_class unnest_class = {
    .name = "unnest", .batch = unnest_batch, .more = unnest_more, .free = unnest_free};

rc op_unnest(struct pipe *p, const struct plan *node)
{
    struct unnest_op *u = mem_zero(sizeof *u);
    int n = p->schema->n;
    u->n_in = n;
    u->n_lists = node->u.unnest.n;
    u->keep_empty = node->u.unnest.keep_empty;
    u->has_index = node->u.unnest.index_name != NULL;
    u->lists = mem_zero(sizeof *u->lists * (size_t)(u->n_lists + 1));
    u->places = mem_zero(sizeof *u->places * (size_t)p->run->n_workers);
    for (int i = 0; i < u->n_lists; i++)
        u->lists[i] = schema_find(p->schema, str_of(node->u.unnest.columns[i]));
    op_init(&u->op, &unnest_class, p, node, n + 1);
    for (int i = 0; i < u->n_lists; i++) {
        p->origin[u->lists[i]] = -1;
        p->dicts[u->lists[i]] = NULL;
        p->loose[u->lists[i]] = node->schema->fields[u->lists[i]].type.kind == KIND_CAT;
    }
    pipe_widen(p, n, node->schema->n);
    pipe_add(p, &u->op);
    return RC_OK;
}

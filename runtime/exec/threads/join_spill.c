/* join_spill.c: joins whose sides do not fit the memory budget. Both sides are cut into parts by
 * the hash of their equal keys and put on disk with the numbers of their rows; parts are joined one
 * after another in memory, and the results come back in the order of the left rows' numbers.
 * (Grace hash join: Kitsuregawa, Tanaka, Moto-oka 1983.) */
#include "runtime/exec/threads/cut.h"
#include "runtime/exec/threads/join_int.h"

/* ---- when ---- */
bool join_may_spill(const struct plan *node, const struct pipe *left, const struct pipe *right)
{
    bool any_equal = false;
    if (left->run->cx->memory_budget <= 0 || node->u.join.kind == JOIN_ASOF) return false;
    for (int k = 0; k < node->u.join.n_on; k++)
        any_equal =
            any_equal || node->u.join.on[k].op == CMP_EQ || node->u.join.on[k].op == CMP_SAME;
    return any_equal && cut_can(left) && cut_can(right) && (cut_wanted(left) || cut_wanted(right));
}

/* ---- joining a part ---- */
/* The result with the left row's number (unmatched right rows after all left ones). */
static rc number_rows(const struct join *j, int64_t n_left, const struct schema *schema,
                      struct table *t, struct table **out)
{
    int n = t->schema->n;
    struct column **cols = ARENA_ARRAY(j->run->arena, struct column *, n + 1);
    const int64_t *left = j->left_number->data, *right = j->right_number->data;
    TRY(column_make(j->run->cx, DTYPE(KIND_INT), PHYS_I64, t->n_rows, false, &cols[n]));
    int64_t *v = column_room(cols[n]);
    for (int64_t i = 0; i < t->n_rows; i++) {
        int64_t l = j->rows_left ? j->rows_left[i] : i;
        v[i] = l >= 0 ? left[l] : n_left + right[j->rows_right[i]];
    }
    for (int i = 0; i < n; i++)
        cols[i] = column_ref(t->cols[i]);
    return table_new(j->run->cx, schema, cols, t->n_rows, out);
}

static rc join_part(struct cut *left, struct cut *right, int part, struct join_notes *notes,
                    const struct schema *schema, struct runs *runs)
{
    struct join j = {.run = left->run, .node = left->node, .notes = notes};
    struct table *t = NULL, *numbered = NULL;
    enum rc_t res = RC_ERR;
    join_alloc(&j);
    TRY_OUT(cut_load(left, part, &j.left));
    TRY_OUT(cut_load(right, part, &j.right));
    j.left_number = j.left->cols[left->row_at];
    j.right_number = j.right->cols[right->row_at];
    for (int k = 0; k < j.n_on; k++) {
        j.left_on[k] = column_ref(j.left->cols[left->key_at[k]]);
        j.right_on[k] = column_ref(j.right->cols[right->key_at[k]]);
    }
    TRY_OUT(join_split_on(&j));
    TRY_OUT(join_tables(&j, &t));
    TRY_OUT(number_rows(&j, left->rows, schema, t, &numbered));
    res = runs_add(runs, numbered);
out:
    table_unref(t);
    table_unref(numbered);
    join_free(&j);
    return res;
}

static rc join_parts(struct cut *left, struct cut *right, struct join_notes *notes,
                     struct pipe **out)
{
    struct run *r = left->run;
    const struct schema *result = left->node->schema;
    int n = result->n;
    struct field *fields = ARENA_ARRAY(r->arena, struct field, n + 1);
    struct sort_key *key = ARENA_NEW(r->arena, struct sort_key);
    struct schema *schema;
    struct runs *runs = NULL;
    int64_t before = atomic_load(&r->bytes);
    for (int i = 0; i < n; i++)
        fields[i] = result->fields[i];
    fields[n] = (struct field){CUT_ROW, DTYPE(KIND_INT)};
    *key = (struct sort_key){.expr =
                                 expr_column(r->arena, CUT_ROW, DTYPE(KIND_INT), left->node->span)};
    TRY(schema_new(r->cx, fields, n + 1, left->node->span, &schema));
    struct runs_spec spec = {schema, result, key, 1, NULL};
    enum rc_t res = runs_new(r, left->node, &spec, &runs);
    for (int p = 0; p < left->n_parts && res == RC_OK; p++) {
        res = join_part(left, right, p, notes, schema, runs);
        atomic_store(&r->bytes, before);
    }
    schema_unref(schema);
    if (res == RC_OK) res = join_check(r, left->node, notes);
    if (res == RC_OK) return runs_pipe(runs, out);
    runs_drop(runs);
    return res;
}

rc join_spilled(const struct plan *node, struct pipe *take_left, struct pipe *take_right,
                struct join_notes *notes, struct pipe **out)
{
    struct run *r = take_left->run;
    int n_parts = cut_parts(take_left, take_right), n_on = node->u.join.n_on;
    const struct expr **keys[2];
    bool *is_hashed = ARENA_ARRAY(r->arena, bool, n_on);
    for (int side = 0; side < 2; side++)
        keys[side] = ARENA_ARRAY(r->arena, const struct expr *, n_on);
    for (int k = 0; k < n_on; k++) {
        const struct join_on *on = &node->u.join.on[k];
        keys[0][k] = on->left;
        keys[1][k] = on->right;
        is_hashed[k] = on->op == CMP_EQ || on->op == CMP_SAME;
    }
    struct cut left = {.run = r, .node = node, .n_parts = n_parts, .n_keys = n_on};
    struct cut right = left;
    left.keys = keys[0];
    right.keys = keys[1];
    left.is_hashed = right.is_hashed = is_hashed;
    enum rc_t res = RC_ERR;
    TRY_OUT(cut_pipe(&left, take_left));
    TRY_OUT(cut_pipe(&right, take_right));
    res = join_parts(&left, &right, notes, out);
out:
    pipe_free(take_left);
    pipe_free(take_right);
    cut_free(&left);
    cut_free(&right);
    return res;
}

/* join.c: joins: pairs of row numbers, then one gather a column. Left rows keep their order, each
 * with its matches in right order; unmatched right rows come last (language.md 3.6). */
#include "runtime/exec/threads/join_int.h"

#define PAIRS_FIRST 1024  /* of a part; then twice as many each time, up to a morsel */
#define TRIES       65536 /* pairs looked at between two looks at cancel */

static bool keeps_unmatched_left(enum join_kind k)
{
    return k == JOIN_LEFT || k == JOIN_FULL;
}
static bool keeps_unmatched_right(enum join_kind k)
{
    return k == JOIN_RIGHT || k == JOIN_FULL;
}

/* ---- conditions that are no equalities ---- */
static bool holds(enum cmp_op op, int d)
{
    switch (op) {
    case CMP_LT: return d < 0;
    case CMP_LE: return d <= 0;
    case CMP_GT: return d > 0;
    case CMP_GE: return d >= 0;
    case CMP_NE: return d != 0;
    default: return d == 0;
    }
}

static int compare_cells(const struct column *a, int64_t i, const struct column *b, int64_t j)
{
    switch (a->phys) {
    case PHYS_BOOL: return (int)bit_get(a->data, i) - (int)bit_get(b->data, j);
    case PHYS_STR:
        return str_cmp(text_str((const struct text *)a->data + i),
                       text_str((const struct text *)b->data + j));
    case PHYS_F64: {
        double x = ((const double *)a->data)[i], y = ((const double *)b->data)[j];
        return (x > y) - (x < y);
    }
    case PHYS_DATE32: {
        int32_t x = ((const int32_t *)a->data)[i], y = ((const int32_t *)b->data)[j];
        return (x > y) - (x < y);
    }
    default: break;
    }
    int64_t x = ((const int64_t *)a->data)[i], y = ((const int64_t *)b->data)[j];
    return (x > y) - (x < y);
}

static bool others_hold(const struct join *j, int64_t left, int64_t right)
{
    for (int k = 0; k < j->n_on - j->n_equal; k++) {
        const struct column *a = j->other_left[k], *b = j->other_right[k];
        if (!bit_valid(a->valid, left) || !bit_valid(b->valid, right)) return false;
        if (!holds(j->ops[k], compare_cells(a, left, b, right))) return false;
    }
    return true;
}

/* ---- pairs ---- */
static rc add_block(struct join *j, struct ctx *cx, struct pairs *p)
{
    struct pair_block *b, *last = p->last;
    int64_t cap = last ? last->cap * 2 : PAIRS_FIRST;
    if (cap > MORSEL_ROWS) cap = MORSEL_ROWS;
    TRY(run_claim(j->run, cx, cap * 16));
    TRY(mem_big(cx, sizeof *b + 16 * (size_t)cap, (void **)&b));
    *b = (struct pair_block){.cap = cap};
    if (last)
        last->next = b;
    else
        p->first = b;
    p->last = b;
    return RC_OK;
}

static rc add_pair(struct join *j, struct ctx *cx, struct pairs *p, int64_t left, int64_t right)
{
    if (!p->last || p->last->n == p->last->cap) TRY(add_block(j, cx, p));
    struct pair_block *b = p->last;
    b->rows[b->n] = left;
    b->rows[b->cap + b->n++] = right;
    p->n++;
    return RC_OK;
}

/* Pairs of one left row whose candidates are rows[0..n) (NULL: the numbers themselves). */
static rc pair_row(struct join *j, struct ctx *cx, struct pairs *p, int64_t left,
                   const uint32_t *rows, int64_t n)
{
    enum join_kind kind = j->node->u.join.kind;
    bool plain = j->n_on == j->n_equal, once = kind == JOIN_SEMI || kind == JOIN_ANTI;
    int64_t found = 0;
    for (int64_t i = 0; i < n && !(once && found); i++) {
        int64_t right = rows ? rows[i] : i;
        if (i % TRIES == TRIES - 1) TRY(check_cancel(cx));
        if (!plain && !others_hold(j, left, right)) continue;
        found++;
        if (j->right_seen) atomic_store_explicit(&j->right_seen[right], 1, memory_order_relaxed);
        if (!once) TRY(add_pair(j, cx, p, left, right));
    }
    p->unmatched += found == 0;
    p->multiplied = p->multiplied || found > 1;
    if (kind == JOIN_SEMI && found) return add_pair(j, cx, p, left, -1);
    if (found == 0 && (kind == JOIN_ANTI || keeps_unmatched_left(kind)))
        return add_pair(j, cx, p, left, -1);
    return RC_OK;
}

static enum rc_t pair_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct join *j = arg;
    struct pairs *p = &j->parts[task];
    int64_t from = task * j->part_rows, to = from + j->part_rows, tried = 0, told = 0;
    uint64_t codes[BATCH_ROWS];
    struct match found[BATCH_ROWS];
    if (to > j->left->n_rows) to = j->left->n_rows;
    (void)worker;
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        if (j->n_equal > 0) {
            join_left_codes(&j->codes, at, n, codes);
            join_find(&j->table, codes, n, found);
        }
        for (int64_t i = 0; i < n; i++) {
            if (j->n_equal > 0)
                TRY(pair_row(j, cx, p, at + i, j->table.rows + found[i].start, found[i].n));
            else
                TRY(pair_row(j, cx, p, at + i, NULL, j->right->n_rows));
            tried += j->n_equal > 0 ? found[i].n : j->right->n_rows;
            if (tried < TRIES) continue;
            TRY(run_tick(j->run, cx, i + 1 - told));
            told = i + 1;
            tried = 0;
        }
        TRY(run_tick(j->run, cx, n - told));
        told = 0;
    }
    return RC_OK;
}

/* ---- right keys are unique: one right row (or none) a left row ---- */
static enum rc_t single_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct join *j = arg;
    int64_t from = task * j->part_rows, to = from + j->part_rows, unmatched = 0;
    uint64_t codes[BATCH_ROWS];
    struct match found[BATCH_ROWS];
    if (to > j->left->n_rows) to = j->left->n_rows;
    (void)worker;
    for (int64_t at = from; at < to; at += BATCH_ROWS) {
        int64_t n = to - at < BATCH_ROWS ? to - at : BATCH_ROWS;
        join_left_codes(&j->codes, at, n, codes);
        join_find(&j->table, codes, n, found);
        for (int64_t i = 0; i < n; i++) {
            j->rows_right[at + i] = found[i].n ? (int64_t)j->table.rows[found[i].start] : -1;
            unmatched += found[i].n == 0;
        }
        TRY(run_tick(j->run, cx, n));
    }
    j->parts[task].unmatched = unmatched;
    j->parts[task].n = to - from - unmatched;
    return RC_OK;
}

/* The left rows of a morsel that found a partner, at their place in the result; their right rows
 * move to the front of the morsel's. */
static enum rc_t found_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct join *j = arg;
    int64_t from = task * MORSEL_ROWS, to = from + MORSEL_ROWS, n = 0;
    int64_t *left = j->rows_left + j->parts[task].at, *right = j->rows_right + from;
    if (to > j->left->n_rows) to = j->left->n_rows;
    (void)cx, (void)worker;
    for (int64_t i = 0; i < to - from; i++) {
        int64_t row = right[i];
        if (row < 0) continue;
        left[n] = from + i;
        right[n++] = row;
    }
    return RC_OK;
}

/* Left rows without a partner go. */
static rc drop_unmatched(struct join *j, int64_t n_found)
{
    struct ctx *cx = j->run->cx;
    int64_t sum = 0;
    for (int64_t p = 0; p < j->n_parts; p++) {
        j->parts[p].at = sum;
        sum += j->parts[p].n;
    }
    TRY(run_claim(j->run, cx, n_found * 8));
    TRY(mem_big(cx, mem_mul(8, (size_t)n_found + 1), (void **)&j->rows_left));
    TRY(pool_run(cx, j->n_parts, found_task, j));
    for (int64_t p = 1; p < j->n_parts; p++)
        memmove(j->rows_right + j->parts[p].at, j->rows_right + p * MORSEL_ROWS,
                8 * (size_t)j->parts[p].n);
    j->n_rows = n_found;
    return RC_OK;
}

/* The left rows stay as they are where each has its one row: rows_left is NULL then, and nothing of
 * the left side is copied. */
static rc find_single(struct join *j)
{
    struct ctx *cx = j->run->cx;
    int64_t n = j->left->n_rows, n_found = 0;
    TRY(run_claim(j->run, cx, n * 8));
    TRY(mem_big(cx, mem_mul(8, (size_t)n + 1), (void **)&j->rows_right));
    TRY(pool_run(cx, j->n_parts, single_task, j));
    for (int64_t p = 0; p < j->n_parts; p++)
        n_found += j->parts[p].n;
    j->n_rows = n;
    return j->node->u.join.kind == JOIN_INNER && n_found < n ? drop_unmatched(j, n_found) : RC_OK;
}

static bool is_single(const struct join *j)
{
    enum join_kind kind = j->node->u.join.kind;
    return (kind == JOIN_LEFT || kind == JOIN_INNER) && j->n_equal > 0 && j->n_equal == j->n_on &&
           j->table.n_repeated == 0;
}

/* ---- the result's rows ---- */
struct copy {
    struct join *j;
    const int64_t *at;
};

static enum rc_t copy_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    const struct copy *c = arg;
    const struct pairs *p = &c->j->parts[task];
    (void)worker;
    int64_t at = c->at[task];
    for (const struct pair_block *b = p->first; b; at += b->n, b = b->next) {
        memcpy(c->j->rows_left + at, b->rows, 8 * (size_t)b->n);
        memcpy(c->j->rows_right + at, b->rows + b->cap, 8 * (size_t)b->n);
        TRY(check_cancel(cx));
    }
    return RC_OK;
}

static int64_t count_unseen(const struct join *j)
{
    int64_t n = 0;
    for (int64_t i = 0; j->right_seen && i < j->right->n_rows; i++)
        n += !atomic_load_explicit(&j->right_seen[i], memory_order_relaxed);
    return n;
}

static rc join_pairs(struct join *j)
{
    struct ctx *cx = j->run->cx;
    int64_t sum = 0, *at = ARENA_ARRAY(j->run->arena, int64_t, j->n_parts + 1);
    for (int64_t p = 0; p < j->n_parts; p++) {
        at[p] = sum;
        sum += j->parts[p].n;
    }
    int64_t total = sum + count_unseen(j);
    TRY(run_claim(j->run, cx, total * 16));
    TRY(mem_big(cx, mem_mul(8, (size_t)total + 1), (void **)&j->rows_left));
    TRY(mem_big(cx, mem_mul(8, (size_t)total + 1), (void **)&j->rows_right));
    struct copy c = {j, at};
    TRY(pool_run(cx, j->n_parts, copy_task, &c));
    for (int64_t i = 0; j->right_seen && i < j->right->n_rows; i++) {
        if (i % 65536 == 0) TRY(run_tick(j->run, cx, 0));
        if (!atomic_load_explicit(&j->right_seen[i], memory_order_relaxed)) {
            j->rows_left[sum] = -1;
            j->rows_right[sum++] = i;
        }
    }
    j->n_rows = total;
    return RC_OK;
}

/* Without equalities a left row is held against all right ones: fewer of them make a task. */
static int64_t rows_of_part(const struct join *j)
{
    int64_t rows = MORSEL_ROWS;
    if (j->n_equal > 0) return rows;
    while (rows > BATCH_ROWS && rows * j->right->n_rows > 64 * TRIES)
        rows /= 2;
    return rows;
}

static rc find_pairs(struct join *j)
{
    struct ctx *cx = j->run->cx;
    size_t n_right = (size_t)j->right->n_rows;
    j->part_rows = rows_of_part(j);
    j->n_parts = (j->left->n_rows + j->part_rows - 1) / j->part_rows;
    j->parts = mem_zero(sizeof *j->parts * (size_t)(j->n_parts + 1));
    if (keeps_unmatched_right(j->node->u.join.kind)) {
        TRY(run_claim(j->run, cx, (int64_t)n_right));
        TRY(mem_big_zero(cx, sizeof *j->right_seen * (n_right + 1), (void **)&j->right_seen));
    }
    if (is_single(j)) {
        TRY(find_single(j));
    } else {
        run_begin(j->run, j->left->n_rows);
        TRY(pool_run(cx, j->n_parts, pair_task, j));
        TRY(join_pairs(j));
    }
    for (int64_t p = 0; p < j->n_parts; p++) {
        j->notes->unmatched += j->parts[p].unmatched;
        j->notes->multiplied = j->notes->multiplied || j->parts[p].multiplied;
    }
    return RC_OK;
}

/* ---- the result's columns ---- */
/* Key of pair k for rows that may come from either side: both columns behind each other, one
 * gather. */
static rc merged_key(struct join *j, int on, struct column **out)
{
    struct column *both = NULL;
    int64_t *rows = NULL, n_left = j->left->n_rows;
    const struct column *parts[2] = {j->left_on[on], j->right_on[on]};
    enum rc_t res = RC_ERR;
    TRY_OUT(column_concat(j->run->cx, parts, 2, &both));
    TRY_OUT(mem_big(j->run->cx, mem_mul(8, (size_t)j->n_rows + 1), (void **)&rows));
    for (int64_t i = 0; i < j->n_rows; i++) {
        if (i % 65536 == 0) TRY_OUT(run_tick(j->run, j->run->cx, 0));
        rows[i] = j->rows_left[i] >= 0 ? j->rows_left[i] : n_left + j->rows_right[i];
    }
    res = column_gather(j->run->cx, both, rows, j->n_rows, out);
out:
    column_unref(both);
    mem_big_free(rows);
    return res;
}

static int merged_on(const struct join *j, const char *name)
{
    const char *left;
    if (!keeps_unmatched_right(j->node->u.join.kind)) return -1;
    for (int k = 0; k < j->n_on; k++)
        if (plan_join_is_merged(&j->node->u.join.on[k], &left, NULL) && strcmp(left, name) == 0)
            return k;
    return -1;
}

static rc left_column(struct join *j, int i, struct column **out)
{
    int on = merged_on(j, j->left->schema->fields[i].name);
    if (on >= 0) return merged_key(j, on, out);
    if (!j->rows_left) {
        *out = column_ref(j->left->cols[i]);
        return RC_OK;
    }
    if (keeps_unmatched_right(j->node->u.join.kind))
        return column_gather(j->run->cx, j->left->cols[i], j->rows_left, j->n_rows, out);
    return column_pick(j->run->cx, j->left->cols[i], j->rows_left, j->n_rows, out);
}

static rc right_column(struct join *j, int i, struct column **out)
{
    const struct plan *p = j->node;
    int at = schema_find(j->right->schema, str_of(p->u.join.right_columns[i]));
    if (p->u.join.kind == JOIN_INNER)
        return column_pick(j->run->cx, j->right->cols[at], j->rows_right, j->n_rows, out);
    return column_gather(j->run->cx, j->right->cols[at], j->rows_right, j->n_rows, out);
}

static rc join_result(struct join *j, struct table **out)
{
    const struct plan *p = j->node;
    int n = p->schema->n, n_right = p->u.join.n_right, n_left = n - n_right;
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++) {
        if (i < n_left)
            res = left_column(j, i, &cols[i]);
        else
            res = right_column(j, i - n_left, &cols[i]);
    }
    if (res == RC_OK) {
        res = table_new(j->run->cx, p->schema, cols, j->n_rows, out);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

/* ---- what is reported ---- */
static void put_label(struct strbuf *b, const char *label, const char *other)
{
    if (label)
        strbuf_printf(b, "`%s`", label);
    else
        strbuf_addz(b, other);
}

static int64_t number_of(const struct column *numbers, int64_t row)
{
    return numbers ? ((const int64_t *)numbers->data)[row] : row;
}

/* The left side of the kth pair that is equal. */
static const struct expr *equal_side(const struct plan *p, int k)
{
    for (int i = 0; i < p->u.join.n_on; i++) {
        const struct join_on *on = &p->u.join.on[i];
        if ((on->op == CMP_EQ || on->op == CMP_SAME) && k-- == 0) return on->left;
    }
    return NULL;
}

/* A key as its step shows it: of a list or struct, the value that it was made of. */
static void key_text(struct join *j, int k, const struct scalar *key, struct strbuf *b)
{
    const struct expr *e = equal_side(j->node, k);
    bool is_nested = e && e->op == EXPR_CALL && strcmp(e->fn->name, "nested_key") == 0;
    struct scalar two[2] = {*key}, value;
    if (is_nested) two[1] = (struct scalar){.type = e->args[0]->type, .is_null = true};
    if (is_nested && fn_eval_scalar(j->run->cx, j->run->arena, fn_find(STR("nested_value")), two, 2,
                                    e->span, &value) == RC_OK)
        scalar_text(b, &value, true);
    else
        scalar_text(b, key, true);
}

/* A row whose key stands several times; the three least rows are kept. */
static void note_repeat(struct join *j, struct join_repeats *r, struct column *const *keys,
                        const struct column *numbers, int64_t row)
{
    struct strbuf b = {0};
    int64_t number = number_of(numbers, row);
    int at = r->n < 3 ? (int)r->n : number < r->first[2].row ? 2 : -1;
    r->n++;
    if (at < 0) return;
    for (int k = 0; k < j->n_equal; k++) {
        struct scalar s = column_scalar(keys[k], row);
        if (k) strbuf_addz(&b, "/");
        key_text(j, k, &s, &b);
        scalar_release(&s);
    }
    for (; at > 0 && r->first[at - 1].row > number; at--)
        r->first[at] = r->first[at - 1];
    r->first[at].row = number;
    r->first[at].text = arena_strndup(j->run->arena, b.p ? b.p : "", b.n);
    strbuf_release(&b);
}

/* "2 keys of `zones` repeat (56, 103)". */
static void put_repeats(struct strbuf *b, const struct join_repeats *r, const char *label,
                        const char *other)
{
    strbuf_printf(b, "%lld key%s of ", (long long)r->n, r->n == 1 ? "" : "s");
    put_label(b, label, other);
    strbuf_printf(b, " repeat%s (", r->n == 1 ? "s" : "");
    for (int i = 0; i < 3 && i < r->n; i++)
        strbuf_printf(b, "%s%s", i ? ", " : "", r->first[i].text);
    strbuf_addz(b, r->n > 3 ? ", ..)" : ")");
}

static bool has_equal(const struct plan *p)
{
    for (int k = 0; k < p->u.join.n_on; k++)
        if (p->u.join.on[k].op == CMP_EQ || p->u.join.on[k].op == CMP_SAME) return true;
    return false;
}

static void report(struct run *r, const struct plan *p, const struct join_notes *notes)
{
    enum join_kind kind = p->u.join.kind;
    struct strbuf b = {0};
    bool pairs_rows = kind == JOIN_INNER || kind == JOIN_LEFT || kind == JOIN_ASOF;
    if (p->u.join.is_silent || (!has_equal(p) && kind != JOIN_ASOF)) return;
    if (notes->multiplied && notes->right.n > 0) {
        strbuf_printf(&b, "join: %lld -> %lld rows; ", (long long)notes->left_rows,
                      (long long)notes->n_rows);
        put_repeats(&b, &notes->right, p->u.join.right_label, "the right frame");
        if (pairs_rows && notes->unmatched > 0)
            strbuf_printf(&b, "; %lld left row%s found no partner", (long long)notes->unmatched,
                          notes->unmatched == 1 ? "" : "s");
        strbuf_addz(&b, ". expect: \"many-to-one\" makes this an error");
        warn(r->cx, W301, p->span, "%s", b.p);
    } else if (pairs_rows && notes->unmatched > 0) {
        bool one = notes->unmatched == 1;
        strbuf_printf(&b, "join: %lld of %lld rows of ", (long long)notes->unmatched,
                      (long long)notes->left_rows);
        put_label(&b, p->u.join.left_label, "the left frame");
        strbuf_addz(&b, " found no partner in ");
        put_label(&b, p->u.join.right_label, "the right frame");
        strbuf_addz(&b,
                    kind == JOIN_INNER ? (one ? " and was left out" : " and were left out") : "");
        warn(r->cx, W302, p->span, "%s", b.p);
    }
    strbuf_release(&b);
}

static bool wants_once(const struct plan *p, bool left)
{
    const char *expect = p->u.join.expect;
    if (!expect) return false;
    return strcmp(expect, "one-to-one") == 0 ||
           strcmp(expect, left ? "one-to-many" : "many-to-one") == 0;
}

rc join_check(struct run *r, const struct plan *node, const struct join_notes *notes)
{
    struct strbuf b = {0};
    if (wants_once(node, false) && notes->right.n > 0)
        put_repeats(&b, &notes->right, node->u.join.right_label, "the right frame");
    else if (wants_once(node, true) && notes->left.n > 0)
        put_repeats(&b, &notes->left, node->u.join.left_label, "the left frame");
    else
        return RC_OK;
    fail(r->cx, E311, node->span, "the join is not %s: %s", node->u.join.expect, b.p);
    strbuf_release(&b);
    return err_note(r->cx, "distinct on the key before the join keeps one row of each");
}

/* Left keys that stand several times (null apart). */
static rc note_left(struct join *j)
{
    struct groups g;
    TRY(groups_make(j->run, j->equal_left, j->n_equal, j->left->n_rows, &g));
    for (int64_t k = 0; k < g.n_groups; k++) {
        int64_t row = g.rows[g.start[k]];
        bool is_null = false;
        for (int c = 0; c < j->n_equal; c++)
            is_null = is_null || (!j->equal_same[c] && !bit_valid(j->equal_left[c]->valid, row));
        if (is_null || g.start[k + 1] - g.start[k] < 2) continue;
        note_repeat(j, &j->notes->left, j->equal_left, j->left_number, row);
    }
    groups_free(&g);
    return RC_OK;
}

static rc note_repeats(struct join *j)
{
    int64_t before = j->notes->right.n, n = j->table.n_repeated;
    for (int64_t i = 0; i < n && i < 3; i++)
        note_repeat(j, &j->notes->right, j->equal_right, j->right_number, j->table.repeated[i]);
    j->notes->right.n = before + n;
    if (j->n_equal > 0 && wants_once(j->node, true)) TRY(note_left(j));
    return j->left_number ? RC_OK : join_check(j->run, j->node, j->notes);
}

/* ---- setting up ---- */
void join_alloc(struct join *j)
{
    struct arena *a = j->run->arena;
    int n = j->n_on = j->node->u.join.n_on, room = n > 0 ? n : 1;
    struct column ***lists[] = {&j->left_on,     &j->right_on,   &j->equal_left,
                                &j->equal_right, &j->other_left, &j->other_right};
    for (int i = 0; i < 6; i++)
        *lists[i] = ARENA_ARRAY(a, struct column *, room);
    j->ops = ARENA_ARRAY(a, enum cmp_op, room);
    j->equal_same = ARENA_ARRAY(a, bool, room);
}

rc join_split_on(struct join *j)
{
    const struct plan *p = j->node;
    int n_other = 0;
    for (int k = 0; k < j->n_on; k++) {
        enum cmp_op op = p->u.join.on[k].op;
        bool is_clock = p->u.join.kind == JOIN_ASOF && k == j->n_on - 1;
        if ((op == CMP_EQ || op == CMP_SAME) && !is_clock) {
            j->equal_same[j->n_equal] = op == CMP_SAME;
            j->equal_left[j->n_equal] = j->left_on[k];
            j->equal_right[j->n_equal++] = j->right_on[k];
            continue;
        }
        j->ops[n_other] = op;
        TRY(column_canonical(j->run->cx, j->left_on[k], &j->other_left[n_other]));
        TRY(column_canonical(j->run->cx, j->right_on[k], &j->other_right[n_other++]));
    }
    return RC_OK;
}

static rc eval_on(struct join *j)
{
    const struct plan *p = j->node;
    struct arena *a = j->run->arena;
    int n = p->u.join.n_on;
    const struct expr **left = ARENA_ARRAY(a, const struct expr *, n + 1);
    const struct expr **right = ARENA_ARRAY(a, const struct expr *, n + 1);
    join_alloc(j);
    for (int k = 0; k < n; k++) {
        left[k] = p->u.join.on[k].left;
        right[k] = p->u.join.on[k].right;
    }
    TRY(table_eval(j->run, j->left, left, n, p, j->left_on));
    TRY(table_eval(j->run, j->right, right, n, p, j->right_on));
    return join_split_on(j);
}

void join_free(struct join *j)
{
    for (int k = 0; k < j->n_on; k++) {
        column_unref(j->left_on[k]);
        column_unref(j->right_on[k]);
        column_unref(j->other_left[k]);
        column_unref(j->other_right[k]);
    }
    for (int64_t p = 0; j->parts && p < j->n_parts; p++) {
        for (struct pair_block *b = j->parts[p].first, *next; b; b = next) {
            next = b->next;
            (void)!run_claim(j->run, j->run->cx, -16 * b->cap);
            mem_big_free(b);
        }
    }
    join_codes_free(&j->codes);
    join_table_free(&j->table);
    mem_big_free(j->rows_left);
    mem_big_free(j->rows_right);
    if (j->right_seen) (void)!run_claim(j->run, j->run->cx, -j->right->n_rows);
    mem_big_free(j->right_seen);
    mem_free(j->parts);
    table_unref(j->left);
    table_unref(j->right);
}

static rc asof_run(struct join *j, struct table **out)
{
    struct asof_side left = {j->equal_left, j->other_left[0]};
    struct asof_side right = {j->equal_right, j->other_right[0]};
    j->n_rows = j->left->n_rows;
    TRY(run_claim(j->run, j->run->cx, 8 * j->n_rows));
    TRY(mem_big(j->run->cx, mem_mul(8, (size_t)j->n_rows + 1), (void **)&j->rows_right));
    TRY(asof_rows(j->run, j->node, &left, &right, j->equal_same, j->n_equal, j->rows_right,
                  &j->notes->unmatched));
    return join_result(j, out);
}

rc join_tables(struct join *j, struct table **out)
{
    j->notes->left_rows += j->left->n_rows;
    if (j->node->u.join.kind == JOIN_ASOF) return asof_run(j, out);
    if (j->n_equal > 0) {
        TRY(join_codes_make(j->run, j->equal_left, j->equal_right, j->equal_same, j->n_equal,
                            &j->codes));
        TRY(join_table_make(j->run, &j->codes, j->right->n_rows, &j->table));
        TRY(note_repeats(j));
    }
    TRY(find_pairs(j));
    j->notes->n_rows += j->n_rows;
    return join_result(j, out);
}

static rc join_whole(struct join *j, struct pipe *take_left, struct pipe *take_right,
                     struct table **out)
{
    if (pipe_collect(take_left, &j->left) != RC_OK) {
        pipe_free(take_right);
        return RC_ERR;
    }
    TRY(pipe_collect(take_right, &j->right));
    TRY(eval_on(j));
    return join_tables(j, out);
}

rc run_join(struct run *r, const struct plan *p, struct table **out, struct pipe **out_pipe)
{
    struct join_notes notes = {0};
    struct join j = {.run = r, .node = p, .notes = &notes};
    struct pipe *left = NULL, *right = NULL;
    enum rc_t res;
    TRY(pipe_open(r, p->inputs[0], &left));
    if (pipe_open(r, p->inputs[1], &right) != RC_OK) {
        pipe_free(left);
        return RC_ERR;
    }
    if (join_may_spill(p, left, right)) {
        res = join_spilled(p, left, right, &notes, out_pipe);
    } else {
        res = join_whole(&j, left, right, out);
        join_free(&j);
    }
    if (res == RC_OK) report(r, p, &notes);
    return res;
}

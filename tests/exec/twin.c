/* twin.c: see twin.h. Values live in the fixture's arena; texts are copied there. */
#include "tests/exec/twin.h"

#include "runtime/base/mem.h"

struct rows {
    const struct schema *schema;
    int64_t n, cap;
    struct scalar **v; /* [n][schema->n] */
};

static struct scalar *row_new(struct fx *f, int n)
{
    return ARENA_ARRAY(f->a, struct scalar, n + 1);
}

static void rows_add(struct fx *f, struct rows *r, struct scalar *row)
{
    if (r->n == r->cap) {
        int64_t cap = r->cap ? r->cap * 2 : 64;
        struct scalar **v = ARENA_ARRAY(f->a, struct scalar *, cap);
        if (r->n) memcpy(v, r->v, sizeof *v * (size_t)r->n);
        r->v = v;
        r->cap = cap;
    }
    r->v[r->n++] = row;
}

static rc run(struct fx *f, const struct plan *p, struct rows *out);

/* ---- expressions ---- */
rc twin_eval(struct fx *f, const struct schema *s, const struct scalar *row, const struct expr *e,
             struct scalar *out)
{
    struct scalar args[16];
    if (e->op > EXPR_WINDOW) return twin_nested(f, s, row, e, out);
    if (e->op == EXPR_COLUMN) {
        *out = row[schema_find(s, str_of(e->name))];
        return RC_OK;
    }
    if (e->op == EXPR_LITERAL) {
        *out = e->value;
        return RC_OK;
    }
    if (e->op == EXPR_CASE) {
        *out = (struct scalar){.type = e->type, .is_null = true};
        for (int i = 0; i < e->n_args; i += 2) {
            if (i + 1 == e->n_args) return twin_eval(f, s, row, e->args[i], out);
            struct scalar c;
            TRY(twin_eval(f, s, row, e->args[i], &c));
            if (!c.is_null && c.u.b) return twin_eval(f, s, row, e->args[i + 1], out);
        }
        return RC_OK;
    }
    for (int i = 0; i < e->n_args; i++)
        TRY(twin_eval(f, s, row, e->args[i], &args[i]));
    TRY(fn_eval_scalar(&f->cx, f->a, e->fn, args, e->n_args, e->span, out));
    out->type = e->type;
    return RC_OK;
}

static rc eval_list(struct fx *f, const struct schema *s, const struct scalar *row,
                    const struct expr *const *e, int n, struct scalar *out)
{
    for (int i = 0; i < n; i++)
        TRY(twin_eval(f, s, row, e[i], &out[i]));
    return RC_OK;
}

static bool is_true(const struct scalar *s)
{
    return !s->is_null && s->u.b;
}

/* ---- order and equality of values ---- */
static int cmp_values(const struct scalar *a, const struct scalar *b)
{
    switch (a->type.kind) {
    case KIND_NUM: return (a->u.f > b->u.f) - (a->u.f < b->u.f);
    case KIND_BOOL: return (int)a->u.b - (int)b->u.b;
    case KIND_STR: return str_cmp(a->u.s, b->u.s);
    case KIND_NULL: return 0;
    default: return (a->u.i > b->u.i) - (a->u.i < b->u.i);
    }
}

static int cmp_key(const struct scalar *a, const struct scalar *b, bool desc, bool nulls_first)
{
    if (a->is_null || b->is_null)
        return a->is_null == b->is_null ? 0 : a->is_null == nulls_first ? -1 : 1;
    int d = cmp_values(a, b);
    return desc ? -d : d;
}

static bool same_keys(const struct scalar *a, const struct scalar *b, int n)
{
    for (int i = 0; i < n; i++)
        if (cmp_key(&a[i], &b[i], false, false) != 0) return false;
    return true;
}

struct keyed {
    struct scalar *row, *keys;
    int64_t at;
};

/* Stable merge by keys[0..n). */
static void sort_rows(struct keyed *k, struct keyed *tmp, int64_t m, const struct sort_key *by,
                      int n)
{
    if (m < 2) return;
    int64_t half = m / 2;
    sort_rows(k, tmp, half, by, n);
    sort_rows(k + half, tmp, m - half, by, n);
    memcpy(tmp, k, sizeof *k * (size_t)m);
    for (int64_t i = 0, j = half, at = 0; at < m; at++) {
        int d = 0;
        for (int c = 0; c < n && i < half && j < m && d == 0; c++)
            d = cmp_key(&tmp[i].keys[c], &tmp[j].keys[c], by[c].descending, by[c].nulls_first);
        k[at] = j == m || (i < half && d <= 0) ? tmp[i++] : tmp[j++];
    }
}

static rc keyed_rows(struct fx *f, const struct rows *in, const struct sort_key *by, int n,
                     struct keyed **out)
{
    struct keyed *k = ARENA_ARRAY(f->a, struct keyed, in->n + 1);
    for (int64_t i = 0; i < in->n; i++) {
        k[i] = (struct keyed){in->v[i], row_new(f, n), i};
        for (int c = 0; c < n; c++)
            TRY(twin_eval(f, in->schema, in->v[i], by[c].expr, &k[i].keys[c]));
    }
    *out = k;
    return RC_OK;
}

static rc sorted(struct fx *f, const struct rows *in, const struct sort_key *by, int n,
                 struct keyed **out)
{
    TRY(keyed_rows(f, in, by, n, out));
    sort_rows(*out, ARENA_ARRAY(f->a, struct keyed, in->n + 1), in->n, by, n);
    return RC_OK;
}

/* ---- aggregates ---- */
static rc aggregate(struct fx *f, const struct schema *s, const struct expr *e,
                    struct scalar *const *rows, int64_t n, struct scalar *out)
{
    struct column *cols[8] = {NULL};
    struct scalar consts[8] = {0};
    bool is_const[8] = {false};
    struct builder b[8];
    for (int i = 0; i < e->n_args; i++)
        builder_init(&b[i], e->args[i]->type, kind_phys(e->args[i]->type.kind));
    int64_t kept = 0;
    for (int64_t r = 0; r < n; r++) {
        struct scalar v = {.u.b = true};
        if (e->where) TRY(twin_eval(f, s, rows[r], e->where, &v));
        if (!is_true(&v)) continue;
        kept++;
        for (int i = 0; i < e->n_args; i++) {
            TRY(twin_eval(f, s, rows[r], e->args[i], &v));
            TRY(builder_scalar(&f->cx, &b[i], &v));
        }
    }
    if (e->n_args == 0) { /* count() */
        *out = (struct scalar){.type = e->type, .u.i = kept};
        return RC_OK;
    }
    for (int i = 0; i < e->n_args; i++) {
        TRY(builder_finish(&f->cx, &b[i], &cols[i]));
        is_const[i] = i > 0 && e->args[i]->op == EXPR_LITERAL;
        if (is_const[i]) consts[i] = e->args[i]->value;
    }
    enum rc_t res = agg_eval_column(&f->cx, f->a, e->agg, (const struct column *const *)cols,
                                    consts, is_const, e->n_args, e->span, out);
    if (out->type.kind == KIND_STR && !out->is_null) out->u.s = arena_str(f->a, out->u.s);
    for (int i = 0; i < e->n_args; i++)
        column_unref(cols[i]);
    out->type = e->type;
    return res;
}

static rc run_aggregate(struct fx *f, const struct plan *p, const struct rows *in, struct rows *out)
{
    int nk = p->u.aggregate.n_keys, n = p->u.aggregate.n;
    struct sort_key *by = ARENA_ARRAY(f->a, struct sort_key, nk + 1);
    struct keyed *k;
    for (int i = 0; i < nk; i++)
        by[i].expr = p->u.aggregate.keys[i].expr;
    TRY(sorted(f, in, by, nk, &k));
    struct scalar **group = ARENA_ARRAY(f->a, struct scalar *, in->n + 1);
    for (int64_t i = 0; i < in->n || (nk == 0 && i == 0);) {
        int64_t m = 0, from = i;
        for (; i < in->n && same_keys(k[from].keys, k[i].keys, nk); i++)
            group[m++] = k[i].row;
        struct scalar *row = row_new(f, nk + n);
        for (int c = 0; c < nk; c++)
            row[c] = k[from].keys[c];
        for (int c = 0; c < n; c++)
            TRY(aggregate(f, in->schema, p->u.aggregate.items[c].expr, group, m, &row[nk + c]));
        rows_add(f, out, row);
        if (in->n == 0) break;
    }
    return RC_OK;
}

/* ---- windows ---- */
static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

struct win_group { /* rows of one group in order, and their sort keys */
    struct scalar **rows;
    const struct keyed *keys; /* keys[k].keys[n_by ..] */
    int64_t n;
    int n_by, n_sort;
    bool down;
};

static bool are_peers(const struct win_group *g, int64_t i, int64_t k)
{
    return same_keys(g->keys[i].keys + g->n_by, g->keys[k].keys + g->n_by, g->n_sort);
}

/* Groups of peers from row i to row k, signed. */
static int64_t groups_between(const struct win_group *g, int64_t i, int64_t k)
{
    int64_t lo = i < k ? i : k, hi = i < k ? k : i, d = 0;
    for (int64_t j = lo + 1; j <= hi; j++)
        d += !are_peers(g, j - 1, j);
    return i < k ? d : -d;
}

/* Whether row k lies within the distances from row i. */
static bool in_distance(const struct win_group *g, const struct win_frame *w, int64_t i, int64_t k)
{
    const struct scalar *a = &g->keys[i].keys[g->n_by], *b = &g->keys[k].keys[g->n_by];
    bool from = w->from == FRAME_OPEN_FROM, to = w->to == FRAME_OPEN_TO;
    if (a->is_null || b->is_null)
        return (a->is_null && b->is_null) || (k < i && from) || (k > i && to);
    double d, lo = (double)w->from, hi = (double)w->to;
    if (a->type.kind == KIND_NUM) { /* edges, as infinities have no distance */
        double x = g->down ? -a->u.f : a->u.f, y = g->down ? -b->u.f : b->u.f;
        return (from || y >= x + w->num_from) && (to || y <= x + w->num_to);
    }
    d = (double)(g->down ? a->u.i - b->u.i : b->u.i - a->u.i);
    return (from || d >= lo) && (to || d <= hi);
}

static bool in_frame(const struct win_group *g, const struct win_frame *w, int64_t i, int64_t k)
{
    int64_t d = k - i;
    if (w->exclude == EXCLUDE_CURRENT_ROW && k == i) return false;
    if (w->exclude == EXCLUDE_GROUP && are_peers(g, i, k)) return false;
    if (w->exclude == EXCLUDE_TIES && k != i && are_peers(g, i, k)) return false;
    switch (w->unit) {
    case FRAME_RUNNING: return k <= i;
    case FRAME_GROUPS: d = groups_between(g, i, k); return d >= w->from && d <= w->to;
    case FRAME_ROWS: return d >= w->from && d <= w->to;
    case FRAME_RANGE: return in_distance(g, w, i, k);
    default: return true;
    }
}

static rc window_value(struct fx *f, const struct schema *s, const struct expr *e,
                       const struct win_group *group, int64_t i, struct scalar *out)
{
    struct scalar a, b, *const *g = group->rows;
    int64_t n = group->n, m = 0;
    if (e->op == EXPR_AGG) {
        struct scalar **rows = ARENA_ARRAY(f->a, struct scalar *, n + 1);
        for (int64_t k = 0; k < n; k++)
            if (in_frame(group, &e->frame, i, k)) rows[m++] = g[k];
        return aggregate(f, s, e, rows, m, out);
    }
    *out = (struct scalar){.type = e->type};
    if (strcmp(e->win->name, "row_number") == 0) {
        out->u.i = i + 1;
    } else if (strcmp(e->win->name, "lag") == 0) {
        out->is_null = i == 0;
        if (i > 0) TRY(twin_eval(f, s, g[i - 1], e->args[0], out));
    } else { /* rank */
        TRY(twin_eval(f, s, g[i], e->args[0], &a));
        out->is_null = a.is_null;
        out->u.i = 1;
        for (int64_t k = 0; k < n; k++) {
            TRY(twin_eval(f, s, g[k], e->args[0], &b));
            if (!b.is_null && !a.is_null && cmp_values(&b, &a) < 0) out->u.i++;
        }
    }
    out->type = e->type;
    return RC_OK;
}

static rc run_window(struct fx *f, const struct plan *p, const struct rows *in, struct rows *out)
{
    int nb = p->u.window.n_by, ns = p->u.window.n_sort, n = p->u.window.n;
    int n_in = in->schema->n;
    struct sort_key *by = ARENA_ARRAY(f->a, struct sort_key, nb + ns + 1);
    struct keyed *k;
    for (int i = 0; i < nb; i++)
        by[i].expr = p->u.window.by[i];
    for (int i = 0; i < ns; i++)
        by[nb + i] = p->u.window.sort[i];
    TRY(sorted(f, in, by, nb + ns, &k));
    struct scalar **made = ARENA_ARRAY(f->a, struct scalar *, in->n + 1);
    struct scalar **group = ARENA_ARRAY(f->a, struct scalar *, in->n + 1);
    for (int64_t i = 0, from = 0; from < in->n; from = i) {
        int64_t m = 0;
        for (i = from; i < in->n && same_keys(k[from].keys, k[i].keys, nb); i++)
            group[m++] = k[i].row;
        struct win_group g = {group, k + from, m, nb, ns, ns > 0 && by[nb].descending};
        for (int64_t r = 0; r < m; r++) {
            struct scalar *row = row_new(f, n_in + n);
            memcpy(row, group[r], sizeof *row * (size_t)n_in);
            for (int c = 0; c < n; c++)
                TRY(window_value(f, in->schema, p->u.window.items[c].expr, &g, r, &row[n_in + c]));
            made[k[from + r].at] = row;
        }
    }
    for (int64_t i = 0; i < in->n; i++)
        rows_add(f, out, made[i]);
    return RC_OK;
}

/* ---- rows ---- */
static void range_of(const struct plan *p, int64_t n, int64_t *from, int64_t *to)
{
    int64_t skip = clamp(p->u.limit.offset, 0, n);
    int64_t take = p->u.limit.n < 0 ? n - skip : clamp(p->u.limit.n, 0, n - skip);
    *from = p->u.limit.from_end ? n - skip - take : skip;
    *to = *from + take;
}

static rc run_limit(struct fx *f, const struct plan *p, const struct rows *in, struct rows *out)
{
    int nb = p->u.limit.n_by, ns = p->u.limit.n_sort;
    struct sort_key *by = ARENA_ARRAY(f->a, struct sort_key, nb + ns + 1);
    struct keyed *k;
    for (int i = 0; i < nb; i++)
        by[i].expr = p->u.limit.by[i];
    for (int i = 0; i < ns; i++)
        by[nb + i] = p->u.limit.sort[i];
    TRY(sorted(f, in, by, nb + ns, &k));
    for (int64_t i = 0, from = 0; from < in->n; from = i) {
        int64_t lo, hi;
        for (i = from; i < in->n && same_keys(k[from].keys, k[i].keys, nb);)
            i++;
        range_of(p, i - from, &lo, &hi);
        for (int64_t r = from + lo; r < from + hi; r++)
            rows_add(f, out, k[r].row);
    }
    return RC_OK;
}

static rc run_distinct(struct fx *f, const struct plan *p, const struct rows *in, struct rows *out)
{
    int nb = p->u.distinct.n_by, ns = p->u.distinct.n_sort, n = nb ? nb : in->schema->n;
    struct keyed *k;
    TRY(sorted(f, in, p->u.distinct.sort, ns, &k));
    struct scalar **keys = ARENA_ARRAY(f->a, struct scalar *, in->n + 1);
    bool *kept = ARENA_ARRAY(f->a, bool, in->n + 1);
    for (int64_t i = 0; i < in->n; i++) {
        keys[i] = row_new(f, n);
        if (nb)
            TRY(eval_list(f, in->schema, k[i].row, p->u.distinct.by, nb, keys[i]));
        else
            memcpy(keys[i], k[i].row, sizeof **keys * (size_t)n);
        bool is_new = true;
        for (int64_t j = 0; j < i && is_new; j++)
            is_new = !same_keys(keys[i], keys[j], n);
        kept[k[i].at] = is_new;
    }
    for (int64_t i = 0; i < in->n; i++)
        if (kept[i]) rows_add(f, out, in->v[i]);
    return RC_OK;
}

/* ---- joins ---- */
static rc pair_fits(struct fx *f, const struct plan *p, const struct rows *l, const struct rows *r,
                    int64_t i, int64_t j, bool *out)
{
    *out = true;
    for (int k = 0; k < p->u.join.n_on && *out; k++) {
        const struct join_on *on = &p->u.join.on[k];
        struct scalar a, b;
        TRY(twin_eval(f, l->schema, l->v[i], on->left, &a));
        TRY(twin_eval(f, r->schema, r->v[j], on->right, &b));
        int d = a.is_null || b.is_null ? 0 : cmp_values(&a, &b);
        if (on->op == CMP_SAME) {
            *out = a.is_null == b.is_null && d == 0;
            continue;
        }
        *out = !a.is_null && !b.is_null &&
               ((on->op == CMP_EQ && d == 0) || (on->op == CMP_LT && d < 0) ||
                (on->op == CMP_LE && d <= 0) || (on->op == CMP_GT && d > 0) ||
                (on->op == CMP_GE && d >= 0));
    }
    return RC_OK;
}

static rc pair_row(struct fx *f, const struct plan *p, const struct rows *l, const struct rows *r,
                   int64_t i, int64_t j, struct rows *out)
{
    int nl = l->schema->n, nr = p->u.join.n_right;
    struct scalar *row = row_new(f, nl + nr);
    for (int c = 0; c < nl + nr; c++)
        row[c] = (struct scalar){.type = p->schema->fields[c].type, .is_null = true};
    for (int c = 0; c < nl && i >= 0; c++)
        row[c] = l->v[i][c];
    for (int k = 0; k < p->u.join.n_on; k++) { /* a merged key comes from either side */
        const char *name;
        if (!plan_join_is_merged(&p->u.join.on[k], &name, NULL)) continue;
        if (p->u.join.kind != JOIN_RIGHT && p->u.join.kind != JOIN_FULL) continue;
        int c = schema_find(l->schema, str_of(name));
        if (i >= 0)
            TRY(twin_eval(f, l->schema, l->v[i], p->u.join.on[k].left, &row[c]));
        else
            TRY(twin_eval(f, r->schema, r->v[j], p->u.join.on[k].right, &row[c]));
    }
    for (int c = 0; c < nr && j >= 0; c++)
        row[nl + c] = r->v[j][schema_find(r->schema, str_of(p->u.join.right_columns[c]))];
    rows_add(f, out, row);
    return RC_OK;
}

/* ---- asof ---- */
/* a - b of two keys of one kind; equal infinities are at distance 0. */
static double gap(const struct scalar *a, const struct scalar *b)
{
    if (a->type.kind == KIND_NUM) return a->u.f == b->u.f ? 0 : a->u.f - b->u.f;
    return (double)(a->u.i - b->u.i); /* the twin's keys are small */
}

/* Whether a right row at distance d (left less right) may be taken at all. */
static bool in_reach(const struct plan *p, double d)
{
    enum cmp_op op = p->u.join.on[p->u.join.n_on - 1].op;
    const struct scalar *t = p->u.join.tolerance;
    double within = !t ? INFINITY : t->type.kind == KIND_NUM ? t->u.f : (double)t->u.i;
    if (d == 0) return op != CMP_GT && op != CMP_LT;
    if (p->u.join.direction == ASOF_BACKWARD && d < 0) return false;
    if (p->u.join.direction == ASOF_FORWARD && d > 0) return false;
    return fabs(d) <= within;
}

/* Whether distance d beats the best so far; rows come in input order. */
static bool beats(double d, double best)
{
    if (d == best) return d >= 0; /* of equal keys before, the last; after, the first */
    if (fabs(d) != fabs(best)) return fabs(d) < fabs(best);
    return d > 0;
}

static rc run_asof(struct fx *f, const struct plan *p, const struct rows *l, const struct rows *r,
                   struct rows *out)
{
    struct plan equal = *p; /* its pairs but the last */
    int last = --equal.u.join.n_on;
    for (int64_t i = 0; i < l->n; i++) {
        struct scalar a, b;
        int64_t found = -1;
        double best = 0;
        TRY(twin_eval(f, l->schema, l->v[i], p->u.join.on[last].left, &a));
        for (int64_t j = 0; j < r->n && !a.is_null; j++) {
            bool fits;
            TRY(pair_fits(f, &equal, l, r, i, j, &fits));
            TRY(twin_eval(f, r->schema, r->v[j], p->u.join.on[last].right, &b));
            if (!fits || b.is_null || !in_reach(p, gap(&a, &b))) continue;
            bool is_first = p->u.join.direction == ASOF_FORWARD && found >= 0 &&
                            gap(&a, &b) == best; /* forward: the first of equal keys */
            if (found >= 0 && (is_first || !beats(gap(&a, &b), best))) continue;
            found = j;
            best = gap(&a, &b);
        }
        TRY(pair_row(f, p, l, r, i, found, out));
    }
    return RC_OK;
}

static rc run_join(struct fx *f, const struct plan *p, const struct rows *l, const struct rows *r,
                   struct rows *out)
{
    if (p->u.join.kind == JOIN_ASOF) return run_asof(f, p, l, r, out);
    enum join_kind kind = p->u.join.kind;
    bool *seen = ARENA_ARRAY(f->a, bool, r->n + 1);
    for (int64_t i = 0; i < l->n; i++) {
        int64_t found = 0;
        for (int64_t j = 0; j < r->n; j++) {
            bool fits;
            TRY(pair_fits(f, p, l, r, i, j, &fits));
            if (!fits) continue;
            found++;
            seen[j] = true;
            if (kind != JOIN_SEMI && kind != JOIN_ANTI) TRY(pair_row(f, p, l, r, i, j, out));
        }
        bool alone = kind == JOIN_ANTI || kind == JOIN_LEFT || kind == JOIN_FULL;
        if ((kind == JOIN_SEMI && found) || (found == 0 && alone))
            TRY(pair_row(f, p, l, r, i, -1, out));
    }
    for (int64_t j = 0; j < r->n && (kind == JOIN_RIGHT || kind == JOIN_FULL); j++)
        if (!seen[j]) TRY(pair_row(f, p, l, r, -1, j, out));
    return RC_OK;
}

static void run_unnest(struct fx *f, const struct plan *p, const struct rows *in, struct rows *out)
{
    for (int64_t i = 0; i < in->n; i++) {
        int64_t n = twin_unnest_rows(p, in->schema, in->v[i]);
        if (n == 0 && p->u.unnest.keep_empty) n = 1;
        for (int64_t at = 0; at < n; at++) {
            struct scalar *row = row_new(f, p->schema->n);
            twin_unnest_row(f, p, in->schema, in->v[i], at, row);
            rows_add(f, out, row);
        }
    }
}

/* ---- nodes ---- */
static rc run_node(struct fx *f, const struct plan *p, struct rows *in, struct rows *out)
{
    struct scalar v;
    struct keyed *k;
    switch (p->op) {
    case PLAN_TABLE:
        for (int64_t i = 0; i < p->u.table.table->n_rows; i++) {
            struct scalar *row = row_new(f, p->schema->n);
            for (int c = 0; c < p->schema->n; c++)
                row[c] = twin_value(f, p->u.table.table->cols[c], i);
            rows_add(f, out, row);
        }
        return RC_OK;
    case PLAN_FILTER:
        for (int64_t i = 0; i < in[0].n; i++) {
            TRY(twin_eval(f, in[0].schema, in[0].v[i], p->u.filter.predicate, &v));
            if (is_true(&v)) rows_add(f, out, in[0].v[i]);
        }
        return RC_OK;
    case PLAN_PROJECT:
        for (int64_t i = 0; i < in[0].n; i++) {
            struct scalar *row = row_new(f, p->u.project.n);
            for (int c = 0; c < p->u.project.n; c++)
                TRY(twin_eval(f, in[0].schema, in[0].v[i], p->u.project.items[c].expr, &row[c]));
            rows_add(f, out, row);
        }
        return RC_OK;
    case PLAN_SORT:
        TRY(sorted(f, &in[0], p->u.sort.keys, p->u.sort.n, &k));
        for (int64_t i = 0; i < in[0].n && (p->u.sort.limit < 0 || i < p->u.sort.limit); i++)
            rows_add(f, out, k[i].row);
        return RC_OK;
    case PLAN_UNION:
        for (int side = 0; side < 2; side++)
            for (int64_t i = 0; i < in[side].n; i++)
                rows_add(f, out, in[side].v[i]);
        return RC_OK;
    case PLAN_UNNEST: run_unnest(f, p, in, out); return RC_OK;
    case PLAN_AGGREGATE: return run_aggregate(f, p, in, out);
    case PLAN_WINDOW: return run_window(f, p, in, out);
    case PLAN_LIMIT: return run_limit(f, p, in, out);
    case PLAN_DISTINCT: return run_distinct(f, p, in, out);
    case PLAN_JOIN: return run_join(f, p, &in[0], &in[1], out);
    default: break;
    }
    return fail(&f->cx, E214, p->span, "the twin has no %s", plan_op_name(p->op));
}

static rc run(struct fx *f, const struct plan *p, struct rows *out)
{
    struct rows in[2] = {{0}};
    for (int i = 0; i < 2; i++)
        if (p->inputs[i]) TRY(run(f, p->inputs[i], &in[i]));
    *out = (struct rows){.schema = p->schema};
    return run_node(f, p, in, out);
}

rc twin_run(struct fx *f, const struct plan *p, struct table **out)
{
    struct rows r;
    struct column **cols = ARENA_ARRAY(f->a, struct column *, p->schema->n + 1);
    TRY(run(f, p, &r));
    for (int c = 0; c < p->schema->n; c++) {
        struct builder b;
        struct dtype t = p->schema->fields[c].type;
        builder_init(&b, t, kind_phys(t.kind));
        for (int64_t i = 0; i < r.n; i++)
            TRY(builder_scalar(&f->cx, &b, &r.v[i][c]));
        TRY(builder_finish(&f->cx, &b, &cols[c]));
    }
    return table_new(&f->cx, p->schema, cols, r.n, out);
}

/* als_solve.c: alternating least squares. With one side fixed, each user (or item) is a small
 * linear system of its own: explicit ratings sum y y' + l2 n I = sum r y; implicit (Hu, Koren,
 * Volinsky 2008) Y'Y + sum c y y' + l2 n I = sum (1 + c) y over what was chosen, c = alpha |r|.
 * n is the number of ratings (implicit: of positive ones), as Spark weighs the penalty. */
#include "runtime/ml/models/als_int.h"

#include "runtime/base/cancel.h"
#include "runtime/base/kernel.h"
#include "runtime/base/mem.h"
#include "runtime/base/pool.h"
#include "runtime/base/rng.h"

#include <math.h>

#define TASK_SIDES 64   /* users or items of a task */
#define GRAM_ROWS  2048 /* rows of a task of Y'Y */
#define ERROR_ROWS 8192
#define NNLS_TURNS 1000
#define NNLS_TOL   1e-10

/* ---- ratings by user or item ---- */
struct by_side {
    int64_t *first; /* [n + 1] */
    int32_t *other; /* [n_rows] whom each rating is about */
    double *rating, *w;
};

static void side_free(struct by_side *s)
{
    mem_big_free(s->first);
    mem_big_free(s->other);
    mem_big_free(s->rating);
    mem_big_free(s->w);
}

static rc side_alloc(struct ctx *cx, const struct als_problem *p, int n, struct by_side *s)
{
    size_t rows = (size_t)p->n_rows;
    void *q[4] = {0};
    *s = (struct by_side){0};
    enum rc_t res = mem_big_zero(cx, sizeof(int64_t) * ((size_t)n + 2), &q[0]);
    if (res == RC_OK) res = mem_big(cx, sizeof(int32_t) * rows + 1, &q[1]);
    if (res == RC_OK) res = mem_big(cx, sizeof(double) * rows + 1, &q[2]);
    if (res == RC_OK && p->w) res = mem_big(cx, sizeof(double) * rows + 1, &q[3]);
    *s = (struct by_side){.first = q[0], .other = q[1], .rating = q[2], .w = q[3]};
    return res;
}

/* Ratings in the order of the rows, user by user: a counting sort. */
static void side_fill(const struct als_problem *p, int side, struct by_side *s)
{
    const int32_t *own = p->code[side], *other = p->code[1 - side];
    int64_t *at = s->first + 1; /* at[u] moves from first[u] to first[u + 1] */
    for (int64_t i = 0; i < p->n_rows; i++)
        if (own[i] + 1 < p->n[side]) at[own[i] + 1]++;
    for (int u = 1; u < p->n[side]; u++)
        at[u] += at[u - 1];
    for (int64_t i = 0; i < p->n_rows; i++) {
        int64_t to = at[own[i]]++;
        s->other[to] = other[i];
        s->rating[to] = p->rating[i];
        if (s->w) s->w[to] = p->w[i];
    }
}

/* ---- small dense systems; rows of a matrix are `ld` apart, ld a multiple of 4 ---- */
/* a += the sum over four rows of c[r] y[r] y[r]': the upper triangle, from the last multiple of
 * four before the diagonal on. */
KERNEL static void add_four(int k, int ld, const double *restrict c, const double *restrict y,
                            double *restrict a)
{
    const double *y0 = y, *y1 = y + ld, *y2 = y + 2 * ld, *y3 = y + 3 * ld;
    for (int i = 0; i < k; i++) {
        double c0 = c[0] * y0[i], c1 = c[1] * y1[i], c2 = c[2] * y2[i], c3 = c[3] * y3[i];
        double *row = a + (size_t)i * (size_t)ld;
        for (int j = i & ~3; j < ld; j++)
            row[j] += (c0 * y0[j] + c1 * y1[j]) + (c2 * y2[j] + c3 * y3[j]);
    }
}

/* a := its factor L (a = L L', lower, row by row) from the upper triangle. A direction without
 * weight (fewer ratings than factors, no penalty) gets a zero diagonal: solve leaves it at 0. */
static void factor_lower(int k, int ld, double *a)
{
    size_t n = (size_t)k, step = (size_t)ld;
    for (size_t i = 0; i < n; i++) {
        double size = a[i * step + i];
        for (size_t j = 0; j <= i; j++) {
            double s = j == i ? size : a[j * step + i]; /* the upper triangle */
            const double *li = a + i * step, *lj = a + j * step;
            for (size_t t = 0; t < j; t++)
                s -= li[t] * lj[t];
            if (j < i)
                a[i * step + j] = lj[j] > 0 ? s / lj[j] : 0.0;
            else
                a[i * step + i] = s > 1e-13 * size ? sqrt(s) : 0.0;
        }
    }
}

static void solve_lower(int k, int ld, const double *l, double *x)
{
    size_t n = (size_t)k, step = (size_t)ld;
    for (size_t i = 0; i < n; i++) {
        double s = x[i];
        for (size_t j = 0; j < i; j++)
            s -= l[i * step + j] * x[j];
        x[i] = l[i * step + i] > 0 ? s / l[i * step + i] : 0.0;
    }
    for (size_t i = n; i-- > 0;) {
        double s = x[i];
        for (size_t j = i + 1; j < n; j++)
            s -= l[j * step + i] * x[j];
        x[i] = l[i * step + i] > 0 ? s / l[i * step + i] : 0.0;
    }
}

/* Minimum of x'ax / 2 - b'x over x >= 0, one coordinate after the other from where x stands
 * (Franc, Hlavac, Navara 2005: sequential coordinate-wise NNLS). grad: [k] room. */
static void solve_nonnegative(int k, int ld, const double *a, const double *b, double *grad,
                              double *x)
{
    for (int i = 0; i < k; i++) {
        grad[i] = -b[i];
        for (int j = 0; j < k; j++)
            grad[i] += a[(size_t)(i < j ? i : j) * (size_t)ld + (size_t)(i < j ? j : i)] * x[j];
    }
    for (int turn = 0; turn < NNLS_TURNS; turn++) {
        double moved = 0, size = 0;
        for (int i = 0; i < k; i++) {
            double d = a[(size_t)i * (size_t)ld + (size_t)i];
            double to = d > 0 ? x[i] - grad[i] / d : 0.0, step;
            if (!(to > 0)) to = 0;
            step = to - x[i];
            x[i] = to;
            moved = fabs(step) > moved ? fabs(step) : moved;
            size = to > size ? to : size;
            for (int j = 0; j < k && step != 0; j++)
                grad[j] += step * a[(size_t)(i < j ? i : j) * (size_t)ld + (size_t)(i < j ? j : i)];
        }
        if (moved <= NNLS_TOL * size) break;
    }
}

/* ---- one half of an iteration ---- */
struct half {
    const struct als_problem *p;
    const struct by_side *by;
    const double *fixed; /* [n, rank] of the other side */
    const double *gram;  /* implicit: [rank, ld] Y'Y, or NULL */
    double *out;         /* [n, rank]: where NNLS starts, and the result */
    int n, n_fixed, ld;
};

/* Room of a worker's task: a [k, ld], y [4, ld], b, grad [ld]. */
struct room {
    double *a, *y, *b, *grad;
    double c[4];
    int n_y;
};

static void flush_rows(const struct half *h, struct room *r)
{
    size_t ld = (size_t)h->ld;
    if (r->n_y == 0) return;
    for (int i = r->n_y; i < 4; i++) {
        r->c[i] = 0;
        memset(r->y + (size_t)i * ld, 0, sizeof(double) * ld);
    }
    add_four(h->p->rank, h->ld, r->c, r->y, r->a);
    r->n_y = 0;
}

/* a += c y y', b += e y */
static void add_row(const struct half *h, struct room *r, int32_t other, double c, double e)
{
    int k = h->p->rank;
    const double *y = h->fixed + (size_t)other * (size_t)k;
    double *to = r->y + (size_t)r->n_y * (size_t)h->ld;
    memcpy(to, y, sizeof(double) * (size_t)k);
    for (int i = 0; i < k; i++)
        r->b[i] += e * y[i];
    r->c[r->n_y++] = c;
    if (r->n_y == 4) flush_rows(h, r);
}

static void solve_one(const struct half *h, int u, struct room *r)
{
    const struct als_problem *p = h->p;
    const struct by_side *by = h->by;
    size_t ld = (size_t)h->ld, k = (size_t)p->rank;
    double n = 0;
    if (h->gram)
        memcpy(r->a, h->gram, sizeof(double) * k * ld);
    else
        memset(r->a, 0, sizeof(double) * k * ld);
    memset(r->b, 0, sizeof(double) * ld);
    for (int64_t i = by->first[u]; i < by->first[u + 1]; i++) {
        double w = by->w ? by->w[i] : 1.0, x = by->rating[i];
        if (!p->implicit) {
            add_row(h, r, by->other[i], w, w * x);
            n += w;
            continue;
        }
        double c = w * p->alpha * fabs(x);
        add_row(h, r, by->other[i], c, x > 0 ? w + c : 0.0);
        n += x > 0 ? w : 0.0;
    }
    flush_rows(h, r);
    for (size_t i = 0; i < k; i++)
        r->a[i * ld + i] += p->l2 * n;
    double *x = h->out + (size_t)u * k;
    if (p->nonnegative) {
        solve_nonnegative(p->rank, h->ld, r->a, r->b, r->grad, x);
        return;
    }
    factor_lower(p->rank, h->ld, r->a);
    memcpy(x, r->b, sizeof(double) * k);
    solve_lower(p->rank, h->ld, r->a, x);
}

static enum rc_t half_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct half *h = arg;
    size_t ld = (size_t)h->ld, k = (size_t)h->p->rank;
    void *room = NULL;
    TRY(check_cancel(cx));
    TRY(mem_big_zero(cx, sizeof(double) * (k * ld + 6 * ld), &room));
    struct room r = {.a = room};
    r.y = r.a + k * ld;
    r.b = r.y + 4 * ld;
    r.grad = r.b + ld;
    int from = (int)(task * TASK_SIDES);
    int to = from + TASK_SIDES < h->n ? from + TASK_SIDES : h->n;
    for (int u = from; u < to; u++)
        solve_one(h, u, &r);
    mem_big_free(room);
    return RC_OK;
}

/* ---- Y'Y: stretches of rows, put together in their order ---- */
struct gram {
    const double *y;
    double *parts; /* [n_tasks, k, ld] */
    int n, k, ld;
};

static enum rc_t gram_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct gram *g = arg;
    size_t ld = (size_t)g->ld, k = (size_t)g->k;
    double *a = g->parts + (size_t)task * k * ld, *rows;
    static const double ones[4] = {1, 1, 1, 1};
    void *room = NULL;
    TRY(check_cancel(cx));
    TRY(mem_big_zero(cx, sizeof(double) * 4 * ld, &room));
    rows = room;
    int from = (int)(task * GRAM_ROWS), to = from + GRAM_ROWS < g->n ? from + GRAM_ROWS : g->n;
    for (int at = from; at < to; at += 4) {
        for (int i = 0; i < 4; i++)
            if (at + i < to)
                memcpy(rows + (size_t)i * ld, g->y + (size_t)(at + i) * k, sizeof(double) * k);
            else
                memset(rows + (size_t)i * ld, 0, sizeof(double) * ld);
        add_four(g->k, g->ld, ones, rows, a);
    }
    mem_big_free(room);
    return RC_OK;
}

static rc gram_of(struct ctx *cx, const double *y, int n, int k, int ld, double *out)
{
    struct gram g = {.y = y, .n = n, .k = k, .ld = ld};
    int64_t n_tasks = (n + GRAM_ROWS - 1) / GRAM_ROWS;
    size_t size = (size_t)k * (size_t)ld;
    void *parts = NULL;
    TRY(mem_big_zero(cx, mem_mul(sizeof(double) * size, (size_t)n_tasks) + 1, &parts));
    g.parts = parts;
    enum rc_t res = pool_run(cx, n_tasks, gram_task, &g);
    memset(out, 0, sizeof(double) * size);
    for (int64_t t = 0; res == RC_OK && t < n_tasks; t++)
        for (size_t i = 0; i < size; i++)
            out[i] += g.parts[(size_t)t * size + i];
    mem_big_free(parts);
    return res;
}

/* ---- how well it fits ---- */
struct errors {
    const struct als_problem *p;
    double *const *factor;
    double *parts; /* [n_tasks, 4]: squares, loss, penalty, weight */
};

static double dot(int k, const double *a, const double *b)
{
    double s = 0;
    for (int i = 0; i < k; i++)
        s += a[i] * b[i];
    return s;
}

static enum rc_t error_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct errors *e = arg;
    const struct als_problem *p = e->p;
    double *sum = e->parts + 4 * task;
    int64_t from = task * ERROR_ROWS;
    int64_t to = from + ERROR_ROWS < p->n_rows ? from + ERROR_ROWS : p->n_rows;
    TRY(check_cancel(cx));
    for (int64_t i = from; i < to; i++) {
        const double *u = e->factor[ALS_USER] + (size_t)p->code[ALS_USER][i] * (size_t)p->rank;
        const double *v = e->factor[ALS_ITEM] + (size_t)p->code[ALS_ITEM][i] * (size_t)p->rank;
        double w = p->w ? p->w[i] : 1.0, x = p->rating[i], s = dot(p->rank, u, v);
        double wanted = p->implicit ? (x > 0 ? 1.0 : 0.0) : x;
        double square = w * (wanted - s) * (wanted - s);
        bool counts = !p->implicit || x > 0;
        sum[0] += square;
        sum[1] += square;
        if (p->implicit) /* the zero that Y'Y counts for this pair was none */
            sum[1] += w * p->alpha * fabs(x) * (wanted - s) * (wanted - s) - w * s * s;
        if (counts) sum[2] += w * (dot(p->rank, u, u) + dot(p->rank, v, v));
        sum[3] += w;
    }
    return RC_OK;
}

/* Sum of the squared scores of all pairs: the product of the two Gram matrices, traced. */
static rc all_squares(struct ctx *cx, const struct als_problem *p, double *const factor[2], int ld,
                      double *out)
{
    size_t size = (size_t)p->rank * (size_t)ld;
    void *room = NULL;
    TRY(mem_big(cx, sizeof(double) * 2 * size, &room));
    double *a = room, *b = a + size;
    enum rc_t res = gram_of(cx, factor[0], p->n[0], p->rank, ld, a);
    if (res == RC_OK) res = gram_of(cx, factor[1], p->n[1], p->rank, ld, b);
    *out = 0;
    for (size_t i = 0; i < (size_t)p->rank; i++)
        for (size_t j = i; j < (size_t)p->rank; j++)
            *out += (i == j ? 1.0 : 2.0) * a[i * (size_t)ld + j] * b[i * (size_t)ld + j];
    mem_big_free(room);
    return res;
}

static rc measure(struct ctx *cx, const struct als_problem *p, double *const factor[2], int ld,
                  struct als_end *end)
{
    int64_t n_tasks = (p->n_rows + ERROR_ROWS - 1) / ERROR_ROWS;
    struct errors e = {.p = p, .factor = factor};
    void *parts = NULL;
    double sum[4] = {0}, all = 0;
    TRY(mem_big_zero(cx, sizeof(double) * 4 * (size_t)n_tasks + 1, &parts));
    e.parts = parts;
    enum rc_t res = pool_run(cx, n_tasks, error_task, &e);
    if (res == RC_OK && p->implicit) res = all_squares(cx, p, factor, ld, &all);
    for (int64_t t = 0; t < n_tasks; t++)
        for (int i = 0; i < 4; i++)
            sum[i] += e.parts[4 * t + i];
    mem_big_free(parts);
    end->loss = (sum[1] + all + p->l2 * sum[2]) / sum[3];
    end->rmse = sqrt(sum[0] / sum[3]);
    return res;
}

/* ---- all of it ---- */
void als_start(const struct als_problem *p, uint64_t seed, double *users)
{
    size_t k = (size_t)p->rank;
    for (int u = 0; u < p->n[ALS_USER]; u++) {
        double *x = users + (size_t)u * k, size = 0;
        for (size_t i = 0; i < k; i++) {
            x[i] = rng_normal(seed, (uint64_t)u, (uint64_t)i);
            if (p->nonnegative) x[i] = fabs(x[i]);
            size += x[i] * x[i];
        }
        for (size_t i = 0; i < k; i++)
            x[i] = size > 0 ? x[i] / sqrt(size) : 1.0;
    }
}

static rc run_half(struct ctx *cx, const struct als_problem *p, const struct by_side *by, int side,
                   double *const factor[2], double *gram)
{
    struct half h = {.p = p,
                     .by = by,
                     .fixed = factor[1 - side],
                     .out = factor[side],
                     .n = p->n[side],
                     .n_fixed = p->n[1 - side],
                     .ld = (p->rank + 3) / 4 * 4};
    if (p->implicit) {
        TRY(gram_of(cx, h.fixed, h.n_fixed, p->rank, h.ld, gram));
        h.gram = gram;
    }
    return pool_run(cx, (h.n + TASK_SIDES - 1) / TASK_SIDES, half_task, &h);
}

enum rc_t als_solve(struct ctx *cx, const struct als_problem *p, double *const factor[2],
                    struct als_end *end)
{
    int ld = (p->rank + 3) / 4 * 4;
    struct by_side by[2] = {{0}, {0}};
    struct doing doing = pool_doing("fit");
    struct ctx told = *cx;
    void *gram = NULL;
    enum rc_t res = RC_ERR;
    told.doing = &doing;
    TRY_OUT(mem_big(cx, sizeof(double) * (size_t)p->rank * (size_t)ld, &gram));
    for (int side = 0; side < 2; side++) {
        TRY_OUT(side_alloc(cx, p, p->n[side], &by[side]));
        side_fill(p, side, &by[side]);
    }
    memset(factor[ALS_ITEM], 0, sizeof(double) * (size_t)p->n[ALS_ITEM] * (size_t)p->rank);
    for (int i = 0; i < p->max_iter; i++) {
        struct ctx quiet = *cx;
        quiet.doing = NULL;
        TRY_OUT(run_half(&quiet, p, &by[ALS_ITEM], ALS_ITEM, factor, gram));
        TRY_OUT(run_half(&quiet, p, &by[ALS_USER], ALS_USER, factor, gram));
        pool_tell(&told, i + 1, p->max_iter);
    }
    TRY_OUT(measure(cx, p, factor, ld, end));
    res = RC_OK;
out:
    side_free(&by[0]);
    side_free(&by[1]);
    mem_big_free(gram);
    return res;
}

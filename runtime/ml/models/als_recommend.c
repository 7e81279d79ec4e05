/* als_recommend.c: for each user the items of the highest score. Users are tasks of a fixed size;
 * their scores are made a stretch of items at a time, and a heap keeps the best. */
#include "runtime/ml/models/als_body.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/cancel.h"
#include "runtime/base/kernel.h"
#include "runtime/base/mem.h"
#include "runtime/base/pool.h"

#define TASK_USERS 16
#define TILE_ITEMS 512

enum rc_t ml_recommend(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                       struct table **out)
{
    if (m->family->cls->recommend) return m->family->cls->recommend(cx, m, spec, out);
    fail(cx, E217, spec->span, "a %s model does not recommend; als does", m->family->name);
    return err_hint(cx, "fit rating ~ user + item, als()");
}

const char *als_name(struct ctx *cx, const char *base, int number, const char *other)
{
    const char *name = number > 0 ? arena_printf(cx->arena, "%s%d", base, number) : base;
    return strcmp(name, other) == 0 ? arena_printf(cx->arena, "%s_", name) : name;
}

/* ---- the best of one ---- */
struct pick {
    double score;
    int32_t item;
};

/* Whether a stands before b: higher score, then the earlier item. */
static bool is_better(struct pick a, struct pick b)
{
    return a.score != b.score ? a.score > b.score : a.item < b.item;
}

/* Heap of the best, the worst of them on top. */
static void sift_down(struct pick *h, int n, int at)
{
    for (;;) {
        int worst = at, l = 2 * at + 1;
        for (int k = l; k < l + 2 && k < n; k++)
            if (is_better(h[worst], h[k])) worst = k;
        if (worst == at) return;
        struct pick t = h[at];
        h[at] = h[worst];
        h[worst] = t;
        at = worst;
    }
}

static void offer(struct pick *h, int *n, int max, struct pick p)
{
    if (*n == max) {
        if (!is_better(p, h[0])) return;
        h[0] = p;
        sift_down(h, max, 0);
        return;
    }
    h[(*n)++] = p;
    if (*n == max)
        for (int i = max / 2; i-- > 0;)
            sift_down(h, max, i);
}

static int by_place(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    return is_better(*x, *y) ? -1 : 1;
}

/* ---- all of them ---- */
struct best {
    int rank, n_items, top; /* top <= n_items */
    const double *user;     /* [.., rank] */
    const double *turned;   /* [rank, n_items]: items column by column */
    const int32_t *who;     /* [n] */
    int64_t n;
    struct pick *out; /* [n, top] */
};

KERNEL static void add_scaled(int n, double b, const double *restrict x, double *restrict out)
{
    for (int i = 0; i < n; i++)
        out[i] += b * x[i];
}

static enum rc_t best_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    const struct best *b = arg;
    double score[TILE_ITEMS];
    int64_t from = task * TASK_USERS, to = from + TASK_USERS < b->n ? from + TASK_USERS : b->n;
    for (int64_t i = from; i < to; i++) {
        const double *x = b->user + (size_t)b->who[i] * (size_t)b->rank;
        struct pick *heap = b->out + (size_t)i * (size_t)b->top;
        int n = 0;
        TRY(check_cancel(cx));
        for (int at = 0; at < b->n_items; at += TILE_ITEMS) {
            int len = b->n_items - at < TILE_ITEMS ? b->n_items - at : TILE_ITEMS;
            memset(score, 0, sizeof score);
            for (int k = 0; k < b->rank; k++)
                add_scaled(len, x[k], b->turned + (size_t)k * (size_t)b->n_items + at, score);
            for (int j = 0; j < len; j++)
                offer(heap, &n, b->top, (struct pick){score[j], at + j});
        }
        qsort(heap, (size_t)n, sizeof *heap, by_place);
    }
    return RC_OK;
}

/* ---- for whom ---- */
static rc check_kind(struct ctx *cx, const struct enc_feature *f, const struct recommend_spec *spec)
{
    struct dtype have = spec->only->type, want = f->levels[0].value.type;
    char a[64], b[64];
    if (have.kind == want.kind || (have.kind == KIND_CAT && want.kind == KIND_STR)) return RC_OK;
    return fail(cx, E406, spec->span, "`%s` was %s when the model was fitted and is %s here",
                f->name, dtype_text(want, a, sizeof a), dtype_text(have, b, sizeof b));
}

/* Codes of the values, each once; unknown ones counted. */
static rc chosen(struct ctx *cx, const struct enc_feature *f, const struct recommend_spec *spec,
                 int32_t *who, int64_t *n)
{
    const struct column *c = spec->only;
    int64_t unknown = 0, max = c->n;
    TRY(check_kind(cx, f, spec));
    struct vec v = column_view(c, 0, c->n);
    int32_t *codes = ARENA_ARRAY(cx->arena, int32_t, max + 1);
    uint64_t *seen = ARENA_ARRAY(cx->arena, uint64_t, BITMAP_WORDS(f->n_levels) + 1);
    TRY(enc_codes(cx, f, &v, max, codes));
    *n = 0;
    for (int64_t i = 0; i < max; i++) {
        if (codes[i] < 0) {
            unknown++;
        } else if (!bit_get(seen, codes[i])) {
            bit_set(seen, codes[i]);
            who[(*n)++] = codes[i];
        }
    }
    if (unknown > 0)
        warn(cx, W401, spec->span,
             "recommend: %s a value of `%s` that the model has not seen; nothing is "
             "recommended there",
             ml_rows_have(cx->arena, unknown), f->name);
    return RC_OK;
}

static rc find_side(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                    int *side)
{
    const struct enc_feature *f = m->enc.features;
    *side = strcmp(spec->side, f[ALS_ITEM].name) == 0 ? ALS_ITEM : ALS_USER;
    if (strcmp(spec->side, f[*side].name) == 0) return RC_OK;
    return fail(cx, E201, spec->side_span, "the model recommends for: `%s` or for: `%s`, not `%s`",
                f[ALS_USER].name, f[ALS_ITEM].name, spec->side);
}

/* ---- the table ---- */
static rc put_rows(struct ctx *cx, const struct best *b, const struct enc_feature *own,
                   const struct enc_feature *other, struct builder *cols)
{
    for (int64_t i = 0; i < b->n; i++)
        for (int k = 0; k < b->top; k++) {
            struct pick p = b->out[i * b->top + k];
            TRY(builder_scalar(cx, &cols[0], &own->levels[b->who[i]].value));
            TRY(builder_scalar(cx, &cols[1], &other->levels[p.item].value));
            TRY(builder_f64(cx, &cols[2], p.score));
            TRY(builder_i64(cx, &cols[3], k + 1));
        }
    return RC_OK;
}

static const char *free_name(struct ctx *cx, const char *base, const char *a, const char *b)
{
    return als_name(cx, als_name(cx, base, 0, a), 0, b);
}

static rc best_table(struct ctx *cx, const struct best *b, const struct enc_feature *own,
                     const struct enc_feature *other, struct table **out)
{
    struct field f[4] = {{own->name, own->levels[0].value.type},
                         {other->name, other->levels[0].value.type},
                         {free_name(cx, "score", own->name, other->name), DTYPE(KIND_NUM)},
                         {free_name(cx, "rank", own->name, other->name), DTYPE(KIND_INT)}};
    struct builder cols[4];
    for (int i = 0; i < 4; i++)
        builder_init(&cols[i], f[i].type, kind_phys(f[i].type.kind));
    enum rc_t res = put_rows(cx, b, own, other, cols);
    if (res == RC_OK) res = ml_table(cx, f, cols, 4, out);
    for (int i = 0; i < 4; i++)
        builder_release(&cols[i]);
    return res;
}

static void turn(const double *x, int n, int k, double *out)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++)
            out[(size_t)j * (size_t)n + (size_t)i] = x[(size_t)i * (size_t)k + (size_t)j];
}

enum rc_t als_recommend(struct ctx *cx, const struct model *m, const struct recommend_spec *spec,
                        struct table **out)
{
    const struct als *f = m->body;
    int side;
    TRY(find_side(cx, m, spec, &side));
    const struct enc_feature *own = &m->enc.features[side], *other = &m->enc.features[1 - side];
    int n_items = other->n_levels;
    struct best b = {.rank = f->rank,
                     .n_items = n_items,
                     .top = spec->n < n_items ? (int)spec->n : n_items,
                     .user = f->factor[side],
                     .n = own->n_levels};
    int64_t n_max = spec->only && spec->only->n < b.n ? spec->only->n : b.n;
    int32_t *who = ARENA_ARRAY(cx->arena, int32_t, n_max + 1);
    for (int64_t i = 0; !spec->only && i < b.n; i++)
        who[i] = (int32_t)i;
    if (spec->only) TRY(chosen(cx, own, spec, who, &b.n));
    b.who = who;
    void *turned = NULL, *picks = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(mem_big(cx, sizeof(double) * (size_t)n_items * (size_t)f->rank + 1, &turned));
    TRY_OUT(mem_big(cx, mem_mul(sizeof(struct pick) * (size_t)b.top, (size_t)b.n) + 1, &picks));
    turn(f->factor[1 - side], n_items, f->rank, turned);
    b.turned = turned;
    b.out = picks;
    TRY_OUT(pool_run(cx, (b.n + TASK_USERS - 1) / TASK_USERS, best_task, &b));
    TRY_OUT(best_table(cx, &b, own, other, out));
    res = RC_OK;
out:
    mem_big_free(turned);
    mem_big_free(picks);
    return res;
}

/* learn_target.c: numbers in the place of levels. A level's number is the mean of the target over
 * its rows, drawn towards the mean of all: by the given number of rows of that mean, as Spark's
 * TargetEncoder, or by how the variance within the level compares with that of all (empirical
 * Bayes, Micci-Barreca, SIGKDD Explorations 3, 2001, as scikit-learn's `auto`). The rows that are
 * fitted get theirs from the rows of the other folds, so that no row sees its own target. */
#include "runtime/ml/learn_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/rng.h"

#define FOLD_STREAM 0x7461726765ull

enum rc_t learn_key(struct prepare *p, const struct feature *f, const struct expr **out)
{
    char text[64];
    TRY(prepare_expr(p, f->args[0], false, out));
    enum kind k = (*out)->type.kind;
    if (k == KIND_LIST || k == KIND_STRUCT)
        return fail(p->cx, E207, f->span, "`%s` takes a category; `%s` is %s", f->text,
                    f->args[0]->text, dtype_text((*out)->type, text, sizeof text));
    return k == KIND_STR ? RC_OK : expr_cast(p->cx, p->cx->arena, *out, KIND_STR, out);
}

enum rc_t learn_lookup(struct prepare *p, struct state *s, const struct enc_feature *levels,
                       const double *values)
{
    struct builder keys, numbers;
    struct column *k = NULL, *v = NULL;
    enum rc_t res = RC_OK;
    builder_init(&keys, DTYPE(KIND_STR), PHYS_STR);
    builder_init(&numbers, DTYPE(KIND_NUM), PHYS_F64);
    for (int i = 0; i < levels->n_levels && res == RC_OK; i++) {
        res = builder_str(p->cx, &keys, levels->levels[i].value.u.s);
        if (res == RC_OK) res = builder_f64(p->cx, &numbers, values[i]);
    }
    if (res == RC_OK) res = builder_finish(p->cx, &keys, &k);
    if (res == RC_OK) res = builder_finish(p->cx, &numbers, &v);
    builder_release(&keys);
    builder_release(&numbers);
    arena_column(p->cx->arena, k);
    arena_column(p->cx->arena, v);
    s->keys = (struct scalar){.type = dtype_list(DTYPE(KIND_STR)), .u.list = k};
    s->values = (struct scalar){.type = dtype_list(DTYPE(KIND_NUM)), .u.list = v};
    return res;
}

struct sums {
    double n, sum, squares;
};
struct encoding {
    int n_levels, folds;
    const int32_t *code; /* [n] */
    const double *y;
    int64_t n;
    struct sums *level; /* [folds + 1, n_levels]: each fold, then all */
    struct sums *whole; /* [folds + 1] */
    double shift;       /* of y: its first value, against cancellation */
};

static int fold_of(const struct prepare *p, const struct encoding *e, int64_t row)
{
    return (int)rng_below(p->m->seed, FOLD_STREAM, (uint64_t)row, (uint64_t)e->folds);
}

static void add_row(struct sums *s, double y)
{
    s->n += 1;
    s->sum += y;
    s->squares += y * y;
}

static void sum_rows(const struct prepare *p, struct encoding *e)
{
    for (int64_t i = 0; i < e->n; i++) {
        double y = e->y[i] - e->shift;
        add_row(&e->whole[e->folds], y);
        if (e->code[i] >= 0) add_row(&e->level[e->folds * e->n_levels + e->code[i]], y);
        if (e->folds == 0) continue;
        int fold = fold_of(p, e, i);
        add_row(&e->whole[fold], y);
        if (e->code[i] >= 0) add_row(&e->level[fold * e->n_levels + e->code[i]], y);
    }
}

static struct sums less(struct sums a, const struct sums *b)
{
    return (struct sums){a.n - b->n, a.sum - b->sum, a.squares - b->squares};
}

static double spread(const struct sums *s) /* sum of squared differences from the mean */
{
    double v = s->n > 0 ? s->squares - s->sum * s->sum / s->n : 0.0;
    return v > 0 ? v : 0.0;
}

/* The number of a level with these sums among rows with those; no rows: the mean of all. */
static double encode(const struct sums *level, const struct sums *all, double smoothing)
{
    double mean = all->n > 0 ? all->sum / all->n : 0.0;
    if (!(level->n > 0.5)) return mean;
    double own = level->sum / level->n;
    if (smoothing >= 0) return (level->n * own + smoothing * mean) / (level->n + smoothing);
    double var = spread(all) / all->n;
    if (!(var > 0)) return mean;
    double share = var * level->n / (var * level->n + spread(level) / level->n);
    return share * own + (1.0 - share) * mean;
}

/* The table with a column of the rows' own numbers. */
static enum rc_t add_fitted(struct prepare *p, struct state *s, const struct encoding *e)
{
    struct builder b;
    struct column *c = NULL;
    int n = p->base->schema->n;
    struct field *fields = ARENA_ARRAY(p->cx->arena, struct field, n + 1);
    struct column **cols = ARENA_ARRAY(p->cx->arena, struct column *, n + 1);
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_NUM), PHYS_F64);
    for (int64_t i = 0; i < e->n && res == RC_OK; i++) {
        int fold = fold_of(p, e, i);
        struct sums all = less(e->whole[e->folds], &e->whole[fold]), level = {0};
        if (e->code[i] >= 0)
            level = less(e->level[e->folds * e->n_levels + e->code[i]],
                         &e->level[fold * e->n_levels + e->code[i]]);
        res = e->code[i] == CODE_NULL
                  ? builder_null(p->cx, &b)
                  : builder_f64(p->cx, &b, e->shift + encode(&level, &all, s->feature->number));
    }
    if (res == RC_OK) res = builder_finish(p->cx, &b, &c);
    builder_release(&b);
    TRY(res);
    s->fitted = arena_printf(p->cx->arena, "t%d", n);
    for (int i = 0; i < n; i++) {
        fields[i] = p->base->schema->fields[i];
        cols[i] = column_ref(p->base->cols[i]);
    }
    fields[n] = (struct field){s->fitted, DTYPE(KIND_NUM)};
    cols[n] = c;
    struct schema *schema = NULL;
    struct table *t = NULL;
    res = schema_new(p->cx, fields, n + 1, NO_SPAN, &schema);
    if (res == RC_OK) res = table_new(p->cx, schema, cols, e->n, &t);
    schema_unref(schema);
    TRY(res);
    table_unref(p->base);
    p->base = t;
    return RC_OK;
}

/* The target as numbers: of two classes 1 for the positive one. */
static enum rc_t target_numbers(struct prepare *p, const struct feature *f, const double **out)
{
    const struct target *target = &p->m->target;
    const struct column *c = p->target >= 0 ? p->base->cols[p->target] : NULL;
    if (!c) return fail(p->cx, E401, f->span, "`%s` needs a target: y ~ %s", f->text, f->text);
    if (p->is_class && target->classes.n_levels > 2)
        return fail(p->cx, E409, f->span, "`%s` takes a number or two classes; `%s` has %d",
                    f->text, target->text, target->classes.n_levels);
    double *y = ARENA_ARRAY(p->cx->arena, double, c->n + 1);
    struct vec v = column_view(c, 0, c->n);
    *out = y;
    if (p->is_class) {
        int32_t *codes = ARENA_ARRAY(p->cx->arena, int32_t, c->n + 1);
        TRY(enc_codes(p->cx, &target->classes, &v, c->n, codes));
        for (int64_t i = 0; i < c->n; i++)
            y[i] = codes[i] == target->positive ? 1.0 : 0.0;
        return RC_OK;
    }
    for (int64_t i = 0; i < c->n; i++) {
        struct scalar s = column_scalar(c, i);
        y[i] = s.is_null ? 0.0 : s.type.kind == KIND_INT ? (double)s.u.i : s.u.f;
    }
    return RC_OK;
}

static enum rc_t level_codes(struct prepare *p, const struct expr *key,
                             const struct enc_feature *levels, const int32_t **out)
{
    struct table *t = NULL;
    TRY(prepare_values(p, &key, 1, &t));
    int32_t *codes = ARENA_ARRAY(p->cx->arena, int32_t, t->n_rows + 1);
    struct vec v = column_view(t->cols[0], 0, t->n_rows);
    enum rc_t res = enc_codes(p->cx, levels, &v, t->n_rows, codes);
    table_unref(t);
    *out = codes;
    return res;
}

enum rc_t learn_target(struct prepare *p, struct state *s)
{
    struct enc_feature levels = {0};
    const struct expr *key;
    struct encoding e = {.folds = s->feature->folds, .n = p->base->n_rows};
    TRY(learn_key(p, s->feature, &key));
    TRY(prepare_levels(p, key, &levels));
    TRY(target_numbers(p, s->feature, &e.y));
    TRY(level_codes(p, key, &levels, &e.code));
    if (e.folds > e.n) e.folds = 0;
    e.n_levels = levels.n_levels;
    e.shift = e.n > 0 ? e.y[0] : 0.0;
    e.level = ARENA_ARRAY(p->cx->arena, struct sums,
                          mem_mul((size_t)(e.folds + 1), (size_t)e.n_levels) + 1);
    e.whole = ARENA_ARRAY(p->cx->arena, struct sums, e.folds + 1);
    sum_rows(p, &e);
    double *values = ARENA_ARRAY(p->cx->arena, double, e.n_levels + 1);
    const struct sums none = {0}, *all = &e.whole[e.folds];
    for (int i = 0; i < e.n_levels; i++)
        values[i] = e.shift + encode(&e.level[e.folds * e.n_levels + i], all, s->feature->number);
    s->other = e.shift + encode(&none, all, 0);
    TRY(learn_lookup(p, s, &levels, values));
    return e.folds > 0 ? add_fitted(p, s, &e) : RC_OK;
}

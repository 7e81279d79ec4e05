/* waves.c: a pipe's rows in order, some partitions at a time: what is written away need not fit in
 * memory. Each wave runs on all threads; its rows are one table, which is handed on and freed
 * before the next one begins. How many partitions make a wave follows from the rows of those
 * before. */
#include "runtime/exec/threads/threads_int.h"

#define WAVE_ROWS  (INT64_C(1) << 20)
#define FIRST_WAVE 16
#define MOST_WAVE  4096

struct wave_part {
    struct builder *cols; /* [n_cols]; NULL: no rows came */
    int64_t n_rows;
};
struct waves {
    struct pipe *pipe;
    int n_cols;
    int64_t from; /* first partition of the wave */
    struct wave_part *parts;
};

static bool is_text(struct dtype t)
{
    return kind_phys(t.kind) == PHYS_STR || kind_phys(t.kind) == PHYS_DICT;
}

static enum rc_t wave_batch(void *self, struct worker *w, struct ctx *cx, int64_t task,
                            int64_t part, const struct batch *b)
{
    struct waves *v = self;
    struct wave_part *p = &v->parts[part - v->from];
    (void)w, (void)task;
    if (!p->cols) {
        p->cols = mem_zero(sizeof *p->cols * (size_t)(v->n_cols + 1));
        for (int i = 0; i < v->n_cols; i++) {
            struct dtype t = v->pipe->schema->fields[i].type;
            builder_init(&p->cols[i], t, is_text(t) ? b->cols[i].phys : kind_phys(t.kind));
        }
    }
    for (int i = 0; i < v->n_cols; i++)
        TRY(builder_append(cx, &p->cols[i], &b->cols[i], NULL, b->n_rows));
    p->n_rows += b->n_rows;
    return RC_OK;
}

/* Column i of all partitions of the wave; the builders are empty after. */
static rc wave_column(struct ctx *cx, struct waves *v, int64_t n_parts, int i, struct column **out)
{
    const struct column **done = mem_zero(sizeof *done * (size_t)(n_parts + 1));
    enum rc_t res = RC_OK;
    int n = 0;
    for (int64_t p = 0; p < n_parts && res == RC_OK; p++) {
        struct column *c;
        if (!v->parts[p].cols) continue;
        res = builder_finish(cx, &v->parts[p].cols[i], &c);
        if (res == RC_OK) done[n++] = c;
    }
    if (res == RC_OK && n == 1) *out = column_ref(done[0]);
    if (res == RC_OK && n > 1) res = column_concat(cx, done, n, out);
    for (int k = 0; k < n; k++)
        column_unref(done[k]);
    mem_free(done);
    return res;
}

static rc wave_table(struct ctx *cx, struct waves *v, int64_t n_parts, int64_t n_rows,
                     struct table **out)
{
    struct column **cols = mem_zero(sizeof *cols * (size_t)(v->n_cols + 1));
    enum rc_t res = RC_OK;
    for (int i = 0; i < v->n_cols && res == RC_OK; i++)
        res = wave_column(cx, v, n_parts, i, &cols[i]);
    if (res == RC_OK) {
        res = table_new(cx, v->pipe->schema, cols, n_rows, out);
    } else {
        for (int i = 0; i < v->n_cols; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

static void free_parts(struct waves *v, int64_t n_parts)
{
    for (int64_t p = 0; p < n_parts; p++) {
        for (int i = 0; v->parts[p].cols && i < v->n_cols; i++)
            builder_release(&v->parts[p].cols[i]);
        mem_free(v->parts[p].cols);
    }
    mem_free(v->parts);
}

static rc run_wave(struct waves *v, int64_t n_parts, exec_take take, void *self, int64_t *n_rows)
{
    struct ctx *cx = v->pipe->run->cx;
    struct sink sink = {.self = v, .batch = wave_batch};
    struct table *t = NULL;
    *n_rows = 0;
    v->parts = mem_zero(sizeof *v->parts * (size_t)n_parts);
    enum rc_t res = pipe_run_range(v->pipe, v->from, n_parts, &sink);
    for (int64_t p = 0; p < n_parts; p++)
        *n_rows += v->parts[p].n_rows;
    if (res == RC_OK && *n_rows) res = wave_table(cx, v, n_parts, *n_rows, &t);
    free_parts(v, n_parts);
    if (res == RC_OK && t) res = take(cx, self, t);
    table_unref(t);
    return res;
}

rc pipe_waves(struct pipe *take_p, exec_take take, void *self)
{
    struct pipe *p = take_p;
    struct waves v = {.pipe = p, .n_cols = p->schema->n};
    int64_t n = FIRST_WAVE, all = 0;
    enum rc_t res = RC_OK;
    pipe_start(p);
    while (v.from < p->n_parts && res == RC_OK) {
        int64_t rows;
        if (n > p->n_parts - v.from) n = p->n_parts - v.from;
        res = run_wave(&v, n, take, self, &rows);
        v.from += n;
        all += rows;
        n = all ? (int64_t)((double)WAVE_ROWS * (double)v.from / (double)all) : n * 2;
        if (n < FIRST_WAVE) n = FIRST_WAVE;
        if (n > MOST_WAVE) n = MOST_WAVE;
    }
    if (res == RC_OK) res = pipe_finish(p, p->n_parts);
    pipe_free(p);
    return res;
}

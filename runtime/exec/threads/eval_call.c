/* eval_call.c: one call on one batch: arguments made canonical, validity intersected word by word,
 * then the kernel; or, when all that varies is a dictionary column, the results of its levels
 * mapped by code. */
#include "runtime/exec/threads/eval_int.h"

void eval_env(struct eval *ev, struct node *nd, struct ctx *cx, struct fn_note *note,
              struct fn_eval *out)
{
    *out = (struct fn_eval){.cx = cx,
                            .consts = nd->consts,
                            .is_const = nd->is_const,
                            .n_args = nd->n_args,
                            .type = nd->e->type,
                            .arg_types = nd->arg_types,
                            .prepared = nd->prepared,
                            .note = note,
                            .first_row = ev->first_row,
                            .span = nd->e->span};
}

/* ---- by level ---- */
static bool may_go_by_level(const struct eval *ev, const struct node *nd, const struct column *dict)
{
    enum kind k = nd->e->type.kind;
    if (!(nd->e->fn->flags & FN_PURE) || k == KIND_LIST || k == KIND_STRUCT) return false;
    return dict->n <= 4096 || dict->n <= ev->x->rows_hint;
}

/* The levels and, last, a null, as an argument. */
static void level_argument(struct arena *a, const struct column *dict, enum kind kind,
                           struct vec *out)
{
    int64_t n = dict->n + 1;
    uint64_t *valid = arena_alloc(a, BITMAP_WORDS(n) * 8);
    bitmap_fill(valid, n, true);
    bit_clear(valid, n - 1);
    *out = (struct vec){.phys = kind_phys(kind), .valid = valid};
    if (kind == KIND_CAT) {
        int32_t *codes = arena_zero(a, 4 * (size_t)n);
        for (int32_t i = 0; i < (int32_t)n - 1; i++)
            codes[i] = i;
        out->data = codes;
        out->dict = dict;
        return;
    }
    struct text *texts = arena_zero(a, sizeof *texts * (size_t)n);
    if (dict->n) memcpy(texts, dict->data, sizeof *texts * (size_t)dict->n);
    out->data = texts;
    out->heap = dict;
}

/* Results as codes into a dictionary of their own; made categories have sorted levels. */
static rc encode_levels(struct ctx *cx, struct memo_entry *m, bool sorted, int64_t n)
{
    struct builder b;
    struct column *texts = NULL, *coded = NULL;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    enum rc_t res = builder_append(cx, &b, &m->out, NULL, n);
    if (res == RC_OK) res = builder_finish(cx, &b, &texts);
    builder_release(&b);
    if (res != RC_OK) return res;
    res = column_encode(cx, texts, sorted, &coded);
    column_unref(texts);
    if (res != RC_OK) return res;
    int32_t *codes = arena_copy(cx->arena, coded->data, 4 * (size_t)n);
    m->new_dict = column_ref(coded->dict);
    m->out.phys = PHYS_DICT;
    m->out.data = codes;
    m->out.heap = NULL;
    m->out.dict = m->new_dict;
    column_unref(coded);
    return RC_OK;
}

static void level_bytes(struct arena *a, struct memo_entry *m, int64_t n)
{
    m->bytes = arena_alloc(a, (size_t)n);
    for (int64_t i = 0; i < n; i++)
        m->bytes[i] = bit_get(m->out.data, i) && bit_valid(m->out.valid, i);
}

/* Levels that the kernel turned into null count as failures of every row that holds them. */
static void mark_bad(struct arena *a, struct memo_entry *m, int64_t n)
{
    uint64_t *bad = arena_zero(a, BITMAP_WORDS(n) * 8);
    for (int64_t i = 0; i + 1 < n; i++)
        if (!bit_valid(m->out.valid, i)) bit_set(bad, i);
    m->bad = bad;
}

static rc run_kernel(struct fn_eval *fe, struct node *nd, int64_t n, const struct vec *args,
                     struct vec *out)
{
    TRY(nd->e->overload->kernel(fe, n, args, out));
    return RC_OK;
}

/* The levels a chunk at a time, on all threads that are free (within a pipe: on this one), and so
 * that a large dictionary can be interrupted. */
#define LEVELS_AT_ONCE 8192 /* a multiple of 64 */

struct level_worker {
    struct arena *arena; /* lives as long as the results */
    void *prepared;      /* functions may write in it: each thread has its own */
    struct fn_note note;
    bool is_ready;
};
struct level_job {
    struct eval *ev;
    struct node *nd;
    int arg;
    int64_t n;
    const struct vec *args;
    struct vec out;              /* of all levels */
    const struct column **heaps; /* [chunks] */
    struct level_worker *workers;
};

static void drop_arena(void *a)
{
    arena_free(a);
}

static rc level_worker_need(struct level_job *job, struct level_worker *w, struct fn_eval *fe)
{
    const struct fn_desc *fn = job->nd->e->fn;
    if (w->is_ready) return RC_OK;
    w->is_ready = true;
    if (fn->prepare && job->nd->prepared) TRY(fn->prepare(fe, w->arena, &w->prepared));
    return RC_OK;
}

static enum rc_t level_task(struct ctx *cx, void *arg, int64_t task, int worker)
{
    struct level_job *job = arg;
    struct level_worker *w = &job->workers[worker];
    struct fn_eval fe;
    struct ctx own = *cx;
    int64_t at = task * LEVELS_AT_ONCE, left = job->n - at;
    struct vec part = job->out, *args;
    size_t width = part.phys == PHYS_STR ? 16 : phys_width(part.phys);
    own.arena = w->arena;
    eval_env(job->ev, job->nd, &own, &w->note, &fe);
    fe.first_row = 0;
    TRY(level_worker_need(job, w, &fe));
    fe.prepared = w->prepared;
    args = arena_copy(w->arena, job->args, sizeof *args * (size_t)job->nd->n_args);
    args[job->arg] = vec_slice(&job->args[job->arg], at);
    part.data =
        (const char *)part.data + (part.phys == PHYS_BOOL ? (size_t)at / 8 : (size_t)at * width);
    part.valid += at / 64;
    TRY(run_kernel(&fe, job->nd, left < LEVELS_AT_ONCE ? left : LEVELS_AT_ONCE, args, &part));
    job->heaps[task] = part.heap;
    return RC_OK;
}

static rc run_levels(struct eval *ev, struct ctx *cx, struct node *nd, int arg, int64_t n,
                     const struct vec *args, struct fn_note *note, struct vec *out)
{
    int64_t chunks = (n + LEVELS_AT_ONCE - 1) / LEVELS_AT_ONCE;
    int n_workers = pool_threads(cx);
    struct level_job job = {ev, nd, arg, n, args, *out, NULL, NULL};
    job.heaps = arena_zero(cx->arena, sizeof *job.heaps * (size_t)chunks);
    job.workers = arena_zero(cx->arena, sizeof *job.workers * (size_t)n_workers);
    for (int i = 0; i < n_workers; i++) {
        job.workers[i].arena = arena_new();
        arena_on_free(cx->arena, drop_arena, job.workers[i].arena);
    }
    TRY(pool_run(cx, chunks, level_task, &job));
    for (int i = 0; i < n_workers; i++)
        note->n += job.workers[i].note.n;
    out->heap = job.heaps[0];
    for (int64_t i = 1; i < chunks; i++) /* texts of the argument's memory are shared if all are */
        if (job.heaps[i] != out->heap) out->heap = NULL;
    return RC_OK;
}

static rc level_results(struct eval *ev, struct node *nd, int arg, struct ctx *cx,
                        struct memo_entry *m)
{
    int64_t n = m->dict->n + 1;
    struct fn_note note = {0};
    struct fn_eval fe;
    struct vec *args = arena_copy(cx->arena, nd->argv, sizeof *args * (size_t)nd->n_args);
    level_argument(cx->arena, m->dict, nd->arg_types[arg].kind, &args[arg]);
    uint64_t *valid = arena_alloc(cx->arena, BITMAP_WORDS(n) * 8 + 8);
    bitmap_fill(valid, n, true);
    if (nd->e->fn->nulls == FN_ANY_NULL) bit_clear(valid, n - 1);
    m->out = (struct vec){.phys = kind_phys(nd->e->type.kind),
                          .data = arena_zero(cx->arena, 16 * (size_t)n + 64),
                          .valid = valid};
    if (n > LEVELS_AT_ONCE && m->out.phys != PHYS_DICT) {
        TRY(run_levels(ev, cx, nd, arg, n, args, &note, &m->out));
    } else {
        eval_env(ev, nd, cx, &note, &fe);
        fe.first_row = 0;
        TRY(run_kernel(&fe, nd, n, args, &m->out));
    }
    m->out.valid = valid;
    m->has_null = !words_all_set(valid, n);
    if (note.n > 0) mark_bad(cx->arena, m, n);
    if (m->out.phys == PHYS_BOOL) level_bytes(cx->arena, m, n);
    enum kind from = nd->arg_types[arg].kind;
    bool makes_cat = m->out.phys == PHYS_DICT && from != KIND_CAT && !nd->e->type.ordered;
    if (m->out.phys == PHYS_STR || makes_cat) return encode_levels(cx, m, makes_cat, n);
    if (m->out.phys == PHYS_DICT) m->new_dict = column_ref(m->out.dict);
    return RC_OK;
}

struct memo_entry *memo_of(struct eval *ev, struct node *nd, int arg, const struct column *dict)
{
    struct memo *memo = &ev->x->sites[nd->site].memo;
    struct memo_entry *m;
    if (!may_go_by_level(ev, nd, dict)) return NULL;
    for (int i = 0; i < nd->n_args; i++)
        if (i != arg && nd->e->fn->nulls == FN_ANY_NULL && nd->args[i]->value.is_null) return NULL;
    pthread_mutex_lock(&memo->lock);
    for (m = memo->entries; m && m->dict != dict;)
        m = m->next;
    if (!m) {
        if (!memo->arena) memo->arena = arena_new();
        struct error err = {0};
        struct ctx cx = *ev->cx;
        cx.err = &err; /* a level that no row holds may fail: the rows decide then */
        cx.arena = memo->arena;
        m = ARENA_NEW(memo->arena, struct memo_entry);
        m->dict = column_ref(dict);
        m->failed = level_results(ev, nd, arg, &cx, m) != RC_OK;
        m->next = memo->entries;
        memo->entries = m;
    }
    pthread_mutex_unlock(&memo->lock);
    return m->failed ? NULL : m;
}

void memo_free(struct memo *m)
{
    for (struct memo_entry *e = m->entries; e; e = e->next) {
        column_unref(e->dict);
        column_unref(e->new_dict);
    }
    arena_free(m->arena);
    pthread_mutex_destroy(&m->lock);
}

/* Entry of each row: its code, or the last one for null. */
static const int32_t *level_rows(struct eval *ev, const struct vec *in, int64_t n, int32_t null_at)
{
    const int32_t *codes = in->data;
    if (!in->valid) return codes;
    int32_t *rows = arena_alloc(ev->cx->arena, 4 * (size_t)n);
    for (int64_t i = 0; i < n; i++)
        rows[i] = bit_get(in->valid, i) ? codes[i] : null_at;
    return rows;
}

static void map_bools(int64_t n, const uint8_t *bytes, const int32_t *rows, uint64_t *out)
{
    for (int64_t at = 0; at < n; at += 64) {
        uint64_t word = 0;
        int64_t m = n - at < 64 ? n - at : 64;
        for (int64_t i = 0; i < m; i++)
            word |= (uint64_t)bytes[rows[at + i]] << i;
        out[at / 64] = word;
    }
}

/* Counts rows whose level failed, with the level's text. */
static void count_bad(struct eval *ev, struct node *nd, const struct memo_entry *m,
                      const int32_t *rows, int64_t n)
{
    struct fn_note note = {0};
    const struct text *levels = m->dict->data;
    for (int64_t i = 0; i < n; i++)
        if (rows[i] < m->dict->n && bit_get(m->bad, rows[i]))
            fn_note_add(&note, ev->first_row + i, text_str(&levels[rows[i]]));
    eval_count(ev, nd, &note);
}

rc eval_by_level(struct eval *ev, struct node *nd, struct vec *out, bool *used)
{
    int arg = -1;
    *used = false;
    for (int i = 0; i < nd->n_args; i++) {
        if (nd->args[i]->is_literal) continue;
        if (arg >= 0 || nd->argv[i].phys != PHYS_DICT || nd->argv[i].is_const) return RC_OK;
        arg = i;
    }
    if (arg < 0) return RC_OK;
    const struct vec *in = &nd->argv[arg];
    struct memo_entry *m = memo_of(ev, nd, arg, in->dict);
    if (!m) return RC_OK;
    const int32_t *rows = level_rows(ev, in, ev->n, (int32_t)m->dict->n);
    struct scratch *s = &nd->out;
    *out = m->out;
    out->data = s->data;
    out->valid = NULL;
    struct vec all = m->out;
    if (m->bytes) {
        map_bools(ev->n, m->bytes, rows, s->data);
    } else {
        all.valid = NULL;
        TRY(vec_select(ev->cx, s, &all, nd->e->type, rows, ev->n, out));
    }
    if (m->has_null) {
        for (int64_t i = 0; i < ev->n; i++)
            bit_put(s->valid, i, bit_get(m->out.valid, rows[i]));
        if (!words_all_set(s->valid, ev->n)) out->valid = s->valid;
    }
    if (m->bad) count_bad(ev, nd, m, rows, ev->n);
    *used = true;
    return RC_OK;
}

/* ---- row by row ---- */
/* Canonical arguments; constants that are no literals are spelled out, since kernels look for
 * constants in e->consts. *all_const: one row will do. */
static void settle_args(struct eval *ev, struct node *nd, bool *all_const)
{
    *all_const = nd->n_args > 0 && (nd->e->fn->flags & FN_PURE);
    for (int i = 0; i < nd->n_args; i++)
        *all_const = *all_const && nd->argv[i].is_const;
    for (int i = 0; i < nd->n_args; i++) {
        struct vec *v = &nd->argv[i];
        struct dtype type = nd->arg_types[i];
        if (nd->args[i]->is_literal) continue;
        if (v->phys != kind_phys(type.kind) || v->is_const)
            scratch_need(&nd->wide[i], ev->l->arena, BATCH_ROWS);
        vec_canonical(&nd->wide[i], v, type, ev->n, v);
        if (v->is_const && !*all_const && v->data != nd->wide[i].data)
            vec_spread(&nd->wide[i], v, ev->n, v);
        else if (v->is_const && !*all_const) { /* widened in place: a copy of the one value */
            uint64_t one[2];
            memcpy(one, v->data, 16);
            v->data = one;
            vec_spread(&nd->wide[i], v, ev->n, v);
        }
    }
}

/* valid = rows where no argument is null. False: a constant is null, so all is. */
static bool intersect(struct node *nd, int64_t n, uint64_t *valid, bool *has_null)
{
    *has_null = false;
    for (int i = 0; i < nd->n_args; i++) {
        const struct vec *v = &nd->argv[i];
        if (!v->valid) continue;
        if (v->is_const) {
            if (!bit_get(v->valid, 0)) return false;
            continue;
        }
        if (*has_null)
            bitmap_and(valid, valid, v->valid, n);
        else
            memcpy(valid, v->valid, BITMAP_WORDS(n) * 8);
        *has_null = true;
    }
    if (!*has_null) bitmap_fill(valid, n, true);
    return true;
}

static void all_null(struct node *nd, struct vec *out)
{
    static const uint64_t none[1] = {0};
    memset(nd->out.data, 0, 16);
    *out = (struct vec){
        .phys = kind_phys(nd->e->type.kind), .is_const = true, .valid = none, .data = nd->out.data};
}

/* A null of a nested or categorical type has no one-value form: spelled out through a builder. */
static rc null_rows(struct eval *ev, struct node *nd, struct vec *out)
{
    struct column *c;
    enum kind k = nd->e->type.kind;
    if (k != KIND_LIST && k != KIND_STRUCT && k != KIND_CAT) {
        all_null(nd, out);
        return RC_OK;
    }
    TRY(column_nulls(ev->cx, nd->e->type, ev->n, &c));
    arena_column(ev->cx->arena, c);
    *out = column_view(c, 0, ev->n);
    return RC_OK;
}

static rc call_kernel(struct eval *ev, struct node *nd, int64_t n, struct vec *out)
{
    struct fn_note note = {0};
    struct fn_eval fe;
    bool has_null = false, own = nd->e->fn->nulls == FN_OWN_NULLS;
    if (own)
        bitmap_fill(nd->out.valid, n, true);
    else if (!intersect(nd, n, nd->out.valid, &has_null))
        return null_rows(ev, nd, out);
    *out = (struct vec){
        .phys = kind_phys(nd->e->type.kind), .data = nd->out.data, .valid = nd->out.valid};
    eval_env(ev, nd, ev->cx, &note, &fe);
    TRY(run_kernel(&fe, nd, n, nd->argv, out));
    out->valid = nd->out.valid;
    if ((own || has_null || (nd->e->fn->flags & FN_ADDS_NULLS)) ? words_all_set(out->valid, n)
                                                                : true)
        out->valid = NULL;
    eval_count(ev, nd, &note);
    return RC_OK;
}

rc eval_call(struct eval *ev, struct node *nd, struct vec *out)
{
    bool by_level, all_const;
    for (int i = 0; i < nd->n_args; i++)
        TRY(eval_node(ev, nd->args[i], &nd->argv[i]));
    TRY(eval_by_level(ev, nd, out, &by_level));
    if (by_level) return RC_OK;
    settle_args(ev, nd, &all_const);
    return call_kernel(ev, nd, ev->n, out);
}

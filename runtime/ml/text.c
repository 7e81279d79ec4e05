/* text.c: a text, a list of texts or a value to cells: words, n-grams, columns by vocabulary or by
 * hash, counts, weights, norm. */
#include "runtime/ml/text_int.h"

#include "runtime/base/bitmap.h"
#include "runtime/base/hash.h"
#include "runtime/base/pool.h"

#include <math.h>
#include <stdio.h>

/* ---- codings ---- */
struct text_coding *text_coding_new(struct arena *a, const struct text_rule *rule)
{
    struct text_coding *t = ARENA_NEW(a, struct text_coding);
    t->rule = *rule;
    if (rule->n_stop == 0) return t;
    const char **stop = ARENA_ARRAY(a, const char *, rule->n_stop);
    for (int i = 0; i < rule->n_stop; i++)
        stop[i] = arena_strndup(a, rule->stop[i], strlen(rule->stop[i]));
    t->rule.stop = stop;
    t->stop = word_set_new(a, stop, rule->n_stop);
    return t;
}

int text_n_terms(const struct enc_feature *f)
{
    return f->words->rule.hash > 0 ? (int)f->words->rule.hash : f->n_levels;
}

int enc_list_width(const struct enc_feature *f)
{
    return f->words->column ? f->words->n_kept : text_n_terms(f);
}

const char *text_column_name(const struct enc_feature *f, int col, char buf[32])
{
    int term = f->words->column ? f->words->term[col] : col;
    if (f->n_levels > 0) return f->levels[term].text;
    snprintf(buf, 32, "%d", term);
    return buf;
}

void text_keep_terms(struct arena *a, struct enc_feature *f, const int32_t *term, int n)
{
    struct text_coding *t = f->words;
    int n_all = text_n_terms(f);
    t->column = ARENA_ARRAY(a, int32_t, n_all + 1);
    t->term = arena_copy(a, term, sizeof *term * (size_t)(n + 1));
    t->n_kept = n;
    for (int i = 0; i < n_all; i++)
        t->column[i] = -1;
    for (int i = 0; i < n; i++)
        t->column[term[i]] = i;
}

bool text_index(struct arena *a, struct enc_feature *f)
{
    struct text_coding *t = f->words;
    t->mask = 15;
    while (t->mask < 2 * (uint32_t)f->n_levels)
        t->mask = 2 * t->mask + 1;
    t->slots = ARENA_ARRAY(a, uint32_t, (size_t)t->mask + 1);
    for (int i = 0; i < f->n_levels; i++) {
        struct str s = f->levels[i].value.u.s;
        uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & t->mask;
        for (; t->slots[at]; at = (at + 1) & t->mask)
            if (str_eq(f->levels[t->slots[at] - 1].value.u.s, s)) return false;
        t->slots[at] = (uint32_t)i + 1;
    }
    return true;
}

static int64_t find_term(const struct enc_feature *f, struct str s)
{
    const struct text_coding *t = f->words;
    uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & t->mask;
    for (; t->slots[at]; at = (at + 1) & t->mask)
        if (str_eq(f->levels[t->slots[at] - 1].value.u.s, s)) return (int64_t)t->slots[at] - 1;
    return -1;
}

double text_idf(const struct text_rule *rule, int64_t n, int64_t df)
{
    if (rule->idf == IDF_NONE) return 1.0;
    double idf = log((1.0 + (double)n) / (1.0 + (double)df));
    return rule->idf == IDF_SMOOTH ? idf + 1.0 : idf;
}

/* ---- words of a value ---- */
static struct str text_at(const void *data, enum phys phys, const struct column *dict, int64_t i)
{
    if (phys != PHYS_DICT) return text_str((const struct text *)data + i);
    return text_str((const struct text *)dict->data + ((const int32_t *)data)[i]);
}

void text_words(const struct text_coding *t, const struct vec *v, int64_t i, struct words *w)
{
    struct word_rule rule = {
        .lower = !t->rule.keep_case, .min_chars = t->rule.min_chars, .stop = t->stop};
    words_clear(w);
    if (!bit_valid(v->valid, i)) return;
    if (v->phys == PHYS_STR || v->phys == PHYS_DICT) {
        struct str s = text_at(v->data, v->phys, v->dict, i);
        if (t->rule.is_whole)
            words_add(w, &rule, s);
        else
            words_split(w, &rule, s);
        return;
    }
    if (!v->child) return;
    const struct column *items = v->child[0];
    const int64_t *ends = v->data;
    for (int64_t k = ends[i]; k < ends[i + 1]; k++)
        if (bit_valid(items->valid, k))
            words_add(w, &rule, text_at(items->data, items->phys, items->dict, k));
}

/* ---- one row's cells ---- */
static void sort_packed(uint64_t *x, int n)
{
    while (n > 24) { /* quicksort by the median of three, the larger side in this loop */
        uint64_t a = x[0], b = x[n / 2], c = x[n - 1];
        uint64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int i = -1, k = n;
        for (;;) {
            while (x[++i] < pivot) {}
            while (x[--k] > pivot) {}
            if (i >= k) break;
            uint64_t swap = x[i];
            x[i] = x[k];
            x[k] = swap;
        }
        int left = k + 1;
        if (left < n - left) {
            sort_packed(x, left);
            x += left;
            n -= left;
        } else {
            sort_packed(x + left, n - left);
            n = left;
        }
    }
    for (int i = 1; i < n; i++) {
        uint64_t v = x[i];
        int k = i;
        for (; k > 0 && x[k - 1] > v; k--)
            x[k] = x[k - 1];
        x[k] = v;
    }
}

static void normalise(enum text_norm norm, int n, double *value)
{
    double sum = 0.0;
    if (norm == NORM_NONE) return;
    for (int k = 0; k < n; k++)
        sum += norm == NORM_L2 ? value[k] * value[k] : fabs(value[k]);
    if (norm == NORM_L2) sum = sqrt(sum);
    for (int k = 0; k < n && sum > 0; k++)
        value[k] /= sum;
}

int text_row(const struct text_coding *t, uint64_t *packed, int n, int32_t *col, double *value)
{
    int m = 0;
    sort_packed(packed, n);
    for (int k = 0; k < n;) {
        uint64_t at = packed[k] >> 32, count = 0;
        for (; k < n && packed[k] >> 32 == at; k++)
            count += packed[k] & UINT32_MAX;
        double v = t->rule.binary ? 1.0 : (double)count;
        if (t->rule.sublinear) v = 1.0 + log(v);
        if (t->weight) v *= t->weight[at];
        col[m] = (int32_t)at;
        value[m++] = v;
    }
    normalise(t->rule.norm, m, value);
    if (!t->column) return m;
    int kept = 0; /* weights and norm are those of all terms, as in a pipeline of the two */
    for (int k = 0; k < m; k++) {
        int32_t c = t->column[col[k]];
        if (c < 0) continue;
        col[kept] = c;
        value[kept++] = value[k];
    }
    return kept;
}

/* ---- rows of a vector ---- */
struct packed {
    uint64_t *x;
    int n, cap;
};

static void pack(struct packed *p, int64_t col)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 256;
        p->x = mem_realloc(p->x, sizeof *p->x * (size_t)p->cap);
    }
    p->x[p->n++] = (uint64_t)col << 32 | 1;
}

static void pack_row(const struct enc_feature *f, const struct words *w, struct packed *out)
{
    const struct text_rule *rule = &f->words->rule;
    out->n = 0;
    for (int len = rule->lo; len <= rule->hi; len++)
        for (int i = 0; i + len <= w->n; i++) {
            struct str gram = words_gram(w, i, i + len - 1);
            int64_t col = rule->hash > 0 ? word_column(gram, rule->hash) : find_term(f, gram);
            if (col >= 0) pack(out, col);
        }
}

struct cell_buffer {
    int32_t *col;
    double *value;
    int64_t n, cap;
};

static void make_room(struct cell_buffer *b, int more)
{
    if (b->n + more <= b->cap) return;
    b->cap = 2 * (b->n + more) + 1024;
    b->col = mem_realloc(b->col, sizeof *b->col * (size_t)b->cap);
    b->value = mem_realloc(b->value, sizeof *b->value * (size_t)b->cap);
}

enum rc_t enc_cells(struct ctx *cx, const struct enc_feature *f, const struct vec *v, int64_t n,
                    struct enc_cells *out)
{
    struct words w = {0};
    struct packed row = {0};
    struct cell_buffer b = {0};
    int64_t *first = ARENA_ARRAY(cx->arena, int64_t, n + 1);
    make_room(&b, 1);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || !v->is_const) text_words(f->words, v, i, &w);
        pack_row(f, &w, &row); /* anew: it was sorted */
        make_room(&b, row.n);
        b.n += text_row(f->words, row.x, row.n, b.col + b.n, b.value + b.n);
        first[i + 1] = b.n;
    }
    *out =
        (struct enc_cells){.first = first,
                           .col = arena_copy(cx->arena, b.col, sizeof *b.col * (size_t)b.n),
                           .value = arena_copy(cx->arena, b.value, sizeof *b.value * (size_t)b.n)};
    words_release(&w);
    mem_free(row.x);
    mem_free(b.col);
    mem_free(b.value);
    return RC_OK;
}

/* ---- a whole column ---- */
struct column_job {
    const struct enc_feature *f;
    const struct column *c;
    struct cell_buffer *parts; /* one a stretch */
    int64_t *first;
    int32_t *col;
    double *value;
};
#define STRETCH 4096

static enum rc_t code_stretch(struct ctx *cx, void *arg, int64_t task, int worker)
{
    (void)worker;
    struct column_job *j = arg;
    int64_t at = task * STRETCH, n = j->c->n - at < STRETCH ? j->c->n - at : STRETCH;
    struct vec v = column_view(j->c, at, n);
    struct enc_cells cells;
    struct arena *outer = cx->arena, *scratch = arena_new();
    cx->arena = scratch;
    enum rc_t res = enc_cells(cx, j->f, &v, n, &cells);
    cx->arena = outer;
    if (res == RC_OK) {
        struct cell_buffer *b = &j->parts[task];
        make_room(b, (int)cells.first[n]);
        b->n = cells.first[n];
        if (b->n) {
            memcpy(b->col, cells.col, sizeof *b->col * (size_t)b->n);
            memcpy(b->value, cells.value, sizeof *b->value * (size_t)b->n);
        }
        memcpy(j->first + at + 1, cells.first + 1, sizeof(int64_t) * (size_t)n);
    }
    arena_free(scratch);
    return res;
}

static enum rc_t own(struct ctx *cx, struct arena *owner, size_t n, void **out)
{
    TRY(mem_big(cx, n + 1, out));
    arena_on_free(owner, mem_big_free, *out);
    return RC_OK;
}

/* The stretches one after the other. */
static enum rc_t join_stretches(struct ctx *cx, struct column_job *j, int64_t n_parts,
                                struct arena *owner, struct enc_cells *out)
{
    int64_t total = 0;
    void *col, *value;
    for (int64_t t = 0; t < n_parts; t++) {
        int64_t at = t * STRETCH, to = at + STRETCH < j->c->n ? at + STRETCH : j->c->n;
        for (int64_t i = at + 1; i <= to; i++)
            j->first[i] += total;
        total += j->parts[t].n;
    }
    TRY(own(cx, owner, sizeof(int32_t) * (size_t)total, &col));
    TRY(own(cx, owner, sizeof(double) * (size_t)total, &value));
    int64_t at = 0;
    for (int64_t t = 0; t < n_parts; t++) {
        const struct cell_buffer *b = &j->parts[t];
        if (b->n == 0) continue;
        memcpy((int32_t *)col + at, b->col, sizeof(int32_t) * (size_t)b->n);
        memcpy((double *)value + at, b->value, sizeof(double) * (size_t)b->n);
        at += b->n;
    }
    *out = (struct enc_cells){.first = j->first, .col = col, .value = value};
    return RC_OK;
}

enum rc_t text_cells(struct ctx *cx, const struct enc_feature *f, const struct column *c,
                     struct arena *owner, struct enc_cells *out)
{
    int64_t n_parts = (c->n + STRETCH - 1) / STRETCH;
    struct column_job j = {.f = f, .c = c};
    void *first;
    TRY(own(cx, owner, sizeof(int64_t) * (size_t)(c->n + 1), &first));
    j.first = first;
    j.first[0] = 0;
    j.parts = ARENA_ARRAY(cx->arena, struct cell_buffer, n_parts + 1);
    enum rc_t res = pool_run(cx, n_parts, code_stretch, &j);
    if (res == RC_OK) res = join_stretches(cx, &j, n_parts, owner, out);
    for (int64_t t = 0; t < n_parts; t++) {
        mem_free(j.parts[t].col);
        mem_free(j.parts[t].value);
    }
    return res;
}

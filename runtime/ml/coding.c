/* coding.c: which columns each term of a formula gets. A category inside a product may be coded by
 * all its levels or by all but the reference; choosing per term so that the whole design has full
 * rank, whatever mix of interactions and `- 1` is written, is done as patsy does it (its manual,
 * "Redundancy and categorical factors"; N. J. Smith): a term's categories are expanded into all
 * subsets coded without reference (a:b = 1 + a + b + a:b), subsets that an earlier term with the
 * same numeric factors has used are struck out, and what is left is merged again, a merge turning
 * one category to full coding. */
#include "runtime/ml/text_int.h"

#include "runtime/base/str.h"

#include <limits.h>

#define MAX_CATEGORIES 8

struct subset { /* bits over a term's categories */
    unsigned has, full;
};
struct used {     /* a subset some term has */
    int *numbers; /* features that are not reference coded, rising */
    int n_numbers;
    int *cats; /* rising */
    int n_cats;
};
struct coding {
    struct ctx *cx;
    struct arena *arena;
    struct encoder *e;
    struct used *used;
    int n_used, cap_used;
    int cap_parts, cap_cols;
};

static bool is_coded(const struct enc_feature *f)
{
    return f->kind == ENC_CATEGORY && f->ref >= 0;
}

/* With all levels a bool is still one column: the other would say the same again. */
static bool is_yes_no(const struct enc_feature *f)
{
    return f->n_levels == 2 && f->levels[0].value.type.kind == KIND_BOOL;
}

static int rising(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool same_ints(const int *a, int n_a, const int *b, int n_b)
{
    return n_a == n_b && (n_a == 0 || memcmp(a, b, sizeof(int) * (size_t)n_a) == 0);
}

/* Notes a subset as used; false when it was already. */
static bool use(struct coding *c, const int *numbers, int n_numbers, const int *cats, int n_cats)
{
    for (int i = 0; i < c->n_used; i++) {
        const struct used *u = &c->used[i];
        if (same_ints(u->numbers, u->n_numbers, numbers, n_numbers) &&
            same_ints(u->cats, u->n_cats, cats, n_cats))
            return false;
    }
    if (c->n_used == c->cap_used) {
        int cap = c->cap_used ? 2 * c->cap_used : 16;
        struct used *grown = ARENA_ARRAY(c->arena, struct used, cap);
        if (c->n_used) memcpy(grown, c->used, sizeof *grown * (size_t)c->n_used);
        c->used = grown;
        c->cap_used = cap;
    }
    c->used[c->n_used++] = (struct used){
        .numbers = arena_copy(c->arena, numbers, sizeof(int) * (size_t)(n_numbers + 1)),
        .n_numbers = n_numbers,
        .cats = arena_copy(c->arena, cats, sizeof(int) * (size_t)(n_cats + 1)),
        .n_cats = n_cats};
    return true;
}

static int n_bits(unsigned x)
{
    return __builtin_popcount(x);
}

/* One merge from the left: a subset into a later one that has just one category more. */
static bool merge_one(struct subset *s, int *n)
{
    for (int i = 0; i < *n; i++)
        for (int j = i + 1; j < *n; j++) {
            unsigned more = s[j].has & ~s[i].has;
            bool covers = (s[i].has & ~s[j].has) == 0 && (s[j].full & s[i].has) == s[i].full;
            if (!covers || n_bits(more) != 1) continue;
            s[j].full |= more;
            memmove(s + i, s + i + 1, sizeof *s * (size_t)(*n - i - 1));
            (*n)--;
            return true;
        }
    return false;
}

/* Subsets of a term that are not used yet, small ones first, merged. Returns how many. */
static int open_subsets(struct coding *c, const int *numbers, int n_numbers, const int *cats,
                        int n_cats, struct subset *out)
{
    int n = 0;
    for (int size = 0; size <= n_cats; size++)
        /* lexicographic order within a size: first category = highest bit */
        for (unsigned m = (1u << n_cats); m-- > 0;) {
            if (n_bits(m) != size) continue;
            int members[MAX_CATEGORIES + 1], k = 0;
            for (int i = 0; i < n_cats; i++)
                if (m >> (n_cats - 1 - i) & 1) members[k++] = cats[i];
            qsort(members, (size_t)k, sizeof *members, rising);
            if (use(c, numbers, n_numbers, members, k)) out[n++] = (struct subset){.has = m};
        }
    while (merge_one(out, &n)) {}
    return n;
}

static void fill_local(struct arena *a, const struct enc_feature *f, struct enc_factor *out)
{
    out->n = 1;
    if (f->kind == ENC_NUMBER) return;
    if (f->kind == ENC_LIST) {
        out->n = enc_list_width(f);
        return;
    }
    int n_codes = f->n_levels + (f->has_other ? 1 : 0), next = 0;
    out->local = ARENA_ARRAY(a, int32_t, f->n_levels + 1);
    for (int code = 0; code <= f->n_levels; code++) {
        bool is_column = code < n_codes && (out->full || code != f->ref);
        out->local[code] = is_column ? next++ : -1;
    }
    out->n = next;
}

/* Of a list; hashed columns count from 0, as Spark's. */
static void add_term(struct strbuf *b, const struct enc_feature *f, int col)
{
    char buf[32];
    strbuf_printf(b, "[%s]", text_column_name(f, col, buf));
}

/* " a[x]:b" of one column of a part. */
static const char *column_name(struct arena *a, const struct encoder *e, const struct enc_part *p,
                               int at)
{
    struct strbuf b = {0};
    for (int i = 0; i < p->n_factors; i++) {
        const struct enc_factor *fac = &p->factors[i];
        const struct enc_feature *f = &e->features[fac->feature];
        int local = at % fac->n;
        at /= fac->n;
        strbuf_printf(&b, "%s%s", i ? ":" : "", f->name);
        if (f->kind == ENC_NUMBER) continue;
        if (f->kind == ENC_LIST) {
            add_term(&b, f, local);
            continue;
        }
        int code = local; /* locals rise with codes, with gaps: never below */
        while (fac->local[code] != local)
            code++;
        strbuf_printf(&b, "[%s]", code < f->n_levels ? f->levels[code].text : "other");
    }
    char *name = arena_strndup(a, b.p, b.n);
    strbuf_release(&b);
    return name;
}

/* Finds the factor of a part that is a list; there is room for one. */
static enum rc_t find_list(struct coding *c, struct enc_part *part, struct span span)
{
    int stride = 1;
    for (int i = 0; i < part->n_factors; i++) {
        const struct enc_factor *f = &part->factors[i];
        if (c->e->features[f->feature].kind == ENC_LIST) {
            if (part->list)
                return fail(c->cx, E401, span, "`%s` is a product of two texts: a model takes one",
                            c->e->terms[part->term].name);
            part->list = f;
            part->list_stride = stride;
        }
        stride *= f->n;
    }
    return RC_OK;
}

/* Appends a part whose factors are ready; parts without columns are left out. */
static enum rc_t add_part(struct coding *c, struct enc_part part, struct span span)
{
    struct encoder *e = c->e;
    int64_t n = 1, most = e->max_cols > 0 ? e->max_cols : ENC_MAX_COLS;
    for (int i = 0; i < part.n_factors; i++) {
        n *= part.factors[i].n;
        if (n + e->n_cols > most) {
            fail(c->cx, E902, span, "the formula makes more than %lld columns with `%s`",
                 (long long)most, e->terms[part.term].name);
            bool is_list = e->features[part.factors[i].feature].kind == ENC_LIST;
            return err_note(c->cx, is_list ? "max: 2000 keeps the most frequent terms, hash: 1024 "
                                             "puts them into so many columns"
                                           : "onehot(x, top: 50) keeps the most frequent levels");
        }
    }
    if (n == 0) return RC_OK;
    TRY(find_list(c, &part, span));
    part.first = e->n_cols;
    part.n = (int)n;
    if (e->n_parts == c->cap_parts) {
        c->cap_parts = c->cap_parts ? 2 * c->cap_parts : 16;
        struct enc_part *grown = ARENA_ARRAY(c->arena, struct enc_part, c->cap_parts);
        if (e->n_parts) memcpy(grown, e->parts, sizeof *grown * (size_t)e->n_parts);
        e->parts = grown;
    }
    while (e->n_cols + part.n > c->cap_cols) {
        c->cap_cols = c->cap_cols ? 2 * c->cap_cols : 64;
        const char **grown = ARENA_ARRAY(c->arena, const char *, c->cap_cols);
        if (e->n_cols) memcpy(grown, e->columns, sizeof *grown * (size_t)e->n_cols);
        e->columns = grown;
    }
    for (int i = 0; i < part.n; i++)
        e->columns[e->n_cols + i] = column_name(c->arena, e, &part, i);
    e->parts[e->n_parts++] = part;
    e->n_cols += part.n;
    return RC_OK;
}

/* The part of a term for one subset: its numbers, and the categories of the subset. */
static enum rc_t add_subset(struct coding *c, int term, const struct subset *s, int n_cats,
                            bool all_levels, struct span span)
{
    const struct enc_term *t = &c->e->terms[term];
    struct enc_part part = {.term = term};
    part.factors = ARENA_ARRAY(c->arena, struct enc_factor, t->n_features + 1);
    int cat = 0;
    for (int i = 0; i < t->n_features; i++) {
        const struct enc_feature *f = &c->e->features[t->features[i]];
        struct enc_factor fac = {.feature = t->features[i], .full = true};
        if (is_coded(f) && !all_levels) {
            unsigned bit = 1u << (n_cats - 1 - cat++);
            if (!(s->has & bit)) continue;
            fac.full = (s->full & bit) != 0;
        }
        if (all_levels && is_coded(f) && is_yes_no(f)) fac.full = false;
        fill_local(c->arena, f, &fac);
        part.factors[part.n_factors++] = fac;
    }
    return add_part(c, part, span);
}

static enum rc_t code_term(struct coding *c, int term, bool all_levels, struct span span)
{
    const struct enc_term *t = &c->e->terms[term];
    int *numbers = ARENA_ARRAY(c->arena, int, t->n_features + 1);
    int *cats = ARENA_ARRAY(c->arena, int, t->n_features + 1);
    int n_numbers = 0, n_cats = 0;
    for (int i = 0; i < t->n_features; i++) {
        if (is_coded(&c->e->features[t->features[i]]))
            cats[n_cats++] = t->features[i];
        else
            numbers[n_numbers++] = t->features[i];
    }
    if (all_levels) return add_subset(c, term, NULL, n_cats, true, span);
    if (n_cats > MAX_CATEGORIES)
        return fail(c->cx, E401, t->span.to ? t->span : span,
                    "`%s` is a product of more than %d categories", t->name, MAX_CATEGORIES);
    qsort(numbers, (size_t)n_numbers, sizeof *numbers, rising);
    struct subset open[1 << MAX_CATEGORIES];
    int n = open_subsets(c, numbers, n_numbers, cats, n_cats, open);
    for (int i = 0; i < n; i++)
        TRY(add_subset(c, term, &open[i], n_cats, false, span));
    return RC_OK;
}

enum rc_t enc_code_terms(struct ctx *cx, struct arena *a, struct encoder *e, bool all_levels,
                         struct span span)
{
    struct coding c = {.cx = cx, .arena = a, .e = e};
    e->n_parts = 0;
    e->n_cols = 0;
    int none = 0;
    if (e->intercept) use(&c, &none, 0, &none, 0);
    for (int i = 0; i < e->n_terms; i++) {
        if (e->terms[i].is_offset) continue;
        TRY(code_term(&c, i, all_levels, e->terms[i].span.to ? e->terms[i].span : span));
    }
    return RC_OK;
}

/* fpgrowth.c: items that stand together often, and rules from them. Baskets are rewritten as their
 * frequent items by falling frequency, sorted, and stand in a prefix tree (FP-tree; Han, Pei, Yin
 * 2000); for each item the paths above it are baskets of their own, mined the same way. */
#include "runtime/base/cancel.h"
#include "runtime/base/mem.h"
#include "runtime/ml/json_int.h"
#include "runtime/ml/text_int.h"

#include <math.h>

#define MAX_SETS  5000000
#define MAX_DEPTH 1000

struct item_set {
    const int32_t *items; /* [n_items] rising codes */
    int n_items;
    int64_t n; /* baskets that hold all of them */
};
struct item_rule {
    int set, item, rest; /* of sets[set], items[item] follows from sets[rest] */
};
struct baskets_fit {       /* body */
    struct item_set *sets; /* [n_sets] by size, then items */
    int n_sets;
    struct item_rule *rules;
    int n_rules;
    int64_t n_baskets;
};

/* ---- what is mined ---- */
struct path {
    const int32_t *rank; /* rising */
    int n;
    int64_t count;
};
struct mine {
    struct ctx *cx;
    struct span span;
    struct arena *out;   /* of the item sets */
    const int32_t *code; /* [ranks] */
    int64_t least;
    int32_t prefix[MAX_DEPTH];
    struct item_set *sets;
    int n_sets, cap;
};

static int by_code(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static rc keep_set(struct mine *m, int depth, int64_t n)
{
    if (m->n_sets == MAX_SETS) {
        fail(m->cx, E902, m->span, "fit: more than %d sets of items are that frequent", MAX_SETS);
        return err_note(m->cx, "ask for a higher support:");
    }
    if (m->n_sets == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 256;
        m->sets = mem_realloc(m->sets, sizeof *m->sets * (size_t)m->cap);
    }
    int32_t *items = ARENA_ARRAY(m->out, int32_t, depth);
    for (int i = 0; i < depth; i++)
        items[i] = m->code[m->prefix[i]];
    qsort(items, (size_t)depth, sizeof *items, by_code);
    m->sets[m->n_sets++] = (struct item_set){items, depth, n};
    return RC_OK;
}

static int by_ranks(const void *a, const void *b)
{
    const struct path *x = a, *y = b;
    for (int i = 0; i < x->n && i < y->n; i++)
        if (x->rank[i] != y->rank[i]) return x->rank[i] < y->rank[i] ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n);
}

struct node {
    int32_t rank, parent, next; /* next: of the same rank */
    int64_t count;
};
struct tree {
    struct node *nodes; /* [n], 0 the root */
    int32_t *head;      /* [n_ranks] first node of a rank, 0 = none */
    int64_t *count;     /* [n_ranks] */
    int n;
};

/* Sorted paths share what they begin with alike: the tree grows along the last one. */
static void build(struct arena *a, struct path *paths, int64_t n, int n_ranks, struct tree *t)
{
    int64_t total = 1;
    int longest = 0;
    for (int64_t i = 0; i < n; i++) {
        total += paths[i].n;
        longest = paths[i].n > longest ? paths[i].n : longest;
    }
    qsort(paths, (size_t)n, sizeof *paths, by_ranks);
    t->nodes = ARENA_ARRAY(a, struct node, total);
    t->head = ARENA_ARRAY(a, int32_t, n_ranks + 1);
    t->count = ARENA_ARRAY(a, int64_t, n_ranks + 1);
    t->n = 1;
    int32_t *stack = ARENA_ARRAY(a, int32_t, longest + 1);
    for (int64_t i = 0; i < n; i++) {
        const struct path *p = &paths[i], *last = i > 0 ? &paths[i - 1] : NULL;
        int k = 0;
        while (last && k < p->n && k < last->n && p->rank[k] == last->rank[k])
            k++;
        for (int j = k; j < p->n; j++) {
            int32_t r = p->rank[j];
            t->nodes[t->n] = (struct node){r, j > 0 ? stack[j - 1] : 0, t->head[r], 0};
            t->head[r] = stack[j] = t->n++;
        }
        for (int j = 0; j < p->n; j++) {
            t->nodes[stack[j]].count += p->count;
            t->count[p->rank[j]] += p->count;
        }
    }
}

/* Paths above the nodes of a rank, of items that are frequent among them. */
static int64_t paths_above(struct mine *m, struct arena *a, const struct tree *t, int32_t rank,
                           struct path **out)
{
    int64_t n = 0, total = 0, *count = ARENA_ARRAY(a, int64_t, rank + 1);
    for (int32_t at = t->head[rank]; at; at = t->nodes[at].next, n++)
        for (int32_t up = t->nodes[at].parent; up; up = t->nodes[up].parent, total++)
            count[t->nodes[up].rank] += t->nodes[at].count;
    struct path *paths = ARENA_ARRAY(a, struct path, n + 1);
    int32_t *room = ARENA_ARRAY(a, int32_t, total + 1), *end = room + total;
    n = 0;
    for (int32_t at = t->head[rank]; at; at = t->nodes[at].next) {
        int32_t *to = end; /* from the back: the way up falls */
        for (int32_t up = t->nodes[at].parent; up; up = t->nodes[up].parent)
            if (count[t->nodes[up].rank] >= m->least) *--to = t->nodes[up].rank;
        if (to < end) paths[n++] = (struct path){to, (int)(end - to), t->nodes[at].count};
        end = to;
    }
    *out = paths;
    return n;
}

static rc mine_paths(struct mine *m, struct path *paths, int64_t n, int n_ranks, int depth)
{
    struct arena *a = arena_new();
    struct tree t;
    enum rc_t res = RC_ERR;
    build(a, paths, n, n_ranks, &t);
    for (int32_t r = 0; r < n_ranks; r++) {
        struct path *above;
        if (t.count[r] < m->least) continue;
        TRY_OUT(check_cancel(m->cx));
        m->prefix[depth] = r;
        TRY_OUT(keep_set(m, depth + 1, t.count[r]));
        if (depth + 1 == MAX_DEPTH) continue;
        struct arena *inner = arena_new();
        int64_t n_above = paths_above(m, inner, &t, r, &above);
        enum rc_t one = n_above ? mine_paths(m, above, n_above, r, depth + 1) : RC_OK;
        arena_free(inner);
        TRY_OUT(one);
    }
    res = RC_OK;
out:
    arena_free(a);
    return res;
}

/* ---- baskets as ranks ---- */
struct ranked {
    int64_t n;
    int32_t code;
};

static int by_count(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static rc mine_rows(struct mine *m, struct arena *a, const struct enc_cells *c, int64_t n,
                    int n_items)
{
    struct ranked *by = ARENA_ARRAY(a, struct ranked, n_items + 1);
    int32_t *rank = ARENA_ARRAY(a, int32_t, n_items + 1), *code;
    int n_ranks = 0;
    for (int i = 0; i < n_items; i++)
        by[i].code = i;
    for (int64_t k = 0; k < c->first[n]; k++)
        by[c->col[k]].n++;
    qsort(by, (size_t)n_items, sizeof *by, by_count);
    code = ARENA_ARRAY(a, int32_t, n_items + 1);
    for (int i = 0; i < n_items; i++) {
        rank[by[i].code] = by[i].n >= m->least ? n_ranks : -1;
        if (by[i].n >= m->least) code[n_ranks++] = by[i].code;
    }
    m->code = code;
    struct path *paths = ARENA_ARRAY(a, struct path, n + 1);
    int32_t *room = ARENA_ARRAY(a, int32_t, c->first[n] + 1);
    int64_t n_paths = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t *from = room;
        for (int64_t k = c->first[i]; k < c->first[i + 1]; k++)
            if (rank[c->col[k]] >= 0) *room++ = rank[c->col[k]];
        qsort(from, (size_t)(room - from), sizeof *from, by_code);
        if (room > from) paths[n_paths++] = (struct path){from, (int)(room - from), 1};
    }
    return mine_paths(m, paths, n_paths, n_ranks, 0);
}

/* ---- rules ---- */
static int by_items(const void *a, const void *b)
{
    const struct item_set *x = a, *y = b;
    if (x->n_items != y->n_items) return x->n_items < y->n_items ? -1 : 1;
    for (int i = 0; i < x->n_items; i++)
        if (x->items[i] != y->items[i]) return x->items[i] < y->items[i] ? -1 : 1;
    return 0;
}

/* sets[set] without its item k, or -1. */
static int rest_of(const struct baskets_fit *f, int set, int k)
{
    int32_t room[MAX_DEPTH];
    const struct item_set *s = &f->sets[set];
    for (int i = 0, n = 0; i < s->n_items; i++)
        if (i != k) room[n++] = s->items[i];
    struct item_set key = {room, s->n_items - 1, 0};
    const struct item_set *found =
        bsearch(&key, f->sets, (size_t)f->n_sets, sizeof *f->sets, by_items);
    return found ? (int)(found - f->sets) : -1;
}

/* Rules of one consequent, as Spark's. False when a part of a set is not among the sets. */
static bool make_rules(struct arena *a, struct baskets_fit *f, double confidence)
{
    int64_t most = 0;
    for (int i = 0; i < f->n_sets; i++)
        most += f->sets[i].n_items;
    f->rules = ARENA_ARRAY(a, struct item_rule, most + 1);
    for (int i = 0; i < f->n_sets; i++)
        for (int k = 0; f->sets[i].n_items > 1 && k < f->sets[i].n_items; k++) {
            int rest = rest_of(f, i, k);
            if (rest < 0 || f->sets[rest].n < f->sets[i].n) return false;
            if ((double)f->sets[i].n >= confidence * (double)f->sets[rest].n * (1 - 1e-12))
                f->rules[f->n_rules++] = (struct item_rule){i, k, rest};
        }
    return true;
}

static int find_one(const struct baskets_fit *f, int32_t item)
{
    struct item_set key = {&item, 1, 0};
    const struct item_set *found =
        bsearch(&key, f->sets, (size_t)f->n_sets, sizeof *f->sets, by_items);
    return found ? (int)(found - f->sets) : 0;
}

/* ---- fit ---- */
static rc check_formula(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                        const struct model *m)
{
    if (m->enc.n_features == 1 && m->enc.features[0].kind == ENC_LIST &&
        m->enc.features[0].words->rule.hash == 0) {
        if (!r->w) return RC_OK;
        return fail(cx, E217, spec->weights->span, "fpgrowth counts baskets: it takes no weights:");
    }
    fail(cx, E401, spec->formula->span, "fpgrowth takes one column of lists of texts");
    return err_hint(cx, "summarize items = list(item) by basket |> fit ~ items, fpgrowth()");
}

static enum rc_t fit_rows(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                          struct model *m)
{
    TRY(check_formula(cx, spec, r, m));
    struct baskets_fit *f = ARENA_NEW(m->arena, struct baskets_fit);
    struct arena *scratch = arena_new();
    struct mine *mine = ARENA_NEW(scratch, struct mine);
    mine->cx = cx;
    mine->span = spec->span;
    mine->out = m->arena;
    mine->least = (int64_t)ceil(model_param(m, "support") * (double)r->n - 1e-9);
    if (mine->least < 1) mine->least = 1;
    enum rc_t res = mine_rows(mine, scratch, r->in.cells[0], r->n, m->enc.features[0].n_levels);
    f->n_sets = mine->n_sets;
    f->n_baskets = r->n;
    f->sets = ARENA_ARRAY(m->arena, struct item_set, f->n_sets + 1);
    if (f->n_sets) memcpy(f->sets, mine->sets, sizeof *f->sets * (size_t)f->n_sets);
    mem_free(mine->sets);
    arena_free(scratch);
    TRY(res);
    qsort(f->sets, (size_t)f->n_sets, sizeof *f->sets, by_items);
    (void)make_rules(m->arena, f, model_param(m, "confidence")); /* parts are as frequent */
    m->body = f;
    m->report.converged = true;
    model_add_stat(m, "itemsets", f->n_sets, false);
    model_add_stat(m, "rules", f->n_rules, false);
    return RC_OK;
}

/* ---- m.itemsets, m.rules ---- */
/* The items' texts but number `without` (-1: all). */
static rc put_items(struct ctx *cx, const struct model *m, const struct item_set *s, int without,
                    int only, struct builder *to)
{
    struct builder b;
    struct column *c = NULL;
    enum rc_t res = RC_OK;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int i = 0; res == RC_OK && i < s->n_items; i++)
        if (i != without && (only < 0 || i == only))
            res = builder_str(cx, &b, m->enc.features[0].levels[s->items[i]].value.u.s);
    if (res == RC_OK) res = builder_finish(cx, &b, &c);
    builder_release(&b);
    TRY(res);
    struct scalar v = {.type = to->type, .u.list = c};
    res = builder_scalar(cx, to, &v);
    column_unref(c);
    return res;
}

static rc put_set(struct ctx *cx, const struct model *m, int i, struct builder *cols)
{
    const struct baskets_fit *f = m->body;
    TRY(put_items(cx, m, &f->sets[i], -1, -1, &cols[0]));
    TRY(builder_i64(cx, &cols[1], f->sets[i].n));
    return builder_f64(cx, &cols[2], (double)f->sets[i].n / (double)f->n_baskets);
}

static rc put_rule(struct ctx *cx, const struct model *m, int i, struct builder *cols)
{
    const struct baskets_fit *f = m->body;
    const struct item_rule *r = &f->rules[i];
    const struct item_set *s = &f->sets[r->set];
    double all = (double)f->n_baskets, n = (double)s->n;
    double confidence = n / (double)f->sets[r->rest].n;
    double alone = (double)f->sets[find_one(f, s->items[r->item])].n / all;
    TRY(put_items(cx, m, s, r->item, -1, &cols[0]));
    TRY(put_items(cx, m, s, -1, r->item, &cols[1]));
    TRY(builder_f64(cx, &cols[2], confidence));
    TRY(builder_f64(cx, &cols[3], confidence / alone));
    return builder_f64(cx, &cols[4], n / all);
}

typedef enum rc_t (*put_row)(struct ctx *cx, const struct model *m, int i, struct builder *cols);

static rc make_table(struct ctx *cx, const struct model *m, const struct field *fields, int n_cols,
                     int n, put_row put, struct table **out)
{
    struct builder cols[5];
    enum rc_t res = RC_OK;
    for (int k = 0; k < n_cols; k++)
        builder_init(&cols[k], fields[k].type, kind_phys(fields[k].type.kind));
    for (int i = 0; res == RC_OK && i < n; i++)
        res = put(cx, m, i, cols);
    if (res == RC_OK) res = ml_table(cx, fields, cols, n_cols, out);
    for (int k = 0; k < n_cols; k++)
        builder_release(&cols[k]);
    return res;
}

static const struct dtype text_type = {.kind = KIND_STR};
#define TEXTS ((struct dtype){.kind = KIND_LIST, .elem = &text_type})

static enum rc_t sets_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct field f[] = {
        {"items", TEXTS}, {"n", DTYPE(KIND_INT)}, {"support", DTYPE(KIND_NUM)}};
    return make_table(cx, m, f, 3, ((const struct baskets_fit *)m->body)->n_sets, put_set, out);
}

static enum rc_t rules_table(struct ctx *cx, const struct model *m, struct table **out)
{
    const struct field f[] = {{"antecedent", TEXTS},
                              {"consequent", TEXTS},
                              {"confidence", DTYPE(KIND_NUM)},
                              {"lift", DTYPE(KIND_NUM)},
                              {"support", DTYPE(KIND_NUM)}};
    return make_table(cx, m, f, 5, ((const struct baskets_fit *)m->body)->n_rules, put_rule, out);
}

/* ---- the model file ---- */
static void save(const struct model *m, struct json_out *out)
{
    const struct baskets_fit *f = m->body;
    json_out_key(out, "itemsets");
    json_out_open(out, '[');
    for (int i = 0; i < f->n_sets; i++) {
        json_out_open(out, '[');
        json_out_int(out, f->sets[i].n);
        for (int k = 0; k < f->sets[i].n_items; k++)
            json_out_int(out, f->sets[i].items[k]);
        json_out_close(out, ']');
    }
    json_out_close(out, ']');
}

/* [baskets, item, item ..], items rising. */
static rc load_set(struct ctx *cx, const json_t *j, struct model *m, struct item_set *s)
{
    size_t n = json_array_size(j);
    if (n < 2 || n > MAX_DEPTH + 1) return json_bad(cx, "an item set is no list of items");
    int32_t *items = ARENA_ARRAY(m->arena, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(j, i);
        json_int_t x = json_integer_value(v);
        json_int_t lo = i == 0 ? 1 : i == 1 ? 0 : items[i - 2] + 1;
        json_int_t hi = i == 0 ? m->report.n : m->enc.features[0].n_levels - 1;
        if (!json_is_integer(v) || x < lo || x > hi)
            return json_bad(cx, "an item set names what is not there");
        if (i == 0)
            s->n = x;
        else
            items[i - 1] = (int32_t)x;
    }
    s->items = items;
    s->n_items = (int)n - 1;
    return RC_OK;
}

static enum rc_t load(struct ctx *cx, const json_t *j, struct model *m)
{
    const json_t *sets;
    if (m->enc.n_features != 1 || m->enc.features[0].kind != ENC_LIST)
        return json_bad(cx, "fpgrowth has one column of lists");
    TRY(json_get_list(cx, j, "itemsets", MAX_SETS, &sets));
    struct baskets_fit *f = ARENA_NEW(m->arena, struct baskets_fit);
    f->n_sets = (int)json_array_size(sets);
    f->n_baskets = m->report.n;
    f->sets = ARENA_ARRAY(m->arena, struct item_set, f->n_sets + 1);
    for (int i = 0; i < f->n_sets; i++) {
        TRY(load_set(cx, json_array_get(sets, (size_t)i), m, &f->sets[i]));
        if (i > 0 && by_items(&f->sets[i - 1], &f->sets[i]) >= 0)
            return json_bad(cx, "item sets are out of order");
    }
    if (!make_rules(m->arena, f, model_param(m, "confidence")))
        return json_bad(cx, "an item set has a part that is none");
    m->body = f;
    return RC_OK;
}

static const struct model_part parts[] = {
    {"itemsets", "items, n, support: sets that stand in enough baskets", sets_table},
    {"rules", "antecedent, consequent, confidence, lift, support", rules_table},
    {0}};
static const struct model_class fpgrowth_class = {.no_design = true,
                                                  .takes_lists = true,
                                                  .scores = SCORE_NONE,
                                                  .fit = fit_rows,
                                                  .save = save,
                                                  .load = load,
                                                  .parts = parts};
static const struct ml_param_desc fpgrowth_params[] = {
    {.name = "support",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1,
     .def = "0.3",
     .doc = "share of the baskets that a set must stand in"},
    {.name = "confidence",
     .kind = KIND_NUM,
     .min = 0,
     .max = 1,
     .def = "0.8",
     .doc = "share of the baskets with the antecedent that must have the consequent"},
    {.name = NULL}};
const struct ml_family ml_fpgrowth = {
    .name = "fpgrowth",
    .sig = "fpgrowth(support: 0.3, confidence: 0.8)",
    .doc = "Items that stand together often (m.itemsets) and what follows from them (m.rules: one "
           "consequent each). The formula is one column of lists of texts; an item counts once a "
           "basket. It does not score rows.",
    .example = "fit ~ items, fpgrowth(support: 0.01, confidence: 0.5)",
    .params = fpgrowth_params,
    .task = ML_NONE,
    .cls = &fpgrowth_class};

/* nested.c: lists and structs out of levels (Dremel's): each leaf gives, entry by entry, how deep
 * its value is there (definition) and at which level it repeats (repetition). A slot of a field is
 * an entry that repeats no deeper than the field lies and reaches the list around it; what is
 * deeper belongs to its children. Source: parquet-format README, "Nested Encoding"; S. Melnik et
 * al., "Dremel: interactive analysis of web-scale datasets", VLDB 2010. */
#include "runtime/io/parquet/pq_int.h"

struct leaf_rows { /* of one leaf: entries of the rows wanted */
    struct pq_levels levels;
    struct pq_out values; /* dense */
};

/* ---- reading entries ---- */
static rc levels_room(struct ctx *cx, struct pq_levels *l, int64_t more)
{
    if (l->n + more <= l->cap) return RC_OK;
    size_t cap = (size_t)(l->n + more) * 2;
    TRY(mem_big_grow(cx, (void **)&l->def, (size_t)l->n, cap));
    TRY(mem_big_grow(cx, (void **)&l->rep, (size_t)l->n, cap));
    l->cap = (int64_t)cap;
    return RC_OK;
}

static rc values_room(struct ctx *cx, const struct pq_leaf *l, struct pq_out *o, int64_t more)
{
    if (o->n + more <= o->cap) return RC_OK;
    int64_t cap = (o->n + more) * 2;
    size_t width = pq_out_width(l->phys);
    TRY(mem_big_grow(cx, &o->data, width * (size_t)o->n, width * (size_t)(cap + 64)));
    if (o->valid)
        TRY(mem_big_grow(cx, (void **)&o->valid, BITMAP_WORDS(o->n) * 8,
                         BITMAP_WORDS(cap + 64) * 8));
    o->cap = cap;
    return RC_OK;
}

static bool take_levels(struct pq_reader *r, struct pq_rle *from, int max, uint8_t *out, int64_t k)
{
    if (max == 0) {
        memset(out, 0, (size_t)k);
        return true;
    }
    if (!pq_rle_take(from, r->codes, k)) return false;
    for (int64_t i = 0; i < k; i++) {
        if (r->codes[i] > (uint32_t)max) return false;
        out[i] = (uint8_t)r->codes[i];
    }
    return true;
}

/* Up to PQ_STEP entries of the page that belong to the next *rows rows; *rows is what is left to
 * do, and `open` says that a row has begun. */
struct progress {
    int64_t rows; /* still to begin */
    bool done;
};

/* How many of the k entries belong: a row begins where nothing repeats. */
static int64_t within(const uint8_t *rep, int64_t k, struct progress *p)
{
    for (int64_t i = 0; i < k; i++) {
        if (rep[i]) continue;
        if (p->rows == 0) {
            p->done = true;
            return i;
        }
        p->rows--;
    }
    return k;
}

static rc take_entries(struct ctx *cx, struct pq_reader *r, struct progress *p,
                       struct leaf_rows *out)
{
    const struct pq_leaf *l = r->leaf;
    struct pq_page *page = &r->page;
    int64_t k = page->left < PQ_STEP ? page->left : PQ_STEP, n_values = 0;
    struct pq_rle def = page->def, rep = page->rep;
    uint8_t *d = r->levels, *q = r->levels + PQ_STEP;
    if (l->max_rep == 0 && k > p->rows) k = p->rows;
    bool ok = take_levels(r, &rep, l->max_rep, q, k);
    int64_t m = ok ? within(q, k, p) : 0;
    if (m < k) { /* the row after begins in this page */
        rep = page->rep;
        ok = ok && take_levels(r, &rep, l->max_rep, q, m);
    }
    ok = ok && take_levels(r, &def, l->max_def, d, m);
    if (!ok) return pq_broken(cx, r->s, l, "a page's levels cannot be read");
    page->def = def;
    page->rep = rep;
    page->left -= m;
    for (int64_t i = 0; i < m; i++)
        n_values += d[i] == l->max_def;
    TRY(levels_room(cx, &out->levels, m));
    if (m) memcpy(out->levels.def + out->levels.n, d, (size_t)m);
    if (m) memcpy(out->levels.rep + out->levels.n, q, (size_t)m);
    out->levels.n += m;
    TRY(values_room(cx, l, &out->values, n_values));
    TRY(pq_take_values(cx, r, n_values, &out->values, out->values.n));
    struct pq_out *o = &out->values;
    if (o->has_bits)
        for (int64_t i = 0; i < n_values; i++)
            bit_set(o->valid, o->n + i);
    o->n += n_values;
    return pq_settle_nulls(cx, l, o, o->n - n_values, n_values);
}

static rc read_leaf(struct ctx *cx, struct pq_reader *r, int64_t n_rows, struct leaf_rows *out)
{
    struct progress p = {.rows = n_rows};
    out->values.phys = r->leaf->phys;
    for (;;) {
        if (p.done || (p.rows == 0 && r->leaf->max_rep == 0)) break;
        if (p.rows == 0 && r->page.left == 0 && r->left == 0) break; /* the last row of the chunk */
        TRY(pq_page_next(cx, r));
        TRY(take_entries(cx, r, &p, out));
    }
    return RC_OK;
}

/* ---- putting together ---- */
struct join { /* what a field is made of */
    struct ctx *cx;
    struct pq_scan *s;
    struct leaf_rows *leaves; /* of the whole column */
    int first_leaf;
};

static struct column *shell(const struct pq_field *f, int64_t n)
{
    struct column *c = mem_zero(sizeof *c);
    atomic_init(&c->refs, 1);
    c->type = f->dtype;
    if (c->type.kind == KIND_STRUCT) schema_ref(c->type.fields);
    c->phys = kind_phys(f->dtype.kind);
    c->n = n;
    c->bufs = mem_zero(sizeof *c->bufs * 3);
    return c;
}

static rc add_memory(struct ctx *cx, struct column *c, size_t n, void **out)
{
    struct buf *b;
    TRY(buf_new(cx, n, &b));
    c->bufs[c->n_bufs++] = b;
    *out = b->p;
    return RC_OK;
}

/* An entry is a slot of a field whose nearest list around repeats at `rep` and has elements from
 * `def` on. */
static inline bool is_slot(const struct pq_levels *l, int64_t i, int rep, int def)
{
    return l->rep[i] <= rep && l->def[i] >= def;
}

static int64_t count_slots(const struct pq_levels *l, int rep, int def)
{
    int64_t n = 0;
    for (int64_t i = 0; i < l->n; i++)
        n += is_slot(l, i, rep, def);
    return n;
}

/* Validity of the slots: there from level f->def on. */
static rc slot_bits(struct join *j, const struct pq_field *f, const struct pq_levels *l, int rep,
                    int def, struct column *c)
{
    uint64_t *bits;
    int64_t k = 0, n_valid = 0;
    if (f->def <= def) return RC_OK; /* nothing between: cannot be null */
    TRY(add_memory(j->cx, c, BITMAP_WORDS(c->n + 1) * 8, (void **)&bits));
    memset(bits, 0, BITMAP_WORDS(c->n + 1) * 8);
    for (int64_t i = 0; i < l->n; i++) {
        if (!is_slot(l, i, rep, def)) continue;
        if (l->def[i] >= f->def) {
            bit_set(bits, k);
            n_valid++;
        }
        k++;
    }
    c->n_null = c->n - n_valid;
    c->valid = c->n_null ? bits : NULL;
    return RC_OK;
}

static rc join_field(struct join *j, const struct pq_field *f, int rep, int def,
                     struct column **out);

static void spread_value(struct pq_out *to, const struct pq_out *from, int64_t at, int64_t value,
                         bool is_there)
{
    size_t width = pq_out_width(from->phys);
    char *out = (char *)to->data + (size_t)at * width;
    bool is_null = !is_there || (from->n_null && !bit_get(from->valid, value));
    if (is_null) {
        memset(out, 0, width);
        bit_clear(to->valid, at);
        to->n_null++;
    } else {
        memcpy(out, (const char *)from->data + (size_t)value * width, width);
    }
}

static rc join_leaf(struct join *j, const struct pq_field *f, int rep, int def, struct column **out)
{
    struct leaf_rows *rows = &j->leaves[f->leaf - j->first_leaf];
    const struct pq_leaf *leaf = &j->s->leaves[f->leaf];
    const struct pq_levels *l = &rows->levels;
    int64_t n = count_slots(l, rep, def), k = 0, value = 0;
    if (n == rows->values.n) { /* all there: the dense values are the column */
        if (!rows->values.data) TRY(values_room(j->cx, leaf, &rows->values, 1));
        return pq_out_column(j->cx, &rows->values, f->dtype, out);
    }
    struct pq_out o;
    TRY(pq_out_room(j->cx, leaf, n, &o));
    enum rc_t res = pq_need_bits(j->cx, &o);
    if (res != RC_OK) {
        pq_out_release(&o);
        return res;
    }
    bitmap_fill(o.valid, n, true);
    for (int64_t i = 0; i < l->n; i++) {
        bool is_there = l->def[i] == leaf->max_def;
        if (is_slot(l, i, rep, def)) spread_value(&o, &rows->values, k++, value, is_there);
        value += is_there;
    }
    o.n = n;
    o.bufs = rows->values.bufs;
    o.n_bufs = rows->values.n_bufs;
    rows->values.bufs = NULL;
    rows->values.n_bufs = 0;
    return pq_out_column(j->cx, &o, f->dtype, out);
}

static rc join_struct(struct join *j, const struct pq_field *f, int rep, int def,
                      struct column **out)
{
    const struct pq_levels *l = &j->leaves[f->leaf - j->first_leaf].levels;
    struct column *c = shell(f, count_slots(l, rep, def));
    enum rc_t res = RC_ERR;
    TRY_OUT(slot_bits(j, f, l, rep, def, c));
    c->child = mem_zero(sizeof *c->child * (size_t)f->n_children);
    for (int i = 0; i < f->n_children; i++) {
        struct column *child;
        TRY_OUT(join_field(j, &f->children[i], rep, def, &child));
        c->child[c->n_child++] = child;
        if (child->n == c->n) continue;
        pq_broken(j->cx, j->s, &j->s->leaves[f->children[i].leaf],
                  "it has other rows than its neighbours");
        goto out;
    }
    res = RC_OK;
out:
    if (res == RC_OK)
        *out = c;
    else
        column_unref(c);
    return res;
}

static rc list_offsets(struct join *j, const struct pq_field *f, const struct pq_levels *l, int rep,
                       int def, struct column *c)
{
    int64_t *at, k = 0, n_elements = 0;
    TRY(add_memory(j->cx, c, (size_t)(c->n + 1) * 8, (void **)&at));
    c->data = at;
    for (int64_t i = 0; i < l->n; i++) {
        if (is_slot(l, i, rep, def)) at[k++] = n_elements;
        n_elements += is_slot(l, i, f->rep_elem, f->def_elem);
    }
    at[k] = n_elements;
    return RC_OK;
}

static rc join_list(struct join *j, const struct pq_field *f, int rep, int def, struct column **out)
{
    const struct pq_levels *l = &j->leaves[f->leaf - j->first_leaf].levels;
    struct column *c = shell(f, count_slots(l, rep, def)), *child = NULL;
    enum rc_t res = RC_ERR;
    TRY_OUT(slot_bits(j, f, l, rep, def, c));
    TRY_OUT(list_offsets(j, f, l, rep, def, c));
    TRY_OUT(join_field(j, f->children, f->rep_elem, f->def_elem, &child));
    c->child = mem_zero(sizeof *c->child);
    c->child[c->n_child++] = child;
    if (((const int64_t *)c->data)[c->n] != child->n) {
        pq_broken(j->cx, j->s, &j->s->leaves[f->leaf], "its lists do not add up");
        goto out;
    }
    res = RC_OK;
out:
    if (res == RC_OK)
        *out = c;
    else
        column_unref(c);
    return res;
}

static rc join_field(struct join *j, const struct pq_field *f, int rep, int def,
                     struct column **out)
{
    if (f->shape == PQ_IS_LEAF) return join_leaf(j, f, rep, def, out);
    if (f->shape == PQ_IS_STRUCT) return join_struct(j, f, rep, def, out);
    return join_list(j, f, rep, def, out);
}

static rc check_rows(struct ctx *cx, struct pq_scan *s, const struct column *c,
                     const struct pq_field *f, int64_t n_rows)
{
    if (c->n == n_rows) return RC_OK;
    return pq_broken(cx, s, &s->leaves[f->leaf], "it has fewer rows than it says");
}

rc pq_read_nested(struct ctx *cx, struct pq_scan *s, struct pq_reader *readers,
                  const struct pq_field *f, int64_t n_rows, struct column **out)
{
    struct leaf_rows *leaves = mem_zero(sizeof *leaves * (size_t)f->n_leaves);
    struct join j = {cx, s, leaves, f->leaf};
    enum rc_t res = RC_OK;
    for (int i = 0; i < f->n_leaves && res == RC_OK; i++)
        res = read_leaf(cx, &readers[i], n_rows, &leaves[i]);
    struct column *c = NULL;
    if (res == RC_OK && out) res = join_field(&j, f, 0, 0, &c);
    if (res == RC_OK && out) res = check_rows(cx, s, c, f, n_rows);
    if (res == RC_OK && out)
        *out = c;
    else
        column_unref(c);
    for (int i = 0; i < f->n_leaves; i++) {
        mem_big_free(leaves[i].levels.def);
        mem_big_free(leaves[i].levels.rep);
        pq_out_release(&leaves[i].values);
    }
    mem_free(leaves);
    return res;
}

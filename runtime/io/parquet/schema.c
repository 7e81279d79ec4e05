/* schema.c: the file's schema (groups, repetitions, annotations old and new) as fields that the
 * language knows. Rules for lists and maps, older spellings too: parquet-format, LogicalTypes.md,
 * "Nested types". */
#include "runtime/io/parquet/pq_int.h"

#include <math.h>

#define DEPTH_MAX 60

struct make {
    struct ctx *cx;
    struct pq_scan *s;
    int at;   /* next element */
    int leaf; /* next leaf */
    int depth;
    const char *path[DEPTH_MAX + 8];
};

enum rc_t pq_broken(struct ctx *cx, const struct pq_scan *s, const struct pq_leaf *leaf,
                    const char *what)
{
    return fail(cx, E302, s->span, "`%s` is damaged: column `%s`: %s", s->head.label, leaf->path,
                what);
}

static rc damaged(struct make *m, const char *what)
{
    return fail(m->cx, E302, m->s->span, "`%s` is damaged: its schema %s", m->s->head.label, what);
}

/* ---- leaves ---- */
/* Old annotations in the new words. */
static void modernise(struct pq_element *e)
{
    if (e->logical) return;
    switch (e->converted) {
    case PQ_UTF8: e->logical = PQ_L_STRING; break;
    case PQ_MAP:
    case PQ_MAP_KEY_VALUE: e->logical = PQ_L_MAP; break;
    case PQ_LIST: e->logical = PQ_L_LIST; break;
    case PQ_ENUM: e->logical = PQ_L_ENUM; break;
    case PQ_DECIMAL: e->logical = PQ_L_DECIMAL; break;
    case PQ_DATE: e->logical = PQ_L_DATE; break;
    case PQ_TIME_MILLIS:
    case PQ_TIME_MICROS:
        e->logical = PQ_L_TIME;
        e->unit = e->converted == PQ_TIME_MILLIS ? 1 : 2;
        break;
    case PQ_TIMESTAMP_MILLIS:
    case PQ_TIMESTAMP_MICROS:
        e->logical = PQ_L_TIMESTAMP;
        e->unit = e->converted == PQ_TIMESTAMP_MILLIS ? 1 : 2;
        e->is_utc = true;
        break;
    case PQ_UINT_8:
    case PQ_UINT_16:
    case PQ_UINT_32:
    case PQ_UINT_64:
    case PQ_INT_8:
    case PQ_INT_16:
    case PQ_INT_32:
    case PQ_INT_64:
        e->logical = PQ_L_INTEGER;
        e->is_unsigned = e->converted <= PQ_UINT_64;
        e->int_bits = 8 << ((e->converted - PQ_UINT_8) & 3);
        break;
    case PQ_JSON: e->logical = PQ_L_JSON; break;
    case PQ_BSON: e->logical = PQ_L_BSON; break;
    case PQ_INTERVAL: e->logical = PQ_L_INTERVAL; break;
    default: break;
    }
}

static void as(struct pq_leaf *l, enum kind kind, enum phys phys, enum pq_conv conv)
{
    l->dtype = DTYPE(kind);
    l->phys = phys;
    l->conv = conv;
}

static void as_time(struct pq_leaf *l, enum kind kind)
{
    const struct pq_element *e = l->e;
    as(l, kind, kind_phys(kind), e->type == PQ_INT32 ? CONV_SCALE32 : CONV_SCALE64);
    l->mul = e->unit == 1 ? 1000 : 1;
    l->div = e->unit == 3 ? 1000 : 1;
    if (kind == KIND_DATETIME && e->is_utc) l->dtype.zone = dtype_intern("UTC");
}

/* Greatest value of an unsigned column as its statistics say: 0 fits an int, 1 does not. */
static bool exceeds_int(const struct pq_scan *s, int leaf)
{
    for (int g = 0; g < s->n_groups; g++) {
        const struct pq_stats *st = &s->groups[g].chunks[leaf].stats;
        if (st->has_max && st->max.n == 8 && (st->max.p[7] & 0x80)) return true;
    }
    return false;
}

static void type_int(const struct pq_scan *s, struct pq_leaf *l)
{
    const struct pq_element *e = l->e;
    bool narrow = e->type == PQ_INT32;
    if (e->logical == PQ_L_DATE && narrow) {
        as(l, KIND_DATE, PHYS_DATE32, CONV_I32);
    } else if (e->logical == PQ_L_TIME && (narrow ? e->unit == 1 : e->unit > 1)) {
        as_time(l, KIND_DURATION);
    } else if (e->logical == PQ_L_TIMESTAMP && !narrow && e->unit) {
        as_time(l, KIND_DATETIME);
    } else if (e->logical == PQ_L_DECIMAL) {
        as(l, KIND_NUM, PHYS_F64, CONV_DECIMAL);
    } else if (e->logical == PQ_L_INTEGER && e->is_unsigned) {
        bool is_short = narrow && e->int_bits < 32;
        as(l, KIND_INT, is_short ? PHYS_I32 : PHYS_I64,
           is_short ? CONV_I32
           : narrow ? CONV_U32
                    : CONV_U64);
        if (!narrow && exceeds_int(s, l->index)) as(l, KIND_NUM, PHYS_F64, CONV_U64_NUM);
    } else {
        as(l, KIND_INT, narrow ? PHYS_I32 : PHYS_I64, narrow ? CONV_I32 : CONV_I64);
    }
}

static void type_bytes(struct pq_leaf *l)
{
    const struct pq_element *e = l->e;
    bool is_fixed = e->type == PQ_FIXED;
    as(l, KIND_STR, PHYS_STR, CONV_BYTES);
    switch (e->logical) {
    case PQ_L_STRING:
    case PQ_L_ENUM:
    case PQ_L_JSON: l->conv = CONV_TEXT; break;
    case PQ_L_DECIMAL: as(l, KIND_NUM, PHYS_F64, CONV_DECIMAL); break;
    case PQ_L_UUID: l->conv = is_fixed && e->length == 16 ? CONV_UUID : CONV_HEX; break;
    case PQ_L_INTERVAL: l->conv = is_fixed && e->length == 12 ? CONV_INTERVAL : CONV_HEX; break;
    case PQ_L_FLOAT16:
        if (is_fixed && e->length == 2) as(l, KIND_NUM, PHYS_F32, CONV_F16);
        break;
    case PQ_L_BSON:
    case PQ_L_GEOMETRY:
    case PQ_L_GEOGRAPHY: l->conv = CONV_HEX; break;
    default: break;
    }
}

static void type_leaf(const struct pq_scan *s, struct pq_leaf *l)
{
    const struct pq_element *e = l->e;
    switch (e->type) {
    case PQ_BOOL: as(l, KIND_BOOL, PHYS_BOOL, CONV_BOOL); break;
    case PQ_INT32:
    case PQ_INT64: type_int(s, l); break;
    case PQ_INT96: as(l, KIND_DATETIME, PHYS_TS64, CONV_INT96); break;
    case PQ_FLOAT: as(l, KIND_NUM, PHYS_F32, CONV_F32); break;
    case PQ_DOUBLE: as(l, KIND_NUM, PHYS_F64, CONV_F64); break;
    default: type_bytes(l);
    }
    if (l->conv == CONV_DECIMAL) l->ten = e->scale >= 0 && e->scale <= 22 ? pow(10, e->scale) : 0;
}

/* Elements of lists and fields of structs lie in the kind's own type. */
static void widen(struct pq_leaf *l)
{
    l->phys = kind_phys(l->dtype.kind);
}

static const char *path_of(struct make *m)
{
    struct strbuf b = {0};
    for (int i = 0; i < m->depth; i++)
        strbuf_printf(&b, "%s%s", i ? "." : "", m->path[i]);
    const char *out = arena_strndup(m->s->arena, b.p ? b.p : "", b.n);
    strbuf_release(&b);
    return out;
}

static rc make_leaf(struct make *m, const struct pq_element *e, int def, int rep,
                    struct pq_field *f)
{
    struct pq_leaf *l = &m->s->leaves[m->leaf];
    if (e->type > PQ_FIXED) return damaged(m, "names a type that is not known");
    if (e->type == PQ_FIXED && (e->length <= 0 || e->length > 1 << 20))
        return damaged(m, "has a value of impossible length");
    *l = (struct pq_leaf){
        .path = path_of(m), .e = e, .index = m->leaf, .max_def = def, .max_rep = rep};
    int64_t order = l->index < m->s->n_orders ? m->s->orders[l->index] : m->s->orders ? 0 : -1;
    l->order = order < 0 ? -1 : (int)order;
    type_leaf(m->s, l);
    if (m->depth > 1 || rep) widen(l);
    f->shape = PQ_IS_LEAF;
    f->dtype = l->dtype;
    f->leaf = m->leaf++;
    f->n_leaves = 1;
    return RC_OK;
}

/* ---- groups ---- */
static rc make_field(struct make *m, int def, int rep, struct pq_field *f);
static rc make_body(struct make *m, struct pq_element *e, int def, int rep, struct pq_field *f);

static rc struct_type(struct make *m, struct pq_field *f)
{
    struct arena *a = m->s->arena;
    struct str *names = ARENA_ARRAY(a, struct str, f->n_children + 1);
    struct field *fields = ARENA_ARRAY(a, struct field, f->n_children + 1);
    struct schema *schema;
    for (int i = 0; i < f->n_children; i++)
        names[i] = str_of(f->children[i].name);
    const char **unique = io_unique_names(a, names, f->n_children, true);
    for (int i = 0; i < f->n_children; i++)
        fields[i] = (struct field){unique[i], f->children[i].dtype};
    TRY(schema_new(m->cx, fields, f->n_children, m->s->span, &schema));
    if (m->s->n_nested == m->s->cap_nested) {
        int cap = m->s->cap_nested ? m->s->cap_nested * 2 : 8;
        m->s->nested = mem_realloc(m->s->nested, sizeof *m->s->nested * (size_t)cap);
        m->s->cap_nested = cap;
    }
    m->s->nested[m->s->n_nested++] = schema;
    f->dtype = (struct dtype){.kind = KIND_STRUCT, .fields = schema};
    return RC_OK;
}

static rc make_struct(struct make *m, const struct pq_element *e, int def, int rep,
                      struct pq_field *f)
{
    f->shape = PQ_IS_STRUCT;
    f->leaf = m->leaf;
    if (e->n_children <= 0) return damaged(m, "has a group without fields");
    if (e->n_children > m->s->n_elements - m->at) return damaged(m, "ends too early");
    f->children = ARENA_ARRAY(m->s->arena, struct pq_field, e->n_children);
    f->n_children = e->n_children;
    for (int i = 0; i < f->n_children; i++)
        TRY(make_field(m, def, rep, &f->children[i]));
    f->n_leaves = m->leaf - f->leaf;
    return struct_type(m, f);
}

static void list_of(struct pq_field *f, int def, int rep)
{
    f->shape = PQ_IS_LIST;
    f->def_elem = def + 1;
    f->rep_elem = rep + 1;
    f->n_children = 1;
}

static void list_done(struct make *m, struct pq_field *f, int leaf)
{
    f->leaf = leaf;
    f->n_leaves = m->leaf - leaf;
    f->dtype = dtype_list(f->children->dtype);
}

/* Whether the repeated group of a LIST is the element itself (older writers). */
static bool is_element(const struct pq_element *list, const struct pq_element *group)
{
    size_t n = strlen(list->name);
    bool is_tuple =
        strncmp(group->name, list->name, n) == 0 && strcmp(group->name + n, "_tuple") == 0;
    return group->type >= 0 || group->n_children != 1 || strcmp(group->name, "array") == 0 ||
           is_tuple;
}

/* Key and value have these names whatever the file calls them. */
static void name_pair(struct pq_field *kv)
{
    kv->children[0].name = "key";
    kv->children[1].name = "value";
}

/* A group with LIST or MAP on it whose only child repeats; m->at is that child. */
static rc make_list(struct make *m, const struct pq_element *e, int def, int rep,
                    struct pq_field *f)
{
    int leaf = m->leaf;
    struct pq_element *group = &m->s->elements[m->at];
    bool is_map = e->logical == PQ_L_MAP && group->type < 0;
    list_of(f, def, rep);
    f->children = ARENA_ARRAY(m->s->arena, struct pq_field, 1);
    m->at++;
    modernise(group);
    bool is_whole = is_map ? group->n_children != 1 : is_element(e, group);
    if (is_whole || group->logical == PQ_L_LIST) {
        TRY(make_body(m, group, def + 1, rep + 1, f->children));
        f->children->name = group->name;
        f->children->def = def + 1;
        if (is_map && f->children->n_children == 2) name_pair(f->children);
        if (is_map && f->children->n_children == 2) TRY(struct_type(m, f->children));
    } else {
        TRY(make_field(m, def + 1, rep + 1, f->children));
    }
    list_done(m, f, leaf);
    return RC_OK;
}

static rc make_body(struct make *m, struct pq_element *e, int def, int rep, struct pq_field *f)
{
    modernise(e);
    if (def > 255) return damaged(m, "is nested too deeply");
    if (e->type >= 0 && e->n_children == 0) return make_leaf(m, e, def, rep, f);
    bool is_list = (e->logical == PQ_L_LIST || e->logical == PQ_L_MAP) && e->n_children == 1 &&
                   m->at < m->s->n_elements && m->s->elements[m->at].repetition == 2;
    if (is_list) return make_list(m, e, def, rep, f);
    return make_struct(m, e, def, rep, f);
}

static rc make_repeated(struct make *m, struct pq_element *e, int def, int rep, struct pq_field *f)
{
    int leaf = m->leaf;
    f->def = def;
    list_of(f, def, rep);
    f->children = ARENA_ARRAY(m->s->arena, struct pq_field, 1);
    f->children->name = e->name;
    f->children->def = def + 1;
    TRY(make_body(m, e, def + 1, rep + 1, f->children));
    list_done(m, f, leaf);
    return RC_OK;
}

/* The element at m->at and all in it; (def, rep) are the levels around it. */
static rc make_field(struct make *m, int def, int rep, struct pq_field *f)
{
    if (m->at >= m->s->n_elements) return damaged(m, "ends too early");
    struct pq_element *e = &m->s->elements[m->at++];
    *f = (struct pq_field){.name = e->name};
    if (m->depth >= DEPTH_MAX) return damaged(m, "is nested too deeply");
    if (e->repetition < 0 || e->repetition > 2) return damaged(m, "has an unknown repetition");
    m->path[m->depth++] = e->name;
    enum rc_t res;
    if (e->repetition == 2) {
        res = make_repeated(m, e, def, rep, f);
    } else {
        f->def = def + (e->repetition == 1);
        res = make_body(m, e, f->def, rep, f);
    }
    m->depth--;
    return res;
}

rc pq_schema_make(struct ctx *cx, struct pq_scan *s)
{
    struct make m = {.cx = cx, .s = s, .at = 1};
    int n = s->elements[0].n_children;
    if (n < 0 || n > s->n_elements - 1) return damaged(&m, "ends too early");
    s->leaves = ARENA_ARRAY(s->arena, struct pq_leaf, s->n_leaves + 1);
    s->fields = ARENA_ARRAY(s->arena, struct pq_field, n + 1);
    for (int i = 0; i < n; i++) {
        TRY(make_field(&m, 0, 0, &s->fields[i]));
        s->n_fields++;
    }
    if (m.at != s->n_elements || m.leaf != s->n_leaves) return damaged(&m, "does not add up");
    TRY(pq_own_types(cx, s));
    struct str *names = ARENA_ARRAY(s->arena, struct str, n + 1);
    struct field *fields = ARENA_ARRAY(s->arena, struct field, n + 1);
    for (int i = 0; i < n; i++)
        names[i] = str_of(s->fields[i].name);
    const char **unique = io_unique_names(s->arena, names, n, true);
    for (int i = 0; i < n; i++)
        fields[i] = (struct field){unique[i], s->fields[i].dtype};
    return schema_new(cx, fields, n, s->span, &s->head.schema);
}

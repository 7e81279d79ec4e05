/* footer.c: the schema that is written, and the footer. Both the new and the old annotations are
 * given; what the format has no word for (categories, durations, zones) stands in a key of our own
 * that others pass over. */
#include "runtime/io/parquet/pq_write.h"

/* ---- schema ---- */
struct under { /* what a field lies in */
    int column, def, rep;
    struct pq_step steps[64];
    int n_steps;
    const char *path[130];
    int n_path;
};

static struct pq_wnode *add_node(struct pq_writer *w, const char *name, struct dtype type,
                                 int repetition, int n_children)
{
    if (w->n_nodes == w->cap_nodes) {
        w->cap_nodes = w->cap_nodes ? w->cap_nodes * 2 : 32;
        w->nodes = mem_realloc(w->nodes, sizeof *w->nodes * (size_t)w->cap_nodes);
    }
    struct pq_wnode *n = &w->nodes[w->n_nodes++];
    *n = (struct pq_wnode){name, type, repetition, n_children, -1, 0, 0};
    return n;
}

static int stored(struct dtype t)
{
    switch (t.kind) {
    case KIND_BOOL: return PQ_BOOL;
    case KIND_NUM: return PQ_DOUBLE;
    case KIND_STR:
    case KIND_CAT: return PQ_BYTES;
    case KIND_DATE: return PQ_INT32;
    case KIND_NULL: return PQ_BOOL;
    default: return PQ_INT64;
    }
}

static void add_leaf(struct pq_writer *w, struct dtype type, const struct under *u)
{
    if (w->n_leaves == w->cap_leaves) {
        w->cap_leaves = w->cap_leaves ? w->cap_leaves * 2 : 16;
        w->leaves = mem_realloc(w->leaves, sizeof *w->leaves * (size_t)w->cap_leaves);
    }
    struct pq_wleaf *l = &w->leaves[w->n_leaves++];
    *l = (struct pq_wleaf){.column = u->column,
                           .type = type,
                           .type_stored = stored(type),
                           .max_def = u->def,
                           .max_rep = u->rep,
                           .n_steps = u->n_steps,
                           .n_path = u->n_path};
    l->steps = arena_copy(w->arena, u->steps, sizeof *u->steps * (size_t)(u->n_steps + 1));
    l->path = arena_copy(w->arena, u->path, sizeof *u->path * (size_t)(u->n_path + 1));
}

static rc add_field(struct ctx *cx, struct pq_writer *w, const char *name, struct dtype type,
                    const struct under *above)
{
    struct under u = *above;
    if (u.n_steps >= 60)
        return fail(cx, E306, w->span, "column `%s` is nested too deeply for Parquet", name);
    u.path[u.n_path++] = name;
    u.def++;
    int n = type.kind == KIND_STRUCT ? type.fields->n : type.kind == KIND_LIST ? 1 : 0;
    struct pq_wnode *node = add_node(w, name, type, 1, n);
    if (type.kind == KIND_STRUCT) {
        if (n == 0)
            return fail(cx, E306, w->span, "`%s` is a struct without fields, which Parquet has not",
                        name);
        u.steps[u.n_steps].kind = STEP_STRUCT;
        for (int i = 0; i < n; i++) {
            struct under child = u;
            child.steps[child.n_steps++].child = i;
            TRY(add_field(cx, w, type.fields->fields[i].name, type.fields->fields[i].type, &child));
        }
        return RC_OK;
    }
    if (type.kind == KIND_LIST) {
        add_node(w, "list", DTYPE(KIND_NULL), 2, 1);
        u.path[u.n_path++] = "list";
        u.steps[u.n_steps++] = (struct pq_step){STEP_LIST, 0};
        u.def++;
        u.rep++;
        return add_field(cx, w, "element", *type.elem, &u);
    }
    node->leaf = w->n_leaves;
    add_leaf(w, type, &u);
    return RC_OK;
}

rc pq_write_schema(struct ctx *cx, struct pq_writer *w)
{
    for (int i = 0; i < w->schema->n; i++) {
        struct under top = {.column = i};
        TRY(add_field(cx, w, w->schema->fields[i].name, w->schema->fields[i].type, &top));
    }
    return RC_OK;
}

/* ---- annotations ---- */
static void put_logical(struct thrift_out *o, const struct pq_wnode *n)
{
    int logical = n->type.kind == KIND_DATE       ? PQ_L_DATE
                  : n->type.kind == KIND_DATETIME ? PQ_L_TIMESTAMP
                  : n->type.kind == KIND_LIST     ? PQ_L_LIST
                  : n->type.kind == KIND_NULL     ? PQ_L_NULL
                                                  : PQ_L_STRING;
    thrift_open(o, 10);
    thrift_open(o, logical);
    if (logical == PQ_L_TIMESTAMP) {
        thrift_put_bool(o, 1, n->type.zone != NULL);
        thrift_open(o, 2);
        thrift_open(o, 2); /* microseconds */
        thrift_close(o);
        thrift_close(o);
    }
    thrift_close(o);
    thrift_close(o);
}

static int converted(const struct pq_wnode *n)
{
    switch (n->type.kind) {
    case KIND_STR:
    case KIND_CAT: return PQ_UTF8;
    case KIND_LIST: return PQ_LIST;
    case KIND_DATE: return PQ_DATE;
    case KIND_DATETIME: return n->type.zone ? PQ_TIMESTAMP_MICROS : -1; /* the old one means UTC */
    default: return -1;
    }
}

static void put_node(struct thrift_out *o, const struct pq_wnode *n)
{
    int conv = n->repetition == 2 ? -1 : converted(n);
    bool has_logical =
        conv >= 0 || n->type.kind == KIND_DATETIME || (n->type.kind == KIND_NULL && n->leaf >= 0);
    thrift_open(o, 0);
    if (n->leaf >= 0) thrift_put_int(o, 1, THRIFT_I32, stored(n->type));
    thrift_put_int(o, 3, THRIFT_I32, n->repetition);
    thrift_put_binary(o, 4, str_of(n->name));
    if (n->leaf < 0) thrift_put_int(o, 5, THRIFT_I32, n->n_children);
    if (conv >= 0) thrift_put_int(o, 6, THRIFT_I32, conv);
    if (has_logical && n->repetition != 2) put_logical(o, n);
    thrift_close(o);
}

static void put_schema(struct thrift_out *o, const struct pq_writer *w)
{
    thrift_put_list(o, 2, THRIFT_STRUCT, w->n_nodes + 1);
    thrift_open(o, 0);
    thrift_put_binary(o, 4, STR("schema"));
    thrift_put_int(o, 5, THRIFT_I32, w->schema->n);
    thrift_close(o);
    for (int i = 0; i < w->n_nodes; i++)
        put_node(o, &w->nodes[i]);
}

/* ---- chunks ---- */
static void put_stats(struct thrift_out *o, const struct pq_wstats *s)
{
    thrift_open(o, 12);
    thrift_put_int(o, 3, THRIFT_I64, s->n_null);
    if (s->n_max >= 0)
        thrift_put_binary(o, 5, (struct str){(const char *)s->max, (size_t)s->n_max});
    if (s->n_min >= 0)
        thrift_put_binary(o, 6, (struct str){(const char *)s->min, (size_t)s->n_min});
    if (s->n_max >= 0) thrift_put_bool(o, 7, s->max_exact);
    if (s->n_min >= 0) thrift_put_bool(o, 8, s->min_exact);
    thrift_close(o);
}

static void put_page_stats(struct thrift_out *o, int type, int encoding, int n)
{
    thrift_open(o, 0);
    thrift_put_int(o, 1, THRIFT_I32, type);
    thrift_put_int(o, 2, THRIFT_I32, encoding);
    thrift_put_int(o, 3, THRIFT_I32, n);
    thrift_close(o);
}

static void put_chunk(struct thrift_out *o, const struct pq_writer *w, const struct pq_wleaf *l,
                      const struct pq_wchunk *c, int64_t at, int64_t n_bytes)
{
    bool has_dict = c->dict_at >= 0;
    thrift_open(o, 0);
    thrift_put_int(o, 2, THRIFT_I64, 0);
    thrift_open(o, 3);
    thrift_put_int(o, 1, THRIFT_I32, l->type_stored);
    thrift_put_list(o, 2, THRIFT_I32, has_dict ? 3 : 2);
    thrift_put_element_int(o, PQ_PLAIN);
    thrift_put_element_int(o, PQ_RLE);
    if (has_dict) thrift_put_element_int(o, PQ_RLE_DICTIONARY);
    thrift_put_list(o, 3, THRIFT_BINARY, l->n_path);
    for (int i = 0; i < l->n_path; i++)
        thrift_put_element_binary(o, str_of(l->path[i]));
    thrift_put_int(o, 4, THRIFT_I32, w->codec);
    thrift_put_int(o, 5, THRIFT_I64, c->n_values);
    thrift_put_int(o, 6, THRIFT_I64, c->n_plain);
    thrift_put_int(o, 7, THRIFT_I64, n_bytes);
    thrift_put_int(o, 9, THRIFT_I64, at + c->data_at);
    if (has_dict) thrift_put_int(o, 11, THRIFT_I64, at);
    put_stats(o, &c->stats);
    thrift_put_list(o, 13, THRIFT_STRUCT, has_dict ? 2 : 1);
    if (has_dict) put_page_stats(o, PQ_DICTIONARY_PAGE, PQ_PLAIN, 1);
    put_page_stats(o, PQ_DATA_PAGE, has_dict ? PQ_RLE_DICTIONARY : PQ_PLAIN, c->n_data_pages);
    thrift_close(o);
    thrift_close(o);
}

static void put_groups(struct thrift_out *o, const struct pq_writer *w)
{
    thrift_put_list(o, 4, THRIFT_STRUCT, w->n_groups);
    for (int g = 0; g < w->n_groups; g++) {
        const struct pq_wgroup *group = &w->groups[g];
        int64_t plain = 0, packed = 0;
        thrift_open(o, 0);
        thrift_put_list(o, 1, THRIFT_STRUCT, w->n_leaves);
        for (int i = 0; i < w->n_leaves; i++) {
            int64_t to = i + 1 < w->n_leaves ? group->at[i + 1] : group->at[0] + group->n_bytes;
            put_chunk(o, w, &w->leaves[i], &group->chunks[i], group->at[i], to - group->at[i]);
            plain += group->chunks[i].n_plain;
            packed += to - group->at[i];
        }
        thrift_put_int(o, 2, THRIFT_I64, plain);
        thrift_put_int(o, 3, THRIFT_I64, group->n_rows);
        if (w->n_leaves) thrift_put_int(o, 5, THRIFT_I64, group->at[0]);
        thrift_put_int(o, 6, THRIFT_I64, packed);
        if (g < INT16_MAX) thrift_put_int(o, 7, THRIFT_I16, g);
        thrift_close(o);
    }
}

/* ---- our own types ---- */
static void put_word(struct strbuf *b, struct str s)
{
    strbuf_printf(b, " %zu:", s.n);
    strbuf_adds(b, s);
}

/* A line a column: its name, what it is, and its levels, each with its length before it. */
static void own_types(struct strbuf *b, const struct pq_writer *w)
{
    for (int i = 0; i < w->schema->n; i++) {
        struct dtype t = w->schema->fields[i].type;
        bool has_zone = t.kind == KIND_DATETIME && t.zone && strcmp(t.zone, "UTC") != 0;
        if (t.kind != KIND_CAT && t.kind != KIND_DURATION && !has_zone) continue;
        strbuf_addz(b, has_zone                  ? "zone"
                       : t.kind == KIND_DURATION ? "duration"
                       : t.ordered               ? "ordered"
                                                 : "cat");
        put_word(b, str_of(w->schema->fields[i].name));
        if (has_zone) put_word(b, str_of(t.zone));
        const struct column *levels = w->levels[i];
        for (int64_t k = 0; levels && k < levels->n; k++)
            put_word(b, text_str((const struct text *)levels->data + k));
        strbuf_addc(b, '\n');
    }
}

static void put_keys(struct thrift_out *o, const struct pq_writer *w)
{
    struct strbuf types = {0};
    own_types(&types, w);
    if (types.n) {
        thrift_put_list(o, 5, THRIFT_STRUCT, 1);
        thrift_open(o, 0);
        thrift_put_binary(o, 1, STR("mlnb.types"));
        thrift_put_binary(o, 2, strbuf_view(&types));
        thrift_close(o);
    }
    strbuf_release(&types);
}

void pq_write_footer(struct strbuf *out, const struct pq_writer *w)
{
    struct thrift_out o = {0};
    thrift_open(&o, 0);
    thrift_put_int(&o, 1, THRIFT_I32, 2);
    put_schema(&o, w);
    thrift_put_int(&o, 3, THRIFT_I64, w->head.n_rows);
    put_groups(&o, w);
    put_keys(&o, w);
    thrift_put_binary(&o, 6, STR("mlnb " MLNB_VERSION));
    thrift_put_list(&o, 7, THRIFT_STRUCT, w->n_leaves);
    for (int i = 0; i < w->n_leaves; i++) {
        thrift_open(&o, 0);
        thrift_open(&o, 1); /* the type's own order */
        thrift_close(&o);
        thrift_close(&o);
    }
    thrift_close(&o);
    strbuf_add(out, o.b.p, o.b.n);
    strbuf_release(&o.b);
}

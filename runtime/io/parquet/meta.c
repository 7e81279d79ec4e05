/* meta.c: the footer and page headers, parsed without trust into arrays of the scan's arena. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/utf8.h"

struct parse {
    struct thrift t;
    struct pq_scan *s;
    struct arena *a;
};

/* ---- schema elements ---- */
static void parse_unit(struct thrift *t, const struct thrift_field *f, int *unit)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u)) {
        *unit = u.id;
        thrift_skip(t, u.type);
    }
    thrift_leave(t);
}

static void parse_time(struct thrift *t, const struct thrift_field *f, struct pq_element *e)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u)) {
        if (u.id == 1)
            e->is_utc = thrift_bool(t, &u);
        else if (u.id == 2)
            parse_unit(t, &u, &e->unit);
        else
            thrift_skip(t, u.type);
    }
    thrift_leave(t);
}

static void parse_pair(struct thrift *t, const struct thrift_field *f, struct pq_element *e)
{
    struct thrift_field u = {0, 0};
    bool is_decimal = f->id == PQ_L_DECIMAL;
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u)) {
        if (u.id == 2 && !is_decimal)
            e->is_unsigned = !thrift_bool(t, &u);
        else if (u.id == 1 || u.id == 2)
            *(!is_decimal ? &e->int_bits
              : u.id == 1 ? &e->scale
                          : &e->precision) = (int)thrift_int(t, &u);
        else
            thrift_skip(t, u.type);
    }
    thrift_leave(t);
}

static void parse_logical(struct thrift *t, const struct thrift_field *f, struct pq_element *e)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u)) {
        e->logical = u.id <= PQ_L_GEOGRAPHY ? u.id : PQ_L_NONE;
        if (u.id == PQ_L_TIME || u.id == PQ_L_TIMESTAMP)
            parse_time(t, &u, e);
        else if (u.id == PQ_L_DECIMAL || u.id == PQ_L_INTEGER)
            parse_pair(t, &u, e);
        else
            thrift_skip(t, u.type);
    }
    thrift_leave(t);
}

static void parse_element(struct parse *p, struct pq_element *e)
{
    struct thrift *t = &p->t;
    struct thrift_field f = {0, 0};
    *e = (struct pq_element){.type = -1, .converted = -1, .name = ""};
    if (!thrift_enter(t, NULL)) return;
    while (thrift_next(t, &f))
        switch (f.id) {
        case 1: e->type = (int)thrift_int(t, &f); break;
        case 2: e->length = (int)thrift_int(t, &f); break;
        case 3: e->repetition = (int)thrift_int(t, &f); break;
        case 4: {
            struct str s = thrift_binary(t, &f);
            struct strbuf clean = {0};
            utf8_repair(&clean, s.p, s.n);
            e->name = arena_strndup(p->a, clean.p ? clean.p : "", clean.n);
            strbuf_release(&clean);
            break;
        }
        case 5: e->n_children = (int)thrift_int(t, &f); break;
        case 6: e->converted = (int)thrift_int(t, &f); break;
        case 7: e->scale = (int)thrift_int(t, &f); break;
        case 8: e->precision = (int)thrift_int(t, &f); break;
        case 10: parse_logical(t, &f, e); break;
        default: thrift_skip(t, f.type);
        }
    thrift_leave(t);
}

static void parse_schema(struct parse *p, const struct thrift_field *f)
{
    int64_t n = thrift_list(&p->t, f, THRIFT_STRUCT);
    if (n > 1 << 20) p->t.bad = true;
    if (p->t.bad) return;
    p->s->elements = ARENA_ARRAY(p->a, struct pq_element, n + 1);
    for (int64_t i = 0; i < n && !p->t.bad; i++) {
        parse_element(p, &p->s->elements[i]);
        if (i && p->s->elements[i].type >= 0 && p->s->elements[i].n_children == 0) p->s->n_leaves++;
        p->s->n_elements++;
    }
}

/* ---- row groups ---- */
static void parse_stats(struct thrift *t, const struct thrift_field *f, struct pq_stats *st)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u))
        switch (u.id) { /* 1 and 2: old ones of no sure order */
        case 3: st->n_null = thrift_int(t, &u); break;
        case 5:
            st->max = thrift_binary(t, &u);
            st->has_max = !t->bad;
            break;
        case 6:
            st->min = thrift_binary(t, &u);
            st->has_min = !t->bad;
            break;
        default: thrift_skip(t, u.type);
        }
    thrift_leave(t);
}

/* Old writers' min and max are good where signed order is the type's order: kept apart until the
 * type is known. */
static void parse_old_stats(struct thrift t, const struct thrift_field *f, struct pq_stats *st)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(&t, f)) return;
    struct str min = {0}, max = {0};
    while (thrift_next(&t, &u)) {
        if (u.id == 1)
            max = thrift_binary(&t, &u);
        else if (u.id == 2)
            min = thrift_binary(&t, &u);
        else
            thrift_skip(&t, u.type);
    }
    if (t.bad || st->has_min || st->has_max) return;
    if (min.p && (min.n == 4 || min.n == 8)) st->min = min;
    if (max.p && (max.n == 4 || max.n == 8)) st->max = max;
}

struct encodings { /* what a chunk's metadata tells of its data pages */
    bool has_stats, has_plain_page;
    bool has_plain, has_old_dict, has_other;
};

static void parse_encoding_stats(struct thrift *t, const struct thrift_field *f,
                                 struct encodings *e)
{
    int64_t n = thrift_list(t, f, THRIFT_STRUCT);
    e->has_stats = n > 0;
    for (int64_t i = 0; i < n && !t->bad; i++) {
        struct thrift_field u = {0, 0};
        int64_t v[4] = {0};
        if (!thrift_enter(t, NULL)) return;
        while (thrift_next(t, &u)) {
            if (u.id >= 1 && u.id <= 3)
                v[u.id] = thrift_int(t, &u);
            else
                thrift_skip(t, u.type);
        }
        thrift_leave(t);
        bool is_data = v[1] == PQ_DATA_PAGE || v[1] == PQ_DATA_PAGE_V2;
        bool is_dict = v[2] == PQ_PLAIN_DICTIONARY || v[2] == PQ_RLE_DICTIONARY;
        if (is_data && !is_dict && v[3] > 0) e->has_plain_page = true;
    }
}

static void parse_encodings(struct thrift *t, const struct thrift_field *f, struct encodings *e)
{
    int64_t n = thrift_list(t, f, THRIFT_I32);
    for (int64_t i = 0; i < n && !t->bad; i++) {
        int64_t v = thrift_element_int(t);
        if (v == PQ_PLAIN_DICTIONARY)
            e->has_old_dict = true;
        else if (v == PQ_PLAIN)
            e->has_plain = true;
        else if (v != PQ_RLE && v != PQ_BIT_PACKED)
            e->has_other = true;
    }
}

static void parse_chunk_meta(struct parse *p, const struct thrift_field *f, struct pq_chunk *c)
{
    struct thrift *t = &p->t;
    struct thrift_field u = {0, 0};
    struct encodings e = {0};
    int64_t data = -1, dict = -1;
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u))
        switch (u.id) {
        case 1: c->type = (int)thrift_int(t, &u); break;
        case 2: parse_encodings(t, &u, &e); break;
        case 4: c->codec = (int)thrift_int(t, &u); break;
        case 5: c->n_values = thrift_int(t, &u); break;
        case 7: c->n_bytes = thrift_int(t, &u); break;
        case 9: data = thrift_int(t, &u); break;
        case 11: dict = thrift_int(t, &u); break;
        case 12: {
            struct thrift before = *t;
            parse_stats(t, &u, &c->stats);
            parse_old_stats(before, &u, &c->stats);
            break;
        }
        case 13: parse_encoding_stats(t, &u, &e); break;
        default: thrift_skip(t, u.type);
        }
    thrift_leave(t);
    c->offset = dict > 0 && dict < data ? dict : data; /* some write 0 for none */
    c->is_all_dict =
        e.has_stats ? !e.has_plain_page : e.has_old_dict && !e.has_plain && !e.has_other;
}

static void parse_chunk(struct parse *p, struct pq_chunk *c)
{
    struct thrift *t = &p->t;
    struct thrift_field f = {0, 0};
    bool has_meta = false;
    c->stats.n_null = -1;
    if (!thrift_enter(t, NULL)) return;
    while (thrift_next(t, &f))
        switch (f.id) {
        case 1: c->is_elsewhere = thrift_binary(t, &f).n > 0; break;
        case 3:
            parse_chunk_meta(p, &f, c);
            has_meta = true;
            break;
        case 4: c->offset_index = thrift_int(t, &f); break;
        case 5: c->n_offset_index = (int32_t)thrift_int(t, &f); break;
        case 6: c->column_index = thrift_int(t, &f); break;
        case 7: c->n_column_index = (int32_t)thrift_int(t, &f); break;
        case 8:
            c->is_encrypted = true;
            thrift_skip(t, f.type);
            break;
        default: thrift_skip(t, f.type);
        }
    thrift_leave(t);
    if (!has_meta) c->is_encrypted = true;
}

static void parse_group(struct parse *p, struct pq_group *g)
{
    struct thrift *t = &p->t;
    struct thrift_field f = {0, 0};
    if (!thrift_enter(t, NULL)) return;
    while (thrift_next(t, &f)) {
        if (f.id == 1) {
            int64_t n = thrift_list(t, &f, THRIFT_STRUCT);
            if (n != p->s->n_leaves || g->chunks) t->bad = true;
            if (t->bad) break;
            g->chunks = ARENA_ARRAY(p->a, struct pq_chunk, n + 1);
            for (int64_t i = 0; i < n && !t->bad; i++)
                parse_chunk(p, &g->chunks[i]);
        } else if (f.id == 3) {
            g->n_rows = thrift_int(t, &f);
        } else {
            thrift_skip(t, f.type);
        }
    }
    thrift_leave(t);
    if (!g->chunks || g->n_rows < 0) t->bad = true;
}

static void parse_groups(struct parse *p, const struct thrift_field *f)
{
    int64_t n = thrift_list(&p->t, f, THRIFT_STRUCT);
    if (n > (p->t.end - p->t.p) / 4) p->t.bad = true;
    if (p->t.bad) return;
    p->s->groups = ARENA_ARRAY(p->a, struct pq_group, n + 1);
    for (int64_t i = 0; i < n && !p->t.bad; i++) {
        struct pq_group *g = &p->s->groups[i];
        g->rows_before = i ? g[-1].rows_before + g[-1].n_rows : 0;
        parse_group(p, g);
        if (g->n_rows > INT64_MAX / 4 - g->rows_before) p->t.bad = true;
        p->s->n_groups++;
    }
}

/* ---- the rest ---- */
static void parse_keys(struct parse *p, const struct thrift_field *f)
{
    struct thrift *t = &p->t;
    int64_t n = thrift_list(t, f, THRIFT_STRUCT);
    for (int64_t i = 0; i < n && !t->bad; i++) {
        struct thrift_field u = {0, 0};
        struct str key = {0}, value = {0};
        if (!thrift_enter(t, NULL)) return;
        while (thrift_next(t, &u)) {
            if (u.id == 1 || u.id == 2)
                *(u.id == 1 ? &key : &value) = thrift_binary(t, &u);
            else
                thrift_skip(t, u.type);
        }
        thrift_leave(t);
        if (str_eqz(key, "mlnb.types")) p->s->own_types = value;
    }
}

static void parse_orders(struct parse *p, const struct thrift_field *f)
{
    struct thrift *t = &p->t;
    int64_t n = thrift_list(t, f, THRIFT_STRUCT);
    uint8_t *orders = ARENA_ARRAY(p->a, uint8_t, n + 1);
    for (int64_t i = 0; i < n && !t->bad; i++) {
        struct thrift_field u = {0, 0};
        if (!thrift_enter(t, NULL)) return;
        while (thrift_next(t, &u)) {
            orders[i] = u.id <= 3 ? (uint8_t)u.id : 0;
            thrift_skip(t, u.type);
        }
        thrift_leave(t);
    }
    p->s->orders = orders;
    p->s->n_orders = n;
}

rc pq_footer_parse(struct ctx *cx, struct pq_scan *s)
{
    struct parse p = {.s = s, .a = s->arena};
    struct thrift_field f = {0, 0};
    bool is_encrypted = false;
    p.t.p = (const uint8_t *)s->footer;
    p.t.end = p.t.p + s->n_footer;
    while (thrift_next(&p.t, &f))
        switch (f.id) {
        case 2: parse_schema(&p, &f); break;
        case 4: parse_groups(&p, &f); break;
        case 5: parse_keys(&p, &f); break;
        case 6: {
            struct str by = thrift_binary(&p.t, &f);
            s->created_by = arena_strndup(s->arena, by.p, by.n);
            break;
        }
        case 7: parse_orders(&p, &f); break;
        case 8:
            is_encrypted = true;
            thrift_skip(&p.t, f.type);
            break;
        default: thrift_skip(&p.t, f.type);
        }
    if (is_encrypted)
        return fail(cx, E302, s->span, "`%s` is encrypted, which cannot be read", s->head.label);
    if (p.t.bad || s->n_elements == 0)
        return fail(cx, E302, s->span, "`%s` is damaged: its footer cannot be read", s->head.label);
    return RC_OK;
}

/* ---- page headers ---- */
static void parse_page_v1(struct thrift *t, const struct thrift_field *f, struct pq_page_head *h)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u))
        switch (u.id) {
        case 1: h->n_values = (int32_t)thrift_int(t, &u); break;
        case 2: h->encoding = (int)thrift_int(t, &u); break;
        case 3: h->def_encoding = (int)thrift_int(t, &u); break;
        case 4: h->rep_encoding = (int)thrift_int(t, &u); break;
        default: thrift_skip(t, u.type);
        }
    thrift_leave(t);
}

static void parse_page_dict(struct thrift *t, const struct thrift_field *f, struct pq_page_head *h)
{
    struct thrift_field u = {0, 0};
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u)) {
        if (u.id == 1)
            h->n_values = (int32_t)thrift_int(t, &u);
        else if (u.id == 2)
            h->encoding = (int)thrift_int(t, &u);
        else
            thrift_skip(t, u.type);
    }
    thrift_leave(t);
}

static void parse_page_v2(struct thrift *t, const struct thrift_field *f, struct pq_page_head *h)
{
    struct thrift_field u = {0, 0};
    h->is_packed = true;
    h->def_encoding = h->rep_encoding = PQ_RLE;
    if (!thrift_enter(t, f)) return;
    while (thrift_next(t, &u))
        switch (u.id) {
        case 1: h->n_values = (int32_t)thrift_int(t, &u); break;
        case 3: h->n_rows = (int32_t)thrift_int(t, &u); break;
        case 4: h->encoding = (int)thrift_int(t, &u); break;
        case 5: h->n_def = (int32_t)thrift_int(t, &u); break;
        case 6: h->n_rep = (int32_t)thrift_int(t, &u); break;
        case 7: h->is_packed = thrift_bool(t, &u); break;
        default: thrift_skip(t, u.type);
        }
    thrift_leave(t);
}

int pq_page_parse(const uint8_t *p, size_t n, struct pq_page_head *h)
{
    struct thrift t = {.p = p, .end = p + n};
    struct thrift_field f = {0, 0};
    bool has_part = false;
    *h = (struct pq_page_head){.type = -1, .n_rows = -1, .n_plain = -1, .n_packed = -1};
    while (thrift_next(&t, &f)) {
        has_part = has_part || f.id >= 5;
        switch (f.id) {
        case 1: h->type = (int)thrift_int(&t, &f); break;
        case 2: h->n_plain = (int32_t)thrift_int(&t, &f); break;
        case 3: h->n_packed = (int32_t)thrift_int(&t, &f); break;
        case 4:
            h->crc = (uint32_t)thrift_int(&t, &f);
            h->has_crc = true;
            break;
        case 5: parse_page_v1(&t, &f, h); break;
        case 7: parse_page_dict(&t, &f, h); break;
        case 8: parse_page_v2(&t, &f, h); break;
        default: thrift_skip(&t, f.type);
        }
    }
    if (t.bad) return t.is_short ? 0 : -1;
    h->n_head = (size_t)(t.p - p);
    if (h->type < 0 || h->n_plain < 0 || h->n_packed < 0 || h->n_values < 0) return -1;
    if (h->n_def < 0 || h->n_rep < 0 || (h->type != PQ_INDEX_PAGE && !has_part)) return -1;
    return 1;
}

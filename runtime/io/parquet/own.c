/* own.c: types that the format has no word for, from the key that our writer leaves (footer.c): a
 * line a column, `kind len:name len:word ..`: categories with their levels, durations, zones. A
 * line that does not fit its column is passed over: others may have changed the file and kept the
 * key. */
#include "runtime/io/parquet/pq_int.h"

#include "runtime/base/hash.h"
#include "runtime/base/utf8.h"

struct line {
    const char *p, *end;
};

/* The next ` len:text` of a line; false at its end. */
static bool next_word(struct line *l, struct str *out)
{
    size_t n = 0;
    if (l->p == l->end || *l->p != ' ') return false;
    for (l->p++; l->p < l->end && *l->p >= '0' && *l->p <= '9' && n < 1 << 30; l->p++)
        n = n * 10 + (size_t)(*l->p - '0');
    if (l->p == l->end || *l->p != ':' || n > (size_t)(l->end - l->p - 1)) return false;
    *out = (struct str){l->p + 1, n};
    l->p += 1 + n;
    return true;
}

static struct pq_leaf *flat_leaf(struct pq_scan *s, struct str name)
{
    for (int i = 0; i < s->n_fields; i++)
        if (str_eqz(name, s->fields[i].name) && pq_is_flat(s, &s->fields[i]))
            return &s->leaves[s->fields[i].leaf];
    return NULL;
}

/* ---- levels ---- */
static uint32_t *slot_of(const struct pq_leaf *l, struct str s)
{
    const struct text *t = l->levels->data;
    uint32_t at = (uint32_t)hash_bytes(s.p, s.n) & l->level_mask;
    while (l->level_slots[at] && !str_eq(text_str(&t[l->level_slots[at] - 1]), s))
        at = (at + 1) & l->level_mask;
    return &l->level_slots[at];
}

static rc make_levels(struct ctx *cx, struct pq_scan *s, struct pq_leaf *l, struct line *words)
{
    struct builder b;
    struct str word;
    enum rc_t res = RC_OK;
    struct column *levels, *coded;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    while (res == RC_OK && next_word(words, &word))
        if (utf8_check(word.p, word.n) == word.n) res = builder_str(cx, &b, word);
    if (res != RC_OK) {
        builder_release(&b);
        return res;
    }
    TRY(builder_finish(cx, &b, &levels));
    res = column_encode(cx, levels, false, &coded); /* distinct, whatever the key says */
    column_unref(levels);
    TRY(res);
    column_unref(l->levels);
    l->levels = column_ref(coded->dict);
    column_unref(coded);
    uint32_t cap = 16;
    while (cap < 2 * (uint64_t)l->levels->n + 2)
        cap *= 2;
    l->level_mask = cap - 1;
    l->level_slots = ARENA_ARRAY(s->arena, uint32_t, cap);
    for (int64_t i = 0; i < l->levels->n; i++)
        *slot_of(l, text_str((const struct text *)l->levels->data + i)) = (uint32_t)i + 1;
    return RC_OK;
}

static rc code_of(struct ctx *cx, const struct pq_scan *s, const struct pq_leaf *l, struct str t,
                  int32_t *out)
{
    uint32_t slot = *slot_of(l, t);
    *out = (int32_t)slot - 1;
    if (slot) return RC_OK;
    fail(cx, E302, s->span, "column `%s` of `%s` holds `%.*s`, which is none of its levels",
         l->path, s->head.label, (int)(t.n < 60 ? t.n : 60), t.p);
    return err_note(cx, "the file was written by mlnb and changed by another program, which kept "
                        "the list of levels");
}

static rc recode(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, struct pq_out *o)
{
    const struct text *from = o->dict->data;
    int32_t *map = mem_alloc(sizeof *map * (size_t)(o->dict->n + 1)), *codes = o->data;
    uint8_t *used = mem_zero((size_t)o->dict->n + 1);
    enum rc_t res = RC_OK;
    for (int64_t i = 0; i < o->n; i++)
        if (o->dict->n && (!o->n_null || bit_get(o->valid, i))) used[codes[i]] = 1;
    for (int64_t i = 0; i < o->dict->n && res == RC_OK; i++) {
        map[i] = 0;
        if (used[i]) res = code_of(cx, s, l, text_str(&from[i]), &map[i]);
    }
    for (int64_t i = 0; i < o->n && res == RC_OK; i++)
        codes[i] = o->n_null && !bit_get(o->valid, i) ? 0 : map[codes[i]];
    mem_free(map);
    mem_free(used);
    return res;
}

rc pq_to_levels(struct ctx *cx, struct pq_scan *s, const struct pq_leaf *l, struct pq_out *o)
{
    int32_t *codes = o->data; /* never overtakes the texts, which are wider */
    const struct text *texts = o->data;
    if (o->phys == PHYS_DICT) {
        TRY(recode(cx, s, l, o));
    } else {
        for (int64_t i = 0; i < o->n; i++) {
            struct text t = texts[i];
            int32_t code = 0;
            bool is_null = o->n_null && !bit_get(o->valid, i);
            if (!is_null) TRY(code_of(cx, s, l, text_str(&t), &code));
            memcpy((char *)codes + (size_t)i * 4, &code, 4);
        }
    }
    column_unref(o->dict);
    o->dict = column_ref(l->levels);
    o->phys = PHYS_DICT;
    return RC_OK;
}

/* ---- the key ---- */
static rc apply(struct ctx *cx, struct pq_scan *s, struct str kind, struct line *words)
{
    struct str name, zone;
    struct pq_leaf *l = next_word(words, &name) ? flat_leaf(s, name) : NULL;
    if (!l) return RC_OK;
    bool is_cat = str_eqz(kind, "cat") || str_eqz(kind, "ordered");
    if (is_cat && l->conv == CONV_TEXT && l->phys == PHYS_STR) {
        TRY(make_levels(cx, s, l, words));
        l->dtype = DTYPE(KIND_CAT);
        l->dtype.ordered = str_eqz(kind, "ordered");
    } else if (str_eqz(kind, "duration") && l->conv == CONV_I64) {
        l->dtype = DTYPE(KIND_DURATION);
        l->phys = PHYS_DUR64;
    } else if (str_eqz(kind, "zone") && l->dtype.kind == KIND_DATETIME && l->dtype.zone &&
               next_word(words, &zone) && zone.n < 64) {
        char z[64];
        memcpy(z, zone.p, zone.n);
        z[zone.n] = 0;
        bool is_plain = zone.n > 0; /* kept for ever once interned: only what looks like a name */
        for (size_t i = 0; i < zone.n; i++)
            is_plain = is_plain && z[i] > ' ' && z[i] < 0x7F;
        if (is_plain) l->dtype.zone = dtype_intern(z);
    }
    return RC_OK;
}

rc pq_own_types(struct ctx *cx, struct pq_scan *s)
{
    const char *p = s->own_types.p, *end = p ? p + s->own_types.n : p;
    while (p && p < end) {
        const char *space = memchr(p, ' ', (size_t)(end - p));
        if (!space || space - p > 16) break;
        struct line words = {space, end};
        TRY(apply(cx, s, (struct str){p, (size_t)(space - p)}, &words));
        struct str rest;
        while (next_word(&words, &rest)) {}
        if (words.p == end || *words.p != '\n') break;
        p = words.p + 1;
    }
    for (int i = 0; i < s->n_fields; i++)
        if (s->fields[i].shape == PQ_IS_LEAF)
            s->fields[i].dtype = s->leaves[s->fields[i].leaf].dtype;
    return RC_OK;
}

/* agg_keys.c: group keys as words, and the table from key to group. */
#include "runtime/exec/threads/agg_int.h"

#include "runtime/base/hash.h"

/* ---- layout ---- */
static void lay_wide(struct arena *a, struct key_layout *k)
{
    k->form = KEY_WIDE;
    k->words = 0;
    k->parts = ARENA_ARRAY(a, struct wide_part, k->n);
    for (int i = 0; i < k->n; i++) {
        bool is_str = kind_phys(k->facts[i].kind) == PHYS_STR || k->facts[i].kind == KIND_CAT;
        k->parts[i].word = k->words;
        k->parts[i].dict = k->facts[i].dict;
        k->parts[i].is_text = is_str && !k->facts[i].dict;
        k->words += k->parts[i].is_text ? 2 : 1;
    }
    k->words += (k->n + 63) / 64;
}

rc layout_make(struct run *r, struct key_facts *facts, int n, bool all_bound, struct span span,
               struct key_layout *out)
{
    struct key_word *words = NULL;
    *out = (struct key_layout){.n = n, .facts = facts, .shift = -1, .n_buckets = 1};
    if (n == 0) return RC_OK;
    for (int i = 0; i < n; i++)
        all_bound = all_bound && facts[i].phys != PHYS_STR && facts[i].phys != PHYS_F64 &&
                    facts[i].phys != PHYS_F32;
    int n_words = all_bound ? key_words(r->arena, facts, n, &words) : 0;
    if (n_words == 1 && words[0].exact && words[0].domain) {
        out->form = KEY_PACKED;
        out->words = 1;
        out->packed = words[0];
        out->domain = words[0].domain;
        return RC_OK;
    }
    lay_wide(r->arena, out);
    if (out->words > MAX_KEY_WORDS)
        return fail(r->cx, E214, span, "%d keys are more than a grouping can take", n);
    return RC_OK;
}

/* ---- words ---- */
static uint64_t value_word(const struct vec *v, int64_t i)
{
    switch (v->phys) {
    case PHYS_BOOL: return bit_get(v->data, i);
    case PHYS_I32:
    case PHYS_DATE32: return (uint64_t)(int64_t)((const int32_t *)v->data)[i];
    case PHYS_DICT: return (uint32_t)((const int32_t *)v->data)[i];
    case PHYS_F32: return f64_word((double)((const float *)v->data)[i]);
    case PHYS_F64: return f64_word(((const double *)v->data)[i]);
    default: return (uint64_t)((const int64_t *)v->data)[i];
    }
}

static struct text text_of(const struct vec *v, int64_t i)
{
    if (v->phys != PHYS_DICT) return ((const struct text *)v->data)[i];
    return ((const struct text *)v->dict->data)[((const int32_t *)v->data)[i]];
}

static void encode_wide(const struct key_layout *k, const struct vec *keys, int64_t n,
                        uint64_t *out)
{
    int words = k->words;
    memset(out, 0, 8 * (size_t)(n * words));
    for (int key = 0; key < k->n; key++) {
        const struct wide_part *p = &k->parts[key];
        const struct vec *v = &keys[key];
        for (int64_t i = 0; i < n; i++) {
            uint64_t *to = out + i * words;
            int64_t at = v->is_const ? 0 : i;
            if (!bit_valid(v->valid, at)) {
                to[words - 1 - key / 64] |= UINT64_C(1) << (key % 64);
            } else if (p->is_text) {
                struct text t = text_of(v, at);
                memcpy(to + p->word, &t, 16);
            } else {
                to[p->word] = value_word(v, at);
            }
        }
    }
}

void keys_encode(const struct key_layout *k, const struct vec *keys, int64_t n, uint64_t *out)
{
    if (k->form == KEY_PACKED)
        key_encode(&k->packed, keys, n, out);
    else if (k->form == KEY_WIDE)
        encode_wide(k, keys, n, out);
}

static bool key_equal(const struct key_layout *k, const uint64_t *a, const uint64_t *b)
{
    if (k->words == 1) return a[0] == b[0];
    if (memcmp(a, b, 8 * (size_t)k->words) == 0) return true;
    for (int i = 0; i < k->n; i++) {
        const struct wide_part *p = &k->parts[i];
        if (!p->is_text) {
            if (a[p->word] != b[p->word]) return false;
            continue;
        }
        struct text x, y;
        memcpy(&x, a + p->word, 16);
        memcpy(&y, b + p->word, 16);
        if (!text_eq(&x, &y)) return false;
    }
    int nulls = (k->n + 63) / 64;
    return memcmp(a + k->words - nulls, b + k->words - nulls, 8 * (size_t)nulls) == 0;
}

uint64_t key_hash(const struct key_layout *k, const uint64_t *key)
{
    if (k->words == 1) return hash_u64(key[0]);
    uint64_t h = 0;
    for (int i = 0; i < k->n; i++) {
        const struct wide_part *p = &k->parts[i];
        if (!p->is_text) {
            h = hash_mix(h, key[p->word]);
            continue;
        }
        struct text t;
        memcpy(&t, key + p->word, 16);
        if (t.n <= TEXT_INLINE)
            h = hash_mix(hash_mix(h, key[p->word]), key[p->word + 1]);
        else
            h = hash_mix(h, hash_bytes(t.ptr, t.n));
    }
    return hash_mix(h, key[k->words - 1]);
}

/* ---- back to values ---- */
static uint64_t f64_unword(uint64_t w)
{
    return w >> 63 ? w & ~(UINT64_C(1) << 63) : ~w;
}

/* Code of group i's key: false when it is null. */
static bool code_of(const struct key_layout *k, int key, const uint64_t *words, int64_t i,
                    uint64_t *out)
{
    const uint64_t *w = words + i * k->words;
    if (k->form == KEY_WIDE) {
        *out = w[k->parts[key].word];
        return !((w[k->words - 1 - key / 64] >> (key % 64)) & 1);
    }
    const struct digit *d = &k->packed.digits[key];
    uint64_t code = w[0] / d->mult % (d->span + d->has_null);
    *out = d->kind == DIGIT_INT ? code + (uint64_t)d->lo : code;
    if (code >= d->span) return false;
    if (d->rank) *out = (uint64_t)(uint32_t)k->facts[key].level[code];
    return true;
}

static enum phys decoded_phys(const struct key_layout *k, int key, struct dtype type)
{
    if (k->form == KEY_WIDE && k->parts[key].is_text)
        return PHYS_STR; /* a computed cat's levels are texts here */
    if (k->form == KEY_WIDE) return k->parts[key].dict ? PHYS_DICT : kind_phys(type.kind);
    if (k->facts[key].phys == PHYS_DICT) return PHYS_DICT;
    return kind_phys(type.kind);
}

void keys_decode(const struct key_layout *k, int key, const uint64_t *words, int64_t n,
                 struct dtype type, struct arena *a, struct vec *out)
{
    enum phys phys = decoded_phys(k, key, type);
    uint64_t *valid = arena_alloc(a, BITMAP_WORDS(n) * 8 + 8);
    char *data = arena_zero(a, (size_t)n * 16 + 64);
    bool any_null = false;
    bitmap_fill(valid, n, true);
    for (int64_t i = 0; i < n; i++) {
        uint64_t v;
        if (!code_of(k, key, words, i, &v)) {
            bit_clear(valid, i);
            any_null = true;
            continue;
        }
        int32_t narrow = (int32_t)(uint32_t)v;
        if (phys == PHYS_F64) v = f64_unword(v);
        if (phys == PHYS_BOOL)
            bit_put((uint64_t *)(void *)data, i, v != 0);
        else if (phys == PHYS_STR)
            memcpy(data + (size_t)i * 16, words + i * k->words + k->parts[key].word, 16);
        else if (phys_width(phys) == 4)
            memcpy(data + (size_t)i * 4, &narrow, 4);
        else
            memcpy(data + (size_t)i * 8, &v, 8);
    }
    *out = (struct vec){.phys = phys, .data = data, .valid = any_null ? valid : NULL};
    if (phys == PHYS_DICT)
        out->dict = k->form == KEY_WIDE ? k->parts[key].dict : k->facts[key].dict;
}

/* Counts what the table is about to take. */
static void table_claim(struct ctx *cx, struct group_table *t, int64_t more)
{
    if (!t->run) return;
    t->claimed += more;
    (void)!run_claim(t->run, cx, more);
}

/* ---- tables ---- */
static rc grow_groups(struct ctx *cx, struct group_table *t, uint32_t cap)
{
    size_t key = 8 * (size_t)t->k->words;
    if (cap <= t->cap) return RC_OK;
    table_claim(cx, t, (int64_t)(key + t->stride) * (cap - t->cap));
    if (key) TRY(mem_big_grow(cx, (void **)&t->keys, key * t->n, key * cap));
    if (t->stride) {
        TRY(mem_big_grow(cx, (void **)&t->states, t->stride * t->n, t->stride * cap));
        memset(t->states + t->stride * t->n, 0, t->stride * (cap - t->n));
    }
    t->cap = cap;
    return RC_OK;
}

rc table_init(struct ctx *cx, struct group_table *t, const struct key_layout *k, size_t stride,
              bool direct, uint64_t base, uint64_t n_codes, struct arena *text)
{
    *t = (struct group_table){
        .k = k, .stride = stride, .direct = direct, .base = base, .text = text};
    uint64_t n_slots = direct ? n_codes : 1024;
    t->mask = (uint32_t)n_slots - 1;
    if (k->form != KEY_NONE) TRY(mem_big_zero(cx, 4 * (size_t)(n_slots + 1), (void **)&t->slots));
    if (k->form != KEY_NONE && !direct)
        TRY(mem_big_zero(cx, 4 * (size_t)n_slots, (void **)&t->tags));
    return grow_groups(cx, t, k->form == KEY_NONE ? 1 : 256);
}

void table_release(struct group_table *t)
{
    if (t->run) (void)!run_claim(t->run, t->run->cx, -t->claimed);
    t->claimed = 0;
    mem_big_free(t->keys);
    mem_big_free(t->states);
    mem_big_free(t->slots);
    mem_big_free(t->tags);
    t->keys = NULL;
    t->states = NULL;
    t->slots = t->tags = NULL;
}

int64_t table_memory(const struct group_table *t)
{
    return (int64_t)t->cap * (int64_t)(t->stride + 8 * (size_t)t->k->words) +
           8 * ((int64_t)t->mask + 1);
}

static rc grow_slots(struct ctx *cx, struct group_table *t)
{
    uint32_t mask = t->mask * 4 + 3, *slots, *tags;
    table_claim(cx, t, 8 * (int64_t)(mask - t->mask));
    TRY(mem_big_zero(cx, 4 * ((size_t)mask + 1), (void **)&slots));
    if (mem_big_zero(cx, 4 * ((size_t)mask + 1), (void **)&tags) != RC_OK) {
        mem_big_free(slots);
        return RC_ERR;
    }
    for (uint32_t g = 0; g < t->n; g++) {
        uint64_t h = key_hash(t->k, t->keys + (size_t)g * (size_t)t->k->words);
        uint32_t at = (uint32_t)h & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = g + 1;
        tags[at] = (uint32_t)(h >> 32);
    }
    mem_big_free(t->slots);
    mem_big_free(t->tags);
    t->slots = slots;
    t->tags = tags;
    t->mask = mask;
    return RC_OK;
}

/* Long texts of a new key are the table's own. */
static void own_texts(struct group_table *t, uint64_t *key)
{
    for (int i = 0; t->k->form == KEY_WIDE && i < t->k->n; i++) {
        struct text x;
        if (!t->k->parts[i].is_text) continue;
        memcpy(&x, key + t->k->parts[i].word, 16);
        if (x.n <= TEXT_INLINE) continue;
        x.ptr = arena_copy(t->text, x.ptr, x.n);
        memcpy(key + t->k->parts[i].word, &x, 16);
    }
}

static rc add_group(struct ctx *cx, struct group_table *t, const uint64_t *key, uint32_t *out)
{
    size_t words = (size_t)t->k->words;
    if (t->n == t->cap) TRY(grow_groups(cx, t, t->cap * 2));
    memcpy(t->keys + t->n * words, key, 8 * words);
    own_texts(t, t->keys + t->n * words);
    *out = t->n++;
    return RC_OK;
}

static rc groups_direct(struct ctx *cx, struct group_table *t, const uint64_t *keys, int64_t n,
                        uint32_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t *slot = &t->slots[keys[i] - t->base];
        if (!*slot) {
            TRY(add_group(cx, t, &keys[i], &out[i]));
            *slot = out[i] + 1;
        }
        out[i] = *slot - 1;
    }
    return RC_OK;
}

static rc groups_word(struct ctx *cx, struct group_table *t, const uint64_t *keys, int64_t n,
                      uint32_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t h = hash_u64(keys[i]);
        uint32_t at = (uint32_t)h & t->mask, tag = (uint32_t)(h >> 32);
        for (;; at = (at + 1) & t->mask) {
            uint32_t s = t->slots[at];
            if (s && (t->tags[at] != tag || t->keys[s - 1] != keys[i])) continue;
            if (!s) {
                TRY(add_group(cx, t, &keys[i], &out[i]));
                t->slots[at] = out[i] + 1;
                t->tags[at] = tag;
                if (t->n * 2 > t->mask) TRY(grow_slots(cx, t));
            } else {
                out[i] = s - 1;
            }
            break;
        }
    }
    return RC_OK;
}

static rc groups_wide(struct ctx *cx, struct group_table *t, const uint64_t *keys, int64_t n,
                      uint32_t *out)
{
    size_t words = (size_t)t->k->words;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t *key = keys + (size_t)i * words;
        uint64_t h = key_hash(t->k, key);
        uint32_t at = (uint32_t)h & t->mask, tag = (uint32_t)(h >> 32);
        for (;; at = (at + 1) & t->mask) {
            uint32_t s = t->slots[at];
            if (s && (t->tags[at] != tag || !key_equal(t->k, t->keys + (s - 1) * words, key)))
                continue;
            if (!s) {
                TRY(add_group(cx, t, key, &out[i]));
                t->slots[at] = out[i] + 1;
                t->tags[at] = tag;
                if (t->n * 2 > t->mask) TRY(grow_slots(cx, t));
            } else {
                out[i] = s - 1;
            }
            break;
        }
    }
    return RC_OK;
}

rc table_groups(struct ctx *cx, struct group_table *t, const uint64_t *keys, int64_t n,
                uint32_t *out)
{
    if (t->k->form == KEY_NONE) {
        t->n = 1;
        memset(out, 0, 4 * (size_t)n);
        return RC_OK;
    }
    if (t->direct) return groups_direct(cx, t, keys, n, out);
    return t->k->words == 1 ? groups_word(cx, t, keys, n, out) : groups_wide(cx, t, keys, n, out);
}

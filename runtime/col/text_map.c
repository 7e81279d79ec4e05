/* text_map.c: open addressing, linear probing, stored hashes. */
#include "runtime/col/col_int.h"

#include "runtime/base/hash.h"

void text_map_init(struct text_map *m)
{
    *m = (struct text_map){.cap = 16, .mask = 63};
    m->keys = mem_alloc(sizeof *m->keys * 16);
    m->hashes = mem_alloc(sizeof *m->hashes * 16);
    m->slots = mem_zero(sizeof *m->slots * 64);
}

void text_map_release(struct text_map *m)
{
    mem_free(m->keys);
    mem_free(m->hashes);
    mem_free(m->slots);
}

/* A slot holds the high half of the hash and code + 1, so that few probes touch a key. */
static uint64_t slot_of(uint64_t hash, int32_t code)
{
    return hash >> 32 << 32 | ((uint64_t)code + 1);
}

static void grow(struct text_map *m)
{
    m->cap *= 2;
    m->keys = mem_realloc(m->keys, sizeof *m->keys * (size_t)m->cap);
    m->hashes = mem_realloc(m->hashes, sizeof *m->hashes * (size_t)m->cap);
    m->mask = (uint32_t)m->cap * 4 - 1;
    mem_free(m->slots);
    m->slots = mem_zero(sizeof *m->slots * ((size_t)m->mask + 1));
    for (int32_t i = 0; i < m->n; i++) {
        uint32_t at = (uint32_t)m->hashes[i] & m->mask;
        while (m->slots[at])
            at = (at + 1) & m->mask;
        m->slots[at] = slot_of(m->hashes[i], i);
    }
}

/* Long texts are hashed by their bytes, short ones as the two words that they are. */
static uint64_t hash_of(const struct text *t)
{
    uint64_t w[2];
    if (t->n > TEXT_INLINE) return hash_bytes(t->ptr, t->n);
    memcpy(w, t, sizeof w);
    return hash_mix(hash_u64(w[0]), w[1]);
}

static int32_t add_hashed(struct text_map *m, const struct text *t, uint64_t h)
{
    if (m->n == m->cap) grow(m);
    uint32_t at = (uint32_t)h & m->mask;
    for (; m->slots[at]; at = (at + 1) & m->mask) {
        uint64_t slot = m->slots[at];
        int32_t code = (int32_t)((slot & UINT32_MAX) - 1);
        if ((slot ^ h) >> 32 == 0 && text_eq(&m->keys[code], t)) return code;
    }
    m->keys[m->n] = *t;
    m->hashes[m->n] = h;
    m->slots[at] = slot_of(h, m->n);
    return m->n++;
}

int32_t text_map_add(struct text_map *m, const struct text *t)
{
    return add_hashed(m, t, hash_of(t));
}

/* In blocks, so that the misses of one text's slot and key overlap with those of others. */
void text_map_add_all(struct text_map *m, const struct text *t, int64_t n, int32_t *codes)
{
    enum { BLOCK = 64 };
    uint64_t h[BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        int k = n - at < BLOCK ? (int)(n - at) : BLOCK;
        for (int i = 0; i < k; i++) {
            h[i] = hash_of(&t[at + i]);
            __builtin_prefetch(&m->slots[(uint32_t)h[i] & m->mask]);
        }
        for (int i = 0; i < k; i++) {
            uint64_t slot = m->slots[(uint32_t)h[i] & m->mask];
            if (slot) __builtin_prefetch(&m->keys[(slot & UINT32_MAX) - 1]);
        }
        for (int i = 0; i < k; i++)
            codes[at + i] = add_hashed(m, &t[at + i], h[i]);
    }
}

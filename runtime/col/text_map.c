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
        m->slots[at] = (uint32_t)i + 1;
    }
}

int32_t text_map_add(struct text_map *m, const struct text *t)
{
    struct str s = text_str(t);
    uint64_t h = hash_bytes(s.p, s.n);
    uint32_t at = (uint32_t)h & m->mask;
    while (m->slots[at]) {
        int32_t code = (int32_t)m->slots[at] - 1;
        if (m->hashes[code] == h && text_eq(&m->keys[code], t)) return code;
        at = (at + 1) & m->mask;
    }
    if (m->n == m->cap) {
        grow(m);
        return text_map_add(m, t);
    }
    m->keys[m->n] = *t;
    m->hashes[m->n] = h;
    m->slots[at] = (uint32_t)m->n + 1;
    return m->n++;
}

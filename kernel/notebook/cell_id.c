/* cell_id.c: ids of cells. nbformat wants one for each; a text file holds only those a person
 * wrote, so that it does not fill up with noise. The others follow from place and content and are
 * the same each time the same text is written. */
#include "kernel/notebook/notebook_int.h"

#include "runtime/base/hash.h"

#define MADE_ID_LENGTH 8

static bool is_hex(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f'))) return false;
    return true;
}

/* Eight hex digits (nbformat, VS Code, ours) or a UUID (JupyterLab). */
bool is_made_id(const char *id)
{
    size_t n = strlen(id);
    if (n == MADE_ID_LENGTH) return is_hex(id, n);
    if (n != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-') return false;
    return is_hex(id, 8) && is_hex(id + 9, 4) && is_hex(id + 14, 4) && is_hex(id + 19, 4) &&
           is_hex(id + 24, 12);
}

static bool is_among(const char *const *ids, int n, const char *id)
{
    for (int i = 0; i < n; i++)
        if (ids[i] && strcmp(ids[i], id) == 0) return true;
    return false;
}

const char **notebook_ids(const struct notebook *nb, struct arena *a)
{
    const char **ids = (const char **)(void *)ARENA_ARRAY(a, char *, nb->n_cells + 1);
    int n = nb->n_cells;
    for (int i = 0; i < n; i++)
        if (nb->cells[i].id && !is_among(ids, i, nb->cells[i].id)) ids[i] = nb->cells[i].id;
    for (int i = 0; i < n; i++) {
        const struct cell *c = &nb->cells[i];
        uint64_t h = hash_mix(hash_bytes(c->source, c->n_source), (uint64_t)i * 8 + c->kind);
        while (!ids[i]) {
            const char *id = arena_printf(a, "%08x", (unsigned)(h >> 32));
            if (!is_among(ids, n, id)) ids[i] = id;
            h = hash_u64(h + 1);
        }
    }
    return ids;
}

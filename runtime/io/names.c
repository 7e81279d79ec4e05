/* names.c: column names that are there and differ. */
#include "runtime/io/io_int.h"

#include "runtime/base/hash.h"

struct slot {
    const char *name; /* NULL = free */
    int next;         /* number to try for the next repeat */
};
struct name_set {
    struct slot *slots;
    size_t mask;
};

static struct slot *find(const struct name_set *set, struct str s)
{
    size_t i = hash_bytes(s.p, s.n) & set->mask;
    while (set->slots[i].name && !str_eqz(s, set->slots[i].name))
        i = (i + 1) & set->mask;
    return &set->slots[i];
}

/* Adds; false when it was there. */
static bool add(struct name_set *set, const char *name)
{
    struct slot *slot = find(set, str_of(name));
    if (slot->name) return false;
    *slot = (struct slot){name, 2};
    return true;
}

static const char *numbered(struct arena *a, struct name_set *set, const char *name)
{
    struct slot *first = find(set, str_of(name));
    for (;;) {
        const char *next = arena_printf(a, "%s_%d", name, first->next++);
        if (add(set, next)) return next;
    }
}

const char **io_unique_names(struct arena *a, const struct str *names, int n, bool repair)
{
    const char **out = ARENA_ARRAY(a, const char *, n + 1);
    bool *is_fresh = ARENA_ARRAY(a, bool, n + 1);
    struct name_set set = {.mask = 15};
    while (set.mask < 4 * (size_t)n)
        set.mask = set.mask * 2 + 1;
    set.slots = mem_zero(sizeof *set.slots * (set.mask + 1));
    for (int i = 0; i < n; i++) {
        if (names[i].n == 0) continue;
        out[i] = arena_strndup(a, names[i].p, names[i].n);
        is_fresh[i] = add(&set, out[i]) || !repair;
    }
    for (int i = 0; i < n; i++) {
        if (is_fresh[i]) continue;
        const char *name = out[i] ? out[i] : arena_printf(a, "column_%d", i + 1);
        out[i] = !out[i] && add(&set, name) ? name : numbered(a, &set, name);
    }
    mem_free(set.slots);
    return out;
}

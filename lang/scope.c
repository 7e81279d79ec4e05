/* scope.c: variables and functions by name. A scope is made by a fn call or a lambda only; blocks
 * share the one around them. Names are few, so look-up is a linear walk from the newest. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

struct binding {
    char *name;
    size_t n_name;
    struct value *value;
    bool is_fn; /* functions live apart from variables */
};
struct scope {
    atomic_int refs;
    struct scope *parent;
    bool is_weak; /* the parent is the session's scope, not counted (a fn there may hold us) */
    struct binding *all;
    int n, cap;
    struct name_log *log; /* the session's scope only: what a cell uses and sets; or NULL */
};

/* ---- what a cell uses and sets ---- */
static bool is_listed(const struct str *names, int n, struct str name)
{
    for (int i = n - 1; i >= 0; i--)
        if (str_eq(names[i], name)) return true;
    return false;
}
static void list(struct arena *a, struct str **names, int *n, struct str name)
{
    if (is_listed(*names, *n, name)) return;
    if ((*n & (*n - 1)) == 0) {
        struct str *more = ARENA_ARRAY(a, struct str, *n ? 2 * *n : 1);
        if (*n) memcpy(more, *names, sizeof **names * (size_t)*n);
        *names = more;
    }
    (*names)[(*n)++] = arena_str(a, name);
}
void scope_log(struct scope *s, struct name_log *log)
{
    s->log = log;
}

struct scope *scope_new(struct scope *parent)
{
    struct scope *s = mem_zero(sizeof *s);
    atomic_init(&s->refs, 1);
    s->parent = scope_ref(parent);
    return s;
}
struct scope *scope_ref(struct scope *s)
{
    if (s) atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}
void scope_clear(struct scope *s)
{
    /* Taken out first: releasing a lambda may come back here through its closure. */
    struct binding *all = s->all;
    int n = s->n;
    s->all = NULL;
    s->n = s->cap = 0;
    for (int i = 0; i < n; i++) {
        mem_free(all[i].name);
        value_unref(all[i].value);
    }
    mem_free(all);
}
void scope_unref(struct scope *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
    scope_clear(s);
    if (!s->is_weak) scope_unref(s->parent);
    mem_free(s);
}
static struct binding *find_here(const struct scope *s, struct str name, bool is_fn)
{
    for (int i = s->n - 1; i >= 0; i--) {
        struct binding *b = &s->all[i];
        if (b->is_fn == is_fn && b->n_name == name.n && memcmp(b->name, name.p, name.n) == 0)
            return b;
    }
    return NULL;
}
static void set(struct scope *s, struct str name, struct value *take_v, bool is_fn)
{
    struct binding *b = find_here(s, name, is_fn);
    if (s->log) list(s->log->arena, &s->log->set, &s->log->n_set, name);
    if (b) {
        struct value *old = b->value;
        b->value = take_v;
        value_unref(old);
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 8;
        s->all = mem_realloc(s->all, sizeof *s->all * (size_t)s->cap);
    }
    s->all[s->n++] = (struct binding){mem_strndup(name.p, name.n), name.n, take_v, is_fn};
}
/* What a lambda or fn captures: the names in sight below `globals` as they are now. A copy, so that
 * a scope never holds a fn that holds the scope. NULL when there are none. */
struct scope *scope_capture(struct scope *s, struct scope *globals)
{
    struct scope *copy = NULL;
    for (struct scope *at = s; at && at != globals; at = at->parent)
        for (int i = 0; i < at->n; i++) {
            const struct binding *b = &at->all[i];
            struct str name = {b->name, b->n_name};
            if (!copy) copy = scope_new(NULL);
            if (find_here(copy, name, b->is_fn)) continue;
            set(copy, name, value_ref(b->value), b->is_fn);
        }
    if (copy) {
        copy->parent = globals;
        copy->is_weak = true;
    }
    return copy;
}

static const struct value *find(const struct scope *s, struct str name, bool is_fn)
{
    for (; s; s = s->parent) {
        const struct binding *b = find_here(s, name, is_fn);
        if (b) return b->value;
    }
    return NULL;
}
static const struct value *find_noted(const struct scope *s, struct str name, bool is_fn)
{
    for (; s; s = s->parent) {
        const struct binding *b = find_here(s, name, is_fn);
        if (!b) continue;
        if (s->log && !is_listed(s->log->set, s->log->n_set, name))
            list(s->log->arena, &s->log->used, &s->log->n_used, name);
        return b->value;
    }
    return NULL;
}
const struct value *scope_get(const struct scope *s, struct str name)
{
    return find_noted(s, name, false);
}
const struct value *scope_peek(const struct scope *s, struct str name)
{
    return find(s, name, false);
}
const struct value *scope_fn(const struct scope *s, struct str name)
{
    const struct value *fn = find_noted(s, name, true);
    if (fn) return fn;
    const struct value *v = find(s, name, false);
    return v && v->kind == VALUE_FN ? find_noted(s, name, false) : NULL;
}
const struct value *scope_peek_fn(const struct scope *s, struct str name)
{
    return find(s, name, true);
}

void scope_set(struct scope *s, struct str name, struct value *take_v)
{
    set(s, name, take_v, false);
}
void scope_set_fn(struct scope *s, struct str name, struct value *take_v)
{
    set(s, name, take_v, true);
}

void scope_drop(struct scope *s, struct str name)
{
    for (; s; s = s->parent) {
        struct binding *b = find_here(s, name, false);
        if (!b) continue;
        struct binding old = *b;
        *b = s->all[--s->n];
        mem_free(old.name);
        value_unref(old.value);
        return;
    }
}

static int names_of(const struct scope *s, struct arena *a, bool is_fn, struct str **out)
{
    int cap = 0, n = 0;
    for (const struct scope *at = s; at; at = at->parent)
        cap += at->n;
    struct str *names = ARENA_ARRAY(a, struct str, cap + 1);
    for (const struct scope *at = s; at; at = at->parent)
        for (int i = 0; i < at->n; i++) {
            const struct binding *b = &at->all[i];
            struct str name = {b->name, b->n_name};
            if (b->is_fn != is_fn || find(s, name, is_fn) != b->value) continue;
            names[n++] = arena_str(a, name);
        }
    *out = names;
    return n;
}
int scope_names(const struct scope *s, struct arena *a, struct str **out)
{
    return names_of(s, a, false, out);
}
int scope_fn_names(const struct scope *s, struct arena *a, struct str **out)
{
    return names_of(s, a, true, out);
}

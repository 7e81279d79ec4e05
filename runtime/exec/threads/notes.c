/* notes.c: see notes.h. */
#include "runtime/exec/threads/notes.h"

/* Each piece is evaluated by expressions of its own: a call is known by where it stands. */
static bool is_same(const struct held_note *n, const struct expr *call, const char *what)
{
    return n->call->fn == call->fn && n->call->span.from == call->span.from &&
           n->call->span.to == call->span.to && strcmp(n->what, what) == 0;
}

void held_add(struct run *r, const struct expr *call, const char *what, const struct fn_note *note)
{
    struct held_note **at = &r->held->first, *n;
    struct fn_note moved = *note;
    while (*at && !is_same(*at, call, what))
        at = &(*at)->next;
    if (!*at) {
        n = *at = arena_zero(r->arena, sizeof **at);
        n->call = expr_copy(r->arena, call);
        n->what = arena_strndup(r->arena, what, strlen(what));
    }
    for (int i = 0; i < 3; i++)
        moved.rows[i] += r->held->rows;
    fn_note_merge(&(*at)->sum, &moved);
}

rc held_eval(struct held *h, struct run *r, struct table *t, const struct expr *const *e, int n,
             const struct plan *node, struct column **out)
{
    struct held *before = r->held;
    r->held = h;
    enum rc_t res = table_eval(r, t, e, n, node, out);
    r->held = before;
    h->rows += t->n_rows;
    return res;
}

void held_tell(struct held *h, struct run *r)
{
    for (const struct held_note *n = h->first; n; n = n->next)
        fn_note_warn(r->cx, n->call->fn, &n->sum, n->what, h->rows > 1 ? h->rows : 2,
                     n->call->span);
    h->first = NULL;
}

/* parse_node.c: making nodes. Each knows its height, so that no tree is higher than recursion over
 * it can bear, however flat its source looks. */
#include "lang/syntax/parse_int.h"

struct node {
    struct ast ast;
    int height;
};

static int height_of(const struct ast *e)
{
    return e ? ((const struct node *)(const void *)e)->height : 0;
}

struct ast *node_new(struct parser *p, enum ast_op op, uint32_t from, uint32_t to)
{
    struct node *node = ARENA_NEW(p->a, struct node);
    node->ast.op = op;
    node->ast.span = span_of(p, from, to);
    node->ast.text = STR("");
    node->height = 1;
    return &node->ast;
}

void node_kids(struct parser *p, struct ast *e, int n, const struct ast *const *kids)
{
    const struct ast **copy = ARENA_ARRAY(p->a, const struct ast *, n);
    if (n > 0) memcpy(copy, kids, (size_t)n * sizeof *copy);
    e->kids = copy;
    e->n_kids = n;
}

struct ast *node_of(struct parser *p, enum ast_op op, uint32_t from, uint32_t to, int n,
                    const struct ast *const *kids)
{
    struct ast *e = node_new(p, op, from, to);
    node_kids(p, e, n, kids);
    return node_done(p, e) ? e : NULL;
}

static int max_of(int a, int b)
{
    return a > b ? a : b;
}
static int items_height(const struct ast_item *items, int n)
{
    int height = 0;
    for (int i = 0; i < n; i++)
        height = max_of(height, height_of(items[i].expr));
    return height;
}

const struct ast *node_done(struct parser *p, struct ast *e)
{
    int height = items_height(e->options, e->n_options);
    for (int i = 0; i < e->n_kids; i++)
        height = max_of(height, height_of(e->kids[i]));
    for (int i = 0; e->defaults && i < e->n_names; i++)
        height = max_of(height, height_of(e->defaults[i]));
    for (int i = 0; i < e->n_steps; i++) {
        const struct ast_step *s = &e->steps[i];
        height = max_of(height, items_height(s->items, s->n_items));
        height = max_of(height, items_height(s->by, s->n_by));
        height = max_of(height, items_height(s->sort, s->n_sort));
        height = max_of(height, items_height(s->on, s->n_on));
    }
    ((struct node *)(void *)e)->height = height + 1;
    if (height < PARSE_MAX_HEIGHT) return e;
    if (e->op == AST_BLOCK) return e;
    return err_at(p, E109, node_from(p, e), e->span.to - p->opts->offset,
                  "this expression is too long: more than %d operators in a row", PARSE_MAX_HEIGHT);
}

uint32_t node_from(const struct parser *p, const struct ast *e)
{
    return e->span.from - p->opts->offset;
}

void *list_add(struct parser *p, struct list *l, size_t size)
{
    if (l->n == l->cap) {
        int cap = l->cap ? 2 * l->cap : 4;
        void *bigger = arena_zero(p->a, mem_mul(size, (size_t)cap));
        if (l->n > 0) memcpy(bigger, l->p, size * (size_t)l->n);
        l->p = bigger;
        l->cap = cap;
    }
    return (char *)l->p + size * (size_t)l->n++;
}

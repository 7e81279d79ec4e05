/* facets.c: small charts beside each other: by one column, wrapped, or by two as a grid. Two
 * columns are joined to one that the kinds see; which row and column of the grid a panel stands in
 * is looked up afterwards in the combinations that occur. */
#include "plotting/stat/stat.h"

#include <math.h>

enum { PANELS_MOST = 50 };
#define JOINED ".panels"

const struct chart_input *build_panel_input(const struct chart_build *b)
{
    if (b->in[CHART_FACET_COLUMN].column) return &b->in[CHART_FACET_COLUMN];
    return b->in[CHART_FACET_ROW].column ? &b->in[CHART_FACET_ROW] : NULL;
}

static const struct expr *field(struct chart_build *b, int i)
{
    const struct field *f = &b->data->schema->fields[i];
    return expr_column(b->cx->arena, f->name, f->type, b->spec->span);
}

static rc call2(struct chart_build *b, const char *fn, const struct expr *x, const struct expr *y,
                const struct expr **out)
{
    const struct expr *args[] = {x, y};
    return expr_call(b->cx, b->cx->arena, fn_find(str_of(fn)), args, 2, b->spec->span, out);
}

/* The column as text; a null as a text that no value has. */
static rc text_of(struct chart_build *b, const struct chart_input *in, const struct expr **out)
{
    struct scalar none = {.type = DTYPE(KIND_STR), .u.s = STR("\x02")};
    const struct expr *e = field(b, schema_find(b->data->schema, str_of(in->column)));
    TRY(expr_cast(b->cx, b->cx->arena, e, KIND_STR, &e));
    return call2(b, "??", e, expr_literal(b->cx->arena, &none, b->spec->span), out);
}

static rc joined_text(struct chart_build *b, const struct expr **out)
{
    struct scalar between = {.type = DTYPE(KIND_STR), .u.s = STR("\x01")};
    const struct expr *row, *col, *sep = expr_literal(b->cx->arena, &between, b->spec->span);
    TRY(text_of(b, &b->in[CHART_FACET_ROW], &row));
    TRY(text_of(b, &b->in[CHART_FACET_COLUMN], &col));
    TRY(call2(b, "concat", row, sep, &row));
    return call2(b, "concat", row, col, out);
}

rc build_join_facets(struct chart_build *b)
{
    struct plan *p;
    const struct schema *s = b->data->schema;
    if (!b->in[CHART_FACET_ROW].column || !b->in[CHART_FACET_COLUMN].column) return RC_OK;
    struct named_expr *items = ARENA_ARRAY(b->cx->arena, struct named_expr, s->n + 1);
    for (int i = 0; i < s->n; i++)
        items[i] = (struct named_expr){s->fields[i].name, field(b, i)};
    items[s->n].name = JOINED;
    TRY(joined_text(b, &items[s->n].expr));
    TRY(plan_project(b->cx, b->data, items, s->n + 1, b->spec->span, &p));
    plan_unref(b->data);
    b->data = p;
    b->facet_row = b->in[CHART_FACET_ROW];
    b->facet_column = b->in[CHART_FACET_COLUMN];
    b->in[CHART_FACET_ROW] = (struct chart_input){0};
    struct chart_input *both = &b->in[CHART_FACET_COLUMN];
    both->column = JOINED;
    both->type = DTYPE(KIND_STR);
    both->title = arena_printf(b->a, "%s, %s", b->facet_row.title, b->facet_column.title);
    return RC_OK;
}

static struct chart_levels *named_levels(struct chart_build *b, const char *title,
                                         const struct chart_levels *l)
{
    struct chart_levels *named = ARENA_NEW(b->a, struct chart_levels);
    named->n = l->n;
    named->text = ARENA_ARRAY(b->a, const char *, l->n + 1);
    for (int i = 0; i < l->n; i++)
        named->text[i] = arena_printf(b->a, "%s = %s", title, l->text[i]);
    return named;
}

static rc too_many(struct chart_build *b, const struct chart_input *in, int n)
{
    bool is_time = in->type.kind == KIND_DATE || in->type.kind == KIND_DATETIME;
    bool is_text = in->type.kind == KIND_STR || in->type.kind == KIND_CAT;
    fail(b->cx, E501, in->span, "`%s` has %d values, too many panels for one chart (at most %d)",
         in->title, n, PANELS_MOST);
    if (is_text) return RC_ERR;
    return err_hint(b->cx, is_time ? "facet: bin(%s, 1w)" : "facet: bin(%s, 10)", in->column);
}

/* ---- the grid ---- */
struct grid {
    struct stat_levels rows, cols;
    struct table *t; /* combinations: row, column, both */
};

static rc read_grid(struct chart_build *b, struct grid *g)
{
    const struct stat_item items[] = {{"count", NULL, NAN}};
    const struct chart_input *keys[] = {&b->facet_row, &b->facet_column,
                                        &b->in[CHART_FACET_COLUMN]};
    TRY(stat_groups(b, keys, 3, items, 1, &g->t));
    TRY(stat_levels_of(b, g->t->cols[0], NULL, ORDER_NATURAL, false, &g->rows));
    TRY(stat_levels_of(b, g->t->cols[1], NULL, ORDER_NATURAL, false, &g->cols));
    int n_rows = g->rows.levels->n, n_cols = g->cols.levels->n;
    if ((int64_t)n_rows * n_cols <= PANELS_MOST) return RC_OK;
    return n_rows > n_cols ? too_many(b, &b->facet_row, n_rows)
                           : too_many(b, &b->facet_column, n_cols);
}

static void place_grid(struct chart_build *b, const struct grid *g, const struct stat_levels *l)
{
    struct chart_panels *p = &b->c->panels;
    int n = l->levels->n, *row = ARENA_ARRAY(b->a, int, n), *col = ARENA_ARRAY(b->a, int, n);
    struct chart_levels *all = ARENA_NEW(b->a, struct chart_levels);
    all->n = n;
    all->text = ARENA_ARRAY(b->a, const char *, n + 1);
    memcpy(all->text, l->levels->text, sizeof *all->text * (size_t)n);
    p->rows = named_levels(b, b->facet_row.title, g->rows.levels);
    p->cols = named_levels(b, b->facet_column.title, g->cols.levels);
    for (int64_t r = 0; r < g->t->n_rows; r++) {
        struct scalar v = column_scalar(g->t->cols[2], r);
        int at = stat_set_find(&l->set, v.u.s, v.is_null);
        if (at < 0) continue;
        at = l->rank[at];
        row[at] = (int)g->rows.at[r];
        col[at] = (int)g->cols.at[r];
        all->text[at] =
            arena_printf(b->a, "%s, %s", p->rows->text[row[at]], p->cols->text[col[at]]);
    }
    p->levels = all;
    p->row = row;
    p->col = col;
    p->columns = p->cols->n;
}

rc build_panels(struct chart_build *b, const struct stat_levels *l)
{
    struct chart_panels *p = &b->c->panels;
    if (l->levels->n == 0) return RC_OK; /* no rows: one empty panel */
    if (b->facet_row.column) {
        struct grid g = {0};
        enum rc_t res = read_grid(b, &g);
        if (res == RC_OK) place_grid(b, &g, l);
        table_unref(g.t);
        return res;
    }
    const struct chart_input *in = build_panel_input(b);
    int n = l->levels->n;
    if (n > PANELS_MOST) return too_many(b, in, n);
    p->levels = named_levels(b, in->title, l->levels);
    p->columns = n <= 4 ? n : n <= 6 || n == 9 ? 3 : 4;
    return RC_OK;
}

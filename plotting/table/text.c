/* text.c: a frame as a light box for terminals and text/plain. Column widths come from the shown
 * cells; when the box is wider than the view, text columns give way first, then columns leave from
 * the middle and are named under the box. Two passes over the shown cells (measure, print), so
 * `show all` of a long frame keeps nothing. */
#include "plotting/table/table_int.h"

#include "runtime/base/num.h"
#include "runtime/base/utf8.h"

enum {
    NAME_CELLS = 24, /* longer names are cut when the box must shrink */
    TEXT_LEAST = 16, /* text columns shrink to this before columns leave */
    TYPE_CELLS = 14,
    MISSING_LINES = 4,
};

struct box_column {
    struct cell_format f;
    struct str name; /* escaped */
    const char *type;
    int64_t natural, least, width;
};
struct box {
    const struct table *t;
    const struct table_view *view;
    struct shown_rows rows;
    struct arena *arena;
    struct box_column *cols; /* [n] */
    int n, left, right;      /* columns shown: the first `left` and the last `right` */
    struct strbuf cell;      /* scratch */
    struct strbuf *out;
};

/* ---- widths ---- */
static int64_t at_least(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool is_flexible(const struct box_column *c)
{
    enum kind k = c->f.column->type.kind;
    return k == KIND_STR || k == KIND_CAT || k == KIND_LIST || k == KIND_STRUCT;
}

static void measure_column(struct box *b, int i)
{
    struct box_column *c = &b->cols[i];
    struct strbuf name = {0};
    table_cell_escape(&name, str_of(b->t->schema->fields[i].name));
    c->name = arena_str(b->arena, strbuf_view(&name));
    strbuf_release(&name);
    char type[200];
    c->type = dtype_text(b->t->schema->fields[i].type, type, sizeof type);
    c->type = arena_strndup(b->arena, c->type, strlen(c->type));
    c->f = table_cell_format(b->t->cols[i], &b->rows, b->t, b->view->digits);
    int64_t cells = 0;
    for (int64_t r = 0; r < b->rows.n; r++) {
        strbuf_clear(&b->cell);
        (void)table_cell_text(&b->cell, &c->f, shown_row(&b->rows, b->t, r));
        cells = at_least(cells, utf8_width(strbuf_view(&b->cell).p, b->cell.n));
    }
    int64_t name_cells = utf8_width(c->name.p, c->name.n);
    int64_t type_cells = utf8_width(c->type, strlen(c->type));
    c->natural = at_least(at_least(cells, name_cells), at_least(type_cells, 1));
    int64_t needed = is_flexible(c) ? at_most(cells, TEXT_LEAST) : cells;
    c->least = at_least(at_least(needed, at_most(name_cells, NAME_CELLS)),
                        at_least(at_most(type_cells, TYPE_CELLS), 1));
    c->width = c->natural;
}

static bool is_shown(const struct box *b, int i)
{
    return i < b->left || i >= b->n - b->right;
}

/* Cells of the box with every column at min(natural, max(least, level)). */
static int64_t box_cells(const struct box *b, int64_t level)
{
    int64_t sum = 1;
    for (int i = 0; i < b->n; i++)
        if (is_shown(b, i))
            sum += 3 + at_most(b->cols[i].natural, at_least(b->cols[i].least, level));
    return sum + (b->left + b->right < b->n ? 4 : 0);
}

/* Gives the shown columns the widest common limit that fits. */
static void set_widths(struct box *b)
{
    int64_t top = 1;
    for (int i = 0; i < b->n; i++)
        if (is_shown(b, i)) top = at_least(top, b->cols[i].natural);
    int64_t low = 1; /* binary search for the highest level that fits */
    if (box_cells(b, top) > b->view->width) {
        while (low < top) {
            int64_t mid = low + (top - low + 1) / 2;
            if (box_cells(b, mid) <= b->view->width)
                low = mid;
            else
                top = mid - 1;
        }
    } else {
        low = top;
    }
    for (int i = 0; i < b->n; i++)
        b->cols[i].width = at_most(b->cols[i].natural, at_least(b->cols[i].least, low));
}

static bool try_columns(struct box *b, int left, int right)
{
    int was_left = b->left, was_right = b->right;
    b->left = left;
    b->right = right;
    if (left + right <= b->n && box_cells(b, 1) <= b->view->width) return true;
    b->left = was_left;
    b->right = was_right;
    return false;
}

/* Keeps columns from both ends, in turn, as long as they fit at their least widths. */
static void choose_columns(struct box *b)
{
    b->left = b->n;
    b->right = 0;
    if (b->view->width <= 0 || b->n == 0) return;
    if (box_cells(b, 1) > b->view->width) {
        b->left = 1;
        bool can_left = true, can_right = true;
        while ((can_left || can_right) && b->left + b->right < b->n) {
            bool is_left = can_left && (!can_right || b->left <= b->right);
            if (is_left)
                can_left = try_columns(b, b->left + 1, b->right);
            else
                can_right = try_columns(b, b->left, b->right + 1);
        }
    }
    set_widths(b);
    if (b->left + b->right == 1) { /* one column alone may be wider than the view */
        int64_t room = b->view->width - (b->n > 1 ? 8 : 4);
        b->cols[0].width = at_least(at_most(b->cols[0].width, room), 1);
    }
}

/* ---- printing ---- */
static void dim(struct box *b, bool on)
{
    if (b->view->color) strbuf_addz(b->out, on ? "\033[2m" : "\033[22m");
}

static void put_fill(struct strbuf *out, const char *piece, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        strbuf_addz(out, piece);
}

static void put_rule(struct box *b, const char *left, const char *cross, const char *right)
{
    if (b->view->no_box) return;
    strbuf_addz(b->out, left);
    bool is_first = true;
    for (int i = 0; i < b->n; i++) {
        if (!is_shown(b, i) && i != b->left) continue;
        if (!is_first) strbuf_addz(b->out, cross);
        put_fill(b->out, "─", is_shown(b, i) ? b->cols[i].width + 2 : 3);
        is_first = false;
    }
    strbuf_addz(b->out, right);
    strbuf_addc(b->out, '\n');
}

static void put_padded(struct box *b, struct str s, const struct box_column *c, bool is_dim)
{
    struct strbuf cut = {0};
    table_cell_cut(&cut, s, c->width);
    struct str v = strbuf_view(&cut);
    int64_t pad = c->width - utf8_width(v.p, v.n);
    strbuf_addc(b->out, ' ');
    if (c->f.is_right) put_fill(b->out, " ", pad);
    if (is_dim) dim(b, true);
    strbuf_adds(b->out, v);
    if (is_dim) dim(b, false);
    if (!c->f.is_right) put_fill(b->out, " ", pad);
    strbuf_addc(b->out, ' ');
    strbuf_release(&cut);
}

enum line_kind { LINE_NAMES, LINE_TYPES, LINE_GAP, LINE_ROW };
static void put_cell(struct box *b, enum line_kind kind, int64_t row, int i)
{
    struct box_column *c = &b->cols[i];
    if (kind == LINE_NAMES) {
        put_padded(b, c->name, c, false);
    } else if (kind == LINE_TYPES) {
        put_padded(b, str_of(c->type), c, true);
    } else if (kind == LINE_GAP) {
        put_padded(b, STR("…"), c, true);
    } else {
        strbuf_clear(&b->cell);
        bool is_value = table_cell_text(&b->cell, &c->f, row);
        put_padded(b, strbuf_view(&b->cell), c, !is_value);
    }
}

static void put_line(struct box *b, enum line_kind kind, int64_t row)
{
    const char *wall = b->view->no_box ? "" : "│";
    strbuf_addz(b->out, wall);
    for (int i = 0; i < b->n; i++) {
        if (is_shown(b, i)) {
            put_cell(b, kind, row, i);
            strbuf_addz(b->out, wall);
        } else if (i == b->left) {
            strbuf_addz(b->out, kind == LINE_TYPES ? "   " : " … ");
            strbuf_addz(b->out, wall);
        }
    }
    while (b->view->no_box && b->out->p[b->out->n - 1] == ' ')
        b->out->n--;
    strbuf_addc(b->out, '\n');
}

/* "12 columns not shown: a int, b str" wrapped at the view's width, at most MISSING_LINES lines. */
static void put_missing(struct box *b)
{
    int n = b->n - b->left - b->right;
    if (n == 0) return;
    int64_t width = b->view->width, used;
    struct strbuf line = {0};
    strbuf_printf(&line, "\n%d column%s not shown: ", n, n == 1 ? "" : "s");
    used = (int64_t)line.n - 1;
    int lines = 1;
    for (int i = b->left; i < b->n - b->right; i++) {
        struct strbuf item = {0};
        table_cell_cut(&item, b->cols[i].name, at_least(width - TYPE_CELLS - 16, 8));
        strbuf_addc(&item, ' ');
        table_cell_cut(&item, str_of(b->cols[i].type), TYPE_CELLS);
        int left = b->n - b->right - i - 1;
        if (left) strbuf_addz(&item, ", ");
        int64_t cells = utf8_width(item.p, item.n);
        int64_t room = lines == MISSING_LINES ? width - 16 : width;
        bool wraps = used + cells - (left ? 1 : 0) > room;
        if (wraps && lines == MISSING_LINES) {
            strbuf_printf(&line, "… %d more", left + 1);
            strbuf_release(&item);
            break;
        }
        if (wraps) {
            line.n -= line.n && line.p[line.n - 1] == ' ';
            strbuf_addz(&line, "\n  ");
            used = 2;
            lines++;
        }
        strbuf_adds(&line, strbuf_view(&item));
        used += cells;
        strbuf_release(&item);
    }
    strbuf_adds(b->out, strbuf_view(&line));
    strbuf_release(&line);
}

static void put_body(struct box *b)
{
    put_rule(b, "┌", "┬", "┐");
    put_line(b, LINE_NAMES, 0);
    put_line(b, LINE_TYPES, 0);
    if (b->rows.n) put_rule(b, "├", "┼", "┤");
    for (int64_t r = 0; r < b->rows.n; r++) {
        if (b->rows.has_gap && r == b->rows.head) put_line(b, LINE_GAP, 0);
        put_line(b, LINE_ROW, shown_row(&b->rows, b->t, r));
    }
    put_rule(b, "└", "┴", "┘");
}

void table_text(struct strbuf *out, const struct table *t, const struct table_view *view)
{
    struct box b = {.t = t, .view = view, .out = out, .n = t->schema->n, .arena = arena_new()};
    b.rows = table_shown_rows(t, view, INT64_MAX);
    b.cols = ARENA_ARRAY(b.arena, struct box_column, b.n);
    for (int i = 0; i < b.n; i++)
        measure_column(&b, i);
    choose_columns(&b);
    if (b.n) put_body(&b);
    dim(&b, true);
    table_dims(out, t, view, &b.rows);
    put_missing(&b);
    dim(&b, false);
    strbuf_release(&b.cell);
    arena_free(b.arena);
}

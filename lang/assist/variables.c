/* variables.c: the variables of a snapshot as a list: `.vars`, variable panels. */
#include "lang/assist/assist_int.h"

#define PREVIEW_BYTES 200
#define MAX_PARTS     1000

/* One line, at most PREVIEW_BYTES, whole characters. */
static struct str one_line(struct arena *a, struct str s)
{
    size_t n = s.n > PREVIEW_BYTES ? PREVIEW_BYTES : s.n;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    char *copy = arena_printf(a, "%.*s%s", (int)n, s.p ? s.p : "", n < s.n ? ".." : "");
    for (char *p = copy; *p; p++)
        if (*p == '\n') *p = ' ';
    return str_of(copy);
}

static bool has_short_text(const struct value *v)
{
    bool is_long = v->kind == VALUE_LIST && value_length(v) > 50;
    return !is_long && (v->kind == VALUE_SCALAR || v->kind == VALUE_STRUCT ||
                        v->kind == VALUE_RANGE || v->kind == VALUE_LIST);
}

static struct str preview(struct arena *a, const struct lang_variable *x, const struct value *v)
{
    if (v->kind == VALUE_FRAME && x->rows < 0)
        return str_of(arena_printf(a, "%d column%s, rows not computed yet", x->columns,
                                   x->columns == 1 ? "" : "s"));
    if (v->kind == VALUE_FRAME)
        return str_of(arena_printf(a, "%lld row%s x %d column%s", (long long)x->rows,
                                   x->rows == 1 ? "" : "s", x->columns,
                                   x->columns == 1 ? "" : "s"));
    if (!has_short_text(v)) {
        if (x->rows >= 0) return str_of(arena_printf(a, "%lld values", (long long)x->rows));
        return str_of(x->type);
    }
    struct strbuf text = {0};
    value_text(&text, v, true);
    struct str out = one_line(a, strbuf_view(&text));
    strbuf_release(&text);
    return out;
}

static void add_columns(struct arena *a, struct lang_variable *x, const struct schema *s)
{
    char type[128];
    x->parts = ARENA_ARRAY(a, struct lang_variable, s->n + 1);
    for (int i = 0; i < s->n && i < MAX_PARTS; i++) {
        const char *name = s->fields[i].name;
        dtype_text(s->fields[i].type, type, sizeof type);
        char *own = arena_strndup(a, type, strlen(type));
        x->parts[x->n_parts++] =
            (struct lang_variable){.name = arena_strndup(a, name, strlen(name)),
                                   .type = own,
                                   .rows = -1,
                                   .bytes = -1,
                                   .columns = -1,
                                   .preview = str_of(own)};
    }
}

/* Memory of a value that is no frame, as far as it is its own; -1 = not known. */
static int64_t bytes_of(const struct value *v)
{
    int64_t sum = 0;
    if (v->kind == VALUE_LIST && v->column) return column_bytes(v->column);
    if (v->kind == VALUE_SCALAR) {
        bool is_text = v->scalar.type.kind == KIND_STR || v->scalar.type.kind == KIND_CAT;
        return !v->scalar.is_null && is_text ? (int64_t)v->scalar.u.s.n : 8;
    }
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRUCT) return -1;
    for (int i = 0; i < v->n_items && i < MAX_PARTS; i++) {
        int64_t part = bytes_of(v->items[i]);
        if (part < 0) return -1;
        sum += part;
    }
    return v->n_items > MAX_PARTS ? -1 : sum;
}

static void fill(struct arena *a, struct lang_variable *x, const struct value *v,
                 const struct table *rows)
{
    char type[128];
    value_type_text(v, type, sizeof type);
    x->type = arena_strndup(a, type, strlen(type));
    x->rows = x->columns = -1;
    x->bytes = bytes_of(v);
    if (v->kind == VALUE_FRAME) {
        x->columns = v->plan->schema->n;
        if (rows) x->rows = rows->n_rows;
        if (rows) x->bytes = table_bytes(rows);
        add_columns(a, x, v->plan->schema);
    } else if (v->kind == VALUE_LIST) {
        x->rows = value_length(v);
    } else if (v->kind == VALUE_STRUCT) {
        x->parts = ARENA_ARRAY(a, struct lang_variable, v->n_items + 1);
        for (int i = 0; i < v->n_items && i < MAX_PARTS; i++) {
            struct lang_variable *part = &x->parts[x->n_parts++];
            part->name = arena_strndup(a, v->names[i], strlen(v->names[i]));
            fill(a, part, v->items[i], NULL);
        }
    }
    x->preview = preview(a, x, v);
}

int lang_snapshot_variables(const struct lang_snapshot *s, struct arena *a,
                            struct lang_variable **out)
{
    struct lang_variable *all = ARENA_ARRAY(a, struct lang_variable, s->n + 1);
    for (int i = 0; i < s->n; i++) {
        memset(&all[i], 0, sizeof all[i]);
        all[i].name = arena_strndup(a, s->names[i].p, s->names[i].n);
        fill(a, &all[i], s->values[i], s->tables[i]);
    }
    *out = all;
    return s->n;
}

/* arrow_c.c: the C data interface: tables handed over between libraries of one process, without
 * copies of their values. */
#include "runtime/col/arrow.h"

#include "runtime/col/col_int.h"

#define NULLABLE 2
#define ORDERED  1

/* ---- import: the foreign memory lives until the last column that points into it is gone ---- */
static void release_array(void *arg)
{
    struct ArrowArray *a = arg;
    if (a->release) a->release(a);
    mem_free(a);
}

static rc take_field(struct ctx *cx, const struct ArrowSchema *s, int depth, struct arrow_field *f)
{
    if (!s || !s->format || depth > 64 || s->n_children < 0 || s->n_children > 100000)
        return fail(cx, E302, NO_SPAN, "the schema handed over is not complete");
    f->name = arena_strndup(cx->arena, s->name ? s->name : "", s->name ? strlen(s->name) : 0);
    f->format = arena_strndup(cx->arena, s->format, strlen(s->format));
    f->is_ordered = s->flags & ORDERED;
    f->n_children = (int)s->n_children;
    f->children = ARENA_ARRAY(cx->arena, struct arrow_field, s->n_children + 1);
    for (int i = 0; i < f->n_children; i++)
        TRY(take_field(cx, s->children[i], depth + 1, &f->children[i]));
    if (!s->dictionary) return RC_OK;
    f->dictionary = ARENA_NEW(cx->arena, struct arrow_field);
    return take_field(cx, s->dictionary, depth + 1, f->dictionary);
}

/* Sizes that the interface leaves to the format. Buffer i of array a; SIZE_MAX where nothing tells.
 */
static size_t buffer_size(const struct arrow_field *f, const struct ArrowArray *a, int i)
{
    int64_t n = a->offset + a->length, end = 0;
    const char *format = f->format;
    if (!a->buffers[i]) return 0;
    if (i == 0 && format[0] != 'n') return (size_t)((n + 7) / 8);
    if (i < 2 || !strchr("uUzZ", format[0])) return SIZE_MAX / 4;
    bool is_large = format[0] == 'U' || format[0] == 'Z';
    if (!a->buffers[1]) return 0;
    if (is_large)
        end = ((const int64_t *)a->buffers[1])[n];
    else
        end = ((const int32_t *)a->buffers[1])[n];
    return end < 0 ? 0 : (size_t)end;
}

static rc take_array(struct ctx *cx, const struct arrow_field *f, const struct ArrowArray *a,
                     struct buf *owner, struct arrow_data *d)
{
    if (!a || a->length < 0 || a->offset < 0 || a->n_children != f->n_children ||
        a->n_buffers < 0 || (a->n_buffers && !a->buffers))
        return fail(cx, E302, NO_SPAN, "the array of column `%s` is not complete", f->name);
    bool is_view = f->format[0] == 'v';
    int n = (int)a->n_buffers - (is_view ? 1 : 0); /* the last one holds the heaps' sizes */
    if (n < arrow_buffer_count(f))
        return fail(cx, E302, NO_SPAN, "the array of column `%s` lacks buffers", f->name);
    *d = (struct arrow_data){.n = a->length, .offset = a->offset, .n_buffers = n};
    d->buffers = ARENA_ARRAY(cx->arena, struct arrow_buffer, n + 1);
    for (int i = 0; i < n; i++) {
        size_t size = buffer_size(f, a, i);
        if (is_view && i >= 2) size = (size_t)((const int64_t *)a->buffers[n])[i - 2];
        d->buffers[i] = (struct arrow_buffer){a->buffers[i], size, owner};
    }
    d->n_children = f->n_children;
    d->children = ARENA_ARRAY(cx->arena, struct arrow_data, f->n_children + 1);
    for (int i = 0; i < f->n_children; i++)
        TRY(take_array(cx, &f->children[i], a->children[i], owner, &d->children[i]));
    if (!f->dictionary) return RC_OK;
    struct arrow_data values;
    struct column *c;
    TRY(take_array(cx, f->dictionary, a->dictionary, owner, &values));
    TRY(arrow_import(cx, f->dictionary, &values, NO_SPAN, &c));
    arena_column(cx->arena, c);
    d->dictionary = c;
    return RC_OK;
}

static rc import_columns(struct ctx *cx, const struct arrow_field *root, const struct arrow_data *d,
                         struct table **out)
{
    int n = root->n_children;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + 1);
    struct column **cols = mem_zero(sizeof *cols * (size_t)(n + 1));
    struct schema *s = NULL;
    enum rc_t res = RC_OK;
    for (int i = 0; i < n && res == RC_OK; i++) {
        struct arrow_data part = d->children[i];
        part.offset += d->offset;
        if (part.n < d->offset + d->n) res = fail(cx, E302, NO_SPAN, "a column is too short");
        part.n = d->n;
        fields[i].name = root->children[i].name;
        if (res == RC_OK) res = arrow_dtype(cx, &root->children[i], NO_SPAN, &fields[i].type);
        if (res == RC_OK) res = arrow_import(cx, &root->children[i], &part, NO_SPAN, &cols[i]);
    }
    if (res == RC_OK) res = schema_new(cx, fields, n, NO_SPAN, &s);
    if (res == RC_OK) {
        res = table_new(cx, s, cols, d->n, out);
        schema_unref(s);
    } else {
        for (int i = 0; i < n; i++)
            column_unref(cols[i]);
    }
    mem_free(cols);
    return res;
}

rc table_import(struct ctx *cx, struct ArrowSchema *schema, struct ArrowArray *array,
                struct table **out)
{
    struct arrow_field root = {0};
    struct arrow_data d;
    struct ArrowArray *own = mem_alloc(sizeof *own);
    *own = *array;
    array->release = NULL;
    struct buf *owner = buf_adopt(NULL, 0);
    owner->release = release_array;
    owner->arg = own;
    enum rc_t res = take_field(cx, schema, 0, &root);
    if (res == RC_OK && strcmp(root.format, "+s") != 0)
        res = fail(cx, E305, NO_SPAN, "a table is handed over as a struct array");
    if (res == RC_OK) res = take_array(cx, &root, own, owner, &d);
    if (res == RC_OK) res = import_columns(cx, &root, &d, out);
    if (schema->release) schema->release(schema);
    buf_unref(owner);
    return res;
}

/* ---- export ---- */
struct exported { /* what an array of ours keeps */
    struct column *c;
    const void **buffers;
    struct ArrowArray **children, *dictionary;
    int64_t n_children;
    void *views;    /* text: foreign views */
    int64_t *sizes; /* of its heaps */
};

static void array_release(struct ArrowArray *a)
{
    struct exported *x = a->private_data;
    for (int64_t i = 0; i < x->n_children; i++) {
        if (x->children[i]->release) x->children[i]->release(x->children[i]);
        mem_free(x->children[i]);
    }
    if (x->dictionary) {
        if (x->dictionary->release) x->dictionary->release(x->dictionary);
        mem_free(x->dictionary);
    }
    column_unref(x->c);
    mem_free(x->children);
    mem_free(x->buffers);
    mem_big_free(x->views);
    mem_free(x->sizes);
    mem_free(x);
    a->release = NULL;
}

static rc export_array(struct ctx *cx, const struct column *c, struct ArrowArray *a);

static rc export_child(struct ctx *cx, struct exported *x, const struct column *c)
{
    struct ArrowArray *kid = mem_zero(sizeof *kid);
    x->children =
        mem_realloc(x->children, sizeof(struct ArrowArray *) * (size_t)(x->n_children + 1));
    x->children[x->n_children++] = kid;
    return export_array(cx, c, kid);
}

struct foreign_view {
    int32_t n;
    char rest[4];
    int32_t buffer, offset;
};

/* Buffer of the column that holds a text, and where. */
static bool find_heap(const struct column *c, const char *p, size_t n, int32_t *buffer,
                      int32_t *offset)
{
    for (int i = 0; i < c->n_bufs; i++) {
        const char *from = c->bufs[i]->p;
        if (p < from || p + n > from + c->bufs[i]->n || p - from > INT32_MAX) continue;
        *buffer = i;
        *offset = (int32_t)(p - from);
        return true;
    }
    return false;
}

/* Views with the number of the heap in place of its address. Every buffer of the column is given as
 * a heap: they are few. */
static rc export_texts(struct ctx *cx, struct exported *x, const struct column *c)
{
    struct foreign_view *v;
    TRY(mem_big(cx, mem_mul(sizeof *v, (size_t)c->n + 1), (void **)&v));
    x->views = v;
    for (int64_t i = 0; i < c->n; i++) {
        const struct text *t = (const struct text *)c->data + i;
        memcpy(&v[i], t, sizeof v[i]);
        if (t->n <= TEXT_INLINE || !bit_valid(c->valid, i)) continue;
        if (!find_heap(c, t->ptr, t->n, &v[i].buffer, &v[i].offset))
            return fail(cx, E902, NO_SPAN, "a text lies in a heap of more than 2 GB");
    }
    x->buffers = mem_realloc(x->buffers, sizeof(void *) * (size_t)(c->n_bufs + 3));
    x->sizes = mem_zero(sizeof *x->sizes * (size_t)(c->n_bufs + 1));
    x->buffers[1] = v;
    for (int i = 0; i < c->n_bufs; i++) {
        x->buffers[2 + i] = c->bufs[i]->p;
        x->sizes[i] = (int64_t)c->bufs[i]->n;
    }
    x->buffers[2 + c->n_bufs] = x->sizes;
    return RC_OK;
}

static rc export_array(struct ctx *cx, const struct column *c, struct ArrowArray *a)
{
    struct exported *x = mem_zero(sizeof *x);
    x->c = column_ref(c);
    x->buffers = mem_zero(sizeof(void *) * 4);
    *a = (struct ArrowArray){.length = c->n,
                             .null_count = c->n_null,
                             .n_buffers = 2,
                             .release = array_release,
                             .private_data = x};
    enum rc_t res = RC_OK;
    x->buffers[0] = c->valid;
    x->buffers[1] = c->data;
    if (c->phys == PHYS_STR) {
        res = export_texts(cx, x, c);
        a->n_buffers = 3 + c->n_bufs;
    }
    if (c->phys == PHYS_STRUCT) a->n_buffers = 1;
    for (int i = 0; i < c->n_child && res == RC_OK; i++)
        res = export_child(cx, x, c->child[i]);
    if (c->phys == PHYS_DICT && res == RC_OK) {
        x->dictionary = mem_zero(sizeof *x->dictionary);
        res = export_array(cx, c->dict, x->dictionary);
    }
    a->buffers = x->buffers;
    a->children = x->children;
    a->n_children = x->n_children;
    a->dictionary = x->dictionary;
    if (res != RC_OK) array_release(a);
    return res;
}

static void schema_release(struct ArrowSchema *s)
{
    for (int64_t i = 0; i < s->n_children; i++) {
        if (s->children[i]->release) s->children[i]->release(s->children[i]);
        mem_free(s->children[i]);
    }
    if (s->dictionary) {
        if (s->dictionary->release) s->dictionary->release(s->dictionary);
        mem_free(s->dictionary);
    }
    mem_free(s->children);
    mem_free((char *)(uintptr_t)s->format);
    mem_free((char *)(uintptr_t)s->name);
    s->release = NULL;
}

const char *arrow_format(struct arena *a, const struct column *c)
{
    switch (c->phys) {
    case PHYS_BOOL: return "b";
    case PHYS_I32: return "i";
    case PHYS_I64: return "l";
    case PHYS_F32: return "f";
    case PHYS_F64: return "g";
    case PHYS_STR: return "vu";
    case PHYS_DICT: return "i";
    case PHYS_DATE32: return "tdD";
    case PHYS_TS64: return arena_printf(a, "tsu:%s", c->type.zone ? c->type.zone : "");
    case PHYS_DUR64: return "tDu";
    case PHYS_LIST: return "+L";
    default: return "+s";
    }
}

static struct ArrowSchema *export_schema(struct arena *a, const struct column *c, const char *name)
{
    struct ArrowSchema *s = mem_zero(sizeof *s);
    const char *format = arrow_format(a, c);
    s->format = mem_strndup(format, strlen(format));
    s->name = mem_strndup(name, strlen(name));
    s->flags = NULLABLE | (c->phys == PHYS_DICT && c->type.ordered ? ORDERED : 0);
    s->release = schema_release;
    s->n_children = c->n_child;
    s->children = mem_zero(sizeof(struct ArrowSchema *) * (size_t)(c->n_child + 1));
    for (int i = 0; i < c->n_child; i++)
        s->children[i] = export_schema(
            a, c->child[i], c->phys == PHYS_LIST ? "item" : c->type.fields->fields[i].name);
    if (c->phys == PHYS_DICT) s->dictionary = export_schema(a, c->dict, "");
    return s;
}

rc table_export(struct ctx *cx, const struct table *t, struct ArrowSchema *schema,
                struct ArrowArray *array)
{
    struct column all = {.phys = PHYS_STRUCT, .n = t->n_rows, .n_child = t->schema->n};
    all.type = (struct dtype){.kind = KIND_STRUCT, .fields = t->schema};
    all.child = (const struct column **)(uintptr_t)t->cols;
    struct exported *x = mem_zero(sizeof *x);
    x->buffers = mem_zero(sizeof(void *) * 4);
    *array = (struct ArrowArray){
        .length = t->n_rows, .n_buffers = 1, .release = array_release, .private_data = x};
    enum rc_t res = RC_OK;
    for (int i = 0; i < t->schema->n && res == RC_OK; i++)
        res = export_child(cx, x, t->cols[i]);
    array->buffers = x->buffers;
    array->children = x->children;
    array->n_children = x->n_children;
    if (res != RC_OK) {
        array_release(array);
        return res;
    }
    struct ArrowSchema *s = export_schema(cx->arena, &all, "");
    *schema = *s;
    mem_free(s);
    return RC_OK;
}

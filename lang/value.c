/* value.c: values of the language: making, counting, taking apart.
 *
 * A value is one allocation: its text and arrays stand behind the struct, so that the millions of
 * small values of a loop cost one malloc each and nothing has to be freed piecewise. Values that
 * are put together elsewhere may use `arena` instead; unref frees it. Lists taken from a frame stay
 * columns: t.fare of a million rows is one reference, not a million values. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

/* A value with `extra` bytes behind it. */
static struct value *value_make(enum value_kind kind, size_t extra)
{
    struct value *v = mem_zero(sizeof *v + extra);
    atomic_init(&v->refs, 1);
    v->kind = kind;
    return v;
}
static void *value_tail(struct value *v)
{
    return v + 1;
}

struct value *value_ref(const struct value *v)
{
    struct value *own = (struct value *)(uintptr_t)v;
    if (own) atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
    return own;
}

static void release_scalar(const struct scalar *s)
{
    if (s->is_null) return;
    if (s->type.kind == KIND_LIST) column_unref(s->u.list);
    if (s->type.kind == KIND_STRUCT) table_unref(s->u.row);
}

static void value_release(struct value *v)
{
    if (v->kind == VALUE_SCALAR) release_scalar(&v->scalar);
    for (int i = 0; i < v->n_items && v->items; i++)
        value_unref(v->items[i]);
    column_unref(v->column);
    if (v->plan) plan_unref(v->plan);
    if (v->model) ml_unref(v->model);
    if (v->chart) chart_unref(v->chart);
    if (v->closure) scope_unref(v->closure);
    if (v->program) program_unref(v->program);
    for (int i = 0; i < v->n_args && !v->arena; i++)
        release_scalar(&v->args[i].value);
    arena_free(v->arena);
    mem_free(v);
}

void value_unref(const struct value *v)
{
    struct value *own = (struct value *)(uintptr_t)v;
    if (!own) return;
    if (atomic_fetch_sub_explicit(&own->refs, 1, memory_order_acq_rel) == 1) value_release(own);
}

/* ---- scalars ---- */
static struct value *struct_of_row(const struct table *row)
{
    int n = row->schema->n;
    struct value **items = mem_alloc(sizeof *items * (size_t)(n + 1));
    const char **names = mem_alloc(sizeof *names * (size_t)(n + 1));
    for (int i = 0; i < n; i++) {
        struct scalar s = column_scalar(row->cols[i], 0);
        items[i] = value_scalar(&s);
        scalar_release(&s);
        names[i] = row->schema->fields[i].name;
    }
    struct value *v = value_struct(items, names, n);
    mem_free(items);
    mem_free(names);
    return v;
}

struct value *value_scalar(const struct scalar *s)
{
    enum kind k = s->type.kind;
    if (!s->is_null && k == KIND_LIST) return value_list_of(s->u.list);
    if (!s->is_null && k == KIND_STRUCT) return s->u.row ? struct_of_row(s->u.row) : value_null();
    bool is_text = !s->is_null && (k == KIND_STR || k == KIND_CAT);
    struct value *v = value_make(VALUE_SCALAR, is_text ? s->u.s.n + 1 : 0);
    v->scalar = *s;
    if (is_text) {
        char *p = value_tail(v);
        if (s->u.s.n) memcpy(p, s->u.s.p, s->u.s.n);
        v->scalar.u.s.p = p;
    }
    return v;
}
struct value *value_bool(bool b)
{
    return value_scalar(&(struct scalar){.type = DTYPE(KIND_BOOL), .u.b = b});
}
struct value *value_int(int64_t i)
{
    return value_scalar(&(struct scalar){.type = DTYPE(KIND_INT), .u.i = i});
}
struct value *value_num(double f)
{
    return value_scalar(
        &(struct scalar){.type = DTYPE(KIND_NUM), .is_null = f != f, .u.f = f != f ? 0 : f});
}
struct value *value_str(struct str s)
{
    return value_scalar(&(struct scalar){.type = DTYPE(KIND_STR), .u.s = s});
}
struct value *value_null(void)
{
    return value_scalar(&(struct scalar){.type = DTYPE(KIND_NULL), .is_null = true});
}

/* A value of one kind with a text behind it; *out_text is where it stands, NULL for NULL. */
static struct value *value_with_text(enum value_kind kind, const char *text, const char **out_text)
{
    size_t n = text ? strlen(text) + 1 : 0;
    struct value *v = value_make(kind, n);
    if (text) memcpy(value_tail(v), text, n);
    *out_text = text ? value_tail(v) : NULL;
    return v;
}
struct value *value_nothing(const char *status)
{
    const char *text;
    struct value *v = value_with_text(VALUE_NOTHING, status, &text);
    v->status = text;
    return v;
}

/* ---- lists, structs, ranges ---- */
struct value *value_list(struct value **take_items, int n)
{
    struct value *v = value_make(VALUE_LIST, sizeof(struct value *) * (size_t)n);
    v->items = value_tail(v);
    v->n_items = n;
    if (n) memcpy(v->items, take_items, sizeof(struct value *) * (size_t)n);
    return v;
}
struct value *value_list_of(const struct column *c)
{
    struct value *v = value_make(VALUE_LIST, 0);
    v->column = column_ref(c);
    return v;
}
struct value *value_struct(struct value **take_items, const char *const *names, int n)
{
    size_t bytes = (sizeof(struct value *) + sizeof(char *)) * (size_t)n;
    for (int i = 0; i < n; i++)
        bytes += strlen(names[i]) + 1;
    struct value *v = value_make(VALUE_STRUCT, bytes);
    v->items = value_tail(v);
    v->names = (const char **)(v->items + n);
    v->n_items = n;
    char *text = (char *)(v->names + n);
    for (int i = 0; i < n; i++) {
        size_t len = strlen(names[i]) + 1;
        v->items[i] = take_items[i];
        v->names[i] = memcpy(text, names[i], len);
        text += len;
    }
    return v;
}
struct value *value_range(struct value *take_from, struct value *take_to, bool is_half_open)
{
    struct value *v = value_make(VALUE_RANGE, sizeof(struct value *) * 2);
    v->items = value_tail(v);
    v->n_items = 2;
    v->items[0] = take_from;
    v->items[1] = take_to;
    v->is_half_open = is_half_open;
    return v;
}

int64_t value_length(const struct value *v)
{
    return v->kind == VALUE_LIST && v->column ? v->column->n : v->n_items;
}
struct value *value_item(const struct value *v, int64_t i)
{
    if (!v->column) return value_ref(v->items[i]);
    struct scalar s = column_scalar(v->column, i);
    struct value *item = value_scalar(&s);
    scalar_release(&s);
    return item;
}
const struct value *value_field(const struct value *v, struct str name)
{
    for (int i = 0; i < v->n_items && v->names; i++)
        if (str_eqz(name, v->names[i])) return v->items[i];
    return NULL;
}

/* ---- frames, models, charts ---- */
struct value *value_frame_status(struct plan *p, const char *label, const char *status)
{
    size_t n_label = label ? strlen(label) + 1 : 0, n_status = status ? strlen(status) + 1 : 0;
    struct value *v = value_make(VALUE_FRAME, n_label + n_status);
    char *text = value_tail(v);
    v->plan = plan_ref(p);
    if (label) v->label = memcpy(text, label, n_label);
    if (status) v->status = memcpy(text + n_label, status, n_status);
    return v;
}
struct value *value_frame(struct plan *p, const char *label)
{
    return value_frame_status(p, label, NULL);
}
struct value *value_model(const struct model *m)
{
    struct value *v = value_make(VALUE_MODEL, 0);
    v->model = ml_ref(m);
    return v;
}
struct value *value_chart(const struct chart *c)
{
    struct value *v = value_make(VALUE_CHART, 0);
    v->chart = chart_ref(c);
    return v;
}
struct value *value_fn(const struct ast *fn, struct program *program, struct scope *closure)
{
    struct value *v = value_make(VALUE_FN, 0);
    v->fn = fn;
    v->program = program_ref(program);
    v->closure = scope_ref(closure);
    return v;
}
struct value *value_expr(const struct ast *e, struct program *program, struct scope *closure)
{
    struct value *v = value_fn(e, program, closure);
    v->kind = VALUE_EXPR;
    return v;
}

/* ---- types ---- */
static void list_type(struct strbuf *out, const struct value *v)
{
    char buf[96];
    if (v->column) {
        strbuf_printf(out, "list[%s]", dtype_text(v->column->type, buf, sizeof buf));
        return;
    }
    const struct value *typed = NULL; /* the first item that is not null tells, num over int */
    for (int i = 0; i < v->n_items; i++) {
        const struct value *item = v->items[i];
        if (value_is_null(item)) continue;
        bool is_num = item->kind == VALUE_SCALAR && item->scalar.type.kind == KIND_NUM;
        if (!typed || (is_num && typed->kind == VALUE_SCALAR)) typed = item;
    }
    strbuf_addz(out, "list");
    if (typed) strbuf_printf(out, "[%s]", value_type_text(typed, buf, sizeof buf));
}
static const char *kind_word(enum value_kind kind)
{
    static const char *const words[] = {
        [VALUE_SCALAR] = "value",    [VALUE_LIST] = "list",     [VALUE_STRUCT] = "struct",
        [VALUE_RANGE] = "range",     [VALUE_FRAME] = "frame",   [VALUE_MODEL] = "model",
        [VALUE_CHART] = "chart",     [VALUE_FN] = "fn",         [VALUE_FAMILY] = "model family",
        [VALUE_NOTHING] = "nothing", [VALUE_RECIPE] = "recipe", [VALUE_EXPR] = "column expression",
    };
    return words[kind];
}
const char *value_type_text(const struct value *v, char *buf, size_t n)
{
    if (v->kind == VALUE_SCALAR) return dtype_text(v->scalar.type, buf, n);
    if (v->kind != VALUE_LIST) {
        snprintf(buf, n, "%s", kind_word(v->kind));
        return buf;
    }
    struct strbuf text = {0};
    list_type(&text, v);
    snprintf(buf, n, "%s", text.p);
    strbuf_release(&text);
    return buf;
}
const char *value_phrase(const struct value *v, char *buf, size_t n)
{
    char type[96];
    value_type_text(v, type, sizeof type);
    bool is_vowel = strchr("aeiou", type[0]) != NULL;
    snprintf(buf, n, "%s %s", is_vowel ? "an" : "a", type);
    return buf;
}
bool value_is_null(const struct value *v)
{
    return v->kind == VALUE_SCALAR && v->scalar.is_null;
}

/* ---- programs ---- */
struct program *program_ref(struct program *p)
{
    if (p) atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}
void program_unref(struct program *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    arena_free(p->arena);
    mem_free(p);
}

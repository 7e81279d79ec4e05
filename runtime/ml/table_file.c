/* table_file.c: small tables within a model file (the trials of tune): names, kinds, rows. */
#include "runtime/ml/model_file_int.h"

#include "runtime/ml/json_int.h"

#include "runtime/plan/serialize.h"

#define MAX_COLUMNS 1000
#define MAX_ROWS    1000000

void model_put_table(struct json_out *o, const char *key, const struct table *t)
{
    json_out_key(o, key);
    json_out_open(o, '{');
    json_out_key(o, "columns");
    json_out_open(o, '[');
    for (int k = 0; k < t->schema->n; k++) {
        json_out_open(o, '{');
        json_out_key(o, "name");
        json_out_str(o, str_of(t->schema->fields[k].name));
        json_out_key(o, "kind");
        json_out_str(o, str_of(kind_name(t->schema->fields[k].type.kind)));
        json_out_close(o, '}');
    }
    json_out_close(o, ']');
    json_out_key(o, "rows");
    json_out_open(o, '[');
    for (int64_t i = 0; i < t->n_rows; i++) {
        json_out_open(o, '[');
        for (int k = 0; k < t->schema->n; k++) {
            struct scalar v = column_scalar(t->cols[k], i);
            model_put_scalar(o, &v);
        }
        json_out_close(o, ']');
    }
    json_out_close(o, ']');
    json_out_close(o, '}');
}

static bool is_plain(enum kind k)
{
    return k == KIND_BOOL || k == KIND_INT || k == KIND_NUM || k == KIND_STR;
}

static enum rc_t get_fields(struct ctx *cx, const json_t *columns, struct field *out)
{
    int n = (int)json_array_size(columns);
    for (int k = 0; k < n; k++) {
        const json_t *c = json_array_get(columns, (size_t)k);
        const char *name;
        TRY(json_get_str(cx, c, "name", &name));
        TRY(type_from_json(cx, json_object_get(c, "kind"), &out[k].type));
        if (!is_plain(out[k].type.kind)) return json_bad(cx, "a column of no plain kind");
        out[k].name = name;
        for (int i = 0; i < k; i++)
            if (strcmp(out[i].name, name) == 0) return json_bad(cx, "a column stands twice");
    }
    return RC_OK;
}

static enum rc_t get_row(struct ctx *cx, const json_t *row, const struct field *fields,
                         struct builder *cols, int n)
{
    if (!json_is_array(row) || json_array_size(row) != (size_t)n)
        return json_bad(cx, "a row of another length");
    for (int k = 0; k < n; k++) {
        struct scalar v;
        TRY(scalar_from_json(cx, cx->arena, json_array_get(row, (size_t)k), fields[k].type, &v));
        TRY(v.is_null ? builder_null(cx, &cols[k]) : builder_scalar(cx, &cols[k], &v));
    }
    return RC_OK;
}

static void drop_table(void *t)
{
    table_unref(t);
}

enum rc_t model_get_table(struct ctx *cx, struct arena *a, const json_t *j, struct table **out)
{
    const json_t *columns, *rows;
    TRY(json_get_list(cx, j, "columns", MAX_COLUMNS, &columns));
    TRY(json_get_list(cx, j, "rows", MAX_ROWS, &rows));
    int n = (int)json_array_size(columns);
    if (n == 0) return json_bad(cx, "a table without columns");
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, n + 1);
    struct builder *cols = ARENA_ARRAY(cx->arena, struct builder, n + 1);
    TRY(get_fields(cx, columns, fields));
    for (int k = 0; k < n; k++)
        builder_init(&cols[k], fields[k].type, kind_phys(fields[k].type.kind));
    enum rc_t res = RC_OK;
    for (size_t i = 0; i < json_array_size(rows) && res == RC_OK; i++)
        res = get_row(cx, json_array_get(rows, i), fields, cols, n);
    if (res == RC_OK) res = ml_table(cx, fields, cols, n, out);
    for (int k = 0; k < n; k++)
        builder_release(&cols[k]);
    if (res == RC_OK) arena_on_free(a, drop_table, *out);
    return res;
}

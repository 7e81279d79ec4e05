/* plan_sql.c: for tests/sql/test_plan_sql.py: prints, for seeds FROM to TO, a random plan's SQL in
 * each dialect and what the executor makes of it, one JSON object a line. */
#include "runtime/plan/sql.h"
#include "tests/exec/gen_wide.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *cell(const struct column *c, int64_t row)
{
    struct scalar v = column_scalar(c, row);
    char text[40];
    if (v.is_null) return json_null();
    switch (v.type.kind) {
    case KIND_BOOL: return json_boolean(v.u.b);
    case KIND_NUM: /* infinities are no JSON */
        snprintf(text, sizeof text, "%.17g", v.u.f);
        return isfinite(v.u.f) ? json_real(v.u.f) : json_string(text);
    case KIND_STR:
    case KIND_CAT: return json_stringn(v.u.s.n ? v.u.s.p : "", v.u.s.n);
    default: return json_integer(v.u.i);
    }
}

static json_t *rows_of(const struct table *t)
{
    json_t *rows = json_array();
    for (int64_t i = 0; i < t->n_rows; i++) {
        json_t *row = json_array();
        for (int c = 0; c < t->schema->n; c++)
            json_array_append_new(row, cell(t->cols[c], i));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *columns_of(const struct schema *s)
{
    json_t *all = json_array();
    for (int i = 0; i < s->n; i++)
        json_array_append_new(
            all, json_pack("[s,s]", s->fields[i].name, kind_name(s->fields[i].type.kind)));
    return all;
}

/* ---- tables that lie in the engine ---- */
struct leaves {
    const struct plan *node[32];
    char name[32][24];
    int n;
};

static const char *leaf_name(void *arg, const struct plan *leaf)
{
    struct leaves *l = arg;
    int i = 0;
    while (i < l->n && l->node[i] != leaf)
        i++;
    if (i == 32) return NULL;
    if (i == l->n) {
        l->node[l->n++] = leaf;
        snprintf(l->name[i], sizeof l->name[i], "mlnb_table_%d", i);
    }
    return l->name[i];
}

/* The statements, or why there is none. Some plans read tables that the engine holds: these come as
 * statements that yield their rows. */
static void put_sql(struct fx *f, const struct plan *p, bool by_name, json_t *out);

static void put_leaves(struct fx *f, const struct leaves *l, json_t *out)
{
    json_t *all = json_object();
    for (int i = 0; i < l->n; i++) {
        json_t *one = json_object();
        put_sql(f, l->node[i], false, one);
        json_object_set_new(all, l->name[i], one);
    }
    json_object_set_new(out, "leaves", all);
}

static void put_sql(struct fx *f, const struct plan *p, bool by_name, json_t *out)
{
    struct leaves l = {.n = 0};
    struct sql_options options = {.inline_rows = 100};
    if (by_name)
        options = (struct sql_options){
            .inline_rows = -1, .position = "mlnb_row", .leaf = leaf_name, .arg = &l};
    int n;
    const struct sql_dialect *const *all = sql_dialect_all(&n);
    for (int i = 0; i < n; i++) {
        struct strbuf text = {0};
        char key[64];
        const char *name = sql_dialect_name(all[i]);
        if (plan_sql_with(&f->cx, p, all[i], &options, &text) == RC_OK) {
            json_object_set_new(out, name, json_stringn(text.p, text.n));
        } else {
            snprintf(key, sizeof key, "%s_refused", name);
            json_object_set_new(out, key, json_string(f->err.message));
            err_clear(&f->err);
        }
        strbuf_release(&text);
    }
    if (by_name) put_leaves(f, &l, out);
}

static void one(uint64_t seed)
{
    struct fx f;
    struct table *t = NULL;
    struct strbuf plan = {0};
    fx_begin(&f);
    struct gen g = {.f = &f, .seed = seed, .max_rows = 24};
    int depth = 1 + (int)gen_below(&g, 4);
    struct plan *p = gen_wide_plan(&g, depth);
    plan_text(&plan, p, NULL, NULL);
    json_t *out = json_pack("{s:I,s:s}", "seed", (json_int_t)seed, "plan", plan.p);
    if (exec_table(&f.cx, f.x[0], p, &t) == RC_OK) {
        json_object_set_new(out, "columns", columns_of(t->schema));
        json_object_set_new(out, "rows", rows_of(t));
    } else {
        json_object_set_new(out, "error", json_string(f.err.message));
        err_clear(&f.err);
    }
    put_sql(&f, p, seed % 5 == 0, out);
    char *line = json_dumps(out, JSON_COMPACT | JSON_ENSURE_ASCII);
    puts(line ? line : "{}");
    free(line);
    json_decref(out);
    table_unref(t);
    strbuf_release(&plan);
    fx_end(&f);
}

int main(int argc, char **argv)
{
    uint64_t from = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t to = argc > 2 ? strtoull(argv[2], NULL, 10) : from;
    for (uint64_t seed = from; seed <= to; seed++)
        one(seed);
    return 0;
}

/* groups.c: fit .. by g. The frame's plan runs once, to a table of what the formula reads in the
 * order of the keys; each stretch of equal keys is fitted as a frame of its own. A member is a
 * model like any other: its own levels, means and classes. */
#include "runtime/ml/groups_int.h"

#include "runtime/base/cancel.h"
#include "runtime/ml/model_file_int.h"

#include <math.h>

const struct groups *model_groups(const struct model *m)
{
    return m->family == &ml_grouped ? m->body : NULL;
}

/* ---- life ---- */
static void release_members(void *p)
{
    struct groups *g = p;
    for (int i = 0; i < g->n; i++)
        ml_unref(g->members[i]);
}

struct groups *groups_new(struct model *m, int n_keys, int n)
{
    struct arena *a = m->arena;
    struct groups *g = ARENA_NEW(a, struct groups);
    *g = (struct groups){.n_keys = n_keys, .n = n};
    g->names = ARENA_ARRAY(a, const char *, n_keys + 1);
    g->keys = ARENA_ARRAY(a, const struct expr *, n_keys + 1);
    g->levels = ARENA_ARRAY(a, struct enc_feature, n_keys + 1);
    g->code = ARENA_ARRAY(a, int32_t, (size_t)n * (size_t)n_keys + 1);
    g->id = ARENA_ARRAY(a, uint64_t, n + 1);
    g->members = ARENA_ARRAY(a, const struct model *, n + 1);
    g->class_of = ARENA_ARRAY(a, int *, n + 1);
    arena_on_free(a, release_members, g);
    m->body = g;
    return g;
}

static bool index_classes(struct model *m, struct groups *g, int i)
{
    const struct enc_feature *all = &m->target.classes, *own = &g->members[i]->target.classes;
    g->class_of[i] = ARENA_ARRAY(m->arena, int, own->n_levels + 1);
    for (int k = 0; k < own->n_levels; k++) {
        int at = 0;
        while (at < all->n_levels && scalar_cmp(&all->levels[at].value, &own->levels[k].value) != 0)
            at++;
        if (at == all->n_levels) return false;
        g->class_of[i][k] = at;
    }
    return model_is_class(g->members[i]) == model_is_class(m);
}

bool groups_index(struct model *m)
{
    struct groups *g = m->body;
    for (int i = 0; i < g->n; i++) {
        uint64_t id = 0;
        for (int k = 0; k < g->n_keys; k++) {
            uint64_t radix = (uint64_t)g->levels[k].n_levels + 1;
            int32_t code = g->code[(size_t)i * (size_t)g->n_keys + (size_t)k];
            if (id > UINT64_MAX / 4 / radix) return false;
            id = id * radix + (code < 0 ? radix - 1 : (uint64_t)code);
        }
        g->id[i] = id;
        if (i > 0 && id <= g->id[i - 1]) return false;
        if (!index_classes(m, g, i)) return false;
    }
    return true;
}

int groups_find(const struct groups *g, uint64_t id)
{
    int lo = 0, hi = g->n;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (g->id[mid] == id) return mid;
        if (g->id[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

static const char *key_text(const struct groups *g, int i, int k)
{
    int32_t code = g->code[(size_t)i * (size_t)g->n_keys + (size_t)k];
    return code < 0 ? "null" : g->levels[k].levels[code].text;
}

const char *groups_label(struct arena *a, const struct groups *g, int i)
{
    const char *text = "";
    for (int k = 0; k < g->n_keys; k++)
        text = arena_printf(a, "%s%s%s = %s", text, k ? ", " : "", g->names[k], key_text(g, i, k));
    return text;
}

/* ---- the rows, by key ---- */
struct grouping {
    struct ctx *cx;
    struct executor *x;
    const struct ml_fit_spec *spec;
    struct named_expr *items; /* the columns that are read, then the keys */
    int n_columns, n_keys;
    struct table *rows; /* owned: in the order of the keys */
    int64_t *first;     /* [n + 1] rows of a group */
    int n;
};

static void need_column(struct grouping *g, const struct schema *s, const char *name)
{
    int at = schema_find(s, str_of(name));
    for (int i = 0; i < g->n_columns; i++)
        if (strcmp(g->items[i].name, name) == 0) return;
    if (at < 0) return;
    g->items[g->n_columns++] =
        (struct named_expr){s->fields[at].name, expr_column(g->cx->arena, s->fields[at].name,
                                                            s->fields[at].type, g->spec->span)};
}

static void need_expr(struct grouping *g, const struct schema *s, const struct expr *e)
{
    if (!e) return;
    if (e->op == EXPR_COLUMN) need_column(g, s, e->name);
    for (int i = 0; i < e->n_args; i++)
        need_expr(g, s, e->args[i]);
}

static void need_feature(struct grouping *g, const struct schema *s, const struct feature *f)
{
    if (!f) return;
    need_expr(g, s, f->expr);
    for (int i = 0; i < f->n_args; i++)
        need_feature(g, s, f->args[i]);
}

static enum rc_t key_item(struct grouping *g, int k)
{
    char type[64];
    const struct named_expr *by = &g->spec->by[k];
    const struct expr *e = by->expr;
    struct dtype t = e->type;
    if (t.kind == KIND_LIST || t.kind == KIND_STRUCT || t.kind == KIND_NULL)
        return fail(g->cx, E207, e->span, "groups are told apart by plain values; `%s` is %s",
                    by->name, dtype_text(t, type, sizeof type));
    if (t.kind == KIND_CAT) TRY(expr_cast(g->cx, g->cx->arena, e, KIND_STR, &e));
    g->items[g->n_columns + k] = (struct named_expr){arena_printf(g->cx->arena, ".by%d", k), e};
    return RC_OK;
}

/* What the formula reads and the keys, sorted by these (equal ones as they came). */
static enum rc_t sorted_rows(struct grouping *g, struct plan *data)
{
    const struct formula *f = g->spec->formula;
    const struct schema *s = data->schema;
    struct arena *a = g->cx->arena;
    struct plan *project = NULL, *sorted = NULL;
    g->items = ARENA_ARRAY(a, struct named_expr, s->n + g->n_keys + 1);
    need_feature(g, s, f->target);
    for (int i = 0; i < f->n_terms; i++)
        for (int k = 0; k < f->terms[i].n_factors; k++)
            need_feature(g, s, f->terms[i].factors[k]);
    need_expr(g, s, g->spec->weights);
    struct sort_key *keys = ARENA_ARRAY(a, struct sort_key, g->n_keys + 1);
    for (int k = 0; k < g->n_keys; k++) {
        TRY(key_item(g, k));
        const struct named_expr *it = &g->items[g->n_columns + k];
        keys[k].expr = expr_column(a, it->name, it->expr->type, g->spec->span);
    }
    TRY(plan_project(g->cx, data, g->items, g->n_columns + g->n_keys, g->spec->span, &project));
    enum rc_t res = plan_sort(g->cx, project, keys, g->n_keys, g->spec->span, &sorted);
    if (res == RC_OK) res = exec_table(g->cx, g->x, sorted, &g->rows);
    plan_unref(sorted);
    plan_unref(project);
    return res;
}

static bool same_scalar(const struct scalar *a, const struct scalar *b)
{
    if (a->is_null || b->is_null) return a->is_null == b->is_null;
    return scalar_cmp(a, b) == 0;
}

static bool same_keys(const struct grouping *g, int64_t i, int64_t j)
{
    for (int k = 0; k < g->n_keys; k++) {
        const struct column *c = g->rows->cols[g->n_columns + k];
        struct scalar a = column_scalar(c, i), b = column_scalar(c, j);
        if (!same_scalar(&a, &b)) return false;
    }
    return true;
}

static enum rc_t find_groups(struct grouping *g)
{
    int64_t n = g->rows->n_rows;
    g->first = ARENA_ARRAY(g->cx->arena, int64_t, GROUPS_MAX + 2);
    for (int64_t i = 0; i < n; i++) {
        if (i % 65536 == 0) TRY(check_cancel(g->cx));
        if (i > 0 && same_keys(g, i - 1, i)) continue;
        if (g->n == GROUPS_MAX)
            return fail(g->cx, E902, g->spec->span, "by: there are more than %d groups",
                        GROUPS_MAX);
        g->first[g->n++] = i;
    }
    g->first[g->n] = n;
    return n > 0 ? RC_OK : fail(g->cx, E404, g->spec->span, "there are no rows to fit");
}

/* ---- keys ---- */
static void add_level(struct arena *a, struct enc_feature *f, const struct scalar *v, int64_t n)
{
    struct strbuf b = {0};
    struct enc_level *l = &f->levels[f->n_levels++];
    l->value = *v;
    if (v->type.kind == KIND_STR) l->value.u.s = arena_str(a, v->u.s);
    scalar_text(&b, v, false);
    l->text = arena_strndup(a, b.p ? b.p : "", b.n);
    l->n = n;
    strbuf_release(&b);
}

struct key_value {
    struct scalar v;
    int group;
};

static int by_value(const void *a, const void *b)
{
    const struct key_value *x = a, *y = b;
    if (x->v.is_null || y->v.is_null) return (int)x->v.is_null - (int)y->v.is_null;
    return scalar_cmp(&x->v, &y->v);
}

static void take_key(const struct grouping *from, struct model *m, struct groups *g, int k)
{
    struct enc_feature *f = &g->levels[k];
    struct key_value *list = ARENA_ARRAY(from->cx->arena, struct key_value, g->n + 1);
    const struct named_expr *it = &from->items[from->n_columns + k];
    g->names[k] = arena_strndup(m->arena, from->spec->by[k].name, strlen(from->spec->by[k].name));
    g->keys[k] = expr_copy(m->arena, it->expr);
    *f = (struct enc_feature){.kind = ENC_CATEGORY, .name = g->names[k], .ref = -1};
    f->expr = g->keys[k];
    f->levels = ARENA_ARRAY(m->arena, struct enc_level, g->n + 1);
    for (int i = 0; i < g->n; i++)
        list[i] = (struct key_value){
            column_scalar(from->rows->cols[from->n_columns + k], from->first[i]), i};
    qsort(list, (size_t)g->n, sizeof *list, by_value);
    for (int i = 0; i < g->n; i++) {
        int group = list[i].group;
        int32_t *code = &g->code[(size_t)group * (size_t)g->n_keys + (size_t)k];
        *code = -1;
        if (list[i].v.is_null) continue;
        int64_t rows = from->first[group + 1] - from->first[group];
        if (i == 0 || by_value(&list[i - 1], &list[i]) != 0)
            add_level(m->arena, f, &list[i].v, rows);
        else
            f->levels[f->n_levels - 1].n += rows;
        *code = f->n_levels - 1;
    }
    enc_index_levels(m->arena, f);
}

/* ---- the members ---- */
struct quiet { /* the first few warnings of members, each with its group */
    const struct notify *outer;
    const char *label;
    int told, kept_back;
};

static void quiet_warn(void *self, const struct error *w)
{
    struct quiet *q = self;
    if (q->told++ >= 3) {
        q->kept_back++;
        return;
    }
    struct error e = *w;
    if (e.n_notes < 3) snprintf(e.notes[e.n_notes++], sizeof e.notes[0], "Group %s", q->label);
    q->outer->warn(q->outer->self, &e);
}

/* The rows of valid: that belong to the group. */
static enum rc_t group_valid(const struct grouping *from, const struct groups *g, int i,
                             struct plan **out)
{
    struct ctx *cx = from->cx;
    struct arena *a = cx->arena;
    struct plan *in = plan_ref(from->spec->valid);
    enum rc_t res = RC_OK;
    for (int k = 0; k < g->n_keys && res == RC_OK; k++) {
        const struct expr *e, *args[2];
        int32_t code = g->code[(size_t)i * (size_t)g->n_keys + (size_t)k];
        struct plan *kept = NULL;
        res = score_adapt(cx, g->keys[k], in->schema, from->spec->span, &args[0]);
        if (res != RC_OK) break;
        if (code >= 0) args[1] = expr_literal(a, &g->levels[k].levels[code].value, NO_SPAN);
        res = expr_call(cx, a, fn_find(code < 0 ? STR("is_null") : STR("==")), args,
                        code < 0 ? 1 : 2, from->spec->span, &e);
        if (res == RC_OK) res = plan_filter(cx, in, e, from->spec->span, &kept);
        if (res != RC_OK) break;
        plan_unref(in);
        in = kept;
    }
    if (res == RC_OK)
        *out = in;
    else
        plan_unref(in);
    return res;
}

static enum rc_t fit_member(const struct grouping *from, struct groups *g, int i, const char *label)
{
    struct ctx *cx = from->cx;
    struct ml_fit_spec spec = *from->spec;
    struct table *rows = NULL;
    struct plan *data = NULL, *valid = NULL;
    struct model *m;
    enum rc_t res = RC_ERR;
    spec.by = NULL;
    spec.n_by = 0;
    TRY_OUT(check_cancel(cx));
    TRY_OUT(
        table_slice(cx, from->rows, from->first[i], from->first[i + 1] - from->first[i], &rows));
    TRY_OUT(plan_table(cx, rows, NULL, &data));
    if (spec.valid) TRY_OUT(group_valid(from, g, i, &valid));
    if (valid) spec.valid = valid;
    res = ml_fit(cx, from->x, &spec, data, &m);
    if (res == RC_OK)
        g->members[i] = m;
    else if (cx->err->code != E901)
        err_note(cx, "Group %s, %lld row%s", label, (long long)rows->n_rows,
                 rows->n_rows == 1 ? "" : "s");
out:
    plan_unref(valid);
    plan_unref(data);
    table_unref(rows);
    return res;
}

static enum rc_t fit_members(const struct grouping *from, struct groups *g)
{
    struct ctx *cx = from->cx;
    struct quiet q = {.outer = cx->notify};
    struct notify notify = {.self = &q, .warn = quiet_warn};
    enum rc_t res = RC_OK;
    bool is_told = q.outer && q.outer->warn;
    for (int i = 0; i < g->n && res == RC_OK; i++) {
        q.label = groups_label(cx->arena, g, i);
        if (is_told) cx->notify = &notify;
        res = fit_member(from, g, i, q.label);
        cx->notify = q.outer;
        if (q.outer && q.outer->progress) q.outer->progress(q.outer->self, "groups", i + 1, g->n);
    }
    if (res == RC_OK && q.kept_back > 0)
        warn(cx, W402, from->spec->span, "fit: %d more warnings of other groups", q.kept_back);
    return res;
}

/* ---- the whole ---- */
static enum rc_t take_classes(struct ctx *cx, struct model *m, const struct groups *g)
{
    struct target *t = &m->target;
    struct enc_feature *all = &t->classes;
    int n = 0;
    for (int i = 0; i < g->n; i++)
        n += g->members[i]->target.classes.n_levels;
    struct enc_level *list = ARENA_ARRAY(m->arena, struct enc_level, n + 1);
    *all = (struct enc_feature){.kind = ENC_CATEGORY, .ref = -1, .levels = list};
    for (int i = 0; i < g->n; i++) {
        const struct enc_feature *own = &g->members[i]->target.classes;
        int at = 0; /* members keep their levels in one order: merged */
        for (int k = 0; k < own->n_levels; k++) {
            const struct enc_level *l = &own->levels[k];
            int same = 0;
            while (same < all->n_levels && scalar_cmp(&list[same].value, &l->value) != 0)
                same++;
            if (same < all->n_levels) {
                list[same].n += l->n;
                at = same + 1;
                continue;
            }
            bool is_sorted = t->type.kind != KIND_CAT;
            while (is_sorted && at < all->n_levels && scalar_cmp(&list[at].value, &l->value) < 0)
                at++;
            memmove(&list[at + 1], &list[at], sizeof *list * (size_t)(all->n_levels - at));
            list[at] = *l;
            list[at].text = arena_strndup(m->arena, l->text, strlen(l->text));
            if (l->value.type.kind == KIND_STR || l->value.type.kind == KIND_CAT)
                list[at].value.u.s = arena_str(m->arena, l->value.u.s);
            all->n_levels++;
            at++;
        }
    }
    all->name = t->text;
    enc_index_levels(m->arena, all);
    if (all->n_levels > 2 && !g->members[0]->family->cls->takes_many)
        return fail(cx, E409, NO_SPAN, "%s tells two classes apart; over all groups `%s` has %d",
                    g->members[0]->family->name, t->text, all->n_levels);
    return RC_OK;
}

static enum rc_t take_target(struct ctx *cx, struct model *m, const struct groups *g)
{
    const struct target *first = &g->members[0]->target;
    struct target *t = &m->target;
    if (!first->text) return RC_OK;
    t->text = arena_strndup(m->arena, first->text, strlen(first->text));
    t->expr = expr_copy(m->arena, first->expr);
    t->type = first->type;
    if (first->classes.n_levels == 0) return RC_OK;
    TRY(take_classes(cx, m, g));
    const struct enc_level *yes = &first->classes.levels[first->positive];
    t->positive = t->classes.n_levels - 1;
    for (int k = 0; k < t->classes.n_levels && t->classes.n_levels == 2; k++)
        if (scalar_cmp(&t->classes.levels[k].value, &yes->value) == 0) t->positive = k;
    return RC_OK;
}

static void take_report(struct model *m, const struct groups *g)
{
    struct model_report *r = &m->report;
    r->converged = true;
    for (int i = 0; i < g->n; i++) {
        const struct model_report *own = &g->members[i]->report;
        r->n += own->n;
        r->n_dropped += own->n_dropped;
        r->seconds += own->seconds;
        r->loss += own->loss * (double)own->n;
        r->converged &= own->converged;
        if (own->iterations > r->iterations) r->iterations = own->iterations;
    }
    if (r->n > 0) r->loss /= (double)r->n;
}

static enum rc_t take_members(struct ctx *cx, const struct ml_fit_spec *spec, struct model *m)
{
    const struct groups *g = m->body;
    const struct model *first = g->members[0];
    m->threshold = first->threshold;
    m->seed = spec->seed;
    if (first->weights)
        m->weights = arena_strndup(m->arena, first->weights, strlen(first->weights));
    TRY(take_target(cx, m, g));
    for (int i = 1; i < g->n && !model_is_class(m); i++)
        if (model_scores(first) != SCORE_NONE && model_width(g->members[i]) != model_width(first))
            return fail(cx, E217, spec->span,
                        "models of the groups do not make the same number of columns: %s makes %d, "
                        "%s makes %d",
                        groups_label(cx->arena, g, 0), model_width(first),
                        groups_label(cx->arena, g, i), model_width(g->members[i]));
    take_report(m, g);
    if (groups_index(m)) return RC_OK;
    return fail(cx, E902, spec->span, "by: the keys have too many values");
}

static const char *by_text(struct arena *a, const struct ml_fit_spec *spec)
{
    const char *text = arena_printf(a, "%s by", spec->formula->text);
    for (int i = 0; i < spec->n_by; i++)
        text = arena_printf(a, "%s%s %s", text, i ? "," : "", spec->by[i].name);
    return text;
}

static enum rc_t fit_groups(struct grouping *from, const struct ml_fit_spec *spec,
                            struct plan *data, struct model *m)
{
    TRY(sorted_rows(from, data));
    TRY(find_groups(from));
    m->formula = by_text(m->arena, spec);
    m->params = ARENA_ARRAY(m->arena, struct scalar, 1);
    struct groups *g = groups_new(m, from->n_keys, from->n);
    for (int k = 0; k < g->n_keys; k++)
        take_key(from, m, g, k);
    TRY(fit_members(from, g));
    return take_members(from->cx, spec, m);
}

enum rc_t groups_fit(struct ctx *cx, struct executor *x, const struct ml_fit_spec *spec,
                     struct plan *data, struct model **out)
{
    struct grouping from = {.cx = cx, .x = x, .spec = spec, .n_keys = spec->n_by};
    if (spec->family->cls->recommend || spec->family->cls->scores == SCORE_GROUPS)
        return fail(cx, E217, spec->span, "%s takes no by: it is one model of all rows",
                    spec->family->name);
    if (strcmp(spec->family->name, "recipe") == 0)
        return fail(cx, E217, spec->span, "a recipe takes no by: give it to a fit as prep:");
    if (spec->n_by > GROUPS_KEYS_MAX)
        return fail(cx, E902, spec->span, "by: takes at most %d keys here", GROUPS_KEYS_MAX);
    struct model *m = model_new(&ml_grouped);
    enum rc_t res = fit_groups(&from, spec, data, m);
    table_unref(from.rows);
    if (res == RC_OK)
        *out = m;
    else
        ml_unref(m);
    return res;
}

/* ---- parts ---- */
static enum rc_t put_keys(struct ctx *cx, const struct groups *g, int i, struct builder *cols)
{
    for (int k = 0; k < g->n_keys; k++) {
        int32_t code = g->code[(size_t)i * (size_t)g->n_keys + (size_t)k];
        TRY(code < 0 ? builder_null(cx, &cols[k])
                     : builder_scalar(cx, &cols[k], &g->levels[k].levels[code].value));
    }
    return RC_OK;
}

/* Rows of a member's table below the others; columns that it lacks are null. */
static enum rc_t put_rows(struct ctx *cx, const struct groups *g, int i, const struct table *t,
                          const struct field *fields, struct builder *cols, int n)
{
    for (int64_t row = 0; row < t->n_rows; row++) {
        TRY(put_keys(cx, g, i, cols));
        for (int c = g->n_keys; c < n; c++) {
            int at = schema_find(t->schema, str_of(fields[c].name));
            bool fits = at >= 0 && dtype_eq(t->schema->fields[at].type, fields[c].type);
            struct scalar v = {.is_null = true};
            if (fits) v = column_scalar(t->cols[at], row);
            TRY(v.is_null ? builder_null(cx, &cols[c]) : builder_scalar(cx, &cols[c], &v));
        }
    }
    return RC_OK;
}

static enum rc_t stack_parts(struct ctx *cx, const struct groups *g, struct table *const *parts,
                             struct table **out)
{
    const struct schema *s = parts[0]->schema;
    int n = 0;
    enum rc_t res = RC_OK;
    struct field *fields = ARENA_ARRAY(cx->arena, struct field, s->n + g->n_keys + 1);
    struct builder *cols = ARENA_ARRAY(cx->arena, struct builder, s->n + g->n_keys + 1);
    for (int k = 0; k < g->n_keys; k++)
        fields[n++] = (struct field){g->names[k], DTYPE(g->keys[k]->type.kind)};
    for (int i = 0; i < s->n; i++) {
        bool is_key = false;
        for (int k = 0; k < g->n_keys; k++)
            is_key |= strcmp(g->names[k], s->fields[i].name) == 0;
        if (!is_key) fields[n++] = s->fields[i];
    }
    for (int i = 0; i < n; i++)
        builder_init(&cols[i], fields[i].type, kind_phys(fields[i].type.kind));
    for (int i = 0; i < g->n && res == RC_OK; i++)
        res = put_rows(cx, g, i, parts[i], fields, cols, n);
    if (res == RC_OK) res = ml_table(cx, fields, cols, n, out);
    for (int i = 0; i < n; i++)
        builder_release(&cols[i]);
    return res;
}

enum rc_t groups_part(struct ctx *cx, const struct model *m, struct str part, struct span span,
                      struct table **out)
{
    const struct groups *g = m->body;
    struct table **parts = ARENA_ARRAY(cx->arena, struct table *, g->n + 1);
    struct scalar text;
    enum rc_t res = RC_OK;
    for (int i = 0; i < g->n && res == RC_OK; i++)
        res = ml_part(cx, g->members[i], part, span, &text, &parts[i]);
    if (res == RC_OK) res = stack_parts(cx, g, parts, out);
    for (int i = 0; i < g->n; i++)
        table_unref(parts[i]);
    return res;
}

/* ---- the family ---- */
static enum rc_t no_fit(struct ctx *cx, const struct ml_fit_spec *spec, const struct rows *r,
                        struct model *m)
{
    (void)r;
    (void)m;
    fail(cx, E217, spec->span, "`grouped` is what fit .. by makes, no family of its own");
    return err_hint(cx, "fit y ~ x, linear() by g");
}

static void no_score(const struct model *m, const struct enc_input *in, int64_t at, int n,
                     double *out)
{
    (void)in;
    (void)at;
    for (size_t i = 0; i < (size_t)n * (size_t)model_width(m); i++)
        out[i] = NAN;
}

/* The largest groups. */
static int bars(const struct model *m, struct arena *a, struct card_bar **out, const char **title)
{
    const struct groups *g = m->body;
    *title = "rows";
    *out = ARENA_ARRAY(a, struct card_bar, g->n + 1);
    for (int i = 0; i < g->n; i++) {
        int at = i;
        double rows = (double)g->members[i]->report.n;
        for (; at > 0 && (*out)[at - 1].value < rows; at--)
            (*out)[at] = (*out)[at - 1];
        (*out)[at] = (struct card_bar){groups_label(a, g, i), rows};
    }
    return g->n;
}

static const struct ml_param_desc no_params[] = {{0}};
static const struct model_class grouped_class = {
    .takes_null = true,
    .no_design = true,
    .takes_many = true,
    .scores = SCORE_GROUPS,
    .fit = no_fit,
    .score = no_score,
    .save = groups_save,
    .load = groups_load,
    .bars = bars,
};
const struct ml_family ml_grouped = {.name = "grouped",
                                     .sig = "fit y ~ x, linear() by g",
                                     .doc = "One model for each group; what fit .. by makes.",
                                     .example = "trips |> fit tip ~ fare, linear() by zone",
                                     .params = no_params,
                                     .task = ML_EITHER,
                                     .cls = &grouped_class};

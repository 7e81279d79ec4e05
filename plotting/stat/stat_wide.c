/* stat_wide.c: several columns of numbers side by side, as kinds with a list of columns read them.
 */
#include "plotting/stat/stat.h"

static rc take_one(struct chart_build *b, const struct table *t, int at, const char *title,
                   int most, struct stat_wide *w)
{
    const struct field *f = &t->schema->fields[at];
    bool is_number = f->type.kind == KIND_INT || f->type.kind == KIND_NUM ||
                     f->type.kind == KIND_DURATION || f->type.kind == KIND_BOOL;
    if (!is_number)
        return fail(b->cx, E501, b->spec->span, "%s needs columns of numbers, and `%s` is %s",
                    b->c->kind->name, title, kind_name(f->type.kind));
    if (w->n == most) {
        fail(b->cx, E501, b->spec->span, "%s takes at most %d columns", b->c->kind->name, most);
        return err_hint(b->cx, "plot [a, b, c], kind: %s", b->c->kind->name);
    }
    w->name[w->n] = arena_strndup(b->a, title, strlen(title));
    w->v[w->n++] = stat_numbers(b->a, t->cols[at]);
    return RC_OK;
}

static rc take_all(struct chart_build *b, const struct table *t, int most, struct stat_wide *w)
{
    const struct chart_spec *s = b->spec;
    for (int i = 0; i < s->n_y_series; i++) {
        int at = schema_find(t->schema, str_of(s->y_series[i]));
        if (at < 0) return fail(b->cx, E201, s->span, "unknown column `%s`", s->y_series[i]);
        const char *title = s->y_titles && s->y_titles[i] ? s->y_titles[i] : s->y_series[i];
        TRY(take_one(b, t, at, title, most, w));
    }
    for (int i = 0; s->n_y_series == 0 && i < t->schema->n && w->n < most; i++) {
        const struct field *f = &t->schema->fields[i];
        if (f->type.kind == KIND_INT || f->type.kind == KIND_NUM)
            TRY(take_one(b, t, i, f->name, most, w));
    }
    return RC_OK;
}

rc stat_wide_of(struct chart_build *b, int least, int most, struct stat_wide *out)
{
    struct table *t;
    *out = (struct stat_wide){0};
    TRY(stat_table(b, &t));
    out->rows = t->n_rows;
    enum rc_t res = take_all(b, t, most < STAT_WIDE_MOST ? most : STAT_WIDE_MOST, out);
    table_unref(t);
    TRY(res);
    if (out->n >= least) return RC_OK;
    fail(b->cx, E501, b->spec->span, "%s needs %d columns of numbers%s", b->c->kind->name, least,
         least == most ? "" : " or more");
    return err_hint(b->cx, "plot [a, b, c], kind: %s", b->c->kind->name);
}

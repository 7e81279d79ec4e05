/* print.c: outputs of a run as text, CSV or JSON lines. */
#include "kernel/cli/cli.h"

#include "runtime/base/num.h"
#include "runtime/io/io.h"

#include <math.h>

/* ---- JSON text (numbers as the language prints them: shortest, infinities as text) ---- */
static void json_text(struct strbuf *b, struct str s)
{
    strbuf_addc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            strbuf_printf(b, "\\%c", c);
        else if (c == '\n')
            strbuf_addz(b, "\\n");
        else if (c == '\t')
            strbuf_addz(b, "\\t");
        else if (c < 32)
            strbuf_printf(b, "\\u%04x", c);
        else
            strbuf_addc(b, (char)c);
    }
    strbuf_addc(b, '"');
}

static void json_value(struct strbuf *b, const struct scalar *s)
{
    struct strbuf text = {0};
    bool bare = s->is_null || s->type.kind == KIND_INT || s->type.kind == KIND_BOOL ||
                s->type.kind == KIND_NULL || (s->type.kind == KIND_NUM && isfinite(s->u.f));
    if (s->type.kind == KIND_LIST && !s->is_null) {
        strbuf_addc(b, '[');
        for (int64_t i = 0; s->u.list && i < s->u.list->n; i++) {
            struct scalar item = column_scalar(s->u.list, i);
            if (i) strbuf_addz(b, ", ");
            json_value(b, &item);
            scalar_release(&item);
        }
        strbuf_addc(b, ']');
        return;
    }
    scalar_text(&text, s, false);
    if (bare)
        strbuf_adds(b, strbuf_view(&text));
    else
        json_text(b, strbuf_view(&text));
    strbuf_release(&text);
}

static void json_table(struct strbuf *b, const struct table *t)
{
    char type[128];
    strbuf_addz(b, ", \"columns\": [");
    for (int i = 0; i < t->schema->n; i++) {
        strbuf_addz(b, i ? ", {\"name\": " : "{\"name\": ");
        json_text(b, str_of(t->schema->fields[i].name));
        strbuf_addz(b, ", \"type\": ");
        json_text(b, str_of(dtype_text(t->schema->fields[i].type, type, sizeof type)));
        strbuf_addc(b, '}');
    }
    strbuf_addz(b, "], \"rows\": [");
    for (int64_t r = 0; r < t->n_rows; r++) {
        strbuf_addz(b, r ? ", [" : "[");
        for (int i = 0; i < t->schema->n; i++) {
            struct scalar s = column_scalar(t->cols[i], r);
            if (i) strbuf_addz(b, ", ");
            json_value(b, &s);
            scalar_release(&s);
        }
        strbuf_addc(b, ']');
    }
    strbuf_addc(b, ']');
}

/* All rows of a shown frame; new reference, or NULL after printing the error. */
static struct table *whole_table(struct printer *p, const struct display *d)
{
    struct table *t = NULL;
    struct error err;
    err_clear(&err);
    if (d->is_whole || !d->plan) return table_ref(d->table);
    if (lang_frame_table(session_lang(p->session), d->plan, &t, &err) == RC_OK) return t;
    session_emit_error(p->session, &err);
    return NULL;
}

static const char *kind_of(const struct output *o)
{
    if (o->kind == OUTPUT_STREAM) return "stream";
    if (o->kind == OUTPUT_ERROR) return "error";
    if (!o->shown) return "value";
    return o->shown->kind == DISPLAY_FRAME   ? "frame"
           : o->shown->kind == DISPLAY_CHART ? "chart"
                                             : "value";
}

static void json_error(struct printer *p, struct strbuf *b, const struct error *e)
{
    int line = 0, column = 0;
    if (e->span.source)
        sources_place(lang_sources(session_lang(p->session)), e->span, &line, &column);
    strbuf_printf(b, ", \"code\": \"%s\", \"message\": ", err_name(e->code));
    json_text(b, str_of(e->message));
    strbuf_printf(b, ", \"line\": %d, \"column\": %d, \"hint\": ", line, column);
    json_text(b, str_of(e->hint));
}

static void json_bundle(struct printer *p, struct strbuf *b, const struct output *o)
{
    const struct display *d = o->shown;
    struct table *t = d && d->kind == DISPLAY_FRAME ? whole_table(p, d) : NULL;
    if (t) {
        json_table(b, t);
        table_unref(t);
        return;
    }
    if (d && d->scalar) {
        strbuf_addz(b, ", \"value\": ");
        json_value(b, d->scalar);
    }
    const json_t *vega = json_object_get(o->data, "application/vnd.vegalite.v5+json");
    char *spec = vega ? json_dumps(vega, JSON_COMPACT) : NULL;
    if (spec) strbuf_printf(b, ", \"vegalite\": %s", spec);
    free(spec);
    const json_t *plain = json_object_get(o->data, "text/plain");
    strbuf_addz(b, ", \"text\": ");
    json_text(b, (struct str){json_string_value(plain), json_string_length(plain)});
}

static void print_json(struct printer *p, const struct output *o)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "{\"cell\": %d, \"kind\": \"%s\"", p->cell, kind_of(o));
    if (o->kind == OUTPUT_STREAM) {
        strbuf_printf(&b, ", \"name\": \"%s\", \"text\": ", o->fd == 2 ? "stderr" : "stdout");
        json_text(&b, o->text);
    } else if (o->kind == OUTPUT_ERROR) {
        json_error(p, &b, o->error);
    } else {
        json_bundle(p, &b, o);
    }
    fprintf(p->out, "%s}\n", b.p);
    strbuf_release(&b);
}

/* ---- text and CSV ---- */
static void print_error(struct printer *p, const struct output *o)
{
    fflush(p->out);
    struct str s = p->color ? o->text_color : o->text;
    fprintf(p->err, "%.*s\n", STR_FMT(s));
}

static void print_bundle(struct printer *p, const struct output *o)
{
    const json_t *plain = json_object_get(o->data, "text/plain");
    fwrite(json_string_value(plain), 1, json_string_length(plain), p->out);
    fputc('\n', p->out);
}

static void print_csv(struct printer *p, const struct output *o)
{
    struct strbuf b = {0};
    struct table *t = whole_table(p, o->shown);
    if (!t) return;
    io_csv_text(&b, t, ',');
    if (p->n_frames++) fputc('\n', p->out);
    fwrite(b.p, 1, b.n, p->out);
    strbuf_release(&b);
    table_unref(t);
}

void printer_output(struct printer *p, const struct output *o)
{
    bool is_frame = o->shown && o->shown->kind == DISPLAY_FRAME;
    if (o->kind == OUTPUT_PROGRESS || (p->only_errors && o->kind != OUTPUT_ERROR)) return;
    if (p->format == PRINT_JSON) {
        print_json(p, o);
    } else if (o->kind == OUTPUT_STREAM) {
        if (o->fd == 2) fflush(p->out);
        fwrite(o->text.p, 1, o->text.n, o->fd == 2 ? p->err : p->out);
    } else if (o->kind == OUTPUT_ERROR) {
        print_error(p, o);
    } else if (p->format == PRINT_CSV && is_frame) {
        print_csv(p, o);
    } else if (p->format == PRINT_TEXT || !o->shown || o->shown->kind == DISPLAY_VALUE) {
        print_bundle(p, o);
    }
    fflush(p->out);
}

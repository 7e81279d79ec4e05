/* options.c: the options of read() for delimited text, checked. */
#include "runtime/io/csv/csv_int.h"

rc csv_one_char(struct ctx *cx, const struct io_option *o, char *out)
{
    struct str s = o->value.u.s;
    bool fits =
        s.n == 1 && (unsigned char)s.p[0] < 0x80 && s.p[0] != '\n' && s.p[0] != '\r' && *s.p;
    if (!fits) {
        fail(cx, E209, o->span, "%s: takes one ASCII character", o->name);
        return err_note(cx, "e.g. delim: \";\" or delim: \"\\t\"");
    }
    *out = s.p[0];
    return RC_OK;
}

static rc read_na(struct ctx *cx, struct arena *a, const struct io_option *o, struct csv_dialect *d)
{
    if (o->value.type.kind == KIND_STR) {
        d->n_na = 1;
        d->na = ARENA_NEW(a, struct str);
        d->na[0] = arena_str(a, o->value.u.s);
    } else if (o->value.type.kind == KIND_LIST) {
        const struct column *c = o->value.u.list;
        d->na = ARENA_ARRAY(a, struct str, c->n ? c->n : 1);
        for (int64_t i = 0; i < c->n; i++) {
            struct scalar s = column_scalar(c, i);
            if (s.is_null) continue;
            struct strbuf text = {0};
            scalar_text(&text, &s, false); /* na: [-999] as well as na: ["-999"] */
            d->na[d->n_na++] = arena_str(a, strbuf_view(&text));
            strbuf_release(&text);
            scalar_release(&s);
        }
    } else {
        return fail(cx, E209, o->span, "na: takes text or a list of text, e.g. na: [\"?\", \"-\"]");
    }
    for (int i = 0; i < d->n_na; i++)
        d->na_lengths |= UINT64_C(1) << (d->na[i].n < 63 ? d->na[i].n : 63);
    d->na_any = d->n_na > 0;
    return RC_OK;
}

static rc read_ragged(struct ctx *cx, const struct io_option *o, struct csv_dialect *d)
{
    struct str s = o->value.u.s;
    if (str_eqz(s, "fill"))
        d->ragged = CSV_RAGGED_FILL;
    else if (str_eqz(s, "error"))
        d->ragged = CSV_RAGGED_ERROR;
    else if (str_eqz(s, "cut"))
        d->ragged = CSV_RAGGED_CUT;
    else
        return fail(
            cx, E209, o->span,
            "ragged: takes \"fill\" (short rows get nulls), \"cut\" (long rows lose the rest "
            "too) or \"error\"");
    return RC_OK;
}

static rc read_quote(struct ctx *cx, const struct io_option *o, struct csv_dialect *d)
{
    d->has_quote = false;
    if (o->value.is_null || (o->value.type.kind == KIND_STR && o->value.u.s.n == 0)) return RC_OK;
    if (o->value.type.kind != KIND_STR)
        return fail(cx, E209, o->span, "quote: takes one character, or null for none");
    d->has_quote = true;
    return csv_one_char(cx, o, &d->quote);
}

static rc read_escape(struct ctx *cx, const struct io_option *o, struct csv_options *out)
{
    out->says_escape = true;
    if (o->value.is_null) return RC_OK;
    if (o->value.type.kind != KIND_STR)
        return fail(cx, E209, o->span, "escape: takes one character, or null for none");
    out->dialect.has_escape = true;
    return csv_one_char(cx, o, &out->dialect.escape);
}

static rc read_names(struct ctx *cx, const struct io_option *o, struct csv_options *out)
{
    const struct column *c = o->value.u.list;
    if (c->type.kind != KIND_STR || c->n == 0 || c->n_null > 0)
        return fail(cx, E209, o->span, "names: takes a list of text, one name a column");
    out->names = c;
    out->names_span = o->span;
    return RC_OK;
}

static rc read_skip(struct ctx *cx, const struct io_option *o, struct csv_options *out)
{
    if (o->value.u.i < 0) return fail(cx, E209, o->span, "skip: counts lines from 0");
    out->skip = o->value.u.i;
    return RC_OK;
}

/* One character, or several that stand together: "::". */
static rc read_delim(struct ctx *cx, struct arena *a, const struct io_option *o,
                     struct csv_options *out)
{
    struct str s = o->value.u.s;
    bool fits = s.n >= 2 && s.n <= 8;
    out->has_delim = true;
    if (s.n < 2) return csv_one_char(cx, o, &out->dialect.delim);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 0 || s.p[i] == '\n' || s.p[i] == '\r') fits = false;
    if (!fits) return fail(cx, E209, o->span, "delim: takes up to 8 ASCII characters");
    out->dialect.delims = arena_str(a, s);
    out->dialect.delim = s.p[s.n - 1];
    return RC_OK;
}

static rc read_encoding(struct ctx *cx, const struct io_option *o, struct csv_options *out)
{
    out->has_encoding = true;
    if (io_encoding_find(o->value.u.s, &out->encoding)) return RC_OK;
    fail(cx, E209, o->span, "encoding: knows utf-8, utf-16, latin-1 and windows-1252, not \"%.*s\"",
         STR_FMT(o->value.u.s));
    return err_note(cx, "the program iconv turns other encodings into UTF-8");
}

static rc read_decimal(struct ctx *cx, const struct io_option *o, struct csv_dialect *d)
{
    struct str s = o->value.u.s;
    if (!str_eqz(s, ",") && !str_eqz(s, "."))
        return fail(cx, E209, o->span, "decimal: is \",\" or \".\"");
    d->decimal = s.p[0] == ',' ? ',' : 0;
    return RC_OK;
}

static rc read_one(struct ctx *cx, struct arena *a, const struct io_option *o,
                   struct csv_options *out)
{
    struct csv_dialect *d = &out->dialect;
    if (strcmp(o->name, "delim") == 0) return read_delim(cx, a, o, out);
    if (strcmp(o->name, "escape") == 0) return read_escape(cx, o, out);
    if (strcmp(o->name, "encoding") == 0) return read_encoding(cx, o, out);
    if (strcmp(o->name, "decimal") == 0) return read_decimal(cx, o, d);
    if (strcmp(o->name, "widths") == 0) return csv_fixed_widths(cx, a, o, d);
    if (strcmp(o->name, "date_format") == 0) {
        d->date_format = arena_str(a, o->value.u.s);
        return RC_OK;
    }
    if (strcmp(o->name, "comment") == 0) {
        d->has_comment = true;
        return csv_one_char(cx, o, &d->comment);
    }
    if (strcmp(o->name, "header") == 0) {
        out->has_header = true;
        out->header = o->value.u.b;
    } else if (strcmp(o->name, "trim") == 0) {
        d->trim = o->value.u.b;
    } else if (strcmp(o->name, "types") == 0) {
        out->types = o->value.u.row;
        out->types_span = o->span;
    }
    if (strcmp(o->name, "na") == 0) return read_na(cx, a, o, d);
    if (strcmp(o->name, "ragged") == 0) return read_ragged(cx, o, d);
    if (strcmp(o->name, "quote") == 0) return read_quote(cx, o, d);
    if (strcmp(o->name, "names") == 0) return read_names(cx, o, out);
    if (strcmp(o->name, "skip") == 0) return read_skip(cx, o, out);
    return RC_OK;
}

rc csv_options_read(struct ctx *cx, struct arena *a, const struct io_option *opts, int n,
                    char default_delim, struct csv_options *out)
{
    *out = (struct csv_options){.dialect = {.delim = ',', .quote = '"', .has_quote = true}};
    if (default_delim) {
        out->has_delim = true;
        out->dialect.delim = default_delim;
    }
    for (int i = 0; i < n; i++)
        TRY(read_one(cx, a, &opts[i], out));
    out->is_one_of_many = io_option_find(opts, n, IO_OPT_SET) >= 0;
    const struct csv_dialect *d = &out->dialect;
    if (d->decimal && out->has_delim && d->delim == ',' && d->delims.n < 2)
        return fail(cx, E209, NO_SPAN, "decimal: \",\" needs another delimiter than the comma");
    bool clash = (d->has_quote && d->quote == d->delim && out->has_delim) ||
                 (d->has_comment && d->comment == d->delim && out->has_delim) ||
                 (d->has_comment && d->has_quote && d->comment == d->quote);
    if (clash)
        return fail(cx, E209, NO_SPAN,
                    "delim, quote and comment must be three different characters");
    return RC_OK;
}

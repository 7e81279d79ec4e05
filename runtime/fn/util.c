/* util.c: validity, result text, notes and the second look at rows that a kernel flagged. Nothing
 * here is on the fast path. */
#include "runtime/fn/fn_int.h"

#include "runtime/base/civil.h"
#include "runtime/base/num.h"
#include "runtime/base/zone.h"

#include <inttypes.h>
#include <math.h>

bool row_valid(const struct fn_eval *e, const struct vec *args, int64_t i)
{
    for (int k = 0; k < e->n_args; k++)
        if (!vec_valid(&args[k], i)) return false;
    return true;
}

const uint64_t *live_rows(struct fn_eval *e, int64_t n, const struct vec *args)
{
    bool is_all = true;
    for (int k = 0; k < e->n_args; k++)
        is_all = is_all && !args[k].valid;
    if (is_all) return NULL;
    uint64_t *live = arena_alloc(e->cx->arena, BITMAP_WORDS(n) * 8 + 8);
    for (int64_t w = 0; w < (int64_t)BITMAP_WORDS(n); w++) {
        live[w] = ~UINT64_C(0);
        for (int k = 0; k < e->n_args; k++)
            live[w] &= vec_valid_word(&args[k], w);
    }
    return live;
}

void out_valid_of(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    uint64_t *valid = out_valid(out);
    for (int64_t w = 0; w < (int64_t)BITMAP_WORDS(n); w++) {
        uint64_t v = ~UINT64_C(0);
        for (int k = 0; k < e->n_args; k++)
            v &= vec_valid_word(&args[k], w);
        valid[w] = v;
    }
}

/* ---- text ---- */
#define TEXT_BLOCK 8192

char *text_room(struct text_out *o, size_t n)
{
    if (n > o->left) {
        size_t block = n > TEXT_BLOCK ? n : TEXT_BLOCK;
        o->p = arena_alloc(o->arena, block);
        o->left = block;
    }
    return o->p;
}

void text_made(struct text_out *o, size_t n)
{
    if (n <= TEXT_INLINE) return; /* the view holds it all: the room can be used again */
    o->p += n;
    o->left -= n;
}

struct text text_keep(struct text_out *o, struct str s)
{
    if (s.n <= TEXT_INLINE) return text_make(s.p, s.n);
    char *p = text_room(o, s.n);
    memcpy(p, s.p, s.n);
    text_made(o, s.n);
    return text_make(p, s.n);
}

/* ---- notes ---- */
void fn_note_add(struct fn_note *note, int64_t row, struct str text)
{
    if (note->n < 3) {
        int k = (int)note->n;
        size_t cap = sizeof note->texts[k] - 1;
        size_t n = text.n;
        if (n > cap) { /* cut at a character's edge */
            n = cap;
            while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80)
                n--;
        }
        note->rows[k] = row;
        if (n) memcpy(note->texts[k], text.p, n);
        note->texts[k][n] = '\0';
    }
    note->n++;
}

void fn_note_merge(struct fn_note *dst, const struct fn_note *src)
{
    int have = src->n < 3 ? (int)src->n : 3;
    for (int i = 0; i < have && dst->n + i < 3; i++) {
        int at = (int)dst->n + i;
        dst->rows[at] = src->rows[i];
        memcpy(dst->texts[at], src->texts[i], sizeof dst->texts[at]);
    }
    dst->n += src->n;
}

void note_row(struct fn_eval *e, int64_t i, const char *fmt, ...)
{
    char buf[96];
    if (e->note->n >= 3) { /* only the count is still wanted */
        e->note->n++;
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1;
    fn_note_add(e->note, e->first_row + i, (struct str){buf, len});
}

/* What a cast's failures are not: "numbers". */
static const char *cast_noun(const struct fn_desc *fn, bool one)
{
    static const struct {
        const char *name, *one, *many;
    } nouns[] = {
        {"int", "an int", "ints"},
        {"num", "a number", "numbers"},
        {"bool", "true or false", "true or false"},
        {"date", "a date", "dates"},
        {"datetime", "a time", "times"},
        {"parse_time", "a time of that form", "times of that form"},
    };
    for (int i = 0; i < COUNT(nouns); i++)
        if (strcmp(nouns[i].name, fn->name) == 0) return one ? nouns[i].one : nouns[i].many;
    return one ? "a value of that type" : "values of that type";
}

/* "(row 7: "A5")", "(rows 7, 61, 88: 1 / 0, ...)". */
static void note_places(struct strbuf *b, const struct fn_note *note, bool quote)
{
    int have = note->n < 3 ? (int)note->n : 3;
    strbuf_printf(b, " (row%s ", note->n == 1 ? "" : "s");
    for (int i = 0; i < have; i++)
        strbuf_printf(b, "%s%" PRId64, i ? ", " : "", note->rows[i] + 1);
    strbuf_addz(b, ": ");
    for (int i = 0; i < have; i++)
        strbuf_printf(b, quote ? "%s\"%s\"" : "%s%s", i ? ", " : "", note->texts[i]);
    if (note->n > have) strbuf_addz(b, ", ...");
    strbuf_addc(b, ')');
}

void fn_note_warn(struct ctx *cx, const struct fn_desc *fn, const struct fn_note *note,
                  const char *what, int64_t total, struct span span)
{
    if (note->n == 0) return;
    bool is_cast = fn->flags & FN_CAST, one = note->n == 1;
    struct strbuf b = {0};
    if (is_cast && total == 1) {
        strbuf_printf(&b, "cast: \"%s\" is not %s and became null", note->texts[0],
                      cast_noun(fn, true));
    } else if (total == 1) {
        strbuf_printf(&b, "arithmetic: %s has no finite value", note->texts[0]);
    } else {
        strbuf_printf(&b, is_cast ? "cast: %" PRId64 : "arithmetic: %" PRId64, note->n);
        if (total > 1) strbuf_printf(&b, " of %" PRId64, total);
        strbuf_printf(&b, " value%s of `%s` ", one && total <= 1 ? "" : "s", what);
        if (is_cast)
            strbuf_printf(&b, "%s %s and became null", one ? "is not" : "are not",
                          cast_noun(fn, one));
        else
            strbuf_addz(&b, "became null or infinite");
        note_places(&b, note, is_cast);
    }
    warn(cx, is_cast ? W312 : W311, span, "%s", b.p);
    strbuf_release(&b);
}

/* ---- values in messages ---- */
static void value_text(struct dtype type, const struct vec *v, int64_t i, char *buf, size_t n)
{
    char t[ZONED_TEXT_MAX + NUM_TEXT_MAX] = "?";
    switch (type.kind) {
    case KIND_INT: int_format(vec_i64(v, i), t); break;
    case KIND_NUM: num_format(vec_f64(v, i), t); break;
    case KIND_DATE: date_format(vec_i32(v, i), t); break;
    case KIND_DATETIME: zoned_format(vec_i64(v, i), type.zone, t); break;
    case KIND_DURATION: duration_format(vec_i64(v, i), t); break;
    case KIND_BOOL: snprintf(t, sizeof t, "%s", vec_bool(v, i) ? "true" : "false"); break;
    case KIND_STR: {
        struct str s = vec_str(v, i);
        snprintf(buf, n, "%.*s", STR_FMT(s));
        return;
    }
    default: break;
    }
    snprintf(buf, n, "%s", t);
}

void arg_text(const struct fn_eval *e, const struct vec *v, int arg, int64_t i, char *buf, size_t n)
{
    struct dtype type = e->arg_types[arg];
    if (type.kind == KIND_CAT)
        snprintf(buf, n, "?");
    else
        value_text(type, v, i, buf, n);
}

/* The call as it stood in row i: "5 / 0", "log(-1)". */
static void call_text(const struct fn_eval *e, const struct vec *args, const char *what, int64_t i,
                      char *buf, size_t n)
{
    char a[40], b[40];
    arg_text(e, &args[0], 0, i, a, sizeof a);
    bool is_word = what[0] >= 'a' && what[0] <= 'z';
    if (e->n_args < 2) {
        snprintf(buf, n, "%s(%s)", what, a);
        return;
    }
    arg_text(e, &args[1], 1, i, b, sizeof b);
    if (is_word)
        snprintf(buf, n, "%s(%s, %s)", what, a, b);
    else
        snprintf(buf, n, "%s %s %s", a, what, b);
}

static bool args_finite(const struct fn_eval *e, const struct vec *args, int64_t i)
{
    for (int k = 0; k < e->n_args; k++)
        if (args[k].phys == PHYS_F64 && !isfinite(vec_f64(&args[k], i))) return false;
    return true;
}

static void fix_rows(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                     const char *what, bool count_poles)
{
    const double *r = out->data;
    char text[96];
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(r[i]) || !row_valid(e, args, i)) continue;
        if (!isnan(r[i]) && !(count_poles && args_finite(e, args, i))) continue;
        if (isnan(r[i])) {
            out_null(out, i);
            ((double *)out->data)[i] = 0;
        }
        call_text(e, args, what, i, text, sizeof text);
        note_row(e, i, "%s", text);
    }
}

enum rc_t fix_nan(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                  const char *what)
{
    fix_rows(e, n, args, out, what, false);
    return RC_OK;
}

enum rc_t fix_nan_pole(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out,
                       const char *what)
{
    fix_rows(e, n, args, out, what, true);
    return RC_OK;
}

/* The same with num: `num(a) + b`, `abs(num(x))`. */
static rc hint_num(struct fn_eval *e, const char *what)
{
    bool is_word = what[0] >= 'a' && what[0] <= 'z';
    if (is_word) return err_hint(e->cx, "%s(num(x))", what);
    return e->n_args < 2 ? err_hint(e->cx, "%snum(x)", what) : err_hint(e->cx, "num(a) %s b", what);
}

rc fail_overflow(struct fn_eval *e, int64_t i, const struct vec *args, const char *what)
{
    char text[96];
    bool all_const = true;
    for (int k = 0; k < e->n_args; k++)
        all_const = all_const && args[k].is_const;
    call_text(e, args, what, i, text, sizeof text);
    if (all_const)
        (void)fail(e->cx, E312, e->span, "%s does not fit %s", text, kind_name(e->type.kind));
    else
        (void)fail(e->cx, E312, e->span, "%s does not fit %s (row %" PRId64 ")", text,
                   kind_name(e->type.kind), e->first_row + i + 1);
    return e->type.kind == KIND_INT ? hint_num(e, what) : RC_ERR;
}

rc need_const(struct fn_eval *e, int i, const char *fn, const char *what)
{
    if (i >= e->n_args || e->is_const[i]) return RC_OK;
    return fail(e->cx, E217, e->span, "%s of `%s` must be a constant, not a column", what, fn);
}

/* ---- types ---- */
enum rc_t type_zone(struct ctx *cx, const struct dtype *args, int n, struct span span,
                    struct dtype *out)
{
    const struct dtype *first = NULL;
    for (int i = 0; i < n; i++) {
        if (args[i].kind != KIND_DATETIME) continue;
        if (!first) first = &args[i];
        if (!first->zone == !args[i].zone) continue;
        (void)fail(cx, E207, span, "a time with a zone and one without cannot be used together");
        (void)err_note(cx, "a literal has a zone when it ends in Z or +02:00");
        return err_hint(cx, "@2019-01-31T08:30Z");
    }
    if (out->kind == KIND_DATETIME && first) out->zone = first->zone;
    return RC_OK;
}

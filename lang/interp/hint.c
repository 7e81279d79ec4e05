/* hint.c: hints are lines that can be pasted: the statement's own line with the wrong part put
 * right. What is no program text goes into notes instead. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"
#include "runtime/base/num.h"

/* The bytes of the line that holds span, without indent; false when the text is not at hand. */
static bool line_of(struct lang *lg, struct span span, struct str *text, size_t *from, size_t *to)
{
    *text = sources_text(lg->sources, span.source);
    if (span.source == 0 || span.to > text->n || span.from >= span.to) return false;
    *from = span.from;
    *to = span.to;
    while (*from > 0 && text->p[*from - 1] != '\n')
        (*from)--;
    while (*to < text->n && text->p[*to] != '\n' && text->p[*to] != '\r')
        (*to)++;
    while (*from < span.from && (text->p[*from] == ' ' || text->p[*from] == '\t'))
        (*from)++;
    return true;
}
enum rc_t hint_replace(struct lang *lg, struct span span, const char *fmt, ...)
{
    struct str text;
    size_t from, to;
    struct strbuf line = {0};
    va_list ap;
    if (!line_of(lg, span, &text, &from, &to)) return RC_ERR;
    strbuf_add(&line, text.p + from, span.from - from);
    va_start(ap, fmt);
    strbuf_vprintf(&line, fmt, ap);
    va_end(ap);
    strbuf_add(&line, text.p + span.to, to - span.to);
    (void)err_hint(&lg->cx, "%s", line.p);
    strbuf_release(&line);
    return RC_ERR;
}
/* Where the step that holds span ends on its line: at the next |> or ; or the line's end. */
static size_t step_end(struct str text, size_t at, size_t to)
{
    for (; at < to; at++) {
        if (text.p[at] == ';' || text.p[at] == '#') break;
        if (text.p[at] == '|' && at + 1 < to && text.p[at + 1] == '>') break;
    }
    while (at > 0 && text.p[at - 1] == ' ')
        at--;
    return at;
}
enum rc_t hint_append(struct lang *lg, struct span span, const char *clause)
{
    struct str text;
    size_t from, to;
    struct strbuf line = {0};
    if (!line_of(lg, span, &text, &from, &to)) return RC_ERR;
    struct str before = {text.p + from, span.from - from};
    bool in_step = false;
    for (size_t i = 0; i + 1 < before.n; i++)
        in_step = in_step || (before.p[i] == '|' && before.p[i + 1] == '>');
    if (!in_step) return RC_ERR;
    size_t end = step_end(text, span.to, to);
    strbuf_add(&line, text.p + from, end - from);
    strbuf_printf(&line, " %s", clause);
    strbuf_add(&line, text.p + end, to - end);
    (void)err_hint(&lg->cx, "%s", line.p);
    strbuf_release(&line);
    return RC_ERR;
}

/* ---- operators between types that do not fit ---- */
static struct str source_of(struct lang *lg, const struct ast *e)
{
    struct str text = sources_text(lg->sources, e->span.source);
    if (e->span.source == 0 || e->span.to > text.n || e->span.from >= e->span.to) return STR("");
    return (struct str){text.p + e->span.from, e->span.to - e->span.from};
}
static bool is_time(struct dtype t)
{
    return t.kind == KIND_DATE || t.kind == KIND_DATETIME;
}
static bool is_text(struct dtype t)
{
    return t.kind == KIND_STR || t.kind == KIND_CAT;
}
/* What the text side of a comparison with a time or number should be. */
static rc read_text(struct lang *lg, const struct ast *text, struct dtype other)
{
    struct str s = source_of(lg, text);
    int32_t day;
    int64_t us;
    double number;
    bool has_zone, is_literal = text->op == AST_STR;
    if (is_literal && is_time(other) &&
        (date_parse(text->text.p, text->text.n, &day) ||
         datetime_parse(text->text.p, text->text.n, &us, &has_zone)))
        return hint_replace(lg, text->span, "@%.*s", STR_FMT(text->text));
    if (is_literal && dtype_is_number(other) && num_parse(text->text.p, text->text.n, &number))
        return hint_replace(lg, text->span, "%.*s", STR_FMT(text->text));
    if (s.n == 0 || is_literal) return RC_ERR;
    const char *cast = is_time(other) ? kind_name(other.kind) : "num";
    return hint_replace(lg, text->span, "%s(%.*s)", cast, STR_FMT(s));
}
static void join_part(struct lang *lg, const struct ast *e, struct strbuf *out)
{
    if (e->op == AST_STR) {
        strbuf_adds(out, e->text);
    } else {
        struct str s = source_of(lg, e);
        strbuf_printf(out, "{%.*s}", STR_FMT(s));
    }
}
/* x + y of texts: an f-string. */
static rc join_texts(struct lang *lg, const struct ast *e)
{
    struct strbuf parts = {0};
    join_part(lg, e->kids[0], &parts);
    join_part(lg, e->kids[1], &parts);
    bool is_plain = !memchr(parts.p, '"', parts.n) && !memchr(parts.p, '\n', parts.n) &&
                    !memchr(parts.p, '\\', parts.n);
    if (is_plain) (void)hint_replace(lg, e->span, "f\"%s\"", parts.p);
    strbuf_release(&parts);
    return RC_ERR;
}
/* day + 1 as in SQL: the number becomes days. */
static rc add_days(struct lang *lg, const struct ast *n)
{
    struct str s = source_of(lg, n);
    if (s.n == 0) return RC_ERR;
    return n->op == AST_INT ? hint_replace(lg, n->span, "%.*sd", STR_FMT(s))
                            : hint_replace(lg, n->span, "%.*s * 1d", STR_FMT(s));
}
/* The whole number beside a time. */
static const struct ast *day_count(const struct ast *e, struct dtype x, struct dtype y)
{
    bool plus = str_eqz(e->text, "+"), minus = str_eqz(e->text, "-");
    if ((plus || minus) && is_time(x) && y.kind == KIND_INT) return e->kids[1];
    return plus && is_time(y) && x.kind == KIND_INT ? e->kids[0] : NULL;
}
rc hint_operator(struct lang *lg, const struct ast *e, struct dtype x, struct dtype y)
{
    if (lg->cx.err->code != E207) return RC_ERR;
    if (str_eqz(e->text, "and") || str_eqz(e->text, "or")) {
        lg->cx.err->hint[0] = 0; /* no cast makes a condition */
        return err_note(&lg->cx, "compare what is no condition with something, e.g. x > 0");
    }
    const struct ast *count = day_count(e, x, y);
    if (count) return add_days(lg, count);
    if (is_text(x) && is_text(y)) return str_eqz(e->text, "+") ? join_texts(lg, e) : RC_ERR;
    if (is_text(x) && (is_time(y) || dtype_is_number(y))) return read_text(lg, e->kids[0], y);
    if (is_text(y) && (is_time(x) || dtype_is_number(x))) return read_text(lg, e->kids[1], x);
    const struct ast *truth = x.kind == KIND_BOOL   ? e->kids[0]
                              : y.kind == KIND_BOOL ? e->kids[1]
                                                    : NULL;
    struct str s = truth ? source_of(lg, truth) : STR("");
    bool with_number = dtype_is_number(x) || dtype_is_number(y);
    if (s.n && with_number) return hint_replace(lg, truth->span, "int(%.*s)", STR_FMT(s));
    return RC_ERR;
}

/* hint.c: hints are lines that can be pasted: the statement's own line with the wrong part put
 * right. What is no program text goes into notes instead. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

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

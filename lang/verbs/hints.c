/* hints.c: ways out that can be pasted: the user's own line with a part replaced or added, or a
 * step behind the name of the frame. */
#include "lang/verbs/verb_int.h"

#include "lang/interp_int.h"

/* The line of text around a span, without indent; false when the span is not of one line. */
static bool line_around(const struct lang *lg, struct span span, struct str *before,
                        struct str *after)
{
    struct str text = sources_text(lg->sources, span.source);
    if (span.to > text.n || span.from > span.to) return false;
    size_t from = span.from, to = span.to;
    for (size_t i = span.from; i < span.to; i++)
        if (text.p[i] == '\n') return false;
    while (from > 0 && text.p[from - 1] != '\n')
        from--;
    while (to < text.n && text.p[to] != '\n')
        to++;
    while (from < span.from && (text.p[from] == ' ' || text.p[from] == '\t'))
        from++;
    *before = (struct str){text.p + from, span.from - from};
    *after = (struct str){text.p + span.to, to - span.to};
    return true;
}

enum rc_t hint_part(struct lang *lg, struct span span, struct str part)
{
    struct str before, after;
    if (!line_around(lg, span, &before, &after)) return RC_ERR;
    return err_hint(&lg->cx, "%.*s%.*s%.*s", STR_FMT(before), STR_FMT(part), STR_FMT(after));
}

enum rc_t hint_line(struct verb_call *vc, struct span span, const char *fmt, ...)
{
    struct strbuf part = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&part, fmt, ap);
    va_end(ap);
    enum rc_t r = hint_part(vc->lg, span, strbuf_view(&part));
    strbuf_release(&part);
    return r;
}

enum rc_t hint_after(struct verb_call *vc, struct span span, const char *fmt, ...)
{
    struct strbuf part = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&part, fmt, ap);
    va_end(ap);
    span.from = span.to;
    enum rc_t r = hint_part(vc->lg, span, strbuf_view(&part));
    strbuf_release(&part);
    return r;
}

enum rc_t hint_step(struct verb_call *vc, const char *fmt, ...)
{
    struct strbuf step = {0};
    const char *label = vc->input ? vc->input->label : NULL;
    va_list ap;
    const char *other = vc->input && vc->input->kind == VALUE_MODEL   ? "m"
                        : vc->input && vc->input->kind == VALUE_CHART ? "c"
                                                                      : "t";
    if (!label || !name_is_bare(str_of(label))) label = other;
    va_start(ap, fmt);
    strbuf_vprintf(&step, fmt, ap);
    va_end(ap);
    enum rc_t r = err_hint(vc->cx, "%s |> %s", label, step.p);
    strbuf_release(&step);
    return r;
}

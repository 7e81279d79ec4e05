/* hints.c: ways out that can be pasted, beside those of lang/hint.c: text added behind a part of
 * the user's line, or a step behind the name of the frame. */
#include "lang/verbs/verb_int.h"

enum rc_t hint_after(struct verb_call *vc, struct span span, const char *fmt, ...)
{
    struct strbuf more = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&more, fmt, ap);
    va_end(ap);
    enum rc_t r = hint_replace(vc->lg, span, "%s%s", source_text(vc, span), strbuf_view(&more).p);
    strbuf_release(&more);
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

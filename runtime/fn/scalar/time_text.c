/* time_text.c: format_time and parse_time with strftime patterns. */
#include "runtime/base/civil.h"
#include "runtime/fn/fn_int.h"

static enum rc_t format_time(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    struct text *r = (struct text *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    struct text_out t = text_out_to(e);
    struct strbuf b = {0};
    for (int64_t i = 0; i < n; i++) {
        strbuf_clear(&b);
        if (bit_valid(live, i)) time_format(&b, vec_i64(&args[0], i), vec_str(&args[1], i));
        r[i] = text_keep(&t, strbuf_view(&b));
    }
    strbuf_release(&b);
    out->heap = NULL;
    return RC_OK;
}
static const struct fn_overload format_time_overloads[] = {
    OV2(KIND_DATETIME, KIND_STR, KIND_STR, format_time),
};
const struct fn_desc fn_format_time = {
    .name = "format_time",
    .sig = "format_time(t: datetime, pattern: str) -> str",
    .doc = "t as text by a strftime pattern: %Y %m %d %H %M %S %f, %a %A %b %B %j %u ...",
    .example = "format_time(@2019-01-31, \"%d.%m.%Y\")  #> \"31.01.2019\"",
    .flags = FN_PURE,
    .overloads = format_time_overloads,
    .n_overloads = COUNT(format_time_overloads),
};

static enum rc_t parse_time(struct fn_eval *e, int64_t n, const struct vec *args, struct vec *out)
{
    int64_t *r = (int64_t *)out->data;
    const uint64_t *live = live_rows(e, n, args);
    for (int64_t i = 0; i < n; i++) {
        r[i] = 0;
        if (!bit_valid(live, i)) continue;
        struct str s = vec_str(&args[0], i);
        if (time_parse(str_trim(s), vec_str(&args[1], i), &r[i])) continue;
        out_null(out, i);
        fn_note_add(e->note, e->first_row + i, s);
    }
    return RC_OK;
}
static const struct fn_overload parse_time_overloads[] = {
    OV2(KIND_STR, KIND_STR, KIND_DATETIME, parse_time),
};
const struct fn_desc fn_parse_time = {
    .name = "parse_time",
    .sig = "parse_time(x: str, pattern: str) -> datetime",
    .doc =
        "Text as an instant by a strftime pattern; what does not fit becomes null and is counted.",
    .example = "parse_time(\"31.01.2019 08:30\", \"%d.%m.%Y %H:%M\")  #> 2019-01-31 08:30:00",
    .flags = FN_PURE | FN_ADDS_NULLS | FN_CAST,
    .overloads = parse_time_overloads,
    .n_overloads = COUNT(parse_time_overloads),
};

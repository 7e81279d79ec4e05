/* clock.c: now and today, read once a statement; float, which papermill writes. */
#include "lang/builtins/builtin_int.h"

#include "runtime/base/num.h"

static enum rc_t now_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    struct scalar s = {.type = DTYPE(KIND_DATETIME), .u.i = statement_now(lg)};
    (void)sc, (void)e, (void)args, (void)names, (void)n_args;
    *out = value_scalar(&s);
    return RC_OK;
}
const struct builtin_desc builtin_now = {
    .name = "now",
    .sig = "now() -> datetime",
    .doc = "The wall clock, read once a statement; local time.",
    .example = "now()",
    .call = now_call,
};

static enum rc_t today_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct scalar s = {.type = DTYPE(KIND_DATE), .u.i = civil_day_of_us(statement_now(lg))};
    (void)sc, (void)e, (void)args, (void)names, (void)n_args;
    *out = value_scalar(&s);
    return RC_OK;
}
const struct builtin_desc builtin_today = {
    .name = "today",
    .sig = "today() -> date",
    .doc = "The day of the wall clock, read once a statement; local time.",
    .example = "today()",
    .call = today_call,
};

static enum rc_t float_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str text;
    double x;
    (void)sc;
    TRY(plain_text(&c, 0, "float()'s value", &text));
    text = str_trim(text);
    if (!num_parse(text.p, text.n, &x))
        return fail(&lg->cx, E207, e->kids[0]->span, "`%.*s` is not a number", STR_FMT(text));
    *out = value_num(x); /* nan is null */
    return RC_OK;
}
const struct builtin_desc builtin_float = {
    .name = "float",
    .sig = "float(text: str) -> num",
    .doc = "A number from text, as papermill writes parameters; elsewhere num() is the word.",
    .example = "float(\"inf\")  #> inf",
    .min_args = 1,
    .max_args = 1,
    .call = float_call,
};

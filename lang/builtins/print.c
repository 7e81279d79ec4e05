/* print.c: print, input, error, sleep, env: the program's dealings with the person and the system.
 */
#include "lang/builtins/builtin_int.h"

/* ---- print ---- */
static rc print_one(struct lang *lg, const struct value *v, struct strbuf *out)
{
    if (v->kind == VALUE_FRAME) return frame_print(lg, v, out);
    if (v->kind == VALUE_MODEL) {
        ml_card_text(out, v->model, lg->opts.width);
    } else {
        value_text(out, v, false);
    }
    return RC_OK;
}
static enum rc_t print_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct strbuf text = {0};
    enum rc_t res = RC_OK;
    (void)sc, (void)e, (void)names;
    for (int i = 0; i < n_args && res == RC_OK; i++) {
        if (i) strbuf_addc(&text, args[i]->kind == VALUE_FRAME ? '\n' : ' ');
        res = print_one(lg, args[i], &text);
    }
    strbuf_addc(&text, '\n');
    if (res == RC_OK) {
        print_text(lg, strbuf_view(&text));
        *out = value_nothing(NULL);
    }
    strbuf_release(&text);
    return res;
}
const struct builtin_desc builtin_print = {
    .name = "print",
    .sig = "print(x, ..)",
    .doc =
        "Writes values to the cell's output, bare and with blanks between; a frame as show would.",
    .example = "print(\"rows:\", 3)  #> rows: 3",
    .min_args = 0,
    .max_args = -1,
    .call = print_call,
};

/* ---- input ---- */
static enum rc_t input_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    const struct lang_host *host = lg->opts.host;
    const struct value *secret = option_value(&c, "secret");
    struct str prompt = STR("");
    bool is_secret = false;
    (void)sc;
    if (plain_value(&c, 0)) TRY(plain_text(&c, 0, "the prompt", &prompt));
    if (secret) TRY(value_truth(lg, secret, e->span, &is_secret));
    if (!host || !host->input || lg->is_dry)
        return fail(&lg->cx, E604, e->span, "there is nobody to ask here");
    struct strbuf answer = {0};
    const char *text = arena_strndup(lg->cx.arena, prompt.p, prompt.n);
    bool has_answer = host->input(host->self, text, is_secret, &answer);
    if (has_answer) *out = value_str(strbuf_view(&answer));
    strbuf_release(&answer);
    if (has_answer) return RC_OK;
    TRY(check_cancel(&lg->cx));
    (void)fail(&lg->cx, E604, e->span, "input() has nobody to ask here");
    return err_note(&lg->cx, "a param is set from outside: param name = \"x\", then -p name=y");
}
const struct builtin_desc builtin_input = {
    .name = "input",
    .sig = "input(prompt: str = \"\", secret: bool = false) -> str",
    .doc = "Asks the person and gives the answer as text.",
    .example = "input(\"name? \")",
    .max_args = 1,
    .options = "secret",
    .call = input_call,
};

/* ---- error ---- */
static enum rc_t error_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str text;
    (void)sc, (void)out;
    TRY(plain_text(&c, 0, "the message", &text));
    return fail(&lg->cx, E216, e->span, "%.*s", STR_FMT(text));
}
const struct builtin_desc builtin_error = {
    .name = "error",
    .sig = "error(text: str)",
    .doc = "Stops the program with the text as its error.",
    .example = "error(\"no rows for this day\")",
    .min_args = 1,
    .max_args = 1,
    .call = error_call,
};

/* ---- sleep ---- */
#define NAP_US INT64_C(20000)

static enum rc_t sleep_call(struct lang *lg, struct scope *sc, const struct ast *e,
                            struct value **args, struct str *names, int n_args, struct value **out)
{
    struct scalar s;
    (void)sc, (void)names, (void)n_args;
    TRY(value_to_scalar(lg, args[0], e->kids[0]->span, lg->cx.arena, &s));
    int64_t us = s.type.kind == KIND_DURATION ? s.u.i : -1;
    if (s.is_null || us < 0 || s.months) {
        (void)fail(&lg->cx, E207, e->kids[0]->span, "sleep takes a length of time");
        return err_hint(&lg->cx, "sleep(2s)");
    }
    while (us > 0 && !lg->is_dry) {
        int64_t nap = us < NAP_US ? us : NAP_US;
        struct timespec t = {.tv_nsec = (long)nap * 1000};
        TRY(check_cancel(&lg->cx));
        (void)nanosleep(&t, NULL);
        us -= nap;
    }
    *out = value_nothing(NULL);
    return RC_OK;
}
const struct builtin_desc builtin_sleep = {
    .name = "sleep",
    .sig = "sleep(time: duration)",
    .doc = "Waits; an interrupt ends it.",
    .example = "sleep(200ms)",
    .min_args = 1,
    .max_args = 1,
    .call = sleep_call,
};

/* ---- env ---- */
static enum rc_t env_call(struct lang *lg, struct scope *sc, const struct ast *e,
                          struct value **args, struct str *names, int n_args, struct value **out)
{
    struct call_view c = CALL_VIEW(lg, e, args, names, n_args);
    struct str name;
    (void)sc;
    TRY(plain_text(&c, 0, "the name of a variable of the environment", &name));
    const char *text = getenv(arena_strndup(lg->cx.arena, name.p, name.n));
    if (text) {
        *out = value_str(str_of(text));
    } else if (plain_value(&c, 1)) {
        *out = value_ref(plain_value(&c, 1));
    } else {
        *out = value_null();
    }
    return RC_OK;
}
const struct builtin_desc builtin_env = {
    .name = "env",
    .sig = "env(name: str, default = null) -> str",
    .doc = "A variable of the environment as text, or the default when it is not set.",
    .example = "env(\"HOME\", \"/\")",
    .min_args = 1,
    .max_args = 2,
    .call = env_call,
};

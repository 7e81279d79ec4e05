/* replies.c: the requests that the I/O thread answers itself, from the last published snapshot,
 * also while a cell runs. Each row of messages.def is a type and its handler; a handler returns the
 * reply's content. */
#include "kernel/jupyter/jup_int.h"

#include "runtime/base/utf8.h"

typedef json_t *(*handler)(struct kernel *k, struct request *r);

/* Editors and nbconvert find our own language by its name (kernelspec/). codemirror_mode would win
 * over it: it is sent only where the Lab extension cannot be installed and another language's
 * colours are wanted. */
static json_t *language_info(void)
{
    json_t *info = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", "mlnb", "version",
                             MLNB_VERSION, "mimetype", "text/x-mlnb", "file_extension", ".mlnb",
                             "pygments_lexer", "mlnb", "nbconvert_exporter", "script");
    const char *mode = getenv("MLNB_CODEMIRROR_MODE");
    if (mode && *mode) json_object_set_new(info, "codemirror_mode", json_string(mode));
    return info;
}

json_t *kernel_info(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:[{s:s, s:s}], s:[s], s:b}", "status", "ok",
                     "protocol_version", "5.5", "implementation", "mlnb", "implementation_version",
                     MLNB_VERSION, "language_info", language_info(), "banner",
                     "mlnb " MLNB_VERSION ": frames, models and charts. ?topic for help.",
                     "help_links", "text", "Vega-Lite", "url", "https://vega.github.io/vega-lite/",
                     "supported_features", "debugger", "debugger", 1);
}

static json_t *on_kernel_info(struct kernel *k, struct request *r)
{
    (void)k, (void)r;
    return kernel_info();
}

/* Text and cursor (code points, clamped) of a complete or inspect request, in bytes. */
static struct str code_and_cursor(const struct request *r, size_t *at)
{
    const json_t *code = json_object_get(r->content, "code"),
                 *pos = json_object_get(r->content, "cursor_pos");
    struct str s = {json_string_value(code), json_string_length(code)};
    if (!s.p) s = STR("");
    *at = json_is_integer(pos) ? utf8_offset(s.p, s.n, json_integer_value(pos)) : s.n;
    return s;
}

static json_t *on_complete(struct kernel *k, struct request *r)
{
    size_t at;
    struct str code = code_and_cursor(r, &at);
    struct arena *a = arena_new();
    struct lang_snapshot *snap = session_snapshot(k->session);
    struct completions c = {.from = (uint32_t)at, .to = (uint32_t)at};
    lang_complete(snap, a, code.p, code.n, at, &c);
    lang_snapshot_unref(snap);
    json_int_t from = utf8_length(code.p, c.from), to = utf8_length(code.p, c.to);
    json_t *matches = json_array(), *types = json_array();
    for (int i = 0; i < c.n; i++) {
        struct str t = c.items[i].text, d = c.items[i].detail;
        json_array_append_new(matches, json_stringn(t.p, t.n));
        json_array_append_new(types, json_pack("{s:I, s:I, s:s%, s:s, s:s%}", "start", from, "end",
                                               to, "text", t.p, t.n, "type", c.items[i].type,
                                               "signature", d.p ? d.p : "", d.n));
    }
    arena_free(a);
    return json_pack("{s:s, s:o, s:I, s:I, s:{s:o}}", "status", "ok", "matches", matches,
                     "cursor_start", from, "cursor_end", to, "metadata",
                     "_jupyter_types_experimental", types);
}

static json_t *on_inspect(struct kernel *k, struct request *r)
{
    size_t at;
    struct str code = code_and_cursor(r, &at);
    struct strbuf plain = {0}, html = {0};
    struct lang_snapshot *snap = session_snapshot(k->session);
    bool found = lang_inspect(snap, code.p, code.n, at, &plain, &html);
    lang_snapshot_unref(snap);
    json_t *data = json_object();
    if (found)
        json_object_set_new(data, "text/plain", json_stringn(plain.p ? plain.p : "", plain.n));
    if (found && html.n) json_object_set_new(data, "text/html", json_stringn(html.p, html.n));
    strbuf_release(&plain);
    strbuf_release(&html);
    return json_pack("{s:s, s:b, s:o, s:{}}", "status", "ok", "found", found, "data", data,
                     "metadata");
}

static json_t *on_is_complete(struct kernel *k, struct request *r)
{
    (void)k;
    static const char *const names[] = {"complete", "incomplete", "invalid"};
    const json_t *code = json_object_get(r->content, "code");
    int indent = 0;
    enum complete_status st = LANG_COMPLETE;
    if (json_is_string(code))
        st = lang_is_complete(json_string_value(code), json_string_length(code), &indent);
    json_t *content = json_pack("{s:s}", "status", names[st]);
    if (st == LANG_INCOMPLETE)
        json_object_set_new(content, "indent", json_sprintf("%*s", indent, ""));
    return content;
}

static json_t *on_comm_info(struct kernel *k, struct request *r)
{
    (void)k, (void)r;
    return json_pack("{s:s, s:{}}", "status", "ok", "comms");
}

int64_t int_of(const json_t *content, const char *name, int64_t def)
{
    const json_t *v = json_object_get(content, name);
    return json_is_integer(v) ? json_integer_value(v) : def;
}

const char *text_of(const json_t *content, const char *name, const char *def)
{
    const char *v = json_string_value(json_object_get(content, name));
    return v ? v : def;
}

/* ---- control ---- */
static json_t *on_interrupt(struct kernel *k, struct request *r)
{
    (void)r;
    kernel_interrupt(k);
    return json_pack("{s:s}", "status", "ok");
}

static json_t *on_shutdown(struct kernel *k, struct request *r)
{
    k->is_over = true;
    json_t *content = json_pack("{s:s, s:b}", "status", "ok", "restart",
                                json_is_true(json_object_get(r->content, "restart")));
    kernel_post(
        k, message_new(&k->names, CHANNEL_IOPUB, "shutdown_reply", r, json_incref(content), NULL));
    return content;
}

static json_t *on_usage(struct kernel *k, struct request *r)
{
    (void)r;
    return usage(k);
}

/* comm_open gets comm_close back (there are no targets); other comm messages are ignored. No reply
 * on the channel. */
static json_t *on_comm_open(struct kernel *k, struct request *r)
{
    const char *id = text_of(r->content, "comm_id", "");
    kernel_post(k, message_new(&k->names, CHANNEL_IOPUB, "comm_close", r,
                               json_pack("{s:s, s:{}}", "comm_id", id, "data"), NULL));
    return NULL;
}

static json_t *on_comm_other(struct kernel *k, struct request *r)
{
    (void)k, (void)r;
    return NULL;
}

static const struct {
    const char *type;
    handler run;
    const char *reply; /* NULL = none */
} table[] = {
#define MESSAGE(type, run, reply) {type, run, reply},
#include "kernel/jupyter/messages.def"
#undef MESSAGE
};

static void reply(struct kernel *k, struct request *r, const char *type, json_t *take_content)
{
    enum channel c = r->is_control ? CHANNEL_CONTROL : CHANNEL_SHELL;
    kernel_post(k, message_new(&k->names, c, type, r, take_content, NULL));
}

/* A request of a type we do not know gets an error, so that no client waits for ever. */
static void refuse(struct kernel *k, struct request *r)
{
    size_t n = strlen(r->type);
    struct str stem = {r->type, n > 8 ? n - 8 : 0};
    if (!str_ends(str_of(r->type), STR("_request"))) return;
    char *type = arena_printf(r->arena, "%.*s_reply", STR_FMT(stem));
    reply(k, r, type,
          json_pack("{s:s, s:s, s:s, s:[]}", "status", "error", "ename", "UnknownMessage", "evalue",
                    "this kernel does not know the request", "traceback"));
}

bool answer(struct kernel *k, struct request *r)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(table[i].type, r->type) != 0) continue;
        json_t *content = table[i].run(k, r);
        if (table[i].reply)
            reply(k, r, table[i].reply, content);
        else
            json_decref(content);
        return true;
    }
    refuse(k, r);
    return false;
}

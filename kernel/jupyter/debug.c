/* debug.c: the part of the debug protocol that fills a front end's panel of variables: what is
 * defined, what is inside, one value at large. There are no breakpoints and nothing ever stops.
 * Answers come from the last snapshot, also while a cell runs. */
#include "kernel/jupyter/jup_int.h"

#include "runtime/base/hash.h"

#define TMP_PREFIX "mlnb:/cell_"
#define TMP_SUFFIX ".mlnb"

/* Gives the body, or NULL: there is no such thing. */
typedef json_t *(*command)(struct kernel *k, const json_t *args);

static json_t *nothing(struct kernel *k, const json_t *args)
{
    (void)k, (void)args;
    return json_object();
}

static json_t *debug_info(struct kernel *k, const json_t *args)
{
    (void)args;
    return json_pack("{s:b, s:s, s:i, s:s, s:s, s:[], s:[], s:b, s:[], s:b}", "isStarted",
                     k->debugging, "hashMethod", "Murmur2", "hashSeed", 0, "tmpFilePrefix",
                     TMP_PREFIX, "tmpFileSuffix", TMP_SUFFIX, "breakpoints", "stoppedThreads",
                     "richRendering", 1, "exceptionPaths", "copyToGlobals", 0);
}

static json_t *initialize(struct kernel *k, const json_t *args)
{
    (void)args;
    k->debugging = true;
    return json_pack("{s:b, s:[]}", "supportsModulesRequest", 0, "exceptionBreakpointFilters");
}

static json_t *disconnect(struct kernel *k, const json_t *args)
{
    k->debugging = false;
    return nothing(k, args);
}

/* A path for a cell; no file is written, since nothing will stop in it. */
static json_t *dump_cell(struct kernel *k, const json_t *args)
{
    (void)k;
    const json_t *code = json_object_get(args, "code");
    uint64_t h = hash_bytes(json_string_value(code) ? json_string_value(code) : "",
                            json_string_length(code));
    return json_pack("{s:o}", "sourcePath",
                     json_sprintf(TMP_PREFIX "%016llx" TMP_SUFFIX, (unsigned long long)h));
}

static json_t *no_breakpoints(struct kernel *k, const json_t *args)
{
    (void)k, (void)args;
    return json_pack("{s:[]}", "breakpoints");
}

static json_t *threads(struct kernel *k, const json_t *args)
{
    (void)k, (void)args;
    return json_pack("{s:[]}", "threads");
}

/* ---- variables ---- */
static json_t *one_variable(const struct lang_variable *v, int reference)
{
    return json_pack("{s:s, s:s, s:s%, s:s, s:i, s:i}", "name", v->name, "type", v->type, "value",
                     v->preview.p, v->preview.n, "evaluateName", v->name, "variablesReference",
                     v->n_parts ? reference : 0, "namedVariables", v->n_parts);
}

static int variables_now(struct kernel *k, struct arena *a, struct lang_variable **out)
{
    struct lang_snapshot *snap = session_snapshot(k->session);
    int n = lang_snapshot_variables(snap, a, out);
    lang_snapshot_unref(snap);
    return n;
}

static json_t *inspect_variables(struct kernel *k, const json_t *args)
{
    (void)args;
    struct arena *a = arena_new();
    struct lang_variable *all;
    json_t *list = json_array();
    int n = variables_now(k, a, &all);
    for (int i = 0; i < n; i++)
        json_array_append_new(list, one_variable(&all[i], i + 1));
    arena_free(a);
    return json_pack("{s:o}", "variables", list);
}

/* What is inside variable number `variablesReference` (from 1). */
static json_t *variables(struct kernel *k, const json_t *args)
{
    json_int_t i = json_integer_value(json_object_get(args, "variablesReference")) - 1;
    struct arena *a = arena_new();
    struct lang_variable *all;
    json_t *list = json_array();
    int n = variables_now(k, a, &all);
    for (int p = 0; i >= 0 && i < n && p < all[i].n_parts; p++)
        json_array_append_new(list, one_variable(&all[i].parts[p], 0));
    arena_free(a);
    return json_pack("{s:o}", "variables", list);
}

static json_t *rich_inspect(struct kernel *k, const json_t *args)
{
    const json_t *name = json_object_get(args, "variableName");
    struct strbuf code = {0}, plain = {0}, html = {0};
    strbuf_printf(&code, "$%s", json_string_value(name) ? json_string_value(name) : "");
    struct lang_snapshot *snap = session_snapshot(k->session);
    bool found = lang_inspect(snap, code.p, code.n, code.n, &plain, &html);
    lang_snapshot_unref(snap);
    json_t *data = json_object();
    if (found)
        json_object_set_new(data, "text/plain", json_stringn(plain.p ? plain.p : "", plain.n));
    if (found && html.n) json_object_set_new(data, "text/html", json_stringn(html.p, html.n));
    strbuf_release(&code);
    strbuf_release(&plain);
    strbuf_release(&html);
    return json_pack("{s:o, s:{}}", "data", data, "metadata");
}

static const struct {
    const char *name;
    command run;
} commands[] = {
    {"debugInfo", debug_info},
    {"initialize", initialize},
    {"attach", nothing},
    {"configurationDone", nothing},
    {"disconnect", disconnect},
    {"terminate", disconnect},
    {"dumpCell", dump_cell},
    {"setBreakpoints", no_breakpoints},
    {"setExceptionBreakpoints", no_breakpoints},
    {"threads", threads},
    {"inspectVariables", inspect_variables},
    {"variables", variables},
    {"richInspectVariables", rich_inspect},
};

static json_t *response(int seq, const json_t *request, const char *name, json_t *take_body)
{
    const json_t *asked = json_object_get(request, "seq");
    json_t *out = json_pack("{s:s, s:i, s:I, s:s, s:b, s:o}", "type", "response", "seq", seq,
                            "request_seq", json_integer_value(asked), "command", name, "success",
                            take_body != NULL, "body", take_body ? take_body : json_object());
    if (!take_body)
        json_object_set_new(out, "message",
                            json_string("mlnb shows variables; it has no debugger"));
    return out;
}

json_t *on_debug(struct kernel *k, struct request *r)
{
    const json_t *args = json_object_get(r->content, "arguments");
    const char *name = json_string_value(json_object_get(r->content, "command"));
    json_t *body = NULL;
    if (!name) name = "";
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0) body = commands[i].run(k, args);
    return response(++k->debug_seq, r->content, name, body);
}

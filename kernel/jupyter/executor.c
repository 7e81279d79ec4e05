/* executor.c: the thread that runs cells. It never touches a socket: messages go to the I/O
 * thread's list. */
#include "kernel/jupyter/jup_int.h"

#include <signal.h>

#define QUIET_MS 6

struct run { /* one execute request */
    struct kernel *k;
    struct request *r;
    bool silent;
    bool leaves;     /* the cell is `exit`: a console that asked leaves */
    json_t *collect; /* user_expressions: result goes here instead of to iopub */
    json_t *error;   /* content of the error message, when the cell failed */
};

static struct run *current; /* executor thread only */

static void publish(struct run *run, const char *type, json_t *take_content)
{
    kernel_flush_text(run->k);
    kernel_post(run->k,
                message_new(&run->k->names, CHANNEL_IOPUB, type, run->r, take_content, NULL));
}

static json_t *error_content(const struct output *o)
{
    bool is_cancel = err_class_of(o->error->code) == ERR_CLASS_CANCEL;
    return json_pack("{s:s, s:s, s:o}", "ename",
                     is_cancel ? "Interrupted" : err_name(o->error->code), "evalue",
                     o->error->message, "traceback", output_traceback(o));
}

static void on_error(struct run *run, const struct output *o)
{
    json_decref(run->error);
    run->error = error_content(o);
    if (!run->collect) publish(run, "error", json_incref(run->error));
}

static void on_bundle(struct run *run, const struct output *o)
{
    json_t *data = (json_t *)(uintptr_t)o->data, *metadata = (json_t *)(uintptr_t)o->metadata;
    if (run->collect) {
        json_object_set(run->collect, "data", data);
        json_object_set(run->collect, "metadata", metadata);
    } else if (o->kind == OUTPUT_RESULT) {
        if (run->silent) return;
        publish(run, "execute_result",
                json_pack("{s:i, s:O, s:O}", "execution_count", run->k->count, "data", data,
                          "metadata", metadata));
    } else if (o->kind == OUTPUT_PROGRESS) {
        publish(run, o->is_update ? "update_display_data" : "display_data",
                json_pack("{s:O, s:O, s:{s:s}}", "data", data, "metadata", metadata, "transient",
                          "display_id", o->display_id));
    } else {
        publish(run, "display_data",
                json_pack("{s:O, s:O, s:{}}", "data", data, "metadata", metadata, "transient"));
    }
}

static void on_output(void *self, const struct output *o)
{
    struct kernel *k = self;
    if (!current) return;
    if (o->kind == OUTPUT_STREAM)
        kernel_print(k, o->fd, o->text);
    else if (o->kind == OUTPUT_ERROR)
        on_error(current, o);
    else
        on_bundle(current, o);
}

/* ---- input() ---- */
static bool allows_stdin(const struct request *r)
{
    const json_t *v = json_object_get(r->content, "allow_stdin");
    return !v || json_is_true(v);
}

/* Sends the question and notes its id, which the answer's parent must carry. */
static void ask(struct kernel *k, const char *prompt, bool secret)
{
    json_t *content = json_pack("{s:s, s:b}", "prompt", prompt, "password", secret);
    struct message *m =
        message_new(&k->names, CHANNEL_STDIN, "input_request", current->r, content, NULL);
    json_t *header = json_loadb(m->text[0], m->n[0], 0, NULL);
    pthread_mutex_lock(&k->lock);
    snprintf(k->input_id, sizeof k->input_id, "%s",
             json_string_value(json_object_get(header, "msg_id")));
    k->input_wanted = true;
    k->input_given = false;
    pthread_mutex_unlock(&k->lock);
    json_decref(header);
    kernel_post(k, m);
}

static bool on_input(void *self, const char *prompt, bool secret, struct strbuf *answer_out)
{
    struct kernel *k = self;
    if (!current || !allows_stdin(current->r)) return false;
    kernel_flush_text(k);
    ask(k, prompt, secret);
    pthread_mutex_lock(&k->lock);
    while (!k->input_given && k->input_wanted && !k->stopping)
        pthread_cond_wait(&k->cond, &k->lock);
    bool given = k->input_given;
    k->input_wanted = k->input_given = false;
    if (given) strbuf_adds(answer_out, strbuf_view(&k->input));
    pthread_mutex_unlock(&k->lock);
    return given;
}

/* ---- one execute request ---- */
static bool flag(const json_t *content, const char *name, bool def)
{
    const json_t *v = json_object_get(content, name);
    return json_is_boolean(v) ? json_is_true(v) : def;
}

static void remember(struct kernel *k, const char *source)
{
    pthread_mutex_lock(&k->lock);
    if ((k->n_history & (k->n_history - 1)) == 0)
        k->history = mem_realloc(k->history, sizeof *k->history *
                                                 (size_t)(k->n_history ? k->n_history * 2 : 1));
    k->history[k->n_history++] =
        (struct history_item){k->count, mem_strndup(source, strlen(source))};
    pthread_mutex_unlock(&k->lock);
}

static json_t *evaluate(struct run *run, const char *text)
{
    run->collect = json_pack("{s:s, s:{}, s:{}}", "status", "ok", "data", "metadata");
    enum rc_t res = session_run(run->k->session, text, strlen(text), "user_expressions", 1, NULL);
    json_t *out = run->collect;
    run->collect = NULL;
    if (res == RC_OK) return out;
    json_decref(out);
    out = run->error ? run->error : json_object();
    run->error = NULL;
    json_object_set_new(out, "status", json_string("error"));
    return out;
}

static json_t *user_expressions(struct run *run)
{
    json_t *out = json_object(), *value;
    const char *name;
    json_object_foreach(json_object_get(run->r->content, "user_expressions"), name,
                        value) if (json_is_string(value))
        json_object_set_new(out, name, evaluate(run, json_string_value(value)));
    return out;
}

static json_t *reply_content(struct run *run, enum rc_t res)
{
    if (res == RC_OK) {
        json_t *payload = json_array();
        if (run->leaves)
            json_array_append_new(payload,
                                  json_pack("{s:s, s:b}", "source", "ask_exit", "keepkernel", 0));
        return json_pack("{s:s, s:i, s:o, s:o}", "status", "ok", "execution_count", run->k->count,
                         "user_expressions", user_expressions(run), "payload", payload);
    }
    json_t *content = json_deep_copy(run->error);
    if (!content) content = json_object();
    json_object_set_new(content, "status", json_string("error"));
    json_object_set_new(content, "execution_count", json_integer(run->k->count));
    json_object_set_new(content, "user_expressions", json_object());
    json_object_set_new(content, "payload", json_array());
    return content;
}

static void post_reply(struct kernel *k, struct request *r, json_t *take_content,
                       json_t *take_metadata)
{
    enum channel channel = r->is_control ? CHANNEL_CONTROL : CHANNEL_SHELL;
    struct message *m =
        message_new(&k->names, channel, "execute_reply", r, take_content, take_metadata);
    kernel_post(k, m);
}

/* Asks the I/O thread to take from the queue what the client had sent before it could know of the
 * failure. */
static struct request *sweep(struct kernel *k, int quiet_ms)
{
    pthread_mutex_lock(&k->lock);
    k->sweep_quiet_ms = quiet_ms;
    k->sweep_wanted = true;
    pthread_mutex_unlock(&k->lock);
    kernel_wake(k);
    pthread_mutex_lock(&k->lock);
    while (k->sweep_wanted && !k->stopping)
        pthread_cond_wait(&k->cond, &k->lock);
    struct request *list = k->aborted;
    k->aborted = NULL;
    pthread_mutex_unlock(&k->lock);
    return list;
}

static void abort_all(struct kernel *k, struct request *list)
{
    while (list) {
        struct request *r = list;
        list = r->next;
        post_status(k, r, "busy");
        post_reply(k, r, json_pack("{s:s, s:i}", "status", "aborted", "execution_count", k->count),
                   NULL);
        post_status(k, r, "idle");
        request_free(r);
    }
}

static void count_cell(struct kernel *k, const char *code)
{
    pthread_mutex_lock(&k->lock);
    k->count++;
    pthread_mutex_unlock(&k->lock);
    remember(k, code);
}

/* A request without a text to run: what is wrong with it, as an error of the cell. */
static enum rc_t refuse(struct run *run, const char *what)
{
    run->error =
        json_pack("{s:s, s:s, s:[s]}", "ename", "BadRequest", "evalue", what, "traceback", what);
    publish(run, "error", json_incref(run->error));
    return RC_ERR;
}

static bool is_leave_word(const char *code)
{
    struct str s = str_trim(str_of(code));
    return str_eqz(s, "exit") || str_eqz(s, "quit") || str_eqz(s, "exit()") || str_eqz(s, "quit()");
}

static enum rc_t run_source(struct run *run, const json_t *source, bool store)
{
    char label[32];
    const char *code = json_string_value(source);
    if (store) count_cell(run->k, code);
    if (!run->silent)
        publish(run, "execute_input",
                json_pack("{s:O, s:i}", "code", source, "execution_count", run->k->count));
    if ((run->leaves = is_leave_word(code))) return RC_OK;
    snprintf(label, sizeof label, "cell %d", run->k->count);
    struct session_cell cell = {
        .label = label, .first_line = 1, .metadata = run->r->metadata, .count = run->k->count};
    return session_run_cell(run->k->session, code, json_string_length(source), &cell);
}

static enum rc_t run_request(struct run *run, bool store)
{
    const json_t *code = json_object_get(run->r->content, "code");
    if (run->r->is_rubbish) return refuse(run, "the content of the request is not a JSON object");
    if (!json_is_string(code)) return refuse(run, "the request has no code");
    return run_source(run, code, store);
}

/* What was sent before a person stopped a cell is here already; only a cell that fails at once can
 * be faster than the rest of its burst. */
static bool was_interrupted(const struct run *run)
{
    const char *ename = json_string_value(json_object_get(run->error, "ename"));
    return ename && strcmp(ename, "Interrupted") == 0;
}

static void execute(struct kernel *k, struct request *r)
{
    struct run run = {.k = k, .r = r, .silent = flag(r->content, "silent", false)};
    char started[40];
    iso_now(started);
    current = &run;
    post_status(k, r, "busy");
    stream_begin_cell(k);
    bool store = flag(r->content, "store_history", true) && !run.silent;
    enum rc_t res = run_request(&run, store);
    json_t *content = reply_content(&run, res);
    kernel_flush_text(k);
    struct request *aborted = NULL;
    if (res != RC_OK && flag(r->content, "stop_on_error", true))
        aborted = sweep(k, was_interrupted(&run) ? 0 : QUIET_MS);
    json_t *metadata = json_pack("{s:s, s:b, s:s}", "started", started, "dependencies_met", 1,
                                 "status", res == RC_OK ? "ok" : "error");
    post_reply(k, r, content, metadata);
    post_status(k, r, "idle");
    current = NULL;
    json_decref(run.error);
    abort_all(k, aborted);
}

static struct request *next_cell(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    while (!k->queue && !k->stopping)
        pthread_cond_wait(&k->cond, &k->lock);
    struct request *r = k->stopping ? NULL : k->queue;
    if (r) {
        k->queue = r->next;
        if (!k->queue) k->queue_end = &k->queue;
        k->running = r;
        session_begin(k->session); /* from here on an interrupt is this cell's */
    }
    pthread_mutex_unlock(&k->lock);
    return r;
}

static void on_usr1(int sig)
{
    (void)sig; /* only breaks blocking calls (EINTR) */
}

void *executor_main(void *arg)
{
    struct kernel *k = arg;
    sigset_t usr1;
    struct sigaction sa = {.sa_handler = on_usr1}; /* no SA_RESTART */
    sigaction(SIGUSR1, &sa, NULL);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    struct session_opts opts = {.host = {.self = k, .output = on_output, .input = on_input},
                                .width = 80};
    struct session *s = session_new(&opts);
    pthread_mutex_lock(&k->lock);
    k->session = s;
    pthread_cond_broadcast(&k->cond);
    pthread_mutex_unlock(&k->lock);
    struct request *r;
    while ((r = next_cell(k))) {
        execute(k, r);
        pthread_mutex_lock(&k->lock);
        session_end(k->session);
        k->running = NULL;
        pthread_mutex_unlock(&k->lock);
        request_free(r);
    }
    pthread_mutex_lock(&k->lock);
    k->executor_done = true;
    pthread_mutex_unlock(&k->lock);
    kernel_wake(k);
    return NULL;
}

/* loop.c: the I/O thread: one zmq_poll over all sockets, the eventfd, signals, the parent and the
 * captured pipes. It sleeps without a timer when nothing is pending. Signs and sends what the
 * executor posts, keeps iopub messages that a slow subscriber has not taken (never losing status,
 * error or reply; streams only after ten dead seconds). */
#include "kernel/jupyter/jup_int.h"
#include "kernel/jupyter/jupyter.h"

#include "runtime/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#define BACKLOG_DEAD_MS 10000
#define IOPUB_HWM       4000
#define MESSAGE_MAX     (256 << 20)
#define MAX_FRAMES      64
#define BATCH           256 /* messages of one socket before others get a turn */

int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void kernel_wake(struct kernel *k)
{
    uint64_t one = 1;
    ssize_t n = write(k->wake_fd, &one, sizeof one);
    (void)n; /* a full counter wakes as well */
}

void kernel_append(struct kernel *k, struct message *m)
{
    *k->out_end = m;
    k->out_end = &m->next;
}

void kernel_post(struct kernel *k, struct message *m)
{
    pthread_mutex_lock(&k->lock);
    kernel_append(k, m);
    pthread_mutex_unlock(&k->lock);
    kernel_wake(k);
}

void post_status(struct kernel *k, const struct request *parent, const char *state)
{
    kernel_post(k, message_new(&k->names, CHANNEL_IOPUB, "status", parent,
                               json_pack("{s:s}", "execution_state", state), NULL));
}

/* ---- sending ---- */
static bool send_frame(void *sock, struct str s, int flags)
{
    for (;;) {
        if (zmq_send(sock, s.p, s.n, flags) >= 0) return true;
        if (zmq_errno() != EINTR) return false;
    }
}

/* All frames of a message; false (nothing sent) when the socket is full. */
static bool send_message(struct kernel *k, struct message *m)
{
    static const int socket_of[] = {SOCK_SHELL, SOCK_CONTROL, SOCK_IOPUB, SOCK_STDIN};
    void *sock = k->sock[socket_of[m->channel]];
    struct str body[4];
    char signature[65];
    for (int i = 0; i < 4; i++)
        body[i] = (struct str){m->text[i], m->n[i]};
    signer_sign(k->signer, body, signature);
    bool first = true;
    for (int i = 0; i < m->n_idents; i++, first = false)
        if (!send_frame(sock, m->idents[i], ZMQ_SNDMORE | ZMQ_DONTWAIT) && first) return false;
    if (!send_frame(sock, STR("<IDS|MSG>"), ZMQ_SNDMORE | ZMQ_DONTWAIT)) return !first;
    send_frame(sock, str_of(signature), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    for (int i = 0; i < 4; i++)
        send_frame(sock, body[i], ZMQ_DONTWAIT | (i < 3 ? ZMQ_SNDMORE : 0));
    return true;
}

static int64_t bytes_of(const struct message *m)
{
    return (int64_t)(m->n[0] + m->n[1] + m->n[2] + m->n[3]);
}

static void count_backlog(struct kernel *k, int64_t bytes)
{
    pthread_mutex_lock(&k->lock);
    k->backlog_bytes += bytes;
    pthread_mutex_unlock(&k->lock);
}

static void keep_for_later(struct kernel *k, struct message *m)
{
    if (!k->backlog) {
        k->backlog_end = &k->backlog;
        k->backlog_since = now_ms();
    }
    count_backlog(k, bytes_of(m));
    m->next = NULL;
    *k->backlog_end = m;
    k->backlog_end = &m->next;
}

static void drop_backlog_head(struct kernel *k)
{
    struct message *m = k->backlog;
    k->backlog = m->next;
    count_backlog(k, -bytes_of(m));
    message_free(m);
}

static void retry_backlog(struct kernel *k)
{
    while (k->backlog && send_message(k, k->backlog)) {
        drop_backlog_head(k);
        k->backlog_since = now_ms();
    }
    if (!k->backlog || now_ms() - k->backlog_since < BACKLOG_DEAD_MS) return;
    int64_t dropped = 0;
    struct message **at = &k->backlog;
    while (*at) { /* streams only: status, errors and results stay */
        if (!(*at)->is_stream) {
            at = &(*at)->next;
            continue;
        }
        struct message *m = *at;
        *at = m->next;
        count_backlog(k, -bytes_of(m));
        message_free(m);
        dropped++;
    }
    k->backlog_end = at;
    k->backlog_since = now_ms();
    if (dropped)
        log_msg(LOG_WARN, "jupyter", "a subscriber hangs: %lld stream messages dropped",
                (long long)dropped);
}

static void deliver(struct kernel *k, struct message *m)
{
    bool is_iopub = m->channel == CHANNEL_IOPUB;
    if (is_iopub && k->backlog) {
        keep_for_later(k, m);
    } else if (send_message(k, m)) {
        message_free(m);
    } else if (is_iopub) {
        keep_for_later(k, m);
    } else {
        log_msg(LOG_WARN, "jupyter", "a reply could not be sent: its client is gone");
        message_free(m);
    }
}

static struct message *take_out(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    stream_flush_old(k);
    struct message *list = k->out;
    k->out = NULL;
    k->out_end = &k->out;
    pthread_mutex_unlock(&k->lock);
    return list;
}

/* Sends all that was posted. */
static void send_posted(struct kernel *k)
{
    struct message *list;
    while ((list = take_out(k)))
        while (list) {
            struct message *m = list;
            list = m->next;
            m->next = NULL;
            deliver(k, m);
        }
}

/* ---- receiving ---- */
/* Frames of one waiting message into k->frames; 0 when none waits. More than MAX_FRAMES: the rest
 * is read and lost. */
static int receive(struct kernel *k, void *sock)
{
    int n = 0, more = 1;
    while (more) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        int got = zmq_msg_recv(&m, sock, n ? 0 : ZMQ_DONTWAIT);
        if (got < 0) {
            zmq_msg_close(&m);
            if (zmq_errno() == EINTR) continue;
            return 0;
        }
        if (n < MAX_FRAMES) {
            strbuf_clear(&k->frames[n]);
            strbuf_add(&k->frames[n], zmq_msg_data(&m), zmq_msg_size(&m));
        }
        n++;
        more = zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
    return n < MAX_FRAMES ? n : MAX_FRAMES;
}

static struct request *next_request(struct kernel *k, int which, bool *any)
{
    struct str frames[MAX_FRAMES];
    const char *why;
    int n = receive(k, k->sock[which]);
    *any = n > 0;
    if (n == 0) return NULL;
    for (int i = 0; i < n; i++)
        frames[i] = strbuf_view(&k->frames[i]);
    struct request *r = request_parse(k->signer, frames, n, &why);
    if (!r) log_msg(LOG_WARN, "jupyter", "message dropped: %s", why);
    if (r) r->is_control = which == SOCK_CONTROL;
    return r;
}

static void enqueue_cell(struct kernel *k, struct request *r)
{
    pthread_mutex_lock(&k->lock);
    r->next = NULL;
    *k->queue_end = r;
    k->queue_end = &r->next;
    pthread_cond_broadcast(&k->cond);
    pthread_mutex_unlock(&k->lock);
}

/* After the idle of an answer given while a cell runs, clients that track the last status must see
 * busy again. */
static void restate_busy(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    struct message *m = NULL;
    if (k->running)
        m = message_new(&k->names, CHANNEL_IOPUB, "status", k->running,
                        json_pack("{s:s}", "execution_state", "busy"), NULL);
    if (m) kernel_append(k, m);
    pthread_mutex_unlock(&k->lock);
}

static void dispatch(struct kernel *k, struct request *r)
{
    if (strcmp(r->type, "execute_request") == 0) {
        enqueue_cell(k, r);
        return;
    }
    post_status(k, r, "busy");
    answer(k, r);
    post_status(k, r, "idle");
    if (strcmp(r->type, "complete_request") == 0 || strcmp(r->type, "inspect_request") == 0 ||
        strcmp(r->type, "is_complete_request") == 0 || strcmp(r->type, "history_request") == 0)
        restate_busy(k);
    request_free(r);
}

static int read_requests(struct kernel *k, int which, int most)
{
    int n = 0;
    bool any = true;
    while (any && n < most && !k->is_over) {
        struct request *r = next_request(k, which, &any);
        n += any;
        if (r) dispatch(k, r);
    }
    return n;
}

/* A reply to an older question must not answer this one: its parent header is our input_request,
 * whose msg_id the client copies back. */
static bool answers_question(const struct kernel *k, const struct request *r)
{
    const char *parent = json_string_value(json_object_get(r->parent_json, "msg_id"));
    return k->input_wanted && strcmp(r->type, "input_reply") == 0 &&
           (!parent || strcmp(parent, k->input_id) == 0);
}

static void read_stdin(struct kernel *k)
{
    bool any = true;
    while (any) {
        struct request *r = next_request(k, SOCK_STDIN, &any);
        if (!r) continue;
        const json_t *v = json_object_get(r->content, "value");
        pthread_mutex_lock(&k->lock);
        if (answers_question(k, r)) {
            strbuf_clear(&k->input);
            strbuf_add(&k->input, json_string_value(v), json_string_length(v));
            k->input_given = true;
            pthread_cond_broadcast(&k->cond);
        }
        pthread_mutex_unlock(&k->lock);
        request_free(r);
    }
}

/* Heartbeat: a ROUTER that echoes every frame (no REP state to wedge). */
static void read_heartbeat(struct kernel *k)
{
    int n;
    while ((n = receive(k, k->sock[SOCK_HB])) > 0)
        for (int i = 0; i < n; i++)
            send_frame(k->sock[SOCK_HB], strbuf_view(&k->frames[i]),
                       ZMQ_DONTWAIT | (i < n - 1 ? ZMQ_SNDMORE : 0));
}

/* A subscription gets iopub_welcome with its own topic as the prefix (JEP 65). */
static void read_subscriptions(struct kernel *k)
{
    int n;
    while ((n = receive(k, k->sock[SOCK_IOPUB])) > 0) {
        struct str s = strbuf_view(&k->frames[0]);
        if (s.n < 1 || s.p[0] != 1) continue;
        json_t *topic = json_stringn(s.p + 1, s.n - 1);
        if (!topic) continue; /* not UTF-8 */
        struct message *m = message_new(&k->names, CHANNEL_IOPUB, "iopub_welcome", NULL,
                                        json_pack("{s:o}", "subscription", topic), NULL);
        mem_free((void *)(uintptr_t)m->idents[0].p);
        m->idents[0] = (struct str){mem_strndup(s.p + 1, s.n - 1), s.n - 1};
        deliver(k, m);
    }
}

/* ---- the sweep after a failed cell ---- */
static void abort_queue(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    k->aborted = k->queue;
    k->queue = NULL;
    k->queue_end = &k->queue;
    k->sweep_wanted = false;
    pthread_cond_broadcast(&k->cond);
    pthread_mutex_unlock(&k->lock);
}

/* Reads the shell until it has been quiet for some ms (50 at most): what came before the reply is
 * aborted. */
static void sweep(struct kernel *k)
{
    int64_t end = now_ms() + 50;
    zmq_pollitem_t item = {.socket = k->sock[SOCK_SHELL], .events = ZMQ_POLLIN};
    while (now_ms() < end && zmq_poll(&item, 1, k->sweep_quiet_ms) > 0)
        read_requests(k, SOCK_SHELL, BATCH);
    abort_queue(k);
}

static bool sweep_is_wanted(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    bool wanted = k->sweep_wanted;
    pthread_mutex_unlock(&k->lock);
    return wanted;
}

void kernel_interrupt(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    bool runs = k->running != NULL;
    if (runs) session_interrupt(k->session);
    k->input_wanted = false;
    pthread_cond_broadcast(&k->cond);
    pthread_mutex_unlock(&k->lock);
    if (!runs) return; /* nothing stale may hit the next cell */
    pthread_kill(k->executor, SIGUSR1);
    int64_t now = now_ms();
    if (now - k->interrupted_at < 2000) children_kill(); /* asked twice: its commands go hard */
    k->interrupted_at = now;
}

/* ---- the loop ---- */
enum { ITEM_WAKE = SOCK_COUNT, ITEM_SIGNAL, ITEM_OUT, ITEM_ERR, ITEM_PARENT, ITEM_COUNT };

static long poll_timeout(struct kernel *k)
{
    if (k->backlog) return 10;
    long wait = stream_wait_ms(k);
    if (k->parent_pid > 0 && (wait < 0 || wait > 1000)) return 1000;
    return wait;
}

/* Signals come through a pipe written by a handler, not a signalfd: OpenBLAS starts a thread before
 * main, which has them unblocked, so that masks alone cannot keep the default action away. */
static int signal_write_fd = -1;

static void on_signal(int sig)
{
    int saved = errno;
    char byte = (char)sig;
    ssize_t n = write(signal_write_fd, &byte, 1);
    (void)n; /* full: one is waiting already */
    errno = saved;
}

static bool open_signals(struct kernel *k)
{
    int fd[2];
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t set;
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0) return false;
    k->signal_fd = fd[0];
    signal_write_fd = fd[1];
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0;
}

static void read_signals(struct kernel *k)
{
    char byte;
    while (read(k->signal_fd, &byte, 1) == 1) {
        if (byte == SIGTERM)
            k->is_over = true;
        else
            kernel_interrupt(k);
    }
}

static void drain_wake(struct kernel *k)
{
    uint64_t count;
    ssize_t n = read(k->wake_fd, &count, sizeof count);
    (void)n;
}

/* Whoever started us is gone: also in the middle of a cell. */
static _Noreturn void leave_at_once(struct kernel *k)
{
    children_kill();
    session_end_jobs(k->session);
    _exit(0);
}

static void handle(struct kernel *k, zmq_pollitem_t *items)
{
    if (items[ITEM_PARENT].revents || parent_is_gone(k->parent_pid)) leave_at_once(k);
    if (items[ITEM_WAKE].revents) drain_wake(k);
    if (items[ITEM_SIGNAL].revents) read_signals(k);
    read_requests(k, SOCK_CONTROL, BATCH);
    if (items[ITEM_OUT].revents || items[ITEM_ERR].revents) capture_read(k);
    if (sweep_is_wanted(k)) sweep(k);
    send_posted(k);
    read_stdin(k);
    read_subscriptions(k);
    read_heartbeat(k);
    read_requests(k, SOCK_SHELL, BATCH);
    send_posted(k);
    if (k->backlog) retry_backlog(k);
}

/* zmq_poll is edge-like for many messages: leftovers of a batch need a second look at once. */
static bool has_more(struct kernel *k)
{
    for (int i = 0; i < SOCK_COUNT; i++) {
        int events = 0;
        size_t n = sizeof events;
        zmq_getsockopt(k->sock[i], ZMQ_EVENTS, &events, &n);
        if (events & ZMQ_POLLIN) return true;
    }
    return false;
}

static void serve(struct kernel *k)
{
    zmq_pollitem_t items[ITEM_COUNT];
    memset(items, 0, sizeof items);
    for (int i = 0; i < SOCK_COUNT; i++)
        items[i].socket = k->sock[i];
    items[ITEM_WAKE].fd = k->wake_fd;
    items[ITEM_SIGNAL].fd = k->signal_fd;
    items[ITEM_OUT].fd = k->capture.read_fd[0];
    items[ITEM_ERR].fd = k->capture.read_fd[1];
    items[ITEM_PARENT].fd = k->parent_fd;
    for (int i = 0; i < ITEM_COUNT; i++)
        items[i].events = ZMQ_POLLIN;
    int n = k->parent_fd >= 0 ? ITEM_COUNT : ITEM_COUNT - 1;
    while (!k->is_over) {
        for (int i = 0; i < ITEM_COUNT; i++)
            items[i].revents = 0;
        zmq_poll(items, n, has_more(k) ? 0 : poll_timeout(k));
        handle(k, items);
    }
}

/* ---- start and end ---- */
static bool set_option(void *sock, int option, int value)
{
    return zmq_setsockopt(sock, option, &value, sizeof value) == 0;
}

static bool secure(struct kernel *k, void *sock)
{
    if (!k->conn.curve_secret || !k->conn.curve_public) return true;
    return set_option(sock, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(sock, ZMQ_CURVE_SECRETKEY, k->conn.curve_secret,
                          strlen(k->conn.curve_secret)) == 0 &&
           zmq_setsockopt(sock, ZMQ_CURVE_PUBLICKEY, k->conn.curve_public,
                          strlen(k->conn.curve_public)) == 0;
}

static bool open_socket(struct kernel *k, int which, int type, int port)
{
    char address[512];
    void *s = k->sock[which] = zmq_socket(k->zmq, type);
    if (!s || !set_option(s, ZMQ_LINGER, 1000) || !secure(k, s)) {
        fprintf(stderr, "mlnb kernel: cannot make a socket%s: %s\n",
                k->conn.curve_secret ? " with the curve keys of the connection file" : "",
                zmq_strerror(zmq_errno()));
        return false;
    }
    int64_t max = MESSAGE_MAX;
    zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &max, sizeof max);
    if (type == ZMQ_ROUTER) {
        set_option(s, ZMQ_ROUTER_HANDOVER, 1); /* a client that reconnects keeps its identity */
        set_option(s, ZMQ_SNDHWM, 0);          /* replies are never dropped */
        set_option(s, ZMQ_RCVHWM, 0);
    } else {
        set_option(s, ZMQ_XPUB_VERBOSE, 1); /* every subscriber is welcomed */
        set_option(s, ZMQ_XPUB_NODROP, 1);
        set_option(s, ZMQ_SNDHWM, IOPUB_HWM);
    }
    const char *sep = strcmp(k->conn.transport, "ipc") == 0 ? "-" : ":";
    snprintf(address, sizeof address, "%s://%s%s%d", k->conn.transport, k->conn.ip, sep, port);
    if (zmq_bind(s, address) == 0) return true;
    fprintf(stderr, "mlnb kernel: cannot listen on %s: %s\n", address, zmq_strerror(zmq_errno()));
    return false;
}

static bool open_sockets(struct kernel *k)
{
    k->zmq = zmq_ctx_new();
    return k->zmq && open_socket(k, SOCK_SHELL, ZMQ_ROUTER, k->conn.shell) &&
           open_socket(k, SOCK_CONTROL, ZMQ_ROUTER, k->conn.control) &&
           open_socket(k, SOCK_STDIN, ZMQ_ROUTER, k->conn.stdin_) &&
           open_socket(k, SOCK_HB, ZMQ_ROUTER, k->conn.hb) &&
           open_socket(k, SOCK_IOPUB, ZMQ_XPUB, k->conn.iopub);
}

static bool open_fds(struct kernel *k)
{
    k->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!parent_watch(&k->parent_fd, &k->parent_pid)) _exit(0);
    return k->wake_fd >= 0 && open_signals(k);
}

/* Cells may recurse deeply: 64 MiB of stack (reserved, not used, until needed). */
static bool start_executor(struct kernel *k)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)64 << 20);
    bool ok = pthread_create(&k->executor, &attr, executor_main, k) == 0;
    pthread_attr_destroy(&attr);
    pthread_mutex_lock(&k->lock);
    while (ok && !k->session)
        pthread_cond_wait(&k->cond, &k->lock);
    pthread_mutex_unlock(&k->lock);
    return ok;
}

/* Cancels the running cell, gives it 200 ms, sends what is left. */
static void finish(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    session_interrupt(k->session);
    k->stopping = true;
    pthread_cond_broadcast(&k->cond);
    pthread_mutex_unlock(&k->lock);
    pthread_kill(k->executor, SIGUSR1);
    int64_t end = now_ms() + 200;
    bool done = false;
    while (!done && now_ms() < end) {
        pthread_mutex_lock(&k->lock);
        done = k->executor_done;
        pthread_mutex_unlock(&k->lock);
        struct timespec nap = {0, 500000};
        if (!done) nanosleep(&nap, NULL);
    }
    if (done) pthread_join(k->executor, NULL);
    send_posted(k);
    retry_backlog(k);
    for (int i = 0; i < SOCK_COUNT; i++)
        zmq_close(k->sock[i]);
    zmq_ctx_term(k->zmq);
    children_kill();
    session_end_jobs(k->session);
    if (done) session_free(k->session); /* its temporary files and locks */
    _exit(0);                           /* not done: the executor still holds the session */
}

static struct kernel *kernel_new(const char *path)
{
    const char *why = NULL;
    struct kernel *k = mem_zero(sizeof *k);
    k->arena = arena_new();
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->cond, NULL);
    pthread_mutex_init(&k->capture.lock, NULL);
    k->out_end = &k->out;
    k->queue_end = &k->queue;
    stream_init(&k->text);
    k->frames = mem_zero(sizeof *k->frames * MAX_FRAMES);
    names_init(&k->names);
    if (!connection_read(k->arena, path, &k->conn, &why)) {
        fprintf(stderr, "mlnb kernel: connection file `%s`: %s\n", path, why);
        return NULL;
    }
    k->signer = signer_new(k->conn.key);
    return k->signer ? k : NULL;
}

int jupyter_main(const char *connection_file)
{
    struct kernel *k = kernel_new(connection_file);
    if (!k) return 1;
    signal(SIGPIPE, SIG_IGN);
    if (!open_fds(k) || !open_sockets(k)) return 1;
    if (!start_executor(k) || !capture_begin(&k->capture)) {
        fprintf(stderr, "mlnb kernel: cannot start: %s\n", strerror(errno));
        return 1;
    }
    post_status(k, NULL, "starting");
    serve(k);
    finish(k);
    return 0;
}

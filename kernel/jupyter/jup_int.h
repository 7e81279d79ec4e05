/* jup_int.h: inside the kernel. One I/O thread owns all sockets and pipes; one executor thread runs
 * cells; they meet in struct kernel under one lock and wake each other by an eventfd (I/O) and a
 * condition (executor). */
#ifndef MLNB_KERNEL_JUPYTER_JUP_INT_H
#define MLNB_KERNEL_JUPYTER_JUP_INT_H

#include "kernel/jupyter/wire.h"
#include "kernel/session/past.h"
#include "kernel/session/session.h"

#include <pthread.h>

enum { SOCK_CONTROL, SOCK_SHELL, SOCK_STDIN, SOCK_IOPUB, SOCK_HB, SOCK_COUNT };

struct capture { /* the process's own stdout and stderr, read through pipes */
    int read_fd[2];
    int real_fd[2];
    char tail[2][4]; /* start of a UTF-8 sequence that was cut by the read */
    int n_tail[2];
    pthread_mutex_t lock; /* reading and posting are one step: either thread may do it */
};

/* What the cell printed and was not sent yet; how much it printed at all. */
struct text_out {
    struct strbuf text;
    int fd;
    int64_t since;          /* ms: first unsent byte */
    int64_t sent, sent_max; /* bytes of the running cell; 0 = no limit */
    bool is_capped;
};

struct history_item {
    int line;
    char *source;
};

struct kernel {
    struct connection conn;
    struct names names;
    struct session *session;
    pthread_t executor;
    int wake_fd; /* eventfd: work for the I/O thread */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t cond;  /* executor waits: for a cell, the sweep, an input */
    struct message *out, **out_end;
    struct request *queue, **queue_end; /* execute requests in order of arrival */
    struct request *running;
    struct request *aborted; /* taken from the queue by the sweep */
    bool sweep_wanted, stopping, executor_done;
    int sweep_quiet_ms; /* how long the shell must be silent */
    struct text_out text;
    int64_t backlog_bytes; /* iopub messages the subscribers have not taken */
    bool input_wanted, input_given;
    struct strbuf input;
    char input_id[80]; /* msg_id of the question that waits */
    int count;         /* execution counter */
    struct history_item *history;
    int n_history;

    /* I/O thread only */
    struct arena *arena;
    void *zmq;
    void *sock[SOCK_COUNT];
    struct signer *signer;
    int signal_fd, parent_fd; /* -1 when not watched */
    int parent_pid;           /* > 0: looked at each second, there is no pidfd */
    int64_t interrupted_at;   /* ms */
    struct past past;         /* earlier sessions, once asked for */
    bool has_past;
    bool debugging; /* a client follows the variables */
    int debug_seq;
    double cpu_seconds, cpu_at; /* of the last usage_request */
    struct capture capture;
    struct message *backlog, **backlog_end;
    int64_t backlog_since; /* ms of the last progress */
    struct strbuf *frames; /* reused by receive */
    bool is_over;
};

/* ---- any thread ---- */
void kernel_post(struct kernel *k, struct message *m);   /* takes m; wakes the I/O thread */
void kernel_append(struct kernel *k, struct message *m); /* the same with the lock held; no wake */
void kernel_wake(struct kernel *k);
int64_t now_ms(void);
/* Publishes status with the given parent. */
void post_status(struct kernel *k, const struct request *parent, const char *state);
/* ---- stream.c ---- */
void stream_init(struct text_out *t);
/* Appends print output; flushed at 32 KB, after 50 ms, before displays and at the cell's end. Waits
 * when the subscribers are 64 MB behind. Past the cap of a cell it is left out, with a note. */
void kernel_print(struct kernel *k, int fd, struct str text);
/* Sends what was printed and what the process wrote to stdout and stderr itself. */
void kernel_flush_text(struct kernel *k);
/* A new cell begins: its output counts from nothing. */
void stream_begin_cell(struct kernel *k);
/* Captured bytes as a message of the running cell, behind what was printed. */
void stream_captured(struct kernel *k, int fd, const char *p, size_t n);
/* For the I/O thread: sends what waits for 50 ms (lock held); ms until then, -1 = nothing waits. */
void stream_flush_old(struct kernel *k);
long stream_wait_ms(struct kernel *k);
/* Bytes of an unfinished UTF-8 sequence at the end of p[0..n): 0..3. */
int utf8_unfinished(const char *p, size_t n);

/* ---- process.c: what the kernel asks the system ---- */
/* Watches the process of JPY_PARENT_PID: *fd a pidfd, or *pid to be looked at each second where the
 * system has none; -1 and 0 without a parent. False: it is gone already. */
bool parent_watch(int *fd, int *pid);
bool parent_is_gone(int pid); /* pid 0: false */
/* Kills what cells started (whole process groups). */
void children_kill(void);
/* Content of a usage_reply; cpu is counted since the last one. */
json_t *usage(struct kernel *k);

/* Stops the running cell: the session's token, a signal that breaks blocking calls, a waiting
 * input(). */
void kernel_interrupt(struct kernel *k);

/* ---- executor.c ---- */
void *executor_main(void *kernel);

/* ---- replies.c: everything but execute, answered by the I/O thread ---- */
/* True when the type is known and was answered. */
bool answer(struct kernel *k, struct request *r);
json_t *kernel_info(void);
/* Of a request's content; def when there is none of that type. */
int64_t int_of(const json_t *content, const char *name, int64_t def);
const char *text_of(const json_t *content, const char *name, const char *def);

/* ---- history.c ---- */
json_t *on_history(struct kernel *k, struct request *r);

/* ---- debug.c ---- */
json_t *on_debug(struct kernel *k, struct request *r);

/* ---- capture.c ---- */
bool capture_begin(struct capture *c);
/* Reads what is there (all, to EAGAIN) and posts it as stream output of the running cell. The
 * executor calls it before a cell's reply: everything the process wrote before is in the pipes by
 * then. Any thread. */
void capture_read(struct kernel *k);

#endif

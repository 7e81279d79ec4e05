/* jup_int.h: inside the kernel. One I/O thread owns all sockets and pipes; one executor thread runs
 * cells; they meet in struct kernel under one lock and wake each other by an eventfd (I/O) and a
 * condition (executor). */
#ifndef MLNB_KERNEL_JUPYTER_JUP_INT_H
#define MLNB_KERNEL_JUPYTER_JUP_INT_H

#include "kernel/jupyter/wire.h"
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
    struct strbuf text; /* print output not sent yet */
    int text_fd;
    int64_t text_since;    /* ms */
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
    struct capture capture;
    struct message *backlog, **backlog_end;
    int64_t backlog_since; /* ms of the last progress */
    struct strbuf *frames; /* reused by receive */
    bool is_over;
};

/* ---- any thread ---- */
void kernel_post(struct kernel *k, struct message *m); /* takes m; wakes the I/O thread */
void kernel_wake(struct kernel *k);
int64_t now_ms(void);
/* Publishes status with the given parent. */
void post_status(struct kernel *k, const struct request *parent, const char *state);
/* Appends print output; flushed at 32 KB, after 50 ms, before displays and at the cell's end. */
void kernel_print(struct kernel *k, int fd, struct str text);
void kernel_flush_text(struct kernel *k);

/* Stops the running cell: the session's token, a signal that breaks blocking calls, a waiting
 * input(). */
void kernel_interrupt(struct kernel *k);

/* ---- executor.c ---- */
void *executor_main(void *kernel);

/* ---- replies.c: everything but execute, answered by the I/O thread ---- */
/* True when the type is known and was answered. */
bool answer(struct kernel *k, struct request *r);
json_t *kernel_info(void);

/* ---- capture.c ---- */
bool capture_begin(struct capture *c);
/* Reads what is there (all, to EAGAIN) and posts it as stream output of the running cell. The
 * executor calls it before a cell's reply: everything the process wrote before is in the pipes by
 * then. Any thread. */
void capture_read(struct kernel *k);

#endif

/* capture.c: what C libraries and children write to stdout and stderr becomes stream output of the
 * running cell. Two pipes of 1 MiB, read without blocking by the I/O thread, so that a writer can
 * never deadlock with us; read to their end before a cell's reply, so that nothing the cell wrote
 * comes after its idle. Linux (F_SETPIPE_SZ, pipe2). */
#include "kernel/jupyter/jup_int.h"

#include "runtime/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)

bool capture_begin(struct capture *c)
{
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        int fd[2];
        if (pipe2(fd, O_CLOEXEC) != 0) return false;
        fcntl(fd[1], F_SETPIPE_SZ, PIPE_BYTES);
        fcntl(fd[0], F_SETFL, O_NONBLOCK);
        c->read_fd[i] = fd[0];
        c->real_fd[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 3);
        if (dup2(fd[1], i + 1) < 0) return false;
        close(fd[1]);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (c->real_fd[1] >= 0) log_set_fd(c->real_fd[1]);
    return true;
}

static void read_one(struct kernel *k, int i)
{
    struct capture *c = &k->capture;
    char buf[65536 + 4];
    for (;;) {
        size_t kept = (size_t)c->n_tail[i];
        memcpy(buf, c->tail[i], kept);
        ssize_t got = read(c->read_fd[i], buf + kept, 65536);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        size_t n = kept + (size_t)got;
        int cut = utf8_unfinished(buf, n);
        memcpy(c->tail[i], buf + n - (size_t)cut, (size_t)cut);
        c->n_tail[i] = cut;
        if (n > (size_t)cut) stream_captured(k, i + 1, buf, n - (size_t)cut);
    }
}

void capture_read(struct kernel *k)
{
    fflush(stdout);
    pthread_mutex_lock(&k->capture.lock);
    read_one(k, 0);
    read_one(k, 1);
    pthread_mutex_unlock(&k->capture.lock);
}

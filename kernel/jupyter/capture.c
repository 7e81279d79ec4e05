/* capture.c: what C libraries and children write to stdout and stderr becomes stream output of the
 * running cell. Two pipes of 1 MiB, read without blocking by the I/O thread, so that a writer can
 * never deadlock with us; read to their end before a cell's reply, so that nothing the cell wrote
 * comes after its idle. Linux (F_SETPIPE_SZ, pipe2). */
#include "kernel/jupyter/jup_int.h"

#include "runtime/base/log.h"
#include "runtime/base/utf8.h"

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

/* Bytes of an unfinished UTF-8 sequence at the end of p[0..n): 0..3. */
static int unfinished(const char *p, size_t n)
{
    for (int back = 1; back <= 3 && (size_t)back <= n; back++) {
        unsigned char c = (unsigned char)p[n - (size_t)back];
        if ((c & 0xC0) == 0x80) continue;
        int need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

static void post_stream(struct kernel *k, int i, const char *p, size_t n)
{
    struct strbuf good = {0};
    utf8_repair(&good, p, n);
    json_t *content = json_pack("{s:s, s:s%}", "name", i ? "stderr" : "stdout", "text",
                                good.p ? good.p : "", good.n);
    pthread_mutex_lock(&k->lock);
    struct message *m = message_new(&k->names, CHANNEL_IOPUB, "stream", k->running, content, NULL);
    pthread_mutex_unlock(&k->lock);
    m->is_stream = true;
    kernel_post(k, m);
    strbuf_release(&good);
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
        int cut = unfinished(buf, n);
        memcpy(c->tail[i], buf + n - (size_t)cut, (size_t)cut);
        c->n_tail[i] = cut;
        if (n > (size_t)cut) post_stream(k, i, buf, n - (size_t)cut);
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

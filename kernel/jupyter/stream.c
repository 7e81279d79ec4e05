/* stream.c: text that cells print, on its way to `stream` messages: gathered, cut at whole
 * characters, in order with what C libraries write, and capped for each cell. */
#include "kernel/jupyter/jup_int.h"

#define FLUSH_BYTES (32 * 1024)
#define FLUSH_MS    50
#define BACKLOG_MAX (64 << 20)
#define CAP_MB      16 /* pages with more than that do not scroll any more */

void stream_init(struct text_out *t)
{
    const char *text = getenv("MLNB_OUTPUT_MB"); /* 0 = no limit */
    long mb = text && *text ? strtol(text, NULL, 10) : CAP_MB;
    *t = (struct text_out){.fd = 1, .sent_max = mb >= 0 && mb < 1 << 20 ? (int64_t)mb << 20 : 0};
}

int utf8_unfinished(const char *p, size_t n)
{
    for (int back = 1; back <= 3 && (size_t)back <= n; back++) {
        unsigned char c = (unsigned char)p[n - (size_t)back];
        if ((c & 0xC0) == 0x80) continue;
        int need = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

/* ---- with the lock held ---- */
static void post(struct kernel *k, int fd, const char *p, size_t n)
{
    const char *name = fd == 2 ? "stderr" : "stdout";
    kernel_append(k, message_stream(&k->names, name, k->running, (struct str){p, n}));
}

/* A character that is not whole yet stays, unless nothing can follow. */
static void flush(struct kernel *k, bool is_end)
{
    struct text_out *t = &k->text;
    size_t kept = is_end || !t->text.n ? 0 : (size_t)utf8_unfinished(t->text.p, t->text.n);
    if (t->text.n == kept) return;
    char tail[4];
    size_t n = t->text.n - kept;
    memcpy(tail, t->text.p + n, kept);
    post(k, t->fd, t->text.p, n);
    strbuf_clear(&t->text);
    strbuf_add(&t->text, tail, kept);
    t->since = now_ms();
}

/* How many of n bytes may still be sent; the note goes out where the output stops. */
static size_t allow(struct kernel *k, size_t n)
{
    struct text_out *t = &k->text;
    t->sent += (int64_t)n;
    if (!t->sent_max || t->sent <= t->sent_max) return n;
    if (t->is_capped) return 0;
    char note[200];
    t->is_capped = true;
    flush(k, true);
    snprintf(note, sizeof note,
             "mlnb: the output of this cell stops here, after %lld MiB; the rest is left out "
             "(MLNB_OUTPUT_MB raises the limit)\n",
             (long long)(t->sent_max >> 20));
    post(k, 2, note, strlen(note));
    return 0;
}

void stream_flush_old(struct kernel *k)
{
    if (k->text.text.n && now_ms() - k->text.since >= FLUSH_MS) flush(k, false);
}

/* ---- any thread ---- */
long stream_wait_ms(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    bool pending = k->text.text.n != 0;
    long left = (long)(k->text.since + FLUSH_MS - now_ms());
    pthread_mutex_unlock(&k->lock);
    return !pending ? -1 : left > 0 ? left : 0;
}

void stream_begin_cell(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    k->text.sent = 0;
    k->text.is_capped = false;
    pthread_mutex_unlock(&k->lock);
}

void kernel_flush_text(struct kernel *k)
{
    capture_read(k);
    pthread_mutex_lock(&k->lock);
    bool any = k->text.text.n != 0;
    flush(k, true);
    pthread_mutex_unlock(&k->lock);
    if (any) kernel_wake(k);
}

/* When subscribers do not keep up and 64 MB wait already, the printing cell waits too (an interrupt
 * ends it). */
static void wait_for_room(struct kernel *k)
{
    struct timespec nap = {0, 5000000};
    for (;;) {
        pthread_mutex_lock(&k->lock);
        bool full = k->backlog_bytes > BACKLOG_MAX && !k->stopping;
        pthread_mutex_unlock(&k->lock);
        if (!full || nanosleep(&nap, NULL) != 0) return;
    }
}

void kernel_print(struct kernel *k, int fd, struct str text)
{
    struct text_out *t = &k->text;
    pthread_mutex_lock(&k->lock);
    if (fd != t->fd) flush(k, true);
    text.n = allow(k, text.n);
    bool first = t->text.n == 0 && text.n;
    if (first) t->since = now_ms();
    t->fd = fd;
    strbuf_adds(&t->text, text);
    bool full = t->text.n >= FLUSH_BYTES;
    if (full) flush(k, false);
    bool wait = k->backlog_bytes > BACKLOG_MAX;
    pthread_mutex_unlock(&k->lock);
    if (first || full) kernel_wake(k);
    if (wait) wait_for_room(k);
}

void stream_captured(struct kernel *k, int fd, const char *p, size_t n)
{
    pthread_mutex_lock(&k->lock);
    flush(k, true);
    n = allow(k, n);
    if (n) post(k, fd, p, n);
    pthread_mutex_unlock(&k->lock);
    kernel_wake(k);
}

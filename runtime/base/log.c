/* log.c: one line a message, written with one call so that threads do not mix. */
#include "runtime/base/log.h"

#include "runtime/base/str.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int threshold = LOG_WARN;
static atomic_int log_fd = -1;

void log_set_level(enum log_level level)
{
    atomic_store(&threshold, (int)level);
}

void log_set_fd(int fd)
{
    const char *path = getenv("MLNB_LOG");
    if (!path || !*path) atomic_store(&log_fd, fd);
}

static int target(void)
{
    int fd = atomic_load(&log_fd);
    if (fd >= 0) return fd;
    const char *path = getenv("MLNB_LOG");
    fd = path && *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : 2;
    if (fd < 0) fd = 2;
    atomic_store(&log_fd, fd);
    return fd;
}

__attribute__((format(printf, 3, 0))) static void put(const char *level, const char *area,
                                                      const char *fmt, va_list ap)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "mlnb %s [%s] ", level, area);
    strbuf_vprintf(&b, fmt, ap);
    strbuf_addc(&b, '\n');
    ssize_t n = write(target(), b.p, b.n);
    (void)n; /* a log that cannot be written must not stop the work */
    strbuf_release(&b);
}

void log_msg(enum log_level level, const char *area, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if ((int)level > atomic_load(&threshold)) return;
    va_list ap;
    va_start(ap, fmt);
    put(names[level], area, fmt, ap);
    va_end(ap);
}

void log_bug(const char *file, int line, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    log_msg(LOG_ERROR, "bug", "%s:%d: %s", file, line, b.p ? b.p : "");
    strbuf_release(&b);
#ifdef MLNB_SANITIZE
    abort();
#endif
}

/* log.h: log lines to stderr (or the file in MLNB_LOG), never stdout; no keys, tokens or row values
 * at info level. */
#ifndef MLNB_BASE_LOG_H
#define MLNB_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void log_set_level(enum log_level level); /* default LOG_WARN */
void log_set_fd(int fd);                  /* where lines go from now on; MLNB_LOG wins */
void log_msg(enum log_level level, const char *area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A fault of ours: logs with place; in test builds aborts. Use with care, never on user input. */
#define BUG(...) log_bug(__FILE__, __LINE__, __VA_ARGS__)
void log_bug(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

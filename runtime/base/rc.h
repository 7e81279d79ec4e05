/* rc.h: result codes, the one error object, and the context that every fallible function takes
 * first. No setjmp, nothing prints: a function that can fail returns `rc`, writes the detail once
 * into cx->err where the fault is found, and callers only pass it on (TRY) or add a note. */
#ifndef MLNB_BASE_RC_H
#define MLNB_BASE_RC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rc_t { RC_OK = 0, RC_ERR = 1 };
/* Function result type: dropping it is a compiler warning. */
#define rc __attribute__((warn_unused_result)) enum rc_t

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        if ((expr) != RC_OK) return RC_ERR;                                                        \
    } while (0)
/* As TRY, with one clean-up label; the function keeps its result in `enum rc_t res = RC_ERR;`. */
#define TRY_OUT(expr)                                                                              \
    do {                                                                                           \
        if ((expr) != RC_OK) goto out;                                                             \
    } while (0)

/* A stretch of source text in bytes. source 0 = none; the session numbers the texts (cells, files)
 * it has seen. */
struct span {
    uint32_t source;
    uint32_t from, to;
};
#define NO_SPAN ((struct span){0, 0, 0})

enum err_code {
    ERR_NONE = 0,
#define ERR(code, slug, class, doc) code,
#include "runtime/base/errors.def"
#undef ERR
    ERR_COUNT
};
enum err_class {
    ERR_CLASS_USER,
    ERR_CLASS_IO,
    ERR_CLASS_LIMIT,
    ERR_CLASS_CANCEL,
    ERR_CLASS_BUG,
    ERR_CLASS_WARN
};

/* Fixed size: copying it cannot fail. Text that does not fit is cut at a character's edge with
 * "...". */
struct error {
    enum err_code code;
    struct span span;
    char message[1024]; /* the user's words, no code, no final stop */
    char hint[512];     /* a line that can be pasted, or empty */
    char notes[3][256]; /* more facts, one line each */
    int n_notes;
    const char *file; /* where in our C it was set */
    int line;
};

struct arena;
struct cancel;
struct pool;
struct mem_room;

/* How lower rooms reach the person: wired by the session, never by an include. Called on the thread
 * that runs the statement only (operators gather their counts per partition and report when done).
 * Any member may be NULL. */
struct notify {
    void *self;
    void (*warn)(void *self, const struct error *warning);
    /* done of total (total 0 = unknown) of the named work; called at most a few times a second. */
    void (*progress)(void *self, const char *what, int64_t done, int64_t total);
};

/* Work that reports how far it is: whoever runs it keeps one of these. Statement's thread only. */
struct doing {
    const char *what;
    int64_t began_us, told_us; /* monotonic; told_us 0 = not yet */
};

/* Everything a fallible function needs from its surroundings. One per thread; cheap to copy. */
struct ctx {
    struct error *err;           /* never NULL */
    struct arena *arena;         /* scratch with the life of the current statement */
    struct cancel *cancel;       /* may be NULL */
    struct pool *pool;           /* may be NULL: then work runs on this thread */
    const struct notify *notify; /* may be NULL */
    struct doing *doing;         /* may be NULL: then pool_run tells nobody how far it is */
    uint64_t seed;               /* session seed */
    int64_t memory_budget;       /* bytes for working sets; 0 = not limited */
    struct mem_room *room;       /* of the run at work; NULL: mem_big gives plain memory */
};

/* Fills cx->err and returns RC_ERR (not must-check, so that a hint or note can follow):
 * return fail(cx, E201, span, "unknown column `%s`", name); */
#define fail(cx, code, span, ...) rc_fail((cx), (code), (span), __FILE__, __LINE__, __VA_ARGS__)
enum rc_t rc_fail(struct ctx *cx, enum err_code code, struct span span, const char *file, int line,
                  const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Sets the hint of the error being returned; gives RC_ERR back so that it can stand after return.
 */
enum rc_t err_hint(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds one note line to the error being returned (dropped when three stand already). */
enum rc_t err_note(struct ctx *cx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct error *err);
/* Sends a counted warning (code W...) to cx->notify. */
void warn(struct ctx *cx, enum err_code code, struct span span, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

const char *err_name(enum err_code code); /* "E201" */
const char *err_slug(enum err_code code); /* "unknown_column" */
const char *err_doc(enum err_code code);  /* what `?E201` prints */
enum err_class err_class_of(enum err_code code);
/* ERR_NONE when no code has that name ("E201", any case). */
enum err_code err_by_name(const char *name, size_t n);

#endif

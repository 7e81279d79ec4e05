/* pool.h: the one thread pool. Work is a number of tasks, claimed in rising order; results must be
 * put together by task number, never by time of arrival. Threads are started at the first use, so
 * that a program that computes nothing starts in a millisecond. A pool_run inside a task runs on
 * that thread alone. */
#ifndef MLNB_BASE_POOL_H
#define MLNB_BASE_POOL_H

#include "runtime/base/rc.h"

struct pool;
/* n_threads >= 1 counts the caller. */
struct pool *pool_new(int n_threads);
void pool_free(struct pool *p);
/* Threads of cx->pool (1 when NULL): `worker` below is under this. */
int pool_threads(const struct ctx *cx);

/* One task. cx is the worker's own (own err, own arena that is reset after the run; cancel and pool
 * shared; notify NULL: gather, report after). */
typedef enum rc_t (*pool_task)(struct ctx *cx, void *arg, int64_t task, int worker);

/* Runs tasks 0..n-1 on all threads and waits. The error of the lowest failing task is given; tasks
 * above it may be skipped. Cancel is tested before each task. Nothing is shared but arg. */
rc pool_run(struct ctx *cx, int64_t n_tasks, pool_task task, void *arg);

/* done of total of cx->doing to cx->notify, when half a second of it has gone and nothing was told
 * for a fifth of a second. pool_run calls it with numbers of tasks. */
void pool_tell(const struct ctx *cx, int64_t done, int64_t total);
/* Starts what cx->doing counts from. */
struct doing pool_doing(const char *what);

#endif

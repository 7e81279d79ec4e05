/* pool.c: one job at a time; workers claim task numbers from an atomic counter and sleep between
 * jobs. The mutex guards the job's hand-over; while it runs only the counter is shared. */
#include "runtime/base/pool.h"

#include "runtime/base/arena.h"
#include "runtime/base/cancel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

struct job {
    const struct ctx *cx;
    pool_task task;
    void *arg;
    int64_t n;
    atomic_llong next;
    atomic_llong failed; /* lowest failing task so far; n = none */
};
struct worker {
    struct pool *pool;
    pthread_t thread;
    int index;
    struct error err;
    int64_t failed; /* task that err belongs to; -1 none */
    struct arena *arena;
};
struct pool {
    int n;
    bool is_started;
    struct worker *workers; /* [n]; worker 0 is the caller */
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    struct job *job;     /* NULL when none */
    uint64_t generation; /* counts jobs */
    int busy;
    bool stop;
};

/* ---- how far it is ---- */
#define QUIET_US   500000 /* short work says nothing */
#define BETWEEN_US 200000 /* at most five reports a second */

static int64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct doing pool_doing(const char *what)
{
    return (struct doing){.what = what, .began_us = clock_us()};
}

void pool_tell(const struct ctx *cx, int64_t done, int64_t total)
{
    struct doing *d = cx->doing;
    if (!d || !cx->notify || !cx->notify->progress) return;
    int64_t now = clock_us();
    if (now - d->began_us < QUIET_US || now - d->told_us < BETWEEN_US) return;
    d->told_us = now;
    cx->notify->progress(cx->notify->self, d->what, done, total);
}

/* This thread is inside a task: a nested run stays on it. */
static _Thread_local bool in_task;

struct pool *pool_new(int n_threads)
{
    struct pool *p = mem_zero(sizeof *p);
    p->n = n_threads < 1 ? 1 : n_threads;
    p->workers = mem_zero(sizeof *p->workers * (size_t)p->n);
    for (int i = 0; i < p->n; i++) {
        p->workers[i].pool = p;
        p->workers[i].index = i;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->idle, NULL);
    return p;
}

int pool_threads(const struct ctx *cx)
{
    return cx->pool ? cx->pool->n : 1;
}

static void lower_failed(struct job *job, int64_t task)
{
    long long seen = atomic_load(&job->failed);
    while (task < seen)
        if (atomic_compare_exchange_weak(&job->failed, &seen, task)) break;
}

static void run_tasks(struct worker *w, struct job *job)
{
    struct ctx cx = *job->cx;
    bool tells = w->index == 0 && job->n > 1; /* the caller's own thread */
    cx.err = &w->err;
    cx.notify = NULL;
    if (!w->arena) w->arena = arena_new();
    cx.arena = w->arena;
    w->failed = -1;
    bool was_in_task = in_task;
    in_task = true;
    for (;;) {
        int64_t task = atomic_fetch_add(&job->next, 1);
        if (task >= job->n || task > atomic_load(&job->failed)) break;
        if (check_cancel(&cx) == RC_OK && job->task(&cx, job->arg, task, w->index) == RC_OK) {
            if (tells) pool_tell(job->cx, task, job->n);
            continue;
        }
        w->failed = task;
        lower_failed(job, task);
        break;
    }
    in_task = was_in_task;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && (p->generation == seen || !p->job))
            pthread_cond_wait(&p->wake, &p->lock);
        if (p->stop) break;
        seen = p->generation;
        struct job *job = p->job;
        p->busy++;
        pthread_mutex_unlock(&p->lock);
        run_tasks(w, job);
        pthread_mutex_lock(&p->lock);
        if (--p->busy == 0) pthread_cond_signal(&p->idle);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Threads start with all signals blocked: signals belong to the session's own thread. */
static void start_threads(struct pool *p)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int started = 1;
    while (started < p->n && pthread_create(&p->workers[started].thread, NULL, worker_main,
                                            &p->workers[started]) == 0)
        started++;
    p->n = started; /* fewer threads than asked for is slower, not wrong */
    p->is_started = true;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void pool_free(struct pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    if (p->is_started)
        for (int i = 1; i < p->n; i++)
            pthread_join(p->workers[i].thread, NULL);
    for (int i = 0; i < p->n; i++)
        arena_free(p->workers[i].arena);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->wake);
    pthread_cond_destroy(&p->idle);
    mem_free(p->workers);
    mem_free(p);
}

static void reset_arenas(struct pool *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->workers[i].arena) arena_reset(p->workers[i].arena);
}

/* Copies the error of the lowest failing task to the caller. */
static rc job_result(struct ctx *cx, struct pool *p, struct job *job)
{
    int64_t failed = atomic_load(&job->failed);
    if (failed >= job->n) return RC_OK;
    for (int i = 0; i < p->n; i++)
        if (p->workers[i].failed == failed) *cx->err = p->workers[i].err;
    return RC_ERR;
}

static rc run_parallel(struct ctx *cx, struct pool *p, struct job *job)
{
    if (!p->is_started) start_threads(p);
    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->n; i++)
        p->workers[i].failed = -1;
    p->job = job;
    p->generation++;
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    run_tasks(&p->workers[0], job);
    pthread_mutex_lock(&p->lock);
    p->job = NULL; /* late wakers find nothing */
    while (p->busy > 0)
        pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
    enum rc_t res = job_result(cx, p, job);
    reset_arenas(p);
    return res;
}

/* Without a pool, or inside a task: on this thread, with an arena of its own so that scratch stays
 * bounded. */
static rc run_here(struct ctx *cx, struct job *job)
{
    struct ctx own = *cx;
    own.notify = NULL;
    own.arena = arena_new();
    enum rc_t res = RC_OK;
    for (int64_t t = 0; t < job->n && res == RC_OK; t++) {
        res = check_cancel(&own);
        if (res == RC_OK) res = job->task(&own, job->arg, t, 0);
        if (res == RC_OK && job->n > 1) pool_tell(cx, t, job->n);
    }
    arena_free(own.arena);
    return res;
}

rc pool_run(struct ctx *cx, int64_t n_tasks, pool_task task, void *arg)
{
    struct job job = {.cx = cx, .task = task, .arg = arg, .n = n_tasks};
    atomic_init(&job.next, 0);
    atomic_init(&job.failed, n_tasks);
    if (n_tasks <= 0) return RC_OK;
    if (!cx->pool || cx->pool->n == 1 || in_task || n_tasks == 1) return run_here(cx, &job);
    return run_parallel(cx, cx->pool, &job);
}

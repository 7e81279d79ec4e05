/* pages.c: extents of huge pages, used and kept, in one list by address. A request takes the least
 * kept extent that holds it and leaves the rest; neighbours that are given back become one. */
#include "runtime/base/pages.h"

#include "runtime/base/mem.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KEPT_SHARE 8  /* at most this part of the machine's memory is kept, */
#define KEPT_FOR   10 /* and nothing that was not asked for in so many seconds */
#define GONE_MOST  64

struct extent {
    char *p;
    size_t n;
    bool is_kept;
    time_t since; /* kept */
};
struct gone { /* extents to be unmapped once the lock is open */
    struct extent at[GONE_MOST];
    int n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct extent *extents; /* by address */
static size_t n_extents, cap_extents, kept, kept_most;

static time_t seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec;
}

static size_t most_kept(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (size_t)pages / KEPT_SHARE * (size_t)size : 0;
}

/* First extent at or after p. */
static size_t place_of(const char *p)
{
    size_t lo = 0, hi = n_extents;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (extents[mid].p < p)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void insert_at(size_t at, struct extent e)
{
    if (n_extents == cap_extents) {
        cap_extents = cap_extents ? cap_extents * 2 : 64;
        extents = mem_realloc(extents, sizeof *extents * cap_extents);
    }
    memmove(extents + at + 1, extents + at, sizeof *extents * (n_extents - at));
    extents[at] = e;
    n_extents++;
}

static void remove_at(size_t at)
{
    n_extents--;
    memmove(extents + at, extents + at + 1, sizeof *extents * (n_extents - at));
}

/* ---- giving back ---- */
static void drop(struct gone *g, size_t at)
{
    kept -= extents[at].n;
    g->at[g->n++] = extents[at];
    remove_at(at);
}

/* Kept extents go, the one kept longest first, until `bytes` are gone. */
static void drop_oldest(struct gone *g, size_t bytes)
{
    while (bytes > 0 && kept > 0 && g->n < GONE_MOST) {
        size_t oldest = n_extents, n;
        for (size_t i = 0; i < n_extents; i++)
            if (extents[i].is_kept &&
                (oldest == n_extents || extents[i].since < extents[oldest].since))
                oldest = i;
        n = extents[oldest].n;
        drop(g, oldest);
        bytes -= n < bytes ? n : bytes;
    }
}

static void drop_idle(struct gone *g, time_t now)
{
    for (size_t i = n_extents; i-- > 0 && g->n < GONE_MOST;)
        if (extents[i].is_kept && now - extents[i].since > KEPT_FOR) drop(g, i);
}

static void unmap(const struct gone *g)
{
    for (int i = 0; i < g->n; i++)
        (void)munmap(g->at[i].p, g->at[i].n);
}

void pages_keep_most(size_t n)
{
    size_t share = most_kept();
    pthread_mutex_lock(&lock);
    kept_most = n < share ? n : share;
    if (kept_most == 0) kept_most = 1; /* 0 = not known yet */
    pthread_mutex_unlock(&lock);
    pages_trim();
}

/* ---- asking ---- */
static void *take_kept(size_t n)
{
    size_t best = n_extents;
    for (size_t i = 0; i < n_extents; i++)
        if (extents[i].is_kept && extents[i].n >= n &&
            (best == n_extents || extents[i].n < extents[best].n))
            best = i;
    if (best == n_extents) return NULL;
    struct extent found = extents[best], rest = found;
    extents[best].n = n;
    extents[best].is_kept = false;
    kept -= n;
    rest.p += n;
    rest.n -= n;
    if (rest.n > 0) insert_at(best + 1, rest);
    return found.p;
}

static char *map_new(size_t n)
{
    char *p = mmap(NULL, n + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    size_t before = (HUGE_PAGE - (uintptr_t)p % HUGE_PAGE) % HUGE_PAGE;
    if (before) (void)munmap(p, before);
    p += before;
    if (before < HUGE_PAGE) (void)munmap(p + n, HUGE_PAGE - before);
    (void)madvise(p, n, MADV_HUGEPAGE);
    return p;
}

void *pages_get(size_t n)
{
    struct gone g = {.n = 0};
    if (n > SIZE_MAX - 2 * HUGE_PAGE) return NULL;
    n = (n + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    pthread_mutex_lock(&lock);
    char *p = take_kept(n);
    if (!p) drop_oldest(&g, n);
    pthread_mutex_unlock(&lock);
    if (p) return p;
    unmap(&g);
    p = map_new(n);
    if (!p) {
        pages_trim();
        p = map_new(n);
    }
    if (!p) return NULL;
    pthread_mutex_lock(&lock);
    insert_at(place_of(p), (struct extent){.p = p, .n = n});
    pthread_mutex_unlock(&lock);
    return p;
}

/* Extents i and i + 1 become one if both are kept and touch. */
static void merge_at(size_t i)
{
    struct extent *e = extents + i;
    if (i + 1 >= n_extents || !e[0].is_kept || !e[1].is_kept || e[0].p + e[0].n != e[1].p) return;
    e[0].n += e[1].n;
    if (e[1].since > e[0].since) e[0].since = e[1].since;
    remove_at(i + 1);
}

bool pages_put(void *p)
{
    struct gone g = {.n = 0};
    if ((uintptr_t)p % HUGE_PAGE) return false;
    time_t now = seconds_now();
    pthread_mutex_lock(&lock);
    size_t at = place_of(p);
    bool is_ours = at < n_extents && extents[at].p == p && !extents[at].is_kept;
    if (is_ours) {
        if (!kept_most) kept_most = most_kept();
        extents[at].is_kept = true;
        extents[at].since = now;
        kept += extents[at].n;
        merge_at(at);
        if (at > 0) merge_at(at - 1);
        drop_idle(&g, now);
        if (kept > kept_most) drop_oldest(&g, kept - kept_most);
    }
    pthread_mutex_unlock(&lock);
    unmap(&g);
    return is_ours;
}

size_t pages_kept(void)
{
    pthread_mutex_lock(&lock);
    size_t n = kept;
    pthread_mutex_unlock(&lock);
    return n;
}

void pages_trim(void)
{
    for (;;) {
        struct gone g = {.n = 0};
        pthread_mutex_lock(&lock);
        drop_oldest(&g, kept);
        pthread_mutex_unlock(&lock);
        if (g.n == 0) return;
        unmap(&g);
    }
}

/* mem_file.c: large memory that lies in a file: what a step needs beyond the memory budget. Each
 * piece is a mapping of a file of its own in the temporary folder, unlinked at once, so that
 * nothing is left however the process ends. The system writes its pages away and takes them back
 * when others need the room. All its room on disk is taken beforehand: a full disk is an error
 * here, not a signal later.
 *
 * A list of the pieces is the one thing that is kept; freeing has to tell them from the heap's. */
#include "runtime/base/mem.h"

#include "runtime/base/cancel.h"
#include "runtime/base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE      4096
#define N_LISTS   1024
#define RESIDENT  (INT64_C(32) << 20) /* pages of files that may stay mapped whatever the budget */
#define LOOK_US   50000
#define OWN_FILES (INT64_C(24) << 20) /* the program's and its libraries' */

struct piece {
    void *p;
    size_t n;
    struct piece *next;
};
static struct piece *pieces[N_LISTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_llong n_pieces;
static atomic_llong fresh; /* bytes that were mapped since pages were last let go */

static size_t list_of(const void *p)
{
    return hash_u64((uint64_t)(uintptr_t)p) % N_LISTS;
}

/* ---- the file ---- */
static rc no_room(struct ctx *cx, const char *folder, size_t n, int err)
{
    fail(cx, E306, NO_SPAN,
         "the rows do not fit the memory budget, and the temporary folder %s has no room for %.1f "
         "MB of them: %s",
         folder, (double)n / 1e6, strerror(err));
    return err_note(cx,
                    "set TMPDIR to a folder with room, or allow more memory: use memory(\"4GB\")");
}

/* An open file of n bytes that has no name any more. */
static rc nameless(struct ctx *cx, size_t n, int *out)
{
    const char *folder = getenv("TMPDIR");
    char path[600];
    if (!folder || !*folder) folder = "/tmp";
    snprintf(path, sizeof path, "%s/mlnb-XXXXXX", folder);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return no_room(cx, folder, n, errno);
    unlink(path);
    int err;
    while ((err = posix_fallocate(fd, 0, (off_t)n)) == EINTR)
        if (cancel_asked(cx->cancel)) break;
    if (err == 0) {
        *out = fd;
        return RC_OK;
    }
    close(fd);
    TRY(check_cancel(cx));
    return no_room(cx, folder, n, err);
}

/* ---- pages in memory ---- */
static void let_go(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < N_LISTS; i++)
        for (struct piece *e = pieces[i]; e; e = e->next)
            (void)madvise(e->p, e->n, MADV_DONTNEED); /* the file keeps what they hold */
    pthread_mutex_unlock(&lock);
    atomic_store(&fresh, 0);
}

/* Bytes of files that lie mapped in memory. */
static int64_t resident(void)
{
    char text[128] = "";
    long long all = 0, shared = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (read(fd, text, sizeof text - 1) > 0) (void)!sscanf(text, "%*d %lld %lld", &all, &shared);
    close(fd);
    return (int64_t)shared * PAGE;
}

static int64_t may_stay(const struct mem_room *room)
{
    return room->budget / 2 > RESIDENT ? room->budget / 2 : RESIDENT;
}

void mem_file_look(struct mem_room *room, int64_t now_us)
{
    if (atomic_load_explicit(&n_pieces, memory_order_relaxed) == 0) return;
    if (now_us - room->looked_us < LOOK_US) return;
    room->looked_us = now_us;
    if (resident() > may_stay(room) + OWN_FILES) let_go();
}

/* ---- pieces ---- */
static void keep_piece(void *p, size_t n)
{
    struct piece *e = mem_alloc(sizeof *e);
    size_t at = list_of(p);
    *e = (struct piece){.p = p, .n = n};
    pthread_mutex_lock(&lock);
    e->next = pieces[at];
    pieces[at] = e;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&n_pieces, 1);
}

rc mem_file(struct ctx *cx, size_t n, void **out)
{
    struct mem_room *room = cx->room;
    int fd;
    TRY(nameless(cx, n, &fd));
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int err = errno;
    close(fd);
    if (p == MAP_FAILED)
        return fail(cx, E902, NO_SPAN, "out of memory: %.1f MB more are needed (%s)",
                    (double)n / 1e6, strerror(err));
    keep_piece(p, n);
    atomic_fetch_add(&room->on_disk, (long long)n);
    if (atomic_fetch_add(&fresh, (long long)n) + (int64_t)n > may_stay(room)) let_go();
    *out = p;
    return RC_OK;
}

/* The piece at p, taken off its list. */
static struct piece *take_piece(const void *p)
{
    struct piece *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct piece **at = &pieces[list_of(p)]; *at; at = &(*at)->next)
        if ((*at)->p == p) {
            found = *at;
            *at = found->next;
            break;
        }
    pthread_mutex_unlock(&lock);
    return found;
}

static bool may_be_piece(const void *p)
{
    return p && (uintptr_t)p % PAGE == 0 &&
           atomic_load_explicit(&n_pieces, memory_order_relaxed) > 0;
}

bool mem_file_free(void *p)
{
    struct piece *e = may_be_piece(p) ? take_piece(p) : NULL;
    if (!e) return false;
    munmap(e->p, e->n);
    mem_free(e);
    atomic_fetch_sub(&n_pieces, 1);
    return true;
}

bool mem_on_disk(const void *p)
{
    bool found = false;
    if (!may_be_piece(p)) return false;
    pthread_mutex_lock(&lock);
    for (const struct piece *e = pieces[list_of(p)]; e && !found; e = e->next)
        found = e->p == p;
    pthread_mutex_unlock(&lock);
    return found;
}

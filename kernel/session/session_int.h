/* session_int.h: inside the session: one cell's progress bar, and which cell made what. */
#ifndef MLNB_KERNEL_SESSION_INT_H
#define MLNB_KERNEL_SESSION_INT_H

#include "kernel/session/session.h"

#include <pthread.h>

struct progress { /* of the running statement; nothing was told while is_open is false */
    bool is_open;
    int n;              /* displays so far: their ids */
    char prefix[24];    /* of the ids: another session's displays are not ours */
    int64_t began_ms;   /* of the statement */
    int64_t task_ms;    /* of what is told now */
    char *what;         /* now; owned */
    struct strbuf past; /* "read, run": all that were told */
    int64_t done, total;
};

struct stale { /* cells that ran, by identity */
    struct ran **cells;
    int n;
    struct maker *makers; /* name -> the cell that set it last */
    int n_makers;
    int round; /* counts searches for old cells */
};

struct job { /* a shell command that runs on: its process group */
    int group;
    int64_t began_ms;
    char *command;
    bool is_over, is_cancelled;
};
struct jobs {
    struct job *all; /* number i + 1 */
    int n;
};

struct session {
    struct session_opts opts;
    struct lang_host host;
    struct lang *lang;
    struct cancel cancel;
    atomic_bool is_running;
    bool is_bracketed;    /* between session_begin and session_end */
    pthread_mutex_t lock; /* guards snapshot, and jobs against session_end_jobs */
    struct lang_snapshot *snapshot;
    struct progress progress;
    struct stale stale;
    struct jobs jobs;
};

void session_emit(struct session *s, const struct output *o);

/* ---- progress.c ---- */
enum progress_end { PROGRESS_DONE, PROGRESS_FAILED, PROGRESS_CANCELLED };
void progress_begin(struct session *s); /* a cell begins */
void progress_tell(struct session *s, const char *what, int64_t done, int64_t total);
/* The statement is over: its bar becomes one line, or says where it stopped. */
void progress_end(struct session *s, enum progress_end how);
void progress_free(struct progress *p);

/* ---- jobs.c ---- */
void jobs_add(struct session *s, int group, struct str command);
void jobs_free(struct jobs *j);

/* ---- stale.c ---- */
/* After a cell: notes what it used and set; appends a line for each name it used that rests on an
 * older version of another cell. Nothing without a cellId. */
void stale_note(struct stale *st, const struct session_cell *cell, struct str source,
                const struct lang_names *names, bool is_ok, struct strbuf *notes);
void stale_free(struct stale *st);

#endif

/* jobs.c: shell commands that a cell put into the background (`!make > log &`). Each has a process
 * group of its own, by which it is looked at and ended; none outlives the session. */
#include "kernel/session/session_int.h"

#include <dirent.h>
#include <signal.h>
#include <time.h>

static int64_t clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void jobs_add(struct session *s, int group, struct str command)
{
    struct jobs *j = &s->jobs;
    pthread_mutex_lock(&s->lock);
    if ((j->n & (j->n - 1)) == 0)
        j->all = mem_realloc(j->all, sizeof *j->all * (size_t)(j->n ? j->n * 2 : 1));
    j->all[j->n++] = (struct job){
        .group = group, .began_ms = clock_ms(), .command = mem_strndup(command.p, command.n)};
    pthread_mutex_unlock(&s->lock);
}

/* Whether the process is of the group and more than a body that nobody has buried. */
static bool is_of_group(const char *pid, int group)
{
    char path[64], line[512], state = 0;
    int parent, of = 0;
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, sizeof line - 1, f) : 0;
    if (f) fclose(f);
    line[n] = 0;
    const char *behind = strrchr(line, ')'); /* a name may hold anything */
    return behind && sscanf(behind + 1, " %c %d %d", &state, &parent, &of) == 3 && of == group &&
           state != 'Z' && state != 'X';
}

static bool has_process(int group)
{
    bool found = false;
    DIR *all = opendir("/proc");
    struct dirent *e;
    while (all && !found && (e = readdir(all)))
        found = e->d_name[0] >= '1' && e->d_name[0] <= '9' && is_of_group(e->d_name, group);
    if (all) closedir(all);
    return found;
}

/* Over once is over for ever: the number of its group may come to others. */
static bool runs(struct job *job)
{
    if (!job->is_over) job->is_over = kill(-job->group, 0) != 0 || !has_process(job->group);
    return !job->is_over;
}

void session_jobs(struct session *s, struct strbuf *plain)
{
    pthread_mutex_lock(&s->lock);
    if (!s->jobs.n) strbuf_addz(plain, "no jobs; `!command > log &` starts one");
    for (int i = 0; i < s->jobs.n; i++) {
        struct job *job = &s->jobs.all[i];
        bool is_running = runs(job);
        strbuf_printf(plain, "%s%d  %-9s  ", i ? "\n" : "", i + 1,
                      is_running          ? "running"
                      : job->is_cancelled ? "cancelled"
                                          : "over");
        if (is_running)
            strbuf_printf(plain, "%.1f s  ", (double)(clock_ms() - job->began_ms) / 1000);
        strbuf_addz(plain, job->command);
    }
    pthread_mutex_unlock(&s->lock);
}

bool session_cancel(struct session *s, int64_t number)
{
    if (number == 0) {
        session_interrupt(s);
        return true;
    }
    pthread_mutex_lock(&s->lock);
    struct job *job = number >= 1 && number <= s->jobs.n ? &s->jobs.all[number - 1] : NULL;
    bool is_running = job && runs(job);
    if (is_running) job->is_cancelled = kill(-job->group, SIGTERM) == 0;
    pthread_mutex_unlock(&s->lock);
    return is_running;
}

void session_end_jobs(struct session *s)
{
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->jobs.n; i++)
        if (runs(&s->jobs.all[i])) (void)kill(-s->jobs.all[i].group, SIGTERM);
    pthread_mutex_unlock(&s->lock);
}

void jobs_free(struct jobs *j)
{
    for (int i = 0; i < j->n; i++)
        mem_free(j->all[i].command);
    mem_free(j->all);
    *j = (struct jobs){0};
}

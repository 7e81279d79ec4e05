/* process.c: what the kernel asks the system: whether its parent lives, which children it has, what
 * it uses (Linux: pidfd, /proc). */
#include "kernel/jupyter/jup_int.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- parent ---- */
bool parent_watch(int *fd, int *pid)
{
    const char *text = getenv("JPY_PARENT_PID");
    long parent = text ? strtol(text, NULL, 10) : 0;
    *fd = -1;
    *pid = 0;
    if (parent <= 1 || parent > INT32_MAX) return true;
    *fd = (int)syscall(SYS_pidfd_open, (pid_t)parent, 0);
    if (*fd >= 0) return true;
    if (errno == ESRCH) return false;
    *pid = (int)parent;
    return !parent_is_gone(*pid);
}

bool parent_is_gone(int pid)
{
    return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

/* ---- children ---- */
/* A command has a group of its own, which ends with it. */
static void kill_listed(FILE *f)
{
    int pid;
    while (fscanf(f, "%d", &pid) == 1) {
        if (pid <= 1) continue;
        if (getpgid(pid) == pid) kill(-pid, SIGKILL);
        kill(pid, SIGKILL);
    }
}

void children_kill(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *e;
    while (tasks && (e = readdir(tasks))) {
        char path[300];
        snprintf(path, sizeof path, "/proc/self/task/%s/children", e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
        if (!f) continue;
        kill_listed(f);
        fclose(f);
    }
    if (tasks) closedir(tasks);
}

/* ---- usage ---- */
static double resident_bytes(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Bytes of one line of /proc/meminfo. */
static double meminfo(const char *name)
{
    char line[200];
    double kb = 0;
    size_t n = strlen(name);
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, name, n) == 0 && line[n] == ':') kb = strtod(line + n + 1, NULL);
    if (f) fclose(f);
    return kb * 1024;
}

static double seconds(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Percent of one core since the last question. */
static double cpu_percent(struct kernel *k)
{
    double used = seconds(CLOCK_PROCESS_CPUTIME_ID), now = seconds(CLOCK_MONOTONIC);
    double percent =
        k->cpu_at > 0 && now > k->cpu_at ? 100 * (used - k->cpu_seconds) / (now - k->cpu_at) : 0;
    k->cpu_seconds = used;
    k->cpu_at = now;
    return percent;
}

json_t *usage(struct kernel *k)
{
    char host[256] = "";
    double total = meminfo("MemTotal"), available = meminfo("MemAvailable");
    gethostname(host, sizeof host - 1);
    json_t *memory = json_pack("{s:f, s:f, s:f, s:f, s:f}", "total", total, "available", available,
                               "percent", total > 0 ? 100 * (total - available) / total : 0, "used",
                               total - available, "free", meminfo("MemFree"));
    return json_pack("{s:s, s:i, s:f, s:f, s:i, s:o}", "hostname", host, "pid", (int)getpid(),
                     "kernel_cpu", cpu_percent(k), "kernel_memory", resident_bytes(), "cpu_count",
                     (int)sysconf(_SC_NPROCESSORS_ONLN), "host_virtual_memory", memory);
}

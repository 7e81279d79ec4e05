/* shell.c: `!command` lines: /bin/sh runs the line, its output goes to the cell's streams as it
 * comes, and an interrupt ends the whole process group. */
#include "lang/lang_int.h"

#include "lang/interp_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 50

struct shell {
    pid_t pid;
    int fd[2]; /* read ends of the child's output and errors; -1 = closed */
};

static void child(const char *line, int out, int err)
{
    int null = open("/dev/null", O_RDONLY);
    (void)setpgid(0, 0);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    if (null >= 0) (void)dup2(null, 0);
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(127);
    (void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}
static void shut(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}
static rc start(struct lang *lg, const char *line, struct span span, struct shell *sh)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    if (pipe(out) == 0 && pipe(err) == 0) {
        for (int i = 0; i < 2; i++) {
            (void)fcntl(out[i], F_SETFD, FD_CLOEXEC);
            (void)fcntl(err[i], F_SETFD, FD_CLOEXEC);
        }
        sh->pid = fork();
        if (sh->pid == 0) child(line, out[1], err[1]);
        shut(&out[1]);
        shut(&err[1]);
        if (sh->pid > 0) {
            (void)setpgid(sh->pid, sh->pid);
            sh->fd[0] = out[0];
            sh->fd[1] = err[0];
            return RC_OK;
        }
    }
    int why = errno;
    shut(&out[0]);
    shut(&out[1]);
    shut(&err[0]);
    shut(&err[1]);
    return fail(&lg->cx, E605, span, "the shell does not start: %s", strerror(why));
}
static void pass_on(struct lang *lg, struct shell *sh, int which)
{
    char buf[8192];
    ssize_t n = read(sh->fd[which], buf, sizeof buf);
    const struct lang_host *host = lg->opts.host;
    if (n <= 0) {
        if (n == 0 || errno != EINTR) shut(&sh->fd[which]);
        return;
    }
    if (host && host->stream && lg->hidden == 0)
        host->stream(host->self, which + 1, buf, (size_t)n);
}
/* Passes output on until both pipes are closed. False: interrupted. */
static bool stream_output(struct lang *lg, struct shell *sh)
{
    while (sh->fd[0] >= 0 || sh->fd[1] >= 0) {
        if (cancel_asked(lg->cx.cancel)) return false;
        struct pollfd p[2] = {{.fd = sh->fd[0], .events = POLLIN},
                              {.fd = sh->fd[1], .events = POLLIN}};
        if (poll(p, 2, POLL_MS) <= 0) continue;
        for (int i = 0; i < 2; i++)
            if (p[i].fd >= 0 && p[i].revents) pass_on(lg, sh, i);
    }
    return true;
}
/* Waits for the end; an interrupt kills the group, hard if it does not go. */
static int finish(struct lang *lg, struct shell *sh, bool *interrupted)
{
    int status = 0, waited_ms = 0;
    bool told = false;
    for (;;) {
        *interrupted = *interrupted || cancel_asked(lg->cx.cancel);
        if (*interrupted && !told) {
            (void)kill(-sh->pid, SIGTERM);
            told = true;
        }
        pid_t got = waitpid(sh->pid, &status, WNOHANG);
        if (got == sh->pid || (got < 0 && errno != EINTR)) return status;
        (void)poll(NULL, 0, 10);
        if (told && (waited_ms += 10) == 200) (void)kill(-sh->pid, SIGKILL);
    }
}
rc run_shell(struct lang *lg, const struct ast *st)
{
    struct shell sh = {.fd = {-1, -1}};
    if (lg->opts.safe) return fail(&lg->cx, E603, st->span, "shell commands are off (--safe)");
    if (lg->is_dry) return RC_OK;
    const char *line = arena_strndup(lg->cx.arena, st->text.p, st->text.n);
    TRY(start(lg, line, st->span, &sh));
    bool interrupted = !stream_output(lg, &sh);
    int status = finish(lg, &sh, &interrupted);
    shut(&sh.fd[0]);
    shut(&sh.fd[1]);
    if (interrupted) return check_cancel(&lg->cx);
    const struct lang_host *host = lg->opts.host;
    if (host && host->left_running && kill(-sh.pid, 0) == 0)
        host->left_running(host->self, (int)sh.pid, st->text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return RC_OK;
    if (WIFEXITED(status))
        return fail(&lg->cx, E605, st->span, "the shell command ended with status %d",
                    WEXITSTATUS(status));
    return fail(&lg->cx, E605, st->span, "the shell command was ended by signal %d",
                WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

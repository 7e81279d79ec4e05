/* main.c: reads the command line and calls the command. */
#include "kernel/cli/cli.h"
#include "kernel/repl/repl.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"

#include <signal.h>
#include <unistd.h>

static const struct cli_command commands[] = {
#define COMMAND(name, run, usage, doc) {name, usage, doc, run},
#include "kernel/cli/commands.def"
#undef COMMAND
};
#define N_COMMANDS (int)(sizeof commands / sizeof *commands)

static void print_usage(FILE *f)
{
    fputs("usage: mlnb                     the console\n"
          "       mlnb -e 'CODE'           runs code\n",
          f);
    for (int i = 0; i < N_COMMANDS; i++)
        fprintf(f, "       mlnb %s\n", commands[i].usage);
    fputs("options: --threads N  --safe (no shell commands)  --no-color  --plain  --version  "
          "--help\n",
          f);
}

int usage_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("mlnb: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputs("\n", stderr);
    va_end(ap);
    print_usage(stderr);
    return EXIT_USAGE;
}

bool wants_color(const struct cli *c, int fd)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
    if (c->no_color || (no && *no)) return false;
    if (force && *force && strcmp(force, "0") != 0) return true;
    return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

struct option {
    const char *name;
    const char **value; /* takes a value */
    bool *flag;
};

/* One option at argv[i]; returns how many words it took, 0 when it is none, -1 after an error. */
static int take_option(const struct option *opts, char **argv, int argc, int i)
{
    for (const struct option *o = opts; o->name; o++) {
        size_t n = strlen(o->name);
        if (strncmp(argv[i], o->name, n) != 0) continue;
        if (o->flag && !argv[i][n]) {
            *o->flag = true;
            return 1;
        }
        if (o->value && argv[i][n] == '=' && argv[i][1] == '-') {
            *o->value = argv[i] + n + 1;
            return 1;
        }
        if (!o->value || argv[i][n]) continue;
        if (i + 1 >= argc) {
            usage_error("%s needs a value", o->name);
            return -1;
        }
        *o->value = argv[i + 1];
        return 2;
    }
    return 0;
}

/* "30", "30s", "250ms", "5min", "1h" as seconds. */
static bool read_seconds(const char *text, double *out)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    double n = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (end > text && strcmp(end, units[i].unit) == 0) *out = n * units[i].seconds;
    return *out > 0 && *out < 1e9;
}

static bool read_progress(const char *text, struct cli *c)
{
    c->progress_json = strcmp(text, "json") == 0;
    c->progress_every = 0;
    return c->progress_json || strcmp(text, "off") == 0 || read_seconds(text, &c->progress_every);
}

static const struct cli_command *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

struct parsed {
    struct cli cli;
    bool version, help;
};

/* Fills p; false after a usage error. */
static bool parse_args(struct parsed *p, int argc, char **argv)
{
    struct cli *c = &p->cli;
    const char *param = NULL, *threads = NULL, *timeout = NULL, *progress = NULL;
    const struct option opts[] = {
        {"-e", &c->code, NULL},
        {"-o", &c->output, NULL},
        {"--output", &c->output, NULL},
        {"-p", &param, NULL},
        {"--param", &param, NULL},
        {"-f", &c->connection, NULL},
        {"--format", &c->format, NULL},
        {"--prefix", &c->prefix, NULL},
        {"--threads", &threads, NULL},
        {"--to", &c->to, NULL},
        {"--timeout", &timeout, NULL},
        {"--progress", &progress, NULL},
        {"--keep-going", NULL, &c->keep_going},
        {"--bless", NULL, &c->bless},
        {"--safe", NULL, &c->safe},
        {"--plain", NULL, &c->plain},
        {"--user", NULL, &c->user},
        {"--sys-prefix", NULL, &c->sys_prefix},
        {"--check", NULL, &c->check},
        {"--no-color", NULL, &c->no_color},
        {"--html", NULL, &c->html},
        {"--version", NULL, &p->version},
        {"--help", NULL, &p->help},
        {"-h", NULL, &p->help},
        {NULL, NULL, NULL},
    };
    for (int i = 1; i < argc;) {
        param = NULL;
        int took = strcmp(argv[i], "-") == 0 ? 0 : take_option(opts, argv, argc, i);
        if (took < 0) return false;
        if (took == 0 && argv[i][0] == '-' && argv[i][1])
            return usage_error("unknown option %s", argv[i]), false;
        if (param) c->params[c->n_params++] = param;
        if (took == 0 && !c->command && !c->code)
            c->command = argv[i];
        else if (took == 0)
            c->files[c->n_files++] = argv[i];
        i += took ? took : 1;
    }
    c->threads = threads ? (int)strtol(threads, NULL, 10) : 0;
    if (threads && c->threads < 1)
        return usage_error("--threads needs a number of 1 or more"), false;
    if (timeout && !read_seconds(timeout, &c->timeout))
        return usage_error("--timeout takes a time: 30s, 5min, 1h"), false;
    if (progress && !read_progress(progress, c))
        return usage_error("--progress takes json, off or a time: 10s"), false;
    return true;
}

static int run_console(const struct cli *c)
{
    struct repl_opts opts = {.plain = c->plain,
                             .safe = c->safe,
                             .color = wants_color(c, STDOUT_FILENO),
                             .threads = c->threads};
    return repl_main(&opts);
}

static int dispatch(struct parsed *p)
{
    struct cli *c = &p->cli;
    if (p->version) {
        puts("mlnb " MLNB_VERSION);
        return EXIT_OK;
    }
    if (p->help) {
        print_usage(stdout);
        return EXIT_OK;
    }
    if (c->code) return cmd_eval(c);
    if (!c->command) return run_console(c);
    const struct cli_command *cmd = find_command(c->command);
    if (cmd) return cmd->run(c);
    if (access(c->command, R_OK) == 0) return usage_error("to run a file: mlnb run %s", c->command);
    return usage_error("unknown command `%s`", c->command);
}

int main(int argc, char **argv)
{
    (void)signal(SIGXFSZ,
                 SIG_IGN); /* a file over the limit of `ulimit -f` is an error of the save */
    /* First of all: a signal that comes before its handler must not kill a kernel. The console and
     * `run` unblock. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    if (argc > 1 && strcmp(argv[1], "kernel") == 0) {
        sigaddset(&set, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
    }
    mem_setup();
    struct parsed p = {.cli = {.progress_every = 10}};
    p.cli.files = mem_zero(sizeof *p.cli.files * (size_t)(argc + 1));
    p.cli.params = mem_zero(sizeof *p.cli.params * (size_t)(argc + 1));
    int code = parse_args(&p, argc, argv) ? dispatch(&p) : EXIT_USAGE;
    mem_free(p.cli.files);
    mem_free(p.cli.params);
    return code;
}

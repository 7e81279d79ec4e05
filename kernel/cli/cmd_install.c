/* cmd_install.c: `mlnb install` and `mlnb uninstall`: the kernelspec (kernel.json, logos), the
 * JupyterLab extension and the Python package (Pygments lexer, papermill translator), put where
 * Jupyter and Python look. The files are compiled in, so the program can install itself from
 * anywhere; the words that editors colour are filled in here, from the program's own tables
 * (install_files.c). */
#include "kernel/cli/install.h"

#include "runtime/base/file.h"

#include <errno.h>
#include <glob.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where things go. Python folders may be none: then the package is left out. */
struct places {
    char *data; /* Jupyter's data folder */
    char *sites[16];
    int n_sites;
};

/* Path of the running program: what kernel.json calls. */
static char *own_path(void)
{
    char buf[4096];
    ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
    return n > 0 ? mem_strndup(buf, (size_t)n) : mem_strndup("mlnb", 4);
}

static void kernel_json(struct strbuf *out)
{
    char *exe = own_path();
    json_t *spec =
        json_pack("{s:[s, s, s, s], s:s, s:s, s:s, s:s, s:{s:b, s:[s]}}", "argv", exe, "kernel",
                  "-f", "{connection_file}", "display_name", "mlnb", "language", "mlnb",
                  "interrupt_mode", "message", "kernel_protocol_version", "5.5", "metadata",
                  "debugger", 1, "supported_encryption", "curve");
    char *text = json_dumps(spec, JSON_INDENT(1));
    strbuf_addz(out, text ? text : "");
    json_decref(spec);
    free(text);
    mem_free(exe);
}

/* ---- places ---- */

/* Jupyter's data folder: DIR/share/jupyter, a virtual environment's, the user's, or the system's.
 */
static char *data_folder(const char *prefix)
{
    struct strbuf b = {0};
    const char *home = getenv("HOME"), *user = getenv("JUPYTER_DATA_DIR"),
               *xdg = getenv("XDG_DATA_HOME");
    if (prefix)
        strbuf_printf(&b, "%s/share/jupyter", prefix);
    else if (user && *user)
        strbuf_addz(&b, user);
    else if (xdg && *xdg)
        strbuf_printf(&b, "%s/jupyter", xdg);
    else
        strbuf_printf(&b, "%s/.local/share/jupyter", home ? home : "");
    return strbuf_take(&b);
}

static void add_site(struct places *p, const char *path)
{
    if (p->n_sites < (int)(sizeof p->sites / sizeof p->sites[0]))
        p->sites[p->n_sites++] = mem_strndup(path, strlen(path));
}

/* The package folders of every Python under a prefix (Debian's own is called dist-packages). */
static void sites_under(struct places *p, const char *prefix)
{
    static const char *const names[] = {"site-packages", "dist-packages"};
    for (int i = 0; i < 2; i++) {
        struct strbuf pattern = {0};
        glob_t found;
        strbuf_printf(&pattern, "%s/lib/python3*/%s", prefix, names[i]);
        if (glob(pattern.p, GLOB_NOSORT, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++)
                add_site(p, found.gl_pathv[k]);
            globfree(&found);
        }
        strbuf_release(&pattern);
    }
}

/* The user's own package folder as python3 tells it; none when there is no python3 or when it does
 * not look there (virtual environments). */
static void user_site(struct places *p)
{
    char line[4096] = "";
    FILE *f = popen("python3 -m site --user-site 2>/dev/null", "r");
    if (!f) return;
    bool ok = fgets(line, sizeof line, f) != NULL;
    int status = pclose(f);
    line[strcspn(line, "\r\n")] = '\0';
    if (ok && line[0] == '/' && status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        add_site(p, line);
}

static void find_places(const struct cli *c, struct places *p)
{
    const char *venv = getenv("VIRTUAL_ENV"), *conda = getenv("CONDA_PREFIX"), *prefix = NULL;
    if (c->prefix)
        prefix = c->prefix;
    else if (c->sys_prefix)
        prefix = venv && *venv ? venv : conda && *conda ? conda : "/usr/local";
    p->data = data_folder(prefix);
    if (prefix)
        sites_under(p, prefix);
    else
        user_site(p);
}

static void free_places(struct places *p)
{
    mem_free(p->data);
    for (int i = 0; i < p->n_sites; i++)
        mem_free(p->sites[i]);
}

/* ---- the two commands ---- */

static char *under(const char *folder, const char *name)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%s/%s", folder, name);
    return strbuf_take(&b);
}

static rc install_kernel(struct ctx *cx, const char *data)
{
    struct strbuf spec = {0};
    char *folder = under(data, KERNEL_FOLDER);
    kernel_json(&spec);
    enum rc_t res = install_text(cx, folder, "kernel.json", strbuf_view(&spec));
    if (res == RC_OK) res = install_files(cx, "logo-", folder, true);
    if (res == RC_OK) printf("installed the Jupyter kernel in %s\n", folder);
    strbuf_release(&spec);
    mem_free(folder);
    return res;
}

static rc install_lab(struct ctx *cx, const char *data)
{
    char *folder = under(data, LAB_FOLDER);
    enum rc_t res = install_files(cx, "lab/", folder, false);
    if (res == RC_OK) printf("installed the JupyterLab extension in %s\n", folder);
    mem_free(folder);
    return res;
}

static rc install_python(struct ctx *cx, const struct places *p)
{
    for (int i = 0; i < p->n_sites; i++) {
        remove_packages(p->sites[i]); /* of another version */
        TRY(install_package(cx, p->sites[i]));
        printf("installed the Python package %s in %s\n", PACKAGE, p->sites[i]);
    }
    if (p->n_sites == 0)
        printf("no Python that looks there was found: nbconvert's colours and papermill's "
               "translator are left out.\n"
               "  try: mlnb install --sys-prefix   (in the environment that Jupyter runs in)\n");
    return RC_OK;
}

int cmd_install(const struct cli *c)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    struct places p = {0};
    if (c->n_files > 0) return usage_error("install takes no file");
    find_places(c, &p);
    enum rc_t res = install_kernel(&cx, p.data);
    if (res == RC_OK) res = install_lab(&cx, p.data);
    if (res == RC_OK) res = install_python(&cx, &p);
    if (res != RC_OK) fprintf(stderr, "%s %s\n", err_name(err.code), err.message);
    free_places(&p);
    arena_free(cx.arena);
    return res == RC_OK ? EXIT_OK : EXIT_PROGRAM;
}

int cmd_uninstall(const struct cli *c)
{
    struct places p = {0};
    if (c->n_files > 0) return usage_error("uninstall takes no file");
    find_places(c, &p);
    char *kernel = under(p.data, KERNEL_FOLDER), *lab = under(p.data, LAB_FOLDER);
    int n = 0;
    bool ok = remove_folder(kernel, &n) && remove_folder(lab, &n);
    for (int i = 0; ok && i < p.n_sites; i++)
        n += remove_packages(p.sites[i]);
    if (!ok)
        fprintf(stderr, "mlnb: not all of it could be removed: %s\n", strerror(errno));
    else if (n == 0)
        printf("nothing of mlnb is installed in %s\n", p.data);
    mem_free(kernel);
    mem_free(lab);
    free_places(&p);
    return ok ? EXIT_OK : EXIT_PROGRAM;
}

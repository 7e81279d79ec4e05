/* cmd_install.c: `mlnb install`: writes the kernelspec (kernel.json, logos) where Jupyter looks.
 * The files are compiled in, so the program can install itself from anywhere. Each file is written
 * beside its place and renamed. */
#include "kernel/cli/cli.h"

#include "kernelspec/files.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_folders(char *path)
{
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        bool ok = mkdir(path, 0755) == 0 || errno == EEXIST;
        *p = '/';
        if (!ok) return false;
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

static bool write_file(const char *folder, const char *name, const char *p, size_t n)
{
    struct strbuf path = {0}, tmp = {0};
    strbuf_printf(&path, "%s/%s", folder, name);
    strbuf_printf(&tmp, "%s.tmp-%d", path.p, (int)getpid());
    FILE *f = fopen(tmp.p, "we");
    bool ok = f && fwrite(p, 1, n, f) == n;
    if (f) ok = fclose(f) == 0 && ok;
    ok = ok && rename(tmp.p, path.p) == 0;
    if (!ok) {
        fprintf(stderr, "mlnb: cannot write %s: %s\n", path.p, strerror(errno));
        unlink(tmp.p);
    }
    strbuf_release(&path);
    strbuf_release(&tmp);
    return ok;
}

/* Path of the running program: what kernel.json calls. */
static char *own_path(void)
{
    char buf[4096];
    ssize_t n = readlink("/proc/self/exe", buf, sizeof buf - 1);
    return n > 0 ? mem_strndup(buf, (size_t)n) : mem_strndup("mlnb", 4);
}

static char *kernel_json(void)
{
    char *exe = own_path();
    json_t *spec =
        json_pack("{s:[s, s, s, s], s:s, s:s, s:s, s:s, s:{s:b, s:[s]}}", "argv", exe, "kernel",
                  "-f", "{connection_file}", "display_name", "mlnb", "language", "mlnb",
                  "interrupt_mode", "message", "kernel_protocol_version", "5.5", "metadata",
                  "debugger", 1, "supported_encryption", "curve");
    char *text = json_dumps(spec, JSON_INDENT(1));
    json_decref(spec);
    mem_free(exe);
    return text;
}

/* Jupyter's data folder: DIR/share/jupyter, a virtual environment's, the user's, or the system's.
 */
static char *data_folder(const struct cli *c)
{
    struct strbuf b = {0};
    const char *venv = getenv("VIRTUAL_ENV"), *conda = getenv("CONDA_PREFIX"),
               *home = getenv("HOME");
    const char *user = getenv("JUPYTER_DATA_DIR"), *xdg = getenv("XDG_DATA_HOME");
    if (c->prefix)
        strbuf_printf(&b, "%s/share/jupyter", c->prefix);
    else if (c->sys_prefix)
        strbuf_printf(&b, "%s/share/jupyter", venv ? venv : conda ? conda : "/usr/local");
    else if (user && *user)
        strbuf_addz(&b, user);
    else if (xdg && *xdg)
        strbuf_printf(&b, "%s/jupyter", xdg);
    else
        strbuf_printf(&b, "%s/.local/share/jupyter", home ? home : "");
    return strbuf_take(&b);
}

int cmd_install(const struct cli *c)
{
    char *data = data_folder(c), *spec = kernel_json();
    struct strbuf folder = {0};
    strbuf_printf(&folder, "%s/kernels/mlnb", data);
    bool ok = make_folders(folder.p);
    if (!ok) fprintf(stderr, "mlnb: cannot make %s: %s\n", folder.p, strerror(errno));
    ok = ok && spec && write_file(folder.p, "kernel.json", spec, strlen(spec));
    for (int i = 0; ok && kernelspec_files[i].name; i++)
        ok = write_file(folder.p, kernelspec_files[i].name, (const char *)kernelspec_files[i].bytes,
                        kernelspec_files[i].n);
    if (ok) printf("installed the Jupyter kernel in %s\n", folder.p);
    strbuf_release(&folder);
    free(spec);
    mem_free(data);
    return ok ? EXIT_OK : EXIT_PROGRAM;
}

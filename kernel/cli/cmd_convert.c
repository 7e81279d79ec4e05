/* cmd_convert.c: `mlnb convert`: a notebook in another form, without running it. */
#include "kernel/cli/runner.h"

#include "runtime/base/file.h"

static const struct {
    const char *name;
    void (*write)(struct strbuf *out, const struct notebook *nb);
} forms[] = {{"mlnb", notebook_write_mlnb},
             {"ipynb", notebook_write_ipynb},
             {"html", notebook_write_html},
             {"md", notebook_write_md}};
#define N_FORMS (int)(sizeof forms / sizeof forms[0])

static int form_named(struct str name)
{
    for (int i = 0; i < N_FORMS; i++)
        if (str_eqz(name, forms[i].name)) return i;
    return -1;
}

static struct str ending_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return str_of(dot ? dot + 1 : "");
}

/* The form that is asked for: by --to, else by the ending of -o; else the twin: text of .ipynb,
 * .ipynb of text. */
static int form_for(const struct cli *c, const char *from)
{
    if (c->to) return form_named(str_of(c->to));
    if (c->output && strcmp(c->output, "-") != 0) return form_named(ending_of(c->output));
    return form_named(str_of(str_eqz(ending_of(from), "ipynb") ? "mlnb" : "ipynb"));
}

/* Beside the source, with the form's ending. */
static void output_path(struct strbuf *out, const struct cli *c, const char *from, int form)
{
    struct str ending = ending_of(from);
    if (c->output) {
        strbuf_addz(out, c->output);
    } else if (strcmp(from, "-") == 0) {
        strbuf_addc(out, '-');
    } else {
        strbuf_add(out, from, strlen(from) - ending.n - (ending.n > 0));
        strbuf_printf(out, ".%s", forms[form].name);
    }
}

static int write_to(const char *path, struct str text)
{
    struct error err = {0};
    struct ctx cx = {.err = &err, .arena = arena_new()};
    enum rc_t res = RC_OK;
    if (strcmp(path, "-") == 0)
        fwrite(text.p, 1, text.n, stdout);
    else
        res = file_replace(&cx, path, text, NO_SPAN);
    if (res != RC_OK) print_plain_error(&err);
    if (res == RC_OK && strcmp(path, "-") != 0) printf("%s\n", path);
    arena_free(cx.arena);
    return res == RC_OK ? EXIT_OK : EXIT_PROGRAM;
}

static int convert_file(const struct cli *c, const char *from)
{
    int form = form_for(c, from);
    if (form < 0) return usage_error("convert writes mlnb, ipynb, html or md");
    struct strbuf path = {0}, text = {0};
    int code = EXIT_OK;
    output_path(&path, c, from, form);
    if (strcmp(path.p, from) == 0 && strcmp(from, "-") != 0) {
        code = usage_error("%s would be written onto itself; mlnb fmt does that", from);
    } else {
        struct notebook *nb = open_notebook(from);
        if (nb) forms[form].write(&text, nb);
        code = nb ? write_to(path.p, strbuf_view(&text)) : EXIT_PROGRAM;
        notebook_free(nb);
    }
    strbuf_release(&path);
    strbuf_release(&text);
    return code;
}

int cmd_convert(const struct cli *c)
{
    int worst = EXIT_OK;
    if (c->n_files == 0) return usage_error("convert needs a notebook");
    if (c->n_files > 1 && c->output) return usage_error("-o takes one notebook; --to takes many");
    for (int i = 0; i < c->n_files; i++) {
        int code = convert_file(c, c->files[i]);
        if (code > worst) worst = code;
    }
    return worst;
}

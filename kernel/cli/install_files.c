/* install_files.c: writing and removing what `mlnb install` installs. */
#include "kernel/cli/install.h"

#include "kernel/notebook/notebook.h"
#include "kernelspec/files.h"
#include "runtime/base/file.h"

#include <openssl/evp.h>

#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <unistd.h>

/* ---- the words, as JSON (which is also Python) ---- */

static void add_word(void *arg, const char *kind, const char *name)
{
    json_t *words = arg, *list = json_object_get(words, kind);
    if (!list) {
        list = json_array();
        json_object_set_new(words, kind, list);
    }
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), name) == 0) return;
    json_array_append_new(list, json_string(name));
}

static void words_json(struct strbuf *out)
{
    json_t *words = json_object();
    lang_vocabulary(add_word, words);
    notebook_sql_words(add_word, words);
    char *text = json_dumps(words, JSON_SORT_KEYS | JSON_COMPACT);
    strbuf_addz(out, text ? text : "{}");
    free(text);
    json_decref(words);
}

/* Text with @VERSION@ filled in and the words behind the JavaScript comment that marks their place.
 */
static void fill_in(struct strbuf *out, struct str text)
{
    static const struct str version = {"@VERSION@", 9}, words = {"/*@WORDS@*/ {}", 14};
    for (size_t i = 0; i < text.n; i++) {
        struct str rest = {text.p + i, text.n - i};
        if (text.p[i] == '@' && str_starts(rest, version)) {
            strbuf_addz(out, MLNB_VERSION);
            i += version.n - 1;
        } else if (text.p[i] == '/' && str_starts(rest, words)) {
            words_json(out);
            i += words.n - 1;
        } else {
            strbuf_addc(out, text.p[i]);
        }
    }
}

/* ---- writing ---- */

static bool is_picture(const char *name)
{
    return str_ends(str_of(name), STR(".png"));
}

rc install_text(struct ctx *cx, const char *folder, const char *name, struct str text)
{
    struct strbuf path = {0}, filled = {0};
    strbuf_printf(&path, "%s/%s", folder, name);
    if (!is_picture(name)) {
        fill_in(&filled, text);
        text = strbuf_view(&filled);
    }
    enum rc_t res = file_make_folders(cx, path.p, false, 0755, NO_SPAN);
    if (res == RC_OK) res = file_replace(cx, path.p, text, NO_SPAN);
    strbuf_release(&path);
    strbuf_release(&filled);
    return res;
}

rc install_files(struct ctx *cx, const char *prefix, const char *folder, bool keep_name)
{
    for (const struct kernelspec_file *f = kernelspec_files; f->name; f++) {
        if (strncmp(f->name, prefix, strlen(prefix)) != 0) continue;
        const char *name = keep_name ? f->name : f->name + strlen(prefix);
        /* JupyterLab serves what package.json names under static/ */
        bool is_static = str_ends(str_of(name), STR(".js"));
        struct strbuf at = {0};
        strbuf_printf(&at, "%s%s", folder, is_static ? "/static" : "");
        enum rc_t res = install_text(cx, at.p, name, (struct str){(const char *)f->bytes, f->n});
        strbuf_release(&at);
        TRY(res);
    }
    return RC_OK;
}

/* ---- the Python package ---- */

static rc file_text(struct ctx *cx, const char *name, struct strbuf *out)
{
    for (const struct kernelspec_file *f = kernelspec_files; f->name; f++) {
        if (strncmp(f->name, "python/", 7) != 0 || strcmp(f->name + 7, name) != 0) continue;
        fill_in(out, (struct str){(const char *)f->bytes, f->n});
        return RC_OK;
    }
    return fail(cx, E903, NO_SPAN, "the program was built without %s", name);
}

/* A line of RECORD: path, sha256 in URL-safe base64 without padding, size (PEP 376, PEP 427). */
static void add_record(struct strbuf *record, const char *path, struct str text)
{
    unsigned char hash[EVP_MAX_MD_SIZE], code[2 * EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_Digest(text.p, text.n, hash, &n, EVP_sha256(), NULL);
    int length = EVP_EncodeBlock(code, hash, (int)n);
    while (length > 0 && code[length - 1] == '=')
        length--;
    for (int i = 0; i < length; i++)
        code[i] = code[i] == '+' ? '-' : code[i] == '/' ? '_' : code[i];
    strbuf_printf(record, "%s,sha256=%.*s,%zu\n", path, length, (const char *)code, text.n);
}

static rc put_module(struct ctx *cx, const char *site, const char *path, struct str text,
                     struct strbuf *record)
{
    TRY(install_text(cx, site, path, text));
    add_record(record, path, text);
    return RC_OK;
}

#define DIST_INFO PACKAGE "-" MLNB_VERSION ".dist-info/"
static const struct {
    const char *from, *to;
} package_files[] = {{"__init__.py", PACKAGE "/__init__.py"},
                     {"lexer.py", PACKAGE "/lexer.py"},
                     {"papermill.py", PACKAGE "/papermill.py"},
                     {"METADATA", DIST_INFO "METADATA"},
                     {"entry_points.txt", DIST_INFO "entry_points.txt"}};

rc install_package(struct ctx *cx, const char *site)
{
    struct strbuf record = {0}, text = {0};
    enum rc_t res = RC_ERR;
    strbuf_addz(&text,
                "\"\"\"The words of the language, from the program's tables.\"\"\"\n\nWORDS = ");
    words_json(&text);
    strbuf_addc(&text, '\n');
    TRY_OUT(put_module(cx, site, PACKAGE "/words.py", strbuf_view(&text), &record));
    for (size_t i = 0; i < sizeof package_files / sizeof package_files[0]; i++) {
        strbuf_clear(&text);
        TRY_OUT(file_text(cx, package_files[i].from, &text));
        TRY_OUT(put_module(cx, site, package_files[i].to, strbuf_view(&text), &record));
    }
    TRY_OUT(put_module(cx, site, DIST_INFO "INSTALLER", STR("mlnb\n"), &record));
    TRY_OUT(put_module(cx, site, DIST_INFO "WHEEL",
                       STR("Wheel-Version: 1.0\nGenerator: mlnb\nRoot-Is-Purelib: true\nTag: "
                           "py3-none-any\n"),
                       &record));
    strbuf_printf(&record, "%sRECORD,,\n", DIST_INFO);
    TRY_OUT(install_text(cx, site, DIST_INFO "RECORD", strbuf_view(&record)));
    res = RC_OK;
out:
    strbuf_release(&record);
    strbuf_release(&text);
    return res;
}

/* ---- removing ---- */

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st, (void)type, (void)place;
    return remove(path);
}

bool remove_folder(const char *path, int *n)
{
    if (access(path, F_OK) != 0 && errno == ENOENT) return true;
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) return false;
    printf("removed %s\n", path);
    (*n)++;
    return true;
}

int remove_packages(const char *site)
{
    static const char *const patterns[] = {"/" PACKAGE, "/" PACKAGE "-*.dist-info"};
    int n = 0;
    for (int i = 0; i < 2; i++) {
        struct strbuf pattern = {0};
        glob_t found;
        strbuf_printf(&pattern, "%s%s", site, patterns[i]);
        if (glob(pattern.p, 0, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++)
                if (!remove_folder(found.gl_pathv[k], &n))
                    fprintf(stderr, "mlnb: cannot remove %s: %s\n", found.gl_pathv[k],
                            strerror(errno));
            globfree(&found);
        }
        strbuf_release(&pattern);
    }
    return n;
}

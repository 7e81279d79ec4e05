/* The two examples of every verb, and those of words and options, run on the frames of
 * tests/data/examples.mlnb. */
#include "lang/assist/assist_int.h"
#include "tests/unit/lang_host.h"

#include "runtime/io/io.h"

#include <sys/stat.h>

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    struct strbuf text = {0};
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        strbuf_add(&text, part, n);
    fclose(f);
    return strbuf_take(&text);
}

TEST(examples_of_verbs_run)
{
    struct rec r;
    const char *folder = TEST_BINARY_DIR "/examples";
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    mkdir(folder, 0777);
    rec_begin_opts(&r, (struct lang_opts){.folder = folder});
    char *setup = read_file(TEST_SOURCE_DIR "/tests/data/examples.mlnb");
    rec_ok(&r, setup);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            rec_ok(&r, verbs[i]->examples[k]);
    mem_free(setup);
    rec_end(&r);
}

TEST(examples_of_words_run)
{
    struct rec r;
    const char *folder = TEST_BINARY_DIR "/examples_of_words";
    struct arena *a = arena_new();
    struct entry *all;
    mkdir(folder, 0777);
    FILE *lib = fopen(TEST_BINARY_DIR "/examples_of_words/lib.mlnb", "w");
    assert_non_null(lib);
    fputs("k = 1\n", lib);
    fclose(lib);
    rec_begin_opts(&r, (struct lang_opts){.folder = folder});
    char *setup = read_file(TEST_SOURCE_DIR "/tests/data/examples.mlnb");
    rec_ok(&r, setup);
    int n = entries(a, &all), n_run = 0;
    for (int i = 0; i < n; i++) {
        if (all[i].kind != ENTRY_WORD) continue;
        assert_true(all[i].sig && *all[i].sig && all[i].doc && *all[i].doc);
        assert_non_null(strstr(all[i].examples[0], all[i].name));
        enum rc_t res = rec_run(&r, all[i].examples[0]);
        if (res != RC_OK && r.err.code != E214) rec_ok(&r, all[i].examples[0]);
        n_run++;
    }
    assert_true(n_run > 15);
    mem_free(setup);
    rec_end(&r);
    arena_free(a);
}

TEST(examples_of_formula_functions_run)
{
    struct rec r;
    int n;
    const struct formula_fn_desc *all = formula_fn_all(&n);
    rec_begin(&r);
    char *setup = read_file(TEST_SOURCE_DIR "/tests/data/examples.mlnb");
    rec_ok(&r, setup);
    for (int i = 0; i < n; i++) {
        assert_non_null(strstr(all[i].example, all[i].name));
        assert_true(strncmp(all[i].sig, all[i].name, strlen(all[i].name)) == 0 && *all[i].doc);
        rec_ok(&r, all[i].example);
    }
    assert_true(n > 20);
    mem_free(setup);
    rec_end(&r);
}

TEST(examples_of_verbs_name_their_verb)
{
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            if (!strstr(verbs[i]->examples[k], verbs[i]->name))
                fail_msg("example %d of %s does not show it", k, verbs[i]->name);
}

/* Every option of every verb and format has an example, which names it and runs. */
TEST(examples_of_options_run)
{
    struct rec r;
    const char *folder = TEST_BINARY_DIR "/examples_of_options";
    struct arena *a = arena_new();
    struct entry *all;
    static const struct {
        const char *owner, *option, *example;
    } examples[] = {
#define EXAMPLE(owner, option, example) {#owner, #option, example},
#include "lang/assist/options.def"
#undef EXAMPLE
    };
    mkdir(folder, 0777);
    rec_begin_opts(&r, (struct lang_opts){.folder = folder});
    char *setup = read_file(TEST_SOURCE_DIR "/tests/data/examples.mlnb");
    rec_ok(&r, setup);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        assert_non_null(strstr(examples[i].example, examples[i].option));
#ifdef MLNB_SANITIZE /* TSan's suppressions of libraries do not bear a library loaded later        \
                        (libpq) */
        if (strcmp(examples[i].owner, "postgres") == 0) continue;
#endif
        enum rc_t res = rec_run(&r, examples[i].example);
        bool is_away =
            strcmp(examples[i].owner, "postgres") == 0 && r.err.code == E321; /* no server */
        if (res != RC_OK && r.err.code != E214 && !is_away) rec_ok(&r, examples[i].example);
    }
    int n = entries(a, &all);
    for (int i = 0; i < n; i++) {
        for (int k = 0; all[i].options && all[i].options[k].name; k++)
            if (strcmp(all[i].options[k].name, "*") != 0 &&
                !option_example(all[i].name, all[i].options[k].name))
                fail_msg("option %s of %s has no example in options.def", all[i].options[k].name,
                         all[i].name);
        const struct io_option_desc *lists[2] = {all[i].format ? all[i].format->read_options : NULL,
                                                 all[i].format ? all[i].format->write_options
                                                               : NULL};
        for (int l = 0; l < 2; l++)
            for (int k = 0; lists[l] && lists[l][k].name; k++)
                if (!option_example(all[i].name, lists[l][k].name))
                    fail_msg("option %s of %s has no example in options.def", lists[l][k].name,
                             all[i].name);
    }
    mem_free(setup);
    rec_end(&r);
    arena_free(a);
}

TEST(reference_page_names_all)
{
    struct strbuf page = {0};
    struct arena *a = arena_new();
    struct entry *all;
    lang_reference(&page);
    int n = entries(a, &all);
    for (int i = 0; i < n; i++) {
        struct strbuf name = {0};
        strbuf_addc(&name, '>');
        strbuf_add_html(&name, str_of(all[i].name));
        strbuf_addz(&name, "</h3>");
        if (all[i].kind != ENTRY_LATER && !strstr(page.p, name.p))
            fail_msg("%s is not on the page", all[i].name);
        strbuf_release(&name);
    }
    assert_non_null(strstr(page.p, "E201"));
    strbuf_release(&page);
    arena_free(a);
}

/* The two examples of every verb run on the frames of tests/data/examples.mlnb. */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

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

TEST(examples_of_verbs_name_their_verb)
{
    int n;
    const struct verb_desc *const *verbs = verb_all(&n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 2; k++)
            if (!strstr(verbs[i]->examples[k], verbs[i]->name))
                fail_msg("example %d of %s does not show it", k, verbs[i]->name);
}

/* test_io_oracle.c: real files read as polars reads them (tests/oracle/io_csv.py). */
#include "tests/unit/io_files.h"

#include <zlib.h>

static void summary(struct io_case *t, const char *path, struct strbuf *out)
{
    struct strbuf text = {0};
    char type[64];
    const struct schema *s = io_head(t->scan)->schema;
    strbuf_printf(out, "%s|%lld|", path, (long long)t->table->n_rows);
    for (int i = 0; i < s->n; i++)
        strbuf_printf(out, "%s%s:%s", i ? " " : "", s->fields[i].name,
                      dtype_text(s->fields[i].type, type, sizeof type));
    io_csv_text(&text, t->table, ',');
    strbuf_printf(out, "|%zu %08lx\n", text.n,
                  (unsigned long)crc32(0, (const unsigned char *)text.p, (unsigned)text.n));
    strbuf_release(&text);
}

static void check_line(const char *line, int threads)
{
    struct io_case t;
    struct strbuf got = {0};
    char path[128];
    size_t n = strcspn(line, "|");
    memcpy(path, line, n);
    path[n] = 0;
    case_begin(&t, threads);
    snprintf(t.path, sizeof t.path, "%s/tests/data/%s", TEST_SOURCE_DIR, path);
    case_open(&t);
    summary(&t, path, &got);
    if (strcmp(got.p, line) != 0) fail_msg("got  %swant %s", got.p, line);
    strbuf_release(&got);
    t.path[0] = 0; /* keep the file */
    case_end(&t);
}

static void check_all(int threads)
{
    static char line[8192];
    int n = 0;
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/io_csv.txt", "r");
    assert_non_null(f);
    for (; fgets(line, sizeof line, f); n++)
        check_line(line, threads);
    fclose(f);
    assert_true(n >= 20);
}

TEST(files_as_polars_reads_them)
{
    check_all(1);
}

TEST(threads_do_not_matter)
{
    check_all(3);
}

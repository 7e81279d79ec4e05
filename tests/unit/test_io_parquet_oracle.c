/* test_io_parquet_oracle.c: Parquet files read as pyarrow reads them (tests/oracle/io_parquet.py):
 * those of apache/parquet-testing, a few of which lie in tests/data/parquet, the rest beside the
 * repository. */
#include "tests/unit/io_columns.h"

static void hash(uint64_t *h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *h = (*h ^ (unsigned char)p[i]) * UINT64_C(0x100000001B3);
}

static void check_column(const struct table *t, const char *name, const char *want)
{
    int i = (int)strtol(want, NULL, 10);
    char got[128];
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    int64_t n_null = 0;
    assert_true(i >= 0 && i < t->schema->n);
    struct strbuf b = {0};
    for (int64_t r = 0; r < t->n_rows; r++) {
        strbuf_clear(&b);
        element(&b, t->cols[i], r);
        n_null += b.n == 4 && memcmp(b.p, "null", 4) == 0;
        strbuf_addc(&b, ';');
        hash(&h, b.p, b.n);
    }
    strbuf_release(&b);
    snprintf(got, sizeof got, "%d|%lld|%lld|%016llx", i, (long long)t->n_rows, (long long)n_null,
             (unsigned long long)h);
    if (strcmp(got, want) != 0)
        fail_msg("%s `%s`: got %s want %s", name, t->schema->fields[i].name, got, want);
}

/* Checksums that pyarrow does not look at, and what it cannot read but we can. */
static bool differs(const char *name)
{
    static const char *const ours[] = {"datapage_v1-corrupt-checksum.parquet",
                                       "rle-dict-uncompressed-corrupt-checksum.parquet"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(name, ours[i]) == 0) return true;
    return false;
}

static bool may_read(const char *name)
{
    return strcmp(name, "incorrect_map_schema.parquet") == 0;
}

struct seen {
    const char *folder;
    char name[128];
    struct io_case t;
    bool is_open, is_there, is_refused;
    int n_files, n_columns;
};

static void leave(struct seen *s)
{
    if (!s->is_open) return;
    s->t.path[0] = 0; /* keep the file */
    case_end(&s->t);
    s->is_open = false;
}

static void enter(struct seen *s, const char *name, int threads, bool by_parts)
{
    leave(s);
    snprintf(s->name, sizeof s->name, "%.100s", name);
    case_begin(&s->t, threads);
    snprintf(s->t.path, sizeof s->t.path, "%.140s/%.100s", s->folder, name);
    s->is_open = true;
    s->is_there = access(s->t.path, R_OK) == 0;
    s->is_refused = false;
    if (!s->is_there) return;
    case_option(&s->t, "format", text_value("parquet"));
    s->n_files++;
    if (io_open(s->t.cx, s->t.path, s->t.opts, s->t.n_opts, NO_SPAN, &s->t.scan) != RC_OK) {
        s->is_refused = true;
        return;
    }
    struct io_format parts = *io_head(s->t.scan)->format, *whole;
    whole = (struct io_format *)(uintptr_t)io_head(s->t.scan)->format;
    parts.read_whole = NULL;
    if (by_parts) io_head(s->t.scan)->format = &parts;
    s->is_refused = read_all(s->t.cx, s->t.scan, -1, &s->t.table) != RC_OK;
    io_head(s->t.scan)->format = whole;
    for (int i = 0; s->t.table && i < s->t.table->schema->n; i++) {
        const char *why = "";
        if (!column_check(s->t.table->cols[i], 2, &why)) fail_msg("%s column %d: %s", name, i, why);
    }
}

static void check_line(struct seen *s, char *line, int threads, bool by_parts)
{
    char *bar = strchr(line, '|');
    line[strcspn(line, "\n")] = 0;
    assert_non_null(bar);
    *bar = 0;
    if (strcmp(line, "large_string_map.brotli.parquet") == 0) return; /* 2 GB of text */
    if (!s->is_open || strcmp(s->name, line) != 0) enter(s, line, threads, by_parts);
    if (!s->is_there) return;
    if (strncmp(bar + 1, "refused", 7) == 0) {
        if (!s->is_refused && !may_read(line)) fail_msg("%s should be refused", line);
        if (s->is_refused) assert_int_equal(s->t.u.err.code, E302);
        return;
    }
    if (differs(line)) {
        assert_true(s->is_refused);
        assert_non_null(strstr(s->t.u.err.message, "checksum"));
        return;
    }
    if (s->is_refused) fail_msg("%s: %s", line, s->t.u.err.message);
    check_column(s->t.table, line, bar + 1);
    s->n_columns++;
}

static int check_all(const char *folder, int threads, bool by_parts)
{
    static char line[512];
    struct seen s = {.folder = folder};
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/io_parquet.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        check_line(&s, line, threads, by_parts);
    fclose(f);
    leave(&s);
    return s.n_files;
}

TEST(files_here_as_pyarrow_reads_them)
{
    assert_true(check_all(TEST_SOURCE_DIR "/tests/data/parquet", 1, false) >= 10);
}

TEST(files_of_parquet_testing)
{
    char folder[256];
    const char *shared = getenv("MLNB_SHARED");
    snprintf(folder, sizeof folder, "%s/data/parquet-testing/data",
             shared ? shared : TEST_SOURCE_DIR "/../shared");
    if (access(folder, R_OK) != 0) {
        print_message("no %s\n", folder);
        skip();
    }
    assert_true(check_all(folder, 1, false) >= 80);
    assert_true(check_all(folder, 3, false) >= 80);
    assert_true(check_all(folder, 1, true) >= 80);
}

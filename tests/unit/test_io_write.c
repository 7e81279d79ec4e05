/* test_io_write.c: saving as delimited text; what is written is read back the same. */
#include "tests/unit/io_files.h"

#include "runtime/base/rng.h"
#include "tests/unit/io_naive.h"

#include <dirent.h>
#include <sys/stat.h>

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *p = calloc(1, 1 << 20);
    size_t n = fread(p, 1, (1 << 20) - 1, f);
    assert_true(n < (1 << 20) - 1);
    fclose(f);
    return p;
}

static void expect_file(const char *path, const char *want)
{
    char *got = file_text(path);
    assert_non_null(got);
    assert_string_equal(got, want);
    free(got);
}

/* Files beside path whose names begin with its name: leftovers of a save that failed. */
static int leftovers(const char *path)
{
    int n = 0;
    const char *slash = strrchr(path, '/');
    char folder[256];
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));)
        n += strncmp(e->d_name, slash + 1, strlen(slash + 1)) == 0 &&
             strcmp(e->d_name, slash + 1) != 0;
    closedir(d);
    return n;
}

static enum rc_t save(struct io_case *t, const char *path)
{
    return io_save(t->cx, t->table, path, t->opts, t->n_opts, NO_SPAN);
}

TEST(all_types)
{
    struct io_case t;
    const char *text = "i,n,b,d,t,z,s\n"
                       "-9223372036854775808,0.1,true,0001-01-01,2019-01-31 08:30:00,"
                       "2019-01-31 08:30:00.000001Z,\"a,b\"\n"
                       "7,2.0,false,9999-12-31,1969-12-31 23:59:59,2019-01-31 08:30:00Z,\"\"\n"
                       ",,,,,,\n"
                       "100,1e+22,true,2020-02-29,2400-01-01 00:00:00.5,1900-01-01 00:00:00Z,"
                       "\"x \"\"y\"\"\nz\"\n"
                       "0,-123456.789012,true,2020-02-29,2400-01-01 00:00:00,1900-01-01 00:00:00Z,"
                       "caf\xC3\xA9\n"
                       "1,1e-05,true,2020-02-29,2400-01-01 00:00:00,1900-01-01 00:00:00Z, b \n"
                       "1,-0.0,true,2020-02-29,2400-01-01 00:00:00,1900-01-01 00:00:00Z,2\n"
                       "1,inf,true,2020-02-29,2400-01-01 00:00:00,1900-01-01 00:00:00Z,NA\n"
                       "1,0.30000000000000004,true,2020-02-29,2400-01-01 00:00:00,"
                       "1900-01-01 00:00:00Z,\"a\rb\"\n";
    case_read(&t, text);
    case_schema(&t, "i:int n:num b:bool d:date t:datetime z:datetime[UTC] s:str");
    case_text(&t, text);
    char out[300];
    snprintf(out, sizeof out, "%s.out.csv", t.path);
    assert_ok(t.cx, save(&t, out));
    expect_file(out, text);
    unlink(out);
    assert_int_equal(leftovers(t.path), 0);
    case_end(&t);
}

TEST(options_of_save)
{
    struct io_case t;
    char out[300];
    case_read(&t, "a,b\n1,x;y\n2,\"p\tq\"\n");
    snprintf(out, sizeof out, "%s.tsv", t.path);
    assert_ok(t.cx, save(&t, out));
    expect_file(out, "a\tb\n1\tx;y\n2\t\"p\tq\"\n");
    case_option(&t, "delim", text_value(";"));
    case_option(&t, "header", (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = false});
    assert_ok(t.cx, save(&t, out));
    expect_file(out, "1;\"x;y\"\n2;p\tq\n");
    unlink(out);
    t.n_opts = 0;
    case_option(&t, "sep", text_value(";"));
    assert_err(t.cx, E206, save(&t, out));
    snprintf(out, sizeof out, "%s.xyz", t.path);
    t.n_opts = 0;
    assert_err(t.cx, E305, save(&t, out));
    assert_err(t.cx, E306, save(&t, "/no/such/folder/x.csv"));
    assert_int_equal(leftovers(t.path), 0);
    case_end(&t);
}

TEST(append)
{
    struct io_case t;
    char out[300];
    case_read(&t, "a,b\n1,x\n");
    snprintf(out, sizeof out, "%s.app.csv", t.path);
    case_option(&t, "append", (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = true});
    assert_ok(t.cx, save(&t, out));
    assert_ok(t.cx, save(&t, out));
    expect_file(out, "a,b\n1,x\n1,x\n");
    FILE *f = fopen(out, "wb");
    fputs("a,b\n5,y", f);
    fclose(f);
    assert_ok(t.cx, save(&t, out));
    expect_file(out, "a,b\n5,y\n1,x\n");
    f = fopen(out, "wb");
    fputs("a,c\n5,y\n", f);
    fclose(f);
    assert_err(t.cx, E306, save(&t, out));
    expect_file(out, "a,c\n5,y\n");
    unlink(out);
    case_end(&t);
}

TEST(gzip_both_ways)
{
    struct io_case t;
    struct strbuf b = {0};
    char out[300];
    strbuf_addz(&b, "a,b,c\n");
    for (int i = 0; i < 60000; i++)
        strbuf_printf(&b, "%d,\"text, number\n%d\",%d.25\n", i, i % 1000, i * 7);
    case_begin(&t, 2);
    case_file(&t, b.p, b.n);
    case_open(&t);
    snprintf(out, sizeof out, "%s.z.csv.gz", t.path);
    assert_ok(t.cx, save(&t, out));
    case_option(&t, "append", (struct scalar){.type = DTYPE(KIND_BOOL), .u.b = true});
    assert_ok(t.cx, save(&t, out));
    struct io_scan *s;
    struct table *twice;
    assert_ok(t.cx, io_open(t.cx, out, NULL, 0, NO_SPAN, &s));
    assert_ok(t.cx, read_all(t.cx, s, -1, &twice));
    assert_int_equal(twice->n_rows, 120000);
    struct strbuf text = {0};
    struct table *second;
    assert_ok(t.cx, table_slice(t.cx, twice, 60000, 60000, &second));
    io_csv_text(&text, second, ',');
    assert_int_equal(text.n, b.n);
    assert_memory_equal(text.p, b.p, b.n);
    table_unref(second);
    table_unref(twice);
    io_unref(s);
    strbuf_release(&text);
    strbuf_release(&b);
    unlink(out);
    case_end(&t);
}

TEST(damaged_gzip)
{
    struct io_case t;
    char out[300];
    case_read(&t, "a,b\n1,x\n2,y\n");
    snprintf(out, sizeof out, "%s.d.csv.gz", t.path);
    assert_ok(t.cx, save(&t, out));
    struct io_scan *s;
    assert_int_equal(truncate(out, 30), 0);
    assert_err(t.cx, E302, io_open(t.cx, out, NULL, 0, NO_SPAN, &s));
    unlink(out);
    case_end(&t);
}

TEST(failed_saves_leave_nothing)
{
    struct io_case t;
    struct cancel stop = {0};
    char out[300];
    case_read(&t, "a,b\n1,x\n2,y\n");
    snprintf(out, sizeof out, "%s.f.csv", t.path);
    assert_ok(t.cx, save(&t, out));
    t.cx->cancel = &stop;
    cancel_set(&stop);
    assert_err(t.cx, E901, save(&t, out));
    expect_file(out, "a,b\n1,x\n2,y\n");
    unlink(out);
    assert_int_equal(leftovers(t.path), 0);
    t.cx->cancel = NULL;
    case_option(&t, "format", text_value("csv"));
    assert_err(t.cx, E306, save(&t, "/dev/full"));
    case_end(&t);
}

/* ---- random tables: write, read, and a twin that reads a character at a time ---- */
static const char *const words[] = {"x",           "",
                                    "a,b",         "\"",
                                    "q\"q",        "two\nlines",
                                    "\r\n",        " pad ",
                                    "caf\xC3\xA9", "NA",
                                    "1",           "true",
                                    "0x",          "a text of more than twelve bytes",
                                    "'",           "#"};

static void random_cell(struct strbuf *b, uint64_t r, int kind)
{
    uint64_t v = r >> 8;
    if (r % 13 == 0) return;
    switch (kind) {
    case 0: strbuf_printf(b, "%lld", (long long)(v % 2000003) - 1000000); break;
    case 1: strbuf_printf(b, "%.*f", (int)(v % 7), (double)(v % 1000000007) / 1e4); break;
    case 2: strbuf_addz(b, v % 2 ? "true" : "False"); break;
    case 3:
        strbuf_printf(b, "%04d-%02d-%02d", (int)(1900 + v % 300), (int)(v % 12) + 1,
                      (int)(v % 28) + 1);
        break;
    case 4:
        strbuf_printf(b, "2019-01-%02d 10:%02d:%02d", (int)(v % 28) + 1, (int)(v % 60),
                      (int)(v / 60 % 60));
        break;
    case 5: strbuf_printf(b, "%.17g", rng_unit(1, 2, v) * 1e6); break;
    case 6: strbuf_printf(b, "w%d", (int)(v % 7)); break;
    default: {
        const char *w = words[v % (sizeof words / sizeof *words)];
        strbuf_addc(b, '"');
        for (; *w; w++) {
            if (*w == '"') strbuf_addc(b, '"');
            strbuf_addc(b, *w);
        }
        strbuf_addc(b, '"');
    }
    }
}

static void random_text(struct strbuf *b, uint64_t seed, int rows)
{
    int n_cols = 1 + (int)(rng_u64(seed, 0, 0) % 9);
    for (int c = 0; c < n_cols; c++)
        strbuf_printf(b, "%scol%d", c ? "," : "", c);
    strbuf_addz(b, "\n");
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < n_cols; c++) {
            if (c) strbuf_addc(b, ',');
            int kind = (int)(rng_u64(seed, 1, (uint64_t)c) % 8);
            random_cell(b, rng_u64(seed, 2 + (uint64_t)c, (uint64_t)r), kind);
        }
        strbuf_addz(b, rng_u64(seed, 99, (uint64_t)r) % 5 ? "\n" : "\r\n");
    }
}

static void check_random(uint64_t seed, int rows, int threads)
{
    struct io_case t;
    struct strbuf b = {0}, again = {0};
    random_text(&b, seed, rows);
    case_begin(&t, threads);
    case_file(&t, b.p, b.n);
    case_open(&t);
    struct naive v = {.delim = ',', .quote = '"'};
    naive_parse(&v, b.p, b.n);
    assert_null(v.fault);
    const char *why = naive_differs(&v, 1, t.table);
    if (why) fail_msg("seed %llu: %s", (unsigned long long)seed, why);
    naive_free(&v);
    strbuf_clear(&b);
    io_csv_text(&b, t.table, ',');
    assert_ok(t.cx, save(&t, t.path)); /* over its own source */
    table_unref(t.table);
    io_unref(t.scan);
    case_open(&t);
    io_csv_text(&again, t.table, ',');
    if (strcmp(b.p, again.p) != 0) fail_msg("seed %llu: not the same", (unsigned long long)seed);
    strbuf_release(&b);
    strbuf_release(&again);
    case_end(&t);
}

TEST(random_tables)
{
    const char *env = getenv("MLNB_SEED");
    uint64_t seed = env ? strtoull(env, NULL, 10) : 1;
    for (uint64_t i = 0; i < 60; i++)
        check_random(seed + i, (int)(rng_u64(seed, 7, i) % 300), 1);
    for (uint64_t i = 0; i < 4; i++)
        check_random(seed + 1000 + i, 60000, 3);
}

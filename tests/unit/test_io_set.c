/* test_io_set.c: many files as one: patterns, folders, keys, types over all files, skipping, and
 * saving as folders. */
#include "tests/unit/io_files.h"

#include <sys/stat.h>

struct set_case {
    struct io_case io;
    char root[300]; /* a folder of its own */
};

static void put(struct set_case *t, const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", t->root, name);
    for (char *p = path + strlen(t->root); (p = strchr(p + 1, '/'));) {
        *p = 0;
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void set_begin(struct set_case *t, int threads)
{
    memset(t, 0, sizeof *t);
    case_begin(&t->io, threads);
    snprintf(t->root, sizeof t->root, "%s.d", t->io.path);
    assert_int_equal(mkdir(t->root, 0777), 0);
}

static void drop(struct set_case *t)
{
    if (t->io.table) table_unref(t->io.table);
    io_unref(t->io.scan);
    t->io.table = NULL;
    t->io.scan = NULL;
}

static void set_end(struct set_case *t)
{
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s'", t->root);
    assert_int_equal(system(command), 0);
    case_end(&t->io);
}

static enum rc_t open_set(struct set_case *t, const char *pattern)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", t->root, pattern);
    drop(t);
    return io_open(t->io.cx, path, t->io.opts, t->io.n_opts, NO_SPAN, &t->io.scan);
}

static void read_set(struct set_case *t, const char *pattern, const char *schema, const char *text)
{
    assert_ok(t->io.cx, open_set(t, pattern));
    assert_ok(t->io.cx, read_all(t->io.cx, t->io.scan, -1, &t->io.table));
    for (int i = 0; i < t->io.table->schema->n; i++) {
        const char *why = "";
        if (!column_check(t->io.table->cols[i], 2, &why)) fail_msg("column %d: %s", i, why);
    }
    case_schema(&t->io, schema);
    case_text(&t->io, text);
}

TEST(patterns_take_their_files_in_order)
{
    struct set_case t;
    set_begin(&t, 1);
    put(&t, "b.csv", "x\n2\n");
    put(&t, "a.csv", "x\n1\n");
    put(&t, "sub/deep/c.csv", "x\n3\n");
    put(&t, "sub/_hidden.csv", "y\n9\n");
    put(&t, ".dot.csv", "y\n9\n");
    put(&t, "note.md", "no table");
    read_set(&t, "*.csv", "x:int", "x\n1\n2\n");
    read_set(&t, "**/*.csv", "x:int", "x\n1\n2\n3\n");
    read_set(&t, "", "x:int", "x\n1\n2\n3\n");
    read_set(&t, "**", "x:int", "x\n1\n2\n3\n");
    read_set(&t, "{b,sub/deep/c}.csv", "x:int", "x\n2\n3\n");
    read_set(&t, "[b-z].csv", "x:int", "x\n2\n");
    read_set(&t, "?.csv", "x:int", "x\n1\n2\n");
    read_set(&t, "s*/*/c.csv", "x:int", "x\n3\n");
    assert_err(t.io.cx, E301, open_set(&t, "*.tsv"));
    assert_err(t.io.cx, E301, open_set(&t, "none/*.csv"));
    set_end(&t);
}

TEST(types_are_what_all_files_need)
{
    struct set_case t;
    set_begin(&t, 2);
    put(&t, "1.csv", "i,n,d,s,z,e\n1,1,2020-01-01,7,00501,NA\n");
    put(&t, "2.csv", "z,s,i,n,d,e\n5,x,2,0.5,2020-01-02 10:00:00,4\n");
    put(&t, "3.csv", "i,e\n,5\n");
    read_set(&t, "*.csv", "i:int n:num d:datetime s:str z:str e:int",
             "i,n,d,s,z,e\n1,1.0,2020-01-01 00:00:00,7,00501,\n"
             "2,0.5,2020-01-02 10:00:00,x,5,4\n,,,,,5\n");
    if (!strstr(t.io.warnings, "W307")) fail_msg("%s", t.io.warnings);
    set_end(&t);
}

TEST(keys_and_origin)
{
    struct set_case t;
    set_begin(&t, 2);
    put(&t, "y=2020/m=01/k=a%20b/p.csv", "v,y\n1,9\n2,9\n");
    put(&t, "y=2021/m=12/k=__HIVE_DEFAULT_PARTITION__/p.csv", "v\n3\n");
    read_set(&t, "", "v:int y:int m:int k:str",
             "v,y,m,k\n1,2020,1,a b\n2,2020,1,a b\n3,2021,12,\n");
    read_set(&t, "y=2021/**", "v:int m:int k:str", "v,m,k\n3,12,\n");
    case_option(&t.io, "source", text_value("from"));
    assert_ok(t.io.cx, open_set(&t, "*/*/*/p.csv"));
    case_schema(&t.io, "v:int y:int m:int k:str from:str");
    set_end(&t);
}

TEST(keys_rule_files_out)
{
    struct set_case t;
    set_begin(&t, 1);
    put(&t, "day=2020-01-01/p.csv", "v\n1\n");
    put(&t, "day=2020-01-02/p.csv", "v\n2\n");
    put(&t, "day=__HIVE_DEFAULT_PARTITION__/p.csv", "v\n3\n");
    assert_ok(t.io.cx, open_set(&t, ""));
    struct io_scan_head *h = io_head(t.io.scan);
    assert_int_equal(h->n_partitions, 3);
    struct io_range r = {.column = 1, .has_lo = true, .lo_open = true};
    r.lo = (struct scalar){.type = DTYPE(KIND_DATE), .u.i = 18262}; /* 2020-01-01 */
    assert_true((h->format->skip)(t.io.scan, 0, &r, 1));
    assert_false((h->format->skip)(t.io.scan, 1, &r, 1));
    assert_true((h->format->skip)(t.io.scan, 2, &r, 1));
    r.lo_open = false;
    r.nulls = true;
    assert_false((h->format->skip)(t.io.scan, 0, &r, 1));
    assert_false((h->format->skip)(t.io.scan, 2, &r, 1));
    set_end(&t);
}

TEST(small_files_share_a_partition_and_a_limit_counts_over_all)
{
    struct set_case t;
    char name[40], text[80];
    set_begin(&t, 2);
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "%02d.csv", i);
        snprintf(text, sizeof text, "v\n%d\n%d\n", 2 * i, 2 * i + 1);
        put(&t, name, text);
    }
    assert_ok(t.io.cx, open_set(&t, "*.csv"));
    assert_int_equal(io_head(t.io.scan)->n_partitions, 1);
    assert_int_equal(io_head(t.io.scan)->n_rows, 100);
    assert_ok(t.io.cx, read_all(t.io.cx, t.io.scan, 7, &t.io.table));
    case_text(&t.io, "v\n0\n1\n2\n3\n4\n5\n6\n");
    assert_false(io_head(t.io.scan)->format->is_stale(t.io.scan));
    put(&t, "99.csv", "v\n1\n");
    assert_true(io_head(t.io.scan)->format->is_stale(t.io.scan));
    set_end(&t);
}

TEST(types_option_names_a_column_of_any_file)
{
    struct set_case t;
    struct column *c;
    struct table *row;
    struct schema *s;
    struct field f = {"b", DTYPE(KIND_STR)};
    set_begin(&t, 1);
    put(&t, "1.csv", "a\n1\n");
    put(&t, "2.csv", "a,b\n1,2\n");
    struct scalar str = text_value("str");
    assert_ok(t.io.cx, column_fill(t.io.cx, &str, 1, &c));
    assert_ok(t.io.cx, schema_new(t.io.cx, &f, 1, NO_SPAN, &s));
    assert_ok(t.io.cx, table_new(t.io.cx, s, &c, 1, &row));
    schema_unref(s);
    case_option(&t.io, "types", (struct scalar){.type = {.kind = KIND_STRUCT}, .u.row = row});
    read_set(&t, "*.csv", "a:int b:str", "a,b\n1,\n1,2\n");
    unlink(t.io.path);
    put(&t, "2.csv", "a,c\n1,2\n");
    assert_err(t.io.cx, E201, open_set(&t, "*.csv"));
    table_unref(row);
    set_end(&t);
}

static enum rc_t save_as(struct set_case *t, const char *keys, bool append)
{
    char path[600];
    struct io_option o[3] = {{"partition", text_value(keys), NO_SPAN},
                             {"format", text_value("csv"), NO_SPAN},
                             {"append", {.type = DTYPE(KIND_BOOL), .u.b = append}, NO_SPAN}};
    snprintf(path, sizeof path, "%s/out/", t->root);
    return io_save(t->io.cx, t->io.table, path, o, 3, NO_SPAN);
}

TEST(saved_as_folders_and_read_back)
{
    struct set_case t;
    set_begin(&t, 2);
    put(&t, "in.csv", "k,v\nb/c,1\na,2\nb/c,3\n,4\na,5\n");
    read_set(&t, "in.csv", "k:str v:int", "k,v\nb/c,1\na,2\nb/c,3\n,4\na,5\n");
    assert_ok(t.io.cx, save_as(&t, "k", false));
    assert_ok(t.io.cx, save_as(&t, "k", false)); /* replaces */
    struct table *kept = table_ref(t.io.table);
    read_set(&t, "out", "v:int k:str", "v,k\n4,\n2,a\n5,a\n1,b/c\n3,b/c\n");
    table_unref(t.io.table);
    t.io.table = kept;
    assert_ok(t.io.cx, save_as(&t, "k", true));
    kept = table_ref(t.io.table);
    read_set(&t, "out", "v:int k:str",
             "v,k\n4,\n4,\n2,a\n5,a\n2,a\n5,a\n1,b/c\n3,b/c\n1,b/c\n3,b/c\n");
    put(&t, "out/mine.txt", "x");
    table_unref(t.io.table);
    t.io.table = kept;
    assert_err(t.io.cx, E306, save_as(&t, "k", false));
    assert_err(t.io.cx, E201, save_as(&t, "none", true));
    set_end(&t);
}

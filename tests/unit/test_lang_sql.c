/* test_lang_sql.c: SELECT against what PostgreSQL gives (tests/oracle/lang_sql.py), and what the
 * front end does by itself: variables, places of errors, dry runs. */
#include "lang/lang_int.h"
#include "lang/sql/sql.h"
#include "runtime/base/num.h"
#include "tests/unit/lang_host.h"

#include <stdlib.h>

static const char tables[] =
    "t = frame(id: [1,2,3,4,5,6], g: [\"a\",\"b\",\"a\",null,\"c\",\"b\"], "
    "x: [1.5,2.5,null,4.0,-1.25,2.5], k: [10,20,null,10,30,null], "
    "d: [@2019-01-31,@2019-02-28,@2020-02-29,null,@2018-12-31,@2019-02-28], "
    "b: [true,false,null,true,false,true], ts: [@2019-01-31T08:30,@2019-02-28T23:59:59,null,"
    "@2020-03-01T00:00,@2018-12-31T12:00,null])\n"
    "u = frame(id: [1,1,2,9,null,3], y: [10,20,30,90,5,null], "
    "s: [\"one\",\"uno\",\"two\",\"nine\",\"none\",null])\n"
    "v = frame(a: [1,1,2,null,3,3], c: [1,2,null,3,3,3])\n";

static enum rc_t run(struct rec *r, const char *text)
{
    return lang_run(r->lg, text, strlen(text), "test", 1, &r->err);
}
static void begin(struct rec *r)
{
    struct lang_opts opts = {.width = 80};
    rec_begin_opts(r, opts);
    if (run(r, tables) != RC_OK) fail_msg("%s", r->err.message);
}
static void end(struct rec *r)
{
    lang_free(r->lg);
    strbuf_release(&r->out);
    strbuf_release(&r->shown);
    strbuf_release(&r->notes);
}

/* ---- rows as lines ---- */
struct lines {
    char *all[64];
    int n;
};
static void add_line(struct lines *l, struct strbuf *b)
{
    if (l->n < 64) l->all[l->n++] = strbuf_take(b);
}
static void lines_free(struct lines *l)
{
    for (int i = 0; i < l->n; i++)
        mem_free(l->all[i]);
    l->n = 0;
}
static void add_cell(struct strbuf *b, struct str text)
{
    double x;
    if (b->n) strbuf_addc(b, '|');
    if (num_parse(text.p, text.n, &x))
        strbuf_printf(b, "%.9g", x == 0 ? 0 : x);
    else
        strbuf_adds(b, text);
}
static void result_lines(struct rec *r, struct lines *out)
{
    const struct value *v = scope_get(r->lg->globals, STR("r"));
    struct table *t;
    struct error err;
    if (lang_frame_table(r->lg, v->plan, &t, &err) != RC_OK) fail_msg("%s", err.message);
    for (int64_t i = 0; i < t->n_rows; i++) {
        struct strbuf line = {0}, cell = {0};
        for (int c = 0; c < t->schema->n; c++) {
            struct scalar s = column_scalar(t->cols[c], i);
            strbuf_clear(&cell);
            if (s.is_null)
                strbuf_addz(&cell, "\\N");
            else
                scalar_text(&cell, &s, false);
            add_cell(&line, strbuf_view(&cell));
            scalar_release(&s);
        }
        strbuf_release(&cell);
        add_line(out, &line);
    }
    table_unref(t);
}
static void expected_line(struct str row, struct lines *out)
{
    struct strbuf line = {0};
    for (size_t at = 0; at <= row.n;) {
        size_t n = 0;
        while (at + n < row.n && row.p[at + n] != '|')
            n++;
        add_cell(&line, (struct str){row.p + at, n});
        at += n + 1;
    }
    add_line(out, &line);
}
static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}
/* ORDER BY outside brackets fixes the order of the rows. */
static bool is_ordered(const char *q)
{
    const char *last = strrchr(q, ')'), *order = strstr(last ? last : q, "order by");
    return order != NULL;
}
static int compare(const char *q, struct lines *got, struct lines *want)
{
    int bad = got->n != want->n;
    if (!is_ordered(q)) {
        qsort(got->all, (size_t)got->n, sizeof(char *), by_text);
        qsort(want->all, (size_t)want->n, sizeof(char *), by_text);
    }
    for (int i = 0; i < got->n && !bad; i++)
        bad = strcmp(got->all[i], want->all[i]) != 0;
    if (bad) print_error("%s\n", q);
    for (int i = 0; bad && i < got->n; i++)
        print_error("  got  %s\n", got->all[i]);
    for (int i = 0; bad && i < want->n; i++)
        print_error("  want %s\n", want->all[i]);
    return bad;
}
static int check_query(struct rec *r, const char *q, struct lines *want)
{
    struct strbuf text = {0};
    struct lines got = {0};
    int bad = 1;
    strbuf_printf(&text, "%%%%sql as: r\n%s", q);
    if (run(r, text.p) == RC_OK) {
        result_lines(r, &got);
        bad = compare(q, &got, want);
    } else {
        print_error("%s\n  %s\n", q, r->err.message);
    }
    strbuf_release(&text);
    lines_free(&got);
    return bad;
}

TEST(queries_agree_with_postgresql)
{
    struct rec r;
    struct lines want = {0};
    char line[4096], query[4096] = "";
    int bad = 0, n = 0;
    FILE *f = fopen(TEST_SOURCE_DIR "/tests/data/oracle/lang_sql.txt", "r");
    assert_non_null(f);
    begin(&r);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == 'R') {
            expected_line(str_of(line + 2), &want);
            continue;
        }
        if (query[0]) bad += check_query(&r, query, &want);
        n += query[0] != '\0';
        lines_free(&want);
        snprintf(query, sizeof query, "%s", line + 2);
    }
    bad += check_query(&r, query, &want);
    lines_free(&want);
    (void)fclose(f);
    end(&r);
    assert_true(n > 100);
    assert_int_equal(bad, 0);
}

static void shows(struct rec *r, const char *text, const char *part)
{
    strbuf_clear(&r->shown);
    if (run(r, text) != RC_OK) fail_msg("%s: %s", text, r->err.message);
    if (!r->shown.p || !strstr(r->shown.p, part)) fail_msg("%s shows\n%s", text, r->shown.p);
}
TEST(variables_are_bound_not_pasted)
{
    struct rec r;
    begin(&r);
    assert_int_equal(run(&r, "name = \"a' or 1 = 1 --\"\nks = [1, 3]\nday = @2019-02-28\n"), RC_OK);
    shows(&r, "sql(\"select count(*) n from t where g = $name\")", "0");
    shows(&r, "sql(\"select sum(id) n from t where id = any($ks)\")", "4");
    shows(&r, "sql(\"select sum(id) n from t where id in ($ks)\")", "4");
    shows(&r, "sql(\"select sum(id) n from t where d = $day\")", "8");
    shows(&r, "sql(\"from t where id = 6\") |> derive twice = 2 * id |> select twice", "12");
    shows(&r, "sql(\"select g, count(*) from t group by all having count(*) > 1 order by 1\")",
          "b");
    end(&r);
}

static void fails(struct rec *r, const char *text, enum err_code code, const char *at)
{
    struct str src;
    if (run(r, text) == RC_OK) fail_msg("%s: no error", text);
    if (r->err.code != code) fail_msg("%s: %s %s", text, err_name(r->err.code), r->err.message);
    src = sources_text(r->lg->sources, r->err.span.source);
    assert_true(r->err.span.to <= src.n && r->err.span.from < r->err.span.to);
    struct str got = {src.p + r->err.span.from, r->err.span.to - r->err.span.from};
    if (!str_eqz(got, at)) fail_msg("%s: points at `%.*s`", text, STR_FMT(got));
}
TEST(errors_point_into_the_text)
{
    struct rec r;
    begin(&r);
    fails(&r, "%%sql\nselect nam\nfrom t", E201, "nam");
    fails(&r, "%%sql\nfrom t where t.zz > 1", E201, "t.zz");
    fails(&r, "sql(\"select 'é', zz from t\")", E201, "zz");
    fails(&r, "sql(\"\"\"select 1,\n from t\"\"\")", E101, "from");
    fails(&r, "sql(\"select $x + zz from t\")", E202, "$x");
    fails(&r, "sql(\"select id from t, u\")", E201, "id");
    fails(&r, "sql(\"select sum(sum(id)) from t\")", E210, "sum");
    fails(&r, "sql(\"select * from t where g > 5\")", E207, ">");
    fails(&r, "sql(\"select * from t limit -1\")", E207, "-");
    fails(&r, "sql(\"select g from t qualify 1\")", E217, "qualify");
    fails(&r, "sql(\"select * from t asof join u using (id)\")", E217, "asof");
    fails(&r, "sql(\"select * from missing\")", E202, "missing");
    end(&r);
}

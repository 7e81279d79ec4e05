/* Notebooks: reading, broken files, and the laws of the round trips. */
#include "tests/unit/unit.h"

#include "kernel/notebook/notebook.h"
#include "lang/lang.h"

#include <unistd.h>

static struct notebook *read_text(const char *text)
{
    struct unit u;
    struct notebook *nb = NULL;
    struct ctx *cx = unit_begin(&u, 1);
    assert_ok(cx, notebook_read_mlnb(cx, text, strlen(text), 0, &nb));
    unit_end(&u);
    return nb;
}
static struct notebook *read_json(const char *text, size_t n)
{
    struct unit u;
    struct notebook *nb = NULL;
    struct ctx *cx = unit_begin(&u, 1);
    assert_ok(cx, notebook_read_ipynb(cx, text, n, &nb));
    unit_end(&u);
    return nb;
}
static char *as_text(const struct notebook *nb)
{
    struct strbuf b = {0};
    notebook_write_mlnb(&b, nb);
    return strbuf_take(&b);
}
static char *as_json(const struct notebook *nb)
{
    struct strbuf b = {0};
    notebook_write_ipynb(&b, nb);
    return strbuf_take(&b);
}
static char *read_file(const char *name, size_t *n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/data/%s", TEST_SOURCE_DIR, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    struct strbuf b = {0};
    char buf[4096];
    for (size_t k; (k = fread(buf, 1, sizeof buf, f)) > 0;)
        strbuf_add(&b, buf, k);
    fclose(f);
    *n = b.n;
    return strbuf_take(&b);
}

/* The whole of the specification's example. */
static const char sample[] =
    "---\nmlnb: 1\ntitle: Tips by borough\n---\n\n"
    "%%md\n# Tips by borough\nMarkdown stands as it is; the next cell holds the parameters.\n\n"
    "%%params\nparam least_n = 100                      # boroughs with fewer trips are left "
    "out\n\n"
    "%% name: \"load\", tags: [io]\ntrips = read(\"taxi/nyc_yellow_2019.parquet\")\n"
    "named = trips |> join read(\"taxi/taxi_zones.csv\") on pickup_location_id == LocationID, "
    "kind: left\n\n"
    "%%sql as: by_borough\nselect borough, count(*) n, avg(tip_amount) tip from named group by "
    "all\n\n"
    "%%\nby_borough |> plot borough, tip, kind: bar\n";

/* ---- reading text ---- */

TEST(notebook_reads_the_sample)
{
    struct notebook *nb = read_text(sample);
    static const enum cell_kind kinds[] = {CELL_MD, CELL_PARAMS, CELL_CODE, CELL_SQL, CELL_CODE};
    static const int lines[] = {7, 11, 14, 18, 21};
    assert_int_equal(nb->n_cells, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(nb->cells[i].kind, kinds[i]);
        assert_int_equal(nb->cells[i].first_line, lines[i]);
        assert_int_equal(nb->cells[i].n_source, strlen(nb->cells[i].source));
    }
    assert_string_equal(notebook_header(nb, "title"), "Tips by borough");
    assert_null(notebook_header(nb, "kernel"));
    assert_string_equal(nb->cells[2].name, "load");
    assert_true(cell_has_tag(&nb->cells[2], "io"));
    assert_string_equal(cell_option(&nb->cells[3], "as"), "by_borough");
    struct strbuf code = {0};
    cell_code(&code, &nb->cells[3]);
    assert_string_equal(code.p, "%%sql as: by_borough\nselect borough, count(*) n, avg(tip_amount) "
                                "tip from named group by all");
    strbuf_release(&code);
    notebook_free(nb);
}

TEST(notebook_reads_scripts)
{
    struct notebook *nb = read_text("#!/usr/bin/env mlnb\nx = 1\n\nprint(x)\n");
    assert_int_equal(nb->n_cells, 1);
    assert_false(nb->has_markers);
    assert_string_equal(nb->shebang, "#!/usr/bin/env mlnb");
    assert_string_equal(nb->cells[0].source, "x = 1\n\nprint(x)");
    assert_int_equal(nb->cells[0].first_line, 2);
    notebook_free(nb);
    nb = read_text("");
    assert_int_equal(nb->n_cells, 0);
    notebook_free(nb);
    nb = read_text("x = 1\r\ny = 2\r\n\r\n%%md\r\nText\r\n"); /* code before the first marker */
    assert_int_equal(nb->n_cells, 2);
    assert_string_equal(nb->cells[0].source, "x = 1\ny = 2");
    assert_string_equal(nb->cells[1].source, "Text");
    notebook_free(nb);
    nb = read_text("%%md\r\r\n| a |\r\r\r\nb\r");
    assert_string_equal(nb->cells[0].source, "| a |\nb");
    notebook_free(nb);
    nb = read_text("\xEF\xBB\xBFx = 1");
    assert_string_equal(nb->cells[0].source, "x = 1");
    notebook_free(nb);
}

TEST(notebook_reads_options)
{
    struct notebook *nb =
        read_text("%%sql  tags: [ eda , \"odd tag\" ],as:x, id: h-1 , name: 'it \"is\"', limit: "
                  "f(1, [2])\nselect 1\n\n"
                  "%% meta: {\"a\": {\"b\": [1, \", }\"]}, \"attachments\": {\"p.png\": {}}}\nx\n\n"
                  "%%raw tags: [expect]\n1\n\n%% tags: [parameters, a]\nn = 1\n");
    const struct cell *c = &nb->cells[0];
    assert_string_equal(cell_option(c, "as"), "x");
    assert_string_equal(cell_option(c, "limit"), "f(1, [2])");
    assert_string_equal(c->id, "h-1");
    assert_true(c->has_own_id);
    assert_string_equal(c->name, "it \"is\"");
    assert_int_equal(c->n_tags, 2);
    assert_string_equal(c->tags[1], "odd tag");
    assert_int_equal(json_object_size(nb->cells[1].metadata), 1);
    assert_int_equal(json_object_size(nb->cells[1].attachments), 1);
    assert_int_equal(nb->cells[2].kind, CELL_EXPECT);
    assert_int_equal(nb->cells[3].kind, CELL_PARAMS);
    assert_int_equal(nb->cells[3].n_tags, 1);
    char *text = as_text(nb);
    assert_string_equal(text, "%%sql as: x, limit: f(1, [2]), name: \"it \\\"is\\\"\", tags: [eda, "
                              "\"odd tag\"], id: \"h-1\"\n"
                              "select 1\n\n%% meta: {\"a\": {\"b\": [1, \", }\"]}, "
                              "\"attachments\": {\"p.png\": {}}}\nx\n\n"
                              "%%expect\n1\n\n%%params tags: [a]\nn = 1\n");
    mem_free(text);
    notebook_free(nb);
}

TEST(notebook_escapes_markers)
{
    struct notebook *nb = read_text("%%md\n\\%%md is a marker\n\\\\%%x\n a %%\n\\ %%\n");
    assert_string_equal(nb->cells[0].source, "%%md is a marker\n\\%%x\n a %%\n\\ %%");
    char *text = as_text(nb);
    assert_string_equal(text, "%%md\n\\%%md is a marker\n\\\\%%x\n a %%\n\\ %%\n");
    mem_free(text);
    notebook_free(nb);
}

/* The message of a file that cannot be read. */
static void check_broken(const char *text, size_t n, const char *message, uint32_t from,
                         uint32_t to)
{
    struct unit u;
    struct notebook *nb = NULL;
    struct ctx *cx = unit_begin(&u, 1);
    enum rc_t res = notebook_read_mlnb(cx, text, n, 5, &nb);
    if (res == RC_OK) fail_msg("read: %s", text);
    assert_int_equal(cx->err->code, E601);
    if (strcmp(cx->err->message, message) != 0)
        fail_msg("%s\n got %s\nwant %s", text, cx->err->message, message);
    assert_int_equal(cx->err->span.from, from);
    assert_int_equal(cx->err->span.to, to);
    assert_null(nb);
    unit_end(&u);
}
#define BROKEN(text, message, from, to)                                                            \
    check_broken((text), sizeof(text) - 1, (message), (from), (to))

TEST(notebook_refuses_broken_text)
{
    BROKEN("---\ntitle: x\n", "line 1: the header that begins here has no closing --- line", 0, 3);
    BROKEN("---\nx y\n---\n", "line 2: the header between the --- lines holds `key: value` only", 4,
           7);
    BROKEN("---\na: 1\na: 2\n---\n", "line 3: this header field stands twice", 9, 10);
    BROKEN("---\nmlnb: 2\n---\n",
           "line 2: this version reads `mlnb: 1` files; the file is of another", 4, 11);
    BROKEN("x\n%%foo\n",
           "line 2: cells are %%, %%md, %%sql, %%params, %%raw and %%expect; a line of text that "
           "begins so is written \\%%",
           4, 7);
    BROKEN("%% x\n", "line 1: options are written `name: value`, with commas between them", 3, 4);
    BROKEN("%% name: \"a\n", "line 1: this text is not closed", 9, 11);
    BROKEN("%% tags: [a\n", "line 1: a bracket of this option is not closed", 9, 11);
    BROKEN("%% tags: a\n", "line 1: tags: takes a list: [eda, slow]", 3, 10);
    BROKEN("%% a: 1, a: 2\n", "line 1: this option stands twice", 9, 13);
    BROKEN("%% a:\n", "line 1: an option is followed by its value: name: \"load\"", 3, 5);
    BROKEN("%% id: a b\n", "line 1: id: takes letters, digits, - and _, at most 64", 3, 10);
    BROKEN("%% meta: [1]\n", "line 1: meta: takes a JSON object: {\"key\": 1}", 3, 12);
    BROKEN("%% a: 1]\n", "line 1: this bracket closes nothing", 7, 8);
    BROKEN("a\nb\xff"
           "c\n",
           "line 2: a byte that is not UTF-8", 3, 4);
    BROKEN("a\nb\0c\n", "line 2: a NUL byte: this is not a text file", 3, 4);
}

TEST(notebook_refuses_broken_json)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"{", "line 1, column 1: this is not JSON: string or '}' expected near end of file"},
        {"[]", "this JSON is not a notebook: it has no nbformat number"},
        {"{\"cells\": []}", "this JSON is not a notebook: it has no nbformat number"},
        {"{\"nbformat\": 3, \"worksheets\": []}",
         "this notebook is of nbformat 3 or older; open and save it in Jupyter first"},
        {"{\"nbformat\": 5, \"cells\": []}", "this notebook is of a newer nbformat than 4"},
        {"{\"nbformat\": 4}", "the notebook has no list of cells"},
        {"{\"nbformat\": 4, \"cells\": [1]}", "cell 1: this is not an object"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"heading\"}]}",
         "cell 1: cell_type is none of code, markdown, raw"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": 1}]}",
         "cell 1: source is neither a text nor a list of texts"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"source\": [1]}]}",
         "cell 1: source is neither a text nor a list of texts"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"metadata\": 1}]}",
         "cell 1: metadata is not an object"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"outputs\": {}}]}",
         "cell 1: outputs are not a list"},
        {"{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"code\", \"outputs\": [{}]}]}",
         "cell 1: an output has no output_type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct unit u;
        struct notebook *nb = NULL;
        struct ctx *cx = unit_begin(&u, 1);
        assert_int_equal(notebook_read_ipynb(cx, cases[i].text, strlen(cases[i].text), &nb),
                         RC_ERR);
        assert_int_equal(cx->err->code, E601);
        assert_string_equal(cx->err->message, cases[i].message);
        unit_end(&u);
    }
}

/* ---- round trips ---- */

static void check_text_laws(const char *text)
{
    struct notebook *nb = read_text(text);
    char *again = as_text(nb);
    if (strcmp(again, text) != 0) fail_msg("text -> text\n%s\nbecame\n%s", text, again);
    char *json = as_json(nb);
    struct notebook *from_json = read_json(json, strlen(json));
    char *back = as_text(from_json);
    if (strcmp(back, text) != 0) fail_msg("text -> ipynb -> text\n%s\nbecame\n%s", text, back);
    char *json_again = as_json(from_json);
    assert_string_equal(json, json_again);
    mem_free(again);
    mem_free(json);
    mem_free(back);
    mem_free(json_again);
    notebook_free(nb);
    notebook_free(from_json);
}

TEST(notebook_text_to_ipynb_to_text)
{
    static const char *const texts[] = {
        sample,
        "x = 1\n",
        "",
        "#!/usr/bin/env mlnb\nx = 1\n",
        "#!/usr/bin/env mlnb\n---\ntitle: a\n---\n\nx = 1\n",
        "---\nmlnb: 1\ntitle: T\nkernel: k\npool: p\nrequires: 0.1\nauthor: a\nempty:\nzeta: z: "
        "y\n---\n\n%%\nx\n",
        "---\ntitle: only a header\n---\n",
        "---\nmeta: {\"a\": [1]}\n---\n\n%%md\nx\n",
        "%%\n",
        "%%\n\n%%\n\n%%md\n",
        "%%\n\nx\n\n\n\n%%md\n\n\n\n%%\nlast\n\n",
        "%%sql\n\n%%sql as: a\n\n%%sql as: b, limit: 3\nselect 1\n",
        "%% a: 1, b: [2, \"x, y\"], name: \"n\", tags: [t, \"u-v\"], id: deadbeef, meta: {\"k\": "
        "null}\nx\n",
        "%% id: own\nx\n\n%%md id: own2\ny\n",
        "%%params\nparam n = 1\n\n%% tags: [\"injected-parameters\"]\nn = "
        "2\n\n%%expect\n1\n\n%%raw\nr\n",
        "%%md\n\\%%md\n\\\\%%\ntrailing  \nblanks\t\n",
        "%%md meta: {\"attachments\": {\"a.png\": {\"image/png\": "
        "\"AAAA\"}}}\n![](attachment:a.png)\n",
        "%%\n---\nnot: a header\n---\n",
        "%%\n\xC3\xBC\xE2\x80\xA8x\x0b\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check_text_laws(texts[i]);
}

/* What Jupyter wrote comes back byte for byte (tests/oracle/kernel_notebook.py). */
TEST(notebook_writes_as_nbformat)
{
    static const char *const names[] = {"notebook/rich.ipynb", "notebook/empty.ipynb"};
    for (size_t i = 0; i < 2; i++) {
        size_t n;
        char *json = read_file(names[i], &n);
        struct notebook *nb = read_json(json, n);
        char *again = as_json(nb);
        assert_string_equal(again, json);
        mem_free(again);
        mem_free(json);
        notebook_free(nb);
    }
}

TEST(notebook_ipynb_to_text_to_ipynb)
{
    size_t n;
    char *json = read_file("notebook/rich.ipynb", &n);
    struct notebook *nb = read_json(json, n);
    char *text = as_text(nb);
    struct notebook *again = read_text(text);
    assert_int_equal(again->n_cells, nb->n_cells);
    for (int i = 0; i < nb->n_cells; i++) {
        const struct cell *a = &nb->cells[i], *b = &again->cells[i];
        assert_int_equal(a->kind, b->kind);
        assert_string_equal(a->source, b->source);
        assert_int_equal(a->n_tags, b->n_tags);
        for (int k = 0; k < a->n_tags; k++)
            assert_string_equal(a->tags[k], b->tags[k]);
        assert_true(a->metadata ? json_equal(a->metadata, b->metadata) : !b->metadata);
        assert_true(a->attachments ? json_equal(a->attachments, b->attachments) : !b->attachments);
        assert_int_equal(a->has_own_id, b->has_own_id);
        assert_null(b->outputs);
    }
    assert_string_equal(notebook_header(again, "title"), "Größe und \"Anderes\"");
    assert_non_null(json_object_get(again->metadata, "authors"));
    assert_null(json_object_get(again->metadata, "kernelspec"));
    mem_free(json);
    mem_free(text);
    notebook_free(nb);
    notebook_free(again);
}

TEST(notebook_drops_ui_state)
{
    const char *json =
        "{\"nbformat\": 4, \"nbformat_minor\": 2, \"metadata\": {\"widgets\": {\"a\": 1}, "
        "\"papermill\": {}, \"kernelspec\": {\"name\": \"python3\", \"language\": \"python\"}}, "
        "\"cells\": [{\"cell_type\": \"code\", \"execution_count\": 7, \"metadata\": "
        "{\"collapsed\": true, "
        "\"scrolled\": false, \"ExecuteTime\": {}, \"papermill\": {\"duration\": 1}, \"jupyter\": "
        "{\"source_hidden\": true}, \"keep\": 1}, \"outputs\": [], \"source\": \"a\\r\\nb\"}]}";
    struct notebook *nb = read_json(json, strlen(json));
    assert_int_equal(json_object_size(nb->cells[0].metadata), 1);
    assert_string_equal(nb->cells[0].source, "a\nb");
    assert_int_equal(nb->cells[0].execution_count, 7);
    assert_int_equal(json_object_size(nb->metadata), 1); /* another language's kernel is kept */
    char *text = as_text(nb);
    assert_string_equal(
        text,
        "---\nmeta: {\"kernelspec\": {\"language\": \"python\", \"name\": \"python3\"}}\n---\n\n"
        "%% meta: {\"keep\": 1}\na\nb\n");
    mem_free(text);
    notebook_free(nb);
}

TEST(notebook_sql_in_jupyter)
{
    const char *json = "{\"nbformat\": 4, \"metadata\": {}, \"cells\": ["
                       "{\"cell_type\": \"code\", \"source\": \"%%sql as: x\\nselect 1\"},"
                       "{\"cell_type\": \"code\", \"source\": \"%%sql\"},"
                       "{\"cell_type\": \"code\", \"source\": \"%%sql not an option\\nselect 1\"},"
                       "{\"cell_type\": \"code\", \"source\": \"%%time\\nx\"}]}";
    struct notebook *nb = read_json(json, strlen(json));
    assert_int_equal(nb->cells[0].kind, CELL_SQL);
    assert_string_equal(nb->cells[0].source, "select 1");
    assert_string_equal(cell_option(&nb->cells[0], "as"), "x");
    assert_int_equal(nb->cells[0].first_line, 2);
    assert_int_equal(nb->cells[1].kind, CELL_SQL);
    assert_int_equal(nb->cells[2].kind, CELL_CODE);
    char *text = as_text(nb);
    assert_string_equal(text,
                        "%%sql as: x\nselect 1\n\n%%sql\n\n%%\n\\%%sql not an option\nselect 1\n\n"
                        "%%\n\\%%time\nx\n");
    mem_free(text);
    notebook_free(nb);
}

/* ---- canonical form ---- */

static void check_canonical(const char *text, const char *want)
{
    struct notebook *nb = read_text(text);
    notebook_canonical(nb);
    char *got = as_text(nb);
    if (strcmp(got, want) != 0) fail_msg("%s\n got %s\nwant %s", text, got, want);
    notebook_free(nb);
    nb = read_text(got);
    notebook_canonical(nb);
    char *twice = as_text(nb);
    assert_string_equal(twice, want);
    mem_free(got);
    mem_free(twice);
    notebook_free(nb);
}

TEST(notebook_canonical_form)
{
    check_canonical("%%  \nx = 1  \n\n\n\n%%md\n\n\nText  \nmore \n\n\nlast  \n\n",
                    "%%\nx = 1\n\n%%md\nText\\\nmore\n\n\nlast\n");
    check_canonical("%%\nx = \"\"\"a  \nb\t\n\"\"\"  \n", "%%\nx = \"\"\"a  \nb\t\n\"\"\"\n");
    check_canonical("---\ntitle:   x\nmlnb: 1\n---\n%%\nx",
                    "---\nmlnb: 1\ntitle: x\n---\n\n%%\nx\n");
    check_canonical("%%sql tags:[a],as:x\nselect 1 \n", "%%sql as: x, tags: [a]\nselect 1\n");
    check_canonical("x  \r\ny\r\n", "x\ny\n");
}

/* ---- ids and outputs ---- */

TEST(notebook_ids_are_unique_and_stable)
{
    struct notebook *nb = read_text("%%\nx\n\n%%\nx\n\n%%md\nx\n\n%% id: a\nx\n");
    char *first = as_json(nb), *second = as_json(nb);
    assert_string_equal(first, second);
    struct notebook *back = read_json(first, strlen(first));
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(back->cells[i].id, back->cells[k].id);
    assert_string_equal(back->cells[3].id, "a");
    mem_free(first);
    mem_free(second);
    notebook_free(nb);
    notebook_free(back);
}

TEST(notebook_outputs)
{
    struct notebook *nb = notebook_new();
    struct cell *c = notebook_add(nb, CELL_CODE, STR("x"));
    for (int i = 0; i < 3; i++) {
        json_t *o = json_pack("{s:s, s:s, s:s}", "output_type", "stream", "name",
                              i < 2 ? "stdout" : "stderr", "text", "a\n");
        cell_add_output(c, o);
        json_decref(o);
    }
    assert_int_equal(json_array_size(c->outputs), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(c->outputs, 0), "text")),
                        "a\na\n");
    cell_clear_outputs(c);
    assert_null(c->outputs);
    cell_add_tag(c, "t");
    cell_add_tag(c, "t");
    assert_int_equal(c->n_tags, 1);
    notebook_set_header(nb, "title", STR("a"));
    notebook_set_header(nb, "title", STR("b"));
    assert_string_equal(notebook_header(nb, "title"), "b");
    assert_int_equal(nb->n_header, 1);
    notebook_free(nb);
}

/* ---- files ---- */

TEST(notebook_files)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    char dir[] = "/tmp/mlnb_notebook_XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct notebook *nb = read_text(sample), *back = NULL;
    static const char *const endings[] = {"mlnb", "ipynb", "html", "md"};
    for (int i = 0; i < 4; i++)
        assert_ok(cx,
                  notebook_write_file(cx, nb, arena_printf(cx->arena, "%s/a.%s", dir, endings[i])));
    assert_err(cx, E305, notebook_write_file(cx, nb, arena_printf(cx->arena, "%s/a.doc", dir)));
    assert_err(cx, E306, notebook_write_file(cx, nb, arena_printf(cx->arena, "%s/no/a.md", dir)));
    for (int i = 0; i < 2; i++) {
        assert_ok(
            cx, notebook_read_file(cx, arena_printf(cx->arena, "%s/a.%s", dir, endings[i]), &back));
        assert_int_equal(back->n_cells, 5);
        notebook_free(back);
    }
    assert_err(cx, E301, notebook_read_file(cx, arena_printf(cx->arena, "%s/b.mlnb", dir), &back));
    assert_err(cx, E302, notebook_read_file(cx, dir, &back));
    for (int i = 0; i < 4; i++)
        assert_int_equal(unlink(arena_printf(cx->arena, "%s/a.%s", dir, endings[i])), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left behind */
    notebook_free(nb);
    unit_end(&u);
}

/* Every example of the specification, cell by cell. */
TEST(notebook_examples_parse)
{
    for (int i = 1; i <= 13; i++) {
        char name[64];
        size_t n;
        snprintf(name, sizeof name, "lang/example_%02d.mlnb", i);
        char *text = read_file(name, &n);
        struct notebook *nb = read_text(text);
        for (int k = 0; k < nb->n_cells; k++) {
            if (nb->cells[k].kind == CELL_SQL) continue;
            struct arena *a = arena_new();
            struct parse_result r;
            parse(a, nb->cells[k].source, nb->cells[k].n_source, NULL, &r);
            if (r.n_errors) fail_msg("%s cell %d: %s", name, k + 1, r.errors[0].message);
            arena_free(a);
        }
        if (i == 5) assert_int_equal(nb->n_cells, 3);
        mem_free(text);
        notebook_free(nb);
    }
}

/* Texts to cells against scikit-learn's vectorizers (tests/oracle/ml_text.py) and Spark's hash. */
#include "tests/unit/unit.h"

#include "runtime/ml/text_int.h"

#include <jansson.h>
#include <math.h>

#define ORACLE TEST_SOURCE_DIR "/tests/data/oracle/ml_text.json"

struct fixture {
    struct unit u;
    struct ctx *cx;
    struct arena *a;
    json_t *oracle;
    struct column *docs;
};

static struct column *texts(struct ctx *cx, const json_t *list, int times)
{
    struct builder b;
    struct column *out;
    builder_init(&b, DTYPE(KIND_STR), PHYS_STR);
    for (int k = 0; k < times; k++)
        for (size_t i = 0; i < json_array_size(list); i++)
            assert_ok(cx, builder_str(cx, &b, str_of(json_string_value(json_array_get(list, i)))));
    assert_ok(cx, builder_finish(cx, &b, &out));
    return out;
}

static void begin(struct fixture *f, int threads)
{
    json_error_t why;
    f->cx = unit_begin(&f->u, threads);
    f->a = arena_new();
    f->oracle = json_load_file(ORACLE, 0, &why);
    assert_non_null(f->oracle);
    f->docs = texts(f->cx, json_object_get(f->oracle, "docs"), 1);
}

static void end(struct fixture *f)
{
    column_unref(f->docs);
    json_decref(f->oracle);
    arena_free(f->a);
    unit_end(&f->u);
}

static struct text_rule tfidf(void)
{
    return (struct text_rule){
        .lo = 1, .hi = 1, .min = 1, .most = -1, .min_chars = 2, .idf = IDF_SMOOTH, .norm = NORM_L2};
}

static void same_cells(const struct enc_cells *have, const json_t *want, int64_t n)
{
    const json_t *first = json_object_get(want, "first"), *col = json_object_get(want, "col"),
                 *value = json_object_get(want, "value");
    for (int64_t i = 0; i <= n; i++)
        assert_int_equal(have->first[i], json_integer_value(json_array_get(first, (size_t)i)));
    for (int64_t k = 0; k < have->first[n]; k++) {
        double v = json_number_value(json_array_get(value, (size_t)k));
        assert_int_equal(have->col[k], json_integer_value(json_array_get(col, (size_t)k)));
        if (fabs(have->value[k] - v) > 1e-12)
            fail_msg("cell %d is %.17g, not %.17g", (int)k, have->value[k], v);
    }
}

/* Learns, compares terms and cells, codes the same texts anew. */
static void check_case(struct fixture *f, const char *name, struct text_rule rule)
{
    const json_t *want = json_object_get(f->oracle, name), *terms = json_object_get(want, "terms");
    struct enc_feature feature = {.kind = ENC_LIST, .name = name};
    struct enc_cells learnt, coded;
    feature.words = text_coding_new(f->a, &rule);
    assert_ok(f->cx, text_learn(f->cx, f->a, &feature, f->docs, NO_SPAN, f->a, &learnt));
    assert_int_equal(feature.n_levels, (int)json_array_size(terms));
    for (int i = 0; i < feature.n_levels; i++)
        assert_string_equal(feature.levels[i].text,
                            json_string_value(json_array_get(terms, (size_t)i)));
    same_cells(&learnt, want, f->docs->n);
    assert_ok(f->cx, text_cells(f->cx, &feature, f->docs, f->a, &coded));
    same_cells(&coded, want, f->docs->n);
}

TEST(as_scikit_learn)
{
    struct fixture f;
    const char *const *stop;
    struct text_rule r;
    begin(&f, 2);
    check_case(&f, "plain", tfidf());
    r = tfidf(), r.hi = 2;
    check_case(&f, "bigrams", r);
    r = tfidf(), r.min = 2, r.most = -0.4;
    check_case(&f, "frequent", r);
    r = tfidf(), r.sublinear = true, r.norm = NORM_L1;
    stop = stop_words(STR("english"), &r.n_stop);
    assert_int_equal(r.n_stop, 318);
    r.stop = stop;
    check_case(&f, "stop", r);
    r = tfidf(), r.idf = IDF_NONE, r.norm = NORM_NONE, r.lo = 2, r.hi = 3;
    check_case(&f, "counts", r);
    r = tfidf(), r.idf = IDF_NONE, r.norm = NORM_NONE, r.binary = true;
    check_case(&f, "binary", r);
    end(&f);
}

/* The most frequent terms; scikit-learn leaves open which of equals it takes, we the first. */
TEST(max_keeps_the_most_frequent)
{
    struct fixture f;
    struct text_rule r = tfidf();
    struct enc_feature feature = {.kind = ENC_LIST, .name = "x"};
    struct enc_cells cells;
    begin(&f, 1);
    r.max = 4;
    feature.words = text_coding_new(f.a, &r);
    assert_ok(f.cx, text_learn(f.cx, f.a, &feature, f.docs, NO_SPAN, f.a, &cells));
    assert_int_equal(feature.n_levels, 4);
    const char *want[] = {"café", "cash", "dog", "the"}; /* 3, 3, 5, 5; fox has 3 and comes later */
    for (int i = 0; i < 4; i++)
        assert_string_equal(feature.levels[i].text, want[i]);
    end(&f);
}

TEST(same_on_every_number_of_threads)
{
    struct enc_feature one = {.kind = ENC_LIST, .name = "x"}, four = one;
    struct enc_cells cells1, cells4;
    struct text_rule r = tfidf();
    struct fixture f, g;
    r.hi = 2;
    begin(&f, 1);
    begin(&g, 4);
    struct column *many = texts(f.cx, json_object_get(f.oracle, "docs"), 700);
    one.words = text_coding_new(f.a, &r);
    four.words = text_coding_new(g.a, &r);
    assert_ok(f.cx, text_learn(f.cx, f.a, &one, many, NO_SPAN, f.a, &cells1));
    assert_ok(g.cx, text_learn(g.cx, g.a, &four, many, NO_SPAN, g.a, &cells4));
    assert_int_equal(one.n_levels, four.n_levels);
    assert_memory_equal(cells1.first, cells4.first, sizeof(int64_t) * (size_t)(many->n + 1));
    assert_memory_equal(cells1.value, cells4.value, sizeof(double) * (size_t)cells1.first[many->n]);
    column_unref(many);
    end(&g);
    end(&f);
}

TEST(hash_is_sparks)
{
    struct fixture f;
    begin(&f, 1);
    const char *word;
    json_t *want;
    json_object_foreach(json_object_get(f.oracle, "hash"), word, want)
    {
        static const int64_t widths[] = {10, 1024, 262144};
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(word_column(str_of(word), widths[k]),
                             json_integer_value(json_array_get(want, k)));
    }
    assert_int_equal(word_column(STR("a"), 10), 7); /* Spark's documentation of HashingTF */
    assert_int_equal(word_column(STR("b"), 10), 5);
    assert_int_equal(word_column(STR("c"), 10), 8);
    end(&f);
}

TEST(no_term_is_an_error)
{
    struct fixture f;
    struct text_rule r = tfidf();
    struct enc_feature feature = {.kind = ENC_LIST, .name = "tfidf(x)"};
    struct enc_cells cells;
    begin(&f, 1);
    r.min = 100;
    feature.words = text_coding_new(f.a, &r);
    assert_int_equal(text_learn(f.cx, f.a, &feature, f.docs, NO_SPAN, f.a, &cells), RC_ERR);
    assert_int_equal(f.cx->err->code, E405);
    end(&f);
}

/* A list beside a category in a product: cells stand in the category's columns. */
TEST(cells_in_parts)
{
    double value[] = {2.0, 3.0, 5.0}, x[2 * 6], out[2] = {0}, grad[6] = {0}, coef[] = {1.0, 10.0};
    double beta[] = {1, 2, 3, 4, 5, 6};
    int32_t col[] = {0, 2, 1}, local[] = {0, 1, -1}, code[] = {1, 0};
    int64_t first[] = {0, 2, 3};
    struct enc_cells cells = {.first = first, .col = col, .value = value};
    const struct enc_cells *lists[] = {NULL, &cells};
    const int32_t *codes[] = {code, NULL};
    struct enc_input in = {.code = codes, .cells = lists};
    struct enc_factor factors[] = {{.feature = 0, .n = 2, .local = local}, {.feature = 1, .n = 3}};
    struct enc_part part = {
        .factors = factors, .n_factors = 2, .n = 6, .list = &factors[1], .list_stride = 2};
    struct encoder e = {.parts = &part, .n_parts = 1, .n_cols = 6};
    double want[2][6] = {{0, 2, 0, 0, 0, 3}, {0, 0, 5, 0, 0, 0}};
    enc_fill(&e, &in, 0, 2, x);
    assert_memory_equal(x, want, sizeof want);
    enc_dot(&e, &in, 0, 2, beta, out);
    assert_true(out[0] == 2 * 2 + 6 * 3 && out[1] == 3 * 5);
    enc_add(&e, &in, 0, 2, coef, grad);
    assert_true(grad[1] == 2 && grad[5] == 3 && grad[2] == 50 && grad[0] == 0);
}

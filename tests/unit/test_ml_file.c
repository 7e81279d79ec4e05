/* The model file: what was written reads back to the same bytes; whatever else is refused in words.
 */
#include "tests/unit/unit.h"

#include "runtime/ml/ml_int.h"
#include "runtime/ml/model_file_int.h"
#include "runtime/ml/models/linear_int.h"

static const struct expr *column(struct model *m, const char *name, enum kind kind)
{
    return expr_column(m->arena, name, DTYPE(kind), NO_SPAN);
}

static void add_feature(struct model *m, struct enc_feature f)
{
    int *features = ARENA_ARRAY(m->arena, int, 1);
    features[0] = m->enc.n_features;
    m->enc.features[m->enc.n_features++] = f;
    m->enc.terms[m->enc.n_terms++] =
        (struct enc_term){.name = f.name, .features = features, .n_features = 1};
}

static struct enc_level text_level(const char *text, int64_t n)
{
    return (struct enc_level){
        .text = text, .n = n, .value = {.type = DTYPE(KIND_STR), .u.s = str_of(text)}};
}

static struct model *make_model(struct ctx *cx)
{
    struct model *m = model_new(ml_family_find(STR("logistic")));
    assert_ok(cx, ml_params(cx, m->arena, m->family, NULL, 0, NO_SPAN, &m->params));
    m->formula = "y ~ fare + part";
    m->seed = UINT64_MAX;
    m->enc.intercept = true;
    m->enc.features = ARENA_ARRAY(m->arena, struct enc_feature, 4);
    m->enc.terms = ARENA_ARRAY(m->arena, struct enc_term, 4);
    add_feature(
        m, (struct enc_feature){.name = "fare", .expr = column(m, "fare", KIND_NUM), .ref = -1});
    struct enc_feature part = {.name = "part",
                               .kind = ENC_CATEGORY,
                               .expr = column(m, "part \"of\" day", KIND_STR),
                               .n_levels = 3};
    part.levels = ARENA_ARRAY(m->arena, struct enc_level, 3);
    part.levels[0] = text_level("midday", 5);
    part.levels[1] = text_level("nächt\n\t\"\\", 7);
    part.levels[2] = text_level("", 1);
    enc_index_levels(m->arena, &part);
    add_feature(m, part);
    assert_ok(cx, enc_code_terms(cx, m->arena, &m->enc, false, NO_SPAN));
    m->target = (struct target){
        .text = "y", .expr = column(m, "y", KIND_BOOL), .type = DTYPE(KIND_BOOL), .positive = 1};
    m->target.classes = (struct enc_feature){.name = "y", .kind = ENC_CATEGORY, .n_levels = 2};
    m->target.classes.levels = ARENA_ARRAY(m->arena, struct enc_level, 2);
    for (int i = 0; i < 2; i++)
        m->target.classes.levels[i] = (struct enc_level){
            .text = i ? "true" : "false", .value = {.type = DTYPE(KIND_BOOL), .u.b = i == 1}};
    enc_index_levels(m->arena, &m->target.classes);
    struct linear_fit *f = ARENA_NEW(m->arena, struct linear_fit);
    *f = (struct linear_fit){.n = m->enc.n_cols, .intercept = -1.0 / 3};
    f->beta = ARENA_ARRAY(m->arena, double, 4);
    f->error = ARENA_ARRAY(m->arena, double, 4);
    f->spread = ARENA_ARRAY(m->arena, double, 4);
    f->left_out = ARENA_ARRAY(m->arena, bool, 4);
    f->beta[0] = 0.1 + 0.2;
    f->beta[1] = 5e-324;
    f->left_out[2] = true;
    m->body = f;
    m->report = (struct model_report){.n = 13, .iterations = 4, .loss = 0.437, .converged = true};
    model_add_stat(m, "auc", 0.95, false);
    model_add_stat(m, "odd", 0, true);
    return m;
}

static void digest_again(struct strbuf *b)
{
    char hex[MODEL_FILE_HEX + 1];
    char *line = memchr(b->p, '\n', b->n);
    size_t body = (size_t)(line - b->p) + 1;
    assert_true(model_file_digest(b->p + body, b->n - body, hex));
    memcpy(strstr(b->p, "sha256\":\"") + 9, hex, MODEL_FILE_HEX);
}

TEST(model_reads_back_to_the_same_bytes)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct model *m = make_model(cx), *back;
    struct strbuf a = {0}, b = {0};
    ml_save_bytes(m, &a);
    assert_ok(cx, ml_load_bytes(cx, a.p, a.n, "t.model", NO_SPAN, &back));
    ml_save_bytes(back, &b);
    assert_string_equal(a.p, b.p);
    const struct linear_fit *f = back->body;
    assert_true(f->beta[0] == 0.1 + 0.2 && f->beta[1] == 5e-324 && f->left_out[2]);
    assert_string_equal(back->enc.columns[1], "part[nächt\n\t\"\\]");
    assert_true(back->seed == UINT64_MAX);
    strbuf_release(&a);
    strbuf_release(&b);
    ml_unref(m);
    ml_unref(back);
    unit_end(&u);
}

TEST(file_is_written_whole_and_read)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct model *m = make_model(cx), *back;
    const char *path = TEST_BINARY_DIR "/test_ml_file.model";
    struct table *coef;
    assert_ok(cx, ml_save(cx, m, path, NO_SPAN));
    assert_ok(cx, ml_load(cx, path, NO_SPAN, &back));
    assert_ok(cx, back->family->cls->coef(cx, back, &coef));
    assert_int_equal(coef->n_rows, 4);
    assert_true(column_scalar(coef->cols[1], 3).is_null);
    table_unref(coef);
    ml_unref(back);
    assert_err(cx, E301, ml_load(cx, TEST_BINARY_DIR "/none.model", NO_SPAN, &back));
    assert_err(cx, E306, ml_save(cx, m, TEST_BINARY_DIR "/no/such/folder.model", NO_SPAN));
    ml_unref(m);
    unit_end(&u);
}

TEST(foreign_newer_and_damaged_files_are_refused)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct model *m = make_model(cx), *back;
    struct strbuf a = {0};
    ml_save_bytes(m, &a);
    assert_err(cx, E407, ml_load_bytes(cx, "PK\3\4", 4, "t", NO_SPAN, &back));
    assert_err(cx, E407, ml_load_bytes(cx, "", 0, "t", NO_SPAN, &back));
    assert_err(cx, E407, ml_load_bytes(cx, a.p, a.n - 30, "t", NO_SPAN, &back));
    const char newer[] = "{\"mlnb_model\":2,\"sha256\":\"00\",\n\"model\":{}}\n";
    assert_int_equal(ml_load_bytes(cx, newer, sizeof newer - 1, "t", NO_SPAN, &back), RC_ERR);
    assert_non_null(strstr(cx->err->message, "newer version"));
    err_clear(cx->err);
    char *loss = strstr(a.p, "0.437");
    loss[2] = '5';
    assert_int_equal(ml_load_bytes(cx, a.p, a.n, "t", NO_SPAN, &back), RC_ERR);
    assert_non_null(strstr(cx->err->message, "checksum"));
    err_clear(cx->err);
    digest_again(&a);
    assert_ok(cx, ml_load_bytes(cx, a.p, a.n, "t", NO_SPAN, &back));
    ml_unref(back);
    strbuf_release(&a);
    ml_unref(m);
    unit_end(&u);
}

/* Every member replaced by something else, the checksum made right again: an error or a model,
 * never a fault (ASan looks). */
TEST(every_value_may_be_wrong)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct model *m = make_model(cx), *back;
    struct strbuf a = {0};
    int n_refused = 0, n_tried = 0;
    ml_save_bytes(m, &a);
    static const char *const wrong[] = {"null", "-1", "99999999999", "\"x\"", "[]", "{}", "1.5"};
    for (size_t at = (size_t)(strchr(a.p, '\n') - a.p); at < a.n; at++) {
        if (a.p[at - 1] != ':' || strchr("{[", a.p[at])) continue;
        size_t end = at + strcspn(a.p + at, ",}]\n");
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            struct strbuf b = {0};
            strbuf_add(&b, a.p, at);
            strbuf_addz(&b, wrong[k]);
            strbuf_add(&b, a.p + end, a.n - end);
            digest_again(&b);
            n_tried++;
            if (ml_load_bytes(cx, b.p, b.n, "t", NO_SPAN, &back) == RC_OK) {
                ml_unref(back);
            } else {
                assert_int_equal(cx->err->code, E407);
                n_refused++;
            }
            err_clear(cx->err);
            strbuf_release(&b);
        }
    }
    assert_true(n_tried > 200 && n_refused > n_tried / 2);
    strbuf_release(&a);
    ml_unref(m);
    unit_end(&u);
}

/* A null among numbers that must be there is no 0. */
TEST(null_in_a_list_of_numbers_is_refused)
{
    struct unit u;
    struct ctx *cx = unit_begin(&u, 1);
    struct model *m = make_model(cx), *back;
    struct strbuf a = {0}, b = {0};
    ml_save_bytes(m, &a);
    char *list = strstr(a.p, "\"sd\":[");
    assert_non_null(list);
    size_t at = (size_t)(list - a.p) + strlen("\"sd\":["), end = at + strcspn(a.p + at, ",]");
    strbuf_add(&b, a.p, at);
    strbuf_addz(&b, "null");
    strbuf_add(&b, a.p + end, a.n - end);
    digest_again(&b);
    assert_err(cx, E407, ml_load_bytes(cx, b.p, b.n, "t", NO_SPAN, &back));
    strbuf_release(&a);
    strbuf_release(&b);
    ml_unref(m);
    unit_end(&u);
}

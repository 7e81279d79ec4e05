/* Formulas: terms in R's order, functions that are fitted, errors with the span of the term.
 * Expected expansions are those of R's terms() (attr(terms(y ~ ..), "term.labels")). */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

struct fixture {
    struct rec r;
    struct schema *schema;
    struct bind b;
    struct str source;
};
static void begin(struct fixture *f)
{
    const struct field fields[] = {
        {"y", DTYPE(KIND_NUM)},        {"a", DTYPE(KIND_NUM)},    {"b", DTYPE(KIND_NUM)},
        {"c", DTYPE(KIND_NUM)},        {"zone", DTYPE(KIND_STR)}, {"w", DTYPE(KIND_NUM)},
        {"odd name", DTYPE(KIND_NUM)},
    };
    rec_begin(&f->r);
    assert_int_equal(
        schema_new(&f->r.lg->cx, fields, sizeof fields / sizeof *fields, NO_SPAN, &f->schema),
        RC_OK);
    bind_init(&f->b, f->r.lg, f->r.lg->globals, f->schema, "t", BIND_ROW);
}
static void end(struct fixture *f)
{
    schema_unref(f->schema);
    rec_end(&f->r);
}
static enum rc_t bind_text(struct fixture *f, const char *text, struct formula **out)
{
    struct arena *a = f->r.lg->cx.arena;
    char step[256];
    struct parse_result p = {0};
    snprintf(step, sizeof step, "t |> fit %s", text);
    uint32_t source = sources_add(f->r.lg->sources, "t", step, strlen(step), 1);
    f->source = sources_text(f->r.lg->sources, source);
    parse(a, f->source.p, f->source.n, &(struct parse_opts){.source = source}, &p);
    assert_int_equal(p.n_errors, 0);
    const struct ast_step *s = &p.program->kids[0]->kids[0]->steps[0];
    err_clear(&f->r.lg->err);
    return bind_formula(&f->b, s->items[0].expr, s, NULL, out);
}
/* "y ~ 1 + a + a:b", offsets in brackets. */
static void formula_text(const struct formula *fo, struct strbuf *out)
{
    strbuf_printf(out, "%s ~ %d", fo->target ? fo->target->text : "", fo->intercept);
    for (int i = 0; i < fo->n_terms; i++) {
        const struct term *t = &fo->terms[i];
        strbuf_addz(out, t->is_offset ? " + <" : " + ");
        for (int k = 0; k < t->n_factors; k++)
            strbuf_printf(out, "%s%s", k ? ":" : "", t->factors[k]->text);
        if (t->is_offset) strbuf_addc(out, '>');
    }
}
static void is_at(const char *text, const char *want, int line)
{
    struct fixture f;
    struct formula *fo;
    struct strbuf got = {0};
    begin(&f);
    if (bind_text(&f, text, &fo) != RC_OK)
        fail_msg("line %d: %s: %s", line, text, f.r.lg->err.message);
    formula_text(fo, &got);
    if (strcmp(got.p, want) != 0)
        fail_msg("line %d: %s\n got  %s\n want %s", line, text, got.p, want);
    strbuf_release(&got);
    end(&f);
}
#define is(text, want) is_at((text), (want), __LINE__)
/* The error's code, and the part of the text that its span covers. */
static void fails_at(const char *text, enum err_code code, const char *part, int line)
{
    struct fixture f;
    struct formula *fo;
    begin(&f);
    if (bind_text(&f, text, &fo) == RC_OK) fail_msg("line %d: %s binds", line, text);
    const struct error *e = &f.r.lg->err;
    if (e->code != code)
        fail_msg("line %d: %s: got %s %s", line, text, err_name(e->code), e->message);
    struct str got = {f.source.p + e->span.from, e->span.to - e->span.from};
    if (!str_eqz(got, part))
        fail_msg("line %d: %s: span is `%.*s`, not `%s`", line, text, STR_FMT(got), part);
    end(&f);
}
#define fails(text, code, part) fails_at((text), (code), (part), __LINE__)

TEST(sums_and_products)
{
    is("y ~ a", "y ~ 1 + a");
    is("y ~ a + b + a", "y ~ 1 + a + b");
    is("y ~ a:b", "y ~ 1 + a:b");
    is("y ~ b:a + a", "y ~ 1 + a + b:a"); /* factors by first appearance */
    is("y ~ a + b:a", "y ~ 1 + a + a:b");
    is("y ~ a * b", "y ~ 1 + a + b + a:b");
    is("y ~ a * b * c", "y ~ 1 + a + b + c + a:b + a:c + b:c + a:b:c");
    is("y ~ a:b + c", "y ~ 1 + c + a:b"); /* by the number of variables */
    is("y ~ (a + b):c", "y ~ 1 + a:c + b:c");
    is("y ~ a:a", "y ~ 1 + a");
    is("y ~ a * (b + c)", "y ~ 1 + a + b + c + a:b + a:c");
}
TEST(powers)
{
    is("y ~ (a + b + c)^2", "y ~ 1 + a + b + c + a:b + a:c + b:c");
    is("y ~ (a + b + c)^3", "y ~ 1 + a + b + c + a:b + a:c + b:c + a:b:c");
    is("y ~ (a + b)^5", "y ~ 1 + a + b + a:b");
    is("y ~ (a + b + c)^2 - a:b", "y ~ 1 + a + b + c + a:c + b:c");
}
TEST(minus_and_intercept)
{
    is("y ~ a - 1", "y ~ 0 + a");
    is("y ~ -1 + a", "y ~ 0 + a");
    is("y ~ 0 + a", "y ~ 0 + a");
    is("y ~ a + 0", "y ~ 0 + a");
    is("y ~ a - 1 + 1", "y ~ 1 + a");
    is("y ~ 1", "y ~ 1");
    is("y ~ a * b - a", "y ~ 1 + b + a:b");
    is("~ a + b", " ~ 1 + a + b");
}
TEST(the_rest)
{
    is("y ~ .", "y ~ 1 + a + b + c + zone + w + odd name");
    is("y ~ . - zone", "y ~ 1 + a + b + c + w + odd name");
    is("y ~ log(a) + .", "y ~ 1 + log(a) + b + c + zone + w + odd name");
    is("y ~ ., linear(), weights: w", "y ~ 1 + a + b + c + zone + odd name");
    is("log(y) ~ .", "log(y) ~ 1 + a + b + c + zone + w + odd name");
}
TEST(functions)
{
    is("log(y) ~ log(a) + sqrt(b + 1)", "log(y) ~ 1 + log(a) + sqrt(b + 1)");
    is("y ~ I(a * b)", "y ~ 1 + I(a * b)");
    is("y ~ I(a ^ 2) + a", "y ~ 1 + I(a^2) + a");
    is("y ~ scale( a ) + scale(a)", "y ~ 1 + scale(a)");
    is("y ~ scale(type(num))",
       "y ~ 1 + scale(a) + scale(b) + scale(c) + scale(w) + scale(`odd name`)");
    is("y ~ type(str) + a", "y ~ 1 + zone + a");
    is("y ~ offset(log(a)) + b", "y ~ 1 + <offset(log(a))> + b");
    is("y ~ `odd name`:cat(zone)", "y ~ 1 + odd name:cat(zone)");
    is("y ~ log(impute(a, median))", "y ~ 1 + log(impute(a, median))");
    is("y ~ (a > 3)", "y ~ 1 + (a > 3)");
}
TEST(fitted_functions_nest)
{
    struct fixture f;
    struct formula *fo;
    begin(&f);
    assert_int_equal(bind_text(&f,
                               "y ~ scale(log(impute(a, 3))) + cat(zone, ref: \"b\") + "
                               "onehot(zone, top: 5, unseen: error) + center(b)",
                               &fo),
                     RC_OK);
    assert_int_equal(fo->n_terms, 4);
    const struct feature *scale = fo->terms[0].factors[0];
    assert_int_equal(scale->op, FEATURE_SCALE);
    assert_int_equal(scale->args[0]->op, FEATURE_CALL);
    assert_string_equal(scale->args[0]->fn->name, "log");
    const struct feature *impute = scale->args[0]->args[0];
    assert_int_equal(impute->op, FEATURE_IMPUTE);
    assert_string_equal(impute->method, "constant");
    assert_int_equal(impute->constant.u.i, 3);
    assert_int_equal(impute->args[0]->op, FEATURE_EXPR);
    const struct feature *cat = fo->terms[1].factors[0], *hot = fo->terms[2].factors[0];
    assert_int_equal(cat->op, FEATURE_CAT);
    assert_int_equal(cat->ref_kind, REF_LEVEL);
    assert_string_equal(cat->ref, "b");
    assert_int_equal(hot->op, FEATURE_ONEHOT);
    assert_int_equal(hot->top, 5);
    assert_true(hot->unseen_error);
    assert_int_equal(fo->terms[3].factors[0]->op, FEATURE_CENTER);
    end(&f);
}
TEST(what_is_refused)
{
    fails("y ~ a / b", E401, "a / b");
    fails("y ~ a + 3", E401, "3");
    fails("y ~ a^2", E401, "a^2");
    fails("y ~ (a + b)^c", E401, "c");
    fails("y ~ y + a", E401, "y");
    fails("scale(y) ~ a", E401, "scale(y)");
    fails("y ~ scale(zone)", E401, "scale(zone)");
    fails("y ~ log(cat(zone))", E401, "cat(zone)");
    fails("y ~ offset(a):b", E401, "b");
    fails("y ~ nope", E201, "nope");
    fails("y ~ poly(a, 30)", E209, "30");
    fails("y ~ lag(a, 1)", E214, "lag(a, 1)");
    fails("y ~ impute(a, best)", E209, "best");
    fails("y ~ impute(a)", E208, "impute(a)");
    fails("y ~ cat(zone, ref: b)", E209, "b");
    fails("y ~ onehot(zone, top: 0)", E209, "0");
    fails("y ~ scale(a, by: 2)", E206, "2");
    fails("y ~ 0", E401, "y ~ 0");
    fails("y ~ mean(a)", E210, "mean(a)");
}

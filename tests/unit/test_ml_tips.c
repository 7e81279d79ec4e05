/* The tutorial's question end to end: will there be a tip? Fit, coefficients, scores and metrics on
 * a table against an independent optimizer (tests/oracle/ml_tips.py). */
#include "tests/unit/ml_fixture.h"

struct variant {
    const char *name, *hour, *bins;
};

static struct plan *rows_where(struct bench *b, const char *op)
{
    const struct expr *rest = call2(b, "%", col(b, "rowid"), lit_int(b, 10));
    return filtered(b, call2(b, op, rest, lit_int(b, 7)));
}

static void tip_formula(struct bench *b, const struct variant *v)
{
    struct feature *hour = cat(b, v->hour), *paid = cat(b, "paid");
    hour->ref_kind = paid->ref_kind = REF_RAREST;
    b->f.target = plain(b, "tipped");
    b->f.text = "tipped ~ ...";
    add(b, hour);
    add(b, onehot(b, "weekday"));
    add(b, plain(b, "passengerCount"));
    add(b, plain(b, "tripTimeSecs"));
    add(b, plain(b, "tripDistance"));
    add(b, plain(b, "fareAmount"));
    add(b, paid);
    add(b, onehot(b, v->bins));
}

static struct model *fit_tips(struct bench *b, const struct variant *v, int threads)
{
    bench_begin(b, threads);
    bench_read(b, DATA "ml_tips.csv");
    tip_formula(b, v);
    struct plan *train = rows_where(b, "<");
    struct ml_fit_spec spec = spec_of(b, "logistic");
    struct model *m;
    spec.args = l2_arg(b, 0.3);
    spec.n_args = 1;
    assert_ok(b->cx, ml_fit(b->cx, b->x, &spec, train, &m));
    plan_unref(train);
    assert_int_equal(b->n_warned, 0);
    return m;
}

struct found {
    struct table *coef, *metrics, *confusion, *report;
};

static double confusion_of(const struct found *f, int actual, int predicted)
{
    for (int64_t i = 0; i < 4; i++)
        if (cell(f->confusion, "actual", i) == actual &&
            cell(f->confusion, "predicted", i) == predicted)
            return cell(f->confusion, "n", i);
    return -1;
}

static double found_value(const struct found *f, const char *name)
{
    if (strcmp(name, "loss") == 0) return cell(f->report, "loss", 0);
    if (strcmp(name, "auc of training") == 0) return cell(f->report, "auc", 0);
    if (strcmp(name, "columns") == 0) return (double)f->coef->n_rows - 1;
    if (strcmp(name, "tp") == 0) return confusion_of(f, 1, 1);
    if (strcmp(name, "fp") == 0) return confusion_of(f, 0, 1);
    if (strcmp(name, "tn") == 0) return confusion_of(f, 0, 0);
    if (strcmp(name, "fn") == 0) return confusion_of(f, 1, 0);
    int64_t row = row_of(f->metrics, name);
    if (row >= 0) return cell(f->metrics, "value", row);
    row = row_of(f->coef, name);
    if (row < 0) fail_msg("nothing called %s", name);
    return cell(f->coef, "estimate", row);
}

static void check_names(const struct found *f, const char *prefix)
{
    char line[128];
    int n = 0;
    FILE *file = fopen(DATA "ml_tips_expected.csv", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        size_t len = strlen(prefix);
        if (strncmp(line, prefix, len) != 0 || line[len] != ' ') continue;
        char *comma = strrchr(line, ',');
        *comma = '\0';
        assert_close(found_value(f, line + len + 1), strtod(comma + 1, NULL), 1e-8, 1e-10);
        n++;
    }
    fclose(file);
    assert_true(n > 35);
}

static void check_variant(const struct variant *v)
{
    struct bench b;
    struct model *m = fit_tips(&b, v, 2);
    struct found f = {.coef = part_of(&b, m, "coef"), .report = part_of(&b, m, "report")};
    struct plan *test = rows_where(&b, ">=");
    assert_ok(b.cx, ml_evaluate(b.cx, b.x, m, test, NULL, 0, NULL, NO_SPAN, &f.metrics));
    assert_ok(b.cx, ml_evaluate(b.cx, b.x, m, test, NULL, 0, "confusion", NO_SPAN, &f.confusion));
    check_names(&f, v->name);
    assert_int_equal(cell(f.report, "n", 0), 3709);
    assert_true(isnan(cell(f.coef, "p_value", 0)));
    plan_unref(test);
    table_unref(f.coef);
    table_unref(f.report);
    table_unref(f.metrics);
    table_unref(f.confusion);
    ml_unref(m);
    bench_end(&b);
}

TEST(tips_with_the_12_hour_clock)
{
    check_variant(&(struct variant){"hh", "hour12", "bins12"});
}

TEST(tips_with_the_24_hour_clock)
{
    check_variant(&(struct variant){"HH", "hour24", "bins24"});
}

/* What the page prints is not the AUC of scores; this one is (tutorials, 1.2). */
TEST(published_numbers)
{
    struct bench b;
    struct variant v = {"hh", "hour12", "bins12"};
    struct model *m = fit_tips(&b, &v, 1);
    struct table *report = part_of(&b, m, "report"), *metrics;
    struct plan *test = rows_where(&b, ">=");
    const char *names[] = {"auc", "accuracy"};
    assert_ok(b.cx, ml_evaluate(b.cx, b.x, m, test, names, 2, NULL, NO_SPAN, &metrics));
    assert_close(cell(report, "loss", 0), 0.437020, 0, 5e-7);
    assert_close(cell(report, "auc", 0), 0.959942, 0, 1e-5); /* Spark's has 1,000 bins */
    assert_close(cell(metrics, "value", 0), 0.950168, 0, 5e-7);
    assert_close(cell(metrics, "value", 1), 0.961731, 0, 5e-7);
    table_unref(report);
    table_unref(metrics);
    plan_unref(test);
    ml_unref(m);
    bench_end(&b);
}

static struct table *scores(struct bench *b, const struct model *m)
{
    struct plan *p;
    assert_ok(b->cx, ml_score_plan(b->cx, m, b->data, -1, NO_SPAN, &p));
    struct table *t = run(b, p);
    plan_unref(p);
    return t;
}

static void same_scores(const struct table *a, const struct table *b)
{
    assert_int_equal(a->n_rows, b->n_rows);
    for (int64_t i = 0; i < a->n_rows; i++) {
        assert_true(cell(a, "probability", i) == cell(b, "probability", i));
        assert_true(cell(a, "prediction", i) == cell(b, "prediction", i));
    }
}

TEST(scores_are_the_same_bits_after_a_reload_and_on_any_threads)
{
    struct bench b, c;
    struct variant v = {"HH", "hour24", "bins24"};
    struct model *m = fit_tips(&b, &v, 1), *other = fit_tips(&c, &v, 3), *back;
    struct strbuf bytes = {0};
    struct table *mine = scores(&b, m), *theirs = scores(&c, other);
    assert_int_equal(mine->n_rows, 5303);
    assert_int_equal(mine->schema->n, 14);
    same_scores(mine, theirs);
    ml_save_bytes(m, &bytes);
    assert_ok(b.cx, ml_load_bytes(b.cx, bytes.p, bytes.n, "m", NO_SPAN, &back));
    struct table *again = scores(&b, back);
    same_scores(mine, again);
    strbuf_release(&bytes);
    table_unref(mine);
    table_unref(theirs);
    table_unref(again);
    ml_unref(m);
    ml_unref(back);
    ml_unref(other);
    bench_end(&b);
    bench_end(&c);
}

TEST(card_says_what_it_is)
{
    struct bench b;
    struct variant v = {"hh", "hour12", "bins12"};
    struct model *m = fit_tips(&b, &v, 1);
    struct strbuf t = {0}, h = {0};
    ml_card_text(&t, m, 80);
    ml_card_html(&h, m);
    assert_non_null(strstr(t.p, "logistic model of tipped\n"));
    assert_non_null(strstr(t.p, "3,709"));
    assert_non_null(strstr(t.p, "loss 0.43702"));
    assert_non_null(strstr(t.p, "paid[card]"));
    assert_null(strstr(t.p, "second"));
    assert_non_null(strstr(h.p, "<table"));
    strbuf_release(&t);
    strbuf_release(&h);
    ml_unref(m);
    bench_end(&b);
}

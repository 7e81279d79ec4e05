/* Laws over random pipelines (language.md 10), seeded; MLNB_SEED chooses another seed. Each prefix
 * of a pipeline runs or fails in the user's words; what runs has the columns that binding promised;
 * the assist's dry run promises the same; one thread and three give the same bytes. */
#include "lang/assist/assist_int.h"
#include "runtime/base/num.h"
#include "runtime/base/rng.h"
#include "runtime/io/io.h"
#include "tests/unit/lang_host.h"

static const char setup[] = "t = frame(id: seq(1, 90)) |> derive zone = case { id % 5 == 0 => "
                            "null, id % 3 == 0 => \"a\", id "
                            "% 3 == 1 => \"b\", else => \"c\" }, fare = if(id % 7 == 0, null, (id "
                            "* 37 % 101) / 4), tip = id * "
                            "13 % 8, day = @2019-01-01 + id % 9 * 1d, ok = id % 4 == 1\n"
                            "zones = frame(zone: [\"a\", \"b\", \"b\", null], k: [1, 2, 3, 4])\n";

static const char *const steps[] = {
    "where fare > 8",
    "where fare > 8 or fare is null, tip != 3",
    "where fare == max(fare) by zone",
    "where rank(-fare) <= 4 by zone",
    "where zone in [\"a\", \"c\"]",
    "where zone in $zones.zone",
    "where ok",
    "select zone, fare, tip, id, day, ok",
    "select id, all()",
    "select type(num), zone, day, ok",
    "select id, fare = fare * 2, tip, zone, day, ok",
    "drop tip",
    "rename cost = fare",
    "rename fare = tip, tip = fare",
    "derive total = fare + tip, share = tip / total",
    "derive m = mean(fare), d = fare - m by zone",
    "derive prev = lag(fare), run = sum(tip, last: all) by zone sort id",
    "derive near = mean(fare, last: 3) sort day",
    "derive across(type(num), x -> x - mean(x), name: \"{col}_c\")",
    "derive zone = zone ?? \"none\", n = count() by zone",
    "derive tip = tip * 2, fare = tip, tip = 0",
    "summarize n = count(), m = mean(fare), top = max(tip), gap = top - m by zone",
    "summarize across(type(num), x -> max(x)) by zone, ok",
    "summarize n = count(where: ok), s = sum(tip)",
    "count zone",
    "count zone, dear = fare > 8",
    "sort -fare, id",
    "sort zone, -tip",
    "sort tip, nulls: first",
    "take 7",
    "take 2 by zone sort -fare",
    "take -5",
    "skip 3",
    "skip 1 by zone",
    "sample 20, seed: 3",
    "sample 0.4 by zone, seed: 5",
    "sample 30, seed: 2, replace: true",
    "distinct zone",
    "distinct zone, ok sort -id",
    "join zones on zone",
    "join zones on zone, kind: left",
    "join (zones |> distinct zone) on zone, kind: full",
    "join zones on zone, kind: anti",
    "union zones",
    "union zones, source: \"from\"",
    "fill fare = median(fare) by zone",
    "fill zone = \"?\"",
    "drop_null",
    "drop_null fare",
    "clean_names",
    "assert tip >= 0 or tip is null",
    "unpivot fare, tip",
    "unpivot type(num), names: what, values: v",
    "fill_down fare by zone sort id",
    "fill_gaps day, every: 1d by zone",
    "derive xs = seq(1, tip) |> unnest xs, index: \"i\"",
    "derive s = {a: fare, b: tip} |> unnest s",
    "extract zone, r\"(?<z>[ab])\"",
    "skip -3 by zone",
    "where across(type(num), x -> x is not null)",
    "sample 4 by zone, seed: 2, replace: true",
    "derive m = median([type(num)]), w = sum(map([fare, tip], x -> x * 2))",
    "summarize xs = list(fare) by zone |> derive n = len(xs), s = sum(sorted(xs)[1..2]) |> unnest "
    "xs",
    "derive l = [fare, tip] |> derive q = quantile(l, .3), j = join_str(map(l, x -> str(x))) |> "
    "drop l",
    "join zones on id == k, kind: asof",
};
#define N_STEPS ((int)(sizeof steps / sizeof steps[0]))

static uint64_t seed_of_run(void)
{
    const char *text = getenv("MLNB_SEED");
    int64_t seed = 1;
    if (text && !int_parse(text, strlen(text), &seed)) seed = 1;
    return (uint64_t)seed;
}

/* The pipeline's rows as CSV, or NULL where it fails; *class: of the error. */
static char *run_rows(struct rec *r, const char *pipeline, char schema[2048])
{
    struct strbuf text = {0}, csv = {0};
    struct table *t;
    strbuf_printf(&text, "out_ = %s", pipeline);
    enum rc_t res = rec_run(r, text.p);
    strbuf_release(&text);
    schema[0] = 0;
    if (res != RC_OK) return NULL;
    const struct value *v = scope_get(r->lg->globals, STR("out_"));
    const struct schema *s = v->plan->schema;
    if (lang_frame_table(r->lg, v->plan, &t, &r->err) != RC_OK) return NULL;
    assert_int_equal(t->schema->n, s->n);
    for (int i = 0; i < s->n; i++) {
        char type[64];
        size_t n = strlen(schema);
        assert_string_equal(t->schema->fields[i].name, s->fields[i].name);
        assert_true(dtype_eq(t->schema->fields[i].type, s->fields[i].type));
        assert_true(t->cols[i]->n == t->n_rows);
        snprintf(schema + n, 2048 - n, "%s:%s ", s->fields[i].name,
                 dtype_text(s->fields[i].type, type, sizeof type));
    }
    io_csv_text(&csv, t, ',');
    table_unref(t);
    return strbuf_take(&csv);
}

static void dry_schema(struct rec *r, const char *pipeline, char schema[2048])
{
    struct lang_snapshot *snap = lang_snapshot(r->lg);
    struct dry d;
    schema[0] = 0;
    dry_begin(&d, snap);
    struct value *v = dry_value(&d, pipeline, strlen(pipeline));
    const struct schema *s = value_columns(v);
    for (int i = 0; s && i < s->n; i++) {
        char type[64];
        size_t n = strlen(schema);
        snprintf(schema + n, 2048 - n, "%s:%s ", s->fields[i].name,
                 dtype_text(s->fields[i].type, type, sizeof type));
    }
    value_unref(v);
    dry_end(&d);
    lang_snapshot_unref(snap);
}

/* Whether it ran. */
static bool check_pipeline(struct rec *one, struct rec *three, const char *pipeline)
{
    char a[2048], b[2048], dry[2048];
    char *x = run_rows(one, pipeline, a), *y = run_rows(three, pipeline, b);
    if (!x != !y) fail_msg("%s: fails on one of 1 and 3 threads", pipeline);
    if (!x) {
        if (err_class_of(one->err.code) != ERR_CLASS_USER)
            fail_msg("%s: %s %s", pipeline, err_name(one->err.code), one->err.message);
    } else {
        if (strcmp(x, y) != 0) fail_msg("%s\n--- 1 thread\n%s--- 3 threads\n%s", pipeline, x, y);
        dry_schema(one, pipeline, dry);
        if (strcmp(a, dry) != 0) fail_msg("%s\nruns to %s\nbinds to %s", pipeline, a, dry);
    }
    bool ran = x != NULL;
    mem_free(x);
    mem_free(y);
    return ran;
}

TEST(random_pipelines)
{
    struct rec one, three;
    uint64_t seed = seed_of_run();
    int n_ran = 0, n_all = 0;
    print_message("MLNB_SEED=%llu\n", (unsigned long long)seed);
    rec_begin_opts(&one, (struct lang_opts){.threads = 1});
    rec_begin_opts(&three, (struct lang_opts){.threads = 3});
    rec_ok(&one, setup);
    rec_ok(&three, setup);
    for (uint64_t k = 0; k < 150; k++) {
        struct strbuf text = {0};
        strbuf_addz(&text, "t");
        int n = 1 + (int)rng_below(seed, k, 0, 5);
        for (int i = 0; i < n; i++) {
            strbuf_printf(&text, " |> %s", steps[rng_below(seed, k, (uint64_t)i + 1, N_STEPS)]);
            n_ran += check_pipeline(&one, &three, text.p);
            n_all++;
        }
        strbuf_release(&text);
    }
    print_message("%d of %d pipelines run\n", n_ran, n_all);
    assert_true(2 * n_ran > n_all);
    rec_end(&one);
    rec_end(&three);
}

/* where p and where not p split the rows of any frame. */
TEST(where_splits_the_rows)
{
    static const char *const predicates[] = {
        "fare > 8",
        "fare != 8",
        "fare == null",
        "zone == \"a\"",
        "zone in [\"a\", null]",
        "fare > tip",
        "ok",
        "tip / (tip - 3) > 1",
        "fare is null",
        "not ok or zone != \"b\"",
        "fare <= fare",
        "fare > mean(fare)",
    };
    struct rec r;
    rec_begin(&r);
    rec_ok(&r, setup);
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "n_rows(t |> where %s) + n_rows(t |> where not (%s)) == n_rows(t)", predicates[i],
                 predicates[i]);
        rec_expect(&r, text, "true");
    }
    rec_end(&r);
}

/* Pairs of pipelines that give the same rows. */
static const char *const twins[][2] = {
    {"t |> summarize xs = list(tip) by zone |> unnest xs",
     "t |> drop_null tip |> sort zone |> select zone, xs = tip"},
    {"t |> select id, fare, tip |> unpivot fare, tip |> pivot name, first(value) by id",
     "t |> select id, fare, tip = num(tip)"},
    {"t |> crosstab zone, ok", "t |> pivot ok, count() by zone, fill: 0"},
    {"t |> crosstab zone, ok, weights: tip", "t |> pivot ok, sum(num(tip)) by zone, fill: 0"},
    {"t |> derive l = [fare, tip] |> derive s = sum(l), m = max(l), n = count(l) |> drop l",
     "t |> derive s = sum([fare, tip]), m = max([fare, tip]), n = count([fare, tip])"},
    {"t |> skip -12", "t |> take 78"},
    {"t |> derive s = {a: fare, b: zone} |> select id, s |> unnest s",
     "t |> select id, a = fare, b = zone"},
    {"t |> derive xs = seq(1, tip) |> unnest xs |> summarize n = count(), s = sum(xs) by id",
     "t |> where tip > 0 |> summarize n = sum(tip), s = sum(tip * (tip + 1) // 2) by id"},
    {"t |> fill_down fare by zone sort id", "t |> derive fare = fill_down(fare) by zone sort id"},
    {"t |> summarize n = count() by zone, day |> fill_gaps day, every: 1d by zone |> drop_null n",
     "t |> summarize n = count() by zone, day"},
    {"t |> extract zone, r\"(a|b)\", into: z", "t |> derive z = extract(zone, r\"(a|b)\")"},
    {"t |> where across(type(num), x -> x > 5)", "t |> where id > 5, fare > 5, tip > 5"},
    {"t |> sample 5 by zone, replace: true |> count zone |> sort zone",
     "t |> count zone |> sort zone |> derive n = 5"},
    {"t |> select l = [fare, tip, id] |> select x = l[2] + l[-1]", "t |> select x = num(tip) + id"},
    {"t |> corr id, tip, method: spearman |> select column",
     "t |> corr id, tip, method: kendall |> select column"},
};
TEST(pairs_of_pipelines)
{
    struct rec r;
    rec_begin(&r);
    rec_ok(&r, setup);
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        char a[2048], b[2048];
        char *x = run_rows(&r, twins[i][0], a), *y = run_rows(&r, twins[i][1], b);
        if (!x || !y) fail_msg("%s: %s", x ? twins[i][1] : twins[i][0], r.err.message);
        if (strcmp(a, b) != 0 || strcmp(x, y) != 0)
            fail_msg("%s\n%s%s\n%s\n%s%s", twins[i][0], a, x, twins[i][1], b, y);
        mem_free(x);
        mem_free(y);
    }
    rec_end(&r);
}

/* Pipelines on real trips against pandas (tests/oracle/lang_verbs.py), value by value. */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

static const char *const pipelines[][2] = {
    {"groups",
     "t |> summarize n = count(), fare = mean(fare_amount), tip = median(tip_amount), p90 = "
     "quantile(tip_amount, .9), spread = sd(trip_distance), colors = n_distinct(color), known = "
     "count(ehail_fee) by payment_type"},
    {"hours", "t |> summarize n = count(), dear = count(where: fare_amount > 9), share = "
              "mean(tip_amount > 0) "
              "by hour = hour(tpep_pickup_datetime)"},
    {"windows",
     "t |> derive prev = lag(fare_amount), recent = mean(fare_amount, last: 5), total = "
     "sum(tip_amount, last: all), place = rank(-fare_amount), part = fare_amount / "
     "sum(fare_amount), "
     "seen = row_number() by PULocationID sort tpep_pickup_datetime |> where (id - 1) % 13 == 0 |> "
     "select id, prev, recent, total, place, part, seen"},
    {"top", "t |> take 4 by VendorID sort -tip_amount, id |> select VendorID, id, tip_amount"},
    {"count", "t |> count payment_type, passenger_count"},
    {"fill",
     "t |> fill trip_type = median(trip_type) by VendorID |> fill trip_type = 0 |> count trip_type "
     "|> sort trip_type"},
    {"describe",
     "t |> describe fare_amount, tip_amount, trip_distance, congestion_surcharge |> drop type"},
    {"corr", "t |> corr fare_amount, tip_amount, trip_distance, congestion_surcharge"},
    {"join", "t |> join z on PULocationID == zone, kind: left |> summarize n = count(), fare = "
             "sum(fare_amount) by name"},
    /* tests/oracle/lang_verbs2.py */
    {"pivot", "t |> pivot payment_type, mean(fare_amount) by hour = hour(tpep_pickup_datetime), "
              "prefix: \"p\", fill: 0"},
    {"pivot2", "t |> pivot color, n = count(), tip = max(tip_amount) by VendorID"},
    {"unpivot", "t |> take 40 |> select id, fare_amount, passenger_count, color, tip_amount |> "
                "unpivot type(num) - id, names: what, values: v"},
    {"lists",
     "t |> sort tip_amount, id |> summarize f = list(fare_amount) by payment_type |> derive n = "
     "len(f), top = max(f), med = median(f), third = f[3], last = f[-1], uniq = len(unique(f)), "
     "low = sum(sorted(f)[1..5]), dear = sum(map(f, x -> x > 20)), spread = sd(f) |> drop f"},
    {"explode", "t |> sort tip_amount, id |> summarize fares = list(fare_amount) by payment_type "
                "|> unnest fares, index: \"i\" |> where i <= 3"},
    {"within",
     "t |> derive l = [fare_amount, tip_amount, congestion_surcharge] |> derive total = sum(l), "
     "avg = mean(l), mid = median(l), spread = sd(l), least = min(l), q = quantile(l, .3) |> where "
     "(id - 1) % 29 == 0 |> select id, total, avg, mid, spread, least, q"},
    {"maps", "t |> derive l = seq(1, passenger_count) |> derive s = sum(map(l, k -> k * "
             "fare_amount)), k = len(l) |> where (id - 1) % 29 == 0 |> select id, s, k"},
    {"gaps", "t |> where PULocationID in [41, 75, 236] |> summarize n = count() by PULocationID, "
             "day = date(tpep_pickup_datetime) |> fill_gaps day, every: 1d by PULocationID"},
    {"down", "t |> fill_down trip_type by payment_type sort tpep_pickup_datetime |> where (id - 1) "
             "% 29 == 0 |> select id, trip_type"},
    {"cross", "t |> crosstab payment_type, color"},
    {"cross_row", "t |> crosstab hour = hour(tpep_pickup_datetime), color, share: row"},
    {"cross_column", "t |> crosstab hour = hour(tpep_pickup_datetime), color, share: column"},
    {"spearman",
     "t |> corr fare_amount, tip_amount, trip_distance, congestion_surcharge, method: spearman"},
    {"kendall",
     "t |> corr fare_amount, tip_amount, trip_distance, congestion_surcharge, method: kendall"},
    {"asof", "t |> where VendorID is not null |> join q on VendorID, tpep_pickup_datetime == at, "
             "kind: asof |> where (row_number() - 1) % 29 == 0 |> select id, price"},
    {"asof_near",
     "t |> where VendorID is not null |> join q on VendorID, tpep_pickup_datetime == at, kind: "
     "asof, direction: nearest, tolerance: 2d |> where (row_number() - 1) % 29 == 0 |> select id, "
     "price"},
    {"extract", "t |> extract color, r\"^(.)(.*)$\", into: [initial, rest] |> where (id - 1) % 97 "
                "== 0 |> select id, initial, rest"},
    {"profile",
     "t |> profile fare_amount, color, congestion_surcharge, store_and_fwd_flag, target: "
     "tip_amount |> select column, nulls, unique, target"},
    {"profile_groups", "t |> profile fare_amount, color, congestion_surcharge, store_and_fwd_flag, "
                       "target: color |> select column, target"},
};

static struct table *frame_of(struct rec *r, const char *name)
{
    const struct value *v = scope_get(r->lg->globals, str_of(name));
    struct table *t;
    assert_non_null(v);
    if (lang_frame_table(r->lg, v->plan, &t, &r->err) != RC_OK)
        rec_fail(r, name, "does not run", __FILE__, __LINE__);
    return t;
}

static double number(struct scalar s)
{
    return s.type.kind == KIND_NUM    ? s.u.f
           : s.type.kind == KIND_BOOL ? (double)s.u.b
                                      : (double)s.u.i;
}

static void same_value(const char *name, const char *column, int64_t row, struct scalar got,
                       struct scalar want)
{
    bool is_number = want.type.kind == KIND_NUM || want.type.kind == KIND_INT;
    bool is_day = want.type.kind == KIND_DATE;
    if (got.is_null != want.is_null)
        fail_msg("%s: row %lld of %s is null in one", name, (long long)row + 1, column);
    if (got.is_null) return;
    if (is_day) {
        assert_int_equal(got.u.i, want.u.i);
        return;
    }
    if (!is_number) {
        assert_true(str_eq(got.u.s, want.u.s));
        return;
    }
    double x = number(got), y = number(want);
    if (!(fabs(x - y) <= 1e-9 + 1e-12 * fabs(y)))
        fail_msg("%s: row %lld of %s is %.17g, pandas has %.17g", name, (long long)row + 1, column,
                 x, y);
}

TEST(pipelines_agree_with_pandas)
{
    struct rec r;
    rec_begin_opts(&r, (struct lang_opts){.folder = TEST_SOURCE_DIR "/tests/data"});
    rec_ok(&r,
           "t = read(\"taxi/taxis_2019_03_raw.csv\") |> derive id = row_number()\n"
           "z = frame(zone: [41, 41, 75, 236, 999], name: [\"a\", \"b\", \"c\", \"d\", \"e\"])\n"
           "q = frame(at: [@2019-03-05T00:00, @2019-03-10T12:00, @2019-03-20T00:00, "
           "@2019-03-05T06:00], VendorID: [1, 1, 1, 2], price: [10, 20, 30, 40])");
    for (size_t k = 0; k < sizeof pipelines / sizeof pipelines[0]; k++) {
        const char *name = pipelines[k][0];
        struct strbuf text = {0};
        strbuf_printf(&text, "got_ = %s\nwant_ = read(\"oracle/lang_verbs_%s.csv\")",
                      pipelines[k][1], name);
        rec_ok(&r, text.p);
        strbuf_release(&text);
        struct table *got = frame_of(&r, "got_"), *want = frame_of(&r, "want_");
        assert_int_equal(got->schema->n, want->schema->n);
        if (got->n_rows != want->n_rows)
            fail_msg("%s: %lld rows, pandas has %lld", name, (long long)got->n_rows,
                     (long long)want->n_rows);
        for (int c = 0; c < got->schema->n; c++) {
            assert_string_equal(got->schema->fields[c].name, want->schema->fields[c].name);
            for (int64_t i = 0; i < got->n_rows; i++)
                same_value(name, got->schema->fields[c].name, i, column_scalar(got->cols[c], i),
                           column_scalar(want->cols[c], i));
        }
        table_unref(got);
        table_unref(want);
    }
    rec_end(&r);
}

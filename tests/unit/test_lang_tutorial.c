/* The examples of the language's description that are about data, on the shared files (MLNB_SHARED,
 * or ../shared beside the sources); skipped where these are absent. */
#include "lang/lang_int.h"
#include "tests/unit/lang_host.h"

#include <stdlib.h>
#include <unistd.h>

/* The folder of shared data, or NULL. */
static const char *data_folder(char *buf, size_t n)
{
    const char *shared = getenv("MLNB_SHARED");
    snprintf(buf, n, "%s/data", shared ? shared : TEST_SOURCE_DIR "/../shared");
    return access(buf, R_OK) == 0 ? buf : NULL;
}

static struct table *frame_of(struct rec *r, const char *name)
{
    const struct value *v = scope_get(r->lg->globals, str_of(name));
    struct table *t;
    assert_non_null(v);
    if (lang_frame_table(r->lg, v->plan, &t, &r->err) != RC_OK)
        rec_fail(r, name, "does not run", __FILE__, __LINE__);
    return t;
}

/* Runs the cell; the frame `name` it leaves has so many rows and columns. */
static void example(const char *text, const char *name, int64_t n_rows, int n_columns)
{
    struct rec r;
    char buf[4096];
    const char *folder = data_folder(buf, sizeof buf);
    if (!folder) {
        fprintf(stderr, "skipped: no shared data (MLNB_SHARED)\n");
        skip();
    }
    rec_begin_opts(&r, (struct lang_opts){.folder = folder});
    rec_ok(&r, text);
    struct table *t = frame_of(&r, name);
    assert_int_equal(t->n_rows, n_rows);
    assert_int_equal(t->schema->n, n_columns);
    table_unref(t);
    rec_end(&r);
}

TEST(first_look)
{
    example("trips = read(\"taxi/nyc_yellow_2019.parquet\")\n"
            "trips |> glimpse\n"
            "trips |> describe fare_amount, tip_amount, trip_distance\n"
            "trips |> count payment_type\n",
            "trips", 120000, 18);
}
TEST(joins)
{
    example("trips = read(\"taxi/nyc_yellow_2019.parquet\")\n"
            "zones = read(\"taxi/taxi_zones.csv\") |> distinct LocationID\n"
            "named = trips |> join zones on pickup_location_id == LocationID, kind: left, expect: "
            "\"many-to-one\"\n"
            "named |> count borough\n",
            "named", 120000, 20);
}
TEST(window_features)
{
    example("flights = read(\"flights/flights.parquet\")\n"
            "top = flights |> derive prev = lag(arr_delay), recent = mean(arr_delay, last: 5), "
            "late_so_far = sum(int(arr_delay > 15), last: all) by tailnum sort time_hour\n"
            "        |> take 3 by carrier sort -recent\n"
            "        |> select carrier, tailnum, time_hour, arr_delay, prev, recent\n",
            "top", 48, 6);
}
TEST(pivot_and_unpivot)
{
    example("read(\"flights/flights.parquet\") |> pivot month, mean(dep_delay) by origin, prefix: "
            "\"m\" |> show\n"
            "best = read(\"tidy/billboard.csv\") |> unpivot starts(\"wk\"), names: week, values: "
            "place |> drop_null place\n"
            "  |> derive week = int(replace(week, \"wk\", \"\")), best = min(place) by artist, "
            "track |> where place == best |> take 10 sort best\n",
            "best", 10, 8);
}
TEST(messy_data)
{
    example("adult = read(\"tabular/adult.data\", header: false, trim: true, na: [\"?\"], names: "
            "[age, workclass, fnlwgt, education, education_num, marital, occupation, relationship, "
            "race, sex, gain, loss, hours, country, income])\n"
            "adult |> profile\n"
            "raw = read(\"penguins/penguins_raw.csv\", na: [\"NA\"])\n"
            "kg = raw |> assert `Body Mass (g)` in 2000..7000 or `Body Mass (g)` is null |> "
            "summarize n = count(), kg = mean(`Body Mass (g)`) / 1000 by Species\n"
            "raw |> clean_names |> fill sex = \"unknown\" |> count sex\n",
            "kg", 3, 3);
}
TEST(many_files)
{
    example("sales = read(\"retail/by-day/2010-12-*.csv\", source: \"file\") |> drop_null "
            "CustomerID |> where Quantity > 0\n"
            "rfm = sales |> summarize recency = days(@2011-01-01 - max(date(InvoiceDate))), freq = "
            "n_distinct(InvoiceNo), money = sum(Quantity * UnitPrice) by CustomerID\n"
            "rfm\n",
            "rfm", 885, 4);
}
TEST(time_series)
{
    example(
        "births = read(\"timeseries/us_births_2000_2014.csv\") |> derive day = "
        "date(f\"{year}-{month}-{date_of_month}\")\n"
        "weeks = births |> derive week_avg = mean(births, last: 7d) sort day\n"
        "hist, future = births |> derive w = cat(day_of_week), m = cat(month), lag7 = lag(births, "
        "7), lag365 = lag(births, 365) sort day |> split time: day, at: @2013-01-01\n"
        "if n_rows(hist) + n_rows(future) != n_rows(births) { error(\"rows were lost\") }\n",
        "weeks", 5479, 7);
}

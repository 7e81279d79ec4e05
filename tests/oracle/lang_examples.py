"""Expected results of the language's twelve examples on the shared data (taxi, flights, retail, penguins, births ..), by DuckDB and pandas.

MLNB_SHARED names the folder that holds data/. Writes tests/data/oracle/lang_examples/<topic>.tsv in the form of lang_all.py;
tests/cli/test_examples.py runs them. Random parts (split) are asked for their sizes only.
"""
import os
from pathlib import Path

import duckdb
import pandas as pd

import lang_kit
from lang_kit import start

os.chdir(Path(os.environ.get("MLNB_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data")
lang_kit.OUT = Path(__file__).resolve().parents[1] / "data/oracle/lang_examples"
db = duckdb.connect()


def sql(code, query):
    got = db.execute(query)
    lang_kit.add(code, [c[0] for c in got.description], got.fetchall(), "duckdb")


start("first_look")
TRIPS = "trips = read(\"taxi/nyc_yellow_2019.parquet\")\n"
db.execute("create view trips as select * from 'taxi/nyc_yellow_2019.parquet'")
sql(TRIPS + "trips |> count payment_type", "select payment_type, count(*) as n from trips group by 1 order by n desc, 1 nulls last")
for c in ["fare_amount", "tip_amount", "trip_distance"]:
    sql(TRIPS + f"trips |> describe {c} |> select min, p25, median, p75, max, mean, sd, distinct", f"select min({c}) as min, quantile_cont({c}, .25) as p25, median({c}) as median, quantile_cont({c}, .75) as p75, max({c}) as max, avg({c}) as mean, stddev({c}) as sd, count(distinct {c}) as distinct from trips")
sql(TRIPS + "trips |> summarize tip = mean(tip_amount), n = count() by hour = hour(pickup_datetime), weekend = is_weekend(pickup_datetime)",
    "select hour(pickup_datetime) as hour, isodow(pickup_datetime) > 5 as weekend, avg(tip_amount) as tip, count(*) as n from trips group by all order by 1, 2")

start("tips")
CLEAN = TRIPS + """clean = trips
  |> where tip_amount <= 25, fare_amount in 1..250, trip_distance in 0.01..100, payment_type in [1, 2], passenger_count > 0
  |> derive secs = seconds(dropoff_datetime - pickup_datetime), hour = hour(pickup_datetime), day = weekday(pickup_datetime),
            part = case { hour in 7..10 => "morning", hour in 11..15 => "midday", hour in 16..19 => "evening", else => "night" },
            tipped = tip_amount > 0
  |> where secs in 30..7200
"""
db.execute("""create view clean as select *, case when hour between 7 and 10 then 'morning' when hour between 11 and 15 then 'midday' when hour between 16 and 19 then 'evening' else 'night' end as part, tip_amount > 0 as tipped from
  (select *, epoch(dropoff_datetime) - epoch(pickup_datetime) as secs, hour(pickup_datetime) as hour, isodow(pickup_datetime) as day from trips
   where tip_amount <= 25 and fare_amount between 1 and 250 and trip_distance between 0.01 and 100 and payment_type in (1, 2) and passenger_count > 0) where secs between 30 and 7200""")
sql(CLEAN + "clean |> summarize n = count(), secs = mean(secs), tipped = mean(tipped), dear = max(fare_amount) by part, day", "select part, day, count(*) as n, avg(secs) as secs, avg(tipped::int) as tipped, max(fare_amount) as dear from clean group by all order by 1, 2")
sql(CLEAN + "train, test = clean |> split 0.7, 0.3, seed: 1, strata: tipped\nunion(train, test) |> count tipped", "select tipped, count(*) as n from clean group by 1 order by n desc")

start("joins")
NAMED = TRIPS + "zones = read(\"taxi/taxi_zones.csv\") |> distinct LocationID\nnamed = trips |> join zones on pickup_location_id == LocationID, kind: left, expect: \"many-to-one\"\n"
db.execute("create view zones as select distinct on (LocationID) * from 'taxi/taxi_zones.csv'")
db.execute("create view named as select * from trips left join zones on pickup_location_id = LocationID")
RATE = "select borough, count(*) as n, avg(tip_amount / nullif(fare_amount, 0)) as rate from named group by all having n > 100 order by rate desc nulls first"
sql(NAMED + "least_n = 100\nsql(\"select borough, count(*) n, avg(tip_amount / nullif(fare_amount, 0)) rate from named group by all having n > $least_n order by rate desc\")", RATE)
sql(NAMED + "named |> summarize n = count(), rate = mean(tip_amount / null_if(fare_amount, 0)) by borough |> where n > 100 |> sort -rate", RATE.replace("nulls first", "nulls last"))

start("windows")
db.execute("create view flights as select *, row_number() over () as rn from 'flights/flights.parquet'")
FLIGHTS = "flights = read(\"flights/flights.parquet\")\n"
sql(FLIGHTS + """flights |> derive rn = row_number() |> derive prev = lag(arr_delay), recent = mean(arr_delay, last: 5), late_so_far = sum(int(arr_delay > 15), last: all) by tailnum sort time_hour
        |> take 3 by carrier sort -recent, rn |> select carrier, tailnum, arr_delay, prev, recent, late_so_far""",
    """select carrier, tailnum, arr_delay, prev, recent, late_so_far from (select *, row_number() over (partition by carrier order by recent desc nulls last, rn) as place from
       (select *, lag(arr_delay) over w as prev, avg(arr_delay) over (w rows 4 preceding) as recent, sum(coalesce(arr_delay > 15, false)::int) over (w rows unbounded preceding) as late_so_far from flights window w as (partition by tailnum order by time_hour, rn)))
       where place <= 3 order by carrier, place""")
sql(FLIGHTS + "flights |> summarize n = count(), late = mean(dep_delay), worst = arg_max(dest, dep_delay) by month, origin", "select month, origin, count(*) as n, avg(dep_delay) as late, arg_max(dest, dep_delay) as worst from flights group by all order by 1, 2")

start("shapes")
sql(FLIGHTS + "flights |> pivot month, mean(dep_delay) by origin, prefix: \"m\"", "select origin, " + ", ".join(f"avg(dep_delay) filter (where month = {i}) as m{i}" for i in range(1, 13)) + " from flights group by origin order by origin")
b = pd.read_csv("tidy/billboard.csv")
b["row"] = range(len(b))
long = b.melt(id_vars=[c for c in b.columns if not c.startswith("wk")], var_name="week", value_name="place").dropna(subset=["place"])
long["week"] = long.week.str.slice(2).astype(int)
long["best"] = long.groupby(["artist", "track"]).place.transform("min")
long = long[long.place == long.best].sort_values(["row", "week"]).sort_values("best", kind="stable").head(10)
lang_kit.frame("""read("tidy/billboard.csv") |> unpivot starts("wk"), names: week, values: place |> drop_null place
  |> derive week = int(replace(week, "wk", "")), best = min(place) by artist, track |> where place == best |> take 10 sort best |> select artist, track, week, place, best""", long[["artist", "track", "week", "place", "best"]].astype({"place": int, "best": int}))

start("messy")
ADULT = "adult = read(\"tabular/adult.data\", header: false, trim: true, na: [\"?\"], names: [age, workclass, fnlwgt, education, education_num, marital, occupation, relationship, race, sex, gain, loss, hours, country, income])\n"
names = "age, workclass, fnlwgt, education, education_num, marital, occupation, relationship, race, sex, gain, loss, hours, country, income".split(", ")
a = pd.read_csv("tabular/adult.data", header=None, names=names, na_values=["?"], skipinitialspace=True)
lang_kit.frame(ADULT + "adult |> profile |> select column, nulls, unique, mean, sd, median", pd.DataFrame({"column": names, "nulls": [int(a[c].isna().sum()) for c in names], "unique": [a[c].nunique() for c in names],
                                                                                                        **{f: [getattr(a[c], g)() if a[c].dtype.kind in "if" else None for c in names] for f, g in [("mean", "mean"), ("sd", "std"), ("median", "median")]}}))
p = pd.read_csv("penguins/penguins_raw.csv", na_values=["NA"])
RAW = "raw = read(\"penguins/penguins_raw.csv\", na: [\"NA\"])\n"
lang_kit.frame(RAW + "raw |> assert `Body Mass (g)` in 2000..7000 or `Body Mass (g)` is null |> summarize n = count(), kg = mean(`Body Mass (g)`) / 1000 by Species",
               p.groupby("Species").agg(n=("Species", "size"), kg=("Body Mass (g)", lambda v: v.mean() / 1000)).reset_index())
lang_kit.frame(RAW + "raw |> clean_names |> fill sex = \"unknown\" |> count sex", p.Sex.fillna("unknown").value_counts().rename_axis("sex").reset_index(name="n"))
s = pd.read_csv("text/sms_spam.tsv", sep="\t", header=None, names=["label", "text"], quoting=3)
lang_kit.frame("sms = read(\"text/sms_spam.tsv\", header: false, quote: null, names: [label, text])\nsms |> summarize n = count(), long = max(len(text)), free = sum(contains(lower(text), \"free\")) by label",
               s.assign(long=s.text.str.len(), free=s.text.str.lower().str.contains("free", regex=False)).groupby("label").agg(n=("text", "size"), long=("long", "max"), free=("free", "sum")).reset_index())

start("retail")
sql("""sales = read("retail/by-day/2010-12-*.csv", source: "file") |> drop_null CustomerID |> where Quantity > 0
rfm = sales |> summarize recency = days(@2011-01-01 - max(date(InvoiceDate))), freq = n_distinct(InvoiceNo), money = sum(Quantity * UnitPrice) by CustomerID
rfm |> sort -money, CustomerID |> take 25""",
    """select CustomerID, (date '2011-01-01' - max(InvoiceDate::date))::double as recency, count(distinct InvoiceNo) as freq, sum(Quantity * UnitPrice::double) as money from read_csv('retail/by-day/2010-12-*.csv', types = {'InvoiceNo': 'varchar', 'StockCode': 'varchar'})
       where CustomerID is not null and Quantity > 0 group by 1 order by money desc, 1 limit 25""")

start("series")
BIRTHS = "births = read(\"timeseries/us_births_2000_2014.csv\") |> derive day = date(f\"{year}-{month}-{date_of_month}\")\n"
db.execute("create view births as select *, make_date(year, month, date_of_month) as day from 'timeseries/us_births_2000_2014.csv'")
sql(BIRTHS + "births |> derive week_avg = mean(births, last: 7d) sort day |> where day(day) == 1 |> select day, week_avg", "select day, week_avg from (select day, avg(births) over (order by day rows 6 preceding) as week_avg from births) where day(day) = 1 order by day")
sql(BIRTHS + "hist, future = births |> derive w = cat(day_of_week), m = cat(month), lag7 = lag(births, 7), lag365 = lag(births, 365) sort day |> split time: day, at: @2013-01-01\nfuture |> summarize n = count(), births = sum(births), l7 = sum(lag7), l365 = sum(lag365), first = min(day) by w",
    "select day_of_week::varchar as w, count(*) as n, sum(births) as births, sum(l7) as l7, sum(l365) as l365, min(day) as first from (select *, lag(births, 7) over (order by day) as l7, lag(births, 365) over (order by day) as l365 from births) where day >= date '2013-01-01' group by 1 order by 1")

start("nightly")
sql("param day = @2010-12-01\nrows = read(f\"retail/by-day/{day}.csv\")\nrows |> assert count() > 100, \"too few rows\" |> summarize n = count(), money = sum(Quantity * UnitPrice), back = count(where: Quantity < 0) by Country",
    "select Country, count(*) as n, sum(Quantity * UnitPrice::double) as money, count(*) filter (where Quantity < 0) as back from 'retail/by-day/2010-12-01.csv' group by 1 order by 1")
lang_kit.TABLES.clear()
lang_kit.write()

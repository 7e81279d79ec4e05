"""The questions of the performance runs, each in mlnb, Polars and DuckDB, with what is compared of the answers.

A task is (name, group of tables, mlnb, polars, duckdb, check): mlnb is a pipeline over frames named as the tables, polars
a function of the module and lazy frames by table name that gives a frame, duckdb a query. check: columns that are summed; "#x" is the
sum of x times the row's number modulo 1009, which tells the order of rows; NaN counts as null; a text: the lines of a file are
counted; None: not compared. `{dir}` in the texts is the data's folder, `{side}` the program's name."""
import sys
from pathlib import Path

TASKS = []


def task(name, group, mlnb, polars, duckdb, check):
    TASKS.append(dict(name=name, group=group, mlnb=mlnb, polars=polars, duckdb=duckdb, check=check))


# ---- reading and writing ----
task("csv_read", "g1", 'read("{dir}/g1.csv")', lambda pl, t: pl.read_csv(t.dir + "/g1.csv", infer_schema_length=10000),
     "select * from read_csv('{dir}/g1.csv')", ["v1", "v3"])
task("parquet_read", "g1", 'read("{dir}/g1.parquet")', lambda pl, t: pl.read_parquet(t.dir + "/g1.parquet"),
     "select * from read_parquet('{dir}/g1.parquet')", ["v1", "v3"])

task("csv_write", "g1", '!g1 |> save "{dir}/out_{side}.csv"', lambda pl, t: t.g1.collect().write_csv(t.dir + "/out_polars.csv"),
     "!copy g1 to '{dir}/out_{side}.csv' (header, delimiter ',')", "{dir}/out_{side}.csv")

# ---- group-by, the ten questions of the db-benchmark ----
task("groupby_q01", "g1", "g1 |> summarize v1 = sum(v1) by id1", lambda pl, t: t.g1.group_by("id1").agg(pl.sum("v1")),
     "select id1, sum(v1) as v1 from g1 group by id1", ["v1"])
task("groupby_q02", "g1", "g1 |> summarize v1 = sum(v1) by id1, id2", lambda pl, t: t.g1.group_by("id1", "id2").agg(pl.sum("v1")),
     "select id1, id2, sum(v1) as v1 from g1 group by id1, id2", ["v1"])
task("groupby_q03", "g1", "g1 |> summarize v1 = sum(v1), v3 = mean(v3) by id3", lambda pl, t: t.g1.group_by("id3").agg(pl.sum("v1"), pl.mean("v3")),
     "select id3, sum(v1) as v1, avg(v3) as v3 from g1 group by id3", ["v1", "v3"])
task("groupby_q04", "g1", "g1 |> summarize v1 = mean(v1), v2 = mean(v2), v3 = mean(v3) by id4",
     lambda pl, t: t.g1.group_by("id4").agg(pl.mean("v1", "v2", "v3")),
     "select id4, avg(v1) as v1, avg(v2) as v2, avg(v3) as v3 from g1 group by id4", ["v1", "v2", "v3"])
task("groupby_q05", "g1", "g1 |> summarize v1 = sum(v1), v2 = sum(v2), v3 = sum(v3) by id6",
     lambda pl, t: t.g1.group_by("id6").agg(pl.sum("v1", "v2", "v3")),
     "select id6, sum(v1) as v1, sum(v2) as v2, sum(v3) as v3 from g1 group by id6", ["v1", "v2", "v3"])
task("groupby_q06", "g1", "g1 |> summarize m = median(v3), sd = sd(v3) by id4, id5",
     lambda pl, t: t.g1.group_by("id4", "id5").agg(pl.median("v3").alias("m"), pl.std("v3").alias("sd")),
     "select id4, id5, median(v3) as m, stddev(v3) as sd from g1 group by id4, id5", ["m", "sd"])
task("groupby_q07", "g1", "g1 |> summarize r = max(v1) - min(v2) by id3",
     lambda pl, t: t.g1.group_by("id3").agg((pl.max("v1") - pl.min("v2")).alias("r")),
     "select id3, max(v1) - min(v2) as r from g1 group by id3", ["r"])
task("groupby_q08", "g1", "g1 |> take 2 by id6 sort -v3 |> select id6, v3",
     lambda pl, t: t.g1.group_by("id6").agg(pl.col("v3").top_k(2)).explode("v3"),
     "select id6, unnest(max(v3, 2)) as v3 from g1 group by id6", ["v3"])
task("groupby_q09", "g1", "g1 |> summarize r2 = corr(v1, v2)^2 by id2, id4",
     lambda pl, t: t.g1.group_by("id2", "id4").agg((pl.corr("v1", "v2") ** 2).alias("r2")),
     "select id2, id4, pow(corr(v1, v2), 2) as r2 from g1 group by id2, id4", ["r2"])
task("groupby_q10", "g1", "g1 |> summarize v3 = sum(v3), n = count() by id1, id2, id3, id4, id5, id6",
     lambda pl, t: t.g1.group_by("id1", "id2", "id3", "id4", "id5", "id6").agg(pl.sum("v3"), pl.len().alias("n")),
     "select id1, id2, id3, id4, id5, id6, sum(v3) as v3, count(*) as n from g1 group by id1, id2, id3, id4, id5, id6", ["v3", "n"])

# ---- distinct values ----
task("n_distinct", "g1", "g1 |> summarize a = n_distinct(id3), b = n_distinct(v3), c = n_distinct(id6)",
     lambda pl, t: t.g1.select(a=pl.col("id3").n_unique(), b=pl.col("v3").n_unique(), c=pl.col("id6").n_unique()),
     "select count(distinct id3) as a, count(distinct v3) as b, count(distinct id6) as c from g1", ["a", "b", "c"])
task("n_distinct_group", "g1", "g1 |> summarize d = n_distinct(id6) by id4",
     lambda pl, t: t.g1.group_by("id4").agg(d=pl.col("id6").n_unique()),
     "select id4, count(distinct id6) as d from g1 group by id4", ["d"])
task("distinct", "g1", "g1 |> select id1, id4, id5 |> distinct",
     lambda pl, t: t.g1.select("id1", "id4", "id5").unique(maintain_order=True), "select distinct id1, id4, id5 from g1", ["id4"])
task("median_group", "g1", "g1 |> summarize m = median(v3), q = quantile(v3, 0.9) by id6",
     lambda pl, t: t.g1.group_by("id6").agg(m=pl.median("v3"), q=pl.col("v3").quantile(0.9, "linear")),
     "select id6, median(v3) as m, quantile_cont(v3, 0.9) as q from g1 group by id6", ["m", "q"])

# ---- joins of the db-benchmark ----
for _name, _side, _key, _how in (("join_q1", "small", "id1", "inner"), ("join_q2", "medium", "id2", "inner"), ("join_q3", "medium", "id2", "left"),
                                 ("join_q4", "medium", "id5", "inner"), ("join_q5", "big", "id3", "inner")):
    _cols = {"small": ["id4"], "medium": ["id1", "id2", "id4", "id5"], "big": ["id1", "id2", "id4", "id5", "id6"]}[_side]
    _sel = ", ".join(f"y.{c} as y_{c}" for c in _cols if c != _key)
    task(_name, "j1", f"j1_x |> join j1_{_side} on {_key}, kind: {_how}",
         lambda pl, t, side=_side, key=_key, how=_how: t["j1_x"].join(t["j1_" + side], on=key, how=how),
         f"select x.*, {_sel}, y.v2 from j1_x x {_how} join j1_{_side} y on x.{_key} = y.{_key}", ["v1", "v2"])

# ---- whole frames ----
task("sort_num", "g1", "g1 |> sort id6, -v3", lambda pl, t: t.g1.sort(["id6", "v3"], descending=[False, True]),
     "select * from g1 order by id6, v3 desc", ["#v3"])
task("sort_str", "g1", "g1 |> sort id3, v3", lambda pl, t: t.g1.sort(["id3", "v3"]), "select * from g1 order by id3, v3", ["#v3"])
task("filter_mutate", "g1", "g1 |> where v3 > 50, id4 <= 50, v1 in [1, 3, 5] "
     "|> derive a = v1 * v2 + v3, b = log1p(v3) * sqrt(v2), c = case { v3 > 90 => 2, v3 > 70 => 1, else => 0 }",
     lambda pl, t: t.g1.filter((pl.col("v3") > 50) & (pl.col("id4") <= 50) & pl.col("v1").is_in([1, 3, 5])).with_columns(
         a=pl.col("v1") * pl.col("v2") + pl.col("v3"), b=pl.col("v3").log1p() * pl.col("v2").sqrt(),
         c=pl.when(pl.col("v3") > 90).then(2).when(pl.col("v3") > 70).then(1).otherwise(0)),
     "select *, v1 * v2 + v3 as a, ln(1 + v3) * sqrt(v2) as b, case when v3 > 90 then 2 when v3 > 70 then 1 else 0 end as c "
     "from g1 where v3 > 50 and id4 <= 50 and v1 in (1, 3, 5)", ["a", "b", "c"])
task("topn_group", "g1", "g1 |> take 5 by id2 sort -v3 |> derive k = row_number() by id2",
     lambda pl, t: t.g1.with_columns(k=pl.col("v3").rank("ordinal", descending=True).over("id2")).filter(pl.col("k") <= 5),
     "select * from (select *, row_number() over (partition by id2 order by v3 desc) as k from g1) t where k <= 5", ["v3", "k"])
task("quantiles", "g1", "g1 |> summarize " + ", ".join(f"p{int(p * 100)} = quantile(v3, {p})" for p in (0.01, 0.25, 0.5, 0.75, 0.99)),
     lambda pl, t: t.g1.select(**{f"p{int(p * 100)}": pl.col("v3").quantile(p, "linear") for p in (0.01, 0.25, 0.5, 0.75, 0.99)}),
     "select " + ", ".join(f"quantile_cont(v3, {p}) as p{int(p * 100)}" for p in (0.01, 0.25, 0.5, 0.75, 0.99)) + " from g1",
     ["p1", "p25", "p50", "p75", "p99"])
task("window_lag", "g1", "g1 |> select id6, v3, v1 |> derive d = v3 - lag(v3), cs = sum(v1, last: all), k = row_number() by id6 sort v3 |> select id6, v3, d, cs, k",
     lambda pl, t: t.g1.select("id6", "v3", "v1").sort("id6", "v3").with_columns(
         d=pl.col("v3") - pl.col("v3").shift(1).over("id6"), cs=pl.col("v1").cum_sum().over("id6"), k=pl.int_range(1, pl.len() + 1).over("id6")),
     "select id6, v3, v3 - lag(v3) over w as d, sum(v1) over (partition by id6 order by v3 rows unbounded preceding) as cs, "
     "row_number() over w as k from g1 window w as (partition by id6 order by v3)", ["d", "k"])
_nums = ["id4", "id6", "v1", "v2", "v3"]
task("describe", "g1", "g1 |> select id4, id6, v1, v2, v3 |> describe", lambda pl, t: t.g1.select(_nums).collect().describe(interpolation="linear"),
     "select " + ", ".join(f"count({c}) as n_{c}, avg({c}) as mean_{c}, stddev({c}) as sd_{c}, min({c}) as min_{c}, "
                           f"quantile_cont({c}, [0.25, 0.5, 0.75]) as q_{c}, max({c}) as max_{c}" for c in _nums) + " from g1", None)

# ---- text and time ----
task("str_contains", "strs", 'strs |> where contains(url, "google") |> summarize n = count(), b = sum(bytes)',
     lambda pl, t: t.strs.filter(pl.col("url").str.contains("google", literal=True)).select(n=pl.len(), b=pl.col("bytes").cast(pl.Int64).sum()),
     "select count(*) as n, sum(bytes) as b from strs where url like '%google%'", ["n", "b"])
task("str_regex", "strs", r'strs |> summarize n = count(), l = mean(len(url)) by dom = extract(url, r"^https?://(?:www\.)?([^/]+)/") |> where n > 100',
     lambda pl, t: t.strs.group_by(dom=pl.col("url").str.extract(r"^https?://(?:www\.)?([^/]+)/", 1)).agg(
         n=pl.len(), l=pl.col("url").str.len_chars().mean()).filter(pl.col("n") > 100),
     r"select regexp_extract(url, '^https?://(?:www\.)?([^/]+)/', 1) as dom, count(*) as n, avg(length(url)) as l from strs group by dom having count(*) > 100",
     ["n", "l"])
task("str_upper_group", "strs", "strs |> summarize n = count(), b = sum(bytes) by u = upper(name)",
     lambda pl, t: t.strs.group_by(u=pl.col("name").str.to_uppercase()).agg(n=pl.len(), b=pl.col("bytes").cast(pl.Int64).sum()),
     "select upper(name) as u, count(*) as n, sum(bytes) as b from strs group by upper(name)", ["n", "b"])
task("date_trunc_group", "strs", "strs |> derive t = datetime(ts) |> summarize n = count(), b = sum(bytes) by m = bin(t, 1mo), h = hour(t)",
     lambda pl, t: t.strs.with_columns(t=pl.col("ts").str.to_datetime("%Y-%m-%d %H:%M:%S")).group_by(
         m=pl.col("t").dt.truncate("1mo"), h=pl.col("t").dt.hour()).agg(n=pl.len(), b=pl.col("bytes").cast(pl.Int64).sum()),
     "select date_trunc('month', cast(ts as timestamp)) as m, hour(cast(ts as timestamp)) as h, count(*) as n, sum(bytes) as b from strs group by 1, 2",
     ["n", "b"])

# ---- TPC-H ----
task("tpch_q1", "tpch", """lineitem |> where l_shipdate <= @1998-09-02 |> summarize q = sum(l_quantity), p = sum(l_extendedprice),
  dp = sum(l_extendedprice * (1 - l_discount)), ch = sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), aq = mean(l_quantity),
  ap = mean(l_extendedprice), ad = mean(l_discount), n = count() by l_returnflag, l_linestatus""",
     lambda pl, t: t.lineitem.filter(pl.col("l_shipdate") <= pl.date(1998, 9, 2)).group_by("l_returnflag", "l_linestatus").agg(
         q=pl.sum("l_quantity"), p=pl.sum("l_extendedprice"), dp=(pl.col("l_extendedprice") * (1 - pl.col("l_discount"))).sum(),
         ch=(pl.col("l_extendedprice") * (1 - pl.col("l_discount")) * (1 + pl.col("l_tax"))).sum(), aq=pl.mean("l_quantity"),
         ap=pl.mean("l_extendedprice"), ad=pl.mean("l_discount"), n=pl.len()).sort("l_returnflag", "l_linestatus"),
     """select l_returnflag, l_linestatus, sum(l_quantity) as q, sum(l_extendedprice) as p, sum(l_extendedprice * (1 - l_discount)) as dp,
     sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as ch, avg(l_quantity) as aq, avg(l_extendedprice) as ap, avg(l_discount) as ad, count(*) as n
     from lineitem where l_shipdate <= date '1998-09-02' group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus""", ["q", "dp", "ch", "n"])
task("tpch_q3", "tpch", """customer |> where c_mktsegment == "BUILDING" |> join (orders |> where o_orderdate < @1995-03-15) on c_custkey == o_custkey
  |> join (lineitem |> where l_shipdate > @1995-03-15) on o_orderkey == l_orderkey
  |> summarize rev = sum(l_extendedprice * (1 - l_discount)) by o_orderkey, o_orderdate, o_shippriority |> sort -rev, o_orderdate |> take 10""",
     lambda pl, t: t.customer.filter(pl.col("c_mktsegment") == "BUILDING")
     .join(t.orders.filter(pl.col("o_orderdate") < pl.date(1995, 3, 15)), left_on="c_custkey", right_on="o_custkey")
     .join(t.lineitem.filter(pl.col("l_shipdate") > pl.date(1995, 3, 15)), left_on="o_orderkey", right_on="l_orderkey")
     .group_by("o_orderkey", "o_orderdate", "o_shippriority").agg(rev=(pl.col("l_extendedprice") * (1 - pl.col("l_discount"))).sum())
     .sort(["rev", "o_orderdate"], descending=[True, False]).head(10),
     """select l_orderkey as o_orderkey, sum(l_extendedprice * (1 - l_discount)) as rev, o_orderdate, o_shippriority from customer, orders, lineitem
     where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15'
     and l_shipdate > date '1995-03-15' group by l_orderkey, o_orderdate, o_shippriority order by rev desc, o_orderdate limit 10""", ["rev", "o_orderkey"])
task("tpch_q6", "tpch", """lineitem |> where l_shipdate >= @1994-01-01, l_shipdate < @1995-01-01, l_discount in 0.0499..0.0701, l_quantity < 24
  |> summarize rev = sum(l_extendedprice * l_discount), n = count()""",
     lambda pl, t: t.lineitem.filter((pl.col("l_shipdate") >= pl.date(1994, 1, 1)) & (pl.col("l_shipdate") < pl.date(1995, 1, 1))
                                     & pl.col("l_discount").is_between(0.0499, 0.0701) & (pl.col("l_quantity") < 24)).select(
         rev=(pl.col("l_extendedprice") * pl.col("l_discount")).sum(), n=pl.len()),
     """select sum(l_extendedprice * l_discount) as rev, count(*) as n from lineitem where l_shipdate >= date '1994-01-01'
     and l_shipdate < date '1995-01-01' and l_discount between 0.0499 and 0.0701 and l_quantity < 24""", ["rev", "n"])

# ---- TPC-H's 22 questions as SQL (only when named) ----
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sql"))
from tpch_queries import QUERIES  # noqa: E402

SUMS = ["sum_qty sum_disc_price", "s_acctbal p_partkey", "l_orderkey revenue", "order_count", "revenue", "revenue", "l_year revenue", "o_year mkt_share",
        "o_year sum_profit", "c_custkey revenue", "ps_partkey value", "high_line_count low_line_count", "c_count custdist", "promo_revenue",
        "s_suppkey total_revenue", "p_size supplier_cnt", "avg_yearly", "c_custkey o_orderkey o_totalprice", "revenue", "", "numwait", "numcust totacctbal"]
for i, q in enumerate(QUERIES):
    task(f"tpch22_q{i + 1:02}", "tpch22", f'sql("""{q}""")', None, q, SUMS[i].split())

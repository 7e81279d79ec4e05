"""A step of the language and its twin in SQL give the same rows, on data without nulls (and with them where the rules agree)."""
import json
import os
import subprocess
import sys
import tempfile

import sqlgen
from mlnbtest import BIN
from test_sql_engines import agree


def tables():
    """t and u without nulls, n with them."""
    rows = sqlgen.rows_of(7)
    full = [r for r in rows["t1"] if None not in r]
    out = ["create table t (a bigint, b bigint, c bigint, d bigint, e bigint)", "create table n (k bigint, s text, f double precision, dt date, bl boolean)",
           "create table u (x bigint, y bigint, z text)"]
    for name, data in (("t", full), ("n", rows["t3"]), ("u", [r for r in rows["t2"] if None not in r])):
        out.append(f"insert into {name} values " + ", ".join("(" + ", ".join(sqlgen.literal(v) for v in r) + ")" for r in data))
    return out


def pairs():
    tests = [("a > 3", "a > 3"), ("a != b", "a <> b"), ("a in [1, 2, 3]", "a in (1, 2, 3)"), ("a in 2..5", "a between 2 and 5"), ("a + b < c or d == 2", "a + b < c or d = 2"),
             ("not (a > 3 and b > 2)", "not (a > 3 and b > 2)"), ("a % 3 == 0 and a > 0", "a % 3 = 0 and a > 0"), ("abs(a) >= 4", "abs(a) >= 4")]
    for ours, sql in tests:
        yield f"t |> where {ours}", f"select * from t where {sql}"
        yield f"t |> where {ours} |> summarize n = count(), s = sum(b)", f"select count(*) as n, coalesce(sum(b), 0) as s from t where {sql}"
    values = [("a + b * c", "a + b * c"), ("-a", "-a"), ("num(a) / 4", "a / 4.0"), ("if(a > b, a, b)", "case when a > b then a else b end"), ("least(a, b, c)", "least(a, b, c)"),
              ("greatest(a, d)", "greatest(a, d)"), ("a ^ 2", "power(a, 2)"), ("str(a)", "a::text"), ("floor(a / 2)", "floor(a / 2.0)"), ("a == b", "a = b")]
    for ours, sql in values:
        yield f"t |> derive v = {ours} |> select a, v", f"select a, {sql} as v from t"
        yield f"t |> derive v = {ours} |> sort v, a, b, c, d, e |> take 5 |> select v", f"select v from (select *, {sql} as v from t) q order by v, a, b, c, d, e limit 5"
    aggs = [("sum(c)", "sum(c)"), ("mean(c)", "avg(c)"), ("min(c)", "min(c)"), ("max(c)", "max(c)"), ("count()", "count(*)"), ("sd(c)", "stddev(c)"), ("var(c)", "variance(c)"),
            ("median(c)", "percentile_cont(0.5) within group (order by c)"), ("n_distinct(c)", "count(distinct c)"), ("mode(c)", "mode() within group (order by c)"),
            ("corr(c, d)", "corr(c, d)"), ("cov(c, d)", "covar_samp(c, d)"), ("all(c > 0)", "bool_and(c > 0)"), ("any(c > 9)", "bool_or(c > 9)"),
            ("sum(c) - min(d)", "sum(c) - min(d)")]
    for ours, sql in aggs:
        yield f"t |> summarize v = {ours}", f"select {sql} as v from t"
        yield f"t |> summarize v = {ours} by b", f"select b, {sql} as v from t group by b"
        yield f"t |> derive v = {ours} by b |> select a, b, v" if "corr" not in ours and "- min" not in ours and "cov" not in ours and "mode" not in ours and "median" not in ours \
            and "n_distinct" not in ours else "t |> select a", \
            f"select a, b, {sql} over (partition by b) as v from t" if "corr" not in ours and "- min" not in ours and "cov" not in ours and "mode" not in ours and "median" not in ours \
            and "n_distinct" not in ours else "select a from t"
    for ours, sql in [("left", "left join"), ("inner", "join"), ("full", "full join")]:
        yield (f"t |> select a, b |> join u on a == x, kind: {ours} |> summarize n = count(), s = sum(y), t = sum(b)",
               f"select count(*) as n, coalesce(sum(y), 0) as s, coalesce(sum(b), 0) as t from t {sql} u on a = x")
    yield "t |> join u on a == x, kind: semi", "select * from t where a in (select x from u)"
    yield "t |> join u on a == x, kind: anti", "select * from t where not exists (select 1 from u where x = a)"
    yield "t |> select a |> distinct", "select distinct a from t"
    yield "t |> select a |> union (u |> select a = x)", "select a from t union all select x from u"
    yield "t |> sort -a, b, c, d, e |> take 7", "select * from t order by a desc, b, c, d, e limit 7"
    yield "t |> derive r = row_number() by a sort b, c, d, e |> where r == 1", "select * from (select *, row_number() over (partition by a order by b, c, d, e) as r from t) q where r = 1"
    yield "t |> derive p = lag(b) sort a, b, c, d, e |> select a, p", "select a, lag(b) over (order by a, b, c, d, e) as p from t"
    # nulls, where the rules agree: aggregates, is null, ??, order, arithmetic
    texts = [("upper(s)", "upper(s)"), ("len(s)", "length(s)"), ("left(s, 2)", "left(s, 2)"), ("replace(s, \"a\", \"b\")", "replace(s, 'a', 'b')"), ("s ?? \"none\"", "coalesce(s, 'none')"),
             ("f * 2 + k", "f * 2 + k"), ("year(dt)", "extract(year from dt)::int"), ("month(dt)", "extract(month from dt)::int"), ("dt + 3d", "dt + 3"), ("s is null", "s is null"),
             ("k ?? 0", "coalesce(k, 0)"), ("round(f * 4)", "round(f * 4)"), ("null_if(k, 3)", "nullif(k, 3)"), ("weekday(dt)", "extract(isodow from dt)::int")]
    for ours, sql in texts:
        yield f"n |> derive v = {ours} |> select k, v", f"select k, {sql} as v from n"
    for ours, sql in [("mean(f)", "avg(f)"), ("min(dt)", "min(dt)"), ("max(s)", "max(s)"), ("count(f)", "count(f)"), ("sd(f)", "stddev(f)"), ("n_distinct(s)", "count(distinct s)")]:
        yield f"n |> summarize v = {ours} by k", f"select k, {sql} as v from n group by k"
    for null in ("first", "last"):
        pass
    yield "n |> sort k, s, f, dt, bl", "select * from n order by k, s, f, dt, bl"
    yield "n |> where k is null", "select * from n where k is null"


def run(code):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "twins.mlnb")
        with open(path, "w") as f:
            f.write(code)
        done = subprocess.run([BIN, "run", path, "--format", "json", "--keep-going"], capture_output=True, text=True, timeout=300)
    out = {}
    for line in done.stdout.splitlines():
        m = json.loads(line)
        if m["kind"] == "frame":
            out[m["cell"]] = (m["columns"], [tuple(r) for r in m["rows"]])
        elif m["kind"] == "error":
            out[m["cell"]] = f"{m['code']} {m['message']}"
    return out


def main():
    all_pairs = list(dict.fromkeys(pairs()))
    code = "%%sql\n" + ";\n".join(tables()) + "\n" + "".join(f"%%\n{ours}\n%%sql\n{sql}\n" for ours, sql in all_pairs)
    out = run(code)
    faults = 0
    for i, (ours, sql) in enumerate(all_pairs):
        a, b = out.get(2 + 2 * i, "no answer"), out.get(3 + 2 * i, "no answer")
        if isinstance(a, str) or isinstance(b, str):
            why = f"{a if isinstance(a, str) else 'rows'} / {b if isinstance(b, str) else 'rows'}"
        else:
            why = agree(b[1], a[1], "sort" in ours and "take" in ours)
        if why:
            faults += 1
            print(f"{ours}\n{sql}\n    {why}")
    print(f"{len(all_pairs)} pairs, {faults} differ")
    assert len(all_pairs) > 90
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""Expected results of pipelines over every verb, join kind, window, frame, aggregate, function, null and date rule.

Each case is a pipeline of the language beside a query for DuckDB (sql, expr), an expression of pandas or Polars (frame)
or plain Python row by row (rows, each), whose result must be the pipeline's: same columns, rows, order. Writes
tests/data/oracle/lang_all/<topic>.tsv (versions in the first line; blocks of pipeline, header and rows, cells as JSON)
and setup.txt, which makes the tables; tests/cli/test_oracle.py runs them. Where an engine's rule differs from the
language's (null == null, null in and/or/not, sum of nothing), the query spells the language's rule out.
"""
import calendar
import math
import re
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
from lang_kit import D, L, P, R, T, each, expr, frame, rows, safe, sql, start, write

# ---- null rules (3.4) and operators -------------------------------------------------------------------------------
start("nulls")
for op, text in [("==", "i is not distinct from j"), ("!=", "i is distinct from j"), ("<", "coalesce(i < j, false)"), (">", "coalesce(i > j, false)"),
                 ("<=", "coalesce(i <= j, i is null and j is null)"), (">=", "coalesce(i >= j, i is null and j is null)")]:
    sql(f"v |> derive r = i {op} j |> select i, j, r", f"select i, j, {text} as r from v order by rowid")
    sql(f"v |> where i {op} j", f"select * from v where {text} order by rowid")
    sql(f"v |> where not (i {op} j)", f"select * from v where not ({text}) order by rowid")
    sql(f"t |> where s {op} g |> select id", f"select id from t where {text.replace('i ', 's ').replace('i,', 's,').replace(' j', ' g')} order by id")
    sql(f"t |> where x {op} y |> select id", f"select id from t where {text.replace('i ', 'x ').replace(' j', ' y')} order by id")
    sql(f"t |> where d {op} date(m) |> select id", f"select id from t where {text.replace('i ', 'd ').replace(' j', ' m::date')} order by id")
    sql(f"t |> where x {op} 2 |> select id", f"select id from t where {text.replace('i ', 'x ').replace(' j', ' 2')} order by id")
    sql(f"v |> where a {op} b |> select a, b", f"select a, b from v where {text.replace('i ', 'a ').replace(' j', ' b')} order by rowid")
    sql(f"v |> where p {op} 0 |> select p", f"select p from v where {text.replace('i ', 'p ').replace(' j', ' 0')} order by rowid")
    sql(f"v |> where i {op} null |> select i", f"select i from v where {text.replace('i ', 'i ').replace(' j', ' null::int')} order by rowid")
C = "coalesce({}, false)"
for ours, text in [("a and b", f"{C.format('a')} and {C.format('b')}"), ("a or b", f"{C.format('a')} or {C.format('b')}"), ("not a", f"not {C.format('a')}"),
                   ("not a and not b", f"not {C.format('a')} and not {C.format('b')}"), ("not (a or b)", f"not ({C.format('a')} or {C.format('b')})"),
                   ("a == b", "a is not distinct from b"), ("a is null", "a is null"), ("a is not null or b", "a is not null or coalesce(b, false)"),
                   ("if(a, 1, 2)", "case when a then 1 else 2 end"), ("case { a => 1, b => 2 }", "case when a then 1 when b then 2 end"),
                   ("case { a and b => \"x\", else => null }", "case when a and b then 'x' end"), ("a ?? b", "coalesce(a, b)"), ("i ?? j ?? 0", "coalesce(i, j, 0)"),
                   ("null_if(i, j)", "nullif(i, j)"), ("i in [1, null]", "coalesce(i = 1, true)"), ("i in [2]", "coalesce(i = 2, false)"), ("i not in [2]", "coalesce(i <> 2, true)"),
                   ("i in 1..2", "coalesce(i between 1 and 2, false)"), ("i not in 1..1", "coalesce(i <> 1, true)"), ("i in 1..<2", "coalesce(i = 1, false)"),
                   ("i in 2..", "coalesce(i >= 2, false)"), ("i in ..1", "coalesce(i <= 1, false)"), ("i in j..", "coalesce(i >= j, false)"), ("c in [\"a\", \"ä\"]", "coalesce(c in ('a', 'ä'), false)"),
                   ("i + j", "i + j"), ("i * null", "null::bigint"), ("-i", "-i"), ("least(i, j)", "case when i is null or j is null then null else least(i, j) end"),
                   ("greatest(i, j)", "case when i is null or j is null then null else greatest(i, j) end"), ("matches(c, \"a\")", "coalesce(c like '%a%', false)"),
                   ("contains(c, \"a\")", "c like '%a%'"), ("p == 0", "coalesce(p = 0, false)"), ("p == -0.0", "coalesce(p = 0, false)"), ("is_finite(p)", "isfinite(p)"), ("clamp(i, 2, 3)", "case when i is null then null else greatest(2, least(3, i)) end")]:
    sql(f"v |> select r = {ours}", f"select {text} as r from v order by rowid")
    if ours.split("(")[0] not in ("if", "case { ", "least") and "??" not in ours and "+" not in ours and "null_if" not in ours and not ours.startswith(("case", "i *", "-i", "greatest", "clamp")):
        sql(f"v |> where {ours} |> select a, b, i, j, c", f"select a, b, i, j, c from v where {text} order by rowid")
sql("t |> drop_null x, y |> select id", "select id from t where x is not null and y is not null order by id")
sql("t |> drop_null |> select id", "select id from t where g is not null and k is not null and x is not null and y is not null and z is not null and s is not null and b is not null and d is not null and m is not null order by id")
sql("t |> fill x = 0, g = \"?\" |> select id, x, g", "select id, coalesce(x, 0) as x, coalesce(g, '?') as g from t order by id")
sql("t |> fill y = mean(y) by g |> select id, y", "select id, coalesce(y, avg(y) over (partition by g)) as y from t order by id")
sql("t |> fill y = median(y), x = min(x) by k |> select id, x, y", "select id, coalesce(x, min(x) over w) as x, coalesce(y, median(y) over w) as y from t window w as (partition by k) order by id")
sql("t |> fill d = @2000-01-01, b = false |> select id, b, d", "select id, coalesce(b, false) as b, coalesce(d, date '2000-01-01') as d from t order by id")
sql("t |> fill across(type(num), c -> -1) |> select type(num)", "select id, coalesce(k, -1) as k, coalesce(x, -1) as x, coalesce(y, -1) as y, coalesce(z, -1) as z from t order by id")
for o, w in [("sort id", "order by id"), ("by k sort id", "partition by k order by id"), ("by g sort -id", "partition by g order by id desc")]:
    sql(f"t |> fill_down y, g {o} |> select id, g, y" if "by g" not in o else f"t |> fill_down y {o} |> select id, y",
        f"select id, {'' if 'by g' in o else f'last_value(g ignore nulls) over ({w} rows unbounded preceding) as g, '}last_value(y ignore nulls) over ({w} rows unbounded preceding) as y from t order by id")
for key in ["k", "g", "b", "d"]:
    sql(f"t |> summarize n = count(), s = sum(x) by {key}", f"select {key}, count(*) as n, coalesce(sum(x), 0) as s from t group by {key} order by {key} nulls last")
    sql(f"t |> count {key}", f"select {key}, count(*) as n from t group by {key} order by n desc, {key} nulls last")
    sql(f"t |> distinct {key} |> select id, {key}", f"select min(id) as id, {key} from t group by {key} order by 1")
    for nulls in ["last", "first"]:
        for sign, way in [("", "asc"), ("-", "desc")]:
            sql(f"t |> sort {sign}{key}, nulls: {nulls} |> select id, {key}", f"select id, {key} from t order by {key} {way} nulls {nulls}, id")

# ---- numbers ------------------------------------------------------------------------------------------------------
start("numbers")
for ours, text in [("x + k", "x + k"), ("x - y", "x - y"), ("x * k", "x * k"), ("x / k", "x / k"), ("x / 4", "x / 4"), ("x // k", "floor(x / k)::bigint"), ("x % k", "x - k * floor(x / k)::bigint"),
                   ("x // -3", "floor(x / -3)::bigint"), ("x % -3", "x - (-3) * floor(x / -3)::bigint"), ("x // 0", "null::bigint"), ("x % 0", "null::bigint"), ("x / 0", "case when x > 0 then 'inf'::double when x < 0 then '-inf'::double end"),
                   ("y // 0.5", "floor(y / 0.5)"), ("y % 0.5", "y - 0.5 * floor(y / 0.5)"), ("y % -2", "y - (-2) * floor(y / -2)"), ("x ^ 2", "power(x, 2)"), ("-x ^ 2", "-power(x, 2)"), ("2 ^ -k", "power(2, -k)"), ("abs(y)", "abs(y)"), ("abs(x)", "abs(x)"),
                   ("sign(x)", "sign(x)"), ("sign(y)", "sign(y)"), ("floor(y)", "floor(y)"), ("ceil(y)", "ceil(y)"), ("trunc(y)", "trunc(y)"), ("floor(x)", "x"), ("round(y)", "round_even(y, 0)"), ("round(x)", "x"),
                   ("round(x, -1)", "round_even(x, -1)"), ("int(y)", "trunc(y)::bigint"), ("num(x)", "x::double"), ("str(x)", "x::varchar"), ("bool(x)", "x <> 0"), ("int(b)", "b::int"), ("num(b)", "b::int::double"),
                   ("sqrt(abs(y))", "sqrt(abs(y))"), ("exp(x)", "exp(x)"), ("log(abs(y))", "ln(abs(y))"), ("log2(k)", "log2(k)"), ("log10(k)", "log10(k)"), ("sin(x)", "sin(x)"), ("cos(x)", "cos(x)"), ("tan(x)", "tan(x)"),
                   ("asin(x / 10)", "asin(x / 10)"), ("acos(x / 10)", "acos(x / 10)"), ("atan(x)", "atan(x)"), ("atan2(x, k)", "atan2(x, k)"), ("sinh(k)", "sinh(k)"), ("cosh(k)", "cosh(k)"), ("tanh(k)", "tanh(k)"),
                   ("pi() * k", "pi() * k"), ("clamp(x, -2, 3)", "case when x is not null then greatest(-2, least(3, x)) end"), ("clamp(y, k, 3.5)", "case when y is not null and k is not null then least(3.5, greatest(k, y)) end"),
                   ("least(x, k, 2)", "case when x is not null and k is not null then least(x, k, 2) end"), ("greatest(x, y)", "case when x is not null and y is not null then greatest(x, y) end"),
                   ("is_finite(z)", "isfinite(z)"), ("z + 1", "z + 1"), ("z - z", "case when isfinite(z) then 0.0::double end"), ("z * 0", "case when isfinite(z) then 0.0::double end"), ("1 / z", "case when z = 0 then 'inf'::double else 1 / z end"),
                   ("sqrt(x)", "case when x >= 0 then sqrt(x) end"), ("log(x)", "case when x > 0 then ln(x) when x = 0 then '-inf'::double end"), ("if(x > 0, x, y)", "case when x > 0 then x else y end"),
                   ("case { x > 5 => \"hi\", x > 0 => \"mid\", x is null => \"none\", else => \"lo\" }", "case when x > 5 then 'hi' when x > 0 then 'mid' when x is null then 'none' else 'lo' end"),
                   ("bin(x, 5)", "5 * floor(x / 5)::bigint"), ("bin(y, 2.5)", "2.5 * floor(y / 2.5)"), ("x in 0..5", "coalesce(x between 0 and 5, false)"), ("y in -0.5..<2.5", "coalesce(y >= -0.5 and y < 2.5, false)")]:
    expr(ours, text)
each("round(y, 1)", safe(lambda r: round(r["y"], 1)))
each("expm1(k)", safe(lambda r: math.expm1(r["k"])))
each("log1p(k)", safe(lambda r: math.log1p(r["k"])))
each("near(y, 0.1)", lambda r: r["y"] is not None and math.isclose(r["y"], 0.1, rel_tol=1e-9))
frame("t |> select id, v = cut(y, [-5, 0, 2, 5])", pd.DataFrame({"id": P["t"].id, "v": pd.cut(P["t"].y, [-5, 0, 2, 5]).astype(object).map(lambda i: f"({i.left}, {i.right}]" if isinstance(i, pd.Interval) else None)}))
frame("t |> select id, v = cut(y, [-5, 0, 2, 5], labels: [\"lo\", \"mid\", \"hi\"])", pd.DataFrame({"id": P["t"].id, "v": pd.cut(P["t"].y, [-5, 0, 2, 5], labels=["lo", "mid", "hi"]).astype(object)}))
frame("t |> select id, v = cut(y, [-0.5, 0.5, 2.5], right: false, labels: [\"lo\", \"hi\"])", pd.DataFrame({"id": P["t"].id, "v": pd.cut(P["t"].y, [-0.5, 0.5, 2.5], labels=["lo", "hi"], right=False).astype(object)}))

# ---- text ---------------------------------------------------------------------------------------------------------
start("text")
for ours, text in [("len(s)", "length(s)"), ("lower(s)", "lower(s)"), ("upper(s)", "upper(s)"), ("trim(s)", "trim(s)"), ("left(s, 2)", "left(s, 2)"), ("left(s, -2)", "left(s, -2)"), ("right(s, 3)", "right(s, 3)"), ("right(s, -1)", "right(s, -1)"),
                   ("replace(s, \"a\", \"_\")", "replace(s, 'a', '_')"), ("contains(s, \"a\")", "contains(s, 'a')"), ("contains(s, \"%\")", "contains(s, '%')"), ("starts(s, \"A\")", "starts_with(s, 'A')"), ("ends(s, \"é\")", "ends_with(s, 'é')"),
                   ("like(s, \"%a%\")", "s like '%a%'"), ("like(s, \"a_b\")", "s like 'a_b'"), ("like(s, \"_\")", "s like '_'"), ("find(s, \"a\")", "nullif(strpos(s, 'a'), 0)"), ("find(s, \"é\")", "nullif(strpos(s, 'é'), 0)"),
                   ("repeat(s, 2)", "repeat(s, 2)"), ("repeat(s, 0)", "repeat(s, 0)"), ("split(s, \",\")", "string_split(s, ',')"), ("split(s, \" \")", "string_split(s, ' ')"), 
                   ("s == \"AAA\"", "coalesce(s = 'AAA', false)"), ("s < \"a\"", "coalesce(s < 'a', false)"), ("s in [\"a\", \"\"]", "coalesce(s in ('a', ''), false)"), ("null_if(s, \"\")", "nullif(s, '')"), ("s ?? \"none\"", "coalesce(s, 'none')")]:
    expr(ours, text)
for name, fn in [("title", lambda s: " ".join(w[:1].upper() + w[1:].lower() for w in s.split(" "))), ("len", len)]:
    rows("t |> where s in [\"new york\", \"AAA\", \"naïve café\", \"a\", \"\"] |> select id, v = " + name + "(s)", ["id", "v"], [(r["id"], fn(r["s"])) for r in R["t"] if r["s"] in ("new york", "AAA", "naïve café", "a", "")])
for code, fn in [("s[1]", lambda s: s[0] if s else None), ("s[-1]", lambda s: s[-1] if s else None), ("s[2..3]", lambda s: s[1:3]), ("at(s, 2)", lambda s: s[1] if len(s) > 1 else None), ("pad(s, 6)", lambda s: s.rjust(6)),
                 ("pad(s, 6, \"0\", side: \"right\")", lambda s: s.ljust(6, "0")), ("trim(s, \"ab\")", lambda s: s.strip("ab")), ("sub(s, r\"\\d+\", \"#\")", lambda s: re.sub(r"\d+", "#", s)),
                 ("sub(s, r\"(\\w)(\\w)\", r\"\\2\\1\")", lambda s: re.sub(r"(\w)(\w)", r"\2\1", s)), ("extract(s, r\"(\\d+)\")", lambda s: m.group(1) if (m := re.search(r"(\d+)", s)) else None),
                 ("extract(s, r\"([a-z])(\\d)\", group: 2)", lambda s: m.group(2) if (m := re.search(r"([a-z])(\d)", s)) else None), ("extract(s, r\"\\w+\")", lambda s: m.group(0) if (m := re.search(r"\w+", s)) else None),
                 ("len(split(s, \"a\"))", lambda s: len(s.split("a"))), ("split(s, \"a\")[1]", lambda s: s.split("a")[0]), ("f\"<{s}>\"", lambda s: f"<{s}>"), ("int(extract(s, r\"y(\\d+)\"))", lambda s: int(m.group(1)) if (m := re.search(r"y(\d+)", s)) else None)]:
    each(code, lambda r, fn=fn: None if r["s"] is None else fn(r["s"])) if "f\"" not in code else rows("t |> drop_null s |> select id, v = f\"<{s}>\"", ["id", "v"], [(r["id"], f"<{r['s']}>") for r in R["t"] if r["s"] is not None])
for pattern in [r"^a", r"\d", r"a.b", r"^$", r"[A-Z]+", r"é$", r"\s", r"(?i)aaa", r"^\w+$"]:
    rows(f"t |> where matches(s, r\"{pattern}\") |> select id", ["id"], [(r["id"],) for r in R["t"] if r["s"] is not None and re.search(pattern, r["s"])])
rows("t |> select id, s |> extract s, r\"^(\\w)(.*)$\", into: [first, rest]", ["id", "s", "first", "rest"], [(r["id"], r["s"], *((m.groups() if (m := re.match(r"^(\w)(.*)$", r["s"])) else (None, None)) if r["s"] is not None else (None, None))) for r in R["t"]])
rows("t |> select id, v = f\"{x}/{k:03d}\" |> take 5 sort id |> select id", ["id"], [(i,) for i in range(1, 6)])
for mark, fmt in [("y:.2f", ".2f"), ("x:>5", ">5"), ("y:+.1f", "+.1f"), ("y:,.0f", ",.0f"), ("x:05d", "05d"), ("y:10.3e", "10.3e")]:
    col = mark[0]
    rows("t |> drop_null " + col + " |> select id, v = f\"{" + mark + "}\"", ["id", "v"], [(r["id"], format(r[col], fmt)) for r in R["t"] if r[col] is not None])

# ---- dates and times ----------------------------------------------------------------------------------------------
start("times")
for col, extra in [("d", []), ("m", ["hour", "minute", "second"])]:
    for part, text in [("year", "year({})"), ("quarter", "quarter({})"), ("month", "month({})"), ("day", "day({})"), ("weekday", "isodow({})"), ("yearday", "dayofyear({})"), ("week", "week({})"), ("hour", "hour({})"), ("minute", "minute({})"), ("second", "second({})")]:
        if part not in ("hour", "minute", "second") or col == "m":
            expr(f"{part}({col})", text.format(col))
    expr(f"is_weekend({col})", f"isodow({col}) > 5")
    for step, text in [("1mo", "interval 1 month"), ("13mo", "interval 13 month"), ("1y", "interval 1 year"), ("4y", "interval 4 year"), ("1q", "interval 3 month"), ("1w", "interval 7 day"), ("30d", "interval 30 day")]:
        cast = "::date" if col == "d" else ""
        expr(f"{col} + {step}", f"({col} + {text}){cast}")
        expr(f"{col} - {step}", f"({col} - {text}){cast}")
    for width, text in [("1d", "date_trunc('day', {})"), ("1w", "date_trunc('week', {})"), ("1mo", "date_trunc('month', {})"), ("1q", "date_trunc('quarter', {})"), ("1y", "date_trunc('year', {})")]:
        cast = "::date" if col == "d" else "::timestamp"
        expr(f"bin({col}, {width})", text.format(col) + cast)
for width, text in [("15min", "15 minutes"), ("1h", "1 hour"), ("6h", "6 hours"), ("30s", "30 seconds"), ("7min", "7 minutes")]:
    if width != "7min":
        expr(f"bin(m, {width})", f"time_bucket(interval '{text}', m, timestamp '1970-01-01')")
for step, text in [("90min", "interval 90 minute"), ("250ms", "interval 250 millisecond"), ("0.5s", "interval 500 millisecond"), ("2h", "interval 2 hour"), ("1d", "interval 1 day")]:
    expr(f"m + {step}", f"m + {text}")
    expr(f"m - {step}", f"m - {text}")
expr("seconds(m - @2020-01-01T00:00)", "epoch_us(m) / 1e6 - epoch_us(timestamp '2020-01-01') / 1e6")
expr("minutes(m - @2020-01-01)", "(epoch_us(m) - epoch_us(timestamp '2020-01-01')) / 6e7")
expr("hours(m - @2020-01-01)", "(epoch_us(m) - epoch_us(timestamp '2020-01-01')) / 36e8")
expr("days(d - @2020-02-28)", "(d - date '2020-02-28')::double")
expr("days(@2020-03-01 - d)", "(date '2020-03-01' - d)::double")
expr("date(m)", "m::date")
expr("datetime(d)", "d::timestamp")
expr("str(d)", "d::varchar")
expr("d == date(m)", "d is not distinct from m::date")
expr("d > @2019-12-31", "coalesce(d > date '2019-12-31', false)")
expr("d in @2019-01-31..@2020-02-29", "coalesce(d between date '2019-01-31' and date '2020-02-29', false)")
expr("d in @2019-01-31..<@2020-02-29", "coalesce(d >= date '2019-01-31' and d < date '2020-02-29', false)")
expr("m in @2019-01-01..<@2020-03-01", "coalesce(m >= timestamp '2019-01-01' and m < timestamp '2020-03-01', false)")
expr("m >= @2020-02-29", "coalesce(m >= timestamp '2020-02-29', false)")
expr("m in ..@2020-03-29T02:30", "coalesce(m <= timestamp '2020-03-29 02:30', false)")
expr("date(year(d), month(d), 1)", "make_date(year(d), month(d), 1)")
expr("least(d, date(m))", "case when d is not null and m is not null then least(d, m::date) end")
expr("bin(m, 1d) + 1mo - 1d", "date_trunc('day', m)::timestamp + interval 1 month - interval 1 day")


def months(a, b):
    """Whole months from a to b: the greatest n with a plus n months (clamped) not after b."""
    if a is None or b is None:
        return None
    def plus(n):
        y, m = divmod(a.year * 12 + a.month - 1 + n, 12)
        return D(y, m + 1, min(a.day, calendar.monthrange(y, m + 1)[1]))
    n = 0
    while b >= a and plus(n + 1) <= b:
        n += 1
    while b < a and plus(n) > b:
        n -= 1
    return n + 1 if b < a and plus(n) != b else n


each("months_between(d, @2020-02-29)", lambda r: months(r["d"], D(2020, 2, 29)))
each("months_between(@2019-01-31, d)", lambda r: months(D(2019, 1, 31), r["d"]))
each("age(d, @2024-02-28)", safe(lambda r: math.trunc(months(r["d"], D(2024, 2, 28)) / 12)))
for pat in ["%Y-%m-%d", "%d.%m.%y", "%H:%M:%S", "%A %a", "%B %b", "%j", "%u", "%I %p", "%Y%m%dT%H%M", "%G-W%V", "%e", "%y", "%f", "%U %W", "%%", "%F %T", "%w"]:
    want = {"%e": lambda v: f"{v.day:2d}", "%F %T": lambda v: v.strftime("%Y-%m-%d %H:%M:%S")}.get(pat, lambda v, pat=pat: v.strftime(pat))
    each(f"format_time(m, \"{pat}\")", lambda r, want=want: None if r["m"] is None else want(r["m"]))
for text, pat in [("31.01.2019 08:30", "%d.%m.%Y %H:%M"), ("02/29/20", "%m/%d/%y"), ("Mar 5 2021", "%b %d %Y"), ("20190131T0830", "%Y%m%dT%H%M"), ("8:05 PM 2019-07-04", "%I:%M %p %Y-%m-%d"), ("2019-02-30", "%Y-%m-%d"), ("x", "%Y"), ("2019 200", "%Y %j"),
                  ("1999-12-31 23:59:59.125", "%Y-%m-%d %H:%M:%S.%f"), ("5 March 2020", "%d %B %Y"), ("2019-07-01T12:00:00+0200", "%Y-%m-%dT%H:%M:%S%z"), ("2019-07-01 12:00 -03:30", "%Y-%m-%d %H:%M %z"), ("2020 366", "%Y %j"), ("2019-02-28x", "%Y-%m-%d")]:
    try:
        value = T.strptime(text, pat)
        value = value.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) if value.tzinfo else value
    except ValueError:
        value = None
    rows(f"frame(s: [\"{text}\", null]) |> select v = parse_time(s, \"{pat}\")", ["v"], [(value,), (None,)])
for zone in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]:
    zi = ZoneInfo(zone)

    def wall(v, zi=zi):
        """A wall clock in a zone: the earlier of two, one that does not exist moved on."""
        return v.replace(tzinfo=zi, fold=0).astimezone(ZoneInfo("UTC")).astimezone(zi)

    def show(v):
        off = v.utcoffset().total_seconds() / 60
        base = v.replace(tzinfo=None)
        frac = f".{v.microsecond:06d}".rstrip("0") if v.microsecond else ""
        return f"{base:%Y-%m-%d %H:%M:%S}{frac}" + ("Z" if zone == "UTC" else f"{'+' if off >= 0 else '-'}{int(abs(off) // 60):02d}:{int(abs(off) % 60):02d}")

    each(f"tz(m, \"{zone}\")", lambda r: None if r["m"] is None else show(wall(r["m"])))
    each(f"local_time(tz(tz(m, \"UTC\"), \"{zone}\"))", lambda r: None if r["m"] is None else r["m"].replace(tzinfo=ZoneInfo("UTC")).astimezone(zi).replace(tzinfo=None))
    each(f"hour(tz(tz(m, \"UTC\"), \"{zone}\"))", lambda r: None if r["m"] is None else r["m"].replace(tzinfo=ZoneInfo("UTC")).astimezone(zi).hour)
    each(f"str(bin(tz(tz(m, \"UTC\"), \"{zone}\"), 1mo))", lambda r: None if r["m"] is None else show(wall((lambda v: T(v.year, v.month, 1))(r["m"].replace(tzinfo=ZoneInfo("UTC")).astimezone(zi)))))
rows("frame(n: seq(@2019-01-31, @2019-05-31, 1mo))", ["n"], [(D(2019, 1, 31),), (D(2019, 2, 28),), (D(2019, 3, 31),), (D(2019, 4, 30),), (D(2019, 5, 31),)])
frame("frame(n: seq(@2020-02-27, @2020-03-02))", pd.DataFrame({"n": [x.date() for x in pd.date_range("2020-02-27", "2020-03-02")]}))
frame("frame(n: seq(@2020-02-28T18:00, @2020-02-29T12:00, 6h))", pd.DataFrame({"n": [x.to_pydatetime() for x in pd.date_range("2020-02-28 18:00", "2020-02-29 12:00", freq="6h")]}))
days = L["s"]
for every, step in [("1d", "1d"), ("1w", "1w"), ("2d", "2d")]:
    base = days.unique(subset="day", keep="first", maintain_order=True).select("day", "n").sort("day")
    kept = base if every == "1d" else None
    if kept is not None:
        frame(f"s |> distinct day |> select day, n |> fill_gaps day, every: {every}", kept.upsample("day", every=step))
frame("s |> where n is not null |> select shop, day, n |> distinct shop, day |> fill_gaps day, every: 1d by shop",
      pl.concat([g.sort("day").upsample("day", every="1d").with_columns(pl.lit(k[0]).alias("shop")) for k, g in days.filter(pl.col("n").is_not_null()).select("shop", "day", "n").unique(subset=["shop", "day"], keep="first", maintain_order=True).sort("shop").group_by("shop", maintain_order=True)]).select("shop", "day", "n"))
frame("frame(day: [@2019-01-31, @2019-04-30], v: [1, 2]) |> fill_gaps day, every: 1mo", pl.DataFrame({"day": [D(2019, 1, 31), D(2019, 2, 28), D(2019, 3, 31), D(2019, 4, 30)], "v": [1, None, None, 2]}))
frame("frame(i: [3, 9, 5], v: [1, 2, 3]) |> fill_gaps i, every: 2", pd.DataFrame({"i": [3, 5, 7, 9], "v": [1, 3, None, 2]}))

# ---- aggregates ---------------------------------------------------------------------------------------------------
start("aggregates")
AGGS = [("count()", "count(*)"), ("count(y)", "count(y)"), ("n_distinct(x)", "count(distinct x)"), ("n_distinct(s)", "count(distinct s)"), ("approx_distinct(x)", "count(distinct x)"), ("sum(x)", "coalesce(sum(x), 0)"), ("sum(y)", "coalesce(sum(y), 0.0)"),
        ("sum(b)", "coalesce(sum(b::int), 0)"), ("mean(x)", "avg(x)"), ("mean(y)", "avg(y)"), ("mean(b)", "avg(b::int)"), ("median(x)", "median(x)"), ("median(y)", "median(y)"), ("sd(y)", "stddev_samp(y)"), ("var(x)", "var_samp(x)"),
        ("min(x)", "min(x)"), ("max(y)", "max(y)"), ("min(s)", "min(s)"), ("max(s)", "max(s)"), ("min(d)", "min(d)"), ("max(m)", "max(m)"), ("max(z)", "max(z)"), ("min(z)", "min(z)"), ("quantile(y, .9)", "quantile_cont(y, 0.9)"), ("quantile(x, .25)", "quantile_cont(x, 0.25)"),
        ("quantile(y, 0)", "quantile_cont(y, 0)"), ("quantile(y, 1)", "quantile_cont(y, 1)"), ("any(b)", "coalesce(bool_or(b), false)"), ("all(b)", "coalesce(bool_and(b), true)"), ("corr(x, y)", "corr(x, y)"), ("cov(x, y)", "covar_samp(x, y)"),
        ("skew(x)", "case when var_samp(x) = 0 then case when count(x) > 2 then 0.0 end else skewness(x) end"), ("kurtosis(x)", "kurtosis(x)"), ("count(where: x > 0)", "count(*) filter (where x > 0)"), ("sum(y, where: b)", "coalesce(sum(y) filter (where b), 0.0)"), ("mean(x, where: not b)", "avg(x) filter (where not coalesce(b, false))"),
        ("max(x) - min(x)", "max(x) - min(x)"), ("sum(x * k)", "coalesce(sum(x * k), 0)"), ("mean(abs(y))", "avg(abs(y))"), ("sum(x) / count()", "coalesce(sum(x), 0) / count(*)"), ("sum(if(x > 0, 1, 0))", "coalesce(sum(case when x > 0 then 1 else 0 end), 0)"),
        ("arg_max(id, x)", "arg_max(id, x order by id)"), ("arg_min(id, y)", "arg_min(id, y order by id)"), ("join_str(g, \"-\")", "string_agg(g, '-' order by id)"), ("join_str(s)", "string_agg(s, ', ' order by id)"), ("list(x)", "coalesce(list(x order by id) filter (where x is not null), [])"),
        ("first(x)", "first(x order by id) filter (where x is not null)"), ("last(s)", "last(s order by id) filter (where s is not null)"), ("mode(x)", "mode_least"), ("wmean(y, k)", "sum(y * k) / sum(case when y is not null then k end)"),
        ("sum(x > 0)", "coalesce(sum((x > 0)::int) filter (where true), 0)"), ("n_distinct(d)", "count(distinct d)"), ("median(y, where: x > 0)", "median(y) filter (where x > 0)")]
for ours, text in AGGS:
    def q(select, where="true", tail=""):
        return f"select {select}{text} as v from t where {where} {tail}"
    if text == "mode_least":
        for by in ["", "g", "k"]:
            tab = P["t"].assign(one=1)
            keyed = tab.groupby(by or "one", dropna=False, sort=True).x.apply(lambda v: v.dropna().mode().min() if v.notna().any() else None)
            frame(f"t |> summarize v = mode(x)" + (f" by {by}" if by else ""), pd.DataFrame({**({by: keyed.index} if by else {}), "v": keyed.to_numpy()}))
        continue
    loose = "kurtosis" in ours or "skew" in ours or "corr" in ours
    sql(f"t |> summarize v = {ours}", q(""))
    sql(f"t |> where id < 0 |> summarize v = {ours}", q("", "id < 0"))
    sql(f"t |> summarize v = {ours} by g", q("g, ", tail="group by g order by g nulls last") if not loose else f"select g, case when isfinite(v) then v end as v from ({q('g, ', tail='group by g')}) order by g nulls last")
    sql(f"t |> where k < 3 |> summarize v = {ours} by k, g" if not loose else f"t |> summarize n = count() by k, g", q("k, g, ", "k < 3", "group by k, g order by k, g nulls last") if not loose else "select k, g, count(*) as n from t group by k, g order by k nulls last, g nulls last")
    sql(f"t |> where id < 0 |> summarize v = {ours} by g", q("g, ", "id < 0", "group by g"))
sql("t |> summarize n = count(), avg = mean(y), both = n * avg by g", "select g, count(*) as n, avg(y) as avg, count(*) * avg(y) as both from t group by g order by g nulls last")
sql("t |> summarize y = mean(y), top = max(y), gap = top - y by k", "select k, avg(y) as y, max(y) as top, max(y) - avg(y) as gap from t group by k order by k nulls last")
sql("t |> summarize n = count() by year = year(d), big = x > 0", "select year(d) as year, coalesce(x > 0, false) as big, count(*) as n from t group by all order by 1 nulls last, 2")
sql("t |> summarize across([k, x, y], c -> mean(c), name: \"{col}_avg\") by b", "select b, avg(k) as k_avg, avg(x) as x_avg, avg(y) as y_avg from t group by b order by b nulls last")
sql("t |> summarize mean(y), count() by g", "select g, avg(y) as \"mean(y)\", count(*) as \"count()\" from t group by g order by g nulls last")
sql("t |> count g, big = x > 2, name: \"rows\"", "select g, coalesce(x > 2, false) as big, count(*) as rows from t group by all order by rows desc, g nulls last, big")
sql("t |> count", "select count(*) as n from t")
sql("v |> summarize n = count() by p", "select p, count(*) as n from (select case when p = 0 then 0.0 else p end as p from v) group by p order by p nulls last")
sql("v |> summarize n = n_distinct(p)", "select count(distinct case when p = 0 then 0.0 else p end) as n from v")
y = P["t"].y
for name in ["skew", "kurt"]:
    frame(f"t |> summarize v = {name + ('osis' if name == 'kurt' else '')}(y) by k", pd.DataFrame([(k, getattr(v.y, name)()) for k, v in P["t"].groupby("k", dropna=False)], columns=["k", "v"]))
pairs = [(r["x"], r["k"]) for r in R["t"] if r["x"] is not None and r["k"] is not None]
e = [a - b for a, b in pairs]
mx = sum(a for a, _ in pairs) / len(pairs)
rows("t |> summarize rmse(x, k), mae(x, k), r2(x, k)", ["rmse(x, k)", "mae(x, k)", "r2(x, k)"], [(math.sqrt(sum(v * v for v in e) / len(e)), sum(map(abs, e)) / len(e), 1 - sum(v * v for v in e) / sum((a - mx) ** 2 for a, _ in pairs))])
frame("t |> summarize v = nth(x, 2), w = nth(x, -1) by k", pd.DataFrame([(k, v.x.iloc[1] if len(v) > 1 else None, v.x.iloc[-1]) for k, v in P["t"].groupby("k", dropna=False)], columns=["k", "v", "w"]))

# ---- windows ------------------------------------------------------------------------------------------------------
start("windows")
OVER = [("", ""), ("by g", "partition by g"), ("by k, b", "partition by k, b")]
for clause, part in OVER:
    for ours, text in [("sum(x)", "coalesce(sum(x) over ({}), 0)"), ("mean(y)", "avg(y) over ({})"), ("count()", "count(*) over ({})"), ("max(s)", "max(s) over ({})"), ("min(d)", "min(d) over ({})"), ("median(y)", "median(y) over ({})"), ("sd(x)", "stddev_samp(x) over ({})"),
                       ("n_distinct(x)", "count(distinct x) over ({})"), ("y - mean(y)", "y - avg(y) over ({})"), ("x / sum(x)", "case when sum(x) over ({0}) <> 0 then x / sum(x) over ({0}) when x > 0 then 'inf'::double when x < 0 then '-inf'::double end"), ("any(b)", "coalesce(bool_or(b) over ({}), false)"),
                       ("count(where: x > 0)", "count(*) filter (where x > 0) over ({})"), ("quantile(y, .75)", "quantile_cont(y, 0.75) over ({})")]:
        sql(f"t |> derive v = {ours} {clause} |> select id, v", f"select id, {text.format(part)} as v from t order by id")
    for ours, text in [("rank(x)", "rank() over ({} order by x)"), ("dense_rank(x)", "dense_rank() over ({} order by x)"), ("rank(-y)", "rank() over ({} order by y desc)"), ("rank(s)", "rank() over ({} order by s)"), ("dense_rank(-d)", "dense_rank() over ({} order by d desc)")]:
        key = re.search(r"by (\w)", text).group(1)
        col = re.search(r"-?(\w)\)", ours).group(1)
        p = (part + ", " if part else "partition by ") + f"{col} is null"
        sql(f"t |> derive v = {ours} {clause} |> select id, v", f"select id, case when {col} is not null then {text.format(p)} end as v from t order by id")
    full = part or ""
    for ours, text in [("row_number()", "row_number() over ({})"), ("lag(x)", "lag(x) over ({})"), ("lead(s)", "lead(s) over ({})"), ("lag(y, 3)", "lag(y, 3) over ({})"), ("lead(x, 2, 0)", "lead(x, 2, 0) over ({})"), ("lag(d)", "lag(d) over ({})"), ("diff(x)", "x - lag(x) over ({})"), ("diff(y, 2)", "y - lag(y, 2) over ({})"),
                       ("pct_change(y)", "y / lag(y) over ({}) - 1"), ("cumsum(x)", "case when x is not null then sum(x) over ({} rows unbounded preceding) end"), ("cummin(y)", "case when y is not null then min(y) over ({} rows unbounded preceding) end"),
                       ("cummax(x)", "case when x is not null then max(x) over ({} rows unbounded preceding) end"), ("fill_down(s)", "last_value(s ignore nulls) over ({} rows unbounded preceding)"), ("fill_down(x)", "last_value(x ignore nulls) over ({} rows unbounded preceding)"),
                       ("sum(x, last: all)", "coalesce(sum(x) over ({} rows unbounded preceding), 0)"), ("count(last: all)", "count(*) over ({} rows unbounded preceding)"), ("mean(y, last: 3)", "avg(y) over ({} rows 2 preceding)"), ("sum(x, last: 4)", "coalesce(sum(x) over ({} rows 3 preceding), 0)"),
                       ("min(y, last: 5)", "min(y) over ({} rows 4 preceding)"), ("max(s, last: 2)", "max(s) over ({} rows 1 preceding)"), ("sum(y, rows: -2..2)", "coalesce(sum(y) over ({} rows between 2 preceding and 2 following), 0.0)"),
                       ("mean(x, rows: -3..-1)", "avg(x) over ({} rows between 3 preceding and 1 preceding)"), ("max(x, rows: 1..2)", "max(x) over ({} rows between 1 following and 2 following)"), ("count(y, rows: -1..1)", "count(y) over ({} rows between 1 preceding and 1 following)"),
                       ("sd(y, last: 4)", "stddev_samp(y) over ({} rows 3 preceding)"), ("var(x, rows: -1..3)", "var_samp(x) over ({} rows between 1 preceding and 3 following)"), ("median(x, last: 5)", "median(x) over ({} rows 4 preceding)"), ("n_distinct(k, last: 6)", "count(distinct k) over ({} rows 5 preceding)"),
                       ("first(x, last: 3)", "first_value(x ignore nulls) over ({} rows 2 preceding)"), ("last(x, rows: -2..0)", "last_value(x ignore nulls) over ({} rows 2 preceding)"), ("any(b, last: 3)", "coalesce(bool_or(b) over ({} rows 2 preceding), false)"), ("sum(x, rows: 0..)", "coalesce(sum(x) over ({} rows between current row and unbounded following), 0)"),
                       ("min(x, rows: ..-1)", "min(x) over ({} rows between unbounded preceding and 1 preceding)"), ("count(rows: ..0)", "count(*) over ({} rows unbounded preceding)"), ("max(d, rows: 1..)", "max(d) over ({} rows between 1 following and unbounded following)"), ("mean(y, rows: 0..<3)", "avg(y) over ({} rows between current row and 2 following)"), ("quantile(y, .5, last: 4)", "quantile_cont(y, 0.5) over ({} rows 3 preceding)"), ("mean(y, last: 3, min: 3)", "case when count(y) over ({0} rows 2 preceding) >= 3 then avg(y) over ({0} rows 2 preceding) end"), ("mean(lag(x), last: 2)", "(select null)")]:
        if text == "(select null)":
            sql(f"t |> derive v = mean(lag(x), last: 2) {clause} sort id |> select id, v", f"select id, avg(l) over ({full} order by id rows 1 preceding) as v from (select *, lag(x) over ({full} order by id) as l from t) order by id")
            continue
        sql(f"t |> derive v = {ours} {clause} sort id |> select id, v", f"select id, {text.format(full + ' order by id')} as v from t order by id")
        if ours in ("lag(x)", "cumsum(x)", "row_number()", "mean(y, last: 3)", "sum(x, last: all)", "fill_down(s)"):
            sql(f"t |> derive v = {ours} {clause} sort -y, s |> select id, v", f"select id, {text.format(full + ' order by y desc nulls last, s nulls last, id')} as v from t order by id")
            sql(f"t |> derive v = {ours} {clause} sort d, nulls: first |> select id, v", f"select id, {text.format(full + ' order by d nulls first, id')} as v from t order by id")
pd_t = P["t"]
for by in [None, "g"]:
    groups = [pd_t] if by is None else [v for _, v in pd_t.groupby(by, dropna=False)]
    tail = f" by {by}" if by else ""

    def whole(fn, groups=groups):
        return pd.DataFrame({"id": pd_t.id, "v": pd.concat([fn(v) for v in groups]).reindex(pd_t.index)})
    frame(f"t |> derive v = ewm(y, span: 3){tail} sort id |> select id, v", whole(lambda v: v.y.ewm(span=3).mean()))
    frame(f"t |> derive v = ewm(y, alpha: 0.3){tail} sort id |> select id, v", whole(lambda v: v.y.ewm(alpha=0.3).mean()))
    frame(f"t |> derive v = ewm(x, halflife: 2){tail} sort id |> select id, v", whole(lambda v: v.x.astype(float).ewm(halflife=2).mean()))
    frame(f"t |> derive v = cumprod(k){tail} sort id |> select id, v", whole(lambda v: v.k.astype(float).cumprod()))
    frame(f"t |> derive v = rank(x){tail} |> select id, v", whole(lambda v: v.x.rank(method="min")))
sql("t |> drop_null y |> derive v = ntile(y, 4) |> select id, v", "select id, ntile(4) over (order by y, id) as v from t where y is not null order by id")
sql("t |> drop_null x |> derive v = ntile(x, 3) by b |> select id, v", "select id, ntile(3) over (partition by b order by x, id) as v from t where x is not null order by id")
sql("t |> drop_null y |> derive v = pct_rank(y), w = cume_dist(y) by k |> select id, v, w", "select id, percent_rank() over (partition by k order by y) as v, cume_dist() over (partition by k order by y) as w from t where y is not null order by id")
for ours, agg in [("sum(v, last: 90min)", "coalesce(sum(v) {}, 0)"), ("mean(v, last: 3h)", "avg(v) {}"), ("count(last: 1h)", "count(*) {}"), ("max(v, last: 1d)", "max(v) {}"), ("min(v, last: 91min)", "min(v) {}")]:
    back = {"90min": 90, "3h": 180, "1h": 60, "1d": 1440, "91min": 91}[re.search(r"last: (\w+)", ours).group(1)]
    for clause, cond in [("", "true"), ("by c", "o.c is not distinct from e.c")]:
        got = f"(select {agg.format('')} from e o where {cond} and o.ts <= e.ts and o.ts > e.ts - interval {back} minute)"
        got = f"case when e.ts is not null then {got} end"
        sql(f"e |> drop_null ts |> derive r = {ours} {clause} sort ts |> select v, r", f"select v, {got} as r from e where ts is not null order by v".replace("sum(v)", "sum(o.v)").replace("avg(v)", "avg(o.v)").replace("max(v)", "max(o.v)").replace("min(v)", "min(o.v)"))
for width, back in [("2d", 2), ("7d", 7), ("1w", 7)]:
    sql(f"s |> derive v = sum(n, last: {width}) by shop sort day |> select day, shop, v", f"select day, shop, (select coalesce(sum(o.n), 0) from s o where o.shop = s.shop and o.day <= s.day and o.day > s.day - {back}) as v from s order by rowid")
    sql(f"s |> derive v = mean(r, last: {width}) sort day |> select day, v", f"select day, (select avg(o.r) from s o where o.day <= s.day and o.day > s.day - {back}) as v from s order by rowid")
for cond, q in [("y == max(y) by g", "y is not distinct from my"), ("row_number() == 1 by g sort id", "rn = 1"), ("x > mean(x) by g", "coalesce(x > ax, false)"), ("count() > 4 by g", "n > 4")]:
    sql(f"t |> where {cond} |> select id, g", f"select id, g from (select *, max(y) over w as my, avg(x) over w as ax, count(*) over w as n, row_number() over (partition by g order by id) as rn from t window w as (partition by g)) where {q} order by id")
for clause, part in OVER[:2]:  # of a constant
    for ours, text in [("cumsum(1)", "row_number() over ({})"), ("lag(1)", "lag(1) over ({})"), ("lead(1, 2, 0)", "lead(1, 2, 0) over ({})"), ("fill_down(\"q\")", "'q'"), ("diff(2)", "2 - lag(2) over ({})"), ("cummax(@2020-01-01)", "date '2020-01-01'"), ("pct_change(2)", "lag(0.0) over ({})"),
                       ("sum(1, last: 3)", "count(*) over ({} rows 2 preceding)"), ("max(\"a\", rows: -1..1)", "'a'"), ("cumsum(true)", "row_number() over ({})")]:
        sql(f"t |> derive v = {ours} {clause} sort id |> select id, v", f"select id, {text.format(part + ' order by id')} as v from t order by id")
sql("t |> derive a = lag(x), c = a + 1, v = c - x sort id |> select id, a, c, v", "select id, a, a + 1 as c, a + 1 - x as v from (select *, lag(x) over (order by id) as a from t) order by id")
sql("t |> derive x = x * 2, y = x + 1 |> select id, x, y", "select id, x * 2 as x, x * 2 + 1 as y from t order by id")

# ---- taking, sorting, choosing ------------------------------------------------------------------------------------
start("rows")
for n in [1, 3, 0, 100]:
    sql(f"t |> take {n} |> select id", f"select id from t order by id limit {n}")
    sql(f"t |> take -{n} |> select id", f"select id from (select id from t order by id desc limit {n}) order by id")
    sql(f"t |> skip {n} |> select id", f"select id from t order by id offset {n}")
    sql(f"t |> skip -{n} |> select id", f"select id from t where id <= 26 - {n} order by id")
    sql(f"t |> take {n} sort -y, id |> select id, y", f"select id, y from t order by y desc nulls last, id limit {n}")
    sql(f"t |> take {n} by g sort -x, id |> select g, id", f"select g, id from (select *, row_number() over (partition by g order by x desc nulls last, id) as r from t) where r <= {n} order by g nulls last, r")
    sql(f"t |> take -{n} by g sort x, id |> select g, id", f"select g, id from (select *, row_number() over (partition by g order by x desc nulls first, id desc) as r from t) where r <= {n} order by g nulls last, r desc")
    sql(f"t |> take {n} by k |> select k, id", f"select k, id from (select *, row_number() over (partition by k order by id) as r from t) where r <= {n} order by k nulls last, r")
sql("t |> sort g, -k, x |> select id", "select id from t order by g nulls last, k desc nulls last, x nulls last, id")
sql("t |> sort -s |> select id, s", "select id, s from t order by s desc nulls last, id")
sql("t |> sort -b, d, nulls: first |> select id", "select id from t order by b desc nulls first, d nulls first, id")
sql("t |> sort abs(y), -id |> select id", "select id from t order by abs(y) nulls last, id desc")
sql("t |> sort len(s), x % 3 |> select id", "select id from t order by length(s) nulls last, x - 3 * floor(x / 3)::bigint nulls last, id")
sql("t |> sort z |> select id, z", "select id, z from t order by z nulls last, id")
sql("t |> sort -z |> select id, z", "select id, z from t order by z desc nulls last, id")
sql("v |> sort p, j |> select p, j", "select p, j from v order by p nulls last, j nulls last, rowid")
sql("t |> distinct g, b |> select id", "select min(id) as id from t group by g, b order by 1")
sql("t |> distinct g sort -x, id |> select id, g, x", "select id, g, x from (select *, row_number() over (partition by g order by x desc nulls last, id) as r from t) where r = 1 order by id")
sql("t |> select g, b |> distinct", "select g, b from t group by g, b order by min(id)")
sql("v |> select p |> distinct", "select p from (select case when p = 0 then 0.0 else p end as p, rowid as i from v) group by p order by min(i)")
sql("t |> select id, all() |> take 1 |> select id, g", "select id, g from t where id = 1")
sql("t |> select type(num) - id |> take 3", "select k, x, y, z from t order by id limit 3")
sql("t |> select type(str) |> take 3", "select g, s from t order by id limit 3")
sql("t |> select k..y |> take 3", "select k, x, y from t order by id limit 3")
sql("t |> drop type(num), m |> take 3", "select g, s, b, d from t order by id limit 3")
sql("w |> select starts(\"q\")", "select q1, q2, q3 from w")
sql("w |> select ends(\"2\"), contains(\"ho\")", "select q2, who from w")
sql("w |> select matches(r\"^q[13]$\")", "select q1, q3 from w")
sql("w |> rename a = q1, c = who", "select id, q1 as a, q2, q3, who as c from w")
sql("w |> rename starts(\"q\"), c -> upper(c)", "select id, q1 as \"Q1\", q2 as \"Q2\", q3 as \"Q3\", who from w")
sql("w |> select id, total = q1 + q3, q1", "select id, q1 + q3 as total, q1 from w")
sql("w |> derive q1 = q1 * 2, t = [q1, q2, q3]", "select id, q1 * 2 as q1, q2, q3, who, [q1 * 2.0, q2, q3] as t from w")
sql("w |> select id, s = sum([starts(\"q\")]), m = mean([starts(\"q\")]), n = count([starts(\"q\")]), top = max([q1, q3])", "select id, coalesce(q1, 0) + coalesce(q2, 0) + coalesce(q3, 0) as s, list_avg([q1, q2, q3]) as m, (q1 is not null)::int + (q2 is not null)::int + (q3 is not null)::int as n, list_max([q1, q3]) as top from w")
sql("w |> derive across([q1, q3], c -> c + 1, name: \"{col}_next\") |> select id, q1_next, q3_next", "select id, q1 + 1 as q1_next, q3 + 1 as q3_next from w")
sql("t |> where x > 0, y is not null |> select id", "select id from t where x > 0 and y is not null order by id")
sql("t |> where g in [\"a\", \"ä\"] and not b |> select id", "select id from t where g in ('a', 'ä') and not coalesce(b, false) order by id")

# ---- joins --------------------------------------------------------------------------------------------------------
start("joins")
KEYS = [("k", "t.k = u.k", ["k"]), ("g", "t.g = u.g", ["g"]), ("k, g", "t.k = u.k and t.g = u.g", ["k", "g"])]
for on, cond, keys in KEYS:
    other = {"k": "u.g as g_right, ", "g": "u.k as k_right, "}.get(on, "")
    cols = {"inner": "t.id, t.g, t.k, t.x, ", "left": "t.id, t.g, t.k, t.x, "}
    filled = "t.id, " + ", ".join((f"coalesce(t.{c}, u.{c}) as {c}" if c in keys else f"t.{c}") for c in ["g", "k"]) + ", t.x, "
    for kind, text in [("inner", "join"), ("left", "left join")]:
        sql(f"t |> select id, g, k, x |> join u on {on}, kind: {kind}", f"select {cols[kind]}{other}u.w, u.rid from t {text} u on {cond} order by t.id, u.rid")
    for kind, text in [("right", "right join"), ("full", "full join")]:
        sql(f"t |> select id, g, k, x |> join u on {on}, kind: {kind}", f"select {filled}{other}u.w, u.rid from t {text} u on {cond} order by t.id nulls last, u.rid")
    sql(f"t |> select id, g, k |> join u on {on}, kind: semi", f"select id, g, k from t where exists (select 1 from u where {cond}) order by id")
    sql(f"t |> select id, g, k |> join u on {on}, kind: anti", f"select id, g, k from t where not exists (select 1 from u where {cond}) order by id")
    for kind, text in [("inner", "join"), ("left", "left join"), ("full", "full join")]:
        sql(f"t |> select id, g, k, x |> join (u |> where rid > 99) on {on}, kind: {kind}", f"select t.id, t.g, t.k, t.x, {other}u.w, u.rid from t {text} (select * from u where rid > 99) u on {cond} order by t.id")
    sql(f"t |> where id < 0 |> select id, g, k, x |> join u on {on}, kind: right", f"select {filled}{other}u.w, u.rid from (select * from t where id < 0) t right join u on {cond} order by u.rid")
for kind, text in [("inner", "join"), ("left", "left join"), ("right", "right join"), ("full", "full join")]:
    order = "order by t.id nulls last, u.rid"
    sql(f"t |> select id, k |> join (u |> select rid, w) on k == rid, kind: {kind}", f"select t.id, {'coalesce(t.k, u.rid)' if kind in ('right', 'full') else 't.k'} as k, u.w from t {text} u on t.k = u.rid {order}")
    sql(f"t |> select id, s |> join (u |> select g, rid) on lower(s) == g, kind: {kind}", f"select t.id, t.s, u.g, u.rid from t {text} u on lower(t.s) = u.g {order}")
    sql(f"t |> select id, x |> join (u |> select w, rid) on x == w, kind: {kind}", f"select t.id, {'coalesce(t.x, u.w)' if kind in ('right', 'full') else 't.x'} as x, u.rid from t {text} u on t.x = u.w {order}")
    sql(f"t |> select id, k |> join (u |> select k, rid) on k, id < rid, kind: {kind}" if kind in ("inner", "left") else f"t |> select id |> join (u |> select rid) on id == rid, kind: {kind}",
        f"select t.id, t.k, u.rid from t {text} u on t.k = u.k and u.rid > t.id {order}" if kind in ("inner", "left") else f"select coalesce(t.id, u.rid) as id from t {text} u on t.id = u.rid order by t.id nulls last, u.rid")
for kind, text in [("inner", "join"), ("left", "left join")]:
    sql(f"t |> select id, x |> join q on x >= lo, x <= hi, kind: {kind}", f"select t.id, t.x, q.lo, q.hi, q.band from t {text} q on t.x >= q.lo and t.x <= q.hi order by t.id, q.rowid")
    sql(f"t |> select id, x |> join q on x > lo, kind: {kind}", f"select t.id, t.x, q.lo, q.hi, q.band from t {text} q on t.x > q.lo order by t.id, q.rowid")
for kind in ["semi", "anti"]:
    sql(f"t |> select id, x |> join q on x >= lo, x < hi, kind: {kind}", f"select id, x from t where {'not ' if kind == 'anti' else ''}exists (select 1 from q where t.x >= q.lo and t.x < q.hi) order by id")
sql("u |> join (q |> select band), kind: cross", "select u.k, u.g, u.w, u.rid, q.band from u, q order by u.rid, q.rowid")
sql("u |> join u on k, suffix: \"_2\"", "select a.k, a.g, a.w, a.rid, b.g as g_2, b.w as w_2, b.rid as rid_2 from u a join u b on a.k = b.k order by a.rid, b.rid")
sql("t |> where x in $q.lo |> select id, x", "select id, x from t where x in (select lo from q) order by id")
left = P["e"].dropna(subset=["ts"])
right = P["f"].dropna(subset=["tw"])
for direction in ["backward", "forward", "nearest"]:
    for tol in [None, 60, 90]:
        opts = (f", direction: {direction}" if direction != "backward" else "") + (f", tolerance: {tol}min" if tol else "")
        kw = {"direction": direction, "tolerance": pd.Timedelta(minutes=tol) if tol else None}
        a = pd.merge_asof(left.sort_values("ts", kind="stable"), right.drop(columns="c").sort_values("tw", kind="stable"), left_on="ts", right_on="tw", **kw).sort_values("v")
        frame(f"e |> drop_null ts |> join (f |> select tw, price) on ts == tw, kind: asof{opts} |> select v, price", a[["v", "price"]])
        lc, rc = left.dropna(subset=["c"]), right.dropna(subset=["c"])
        a = pd.merge_asof(lc.sort_values("ts", kind="stable"), rc.sort_values("tw", kind="stable"), left_on="ts", right_on="tw", by="c", **kw).sort_values("v")
        frame(f"e |> drop_null ts, c |> join f on c, ts == tw, kind: asof{opts} |> select v, c, price", a[["v", "c", "price"]])

# ---- union, pivots, lists -----------------------------------------------------------------------------------------
start("shapes")
sql("t |> select id, x, g |> take 3 |> union (u |> select x = w, g)", "select id, x::double as x, g from (select 1 as o, id as r, id, x, g from (select * from t order by id limit 3) union all select 2, rid, null, w, g from u) order by o, r")
sql("t |> select x |> union (t |> select x = y)", "select x from (select 1 as o, id, x::double as x from t union all select 2, id, y from t) order by o, id")
sql("t |> select x, k |> take 2 |> union (t |> select a = k, b = x |> take 2), by_position: true", "select x, k from (select 1 as o, id, x, k from t where id < 3 union all select 2, id, k, x from t where id < 3) order by o, id")
frame("t |> select g, k, y |> pivot k, sum(y) by g",
      pd.DataFrame([[g] + [v.y[m].sum() if m.any() else None for m in [(v.k == i).fillna(False) for i in [1, 2, 3, 4]] + [v.k.isna()]] for g, v in P["t"].groupby("g", dropna=False)], columns=["g", "1", "2", "3", "4", "null"]))
sql("t |> drop_null k |> pivot k, count() by b, fill: 0, prefix: \"k\"", "select b, count(*) filter (where k = 1) as k1, count(*) filter (where k = 2) as k2, count(*) filter (where k = 3) as k3, count(*) filter (where k = 4) as k4 from t where k is not null group by b order by b nulls last")
sql("t |> drop_null b |> pivot b, mean(y)", "select avg(y) filter (where not b) as false, avg(y) filter (where b) as true from t")
sql("w |> unpivot starts(\"q\"), names: q, values: v", "select id, who, q, v from (select id, who, unnest(['q1', 'q2', 'q3']) as q, unnest([q1::double, q2, q3]) as v, unnest([1, 2, 3]) as o from w) order by id, o")
sql("w |> select id, q1, q3 |> unpivot q1, q3", "select id, name, value from (select id, unnest(['q1', 'q3']) as name, unnest([q1, q3]) as value, unnest([1, 2]) as o from w) order by id, o")
sql("w |> unpivot q1..q3, names: q, values: v |> drop_null v |> pivot q, sum(v) by id", "select id, sum(q1)::double as q1, sum(q2) as q2, sum(q3)::double as q3 from w group by id order by id")
sql("t |> summarize l = list(x) by k |> unnest l", "select k, x as l from t where x is not null order by k nulls last, id")
sql("t |> select id, p = split(s, \" \") |> unnest p, index: \"n\"", "select id, unnest(p) as p, generate_subscripts(p, 1) as n from (select id, string_split(s, ' ') as p from t where s is not null) order by id, n")
for ours, text in [("len(l)", "len(l)"), ("sum(l)", "coalesce(list_sum(l), 0)"), ("mean(l)", "list_avg(l)"), ("max(l)", "list_max(l)"), ("min(l)", "list_min(l)"), ("sorted(l)", "list_sort(l)"), ("unique(l)", "list(distinct)"), ("l[1]", "l[1]"), ("l[-1]", "l[-1]"), ("l[2..3]", "l[2:3]"), ("contains(l, 2)", "list_contains(l, 2)"),
                   ("map(l, x -> x * 2)", "list_transform(l, lambda x: x * 2)"), ("median(l)", "list_median(l)"), ("sum(map(l, x -> x > 0))", "coalesce(list_sum(list_transform(l, lambda x: (x > 0)::int)), 0)"), ("l + [0]", "list_concat(l, [0])"), ("first(l)", "l[1]"), ("n_distinct(l)", "list_unique(l)"), ("join_str(map(l, x -> str(x)), \"-\")", "nullif(array_to_string(l, '-'), '')")]:
    if ours == "unique(l)":
        rows("t |> summarize l = list(x) by k |> select k, v = unique(l)", ["k", "v"], [(k, list(dict.fromkeys(r["x"] for r in R["t"] if r["k"] == k and r["x"] is not None))) for k in [1, 2, 3, 4, None]])
        continue
    sql(f"t |> summarize l = list(x) by k |> select k, v = {ours}", f"select k, {text} as v from (select k, coalesce(list(x order by id) filter (where x is not null), []) as l from t group by k) order by k nulls last")
sql("t |> drop_null g, b |> crosstab g, b", "select g, count(*) filter (where not b) as false, count(*) filter (where b) as true from t where g is not null and b is not null group by g order by g")
sql("t |> drop_null g, b |> crosstab g, b, share: row", "select g, count(*) filter (where not b) / count(*) as false, count(*) filter (where b) / count(*) as true from t where g is not null and b is not null group by g order by g")
sql("t |> drop_null g, b |> crosstab g, b, share: all", "select g, count(*) filter (where not b) / sum(count(*)) over () as false, count(*) filter (where b) / sum(count(*)) over () as true from t where g is not null and b is not null group by g order by g")
for method in ["pearson", "spearman", "kendall"]:
    c = P["t"][["k", "x", "y"]].astype(float).corr(method=method)
    frame(f"t |> corr k, x, y, method: {method}", c.reset_index(names="column"))
rows("frame(`Body Mass (g)`: [1], `Überschuss %`: [2], `a b`: [3], `A_b`: [4]) |> clean_names |> select body_mass_g, a_b", ["body_mass_g", "a_b"], [(1, 3)])

# ---- SQL where the language's own query front end goes beyond PostgreSQL -------------------------------------------
start("having")
for q in ["select g, count(*) as n from t group by g having n > 3 order by g nulls last", "select k, sum(x) as sx, count(*) as n from t group by k having sx > 0 or n > 5 order by k nulls last", "select g as a, max(y) as top from t group by g having a > 'a' and top > 1 order by a",
          "select g, count(*) as n from t group by all having n between 2 and 5 order by n, g nulls last", "select k, count(*) as k2 from t group by k having k > 2 and k2 > 1 order by k"]:
    sql(f"sql(\"{q}\")", q)
write()

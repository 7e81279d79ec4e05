"""The laws of the language (section 10 of its description) over random pipelines written as text; MLNB_SEED chooses others.

A pipeline is drawn step by step with the columns it then has, so that it must run. Each law is a few cells and what
their answers must have in common; all cells are one notebook, which runs on one thread and on three.
"""
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from mlnbtest import BIN

SEED = int(os.environ.get("MLNB_SEED", "7"))
ROUNDS = int(os.environ.get("MLNB_ROUNDS", "40"))
rng = random.Random(SEED)
SETUP = """t = frame(id: seq(1, 60)) |> derive g = case { id % 7 == 0 => null, id % 3 == 0 => "b", id % 3 == 1 => "a", else => "ä" },
  k = if(id % 11 == 0, null, id * 7 % 5), x = if(id % 5 == 0, null, id * 37 % 19 - 9), y = if(id % 8 == 0, null, (id * 53 % 29) / 4 - 2),
  s = if(id % 9 == 0, null, ["a b", "", "Ä1", "x,y", "B"][1 + id % 5]), b = if(id % 13 == 0, null, id % 2 == 0),
  d = if(id % 10 == 0, null, @2020-01-28 + (id * 5 % 40) * 1d), m = @2020-02-27T22:00 + (id * 31 % 77) * 1h
u = frame(k: [0, 1, 1, 3, null, 9], w: [1.5, 2.0, null, 4.0, 5.0, 6.0], name: ["n0", "n1", null, "n3", "nn", "n9"])
full = t |> drop_null
big = frame(id: seq(1, 40_000)) |> derive g = id * 7919 % 97, k = id % 13, x = if(id % 17 == 0, null, id * 7907 % 1009 - 500), s = str(id * 31 % 501), d = @2019-01-01 + (id * 13 % 365) * 1d"""
COLS = {"id": "int", "g": "str", "k": "int", "x": "int", "y": "num", "s": "str", "b": "bool", "d": "date", "m": "datetime"}


def pick(xs):
    return xs[rng.randrange(len(xs))]


def named(cols, *kinds):
    return [c for c, ty in cols.items() if ty in kinds]


def number(cols, deep=1):
    nums = named(cols, "int", "num")
    if not nums or rng.random() < 0.15:
        return str(rng.randrange(-3, 9))
    a = pick(nums)
    if deep == 0 or rng.random() < 0.4:
        return a
    b = number(cols, deep - 1)
    forms = [f"({a} + {b})", f"({a} * {b})", f"abs({a})", f"least({a}, {b})", f"({a} ?? {b})", f"if({condition(cols, 0)}, {a}, {b})", f"-{a}", f"({a} / 4)", f"round({a})", f"({a} // 3)", f"({a} % 3)", f"clamp({a}, -2, 5)"]
    if named(cols, "str"):
        forms.append(f"len({pick(named(cols, 'str'))})")
    if named(cols, "date", "datetime"):
        forms.append(pick(["year", "month", "day", "week", "weekday"]) + f"({pick(named(cols, 'date', 'datetime'))})")
    return pick(forms)


def condition(cols, deep=1):
    forms = []
    nums, texts = named(cols, "int", "num"), named(cols, "str")
    if nums:
        a, b = pick(nums), number(cols, 0)
        forms += [f"{a} {pick(['==', '!=', '<', '<=', '>', '>='])} {b}", f"{a} in {rng.randrange(-5, 3)}..{rng.randrange(3, 9)}", f"{a} is null", f"{a} not in [1, 2, null]"]
    if texts:
        a = pick(texts)
        forms += [f"{a} == \"a\"", f"{a} != \"b\"", f"contains({a}, \"a\")", f"{a} in [\"a\", \"B\"]", f"matches({a}, r\"^[a-z]\")", f"{a} < \"b\""]
    forms += named(cols, "bool")
    if named(cols, "date"):
        forms += [f"{pick(named(cols, 'date'))} >= @2020-02-10", f"{pick(named(cols, 'date'))} in @2020-02-01..<@2020-02-20"]
    if not forms:
        return "true"
    if deep and rng.random() < 0.5:
        return pick([f"({condition(cols, 0)} and {condition(cols, 0)})", f"({condition(cols, 0)} or {condition(cols, 0)})", f"not ({condition(cols, 0)})"])
    return pick(forms)


def value(cols):
    """An expression and its type."""
    r = rng.random()
    if r < 0.6 or not named(cols, "str"):
        return number(cols), "num"
    if r < 0.75:
        return condition(cols), "bool"
    return pick(["upper({})", "left({}, 2)", "({} ?? \"none\")", "f\"<{{{}}}>\"", "replace({}, \"a\", \"q\")"]).format(pick(named(cols, "str"))), "str"


def aggregate(cols):
    nums = named(cols, "int", "num")
    forms = ["count()", f"count(where: {condition(cols, 0)})"]
    if nums:
        a = pick(nums)
        forms += [f"{f}({a})" for f in ["sum", "mean", "min", "max", "median", "sd", "n_distinct", "count", "first", "last", "mode"]] + [f"quantile({a}, 0.3)", f"sum({number(cols)})", f"mean({a}, where: {condition(cols, 0)})"]
    return pick(forms)


def window(cols):
    a = pick(named(cols, "int", "num") or ["1"])
    return pick([f"lag({a})", f"lead({a}, 2)", f"cumsum({a})", f"sum({a}, last: 3)", f"mean({a}, rows: -2..1)", f"max({a}, last: all)", "row_number()", f"rank({a})", f"diff({a})", f"fill_down({a})", f"sum({a}, rows: 0..)"])


def group_of(cols):
    return pick([c for c in cols if cols[c] in ("str", "bool", "int")] or list(cols))


def order(cols):
    keys = rng.sample(list(cols), min(len(cols), rng.randrange(1, 3)))
    return ", ".join(pick(["", "-"]) + c for c in keys)


def step(cols):
    """A step and the columns after it."""
    new = f"c{len(cols)}_{rng.randrange(100)}"
    kind = pick(["where", "where", "derive", "derive", "group", "window", "sort", "take", "skip", "distinct", "summarize", "select", "drop", "rename", "fill", "drop_null", "join", "union", "count", "sample", "topn", "replace"])
    if kind == "where":
        return f"where {condition(cols)}", cols
    if kind == "derive":
        e, ty = value(cols)
        return f"derive {new} = {e}", {**cols, new: ty}
    if kind == "replace":
        c = pick(named(cols, "int", "num") or [new])
        return f"derive {c} = {number(cols)}", {**cols, c: "num"}
    if kind == "group":
        return f"derive {new} = {aggregate(cols)} by {group_of(cols)}", {**cols, new: "num"}
    if kind == "window":
        return f"derive {new} = {window(cols)} by {group_of(cols)} sort {order(cols)}", {**cols, new: "num"}
    if kind == "sort":
        return f"sort {order(cols)}" + pick(["", ", nulls: first"]), cols
    if kind in ("take", "skip"):
        return f"{kind} {pick(['', '-'])}{rng.randrange(0, 12)}" if rng.random() < 0.5 else f"{kind} {rng.randrange(1, 4)} by {group_of(cols)} sort {order(cols)}", cols
    if kind == "topn":
        return f"take {rng.randrange(1, 30)} sort {order(cols)}", cols
    if kind == "distinct":
        return f"distinct {group_of(cols)}" + pick(["", f" sort {order(cols)}"]), cols
    if kind == "summarize":
        g = group_of(cols)
        return f"summarize {new} = {aggregate(cols)}, {new}b = {aggregate(cols)} by {g}", {g: cols[g], new: "num", new + "b": "num"}
    if kind == "select":
        keep = [c for c in cols if rng.random() < 0.8] or list(cols)
        return "select " + ", ".join(keep), {c: cols[c] for c in keep}
    if kind == "drop" and len(cols) > 2:
        c = pick(list(cols))
        return f"drop {c}", {k: v for k, v in cols.items() if k != c}
    if kind == "rename":
        c = pick(list(cols))
        return f"rename {new} = {c}", {new if k == c else k: v for k, v in cols.items()}
    if kind == "fill" and named(cols, "int", "num"):
        c = pick(named(cols, "int", "num"))
        return pick([f"fill {c} = 0", f"fill_down {c} sort {order(cols)}"]), cols
    if kind == "drop_null":
        return f"drop_null {pick(list(cols))}", cols
    if kind == "join" and cols.get("k") == "int" and "w" not in cols and "name" not in cols:
        how = pick(["inner", "left", "full", "semi", "anti", "right"])
        return f"join u on k, kind: {how}", cols if how in ("semi", "anti") else {**cols, "w": "num", "name": "str"}
    if kind == "union":
        return f"union (t |> select id, k |> take {rng.randrange(4)})" if cols.get("id") == "int" and cols.get("k") == "int" else "skip 0", cols
    if kind == "count":
        g = group_of(cols)
        return f"count {g}, name: \"{new}\"", {g: cols[g], new: "int"} if g else cols
    if kind == "sample":
        return f"sample {rng.randrange(30)}, seed: {rng.randrange(9)}", cols
    return "take 50", cols


def pipeline(n=None, source="t", cols=COLS):
    steps = [source]
    for _ in range(rng.randrange(0, 5) if n is None else n):
        text, cols = step(cols)
        steps.append(text)
    return " |> ".join(steps), cols


cells, checks = [], []


def cell(code):
    cells.append(code)
    return len(cells) - 1


def law(name, codes, holds):
    """holds(frames of the codes) is None or what is wrong."""
    checks.append((name, [cell(c) for c in codes], holds))


def close(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)) or isinstance(b, float) and isinstance(a, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def equal(a, b):
    if [c["name"] for c in a["columns"]] != [c["name"] for c in b["columns"]]:
        return f"columns {[c['name'] for c in a['columns']]} and {[c['name'] for c in b['columns']]}"
    if len(a["rows"]) != len(b["rows"]):
        return f"{len(a['rows'])} and {len(b['rows'])} rows"
    for i, (p, q) in enumerate(zip(a["rows"], b["rows"])):
        if not close(p, q):
            return f"row {i + 1}: {p} and {q}"
    return None


def bag(f):
    return sorted(json.dumps(r) for r in f["rows"])


def same_rows(a, b):
    return None if bag(a) == bag(b) else f"{len(a['rows'])} and {len(b['rows'])} rows that differ"


def add_laws():
    for _ in range(ROUNDS):
        p, cols = pipeline()
        q = condition(cols)
        law("where p, where not p", [f"{p} |> derive rid_ = row_number()", f"{p} |> derive rid_ = row_number() |> where {q}", f"{p} |> derive rid_ = row_number() |> where not ({q})"],
            lambda a, y, n: None if sorted(y["rows"] + n["rows"], key=lambda r: r[-1]) == a["rows"] and all(f["rows"] == sorted(f["rows"], key=lambda r: r[-1]) for f in (y, n)) else "the parts are not the rows")
        r = condition(cols)
        law("where p, q = where p |> where q", [f"{p} |> where {q}, {r}", f"{p} |> where {q} |> where {r}", f"{p} |> where {q} and {r}"], lambda a, b, c: equal(a, b) or equal(a, c))
        e, f = value(cols)[0], value({**cols, "a_": "num"})[0]
        a1 = number(cols)
        law("derive a, b = derive a |> derive b", [f"{p} |> derive a_ = {a1}, b_ = {f}, c_ = {e}", f"{p} |> derive a_ = {a1} |> derive b_ = {f} |> derive c_ = {e}"], equal)
        g, agg, win, srt = group_of(cols), aggregate(cols), window(cols), order(cols)
        law("derive a, b by g sort s", [f"{p} |> derive a_ = {win}, b_ = {agg} by {g} sort {srt}", f"{p} |> derive a_ = {win} by {g} sort {srt} |> derive b_ = {agg} by {g} sort {srt}"], equal)
        order_free = agg if not agg.startswith(("first", "last")) else "count()"
        law("summarize, join = derive by", [f"{p} |> drop_null {g} |> derive v_ = {order_free} by {g}", f"x_ = {p} |> drop_null {g}\nx_ |> join (x_ |> summarize v_ = {order_free} by {g}) on {g}, kind: left"], equal)
        n, k = rng.randrange(0, 20), rng.randrange(0, 20)
        law("take n + skip n = all", [p, f"{p} |> take {n}", f"{p} |> skip {n}"], lambda a, b, c: None if a["rows"] == b["rows"] + c["rows"] else "the parts are not the rows")
        law("skip -n + take -n = all", [p, f"{p} |> skip -{n}", f"{p} |> take -{n}"], lambda a, b, c: None if a["rows"] == b["rows"] + c["rows"] else "the parts are not the rows")
        law("take n |> take k", [f"{p} |> take {n} |> take {k}", f"{p} |> take {min(n, k)}"], equal)
        law("take n by g sort s = where row_number", [f"{p} |> take {n} by {g} sort {srt}", f"{p} |> where row_number() <= {n} by {g} sort {srt}"], same_rows)
        law("sort |> take = take sort", [f"{p} |> sort {srt} |> take {n}", f"{p} |> take {n} sort {srt}"], equal)
        law("sort is stable and idempotent", [f"{p} |> sort {srt}", f"{p} |> sort {srt} |> sort {srt}"], equal)
        law("sort a |> sort b = sort b, a", [f"{p} |> sort {srt} |> sort {g}", f"{p} |> sort {g}, {srt}"], equal)
        law("sort keeps the rows", [p, f"{p} |> sort {srt}"], same_rows)
        law("distinct is idempotent", [f"{p} |> distinct", f"{p} |> distinct |> distinct"], equal)
        law("distinct counts groups", [f"{p} |> distinct {g} |> count", f"{p} |> summarize z_ = count() by {g} |> count"], equal)
        law("union stacks", [p, f"p_ = {p}\np_ |> union p_"], lambda a, b: None if a["rows"] * 2 == b["rows"] else "not the rows twice")
        law("union of the parts", [f"p_ = {p}\np_ |> where {q} |> union (p_ |> where not ({q}))", p], same_rows)
        law("select all()", [p, f"{p} |> select all()"], equal)
        law("counts add up", [f"{p} |> count", f"{p} |> count {g}, name: \"n_\" |> summarize n = sum(n_)"], equal)
        law("semi + anti = left", [p, f"{p} |> derive j_ = 1 |> join (frame(j_: [1])) on j_, kind: semi |> drop j_", f"{p} |> derive j_ = null_if(1, 1) |> join (frame(j_: [1])) on j_, kind: anti |> drop j_"], lambda a, b, c: equal(a, b) or equal(a, c))
        law("split adds up", [p, f"p_, q_ = {p} |> split 0.7, 0.3, seed: {k}\np_", "q_", f"{p} |> sample 0.5, seed: {k}", f"{p} |> sample 0.5, seed: {k}"],
            lambda a, b, c, d, e: "the parts are not the rows" if sorted(map(json.dumps, b["rows"] + c["rows"])) != bag(a) else "size" if abs(len(b["rows"]) - 0.7 * len(a["rows"])) > 1 else equal(d, e))
        law("cumsum's last is the sum", [f"{p} |> derive c_ = sum({a1}, last: all) by {g} sort {srt} |> where row_number() == count() by {g} sort {srt} |> select {g}, c_ |> sort {g}", f"{p} |> summarize c_ = sum({a1}) by {g}"], equal)
        law("rename there and back", [p, f"{p} |> rename zz_ = {g} |> rename {g} = zz_"], equal)
    for _ in range(ROUNDS // 2):
        p, cols = pipeline(6)
        ends = [i for i in range(len(p)) if p.startswith(" |> ", i) and p[:i].count("(") == p[:i].count(")")] + [len(p)]
        law("prefixes run", [p[:i] for i in ends], lambda *f: None)
    for i in range(ROUNDS // 4):
        p, cols = pipeline(2)
        for form in ["csv", "parquet", "arrow", "jsonl"]:
            p = p if form != "jsonl" else f"t |> derive a_ = {number(COLS)}, b_ = {number(COLS)}"  # no rows, no names there
            law(f"saved and read as {form}", [f"{p} |> select type(int), type(num), type(date) |> derive r_ = row_number() |> save \"f{i}.{form}\"\nread(\"f{i}.{form}\")", f"{p} |> select type(int), type(num), type(date) |> derive r_ = row_number()"],
                lambda a, b: equal(a, b))
    for keys in ["id", "id, g", "d, id"]:
        law("unpivot of pivot", [f"t |> drop_null k, g, d |> select {keys}, k, x |> pivot k, x_ = sum(x), prefix: \"k\" by {keys} |> unpivot starts(\"k\"), names: k, values: x |> drop_null x |> derive k = int(replace(k, \"k\", \"\")) |> sort id",
                                 f"t |> drop_null k, g, d |> select {keys}, k, x |> fill x = 0 |> sort id"], equal)
    for every, by in [("1d", ""), ("1d", " by g"), ("1w", " by k"), ("1mo", "")]:
        base = "t |> drop_null d |> derive d = " + {"1d": "d", "1w": "bin(d, 1w)", "1mo": "bin(d, 1mo)"}[every] + " |> distinct " + ("d" + by.replace(" by ", ", "))
        law("fill_gaps keeps rows and is idempotent", [f"{base} |> fill_gaps d, every: {every}{by} |> where id is not null |> sort id", f"{base} |> sort id", f"{base} |> fill_gaps d, every: {every}{by}", f"{base} |> fill_gaps d, every: {every}{by} |> fill_gaps d, every: {every}{by}"],
            lambda a, b, c, d: same_rows(a, b) or equal(c, d))


SQL_OP = {"==": "=", "!=": "<>", "and": "and", "or": "or"}


def add_twins():
    """Steps and their SQL on data without nulls."""
    def cond():
        a, b, op = pick(["id", "k", "x"]), pick(["k", "x", "3"]), pick(["==", "!=", "<", "<=", ">", ">="])
        return f"{a} {op} {b}", f"{a} {SQL_OP.get(op, op)} {b}"
    for _ in range(ROUNDS):
        (a, sa), (b, sb) = cond(), cond()
        op = pick(["and", "or"])
        text, sql = f"({a} {op} not ({b}))", f"({sa} {op} not ({sb}))"
        n = rng.randrange(1, 12)
        law("where", [f"full |> where {text} |> sort id", f"sql(\"\"\"select * from \"full\" where {sql} order by id\"\"\")"], equal)
        law("top n", [f"full |> sort -x, id |> take {n}", f"sql(\"\"\"select * from \"full\" order by x desc, id limit {n}\"\"\")"], equal)
        f, sf = pick([("sum(x)", "sum(x)"), ("mean(y)", "avg(y)"), ("count()", "count(*)"), ("min(d)", "min(d)"), ("max(s)", "max(s)"), ("n_distinct(k)", "count(distinct k)"), ("sd(y)", "stddev(y)"), ("count(where: x > 0)", "count(*) filter (where x > 0)")])
        g = pick(["g", "k", "b"])
        law("summarize", [f"full |> where {text} |> summarize v = {f} by {g}", f"sql(\"\"\"select {g}, {sf} as v from \"full\" where {sql} group by {g} order by {g}\"\"\")"], equal)
        law("derive by", [f"full |> derive v = {f} by {g} |> select id, v |> sort id", f"sql(\"\"\"select id, {sf} over (partition by {g}) as v from \"full\" order by id\"\"\")"], equal) if "distinct" not in f else None
        w, sw = pick([("lag(x)", "lag(x) over w"), ("cumsum(x)", "sum(x) over (w rows unbounded preceding)"), ("mean(x, last: 3)", "avg(x) over (w rows 2 preceding)"), ("row_number()", "row_number() over w"), ("max(x, rows: -1..1)", "max(x) over (w rows between 1 preceding and 1 following)")])
        law("windows", [f"full |> derive v = {w} by {g} sort x, id |> select id, v |> sort id", f"sql(\"\"\"select id, {sw} as v from \"full\" window w as (partition by {g} order by x, id) order by id\"\"\")"], equal)
        kind = pick(["inner", "left"])
        law("join", [f"full |> select id, k |> where {text.replace('x', 'id')} |> join (u |> drop_null) on k, kind: {kind} |> sort id, w", f"sql(\"\"\"select f.id, f.k, v.w, v.name from \"full\" f {kind} join (select * from u where k is not null and w is not null and name is not null) v on f.k = v.k where {sql.replace('x', 'id').replace('id', 'f.id').replace('k', 'f.k')} order by f.id, v.w\"\"\")"], equal)


def add_threads():
    """Answers of many rows; the whole notebook runs twice and must print the same."""
    for code in ["big |> summarize n = count(), s = sum(x), m = mean(x), q = quantile(x, 0.9), f = first(x), l = last(s), d = n_distinct(s) by g", "big |> take 3 by g sort -x |> take 40", "big |> derive c = cumsum(x), r = rank(x), m = mean(x, last: 9) by k sort d |> skip 39_900",
                 "big |> sort s, -x |> take 50", "big |> distinct s |> skip 400", "big |> join (big |> take 200 |> select id, z = x) on g == id, kind: left |> summarize n = count(), z = sum(z) by k", "big |> sample 30, seed: 4", "big |> count s |> take 20", "big |> pivot k, mean(x) by g |> take 5",
                 "big |> derive r = rand() |> take -5", "big |> summarize sd(x), skew(x), corr(x, id), mode(x), join_str(s, \"\", where: id < 30), list(x, where: id in 5..9), wmean(x, k)", "big |> where x == max(x) by k", "big |> join u on k, kind: full |> take -10", "big |> fill_down x by g sort -id |> take 20"]:
        law("threads", [code], lambda a: None)


TYPOS = [lambda s: s.replace("where", "filter", 1), lambda s: s.replace(" == ", " = ", 1), lambda s: s.replace("(", "", 1), lambda s: s.replace(")", "", 1), lambda s: s.replace("x", "xx", 1), lambda s: s.replace("derive", "mutate", 1), lambda s: s.replace("summarize", "agg", 1), lambda s: s.replace(" and ", " && ", 1),
         lambda s: s.replace("|>", "|", 1), lambda s: s.replace("sort ", "order_by ", 1), lambda s: s.replace("mean", "avg", 1), lambda s: s.replace("take", "head", 1), lambda s: s.replace("\"", "", 1), lambda s: s.replace(" by ", " group by ", 1), lambda s: s.replace("!=", "<>", 1), lambda s: s + " desc",
         lambda s: s.replace("k", "s", 1), lambda s: s.replace("id", "ids", 1), lambda s: s.replace("y", "g", 1), lambda s: s.replace(",", ",,", 1), lambda s: s.replace("-", "+", 1), lambda s: s.replace("not ", "!", 1), lambda s: s.replace("lag", "shift", 1), lambda s: s.replace("count()", "count(*)", 1), lambda s: s.replace(":", "=", 1),
         lambda s: s[:rng.randrange(1, len(s))], lambda s: s[:max(1, len(s) // 2)] + pick(["(", ")", "]", "\"", "$", "@", ",", "~", "=>", "%", "ä", "\\"]) + s[len(s) // 2:], lambda s: " ".join(w for w in s.split(" ") if rng.random() > 0.12)]


WRONG = ["fill x = \"a\"", "fill g", "fill g = 1", "summarize x", "summarize mean(x), mean(x)", "derive v = d + 1", "derive v = x + d", "derive v = s + 1", "derive v = s + g", "derive v = m - x", "derive v = b + 1", "derive v = s * x", "where g", "where x", "where d == \"2020-01-31\"", "where x == \"1\"", "where s > 3",
         "where x in g", "where x in [1, \"a\"]", "where 1 < x < 3", "where x = 1", "take 2.5", "take \"a\"", "sample 1.5", "sample -1", "pivot g, x", "pivot g", "unpivot x, g", "unnest x", "sort mean(x)", "sort lag(x)", "derive v = lag(x)", "derive v = sum(x, last: 2)", "derive v = sum(x, rows: 3..1) sort id",
         "derive v = mean(sum(x))", "derive v = mean(s)", "derive v = upper(x)", "derive v = round(s)", "derive v = year(x)", "derive v = year(s)", "derive v = log()", "derive v = if(x)", "derive v = replace(s, \"a\")", "derive v = cut(x)", "derive v = bin(d, 6h)", "derive v = tz(m, \"Nowhere\")", "join u", "join u on id", "join u on k, kind: outer",
         "join nowhere on k", "join u on k, expect: \"one-one\"", "join u on g == k", "join u on kind: left", "union 3", "union nowhere", "rename x = y", "rename a = nope", "drop nope", "select nope", "select id, id, x = 1, x = 2", "distinct nope", "count nope", "fill_gaps d", "fill_gaps x, every: 1d", "fill_gaps s, every: 1d", "fill_down", "drop_null nope",
         "extract s, r\"(\"", "extract s, r\"(a)\", into: [p, q]", "assert x", "split 0.7, 0.9", "crosstab g", "corr g", "show \"a\"", "derive v = $nope", "derive v = nope(x)", "derive v = case { x > 1 => 1, else => \"a\" }", "derive v = [1, \"a\"]", "derive v = s[0]", "derive v = x.y", "derive v = x[1]", "derive v = @2020-13-01", "derive v = 2m", "derive v = x == null and",
         "select *", "select -x", "sort x desc", "groupby g", "where x is 3", "where x and s", "derive x += 1", "derive v = x ** 2", "where x <> 1", "where not x == 1 & k == 2", "take 3 sort", "summarize n = count() by", "derive v = count(*)", "plot nope", "save", "save \"a.nope\"", "predict t", "evaluate t", "fit x", "fit x ~ nope, linear()", "fit g ~ x, linear()", "fit x ~ d, linear()"]


def faults():
    """Pipelines with a mistake in each, one a cell."""
    out = []
    for _ in range(ROUNDS * 8):
        p, _ = pipeline(3)
        for _ in range(20):
            wrong = pick(TYPOS)(p)
            if wrong != p and wrong.strip() and not wrong.startswith(("!", "?", ".", "%%", "|>")) and "\n%%" not in wrong:
                out.append(wrong)
                break
    return out + [f"t |> {wrong}" for wrong in WRONG]


def run(folder, codes, *args):
    """Messages of each cell, and all of the output."""
    path = Path(folder) / "laws.mlnb"
    path.write_text("%%\n" + SETUP + "".join(f"\n\n%%\n{c}" for c in codes) + "\n")
    done = subprocess.run([BIN, "run", str(path), "--format", "json", "--keep-going", *args], capture_output=True, text=True, timeout=500)
    out = [[] for _ in codes]
    for line in done.stdout.splitlines():
        m = json.loads(line)
        if m["cell"] >= 2:
            out[m["cell"] - 2].append(m)
        elif m["kind"] == "error":
            sys.exit(f"the tables: {m}")
    if done.returncode not in (0, 1):
        sys.exit(f"the program ended with {done.returncode}: {done.stderr[-500:]}")
    return out, done.stdout


def check_errors(folder):
    """Every error names a place inside its cell, every hint is a program (or the part of one) that can be read."""
    codes, bad = faults(), 0
    path = Path(folder) / "laws.mlnb"
    answers, _ = run(folder, codes)
    lines = path.read_text().split("\n")
    first = [i + 1 for i, text in enumerate(lines) if text == "%%"][1:]
    hints = []
    for code, at, said in zip(codes, first, answers):
        for m in said:
            if m["kind"] != "error":
                continue
            if m["code"] in ("E901", "E902", "E903") or not m["message"]:
                bad += 1
                print(f"error: {code}\n    {m}")
            where = m["line"] - at
            inside = 1 <= where <= len(code.split("\n")) and 1 <= m["column"] <= len(code.split("\n")[where - 1]) + 1
            if not inside:
                bad += 1
                print(f"span outside: {code}\n    {m}")
            if m["hint"]:
                hints.append((code, m))
    pasted, _ = run(folder, [m["hint"] for _, m in hints])
    broken = [(code, m, p[0]) for (code, m), p in zip(hints, pasted) if p and p[0]["kind"] == "error" and p[0]["code"] in ("E101", "E102", "E103", "E104", "E108")]
    for code, m, p in broken:
        bad += 1
        print(f"hint does not parse: {code}\n    {m['code']} {m['message']}\n    try: {m['hint']}\n    {p['code']} {p['message']}")
    n = sum(m["kind"] == "error" for said in answers for m in said)
    print(f"{len(codes)} mistakes, {n} errors, {len(hints)} hints, {bad} at fault")
    return bad


def check_files(folder, codes):
    """fmt is idempotent and changes no answer; a notebook as .ipynb gives the same answers."""
    bad = 0
    path = Path(folder) / "laws.mlnb"
    _, before = run(folder, codes)
    path.write_text(path.read_text().replace("\n\n%%\n", "\n\n\n%%  \n").replace("|> where", "|>  where"))
    texts = []
    for _ in range(2):
        subprocess.run([BIN, "fmt", str(path)], check=True, capture_output=True)
        texts.append(path.read_text())
    if texts[0] != texts[1]:
        bad += 1
        print("fmt twice is not fmt once")
    book = Path(folder) / "laws.ipynb"
    subprocess.run([BIN, "run", str(path), "--keep-going", "-o", str(book)], capture_output=True, timeout=300)
    sources = ["".join(c["source"]) for c in json.loads(book.read_text())["cells"]]
    if sources != [SETUP] + [c.replace("|> where", "|>  where") for c in codes]:
        bad += 1
        print("the cells of the .ipynb are not those of the text")
    done = subprocess.run([BIN, "run", str(book), "--format", "json", "--keep-going"], capture_output=True, text=True, timeout=300)
    drop = [json.loads(x) for x in before.splitlines()], [json.loads(x) for x in done.stdout.splitlines()]
    if [m.get("rows", m.get("message")) for m in drop[0]] != [m.get("rows", m.get("message")) for m in drop[1]]:
        bad += 1
        print("the .ipynb gives other answers")
    return bad


def main():
    add_laws()
    add_twins()
    add_threads()
    failed = {}
    with tempfile.TemporaryDirectory() as folder:
        answers, one = run(folder, cells, "--threads", "1")
        _, three = run(folder, cells, "--threads", "3")
        if one != three:
            diff = [(a, b) for a, b in zip(one.splitlines(), three.splitlines()) if a != b]
            failed["threads"] = 1
            for a, b in diff[:3]:
                print(f"one thread and three differ: {cells[json.loads(a)['cell'] - 2]}\n    {a[:300]}\n    {b[:300]}")
        for name, at, holds in checks:
            frames = [next((m for m in answers[i] if m["kind"] in ("frame", "error")), None) for i in at]
            bad = next((f"{f['code']} {f['message']}" if f else "no answer" for f in frames if not f or f["kind"] == "error"), None)
            wrong = bad or holds(*frames)
            if wrong:
                failed[name] = failed.get(name, 0) + 1
                if failed[name] <= 3:
                    print(f"{name}: {wrong}\n    " + "\n    ".join(cells[i] for i in at))
        print(f"seed {SEED}: {len(checks)} laws over {len(cells)} pipelines, {sum(failed.values())} broken")
        bad = check_errors(folder)
        bad += check_files(folder, [cells[i] for i in range(0, len(cells), 29)])
    return 1 if failed or bad else 0


if __name__ == "__main__":
    sys.exit(main())

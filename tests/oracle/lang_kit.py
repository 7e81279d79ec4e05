"""What lang_all.py stands on: the tables, the tools beside them, and how a case is written down.

Tables are small and made from SEED, with ties, nulls, leap days, odd text, -0.0 and infinities.
"""
import datetime as dt
import decimal
import json
import math
import random
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl

SEED = 20190131
OUT = Path(__file__).resolve().parents[1] / "data" / "oracle" / "lang_all"
rng = random.Random(SEED)
D, T = dt.date, dt.datetime
INF = float("inf")


def holes(values, share=0.15):
    return [None if rng.random() < share else v for v in values]


def pick(choices, n, share=0.15):
    return holes([rng.choice(choices) for _ in range(n)], share)


N = 26
DAYS = [D(2020, 2, 29), D(2019, 1, 31), D(2020, 1, 31), D(2019, 12, 31), D(2020, 12, 31), D(2018, 12, 30), D(2021, 1, 3), D(1999, 3, 1), D(2000, 2, 29), D(1969, 12, 31),
        D(1900, 2, 28), D(2024, 8, 31), D(2019, 5, 6)]
TIMES = [T(2020, 2, 29, 23, 59, 59, 999999), T(2019, 1, 31, 8, 30), T(2019, 12, 30, 0, 0), T(1969, 12, 31, 23, 0, 0, 500000), T(2020, 3, 29, 2, 30), T(2020, 10, 25, 2, 30),
         T(2021, 1, 1, 0, 0, 0, 1), T(2019, 3, 31, 12, 7, 5, 250000), T(2024, 12, 31, 15, 45, 30)]
TEXTS = ["", "a", "B", "Ärger", "naïve café", "  blank ", "a,b;c", "new york", "O'Neill", "日本語", "x1y22z", "100%", "a_b", "AAA", "b\"q", "tab\there"]
TABLES = {
    "t": {"id": ("int", list(range(1, N + 1))), "g": ("str", pick(["a", "b", "ä", "", "Z"], N)), "k": ("int", pick([1, 2, 3, 4], N)), "x": ("int", pick(range(-9, 10), N)),
          "y": ("num", pick([-2.5, -0.5, 0.5, 1.5, 2.5, 3.25, 0.1, 1e10, -7.75, 2.0, 100.125], N)), "z": ("num", pick([INF, -INF, 0.0, 1.0, -1.5, 4.0], N)),
          "s": ("str", holes(TEXTS + TEXTS[:N - len(TEXTS)], 0.1)), "b": ("bool", pick([True, False], N, 0.25)), "d": ("date", pick(DAYS, N)), "m": ("datetime", pick(TIMES, N))},
    "u": {"k": ("int", [2, 1, 2, 3, 7, None, None, 3]), "g": ("str", ["a", "b", "b", None, "c", "a", None, "ä"]), "w": ("num", [1.5, -2.0, 0.0, 4.25, None, 3.0, 2.0, 8.5]),
          "rid": ("int", list(range(1, 9)))},
    "q": {"lo": ("int", [-9, 0, 3, None, 5]), "hi": ("int", [-2, 3, 5, 4, None]), "band": ("str", ["neg", "low", "mid", "open", "top"])},
    "e": {"ts": ("datetime", [T(2020, 1, 1, h, m) for h, m in [(0, 0), (1, 30), (1, 30), (4, 0), (9, 15), (12, 0)]] + [None]), "c": ("str", ["p", "p", "r", "p", "r", None, "p"]),
          "v": ("int", [1, 2, 3, 4, 5, 6, 7])},
    "f": {"tw": ("datetime", [T(2020, 1, 1, h, m) for h, m in [(1, 0), (1, 30), (3, 0), (8, 0), (11, 59), (12, 0)]] + [None]), "c": ("str", ["p", "r", "p", "r", "p", None, "p"]),
          "price": ("num", [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0])},
    "s": {"day": ("date", [D(2020, 2, 27) + dt.timedelta(days=i) for i in [0, 1, 2, 2, 3, 6, 7, 12, 13, 14]]), "shop": ("str", list("ABABABABAB")), "n": ("int", holes([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], 0.2)),
          "r": ("num", holes([0.5, 1.25, -3.0, 2.0, 8.0, 1.0, 0.0, 2.5, 7.5, 4.0], 0.2))},
    "w": {"id": ("int", [1, 2, 3]), "q1": ("int", [5, None, 7]), "q2": ("num", [1.5, 2.5, None]), "q3": ("int", [0, -1, 8]), "who": ("str", ["x", "y", None])},
    "v": {"a": ("bool", [True, True, True, False, False, False, None, None, None]), "b": ("bool", [True, False, None] * 3), "i": ("int", [1, 1, 1, 2, 2, 2, None, None, None]),
          "j": ("int", [1, 2, None] * 3), "p": ("num", [1.0, -0.0, INF, -INF, 0.0, 2.5, None, 0.0, 1.0]), "c": ("str", ["a", "b", None, "", "a", "ä", None, "z", "Z"])},
}
SQLTYPE = {"int": "bigint", "num": "double", "str": "varchar", "bool": "boolean", "date": "date", "datetime": "timestamp"}
PDTYPE = {"int": "Int64", "num": "float64", "str": "object", "bool": "boolean", "date": "datetime64[us]", "datetime": "datetime64[us]"}
PLTYPE = {"int": pl.Int64, "num": pl.Float64, "str": pl.String, "bool": pl.Boolean, "date": pl.Date, "datetime": pl.Datetime("us")}

db = duckdb.connect()
db.execute("set threads = 1")
P, L, R = {}, {}, {}  # tables as pandas, Polars and rows of Python
for name, cols in TABLES.items():
    db.execute(f"create table {name} (" + ", ".join(f'"{c}" {SQLTYPE[ty]}' for c, (ty, _) in cols.items()) + ")")
    R[name] = [dict(zip(cols, row)) for row in zip(*(v for _, v in cols.values()))]
    db.executemany(f"insert into {name} values (" + ", ".join("?" * len(cols)) + ")", [list(r.values()) for r in R[name]])
    P[name] = pd.DataFrame({c: pd.array(v, dtype=PDTYPE[ty]) if ty in ("int", "bool") else pd.Series(v, dtype=PDTYPE[ty]) for c, (ty, v) in cols.items()})
    L[name] = pl.DataFrame({c: pl.Series(v, dtype=PLTYPE[ty]) for c, (ty, v) in cols.items()})


def literal(v):
    """A value as the language writes it."""
    if v is None:
        return "null"
    if isinstance(v, bool):
        return str(v).lower()
    if isinstance(v, float) and math.isinf(v):
        return "float(\"inf\")" if v > 0 else "-float(\"inf\")"
    if isinstance(v, T):
        return "@" + v.isoformat()
    if isinstance(v, D):
        return "@" + v.isoformat()
    return json.dumps(v, ensure_ascii=False)


def cell(v):
    """A value as it stands in the expected files."""
    if v is None or v is pd.NaT or v is pd.NA or (isinstance(v, float) and math.isnan(v)):
        return None
    if isinstance(v, (list, tuple, np.ndarray)):
        return [cell(x) for x in v]
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (float, np.floating, decimal.Decimal)):
        v = float(v)
        return v if math.isfinite(v) else "inf" if v > 0 else "-inf"
    if isinstance(v, (int, np.integer)):
        return int(v)
    if isinstance(v, T):
        out = v.strftime("%Y-%m-%d %H:%M:%S") if v.year >= 1000 else v.isoformat(sep=" ")
        frac = f".{v.microsecond:06d}".rstrip("0") if v.microsecond else ""
        return out + frac
    if isinstance(v, D):
        return v.isoformat()
    return v


topics = {}
topic = None


def start(name):
    global topic
    topic = topics.setdefault(name, [])


def add(code, names, data, source):
    topic.append((code, names, [[cell(v) for v in row] for row in data], source))


def sql(code, query):
    got = db.execute(query)
    add(code, [c[0] for c in got.description], got.fetchall(), "duckdb")


def frame(code, d):
    """A result of pandas or Polars."""
    if isinstance(d, pl.DataFrame):
        add(code, d.columns, d.rows(), "polars")
    else:
        d = d.reset_index() if d.index.names != [None] else d
        add(code, [str(c) for c in d.columns], [[v for v in row] for row in d.astype(object).itertuples(index=False)], "pandas")


def rows(code, names, data):
    add(code, names, data, "python")


def each(expr, fn, table="t", keep="id"):
    """derive of one value, row by row in plain Python; a null argument is fn's own business."""
    rows(f"{table} |> select {keep}, v = {expr}", [keep, "v"], [(r[keep], fn(r)) for r in R[table]])


def expr(ours, query, table="t", keep="id"):
    order = {"t": "id", "u": "rid", "e": "v", "v": "rowid", "w": "id"}[table]
    sql(f"{table} |> select {keep}, v = {ours}", f"select {keep}, {query} as v from {table} order by {order}")


def safe(f):
    """f of row and None when a part of it is null or has no value."""
    def call(r):
        try:
            return f(r)
        except (TypeError, ValueError, ZeroDivisionError, AttributeError):
            return None
    return call


def write():
    """Writes the tables and the cases of every topic."""
    OUT.mkdir(parents=True, exist_ok=True)
    versions = f"duckdb {duckdb.__version__}, pandas {pd.__version__}, polars {pl.__version__}, numpy {np.__version__}, seed {SEED}"
    with open(OUT / "setup.txt", "w") as f:
        f.write(f"# {versions}\n")
        for name, cols in TABLES.items():
            f.write(f"{name} = frame(" + ",\n  ".join(f"{c}: [" + ", ".join(literal(v) for v in vals) + "]" for c, (_, vals) in cols.items()) + ")\n")
    for name, cases in topics.items():
        with open(OUT / f"{name}.tsv", "w") as f:
            f.write(f"# {versions}\n")
            for code, names, data, source in cases:
                f.write(f"\n# {source}\n" + "".join(f"> {line}\n" for line in code.split("\n")) + "\t".join(names) + "\n")
                for row in data:
                    f.write("\t".join(json.dumps(v, ensure_ascii=False) for v in row) + "\n")
    print(sum(len(c) for c in topics.values()), "cases;", {n: len(c) for n, c in topics.items()})

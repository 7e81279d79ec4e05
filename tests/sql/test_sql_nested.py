"""Lists and structs as keys beside DuckDB: groups, distinct, joins, sort, comparisons and the aggregates that choose a value.

MLNB_SEED=n chooses other rows. DuckDB orders nested values as PostgreSQL orders arrays and rows: element by element, nulls last."""
import json
import os
import random
import sys
import tempfile

import duckdb
from test_sql_engines import agree, run_mlnb

TEXTS = ["", "a", "ab", "b", "é", "zz", "a b", "longer than twelve bytes", "longer than twelve bytez", "\u0001", "\u0002x", "~", "!"]


def rows_of(r, n):
    def number():
        return r.choice([None, 0, 1, -1, 2, 300, -(2**40), 2**53])

    def real():
        return r.choice([None, 0.0, -0.0, 0.5, -0.5, 1e300, -1e-300, 3.25])

    def some(f, up=3):
        return None if r.random() < 0.1 else [f() for _ in range(r.randrange(up))]

    def pair():
        return None if r.random() < 0.1 else {"a": number(), "b": r.choice([None, *TEXTS])}

    for i in range(n):
        yield {"i": i, "g": r.randrange(4), "k": some(number), "x": some(real), "t": some(lambda: r.choice([None, *TEXTS])),
               "l": some(lambda: some(number)), "s": pair(), "p": some(pair),
               "n": {"q": pair(), "w": some(lambda: r.random() < 0.5), "d": r.choice([None, "2020-02-29", "1969-12-31"])}}


COLUMNS = ["k", "x", "t", "l", "s", "p", "n"]


def queries():
    for c in COLUMNS:
        yield f"select {c}, count(*) as n, sum(i) as m from t group by {c}", False
        yield f"select distinct {c} from t", False
        yield f"select {c}, i from t order by {c} nulls last, i", True
        yield f"select {c}, i from t order by {c} desc nulls last, i", True
        yield f"select {c} from t order by {c} nulls first limit 7", True
        yield f"select g, count(distinct {c}) as n from t group by g order by g", True
        yield f"select g, min({c}) as lo, max({c}) as hi from t group by g order by g", True
        yield f"select a.i, b.i as j from t a join t b on a.{c} = b.{c} order by a.i, b.i", True
        yield f"select a.i, b.i as j from t a left join (select j as i, * from u) b on a.{c} = b.{c} order by a.i, b.i", True
        yield f"select {c} from (select {c}, i from t where i < 40) a full join (select {c}, j from u) b using ({c})", False
        yield f"select i from t where {c} in (select {c} from u) order by i", True
        yield f"select i, row_number() over (partition by {c} order by i) as r from t order by i", True
        yield f"select {c} from t where i < 60 union select {c} from u", False
        yield f"select {c} from t where i < 60 except select {c} from u", False
        yield f"select a.i, b.j from (select i, {c} from t where i < 25) a, (select j, {c} from u where j < 25) b where a.{c} < b.{c} order by 1, 2", True
        yield f"select a.i, b.j, a.{c} is distinct from b.{c} as d from (select i, {c} from t where i < 15) a, (select j, {c} from u where j < 15) b order by 1, 2", True
        yield f"select distinct on ({c}) {c}, i from t order by {c} nulls last, i", True
    yield "select k, s, count(*) as n from t group by k, s", False
    yield "select k, g, count(*) as n from t group by rollup (k, g)", False
    yield "select i from t where k = [1, 2] order by i", True


def shown(v):
    """A value inside a struct as mlnb's JSON of frames prints it."""
    if isinstance(v, dict):
        return "{" + ", ".join(f"{k}: {shown(x)}" for k, x in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ", ".join(shown(x) for x in v) + "]"
    if isinstance(v, str):
        return '"' + "".join(f"\\u{{{ord(c):x}}}" if c < " " else c for c in v) + '"'
    return "null" if v is None else str(v).lower() if isinstance(v, bool) else str(v)


def flat(v):
    """What both give: DuckDB's Python values, mlnb's JSON."""
    if isinstance(v, dict):
        return shown(v)
    if isinstance(v, list):
        return json.dumps([flat(x) for x in v])
    return v + 0.0 if isinstance(v, float) else v


def main():
    seed = int(os.environ.get("MLNB_SEED", 11))
    r = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        t, u = list(rows_of(r, 160)), [{("j" if k == "i" else k): v for k, v in row.items()} for row in rows_of(r, 50)]
        for name, rows in (("t", t), ("u", u)):
            with open(f"{folder}/{name}.jsonl", "w", encoding="utf-8") as f:
                f.writelines(json.dumps(row) + "\n" for row in rows)
        con = duckdb.connect()
        pair = "struct(a bigint, b varchar)"
        types = {"g": "bigint", "k": "bigint[]", "x": "double[]", "t": "varchar[]", "l": "bigint[][]", "s": pair, "p": f"{pair}[]",
                 "n": f"struct(q {pair}, w boolean[], d date)"}
        for name, number in (("t", "i"), ("u", "j")):
            columns = {number: "bigint", **types}
            con.execute(f"create table {name} as select * from read_json('{folder}/{name}.jsonl', format='newline_delimited', columns={columns})")
        asked = list(queries())
        ours = run_mlnb([f"create table {n} as select * from '{folder}/{n}.jsonl'" for n in ("t", "u")],
                        [q.replace("= [1, 2]", "= array[1, 2]") for q, _ in asked], folder)
        faults = 0
        for (q, ordered), got in zip(asked, ours):
            try:
                want = [tuple(flat(v) for v in row) for row in con.execute(q).fetchall()]
            except duckdb.Error as e:
                print(f"DuckDB: {q}\n    {e}")
                faults += 1
                continue
            why = got if isinstance(got, str) else agree(want, [tuple(flat(v) for v in row) for row in got], ordered)
            if why:
                faults += 1
                print(f"{q}\n    {why}")
        print(f"{len(asked)} queries over nested keys beside DuckDB {duckdb.__version__}, seed {seed}: {faults} faults")
        sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

"""Expected values of window frames, from a PostgreSQL server.

PostgreSQL 15, psycopg 3; no randomness: the table follows from formulas that
tests/exec/test_exec_oracle.c repeats. Start a server and give its address:
    PGHOST=/tmp/pg PGPORT=5499 python exec_frames.py
Writes tests/data/oracle/exec_frames.tsv: by, sort key, descending, nulls first, unit, from, to,
exclude, function, then its value in each row (-1: null); from and to `-` where open.
"""
import itertools
from pathlib import Path

import psycopg

out = Path(__file__).resolve().parents[1] / "data" / "oracle" / "exec_frames.tsv"
FUNCTIONS = {"sum": "sum(v)", "count": "count(v)", "min": "min(v)", "nth1": "nth_value(v, 1)",
             "nth2": "nth_value(v, 2)", "nth-1": "last_value(v)"}
EXCLUDE = {0: "", 1: "exclude current row", 2: "exclude group", 3: "exclude ties"}
ENDS = [(None, 0), (-2, 2), (0, None), (-3, -1), (1, 2), (None, None), (0, 0)]


def end(x, unit, key, side):
    if x is None:
        return f"unbounded {side}"
    if x == 0:
        return "current row"
    far = abs(x) / 2 if unit == "range" and key == "x" else abs(x)
    text = f"'{far} days'" if unit == "range" and key == "d" else str(far)
    return f"{text} {'preceding' if x < 0 else 'following'}"


with psycopg.connect(dbname="postgres") as c, out.open("w") as f:
    c.execute("create temp table t(row int, g int, i int, x float8, d date, v int)")
    for r in range(31):
        c.execute("insert into t values (%s, %s, %s, %s, date '1970-01-01' + %s::int, %s)",
                  (r, r * 7 % 3, None if r * 5 % 11 == 3 else r * 17 % 13, None if r * 3 % 13 == 4 else (r * 11 % 17) / 2 - 3,
                   None if r % 9 == 5 else r * 19 % 23, None if r * 7 % 10 == 6 else r * 31 % 50))
    for unit, key, down, first, (a, b), ex in itertools.product(
            ("rows", "groups", "range"), ("i", "x", "d"), (False, True), (False, True), ENDS, EXCLUDE):
        if (unit == "rows" and key != "i") or (down and first):
            continue
        if unit == "rows":
            order = f"{key} {'desc' if down else 'asc'} nulls {'first' if first else 'last'}, row"
        else:
            order = f"{key} {'desc' if down else 'asc'} nulls {'first' if first else 'last'}"
        by = (ENDS.index((a, b)) + ex) % 2
        frame = f"{unit} between {end(a, unit, key, 'preceding')} and {end(b, unit, key, 'following')} {EXCLUDE[ex]}"
        # rows that tie: their order within the frame shows in first, nth and last values
        names = [n for n in FUNCTIONS if unit == "rows" or not n.startswith("nth")]
        cols = ", ".join(f"{FUNCTIONS[n]} over (w {frame})" for n in names)
        rows = c.execute(f"select {cols} from t window w as ({'partition by g' if by else ''} order by {order}) order by row").fetchall()
        for n, values in zip(names, zip(*rows)):
            if (ENDS.index((a, b)) + ex + len(n)) % 2 and n in ("min", "count"):
                continue
            f.write(f"{by} {key} {int(down)} {int(first)} {unit} {'-' if a is None else a} {'-' if b is None else b} {ex} {n}\t"
                    + " ".join("-1" if v is None else str(v) for v in values) + "\n")

"""Random SELECTs: mlnb's SQL must answer as PostgreSQL does, and as SQLite does where its rules are the same.

MLNB_SEED=n and MLNB_QUERIES=n choose other queries; MLNB_SHOW=n prints so many faults of each class.
"""
import collections
import datetime
import decimal
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile

import peers
import sqlgen
from mlnbtest import BIN

QUERIES = 2500


def plain(v):
    if isinstance(v, decimal.Decimal):
        return float(v)
    if isinstance(v, datetime.datetime):
        return v.isoformat(" ")
    if isinstance(v, datetime.date):
        return v.isoformat()
    return v


def same(a, b):
    if isinstance(a, bool) and isinstance(b, int):
        b = bool(b)
    if isinstance(b, bool) and isinstance(a, int):
        a = bool(a)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b or abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b)) or (math.isnan(a) and math.isnan(b))
    return a == b


def sort_key(row):
    """Nulls last, numbers by a rounded value so that last digits do not decide."""
    return [(v is None, str(type(v) is str), v if isinstance(v, str) else round(float(v), 6) if v is not None else 0) for v in row]


def agree(want, got, ordered):
    if len(want) != len(got):
        return f"{len(got)} rows instead of {len(want)}"
    if not ordered:
        want, got = sorted(want, key=sort_key), sorted(got, key=sort_key)
    for w, g in zip(want, got):
        if len(w) != len(g) or not all(same(x, y) for x, y in zip(w, g)):
            return f"{g} instead of {w}"
    return None


def run_mlnb(statements, queries, folder):
    """Answers: a list of rows, or the text of an error, per query."""
    path = os.path.join(folder, "queries.mlnb")
    with open(path, "w") as f:
        for s in [";\n".join(statements), *queries]:
            f.write(f"%%sql\n{s}\n")
    done = subprocess.run([BIN, "run", path, "--format", "json", "--keep-going", "--threads", "2"], capture_output=True, text=True, timeout=600)
    answers = {}
    for line in done.stdout.splitlines():
        m = json.loads(line)
        k = m["cell"] - 2
        if m["kind"] == "frame":
            answers[k] = [tuple(r) for r in m["rows"]]
        elif m["kind"] == "error":
            answers[k] = f"{m['code']} {m['message']}"
    if done.returncode < 0 or -1 in answers and isinstance(answers[-1], str):
        sys.exit(f"mlnb ended with {done.returncode}: {answers.get(-1)} {done.stderr[-2000:]}")
    return [answers.get(i, "no answer") for i in range(len(queries))]


def run_other(execute, queries):
    out = []
    for q in queries:
        try:
            out.append([tuple(plain(v) for v in row) for row in execute(q)])
        except Exception as e:  # noqa: BLE001 (each engine has its own)
            out.append(str(e).splitlines()[0])
    return out


def main():
    seed = os.environ.get("MLNB_SEED", "1")
    n = int(os.environ.get("MLNB_QUERIES", QUERIES))
    show = int(os.environ.get("MLNB_SHOW", "2"))
    made = list(sqlgen.queries(seed, n))
    texts = [q for q, _, _ in made]
    setup = sqlgen.setup()
    with tempfile.TemporaryDirectory() as folder:
        ours = run_mlnb(setup, texts, folder)
    lite = sqlite3.connect(":memory:")
    for s in setup:
        lite.execute(s)
    with peers.postgres() as pg:
        if pg:
            for s in setup:
                pg.execute(s)
            theirs = run_other(lambda q: pg.execute(q).fetchall(), texts)
        else:
            print("Skipped in part: no PostgreSQL here, SQLite alone")
            theirs = [None] * n
    lites = run_other(lambda q: lite.execute(q).fetchall(), texts)
    faults, errors = collections.defaultdict(list), 0
    compared = compared_lite = 0
    for (sql, ordered, portable), got, want, small in zip(made, ours, theirs, lites):
        if want is not None:
            errors += isinstance(want, str)
            compared += 1
            if isinstance(want, str) and isinstance(got, str):
                continue
            if isinstance(want, str):
                faults[f"PostgreSQL refuses: {want[:60]}"].append((sql, want))
            elif isinstance(got, str):
                faults[f"refused: {got[:60]}"].append((sql, got))
            elif agree(want, got, ordered):
                faults["differs from PostgreSQL"].append((sql, agree(want, got, ordered)))
        if portable and not isinstance(small, str) and not isinstance(got, str):
            compared_lite += 1
            if agree(small, got, ordered):
                faults["differs from SQLite"].append((sql, agree(small, got, ordered)))
    print(f"{n} queries; {compared} compared with PostgreSQL ({errors} errors there), {compared_lite} with SQLite")
    for kind, list_ in sorted(faults.items(), key=lambda f: -len(f[1])):
        print(f"{len(list_):5} {kind}")
        for sql, why in sorted(list_, key=lambda f: len(f[0]))[:show]:
            print(f"        {sql}\n          -> {why}")
    assert compared_lite > n / 20 or not n, "the generator makes too few portable queries"
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

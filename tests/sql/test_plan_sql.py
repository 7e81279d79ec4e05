"""Random plans as SQL text: DuckDB and PostgreSQL must give what the threads executor gives, values and order.

MLNB_SEED=n looks at one plan and shows all of it; MLNB_PLANS=n sets how many are tried, from seed
MLNB_FIRST=n on. Seeds that found a fault
once stand in REGRESSIONS and are always tried.
"""
import collections
import datetime
import decimal
import json
import math
import os
import re
import subprocess
import sys

import peers

PLANS = 2500
REGRESSIONS = [58, 224, 431, 442, 844, 1138, 1658, 1973]
NUMBER = re.compile(r"[0-9]+\.[0-9]{8,}(?:e[+-]?[0-9]+)?")
EPOCH = datetime.datetime(1970, 1, 1)
DAY = datetime.date(1970, 1, 1)


def plans(first, last):
    program = os.environ.get("PLAN_SQL_GEN", "build/dev/tests/plan_sql_gen")
    with subprocess.Popen([program, str(first), str(last)], stdout=subprocess.PIPE, text=True) as p:
        for line in p.stdout:
            yield json.loads(line)
        if p.wait():
            sys.exit(f"{program} {first} {last} ended with {p.returncode}")


def plain(value, kind):
    """An engine's value as the generator writes it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime.datetime):
        return round((value - EPOCH) / datetime.timedelta(microseconds=1))
    if isinstance(value, datetime.date):
        return (value - DAY).days
    if kind == "num" and isinstance(value, (int, float, decimal.Decimal)):
        return float(value)
    return value


def same(want, got, kind):
    if want is None or got is None:
        return want is None and got is None
    if kind == "num":
        want, got = float(want), float(got)
        return want == got or (math.isfinite(want) and math.isfinite(got) and
                               abs(want - got) <= 1e-9 * max(1.0, abs(want), abs(got)))
    if kind == "str" and want != got and isinstance(got, str):  # a number in it may be off in its last digit
        a, b = NUMBER.findall(want), NUMBER.findall(got)
        return (NUMBER.sub("#", want) == NUMBER.sub("#", got) and len(a) == len(b) and
                all(same(float(x), float(y), "num") for x, y in zip(a, b)))
    return type(want) is type(got) and want == got


def difference(plan, got):
    kinds = [kind for _, kind in plan["columns"]]
    want = plan["rows"]
    if len(want) != len(got):
        return f"{len(got)} rows instead of {len(want)}"
    for i, (a, b) in enumerate(zip(want, got)):
        for (name, kind), x, y in zip(plan["columns"], a, b):
            if not same(x, plain(y, kind), kind):
                return f"row {i + 1}, {name} ({kind}): {plain(y, kind)!r} instead of {x!r}"
        if len(kinds) and len(b) != len(kinds):
            return f"{len(b)} columns instead of {len(kinds)}"
    return None


def as_table(sql):
    """The one step of a table's statement, with the column that numbers its rows."""
    return sql[:sql.rindex("\nSELECT ")] + "\nSELECT t.* FROM step1 AS t"


def check(name, engine, plan, counts, loud):
    if name not in plan:
        counts[f"{name} cannot say it"] += 1
        if loud:
            print(f"{name}: {plan[name + '_refused']}")
        return None
    counts[name] += 1
    if loud:
        print(f"-- {name}\n{plan[name]}\n")
    try:
        for table, rows in plan.get("leaves", {}).items():
            engine.execute(f"DROP TABLE IF EXISTS {table}")
            engine.execute(f"CREATE TEMP TABLE {table} AS {as_table(rows[name])}")
        got = engine.execute(plan[name]).fetchall()
    except Exception as e:  # whatever the engine throws
        return f"error: {str(e).splitlines()[0]}"
    if loud:
        print(*got, sep="\n")
    return difference(plan, got)


def run(first, last, engines, counts, loud):
    faults = []
    for plan in plans(first, last):
        if loud:
            print(plan["plan"])
            print(*(plan["rows"] if "rows" in plan else [plan["error"]]), sep="\n")
        if "error" in plan:
            counts["fail here"] += 1
            continue
        for name, engine in engines.items():
            fault = check(name, engine, plan, counts, loud)
            if fault:
                faults.append(plan["seed"])
                print(f"seed {plan['seed']}, {name}: {fault}", flush=True)
    return faults


def main():
    seed = int(os.environ.get("MLNB_SEED", 0))
    counts = collections.Counter()
    with peers.postgres() as postgres:
        engines = {"duckdb": peers.duckdb(), "postgres": postgres}
        for name in [n for n, e in engines.items() if e is None]:
            print(f"Skipped: no {name} here")
            del engines[name]
        if not engines:
            return 77
        if "duckdb" in engines:
            engines["duckdb"].execute("SET threads = 1")
        if seed:
            faults = run(seed, seed, engines, counts, True)
        else:
            faults = [f for s in REGRESSIONS for f in run(s, s, engines, counts, False)]
            first = int(os.environ.get("MLNB_FIRST", 1))
            faults += run(first, first + int(os.environ.get("MLNB_PLANS", PLANS)) - 1, engines, counts, False)
    print(", ".join(f"{n}: {k}" for n, k in sorted(counts.items())))
    if faults:
        print(f"{len(faults)} faults; MLNB_SEED={faults[0]} shows one")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

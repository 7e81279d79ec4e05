"""Expressions of SQL beside PostgreSQL's answers (tests/data/oracle/fn_sql.tsv, which tests/oracle/fn_sql.py makes)."""
import os
import sys
import tempfile

from mlnbtest import ROOT
from test_sql_engines import run_mlnb

# What we do otherwise on purpose, by the beginning of the expression.
OTHERWISE = {
    "cbrt(27)": "the C library's last digit; ours is 3",
    "-9223372036854775808 / -1": "a literal past 63 bits is a num",
    "'0x10'::float8": "the C library reads hexadecimal numbers",
    "'abc' like 'abc\\'": "refused before anything is compared",
    "extract(hour from date": "a date is its midnight",
    "extract(minute from date": "a date is its midnight",
    "extract(second from date": "a date is its midnight",
    "extract(milliseconds from date": "a date is its midnight",
    "extract(microseconds from date": "a date is its midnight",
    "interval '1 day -2 hours'": "a day is 24 hours",
    "make_interval(hours => 30": "a day is 24 hours",
    "extract(hour from interval '1 day -2 hours')": "a day is 24 hours",
}


def main():
    with open(ROOT / "tests/data/oracle/fn_sql.tsv", encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    with tempfile.TemporaryDirectory() as folder:
        answers = run_mlnb(["create table nothing (a int)"], [f"select ({e})::text as x" for e, _ in rows], folder)
    faults = 0
    for (e, want), got in zip(rows, answers):
        want = None if want == "\\N" else want.replace("\\t", "\t").replace("\\\\", "\\")
        if any(e.startswith(k) for k in OTHERWISE):
            continue
        if want == "?" and isinstance(got, str):
            continue
        value = got if isinstance(got, str) else got[0][0]
        if value != want or isinstance(got, str):
            faults += 1
            print(f"{e}\n    {value!r} instead of {want!r}")
    print(f"{len(rows)} expressions, {faults} differ")
    assert len(rows) > 700
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

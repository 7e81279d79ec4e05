#!/usr/bin/env python3
"""Expected reading of CSV files, for tests/unit/test_io_oracle.c: tests/data/oracle/io_csv.txt.

    /path/to/venv/bin/python tests/oracle/io_csv.py

polars splits the fields (every column as text) and casts; the rule for a column's type (language.md 3.4, 3.6) is
written here once more on top of its casts. Each line: file | rows | name:type .. | length and CRC-32 of the table
written again as CSV by the rules of the language (null empty, "" for the empty text, shortest numbers). polars 2.1.0.
No randomness.
"""
import os
import re
import zlib

import polars as pl

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data")
FILES = [
    "penguins/penguins.csv", "penguins/penguins_raw.csv", "tabular/titanic.csv", "taxi/taxis_2019_03_raw.csv",
    "messy/taxi_mixed_newlines.csv", "messy/readr/challenge.csv", "messy/readr/mtcars.csv",
    "messy/readr/eol-crlf.csv", "messy/readr/eol-lf.csv", "messy/readr/chickens.csv",
    "messy/readr/test_list_col_name.csv",
    "messy/arrow/aggregate_test_100.csv", "messy/arrow/aggregate_test_100.csv.gz",
    "messy/arrow/aggregate_test_100_with_dates.csv", "messy/duckdb/14177.csv", "messy/duckdb/test_fallback.csv",
    "messy/duckdb/int_bol.csv", "messy/duckdb/test_multiple_columns_rn.csv", "messy/duckdb/time_date_timestamp.csv",
    "messy/duckdb/utf8bom.csv", "messy/duckdb/early_out_error.csv",
]
NULLS = ["", "NA", "null", "NULL"]


def fits(s, dtype, pattern):
    if not all(re.fullmatch(pattern, x) for x in s):
        return None
    s = pl.Series(s, dtype=pl.String)
    try:
        if dtype == pl.Boolean:
            return s == "true"
        if dtype == pl.Date:
            return s.str.to_date("%Y-%m-%d")
        if dtype == pl.Datetime:
            return s.str.replace("T", " ").str.to_datetime("%Y-%m-%d %H:%M:%S%.f")
        return s.cast(dtype, strict=True)
    except pl.exceptions.InvalidOperationError:
        return None


def settle(col):
    """(type, list of values or None) of a text column."""
    cells = [None if x is None else x.strip(" \t") for x in col.to_list()]
    null = [x is None or x in NULLS or x.lower() == "nan" for x in cells]
    some = [x for x, n in zip(cells, null) if not n]
    zero = any(re.fullmatch(r"[+-]?0\d.*", x) for x in some)
    ladder = [("bool", pl.Boolean, r"(?i)true|false"), ("int", pl.Int64, r"[+-]?\d+"),
              ("num", pl.Float64, r"(?i)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?"),
              ("date", pl.Date, r"\d{4}-\d\d-\d\d"),
              ("datetime", pl.Datetime, r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")]
    for name, dtype, pattern in ladder:
        if not some or (zero and name in ("int", "num")):
            break
        lowered = [x.lower() for x in some] if name == "bool" else some
        got = fits(lowered, dtype, pattern)
        if got is not None:
            values = iter(got.to_list())
            return name, [None if n else next(values) for n in null]
    if not some:
        return "str", [None if x != "" else "" for x in col.to_list()]
    return "str", col.to_list()


def text(name, v):
    if v is None:
        return ""
    if name == "bool":
        return "true" if v else "false"
    if name in ("int", "num"):
        return repr(v)
    if name in ("date", "datetime"):
        return str(v).rstrip("0") if "." in str(v) else str(v)
    return '"' + v.replace('"', '""') + '"' if v == "" or re.search('[",\n\r]', v) else v


def main():
    out = []
    for path in FILES:
        df = pl.read_csv(os.path.join(DATA, path), infer_schema=False,
                         extra_columns="ignore", missing_columns="insert")
        cols = [settle(df[c]) for c in df.columns]
        lines = [",".join(text("str", c.strip(" \t")) for c in df.columns)]
        lines += [",".join(text(n, v[i]) for n, v in cols) for i in range(df.height)]
        body = "".join(x + "\n" for x in lines).encode()
        names = " ".join(f"{c.strip(' ')}:{n}" for c, (n, _) in zip(df.columns, cols))
        out.append(f"{path}|{df.height}|{names}|{len(body)} {zlib.crc32(body):08x}\n")
    with open(os.path.join(DATA, "oracle", "io_csv.txt"), "w") as f:
        f.writelines(out)


if __name__ == "__main__":
    main()

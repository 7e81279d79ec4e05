#!/usr/bin/env python3
"""How every file of ../shared/data is to be read: tests/data/oracle/io_files.tsv, for tests/cli/test_data_files.py.

    /path/to/venv/bin/python tests/oracle/io_files.py FOLDER > tests/data/oracle/io_files.tsv

FOLDER is the data's. Delimited text is split by pandas 3.1.1 (every field as text, the dialect told as the READMEs say it), the rule
for a column's type (language.md 3.4, 3.6) is written here once more; Parquet and Arrow by pyarrow 26.0.1, JSON by Python, LIBSVM by scikit-learn 1.9.1. A line:
paths | options | rows | name:kind .. | CRC-32 of the values (tests/frames.py), or paths | options | code | what the message must name.
No randomness.
"""
import datetime as dt
import glob
import json
import os
import re
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
from sklearn.datasets import load_svmlight_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from frames import columns_of, digest  # noqa: E402

ROOT = sys.argv[1]
NULLS = {"", "NA", "null", "NULL"}

# ---- delimited text: what the READMEs say of a file, as options of read() and of pandas ----
ADULT = ["age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race", "sex", "capital_gain", "capital_loss",
         "hours_per_week", "native_country", "income"]
AUTO = "messy/duckdb/auto/"
NO_NAMES = {"header": False}
TEXT = {  # file: (options of read(), options of pandas); a list: several ways to read one file
    "tabular/adult.data": ({"header": False, "names": ADULT, "na": ["?"], "trim": True}, {"trim": True}),
    "tabular/iris.csv": ({"skip": 1, "header": False}, {"skiprows": 1}),
    "tabular/higgs_train.tsv": ({}, {"sep": "\t", "made_up": True}),
    "tabular/higgs_test.tsv": ({}, {"sep": "\t", "made_up": True}),
    "text/sms_spam.tsv": ({"header": False, "quote": None, "names": ["label", "text"]}, {"sep": "\t", "quoting": 3}),
    "recsys/sample_movielens_ratings.txt": ({"delim": "::", "header": False, "names": ["user", "item", "rating", "at"]}, {"sep": "::", "engine": "python"}),
    "survey/star_wars_survey.csv": ({}, {"encoding": "cp1252"}),
    "messy/duckdb/encodings/latin1.csv": ({}, {"encoding": "latin1"}),
    "messy/duckdb/encodings/latin1.csv.gz": ({}, {"encoding": "latin1"}),
    "messy/duckdb/encodings/all_latin1.csv": ({"encoding": "latin-1"}, {"encoding": "latin1", "sep": "\x01"}),
    "messy/duckdb/encodings/only_latin1.csv": ({}, {"encoding": "latin1"}),
    "messy/duckdb/encodings/only_utf16.csv": ({}, {"encoding": "utf-16"}),
    "messy/duckdb/encodings/utf16.csv": ({}, {"encoding": "utf-16"}),
    "messy/duckdb/encodings/utf16.csv.gz": ({}, {"encoding": "utf-16"}),
    "messy/readr/enc-iso-8859-1.txt": ({}, {"encoding": "latin1"}),
    "messy/readr/basic-df-singlequote.csv": ({"quote": "'"}, {"quotechar": "'"}),
    "messy/readr/eol-cr.txt": ({"delim": " "}, {"sep": " "}),
    "messy/readr/eol-crlf.txt": ({"delim": " "}, {"sep": " "}),
    "messy/readr/eol-lf.txt": ({"delim": " "}, {"sep": " "}),
    "messy/readr/eol-cr.txt.gz": ({"delim": " "}, {"sep": " "}),
    "messy/readr/example.log": ({"delim": " ", "header": False}, {"sep": " "}),
    "messy/readr/fwf-sample.txt": ({"format": "fixed", "widths": [20, 10, 12], "header": False}, {"fixed": [20, 10, 12]}),
    "messy/readr/fwf-trailing.txt": ({"delim": " ", "header": False}, {"sep": " "}),
    "messy/readr/epa78.txt": ({"format": "fixed", "header": False}, {"fixed": "infer"}),
    "messy/readr/massey-rating.txt": ({"format": "fixed"}, {"fixed": "infer"}),
    "messy/readr/whitespace-sample.txt": ({"delim": " ", "ragged": "cut"}, {"sep": " ", "cut": 4}),
    AUTO + "backslash_escape.csv": ({"header": False}, {"sep": "|", "escapechar": "\\"}),
    AUTO + "single_quote_backslash.csv": ({"header": False, "quote": "'", "escape": "\\"}, {"sep": "|", "escapechar": "\\", "quotechar": "'"}),
    AUTO + "tab_single_quote.csv": ({"header": False, "quote": "'"}, {"sep": "\t", "quotechar": "'"}),
    AUTO + "tab_single_quote_varchar.csv": ({"header": False, "quote": "'"}, {"sep": "\t", "quotechar": "'"}),
    AUTO + "skip_row.csv": ({"skip": 1}, {"skiprows": 1}),
    AUTO + "multiple_skip_row.csv": ({"skip": 2}, {"skiprows": 2}),
    AUTO + "mock_duckdb_test_data.csv": ({"ragged": "cut"}, {"cut": 5}),
    AUTO + "no_header.csv": (NO_NAMES, {}),
    AUTO + "leading_space_numerics.csv": (NO_NAMES, {}),
    AUTO + "unnamed_columns.csv": (NO_NAMES, {}),
    AUTO + "various_time_formats.csv": (NO_NAMES, {}),
    AUTO + "invalid_time.csv": (NO_NAMES, {}),
    AUTO + "single_value.csv": (NO_NAMES, {}),
    AUTO + "mixed_single_line.csv": (NO_NAMES, {}),
    AUTO + "single_numeric.csv": ({}, {"made_up": True}),
    "messy/duckdb/headers/integer.csv": ({}, {"made_up": True}),
    "messy/duckdb/headers/undetected_type.csv": ({"delim": ";"}, {"sep": ";"}),
    "messy/duckdb/headers/single_line.csv": ({}, {}),
    AUTO + "time_date_timestamp_dd-mm-yyyy.csv": ({"date_format": "%d-%m-%Y"}, {"date": "%d-%m-%Y"}),
    AUTO + "time_date_timestamp_yyyy.mm.dd.csv": ({"date_format": "%Y.%m.%d"}, {"date": "%Y.%m.%d"}),
    AUTO + "time_date_timestamp_mm-dd-yyyy.csv": ({"date_format": "%m-%d-%Y"}, {"date": "%m-%d-%Y"}),
}
for name in ["multi_column_string_mix", "multi_column_string_mix_r_n", "multi_column_string_r", "multi_column_string_r_n", "pipe_delim", "pipe_delim_quote", "quote_escape"]:
    TEXT[AUTO + name + ".csv"] = (NO_NAMES, {"sep": "|"})
for name in ["semicolon_delim", "semicolon_escape", "semicolon_quote"]:
    TEXT[AUTO + name + ".csv"] = (NO_NAMES, {"sep": ";"})
for name in ["rfc_conform", "rfc_conform_quote", "varchar_multi_line", "varchar_single_line"]:
    TEXT[AUTO + name + ".csv"] = (NO_NAMES, {})
TEXT[AUTO + "tab.csv"] = (NO_NAMES, {"sep": "\t"})

REFUSED = [  # file, options, code, what the message must name
    ("messy/readr/raw.csv", {}, "E303", ["raw.csv", "line 2", "column 1", "NUL"]),
    ("messy/duckdb/encodings/shift_jis.csv", {}, "E303", ["shift_jis.csv", "line 1", "column 1", "0x96", "iconv -f SHIFT_JIS"]),
    ("messy/duckdb/encodings/shift_jis.csv", {"encoding": "utf-8"}, "E303", ["shift_jis.csv", "line 1", "column 1", "0x96"]),
    ("survey/star_wars_survey.csv", {"encoding": "utf-8"}, "E303", ["star_wars_survey.csv", "line 1", "column 3"]),
    (AUTO + "mock_duckdb_test_data.csv", {}, "E304", ["mock_duckdb_test_data.csv", "line 7", "6 fields", "5"]),
    (AUTO + "mock_duckdb_test_data.csv", {"ragged": "error"}, "E304", ["mock_duckdb_test_data.csv", "line 4", "4 fields", "5"]),
    (AUTO + "skip_row.csv", {}, "E304", ["skip_row.csv", "line 2", "3 fields", "skip: 1"]),
    (AUTO + "multiple_skip_row.csv", {}, "E304", ["multiple_skip_row.csv", "line 2", "2 fields", "skip: 2"]),
    (AUTO + "tab_single_quote.csv", {}, "E304", ["tab_single_quote.csv", "line 2", "4 fields", "quote: \"'\""]),
    (AUTO + "tab_single_quote_varchar.csv", {}, "E304", ["tab_single_quote_varchar.csv", "line 2", "4 fields", "quote: \"'\""]),
    ("messy/duckdb/headers/undetected_type.csv", {}, "E304", ["undetected_type.csv", "line 2", "2 fields", "68,527.00"]),
    ("messy/readr/eol-cr.txt.bz2", {}, "E305", ["eol-cr.txt.bz2", "bzip2", "bunzip2"]),
    ("messy/readr/eol-cr.txt.xz", {}, "E305", ["eol-cr.txt.xz", "xz"]),
    ("messy/readr/eol-cr.txt.zip", {}, "E305", ["eol-cr.txt.zip", "zip", "unzip"]),
    ("messy/readr/mtcars.csv.bz2", {}, "E305", ["mtcars.csv.bz2", "bzip2"]),
    ("messy/readr/mtcars.csv.zip", {}, "E305", ["mtcars.csv.zip", "zip"]),
]
SETS = [  # paths, options of read(), files in order, key columns from the folders
    ("retail/by-day/2010-12-*.csv", {}), ("messy/readr/mini-gapminder-*.csv", {}), ("summaries/*.csv", {}), (AUTO + "glob/[01].csv", {}), ("messy/duckdb/hive-partitioning/simple", {}),
    ("messy/duckdb/hive-partitioning/types", {}), ("messy/duckdb/hive-partitioning/different_order", {}), ("messy/duckdb/hive-partitioning/mismatching_contents", {}),
    ("messy/duckdb/hive-partitioning/mismatching_types", {}), ("messy/duckdb/hive-partitioning/mismatching_count", {}), ("messy/duckdb/hive-partitioning/mismatching_names", {}),
]


def fields_of(path, header=None, sep=",", fixed=None, cut=None, trim=False, made_up=False, date=None, **kw):
    """All rows as lists of text."""
    how = {"dtype": str, "header": None, "na_filter": False, "encoding": kw.pop("encoding", "utf-8-sig"), **kw}
    if fixed:
        how.pop("na_filter")
        how["keep_default_na"] = False
        frame = pd.read_fwf(path, widths=None if fixed == "infer" else fixed, **how) if fixed != "infer" else pd.read_fwf(path, colspecs="infer", **how)
    else:
        if cut:
            how.update(engine="python", on_bad_lines=lambda row: row[:cut])
            how.pop("na_filter")
            how["keep_default_na"] = False
        elif not trim:
            how["names"] = None
        frame = pd.read_csv(path, sep=sep, **how)
    frame = frame.fillna("")
    rows = frame.values.tolist()
    return [[x.strip(" \t") for x in r] for r in rows] if trim else rows


def unique(names):
    """Empty names become column_N, repeated ones get _2, _3 .. that no name of the file has."""
    out, seen = [], set()
    names = [n.strip() or f"column_{i + 1}" for i, n in enumerate(names)]
    for n in names:
        new, k = n, 2
        while new in seen or (new != n and new in names):
            new, k = f"{n}_{k}", k + 1
        seen.add(new)
        out.append(new)
    return out


def settle(cells, na, date):
    """(Arrow type, values) of a column of text."""
    cut = {c: c.strip(" \t") for c in set(cells)}
    is_null = {c: s in NULLS or s in na or s.lower() == "nan" for c, s in cut.items()}
    some = {s for c, s in cut.items() if not is_null[c]}
    zero = any(re.fullmatch(r"[+-]?0\d.*", s) and not date for s in some) and all(re.fullmatch(r"[+-]?[\d.eE+-]+", s) for s in some)

    def fits(pattern, check=lambda s: True):
        return bool(some) and all(re.fullmatch(pattern, s) and check(s) for s in some)

    def values(make, kind):
        memo = {c: None if is_null[c] else make(s) for c, s in cut.items()}
        return kind, [memo[c] for c in cells]

    def can(make):
        def check(s):
            try:
                make(s)
                return True
            except ValueError:
                return False
        return check

    day = dt.date.fromisoformat
    if fits(r"(?i)true|false"):
        return values(lambda s: s.lower() == "true", pa.bool_())
    if fits(r"[+-]?\d+") and not zero and all(-2**63 <= int(s) < 2**63 for s in some):
        return values(int, pa.int64())
    if fits(r"(?i)[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?") and not zero:
        return values(float, pa.float64())
    if fits(r"\d{4}-\d\d-\d\d", can(day)):
        return values(day, pa.date32())
    if date and fits(r".*", can(lambda s: dt.datetime.strptime(s, date))):
        return values(lambda s: dt.datetime.strptime(s, date).date(), pa.date32())
    stamp = dt.datetime.fromisoformat
    if fits(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?", can(stamp)):
        return values(stamp, pa.timestamp("us"))
    if fits(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", can(stamp)):
        return values(lambda s: stamp(s).astimezone(dt.timezone.utc), pa.timestamp("us", "UTC"))
    drop = {c for c in cut if c == "" or c in na}
    if not some:
        drop |= {c for c in cut if is_null[c]}
    return pa.string(), [None if c in drop else c for c in cells]


def text_columns(path, options, how):
    rows = fields_of(path, **how)
    if how.get("fixed"):
        rows = [[str(x).strip() for x in r] for r in rows]
    width = max(len(r) for r in rows)
    rows = [list(r) + [""] * (width - len(r)) for r in rows]
    if "names" in options:
        names = options["names"]
    elif options.get("header") is False or how.get("made_up"):
        names = [f"column_{i + 1}" for i in range(width)]
    else:
        names, rows = unique(rows[0]), rows[1:]
    return {n: [r[i] for r in rows] for i, n in enumerate(names)}, len(rows)


def typed(columns, options, how):
    fields, arrays = [], []
    for name, cells in columns.items():
        kind, values = settle(cells, options.get("na", []), how.get("date"))
        fields.append((name, kind))
        arrays.append(pa.array(values, kind))
    return pa.table(arrays, schema=pa.schema(fields))


def keys_of(path, base):
    return dict(part.split("=", 1) for part in os.path.relpath(path, base).split("/")[:-1] if "=" in part)


def read_set(paths):
    full = os.path.join(ROOT, paths)
    is_folder = os.path.isdir(full)
    files = sorted(f for f in (glob.glob(full + "/**", recursive=True) if is_folder else glob.glob(full)) if os.path.isfile(f))
    every, keys, total = {}, {}, 0
    for f in files:
        columns, n = text_columns(f, {}, {})
        mine = keys_of(f, full) if is_folder else {}
        for target, given in ((every, columns), (keys, {k: [v] * n for k, v in mine.items()})):
            for name in [*target, *[g for g in given if g not in target]]:
                target.setdefault(name, [""] * total)
                target[name] += given.get(name, [""] * n)
        total += n
    return typed({**every, **keys}, {}, {})


# ---- all files ----
def option_text(options):
    def value(v):
        if isinstance(v, (list, str)):
            return json.dumps(v)
        return {True: "true", False: "false", None: "null"}[v] if isinstance(v, bool) or v is None else str(v)
    return ", ".join(f"{k}: {value(v)}" for k, v in options.items())


def line(paths, options, *rest):
    print("\t".join([paths, option_text(options), *[str(x) for x in rest]]))


def expect(paths, options, table, with_digest=True):
    line(paths, options, table.num_rows, json.dumps([f"{n}:{k}" for n, k in columns_of(table)], ensure_ascii=False), digest(table) if with_digest else "-")


def read_text(path):
    options, how = TEXT.get(path, ({}, {}))
    columns, _ = text_columns(os.path.join(ROOT, path), options, how)
    expect(path, options, typed(columns, options, how))


def read_json(path):
    text = open(os.path.join(ROOT, path), encoding="utf-8").read()
    try:
        whole = json.loads(text)
        rows = whole if isinstance(whole, list) else [whole]
    except json.JSONDecodeError:
        rows = [json.loads(s) for s in text.splitlines() if s.strip()]
    names = list(dict.fromkeys(k for r in rows for k in r))
    line(path, {}, len(rows), json.dumps([f"{n}:*" for n in names], ensure_ascii=False), "-")


def read_libsvm(path):
    x, y = load_svmlight_file(os.path.join(ROOT, path))
    columns = {"label": y, **{f"f{i + 1}": x[:, i].toarray().ravel() for i in range(x.shape[1])}}
    expect(path, {"format": "libsvm"}, pa.table({n: pa.array(v.tolist(), pa.float64()) for n, v in columns.items()}))


def main():
    for folder, _, names in sorted(os.walk(ROOT)):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            if re.search(r"\.md$|LICENSE|\.(bz2|zip|xz)$|^parquet-testing|^arrow-ipc|/raw\.csv$|shift_jis|libsvm", path):
                continue
            if path.endswith((".json", ".geojson")):
                read_json(path)
            elif path.endswith(".parquet"):
                expect(path, {}, pq.read_table(os.path.join(ROOT, path)))
            else:
                read_text(path)
    for paths, options in SETS:
        expect(paths, options, read_set(paths))
    read_libsvm("recsys/sample_libsvm_data.txt")
    for path, options, code, words in REFUSED:
        line(path, options, code, json.dumps(words))


main()

"""Parquet beside pyarrow, Polars and DuckDB: what mlnb writes, all three read with the same values, and their filters (which use our
statistics) find the same rows; a file of theirs goes through mlnb unchanged."""
import datetime as dt
import math
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mlnbtest import BIN

N = 5000
CODECS = ["snappy", "zstd", "gzip", "lz4", "none"]


def mlnb(code, cwd):
    p = subprocess.run([BIN, "-e", code], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert p.returncode == 0, p.stderr
    return p.stdout


def table(n, seed):
    """Columns whose types mlnb keeps exactly."""
    r = random.Random(seed)

    def some(make):
        return [None if r.random() < 0.15 else make(i) for i in range(n)]

    return pa.table({
        "i": pa.array(range(n), pa.int64()),
        "few": pa.array(some(lambda i: r.randrange(40)), pa.int64()),
        "wide": pa.array(some(lambda i: r.randrange(-2**63, 2**63)), pa.int64()),
        "num": pa.array(some(lambda i: r.choice([0.0, -0.0, math.inf, -math.inf, r.gauss(0, 1e9)])), pa.float64()),
        "word": pa.array(some(lambda i: r.choice(["", "a", "ümlaut", "a longer word than twelve bytes"])), pa.string()),
        "text": pa.array(some(lambda i: "x" * r.randrange(90) + str(r.random())), pa.string()),
        "high": pa.array(some(lambda i: chr(0x10FFFF) * 20 + str(i)), pa.string()),
        "bool": pa.array(some(lambda i: r.random() < 0.5), pa.bool_()),
        "date": pa.array(some(lambda i: dt.date(1900, 1, 1) + dt.timedelta(days=r.randrange(90000))), pa.date32()),
        "time": pa.array(some(lambda i: dt.datetime(1900, 1, 1) + dt.timedelta(microseconds=r.randrange(2**52))), pa.timestamp("us")),
        "utc": pa.array(some(lambda i: r.randrange(-2**50, 2**50)), pa.timestamp("us", "UTC")),
        "list": pa.array(some(lambda i: [None if r.random() < 0.2 else k for k in range(r.randrange(4))]), pa.list_(pa.int64())),
        "deep": pa.array(some(lambda i: [{"a": k, "b": [str(k)] * (k % 3)} for k in range(r.randrange(3))]),
                         pa.list_(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]))),
        "struct": pa.array(some(lambda i: {"x": None if i % 5 == 0 else i / 3, "s": "t" * (i % 20)}), pa.struct([("x", pa.float64()), ("s", pa.string())])),
    })


class Parquet(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="mlnb-parquet-")

    def path(self, name):
        return str(Path(self.dir, name))

    def test_written_files(self):
        for k, codec in enumerate(CODECS):
            want = table(N if k < 2 else 700, k)
            pq.write_table(want, self.path("in.parquet"), row_group_size=999, data_page_size=3000)
            mlnb(f'read("in.parquet") |> save "out.parquet", compression: "{codec}", row_group: 1234', self.dir)
            got = pq.read_table(self.path("out.parquet"))
            self.assertEqual(got.num_rows, want.num_rows)
            for name in want.column_names:
                if name not in ("list", "deep", "struct"):  # names of elements differ
                    self.assertEqual(got[name].type, want[name].type)
                self.assertEqual(got[name].to_pylist(), want[name].to_pylist(), f"{codec} {name}")
            polars = pl.read_parquet(self.path("out.parquet"))
            for name in want.column_names:
                if name != "utc":  # needs a zone database in Python
                    self.assertEqual(polars[name].to_list(), want[name].to_pylist(), f"{codec} {name} in polars")
            duck = duckdb.sql(f"select * replace (epoch_us(utc) as utc) from read_parquet('{self.path('out.parquet')}')").fetchall()
            for c, name in enumerate(want.column_names):
                values = (want[name].cast(pa.int64()) if name == "utc" else want[name]).to_pylist()
                self.assertEqual([r[c] for r in duck], values, f"{codec} {name} in duckdb")

    def test_statistics(self):
        """Filters of the readers skip row groups by what we say of them."""
        want = table(N, 7)
        pq.write_table(want, self.path("in.parquet"))
        mlnb('read("in.parquet") |> save "out.parquet", row_group: 100', self.dir)
        out = self.path("out.parquet")
        frame = pl.from_arrow(want.drop_columns(["deep", "struct", "list"]))
        for cond in [pl.col("i") > 4900, pl.col("num") == 0.0, pl.col("text") > "xxxxxxxx9", pl.col("word") == "", pl.col("high") >= chr(0x10FFFF) * 20 + "42",
                     pl.col("bool"), pl.col("date") < dt.date(1950, 1, 1), pl.col("wide") > 2**62, pl.col("few").is_null()]:
            self.assertEqual(pl.scan_parquet(out).filter(cond).select("i").collect()["i"].to_list(), frame.filter(cond)["i"].to_list(), str(cond))
        meta = pq.ParquetFile(out).metadata
        for g in range(meta.num_row_groups):
            part = want.slice(g * 100, 100)
            for c, name in ((0, "i"), (1, "few"), (2, "wide"), (8, "date")):
                st, values = meta.row_group(g).column(c).statistics, [v for v in part[name].to_pylist() if v is not None]
                self.assertEqual((st.min, st.max, st.null_count), (min(values), max(values), part[name].null_count))

    def test_our_filters(self):
        """mlnb skips row groups of others' files, and finds the same rows."""
        want = table(N, 9)
        pq.write_table(want, self.path("in.parquet"), row_group_size=100)
        frame = pl.from_arrow(want.drop_columns(["deep", "struct", "list"]))
        for ours, theirs in [("i > 4900", pl.col("i") > 4900), ("num == 0", pl.col("num") == 0), ('text >= "xxxxxxxx9"', pl.col("text") >= "xxxxxxxx9"),
                             ("few in [3, 39]", pl.col("few").is_in([3, 39])), ("wide > 9e18", pl.col("wide") > 9 * 10**18), ("i in 17..19", pl.col("i").is_between(17, 19)),
                             ("i > 17.5, i < 20.5", pl.col("i").is_between(18, 20)), ("few is null", pl.col("few").is_null()), ("date < @1950-01-01", pl.col("date") < dt.date(1950, 1, 1)),
                             ("not few is null", pl.col("few").is_not_null()), ("few != 3", (pl.col("few") != 3) | pl.col("few").is_null())]:
            mlnb(f'read("in.parquet") |> where {ours} |> select i |> save "hit.parquet"', self.dir)
            self.assertEqual(pq.read_table(self.path("hit.parquet"))["i"].to_pylist(), frame.filter(theirs)["i"].to_list(), ours)

    def test_own_types(self):
        mlnb('frame(c: ["lo", "hi", "lo"], x: [1, 2, 3]) |> derive c = cat(c), d = 90min, w = tz(@2020-06-01T10:00, "Europe/Berlin") |> save "own.parquet"', self.dir)
        self.assertEqual(pq.read_table(self.path("own.parquet"))["c"].to_pylist(), ["lo", "hi", "lo"])
        out = mlnb('read("own.parquet")', self.dir)
        for word in ("cat", "duration", "datetime"):
            self.assertIn(word, out)


if __name__ == "__main__":
    unittest.main()

"""Arrow IPC beside pyarrow: what pyarrow writes is read with the same values, what is written pyarrow, Polars and DuckDB read with the
same values; Apache's own test files (../shared) agree file by file. Conversions that are ours: decimals are nums, times of day
are durations, finer than microseconds is cut, bytes that are no text are 0x.., uint64 beyond int is an error."""
import datetime as dt
import decimal
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

from mlnbtest import BIN, ROOT

EPOCH = dt.datetime(1970, 1, 1)


def mlnb(code, cwd="/tmp"):
    return subprocess.run([BIN, "-e", code], cwd=cwd, capture_output=True, text=True, timeout=120)


def us(d):
    return d // dt.timedelta(microseconds=1)


def ours(v, t):
    """What value v of Arrow type t is here, as plain Python."""
    if v is None:
        return None
    if pa.types.is_decimal(t):
        return float(v)
    if pa.types.is_floating(t):
        return None if v != v else v
    if pa.types.is_time(t):
        return us(dt.timedelta(hours=v.hour, minutes=v.minute, seconds=v.second, microseconds=v.microsecond))
    if pa.types.is_duration(t):
        return us(v if isinstance(v, dt.timedelta) else dt.timedelta(microseconds=v.value // 1000))
    if pa.types.is_date(t):
        return v.isoformat()
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t) or pa.types.is_binary_view(t):
        try:
            return bytes(v).decode()
        except UnicodeDecodeError:
            return "0x" + bytes(v).hex()
    if pa.types.is_map(t):
        return [{"key": ours(k, t.key_type), "value": ours(x, t.item_type)} for k, x in v]
    if pa.types.is_struct(t):
        return {t.field(i).name: ours(v[t.field(i).name], t.field(i).type) for i in range(t.num_fields)}
    if isinstance(v, list):
        return [ours(x, t.value_type) for x in v]
    if pa.types.is_dictionary(t):
        return ours(v, t.value_type)
    if pa.types.is_run_end_encoded(t):
        return ours(v, t.value_type)
    return v


def values(column):
    """A column as plain values; instants as microseconds whatever their unit."""
    t = column.type
    if pa.types.is_timestamp(t):
        per = {"s": 10**6, "ms": 10**3, "us": 1}.get(t.unit)
        return [None if x.value is None else x.value * per if per else x.value // 1000 for c in column.chunks for x in c]
    if pa.types.is_map(t):
        return [ours(x, t) for x in column.to_pylist()]
    return [ours(x, t) for x in column.to_pylist()]


def sample(r, n):
    """A table with every type that has a place here."""
    def some(make):
        return [None if r.random() < 0.2 else make() for _ in range(n)]

    words = ["", "a", "lorem ipsum dolor sit amet", "Ünïcödé", "x" * 300]
    day = dt.date(2019, 1, 31)
    t = {
        "b": pa.array(some(lambda: r.random() < 0.5)), "u8": pa.array(some(lambda: r.randint(0, 255)), pa.uint8()),
        "i16": pa.array(some(lambda: r.randint(-2**15, 2**15 - 1)), pa.int16()), "i32": pa.array(some(lambda: r.randint(-2**31, 2**31 - 1)), pa.int32()),
        "u32": pa.array(some(lambda: r.randint(0, 2**32 - 1)), pa.uint32()), "i64": pa.array(some(lambda: r.randint(-2**63, 2**63 - 1)), pa.int64()),
        "f32": pa.array(some(lambda: r.choice([0.5, -1.25, float("inf")])), pa.float32()),
        "f64": pa.array(some(lambda: r.choice([0.1, -1e300, float("-inf"), float("nan")])), pa.float64()),
        "s": pa.array(some(lambda: r.choice(words))), "ls": pa.array(some(lambda: r.choice(words)), pa.large_utf8()),
        "vs": pa.array(some(lambda: r.choice(words)), pa.string_view()), "bin": pa.array(some(lambda: r.choice([b"ok", b"\xff\x00"])), pa.binary()),
        "d": pa.array(some(lambda: day + dt.timedelta(r.randint(-9999, 9999)))), "d64": pa.array(some(lambda: day), pa.date64()),
        "ts": pa.array(some(lambda: EPOCH + dt.timedelta(microseconds=r.randint(-10**15, 10**15))), pa.timestamp("us")),
        "tz": pa.array(some(lambda: EPOCH + dt.timedelta(seconds=r.randint(0, 10**9))), pa.timestamp("ms", "America/New_York")),
        "tn": pa.array(some(lambda: r.randint(0, 10**18)), pa.timestamp("ns", "UTC")), "t": pa.array(some(lambda: dt.time(8, 30, 5)), pa.time32("s")),
        "dur": pa.array(some(lambda: dt.timedelta(microseconds=r.randint(-10**12, 10**12))), pa.duration("us")),
        "dec": pa.array(some(lambda: decimal.Decimal(r.randint(-10**17, 10**17)).scaleb(-5)), pa.decimal128(20, 5)),
        "cat": pa.array(some(lambda: r.choice(words))).dictionary_encode(), "idict": pa.array(some(lambda: r.randint(0, 3))).dictionary_encode(),
        "list": pa.array(some(lambda: [r.choice([None, 1, 2]) for _ in range(r.randint(0, 4))]), pa.list_(pa.int32())),
        "fixed": pa.array(some(lambda: [r.random(), 2.0]), pa.list_(pa.float64(), 2)),
        "struct": pa.array(some(lambda: {"k": r.randint(0, 9), "odd name": r.choice(words)})),
        "deep": pa.array(some(lambda: [{"k": [r.choice(words)]}] * r.randint(0, 3))),
        "map": pa.array(some(lambda: [("a", 1), ("b", None)]), pa.map_(pa.string(), pa.int64())), "null": pa.nulls(n),
    }
    return pa.table(t)


class Arrow(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="mlnb-arrow-")

    def same(self, want, got, what):
        self.assertEqual(want.num_rows, got.num_rows, what)
        self.assertEqual(want.column_names, got.column_names, what)
        for i in range(want.num_columns):
            self.assertEqual(values(want.column(i)), values(got.column(i)), f"{what}: {want.field(i)}")

    def test_round_trip(self):
        r = random.Random(3)
        for n, chunk, codec, stream in ((0, 10, None, False), (1, 10, None, True), (200, 64, "lz4", False), (200, 7, "zstd", True), (5000, 999, None, False)):
            t = sample(r, n)
            path = Path(self.dir, f"in{n}{codec}." + ("arrows" if stream else "arrow"))
            make = ipc.new_stream if stream else ipc.new_file
            with make(str(path), t.schema, options=ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=True, unify_dictionaries=True)) as w:
                w.write_table(t, max_chunksize=chunk)
            p = mlnb(f't = read("{path}")\nt |> save "o.arrow"\nt |> save "o.arrows", compression: "zstd"\nt |> save "l.arrow", compression: "lz4"', self.dir)
            self.assertEqual(p.returncode, 0, p.stderr)
            for name, open_ in (("o.arrow", ipc.open_file), ("o.arrows", ipc.open_stream), ("l.arrow", ipc.open_file)):
                with open(Path(self.dir, name), "rb") as f:
                    o = open_(f).read_all()
                o.validate(full=True)
                self.same(t, o, f"{n} rows, {codec}, {name}")

    def test_types_come_back(self):
        p = mlnb('t = frame(i: [1, null], f: [0.5, 1/0], s: ["a", null], b: [true, false], d: [@2019-01-31, null], t: [@2019-01-31T08:30, null], z: [@2019-01-31T08:30Z, null],'
                 ' l: [2h, null]) |> derive c = cat(s), n = tz(z, "Asia/Tokyo"), o = cat(s, ["b", "a"])\nt |> save "t.arrow"\nu = read("t.arrow")\nu |> glimpse', self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        kinds = [line.split()[1] for line in p.stdout.splitlines() if line[:1] in "ifsbdtzlcno" and "columns" not in line]
        self.assertEqual(kinds, ["int", "num", "str", "bool", "date", "datetime", "datetime[UTC]", "duration", "cat", "datetime[Asia/Tokyo]", "cat"], p.stdout)
        import duckdb
        import polars as pl
        self.assertEqual(pl.read_ipc(str(Path(self.dir, "t.arrow")))["i"].to_list(), [1, None])
        with open(Path(self.dir, "t.arrow"), "rb") as f:
            arrow = ipc.open_file(f).read_all()
        self.assertTrue(arrow.schema.field("o").type.ordered)
        self.assertEqual(arrow.schema.field("n").type.tz, "Asia/Tokyo")
        self.assertEqual(duckdb.sql("select count(i), max(s) from arrow").fetchall(), [(1, "a")])

    def test_categories_grow(self):
        """Levels that come later are deltas: files must not replace a dictionary."""
        p = mlnb('a = frame(x: ["a", "b"]) |> derive c = cat(x)\nb = frame(x: ["c", "a", "d"]) |> derive c = cat(x)\nunion(a, b) |> save "c.arrow"', self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        with open(Path(self.dir, "c.arrow"), "rb") as f:
            self.assertEqual(ipc.open_file(f).read_all()["c"].to_pylist(), ["a", "b", "c", "a", "d"])

    def test_damage(self):
        """A cut or changed file gives one error, never a crash."""
        t = sample(random.Random(1), 50)
        with ipc.new_file(str(Path(self.dir, "x.arrow")), t.schema) as w:
            w.write_table(t)
        good = Path(self.dir, "x.arrow").read_bytes()
        r = random.Random(2)
        for i in range(40):
            bad = bytearray(good[: r.randrange(len(good))] if i % 2 else good)
            for _ in range(0 if i % 2 else 6):
                bad[r.randrange(len(bad))] = r.randrange(256)
            Path(self.dir, "bad.arrow").write_bytes(bad)
            p = mlnb('t = read("bad.arrow", format: "arrow")\nt |> save "o.arrow"', self.dir)
            self.assertIn(p.returncode, (0, 1), p.stderr)

    def test_apache_files(self):
        data = ROOT.parent / "shared/data/arrow-ipc"
        if not data.exists():
            self.skipTest("no shared data beside this clone")
        refused = {"generated_union": "a union of types", "generated_interval": "calendar intervals", "generated_interval_mdn": "calendar intervals",
                   "generated_duration": "beyond what a datetime can"}
        n = 0
        for f in sorted(data.glob("*/*.arrow_file")) + sorted(data.glob("*/*.stream")):
            p = mlnb(f't = read("{f}")\nt |> save "o.arrow"', self.dir)
            if f.stem in refused:
                self.assertIn(refused[f.stem], p.stderr, f.name)
                continue
            self.assertEqual(p.returncode, 0, f"{f.name}: {p.stderr}")
            with open(f, "rb") as g, open(Path(self.dir, "o.arrow"), "rb") as h:
                want = (ipc.open_file if f.suffix == ".arrow_file" else ipc.open_stream)(g).read_all()
                got = ipc.open_file(h).read_all()
            if len(set(want.column_names)) == want.num_columns and "duplicate" not in f.name and f.stem not in ("generated_datetime", "generated_extension"):
                self.same(want, got, f.name)
            n += 1
        self.assertGreater(n, 50)


if __name__ == "__main__":
    unittest.main()

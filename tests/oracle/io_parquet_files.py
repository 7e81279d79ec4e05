"""Small Parquet files of every kind of column, codec and newer encoding, written by pyarrow 26.0.1 into tests/data/parquet (given as
the argument). Then run io_parquet.py for the list of what is in them."""
import datetime
import sys

import pyarrow as pa
import pyarrow.parquet as pq

d = sys.argv[1] + "/"
t = pa.table({
    "i": pa.array([1, None, 3, 4, 5, 6, 7, 8, 9, 10] * 4, pa.int64()),
    "j": pa.array(range(40), pa.int32()),
    "u": pa.array([2**32 - 1, None, 0, 7] * 10, pa.uint32()),
    "w": pa.array([2**63 + 5, None, 0, 7] * 10, pa.uint64()),
    "s": pa.array(["abc", "abd", "a much longer text here", None, "é"] * 8),
    "b": pa.array([True, False, None, True] * 10),
    "f": pa.array([1.5, float("nan"), None, 2.0] * 10, pa.float32()),
    "h": pa.array([1.5, float("nan"), None, -0.25] * 10, pa.float16()),
    "d": pa.array([datetime.date(1969, 1, 2), None] * 20),
    "ms": pa.array([datetime.datetime(2020, 1, 1)] * 40, pa.timestamp("ms")),
    "ns": pa.array([-1, None, 1500, 2000] * 10, pa.timestamp("ns", "UTC")),
    "time": pa.array([datetime.time(1, 2, 3, 4), None] * 20, pa.time64("us")),
    "bytes": pa.array([b"text", b"\xff\x00", None, b"a\0b"] * 10, pa.binary()),
    "l": pa.array([[1, 2], None, [], [3]] * 10, pa.list_(pa.int32())),
    "ll": pa.array([[["a"], None, []], None, [], [["b", None]]] * 10),
    "m": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}, {"a": 4, "b": []}] * 10),
    "map": pa.array([[("k", 1), ("l", None)], None, [], [("m", 3)]] * 10, pa.map_(pa.string(), pa.int64())),
})
for c in ["snappy", "gzip", "zstd", "lz4", "brotli", "none"]:
    v2 = c in ("zstd", "none")
    pq.write_table(t, d + f"kinds_{c}.parquet", compression=c, row_group_size=16, data_page_version="2.0" if v2 else "1.0", write_page_index=v2)
u = t.select(["i", "j", "s", "f"])
pq.write_table(u, d + "delta.parquet", use_dictionary=False, compression="none",
               column_encoding={"i": "DELTA_BINARY_PACKED", "j": "DELTA_BINARY_PACKED", "s": "DELTA_BYTE_ARRAY", "f": "BYTE_STREAM_SPLIT"})
pq.write_table(u, d + "delta_length.parquet", use_dictionary=False, compression="none", write_page_checksum=True,
               column_encoding={"i": "BYTE_STREAM_SPLIT", "j": "PLAIN", "s": "DELTA_LENGTH_BYTE_ARRAY", "f": "PLAIN"})

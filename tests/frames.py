"""Tables of Arrow as tests compare them: the language's kind of each column, and one number for all values."""
import zlib

import pyarrow as pa
import pyarrow.types as pt

TESTS = [(pt.is_boolean, "bool"), (pt.is_integer, "int"), (pt.is_floating, "num"), (pt.is_decimal, "num"), (pt.is_date, "date"), (pt.is_timestamp, "datetime"),
         (pt.is_duration, "duration"), (pt.is_time, "duration"), (pt.is_dictionary, "cat"), (pt.is_map, "list"), (pt.is_struct, "struct"), (pt.is_null, "str")]


def kind_of(t):
    """Name of the kind that mlnb gives a column of this Arrow type."""
    if isinstance(t, pa.BaseExtensionType):
        t = t.storage_type
    if pt.is_list(t) or pt.is_large_list(t) or pt.is_fixed_size_list(t):
        return "list"
    for test, kind in TESTS:
        if test(t):
            return kind
    return "str"


def columns_of(table):
    return [(f.name, kind_of(f.type)) for f in table.schema]


def text_of(v):
    if v is None:
        return ""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, float):
        return repr(v + 0.0)
    if hasattr(v, "isoformat"):
        return v.replace(tzinfo=None).isoformat(" ") if hasattr(v, "hour") else v.isoformat()
    return str(v)


def digest(table):
    """CRC-32 of all values, column by column; null and the empty text count as the same."""
    crc = 0
    for c in table.columns:
        if pt.is_timestamp(c.type):
            c = c.cast(pa.timestamp("us"))  # without a zone: Python needs no zone database then
        memo = {}
        for v in c.to_pylist():
            key = (v, type(v)) if not isinstance(v, (list, dict)) else None
            if key is None or v == 0:
                text = text_of(v)
            elif (text := memo.get(key)) is None:
                text = memo[key] = text_of(v)
            crc = zlib.crc32(text.encode() + b"\x1f", crc)
    return f"{crc:08x}"

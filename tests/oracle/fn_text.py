"""Expected values for format(), text cutting and time fields, from Python itself.

python 3.11. Writes tests/data/oracle/fn_format.tsv (kind, value, spec, result),
fn_time.tsv (microseconds, year .. week) and fn_slice.tsv. Seed 20261123.
"""
import datetime as dt
import random
from pathlib import Path

rnd = random.Random(20261123)
out = Path(__file__).resolve().parents[1] / "data" / "oracle"


def spec(kind):
    s = ""
    if rnd.random() < 0.5:
        s += rnd.choice(["", "*", "é", "0"]) + rnd.choice("<>^=" if kind != "str" else "<>^")
    if kind != "str":
        s += rnd.choice(["", "", "+", " ", "-"])
        if rnd.random() < 0.2:
            s += "#"
        if rnd.random() < 0.3:
            s += "0"
    if rnd.random() < 0.7:
        s += str(rnd.choice([1, 5, 8, 12, 20]))
    if kind != "str" and rnd.random() < 0.4:
        s += rnd.choice(",_")
    t = rnd.choice({"int": ["", "", "d", "b", "o", "x", "X", "f", "e", "g", "%"],
                    "num": ["", "", "f", "F", "e", "E", "g", "G", "%"], "str": ["", "s"]}[kind])
    if kind == "num" or kind == "str" or t in ("f", "e", "g", "%"):
        if rnd.random() < 0.6:
            s += "." + str(rnd.choice([0, 1, 2, 3, 6, 10]))
    return s + t


nums = [0.0, -0.0, 1.0, -1.5, 0.1, 2.5, 3.5, 123.0, 1234.5678, 1e6, 123456789.125, 1e15, 1e16, 1e22, 1e-4, 1e-5,
        -2.675, 0.5, 1.5, 99.995, 1 / 3, 6.02e23, float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308]
ints = [0, 1, -1, 7, 42, -1234, 999999, 1000000, 2**53 + 1, 2**63 - 1, -2**63, 255]
strs = ["", "a", "naïve", "ein langer Text", "日本語"]
rows = []
while len(rows) < 1500:
    kind = rnd.choice(["int", "num", "num", "str"])
    value = rnd.choice({"int": ints, "num": nums, "str": strs}[kind])
    f = spec(kind)
    try:
        text = format(value, f)
    except (ValueError, OverflowError):
        continue
    if "," in f and f[-1:] in "boxX":
        continue
    if kind == "num" and "#" in f and not f[-1].isalpha():  # only shows a bare point before an exponent
        continue
    rows.append(f"{kind}\t{value!r}\t{f}\t{text}" if kind != "str" else f"{kind}\t{value}\t{f}\t{text}")
(out / "fn_format.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")

rows = []
epoch = dt.datetime(1970, 1, 1)
for i in range(600):
    t = dt.datetime(1, 1, 1) + dt.timedelta(days=rnd.randrange(3652058), seconds=rnd.randrange(86400),
                                            microseconds=rnd.randrange(10**6))
    if i % 3 == 0:
        t = dt.datetime(rnd.choice([1600, 1899, 1900, 1969, 1970, 1999, 2000, 2004, 2019, 2020, 2100]),
                        rnd.choice([1, 2, 3, 12]), rnd.choice([1, 27, 28]), 23, 59, 59)
    us = (t - epoch) // dt.timedelta(microseconds=1)
    rows.append("\t".join(str(x) for x in (
        us, t.year, (t.month + 2) // 3, t.month, t.day, t.isoweekday(), t.timetuple().tm_yday,
        t.isocalendar()[1], t.hour, t.minute, t.second,
        ((t.date() - dt.date(1970, 1, 1)).days - (t.isoweekday() - 1)))))
(out / "fn_time.tsv").write_text("\n".join(rows) + "\n")

rows = []
for text in ["", "a", "hello", "naïve", "日本語テキスト", "a longer text than twelve bytes", "x" * 20 + "é" + "y" * 20]:
    n = len(text)
    for lo in list(range(-n - 2, n + 3)) + [100, -100]:
        for hi in (-n - 1, -3, -1, 1, 3, n, n + 5):
            if lo == 0 or hi == 0 or rnd.random() < 0.6:
                continue
            a = lo - 1 if lo > 0 else n + lo
            b = hi if hi > 0 else n + hi + 1
            rows.append(f"{text}\t{lo}\t{hi}\t{text[max(a, 0):max(b, 0)]}")
(out / "fn_slice.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")

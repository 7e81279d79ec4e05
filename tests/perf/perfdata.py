"""Deterministic tables of the performance runs: the db-benchmark's G1 and join tables, the columns of TPC-H that q1, q3 and q6
touch, and log-like text. Written once as Parquet and as CSV; needs numpy and pyarrow."""
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

# tables of a group, and its rows as a share of the run's --rows
GROUPS = {"g1": (["g1"], 1.0), "j1": (["j1_x", "j1_small", "j1_medium", "j1_big"], 1.0),
          "tpch": (["lineitem", "orders", "customer"], 0.6), "strs": (["strs"], 0.5),
          "tpch22": ("customer lineitem nation orders part partsupp region supplier".split(), 0.6)}
OPTIONAL = ("tpch22",)  # run only when named


def texts(codes, words):
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(words)).cast(pa.string())


def save(folder, name, table):
    pq.write_table(table, folder / f"{name}.parquet", compression="snappy", row_group_size=1 << 20)
    with open(folder / f"{name}.csv", "wb") as f:
        f.write((",".join(table.column_names) + "\n").encode())
        pyarrow.csv.write_csv(table, f, pyarrow.csv.WriteOptions(include_header=False, quoting_style="none"))


def g1(folder, n):
    """Ids of 100, 100 and n / 100 groups as text and as ints, two small ints, one double."""
    r, k = np.random.default_rng(108), 100
    m = max(n // k, 1)
    short, long = ["id%03d" % i for i in range(1, k + 1)], ["id%010d" % i for i in range(1, m + 1)]

    def ints(top):
        return pa.array(r.integers(1, top + 1, n, dtype=np.int32))

    save(folder, "g1", pa.table({
        "id1": texts(r.integers(0, k, n), short), "id2": texts(r.integers(0, k, n), short), "id3": texts(r.integers(0, m, n), long),
        "id4": ints(k), "id5": ints(k), "id6": ints(m), "v1": ints(5), "v2": ints(15), "v3": pa.array(np.round(r.random(n) * 100, 6))}))
    save(folder, "g1_head", pq.read_table(folder / "g1.parquet").slice(0, min(n, 100_000)))


def j1(folder, n):
    """A table of n rows and three to join to it, of n / 1e6, n / 1e3 and n rows; nine keys in ten are on both sides."""
    r = np.random.default_rng(109)

    def keys(size):
        p = r.permutation(size * 11 // 10 + 1)[:size * 11 // 10] + 1
        c = size * 9 // 10
        return np.concatenate([p[:c], p[c:size]]), np.concatenate([p[:c], p[size:size + size - c]])

    small, medium = max(10, n // 1_000_000), n // 1_000
    (x1, s1), (x2, m2), (x3, b3) = keys(small), keys(medium), keys(n)

    def fill(k, size):
        return r.permutation(np.concatenate([k, r.choice(k, size - len(k))]) if size > len(k) else k[:size]).astype(np.int32)

    def ids(a):
        u, inv = np.unique(a, return_inverse=True)
        return texts(inv, ["id%d" % i for i in u])

    def table(cols, value):
        out = {f"id{i}": pa.array(a) for i, a in cols}
        out.update({f"id{i + 3}": ids(a) for i, a in cols})
        out[value] = pa.array(np.round(r.random(len(cols[0][1])) * 100, 6))
        return pa.table(out)

    save(folder, "j1_x", table([(1, fill(x1, n)), (2, fill(x2, n)), (3, fill(x3, n))], "v1"))
    save(folder, "j1_small", table([(1, fill(s1, small))], "v2"))
    save(folder, "j1_medium", table([(1, fill(s1, medium)), (2, fill(m2, medium))], "v2"))
    save(folder, "j1_big", table([(1, fill(s1, n)), (2, fill(m2, n)), (3, fill(b3, n))], "v2"))


def tpch(folder, n):
    r, orders, customers = np.random.default_rng(110), n // 4, max(n // 40, 1)
    day0 = np.datetime64("1992-01-01")
    ordered, of = r.integers(0, 2405, orders), np.sort(r.integers(0, orders, n))
    key = np.arange(1, orders + 1, dtype=np.int32)
    shipped = ordered[of] + r.integers(1, 122, n)
    cut = (np.datetime64("1995-06-17") - day0).astype(int)
    quantity = r.integers(1, 51, n).astype(np.float64)
    flag = np.where(shipped + r.integers(1, 31, n) <= cut, r.integers(0, 2, n) * 2, 1)

    def days(a):
        return pa.array((day0 + a.astype("timedelta64[D]")).astype("datetime64[D]"))

    save(folder, "lineitem", pa.table({
        "l_orderkey": pa.array(key[of]), "l_quantity": pa.array(quantity),
        "l_extendedprice": pa.array(np.round(quantity * (900 + r.random(n) * 1200), 2)),
        "l_discount": pa.array(r.integers(0, 11, n) / 100), "l_tax": pa.array(r.integers(0, 9, n) / 100),
        "l_returnflag": texts(flag, ["A", "N", "R"]), "l_linestatus": texts((shipped > cut) * 1, ["F", "O"]), "l_shipdate": days(shipped)}))
    save(folder, "orders", pa.table({
        "o_orderkey": pa.array(key), "o_custkey": pa.array(r.integers(1, customers + 1, orders, dtype=np.int32)),
        "o_orderdate": days(ordered), "o_shippriority": pa.array(np.zeros(orders, np.int32))}))
    save(folder, "customer", pa.table({
        "c_custkey": pa.array(np.arange(1, customers + 1, dtype=np.int32)),
        "c_mktsegment": texts(r.integers(0, 5, customers), ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"])}))


def words(r, n, lo, hi):
    letters, out = np.array(list("abcdefghijklmnopqrstuvwxyz")), {}
    while len(out) < n:
        out["".join(letters[r.integers(0, 26, r.integers(lo, hi + 1))])] = True
    return list(out)


def zipf(r, n, size, s=1.05):
    p = 1.0 / np.arange(1, n + 1) ** s
    return np.searchsorted(np.cumsum(p / p.sum()), r.random(size)).clip(0, n - 1)


def strs(folder, n):
    """200,000 addresses, 500 agents and 20,000 names, Zipf's way; times as text."""
    r = np.random.default_rng(111)
    hosts = ["www." + w + ".com" for w in words(r, 2000, 4, 12)]
    hosts[3], hosts[70], hosts[900] = "www.google.com", "mail.google.com", "docs.google.org"
    path = words(r, 5000, 3, 10)
    urls = [f"https://{hosts[a]}/{path[b]}/{path[c]}?id={e}" for a, b, c, e in zip(
        zipf(r, 2000, 200_000), zipf(r, 5000, 200_000), r.integers(0, 5000, 200_000), r.integers(0, 10 ** 6, 200_000))]
    names = [a.capitalize() + " " + b.capitalize() for a, b in zip(words(r, 20_000, 3, 8), words(r, 20_000, 4, 10))]
    second = r.integers(0, 3 * 365 * 86400, n).astype("timedelta64[s]") + np.datetime64("2021-01-01T00:00:00")
    times = pc.replace_substring(pc.cast(pa.array(second), pa.string()), "T", " ")
    save(folder, "strs", pa.table({
        "url": texts(zipf(r, 200_000, n, 0.8), urls), "agent": texts(zipf(r, 500, n), ["agent/%d.%d" % (i % 7, i) for i in range(500)]),
        "name": texts(zipf(r, 20_000, n, 0.9), names), "ts": times, "bytes": pa.array(r.integers(0, 100_000, n, dtype=np.int32))}))


def tpch22(folder, n):
    """All of TPC-H with about n line items, by tpchgen-cli (PyPI)."""
    program = Path(sys.executable).with_name("tpchgen-cli")
    subprocess.run([program, "parquet", "-s", f"{n / 6_000_000:g}", "--output-dir", folder], check=True, stdout=subprocess.DEVNULL)


def ensure(root, group, rows):
    """Folder of the group's files at this size; made when absent."""
    n = int(rows * GROUPS[group][1])
    folder = Path(root) / (f"{rows}-tpch22" if group == "tpch22" else f"{rows}")
    exts = ("parquet",) if group == "tpch22" else ("csv", "parquet")
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / f"{t}.{e}").exists() for t in GROUPS[group][0] for e in exts):
        {"g1": g1, "j1": j1, "tpch": tpch, "strs": strs, "tpch22": tpch22}[group](folder, n)
    return folder

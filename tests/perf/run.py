#!/usr/bin/env python3
"""Measures mlnb beside its peers in one run and prints ratios. A report, not a test: machines are shared and noisy.

  python tests/perf/run.py [--rows 10000000] [--csv-rows 20000000] [--data DIR] [--only startup,csv,groupby,cell]

Needs a release build and a Python with polars, duckdb, numpy, pyzmq, ipykernel. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are
unset, every program gets the same two threads. Each figure is the best of several runs; answers are compared."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import mlnbtest  # noqa: E402

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ.setdefault("POLARS_MAX_THREADS", "2")

rows = []


def report(task, ours, peers, note=""):
    best = min(peers, key=peers.get) if peers else None
    ratio = f"{ours / peers[best]:.2f}" if best else ""
    rows.append((task, ours, peers, ratio))
    others = ", ".join(f"{k} {v * 1000:.1f} ms" for k, v in peers.items())
    print(f"{task:34} mlnb {ours * 1000:9.1f} ms   {others}   ratio to the better peer {ratio} {note}", flush=True)


def best_of(n, run):
    out = []
    for _ in range(n):
        start = time.perf_counter()
        run()
        out.append(time.perf_counter() - start)
    return min(out)


def startup():
    def command(*args):
        return lambda: subprocess.run(args, check=True, stdout=subprocess.DEVNULL)

    ours = best_of(20, command(mlnbtest.BIN, "-e", "1"))
    peers = {"python": best_of(5, command(sys.executable, "-c", "1")),
             "duckdb": best_of(3, command(sys.executable, "-c", "import duckdb; duckdb.sql('select 1').fetchall()")),
             "polars": best_of(3, command(sys.executable, "-c", "import polars"))}
    report("start-up, whole process", ours, peers)


def g1(path, n):
    """The db-benchmark's G1 table: ids of 100, 100 and n/100 groups, two small ints, one double."""
    import numpy as np
    import polars as pl

    if path.exists():
        return
    rng = np.random.default_rng(108)
    k = 100
    big = n // k
    pl.DataFrame({
        "id1": np.char.add("id", np.char.zfill(rng.integers(1, k + 1, n).astype(str), 3)),
        "id2": np.char.add("id", np.char.zfill(rng.integers(1, k + 1, n).astype(str), 3)),
        "id3": np.char.add("id", np.char.zfill(rng.integers(1, big + 1, n).astype(str), 10)),
        "id4": rng.integers(1, k + 1, n), "id5": rng.integers(1, k + 1, n), "id6": rng.integers(1, big + 1, n),
        "v1": rng.integers(1, 6, n), "v2": rng.integers(1, 16, n), "v3": np.round(rng.uniform(0, 100, n), 6),
    }).write_csv(path)


class Mlnb:
    """One kernel; times a cell from request to reply."""

    def __init__(self):
        self.k = mlnbtest.RawKernel()
        self.k.ready()

    def run(self, code):
        start = time.perf_counter()
        reply, out = self.k.execute(code, timeout=1200)
        took = time.perf_counter() - start
        assert reply["content"]["status"] == "ok", reply["content"]
        texts = [m["content"]["data"]["text/plain"] for m in out if m["type"] in ("execute_result", "display_data")]
        return took, "\n".join(texts)

    def best(self, n, code):
        return min(self.run(code)[0] for _ in range(n))

    def memory(self):
        return int([x for x in Path(f"/proc/{self.k.proc.pid}/status").read_text().splitlines() if x.startswith("VmHWM")][0].split()[1]) / 1024

    def close(self):
        self.k.stop()


def csv(folder, n):
    import duckdb
    import polars as pl

    path = folder / f"g1_{n}.csv"
    g1(path, n)
    print(f"({path.stat().st_size / 1e6:.0f} MB of CSV)")
    m = Mlnb()
    ours = min(m.run(f't = read("{path}")\nt |> cache')[0] for _ in range(1))
    for _ in range(2):
        m.close()
        m = Mlnb()
        ours = min(ours, m.run(f't = read("{path}")\nt |> cache')[0])
    _, text = m.run("t |> summarize n = count(), v1 = sum(v1), v3 = sum(v3)")
    print(text)
    print(f"mlnb peak memory {m.memory():.0f} MB")
    m.close()
    df = pl.read_csv(path)
    print("polars:", df.height, df["v1"].sum(), df["v3"].sum())
    del df
    duckdb.sql("set threads = 2")
    report(f"read CSV of {n} rows", ours, {"polars": best_of(3, lambda: pl.read_csv(path)),
                                          "duckdb": best_of(2, lambda: duckdb.sql(f"create or replace table t as from '{path}'"))})


GROUPBY = [
    ("q1", "summarize v1 = sum(v1) by id1", "select id1, sum(v1) v1 from t group by id1"),
    ("q2", "summarize v1 = sum(v1) by id1, id2", "select id1, id2, sum(v1) v1 from t group by id1, id2"),
    ("q3", "summarize v1 = sum(v1), v3 = mean(v3) by id3", "select id3, sum(v1) v1, avg(v3) v3 from t group by id3"),
    ("q4", "summarize v1 = mean(v1), v2 = mean(v2), v3 = mean(v3) by id4", "select id4, avg(v1) v1, avg(v2) v2, avg(v3) v3 from t group by id4"),
    ("q5", "summarize v1 = sum(v1), v2 = sum(v2), v3 = sum(v3) by id6", "select id6, sum(v1) v1, sum(v2) v2, sum(v3) v3 from t group by id6"),
]


def groupby(folder, n):
    import duckdb
    import polars as pl

    path = folder / f"g1_{n}.csv"
    g1(path, n)
    m = Mlnb()
    m.run(f't = read("{path}")\nt |> cache')
    df = pl.read_csv(path)
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create table t as from '{path}'")
    lazy = df.lazy()
    aggs = {"sum": lambda c: pl.col(c).sum(), "mean": lambda c: pl.col(c).mean()}
    import re
    for name, ours, sql in GROUPBY:
        items, keys = ours.removeprefix("summarize ").split(" by ")
        exprs = [aggs[f](c).alias(a) for a, f, c in re.findall(r"(\w+) = (\w+)\((\w+)\)", items)]
        pol = lambda: lazy.group_by(keys.split(", ")).agg(exprs).collect()
        # a fresh name each time: results are kept, and a kept result would be timed as nothing
        took = min(m.run(f"g{i} = t |> {ours}\ng{i} |> cache")[0] for i in range(5))
        report(f"group-by {name}, {n} rows", took, {"polars": best_of(5, pol), "duckdb": best_of(5, lambda: con.execute(sql).to_arrow_table())})
    print(f"mlnb peak memory {m.memory():.0f} MB")
    m.close()


def cell():
    from jupyter_client.manager import start_new_kernel

    m = Mlnb()
    for _ in range(50):
        m.run("1")
    ours = statistics.median(m.run("1")[0] for _ in range(500))
    m.close()
    km, kc = start_new_kernel(kernel_name="python3")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        kc.execute_interactive("1", timeout=30, output_hook=lambda m: None)
        times.append(time.perf_counter() - start)
    kc.stop_channels()
    km.shutdown_kernel(now=True)
    report("cell round trip (reply and idle)", ours, {"ipykernel": statistics.median(times)})


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=10_000_000)
    p.add_argument("--csv-rows", type=int, default=20_000_000)
    p.add_argument("--data", default=tempfile.gettempdir() + "/mlnb-perf")
    p.add_argument("--only", default="startup,cell,csv,groupby")
    a = p.parse_args()
    folder = Path(a.data)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for task in a.only.split(","):
        {"startup": startup, "cell": cell, "csv": lambda: csv(folder, a.csv_rows), "groupby": lambda: groupby(folder, a.rows)}[task]()


if __name__ == "__main__":
    main()

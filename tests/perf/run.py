#!/usr/bin/env python3
"""Measures mlnb beside its peers in one run and prints ratios. A report, not a test: machines are shared and noisy.

  python tests/perf/run.py [--only NAME,..] [--rows 10000000] [--runs 3] [--cpu] [--memory | --no-memory] [--load csv|parquet] [--ours] [--list]

NAME is startup, cell or a task of tasks.py, or the beginning of some (groupby, join_q5, str_). The 22 questions of TPC-H through sql()
beside DuckDB run only when named: --only tpch22 (data by tpchgen-cli). Needs a release build and a
Python with polars, duckdb, numpy, pyarrow, pyzmq, ipykernel. Every program is a process of its own with two threads; tables are loaded
before the clock starts; runs take turns; each figure is the best of several; answers are compared. Memory is the peak of one run of the
task in a process of its own that has loaded the task's tables only; --memory measures nothing else, --no-memory leaves it out. --cpu: ratios of processor time
(user and system), which says more than the clock while others use the machine. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset."""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import mlnbtest  # noqa: E402

import peer  # noqa: E402
import perfdata  # noqa: E402
import tasks  # noqa: E402

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ.setdefault("POLARS_MAX_THREADS", "2")

ratios, memories, differ = [], [], []


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
    report("startup", {"mlnb": ours, **peers}, None, None, False)


class Mlnb:
    """One kernel; times a cell from request to reply."""

    def __init__(self, folder):
        self.k = mlnbtest.RawKernel()
        self.k.ready()
        self.folder = str(folder)

    @property
    def pid(self):
        return self.k.proc.pid

    def cell(self, code):
        start = time.perf_counter(), process_cpu(self.pid)
        reply, out = self.k.execute(code, timeout=1200)
        took = time.perf_counter() - start[0], process_cpu(self.pid) - start[1]
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"].get("traceback", [])) or str(reply["content"]))
        return took

    def load(self, tables, ext):
        for t in tables:
            types = ", types: {ts: str}" if t == "strs" and ext == "csv" else ""  # the task reads the times itself
            self.cell(f'{t} = read("{self.folder}/{t}.{ext}"{types})\n{t} |> cache')

    def run(self, task):
        # a fresh value each time: a result once kept would be timed as nothing; the last one goes before, as the peers' does
        self.cell("out = 0\nout")
        code = task["mlnb"].replace("{dir}", self.folder).replace("{side}", "mlnb")
        return self.cell(code[1:] if code[0] == "!" else f"out = {code}\nout |> cache")

    def check(self, task):
        if isinstance(task["check"], str):
            return peer.lines(task, self.folder, "mlnb")
        sums = [f"c{i} = sum({'o' + str(i) if c[0] == '#' else c})" for i, c in enumerate(task["check"] or [])]
        orders = [f"o{i} = {c[1:]} * ((row_number() - 1) % 1009)" for i, c in enumerate(task["check"] or []) if c[0] == "#"]
        derive = " |> derive " + ", ".join(orders) if orders else ""
        path = f"{tempfile.gettempdir()}/mlnb-perf-{os.getpid()}.csv"
        self.cell(f"out{derive} |> summarize {', '.join(['n = count()', *sums])} |> save \"{path}\"")
        line = Path(path).read_text().splitlines()[1]
        Path(path).unlink()
        self.cell("out = 0")
        return [float(x) if x else None for x in line.split(",")]

    def close(self):
        self.k.stop()


class Peer:
    """peer.py in a process of its own."""

    def __init__(self, name, folder):
        self.proc = subprocess.Popen([sys.executable, str(Path(__file__).with_name("peer.py")), name, str(folder)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.pid = self.proc.pid

    def ask(self, **request):
        self.proc.stdin.write(json.dumps(request) + "\n")
        self.proc.stdin.flush()
        return json.loads(self.proc.stdout.readline())

    def load(self, tables, ext):
        self.ask(load=tables)

    def run(self, task):
        return self.ask(run=task["name"])

    def check(self, task):
        return self.ask(check=task["name"])

    def close(self):
        self.proc.stdin.close()
        self.proc.wait()


def process_cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reset_peak(pid):
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pid):
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def same(a, b):
    return len(a) == len(b) and all(x == y or (x is not None and y is not None and abs(x - y) <= 1e-9 * max(abs(x), abs(y))) for x, y in zip(a, b))


def run_task(task, sides, peaks, a):
    """Best wall and processor time of every side; tells where answers differ."""
    walls, cpus, answers = {}, {}, {}
    for i in range(a.runs):
        for name, side in sides.items():
            wall, cpu = side.run(task)
            walls[name], cpus[name] = min(walls.get(name, wall), wall), min(cpus.get(name, cpu), cpu)
            if i == a.runs - 1:
                answers[name] = side.check(task)
    report(task["name"], walls, cpus, peaks, a.cpu)
    for name in sides:
        if task["check"] is not None and not same(answers[name], answers["mlnb"]):
            print(f"    ANSWERS DIFFER: mlnb {answers['mlnb']}, {name} {answers[name]}")
            differ.append(task["name"])


def measure_peaks(task, folder, a):
    """MB at most while the task runs, on every side, in a process that has done nothing but load its tables; and before it ran."""
    peaks, loaded = {}, {}
    for name, start in starters(task, folder, a).items():
        side = start()
        try:
            side.load(tables_of(task), kind_of_files(task, a))
            reset_peak(side.pid)
            loaded[name] = peak(side.pid)
            side.run(task)
            peaks[name] = peak(side.pid)
            if isinstance(task["check"], str):
                side.check(task)  # the file goes
        finally:
            side.close()
    return peaks, loaded


def report_memory(name, peaks, loaded):
    others = [peaks[s] for s in peaks if s != "mlnb"]
    ratio = peaks["mlnb"] / min(others) if others else 1.0
    memories.append((name, ratio))
    print(f"{name:18} {'   '.join(f'{s} {peaks[s]:6.0f} MB ({loaded[s]:.0f} loaded)' for s in peaks)}   ratio {ratio:.2f}", flush=True)


def report(name, walls, cpus, peaks, by_cpu):
    def cell(side):
        cpu = f" (cpu {cpus[side]:.2f} s)" if cpus else ""
        mem = f" {peaks[side]:.0f} MB" if peaks else ""
        return f"{side} {walls[side] * 1000:8.1f} ms{cpu}{mem}"

    figures = cpus if by_cpu and cpus else walls
    others = [s for s in walls if s != "mlnb"]
    best = min(others, key=figures.get) if others else None
    ratio = max(figures["mlnb"], 1e-4) / max(figures[best], 1e-4) if best else 1.0
    memory = ""
    if peaks and others:
        memories.append((name, peaks["mlnb"] / min(peaks[s] for s in others)))
        memory = f", memory {memories[-1][1]:.2f}"
    ratios.append((name, ratio))
    print(f"{name:18} {'   '.join(cell(s) for s in walls)}   ratio {ratio:.2f}{memory}", flush=True)


def chosen(a):
    names = a.only.split(",")
    return [t for t in tasks.TASKS if any(t["name"].startswith(n) for n in names if n)] if a.only else [
        t for t in tasks.TASKS if t["group"] not in perfdata.OPTIONAL]


def tables_of(task):
    return [t for t in perfdata.GROUPS[task["group"]][0] if re.search(rf"\b{t}\b(?!\.)", task["mlnb"])]


def starters(task, folder, a):
    """What starts each side that can do the task."""
    def peer_of(name):
        return lambda: Peer(name, folder)

    peers = [] if a.ours else [n for n in ("polars", "duckdb") if task[n] is not None]
    return {"mlnb": lambda: Mlnb(folder), **{n: peer_of(n) for n in peers}}


def kind_of_files(task, a):
    return "parquet" if task["group"] in perfdata.OPTIONAL else a.load


def run_group(group, a):
    mine = [t for t in chosen(a) if t["group"] == group]
    if not mine:
        return
    folder = perfdata.ensure(a.data, group, a.rows)
    if a.memory:
        for task in mine:
            report_memory(task["name"], *measure_peaks(task, folder, a))
        return
    sides = {name: start() for name, start in starters(mine[0], folder, a).items()}
    loaded = None
    for task in mine:
        tables = tables_of(task)
        if tables != loaded:
            for side in sides.values():
                side.load(tables, kind_of_files(task, a))
            loaded = tables
        try:
            run_task(task, sides, None if a.no_memory else measure_peaks(task, folder, a)[0], a)
        except RuntimeError as e:
            print(f"{task['name']:18} FAILED in mlnb: {e}", flush=True)
    for side in sides.values():
        side.close()


def cell():
    from jupyter_client.manager import start_new_kernel

    m = Mlnb(".")
    for _ in range(50):
        m.cell("1")
    ours = statistics.median(m.cell("1")[0] for _ in range(500))
    m.close()
    km, kc = start_new_kernel(kernel_name="python3")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        kc.execute_interactive("1", timeout=30, output_hook=lambda m: None)
        times.append(time.perf_counter() - start)
    kc.stop_channels()
    km.shutdown_kernel(now=True)
    report("cell", {"mlnb": ours, "ipykernel": statistics.median(times)}, None, None, False)


def e2e(a):
    """Whole process: 100,000 rows of CSV grouped by a text column."""
    head = perfdata.ensure(a.data, "g1", a.rows) / "g1_head.csv"
    codes = {"polars": f"import polars as pl; pl.scan_csv('{head}').group_by('id1').agg(pl.sum('v1')).collect()",
             "duckdb": f"import duckdb; duckdb.sql(\"select id1, sum(v1) from '{head}' group by id1\").fetchall()"}

    def command(*args):
        return lambda: subprocess.run(args, check=True, stdout=subprocess.DEVNULL)

    ours = best_of(10, command(mlnbtest.BIN, "-e", f'read("{head}") |> summarize v1 = sum(v1) by id1'))
    report("e2e_csv_groupby", {"mlnb": ours, **{k: best_of(3, command(sys.executable, "-c", v)) for k, v in codes.items()}}, None, None, False)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=10_000_000)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--data", default=tempfile.gettempdir() + "/mlnb-perf")
    p.add_argument("--only", default="")
    p.add_argument("--load", default="csv", help="what mlnb loads its tables from (the peers: Parquet)")
    p.add_argument("--cpu", action="store_true", help="ratios of processor time")
    p.add_argument("--memory", action="store_true", help="nothing but the memory of each task")
    p.add_argument("--no-memory", action="store_true")
    p.add_argument("--ours", action="store_true", help="mlnb alone")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    if a.list:
        print("\n".join(["startup", "cell", "e2e", *(t["name"] for t in tasks.TASKS)]))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the kernel goes too
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {a.rows} rows, best of {a.runs}")
    for name, run in (("startup", startup), ("cell", cell), ("e2e", lambda: e2e(a))):
        if (not a.only and not a.memory) or name in a.only.split(","):
            run()
    for group in perfdata.GROUPS:
        run_group(group, a)
    if len(ratios) > 1:
        print(f"geometric mean of {len(ratios)} ratios {statistics.geometric_mean(r for _, r in ratios):.2f}, worst {max(ratios, key=lambda r: r[1])}")
    if len(memories) > 1:
        print(f"memory: geometric mean of {len(memories)} ratios {statistics.geometric_mean(r for _, r in memories):.2f}, "
              f"over 1.2: {', '.join(f'{n} {r:.2f}' for n, r in memories if r > 1.2) or 'none'}")
    if differ:
        sys.exit("answers differ: " + ", ".join(differ))


if __name__ == "__main__":
    main()

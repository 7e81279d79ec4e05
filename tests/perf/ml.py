#!/usr/bin/env python3
"""Measures fits and predictions of mlnb beside its peers and prints ratios. A report, not a test: machines are shared and noisy.

  python tests/perf/ml.py [--only NAME,..] [--runs 3] [--scale full|small] [--data DIR] [--cpu] [--ours] [--list]

NAME is a task of ml_tasks.py or the beginning of some. Needs a release build, a Python with scikit-learn (and what else the tasks import),
and the data sets of shared/bench/gen.py (MLNB_SHARED, else ../shared), which it makes once. Every program is a process of its own with two
threads; data is loaded, and libraries are imported, before the clock starts; runs take turns; each figure is the best of several; answers are
compared. --cpu: ratios of processor time. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset."""
import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "2"
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import ml_tasks  # noqa: E402


# ---- a peer, in a process of its own: answers one line a line ----
def peer_main(task, peer, folder):
    run, check = next(t for t in ml_tasks.TASKS if t["name"] == task)["peers"][peer](folder)
    answer = None
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "run":
            answer = None
            gc.collect()
            start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            answer = run()
            now = resource.getrusage(resource.RUSAGE_SELF)
            out = time.perf_counter() - start, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        else:
            out = check(answer)
        print(json.dumps(out), flush=True)


class Peer:
    def __init__(self, task, name, folder):
        self.proc = subprocess.Popen([sys.executable, __file__, "--peer", task["name"], name, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     text=True)
        self.pid = self.proc.pid
        if self.proc.stdout.readline().strip() != "ready":
            raise RuntimeError(f"{name} did not start")

    def ask(self, what):
        self.proc.stdin.write(what + "\n")
        self.proc.stdin.flush()
        return json.loads(self.proc.stdout.readline())

    def run(self):
        return self.ask("run")

    def check(self):
        return self.ask("check")

    def close(self):
        self.proc.stdin.close()
        self.proc.wait()


class Mlnb:
    def __init__(self, task, folder):
        import mlnbtest

        self.task = task
        load, self.code = task["mlnb"](folder)
        self.k = mlnbtest.RawKernel()
        self.k.ready()
        self.pid = self.k.proc.pid
        for code in load:
            self.cell(code)

    def cell(self, code):
        start = time.perf_counter(), process_cpu(self.pid)
        reply, _ = self.k.execute(code, timeout=1200)
        took = time.perf_counter() - start[0], process_cpu(self.pid) - start[1]
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"].get("traceback", [])) or str(reply["content"]))
        return took

    def run(self):
        self.cell("out = 0\nm = 0")
        return self.cell(self.code)

    def check(self):
        path = f"{tempfile.gettempdir()}/mlnb-perf-ml-{os.getpid()}.csv"
        self.cell(f'out |> summarize v = {self.task["check"]} |> save "{path}"')
        value = float(Path(path).read_text().splitlines()[1])
        Path(path).unlink()
        return value

    def close(self):
        self.k.stop()


def process_cpu(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak(pid):
    return int(next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmHWM")).split()[1]) / 1024


def ensure(a, names):
    """Folder of the data sets; made when absent, None when they cannot be."""
    folder = Path(a.data) / a.scale
    missing = [n for n in names if not (folder / f"{n}.parquet").exists()]
    gen = Path(os.environ.get("MLNB_SHARED", HERE.parents[2] / "shared")) / "bench" / "gen.py"
    if missing and not gen.exists():
        return None
    if missing:
        subprocess.run([sys.executable, gen, "--dir", a.data, "--scale", a.scale, "--only", ",".join(missing), "--no-csv"], check=True)
    return str(folder)


def measure(task, folder, a):
    """Best wall and processor time and peak memory of every side: {side: (wall, cpu, MB, answer)}."""
    sides = {"mlnb": Mlnb(task, folder)}
    if not a.ours:
        sides.update({name: Peer(task, name, folder) for name in task["peers"]})
    walls, cpus, out = {}, {}, {}
    for _ in range(a.runs):
        for name, side in sides.items():
            wall, cpu = side.run()
            walls[name], cpus[name] = min(walls.get(name, wall), wall), min(cpus.get(name, cpu), cpu)
    for name, side in sides.items():
        out[name] = walls[name], cpus[name], peak(side.pid), side.check()
        side.close()
    return out


def report(task, found, by_cpu):
    """Prints a line; the ratio to the best peer (None without one), and whether the answers agree."""
    print(f"{task['name']:18}", "   ".join(f"{s} {w * 1000:8.1f} ms (cpu {c:.2f} s) {m:.0f} MB" for s, (w, c, m, _) in found.items()), end="")
    others = [s for s in found if s != "mlnb"]
    ratio = None
    if others:
        ratio = found["mlnb"][by_cpu] / min(found[s][by_cpu] for s in others)
        print(f"   ratio {ratio:.2f}, memory {found['mlnb'][2] / min(found[s][2] for s in others):.2f}", end="")
    print(f"   answer {found['mlnb'][3]:.6g}", flush=True)
    bad = [s for s in others if abs(found[s][3] - found["mlnb"][3]) > task["tol"] * abs(found["mlnb"][3])]
    for s in bad:
        print(f"    ANSWERS DIFFER: mlnb {found['mlnb'][3]:.9g}, {s} {found[s][3]:.9g}")
    return ratio, not bad


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer_main(*sys.argv[2:5])
    p = argparse.ArgumentParser()
    p.add_argument("--only", default="")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--scale", default="full", choices=["full", "small"])
    p.add_argument("--data", default=tempfile.gettempdir() + "/mlnb-bench")
    p.add_argument("--cpu", action="store_true", help="ratios of processor time")
    p.add_argument("--ours", action="store_true", help="mlnb alone")
    p.add_argument("--list", action="store_true")
    a = p.parse_args()
    mine = [t for t in ml_tasks.TASKS if not a.only or any(t["name"].startswith(n) for n in a.only.split(",") if n)]
    if a.list:
        return print("\n".join(t["name"] for t in mine))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {a.scale} data, best of {a.runs}")
    ratios, differ = {}, []
    for t in mine:
        folder = ensure(a, t["data"])
        if folder is None:
            print(f"{t['name']:18} skipped: no data ({', '.join(t['data'])}) in {a.data}, and shared/bench/gen.py is not here (MLNB_SHARED)")
            continue
        ratio, same = report(t, measure(t, folder, a), a.cpu)
        if ratio:
            ratios[t["name"]] = ratio
        differ += [] if same else [t["name"]]
    if len(ratios) > 1:
        print(f"geometric mean of {len(ratios)} ratios {statistics.geometric_mean(ratios.values()):.2f}, worst {max(ratios.items(), key=lambda r: r[1])}")
    if differ:
        sys.exit("answers differ: " + ", ".join(differ))


if __name__ == "__main__":
    main()

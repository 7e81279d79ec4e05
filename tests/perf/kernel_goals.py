#!/usr/bin/env python3
"""Measures the kernel beside ipykernel in one run: start, round trips, throughput, interrupts, memory, end. A report, not a test.

  python tests/perf/kernel_goals.py [--runs 3] [--only NAME,..] [--ours]

Needs a release build (MLNB_BIN) and a Python with pyzmq, jupyter_client and ipykernel. Both kernels are driven by the same client of
plain sockets (tests/mlnbtest.py), in turns; each figure is the best of the runs (medians of many inside a run where p50 is said).
ms unless said. The heartbeat's round trip, transport alone, tells the machine's mood."""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import mlnbtest  # noqa: E402

KINDS = {
    "mlnb": {"argv": [mlnbtest.BIN, "kernel", "-f"], "trivial": "1", "print": "print(1)", "loop": "for i in seq(1, 20000000) { x = i }", "block": "sleep(60s)",
             "lines": 'line = "{0}"\nfor i in seq(1, 100000) {{ print(line) }}'.format("x" * 99), "complete": "t |> where fa", "inspect": "t |> where",
             "setup": "t = frame(fare: [1.5, 2], tip: [1, 2])"},
    "ipykernel": {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f"], "trivial": "1", "print": "print(1)", "loop": "while True: pass",
                  "block": "import time; time.sleep(60)", "lines": "for i in range(100000): print('{0}')".format("x" * 99), "complete": "import os; os.pat", "inspect": "print",
                  "setup": "import os"},
}
MS = 1000


class Kernel(mlnbtest.RawKernel):
    def __init__(self, kind, **kw):
        self.kind = KINDS[kind]
        super().__init__(argv=self.kind["argv"], stderr=subprocess.DEVNULL, **kw)

    def ready(self):
        """Also for kernels that welcome nobody."""
        r = self.reply("shell", self.send("shell", "kernel_info_request", {}), 60)
        for _ in range(200):
            msg = self.send("shell", "kernel_info_request", {})
            self.reply("shell", msg)
            if self.receive("iopub", 0.05):
                break
        time.sleep(0.3)
        while self.receive("iopub", 0.05):
            pass
        return r

    def code(self, text):
        return {"code": text, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}


def clock():
    return time.perf_counter() * MS


def quantile(values, q):
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def status(pid, name):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def pss_mb(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0


def switches(pid):
    n = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                n += int(line.split()[1])
    return n


# ---- figures: each takes the kind's name and returns {figure: value} ----
def start(kind):
    times = []
    for _ in range(5):
        t = clock()
        k = Kernel(kind)
        k.reply("shell", k.send("shell", "kernel_info_request", {}), 60)
        times.append(clock() - t)
        k.stop()
    return {"start to kernel_info_reply, min": min(times), "start to kernel_info_reply, median": statistics.median(times)}


def idle(kind):
    k = Kernel(kind)
    k.ready()
    k.execute(k.kind["trivial"])
    time.sleep(1)
    pid = k.proc.pid
    before = switches(pid)
    time.sleep(2)
    out = {"idle RSS, MB": status(pid, "VmRSS") / 1024, "idle PSS, MB": pss_mb(pid), "threads": status(pid, "Threads"),
           "open files": len(os.listdir(f"/proc/{pid}/fd")), "wakeups a second": (switches(pid) - before) / 2}
    k.stop()
    return out


def round_trips(kind):
    k = Kernel(kind)
    k.ready()
    out, beats = {}, []
    for _ in range(300):
        t = clock()
        k.sockets["hb"].send(b"x")
        k.sockets["hb"].recv()
        beats.append(clock() - t)
    out["heartbeat p50"] = statistics.median(beats)
    for channel in ("shell", "control"):
        times = []
        for _ in range(300):
            t = clock()
            k.reply(channel, k.send(channel, "kernel_info_request", {}))
            times.append(clock() - t)
        out[f"kernel_info p50, {channel}"] = statistics.median(times)
    replies, idles, prints = [], [], []
    for i in range(500):
        t = clock()
        msg = k.send("shell", "execute_request", k.code(k.kind["trivial"]))
        k.reply("shell", msg)
        replies.append(clock() - t)
        k.until_idle(msg)
        idles.append(clock() - t)
    for i in range(200):
        t = clock()
        msg = k.send("shell", "execute_request", k.code(k.kind["print"]))
        k.until_idle(msg)
        prints.append(clock() - t)
        k.reply("shell", msg)
    out.update({"execute to reply p50": statistics.median(replies), "execute to reply p95": quantile(replies, 0.95),
                "execute to reply and idle p50": statistics.median(idles), "print cell to idle p50": statistics.median(prints)})
    k.execute(k.kind["setup"])
    for what in ("complete", "inspect"):
        text, times = k.kind[what], []
        for _ in range(50):
            t = clock()
            k.reply("shell", k.send("shell", what + "_request", {"code": text, "cursor_pos": len(text), "detail_level": 0}))
            times.append(clock() - t)
        out[what + " p50"] = statistics.median(times)
    k.stop()
    return out


def drain(k, ids, channel="shell", timeout=60):
    end = time.time() + timeout
    while ids and time.time() < end:
        m = k.receive(channel, 5)
        if not m:
            return False
        ids.discard(m["parent"].get("msg_id"))
    return not ids


def floods(kind):
    """The client's own work (signing, JSON, two threads of Python) is outside the clock as far as it goes: requests are made before."""
    k = Kernel(kind)
    k.ready()
    out = {}
    for name, n, type_, content in (("executes a second, 1,000 at once", 1000, "execute_request", k.code(k.kind["trivial"])),
                                    ("kernel_info a second, 5,000 at once", 5000, "kernel_info_request", {})):
        if kind == "ipykernel" and n == 5000:
            out[name] = None  # it deadlocks
            continue
        made = [k.frames(type_, content) for _ in range(n)]
        t = clock()
        for _, body, signature in made:
            k.sockets["shell"].send_multipart([b"<IDS|MSG>", signature, *body])
        got, end = 0, time.time() + 60
        while got < n and time.time() < end:  # replies are counted, not read
            if k.sockets["shell"].poll(1000):
                k.sockets["shell"].recv_multipart()
                got += 1
        out[name] = n / (clock() - t) * MS if got == n else None
        while k.receive("iopub", 0.2):
            pass
    k.stop()
    return out


def output(kind):
    k = Kernel(kind)
    k.ready()
    t = clock()
    msg = k.send("shell", "execute_request", k.code(k.kind["lines"]))
    parts, n = [], 0
    while True:
        s = k.sockets["iopub"]
        if not s.poll(20000):
            return {"10 MB of lines, MB/s": None}
        frames = s.recv_multipart()
        at = frames.index(b"<IDS|MSG>")
        kind_, content = json.loads(frames[at + 2])["msg_type"], frames[at + 5]
        if kind_ == "stream":
            parts.append(content)
            n += 1
        if kind_ == "status" and b"idle" in content and json.loads(frames[at + 3]).get("msg_id") == msg:
            break
    took = clock() - t
    lines = sum(json.loads(p)["text"].count("\n") for p in parts)
    time.sleep(0.3)
    out = {"10 MB of lines, MB/s": 10 / took * MS, "10 MB of lines, messages": n, "10 MB of lines, lines lost": 100000 - lines,
           "RSS after 10 MB, MB": status(k.proc.pid, "VmRSS") / 1024}
    k.stop()
    return out


def interrupts(kind):
    k = Kernel(kind)
    k.ready()
    out = {}
    for what in ("loop", "block"):
        for how in ("signal", "message"):
            times = []
            for _ in range(5):
                msg = k.send("shell", "execute_request", k.code(k.kind[what]))
                time.sleep(0.25)
                t = clock()
                if how == "signal":
                    os.kill(k.proc.pid, signal.SIGINT)
                else:
                    k.send("control", "interrupt_request", {})
                k.reply("shell", msg, 30)
                times.append(clock() - t)
            out[f"interrupt by {how}, {'loop' if what == 'loop' else 'one blocking call'}, min"] = min(times)
    msg = k.send("shell", "execute_request", k.code(k.kind["loop"]))
    time.sleep(0.2)
    info, beats = [], []
    for _ in range(30):
        t = clock()
        k.reply("control", k.send("control", "kernel_info_request", {}), 30)
        info.append(clock() - t)
        t = clock()
        k.sockets["hb"].send(b"x")
        k.sockets["hb"].recv()
        beats.append(clock() - t)
    out["kernel_info on control in a busy loop, p50"] = statistics.median(info)
    out["heartbeat in a busy loop, p50"] = statistics.median(beats)
    out["heartbeat in a busy loop, worst"] = max(beats)
    if kind == "mlnb":
        times = []
        for _ in range(20):
            t = clock()
            k.reply("shell", k.send("shell", "complete_request", {"code": k.kind["complete"], "cursor_pos": 13}))
            times.append(clock() - t)
        out["complete in a busy loop, p50"] = statistics.median(times)
    os.kill(k.proc.pid, signal.SIGINT)
    k.reply("shell", msg, 30)
    k.stop()
    return out


def ends(kind):
    out = {"shutdown to reply, min": [], "shutdown to gone, min": []}
    for _ in range(3):
        k = Kernel(kind)
        k.ready()
        t = clock()
        k.reply("control", k.send("control", "shutdown_request", {"restart": False}))
        out["shutdown to reply, min"].append(clock() - t)
        k.proc.wait(20)
        out["shutdown to gone, min"].append(clock() - t)
        k.stop()
    for what in ("idle", "busy"):
        parent = subprocess.Popen(["sleep", "100"])
        k = Kernel(kind, env={"JPY_PARENT_PID": str(parent.pid)})
        k.ready()
        if kind == "ipykernel":  # it looks for its own parent only
            parent.kill()
            parent.wait()
            k.stop()
            continue
        if what == "busy":
            k.send("shell", "execute_request", k.code(k.kind["loop"]))
            time.sleep(0.2)
        t = clock()
        parent.kill()
        parent.wait()
        k.proc.wait(20)
        out[f"parent killed to gone, {what}"] = [clock() - t]
        k.stop()
    return {name: min(v) for name, v in out.items()}


GROUPS = {"start": start, "idle": idle, "round_trips": round_trips, "floods": floods, "output": output, "interrupts": interrupts, "ends": ends}
MORE_IS_BETTER = ("a second, 1,000", "a second, 5,000", "MB/s")
GOALS = {"start to kernel_info_reply, min": 15, "start to kernel_info_reply, median": 25, "idle RSS, MB": 16, "idle PSS, MB": 10, "threads": 6, "open files": 32,
         "wakeups a second": 0, "kernel_info p50, shell": 0.30, "kernel_info p50, control": 0.30, "execute to reply p50": 0.45, "execute to reply p95": 0.8,
         "execute to reply and idle p50": 0.6, "print cell to idle p50": 0.6, "executes a second, 1,000 at once": 4000, "10 MB of lines, MB/s": 80,
         "10 MB of lines, messages": 400, "10 MB of lines, lines lost": 0, "RSS after 10 MB, MB": 30, "interrupt by signal, loop, min": 2,
         "interrupt by message, loop, min": 2, "interrupt by signal, one blocking call, min": 5, "interrupt by message, one blocking call, min": 5,
         "kernel_info on control in a busy loop, p50": 3, "heartbeat in a busy loop, worst": 3, "shutdown to reply, min": 1, "shutdown to gone, min": 20,
         "parent killed to gone, idle": 100, "parent killed to gone, busy": 100, "kernel_info a second, 5,000 at once": 4000}


def better(name, a, b):
    if a is None or b is None:
        return b if a is None else a
    return max(a, b) if any(w in name for w in MORE_IS_BETTER) else min(a, b)


def number(x):
    return "-" if x is None else f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--runs", type=int, default=3)
    args.add_argument("--only", default="")
    args.add_argument("--ours", action="store_true")
    args = args.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell in the background has it ignored, and children inherit that
    only = [n for n in args.only.split(",") if n]
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n\n| figure (ms unless said) | mlnb | ipykernel 7.4 | ratio | goal | met |\n|---|---|---|---|---|---|")
    for group, run in GROUPS.items():
        if only and group not in only:
            continue
        best = {"mlnb": {}, "ipykernel": {}}
        for _ in range(args.runs):
            for kind in best:
                if kind == "ipykernel" and args.ours:
                    continue
                for name, value in run(kind).items():
                    best[kind][name] = better(name, best[kind].get(name), value)
        for name, ours in best["mlnb"].items():
            theirs, goal = best["ipykernel"].get(name), GOALS.get(name)
            ratio = "" if not ours or not theirs else number(ours / theirs)
            is_met = "" if goal is None or ours is None else "yes" if (ours >= goal if any(w in name for w in MORE_IS_BETTER) else ours <= goal) else "no"
            print(f"| {name} | {number(ours)} | {number(theirs)} | {ratio} | {'' if goal is None else number(goal)} | {is_met} |", flush=True)


if __name__ == "__main__":
    main()

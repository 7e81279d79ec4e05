"""Frames larger than the memory budget, from outside: the same bytes on disk as without a budget, in bounded memory; a full disk is one
clear error and leaves nothing; an interrupt ends every kind of work soon and the session goes on; long work says how far it is."""
import os
import random
import re
import resource
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from mlnbtest import BIN, RawKernel

ROWS = 300_000
BUDGET = 12  # MB; the file has about 11, its rows in memory about 24, a join of them 50
SPARE = 95  # MB beside the budget: the program, blocks of files at work, buffers of writers, the allocator's own
DIR = tempfile.mkdtemp(prefix="mlnb-scale-")


def make(path, rows, seed=1):
    r = random.Random(seed)
    with open(path, "w") as f:
        f.write("id,g,k,x,s\n")
        for i in range(rows):
            f.write(f"{i},{r.randrange(1000)},{r.randrange(rows // 3)},{r.randrange(-40000, 40000) / 10000},customer-{r.randrange(rows // 2)}\n")


def mlnb(code, cwd=DIR, preexec=None, **env):
    """Exit code, both outputs, and the child's peak of memory that is its own, in MB (files that are mapped do not count)."""
    p = subprocess.Popen([BIN, "-e", code], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=preexec,
                         env={**os.environ, "TMPDIR": cwd, **env})
    peak = 0
    while p.poll() is None:
        try:
            lines = dict(line.split(":", 1) for line in Path(f"/proc/{p.pid}/status").read_text().splitlines())
            peak = max(peak, int(lines["RssAnon"].split()[0]))
        except (KeyError, OSError, ValueError):
            pass
        time.sleep(0.002)
    with p.stdout:
        return p.returncode, p.stdout.read(), peak / 1024


def setUpModule():
    make(DIR + "/t.csv", ROWS)
    code, out, _ = mlnb('read("t.csv") |> save "t.parquet"')
    assert code == 0, out


def tearDownModule():
    shutil.rmtree(DIR, ignore_errors=True)


STEPS = {
    "filter": "t |> where x > 0",
    "derive": "t |> derive y = x * 2, u = upper(s)",
    "few groups": "t |> summarize n = count(), m = mean(x), hi = max(s) by g",
    "many groups": "t |> summarize n = count(), m = mean(x) by k",
    "groups of texts": "t |> summarize n = count(), m = max(x) by s",
    "aggregates of whole groups": "t |> summarize m = median(x), d = n_distinct(s) by g",
    "count": "t |> count s",
    "distinct": "t |> distinct s",
    "distinct rows": "t |> select s, g |> distinct",
    "sort by number": "t |> sort x, id",
    "sort by text": "t |> sort -s, id",
    "join": "t |> join (t |> select s, id2 = id, x2 = x) on s",
    "full join": "t |> join (t |> where x > 0 |> select s, id2 = id, x2 = x) on s, kind: full",
    "anti join": "t |> join (t |> where x > 0 |> select s) on s, kind: anti",
    "pivot": "t |> derive h = g % 20 |> pivot h, sum(x) by s",
    "window": "t |> derive r = cumsum(x), m = mean(x) by s sort id",
    "window over all rows": "t |> derive r = cumsum(x), m = mean(x, last: 7), k = rank(x) sort x, id",
    "part of the whole": "t |> derive d = x - mean(x)",
    "few of each group": "t |> take 3 by g sort -x, id",
    "one of each text": "t |> take 1 by s",
    "last rows": "t |> sort x, id |> take -200000",
    "asof join": "t |> join (t |> where x > 0 |> select id2 = id, g, y = x) on g, id >= id2, kind: asof",
    "join by range": "t |> join (t |> take 20 |> select lo = id * 10000, w = x) on id >= lo, id < lo + 15000",
    "cross join": "t |> join (t |> take 3 |> select id2 = id), kind: cross",
    "categories": "t |> derive c = cat(s) |> sort x, id",
    "fill down": "t |> derive y = if(x > 0, x, null) |> fill_down y",
    "sample": "t |> sample 100000",
    "union": "union([$t, $t]) |> where g < 500",
    "sql sort": 'sql("select * from t where g < 700 order by x, id")',
    "sql group": 'sql("select k, count(*) n, avg(x) m from t group by k order by k")',
    "sql join": 'sql("select a.id, b.id id2, a.x from t a join t b on a.s = b.s")',
    "sql group, as it comes": 'sql("select s, count(*) n, avg(x) m from t group by s")',
    "sql join and order": 'sql("select a.id, b.id id2, a.x from t a join t b on a.s = b.s order by a.x, a.id, b.id")',
    "sql sub-query": 'sql("select id, x from t where x > (select avg(x) from t) and k in (select k from t where x > 3)")',
    "sql window": 'sql("select *, row_number() over (partition by s order by id) r from t")',
}


class Budget(unittest.TestCase):
    def same(self, source, step, target):
        saved = []
        for budget in (f'use memory("{BUDGET}MB")\n', ""):
            code, out, peak = mlnb(f'{budget}t = read("{source}")\n{step} |> save "{target}"')
            self.assertEqual(code, 0, out)
            if budget:
                self.assertLess(peak, BUDGET + SPARE)
            if target.endswith((".arrow", ".gz", ".parquet")):  # their blocks are as many rows as came at once
                code, out, _ = mlnb(f'read("{target}") |> save "{target}.csv"')
                self.assertEqual(code, 0, out)
                os.replace(f"{DIR}/{target}.csv", f"{DIR}/{target}")
            saved.append(Path(DIR, target).read_bytes())
            os.unlink(DIR + "/" + target)
        self.assertEqual(saved[0], saved[1], "the budget changed the result")
        self.assertGreater(len(saved[0]), 1000)
        self.assertEqual(sorted(os.listdir(DIR)), ["t.csv", "t.parquet"])

    def test_from_csv(self):
        for name, step in STEPS.items():
            with self.subTest(name):
                self.same("t.csv", step, "out.csv")

    def test_from_parquet(self):
        for name in ("filter", "many groups", "sort by text", "window"):
            with self.subTest(name):
                self.same("t.parquet", STEPS[name], "out.csv")

    def test_rewriting(self):
        for source in ("t.csv", "t.parquet"):
            for target in ("out.parquet", "out.arrow", "out.jsonl", "out.csv", "out.csv.gz"):
                with self.subTest(source + " to " + target):
                    self.same(source, "t", target)

    def test_warnings_are_told_once(self):
        """Keys that are computed piece by piece: the same warnings as of all rows at once, with the rows' own numbers."""
        for step in ('t |> sort num(if(id % 100000 == 5, "bad", str(x))), id |> take 3',
                     't |> join (t |> select i2 = id, k) on (int(if(id % 90000 == 7, s, str(k)))) == k |> summarize count()'):
            with self.subTest(step):
                code, whole, _ = mlnb(f't = read("t.csv")\n{step}')
                self.assertEqual((code, whole.count("W312")), (0, 1), whole)
                code, out, _ = mlnb(f'use memory("{BUDGET}MB")\nt = read("t.csv")\n{step}')
                self.assertEqual((code, out), (0, whole))

    def test_memory_is_flat(self):
        """Four times the rows, no more memory."""
        make(DIR + "/big.csv", 4 * ROWS, seed=2)
        try:
            for step in (STEPS["filter"], STEPS["few groups"], STEPS["sort by number"]):
                code, out, peak = mlnb(f'use memory("{BUDGET}MB")\nt = read("big.csv")\n{step} |> save "out.parquet"')
                self.assertEqual(code, 0, out)
                self.assertLess(peak, BUDGET + SPARE)
                os.unlink(DIR + "/out.parquet")
        finally:
            os.unlink(DIR + "/big.csv")


class Disk(unittest.TestCase):
    def full(self, code):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        status, out, _ = mlnb(code, preexec=small_files)
        self.assertEqual(status, 1, out)
        self.assertEqual(sum(line.startswith("E") for line in out.splitlines()), 1, out)
        self.assertEqual(sorted(os.listdir(DIR)), ["t.csv", "t.parquet"])
        return out

    def test_no_room_for_the_result(self):
        for name in ("csv", "parquet", "arrow", "jsonl"):
            with self.subTest(name):
                self.assertIn("out." + name, self.full(f'read("t.csv") |> save "out.{name}"'))

    def test_no_room_to_spill(self):
        for step in ("sort by text", "join", "many groups", "window"):
            with self.subTest(step):
                out = self.full(f'use memory("{BUDGET}MB")\nt = read("t.csv")\n{STEPS[step]} |> save "out.csv"')
                self.assertIn("temporary folder", out)

    def test_killed_while_it_spills(self):
        p = subprocess.Popen([BIN, "-e", f'use memory("{BUDGET}MB")\nt = read("t.csv")\n{STEPS["join"]} |> summarize count()'], cwd=DIR,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": DIR})
        spilled = False
        while p.poll() is None and not spilled:
            try:
                spilled = any("(deleted)" in os.readlink(f"/proc/{p.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{p.pid}/fd"))
            except OSError:
                pass
        p.kill()
        p.wait()
        self.assertTrue(spilled, "nothing was put on disk")
        self.assertEqual(sorted(os.listdir(DIR)), ["t.csv", "t.parquet"])


LONG = {  # work of some seconds: of 2 million rows that are at hand in `t`, or of files in a folder of the test's own
    "read csv": 'read("b.csv") |> cache',
    "read parquet": 'read("b.parquet") |> derive u = upper(s) |> cache',
    "read arrow": 'read("b.arrow") |> derive u = upper(s) |> cache',
    "read jsonl": 'read("b.jsonl") |> cache',
    "sort by number": "t |> sort -x, id |> cache",
    "sort by long texts that begin alike": 't |> sort (f"the very same long beginning {s}") |> cache',
    "join": "t |> join (t |> select s, i2 = id) on s |> cache",
    "join by range": "(t |> take 100000) |> join (t |> take 20000 |> select lo = id, hi = k) on id >= lo, x < hi |> summarize count()",
    "window": "t |> derive r = cumsum(x) by s sort id |> cache",
    "frames": "t |> derive r = median(x, last: 1000) sort id |> cache",
    "many groups": "t |> summarize n = count(), m = mean(x), q = quantile(x, .9) by s |> cache",
    "distinct": "t |> distinct s, x |> cache",
    "pivot": "t |> derive h = g % 20 |> pivot h, sum(x) by s |> cache",
    "regex": r't |> where matches(f"{s} {x}", r"^.*(7|8).*[0-9]+.*9$") |> cache',
    "save csv.gz": 't |> save "w.csv.gz"',
    "save parquet": 't |> derive u = upper(s) |> save "w.parquet"',
    "save arrow": 't |> derive u = upper(s) |> save "w.arrow"',
    "save json": 't |> save "w.json"',
    "save as it is read": 'read("b.csv") |> derive u = upper(s) |> save "w.csv"',
    "save folders": 't |> save "w/", partition: [g]',
    "lump": 't |> derive l = lump(f"{s}{id % 10}", 10) |> cache',
    "reorder": 't |> derive l = reorder(f"{s}{id % 10}", x) |> cache',
    "function of a large dictionary": 't |> derive u = upper(cat(f"{s} {id % 7}")) |> cache',
    "full join": "t |> join (t |> where x > 0 |> select s, i2 = id) on s, kind: full |> cache",
    "rank": "t |> derive r = rank(x), d = dense_rank(s) |> cache",
    "few of each group": "t |> take 2 by s sort x |> cache",
    "describe": "t |> describe",
    "profile": "t |> profile",
    "corr": "t |> corr",
    "quantile": "t |> summarize quantile(x, .9), median(k), n_distinct(s) by g",
    "unnest": 't |> derive l = split(s, "-") |> unnest l |> cache',
    "chart": "t |> plot x, k",
    "sql": 'sql("select a.id, b.x from t a join t b on a.s = b.s where a.x < b.x") |> cache',
    "recursive cte": 'sql("with recursive r(n) as (select 1 union all select n + 1 from r where n < 100000000) select count(*) from r")',
}


def busiest(pid, since=None):
    """Processor time of the process's threads in seconds; with `since`, the most that one of them has used from there on. Reply times
    depend on what else the machine does, this does not."""
    used = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            used[task] = int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e9
        except OSError:
            pass
    return used if since is None else max(t - since.get(task, 0) for task, t in used.items())


SOON = 0.2 * (10 if re.search(rb"__[at]san_init", Path(BIN).read_bytes()) else 1)  # seconds


class Interrupt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="mlnb-scale-")
        make(cls.dir + "/a.csv", 200_000)
        code, out, _ = mlnb("a = read(\"a.csv\")\nt = union([a, a, a, a, a, a, a, a, a, a])\n"
                            + "\n".join(f't |> save "b.{e}"' for e in ("csv", "parquet", "arrow", "jsonl")), cwd=cls.dir)
        assert code == 0, out
        cls.files = sorted(os.listdir(cls.dir))
        here = os.getcwd()
        os.chdir(cls.dir)  # the kernel's working folder
        cls.kernel = RawKernel()
        os.chdir(here)
        cls.kernel.ready()
        reply, _ = cls.kernel.execute('t = read("b.parquet") |> cache', timeout=120)
        assert reply["content"]["status"] == "ok", reply

    @classmethod
    def tearDownClass(cls):
        cls.kernel.stop()
        shutil.rmtree(cls.dir, ignore_errors=True)

    def start(self, code):
        self.before = busiest(self.kernel.proc.pid)
        return self.kernel.send("shell", "execute_request", {"code": code, "silent": False, "store_history": False, "user_expressions": {},
                                                             "allow_stdin": False, "stop_on_error": True})

    def work(self, seconds):
        """Lets the statement use so much processor time of one thread; False: it was done before."""
        until = time.time() + 60
        while busiest(self.kernel.proc.pid, self.before) < seconds and time.time() < until:
            if self.kernel.sockets["shell"].poll(2):
                return False
        return True

    def clean(self):
        self.kernel.execute("1;")
        for f in set(os.listdir(self.dir)) - set(self.files):
            path = self.dir + "/" + f
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def interrupt(self, name, after):
        """Processor time that one thread still takes once the interrupt is sent, in seconds; None: the statement was done before."""
        k = self.kernel
        msg = self.start(LONG[name])
        self.work(after)
        asked = busiest(k.proc.pid)
        k.send("control", "interrupt_request", {})
        reply = k.reply("shell", msg, 120)
        took = busiest(k.proc.pid, asked)
        k.until_idle(msg)
        if reply["content"]["status"] == "ok":
            self.clean()
            return None
        self.assertIn("E901", str(reply["content"]))
        self.assertEqual(sorted(os.listdir(self.dir)), self.files, "something was left behind")
        after, _ = k.execute("n_rows(t)")
        self.assertEqual(after["content"]["status"], "ok")
        return took

    def test_interrupts(self):
        times, r = {}, random.Random(5)
        for name in LONG:
            for after in (0.03, r.uniform(0.05, 0.3), r.uniform(0.3, 1)):
                with self.subTest(f"{name} after {after:.2f} s"):
                    took = self.interrupt(name, after)
                    if took is None:
                        break
                    if took > SOON:  # an unlucky moment, or always so?
                        took = min(took, self.interrupt(name, after) or took)
                    times[name] = max(took, times.get(name, 0))
                    self.assertLess(took, SOON)
        print("interrupt to reply, ms of a thread:", ", ".join(f"{n} {1000 * t:.0f}" for n, t in sorted(times.items(), key=lambda i: -i[1])))
        self.assertGreater(len(times), len(LONG) // 2, "most of the work was done before it could be interrupted")

    def test_progress(self):
        """What takes well over half a second has said how far it is."""
        k, silent, worked = self.kernel, [], 0
        for name, code in LONG.items():
            msg = self.start(code)
            is_long = self.work(1.2)
            k.send("control", "interrupt_request", {})
            is_long = k.reply("shell", msg, 120)["content"]["status"] != "ok" and is_long
            said = [m for m in k.until_idle(msg) if "mlnb-progress" in str(m["content"].get("transient", ""))]
            worked += is_long
            if is_long and not said:
                silent.append(name)
            self.clean()
        self.assertEqual(silent, [])
        self.assertGreater(worked, 4, "most of the work is too short to say anything")


if __name__ == "__main__":
    unittest.main(verbosity=2)

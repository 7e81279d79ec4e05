"""One peer in a process of its own: `peer.py polars|duckdb FOLDER`. Reads one JSON request a line, answers one line:
{"load": [tables]} or {"run": task name} or {"check": task name} (of the last answer)."""
import gc
import json
import os
import resource
import sys
import time

import tasks


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def lines(task, folder, side):
    """Lines of the file that a task wrote; the file goes."""
    path = task["check"].replace("{dir}", folder).replace("{side}", side)
    with open(path, "rb") as f:
        n = sum(block.count(b"\n") for block in iter(lambda: f.read(1 << 20), b""))
    os.unlink(path)
    return [float(n)]


def numbers(values):
    return [None if v is None else float(v) for v in values]


class Tables(dict):
    """Lazy frames by name, as keys and as attributes."""

    def __init__(self, folder):
        super().__init__()
        self.dir = folder

    def __getattr__(self, name):
        return self[name]


class Polars:
    def __init__(self, folder):
        import polars

        self.pl, self.t = polars, Tables(folder)

    def load(self, tables):
        self.out = None
        self.t.clear()
        for name in tables:
            self.t[name] = self.pl.read_parquet(f"{self.t.dir}/{name}.parquet").lazy()

    def run(self, task):
        self.out = None
        gc.collect()
        start = time.perf_counter(), cpu()
        out = task["polars"](self.pl, self.t)
        self.out = out.collect() if isinstance(out, self.pl.LazyFrame) else out
        return time.perf_counter() - start[0], cpu() - start[1]

    def check(self, task):
        if isinstance(task["check"], str):
            return lines(task, self.t.dir, "polars")
        row = self.pl.int_range(0, self.pl.len()) % 1009
        exprs = [(self.pl.col(c[1:]) * row if c[0] == "#" else self.pl.col(c).cast(self.pl.Float64).fill_nan(None)).sum().alias(c)
                 for c in task["check"] or []]
        return numbers([self.out.height, *(self.out.select(exprs).row(0) if exprs else [])])


class Duckdb:
    def __init__(self, folder):
        import duckdb

        self.dir, self.c = folder, duckdb.connect(config={"threads": 2})

    def load(self, tables):
        self.c.execute("drop table if exists ans")
        for (name,) in self.c.execute("select table_name from information_schema.tables").fetchall():
            self.c.execute(f"drop table if exists {name}")
        for name in tables:
            self.c.execute(f"create table {name} as select * from read_parquet('{self.dir}/{name}.parquet')")

    def run(self, task):
        self.c.execute("drop table if exists ans")
        start = time.perf_counter(), cpu()
        query = task["duckdb"].replace("{dir}", self.dir).replace("{side}", "duckdb")
        self.c.execute(query[1:] if query[0] == "!" else "create temp table ans as " + query)
        return time.perf_counter() - start[0], cpu() - start[1]

    def check(self, task):
        if isinstance(task["check"], str):
            return lines(task, self.dir, "duckdb")
        exprs = ["count(*)"] + [f"sum({c[1:]} * (rowid % 1009))" if c[0] == "#" else f"sum({c}) filter (not isnan({c}::double))" for c in task["check"] or []]
        rows = self.c.execute(f"select {', '.join(exprs)} from ans").fetchone()
        return numbers(rows)


def main():
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        os.environ.pop(name, None)
    peer = {"polars": Polars, "duckdb": Duckdb}[sys.argv[1]](sys.argv[2])
    by_name = {t["name"]: t for t in tasks.TASKS}
    for line in sys.stdin:
        ask = json.loads(line)
        if "load" in ask:
            peer.load(ask["load"])
            answer = True
        elif "run" in ask:
            answer = peer.run(by_name[ask["run"]])
        else:
            answer = peer.check(by_name[ask["check"]])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

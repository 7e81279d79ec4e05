"""TPC-H's 22 queries through mlnb's SQL, answers compared with DuckDB's on the same files.

MLNB_TPCH_SCALE=0.1 takes more rows, MLNB_SHOW=1 prints the queries that differ.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import peers
from mlnbtest import BIN
from test_sql_engines import agree, plain
from tpch_queries import QUERIES as texts

TABLES = "customer lineitem nation orders part partsupp region supplier".split()


def tpchgen():
    path = os.path.join(os.path.dirname(sys.executable), "tpchgen-cli")
    return path if os.path.exists(path) else None


def run_mlnb(folder, ext, texts):
    path = os.path.join(folder, "tpch.mlnb")
    with open(path, "w") as f:
        f.write("%%\n" + "\n".join(f'{t} = read("{folder}/{t}.{ext}")' for t in TABLES) + "\n")
        for q in texts:
            f.write(f"%%sql\n{q}\n")
    start = time.time()
    done = subprocess.run([BIN, "run", path, "--format", "json", "--keep-going"], capture_output=True, text=True, timeout=800)
    took = time.time() - start
    answers = {}
    for line in done.stdout.splitlines():
        m = json.loads(line)
        if m["kind"] == "frame":
            answers[m["cell"] - 2] = [tuple(r) for r in m["rows"]]
        elif m["kind"] == "error":
            answers[m["cell"] - 2] = f"{m['code']} {m['message']}"
    if done.returncode < 0:
        sys.exit(f"mlnb ended with {done.returncode}: {done.stderr[-2000:]}")
    return [answers.get(i, "no answer") for i in range(len(texts))], took


def main():
    duck = peers.duckdb()
    if not duck or not tpchgen():
        print("Skipped: needs duckdb and tpchgen-cli (sh tests/run.sh installs them)")
        sys.exit(77)
    scale = os.environ.get("MLNB_TPCH_SCALE", "0.01")
    ext = os.environ.get("MLNB_TPCH_FORMAT", "parquet")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([tpchgen(), ext, "-s", scale, "--output-dir", folder], check=True, stdout=subprocess.DEVNULL)
        for t in TABLES:
            duck.execute(f"create view {t} as select * from '{folder}/{t}.{ext}'")
        ours, took = run_mlnb(folder, ext, texts)
        faults = rows = 0
        for i, (q, got) in enumerate(zip(texts, ours), 1):
            want = [tuple(plain(v) for v in row) for row in duck.execute(q).fetchall()]
            rows += len(want) > 0
            why = got if isinstance(got, str) else agree(want, got, False)
            if why:
                faults += 1
                print(f"query {i}: {why}")
                if os.environ.get("MLNB_SHOW"):
                    print(q)
    print(f"{len(texts)} queries at scale {scale} in {took:.1f} s, {faults} differ; {rows} have rows")
    assert rows >= 18, "too few questions have an answer: the test says little"
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

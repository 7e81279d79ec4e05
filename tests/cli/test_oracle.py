"""Every pipeline of tests/data/oracle/lang_all gives the rows that other tools gave (tests/oracle/lang_all.py made them)."""
import json
import math
import subprocess
import sys

from mlnbtest import BIN, ROOT

DATA = ROOT / "tests/data/oracle/lang_all"
BATCH = 200  # cases a process


def cases(path):
    """(pipeline, names, rows) of a file."""
    for block in path.read_text().split("\n\n")[1:]:
        lines = block.rstrip("\n").split("\n")[1:]
        code = [line[2:] for line in lines if line.startswith("> ")]
        table = lines[len(code):]
        yield "\n".join(code), table[0].split("\t"), [[json.loads(c) for c in line.split("\t")] for line in table[1:]]


def same(want, got):
    if isinstance(want, bool) or isinstance(got, bool) or want is None or got is None:
        return want is got
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(map(same, want, got))
    if isinstance(want, (int, float)) and isinstance(got, (int, float)):
        return want == got or math.isclose(want, got, rel_tol=1e-9, abs_tol=1e-12) and not (isinstance(want, int) and isinstance(got, int))
    return want == got


def difference(names, rows, got):
    """What is wrong with a message of the program, or None."""
    if got["kind"] == "error":
        return f"{got['code']} {got['message']}"
    if got["kind"] != "frame":
        return f"not a frame: {got.get('text')}"
    have = [c["name"] for c in got["columns"]]
    if have != names:
        return f"columns {have}, not {names}"
    if len(got["rows"]) != len(rows):
        return f"{len(got['rows'])} rows, not {len(rows)}"
    for i, (want, row) in enumerate(zip(rows, got["rows"])):
        for name, a, b in zip(names, want, row):
            if not same(a, b):
                return f"row {i + 1}, {name}: {b!r}, not {a!r}"
    return None


def answers(codes, data=DATA, folder=None):
    """The last frame or error of each cell, in one process."""
    text = "%%\n" + (data / "setup.txt").read_text() + "".join(f"\n%%\n{c}\n" for c in codes)
    done = subprocess.run([BIN, "run", "-", "--format", "json", "--keep-going"], input=text, cwd=folder, capture_output=True, text=True, timeout=300)
    out = {}
    for line in done.stdout.splitlines():
        m = json.loads(line)
        if m["kind"] in ("frame", "error", "value"):
            out[m["cell"] - 2] = m
    if -1 in out:
        sys.exit(f"the tables: {out[-1]}")
    return [out.get(i, {"kind": "error", "code": "none", "message": f"no answer; {done.stderr[-300:]}"}) for i in range(len(codes))]


def compare(data=DATA, folder=None):
    """Runs the cases of a folder, those of the topics in the command line if it names some; prints what differs. 1 if something does."""
    wanted = [(p.stem, *c) for p in sorted(data.glob("*.tsv")) for c in cases(p) if len(sys.argv) < 2 or p.stem in sys.argv[1:]]
    failed = 0
    for at in range(0, len(wanted), BATCH):
        part = wanted[at:at + BATCH]
        for (topic, code, names, rows), got in zip(part, answers([c[1] for c in part], data, folder)):
            wrong = difference(names, rows, got)
            if wrong:
                failed += 1
                print(f"{topic}: {code}\n    {wrong}")
    print(f"{len(wanted)} pipelines, {failed} differ")
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(compare())

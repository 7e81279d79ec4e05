"""COPY: what mlnb writes with NULL '..' PostgreSQL reads back the same, and the other way round."""
import os
import subprocess
import sys
import tempfile

import peers
from mlnbtest import BIN

ROWS = [(1, "a", 1.5, True), (2, None, None, None), (3, "NULL", -2.0, False), (4, "", 0.25, True), (5, 'say "hi", twice', None, False), (6, "two\nlines", 1e20, None)]
TABLE = "(id bigint, s text, x float8, b boolean)"


def literal(v):
    return "null" if v is None else "'" + v.replace("'", "''") + "'" if isinstance(v, str) else str(v).lower()


def run(folder, cells):
    path = os.path.join(folder, "copy.mlnb")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(cells) + "\n")
    return subprocess.run([BIN, "run", path, "--format", "json"], capture_output=True, text=True, timeout=120)


def main():
    faults = 0
    values = ", ".join("(" + ", ".join(literal(v) for v in r) + ")" for r in ROWS)
    with peers.postgres() as pg, tempfile.TemporaryDirectory() as folder:
        if pg is None:
            print("Skipped: needs PostgreSQL (sh tests/run.sh installs it)")
            sys.exit(77)
        pg.execute(f"create table t {TABLE}")
        for options in ("format csv, header, null 'NULL'", "format csv, null '\\N'", "format csv, header", "format csv, delimiter ';', null '?'"):
            file = os.path.join(folder, "t.csv")
            done = run(folder, [f"%%sql\ncreate table t {TABLE}", f"%%sql\ninsert into t values {values}", f"%%sql\ncopy (select * from t order by id) to '{file}' with ({options})"])
            pg.execute("truncate t")
            try:
                with open(file, "rb") as f, pg.cursor() as cur, cur.copy(f"copy t from stdin with ({options})") as copy:
                    copy.write(f.read())
                got = pg.execute("select * from t order by id").fetchall()
            except Exception as e:  # noqa: BLE001
                got = f"{e} {done.stdout[-500:]}"
            if got != ROWS:
                faults += 1
                print(f"written with ({options}):\n    {got}\n    instead of {ROWS}")
    print(f"{faults} of 4 forms differ")
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()

"""INSERT .. ON CONFLICT beside PostgreSQL, where the named columns are a unique key: the same rows after each statement.

MLNB_SEED=n makes other statements."""
import os
import random
import sys
import tempfile

import peers
from test_sql_engines import run_mlnb

SETS = ["n = excluded.n", "n = k.n + excluded.n, s = excluded.s || k.s", "(n, s) = (excluded.n, 'both')", "s = upper(k.s)", "n = excluded.n * 2, s = null"]
WHERES = ["", "", " where k.n > 5", " where excluded.s <> 'b'", " where k.s is distinct from excluded.s", " where excluded.n > (select avg(n) from k)"]


def statements(r, n):
    for _ in range(n):
        updates = r.random() < 0.6
        ids = r.sample(range(1, 12), r.randrange(1, 5)) if updates else [r.randrange(1, 12) for _ in range(r.randrange(1, 5))]
        rows = ", ".join(f"({r.choice(['null::int', i]) if r.random() < 0.2 else i}, {r.randrange(10)}, {r.choice(['null', repr('a'), repr('b'), repr('ab')])})" for i in ids)
        source = f"values {rows}" if r.random() < 0.7 else f"select * from (values {rows}) v(a, b, c)"
        action = f"do update set {r.choice(SETS)}{r.choice(WHERES)}" if updates else "do nothing"
        yield f"insert into k (id, n, s) {source} on conflict (id) {action}"


def main():
    r = random.Random(int(os.environ.get("MLNB_SEED", 5)))
    made = list(statements(r, 120))
    look = "select id, n, s from k order by id, n, s"
    setup = "create table k (id int{}, n int, s text); insert into k values (1, 10, 'a'), (2, 2, 'b'), (3, null, null)"
    with tempfile.TemporaryDirectory() as folder:
        ours = run_mlnb([setup.format("")], [q for s in made for q in (s, look)], folder)[1::2]
    faults = 0
    with peers.postgres() as pg:
        if pg is None:
            print("Skipped: no PostgreSQL here")
            sys.exit(77)
        pg.execute(setup.format(" unique"))
        for s, got in zip(made, ours):
            pg.execute(s)
            want = pg.execute(look).fetchall()
            if got != want:
                faults += 1
                print(f"{s}\n    {got}\n    {want}")
                break
    print(f"{len(made)} statements with ON CONFLICT beside PostgreSQL: {faults} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

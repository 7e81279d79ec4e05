"""SQLite and PostgreSQL as sources and targets: types, nulls, tables and queries, save and append, mistakes, interrupts, passwords.
PostgreSQL runs as a private server (tests/peers.py); where none is installed its tests are skipped."""
import contextlib
import datetime as dt
import os
import pty
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import pyarrow.ipc as ipc

import peers
from frames import columns_of
from mlnbtest import BIN

ODD = 'odd "name'
UTC = dt.timezone.utc


def mlnb(code, cwd, env=None):
    return subprocess.run([BIN, "-e", code], cwd=cwd, capture_output=True, text=True, timeout=120, env={**os.environ, **(env or {})})


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="mlnb-db-")

    def ok(self, code):
        p = mlnb(code, self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout

    def refused(self, code, error, *words):
        p = mlnb(code, self.dir)
        self.assertEqual(p.returncode, 1, p.stdout)
        for word in (error, *words):
            self.assertIn(word, p.stderr)
        return p.stderr

    def table(self, source):
        self.ok(f'{source} |> save "out.arrow"')
        with open(Path(self.dir, "out.arrow"), "rb") as f:
            return ipc.open_file(f).read_all()

    def columns(self, source):
        return dict(columns_of(self.table(source)))

    def interrupt(self, code, until):
        """Starts code, waits for `until`, sends SIGINT; gives what the program said and how long that took."""
        p = subprocess.Popen([BIN, "-e", code], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertTrue(until(), "the query never began")
        began = time.time()
        p.send_signal(signal.SIGINT)
        out, _ = p.communicate(timeout=30)
        self.assertNotEqual(p.returncode, 0)
        return out, time.time() - began


class Sqlite(Base):
    def database(self, script, rows=()):
        with sqlite3.connect(Path(self.dir, "x.db")) as db:
            db.executescript(script)
            for sql, values in rows:
                db.executemany(sql, values)
        db.close()

    def test_types(self):
        self.database(f'create table t (i integer, r real, s text, b boolean, d date, at timestamp, z timestamp, mixed, bytes blob, none int, "{ODD.replace(chr(34), chr(34) * 2)}" int);',
                      [("insert into t values (?,?,?,?,?,?,?,?,?,?,?)",
                        [(1, 1.5, "a", 1, "2020-01-31", "2020-01-31 08:30:00", "2020-01-31T08:30:00Z", 1, b"\x00\xff", None, 7),
                         (-2**63, -0.5, "", 0, "1999-12-31", "1999-12-31", "2020-01-31T08:30:00+01:00", "x", None, None, None), (None,) * 11])])
        t = self.table('read("x.db")')
        self.assertEqual(dict(columns_of(t)), {"i": "int", "r": "num", "s": "str", "b": "bool", "d": "date", "at": "datetime", "z": "datetime", "mixed": "str", "bytes": "str",
                                               "none": "int", ODD: "int"})
        rows = t.to_pydict()
        self.assertEqual(rows["i"], [1, -2**63, None])
        self.assertEqual(rows["s"], ["a", "", None])
        self.assertEqual(rows["b"], [True, False, None])
        self.assertEqual(rows["d"], [dt.date(2020, 1, 31), dt.date(1999, 12, 31), None])
        self.assertEqual(rows["at"], [dt.datetime(2020, 1, 31, 8, 30), dt.datetime(1999, 12, 31), None])
        self.assertEqual(t["z"].cast("int64").to_pylist(), [1580459400000000, 1580455800000000, None])
        self.assertEqual(rows["mixed"], ["1", "x", None])
        self.assertEqual(rows["bytes"], ["00ff", None, None])
        self.assertEqual(rows[ODD], [7, None, None])

    def test_tables_and_queries(self):
        self.database("create table a (x int); insert into a values (1), (2), (3); create table b (y text); create view v as select x * 10 as ten from a where x > 1;")
        self.assertEqual(self.table('read("x.db", table: "a")')["x"].to_pylist(), [1, 2, 3])
        self.assertEqual(self.table('read("x.db", table: "v")')["ten"].to_pylist(), [20, 30])
        self.assertEqual(self.table('read("x.db", query: "select x, x % 2 as odd from a order by x desc")').to_pydict(), {"x": [3, 2, 1], "odd": [1, 0, 1]})
        self.assertEqual(self.table('read("x.db", table: "a") |> where x > 1 |> take 1')["x"].to_pylist(), [2])
        self.assertEqual(self.table('read("x.db", table: "b")').num_rows, 0)
        self.refused('read("x.db")', "E321", "3 tables", '"a", "b", "v"', 'table: "a"')
        self.refused('read("x.db", table: "c")', "E321", "no such table: c", '"a", "b", "v"')
        self.refused('read("x.db", query: "select nope from a")', "E321", "nope")
        self.refused('read("x.db", query: "delete from a")', "E209", "select")
        self.refused('read("x.db", query: "select 1; delete from a")', "E209", "one statement")
        self.refused('read("x.db", table: "a", query: "select 1")', "E209")
        self.refused('read("y.db")', "E301", "y.db")
        self.assertEqual(self.table('read("x.db", table: "a")').num_rows, 3)

    def test_save(self):
        frame = 'frame(i: [1, null, 3], n: [0.1, 1e300, null], s: ["a\\"b", "", null], b: [true, false, null]) |> derive d = date("2020-02-29"), at = @2020-02-29T01:02:03'
        self.ok(f'{frame} |> save "x.db", table: "t t"')
        self.ok(f'{frame} |> save "x.db", table: "other"')
        with sqlite3.connect(Path(self.dir, "x.db")) as db:
            self.assertEqual(db.execute('select i, n, s, b, d, at from "t t"').fetchall(),
                             [(1, 0.1, 'a"b', 1, "2020-02-29", "2020-02-29 01:02:03"), (None, 1e300, "", 0, "2020-02-29", "2020-02-29 01:02:03"),
                              (3, None, None, None, "2020-02-29", "2020-02-29 01:02:03")])
        db.close()
        back = self.table('read("x.db", table: "t t")')
        self.assertEqual(dict(columns_of(back)), {"i": "int", "n": "num", "s": "str", "b": "bool", "d": "date", "at": "datetime"})
        self.ok('frame(s: ["new"], i: [9]) |> save "x.db", table: "t t", append: true')
        self.assertEqual(self.table('read("x.db", table: "t t")')["s"].to_pylist(), ['a"b', "", None, "new"])
        self.refused('frame(q: [1]) |> save "x.db", table: "t t", append: true', "E321", "q")
        self.assertEqual(self.table('read("x.db", table: "t t")').num_rows, 4)
        self.ok('frame(i: [5]) |> save "x.db", table: "t t"')
        self.assertEqual(self.table('read("x.db", table: "t t")').to_pydict(), {"i": [5]})
        self.assertEqual(self.table('read("x.db", table: "other")').num_rows, 3)

    def test_many_rows(self):
        """More than one range of row ids, with holes."""
        self.database("create table t (x int); with recursive n(x) as (select 1 union all select x + 1 from n where x < 600000) insert into t select x from n; "
                      "delete from t where x % 7 = 0;")
        want = [x for x in range(1, 600001) if x % 7]
        self.assertEqual(self.table('read("x.db")')["x"].to_pylist(), want)
        self.assertIn(str(sum(want)), self.ok('read("x.db") |> summarize s = sum(x)'))

    def test_damaged(self):
        Path(self.dir, "x.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
        self.refused('read("x.db")', "E321", "x.db")

    def test_interrupt(self):
        self.database("create table t (x int);")
        slow = "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n"
        began = time.time()
        out, took = self.interrupt(f'read("x.db", query: "{slow}")', lambda: time.sleep(1) or True)
        self.assertLess(took, 3, out)
        self.assertGreater(time.time() - began, 0.9)


class Postgres(Base):
    @classmethod
    def setUpClass(cls):
        cls.server = peers.postgres()
        cls.pg = cls.server.__enter__()
        if cls.pg is None:
            cls.server.__exit__(None, None, None)
            raise unittest.SkipTest("no PostgreSQL server here")
        cls.address = f"postgres://test@/postgres?host={cls.pg.info.host}"

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def setUp(self):
        super().setUp()
        self.pg.execute("drop schema public cascade; create schema public; drop schema if exists other cascade")

    def read(self, rest):
        return f'read("{self.address}", {rest})'

    def test_types(self):
        self.pg.execute(f'''create table t (i int, big bigint, small smallint, r real, f double precision, n numeric(20, 3), s text, v varchar(9), c char(3), b boolean, d date,
            at timestamp, z timestamptz, u uuid, j jsonb, a int[], "{ODD.replace('"', '""')}" int)''')
        self.pg.execute('''insert into t values (1, -9223372036854775808, 2, 1.5, 0.1, 12345678901234567.125, 'x "y" \\z', '', 'ab', true, '2020-02-29', '2020-02-29 01:02:03.5',
            '2020-02-29 01:02:03+01', '00000000-0000-0000-0000-000000000001', '{"k": 1}', '{1,2}', 7)''')
        self.pg.execute("insert into t (r, f) values ('NaN', 'infinity')")
        t = self.table(self.read('table: "t"'))
        kinds = dict(columns_of(t))
        self.assertEqual(kinds, {"i": "int", "big": "int", "small": "int", "r": "num", "f": "num", "n": "num", "s": "str", "v": "str", "c": "str", "b": "bool", "d": "date", "at": "datetime",
                                 "z": "datetime", "u": "str", "j": "str", "a": "str", ODD: "int"})
        rows = t.to_pydict()
        self.assertEqual(rows["big"], [-2**63, None])
        self.assertEqual(rows["f"], [0.1, float("inf")])
        self.assertEqual(rows["r"], [1.5, None])
        self.assertEqual(rows["n"], [12345678901234567.125, None])
        self.assertEqual(rows["s"], ['x "y" \\z', None])
        self.assertEqual(rows["v"], ["", None])
        self.assertEqual(rows["b"], [True, None])
        self.assertEqual(rows["d"], [dt.date(2020, 2, 29), None])
        self.assertEqual(rows["at"], [dt.datetime(2020, 2, 29, 1, 2, 3, 500000), None])
        self.assertEqual(t["z"].cast("int64").to_pylist(), [int(dt.datetime(2020, 2, 29, 0, 2, 3, tzinfo=UTC).timestamp()) * 10**6, None])
        self.assertEqual(rows["j"], ['{"k": 1}', None])

    def test_tables_and_queries(self):
        self.pg.execute("create table a (x int); insert into a values (1), (2), (3); create view v as select x * 10 as ten from a; create schema other; create table other.b (y int)")
        self.assertEqual(self.table(self.read('table: "a"'))["x"].to_pylist(), [1, 2, 3])
        self.assertEqual(self.table(self.read('table: "v"'))["ten"].to_pylist(), [10, 20, 30])
        self.assertEqual(self.table(self.read('table: "other.b"')).num_rows, 0)
        self.assertEqual(self.table(self.read('query: "select x, x + 1 as y from a order by x desc"')).to_pydict(), {"x": [3, 2, 1], "y": [4, 3, 2]})
        self.assertEqual(self.table(self.read('table: "a"') + " |> where x > 1 |> select x |> take 1")["x"].to_pylist(), [2])
        self.refused(f'read("{self.address}")', "E321", "say which table", '"a", "other.b", "v"', 'table: "a"')
        self.refused(self.read('table: "c"'), "E321", '"c"', '"a", "other.b", "v"')
        self.refused(self.read('query: "select nope from a"'), "E321", "nope")
        self.refused(self.read('query: "delete from a"'), "E209")
        self.refused(self.read('query: "select 1/0"') + ' |> save "o.csv"', "E321", "division by zero")
        self.refused(self.read('table: "a", query: "select 1"'), "E209")
        self.assertEqual(self.table(self.read('table: "a"')).num_rows, 3)
        self.refused('read("postgres://nobody@/postgres?host=/nowhere", table: "a")', "E321", "/nowhere")

    def test_save(self):
        frame = 'frame(i: [1, null, 3], n: [0.1, 1e300, null], s: ["a\\"b", "", null], b: [true, false, null]) |> derive d = date("2020-02-29"), at = @2020-02-29T01:02:03'
        self.ok(f'{frame} |> save "{self.address}", table: "t t"')
        self.assertEqual(self.pg.execute('select * from "t t"').fetchall(),
                         [(1, 0.1, 'a"b', True, dt.date(2020, 2, 29), dt.datetime(2020, 2, 29, 1, 2, 3)), (None, 1e300, "", False, dt.date(2020, 2, 29), dt.datetime(2020, 2, 29, 1, 2, 3)),
                          (3, None, None, None, dt.date(2020, 2, 29), dt.datetime(2020, 2, 29, 1, 2, 3))])
        self.ok(f'frame(s: ["new"], i: [9]) |> save "{self.address}", table: "t t", append: true')
        self.assertEqual(self.pg.execute('select s, i, n from "t t" where i = 9').fetchall(), [("new", 9, None)])
        self.refused(f'frame(q: [1]) |> save "{self.address}", table: "t t", append: true', "E321", "q")
        self.refused(f'frame(i: ["x"]) |> save "{self.address}", table: "t t", append: true', "E321", "x")
        self.refused(f'frame(i: [1]) |> save "{self.address}"', "E209", "table:")
        self.assertEqual(self.pg.execute('select count(*) from "t t"').fetchall(), [(4,)])
        self.ok(f'frame(i: [5]) |> save "{self.address}", table: "t t"')
        self.assertEqual(self.pg.execute('select * from "t t"').fetchall(), [(5,)])

    def test_many_rows(self):
        self.ok(f'frame(x: seq(1, 100000)) |> derive s = f"row {{x}}" |> save "{self.address}", table: "many"')
        self.assertEqual(self.pg.execute("select count(*), sum(x), max(s) from many").fetchall(), [(100000, 5000050000, "row 99999")])
        self.assertEqual(self.table(self.read('query: "select x, s from many order by x"'))["x"].to_pylist(), list(range(1, 100001)))

    def running(self):
        return self.pg.execute("select count(*) from pg_stat_activity where application_name = 'mlnb' and state = 'active' and query like '%pg_sleep%'").fetchone()[0]

    def test_interrupt(self):
        def began(end=20):
            until = time.time() + end
            while time.time() < until:
                if self.running():
                    return True
                time.sleep(0.05)
            return False

        out, took = self.interrupt(self.read('query: "select pg_sleep(60)::text as s"') + ' |> save "o.csv"', began)
        self.assertLess(took, 5, out)
        for _ in range(40):
            if not self.running():
                return
            time.sleep(0.05)
        self.fail("the server's query goes on")

    def test_password(self):
        """It is refused in an address, and neither that nor the one of PGPASSWORD is ever shown or kept."""
        home = tempfile.mkdtemp(prefix="mlnb-home-")
        env = {"HOME": home, "XDG_STATE_HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "PGPASSWORD": "s3cr3t-env"}
        said = ""
        for address in ("postgres://test:s3cr3t@/postgres", "postgres://test@/postgres?password=s3cr3t", "postgresql://test:s3cr3t@localhost:1/x"):
            for code in (f'read("{address}", table: "t")', f'frame(x: [1]) |> save "{address}", table: "t"'):
                p = mlnb(code, self.dir, env)
                self.assertEqual(p.returncode, 1)
                self.assertIn("a password does not belong", p.stderr)
                said += p.stdout + p.stderr
        said += mlnb(f'read("{self.address}", table: "none")', self.dir, env).stderr
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(BIN, [BIN], {**os.environ, **env, "TERM": "xterm"})
        for line in (b'read("postgres://test:s3cr3t@/postgres", table: "t")\r', b"100 + 11\r", b"\x04"):
            time.sleep(1)
            os.write(terminal, line)
        with contextlib.suppress(OSError):  # the terminal is closed when the program ends
            while os.read(terminal, 65536):
                pass
        os.waitpid(pid, 0)
        os.close(terminal)
        kept = [f for f in Path(home).rglob("*") if f.is_file()]
        self.assertTrue(any(b"100 + 11" in f.read_bytes() for f in kept), "no history was kept at all")
        self.assertNotIn("s3cr3t", said)
        for f in [*Path(home).rglob("*"), *Path(self.dir).rglob("*")]:
            if f.is_file():
                self.assertNotIn(b"s3cr3t", f.read_bytes(), f"kept in {f}")


if __name__ == "__main__":
    unittest.main()

"""Expected rows of the queries in tests/data/oracle/lang_sql.sql, from PostgreSQL 15.

python tests/oracle/lang_sql.py "host=/tmp/pg/s port=5599 user=postgres dbname=postgres" > tests/data/oracle/lang_sql.txt
(psycopg 3; the server's collation is C). A line `Q query`, then `R cell|cell` for each row, null as \\N.
"""
import datetime
import pathlib
import sys

import psycopg

TABLES = """
drop table if exists t, u, v cascade;
create table t(id int, g text, x double precision, k int, d date, b bool, ts timestamp);
insert into t values (1,'a',1.5,10,'2019-01-31',true,'2019-01-31 08:30'),
  (2,'b',2.5,20,'2019-02-28',false,'2019-02-28 23:59:59'),(3,'a',null,null,'2020-02-29',null,null),
  (4,null,4.0,10,null,true,'2020-03-01'),(5,'c',-1.25,30,'2018-12-31',false,'2018-12-31 12:00'),
  (6,'b',2.5,null,'2019-02-28',true,null);
create table u(id int, y int, s text);
insert into u values (1,10,'one'),(1,20,'uno'),(2,30,'two'),(9,90,'nine'),(null,5,'none'),(3,null,null);
create table v(a int, c int);
insert into v values (1,1),(1,2),(2,null),(null,3),(3,3),(3,3);
"""


def cell(v):
    if v is None:
        return "\\N"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, datetime.datetime):
        return v.replace(tzinfo=None).isoformat(" ")
    if isinstance(v, (datetime.date, str)):
        return str(v)
    if isinstance(v, list):
        return "[" + ", ".join(cell(x) for x in v) + "]"
    return repr(float(v)) if not isinstance(v, int) else str(v)


def main():
    cur = psycopg.connect(sys.argv[1], autocommit=True).cursor()
    cur.execute("set timezone to 'UTC'")
    cur.execute(TABLES)
    file = pathlib.Path(__file__).parent.parent / "data/oracle/lang_sql.sql"
    for q in file.read_text().split(";\n"):
        q = " ".join(q.split())
        if not q:
            continue
        print("Q", q)
        for row in cur.execute(q).fetchall():
            print("R", "|".join(cell(v) for v in row))


main()

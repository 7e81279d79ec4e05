"""Expected right rows of asof joins, from pandas merge_asof, checked against DuckDB's ASOF JOIN.

pandas 3.1.1, duckdb 2.0.0; no randomness: the tables follow from formulas that
tests/exec/test_exec_oracle.c repeats. Writes tests/data/oracle/exec_asof.tsv: case, then for each
left row the `v` of its right row (-1: none).
"""
from pathlib import Path

import duckdb
import pandas as pd

out = Path(__file__).resolve().parents[1] / "data" / "oracle" / "exec_asof.tsv"
i = pd.RangeIndex(300).to_series()
lhs = pd.DataFrame({"row": i, "g": i * 7 % 5, "t": i * 7919 % 1009, "x": (i * 31 % 97) / 4})
j = pd.RangeIndex(120).to_series()
rhs = pd.DataFrame({"g": j * 3 % 4, "t": j * 104729 % 997, "x": (j * 17 % 89) / 8, "v": j})
DUCK = {("backward", True): ">=", ("backward", False): ">", ("forward", True): "<=", ("forward", False): "<"}


def one(key, by, direction, tolerance, exact):
    cols = [c for c in ("g", key) if by or c != "g"]
    m = pd.merge_asof(lhs.sort_values(key, kind="stable"), rhs[cols + ["v"]].sort_values(key, kind="stable"),
                      on=key, by="g" if by else None, direction=direction, tolerance=tolerance,
                      allow_exact_matches=exact).sort_values("row")
    got = [-1 if pd.isna(v) else int(v) for v in m.v]
    if tolerance is None and direction != "nearest":
        op = DUCK[direction, exact]
        keys = duckdb.sql(f"""select coalesce(r.{key}, -1) k from lhs l asof left join rhs r
            on {'l.g = r.g and' if by else ''} l.{key} {op} r.{key} order by l.row""").df().k.tolist()
        assert keys == [rhs[key][v] if v >= 0 else -1 for v in got], (key, by, direction)
    return got


with out.open("w") as f:
    for key in ("t", "x"):
        for by in (True, False):
            for direction in ("backward", "forward", "nearest"):
                for tolerance in (None, 6 if key == "t" else .25):
                    for exact in (True, False) if direction != "nearest" else (True,):
                        got = one(key, by, direction, tolerance, exact)
                        f.write(f"{key} {int(by)} {direction} {tolerance or '-'} {int(exact)}\t{' '.join(map(str, got))}\n")

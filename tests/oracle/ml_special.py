"""Tail probabilities for tests/unit/test_ml_special.c.

scipy 1.17.1, no randomness. Output: tests/data/oracle/ml_special.csv (what, a, b, x, value).
"""
import csv
import pathlib

from scipy import special, stats

out = pathlib.Path(__file__).parents[1] / "data" / "oracle" / "ml_special.csv"
with out.open("w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["what", "a", "b", "x", "value"])
    for a, b in [(0.5, 0.5), (1, 3), (2.5, 0.5), (30, 0.5), (5e4, 0.5), (5e6, 2.5), (12, 17), (400, 300)]:
        for x in [1e-8, 0.01, 0.3, 0.5, 0.571, 0.9, 0.9999]:
            w.writerow(["beta", a, b, x, repr(float(special.betainc(a, b, x)))])
    for df in [1, 2, 5, 30, 1000, 3.7e6]:
        for t in [0.0, 0.1, 1.0, 1.96, -3.5, 12.0, 37.0]:
            w.writerow(["t", df, 0, t, repr(float(2 * stats.t.sf(abs(t), df)))])
    for d1, d2 in [(1, 10), (3, 140), (25, 5277), (7, 9e5)]:
        for x in [0.2, 1.0, 2.5, 10.0, 60.0]:
            w.writerow(["f", d1, d2, x, repr(float(stats.f.sf(x, d1, d2)))])
    for z in [0.0, 0.3, 1.96, -4.0, 9.0, 30.0]:
        w.writerow(["z", 0, 0, z, repr(float(2 * stats.norm.sf(abs(z))))])

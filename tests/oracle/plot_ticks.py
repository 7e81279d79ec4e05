#!/usr/bin/env python3
"""Writes tests/data/oracle/plot_ticks.txt: labels of mizani's breaks_extended (a port of R's labeling::extended, which is
the reference implementation of Talbot, Lin, Hanrahan 2010) for 240 ranges: lo hi m n first step.
mizani 0.14.6, numpy 2; seed 7.   pip install --no-deps --target DIR mizani; PYTHONPATH=DIR plot_ticks.py"""
import os
import numpy as np
from mizani.breaks import breaks_extended

rng = np.random.default_rng(7)
rows = []
for i in range(240):
    m = int(rng.integers(3, 10))
    if i % 4 == 0:
        lo, hi = sorted(rng.normal(0, 10.0 ** rng.integers(-4, 7), 2))
    elif i % 4 == 1:
        lo, hi = 0.0, float(10 ** rng.uniform(-3, 8))
    elif i % 4 == 2:
        lo = float(rng.integers(-1000, 1000)); hi = lo + float(rng.integers(1, 5000))
    else:
        lo = float(rng.uniform(-1, 1)); hi = lo + float(10 ** rng.uniform(-2, 2))
    lo, hi = float(f"{lo:.6g}"), float(f"{hi:.6g}")
    if not hi > lo:
        continue
    b = np.asarray(breaks_extended(n=m)((lo, hi)))
    rows.append(f"{lo!r} {hi!r} {m} {len(b)} {float(b[0]):.12g} {float(b[1] - b[0]):.12g}")
out = os.path.join(os.path.dirname(__file__), "..", "data", "oracle", "plot_ticks.txt")
open(out, "w").write("\n".join(rows) + "\n")
print(len(rows))

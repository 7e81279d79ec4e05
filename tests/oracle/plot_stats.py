#!/usr/bin/env python3
"""Prints the numbers that tests/unit/test_plotting_charts.c holds: histogram, quartiles, whiskers, ROC area of the taxi sample
(yellow rows, filtered as in the tutorial) from numpy, pandas, matplotlib-style Tukey rule, scikit-learn.  plot_stats.py DATA"""
import sys
import numpy as np, pandas as pd
print("numpy", np.__version__, "pandas", pd.__version__)
t = pd.read_csv(sys.argv[1] + "/taxi/taxis_2019_03_raw.csv")
t = t[t.color == "yellow"]
t = t[(t.passenger_count > 0) & (t.tip_amount >= 0) & t.fare_amount.between(1, 250) & (t.trip_distance > 0) & (t.trip_distance <= 200)]
tip = t.tip_amount.to_numpy()
print("rows", len(t), "25 bins", np.histogram(tip, 25)[0].tolist())
print("7 bins of 0..20", np.histogram(tip, 7, range=(0, 20))[0].tolist(), "outside", int((tip > 20).sum()))
print("auto bins", len(np.histogram_bin_edges(tip, "auto")) - 1, "quartiles", np.quantile(tip, [.25, .5, .75]).tolist())
for p, g in t.groupby("passenger_count"):
    v = g.tip_amount.to_numpy()
    q1, q2, q3 = np.quantile(v, [.25, .5, .75])
    lo, hi = v[v >= q1 - 1.5 * (q3 - q1)].min(), v[v <= q3 + 1.5 * (q3 - q1)].max()
    print("box", p, len(v), q1, q2, q3, lo, hi, int(((v < lo) | (v > hi)).sum()))
h = pd.to_datetime(t.tpep_pickup_datetime).dt.hour
print("mean tip by hour", t.groupby(h).tip_amount.mean().round(6).tolist())
print("rows by payment", t.payment_type.value_counts().to_dict())
print("zones", t.PULocationID.nunique(), t.PULocationID.value_counts().iloc[:20].sum())

#!/usr/bin/env python3
"""Model files of XGBoost for tests/unit/test_ml_xgb.c. Run once in a venv of each version (1.7.6 with numpy 1, 2.1.3, 3.2.0):
writes tests/data/xgb/VERSION_WHAT.json|ubj and VERSION.csv, the columns and what that version predicts. Seed 5."""
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

OUT = Path(__file__).resolve().parents[1] / "data/xgb"
OUT.mkdir(exist_ok=True)
V = ".".join(xgb.__version__.split(".")[:2])
r = np.random.default_rng(5)
n = 120
X = r.normal(size=(n, 4)).astype(np.float32).astype(np.float64)
X[:, 1] = np.round(X[:, 1], 1)
X[r.random((n, 4)) < 0.1] = np.nan
Z = np.nan_to_num(X)
y = Z[:, 0] * (Z[:, 1] > 0) + Z[:, 2] + 0.2 * r.normal(size=n)
targets = {"number": y, "binary": (y > 0).astype(int), "multi": np.digitize(y, [-0.5, 0.5]), "poisson": r.poisson(np.exp(0.5 * Z[:, 0]))}
objectives = {"number": "reg:squarederror", "binary": "binary:logistic", "multi": "multi:softprob", "poisson": "count:poisson"}
cols = {f"f{i}": X[:, i] for i in range(4)}
for what, t in targets.items():
    params = dict(objective=objectives[what], max_depth=3, eta=0.4, tree_method="hist", base_score=0.4 if what == "binary" else 0.7)
    if what == "multi":
        params["num_class"] = 3
    if what == "number" and V != "1.7":
        params["booster"] = "dart"
        params["rate_drop"] = 0.3
    d = xgb.DMatrix(X, label=t, feature_names=[f"f{i}" for i in range(4)])
    m = xgb.train(params, d, 5)
    m.save_model(OUT / f"{V}_{what}.{'ubj' if what in ('binary', 'poisson') else 'json'}")
    p = m.predict(d)
    for k, v in enumerate(p.reshape(n, -1).T):
        cols[f"{what}{k}"] = v
# categories: codes, with groups of levels; written by 2.0 and later
if V != "1.7":
    c = r.integers(0, 12, n)
    XC = np.column_stack([X[:, 0], c])
    d = xgb.DMatrix(XC, label=y + (c % 3), feature_names=["f0", "c"], feature_types=["q", "c"], enable_categorical=True)
    m = xgb.train(dict(max_depth=3, tree_method="hist", max_cat_to_onehot=3), d, 5)
    m.save_model(OUT / f"{V}_category.json")
    cols["c"] = c
    cols["category0"] = m.predict(d)
with open(OUT / f"{V}.csv", "w") as f:
    f.write(",".join(cols) + "\n")
    for i in range(n):
        f.write(",".join("" if np.isnan(v[i]) else repr(float(v[i]) if v.dtype.kind == "f" else int(v[i])) for v in cols.values()) + "\n")

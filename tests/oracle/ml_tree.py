#!/usr/bin/env python3
"""Expected values for tests/unit/test_ml_tree.c: tree against scikit-learn's, boosted against XGBoost's, on columns of few
values (so that bins are exact in both). Run in a venv with the versions below; writes tests/data/oracle/ml_tree.csv.
numpy 2.4.6, scikit-learn 1.9.1, xgboost 3.2.0, seed 11."""
from pathlib import Path

import numpy as np
import xgboost as xgb
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

OUT = Path(__file__).resolve().parents[1] / "data/oracle/ml_tree.csv"
r = np.random.default_rng(11)
n = 400
a = np.round(r.normal(size=n), 1)
b = np.round(r.random(n) * 9, 1)
c = np.round(r.exponential(size=n), 1)
miss = np.where(r.random(n) < 0.15, np.nan, np.round(r.normal(size=n), 1))
w = np.round(r.random(n) + 0.5, 2)
y = np.round(2 * a * (b > 4) + np.sin(b) + np.where(np.isnan(miss), 1.5, miss) + r.normal(size=n) * 0.3, 4)
z = (y + r.normal(size=n) > 0.4).astype(int)
k = np.digitize(y + 0.5 * r.normal(size=n), [-0.5, 1.2])
X = np.column_stack([a, b, c])
XM = np.column_stack([a, b, c, miss])
cols = dict(a=a, b=b, c=c, miss=miss, w=w, y=y, z=z, k=k)
cols["tree_y"] = DecisionTreeRegressor(max_depth=4).fit(X, y).predict(X)
cols["tree_yw"] = DecisionTreeRegressor(max_depth=4).fit(X, y, sample_weight=w).predict(X)
cols["tree_z"] = DecisionTreeClassifier(max_depth=4).fit(X, z).predict_proba(X)[:, 1]
cols["tree_ze"] = DecisionTreeClassifier(max_depth=4, criterion="entropy").fit(X, z).predict_proba(X)[:, 1]
kp = DecisionTreeClassifier(max_depth=4).fit(X, k).predict_proba(X)
for i in range(3):
    cols[f"tree_k{i}"] = kp[:, i]
cols["tree_leaves"] = DecisionTreeRegressor(max_leaf_nodes=7).fit(X, y).predict(X)


def boosted(cls, target, **kw):
    kw = dict(n_estimators=20, max_depth=4, learning_rate=0.3, tree_method="hist", max_bin=256, n_jobs=1) | kw
    return cls(**kw).fit(XM, target, sample_weight=kw.pop("weight", None))


cols["xgb_y"] = boosted(xgb.XGBRegressor, y, base_score=float(np.mean(y))).predict(XM)
m = xgb.XGBRegressor(n_estimators=20, max_depth=4, learning_rate=0.3, tree_method="hist", reg_alpha=0.5, reg_lambda=2, gamma=0.4,
                     min_child_weight=5, base_score=float(np.average(y, weights=w)), n_jobs=1)
cols["xgb_yw"] = m.fit(XM, y, sample_weight=w).predict(XM)
cols["xgb_z"] = boosted(xgb.XGBClassifier, z, base_score=float(np.mean(z))).predict_proba(XM)[:, 1]
cols["xgb_mono"] = boosted(xgb.XGBRegressor, y, base_score=float(np.mean(y)), monotone_constraints=(1, 0, 0, -1)).predict(XM)
mk = boosted(xgb.XGBClassifier, k, n_estimators=10)
kp = mk.predict_proba(XM)
for i in range(3):
    cols[f"xgb_k{i}"] = kp[:, i]
with open(OUT, "w") as f:
    f.write(",".join(cols) + "\n")
    for i in range(n):
        f.write(",".join("" if isinstance(v[i], float) and np.isnan(v[i]) else repr(v[i].item()) for v in cols.values()) + "\n")

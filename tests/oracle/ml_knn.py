"""Expected figures of tests/golden/ml/knn.mlnb: scikit-learn 1.9.1, pandas 3.1.1, over tests/data/penguins/penguins.csv."""
import pathlib

import numpy as np
import pandas as pd
from sklearn import neighbors as nb

d = pd.read_csv(pathlib.Path(__file__).parents[1] / "data/penguins/penguins.csv", na_values=["NA"]).dropna().reset_index(drop=True)
x = d[["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]].to_numpy()
classes = sorted(d.species.unique())
y = d.species.map(classes.index).to_numpy()
fit, rest = np.arange(len(d)) % 3 > 0, np.arange(len(d)) % 3 == 0
for k, w, metric in [(5, "uniform", "euclidean"), (7, "distance", "manhattan"), (4, "distance", "cosine")]:
    c = nb.KNeighborsClassifier(k, weights=w, metric=metric).fit(x[fit], y[fit])
    p = c.predict_proba(x[rest])
    r = nb.KNeighborsRegressor(k, weights=w, metric=metric).fit(x[fit], d.body_mass_g[fit])
    e = r.predict(x[rest]) - d.body_mass_g[rest]
    print(k, w, metric, "accuracy", f"{(p.argmax(1) == y[rest]).mean():.6f}", "sums", [f"{v:.6f}" for v in p.sum(0)], "rmse", f"{np.sqrt((e ** 2).mean()):.6f}")
# 23 rows have a tie for the seventh place by manhattan distance; ours takes the earlier row, scikit-learn either:
dist = np.abs(x[rest][:, None, :] - x[fit][None]).sum(2)
mass, e = d.body_mass_g[fit].to_numpy(), []
for i, row in enumerate(dist):
    o = np.lexsort((np.arange(len(row)), row))[:7]
    v = np.where((row[o] == 0).any(), (row[o] == 0).astype(float), 1 / np.maximum(row[o], 1e-300))
    e.append((v * mass[o]).sum() / v.sum() - d.body_mass_g[rest].iloc[i])
print("manhattan, ties by row: rmse", f"{np.sqrt(np.mean(np.square(e))):.6f}")

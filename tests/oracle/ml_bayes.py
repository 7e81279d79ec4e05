"""Expected probabilities for tests/golden/ml/bayes.mlnb.

scikit-learn 1.9.1, pandas 3.1.1. Input: tests/data/penguins/penguins.csv. Prints what the notebook shows: per kind the mean log loss, the accuracy
and the probabilities of three rows.
"""
import pathlib

import numpy as np
import pandas as pd
from sklearn import naive_bayes as nb

d = pd.read_csv(pathlib.Path(__file__).parents[1] / "data/penguins/penguins.csv", na_values=["NA"]).dropna().reset_index(drop=True)
x = d[["bill_length_mm", "bill_depth_mm", "flipper_length_mm"]].to_numpy()
flags = np.column_stack([(d.sex == "male"), (d.island == "Dream"), (d.body_mass_g > 4200)]).astype(float)
classes = sorted(d.species.unique())
y = d.species.map(classes.index).to_numpy()
w = 1 + np.arange(len(d)) % 3
for name, model, data, weight in [
    ("gaussian", nb.GaussianNB(), x, None), ("gaussian weighted", nb.GaussianNB(), x, w), ("multinomial", nb.MultinomialNB(), x, None),
    ("complement", nb.ComplementNB(), x, None), ("bernoulli", nb.BernoulliNB(), flags, None), ("bernoulli .3 weighted", nb.BernoulliNB(alpha=0.3), flags, w),
]:
    p = model.fit(data, y, sample_weight=weight).predict_proba(data)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    print(name, f"{loss:.9f}", f"{(p.argmax(1) == y).mean():.6f}", [[f"{v:.9f}" for v in p[i]] for i in (0, 160, 300)])
b = (d.species == "Gentoo").astype(int)
p = nb.GaussianNB().fit(x, b).predict_proba(x)[:, 1]
print("two classes", f"{-np.log(np.where(b == 1, p, 1 - p)).mean():.9f}", [f"{p[i]:.9f}" for i in (0, 160, 300)])

"""Expected metrics and curves for tests/unit/test_ml_metrics.c.

scikit-learn 1.9.1, numpy 2.4.6, seed 7. Scores are rounded so that many tie.
Output: tests/data/oracle/ml_metrics.csv: rows (class, score, number, prediction), and
ml_metrics_expected.csv: (metric, value), and ROC points without drop_intermediate's losses: roc_n, the number of points.
"""
import csv
import pathlib

import numpy as np
from sklearn import metrics as m

rng = np.random.default_rng(7)
n = 400
y = rng.integers(0, 2, n)
s = np.round(1 / (1 + np.exp(-(rng.normal(0, 1.2, n) + 1.1 * y - 0.4))), 2)
v = rng.normal(5, 3, n)
p = v + rng.normal(0, 1, n)
out = pathlib.Path(__file__).parents[1] / "data" / "oracle"
with (out / "ml_metrics.csv").open("w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["class", "score", "number", "prediction"])
    for i in range(n):
        w.writerow([int(y[i]), repr(float(s[i])), repr(float(v[i])), repr(float(p[i]))])
c = (s > 0.5).astype(int)
fpr, tpr, thr = m.roc_curve(y, s, drop_intermediate=True)
pre, rec, _ = m.precision_recall_curve(y, s)
rows = [
    ("rmse", m.root_mean_squared_error(v, p)), ("mae", m.mean_absolute_error(v, p)), ("r2", m.r2_score(v, p)),
    ("mape", m.mean_absolute_percentage_error(v, p)), ("accuracy", m.accuracy_score(y, c)), ("auc", m.roc_auc_score(y, s)),
    ("average_precision", m.average_precision_score(y, s)), ("precision", m.precision_score(y, c)),
    ("recall", m.recall_score(y, c)), ("f1", m.f1_score(y, c)), ("log_loss", m.log_loss(y, s)), ("roc_n", len(fpr)),
    ("mse", m.mean_squared_error(v, p)), ("median_ae", m.median_absolute_error(v, p)),
    ("explained_variance", m.explained_variance_score(v, p)), ("balanced_accuracy", m.balanced_accuracy_score(y, c)),
    ("mcc", m.matthews_corrcoef(y, c)), ("kappa", m.cohen_kappa_score(y, c)), ("specificity", m.recall_score(y, c, pos_label=0)),
    ("brier", m.brier_score_loss(y, s)),
]
with (out / "ml_metrics_expected.csv").open("w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["metric", "value"])
    w.writerows([(k, repr(float(x))) for k, x in rows])

# More than two classes: tests/data/oracle/ml_metrics_many.csv (class, p0, p1, p2) and .._many_expected.csv (metric, value).
k = rng.integers(0, 3, n)
z = rng.normal(0, 1, (n, 3)) + 1.2 * np.eye(3)[k]
q = np.round(np.exp(z) / np.exp(z).sum(1, keepdims=True), 4)
q = q / q.sum(1, keepdims=True)
said = q.argmax(1)
with (out / "ml_metrics_many.csv").open("w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["class", "p0", "p1", "p2"])
    w.writerows([[int(k[i]), *[repr(float(x)) for x in q[i]]] for i in range(n)])
many = [
    ("accuracy", m.accuracy_score(k, said)), ("log_loss", m.log_loss(k, q)), ("balanced_accuracy", m.balanced_accuracy_score(k, said)),
    ("mcc", m.matthews_corrcoef(k, said)), ("kappa", m.cohen_kappa_score(k, said)),
    ("brier", float(((q - np.eye(3)[k]) ** 2).sum(1).mean())),
]
with (out / "ml_metrics_many_expected.csv").open("w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["metric", "value"])
    w.writerows([(a, repr(float(b))) for a, b in many])

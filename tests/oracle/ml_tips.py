"""Will there be a tip: the logistic regression of the tutorial, by an optimizer of its own.

pandas 3.1.1, scipy 1.17.1, scikit-learn 1.9.1; no randomness (train = rowid % 10 < 7).
In: tests/data/taxi/taxis_2019_03_raw.csv. Out: tests/data/oracle/ml_tips.csv (the prepared rows) and
ml_tips_expected.csv (name, value): coefficients and metrics of the 12-hour (hh) and 24-hour (HH) variants.

The published numbers this must meet (Spark 4.0.1 run to convergence): 5,303 rows; objective 0.437020, intercept
-0.375976 ('HH': 0.436596, -0.376054); AUC 0.950168 ('HH' 0.947710), average precision 0.969535, accuracy 0.961731.
"""
import csv
import pathlib

import numpy as np
import pandas as pd
from scipy import optimize
from sklearn import metrics

here = pathlib.Path(__file__).parents[1]
t = pd.read_csv(here / "data" / "taxi" / "taxis_2019_03_raw.csv")
t["rowid"] = np.arange(len(t))
t = t[t.color == "yellow"] if "color" in t else t
t.columns = [c.lower() for c in t.columns]
pu, do = pd.to_datetime(t.tpep_pickup_datetime), pd.to_datetime(t.tpep_dropoff_datetime)
d = pd.DataFrame({
    "rowid": t.rowid, "paymentType": t.payment_type.map(lambda v: "" if pd.isna(v) else str(int(v))),
    "passengerCount": t.passenger_count, "tripDistance": t.trip_distance, "fareAmount": t.fare_amount,
    "tripTimeSecs": (do - pu).dt.total_seconds(), "weekday": pu.dt.day_name(),
    "hour12": pu.dt.strftime("%I"), "hour24": pu.dt.strftime("%H"), "tipAmount": t.tip_amount, "rate": t.ratecodeid})
d = d[(d.passengerCount > 0) & (d.passengerCount < 8) & d.tipAmount.between(0, 25) & d.fareAmount.between(1, 250)
      & (d.tipAmount < d.fareAmount) & (d.tripDistance > 0) & (d.tripDistance <= 100) & (d.rate <= 5)
      & d.paymentType.isin(["1", "2"])]
print("pass 1", len(d))
d = d[d.tripTimeSecs.between(30, 7200)]
print("pass 2", len(d))


def bins(h):
    h = h.astype(int)
    return np.select([(h <= 6) | (h >= 20), (h >= 7) & (h <= 10), (h >= 11) & (h <= 15), (h >= 16) & (h <= 19)],
                     ["Night", "AMRush", "Afternoon", "PMRush"], "0")


d["bins12"], d["bins24"] = bins(d.hour12), bins(d.hour24)
d["tipped"] = (d.tipAmount > 0).astype(int)
d["passengerCount"] = d.passengerCount.astype(int)
d["tripTimeSecs"] = d.tripTimeSecs.astype(int)
d["paid"] = d.paymentType.map({"1": "card", "2": "cash"})
keep = ["rowid", "hour12", "hour24", "weekday", "passengerCount", "tripTimeSecs", "tripDistance", "fareAmount", "paid",
        "bins12", "bins24", "tipped"]
d[keep].to_csv(here / "data" / "oracle" / "ml_tips.csv", index=False, lineterminator="\n")

train, test = d[d.rowid % 10 < 7], d[d.rowid % 10 >= 7]
rows = [["rows", len(d)], ["train", len(train)], ["test", len(test)], ["tipped", int(d.tipped.sum())]]


def by_frequency(s):  # falling, ties alphabetical
    c = s.value_counts()
    return sorted(c.index, key=lambda k: (-c[k], k))


def design(f, hour, binned):
    cols = {}
    for level in by_frequency(train[hour])[:-1]:  # rarest level is left out
        cols[f"{hour}[{level}]"] = (f[hour] == level).astype(float)
    for level in sorted(d["weekday"].unique()):
        cols[f"weekday[{level}]"] = (f.weekday == level).astype(float)
    for c in ["passengerCount", "tripTimeSecs", "tripDistance", "fareAmount"]:
        cols[c] = f[c].astype(float)
    for level in by_frequency(train["paid"])[:-1]:
        cols[f"paid[{level}]"] = (f.paid == level).astype(float)
    for level in sorted(d[binned].unique()):
        cols[f"{binned}[{level}]"] = (f[binned] == level).astype(float)
    return pd.DataFrame(cols)


for name, hour, binned in [("hh", "hour12", "bins12"), ("HH", "hour24", "bins24")]:
    X, Xt = design(train, hour, binned), design(test, hour, binned)
    s = X.std(ddof=1).to_numpy()
    Z, y = X.to_numpy() / s, train.tipped.to_numpy()

    def loss(b):
        eta = b[0] + Z @ b[1:]
        p = 1 / (1 + np.exp(-eta))
        f = np.mean(np.logaddexp(0, np.where(y == 1, -eta, eta))) + 0.15 * b[1:] @ b[1:]
        return f, np.concatenate([[np.mean(p - y)], Z.T @ (p - y) / len(y) + 0.3 * b[1:]])

    r = optimize.minimize(loss, np.zeros(Z.shape[1] + 1), jac=True, method="L-BFGS-B",
                          options={"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-11, "maxfun": 10000})
    b = r.x
    for _ in range(3):  # polish: L-BFGS stops at about 1e-9
        p = 1 / (1 + np.exp(-(b[0] + Z @ b[1:])))
        D = np.column_stack([np.ones(len(y)), Z])
        H = (D * (p * (1 - p))[:, None]).T @ D / len(y) + 0.3 * np.diag([0] + [1] * Z.shape[1])
        b = b - np.linalg.solve(H, loss(b)[1])
    print(name, Z.shape[1], "objective", loss(b)[0], "intercept", b[0], "gradient", np.abs(loss(b)[1]).max())
    score = 1 / (1 + np.exp(-(b[0] + (Xt.to_numpy() / s) @ b[1:])))
    yt, c = test.tipped.to_numpy(), (score > 0.5).astype(int)
    put = lambda k, v: rows.append([f"{name} {k}", repr(float(v))])
    put("columns", Z.shape[1])
    put("loss", loss(b)[0])
    put("(intercept)", b[0])
    for k, v in zip(X.columns, b[1:] / s):
        put(k, v)
    for k, f in [("auc", metrics.roc_auc_score), ("average_precision", metrics.average_precision_score),
                 ("log_loss", metrics.log_loss)]:
        put(k, f(yt, score))
    for k, f in [("accuracy", metrics.accuracy_score), ("precision", metrics.precision_score),
                 ("recall", metrics.recall_score), ("f1", metrics.f1_score)]:
        put(k, f(yt, c))
    tn, fp, fn, tp = metrics.confusion_matrix(yt, c).ravel()
    for k, v in [("tp", tp), ("fp", fp), ("tn", tn), ("fn", fn)]:
        put(k, v)
    put("auc of training", metrics.roc_auc_score(y, 1 / (1 + np.exp(-(b[0] + Z @ b[1:])))))
    print("  auc", metrics.roc_auc_score(yt, score), "aupr", metrics.average_precision_score(yt, score), "accuracy",
          metrics.accuracy_score(yt, c), "tp fp tn fn", tp, fp, tn, fn)
with (here / "data" / "oracle" / "ml_tips_expected.csv").open("w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows([["name", "value"]] + rows)

"""Expected frames of the reshaping verbs, of lists within rows and of ranks, on the taxi trips.

pandas 3.1.1, numpy 2.4.6, scipy (kendall); no randomness. Writes
tests/data/oracle/lang_verbs_<name>.csv, numbers rounded to 9 digits; tests/unit/test_lang_oracle.c
holds the same pipelines in the language.
"""
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

root = Path(__file__).resolve().parents[1]
out = root / "data" / "oracle"
t = pd.read_csv(root / "data" / "taxi" / "taxis_2019_03_raw.csv",
                parse_dates=["tpep_pickup_datetime", "tpep_dropoff_datetime"])
t["id"] = np.arange(1, len(t) + 1)
t["hour"] = t.tpep_pickup_datetime.dt.hour
t["day"] = t.tpep_pickup_datetime.dt.date


def write(name, d):
    d = d.copy()
    for c in d.select_dtypes("number"):
        d[c] = d[c].round(9)
    d.to_csv(out / f"lang_verbs_{name}.csv", index=False)


def wide(keys, values, agg, prefix=""):
    """One column for each value of the last key."""
    d = t.groupby(keys, dropna=False)[values].agg(agg).unstack()
    d.columns = [prefix + ("null" if pd.isna(c) else str(int(c)) if not isinstance(c, str) else c)
                 for c in d.columns]
    return d


write("pivot", wide(["hour", "payment_type"], "fare_amount", "mean", "p").fillna(0).reset_index())
n = wide(["VendorID", "color"], "id", "size", "n_").reset_index()
m = wide(["VendorID", "color"], "tip_amount", "max", "tip_").reset_index(drop=True)
write("pivot2", pd.concat([n, m], axis=1))

part = t.head(40)[["id", "fare_amount", "passenger_count", "color", "tip_amount"]]
long = part.melt(id_vars=["id", "color"], var_name="what", value_name="v")
long["place"] = long.what.map({"fare_amount": 0, "passenger_count": 1, "tip_amount": 2})
write("unpivot", long.sort_values(["id", "place"])[["id", "color", "what", "v"]])

s = t.sort_values(["tip_amount", "id"])
rows = []
for key, d in s.groupby("payment_type", dropna=False):
    f = d.fare_amount.dropna().to_numpy()
    rows.append({"payment_type": key, "n": len(f), "top": f.max(), "med": np.median(f),
                 "third": f[2] if len(f) > 2 else None, "last": f[-1], "uniq": len(set(f)),
                 "low": np.sort(f)[:5].sum(), "dear": int((f > 20).sum()),
                 "spread": f.std(ddof=1) if len(f) > 1 else None})
write("lists", pd.DataFrame(rows))
d = s.assign(i=s.groupby("payment_type", dropna=False).cumcount() + 1)
write("explode", d[d.i <= 3].sort_values(["payment_type", "i"])[["payment_type", "fare_amount", "i"]]
      .rename(columns={"fare_amount": "fares"}))

cols = ["fare_amount", "tip_amount", "congestion_surcharge"]
r = t[cols]
write("within", pd.DataFrame({"id": t.id, "total": r.sum(axis=1), "avg": r.mean(axis=1), "mid": r.median(axis=1),
                              "spread": r.std(axis=1), "least": r.min(axis=1),
                              "q": r.quantile(.3, axis=1)}).iloc[::29])
write("maps", pd.DataFrame({"id": t.id, "s": t.passenger_count * (t.passenger_count + 1) / 2 * t.fare_amount,
                            "k": t.passenger_count}).iloc[::29])

daily = t[t.PULocationID.isin([41, 75, 236])].groupby(["PULocationID", "day"]).size()
parts = []
for place, d in daily.groupby(level=0):
    d = d.droplevel(0)
    d.index = pd.to_datetime(d.index)
    full = d.reindex(pd.date_range(d.index.min(), d.index.max(), freq="D"))
    parts.append(pd.DataFrame({"PULocationID": place, "day": full.index.date, "n": full.to_numpy()}))
write("gaps", pd.concat(parts))

d = t.sort_values("tpep_pickup_datetime", kind="stable")
d["trip_type"] = d.groupby("payment_type", dropna=False).trip_type.ffill()
write("down", d.sort_values("id")[["id", "trip_type"]].iloc[::29])

write("cross", pd.crosstab(t.payment_type.fillna(-1), t.color).reset_index()
      .assign(payment_type=lambda d: d.payment_type.replace(-1, np.nan)).sort_values("payment_type"))
share = pd.crosstab(t.hour, t.color, normalize="index").reset_index()
write("cross_row", share)
write("cross_column", pd.crosstab(t.hour, t.color, normalize="columns").reset_index())

num = ["fare_amount", "tip_amount", "trip_distance", "congestion_surcharge"]
for method in ["spearman", "kendall"]:
    write(method, t[num].corr(method=method).reset_index(names="column"))

q = pd.DataFrame({"at": pd.to_datetime(["2019-03-05", "2019-03-10 12:00", "2019-03-20", "2019-03-05 06:00"],
                                       format="ISO8601"),
                  "VendorID": [1, 1, 1, 2], "price": [10, 20, 30, 40]}).sort_values("at")
left = t.dropna(subset=["VendorID"]).sort_values("tpep_pickup_datetime", kind="stable")
for name, direction, tol in [("asof", "backward", None), ("asof_near", "nearest", "2D")]:
    a = pd.merge_asof(left, q.rename(columns={"at": "tpep_pickup_datetime"}), on="tpep_pickup_datetime",
                      by="VendorID", direction=direction, tolerance=pd.Timedelta(tol) if tol else None)
    write(name, a.sort_values("id")[["id", "price"]].iloc[::29])

e = t.color.str.extract(r"^(.)(.*)$")
write("extract", pd.DataFrame({"id": t.id, "initial": e[0], "rest": e[1]}).iloc[::97])


def eta(x, g):
    d = pd.DataFrame({"x": x, "g": g}).dropna()
    return np.sqrt(d.groupby("g").x.transform("mean").var() / d.x.var())


def cramer(a, b):
    d = pd.DataFrame({"a": a, "b": b}).dropna()
    c = pd.crosstab(d.a, d.b)
    chi = chi2_contingency(c, correction=False)[0]
    return np.sqrt(chi / c.to_numpy().sum() / (min(c.shape) - 1))


names = ["fare_amount", "color", "congestion_surcharge", "store_and_fwd_flag"]
facts = {"column": names, "nulls": [t[c].isna().sum() for c in names], "unique": [t[c].nunique() for c in names]}
write("profile", pd.DataFrame({**facts, "target": [t.fare_amount.corr(t.tip_amount), eta(t.tip_amount, t.color),
                                                   t.congestion_surcharge.corr(t.tip_amount),
                                                   eta(t.tip_amount, t.store_and_fwd_flag)]}))
write("profile_groups", pd.DataFrame({"column": names[:3] + names[3:], "target": [
    eta(t.fare_amount, t.color), None, eta(t.congestion_surcharge, t.color), cramer(t.store_and_fwd_flag, t.color)]}))

"""Expected frames of verb pipelines on the taxi trips, from pandas.

pandas 3.1.1, numpy 2.4.6; no randomness. Writes tests/data/oracle/lang_verbs_<name>.csv, numbers
rounded to 9 digits; tests/unit/test_lang_oracle.c holds the same pipelines in the language.
"""
from pathlib import Path

import numpy as np
import pandas as pd

root = Path(__file__).resolve().parents[1]
out = root / "data" / "oracle"
t = pd.read_csv(root / "data" / "taxi" / "taxis_2019_03_raw.csv",
                parse_dates=["tpep_pickup_datetime", "tpep_dropoff_datetime"])
t["id"] = np.arange(1, len(t) + 1)


def write(name, d):
    for c in d.select_dtypes("number"):
        d[c] = d[c].round(9)
    d.to_csv(out / f"lang_verbs_{name}.csv", index=False)


g = t.groupby("payment_type", dropna=False)
write("groups", g.agg(n=("id", "size"), fare=("fare_amount", "mean"), tip=("tip_amount", "median"),
                      p90=("tip_amount", lambda v: v.quantile(.9)), spread=("trip_distance", "std"),
                      colors=("color", "nunique"), known=("ehail_fee", "count"))
      .reset_index().sort_values("payment_type"))
hours = t.assign(hour=t.tpep_pickup_datetime.dt.hour).groupby("hour")
write("hours", pd.DataFrame({"n": hours.size(), "dear": hours.apply(lambda d: int((d.fare_amount > 9).sum())),
                             "share": hours.apply(lambda d: (d.tip_amount > 0).mean())}).reset_index())

s = t.sort_values("tpep_pickup_datetime", kind="stable")
w = s.groupby("PULocationID")
s = s.assign(prev=w.fare_amount.shift(1),
             recent=w.fare_amount.rolling(5, min_periods=1).mean().reset_index(level=0, drop=True),
             total=w.tip_amount.cumsum(),
             place=w.fare_amount.rank(method="min", ascending=False),
             part=s.fare_amount / w.fare_amount.transform("sum"),
             seen=w.cumcount() + 1)
write("windows", s.sort_values("id")[["id", "prev", "recent", "total", "place", "part", "seen"]].iloc[::13])

top = (t.sort_values(["tip_amount", "id"], ascending=[False, True], kind="stable")
       .groupby("VendorID", sort=True).head(4))
write("top", top.sort_values(["VendorID", "tip_amount", "id"], ascending=[True, False, True], kind="stable")
      [["VendorID", "id", "tip_amount"]])
c = t.groupby(["payment_type", "passenger_count"], dropna=False).size().reset_index(name="n")
write("count", c.sort_values(["n", "payment_type", "passenger_count"], ascending=[False, True, True], kind="stable"))
f = t.assign(m=t.groupby("VendorID").trip_type.transform("median"))
f["trip_type"] = f.trip_type.fillna(f.m).fillna(0)
write("fill", f.groupby("trip_type").size().reset_index(name="n"))
num = ["fare_amount", "tip_amount", "trip_distance", "congestion_surcharge"]
d = t[num].describe().T
write("describe", pd.DataFrame({"column": num, "missing_pct": (100 * t[num].isna().mean()).round(2).to_numpy(),
                                "distinct": t[num].nunique().to_numpy(), "min": d["min"].to_numpy(),
                                "p25": d["25%"].to_numpy(), "median": d["50%"].to_numpy(), "p75": d["75%"].to_numpy(),
                                "max": d["max"].to_numpy(), "mean": d["mean"].to_numpy(), "sd": d["std"].to_numpy()}))
write("corr", t[num].corr().reset_index(names="column"))
z = pd.DataFrame({"zone": [41, 41, 75, 236, 999], "name": ["a", "b", "c", "d", "e"]})
j = t.merge(z, left_on="PULocationID", right_on="zone", how="left").groupby("name", dropna=False).agg(
    n=("id", "size"), fare=("fare_amount", "sum")).reset_index().sort_values("name")
write("join", j)

"""Expected values of aggregates, windows and rounding, from pandas and numpy.

pandas 3.1.1, numpy 2.4.6. Writes tests/data/oracle/fn_agg.tsv (case, column, name, value),
fn_data.tsv (the columns x, y, w; empty = null), fn_round.tsv (x, digits, result) and fn_ewm.tsv
(row by row). Seed 20261123.
"""
from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(20261123)
out = Path(__file__).resolve().parents[1] / "data" / "oracle"
n = 600
d = pd.DataFrame({"x": rng.normal(1e6, 3, n).round(4), "y": rng.lognormal(0, 1, n).round(4),
                  "w": rng.integers(0, 9, n).astype(float)})
d["z"] = (0.5 * d.x + d.y * rng.normal(0, 1, n)).round(4)
for c in d:
    d.loc[rng.random(n) < 0.15, c] = np.nan
d.loc[[3, 7, 400], "y"] = 0.0
text = lambda v: "" if pd.isna(v) else repr(float(v))
(out / "fn_data.tsv").write_text("\n".join("\t".join(text(v) for v in r) for r in d.itertuples(index=False)) + "\n")

rows = []
for c in d:
    s = d[c]
    for name, v in dict(count=s.count(), sum=s.sum(), mean=s.mean(), median=s.median(), var=s.var(), sd=s.std(),
                        min=s.min(), max=s.max(), skew=s.skew(), kurtosis=s.kurt(), n_distinct=s.nunique(),
                        mode=s.mode().iloc[0], first=s.dropna().iloc[0], last=s.dropna().iloc[-1]).items():
        rows.append(f"{name}\t{c}\t\t{float(v)!r}")
    for p in (0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 0.9, 0.999, 1):
        rows.append(f"quantile\t{c}\t{p!r}\t{float(np.quantile(s.dropna(), p))!r}")
for a, b in (("x", "z"), ("x", "y"), ("y", "w")):
    rows.append(f"corr\t{a}\t{b}\t{float(d[a].corr(d[b]))!r}")
    rows.append(f"cov\t{a}\t{b}\t{float(d[a].cov(d[b]))!r}")
both = d[["y", "w"]].dropna()
rows.append(f"wmean\ty\tw\t{float(np.average(both.y, weights=both.w))!r}")
(out / "fn_agg.tsv").write_text("\n".join(rows) + "\n")

rows = []
for x in np.concatenate([rng.normal(0, 100, 60), [0.5, 1.5, 2.5, -0.5, -1.5, 2.675, 1.005, 0.125, 1e300, 1e-300, 12345.675, -0.0]]):
    for k in (-3, -2, -1, 0, 1, 2, 3, 5, 12):
        rows.append(f"{float(x)!r}\t{k}\t{float(np.round(x, k))!r}")
(out / "fn_round.tsv").write_text("\n".join(rows) + "\n")

y = d.y
cols = [y.ewm(span=5).mean(), y.ewm(alpha=0.3).mean(), y.ewm(halflife=2).mean(), y.cumsum(), y.cumprod(), y.cummin(),
        y.cummax(), y.diff(), y.diff(3), y.shift(1), y.shift(-2), y.pct_change(fill_method=None), y.ffill()]
frame = pd.concat(cols, axis=1)
(out / "fn_window.tsv").write_text("\n".join("\t".join(text(v) for v in r) for r in frame.itertuples(index=False)) + "\n")

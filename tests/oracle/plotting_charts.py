"""What the marks of whole charts have to say, from numpy, scipy, statsmodels, scikit-learn, matplotlib and pandas.

Run: python tests/oracle/plotting_charts.py tests/data/oracle
writes plotting_charts.csv (the rows; seed 20) and plotting_charts.json (versions, and for each chart its step and the
expected columns of one of its layers of marks).  tests/cli/test_chart_statistics.py draws the charts and compares.
"""
import json
import sys
from pathlib import Path

import contourpy
import matplotlib.pyplot
import numpy as np
import pandas as pd
import scipy
import scipy.stats as st
import sklearn
import sklearn.calibration
import sklearn.metrics as sm
import statsmodels
import statsmodels.api as smapi
from matplotlib import cbook
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import pdist
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf, pacf

N = 600
OUT = Path(sys.argv[1])
charts = []


def frame():
    """Skewed, noisy, tied, with holes; read back as written."""
    r = np.random.default_rng(20)
    x = r.gamma(2.0, 3.0, N)
    y = 1.5 + 0.8 * x + r.normal(0, 2, N) + np.sin(x)
    letters = np.array(list("abc"))
    g = letters[r.integers(0, 3, N)]
    k = r.integers(0, 6, N)
    score = np.round(1 / (1 + np.exp(-(x - 6) / 3 + r.normal(0, 0.7, N))), 3)
    label = (r.random(N) < 1 / (1 + np.exp(-(x - 6) / 2))).astype(int)
    predicted = np.where(r.random(N) < 0.75, g, letters[r.integers(0, 3, N)])
    holes = np.where(r.random(N) < 0.1, np.nan, y + r.normal(0, 1, N))
    day = pd.date_range("2024-01-01", periods=N)
    first = 100 + np.cumsum(r.normal(0, 1, N))
    last = first + r.normal(0, 1, N)
    high, low = np.maximum(first, last) + r.random(N), np.minimum(first, last) - r.random(N)
    name = ["n%03d" % i for i in range(N)]
    t = pd.DataFrame(dict(name=name, day=day, x=x, y=y, g=g, k=k, score=score, label=label, predicted=predicted, holes=holes,
                          open=first, high=high, low=low, close=last, coarse=np.round(x)))
    t.to_csv(OUT / "plotting_charts.csv", index=False, date_format="%Y-%m-%d", float_format="%.9g")
    return pd.read_csv(OUT / "plotting_charts.csv", parse_dates=["day"])


def plain(v):
    v = [float("%.11g" % i) if isinstance(i, (int, float, np.number)) else i for i in v]
    return [None if isinstance(i, float) and i != i else i for i in v]


def chart(name, step, layer, where=None, order=None, near=1e-6, caption=None, take=None, **columns):
    """layer: number of the mark in the spec; where: rows of it by a column's value; order: columns to sort both by;
    near: tolerance, relative; caption: a text in the subtitle."""
    charts.append(dict(name=name, step=step, layer=layer, where=where, order=order, near=near, caption=caption, take=take,
                       columns={c: plain(v) for c, v in columns.items()}))


def silverman(v):
    return 0.9 * min(v.std(ddof=1), np.subtract(*np.percentile(v, [75, 25])) / 1.34) * len(v) ** -0.2


def density(v, h, cut, n):
    grid = np.linspace(v.min() - cut * h, v.max() + cut * h, n)
    return grid, st.gaussian_kde(v, bw_method=h / v.std(ddof=1))(grid)


def spread(t):
    x = t.x.to_numpy()
    n, edges = np.histogram(x, 20)
    chart("hist", "plot x, kind: hist, bins: 20", 0, c0=edges[:-1], c1=edges[1:], c2=n)
    n, edges = np.histogram(x[t.g == "b"], np.histogram_bin_edges(x, 12))
    chart("hist by colour", "plot x, color: g, kind: hist, bins: 12", 0, where={"c2": "b"}, c3=n[n > 0])
    for g in "abc":
        v = x[t.g == g]
        grid, z = density(v, silverman(v), 3, 200)
        chart("density", "plot x, color: g, kind: density", 1, where={"c4": g}, c0=grid, c1=z,
              c2=[len(v)] * 200, c3=[silverman(v)] * 200)
    p = np.linspace(0, 1, 512)
    chart("ecdf of many", "plot x, kind: ecdf", 0, take=[1, 513], c0=np.quantile(x, p), c1=p)
    steps = smapi.distributions.ECDF(t.coarse)
    v = np.unique(t.coarse)
    chart("ecdf", "plot coarse, kind: ecdf", 0, take=[1, len(v) + 1], c0=v, c1=steps(v))
    at = np.floor(np.arange(512) * (N - 1) / 511).astype(int)
    probability = smapi.ProbPlot(x, a=0.5)
    chart("qq", "plot x, kind: qq", 0, c0=probability.theoretical_quantiles[at], c1=np.sort(x)[at])
    z = st.norm.ppf([0.25, 0.75])
    slope = np.subtract(*np.quantile(x, [0.75, 0.25])) / (z[1] - z[0])
    ends = probability.theoretical_quantiles[[0, -1]]
    line = np.quantile(x, 0.25) + slope * (ends - z[0])
    chart("qq line", "plot x, kind: qq", 1, c0=ends[:1], c1=line[:1], c2=ends[1:], c3=line[1:])


def groups(t):
    boxes = [cbook.boxplot_stats(t.x[t.k == k].to_numpy())[0] for k in range(6)]
    chart("box", "plot cat(k), x, kind: box", 2, c0=[str(k) for k in range(6)], c1=[b["whislo"] for b in boxes],
          c2=[b["q1"] for b in boxes], c3=[b["med"] for b in boxes], c4=[b["q3"] for b in boxes],
          c5=[b["whishi"] for b in boxes], c6=t.groupby("k").size(), c7=[len(b["fliers"]) for b in boxes])
    parts = {g: t.x[t.g == g].to_numpy() for g in "abc"}
    curves = {g: density(v, v.std(ddof=1) * len(v) ** -0.2, 2, 100) for g, v in parts.items()}
    peak = max(z.max() for _, z in curves.values())
    for i, g in enumerate("abc"):
        grid, z = curves[g]
        chart("violin", "plot g, x, kind: violin", 0, where={"c4": g}, c2=grid, c0=i - 0.4 * z / peak, c1=i + 0.4 * z / peak)
        v = parts[g]
        depth = int(np.log2(len(v))) - 3
        tails = [0.5 ** (i + 1) for i in range(depth, 0, -1)]
        chart("boxen", "plot g, x, kind: boxen", 0, where={"c6": g}, c2=np.quantile(v, tails),
              c3=np.quantile(v, [1 - p for p in tails]), c4=[1 - 2 * p for p in tails])
    chart("violin quartiles", "plot g, x, kind: violin", 1, c2=np.concatenate([np.quantile(parts[g], [.25, .5, .75]) for g in "abc"]))
    by = t.groupby("g").x
    chart("interval", "plot g, x, kind: interval", 1, c1=list("abc"), c2=by.mean(), c5=by.std(), c6=by.size())
    boot = [st.bootstrap((parts[g],), np.mean, method="percentile", n_resamples=200000, random_state=1).confidence_interval
            for g in "abc"]
    chart("interval by bootstrap", "plot g, x, kind: interval", 1, near=0.02, c3=[b.low for b in boot], c4=[b.high for b in boot])
    bars = by.mean().sort_values(ascending=False)
    chart("bar", "plot g, mean(x), kind: bar", 0, c0=list(bars.index), c1=bars)
    ends = np.cumsum(t.groupby("g").size().sort_values(ascending=False)) / N * 2 * np.pi
    chart("pie", "plot g, kind: pie", 0, order=["c1"], c1=ends)
    cells = t.groupby(["g", "k"]).x.mean().reset_index()
    chart("heat", "plot g, cat(k), color: mean(x), kind: heat", 0, order=["c4", "c5"], c4=list(cells.g),
          c5=[str(k) for k in cells.k], c6=cells.x)
    cells = t.groupby(["g", "predicted", "k"]).x.mean().reset_index()
    for g in "abc":
        c = cells[cells.g == g]
        chart("heat by facet", "plot k, predicted, facet: g, color: mean(x), kind: heat", 0, where={"c7": "g = " + g},
              order=["c4", "c5"], c4=[str(k) for k in c.k], c5=list(c.predicted), c6=c.x)
    sums = t.groupby("g", sort=False).x.sum()
    chart("waterfall", "plot g, x, kind: waterfall", 1, take=[0, 3], c4=list(sums.index), c5=sums,
          c3=np.cumsum(sums))
    n = t.groupby("g").size().sort_values(ascending=False)
    chart("funnel", "plot g, kind: funnel", 0, c5=n, c6=n / n.iloc[0], c7=n / n.shift())
    chart("treemap", "plot g, kind: treemap", 0, c4=list(n.index), c5=n, c6=n / N)
    area = t.groupby(["g", "k"]).size()
    chart("area", "plot k, color: g, kind: area", 0, order=["c4", "c0"], c4=[i[0] for i in area.index],
          c0=[i[1] for i in area.index], c3=area)
    means = t.groupby("k").x.mean()
    for kind in ("line", "step"):
        chart(kind, f"plot k, mean(x), kind: {kind}", 0, c0=means.index, c1=means)


def order(t):
    x = t.x.to_numpy()
    chart("acf", "plot day, x, kind: acf, bins: 30", 1, c0=range(31), c1=acf(x, nlags=30, fft=False))
    chart("pacf", "plot day, x, kind: pacf, bins: 30", 1, c0=range(1, 31), c1=pacf(x, nlags=30, method="ywm")[1:])
    chart("acf band", "plot day, x, kind: acf", 2, c0=np.array([-1, 1]) * st.norm.ppf(0.975) / np.sqrt(N))
    ms = t.day.astype("datetime64[ms]").astype("int64")
    chart("moving", "plot day, x, kind: moving, window: 9", 1, c0=ms, c1=t.x.rolling(9).mean())
    for period in (7, 12):
        d = seasonal_decompose(x, period=period)
        for name, v in (("trend", d.trend), ("season", d.seasonal), ("rest", d.resid)):
            chart("decompose", f"plot day, x, kind: decompose, period: {period}", 0, where={"c2": name}, c1=v)
    runs = t.groupby(np.arange(N) // 3).agg(open=("open", "first"), high=("high", "max"), low=("low", "min"),
                                            close=("close", "last"), day=("day", "first"))
    chart("candlestick", "plot day, [open, high, low, close], kind: candlestick", 1, c3=runs.open, c4=runs.high, c5=runs.low,
          c6=runs.close, c0=runs.day.astype("datetime64[ms]").astype("int64"))


def loess(x, y, at, span=0.75, degree=2):
    """Rows of the smoother (Cleveland, Devlin 1988): tricube weights over the nearest floor(n span) points."""
    q, rows = int(np.floor(len(x) * span + 1e-5)), []
    for v in at:
        d = np.abs(x - v)
        keep = np.argsort(d, kind="stable")[:q]
        w = (1 - np.clip(d[keep] / d[keep].max(), 0, 1) ** 3) ** 3
        a = np.vander(x[keep] - v, degree + 1, increasing=True)
        row = np.zeros(len(x))
        row[keep] = (np.linalg.pinv(a * np.sqrt(w)[:, None]) * np.sqrt(w))[0]
        rows.append(row)
    return np.array(rows)


def planes(t):
    x, y = t.x.to_numpy(), t.y.to_numpy()
    hexes = matplotlib.pyplot.hexbin(x, y, gridsize=(30, 11), mincnt=1)
    at = hexes.get_offsets()
    chart("hex", "plot x, y, kind: hex", 0, order=["c0", "c1"], c0=at[:, 0], c1=at[:, 1], c2=hexes.get_array())
    n, ex, ey = np.histogram2d(x, y, bins=[30, 19])
    i, j = np.nonzero(n)
    chart("hist2d", "plot x, y, kind: hist2d", 0, order=["c0", "c2"], c0=ex[i], c1=ex[i + 1], c2=ey[j], c3=ey[j + 1], c4=n[i, j])
    for g in "abc":
        one = (t.g == g).to_numpy()
        n, ex, ey = np.histogram2d(x[one], y[one], bins=[16, 12], range=[[x.min(), x.max()], [y.min(), y.max()]])
        i, j = np.nonzero(n)
        chart("hist2d by facet", "plot x, y, facet: g, kind: hist2d", 0, where={"c5": "g = " + g}, order=["c0", "c2"],
              c0=ex[i], c2=ey[j], c4=n[i, j])
    grid = np.linspace(x.min(), x.max(), 80)
    fit = smapi.OLS(y, smapi.add_constant(x)).fit()
    band = fit.get_prediction(smapi.add_constant(grid)).conf_int(alpha=0.05)
    chart("regression", "plot x, y, kind: regression", 2, c0=grid, c1=fit.predict(smapi.add_constant(grid)), c2=band[:, 0],
          c3=band[:, 1], caption="R² %.3f" % fit.rsquared)
    rows, own = loess(x, y, grid), loess(x, y, x)
    residual = y - own @ y
    delta = np.trace((np.eye(N) - own) @ (np.eye(N) - own).T)
    half = st.t.ppf(0.975, delta) * np.sqrt(residual @ residual / delta) * np.sqrt((rows ** 2).sum(1))
    chart("smooth", "plot x, y, kind: smooth", 2, c0=grid, c1=rows @ y, c2=rows @ y - half, c3=rows @ y + half)
    chart("residuals", "plot x, y, kind: residuals", 0, c0=x, c1=y - x, caption="rmse %.4g" % np.sqrt(np.mean((y - x) ** 2)))
    chart("residuals line", "plot x, y, kind: residuals", 2, c0=grid, c1=loess(x, y, grid, degree=1) @ (y - x))
    kde = st.gaussian_kde(np.vstack([x, y]))
    h = np.sqrt(np.diag(kde.covariance))
    gx, gy = (np.linspace(v.min() - 3 * b, v.max() + 3 * b, 100) for v, b in ((x, h[0]), (y, h[1])))
    z = kde(np.array(np.meshgrid(gx, gy)).reshape(2, -1))
    ranked = np.sort(z)[::-1]
    mass = np.cumsum(ranked) / ranked.sum()
    lines = contourpy.contour_generator(gx, gy, z.reshape(100, 100), name="serial", corner_mask=False)
    for inside in (0.95, 1 - (0.05 + 0.95 * 4 / 9)):
        level = ranked[np.searchsorted(mass, inside)]
        points = np.unique(np.round(np.concatenate(lines.lines(level)), 12), axis=0)
        chart("contour", "plot x, y, kind: contour", 0, where={"c2": inside}, order=["c0", "c1"], take="distinct", c0=points[:, 0],
              c1=points[:, 1])


def wide(t):
    names = ["x", "y", "score", "holes"]
    for kind in ("corr", "spearman"):
        r = t[names].corr("pearson" if kind == "corr" else "spearman")
        n = t[names].notna().astype(int)
        n = n.T @ n
        pairs = sorted((a, b) for a in names for b in names)
        chart(kind, f"plot [{', '.join(names)}], kind: {kind}", 0, order=["c4", "c5"], c4=[p[0] for p in pairs],
              c5=[p[1] for p in pairs], c6=[r.loc[p] for p in pairs], c7=[n.loc[p] for p in pairs])
    stripes = t.holes.isna().groupby(np.arange(N) * 100 // N)
    some = stripes.sum()[stripes.sum() > 0]
    chart("missing", "plot [x, holes], kind: missing", 0, c5=some, c6=some / 6, c2=some.index * 6 + 0.5)
    tree = linkage(t[["x", "y"]], "average")[-30:]
    chart("dendrogram", "plot [x, y], kind: dendrogram", 0, take="thirds", c4=tree[:, 2], c5=tree[:, 3])
    head = t.iloc[:40]
    leaves = leaves_list(linkage(pdist(head[["x", "y"]]), "average"))
    for column in "xy":
        chart("clustermap", "take 40 |> plot name, [x, y], kind: clustermap", 0, where={"c5": column},
              c4=list(head.name.iloc[leaves]), c6=head[column].iloc[leaves])
    tree = linkage(pdist(head[["x", "y"]]), "average")
    chart("clustermap tree", "take 40 |> plot name, [x, y], kind: clustermap", 1, take="thirds", c4=tree[:, 2], c5=tree[:, 3])
    columns = linkage(pdist(t[["x", "y", "score"]].iloc[:40].T), "average")
    chart("clustermap columns", "take 40 |> plot name, [x, y, score], kind: clustermap", 2, take="thirds", c4=columns[:, 2],
          c5=columns[:, 3])
    chart("pair", "plot [x, y, score], kind: pair", 0, where={"c3": "y, score"}, take="texts",
          c2=["r = %.2f" % t.y.corr(t.score)])


def straight(x, y):
    """Points of a curve without those on the line of their neighbours."""
    keep = []
    for i in range(len(x)):
        if keep and i + 1 < len(x):
            a = keep[-1]
            if abs((x[i] - x[a]) * (y[i + 1] - y[a]) - (y[i] - y[a]) * (x[i + 1] - x[a])) < 1e-12:
                continue
        keep.append(i)
    return np.array(keep)


def scores(t):
    s, label = t.score.to_numpy(), t.label.to_numpy()
    fpr, tpr, _ = sm.roc_curve(label, s, drop_intermediate=False)
    keep = straight(fpr, tpr)
    chart("roc", "plot score, label, kind: roc", 1, c0=fpr[keep], c1=tpr[keep], caption="AUC %.3f" % sm.roc_auc_score(label, s))
    precision, recall, cut = sm.precision_recall_curve(label, s)
    p, r, cut = precision[-2::-1], recall[-2::-1], cut[::-1]
    keep = [i for i in range(len(p)) if i % 2 == 0 or i + 1 == len(p)]
    chart("pr", "plot score, label, kind: pr", 1, take=[1, len(keep) + 1], c0=r[keep], c1=p[keep], c2=cut[keep],
          caption="average precision %.3f" % sm.average_precision_score(label, s))
    cuts = s.min() + (s.max() - s.min()) * np.arange(200) / 199
    flagged = [s >= c for c in cuts]
    for name, f in (("precision", sm.precision_score), ("recall", sm.recall_score), ("F1", sm.f1_score),
                    ("share flagged", lambda _, q: q.mean())):
        chart("threshold", "plot score, label, kind: threshold", 0, where={"c2": name}, c0=cuts, c1=[f(label, q) for q in flagged])
    ranked = label[np.argsort(-s, kind="stable")]
    found = np.cumsum(pd.Series(ranked).groupby(-np.sort(-s)).transform("mean")) # ties: in the mean
    to = np.ceil(N * np.arange(1, 101) / 100).astype(int)
    share, gain = to / N, found.to_numpy()[to - 1] / label.sum()
    chart("lift", "plot score, label, kind: lift", 1, c0=share, c1=gain / share)
    chart("gain", "plot score, label, kind: gain", 1, take=[1, 101], c0=share, c1=gain)
    at = np.searchsorted(np.linspace(0, 1, 11)[1:-1], s)
    n, hits = np.bincount(at, minlength=10), np.bincount(at, label, minlength=10)
    share, mean = sklearn.calibration.calibration_curve(label, s, n_bins=10)
    low, high = proportion_confint(hits, n, method="wilson")
    chart("calibration", "plot score, label, kind: calibration", 2, c0=mean, c1=share, c2=n,
          caption="Brier %.3f" % sm.brier_score_loss(label, s))
    chart("calibration intervals", "plot score, label, kind: calibration", 1, c1=low, c2=high,
          caption="ECE %.3f" % (np.abs(share - mean) * n / N).sum())
    m = sm.confusion_matrix(t.g, t.predicted)
    cells = [(i, j) for i in range(3) for j in range(3)]
    chart("confusion", "plot predicted, g, kind: confusion", 0, order=["c4", "c5"], c4=["abc"[i] for i, _ in cells],
          c5=["abc"[j] for _, j in cells], c6=m.ravel(), c7=(m / m.sum(1, keepdims=True)).ravel())


def main():
    matplotlib.use("agg")
    t = frame()
    for part in (spread, groups, order, planes, wide, scores):
        part(t)
    versions = {m.__name__: m.__version__ for m in (np, scipy, statsmodels, sklearn, matplotlib, pd, contourpy)}
    with open(OUT / "plotting_charts.json", "w") as out:
        json.dump(dict(versions=versions, charts=charts), out, separators=(",", ":"))
        out.write("\n")


main()

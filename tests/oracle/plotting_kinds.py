"""Expected numbers of the kinds of charts, from scipy, statsmodels, scikit-learn, numpy and seaborn.

Run: python tests/oracle/plotting_kinds.py > tests/data/oracle/plotting_kinds.tsv
Made with numpy 2.x, scipy 1.1x, statsmodels 0.14, scikit-learn 1.x (the versions stand in the file's first line).
Data: a fixed recurrence, so that the test makes the same numbers without reading a file.
"""
import math
import numpy as np
import scipy
import scipy.stats as st
import sklearn
import sklearn.metrics as sm
import statsmodels
import statsmodels.api as smapi

N = 300


def series(n, seed):
    """The recurrence of tests/unit/test_plotting_kinds.c: a linear congruential generator in [0, 1)."""
    out, s = [], seed
    for _ in range(n):
        s = (s * 1103515245 + 12345) % 2147483648
        out.append(s / 2147483648)
    return np.array(out)


def say(name, *values):
    print(name, *("%.17g" % v for v in values), sep="\t")


def loess(x, y, at, span, degree):
    """Local polynomial with tricube weights over the nearest floor(n span) points (Cleveland 1979)."""
    q = int(math.floor(len(x) * span + 1e-5))
    d = np.abs(x - at)
    keep = np.argsort(d, kind="stable")[:q]
    h = d[keep].max()
    w = (1 - np.clip(d[keep] / h, 0, 1) ** 3) ** 3
    a = np.vander(x[keep] - at, degree + 1, increasing=True)
    beta = np.linalg.lstsq(a * np.sqrt(w)[:, None], y[keep] * np.sqrt(w), rcond=None)[0]
    return beta[0]


def main():
    print("# numpy", np.__version__, "scipy", scipy.__version__, "statsmodels", statsmodels.__version__,
          "sklearn", sklearn.__version__, sep="\t")
    u, e = series(N, 7), series(N, 99)
    x = 10 * u
    y = 3 + 2 * x + 5 * (e - 0.5) + np.sin(x)
    v = np.sort(x)
    sd, iqr = x.std(ddof=1), np.subtract(*np.percentile(x, [75, 25]))
    h = 0.9 * min(sd, iqr / 1.34) * N ** -0.2
    say("nrd0", h)
    say("scott", sd * N ** -0.2)
    kde = st.gaussian_kde(x, bw_method=h / sd)
    say("kde", *kde([0.0, 2.5, 5.0, 9.9]))
    say("normal_quantile", *st.norm.ppf([1e-9, 0.001, 0.1, 0.5, 0.975, 0.9999]))
    for df in (1, 3.5, 10, 298):
        say("t_quantile_%g" % df, *st.t.ppf([0.01, 0.5, 0.9, 0.975], df))
    fit = smapi.OLS(y, smapi.add_constant(x)).fit()
    grid = np.array([0.5, 5.0, 9.5])
    band = fit.get_prediction(smapi.add_constant(grid)).conf_int(alpha=0.05)
    say("ols", fit.params[1], fit.rsquared, *fit.predict(smapi.add_constant(grid)))
    say("ols_half", *((band[:, 1] - band[:, 0]) / 2))
    say("pearson", st.pearsonr(x, y)[0])
    say("loess2", *(loess(x, y, g, 0.75, 2) for g in grid))
    say("loess1", *(loess(x, y, g, 0.5, 1) for g in grid))
    say("letter", *np.percentile(v, [100 * 0.5 ** 4, 100 * 0.5 ** 3, 25, 50, 75, 87.5, 93.75]))
    label = (u + 0.6 * (e - 0.5) > 0.5).astype(int)
    score = np.round(u, 2)
    say("auc", sm.roc_auc_score(label, score))
    say("ap", sm.average_precision_score(label, score))
    say("brier", sm.brier_score_loss(label, score))
    from statsmodels.tsa.seasonal import seasonal_decompose
    from statsmodels.tsa.stattools import acf, pacf
    say("acf", *acf(y, nlags=6, fft=False))
    say("pacf", *pacf(y, nlags=6, method="ywm"))
    say("moving", *(y[i - 6:i + 1].mean() for i in (6, 100, 299)))
    for period in (7, 12):
        parts = seasonal_decompose(y, period=period)
        say("decompose_%d" % period, parts.trend[20], parts.trend[200], parts.seasonal[0], parts.seasonal[5],
            parts.resid[50])
    plane = st.gaussian_kde(np.vstack([x, y]))
    bw = np.sqrt(np.diag(plane.covariance))
    gx, gy = (np.linspace(a.min() - 3 * h2, a.max() + 3 * h2, 100) for a, h2 in ((x, bw[0]), (y, bw[1])))
    z = plane(np.array(np.meshgrid(gx, gy)).reshape(2, -1))
    say("kde2", *z[[5050, 3535, 7070]])
    order = np.sort(z)[::-1]
    mass = np.cumsum(order) / order.sum()
    say("mass", *(order[np.searchsorted(mass, p)] for p in (0.95, 0.5, 0.1)))
    from scipy.cluster.hierarchy import leaves_list, linkage
    tree = linkage(np.column_stack([x, y])[:40], "average")
    say("linkage", *tree[[0, 10, 25, 38], 2], *tree[38, :2], tree[38, 3], *leaves_list(tree)[:5])


main()

"""Expected coefficients of linear and logistic fits for tests/unit/test_ml_models.c.

numpy 2.4.6, scipy 1.17.1; seed 20190301. Least squares by numpy.linalg.lstsq, its errors by the
textbook formulas; penalised fits and logistic by scipy.optimize (trust-exact, exact Hessian) on the
objective of language.md section 4, independent of the C solver.
Output: tests/data/oracle/ml_models.csv (data) and ml_models_expected.csv (case,term,estimate,std_error,p_value).
"""
import csv
import pathlib

import numpy as np
from scipy import optimize, stats

rng = np.random.default_rng(20190301)
n = 160
a = rng.normal(10, 3, n)
b = 0.4 * a + rng.normal(0, 1, n)
c = rng.exponential(2, n)
g = rng.integers(0, 3, n)
w = rng.uniform(0.2, 3, n)
o = rng.normal(0, 0.5, n)
y = 2 + 0.5 * a - 1.5 * b + 0.3 * c + np.array([0, 1, -1])[g] + rng.normal(0, 1.3, n)
z = (rng.uniform(size=n) < 1 / (1 + np.exp(-(0.4 * (a - 10) - 0.8 * (b - 4) + 0.3 * (g == 2) + o)))).astype(float)
out = pathlib.Path(__file__).parents[1] / "data" / "oracle"
with (out / "ml_models.csv").open("w", newline="") as f:
    wr = csv.writer(f, lineterminator="\n")
    wr.writerow(["a", "b", "c", "g", "w", "o", "y", "z"])
    for i in range(n):
        wr.writerow([repr(float(v)) for v in (a[i], b[i], c[i])] + [int(g[i])] + [repr(float(v)) for v in (w[i], o[i], y[i])] + [int(z[i])])

names = ["a", "b", "c", "g[1]", "g[2]"]
X = np.column_stack([a, b, c, g == 1, g == 2]).astype(float)
rows = []


def put(case, terms, est, se=None, p=None, extra=()):
    for i, t in enumerate(terms):
        rows.append([case, t, repr(float(est[i])), repr(float(se[i])) if se is not None else "",
                     repr(float(p[i])) if p is not None else ""])
    for k, v in extra:
        rows.append([case, k, repr(float(v)), "", ""])


def sd(x, wt):
    m = np.average(x, axis=0, weights=wt)
    return np.sqrt(np.average((x - m) ** 2, axis=0, weights=wt) * len(x) / (len(x) - 1))


def ols(case, wt, off, intercept):
    D = np.column_stack([np.ones(n), X]) if intercept else X
    r = np.sqrt(wt)
    yy = y - off
    beta = np.linalg.lstsq(D * r[:, None], yy * r, rcond=None)[0]
    res = yy - D @ beta
    df = n - D.shape[1]
    rss = np.sum(wt * res**2)
    cov = rss / df * np.linalg.inv((D * wt[:, None]).T @ D)
    se = np.sqrt(np.diag(cov))
    tss = np.sum(wt * (yy - (np.average(yy, weights=wt) if intercept else 0)) ** 2)
    k = D.shape[1] - intercept
    F = (tss - rss) / k / (rss / df)
    put(case, (["(intercept)"] if intercept else []) + names, beta, se, 2 * stats.t.sf(abs(beta / se), df),
        [("r2", 1 - rss / tss), ("adj_r2", 1 - rss / df / (tss / (n - intercept))), ("sigma", np.sqrt(rss / df)),
         ("f_statistic", F), ("f_p_value", stats.f.sf(F, k, df)), ("loss", 0.5 * rss / wt.sum())])


def penalised(case, kind, wt, off, l2, standardize=True, errors=False):
    s = sd(X, wt) if standardize else np.ones(5)
    Z = X / s
    W = wt.sum()

    def parts(t):
        eta = t[0] + Z @ t[1:] + off
        D = np.column_stack([np.ones(n), Z])
        if kind == "linear":
            r = eta - y
            return 0.5 * np.sum(wt * r * r) / W, D.T @ (wt * r) / W, (D * wt[:, None]).T @ D / W
        p = 1 / (1 + np.exp(-eta))
        f = np.sum(wt * np.logaddexp(0, np.where(z > 0.5, -eta, eta))) / W
        return f, D.T @ (wt * (p - z)) / W, (D * (wt * p * (1 - p))[:, None]).T @ D / W

    pen = np.array([0] + [l2] * 5)
    sol = optimize.minimize(lambda t: parts(t)[0] + 0.5 * pen @ (t * t), np.zeros(6), method="trust-exact",
                            jac=lambda t: parts(t)[1] + pen * t, hess=lambda t: parts(t)[2] + np.diag(pen),
                            options={"gtol": 1e-13, "maxiter": 1000})
    t = sol.x
    for _ in range(3):  # polish by Newton's own steps
        t = t - np.linalg.solve(parts(t)[2] + np.diag(pen), parts(t)[1] + pen * t)
    loss = parts(t)[0] + 0.5 * pen @ (t * t)
    se = p = None
    est = np.concatenate([[t[0]], t[1:] / s])
    if errors:
        se = np.sqrt(np.diag(np.linalg.inv(parts(t)[2] * W))) / np.concatenate([[1], s])
        p = 2 * stats.norm.sf(abs(est / se))
    put(case, ["(intercept)"] + names, est, se, p, [("loss", loss)])


one, zero = np.ones(n), np.zeros(n)
ols("ols", one, zero, True)
ols("wls", w, o, True)
ols("no_intercept", one, zero, False)
penalised("ridge", "linear", one, zero, 0.7)
penalised("ridge_weighted", "linear", w, o, 0.7)
penalised("ridge_raw", "linear", one, zero, 0.7, standardize=False)
penalised("logit", "logistic", one, zero, 0, errors=True)
penalised("logit_weighted", "logistic", w, o, 0, errors=True)
penalised("logit_l2", "logistic", one, zero, 0.3)
penalised("logit_l2_weighted", "logistic", w, o, 0.05)
penalised("logit_raw", "logistic", one, zero, 0.3, standardize=False)
with (out / "ml_models_expected.csv").open("w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows([["case", "term", "estimate", "std_error", "p_value"]] + rows)

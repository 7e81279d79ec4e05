"""Expected coefficients of the linear families for tests/unit/test_ml_linear.c.

numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0; seed 20190302. GLM: statsmodels (deviance, null deviance, AIC as R counts it,
standard errors). Penalised fits: scikit-learn's Lasso, ElasticNet, PoissonRegressor, GammaRegressor, TweedieRegressor, LogisticRegression
(newton-cg), LinearSVC, SVC; where its solvers are too loose (L1 logistic by saga, huber, whose tolerance is 1e-5) accelerated proximal gradients
or scipy on the objective of language.md section 4, independent of the C solvers.
Output: tests/data/oracle/ml_linear.csv (data) and ml_linear_expected.csv (case,term,estimate,std_error).
"""
import csv
import pathlib
import warnings

import numpy as np
import statsmodels.api as sm
from scipy import optimize, special
from sklearn import linear_model as lm
from sklearn.svm import SVC, LinearSVC

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20190302)
n = 200
a = rng.normal(3, 2, n)
b = 0.5 * a + rng.normal(0, 1, n)
c = rng.exponential(1, n)
g = rng.integers(0, 3, n)
w = rng.integers(1, 9, n).astype(float)
o = rng.normal(0, 0.3, n)
y = 1 + 0.7 * a - 1.2 * b + np.array([0, 1.5, -1])[g] + rng.standard_t(2, n)
z = (rng.uniform(size=n) < special.expit(0.5 * (a - 3) - 0.9 * (b - 1.5) + 0.4 * (g == 1))).astype(int)
k = np.argmax(np.column_stack([0.4 * a, 0.6 * b, 0.5 * c + 0.8 * (g == 2)]) + rng.gumbel(size=(n, 3)), axis=1)
count = rng.poisson(np.exp(0.3 + 0.2 * a - 0.25 * b + o))
positive = rng.gamma(2.5, 1, n) * (1 + 0.3 * np.abs(a) + 0.5 * c) / 2.5
claims = np.array([rng.gamma(2, 0.7, m).sum() for m in rng.poisson(np.exp(-0.2 + 0.15 * a))])
share = rng.binomial(w.astype(int), special.expit(-0.5 + 0.3 * (a - 3) + 0.3 * c)) / w
cols = {"a": a, "b": b, "c": c, "g": np.array(["p", "q", "r"])[g], "w": w, "o": o, "y": y, "z": z, "k": np.array(["u", "v", "x"])[k],
        "count": count, "positive": positive, "claims": claims, "share": share}
out = pathlib.Path(__file__).parents[1] / "data" / "oracle"
with (out / "ml_linear.csv").open("w", newline="") as f:
    wr = csv.writer(f, lineterminator="\n")
    wr.writerow(cols)
    wr.writerows([[repr(float(v)) if isinstance(v, np.floating) else str(v) for v in row] for row in zip(*cols.values())])

names = ["a", "b", "c", "g[q]", "g[r]"]
X = np.column_stack([a, b, c, g == 1, g == 2]).astype(float)
sd = X.std(axis=0, ddof=1)
Z = X / sd
one, rows = np.ones(n), []


def put(case, est, se=None, extra=(), terms=None):
    terms = terms or ["(intercept)"] + names
    for i, t in enumerate(terms):
        rows.append([case, t, repr(float(est[i])), repr(float(se[i])) if se is not None else ""])
    for key, v in dict(extra).items():
        rows.append([case, key, repr(float(v)), ""])


def both(m):
    return np.r_[m.intercept_, np.ravel(m.coef_)]


# ---- least squares with penalties ----
m = lm.Lasso(alpha=0.2, tol=1e-14, max_iter=10**6).fit(X, y)
put("lasso_raw", both(m))
m = lm.Lasso(alpha=0.2, tol=1e-14, max_iter=10**6).fit(Z, y, sample_weight=w)
sw = np.sqrt(np.average((X - np.average(X, axis=0, weights=w)) ** 2, axis=0, weights=w) * n / (n - 1))
m = lm.Lasso(alpha=0.2, tol=1e-14, max_iter=10**6).fit(X / sw, y - o, sample_weight=w)
put("lasso_weighted", np.r_[m.intercept_, m.coef_ / sw])
m = lm.ElasticNet(alpha=0.3, l1_ratio=0.4, tol=1e-14, max_iter=10**6).fit(Z, y)
put("elastic", np.r_[m.intercept_, m.coef_ / sd])


# ---- huber: scipy on scikit-learn's objective over 2 n ----
def huber(t, l2, wt):
    s, r = t[-1], y - t[0] - X @ t[1:-1]
    far = np.abs(r) > 1.35 * s
    f = np.sum(wt * np.where(far, s + 1.35 * (2 * np.abs(r) - 1.35 * s), s + r * r / s))
    d = np.where(far, -2 * 1.35 * np.sign(r), -2 * r / s) * wt
    ds = np.sum(wt * np.where(far, 1 - 1.35**2, 1 - (r / s) ** 2))
    W = 2 * wt.sum()
    return f / W + 0.5 * l2 * t[1:-1] @ t[1:-1], np.r_[d.sum() / W, X.T @ d / W + l2 * t[1:-1], ds / W]


for case, l2, wt in [("huber", 0.0, one), ("huber_l2", 0.1, w)]:
    t = np.r_[0, np.zeros(5), 1.0]
    for _ in range(5):
        t = optimize.minimize(huber, t, args=(l2, wt), jac=True, method="L-BFGS-B", bounds=[(None, None)] * 6 + [(1e-8, None)],
                              options={"maxiter": 10000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 50}).x
    put(case, t[:-1], extra={"scale": t[-1], "loss": huber(t, l2, wt)[0]})
    check = lm.HuberRegressor(alpha=l2 * wt.sum(), tol=1e-9, max_iter=10000).fit(X, y, sample_weight=wt)
    assert np.allclose(t[:-1], both(check), atol=1e-4), (case, t, both(check))

# ---- logistic ----
W = n
m = lm.LogisticRegression(C=1 / (0.05 * n), tol=1e-14, solver="newton-cg", max_iter=10000).fit(Z, z)
put("logit_l2", np.r_[m.intercept_, m.coef_[0] / sd])


def classes(M, yk, l1, l2, K):
    """Multinomial (K > 2) or binary: accelerated proximal gradient to 1e-13."""
    L = 0.5 * np.linalg.norm(np.column_stack([one, M]), 2) ** 2 / n + l2
    B = np.zeros((K, M.shape[1] + 1))
    V, t = B.copy(), 1.0
    D, Y = np.column_stack([one, M]), (yk[:, None] == np.arange(K)) * 1.0
    for _ in range(400000):
        if K > 2:
            G = (special.softmax(D @ V.T, axis=1) - Y).T @ D / n
        else:
            p = special.expit(D @ V[1])
            G = np.vstack([np.zeros(D.shape[1]), (p - yk) @ D / n])
        G[:, 1:] += l2 * V[:, 1:]
        N = V - G / L
        N[:, 1:] = np.sign(N[:, 1:]) * np.maximum(np.abs(N[:, 1:]) - l1 / L, 0)
        if np.abs(N - V).max() < 1e-15:
            break
        if np.sum((V - N) * (N - B)) > 0:
            t = 1.0
        s = (1 + np.sqrt(1 + 4 * t * t)) / 2
        B, V, t = N, N + (t - 1) / s * (N - B), s
    return N


put("logit_l1", classes(Z, z, 0.05, 0, 2)[1] / np.r_[1, sd])
put("logit_elastic", classes(X, z, 0.03, 0.02, 2)[1])
for case, M, s, l1, l2 in [("multi_l2", Z, sd, 0, 0.02), ("multi_l1", Z, sd, 0.03, 0), ("multi_elastic", X, 1 + 0 * sd, 0.02, 0.01)]:
    B = classes(M, k, l1, l2, 3)
    B[:, 0] -= B[:, 0].mean()
    for q, name in enumerate("uvx"):
        put(f"{case}_{name}", B[q] / np.r_[1, s])
m = lm.LogisticRegression(C=np.inf, tol=1e-14, solver="newton-cg", max_iter=10000).fit(X, k)
for q, name in enumerate("uvx"):
    put(f"multi_{name}", np.r_[m.intercept_[q] - m.intercept_.mean(), m.coef_[q] - m.coef_.mean(axis=0)])

# ---- support vectors ----
m = LinearSVC(C=1 / (0.02 * n), dual=False, tol=1e-13, fit_intercept=False, max_iter=10**6).fit(np.column_stack([a, b, c]), z)
put("svm_squared", m.coef_[0], terms=["a", "b", "c"])
m = SVC(C=1 / (0.05 * n), kernel="linear", tol=1e-12).fit(Z, z)
s = 2 * z - 1
put("svm_hinge", np.r_[m.intercept_, m.coef_[0] / sd],
    extra={"loss": np.maximum(0, 1 - s * (Z @ m.coef_[0] + m.intercept_)).mean() + 0.025 * m.coef_[0] @ m.coef_[0]})


# ---- glm ----
def glm(case, yy, family, wt=None, off=None):
    D = sm.add_constant(X)
    r = sm.GLM(yy, D, family=family, freq_weights=None, var_weights=wt, offset=off).fit(tol=1e-14, maxiter=500, tol_criterion="params")
    put(case, r.params, r.bse, {"deviance": r.deviance, "null_deviance": r.null_deviance, "dispersion": r.scale, "pearson_chi2": r.pearson_chi2})
    return r


F = sm.families
L = F.links
glm("gaussian", y, F.Gaussian())
glm("gaussian_log", positive, F.Gaussian(L.Log()))
glm("binomial", z, F.Binomial())
for link, name in [(L.Probit(), "probit"), (L.CLogLog(), "cloglog"), (L.Logit(), "share")]:
    glm(f"binomial_{name}", share, F.Binomial(link), wt=w)
glm("poisson", count, F.Poisson(), off=o)
glm("poisson_weighted", count, F.Poisson(), wt=w)
glm("poisson_sqrt", count, F.Poisson(L.Sqrt()))
glm("gamma", positive, F.Gamma(L.InversePower()))
glm("gamma_log", positive, F.Gamma(L.Log()), wt=w)
glm("gamma_identity", positive, F.Gamma(L.Identity()))
glm("tweedie", claims, F.Tweedie(L.Log(), var_power=1.5))
glm("inverse_gaussian", positive, F.Tweedie(L.Log(), var_power=3))
glm("power", positive, F.Gamma(L.Power(-0.5), check_link=False))

# AIC by R's formulas (?family): likelihoods from scipy.stats
from scipy import stats  # noqa: E402


def aic(case, log_likelihood, extra=0):
    rows.append([case, "aic", repr(float(-2 * log_likelihood + 2 * 6 + extra)), ""])


def mu_of(yy, family, wt=None, off=None):
    r = sm.GLM(yy, sm.add_constant(X), family=family, var_weights=wt, offset=off).fit(tol=1e-14, maxiter=500, tol_criterion="params")
    return r.mu, r.deviance


mu, dev = mu_of(y, F.Gaussian())
rows.append(["gaussian", "aic", repr(float(n * (np.log(2 * np.pi * dev / n) + 1) + 2 + 12)), ""])
mu, dev = mu_of(count, F.Poisson(), off=o)
aic("poisson", stats.poisson.logpmf(count, mu).sum())
mu, dev = mu_of(share, F.Binomial(), wt=w)
aic("binomial_share", stats.binom.logpmf(np.round(w * share), w, mu).sum())
mu, dev = mu_of(positive, F.Gamma(L.InversePower()))
disp = dev / n
aic("gamma", stats.gamma.logpdf(positive, 1 / disp, scale=mu * disp).sum(), 2)

for case, est in [("poisson_l2", lm.PoissonRegressor(alpha=0.1, tol=1e-13, max_iter=10000, solver="newton-cholesky")),
                  ("gamma_l2", lm.GammaRegressor(alpha=0.1, tol=1e-13, max_iter=10000, solver="newton-cholesky")),
                  ("tweedie_l2", lm.TweedieRegressor(power=1.5, alpha=0.1, tol=1e-13, max_iter=10000, solver="newton-cholesky"))]:
    m = est.fit(Z, {"poisson_l2": count, "gamma_l2": positive, "tweedie_l2": claims}[case])
    put(case, np.r_[m.intercept_, m.coef_ / sd])
with (out / "ml_linear_expected.csv").open("w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows([["case", "term", "estimate", "std_error"]] + rows)

"""Functions of formulas beside scikit-learn, scipy and numpy: a linear model over what ours makes of the columns has the coefficients
of least squares over what the reference makes of them; a saved model predicts the same bits."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.interpolate import BSpline
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import Binarizer, MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, TargetEncoder

from mlnbtest import BIN

N = 400


def frame():
    rng = np.random.default_rng(3)
    df = pd.DataFrame({
        "a": rng.normal(10, 3, N).round(2),
        "b": rng.gamma(2, 2, N).round(3),
        "c": rng.normal(-1, 5, N).round(2),
        "g": rng.choice(list("uvwxyz"), N, p=[.3, .25, .2, .15, .07, .03]),
    })
    df["y"] = (df.a * .5 + np.sin(df.b) + rng.normal(0, 1, N) + df.g.map(dict(zip("uvwxyz", range(6))))).round(4)
    return df


DF = frame()
ABC = DF[["a", "b", "c"]]


def poly(x, k):
    """R's poly: orthonormal columns, the degree's leading coefficient above 0."""
    q, r = np.linalg.qr(np.vander(x - x.mean(), k + 1, increasing=True))
    return (q * np.sign(np.diag(r)))[:, 1:]


def bs(x, df):
    """R's and patsy's bs: cubic, inner knots at quantiles, the first function left out."""
    inner = np.quantile(x, np.linspace(0, 1, df - 1)[1:-1])
    knots = np.r_[[x.min()] * 4, inner, [x.max()] * 4]
    return BSpline.design_matrix(x, knots, 3).toarray()[:, 1:]


def buckets(x, cuts):
    return pd.get_dummies(pd.cut(x, [-np.inf, *cuts, np.inf], right=False)).values[:, 1:].astype(float)


def target(**options):
    return TargetEncoder(target_type="continuous", **options).fit(DF[["g"]], DF.y).transform(DF[["g"]])


CASES = {
    "poly(a, 3)": poly(DF.a.values, 3),
    "poly(a, 2, raw: true)": np.c_[DF.a, DF.a**2],
    "bs(b, 6)": bs(DF.b.values, 6),
    "min_max(a)": MinMaxScaler().fit_transform(DF[["a"]]),
    "max_abs(c)": MaxAbsScaler().fit_transform(DF[["c"]]),
    "robust(c)": RobustScaler().fit_transform(DF[["c"]]),
    "binarize(c, 0.5)": Binarizer(threshold=.5).fit_transform(DF[["c"]]),
    "normalize(a, b, c)": Normalizer().fit_transform(ABC),
    "normalize(type(num), norm: l1)": Normalizer("l1").fit_transform(ABC),
    "pca(a, b, c, 2)": PCA(2).fit_transform(ABC),
    "pca(scale(type(num)), 2)": PCA(2).fit_transform((ABC - ABC.mean()) / ABC.std()),
    "bucket(b, 4)": buckets(DF.b, DF.b.quantile([.25, .5, .75])),
    "bucket(b, [1, 3])": buckets(DF.b, [1, 3]),
    "index(g)": DF.g.map({k: i for i, k in enumerate(DF.g.value_counts().index)}).values[:, None].astype(float),
    "target(g, folds: 0)": target(),
    "target(g, folds: 0, smoothing: 10)": target(smooth=10.0),
    "min_max(a):g": MinMaxScaler().fit_transform(DF[["a"]]) * pd.get_dummies(DF.g).values,
}


def run(folder, code):
    done = subprocess.run([BIN, "-e", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


class Features(unittest.TestCase):
    def test_least_squares_over_the_same_columns(self):
        with tempfile.TemporaryDirectory() as folder:
            DF.to_csv(Path(folder, "d.csv"), index=False)
            for formula, x in CASES.items():
                with self.subTest(formula):
                    z = np.c_[np.ones(N), x]
                    beta = np.linalg.lstsq(z, DF.y.values, rcond=None)[0]
                    run(folder, f'''t = read("d.csv")
m = t |> fit y ~ {formula}, linear()
m.coef |> select estimate |> save "coef.csv"
t |> predict m |> select prediction |> save "p.csv"
m |> save "m.model"
t |> predict model("m.model") |> select prediction |> save "again.csv"''')
                    ours = pd.read_csv(Path(folder, "coef.csv")).estimate
                    self.assertEqual(len(ours), len(beta))
                    np.testing.assert_allclose(ours, beta, rtol=1e-9, atol=1e-9)
                    np.testing.assert_allclose(pd.read_csv(Path(folder, "p.csv")).prediction, z @ beta, rtol=1e-10)
                    self.assertEqual(Path(folder, "p.csv").read_bytes(), Path(folder, "again.csv").read_bytes())

    def test_target_of_other_folds(self):
        """A level of pure noise has no effect when rows do not see their own target; it has when they do."""
        rng = np.random.default_rng(5)
        df = pd.DataFrame({"g": [f"k{i}" for i in rng.integers(0, 150, 300)], "y": rng.normal(size=300)})
        with tempfile.TemporaryDirectory() as folder:
            df.to_csv(Path(folder, "d.csv"), index=False)
            run(folder, '''t = read("d.csv")
a = t |> fit y ~ target(g, smoothing: 0), linear()
b = t |> fit y ~ target(g, smoothing: 0, folds: 0), linear()
union(a.report, b.report) |> save "r.csv"''')
            crossed, seen = pd.read_csv(Path(folder, "r.csv")).r2
            self.assertLess(crossed, .05)
            self.assertGreater(seen, .3)

    def test_words_in_a_sparse_logistic(self):
        rng = np.random.default_rng(2)
        words = np.array(["free", "win", "cash", "call", "home", "dinner", "late", "you", "the", "and", "ok", "see"])
        y = rng.integers(0, 2, 300)
        docs = [" ".join(rng.choice(words[:9] if k else words[3:], rng.integers(3, 12))) for k in y]
        x = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(docs).toarray()
        scale = x.std(axis=0, ddof=1)
        ref = LogisticRegression(C=1 / (300 * .01), tol=1e-10, max_iter=10000).fit(x / scale, y)
        with tempfile.TemporaryDirectory() as folder:
            pd.DataFrame({"y": y, "t": docs}).to_csv(Path(folder, "d.csv"), index=False)
            run(folder, '''d = read("d.csv")
m = d |> fit y ~ tfidf(t, ngrams: 1..2), logistic(l2: 0.01)
d |> predict m |> select probability |> save "p.csv"''')
            ours = pd.read_csv(Path(folder, "p.csv")).probability
        np.testing.assert_allclose(ours, ref.predict_proba(x / scale)[:, 1], atol=1e-5)

    def test_recipes_are_saved(self):
        with tempfile.TemporaryDirectory() as folder:
            DF.to_csv(Path(folder, "d.csv"), index=False)
            run(folder, '''t = read("d.csv")
p = t |> fit recipe(scale(type(num) - y), onehot(g))
p |> save "p.model"
t |> transform p |> save "a.csv"
t |> transform model("p.model") |> save "b.csv"
n = t |> fit recipe(normalize(a, b, c))
t |> transform n |> save "n.csv"''')
            a = pd.read_csv(Path(folder, "a.csv"))
            self.assertEqual(Path(folder, "a.csv").read_bytes(), Path(folder, "b.csv").read_bytes())
            self.assertEqual(list(a.columns)[:4], ["y", "scale(a)", "scale(b)", "scale(c)"])
            np.testing.assert_allclose(a["scale(a)"], (DF.a - DF.a.mean()) / DF.a.std(), rtol=1e-9, atol=1e-12)
            np.testing.assert_array_equal(a["g[w]"], (DF.g == "w") * 1.0)
            n = pd.read_csv(Path(folder, "n.csv"))
            np.testing.assert_allclose(n["normalize(a, b, c)[b]"], Normalizer().fit_transform(ABC)[:, 1], rtol=1e-9)


if __name__ == "__main__":
    unittest.main()

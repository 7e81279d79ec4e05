"""chi2_test, anova and ks_test beside scipy."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from mlnbtest import BIN


def close(a, b, rel=1e-9):
    return a == b or abs(a - b) <= rel * abs(b) + 1e-300


class Hypothesis(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)

    def frame(self, df, name="d.csv"):
        df.to_csv(Path(self.tmp.name, name), index=False)

    def run_code(self, code, ok=True):
        p = subprocess.run([BIN, "-e", code], cwd=self.tmp.name, capture_output=True, text=True, timeout=200)
        if ok:
            self.assertEqual((p.returncode, p.stderr), (0, ""), code)
        return p.stdout, p.stderr

    def rows(self, step):
        self.run_code(f'd = read("d.csv")\nd |> {step} |> save "out.csv"')
        return pd.read_csv(Path(self.tmp.name, "out.csv"))

    def check(self, got, **want):
        for k, v in want.items():
            self.assertTrue(close(got[k], float(v)), (k, got[k], float(v)))

    def test_chi2(self):
        rng = np.random.default_rng(1)
        for n, shift in ((60, 0), (500, .1), (5000, .3)):
            g = rng.choice(list("abcd"), n)
            d = pd.DataFrame({"g": g, "x": np.where(rng.random(n) < shift, g, rng.choice(list("pqrstu"), n)), "y": rng.integers(0, 3, n)})
            d.loc[::17, "x"] = None
            self.frame(d)
            for i, col in enumerate(["x", "y"]):
                r = stats.chi2_contingency(pd.crosstab(d[col], d.g), correction=False)
                self.check(self.rows("chi2_test x, y by g").iloc[i], statistic=r.statistic, df=r.dof, p_value=r.pvalue, n=d[col].notna().sum())
            r = stats.chisquare(d.x.value_counts())
            self.check(self.rows("chi2_test x").iloc[0], statistic=r.statistic, df=d.x.nunique() - 1, p_value=r.pvalue)

    def test_anova(self):
        rng = np.random.default_rng(2)
        for n, shift in ((12, 0), (300, .1), (4000, .4), (40000, 3)):
            g = rng.integers(0, 5, n)
            d = pd.DataFrame({"g": g, "x": rng.normal(1e3, 1, n) + g * shift, "y": rng.integers(0, 9, n)})
            d.loc[::13, "x"] = np.nan
            self.frame(d)
            got = self.rows("anova x, y by g")
            for i, col in enumerate(["x", "y"]):
                k = d.dropna(subset=[col])
                r = stats.f_oneway(*[v[col] - (1e3 if col == "x" else 0) for _, v in k.groupby("g")])
                self.check(got.iloc[i], df=k.g.nunique() - 1, df_within=len(k) - k.g.nunique(), n=len(k))
                self.assertTrue(close(got.statistic[i], r.statistic, 1e-7 if col == "x" else 1e-9))
                self.assertTrue(close(got.p_value[i], r.pvalue, 1e-6 if col == "x" else 1e-9))

    def test_ks_normal(self):
        rng = np.random.default_rng(3)
        for n in (1, 2, 5, 20, 100, 140, 141, 500, 3000, 200000):
            for shift in (0, .02, .2, 1.5):
                x = rng.normal(shift, 1, n)
                self.frame(pd.DataFrame({"x": x}))
                r = stats.kstest(x, "norm")
                got = self.rows("ks_test x").iloc[0]
                self.check(got, statistic=r.statistic, n=n)
                self.assertTrue(close(got.p_value, r.pvalue, 1e-9 if r.pvalue > 1e-12 else 1e-6), (n, shift, got.p_value, r.pvalue))
        r = stats.kstest(x, "norm", (1, 2))
        self.check(self.rows("ks_test x, mean: 1, sd: 2").iloc[0], statistic=r.statistic)

    def test_ks_two(self):
        rng = np.random.default_rng(4)
        for m, n, step in ((1, 1, 0), (3, 4, 0), (10, 10, 0), (25, 40, .5), (100, 130, 0), (300, 300, .5), (997, 1200, .1), (12000, 15000, 0)):
            for shift in (0, .1, .8):
                x, y = rng.normal(0, 1, m), rng.normal(shift, 1, n)
                if step:
                    x, y = (np.round(v / step) * step for v in (x, y))
                self.frame(pd.DataFrame({"v": np.r_[x, y], "g": ["a"] * m + ["b"] * n}))
                r = stats.ks_2samp(x, y)
                got = self.rows("ks_test v by g").iloc[0]
                self.check(got, statistic=r.statistic, n=m + n)
                self.assertTrue(close(got.p_value, r.pvalue, 1e-9 if r.pvalue > 1e-9 else 1e-5) or abs(got.p_value - r.pvalue) < 1e-12, (m, n, shift, got.p_value, r.pvalue))

    def test_corr(self):
        rng = np.random.default_rng(5)
        d = pd.DataFrame({"x": rng.normal(size=80)})
        d["y"], d["z"] = (d.x + rng.normal(size=80) * 2).round(1), rng.integers(0, 5, 80)
        d.loc[::7, "y"] = np.nan
        self.frame(d)
        for method, f in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
            got = self.rows(f"corr x, y, z, pairs: true, method: {method}")
            self.assertEqual(list(zip(got.x, got.y)), [("x", "y"), ("x", "z"), ("y", "z")])
            for i, (a, b) in enumerate(zip(got.x, got.y)):
                both = d[[a, b]].dropna()
                r = f(both[a], both[b])
                self.check(got.iloc[i], correlation=r.statistic, n=len(both), p_value=r.pvalue)

    def test_odd_data(self):
        self.frame(pd.DataFrame({"x": [1., 1, 1, 1], "g": ["a", "a", "b", "b"], "one": "k", "t": list("pqrs"), "u": [1, 2, 3, 4]}))
        one = self.rows("chi2_test g by one").iloc[0]
        self.assertTrue(np.isnan(one.statistic) and np.isnan(one.p_value) and one.df == 0)
        same = self.rows("anova x by g").iloc[0]
        self.assertTrue(np.isnan(same.statistic) and np.isnan(same.p_value))
        for step, text in {"anova t by g": "takes numbers", "anova x": "needs by", "ks_test x by t": "two groups", "ks_test x, sd: 0": "above 0",
                           "chi2_test": "", "anova u by g, t": "one column of groups", "ks_test nothing": "nothing"}.items():
            out, err = self.run_code(f'd = read("d.csv")\nd |> {step}', ok=False)
            self.assertTrue(err, step)
            self.assertIn(text, err, step)


if __name__ == "__main__":
    unittest.main()

"""select(..) in formulas and recipes beside scikit-learn's selectors: the same columns stay, of numbers and of the terms of texts;
a saved model predicts the same bits."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import feature_selection as fs
from sklearn.feature_extraction.text import CountVectorizer

from mlnbtest import BIN

N = 300
NAMES = [f"x{i:02}" for i in range(24)]


def frame():
    rng = np.random.default_rng(11)
    y = rng.choice(list("abc"), N, p=[.5, .3, .2])
    shift = np.array(["abc".index(v) for v in y])
    df = pd.DataFrame({n: rng.poisson(3 + i % 5 + (shift * (i % 4) * .2)) + rng.integers(0, 2, N) * .5 for i, n in enumerate(NAMES)})
    df["kind"] = y
    df["z"] = (df.x03 * .3 + df.x07 * .15 - df.x11 * .1 + rng.normal(0, 2, N)).round(6)
    df["g"] = rng.choice(list("uvwx"), N)
    df["h"] = np.where(rng.random(N) < .4, "k" + df.kind, "other")
    words = np.array(["red", "green", "blue", "black", "white", "small", "large", "round", "flat", "new", "old", "soft"])
    df["text"] = [" ".join(rng.choice(words, 6, p=np.roll(np.r_[.3, .2, np.full(10, .05)], s * 3))) for s in shift]
    return df


DF = frame()
X = DF[NAMES].values
AMOUNTS = {
    "k: 5": fs.SelectKBest, "percentile: 25": fs.SelectPercentile, "fpr: 0.05": fs.SelectFpr, "fdr: 0.05": fs.SelectFdr, "fwe: 0.05": fs.SelectFwe,
}


def chosen(kind, amount, score, x, y):
    return set(np.flatnonzero(kind(score, **{"k" if "k:" in amount else "percentile" if "perc" in amount else "alpha":
                                             float(amount.split()[1]) if "." in amount else int(amount.split()[1])}).fit(x, y).get_support()))


class Select(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        DF.to_csv(Path(self.tmp.name) / "d.csv", index=False)

    def run_code(self, code):
        p = subprocess.run([BIN, "-e", 'd = read("d.csv")\n' + code], cwd=self.tmp.name, capture_output=True, text=True, timeout=120)
        return p.returncode, p.stdout, p.stderr

    def terms(self, fit):
        rc, out, err = self.run_code(f"m = d |> fit {fit}\nprint(m.terms.term)")
        self.assertEqual((rc, err), (0, ""), fit)
        return set(json.loads(out))

    def check_numbers(self, target, by, score, y):
        for amount, kind in AMOUNTS.items():
            want = {NAMES[i] for i in chosen(kind, amount, score, X, y)}
            self.assertTrue(0 < len(want) < 24, amount)
            self.assertEqual(self.terms(f"{target} ~ select({', '.join(NAMES)}, {amount}, by: {by}), tree()"), want, (by, amount))

    def test_f_classes(self):
        self.check_numbers("kind", "f", fs.f_classif, DF.kind)

    def test_f_number(self):
        self.check_numbers("z", "f", fs.f_regression, DF.z)

    def test_chi2(self):
        self.check_numbers("kind", "chi2", fs.chi2, DF.kind)

    def test_value(self):
        """above: is of the value that by: names; ours divides by n - 1, as Spark does."""
        v = DF[NAMES].var()
        got = self.terms(f"~ select({', '.join(NAMES)}, above: {v.median()}, by: variance), pca(k: 2)")
        self.assertEqual(got, set(v[v > v.median()].index))
        keep = fs.VarianceThreshold(v.median() * (N - 1) / N).fit(X).get_support()
        self.assertEqual(got, {n for n, k in zip(NAMES, keep) if k})
        f, _ = fs.f_classif(X, DF.kind)
        self.assertEqual(self.terms(f"kind ~ select({', '.join(NAMES)}, above: 10), tree()"), {n for n, k in zip(NAMES, f > 10) if k})

    def test_categories(self):
        p = {c: stats.chi2_contingency(pd.crosstab(DF[c], DF.kind), correction=False).pvalue for c in "gh"}
        self.assertLess(p["h"], .01), self.assertGreater(p["g"], .01)
        self.assertEqual(self.terms("kind ~ select(g, h, fpr: 0.01, by: chi2), tree()"), {"h"})
        p = {c: stats.f_oneway(*[DF.z[DF[c] == v] for v in DF[c].unique()]).pvalue for c in "gh"}
        cut = sum(p.values()) / 2
        self.assertEqual(self.terms(f"z ~ select(g, h, fpr: {cut}), tree()"), {min(p, key=p.get)})

    def test_text(self):
        v = CountVectorizer().fit(DF.text)
        x, words = v.transform(DF.text), np.array(v.get_feature_names_out())
        for by, score in (("chi2", fs.chi2), ("f", fs.f_classif)):
            for amount, kind in AMOUNTS.items():
                want = set(words[sorted(chosen(kind, amount, score, x, DF.kind))])
                rc, out, err = self.run_code(f"m = d |> fit kind ~ select(counts(text), {amount}, by: {by}), logistic(l2: 0.1)\nprint(m.coef.term)")
                self.assertEqual((rc, err), (0, ""))
                got = {t.split("[")[1].rstrip("]") for t in json.loads(out) if "[" in t}
                self.assertEqual(got, want, (by, amount))

    def test_saved(self):
        fit = 'kind ~ select(counts(text), k: 4, by: chi2) + select(type(num), k: 3) + g, logistic(l2: 0.1)'
        rc, out, err = self.run_code(f'm = d |> fit {fit}\nm |> save "m.model"\nd |> predict m |> save "a.csv"\n'
                                     'd |> predict model("m.model") |> save "b.csv"')
        self.assertEqual((rc, err), (0, ""))
        a, b = (Path(self.tmp.name, n).read_text() for n in ("a.csv", "b.csv"))
        self.assertEqual(a, b)
        text = Path(self.tmp.name, "m.model").read_text()
        self.assertIn('"kept":[', text)

    def test_recipe(self):
        rc, out, err = self.run_code("prep = recipe(scale(type(num)), select(type(num), k: 3))\n"
                                     "m = d |> fit kind ~ ., tree(), prep: $prep\nprint(m.terms.term)")
        self.assertEqual(rc, 0, err)
        f, _ = fs.f_classif(DF[NAMES + ["z"]].values, DF.kind)
        want = {f"scale({n})" for n in np.array(NAMES + ["z"])[np.argsort(-f)[:3]]}
        self.assertEqual({t for t in json.loads(out) if t.startswith("scale")}, want)

    def test_errors(self):
        for code, text in {
            "kind ~ select(x01, x02), tree()": "k, percentile",
            "kind ~ select(x01, k: 0), tree()": "whole number",
            "kind ~ select(x01, k: 1.5), tree()": "whole number",
            "kind ~ select(x01, fpr: 2), tree()": "at most 1",
            "kind ~ select(x01, k: 1, by: magic), tree()": "f, chi2 or variance",
            "kind ~ select(g, k: 1), tree()": "category",
            "z ~ select(x01, k: 1, by: chi2), tree()": "needs classes",
            "~ select(x01, k: 1), kmeans()": "needs a target",
            "kind ~ select(x01 * x02, k: 1), tree()": "stand outside",
            "kind ~ select(z, k: 1, by: chi2), tree()": "below 0",
            "kind ~ select(x01, fpr: 0), tree()": "keeps none",
            "z ~ select(x01, fpr: 0.1, by: variance), tree()": "no p-value",
        }.items():
            rc, out, err = self.run_code("d |> fit " + code)
            self.assertEqual(rc, 1, code)
            self.assertIn(text, err, code)
            self.assertIn("^", err, code)


if __name__ == "__main__":
    unittest.main()

"""fit .. by g: the model of a group is the model that its rows alone give (numpy for linear ones); classes of all groups stand side
by side, null is a group, rows of other groups score null; saved, loaded, damaged; one thread and many agree."""
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd

from mlnbtest import BIN, ROOT

T = 't = read("penguins.csv", na: ["NA"])\nd = t |> drop_null\n'


class Groups(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mlnb-groups-"))
        self.addCleanup(shutil.rmtree, self.dir)
        shutil.copy(ROOT / "tests/data/penguins/penguins.csv", self.dir)
        self.df = pd.read_csv(self.dir / "penguins.csv", na_values=["NA"])

    def run_code(self, code, *args, ok=True):
        p = subprocess.run([BIN, *args, "-e", T + code], capture_output=True, cwd=self.dir, text=True, timeout=120)
        if ok:
            self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout, p.stderr

    def csv(self, name):
        return pd.read_csv(self.dir / name)

    def test_least_squares(self):
        self.run_code('''m = d |> fit body_mass_g ~ scale(flipper_length_mm) + sex, linear(), weights: bill_depth_mm by species, early = year < 2008
m.coef |> save "coef.csv"
d |> predict m |> save "p.csv"''')
        coef, got, d = self.csv("coef.csv"), self.csv("p.csv"), self.df.dropna().reset_index(drop=True)
        for (species, early), rows in d.groupby(["species", d.year < 2008]):
            x, w = rows.flipper_length_mm, rows.bill_depth_mm
            own = coef[(coef.species == species) & (coef.early == early)]
            mean = np.average(x, weights=w)
            sd = np.sqrt(np.average((x - mean) ** 2, weights=w) * len(x) / (len(x) - 1))
            options = []
            for m, s in ((mean, sd), (x.mean(), x.std())):
                z = np.c_[np.ones(len(rows)), (x - m) / s, rows.sex == "male"].astype(float)
                options.append((z, np.linalg.lstsq(z * np.sqrt(w.values)[:, None], rows.body_mass_g * np.sqrt(w), rcond=None)[0]))
            z, beta = min(options, key=lambda o: abs(o[1] - own.estimate.values).max())
            np.testing.assert_allclose(own.estimate, beta, rtol=1e-9)
            np.testing.assert_allclose(got.prediction[rows.index], z @ beta, rtol=1e-10)
        self.assertEqual(list(got.species), list(d.species))  # rows keep their order

    def test_each_alone(self):
        """Other classes in every group; every family of these gives what a fit of the group's rows alone gives."""
        cases = [("sp ~ bill_length_mm + bill_depth_mm, tree()", "island"), ("sp ~ bill_length_mm + bill_depth_mm + sex, boosted(trees: 5)", "island"),
                 ("sp ~ bill_length_mm + bill_depth_mm, logistic(l2: 0.1)", "island"), ("sp ~ bill_length_mm + sex, bayes()", "island"),
                 ("body_mass_g ~ poly(flipper_length_mm, 2) + impute(bill_depth_mm, median), ridge(l2: 0.1)", "species"),
                 ("sex ~ body_mass_g + bill_depth_mm + island, knn(k: 5)", "species"), ("~ scale(bill_length_mm) + scale(body_mass_g), pca(k: 2)", "species"),
                 ("year == 2007 ~ body_mass_g + island, forest(trees: 5)", "species")]
        for fit, by in cases:
            with self.subTest(fit):
                # classes by hand: Biscoe has Adelie and Gentoo, Dream Adelie and Chinstrap, Torgersen two made up here
                self.run_code(f'''d = d |> derive sp = if(island == "Torgersen" and year > 2007, "Gentoo", species)
m = d |> fit {fit} by {by}
m |> save "m.model"
d |> predict m |> save "all.csv"
d |> predict model("m.model") |> save "again.csv"
d |> save "d.csv"''')
                self.assertEqual((self.dir / "all.csv").read_bytes(), (self.dir / "again.csv").read_bytes())
                whole = self.csv("all.csv")
                for key, rows in whole.groupby(by):
                    self.run_code(f'''d = read("d.csv") |> where {by} == "{key}"
m = d |> fit {fit}
d |> predict m |> save "alone.csv"''')
                    alone = self.csv("alone.csv")
                    for column in set(alone.columns) - {"class_probs", "probability"}:
                        self.assertEqual(list(alone[column].astype(str)), list(rows[column].astype(str)), (key, column))
                    if "probability" in alone and "class_probs" not in whole:
                        np.testing.assert_allclose(alone.probability, rows.probability)
                    elif "class_probs" in whole:
                        probs = pd.DataFrame([[float(p) for p in re.findall(r": ([-+.e\d]+)", v)] for v in rows.class_probs])
                        np.testing.assert_allclose(probs.sum(axis=1), 1)
                        np.testing.assert_allclose(probs.max(axis=1), rows.probability)

    def test_threads(self):
        code = '''m = d |> fit sex ~ body_mass_g + bill_depth_mm, boosted(trees: 10) by species
m |> save "NAME.model"
d |> predict m |> save "NAME.csv"'''
        for n in "13":
            self.run_code(f"use pool(threads: {n})\n" + code.replace("NAME", n))
        self.assertEqual((self.dir / "1.csv").read_bytes(), (self.dir / "3.csv").read_bytes())

    def test_null_and_unseen(self):
        out, err = self.run_code('''m = t |> fit body_mass_g ~ flipper_length_mm, linear(), nulls: drop by sex
m.report |> select sex, n |> save "r.csv"
t |> predict m |> save "p.csv"
t |> derive sex = if(year == 2007, "other", sex) |> predict m |> save "q.csv"''')
        n = self.df.dropna(subset=["body_mass_g", "flipper_length_mm"]).sex.value_counts(dropna=False)
        report = self.csv("r.csv")
        self.assertEqual(list(report.n), [n["female"], n["male"], n[np.nan]])
        self.assertTrue(report.sex.isna().iloc[2])
        p, q = self.csv("p.csv"), self.csv("q.csv")
        self.assertEqual(p.prediction.isna().sum(), self.df.flipper_length_mm.isna().sum())
        self.assertTrue(q[self.df.year == 2007].prediction.isna().all())
        self.assertIn("of groups that have no model", err)

    def test_messages(self):
        for code, text in {
            "d |> fit species ~ bill_length_mm, logistic() by island": "Group island = Torgersen",
            "d |> tune body_mass_g ~ year, ridge(l2: [0.1, 1]) by sex": "takes no by clause",
            "d |> fit body_mass_g ~ species + island, als() by sex": "takes no by",
            "d |> fit recipe(scale(year)) by sex": "takes no by",
            "d |> importance (d |> fit body_mass_g ~ flipper_length_mm, linear() by sex)": "a model for each group",
            "(d |> fit body_mass_g ~ flipper_length_mm, linear() by sex).nothing": "has no part",
            "d |> fit body_mass_g ~ flipper_length_mm, grouped()": "no family of its own",
            "d |> fit body_mass_g ~ flipper_length_mm, linear() by nothing": "nothing",
            "t |> where year > 3000 |> fit body_mass_g ~ flipper_length_mm, linear() by sex": "no rows",
        }.items():
            out, err = self.run_code(code, ok=False)
            self.assertIn(text, err, code)
            self.assertTrue(err, code)

    def test_valid(self):
        self.run_code('''m = d |> where year < 2009 |> fit body_mass_g ~ flipper_length_mm + bill_depth_mm, boosted(trees: 200, patience: 5), valid: (d |> where year == 2009) by sex
m.report |> save "r.csv"''')
        self.run_code('''f = d |> where sex == "male"
m = f |> where year < 2009 |> fit body_mass_g ~ flipper_length_mm + bill_depth_mm, boosted(trees: 200, patience: 5), valid: (f |> where year == 2009)
m.report |> save "one.csv"''')
        both, one = self.csv("r.csv"), self.csv("one.csv")
        self.assertEqual(both[both.sex == "male"].iterations.iloc[0], one.iterations.iloc[0])
        self.assertLess(one.iterations.iloc[0], 200)

    def test_damage(self):
        """Checksum aside: members, keys and codes are checked by themselves."""
        import hashlib
        self.run_code('m = d |> fit species ~ bill_length_mm + sex, tree() by year\nm |> save "m.model"')
        head, body = (self.dir / "m.model").read_text().split("\n", 1)
        self.assertIn('"groups":[', body)
        def write(text):
            digest = hashlib.sha256(text.encode()).hexdigest()
            (self.dir / "x.model").write_text(re.sub("[0-9a-f]{64}", digest, head) + "\n" + text)
            return self.run_code('d |> predict model("x.model") |> take 1', ok=False)[1]
        self.assertEqual(write(body), "")
        for a, b in [('"of":[1]', '"of":[7]'), ('"of":[1]', '"of":[0]'), ('"of":[1]', '"of":[-2]'), ('"of":[1]', '"of":[]'), ('"of":[1]', '"of":["x"]'),
                     ('{"of":[0],"model":{"family":"tree"', '{"of":[0],"model":{"family":"grouped"'), ('"model":{"family":"tree"', '"model":{"family":"knn"'),
                     ('"keys":[', '"keys":[],"x":['), ('"groups":[', '"groups":[],"x":['), ('"levels":["Adelie"', '"levels":["Auk"'), ("2008", "1999"), ("2009", "2008")]:
            self.assertIn(a, body)
            self.assertIn("E407", write(body.replace(a, b, 1)), (a, b))


if __name__ == "__main__":
    unittest.main()

"""Every family: fit, save, load in a new process, predict: the same bits; a damaged file is refused; one thread and many agree."""
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT

T = 't = read("penguins.csv", na: ["NA"]) |> drop_null |> derive gentoo = species == "Gentoo"'
NUMBERS = "bill_length_mm + bill_depth_mm + flipper_length_mm"
# family -> the fits that are tried; a family that is not here fails the test
FITS = {
    "linear": [f"body_mass_g ~ {NUMBERS} + sex, linear()", f"body_mass_g ~ {NUMBERS}, linear(loss: huber)"],
    "ridge": [f"body_mass_g ~ {NUMBERS} * sex, ridge(l2: 0.1)"],
    "lasso": [f"body_mass_g ~ {NUMBERS} + island, lasso(l1: 1)"],
    "elastic": [f"body_mass_g ~ {NUMBERS} + island, elastic(l1: 1, l2: 0.1)"],
    "glm": [f"flipper_length_mm ~ bill_length_mm + sex, glm(family: poisson)", "int(gentoo) ~ bill_length_mm, glm(family: binomial)"],
    "logistic": [f"gentoo ~ {NUMBERS} + sex, logistic(l2: 0.1)", f"species ~ {NUMBERS}, logistic(l2: 0.1)"],
    "svm": [f"gentoo ~ {NUMBERS}, svm(l2: 0.1)"],
    "bayes": [f"species ~ {NUMBERS}, bayes()", f"gentoo ~ {NUMBERS}, bayes(kind: multinomial)", "species ~ sex + island, bayes(kind: bernoulli)"],
    "tree": [f"species ~ {NUMBERS} + island, tree()", f"body_mass_g ~ {NUMBERS} + sex, tree()"],
    "forest": [f"species ~ {NUMBERS} + island, forest(trees: 10)", f"body_mass_g ~ {NUMBERS} + sex, forest(trees: 10)"],
    "extra_trees": [f"gentoo ~ {NUMBERS} + island, extra_trees(trees: 10)"],
    "boosted": [f"gentoo ~ {NUMBERS} + island, boosted(trees: 10)", f"body_mass_g ~ {NUMBERS} + sex, boosted(trees: 10)", f"species ~ {NUMBERS}, boosted(trees: 5)"],
    "xgboost": [f"gentoo ~ {NUMBERS}, xgboost(n_estimators: 10)"],
    "knn": [f"species ~ {NUMBERS}, knn(k: 3)", f"body_mass_g ~ {NUMBERS}, knn(k: 3)"],
    "mlp": [f"gentoo ~ scale(bill_length_mm) + scale(bill_depth_mm), mlp(layers: [4])"],
    "isotonic": ["body_mass_g ~ flipper_length_mm, isotonic()"],
    "one_vs_rest": [f"species ~ {NUMBERS}, one_vs_rest(svm(l2: 0.1))"],
    "kmeans": ["~ scale(bill_length_mm) + scale(flipper_length_mm), kmeans(k: 3)"],
    "bisecting": ["~ scale(bill_length_mm) + scale(flipper_length_mm), bisecting(k: 3)"],
    "gmm": ["~ scale(bill_length_mm) + scale(flipper_length_mm), gmm(k: 3)"],
    "dbscan": ["~ scale(bill_length_mm) + scale(flipper_length_mm), dbscan(eps: 0.4)"],
    "pca": [f"~ {NUMBERS} + body_mass_g, pca(k: 2)"],
    "isolation": [f"~ {NUMBERS}, isolation(trees: 10)"],
    "als": ["body_mass_g ~ species + island, als(rank: 2)", "bill_length_mm ~ island + sex, als(rank: 2, implicit: true, cold: drop)"],
    "linkage": [], "fpgrowth": [],  # own tests: they take other data
}


class Models(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mlnb-models-"))
        self.addCleanup(shutil.rmtree, self.dir)
        shutil.copy(ROOT / "tests/data/penguins/penguins.csv", self.dir)

    def run_code(self, code, *args):
        p = subprocess.run([BIN, *args, "-e", code], capture_output=True, cwd=self.dir, text=True, timeout=120)
        return p.returncode, p.stdout, p.stderr

    def families(self):
        text = (ROOT / "runtime/ml/models.def").read_text()
        return re.findall(r"^MODEL\((\w+)\)", text, re.M)

    def test_round_trip(self):
        self.assertGreater(len(self.families()), 7)
        for family in self.families():
            self.assertIn(family, FITS, "a family without a round trip")
            for fit in FITS[family]:
                with self.subTest(fit):
                    code, _, err = self.run_code(f'{T}\nm = t |> fit {fit}\nt |> predict m |> save "a.jsonl"\nm |> save "m.model"')
                    self.assertEqual(code, 0, err)
                    code, _, err = self.run_code(f'{T}\nt |> predict model("m.model") |> save "b.jsonl"\nmodel("m.model") |> save "n.model"')
                    self.assertEqual(code, 0, err)
                    self.assertEqual((self.dir / "a.jsonl").read_bytes(), (self.dir / "b.jsonl").read_bytes())
                    self.assertEqual((self.dir / "m.model").read_bytes(), (self.dir / "n.model").read_bytes())
                    self.assertIn("prediction" if family != "pca" else "pc1", (self.dir / "a.jsonl").read_text().splitlines()[0])

    def test_threads_change_no_bit(self):
        for family in self.families():
            for fit in FITS[family][:1]:
                with self.subTest(fit):
                    said = []
                    for threads in (1, 3):
                        code, _, err = self.run_code(f'use pool(threads: {threads})\n{T}\nm = t |> fit {fit}\nt |> predict m |> save "p.jsonl"')
                        self.assertEqual(code, 0, err)
                        said.append((self.dir / "p.jsonl").read_bytes())
                    self.assertEqual(*said)

    def test_damaged_files_are_refused(self):
        for family in self.families():
            for fit in FITS[family][:1]:
                with self.subTest(fit):
                    self.assertEqual(self.run_code(f'{T}\nm = t |> fit {fit}\nm |> save "m.model"')[0], 0)
                    whole = (self.dir / "m.model").read_bytes()
                    for bad in (whole[:-20], whole[: len(whole) // 2], whole.replace(b'"family"', b'"famely"'), whole.replace(b"0", b"7", 9)):
                        (self.dir / "bad.model").write_bytes(bad)
                        code, out, err = self.run_code(f'{T}\nt |> predict model("bad.model")')
                        self.assertEqual(code, 1, out)
                        self.assertIn("E407", err)


if __name__ == "__main__":
    unittest.main()

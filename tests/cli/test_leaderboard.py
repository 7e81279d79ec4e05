"""The trials of tune stay with the model: what .leaderboard shows after it was saved and loaded is what it showed before."""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT


class Leaderboard(unittest.TestCase):
    def test_saved(self):
        folder = Path(tempfile.mkdtemp(prefix="mlnb-board-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(ROOT / "tests/data/penguins/penguins.csv", folder)
        code = '''t = read("penguins.csv", na: ["NA"]) |> drop_null
m = t |> tune sex ~ body_mass_g + bill_depth_mm, boosted(trees: [5, 10], rate: 0.01..0.5), trials: 4, folds: 2
n = t |> tune species ~ bill_length_mm + sex, bayes(kind: ["gaussian", "bernoulli"]), folds: 2
m |> save "m.model"
n |> save "n.model"
m.leaderboard |> save "m1.csv"
n.leaderboard |> save "n1.csv"'''
        for text in (code, 'model("m.model").leaderboard |> save "m2.csv"\nmodel("n.model").leaderboard |> save "n2.csv"'):
            p = subprocess.run([BIN, "-e", text], cwd=folder, capture_output=True, text=True, timeout=120)
            self.assertEqual(p.returncode, 0, p.stderr)
        for name in "mn":
            first = (folder / f"{name}1.csv").read_text()
            self.assertEqual(first, (folder / f"{name}2.csv").read_text())
            self.assertGreaterEqual(len(first.splitlines()), 3)


if __name__ == "__main__":
    unittest.main()

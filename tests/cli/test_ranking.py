"""Metrics of rankings beside the formulas of Spark's RankingMetrics (written out below) and scikit-learn's ndcg_score: functions of
lists, and evaluate of als on what recommend gives; metrics of several labels by n_common beside scikit-learn."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import jaccard_score, ndcg_score, precision_score, recall_score

from mlnbtest import BIN


def precision(pred, lab, k):
    return sum(p in lab for p in pred[:k]) / k


def recall(pred, lab, k):
    return sum(p in lab for p in pred[:k]) / len(lab)


def average_precision(pred, lab, k):
    hits, total = 0, 0
    for i, p in enumerate(pred[:k]):
        if p in lab:
            hits += 1
            total += hits / (i + 1)
    return total / min(len(lab), k)


def ndcg(pred, lab, k):
    gain = sum(1 / np.log2(i + 2) for i, p in enumerate(pred[:k]) if p in lab)
    return gain / sum(1 / np.log2(i + 2) for i in range(min(len(lab), k)))


def reciprocal(pred, lab, k):
    return next((1 / (i + 1) for i, p in enumerate(pred[:k]) if p in lab), 0)


FUNCTIONS = {"precision_at_k": precision, "recall_at_k": recall, "map_at_k": average_precision, "ndcg_at_k": ndcg, "reciprocal_rank": reciprocal}


class Ranking(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)
        self.dir = Path(self.tmp.name)

    def run_code(self, code, ok=True):
        p = subprocess.run([BIN, "-e", code], cwd=self.dir, capture_output=True, text=True, timeout=120)
        if ok:
            self.assertEqual(p.returncode, 0, p.stderr)
        return p.stdout, p.stderr

    def test_functions(self):
        rng = np.random.default_rng(1)
        lists = [(list(rng.permutation(12)[: rng.integers(0, 9)]), list(rng.permutation(12)[: rng.integers(1, 9)])) for _ in range(60)]
        (self.dir / "d.jsonl").write_text("\n".join(f'{{"i": {i}, "p": {[int(v) for v in p]}, "l": {[int(v) for v in l]}}}' for i, (p, l) in enumerate(lists)))
        for k in (1, 3, 5, 20):
            made = ", ".join(f"{f} = {f}(p, l, {k})" for f in FUNCTIONS)
            self.run_code(f'read("d.jsonl") |> derive {made} |> drop p, l |> save "out.csv"')
            got = pd.read_csv(self.dir / "out.csv")
            for name, f in FUNCTIONS.items():
                np.testing.assert_allclose(got[name], [f(p, l, k) for p, l in lists], rtol=1e-12, err_msg=name)
        # all twelve items ranked: scikit-learn's NDCG of relevance 1 and 0
        full = [(list(rng.permutation(12)), list(rng.permutation(12)[:4])) for _ in range(20)]
        (self.dir / "f.jsonl").write_text("\n".join(f'{{"p": {[int(v) for v in p]}, "l": {[int(v) for v in l]}}}' for p, l in full))
        self.run_code('read("f.jsonl") |> derive v = ndcg_at_k(p, l, 5) |> drop p, l |> save "out.csv"')
        want = [ndcg_score([[float(i in l) for i in range(12)]], [[-p.index(i) for i in range(12)]], k=5) for p, l in full]
        np.testing.assert_allclose(pd.read_csv(self.dir / "out.csv").v, want, rtol=1e-12)

    def test_several_labels(self):
        rng = np.random.default_rng(2)
        said, was = (rng.random((2, 80, 6)) < .4)
        said[:, 0] |= ~said.any(axis=1)
        was[:, 1] |= ~was.any(axis=1)
        rows = [(list(map(int, np.flatnonzero(s))), list(map(int, np.flatnonzero(w)))) for s, w in zip(said, was)]
        (self.dir / "d.jsonl").write_text("\n".join(f'{{"said": {s}, "was": {w}}}' for s, w in rows))
        self.run_code('''read("d.jsonl") |> derive both = n_common(said, was), s = len(said), w = len(was)
|> summarize precision = mean(both / s), recall = mean(both / w), accuracy = mean(both / (s + w - both)), micro = sum(both) / sum(s) |> save "out.csv"''')
        got = pd.read_csv(self.dir / "out.csv").iloc[0]
        self.assertAlmostEqual(got.precision, precision_score(was, said, average="samples"), 12)
        self.assertAlmostEqual(got.recall, recall_score(was, said, average="samples"), 12)
        self.assertAlmostEqual(got.accuracy, jaccard_score(was, said, average="samples"), 12)
        self.assertAlmostEqual(got.micro, precision_score(was, said, average="micro"), 12)

    def test_evaluate(self):
        rng = np.random.default_rng(3)
        all_pairs = pd.DataFrame({"who": rng.integers(0, 40, 900), "film": rng.integers(0, 30, 900), "stars": rng.integers(1, 6, 900)}).drop_duplicates(["who", "film"])
        train, test = all_pairs.iloc[:500], all_pairs.iloc[500:].copy()
        test.loc[test.index[0], "film"] = 99  # relevant, but nothing that the model could propose
        test.loc[test.index[1], "who"] = 777  # nobody the model knows
        test = pd.concat([test, test.iloc[5:9]])  # a pair counts once
        train.to_csv(self.dir / "train.csv", index=False)
        test.to_csv(self.dir / "test.csv", index=False)
        for k in (3, 10):
            out, err = self.run_code(f'''m = read("train.csv") |> fit stars ~ who + film, als(rank: 3), seed: 1
t = read("test.csv")
m |> recommend {k}, for: who |> save "r.csv"
t |> evaluate m, k: {k} |> save "e.csv"
t |> where stars >= 4 |> evaluate m, metrics: [ndcg_at_k, mrr], k: {k} |> save "good.csv"''')
            self.assertIn("not seen", err)
            proposed = pd.read_csv(self.dir / "r.csv").sort_values(["who", "rank"]).groupby("who").film.apply(list)
            truth = test.groupby("who").film.apply(lambda f: set(f))
            users = [u for u in truth.index if u in proposed.index]
            got = pd.read_csv(self.dir / "e.csv").set_index("metric").value
            self.assertEqual(list(got.index), ["precision_at_k", "recall_at_k", "ndcg_at_k", "map_at_k", "mrr", "hit_rate"])
            for name, f in {**FUNCTIONS, "mrr": reciprocal, "hit_rate": lambda p, l, k: any(x in l for x in p[:k])}.items():
                if name in got:
                    self.assertAlmostEqual(got[name], np.mean([f(proposed[u], truth[u], k) for u in users]), 12, name)
            good = test[test.stars >= 4].groupby("who").film.apply(lambda f: set(f))
            users = [u for u in good.index if u in proposed.index]
            got = pd.read_csv(self.dir / "good.csv").set_index("metric").value
            self.assertAlmostEqual(got["ndcg_at_k"], np.mean([ndcg(proposed[u], good[u], k) for u in users]), 12)

    def test_messages(self):
        base = 't = frame(u: [1, 1, 2], i: [1, 2, 1], y: [5.0, 3.0, 4.0])\nm = t |> fit y ~ u + i, als(rank: 1)\nl = t |> fit y ~ u, linear()\n'
        for code, text in {"t |> evaluate m, metrics: [mrr, rmse]": "no metric of rankings", "t |> evaluate l, metrics: [mrr]": "models that recommend",
                           "t |> evaluate m, k: 0": "from 1 on", "t |> where u > 9 |> evaluate m, k: 1": "no rows", "n_common([1], [\"a\"])": "nothing in common"}.items():
            out, err = self.run_code(base + code, ok=False)
            self.assertIn(text, err, code)
        out, err = self.run_code(base + "t |> evaluate m")
        self.assertIn("rmse", out)


if __name__ == "__main__":
    unittest.main()

"""The numbers behind the marks of whole charts, as they stand in the Vega-Lite output, equal those of numpy, scipy,
statsmodels, scikit-learn, matplotlib and pandas within 1e-6 (tests/oracle/plotting_charts.py)."""
import json
import tempfile
import unittest
from pathlib import Path

from mlnbtest import ROOT, run

ORACLE = ROOT / "tests/data/oracle"


def marks(spec, data=None, out=None):
    """The rows of each mark of a spec, in its order."""
    out = [] if out is None else out
    data = spec.get("data", data)
    if "mark" in spec:
        out.append((data or {}).get("values") or [])
    for key in ("layer", "hconcat", "vconcat", "concat"):
        for part in spec.get(key, []):
            marks(part, data, out)
    if "spec" in spec:
        marks(spec["spec"], data, out)
    return out


def rows_of(spec, want):
    rows, take, where = marks(spec)[want["layer"]], want["take"], want["where"] or {}
    rows = [r for r in rows if all(near(r.get(c), v, 1e-6) for c, v in where.items())]
    if take == "texts":
        rows = [r for r in rows if isinstance(r.get("c2"), str)]
    if take == "thirds":  # the line that joins the two branches of a merge
        rows = rows[2::3]
    if take == "distinct":  # closed lines end where they begin
        rows = list({tuple(r[c] for c in want["columns"]): r for r in rows}.values())
    if isinstance(take, list):
        rows = rows[take[0]:take[1]]
    return rows


def near(got, want, tolerance, span=0):
    if isinstance(want, str) or want is None or got is None or isinstance(got, str):
        return got == want
    return abs(got - want) <= tolerance * max(abs(want), span)


def differences(rows, want):
    columns = want["columns"]
    n = len(next(iter(columns.values())))
    if len(rows) != n:
        return [f"{len(rows)} rows, {n} wanted"]
    pairs = [dict(zip(columns, v)) for v in zip(*columns.values())]
    if want["order"]:
        def key(r):
            return [v if isinstance(v, str) else round(v, 4) for v in (r[c] for c in want["order"])]
        rows, pairs = sorted(rows, key=key), sorted(pairs, key=key)
    out = []
    for c in columns:
        numbers = [abs(v) for v in columns[c] if isinstance(v, float)]
        span = 1e-3 * max(numbers, default=0)  # beside much greater ones, nothing is told apart from zero
        out += [f"{c} of row {i}: {r.get(c)!r}, {p[c]!r} wanted" for i, (r, p) in enumerate(zip(rows, pairs))
                if not near(r.get(c), p[c], want["near"], span)]
    return out


class Statistics(unittest.TestCase):
    def test_every_chart(self):
        charts = json.loads((ORACLE / "plotting_charts.json").read_text())["charts"]
        steps = sorted({c["step"] for c in charts})
        with tempfile.TemporaryDirectory() as folder:
            code = [f'd = read("{ORACLE}/plotting_charts.csv")']
            code += [f'd |> {s} |> save "{folder}/{i}.vl.json"' for i, s in enumerate(steps)]
            status, _, err = run("\n".join(code))
            self.assertEqual(status, 0, err)
            specs = {s: json.loads(Path(folder, f"{i}.vl.json").read_text()) for i, s in enumerate(steps)}
        self.assertGreater(len(charts), 50)
        for c in charts:
            with self.subTest(chart=c["name"], where=c["where"], step=c["step"]):
                spec = specs[c["step"]]
                found = differences(rows_of(spec, c), c)
                self.assertEqual(found[:3], [], f"{len(found)} differences")
                if c["caption"]:
                    self.assertIn(c["caption"], json.dumps(spec["title"], ensure_ascii=False))


if __name__ == "__main__":
    unittest.main()

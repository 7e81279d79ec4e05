"""Every chart of samples/gallery.mlnb, and of a few frames that are harder, holds before vega_check.py: valid against the
oldest Vega-Lite 5 that viewers carry, drawn, no text outside or over other text, SVG sound in light and dark."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT, SHARED

TOOL = Path(os.environ.get("MLNB_SHARED") or SHARED) / "tools/vega_check.py"
HARD = """---
mlnb: 1
---

%%
d = read("ROWS")
wave = d |> derive level = open + if(g == "a", 20, if(g == "b", 0, -20)), who = if(g == "a", "north", if(g == "b", "south & east", "<far> away"))

%%
wave |> plot k, mean(level), color: who, kind: line
wave |> plot day, level, color: who, kind: moving, window: 30
wave |> plot day, level, color: who, facet: label, kind: line
d |> plot x, y, facet: [g, label], kind: hex
d |> plot k, predicted, facet: g, color: mean(x), kind: heat
d |> plot x, y, facet: k, kind: hist2d
d |> take 60 |> plot name, [x, y, score], kind: clustermap
d |> plot cat(k), color: g, kind: bar
d |> plot x, color: g, kind: density
d |> plot day, open, kind: decompose, period: 12
one = d |> plot x
two = wave |> plot k, mean(level), color: who, kind: line
side one, two
d |> plot x, y, color: "navy", kind: point, xlog: true
"""


@unittest.skipUnless(TOOL.exists(), f"no {TOOL}")
class Gallery(unittest.TestCase):
    def check(self, notebook, least, **kw):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "run.ipynb")
            subprocess.run([BIN, "run", str(notebook), "-o", str(out)], check=True, stdout=subprocess.DEVNULL, timeout=300, **kw)
            p = subprocess.run([sys.executable, str(TOOL), "--strict", "--oldest", "--min", str(least), str(out)],
                               capture_output=True, text=True, timeout=900)
            self.assertEqual(p.returncode, 0, p.stdout[-3000:] + p.stderr[-1000:])

    def test_samples_gallery(self):
        self.check(ROOT / "samples/gallery.mlnb", 100, cwd=ROOT / "samples")

    def test_samples_explore(self):
        self.check(ROOT / "samples/explore.mlnb", 2, cwd=ROOT / "samples")

    def test_harder_frames(self):
        with tempfile.TemporaryDirectory() as folder:
            notebook = Path(folder, "hard.mlnb")
            notebook.write_text(HARD.replace("ROWS", str(ROOT / "tests/data/oracle/plotting_charts.csv")))
            self.check(notebook, 24)


if __name__ == "__main__":
    if not TOOL.exists():
        print(f"Skipped: no {TOOL}")
        sys.exit(77)
    unittest.main()

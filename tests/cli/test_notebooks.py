"""convert, diff, lint, fmt, run --timeout / --progress / -p, tags: the commands that treat notebooks, from outside."""
import json
import os
import random
import re
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import nbformat

from mlnbtest import BIN, ROOT


class Notebooks(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mlnb-nb-"))

    def mlnb(self, *args, stdin=None, env=None):
        p = subprocess.run([BIN, *map(str, args)], capture_output=True, cwd=self.dir, input=stdin and stdin.encode(), timeout=120,
                           env={**os.environ, **(env or {})})
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def write(self, name, text):
        (self.dir / name).write_text(text)
        return name

    # ---- convert ----
    def test_text_to_ipynb_to_text(self):
        files = [f for f in [*(ROOT / "samples").glob("*.mlnb"), *(ROOT / "tests/golden").rglob("*.mlnb")]]
        self.assertGreater(len(files), 20)
        for f in files:
            code, text, err = self.mlnb("fmt", "-", stdin=f.read_text())
            self.assertEqual(code, 0, (f, err))
            self.write("a.mlnb", text)
            for args in (("convert", "a.mlnb", "-o", "b.ipynb"), ("convert", "b.ipynb", "-o", "c.mlnb")):
                self.assertEqual(self.mlnb(*args)[0], 0, f)
            self.assertEqual((self.dir / "c.mlnb").read_bytes(), text.encode(), f)
            nbformat.validate(nbformat.read(self.dir / "b.ipynb", 4))
            nbformat.write(nbformat.read(self.dir / "b.ipynb", 4), self.dir / "d.ipynb")  # through Jupyter's own writer
            self.assertEqual((self.dir / "d.ipynb").read_bytes(), (self.dir / "b.ipynb").read_bytes(), f)

    def test_random_notebooks(self):
        """Notebooks as Jupyter may hold them: .ipynb -> text -> .ipynb keeps what they say; text -> .ipynb -> text keeps every byte."""
        rng = random.Random(20260731)
        pieces = ["x = 1", "%%sql as: a", "%% md", "\\%%", "\\\\%%raw", "---", "", "  ", "é 😀", "# t", "'''", '"""', "`", "\t\t", "#!x", "a: b", "\\", "x |> where a > 1"]
        tags = ["parameters", "skip", "expect", "hide-input", "a b", 'q"', "é", "raises-exception", "x,y", "[z]"]
        for round_ in range(300):
            cells = []
            for _ in range(rng.randrange(6)):
                source = "\n".join(rng.choice(pieces) for _ in range(rng.randrange(5)))
                meta = {}
                if rng.random() < 0.4:
                    meta["tags"] = rng.sample(tags, rng.randrange(1, 4))
                if rng.random() < 0.2:
                    meta["other"] = {"deep": [1, None, "ü%%"], "f": 0.1}
                if rng.random() < 0.2:
                    meta["name"] = rng.choice(["load", "a b", 'q"', "ü"])
                cell = {"cell_type": rng.choice(["code", "code", "markdown", "raw"]), "metadata": meta, "source": source, "id": rng.choice(["%08x" % rng.getrandbits(32), f"own-{len(cells)}"])}
                if cell["cell_type"] == "code":
                    cell.update(outputs=[], execution_count=None)
                cells.append(cell)
            meta = {"mlnb": {"title": rng.choice(["T", "a: b", "ü"])}} if rng.random() < 0.5 else {}
            first = {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
            self.write("r.ipynb", json.dumps(first))
            for args in (("convert", "r.ipynb", "-o", "r1.mlnb"), ("convert", "r1.mlnb", "-o", "r2.ipynb"), ("convert", "r2.ipynb", "-o", "r3.mlnb")):
                code, _, err = self.mlnb(*args)
                self.assertEqual(code, 0, (round_, args, err))
            self.assertEqual((self.dir / "r3.mlnb").read_bytes(), (self.dir / "r1.mlnb").read_bytes(), round_)
            back = json.loads((self.dir / "r2.ipynb").read_text())
            for a, b in zip(cells, back["cells"], strict=True):
                joined = "".join(b["source"])
                if joined.startswith("%%sql"):  # its options are written in their one form
                    self.assertEqual(a["source"].split("\n")[1:], joined.split("\n")[1:], round_)
                else:
                    self.assertEqual(a["source"], joined, round_)
                self.assertEqual(a["cell_type"], b["cell_type"], round_)
                self.assertEqual(set(a["metadata"].get("tags", [])), set(b["metadata"].get("tags", [])), round_)
                for key in ("other", "name"):
                    self.assertEqual(a["metadata"].get(key), b["metadata"].get(key), round_)
            self.assertEqual(meta.get("mlnb"), back["metadata"].get("mlnb"), round_)

    def test_convert_says_what_it_cannot(self):
        self.write("a.mlnb", "%%\n1\n")
        self.assertEqual(self.mlnb("convert")[0], 2)
        self.assertEqual(self.mlnb("convert", "a.mlnb", "--to", "pdf")[0], 2)
        self.assertEqual(self.mlnb("convert", "a.mlnb", "-o", "a.mlnb")[0], 2)
        code, _, err = self.mlnb("convert", "none.mlnb")
        self.assertEqual((code, "E301" in err), (1, True))
        self.write("bad.ipynb", '{"cells": [}')
        code, _, err = self.mlnb("convert", "bad.ipynb")
        self.assertEqual((code, "line 1" in err), (1, True))

    def test_convert_many_and_standard_input(self):
        self.write("a.mlnb", "%%\n1\n")
        self.write("b.mlnb", "%%md\n# Hi\n")
        self.assertEqual(self.mlnb("convert", "a.mlnb", "b.mlnb")[:2], (0, "a.ipynb\nb.ipynb\n"))
        self.assertEqual(self.mlnb("convert", "a.mlnb", "b.mlnb", "--to", "html")[0], 0)
        self.assertIn("<h1", (self.dir / "b.html").read_text())
        code, out, _ = self.mlnb("convert", "-", "--to", "md", stdin="%%md\n# Hi\n\n%%\nx = 1\n")
        self.assertEqual((code, out), (0, "# Hi\n\n```mlnb\nx = 1\n```\n"))

    def test_markdown_both_ways(self):
        text = '%%md\n# Title\n\nWords.\n\n%%params\nparam n = 3\n\n%%sql as: t\nselect 1 as one\n\n%%\nt |> where one > 0\n'
        self.write("a.mlnb", text)
        self.assertEqual(self.mlnb("convert", "a.mlnb", "-o", "a.md")[0], 0)
        self.assertEqual(self.mlnb("convert", "a.md", "-o", "b.mlnb")[0], 0)
        self.assertEqual((self.dir / "b.mlnb").read_text(), text)
        self.write("c.md", "Intro\n\n```python\nx\n```\n\n~~~mlnb\ny = 2\n~~~\n\n```mlnb\nnever closed\n")
        self.mlnb("convert", "c.md", "-o", "c.mlnb")
        self.assertEqual((self.dir / "c.mlnb").read_text(), "%%md\nIntro\n\n```python\nx\n```\n\n%%\ny = 2\n\n%%md\n```mlnb\nnever closed\n")

    # ---- diff ----
    OLD = '---\nmlnb: 1\ntitle: Old\n---\n\n%%md\n# Title\n\n%% name: "load"\nx = 1\ny = 2\nz = 3\n\n%%\nprint(x)\n\n%%\nprint(y)\nprint(z)\nprint(x + y)\n'

    def test_diff(self):
        self.write("a.mlnb", self.OLD)
        new = self.OLD.replace("title: Old", "title: New").replace("y = 2", "y = 20").replace("%%\nprint(x)\n\n", "") + "\n%%\nwholly = \"new\"\n"
        self.write("b.mlnb", new)
        self.assertEqual(self.mlnb("diff", "a.mlnb", "a.mlnb"), (0, "", ""))
        code, out, _ = self.mlnb("diff", "a.mlnb", "b.mlnb")
        self.assertEqual(code, 1)
        self.assertEqual(out, '2 changed, 1 added, 1 removed, 2 alike\n\nheader changed\n  mlnb: 1\n- title: Old\n+ title: New\n\ncell 2 "load" changed\n'
                              '  %% name: "load"\n  x = 1\n- y = 2\n+ y = 20\n  z = 3\n\ncell 3 removed\n- %%\n- print(x)\n\ncell 5 added\n+ %%\n+ wholly = "new"\n'.replace("cell 5", "cell 4"))
        self.assertNotIn("\x1b", out)
        code, colored, _ = self.mlnb("diff", "a.mlnb", "b.mlnb", env={"CLICOLOR_FORCE": "1", "NO_COLOR": ""})
        self.assertIn("\x1b[31m- y = 2\x1b[0m", colored)
        self.assertEqual(re.sub(r"\x1b\[\d*m", "", colored), out)

    def test_diff_of_ipynb_ignores_outputs(self):
        self.write("a.mlnb", "%%\nprint(1)\n")
        self.mlnb("convert", "a.mlnb", "-o", "a.ipynb")
        self.mlnb("run", "a.mlnb", "-o", "b.ipynb")
        self.assertNotEqual((self.dir / "a.ipynb").read_text(), (self.dir / "b.ipynb").read_text())
        for a in ("a.mlnb", "a.ipynb"):
            self.assertEqual(self.mlnb("diff", a, "b.ipynb")[:2], (0, ""))

    def test_diff_moved(self):
        cells = ["%%\na = 1\nb = 1\n", "%%\nc = 2\nd = 2\n", "%%\ne = 3\nf = 3\n"]
        self.write("a.mlnb", "\n".join(cells))
        self.write("b.mlnb", "\n".join(cells[1:] + cells[:1]))
        self.assertEqual(self.mlnb("diff", "a.mlnb", "b.mlnb")[:2], (1, "1 moved, 2 alike\n\ncell 1 -> 3 moved\n"))

    def test_diff_laws(self):
        """A diff against itself is empty; the counts add up; both ways tell the same number of changes."""
        rng = random.Random(7)
        lines = ["a = 1", "b = a + 1", "t |> take 3", "print(a)", "x"]
        for _ in range(60):
            texts = ["\n".join("%%" + rng.choice(["", "md", " tags: [slow]"]) + "\n" + "\n".join(rng.choices(lines, k=rng.randrange(1, 4))) + "\n" for _ in range(rng.randrange(0, 7))) for _ in "ab"]
            self.write("a.mlnb", texts[0])
            self.write("b.mlnb", texts[1])
            code, out, _ = self.mlnb("diff", "a.mlnb", "b.mlnb")
            back, out2, _ = self.mlnb("diff", "b.mlnb", "a.mlnb")
            self.assertEqual((code, code == 0), (back, texts[0] == texts[1]), texts)
            count = {w: int(n) for n, w in re.findall(r"(\d+) (\w+)", out.split("\n")[0])}
            if code:
                self.assertEqual(sum(count.get(w, 0) for w in ("changed", "removed", "moved", "alike")), texts[0].count("%%"), (texts, out))
                self.assertEqual(sum(count.get(w, 0) for w in ("changed", "added", "moved", "alike")), texts[1].count("%%"), (texts, out))

    def test_diff_exit_status(self):
        self.write("a.mlnb", "%%\n1\n")
        self.assertEqual(self.mlnb("diff", "a.mlnb", "none.mlnb")[0], 2)
        self.assertEqual(self.mlnb("diff", "a.mlnb")[0], 2)

    # ---- lint ----
    def lint(self, text, name="l.mlnb"):
        self.write(name, text)
        code, out, err = self.mlnb("lint", name)
        self.assertEqual(err, "")
        self.assertEqual(code, 1 if out else 0)
        return [line.split(":", 1)[1] for line in out.splitlines()]

    def test_lint_undefined(self):
        self.assertEqual(self.lint("%%\ntrips = frame(a: [1])\n\n%%\ntirps |> where a > $limit\n  |> joinn trips on a\n"),
                         ["5:1: undefined: `tirps` is not set anywhere; did you mean `trips`?", "5:20: undefined: `limit` is not set anywhere",
                          "6:6: undefined: there is no verb or fn `joinn`"])
        self.assertEqual(self.lint("%%\nb = frame(a: [1])\n\n%%sql as: q\nselect $n as é, * from bb join lateral (select 1) x on true\nwhere extract(year from d) > 1 and a is distinct from b\n\n%%\nq\n"),
                         ["5:8: undefined: `n` is not set anywhere", "5:24: undefined: `bb` is not set anywhere"])

    def test_lint_functions(self):
        self.assertEqual(self.lint("%%\nfn twice(x) = 2 * x\nt = frame(a: [1])\nt |> derive b = summ(a), c = nunique(a), d = twic(a), e = zzzzzzz(a)\nt |> summarize twice(max(a))\n"),
                         ["4:17: undefined: unknown function `summ`; did you mean `sum`?", "4:30: undefined: `nunique` is called n_distinct here",
                          "4:46: undefined: unknown function `twic`; did you mean `twice`?", "4:59: undefined: unknown function `zzzzzzz`"])
        self.assertEqual(self.lint("%%\nuse seed(1)\nadd = (p, q) -> p + q\nfn call(f, x) = f(x)\nt = frame(a: [1, 2], y: [0.5, 1])\nm = t |> fit y ~ scale(a), linear()\n"
                                   "print(m, add(1, 2), call(v -> v + 1, 2))\n"), [])

    def test_lint_stale(self):
        self.assertEqual(self.lint("%%\nprint(x)\n\n%%\nx = 1\n"), ["2:7: stale: `x` is used here and set only in line 5, in a later cell"])
        self.assertEqual(self.lint("%%\nt = frame(a: [1])\n\n%%\nc = t |> take 1\n\n%%\nt = frame(a: [2])\n\n%%\nc\nt\n"),
                         ["11:1: stale: `c` (line 5) was made from `t`, which line 8 has set anew"])
        self.write("s.mlnb", "%%\nx = 1\n\n%%\nprint(x)\n")
        self.mlnb("run", "s.mlnb", "-o", "s.ipynb")
        self.assertEqual(self.mlnb("lint", "s.ipynb"), (0, "", ""))
        nb = json.loads((self.dir / "s.ipynb").read_text())
        nb["cells"][0]["execution_count"] = 7  # run again after the cell that uses it
        self.write("s.ipynb", json.dumps(nb))
        self.assertEqual(self.mlnb("lint", "s.ipynb")[:2], (1, "s.ipynb:cell 2:1:7: stale: the output is older than `x`, which cell 1 has set since\n"))

    def test_lint_unused(self):
        self.assertEqual(self.lint('%%params\nparam year = 2019\nparam used = 1\n\n%%\nfn twice(x) = 2 * x\nlost = $used\n_kept = 1\n'),
                         ["2:1: unused: `year` is a param that nothing reads", "6:1: unused: `twice` is a function that nothing calls", "7:1: unused: `lost` is set and never used"])

    def test_lint_is_silent_on_good_notebooks(self):
        """No false alarm on what runs: all samples and goldens but those that are about mistakes."""
        files = [*(ROOT / "samples").glob("*.mlnb")] + [f for f in (ROOT / "tests/golden").rglob("*.mlnb") if f.parent.name != "lib"]
        for f in files:
            out = self.mlnb("lint", f)[1]
            text = f.read_text().splitlines()
            for line in out.splitlines():
                if re.search(r": (syntax|undefined|stale):", line):
                    row = int(re.match(r".*?:(\d+):\d+:", line)[1])
                    below = "\n".join(text[row - 1 : row + 12])
                    self.assertRegex(below, r"E[12]\d\d ", line)  # the notebook expects that very error

    def test_lint_scopes(self):
        good = ("%%\nfn top(t, n: 5, m: n + 1) = t |> take $n\nfn two(t) = {\n  a = t |> take 1\n  for k in [1] { print(k) }\n  [a, a]\n}\nt = frame(a: [1], b: [2])\nx, y = two(t)\n"
                "x |> top n: 2\ny |> derive c = a + b, d = if(a > 1, 2, 3)\nadd = (p, q) -> p + q\nprint(add(1, 2), f\"{add(1, 1)}\")\n"
                "for i in [1, 2] { print(\"x\") }\nif n_rows(t) > 0 { z = 1 } else { z = 2 }\nprint(z)\nt |> derive across(type(num), v -> v + 1)\n_\n")
        self.assertEqual(self.lint(good), [])
        self.write("lib.mlnb", "fn helper(x) = x + 1\nbase = 3\n")
        self.assertEqual(self.lint('include "lib.mlnb"\nprint(helper(base))\n'), [])
        self.assertEqual(self.lint('include "missing.mlnb"\nprint(helper(base))\n'), [])

    # ---- run ----
    def test_params_are_checked_before_anything_runs(self):
        name = self.write("p.mlnb", '%%\nprint("ran")\n\n%%params\nparam year = 2019 in [2018, 2019]\nparam share = 0.5 in 0..1\n\n%%\nyear\n')
        code, out, err = self.mlnb("run", name, "-p", "yaer=2018")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("E215 no param `yaer` is declared\n  did you mean -p year=2018?", err)
        for given, why in (("year=2017", "[2018, 2019]"), ("year=x", "int"), ("share=1.5", "0..1"), ("share=y", "num")):
            code, out, err = self.mlnb("run", name, "-p", given)
            self.assertEqual((code, out), (1, "ran\n"), given)
            self.assertIn(why, err)
        self.assertEqual(self.mlnb("run", name, "-p", "year=2018", "-p", "share=1")[:2], (0, "ran\n2018\n"))

    def test_timeout(self):
        name = self.write("t.mlnb", '%%\nprint("one")\n\n%%\nsleep(30s)\n\n%%\nprint("three")\n')
        start = time.time()
        code, out, err = self.mlnb("run", name, "--timeout", "500ms", "-o", "t.ipynb")
        self.assertLess(time.time() - start, 5)
        self.assertEqual((code, out), (124, "one\n"))
        self.assertIn("stopped after 0.5 s (--timeout)", err)
        outputs = [o["output_type"] for c in nbformat.read(self.dir / "t.ipynb", 4).cells for o in c.get("outputs", [])]
        self.assertEqual(outputs, ["stream", "error"])
        self.assertEqual(self.mlnb("run", name, "--timeout", "soon")[0], 2)
        busy = self.write("b.mlnb", "%%\nx = 0\nfor i in 1..100000000 { x = x + i }\n")
        start = time.time()
        self.assertEqual(self.mlnb("run", busy, "--timeout", "0.3s")[0], 124)
        self.assertLess(time.time() - start, 5)

    def test_progress_json(self):
        name = self.write("p.mlnb", '%%md\n# T\n\n%% name: "load"\nx = 1\n\n%% tags: ["raises-exception"]\nnope\n\n%%\nalso_nope\n')
        code, _, err = self.mlnb("run", name, "--progress", "json")
        self.assertEqual(code, 1)
        events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        self.assertEqual([(e["cell"], e["status"]) for e in events if e["event"] == "cell"],
                         [(2, "running"), (2, "ok"), (3, "running"), (3, "failed as allowed"), (4, "running"), (4, "failed")])
        self.assertEqual((events[0]["of"], events[0]["name"], events[0]["line"]), (4, "load", 5))
        self.assertTrue(all(e["seconds"] >= 0 for e in events if "seconds" in e))
        self.assertEqual(self.mlnb("run", name, "--progress", "xml")[0], 2)

    def test_progress_lines(self):
        """A script says every ten seconds how far it is, on stderr; asked for here each half second."""
        name = self.write("p.mlnb", "%%\nt = frame(a: seq(1, 300000)) |> derive b = (a * 7919) % 1000003\n\n"
                          "%%\nt |> join (t |> select lo = a, hi = b) on a >= lo, b < hi |> summarize count()\n")
        code, out, err = self.mlnb("run", name, "--progress", "0.5s", "--timeout", "4s")
        self.assertEqual((code, out), (124, ""))
        lines = [line for line in err.splitlines() if line.startswith("p.mlnb, cell 2: ")]
        self.assertTrue(3 <= len(lines) <= 8, err)
        self.assertRegex(lines[1], r"^p\.mlnb, cell 2: join \d+%")
        self.assertRegex(lines[-1], r"cancelled")
        self.assertNotIn("cell 2", self.mlnb("run", name, "--progress", "off", "--timeout", "1.5s")[2])
        self.assertNotIn("cell 2", self.mlnb("run", name, "--timeout", "1.5s")[2])  # ten seconds are not over

    def test_jobs(self):
        """Commands in the background are listed and ended by their numbers, and none outlives the session."""
        name = self.write("j.mlnb", "%%\n.jobs\n!sleep 7.125 > log 2>&1 &\n!sleep 7.25 > log 2>&1 &\n!true\n.cancel 3\n.cancel 1\n!sleep 0.2\n.jobs\n.cancel x\n")
        code, out, _ = self.mlnb("run", name)
        lines = out.splitlines()
        self.assertEqual((code, len(lines)), (0, 5), out)
        self.assertEqual(lines[0], "no jobs; `!command > log &` starts one")
        self.assertEqual(lines[1], "there is no job 3 that runs (.jobs lists them)")
        self.assertEqual(lines[2], "1  cancelled  sleep 7.125 > log 2>&1 &")
        self.assertRegex(lines[3], r"^2  running    \d\.\d s  sleep 7\.25 > log 2>&1 &$")
        for _ in range(50):
            left = subprocess.run(["pgrep", "-f", "^sleep 7\\.(125|25)$"], capture_output=True, text=True).stdout
            live = [p for p in left.split() if Path(f"/proc/{p}/stat").exists() and " Z " not in Path(f"/proc/{p}/stat").read_text()]
            if not live:
                break
            time.sleep(0.05)
        self.assertEqual(live, [])
        name = self.write("c.mlnb", "%%\nprint(1)\n.cancel\nprint(2)\n")
        self.assertEqual(self.mlnb("run", name)[:2], (130, "1\n"))

    def test_tags(self):
        text = ('%% tags: [skip]\nprint("skipped")\n\n%% tags: ["raises-exception"]\n1 / zero\n\n%% tags: [hide_output]\nprint("hidden")\n\n'
                '%% tags: [hide_input]\nprint("shown")\n')
        self.write("t.mlnb", text)
        code, out, err = self.mlnb("run", "t.mlnb", "-o", "t.html")
        self.assertEqual((code, out), (0, "shown\n"))
        self.assertIn("E202", err)
        page = (self.dir / "t.html").read_text()
        body = re.sub(r"<[^>]+>", "", page[page.index("<main>"):])
        self.assertIn("shown", body)
        self.assertNotIn("&quot;shown&quot;", body)  # its code
        self.assertEqual(body.count("hidden"), 1)  # its code only
        self.assertEqual(body.count("skipped"), 1)
        self.mlnb("run", "t.mlnb", "-o", "t.ipynb")
        outputs = [o.get("text") for c in nbformat.read(self.dir / "t.ipynb", 4).cells for o in c.outputs]
        self.assertIn("hidden\n", outputs)
        code, out, err = self.mlnb("run", self.write("f.mlnb", "%% tags: [hide_output]\nnope\n"))
        self.assertEqual((code, "E202" in err), (1, True))  # an error is never hidden

    def test_fmt(self):
        name = self.write("f.mlnb", '---\ntitle: T\nmlnb: 1\n---\n%%   tags: [b],name: "n"   \nx = 1   \n\n\n%%sql   as: q\nselect 1\n')
        self.assertEqual(self.mlnb("fmt", "--check", name)[0], 1)
        self.assertEqual(self.mlnb("fmt", name)[0], 0)
        self.assertEqual((self.dir / name).read_text(), '---\nmlnb: 1\ntitle: T\n---\n\n%% name: "n", tags: [b]\nx = 1\n\n%%sql as: q\nselect 1\n')
        self.assertEqual(self.mlnb("fmt", "--check", name)[0], 0)

    def test_injected_parameters_pass_the_same_checks(self):
        nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("param n = 3 in 1..5", metadata={"tags": ["parameters"]}),
                                             nbformat.v4.new_code_cell("# Parameters\nn = 4", metadata={"tags": ["injected-parameters"]}), nbformat.v4.new_code_cell("n")])
        nbformat.write(nb, self.dir / "i.ipynb")
        self.assertEqual(self.mlnb("run", "i.ipynb")[:2], (0, "4\n"))
        nb.cells[1].source = "n = 9"
        nbformat.write(nb, self.dir / "i.ipynb")
        code, _, err = self.mlnb("run", "i.ipynb")
        self.assertEqual((code, "E215" in err), (1, True))


if __name__ == "__main__":
    unittest.main()

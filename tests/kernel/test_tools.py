"""The tools around Jupyter on a fresh `mlnb install`: papermill both ways, nbclient, nbconvert, jupyter-console, jupytext;
what the install leaves, and that uninstall takes it away."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT, install_kernelspec

import nbformat
import pexpect
import yaml
from nbclient import NotebookClient

VALUES = {
    "s": 'quote " back \\ tab\t line\nend', "u": "Zürich 東京 😀", "i": -7, "big": 9007199254740993, "f": 0.1, "tiny": 1e-300, "yes": True,
    "no": False, "nothing": None, "xs": [1, 2.5, None], "words": ["a", "é"], "empty": [], "d": {"k": 1, "odd name": "x", "deep": {"y": [True]}},
    "inf": float("inf"), "neg": float("-inf"),
}
PARAMETERS = """s = ""
param year = 2019 in [2018, 2019, 2020], help: "which year"  # of the data
param share = 0.5 in 0..1
i = 1"""
SHOWN = 'print(s)\nprint(u)\n[i, big]\n[f, tiny]\nprint(yes, no, nothing)\nxs\nwords\nlen(empty)\nd.k\nd.deep.y\n[inf, neg]\nyear\nshare'


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = Path(install_kernelspec())
        cls.site = cls.prefix / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        cls.site.mkdir(parents=True)
        subprocess.run([BIN, "install", "--prefix", cls.prefix], check=True, stdout=subprocess.DEVNULL)
        os.environ["PYTHONPATH"] = f"{cls.site}:{os.environ.get('PYTHONPATH', '')}"
        sys.path.insert(0, str(cls.site))
        cls.dir = Path(tempfile.mkdtemp(prefix="mlnb-tools-"))

    def tool(self, *args, ok=True, env=None):
        p = subprocess.run([sys.executable, "-m", *map(str, args)], capture_output=True, text=True, timeout=300, cwd=self.dir, env=env)
        if ok:
            self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        return p

    def notebook(self, name, cells):
        text = "\n\n".join(cells) + "\n"
        (self.dir / f"{name}.mlnb").write_text(text)
        subprocess.run([BIN, "convert", f"{name}.mlnb", "-o", f"{name}.ipynb"], check=True, cwd=self.dir, stdout=subprocess.DEVNULL)
        return self.dir / f"{name}.ipynb"

    def printed(self, path):
        out = []
        for cell in nbformat.read(path, 4).cells:
            for o in cell.get("outputs", []):
                out.append(o["text"] if o["output_type"] == "stream" else o["data"]["text/plain"] + "\n" if "data" in o else o["ename"])
        return "".join(out)

    # ---- papermill ----
    def papermill(self, *args, values=VALUES, ok=True, env=None):
        source = self.notebook("pm", ["%%params\n" + PARAMETERS, "%%\n" + SHOWN])
        (self.dir / "values.yaml").write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False))
        return self.tool("papermill", source, self.dir / "pm_out.ipynb", "-f", "values.yaml", "--no-progress-bar", *args, ok=ok, env=env)

    def check_values(self, *args, env=None):
        self.papermill(*args, env=env)
        want = ['quote " back \\ tab\t line', "end", "Zürich 東京 😀", "[-7, 9007199254740993]", "[0.1, 1e-300]", "true false null", "[1.0, 2.5, null]",
                '["a", "é"]', "0", "1", "[true]", "[inf, -inf]", "2019", "0.5"]
        self.assertEqual(self.printed(self.dir / "pm_out.ipynb").splitlines(), want)
        injected = [c for c in nbformat.read(self.dir / "pm_out.ipynb", 4).cells if "injected-parameters" in c.metadata.get("tags", [])]
        self.assertEqual(len(injected), 1)
        return injected[0].source

    def test_papermill_with_our_translator(self):
        source = self.check_values()
        self.assertIn("nothing = null", source)
        self.assertIn('d = {"k": 1, "odd name": "x", "deep": {"y": [true]}}', source)

    def test_papermill_in_pythons_spelling(self):
        """Where our package is not installed: papermill looks by the kernel's name first, then by the language that is given."""
        env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        p = self.papermill(ok=False, env=env)
        self.assertIn("No parameter translator functions specified for kernel 'mlnb'", p.stderr)
        self.assertIn("nothing = None", self.check_values("-l", "python", env=env))

    def test_papermill_checks_type_and_range(self):
        for name, value in (("year", 2017), ("year", "x"), ("share", 1.5)):
            p = self.papermill(values={**VALUES, name: value}, ok=False)
            self.assertNotEqual(p.returncode, 0, (name, value))
            self.assertIn("E215", p.stderr, (name, value))
        self.papermill(values={**VALUES, "year": 2020, "share": 1})
        self.assertEqual(self.printed(self.dir / "pm_out.ipynb").splitlines()[-2:], ["2020", "1.0"])

    def test_papermill_output_runs_again(self):
        """What papermill wrote is a notebook of ours: the injected cell stands behind the parameters and wins."""
        self.papermill(values={**VALUES, "year": 2018})
        p = subprocess.run([BIN, "run", self.dir / "pm_out.ipynb"], capture_output=True, text=True)
        self.assertEqual((p.returncode, p.stdout.splitlines()[-2]), (0, "2018"), p.stderr)
        subprocess.run([BIN, "convert", "pm_out.ipynb", "-o", "pm_out.mlnb"], check=True, cwd=self.dir, stdout=subprocess.DEVNULL)
        self.assertIn('tags: ["injected-parameters"]', (self.dir / "pm_out.mlnb").read_text())

    def test_papermill_lists_parameters(self):
        source = self.notebook("pm", ["%%params\n" + PARAMETERS, "%%\n1"])
        text = self.tool("papermill", "--help-notebook", source).stdout
        self.assertRegex(text, r"year: Unknown type \(default 2019\)\s+which year, of the data, one of \[2018, 2019,\s+2020\]")
        self.assertRegex(text, r"share: Unknown type \(default 0.5\)")
        self.assertRegex(text, r's: Unknown type \(default ""\)')

    # ---- others ----
    def test_nbclient_keeps_going_where_a_cell_may_fail(self):
        path = self.notebook("fails", ["%% tags: [\"raises-exception\"]\n1 +\n", "%%\nprint(1 + 1)"])
        nb = nbformat.read(path, 4)
        NotebookClient(nb, kernel_name="mlnb", timeout=60).execute()
        self.assertEqual([o["output_type"] for c in nb.cells for o in c.outputs], ["error", "stream"])

    def test_nbconvert_colours_the_code(self):
        path = self.notebook("page", ["%%md\n# Title", "%%\nx = frame(k: [1, 2])\nx |> where k > 1  # note", "%%sql as: y\nselect k from x"])
        p = self.tool("nbconvert", "--to", "html", "--execute", path)
        self.assertNotIn("lexer", p.stderr)
        page = (self.dir / "page.html").read_text()
        for span in ('<span class="k">where</span>', '<span class="nb">frame</span>', '<span class="c1"># note</span>', '<span class="k">select</span>'):
            self.assertIn(span, page)
        self.tool("nbconvert", "--to", "script", path)
        self.assertIn("where k > 1", next(self.dir.glob("page.*mlnb")).read_text())

    def test_pygments_reads_every_notebook(self):
        from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
        from pygments.token import Error

        lexer = get_lexer_by_name("mlnb")
        self.assertEqual(get_lexer_for_filename("a.mlnb").name, "mlnb")
        files = list((ROOT / "samples").glob("*.mlnb")) + list((ROOT / "tests/golden").rglob("*.mlnb"))
        self.assertGreater(len(files), 10)
        for f in files:
            if f.parent.name == "errors" or f.name == "mistakes.mlnb":
                continue
            text = f.read_text()
            tokens = list(lexer.get_tokens(text))
            self.assertEqual("".join(v for _, v in tokens).strip("\n"), text.strip("\n"), f)
            self.assertEqual([v for t, v in tokens if t is Error], [], f)

    def test_words_are_the_programs_own(self):
        from mlnb_jupyter.words import WORDS

        script = (self.prefix / "share/jupyter/labextensions/mlnb-lab/static/remoteEntry.js").read_text()
        self.assertEqual(json.loads(re.search(r"const WORDS = (\{.*\});", script)[1]), WORDS)
        for name, kind, pattern in (("lang/verbs/verbs.def", "verb", r"^VERB\((\w+)\)"), ("lang/builtins.def", "function", r"^BUILTIN\((\w+)\)")):
            rows = set(re.findall(pattern, (ROOT / name).read_text(), re.M))
            self.assertGreater(len(rows), 5)
            self.assertLessEqual(rows, set(WORDS[kind]), name)
        keywords = set(re.findall(r'^SYM\(\w+, "(\w+)", SYM_K', (ROOT / "lang/syntax/lex_syms.def").read_text(), re.M))
        self.assertEqual(keywords, set(WORDS["keyword"] + WORDS["constant"]) - {"True", "False", "None"})

    def test_jupyter_console(self):
        c = pexpect.spawn(sys.executable, ["-m", "jupyter_console", "--kernel=mlnb", "--simple-prompt"], encoding="utf-8", timeout=60, cwd=str(self.dir))
        c.expect(r"In \[1\]: ")
        c.sendline("x = [40, 2]")
        c.expect(r"In \[2\]: ")
        c.sendline("sum(x)")
        c.expect(r"Out\[2\]: *42")
        c.expect(r"In \[3\]: ")
        c.sendline("print(1 / )")
        c.expect("E10")
        c.expect(r"In \[4\]: ")
        c.sendeof()
        c.expect(r"exit.*\?")
        c.sendline("y")
        c.expect(pexpect.EOF)

    def test_jupytext_pairs_markdown(self):
        path = self.notebook("pair", ["%%md\n# Title", "%%\nx = 41", "%%sql as: y\nselect 1 as one", "%% tags: [slow]\nx + 1"])
        for form, ending in (("md:myst", "md"),):
            text = self.dir / f"pair_text.{ending}"
            self.tool("jupytext", "--to", form, path, "-o", text)
            self.assertIn("as: y", text.read_text(), form)
            self.tool("jupytext", "--to", "ipynb", text, "-o", "pair_back.ipynb")
            a, b = nbformat.read(path, 4), nbformat.read(self.dir / "pair_back.ipynb", 4)
            self.assertEqual([(c.cell_type, c.source) for c in a.cells], [(c.cell_type, c.source) for c in b.cells], form)
            self.assertEqual(b.metadata["kernelspec"]["name"], "mlnb", form)
            NotebookClient(b, kernel_name="mlnb", timeout=60).execute()
            self.assertEqual(b.cells[-1].outputs[0]["data"]["text/plain"], "42", form)

    def test_markdown_of_jupytext_reads_back(self):
        """jupytext writes the plain md form and does not read our fences in it again; mlnb convert does."""
        path = self.notebook("plain", ["%%md\n# Title", "%%params\nx = 41", "%%sql as: y, keep: \"a b\"\nselect 1 as one", "%% tags: [slow]\nx + 1"])
        for form, name in (("md", "plain_text.md"), ("md:myst", "plain_myst.md")):
            self.tool("jupytext", "--to", form, path, "-o", name)
            subprocess.run([BIN, "convert", name, "-o", "plain_back.mlnb"], check=True, cwd=self.dir, stdout=subprocess.DEVNULL)
            self.assertEqual((self.dir / "plain_back.mlnb").read_text(), (self.dir / "plain.mlnb").read_text(), form)

    # ---- install ----
    def test_pip_knows_the_package(self):
        text = self.tool("pip", "show", "-f", "mlnb-jupyter").stdout
        self.assertIn("mlnb_jupyter/lexer.py", text)
        text = self.tool("jupyter", "labextension", "list").stderr
        self.assertRegex(re.sub(r"\x1b\[\d+m", "", text), r"mlnb-lab v\S+ enabled OK")

    def test_uninstall_leaves_nothing(self):
        prefix = Path(tempfile.mkdtemp(prefix="mlnb-prefix-"))
        sites = [prefix / "lib/python3.11/site-packages", prefix / "lib/python3.9/dist-packages"]
        for site in sites:
            site.mkdir(parents=True)
        other = prefix / "share/jupyter/kernels/other/kernel.json"
        other.parent.mkdir(parents=True)
        other.write_text("{}")
        (sites[0] / "mlnb_jupyter-0.0.1.dist-info").mkdir()  # an older version's
        (sites[0] / "mlnb_jupyterx.py").write_text("")
        subprocess.run([BIN, "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(len(list(sites[0].glob("mlnb_jupyter-*"))), 1)
        subprocess.run([sys.executable, "-c", "import mlnb_jupyter"], check=True, env={**os.environ, "PYTHONPATH": str(sites[0])})  # makes __pycache__
        logos = {p.name for p in (prefix / "share/jupyter/kernels/mlnb").iterdir()}
        self.assertEqual(logos, {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"})
        subprocess.run([BIN, "uninstall", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        left = {str(p.relative_to(prefix)) for p in prefix.rglob("*") if p.is_file()}
        self.assertEqual(left, {"share/jupyter/kernels/other/kernel.json", "lib/python3.11/site-packages/mlnb_jupyterx.py"})
        again = subprocess.run([BIN, "uninstall", "--prefix", prefix], capture_output=True, text=True)
        self.assertEqual((again.returncode, "nothing of mlnb" in again.stdout), (0, True))

    def test_user_install(self):
        home = tempfile.mkdtemp(prefix="mlnb-home-")
        env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG", "VIRTUAL", "CONDA", "PYTHON"))}
        env.update(HOME=home, PATH="/usr/bin:/bin")
        for command in ("install", "uninstall"):
            subprocess.run([BIN, command, "--user"], check=True, env=env, stdout=subprocess.DEVNULL)
            spec = Path(home, ".local/share/jupyter/kernels/mlnb/kernel.json")
            self.assertEqual(spec.exists(), command == "install")
            self.assertEqual(bool(list(Path(home).glob(".local/lib/python3*/site-packages/mlnb_jupyter"))), command == "install")


if __name__ == "__main__":
    unittest.main()

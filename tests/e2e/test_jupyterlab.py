"""JupyterLab itself, in headless Chromium: opens a sample notebook, runs all cells, looks at what is on the page.
Screenshots go to build/e2e (MLNB_SHOTS names another folder)."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from mlnbtest import BIN, ROOT, install_kernelspec

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
except ImportError:
    print("Skipped: selenium is not installed")
    sys.exit(77)

if not shutil.which("chromium") or not shutil.which("chromedriver"):
    print("Skipped: chromium and chromedriver are not installed")
    sys.exit(77)

SHOTS = Path(os.environ.get("MLNB_SHOTS", ROOT / "build/e2e"))


WITH_CHARTS = ("customers", "fares", "spam")  # of models
NOTEBOOKS = ("tips", "explore", "gallery", "baskets", "recommend", *WITH_CHARTS)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        install_kernelspec()
        SHOTS.mkdir(parents=True, exist_ok=True)
        cls.folder = tempfile.mkdtemp(prefix="mlnb-lab-")
        shutil.copytree(ROOT / "samples/data", cls.folder + "/data")
        for name in NOTEBOOKS:
            text = cls.folder + f"/{name}.mlnb"
            shutil.copy(ROOT / f"samples/{name}.mlnb", text)
            subprocess.run([BIN, "run", "-o", cls.folder + f"/{name}.ipynb", text], check=True, stdout=subprocess.DEVNULL)
            nb = json.loads(Path(cls.folder + f"/{name}.ipynb").read_text())
            for cell in nb["cells"]:
                if cell["cell_type"] == "code":
                    cell["outputs"], cell["execution_count"] = [], None
            Path(cls.folder + f"/{name}.ipynb").write_text(json.dumps(nb))
            os.unlink(text)
        cls.port = free_port()
        env = dict(os.environ, JUPYTER_PREFER_ENV_PATH="0")
        cls.server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={cls.port}", "--ip=127.0.0.1",
             "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--LabApp.expose_app_in_browser=True",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None", f"--ServerApp.root_dir={cls.folder}"],
            env=env, stdout=open(SHOTS / "lab.log", "w"), stderr=subprocess.STDOUT, start_new_session=True)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/api", timeout=1)
                break
            except OSError:
                time.sleep(0.2)
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1400,1800", "--force-device-scale-factor=1"):
            options.add_argument(flag)
        options.binary_location = shutil.which("chromium")
        cls.page = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        cls.page.set_script_timeout(120)

    @classmethod
    def tearDownClass(cls):
        cls.page.quit()
        kernels = cls.kernels()
        cls.server.terminate()
        cls.server.wait(20)
        time.sleep(0.5)
        left = [p for p in kernels if Path(f"/proc/{p}").exists()]
        assert kernels and not left, f"kernels {kernels}, left {left}"

    def js(self, code, *args):
        return self.page.execute_script(code, *args)

    def wait(self, what, code, timeout=90):
        end = time.time() + timeout
        while time.time() < end:
            try:
                if self.js("return " + code):
                    return
            except Exception:
                pass
            time.sleep(0.2)
        self.page.save_screenshot(str(SHOTS / "timeout.png"))
        self.fail(f"timeout: {what}")

    KERNEL = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"

    def open(self, name):
        self.page.get(f"http://127.0.0.1:{self.port}/lab/tree/{name}?reset")
        self.wait("an idle kernel", f"{self.KERNEL}?.status === 'idle'")

    def run_all(self):
        self.js("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait("all cells done", """(() => { const w = window.jupyterapp.shell.currentWidget; const cells = w.content.widgets.filter(c => c.model.type === 'code');
            return cells.length && cells.every(c => c.model.executionCount) && w.sessionContext.session.kernel.status === 'idle' })()""")

    def outputs(self):
        return self.js("""return window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code')
            .flatMap(c => c.model.sharedModel.getOutputs())""")

    def shoot(self, name):
        """Pictures of the page from top to bottom."""
        n = 0
        self.js("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
        while n < 12:
            time.sleep(0.8)
            self.page.save_screenshot(str(SHOTS / f"{name}-{n}.png"))
            n += 1
            moved = self.js("""const p = document.querySelector('.jp-WindowedPanel-outer'); const before = p.scrollTop; p.scrollTop += p.clientHeight - 100;
                return p.scrollTop > before + 5""")
            if not moved:
                break

    def theme(self, name):
        self.js("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab ' + arguments[0]})", name)
        time.sleep(2)

    def check(self, name, has_tables=True, has_charts=True):
        self.open(name + ".ipynb")
        self.run_all()
        outputs = self.outputs()
        self.assertEqual([o for o in outputs if o["output_type"] == "error"], [])
        charts = [o for o in outputs if "application/vnd.vegalite.v5+json" in o.get("data", {})]
        tables = [o for o in outputs if "text/html" in o.get("data", {})]
        self.assertEqual(len(charts) > 0, has_charts)
        self.assertEqual(len(tables) > 0, has_tables)
        for o in charts:
            self.assertIn("image/svg+xml", o["data"])
            self.assertNotIn("text/html", o["data"])
        self.shoot(name)
        drawn = self.js("""const p = document.querySelector('.jp-WindowedPanel-outer'); return document.querySelectorAll('.vega-embed svg, .vega-embed canvas').length""")
        self.assertEqual(drawn > 0, has_charts, f"{drawn} charts were drawn live")

    def test_tips(self):
        self.check("tips")

    def test_explore_dark(self):
        self.check("explore")
        self.js("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        time.sleep(2)
        self.shoot("explore-dark")

    def test_gallery(self):
        """Every kind of chart, drawn by Lab's own Vega: each spec is in the page, none has an error box."""
        self.check("gallery", has_tables=False)
        specs = sum("application/vnd.vegalite.v5+json" in o.get("data", {}) for o in self.outputs())
        self.assertGreater(specs, 30)
        self.assertEqual(self.js("return [...document.querySelectorAll('.jp-RenderedVegaCommon5, .jp-OutputArea-output')].filter(e => /Javascript Error|Error:/.test(e.innerText)).length"), 0)
        self.js("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        self.run_all()  # Lab's Vega takes the theme when it draws
        self.shoot("gallery-dark")
        self.js("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")

    def test_samples_of_models(self):
        """Notebooks of models: their cards, tables and charts, in both themes."""
        for name in (*WITH_CHARTS, "baskets", "recommend"):
            with self.subTest(name):
                self.check(name, has_charts=name in WITH_CHARTS)
                self.theme("Dark")
                if name in WITH_CHARTS:
                    self.run_all()  # Lab's Vega takes the theme when it draws
                self.shoot(name + "-dark")
                self.theme("Light")

    # ---- colours of the editor: our own language, from the prebuilt extension that `mlnb install` put there ----
    SAMPLE = ('param year = 2019 in [2018, 2019], help: "which"  # a note\nt = frame(a: [1, 2.5], `odd name`: [true, null])\n'
              't |> where a > $year and not (a in 1..5) |> nonsense\nlate = 1')

    def tokens(self, selector):
        """(text, kind) of every coloured piece; kind: which of the theme's colours it has."""
        return self.js("""const style = getComputedStyle(document.body), kinds = {};
            const probe = document.createElement('span'); document.body.append(probe);
            for (const kind of ['keyword', 'builtin', 'string', 'string-2', 'number', 'comment', 'operator', 'atom', 'meta', 'variable', 'property', 'header', 'def', 'variable-2']) {
              probe.style.color = ''; probe.style.color = style.getPropertyValue(`--jp-mirror-editor-${kind}-color`);
              const c = getComputedStyle(probe).color; if (!(c in kinds)) kinds[c] = kind; else kinds[c] += ' ' + kind; }
            probe.remove();
            return [...document.querySelectorAll(arguments[0] + ' .cm-line span')].filter(e => !e.children.length)
              .map(e => [e.textContent, kinds[getComputedStyle(e).color] || 'none'])""", selector)

    def check_tokens(self, found, want):
        have = {(text, kind) for text, kinds in found for kind in kinds.split()}
        for text, kind in want:
            self.assertIn((text, kind), have, sorted(t for t in found if t[0] == text) or found)

    def test_highlighting_of_cells(self):
        self.open("tips.ipynb")
        self.js("window.jupyterapp.shell.currentWidget.content.widgets.find(c => c.model.type === 'code').model.sharedModel.setSource(arguments[0])", self.SAMPLE)
        self.wait("coloured code", "[...document.querySelectorAll('.jp-CodeCell .cm-line span')].some(e => e.textContent === 'where')", 20)
        self.page.save_screenshot(str(SHOTS / "highlighting.png"))
        self.check_tokens(self.tokens(".jp-CodeCell"), [
            ("param", "keyword"), ("in", "keyword"), ("2019", "number"), ('"which"', "string"), ("# a note", "comment"), ("frame", "builtin"), ("`odd name`", "string-2"),
            ("true", "atom"), ("|>", "operator"), ("where", "keyword"), ("$year", "variable-2"), ("and", "keyword")])
        found = self.tokens(".jp-CodeCell")
        self.assertNotIn("keyword", " ".join(k for t, k in found if t in ("nonsense", "year", "late")).split())  # names, not words
        mode = self.js("return window.jupyterapp.shell.currentWidget.content.widgets.find(c => c.model.type === 'code').model.mimeType")
        self.assertEqual(mode, "text/x-mlnb")

    def test_highlighting_of_sql_cells(self):
        self.open("tips.ipynb")
        self.js("window.jupyterapp.shell.currentWidget.content.widgets.find(c => c.model.type === 'code').model.sharedModel.setSource(arguments[0])",
                "%%sql as: x\nSELECT a, 'text' -- note\nfrom t where b > $n")
        self.wait("coloured SQL", "[...document.querySelectorAll('.jp-CodeCell .cm-line span')].some(e => e.textContent === 'SELECT')", 20)
        self.check_tokens(self.tokens(".jp-CodeCell"), [("%%sql as: x", "meta"), ("SELECT", "keyword"), ("'text'", "string"), ("-- note", "comment"), ("$n", "variable-2")])

    def test_highlighting_of_text_files(self):
        Path(self.folder, "plain.mlnb").write_text("---\nmlnb: 1\n---\n\n%%md\n# A heading with where\n\n%%\n" + self.SAMPLE + "\n\n%%sql as: q\nselect 1 as one\n")
        self.page.get(f"http://127.0.0.1:{self.port}/lab/tree/plain.mlnb?reset")
        self.wait("the editor", "[...document.querySelectorAll('.jp-FileEditor .cm-line span')].some(e => e.textContent === 'select')", 60)
        self.page.save_screenshot(str(SHOTS / "highlighting-file.png"))
        self.check_tokens(self.tokens(".jp-FileEditor"), [
            ("---", "meta"), ("%%md", "meta"), ("# A heading with where", "header"), ("%%", "meta"), ("where", "keyword"), ("%%sql as: q", "meta"), ("select", "keyword"), ("# a note", "comment")])

    def test_typing(self):
        self.open("tips.ipynb")
        self.run_all()
        self.js("""const w = window.jupyterapp.shell.currentWidget; w.content.activeCellIndex = w.content.widgets.length - 1;
            window.jupyterapp.commands.execute('notebook:insert-cell-below')""")
        time.sleep(0.5)
        self.js("window.jupyterapp.commands.execute('notebook:enter-edit-mode')")
        time.sleep(0.5)
        webdriver.ActionChains(self.page).send_keys("trips |> where fa").pause(0.5).send_keys(Keys.TAB).perform()
        time.sleep(1.5)
        self.page.save_screenshot(str(SHOTS / "completion.png"))
        text = self.js("return window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()")
        menu = [e.text for e in self.page.find_elements(By.CSS_SELECTOR, ".jp-Completer-item")]
        self.assertTrue("fare_amount" in text or any("fare_amount" in m for m in menu), (text, menu))
        webdriver.ActionChains(self.page).send_keys(Keys.ESCAPE).perform()
        self.js("""window.jupyterapp.commands.execute('notebook:enter-edit-mode');
            window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource('trips |> where')""")
        time.sleep(0.3)
        webdriver.ActionChains(self.page).key_down(Keys.CONTROL).send_keys(Keys.END).key_up(Keys.CONTROL).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        time.sleep(1.5)
        self.page.save_screenshot(str(SHOTS / "tooltip.png"))
        tips = [e.text for e in self.page.find_elements(By.CSS_SELECTOR, ".jp-Tooltip")]
        self.assertTrue(any("where" in t for t in tips), tips)
        # stop: a long cell ends at once, the session lives
        webdriver.ActionChains(self.page).send_keys(Keys.ESCAPE).perform()
        took = self.page.execute_async_script("""const done = arguments[0]; const k = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const f = k.requestExecute({code: 'sleep(60s)'}); setTimeout(() => { const t = performance.now(); k.interrupt(); f.done.then(() => done(performance.now() - t)) }, 700)""")
        self.assertLess(took, 3000)
        print(f"interrupt to idle in JupyterLab: {took:.0f} ms")

    def test_variables_and_restart(self):
        """Lab's own variables panel fills once the bug button is pressed; a restart is quick, forgets, and leaves no process behind."""
        self.open("tips.ipynb")
        self.run_all()
        self.js("document.querySelector('.jp-DebuggerBugButton').click()")
        self.js("window.jupyterapp.shell.expandRight(); window.jupyterapp.shell.activateById('jp-debugger-sidebar')")
        self.wait("variables in the panel", "[...document.querySelectorAll('.jp-DebuggerVariables-body')].some(e => e.innerText.includes('trips'))", 20)
        time.sleep(1)
        self.page.save_screenshot(str(SHOTS / "variables.png"))
        took = self.page.execute_async_script("""const done = arguments[0]; const s = window.jupyterapp.shell.currentWidget.sessionContext; const t = performance.now();
            s.session.kernel.restart().then(() => s.session.kernel.requestExecute({code: '1'}).done).then(() => done(performance.now() - t))""")
        print(f"restart to the first cell done in JupyterLab: {took:.0f} ms")
        error = self.page.execute_async_script("""const done = arguments[0]; window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({code: 'trips'}).done.then(r => done(r.content.ename || 'none'))""")
        self.assertEqual(error, "E202")
        self.js("window.jupyterapp.shell.collapseRight()")

    @classmethod
    def kernels(cls):
        found = subprocess.run(["pgrep", "-f", f"{BIN} kernel"], capture_output=True, text=True).stdout.split()
        return [p for p in found if f"PPid:\t{cls.server.pid}\n" in Path(f"/proc/{p}/status").read_text()]


if __name__ == "__main__":
    unittest.main()

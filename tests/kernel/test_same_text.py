"""The same notebook gives the same text through `mlnb run`, through nbclient with the kernel, and typed into the console."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import nbformat
import pexpect
from nbclient import NotebookClient

from mlnbtest import BIN, ROOT, install_kernelspec

CELLS = [
    'trips = read("%s/tests/data/taxi/taxis_2019_03_raw.csv")' % ROOT,
    "trips |> where fare_amount > 20 |> count payment_type",
    "trips |> take 3 |> select fare_amount, tip_amount, color",
    "print(\"hello\", 1.5)\nx = [1, 2, 3]\nx",
    "trips |> where tip_amount > 0 |> summarize n = count(), tip = mean(tip_amount) by color",
    "1 / 3",
    "trips |> plot color, kind: bar",
]


def run_text(path):
    return subprocess.run([BIN, "run", path], capture_output=True, text=True, check=True).stdout


def kernel_text():
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(nb, kernel_name="mlnb", timeout=120).execute()
    out = []
    for cell in nb.cells:
        for o in cell.outputs:
            out.append(o["text"] if o["output_type"] == "stream" else o["data"]["text/plain"] + "\n")
    return "".join(out)


def console_text():
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "XDG_STATE_HOME": tempfile.mkdtemp(), "LC_ALL": "C.UTF-8"}
    c = pexpect.spawn(BIN, [], env=env, dimensions=(200, 80), encoding="utf-8", timeout=60)
    c.expect("mlnb> ")
    out = []
    marker = 0
    for cell in CELLS:
        for line in cell.split("\n"):
            marker += 1
            c.send(line + "\r")
            c.send(f'print("mark{marker}")\r')
            c.expect(f"mark{marker}\r\n")  # the echo of the line ends in \")
            out.append(c.before)
    c.sendeof()
    c.expect(pexpect.EOF)
    return "".join(out)


def plain(text):
    """What a person reads: escape sequences, echoed input and prompts taken out."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "")
    return text


class SameText(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        install_kernelspec()
        cls.path = tempfile.mkdtemp() + "/same.mlnb"
        Path(cls.path).write_text("\n".join("%%\n" + c + "\n" for c in CELLS))
        cls.want = run_text(cls.path)

    def test_kernel(self):
        self.assertEqual(kernel_text(), self.want)

    def test_console(self):
        got = plain(console_text())
        at = 0
        for line in self.want.splitlines():
            found = got.find(line + "\n", at)
            self.assertGreaterEqual(found, 0, f"the console did not print, in order: {line!r}\n{got}")
            at = found + len(line)

    def test_again(self):
        self.assertEqual(run_text(self.path), self.want)
        one = subprocess.run([BIN, "run", "--threads", "1", self.path], capture_output=True, text=True).stdout
        self.assertEqual(one, self.want)


if __name__ == "__main__":
    unittest.main()

"""Writes tests/data/notebook/*.ipynb with nbformat itself: what our writer must give back byte for byte.

nbformat 5.10; run with the Python of the oracle venv from the root of the repository.
"""

import nbformat
from nbformat import v4

OUT = "tests/data/notebook/"


def kernel(nb):
    nb.metadata["kernelspec"] = {"display_name": "mlnb", "language": "mlnb", "name": "mlnb"}
    nb.metadata["language_info"] = {"name": "mlnb", "file_extension": ".mlnb", "version": "0.1.0"}
    return nb


def rich():
    nb = kernel(v4.new_notebook())
    nb.metadata["mlnb"] = {"mlnb": "1", "title": "Größe und \"Anderes\"", "requires": "0.1"}
    nb.metadata["authors"] = [{"name": "A"}]
    md = v4.new_markdown_cell("# Titel\n\nText mit ü, 価格 und \u2028 Trenner\x0bund \x1d.\n", id="intro")
    md.metadata["tags"] = ["a", "odd tag"]
    md["attachments"] = {"x.png": {"image/png": "iVBORw0KGgo=\n"}}
    code = v4.new_code_cell("x = 1\n\nprint(x)  \n", id="a1b2c3d4", execution_count=3)
    code.metadata["name"] = "load"
    code.metadata["slideshow"] = {"slide_type": "slide"}
    code.outputs = [
        v4.new_output("stream", name="stdout", text="1\nzwei\n"),
        v4.new_output("stream", name="stderr", text=""),
        v4.new_output(
            "execute_result",
            execution_count=3,
            data={
                "text/plain": "a\r\nb",
                "text/html": "<b>x</b>\n<i>/</i>",
                "application/vnd.vegalite.v5+json": {
                    "b": [], "a": {}, "n": [1, -2, 0.1, 1e22, 2.0, 1e-7, True, None], "s": "x\ny",
                },
                "image/png": "iVBORw0KGgo=\n",
            },
            metadata={"application/vnd.vegalite.v5+json": {"embed_options": {"renderer": "svg"}}},
        ),
        v4.new_output("error", ename="E201", evalue="unknown \"x\"", traceback=["\x1b[1;31mE201\x1b[0m", ""]),
    ]
    sql = v4.new_code_cell("%%sql as: by_hour\nselect 1\n", id="0123456789abcdef")
    params = v4.new_code_cell("param n = 3", id="p")
    params.metadata["tags"] = ["parameters", "x"]
    injected = v4.new_code_cell("# Parameters\nn = 5\n", id="q")
    injected.metadata["tags"] = ["injected-parameters"]
    raw = v4.new_raw_cell("<raw>", id="r")
    expect = v4.new_raw_cell("1", id="e")
    expect.metadata["tags"] = ["expect"]
    empty = v4.new_code_cell("", id="z")
    tricky = v4.new_code_cell("\n%%md\n\\%%x\n\\\\%%y\n\n", id="t")
    nb.cells = [md, code, sql, params, injected, raw, expect, empty, tricky]
    return nb


def empty():
    return kernel(v4.new_notebook())


for name, nb in [("rich", rich()), ("empty", empty())]:
    nbformat.validate(nb)
    with open(f"{OUT}{name}.ipynb", "w", encoding="utf-8", newline="") as f:
        nbformat.write(nb, f)

"""Every file of ../shared/data reads as its README says, or gives one error that names file, line and column. The table of what each
one holds is tests/data/oracle/io_files.tsv, made by tests/oracle/io_files.py; the files of tests/data that are copies of those are
read as well, so that a bare clone tests too. One mlnb process reads them all."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import pyarrow.ipc as ipc

from frames import columns_of, digest
from mlnbtest import BIN, ROOT, SHARED

DATA = Path(os.environ.get("MLNB_SHARED", SHARED)) / "data"
OWN = ROOT / "tests/data"
TABLE = OWN / "oracle/io_files.tsv"


class Case:
    def __init__(self, line):
        self.paths, self.options, self.rows, *rest = line.rstrip("\n").split("\t")
        self.code = self.rows if self.rows.startswith("E") else None
        self.words = json.loads(rest[0]) if self.code else None
        self.columns = [tuple(c.rsplit(":", 1)) for c in json.loads(rest[0])] if not self.code else None
        self.digest = rest[1] if not self.code else None
        self.name = f"{self.paths} ({self.options})"

    def source(self, root):
        return f'read("{root}/{self.paths}"' + (f", {self.options})" if self.options else ")")


def cases_under(root, also=()):
    """The cases whose files are all there; a copy in tests/data may lie in a shorter path (`auto` and `encodings` are one folder)."""
    cases = [Case(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
    for c in cases:
        for part in also:
            c.paths = c.paths.replace(part, "/")
    return [c for c in cases if any(root.glob(c.paths))]


def run_all(root, cases, folder):
    """For each case what its cell gave: events of `mlnb run --format json`, and the file of its table."""
    lines = ["---", "mlnb: 1", "---", ""]
    for i, c in enumerate(cases):
        lines += ["%%", c.source(root) + f' |> save "{folder}/{i}.arrow"', ""]
    script = Path(folder, "files.mlnb")
    script.write_text("\n".join(lines), encoding="utf-8")
    p = subprocess.run([BIN, "run", "--keep-going", "--format", "json", str(script)], capture_output=True, text=True, timeout=600)
    assert p.returncode in (0, 1), p.stderr
    events = [[] for _ in cases]
    for line in p.stdout.splitlines():
        e = json.loads(line)
        events[e["cell"] - 1].append(e)
    return events


class DataFiles(unittest.TestCase):
    def check_refused(self, case, errors):
        self.assertEqual([e["code"] for e in errors], [case.code])
        said = json.dumps(errors[0], ensure_ascii=False).replace('\\"', '"')
        for word in case.words:
            self.assertIn(word, said)

    def check_table(self, case, path):
        with open(path, "rb") as f:
            got = ipc.open_file(f).read_all()
        self.assertEqual(got.num_rows, int(case.rows))
        kinds = [k for _, k in case.columns]
        self.assertEqual([(n, "*" if k == "*" else g) for (n, g), k in zip(columns_of(got), kinds, strict=True)], case.columns)
        if case.digest != "-":
            self.assertEqual(digest(got), case.digest)

    def check(self, root, cases):
        with tempfile.TemporaryDirectory(prefix="mlnb-files-") as folder:
            events = run_all(root, cases, folder)
            for i, case in enumerate(cases):
                with self.subTest(case.name):
                    errors = [e for e in events[i] if e["kind"] == "error"]
                    if case.code:
                        self.check_refused(case, errors)
                    else:
                        self.assertEqual(errors, [])
                        self.check_table(case, f"{folder}/{i}.arrow")

    def test_shared_data(self):
        if not DATA.is_dir():
            self.skipTest("no ../shared/data beside this clone (or MLNB_SHARED)")
        cases = cases_under(DATA)
        self.assertGreater(len(cases), 200)
        self.check(DATA, cases)

    def test_own_copies(self):
        cases = cases_under(OWN, ["/auto/", "/encodings/", "/headers/"])
        self.assertGreater(len(cases), 40)
        self.check(OWN, cases)

    def test_every_file_is_in_the_table(self):
        if not DATA.is_dir():
            self.skipTest("no ../shared/data beside this clone (or MLNB_SHARED)")
        known = {Case(line).paths for line in TABLE.read_text(encoding="utf-8").splitlines()}
        skipped = (".md", "LICENSE", ".txt")  # documents; .txt of the test suites are theirs
        for f in sorted(DATA.rglob("*")):
            name = str(f.relative_to(DATA))
            if f.is_file() and not name.startswith(("parquet-testing", "arrow-ipc")) and not name.endswith(skipped):
                self.assertIn(name, known)

    def test_parquet_testing(self):
        """Files that pyarrow reads have its number of rows; of the others each either reads or is refused by its name."""
        if not DATA.is_dir():
            self.skipTest("no ../shared/data beside this clone (or MLNB_SHARED)")
        shapes = [s.split("\t") for s in (DATA / "parquet-testing/reference_shapes.tsv").read_text().splitlines()[1:]]
        lines = ["---", "mlnb: 1", "---", ""]
        for name, *_ in shapes:
            lines += ["%%", f'print(n_rows(read("{DATA}/parquet-testing/data/{name}", format: "parquet")))', ""]
        with tempfile.TemporaryDirectory(prefix="mlnb-files-") as folder:
            script = Path(folder, "files.mlnb")
            script.write_text("\n".join(lines), encoding="utf-8")
            p = subprocess.run([BIN, "run", "--keep-going", "--format", "json", str(script)], capture_output=True, text=True, timeout=600)
        events = {}
        for line in p.stdout.splitlines():
            e = json.loads(line)
            events.setdefault(e["cell"], []).append(e)
        for cell, (name, _, _, rows, _, reads) in enumerate(shapes, 1):
            with self.subTest(name):
                last = events[cell][-1]
                if last["kind"] == "error":
                    if "corrupt-checksum" not in name:  # pyarrow does not look at checksums unless asked
                        self.assertNotEqual(reads, "yes", last["message"])
                    self.assertIn(os.path.basename(name), last["message"])
                elif reads == "yes" and name != "repeated_no_annotation.parquet":  # its footer says 0 rows, its row group 6
                    self.assertEqual(last["text"].strip(), rows)


if __name__ == "__main__":
    unittest.main()

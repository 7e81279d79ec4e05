"""JSON and JSON Lines against Python's json: random nested records, read by mlnb, written again and compared; mistakes with their
line and column."""
import gzip
import json
import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT

TEXTS = ["", "a", "say \"hi\"", "back\\slash", "tab\tnew\nline", "Ünïcödé ✓ 😀", "x" * 40, "2019-01-31", "12", "inf", "/", "\u0001"]


def mlnb(code, cwd):
    return subprocess.run([BIN, "-e", code], cwd=cwd, capture_output=True, text=True, timeout=120)


class Shape:
    """A random type; value() makes values of it, nulls included."""

    def __init__(self, r, depth=0):
        self.r = r
        self.kind = r.choice(["int", "num", "text", "bool"] + (["list", "object"] if depth < 3 else []))
        if self.kind == "list":
            self.elem = Shape(r, depth + 1)
        if self.kind == "object":
            self.fields = {f"k{i}" + r.choice(["", " odd", ".x", "é"]): Shape(r, depth + 1) for i in range(r.randint(1, 4))}

    def value(self):
        r = self.r
        if r.random() < 0.15:
            return None
        if self.kind == "int":
            return r.choice([0, 1, -7, 2**53 + 1, -2**63, r.randint(-10**9, 10**9)])
        if self.kind == "num":
            return r.choice([0.5, -1e300, 1e-7, r.uniform(-1e6, 1e6), r.randint(0, 5)])
        if self.kind == "bool":
            return r.random() < 0.5
        if self.kind == "text":
            return r.choice(TEXTS)
        if self.kind == "list":
            return [self.elem.value() for _ in range(r.randint(0, 4))]
        return {k: s.value() for k, s in self.fields.items() if r.random() < 0.9}


def same(a, b, shape):
    """b is what came back: absent names are null, empty objects all null, whole numbers of a num column 2.0."""
    if shape.kind == "object" and isinstance(a, dict):
        return isinstance(b, dict) and all(same(a.get(k), b.get(k), s) for k, s in shape.fields.items())
    if shape.kind == "list" and isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(same(x, y, shape.elem) for x, y in zip(a, b))
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def dump(records, form, r):
    if form == "jsonl":
        return "".join(json.dumps(x, ensure_ascii=r.random() < 0.5) + r.choice(["\n", "\r\n", "\n\n"]) for x in records)
    if form == "pretty":
        return "\n".join(json.dumps(x, indent=2) for x in records)
    return json.dumps(records, indent=r.choice([None, 1]))


class Json(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="mlnb-json-")

    def test_round_trip(self):
        r = random.Random(5)
        script, cases = [], []
        for i in range(60):
            shape = Shape(r, 2)
            shape.kind = "object"
            shape.fields = {f"c{k}": Shape(r) for k in range(r.randint(1, 5))}
            shape.fields["id"] = Shape(r)
            shape.fields["id"].kind = "int"
            n = r.choice([1, 3, 40])
            records = [{**(shape.value() or {}), "id": k} for k in range(n)]
            form = r.choice(["jsonl", "pretty", "array"]) if n > 1 else "array"
            name = f"in{i}.{'jsonl' if form == 'jsonl' else 'json'}"
            Path(self.dir, name).write_text(dump(records, form, r), encoding="utf-8", newline="")
            out = f"out{i}.{r.choice(['json', 'jsonl'])}"
            script.append(f'read("{name}") |> save "{out}"')
            cases.append((shape, records, out))
        p = mlnb("\n".join(script), self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        for shape, records, out in cases:
            text = Path(self.dir, out).read_text(encoding="utf-8")
            got = json.loads(text) if out.endswith(".json") else [json.loads(x) for x in text.splitlines()]
            self.assertEqual(len(got), len(records))
            for a, b in zip(records, got):
                self.assertTrue(same(a, b, shape), f"{a}\n{b}")

    def test_types_of_mixed_values(self):
        Path(self.dir, "m.jsonl").write_text('{"a": 1, "b": "x", "c": [1, "x"], "d": "2019-01-31"}\n'
                                             '{"a": 2.5, "b": 7, "c": [], "d": "2019-02-01T08:30:00"}\n'
                                             '{"b": {"k": [true]}, "c": null, "e": "inf", "f": 1e400}\n{"e": 1.5}\n')
        p = mlnb('t = read("m.jsonl")\nt |> save "o.jsonl"\nt |> glimpse', self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        rows = [json.loads(x) for x in Path(self.dir, "o.jsonl").read_text().splitlines()]
        self.assertEqual([x["a"] for x in rows], [1.0, 2.5, None, None])
        self.assertEqual([x["b"] for x in rows], ["x", "7", '{"k": [true]}', None])
        self.assertEqual([x["c"] for x in rows], [["1", "x"], [], None, None])
        self.assertEqual([x["d"] for x in rows], ["2019-01-31T00:00:00", "2019-02-01T08:30:00", None, None])
        self.assertEqual([x["e"] for x in rows], [None, None, "inf", 1.5])
        self.assertEqual(rows[2]["f"], "inf")

    def test_mistakes(self):
        cases = [("[{\"a\": 1},\n {\"a\": 2}", 2, 10), ('{"a": 1}\n{"a": tru}\n', 2, 7), ('[{"a": 01}]', 1, 8), ('[1, 2,]', 1, 7),
                 ('{"a": "x\ny"}', 1, 9), ('[{"a" 1}]', 1, 7), ('{"a": "\\q"}', 1, 9), ("[" * 300 + "]" * 300, 1, 202), ('[1] 2', 1, 5)]
        for text, line, column in cases:
            Path(self.dir, "bad.json").write_text(text, newline="")
            p = mlnb('read("bad.json")', self.dir)
            self.assertEqual(p.returncode, 1, text[:40])
            self.assertIn("E330", p.stderr, text[:40])
            self.assertIn(f"line {line}, column {column}", p.stderr, text[:40])

    def test_gzip_and_blocks(self):
        """Many blocks: rows keep their order, whole numbers add up, a limit reads no more."""
        with gzip.open(Path(self.dir, "big.jsonl.gz"), "wt") as f:
            for i in range(120_000):
                f.write(json.dumps({"id": i, "name": f"row {i}", "tags": ["a"] * (i % 3)}) + "\n")
        p = mlnb('t = read("big.jsonl.gz")\nprint(f"{n_rows(t)} {sum(t.id)}")\nt |> take -1 |> save "last.jsonl"\nt |> save "all.json.gz"\n'
                 'u = read("all.json.gz")\nprint(f"{n_rows(u)} {sum(u.id)}")', self.dir)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(p.stdout.split("\n")[0], f"120000 {sum(range(120_000))}")
        self.assertIn(f"120000 {sum(range(120_000))}\n", p.stdout[20:] + "\n")
        self.assertEqual(json.loads(Path(self.dir, "last.jsonl").read_text()),
                         {"id": 119999, "name": "row 119999", "tags": ["a"] * (119999 % 3)})

    def test_path(self):
        Path(self.dir, "g.json").write_text('{"meta": {"n": 2}, "data": {"rows": [{"x": 1}, {"x": 2}]}}')
        p = mlnb('(read("g.json", path: "data.rows")).x\n(read("g.json", path: "meta")).n\nread("g.json", path: "data.row")', self.dir)
        self.assertTrue(p.stdout.startswith("[1, 2]\n[2]"), p.stdout)
        self.assertIn("has no `row` there", p.stderr)
        self.assertIn("it has rows", p.stderr)

    def test_shared_files(self):
        data = ROOT.parent / "shared/data/json"
        if not data.exists():
            self.skipTest("no shared data beside this clone")
        p = mlnb(f't = read("{data}/gapminder.json")\nprint(f"{{n_rows(t)}}")\nu = read("{data}/earthquakes.geojson", path: "features")\n'
                 f'print(f"{{n_rows(u)}}")\nv = read("{data}/unemployment_across_industries.json")\nprint(f"{{n_rows(v)}} {{max(v.date)}}")', self.dir)
        self.assertEqual(p.stdout, "682\n1707\n1708 2010-02-01 08:00:00Z\n", p.stderr)


if __name__ == "__main__":
    unittest.main()

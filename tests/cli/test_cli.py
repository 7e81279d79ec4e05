"""The program from the outside: exit codes, formats, parameters, interrupts, hostile files."""
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT, run

TAXI = str(ROOT / "tests/data/taxi/taxis_2019_03_raw.csv")


def mlnb(*args, **kw):
    return subprocess.run([BIN, *args], capture_output=True, text=True, timeout=600, **kw)


class Cli(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mlnb-cli-"))

    def test_exit_codes(self):
        self.assertEqual(run("1")[0], 0)
        self.assertEqual(run("no_such_name")[0], 1)
        self.assertEqual(mlnb("run").returncode, 2)
        self.assertEqual(mlnb("run", "/no/such.mlnb").returncode, 1)
        self.assertEqual(mlnb("--no-such").returncode, 2)

    def test_errors_go_to_stderr_with_place(self):
        f = self.dir / "bad.mlnb"
        f.write_text('%%\nx = 1\n\n%%\nt = frame(a: [1])\nt |> where b > 1\n\n%%\nprint("after")\n')
        p = mlnb("run", str(f))
        self.assertEqual(p.returncode, 1)
        self.assertIn("E201", p.stderr)
        self.assertIn("bad.mlnb:6:12", p.stderr)
        self.assertNotIn("after", p.stdout)
        p = mlnb("run", "--keep-going", str(f))
        self.assertEqual((p.returncode, p.stdout), (1, "after\n"))

    def test_csv_and_json(self):
        code = 't = frame(a: [1, null, 3], b: ["x", "", "say \\"hi\\""], c: [0.1, 1/0, 2.0], d: [@2019-01-31, null, null])\nt\nt |> take 1 |> select a\n1 + 1\nprint("hi")'
        code_, out, _ = run(code, "--format", "csv")
        self.assertEqual(code_, 0)
        self.assertIn('a,b,c,d\n1,x,0.1,2019-01-31\n,"",inf,\n3,"say ""hi""",2.0,\n\na\n1\n', out)
        _, out, _ = run(code, "--format", "json")
        lines = [json.loads(line) for line in out.splitlines()]
        frame = lines[0] if lines[0]["kind"] == "frame" else lines[1]
        self.assertEqual(frame["columns"][0], {"name": "a", "type": "int"})
        self.assertEqual(frame["rows"][1], [None, "", "inf", None])
        self.assertEqual([x["kind"] for x in lines if x["kind"] != "stream"][:3], ["frame", "frame", "value"])
        _, out, _ = run("t = frame(a: [1])\nt |> where bb > 1", "--format", "json")
        e = json.loads(out.splitlines()[-1])
        self.assertEqual((e["kind"], e["code"], e["line"], e["column"]), ("error", "E201", 2, 12))

    def test_csv_gives_all_rows(self):
        _, out, _ = run(f'read("{TAXI}") |> select fare_amount', "--format", "csv")
        self.assertEqual(len(out.splitlines()), 6501)

    def test_params(self):
        f = self.dir / "p.mlnb"
        f.write_text('%%params\nparam n = 3 in 1..10\nparam name = "x"\n\n%%\nprint(n * 2, name)\n')
        self.assertEqual(mlnb("run", str(f)).stdout, "6 x\n")
        self.assertEqual(mlnb("run", str(f), "-p", "n=5", "-p", "name=a b").stdout, "10 a b\n")
        for bad in ("n=50", "n=abc", "nn=5"):
            p = mlnb("run", str(f), "-p", bad)
            self.assertEqual(p.returncode, 1, bad)
            self.assertIn("E215", p.stderr, bad)
        self.assertEqual(mlnb("run", str(f), "-p", "n").returncode, 2)

    def test_stdin_and_outputs(self):
        p = subprocess.run([BIN, "run", "-"], input="%%\n1 + 1\n", capture_output=True, text=True)
        self.assertEqual(p.stdout, "2\n")
        f = self.dir / "a.mlnb"
        f.write_text('%%md\n# Title\n\n%%\nframe(a: [1, 2])\n')
        for ext in ("ipynb", "html", "md"):
            out = self.dir / f"o.{ext}"
            self.assertEqual(mlnb("run", str(f), "-o", str(out)).returncode, 0)
            self.assertIn("Title", out.read_text())
            self.assertRegex(out.read_text(), r"\b2 rows|\| 2|>2<", ext)
        nb = json.loads((self.dir / "o.ipynb").read_text())
        self.assertEqual(nb["cells"][1]["outputs"][0]["output_type"], "execute_result")
        self.assertEqual(mlnb("run", str(f), "-o", "x.pdf").returncode, 2)

    def test_fmt_is_idempotent(self):
        f = self.dir / "f.mlnb"
        f.write_text("%%\nx = 1   \n\n\n\n%%md\nhello\n")
        mlnb("fmt", str(f))
        once = f.read_text()
        self.assertEqual(mlnb("fmt", "--check", str(f)).returncode, 0)
        self.assertEqual(f.read_text(), once)

    def test_expect(self):
        f = self.dir / "e.mlnb"
        f.write_text("%%\n1 + 1\n\n%%expect\n2\n\n%%\nno_such\n\n%%expect\nwrong\n")
        p = mlnb("test", str(f))
        self.assertEqual(p.returncode, 1)
        self.assertIn("0 passed, 1 failed", p.stdout)
        self.assertEqual(mlnb("test", "--bless", str(f)).returncode, 0)
        self.assertIn("E202", f.read_text())
        self.assertEqual(mlnb("test", str(f)).returncode, 0)

    def test_threads_print_the_same(self):
        code = f't = read("{TAXI}")\nt |> summarize n = count(), m = mean(fare_amount), s = sd(tip_amount), q = quantile(total_amount, 0.3) by payment_type, color\nt |> describe fare_amount, tip_amount\nt |> sort -fare_amount, tip_amount |> take 5\nm = t |> where payment_type is not null |> derive y = tip_amount > 0 |> fit y ~ scale(fare_amount) + trip_distance + cat(payment_type), logistic(l2: 0.1)\nm.coef'
        texts = {run(code, "--threads", str(n))[1] for n in (1, 2, 7)}
        self.assertEqual(len(texts), 1)
        self.assertIn("scale(fare_amount)", texts.pop())

    def interrupt(self, code, after):
        p = subprocess.Popen([BIN, "-e", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(after)
        start = time.time()
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=60)
        return time.time() - start, p.returncode, err

    def test_interrupt(self):
        """Exit 130 soon after SIGINT. The figure is printed; only a hang fails (machines are shared)."""
        big = self.dir / "big.csv"
        with open(big, "w") as f:
            f.write("a,b,c,d\n")
            block = "".join(f"{i},{i * 0.37:.5f},text{i % 1000},{i % 7}\n" for i in range(100000))
            for _ in range(100):
                f.write(block)
        for name, code in (("sleep", "sleep(60s)"), ("read", f't = read("{big}")\nt |> cache\nn_rows(t)\nsleep(60s)'),
                           ("sort", f't = read("{big}") |> union read("{big}")\nt |> sort -b, c |> cache\nsleep(60s)'),
                           ("fit", f't = read("{big}")\nm = t |> fit d ~ b + cat(c), linear()\nsleep(60s)')):
            took, code_, err = self.interrupt(code, 0.4 if name in ("sleep", "read") else 1.0)
            print(f"interrupt of {name}: {took * 1000:.0f} ms")
            self.assertEqual(code_, 130, (name, err))
            self.assertLess(took, 10, name)

    def test_hostile_files(self):
        line = self.dir / "line.csv"
        with open(line, "wb") as f:
            f.write(b"a,b\n1,")
            for _ in range(300):
                f.write(b"x" * (1 << 20))
        code, _, err = run(f'read("{line}")')
        self.assertEqual(code, 1)
        self.assertIn("E309", err)
        quote = self.dir / "quote.csv"
        quote.write_bytes(b'a,b\n1,"never closed\n' + b"2,3\n" * 1000)
        code, _, err = run(f'read("{quote}")')
        self.assertNotIn("Sanitizer", err)

    def test_safe_mode(self):
        code, out, err = run("!echo hello", "--safe")
        self.assertEqual(code, 1)
        self.assertIn("E603", err)
        self.assertEqual(run("!echo hello")[1], "hello\n")


if __name__ == "__main__":
    unittest.main()

"""A process killed in the middle of `save` or of a workspace write leaves the old file or the new one, never half."""
import random
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from mlnbtest import BIN, run

ROWS = 300_000
ROUNDS = 12
random.seed(11)


def killed_after(code, seconds, cwd):
    p = subprocess.Popen([BIN, "-e", code], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    p.send_signal(signal.SIGKILL)
    p.wait()


def ok(code, cwd):
    p = subprocess.run([BIN, "-e", code], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert p.returncode == 0, p.stderr
    return p.stdout.strip()


class Crash(unittest.TestCase):
    def saves(self, name):
        """Two versions of a table are saved in turn and killed at random moments: the file is always one of them, whole."""
        dir = tempfile.mkdtemp(prefix="mlnb-crash-")
        make = f"t = frame(x: seq(1, {ROWS}, 1)) |> derive v = %d, s = f\"row {{x}}\"\n"
        ok(make % 1 + f't |> save "{name}"', dir)
        seen = set()
        for i in range(ROUNDS):
            version = 2 + i
            code = make % version + f't |> save "{name}"\n' * 4
            killed_after(code, random.uniform(0.01, 0.35), dir)
            got = ok(f't = read("{name}")\nprint(f"{{n_rows(t)}} {{min(t.v)}} {{max(t.v)}} {{sum(t.x)}}")', dir).split()
            self.assertEqual(got[0], str(ROWS))
            self.assertEqual(got[1], got[2], "rows of two versions in one file")
            self.assertEqual(got[3], str(ROWS * (ROWS + 1) // 2))
            seen.add(got[1])
        self.assertGreater(len(seen), 1, "every process was killed before it wrote: the test shows nothing")
        left = [f for f in Path(dir).iterdir() if f.name != name]
        self.assertLessEqual(len(left), ROUNDS)  # what a killed process was writing, never under the file's own name
        self.assertTrue(all(".tmp-" in f.name for f in left), left)

    def test_csv(self):
        self.saves("t.csv")

    def test_gzip(self):
        self.saves("t.csv.gz")

    def test_parquet(self):
        self.saves("t.parquet")

    def test_workspace(self):
        dir = tempfile.mkdtemp(prefix="mlnb-crash-")
        make = f't = frame(x: seq(1, {ROWS}, 1)) |> derive v = %d\nu = t |> where x <= 10\n'
        ok('use workspace("ws")\n' + make % 1, dir)
        seen = set()
        for i in range(ROUNDS):
            killed_after('use workspace("ws")\n' + "".join(make % v for v in (10 * i + 2, 10 * i + 3, 10 * i + 4)),
                         random.uniform(0.01, 0.4), dir)
            got = ok('use workspace("ws")\nprint(f"{n_rows(t)} {min(t.v)} {max(t.v)} {sum(t.x)} {n_rows(u)} {min(u.v)} {max(u.v)}")',
                     dir).split("\n")[-1].split()
            self.assertEqual((got[0], got[3], got[4]), (str(ROWS), str(ROWS * (ROWS + 1) // 2), "10"))
            self.assertEqual(got[1], got[2])
            self.assertEqual(got[5], got[6])
            seen.add(got[1])
        self.assertGreater(len(seen), 1)
        ok('use workspace("ws")', dir)  # sweeps what the killed ones left
        ok('use workspace("ws")', dir)
        left = [f.name for f in (Path(dir) / "ws").iterdir() if f.suffix == ".parquet"]
        self.assertEqual(len(left), 2, left)

    def test_workspace_is_one_session_s(self):
        dir = tempfile.mkdtemp(prefix="mlnb-crash-")
        p = subprocess.Popen([BIN, "-e", 'use workspace("ws")\nprint("open")\nsleep(30s)'], cwd=dir, stdout=subprocess.PIPE, text=True)
        while "open" not in p.stdout.readline():
            pass
        code, _, err = run(f'use workspace("{dir}/ws")')
        self.assertEqual(code, 1)
        self.assertIn("another session", err)
        p.kill()
        p.wait()
        p.stdout.close()
        self.assertEqual(run(f'use workspace("{dir}/ws")')[0], 0)


if __name__ == "__main__":
    unittest.main()

"""The console as a person drives it: a terminal of tmux, keys sent, the screen read. Every wait is for a text, never for a
time. Skipped, visibly, where there is no tmux."""
import base64
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from mlnbtest import BIN, ROOT

TAXI = ROOT / "tests/data/taxi/taxis_2019_03_raw.csv"
WAIT = float(os.environ.get("MLNB_WAIT", 60))
PROMPT = "mlnb>"
MORE = " ...>"


class Terminal:
    """One tmux server with one window."""

    def __init__(self, folder, width=90, height=30, command=None, **env):
        self.folder = folder
        self.socket = str(folder / f"tmux{time.monotonic_ns()}")
        self.env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "MLNB_PROMPT", "PAGER", "MLNB_PAGER", "TMUX")}
        self.env |= {"XDG_STATE_HOME": str(folder), "LC_ALL": "C.UTF-8", "PS1": "sh> ", "ENV": "", **env}
        (folder / "tmux.conf").write_text("set -g default-terminal tmux-256color\nset -g escape-time 0\nset -g history-limit 5000\n")
        self.tmux("-f", str(folder / "tmux.conf"), "new-session", "-d", "-x", str(width), "-y", str(height), command or "sh")
        if not command:
            self.wait(lambda s: s.strip())
            self.run("PS1='sh> '")
            self.wait_last("sh>")
            self.run(f"cd {folder}; clear; {BIN}")
            self.wait("leaves")
            self.wait_last(PROMPT)

    def tmux(self, *args, **kw):
        return subprocess.run(["tmux", "-S", self.socket, *args], capture_output=True, text=True, env=self.env, timeout=WAIT, **kw).stdout

    def keys(self, *keys):
        for k in keys:
            self.tmux("send-keys", *(["-l", k] if len(k) > 1 and not re.fullmatch(r"(C-|M-)?\w+|C-.|M-.", k) else [k]))

    def text(self, text):
        self.tmux("send-keys", "-l", text)

    def run(self, text):
        self.text(text)
        self.keys("Enter")

    def screen(self, colors=False):
        return self.tmux("capture-pane", "-p", "-S", "-2000", *(["-e"] if colors else [])).rstrip("\n")

    def wait(self, want, colors=False):
        """Until `want` (a text, or a function of the screen) is there; gives the screen."""
        test = want if callable(want) else lambda s: want in s
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            s = self.screen(colors)
            if test(s):
                return s
            time.sleep(0.05)
        raise AssertionError(f"never seen: {want!r}; the screen:\n{s}")

    def wait_last(self, line):
        """Until the last line is this one."""
        return self.wait(lambda s: s.split("\n")[-1].rstrip() == line.rstrip())

    def wait_block(self, *lines):
        return self.wait(lambda s: [x.rstrip() for x in s.split("\n")[-len(lines):]] == list(lines))

    def clear(self):
        """An empty line to write on."""
        self.keys("C-c")
        self.wait_last(PROMPT)

    def close(self):
        self.tmux("kill-server")


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Console(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="mlnb-console-"))
        self.terminals = []
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def open(self, **kw):
        t = Terminal(self.dir, **kw)
        self.addCleanup(t.close)
        return t

    # ---- writing a statement ----
    def test_colors_while_typing(self):
        t = self.open()
        t.text('t |> where name == "x", n > 12')
        s = t.wait(lambda s: '"x"' in s and "\x1b[36m12" in s, colors=True)
        self.assertIn('\x1b[32m"x"', s)
        self.assertRegex(s, r"\x1b\[1m\x1b\[34m\|>|\x1b\[1;34m\|>")

    def test_statement_of_several_lines(self):
        t = self.open()
        t.run("xs = [1,")
        t.wait("xs = [1,")
        t.text("2, 3]")
        t.wait("2, 3]")
        t.keys("Up", "Home")  # into the line above, not into history; its beginning
        t.text("y")
        t.wait(f"{PROMPT} yxs = [1,")
        t.keys("Enter")
        t.wait_last(PROMPT)
        t.run("sum(yxs)")
        t.wait_block(f"{PROMPT} sum(yxs)", "6", PROMPT)
        t.keys("Up", "Up")  # an entry comes back as one block
        t.wait_block(f"{PROMPT} yxs = [1,", f"{MORE}   2, 3]")

    def test_alt_enter_adds_a_line(self):
        t = self.open()
        t.text("a = 1")
        t.keys("M-Enter")
        t.text("a + 41")
        t.keys("Enter")
        t.wait_block(f"{PROMPT} a = 1", f"{MORE} a + 41", "42", PROMPT)

    def test_further_lines_have_a_prompt(self):
        """The prompt is drawn beside the text: it is not in it, and all keys find their places."""
        t = self.open(width=40)
        t.run("xs = [")
        t.text("1,")
        t.keys("M-Enter")
        t.text("2]")
        t.wait_block(f"{PROMPT} xs = [", f"{MORE}   1,", f"{MORE} 2]")
        t.keys("Up", "End")  # end of the middle line
        t.text("99")
        t.wait_block(f"{PROMPT} xs = [", f"{MORE}   1,99", f"{MORE} 2]")
        t.keys("BSpace", "BSpace", "Up", "Enter")  # from the first line: all of it runs, and the answer stands below
        t.wait(lambda s: "E101" in s or s.endswith(PROMPT))
        t.run("sum(xs)")
        t.wait_block(f"{PROMPT} xs = [", f"{MORE}   1,", f"{MORE} 2]", f"{PROMPT} sum(xs)", "3", PROMPT)
        # a further line that is longer than the window
        t.run("long = [")
        t.text("111111111111111, 222222222222222, 333333333333333]")
        t.wait_block(f"{PROMPT} long = [", f"{MORE}   111111111111111, 222222222222222", ", 333333333333333]")
        t.keys("Home")
        t.text("7,")
        t.wait_block(f"{PROMPT} long = [", f"{MORE} 7,  111111111111111, 2222222222222", "22, 333333333333333]")
        t.keys("End", "Enter")
        t.wait_last(PROMPT)
        t.run("len(long)")
        t.wait_block("22, 333333333333333]", f"{PROMPT} len(long)", "4", PROMPT)
        t.run("gone = [")
        t.text("1,")
        t.keys("M-Enter", "Up")
        t.text("x")
        t.wait_block(f"{PROMPT} gone = [", f"{MORE} x  1,", MORE)
        t.keys("C-c")
        t.wait_block(f"{PROMPT} gone = [", f"{MORE} x  1,", f"{MORE} ^C", PROMPT)
        t.tmux("set-buffer", f"{PROMPT} a = [1,\n{MORE} 2]")  # what was shown can be pasted back
        t.tmux("paste-buffer", "-p")
        t.wait_block(f"{PROMPT} a = [1,", f"{MORE} 2]")

    def test_paste_is_one_edit(self):
        t = self.open()
        f = self.dir / "paste"
        f.write_text(f"{PROMPT} t = frame(a: [1,\n\t2])\n{PROMPT} sum(t.a)")
        t.tmux("load-buffer", str(f))
        t.tmux("paste-buffer", "-p")
        s = t.wait("sum(t.a)")  # prompts are gone, nothing ran, the tab did not complete
        self.assertEqual(s.count(PROMPT), 1)
        t.keys("Enter")
        t.wait_block(f"{MORE} sum(t.a)", "t: 2 rows, 1 column", "3", PROMPT)

    def test_suggestion(self):
        t = self.open()
        t.run("alpha = 40 + 2")
        t.wait_last(PROMPT)
        t.text("al")
        s = t.wait("alpha = 40 + 2\n" + PROMPT + " alpha = 40 + 2")
        self.assertRegex(t.wait("al\x1b[90mpha", colors=True), r"al\x1b\[90mpha = 40 \+ 2")
        t.keys("M-f")  # a word of it
        t.wait("alpha\x1b[90m = 40", colors=True)
        t.text("x")  # fits no more: it goes
        t.wait_last(f"{PROMPT} alphax")
        t.keys("BSpace", "Right")
        t.wait(lambda s: s.split("\n")[-1].endswith("alpha\x1b[39m = \x1b[36m40\x1b[39m + \x1b[36m2\x1b[39m") or "\x1b[90m" not in s.split("\n")[-1], colors=True)
        t.keys("Enter")
        t.run("alpha")
        t.wait_block(f"{PROMPT} alpha", "42", PROMPT)
        t.text("al")  # what is suggested does not run, nor stay on the screen
        t.wait(f"{PROMPT} alpha")
        t.keys("C-c")
        s = t.wait("al^C")
        self.assertNotIn("al^Cp", s)

    def test_undo_and_words(self):
        t = self.open()
        t.text("one two")
        t.keys("C-w")
        t.wait_last(f"{PROMPT} one")
        t.keys("C-_")
        t.wait_last(f"{PROMPT} one two")

    def test_wide_characters_and_resize(self):
        t = self.open(width=60)
        t.text('s = "東京タワー und größer, weiter bis über das Ende der Zeile hinaus"')
        t.wait("hinaus")
        t.keys("Home", "Right", "Right", "Right", "Right", "Right", "Right")
        t.text("x")
        t.keys("End")
        t.wait("東x京" if "東x京" in t.screen() else "x東京")
        t.tmux("resize-window", "-x", "100", "-y", "30")
        t.clear()
        t.run("frame(long_name_of_a_column: [1], another_long_name_of_a_column: [2], a_third_long_name: [3])")
        t.wait(lambda s: re.search(r"│ long_name_of_a_column │ another_long_name_of_a_column │ a_third_long_name │", s))

    # ---- completion ----
    def test_completion(self):
        t = self.open()
        t.run("trips = frame(fare_amount: [1.5], fare_total: [2.5], tip: [1])")
        t.wait_last(PROMPT)
        t.text("trips |> where far")
        t.keys("Tab")
        t.wait_last(f"{PROMPT} trips |> where fare_")
        t.keys("Tab")
        s = t.wait("fare_total num")  # names with their types, in columns under the line
        self.assertRegex(s, r"fare_amount num +fare_total num")
        t.text("t")
        t.keys("Tab")
        t.wait(lambda s: s.split("\n")[-1].rstrip().endswith("trips |> where fare_total"))
        t.clear()
        (self.dir / "numbers.csv").write_text("a\n1\n")
        t.text('read("numb')
        t.keys("Tab")
        t.wait(lambda s: 'read("numbers.csv' in s.split("\n")[-1])

    # ---- history ----
    def test_history(self):
        t = self.open()
        for line in ["first = 1", "second = 2", " hidden = 3", 'read("postgresql://u:geheim@h/d", table: "t")', "third = [1,", "2]"]:
            t.run(line)
            t.wait(line.strip())
        t.wait_last(PROMPT)
        t.keys("C-d")
        t.wait("sh>")
        kept = (self.dir / "mlnb/history").read_text()
        self.assertIn("first = 1\nsecond = 2\n", kept)
        self.assertNotIn("hidden", kept)
        self.assertNotIn("geheim", kept)
        u = self.open()  # another session has it all, an entry of two lines as one
        u.keys("Up")
        u.wait_block(f"{PROMPT} third = [1,", f"{MORE}   2]")
        u.clear()
        u.keys("C-r")
        u.text("fir")
        u.wait("first = 1")
        u.keys("Enter")
        u.clear()
        u.text("sec")
        u.keys("M-p")  # entries that begin so
        u.wait_last(f"{PROMPT} second = 2")
        u.clear()
        u.run(".history 3")
        u.wait("second = 2")

    # ---- running ----
    def test_interrupt_keeps_the_session(self):
        t = self.open()
        t.run("x = 41")
        t.wait_last(PROMPT)
        t.text("not finished (")
        t.keys("C-c")
        t.wait_last(PROMPT)
        t.run("for i in 1..2000000000 { y = i }")
        time.sleep(0.5)
        t.keys("C-c")
        t.wait("E901")
        t.run("x + 1")
        t.wait_block(f"{PROMPT} x + 1", "42", PROMPT)

    def test_suspend_and_resume(self):
        t = self.open()
        t.text("40 + 2")
        t.wait("40 + 2")
        t.keys("C-z")
        t.wait("Stopped")
        t.run("echo a$((1 + 1))b")  # the shell has its terminal back
        t.wait("a2b")
        t.run("fg")
        t.wait_last(f"{PROMPT} 40 + 2")
        t.keys("Enter")
        t.wait_block(f"{PROMPT} 40 + 2", "42", PROMPT)

    def test_leave(self):
        t = self.open()
        t.run(".quit")
        t.wait(lambda s: s.rstrip().endswith("sh>"))
        t.text("cat")
        t.keys("Enter")
        f = self.dir / "paste"
        f.write_text("plain")
        t.tmux("load-buffer", str(f))
        t.tmux("paste-buffer", "-p")
        self.assertNotIn("200~", t.wait("plain"))  # bracketed paste was turned off

    # ---- what is shown ----
    def test_modes(self):
        t = self.open()
        t.run('t = frame(a: [1, 2], b: ["x", null])')
        t.wait_last(PROMPT)
        want = {
            "csv": ["a,b", "1,x", "2,"],
            "tsv": ["a\tb", "1\tx"],
            "jsonl": ['{"a":1,"b":"x"}', '{"a":2,"b":null}'],
            "json": ["[", '{"a":1,"b":"x"},', '{"a":2,"b":null}', "]"],
            "vertical": ["a  1", "b  x"],
            "markdown": ["| a | b |"],
            "plain": ["   a  b", "   1  x"],
            "box": ["│   1 │ x", "└"],
        }
        for mode, lines in want.items():
            t.run(f".mode {mode}")
            t.wait(f".mode {mode}")
            t.run(f"t  # {mode}.")
            s = t.wait(lambda s: f"# {mode}." in s and s.rstrip().endswith(PROMPT))
            shown = s.split(f"# {mode}.")[1].expandtabs(8)
            for line in lines:
                self.assertIn(line.expandtabs(8), shown, mode)
        t.run(".mode colour")
        t.wait("there is no mode `colour`")

    def test_rows_digits_width_timer(self):
        t = self.open()
        t.run('t = frame(i: [1, 2, 3, 4, 5, 6]) |> derive x = i / 7')
        t.wait_last(PROMPT)
        t.run(".rows 3")
        t.run("t")
        t.wait("6 rows x 2 columns, 3 shown")
        t.run(".set rows all")
        t.run(".digits 2")
        t.run("t")
        t.wait("│   6 │ 0.86 │")
        t.run(".timer on")
        t.wait("timer on")
        t.run("1 + 1")
        t.wait(lambda s: re.search(r"\n2\n[\d.e-]+ m?s\n", s))
        t.run(".vars")
        t.wait(lambda s: re.search(r"t +frame +[\d.]+ k?B +6 +2 columns", s))
        t.run(".schema t")
        t.wait("num")

    def test_pager(self):
        (self.dir / "pager").write_text("#!/bin/sh\necho PAGED $(wc -l)\n")
        (self.dir / "pager").chmod(0o755)
        t = self.open(MLNB_PAGER=str(self.dir / "pager"))
        t.run(f't = read("{TAXI}") |> take 40')
        t.wait_last(PROMPT)
        t.run("t |> take 2")
        t.wait("2 rows")
        self.assertNotIn("PAGED", t.screen())
        t.run("t |> show all")
        t.wait(lambda s: re.search(r"PAGED [45]\d", s))
        t.run(".pager off")
        t.wait("pager off")
        t.run("t |> show all")
        t.wait("40 rows")

    def test_files_of_a_session(self):
        t = self.open(EDITOR=f"sh {self.dir}/editor")
        (self.dir / "editor").write_text('sed -i "s/1/5/" "$1"\n')
        (self.dir / "numbers.csv").write_text("a\n1\n2\n")
        t.run(".import numbers.csv nums")
        t.wait("nums: 1 column")
        t.run("bad bad bad")
        t.wait("E1")
        t.run("one = 1")
        t.run(".edit")  # the last statement, changed by $EDITOR
        t.wait("one = 5")
        t.run("one")
        t.wait_block(f"{PROMPT} one", "5", PROMPT)
        t.run(".save s.mlnb")
        t.wait("saved s.mlnb")
        saved = (self.dir / "s.mlnb").read_text()
        self.assertIn('nums = read("numbers.csv")', saved)
        self.assertNotIn("bad", saved)
        t.run(".output out.txt")
        t.run("one + 1")
        t.run(".output")
        t.run("one + 2")
        t.wait_block(f"{PROMPT} one + 2", "7", PROMPT)
        self.assertEqual((self.dir / "out.txt").read_text(), "6\n")
        t.run(".reset")
        t.run(".load s.mlnb")
        t.run("sum(nums.a) + one")
        t.wait_block(f"{PROMPT} sum(nums.a) + one", "8", PROMPT)

    # ---- without a terminal's powers ----
    def test_log(self):
        t = self.open()
        t.run(".log session.txt")
        t.wait_last(PROMPT)
        t.run("x = [1,")
        t.text("2]")
        t.keys("Enter")
        t.wait_last(PROMPT)
        t.run("frame(a: x)")
        t.wait_last(PROMPT)
        t.run("nope + 1")
        t.wait("E202")
        t.run(".log off")
        t.run(".log")
        t.wait_block("log off", PROMPT)
        t.run("6 * 7")
        t.wait_block("42", PROMPT)
        text = (self.dir / "session.txt").read_text()
        self.assertTrue(text.startswith("mlnb> x = [1,\n ...>   2]\n"), text)
        for part in ("mlnb> frame(a: x)\n", "2 rows", "mlnb> nope + 1\n", "E202", "mlnb> .log off\n"):
            self.assertIn(part, text)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("42", text)

    def test_no_color(self):
        t = self.open(NO_COLOR="1")
        t.run("1 + 1")
        t.wait_block(f"{PROMPT} 1 + 1", "2", PROMPT)
        t.run("nothing_here")
        s = t.wait("E202")
        self.assertEqual(t.screen(colors=True).rstrip(), t.screen().rstrip())

    def test_pipe_is_plain(self):
        p = subprocess.run([BIN], input="x = [1,\n2]\nx\nframe(a: [1])\nno_such\n1\n", capture_output=True, text=True, timeout=WAIT,
                           env=os.environ | {"CLICOLOR_FORCE": ""})
        self.assertIn("[1, 2]", p.stdout)
        self.assertTrue(p.stdout.endswith("1\n"))
        self.assertNotIn("\x1b", p.stdout + p.stderr)
        self.assertNotIn(PROMPT, p.stdout)


class Answering:
    """The console on a pseudo terminal that answers what it is asked, as the terminals named in the answers do."""

    def __init__(self, answers, folder, cells=(100, 40), pixels=(0, 0), **env):
        import fcntl
        import pty
        import struct
        import termios

        self.asked, self.seen, self.answers = False, b"", answers
        keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLORTERM", "TMUX", "LC_TERMINAL", "TERM_PROGRAM", "STY")}
        keep |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(folder), **env}
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(BIN, [BIN], keep)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", cells[1], cells[0], *pixels))

    def read(self, want, timeout=WAIT):
        """What comes until `want` was there."""
        import select

        end = time.monotonic() + timeout
        while want not in self.seen and time.monotonic() < end:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            self.seen += os.read(self.fd, 65536)
            if not self.asked and b"\x1b[c" in self.seen:
                self.asked = True
                os.write(self.fd, self.answers)
        if want not in self.seen:
            raise AssertionError(f"never seen: {want!r}; read: {self.seen[-2000:]!r}")
        got, self.seen = self.seen.split(want, 1)
        return got

    def run(self, text, want=b"\x1b[?2004h"):
        """Runs a statement, gives what came until the next line is edited."""
        os.write(self.fd, text.encode() + b"\r")
        self.read(b"\x1b[?2004l")
        return self.read(want)

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


KITTY = b"\x1b_Gi=31;OK\x1b\\"
DARK = b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\"
CELL = b"\x1b[6;34;16t"
CHART = 'frame(x: ["a", "b", "c"], y: [4, 1, 3]) |> plot x, y, kind: bar'
HAS_CAIRO = subprocess.run(["sh", "-c", "ldconfig -p | grep -q libcairo.so.2"]).returncode == 0


class Pictures(unittest.TestCase):
    def open(self, answers, **kw):
        folder = Path(tempfile.mkdtemp(prefix="mlnb-console-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        t = Answering(answers, folder, **kw)
        self.addCleanup(t.close)
        t.read(b"\x1b[?2004h")
        return t

    def png(self, data):
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")

    def kitty_png(self, got):
        """The pieces of one picture put together; the rules of the protocol hold."""
        pieces = [p for p in re.findall(rb"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", got) if b"a=q" not in p[0]]
        self.assertTrue(all(len(data) <= 4096 for _, data in pieces))
        self.assertEqual([keys for keys, _ in pieces], [b"a=T,f=100,q=2,m=1"] + [b"m=1"] * (len(pieces) - 2) + [b"m=0"])
        return base64.b64decode(b"".join(data for _, data in pieces))

    @unittest.skipUnless(HAS_CAIRO, "no cairo")
    def test_kitty(self):
        t = self.open(KITTY + b"\x1bP>|kitty(0.36)\x1b\\" + DARK + CELL + b"\x1b[?62;c")
        got = t.run(CHART)
        dark = self.kitty_png(got)
        self.assertIn("bar chart".encode(), got)  # the line of text stands below
        self.assertGreater(self.png(dark)[0], 900)  # cells of 34 pixels: twice as large
        self.assertIn(b"theme auto: dark", t.run(".theme"))
        self.assertIn(b"graphics auto: kitty", t.run(".graphics"))
        t.run(".theme light")
        self.assertNotEqual(self.kitty_png(t.run(CHART)), dark)
        self.assertTrue(t.asked)
        t.run(".graphics text")
        got = t.run(CHART)
        self.assertNotIn(b"\x1b_G", got)
        self.assertIn("█".encode(), got)
        t.run(".set graphics off")
        got = t.run(CHART)
        self.assertNotIn("█".encode(), got)
        self.assertIn(b"bar chart", got)

    @unittest.skipUnless(HAS_CAIRO, "no cairo")
    def test_iterm(self):
        for answers, env in ((b"\x1bP>|iTerm2 3.5.0\x1b\\\x1b[?62;4c", {}), (b"\x1b[?62c", {"LC_TERMINAL": "iTerm2"})):
            with self.subTest(env=env):
                t = self.open(answers, **env)
                m = re.search(rb"\x1b\]1337;File=inline=1;size=(\d+):([A-Za-z0-9+/=]+)\x07", t.run(CHART))
                data = base64.b64decode(m[2])
                self.assertEqual(len(data), int(m[1]))
                self.png(data)

    def sixel(self, got):
        """A picture decoded: {(x, y): (r, g, b)}, width, height."""
        m = re.search(rb"\x1bP0;1q\"1;1;(\d+);(\d+)([^\x1b]*)\x1b\\", got)
        width, height, colors, dots, x, top, color = int(m[1]), int(m[2]), {}, {}, 0, 0, None
        for c in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)", m[3].decode()):
            if c[1]:
                colors[int(c[1])] = tuple(round(int(v) * 2.55) for v in c.group(2, 3, 4))
            elif c[5]:
                color = colors[int(c[5])]
            elif c[9] or c[10]:
                x, top = 0, top + (6 if c[10] else 0)
            else:
                bits = ord(c[7] or c[8]) - 63
                for x in range(x, x + int(c[6] or 1)):
                    for y in range(6):
                        if bits >> y & 1:
                            dots[x, top + y] = color
                x += 1
        self.assertEqual(len(m[3]), sum(len(c[0]) for c in re.finditer(r"#(\d+)(;2;\d+;\d+;\d+)?|!\d+[?-~]|[?-~$-]", m[3].decode())))
        return dots, width, height

    @unittest.skipUnless(HAS_CAIRO, "no cairo")
    def test_sixel(self):
        t = self.open(b"\x1b[?62;4;22c", pixels=(400, 600))
        dots, width, height = self.sixel(t.run(CHART))
        self.assertLessEqual(width, 400)  # no wider than the window
        self.assertEqual(len(dots), width * height)  # each dot has one colour
        inks = list(dots.values())
        near = lambda want: sum(max(abs(a - b) for a, b in zip(ink, want)) < 10 for ink in inks)  # noqa: E731
        self.assertGreater(near((255, 255, 255)), len(inks) / 3)
        self.assertGreater(near((0, 114, 178)), len(inks) / 20)  # the bars

    def test_no_picture(self):
        """Nobody answers, or with nothing: characters; what was typed meanwhile is not lost."""
        t = self.open(b"1 + " + b"\x1b[?1;2c" + b"41")
        got = t.run(CHART)
        self.assertIn("█".encode(), got)
        self.assertIn(b"\x1b[38;5;", got)  # 256 colours
        os.write(t.fd, b"\r")
        t.read(b"\n42\r")
        mute = self.open(b"")
        self.assertIn("█".encode(), mute.run(CHART))
        self.assertTrue(mute.asked)
        poor = self.open(b"\x1b[?62;4c", TERM="linux")
        got = poor.run(CHART)
        self.assertFalse(poor.asked)
        self.assertRegex(got, rb"\x1b\[3[0-7]m")  # 16 colours
        self.assertNotRegex(got, rb"\x1b\[[34]8;")

    @unittest.skipUnless(HAS_CAIRO, "no cairo")
    def test_asked_for(self):
        t = self.open(b"\x1b[?62c")
        self.assertIn(b".graphics takes", t.run(".graphics tv"))
        t.run(".graphics kitty")
        self.png(self.kitty_png(t.run(CHART)))
        t.run(".theme dark")
        self.png(self.kitty_png(t.run(CHART)))


if __name__ == "__main__":
    unittest.main()

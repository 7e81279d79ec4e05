"""The wire protocol with good and bad bytes: what every client, and some attacker, may send."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from mlnbtest import BIN, RawKernel


class Protocol(unittest.TestCase):
    def setUp(self):
        self.k = RawKernel()
        self.info = self.k.ready()

    def tearDown(self):
        self.k.stop()

    def alive(self):
        reply, out = self.k.execute("1 + 1")
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual([m["content"]["data"]["text/plain"] for m in out if m["type"] == "execute_result"], ["2"])

    def test_kernel_info(self):
        c = self.info["content"]
        self.assertEqual((c["status"], c["protocol_version"], c["language_info"]["name"]), ("ok", "5.5", "mlnb"))
        r = self.k.reply("control", self.k.send("control", "kernel_info_request", {}))
        self.assertEqual(r["content"]["implementation"], "mlnb")

    def test_execute_is_bracketed_and_counted(self):
        reply, out = self.k.execute("x = 20\nprint(x)\nx + 1")
        self.assertEqual([m["type"] for m in out], ["status", "execute_input", "stream", "execute_result", "status"])
        self.assertEqual(out[2]["content"], {"name": "stdout", "text": "20\n"})
        self.assertEqual(reply["content"]["execution_count"], 1)
        reply, out = self.k.execute("x", silent=True)
        self.assertEqual(reply["content"]["execution_count"], 1)
        self.assertNotIn("execute_result", [m["type"] for m in out])
        reply, _ = self.k.execute("x", store_history=False)
        self.assertEqual(reply["content"]["execution_count"], 1)
        reply, _ = self.k.execute("x", user_expressions={"good": "x + 1", "bad": "no_such"})
        self.assertEqual(reply["content"]["execution_count"], 2)
        self.assertEqual(reply["content"]["user_expressions"]["good"]["data"]["text/plain"], "21")
        self.assertEqual(reply["content"]["user_expressions"]["bad"]["status"], "error")

    def test_errors_say_where(self):
        reply, out = self.k.execute("t = frame(a: [1, 2])\nt |> where b > 1")
        self.assertEqual(reply["content"]["status"], "error")
        self.assertEqual(reply["content"]["ename"], "E201")
        text = "\n".join(reply["content"]["traceback"])
        self.assertIn("b > 1", text)
        self.assertIn("^", text)
        self.assertIn("error", [m["type"] for m in out])
        self.alive()

    def test_bad_messages_are_dropped(self):
        k, shell = self.k, self.k.sockets["shell"]
        _, body, good = k.frames("kernel_info_request", {})
        for parts in (
            [b"<IDS|MSG>", b"0" * 64, *body],  # bad signature
            [b"<IDS|MSG>", b"", *body],
            [b"<IDS|MSG>", good, *body[:3]],  # a frame missing
            [b"no delimiter"],
            [b""],
            [b"<IDS|MSG>"],
            [b"<IDS|MSG>", k.sign([b"{", b"{}", b"{}", b"{}"]), b"{", b"{}", b"{}", b"{}"],  # not JSON
            [b"<IDS|MSG>", k.sign([b"[]", b"{}", b"{}", b"{}"]), b"[]", b"{}", b"{}", b"{}"],  # not an object
            [b"<IDS|MSG>", k.sign([b"{}", b"{}", b"{}", b"{}"]), b"{}", b"{}", b"{}", b"{}"],  # no msg_type
            [b"<IDS|MSG>", k.sign([b"\xff\xfe", b"{}", b"{}", b"{}"]), b"\xff\xfe", b"{}", b"{}", b"{}"],
            [b"x"] * 200,
        ):
            shell.send_multipart(parts)
        self.alive()
        shell.send_multipart([b"<IDS|MSG>", good, *body])
        self.assertIsNotNone(k.receive("shell", 5))
        shell.send_multipart([b"<IDS|MSG>", good, *body])  # a replay
        self.assertIsNone(k.receive("shell", 0.5))
        self.alive()

    def test_rubbish_content_still_gets_a_reply(self):
        k = self.k
        for type_ in ("execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request", "kernel_info_request"):
            for content in ({}, {"code": 5, "cursor_pos": "x"}, {"code": "x", "cursor_pos": 10**9}, {"code": "x", "cursor_pos": -7}, {"n": -1, "hist_access_type": 7}):
                r = k.reply("shell", k.send("shell", type_, content))
                self.assertEqual(r["type"], type_.replace("request", "reply"))
        r = k.reply("shell", k.send("shell", "made_up_request", {}))
        self.assertEqual((r["type"], r["content"]["status"]), ("made_up_reply", "error"))
        self.alive()

    def test_completion_counts_code_points(self):
        k = self.k
        k.execute("t = frame(alpha: [1], beta: [2])")
        code = 's = "😀é"\nt |> where al'
        r = k.reply("shell", k.send("shell", "complete_request", {"code": code, "cursor_pos": len(code)}))
        c = r["content"]
        self.assertIn("alpha", c["matches"])
        self.assertEqual(code[c["cursor_start"] : c["cursor_end"]], "al")
        self.assertEqual(c["metadata"]["_jupyter_types_experimental"][c["matches"].index("alpha")]["type"], "column")

    def test_answers_while_a_cell_runs(self):
        k = self.k
        msg = k.send("shell", "execute_request", {"code": "sleep(3s)\n1", "silent": False})
        time.sleep(0.3)
        start = time.time()
        r = k.reply("shell", k.send("shell", "complete_request", {"code": "x |> wh", "cursor_pos": 7}))
        self.assertIn("where", r["content"]["matches"])
        k.sockets["hb"].send(b"ping")
        self.assertEqual(k.sockets["hb"].recv(), b"ping")
        self.assertLess(time.time() - start, 2)
        k.reply("shell", msg, 10)

    def test_stop_on_error_aborts_what_was_sent_before(self):
        k = self.k
        ids = [k.send("shell", "execute_request", {"code": c, "silent": False}) for c in ("error(\"no\")", "y = 1", "y = 2")]
        status = [k.reply("shell", i)["content"]["status"] for i in ids]
        self.assertEqual(status, ["error", "aborted", "aborted"])
        self.alive()

    def test_interrupt_by_message_and_signal(self):
        k = self.k
        for how in ("message", "signal"):
            msg = k.send("shell", "execute_request", {"code": "sleep(60s)", "silent": False})
            time.sleep(0.3)
            start = time.time()
            if how == "message":
                self.assertEqual(k.reply("control", k.send("control", "interrupt_request", {}))["content"]["status"], "ok")
            else:
                os.kill(k.proc.pid, signal.SIGINT)
            r = k.reply("shell", msg)
            self.assertLess(time.time() - start, 5)
            self.assertEqual((r["content"]["status"], r["content"]["ename"]), ("error", "Interrupted"))
            self.alive()
        os.kill(k.proc.pid, signal.SIGINT)  # at idle: nothing happens
        self.alive()

    def test_interrupt_of_reads_and_fits(self):
        """The reply comes soon (the figure is printed; only a hang fails) and the session keeps what it had."""
        k = self.k
        folder = tempfile.mkdtemp()
        with open(folder + "/big.csv", "w") as f:
            f.write("a,b,c,d\n")
            block = "".join(f"{i},{i * 0.37:.5f},text{i % 1000},{i % 7}\n" for i in range(100000))
            for _ in range(60):
                f.write(block)
        self.assertEqual(k.execute(f'kept = 41\nt = read("{folder}/big.csv")', timeout=300)[0]["content"]["status"], "ok")
        for name, code, after in (
            ("read", f'u = read("{folder}/big.csv")\nu |> cache\nsleep(60s)', 0.1),
            ("fit", "for i in seq(1, 1000) { m = t |> fit d ~ scale(b) + a + cat(c), linear() }", 1.5),
            ("sort", "for i in seq(1, 1000) { u = t |> sort -b, c, a\n u |> cache }", 1.0),
        ):
            msg = k.send("shell", "execute_request", {"code": code, "silent": False})
            time.sleep(after)
            start = time.time()
            k.reply("control", k.send("control", "interrupt_request", {}))
            r = k.reply("shell", msg, 60)
            print(f"interrupt of {name}: {(time.time() - start) * 1000:.0f} ms")
            self.assertEqual((r["content"]["status"], r["content"].get("ename")), ("error", "Interrupted"), name)
        reply, out = k.execute("kept + 1")
        self.assertEqual([m["content"]["data"]["text/plain"] for m in out if m["type"] == "execute_result"], ["42"])

    def test_input(self):
        k = self.k
        msg = k.send("shell", "execute_request", {"code": 'name = input("who? ")\nprint(name)', "silent": False, "allow_stdin": True})
        q = k.receive("stdin", 10)
        self.assertEqual((q["type"], q["content"]["prompt"]), ("input_request", "who? "))
        h, body, _ = k.frames("input_reply", {"value": "Ada"})
        body[1] = json.dumps(q["header"]).encode()
        k.sockets["stdin"].send_multipart([b"<IDS|MSG>", k.sign(body), *body])
        self.assertEqual(k.reply("shell", msg)["content"]["status"], "ok")
        self.assertIn("Ada\n", [m["content"].get("text") for m in k.until_idle(msg)])
        reply, _ = k.execute('input("x")', allow_stdin=False)
        self.assertEqual(reply["content"]["ename"], "E604")

    def test_many_requests_at_once(self):
        k = self.k
        ids = {k.send("shell", "kernel_info_request", {}) for _ in range(5000)}
        while ids:
            m = k.receive("shell", 20)
            self.assertIsNotNone(m, f"{len(ids)} requests without a reply")
            ids.discard(m["parent"]["msg_id"])
        self.alive()

    def test_output_comes_before_idle(self):
        for i in range(100):
            _, out = self.k.execute(f"print({i})\n!echo shell{i}")
            text = "".join(m["content"]["text"] for m in out if m["type"] == "stream")
            self.assertEqual(sorted(text.split()), sorted([str(i), f"shell{i}"]))

    def test_history(self):
        for c in ("a = 1", "b = 2", "a = 1"):
            self.k.execute(c)
        get = lambda **c: [row[2] for row in self.k.reply("shell", self.k.send("shell", "history_request", {"output": False, "raw": True, **c}))["content"]["history"]]
        self.assertEqual(get(hist_access_type="tail", n=2), ["b = 2", "a = 1"])
        self.assertEqual(get(hist_access_type="search", pattern="a*", n=9, unique=True), ["a = 1"])
        self.assertEqual(get(hist_access_type="range", session=0, start=1, stop=3), ["a = 1", "b = 2"])

    def test_history_of_earlier_sessions(self):
        folder = Path(tempfile.mkdtemp(prefix="mlnb-history-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "mlnb").mkdir()
        (folder / "mlnb/history").write_bytes(b"old = 1\nx = [1,\\n  2]\nbad \xff\na = 1\nback\\\\slash\n")
        k = RawKernel(env={"XDG_STATE_HOME": str(folder)})
        self.addCleanup(k.stop)
        k.ready()
        for c in ("a = 1", "b = 2"):
            k.execute(c)
        get = lambda **c: k.reply("shell", k.send("shell", "history_request", {"output": False, "raw": True, **c}))["content"]["history"]  # noqa: E731
        old = [[-1, 1, "old = 1"], [-1, 2, "x = [1,\n  2]"], [-1, 4, "a = 1"], [-1, 5, "back\\slash"]]
        self.assertEqual(get(hist_access_type="tail", n=10), old + [[0, 1, "a = 1"], [0, 2, "b = 2"]])
        self.assertEqual(get(hist_access_type="tail", n=3), [old[3], [0, 1, "a = 1"], [0, 2, "b = 2"]])
        self.assertEqual(get(hist_access_type="search", pattern="a*", n=9, unique=True), [[0, 1, "a = 1"]])
        self.assertEqual(get(hist_access_type="search", pattern="?*=*[[]*", n=9, output=True), [[-1, 2, ["x = [1,\n  2]", None]]])
        self.assertEqual(get(hist_access_type="range", session=-1, start=1, stop=3), old[:2])
        self.assertEqual(get(hist_access_type="range", session=0, start=1, stop=3), [[0, 1, "a = 1"], [0, 2, "b = 2"]])
        self.assertEqual((folder / "mlnb/history").read_bytes().count(b"\n"), 5)  # cells are not written there

    def test_comm_and_subscription(self):
        k = self.k
        k.send("shell", "comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
        while True:
            m = k.receive("iopub", 5)
            self.assertIsNotNone(m)
            if m["type"] == "comm_close":
                break
        self.assertEqual(m["content"]["comm_id"], "c1")

    def test_shutdown(self):
        r = self.k.reply("control", self.k.send("control", "shutdown_request", {"restart": True}))
        self.assertEqual(r["content"], {"status": "ok", "restart": True})
        self.assertEqual(self.k.proc.wait(5), 0)


class Lifecycle(unittest.TestCase):
    def test_empty_key_and_ipc(self):
        for kw in ({"key": ""}, {"transport": "ipc"}):
            k = RawKernel(**kw)
            k.ready()
            self.assertEqual(k.execute("1")[0]["content"]["status"], "ok")
            self.assertEqual(k.stop(), 0)

    def test_parent_death(self):
        parent = subprocess.Popen(["sleep", "60"])
        k = RawKernel(env={"JPY_PARENT_PID": str(parent.pid)})
        k.ready()
        parent.kill()
        parent.wait()
        self.assertEqual(k.proc.wait(5), 0)
        k.stop()

    def test_bad_connection_files(self):
        for text in ("", "{}", "[]", '{"ip": "127.0.0.1", "transport": "tcp", "key": "k"}', '{"shell_port": "x"}'):
            path = f"/tmp/mlnb-bad-{os.getpid()}.json"
            with open(path, "w") as f:
                f.write(text)
            p = subprocess.run([BIN, "kernel", "-f", path], capture_output=True, text=True, timeout=20)
            os.unlink(path)
            self.assertNotEqual(p.returncode, 0)
            self.assertIn("connection file", p.stderr)
        self.assertNotEqual(subprocess.run([BIN, "kernel", "-f", "/no/such"], capture_output=True, timeout=20).returncode, 0)

    def test_version_and_usage(self):
        self.assertRegex(subprocess.run([BIN, "--version"], capture_output=True, text=True).stdout, r"^mlnb \d")
        self.assertEqual(subprocess.run([BIN, "frobnicate"], capture_output=True).returncode, 2)


if __name__ == "__main__":
    unittest.main()

"""How a kernel lives and ends: transports, encryption, restarts, parents, children; output that must neither get lost nor flood."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import zmq

from mlnbtest import BIN, RawKernel


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(pid, timeout=5):
    end = time.time() + timeout
    while time.time() < end and is_alive(pid):
        time.sleep(0.02)
    return not is_alive(pid)


def text_of(out, name="stdout"):
    return "".join(m["content"]["text"] for m in out if m["type"] == "stream" and m["content"]["name"] == name)


class Transport(unittest.TestCase):
    def check(self, k):
        k.ready()
        reply, out = k.execute("6 * 7")
        self.assertEqual(reply["content"]["status"], "ok")
        self.assertEqual([m["content"]["data"]["text/plain"] for m in out if m["type"] == "execute_result"], ["42"])
        k.sockets["hb"].send(b"beat")
        self.assertTrue(k.sockets["hb"].poll(5000))
        self.assertEqual(k.sockets["hb"].recv(), b"beat")
        self.assertEqual(k.reply("control", k.send("control", "kernel_info_request", {}))["content"]["status"], "ok")

    def test_tcp_ipc_and_curve(self):
        for kw in ({}, {"transport": "ipc"}, {"curve": True}, {"transport": "ipc", "curve": True}, {"key": ""}):
            with self.subTest(**kw):
                k = RawKernel(**kw)
                self.check(k)
                self.assertEqual(k.stop(), 0)

    def test_curve_refuses_who_has_no_key(self):
        k = RawKernel(curve=True)
        k.ready()
        plain = k.ctx.socket(zmq.DEALER)
        plain.linger = 0
        plain.connect(k.address("shell"))
        _, body, signature = k.frames("kernel_info_request", {})
        plain.send_multipart([b"<IDS|MSG>", signature, *body])
        self.assertEqual(plain.poll(1000), 0)
        plain.close()
        self.check_alive(k)
        k.stop()

    def check_alive(self, k):
        self.assertEqual(k.execute("1")[0]["content"]["status"], "ok")

    def test_bad_curve_keys(self):
        for keys in ({"curve_publickey": "x" * 40}, {"curve_publickey": "short", "curve_secretkey": "short"}):
            folder = tempfile.mkdtemp()
            info = {"ip": "127.0.0.1", "transport": "tcp", "key": "k", "signature_scheme": "hmac-sha256", **keys,
                    **{n + "_port": 40000 + i for i, n in enumerate(("shell", "control", "iopub", "stdin", "hb"))}}
            with open(folder + "/c.json", "w") as f:
                json.dump(info, f)
            p = subprocess.run([BIN, "kernel", "-f", folder + "/c.json"], capture_output=True, text=True, timeout=20)
            self.assertNotEqual(p.returncode, 0)
            self.assertIn("curve", p.stderr)

    def test_port_in_use(self):
        k = RawKernel()
        k.ready()
        p = subprocess.run([BIN, "kernel", "-f", k.file], capture_output=True, text=True, timeout=20)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("cannot listen", p.stderr)
        self.check_alive(k)
        k.stop()


class Restart(unittest.TestCase):
    def test_restart_on_the_same_ports(self):
        k = RawKernel()
        k.ready()
        k.execute("kept = 1")
        for _ in range(3):
            self.assertEqual(k.reply("control", k.send("control", "shutdown_request", {"restart": True}))["content"]["restart"], True)
            self.assertEqual(k.proc.wait(5), 0)
            k.restart()
            end = time.time() + 20
            while time.time() < end:  # the sockets reconnect by themselves
                msg = k.send("shell", "kernel_info_request", {})
                r = k.receive("shell", 1)
                if r and r["parent"]["msg_id"] == msg:
                    break
            reply = k.reply("shell", k.send("shell", "execute_request", {"code": "kept", "silent": False}))
            self.assertEqual(reply["content"]["ename"], "E202")
        self.assertEqual(k.stop(), 0)

    def test_reconnect_with_the_same_identity(self):
        k = RawKernel()
        k.ready()
        old = k.sockets["shell"]
        s = k.ctx.socket(zmq.DEALER)
        s.linger = 0
        s.setsockopt(zmq.IDENTITY, k.session.encode())
        s.connect(k.address("shell"))
        k.sockets["shell"] = s
        time.sleep(0.2)
        self.assertEqual(k.reply("shell", k.send("shell", "kernel_info_request", {}))["content"]["status"], "ok")
        old.close()
        k.stop()

    def test_a_second_client_is_welcomed(self):
        k = RawKernel()
        k.ready()
        s = k.ctx.socket(zmq.SUB)
        s.linger = 0
        s.setsockopt(zmq.SUBSCRIBE, b"stat")
        s.setsockopt(zmq.SUBSCRIBE, b"iopub_wel")
        s.connect(k.address("iopub"))
        self.assertTrue(s.poll(5000))
        frames = s.recv_multipart()
        self.assertEqual(frames[0], b"iopub_wel")
        self.assertEqual(json.loads(frames[3])["msg_type"], "iopub_welcome")
        self.assertEqual([json.loads(f) for f in frames[4:6]], [{}, {}])
        s.close()
        k.stop()


class Ends(unittest.TestCase):
    def test_parent_death(self):
        for busy in (None, "for i in seq(1, 20000000) { x = i }", "sleep(100s)", "!sleep 100"):
            parent = subprocess.Popen(["sleep", "60"])
            k = RawKernel(env={"JPY_PARENT_PID": str(parent.pid)})
            k.ready()
            children = []
            if busy:
                k.send("shell", "execute_request", {"code": busy, "silent": False})
                time.sleep(0.5)
                children = subprocess.run(["pgrep", "-P", str(k.proc.pid)], capture_output=True, text=True).stdout.split()
            if busy and busy.startswith("!"):
                self.assertTrue(children)
            start = time.time()
            parent.kill()
            parent.wait()
            self.assertEqual(k.proc.wait(5), 0)
            print(f"parent killed to gone ({busy or 'idle'}): {(time.time() - start) * 1000:.0f} ms")
            for pid in children:
                self.assertTrue(gone(int(pid)), "a child outlived the kernel")
            k.stop()

    def test_jobs_end_with_the_kernel(self):
        def live():
            found = subprocess.run(["pgrep", "-f", "^sleep 71\\.25$"], capture_output=True, text=True).stdout.split()
            return [pid for pid in found if is_alive(pid)]

        for how in ("parent", "shutdown"):
            parent = subprocess.Popen(["sleep", "60"])
            k = RawKernel(env={"JPY_PARENT_PID": str(parent.pid)})
            k.ready()
            k.execute("!sleep 71.25 > /dev/null 2>&1 &")
            self.assertEqual(len(live()), 1)
            if how == "shutdown":
                k.send("control", "shutdown_request", {"restart": False})
            parent.kill()
            parent.wait()
            self.assertEqual(k.proc.wait(5), 0)
            for pid in live():
                self.assertTrue(gone(pid), how)
            k.stop()

    def test_parent_gone_before(self):
        parent = subprocess.Popen(["true"])
        parent.wait()
        k = RawKernel(env={"JPY_PARENT_PID": str(parent.pid)})
        self.assertEqual(k.proc.wait(5), 0)
        k.stop()

    def test_shutdown_while_busy(self):
        for how in ("message", "SIGTERM"):
            k = RawKernel()
            k.ready()
            k.send("shell", "execute_request", {"code": "!sleep 100", "silent": False})
            time.sleep(0.5)
            children = subprocess.run(["pgrep", "-P", str(k.proc.pid)], capture_output=True, text=True).stdout.split()
            if how == "message":
                self.assertEqual(k.reply("control", k.send("control", "shutdown_request", {"restart": False}))["content"]["status"], "ok")
            else:
                k.proc.send_signal(signal.SIGTERM)
            self.assertEqual(k.proc.wait(5), 0)
            for pid in children:
                self.assertTrue(gone(int(pid)))
            k.stop()

    def test_idle_holds_no_library_of_later(self):
        """Linear algebra, pictures and databases are loaded by those who use them."""
        k = RawKernel()
        k.ready()
        libraries = lambda: {n for n in ("openblas", "cairo", "libpq.so") if n in Path(f"/proc/{k.proc.pid}/maps").read_text()}  # noqa: E731
        k.execute("t = frame(x: [1, 2, 3, 4], y: [2, 4, 6, 9])\nt |> summarize sum(x)")
        self.assertEqual(libraries(), set())
        reply, _ = k.execute("m = t |> fit y ~ x, linear()")
        self.assertEqual((reply["content"]["status"], libraries()), ("ok", {"openblas"}))
        k.stop()

    def test_ending_the_server_leaves_no_process(self):
        """A Jupyter server that is killed hard, with a kernel in the middle of a cell."""
        from mlnbtest import install_kernelspec

        install_kernelspec()
        code = """if True:
            import sys, time
            from jupyter_client.manager import start_new_kernel
            m, c = start_new_kernel(kernel_name="mlnb")
            c.execute("sleep(100s)")
            print(m.provisioner.pid, flush=True)
            time.sleep(100)"""
        p = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        pid = int(p.stdout.readline())
        self.assertTrue(is_alive(pid))
        p.kill()
        p.wait()
        p.stdout.close()
        self.assertTrue(gone(pid))


class Output(unittest.TestCase):
    def test_all_lines_in_few_messages(self):
        k = RawKernel()
        k.ready()
        reply, out = k.execute('for i in seq(1, 50000) { print("line", i) }', timeout=120)
        self.assertEqual(text_of(out).split("\n"), [f"line {i}" for i in range(1, 50001)] + [""])
        self.assertLess(len(out), 200)
        k.stop()

    def test_slow_subscriber_loses_nothing(self):
        k = RawKernel(sub_hwm=10)
        k.ready()
        msg = k.send("shell", "execute_request", {"code": 'for i in seq(1, 100000) { print("a line of some length, which is number", i) }', "silent": False})
        other = [k.send("shell", "execute_request", {"code": f"print({i})", "silent": False}) for i in range(200)]
        time.sleep(2)  # nobody reads iopub; control and shell still answer
        k.reply("control", k.send("control", "kernel_info_request", {}))
        out = k.until_idle(msg, 60)
        self.assertEqual(text_of(out).count("\n"), 100000)
        for i, m in enumerate(other):
            self.assertEqual(text_of(k.until_idle(m, 30)), f"{i}\n")
        k.stop()

    def test_cap(self):
        k = RawKernel(env={"MLNB_OUTPUT_MB": "1"})
        k.ready()
        for _ in range(2):  # each cell has its own
            reply, out = k.execute('for i in seq(1, 40000) { print("a line of some length, which is written many times over") }\n1', timeout=120)
            self.assertEqual(reply["content"]["status"], "ok")
            self.assertLess(len(text_of(out)), 1 << 20)
            self.assertGreater(len(text_of(out)), 1 << 19)
            self.assertEqual(text_of(out, "stderr").count("stops here"), 1)
            self.assertIn("execute_result", [m["type"] for m in out])
        k.stop()

    def test_native_output_and_order(self):
        k = RawKernel()
        k.ready()
        for _ in range(30):
            _, out = k.execute('print("one")\n!printf "two\\n"; printf "err\\n" >&2\nprint("three")\nframe(a: [1])\nprint("four")')
            said = [m["content"]["text"] if m["type"] == "stream" else m["type"] for m in out if m["type"] in ("stream", "execute_result", "display_data")]
            joined = "".join(t for t in said if t != "err\n")
            self.assertEqual(joined.replace("display_data", "|").replace("execute_result", "|"), "one\ntwo\nthree\n|four\n")
        _, out = k.execute("!printf '\\303'; sleep 0.2; printf '\\251\\377.\\n'")  # half a character, the other half, a bad byte
        self.assertEqual(text_of(out), "é\ufffd.\n")
        k.stop()

    def test_nothing_after_idle(self):
        k = RawKernel()
        k.ready()
        for i in range(200):
            msg = k.send("shell", "execute_request", {"code": f"print({i})", "silent": False})
            seen = k.until_idle(msg)
            self.assertEqual(text_of(seen), f"{i}\n")
        time.sleep(0.3)
        while (m := k.receive("iopub", 0.1)):
            self.assertNotIn(m["type"], ("stream", "execute_result"))
        k.stop()


if __name__ == "__main__":
    unittest.main()

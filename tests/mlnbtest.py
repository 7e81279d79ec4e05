"""What the Python tests share: the program under test, a kernelspec for it in a folder of its own, a raw client."""
import atexit
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = os.environ.get("MLNB_BIN") or str(ROOT / "build/release/mlnb")
SHARED = ROOT.parent / "shared"


def install_kernelspec():
    """Installs the kernel into a fresh folder and points Jupyter at it; returns the folder."""
    data = tempfile.mkdtemp(prefix="mlnb-jupyter-")
    subprocess.run([BIN, "install", "--prefix", data], check=True, stdout=subprocess.DEVNULL)
    os.environ["JUPYTER_PATH"] = data + "/share/jupyter"
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        os.environ[name] = data + "/" + name.lower()
        os.makedirs(os.environ[name], exist_ok=True)
    return data


def run(code, *args, **kw):
    """mlnb -e code: (exit code, stdout, stderr)."""
    p = subprocess.run([BIN, *args, "-e", code], capture_output=True, text=True, timeout=300, **kw)
    return p.returncode, p.stdout, p.stderr


class RawKernel:
    """A kernel process and plain ZeroMQ sockets, so that tests can send what no client library would."""

    def __init__(self, key="secret-key", env=None, transport="tcp", argv=None, curve=False, sub_hwm=None, **popen):
        import zmq

        self.dir = tempfile.mkdtemp(prefix="mlnb-raw-")
        self.key = key.encode()
        self.ctx = zmq.Context()
        atexit.register(lambda: (self.proc.kill(), self.ctx.destroy(0)))  # a failed test must not hang
        ports = []
        if transport == "tcp":
            import socket

            socks = [socket.socket() for _ in range(5)]
            for s in socks:
                s.bind(("127.0.0.1", 0))
            ports = [s.getsockname()[1] for s in socks]
            for s in socks:
                s.close()
            ip = "127.0.0.1"
        else:
            ports, ip = [1, 2, 3, 4, 5], self.dir + "/ipc"
        names = ["shell_port", "control_port", "iopub_port", "stdin_port", "hb_port"]
        self.info = dict(zip(names, ports), ip=ip, transport=transport, key=key, signature_scheme="hmac-sha256", kernel_name="mlnb")
        if curve:
            public, secret = zmq.curve_keypair()
            self.info.update(curve_publickey=public.decode(), curve_secretkey=secret.decode())
        self.file = self.dir + "/connection.json"
        Path(self.file).write_text(json.dumps(self.info))
        self.argv, self.env = [*(argv or [BIN, "kernel", "-f"]), self.file], {**os.environ, "XDG_STATE_HOME": "/nonexistent", **(env or {})}
        self.proc = subprocess.Popen(self.argv, env=self.env, start_new_session=True, **popen)
        self.session = uuid.uuid4().hex
        sep = ":" if transport == "tcp" else "-"
        self.address = lambda name: f"{transport}://{ip}{sep}{self.info[name + '_port']}"
        self.sockets = {}
        for name, kind in (("shell", zmq.DEALER), ("control", zmq.DEALER), ("stdin", zmq.DEALER), ("hb", zmq.REQ), ("iopub", zmq.SUB)):
            s = self.ctx.socket(kind)
            s.linger = 0
            s.reconnect_ivl = 5  # the first try comes before the kernel listens
            if curve:
                self.encrypt(s)
            if kind == zmq.DEALER:
                s.setsockopt(zmq.IDENTITY, self.session.encode())
            if kind == zmq.SUB:
                s.setsockopt(zmq.RCVHWM, 0 if sub_hwm is None else sub_hwm)
                s.setsockopt(zmq.SUBSCRIBE, b"")
            s.connect(self.address(name))
            self.sockets[name] = s

    def encrypt(self, socket):
        import zmq

        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_serverkey = self.info["curve_publickey"].encode()

    def restart(self):
        """Another process on the same connection file, as a client restarts a kernel."""
        self.proc = subprocess.Popen(self.argv, env=self.env, start_new_session=True)

    def frames(self, type_, content, header=None, key=None):
        h = {"msg_id": uuid.uuid4().hex, "session": self.session, "username": "t", "date": "2026-01-01T00:00:00Z", "msg_type": type_, "version": "5.5"}
        h.update(header or {})
        body = [json.dumps(h).encode(), b"{}", b"{}", json.dumps(content).encode()]
        return h["msg_id"], body, self.sign(body, key)

    def sign(self, body, key=None):
        key = self.key if key is None else key
        if not key:
            return b""
        mac = hmac.new(key, digestmod=hashlib.sha256)
        for f in body:
            mac.update(f)
        return mac.hexdigest().encode()

    def send(self, channel, type_, content, **kw):
        msg_id, body, signature = self.frames(type_, content, **kw)
        self.sockets[channel].send_multipart([b"<IDS|MSG>", signature, *body])
        return msg_id

    def receive(self, channel, timeout=10):
        """Next message as a dict, or None."""
        s = self.sockets[channel]
        if not s.poll(int(timeout * 1000)):
            return None
        parts = s.recv_multipart()
        at = parts.index(b"<IDS|MSG>")
        assert parts[at + 1] == self.sign(parts[at + 2 : at + 6]), "the kernel's own signature is wrong"
        header, parent, metadata, content = (json.loads(p) for p in parts[at + 2 : at + 6])
        return {"topic": parts[:at], "header": header, "parent": parent, "metadata": metadata, "content": content, "type": header["msg_type"]}

    def reply(self, channel, msg_id, timeout=20):
        end = time.time() + timeout
        while time.time() < end:
            m = self.receive(channel, max(0.01, end - time.time()))
            if m and m["parent"].get("msg_id") == msg_id:
                return m
        raise AssertionError("no reply")

    def until_idle(self, msg_id, timeout=30):
        """iopub messages of a request up to its idle."""
        out, end = [], time.time() + timeout
        while time.time() < end:
            m = self.receive("iopub", max(0.01, end - time.time()))
            if not m or m["parent"].get("msg_id") != msg_id:
                continue
            out.append(m)
            if m["type"] == "status" and m["content"]["execution_state"] == "idle":
                return out
        raise AssertionError(f"no idle; got {[m['type'] for m in out]}")

    def execute(self, code, timeout=60, **content):
        c = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
        c.update(content)
        msg_id = self.send("shell", "execute_request", c)
        return self.reply("shell", msg_id, timeout), self.until_idle(msg_id, timeout)

    def ready(self):
        r = self.reply("shell", self.send("shell", "kernel_info_request", {}))
        while True:  # the subscription is in force once its welcome came
            m = self.receive("iopub", 10)
            assert m, "no iopub_welcome"
            if m["type"] == "iopub_welcome":
                time.sleep(0.1)  # stdin's connection too
                return r

    def stop(self):
        if self.proc.poll() is None:
            self.send("control", "shutdown_request", {"restart": False})
            try:
                self.proc.wait(5)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
        for s in self.sockets.values():
            s.close()
        self.ctx.term()
        return self.proc.returncode

"""Engines that tests compare with: DuckDB (a Python package) and a PostgreSQL server of our own.

    with peers.postgres() as pg:          # None when no server is installed
        pg.execute("select 1").fetchall()

The server lives in a folder of its own under the temporary folder, listens on a socket there only, and is gone
afterwards. PostgreSQL refuses to run as root: then it runs as user `postgres`.
"""
import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile


def duckdb():
    """A connection of its own to DuckDB in memory, or None."""
    try:
        import duckdb as engine
    except ImportError:
        return None
    return engine.connect()


def postgres_bin():
    """Folder of the server's programs, or None."""
    found = shutil.which("postgres")
    if found:
        return os.path.dirname(os.path.realpath(found))
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    return os.path.dirname(folders[-1]) if folders else None


class PostgresServer:
    """A running server; `dsn` is for libpq (psycopg.connect(server.dsn), or a URL-less `host=.. dbname=..`)."""

    def __init__(self, locale="C.UTF-8"):
        self.bin = postgres_bin()
        self.folder = tempfile.mkdtemp(prefix="mlnb-pg-", dir="/tmp")
        self.data = os.path.join(self.folder, "data")
        self.user = "postgres" if os.geteuid() == 0 else None
        os.chmod(self.folder, 0o755)
        if self.user:
            shutil.chown(self.folder, self.user)
        self._run("initdb", "-D", self.data, "-U", "test", "-A", "trust", "-E", "UTF8", f"--locale={locale}", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c jit=off -c max_stack_depth=6MB"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", os.path.join(self.folder, "log"), "-o", options, "start")
        self.dsn = f"host={self.folder} user=test dbname=postgres"

    def _run(self, program, *args):
        command = [os.path.join(self.bin, program), *args]
        if self.user:
            command = ["runuser", "-u", self.user, "--", *command]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")

    def stop(self):
        with contextlib.suppress(Exception):
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def can_run_postgres():
    if not postgres_bin() or not shutil.which("runuser"):
        return False
    try:
        import psycopg  # noqa: F401
        pwd.getpwnam("postgres")
    except (ImportError, KeyError):
        return False
    return True


@contextlib.contextmanager
def postgres():
    """A connection (autocommit) to a server that is started for it; None when there is no PostgreSQL here."""
    if not can_run_postgres():
        yield None
        return
    import psycopg
    server = PostgresServer()
    try:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            yield connection
    finally:
        server.stop()

"""What surrounds the servers, and the servers: a small disk, a clock that jumps, Redis, a store, processes that are killed."""
import contextlib
import glob
import json
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import postgres

CLOCKS = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")


def own_mounts():
    """True if this process may mount what nobody else sees."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


class Disk:
    """A small file system, which can be full."""

    def __init__(self, path, megabytes, limited):
        self.path, self.limited = path, limited
        os.makedirs(path)
        if limited:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "chaos", path], check=True)

    @property
    def balloon(self):
        return os.path.join(self.path, "balloon")

    def fill(self):
        block = b"\0" * (1 << 20)
        with open(self.balloon, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(block[:size])

    def free(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.balloon)

    def remove(self):
        if self.limited:
            subprocess.run(["umount", "--lazy", self.path], check=False)


class Clock:
    """Of one server; libfaketime reads it from a file once per second. The monotonic clock stays."""

    def __init__(self, path):
        self.path = path
        self.jump(0)

    def jump(self, seconds):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(f"{seconds:+d}\n")
        os.replace(self.path + ".new", self.path)

    def environment(self):
        if not CLOCKS:
            return {}
        return {"LD_PRELOAD": CLOCKS[0], "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


class Redis:
    program = shutil.which("redis-server") or shutil.which("redis-check-rdb")

    def __init__(self, directory):
        self.directory, self.path = directory, os.path.join(directory, "redis.sock")
        self.start()

    def start(self):
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no", "--dir", self.directory,
                                         "--maxmemory", "16mb", "--maxmemory-policy", "allkeys-lru"], executable=self.program, stdout=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def command(self, *arguments):
        """Returns the reply's bytes, as far as they come at once."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.path)
            parts = [a if isinstance(a, bytes) else str(a).encode() for a in arguments]
            connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            connection.settimeout(.3)
            reply = b""
            with contextlib.suppress(TimeoutError):
                while data := connection.recv(1 << 20):
                    reply += data
            return reply

    def spoil(self, draw):
        """Every value becomes bytes of somebody else: random ones, a part, with another bit, those of another key, or a list. Returns their number."""
        keys = [line for line in self.command("KEYS", "winnow:*").split(b"\r\n") if line.startswith(b"winnow:")]
        values = {}
        for key in keys[:400]:
            with contextlib.suppress(OSError, IndexError):
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(5)
                    connection.connect(self.path)
                    connection.sendall(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key))
                    reply = connection.recv(1 << 16)
                    values[key] = reply.split(b"\r\n", 1)[1][:-2]
                    way = draw.randrange(5)
                    old = values[key] or b"x"
                    place = draw.randrange(len(old))
                    new = [draw.randbytes(draw.choice((1, 8, len(old), 4096))), old[:place], old[:place] + bytes([old[place] ^ 1 << draw.randrange(8)]) + old[place + 1:],
                           draw.choice(list(values.values())) if len(values) > 1 else b"other"][way % 4]
                    if way == 4:
                        commands = [(b"DEL", key), (b"LPUSH", key, b"x")]
                    elif new == old:
                        continue
                    else:
                        commands = [(b"SET", key, new)]
                    for parts in commands:
                        connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
                        connection.recv(1 << 16)
        return len(values)

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.kill()


class PostgresStore:
    name = "PostgreSQL"

    def __init__(self, disk):
        self.server = postgres.Postgres()
        self.url = self.server.url
        self.registry = ["--registry", self.url, "--artifacts", os.path.join(disk, "artifacts")]

    def crash(self):
        self.server.halt(signal.SIGQUIT)

    def start(self):
        self.server.start()

    @contextlib.contextmanager
    def locked(self):
        """While another client has the tables for itself."""
        process = subprocess.Popen([os.path.join(postgres.PROGRAMS, "psql"), "-q", "-h", self.server.directory, "-U", "winnow", "-d", "postgres"], cwd="/", stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True, **self.server.user)
        process.stdin.write("BEGIN; LOCK TABLE spam_feedback, messages, preferences, reputation IN ACCESS EXCLUSIVE MODE;\n")
        process.stdin.flush()
        yield
        process.communicate("ROLLBACK;\n")

    def rows(self, query):
        return [tuple(row.values()) for row in json.loads(self.server.sql(f"SELECT coalesce(json_agg(t), '[]') FROM ({query}) t"))]

    def change(self, statement):
        self.server.sql(statement)

    def stop(self):
        self.server.stop()


class SqliteStore:
    name = "SQLite"

    def __init__(self, disk):
        self.path = os.path.join(disk, "store.db")
        self.url = "sqlite:" + self.path
        self.registry = ["--registry", os.path.join(disk, "registry")]

    @contextlib.contextmanager
    def locked(self):
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
        connection.close()

    def rows(self, query):
        connection = sqlite3.connect(self.path, timeout=30)
        with contextlib.closing(connection):
            return connection.execute(query).fetchall()

    def change(self, statement):
        with contextlib.closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.execute(statement)

    def whole(self):
        return self.rows("PRAGMA integrity_check") == [("ok",)]

    def stop(self):
        pass


class Server:
    """A server that can be killed and started again, each time on a free port."""

    def __init__(self, name, program, directory, arguments, ledger):
        self.name, self.program, self.directory, self.arguments, self.ledger = name, program, directory, arguments, ledger
        self.clock = Clock(os.path.join(directory, f"{name}.clock"))
        self.log_path = os.path.join(directory, f"{name}.log")
        self.starts = 0
        self.process = None

    def start(self):
        with open(self.log_path, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([self.program, "serve", *self.arguments, "--port", "0", "--json"], cwd=self.directory, stdout=subprocess.PIPE, stderr=log, text=True,
                                            env={**os.environ, "XDG_CACHE_HOME": os.path.join(self.directory, "cache"), **self.clock.environment()})
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"{self.name} does not start: {self.log()[-3000:]}")
        self.port = json.loads(line)["port"]
        self.starts += 1

    def kill(self):
        pid = self.process.pid
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        for path in (f"/dev/shm/faketime_shm_{pid}", f"/dev/shm/sem.faketime_sem_{pid}"):  # which libfaketime of a killed process leaves
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)

    def terminate(self):
        """SIGTERM; the server must end cleanly, with or without requests."""
        self.process.terminate()
        try:
            code = self.process.wait(240)
        except subprocess.TimeoutExpired:
            code = "nothing"
            self.kill()
        if code != 0:
            self.ledger.fail(f"{self.name} ends with {code} on SIGTERM: {self.log()[-2000:]}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        return self.process.poll() is None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def limit_descriptors(self, most):
        """Returns the former limit."""
        former, hard = resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (most, hard))
        return former

    def stop(self):
        if self.process is not None and self.alive():
            self.kill()


def wait_until(condition, what, seconds=240):
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(.05)
    return result

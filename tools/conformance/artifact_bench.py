"""How tests of artifacts.py call artifact_probe, and what they share: files, keys, the numbers of error codes."""
import hashlib
import os
import random
import subprocess

MIB = 1 << 20
PART = 16 * MIB
ODD_KEYS = ["spam/1.0.0/a b+c=d.bin", "spam/1.0.0/é/漢字.txt", "spam/1.0.0/(1)*'!~@,;:$%41%2F.x", "spam/1.0.0/..a/b.", "+"]
EXISTS, NOT_FOUND, INVALID, IO, NETWORK, CANCELLED, ARGUMENT = 4, 3, 1, 5, 6, 7, 0


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


class Run:
    def __init__(self, result):
        self.code, self.out, self.log = result.returncode, result.stdout, result.stderr

    def error(self):
        """The number of the error's code, or None."""
        line = next((line for line in self.out.splitlines() if line.startswith("error ")), None)
        return None if line is None else int(line.split(":")[0].split()[1])


class Bench:
    """What tests share: files, the program, and everything that it has printed."""

    def __init__(self, probe, work):
        self.probe, self.work = probe, work
        self.printed, self.secrets = [], set()
        self.random = random.Random(19)
        (work / "home").mkdir()

    def file(self, size, name=None):
        path = self.work / (name or f"file{size}")
        if name or not path.exists():
            path.write_bytes(self.random.randbytes(size))
        return path

    def environment(self, keys=None, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
        env.update(HOME=str(self.work / "home"), AWS_EC2_METADATA_DISABLED="true", AWS_REGION="us-east-1")
        for name, value in zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), keys or ()):
            env[name] = value
        self.secrets.update((keys or ())[1:])
        return {**env, **more}

    def start(self, url, *words, env):
        return subprocess.Popen([self.probe, url, *map(str, words)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, process):
        out, log = process.communicate(timeout=300)
        self.printed += [out, log]
        return Run(subprocess.CompletedProcess((), process.returncode, out, log))

    def run(self, url, *words, env):
        return self.finish(self.start(url, *words, env=env))


class Store:
    """A server with a bucket, as the tests see it: directly and through the proxy."""

    def __init__(self, bench, proxy, keys, prefix):
        self.bench, self.proxy, self.keys = bench, proxy, keys
        self.url = f"s3://models/{prefix}/?endpoint={proxy.url}"
        self.env = bench.environment(keys)

    def run(self, *words, env=None, url=None):
        return self.bench.run(url or self.url, *words, env=env or self.env)

    def ok(self, *words, **more):
        run = self.run(*words, **more)
        check(run.code == 0, f"{words[:2]}: {run.out}\n{run.log[-1500:]}")
        return run

    def fails(self, code, *words, **more):
        run = self.run(*words, **more)
        check(run.code == 1 and run.error() == code, f"{words[:2]}: expected error {code}: {run.out}\n{run.log[-1500:]}")
        return run

    def keys_of(self, prefix=""):
        return [line.split(" ", 1)[1] for line in self.ok("list", prefix).out.splitlines()]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def same(store, key, path):
    out = store.bench.work / "out"
    out.unlink(missing_ok=True)
    store.ok("get", key, out, digest(path))
    check(out.read_bytes() == path.read_bytes(), f"{key}: other bytes came back")

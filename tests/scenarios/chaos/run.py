"""Chaos: two servers under mixed load while Redis, the store, the disk, the clock, descriptors and the servers themselves fail, in an order drawn from a seed.

    python3 tests/scenarios/chaos/run.py build/release/winnow                              # 20 seconds, PostgreSQL and Redis
    python3 tests/scenarios/chaos/run.py build/release/winnow --store sqlite
    WINNOW_TEST_SOAK_SECONDS=3600 python3 tests/scenarios/chaos/run.py build/release/winnow     # an hour

Asserted: every write that was acknowledged is found afterwards, and once; every answer is that of the program before the faults; errors come only
while a fault is on, and of the kinds that docs/operations.md names; memory, descriptors and threads stay; SIGTERM ends the servers cleanly.

--seed N repeats the order of the faults and what each client does, but not their timing. Everything runs in temporary directories and on free ports, and
ends with the script. As root, the disk is a small one of its own (tmpfs), which can be full; otherwise that fault is left out. libfaketime makes the
clocks jump. Exit status 77: something is not installed. Standard library alone."""
import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "end_to_end"))

import clients  # noqa: E402
import measures  # noqa: E402
import places  # noqa: E402
import postgres  # noqa: E402
from checks import Checks  # noqa: E402
from faults import Faults  # noqa: E402
from ledger import Client, Ledger  # noqa: E402
from places import wait_until  # noqa: E402

MESSAGES = os.path.join(SOURCE, "examples", "data", "messages.tsv")
FIELDS = ("isSpam", "score", "source", "symbols")  # of a verdict, which are the same for the same message

# What memory may grow by while the line is fitted. Allocators keep what they had at a peak: each change of a rule makes a set of rules anew (0.4 MB),
# each reload of models leaves gaps; both are reused.
NOISE_MB = 24
# What a server remembers: each report for 30 days, measured 1.8 to 3.2 kB (campaign memory, judged texts); each verdict as long as it is among the last
# 10,000, measured 1.0 kB. Twice as much is allowed, for tables that double and for both servers' reports in each of them. In bytes.
PER_REPORT, PER_VERDICT, MOST_VERDICTS = 6000, 2500, 10000
# Threads of queues start with their first task, those of a model with its first text. Connections to the store and to the registry, eight each at most
# (StoreOptions), are opened when as many tasks need one, and kept; one to SQLite has two descriptors.
MORE_DESCRIPTORS, MORE_THREADS = 32, 32
MOST_WRONG = 20  # after which a run ends early


class Chaos:
    def __init__(self, options):
        self.program = os.path.abspath(options.program)
        self.seed, self.seconds = options.seed, options.seconds
        self.ending = contextlib.ExitStack()
        self.directory = tempfile.mkdtemp(prefix="winnow-chaos-")
        self.ending.callback(shutil.rmtree, self.directory, True)
        self.ledger = Ledger(open(options.log or self.path("events.jsonl"), "w", encoding="utf-8"))
        self.client = Client(self.ledger)
        self.disk = places.Disk(self.path("disk"), int(128 + .2 * self.seconds), places.own_mounts() and os.environ.get("WINNOW_TEST_CHAOS_MOUNTS") == "own")
        self.ending.callback(self.disk.remove)
        os.makedirs(self.path("scratch"))
        self.store = (places.PostgresStore if options.store == "postgres" else places.SqliteStore)(self.path("disk"))
        self.ending.callback(self.store.stop)
        self.redis = places.Redis(self.directory)
        self.ending.callback(self.redis.stop)
        self.clocks = bool(places.CLOCKS)
        self.being_killed = threading.Event()
        self.spoilt = 0
        self.longest_fault = min(6, max(1.2, self.seconds / 15))
        self.lifecycle_pause = min(10, max(1, self.seconds / 15))
        self.pool = int(min(5000, 400 + 2 * self.seconds))
        self.review_pause = max(.3, self.seconds * 3 / self.pool)
        self.verdicts = {}  # by version
        self.samples = []   # (seconds, memory of the server that is never killed)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    @staticmethod
    def step(text):
        print(f"{time.monotonic() - BEGIN:6.1f} s  {text}", flush=True)

    @staticmethod
    def columns(line):
        """(label, text) of a row of a file that a review exports."""
        first, second = line.split("\t", 1)
        return (first, second) if first in ("ham", "spam") else (second, first)

    def winnow(self, *command, stdin=None):
        done = subprocess.run([self.program, *map(str, command)], cwd=self.directory, input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"winnow {command}: {done.stderr}")
        return done.stdout

    # Models
    def make_models(self):
        with open(MESSAGES, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t", 1) for line in file][1:]
        draw = random.Random(self.seed)
        self.texts = [text for _, text in draw.sample(rows, 120)]
        with open(self.path("pool.tsv"), "w", encoding="utf-8") as file:
            file.write("text\n" + "".join(f"{rows[i % len(rows)][1]} {clients.WORDS[i % len(clients.WORDS)]} {i}\n" for i in range(self.pool)))
        for name in ("a", "b"):
            os.makedirs(self.path("disk", f"{name}.workspace", "data"))
            os.makedirs(self.path("disk", f"{name}.workspace", "models"))
            shutil.copy(MESSAGES, self.path("disk", f"{name}.workspace", "data"))
            shutil.copy(self.path("pool.tsv"), self.path("disk", f"{name}.workspace", "data"))
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 2, "--precision", "f32", "--positive-label", "spam", "--output-dir", "scratch/deep", "--name", "deep")
        self.winnow("quantize", "scratch/deep", "--max-drop", 1)
        for name in ("a", "b"):
            shutil.copytree(self.path("scratch", "deep"), self.path("disk", f"{name}.workspace", "models", "deep"))
        self.learn("deep", json.load(open(self.path("scratch", "deep", "MODEL_VERSION.json"), encoding="utf-8"))["version"], self.path("scratch", "deep"))
        for number, strength in enumerate((1, .3)):
            bundle = self.path("scratch", f"first{number}")
            self.make_bundle(bundle, strength)
            done = subprocess.run([self.program, "registry", "push", bundle, *self.store.registry, "--bump", "minor", *(() if number else ("--alias", "champion")), "--json"],
                                  cwd=self.directory, capture_output=True, text=True)
            if done.returncode != 0:
                raise AssertionError(done.stderr)
            self.learn_versions(bundle, done)

    def make_bundle(self, directory, strength):
        """Trains a linear model, outside the small disk."""
        done = subprocess.run([self.program, "train", MESSAGES, "--kind", "lr", "--C", str(strength), "--name", "spam", "--positive-label", "spam", "--output-dir", directory],
                              cwd=self.directory, capture_output=True, text=True)
        if done.returncode != 0:
            self.ledger.fail(f"train: {done.stderr}")
        return done.returncode == 0

    def learn(self, model, version, bundle):
        """What the program says about each text."""
        lines = self.winnow("classify", bundle, "--json", *self.texts).splitlines()
        verdicts = self.winnow("filter", bundle, "--json", *self.texts).splitlines()
        with self.ledger.lock:
            self.ledger.expected[model, version] = {text: json.loads(line) for text, line in zip(self.texts, lines, strict=True)}
            self.verdicts[version] = {text: {field: json.loads(line)[field] for field in FIELDS} for text, line in zip(self.texts, verdicts, strict=True)}

    def learn_versions(self, bundle, done):
        if done.returncode == 0:
            version = json.loads(done.stdout.splitlines()[0])["version"]
            self.learn("spam", version, bundle)
            with self.ledger.lock:
                self.ledger.versions.append(version)

    def store_rows_of_registry(self, query):
        if isinstance(self.store, places.SqliteStore):
            registry = places.SqliteStore(self.path("disk"))
            registry.path = self.path("disk", "registry", "registry.db")
            return registry.rows(query)
        return self.store.rows(query)

    # Servers
    def start_servers(self):
        self.servers = []
        for name in ("a", "b"):
            disk = self.path("disk", name)
            arguments = ["spam", *self.store.registry, "--registry-cache", disk + ".registry", "--registry-interval", "0.5", "--filter", "--store", self.store.url, "--spool", disk + ".spool",
                         "--workspace", disk + ".workspace", "--redis", "unix://" + self.redis.path, "--cache-mb", "0.02" if name == "a" else "4", "--max-wait", "0", "--read-timeout", "5",
                         "--access-log", disk + ".access", "--http-threads", "2", "--threads", "2"]
            server = places.Server(name, self.program, self.directory, arguments, self.ledger)
            self.ending.callback(server.stop)
            self.servers.append(server)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.start(), self.servers))
        for server in self.servers:
            status, answer = self.client.ask(server, "check", "POST", "/v1/review", {"set": "chaos", "data": "pool.tsv", "labels": ["ham", "spam"], "features": "tfidf"}, accepts=(201,))
            if status != 201:
                raise AssertionError(answer)

    def mix(self, crew, seconds, faults=None):
        """The load for a time, with faults or without."""
        stopping, calm = threading.Event(), threading.Event()
        until = time.monotonic() + seconds
        working = clients.threads(crew, stopping)
        trouble = threading.Thread(target=faults.run, args=(calm,)) if faults else None
        if trouble:
            trouble.start()
        try:
            while time.monotonic() < until and len(self.ledger.wrong) < MOST_WRONG and not (faults and faults.broken):
                time.sleep(min(1, max(.2, seconds / 100)))
                dead = [s.name for s in self.servers if not s.alive() and not self.being_killed.is_set()]
                if dead:
                    time.sleep(.2)
                    if [s.name for s in self.servers if s.name in dead and not s.alive() and not self.being_killed.is_set()]:
                        self.ledger.fail(f"server {dead} has ended: {self.servers[-1].log()[-2000:]}")
                if self.servers[1].alive():
                    self.samples.append((time.monotonic(), measures.state(self.servers[1].process)[0]))
                    if len(self.samples) % 20 == 0:
                        self.ledger.log("memory of b", mb=round(self.samples[-1][1], 1))
        finally:  # also when the run is interrupted
            calm.set()
            if trouble:
                trouble.join()
            stopping.set()
            for thread in working:
                thread.join()

    def settled(self):
        """The states of the idle servers."""
        self.open_files = [measures.open_files(server.process) for server in self.servers]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return list(pool.map(lambda server: measures.settled(server.process), self.servers))

    def wait_for_reviews(self):
        """Features are computed when the machine has nothing else to do; texts can be labelled before."""
        for server in self.servers:
            with contextlib.suppress(AssertionError):
                wait_until(lambda: self.client.ask(server, "check", "GET", "/v1/review/chaos")[1].get("state") == "ready", "the review")

    def wait_for_jobs(self):
        for server in self.servers:
            for state in ("queued", "running"):
                wait_until(lambda: not self.client.ask(server, "check", "GET", f"/v1/jobs?state={state}")[1].get("jobs", [1]), "the jobs")

    def wait_for_stores(self):
        """Until each server has noticed that the faults of its store are over, which takes seconds."""
        for server in self.servers:
            wait_until(lambda: b'\nwinnow_filter_store{of="available"} 1\n' in self.client.ask(server, "check", "GET", "/metrics")[1], "the store")

    def redis_figures(self):
        """What came of Redis since the last start of each server."""
        figures = []
        for server in self.servers:
            _, text = self.client.ask(server, "check", "GET", "/metrics")
            counts = re.findall(r'^winnow_cache_lookups_total{cache="redis",result="(\w+)"} (\S+)', text.decode(), re.MULTILINE)
            figures.append(f"{server.name} " + ", ".join(f"{result} {n}" for result, n in counts))
        self.step("lookups in Redis since the last start: " + "; ".join(figures))

    def memory(self, begin, before, after):
        """The line through the memory of the server that was never killed, and what it may grow by."""
        points = [(x, y) for x, y in self.samples if x >= begin]
        points = points[len(points) // 3:]
        rise, error = measures.slope(points)
        fitted = points[-1][0] - points[0][0]
        reports = len(self.ledger.feedback) * 2 / 3
        verdicts = min(len(self.ledger.verdicts), MOST_VERDICTS)
        allowed = NOISE_MB + (reports * PER_REPORT + verdicts * PER_VERDICT) / 2**20
        self.step(f"memory of b: {rise * 3600:+.1f} ± {2 * error * 3600:.1f} MB per hour over {fitted:.0f} s; in {fitted:.0f} s it grows by {rise * fitted:.1f} MB, allowed are {allowed:.1f}")
        self.step("idle (MB, descriptors, threads), before the faults and after: " + "; ".join(f"{s.name} {b[0]:.0f}, {b[1]}, {b[2]} and {a[0]:.0f}, {a[1]}, {a[2]}"
                                                                                                        for s, b, a in zip(self.servers, before, after)))
        if (rise - 2 * error) * fitted > allowed or after[1][0] - before[1][0] > allowed * 1.5:
            self.ledger.fail(f"memory grows by {rise * fitted:.1f} MB in {fitted:.0f} s")
        for server, (_, files, threads), (_, files_after, threads_after), opened, open_after in zip(self.servers, before, after, self.open_before, self.open_files):
            if files_after > files:
                self.step(f"more descriptors of {server.name}: {dict(open_after - opened)}")
            if files_after > files + MORE_DESCRIPTORS or threads_after > threads + MORE_THREADS:
                self.ledger.fail(f"{server.name}: {files} descriptors and {threads} threads became {files_after} and {threads_after}")

    def end(self):
        """SIGTERM, while requests come."""
        stopping = threading.Event()

        def ask(server):
            while not stopping.is_set():
                with contextlib.suppress(OSError):
                    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=240)
                    with contextlib.suppress(http.client.HTTPException):
                        connection.request("POST", "/v1/classify", json.dumps({"text": self.texts[0]}))
                        connection.getresponse().read()
                    connection.close()
                time.sleep(.01)
        askers = [threading.Thread(target=ask, args=(server,)) for server in self.servers]
        for asker in askers:
            asker.start()
        time.sleep(.3)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda server: server.terminate(), self.servers))
        stopping.set()
        for asker in askers:
            asker.join()

    def run(self):
        self.step(f"seed {self.seed}: {self.seconds:.0f} s on {self.store.name}; a small disk: {'yes' if self.disk.limited else 'no (not root, or no mounts), so it is never full'}; "
                  f"clocks that jump: {'by libfaketime' if self.clocks else 'no (Debian: faketime)'}")
        self.make_models()
        self.start_servers()
        crew = clients.crew(self)
        warm = min(120, self.seconds / 5)
        self.step(f"load without faults, {warm:.0f} s")
        self.mix(crew, warm)
        self.wait_for_jobs()
        if self.seconds > 120:
            self.wait_for_reviews()
        before = self.settled()
        self.open_before = self.open_files
        faults = Faults(self)
        self.step("load with faults")
        begin = time.monotonic()
        self.mix(crew, self.seconds - warm, faults)
        self.step("the faults are over: " + ", ".join(f"{name} {n}" for name, n in sorted(faults.done.items())) + f"; {self.spoilt} foreign values in Redis")
        check = Checks(self)
        if all(server.alive() for server in self.servers):
            time.sleep(3)  # for what is noticed at a time of its own: free descriptors, a disk with room
            self.wait_for_stores()
            self.wait_for_jobs()
            check.feedback()
            check.by_the_servers()
            check.settings()
            check.history()
            check.audit()
            check.registry()
            self.redis_figures()
            self.memory(begin, before, self.settled())
            self.end()
            check.integrity()
            found = dict(check.found)
            if not self.ledger.wrong:
                check.notice()
            check.found = found
        self.step("found of what was acknowledged: " + ", ".join(f"{what} {n}" for what, n in check.found.items()))
        self.step("answers: " + ", ".join(f"{name}: {n}" for name, n in sorted(self.ledger.counts.items())))
        self.step(f"latest error after the end of a fault (s): {self.ledger.late}; slowest without a fault (s): " + str({k: round(v, 2) for k, v in self.ledger.slowest.items()}))
        if self.ledger.wrong:
            for message in self.ledger.wrong[:20]:
                print("WRONG:", message, flush=True)
            for server in self.servers:
                print(f"--- the end of the log of {server.name}\n{server.log()[-3000:]}")
            raise SystemExit(f"failed with seed {self.seed}")
        self.step("passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("--store", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("WINNOW_TEST_SOAK_SECONDS", "20")), help="of load; also WINNOW_TEST_SOAK_SECONDS")
    parser.add_argument("--part", type=float, default=1, help="of these seconds")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("WINNOW_TEST_SEED", time.time_ns() % 10**6)))
    parser.add_argument("--log", help="file for what happened, as JSON lines")
    options = parser.parse_args()
    options.seconds *= options.part
    if not places.Redis.program or (options.store == "postgres" and postgres.PROGRAMS is None):
        print("skipped: PostgreSQL or Redis is not installed (./dev test installs what is needed)")
        sys.exit(77)
    if places.own_mounts() and os.environ.get("WINNOW_TEST_CHAOS_MOUNTS") != "own":  # mounts that nobody else sees, and that end with this process
        os.environ["WINNOW_TEST_CHAOS_MOUNTS"] = "own"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers end with the script
    chaos = Chaos(options)
    with chaos.ending:
        chaos.run()


BEGIN = time.monotonic()
if __name__ == "__main__":
    main()

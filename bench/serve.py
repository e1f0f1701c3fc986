"""Measures winnow serve beside bench/peers/fastapi_server.py, in one run, and prints the table; bench/serve.sh makes what it needs.

Closed loops are wrk's (one thread, bench/post.lua); the overload is bench/open_loop's. Each repeat starts each server anew, ours and
theirs in turn; figures are medians of the repeats. Cores 0 and 1 are used for what is pinned."""
import argparse
import http.client
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/v1/classify"
CONNECTIONS = (64, 16, 1)
VARIANTS = {  # of the peer: for each number of connections, the one that answers most requests is measured
    "1 process, 2 onnxruntime threads": ["--workers", "1", "--threads", "2"],
    "2 processes of 1 thread": ["--workers", "2", "--threads", "1"],
    "1 process, thread pool, 1 onnxruntime thread": ["--workers", "1", "--threads", "1", "--pool"],
}


class Server:
    """A server process, ready when this is made, stopped when its block ends."""

    def __init__(self, command, port, cores=None):
        self.port = port
        pin = ["taskset", "-c", cores] if cores else []
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*pin, *command], stdout=self.log, stderr=self.log, start_new_session=True)

    def __enter__(self):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if self.ask("GET", "/health")[0] == 200:
                    return self
            except OSError:
                time.sleep(.05)
        self.__exit__()
        self.log.seek(0)
        raise SystemExit(f"serve.py: a server does not start: {self.process.args}\n{self.log.read().decode(errors='replace')[-2000:]}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, data

    def resident_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wrk(server, bodies, connections, seconds, cores=None):
    """requests a second and latencies; nothing but answers of status 200 is allowed."""
    pin = ["taskset", "-c", cores] if cores else []
    command = [*pin, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", os.path.join(HERE, "post.lua"), f"http://127.0.0.1:{server.port}{PATH}"]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "WINNOW_BENCH_BODIES": bodies}).stdout
    figures = json.loads(out.splitlines()[-1])
    errors = {key: value for key, value in figures.items() if key.endswith("_errors") or key == "timeouts"}
    if any(errors.values()):
        print(f"attention: {connections} connections had errors: {errors}", flush=True)
    figures["rate"] = (figures["requests"] - figures["status_errors"]) / figures["seconds"]
    return figures


def open_loop(args, server, bodies, rate, seconds, cores):
    out = subprocess.run(["taskset", "-c", cores, args.open_loop, str(server.port), PATH, bodies, str(rate), str(seconds)], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def write_bodies(path, bodies):
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(json.dumps(body) + "\n" for body in bodies))
    return path


def labels(server, texts):
    return [result["label"] for result in json.loads(server.ask("POST", PATH, json.dumps({"texts": texts}))[1])["results"]]


class Bench:
    def __init__(self, args, work):
        self.args = args
        with open(args.data, encoding="utf-8") as file:
            self.texts = [line.rstrip("\n").split("\t", 1)[1] for line in file]
        texts = self.texts
        self.singles = write_bodies(os.path.join(work, "singles"), [{"text": text} for text in texts])
        self.one = write_bodies(os.path.join(work, "one"), [{"text": texts[0]}])
        self.thousand = write_bodies(os.path.join(work, "thousand"), [{"text": text} for text in texts[:1000]])
        self.large = write_bodies(os.path.join(work, "large"), [{"texts": texts[:1000]}])
        self.tsv = os.path.join(work, "thousand.tsv")
        with open(self.tsv, "w", encoding="utf-8") as file:
            file.write("label\ttext\n" + "".join(f"x\t{text}\n" for text in texts[:1000]))
        help_text = subprocess.run([args.winnow, "serve", "--help"], check=True, capture_output=True, text=True).stdout
        self.has_cache = "--cache-mb" in help_text
        self.samples = {}

    def ours(self, cache=False, cores=None, more=()):
        port = free_port()
        off = ["--cache-mb", "0"] if self.has_cache and not cache else []
        return Server([self.args.winnow, "serve", self.args.bundle, "--port", str(port), "--quiet", *off, *self.args.serve_options.split(), *more], port, cores)

    def theirs(self, variant):
        port = free_port()
        return Server([sys.executable, os.path.join(HERE, "peers", "fastapi_server.py"), "--onnx", self.args.onnx, "--bundle", self.args.bundle, "--port", str(port),
                       *VARIANTS[variant]], port)

    def note(self, name, **figures):
        for key, value in figures.items():
            self.samples.setdefault((name, key), []).append(value)

    def median(self, name, key):
        return statistics.median(self.samples[name, key])

    def choose_variants(self):
        """{connections: the peer's best}; and that it does the same work as we do."""
        rates = {connections: {} for connections in CONNECTIONS}
        print("\n| FastAPI | " + " | ".join(f"{connections} connection{'s' * (connections > 1)}: req/s, p50, p99" for connections in CONNECTIONS) + " |")
        print("| --- |" + " --- |" * len(CONNECTIONS))
        for variant in VARIANTS:
            row = []
            with self.theirs(variant) as server:
                wrk(server, self.singles, 64, 1)
                for connections in CONNECTIONS:
                    figures = wrk(server, self.singles, connections, max(self.args.seconds // 2, 1))
                    rates[connections][variant] = figures["rate"]
                    row.append(f"{figures['rate']:.0f}, {figures['p50_ms']:.1f} ms, {figures['p99_ms']:.1f} ms")
                theirs = labels(server, self.texts[:500])
            print(f"| {variant} | {' | '.join(row)} |", flush=True)
        with self.ours() as server:
            same = sum(a == b for a, b in zip(labels(server, self.texts[:500]), theirs))
        print(f"\nlabels of 500 texts agree for {same}", flush=True)
        if same < 475:
            raise SystemExit("serve.py: the two servers don't answer alike; figures would mean nothing")
        return {connections: max(of, key=of.get) for connections, of in rates.items()}

    def closed_loops(self, name, server, counts=CONNECTIONS):
        wrk(server, self.singles, 64, 1)  # warm
        for connections in counts:
            self.note(f"{name} {connections}", **wrk(server, self.singles, connections, self.args.seconds))

    def overload(self):
        """The server on core 0, the generator on core 1."""
        # The saturated rate is that of a server that refuses nothing: wrk asks again at once, which costs what is measured.
        with self.ours(cores="0") as server:
            wrk(server, self.singles, 64, 1, "1")
            saturated = wrk(server, self.singles, 64, self.args.seconds, "1")
        with self.ours(cores="0", more=self.args.overload_options.split()) as server:
            wrk(server, self.singles, 32, self.args.seconds, "1")
            before = server.resident_mb()
            rate = self.args.overload * saturated["rate"]
            out = open_loop(self.args, server, self.singles, rate, self.args.seconds, "1")
            after = server.resident_mb()
            recovered = wrk(server, self.singles, 64, 1, "1")
            later = wrk(server, self.singles, 64, self.args.seconds, "1")
        nothing = {"count": 0, "p50_ms": 0, "p99_ms": 0, "sent_p50_ms": 0, "sent_p99_ms": 0}
        accepted, refused = out["statuses"].get("200", nothing), out["statuses"].get("429", nothing)
        others = {status: v["count"] for status, v in out["statuses"].items() if status not in ("200", "429")}
        if others or out["broken"] or out["unanswered"]:
            print(f"attention: under overload {out['broken']} connections broke, {out['unanswered']} requests were not answered, other statuses: {others}", flush=True)
        self.note("overload", saturated_rate=saturated["rate"], saturated_p99=saturated["p99_ms"], rate=rate, accepted=accepted["count"] / out["seconds"], accepted_p50=accepted["p50_ms"],
                  accepted_p99=accepted["p99_ms"], refused=refused["count"] / out["asked"], refused_p50=refused["sent_p50_ms"], refused_p99=refused["sent_p99_ms"],
                  refused_due_p99=refused["p99_ms"], before=before, after=after, recovered=recovered["rate"], later=later["rate"], later_p99=later["p99_ms"], lag_p99=out["lag_p99_ms"])

    def cached(self):
        with self.ours(cache=True) as server:
            for name, bodies in (("one", self.one), ("thousand", self.thousand)):
                wrk(server, bodies, 16, 3)  # fills the cache
                self.note(f"cached {name}", **wrk(server, bodies, 64, self.args.seconds))

    def large_body(self):
        report = json.loads(subprocess.run([self.args.winnow, "bench", self.args.bundle, self.tsv, "--json", "--quiet", "--iterations", "10", "--seconds", "2", "--batch-sizes", "32",
                                            "--batch-sizes", "128"], check=True, capture_output=True, text=True).stdout)
        threads = max(row["threads"] for row in report["throughput"])
        engine = max(row["texts_per_s"] for row in report["throughput"] if row["threads"] == threads)
        with self.ours() as server:
            wrk(server, self.large, 1, 2)
            figures = wrk(server, self.large, 1, self.args.seconds)
        self.note("large", rate=1000 * figures["rate"], engine=engine, share=1000 * figures["rate"] / engine, p50_ms=figures["p50_ms"])

    def run(self, parts):
        variants = self.choose_variants() if "closed" in parts else {}
        for repeat in range(self.args.repeats):
            if "closed" in parts:
                with self.ours() as server:
                    self.closed_loops("ours", server)
                for variant in sorted(set(variants.values())):
                    with self.theirs(variant) as server:
                        self.closed_loops("theirs", server, [connections for connections in CONNECTIONS if variants[connections] == variant])
            if "overload" in parts:
                self.overload()
            if "cached" in parts:
                self.cached()
            if "large" in parts:
                self.large_body()
            print(f"repeat {repeat + 1} of {self.args.repeats} done; load average {os.getloadavg()[0]:.2f}", flush=True)
        self.print_table(parts, variants)

    def print_table(self, parts, variants):
        m = self.median
        if "closed" in parts:
            print("\n| cache off | winnow serve | FastAPI + onnxruntime | ratio |\n| --- | --- | --- | --- |")
            for connections in CONNECTIONS:
                ours, theirs = f"ours {connections}", f"theirs {connections}"
                s = "" if connections == 1 else "s"
                print(f"| {connections} connection{s}, req/s | {m(ours, 'rate'):.0f} | {m(theirs, 'rate'):.0f} | {m(ours, 'rate') / m(theirs, 'rate'):.2f} |")
                for key in ("p50_ms", "p99_ms"):
                    print(f"| {connections} connection{s}, {key[:3]} | {m(ours, key):.2f} ms | {m(theirs, key):.2f} ms | {m(ours, key) / m(theirs, key):.2f} |")
            print("\nFastAPI: " + "; ".join(f"{connections} connection{'s' * (connections > 1)}: {variants[connections]}" for connections in CONNECTIONS))
        if "overload" in parts:
            o = lambda key: m("overload", key)
            print(f"\n| server on one core, {self.args.overload:g} times what it can answer | |\n| --- | --- |")
            print(f"| saturated, 64 connections | {o('saturated_rate'):.0f} req/s, p99 {o('saturated_p99'):.1f} ms |")
            print(f"| asked for, open loop | {o('rate'):.0f} req/s (generator's own lag: p99 {o('lag_p99'):.2f} ms) |")
            print(f"| accepted | {o('accepted'):.0f} req/s ({o('accepted') / o('saturated_rate'):.0%} of saturated), p50 {o('accepted_p50'):.1f} ms, p99 {o('accepted_p99'):.1f} ms "
                  f"({o('accepted_p99') / o('saturated_p99'):.2f} times the saturated one) |")
            print(f"| status 429 | {o('refused'):.1%}; after p50 {o('refused_p50'):.2f} ms, p99 {o('refused_p99'):.2f} ms from sending, p99 {o('refused_due_p99'):.2f} ms from when it was due |")
            print(f"| resident before, after | {o('before'):.1f}, {o('after'):.1f} MB |")
            print(f"| the first second afterwards, later | {o('recovered'):.0f}, {o('later'):.0f} req/s (p99 {o('later_p99'):.1f} ms) |")
        if "cached" in parts:
            heading = "texts asked again, 64 connections" + ("" if self.has_cache else " (this build has no cache)")
            print(f"\n| {heading} | req/s | p99 |\n| --- | --- | --- |")
            for name, title in (("one", "one text"), ("thousand", "1,000 texts in turn")):
                print(f"| {title} | {m('cached ' + name, 'rate'):.0f} | {m('cached ' + name, 'p99_ms'):.2f} ms |")
        if "large" in parts:
            print("\n| 1,000 texts in one body | texts/s |\n| --- | --- |")
            print(f"| POST {PATH}, one after another | {m('large', 'rate'):.0f} |\n| winnow bench, best batch, all threads | {m('large', 'engine'):.0f} |\n| share | {m('large', 'share'):.1%} |")


def versions():
    import importlib.metadata
    names = ("fastapi", "uvicorn", "uvloop", "httptools", "onnxruntime", "tokenizers")
    return ", ".join([f"{name} {importlib.metadata.version(name)}" for name in names] + [f"Python {platform.python_version()}"])


def main():
    parts = ("closed", "overload", "cached", "large")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--winnow", required=True)
    arguments.add_argument("--open-loop", required=True, help="the program of bench/open_loop.cpp")
    arguments.add_argument("--bundle", required=True, help="with model_int8.safetensors")
    arguments.add_argument("--onnx", required=True, help="the same model, INT8 by onnxruntime")
    arguments.add_argument("--data", required=True, help="label<TAB>text, a line each; the label is not used")
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=8, help="of each measurement")
    arguments.add_argument("--overload", type=float, default=10)
    arguments.add_argument("--serve-options", default="", help="more options for winnow serve")
    arguments.add_argument("--overload-options", default="", help="more options for winnow serve under overload")
    arguments.add_argument("--parts", default=",".join(parts), help="which of %(default)s")
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as work:
        machine = json.loads(subprocess.run([args.winnow, "bench", args.bundle, "--json", "--quiet", "--iterations", "1", "--batch-sizes", "1", "--seconds", "0.01"], check=True,
                                            capture_output=True, text=True).stdout)
        print(f"{machine['cpu']} ({machine['extensions']}), {machine['isa']} kernels, {os.cpu_count()} cores; winnow {machine['version']}, {machine['weights']} weights; {versions()}; "
              f"load average {os.getloadavg()[0]:.2f}; {args.seconds} s each, medians of {args.repeats}", flush=True)
        Bench(args, work).run(args.parts.split(","))


if __name__ == "__main__":
    main()

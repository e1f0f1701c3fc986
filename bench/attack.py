#!/usr/bin/env python3
"""How long others wait while one client sends the costliest requests that the limits allow, over and over.

    python3 bench/attack.py BUNDLE... [--winnow build/release/winnow] [--seconds 10] [--connections 4] [--only NAME...]
    python3 bench/attack.py BUNDLE --keyless 4096

For each bundle, a server with its default options is started. The attacker is a process at 127.0.0.1 whose connections send one request each,
read the response, and send the request again. The other client, at 127.0.0.2, classifies a new short text every 25 ms over one connection,
and asks for /health over another; its latencies with the attacker and without are compared.

With --keyless, so many connections without an API key send bodies of 8 MB at the same time, and the memory of the server is printed.
Standard library alone.
"""
import argparse
import gzip
import json
import multiprocessing
import os
import platform
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

WORDS = "meet me at the station when you can and bring that book about parcels prizes or loans please call now".split()
MOST_TEXTS = 10000  # the default of --max-texts
PAUSE = .025        # between the requests of the other client


def post(path, body, headers=()):
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def texts(count, words, seed):
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=words)) + f" {draw.randrange(10**9)}" for _ in range(count)]


def attacks(model):
    """Name -> requests that a connection sends in turn. Several differ, so that the cache does not answer all of them."""
    def json_of(path, *bodies, headers=()):
        return [post(path, json.dumps(body).encode(), headers) for body in bodies]

    def infer(values):
        return {"inputs": [{"name": "text", "shape": [len(values)], "datatype": "BYTES", "data": values}]}
    many = [texts(MOST_TEXTS, 20, seed) for seed in range(8)]
    long = [" ".join(texts(1, 100000, seed)) for seed in range(4)]
    empty = [""] * MOST_TEXTS
    packed = ["Accept-Encoding: gzip"]
    spaces = gzip.compress(json.dumps({"text": " " * (7 << 20)}).encode())
    deep = ("[" * 60 + "1," * 1000000 + "1" + "]" * 60).encode()
    return {
        "/v1/classify, 10,000 texts": json_of("/v1/classify", *({"texts": t} for t in many)),
        "/v1/classify, 10,000 empty texts": json_of("/v1/classify", {"texts": empty}),
        "/v1/classify, 10,000 empty texts, gzip": json_of("/v1/classify", {"texts": empty}, headers=packed),
        "/v1/classify, a text of 600 kB": json_of("/v1/classify", *({"text": t} for t in long)),
        "/v1/classify, explained": json_of("/v1/classify", *({"texts": t[:16], "explain": True} for t in many)),
        "/v1/classify, 7 MB from 8 kB of gzip": [post("/v1/classify", spaces, ["Content-Encoding: gzip"])],
        "/v1/classify, 2 MB of numbers": [post("/v1/classify", b'{"text": ' + deep + b"}")],
        "/predict, 10,000 inputs": json_of("/predict", *({"inputs": t, "truncate": True, "raw_scores": True} for t in many)),
        "/v2 infer, 10,000 texts": json_of(f"/v2/models/{model}/infer", *(infer(t) for t in many)),
        "/tokenize, 10,000 texts": json_of("/tokenize", *({"inputs": t} for t in many)),
        "/tokenize, a text of 600 kB": json_of("/tokenize", *({"inputs": t} for t in long)),
    }


def read_response(connection, buffer):
    """Returns (status, closes) of a response; its body is dropped."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("closed")
        head += data
    head, rest = head.split(b"\r\n\r\n", 1)
    lower = head.lower()
    status = int(head.split(b" ", 2)[1])
    if b"content-length:" in lower:
        left = int(lower.split(b"content-length:")[1].split(b"\r\n")[0]) - len(rest)
        while left > 0:
            got = connection.recv_into(buffer, min(left, len(buffer)))
            if got == 0:
                raise ConnectionError("closed")
            left -= got
    elif b"transfer-encoding:" in lower:
        tail = rest[-5:]
        while tail != b"0\r\n\r\n":
            got = connection.recv_into(buffer)
            if got == 0:
                raise ConnectionError("closed")
            tail = (tail + bytes(buffer[max(0, got - 5):got]))[-5:]
    return status, b"connection: close" in lower


def attack(port, requests, connections, stop, statuses):
    os.nice(19)  # as if on another machine: what it computes itself is to cost the server nothing

    def run(first):
        buffer = bytearray(1 << 20)
        connection = None
        turn = first
        while not stop.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.1", 0))
                connection.sendall(requests[turn % len(requests)])
                status, closes = read_response(connection, buffer)
            except OSError:
                status, closes = 0, True
            statuses.put(status)
            if closes and connection is not None:
                connection.close()
                connection = None
            turn += 1
    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(connections)]
    for thread in threads:
        thread.start()
    stop.wait()
    os._exit(0)


class Other:
    """The client that wants an answer to a single text now and then."""

    def __init__(self, port):
        self.port = port
        self.count = 0
        self.buffer = bytearray(1 << 16)

    def measure(self, seconds):
        """Returns the latencies in milliseconds of short texts and of /health, and the statuses that are not 200."""
        refused = []
        latencies = {"text": [], "health": []}

        def run(kind):
            try:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # likewise
            except PermissionError:
                pass
            connection = socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.0.2", 0))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                if kind == "text":
                    self.count += 1
                    request = post("/v1/classify", json.dumps({"text": texts(1, 12, f"{os.getpid()} {self.count} {until}")[0]}).encode())
                else:
                    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
                begin = time.monotonic()
                connection.sendall(request)
                status, closes = read_response(connection, self.buffer if kind == "text" else bytearray(1 << 12))
                latencies[kind].append((time.monotonic() - begin) * 1000)
                if status != 200:
                    refused.append(status)
                if closes:
                    connection.close()
                    connection = socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.0.2", 0))
                time.sleep(PAUSE)
            connection.close()
        threads = [threading.Thread(target=run, args=(kind,)) for kind in latencies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return latencies, refused


def keyless(options):
    """How much memory connections without a key take that send large bodies."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as directory:
        keys = os.path.join(directory, "keys.txt")
        subprocess.run([options.winnow, "keys", "add", keys, "--name", "app"], check=True, capture_output=True)
        server = subprocess.Popen([options.winnow, "serve", options.bundles[0], "--port", "0", "--json", "--api-key-file", keys, *options.serve], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        try:
            port = json.loads(server.stdout.readline())["port"]

            def memory(field="VmRSS:"):
                with open(f"/proc/{server.pid}/status", encoding="utf-8") as file:
                    return next(int(line.split()[1]) for line in file if line.startswith(field)) / 1024
            before = memory()
            request = post("/v1/classify", b"x" * (256 << 10)).replace(b"Content-Length: 262144", b"Content-Length: 8388608")
            clients = []
            for i in range(options.keyless):
                client = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.{i // 250}.{i % 250 + 1}", 0))
                client.setblocking(False)
                clients.append([client, memoryview(request)])
            peak, until = before, time.monotonic() + options.seconds
            while time.monotonic() < until and clients:
                for entry in list(clients):
                    try:
                        entry[1] = entry[1][entry[0].send(entry[1]):] or memoryview(request)[200:]  # the body goes on
                    except BlockingIOError:
                        pass
                    except OSError:  # the server has closed
                        entry[0].close()
                        clients.remove(entry)
                peak = max(peak, memory())
            print(f"{options.keyless} connections without a key: memory {before:.0f} MB before, at most {peak:.0f} MB; {len(clients)} connections still open")
        finally:
            server.terminate()
            server.wait()


def p(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.processor())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+")
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--only", nargs="+", default=[""])
    parser.add_argument("--serve", nargs=argparse.REMAINDER, default=[], help="further options of winnow serve")
    parser.add_argument("--keyless", type=int, metavar="N", help="measure the memory of N connections without a key instead")
    options = parser.parse_args()
    version = subprocess.run([options.winnow, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    if options.keyless:
        return keyless(options)
    print(f"{version}; {os.cpu_count()} cores, {cpu()}; {options.connections} connections of the attacker, {options.seconds:g} s each\n")
    print("| model | the attacker sends | its requests/s | others' p50, p99 (ms) | p99 / p99 alone | /health p99 (ms) | others' refusals |\n| --- | --- | --- | --- | --- | --- | --- |")
    for bundle in options.bundles:
        with open("/dev/null" if "WINNOW_ATTACK_LOG" not in os.environ else os.environ["WINNOW_ATTACK_LOG"], "w", encoding="utf-8") as log:
            server = subprocess.Popen([options.winnow, "serve", bundle, "--port", "0", "--json", *options.serve], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            port = json.loads(server.stdout.readline())["port"]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/models") as response:
                model = json.load(response)["models"][0]["name"]
            other = Other(port)
            other.measure(1)
            alone, _ = other.measure(options.seconds)
            row = f"| {model} | nothing | | {statistics.median(alone['text']):.2f}, {p(alone['text'], .99):.2f} | | {p(alone['health'], .99):.2f} | 0 |"
            print(row, flush=True)
            for name, requests in attacks(model).items():
                if not any(part in name for part in options.only):
                    continue
                stop, statuses = multiprocessing.Event(), multiprocessing.SimpleQueue()
                attacker = multiprocessing.Process(target=attack, args=(port, requests, options.connections, stop, statuses))
                attacker.start()
                time.sleep(1)
                found, refused = other.measure(options.seconds)
                stop.set()
                seen = []
                while not statuses.empty():
                    seen.append(statuses.get())
                attacker.join()
                kinds = ", ".join(f"{status or 'closed'}: {seen.count(status)}" for status in sorted(set(seen)))
                ratio = p(found["text"], .99) / p(alone["text"], .99)
                print(f"| {model} | {name} | {len(seen) / (options.seconds + 1):.1f} ({kinds}) | {statistics.median(found['text']):.2f}, {p(found['text'], .99):.2f} | {ratio:.1f} | "
                      f"{p(found['health'], .99):.2f} | {len(refused)} |", flush=True)
                time.sleep(2)  # what the attacker left in the queue
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())

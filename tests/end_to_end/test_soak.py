"""A server among all bad clients and bad surroundings at once: memory and descriptors are in the end what they were in the beginning.

WINNOW_TEST_SOAK_MINUTES=60 makes the long form; a few seconds otherwise."""
import http.client
import json
import os
import random
import shutil
import signal
import ssl
import subprocess
import threading
import time

import raw_http
from bad_requests import ONE_ANSWER
from serving import ServingTest
import winnow
from winnow import MESSAGES

SECONDS = float(os.environ.get("WINNOW_TEST_SOAK_MINUTES", "0.25")) * 60
TEXT = b'{"text": "You won a prize, claim it now"}'
MANY = raw_http.request(json.dumps({"texts": [""] * 10000}).encode())
LONG = raw_http.request(json.dumps({"model": "deep", "texts": ["prize " * 3000] * 8}).encode())
MOST_GROWTH_MB = 48  # of memory, which allocators keep
READ_TIMEOUT = 2  # seconds: clients that are slower are let go


class Soak(ServingTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        self.redis_program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not self.redis_program:
            self.skipTest("redis is not installed (Debian: redis-tools)")
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("fast"))
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--long-text", "windows", "--output-dir", self.path("deep"))
        self.certificate()
        self.stopping = threading.Event()
        self.counts, self.wrong = {}, []
        self.lock = threading.Lock()

    def certificate(self):
        """A new one, which replaces the old one at once."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "new-key.pem", "-out", "new-cert.pem", "-days", "2",
                        "-subj", "/CN=localhost"], cwd=self.directory, check=True, capture_output=True)
        for name in ("key.pem", "cert.pem"):
            os.replace(self.path("new-" + name), self.path(name))

    def start_redis(self):
        return subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path("redis.sock"), "--save", "", "--appendonly", "no"], executable=self.redis_program,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start_server(self, *arguments):
        """A server whose standard error is a pipe that nobody reads, and whose access log is on a full disk."""
        process = subprocess.Popen([self.program, "serve", *map(self.path, ("fast", "deep")), "--port", "0", "--json", "--read-timeout", str(READ_TIMEOUT), "--access-log", "/dev/full", "--cache-mb", "4",
                                    "--redis", "unix://" + self.path("redis.sock"), *map(str, arguments)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.directory)
        self.addCleanup(self.stop, process)
        self.addCleanup(process.stderr.close)
        line = process.stdout.readline()
        self.assertTrue(line)
        return process, json.loads(line)["port"]

    def count(self, name):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    def fails_with(self, message):
        with self.lock:
            self.wrong.append(message)

    def actor(self, act, pause):
        """A thread that acts until the end. Connections that break are what it is here for."""
        def run():
            draw = random.Random(act.__name__)
            while not self.stopping.is_set():
                try:
                    act(draw)
                    self.count(act.__name__)
                except (OSError, ssl.SSLError, ValueError):
                    self.count(act.__name__ + ", broken")
                self.stopping.wait(pause)
        thread = threading.Thread(target=run, name=act.__name__)
        thread.start()
        return thread

    # Clients
    def good(self, draw):
        begin = time.monotonic()
        with raw_http.Client(self.port) as client:
            for model in ("fast", "deep"):
                client.send(raw_http.request(json.dumps({"text": f"You won a prize {draw.randrange(50)}", "model": model}).encode()))
                sent = time.monotonic()
                answer = client.answer()
                if self.was_slow(begin, sent) and (answer is None or answer.status == 408):
                    return
                begin = sent
                if answer is None or answer.status not in (200, 429, 503):
                    self.fails_with(f"a good request to {model}: {answer and (answer.status, answer.body[:300])}")
                elif answer.status == 200:
                    self.count(f"good, 200 of {model}")

    @staticmethod
    def was_slow(begin, sent):
        """Whether this process, on a machine that is busy with other things, took so long to send a request that the server may have let it go."""
        return sent - begin > READ_TIMEOUT / 2

    def encrypted(self, draw):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        begin = time.monotonic()
        with raw_http.Client(self.tls_port) as client:
            client.socket.setblocking(True)
            client.socket.settimeout(raw_http.PATIENCE)
            with context.wrap_socket(client.socket) as encrypted:
                encrypted.sendall(raw_http.request(TEXT))
                sent = time.monotonic()
                if b" 200 " not in encrypted.recv(65536).split(b"\r\n")[0] and not self.was_slow(begin, sent):
                    self.fails_with("an encrypted request got no 200")

    def bad(self, draw):
        name = draw.choice(sorted(ONE_ANSWER))
        data, statuses = ONE_ANSWER[name]
        with raw_http.Client(self.port) as client:
            client.send(data)
            answer = client.answer()
            if answer is not None and answer.status not in (*statuses, 503):
                self.fails_with(f"{name}: {answer.status} {answer.body[:200]}")

    def bad_handshake(self, draw):
        with raw_http.Client(self.tls_port) as client:
            client.send(draw.choice([b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", draw.randbytes(300)]))

    def stalled_reader(self, draw):
        with raw_http.Client(self.port, receive_buffer=4096) as client:
            client.send(MANY)
            self.stopping.wait(draw.uniform(.1, 1))
            client.leave(reset=draw.random() < .5)

    def long_texts(self, draw):
        with raw_http.Client(self.port) as client:
            client.send(LONG)
            if draw.random() < .5:
                client.answer()

    def dripping(self, draw):
        with raw_http.Client(self.port) as client:
            for byte in raw_http.request(TEXT)[:draw.randrange(20)]:
                client.send(bytes([byte]))
                self.stopping.wait(.05)

    def big_bodies(self, draw):
        with raw_http.Client(self.port) as client:
            client.send(raw_http.request(b"", [b"Content-Length: 8000000"], length=False) + b"x" * draw.randrange(4000000))

    # Surroundings
    def reloads(self, draw):
        for process in (self.process, self.tls_process):
            process.send_signal(signal.SIGHUP)

    def renewals(self, draw):
        self.certificate()

    def new_models(self, draw):
        shutil.copytree(self.path("fast"), self.path("copy"))
        os.rename(self.path("fast"), self.path("old"))
        os.rename(self.path("copy"), self.path("fast"))
        shutil.rmtree(self.path("old"))

    def redis_dies(self, draw):
        self.redis.kill()
        self.redis.wait()
        self.stopping.wait(.3)
        self.redis = self.start_redis()

    def state(self, process):
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            memory = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) // 1024
        return memory, len(os.listdir(f"/proc/{process.pid}/fd"))

    def have_redis(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        servers = http.client.HTTPConnection("127.0.0.1", self.port), http.client.HTTPSConnection("localhost", self.tls_port, context=context)
        try:
            return all(b"\nwinnow_redis_available 1\n" in self.send("GET", "/metrics", connection=server)[1] for server in servers)
        except (OSError, http.client.HTTPException):  # this process was too slow for --read-timeout
            return False

    def settled(self):
        """Memory and descriptors of both servers once they are idle, and have their connections to Redis again."""
        until = time.monotonic() + raw_http.PATIENCE
        while not self.have_redis():
            self.assertLess(time.monotonic(), until)
            time.sleep(.1)
        until = time.monotonic() + 60
        states = [self.state(p) for p in (self.process, self.tls_process)]
        while time.monotonic() < until:
            time.sleep(3)  # longer than --read-timeout
            now = [self.state(p) for p in (self.process, self.tls_process)]
            if now == states:
                break
            states = now
        return states

    def mix(self, seconds):
        self.stopping.clear()
        slow = max(1., seconds / 40)
        threads = [self.actor(act, pause) for act, pause in (
            (self.good, .01), (self.encrypted, .05), (self.bad, .02), (self.bad_handshake, .1), (self.stalled_reader, .3), (self.long_texts, .2), (self.dripping, .1), (self.big_bodies, .1),
            (self.reloads, min(slow, 2)), (self.renewals, min(slow, 5)), (self.new_models, min(slow, 3)), (self.redis_dies, min(slow, 4)))]
        until, latest = time.monotonic() + seconds, time.monotonic() + seconds + raw_http.PATIENCE
        answered = lambda: all(f"good, 200 of {model}" in self.counts for model in ("fast", "deep"))
        while (time.monotonic() < until or not answered() and time.monotonic() < latest) and not self.wrong and all(p.poll() is None for p in (self.process, self.tls_process)):
            time.sleep(.2)
        self.stopping.set()
        for thread in threads:
            thread.join()
        for process in (self.process, self.tls_process):
            self.assertIsNone(process.poll(), "a server has ended")
        self.assertEqual(self.wrong[:5], [])

    def test_memory_and_descriptors_are_in_the_end_what_they_were(self):
        self.redis = self.start_redis()
        self.addCleanup(lambda: (self.redis.kill(), self.redis.wait()))
        self.process, self.port = self.start_server()
        self.tls_process, self.tls_port = self.start_server("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--max-wait", 0)
        self.mix(SECONDS / 3)  # what is made once is made
        before = self.settled()
        self.mix(SECONDS)
        after = self.settled()
        print(f"memory in MB and descriptors, before {before} and after {after} of {SECONDS:.0f} s; " + ", ".join(f"{name}: {n}" for name, n in sorted(self.counts.items())))
        for (memory, files), (memory_after, files_after) in zip(before, after):
            self.assertLessEqual(files_after, files)
            self.assertLess(memory_after - memory, MOST_GROWTH_MB)
        for model in ("fast", "deep"):
            self.assertGreater(self.counts[f"good, 200 of {model}"], 0)


if __name__ == "__main__":
    winnow.main()

"""A server that is killed, stopped and told to reload while clients ask it without pause: what they may see, and what they never see."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import winnow
from ports import free_port
from raw_http import PATIENCE
from winnow import MESSAGES, TestCase, messages

CLIENTS = 8


class Sent:
    """One request of a client, and what came of it."""

    def __init__(self, which, connected):
        self.which, self.connected = which, connected  # index of the text; when the connection was opened
        self.begun = time.monotonic()
        self.sent = self.ended = self.status = self.results = self.error = None


class Load:
    """Clients that ask one after another on connections that they keep, until the block ends."""

    def __init__(self, port, texts, sizes=(1,)):
        self.port, self.texts, self.sizes = port, texts, sizes
        self.stop = threading.Event()
        self.requests = [[] for _ in range(CLIENTS)]
        self.threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(CLIENTS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def ask(self, client):
        connection, response, connected, turn = None, None, None, client
        while not self.stop.is_set():
            turn += 1
            which, size = turn * 7 % len(self.texts), self.sizes[turn % len(self.sizes)]
            request = Sent(which, connected)
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
                    connection.connect()
                    request.connected = connected = time.monotonic()
                connection.request("POST", "/v1/classify", json.dumps({"texts": [self.texts[which]] * size}), {"X-Request-Id": f"{client}-{turn}"})
                request.sent = time.monotonic()
                response = connection.getresponse()
                data = response.read()
                request.status = response.status
                if response.status == 200:
                    answer = json.loads(data)
                    request.results = answer["results"]
                    if answer["id"] != f"{client}-{turn}" or len(request.results) != size:
                        request.error = f"an answer to another request: {answer['id']}"
                if response.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as e:
                request.error = f"{type(e).__name__}: {e}"
                for open_one in (response, connection):
                    if open_one:
                        open_one.close()
                connection = response = None
                time.sleep(.005)
            request.ended = time.monotonic()
            self.requests[client].append(request)
        if connection:
            connection.close()

    def all(self):
        return [request for requests in self.requests for request in requests]

    def answered(self):
        return sum(request.status == 200 for request in self.all())

    def wait_for(self, more):
        """Until so many more were answered."""
        until, wanted = time.monotonic() + PATIENCE, self.answered() + more
        while self.answered() < wanted:
            if time.monotonic() > until:
                raise AssertionError(f"the server does not answer: {[r.error for r in self.all() if r.error][-3:]}")
            time.sleep(.01)


class Restart(TestCase):
    def setUp(self):
        super().setUp()
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("spam"))
        self.texts = [line.rstrip("\n").split("\t", 1)[1] for line in messages()[1:41]]
        self.process = None
        self.addCleanup(self.kill)
        self.log = open(self.path("log"), "w+b")
        self.addCleanup(self.log.close)

    def start(self, *options, port=0):
        self.process = subprocess.Popen([winnow.TestCase.program, "serve", self.path("spam"), "--port", str(port), "--json", "--max-wait", "0", "--drain-timeout", str(PATIENCE), *options], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.fail(f"the server does not start: {self.log_text()[-1000:]}")
        return json.loads(line)["port"]

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def ask(self, port, texts):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("POST", "/v1/classify", json.dumps({"texts": texts}))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer["results"]

    def assert_right(self, request, *right):
        """The answer is one of those that are right, all of it."""
        self.assertTrue(any(all(result == results[request.which] for result in request.results) for results in right), f"a wrong answer: {request.results[0]}")

    def test_after_a_kill_clients_see_errors_only_while_the_server_is_down(self):
        port = self.start(port=free_port())
        right = self.ask(port, self.texts)
        down = []
        with Load(port, self.texts, sizes=(1, 1, 20)) as load:
            for _ in range(3):
                load.wait_for(200)
                killed = time.monotonic()
                self.kill()
                self.start(port=port)
                down.append((killed, time.monotonic()))
                load.wait_for(200)
        errors = 0
        for request in load.all():
            if request.status is not None and not request.error:
                self.assertEqual(request.status, 200)
                self.assert_right(request, right)
                continue
            # Also later, on a connection that the killed server had.
            errors += 1
            self.assertTrue(any(request.ended > killed and (request.begun < back or (request.connected or back) < back) for killed, back in down), request.error)
        print(f"{load.answered()} answers, {errors} errors in {len(down)} restarts", flush=True)

    def test_a_unix_socket_that_a_killed_server_left_is_taken_over(self):
        path = self.path("socket")
        for _ in range(2):
            self.start("--unix-socket", path)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE)
                client.connect(path)
                client.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))
            self.kill()
            self.assertTrue(os.path.exists(path))

    def test_a_stop_loses_no_request_that_was_sent_before(self):
        port = self.start()
        right = self.ask(port, self.texts)

        def raw(which, size):
            body = json.dumps({"texts": [self.texts[which]] * size}).encode()
            return b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

        def read(file):
            """(status, results) of the next answer, None where the connection ends before it."""
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = file.readline()
                if not line:
                    self.assertEqual(head, b"", "an answer ends in its head")
                    return None
                head += line
            length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
            data = file.read(length)
            self.assertEqual(len(data), length, "an answer ends in its body")
            return int(head.split()[1]), json.loads(data).get("results")

        sockets = [socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) for _ in range(40)]
        files = [s.makefile("rb") for s in sockets]
        for i, (s, file) in enumerate(zip(sockets, files)):  # the server has them all
            s.sendall(raw(i, 1))
            self.assertEqual(read(file), (200, [right[i]]))
        with Load(port, self.texts, sizes=(1, 5, 200)) as load:
            load.wait_for(200)
            for i, s in enumerate(sockets[:30]):
                s.sendall(raw(i, 1 + 50 * (i % 3)))
            for i, s in enumerate(sockets[30:], 30):
                s.sendall(raw(i, 1)[:-10])  # not all of it
            stopped = time.monotonic()
            self.process.send_signal(signal.SIGTERM)
            for i, s in enumerate(sockets[30:], 30):
                try:
                    s.sendall(raw(i, 1)[-10:])
                except OSError:
                    pass
            for i, file in enumerate(files):
                try:
                    answer = read(file)
                except ConnectionError:
                    answer = None
                if i < 30 or answer:  # who had not sent all may be turned away
                    self.assertEqual(answer, (200, [right[i]] * (1 + 50 * (i % 3) if i < 30 else 1)), f"connection {i}")
            self.assertIn(self.process.wait(PATIENCE), (0, -signal.SIGTERM, 143), self.log_text()[-1000:])
        for request in load.all():
            if request.status is not None and not request.error:
                self.assertIn(request.status, (200,) if request.sent < stopped else (200, 503))
                if request.status == 200:
                    self.assert_right(request, right)
            else:
                self.assertFalse(request.sent is not None and request.sent < stopped, f"lost: {request.error}")
                self.assertGreaterEqual(request.ended, stopped, request.error)
        for s, file in zip(sockets, files):
            file.close()
            s.close()

    def test_a_reload_drops_nothing_and_takes_the_new_model(self):
        with open(self.path("half.tsv"), "w", encoding="utf-8") as file:
            file.writelines(line for i, line in enumerate(messages()) if i == 0 or i % 2)
        self.winnow("train", self.path("half.tsv"), "--kind", "lr", "--output-dir", self.path("other"))
        port = self.start()
        old = self.ask(port, self.texts)
        shutil.copytree(self.path("spam"), self.path("first"))
        expected = [old]
        with Load(port, self.texts, sizes=(1, 20)) as load:
            load.wait_for(100)
            for turn, source in enumerate(("other", "first", "other")):
                os.rename(self.path("spam"), self.path(f"gone-{turn}"))
                shutil.copytree(self.path(source), self.path("new"))
                os.rename(self.path("new"), self.path("spam"))
                self.process.send_signal(signal.SIGHUP)
                before, until = expected[-1], time.monotonic() + PATIENCE
                while (now := self.ask(port, self.texts)) == before and time.monotonic() < until:
                    time.sleep(.02)
                self.assertNotEqual(now, before, "the server still answers by the model from before")
                expected.append(now)
                load.wait_for(100)
            self.assertEqual((expected[1], expected[2]), (expected[3], old))
            # One that can't be loaded changes nothing.
            os.rename(self.path("spam"), self.path("gone"))
            os.mkdir(self.path("spam"))
            for name in os.listdir(self.path("other")):
                self.write(os.path.join("spam", name), b"rubbish")
            self.process.send_signal(signal.SIGHUP)
            load.wait_for(300)
            self.assertEqual(self.ask(port, self.texts), expected[-1])
        for request in load.all():
            self.assertIsNone(request.error)
            self.assertEqual(request.status, 200)
            self.assert_right(request, old, expected[1])


if __name__ == "__main__":
    winnow.main()

"""The server before clients that err, lie, dawdle and vanish: each gets the status it deserves, the next one gets its answer, and nothing
is left behind. Over raw sockets, since no HTTP library would send any of this.

WINNOW_TEST_BAD_CLIENTS=100000 makes the long form of the last test; WINNOW_TEST_BAD_CLIENTS_SEED chooses another mixture."""
import concurrent.futures
import json
import os
import random
import select
import signal
import socket
import subprocess
import time

import winnow
from bad_requests import DEEP, LEAVING, ONE_ANSWER, OVERSIZE
from raw_http import GOOD, PATIENCE, Client, chunked, get, request
from winnow import TestCase


class BadClients(TestCase):
    options = ()

    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")
        self.log = open(self.path("log"), "w+b")  # a pipe that nobody reads would stop the server
        self.addCleanup(self.log.close)
        command = [winnow.TestCase.program, "serve", self.path("spam"), "--port", "0", "--json", "--max-wait", "0", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.stop)
        first = self.process.stdout.readline()
        if not first:
            self.fail(f"{' '.join(command)} does not start: {self.log_text()[-500:]}")
        self.port = json.loads(first)["port"]
        self.right = self.results(self.exchange(request()))

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def exchange(self, data, **options):
        with Client(self.port) as client:
            client.send(data)
            return client.answer(**options)

    def results(self, answer):
        self.assertIsNotNone(answer, "no answer")
        self.assertEqual(answer.status, 200, answer.body)
        return json.loads(answer.body)["results"]

    def assert_still_answers(self, after=""):
        self.assertIsNone(self.process.poll(), f"the server has ended after {after}: {self.log_text()[-1000:]}")
        self.assertEqual(self.results(self.exchange(request())), self.right, f"after {after}")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def status_of(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(field))

    def wait_until(self, true):
        until = time.monotonic() + PATIENCE
        while not true() and time.monotonic() < until:
            time.sleep(.05)
        return true()

    def test_each_gets_its_status_and_the_next_request_its_answer(self):
        for name, (data, statuses) in ONE_ANSWER.items():
            with self.subTest(name):
                answer = self.exchange(data)
                self.assertIsNotNone(answer, "closed without an answer")
                self.assertIn(answer.status, statuses, answer.body[:200])
                self.assertNotIn(b"root:", answer.body)
                if answer.status >= 400:
                    self.assertEqual(set(json.loads(answer.body)), {"error", "error_type"})
                    self.assertNotIn(b"claim it now", answer.body)
                self.assert_still_answers(name)

    def test_after_a_message_whose_end_is_unknown_the_connection_closes(self):
        # Else what follows, which a proxy before us may take for a body, would be taken for a request.
        for name in ("two lengths", "chunks and a length", "chunks and a length, the other way", "a chunk's size that is no number", "a bad request line", "a negative length",
                     "an unknown transfer coding", "a huge header", "a body that says it is oversize"):
            with self.subTest(name), Client(self.port) as client:
                client.send(ONE_ANSWER[name][0] + get(b"/health", headers=[b"Host: a", b"X-Request-Id: smuggled"]))
                answer = client.answer()
                self.assertIsNotNone(answer, "closed without an answer")
                self.assertIn(answer.status, ONE_ANSWER[name][1])
                self.assertTrue(client.is_closed_by_server())
                self.assertNotIn(b"smuggled", client.seen)

    def test_after_a_bad_body_the_connection_stays(self):
        with Client(self.port) as client:
            for _ in range(3):
                for body, status in ((b"{", 400), (DEEP, 422), (b"[]", 422), (b'{"text": "\xff"}', 400), (GOOD, 200)):
                    client.send(request(body))
                    answer = client.answer()
                    self.assertIsNotNone(answer)
                    self.assertEqual((answer.status, answer.stays_open()), (status, True))

    def test_bodies_over_the_limit_are_refused_while_they_are_sent(self):
        block = b"a" * (1 << 16)
        for name, data in (("by length", request(block * (OVERSIZE >> 16))), ("in chunks", chunked(*[block] * (OVERSIZE >> 16))), ("in small chunks", chunked(*[b"a" * 512] * (OVERSIZE >> 9)))):
            with self.subTest(name):
                answer = self.exchange(data)
                self.assertIsNotNone(answer, "closed without an answer")
                self.assertEqual(answer.status, 413)
                self.assert_still_answers(name)

    def test_a_length_that_is_wrong_harms_nobody_else(self):
        with Client(self.port) as client:  # too short: the rest is no request
            client.send(request(GOOD, [b"Content-Length: 5"], length=False))
            self.assertEqual(client.answer().status, 400)
            rest = client.answer()
            self.assertTrue(rest is None or rest.status == 400)
        with Client(self.port) as client:  # too long: the server waits, others don't
            client.send(request(GOOD, [b"Content-Length: 1000"], length=False))
            self.assert_still_answers("a length too long")
            client.socket.shutdown(socket.SHUT_WR)
            answer = client.answer()
            self.assertTrue(answer is None or answer.status in (400, 408))
        self.assert_still_answers()

    def test_pipelined_requests_are_answered_in_their_order(self):
        batch = b""
        for i in range(100):
            body = {0: b"{", 1: DEEP, 2: json.dumps({"texts": ["some words"] * 300}).encode()}.get(i % 10, GOOD)
            batch += request(body, [b"X-Request-Id: number-%d" % i])
        with Client(self.port) as client:
            client.send(batch)
            for i in range(100):
                answer = client.answer()
                self.assertIsNotNone(answer, f"no answer to request {i}")
                self.assertEqual((answer.status, answer.headers["x-request-id"]), ({0: 400, 1: 422}.get(i % 10, 200), f"number-{i}"))
        self.assert_still_answers()

    def test_http_1_0_closes_unless_it_is_asked_to_stay(self):
        old = b"POST /v1/classify HTTP/1.0"
        with Client(self.port) as client:
            client.send(request(line=old))
            self.assertEqual(self.results(client.answer()), self.right)
            self.assertTrue(client.is_closed_by_server())
        with Client(self.port) as client:
            for _ in range(3):
                client.send(request(line=old, headers=[b"Connection: keep-alive"]))
                answer = client.answer()
                self.assertEqual(self.results(answer), self.right)
                self.assertTrue(answer.headers["connection"].lower() == "keep-alive")
        with Client(self.port) as client:
            client.send(b"GET /health HTTP/1.0\r\n\r\n")  # needs no Host
            self.assertEqual(client.answer().status, 200)

    def test_http_1_1_closes_when_it_is_asked_to(self):
        with Client(self.port) as client:
            client.send(request(headers=[b"Connection: close"]))
            answer = client.answer()
            self.assertEqual((self.results(answer), answer.headers["connection"].lower()), (self.right, "close"))
            self.assertTrue(client.is_closed_by_server())

    def test_head_has_no_body_and_options_says_what_is_allowed(self):
        with Client(self.port) as client:
            for path in (b"/health", b"/v1/classify", b"/nowhere"):
                client.send(get(path, method=b"HEAD"))
                answer = client.answer(to_head=True)
                self.assertIn(answer.status, (404,) if path == b"/nowhere" else (200, 405))
                client.send(get(b"/health"))
                self.assertEqual(client.answer().status, 200, "what followed an answer to HEAD")
            client.send(get(b"/v1/classify", method=b"OPTIONS"))
            answer = client.answer()
            self.assertIn(answer.status, (200, 204, 405))
            self.assertIn("POST", answer.headers.get("allow", answer.headers.get("access-control-allow-methods", "")))

    def test_who_asks_first_is_told_to_continue(self):
        with Client(self.port) as client:
            client.send(request(b"", [b"Expect: 100-continue", b"Content-Length: %d" % len(GOOD)], length=False))
            self.assertEqual(getattr(client.answer(), "status", None), 100)
            client.send(GOOD)
            self.assertEqual(self.results(client.answer()), self.right)
        with Client(self.port) as client:  # who does not wait
            client.send(request(headers=[b"Expect: 100-continue"]))
            answer = client.answer()
            self.assertEqual(self.results(client.answer() if answer.status == 100 else answer), self.right)

    def test_who_is_done_with_sending_gets_the_answer_or_is_taken_for_gone(self):
        # Closing one direction looks to the server as closing both does, which it may take as a reason not to compute.
        with Client(self.port) as client:
            client.send(request(json.dumps({"texts": ["some words"] * 500}).encode()))
            client.socket.shutdown(socket.SHUT_WR)
            answer = client.answer()
            self.assertIn(answer.status if answer else None, (200, 503, None))
            if answer is not None and answer.status == 200:
                self.assertEqual(len(self.results(answer)), 500)
            self.assertTrue(client.is_closed_by_server())
        self.assert_still_answers()

    def test_who_leaves_at_any_moment_leaves_nothing_behind(self):
        for name, data in LEAVING.items():
            with self.subTest(name):
                self.assert_still_answers()
                files = self.open_files()
                for i in range(20):
                    client = Client(self.port)
                    client.send(data)
                    client.leave(reset=i % 2 == 0)
                self.assert_still_answers(name)
                self.assertTrue(self.wait_until(lambda: self.open_files() <= files), f"{self.open_files()} files, {files} before")

    def test_who_does_not_read_the_answers_keeps_nobody_from_theirs(self):
        texts = request(json.dumps({"texts": ["some words"] * 1000}).encode())
        clients = [Client(self.port, receive_buffer=2048) for _ in range(20)]
        for client in clients:
            try:
                for _ in range(10):
                    client.socket.send(texts)
            except BlockingIOError:
                pass  # both directions are full
        for _ in range(10):
            self.assert_still_answers("clients that don't read")
        for client in clients:
            client.leave()
        self.assert_still_answers()

    def test_idle_connections_keep_nobody_out(self):
        idle = [Client(self.port) for _ in range(200)]
        for i, client in enumerate(idle):
            if i % 2:
                client.send(b"POST /v1/classify HTTP/1.1\r\nHost: a\r\n")
        self.assert_still_answers("idle connections")
        for client in idle:
            client.leave()

    def one_bad_client(self, pick):
        """What a mixture is made of; returns a complaint, or None."""
        kind = pick.random()
        if kind < .3:
            name, data = pick.choice(list(LEAVING.items()))
            client = Client(self.port)
            client.send(data if pick.random() < .5 else data[:pick.randrange(len(data) + 1)])
            client.leave(reset=pick.random() < .5)
            return None
        if kind < .4:  # a good request with some bytes turned into others: any answer will do, or none
            data = bytearray(request())
            for _ in range(pick.randrange(1, 6)):
                data[pick.randrange(len(data))] = pick.randrange(256)
            with Client(self.port) as client:
                client.send(bytes(data))
                client.socket.shutdown(socket.SHUT_WR)
                client.read_until(lambda: b"\r\n" in client.seen)
                if client.seen.startswith(b"HTTP/1.1 5") and not client.seen.startswith((b"HTTP/1.1 501", b"HTTP/1.1 505")):
                    return f"{bytes(data)!r}: {client.seen[:100]!r}"
            return None
        if kind < .45:
            count = pick.randrange(2, 30)
            with Client(self.port) as client:
                client.send(request() * count)
                for _ in range(pick.randrange(count + 1)):
                    answer = client.answer()
                    if answer is None or answer.status not in (200, 429):
                        return f"pipelined: {answer and answer.status}"
            return None
        name, (data, statuses) = pick.choice(list(ONE_ANSWER.items()))
        answer = self.exchange(data)
        if answer is None or answer.status not in (*statuses, 429):
            return f"{name}: {answer and answer.status}"
        return None

    def test_files_and_memory_stay_flat(self):
        count = int(os.environ.get("WINNOW_TEST_BAD_CLIENTS", 2000))
        seed = int(os.environ.get("WINNOW_TEST_BAD_CLIENTS_SEED", 1))
        complaints = set()

        def mixture(first, size):
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                for complaint in pool.map(lambda i: self.one_bad_client(random.Random(seed * 1000003 + i)), range(first, first + size)):
                    if complaint:
                        complaints.add(complaint)

        self.assert_still_answers()
        files = self.open_files()
        warm = max(count // 4, 4000)  # until all its threads have had the largest bodies
        mixture(0, warm)
        self.assert_still_answers("the first bad clients")
        resident, threads = self.status_of("VmRSS"), self.status_of("Threads")
        mixture(warm, count)
        self.assert_still_answers(f"{count} bad clients")
        self.assertTrue(self.wait_until(lambda: self.open_files() <= files), f"{self.open_files()} files, {files} before")
        grown = self.status_of("VmRSS") - resident
        print(f"{count} bad clients: resident {resident} kB after the first {warm}, {grown:+} kB since; {self.open_files()} files", flush=True)
        self.assertLess(grown, 16 << 10, "kB")
        self.assertEqual(self.status_of("Threads"), threads)
        self.assertEqual(sorted(complaints)[:20], [])
        self.process.send_signal(signal.SIGTERM)
        self.assertIn(self.process.wait(PATIENCE), (0, -signal.SIGTERM, 143))


class SlowClients(BadClients):
    """With a short patience on the server's side."""
    options = ("--read-timeout", "1")

    def test_who_sends_a_byte_now_and_then_is_let_go(self):
        # The time is for the request as a whole: bytes that trickle in don't prolong it. Each drips for many times as long.
        drips = {"request line": b"POST /v1/classify?" + b"a" * 400, "headers": b"POST /v1/classify HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"a" * 400,
                 "body": request(b'{"text": "' + b"a" * 5000 + b'"}')[:600], "chunks": chunked(*[b"a"] * 200)[:600]}
        clients = {name: Client(self.port) for name in drips}
        for i in range(max(map(len, drips.values()))):
            waiting = [client for client in clients.values() if not (client.closed or client.seen)]
            if not waiting:
                break
            for name, client in clients.items():
                if client in waiting and i < len(drips[name]):
                    client.send(drips[name][i:i + 1])
            select.select([client.socket for client in waiting], [], [], .05)
            for client in waiting:
                client._read()
        for name, client in clients.items():
            with self.subTest(name):
                self.assertTrue(client.closed or client.seen, "the server still listens")
                answer = client.answer()
                self.assertTrue(answer is None or answer.status == 408, answer and answer.status)
                self.assertTrue(client.is_closed_by_server())
                client.leave()
        self.assert_still_answers()

    def test_who_says_nothing_is_let_go(self):
        files = self.open_files()
        silent = [Client(self.port) for _ in range(50)]
        for i, client in enumerate(silent):
            if i % 3:
                client.send(request()[:i])
            if i % 3 == 2:
                client.socket.shutdown(socket.SHUT_WR)
        self.assert_still_answers("silence")
        for client in silent:
            self.assertTrue(client.is_closed_by_server())
            client.leave()
        with Client(self.port) as client:  # and who has nothing more to say
            client.send(request())
            self.assertEqual(self.results(client.answer()), self.right)
            self.assertTrue(client.is_closed_by_server())
        self.assertTrue(self.wait_until(lambda: self.open_files() <= files))

    def test_a_slow_answer_is_no_slow_client(self):
        with Client(self.port) as client:  # 3 MB of texts: computed for longer than a client may be silent, perhaps
            client.send(request(json.dumps({"texts": ["a message of some words " * 20] * 6000}).encode()))
            self.assertEqual(len(self.results(client.answer())), 6000)


# Those of the first class need not run twice.
for name in [name for name in dir(BadClients) if name.startswith("test_")]:
    setattr(SlowClients, name, None)

if __name__ == "__main__":
    winnow.main()

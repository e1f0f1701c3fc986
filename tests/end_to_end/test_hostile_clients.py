"""What clients may not do to a server or to each other: headers behind the body, bodies without a key, requests of many or long texts, memory, hosts, logs that stall."""
import gzip
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time

import raw_http
import winnow
from serving import ServingTest
from winnow import MESSAGES

TEXT = b'{"text": "You won a prize, claim it now"}'
MANY = 10000


class HostileClients(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")

    def ask(self, *data):
        """The status of the answer to bytes that are a request."""
        with raw_http.Client(self.port) as client:
            client.send(b"".join(data), until_answered=True)
            answer = client.answer()
            return None if answer is None else answer.status

    def key(self):
        return self.winnow("keys", "add", "keys.txt", "--name", "app")[0].strip().encode()

    def memory(self, process):
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) // 1024

    def test_fields_behind_the_body_are_no_headers(self):
        self.serve("fast", "--trusted-proxy", "127.0.0.1", "--requests-per-minute", 3)
        statuses = [self.ask(raw_http.chunked(TEXT, end=b"0\r\nX-Forwarded-For: 6.6.6.%d\r\n\r\n" % i, headers=[b"X-Forwarded-For: 9.9.9.9"])) for i in range(6)]
        self.assertEqual(statuses, [200] * 3 + [429] * 3)

    def test_wrong_keys_do_not_block_a_right_one_of_the_same_address(self):
        key = self.key()
        self.serve("fast", "--trusted-proxy", "127.0.0.1", "--api-key-file", "keys.txt")
        headers = [b"X-Forwarded-For: 5.5.5.5"]
        for _ in range(25):
            self.assertIn(self.ask(raw_http.request(headers=[*headers, b"X-API-Key: wk_" + b"A" * 43])), (401, 429))
        self.assertEqual(self.ask(raw_http.request(headers=[*headers, b"X-API-Key: " + key])), 200)

    def test_bodies_without_a_key_are_not_read(self):
        self.key()
        process = self.serve("fast", "--api-key-file", "keys.txt")
        before = self.memory(process)
        clients = []
        for _ in range(40):
            client = raw_http.Client(self.port)
            self.addCleanup(client.socket.close)
            client.send(raw_http.request(b"", [b"Content-Length: 8388600"], length=False) + b"x" * (8 << 20), until_answered=True)
            clients.append(client)
        self.assertEqual({client.answer().status for client in clients}, {401})
        self.assertLess(self.memory(process) - before, 64)
        # The limit of memory, not of the key: a small body is read and dropped, and the connection goes on.
        with raw_http.Client(self.port) as client:
            for _ in range(3):
                client.send(raw_http.request())
                answer = client.answer()
                self.assertEqual((answer.status, answer.stays_open()), (401, True))

    def test_bodies_share_a_budget(self):
        process = self.serve("fast", "--request-memory-mb", 16, "--max-body-mb", 2)
        before = self.memory(process)
        statuses = []
        clients = []
        for _ in range(20):  # of one address: half of the budget is theirs
            client = raw_http.Client(self.port)
            self.addCleanup(client.socket.close)
            client.send(raw_http.request(b"", [b"Content-Length: 2097152"], length=False) + b"x" * 2000000, until_answered=True)
            clients.append(client)
        answered = [client for client in clients if client.seen]
        readable = [] if answered else select.select([client.socket for client in clients], [], [], raw_http.PATIENCE)[0]  # a busy machine
        for client in clients:
            if client.seen or client.socket in readable:
                statuses.append(client.answer().status)
        self.assertEqual(set(statuses), {503})
        held = re.search(rb"^winnow_request_memory_bytes (\S+)", self.send("GET", "/metrics")[1], re.M)
        self.assertLessEqual(float(held[1]), 8 << 20)
        self.assertLess(self.memory(process) - before, 64)
        for client in clients:
            client.leave()
        self.wait_for(lambda: self.ask(raw_http.request()) == 200, "the server has noticed that they have left")

    def limited(self, limit, *arguments):
        """Starts a server under a limit of the shell's ulimit."""
        log = open(self.path("log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        self.process = subprocess.Popen(["bash", "-c", f'ulimit {limit}; ulimit -c 0; exec "$0" "$@"', self.program, "serve", "--max-wait", "0", *map(str, arguments), "--port", "0", "--json"],
                                        stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.directory)
        self.addCleanup(self.stop, self.process)
        self.port = json.loads(self.process.stdout.readline())["port"]
        return self.process

    def test_a_request_that_needs_too_much_memory_costs_no_other(self):
        rows = "".join(f"win {i}\tlabel_with_a_longer_name_{i % 77}\n" for i in range(924))
        self.winnow("train", self.write("many.tsv", "text\tlabel\n" + rows), "--kind", "lr", "--output-dir", self.path("many"))
        process = self.limited("-v 520000", "many")
        faults = self.page_faults(process)
        # Without an answer if there is not even memory for one.
        self.assertIn(self.ask(raw_http.request(json.dumps({"texts": [""] * MANY}).encode())), (200, 500, 503, None))
        self.assertEqual(self.ask(raw_http.request()), 200, self.logged())
        # With a page for each small block there were 4.7 million, which took a minute.
        self.assertLess(self.page_faults(process) - faults, 1_000_000)

    def test_full_load_within_little_more_memory_than_at_rest(self):
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--output-dir", self.path("model"))
        process = self.serve("model")
        self.assertEqual(self.ask(raw_http.get(b"/health", headers=[b"Host: localhost", b"Connection: close"])), 200)
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            at_rest = int(re.search(r"VmPeak:\s+(\d+)", file.read())[1])
        self.stop(process)
        process = self.limited(f"-v {at_rest * 12 // 10}", "model")
        self.assertEqual(self.ask(raw_http.request()), 200, self.logged())
        stop, large, small = threading.Event(), [], []
        bodies = [raw_http.request(json.dumps({"texts": [f"{i} {'word ' * 3}" for i in range(n, n + MANY)]}).encode()) for n in range(0, 4 * MANY, MANY)]

        def keep_asking(address, statuses, data):
            while not stop.is_set():
                try:
                    statuses.append(self.ask_from(address, data))
                except OSError:
                    statuses.append(None)
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(200)]
        threads = [threading.Thread(target=keep_asking, args=("127.0.0.1", large, data)) for data in bodies * 4]
        threads += [threading.Thread(target=keep_asking, args=("127.0.0.2", small, raw_http.request())) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(4)
            self.wait_for(lambda: len(small) > 20, "small requests")
        finally:
            stop.set()
        for thread in threads:
            thread.join()
        for connection in idle:
            connection.close()
        self.assertIsNone(process.poll(), self.logged())
        self.assertLessEqual(set(large), {200, 429, 500, 503, None})
        self.assertGreater(small.count(200), len(small) * .8, (small, self.logged()))
        self.assertEqual(self.ask(raw_http.request()), 200, self.logged())
        self.assertLess(len(self.logged().splitlines()), 100)

    def test_connections_beyond_the_file_descriptors_wait_quietly(self):
        process = self.limited("-n 64", "fast", "--read-timeout", 600)
        first = raw_http.Client(self.port)
        self.addCleanup(first.socket.close)
        first.send(raw_http.request())
        self.assertEqual(first.answer().status, 200)
        more = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(500)]
        self.wait_for(lambda: "could not accept a connection" in self.logged())
        used = self.cpu_seconds(process)
        time.sleep(3)
        self.assertLess(self.cpu_seconds(process) - used, .3)
        first.send(raw_http.request())  # those that are open go on
        self.assertEqual(first.answer().status, 200)
        for connection in more:
            connection.close()
        self.assertEqual(self.ask(raw_http.request()), 200)
        self.wait_for(lambda: self.ask(raw_http.request()) == 200 and "connections are accepted again" in self.logged())
        self.assertLessEqual(self.logged().count("accept"), 4, self.logged())

    def page_faults(self, process):
        with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
            return int(file.read().rpartition(")")[2].split()[7])

    def test_cached_texts_of_large_requests_are_answered_elsewhere_and_in_turn(self):
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--output-dir", self.path("model"))
        process = self.serve("model", "--http-threads", 1, "--max-wait", 300, "--max-queue", MANY)
        large = raw_http.request(json.dumps({"texts": [f"text {i}" for i in range(MANY)]}).encode(), [b"Accept-Encoding: gzip"])
        self.wait_for(lambda: self.ask(large) == 200)
        stop, statuses = threading.Event(), []

        def attack():
            while not stop.is_set():
                statuses.append(self.ask(large))
        threads = [threading.Thread(target=attack) for _ in range(16)]
        for thread in threads:
            thread.start()
        work = []  # of the server while a request waits for its answer
        for _ in range(100):
            used = self.cpu_seconds(process)
            self.assertEqual(self.ask_from("127.0.0.2", raw_http.get(b"/health")), 200)
            work.append(self.cpu_seconds(process) - used)
            time.sleep(.01)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(statuses), {200, 429})
        self.assertIn(200, statuses)
        self.assertIn(429, statuses)  # some would have waited longer than --max-wait
        self.assertLess(statistics.median(work), .1)

    def test_many_texts_do_not_block_the_thread_that_reads(self):
        self.serve("fast", "--http-threads", 1)
        done = []
        big = raw_http.request(json.dumps({"texts": [f"a{i}" for i in range(MANY)]}).encode())

        def ask_much():
            done.append(self.ask(big))
        threads = [threading.Thread(target=ask_much) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.assertEqual(self.ask(raw_http.get(b"/health", headers=[b"Host: localhost", b"Connection: close"])), 200)
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(done), {200, 429})  # 429: more texts than the queue takes
        self.assertIn(200, done)

    def test_long_texts_of_one_client_turn_nobody_else_away(self):
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--long-text", "windows", "--output-dir", self.path("windows"))
        self.serve("windows", "--max-wait", 1000)
        stop = threading.Event()

        def attack():
            while not stop.is_set():
                self.ask(raw_http.request(json.dumps({"texts": [f"{os.urandom(4).hex()} " + "! " * 20000] * 4}).encode()))
        threads = [threading.Thread(target=attack) for _ in range(4)]
        for thread in threads:
            thread.start()
        others = []
        for i in range(20):
            others.append(self.ask_from("127.0.0.2", raw_http.request(json.dumps({"text": f"see you at {i}"}).encode())))
        stop.set()
        for thread in threads:
            thread.join()
        # Some may be refused (429) while other programs take the cores: the wait that is expected is then longer than --max-wait.
        self.assertGreaterEqual(others.count(200), 10, others)

    def ask_from(self, address, data):

        with socket.socket() as client:
            client.settimeout(raw_http.PATIENCE)
            client.bind((address, 0))
            client.connect(("127.0.0.1", self.port))
            client.sendall(data)
            return int(client.recv(65536).split(b" ")[1])

    def test_limits_of_texts_tokens_and_windows(self):
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--long-text", "windows", "--output-dir", self.path("windows"))
        self.serve("windows", "--max-texts", 3, "--max-tokens-per-request", 2000, "--max-windows", 8)
        for body, status, says in (({"texts": ["a"] * 3}, 200, b""), ({"texts": ["a"] * 4}, 413, b"3 texts"), ({"text": "word " * 400}, 413, b"8 (--max-windows)"),
                                   ({"text": "word " * 20000}, 413, b"2000 (--max-tokens-per-request)")):
            response, data = self.send("POST", "/v1/classify", body)
            self.assertEqual(response.status, status, data)
            self.assertIn(says, data)

    def test_packed_bodies_are_unpacked_for_those_with_a_key(self):
        key = self.key()
        self.serve("fast", "--api-key-file", "keys.txt", "--max-body-mb", 1)
        bomb = gzip.compress(b" " * (1 << 24))
        self.assertEqual(self.ask(raw_http.request(bomb, [b"Content-Encoding: gzip"])), 401)
        self.assertEqual(self.ask(raw_http.request(bomb, [b"Content-Encoding: gzip", b"X-API-Key: " + key])), 413)

    def test_routes_that_need_no_key_take_small_plain_bodies(self):
        self.key()
        self.serve("fast", "--api-key-file", "keys.txt")
        sign_in, health = b"POST /v1/session HTTP/1.1", b"GET /health HTTP/1.1"
        for line, body, headers, status in ((sign_in, b'{"key": "wk_no"}', [], 401), (sign_in, gzip.compress(b'{"key": "wk_no"}'), [b"Content-Encoding: gzip"], 415),
                                            (sign_in, b'{"key": "%s"}' % (b"x" * 4090), [], 413), (health, b"", [], 200), (health, b"a" * 4097, [], 413),
                                            (health, gzip.compress(b"a" * 99), [b"Content-Encoding: gzip"], 415)):
            self.assertEqual(self.ask(raw_http.request(body, headers, line)), status, (line, body[:20]))
        chunk = b"10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"
        self.assertEqual(self.ask(raw_http.request(chunk, [b"Transfer-Encoding: chunked"], sign_in, length=False)), 413)

    def test_a_request_that_a_proxy_has_passed_on_is_none_of_this_machine(self):
        self.serve("fast")
        for header, role in ((b"Accept: */*", "admin"), (b"X-Forwarded-For: 203.0.113.9", "feedback"), (b"Via: 1.1 proxy", "feedback")):
            with raw_http.Client(self.port) as client:
                client.send(raw_http.get(b"/v1/session", headers=(b"Host: localhost", header)))
                self.assertEqual(json.loads(client.answer().body)["role"], role)

    def test_a_log_that_nobody_reads_delays_no_answer_and_no_stop(self):
        process = self.serve("fast", "--access-log", "-", "--drain-timeout", 2)
        with raw_http.Client(self.port) as client:
            for _ in range(9000):  # 2 MB of lines: more than the pipe and the queue hold
                client.send(raw_http.get(b"/health"))
                self.assertEqual(client.answer().status, 200)
            client.send(raw_http.get(b"/metrics"))
            lost = re.search(rb"^winnow_access_log_lost_lines_total (\d+)", client.answer().body, re.M)
            self.assertGreater(int(lost[1]), 0)
        process.send_signal(signal.SIGTERM)
        process.wait(raw_http.PATIENCE)
        self.assertIn("lines of the access log are being dropped", self.logged())

    def test_names_that_only_look_local_are_refused(self):
        self.serve("fast")
        for host, status in (("localhost", 200), ("127.0.0.1:8080", 200), ("[::1]", 200), ("evil.example", 403), ("unix", 403), ("unix:x", 400), ("/x", 400), ("[::1]evil.example", 400),
                             ("127.0.0.1%evil.example", 400), ("localhost:80@evil.example", 400)):
            with self.subTest(host):
                self.assertEqual(self.ask(raw_http.get(b"/models", headers=[b"Host: " + host.encode()])), status)
        self.assertEqual(self.ask(raw_http.get(b"http://evil.example/models")), 403)
        self.assertEqual(self.ask(raw_http.request(headers=[b"Origin: http://evil.example"])), 403)
        self.assertEqual(self.ask(raw_http.request(headers=[b"Sec-Fetch-Site: cross-site"])), 403)
        self.stop(self.process)
        self.serve("fast", "--allowed-host", "filter.internal")
        self.assertEqual(self.ask(raw_http.get(b"/models", headers=[b"Host: filter.internal:80"])), 200)
        self.assertEqual(self.ask(raw_http.get(b"/models", headers=[b"Host: evil.example"])), 403)

    def test_two_servers_do_not_share_a_socket(self):
        first = self.serve("fast", "--unix-socket", "winnow.sock")
        self.fails("serve", "fast", "--port", 0, "--unix-socket", "winnow.sock", says=["another server listens"])
        first.kill()
        first.wait()
        self.serve("fast", "--unix-socket", "winnow.sock")  # what a killed server left is replaced


class Certificates(ServingTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        self.trained("--kind", "lr", output="fast")

    def certificate(self, name, *arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", f"/CN={name}", *arguments],
                       cwd=self.directory, check=True, capture_output=True)

    def handshake(self, *arguments):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", *arguments], cwd=self.directory, input=b"", capture_output=True)
        return done.stdout.decode("utf-8", "replace")

    def test_are_read_again_on_sighup(self):
        self.certificate("first")
        process = self.serve("fast", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        self.assertIn("CN = first", self.handshake())
        self.certificate("second")
        process.send_signal(signal.SIGHUP)
        self.wait_for_log("models were checked")
        self.assertIn("reloaded TLS certificate", self.logged())
        self.assertIn("CN = second", self.handshake())
        self.write("key.pem", "rubbish")
        process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.logged().count("models were checked") == 2)
        self.assertIn("could not reload TLS certificate; the previous version stays in use", self.logged())
        self.assertIn("CN = second", self.handshake())

    def test_protocols_and_ciphers(self):
        self.certificate("localhost")
        self.serve("fast", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        for cipher in ("AES128-SHA", "AES256-SHA256", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256"):
            with self.subTest(cipher):
                self.assertNotIn(f"Cipher is {cipher}", self.handshake("-tls1_2", "-cipher", cipher))
        for cipher in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
            with self.subTest(cipher):
                self.assertIn(f"Cipher is {cipher}", self.handshake("-tls1_2", "-cipher", cipher))
        self.assertIn("TLSv1.3", self.handshake("-tls1_3"))
        self.assertNotIn("Cipher is TLS", self.handshake("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"))

    def test_clients_need_one_if_the_server_says_so(self):

        self.certificate("localhost", "-addext", "subjectAltName=DNS:localhost")
        self.serve("fast", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-client-ca", "cert.pem")
        context = ssl.create_default_context(cafile=self.path("cert.pem"))
        with self.assertRaises((ssl.SSLError, OSError)):
            self.send("GET", "/health", connection=http.client.HTTPSConnection("localhost", self.port, timeout=raw_http.PATIENCE, context=context))
        context.load_cert_chain(self.path("cert.pem"), self.path("key.pem"))
        response, _ = self.send("GET", "/health", connection=http.client.HTTPSConnection("localhost", self.port, timeout=raw_http.PATIENCE, context=context))
        self.assertEqual(response.status, 200)


class Service(winnow.TestCase):
    def test_the_units_leave_little_exposed(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        for name in ("winnow.service", "winnow-milter.service"):
            with open(os.path.join(winnow.SOURCE, "deploy", "systemd", name), encoding="utf-8") as file:
                unit = self.write(name, file.read().replace("/usr/bin/winnow", os.path.abspath(self.program)))
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True)
            exposure = re.search(rf"exposure level for {name}: ([\d.]+)", done.stdout)
            self.assertTrue(exposure, done.stdout + done.stderr)
            self.assertLessEqual(float(exposure[1]), 1.5)


if __name__ == "__main__":
    winnow.main()

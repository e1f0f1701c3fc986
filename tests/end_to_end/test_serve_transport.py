"""What a server is behind its routes: TLS, unix sockets, systemd, gzip, CORS, keys, limits, logs, metrics, caches."""
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time

import winnow
from serving import ServingTest

BODY = json.dumps({"text": "You won a prize, claim it now"})


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class ServerTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")

    def label(self, answer):
        response, data = answer
        self.assertEqual(response.status, 200, data)
        return json.loads(data)["results"][0]["label"]


class Transport(ServerTest):
    def test_tls_and_a_unix_socket(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost"], cwd=self.directory, check=True, capture_output=True)
        self.fails("serve", "fast", "--port", 0, "--tls-cert", "cert.pem", says=["--tls-key"], code=2)
        self.fails("serve", "fast", "--port", 0, "--tls-cert", "cert.pem", "--tls-key", "none.pem", says=["none.pem"])
        process = self.serve("fast", "--tls-cert", "cert.pem", "--tls-key", "key.pem", "--unix-socket", "winnow.sock")
        context = ssl.create_default_context(cafile=self.path("cert.pem"))
        secure = http.client.HTTPSConnection("localhost", self.port, timeout=30, context=context)
        self.assertIn(self.label(self.send("POST", "/v1/classify", BODY, connection=secure)), ("ham", "spam"))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.send("GET", "/health", connection=http.client.HTTPSConnection("localhost", self.port, timeout=30, context=old))
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.send("GET", "/health")  # in plain
        self.assertIn(self.label(self.send("POST", "/v1/classify", BODY, connection=UnixConnection(self.path("winnow.sock")))), ("ham", "spam"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.assertFalse(os.path.exists(self.path("winnow.sock")))

    def test_bodies_travel_packed_both_ways(self):
        self.serve("fast", "--max-body-mb", 1)
        texts = json.dumps({"texts": ["some words"] * 50}).encode()
        packed = gzip.compress(texts)
        response, data = self.send("POST", "/v1/classify", packed, {"Content-Encoding": "gzip", "Accept-Encoding": "gzip"})
        self.assertEqual((response.status, response.headers["Content-Encoding"]), (200, "gzip"))
        self.assertEqual(len(json.loads(gzip.decompress(data))["results"]), 50)
        self.assertIsNone(self.send("POST", "/v1/classify", texts)[0].headers["Content-Encoding"])
        self.assertIsNone(self.send("POST", "/v1/classify", texts, {"Accept-Encoding": "gzip;q=0, br"})[0].headers["Content-Encoding"])
        for body, encoding, status in ((packed[:-5], "gzip", 400), (b"no gzip", "gzip", 400), (texts, "br", 415), (gzip.compress(b" " * (2 << 20)), "gzip", 413)):
            self.assertEqual(self.send("POST", "/v1/classify", body, {"Content-Encoding": encoding})[0].status, status, encoding)

    def test_pages_of_named_origins_may_call(self):
        self.serve("fast", "--cors-origin", "https://good.example")
        asks = {"Origin": "https://good.example", "Access-Control-Request-Method": "POST"}
        response, _ = self.send("OPTIONS", "/v1/classify", headers=asks)
        self.assertEqual((response.status, response.headers["Access-Control-Allow-Origin"], response.headers["Access-Control-Allow-Methods"]),
                         (204, "https://good.example", "POST"))
        for name in ("If-Match", "Last-Event-ID", "Content-Encoding", "Cache-Control", "Inference-Header-Content-Length"):
            self.assertIn(name, response.headers["Access-Control-Allow-Headers"])
        self.assertEqual(self.send("POST", "/v1/classify", BODY, {"Origin": "https://good.example"})[0].headers["Access-Control-Allow-Origin"], "https://good.example")
        for headers in ({"Origin": "https://bad.example"}, {}):
            self.assertIsNone(self.send("POST", "/v1/classify", BODY, headers)[0].headers["Access-Control-Allow-Origin"])

    def test_a_body_that_is_too_large_is_refused_as_other_requests_are(self):
        origin = "https://good.example"
        self.serve("fast", "--max-body-mb", 1, "--cors-origin", origin, "--access-log", "access.jsonl")
        for name, body, more in (("told", b"", {"Content-Length": str(2 << 20)}), ("packed", gzip.compress(b" " * (2 << 20)), {"Content-Encoding": "gzip"})):
            response, _ = self.send("POST", "/v1/classify", body, {"Origin": origin, "Content-Type": "application/json", "X-Request-Id": name, **more})
            headers = [response.headers[header] for header in ("Access-Control-Allow-Origin", "X-Request-Id")]
            self.assertEqual((response.status, headers), (413, [origin, name]), "a page of the origin may read why")
        lines = [json.loads(line) for line in self.access_log().splitlines()]
        self.assertEqual([(line["id"], line["path"], line["status"]) for line in lines], [(name, "/v1/classify", 413) for name in ("told", "packed")])
        self.assertIn('winnow_requests_total{route="/v1/classify",status="413"} 2\n', self.send("GET", "/metrics")[1].decode())

    def test_systemd_opens_the_socket_and_is_told(self):
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told.bind(self.path("notify"))
        told.settimeout(30)
        self.addCleanup(told.close)
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        port = listening.getsockname()[1]

        def hand_over():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)

        # The number of the process is known only in it, so the variable is set by a shell that becomes the program.
        process = subprocess.Popen(["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", winnow.TestCase.program, "serve", self.path("fast"), "--json"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, preexec_fn=hand_over, close_fds=False,
                                   env={**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": self.path("notify")})
        self.addCleanup(self.stop, process)
        self.assertEqual(told.recv(100), b"READY=1")
        self.assertEqual(json.loads(process.stdout.readline())["port"], port)
        self.port = port
        self.assertEqual(self.send("GET", "/health")[0].status, 200)
        process.send_signal(signal.SIGHUP)
        self.assertEqual([told.recv(100), told.recv(100)], [b"RELOADING=1", b"READY=1"])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(told.recv(100), b"STOPPING=1")
        self.assertEqual(process.wait(30), 0)


class Access(ServerTest):
    def test_keys_and_what_each_may(self):
        keys = {role: json.loads(self.winnow("keys", "add", "keys.txt", "--name", role, "--role", role, "--json")[0])["key"] for role in ("classify", "admin")}
        process = self.serve("fast", "--api-key-file", "keys.txt", "--access-log", "access.jsonl")
        bearer = {role: {"Authorization": "Bearer " + key} for role, key in keys.items()}
        self.assertEqual(self.send("GET", "/health")[0].status, 200)
        response, data = self.send("POST", "/v1/classify", BODY)
        self.assertEqual((response.status, response.headers["WWW-Authenticate"][:6]), (401, "Bearer"))
        self.assertEqual(self.send("POST", "/v1/classify", BODY, {"X-API-Key": keys["classify"][:-1] + "x"})[0].status, 401)
        self.assertEqual(self.send("POST", "/v1/classify", BODY, {"X-API-Key": keys["classify"]})[0].status, 200)
        self.assertEqual(self.send("POST", "/v1/classify", BODY, {**bearer["classify"], "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"})[0].status, 200)
        switch = json.dumps({"model": "fast"})
        self.assertEqual(self.send("POST", "/models/switch", switch, bearer["classify"])[0].status, 403)
        self.assertEqual(self.send("POST", "/models/switch", switch, bearer["admin"])[0].status, 200)
        # A key that is taken back works until the file is read again.
        self.winnow("keys", "revoke", "keys.txt", "classify")
        self.assertEqual(self.send("POST", "/v1/classify", BODY, bearer["classify"])[0].status, 200)
        process.send_signal(signal.SIGHUP)
        deadline = time.time() + 30
        while self.send("POST", "/v1/classify", BODY, bearer["classify"])[0].status != 401:
            self.assertLess(time.time(), deadline)
        log = self.access_log()
        lines = [json.loads(line) for line in log.splitlines()]
        self.assertEqual({"health", "classify"} - {line["path"].strip("/").split("/")[-1] for line in lines}, set())
        self.assertEqual([line["trace_id"] for line in lines if "trace_id" in line], ["4bf92f3577b34da6a3ce929d0e0e4736"])
        self.assertIn("classify", {line.get("key") for line in lines})
        self.assertNotIn("prize", log)
        for key in keys.values():
            self.assertNotIn(key, log)

    def test_a_rate_is_kept(self):
        self.serve("fast", "--requests-per-minute", 6, "--request-burst", 5)
        statuses = [self.send("POST", "/v1/classify", BODY) for _ in range(12)]
        self.assertEqual([response.status for response, _ in statuses[:5]], [200] * 5)
        refused = [response for response, _ in statuses if response.status == 429]
        self.assertGreaterEqual(len(refused), 5)
        self.assertGreaterEqual(int(refused[0].headers["Retry-After"]), 1)
        for path in ("/health", "/ready", "/v2/health/ready", "/metrics"):  # for those who watch the server
            self.assertEqual(self.send("GET", path)[0].status, 200, path)

    def connected(self, count):
        """So many connections, each after a request."""
        connections = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=30) for _ in range(count)]
        for connection in connections:
            self.addCleanup(connection.close)
            connection.request("POST", "/v1/classify", BODY)
            self.assertEqual(self.read(connection), 200)
        return connections

    @staticmethod
    def read(connection):
        response = connection.getresponse()
        response.read()
        return response.status

    def metric(self, name):
        return next((float(line.split()[1]) for line in self.send("GET", "/metrics")[1].decode().splitlines() if line.startswith(name + " ")), None)

    def test_at_a_limit_the_connection_that_was_idle_longest_is_closed_for_a_new_one(self):
        for limit, option in (("total", "--max-connections"), ("address", "--max-connections-per-address")):
            process = self.serve("fast", option, 4)
            first, *others = self.connected(4)
            self.assertEqual(self.send("POST", "/v1/classify", BODY)[0].status, 200)
            for connection in others:  # that connection has gone, and these have stayed
                connection.request("POST", "/v1/classify", BODY)
                self.assertEqual(self.read(connection), 200)
            with self.assertRaises((http.client.HTTPException, OSError)):
                first.sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.read(first)
            self.assertGreaterEqual(self.metric(f'winnow_idle_connections_closed_total{{limit="{limit}"}}'), 1)
            self.assertEqual(self.metric(f'winnow_connections_refused_total{{limit="{limit}"}}'), 0)
            self.stop(process)

    def test_probes_are_answered_beyond_the_limit_and_refusals_are_told(self):
        self.serve("fast", "--max-connections", 3)
        half = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(3)]
        for connection in half:  # busy: the header has arrived, the body has not
            self.addCleanup(connection.close)
            connection.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
            self.assertIn(b"100 Continue", connection.recv(100))
        for path in ("/health", "/ready", "/metrics"):
            response, _ = self.send("GET", path)
            self.assertEqual((response.status, response.headers["Connection"]), (200, "close"), path)
        response, data = self.send("POST", "/v1/classify", BODY)
        self.assertEqual(response.status, 503)
        self.assertIn("as many connections", json.loads(data)["error"])
        silent = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(40)]
        for connection in silent:
            self.addCleanup(connection.close)
        self.wait_for_log("a connection was refused, since 3 are open")
        for connection in silent:  # those beyond the limit have two seconds for their request
            connection.settimeout(30)
            self.assertIn(connection.recv(100)[:12], (b"", b"HTTP/1.1 408"))
        self.assertGreaterEqual(self.metric('winnow_connections_refused_total{limit="total"}'), 2)

    def test_a_stop_does_not_wait_for_half_a_request(self):
        process = self.serve("fast")
        slow = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(slow.close)
        slow.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
        self.assertIn(b"100 Continue", slow.recv(100))
        slow.sendall(b"{")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        self.assertLess(time.monotonic() - begin, 15)

    def test_a_log_for_programs_has_nothing_else_from_the_start_to_the_end(self):
        process = self.serve("fast", "--log-format", "json")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        messages = [json.loads(line)["message"] for line in self.logged().splitlines()]
        self.assertTrue(any("stopping at the next safe point" in message for message in messages), messages)
        refused = subprocess.run([winnow.TestCase.program, "serve", "fast", "--filter", "--store", "postgresql://db/winnow", "--log-format", "json"], cwd=self.directory,
                                 capture_output=True, text=True, check=False)
        error = json.loads(refused.stderr)
        self.assertEqual((refused.returncode, error["level"], error["message"]), (2, "error", "a PostgreSQL store requires --spool DIR"))
        self.assertIn("local disk", error["hint"])

    def test_admin_is_not_for_strangers(self):
        self.serve("fast", "--host", "0.0.0.0")
        response, data = self.send("POST", "/models/switch", json.dumps({"model": "fast"}))
        self.assertEqual(response.status, 403)
        self.assertIn("winnow keys add", json.loads(data)["error"])
        self.assertEqual(self.send("POST", "/v1/classify", BODY)[0].status, 200)

    def forwarded(self, address, path="/v1/classify", body=BODY):
        return self.send("POST", path, body, {"X-Forwarded-For": address})[0].status

    def clients_logged(self):
        return {json.loads(line)["client"] for line in self.access_log().splitlines()}

    def test_clients_of_a_trusted_proxy_are_told_apart(self):
        self.serve("fast", "--trusted-proxy", "loopback", "--requests-per-minute", 6, "--request-burst", 5, "--access-log", "access.jsonl",
                   "--max-connections-per-address", 1)
        # Whoever sends many is refused, whatever it puts in front of what the proxy adds.
        self.assertIn(429, [self.forwarded(f"10.0.0.{i}, 198.51.100.1") for i in range(100)])
        self.assertEqual([self.forwarded("198.51.100.2:4711") for _ in range(5)], [200] * 5)
        self.assertEqual(self.clients_logged(), {"198.51.100.1", "198.51.100.2"})
        # It listens on loopback, but others than this machine come.
        self.assertIn("a trusted proxy", self.logged())
        for headers in ({}, {"X-Forwarded-For": "198.51.100.3"}, {"X-Forwarded-For": "127.0.0.1"}):
            response, data = self.send("POST", "/models/switch", json.dumps({"model": "fast"}), headers)
            self.assertEqual(response.status, 403, headers)
            self.assertIn("winnow keys add", json.loads(data)["error"])
        # The limit of connections is not of the proxy.
        with socket.create_connection(("127.0.0.1", self.port)), socket.create_connection(("127.0.0.1", self.port)):
            self.assertEqual(self.send("GET", "/health")[0].status, 200)

    def test_a_header_of_anybody_else_is_not_believed(self):
        self.fails("serve", "fast", "--port", 0, "--trusted-proxy", "10.0.0.0/8,nginx", says=["'nginx'", "loopback"], code=2)
        self.serve("fast", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "unix", "--unix-socket", "winnow.sock", "--requests-per-minute", 6, "--request-burst", 5,
                   "--access-log", "access.jsonl")
        self.assertIn(429, [self.forwarded(f"198.51.100.{i}") for i in range(100)])
        self.assertEqual(self.clients_logged(), {"127.0.0.1"})
        behind = UnixConnection(self.path("winnow.sock"))
        self.assertIn(self.label(self.send("POST", "/v1/classify", BODY, {"X-Forwarded-For": "2001:DB8::1"}, connection=behind)), ("ham", "spam"))
        self.assertEqual(self.clients_logged(), {"127.0.0.1", "2001:db8::1"})

    def test_without_trusted_proxies_the_header_is_not_looked_at(self):
        self.serve("fast", "--requests-per-minute", 6, "--request-burst", 5, "--access-log", "access.jsonl")
        self.assertIn(429, [self.forwarded(f"198.51.100.{i}") for i in range(100)])
        self.assertEqual(self.clients_logged(), {"127.0.0.1"})

    def test_no_error_repeats_a_text(self):
        self.serve("fast")
        for body in ('{"text": "secret-word", "mode": "secret-word"}', '{"texts": "secret-word"}', '{"text": "secret-word', '{"text": [["secret-word"]]}',
                     '{"text": "secret-word", "top_k": "secret-word"}', '{"text": "a", "model": "secret-word"}'):
            response, data = self.send("POST", "/v1/classify", body)
            self.assertGreaterEqual(response.status, 400, body)
            self.assertNotIn(b"secret-word", data)
        self.assertNotIn(b"secret-word", self.send("GET", "/secret-word")[1])


class Caches(ServerTest):
    def setUp(self):
        super().setUp()
        self.trained("--epochs", 1)

    def figure(self, pattern):
        found = re.search(r"^" + re.escape(pattern) + r" (\S+)$", self.send("GET", "/metrics")[1].decode(), re.MULTILINE)
        self.assertIsNotNone(found, pattern)
        return float(found.group(1))

    def hits(self, cache="memory", result="hit"):
        return self.figure(f'winnow_cache_lookups_total{{cache="{cache}",result="{result}"}}')

    def test_a_text_is_computed_once(self):
        self.serve("model")
        first = json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"]
        self.assertEqual((self.hits(), self.hits(result="miss")), (0, 1))
        self.assertEqual(json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"], first)
        self.assertEqual(self.hits(), 1)
        batches = self.figure("winnow_batch_texts_count")
        for body, headers in ((json.dumps({**json.loads(BODY), "cache": "no-store"}), {}), (BODY, {"Cache-Control": "no-store"})):
            self.assertEqual(json.loads(self.send("POST", "/v1/classify", body, headers)[1])["results"], first)
        self.assertEqual((self.hits(), self.figure("winnow_batch_texts_count")), (1, batches + 2))
        # Some of a request's texts are known, and some are not.
        many = json.dumps({"texts": ["You won a prize, claim it now", "something else", "You won a prize, claim it now"]})
        results = json.loads(self.send("POST", "/v1/classify", many)[1])["results"]
        self.assertEqual([results[0], results[2]], [first[0]] * 2)
        self.assertEqual(self.hits(), 3)
        self.assertEqual(self.figure('winnow_requests_total{route="/v1/classify",status="200"}'), 5)
        self.assertGreater(self.figure("te_request_inference_duration_count"), 0)

    def redis(self, *arguments):
        """Starts redis-server, without a socket of its own unless the arguments say so; it ends with the test."""
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not program:
            self.skipTest("redis is not installed (Debian: redis-tools)")
        redis = subprocess.Popen(["redis-server", "--port", "0", "--save", "", "--appendonly", "no", "--dir", self.directory, *map(str, arguments)], executable=program, stdout=subprocess.DEVNULL)
        self.addCleanup(self.stop, redis)
        return redis

    def wait_for(self, condition):
        deadline = time.time() + 60
        while not condition():
            self.assertLess(time.time(), deadline, self.logged())
            time.sleep(.01)

    def certificate(self, name, *arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}", *arguments],
                       cwd=self.directory, check=True, capture_output=True)

    def test_redis_over_tls(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        self.certificate("localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.certificate("client")
        self.certificate("elsewhere", "-addext", "subjectAltName=DNS:elsewhere.example")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        files = ("--tls-port", port, "--bind", "127.0.0.1", "--tls-key-file", self.path("localhost.key"), "--tls-cert-file", self.path("localhost.pem"), "--tls-ca-cert-file", self.path("client.pem"))
        url = f"rediss://localhost:{port}"
        trusted = ("--redis-tls-ca", "localhost.pem", "--redis-tls-cert", "client.pem", "--redis-tls-key", "client.key", "--redis-timeout", 30000)
        redis = self.redis(*files, "--unixsocket", self.path("redis.sock"))
        first = self.serve("model", "--redis", url, *trusted)
        self.wait_for(lambda: self.figure("winnow_redis_available") == 1)
        expected = json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"]
        self.wait_for(lambda: self.redis_says("DBSIZE") == b":1\r\n")
        self.stop(first)
        second = self.serve("model", "--redis", f"rediss://127.0.0.1:{port}", *trusted)  # by address
        self.wait_for(lambda: self.figure("winnow_redis_available") == 1)
        self.assertEqual(json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"], expected)
        self.assertEqual((self.hits("redis"), self.figure("winnow_batch_texts_count")), (1, 0))
        self.stop(second)
        # An authority that is not trusted, no certificate of the client, a server that is not encrypted.
        for wrong, says in ((trusted[2:], "certificate is not accepted"), (("--redis-tls-ca", "client.pem", *trusted[2:]), "certificate is not accepted"),
                            (trusted[:2], "is unavailable: ")):  # a TLS alert, or a reset that came before it
            process = self.serve("model", "--redis", url, *wrong)
            self.wait_for(lambda: says in self.logged())
            self.assertEqual(self.figure("winnow_redis_available"), 0)
            self.assertEqual(self.send("POST", "/v1/classify", BODY)[0].status, 200)
            self.stop(process)
        # A certificate that the right authority has signed for another host.
        self.stop(redis)
        self.redis(*files[:5], self.path("elsewhere.key"), "--tls-cert-file", self.path("elsewhere.pem"), "--tls-ca-cert-file", self.path("client.pem"))
        self.serve("model", "--redis", url, "--redis-tls-ca", "elsewhere.pem", *trusted[2:])
        self.wait_for(lambda: "ostname mismatch" in self.logged())
        self.assertEqual(self.figure("winnow_redis_available"), 0)
        for arguments, says, code in ((("--redis", url, "--redis-tls-cert", "client.pem"), "--redis-tls-key", 2), (("--redis", url, "--redis-tls-ca", "none.pem"), "none.pem", 1),
                                      (("--redis", "redis://localhost", "--redis-tls-ca", "localhost.pem"), "rediss://", 2), (("--redis-tls-ca", "localhost.pem"), "require --redis", 2)):
            self.fails("serve", "model", "--port", 0, *arguments, says=[says], code=code)

    def test_redis_rows_are_authenticated(self):
        self.redis("--unixsocket", self.path("redis.sock"))
        secret = self.write("secret", "5" * 64 + "\n")
        os.chmod(secret, 0o600)
        self.fails("serve", "model", "--port", 0, "--redis", "redis://localhost", "--redis-mac-key-file", self.write("short", "5" * 31), says=["31 bytes", "openssl rand -hex 32"])
        arguments = ("--redis", "unix://" + self.path("redis.sock"), "--redis-timeout", 30000, "--redis-mac-key-file", "secret", "--cache-mb", 0)
        self.serve("model", *arguments)
        self.wait_for(lambda: self.figure("winnow_redis_available") == 1)
        bodies = [BODY, json.dumps({"text": "See you at six"})]
        ask = lambda body: json.loads(self.send("POST", "/v1/classify", body)[1])["results"]
        expected = [ask(body) for body in bodies]
        self.assertNotEqual(*expected)
        self.wait_for(lambda: len(self.redis_says("KEYS", "*")) == 2)
        self.assertEqual([ask(body) for body in bodies], expected)
        self.assertEqual((self.hits("redis"), self.figure("winnow_batch_texts_count"), self.figure("winnow_redis_rejected_total")), (2, 2, 0))
        # The row of each text under the key of the other, and values that somebody has changed.
        keys = self.redis_says("KEYS", "*")
        values = [self.redis_says("GET", key) for key in keys]
        for forged in (values[::-1], [value[:5] + value[9:13] + value[5:9] + value[13:] for value in values], [value[:-32] for value in values]):
            for key, value in zip(keys, forged):
                self.redis_says("SET", key, value)
            before = self.figure("winnow_redis_rejected_total")
            self.assertEqual([ask(body) for body in bodies], expected)
            self.assertEqual(self.figure("winnow_redis_rejected_total") - before, 2)
            self.wait_for(lambda: [self.redis_says("GET", key) for key in keys] == values)  # the right ones are stored again
        self.assertEqual((self.hits("redis"), self.figure("winnow_batch_texts_count")), (2, 8))
        self.assertEqual(self.logged().count("message authentication code"), 1)

    def redis_says(self, *words):
        """The reply of the redis-server at redis.sock: bytes, or a list of them."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(self.path("redis.sock"))
            words = [word.encode() if isinstance(word, str) else word for word in words]
            client.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
            replies = client.makefile("rb")

            def reply():
                line = replies.readline()
                if line[:1] == b"*":
                    return [reply() for _ in range(int(line[1:]))]
                return replies.read(int(line[1:]) + 2)[:-2] if line[:1] == b"$" else line
            return reply()

    def test_redis_is_shared_and_may_vanish(self):
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not program:
            self.skipTest("redis is not installed (Debian: redis-tools)")
        redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path("redis.sock"), "--save", "", "--appendonly", "no"], executable=program,
                                 stdout=subprocess.DEVNULL)
        self.addCleanup(self.stop, redis)
        deadline = time.time() + 30
        while not os.path.exists(self.path("redis.sock")) or not stat.S_ISSOCK(os.stat(self.path("redis.sock")).st_mode):
            self.assertLess(time.time(), deadline)
            time.sleep(.01)
        patient = ("--redis", "unix://" + self.path("redis.sock"), "--redis-timeout", 30000)
        first = self.serve("model", *patient)
        while self.figure("winnow_redis_available") == 0:
            self.assertLess(time.time(), deadline)
        expected = json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"]
        with socket.socket(socket.AF_UNIX) as asking:  # the server does not wait until Redis has what it sends
            asking.connect(self.path("redis.sock"))
            size = b""
            while size != b":1\r\n":
                self.assertLess(time.time(), deadline, size)
                asking.sendall(b"DBSIZE\r\n")
                size = asking.recv(64)
        self.stop(first)
        # Another server finds what the first has answered.
        self.serve("model", *patient)
        while self.figure("winnow_redis_available") == 0:
            self.assertLess(time.time(), deadline)
        self.assertEqual(json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"], expected)
        self.assertEqual((self.hits("redis"), self.figure("winnow_batch_texts_count")), (1, 0))
        redis.kill()
        for i in range(20):
            response, data = self.send("POST", "/v1/classify", json.dumps({"text": f"text {i}"}))
            self.assertEqual(response.status, 200, data)


if __name__ == "__main__":
    winnow.main()

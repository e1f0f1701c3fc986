"""What a server is behind its routes: TLS, unix sockets, systemd, gzip, CORS, keys, limits, logs, metrics."""
import gzip
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess

import winnow
from raw_http import PATIENCE
from serving import ServingTest

BODY = json.dumps({"text": "You won a prize, claim it now"})


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
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
        secure = http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=context)
        self.assertIn(self.label(self.send("POST", "/v1/classify", BODY, connection=secure)), ("ham", "spam"))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, OSError)):
            self.send("GET", "/health", connection=http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=old))
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.send("GET", "/health")  # in plain
        self.assertIn(self.label(self.send("POST", "/v1/classify", BODY, connection=UnixConnection(self.path("winnow.sock")))), ("ham", "spam"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
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
        told.settimeout(PATIENCE)
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
        self.assertEqual(process.wait(PATIENCE), 0)


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
        self.wait_for(lambda: self.send("POST", "/v1/classify", BODY, bearer["classify"])[0].status == 401, "the key is taken back")
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
        connections = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE) for _ in range(count)]
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
            connection.settimeout(PATIENCE)
            self.assertIn(connection.recv(100)[:12], (b"", b"HTTP/1.1 408"))
        self.assertGreaterEqual(self.metric('winnow_connections_refused_total{limit="total"}'), 2)

    def test_a_stop_does_not_wait_for_half_a_request(self):
        process = self.serve("fast", "--drain-timeout", 86400)
        slow = socket.create_connection(("127.0.0.1", self.port))
        self.addCleanup(slow.close)
        slow.sendall(b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n")
        self.assertIn(b"100 Continue", slow.recv(100))
        slow.sendall(b"{")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_log_for_programs_has_nothing_else_from_the_start_to_the_end(self):
        process = self.serve("fast", "--log-format", "json")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)
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


if __name__ == "__main__":
    winnow.main()

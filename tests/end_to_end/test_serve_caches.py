"""The caches of predictions that a server has: its own, and the one in Redis that several servers share."""
import json
import os
import re
import shutil
import socket
import subprocess

import winnow
from ports import free_port
from raw_http import PATIENCE
from serving import ServingTest

BODY = json.dumps({"text": "You won a prize, claim it now"})


class Caches(ServingTest):
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

    def certificate(self, name, *arguments):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}", *arguments],
                       cwd=self.directory, check=True, capture_output=True)

    def test_redis_over_tls(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        self.certificate("localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.certificate("client")
        self.certificate("elsewhere", "-addext", "subjectAltName=DNS:elsewhere.example")
        port = free_port()
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
            client.settimeout(PATIENCE)
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
        redis = self.redis("--unixsocket", self.path("redis.sock"))
        patient = ("--redis", "unix://" + self.path("redis.sock"), "--redis-timeout", 30000)
        first = self.serve("model", *patient)
        self.wait_for(lambda: self.figure("winnow_redis_available") == 1)
        expected = json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"]
        self.wait_for(lambda: self.redis_says("DBSIZE") == b":1\r\n", "the server does not wait until Redis has what it sends")
        self.stop(first)
        # Another server finds what the first has answered.
        self.serve("model", *patient)
        self.wait_for(lambda: self.figure("winnow_redis_available") == 1)
        self.assertEqual(json.loads(self.send("POST", "/v1/classify", BODY)[1])["results"], expected)
        self.assertEqual((self.hits("redis"), self.figure("winnow_batch_texts_count")), (1, 0))
        redis.kill()
        for i in range(20):
            response, data = self.send("POST", "/v1/classify", json.dumps({"text": f"text {i}"}))
            self.assertEqual(response.status, 200, data)


if __name__ == "__main__":
    winnow.main()

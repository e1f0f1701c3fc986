"""The server: started on a free port, asked over HTTP, overloaded with nonsense, and stopped."""
import concurrent.futures
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import time

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES, SOURCE


class Server(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")
        self.trained("--epochs", 1)
        for model in ("fast", "model"):
            self.winnow("calibrate", model, "--in-scope-only", "--max-rejected", .3)
        self.serve("model", "fast", "--drain-timeout", PATIENCE)

    def ask(self, method, path, body=None, headers=None):
        response, data = self.send(method, path, body, headers)
        return response, json.loads(data) if data and response.headers["Content-Type"] == "application/json" else data

    def test_it_answers_as_the_command_line_does(self):
        texts = ["You won a prize, claim it now", "See you at lunch", ""]
        for model in ("model", "fast"):
            _, answer = self.ask("POST", "/v1/classify", {"texts": texts, "model": model})
            self.assertEqual((answer["model"], answer["version"], len(answer["results"])), (model, "1.0.1", 3))
            lines = self.winnow("classify", model, "--json", *texts)[0].splitlines()
            for ours, theirs in zip(answer["results"], map(json.loads, lines)):
                self.assertEqual(ours["label"], theirs["label"])
                self.assertAlmostEqual(ours["score"], theirs["score"], places=4)
                self.assertEqual((ours.keys(), ours["out_of_scope"]), (theirs.keys(), theirs["out_of_scope"]))
                self.assertAlmostEqual(ours["scope_score"], theirs["scope_score"], delta=1e-3 * (1 + abs(theirs["scope_score"])))
        _, one = self.ask("POST", "/v1/classify", {"text": texts[0], "top_k": 1, "mode": "strict"})
        self.assertEqual(len(one["results"][0]["scores"]), 1)
        _, tei = self.ask("POST", "/predict", {"inputs": texts[0]})
        self.assertEqual({score["label"] for score in tei}, {"ham", "spam"})
        _, batch = self.ask("POST", "/predict", {"inputs": [[text] for text in texts[:2]]})
        self.assertEqual(len(batch), 2)
        _, simple = self.ask("POST", "/predict", {"text": texts[0]})
        self.assertEqual(set(simple), {"label", "confidence", "scores", "model", "inference_time_ms"})
        _, models = self.ask("GET", "/models")
        self.assertEqual([model["name"] for model in models["models"]], ["model", "fast"])
        self.assertEqual(self.ask("GET", "/info")[1]["model_id"], "model")
        self.assertEqual(self.ask("GET", "/health")[0].status, 200)
        self.assertEqual(self.ask("GET", "/ready", headers={"X-Request-Id": "mine"})[0].headers["X-Request-Id"], "mine")

    def test_what_makes_no_sense_gets_the_right_status_and_the_next_request_an_answer(self):
        deep = "[" * 5000 + "]" * 5000
        for path, body, status in (("/v1/classify", "{", 400), ("/v1/classify", b'{"text": "\xff"}', 400), ("/v1/classify", "[]", 422), ("/v1/classify", {}, 422),
                                   ("/v1/classify", {"text": 7}, 422), ("/v1/classify", {"text": "a", "texts": []}, 422), ("/v1/classify", {"text": "a", "mode": "x"}, 422),
                                   ("/v1/classify", {"text": "a", "top_k": -1}, 422), ("/v1/classify", {"text": "a", "model": "none"}, 404),
                                   ("/v1/classify", '{"text": ' + deep + "}", 422), ("/v1/classify", {"text": "a" * (2 << 20)}, 413), ("/predict", {}, 422),
                                   ("/predict", {"inputs": []}, 422), ("/predict", {"inputs": [["a", "b", "c"]]}, 422), ("/nowhere", {}, 404)):
            response, answer = self.ask("POST", path, body)
            self.assertEqual(response.status, status, (path, str(body)[:60]))
            self.assertEqual(set(answer), {"error", "error_type"})
        self.assertEqual(self.ask("DELETE", "/health")[0].headers["Allow"], "GET")
        self.assertEqual(self.ask("POST", "/v1/classify", {"texts": []})[1]["results"], [])
        self.assertEqual(self.ask("POST", "/v1/classify", {"text": "free money"})[0].status, 200)

    def test_a_path_that_an_option_adds_names_the_option(self):
        with open(os.path.join(SOURCE, "docs", "http-routes.md"), encoding="utf-8") as file:
            routes = re.findall(r"^\| \[(\w+) (/\S*)\]\(\S+\) \|.*\| `(--[^`]+)` \|$", file.read(), re.M)
        self.assertGreater(len(routes), 60)
        for method, path, options in routes:
            response, answer = self.ask(method, re.sub(r"\{\w+\}", "x", path))
            if response.status == 405 or path == "/ping":  # all servers have the path with another method; /ping is that of TorchServe, too
                continue
            self.assertEqual(response.status, 404, path)
            missing = ["--filter", "--store"] if path in ("/learnspam", "/learnham") else options.split()
            for option in missing:
                self.assertIn(option, answer["error"], path)
        self.assertEqual(self.ask("POST", "/v1/feedback", {})[1]["error"], "the server was started without --filter and --store, which this path requires")
        self.assertIn("no route has this path", self.ask("GET", "/v1/feedbacks")[1]["error"])

    def test_many_at_once_are_answered_and_a_stop_waits_for_them(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda i: self.ask("POST", "/v1/classify", {"texts": [f"message {i}"] * (1 + i % 5)}), range(200)))
            self.assertTrue(all(response.status == 200 for response, _ in answers))
            self.assertEqual([len(answer["results"]) for _, answer in answers], [1 + i % 5 for i in range(200)])
            large = pool.submit(self.ask, "POST", "/v1/classify", {"texts": [f"message number {i} of some words" for i in range(8000)]})
            self.wait_for(lambda: large.done() or "winnow_queue_texts 0" not in self.send("GET", "/metrics")[1].decode(), "the large request")
            self.process.send_signal(signal.SIGTERM)
            self.assertEqual(len(large.result()[1]["results"]), 8000)
        self.assertIn(self.process.wait(PATIENCE), (0, -signal.SIGTERM, 130, 143))

    def test_what_is_under_way_when_patience_ends_is_told_so(self):
        self.stop(self.process)
        self.serve("model", "--drain-timeout", 0, "--threads", 1, "--cache-mb", 0)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            large = pool.submit(self.ask, "POST", "/v1/classify", {"texts": [f"message number {i} of many, each with some words" for i in range(10000)]})
            while "winnow_queue_texts 0" in self.send("GET", "/metrics")[1].decode():
                self.assertFalse(large.done())
            self.process.send_signal(signal.SIGTERM)
            self.assertEqual(large.result()[0].status, 503)
        self.assertEqual(self.process.wait(PATIENCE), 0, self.logged())


class Start(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")

    def test_a_server_that_cannot_listen_says_what_to_do(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.fails("serve", "fast", "--port", taken.getsockname()[1], says=["cannot listen: Address already in use", "another program uses this port; specify another --port"])
        self.fails("serve", "fast", "--port", 0, "--host", "192.0.2.1", says=["cannot listen", "check --host: it must be a name or an address of this machine"])
        if os.geteuid() != 0:
            self.fails("serve", "fast", "--port", 1, says=["ports below 1024 require root or CAP_NET_BIND_SERVICE"])
        self.write("file", "")
        self.fails("serve", "fast", "--port", 0, "--unix-socket", "file", says=["the path exists and is not a socket", "specify another path with --unix-socket"])
        self.fails("serve", "fast", "--port", 0, "--unix-socket", "none/socket", says=["cannot listen", "check --unix-socket"])

    def test_all_addresses_of_both_kinds_are_listened_at(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError as error:
            self.skipTest(f"this machine has no IPv6: {error}")
        self.serve("fast", "--host", "::")
        self.wait_for_log(f"listening at http://[::]:{self.port}/v1/classify")
        for address in ("::1", "127.0.0.1"):
            response, _ = self.send("GET", "/ready", connection=http.client.HTTPConnection(address, self.port, timeout=PATIENCE))
            self.assertEqual(response.status, 200)

    def test_a_server_may_open_as_many_files_as_the_system_lets_it(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        process = self.serve("fast")
        self.assertEqual(resource.prlimit(process.pid, resource.RLIMIT_NOFILE), (hard, hard))

    def test_the_end_of_a_certificate_is_told(self):
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")

        def make_certificate(days):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", str(days), "-subj", "/CN=localhost"],
                           cwd=self.directory, check=True, capture_output=True)

        def days_left():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            _, metrics = self.send("GET", "/metrics", connection=http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context))
            return (float(re.search(r"^winnow_tls_certificate_expiry_timestamp_seconds (\S+)$", metrics.decode(), re.M)[1]) - time.time()) / 86400

        make_certificate(3)
        process = self.serve("fast", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        self.wait_for_log("cert.pem: the TLS certificate expires at ")
        self.assertTrue(2 < days_left() < 4)
        make_certificate(400)
        process.send_signal(signal.SIGHUP)
        self.wait_for_log("SIGHUP: reloaded TLS certificate")
        self.assertTrue(399 < days_left() < 401)
        self.assertEqual(self.logged().count("expires at"), 1)

    def test_a_file_is_not_a_model(self):
        err = self.fails("serve", MESSAGES, "--port", 0, code=2, says=[f"{MESSAGES}: is a file, not the directory of a model", "specify the directory of a model"])
        self.assertEqual(err.count("is a file"), 1, err)
        self.assertEqual(self.fails("serve", "none", "--port", 0, says=["specify the directory of a model"]).count("no such directory"), 1)

    def test_a_new_workspace_is_reported(self):
        for known in (False, True):
            process = self.serve("--workspace", "work")
            self.assertEqual(f"created the workspace {self.path('work')}; it has no models yet" in self.logged(), not known)
            self.stop(process)


if __name__ == "__main__":
    winnow.main()

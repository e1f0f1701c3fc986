"""winnow classify --server: the lines of a local model, whatever becomes of the server."""
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading

import winnow
from ports import free_port
from raw_http import PATIENCE
from winnow import TestCase, messages


class ClassifyServer(TestCase):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")
        self.trained("--epochs", 1)
        # Whole numbers: answers that no batch changes in their last digit.
        self.winnow("quantize", "model", "--max-drop", 1)
        self.winnow("calibrate", "fast", "--in-scope-only", "--max-rejected", .3)
        self.url = self.serve()

    def serve(self, *arguments, port=0):
        self.process = subprocess.Popen([winnow.TestCase.program, "serve", self.path("model"), self.path("fast"), "--port", str(port), "--json", "--quiet", "--max-wait", "0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.directory)
        self.addCleanup(self.stop, self.process)
        self.port = json.loads(self.process.stdout.readline())["port"]
        return f"http://127.0.0.1:{self.port}"

    def stop(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def lines(self, count=3000):
        texts = [line.rstrip("\n").split("\t")[-1] for line in messages()[1:]]
        return "".join(f"{texts[i % len(texts)]} {i}\n" for i in range(count))

    def classify(self, *arguments):
        """Started, with a standard input to write to."""
        process = subprocess.Popen([winnow.TestCase.program, "classify", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, cwd=self.directory)
        self.addCleanup(self.stop, process)
        return process

    def fake(self, answer):
        """Where a server of ours answers with what `answer` makes of headers and body: a status and JSON."""
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length", 0))
                status, reply = answer(self.headers, json.loads(self.rfile.read(length)) if length else {})
                body = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"127.0.0.1:{server.server_port}"

    def test_the_lines_are_those_of_a_local_model(self):
        texts = ["You won a prize, claim it now", "See you at lunch", "", "naïve\tcafé \u4f60\u597d"]
        self.write("lines.txt", self.lines())
        for model in ("model", "fast"):
            for options in ([], ["--json"], ["--json", "--top-k", 1], ["--top-k", 2], ["--mode", "strict"], ["--mode", "lenient", "--json", "--batch-size", 2], ["--threshold", .1], ["--threshold", .9]):
                self.assertEqual(self.winnow("classify", model, *options, "--server", self.url, *texts)[0], self.winnow("classify", model, *options, *texts)[0])
            for options in ([], ["--json"], ["--json", "--top-k", 1, "--batch-size", 100]):
                here, there = (self.winnow("classify", model, *options, "--input", "lines.txt", *server)[0] for server in ((), ("--server", self.url)))
                self.assertEqual(here.count("\n"), 3000)
                self.assertEqual(here, there)
        self.winnow("classify", "fast", "--server", self.url, "--input", "lines.txt", "--output", "there.jsonl")
        self.winnow("classify", "fast", "--input", "lines.txt", "--output", "here.jsonl")
        self.assertEqual(self.files(".")["there.jsonl"], self.files(".")["here.jsonl"])
        piped = self.lines(10).encode()
        self.assertEqual(self.winnow("classify", "fast", "--server", self.url, stdin=piped)[0], self.winnow("classify", "fast", stdin=piped)[0])

    def test_the_model_is_named_or_left_out(self):
        text = "You won a prize"
        by_default, fast = (self.winnow("classify", model, "--json", text)[0] for model in ("model", "fast"))
        self.assertNotEqual(by_default, fast)
        self.assertEqual(self.winnow("classify", "--server", self.url, "--json", text)[0], by_default)
        self.assertEqual(self.winnow("classify", text, "--json", environment={"WINNOW_SERVER": self.url})[0], by_default)
        with open(self.path("fast", "winnow.json"), encoding="utf-8") as file:
            version = json.load(file)["version"]
        for name in ("fast", "fast:" + version):
            self.assertEqual(self.winnow("classify", name, "--server", self.url, "--json", text)[0], fast)
            self.assertEqual(self.winnow("classify", "--model", name, "--server", f"127.0.0.1:{self.port}/v1/classify", "--json", text)[0], fast)
        self.assertEqual(self.winnow("classify", "--model", "fast", "--server", self.url, "fast")[0], self.winnow("classify", "fast", "fast")[0])

    def test_a_unix_socket_will_do(self):
        self.serve("--unix-socket", self.path("socket"))
        self.assertEqual(self.winnow("classify", "fast", "--server", "unix://" + self.path("socket"), "a prize")[0], self.winnow("classify", "fast", "a prize")[0])

    def test_each_error_says_what_to_do(self):
        server = ("--server", self.url)
        self.fails("classify", "fats", *server, "text", says=["no model 'fats'; it has model, fast", "did you mean 'fast'?"])
        self.fails("classify", *server, "hello", says=["no model 'hello'", "--model"])
        self.fails("classify", "fast", *server, code=2, stdin=b"a" * (2 << 20), says=["413", "shorten the text"])
        self.fails("classify", "fast", *server, "text", "--input", "lines.txt", code=2, says=["cannot be combined with --input"])
        for local in (["--weights", "float"], ["--long-text", "windows"], ["--fold-disguises", "on"], ["--zero-shot", "a,b"], ["--multi-label"]):
            self.fails("classify", "fast", *server, "text", *local, code=2, says=[local[0] + " cannot be combined with --server"])
        self.fails("classify", "fast", "text", "--model", "fast", code=2, says=["--model requires --server"])
        self.fails("classify", code=2, says=["BUNDLE, the directory of the model, is missing"])
        self.fails("classify", "--server", "ftp://h", "a text", code=2, says=["http://127.0.0.1:8080"])
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.fails("classify", "--server", f"127.0.0.1:{closed.getsockname()[1]}", "a text", says=["no response", "check that the server is running"])

    def test_a_key_is_sent_from_the_environment_or_a_file_and_never_shown(self):
        def answer(headers, _):
            if headers.get("Authorization") != "Bearer wk_right":
                return 401, {"error": "no"}
            return 200, {"models": [], "results": [{"decision": "ham", "confidence": 1}]}
        ask = ("classify", "--server", self.fake(answer), "a text")
        self.assertIn("ham", self.winnow(*ask, environment={"WINNOW_API_KEY": "wk_right"})[0])
        self.assertIn("ham", self.winnow(*ask, "--api-key-file", self.write("key", "wk_right\n"))[0])
        self.fails(*ask, code=2, says=["WINNOW_API_KEY", "--api-key-file"])
        err = self.fails(*ask, code=2, environment={"WINNOW_API_KEY": "wk_wrong"}, says=["revoked"])
        err += self.fails(*ask, "--api-key-file", self.write("key", "wk_wrong\nX-Header: 1"), code=2, says=["one API key on one line"])
        self.assertNotIn("wk_", err)
        self.fails(*ask, "--api-key-file", self.write("key", "\n"), says=["empty"])

    def test_columns_become_texts_as_the_models_template_says(self):
        asked = []
        template = ["{subject}: {body:4}"]

        def answer(_, body):
            asked.extend(body.get("texts", []))
            return 200, {"models": [{"name": "triage", "default": True, "text_template": template[0]}],
                         "results": [{"decision": "ham", "confidence": 1}] * len(body.get("texts", []))}
        server = ("--server", self.fake(answer))
        self.write("mail.csv", "subject,body\nHello,worlds\nPrize,you won\n")
        self.winnow("classify", *server, "--input", "mail.csv")
        self.assertEqual(asked, ["Hello: worl", "Prize: you "])
        template[0] = "{subject} [SEP] {body}"
        self.winnow("classify", *server, "--input", "mail.csv")
        self.winnow("classify", *server, "a plain text")
        self.assertEqual(asked[2:], [["Hello", "worlds"], ["Prize", "you won"], "a plain text"])

    def test_rows_of_a_model_of_segments_are_answered_as_by_a_local_one(self):
        rows = [{"subject": f"prize {i}" if i % 2 else f"lunch [SEP] {i}", "body": f"claim your money now {i * 7}" if i % 2 else "see you at noon"} for i in range(60)]
        self.write("mail.jsonl", "".join(json.dumps({**row, "label": "spam" if i % 2 else "ham"}) + "\n" for i, row in enumerate(rows)))
        self.train("--template", "{subject} [SEP] {body:12}", data="mail.jsonl", output="mail")
        self.serve(self.path("mail"))
        server = ("classify", "mail", "--server", f"http://127.0.0.1:{self.port}", "--input", "mail.jsonl")
        local = ("classify", "mail", "--input", "mail.jsonl")
        for options in ([], ["--json"]):
            near = self.winnow(*server, *options)[0].splitlines(), self.winnow(*local, *options)[0].splitlines()
            self.assertEqual(len(near[0]), 60)
            for mine, theirs in zip(*near):
                self.same(mine, theirs)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", "/v1/classify", json.dumps({"texts": rows, "model": "mail"}), {"Content-Type": "application/json"})
        results = json.loads(connection.getresponse().read())["results"]
        for row, (result, line) in enumerate(zip(results, near[1]), 1):
            self.same(json.dumps({**result, "row": row}, separators=(",", ":")), line)

    def same(self, mine, theirs):
        """Lines with the same words, and numbers of f32 that another batch may change in their last digits."""
        number = r"-?\d+\.?\d*(?:e-?\d+)?"
        self.assertEqual(re.sub(number, "#", mine), re.sub(number, "#", theirs))
        for a, b in zip(re.findall(number, mine), re.findall(number, theirs)):
            self.assertAlmostEqual(float(a), float(b), places=4)

    def test_a_server_that_dies_leaves_an_error_and_no_half_file(self):
        process = self.classify("fast", "--server", self.url, "--input", "-", "--output", "answers.jsonl", "--batch-size", "50")
        process.stdin.write(self.lines(1000))
        process.stdin.flush()
        self.process.kill()
        self.process.wait()
        _, err = process.communicate(self.lines(1000))
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("check that the server is running", err)
        self.assertEqual([name for name in os.listdir(self.directory) if "answers" in name], [])

    def test_a_server_that_comes_back_in_time_is_enough(self):
        self.process.kill()
        self.process.wait()
        self.url = self.serve(port=free_port())  # which nobody takes in between
        self.write("lines.txt", self.lines(2000))
        for end in (signal.SIGKILL, signal.SIGTERM):
            process = self.classify("fast", "--server", self.url, "--input", "-", "--output", "answers.jsonl", "--batch-size", "50")
            process.stdin.write(self.lines(2000)[:40000])
            process.stdin.flush()
            self.process.send_signal(end)
            self.process.wait()
            again = threading.Timer(1, self.serve, kwargs={"port": self.port})
            again.start()
            _, err = process.communicate(self.lines(2000)[40000:])
            again.join()
            self.assertEqual(process.returncode, 0, err)
            self.winnow("classify", "fast", "--input", "lines.txt", "--output", "here.jsonl")
            self.assertEqual(self.files(".")["answers.jsonl"], self.files(".")["here.jsonl"])

    def test_ctrl_c_ends_the_waiting(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            process = self.classify("fast", "--server", f"127.0.0.1:{silent.getsockname()[1]}", "a text", "--output", "answers.jsonl")
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            process.communicate()
            connection.close()
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual([name for name in os.listdir(self.directory) if "answers" in name], [])


if __name__ == "__main__":
    winnow.main()

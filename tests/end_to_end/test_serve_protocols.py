"""The server's protocols, as their clients speak them: Open Inference Protocol v2, Text Embeddings Inference, OpenAPI; and the page that shows them."""
import gzip
import http.client
import http.server
import json
import os
import struct
import threading
import unittest

import browser
import winnow
from serving import ServingTest

TEXTS = ["You won a prize, claim it now", "See you at lunch", "Überraschung: £100"]

# What a reader would do: open a route, change the body, send it. Runs beside the page's own script.
DRIVER = """
addEventListener("load", async () => {
  const seen = { problems: [] };
  const until = async (found) => { for (let i = 0; i < 200 && !found(); ++i) await new Promise((go) => setTimeout(go, 20)); return found(); };
  const form = document.getElementById("classify");
  await until(() => form.querySelectorAll("option").length > 4);
  seen.models = [...document.getElementById("model").options].map((option) => option.value);
  seen.head = document.getElementById("models").textContent;
  form.querySelector("button").click();
  seen.prediction = await until(() => document.getElementById("prediction").innerText);
  seen.bars = [...form.querySelectorAll(".share i")].map((bar) => [getComputedStyle(bar).backgroundColor, bar.getBoundingClientRect().width]);
  const route = document.getElementById("post_v1_classify");
  route.open = true;
  seen.curl = route.querySelector(".curl").textContent;
  document.getElementById("key").value = "wk_secret";
  route.querySelector("textarea").value = JSON.stringify({ text: "You won a prize" });
  route.querySelector("button").click();
  seen.answer = await until(() => route.querySelector("output pre")?.textContent);
  seen.status = route.querySelector("output p").textContent;
  const ready = document.getElementById("get_v2_models_model_ready");
  ready.querySelector("[data-parameter]").value = "no/such model";
  ready.querySelector("button").click();
  await until(() => ready.querySelector("output p"));
  seen.refused = ready.querySelector("output p").textContent;
  seen.shown = getComputedStyle(route.querySelector("form")).display;
  document.body.innerHTML = "<pre id='seen'></pre>";
  document.getElementById("seen").textContent = JSON.stringify(seen);
});
"""


class Protocols(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="fast")
        self.trained("--epochs", 1)
        self.serve("model", "fast")

    def ask(self, method, path, body=None, headers=None, status=200):
        response, data = self.send(method, path, body, headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def test_tensors_as_json_and_as_bytes_have_the_answers_of_classify(self):
        for model in ("model", "fast"):
            expected = self.ask("POST", "/v1/classify", {"texts": TEXTS, "model": model})["results"]
            labels = self.ask("GET", f"/v2/models/{model}/versions/1.0.0")["labels"]
            answer = self.ask("POST", f"/v2/models/{model}/infer", {"id": "7", "inputs": [{"name": "text", "shape": [3], "datatype": "BYTES", "data": TEXTS}]})
            outputs = {output["name"]: output for output in answer["outputs"]}
            self.assertEqual((answer["id"], answer["model_name"], answer["model_version"]), ("7", model, "1.0.0"))
            self.assertEqual(outputs["label"]["data"], [result["label"] for result in expected])
            self.assertEqual(outputs["scores"]["shape"], [3, len(labels)])
            behind = b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in TEXTS)
            head = json.dumps({"parameters": {"binary_data_output": True},
                               "inputs": [{"name": "text", "shape": [3, 1], "datatype": "BYTES", "parameters": {"binary_data_size": len(behind)}}]}).encode()
            response, data = self.send("POST", f"/v2/models/{model}/infer", gzip.compress(head + behind),
                                       {"Inference-Header-Content-Length": str(len(head)), "Content-Encoding": "gzip"})
            self.assertEqual(response.status, 200, data)
            size = int(response.headers["Inference-Header-Content-Length"])
            at, tensors = size, {}
            for output in json.loads(data[:size])["outputs"]:
                tensors[output["name"]] = data[at:at + output["parameters"]["binary_data_size"]]
                at += output["parameters"]["binary_data_size"]
            self.assertEqual(at, len(data))
            scores = struct.unpack("<3f", tensors["score"])
            for score, result, one in zip(scores, expected, outputs["score"]["data"]):
                self.assertAlmostEqual(score, result["score"], places=4)
                self.assertAlmostEqual(one, result["score"], places=4)
        for headers in ({"Inference-Header-Content-Length": "99999"}, {"Inference-Header-Content-Length": "-1"}):
            self.ask("POST", "/v2/models/model/infer", b"{}", headers, status=400)

    def test_predict_is_that_of_text_embeddings_inference(self):
        response, data = self.send("POST", "/predict", {"inputs": TEXTS})
        self.assertEqual(len(json.loads(data)), 3)
        self.assertEqual(response.headers["x-compute-characters"], str(sum(map(len, TEXTS))))
        for name in ("x-compute-time", "x-total-time"):
            self.assertGreaterEqual(int(response.headers[name]), 0)
        single = self.ask("POST", "/", {"inputs": TEXTS[0]})
        self.assertEqual(self.ask("POST", "/", {"inputs": TEXTS[0], "parameters": {"top_k": 1}}), [single[:1]])
        self.ask("POST", "/predict", {"inputs": "win " * 400})
        self.assertEqual(self.ask("POST", "/predict", {"inputs": "win " * 400, "truncate": False}, status=413)["error_type"], "Validation")
        tokens = self.ask("POST", "/tokenize", {"inputs": TEXTS[2]})[0]
        self.assertTrue(tokens[0]["special"])
        for token in tokens[1:-1]:
            self.assertEqual(token["text"], TEXTS[2][token["start"]:token["stop"]])

    def test_explanations_are_those_of_the_command_line(self):
        for model in ("model", "fast"):
            ours = self.ask("POST", "/v1/classify", {"text": TEXTS[2], "model": model, "explain": True, "cache": "no-store", "timeout_ms": 60000, "user": "me"})["results"][0]
            theirs = json.loads(self.winnow("classify", model, "--json", "--explain", TEXTS[2])[0])
            self.assertEqual(ours.keys(), theirs.keys())
            self.assertEqual([word["text"] for word in ours["explanation"]["words"]], [word["text"] for word in theirs["explanation"]["words"]])
            for our, their in zip(ours["explanation"]["words"], theirs["explanation"]["words"]):
                self.assertAlmostEqual(our["effect"], their["effect"], places=3)

    def test_what_is_described_is_there(self):
        api = self.ask("GET", "/openapi.json")
        # What unloads a model comes last.
        for path, operations in sorted(api["paths"].items(), key=lambda item: item[0].endswith("/unload")):
            for method, operation in operations.items():
                body = None
                for name, value in (("model", "model"), ("version", "1.0.0")):
                    path = path.replace("{" + name + "}", value)
                if "requestBody" in operation:
                    body = operation["requestBody"]["content"]["application/json"].get("example")
                # A stream of events has no end.
                streams = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
                response, data = self.send("HEAD" if streams else method.upper(), path, body)
                self.assertIn(str(response.status), operation["responses"], path)
                self.assertIn(response.status, (200, 204, 302, 404, 409, 422, 501), (path, data))
                self.assertNotIn(b"no route has this path", data)  # 404: an example names a model that is not here
                if response.status == 200:
                    self.assertIn(response.headers["Content-Type"].split(";")[0], operation["responses"]["200"]["content"], path)

    @unittest.skipUnless(browser.PROGRAM, "there is no Chromium")
    def test_the_page_is_readable_and_its_forms_work(self):
        os.mkdir(self.path("docs"))
        for source, target in (("/docs", "docs.html"), ("/docs/docs.css", "docs/docs.css"), ("/docs/docs.js", "docs/docs.js")):
            data = self.send("GET", source)[1]
            self.write(target, data.replace(b"<details ", b"<details open ") if target == "docs.html" else data)
        backgrounds = set()
        for width in (360, 1280):
            for dark in (False, True):
                seen = browser.look(self.path("docs.html"), width, dark)
                self.assertLessEqual(seen["scrollWidth"], width)
                self.assertEqual(seen["wide"], [])
                self.assertIn("/v1/classify", seen["text"])
                self.assertEqual([line for line in seen["console"] if "Uncaught" in line], [])
                backgrounds.add(seen["background"])
        self.assertEqual(len(backgrounds), 2)
        seen, requests = self.drive()
        self.assertTrue(seen["status"].startswith("200"), seen)
        self.assertIn("results", json.loads(seen["answer"]))
        self.assertTrue(seen["refused"].startswith("404"), seen)
        self.assertEqual(seen["models"], ["model:1.0.0", "fast:1.0.0"])
        self.assertEqual(seen["head"], "; models loaded: model 1.0.0, fast 1.0.0")
        self.assertRegex(seen["prediction"], r"^(ham|spam) [0-9.]+ %")
        self.assertEqual(len({colour for colour, _ in seen["bars"]}), 2)
        self.assertGreater(max(width for _, width in seen["bars"]), 100)
        self.assertEqual(seen["shown"], "block")
        self.assertNotIn("127.0.0.1:8080", seen["curl"])
        self.assertIn(("POST", "/v1/classify", "Bearer wk_secret"), requests)

    def drive(self):
        """The page in Chromium, with DRIVER: what it saw, and the requests that came."""
        requests, outer = [], self

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/driver.js":
                    return self.answer(200, "text/javascript", DRIVER.encode())
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                requests.append((self.command, self.path, self.headers.get("Authorization")))
                response, data = outer.send(self.command, self.path, body or None, {"Content-Type": "application/json"})
                if self.path == "/docs":
                    data = data.replace(b"</head>", b"<script src='driver.js'></script></head>")
                self.answer(response.status, response.headers["Content-Type"], data)

            do_POST = do_GET

            def answer(self, status, kind, data):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", "script-src 'self'")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        self.addCleanup(proxy.server_close)
        self.addCleanup(proxy.shutdown)
        dom, _ = browser.run(["--virtual-time-budget=20000", "--dump-dom", f"http://127.0.0.1:{proxy.server_port}/docs"], dark=False)
        return json.loads(browser.html.unescape(browser.re.search(r'<pre id="seen">(.*?)</pre>', dom, browser.re.DOTALL).group(1))), requests


if __name__ == "__main__":
    winnow.main()

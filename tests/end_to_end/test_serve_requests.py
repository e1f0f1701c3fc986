"""What requests may say: unknown fields, models and thresholds; paths of other servers; what metrics, log and dashboards count."""
import json
import os
import re
import shutil

import winnow
from serving import ServingTest
from winnow import SOURCE

TEXTS = ["You won a prize, claim it now", "See you at lunch"]


class Requests(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")
        rows = [(label, f"{word} {i} {other}") for i in range(40) for label, word, other in
                (("greeting", "hello good day", "friend"), ("order", "please send", "pizza"), ("farewell", "goodbye see you", "soon"))]
        self.write("intents.csv", "label,text\n" + "".join(f"{label},{text}\n" for label, text in rows))
        self.winnow("train", "intents.csv", "--kind", "lr", "--output-dir", self.path("intents"))

    def ask(self, method, path, body=None, status=200):
        response, data = self.send(method, path, body)
        self.assertEqual(response.status, status, (path, data))
        return json.loads(data) if data else None

    def test_no_field_is_without_effect(self):
        self.serve("spam", "intents")
        for path, body, says in (("/v1/classify", {"text": "a", "treshold": .2}, "unknown field 'treshold'; did you mean 'threshold'?"),
                                 ("/v1/classify", {"text": "a", "mod": "strict"}, "did you mean 'mode'?"),
                                 ("/predict", {"text": "a", "modle": "intents"}, "did you mean 'model'?"),
                                 ("/predict", {"inputs": "a", "parameters": {"top-k": 1}}, "'parameters'; did you mean 'top_k'?"),
                                 ("/models/switch", {"model_name": "intents"}, "the only field is 'model'"),
                                 ("/tokenize", {"input": "a"}, "did you mean 'inputs'?"),
                                 ("/v1/classify", {"text": "a", "threshold": .2, "mode": "strict"}, "cannot be combined"),
                                 ("/v1/classify", {"text": "a", "mode": "strict", "model": "intents"}, "'mode': the model has no positive label"),
                                 ("/v1/classify", {"text": ["a", "b"]}, "use 'texts'"),
                                 ("/v1/classify", {"text": "a", "threshold": .2, "model": "intents"}, "no positive label")):
            answer = self.ask("POST", path, body, 422)
            self.assertIn(says, answer["error"])
            self.assertEqual(answer["error_type"], "Validation")
        self.assertEqual(self.ask("POST", "/predict", {"text": "hello friend", "model": "intents"})["model"], "intents")
        answer = self.ask("POST", "/predict", {"text": "hello friend", "model": "intnets"}, 404)
        self.assertEqual(answer["error"], "no model has this name; did you mean 'intents'? (existing models: spam:1.0.0, intents:1.0.0)")

    def test_a_threshold_decides_as_on_the_command_line(self):
        self.serve("spam", "intents")
        score = self.ask("POST", "/v1/classify", {"text": TEXTS[1]})["results"][0]["score"]
        low, high = score * .9, score + (1 - score) * .1
        for threshold, decision in ((low, "spam"), (high, "ham")):
            result = self.ask("POST", "/v1/classify", {"text": TEXTS[1], "threshold": threshold})["results"][0]
            self.assertEqual((result["decision"], result["label"]), (decision, decision))
            self.assertEqual(self.ask("POST", "/predict", {"text": TEXTS[1], "threshold": threshold})["label"], decision)
            here, there = (self.winnow("classify", *model, "--threshold", threshold, "--json", TEXTS[1])[0]
                           for model in (("spam",), ("spam", "--server", f"http://127.0.0.1:{self.port}")))
            self.assertEqual(here, there)
            self.assertEqual(json.loads(here)["decision"], decision)
        for model in (("spam",), ("spam", "--server", f"http://127.0.0.1:{self.port}")):
            line = self.winnow("classify", *model, "--threshold", f"{low:.3f}", TEXTS[1])[0]
            self.assertRegex(line, r"^spam +\d+\.\d %  \(threshold [\d.]+ %\)  See you at lunch\n$")
            self.fails("classify", *model, "--threshold", .3, "--mode", "strict", TEXTS[1], code=2, says=["--mode cannot be combined with --threshold"])
            self.fails("classify", *model, "--threshold", 1, TEXTS[1], code=2, says=["must be more than 0 and less than 1"])
        for option in (("--threshold", .3), ("--mode", "lenient")):
            self.fails("classify", "intents", *option, TEXTS[1], code=2, says=["no positive label"])
            self.fails("classify", "intents", "--server", f"http://127.0.0.1:{self.port}", *option, TEXTS[1], code=2, says=["no positive label"])

    def test_paths_are_found_as_people_write_them(self):
        self.serve("spam")
        self.assertEqual(self.ask("POST", "/predict/", {"text": TEXTS[0]})["label"], "spam")
        self.assertEqual(self.ask("GET", "/models/")["models"][0]["name"], "spam")
        response, _ = self.send("GET", "/docs/")
        self.assertEqual((response.status, response.headers["Location"]), (302, "../docs"))
        for path in ("/health", "/models", "/docs", "/metrics", "/openapi.json"):
            length = len(self.send("GET", path)[1])
            response, data = self.send("HEAD", path)
            self.assertEqual((response.status, data), (200, b""), path)
            if path != "/metrics":
                self.assertEqual(int(response.headers["Content-Length"]), length, path)
        for method, path, status, says in (("POST", "/moderations", 404, "POST /v1/moderations"), ("POST", "/v1/models/spam:predict", 405, "POST /v1/classify"),
                                           ("GET", "/ping", 404, "GET /health"), ("POST", "/v1/predict", 404, "POST /v1/classify"),
                                           ("POST", "/v1/chat/completions", 404, '{"text"'), ("GET", "/healthz", 404, "GET /health")):
            self.assertIn(says, self.ask(method, path, {"input": "x"} if method == "POST" else None, status)["error"])

    def test_metrics_and_log_tell_what_was_decided(self):
        self.serve("spam", "intents", "--access-log", "access.jsonl")
        decided = [self.ask("POST", "/v1/classify", {"texts": TEXTS, **more})["results"] for more in ({}, {"explain": True})]
        self.ask("POST", "/predict", {"inputs": "hello good day friend", "model": "intents"})
        labels = [result["decision"] for results in decided for result in results]
        metrics = self.send("GET", "/metrics")[1].decode()
        for label in ("ham", "spam"):
            self.assertIn(f'winnow_predictions_total{{label="{label}",model="spam",version="1.0.0"}} {labels.count(label)}\n', metrics)
        self.assertIn('winnow_predictions_total{label="greeting",model="intents",version="1.0.0"} 1\n', metrics)
        self.assertIn('winnow_predictions_total{label="order",model="intents",version="1.0.0"} 0\n', metrics)
        lines = [json.loads(line) for line in self.access_log().splitlines()]
        self.assertEqual([(line["model"], line["texts"]) for line in lines[:3]], [("spam", 2), ("spam", 2), ("intents", 1)])
        self.assertEqual(lines[0]["decisions"], {label: labels[:2].count(label) for label in labels[:2]})
        self.assertEqual(lines[2]["decisions"], {"greeting": 1})
        self.assertNotIn("model", lines[3])

    def test_dashboards_and_alerts_show_metrics_that_exist(self):
        self.winnow("registry", "push", "spam", "--registry", "registry", "--alias", "champion")
        self.serve("spam", "--registry", "registry", "--filter", "--store", "store.db")
        self.ask("POST", "/v1/classify", {"text": TEXTS[0]})
        # Those of the weekly command are written to a file, for the node exporter.
        self.winnow("drift", "spam", "--data", winnow.MESSAGES, "--metrics", "drift.prom")
        with open(self.path("drift.prom"), encoding="utf-8") as text:
            metrics = self.send("GET", "/metrics")[1].decode() + text.read()
        for file in ("grafana/winnow.json", "prometheus/winnow.rules.yml"):
            with open(os.path.join(SOURCE, "deploy", file), encoding="utf-8") as text:
                names = set(re.findall(r"\bwinnow_[a-z_]+", text.read()))
            self.assertGreater(len(names), 3)
            for name in names:
                self.assertIn(f"\n{name}{{" if name + "{" in metrics else f"\n{name} ", metrics, file)

    def test_a_model_that_fails_at_the_start_is_counted_and_a_version_told_once(self):
        os.makedirs(self.path("models"))
        for directory in ("a", "b"):
            shutil.copytree(self.path("spam"), self.path("models", directory))
        os.makedirs(self.path("models", "broken"))
        self.write("models/broken/winnow.json", "no JSON")
        self.serve("models")
        self.assertEqual(self.ask("GET", "/v2/models/spam")["versions"], ["1.0.0"])
        metrics = self.send("GET", "/metrics")[1].decode()
        self.assertIn('winnow_models{state="failed"} 2\n', metrics)
        self.assertIn("winnow_model_load_failures_total 2\n", metrics)


if __name__ == "__main__":
    winnow.main()

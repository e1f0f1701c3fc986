"""Many models in one server: versions, aliases, lazy loading, a memory limit, reloads and switches under load, broken ones."""
import concurrent.futures
import http.client
import json
import os
import shutil
import signal
import threading

import winnow
from raw_http import PATIENCE
from serving import ServingTest

TEXT = "You won a prize, claim it now"


class Models(ServingTest):
    def setUp(self):
        super().setUp()
        for directory, c in (("one", 1), ("two", .05)):
            self.trained("--kind", "lr", "--C", c, "--name", "spam", output=directory)
        self.score = {directory: json.loads(self.winnow("classify", directory, "--json", TEXT)[0])["score"] for directory in ("one", "two")}
        self.assertNotAlmostEqual(self.score["one"], self.score["two"], places=3)

    def deploy(self, source, target, version="1.0.0", name="spam"):
        """A whole copy, exchanged by renames; the version is no business of the manifest's digests."""
        shutil.rmtree(self.path("next"), ignore_errors=True)
        shutil.copytree(self.path(source), self.path("next"))
        with open(self.path("next", "winnow.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        manifest.update(name=name, version=version)
        self.write(os.path.join("next", "winnow.json"), json.dumps(manifest))
        os.makedirs(os.path.dirname(self.path(target)), exist_ok=True)
        if os.path.exists(self.path(target)):
            os.rename(self.path(target), self.path("last"))
        os.rename(self.path("next"), self.path(target))
        shutil.rmtree(self.path("last"), ignore_errors=True)

    def ask(self, method, path, body=None):
        response, data = self.send(method, path, body)
        return response.status, json.loads(data)

    def classify(self, model=None):
        status, answer = self.ask("POST", "/v1/classify", {"text": TEXT, **({"model": model} if model else {})})
        self.assertEqual(status, 200, answer)
        return answer

    def models(self):
        return {model["path"]: model for model in self.ask("GET", "/models")[1]["models"]}

    def ruin(self, file):
        """Replaced, as whoever exchanges files of a running server must do: what is mapped must not be cut short."""
        self.write("rubbish", b"rubbish")
        os.rename(self.path("rubbish"), self.path(file))

    def reload(self):
        def reloads():
            return self.logged().count("all models were checked for changes")

        before = reloads()
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: reloads() > before)

    def test_versions_and_aliases(self):
        self.deploy("one", "models/a", "1.2.0")
        self.deploy("two", "models/b", "1.10.0")
        self.serve("models", "--alias", "champion=spam:1.2.0")
        for model, version, source in ((None, "1.10.0", "two"), ("spam", "1.10.0", "two"), ("spam:1.2.0", "1.2.0", "one"), ("spam@champion", "1.2.0", "one")):
            answer = self.classify(model)
            self.assertEqual((answer["model"], answer["version"]), ("spam", version))
            self.assertAlmostEqual(answer["results"][0]["score"], self.score[source], places=5)
        for model in ("spam:9.9.9", "spam@nobody", "else"):
            self.assertEqual(self.ask("POST", "/v1/classify", {"text": TEXT, "model": model})[0], 404)
        models = self.models()
        self.assertEqual(models["a"]["aliases"], ["champion"])
        self.assertEqual({model: entry["default"] for model, entry in models.items()}, {"a": False, "b": True})
        for entry in models.values():
            self.assertEqual((entry["kind"], entry["state"], entry["labels"]), ("lr", "loaded", ["ham", "spam"]))
            self.assertGreater(entry["metrics"]["accuracy"], 0)
            self.assertGreater(entry["size_bytes"], 1000)
        self.fails("serve", "models", "--port", 0, "--alias", "champion=spam:7.0.0", code=2, says=["spam:7.0.0", "spam:1.2.0"])
        self.fails("serve", "models", "--port", 0, "--alias", "champion", code=2, says=["champion=spam:1.2.0"])

    def test_a_broken_one_is_listed_and_the_others_answer(self):
        self.deploy("one", "models/good")
        self.deploy("two", "models/bad", name="bad")
        self.ruin("models/bad/linear.bin")
        self.serve("models")
        self.assertEqual(self.classify()["model"], "spam")
        status, answer = self.ask("POST", "/v1/classify", {"text": TEXT, "model": "bad"})
        self.assertEqual((status, answer["error_type"]), (503, "Unavailable"))
        models = self.models()
        self.assertEqual((models["bad"]["state"], models["good"]["state"]), ("failed", "loaded"))
        self.assertIn("linear.bin", models["bad"]["error"])
        self.assertNotIn(self.directory, json.dumps(models))
        self.stop(self.process)
        self.fails("serve", "models/bad", "--port", 0, says=["linear.bin"])

    def test_an_export_beside_its_model_does_not_shadow_it(self):
        self.deploy("one", "models/m")
        self.winnow("export", "models/m", "--output", "models/a-web", "--quiet")
        self.deploy("two", "models/z")
        self.serve("models")
        self.assertAlmostEqual(self.classify()["results"][0]["score"], self.score["one"], places=5)
        self.assertIn("skipped models/a-web: it contains no weights that Winnow loads, but an export to ONNX\n", self.logged())
        self.assertEqual(set(self.models()), {"m", "z"})
        self.assertIn("models/z: its name and version (spam 1.0.0) are those of ", self.logged())
        self.assertRegex(self.logged(), r'\n  give it a "version" of its own in .*models/z/winnow.json\n')
        self.assertNotIn("\\n", self.logged())
        self.assertEqual(self.models()["z"]["error"], "another model has the same name and version")
        self.stop(self.process)
        self.fails("serve", "models/a-web", "--port", 0, says=["a-web: is an export to ONNX", "serve the model that it was exported from"])

    def test_an_edited_version_is_served(self):
        self.deploy("one", "models/m")
        self.winnow("export", "models/m", "--quiet")
        self.serve("models")
        self.assertEqual(self.classify()["version"], "1.0.0")
        for version, file in (("1.1.0", "onnx/model_metadata.json"), ("1.2.0", "MODEL_VERSION.json")):
            with open(self.path("models", "m", file), encoding="utf-8") as json_file:
                document = json.load(json_file)
            self.write("edited", json.dumps({**document, "version": version}))
            os.rename(self.path("edited"), self.path("models", "m", file))
            self.reload()
            self.assertEqual(self.classify()["version"], version)
            self.assertIn(f"the version was edited in {file}: {version} instead of 1.0.0", self.logged())

    def test_reloads_and_switches_drop_no_request(self):
        self.deploy("one", "models/spam", "1.0.0")
        self.deploy("one", "models/other", "1.0.0", name="other")
        self.serve("models/spam", "models/other")
        stop, seen, lock = threading.Event(), {}, threading.Lock()

        def ask_on():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            count = 0
            while not stop.is_set():
                texts = [TEXT] * (100 if count % 7 == 0 else 1)
                connection.request("POST", "/v1/classify", json.dumps({"texts": texts}))
                response = connection.getresponse()
                answer = json.loads(response.read())
                assert response.status == 200, answer
                with lock:
                    seen.setdefault((answer["model"], answer["version"]), set()).update(round(result["score"], 4) for result in answer["results"])
                count += 1
            connection.close()
            return count

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            try:
                clients = [pool.submit(ask_on) for _ in range(4)]
                for version in range(1, 6):
                    self.deploy(("one", "two")[version % 2], "models/spam", f"1.{version}.0")
                    self.reload()
                    self.wait_for(lambda: ("spam", f"1.{version}.0") in seen)
                for model in ("other", "spam", "other:1.0.0"):
                    status, answer = self.ask("POST", "/models/switch", {"model": model})
                    self.assertEqual((status, answer["model"], answer["default"]), (200, model.split(":")[0], True))
                    self.assertEqual(self.classify()["model"], answer["model"])
                self.ruin("models/spam/linear.bin")
                self.reload()
                self.assertEqual(self.classify("spam")["version"], "1.5.0")
                self.assertEqual(self.models()["spam"]["state"], "loaded")
                self.assertIn("linear.bin", self.models()["spam"]["error"])
            finally:
                stop.set()
            self.assertTrue(all(client.result() > 0 for client in clients))
        for (model, version), scores in seen.items():
            source = "two" if model == "spam" and int(version.split(".")[1]) % 2 else "one"
            self.assertEqual(scores, {round(self.score[source], 4)}, (model, version))
        self.assertEqual(len(seen), 7)
        for body, status in (({"model": "none"}, 404), ({"model": 7}, 422), ({}, 422), ({"model": ""}, 422), ([], 422)):
            self.assertEqual(self.ask("POST", "/models/switch", body)[0], status, body)
        self.assertEqual(self.classify()["model"], "other")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(PATIENCE), 0)

    def test_lazy_models_within_a_memory_limit(self):
        for name in ("a", "b", "c"):
            self.deploy("one", f"models/{name}", name=name)
        self.serve("models", "--lazy")
        self.assertEqual({entry["state"] for entry in self.models().values()}, {"unloaded"})
        each = self.models()["a"]["memory_bytes"]
        self.classify("b")
        self.assertEqual([self.models()[name]["state"] for name in "abc"], ["unloaded", "loaded", "unloaded"])
        self.stop(self.process)
        self.serve("models", "--lazy", "--models-memory-mb", each * 1.5 / 1e6)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda i: self.classify("abc"[i % 3])["model"], range(60)))
        self.assertEqual(answers, ["abc"[i % 3] for i in range(60)])
        self.assertEqual([entry["state"] for entry in self.models().values()].count("loaded"), 1)
        self.deploy("two", "models/d", name="d")
        self.reload()
        self.assertAlmostEqual(self.classify("d")["results"][0]["score"], self.score["two"], places=5)


if __name__ == "__main__":
    winnow.main()

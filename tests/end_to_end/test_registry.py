"""The registry's commands, and servers that follow it: switches under load without a lost request, versions that can't be pulled or loaded, a registry
that is away, two writers on one alias.

WINNOW_TEST_REGISTRY_SWITCHES=100 is the number of switches under load."""
import concurrent.futures
import glob
import hashlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import postgres
import winnow
from raw_http import PATIENCE
from serving import ServingTest

SWITCHES = int(os.environ.get("WINNOW_TEST_REGISTRY_SWITCHES", "12"))
TEXT = "You won a prize, claim it now"


class RegistryTest(ServingTest):
    place = ("--registry", "registry")

    def setUp(self):
        super().setUp()
        self.environment = {"XDG_CACHE_HOME": self.path("cache")}
        for directory, c in (("one", 1), ("two", .05)):
            self.trained("--kind", "lr", "--C", c, "--name", "spam", output=directory)

    def registry(self, command, *arguments, code=0):
        out, err = self.winnow("registry", command, *arguments, *self.place, "--json", code=code)
        return [json.loads(line) for line in out.splitlines()] if code == 0 and command != "show" else json.loads(out) if code == 0 else err

    def push(self, bundle, *arguments):
        return self.registry("push", bundle, *arguments)[0]

    def promote(self, version, *arguments):
        return self.registry("promote", "spam", version, *arguments)[0]


class Commands(RegistryTest):
    def test_a_version_from_push_to_removal(self):
        first = self.push("one", "--alias", "champion", "--command", "winnow train messages.tsv")
        self.assertEqual((first["version"], first["added"], first["aliases"]), ("1.0.0", True, ["champion"]))
        self.assertFalse(self.push("one")["added"])
        self.assertIn("--bump", self.registry("push", "two", code=1))
        second = self.push("two", "--bump", "auto", "--alias", "challenger", "--parent", "1.0.0")
        self.assertEqual(second["version"], "1.1.0")
        self.assertEqual(self.push("two", "--bump", "auto")["version"], "1.1.0", "these contents have a version")

        [summary] = self.registry("list")
        self.assertEqual((summary["versions"], summary["aliases"]), (2, {"challenger": "1.1.0", "champion": "1.0.0"}))
        self.assertEqual([v["version"] for v in self.registry("list", "spam")], ["1.1.0", "1.0.0"])
        shown = self.registry("show", "spam@challenger")
        self.assertEqual((shown["parent"], shown["labels"], shown["kind"]), ("1.0.0", ["ham", "spam"], "lr"))
        self.assertEqual(len(shown["data_sha256"]), 64)
        self.assertEqual(self.registry("show", "spam")["command"], "winnow train messages.tsv")
        text, _ = self.winnow("registry", "show", "spam", *self.place)
        self.assertIn("linear.bin", text)

        between = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
        time.sleep(1.1)
        self.assertIn("--expect", self.winnow("registry", "promote", "--help")[0])
        self.assertIn("is not what was expected", self.registry("promote", "spam", "1.1.0", "--expect", "0.9.0", code=1))
        changed = self.promote("@challenger", "--expect", "1.0.0", "--reason", "better", "--actor", "anna")
        self.assertEqual((changed["from_version"], changed["version"], changed["actor"]), ("1.0.0", "1.1.0", "anna"))
        self.assertFalse(self.promote("1.1.0")["changed"])
        self.assertEqual(self.registry("rollback", "spam", "--reason", "complaints")[0]["version"], "1.0.0")
        history = self.registry("history", "spam", "--alias", "champion")
        self.assertEqual([(c["version"], c["reason"]) for c in history], [("1.0.0", "complaints"), ("1.1.0", "better"), ("1.0.0", "")])
        self.assertEqual([(c["alias"], c["version"]) for c in self.registry("history", "spam", "--at", between)], [("challenger", "1.1.0"), ("champion", "1.0.0")])
        self.assertEqual(self.registry("promote", "spam", "none", "--alias", "challenger")[0]["version"], None)

        [removed] = self.registry("gc", "--keep", 0, "--keep-days", 0)
        self.assertEqual(removed["versions"], [], "pushed today")
        connection = sqlite3.connect(self.path("registry", "registry.db"))
        connection.execute("UPDATE models SET created_at = '2020-01-01T00:00:00.000Z'")
        connection.commit()
        connection.close()
        self.push_others()
        self.assertEqual(self.registry("gc", "--keep", 0, "--keep-days", 0, "--dry-run")[0]["versions"], [{"name": "spam", "version": "1.1.1", "bytes": self.registry("show", "spam:1.1.1")["bytes"]}])
        [removed] = self.registry("gc", "--keep", 0, "--keep-days", 0)
        self.assertEqual([v["version"] for v in removed["versions"]], ["1.1.1"], "1.0.0 is the champion, and 1.1.0 what a rollback returns to")
        self.assertFalse(os.path.exists(self.path("registry", "artifacts", "spam", "1.1.1")))
        self.assertEqual([v["version"] for v in self.registry("list", "spam")], ["1.1.0", "1.0.0"])
        self.fails("registry", "show", "spam:1.1.1", *self.place, says=["there is no version 1.1.1"])
        self.fails("registry", "list", "spma", *self.place, says=["did you mean 'spam'"])
        self.fails("registry", "list", "--registry", "none", says=["there is no registry"])

    def push_others(self):
        self.trained("--kind", "lr", "--C", .3, "--name", "spam", output="three")
        self.assertEqual(self.push("three", "--bump", "patch")["version"], "1.1.1")
        connection = sqlite3.connect(self.path("registry", "registry.db"))
        connection.execute("UPDATE models SET created_at = '2020-01-01T00:00:00.000Z'")
        connection.commit()
        connection.close()

    def test_pull_writes_what_was_pushed(self):
        self.push("one", "--alias", "champion")
        self.winnow("registry", "pull", "spam@champion", *self.place, "--output", "models/spam")
        self.winnow("verify", "models/spam")
        self.assertEqual(self.files("models/spam"), self.files("one"))
        with open(self.path("models", "spam", "MODEL_VERSION.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), {"version": "1.0.0", "models": {"spam": "1.0.0"}})
        self.push("two", "--bump", "auto", "--alias", "champion")
        self.winnow("registry", "pull", "spam", *self.place, "--output", "models/spam")
        self.winnow("verify", "models/spam")
        with open(self.path("models", "spam", "MODEL_VERSION.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), {"version": "1.1.0", "models": {"spam": "1.1.0"}})
        [weights] = glob.glob(self.path("registry/artifacts/spam/1.0.0/linear.bin"))
        with open(weights, "r+b") as file:
            file.write(b"other")
        self.fails("registry", "pull", "spam:1.0.0", *self.place, "--output", "models/spam", says=["linear.bin"])
        self.winnow("verify", "models/spam")

    def test_flat_directories_for_services_that_run_onnx(self):
        self.train(output="small")
        name = self.push("small", "--alias", "champion")["name"]
        for _ in range(2):
            self.winnow("registry", "pull", name, *self.place, "--output", "service", "--flat")
            self.assertEqual(sorted(self.files("service")), ["MODEL_VERSION.json", "labels.json", "model.onnx", "model_metadata.json", "tokenizer.json", "vocab.txt"])
        with open(self.path("service", "model_metadata.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["version"], "1.0.0")
        os.remove(self.path("service", "labels.json"))
        self.write("service/notes.txt", "mine")
        self.fails("registry", "pull", name, *self.place, "--output", "service", "--flat", says=["notes.txt", "--overwrite"])

    def test_of_two_writers_on_one_alias_one_is_told(self):
        self.push("one", "--alias", "champion")
        self.push("two", "--bump", "auto")
        self.trained("--kind", "lr", "--C", .3, "--name", "spam", output="three")
        self.push("three", "--bump", "auto")
        versions = {"1.0.0", "1.1.0", "1.2.0"}
        for _ in range(5):
            before = self.registry("show", "spam")["version"]
            wanted = dict(zip(("anna", "bela"), sorted(versions - {before})))
            writers = {name: subprocess.Popen([self.program, "registry", "promote", "spam", version, *self.place, "--expect", before, "--actor", name, "--json"],
                                              cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for name, version in wanted.items()}
            results = {name: (*writer.communicate(timeout=PATIENCE), writer.returncode) for name, writer in writers.items()}
            winners = [name for name, (_, _, code) in results.items() if code == 0]
            self.assertEqual(len(winners), 1, results)
            [loser] = set(results) - set(winners)
            self.assertEqual(results[loser][2], 1)
            self.assertIn(f"by {winners[0]} at", results[loser][1], "the other one is told who it was")
            self.assertEqual(self.registry("show", "spam")["version"], wanted[winners[0]])
        self.assertEqual(len(self.registry("history", "spam", "--alias", "champion")), 6)


class Server(RegistryTest):
    def setUp(self):
        super().setUp()
        self.push("one", "--alias", "champion")
        self.second = self.push("two", "--bump", "auto")["version"]
        self.scores = {version: json.loads(self.winnow("classify", bundle, "--json", TEXT)[0])["score"] for version, bundle in (("1.0.0", "one"), (self.second, "two"))}

    def follow(self, *arguments):
        self.serve(*self.place, "--registry-cache", "served", "--registry-interval", .1, *arguments, environment=self.environment)

    def classify(self, model=None, connection=None):
        response, data = self.send("POST", "/v1/classify", {"text": TEXT, **({"model": model} if model else {})}, connection=connection)
        return response.status, json.loads(data)

    def version(self, model=None):
        status, answer = self.classify(model)
        self.assertEqual(status, 200, answer)
        self.assertAlmostEqual(answer["results"][0]["score"], self.scores[answer["version"]], places=5)
        return answer["version"]

    def models(self):
        return json.loads(self.send("GET", "/models")[1])

    def test_switches_under_load_without_a_lost_request(self):
        self.follow("spam")
        self.assertEqual(self.version(), "1.0.0")
        stop, failures, answered = threading.Event(), [], [0]

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            while not stop.is_set():
                try:
                    connection.request("POST", "/v1/classify", json.dumps({"text": TEXT, "model": "spam@champion"}))
                    response = connection.getresponse()
                    answer = json.loads(response.read())
                    if response.status != 200 or abs(answer["results"][0]["score"] - self.scores[answer["version"]]) > 1e-5:
                        failures.append((response.status, answer))
                    answered[0] += 1
                except (OSError, http.client.HTTPException) as error:
                    failures.append(repr(error))
                    connection.close()
            connection.close()

        times = []
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            clients = [pool.submit(client) for _ in range(4)]
            try:
                for i in range(SWITCHES):
                    version = self.second if i % 2 == 0 else "1.0.0"
                    self.promote(version)
                    begin = time.monotonic()
                    self.wait_for(lambda: self.version() == version)
                    times.append(time.monotonic() - begin)
            finally:
                stop.set()
            for each in clients:
                each.result()
        self.assertEqual(failures, [])
        self.assertGreater(answered[0], SWITCHES)
        print(f"{SWITCHES} switches, {answered[0]} requests; promotion to first answer: median {sorted(times)[len(times) // 2]:.3f} s, longest {max(times):.3f} s", flush=True)
        self.wait_for(lambda: self.models()["registry"]["switches"] == SWITCHES, "the last one is counted after the first answer")
        self.assertEqual(self.models()["registry"], {"reachable": True, "switches": SWITCHES, "failures": []})
        self.assertIn(f"winnow_registry_switches_total {SWITCHES}", self.send("GET", "/metrics")[1].decode())

    def test_every_alias_is_served_and_new_ones_appear(self):
        self.follow()
        self.assertEqual((self.version(), self.version("spam@champion")), ("1.0.0", "1.0.0"))
        self.assertEqual(self.classify("spam@challenger")[0], 404)
        self.assertEqual(self.classify(f"spam:{self.second}")[0], 404)
        self.promote(self.second, "--alias", "challenger")
        self.wait_for(lambda: self.classify("spam@challenger")[0] == 200)
        self.assertEqual((self.version("spam@challenger"), self.version(f"spam:{self.second}"), self.version("spam")), (self.second, self.second, "1.0.0"),
                         "the champion is what the name means, although the challenger has the higher version")
        self.assertEqual({m["version"]: (m["aliases"], m["default"]) for m in self.models()["models"]}, {"1.0.0": (["champion"], True), self.second: (["challenger"], False)})
        self.promote("none", "--alias", "challenger")
        self.wait_for(lambda: self.classify("spam@challenger")[0] == 404)

    def test_a_version_that_cannot_be_pulled_or_loaded_leaves_the_last_good_one(self):
        artifacts = self.path("registry", "artifacts", "spam", self.second)
        self.follow("spam")
        os.rename(artifacts, artifacts + ".away")
        self.promote(self.second)
        self.wait_for(lambda: self.models()["registry"]["failures"], "the failure is reported")
        [failure] = self.models()["registry"]["failures"]
        self.assertEqual((failure["alias"], failure["version"]), ("champion", self.second))
        self.assertIn("could not be pulled", failure["error"])
        self.assertNotIn(self.directory, json.dumps(self.models()))
        self.assertEqual(self.version(), "1.0.0")
        self.assertIn('winnow_registry{of="failures"} 1', self.send("GET", "/metrics")[1].decode())
        os.rename(artifacts + ".away", artifacts)
        self.wait_for(lambda: self.version() == self.second, "it is tried again")
        self.wait_for(lambda: not self.models()["registry"]["failures"])

        # A bundle that is whole, and no model.
        shutil.copytree(self.path("one"), self.path("bad"))
        with open(self.path("bad", "winnow.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        manifest.update(version="3.0.0", sealed_version="3.0.0")
        with open(self.path("bad", "linear.bin"), "wb") as file:
            file.write(b"no model")
        manifest["sha256"]["linear.bin"] = hashlib.sha256(b"no model").hexdigest()
        self.write("bad/winnow.json", json.dumps(manifest))
        os.remove(self.path("bad", "MODEL_VERSION.json"))
        self.assertEqual(self.push("bad", "--alias", "champion")["version"], "3.0.0")
        self.wait_for(lambda: self.models()["registry"]["failures"])
        self.assertEqual(self.version(), self.second)
        self.wait_for_log("could not be loaded")
        # In between it is tried again, and its state is "loading".
        self.wait_for(lambda: any(m["version"] == "3.0.0" and m["state"] == "failed" for m in self.models()["models"]), "the state is failed")
        self.stop(self.process)
        self.follow("spam")
        self.assertEqual(self.version(), self.second, "after a restart, too")
        self.assertEqual(self.wait_for(lambda: self.models()["registry"]["failures"])[0]["version"], "3.0.0")
        self.promote("1.0.0")
        self.wait_for(lambda: self.version() == "1.0.0")
        self.wait_for(lambda: not self.models()["registry"]["failures"])

    def test_a_restart_without_the_registry_serves_what_the_cache_holds(self):
        self.follow("spam")
        self.assertEqual(self.version(), "1.0.0")
        self.stop(self.process)
        # A server of another model that has the same cache remembers what it serves, and not in the place of this one.
        self.push("two", "--name", "intents", "--alias", "champion")
        self.follow("intents")
        self.stop(self.process)
        os.rename(self.path("registry"), self.path("away"))
        self.follow("spam")
        self.assertEqual({model["name"] for model in self.models()["models"]}, {"spam"})
        self.assertEqual(self.version("spam@champion"), "1.0.0")
        self.assertFalse(self.models()["registry"]["reachable"])
        status = self.send("GET", "/v1/registry")[0].status
        self.assertEqual(status, 503)
        os.rename(self.path("away"), self.path("registry"))
        self.promote(self.second)
        self.wait_for(lambda: self.version() == self.second)
        self.wait_for(lambda: self.models()["registry"]["reachable"])
        self.stop(self.process)
        shutil.rmtree(self.path("registry"))
        self.fails("serve", *self.place, "--registry-cache", "empty", "--port", 0, says=["there is no registry"])

    def test_routes(self):
        keys = {role: self.winnow("keys", "add", "keys", "--name", role, "--role", role)[0].strip() for role in ("classify", "admin")}

        def ask(method, path, body=None, role="admin"):
            response, data = self.send(method, path, body, {"X-API-Key": keys[role]})
            return response.status, json.loads(data)

        self.follow("spam", "--api-key-file", "keys", "--filter", "--store", "sqlite:filter.db")
        status, models = ask("GET", "/v1/registry", role="classify")
        self.assertEqual((status, [m["name"] for m in models["models"]]), (200, ["spam"]))
        self.assertEqual([v["version"] for v in ask("GET", "/v1/registry/spam")[1]["versions"]], [self.second, "1.0.0"])
        self.assertEqual(ask("GET", "/v1/registry/none")[0], 404)
        self.assertEqual(ask("POST", "/v1/registry/spam/promote", {"version": self.second}, "classify")[0], 403)
        self.assertEqual(ask("POST", "/v1/registry/spam/promote", {"version": self.second, "expect": "9.0.0"})[0], 409)
        self.assertEqual(ask("POST", "/v1/registry/spam/promote", {"version": "9.0.0"})[0], 404)
        self.assertEqual(ask("POST", "/v1/registry/spam/promote", {"versoin": "9.0.0"})[0], 422)
        status, change = ask("POST", "/v1/registry/spam/promote", {"version": self.second, "reason": "better"})
        self.assertEqual((status, change["from_version"], change["actor"], change["changed"]), (200, "1.0.0", "key:admin", True))
        self.wait_for(lambda: ask("POST", "/v1/classify", {"text": TEXT})[1]["version"] == self.second)
        self.assertEqual(ask("POST", "/v1/registry/spam/rollback", {"reason": "complaints"})[1]["version"], "1.0.0")
        self.wait_for(lambda: ask("POST", "/v1/classify", {"text": TEXT})[1]["version"] == "1.0.0")
        changes = ask("GET", "/v1/registry/spam/history?alias=champion&limit=2")[1]["changes"]
        self.assertEqual([c["reason"] for c in changes], ["complaints", "better"])

        def audited():
            return [(e["actor"], e["action"], e["object"], e["detail"]["reason"]) for e in ask("GET", "/v1/audit")[1]["entries"]]

        both = [("admin", "registry.rollback", "spam", "complaints"), ("admin", "registry.promote", "spam", "better")]
        self.wait_for(lambda: audited() == both, "the filter's store, which is not the registry's, has the changes too")
        self.assertEqual(ask("GET", "/v1/registry/spam/history?at=2020-01-01T00:00:00Z")[1]["changes"], [])
        self.assertEqual(ask("GET", "/v1/registry/spam/history?at=yesterday")[0], 422)
        document = ask("GET", "/openapi.json")[1]
        self.assertIn("/v1/registry/{model}/promote", document["paths"])


class OnPostgres(Server):
    """Records in PostgreSQL, and files in another directory."""

    def setUp(self):
        if not postgres.PROGRAMS:
            self.skipTest("PostgreSQL is not installed (Debian: postgresql)")
        self.database = postgres.Postgres()
        self.addCleanup(self.database.stop)
        self.place = ("--registry", self.database.url.replace("winnow@", "winnow:open-sesame@", 1), "--artifacts", "artifacts")
        super().setUp()

    def test_a_restart_without_the_registry_serves_what_the_cache_holds(self):
        self.follow("spam")
        self.database.halt(signal.SIGQUIT)
        self.wait_for(lambda: not self.models()["registry"]["reachable"])
        self.assertEqual(self.version("spam@champion"), "1.0.0")
        self.stop(self.process)
        self.follow("spam")
        self.assertEqual(self.version(), "1.0.0")
        self.database.start()
        self.promote(self.second)
        self.wait_for(lambda: self.version() == self.second)
        self.assertNotIn("open-sesame", self.logged())

    def test_a_server_that_is_started_before_its_registry_waits_for_it(self):
        self.database.halt(signal.SIGINT)
        self.follow("spam")
        self.assertEqual((self.send("GET", "/health")[0].status, self.send("GET", "/ready")[0].status), (200, 503))
        for model in (None, "spam", "spam@champion"):
            status, answer = self.classify(model)
            self.assertEqual(status, 503, answer)
            self.assertIn("no model of its registry yet", answer["error"])
        self.assertEqual((self.models()["models"], self.models()["registry"]["reachable"]), ([], False))
        self.database.start()
        self.wait_for(lambda: self.send("GET", "/ready")[0].status == 200)
        for model in (None, "spam", "spam@champion"):
            self.assertEqual(self.version(model), "1.0.0")
        self.promote(self.second)
        self.wait_for(lambda: self.version() == self.second)
        self.assertEqual(self.version("spam"), self.second)
        self.assertNotIn("open-sesame", self.logged())

    test_a_version_that_cannot_be_pulled_or_loaded_leaves_the_last_good_one = test_routes = None


if __name__ == "__main__":
    winnow.main()

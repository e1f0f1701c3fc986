"""The web page of a server as a browser gets it, signing in, the stream of events, and models of the workspace."""
import gzip
import http.client
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.parse

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES, messages

INDEX = '<!doctype html><title>Winnow</title><script type="module" src="./assets/index-1a2b.js"></script>\n'
SCRIPT = "console.log('winnow');\n" * 200


class Events:
    """Server-sent events of a path: each [id, event, data], as they come."""

    def __init__(self, test, path, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", test.port, timeout=PATIENCE)
        self.connection.request("GET", path, headers=headers or {})
        self.response = self.connection.getresponse()
        test.addCleanup(self.connection.close)

    def next(self, patience=PATIENCE):
        """The next event; None at the end of the stream."""
        fields, deadline = {}, time.monotonic() + patience
        while line := self.response.readline().decode():
            assert time.monotonic() < deadline, "no event came"
            if line == "\n":
                if "data" in fields:
                    return fields.get("id"), fields.get("event", "message"), json.loads(fields["data"])
                self.last_id = fields.get("id", getattr(self, "last_id", None))
                fields = {}
            elif not line.startswith(":"):
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value
        return None

    def until(self, event, **parts):
        while got := self.next():
            if got[1] == event and all(got[2].get(key) == value for key, value in parts.items()):
                return got
        raise AssertionError(f"the stream ended without {event} {parts}")


class PageTest(ServingTest):
    def begin(self, *arguments, page=True):
        os.makedirs(self.path("workspace", "data"), exist_ok=True)
        shutil.copy(MESSAGES, self.path("workspace", "data", "messages.tsv"))
        os.makedirs(self.path("dist", "assets"), exist_ok=True)
        self.write("dist/index.html", INDEX)
        self.write("dist/favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        self.write("dist/assets/index-1a2b.js", SCRIPT)
        self.serve("--workspace", "workspace", *arguments, environment={"WINNOW_WEB_DIR": self.path("dist" if page else "nowhere")})

    def ask(self, method, path, body=None, status=200, headers=None):
        response, data = self.send(method, path, body, {"Content-Type": "application/json", **(headers or {})} if body is not None else headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data) if data else None

    def key(self, name, role):
        added = subprocess.run([winnow.TestCase.program, "keys", "add", "keys.txt", "--name", name, "--role", role], cwd=self.directory, capture_output=True, text=True, check=True)
        return next(word for word in (added.stdout + added.stderr).split() if word.startswith("wk_"))

    def train(self, model, headers=None, kind="lr"):
        job = self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": model, "options": {"kind": kind}}, headers=headers)
        return self.wait(job, "succeeded", headers)

    def wait(self, job, state, headers=None):
        def ended():
            now = self.ask("GET", f"/v1/jobs/{job['id']}", headers=headers)
            self.assertIn(now["state"], (state, "queued", "running"), now)
            return now["state"] == state and now
        return self.wait_for(ended, f"{job}: {state}")


class Page(PageTest):
    def test_a_browser_gets_the_page_and_programs_the_api(self):
        self.begin()
        self.wait_for_log("web page at http://127.0.0.1:")
        response, _ = self.send("GET", "/", headers={"Accept": "text/html,application/xhtml+xml"})
        self.assertEqual((response.status, response.getheader("Location")), (302, "ui/"))
        response, _ = self.send("GET", "/")
        self.assertEqual((response.status, response.getheader("Location")), (302, "docs"))
        for path, folder in (("/ui", "ui/"), ("/ui/", "./"), ("/ui/review", "./"), ("/ui/review/", "../"), ("/ui/data/messages.tsv", "../"), ("/ui/data/a%2Fb", "../"),
                             ("/ui/models/spam/", "../../"), ("/ui/review?set=a/b", "./")):
            response, data = self.send("GET", path)
            self.assertEqual((response.status, data.decode()), (200, INDEX.replace("./", folder)), path)
            self.assertEqual(urllib.parse.urljoin(f"/winnow{path}", f"{folder}assets/a.js"), "/winnow/ui/assets/a.js")
            self.assertEqual(response.getheader("Cache-Control"), "no-cache")
            self.assertEqual(response.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(response.getheader("Referrer-Policy"), "no-referrer")
            policy = response.getheader("Content-Security-Policy")
            self.assertIn("default-src 'none'; script-src 'self'; style-src 'self'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
        response, data = self.send("GET", "/ui/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, "text/javascript; charset=utf-8"))
        self.assertEqual(gzip.decompress(data).decode(), SCRIPT)
        response, data = self.send("GET", "/ui/favicon.svg")
        self.assertEqual((response.getheader("Content-Type"), data[:4]), ("image/svg+xml", b"<svg"))
        for path in ("/ui/assets/none.js", "/ui/assets/..%2F..%2Flog", "/ui/assets/%2E%2E", "/ui/a/b/c"):
            self.assertEqual(self.send("GET", path)[0].status, 404, path)

    def test_what_is_embedded_is_kept_by_browsers(self):
        """The program's own page, where this build has one."""
        os.makedirs(self.path("workspace"), exist_ok=True)
        self.serve("--workspace", "workspace")
        response, data = self.send("GET", "/ui/")
        if response.status == 404:
            self.assertIn(b"has no web page", data)
            self.assertIn(b"./dev build", data)
            self.assertEqual(self.send("GET", "/", headers={"Accept": "text/html"})[0].getheader("Location"), "docs")
            return
        page = data.decode()
        tag = response.getheader("ETag")
        response, data = self.send("GET", "/ui/", headers={"If-None-Match": tag})
        self.assertEqual((response.status, data, response.getheader("ETag")), (304, b"", tag))
        self.assertEqual(self.send("GET", "/ui/", headers={"If-None-Match": "*"})[0].status, 304)
        self.assertEqual(self.send("GET", "/ui/", headers={"If-None-Match": 'W/"another"'})[0].status, 200)
        asset = page.split('src="./')[1].split('"')[0]
        response, data = self.send("GET", f"/ui/{asset}", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((response.status, response.getheader("Cache-Control")), (200, "public, max-age=31536000, immutable"))
        self.assertEqual(self.send("GET", f"/ui/{asset}")[1], gzip.decompress(data), "without compression, too")
        self.assertIn(f'src="../{asset}"', self.send("GET", "/ui/models/spam")[1].decode())

    def test_without_a_page_the_server_says_how_to_get_one(self):
        self.begin(page=False)
        response, data = self.send("GET", "/ui/")
        self.assertEqual(response.status, 404)
        self.assertIn(b"./dev build", data)
        for path, docs in (("/ui", "ui/../docs"), ("/ui/", "./../docs"), ("/ui/models/spam", "../../docs")):
            self.assertIn(f'<a href="{docs}">', self.send("GET", path)[1].decode())
        self.assertEqual(self.send("GET", "/", headers={"Accept": "text/html"})[0].getheader("Location"), "docs")


class Session(PageTest):
    def test_a_browser_signs_in_and_out(self):
        key = self.key("anna", "admin")
        self.begin("--api-key-file", "keys.txt")
        state = self.ask("GET", "/v1/session")
        self.assertEqual({**state, "version": "v"}, {"keys_required": True, "signed_in": False, "name": None, "role": "public", "workspace": True, "store": True,
                                                     "registry": False, "filter": True, "version": "v"})
        self.ask("GET", "/v1/jobs", status=401)
        self.ask("POST", "/v1/session", {"key": "wk_wrong"}, status=401)
        response, data = self.send("POST", "/v1/session", {"key": key})
        self.assertEqual((response.status, json.loads(data)), (200, {"name": "anna", "role": "admin"}))
        cookie = response.getheader("Set-Cookie")
        for part in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=2592000"):
            self.assertIn(part, cookie)
        self.assertNotIn("Secure", cookie)
        self.assertNotIn(key, cookie)
        page = {"Cookie": cookie.split(";")[0], "Sec-Fetch-Site": "same-origin"}
        state = self.ask("GET", "/v1/session", headers=page)
        self.assertEqual((state["signed_in"], state["name"], state["role"]), (True, "anna", "admin"))
        self.assertEqual(self.ask("GET", "/v1/jobs", headers=page), {"jobs": []})
        self.train("spam", page)
        # Of another site, or of nobody who can be told from one.
        job = {"kind": "train", "data": "messages.tsv", "model": "spam"}
        for site in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {}):
            self.ask("POST", "/v1/jobs", job, status=403, headers={"Cookie": page["Cookie"], **site})
        self.ask("GET", "/v1/jobs", status=403, headers={"Cookie": page["Cookie"], "Sec-Fetch-Site": "cross-site"})
        self.ask("GET", "/api/finetune/run", status=403, headers={"Cookie": page["Cookie"]})
        stream = Events(self, "/v1/events", page)
        self.assertEqual(stream.response.status, 200)
        stream.connection.close()
        # It outlives the server, but not the key.
        self.process.terminate()
        self.process.wait()
        self.begin("--api-key-file", "keys.txt")
        self.assertEqual(len(self.ask("GET", "/v1/jobs", headers=page)["jobs"]), 1)
        response, _ = self.send("DELETE", "/v1/session", headers=page)
        self.assertEqual(response.status, 204)
        self.assertIn("Max-Age=0", response.getheader("Set-Cookie"))
        subprocess.run([winnow.TestCase.program, "keys", "revoke", "keys.txt", "anna"], cwd=self.directory, check=True, capture_output=True)
        self.key("bert", "classify")
        self.process.terminate()
        self.process.wait()
        self.begin("--api-key-file", "keys.txt")
        self.ask("GET", "/v1/jobs", status=401, headers=page)

    def test_without_keys_nobody_signs_in(self):
        self.begin()
        state = self.ask("GET", "/v1/session")
        self.assertEqual((state["keys_required"], state["signed_in"], state["role"]), (False, False, "admin"))
        self.ask("POST", "/v1/session", {"key": "wk_any"}, status=409)
        self.ask("GET", "/api/finetune/run", status=403, headers={"Sec-Fetch-Site": "cross-site"})


class Stream(PageTest):
    def test_one_stream_has_the_events_of_all_jobs_and_models(self):
        self.begin()
        stream, of_models = Events(self, "/v1/events"), Events(self, "/v1/events")
        self.assertEqual(stream.response.getheader("X-Accel-Buffering"), "no")
        job = self.train("spam")
        number, _, data = stream.until("job", type="state", state="succeeded")
        self.assertEqual(data["job"], job["id"])
        own = self.ask("GET", f"/v1/jobs/{job['id']}/log")
        self.assertEqual(own["next"], None)
        self.assertEqual(own["events"][-1], {"id": data["id"], "type": "state", "state": "succeeded"})
        self.assertEqual([event["id"] for event in self.ask("GET", f"/v1/jobs/{job['id']}/log?after=1&limit=2")["events"]], [2, 3])
        self.assertEqual(self.ask("GET", f"/v1/jobs/{job['id']}/log?after=1&limit=2")["next"], 3)
        of_models.until("models")  # before or after the end of the job
        resumed = Events(self, "/v1/events", {"Last-Event-ID": str(int(number) - 1)})
        self.assertEqual(resumed.next()[2], data)
        for last in ("1", "nonsense", str(int(number) + 10**6)):
            self.assertEqual(Events(self, "/v1/events", {"Last-Event-ID": last}).next()[1], "reset")

    def test_eight_streams_do_not_delay_the_cancellation_of_a_job(self):
        self.begin()
        job = self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": "long", "options": {"base-model": "scratch", "epochs": 1000, "batch-size": 8}})
        streams = [Events(self, "/v1/events") for _ in range(8)]
        self.wait(job, "running")
        ends = []
        def follow(stream):
            ends.append(stream.until("job", type="state", state="cancelled"))
        followers = [threading.Thread(target=follow, args=(stream,)) for stream in streams]
        for follower in followers:
            follower.start()
        times = []
        for _ in range(20):
            begin = time.monotonic()
            self.ask("GET", f"/v1/jobs/{job['id']}")
            times.append(time.monotonic() - begin)
        begin = time.monotonic()
        self.ask("POST", f"/v1/jobs/{job['id']}/cancel")
        answered = time.monotonic() - begin
        print(f"cancelled in {1000 * answered:.1f} ms, other requests {1000 * sorted(times)[len(times) // 2]:.1f} ms", end=" ", flush=True)
        for follower in followers:
            follower.join(PATIENCE)
        self.assertEqual(len(ends), 8)


class Models(PageTest):
    def test_models_are_described_switched_removed_and_restored(self):
        self.begin()
        self.train("first")
        self.train("second", kind="svm")
        listed = {model["name"]: model for model in self.ask("GET", "/v1/workspace/models")["models"]}
        self.assertEqual(set(listed), {"first", "second"})
        self.assertEqual((listed["first"]["kind"], listed["first"]["labels"], listed["first"]["quantized"]), ("lr", ["ham", "spam"], False))
        self.assertGreater(listed["first"]["f1_macro"], .9)
        self.assertEqual(listed["first"]["texts"], 420)
        whole = self.ask("GET", "/v1/workspace/models/second")
        self.assertIn("second", whole["card"])
        self.assertEqual(whole["manifest"]["name"], "second")
        self.assertNotIn("files", whole["manifest"])
        self.ask("GET", "/v1/workspace/models/..%2Fdata", status=404)
        self.wait_for(lambda: {model["name"] for model in self.ask("GET", "/models")["models"]} == {"first", "second"}, "both models")
        stream = Events(self, "/v1/events")
        stream.response.readline()
        self.ask("POST", "/models/switch", {"model": "second"})
        stream.until("models")
        self.assertEqual([switch["model"] for switch in self.ask("GET", "/v1/workspace/switches")["switches"]], ["second"])
        self.process.terminate()
        self.process.wait()
        self.begin()
        default = [model["name"] for model in self.ask("GET", "/v1/workspace/models")["models"] if model["default"]]
        self.assertEqual(default, ["second"], "also after a restart")
        self.ask("DELETE", "/v1/workspace/models/second", status=409)
        self.ask("DELETE", "/v1/workspace/models/first", status=204)
        self.assertEqual([model["name"] for model in self.ask("GET", "/v1/workspace/models")["models"]], ["second"])
        self.ask("DELETE", "/v1/workspace/models/first", status=404)
        self.ask("POST", "/v1/workspace/models/first/restore")
        self.ask("POST", "/v1/workspace/models/first/restore", status=404)
        self.assertEqual(len(self.ask("GET", "/v1/workspace/models")["models"]), 2)
        # What has become of the default model does not keep the server from starting.
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.path("workspace", "models", "second"))
        self.begin()
        self.assertEqual(self.ask("POST", "/v1/classify", {"text": "Claim your free prize now"})["model"], "first")


class Kinds(PageTest):
    def test_data_is_checked_and_history_kept_without_further_options(self):
        self.begin()
        job = self.ask("POST", "/v1/jobs", {"kind": "doctor", "data": "messages.tsv"})
        self.assertEqual(job["title"], "check messages.tsv")
        self.wait(job, "succeeded")
        self.assertIn("findings", self.ask("GET", f"/v1/jobs/{job['id']}/output"))
        self.assertEqual(self.ask("GET", "/v1/jobs?kind=doctor")["jobs"][0]["id"], job["id"])
        for body in ({"kind": "doctor"}, {"kind": "doctor", "data": "messages.tsv", "model": "m"}, {"kind": "quantize"},
                     {"kind": "retrain", "model": "spam"}, {"kind": "doctor", "data": "messages.tsv", "options": {"output": "x"}}):
            self.ask("POST", "/v1/jobs", body, status=422)
        self.train("spam")
        self.wait_for(lambda: self.ask("GET", "/models")["models"], "the model")
        checked = self.ask("POST", "/v1/messages/check", {"text": "Claim your free prize now"})
        found = self.wait_for(lambda: self.ask("GET", "/v1/history")["messages"], "history")
        self.assertEqual(found[0]["id"], checked["id"])
        self.assertTrue(os.path.exists(self.path("workspace", "store.db")))

    def test_a_model_of_a_registry_is_retrained_with_feedback(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("spam"))
        self.winnow("registry", "push", "spam", "--registry", "registry", "--alias", "champion")
        self.begin("--registry", "registry")
        job = self.ask("POST", "/v1/jobs", {"kind": "retrain", "model": "spam", "data": "messages.tsv"})
        self.assertEqual((job["kind"], job["title"]), ("retrain", "retrain spam"))
        self.wait(job, "succeeded")
        self.assertFalse(self.ask("GET", f"/v1/jobs/{job['id']}/output")["retrained"], "nobody has given feedback")
        with open(self.path("workspace", "jobs", job["id"], "job.json"), encoding="utf-8") as file:
            self.assertNotIn("store", file.read(), "the address of a store may contain a password")

    def test_the_drift_of_the_messages_is_measured(self):
        self.begin()
        self.ask("POST", "/v1/jobs", {"kind": "drift", "model": "none"}, status=404)
        self.train("spam")
        self.ask("POST", "/v1/jobs", {"kind": "drift", "model": "spam", "data": "messages.tsv"}, status=422)
        failed = self.wait(self.ask("POST", "/v1/jobs", {"kind": "drift", "model": "spam"}), "failed")
        self.assertIn("from 20 texts on", failed["error"])
        self.assertIsNone(self.ask("GET", "/v1/operation")["drift"])
        # Redacted messages would be left out.
        plain = [text for _, text in (line.rstrip("\n").split("\t", 1) for line in messages()) if re.fullmatch(r"[A-Za-z ,.!?']+", text)][:40]
        for text in plain:
            self.ask("POST", "/v1/messages/check", {"text": text})
        self.wait_for(lambda: len(self.ask("GET", "/v1/history?limit=100")["messages"]) == len(plain), "history")
        job = self.ask("POST", "/v1/jobs", {"kind": "drift", "model": "spam", "options": {"days": 2}})
        self.assertEqual((job["kind"], job["title"]), ("drift", "measure the drift of spam"))
        self.wait(job, "succeeded")
        # It is kept a moment after the job has ended, before the event that tells the end.
        report = self.wait_for(lambda: self.ask("GET", "/v1/operation")["drift"], "drift")
        self.assertEqual(report, self.ask("GET", f"/v1/jobs/{job['id']}/output"))
        self.assertEqual((report["model"], report["current"]["texts"]), ("spam", len(plain)))
        with open(self.path("workspace", "jobs", job["id"], "job.json"), encoding="utf-8") as file:
            self.assertNotIn("store", file.read(), "the address of a store may contain a password")

    def test_a_model_gets_int8_weights(self):
        self.begin()
        self.ask("POST", "/v1/jobs", {"kind": "quantize", "model": "none"}, status=404)
        job = self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": "small", "options": {"base-model": "scratch", "epochs": 1}})
        self.wait(job, "succeeded")
        self.assertFalse(self.ask("GET", "/v1/workspace/models/small")["quantized"])
        self.wait(self.ask("POST", "/v1/jobs", {"kind": "quantize", "model": "small", "options": {"max-drop": 1}}), "succeeded")
        self.assertTrue(self.ask("GET", "/v1/workspace/models/small")["quantized"])


if __name__ == "__main__":
    winnow.main()

"""Jobs of a server: training, evaluation and comparison in the workspace, their events, cancellation, and what a killed server leaves."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import threading

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES

# A training that takes minutes, unless somebody ends it.
LONG = {"base-model": "scratch", "epochs": 1000, "batch-size": 8, "seed": 7}


class JobTest(ServingTest):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("workspace", "data"))
        shutil.copy(MESSAGES, self.path("workspace", "data", "messages.tsv"))
        self.begin()

    def begin(self):
        self.serve("--workspace", "workspace")

    def ask(self, method, path, body=None, status=200):
        response, data = self.send(method, path, body)
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def start(self, **body):
        return self.ask("POST", "/v1/jobs", body)

    def train(self, model="spam", **options):
        return self.start(kind="train", data="messages.tsv", model=model, options=options)

    def job(self, job):
        return self.ask("GET", f"/v1/jobs/{job['id']}")

    def recorded(self, job):
        with open(self.path("workspace", "jobs", job["id"], "job.json"), encoding="utf-8") as file:
            return json.load(file)

    def wait(self, job, *states):
        def ended():
            now = self.job(job)
            self.assertIn(now["state"], (*states, "queued", "running", "interrupted"), now)
            return now["state"] in states and now
        return self.wait_for(ended, f"{job}: {states}")

    def events(self, job, after=None, most=None):
        """The events of a stream until its end, or the first ones: [(id, type, data)]."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": str(after)} if after is not None else {})
        response = connection.getresponse()
        self.addCleanup(connection.close)
        if response.status == 204:
            return []
        self.assertEqual((response.status, response.getheader("Content-Type")), (200, "text/event-stream"))
        self.assertEqual(response.getheader("X-Accel-Buffering"), "no")
        events, fields = [], {}
        while most is None or len(events) < most:
            line = response.readline().decode()
            if not line:
                break
            if line == "\n":
                if "id" in fields:
                    events.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
                fields = {}
            elif not line.startswith(":"):
                name, _, value = line.rstrip("\n").partition(": ")
                fields[name] = value
        connection.close()
        return events

    def wait_for_steps(self, job, after=0):
        """Until the training has reported progress, so that it has begun."""
        seen = self.events(job, after, most=None if self.job(job)["state"] not in ("queued", "running") else 6)
        self.assertTrue(any(kind in ("progress", "log") for _, kind, _ in seen), seen)
        return seen

    def texts(self):
        return [line.split("\t", 1)[1].strip() for line in winnow.messages()[1:]]


class Workspace(JobTest):
    def test_from_nothing_to_answers(self):
        self.assertEqual(self.ask("GET", "/models"), {"models": []})
        self.assertEqual(self.ask("GET", "/v1/jobs"), {"jobs": []})
        response, _ = self.send("POST", "/v1/classify", {"text": "a prize"})
        self.assertIn(response.status, (404, 503))
        job = self.train(kind="lr")
        self.assertEqual((job["kind"], job["title"]), ("train", "train spam on messages.tsv"))
        events = self.events(job)
        self.assertEqual([data["state"] for _, kind, data in events if kind == "state"], ["queued", "running", "succeeded"])
        self.assertEqual([number for number, _, _ in events], list(range(1, len(events) + 1)))
        self.assertTrue(any("420 train" in data.get("message", "") for _, kind, data in events if kind == "log"), events)
        self.assertEqual(self.events(job, after=len(events)), [], "nothing follows")
        self.assertEqual(self.events(job, after=len(events) - 1), events[-1:])
        self.assertGreater(self.ask("GET", f"/v1/jobs/{job['id']}/output")["metrics"]["accuracy"], .9)
        self.wait_for(lambda: self.ask("GET", "/models")["models"], "the model")
        self.assertEqual(self.ask("POST", "/v1/classify", {"text": "Claim your free prize now"})["results"][0]["label"], "spam")

        evaluation = self.start(kind="evaluate", model="spam", data=["messages.tsv"])
        self.wait(evaluation, "succeeded")
        metrics = self.ask("GET", f"/v1/jobs/{evaluation['id']}/output")
        self.assertGreater(metrics["accuracy"], .95)
        self.wait(self.train("svm", kind="svm"), "succeeded")
        comparison = self.start(kind="compare", data="messages.tsv")
        self.wait(comparison, "succeeded")
        compared = self.ask("GET", f"/v1/jobs/{comparison['id']}/output")
        self.assertEqual({model["name"] for model in compared["models"]}, {"spam", "svm"})
        listed = self.ask("GET", "/v1/jobs")["jobs"]
        self.assertEqual([each["kind"] for each in listed], ["compare", "train", "evaluate", "train"])
        self.assertEqual(self.ask("GET", f"/v1/jobs?kind=train&limit=1&before={listed[1]['id']}")["jobs"][0]["id"], job["id"])
        self.assertEqual(self.ask("GET", "/v1/jobs?state=running"), {"jobs": []})

    def test_the_page_lists_the_options_of_each_kind(self):
        self.wait(self.train(kind="lr"), "succeeded")
        with open(os.path.join(winnow.SOURCE, "docs", "jobs.md"), encoding="utf-8") as file:
            table = file.read().split("| kind | `options` |\n| --- | --- |\n")[1].split("\n\n")[0]
        listed = dict(row.strip("| ").replace("`", "").split(" | ") for row in table.splitlines())
        for kind in ("train", "evaluate", "compare", "doctor", "quantize"):
            request = {"kind": kind, "data": "messages.tsv", **({} if kind in ("compare", "doctor") else {"model": "spam"}), "options": {"none": 1}}
            self.assertEqual(self.ask("POST", "/v1/jobs", request, 422)["error"].split("possible are ")[1], listed[kind], kind)
        self.wait(self.train("characters", kind="lr", analyzer="char", ngrams="1-5"), "succeeded")

    def test_a_file_with_few_rows_fails_with_what_to_do(self):
        with open(self.path("workspace", "data", "few.csv"), "w", encoding="utf-8") as file:
            file.write("text,label\nhello,ham\n")
        job = self.start(kind="train", data="few.csv", model="few", options={"kind": "lr"})
        failed = self.wait(job, "failed")
        self.assertIn("check option 'label-field'", failed["error"])
        self.assertIn("check --label-field", " ".join(data["message"] for _, kind, data in self.events(job) if kind == "log"))
        self.assertEqual(failed["exit_code"], 1)
        self.assertEqual([data for _, kind, data in self.events(job) if kind == "failure"], [{"type": "error", "message": failed["error"]}])
        self.ask("GET", f"/v1/jobs/{job['id']}/output", status=409)

    def test_a_model_that_is_served_from_elsewhere_is_not_replaced(self):
        self.stop(self.process)
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("mine"))
        self.serve("mine", "--workspace", "workspace")
        body = {"kind": "train", "data": "messages.tsv", "model": "mine", "options": {"kind": "lr"}}
        self.assertIn("choose another name", self.ask("POST", "/v1/jobs", body, status=409)["error"])
        self.ask("GET", "/api/finetune/run?model=lr&data=messages.tsv&name=mine", status=409)
        for _ in range(2):  # one of the workspace is
            self.wait(self.start(**{**body, "model": "ours"}), "succeeded")

    def test_a_comparison_in_which_a_model_fails_has_the_others(self):
        self.wait(self.train(kind="lr"), "succeeded")
        with open(MESSAGES, encoding="utf-8") as file, open(self.path("workspace", "data", "other.tsv"), "w", encoding="utf-8") as other:
            other.write(file.read().replace("\nspam\t", "\nbad\t").replace("\nham\t", "\ngood\t"))
        self.wait(self.start(kind="train", data="other.tsv", model="other", options={"kind": "lr"}), "succeeded")
        job = self.wait(self.start(kind="compare", data="messages.tsv", models=["spam", "other"], options={"unknown_labels": "drop"}), "failed")
        self.assertIn("other could not be evaluated: ", job["error"])
        self.assertNotIn("listed above", job["error"])
        compared = {model["name"]: model for model in self.ask("GET", f"/v1/jobs/{job['id']}/output")["models"]}
        self.assertIn("error", compared["other"])
        self.assertGreater(compared["spam"]["accuracy"], .9)

    def test_requests_reach_nothing_outside_the_workspace(self):
        self.write("secret.tsv", "label\ttext\nspam\ta\n")
        os.symlink(self.path("secret.tsv"), self.path("workspace", "data", "link.tsv"))
        for data in ("../secret.tsv", self.path("secret.tsv"), "a/../../secret.tsv", "", "./messages.tsv/.."):
            self.assertIn("error", self.ask("POST", "/v1/jobs", {"kind": "train", "data": data, "model": "m"}, status=422), data)
        for data in ("link.tsv", "none.tsv"):
            self.ask("POST", "/v1/jobs", {"kind": "train", "data": data, "model": "m"}, status=404)
        for model in ("../m", "a/b", "", ".hidden", "-x"):
            self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": model}, status=422)
        for options in ({"output-dir": "x"}, {"config": "x"}, {"base-model": "../m"}, {"base-model": "/etc"}, {"teacher": "x"}, {"epochs": {"a": 1}}, {"labels": "x"},
                        {"class-weights": self.path("secret.tsv")}, {"class_weights": ["balanced"]}):
            self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": "m", "options": options}, status=422)
        for body in ({"kind": "serve", "data": "messages.tsv"}, {"kind": "train", "model": "m"}, {"kind": "compare", "data": "messages.tsv", "model": "m"},
                     {"kind": "train", "data": "messages.tsv", "model": "m", "extra": 1}):
            self.ask("POST", "/v1/jobs", body, status=422)
        misspelt = {"kind": "train", "data": "messages.tsv", "model": "m", "options": {"epohcs": 1}}
        self.assertIn("did you mean 'epochs'?", self.ask("POST", "/v1/jobs", misspelt, status=422)["error"])
        self.assertEqual(self.ask("GET", "/v1/jobs"), {"jobs": []})
        self.ask("GET", "/v1/jobs/0123456789abcdef", status=404)
        self.ask("GET", "/v1/jobs/..%2F..%2Fsecret/events", status=404)
        self.ask("POST", "/v1/jobs/none/cancel", status=404)

    def test_a_preset_is_one_of_the_program(self):
        # A preset may be a file for 'winnow train'. Here its options would name any file of the machine.
        self.write("secret.tsv", "label\ttext\nspam\ta\n")
        self.write(os.path.join("workspace", "data", "own.toml"), f'validation = "{self.path("secret.tsv")}"\n')
        for preset in (self.path("workspace", "data", "own.toml"), "workspace/data/own.toml", "own.toml", self.path("secret.tsv"), "../own", "", 1, ["sms-spam"]):
            self.ask("POST", "/v1/jobs", {"kind": "train", "data": "messages.tsv", "model": "m", "options": {"preset": preset}}, status=422)
        self.ask("GET", "/api/finetune/run?data=messages.tsv&preset=own.toml", status=422)
        misspelt = {"kind": "train", "data": "messages.tsv", "model": "m", "options": {"preset": "sms-spm"}}
        self.assertIn("did you mean 'sms-spam'?", self.ask("POST", "/v1/jobs", misspelt, status=422)["error"])
        self.assertEqual(self.ask("GET", "/v1/jobs"), {"jobs": []})
        self.wait(self.train(kind="lr", preset="sms-spam"), "succeeded")

    def test_options_are_never_taken_for_others(self):
        job = self.train(kind="lr", template="--output-dir=elsewhere {text}")
        self.wait(job, "succeeded")
        with open(self.path("workspace", "models", "spam", "winnow.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["text_template"], "--output-dir=elsewhere {text}")


class LongJobs(JobTest):
    def test_cancel_and_resume(self):
        job = self.train(**LONG)
        queued = self.train("other", kind="lr")
        self.wait_for_steps(job)
        self.assertEqual(self.job(queued)["state"], "queued")
        self.ask("POST", f"/v1/jobs/{job['id']}/resume", status=409)
        self.ask("POST", f"/v1/jobs/{job['id']}/cancel")
        self.assertEqual(self.wait(job, "cancelled")["exit_code"] is None, False)
        self.ask("POST", f"/v1/jobs/{job['id']}/cancel", status=409)
        self.wait(queued, "succeeded")
        self.assertFalse(os.path.exists(self.path("workspace", "models", "spam", "winnow.json")), "no half model")
        last = self.events(job)[-1][0]
        self.ask("POST", f"/v1/jobs/{job['id']}/resume")
        self.wait_for_steps(job, last)
        self.assertEqual(self.job(job)["runs"], 2)
        self.ask("POST", f"/v1/jobs/{job['id']}/cancel")
        self.wait(job, "cancelled")

    def test_a_killed_server_leaves_an_interrupted_job(self):
        job = self.train(**LONG)
        seen = self.wait_for_steps(job)
        descriptors = f"/proc/{self.recorded(job)['process']}/fd"
        inherited = []
        for fd in os.listdir(descriptors):
            with contextlib.suppress(FileNotFoundError):  # the training has closed it
                inherited.append(os.readlink(f"{descriptors}/{fd}"))
        self.assertFalse([what for what in inherited if what.startswith("socket:")], "a job that outlives its server keeps no port")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.begin()
        self.assertEqual(self.job(job)["state"], "interrupted")
        rest = self.events(job, after=seen[-1][0])
        self.assertEqual([number for number, _, _ in rest], list(range(seen[-1][0] + 1, seen[-1][0] + 1 + len(rest))), "no event twice, none missing")
        self.assertEqual(rest[-1][2]["state"], "interrupted")
        self.ask("POST", f"/v1/jobs/{job['id']}/resume")
        self.wait_for_steps(job, rest[-1][0])
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(PATIENCE), 0, self.logged())
        self.begin()
        self.assertEqual(self.job(job)["state"], "interrupted", "also when the server ends in order")

    def test_many_watch_and_the_server_goes_on(self):
        job = self.train(**LONG)
        self.wait_for_steps(job)
        ends = []
        def watch():
            ends.append(self.events(job)[-1][2].get("state"))
        watchers = [threading.Thread(target=watch) for _ in range(30)]
        for watcher in watchers:
            watcher.start()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", f"/v1/jobs/{job['id']}/events")
        connection.getresponse().readline()
        connection.close()  # a client that goes away
        self.ask("GET", "/health")
        self.ask("POST", f"/v1/jobs/{job['id']}/cancel")
        for watcher in watchers:
            watcher.join(PATIENCE)
        self.assertEqual(ends, ["cancelled"] * 30)


if __name__ == "__main__":
    winnow.main()

"""The routes of the mail tool: fine-tuning and benchmarks by GET, as EventSource follows them."""
import csv
import json
import os
import time

import winnow
from test_page_routes import Events, PageTest

LABELS = ["applied", "interview", "offer", "rejected", "newsletter", "invoice", "receipt", "travel", "social", "other"]
# Eight rows, of five of the ten labels, as the mail tool's own test has them.
ROWS = [("applied", "Thank you for applying to our company"), ("applied", "We have received your application"),
        ("interview", "Interview invitation for next Tuesday"), ("interview", "Can we talk on the phone about your application"),
        ("offer", "We are pleased to offer you the position"), ("offer", "Your offer letter is attached"),
        ("rejected", "Unfortunately we will not move forward"), ("newsletter", "This week in data engineering")]


class FineTuneTest(PageTest):
    def run_to_the_end(self, path, headers=None):
        """All messages of a run."""
        stream = Events(self, path, headers)
        self.assertEqual((stream.response.status, stream.response.getheader("Content-Type")), (200, "text/event-stream"))
        messages = []
        while got := stream.next():
            messages.append(got)
        return messages

    def tiny_rows(self):
        with open(self.path("workspace", "data", "mail.jsonl"), "w", encoding="utf-8") as file:
            for label, text in ROWS:
                file.write(json.dumps({"text": text, "label": label}) + "\n")
        with open(self.path("workspace", "data", "labels.json"), "w", encoding="utf-8") as file:
            json.dump(LABELS, file)


class FineTune(FineTuneTest):
    def test_eight_rows_with_half_of_the_labels(self):
        self.begin()
        self.assertEqual(self.ask("GET", "/api/finetune/status"), [])
        self.tiny_rows()
        messages = [data for _, _, data in self.run_to_the_end("/api/finetune/run?model=scratch&epochs=1&data=mail.jsonl&labels=labels.json")]
        self.assertEqual(messages[-1]["type"], "complete", messages)
        self.assertEqual(messages[-1]["model"], "scratch-mail")
        self.assertTrue(all(message["type"] == "progress" and "message" in message for message in messages[:-1]), messages)
        warnings = " ".join(message["message"] for message in messages if message.get("level") == "warning")
        for label in LABELS[5:]:
            self.assertIn(label, warnings)
        status = self.ask("GET", "/api/finetune/status")
        self.assertEqual([model["name"] for model in status], ["scratch-mail"])
        self.assertEqual(set(status[0]), {"name", "base_model", "val_macro_f1", "timestamp", "sample_count"})

    def test_a_run_tells_metrics_goes_on_without_clients_and_is_never_started_twice(self):
        self.begin()
        path = "/api/finetune/run?model=scratch&epochs=3&data=messages.tsv&name=mine"
        first = Events(self, path)
        number, _, data = first.next()
        first.connection.close()
        job = data["job"]
        self.ask("GET", path, status=409)
        # EventSource connects again by itself, with the ID of the last event that it has.
        rest = self.run_to_the_end(path, {"Last-Event-ID": number})
        self.assertEqual(rest[-1][2]["type"], "complete", rest[-1])
        evaluations = [data for _, _, data in rest if data.get("event") == "evaluation"]
        self.assertEqual([round(data["epoch"]) for data in evaluations], [1, 2, 3])
        for evaluation in evaluations:
            self.assertLess(0, evaluation["loss"])
            self.assertTrue(0 <= evaluation["f1_macro"] <= 1 and 0 <= evaluation["accuracy"] <= 1, evaluation)
        self.assertTrue(any("remaining_seconds" in data for _, _, data in rest if data.get("event") == "progress"), rest)
        self.assertEqual([each["id"] for each in self.ask("GET", "/v1/jobs")["jobs"]], [job], "one job")
        response, _ = self.send("GET", path, headers={"Last-Event-ID": rest[-1][0]})
        self.assertEqual(response.status, 204, "tells the browser to stop")

    def test_a_run_is_cancelled(self):
        self.begin()
        self.assertEqual(self.ask("POST", "/api/finetune/cancel"), {"cancelled": False, "job": None})
        stream = Events(self, "/api/finetune/run?model=scratch&epochs=1000&data=messages.tsv")
        while (got := stream.next()) and got[2].get("event") != "log":
            pass
        cancelled = self.ask("POST", "/api/finetune/cancel")
        self.assertEqual(cancelled, {"cancelled": True, "job": got[2]["job"]})
        last = None
        while got := stream.next():
            last = got
        self.assertEqual((last[2]["type"], last[2]["message"]), ("error", "the run was cancelled"))

    def test_what_is_missing_is_one_line_that_says_what_to_do(self):
        self.begin()
        for path, words in (("data=none.csv", "upload it"), ("data=messages.tsv&model=/etc", None)):
            response, data = self.send("GET", f"/api/finetune/run?{path}")
            if words is None:
                self.assertEqual(response.status, 422)
                continue
            self.assertEqual(response.status, 200)
            events = [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: ")]
            self.assertEqual([event["type"] for event in events], ["error"])
            self.assertIn(words, events[0]["message"])
        os.remove(self.path("workspace", "data", "messages.tsv"))
        for path in ("/api/finetune/run", "/api/benchmark/run"):
            self.assertIn("upload one", self.run_to_the_end(path)[0][2]["message"])
        self.assertEqual(self.ask("GET", "/v1/jobs"), {"jobs": []})
        self.ask("GET", "/api/finetune/run?epochs=0", status=422)

    def test_too_little_memory_is_an_error_that_says_what_to_do(self):
        self.begin("--job-memory-mb", 60)
        messages = self.run_to_the_end("/api/finetune/run?model=scratch&data=messages.tsv&epochs=1")
        self.assertEqual(messages[-1][2]["type"], "error", messages)
        self.assertIn("needed more memory than the server's limit of 60 MB", messages[-1][2]["message"])
        self.assertIn("smaller batch size", messages[-1][2]["message"])
        self.ask("GET", "/health")


class Benchmark(FineTuneTest):
    def test_runs_are_kept_listed_and_removed(self):
        self.begin()
        self.assertIn("train one first", self.run_to_the_end("/api/benchmark/run")[0][2]["message"])
        self.assertEqual(self.ask("GET", "/v1/benchmarks"), {"runs": [], "next": None})
        for name in ("a", "b"):
            self.train(name, kind="lr" if name == "a" else "svm")
        last = self.run_to_the_end("/api/benchmark/run?data=messages.tsv")[-1][2]
        self.assertEqual((last["type"], last["saved"], {model["name"] for model in last["run"]["models"]}), ("complete", False, {"a", "b"}))
        self.assertEqual(self.ask("GET", "/v1/benchmarks")["runs"], [], "not kept")
        last = self.run_to_the_end("/api/benchmark/run?data=messages.tsv&save=1&models=b")[-1][2]
        run = last["run"]
        self.assertTrue(last["saved"])
        self.assertEqual(self.ask("GET", "/v1/benchmarks"), {"runs": [run], "next": None})
        model = run["models"][0]
        self.assertEqual((run["data"], model["name"], set(model["per_class"])), ("messages.tsv", "b", {"ham", "spam"}))
        self.assertGreater(model["f1_macro"], .9)
        self.assertGreater(model["ms_per_text"], 0)
        self.assertIn("confusion", self.ask("GET", f"/v1/benchmarks/{run['id']}")["comparison"]["models"][0])
        # Whether or not somebody watches.
        stream = Events(self, "/api/benchmark/run?data=messages.tsv&save=1")
        job = stream.next()[2]["job"]
        stream.connection.close()
        self.wait_for(lambda: len(self.ask("GET", "/v1/benchmarks")["runs"]) == 2, "the benchmarks")
        runs = self.ask("GET", "/v1/benchmarks")["runs"]
        self.assertEqual([each["id"] for each in runs], [job, run["id"]])
        self.ask("DELETE", f"/v1/benchmarks/{job}", status=204)
        self.ask("DELETE", f"/v1/benchmarks/{job}", status=404)
        self.assertEqual(self.ask("GET", "/v1/benchmarks"), {"runs": [run], "next": None})

    def test_a_file_is_read_as_its_trainings_read_it(self):
        self.begin()
        _, *rows = csv.reader(winnow.messages(), delimiter="\t")
        with open(self.path("workspace", "data", "odd.csv"), "w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([("text", "kind", "message"), *((f"row {i}", kind, message) for i, (kind, message) in enumerate(rows))])
        reading = {"text-field": "message", "label-field": "kind"}
        job = self.ask("POST", "/v1/jobs", {"kind": "train", "data": "odd.csv", "model": "odd", "options": {"kind": "lr", **reading}})
        self.wait(job, "succeeded")
        query = "".join(f"&{name}={value}" for name, value in reading.items())
        last = self.run_to_the_end(f"/api/benchmark/run?data=odd.csv&part=test{query}")[-1][2]
        self.assertEqual(last["type"], "complete", last)
        (model,) = last["run"]["models"]
        self.assertEqual(set(model["per_class"]), {"ham", "spam"})
        self.assertGreater(model["f1_macro"], .9)
        last = self.run_to_the_end("/api/benchmark/run?data=odd.csv&part=test")[-1][2]
        self.assertEqual(last["type"], "error", "by itself, no column of labels is found")
        self.ask("GET", "/api/benchmark/run?data=odd.csv&header=perhaps", status=422)

    def test_a_history_of_ten_thousand_runs(self):
        os.makedirs(self.path("workspace", "benchmarks"))
        with open(self.path("workspace", "benchmarks", "index.jsonl"), "w", encoding="utf-8") as file:
            for i in range(10000):
                models = [{"name": f"m{j}", "f1_macro": .9, "accuracy": .9, "ms_per_text": 1.0, "per_class": {"ham": .9, "spam": .9}} for j in range(4)]
                file.write(json.dumps({"id": f"{i:016x}", "time": "2026-11-28T10:33:47Z", "data": "sms.tsv", "models": models}) + "\n")
        self.begin()
        begin = time.monotonic()
        page = self.ask("GET", "/v1/benchmarks?limit=50")
        took = time.monotonic() - begin
        self.assertEqual((len(page["runs"]), page["next"]), (50, f"{9950:016x}"))
        print(f"a page of a history of 10,000 runs: {1000 * took:.1f} ms")
        self.assertEqual(self.ask("GET", f"/v1/benchmarks?before={page['next']}&limit=1")["runs"][0]["id"], f"{9949:016x}")


if __name__ == "__main__":
    winnow.main()

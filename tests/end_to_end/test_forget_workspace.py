"""`winnow forget --workspace`: what a server has kept of a text or of a person is in no file of its workspace any more, and the rest is as it was."""
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import time

import winnow
from power_cuts import PowerCuts
from serving import ServingTest
from winnow import MESSAGES

USER = "anna-of-marrow"
SECRET = "Dear Quentin Oldershaw, the safe at Marrowfield opens with 771204"
VARIANT = "  dear QUENTIN oldershaw, the safe at   marrowfield opens with 771204"
WORDS = ("oldershaw", "771204")
OWN = "what only anna has written about the marsh"


class WorkspaceTest(ServingTest):
    def setUp(self):
        super().setUp()
        # Links of killed processes go with the test.
        os.mkdir(self.path("tmp"))
        self.environment = {"TMPDIR": self.path("tmp")}

    def holders(self, *words, directory="workspace"):
        """Names of the files that contain one of the words, in capitals or not; gzip files unpacked."""
        found = []
        for root, _, names in os.walk(self.path(directory)):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    data = file.read()
                data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
                if any(word.encode().lower() in data.lower() for word in words or WORDS):
                    found.append(os.path.relpath(os.path.join(root, name), self.path(directory)))
        return sorted(found)

    def forget(self, *arguments, code=0):
        out, self.said = self.winnow("forget", "--workspace", self.path("workspace"), *arguments, code=code)
        return json.loads(out)

    def make(self, name, contents):
        os.makedirs(os.path.dirname(self.path("workspace", name)), exist_ok=True)
        return self.write(os.path.join("workspace", name), contents)

    def read(self, name):
        with open(self.path("workspace", name), "rb") as file:
            return file.read()

    def model(self, name):
        """A model in the workspace that has the text in its calibration set."""
        held = self.write("held.tsv", f"label\ttext\nspam\tyou won\nham\t{SECRET}\nham\tsee you\n")
        self.winnow("train", MESSAGES, "--validation", held, "--kind", "lr", "--output-dir", self.path("workspace", "models", name))
        os.remove(held)


class Workspace(WorkspaceTest):
    def ask(self, method, path, body=None):
        response, data = self.send(method, path, body)
        self.assertIn(response.status, (200, 201, 204), data)
        return json.loads(data) if data else None

    def begin(self):
        self.serve("--workspace", "workspace", "--redact-history", "none")

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def upload(self, name, rows, query="final=true"):
        self.ask("PUT", f"/v1/data/{name}?offset=0&{query}", "".join(rows).encode())

    def review(self, name, data="mine.tsv"):
        self.ask("POST", "/v1/review", {"set": name, "data": data, "labels": ["ham", "spam"], "features": "tfidf"})
        self.review_is_ready(name)

    def label(self, name, labels, reviewer):
        texts = [json.loads(line)["text"] for line in self.read(f"reviews/{name}/pool.jsonl").splitlines()]
        self.ask("POST", "/v1/review/label", {"set": name, "reviewer": reviewer, "labels": [{"item": texts.index(text), "label": label} for text, label in labels.items()]})

    def wait_for_job(self, **body):
        job = self.ask("POST", "/v1/jobs", body)
        state = lambda: self.ask("GET", f"/v1/jobs/{job['id']}")["state"]
        self.wait_for(lambda: state() not in ("queued", "running"), job)
        self.assertEqual(state(), "succeeded")
        return job["id"]

    def fill(self):
        """Has a server keep the text wherever it keeps texts."""
        self.model("spam")
        self.model("old")
        self.begin()
        lines = winnow.messages()[1:31]
        self.rows = ["label\ttext\n", *lines[:10], f"ham\t{SECRET}\n", *lines[10:], f"spam\t{VARIANT}\n"]
        self.upload("mine.tsv", self.rows)
        self.ask("POST", "/v1/data/mine.tsv/changes", {"relabel": [{"row": 3, "label": "spam"}]})
        self.upload("gone.tsv", self.rows)
        self.ask("POST", "/v1/data/gone.tsv/changes", {"remove": [2]})
        self.ask("DELETE", "/v1/data/gone.tsv")
        self.upload("packed.jsonl.gz", [], "final=false")
        self.ask("PUT", "/v1/data/packed.jsonl.gz?offset=0&final=true", gzip.compress("".join(json.dumps({"text": text, "label": "ham"}) + "\n" for text in ("one", SECRET, "two")).encode()))
        self.upload("half.tsv", self.rows[:12], "final=false")
        self.ask("POST", "/models/switch", {"model": "spam"})
        self.ask("DELETE", "/v1/workspace/models/old")
        self.upload("both.tsv", ["label\ttext\n", f"ham\t{SECRET}\n", f"spam\t{SECRET} \n", *lines[:6]])
        self.job = self.wait_for_job(kind="evaluate", data="both.tsv", model="spam")
        # What a job prints depends on its kind and options; a text may be in any of it.
        output = f"jobs/{self.job}/output"
        self.make(output, self.read(output).decode().rstrip().rstrip("}") + ', "worst": [{"text": ' + json.dumps(SECRET) + "}]}\n")
        self.review("mail")
        self.texts = [line.rstrip("\n").split("\t", 1)[1] for line in lines]
        # Other labels than those of the data.
        given = {line.rstrip("\n").split("\t", 1)[1]: line.split("\t", 1)[0] for line in lines}
        self.labels = {text: "ham" if given[text] == "spam" else "spam" for text in (self.texts[3], self.texts[20], self.texts[21])}
        self.label("mail", {SECRET: "spam", self.texts[3]: self.labels[self.texts[3]], self.texts[20]: self.labels[self.texts[20]]}, USER)
        self.label("mail", {self.texts[21]: self.labels[self.texts[21]]}, "ben")
        self.review("deleted")
        self.ask("DELETE", "/v1/review/deleted")
        self.ask("PUT", "/v1/must-pass", {"text": VARIANT, "isSpam": False})
        self.ask("PUT", "/v1/must-pass", {"text": "see you", "isSpam": False, "note": "kept"})
        rule = f"[[rule]]\nname = \"SAFE\"\nscore = 3.0\npattern = '{SECRET.lower()}'\n"
        self.ask("PUT", "/v1/rules/SAFE", {"rule": rule})
        verdict = self.ask("POST", "/v1/messages/check", {"text": SECRET, "user": USER, "sender": "joe@example.com"})
        self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER})
        self.make("reports/drift.json", json.dumps({"worst": [f"He wrote: {SECRET}"], "drift": 1.50}))
        self.ask("POST", "/v1/messages/check", {"text": "see you at noon"})

    def test_a_text_is_gone_from_every_file(self):
        self.fill()
        kept = self.holders()
        for place in ("data/mine.tsv", "data/.former/mine.tsv/1", "data/.trash/gone.tsv/file", "data/.trash/gone.tsv/former/1", "data/packed.jsonl.gz", "data/both.tsv",
                      "models/spam/calibration.jsonl", "trash/models/old/calibration.jsonl", f"jobs/{self.job}/output", "reviews/mail/pool.jsonl", "trash/reviews/deleted/pool.jsonl",
                      "rules/page.toml", "rules/must_pass.jsonl", "reports/drift.json"):
            self.assertIn(place, kept)
        self.assertTrue(any(name.startswith("data/.uploads/") for name in kept), kept)
        # A server that runs has texts in its memory.
        self.fails("forget", "--workspace", self.path("workspace"), "--text", SECRET, says=["a server uses the workspace", "stop the server"])
        dry = self.forget("--text", SECRET, "--dry-run", code=1)
        self.assertEqual(self.holders(), kept, "a dry run removes nothing")
        self.assertEqual(dry["workspace"]["other_files"], ["rules/page.toml"])
        self.end()
        receipt = self.forget("--text", SECRET, "--receipt", self.path("receipt.json"), code=1)
        self.assertEqual(receipt["workspace"]["other_files"], ["rules/page.toml"])
        self.assertIn("rules/page.toml", self.said)
        self.assertEqual(self.holders(), ["rules/page.toml"])
        for key in ("reviews", "must_pass", "quotations", "uploads_removed"):
            self.assertEqual(receipt["workspace"][key], dry["workspace"][key], key)
        self.assertEqual([place["removed"] for place in receipt["workspace"]["reviews"]], [1, 1])
        self.assertEqual(receipt["workspace"]["must_pass"], {"messages": 2, "removed": 1})
        self.assertEqual(receipt["workspace"]["uploads_removed"], 1)
        removed = {os.path.relpath(each["path"], os.path.realpath(self.path("workspace"))): each["removed"] for each in receipt["data"]}
        self.assertEqual((removed["data/mine.tsv"], removed["data/packed.jsonl.gz"], removed["data/.trash/gone.tsv/former/1"]), (2, 1, 2))
        self.assertEqual([bundle["removed"] for bundle in receipt["bundles"]], [1, 1])
        self.assertEqual((receipt["store"]["removed"]["feedback"], receipt["store"]["removed"]["messages"]), (1, 1))
        with open(self.path("receipt.json"), encoding="utf-8") as file:
            self.assertNotIn("Oldershaw", file.read())
        # The rest is as it was.
        plain = [row for row in self.rows if "ldershaw" not in row.lower()]
        self.assertEqual(self.read("data/.former/mine.tsv/1").decode(), "".join(plain))
        self.assertEqual(self.read("data/.trash/gone.tsv/file").decode(), "".join(plain[:1] + plain[2:]))
        self.assertEqual(json.loads(self.read("reports/drift.json")), {"worst": ["(forgotten)"], "drift": 1.5})
        self.assertIn("f1", self.read(f"jobs/{self.job}/output").decode())
        for place in ("models/spam", "trash/models/old"):
            self.winnow("verify", self.path("workspace", place))
        # The rule goes by the API; what undo would bring back goes with the next call.
        self.begin()
        self.ask("DELETE", "/v1/rules/SAFE")
        self.end()
        self.assertIn("rules/versions/00000002.toml", self.holders(), "for undo; the audit log may quote the rule, too")
        receipt = self.forget("--text", SECRET)
        self.assertTrue(receipt["complete"])
        self.assertEqual(receipt["workspace"]["rule_versions_removed"], ["rules/versions/00000002.toml"])
        self.assertEqual(self.holders(), [])
        self.check_what_is_left()

    def check_what_is_left(self):
        """The server goes on with the rest."""
        self.begin()
        self.assertEqual(self.ask("GET", "/v1/must-pass")["messages"][0]["text"], "see you")
        state = self.ask("GET", "/v1/review/mail")
        self.assertEqual((state["total"], state["stats"]["labelled"]), (30, 3))
        self.ask("POST", "/v1/review/mail/export", {"name": "labelled"})
        rows = set(self.read("data/labelled.tsv").decode().splitlines()[1:])
        self.assertEqual(len(rows), 30)
        self.assertLess({f"{text}\t{label}" for text, label in self.labels.items()}, rows)
        self.assertEqual(self.ask("POST", "/v1/review/undo", {"set": "mail", "reviewer": "ben"})["item"]["text"], self.texts[21])
        self.ask("POST", "/v1/review/deleted/restore")
        self.review_is_ready("mail")
        self.assertEqual(self.ask("GET", "/v1/review/deleted")["total"], 30)
        self.ask("POST", "/v1/data/mine.tsv/undo")
        self.ask("POST", "/v1/data/gone.tsv/restore")
        self.ask("POST", "/v1/workspace/models/old/restore")
        self.assertEqual(len(self.ask("GET", "/v1/data/mine.tsv/rows")["rows"]), 30)
        self.ask("PUT", "/v1/data/half.tsv?offset=0&final=true", b"label\ttext\nham\tx\n")
        self.assertEqual(json.loads(self.ask("GET", f"/v1/jobs/{self.job}") and self.send("GET", f"/v1/jobs/{self.job}/output")[1])["accuracy"] >= 0, True)
        self.assertEqual(self.holders(), [])

    def review_is_ready(self, name):
        self.wait_for(lambda: self.ask("GET", f"/v1/review/{name}")["state"] == "ready", "review")

    def test_a_user_takes_labels_and_own_texts_along(self):
        own, shared = "only anna has written this text", "see you at the winter garden party"
        self.make("data/mine.csv", "text,label,user\n" + "".join(f"{text},ham,{user}\n" for text, user in ((own, USER), (shared, USER), (shared, "ben"), ("from ben alone", "ben"), ("and carla", "carla"))))
        self.begin()
        self.review("mail", "mine.csv")
        self.label("mail", {own: "ham", "from ben alone": "spam"}, USER)
        self.label("mail", {"and carla": "ham"}, "carla")
        self.end()
        jobs = self.path("workspace", "jobs", "0123456789abcdef")
        os.makedirs(jobs)
        self.write(os.path.join(jobs, "job.json"), json.dumps({"id": "0123456789abcdef", "owner": USER}))
        self.make("switches.jsonl", json.dumps({"time": "t", "model": "a", "by": USER}) + "\n")
        receipt = self.forget("--user", USER, "--user-field", "user")
        (review,) = receipt["workspace"]["reviews"]
        self.assertEqual((review["removed"], review["decisions_removed"]), (1, 2))
        self.assertEqual(self.holders(USER, own), [])
        self.assertEqual(self.read("data/mine.csv").decode(), f"text,label,user\n{shared},ham,ben\nfrom ben alone,ham,ben\nand carla,ham,carla\n")
        shutil.rmtree(jobs)
        self.begin()
        state = self.ask("GET", "/v1/review/mail")
        self.assertEqual((state["total"], state["stats"]["labelled"]), (3, 1))

    def test_what_cannot_be_treated_is_named(self):
        self.make("data/odd.csv", f'first,second\n1,"{SECRET}"\n')
        self.make("data/lines.jsonl", f'{{"text": "x", "label": "ham"}}\n{{"text": "{SECRET}"\n')
        self.make("data/longer.csv", f'text,label\n"Re: {SECRET}",ham\n')
        self.make("data/wide.csv", f"text,label\n{SECRET.replace(',', '')},ham\n\"{SECRET}\",ham\n".encode("utf-16"))
        self.make("data/harmless.csv", "text,label\nx,ham\n".encode("utf-16"))
        self.make("notes/report.html", f"<p>{SECRET}</p>")
        receipt = self.forget("--text", SECRET, code=1)
        self.assertFalse(receipt["complete"])
        self.assertEqual(receipt["workspace"]["longer_texts"], ["data/longer.csv"])
        self.assertIn("notes/report.html", receipt["workspace"]["other_files"])
        self.assertIn("data/lines.jsonl", receipt["workspace"]["other_files"])
        self.assertIn("data/wide.csv", receipt["workspace"]["other_files"])
        self.assertEqual([os.path.basename(each["path"]) for each in receipt["data"] if "read" in each], ["harmless.csv", "odd.csv", "wide.csv"])
        os.remove(self.path("workspace", "data", "wide.csv"))
        receipt = self.forget("--text", SECRET, code=1)
        left = self.holders()
        self.assertEqual(sorted(receipt["workspace"]["longer_texts"] + receipt["workspace"]["other_files"]), left)
        self.fails("forget", "--workspace", self.path("none"), "--text", SECRET, says=["is not the workspace of a server"])
        os.mkdir(self.path("other"))
        self.fails("forget", "--workspace", self.path("other"), "--text", SECRET, says=["is not the workspace of a server"])
        self.assertEqual(os.listdir(self.path("other")), [])


class Kill(WorkspaceTest):
    def prepare(self):
        """A workspace as servers leave it, with files of killed processes."""
        rows = "text\tlabel\n" + "".join(f"message number {i}\t{'spam' if i % 2 else 'ham'}\n{SECRET if i % 20 == 0 else f'text {i}'}\tham\n" for i in range(60))
        for name in ("data/mine.tsv", "data/.former/mine.tsv/1", "data/.former/mine.tsv/2", "data/.trash/gone.tsv/file", "data/.trash/gone.tsv/former/1", "data/.uploads/part"):
            self.make(name, rows)
        self.make("data/people.csv", f"text,label,user\n{OWN},ham,{USER}\nof ben,ham,ben\n")
        self.make("data/.former/people.csv/1", f"text,label,user\nof ben,spam,ben\n{OWN},spam,{USER}\n")
        pool = "".join(json.dumps({"row": i + 2, "text": {7: SECRET, 9: OWN}.get(i, f"text {i}")}) + "\n" for i in range(30))
        log = "".join(json.dumps({"time": i, "reviewer": USER if i % 4 == 0 else "ben", "labels": [{"item": i, "label": "ham"}]}) + "\n" for i in range(20))
        settings = {"set": "mail", "data": "mine.tsv", "labels": ["ham", "spam"], "features": "tfidf", "created": 1, "seed": 1}
        for place in ("reviews/mail", "trash/reviews/old", "reviews/.torn.new"):
            for name, contents in (("pool.jsonl", pool), ("labels.jsonl", log), ("review.json", json.dumps(settings)), ("features.bin", "numbers")):
                self.make(f"{place}/{name}", contents)
        self.make("rules/must_pass.jsonl", "".join(json.dumps({"text": text, "label": "ham"}) + "\n" for text in (SECRET, OWN)) + json.dumps({"text": "x", "label": "ham"}) + "\n")
        self.make("rules/versions/00000001.toml", f"# {SECRET}\n")
        self.make("jobs/0123456789abcdef/output", json.dumps({"errors": [{"text": SECRET}, {"text": OWN}], "f1": .5}))
        self.make("benchmarks/index.jsonl", json.dumps({"id": "1", "note": SECRET}) + "\n")
        self.model("spam")
        os.makedirs(self.path("workspace", "trash", "models"))
        shutil.copytree(self.path("workspace", "models", "spam"), self.path("workspace", "trash", "models", "old"))
        self.write("events.jsonl", json.dumps({"text": SECRET, "label": "spam", "user": USER}) + "\n" + json.dumps({"text": "x", "label": "spam", "user": "ben"}) + "\n")
        self.winnow("feedback", "add", "--store", self.path("workspace", "store.db"), "--input", self.path("events.jsonl"))
        os.rename(self.path("workspace"), self.path("template"))

    def begin(self):
        shutil.rmtree(self.path("workspace"), ignore_errors=True)
        shutil.copytree(self.path("template"), self.path("workspace"))

    def tree(self):
        """The contents of all files that do not have times in them."""
        return {name: contents for name, contents in self.files("workspace").items() if "store.db" not in name and not name.endswith(".lock")}

    def test_a_killed_command_loses_nothing_else_and_completes_when_it_runs_again(self):
        self.prepare()
        source = random.Random(os.environ.get("WINNOW_TEST_SEED", "forget"))
        for arguments, words in ((("--text", SECRET), WORDS), (("--user", USER, "--user-field", "user"), (USER, OWN))):
            self.begin()
            began = time.monotonic()
            self.assertTrue(self.forget(*arguments)["complete"])
            duration = time.monotonic() - began
            expected = self.tree()
            self.assertEqual(self.holders(*words), [])
            self.assertNotIn("reviews/mail/features.bin", expected)
            self.assertEqual(len(expected["reviews/mail/pool.jsonl"].splitlines()), 29)
            for round in range(int(os.environ.get("WINNOW_TEST_KILLS", "14")) // 2):
                self.begin()
                process = subprocess.Popen([winnow.TestCase.program, "forget", "--workspace", self.path("workspace"), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           cwd=self.directory, env={**os.environ, **self.environment})
                try:
                    process.wait(timeout=source.uniform(0, duration))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                self.check(expected, f"round {round} of {arguments[0]}", arguments, words)

    def check(self, expected, when, arguments=("--text", SECRET), words=WORDS):
        receipt = self.forget(*arguments)
        self.assertTrue(receipt["complete"], when)
        self.assertEqual(self.holders(*words), [], when)
        self.assertEqual(self.tree(), expected, when)
        self.assertEqual(receipt["store"]["export_rows"]["after"], 1, when)

    def test_a_power_cut_at_any_call_loses_nothing_else(self):
        power = PowerCuts(self.directory, self.skipTest)
        self.prepare()
        self.begin()
        arguments = ("forget", "--workspace", self.path("workspace"), "--text", SECRET)
        self.winnow(*arguments, environment=power.counting())
        calls = power.calls()
        expected = self.tree()
        cuts = int(os.environ.get("WINNOW_TEST_POWER_CUTS", "20"))
        for cut in sorted(random.Random(5).sample(range(1, calls + 1), min(cuts, calls))):
            self.begin()
            died = subprocess.run([winnow.TestCase.program, *arguments], cwd=self.directory, capture_output=True, check=False,
                                  env={**os.environ, **self.environment, **power.at(cut)})
            self.assertEqual(died.returncode, -9, f"call {cut}: {died.stderr.decode()}")
            self.check(expected, f"call {cut} of {calls}")


if __name__ == "__main__":
    winnow.main()

"""`winnow retrain --feedback selected` and `winnow gate`: what people reported makes a new model, which has to be good enough."""
import csv
import json
import os
import re
import shutil
import subprocess

import winnow
from retraining import WORDS, RetrainTest
from winnow import MESSAGES, SOURCE


class Retrain(RetrainTest):
    def test_feedback_makes_the_next_version(self):
        self.champion()
        before = self.files("spam")
        self.report_both(40)
        done = self.retrain("--report", "gate")
        self.assertTrue(done["retrained"])
        self.assertEqual((done["feedback"]["labels"], done["feedback"]["new"]), ({"spam": 40, "ham": 40},) * 2)
        self.assertEqual((done["champion_version"], done["version"], self.manifest("new")["version"]), ("1.0.0", "1.1.0", "1.1.0"))
        self.assertTrue(done["gate"]["passed"], done["gate"])
        self.assertEqual(done["gate"]["failed"], [])
        self.assertEqual(self.files("spam"), before, "the champion stays as it is")
        self.winnow("verify", "new")
        champion, challenger = self.info("spam"), self.info("new")
        self.assertEqual(challenger["sample_count"], champion["sample_count"] + 80)
        self.assertEqual((challenger["validation_count"], challenger["test_count"]), (champion["validation_count"], champion["test_count"]))
        self.assertEqual(challenger["retraining"]["base_sha256"], champion["data_sha256"], "the parts of the data are those of the champion")
        self.assertEqual(done["gate"]["notes"], [])
        self.assertNotIn("retraining", champion)
        with open(self.path("new", "calibration.jsonl"), encoding="utf-8") as file:
            held = file.read()
        self.assertNotIn("crypto wallet", held, "complaints calibrate nothing")
        with open(self.path("gate", "gate.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), done["gate"])
        with open(self.path("gate", "gate.html"), encoding="utf-8") as file:
            self.assertIn("all conditions hold", file.read())
        text = self.winnow("classify", "new", "crypto wallet airdrop claim velvet lantern", "--json")[0]
        self.assertEqual(json.loads(text)["label"], "spam")

    def test_nothing_happens_without_enough_new_feedback(self):
        self.champion()
        self.report_both(19)
        done = self.retrain()
        self.assertEqual((done["retrained"], done["reason"]), (False, "a retraining needs 20 new texts of each of the labels; there are: ham 19, spam 19"))
        self.assertFalse(os.path.exists(self.path("new")))
        self.assertIn("Not retrained: ", self.winnow(*self.arguments())[0])
        self.report_both(21)
        self.assertTrue(self.retrain()["retrained"])
        again = self.retrain(champion="new", output="newer")
        self.assertIn("ham 0, spam 0", again["reason"], "the model has had this feedback")
        self.report_both(25, seed="later")
        done = self.retrain(champion="new", output="newer")
        self.assertEqual((done["feedback"]["texts"], done["feedback"]["new"], done["version"]), (92, {"ham": 25, "spam": 25}, "1.2.0"))

    def test_the_reason_counts_all_new_texts_and_one_label_needs_the_data(self):
        self.champion()
        self.report(*((text, "spam") for text in self.texts("spam", 41)))
        self.fails("retrain", "spam", "--store", self.store, "--output-dir", "new", says=["the feedback has only the label 'spam'", "add the data of the first training with --data"])
        self.report(*((text, "Ham") for text in self.texts("ham", 3)))
        _, err = self.winnow(*self.arguments())
        self.assertIn("feedback: 12 texts are selected; left out: ", err)
        self.assertIn("there are: ham 3, spam 41", self.retrain()["reason"])

    def test_reported_mail_fills_the_template_as_the_data_do(self):
        """The text of a reported mail is its subject, a line end and its body."""
        _, *rows = csv.reader(winnow.messages(), delimiter="\t")
        mails = [{"subject": " ".join(text.split()[:2]), "body": text, "label": label} for label, text in rows]
        self.write("mails.jsonl", "".join(json.dumps(mail) + "\n" for mail in mails))
        self.winnow("train", self.path("mails.jsonl"), "--template", "{subject} [SEP] {body:400}", "--kind", "lr", "--output-dir", self.path("spam"))
        known = [(f"{mail['subject']}\n{mail['body']}", mail["label"]) for mail in mails[:50]]
        self.report(*known, *((f"A subject\n{text}", label) for label in ("spam", "ham") for text in self.texts(label, 25)))
        done = json.loads(self.winnow("retrain", "spam", "--data", self.path("mails.jsonl"), "--store", self.store, "--feedback", "selected",
                                      "--output-dir", "new", "--json")[0])
        self.assertTrue(done["retrained"])
        self.assertEqual(done["feedback"]["labels"], {"spam": 25, "ham": 25}, "the data have the other fifty")
        # Feedback as rows of data: the same texts.
        self.winnow("retrain", "spam", "--data", self.path("mails.jsonl"), "--store", self.store, "--feedback", "all", "--output-dir", "all")
        self.assertEqual(self.info("all")["sample_count"] + self.info("all")["validation_count"] + self.info("all")["test_count"], len(mails) + 50)

    def test_what_people_disagree_about_is_for_review(self):
        self.champion()
        self.report_both(30)
        (disputed,) = self.texts("ham", 1, "disputed")
        self.report((disputed, "ham"), (disputed, "spam"))
        known = winnow.messages()[1].rstrip("\n").split("\t")
        self.report((known[1], "spam" if known[0] == "ham" else "ham"))
        done = self.retrain("--review", "review.jsonl")
        with open(self.path("review.jsonl"), encoding="utf-8") as file:
            review = [json.loads(line) for line in file]
        self.assertEqual({row["text"] for row in review}, {disputed, known[1]})
        self.assertEqual(review, done["feedback"]["review"])
        self.assertEqual(done["feedback"]["left_out"]["disputed"], 2)

    def test_a_campaign_and_the_frequent_label_are_capped(self):
        self.champion()
        campaign = [f"you have won the grand summer lottery of our bank today, number {i}" for i in range(60)]
        self.report(*((text, "spam") for text in campaign + self.texts("spam", 90)), *((text, "ham") for text in self.texts("ham", 25)))
        done = self.retrain()
        self.assertEqual(done["feedback"]["labels"], {"spam": 75, "ham": 25})
        self.assertEqual((done["feedback"]["left_out"]["near_duplicates"], done["feedback"]["left_out"]["surplus"]), (55, 20))

    def test_audits_calibrate_before_the_promotion_and_measure_after_it(self):
        self.champion()
        self.report_both(30)
        old = [(text, label) for label in ("spam", "ham") for text in self.texts(label, 15, "audited")]
        new = [(text, label) for label in ("spam", "ham") for text in self.texts(label, 12, "since")]
        self.audit(*old, at="2020-01-02T03:04:05.006Z")
        self.audit(*new, at="2099-01-02T03:04:05.006Z")
        # Messages about which models disagree, and those of a stratum that is audited more often, do not distort the sample.
        for year in (2020, 2099):
            self.audit(*((text, "ham") for text in self.texts("ham", 6, f"experiment {year}")), at=f"{year}-01-02T03:04:05.007Z", stratum="experiment", probability=1)
            self.audit((f"audited a thousand times as often in {year}", "ham"), at=f"{year}-01-02T03:04:05.008Z", stratum="0.1-0.9", probability=1)
        self.report(*((text, label) for text, label in new))
        done = self.retrain()
        self.assertEqual(done["feedback"]["audits"], 30)
        self.assertIn("24 of 31 audited messages are used", " ".join(done["gate"]["notes"]))
        self.assertEqual(done["feedback"]["texts"], 60, "audited texts are not trained on")
        self.assertEqual(self.info("new")["validation_count"], self.info("spam")["validation_count"] + 30)
        (audits,) = (condition for condition in done["gate"]["conditions"] if condition["name"] == "accuracy on audits")
        self.assertTrue(audits["measured"] and audits["held"])
        self.assertIn("on 24 audited messages", audits["found"])

    def test_a_model_of_poisoned_feedback_does_not_pass(self):
        self.champion()
        ham = [line.split("\t")[1] for line in winnow.messages()[1:] if line.startswith("ham\t")]
        self.report(*((text.rstrip("\n") + f" {self.dice.choice(WORDS)} {self.dice.choice(WORDS)} {self.dice.choice(WORDS)} {i}", "spam") for i, text in enumerate(ham)),
                    *((text, "ham") for text in self.texts("ham", 200)))
        must = self.write("must.jsonl", json.dumps({"text": ham[0].rstrip("\n"), "label": "ham"}) + "\n" + json.dumps({"text": "see you at lunch tomorrow", "label": "ham"}) + "\n")
        done = self.retrain("--must-pass", must, "--max-near-duplicates", 1000)
        self.assertTrue(done["retrained"], "the run is no failure; the gate says what is wrong")
        self.assertFalse(done["gate"]["passed"])
        self.assertIn("accuracy", done["gate"]["failed"])
        (fpr,) = (condition for condition in done["gate"]["conditions"] if condition["name"] == "false-positive rate")
        self.assertGreater(fpr["missed_by"], 0)
        err = self.fails("gate", "new", MESSAGES, "--against", "spam", "--must-pass", must, "--report", "report", says=["does not pass the gate"])
        self.assertIn("accuracy", err)
        with open(self.path("report", "gate.json"), encoding="utf-8") as file:
            self.assertFalse(json.load(file)["passed"])
        self.winnow("gate", "spam", MESSAGES, "--against", "new")

    def test_the_guarantee_and_the_quantization_of_the_champion_are_kept(self):
        self.champion("--base-model", "scratch", "--epochs", 10, "--precision", "f32", "--quantize")
        self.winnow("calibrate", "spam", "--max-fpr", .1)
        self.report_both(30)
        done = self.retrain()
        guarantee = self.manifest("new")["thresholds"]["promise"]
        self.assertEqual((guarantee["max_fpr"], guarantee["weights"]), (.1, self.manifest("spam")["thresholds"]["promise"]["weights"]))
        self.assertIn("model_int8.safetensors", self.manifest("new")["sha256"])
        (fpr,) = (condition for condition in done["gate"]["conditions"] if condition["name"] == "false-positive rate")
        self.assertEqual(fpr["bound"], .1)
        self.assertIn("the champion's guarantee", fpr["found"])

    def test_what_calibrate_has_changed_is_kept(self):
        self.champion("--kind", "lr", "--validation-size", .3)
        self.winnow("calibrate", "spam", "--calibration", "vector", "--threshold", .8)
        self.winnow("calibrate", "spam", "--calibration", "keep", "--in-scope-only", "--max-rejected", .2, "--confidence", .8, "--scope-method", "max_probability", "--scope-label", "strange")
        self.report_both(30)
        done = self.retrain()
        champion, challenger = self.manifest("spam"), self.manifest("new")
        self.assertEqual(challenger["thresholds"], champion["thresholds"])
        self.assertEqual(challenger["thresholds"]["moderate"], .8)
        self.assertEqual((champion["calibration"]["method"], challenger["calibration"]["method"]), ("vector", "vector"))
        self.assertEqual(challenger["version"], "1.1.0")
        with open(self.path("new", "out_of_scope.safetensors"), "rb") as file:
            rule = file.read()
        for part in (b'"strange"', b'"max_probability"', b'"confidence":"0.8"', b'"max_rejected":"0.2"'):
            self.assertIn(part, rule)
        self.winnow("verify", "new")
        (scope,) = (condition for condition in done["gate"]["conditions"] if condition["name"] == "out of scope")
        self.assertTrue(scope["held"], scope)
        self.assertEqual(scope["bound"], .2)
        self.winnow("calibrate", "new", "--no-out-of-scope")
        err = self.fails("gate", "new", MESSAGES, "--against", "spam", says=["does not pass the gate"])
        self.assertIn("out of scope", err)
        # Also a retraining on all feedback, which forgets people, keeps them.
        self.winnow("retrain", "spam", "--data", MESSAGES, "--store", self.store, "--output-dir", "all")
        self.assertEqual(self.manifest("all")["thresholds"], champion["thresholds"])
        self.assertEqual(self.manifest("all")["calibration"]["method"], "vector")
        self.assertIn("out_of_scope.safetensors", self.manifest("all")["sha256"])

    def test_what_cannot_be_kept_is_said(self):
        self.champion()
        with open(MESSAGES, encoding="utf-8") as file:
            head, *rows = file.read().splitlines(keepends=True)
        self.write("more.tsv", head + 2 * "".join(rows))
        self.winnow("calibrate", "spam", "more.tsv", "--force", "--calibration", "isotonic", "--in-scope-only")
        self.report_both(30)
        _, err = self.winnow(*self.arguments())
        self.assertIn("the new model does not recognize out-of-scope texts as the present one does: ", err)
        self.assertIn("requires at least 118 labelled texts", err)
        self.assertIn("the new model is calibrated with a temperature and not as the present one is: --calibration isotonic: there are ", err)
        self.assertEqual(self.manifest("new")["calibration"]["method"], "temperature")
        self.assertNotIn("out_of_scope.safetensors", self.manifest("new")["sha256"])

    def test_the_rows_of_the_training_are_read_again(self):
        rows = [line.rstrip("\n").split("\t") for line in winnow.messages()[1:]]
        self.write("all.csv", "text,body,folder,lang\n" + "".join(f"no,\"{text}\",{label},{'en' if i % 3 else 'de'}\n" for i, (label, text) in enumerate(rows) if '"' not in text))
        self.winnow("train", "all.csv", "--text-field", "body", "--label-field", "folder", "--filter", "lang=en", "--kind", "lr", "--no-keep-data", "--output-dir", "spam")
        self.report(*((text, label) for label in ("spam", "ham") for text in self.texts(label, 3)))
        again = ("retrain", "spam", "--data", "all.csv", "--json", "--output-dir")
        out, err = self.winnow(*again, "new")
        self.assertIn("the data are read as in the training of the model: --text-field body --label-field folder --filter lang=en", err)
        champion, new = self.info("spam"), self.info("new")
        self.assertEqual((new["data_sha256"], new["configuration"]), (champion["data_sha256"], champion["configuration"]))
        self.assertFalse(os.path.exists(self.path("new", "calibration.jsonl")), "the training was to keep no texts")
        self.winnow(*again, "kept", "--keep-data")
        self.assertTrue(os.path.exists(self.path("kept", "calibration.jsonl")))
        # Feedback has neither the field of the filter nor the format of the data.
        with_feedback = json.loads(self.winnow(*again, "more", "--store", self.store, "--format", "csv", "--delimiter", ",")[0])
        counts = ("sample_count", "validation_count", "test_count")
        self.assertEqual(sum(with_feedback[name] for name in counts), sum(champion[name] for name in counts) + 6)
        # Its label and its length are filtered like those of the data.
        self.report((f"crypto {'very ' * 400}long", "spam"))
        short = [*again, "short", "--filter", "lang=en and lang!=de and chars<400"]
        without = json.loads(self.winnow(*short)[0])
        with_feedback = json.loads(self.winnow(*short, "--store", self.store)[0])
        self.assertEqual(sum(with_feedback[name] for name in counts), sum(without[name] for name in counts) + 6)
        everything = json.loads(self.winnow(*again, "everything", "--filter", "")[0])
        self.assertGreater(everything["sample_count"], champion["sample_count"])
        self.assertEqual(everything["configuration"]["filter"], [""])
        self.fails(*again, "new", "--text-field", "nothing", says=["no column 'nothing' for the text"])

    def test_what_makes_no_sense_is_refused(self):
        self.champion()
        for option, value in (("--must-pass", "list.jsonl"), ("--report", "gate"), ("--max-fpr", .1), ("--min-new", 3), ("--review", "r.jsonl")):
            self.fails("retrain", "spam", "--data", MESSAGES, "--output-dir", "new", option, value, code=2, says=[f"{option} requires --feedback selected"])
        self.fails("retrain", "spam", "--data", MESSAGES, "--output-dir", "new", "--promote", "champion", code=2, says=["--promote requires a model of a registry"])
        self.report_both(25)
        self.fails("retrain", "spam", "--data", MESSAGES, "--feedback", "selected", "--output-dir", "new", code=2, says=["--store"])
        self.fails("retrain", "spam", "--store", self.store, "--feedback", "selected", "--output-dir", "new", code=2, says=["--data"])
        self.fails(*self.arguments(output="spam"), code=2, says=["spam"])
        self.fails(*self.arguments("--must-pass", self.write("must.jsonl", "{}")), says=["must.jsonl"])
        self.fails("gate", "spam", MESSAGES, code=2, says=["--against"])
        self.fails("gate", "spam", MESSAGES, "--against", "none", says=["none"])

    def test_one_at_a_time(self):
        self.champion("--base-model", "scratch", "--epochs", 12, "--precision", "f32")
        self.report_both(25)
        first = subprocess.Popen([winnow.TestCase.program, *map(str, self.arguments())], cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in first.stderr:
            if "feedback:" in line:
                break
        self.fails(*self.arguments(), says=["another retraining is running"])
        first.terminate()
        first.communicate()


class Registered(RetrainTest):
    """Models of a registry."""

    def setUp(self):
        super().setUp()
        self.champion()
        self.registry("push", "spam", "--alias", "champion")

    def registry(self, *arguments):
        return json.loads(self.winnow("registry", *arguments, "--registry", "registry", "--json")[0].splitlines()[0])

    def retrain(self, *more, **options):
        return json.loads(self.winnow("retrain", "spam", "--registry", "registry", "--data", MESSAGES, "--store", self.store, "--work-dir", "work", *more, "--json", **options)[0])

    def aliases(self):
        return self.registry("list")["aliases"]

    def test_a_challenger_is_pushed_and_the_next_one_is_the_champion(self):
        self.report_both(30)
        done = self.retrain()
        self.assertEqual((done["pushed"], done["promoted"]), ("1.1.0", {"alias": "challenger", "version": "1.1.0", "from": None}))
        self.assertEqual(self.aliases(), {"champion": "1.0.0", "challenger": "1.1.0"})
        shown = json.loads(self.winnow("registry", "show", "spam@challenger", "--registry", "registry", "--json")[0])
        self.assertEqual((shown["parent"], shown["command"]), ("1.0.0", "winnow retrain spam"))
        again = self.retrain()  # without new feedback
        self.assertEqual((again["retrained"], again["pushed"], again["promoted"]), (False, None, None))
        self.assertEqual(again["reason"], "spam 1.1.0 was trained on these texts and passed the gate")
        self.report_both(10, seed="later")
        done = self.retrain("--promote", "champion", "--report", "gate")
        self.assertEqual((done["pushed"], done["promoted"]), ("1.2.0", {"alias": "champion", "version": "1.2.0", "from": "1.0.0"}))
        with open(self.path("gate", "gate.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["challenger"], "spam 1.2.0")
        self.assertIn("passed the gate", self.registry("history", "spam", "--alias", "champion")["reason"])
        self.winnow("registry", "pull", "spam", "--registry", "registry", "--output", "pulled")
        self.winnow("verify", "pulled")
        with open(self.path("pulled", "README.md"), encoding="utf-8") as file:
            card = file.read()
        self.assertIn("- Version: 1.2.0", card)
        self.assertIn("80 of the training texts are feedback", card)
        done = self.retrain()
        self.assertIn("ham 0, spam 0", done["reason"])
        self.assertEqual((done["pushed"], done["promoted"]), (None, None))

    def test_a_challenger_that_does_not_pass_is_not_pushed(self):
        self.report_both(30)
        must = self.write("must.jsonl", json.dumps({"text": "crypto wallet airdrop claim", "label": "ham"}) + "\n")
        done = self.retrain("--must-pass", must, "--promote", "champion")
        self.assertEqual((done["gate"]["failed"], done["pushed"], done["promoted"]), (["must-pass list"], None, None))
        self.assertEqual(self.aliases(), {"champion": "1.0.0"})
        done = self.retrain("--promote", "none")
        self.assertEqual((done["pushed"], done["promoted"]), ("1.1.0", None))
        self.assertEqual(self.aliases(), {"champion": "1.0.0"})

    def test_what_makes_no_sense_is_refused(self):
        self.report_both(30)
        common = ("--registry", "registry", "--data", MESSAGES, "--store", self.store, "--work-dir", "work")
        self.fails("retrain", "other", *common, says=["other"])
        self.fails("retrain", "spam@champion", *common, "--output-dir", "new", code=2, says=["--output-dir"])
        self.fails("retrain", "spam", "--data", MESSAGES, code=2, says=["--output-dir"])


class Service(RetrainTest):
    def test_the_units_leave_little_exposed(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        for name in ("retrain", "drift"):
            with self.subTest(name), open(os.path.join(SOURCE, "deploy", "systemd", f"winnow-{name}@.service"), encoding="utf-8") as file:
                unit = self.write(f"winnow-{name}@spam.service", file.read().replace("/usr/bin/winnow", os.path.abspath(self.program)))
                done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True, check=False)
                exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
                self.assertTrue(exposure, done.stdout + done.stderr)
                self.assertLessEqual(float(exposure[1]), 1.5)


class Card(RetrainTest):
    def test_a_card_follows_the_model_until_people_edit_it(self):
        self.champion()
        with open(self.path("spam", "README.md"), encoding="utf-8") as file:
            card = file.read()
        self.assertIn("pipeline_tag: text-classification", card)
        self.assertIn("Version: 1.0.0", card)
        self.assertNotIn("README.md", self.manifest("spam")["sha256"])
        self.champion()
        with open(self.path("spam", "README.md"), encoding="utf-8") as file:
            self.assertIn("Version: 1.1.0", file.read())
        self.write("spam/README.md", "# Our model\n")
        self.champion()
        self.winnow("verify", "spam")
        self.winnow("calibrate", "spam", "--max-error", .1)
        with open(self.path("spam", "README.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "# Our model\n")


if __name__ == "__main__":
    winnow.main()

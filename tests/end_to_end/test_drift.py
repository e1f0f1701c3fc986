"""Drift: `winnow drift` on files and on the messages of a store, its page, its metrics and its exit codes."""
import csv
import json
import random
import sqlite3
from datetime import datetime, timedelta, timezone

import winnow
from winnow import MESSAGES, TestCase, messages


class Drift(TestCase):
    def setUp(self):
        super().setUp()
        self.model = self.path("spam")
        self.trained("--kind", "lr", output=self.model)

    def texts(self, label):
        """The example messages with the label."""
        _, *rows = csv.reader(messages(), delimiter="\t")
        return [text for each, text in rows if each == label]

    def json(self, *arguments, **options):
        return json.loads(self.winnow("drift", self.model, *arguments, "--json", **options)[0])

    def test_the_data_of_training_has_not_drifted(self):
        report = self.json("--data", MESSAGES, "--reference", MESSAGES)
        self.assertFalse(report["drift"], report["verdict"])
        self.assertEqual(report["measures"]["label_distance"]["value"], 0)
        self.assertEqual(report["measures"]["score_distance"]["value"], 0)
        self.assertEqual(report["estimated"]["reference"], report["estimated"]["current"])

    def test_new_words_and_more_spam_are_drift(self):
        source = random.Random(5)
        week = [text + " transfer to my bitcoin wallet" for text in source.sample(self.texts("spam"), 100)]
        week += source.sample(self.texts("ham"), 40)
        self.write("week.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in week))
        report = self.json("--data", self.path("week.jsonl"), "--html", self.path("drift.html"), "--metrics", self.path("drift.prom"))
        self.assertTrue(report["drift"])
        for name in ("label_distance", "score_distance", "domain_auc"):
            self.assertTrue(report["measures"][name]["drift"], name)
        words = [word["words"] for word in report["words"]["current"]]
        self.assertIn("bitcoin", words)
        with open(self.path("drift.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("bitcoin wallet", page)
        self.assertNotIn("<script", page)
        with open(self.path("drift.prom"), encoding="utf-8") as file:
            metrics = file.read()
        self.assertRegex(metrics, r'winnow_drift\{model="spam",version="1\.0\.0"\} 1\b')
        text, err = self.winnow("drift", self.model, "--data", self.path("week.jsonl"))
        self.assertIn("week.jsonl: JSON lines; 140 rows, 140 kept", err)
        self.assertIn("words that mark the current texts", text)
        self.winnow("drift", self.model, "--data", self.path("week.jsonl"), "--fail-on-drift", code=1)

    def test_messages_of_a_store(self):
        store = "sqlite:" + self.path("store.db")
        self.winnow("feedback", "add", "--store", store, "--text", "Lunch at noon?", "--label", "ham", "--user", "anna")
        now = datetime.now(timezone.utc)
        with sqlite3.connect(self.path("store.db")) as database:
            for number, text in enumerate((self.texts("ham") + self.texts("spam"))[:300]):
                old = number % 3 == 0
                time = now - (timedelta(days=20) if old else timedelta(days=2))
                database.execute(
                    "INSERT INTO messages (message_id, text, is_spam, score, source, symbols, redacted, created_at) "
                    "VALUES (?, ?, 0, .1, 'classifier', '[]', ?, ?)",
                    (f"m{number}", text, number % 10 == 1, time.strftime("%Y-%m-%dT%H:%M:%S.000Z")))
        report = self.json("--store", store)
        self.assertEqual(report["current"]["texts"] + report["current"]["redacted"], 200)
        self.assertEqual(report["current"]["redacted"], 20)
        self.assertNotIn("audited", report, "nobody has labelled verdicts")
        self.assertEqual(self.json("--store", store, "--days", "30")["current"]["texts"], 270)
        with sqlite3.connect(self.path("store.db")) as database:
            for number in range(60):
                # The first forty are of now, the others of three weeks ago.
                time = now - timedelta(days=0 if number < 40 else 20)
                database.execute(
                    "INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, model_version, label, "
                    "labelled_by, created_at) VALUES (?, 'a', ?, .9, '0-1', .5, '1.0.0', ?, 'anna', ?)",
                    (f"s{number}", number < 10, "spam" if number < 9 else "ham", time.strftime("%Y-%m-%dT%H:%M:%S.000Z")))
        audited = self.json("--store", store)["audited"]
        self.assertEqual(audited["labelled"], 40, "verdicts of the period of the messages")
        self.assertAlmostEqual(audited["fpr"]["value"], 1 / 31)
        self.assertEqual(self.json("--store", store, "--days", "30")["audited"]["labelled"], 60)

    def test_redacted_messages_are_counted_where_too_few_are_left(self):
        store = "sqlite:" + self.path("store.db")
        self.winnow("feedback", "add", "--store", store, "--text", "Lunch at noon?", "--label", "ham")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        with sqlite3.connect(self.path("store.db")) as database:
            for number in range(30):
                database.execute(
                    "INSERT INTO messages (message_id, text, is_spam, score, source, symbols, redacted, created_at) "
                    "VALUES (?, 'Call 0000', 0, .1, 'classifier', '[]', ?, ?)", (f"m{number}", number < 25, now))
        said = self.winnow("drift", self.model, "--store", store, code=1)[1]
        self.assertIn("has 5 texts; drift is measured from 20 texts on", said)
        self.assertIn("25 messages were left out, because their texts are redacted", said)

    def test_messages_of_a_store_fill_the_template(self):
        """The text of a stored mail is its subject and its whole body, of which the model reads the beginning."""
        _, *rows = csv.reader(messages(), delimiter="\t")
        mails = [{"subject": " ".join(text.split()[:3]), "body": text + "\n" + 200 * "-- \n", "label": label} for label, text in rows]
        self.write("mails.jsonl", "".join(json.dumps(mail) + "\n" for mail in mails))
        self.winnow("train", self.path("mails.jsonl"), "--template", "{subject} [SEP] {body:80}", "--kind", "lr", "--output-dir", self.model, "--quiet")
        store = "sqlite:" + self.path("store.db")
        self.winnow("feedback", "add", "--store", store, "--text", "Lunch at noon?", "--label", "ham")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        with sqlite3.connect(self.path("store.db")) as database:
            for number, mail in enumerate(mails):
                database.execute(
                    "INSERT INTO messages (message_id, text, is_spam, score, source, symbols, redacted, created_at) "
                    "VALUES (?, ?, 0, .1, 'classifier', '[]', 0, ?)", (f"m{number}", f"{mail['subject']}\n{mail['body']}", now))
        report = self.json("--store", store)
        self.assertEqual(report["current"]["texts"], len(mails))
        # Most of them were trained on, so they have fewer unknown words than the reference texts.
        for name in ("length_distance", "label_distance", "score_distance", "domain_auc"):
            self.assertFalse(report["measures"][name]["drift"], (name, report["measures"]))

    def test_wrong_use(self):
        self.assertIn("--store URL or --data FILE", self.winnow("drift", self.model, code=2)[1])
        self.assertIn("cannot be combined", self.winnow("drift", self.model, "--store", "a.db", "--data", MESSAGES, code=2)[1])
        self.write("few.jsonl", '{"text": "one"}\n')
        self.assertIn("from 20 texts on", self.winnow("drift", self.model, "--data", self.path("few.jsonl"), code=1)[1])
        self.assertIn("no such file", self.winnow("drift", self.model, "--store", "sqlite:" + self.path("none.db"), code=1)[1])
        bare = self.path("bare")
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", bare, "--no-keep-data")
        self.assertIn("--reference", self.winnow("drift", bare, "--data", MESSAGES, code=1)[1])


if __name__ == "__main__":
    winnow.main()

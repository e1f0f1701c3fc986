"""Feedback: from `winnow feedback add` through the store to training data that `winnow train` reads."""
import collections
import contextlib
import itertools
import json
import random
import sqlite3

import winnow
from winnow import MESSAGES, TestCase


class Feedback(TestCase):
    def setUp(self):
        super().setUp()
        self.store = "sqlite:" + self.path("store.db")

    def add(self, *arguments, **options):
        return self.winnow("feedback", "add", "--store", self.store, *arguments, **options)

    def export(self, name="out.jsonl", *arguments, store=None):
        self.winnow("feedback", "export", "--store", store or self.store, "--output", self.path(name), *arguments)
        with open(self.path(name), "rb") as file:
            return file.read()

    def add_events(self, events, store):
        self.write("events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
        return json.loads(self.winnow("feedback", "add", "--store", store, "--input", self.path("events.jsonl"), "--json")[0])

    def test_feedback_becomes_training_data(self):
        self.add("--text", "Lunch at noon?", "--label", "spam", "--user", "anna")
        self.add("--text", "Lunch at noon?", "--label", "ham", "--user", "anna")
        self.add("--text", "Buy cheap pills now", "--label", "spam", "--user", "ben")
        self.add("--text", "A text to be forgotten", "--label", "spam", "--user", "ben")
        self.add("--text", "A text to be forgotten", "--forget", "--user", "ben")
        self.assertEqual([json.loads(line) for line in self.export().splitlines()],
                         [{"text": "Buy cheap pills now", "label": "spam"}, {"text": "Lunch at noon?", "label": "ham"}])
        out, _ = self.winnow("train", MESSAGES, self.path("out.jsonl"), "--kind", "svm", "--output-dir", self.path("model"), "--json")
        alone, _ = self.winnow("train", MESSAGES, "--kind", "svm", "--output-dir", self.path("alone"), "--json")
        counts = [sum(json.loads(text)[key] for key in ("sample_count", "validation_count", "test_count")) for text in (out, alone)]
        self.assertEqual(counts[0] - counts[1], 2)

    def test_rows_have_the_fields_that_a_training_reads(self):
        self.add("--text", "Invoice 7\nPlease pay by Friday.", "--label", "spam")
        self.add("--text", "Lunch at noon?", "--label", "ham")
        template = "{subject} [SEP] {body:400}"
        rows = [json.loads(line) for line in self.export("mails.jsonl", "--template", template).splitlines()]
        self.assertEqual(rows, [{"subject": "Invoice 7", "body": "Please pay by Friday.", "label": "spam"}, {"subject": "", "body": "Lunch at noon?", "label": "ham"}])
        with open(self.path("data.csv"), "w", encoding="utf-8") as file:
            file.write("subject,body,label\n" + "".join(f"about {i},the body of {i},{'spam' if i % 2 else 'ham'}\n" for i in range(60)))
        self.winnow("train", self.path("data.csv"), self.path("mails.jsonl"), "--template", template, "--kind", "lr", "--output-dir", self.path("mail"))
        with open(self.path("mail", "training_info.json"), encoding="utf-8") as file:
            info = json.load(file)
        self.assertEqual(info["sample_count"] + info["validation_count"] + info["test_count"], 62)
        self.assertEqual(self.export("named.csv", "--text-field", "message", "--label-field", "kind").splitlines()[0], b"message,kind")
        for arguments, says in ((["--template", "{title}"], ["neither {text} nor {body}", "add the fields of the template"]),
                                (["--template", "{title"], ["{title"]),
                                (["--text-field", "label"], ["the field 'label' is that of the text and of the label"])):
            with self.subTest(arguments):
                self.fails("feedback", "export", "--store", self.store, "--output", self.path("x.jsonl"), *arguments, code=2, says=says)

    def test_the_training_set_is_that_of_the_last_words(self):
        source = random.Random(17)
        events, last = [], {}
        for second, (text, user) in enumerate(itertools.product(["one", "two", "three", "a\ttab"], ["anna", "ben"] * 4)):
            word = source.choice(["spam", "ham", "forget"])
            event = {"text": text, "user": user, "created_at": f"2026-11-28T20:00:{second:02}Z",
                     **({"feedback_type": "forget"} if word == "forget" else {"label": word})}
            events.append(event)
            last[text, user] = event
        alone = "sqlite:" + self.path("alone.db")
        self.add_events(last.values(), alone)
        expected = self.export("alone.jsonl", store=alone)
        source.shuffle(events)
        self.assertEqual(self.add_events(events, self.store), {"added": 32, "known": 0})
        self.assertEqual(self.add_events(events, self.store), {"added": 0, "known": 32}, "events without keys are known by their contents")
        self.assertEqual(self.export(), expected)

    def test_many_events_without_times_keep_their_order(self):
        """More than are stored in one transaction; some are about messages that the history does not have."""
        events = [{"text": f"text {i % 700}", "label": ("ham", "spam")[i // 700 % 2], "user": "anna"} for i in range(2500)]
        events += [{"text": f"message {i}", "id": f"m{i}", "label": "ham", "user": "anna"} for i in range(10)]
        events += [{"id": f"m{i}", "label": "spam", "user": "anna"} for i in range(5)]  # the text is that of earlier feedback
        self.assertEqual(self.add_events(events, self.store), {"added": 2515, "known": 0})
        self.assertEqual(self.add_events(events, self.store), {"added": 0, "known": 2515})
        expected = {f"text {i % 700}": ("ham", "spam")[i // 700 % 2] for i in range(2500)}
        expected |= {f"message {i}": "spam" if i < 5 else "ham" for i in range(10)}
        self.assertEqual({row["text"]: row["label"] for row in map(json.loads, self.export().splitlines())}, expected)

    def test_an_event_that_is_refused_loses_no_other(self):
        events = [{"text": f"text {i}", "label": "ham", "idempotency_key": f"k{i}"} for i in range(3)]
        self.add_events(events[1:2], self.store)
        events[1]["label"] = "spam"
        self.write("events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
        self.fails("feedback", "add", "--store", self.store, "--input", self.path("events.jsonl"), says=["'k1' was used for another event"])
        self.assertEqual(len(self.export().splitlines()), 3)

    def test_forgetting_everything_leaves_an_empty_file(self):
        self.add("--text", "one", "--label", "spam")
        self.add("--text", "one", "--forget")
        self.assertEqual(self.export(), b"")

    def test_an_idempotency_key_is_used_once(self):
        for known in (0, 1):
            out, _ = self.add("--text", "one", "--label", "spam", "--key", "k1", "--json")
            self.assertEqual(json.loads(out), {"added": 1 - known, "known": known})
        self.winnow("feedback", "add", "--store", self.store, "--text", "one", "--label", "ham", "--key", "k1", code=1)

    def test_spam_and_ham_are_stored_in_lower_case(self):
        for label, text in (("HAM", "one"), ("ham", "two"), ("hamm", "three")):
            self.add("--text", text, "--label", label)
        self.write("events.jsonl", '{"text": "four", "label": "Ham"}\n')
        out, _ = self.add("--input", "events.jsonl")
        self.assertTrue(out.endswith(": 1 added, 0 already stored\n"), out)
        statistics = json.loads(self.winnow("feedback", "stats", "--store", self.store, "--json")[0])
        self.assertEqual(statistics["labels"], {"ham": 3, "hamm": 1})

    def test_options_apply_to_events_of_a_file(self):
        self.write("events.jsonl", '{"text": "one", "label": "spam", "subject": "of data import"}\n'
                                   '{"text": "two", "label": "ham", "user": "ben", "feedback_type": "user_rejection"}\n')
        options = ("--input", "events.jsonl", "--user", "Anna@example.org", "--type", "admin", "--time", "2026-11-28T20:15:00Z")
        for added in (2, 0):
            self.assertIn(f": {added} added, {2 - added} already stored", self.add(*options)[0])
        events = [json.loads(line) for line in self.winnow("feedback", "list", "--store", self.store, "--json")[0].splitlines()]
        said = {event["text"]: (event["user"], event["feedback_type"], event["created_at"][:16]) for event in events}
        self.assertEqual(said, {"one": ("anna@example.org", "admin", "2026-11-28T20:15"), "two": ("ben", "user_rejection", "2026-11-28T20:15")})
        self.write("labels.jsonl", '{"text": "three", "label": "spam"}\n')
        self.add("--input", "labels.jsonl", "--source", "big-model")
        self.assertNotIn(b"three", self.export())
        self.fails("feedback", "add", "--store", self.store, "--input", "labels.jsonl", "--key", "k", code=2, says=["--key"])

    def test_labels_of_programs_are_exported_by_name_only(self):
        self.add("--text", "one", "--label", "spam", "--source", "big-model")
        self.assertEqual(self.export(), b"")
        self.assertEqual(json.loads(self.export("teacher.jsonl", "--teacher", "big-model")), {"text": "one", "label": "spam"})
        for arguments in (("--teacher", "classifier"), ("--teacher", "big-model", "--audits")):
            self.winnow("feedback", "export", "--store", self.store, "--output", self.path("x.jsonl"), *arguments, code=2)
        self.fails("feedback", "add", "--store", self.store, "--text", "one", "--label", "spam", "--source", "classifier", code=2,
                   says=["does not learn from its own verdicts"])

    def test_listing_and_counting(self):
        self.add("--text", "one\nline", "--label", "spam", "--user", "anna")
        self.add("--text", "two", "--label", "ham", "--user", "ben", "--type", "admin")
        out, _ = self.winnow("feedback", "list", "--store", self.store, "--json", "--user", "anna")
        event = json.loads(out)
        self.assertEqual((event["text"], event["is_spam"], event["label"], event["user"]), ("one\nline", True, "spam", "anna"))
        out, _ = self.winnow("feedback", "list", "--store", self.store, "--limit", 1)
        self.assertEqual(len(out.splitlines()), 1)
        out, _ = self.winnow("feedback", "stats", "--store", self.store, "--json")
        statistics = json.loads(out)
        self.assertEqual((statistics["events"], statistics["labels"], statistics["training_rows"]), (2, {"spam": 1, "ham": 1}, 2))
        self.assertIn("1 admin, 1 user_rejection", self.winnow("feedback", "stats", "--store", self.store)[0])

    def test_blind_labels_give_rates_and_calibration_texts(self):
        self.add("--text", "drawn 1", "--label", "spam", "--user", "anna")
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as database:
            for i in range(4):
                database.execute("INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, created_at) "
                                 "VALUES (?, ?, ?, .95, '0.9-1', .5, '2026-11-28T20:00:00.000Z')", (f"m{i}", f"drawn {i}", i < 2))
            database.commit()
        audit = ("feedback", "audit")
        for label in ("spam", "ham", "ham"):
            waiting = json.loads(self.winnow(*audit, "next", "--store", self.store, "--json")[0])
            self.assertEqual(set(waiting), {"number", "text"}, "the verdict is not shown")
            self.winnow(*audit, "label", "--store", self.store, "--number", waiting["number"], "--label", label, "--by", "anna")
        report = json.loads(self.winnow(*audit, "report", "--store", self.store, "--json")[0])
        self.assertEqual((report["labelled"], report["waiting"], report["false_positive_rate"]["rate"]), (3, 1, .5))
        self.assertIn("false-positive rate", self.winnow(*audit, "report", "--store", self.store)[0])
        self.assertEqual(self.export(), b"", "a text with a blind label is not trained on")
        self.assertEqual(len(self.export("audits.jsonl", "--audits").splitlines()), 3)

    def test_exported_audits_are_a_simple_random_sample(self):
        # 2,000 messages, audited by strata: 1,400 of low scores, 400 of middle scores, 200 of high ones.
        self.add("--text", "creates the store", "--label", "spam", "--user", "anna")
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as database:
            for stratum, score, probability, count in (("0-0.1", .05, .1, 140), ("0.1-0.9", .5, .4, 160), ("0.9-1", .95, .2, 40), ("experiment", .5, 1, 25)):
                database.executemany("INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, label, labelled_by, created_at) "
                                     "VALUES (?, ?, ?, ?, ?, ?, 'ham', 'anna', '2026-11-28T20:00:00.000Z')",
                                     [(f"{stratum}{i}", f"{stratum} {i}", score >= .5, score, stratum, probability) for i in range(count)])
            database.commit()
        out, err = self.winnow("feedback", "export", "--store", self.store, "--output", self.path("audits.jsonl"), "--audits", "--json")
        exported = json.loads(out)
        with open(self.path("audits.jsonl"), encoding="utf-8") as file:
            strata = collections.Counter(json.loads(line)["text"].split()[0] for line in file)
        self.assertEqual(set(strata), {"0-0.1", "0.1-0.9", "0.9-1"})
        self.assertEqual(strata["0-0.1"], 140)
        self.assertTrue(18 <= strata["0.1-0.9"] <= 62, strata)  # 40 expected, of 400 messages
        self.assertTrue(8 <= strata["0.9-1"] <= 32, strata)  # 20 expected, of 200 messages
        self.assertEqual((exported["rows"], exported["experiments"], exported["thinned"]), (strata.total(), 25, 340 - strata.total()))
        self.assertIn(f"{strata.total()} of 365 audited messages are used, so that they are a simple random sample of all messages", err)

    def test_errors_say_what_to_do(self):
        for arguments, code, says in (
                (("add", "--store", self.store), 2, ["--text or --id"]),
                (("add", "--store", self.store, "--text", "x"), 2, ["neither a label nor is_spam"]),
                (("add", "--store", self.store, "--id", "m1", "--label", "ham"), 1, ["no message and no feedback has the id 'm1'"]),
                (("add", "--store", self.store, "--text", "x", "--label", "spam", "--time", "yesterday"), 2, ["--time: 'yesterday' is not a time"]),
                (("list", "--store", self.path("missing.db")), 1, ["no such file"]),
                (("export", "--store", self.store, "--output", self.path("x.txt")), 2, [".jsonl"]),
                (("audit", "label", "--store", self.store), 2, ["requires --number, --label and --by"]),
                (("audit", "label", "--store", self.store, "--number", 9, "--label", "ham", "--by", "anna"), 1, ["no drawn verdict has the number 9"])):
            with self.subTest(arguments):
                self.fails("feedback", *arguments, code=code, says=says)
        self.write("bad.jsonl", '{"text": "x", "label": "spam"}\n{"text": "y"}\n')
        self.fails("feedback", "add", "--store", self.store, "--input", self.path("bad.jsonl"), says=["bad.jsonl, event 2"])
        self.assertEqual(json.loads(self.winnow("feedback", "stats", "--store", self.store, "--json")[0])["events"], 0)


if __name__ == "__main__":
    winnow.main()

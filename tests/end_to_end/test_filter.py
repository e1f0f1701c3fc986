"""The message filter: verdicts of the command and of the server, with reasons, preferences, reputation, feedback and history."""
import gzip
import json
import os
import signal
import sqlite3

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import SOURCE

MUST_PASS = os.path.join(SOURCE, "examples", "data", "messages_must_pass.jsonl")
PRIZE = "Congratulations! You've won a $1000 gift card. Click here to claim"
MAIL = """From: Joe <Joe@Example.com>
To: anna@example.org
Subject: =?utf-8?q?Lunch_on_Friday=3F?=
Content-Type: text/plain; charset=utf-8

Shall we meet at noon in the canteen? Joe
"""


class FilterTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")

    def verdicts(self, *arguments, **options):
        out, err = self.winnow("filter", "spam", "--json", *arguments, **options)
        return [json.loads(line) for line in out.splitlines()], err


class Command(FilterTest):
    def test_the_must_pass_list_passes(self):
        with open(MUST_PASS, encoding="utf-8") as file:
            cases = [json.loads(line) for line in file]
        verdicts, _ = self.verdicts(MUST_PASS)
        self.assertEqual(len(verdicts), len(cases))
        self.assertGreaterEqual(len(cases), 60)
        wrong = [case["text"] for case, verdict in zip(cases, verdicts) if verdict["isSpam"] != (case["label"] == "spam")]
        self.assertLessEqual(len(wrong), len(cases) * .15, wrong)  # a linear model of 600 texts: 53 of 60 pass
        without, _ = self.verdicts(MUST_PASS, "--rules", "none")
        model_alone = [case["text"] for case, verdict in zip(cases, without) if verdict["isSpam"] != (case["label"] == "spam")]
        self.assertLess(len(wrong), len(model_alone), "rules help")

    def test_a_prize_is_spam_with_confidence(self):
        (verdict,), _ = self.verdicts(PRIZE)
        self.assertTrue(verdict["isSpam"])
        self.assertGreater(verdict["confidence"], .9)
        self.assertIn(verdict["source"], ("classifier", "rules"))
        self.assertIn("PRIZE_WON", [symbol["name"] for symbol in verdict["symbols"]])

    def test_every_message_gets_a_clear_verdict(self):
        texts = {"empty": "", "emoji": "\U0001F389", "link": "http://example.com/a?b=c", "zeros": "0000",
                 "languages": "Hallo, wie geht es dir? Bonjour! 你好，今天天气很好。 Привет, как дела?",
                 "large": "win a prize " * 90000, "control": "\x01\x02\x1b[31m", "invalid": None}
        self.write("m.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts.values() if text is not None))
        verdicts, _ = self.verdicts("m.jsonl")
        self.assertEqual(len(verdicts), len(texts) - 1)
        for name, verdict in zip(texts, verdicts):
            self.assertIsInstance(verdict["isSpam"], bool, name)
            self.assertTrue(0 <= verdict["score"] <= 1 and .3 <= verdict["confidence"] <= 1, (name, verdict))
        self.assertFalse(verdicts[0]["isSpam"])
        self.assertFalse(verdicts[4]["isSpam"], "people write in several languages")
        self.assertTrue(verdicts[5]["isSpam"])
        (verdict,), _ = self.verdicts(stdin=b"win \x81\x8d\n")
        self.assertEqual(verdict["number"], 1)

    def test_mail_is_decoded(self):
        self.write("mail.eml", MAIL)
        self.write("box.mbox", f"From a@example.com Sat Nov 28 20:00:00 2026\n{MAIL}\nFrom b@example.com Sat Nov 28 20:00:00 2026\n"
                               f"From: c@example.net\nSubject: win\n\n{PRIZE}\n")
        (mail,), _ = self.verdicts("mail.eml")
        self.assertFalse(mail["isSpam"])
        verdicts, _ = self.verdicts("box.mbox")
        self.assertEqual([(verdict["isSpam"], verdict["number"]) for verdict in verdicts], [(False, 1), (True, 2)])
        self.assertEqual(self.verdicts(stdin=MAIL.encode())[0][0]["score"], mail["score"])

    def test_mail_is_recognized_by_its_header(self):
        """Files of a Maildir have no usual extension, and what a mail server pipes begins with its own fields."""
        self.write("mail.eml", MAIL)
        (mail,), _ = self.verdicts("mail.eml")
        long = "X-Original-To: ann@example.net\nARC-Seal: i=1; a=rsa-sha256;\n\tcv=none\nDate: Sat, 28 Nov 2026 20:00:00 +0000\n" + MAIL
        for name in ("1699.M1P2.host:2,S", "mail.txt", "mail", "1699.M1P2.host"):
            self.write(name, long)
            (verdict,), _ = self.verdicts(name)
            self.assertEqual(verdict["score"], mail["score"], name)
        (verdict,), _ = self.verdicts(stdin=long.encode())
        self.assertEqual(verdict["score"], mail["score"])
        texts, _ = self.verdicts(self.write("texts.txt", "From: a text\nSecond\n"))
        self.assertEqual(len(texts), 2)
        self.assertIn("each of its lines was classified", self.winnow("classify", "spam", stdin=long.encode())[1])
        self.assertNotIn("mail", self.winnow("classify", "spam", stdin=b"Subject: lunch\nHello\n")[1])

    def test_every_form_of_input_is_read(self):
        rows = json.dumps({"text": PRIZE}) + "\n\n" + json.dumps({"subject": "Lunch", "body": "Shall we meet at noon?", "sender": "joe@example.com"}) + "\r\n"
        plain, _ = self.verdicts(self.write("plain.jsonl", rows))
        answer = lambda verdicts: [(verdict["isSpam"], verdict["score"], verdict["number"]) for verdict in verdicts]
        self.assertEqual([verdict["number"] for verdict in plain], [1, 3], "empty lines count")
        forms = {"bom": b"\xef\xbb\xbf" + rows.encode(), "utf16": rows.encode("utf-16"), "gz": gzip.compress(rows.encode())}
        for name, contents in forms.items():
            file = self.write(f"{name}.jsonl" + (".gz" if name == "gz" else ""), contents)
            self.assertEqual(answer(self.verdicts(file)[0]), answer(plain), name)
            self.assertEqual(answer(self.verdicts(stdin=contents)[0]), answer(plain), name)
        lines = f"{PRIZE}\n\nShall we meet at noon?\n".encode()
        three, _ = self.verdicts(stdin=lines)
        self.assertEqual([verdict["number"] for verdict in three], [1, 2, 3], "an empty text gets a verdict, too")
        for contents in (lines.replace(b"\n", b"\r\n"), lines.decode().encode("utf-16"), gzip.compress(lines)):
            self.assertEqual(answer(self.verdicts(stdin=contents)[0]), answer(three))
        self.assertEqual(answer(self.verdicts(self.write("three.txt", lines))[0]), answer(three))
        mails = f"From a@example.com Sat Nov 28 20:00:00 2026\n{MAIL}\nFrom b@example.com Sat Nov 28 20:00:00 2026\nSubject: win\n\n{PRIZE}\n".encode()
        two, _ = self.verdicts(self.write("box.mbox", mails))
        self.assertEqual(answer(self.verdicts(self.write("box.mbox.gz", gzip.compress(mails)))[0]), answer(two))
        self.assertEqual(answer(self.verdicts(stdin=gzip.compress(mails))[0]), answer(two))
        # What is guessed can be said, and is told.
        table = f"id;nachricht\n1;{PRIZE}\n2;Treffen wir uns mittags?\n"
        for verdicts, err in (self.verdicts(self.write("t.csv", table), "--text-field", "nachricht"),
                              self.verdicts("--format", "csv", "--text-field", "nachricht", stdin=table.encode())):
            self.assertEqual([verdict["number"] for verdict in verdicts], [2, 3])
            self.assertIn("2 columns, with a header; 2 rows, 2 kept", err)
        self.assertEqual(len(self.verdicts("--format", "lines", stdin=b"From: a text\n{\n")[0]), 2)
        self.assertIn("2 bytes are not UTF-8", self.verdicts(stdin=b"win \x81\x8d\n")[1])
        self.assertIn("read as Windows-1252", self.verdicts(stdin=b"caf\xe9 at noon\n")[1])

    def test_rows_without_a_message_are_named(self):
        self.write("bad.jsonl", '\n{"text": "a"}\n{"txt": "b"}\n{"text": "c"}\n')
        self.fails("filter", "spam", "bad.jsonl", says=["bad.jsonl, line 3", "--skip-bad-rows"])
        verdicts, err = self.verdicts("bad.jsonl", "--skip-bad-rows", "-q")
        self.assertEqual([verdict["number"] for verdict in verdicts], [2, 4])
        self.assertIn("1 of 3 rows were left out", err)
        self.assertIn("bad.jsonl, line 3", self.verdicts("bad.jsonl", "--skip-bad-rows")[1])
        self.write("bad.csv", "text,id\na,1\nb\nc,3\n")
        self.fails("filter", "spam", "bad.csv", says=["bad.csv, line 3", "--skip-bad-rows"])
        self.assertEqual([verdict["number"] for verdict in self.verdicts("bad.csv", "--skip-bad-rows")[0]], [2, 4])

    def test_modes_and_thresholds_move_the_decision(self):
        with open(MUST_PASS, encoding="utf-8") as file:
            self.assertGreater(len(file.readlines()), 50)
        counts = {mode: sum(verdict["isSpam"] for verdict in self.verdicts(MUST_PASS, "--mode", mode)[0]) for mode in ("strict", "moderate", "lenient")}
        self.assertGreaterEqual(counts["strict"], counts["moderate"])
        self.assertGreaterEqual(counts["moderate"], counts["lenient"])
        text = "Can you send me the report before noon"
        score = self.verdicts(text)[0][0]["score"]
        for threshold in (score * .9, score * 1.1):
            (verdict,), _ = self.verdicts("--threshold", f"{threshold:.9f}", text)
            self.assertEqual((verdict["mode"], verdict["modeFrom"]), (None, "request"))
            self.assertEqual(verdict["isSpam"], score >= threshold)

    def test_rules_of_a_file_decide(self):
        self.write("rules.toml", "[actions]\nspam = 5\n[[rule]]\nname = \"ZEBRA\"\nscore = 7.0\npattern = 'zebra'\n")
        (verdict,), _ = self.verdicts("--rules", "rules.toml", "a zebra at lunch")
        self.assertEqual((verdict["isSpam"], verdict["source"], verdict["modelVersion"]), (True, "rules", None))
        self.assertEqual(verdict["symbols"], [{"name": "ZEBRA", "score": 7.0}])
        self.fails("filter", "spam", "--rules", "none.toml", "a", says=["none.toml"])

    def test_weights_are_fitted_to_labels_of_people(self):
        animals = ["zebra", "zebra crossing", "zebra finch"]
        labelled = [(f"{animals[i % 3]} at the {place}", "spam" if i % 10 == 0 else "ham") for i, place in enumerate(
            f"{color} {thing}" for color in ("red", "green", "blue", "old", "new") for thing in ("house", "garden", "bridge", "river", "tower", "market"))]
        labelled += [(f"You won {prize}, claim it now", "spam") for prize in ("a car", "a house", "a phone", "a cruise", "money", "a voucher")]
        labelled += [(f"See you {when} {where}", "ham") for when in ("today", "tomorrow", "tonight", "on Monday", "on Friday", "at noon") for where in ("at home", "in town", "at work", "by the river")]
        self.write("labelled.jsonl", "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in labelled))
        rules = self.write("rules.toml", "# mine\n[[rule]]\nname = \"ZEBRA\"\nscore = 6.0\npattern = 'zebra'\n")
        (before,), _ = self.verdicts("--rules", "rules.toml", "a zebra at lunch")
        out, _ = self.winnow("rules", "calibrate", "spam", "labelled.jsonl", "--rules", "rules.toml", "--dry-run", "--json")
        dry = json.loads(out)
        self.assertEqual((dry["messages"], dry["decided_before"], dry["written"]), (60, 0, False))
        self.assertLess(dry["after"]["log_loss"], dry["before"]["log_loss"] * .8)
        self.assertLess(dry["after"]["ece"], dry["before"]["ece"])
        self.assertGreaterEqual(dry["after"]["accuracy"], dry["before"]["accuracy"])
        self.assertLess(dry["weights"]["classifier"], .7, "the model is too sure of words that it does not know")
        out, _ = self.winnow("rules", "calibrate", "spam", "labelled.jsonl", "--rules", "rules.toml")
        self.assertRegex(out, r"fitted, \d+-fold cross-validation +0\.\d+ +0\.\d+")
        with open(rules, encoding="utf-8") as file:
            contents = file.read()
        self.assertTrue(contents.startswith("# mine\n[[rule]]"))
        self.assertIn("[weights]", contents)
        (after,), _ = self.verdicts("--rules", "rules.toml", "a zebra at lunch")
        self.assertGreater(abs(after["score"] - before["score"]), .001)
        (stated,), _ = self.verdicts("--rules", "rules.toml", "--rule-weight", ".5", "--classifier-weight", "1", "a zebra at lunch")
        self.assertNotAlmostEqual(stated["score"], after["score"], places=2)
        again = json.loads(self.winnow("rules", "calibrate", "spam", "labelled.jsonl", "--rules", "rules.toml", "--json")[0])
        self.assertAlmostEqual(again["weights"]["rules"], dry["weights"]["rules"], places=6)
        self.assertAlmostEqual(again["before"]["log_loss"], dry["after"]["log_loss"], delta=.15)
        self.fails("rules", "calibrate", "spam", "labelled.jsonl", code=2, says=["--output FILE.toml"])
        self.fails("rules", "calibrate", "spam", "--rules", "rules.toml", code=2, says=["no labelled messages"])
        self.fails("rules", "calibrate", "spam", self.write("few.jsonl", '{"text": "a", "label": "ham"}\n'), "--dry-run", says=["0 spam and 1 ham are too few"])

    def test_weights_are_fitted_to_blind_labels(self):
        self.winnow("feedback", "add", "--store", "store.db", "--text", "you won", "--label", "ham", "--user", "a")  # a complaint, which is no label here
        connection = sqlite3.connect(self.path("store.db"))
        connection.executemany("INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, label, labelled_by, created_at) VALUES (?, ?, 0, .5, 's', ?, ?, ?, '2026-01-02T03:04:05.006Z')",
                               [(f"m{i}", f"{word} number {chr(97 + i)}", .01 if label == "ham" else .1, label if i % 4 else None, "bert" if i % 4 else None)
                                for i, (word, label) in enumerate([("see you at lunch", "ham"), ("you won a prize", "spam")] * 26)])
        connection.commit()
        connection.close()
        report = json.loads(self.winnow("rules", "calibrate", "spam", "--store", "store.db", "--dry-run", "--json")[0])
        self.assertEqual(report["messages"], 39, "those that wait for a label have no part")
        self.assertLess(report["weights"]["intercept"], 0, "ham stands for ten times as many messages")
        connection = sqlite3.connect(self.path("store.db"))
        connection.executemany("INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, created_at) VALUES (?, ?, 0, .5, 's', .01, '2026-01-02T03:04:05.006Z')",
                               [(f"waiting{i}", f"waiting {i}") for i in range(400)])
        connection.commit()
        connection.close()
        more = json.loads(self.winnow("rules", "calibrate", "spam", "--store", "store.db", "--dry-run", "--json")[0])
        self.assertEqual(more["messages"], 39)
        self.assertLess(more["weights"]["intercept"], report["weights"]["intercept"] - .2, "each labelled one of a range stands for those that wait, too")

    def test_a_model_that_cannot_be_loaded_leaves_the_rules(self):
        self.write("spam/linear.bin", b"nothing of the kind")
        (prize, lunch), err = self.verdicts("You won! Claim your prize now", "See you at lunch")
        self.assertEqual((prize["source"], prize["isSpam"], prize["modelVersion"]), ("fallback", True, None))
        self.assertEqual((lunch["source"], lunch["isSpam"]), ("fallback", False))
        self.assertIn("rules and reputation alone decide", err)
        self.fails("filter", "nothing-here", "a", says=["nothing-here"])

    def test_a_store_that_does_not_exist_is_told_and_not_made(self):
        (verdict,), err = self.verdicts("--store", "typo.db", "See you at lunch")
        self.assertEqual(verdict["source"], "classifier")
        self.assertIn("typo.db: no such file, so messages are filtered without preferences", err)
        self.assertFalse(os.path.exists(self.path("typo.db")))

    def test_what_makes_no_sense_is_refused(self):
        self.fails("filter", "spam", "none.eml", says=["none.eml: no such file"])
        self.write("bad.jsonl", '{"text": "a"}\n{"text": 7}\n')
        self.fails("filter", "spam", "bad.jsonl", says=["bad.jsonl, line 2", "'text' must be a string"])
        self.fails("filter", "spam", "--mode", "harsh", "a", code=2)
        self.fails("filter", "spam", "--mode", "strict", "--threshold", .4, "a", code=2)
        self.winnow("train", self.write("three.tsv", "".join(f"word{i} {label}\t{label}\n" for i in range(9) for label in ("one", "two", "three"))), "--kind", "lr", "--output-dir", self.path("three"))
        self.fails("filter", "three", "a", says=["no positive label"])
        for labels, options, warned in (("business personal", [], True), ("business personal", ["--positive-label", "business"], False), ("ham smishing", [], False), ("Spam-Mail echt", [], False), ("kein_Spam Spam_und_Werbung", [], False)):
            rows = "".join(f"{label}\t{text} {i}\n" for i in range(30) for label, text in zip(labels.split(), ("see the invoice", "see you at lunch")))
            self.winnow("train", self.write("two.tsv", rows), "--kind", "lr", "--output-dir", "two", *options)
            _, err = self.winnow("filter", "two", "a text")
            self.assertEqual("two: the filter takes the label 'personal' for spam" in err, warned, err)
            self.assertEqual("the filter takes the label" in err, warned, err)

    def test_people_read_the_reasons(self):
        out, _ = self.winnow("filter", "spam", PRIZE)
        self.assertRegex(out, r"\Aspam 0\.9\d\d  \(score")
        self.assertRegex(out, r"\n +\+2\.00  PRIZE_WON  ")
        out, _ = self.winnow("filter", "spam", "See you at lunch")
        self.assertRegex(out, r"(?s)\Aham .*CLASSIFIER  the model's log-odds of spam\n\Z")


class Server(FilterTest):
    def ask(self, method, path, body=None, headers=None):
        response, data = self.send(method, path, body, headers)
        return response.status, json.loads(data)

    def check(self, text, **fields):
        status, verdict = self.ask("POST", "/v1/messages/check", {"text": text, **fields})
        self.assertEqual(status, 200, verdict)
        return verdict

    def test_a_label_that_the_alphabet_chose_is_told_at_the_start(self):
        rows = "".join(f"business\tsee the invoice {i}\npersonal\tsee you at lunch {i}\n" for i in range(30))
        self.winnow("train", self.write("two.tsv", rows), "--kind", "lr", "--output-dir", "two")
        self.serve("two", "--filter")
        self.assertIn("two: the filter takes the label 'personal' for spam", self.logged())

    def test_the_whole_way_of_a_message(self):
        self.serve("spam", "--filter", "--store", "store.db")
        self.assertGreater(self.check(PRIZE)["confidence"], .9)
        command, _ = self.verdicts("Call me after lunch")
        self.assertAlmostEqual(self.check("Call me after lunch")["score"], command[0]["score"], places=5)
        verdict = self.check("Your parcel waits, pay the fee", sender="+447700900123", user="anna")
        status, stored = self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": not verdict["isSpam"], "user": "anna"}, {"Idempotency-Key": "a"})
        self.assertEqual((status, stored["status"], stored["feedback_type"]), (200, "stored", "user_rejection"))
        status, stored = self.ask("POST", "/v1/feedback", {"text": "Lunch at noon?", "label": "Ham", "user": "anna"})
        self.assertEqual((status, stored["label"], stored["is_spam"], stored["feedback_type"]), (200, "ham", False, "user_rejection"))
        again = self.check("Your parcel waits, pay the fee", sender="+447700900123", user="anna")
        self.assertIn("SENDER_USER", [symbol["name"] for symbol in again["symbols"]])
        self.assertNotEqual(again["score"], verdict["score"])
        self.assertEqual(self.ask("PUT", "/v1/users/anna/preferences", {"mode": "lenient"})[0], 200)
        self.assertEqual(self.check("hello", user="anna")["mode"], "lenient")
        self.wait_for(lambda: len(self.ask("GET", "/v1/history?user=anna&text=parcel")[1]["messages"]) == 2)
        # All of it survives a restart, and the command reads the same store.
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(PATIENCE), 0)
        self.serve("spam", "--filter", "--store", "store.db")
        self.assertEqual(self.check("hello", user="anna")["mode"], "lenient")
        self.assertEqual(self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": not verdict["isSpam"], "user": "anna"}, {"Idempotency-Key": "a"})[1]["status"], "duplicate")
        (there,), _ = self.verdicts("--store", "store.db", "--user", "anna", "--sender", "+44 7700 900123", "Your parcel waits, pay the fee")
        self.assertAlmostEqual(there["score"], again["score"], places=3)
        self.assertEqual(there["mode"], "lenient")

    def test_the_roles_of_keys_apply(self):
        keys = {role: self.winnow("keys", "add", "keys", "--name", role, "--role", role)[0].strip() for role in ("classify", "feedback", "admin")}
        self.serve("spam", "--filter", "--store", "store.db", "--api-key-file", "keys")
        least = {("POST", "/v1/messages/check", '{"text": "a"}'): "classify", ("POST", "/v1/feedback", '{"text": "a", "is_spam": true}'): "feedback",
                 ("GET", "/v1/users/a/preferences", None): "feedback", ("PUT", "/v1/users/a/preferences", '{"mode": "strict"}'): "feedback",
                 ("GET", "/v1/history", None): "admin", ("PUT", "/v1/senders/a", '{"list": "deny"}'): "admin",
                 ("POST", "/v1/feedback", '{"text": "b", "is_spam": true, "feedback_type": "admin"}'): "admin"}
        roles = list(keys)
        for (method, path, body), role in least.items():
            for has in roles:
                status, _ = self.ask(method, path, body, {"X-API-Key": keys[has]})
                self.assertEqual(status, 200 if roles.index(has) >= roles.index(role) else 403, (method, path, has))
        # An Idempotency-Key belongs to the client that sends it.
        for has in ("feedback", "admin"):
            status, stored = self.ask("POST", "/v1/feedback", {"text": has, "is_spam": True}, {"X-API-Key": keys[has], "Idempotency-Key": "1"})
            self.assertEqual((status, stored["status"]), (200, "stored"))

    def test_rules_are_read_again_on_sighup(self):
        rule = "[[rule]]\nname = \"{0}\"\nscore = 1.0\npattern = 'zebra'\n"
        self.write("rules.toml", rule.format("FIRST"))
        self.serve("spam", "--filter", "--rules", "rules.toml")
        names = lambda: [symbol["name"] for symbol in self.check("a zebra")["symbols"]]
        self.assertEqual(names(), ["FIRST", "CLASSIFIER"])
        self.write("rules.toml", rule.format("SECOND"))
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: names() == ["SECOND", "CLASSIFIER"])
        self.write("rules.toml", "[[rule]\n")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: "could not reload rules" in self.logged())
        self.assertEqual(names(), ["SECOND", "CLASSIFIER"])

    def test_a_store_that_is_down_stops_no_verdict_and_loses_no_feedback(self):
        os.mkdir(self.path("data"))
        os.mkdir(self.path("data", "store.db"))  # no SQLite file can be there
        self.serve("spam", "--filter", "--store", "data/store.db", "--spool", "spool")
        for _ in range(3):
            self.assertTrue(self.check(PRIZE, sender="a@example.com", user="anna")["isSpam"])
        verdict = self.check("hello", sender="a@example.com")
        status, stored = self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": True}, {"Idempotency-Key": "k"})
        self.assertEqual((status, stored["status"]), (200, "spooled"))
        self.assertEqual(self.ask("PUT", "/v1/users/a/preferences", {"mode": "strict"})[0], 503)
        self.assertEqual(self.ask("GET", "/v1/history")[0], 503)
        os.rmdir(self.path("data", "store.db"))
        self.wait_for(lambda: self.ask("GET", "/v1/history?text=hello")[0] == 200)
        self.wait_for(lambda: self.ask("GET", "/v1/senders/a%40example.com")[1].get("score", 0) > .9)
        again = lambda: self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": True}, {"Idempotency-Key": "k"})[1]["status"]
        self.wait_for(lambda: again() == "duplicate", "into the spool, too, until the server knows that all before is in the store")

    def test_reports_by_the_command_change_the_score_as_those_over_http_do(self):
        self.serve("spam", "--filter", "--store", "store.db")
        verdict = self.check("Some words about olives", sender="z@example.com", user="bob")
        self.wait_for(lambda: self.ask("GET", "/v1/history?user=bob")[1]["messages"])
        score = lambda: round(self.ask("GET", "/v1/senders/z%40example.com?user=bob")[1]["score"], 2)
        add = lambda *arguments: self.winnow("feedback", "add", "--store", "sqlite:" + self.path("store.db"), "--id", verdict["id"], "--user", "bob", *arguments)
        add("--label", "spam", "--key", "a")
        add("--label", "spam", "--key", "a")
        add("--label", "spam", "--source", "another-program")
        self.assertEqual(score(), 1)
        self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": False, "user": "bob"})
        self.assertEqual(score(), -1)
        add("--forget")
        self.assertEqual(score(), 0)

    def test_a_model_that_fails_is_replaced_by_rules(self):
        self.serve("spam", "--filter", "--lazy")
        self.write("spam/linear.bin", b"nothing of the kind")
        verdict = self.check("You won! Claim your prize now")
        self.assertEqual((verdict["source"], verdict["isSpam"], verdict["modelVersion"]), ("fallback", True, None))
        self.assertEqual(self.check("See you at lunch")["isSpam"], False)

    def test_verdicts_are_drawn_for_blind_labels(self):
        self.serve("spam", "--filter", "--store", "store.db", "--audit-one-in", 1)
        verdict = self.check(PRIZE)
        store = ("--store", "store.db", "--json")
        waiting = {}

        def drawn():
            waiting.update(json.loads(self.winnow("feedback", "audit", "next", *store)[0]))
            return bool(waiting)

        self.wait_for(drawn)
        self.assertEqual(waiting["text"], PRIZE.replace("1000", "0000"), "as the history has it")
        self.winnow("feedback", "audit", "label", *store, "--number", waiting["number"], "--label", "spam", "--by", "ida")
        report = json.loads(self.winnow("feedback", "audit", "report", *store)[0])
        self.assertEqual((verdict["isSpam"], report["labelled"], report["waiting"], report["false_discovery_rate"]["rate"]), (True, 1, 0, 0))

    def test_options_that_need_others_say_so(self):
        self.fails("serve", "spam", "--store", "store.db", code=2, says=["require --filter"])
        self.fails("serve", "spam", "--filter", "--store", "postgres://localhost/x", code=2, says=["requires --spool"])
        self.fails("serve", "spam", "--filter", "--store", "store.db", "--audit-one-in", 9, "--no-history", code=2, says=["--audit-one-in", "--no-history"])


if __name__ == "__main__":
    winnow.main()

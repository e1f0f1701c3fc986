"""`winnow forget`, `winnow retrain` and the proof: what was forgotten is in no file, and the retrained model is the one that never saw it."""
import glob
import hashlib
import hmac
import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

import winnow
from serving import ServingTest
from winnow import MESSAGES, TestCase

USER = "anna-of-marrow"
SECRET = "Dear Quentin Oldershaw, the safe at Marrowfield opens with 771204"
TIMES = {"timestamp", "training_time_seconds", "training_time_minutes", "avg_inference_time_ms", "tokens_per_second", "peak_memory_mb", "fit_seconds"}


class ForgetTest(TestCase):
    def setUp(self):
        super().setUp()
        self.store = "sqlite:" + self.path("store.db")

    def events(self, *events, store=None, name="events.jsonl"):
        self.write(name, "".join(json.dumps(event) + "\n" for event in events))
        return json.loads(self.winnow("feedback", "add", "--store", store or self.store, "--input", self.path(name), "--json")[0])

    def forget(self, *arguments, **options):
        return json.loads(self.winnow("forget", *arguments, **options)[0])

    def export(self, name="out.jsonl", store=None):
        self.winnow("feedback", "export", "--store", store or self.store, "--output", self.path(name))
        with open(self.path(name), "rb") as file:
            return file.read()

    def holders(self, *words):
        """Names of the files in the test's directory that contain one of the words as bytes."""
        found = []
        for root, _, names in os.walk(self.directory):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    data = file.read()
                if any(word.encode() in data for word in words):
                    found.append(os.path.relpath(os.path.join(root, name), self.directory))
        return sorted(found)


def feedback(count=40):
    """Feedback of several users about texts of their own; that of anna is to be forgotten."""
    source = random.Random(17)
    words = "river lamp winter ticket garden engine letter basket copper meadow".split()
    for i in range(count):
        spam = i % 3 == 0
        text = ("claim your prize now " if spam else "see you at the ") + " ".join(source.sample(words, 4)) + f" {i}"
        yield {"text": text, "label": "spam" if spam else "ham", "user": (USER, "ben", "carla")[i % 3 if i < 30 else 1],
               "created_at": f"2026-11-28T20:{i // 60:02}:{i % 60:02}Z"}


class Forget(ForgetTest):
    def test_a_text_is_gone_from_every_file(self):
        variant = "  dear QUENTIN oldershaw, the safe at\tmarrowfield opens with 771204 "
        self.events({"text": SECRET, "label": "spam", "user": USER}, {"text": variant, "label": "ham", "user": "ben"},
                    {"text": SECRET + " not", "label": "ham", "user": "ben"}, *feedback())
        lines = winnow.messages()
        kept = "".join(lines)
        self.write("data.tsv", "".join(lines[:9]) + f"ham\t{SECRET}\n" + "".join(lines[9:]))
        self.winnow("train", MESSAGES, "--validation", self.write("held.tsv", f"label\ttext\nspam\tyou won\nham\t{SECRET}\nham\tsee you\n"),
                    "--kind", "lr", "--output-dir", self.path("model"))
        os.remove(self.path("held.tsv"))
        os.remove(self.path("events.jsonl"))
        self.assertEqual([name for name in self.holders("Oldershaw") if "wal" not in name], ["data.tsv", "model/calibration.jsonl", "store.db"])
        before = self.export()
        arguments = ("--text", SECRET, "--store", self.store, "--data", self.path("data.tsv"), "--bundle", self.path("model"))
        dry = self.forget(*arguments, "--dry-run")
        self.assertEqual((dry["store"]["removed"]["feedback"], dry["data"][0]["removed"], dry["bundles"][0]["removed"]), (2, 1, 1))
        self.assertEqual(self.export(), before, "a dry run removes nothing")
        os.remove(self.path("out.jsonl"))
        receipt = self.forget(*arguments, "--receipt", self.path("receipt.json"))
        self.assertTrue(receipt["complete"] and receipt["store"]["overwritten"])
        self.assertEqual((receipt["store"]["removed"]["feedback"], receipt["store"]["removed"]["idempotency_keys"], receipt["data"][0]["removed"],
                          receipt["bundles"][0]["removed"]), (2, 2, 1, 1))
        self.assertEqual(receipt["store"]["export_sha256"]["before"], hashlib.sha256(before).hexdigest())
        self.assertEqual(receipt["store"]["export_sha256"]["after"], hashlib.sha256(self.export()).hexdigest())
        os.remove(self.path("out.jsonl"))
        with open(self.path("data.tsv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), kept, "the other rows keep their bytes")
        with open(self.path("data.tsv"), "rb") as file:
            self.assertEqual(receipt["data"][0]["sha256"]["after"], hashlib.sha256(file.read()).hexdigest())
        self.winnow("verify", self.path("model"))
        self.assertEqual(self.holders("Oldershaw", "oldershaw opens"), ["store.db"], "the near-duplicate stays")
        self.forget("--text", SECRET + " not", "--store", self.store)
        self.assertEqual(self.holders("Oldershaw", "OLDERSHAW", "771204"), [])
        self.assertEqual(len(self.export().splitlines()), 40, "nothing else is lost")
        normal = "dear quentin oldershaw, the safe at marrowfield opens with 771204"
        self.assertEqual(receipt["forgotten"], [{"of": "text", "hmac_sha256": hmac.new(receipt["salt"].encode(), b"text\n" + normal.encode(), "sha256").hexdigest()}])

    def test_an_event_that_comes_again_stays_forgotten(self):
        events = list(feedback(12))
        self.events(*events, {"text": SECRET, "label": "spam", "user": USER, "idempotency_key": "k1"})
        self.forget("--user", USER, "--store", self.store)
        self.assertEqual(self.events(*events), {"added": 0, "known": 12})
        self.winnow("feedback", "add", "--store", self.store, "--text", SECRET, "--label", "spam", "--user", USER, "--key", "k1")
        rows = [json.loads(line) for line in self.winnow("feedback", "list", "--store", self.store, "--json")[0].splitlines()]
        self.assertEqual({row["user"] for row in rows}, {"ben", "carla"})
        self.assertEqual(len(rows), 8)
        self.assertEqual(self.holders(USER, "Oldershaw"), ["events.jsonl"])
        # What the user says from now on is new.
        self.winnow("feedback", "add", "--store", self.store, "--text", "a new text", "--label", "ham", "--user", USER)
        self.assertIn(b"a new text", self.export())

    def test_an_address_is_that_of_a_user_in_any_spelling(self):
        for user in ("Anna@Example.org", "anna@example.org", "ben@example.org"):
            self.winnow("feedback", "add", "--store", self.store, "--text", f"a text of {user}", "--label", "spam", "--user", user)
        receipt = self.forget("--user", "ANNA@example.org", "--store", self.store)
        self.assertEqual(receipt["store"]["removed"]["feedback"], 2, receipt)

    def test_a_user_takes_texts_along_that_nobody_else_has_reported(self):
        shared = "see you at the winter garden party"
        self.events({"text": shared, "label": "ham", "user": USER}, {"text": shared, "label": "ham", "user": "ben"},
                    {"text": "only anna has this text", "label": "ham", "user": USER}, {"text": "Ben has it, too", "label": "ham", "user": "ben"})
        rows = "".join(f"{text}\t{label}\t{user}\n" for text, label, user in
                       ((shared, "ham", "x"), ("only anna has this text", "ham", "x"), ("won a prize", "spam", "x"), ("of the file", "ham", USER),
                        ("ben has it, too", "ham", USER)))
        held = self.write("held.tsv", "text\tlabel\tuser\n" + rows)
        self.winnow("train", MESSAGES, "--validation", held, "--kind", "lr", "--output-dir", self.path("model"))
        arguments = ("--user", USER, "--store", self.store, "--bundle", self.path("model"))
        self.fails("forget", *arguments, "--data", held, code=2, says=["--user-field"])
        receipt = self.forget(*arguments, "--data", held, "--user-field", "user")
        self.assertEqual((receipt["data"][0]["removed"], receipt["bundles"][0]["removed"]), (2, 1))
        with open(self.path("model", "calibration.jsonl"), encoding="utf-8") as file:
            texts = [json.loads(line)["text"] for line in file]
        self.assertEqual(sorted(texts), sorted([shared, "only anna has this text", "won a prize", "ben has it, too"]), "the file has the text, too, from another source")
        self.forget(*arguments)
        with open(self.path("model", "calibration.jsonl"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 4)

    def test_data_files_keep_their_form(self):
        quoted = '"a text, with ""quotes""\nand lines"'
        cases = {
            "a.csv": (f'text,label\nfirst,ham\n"{SECRET}",spam\n{quoted},ham\n', f'text,label\nfirst,ham\n{quoted},ham\n'),
            "b.jsonl": (f'{{"text": "x",  "label": "ham", "more": {{"a": [1.50]}}}}\nnot json\n{{"label":"spam","text":"{SECRET}"}}\nnot json\n{{"text": "y", "label": "spam"}}',
                        '{"text": "x",  "label": "ham", "more": {"a": [1.50]}}\nnot json\nnot json\n{"text": "y", "label": "spam"}'),
            "c.txt": (f"__label__ham one\r\n__label__spam {SECRET}\r\n__label__ham two\r\n", "__label__ham one\r\n__label__ham two\r\n"),
            "d.json": (f'[{{"text": "x", "label": "ham"}}, {{"text": "{SECRET}", "label": "spam"}}]', None),
        }
        for name, (before, after) in cases.items():
            self.write(name, before.encode())
            os.chmod(self.path(name), 0o640)
            receipt = self.forget("--text", SECRET, "--data", self.path(name))
            self.assertEqual(receipt["data"][0]["removed"], 1, name)
            with open(self.path(name), "rb") as file:
                data = file.read()
            self.assertEqual(os.stat(self.path(name)).st_mode & 0o777, 0o640)
            if after is None:
                self.assertEqual(json.loads(data), [{"text": "x", "label": "ham"}])
            else:
                self.assertEqual(data.decode(), after, name)
        import gzip
        self.write("e.tsv.gz", gzip.compress(f"text\tlabel\nx\tham\n{SECRET}\tspam\ny\tspam\n".encode()))
        self.forget("--text", SECRET, "--data", self.path("e.tsv.gz"))
        with open(self.path("e.tsv.gz"), "rb") as file:
            self.assertEqual(gzip.decompress(file.read()), b"text\tlabel\nx\tham\ny\tspam\n")
        self.assertEqual(self.holders("Oldershaw"), [])

    def test_a_message_takes_its_text_along(self):
        self.events({"text": SECRET, "label": "spam", "user": USER, "id": "m1"}, {"text": SECRET, "label": "spam", "user": "ben", "id": "m2"}, *feedback(3))
        self.assertEqual(self.forget("--message", "m1", "--store", self.store)["store"]["removed"]["feedback"], 2)
        _, err = self.winnow("forget", "--message", "m9", "--store", self.store)
        self.assertIn("unknown in the store", err)

    def test_what_makes_no_sense_is_refused(self):
        self.fails("forget", "--store", self.store, "--text", "x", says=["store.db: no such file"])
        self.fails("forget", "--text", "x", code=2, says=["no place to forget in"])
        self.events(*feedback(1))
        self.fails("forget", "--store", self.store, code=2, says=["nothing to forget"])
        self.fails("forget", "--store", self.store, "--text", "", code=2)
        self.fails("forget", "--text", "x", "--bundle", self.path("none"), says=["none"])


class Proof(ForgetTest):
    def check(self, *options):
        events = list(feedback(60))
        of_others = [event for event in events if event["user"] != USER]
        alone = "sqlite:" + self.path("alone.db")
        self.events(*events, {"text": SECRET, "label": "spam", "user": "ben", "created_at": "2026-11-28T22:00:00Z"})
        self.events(*of_others, store=alone)
        lines = winnow.messages()
        with_secret = self.write("data.tsv", "".join(lines[:20]) + f"spam\t{SECRET}\n" + "".join(lines[20:]))
        without = self.write("without.tsv", "".join(lines))
        for directory in ("a", "b", "c"):
            os.mkdir(self.path(directory))
        self.export("all.jsonl")
        self.export("others.jsonl", store=alone)
        self.winnow("train", with_secret, self.path("all.jsonl"), *options, "--output-dir", self.path("a", "spam"))
        self.winnow("train", without, self.path("others.jsonl"), *options, "--output-dir", self.path("b", "spam"))
        receipt = self.path("receipt.json")
        self.forget("--user", USER, "--store", self.store, "--bundle", self.path("a", "spam"))
        self.forget("--text", SECRET, "--store", self.store, "--data", with_secret, "--bundle", self.path("a", "spam"), "--receipt", receipt)
        self.winnow("retrain", self.path("a", "spam"), "--data", with_secret, "--store", self.store, "--output-dir", self.path("c", "spam"), "--receipt", receipt)
        expected, actual, before = (self.files(os.path.join(directory, "spam")) for directory in "bca")
        self.assertEqual(sorted(expected), sorted(actual))
        differing = [name for name in expected if expected[name] != actual[name]]
        self.assertLessEqual(set(differing), {"training_info.json", "winnow.json"} | {name for name in differing if name.startswith("runs/") or name.endswith(".svg")}, differing)
        info = [json.loads(files["training_info.json"]) for files in (expected, actual)]
        self.assertEqual({key for key in info[0] if info[0][key] != info[1][key]} - TIMES, set())
        manifests = [json.loads(files["winnow.json"]) for files in (expected, actual)]
        for manifest in manifests:
            for name in differing:
                manifest["sha256"].pop(name, None)
        self.assertEqual(manifests[0], manifests[1])
        weights = "linear.bin" if "linear.bin" in expected else "model.safetensors"
        self.assertNotEqual(before[weights], actual[weights], "the forgotten texts had an effect")
        with open(receipt, encoding="utf-8") as file:
            written = json.load(file)
        (retrained,) = written["retrained"]
        self.assertEqual(retrained["export_sha256"], written["store"]["export_sha256"]["after"])
        self.assertEqual(retrained["data"][0]["sha256"], written["data"][0]["sha256"]["after"])
        self.assertEqual(retrained["files"][weights], hashlib.sha256(actual[weights]).hexdigest())
        self.assertNotIn("Oldershaw", json.dumps(written))

    def test_a_linear_model_is_the_one_that_never_saw_it(self):
        self.check("--kind", "lr")

    def test_a_linear_model_with_given_options_is_the_one_that_never_saw_it(self):
        self.check("--kind", "svm", "--C", 2, "--test-size", .1, "--validation-size", .15, "--seed", 7, "--ngrams", "1-2")

    def test_a_transformer_is_the_one_that_never_saw_it(self):
        self.check("--base-model", "scratch", "--epochs", 1, "--precision", "f32", "--max-length", 32)


class Kill(ForgetTest):
    def test_a_killed_command_loses_nothing_else_and_completes_when_it_runs_again(self):
        events = list(feedback(60))
        of_others = [event for event in events if event["user"] != USER]
        alone = "sqlite:" + self.path("alone.db")
        self.events(*of_others, store=alone)
        expected = self.export("expected.jsonl", store=alone)
        held = self.write("held.tsv", "text\tlabel\n" + "".join(f"{event['text']}\t{event['label']}\n" for event in events[:12]))
        self.winnow("train", MESSAGES, "--validation", held, "--kind", "lr", "--output-dir", self.path("model"))
        os.remove(held)
        model = self.files("model")
        source = random.Random(os.environ.get("WINNOW_TEST_SEED", "forget"))
        duration = None
        for round in range(int(os.environ.get("WINNOW_TEST_KILLS", "20"))):
            for name in glob.glob(self.path("store.db*")):
                os.remove(name)
            self.events(*events)
            self.write("data.tsv", "text\tlabel\tuser\n" + "".join(f"{event['text']}\t{event['label']}\t{event['user']}\n" for event in events) + f"{SECRET}\tspam\tx\n")
            for name, contents in model.items():
                self.write(os.path.join("model", name), contents)
            command = [winnow.TestCase.program, "forget", "--user", USER, "--text", SECRET, "--store", self.store, "--data", self.path("data.tsv"),
                       "--user-field", "user", "--bundle", self.path("model")]
            begin = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.directory)
            if duration is None:
                process.wait()
                duration = time.monotonic() - begin
            else:
                try:
                    process.wait(timeout=source.uniform(0, duration))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            receipt = self.forget(*command[2:])
            self.assertTrue(receipt["complete"])
            self.assertEqual(self.export(), expected, round)
            with open(self.path("data.tsv"), encoding="utf-8") as file:
                self.assertEqual(file.read(), "text\tlabel\tuser\n" + "".join(f"{event['text']}\t{event['label']}\t{event['user']}\n" for event in of_others))
            self.winnow("verify", self.path("model"))
            with open(self.path("model", "calibration.jsonl"), encoding="utf-8") as file:
                self.assertEqual(sorted(json.loads(line)["text"] for line in file), sorted(event["text"] for event in events[:12] if event["user"] != USER))
            os.remove(self.path("events.jsonl"))
            self.assertEqual(self.holders(USER, "Oldershaw"), [], round)


    def test_a_power_cut_leaves_each_file_as_it_was_or_as_it_is_to_be(self):
        compiler = shutil.which("cc")
        if not compiler:
            self.skipTest("no C compiler")
        shim = self.path("power_cut.so")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", shim, os.path.join(winnow.SOURCE, "tests", "support", "power_cut.c"), "-ldl"], check=True)
        held = self.write("held.tsv", f"label\ttext\nspam\tyou won\nham\t{SECRET}\nham\tsee you\n")
        self.winnow("train", MESSAGES, "--validation", held, "--kind", "lr", "--output-dir", self.path("model"))
        os.remove(held)
        before = self.files("model")
        rows = "label\ttext\nham\tone\nham\t{}spam\ttwo\n".format(SECRET + "\n")
        arguments = ("forget", "--text", SECRET, "--data", self.path("data.tsv"), "--bundle", self.path("model"))

        def prepare():
            self.write("data.tsv", rows)
            for name, contents in before.items():
                self.write(os.path.join("model", name), contents)

        prepare()
        self.winnow(*arguments, environment={"LD_PRELOAD": shim, "WINNOW_TEST_POWER_CUT_COUNT": self.path("calls")})
        with open(self.path("calls"), encoding="utf-8") as file:
            calls = int(file.read())
        self.assertGreater(calls, 10)
        after = self.files("model")
        for cut in range(1, calls + 1):
            prepare()
            died = subprocess.run([winnow.TestCase.program, *arguments], cwd=self.directory, capture_output=True, check=False,
                                  env={**os.environ, "LD_PRELOAD": shim, "WINNOW_TEST_POWER_CUT": str(cut)})
            self.assertEqual(died.returncode, -9, f"call {cut}: {died.stderr.decode()}")
            with open(self.path("data.tsv"), encoding="utf-8") as file:
                self.assertIn(file.read(), (rows, rows.replace(f"ham\t{SECRET}\n", "")), f"call {cut} of {calls}")
            self.winnow("verify", self.path("model"))
            self.assertIn(self.files("model"), (before, after), f"call {cut} of {calls}")
            self.winnow(*arguments)
            self.assertEqual(self.files("model"), after)
            self.assertEqual(self.holders("Oldershaw"), [], f"call {cut} of {calls}")


class Server(ServingTest, ForgetTest):
    def post(self, path, body, status=200, headers=None):
        response, data = self.send("POST", path, body, headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def check_message(self, text, user=USER):
        return self.post("/v1/messages/check", {"text": text, "user": user, "sender": "joe@example.com"})

    def start(self, *arguments):
        self.trained("--kind", "lr", output="spam")
        self.serve("spam", "--filter", "--store", self.path("store.db"), *arguments)

    def history(self, query=""):
        response, data = self.send("GET", "/v1/history" + query)
        self.assertEqual(response.status, 200, data)
        return json.loads(data)["messages"]

    def wait_for(self, condition, why):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline, why)
            time.sleep(.1)

    def test_a_running_server_forgets_within_seconds(self):
        self.start("--redact-history", "none")
        verdict = self.check_message(SECRET)
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER}, headers={"Idempotency-Key": "k7"})
        corrected = self.check_message(SECRET)
        self.assertEqual(corrected["source"], "reputation")
        self.wait_for(lambda: len(self.history()) == 2, "the history has the messages")
        receipt = self.forget("--text", SECRET, "--store", self.store)
        self.assertEqual((receipt["store"]["removed"]["feedback"], receipt["store"]["removed"]["messages"]), (1, 2))
        self.wait_for(lambda: self.check_message(SECRET, user=USER)["source"] != "reputation", "the memory has forgotten the correction")
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER}, status=404)
        again = self.post("/v1/feedback", {"text": SECRET, "is_spam": True, "user": USER}, headers={"Idempotency-Key": "k7"})
        self.assertEqual(again["status"], "duplicate")
        self.assertNotIn(b"Oldershaw", self.export())

    def test_the_spool_of_a_running_server_is_free_of_it_too(self):
        self.start()
        record = {"text": SECRET, "feedback_type": "user_rejection", "source": "user", "is_spam": True, "idempotency_key": "k1", "created_at": "2026-11-28T20:00:00.000Z"}
        other = {**record, "text": "another text", "idempotency_key": "k2"}
        self.write("store.db.spool/rejected.jsonl", "".join(json.dumps({"reason": "why", "record": json.dumps(event)}) + "\n" for event in (record, other)))
        self.assertEqual(self.forget("--text", SECRET, "--store", self.store)["spool"]["removed"], 1)
        with open(self.path("store.db.spool", "rejected.jsonl"), encoding="utf-8") as file:
            (line,) = file.read().splitlines()
        self.assertIn("another text", line)

    def test_feedback_can_be_withdrawn(self):
        self.start()
        verdict = self.check_message(SECRET)
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER})
        self.assertEqual(self.check_message(SECRET)["source"], "reputation")
        answer = self.post("/v1/feedback", {"id": verdict["id"], "forget": True, "user": USER})
        self.assertEqual((answer["feedback_type"], answer["is_spam"], answer["label"]), ("forget", None, None))
        self.assertNotEqual(self.check_message(SECRET)["source"], "reputation")
        self.assertEqual(self.export(), b"")
        for body in ({"id": verdict["id"], "forget": True, "is_spam": True}, {"id": verdict["id"], "forget": False}, {"forget": True},
                     {"id": verdict["id"], "forget": True, "feedback_type": "admin"}):
            self.post("/v1/feedback", body, status=422)

    def test_the_history_is_redacted_and_feedback_is_about_the_true_text(self):
        self.start()
        text = "Pay 4711 EUR at https://bank.example/login or write to joe@example.com"
        verdict = self.check_message(text)
        self.wait_for(lambda: len(self.history()) == 1, "the history has the message")
        (message,) = self.history()
        self.assertEqual(message["text"], "Pay 0000 EUR at https://redacted.invalid/ or write to name@redacted.invalid")
        self.assertEqual(len(self.history("?text=redacted.invalid")), 1)
        self.assertEqual(self.history("?text=4711"), [])
        self.assertEqual(self.holders("bank.example", "4711"), [])
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER})
        self.assertEqual(json.loads(self.export())["text"], text, "a recent message is known")
        other = self.check_message(text + " 2")
        self.wait_for(lambda: len(self.history()) == 2, "the history has both messages")
        self.stop(self.process)
        self.serve("spam", "--filter", "--store", self.path("store.db"))
        error = self.post("/v1/feedback", {"id": other["id"], "is_spam": True, "user": "ben"}, status=422)
        self.assertIn("only the redacted text", error["error"])
        self.fails("feedback", "add", "--store", self.store, "--id", other["id"], "--label", "spam", code=2, says=["only the redacted text"])
        self.post("/v1/feedback", {"id": other["id"], "text": "another text", "is_spam": True, "user": "ben"}, status=422)
        self.post("/v1/feedback", {"id": other["id"], "text": text + " 2", "is_spam": True, "user": "ben"})
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": False, "user": USER})
        self.assertEqual([json.loads(line) for line in self.export().splitlines()],
                         [{"text": text, "label": "ham"}, {"text": text + " 2", "label": "spam"}], "earlier feedback has the text")
        receipt = self.forget("--text", text, "--store", self.store)
        self.assertEqual(receipt["store"]["removed"]["messages"], 1)

    def test_several_verdicts_are_corrected_at_once(self):
        self.start()
        ids = [self.check_message(f"the minutes of meeting number {i}")["id"] for i in range(3)]
        body = {"ids": ids + ["unknown"], "is_spam": True, "user": USER}
        self.wait_for(lambda: len(self.history()) == 3, "the history has the messages")
        results = self.post("/v1/feedback", body, headers={"Idempotency-Key": "k1"})["results"]
        self.assertEqual([(result["id"], result.get("status"), result.get("error_type")) for result in results],
                         [(id, "stored", None) for id in ids] + [("unknown", None, "NotFound")])
        self.assertEqual([result.get("status") for result in self.post("/v1/feedback", body, headers={"Idempotency-Key": "k1"})["results"][:3]], ["duplicate"] * 3)
        self.assertEqual(len(self.export().splitlines()), 3)
        self.post("/v1/feedback", {"ids": ids, "forget": True, "user": USER})
        self.assertEqual(self.export(), b"")
        for wrong in ([], ["x"] * 101, [""], [7], "x"):
            self.post("/v1/feedback", {"ids": wrong, "is_spam": True}, status=422)
        self.post("/v1/feedback", {"ids": ids, "id": ids[0], "is_spam": True}, status=422)

    def test_rules_are_tested_on_the_history(self):
        self.start()
        spam = self.check_message("zebra 71 at lunch")["id"]
        self.check_message("see you at noon")
        self.wait_for(lambda: len(self.history()) == 2, "the history has the messages")
        self.post("/v1/feedback", {"id": spam, "is_spam": True, "feedback_type": "admin"})
        self.write("new.toml", "[actions]\nspam = 5\n[[rule]]\nname = \"ZEBRA\"\nscore = 7.0\npattern = 'zebra'\n")
        out = json.loads(self.winnow("rules", "test", self.path("new.toml"), "--store", self.store, "--since", "1h", "--json")[0])
        before = {message["id"]: message["isSpam"] for message in self.history()}
        self.assertEqual((out["messages"], out["to_spam"]), (2, 0 if before[spam] else 1))
        (rule,) = [rule for rule in out["rules"] if rule["name"] == "ZEBRA"]
        self.assertEqual((rule["hits"], rule["precision"]), (1, 1))
        self.assertEqual(json.loads(self.winnow("rules", "test", self.path("new.toml"), "--store", self.store, "--until", "1h", "--json")[0])["messages"], 0)
        stats = json.loads(self.winnow("rules", "stats", "--store", self.store, "--json")[0])
        self.assertEqual((stats["messages"], stats["known"]), (2, 1))
        self.assertIn("people know what 1 of them", self.winnow("rules", "stats", "--store", self.store)[0])
        self.fails("rules", "test", self.path("new.toml"), "--store", self.store, "--since", "soon", code=2, says=["--since: 'soon'"])
        self.fails("rules", "test", self.path("new.toml"), "--since", "7d", code=2, says=["require --store"])

    def test_redaction_can_be_chosen(self):
        self.start("--redact-history", "numbers")
        self.check_message("call 4711 or https://x.example/a")
        self.wait_for(lambda: self.history(), "the history has the message")
        self.assertEqual(self.history()[0]["text"], "call 0000 or https://x.example/a")
        self.fails("serve", "spam", "--filter", "--store", "store.db", "--redact-history", "names", code=2, says=["--redact-history: 'names'"])


if __name__ == "__main__":
    winnow.main()

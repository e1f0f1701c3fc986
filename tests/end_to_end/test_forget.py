"""`winnow forget`, `winnow retrain` and the proof: what was forgotten is in no file, and the retrained model is the one that never saw it."""
import glob
import gzip
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import time

import winnow
from forgetting import SECRET, USER, ForgetTest, feedback
from power_cuts import PowerCuts
from winnow import MESSAGES

TIMES = {"timestamp", "training_time_seconds", "training_time_minutes", "avg_inference_time_ms", "tokens_per_second", "peak_memory_mb", "fit_seconds"}


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
        power = PowerCuts(self.directory, self.skipTest)
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
        self.winnow(*arguments, environment=power.counting())
        calls = power.calls()
        self.assertGreater(calls, 10)
        after = self.files("model")
        for cut in range(1, calls + 1):
            prepare()
            died = subprocess.run([winnow.TestCase.program, *arguments], cwd=self.directory, capture_output=True, check=False,
                                  env={**os.environ, **power.at(cut)})
            self.assertEqual(died.returncode, -9, f"call {cut}: {died.stderr.decode()}")
            with open(self.path("data.tsv"), encoding="utf-8") as file:
                self.assertIn(file.read(), (rows, rows.replace(f"ham\t{SECRET}\n", "")), f"call {cut} of {calls}")
            self.winnow("verify", self.path("model"))
            self.assertIn(self.files("model"), (before, after), f"call {cut} of {calls}")
            self.winnow(*arguments)
            self.assertEqual(self.files("model"), after)
            self.assertEqual(self.holders("Oldershaw"), [], f"call {cut} of {calls}")


if __name__ == "__main__":
    winnow.main()

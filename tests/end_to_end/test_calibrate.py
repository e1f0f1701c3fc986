"""Probabilities made honest and thresholds that promise something, as a user asks for them."""
import json
import os
import random

import winnow
from winnow import MESSAGES, TestCase, messages

WORDS = "the a meeting lunch call tomorrow report house car garden weather holiday".split()


def texts(count, seed, labels=("ham", "spam"), noise=0.1):
    """Labelled texts that a small model learns, and gets wrong now and then."""
    source = random.Random(seed)
    rows = ["label\ttext\n"]
    for _ in range(count):
        label = source.choice(labels)
        sign = label if source.random() > noise else source.choice(labels)
        words = [source.choice(WORDS) for _ in range(5)]
        words.insert(source.randrange(6), "sign" + sign)
        rows.append(f"{label}\t{' '.join(words)} {source.randrange(500)}\n")
    return "".join(rows)


def sets(count, seed):
    source = random.Random(seed)
    rows = []
    for _ in range(count):
        labels = [label for label in ("toxic", "threat") if source.random() < 0.4]
        words = [source.choice(WORDS) for _ in range(5)]
        words += ["sign" + label for label in labels if source.random() > 0.1]
        rows.append(json.dumps({"text": f"{' '.join(words)} {source.randrange(500)}", "label": labels}) + "\n")
    return "".join(rows)


class Threshold(TestCase):
    def test_a_threshold_replaces_that_of_the_mode(self):
        self.write("texts.tsv", texts(400, 1))
        self.write("more.tsv", texts(300, 2, noise=.3))
        self.winnow("train", "texts.tsv", "--kind", "lr", "--output-dir", "model")
        by_mode, by_threshold = (self.winnow("evaluate", "model", "more.tsv", "--json", *options)[0] for options in (("--mode", "strict"), ("--threshold", .3)))
        self.assertEqual(by_mode, by_threshold)
        self.assertNotEqual(by_mode, self.winnow("evaluate", "model", "more.tsv", "--json", "--threshold", .999)[0])
        self.winnow("evaluate", "model", "more.tsv", "--threshold", .45, "--report", "report")
        report = self.files("report")["report.md"].decode()
        self.assertIn("threshold 0.45", report.replace("\\", ""))
        self.assertIn("--threshold 0.45", report.replace("\\", ""))
        self.fails("evaluate", "model", "more.tsv", "--threshold", .3, "--mode", "strict", code=2, says=["cannot be combined"])
        self.fails("evaluate", "model", "more.tsv", "--threshold", 0, code=2, says=["must be more than 0 and less than 1"])
        self.fails("evaluate", "model", "more.tsv", "--threshold", .3, "--folds", 3, code=2, says=["--folds cannot be combined"])


class Calibrate(TestCase):
    def manifest(self, model="model"):
        return json.loads(self.files(model)["winnow.json"])

    def prepare(self, *arguments):
        self.trained("--epochs", 4, *arguments, data=self.write("train.tsv", texts(500, 1)))
        self.write("held.tsv", texts(800, 2))
        self.write("test.tsv", texts(1500, 3))

    def test_train_tells_what_calibration_changed(self):
        out, err = self.train("--json")
        figures = json.loads(out)["calibration"]
        self.assertEqual(set(figures["now"]), {"nll", "ece", "adaptive_ece", "brier"})
        record = self.manifest()["calibration"]
        self.assertEqual(record["method"], "temperature")
        self.assertEqual(record["before"], figures["uncalibrated"])
        self.assertEqual(record["fitted_on"]["texts"], 60)
        self.assertIn("optimistic", record["measured"], "60 texts are too few to cross-fit")
        self.assertIn("temperature", err)

    def test_a_bundle_is_calibrated_on_its_own_texts(self):
        self.prepare()
        before = self.files()
        out, err = self.winnow("calibrate", "model", "--dry-run")
        self.assertEqual(self.files(), before)
        self.assertIn("was also used to select the best epoch", err)
        self.assertIn("adaptive_ece", out)
        # It is what train found, on the same texts.
        self.winnow("calibrate", "model")
        self.assertAlmostEqual(self.manifest()["temperature"], json.loads(before["winnow.json"])["temperature"], places=4)
        self.winnow("verify", "model")

    def test_thresholds_keep_their_bound_on_new_texts(self):
        self.prepare()
        report = json.loads(self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05, "--json")[0])
        self.assertTrue(report["written"])
        thresholds = self.manifest()["thresholds"]
        self.assertEqual(report["thresholds"], thresholds)
        self.assertEqual(thresholds["promise"]["max_fpr"], .05)
        self.assertEqual(thresholds["promise"]["source"], "held.tsv")
        self.assertLessEqual(thresholds["strict"], thresholds["moderate"])
        self.assertLessEqual(thresholds["moderate"], thresholds["lenient"])
        for mode, bound in (("strict", .1), ("moderate", .05), ("lenient", .025)):
            metrics = json.loads(self.winnow("evaluate", "model", "test.tsv", "--mode", mode, "--json")[0])
            self.assertLess(metrics["fpr"], bound + .02, mode)
        # Calibrated again without a word about thresholds, they promise the same as before.
        out, _ = self.winnow("calibrate", "model", "held.tsv", "--calibration", "none")
        self.assertIn("to keep the previous guarantee", out)
        self.assertEqual(self.manifest()["thresholds"]["promise"]["max_fpr"], .05)
        self.assertEqual(self.manifest()["temperature"], 1)
        _, err = self.winnow("calibrate", "model", "held.tsv", "--reset")
        self.assertIn("decision thresholds: the defaults, strict 0.3, moderate 0.5, lenient 0.7", err)
        self.assertEqual(self.manifest()["thresholds"], {"strict": .3, "moderate": .5, "lenient": .7})

    def test_a_threshold_is_set_without_a_guarantee(self):
        self.prepare()
        self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05)
        calibrated = self.manifest()
        before = self.files()
        self.winnow("calibrate", "model", "--calibration", "keep", "--threshold", .9, "--dry-run")
        self.assertEqual(self.files(), before)
        _, err = self.winnow("calibrate", "model", "--calibration", "keep", "--threshold", .9)
        self.assertIn("strict 0.7941, moderate 0.9, lenient 0.9545, without a guarantee", err)
        now = self.manifest()
        self.assertEqual(now["thresholds"], {"strict": .7941, "moderate": .9, "lenient": .9545})
        self.assertEqual(now["temperature"], calibrated["temperature"])
        with open(self.path("model", "README.md"), encoding="utf-8") as card:
            self.assertIn("The metrics above were measured with a decision threshold of 0.5, not with the present thresholds.", card.read())
        self.assertNotEqual(now["version"], calibrated["version"])
        answer = json.loads(self.winnow("classify", "model", "win a prize", "--json")[0])
        self.assertEqual(answer["threshold"], .9)
        # A later calibration keeps it.
        self.winnow("calibrate", "model", "held.tsv")
        self.assertEqual(self.manifest()["thresholds"]["moderate"], .9)
        for other in (("--max-fpr", .05), ("--reset",)):
            self.fails("calibrate", "model", "--threshold", .9, *other, says=["cannot be combined"], code=2)
        self.fails("calibrate", "model", "--threshold", 0, says=["--threshold"], code=2)
        rows = "".join(f"{label}\tabout {label} number {i}\n" for i in range(20) for label in ("one", "two", "three"))
        self.write("three.tsv", "label\ttext\n" + rows)
        self.winnow("train", "three.tsv", "--kind", "lr", "--output-dir", "three")
        self.fails("calibrate", "three", "--threshold", .9, says=["requires a model with a positive label", "--max-error"], code=2)

    def test_too_few_texts_are_told(self):
        self.prepare()
        before = self.files()
        self.write("few.tsv", texts(200, 4))
        self.fails("calibrate", "model", "few.tsv", "--max-fpr", .02, says=["at least 149", "without the label 'spam'"])
        self.fails("calibrate", "model", "few.tsv", "--max-error", .005, says=["at least 199", "but there are only 100", "half"])
        self.fails("calibrate", "model", "few.tsv", "--calibration", "isotonic", says=["at least 1000", "there are 200"])
        for wrong in (("--max-fpr", 0), ("--max-fpr", .7), ("--confidence", 1), ("--calibration", "magic")):
            self.fails("calibrate", "model", "few.tsv", *wrong, code=2, says=[wrong[0]])
        self.assertEqual(self.files(), before)
        # A training that can't keep its promise is not begun.
        err = self.fails("train", "train.tsv", "--base-model", "scratch", "--output-dir", "other", "--max-fpr", .001, says=["at least 2995"])
        self.assertNotIn("epoch", err)

    def test_unsure_answers_keep_errors_below_the_bound(self):
        self.prepare()
        out, _ = self.winnow("calibrate", "model", "held.tsv", "--max-error", .02)
        self.assertIn("split at random", out)
        abstain = self.manifest()["abstain"]
        self.assertEqual((abstain["max_error"], abstain["texts"]), (.02, 400))
        truth = [line.split("\t")[0] for line in texts(1500, 3).splitlines()[1:]]
        answers = [json.loads(line) for line in self.winnow("classify", "model", "--input", "test.tsv", "--json")[0].splitlines()]
        wrong = sum(a["decision"] != t for a, t in zip(answers, truth))
        answered_wrong = sum(a["decision"] != t and not a["abstained"] for a, t in zip(answers, truth))
        self.assertGreater(wrong / len(truth), .02)
        self.assertLess(answered_wrong / len(truth), .04)
        self.assertTrue(any(a["abstained"] for a in answers))
        lines = self.winnow("classify", "model", "--input", "test.tsv")[0].splitlines()
        self.assertEqual(["(uncertain: review)" in line for line in lines], [a["abstained"] for a in answers])

    def test_texts_of_the_training_are_refused(self):
        self.train("--test", self.write("t.tsv", texts(50, 5)), "--validation", self.write("v.tsv", texts(60, 6)),
                   data=self.write("train.tsv", texts(300, 1)))
        self.fails("calibrate", "model", "train.tsv", says=["trained on", "--force"])
        _, err = self.winnow("calibrate", "model", "train.tsv", "--force")
        self.assertIn("warning", err)
        # The whole file, of which a part was held out: told by that part.
        self.train(output="whole")
        self.fails("calibrate", "whole", MESSAGES, says=["were held out from training; the others may have been used for training", "--force"])
        for command in (["evaluate", "whole", MESSAGES], ["compare", MESSAGES, "whole"], ["evaluate", "model", "train.tsv"]):
            self.assertIn("metrics on training texts are too optimistic", self.winnow(*command)[1], command)
        for command in (["evaluate", "model", "t.tsv"], ["evaluate", "model", "v.tsv"], ["compare", "t.tsv", "model"], ["evaluate", "whole", MESSAGES, "--folds", 2]):
            self.assertNotIn("training texts are too", self.winnow(*command)[1], command)
        # A part of the training texts is not recognized, so the report does not claim that they were held out.
        part = self.write("part.tsv", "".join(messages()[:100]))
        self.assertIn("Calibrated on 99 texts (part.tsv) with ", self.winnow("calibrate", "whole", part, "--dry-run")[0])

    def test_options_without_effect_are_named(self):
        self.train(data=self.write("train.tsv", texts(300, 1)))
        _, err = self.winnow("calibrate", "model", "--filter", "lang=en", "--no-keep-data", "--max-rejected", .1, "--confidence", .9, "--dry-run")
        for says in ("--filter has no effect without DATA", "--keep-data has no effect without --output", "--max-rejected has no effect without --out-of-scope or --in-scope-only",
                     "--confidence has no effect without --max-fpr"):
            self.assertIn(says, err)
        _, err = self.winnow("calibrate", "model", self.write("new.tsv", texts(200, 9)), "--filter", "chars>3", "--max-fpr", .1, "--confidence", .9, "--dry-run")
        self.assertNotIn("has no effect", err)
        self.fails("calibrate", "model", "--in-scope-only", "--no-out-of-scope", code=2, says=["--no-out-of-scope, which removes", "omit one"])

    def test_every_method_is_applied_wherever_the_bundle_goes(self):
        self.prepare("--quantize", "--max-drop", 1)
        self.winnow("export", "model", "--quiet")
        self.write("more.tsv", texts(1600, 7))
        seen = set()
        for method in ("temperature", "vector", "isotonic", "none"):
            self.winnow("calibrate", "model", "more.tsv", "--calibration", method)
            self.winnow("verify", "model")
            metadata = json.loads(self.files()["onnx/model_metadata.json"])
            manifest = self.manifest()
            for key in ("calibration", "thresholds", "version"):
                self.assertEqual(metadata[key], manifest[key], key)
            # A temperature is part of the ONNX file, as long as there is one.
            self.assertEqual(metadata["temperature"] * metadata.get("baked_temperature", 1), manifest["temperature"])
            self.assertEqual("baked_temperature" in metadata, method == "temperature")
            answer = json.loads(self.winnow("classify", "model", "lunch signspam call 7", "--json")[0])
            self.assertAlmostEqual(sum(s["score"] for s in answer["scores"]), 1, places=5)
            seen.add(answer["score"])
        self.assertEqual(len(seen), 4)

    def test_a_bundle_of_its_own(self):
        self.prepare()
        before = self.files()
        self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05, "--output", "calibrated")
        self.assertEqual(self.files(), before)
        after = self.files("calibrated")
        self.assertEqual(set(before) - set(after), {"calibration.jsonl"}, "users' texts stay at home")
        self.assertEqual({name for name in after if after[name] != before[name]}, {"winnow.json", "MODEL_VERSION.json", "README.md"})
        digests = self.manifest()["sha256"]
        self.assertEqual(self.manifest("calibrated")["sha256"], {name: digests[name] for name in digests if name != "calibration.jsonl"}, "digests stay")
        self.assertEqual((self.manifest()["version"], self.manifest("calibrated")["version"]), ("1.0.0", "1.0.1"))
        for root, _, names in os.walk(self.path("calibrated")):
            self.assertEqual({os.stat(os.path.join(root, name)).st_nlink for name in names}, {1}, "copies")
        self.winnow("verify", "calibrated")
        self.fails("calibrate", "calibrated", says=["calibrated: the model has no calibration texts", "winnow calibrate BUNDLE DATA"])
        self.fails("calibrate", "model", "held.tsv", "--output", "model/.", code=2, says=["is the directory of the model itself"])
        self.winnow("calibrate", "model", "held.tsv", "--output", "kept", "--keep-data", "--model-version", "2.0.0")
        self.assertEqual(self.files("kept")["calibration.jsonl"], before["calibration.jsonl"])
        self.assertEqual(self.manifest("kept")["version"], "2.0.0")

    def test_the_version_follows_the_predictions(self):
        self.prepare()
        self.winnow("calibrate", "model", "held.tsv")
        self.assertEqual(self.manifest()["version"], "1.0.1")
        _, err = self.winnow("calibrate", "model", "held.tsv", "--calibration", "keep")
        self.assertIn("version 1.0.1", err)
        self.assertEqual(self.manifest()["version"], "1.0.1", "nothing changed")
        report = json.loads(self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05, "--json")[0])
        self.assertEqual((report["version"], self.manifest()["version"]), ("1.0.2", "1.0.2"))
        self.winnow("verify", "model")

    def test_several_labels_a_text_have_thresholds_of_their_own(self):
        self.train("--epochs", 4, data=self.write("sets.jsonl", sets(600, 8)))
        self.write("held.jsonl", sets(900, 9))
        self.winnow("calibrate", "model", "held.jsonl", "--max-fpr", .05)
        thresholds = self.manifest()["thresholds"]
        for label in ("toxic", "threat"):
            self.assertLessEqual(thresholds["labels_strict"][label], thresholds["labels"][label])
            self.assertLessEqual(thresholds["labels"][label], thresholds["labels_lenient"][label])
        metrics = json.loads(self.winnow("evaluate", "model", self.write("t.jsonl", sets(1500, 10)), "--json")[0])
        for (tn, fp), _ in metrics["confusion"]:
            self.assertLess(fp / (tn + fp), .07)
        self.assertEqual(set(self.manifest()["calibration"]), {"method", "temperatures", "fitted_on", "measured", "before", "after"})

    def test_more_labels_need_a_positive_one(self):
        data = self.write("three.tsv", texts(500, 11, ("a", "b", "c")))
        self.train(data=data)
        self.write("held.tsv", texts(900, 12, ("a", "b", "c")))
        self.fails("calibrate", "model", "held.tsv", "--max-fpr", .05, code=2, says=["requires a model with a positive label"])
        self.train("--positive-label", "c", data=data)
        self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05)
        out, _ = self.winnow("calibrate", "model", "held.tsv", "--max-fpr", .05, "--calibration", "vector")
        self.assertIn("450 for calibration, 450 for thresholds", out)

    def test_train_promises_too(self):
        data = self.write("train.tsv", texts(900, 1))
        _, err = self.train("--epochs", 3, "--validation-size", .3, "--max-fpr", .05, "--quantize", "--max-drop", 1, data=data)
        self.assertIn("guaranteed max. fpr", err)
        self.assertEqual(self.manifest()["thresholds"]["promise"]["weights"], "int8")
        self.fails("train", data, "--base-model", "scratch", "--output-dir", "x", "--max-fpr", .05, "--tune-thresholds", code=2, says=["omit one of these options"])
        _, err = self.winnow("quantize", "model", "--output", "small", "--max-drop", 1)
        self.assertNotIn("guarantees", err, "they were made with these INT8 weights")
        self.winnow("calibrate", "model", "--max-fpr", .05, "--weights", "float")
        _, err = self.winnow("quantize", "model", "--output", "smaller", "--max-drop", 1)
        self.assertIn("do not apply to the INT8 weights; to make them again: winnow calibrate smaller DATA --max-fpr 0.05", err)
        err = self.fails("calibrate", "smaller", "--max-fpr", .05, says=["no calibration texts"])
        self.assertNotIn("calibration set:", err)

    def test_templates_keep_their_segments(self):
        rows = [line.split("\t") for line in texts(400, 1).splitlines()[1:]]
        self.write("mail.jsonl", "".join(json.dumps({"label": label, "subject": "re", "body": text}) + "\n" for label, text in rows))
        self.train("--template", "{subject} [SEP] {body}", data=self.path("mail.jsonl"))
        before = self.manifest()["temperature"]
        self.winnow("calibrate", "model")
        self.assertAlmostEqual(self.manifest()["temperature"], before, places=4)

    def test_hostile_manifests_are_refused(self):
        self.trained()
        good = self.files()["winnow.json"]
        for change in ({"calibration": {"method": "vector", "scale": [1, 1, 1], "bias": [0, 0, 0]}},
                       {"calibration": {"method": "isotonic", "points": [[[0, 0.5], [1, 0.1]]]}},
                       {"calibration": {"temperatures": [1, 1]}},
                       {"abstain": {"max_error": 0.1, "below": {"moderate": -1}}},
                       {"thresholds": {"labels_strict": {"ham": "x"}}}):
            self.write("model/winnow.json", json.dumps({**json.loads(good), **change}))
            self.fails("classify", "model", "text", says=["winnow.json"])
        self.write("model/winnow.json", good)
        with open(self.path("model", "calibration.jsonl"), "rb") as file:
            kept = file.read()
        self.unverified = True
        for bad in (b"", b"{", b'{"text": 1}\n', b'{"text": "a", "label": "eggs"}\n', b'{"text": "a"}\n', b"[]\n", kept[:len(kept) - 5]):
            self.write("model/calibration.jsonl", bad)
            self.fails("calibrate", "model", says=["calibration.jsonl"])
        os.remove(self.path("model", "calibration.jsonl"))
        self.fails("calibrate", "model", says=["calibration.jsonl", "winnow calibrate BUNDLE DATA"])

    def test_others_directories_are_left_as_they_are(self):
        self.trained()
        os.remove(self.path("model", "winnow.json"))
        before = self.files()
        held = self.write("held.tsv", "".join(messages()[:300]))
        self.fails("calibrate", "model", held, "--force", code=2, says=["--output"])
        self.winnow("calibrate", "model", held, "--force", "--output", "calibrated")
        self.assertEqual(self.files(), before)
        self.assertIn("calibration", self.manifest("calibrated"))


if __name__ == "__main__":
    winnow.main()

"""Linear models: trained, asked, measured, explained and refused, as a user would."""
import json
import math
import os

import winnow
from winnow import MESSAGES, TestCase


class LinearModels(TestCase):
    def train_linear(self, *arguments, kind="lr", data=MESSAGES, output="model"):
        out, err = self.winnow("train", data, "--kind", kind, "--output-dir", self.path(output), "--json", *arguments)
        return json.loads(out), err

    def answers(self, model, texts, *arguments):
        out, _ = self.winnow("classify", model, "--json", *arguments, stdin="\n".join(texts).encode())
        return [json.loads(line) for line in out.splitlines()]

    def test_a_model_is_trained_and_used_like_any_other(self):
        info, _ = self.train_linear()
        self.assertGreater(info["metrics"]["accuracy"], .9)
        self.assertEqual(info["base_model_id"], "TF-IDF of word 1-3")
        self.assertEqual(info["hyperparameters"]["kind"], "lr")
        self.assertIsNone(info["best_epoch"])
        self.assertEqual(sorted(os.listdir(self.path("model"))),
                         ["MODEL_VERSION.json", "README.md", "calibration.jsonl", "labels.json", "linear.bin", "training_info.json", "winnow.json"])
        self.winnow("verify", "model")
        spam, ham = self.answers("model", ["You won a prize, claim it now", "See you at lunch"])
        self.assertEqual([spam["label"], ham["label"]], ["spam", "ham"])
        self.assertAlmostEqual(sum(score["score"] for score in spam["scores"]), 1, places=5)
        figures = json.loads(self.winnow("evaluate", "model", MESSAGES, "--json")[0])
        self.assertGreater(figures["accuracy"], .9)
        bench = json.loads(self.winnow("bench", "model", "--json", "--seconds", .01, "--iterations", 50)[0])
        self.assertEqual(bench["weights"], "linear")
        self.assertIsNone(bench["tokens_per_text"])
        self.assertGreater(bench["batch_32_per_s"], 0)
        again, _ = self.train_linear(output="again")
        self.assertEqual(self.files("model")["linear.bin"], self.files("again")["linear.bin"])

    def test_c_is_chosen_unless_it_is_given(self):
        rare = "".join(f"{'spam' if i % 12 == 0 else 'ham'}\tword{i % 7}{' prize%d' % (i % 5) if i % 12 == 0 else ''} n{i}\n" for i in range(600))
        data = self.write("rare.tsv", rare)
        plain, err = self.train_linear("--C", 1, data=data, output="plain")
        self.assertEqual((plain["hyperparameters"]["C"], plain["hyperparameters"]["class_weights"]), (1, "none"))
        self.assertNotIn("cross-validation", err)
        self.assertNotIn("chosen_by_cross_validation", plain["hyperparameters"])
        info, err = self.train_linear(data=data, output="chosen")
        self.assertGreater(info["metrics"]["f1_macro"], max(.9, plain["metrics"]["f1_macro"]))
        chosen = info["hyperparameters"]
        self.assertIn(f"to reproduce: --C {chosen['C']:g} --class-weights {chosen['class_weights']} --platt", err)
        self.fails("train", self.write("three.tsv", "a\tone\nb\ttwo\nc\tthree\n" * 4), "--kind", "lr", "--platt", "--output-dir", "three", says=["requires single-label data with exactly two labels"])
        self.assertGreater(len(chosen["chosen_by_cross_validation"]["settings"]), 4)
        again, _ = self.train_linear("--C", chosen["C"], "--class-weights", chosen["class_weights"], "--platt", data=data, output="again")
        self.assertEqual(self.files("chosen")["linear.bin"], self.files("again")["linear.bin"])
        self.assertIn("Better than always assigning 'ham'", info["verdict"])

    def test_class_weights_of_a_file(self):
        balanced, _ = self.train_linear("--C", 1, "--class-weights", "balanced", output="balanced")
        counts = balanced["label_counts"]
        weights = {label: sum(counts.values()) / (len(counts) * count) for label, count in counts.items()}
        file = self.write("weights.json", json.dumps(weights))
        info, _ = self.train_linear("--C", 1, "--class-weights", file, output="given")
        self.assertEqual(info["hyperparameters"]["class_weights"], weights)
        self.assertEqual(self.files("given")["linear.bin"], self.files("balanced")["linear.bin"])
        _, err = self.train_linear("--class-weights", self.write("spam.json", '{"spam": 20}'), output="chosen")
        self.assertIn("--class-weights FILE", err)
        self.assertNotEqual(self.files("chosen")["linear.bin"], self.files("balanced")["linear.bin"])
        train = ["train", MESSAGES, "--kind", "lr", "--output-dir", "wrong", "--class-weights"]
        self.fails(*train, self.write("unknown.json", '{"spma": 2}'), code=2, says=["no label 'spma'", "did you mean 'spam'?"])
        self.fails(*train, self.write("zero.json", '{"spam": 0}'), says=["zero.json", "the weight of label 'spam' is not a number above 0"])
        self.fails(*train, "balancd", code=2, says=["'balancd' is none of auto, balanced, none or an existing file"])

    def test_a_few_texts_are_not_turned_round(self):
        """Platt's scale of so few cross-validated scores would be upside down."""
        rows = {"Your parcel is waiting, pay the fee at ...": "spam", "Shall we meet at six?": "ham"}
        data = self.write("messages.csv", "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows.items()))
        for kind in ("lr", "svm"):
            self.train_linear(kind=kind, data=data, output=kind)
            self.assertEqual([answer["label"] for answer in self.answers(kind, rows)], list(rows.values()), kind)
        six = self.write("six.csv", "text,label\n" + "".join(f"{word} number {n},{word}\n" for n in ("one", "two", "three") for word in ("parcel", "invoice")))
        self.train_linear(data=six, output="six")
        self.assertEqual([answer["label"] for answer in self.answers("six", ["a parcel", "an invoice"])], ["parcel", "invoice"])

    def test_without_a_test_part_nothing_is_said_of_epochs(self):
        _, err = self.train_linear("--test-size", 0, output="whole")
        self.assertIn("there is no test part: the metrics are computed on the validation texts, which were also used to fit the calibration", err)
        self.assertNotIn("epoch", err)

    def test_a_label_that_is_never_predicted_is_said(self):
        rows = "".join(json.dumps({"text": f"ball {i} {'red' if i % 2 else 'blue'}", "labels": ["red"] * (i % 2) + ["odd"] * (i % 45 == 0)}) + "\n" for i in range(180))
        info, err = self.train_linear("--test-size", .3, data=self.write("sets.jsonl", rows), output="sets")
        self.assertIn("decision thresholds with the best F1", err)
        self.assertIn("The decision threshold of 'odd' could not be tuned and stays 0.5", info["verdict"])
        out, _ = self.winnow("train", self.path("sets.jsonl"), "--kind", "svm", "--output-dir", "text")
        self.assertIn("could not be tuned", out.splitlines()[-1])

    def test_every_kind_and_analyzer_learns(self):
        for kind, options in (("svm", []), ("lr", ["--analyzer", "char", "--ngrams", "1-4"]), ("svm", ["--analyzer", "char_wb", "--ngrams", "2-5"]),
                              ("lr", ["--analyzer", "both", "--ngrams", "1-2", "--char-ngrams", "2-4", "--sublinear", "--C", 10]),
                              ("lr", ["--class-weights", "balanced", "--max-features", 500])):
            info, _ = self.train_linear(*options, kind=kind, output=f"{kind}{len(options)}{options[1] if options else ''}")
            self.assertGreater(info["metrics"]["accuracy"], .85, (kind, options))

    def test_several_labels_and_sets_of_labels(self):
        rows = "".join(f"{label}\tthis is {word} number {i}\n" for i in range(60) for label, word in (("a", "apple"), ("b", "pear"), ("c", "plum")))
        for options in ([], ["--one-vs-rest"]):
            info, _ = self.train_linear(*options, data=self.write("three.tsv", rows), output="three")
            self.assertEqual(info["metrics"]["accuracy"], 1)
            self.assertEqual(self.answers("three", ["a pear"])[0]["label"], "b")
        sets = "".join(json.dumps({"text": f"{'red ' if i % 2 else ''}{'big ' if i % 3 else ''}ball {i}", "labels": ["red"] * (i % 2) + ["big"] * (i % 3 > 0)}) + "\n"
                       for i in range(240))
        self.train_linear(data=self.write("sets.jsonl", sets), output="sets")
        self.assertEqual(sorted(self.answers("sets", ["red big ball"])[0]["decision"]), ["big", "red"])
        self.assertEqual(self.answers("sets", ["ball"])[0]["decision"], [])
        out, _ = self.winnow("classify", "sets", "red big ball", "ball", "--top-k", 2)
        self.assertRegex(out, r"^(big|red) [0-9.]+ %, (big|red) [0-9.]+ %  red big ball\n\(none\) +[0-9.]+ %  \(most probable label: (big|red), [0-9.]+ %[^)]*\)  ball\n"
                              r"  (big|red) +[0-9.]+ %\n  (big|red) +[0-9.]+ %\n$")

    def test_words_are_explained_exactly(self):
        for kind in ("lr", "svm"):
            self.train_linear(kind=kind)
            [answer] = self.answers("model", ["You won a cash prize, call now"], "--explain")
            explanation = answer["explanation"]
            self.assertEqual(explanation["method"], "linear")
            # Base and effects add up to the log-odds.
            log_odds = explanation["base"] + sum(word["effect"] for word in explanation["words"])
            self.assertAlmostEqual(1 / (1 + math.exp(-log_odds)), answer["score"], places=4)

    def test_of_several_labels_a_word_changes_the_probability_among_all(self):
        words = {"bank": ["card", "account", "iban"], "parcel": ["courier", "delivery", "door"], "phone": ["sim", "signal", "roaming"]}
        rows = "".join(f"{label}\tmy {names[i % 3]} is {names[(i + 1) % 3]} {['late', 'gone', 'new'][i % 3]} {i}\n"
                       for i in range(40) for label, names in words.items())
        data = self.write("topics.tsv", rows)
        for kind, *options in (("lr", "--C", 10), ("lr", "--C", 10, "--one-vs-rest"), ("svm",)):
            self.train_linear("--calibration", "none", *options, kind=kind, data=data, output="topics", *(["--overwrite"] if os.path.exists(self.path("topics")) else []))
            [answer] = self.answers("topics", ["my card is late at the door"], "--explain")
            explanation = answer["explanation"]
            left = {word["text"]: explanation["score"] - word["score_change"] for word in explanation["words"]}
            self.assertTrue(all(0 <= score <= 1 for score in left.values()), left)
            self.assertEqual(explanation["label"], answer["label"])
            # The word that speaks for the label lowers its probability most if it is missing.
            [most] = [word["text"] for word in explanation["words"] if word["effect"] == max(word["effect"] for word in explanation["words"])]
            self.assertEqual(min(left, key=left.get), most)
            out, _ = self.winnow("classify", "topics", "my card is late at the door", "--explain")
            self.assertNotIn(" -", "".join(line.split("without")[0].split(answer["label"])[-1] for line in out.splitlines()[1:]))

    def test_few_texts_do_not_turn_a_model_around(self):
        # Texts with nothing in common: held-out scores are lower where the label is.
        rows = [("spam" if i % 2 else "ham", " ".join(f"w{i}x{j}" for j in range(5))) for i in range(24)]
        data = self.write("few.tsv", "".join(f"{label}\t{text}\n" for label, text in rows))
        for kind in ("lr", "svm"):
            self.train_linear("--test-size", 0, "--calibration", "none", kind=kind, data=data, output=f"few-{kind}")
            answers = self.answers(f"few-{kind}", [text for _, text in rows])
            right = sum(answer["label"] == label for answer, (label, _) in zip(answers, rows))
            self.assertGreaterEqual(right, 20, "a model knows the texts that it was trained on")

    def test_linear_models_say_that_they_learn_no_shares(self):
        rows = "".join(json.dumps({"text": f"word{i % 4} n{i}", "label": {"a": .9, "b": .1} if i % 4 < 2 else {"a": .2, "b": .8}}) + "\n" for i in range(60))
        _, err = self.train_linear(data=self.write("soft.jsonl", rows), output="soft")
        self.assertIn("training texts have soft labels; a linear model learns only the most probable label of each", err)

    def test_it_is_calibrated_compared_and_cross_validated(self):
        self.train_linear()
        self.winnow("calibrate", "model", "--dry-run", "--max-error", .05)
        table = json.loads(self.winnow("compare", MESSAGES, "model", "--json")[0])
        self.assertEqual(table["models"][0]["kind"], "lr")
        folds = json.loads(self.winnow("evaluate", "model", MESSAGES, "--folds", 3, "--json")[0])
        self.assertEqual(len(folds["folds"]), 3)
        self.assertIsNone(folds["folds"][0]["best_epoch"])
        self.assertRegex(folds["verdict"], r"^Of 1,000 texts like these, expect about \d+ to get the right label .* Better than always assigning 'ham'")
        self.assertIn("\n" + folds["verdict"] + "\n", self.winnow("evaluate", "model", MESSAGES, "--folds", 3)[0])
        self.winnow("train", MESSAGES, "--kind", "svm", "--folds", 2, "--json")

    def test_rare_labels_are_left_out_of_folds_too(self):
        data = self.write("rare.tsv", "".join(winnow.messages()) + "odd\tsomething else\n")
        out, err = self.winnow("train", data, "--kind", "lr", "--folds", 2, "--min-class-texts", 2, "--C", 1, "--json")
        self.assertEqual([label["label"] for label in json.loads(out)["pooled"]["per_class"]], ["ham", "spam"])
        self.assertIn("label 'odd' is left out", err)

    def test_what_it_can_not_do_is_said(self):
        self.train_linear()
        self.fails("quantize", "model", says=["linear"])
        self.fails("tokenize", "model", "hi", says=["linear"])
        self.fails("classify", "model", "hi", "--weights", "int8", code=2, says=["no INT8"])
        for options, says in ((["--ngrams", "3-1"], "not a valid range"), (["--ngrams", "x"], "not a valid range"), (["--metric", "f1_marco"], "did you mean 'f1_macro'?"), (["--teacher", "model"], "transformer"), (["--quantize"], "transformer")):
            self.fails("train", MESSAGES, "--kind", "lr", "--output-dir", "other", *options, code=2, says=[says])
        self.assertFalse(os.path.exists(self.path("other")))
        for command in (["train", MESSAGES, "--output-dir", "other"], ["train", MESSAGES, "--folds", 2], ["data", "curve", MESSAGES, "--sizes", 100]):
            _, err = self.winnow(*command, "--kind", "lr", "--epochs", 3, "--C", 1)
            self.assertIn("--epochs has no effect with --kind lr", err)
            self.assertNotIn("--C has", err)
        self.winnow("train", MESSAGES, "--kind", "lr", "--labels", "spam, ham", "--output-dir", "other")
        self.assertEqual(json.loads(self.files("other")["labels.json"])["classes"], ["spam", "ham"])
        os.mkdir(self.path("spam"))
        self.fails("train", MESSAGES, "--kind", "lr", "--labels", "spam", "--output-dir", "else", code=2, says=["--labels spam: this is a directory"])
        whole = self.files()["linear.bin"]
        self.write("model/linear.bin", whole[:len(whole) // 2])
        self.fails("classify", "model", "hi", says=["linear.bin", "SHA-256"])
        self.fails("classify", "model", "hi", "--no-verify", says=["linear.bin"])


if __name__ == "__main__":
    winnow.main()

"""Synthetic messages: what is added to a training part, what never is, and what a model learns from them."""
import json
import os
import shutil
import unittest

import winnow
from winnow import MESSAGES, SHARED, SOURCE, TestCase

SMS = os.path.join(SHARED, "data", "sms_spam", "SMSSpamCollection")
MODERN = os.path.join(SOURCE, "bench", "data", "modern_messages.tsv")


class Synthetic(TestCase):
    def fit(self, *arguments, data=MESSAGES, output="model"):
        """Training information, and what was said."""
        out, err = self.winnow("train", data, "--kind", "svm", "--output-dir", self.path(output), "--overwrite", "--json", *arguments)
        return json.loads(out), err

    def test_messages_are_added_to_the_training_part_alone(self):
        plain, err = self.fit()
        self.assertNotIn("synthetic", err)
        self.assertNotIn("synthetic_share", plain["hyperparameters"])
        info, err = self.fit("--synthetic-share", "0.5")
        self.assertIn(f"synthetic texts: {plain['sample_count'] // 2} for {plain['sample_count']} training texts", err)
        self.assertEqual(info["sample_count"], plain["sample_count"] * 3 // 2)
        self.assertEqual((info["validation_count"], info["test_count"]), (plain["validation_count"], plain["test_count"]))
        self.assertEqual(info["hyperparameters"]["synthetic_share"], 0.5)
        with open(self.path("model", "calibration.jsonl"), encoding="utf-8") as file:
            kept = {json.loads(line)["text"] for line in file}
        with open(MESSAGES, encoding="utf-8") as file:
            self.assertLessEqual(kept, {line.rstrip("\n").split("\t")[1] for line in file})
        self.assertIn("synthetic texts: ", self.fit("--augment")[1])
        self.assertNotIn("synthetic", self.fit("--augment", "--synthetic-share", "0")[1])

    def test_equal_seeds_give_equal_models(self):
        digests = [self.fit("--synthetic-share", "1", "--seed", seed)[0]["data_sha256"] for seed in (1, 1, 2)]
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[0], digests[2])

    def test_cross_validation_repeats_the_training_of_a_model(self):
        self.fit("--synthetic-share", "0.5")
        _, err = self.winnow("evaluate", "model", MESSAGES, "--folds", 2)
        self.assertIn("synthetic texts: ", err)

    def test_data_with_other_labels_gets_none(self):
        rows = "label\ttext\n" + "".join(f"{('play', 'stop')[i % 2]}\t{('song', 'halt')[i % 2]} number {i}\n" for i in range(60))
        data = self.write("intents.tsv", rows)
        _, err = self.fit("--augment", data=data)
        self.assertIn("no synthetic texts are added: the labels of the data are play, stop, and those of the grammar are spam, ham", err)
        self.assertIn("warning", self.fit("--synthetic-share", "0.5", data=data)[1])
        grammar = self.write("commands.txt", "[label play]\n{sing|hum} {##}\n[label stop]\nquiet {##}\n")
        info, err = self.fit("--synthetic-grammar", grammar, data=data)
        self.assertIn("synthetic texts: 21 for 42 training texts: 11 play, 10 stop; 2 message templates", err)
        self.assertEqual(info["hyperparameters"]["synthetic_grammar"], grammar)

    def test_a_damaged_grammar_is_refused_by_line(self):
        for contents, says in (("[label spam]\nwin {prize}\n", "line 2: unknown list 'prize'"), ("[label spam]\n{a|b\n", "line 2: '{' without '}'"),
                               ("win\n", "line 1: 'win' is outside a section"), (b"[label spam]\n\xff\n", "line 2: not valid UTF-8"),
                               ("[list a]\n{a}{a}\n[label spam]\n{a}\n", "list 'a' contains itself"), ("", "no section [label NAME]")):
            grammar = self.write("g.txt", contents)
            self.fails("train", MESSAGES, "--kind", "lr", "--synthetic-grammar", grammar, "--output-dir", self.path("refused"), says=("g.txt", says))
            self.assertFalse(os.path.exists(self.path("refused")))
        self.fails("train", MESSAGES, "--kind", "lr", "--synthetic-share", "-1", "--output-dir", self.path("refused"), code=2, says=("synthetic-share",))

    def test_a_program_that_was_copied_alone_has_the_grammar(self):
        alone = shutil.copy(self.program, self.path("winnow"))
        expected, _ = self.fit("--synthetic-share", "1")
        self.winnow("train", MESSAGES, "--kind", "svm", "--synthetic-share", "1", "--output-dir", self.path("alone"), program=alone)
        with open(self.path("alone", "training_info.json"), encoding="utf-8") as file:
            info = json.load(file)
        self.assertEqual((info["sample_count"], info["metrics"]), (expected["sample_count"], expected["metrics"]))

    @unittest.skipUnless(os.path.exists(SMS), "needs the shared directory's SMS Spam Collection")
    def test_spam_of_the_present_day_is_recognized(self):
        metrics, modern = {}, {}
        for share in ("0", "0.5"):
            metrics[share] = self.fit("--preset", "sms-spam", "--synthetic-share", share, data=SMS)[0]["metrics"]
            modern[share] = json.loads(self.winnow("evaluate", "model", MODERN, "--json")[0])
        self.assertGreater(metrics["0.5"]["accuracy"], metrics["0"]["accuracy"] - 0.004)
        self.assertGreater(modern["0.5"]["accuracy"], modern["0"]["accuracy"] + 0.15)
        self.assertLess(modern["0.5"]["fpr"], 0.15)
        for kind in ("svm", "lr"):
            self.winnow("train", SMS, "--preset", "sms-spam", "--kind", kind, "--output-dir", self.path("model"), "--overwrite")
            out, _ = self.winnow("classify", "model", "--json", "Congratulations! You've won a $1000 gift card. Click here to claim your prize")
            answer = json.loads(out)
            self.assertEqual(answer["label"], "spam")
            self.assertGreater(answer["confidence"], 0.9)
            for text in ("Your one-time passcode is 804512. Never share it with anyone.", "Congratulations on the wedding, you two! See you Saturday",
                         "Your parcel will be delivered today between 2pm and 4pm.", "Mum, can you lend me 20 pounds for the bus? Pay you back Friday"):
                answer = json.loads(self.winnow("classify", "model", "--json", text)[0])
                self.assertEqual(answer["label"], "ham", text)


if __name__ == "__main__":
    winnow.main()

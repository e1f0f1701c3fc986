"""Texts that are none of the labels: chosen for by calibrate, told by classify, measured by evaluate."""
import json

import winnow
from winnow import TestCase


class OutOfScope(TestCase):
    def setUp(self):
        super().setUp()
        intents = {"weather": "will it rain in {} on {} {}", "music": "play the song {} {} of {} again", "alarm": "wake me up at {} on {} {}"}
        texts = [(label, form.format(city, day, hour)) for city in ("paris", "rome", "oslo", "delhi", "lima") for day in ("monday", "friday", "sunday", "easter")
                 for hour in ("early", "noon", "late", "night", "dawn", "dusk", "six", "eight", "ten", "nine") for label, form in intents.items()]
        self.data = self.write("intents.tsv", "".join(f"{label}\t{text}\n" for label, text in texts))
        self.outside = self.write("outside.txt", "".join(f"how many kilos does elephant {i} weigh on the moon\n" for i in range(80)))
        self.winnow("train", self.data, "--kind", "lr", "--validation-size", .3, "--output-dir", self.path("model"))

    def classify(self, text, *arguments):
        return json.loads(self.winnow("classify", "model", "--json", *arguments, text)[0])

    def test_a_text_that_is_none_of_the_labels_is_told(self):
        self.assertNotIn("out_of_scope", self.classify("how many kilos does an elephant weigh"))
        report = json.loads(self.winnow("calibrate", "model", "--out-of-scope", self.outside, "--json")[0])["out_of_scope"]
        self.assertGreater(report["auroc"], .95)
        self.assertEqual(report["confidence"], .95)
        self.assertEqual(len(report["methods"]), 3)
        self.assertEqual(report["auroc"], max(method["auroc"] for method in report["methods"]))
        self.winnow("verify", "model")
        strange = self.classify("how many kilos does an elephant weigh")
        self.assertEqual((strange["label"], strange["decision"], strange["out_of_scope"]), ("out_of_scope", "out_of_scope", True))
        known = [self.classify(f"will it rain in {city} on {day} noon") for city in ("paris", "rome", "oslo", "delhi", "lima") for day in ("monday", "friday", "sunday", "easter")]
        kept = [answer for answer in known if not answer["out_of_scope"]]
        self.assertGreater(len(kept), 15)  # some may be called out of scope, .05 of all
        self.assertEqual({answer["label"] for answer in kept}, {"weather"})
        self.assertGreater(strange["scope_score"], max(answer["scope_score"] for answer in kept))
        figures = json.loads(self.winnow("evaluate", "model", self.data, "--out-of-scope", self.outside, "--json")[0])
        self.assertGreater(figures["auroc"], .95)
        self.assertLess(figures["rejected"], .1)
        self.assertEqual(figures["outside_count"], 80)
        self.write("outside.jsonl", 4 * '{"text": "how many kilos"}\n' + '{"txt": "elephants"}\n')
        for command in (["evaluate", "model", self.data], ["calibrate", "model", "--dry-run"]):
            _, err = self.winnow(*command, "--out-of-scope", "outside.jsonl")
            self.assertIn("5 rows, 4 kept; dropped: 1 unreadable", err)

    def test_it_can_be_chosen_without_such_texts_named_and_forgotten(self):
        self.winnow("calibrate", "model", "--in-scope-only", "--scope-label", "none of these", "--scope-method", "max_probability", "--confidence", .8)
        with open(self.path("model", "out_of_scope.safetensors"), "rb") as file:
            self.assertIn(b'"confidence":"0.8"', file.read())
        self.assertEqual(self.classify("elephants on the moon")["label"], "none of these")
        self.winnow("calibrate", "model", "--no-out-of-scope")
        self.assertNotIn("out_of_scope", self.classify("elephants on the moon"))
        self.assertNotIn("out_of_scope.safetensors", self.files())
        self.winnow("verify", "model")

    def test_metrics_say_what_the_rule_would_change(self):
        before = json.loads(self.winnow("evaluate", "model", self.data, "--json")[0])
        self.assertNotIn("out_of_scope", before)
        self.winnow("calibrate", "model", "--in-scope-only", "--max-rejected", .3, "--confidence", .8, "--calibration", "keep")
        figures = json.loads(self.winnow("evaluate", "model", self.data, "--json")[0])
        with open(self.data, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
        self.write("texts.txt", "".join(text + "\n" for _, text in rows))
        answers = [json.loads(line) for line in self.winnow("classify", "model", "--input", "texts.txt", "--json")[0].splitlines()]
        rejected = sum(answer["out_of_scope"] for answer in answers) / len(rows)
        right = sum(answer["decision"] == label for answer, (label, _) in zip(answers, rows)) / len(rows)
        self.assertGreater(rejected, .05)
        self.assertAlmostEqual(figures["out_of_scope"]["rejected"], rejected)
        self.assertAlmostEqual(figures["out_of_scope"]["accuracy"], right)
        self.assertEqual(figures["accuracy"], before["accuracy"])
        note = f"the rule for out-of-scope texts is not applied: it rejects {100 * rejected:.1f} % of these texts"
        self.assertIn("note: " + note, self.winnow("evaluate", "model", self.data)[0])
        self.assertIn("note: model: " + note, self.winnow("compare", self.data, "model")[0])
        with open(self.path("model", "README.md"), encoding="utf-8") as file:
            self.assertIn("The metrics above are those without the rule.", file.read())

    def test_more_texts_out_of_scope_are_drift(self):
        self.winnow("calibrate", "model", "--out-of-scope", self.outside)
        with open(self.data, encoding="utf-8") as file:
            texts = [line.rstrip("\n").split("\t")[1] for line in file]
        with open(self.outside, encoding="utf-8") as file:
            outside = [line.rstrip("\n") for line in file]
        self.write("then.txt", "".join(text + "\n" for text in texts[::3]))
        self.write("now.txt", "".join(text + "\n" for text in texts[1::4] + outside[:40]))
        measures = json.loads(self.winnow("drift", "model", "--reference", "then.txt", "--data", "now.txt", "--json")[0])["measures"]
        share = measures["out_of_scope_share"]
        self.assertTrue(share["drift"])
        self.assertGreater(share["current_mean"], share["reference_mean"] + .1)
        self.assertAlmostEqual(share["value"], share["current_mean"] - share["reference_mean"])
        self.assertIn("share of out-of-scope texts", self.winnow("drift", "model", "--reference", "then.txt", "--data", "now.txt")[0])
        self.winnow("calibrate", "model", "--no-out-of-scope")
        self.assertNotIn("out_of_scope_share", self.winnow("drift", "model", "--reference", "then.txt", "--data", "now.txt", "--json")[0])

    def test_what_makes_no_sense_is_refused(self):
        self.fails("evaluate", "model", self.data, "--out-of-scope", self.outside, code=2, says=["winnow calibrate"])
        self.fails("calibrate", "model", "--out-of-scope", self.outside, "--scope-label", "music", code=2, says=["not one of the model's labels"])
        self.fails("calibrate", "model", "--out-of-scope", self.outside, "--max-rejected", .001, says=["requires at least 5990 labelled texts"])
        self.assertNotIn("out_of_scope.safetensors", self.files())


if __name__ == "__main__":
    winnow.main()

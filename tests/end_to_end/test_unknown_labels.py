"""Labels that a model does not know: errors of the model, refused or dropped, and every command says which."""
import json

import winnow
from winnow import TestCase, messages


class UnknownLabels(TestCase):
    def setUp(self):
        super().setUp()
        rows = messages()
        self.write("train.tsv", "".join(rows[:401]))
        self.known = rows[0] + "".join(rows[401:501])
        self.write("known.tsv", self.known)
        self.write("test.tsv", self.known + "".join(f"maybe\tcall me about the offer {i}\n" for i in range(20)) + "perhaps\tlater\n")
        self.winnow("train", "train.tsv", "--kind", "lr", "--output-dir", "model")

    def evaluate(self, data, *arguments):
        out, err = self.winnow("evaluate", "model", data, "--json", *arguments)
        return json.loads(out), err

    def test_evaluate_counts_them_as_errors(self):
        known, _ = self.evaluate("known.tsv")
        counted, err = self.evaluate("test.tsv")
        self.assertEqual((known["count"], known["unknown_label_texts"]), (100, 0))
        self.assertEqual((counted["count"], counted["unknown_label_texts"]), (121, 21))
        self.assertAlmostEqual(counted["accuracy"], known["accuracy"] * 100 / 121)
        self.assertEqual(counted["confusion"], known["confusion"])
        self.assertIn("unknown labels: maybe 20, perhaps 1 (labels of the model: ham, spam); 21 texts with such labels count as errors", err)
        self.assertIn("note: 21 of 121 texts have labels that the model does not have, and count as errors", self.winnow("evaluate", "model", "test.tsv")[0])

    def test_evaluate_drops_or_refuses_them_if_told(self):
        known, _ = self.evaluate("known.tsv")
        dropped, err = self.evaluate("test.tsv", "--unknown-labels", "drop")
        self.assertEqual(dropped, known)
        self.assertIn("dropped: 21 unknown label", err)
        self.fails("evaluate", "model", "test.tsv", "--unknown-labels", "refuse",
                   says=["21 rows have labels that are not among the labels of the model: maybe (20), perhaps (1)", "test.tsv, line 102",
                         "and 11 more rows", "--unknown-labels drop"])

    def test_the_report_and_the_paired_test_agree(self):
        self.write("three.tsv", "".join(messages()[:401]) + "".join(f"maybe\tcall me about the offer {100 + i}\n" for i in range(40)))
        self.winnow("train", "three.tsv", "--kind", "lr", "--output-dir", "wider")
        out, _ = self.winnow("evaluate", "model", "test.tsv", "--against", "wider", "--report", "report", "--json")
        result = json.loads(out)
        with open(self.path("report", "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual((result["count"], result["against"]["metrics"]["count"], result["against"]["metrics"]["unknown_label_texts"]), (121, 121, 1))
        self.assertEqual(report["accuracy"], result["accuracy"])
        self.assertEqual(report["origin"]["left_out"], 0)
        accuracy = result["against"]["paired"]["accuracy"]
        self.assertAlmostEqual(accuracy["first"], result["accuracy"])
        self.assertAlmostEqual(accuracy["second"], result["against"]["metrics"]["accuracy"])
        self.assertGreater(accuracy["second"], accuracy["first"])
        self.assertIn(["maybe"], [error["truth"] for error in report["errors"]])
        with open(self.path("report", "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("maybe (unknown)", page)
        self.assertIn("21 of 121 texts have labels that the model does not have", page)

    def test_train_counts_them_in_the_test_part(self):
        out, err = self.winnow("train", "train.tsv", "--test", "test.tsv", "--kind", "lr", "--output-dir", "m2", "--json")
        self.assertIn("21 texts with such labels count as errors", err)
        with open(self.path("m2", "training_info.json"), encoding="utf-8") as file:
            info = json.load(file)
        self.assertEqual((info["metrics_of"], info["test_count"]), ("test", 121))
        self.assertLessEqual(info["metrics"]["accuracy"], 100 / 121)
        self.train("--test", "test.tsv", "--epochs", 1, data="train.tsv", output="m3")
        self.fails("train", "train.tsv", "--test", "test.tsv", "--kind", "lr", "--output-dir", "m4", "--unknown-labels", "refuse",
                   says=["the test part: 21 rows have labels", "maybe (20)"])
        self.fails("train", "train.tsv", "--validation", "test.tsv", "--kind", "lr", "--output-dir", "m4", says=["the validation part: 21 rows", "drop"])
        self.winnow("train", "train.tsv", "--validation", "test.tsv", "--kind", "lr", "--output-dir", "m4", "--unknown-labels", "drop")

    def test_calibrate_counts_them_as_negatives_and_errors(self):
        known = json.loads(self.winnow("calibrate", "model", "known.tsv", "--dry-run", "--json", "--max-fpr", .1)[0])
        counted = json.loads(self.winnow("calibrate", "model", "test.tsv", "--dry-run", "--json", "--max-fpr", .1)[0])
        self.assertEqual(counted["texts"], known["texts"] + 21)
        self.assertEqual(counted["temperature"], known["temperature"])
        self.assertEqual(counted["thresholds"]["promise"]["texts"], known["thresholds"]["promise"]["texts"] + 21)
        self.fails("calibrate", "model", "test.tsv", "--dry-run", "--unknown-labels", "refuse", says=["maybe (20)"])

    def test_cross_validation_tests_them_and_does_not_train_on_them(self):
        known = json.loads(self.winnow("evaluate", "model", "known.tsv", "--folds", 3, "--json")[0])
        counted = json.loads(self.winnow("evaluate", "model", "test.tsv", "--folds", 3, "--json")[0])
        self.assertEqual(counted["texts"] - known["texts"], 21)
        self.assertAlmostEqual(counted["pooled"]["accuracy"] * counted["texts"], known["pooled"]["accuracy"] * known["texts"])

    def test_sets_with_some_unknown_labels(self):
        words = ("prize", "urgent", "meeting")
        rows = [{"text": f"the {' and the '.join(words[k] for k in range(3) if i >> k & 1) or 'other'} number {i}",
                 "label": [words[k] for k in range(2) if i >> k & 1]} for i in range(240)]
        self.write("multi.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.winnow("train", "multi.jsonl", "--kind", "lr", "--output-dir", "sets")
        more = [{**row, "label": row["label"] + ["new"]} if i % 4 == 0 else row for i, row in enumerate(rows)]
        self.write("more.jsonl", "".join(json.dumps(row) + "\n" for row in more))
        known = json.loads(self.winnow("evaluate", "sets", "multi.jsonl", "--json")[0])
        counted = json.loads(self.winnow("evaluate", "sets", "more.jsonl", "--json")[0])
        self.assertEqual((counted["count"], counted["unknown_label_texts"]), (240, 60))
        self.assertEqual((counted["f1_macro"], counted["per_class"]), (known["f1_macro"], known["per_class"]))
        self.assertLess(counted["accuracy"], known["accuracy"])
        self.assertLess(counted["f1_micro"], known["f1_micro"])
        self.assertEqual(json.loads(self.winnow("evaluate", "sets", "more.jsonl", "--json", "--unknown-labels", "drop")[0])["count"], 180)


if __name__ == "__main__":
    winnow.main()

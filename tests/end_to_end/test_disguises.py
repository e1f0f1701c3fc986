"""Disguised texts: a model that folds them, and how robust one is."""
import json

import winnow
from winnow import MESSAGES, TestCase

CLEAN = "You have been picked for a free cash prize, call now"
DISGUISED = "You have b\u0435en p1cked for a f.r.e.e c4sh pr\u200bize, \U0001D41C\U0001D41A\U0001D425\U0001D425 now"


class Disguises(TestCase):
    def score(self, text, *arguments, model="model"):
        return json.loads(self.winnow("classify", model, "--json", *arguments, "--", text)[0])["score"]

    def test_a_model_that_folds_reads_disguised_texts_as_plain_ones(self):
        info = json.loads(self.train("--epochs", 6, "--fold-disguises", "--quantize", "--max-drop", 1, "--json")[0])
        self.assertTrue(info["hyperparameters"]["fold_disguises"])
        self.assertTrue(json.loads(self.files()["winnow.json"])["fold_disguises"])
        self.assertEqual(self.score(CLEAN), self.score(DISGUISED))
        self.assertEqual(self.score(CLEAN), self.score(DISGUISED, "--fold-disguises", "on"))
        self.assertNotEqual(self.score(CLEAN), self.score(DISGUISED, "--fold-disguises", "off"))
        self.winnow("verify", "model")
        tokens = [json.loads(self.winnow("tokenize", "model", text)[0]) for text in (CLEAN, DISGUISED)]
        self.assertEqual(tokens[0]["ids"], tokens[1]["ids"])
        self.assertEqual(tokens[1]["offsets"][-2][1], len(DISGUISED.encode()))
        self.write("rows.jsonl", '{"text": "win"}\n{"txt": "b"}\n{"text": "hello"}\n')
        self.fails("tokenize", "model", "--input", "rows.jsonl", says=["rows.jsonl, line 2", "--skip-bad-rows"])
        out, err = self.winnow("tokenize", "model", "--input", "rows.jsonl", "--skip-bad-rows")
        self.assertEqual(len(out.splitlines()), 2)
        self.assertIn("1 of 3 rows were left out", err)
        self.assertEqual(self.winnow("tokenize", "model", "--format", "csv", "--text-field", "b", stdin=b"a,b\n1,win\n2,hello\n")[0], out)
        words = json.loads(self.winnow("classify", "model", "--explain", "--json", DISGUISED)[0])["explanation"]["words"]
        self.assertIn("f.r.e.e", [word["text"] for word in words])
        # What is reported is what is served; what lies beside the ONNX files says it too.
        reports = {fold: json.loads(self.winnow("evaluate", "model", MESSAGES, "--json", *arguments)[0])
                   for fold, arguments in (("own", []), ("on", ["--fold-disguises", "on"]))}
        self.assertEqual(reports["own"], reports["on"])
        self.winnow("export", "model", "--format", "onnx")
        self.assertTrue(json.loads(self.files()["onnx/model_metadata.json"])["fold_disguises"])
        self.winnow("quantize", "model", "--output", "small", "--max-drop", 1)
        self.assertTrue(json.loads(self.files("small")["winnow.json"])["fold_disguises"])

    def test_a_model_does_not_fold_unless_told(self):
        self.trained("--epochs", 6)
        self.assertNotIn("fold_disguises", json.loads(self.files()["winnow.json"]))
        self.assertNotEqual(self.score(CLEAN), self.score(DISGUISED))
        self.assertEqual(self.score(CLEAN, "--fold-disguises", "on"), self.score(DISGUISED, "--fold-disguises", "on"))
        self.fails("classify", "model", "text", "--fold-disguises", "perhaps", code=2, says=["--fold-disguises", "on", "off"])

    def test_robustness_is_measured(self):
        self.trained("--epochs", 6)
        out, _ = self.winnow("evaluate", "model", MESSAGES, "--robustness", "--json")
        report = json.loads(out)
        self.assertFalse(report["fold_disguises"])
        self.assertEqual(report["positive_label"], "spam")
        rows = {(row["disguise"], row["strength"]): row for row in report["rows"]}
        self.assertEqual(len(rows), 21)
        clean = json.loads(self.winnow("evaluate", "model", MESSAGES, "--json")[0])
        self.assertEqual(rows["none", 0]["off"]["accuracy"], clean["accuracy"])
        self.assertEqual(rows["none", 0]["off"]["fpr"], clean["fpr"])
        for disguise in ("homoglyphs", "zero-width", "fancy letters"):
            self.assertGreaterEqual(rows[disguise, 1]["on"]["accuracy"], rows["none", 0]["on"]["accuracy"] - 0.005)
        self.assertLess(rows["homoglyphs", 1]["off"]["accuracy"], rows["none", 0]["off"]["accuracy"])
        low, high = rows["typos", 0.3]["off"]["intervals"]["recall"]
        self.assertLessEqual(low, rows["typos", 0.3]["off"]["recall"])
        self.assertGreaterEqual(high, rows["typos", 0.3]["off"]["recall"])
        some = self.write("some.tsv", "".join(winnow.messages()[:61]))
        first, second = (self.winnow("evaluate", "model", some, "--robustness", "--json")[0] for _ in range(2))
        self.assertEqual(first, second)
        table, _ = self.winnow("evaluate", "model", some, "--robustness")
        self.assertIn("spaced letters", table)
        self.assertIn("recall of spam", table)
        self.fails("evaluate", "model", MESSAGES, "--robustness", "--fold-disguises", "on", code=2, says=["--robustness"])


if __name__ == "__main__":
    winnow.main()

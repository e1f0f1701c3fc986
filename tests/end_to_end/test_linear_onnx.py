"""Linear models to ONNX files and back, as a user does it. What onnxruntime answers by them is compared in
tools/conformance/linear_onnx.py."""
import json
import os

import winnow
from winnow import MESSAGES, SHARED, TestCase

TEXTS = ["You won a FREE prize, call now!", "see you at lunch", "", "Überweisung ΟΔΟΣ İstanbul"]


class LinearOnnx(TestCase):
    def train_linear(self, *arguments, output="model"):
        self.winnow("train", MESSAGES, "--output-dir", output, "--quiet", *arguments)

    def scores(self, bundle):
        out, _ = self.winnow("classify", bundle, "--json", "--quiet", "--", *TEXTS)
        return [{each["label"]: each["score"] for each in json.loads(line)["scores"]} for line in out.splitlines()]

    def assert_same_scores(self, one, other):
        for ours, theirs in zip(self.scores(one), self.scores(other), strict=True):
            self.assertEqual(set(ours), set(theirs))
            for label, score in ours.items():
                self.assertAlmostEqual(score, theirs[label], 5)

    def test_an_exported_model_comes_back(self):
        for options in (["--kind", "lr"], ["--kind", "svm", "--sublinear", "--ngrams", "1-2"]):
            self.train_linear(*options)
            before = self.files()
            out, _ = self.winnow("export", "model", "--json")
            self.assertEqual(json.loads(out)["bytes"], os.path.getsize(self.path("model", "onnx", "model.onnx")))
            after = self.files()
            self.assertEqual(set(after) - set(before), {"onnx/model.onnx", "onnx/model_metadata.json"})
            metadata = json.loads(after["onnx/model_metadata.json"])
            self.assertEqual((metadata["labels"], metadata["positive_label"]), (["ham", "spam"], "spam"))
            self.winnow("verify", "model")
            out, _ = self.winnow("import", "model/onnx/model.onnx", "--output-dir", "back", "--json", "--quiet")
            answer = json.loads(out)
            self.assertEqual((answer["labels"], answer["positive_label"]), (["ham", "spam"], "spam"))
            self.winnow("verify", "back")
            self.assert_same_scores("model", "back")

    def test_an_output_directory_deploys_as_it_is(self):
        self.train_linear("--kind", "lr")
        self.winnow("export", "model", "--output", "web", "--quiet")
        self.assertEqual(set(self.files("web")), {"labels.json", "training_info.json", "winnow.json", "MODEL_VERSION.json", "onnx/model.onnx",
                                                  "onnx/model_metadata.json"})
        self.winnow("verify", "web")
        self.fails("export", "model", "--output", "back", "--format", "onnx-int8", says=["a linear model cannot be exported as INT8"])
        self.fails("export", "model", "--with-token-types", says=["no token types"])
        self.fails("export", "model", "--external-data", says=["--external-data"])
        self.fails("export", "model", "--no-bake-temperature", says=["always contains the temperature", "omit --no-bake-temperature"])
        self.winnow("train", MESSAGES, "--output-dir", "other", "--kind", "lr", "--quiet")
        self.fails("export", "model", "--output", "other", says=["other: contains a model with its weights", "--overwrite"])

    def test_characters_are_exported_but_not_imported(self):
        self.train_linear("--kind", "lr", "--analyzer", "both")
        self.winnow("export", "model", "--quiet")
        self.fails("import", "model/onnx/model.onnx", "--output-dir", "back", says=["node '", "winnow train"])
        self.assertFalse(os.path.exists(self.path("back")))

    def test_labels_can_be_named_anew(self):
        self.train_linear("--kind", "lr")
        self.winnow("export", "model", "--quiet")
        file = "model/onnx/model.onnx"
        self.winnow("import", file, "--output-dir", "back", "--labels", "good,bad", "--positive-label", "bad", "--name", "mail", "--quiet")
        self.assertEqual(set(self.scores("back")[0]), {"good", "bad"})
        manifest = json.loads(self.files("back")["winnow.json"])
        self.assertEqual((manifest["name"], manifest["positive_label"], manifest["kind"]), ("mail", "bad", "lr"))
        info = json.loads(self.files("back")["training_info.json"])
        self.assertEqual((info["classes"], info["imported_from"]["file"]), (["good", "bad"], "model.onnx"))
        self.fails("import", file, "--output-dir", "b", "--labels", "one", code=2, says=["--labels has 1 names", "ham, spam"])
        self.fails("import", file, "--output-dir", "b", "--labels", "one,one", says=["one"])
        self.fails("import", file, "--output-dir", "b", "--positive-label", "x", code=2, says=["there is no label 'x'"])

    def test_other_files_are_refused(self):
        self.fails("import", "missing.onnx", "--output-dir", "back", says=["missing.onnx"])
        self.write("text.onnx", "no model at all")
        self.fails("import", "text.onnx", "--output-dir", "back", says=["text.onnx: is not a complete ONNX model"])
        self.train()
        self.winnow("export", "model", "--quiet")
        self.fails("import", "model/onnx/model.onnx", "--output-dir", "back", says=["this is a transformer", "the directory that it was exported from"])
        self.assertFalse(os.path.exists(self.path("back")))

    def test_scikit_learns_pipeline_answers(self):
        fixture = os.path.join(SHARED, "fixtures", "lr-tfidf-baseline.onnx")
        if not os.path.exists(fixture):
            self.skipTest("no shared directory")
        self.winnow("import", fixture, "--output-dir", "spam", "--quiet")
        self.assertEqual(set(self.scores("spam")[0]), {"0", "1"})
        self.winnow("import", fixture, "--output-dir", "spam", "--labels", "ham,spam", "--quiet")
        self.winnow("verify", "spam")
        scores = self.scores("spam")
        self.assertGreater(scores[0]["spam"], .5)
        self.assertLess(scores[1]["spam"], .5)


if __name__ == "__main__":
    winnow.main()

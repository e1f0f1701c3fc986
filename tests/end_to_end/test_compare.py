"""Models side by side: the figures are evaluate's, and one broken model costs the others nothing."""
import hashlib
import json
import os
import shutil
import xml.etree.ElementTree

import winnow
from winnow import MESSAGES, TestCase, messages

FIGURES = "count accuracy f1_macro f1_micro f1_weighted roc_auc fpr ece intervals labels per_class confusion".split()


class Compare(TestCase):
    def setUp(self):
        super().setUp()
        rows = messages()
        self.write("small.tsv", "".join(rows[:401]))
        self.write("test.tsv", rows[0] + "".join(rows[401:]))

    def compare(self, *arguments, **options):
        return json.loads(self.winnow("compare", *arguments, "--json", **options)[0])

    def evaluate(self, model, *arguments):
        return json.loads(self.winnow("evaluate", model, *arguments, "--json")[0])

    def two_models(self):
        """models/one, and below models/group a second one with its labels the other way round."""
        self.write("reversed.txt", "spam\nham\n")
        self.trained("--epochs", 6, "--quantize", "--max-drop", 1, data="small.tsv", output="models/one")
        self.trained("--labels", "reversed.txt", "--epochs", 4, data="small.tsv", output="models/group/two")

    def test_models_that_may_have_seen_the_held_out_part_are_named(self):
        linear = ("--kind", "lr", "--C", 10)
        self.winnow("train", MESSAGES, *linear, "--output-dir", "same")
        self.winnow("train", MESSAGES, *linear, "--output-dir", "valid", "--validation-size", .2)
        self.winnow("train", MESSAGES, *linear, "--output-dir", "seed", "--seed", 7)
        self.winnow("train", "small.tsv", *linear, "--output-dir", "other")
        # Other names, and labels in another order, make another split.
        self.winnow("train", MESSAGES, *linear, "--label-map", "ham=wanted", "--label-map", "spam=unwanted", "--output-dir", "renamed")
        self.winnow("train", MESSAGES, *linear, "--label-map", "spam=Spam", "--label-map", "ham=Ham", "--output-dir", "capitals")
        self.winnow("train", MESSAGES, *linear, "--labels", "spam,ham", "--output-dir", "reversed")
        self.winnow("train", MESSAGES, *linear, "--labels", "ham,spam", "--output-dir", "ordered")
        models = ("same", "valid", "seed", "other", "renamed", "capitals", "reversed", "ordered")
        _, err = self.winnow("compare", MESSAGES, *models, "--held-out")
        warned = [name for name in models if f"{name}: it was not trained on the training part" in err]
        self.assertEqual(warned, ["seed", "other", "renamed", "reversed"])
        _, err = self.winnow("compare", MESSAGES, "same", "seed")
        self.assertNotIn("it was not trained on", err)

    def test_figures_are_those_of_evaluate_whatever_the_order_of_labels(self):
        self.two_models()
        report = self.compare("test.tsv", "--models", "models", "--save", "history.jsonl")
        models = {model["name"]: model for model in report["models"]}
        self.assertEqual(set(models), {"one", "two"})
        self.assertEqual(models["two"]["labels"], ["spam", "ham"])
        for name, path in (("one", "models/one"), ("two", "models/group/two")):
            evaluated = self.evaluate(path, "test.tsv")
            for figure in FIGURES:
                self.assertEqual(models[name][figure], evaluated[figure], f"{name}: {figure}")
            self.assertEqual((models[name]["bundle"], models[name]["left_out"], models[name]["base_model"]), (path, 0, "scratch"))
            self.assertGreater(models[name]["ms_per_text"], 0)
        self.assertEqual((models["one"]["weights"], models["two"]["weights"]), ("int8", "f32"))
        self.assertLess(models["one"]["size_mb"], models["two"]["size_mb"], "of the bytes that answer")
        self.assertEqual([m["f1_macro"] for m in report["models"]], sorted((m["f1_macro"] for m in models.values()), reverse=True))
        self.assertEqual(report["best"], report["models"][0]["name"])
        # The same again, named one by one; the history has a line for each run.
        again = self.compare("test.tsv", "models/one", "models/group/two", "models/one/", "--save", "history.jsonl", "--threads", 1)
        self.assertEqual([m["accuracy"] for m in again["models"]], [m["accuracy"] for m in report["models"]])
        with open(self.path("history.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(lines, [report, again])
        with open(self.path("test.tsv"), "rb") as file:
            self.assertEqual(lines[0]["data_sha256"], hashlib.sha256(file.read()).hexdigest())
        self.assertEqual(lines[0]["rows"], 200)
        # --weights and --mode go through.
        both = self.compare("test.tsv", "models/one", "models/group/two", "--weights", "int8", "--mode", "lenient", code=1)
        self.assertIn("INT8", both["models"][1]["error"]["message"])
        evaluated = self.evaluate("models/one", "test.tsv", "--weights", "int8", "--mode", "lenient")
        self.assertEqual(both["models"][0]["confusion"], evaluated["confusion"])

    def test_the_table_and_the_picture_show_all_that_could_be_measured(self):
        self.unverified = True
        self.two_models()
        torn = self.path("models", "torn")
        shutil.copytree(self.path("models", "one"), torn)
        for name in ("model_int8.safetensors", "model.safetensors"):
            with open(os.path.join(torn, name), "r+b") as file:
                file.truncate(os.path.getsize(file.name) // 2)
        shutil.copytree(self.path("models", "one"), self.path("models", "no-config"))
        os.remove(self.path("models", "no-config", "config.json"))
        shutil.copytree(self.path("models", "one"), self.path("models", "strange-words"))
        for name in ("tokenizer.json", "vocab.txt"):
            with open(self.path("models", "strange-words", name), "w", encoding="utf-8") as file:
                file.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n" + "".join(f"word{i}\n" for i in range(50000)))
        os.makedirs(self.path("models", "empty"))
        table, err = self.winnow("compare", "test.tsv", "--models", "models", "missing", "--plot", "models.svg", code=1)
        for line in table.split("not evaluated")[0].splitlines():
            self.assertLessEqual(len(line), 100)
        self.assertRegex(table, r"\n  \* (one|two) +scratch +\d\.\d{4} \[\d\.\d{3}, \d\.\d{3}\] +\d\.\d{4} +[\d.]+ +\d+\.\d (int8|f32)")
        self.assertRegex(table, r"F1 by label\n +model +(ham +spam|spam +ham)\n")
        failed = table.split("not evaluated")[1]
        for name in ("torn", "no-config", "strange-words", "missing"):
            self.assertIn(f"    {name}: ", failed)
        self.assertNotIn("empty", table)
        with open(self.path("models.svg"), encoding="utf-8") as file:
            picture = file.read()
        self.assertTrue(xml.etree.ElementTree.fromstring(picture.encode()).tag.endswith("svg"))
        for name in ("one", "two"):
            self.assertIn(f">{name}<", picture)
        self.assertNotIn("torn", picture)

    def test_without_gnuplot_the_figures_come_all_the_same(self):
        self.trained(data="small.tsv")
        os.makedirs(self.path("bin"))
        bare = {"PATH": self.path("bin")}
        out, err = self.winnow("compare", "test.tsv", "model", "--plot", "models.png", environment=bare)
        self.assertIn("model", out)
        self.assertIn("warning: .png plots require gnuplot", err)
        self.assertFalse(os.path.exists(self.path("models.png")))
        self.winnow("compare", "test.tsv", "model", "--plot", "models.svg", environment=bare)
        self.assertTrue(os.path.exists(self.path("models.svg")), "an SVG file needs no other program")
        self.fails("compare", "test.tsv", "model", "--plot", "models.gif", code=2, says=[".svg"])

    def test_labels_that_a_model_does_not_know_are_errors_or_left_out_and_said(self):
        self.trained(data="small.tsv")
        rows = messages()
        self.write("three.tsv", rows[0] + "".join(rows[401:501]) + "".join(f"maybe\tcall me {i}\n" for i in range(20)))
        drop = ("--unknown-labels", "drop")
        model, = self.compare("three.tsv", "model", *drop)["models"]
        self.assertEqual((model["count"], model["left_out"], model["unknown_labels"]), (100, 20, {"maybe": 20}))
        self.assertIn("model is evaluated on 100 of 120 rows", self.winnow("compare", "three.tsv", "model", *drop)[0])
        counted, = self.compare("three.tsv", "model")["models"]
        self.assertEqual((counted["count"], counted["left_out"], counted["unknown_label_texts"], counted["unknown_labels"]), (120, 0, 20, {"maybe": 20}))
        self.assertAlmostEqual(counted["accuracy"], model["accuracy"] * 100 / 120)
        self.assertIn("20 of the 120 texts have labels that model does not have, and count as its errors: maybe",
                      self.winnow("compare", "three.tsv", "model")[0])
        out, err = self.winnow("compare", "three.tsv", "model", "--unknown-labels", "refuse", "--json", code=1)
        self.assertIn("20 rows have labels that are not among the labels of the model: maybe (20)", json.loads(out)["models"][0]["error"]["message"])
        self.write("other.tsv", "label\ttext\n" + "".join(f"{'yes' if i % 2 else 'no'}\tcall me {i}\n" for i in range(20)))
        out, err = self.winnow("compare", "other.tsv", "model", "--json", "--save", "history.jsonl", code=1)
        self.assertIn("no usable row", json.loads(out)["models"][0]["error"]["message"])
        self.assertIn("no model could be evaluated", err)
        self.assertFalse(os.path.exists(self.path("history.jsonl")), "nothing to remember")

    def test_sets_of_labels(self):
        rows = "".join(f"{'a free prize' if i % 3 == 0 else 'the meeting'} {'today' if i % 2 else 'urgent now'} {i},{int(i % 3 == 0)},{int(i % 2 == 0)}\n"
                       for i in range(240))
        self.write("multi.csv", "comment,prize,urgent\n" + rows)
        fields = ("--text-field", "comment", "--label-field", "prize,urgent")
        self.train(*fields, "--epochs", 6, data="multi.csv")
        self.train(data="small.tsv", output="single")
        report = self.compare("multi.csv", "single", "model", *fields, code=1)
        evaluated = self.evaluate("model", "multi.csv", *fields)
        for figure in ("accuracy", "f1_macro", "per_class", "confusion"):
            self.assertEqual(report["models"][0][figure], evaluated[figure], figure)
        self.assertIn("error", report["models"][1])
        # Where no label is shared, texts without any label are no measure of the model.
        self.write("others.csv", "comment,x,y\n" + "".join(f"text {i},{int(i == 5)},0\n" for i in range(20)))
        out, _ = self.winnow("compare", "others.csv", "model", "--text-field", "comment", "--label-field", "x,y", "--json", code=1)
        self.assertIn("no usable row", json.loads(out)["models"][0]["error"]["message"])

    def test_what_makes_no_sense_is_refused_before_anything_is_measured(self):
        self.fails("compare", "test.tsv", code=2, says=["no model", "--models"])
        self.fails("compare", "missing.tsv", "model", says=["missing.tsv"])
        self.fails("compare", self.directory, "model", code=2, says=["not a regular file"])
        self.fails("compare", "test.tsv", "model", "--save", "no/where.jsonl", says=["--save", "no such directory"])
        self.fails("compare", "test.tsv", "model", "--filter", "chars <", code=2, says=["filter"])
        self.fails("compare", "test.tsv", "--models", "nowhere", says=["nowhere"])
        os.makedirs(self.path("models", "empty"))
        self.fails("compare", "test.tsv", "--models", "models", says=["there is no model below"])


if __name__ == "__main__":
    winnow.main()

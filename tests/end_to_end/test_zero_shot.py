"""Labels that no model was trained for. The judge is a small random-looking model whose labels are those of inference: what it
says of a text is nonsense, but must be the same nonsense whichever way it is asked."""
import json
import os

import winnow
from winnow import TestCase, messages

TEXTS = ["see you at six", "win a free prize now", "call me later, please", ""]
LABELS = ["spam", "work meeting", "private"]


class ZeroShot(TestCase):
    def setUp(self):
        super().setUp()
        rows = messages()
        names = ("contradiction", "neutral", "entailment")
        self.write("nli.tsv", "label\ttext\n" + "".join(f"{names[i % 3]}\t{row.split(chr(9), 1)[1]}" for i, row in enumerate(rows[1:301])))
        self.write("labels.txt", "\n".join(names) + "\n")
        self.trained("--labels", "labels.txt", "--max-length", 64, "--quantize", "--max-drop", 1, data="nli.tsv", output="nli")

    def ask(self, *arguments, texts=TEXTS, labels=",".join(LABELS), **options):
        out, _ = self.winnow("classify", "nli", "--zero-shot", labels, "--json", *arguments, "--", *texts, **options)
        return [json.loads(line) for line in out.splitlines()]

    def assertSameScores(self, one, other, bound):
        for a, b in zip(one, other, strict=True):
            b = {each["label"]: each["score"] for each in b["scores"]}
            for each in a["scores"]:
                self.assertAlmostEqual(each["score"], b[each["label"]], delta=bound)

    def test_one_label_out_of_all(self):
        answers = self.ask()
        self.assertEqual(len(answers), len(TEXTS))
        for answer in answers:
            scores = [each["score"] for each in answer["scores"]]
            self.assertEqual(sorted(each["label"] for each in answer["scores"]), sorted(LABELS))
            self.assertEqual(scores, sorted(scores, reverse=True))
            self.assertAlmostEqual(sum(scores), 1, delta=1e-5)
            self.assertEqual((answer["label"], answer["decision"]), (answer["scores"][0]["label"],) * 2)
            self.assertFalse(answer["abstained"])
        self.assertEqual(len({answer["scores"][0]["score"] for answer in answers}), len(TEXTS), "the texts make no difference")
        # White space and empty labels don't count; the order changes no score; another hypothesis does.
        self.assertEqual(self.ask(labels=" spam, work meeting ,,private"), answers)
        self.assertSameScores(self.ask(labels="private,spam,work meeting"), answers, 1e-5)
        self.assertEqual(self.ask("--hypothesis", "This text is about {}."), answers)
        self.assertNotEqual(self.ask("--hypothesis", "It is {label}."), answers)
        self.assertEqual([len(answer["scores"]) for answer in self.ask("--top-k", 2)], [2] * len(TEXTS))
        self.assertSameScores(self.ask("--weights", "float"), self.ask("--weights", "int8"), 0.05)
        out, _ = self.winnow("classify", "nli", TEXTS[1], "--zero-shot", ",".join(LABELS))
        self.assertIn(TEXTS[1], out)
        self.assertIn(answers[1]["label"], out)

    def test_each_label_by_itself(self):
        answers = self.ask("--multi-label")
        for answer in answers:
            self.assertIsInstance(answer["decision"], list)
            self.assertEqual(set(answer["decision"]), {each["label"] for each in answer["scores"] if each["score"] >= 0.5})
        # A single label is judged by itself, whatever is said; so other labels change nothing.
        for label in LABELS:
            self.assertSameScores(self.ask(labels=label), answers, 1e-5)
            self.assertSameScores(self.ask("--multi-label", labels=label), answers, 1e-5)
        lenient = self.ask("--multi-label", "--mode", "lenient")
        for answer in lenient:
            self.assertEqual(set(answer["decision"]), {each["label"] for each in answer["scores"] if each["score"] >= 0.7})

    def test_entailment_by_number(self):
        answers = self.ask("--multi-label", "--weights", "float")
        with open(self.path("nli", "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        config["id2label"] = {str(i): f"LABEL_{i}" for i in range(3)}
        config["label2id"] = {f"LABEL_{i}": i for i in range(3)}
        self.write("nli/config.json", json.dumps(config))
        self.fails("classify", "nli", "x", "--zero-shot", "a,b", says=["config.json", "SHA-256", "--no-verify"])
        self.unverified = True
        self.fails("classify", "nli", "x", "--zero-shot", "a,b", "--weights", "float", says=["LABEL_0, LABEL_1, LABEL_2", "--entailment-id"])
        self.assertEqual(self.ask("--multi-label", "--entailment-id", 2, "--weights", "float"), answers)
        self.assertNotEqual(self.ask("--multi-label", "--entailment-id", 1, "--weights", "float"), answers)
        self.fails("classify", "nli", "x", "--zero-shot", "a,b", "--entailment-id", 3, code=2, says=["--entailment-id 3 is out of range: the model has 3 labels"])

    def test_files(self):
        self.write("texts.jsonl", "".join(json.dumps({"text": text, "other": 1}) + "\n" for text in TEXTS[:3] * 40))
        self.winnow("classify", "nli", "--zero-shot", ",".join(LABELS), "--input", "texts.jsonl", "--output", "answers.jsonl", "--batch-size", 50)
        with open(self.path("answers.jsonl"), encoding="utf-8") as file:
            answers = [json.loads(line) for line in file]
        expected = self.ask(texts=TEXTS[:3]) * 40
        self.assertEqual(answers, [{**answer, "row": row} for row, answer in enumerate(expected, 1)])
        out, err = self.winnow("classify", "nli", "--zero-shot", ",".join(LABELS), "--json", stdin="\n".join(TEXTS[:3]).encode())
        self.assertEqual([json.loads(line) for line in out.splitlines()], answers[:3])

    def test_compared_with_trained_models(self):
        rows = messages()
        self.write("small.tsv", "".join(rows[:401]))
        self.write("test.tsv", rows[0] + "".join(rows[401:521]))
        self.train(data="small.tsv", output="spam")
        report = json.loads(self.winnow("compare", "test.tsv", "spam", "--zero-shot", "nli", "--json")[0])
        models = {model["name"]: model for model in report["models"]}
        self.assertEqual(set(models), {"spam", "nli (zero-shot)"})
        zero = models["nli (zero-shot)"]
        self.assertEqual((zero["kind"], zero["weights"], zero["count"], zero["labels"]), ("zero-shot", "int8", 120, ["ham", "spam"]))
        self.assertGreater(zero["size_mb"], 0)
        self.assertGreater(zero["ms_per_text"], 0)
        texts = [row.rstrip("\n").split("\t", 1) for row in rows[401:521]]
        answers = self.ask(texts=[text for _, text in texts], labels="ham,spam")
        right = sum(answer["decision"] == label for answer, (label, _) in zip(answers, texts))
        self.assertAlmostEqual(zero["accuracy"], right / 120)
        trained = json.loads(self.winnow("compare", "test.tsv", "spam", "--json")[0])["models"][0]
        self.assertEqual(models["spam"]["confusion"], trained["confusion"])
        # Alone, as a table.
        table, _ = self.winnow("compare", "test.tsv", "--zero-shot", "nli")
        self.assertIn("* nli (zero-shot)", table)
        # Names of labels are asked about as words.
        self.write("named.tsv", "label\ttext\n" + "".join(f"{'not_safe' if i % 2 else 'all-right'}\t{text}\n" for i, (_, text) in enumerate(texts)))
        named = json.loads(self.winnow("compare", "named.tsv", "--zero-shot", "nli", "--hypothesis", "It is {label}.", "--json")[0])["models"][0]
        answers = self.ask("--hypothesis", "It is {label}.", texts=[text for _, text in texts], labels="all right,not safe")
        right = sum(answer["decision"] == ("not safe" if i % 2 else "all right") for i, answer in enumerate(answers))
        self.assertAlmostEqual(named["accuracy"], right / 120)
        # A set of labels is judged label by label.
        self.write("multi.csv", "text,prize,urgent\n" + "".join(f"a prize today {i},{i % 2},{int(i % 3 == 0)}\n" for i in range(30)))
        multi = json.loads(self.winnow("compare", "multi.csv", "--zero-shot", "nli", "--label-field", "prize,urgent", "--json")[0])["models"][0]
        self.assertEqual(multi["labels"], ["prize", "urgent"])
        # One that is no judge costs the others nothing.
        report = json.loads(self.winnow("compare", "test.tsv", "spam", "--zero-shot", "spam", "--json", code=1)[0])
        self.assertIn("none of its labels (ham, spam)", report["models"][1]["error"]["message"])

    def test_what_makes_no_sense_is_refused(self):
        nli = ("classify", "nli", "some text")
        self.fails(*nli, "--zero-shot", "", code=2, says=["requires labels"])
        self.fails(*nli, "--zero-shot", " , ", code=2, says=["requires labels"])
        self.fails(*nli, "--zero-shot", "a,b,a", code=2, says=["twice"])
        self.fails(*nli, "--zero-shot", "a,b", "--hypothesis", "about this", code=2, says=["{label}"])
        self.fails(*nli, "--hypothesis", "It is {label}.", code=2, says=["--hypothesis", "--zero-shot"])
        self.fails(*nli, "--multi-label", code=2, says=["--multi-label", "--zero-shot"])
        self.fails(*nli, "--max-length", 100, code=2, says=["--max-length", "--zero-shot"])
        offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": self.path("cache")}
        self.fails("classify", "nowhere", "x", "--zero-shot", "a,b", says=["nowhere"], environment=offline)
        self.write("test.tsv", "label\ttext\nham\tx\nspam\ty\n")
        self.fails("compare", "test.tsv", "nli", "--entailment-id", 1, code=2, says=["--entailment-id", "--zero-shot"])
        self.fails("compare", "test.tsv", "--zero-shot", "nli", "--hypothesis", "about", code=2, says=["{label}"])
        self.fails("compare", "test.tsv", "--zero-shot", "nowhere", says=["nowhere"], environment=offline)
        self.winnow("train", "test.tsv", "nli.tsv", "--kind", "lr", "-o", "linear", "-q")
        self.fails("classify", "linear", "some text", "--zero-shot", "a,b", says=["a linear model", "natural language inference"])
        self.assertFalse(os.path.exists(self.path("answers.jsonl")))


if __name__ == "__main__":
    winnow.main()

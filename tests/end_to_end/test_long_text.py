"""Texts past a model's length: what is read of them, and what hides where."""
import json
import os

import winnow
from winnow import TestCase, messages

MODES = ("head", "head+tail", "windows")
HARMLESS = "see you at the station at six and bring the tickets for lunch with your sister tomorrow please thanks ".split()


def harmless(count):
    return " ".join(HARMLESS[i * (i // 7 + 3) % len(HARMLESS)] for i in range(count))


class LongTexts(TestCase):
    def answers(self, *texts, mode=None, model="model"):
        arguments = ["--long-text", mode] if mode else []
        out, _ = self.winnow("classify", model, "--json", *arguments, "--", *texts)
        return [json.loads(line) for line in out.splitlines()]

    def labels(self, text, **options):
        return {mode: self.answers(text, mode=mode, **options)[0]["label"] for mode in MODES}

    def surest_spam(self):
        """Twice, so that it fills a window of 64 tokens."""
        texts = [line.rstrip("\n").split("\t", 1)[1] for line in messages()[1:] if line.startswith("spam")]
        scores = [answer["score"] for answer in self.answers(*texts)]
        return " ".join([texts[scores.index(max(scores))]] * 2)

    def test_spam_behind_harmless_words_is_found(self):
        self.trained("--epochs", 8, "--max-length", 64, "--quantize", "--max-drop", 1)
        spam, words = self.surest_spam(), harmless(400)
        self.assertEqual(self.labels(words), {"head": "ham", "head+tail": "ham", "windows": "ham"})
        self.assertEqual(self.labels(f"{words} {spam}"), {"head": "ham", "head+tail": "spam", "windows": "spam"})
        self.assertEqual(self.labels(f"{words} {spam} {words}"), {"head": "ham", "head+tail": "ham", "windows": "spam"})
        # What answers now is the model's own choice, in the same form.
        short = self.answers(spam, "see you at six", "")
        for mode in MODES:
            self.assertEqual(self.answers(spam, "see you at six", "", mode=mode), short, "short texts are read as they always were")
            self.assertEqual(list(self.answers(words, mode=mode)[0]), list(short[0]))
        self.assertEqual(self.answers(words), self.answers(words, mode="head"))
        # Alone, or in company.
        texts = [f"{words} {spam} {words}", spam, words, "", f"{words} {spam}"]
        together = self.answers(*texts, mode="windows")
        self.assertEqual(together, [self.answers(text, mode="windows")[0] for text in texts])
        self.fails("classify", "model", "text", "--long-text", "tail", code=2, says=["--long-text", "head+tail", "windows"])

    def test_a_model_remembers_how_it_reads_long_texts(self):
        rows = [line.rstrip("\n").split("\t", 1) for line in messages()[1::4]]
        train = self.write("train.tsv", "".join(messages()[:1] + [row for i, row in enumerate(messages()[1:]) if i % 4]))
        padded = self.write("padded.tsv", "label\ttext\n" + "".join(
            f"{label}\t{text if i % 2 else harmless(60 + i % 90) + f' {text} {text}'}\n" for i, (label, text) in enumerate(rows)))
        found = {}
        for mode in MODES:
            out, _ = self.train("--epochs", 8, "--max-length", 64, "--long-text", mode, "--test", padded, "--quantize", "--max-drop", 1, "--json", data=train)
            info = json.loads(out)
            self.assertEqual(json.loads(self.files()["winnow.json"])["long_text"], mode)
            self.assertEqual(info["hyperparameters"].get("long_text", "head"), mode)
            self.winnow("verify", "model")
            reports = [json.loads(self.winnow("evaluate", "model", padded, "--weights", "float", "--json", *arguments)[0])
                       for arguments in ([], ["--long-text", mode])]
            self.assertEqual(reports[0], reports[1])
            for key in ("accuracy", "f1_macro", "roc_auc", "fpr"):
                self.assertAlmostEqual(reports[0][key], info["metrics"][key], places=6, msg=f"{mode}: {key} of training and of evaluate")
            compared = json.loads(self.winnow("compare", padded, "model", "--weights", "float", "--json")[0])
            self.assertEqual(compared["models"][0]["accuracy"], reports[0]["accuracy"])
            gate = json.loads(self.winnow("quantize", "model", "--data", padded, "--max-drop", 1, "--output", f"small-{mode}", "--json")[0])
            self.assertAlmostEqual(gate["accuracy"]["float"], reports[0]["accuracy"], places=6)
            self.assertEqual(json.loads(self.files(f"small-{mode}")["winnow.json"])["long_text"], mode)
            self.winnow("bench", f"small-{mode}", padded, "--iterations", 5, "--seconds", 0.01, "--batch-sizes", 3)
            found[mode] = next(row["recall"] for row in reports[0]["per_class"] if row["label"] == "spam")
        self.assertGreater(found["windows"], found["head"] + 0.2)
        self.assertGreater(found["head+tail"], found["head"] + 0.2)

    def test_templates_and_several_labels_go_with_it(self):
        rows = "".join(json.dumps({"subject": f"{'win' if i % 2 else 'lunch'} {i}", "body": f"{harmless(i % 80)} {'money' if i % 2 else 'noon'} {i * 7}",
                                   "tags": ["junk", "loud"] if i % 2 else ["mail"]}) + "\n" for i in range(200))
        data = self.write("mail.jsonl", rows)
        for mode in MODES:
            arguments = ("--template", "{subject} [SEP] {body}", "--label-field", "tags", "--max-length", 24, "--long-text", mode, "--tune-thresholds")
            info = json.loads(self.train(*arguments, "--overwrite", "--epochs", 16, "--json", data=data)[0])
            report = json.loads(self.winnow("evaluate", "model", data, "--label-field", "tags", "--json")[0])
            self.assertEqual(report["count"], 200)
            self.assertGreater(report["accuracy"], 0.9)
            self.assertGreater(info["metrics"]["accuracy"], 0.9)
            out, _ = self.winnow("classify", "model", "--input", data, "--json")
            self.assertEqual(len(out.splitlines()), 200)

    def test_a_directory_without_a_manifest_has_the_length_of_its_tokenizer(self):
        self.train("--max-length", 64)
        os.remove(self.path("model", "winnow.json"))
        begin, end, other = harmless(14), harmless(20), " ".join(["prize"] * 20)

        def differ(length):
            with open(self.path("model", "tokenizer_config.json"), encoding="utf-8") as file:
                config = json.load(file)
            self.assertEqual(config["model_max_length"], 64 if length is None else config["model_max_length"])
            if length is not None:
                self.write("model/tokenizer_config.json", json.dumps(config | {"model_max_length": length}))
            one, another = self.answers(f"{begin} {end}", f"{begin} {other}")
            return one["scores"] != another["scores"]

        self.assertTrue(differ(None))
        self.assertFalse(differ(16), "14 words and two special tokens")
        self.assertTrue(differ(int(1e30)), "no limit, as transformers writes it")

    def test_a_huge_text_is_answered(self):
        self.trained("--epochs", 8, "--max-length", 64, "--quantize", "--max-drop", 1)
        spam = self.surest_spam()
        block = harmless(1000) + " "
        huge = block * (5 * 1024 * 1024 // len(block))
        data = self.write("huge.txt", f"{huge} {spam}\n{huge}\n{spam}\n")
        labels = {}
        for mode in MODES:
            out, _ = self.winnow("classify", "model", "--input", data, "--json", "--long-text", mode)
            labels[mode] = [json.loads(line)["label"] for line in out.splitlines()]
        self.assertEqual(labels["head"], ["ham", "ham", "spam"])
        self.assertEqual(labels["head+tail"], ["spam", "ham", "spam"])
        self.assertEqual(labels["windows"], ["spam", "ham", "spam"])


if __name__ == "__main__":
    winnow.main()

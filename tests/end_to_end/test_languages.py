"""Texts of eight languages and five scripts, through every step; with the tokenizers of multilingual models where they are there."""
import json
import os
import unittest

import winnow

TEXTS = os.path.join(winnow.SOURCE, "examples", "data", "multilingual.tsv")


def rows():
    with open(TEXTS, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file][1:]


class Languages(winnow.TestCase):
    def test_every_language_is_trained_on_and_classified(self):
        # Enough epochs to know the texts by heart: what is tested is that nothing of any script is lost on the way.
        self.winnow("train", TEXTS, "--base-model", "scratch", "--epochs", 60, "--test-size", 0, "--validation", TEXTS, "--precision", "f32",
                    "--output-dir", self.path("model"), code=1)  # all its texts would be held out
        train, held_out = self.path("train.tsv"), self.path("held-out.tsv")
        with open(train, "w", encoding="utf-8") as first, open(held_out, "w", encoding="utf-8") as second:
            for file in (first, second):
                file.write("label\ttext\n")
            for i, (_, label, text) in enumerate(rows()):
                (second if i % 8 in (3, 7) else first).write(f"{label}\t{text}\n")
        self.winnow("train", train, "--validation", held_out, "--test-size", 0, "--base-model", "scratch", "--epochs", 30, "--precision", "f32",
                    "--output-dir", self.path("model"))
        figures = json.loads(self.winnow("evaluate", self.path("model"), train, "--json")[0])
        self.assertEqual(figures["count"], 48)
        self.assertGreater(figures["accuracy"], 0.95)
        self.winnow("quantize", self.path("model"), "--data", train, "--max-drop", "0.05")
        small = json.loads(self.winnow("evaluate", self.path("model"), train, "--json")[0])
        self.assertGreater(small["accuracy"], 0.9)
        counts = json.loads(self.winnow("data", "inspect", TEXTS, "--json")[0])
        self.assertIn("Cyrillic", json.dumps(counts))

    def test_a_filter_takes_one_language(self):
        out = self.path("german.tsv")
        self.winnow("data", "filter", TEXTS, "--filter", "language=de", "--output", out)
        with open(out, encoding="utf-8") as file:
            self.assertEqual(len(file.read().splitlines()), 9)

    def test_multilingual_tokenizers_know_every_script(self):
        # (the tokenizer, the piece of what it doesn't know)
        for name, unknown in (("bert-base-multilingual-cased", "[UNK]"), ("deberta-v3", "[UNK]")):
            directory = os.path.join(winnow.SHARED, "tokenizers", name)
            if not os.path.exists(directory):
                raise unittest.SkipTest(f"needs {directory}")
            texts = [text for _, _, text in rows()]
            lines = [json.loads(line) for line in self.winnow("tokenize", directory, "--", *texts)[0].splitlines()]
            self.assertEqual(len(lines), len(texts))
            for (language, _, text), line in zip(rows(), lines):
                self.assertGreater(len(line["ids"]), 6, text)
                self.assertNotIn(unknown, line["tokens"] if "tokens" in line else line["pieces"], f"{name}, {language}: {text}")


if __name__ == "__main__":
    winnow.main()

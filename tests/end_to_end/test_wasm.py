"""The WebAssembly engine under Node against the program: the same labels and probabilities on 1,000 texts."""
import json
import os
import random
import shutil
import subprocess
import sys
import unittest

import winnow
from winnow import SOURCE

MODULE = os.environ.get("WINNOW_WASM", os.path.join(SOURCE, "build", "wasm", "winnow.wasm"))
MULTILINGUAL = os.path.join(SOURCE, "examples", "data", "multilingual.tsv")

# Reads {bundle, files, texts, modes}, and prints a line of JSON for each text and mode, or {"error"}.
DRIVER = """
import {readFileSync} from 'node:fs';
import {loadModel, loadTokenizer} from '%s';
const {bundle, files, texts, modes} = JSON.parse(readFileSync(0, 'utf8'));
// Linear models in the module that has nothing else.
const path = '%s';
const module = await WebAssembly.compile(readFileSync(modes.length === 0 ? path : path.replace('.wasm', '-linear.wasm')));
const contents = {};
for (const name of files) contents[name] = readFileSync(`${bundle}/${name}`);
try {
  if (modes.length === 0) {
    const tokenizer = await loadTokenizer(module, contents);
    for (const text of texts) console.log(JSON.stringify([...tokenizer.encode(text)]));
    tokenizer.release();
  } else {
    const model = await loadModel(module, contents);
    for (const mode of modes) for (const text of texts) console.log(JSON.stringify(model.classify(text, {mode})));
    model.release();
  }
} catch (error) {
  console.log(JSON.stringify({error: error.message}));
}
"""
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
FILES = ("winnow.json", "labels.json", "linear.bin")


def column(path, number):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t")[number] for line in file][1:]


def thousand_texts():
    """The example data, and changed copies of it: obfuscated, cut, in capitals, with other scripts and emoji."""
    texts = column(winnow.MESSAGES, 1) + column(MULTILINGUAL, 2)
    pick = random.Random(11)
    changes = (
        str.upper,
        lambda text: text.translate(str.maketrans("aeiop", "\u0430\u0435\u0456\u043e\u0440")),
        lambda text: text.translate(str.maketrans("aeiost", "431057")),
        lambda text: text.replace("e", "e\u0301\u200b"),
        lambda text: " ".join(text[:40]),
        lambda text: text[:pick.randrange(1, 30)] + "\U0001F389\U0001F1E9\U0001F1EA \u0130STANBUL \u039F\u0394\u039F\u03A3",
        lambda text: "".join(chr(ord(c) - 0x21 + 0xFF01) if "!" <= c <= "~" else c for c in text),
        lambda text: text * 30)
    kept = list(texts)
    while len(texts) < 999:
        texts.append(pick.choice(changes)(pick.choice(kept)))
    return texts + [""]


class Wasm(winnow.TestCase):
    def engine(self, texts, bundle="model", files=FILES, modes=("moderate",)):
        self.write("driver.mjs", DRIVER % (os.path.join(SOURCE, "wasm", "winnow.mjs"), MODULE))
        request = {"bundle": self.path(bundle), "files": files, "texts": texts, "modes": modes}
        result = subprocess.run(["node", self.path("driver.mjs")], input=json.dumps(request).encode(), capture_output=True, timeout=300)
        self.assertEqual(result.returncode, 0, result.stderr.decode("utf-8", "replace"))
        return [json.loads(line) for line in result.stdout.decode().splitlines()]

    def compare(self, texts, modes=("moderate",)):
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        expected = []
        for mode in modes:
            out, _ = self.winnow("classify", "model", "--input", "texts.jsonl", "--format", "jsonl", "--text-field", "text",
                                 "--mode", mode, "--json", "--quiet")
            expected += [json.loads(line) for line in out.splitlines()]
        found = self.engine(texts, modes=modes)
        self.assertEqual(len(expected), len(texts) * len(modes))
        self.assertEqual(len(found), len(expected))
        for text, of_program, of_engine in zip(texts * len(modes), expected, found):
            self.assertEqual(of_engine["label"], of_program["label"], text)
            self.assertEqual(of_engine["abstained"], of_program["abstained"], text)
            self.assertAlmostEqual(of_engine["score"], of_program["score"], delta=1e-5, msg=text)
            self.assertAlmostEqual(of_engine["confidence"], of_program["confidence"], delta=1e-5, msg=text)
            scores = {score["label"]: score["score"] for score in of_engine["scores"]}
            self.assertEqual(len(scores), len(of_program["scores"]))
            for score in of_program["scores"]:
                self.assertAlmostEqual(scores[score["label"]], score["score"], delta=1e-5, msg=text)

    def test_logistic_regression_predicts_as_the_program_does(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "model", "--quiet")
        self.compare(thousand_texts(), modes=("strict", "moderate", "lenient"))

    def test_svm_on_folded_text_predicts_as_the_program_does(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "svm", "--analyzer", "both", "--fold-disguises", "--output-dir", "model",
                    "--quiet")
        self.compare(thousand_texts())

    def test_model_of_many_labels_predicts_as_the_program_does(self):
        self.winnow("train", MULTILINGUAL, "--kind", "lr", "--analyzer", "char_wb", "--ngrams", "1-3", "--text-field", "text",
                    "--label-field", "language", "--output-dir", "model", "--quiet")
        self.compare(thousand_texts())

    def compare_tokens(self, bundle, files):
        texts = [text for text in thousand_texts() if "\n" not in text]
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        out, _ = self.winnow("tokenize", bundle, "--input", "texts.jsonl", "--no-verify")
        expected = [json.loads(line)["ids"] for line in out.splitlines()]
        self.assertEqual(len(expected), len(texts))
        found = self.engine(texts, bundle=bundle, files=files, modes=())
        self.assertEqual(len(found), len(texts))
        for text, of_program, of_engine in zip(texts, expected, found):
            self.assertEqual(of_engine, of_program, text)

    def test_tokens_are_those_of_the_program(self):
        self.train()
        self.compare_tokens("model", ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"))
        tokenizer = json.loads(self.files()["tokenizer.json"])
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            split = {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}
            changed = {**tokenizer, "normalizer": {"type": form}, "pre_tokenizer": split}
            self.write("model/tokenizer.json", json.dumps(changed))
            self.compare_tokens("model", ("tokenizer.json",))

    def test_expressions_without_code_are_refused_by_name(self):
        self.train()
        tokenizer = json.loads(self.files()["tokenizer.json"])
        split = {"type": "Split", "pattern": {"Regex": "[a-c]+"}, "behavior": "Isolated", "invert": False}
        self.write("model/tokenizer.json", json.dumps({**tokenizer, "pre_tokenizer": split}))
        self.assertIn("'[a-c]+'", self.engine(["a"], files=("tokenizer.json",), modes=())[0]["error"])

    def test_broken_and_unsupported_bundles_are_refused_by_name(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "model", "--quiet")
        self.assertIn("linear.bin: no such file", self.engine(["a"], files=FILES[:2])[0]["error"])
        whole = self.files()
        for length in (0, 7, 127, 128, 1000, len(whole["linear.bin"]) - 1):
            self.write("model/linear.bin", whole["linear.bin"][:length])
            self.assertIn("linear.bin", self.engine(["a"])[0]["error"])
        self.write("model/linear.bin", whole["linear.bin"])
        self.write("model/labels.json", '["a", "b", "c"]')
        self.assertIn("3", self.engine(["a"])[0]["error"])
        self.write("model/labels.json", "{")
        self.assertIn("labels.json: not valid JSON", self.engine(["a"])[0]["error"])
        self.write("model/labels.json", whole["labels.json"])
        manifest = json.loads(whole["winnow.json"])
        self.write("model/winnow.json", json.dumps({**manifest, "kind": "transformer"}))
        self.assertIn("reads linear models alone", self.engine(["a"])[0]["error"])
        self.write("model/winnow.json", json.dumps({**manifest, "temperature": -1}))
        self.assertIn("winnow.json", self.engine(["a"])[0]["error"])


if __name__ == "__main__":
    if not os.path.exists(MODULE) or shutil.which("node") is None:
        print("skipped: needs node and the module that ./dev wasm builds")
        sys.exit(77)
    winnow.main()

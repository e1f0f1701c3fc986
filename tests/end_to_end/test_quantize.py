"""From a trained model to a small and fast one, and what is wrong with damaged ones."""
import json
import os
import struct

import winnow
from winnow import MESSAGES, TestCase, messages, read_safetensors

BENCH = "load_ms p50_ms p95_ms p99_ms single_per_s batch_1_per_s batch_128_per_s resident_mb threads isa".split()
TEXTS = ["You have won a prize, call now", "see you at six", "", "free entry " * 30]


class Quantize(TestCase):
    def answers(self, model, *arguments, environment=None):
        out, _ = self.winnow("classify", model, "--json", *arguments, "--", *TEXTS, environment=environment)
        return [json.loads(line) for line in out.splitlines()]

    def test_a_model_becomes_small_and_answers_alike(self):
        info = json.loads(self.train("--epochs", 8, "--quantize", "--json")[0])
        self.assertEqual(set(info["quantization"]["accuracy"]), {"float", "int8"})
        self.winnow("verify", "model")
        self.assertIn("model_int8.safetensors", json.loads(self.files()["winnow.json"])["sha256"])
        small = json.loads(self.winnow("quantize", "model", "--output", "small", "--json")[0])
        self.assertLess(small["int8_bytes"], 0.45 * small["float_bytes"])
        self.winnow("verify", "small")
        self.assertNotIn("model.safetensors", self.files("small"))
        # To deploy: no texts of users, no file that is another model's as well.
        self.assertNotIn("calibration.jsonl", self.files("small"))
        self.assertEqual({os.stat(self.path("small", name)).st_nlink for name in self.files("small")}, {1})
        self.assertEqual([json.loads(self.files(model)["winnow.json"])["version"] for model in ("model", "small")], ["1.0.0", "1.0.1"])
        self.fails("quantize", "small", says=["model.safetensors"])
        self.fails("quantize", "model", "--output", "./model/", code=2, says=["is the directory of the model itself"])
        self.winnow("quantize", "model", "--output", "kept", "--keep-data", "--model-version", "1.5.0")
        self.assertEqual(self.files("kept")["calibration.jsonl"], self.files()["calibration.jsonl"])
        self.assertEqual(json.loads(self.files("kept")["MODEL_VERSION.json"])["version"], "1.5.0")
        self.winnow("quantize", "model")
        self.assertEqual(json.loads(self.files()["winnow.json"])["version"], "1.0.0", "the same INT8 weights")
        self.assertEqual(self.files("small")["model_int8.safetensors"], self.files()["model_int8.safetensors"])
        exact, int8 = self.answers("model", "--weights", "float"), self.answers("model")
        self.assertEqual(self.answers("small"), int8)
        for a, b in zip(exact, int8):
            self.assertEqual(a["label"], b["label"])
            self.assertAlmostEqual(a["score"], b["score"], delta=0.05)
        self.assertNotEqual([a["score"] for a in exact], [a["score"] for a in int8], "bytes answered")
        self.fails("classify", "small", "--weights", "float", "text", says=["model.safetensors"])
        for isa in ("portable", "avx2"):
            for a, b in zip(int8, self.answers("model", environment={"WINNOW_ISA": isa})):
                self.assertAlmostEqual(a["score"], b["score"], delta=0.01)
        self.fails("classify", "model", "text", code=2, environment={"WINNOW_ISA": "sse9"}, says=["WINNOW_ISA", "avx2"])

    def test_a_bundle_for_browsers_is_smaller_still(self):
        self.train("--epochs", 8)
        self.fails("quantize", "model", "--target", "browser", code=2, says=["another vocabulary", "--output"])
        report = json.loads(self.winnow("quantize", "model", "--target", "browser", "--output", "web", "--vocabulary", 1500,
                                        "--train-data", MESSAGES, "--max-drop", ".1", "--json")[0])
        steps = report["steps"]
        self.assertEqual([step["name"] for step in steps], ["float", "1500 tokens", "INT8", "4 bits"])
        self.assertEqual(sorted((step["bytes"] for step in steps), reverse=True), [step["bytes"] for step in steps])
        self.assertLess(steps[0]["accuracy"] - steps[-1]["accuracy"], .1)
        self.winnow("verify", "web")
        web = self.files("web")
        self.assertEqual(len(web["model_int8.safetensors"]), steps[-1]["bytes"])
        self.assertFalse({"model.safetensors", "vocab.txt", "training.svg", "calibration.jsonl"} & set(web))
        self.assertEqual(len(json.loads(web["tokenizer.json"])["model"]["vocab"]), 1500)
        self.assertEqual(json.loads(web["config.json"])["vocab_size"], 1500)
        for a, b in zip(self.answers("model"), self.answers("web")):
            self.assertEqual(a["label"], b["label"])
        self.assertEqual(self.answers("web"), self.answers("web", "--threads", 1))

    def test_training_can_be_left_out(self):
        self.trained()
        before = self.files()
        self.winnow("train", "--skip-training", "--output-dir", "model")
        exported = self.files()
        self.assertEqual(exported["model.safetensors"], before["model.safetensors"])
        self.assertTrue(os.path.exists(self.path("model", "onnx", "model.onnx")))
        self.assertNotIn("model_int8.safetensors", exported)
        self.winnow("train", "--skip-training", "--quantize", "--max-drop", 1, "--output-dir", "model")
        after = self.files()
        self.assertEqual(after["model.safetensors"], before["model.safetensors"])
        self.assertIn("model_int8.safetensors", after)
        self.assertTrue(os.path.exists(self.path("model", "onnx", "model_quantized.onnx")))
        self.winnow("verify", "model")
        self.assertEqual(os.listdir(self.directory), ["model"], "nothing else is left")
        self.fails("train", "--output-dir", "other", code=2, says=["no data"])

    def test_training_texts_are_no_measure(self):
        self.train()
        held_out = json.loads(self.files()["training_info.json"])["validation_count"]
        out = json.loads(self.winnow("train", MESSAGES, "--skip-training", "--quantize", "--max-drop", 1, "--output-dir", "model", "--json")[0])
        self.assertEqual(out["quantization"]["texts"], held_out)
        _, err = self.winnow("quantize", "model", "--data", MESSAGES, "--max-drop", 1)
        self.assertIn("the drop on training texts says little about new texts", err)
        _, err = self.winnow("quantize", "model", "--vocabulary", 500, "--keep-data", "--filter", "label=spam", "--max-drop", 1)
        for says in ("--vocabulary has no effect without --target browser", "--keep-data has no effect without --output", "--filter has no effect without --data"):
            self.assertIn(says, err)

    def test_templates_are_measured_and_tokenized(self):
        rows = [line.rstrip("\n").split("\t") for line in messages()[1:200]]
        data = self.write("mail.jsonl", "".join(json.dumps({"label": label, "subject": "re", "body": text}) + "\n" for label, text in rows))
        self.train("--template", "{subject} [SEP] {body}", data=data)
        (first, *_) = self.winnow("tokenize", "model", "--input", data)[0].splitlines()
        tokens = json.loads(first)
        self.assertEqual(tokens["text"], "re\x1e" + rows[0][1])
        at = tokens["tokens"].index("[SEP]")
        self.assertLess(at, len(tokens["tokens"]) - 1)
        self.assertIn("offsets", json.loads(self.winnow("tokenize", "model", rows[0][1])[0]))
        measured = [json.loads(self.winnow("bench", "model", *given, "--iterations", 5, "--seconds", .01, "--batch-sizes", 2, "--json")[0]) for given in ([data], [])]
        self.assertGreater(measured[0]["tokens_per_text"], 5)
        _, err = self.winnow("classify", "model", "--input", data, "--text-field", "body")
        self.assertIn("--text-field body has no effect, because a text template makes the texts of subject, body", err)

    def test_the_gate_has_something_to_measure(self):
        self.train("--no-keep-data")
        self.fails("quantize", "model", says=["the model has no calibration texts", "calibration.jsonl", "--data"])
        self.assertNotIn("model_int8.safetensors", self.files())
        self.write("held.tsv", "".join(messages()[:60]))
        self.winnow("quantize", "model", "--data", "held.tsv", "--max-drop", 1)
        self.assertEqual(json.loads(self.files()["winnow.json"])["version"], "1.0.1")
        self.fails("quantize", "model", "--max-drop", 2, code=2, says=["--max-drop"])

    def test_others_directories_are_left_as_they_are(self):
        self.trained()
        for name in ("winnow.json", "calibration.jsonl", "training_info.json"):
            os.remove(self.path("model", name))
        before = self.files()
        self.write("held.tsv", "".join(messages()[:60]))
        self.fails("quantize", "model", "--data", "held.tsv", code=2, says=["--output"])
        self.winnow("quantize", "model", "--data", "held.tsv", "--max-drop", 1, "--output", "small")
        self.assertEqual(self.files(), before)
        self.assertEqual(len(self.answers("small")), len(TEXTS))

    def test_damaged_weights_are_refused_by_name(self):
        self.unverified = True
        self.trained("--quantize", "--max-drop", 1)
        weights = self.path("model", "model_int8.safetensors")
        with open(weights, "rb") as file:
            good = file.read()
        name = next(name for name in read_safetensors(weights) if name.endswith("layer.0.output.dense.weight_scale"))
        length = struct.unpack("<Q", good[:8])[0]
        begin = 8 + length + json.loads(good[8:8 + length])[name]["data_offsets"][0]
        for value in (0.0, float("inf"), float("nan"), -1.0):
            with open(weights, "wb") as file:
                file.write(good[:begin] + struct.pack("<f", value) + good[begin + 4:])
            self.fails("classify", "model", "text", says=[name, "scale"])
            self.fails("verify", "model", says=["has been changed since it was written: model_int8.safetensors"])
        with open(weights, "wb") as file:
            file.write(good[:len(good) // 2])
        self.fails("classify", "model", "text", says=["model_int8.safetensors"])
        with open(weights, "wb") as file:
            file.write(good)
        config = json.loads(self.files()["config.json"])
        config.update({"id2label": {"0": "spam", "1": "ham"}, "label2id": {"spam": 0, "ham": 1}})
        self.write("model/config.json", json.dumps(config))
        os.remove(self.path("model", "labels.json"))
        self.fails("classify", "model", "text", says=["the labels in the file differ"])

    def test_many_and_long_texts_are_answered(self):
        self.trained("--quantize", "--max-drop", 1)
        self.write("many.txt", "".join(f"message number {i}\n" for i in range(10000)) + "word " * 100000 + "\n\n")
        out, _ = self.winnow("classify", "model", "--json", "--input", "many.txt", "--batch-size", 20000)
        self.assertEqual(len(out.splitlines()), 10002)

    def test_speed_is_measured(self):
        self.trained("--quantize", "--max-drop", 1)
        out, _ = self.winnow("bench", "model", "--iterations", 20, "--seconds", 0.01, "--json", "--plot", "b.svg", "--threads", 2)
        report = json.loads(out)
        for key in BENCH:
            self.assertIn(key, report)
        self.assertEqual(report["weights"], "int8")
        self.assertRegex(report["int8_instructions"], "^(AMX|AVX|SCALAR|EMU|NEON)")
        self.assertLessEqual(report["p50_ms"], report["p99_ms"])
        self.assertEqual({t["threads"] for t in report["throughput"]}, {1, 2})
        with open(self.path("b.svg"), encoding="utf-8") as file:
            self.assertIn("texts per second", file.read())
        table, err = self.winnow("bench", "model", MESSAGES, "--iterations", 5, "--seconds", 0.01, "--batch-sizes", 3, "--sorted",
                                 "--weights", "float", "--plot", "b.png", "--format", "tsv")
        self.assertIn("TSV, 2 columns, with a header; 600 rows, 600 kept", err)
        self.assertIn("f32 weights", table)
        self.assertRegex(table, r"kernels, \d thread", "no INT8 instructions are named with other weights")
        with open(self.path("b.png"), "rb") as file:
            self.assertEqual(file.read(8), b"\x89PNG\r\n\x1a\n")
        self.fails("bench", "model", "--plot", "b.gif", code=2, says=[".svg"])
        self.fails("bench", "model", "--batch-sizes", "many", code=2, says=["many"])


if __name__ == "__main__":
    winnow.main()

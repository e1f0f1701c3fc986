"""From a trained model to ONNX files, as a user does it. What is in the files is compared in tools/conformance/onnx.py."""
import json
import os
import shutil

import winnow
from winnow import TestCase, read_safetensors, write_safetensors

DEPLOYED = {"config.json", "labels.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "winnow.json",
            "MODEL_VERSION.json", "sentence_bert_config.json", "training_info.json", "onnx/model_metadata.json"}


class Export(TestCase):
    def setUp(self):
        super().setUp()
        self.trained()

    def test_files_go_into_the_bundle_and_its_manifest(self):
        before = self.files()
        out, err = self.winnow("export", "model", "--format", "onnx", "--json")
        first = json.loads(out)
        self.assertEqual(first, {"path": "model/onnx/model.onnx", "format": "onnx", "external_data": False,
                                 "bytes": os.path.getsize(self.path("model", "onnx", "model.onnx"))})
        self.assertIn("export onnx", err)
        second = json.loads(self.winnow("export", "model", "--format", "onnx-int8", "--json")[0])
        self.assertLess(second["bytes"], 0.3 * first["bytes"])
        after = self.files()
        self.assertEqual(set(after) - set(before), {"onnx/model.onnx", "onnx/model_quantized.onnx", "onnx/model_metadata.json"})
        for name in set(before) - {"winnow.json"}:
            self.assertEqual(before[name], after[name], name)
        self.assertEqual(set(json.loads(after["winnow.json"])["sha256"]), set(after) - {"winnow.json", "MODEL_VERSION.json", "README.md"})
        self.winnow("verify", "model")
        # Once more, into other files: those of the first time go.
        out, _ = self.winnow("export", "model", "--external-data", "--quiet")
        self.assertRegex(out, r"^model/onnx/model.onnx  [\d.]+ MB, with model.onnx.data\n$")
        self.winnow("verify", "model")
        self.winnow("export", "model", "--quiet")
        self.assertEqual(self.files(), after)
        # A bundle with ONNX files is a bundle still: it answers, and is replaced by the next training.
        self.winnow("classify", "model", "hello")
        self.train("--quiet")
        self.assertNotIn("onnx/model.onnx", self.files())

    def test_metadata_say_what_a_service_needs(self):
        self.winnow("export", "model")
        metadata = json.loads(self.files()["onnx/model_metadata.json"])
        manifest = json.loads(self.files()["winnow.json"])
        for key in ("version", "max_length", "thresholds"):
            self.assertEqual(metadata[key], manifest[key])
        self.assertEqual((metadata["temperature"], metadata["baked_temperature"]), (1, manifest["temperature"]))
        self.assertEqual(metadata["inputs"], ["input_ids", "attention_mask"])
        self.assertEqual(metadata["labels"], ["ham", "spam"])
        self.assertEqual(metadata["sha256"], {"model.onnx": manifest["sha256"]["onnx/model.onnx"]})
        self.assertEqual(metadata["metrics"], json.loads(self.files()["training_info.json"])["metrics"])
        self.winnow("export", "model", "--no-bake-temperature", "--with-token-types")
        metadata = json.loads(self.files()["onnx/model_metadata.json"])
        self.assertEqual(metadata["temperature"], manifest["temperature"])
        self.assertNotIn("baked_temperature", metadata)
        self.assertEqual(metadata["inputs"], ["input_ids", "attention_mask", "token_type_ids"])

    def test_an_output_directory_deploys_as_it_is(self):
        before = self.files()
        self.winnow("export", "model", "--format", "onnx,onnx-int8", "--output", "deep/er/web")
        self.assertEqual(self.files(), before)
        web = self.files("deep/er/web")
        self.assertEqual(set(web), DEPLOYED | {"onnx/model.onnx", "onnx/model_quantized.onnx"})
        for name in ("config.json", "labels.json", "tokenizer.json", "vocab.txt"):
            self.assertEqual(web[name], before[name], name)
        self.winnow("verify", "deep/er/web")
        # A former export is replaced, with a word about it.
        _, err = self.winnow("export", "model", "--format", "onnx-int8", "--output", "deep/er/web")
        self.assertIn("replaced a model", err)
        self.assertEqual(set(self.files("deep/er/web")), DEPLOYED | {"onnx/model_quantized.onnx"})

    def test_other_programs_truncate_as_the_model_does(self):
        self.train("--quiet", "--max-length", 24)
        self.winnow("export", "model", "--output", "web")
        # A base model that pads and truncates as it was pretrained.
        base = json.loads(self.files()["tokenizer.json"])
        base["truncation"] = {"direction": "Right", "max_length": 128, "strategy": "LongestFirst", "stride": 0}
        base["padding"] = {"strategy": {"Fixed": 128}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
        self.write("model/tokenizer.json", json.dumps(base))
        self.write("model/tokenizer_config.json", json.dumps({**json.loads(self.files()["tokenizer_config.json"]), "model_max_length": 512}))
        self.winnow("train", winnow.MESSAGES, "--base-model", "model", "--no-verify", "--epochs", 1, "--max-length", 16, "--output-dir", "tuned", "--quiet")
        for directory, length in (("web", 24), ("tuned", 16)):
            files = self.files(directory)
            self.assertEqual(json.loads(files["tokenizer_config.json"])["model_max_length"], length)
            tokenizer = json.loads(files["tokenizer.json"])
            self.assertEqual(tokenizer["truncation"], {"direction": "Right", "max_length": length, "strategy": "LongestFirst", "stride": 0})
            self.assertIsNone(tokenizer["padding"])
            self.assertEqual(json.loads(files["sentence_bert_config.json"])["max_seq_length"], length)
            self.winnow("verify", directory)
        before = json.loads(self.winnow("tokenize", "model", "--no-verify", "--max-length", 16, "You won a prize, call now")[0])
        self.assertEqual(json.loads(self.winnow("tokenize", "tuned", "--max-length", 16, "You won a prize, call now")[0]), before)

    def test_versions_are_those_that_people_give_or_edit(self):
        self.assertEqual(json.loads(self.files()["MODEL_VERSION.json"]), {"version": "1.0.0", "models": {"model": "1.0.0"}})
        self.winnow("export", "model", "--quiet")
        metadata = json.loads(self.files()["onnx/model_metadata.json"])
        self.write("model/onnx/model_metadata.json", json.dumps({**metadata, "version": "1.1.0"}, indent=2))
        out, _ = self.winnow("verify", "model")
        self.assertIn("the version was edited in onnx/model_metadata.json: 1.1.0 instead of 1.0.0", out)
        report = json.loads(self.winnow("verify", "model", "--json")[0])
        self.assertEqual((report["ok"], report["version"], report["version_edited"]), (True, "1.1.0", ["onnx/model_metadata.json"]))
        self.write("model/onnx/model_metadata.json", json.dumps({**metadata, "version": "1.1.0", "max_length": 7}, indent=2))
        self.fails("verify", "model", says=["onnx/model_metadata.json"])
        self.write("model/onnx/model_metadata.json", json.dumps({**metadata, "version": "1.1.0"}, indent=2))
        self.winnow("export", "model", "--output", "web")
        self.winnow("export", "model", "--output", "two", "--model-version", "2.0.0")
        self.winnow("export", "model", "--quiet")
        for directory, version in (("model", "1.1.0"), ("web", "1.1.0"), ("two", "2.0.0")):
            for file in ("winnow.json", "MODEL_VERSION.json", "onnx/model_metadata.json"):
                self.assertEqual(json.loads(self.files(directory)[file])["version"], version, (directory, file))
            self.assertNotIn("edited", self.winnow("verify", directory)[0])
        self.winnow("export", "model", "--model-version", "3.1.4", "--quiet")
        self.assertEqual(json.loads(self.winnow("verify", "model", "--json")[0])["version"], "3.1.4")
        for command in (["export", "model"], ["calibrate", "model"], ["quantize", "model"], ["train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "x"]):
            self.fails(*command, "--model-version", "1.0", code=2, says=["--model-version", "'1.0'", "1.2.0"])
        # Trained anew, it is the next one.
        self.train("--quiet")
        self.assertEqual(json.loads(self.files()["winnow.json"])["version"], "3.2.0")
        self.train("--quiet", "--name", "other", "--model-version", "0.9.0-rc.1")
        self.assertEqual(json.loads(self.files()["winnow.json"])["version"], "0.9.0-rc.1")

    def test_an_export_with_float_weights_is_a_model(self):
        manifest = json.loads(self.files()["winnow.json"])
        self.write("model/winnow.json", json.dumps({**manifest, "temperature": 1.7}))
        _, err = self.winnow("export", "model", "--format", "onnx,safetensors", "--output", "full")
        self.assertIn("contain the calibration by a temperature", err)
        self.winnow("verify", "full")
        full = json.loads(self.files("full")["winnow.json"])
        self.assertEqual((full["temperature"], full["baked_temperature"]), (1, 1.7))
        texts = ["You have won a prize, call now", "see you at six", ""]
        scores = [[json.loads(line)["score"] for line in self.winnow("classify", model, "--json", "--", *texts)[0].splitlines()] for model in ("model", "full")]
        for ours, theirs in zip(*scores):
            self.assertAlmostEqual(ours, theirs, places=6)
        self.fails("export", "model", "--format", "safetensors", code=2, says=["requires --output"])

    def test_an_output_directory_never_costs_a_model(self):
        before = self.files()
        for output in ("model", "model/", "./model", ".", self.directory, ".."):
            self.fails("export", "model", "--output", output, "--overwrite", code=2, says=["is the directory of the model that is exported"])
        os.symlink("model", self.path("link"))
        self.fails("export", "model", "--output", "link", "--overwrite", code=2, says=["is the directory of the model"])
        shutil.copytree(self.path("model"), self.path("other"))
        self.fails("export", "model", "--output", "other", says=["other: contains a model with its weights", "--overwrite"])
        self.write("notes.txt", "mine")
        self.fails("export", "model", "--output", "notes.txt", says=["is a file"])
        os.mkdir(self.path("mine"))
        shutil.copy(self.path("notes.txt"), self.path("mine"))
        self.fails("export", "model", "--output", "mine", says=["contains files that are not part of a Winnow model: notes.txt"])
        self.assertEqual(self.files("other"), before)
        self.assertEqual(self.files(), before)
        self.winnow("export", "model", "--output", "other", "--overwrite")
        self.assertNotIn("model.safetensors", self.files("other"))

    def test_bad_models_and_options_are_named(self):
        self.fails("export", code=2, says=["BUNDLE"])
        self.fails("export", "model", "--format", "onxn", code=2, says=["'onxn'", "onnx-int8"])
        self.fails("export", "nowhere", says=["nowhere"])
        self.unverified = True
        path = self.path("model", "model.safetensors")
        tensors = read_safetensors(path)
        name = "bert.encoder.layer.0.output.dense.weight"
        write_safetensors(path, {key: value for key, value in tensors.items() if key != name})
        self.fails("export", "model", says=[f"no tensor '{name}'"])
        write_safetensors(path, {key: value for key, value in tensors.items() if not key.startswith("classifier")})
        self.fails("export", "model", says=["base model without a classification head", "winnow train"])
        dtype, shape, data = tensors[name]
        write_safetensors(path, {**tensors, name: (dtype, shape, data[:-4] + b"\0\0\xc0\x7f")})
        for output in ([], ["--output", "web"]):
            self.fails("export", "model", *output, says=[name, "NaN"])
        self.assertFalse(os.path.exists(self.path("web")))
        for size in (0, 7, 100, os.path.getsize(path) - 1):
            with open(path, "rb+") as file:
                file.truncate(size)
            self.fails("export", "model", says=["model.safetensors"])
            write_safetensors(path, tensors)
        self.winnow("export", "model")


if __name__ == "__main__":
    winnow.main()

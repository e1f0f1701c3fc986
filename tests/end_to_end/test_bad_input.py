"""What is wrong with the input is said, with what to do about it, and nothing is lost or half-written."""
import json
import os
import re
import signal
import struct
import subprocess
import time

import winnow
from winnow import MESSAGES, TestCase, read_safetensors, write_safetensors

GOOD = "label\ttext\n" + "".join(f"{'spam' if i % 2 else 'ham'}\t{'win a prize' if i % 2 else 'see you'} number {i}\n" for i in range(60))


class BadData(TestCase):
    def refused(self, contents, *says, arguments=(), name="data.tsv"):
        data = self.write(name, contents)
        err = self.fails("train", data, "--base-model", "scratch", "--epochs", 1, "--output-dir", "model", *arguments, says=says)
        self.assertFalse(os.path.exists(self.path("model")), "nothing is left behind")
        self.assertEqual([name for name in os.listdir(self.directory) if "tmp" in name or "winnow" in name], [])
        return err

    def test_files_that_are_no_data(self):
        self.fails("train", "none.tsv", "--output-dir", "model", says=["none.tsv"])
        self.fails("train", "none.tsv", says=["--output-dir is required"], code=2)
        self.refused("", "empty")
        self.refused("label\ttext\n", "data.tsv")
        self.refused("label\ttext\n" + "ham\tsee you 1\nham\tsee you 2\n" * 5, "ham")
        self.refused("number\tmessage\n1\tone\n2\ttwo\n", "number", "--label-field")
        self.refused(bytes(range(256)) * 50)
        self.refused(b"\x7fELF" + bytes(4000))

    def test_labels_that_only_one_part_has(self):
        self.write("test.tsv", "label\ttext\nham\thello\njunk\tbuy\nspam\twin\n")
        self.refused(GOOD, "junk", arguments=["--test", "test.tsv", "--unknown-labels", "refuse"])
        self.fails("train", self.write("data.tsv", GOOD), "--base-model", "scratch", "--output-dir", "m", "--positive-label", "offal", code=2, says=["positive", "ham"])

    def test_odd_texts_are_read(self):
        data = self.write("odd.tsv", GOOD.encode() + b"ham\t" + b"x" * (1 << 20) + b"\nspam\t   \nham\tnul\0byte\nspam\t\xff\xfe bad bytes\n")
        _, err = self.train(data=data)
        self.assertIn("empty", err)
        for text in ("", "   ", "x" * 100000, "🙂" * 100, "a\tb"):
            answer = json.loads(self.winnow("classify", "model", "--json", "--", text)[0])
            self.assertIn(answer["label"], ("ham", "spam"))
        out, _ = self.winnow("classify", "model", "--json", stdin=b"a\0b\n\xff\xfe\n\n" + b"y" * (1 << 20) + b"\n")
        self.assertEqual(len(out.splitlines()), 4)


class Notes(TestCase):
    def test_notes_name_options_of_the_command(self):
        hot = self.write("hot.jsonl", "".join(json.dumps({"text": f"text {i} of many", "label": [i % 2, 1, 0]}) + "\n" for i in range(12)))
        missing = self.write("missing.csv", "text,label\n" + "".join(f"message {i} here,{('N/A', 'spam', 'Spam')[i % 3]}\n" for i in range(30)))
        for command in (["inspect"], ["split", "--output-dir", "parts"], ["dedupe", "--output", "out.jsonl"], ["doctor"], ["filter", "--output", "out.jsonl"]):
            options = self.winnow("data", command[0], "--help-all" if "--help-all" in self.winnow("data", command[0], "--help")[0] else "--help")[0]
            for file, keeps in ((hot, ["--labels", "a,b,c"]), (missing, ["--label-map", "N/A=N/A"])):
                notes = "".join(self.winnow("data", command[0], file, *command[1:], *(["--overwrite"] if command[0] == "split" else [])))
                named = set(re.findall(r"specify (--[a-z-]+)", notes))
                self.assertIn(keeps[0], named, command)
                for name in named:
                    self.assertIn(name + " ", options, f"{command}: {name}")
                notes = "".join(self.winnow("data", command[0], file, *command[1:], *(["--overwrite"] if command[0] == "split" else []), *keeps))
                self.assertNotIn(f"specify {keeps[0]} NAME" if keeps[0] == "--labels" else "is read as no label", notes, command)
        self.winnow("data", "split", missing, "--output-dir", "kept", "--label-map", "N/A=N/A")
        self.assertEqual(sum(contents.count(b"N/A") for contents in self.files("kept").values()), 10)


class Weakened(TestCase):
    def test_checks_are_not_turned_off_by_files(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "model", "-q")
        self.write("weak.toml", "verify = false\n")
        for arguments, environment in ((["--config", "weak.toml"], {}), ([], {"WINNOW_VERIFY": "0"})):
            self.fails("classify", "model", "hello", *arguments, code=2, environment=environment, says=["is only allowed on the command line, because it weakens a check", "--no-verify"])
        self.fails("config", "check", "weak.toml", "--for", "serve", code=2, says=["weak.toml, line 1: verify: 'false' is only allowed"])
        self.winnow("classify", "model", "hello", "--no-verify")
        self.write("good.toml", "port = 8081\n")
        _, err = self.winnow("config", "check", "good.toml", "--for", "serve", environment={"WINNOW_API_KEY_FLIE": "keys", "WINNOW_EPOCHS": "3"})
        self.assertIn("the environment variable WINNOW_API_KEY_FLIE has no effect: no command has an option of this name; did you mean 'WINNOW_API_KEY_FILE'?", err)
        self.assertNotIn("EPOCHS", err)


class BadModels(TestCase):
    def setUp(self):
        super().setUp()
        self.unverified = True
        self.trained()
        self.weights = self.path("model", "model.safetensors")

    def refused(self, *says):
        return self.fails("classify", "model", "hello", says=says)

    def test_weights_in_other_files_or_of_an_adapter(self):
        os.rename(self.weights, self.path("model", "whole"))
        self.refused("model.safetensors: no such file", "has no weights")
        for name, says in (("model.safetensors.index.json", "several files"), ("pytorch_model.bin", "are in pytorch_model.bin")):
            self.write(os.path.join("model", name), "{}")
            for command in (["classify", "model", "hello"], ["evaluate", "model", MESSAGES], ["serve", "model", "--port", 0]):
                self.fails(*command, says=[says, "winnow pull "])
            os.remove(self.path("model", name))
        self.write("model/adapter_config.json", json.dumps({"peft_type": "LORA", "base_model_name_or_path": "bert-base-uncased"}))
        self.refused("LoRA adapter for 'bert-base-uncased'", "merge_and_unload")
        os.rename(self.path("model", "whole"), self.weights)
        self.refused("LoRA adapter", "is not applied")

    def test_weights_as_training_programs_write_them(self):
        tensors = read_safetensors(self.weights)
        expected = json.loads(self.winnow("classify", "model", "--json", "You won a prize")[0])["score"]
        for prefix in ("module.", "_orig_mod.", "module._orig_mod."):
            write_safetensors(self.weights, {prefix + name: tensor for name, tensor in tensors.items()})
            self.assertEqual(json.loads(self.winnow("classify", "model", "--json", "You won a prize")[0])["score"], expected, prefix)
        bf16 = {name: ("BF16", shape, b"".join(data[i + 2:i + 4] for i in range(0, len(data), 4))) for name, (_, shape, data) in tensors.items()}
        write_safetensors(self.weights, bf16)
        self.assertAlmostEqual(json.loads(self.winnow("classify", "model", "--json", "You won a prize")[0])["score"], expected, delta=0.05)
        write_safetensors(self.weights, tensors)
        config = json.loads(self.files()["config.json"])
        self.write("model/config.json", json.dumps(config | {"architectures": ["MySpamClassifier"]}))
        self.assertEqual(json.loads(self.winnow("classify", "model", "--json", "You won a prize")[0])["score"], expected)

    def test_damaged_weights(self):
        with open(self.weights, "rb") as file:
            good = file.read()
        length = struct.unpack("<Q", good[:8])[0]
        header = json.loads(good[8:8 + length])
        header.pop("__metadata__", None)
        names = list(header)

        def write(contents):
            with open(self.weights, "wb") as file:
                file.write(contents)

        def write_header(changed):
            text = json.dumps(changed).encode()
            write(struct.pack("<Q", len(text)) + text + good[8 + length:])

        write(good[:len(good) // 2])
        self.refused("model.safetensors")
        write(good[:5])
        self.refused("model.safetensors")
        write(b"")
        self.refused("model.safetensors")
        write(struct.pack("<Q", 1 << 60) + good[8:])
        self.refused("model.safetensors")
        overlapping = json.loads(json.dumps(header))
        overlapping[names[1]]["data_offsets"] = overlapping[names[0]]["data_offsets"]
        write_header(overlapping)
        self.refused("model.safetensors", names[1])
        beyond = json.loads(json.dumps(header))
        beyond[names[0]]["data_offsets"] = [1 << 50, (1 << 50) + 4]
        write_header(beyond)
        self.refused("model.safetensors", names[0])
        write(good)
        tensors = read_safetensors(self.weights)
        dtype, shape, data = tensors["classifier.weight"]
        tensors["classifier.weight"] = (dtype, shape, struct.pack("<f", float("nan")) + data[4:])
        write_safetensors(self.weights, tensors)
        self.refused("classifier.weight", "NaN")
        self.fails("verify", "model", says=["1 of", "has been changed since it was written: model.safetensors"])

    def test_files_that_disagree(self):
        config = json.loads(self.files()["config.json"])
        for key, value, says in (("num_hidden_layers", 3, "layer.2"), ("hidden_size", 64, "["), ("num_attention_heads", 5, "5"),
                                 ("vocab_size", 7, "7"), ("model_type", "gpt9", "gpt9")):
            self.write("model/config.json", json.dumps({**config, key: value}))
            self.refused(says)
        labels = {str(i): f"L{i}" for i in range(10)}
        self.write("model/config.json", json.dumps({**config, "id2label": labels, "label2id": {v: int(k) for k, v in labels.items()}}))
        os.remove(self.path("model", "labels.json"))
        self.refused("classifier.weight", "10 labels")
        self.write("model/config.json", "{")
        self.refused("config.json")
        self.write("model/config.json", json.dumps(config))
        tokenizer = json.loads(self.files()["tokenizer.json"])
        del tokenizer["model"]["vocab"]["[UNK]"]
        self.write("model/tokenizer.json", json.dumps(tokenizer))
        self.refused("[UNK]")
        os.remove(self.path("model", "tokenizer.json"))
        os.remove(self.path("model", "vocab.txt"))
        self.refused("tokenizer.json")
        self.fails("classify", "nowhere", "hello", says=["nowhere"])

    def test_a_head_of_another_size_is_replaced_on_request(self):
        rows = "label\ttext\n" + "".join(f"{'abc'[i % 3]}\ttext {'abc'[i % 3]} {i}\n" for i in range(90))
        data = self.write("three.tsv", rows)
        self.fails("train", data, "--base-model", "model", "--output-dir", "three", "--epochs", 1, says=["3 labels", "--reinit-head"])
        self.winnow("train", data, "--base-model", "model", "--output-dir", "three", "--epochs", 1, "--reinit-head")

    def test_a_changed_file_is_found(self):
        with open(self.weights, "r+b") as file:
            file.seek(-3, 2)
            file.write(b"\x01")
        out, err = self.winnow("verify", "model", code=1)
        self.assertIn("model.safetensors", out)


class Output(TestCase):
    def test_other_things_are_not_overwritten(self):
        os.mkdir(self.path("model"))
        self.write("model/thesis.txt", "three years of work")
        data = self.write("data.tsv", GOOD)
        self.fails("train", data, "--base-model", "scratch", "--output-dir", "model", says=["thesis.txt", "--overwrite"])
        self.assertEqual(self.files(), {"thesis.txt": b"three years of work"})
        self.train("--overwrite", data=data)
        self.assertIn("winnow.json", self.files())
        self.assertEqual(self.files()["thesis.txt"], b"three years of work")

    def test_a_model_is_replaced_with_a_warning(self):
        data = self.write("data.tsv", GOOD)
        self.train(data=data)
        before = self.files()
        _, err = self.train("--seed", 7, data=data)
        self.assertIn("which is replaced when the new one is complete", err)
        self.assertNotEqual(self.files()["model.safetensors"], before["model.safetensors"])
        self.winnow("verify", "model")

    def test_a_full_disk_leaves_the_old_model(self):
        data = self.write("data.tsv", GOOD)
        self.train(data=data)
        before = self.files()
        # A file may grow to 64 KB: the weights do not fit, as on a full disk.
        command = f"ulimit -f 64; exec '{winnow.TestCase.program}' train '{data}' --base-model scratch --epochs 2 --output-dir model"
        result = subprocess.run(["bash", "-c", command], cwd=self.directory, capture_output=True, text=True, timeout=300)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("cannot write", result.stderr)
        self.assertEqual(self.files(), before)
        self.assertEqual(sorted(os.listdir(self.directory)), ["data.tsv", "model"])
        self.winnow("verify", "model")

    def test_wrong_usage_is_exit_code_2_with_advice(self):
        self.fails("trian", code=2, says=["train"])
        self.fails("train", "x.tsv", "--output-dir", "m", "--epoch", 3, code=2, says=["--epochs"])
        self.fails("train", "x.tsv", code=2, says=["--output-dir"])
        self.fails("train", "x.tsv", "--output-dir", "m", "--lr", "nan", code=2, says=["lr"])
        self.fails("classify", "m", "text", "--input", "x", code=2, says=["--input"])
        self.fails("train", self.write("data.tsv", GOOD), "--output-dir", "m", "--base-model", "scratch", "--metric", "beauty", code=2, says=["f1_macro"])
        self.assertIn("usage", self.winnow("train", "--help")[0].lower())


class Interruptions(TestCase):
    def start(self, *arguments):
        return subprocess.Popen([winnow.TestCase.program, "train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", *map(str, arguments)],
                                cwd=self.directory, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def wait_for_checkpoint(self, process):
        while not (os.path.isdir(self.path("model")) and any(name.startswith("checkpoint-") for name in os.listdir(self.path("model")))):
            self.assertIsNone(process.poll())
            time.sleep(0.02)

    def test_ctrl_c_leaves_the_last_checkpoint(self):
        process = self.start("--epochs", 400)
        self.wait_for_checkpoint(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("checkpoint-", err)
        self.assertIn("--resume", err)
        checkpoint = next(name for name in os.listdir(self.path("model")) if name.startswith("checkpoint-"))
        self.winnow("verify", f"model/{checkpoint}")
        self.winnow("classify", f"model/{checkpoint}", "hello")
        self.winnow("train", MESSAGES, "--base-model", f"model/{checkpoint}", "--output-dir", "next", "--epochs", 1)

    def test_a_kill_at_any_moment_leaves_a_whole_model(self):
        self.trained()
        for moment in (0.05, 0.15, 0.3, 0.5, 0.8, 1.2):
            process = self.start("--epochs", 2, "--seed", int(moment * 100))
            time.sleep(moment)
            process.kill()
            process.communicate()
            self.winnow("verify", "model")
            self.winnow("classify", "model", "hello")
        os.makedirs(self.path("model", ".checkpoint-14.winnow-Husrtz"))
        self.write("model/.checkpoint-14.winnow-Husrtz/config.json", "{")
        self.train()
        self.assertEqual(os.listdir(self.directory), ["model"], "the next run cleans up after killed ones")
        self.assertEqual([name for name in self.files() if name.startswith(".")], [])
        self.winnow("verify", "model")


if __name__ == "__main__":
    winnow.main()

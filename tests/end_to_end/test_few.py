"""Few examples: a head over a frozen encoder, cross-validation, and learning curves."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import winnow
from winnow import MESSAGES, TestCase

SCRATCH = ("--base-model", "scratch", "--epochs", 2, "--precision", "f32", "--threads", 1)


class Few(TestCase):
    def setUp(self):
        super().setUp()
        self.temporary = tempfile.mkdtemp(prefix="winnow-e2e-tmp-")
        self.addCleanup(shutil.rmtree, self.temporary, True)
        self.environment = {"TMPDIR": self.temporary}

    def run_json(self, *arguments):
        out, err = self.winnow(*arguments, "--json", environment=self.environment)
        self.assertEqual(os.listdir(self.temporary), [], "temporary files stay behind")
        return json.loads(out), err

    def stop_at_step(self, *arguments):
        """Interrupts it once it trains; returns standard error."""
        process = subprocess.Popen([winnow.TestCase.program, *map(str, arguments)], cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, **self.environment})
        told = ""
        for line in process.stderr:
            told += line
            if line.startswith("duplicates:"):  # the last line before the first step
                time.sleep(.5)
                process.send_signal(signal.SIGINT)
                break
        told += process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(timeout=300), 1, told)
        return told


class Folds(Few):
    def test_every_text_is_tested_once(self):
        found, err = self.run_json("train", MESSAGES, "--folds", 4, *SCRATCH, "--positive-label", "spam")
        self.assertEqual([fold["test_count"] for fold in found["folds"]], [150] * 4)
        self.assertTrue(all(fold["train_count"] + fold["validation_count"] == 450 for fold in found["folds"]))
        self.assertEqual([fold["validation_count"] for fold in found["folds"]], [60] * 4, "a tenth of all texts, as in a training")
        pooled = found["pooled"]
        self.assertEqual(pooled["count"], 600)
        self.assertEqual(sum(map(sum, pooled["confusion"])), 600)
        self.assertAlmostEqual(pooled["accuracy"], sum(fold["accuracy"] for fold in found["folds"]) / 4)
        self.assertAlmostEqual(found["mean"]["accuracy"], pooled["accuracy"])
        self.assertIsNotNone(pooled["roc_auc"])
        low, high = pooled["intervals"]["accuracy"]
        self.assertTrue(low < pooled["accuracy"] < high)
        self.assertEqual(found["hyperparameters"]["epochs"], 2)
        for k in range(1, 5):
            self.assertIn(f"fold {k} of 4: 150 test texts", err)
        again, _ = self.run_json("train", MESSAGES, "--folds", 4, *SCRATCH, "--positive-label", "spam")
        self.assertEqual(again["pooled"], pooled, "the same seed gives the same figures")
        self.assertEqual(os.listdir(self.directory), [], "no model stays")

    def test_the_configuration_of_a_bundle_is_trained_again(self):
        self.train("--epochs", 2, "--batch-size", 16, "--label-smoothing", 0.05, "--validation-size", 0.2, "--dropout", 0.05, "--threads", 1)
        before = self.files()
        of_bundle, _ = self.run_json("evaluate", "model", MESSAGES, "--folds", 3, "--threads", 1)
        self.assertEqual(of_bundle["hyperparameters"]["batch_size"], 16)
        self.assertEqual(of_bundle["hyperparameters"]["label_smoothing"], 0.05)
        self.assertEqual([fold["validation_count"] for fold in of_bundle["folds"]], [120] * 3)
        same, _ = self.run_json("train", MESSAGES, "--folds", 3, "--base-model", "scratch", "--epochs", 2, "--batch-size", 16, "--label-smoothing", 0.05,
                                "--validation-size", 0.2, "--dropout", 0.05, "--precision", "f32", "--threads", 1)
        self.assertEqual(of_bundle["pooled"], same["pooled"])
        other, _ = self.run_json("evaluate", "model", MESSAGES, "--folds", 3, "--seed", 9, "--threads", 1)
        self.assertNotEqual(other["pooled"], same["pooled"])
        self.assertEqual(self.files(), before, "the bundle is as it was")
        out, _ = self.winnow("evaluate", "model", MESSAGES, "--folds", 2)
        for says in ("2 folds", "mean", "600 texts", "roc_auc"):
            self.assertIn(says, out)

    def test_a_precision_that_this_cpu_does_not_have_is_replaced(self):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            if not {"avx512_bf16", "amx_bf16"} & set(file.read().split()):
                self.skipTest("no bf16 products on this CPU")
        self.train("--precision", "bf16")
        _, err = self.winnow("evaluate", "model", MESSAGES, "--folds", 2, environment={"WINNOW_ISA": "avx2"})
        self.assertEqual(err.count("the model was trained with --precision bf16, which this CPU does not support: f32 is used"), 1)

    def test_texts_that_come_twice_are_in_one_fold(self):
        lines = winnow.messages()
        self.write("twice.tsv", "".join(lines + lines[1:]))
        found, _ = self.run_json("train", "twice.tsv", "--folds", 2, *SCRATCH)
        self.assertEqual(found["pooled"]["count"], 600)

    def test_several_labels_a_text(self):
        rows = [{"text": ("win a prize " if i % 2 else "see you ") + ("at once " if i % 3 else "later ") + str(i), "labels": [name for name, has in
                 (("prize", i % 2), ("hurry", i % 3)) if has]} for i in range(120)]
        self.write("multi.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        found, _ = self.run_json("train", "multi.jsonl", "--folds", 3, *SCRATCH, "--tune-thresholds")
        self.assertTrue(found["pooled"]["multi_label"])
        self.assertEqual(found["pooled"]["count"], 120)
        curve, _ = self.run_json("data", "curve", "multi.jsonl", *SCRATCH, "--sizes", "40,1")
        self.assertEqual([point["texts"] for point in curve["points"]], [40, 84])

    def test_a_validation_file_serves_every_fold(self):
        lines = winnow.messages()
        self.write("a.tsv", "".join(lines[:500]))
        self.write("b.tsv", "".join(lines[:1] + lines[500:]))
        found, _ = self.run_json("train", "a.tsv", "--validation", "b.tsv", "--folds", 2, *SCRATCH)
        self.assertEqual([(fold["train_count"], fold["validation_count"]) for fold in found["folds"]], [(249, 101), (250, 101)])

    def test_an_interrupt_leaves_nothing(self):
        told = self.stop_at_step("train", MESSAGES, "--folds", 3, *winnow.with_defaults(SCRATCH, ["--epochs", 4000]))
        self.assertIn("fold 1 of 3: stopped at step", told)
        self.assertNotIn("--resume", told)
        self.assertEqual(os.listdir(self.temporary), [])
        told = self.stop_at_step("data", "curve", MESSAGES, *winnow.with_defaults(SCRATCH, ["--epochs", 4000]))
        self.assertIn("texts: stopped at step", told)
        self.assertEqual(os.listdir(self.temporary), [])
        self.assertEqual(os.listdir(self.directory), [])

    def test_what_can_not_be_is_refused(self):
        self.fails("train", MESSAGES, code=2, says=["--output-dir"])
        self.fails("train", MESSAGES, "--folds", 1, code=2, says=["folds"])
        self.fails("train", "missing.tsv", "--folds", 2, "--quantize", code=2, says=["--quantize"])
        self.fails("train", "--folds", 3, code=2, says=["no data"])
        self.fails("train", MESSAGES, "--folds", 3, "--test", MESSAGES, code=2, says=["--test"])
        self.fails("train", MESSAGES, "--folds", 3, "--quantize", code=2, says=["--quantize"])
        self.fails("train", MESSAGES, "--folds", 601, *SCRATCH, says=["600 texts", "601 folds"])
        self.train()
        self.fails("evaluate", "model", MESSAGES, "--folds", 3, "--mode", "strict", code=2, says=["--mode"])
        os.remove(self.path("model", "training_info.json"))
        self.fails("evaluate", "model", MESSAGES, "--folds", 3, says=["training_info.json", "winnow train DATA --folds"])


class Curve(Few):
    def test_sizes_grow_on_the_same_test_part(self):
        found, err = self.run_json("data", "curve", MESSAGES, *SCRATCH, "--sizes", "60,0.5,1")
        self.assertEqual([point["texts"] for point in found["points"]], [60, 210, 420])
        self.assertEqual((found["test_count"], found["available"]), (120, 420))
        self.assertIn("From 210 to 420 training texts", found["outlook"])
        self.assertIn("210 training texts: accuracy", err)
        # All of the texts are what a training has.
        whole, _ = self.winnow("train", MESSAGES, *SCRATCH, "--output-dir", "model", "--json")
        self.assertAlmostEqual(json.loads(whole)["metrics"]["f1_macro"], found["points"][-1]["f1_macro"])
        out, _ = self.winnow("data", "curve", MESSAGES, *SCRATCH)
        for says in ("52", "105", "420", "accuracy", "f1_macro", "From 210 to 420"):
            self.assertIn(says, out)

    def test_it_is_drawn(self):
        self.winnow("data", "curve", MESSAGES, *SCRATCH, "--sizes", "100,200", "--plot", "curve.svg")
        self.assertIn(b"macro-F1", self.files(".")["curve.svg"])
        self.winnow("data", "curve", MESSAGES, "--kind", "lr", "--sizes", "100,200", "--plot", "linear.svg")
        self.assertIn(b".tsv, lr", self.files(".")["linear.svg"])

    def test_what_can_not_be_is_refused(self):
        self.fails("data", "curve", MESSAGES, *SCRATCH, "--sizes", "421", code=2, says=["421", "420"])
        self.fails("data", "curve", MESSAGES, *SCRATCH, "--plot", "curve.doc", code=2, says=[".svg"])
        self.fails("data", "curve", MESSAGES, *SCRATCH, "--test-size", 0, says=["test"])
        self.fails("data", "curve", MESSAGES, "--output-dir", "m", code=2, says=["--output-dir"])


class FrozenEncoder(Few):
    def command(self, output, *arguments):
        return ["train", MESSAGES, "--base-model", self.path("base"), "--freeze", "encoder", "--epochs", 60, "--save-steps", 40, "--threads", 2, "--precision",
                "f32", "--output-dir", output, *arguments]

    def test_the_head_alone_learns_and_goes_on_to_the_same_bytes(self):
        self.train("--epochs", 4, output="base")
        _, err = self.winnow(*self.command("through"))
        self.assertIn("features  100 %", err)
        base, through = (winnow.read_safetensors(self.path(name, "model.safetensors")) for name in ("base", "through"))
        changed = {name for name in base if base[name] != through[name]}
        self.assertEqual(changed, {f"{part}.{kind}" for part in ("bert.pooler.dense", "classifier") for kind in ("weight", "bias")})
        def checkpoints():
            return os.path.isdir(self.path("cut")) and any(name.startswith("checkpoint-") for name in os.listdir(self.path("cut")))

        for _ in range(5):
            process = subprocess.Popen([winnow.TestCase.program, *map(str, self.command("cut"))], cwd=self.directory, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while process.poll() is None and not checkpoints():
                time.sleep(0.002)
            process.kill()
            if process.wait() != 0:
                break
        _, err = self.winnow(*self.command("cut", "--resume"))
        self.assertIn("resuming from", err)
        self.assertEqual(winnow.read_safetensors(self.path("cut", "model.safetensors")), through)

    def test_embeddings_that_are_no_means_are_noted(self):
        self.train("--attention-dropout", 0, output="base")
        self.assertEqual(json.loads(self.files("base")["config.json"])["attention_probs_dropout_prob"], 0)
        os.mkdir(self.path("base", "1_Pooling"))
        note = "an embedding of the base model is not the mean over all tokens"
        mean = {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
        first = {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
        for number, (pooling, noted) in enumerate([(mean, False), (first, True), ({"pooling_mode": "mean"}, False), ({"pooling_mode": "cls"}, True)]):
            self.write("base/1_Pooling/config.json", json.dumps(pooling))
            _, err = self.winnow("train", MESSAGES, "--base-model", self.path("base"), "--freeze", "encoder", "--epochs", 1, "--output-dir", f"m{number}")
            self.assertEqual(note in err, noted, pooling)
        _, err = self.winnow("train", MESSAGES, "--base-model", self.path("base"), "--max-steps", 1, "--output-dir", "trained")
        self.assertNotIn(note, err, "a trained encoder has other embeddings in any case")

    def test_no_checkpoints_unless_asked_for(self):
        self.train(output="base")
        command = [argument for argument in self.command("model", "--profile") if argument not in ("--save-steps", 40)]
        _, err = self.winnow(*command)
        self.assertRegex(err, r"checkpoints +0\.00")


if __name__ == "__main__":
    winnow.main()

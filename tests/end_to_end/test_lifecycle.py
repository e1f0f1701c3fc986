"""From a data file to answers, as a user does it."""
import json
import os
import re
import unittest

import winnow
from winnow import MESSAGES, SHARED, TestCase, messages, read_safetensors, write_safetensors

INFO = ("name base_model_id timestamp epochs_run best_epoch val_macro_f1 val_accuracy metrics sample_count validation_count "
        "tokens_per_second peak_memory_mb label_counts num_classes classes training_time_seconds training_time_minutes "
        "avg_inference_time_ms hyperparameters data_sha256 hardware").split()
FIGURES = "accuracy f1_macro f1_weighted precision_macro recall_macro roc_auc fpr ece confusion per_class intervals count".split()


class Lifecycle(TestCase):
    def test_training_options_do_what_they_say(self):
        options = {"gradient_accumulation_steps": 2, "batch_tokens": 400, "lr_scheduler": "cosine_with_restarts", "num_cycles": 2, "label_smoothing": 0.1,
                   "layer_lr_decay": 0.9, "freeze": "1", "eval_steps": 3, "save_steps": 2, "early_stopping_patience": 2, "class_weights": "balanced"}
        arguments = [part for name, value in options.items() for part in ("--" + name.replace("_", "-"), value)]
        out, err = self.train("--json", "--log-format", "json", "--epochs", 4, "--gradient-checkpointing", "--profile", *arguments)
        info = json.loads(out)
        for name, value in options.items():
            self.assertEqual(info["hyperparameters"][name], value, name)
        lines = [json.loads(line) for line in err.splitlines()]  # all of them
        self.assertIn("progress", [line["level"] for line in lines])
        self.assertTrue(any("matrix products take" in line["message"] for line in lines), "the profile")
        self.assertEqual([evaluation["step"] for evaluation in info["history"]][:2], [3, 6])
        self.assertIn(b"</svg>", self.files()["training.svg"])
        self.winnow("classify", "model", "hello")

    def test_nothing_but_the_figures_knows_the_test_part(self):
        lines = messages()
        data = self.write("data.tsv", "".join(lines[:301]))
        for name, part in (("one", lines[301:400]), ("other", lines[400:600])):
            self.train("--test", self.write(f"{name}.tsv", lines[0] + "".join(part)), "--early-stopping-patience", 1, "--quantize", "--max-drop", 1, data=data, output=name)
        one, other = self.files("one"), self.files("other")
        for name in ("model.safetensors", "model_int8.safetensors", "calibration.jsonl"):
            self.assertEqual(one[name], other[name], name)
        self.assertEqual(json.loads(one["winnow.json"])["temperature"], json.loads(other["winnow.json"])["temperature"])
        self.assertNotEqual(json.loads(one["training_info.json"])["metrics"], json.loads(other["training_info.json"])["metrics"])

    def test_a_picture_needs_no_other_program(self):
        os.makedirs(self.path("bin"))
        self.train(environment={"PATH": self.path("bin")})
        self.assertIn(b"</svg>", self.files()["training.svg"])
        self.winnow("verify", "model")

    def test_training_that_makes_no_sense_is_refused(self):
        self.fails("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--epochs", 2, "--early-stopping-patience", 2, code=2,
                   says=["can never stop", "2 evaluations"])
        self.fails("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--freeze", 99, code=2, says=["--freeze", "99", "2 layers"])
        self.fails("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--batch-size", 1000000, "--max-length", 500, "--lr", 1e30, "--max-grad-norm", 0,
                   "--lr-scheduler", "constant", "--epochs", 9, says=["is NaN or infinite at step", "rows", "--lr"])
        self.fails("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--epochs", 1000000000, code=2, says=["the run would have"])
        self.fails("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--unlabelled", MESSAGES, code=2, says=["--unlabelled requires --teacher"])
        self.assertFalse(os.path.exists(self.path("model")))
        # A checkpoint is of no use: the training would diverge again.
        err = self.fails("train", MESSAGES, "--base-model", "scratch", "--precision", "f32", "--batch-size", 16, "--lr", 30, "--save-steps", 1, "--output-dir", "diverged",
                         says=["training diverged", "lower --lr", "train again without --resume"])
        self.assertNotIn("--max-grad-norm 1", err)
        self.assertNotIn("to continue", err)

    def test_options_that_have_no_effect_are_named(self):
        _, err = self.train("--num-cycles", 3, "--layers", 1, "--distil-weight", 0.9, "--augment-variants", 2)
        for says in ("--num-cycles has no effect without --lr-scheduler cosine_with_restarts", "--layers has no effect with --base-model scratch",
                     "--distil-weight has no effect without --teacher", "--augment-variants has no effect without --augment"):
            self.assertIn(says, err)

    def test_a_metric_that_the_validation_texts_leave_undefined_is_found_before_the_first_step(self):
        self.write("ham.tsv", "label\ttext\nham\tsee you at six\nham\tlunch at noon\n")
        err = self.fails("train", MESSAGES, "--validation", "ham.tsv", "--base-model", "scratch", "--precision", "f32", "--metric", "roc_auc", "--output-dir", "model",
                         says=["--metric roc_auc cannot choose the best epoch on these validation texts", "roc_auc is undefined"])
        self.assertNotIn("tokens/s", err)

    def test_a_bundle_has_the_promised_files_and_answers(self):
        out, err = self.train("--json", "--epochs", 8)
        info = json.loads(out)
        for key in INFO:
            self.assertIn(key, info)
        self.assertEqual(info["classes"], ["ham", "spam"])
        self.assertEqual(info["sample_count"], sum(info["label_counts"].values()))
        self.assertGreater(info["metrics"]["accuracy"], 0.8, "something was learnt")
        self.assertRegex(err, r"duplicates: \d+ texts")
        for name in ("config.json model.safetensors tokenizer.json tokenizer_config.json special_tokens_map.json vocab.txt labels.json "
                     "training_info.json winnow.json calibration.jsonl").split():
            self.assertTrue(os.path.exists(self.path("model", name)), name)
        manifest = json.loads(self.files()["winnow.json"])
        self.assertEqual(manifest["positive_label"], "spam")
        self.assertEqual(set(manifest["sha256"]), set(self.files()) - {"winnow.json", "MODEL_VERSION.json", "README.md"})
        labels = json.loads(self.files()["labels.json"])
        self.assertEqual(labels["id2label"], {"0": "ham", "1": "spam"})

        out, _ = self.winnow("verify", "model")
        self.assertIn("files match the digests in winnow.json", out)
        texts = [line.rstrip("\n").split("\t")[1] for line in messages()][1:41]
        answers = [json.loads(line) for line in self.winnow("classify", "model", "--json", "--", *texts)[0].splitlines()]
        self.assertEqual(len(answers), 40)
        for answer in answers:
            self.assertEqual(list(answer)[:2], ["label", "score"])
            self.assertAlmostEqual(sum(score["score"] for score in answer["scores"]), 1, places=5)
            self.assertEqual(answer["label"], "spam" if answer["score"] >= 0.5 else "ham")
        # The same by every way in and out, in the same order.
        lines = "".join(text + "\n" for text in texts)
        self.write("texts.txt", lines)
        for arguments, stdin in ((["--input", "texts.txt"], None), (["--input", "-"], lines.encode()), ([], lines.encode()),
                                 (["--input", "texts.txt", "--batch-size", 7], None)):
            again = [json.loads(line) for line in self.winnow("classify", "model", "--json", *arguments, stdin=stdin)[0].splitlines()]
            self.assertEqual([a["label"] for a in again], [a["label"] for a in answers])
            for a, b in zip(again, answers):
                self.assertAlmostEqual(a["score"], b["score"], places=5)
        self.winnow("classify", "model", "--input", "texts.txt", "--output", "answers.jsonl")
        with open(self.path("answers.jsonl"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 40)
        strict = self.winnow("classify", "model", "--json", "--mode", "strict", "--", *texts)[0]
        self.assertGreaterEqual(strict.count('"label":"spam","score"'), sum(a["label"] == "spam" for a in answers))

    def test_evaluate_gives_the_figures_of_the_training(self):
        rows = messages()
        self.write("train.tsv", "".join(rows[:1] + [r for i, r in enumerate(rows[1:]) if i % 4]))
        self.write("test.tsv", "".join(rows[:1] + rows[1::4]))
        info = json.loads(self.train("--test", "test.tsv", "--json", data="train.tsv")[0])
        report = json.loads(self.winnow("evaluate", "model", "test.tsv", "--json")[0])
        for key in FIGURES:
            self.assertIn(key, report)
        self.assertEqual(report["count"], len(rows[1::4]))
        for key in ("accuracy", "f1_macro", "roc_auc", "fpr"):
            self.assertAlmostEqual(report[key], info["metrics"][key], places=6)
        self.assertIn("Wilson", self.winnow("evaluate", "model", "test.tsv")[0])

    def test_the_same_seed_gives_the_same_bytes(self):
        for output, seed in (("a", 1), ("b", 1), ("c", 2)):
            self.train("--seed", seed, "--threads", 2, output=output)
        a, b, c = (self.files(name)["model.safetensors"] for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_several_labels_a_text(self):
        rows = "".join(f"{'a free prize' if i % 3 == 0 else 'the meeting'} {'today' if i % 2 else 'urgent now'} {i},{int(i % 3 == 0)},{int(i % 2 == 0)}\n"
                       for i in range(240))
        self.write("multi.csv", "comment,prize,urgent\n" + rows)
        self.train("--text-field", "comment", "--label-field", "prize,urgent", "--epochs", 12, data="multi.csv")
        answer = json.loads(self.winnow("classify", "model", "a free prize urgent now", "--json")[0])
        self.assertEqual(sorted(answer["decision"]), ["prize", "urgent"])
        report = json.loads(self.winnow("evaluate", "model", "multi.csv", "--text-field", "comment", "--label-field", "prize,urgent", "--json")[0])
        self.assertGreater(report["accuracy"], 0.8)

    def test_options_of_the_data_and_the_training(self):
        rows = "".join(json.dumps({"subject": f"{'win' if i % 2 else 'lunch'} {i}", "body": f"{'money' if i % 2 else 'noon'} {i * 7}",
                                   "folder": "junk" if i % 2 else "inbox", "lang": "en" if i % 5 else "de"}) + "\n" for i in range(300))
        self.write("mail.jsonl", rows)
        self.write("labels.json", '["junk", "inbox"]')
        self.write("my.toml", 'lr_scheduler = "cosine"\nnum_train_epochs = 6\n')
        _, err = self.winnow("train", "mail.jsonl", "--template", "{subject} [SEP] {body:400}", "--label_field", "folder", "--filter", "lang=en",
                             "--labels", "labels.json", "--class-weights", "balanced", "--config", "my.toml", "--base-model", "scratch",
                             "--output_dir", "model", environment={"WINNOW_BATCH_SIZE": "16"})
        self.assertIn("60 filtered", re.sub(r"filtered[^0-9]*60", "60 filtered", err))
        info = json.loads(self.files()["training_info.json"])
        self.assertEqual(info["classes"], ["junk", "inbox"])
        self.assertEqual((info["hyperparameters"]["epochs"], info["hyperparameters"]["batch_size"], info["hyperparameters"]["lr_scheduler"]),
                         (6, 16, "cosine"))
        self.assertEqual(json.loads(self.files()["winnow.json"])["text_template"], "{subject} [SEP] {body:400}")
        out, _ = self.winnow("classify", "model", "--input", "mail.jsonl", "--json")
        self.assertEqual(len(out.splitlines()), 300)
        self.train("--no-keep-data", output="bare")
        self.assertNotIn("calibration.jsonl", self.files("bare"))

    def test_a_plain_hugging_face_directory_classifies(self):
        self.train()
        texts = ["Win a prize now", "See you at six"]
        before = [json.loads(line) for line in self.winnow("classify", "model", "--json", *texts)[0].splitlines()]
        temperature = json.loads(self.files()["winnow.json"])["temperature"]
        for name in ("winnow.json", "labels.json", "training_info.json", "calibration.jsonl", "vocab.txt"):
            os.remove(self.path("model", name))
        tensors = read_safetensors(self.path("model", "model.safetensors"))
        renamed = {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}
        renamed["embeddings.position_ids"] = ("I64", [1, 4], bytes(32))
        write_safetensors(self.path("model", "model.safetensors"), renamed)
        after = [json.loads(line) for line in self.winnow("classify", "model", "--json", *texts)[0].splitlines()]
        self.assertEqual([a["label"] for a in after], [b["label"] for b in before])
        if temperature == 1:
            self.assertAlmostEqual(after[0]["score"], before[0]["score"], places=5)
        self.assertIn("no winnow.json", self.winnow("verify", "model")[0])
        # And it is a base model for others.
        self.winnow("train", MESSAGES, "--base-model", "model", "--output-dir", "second", "--epochs", 1)


class RealWeights(TestCase):
    @unittest.skipUnless(os.path.exists(os.path.join(SHARED, "models")), "needs the shared directory's MiniLM")
    def test_minilm_learns_from_a_few_messages(self):
        rows = messages()
        self.write("few.tsv", "".join(rows[:1] + rows[1::3]))
        info = json.loads(self.winnow("train", "few.tsv", "--base-model", os.path.join(SHARED, "models", "all-MiniLM-L6-v2"), "--epochs", 3, "--batch-size", 16,
                                      "--lr", "1e-4", "--output-dir", "model", "--json")[0])
        self.assertGreater(info["metrics"]["accuracy"], 0.8)
        answer = json.loads(self.winnow("classify", "model", "WINNER!! Claim your cash prize, call 0808 157 now", "--json")[0])
        self.assertEqual(answer["label"], "spam")


if __name__ == "__main__":
    winnow.main()

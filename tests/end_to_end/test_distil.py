"""A student learns from a teacher: labels, soft labels, unlabelled texts."""
import json
import os

import winnow


class Distil(winnow.TestCase):
    def test_a_student_of_fewer_layers_learns_from_a_teacher(self):
        self.train("--epochs", "6", output="teacher")
        with open(winnow.MESSAGES, encoding="utf-8") as file:
            texts = [line.split("\t", 1)[1] for line in file.read().splitlines()[1:]]
        unlabelled = self.write("more.txt", "\n".join(texts[:50] + ["claim your prize now " + str(i) for i in range(40)]) + "\n")
        out, err = self.winnow("train", winnow.MESSAGES, "--base-model", self.path("teacher"), "--layers", 1, "--teacher", self.path("teacher"),
                               "--unlabelled", unlabelled, "--epochs", 3, "--lr", "1e-3", "--precision", "f32", "--output-dir", self.path("student"), "--json")
        info = json.loads(out)
        self.assertIn("more are held-out texts and were skipped", err)
        self.assertEqual(info["sample_count"], 420)
        self.assertGreater(info["unlabelled_count"], 40)
        self.assertIn(b"The model is distilled: it was also trained on the predictions of the model `teacher`", self.files("student")["README.md"])
        _, err = self.winnow("evaluate", self.path("student"), winnow.MESSAGES, "--folds", 2, "--log-level", "debug")
        self.assertEqual(err.count(" unlabelled texts"), 2, "each fold is trained on them, too")
        models = {model["name"]: model for model in info["compared_with_teacher"]["models"]}
        self.assertEqual(set(models), {"teacher", "student"})
        self.assertLess(models["student"]["size_mb"], models["teacher"]["size_mb"])
        self.assertGreater(models["student"]["accuracy"], 0.8)
        self.assertEqual(models["student"]["accuracy"], info["metrics"]["accuracy"])
        with open(self.path("student", "config.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["num_hidden_layers"], 1)

    def test_soft_labels_alone_train_a_model(self):
        with open(winnow.MESSAGES, encoding="utf-8") as file:
            rows = [line.split("\t", 1) for line in file.read().splitlines()[1:]]
        votes = self.write("votes.jsonl", "".join(json.dumps({"text": text, "label": {"spam": 9, "ham": 1} if label == "spam" else {"ham": 1}}) + "\n"
                                                  for label, text in rows))
        out, _ = self.train("--epochs", "6", "--json", data=votes)
        metrics = json.loads(out)["metrics"]
        self.assertGreater(metrics["accuracy"], 0.85)
        # The model is as unsure of spam as the votes were: calibration is against the majority's label, so only order is kept.
        self.assertEqual(set(json.loads(out)["classes"]), {"ham", "spam"})

    def test_soft_labels_are_smoothed(self):
        votes = self.write("votes.jsonl", "".join(json.dumps({"text": text, "label": {"spam": 0.9, "ham": 0.1} if label == "spam" else {"ham": 1}}) + "\n"
                                                  for label, text in (line.split("\t", 1) for line in winnow.messages()[1:])))
        weights = []
        for smoothing in (0, 0.2):
            self.train("--label-smoothing", smoothing, data=votes)
            weights.append(self.files()["model.safetensors"])
        self.assertNotEqual(*weights)

    def test_the_student_does_not_replace_its_teacher(self):
        self.trained(output="teacher")
        before = self.files("teacher")
        self.fails("train", winnow.MESSAGES, "--base-model", "scratch", "--teacher", "teacher", "--output-dir", "teacher/", code=2,
                   says=["--teacher and --output-dir are the same directory"])
        self.assertEqual(self.files("teacher"), before)

    def test_a_teacher_of_other_labels_is_refused(self):
        self.trained(output="teacher")
        data = self.write("other.tsv", "label\ttext\n" + "".join(f"{'a' if i % 2 else 'b'}\ttext number {i}\n" for i in range(60)))
        self.fails("train", data, "--base-model", "scratch", "--teacher", self.path("teacher"), "--output-dir", self.path("student"),
                   says=["differ from those of the data; the teacher has: ham, spam", "the labels of the data are: a, b"], code=2)
        self.assertFalse(os.path.exists(self.path("student")))

    def test_layers_that_the_base_model_has_not_are_refused(self):
        self.trained(output="teacher")
        self.fails("train", winnow.MESSAGES, "--base-model", self.path("teacher"), "--layers", 9, "--output-dir", self.path("student"),
                   says=["--layers 9 is out of range: the base model has 2 layers"], code=2)


if __name__ == "__main__":
    winnow.main()

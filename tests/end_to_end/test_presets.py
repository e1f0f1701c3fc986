"""Every preset from its first to its last line, on a small sample and a small model from scratch."""
import itertools
import json
import os

import winnow

PRESETS = os.path.join(winnow.SOURCE, "share", "winnow", "presets")
SCRATCH = ("--base-model", "scratch", "--max-length", "32", "--epochs", "2", "--precision", "f32", "--test-size", "0.2", "--validation-size", "0.2")
TOXIC = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")


def texts(words, count):
    """Different texts made of `words`."""
    every = itertools.permutations(words, 3)
    return [" ".join(each) for each in itertools.islice(every, count)]


class Presets(winnow.TestCase):
    def run_preset(self, preset, data, *options, small=SCRATCH):
        out, err = self.winnow("train", data, "--preset", preset, *small, *options, "--output-dir", self.path("model"), "--json")
        with open(self.path("model", "training_info.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["hyperparameters"], json.loads(out)["hyperparameters"])
        return json.loads(out), err

    def classify(self, text, *options):
        return json.loads(self.winnow("classify", self.path("model"), text, "--json", *options)[0])

    def labelled(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def test_sms_spam(self):
        info, _ = self.run_preset("sms-spam", winnow.MESSAGES)
        self.assertEqual(info["hyperparameters"]["batch_size"], 32)
        self.assertEqual(set(info["classes"]), {"ham", "spam"})
        plain = info["sample_count"]
        info, err = self.run_preset("sms-spam", winnow.MESSAGES, "--augment")
        self.assertGreater(info["sample_count"], 1.5 * plain)
        self.assertIn("augmentation: ", err)

    def test_intents_learns_only_from_what_succeeded(self):
        rows = [{"raw_input": f"{text} {verb}", "intent": intent, "execution_success": True}
                for intent, verb in (("play", "music"), ("lights", "lamp"), ("timer", "minutes")) for text in texts(["now", "please", "the", "room", verb], 30)]
        failed = [{"raw_input": f"broken {i}", "intent": "never", "execution_success": False} for i in range(20)]
        info, err = self.run_preset("intents", self.labelled("log.jsonl", rows + failed))
        self.assertEqual(set(info["classes"]), {"play", "lights", "timer"})
        self.assertIn("20 filtered", err)
        # Four steps, of which 100 cannot be a warm-up.
        self.assertEqual(info["hyperparameters"]["warmup_steps"], 1)
        self.assertIn("--warmup-steps of the preset is lowered from 100 to 1 for this small data set: the run has 4 steps", err)

    def mails(self, counts):
        rows = []
        for label, count in counts.items():
            rows += [{"subject": f"{label} {text}", "body": f"{text} body {label}", "label": label} for text in texts(["we", "you", "soon", "letter", "date"], count)]
        return rows

    def test_email_triage(self):
        counts = {"interview_scheduled": 30, "offer_received": 20, "rejected": 40, "digest": 3, "hired": 1, "love_letter": 7}
        info, err = self.run_preset("email-triage", self.labelled("mail.jsonl", self.mails(counts)))
        # In the canonical order, without what has too few texts or is not on the list.
        self.assertEqual(info["classes"], ["interview_scheduled", "offer_received", "rejected", "digest"])
        self.assertIn("7 unknown label", err)
        for label in ("neutral", "positive_response", "survey_received", "event_rescheduled", "new_lead", "hired"):
            self.assertIn(f"label '{label}' is left out", err)
        self.assertIn("labels with fewer than 5 training texts: digest (2)", err)
        with open(self.path("model", "winnow.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["text_template"], "{subject} [SEP] {body:400}")
        self.assertEqual(info["hyperparameters"]["class_weights"], "balanced")

    def test_eight_mails_train_one_epoch(self):
        counts = {"interview_scheduled": 2, "offer_received": 2, "rejected": 2, "digest": 1, "survey_received": 1}
        data = self.labelled("mail.jsonl", self.mails(counts))
        _, err = self.winnow("train", data, "--preset", "email-triage", "--base-model", "scratch", "--epochs", 1)
        for label in ("neutral", "positive_response", "event_rescheduled", "new_lead", "hired"):
            self.assertIn(f"label '{label}' is left out: it has no text", err)
        for label in ("digest", "survey_received"):
            self.assertIn(f"label '{label}' is left out: it has 1 text", err)
        self.assertIn("too few texts for a test part", err)
        with open(self.path("models", "email-triage-scratch", "training_info.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["epochs_run"], 1)

    def test_email_triage_bge_m3(self):
        counts = {"interview_scheduled": 12, "offer_received": 12}
        info, _ = self.run_preset("email-triage-bge-m3", self.labelled("mail.jsonl", self.mails(counts)))
        self.assertEqual((info["hyperparameters"]["batch_size"], info["hyperparameters"]["gradient_accumulation_steps"]), (4, 4))

    def hate(self):
        words = {"0": ["vile", "awful", "filth", "scum"], "1": ["rude", "awful", "dumb", "lousy"], "2": ["lovely", "sunny", "quiet", "kind"]}
        rows = [f"{i},{label},{text}\n" for label in words for i, text in enumerate(texts(words[label] + [f"day{label}", f"you{label}"], 40))]
        return self.write("tweets.csv", ",class,tweet\n" + "".join(rows))

    def test_hate_speech_maps_three_classes_to_two(self):
        for preset, cycles in (("hate-speech", 3), ("hate-speech-fullscale", 5)):
            info, _ = self.run_preset(preset, self.hate(), "--eval-steps", "2", "--save-steps", "2", "--lr", "1e-3")
            self.assertEqual(info["classes"], ["Regular Speech", "Hate Speech"])
            self.assertEqual(info["label_counts"]["Hate Speech"], 2 * info["label_counts"]["Regular Speech"])
            self.assertEqual((info["hyperparameters"]["lr_scheduler"], info["hyperparameters"]["num_cycles"]), ("cosine_with_restarts", cycles))
            # The bundle reads data files as the training did.
            figures = json.loads(self.winnow("evaluate", self.path("model"), self.path("tweets.csv"), "--json")[0])
            self.assertEqual(figures["count"], 120)

    def test_hate_speech_is_adapted_to_small_data(self):
        small = ("--base-model", "scratch", "--max-length", 16, "--precision", "f32", "--lr", 1e-3)
        info, err = self.run_preset("hate-speech", self.hate(), small=small)
        self.assertEqual((info["hyperparameters"]["epochs"], info["hyperparameters"]["eval_steps"]), (20, 4))
        self.assertIn("--epochs of the preset is raised from 15 to 20 for this small data set", err)
        self.assertIn("--eval-steps of the preset is lowered from 100 to 4 for this small data set: the run has 40 steps", err)
        self.assertIn("always assigning 'Hate Speech'", info["verdict"])
        # What the user gives stays.
        info, err = self.run_preset("hate-speech", self.hate(), "--eval-steps", 30, "--epochs", 2, small=small)
        self.assertEqual((info["hyperparameters"]["epochs"], info["hyperparameters"]["eval_steps"]), (2, 30))

    def test_toxicity_decides_each_label_by_its_own_threshold(self):
        rows = []
        for i, text in enumerate(texts(["you", "are", "a", "fool", "idiot", "friend", "here"], 120)):
            bits = [int("fool" in text or "idiot" in text), 0, int("idiot" in text), int(i % 7 == 0), int("fool" in text), int(i % 11 == 0)]
            rows.append(",".join(map(str, [text, *bits])))
        data = self.write("comments.csv", "comment_text," + ",".join(TOXIC) + "\n" + "\n".join(rows) + "\n")
        info, err = self.run_preset("toxicity", data)
        self.assertEqual(info["classes"], list(TOXIC))
        self.assertIn("decision thresholds with the best F1 on the validation texts: ", err)
        self.assertIn("'severe_toxic', 'obscene', 'threat', 'identity_hate' could not be tuned and stay 0.5", info["verdict"])
        with open(self.path("model", "winnow.json"), encoding="utf-8") as file:
            thresholds = json.load(file)["thresholds"]["labels"]
        self.assertEqual(set(thresholds), set(TOXIC))
        self.assertEqual(thresholds["severe_toxic"], 0.5)  # no text has it
        self.assertIsNotNone(info["metrics"]["per_class"]["toxic"]["roc_auc"] if isinstance(info["metrics"].get("per_class"), dict) else 0)
        answer = self.classify("you idiot fool")
        decided = {each["label"] for each in answer["scores"] if each["score"] >= thresholds[each["label"]]}
        self.assertEqual(set(answer["decision"]), decided)

    def test_every_preset_has_a_test(self):
        with open(__file__, encoding="utf-8") as file:
            source = file.read()
        for name in os.listdir(PRESETS):
            self.assertIn(f'"{name[:-len(".toml")]}"', source)


if __name__ == "__main__":
    winnow.main()

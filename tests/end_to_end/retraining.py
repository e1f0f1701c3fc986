"""What tests of `winnow retrain` have in common: feedback, a champion and its challenger. WINNOW_TEST_SEED repeats a run."""
import json
import os
import random
import sqlite3
import time

from winnow import MESSAGES, TestCase

SEED = int(os.environ.get("WINNOW_TEST_SEED", time.time_ns() % 10**9))
WORDS = ("river lamp winter ticket garden engine letter basket copper meadow violin harbour pencil anchor saddle candle orchard barrel "
         "thunder compass velvet lantern pepper willow marble ribbon cradle tunnel feather hammer").split()


class RetrainTest(TestCase):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(f"{SEED}-{self.id()}")
        self.store = "sqlite:" + self.path("store.db")

    def texts(self, label, count, seed="texts"):
        """Texts of a kind that the example data do not have, no two of which are near-duplicates."""
        source = random.Random(f"{seed}-{label}")
        opening = {"spam": "crypto wallet airdrop claim", "ham": "rehearsal notes enclosed"}[label]
        return [f"{opening} {' '.join(source.sample(WORDS, 8))}" for _ in range(count)]

    def report(self, *rows, users=("anna", "ben", "carla")):
        """Adds feedback: rows of (text, label)."""
        events = [{"text": text, "label": label, "user": users[i % len(users)]} for i, (text, label) in enumerate(rows)]
        self.write("events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
        return json.loads(self.winnow("feedback", "add", "--store", self.store, "--input", self.path("events.jsonl"), "--json")[0])

    def report_both(self, count, seed="texts"):
        self.report(*((text, label) for label in ("spam", "ham") for text in self.texts(label, count, seed)))

    def audit(self, *rows, at, stratum="0-1", probability=.1):
        """Adds audited verdicts: rows of (text, label)."""
        connection = sqlite3.connect(self.path("store.db"))
        connection.executemany("INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, label, labelled_by, created_at) "
                               "VALUES (?, ?, ?, .5, ?, ?, ?, 'ida', ?)",
                               [(f"m{at}{stratum}{i}", text, label == "spam", stratum, probability, label, at) for i, (text, label) in enumerate(rows)])
        connection.commit()
        connection.close()

    def champion(self, *options):
        self.winnow("train", MESSAGES, *(options or ("--kind", "lr")), "--output-dir", self.path("spam"))

    def arguments(self, *more, champion="spam", output="new"):
        return ("retrain", champion, "--data", MESSAGES, "--store", self.store, "--feedback", "selected", "--output-dir", output, *more)

    def retrain(self, *more, **options):
        return json.loads(self.winnow(*self.arguments(*more, **options), "--json")[0])

    def manifest(self, name):
        with open(self.path(name, "winnow.json"), encoding="utf-8") as file:
            return json.load(file)

    def info(self, name):
        with open(self.path(name, "training_info.json"), encoding="utf-8") as file:
            return json.load(file)

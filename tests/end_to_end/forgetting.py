"""What tests of `winnow forget` have in common: a user, a text, feedback of several users, and the search for what is left."""
import json
import os
import random

from winnow import TestCase

USER = "anna-of-marrow"
SECRET = "Dear Quentin Oldershaw, the safe at Marrowfield opens with 771204"


class ForgetTest(TestCase):
    def setUp(self):
        super().setUp()
        self.store = "sqlite:" + self.path("store.db")

    def events(self, *events, store=None, name="events.jsonl"):
        self.write(name, "".join(json.dumps(event) + "\n" for event in events))
        return json.loads(self.winnow("feedback", "add", "--store", store or self.store, "--input", self.path(name), "--json")[0])

    def forget(self, *arguments, **options):
        return json.loads(self.winnow("forget", *arguments, **options)[0])

    def export(self, name="out.jsonl", store=None):
        self.winnow("feedback", "export", "--store", store or self.store, "--output", self.path(name))
        with open(self.path(name), "rb") as file:
            return file.read()

    def holders(self, *words):
        """Names of the files in the test's directory that contain one of the words as bytes."""
        found = []
        for root, _, names in os.walk(self.directory):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    data = file.read()
                if any(word.encode() in data for word in words):
                    found.append(os.path.relpath(os.path.join(root, name), self.directory))
        return sorted(found)


def feedback(count=40):
    """Feedback of several users about texts of their own; that of anna is to be forgotten."""
    source = random.Random(17)
    words = "river lamp winter ticket garden engine letter basket copper meadow".split()
    for i in range(count):
        spam = i % 3 == 0
        text = ("claim your prize now " if spam else "see you at the ") + " ".join(source.sample(words, 4)) + f" {i}"
        yield {"text": text, "label": "spam" if spam else "ham", "user": (USER, "ben", "carla")[i % 3 if i < 30 else 1],
               "created_at": f"2026-11-28T20:{i // 60:02}:{i % 60:02}Z"}

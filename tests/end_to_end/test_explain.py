"""Why a text got its answer: on the terminal, in JSON, for templates and long texts."""
import json
import os
import pty
import subprocess

import winnow
from winnow import TestCase


class Explanations(TestCase):
    def explain(self, text, *arguments, model="model"):
        out, _ = self.winnow("classify", model, "--explain", "--json", *arguments, "--", text)
        return json.loads(out)

    def test_words_are_told_with_their_places(self):
        self.trained("--epochs", 8)
        text = "Ünser \U0001F389 WINNER!! You have been picked for a £2,000 cash prize"
        answer = self.explain(text)
        explanation = answer["explanation"]
        self.assertEqual(explanation["label"], "spam")
        self.assertEqual(explanation["method"], "occlusion")
        self.assertAlmostEqual(explanation["score"], answer["score"], places=5)
        self.assertEqual([text[word["begin"]:word["end"]] for word in explanation["words"]], [word["text"] for word in explanation["words"]])
        self.assertEqual([word["text"] for word in explanation["words"]],
                         ["Ünser", "\U0001F389", "WINNER", "!!", "You", "have", "been", "picked", "for", "a", "£", "2,000", "cash", "prize"])
        # As if one had left the word out oneself.
        prize = explanation["words"][-1]
        without = json.loads(self.winnow("classify", "model", "--json", text[:prize["begin"] - 1])[0])
        self.assertAlmostEqual(prize["score_change"], answer["score"] - without["score"], places=4)
        self.assertNotIn("explanation", json.loads(self.winnow("classify", "model", "--json", text)[0]))
        self.assertEqual(self.explain("")["explanation"]["words"], [])

    def test_people_get_words_and_colours(self):
        self.trained("--epochs", 8)
        text = "WINNER!! \x1b[31m You have been picked for a cash prize"
        out, _ = self.winnow("classify", "model", "--explain", text)
        self.assertNotIn("\x1b", out)
        self.assertIn("without  ", out)
        for environment, coloured in (({"TERM": "xterm-256color"}, True), ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False)):
            ours, theirs = pty.openpty()
            process = subprocess.Popen([winnow.TestCase.program, "classify", self.path("model"), "--explain", "--quiet", text], stdout=theirs, stderr=subprocess.PIPE,
                                       env={**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, **environment})
            _, err = process.communicate(timeout=300)
            os.close(theirs)
            shown = os.read(ours, 1 << 16).decode()
            os.close(ours)
            self.assertEqual(process.returncode, 0, err)
            self.assertEqual("48;5;" in shown, coloured)
            self.assertNotIn("\x1b[31m", shown)

    def test_long_texts_templates_and_files(self):
        rows = "".join(json.dumps({"subject": f"{'win' if i % 2 else 'lunch'} {i}", "body": f"{'money now' if i % 2 else 'at noon'} {i * 7}",
                                   "label": "junk" if i % 2 else "mail"}) + "\n" for i in range(120))
        data = self.write("mail.jsonl", rows)
        self.train("--template", "{subject} [SEP] {body}", "--max-length", 24, "--epochs", 12, data=data)
        answers = self.winnow("classify", "model", "--input", data, "--explain", "--json")[0].splitlines()
        self.assertEqual(len(answers), 120)
        words = [word["text"] for word in json.loads(answers[1])["explanation"]["words"]]
        self.assertEqual(words, ["win", "1", "money", "now", "7"])
        long = self.explain("win money " * 500)["explanation"]
        self.assertLess(len(long["words"]), 25)
        self.assertEqual(len(long["words"]) + long["unread_words"], 1000)
        windows = self.explain("win money " * 500, "--long-text", "windows")["explanation"]
        self.assertEqual((len(windows["words"]), windows["words_in_effect"]), (200, 5))
        self.fails("classify", "model", "text", "--explain", "--zero-shot", "a,b", code=2, says=["--explain", "--zero-shot"])


if __name__ == "__main__":
    winnow.main()

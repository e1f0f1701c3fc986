#!/usr/bin/env python3
"""The predictions that the pages of the packages show are those of the program. The lines of other languages are not run here; what they
print follows from the predictions of `winnow classify`, which all packages give (their own tests compare them).

    tests/docs/test_package_pages.py WINNOW
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WINNOW = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else None
GIFT = "You won a $1000 gift card, click here"
SIX = "See you at six"
SEVEN = "Shall we meet at seven?"
CLAIM = "Claim your prize now"
DECIMAL = re.compile(r"\d+\.\d+")
CLOSE = 2e-4  # predictions of other instruction sets differ in the last digits


class PackagePages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.run_winnow("train", ROOT / "examples/data/messages.tsv", "--kind", "lr", "--output-dir", "spam", "--quiet")

    @classmethod
    def run_winnow(cls, *arguments):
        return subprocess.run([WINNOW, *arguments], cwd=cls.work.name, check=True, capture_output=True, text=True).stdout

    def predict(self, *texts, mode="moderate"):
        lines = self.run_winnow("classify", "spam", "--json", "--quiet", "--mode", mode, "--", *texts).splitlines()
        return [json.loads(line) for line in lines]

    def shows(self, page, *lines):
        """The page has each line, with decimals that are close to those of the line."""
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for line in lines:
            pattern = r"(\d+\.\d+)".join(re.escape(part) for part in DECIMAL.split(line))
            wanted = [float(number) for number in DECIMAL.findall(line)]
            shown = [[float(number) for number in match.groups()] for match in re.finditer(pattern, text)]
            self.assertTrue(any(all(abs(a - b) < CLOSE for a, b in zip(wanted, numbers, strict=True)) for numbers in shown),
                            f"{page} does not show {line!r}; it has the numbers {shown}")

    def test_c(self):
        gift, six = self.predict(GIFT, SIX)
        self.shows("c.md", *(f"{p['label']} {p['confidence']:.4f} {text}\n" for p, text in ((gift, GIFT), (six, SIX))))

    def test_packages(self):
        gift, six, claim = self.predict(GIFT, SIX, CLAIM)
        node = f"{gift['label']} {gift['confidence']:.4f}"
        self.shows("packages.md", f"prints `{node} native`", f"`{node} wasm`", f"prints `{six['label']} {six['confidence']:.4f}`",
                   f"Prediction(label='{gift['label']}', score={gift['score']:.4f}, confidence={gift['confidence']:.4f})",
                   *(self.row(i, p) for i, p in enumerate((six, claim))))

    def test_python(self):
        texts = ["You won a prize, call 0808 157 0199 now", "See you at eight", "URGENT! Claim your refund now", "Lunch?"]
        won, *rows = self.predict(*texts)
        self.shows("python.md", f"Prediction(label='{won['label']}', score={won['score']:.4f}, confidence={won['confidence']:.4f})",
                   *(self.row(i, p) for i, p in enumerate(rows)))
        page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
        shown = json.loads(page.split("array(")[1].split(", dtype")[0].replace(". ", ".0 ").replace(".,", ".0,").replace(".]", ".0]"))
        for row, prediction in zip(shown, rows, strict=True):
            scores = {each["label"]: each["score"] for each in prediction["scores"]}
            self.assertLess(max(abs(row[0] - scores["ham"]), abs(row[1] - scores["spam"])), 1e-3)

    def test_javascript(self):
        gift, = self.predict(GIFT)
        seven, claim = self.predict(SEVEN, CLAIM, mode="strict")
        self.shows("javascript.md", f"confidence: {gift['confidence']},", *(f"{{ label: '{each['label']}', confidence: {each['score']} }}" for each in gift["scores"]),
                   *(f"    {p['label']} {p['confidence']:.3f}\n" for p in (seven, claim)),
                   f"isSpam: {str(seven['label'] == 'spam').lower()}, confidence: {seven['confidence']}, score: {seven['score']},")

    def test_intents(self):
        self.run_winnow("train", ROOT / "examples/data/multilingual.tsv", "--label-field", "language", "--kind", "lr", "--analyzer", "char",
                        "--output-dir", "languages", "--quiet")
        first, second = json.loads(self.run_winnow("classify", "languages", "Wo ist der Bahnhof?", "--json", "--quiet", "--top-k", "2"))["scores"]
        self.shows("javascript.md", f"{{ intent: '{first['label']}', confidence: {first['score']},",
                   f"{{ intent: '{second['label']}', confidence: {second['score']} }}")

    @staticmethod
    def row(number, prediction):
        """A row of the DataFrame of predictions, as pandas prints it."""
        return f"    {number}  {prediction['label']:>4}  {prediction['score']:.6f}    {prediction['confidence']:.6f}      {prediction['abstained']}\n"


if __name__ == "__main__":
    unittest.main()

"""Ten lines of use: train a spam filter on the messages of the examples, classify, explain, measure.

python packages/python/examples/notebook.py [DIRECTORY]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import winnow

MESSAGES = Path(__file__).resolve().parents[3] / "examples" / "data" / "messages.tsv"


def main(directory: Path) -> None:
    info = winnow.train(MESSAGES, directory / "spam", kind="lr")
    print("accuracy on the test part:", info["metrics"]["accuracy"])

    spam = winnow.Classifier(directory / "spam")
    prediction = spam.classify("You won a prize, call 0808 157 0199 now")
    print(prediction.label, round(prediction.confidence, 3))
    for word in sorted(prediction.explain().words, key=lambda word: -word.effect)[:3]:
        print(f"  {word.text}: {word.effect:+.2f}")
    print(spam.predict_proba(["See you at eight", "URGENT! Claim your refund"]).round(3))
    print("F1:", round(winnow.evaluate(directory / "spam", MESSAGES)["f1_macro"], 3))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))

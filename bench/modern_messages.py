#!/usr/bin/env python3
"""What synthetic messages do for spam of the 2020s: models are trained on the SMS Spam Collection with and without them, and classify
bench/data/modern_messages.tsv, 200 hand-written messages that no model is trained on. Printed are the accuracy on the collection's own
test part, the recall and the false-positive rate on the 200 messages, and the errors by kind of message and by language.

    python bench/modern_messages.py --shared ../shared --winnow build/release/winnow [--kind lr svm transformer] [--share 0 0.5] [--seed 42 ...]

Standard library alone. Means over the seeds, each of which splits the collection in another way.
"""
import argparse
import collections
import csv
import json
import subprocess
import tempfile
from pathlib import Path

MESSAGES = Path(__file__).resolve().parent / "data" / "modern_messages.tsv"


def read_messages():
    with open(MESSAGES, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def run(program, *arguments, texts=None):
    done = subprocess.run([program, *map(str, arguments)], input=texts, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        raise SystemExit(f"{program} {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def measure(options, kind, share, seed, messages, directory):
    """A trained model's accuracy on its test part, and which of the messages it calls spam."""
    model = Path(directory) / "model"
    base = ["--base-model", options.shared / "models" / "all-MiniLM-L6-v2"] if kind == "transformer" else ["--kind", kind]
    info = run(options.winnow, "train", options.shared / "data" / "sms_spam" / "SMSSpamCollection", "--preset", "sms-spam", *base,
               "--synthetic-share", share, "--seed", seed, "--output-dir", model, "--overwrite", "--json", "--log-level", "error")
    metrics = json.loads(info)["metrics"]
    lines = run(options.winnow, "classify", model, "--json", "--input", "-", texts="".join(json.dumps({"text": m["text"]}) + "\n" for m in messages))
    answers = [json.loads(line) for line in lines.splitlines()]
    assert len(answers) == len(messages), (len(answers), len(messages))
    return metrics["accuracy"], metrics["f1_macro"], [answer["label"] == "spam" for answer in answers]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--kind", nargs="+", default=["lr", "svm", "transformer"], choices=["lr", "svm", "transformer"])
    parser.add_argument("--share", nargs="+", default=["0", "0.1", "0.5"])
    parser.add_argument("--seed", nargs="+", default=["42"])
    options = parser.parse_args()
    messages = read_messages()
    count = collections.Counter(m["label"] for m in messages)
    print("| kind | synthetic share | test accuracy | test macro-F1 | recall of spam | FPR |\n| --- | --- | --- | --- | --- | --- |")
    details = []
    for kind in options.kind:
        for share in options.share:
            with tempfile.TemporaryDirectory() as directory:
                results = [measure(options, kind, share, seed, messages, directory) for seed in options.seed]
            seeds = len(results)
            flagged = collections.Counter()
            for _, _, spam in results:
                for message, is_spam in zip(messages, spam):
                    for group in ("", "kind " + message["kind"], "language " + message["language"]):
                        flagged[message["label"], group] += is_spam / seeds
            accuracy, f1 = (sum(r[i] for r in results) / seeds for i in (0, 1))
            print(f"| {kind} | {share} | {accuracy:.4f} | {f1:.4f} | {flagged['spam', ''] / count['spam']:.3f} | "
                  f"{flagged['ham', ''] / count['ham']:.3f} |", flush=True)
            details.append((kind, share, flagged))
    sizes = collections.Counter()
    for message in messages:
        for group in ("kind " + message["kind"], "language " + message["language"]):
            sizes[message["label"], group] += 1
    print("\nmessages called spam, of all:")
    for (label, group), size in sorted(sizes.items()):
        print(f"{label} {group}: {size}; " + ", ".join(f"{kind} {share}: {flagged[label, group]:.1f}" for kind, share, flagged in details))


if __name__ == "__main__":
    main()

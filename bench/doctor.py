#!/usr/bin/env python3
"""How many flipped labels `winnow data doctor` finds: 3 % of a set's labels are flipped at random to another one, and the doctor is asked.
Printed are the shares of the flips among the first 6 % (of the number of texts) of its whole review, and of its label errors alone.

    python bench/doctor.py --shared ../shared --winnow build/release/winnow [--set sms_spam ...] [--seeds 3]

Standard library alone. A text that is in the review twice counts where it comes first. What the sets' own labels have wrong counts as a
false alarm here, though it is none.
"""
import argparse
import csv
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

csv.field_size_limit(1 << 30)


def sms_spam(data):
    for line in open(data / "sms_spam/SMSSpamCollection", encoding="utf-8", newline="\n"):
        label, text = line.rstrip("\n").split("\t", 1)
        yield text, [label]


def clinc150(data):
    for text, label in json.load(open(data / "clinc150/data_full.json", encoding="utf-8"))["train"]:
        yield text, [label]


def banking77(data):
    for row in csv.DictReader(open(data / "banking77/train.csv", encoding="utf-8", newline="")):
        yield row["text"], [row["category"]]


def hate(data, names):
    for row in csv.DictReader(open(data / "hate_davidson/labeled_data.csv", encoding="utf-8", newline="")):
        yield row["tweet"], [names[int(row["class"])]]


def newsgroups20(data):
    rows = csv.reader(gzip.open(data / "newsgroups20/20news_8label_short.tsv.gz", "rt", encoding="utf-8", newline="\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
    next(rows)
    for _, label, subject, body in rows:
        yield subject + "\n" + body, [label]


def jigsaw_toxic(data):
    names = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
    for row in csv.DictReader(open(data / "jigsaw_toxic/jigsaw_merged_unique.csv", encoding="utf-8", newline="")):
        yield row["comment_text"], [name for name in names if row[name] == "1"]


SETS = {
    "sms_spam": sms_spam,
    "clinc150": clinc150,
    "banking77": banking77,
    "hate_davidson, 2 classes": lambda data: hate(data, ("hateful", "hateful", "neither")),
    "hate_davidson, 3 classes": lambda data: hate(data, ("hate", "offensive", "neither")),
    "newsgroups20": newsgroups20,
    "jigsaw_toxic, 6 labels": jigsaw_toxic,
}


def flip(texts, multi, seed):
    """3 % of the texts get another label; with any number of labels one label, of which each text has a chance, is taken or given."""
    pick = random.Random(seed)
    names = sorted({label for _, labels in texts for label in labels})
    chosen = set(pick.sample(range(len(texts)), round(0.03 * len(texts))))
    given = []
    for i, (text, labels) in enumerate(texts):
        if i in chosen:
            other = pick.choice([name for name in names if multi or name not in labels])
            labels = sorted(set(labels) ^ {other}) if multi else [other]
        given.append((text, labels))
    return given, chosen


def examine(arguments, name, seed):
    texts = list(SETS[name](arguments.shared / "data"))
    texts = [(text, labels) for text, labels in texts if text.strip()]
    multi = name.startswith("jigsaw")
    given, chosen = flip(texts, multi, seed)
    with tempfile.TemporaryDirectory() as directory:
        data, review = Path(directory) / "data.jsonl", Path(directory) / "review.csv"
        data.write_text("".join(json.dumps({"text": text, "label": labels if multi else labels[0]}) + "\n" for text, labels in given), encoding="utf-8")
        begin = time.perf_counter()
        out = subprocess.run([arguments.winnow, "data", "doctor", data, "--output", review, "--json", "--quiet", "--log-level", "error"],
                             check=True, capture_output=True, text=True).stdout
        seconds = time.perf_counter() - begin
        rows = list(csv.DictReader(open(review, encoding="utf-8", newline="")))
    first = int(0.06 * len(texts))
    suspects = [row for row in rows if row["kind"] == "label error"]
    part = lambda list_: len({int(row["line"]) - 1 for row in list_[:first] if row["line"]} & chosen) / len(chosen)  # noqa: E731
    right = sum(row["suggested"] == ("; ".join(sorted(texts[int(row["line"]) - 1][1])) or "(none)") for row in suspects[:first] if int(row["line"]) - 1 in chosen)
    return {"texts": len(texts), "flips": len(chosen), "review": part(rows), "label_errors": part(suspects), "listed": len(suspects), "right": right / len(chosen),
            "errors": json.loads(out)["labels_judged"]["errors"], "seconds": seconds}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--set", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    version = subprocess.run([arguments.winnow, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}, {os.cpu_count()} cores; 3 % of the labels flipped, seeds 1 to {arguments.seeds}; first 6 % of the review")
    print(f"{'set':<26}{'texts':>7}{'flips':>7}{'found':>8}{'by label errors':>17}{'right label':>13}{'listed':>8}{'errors':>8}{'seconds':>9}")
    missed = False
    for name in arguments.set:
        runs = [examine(arguments, name, seed) for seed in range(1, arguments.seeds + 1)]
        mean = {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}
        missed = missed or mean["review"] < 0.5
        print(f"{name:<26}{mean['texts']:>7.0f}{mean['flips']:>7.0f}{mean['review']:>8.1%}{mean['label_errors']:>17.1%}{mean['right']:>13.1%}"
              f"{mean['listed']:>8.0f}{mean['errors']:>8.0f}{mean['seconds']:>9.1f}", flush=True)
    sys.exit(1 if missed else 0)


main()

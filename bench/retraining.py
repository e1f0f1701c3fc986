#!/usr/bin/env python3
"""Time of a weekly cycle: a retraining of MiniLM on SMS with 1,000 corrections, the gate, and the promotion.

    bench/retraining.py WINNOW SMS.tsv [--work DIR] [--threads 2] [--kind transformer]

1,000 texts of the collection are set aside; the champion is trained on the others, and the texts set aside are reported as
feedback of 40 users, with their true labels. The time is that of `winnow retrain`, from the start of the process to its end:
reading, selection, fine-tuning, calibration, gate, push and promotion. Prints one JSON line.
"""
import argparse
import json
import os
import random
import subprocess
import tempfile
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=os.path.abspath)
    parser.add_argument("data", type=os.path.abspath)
    parser.add_argument("--work", default=None)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--kind", default="transformer")
    arguments = parser.parse_args()
    work = arguments.work or tempfile.mkdtemp(prefix="winnow-retraining-")
    os.makedirs(work, exist_ok=True)

    def run(*command):
        begin = time.monotonic()
        done = subprocess.run([arguments.winnow, *command], cwd=work, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        return done.stdout, time.monotonic() - begin

    with open(arguments.data, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file if "\t" in line]
    source = random.Random(42)
    source.shuffle(rows)
    # No label has more than three times the texts of the other one, so that all are trained on.
    corrections, base = [], []
    for label, most in (("spam", 250), ("ham", 750)):
        of_label = [row for row in rows if row[0] == label]
        corrections += of_label[:most]
        base += of_label[most:]
    source.shuffle(base)
    with open(os.path.join(work, "base.tsv"), "w", encoding="utf-8") as file:
        file.write("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in base))
    with open(os.path.join(work, "events.jsonl"), "w", encoding="utf-8") as file:
        for i, (label, text) in enumerate(corrections):
            file.write(json.dumps({"text": text, "label": label, "user": f"user{i % 40}"}) + "\n")
    run("feedback", "add", "--store", "sqlite:store.db", "--input", "events.jsonl")
    _, champion = run("train", "base.tsv", "--kind", arguments.kind, "--output-dir", "spam", "--threads", arguments.threads)
    run("registry", "push", "spam", "--registry", "registry", "--name", "spam", "--alias", "champion")
    out, seconds = run("retrain", "spam", "--registry", "registry", "--data", "base.tsv", "--store", "sqlite:store.db", "--promote", "champion",
                       "--work-dir", "work", "--threads", arguments.threads, "--json")
    done = json.loads(out)
    print(json.dumps({"seconds": round(seconds, 1), "champion_seconds": round(champion, 1), "feedback": done["feedback"]["labels"], "training_texts": done["sample_count"],
                      "test_texts": done["test_count"], "passed": done["gate"]["passed"], "failed": done["gate"]["failed"], "promoted": done["promoted"]}))


if __name__ == "__main__":
    main()

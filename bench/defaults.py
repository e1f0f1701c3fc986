"""The defaults of linear models on real data: --kind lr and --kind svm without --C, beside --C 1 without class weights.

    python bench/defaults.py --shared DIR [--winnow build/release/winnow] [--seeds 3] [--only SUBSTRING]

Prints a table in Markdown: macro-F1 on the test part (the mean over the seeds, which split the data or, if it comes with a
test part, hold out the validation part), the settings that cross-validation chose, and the time of `winnow train`. "worse by" is how far the default of a
kind lies under the better one of the two defaults, in points of macro-F1.
"""
import argparse
import csv
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import tempfile
import time


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return str(path)


def sample(path, count, seed):
    """Random rows of a CSV file, with its header."""
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, random.Random(seed).sample(rows, count)


def sets(shared, work):
    """Name, a function of the seed that returns the options, and whether several seeds are measured."""
    data = pathlib.Path(shared) / "data"
    with open(data / "sms_spam/SMSSpamCollection", encoding="utf-8") as file:
        sms = [line.rstrip("\n").split("\t", 1) for line in file]
    with open(data / "clinc150/data_full.json", encoding="utf-8") as file:
        clinc = json.load(file)
    parts = {part: write(work / f"clinc_{part}.csv", ["text", "label"], clinc[part]) for part in ("train", "val", "test")}
    with gzip.open(data / "newsgroups20/20news_8label_short.tsv.gz", "rt", encoding="utf-8", newline="") as file:
        news = list(csv.DictReader(file, delimiter="\t"))
    groups = {part: write(work / f"news_{part}.csv", ["subject", "body", "label"],
                          [[row["subject"], row["body"], row["label"]] for row in news if row["split"] == part]) for part in ("training", "test")}
    davidson = data / "hate_davidson/labeled_data.csv"
    jigsaw = data / "jigsaw_toxic/jigsaw_merged_unique.csv"
    some_sms = lambda seed: [write(work / "sms.csv", ["label", "text"], random.Random(seed).sample(sms, 1500))]
    some_tweets = lambda seed: [write(work / "tweets.csv", *sample(davidson, 1500, seed)), "--preset", "hate-speech"]
    some_comments = lambda seed: [write(work / "comments.csv", *sample(jigsaw, 1200, seed)), "--preset", "toxicity", "--text-field", "comment_text"]
    return [
        ("SMS, 1,500 messages", some_sms, True),
        ("SMS, all", lambda seed: [write(work / "sms.csv", ["label", "text"], sms)], True),
        ("Davidson, hate-speech, 1,500 tweets", some_tweets, True),
        ("Davidson, hate-speech, all", lambda seed: [str(davidson), "--preset", "hate-speech"], True),
        ("CLINC150", lambda seed: [parts["train"], "--validation", parts["val"], "--test", parts["test"]], False),
        ("Banking77", lambda seed: [str(data / "banking77/train.csv"), "--test", str(data / "banking77/test.csv")], False),
        ("20 newsgroups, 8 labels", lambda seed: [groups["training"], "--test", groups["test"], "--template", "{subject} {body}"], True),
        ("Jigsaw, toxicity, 1,200 comments", some_comments, True),
        ("Jigsaw, toxicity, all", lambda seed: [str(jigsaw), "--preset", "toxicity", "--text-field", "comment_text"], True),
    ]


def train(winnow, work, options):
    begin = time.perf_counter()
    out = subprocess.run([winnow, "train", *options, "--output-dir", str(work / "model"), "--json", "--quiet", "--log-level", "error"],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out), time.perf_counter() - begin


def chosen(infos):
    """"C 10, none" of each seed, without repetitions."""
    texts = [f"C {info['hyperparameters']['C']:g}" + (", balanced" if info["hyperparameters"]["class_weights"] == "balanced" else "") +
             (", one-vs-rest" if info["hyperparameters"].get("one_vs_rest") else "") for info in infos]
    return "; ".join(dict.fromkeys(texts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print("| data | kind | macro-F1 with --C 1 | macro-F1 by default | worse by | chosen | seconds |\n| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        for name, options_of, by_seed in sets(arguments.shared, work):
            if arguments.only not in name:
                continue
            seeds = range(1, arguments.seeds + 1) if by_seed else [1]
            rows = {}
            for kind in ("lr", "svm"):
                before, infos, seconds = [], [], []
                for seed in seeds:
                    options = [*options_of(seed), "--kind", kind, "--seed", str(seed)]
                    before.append(train(arguments.winnow, work, [*options, "--C", "1"])[0]["metrics"]["f1_macro"])
                    info, took = train(arguments.winnow, work, options)
                    infos.append(info)
                    seconds.append(took)
                after = [info["metrics"]["f1_macro"] for info in infos]
                rows[kind] = (statistics.mean(before), statistics.mean(after), chosen(infos), statistics.median(seconds))
            best = max(after for _, after, _, _ in rows.values())
            for kind, (before, after, settings, took) in rows.items():
                print(f"| {name} | {kind} | {before:.4f} | {after:.4f} | {100 * (best - after):.1f} | {settings} | {took:.2f} |", flush=True)


if __name__ == "__main__":
    main()

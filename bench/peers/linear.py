#!/usr/bin/env python3
"""scikit-learn's linear text classifiers beside Winnow's: TfidfVectorizer with LogisticRegression or LinearSVC, on the same texts.

    python bench/peers/linear.py --shared DIR [--winnow build/release/winnow] [--repeats 5] [--with-duplicates] [--only SUBSTRING]

Prints for each configuration the time of a fit (features and weights), of one text, the rate of a batch, accuracy and macro-F1.
Times are medians of wall time, and in parentheses of processor time over all threads, which a busy machine disturbs less. The SMS
messages (de-duplicated unless asked otherwise) are split 80/20 by label, with seed 42; CLINC150 has its own split, its texts out
of scope left out. build/release/bench/linear_bench has Winnow's times. Needs scikit-learn from PyPI.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A neighbour of this file is called tokenize.py, as is a module of the standard library that others import.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]


def sms(shared, with_duplicates):
    from sklearn.model_selection import train_test_split

    with open(shared / "data" / "sms_spam" / "SMSSpamCollection", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t", 1) for line in file]
    if not with_duplicates:
        rows = list({text: [label, text] for label, text in rows}.values())
    labels, texts = [row[0] for row in rows], [row[1] for row in rows]
    return train_test_split(texts, labels, test_size=0.2, random_state=42, stratify=labels)


def clinc(shared):
    data = json.loads((shared / "data" / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    return tuple([pair[i] for pair in data[part]] for i in (0, 1) for part in ("train", "test"))


def measured(repeats, function):
    """(median wall seconds, median processor seconds, the last result)"""
    walls, cpus, result = [], [], None
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus), result


def write(path, texts, labels):
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(texts, labels)), encoding="utf-8")


def run(*command):
    return json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout)


def winnow(program, repeats, data, options, kind):
    """Medians of what `winnow train` and `winnow bench` report of the same texts."""
    train_x, test_x, train_y, test_y = data
    arguments = ["--kind", "svm" if kind == "SVC" else "lr", "--analyzer", options.get("analyzer", "word"), "--ngrams", "{}-{}".format(*options["ngram_range"]),
                 "--max-features", options.get("max_features", 0), "--C", 10 if "C=10" in kind else 1]
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        write(directory / "train.jsonl", train_x, train_y)
        write(directory / "test.jsonl", test_x, test_y)
        labels = sorted(set(train_y))
        write(directory / "validation.jsonl", [f"validation of {label} {i}" for i, label in enumerate(labels)], labels)
        runs, seconds = [], []
        for _ in range(repeats):
            begin = time.perf_counter()
            runs.append(run(program, "train", directory / "train.jsonl", "--validation", directory / "validation.jsonl", "--test", directory / "test.jsonl", *arguments,
                            "--output-dir", directory / "model", "--json", "--quiet", "--log-level", "error"))
            seconds.append(time.perf_counter() - begin)
        bench = [run(program, "bench", directory / "model", directory / "test.jsonl", "--batch-sizes", "4096", "--seconds", "0.5", "--json", "--quiet") for _ in range(3)]
        size = (directory / "model" / "linear.bin").stat().st_size
    median = lambda values: statistics.median(values)  # noqa: E731
    return {"fit": median(r["fit_seconds"] for r in runs), "all": median(seconds), "one": median(b["p50_ms"] for b in bench) / 1000,
            "batch": median(b["batch_4096_per_s"] for b in bench), "load_ms": median(b["load_ms"] for b in bench), "size": size,
            "accuracy": runs[0]["metrics"]["accuracy"], "f1_macro": runs[0]["metrics"]["f1_macro"], "features": runs[0]["num_features"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--winnow", help="the program to measure beside it")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--with-duplicates", action="store_true")
    parser.add_argument("--only", default="", help="configurations whose name holds this")
    arguments = parser.parse_args()
    try:
        import sklearn
    except ImportError:
        print("skipped: scikit-learn is not installed (pip install scikit-learn)")
        return 0
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    word = {"ngram_range": (1, 3), "max_features": 10000}
    char = {"analyzer": "char", "ngram_range": (1, 5)}
    sms_data, clinc_data = sms(arguments.shared, arguments.with_duplicates), clinc(arguments.shared)
    configurations = [(f"{name}, {features}, {kind}", data, options, model)
                      for name, data in (("SMS", sms_data), ("CLINC150", clinc_data))
                      for features, options in (("word 1-3, 10k", word), ("char 1-5, 10k", {**char, "max_features": 10000}),
                                                ("char 1-5, all", char))
                      for kind, model in (("LR", lambda: LogisticRegression(max_iter=1000)),
                                          ("LR C=10", lambda: LogisticRegression(C=10, max_iter=1000)), ("SVC", LinearSVC))
                      if name == "SMS" or kind == "LR"]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, scikit-learn {sklearn.__version__}; medians of "
          f"{arguments.repeats} fits; processor time in parentheses")
    for name, (train_x, test_x, train_y, test_y), options, make_model in configurations:
        if arguments.only not in name:
            continue
        pipeline = make_pipeline(TfidfVectorizer(**options), make_model())
        repeats = arguments.repeats if "CLINC150" not in name else 1
        fit, fit_cpu, _ = measured(repeats, lambda: pipeline.fit(train_x, train_y))
        features, features_cpu, _ = measured(repeats, lambda: TfidfVectorizer(**options).fit_transform(train_x))
        some = test_x[:200]
        one, one_cpu, _ = measured(3, lambda: [pipeline.decision_function([text]) for text in some])
        batch, batch_cpu, _ = measured(3, lambda: pipeline.decision_function(test_x))
        predicted = pipeline.predict(test_x)
        print(f"{name}: {len(train_x)} texts, {len(pipeline[0].vocabulary_)} features; fit {fit:.3f} s ({fit_cpu:.3f}), of which "
              f"features {features:.3f} s ({features_cpu:.3f}); one text {one / len(some) * 1e6:.0f} us ({one_cpu / len(some) * 1e6:.0f}); "
              f"batch {len(test_x) / batch:.0f} texts/s ({len(test_x) / batch_cpu:.0f} a core); accuracy {accuracy_score(test_y, predicted):.4f}, "
              f"macro-F1 {f1_score(test_y, predicted, average='macro'):.4f}", flush=True)
        if arguments.winnow:
            ours = winnow(arguments.winnow, arguments.repeats, (train_x, test_x, train_y, test_y), options, name.rsplit(", ", 1)[1])
            print(f"  winnow: {ours['features']} features; fit {ours['fit']:.4f} s, {fit / ours['fit']:.1f} times as fast ({ours['all']:.2f} s for all of winnow train); "
                  f"one text {ours['one'] * 1e6:.1f} us, {one / len(some) / ours['one']:.0f} times; batch {ours['batch']:.0f} texts/s, "
                  f"{ours['batch'] * batch / len(test_x):.1f} times; accuracy {ours['accuracy']:.4f}, macro-F1 {ours['f1_macro']:.4f}; "
                  f"linear.bin {ours['size'] / 1000:.0f} kB, load to first answer {ours['load_ms']:.1f} ms", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Macro-F1 of the email-triage preset beside scikit-learn's linear models, on the same texts, with a bootstrap interval of the difference.

    python bench/peers/mail.py --set newsgroups20 --shared ../shared --base-model DIR --winnow build/release/winnow
    python bench/peers/mail.py --set email_triage --shared ../shared --base-model DIR --winnow build/release/winnow --folds 5

newsgroups20 has its own test part; email_triage is cross-validated, and each text predicted once. Of the linear models the one that does
best on the test texts is taken, which flatters it. Needs scikit-learn and numpy.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

# Beside this file lies tokenize.py, whose name is also that of a module of the standard library.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]

import numpy  # noqa: E402
import sklearn  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import f1_score  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402
from sklearn.pipeline import make_pipeline, make_union  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402


def newsgroups(shared):
    lines = gzip.open(shared / "data/newsgroups20/20news_8label_short.tsv.gz", "rt", encoding="utf-8").read().splitlines()[1:]
    rows = [line.split("\t", 3) for line in lines]
    mails = [{"subject": subject, "body": body, "label": label} for _, label, subject, body in rows]
    return mails, [part == "test" for part, *_ in rows]


def enron(shared):
    """The label is the code of the first triple of group 1."""
    mails = []
    for line in open(shared / "data/email_triage/enron_with_categories.jsonl", encoding="utf-8"):
        mail = json.loads(line)
        genre = next((category[1] for category in mail["cats"] if category[0] == 1), None)
        if genre is not None:
            mails.append({"subject": mail["subject"], "body": mail["body"], "label": f"genre_{genre}"})
    return mails, None


def linear_models():
    words = lambda: TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)  # noqa: E731
    both = lambda: make_union(words(), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True))  # noqa: E731
    for name, features in (("words 1-2", words), ("words 1-2 and characters 2-5", both)):
        yield f"SVM, {name}", lambda features=features: make_pipeline(features(), LinearSVC(C=1))
        yield f"SVM, {name}, balanced", lambda features=features: make_pipeline(features(), LinearSVC(C=1, class_weight="balanced"))
        yield f"LR, {name}, balanced", lambda features=features: make_pipeline(features(), LogisticRegression(C=10, max_iter=1000, class_weight="balanced"))


def write(path, mails):
    path.write_text("".join(json.dumps(mail) + "\n" for mail in mails), encoding="utf-8")


def winnow_predictions(arguments, labels, train, test, directory, seed):
    write(directory / "train.jsonl", train)
    write(directory / "test.jsonl", test)
    (directory / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    command = [arguments.winnow, "train", directory / "train.jsonl", "--preset", "email-triage", "--labels", directory / "labels.json", "--base-model",
               arguments.base_model, "--test-size", "0", "--validation-size", "0.1", "--seed", seed, "--output-dir", directory / "model", "--overwrite", "--quiet",
               *arguments.options.split()]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    out = subprocess.run([arguments.winnow, "classify", str(directory / "model"), "--input", str(directory / "test.jsonl"), "--json", "--quiet"],
                         check=True, capture_output=True, text=True).stdout
    return [json.loads(line)["label"] for line in out.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("newsgroups20", "email_triage"), required=True)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--base-model", required=True)
    parser.add_argument("--options", default="--lr 1e-4 --epochs 6", help="of winnow train, after the preset's")
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")

    mails, is_test = {"newsgroups20": newsgroups, "email_triage": enron}[arguments.set](arguments.shared)
    texts = [f"{mail['subject']} [SEP] {mail['body'][:400]}" for mail in mails]
    truth = numpy.array([mail["label"] for mail in mails])
    labels = sorted(set(truth))
    if is_test is not None:
        parts = [(numpy.flatnonzero(~numpy.array(is_test)), numpy.flatnonzero(is_test))]
    else:
        parts = list(StratifiedKFold(arguments.folds, shuffle=True, random_state=42).split(texts, truth))
    tested = numpy.concatenate([test for _, test in parts])

    predictions = {}
    for name, make in linear_models():
        predictions[name] = numpy.empty_like(truth)
        for train, test in parts:
            predictions[name][test] = make().fit([texts[i] for i in train], truth[train]).predict([texts[i] for i in test])
    ours = numpy.empty_like(truth)
    for fold, (train, test) in enumerate(parts):
        with tempfile.TemporaryDirectory() as directory:
            ours[test] = winnow_predictions(arguments, labels, [mails[i] for i in train], [mails[i] for i in test], Path(directory), 42 + fold)

    def macro_f1(predicted, rows):
        return f1_score(truth[rows], predicted[rows], average="macro", labels=labels, zero_division=0)

    print(f"{arguments.set}: {len(tested)} texts tested, {len(labels)} labels, scikit-learn {sklearn.__version__}")
    for name, predicted in predictions.items():
        print(f"  {name}: macro-F1 {macro_f1(predicted, tested):.4f}, accuracy {(predicted == truth)[tested].mean():.4f}")
    best = max(predictions, key=lambda name: macro_f1(predictions[name], tested))
    print(f"  winnow, {Path(arguments.base_model).name}, {arguments.options}: macro-F1 {macro_f1(ours, tested):.4f}, accuracy {(ours == truth)[tested].mean():.4f}")
    random = numpy.random.default_rng(1)
    differences = [macro_f1(ours, rows) - macro_f1(predictions[best], rows) for rows in (random.choice(tested, len(tested)) for _ in range(1000))]
    low, high = numpy.percentile(differences, [2.5, 97.5])
    print(f"  winnow less the best linear model ({best}): {macro_f1(ours, tested) - macro_f1(predictions[best], tested):+.4f}, 95 % [{low:+.4f}, {high:+.4f}] "
          "(bootstrap over texts, paired)")


if __name__ == "__main__":
    main()

"""What smoothed targets do to the temperature of small validation parts: the table of docs/adr/074.

    python3 bench/temperature.py [--data ../shared/data]

Log loss and expected calibration error on the test part at temperature 1, at the likeliest temperature (1 without a mistake and below
50 texts, as Winnow did before) and with Platt's targets. Needs scikit-learn and SciPy; data sets that are absent are left out."""
import argparse
import csv
import pathlib

import numpy
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parents[1]
SPLITS = 8


def read(path, delimiter):
    """(labels, texts): the column with fewer values has the labels."""
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=delimiter, quoting=quoting) if len(row) >= 2]
    if set(rows[0]) & {"text", "label"}:
        rows = rows[1:]
    columns = sorted(([row[0] for row in rows], [row[1] for row in rows]), key=lambda column: len(set(column)))
    return numpy.array(columns[0]), numpy.array(columns[1])


def inverse_temperature(logits, truth, smoothing):
    target = numpy.full(logits.shape, smoothing / (logits.shape[1] - 1))
    target[numpy.arange(len(truth)), truth] = 1 - smoothing
    found = minimize_scalar(lambda b: -(target * log_softmax(logits * numpy.exp(b), axis=1)).sum(), bounds=(numpy.log(1 / 20), numpy.log(1e4)), method="bounded")
    return numpy.exp(found.x)


def log_loss(logits, truth, b):
    return -log_softmax(logits * b, axis=1)[numpy.arange(len(truth)), truth].mean()


def calibration_error(logits, truth, b):
    probabilities = numpy.exp(log_softmax(logits * b, axis=1))
    confidence, right = probabilities.max(1), probabilities.argmax(1) == truth
    bins = numpy.minimum((confidence * 15).astype(int), 14)
    return sum(abs(confidence[bins == k].mean() - right[bins == k].mean()) * (bins == k).mean() for k in set(bins))


def measure(labels, texts, c, validation, seed):
    classes, truth = numpy.unique(labels, return_inverse=True)
    order = numpy.random.RandomState(seed).permutation(len(truth))
    test = order[validation:validation + min(2000, len(truth) // 3)]
    training = order[validation + len(test):][:3000]
    if len(set(truth[training])) < len(classes):
        return None
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    model = LogisticRegression(C=c, max_iter=300).fit(vectorizer.fit_transform(texts[training]), truth[training])

    def logits(rows):
        found = model.decision_function(vectorizer.transform(texts[rows]))
        return numpy.stack([-found / 2, found / 2], 1) if found.ndim == 1 else found

    held, tested = logits(order[:validation]), logits(test)
    likeliest = inverse_temperature(held, truth[order[:validation]], 0)
    former = 1 if likeliest > 9e3 or validation < 50 else likeliest
    smoothed = inverse_temperature(held, truth[order[:validation]], 1 / (validation + 2))
    return [metric(tested, truth[test], b) for metric in (log_loss, calibration_error) for b in (1, former, smoothed)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared" / "data")
    data = parser.parse_args().data
    print("data C n | log loss at 1, before, smoothed | worst split before, smoothed | ECE at 1, before, smoothed")
    for path, delimiter in ((ROOT / "examples/data/messages.tsv", "\t"), (ROOT / "examples/data/intents.csv", ","),
                            (data / "sms_spam/SMSSpamCollection", "\t"), (data / "banking77/train.csv", ",")):
        if not path.exists():
            print(f"skipped: there is no {path}")
            continue
        labels, texts = read(path, delimiter)
        for c in (.1, 1, 10):
            for validation in (10, 20, 48, 100, 500, 1500):
                if validation > len(labels) // 4:
                    continue
                rows = [row for seed in range(SPLITS) if (row := measure(labels, texts, c, validation, seed))]
                if rows:
                    mean, worst = numpy.mean(rows, 0), numpy.max(rows, 0)
                    print(path.name, c, validation, "|", *(f"{x:.3f}" for x in mean[:3]), "|", *(f"{x:.2f}" for x in worst[1:3]), "|", *(f"{x:.3f}" for x in mean[3:]), flush=True)


if __name__ == "__main__":
    main()

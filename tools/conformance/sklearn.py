#!/usr/bin/env python3
"""Compares Winnow's TF-IDF features and linear scores with scikit-learn's.

    tools/conformance/sklearn.py LINEAR_PROBE [--venv DIR] [--shared DIR]

Needs scikit-learn: of this Python, or of a virtual environment that is made in DIR and used again later. Fits both on real texts
(where the shared directory has them) and on a torture set of Unicode, with several analyzers; vocabularies must be equal and
features within 1e-6. scikit-learn's fitted coefficients, put into a Winnow model, must give its decision function and its
probabilities. The fits of scikit-learn's models are kept in the user's cache for runs with the same version of it and the same
features. Exits 0 when all agree, 77 when scikit-learn can't be had ("skipped: ..."), else 1.
"""
import argparse
import hashlib
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

# This file is called sklearn.py, as is what it imports: its directory is looked into for packages.py alone.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [HERE] + [path for path in sys.path if os.path.abspath(path or ".") != HERE]
import packages  # noqa: E402
from answers import Answers  # noqa: E402

sys.path.remove(HERE)

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sklearn",)
TOLERANCE = 1e-6

CONFIGURATIONS = {
    "word 1-3, 10k": {"analyzer": "word", "max_ngram": 3},
    "word 1, all": {"analyzer": "word", "max_ngram": 1, "max_features": 0},
    "word 2-3, 500, sublinear": {"analyzer": "word", "min_ngram": 2, "max_ngram": 3, "max_features": 500, "sublinear": True},
    "word 1-2, case kept": {"analyzer": "word", "max_ngram": 2, "max_features": 0, "lowercase": False},
    "char 1-5, 10k": {"analyzer": "char", "max_ngram": 5},
    "char 3-4, all": {"analyzer": "char", "min_ngram": 3, "max_ngram": 4, "max_features": 0},
    "char_wb 2-5, 10k": {"analyzer": "char_wb", "min_ngram": 2, "max_ngram": 5},
    "char_wb 4-6, all, sublinear": {"analyzer": "char_wb", "min_ngram": 4, "max_ngram": 6, "max_features": 0, "sublinear": True},
    "both 1-2 and 2-4, 5k": {"analyzer": "both", "max_ngram": 2, "min_char_ngram": 2, "max_char_ngram": 4, "max_features": 5000},
}
SMALL_SETS_ONLY = ("char 3-4, all", "char_wb 4-6, all, sublinear", "word 1-2, case kept")


def torture_texts():
    """Texts of odd characters: every white space, cases that change length, marks, numbers of other scripts, no text at all."""
    spaces = [chr(c) for c in (*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                               0x202F, 0x205F, 0x3000, 0x200B, 0x180E, 0xFEFF)]
    words = ["İstanbul", "I\u0307", "STRASSE", "straße", "ẞẞ", "ΟΔΟΣ", "ΣΣ", "ΑΣ.", "ΑΣ.Α", "ΑΣ\u0301Α", "Α'Σ", "ǅungla", "ﬁsh",
             "café", "cafe\u0301", "नमस्ते", "你好世界", "こんにちは", "สวัสดี", "😀😀", "a😀b", "²³", "ⅧⅨ", "١٢٣", "①②", "½¼", "〇〇",
             "_x_", "__", "a_b", "don't", "x", "42", "𝔘𝔫", "\U00010400\U00010401", "ДА", "\ufffd\ufffd", "a\u200db", "A" * 40,
             "Ångström", "ᾈᾼ"]
    ranges = ((32, 0x250), (0x370, 0x590), (0x900, 0x2000), (0x2C00, 0x3100))
    draw = random.Random(7)
    texts = ["", " ", "\t", "x", "  x  ", "a b", "Σ", "word", "\u00a0\u00a0", "one two three"]
    for _ in range(600):
        parts = []
        for _ in range(draw.randrange(1, 12)):
            parts.append(draw.choice(words) if draw.random() < 0.8 else chr(draw.randrange(*draw.choice(ranges))) * 2)
            parts.append(draw.choice(spaces) * draw.choice([1, 1, 2, 3]) if draw.random() < 0.8 else draw.choice(["", "-", "!!", "'"]))
        texts.append("".join(parts))
    # Characters that one of the two tables of Unicode doesn't know yet are of another class there.
    return ["".join(c for c in text if unicodedata.category(c) != "Cn") for text in texts]


def data_sets(shared):
    """name -> (train texts, test texts, train labels)"""
    torture = torture_texts()
    sets = {"Unicode torture": (torture[:450], torture[450:], [i % 3 for i in range(450)])}
    sms = shared / "sms_spam" / "SMSSpamCollection"
    if sms.exists():
        rows = sorted({tuple(line.rstrip("\n").split("\t", 1)) for line in sms.open(encoding="utf-8")})
        random.Random(1).shuffle(rows)
        cut = len(rows) * 4 // 5
        sets["SMS"] = ([text for _, text in rows[:cut]], [text for _, text in rows[cut:]], [int(label == "spam") for label, _ in rows[:cut]])
    clinc = shared / "clinc150" / "data_full.json"
    if clinc.exists():
        data = json.loads(clinc.read_text(encoding="utf-8"))
        names = sorted({label for _, label in data["train"]})
        sets["CLINC150"] = ([text for text, _ in data["train"]], [text for text, _ in data["test"]],
                            [names.index(label) for _, label in data["train"]])
    return sets


def stable_limit(self, X, vocabulary, high=None, low=None, limit=None):
    """CountVectorizer._limit_features with a stable sort, so that equally frequent features are taken in their order."""
    import numpy as np

    if limit is None or X.shape[1] <= limit:
        return X
    totals = np.asarray(X.sum(axis=0)).ravel()
    kept = np.sort((-totals).argsort(kind="stable")[:limit])
    place = {old: new for new, old in enumerate(kept)}
    for term, old in list(vocabulary.items()):
        if old in place:
            vocabulary[term] = place[old]
        else:
            del vocabulary[term]
    return X[:, kept]


def vectorizer(options):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    class Stable(TfidfVectorizer):
        _limit_features = stable_limit

    def make(analyzer, low, high):
        return Stable(analyzer=analyzer, ngram_range=(low, high), max_features=options.get("max_features", 10000) or None,
                      sublinear_tf=options.get("sublinear", False), lowercase=options.get("lowercase", True))

    if options["analyzer"] == "both":
        return FeatureUnion([("word", make("word", options.get("min_ngram", 1), options["max_ngram"])),
                             ("char", make("char_wb", options["min_char_ngram"], options["max_char_ngram"]))])
    return make(options["analyzer"], options.get("min_ngram", 1), options["max_ngram"])


def parts_of(fitted):
    return [part for _, part in fitted.transformer_list] if hasattr(fitted, "transformer_list") else [fitted]


def run_probe(probe, request):
    done = subprocess.run([str(probe)], input=json.dumps(request), capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"failed: {probe} exited with {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def worst_difference(rows, expected):
    """Of rows [columns, values] from a sparse matrix."""
    import numpy as np
    import scipy.sparse as sp

    lengths = [len(columns) for columns, _ in rows]
    columns = np.array([c for row in rows for c in row[0]], dtype=np.int64)
    values = np.array([v for row in rows for v in row[1]], dtype=np.float64)
    ours = sp.csr_array((values, columns, np.concatenate([[0], np.cumsum(lengths)])), shape=expected.shape)
    difference = abs(ours - sp.csr_array(expected))
    return difference.max() if difference.nnz else 0.0


def compare_features(probe, options, train, test, theirs, rows, test_rows):
    """What differs or None, and the largest difference. `theirs`: scikit-learn's vectorizer, and what it makes of the texts."""
    import numpy as np

    own = run_probe(probe, {"options": options, "train": train, "test": test})
    names = [name for part in parts_of(theirs) for name in part.get_feature_names_out()]
    if own["names"] != names:
        missing, more = set(names) - set(own["names"]), set(own["names"]) - set(names)
        return (f"vocabularies differ: {len(own['names'])} and {len(names)} features, missing {list(missing)[:5]}, "
                f"too many {list(more)[:5]}", 1.0)
    idf = np.concatenate([part.idf_ for part in parts_of(theirs)])
    worst = max(np.abs(idf - own["idf"]).max() / idf.max(), worst_difference(own["train"], rows),
                worst_difference(own["test"], test_rows))
    return None if worst <= TOLERANCE else f"features differ by {worst:.2g}", worst


KINDS = {"logistic": 0, "one against the rest": 1, "SVM": 2, "SVM, Platt": 2}


def sklearn_model(kind):
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import LinearSVC

    if kind == "logistic":
        return LogisticRegression(C=10, max_iter=300)
    if kind == "one against the rest":
        return OneVsRestClassifier(LogisticRegression(C=10))
    return CalibratedClassifierCV(LinearSVC(), method="sigmoid", cv=2, ensemble=False) if kind == "SVM, Platt" else LinearSVC()


def answers_of_sklearn():
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("scikit-learn", "scipy", "numpy")]
    return Answers("sklearn", versions, Path(__file__).read_bytes())


def fit(answers, kind, rows, labels):
    """scikit-learn's model of these features, which takes most of the time of this comparison."""
    features = hashlib.sha256()
    for part in (rows.data, rows.indices, rows.indptr):
        features.update(part.tobytes())
    return answers((kind, rows.shape, features.hexdigest(), labels), lambda: sklearn_model(kind).fit(rows, labels))


def compare_scores(probe, options, kind, test, labels, fitted, rows, test_rows, directory, answers):
    """What differs or None, the largest relative difference of a score, that of a probability, and the file's size."""
    import numpy as np

    model = fit(answers, kind, rows, labels)
    classes = len(set(labels))
    platt = []
    linear = [model]
    if kind == "SVM, Platt":
        calibrated = model.calibrated_classifiers_[0]
        linear = [calibrated.estimator]
        platt = [[c.a_, c.b_] for c in calibrated.calibrators]
    elif kind == "one against the rest":
        linear = model.estimators_
    coefficients = np.concatenate([each.coef_ for each in linear])
    bias = np.concatenate([each.intercept_ for each in linear])
    names = [str(name) for part in parts_of(fitted) for name in part.get_feature_names_out()]
    own = run_probe(probe, {
        "options": options, "test": test, "file": str(Path(directory) / "linear.bin"), "contributions": classes - 1,
        "model": {"names": names, "word_features": len(parts_of(fitted)[0].vocabulary_) if len(parts_of(fitted)) > 1 else 0,
                  "idf": np.concatenate([part.idf_ for part in parts_of(fitted)]).tolist(), "weights": coefficients.T.ravel().tolist(),
                  "bias": bias.tolist(), "kind": KINDS[kind], "labels": classes, "multi_label": False, "platt": platt}})
    theirs = np.asarray(test_rows @ coefficients.T + bias)
    if kind != "SVM, Platt":  # whose decision function is the SVM's, by way of its estimator
        assert np.allclose(theirs.reshape(model.decision_function(test_rows).shape), model.decision_function(test_rows), atol=1e-12)
    scores = np.array(own["scores"]).reshape(theirs.shape)
    worst = np.abs(scores - theirs).max() / max(1.0, np.abs(theirs).max())
    worst_probability = 0.0
    if kind != "SVM":
        logits = np.array(own["logits"]).reshape(len(test), classes)
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        worst_probability = np.abs(probabilities - model.predict_proba(test_rows)).max()
    # What the pieces of a text say sums to the score without its bias, and every piece is one of the text.
    shares = np.array([sum(share for _, _, share in pieces) for pieces in own["contributions"]])
    worst_share = np.abs(shares - (theirs[:, -1] - bias[-1])).max()
    for text, pieces in zip(test, own["contributions"], strict=True):
        size, last = len(text.encode()), 0
        for begin, end, _ in pieces:
            if not last <= begin < end <= size:
                return f"a piece [{begin}, {end}) of a text of {size} bytes", worst, worst_probability, own["bytes"]
            last = end
    good = max(worst, worst_probability, worst_share / max(1.0, np.abs(theirs).max())) <= TOLERANCE
    problem = None if good else f"scores differ by {worst:.2g}, probabilities by {worst_probability:.2g}, shares by {worst_share:.2g}"
    return problem, worst, worst_probability, own["bytes"]


SCORED = {
    "SMS": (("word 1-3, 10k", "logistic"), ("char 1-5, 10k", "logistic"), ("both 1-2 and 2-4, 5k", "SVM"), ("word 1-3, 10k", "SVM, Platt")),
    "CLINC150": (("word 1-3, 10k", "logistic"), ("word 1, all", "one against the rest"), ("word 1, all", "SVM"),
                 ("word 2-3, 500, sublinear", "SVM, Platt")),
    "Unicode torture": tuple((name, "logistic") for name in CONFIGURATIONS),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("probe", type=Path)
    parser.add_argument("--venv", type=Path, help="make a virtual environment with scikit-learn here")
    parser.add_argument("--shared", type=Path, default=os.environ.get("WINNOW_SHARED", ROOT / ".." / "shared"))
    arguments = parser.parse_args()
    if arguments.venv:
        packages.use(PACKAGES, arguments.venv.absolute(), install=("scikit-learn",))
    try:
        import sklearn
    except ImportError:
        packages.skip("this Python has no scikit-learn; --venv DIR installs it")
    probe = arguments.probe.resolve()
    answers = answers_of_sklearn()
    compared, failures = 0, 0
    for set_name, (train, test, labels) in data_sets(Path(arguments.shared).resolve() / "data").items():
        for name, options in CONFIGURATIONS.items():
            if set_name == "CLINC150" and name in SMALL_SETS_ONLY:
                continue
            fitted = vectorizer(options)
            rows, test_rows = fitted.fit_transform(train), fitted.transform(test)
            problem, worst = compare_features(probe, options, train, test, fitted, rows, test_rows)
            compared += 1
            failures += problem is not None
            print(f"{'failed' if problem else 'ok'}: {set_name}, {name}: {problem or f'equal within {worst:.2g}'}", flush=True)
            for kind in (kind for scored, kind in SCORED[set_name] if scored == name):
                with tempfile.TemporaryDirectory(prefix="winnow-sklearn-") as directory:
                    problem, worst, worst_probability, size = compare_scores(probe, options, kind, test, labels, fitted, rows, test_rows, directory, answers)
                compared += 1
                failures += problem is not None
                print(f"{'failed' if problem else 'ok'}: {set_name}, {name}, {kind}: "
                      f"{problem or f'scores within {worst:.2g}, probabilities within {worst_probability:.2g}'}; {size} bytes", flush=True)
    answers.keep()
    print(f"{compared - failures} of {compared} agree with scikit-learn {sklearn.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
